"""Changes from before to after, over the correlations that the papers did not print."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.errors import OptionError
from ostealgia.meta.pooling import pool
from ostealgia.meta.result import PoolResult
from ostealgia.options import between
from ostealgia.tables.measures import measure_of
from ostealgia.tables.result import Result

if TYPE_CHECKING:
    import pandas as pd

DEFAULT = tuple(round(0.1 * i, 1) for i in range(10))
NUMBERS = ("estimate", "std_error", "ci_low", "ci_high", "pi_low", "pi_high", "tau2", "i2_q", "q")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PrepostResult(Result):
    """One pool a correlation. correlations, fits : in order.  assumed : rows whose correlation was filled in, of ``k``.

    reproduces : correlations at which the pool rounds to the published numbers (empty where none were given).
    """

    measure: str
    correlations: tuple[float, ...]
    fits: tuple[PoolResult, ...]
    assumed: int
    k: int
    published: Mapping[str, float]
    reproduces: tuple[float, ...]

    def to_frame(self) -> pd.DataFrame:
        """correlation, estimate, std_error, limits, prediction interval, tau2, i2_q, q, reproduces."""
        import pandas as pd

        rows = [
            {"correlation": r, **{name: getattr(fit, name) for name in NUMBERS}, "reproduces": r in self.reproduces}
            for r, fit in zip(self.correlations, self.fits, strict=True)
        ]
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, Any]:
        """JSON: one entry a correlation."""
        rows = [
            {"correlation": r, **{name: _finite(getattr(fit, name)) for name in NUMBERS}}
            for r, fit in zip(self.correlations, self.fits, strict=True)
        ]
        return {
            "measure": self.measure, "assumed": self.assumed, "k": self.k, "rows": rows, "published": dict(self.published),
            "reproduces": list(self.reproduces), "notes": list(self.notes),
        }  # fmt: skip

    def __str__(self) -> str:
        from ostealgia.meta.multilevel_text import prepost_text

        return prepost_text(self)


def prepost_over_correlations(
    frame: Any,
    *,
    correlations: Sequence[float] = DEFAULT,
    measure: str = "MC",
    published: Mapping[str, float] | None = None,
    digits: int = 1,
    **options: Any,
) -> PrepostResult:
    """How far does a pooled change depend on the correlation of before and after, which papers seldom print?

    frame : mean_pre, sd_pre, mean_post, sd_post, n (and study); a printed ``correlation`` is kept, empty ones are filled with each value.
    correlations : the values.  measure : a pre-post measure ("MC" mean change, "SMCC", "SMCR", ...).  published : estimate, ci_low,
    ci_high as printed, to say at which correlations the pool rounds to them in ``digits`` decimals.  options : those of ``pool``.
    Paired scores treated as two independent groups are the line of correlation 0: var = sd_pre^2 / n + sd_post^2 / n.
    Returns a PrepostResult. Raises OptionError, TableError.
    Source: Cochrane Handbook 6.4, section 6.5.2.8; Follmann et al. 1992, doi:10.1016/0895-4356(92)90054-Q.

    >>> rows = {"study": ["A", "B"], "mean_pre": [7, 6], "sd_pre": [2, 2], "mean_post": [3, 3], "sd_post": [2, 1], "n": [16, 25]}
    >>> found = prepost_over_correlations(rows, correlations=(0.0, 0.5), model="common", ci="z")
    >>> [round(fit.std_error, 3) for fit in found.fits]
    [0.378, 0.285]
    """
    from ostealgia.effects.compute import compute

    if not len(correlations):
        raise OptionError("correlations is empty; give at least one value between -1 and 1.")
    values = tuple(between("correlations", r, -1.0, 1.0) for r in correlations)
    if measure_of(measure)[0].kind != "pre-post":
        raise OptionError(
            f"measure={measure!r} has no correlation; choose a pre-post measure such as MC, SMCC or SMCR."
        )
    effects = [compute(frame, measure=measure, correlation=r) for r in values]
    assumed = _assumed(effects)
    fits = tuple(pool(e, **options) for e in effects)
    shown = dict(published or {})
    reproduces = tuple(r for r, fit in zip(values, fits, strict=True) if shown and _rounds(fit, shown, digits))
    k = fits[0].k
    if not assumed and len(values) > 1:
        raise OptionError("every row states its correlation; there is nothing to vary. Use pool().")
    notes = [
        f"correlation assumed in {assumed} of {k} studies: none of the lines is the result; the truth is where the correlation is",
        "correlation 0 is what results when paired scores are treated as two independent groups",
    ]
    if len(reproduces) > 1:
        notes.append(
            f"the published numbers fit correlations {reproduces[0]:g} to {reproduces[-1]:g}: they do not tell which was used"
        )
    return PrepostResult(
        measure=measure, correlations=values, fits=fits, assumed=assumed, k=k, published=shown, reproduces=reproduces,
        excluded=fits[0].excluded, notes=(*(note for note in effects[0].notes if not note.startswith("correlation ")), *notes),
    )  # fmt: skip


def _assumed(effects: list[Any]) -> int:
    """Rows whose correlation is the one that was filled in."""
    first = np.asarray(effects[0].columns["correlation"], dtype=float)
    if len(effects) == 1:
        return int((first == effects[0].options.get("correlation")).sum())
    last = np.asarray(effects[-1].columns["correlation"], dtype=float)
    return int((first != last).sum())


def _rounds(fit: PoolResult, published: Mapping[str, float], digits: int) -> bool:
    unit = 0.5 * 10.0**-digits + 1e-9
    return all(abs(float(getattr(fit, name)) - value) <= unit for name, value in published.items())


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
