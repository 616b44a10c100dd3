"""How much the pooled effect depends on one study, on the order of studies, or on the method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.errors import ConvergenceError, OptionError, suggestion
from ostealgia.meta.coerce import as_effects
from ostealgia.meta.pooling import pool
from ostealgia.meta.result import PoolResult
from ostealgia.tables.result import Result

if TYPE_CHECKING:
    import pandas as pd

GRID_TAU2 = ("DL", "PM", "REML", "ML", "EB", "HE", "HS", "SJ")
GRID_CI = ("z", "HK")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SensitivityResult(Result):
    """A pool refitted many times. kind : "leave-one-out" or "cumulative".  labels : what each refit is.  fits : the refits."""

    kind: str
    labels: tuple[str, ...]
    fits: tuple[PoolResult, ...]
    original: PoolResult

    def to_frame(self) -> pd.DataFrame:
        """One row a refit: label, k, estimate with interval on both scales, tau2, i2_q."""
        import pandas as pd

        return pd.DataFrame([{"label": label, **_row(fit)} for label, fit in zip(self.labels, self.fits, strict=True)])

    def to_dict(self) -> dict[str, Any]:
        rows = self.to_frame().to_dict("records")
        return {
            "kind": self.kind,
            "rows": [{k: _none(v) for k, v in row.items()} for row in rows],
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        from ostealgia.meta.text import sensitivity_text

        return sensitivity_text(self)


def leave_one_out(fit: PoolResult) -> SensitivityResult:
    """The pool without each study in turn, by the same method.

    fit : a PoolResult of two studies or more.  Returns one row a study left out.

    >>> fit = pool({"study": list("ABC"), "estimate": [0.1, 0.2, 0.9], "std_error": [0.1, 0.1, 0.1]})
    >>> leave_one_out(fit).labels
    ('A', 'B', 'C')
    """
    if fit.k < 2:
        raise OptionError("leave-one-out needs two studies or more; the pool has one.")
    keep = [np.arange(fit.k) != i for i in range(fit.k)]
    return _refit(fit, "leave-one-out", fit.effects.study, keep)


def cumulative(fit: PoolResult, order: Any = None) -> SensitivityResult:
    """The pool after the first study, the first two, and so on.

    order : None (as they stand), the name of a column kept with the effects (year), or positions (k,).
    Ties keep the order of the table.
    """
    positions = _order(fit, order)
    keep = [positions[: i + 1] for i in range(fit.k)]
    return _refit(fit, "cumulative", tuple(fit.effects.study[i] for i in positions), keep)


def grid(
    effects: Any, *, tau2: Sequence[str] = GRID_TAU2, ci: Sequence[str] = GRID_CI, level: float = 0.95
) -> pd.DataFrame:
    """The pooled effect by every combination of model, tau2 estimator and interval; one row a method.

    Columns: model, tau2_method, ci_method, then estimate, ci_low, ci_high on both scales, tau2, i2_q. A GLMM is added where the measure
    has one. A method that does not converge has a row with a note and no numbers.
    """
    import pandas as pd

    data = as_effects(effects)
    specs: list[dict[str, Any]] = [{"model": "common", "ci": "z"}]
    specs += [{"model": "random", "tau2": name, "ci": interval} for name in tau2 for interval in ci]
    if data.measure in {"PLO", "IRLN"} and "events" in data.columns:
        specs.append({"model": "glmm", "ci": "z"})
    rows: list[dict[str, Any]] = []
    for spec in specs:
        head = {"model": spec["model"], "tau2_method": spec.get("tau2"), "ci_method": spec["ci"]}
        try:
            rows.append({**head, **_row(pool(data, level=level, tau2_ci="none", pi="none", **spec)), "note": ""})
        except ConvergenceError as error:
            rows.append({**head, "note": str(error)})
    return pd.DataFrame(rows)


def _refit(fit: PoolResult, kind: str, labels: tuple[str, ...], keep: list[Any]) -> SensitivityResult:
    options = refit_options(fit)
    fits = tuple(pool(fit.effects.take(index), **options) for index in keep)
    return SensitivityResult(kind=kind, labels=labels, fits=fits, original=fit)


def refit_options(fit: PoolResult) -> dict[str, Any]:
    """The options of ``pool`` that give the same method on other rows."""
    options: dict[str, Any] = {
        "model": fit.model,
        "ci": fit.options.get("ci", fit.ci_method),
        "level": fit.ci_level,
        "tau2_ci": "none",
    }
    if fit.model == "random":
        if fit.tau2_method == "given" or "weights" in fit.options:
            raise OptionError("a pool with given weights or a given tau2 cannot be refitted on other rows.")
        options["tau2"] = fit.tau2_method
    options["pi"] = fit.pi_method or "none"
    options.update({name: fit.options[name] for name in ("glmm", "quadrature", "exact") if name in fit.options})
    return options


def _order(fit: PoolResult, order: Any) -> Any:
    if order is None:
        return np.arange(fit.k)
    if isinstance(order, str):
        if order == "n":
            return np.argsort(fit.effects.n, kind="stable")
        if order not in fit.effects.columns:
            listed = ", ".join(map(repr, fit.effects.columns)) or "none"
            raise OptionError(
                f"order={order!r} is not a column of the effects: {listed}.{suggestion(order, fit.effects.columns)}"
            )
        return np.argsort(np.asarray(fit.effects.columns[order]), kind="stable")
    positions = np.asarray(order)
    if sorted(positions.tolist()) != list(range(fit.k)):
        raise OptionError(f"order should hold each position 0 to {fit.k - 1} once.")
    return positions


def _row(fit: PoolResult) -> dict[str, Any]:
    return {
        "k": fit.k,
        "estimate": fit.estimate,
        "ci_low": fit.ci_low,
        "ci_high": fit.ci_high,
        "tau2": fit.tau2,
        "i2_q": fit.i2_q,
        "reported_estimate": fit.reported.estimate,
        "reported_ci_low": fit.reported.ci_low,
        "reported_ci_high": fit.reported.ci_high,
    }


def _none(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value
