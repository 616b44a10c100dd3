"""How much the pooled effect depends on one study, on the order of studies, or on the method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.reading import as_text, numbers, some
from ostealgia.errors import ConvergenceError, OptionError, TableError, suggestion
from ostealgia.meta.coerce import as_effects
from ostealgia.meta.pooling import pool
from ostealgia.meta.result import PoolResult
from ostealgia.numerics.tau2 import TAU2
from ostealgia.tables.result import Result, plain

if TYPE_CHECKING:
    import pandas as pd

    from ostealgia.meta.influence_refits import RegressionRefits
    from ostealgia.meta.regression_result import RegressionResult

GRID_TAU2 = ("DL", "PM", "REML", "ML", "EB", "HE", "HS", "SJ")
GRID_CI = ("z", "HK")
# options of a model that a refit takes over
_OWN = ("glmm", "glmm_method", "quadrature", "q_center", "mh_increment", "rd_variance", "rate_weights", "weights")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SensitivityResult(Result):
    """A pool refitted many times. kind : "leave-one-out" or "cumulative".  labels : what each refit is.

    fits : the refits, each made when it is looked at.  numbers : their rows as columns, where all were found at once.
    """

    kind: str
    labels: tuple[str, ...]
    fits: Sequence[PoolResult]
    original: PoolResult
    numbers: Mapping[str, Any] | None = None

    def to_frame(self) -> pd.DataFrame:
        """One row a refit: label, k, estimate with interval on both scales, tau2, i2_q."""
        import pandas as pd

        if self.numbers is not None:
            return pd.DataFrame({"label": list(self.labels), **self.numbers})
        return pd.DataFrame([{"label": label, **_row(fit)} for label, fit in zip(self.labels, self.fits, strict=True)])

    def to_dict(self) -> dict[str, Any]:
        """JSON: kind, the rows of ``to_frame``, notes."""
        rows = self.to_frame().to_dict("records")
        return {
            "kind": self.kind,
            "rows": plain(rows),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        from ostealgia.meta.text import sensitivity_text

        return sensitivity_text(self)


@overload
def leave_one_out(fit: PoolResult) -> SensitivityResult: ...
@overload
def leave_one_out(fit: RegressionResult) -> RegressionRefits: ...
def leave_one_out(fit: PoolResult | RegressionResult) -> SensitivityResult | RegressionRefits:
    """The pool (or meta-regression) without each study in turn, by the same method.

    fit : a PoolResult or a RegressionResult of two studies or more.  Returns one row a study left out (and coefficient).

    >>> fit = pool({"study": list("ABC"), "estimate": [0.1, 0.2, 0.9], "std_error": [0.1, 0.1, 0.1]})
    >>> leave_one_out(fit).labels
    ('A', 'B', 'C')
    """
    if not isinstance(fit, PoolResult):
        from ostealgia.meta.influence_refits import regression_without_each

        return regression_without_each(fit)
    if fit.k < 2:
        raise OptionError("leave-one-out needs two studies or more; the pool has one.")
    keep = [np.arange(fit.k) != i for i in range(fit.k)]
    return _refit(fit, "leave-one-out", fit.effects.study, keep)


def cumulative(fit: PoolResult, order: Any = None) -> SensitivityResult:
    """The pool after the first study, the first two, and so on.

    order : None (as they stand), the name of a column kept with the effects (year), or positions (k,).
    Ties keep the order of the table; studies without a value of the column come last, with a note.

    >>> data = {"study": list("ABC"), "estimate": [0.1, 0.2, 0.9], "std_error": [0.1] * 3, "year": [2020, 2018, 2019]}
    >>> cumulative(pool(data), order="year").labels
    ('B', 'C', 'A')
    """
    positions = _order(fit, order)
    keep = [positions[: i + 1] for i in range(fit.k)]
    result = _refit(fit, "cumulative", tuple(fit.effects.study[i] for i in positions), keep, np.asarray(positions))
    late = _by_column(fit, order)[1] if isinstance(order, str) else []
    return replace(result, notes=(*result.notes, f"no value of {order!r}, so last: {some(late)}")) if late else result


def grid(
    effects: Any, *, tau2: Sequence[str] = GRID_TAU2, ci: Sequence[str] = GRID_CI, level: float = 0.95
) -> pd.DataFrame:
    """The pooled effect by every combination of model, tau2 estimator and interval; one row a method.

    Columns: model, tau2_method, ci_method, then estimate, ci_low, ci_high on both scales, tau2, i2_q. A GLMM is added where the measure
    has one and the counts are there. A method that does not converge has a row with a note and no numbers.

    >>> frame = grid({"estimate": [0.1, 0.2, 0.9], "std_error": [0.1] * 3}, tau2=["DL", "REML"])
    >>> frame["ci_method"].tolist()
    ['z', 'z', 'HK', 'z', 'HK']
    """
    import pandas as pd

    from ostealgia.meta.glmm import GLMM

    data = as_effects(effects)
    specs: list[dict[str, Any]] = [{"model": "common", "ci": "z"}]
    specs += [{"model": "random", "tau2": name, "ci": interval} for name in tau2 for interval in ci]
    if data.measure in GLMM and set(GLMM[data.measure][1]) <= set(data.columns):
        specs.append({"model": "glmm", "ci": "z"})
    rows: list[dict[str, Any]] = []
    for spec in specs:
        head = {"model": spec["model"], "tau2_method": spec.get("tau2"), "ci_method": spec["ci"]}
        try:
            rows.append({**head, **_row(pool(data, level=level, tau2_ci="none", pi="none", **spec)), "note": ""})
        except ConvergenceError as error:
            rows.append({**head, "note": str(error)})
    return pd.DataFrame(rows)


def _refit(
    fit: PoolResult, kind: str, labels: tuple[str, ...], keep: list[Any], order: Any = None
) -> SensitivityResult:
    """The refits: their numbers all at once where the method allows it, the pools when they are asked for."""
    from ostealgia.meta.influence_refits import LazyFits, refit_columns

    options = refit_options(fit)
    numbers = refit_columns(fit, kind, order)
    fits = LazyFits(len(keep), lambda i: pool(fit.effects.take(keep[i]), **options))
    made = tuple(fits) if numbers is None else fits
    notes = _other_intervals(fit, labels, numbers or {"k": [f.k for f in made], "tau2": [f.tau2 for f in made]})
    return SensitivityResult(kind=kind, labels=labels, fits=made, original=fit, numbers=numbers, notes=notes)


def _other_intervals(fit: PoolResult, labels: tuple[str, ...], numbers: Mapping[str, Any]) -> tuple[str, ...]:
    """Where ci="auto" gives a refit another interval than the pool has: named."""
    if fit.model != "random" or fit.options.get("ci") != "auto":
        return ()
    by_z = (np.asarray(numbers["k"]) <= 2) | (np.asarray(numbers["tau2"], dtype=float) == 0.0)
    other = by_z if fit.ci_method != "z" else ~by_z
    names = [label for label, changed in zip(labels, other, strict=True) if changed]
    method, original = ("Hartung-Knapp", "z") if fit.ci_method == "z" else ("z", "Hartung-Knapp")
    return (f"interval by {method}, not {original} as in the pool (ci='auto'), for: {some(names)}",) if names else ()


def refit_options(fit: PoolResult) -> dict[str, Any]:
    """The options of ``pool`` that give the same method on other rows.

    Raises OptionError for weights or a tau2 that were given: other rows have others.
    """
    if fit.options.get("weights") == "given" or fit.tau2_method not in (None, *TAU2):
        raise OptionError("a pool with given weights or a given tau2 cannot be refitted on other rows.")
    options: dict[str, Any] = {
        "model": fit.model,
        "ci": fit.options.get("ci", fit.ci_method),
        "level": fit.ci_level,
        "tau2_ci": "none",
    }
    if fit.model == "random":
        options["tau2"] = fit.tau2_method
    options["pi"] = fit.pi_method or "none"
    options.update({name: fit.options[name] for name in _OWN if name in fit.options})
    return options


def _order(fit: PoolResult, order: Any) -> Any:
    if order is None:
        return np.arange(fit.k)
    if isinstance(order, str):
        return _by_column(fit, order)[0]
    positions = np.asarray(order)
    if sorted(positions.tolist()) != list(range(fit.k)):
        raise OptionError(f"order should hold each position 0 to {fit.k - 1} once.")
    return positions


def _by_column(fit: PoolResult, name: str) -> tuple[NDArray[np.intp], list[str]]:
    """Positions in the order of a column, numbers by size and words by the alphabet; and the studies without a value, which come last."""
    values, offered = fit.effects.column(name), fit.effects.column_names
    if values is None:
        raise TableError(
            f"no column {name!r} to order the studies by",
            column=name,
            expected=f"one of {', '.join(map(repr, offered))}",
            action=suggestion(name, offered).strip() or "Name a column of the table that has values",
        )
    labels = [as_text(value) for value in values]
    sizes, words = numbers(np.array(labels, dtype=object))
    if words:
        positions = np.array(sorted(range(fit.k), key=lambda i: (not labels[i], labels[i].casefold())), dtype=np.intp)
        return positions, [fit.effects.study[i] for i in range(fit.k) if not labels[i]]
    return np.argsort(sizes, kind="stable"), [fit.effects.study[i] for i in np.flatnonzero(np.isnan(sizes))]


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
