"""Refits without each study, or of the first studies, as arrays: the numbers of a sensitivity table without k single fits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from ostealgia import display
from ostealgia.errors import OptionError
from ostealgia.meta.influence_results import as_regression
from ostealgia.meta.regression_result import RegressionResult
from ostealgia.meta.regression_text import decimals
from ostealgia.meta.result import PoolResult
from ostealgia.numerics.influence import Refits, first_studies, leave_out
from ostealgia.numerics.pooling import quantile
from ostealgia.numerics.regression import TESTS, fit_regression
from ostealgia.tables.result import Result, as_json

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


class LazyFits(Sequence[PoolResult]):
    """Pools that are made when they are looked at."""

    def __init__(self, size: int, make: Callable[[int], PoolResult]) -> None:
        self._size, self._make, self._made = size, make, dict[int, PoolResult]()

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> PoolResult: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[PoolResult]: ...
    def __getitem__(self, index: int | slice) -> PoolResult | Sequence[PoolResult]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(self._size)))
        position = range(self._size)[index]
        if position not in self._made:
            self._made[position] = self._make(position)
        return self._made[position]

    def __iter__(self) -> Iterator[PoolResult]:
        return (self[i] for i in range(self._size))


def refit_columns(fit: PoolResult, kind: str, order: NDArray[np.intp] | None = None) -> dict[str, Array] | None:
    """The numbers of every refit of a pool by the same method: k, estimate, ci_low, ci_high, tau2, i2_q and the reported scale.

    kind : "leave-one-out" or "cumulative" (of the studies in ``order``).  None where the method has no such short cut: given weights, a
    generalised mixed model, Mantel-Haenszel, a back-transformation that depends on the sample sizes.
    """
    if fit.model not in ("random", "common") or fit.definition.needs_n or fit.tau2_method in ("GENQ", "given"):
        return None
    if "weights" in fit.options or "q_center" in fit.options or fit.k < 3:
        return None
    chosen = str(fit.options.get("ci", fit.ci_method))
    order = np.arange(fit.k) if order is None else order
    regression = fit_regression(
        fit.effects.estimate[order], fit.effects.variance[order], np.ones((fit.k, 1)),
        "common" if fit.model == "common" else str(fit.tau2_method), test="z", level=fit.ci_level,
    )  # fmt: skip
    refits = leave_out(regression) if kind == "leave-one-out" else first_studies(regression)
    return _columns(fit, refits, chosen)


def _columns(fit: PoolResult, refits: Refits, chosen: str) -> dict[str, Array]:
    estimate, std_error = refits.beta[:, 0], refits.std_error[:, 0]
    half = _half_widths(refits, std_error, chosen, fit.ci_level, random=fit.model == "random")
    values = np.vstack([estimate, estimate - half, estimate + half])
    reported = np.asarray(fit.definition.back(values), dtype=float)
    tau2 = refits.tau2 if fit.model == "common" else np.where(refits.k < 2, math.nan, refits.tau2)
    return {
        "k": refits.k.astype(int), "estimate": values[0], "ci_low": values[1], "ci_high": values[2], "tau2": tau2, "i2_q": refits.i2_q,
        "reported_estimate": reported[0], "reported_ci_low": reported[1], "reported_ci_high": reported[2],
    }  # fmt: skip


def _half_widths(refits: Refits, std_error: Array, chosen: str, level: float, *, random: bool) -> Array:
    """Half the interval of every refit, by the rule of ``pool``: "auto" is Hartung-Knapp, z for two studies or tau2 = 0."""
    z = quantile(level, math.inf)
    normal = z * std_error
    if chosen == "z" or (chosen == "auto" and not random):
        return normal
    sizes = {df: quantile(level, df) if df > 0 else math.nan for df in set(refits.df.tolist())}
    t = np.array([sizes[df] for df in refits.df])
    if chosen == "t":
        return t * std_error
    factor = np.maximum(refits.hk_factor, 1.0) if chosen == "HK-adhoc" else refits.hk_factor
    scaled = t * std_error * np.sqrt(factor)
    if chosen == "HK-ci":
        return np.where(normal > scaled, normal, scaled)
    if chosen == "auto":
        return np.where((refits.k <= 2) | (refits.tau2 == 0.0), normal, scaled)
    return scaled


# --- meta-regressions -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RegressionRefits(Result):
    """A meta-regression without each study in turn. estimate .. ci_high : (studies, coefficients)."""

    study: tuple[str, ...]
    names: tuple[str, ...]
    estimate: Array
    std_error: Array
    ci_low: Array
    ci_high: Array
    tau2: Array
    q: Array
    i2_tau2: Array
    original: RegressionResult

    def to_frame(self) -> pd.DataFrame:
        """One row a study left out and coefficient: label, term, estimate, std_error, ci_low, ci_high, tau2, q, i2_tau2."""
        import pandas as pd

        k, p = self.estimate.shape
        data: dict[str, Any] = {"label": np.repeat(np.array(self.study, dtype=object), p), "term": list(self.names) * k}
        data.update({name: getattr(self, name).ravel() for name in ("estimate", "std_error", "ci_low", "ci_high")})
        data.update({name: np.repeat(getattr(self, name), p) for name in ("tau2", "q", "i2_tau2")})
        return pd.DataFrame(data)

    def to_dict(self) -> dict[str, Any]:
        rows = self.to_frame().to_dict("records")
        return {
            "kind": "leave-one-out",
            "rows": as_json(rows),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        width = max(len(name) for name in self.study)
        shown = [j for j, owner in enumerate(self.original.recipe.term_of) if owner >= 0] or [0]
        lines = [f"RegressionRefits: leave-one-out of {self.original.formula}"]
        digits = [decimals(float(np.nanmedian(self.std_error[:, j]))) for j in range(len(self.names))]
        for i, name in enumerate(self.study):
            parts = []
            for j in shown:
                limits = display.interval(float(self.ci_low[i, j]), float(self.ci_high[i, j]), digits[j])
                parts.append(f"{self.names[j]} {display.number(float(self.estimate[i, j]), digits[j])} [{limits}]")
            lines.append(
                f"  without {name.ljust(width)}  {'   '.join(parts)}   tau2 {display.number(float(self.tau2[i]), 4)}"
            )
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def regression_without_each(fit: RegressionResult) -> RegressionRefits:
    """A meta-regression without each study in turn, by the same method; NaN where the rest cannot hold the model.

    >>> from ostealgia.meta.regression import regress
    >>> data = {"estimate": [0.1, 0.3, 0.5, 0.8], "std_error": [0.1, 0.1, 0.1, 0.1], "dose_gy": [8, 16, 24, 32]}
    >>> regression_without_each(regress(data, "~ dose_gy", ci="z")).estimate[:, 1].round(4).tolist()
    [0.0313, 0.0286, 0.0295, 0.025]
    """
    if fit.k < 2:
        raise OptionError("leave-one-out needs two studies or more; the fit has one.")
    refits = leave_out(as_regression(fit))
    student = TESTS[fit.fit.test][1]
    sizes = [
        quantile(fit.ci_level, df if student else math.inf) if df > 0 or not student else math.nan for df in refits.df
    ]
    half = np.array(sizes)[:, None] * refits.std_error
    lost = [name for name, value in zip(fit.effects.study, refits.tau2, strict=True) if math.isnan(value)]
    return RegressionRefits(
        study=fit.effects.study, names=fit.names, estimate=refits.beta, std_error=refits.std_error, ci_low=refits.beta - half,
        ci_high=refits.beta + half, tau2=refits.tau2, q=refits.q, i2_tau2=refits.i2_tau2, original=fit,
        notes=(f"without {', '.join(lost)} the model cannot be fitted: no numbers there",) if lost else (),
    )  # fmt: skip
