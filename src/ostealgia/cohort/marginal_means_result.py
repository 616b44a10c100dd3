"""Estimated marginal means and their contrasts, with named families of comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.cohort.marginal_means_grid import cells, factor_levels
from ostealgia.cohort.mixed_model_effects import (
    DF_WORDS,
    Estimates,
    FixedEffectsResult,
    aligned_lines,
    estimates,
)
from ostealgia.display import count_of, level_text
from ostealgia.errors import OptionError
from ostealgia.numerics.least_squares_multiplicity import ADJUSTMENTS, adjusted
from ostealgia.options import one_of
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
COMPARISONS = ("pairwise", "reference", "consecutive")
FAMILIES = ("within", "all")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class MarginalMeans(Result):
    """Estimated marginal means. by : the factors.  levels : for each mean its level of every factor.  at : values of the covariates."""

    outcome: str
    by: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    found: Estimates
    df_method: str
    ci_level: float

    def to_frame(self) -> pd.DataFrame:
        """One row a mean: a column for each factor, estimate, std_error, df, ci_low, ci_high, ci_level."""
        import pandas as pd

        low, high = self.found.interval(self.ci_level)
        return pd.DataFrame(
            {
                **_level_columns(self.by, self.levels), "estimate": self.found.estimate, "std_error": self.found.std_error,
                "df": self.found.df, "ci_low": low, "ci_high": high, "ci_level": self.ci_level,
            }
        )  # fmt: skip

    def __str__(self) -> str:
        head = f"MarginalMeans: {self.outcome} by {' and '.join(self.by)}, {level_text(self.ci_level)} CI by {DF_WORDS[self.df_method]}"
        labels = [_label(self.by, level) for level in self.levels]
        lines = aligned_lines(labels, self.found, self.found.interval(self.ci_level), None)
        return "\n".join([head, *lines, *tail_lines(self)])


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Contrasts(Result):
    """Differences between marginal means.

    labels : of the contrasts.  within, levels : the factors that are held, and their levels for each contrast.  adjust : how P values
    and limits were adjusted.  family : which contrasts were adjusted together, in words.  families : for each contrast its family.
    """

    outcome: str
    of: str
    labels: tuple[str, ...]
    within: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    found: Estimates
    adjust: str
    family: str
    family_size: NDArray[np.intp]
    p_value: Array
    critical: Array
    df_method: str
    ci_level: float

    def to_frame(self) -> pd.DataFrame:
        """One row a contrast: contrast, a column for each factor held, estimate, std_error, df, statistic, p_value (adjusted),
        p_value_unadjusted, ci_low, ci_high (adjusted), ci_level, adjust, family, family_size."""
        import pandas as pd

        half = self.critical * self.found.std_error
        return pd.DataFrame(
            {
                "contrast": self.labels, **_level_columns(self.within, self.levels), "estimate": self.found.estimate,
                "std_error": self.found.std_error, "df": self.found.df, "statistic": self.found.statistic, "p_value": self.p_value,
                "p_value_unadjusted": self.found.p_value, "ci_low": self.found.estimate - half,
                "ci_high": self.found.estimate + half, "ci_level": self.ci_level, "adjust": self.adjust, "family": self.family,
                "family_size": self.family_size,
            }
        )  # fmt: skip

    def __str__(self) -> str:
        how = ADJUSTMENTS[self.adjust] + ("" if self.adjust == "none" else f" {self.family}")
        head = f"Contrasts: {self.outcome} by {self.of}, {how}, {level_text(self.ci_level)} CI by {DF_WORDS[self.df_method]}"
        half = self.critical * self.found.std_error
        names = [
            f"{_label(self.within, level)}: {name}" if level else name
            for name, level in zip(self.labels, self.levels, strict=True)
        ]
        rows = aligned_lines(names, self.found, (self.found.estimate - half, self.found.estimate + half), self.p_value)
        return "\n".join([head, *rows, *tail_lines(self)])


def marginal_means(
    fit: FixedEffectsResult, by: str | Sequence[str], *, at: Mapping[str, Any], weights: str = "equal"
) -> MarginalMeans:
    """Marginal means of a fit; see ``FixedEffectsResult.marginal_means``."""
    names = _names(by)
    if not names:
        raise OptionError("by names no factor; give one or more.")
    combinations, rows = cells(fit.recipe, fit.columns, names, at, weights)
    return MarginalMeans(
        outcome=fit.outcome, by=names, levels=tuple(combinations), found=estimates(fit.inference, rows),
        df_method=fit.df_method, ci_level=fit.ci_level, notes=_grid_notes(fit, names, at, weights),
    )  # fmt: skip


def contrasts(
    fit: FixedEffectsResult, of: str, *, within: str | Sequence[str] = (), compare: str = "pairwise", adjust: str = "none",
    family: str = "within", at: Mapping[str, Any] | None = None, weights: str = "equal",
) -> Contrasts:  # fmt: skip
    """Contrasts of a fit; see ``FixedEffectsResult.contrasts``."""
    one_of("compare", compare, COMPARISONS)
    held = _names(within)
    kind = _family(family, held)
    combinations, rows = cells(fit.recipe, fit.columns, (of, *held), at or {}, weights)
    levels = list(dict.fromkeys(level[0] for level in combinations))
    pairs = _pairs(len(levels), compare)
    if not pairs:
        raise OptionError(f"{of!r} has one level only here, so there is nothing to compare.")
    groups = list(dict.fromkeys(level[1:] for level in combinations))
    at_cell = dict(zip(combinations, rows, strict=True))
    names, where, made = [], [], []
    for group in groups:
        for first, second in pairs:
            names.append(_difference_label(of, levels[second], levels[first]))
            where.append(group)
            made.append(at_cell[(levels[second], *group)] - at_cell[(levels[first], *group)])
    codes = np.repeat(np.arange(len(groups)), len(pairs)) if kind == "within" else np.zeros(len(made), dtype=np.intp)
    if adjust == "tukey" and (compare != "pairwise" or (kind == "all" and len(groups) > 1)):
        raise OptionError(
            "adjust='tukey' is for all pairwise comparisons of one set of means: compare='pairwise', family='within'."
        )
    return _adjusted(
        fit, of, names, held, where, np.array(made), codes, adjust, _family_words(kind, held, of), len(levels),
        _grid_notes(fit, (of, *held), at or {}, weights),
    )  # fmt: skip


def differences_in_change(
    fit: FixedEffectsResult, of: str, *, over: str, adjust: str = "none", at: Mapping[str, Any] | None = None,
    weights: str = "equal",
) -> Contrasts:  # fmt: skip
    """Differences between groups in the change since the first level of ``over``."""
    combinations, rows = cells(fit.recipe, fit.columns, (of, over), at or {}, weights)
    at_cell = dict(zip(combinations, rows, strict=True))
    groups = list(dict.fromkeys(level[0] for level in combinations))
    times = list(dict.fromkeys(level[1] for level in combinations))
    if len(groups) < 2 or len(times) < 2:
        raise OptionError(f"{of!r} and {over!r} need two levels each.")
    names, where, made = [], [], []
    for time in times[1:]:
        change = {group: at_cell[(group, time)] - at_cell[(group, times[0])] for group in groups}
        for first, second in _pairs(len(groups), "pairwise"):
            names.append(_difference_label(of, groups[second], groups[first]))
            where.append((f"{over} {time} - {over} {times[0]}" if _numeric([time]) else f"{time} - {times[0]}",))
            made.append(change[groups[second]] - change[groups[first]])
    codes = np.zeros(len(made), dtype=np.intp)
    if adjust == "tukey":
        raise OptionError("adjust='tukey' is for pairwise comparisons of means, not of changes.")
    return _adjusted(
        fit, of, names, (over,), where, np.array(made), codes, adjust, f"over all changes over {over}", len(groups),
        _grid_notes(fit, (of, over), at or {}, weights),
    )  # fmt: skip


def _adjusted(
    fit: FixedEffectsResult, of: str, names: Sequence[str], held: tuple[str, ...], where: Sequence[tuple[str, ...]], rows: Array,
    codes: NDArray[np.intp], adjust: str, family: str, means: int, notes: tuple[str, ...],
) -> Contrasts:  # fmt: skip
    one_of("adjust", adjust, ADJUSTMENTS)
    found = estimates(fit.inference, rows)
    p, wide, size = np.empty(len(rows)), np.empty(len(rows)), np.bincount(codes)[codes]
    for code in np.unique(codes):
        mine = codes == code
        p[mine], wide[mine] = adjusted(adjust, found.statistic[mine], found.df[mine], fit.ci_level, means)
    if adjust == "holm":
        notes += ("Holm's steps have no interval of their own: the limits are Bonferroni's",)
    if adjust != "none" and (size == 1).all():
        notes += (
            "each family holds one comparison, so the adjustment changes nothing; family='all' takes them together",
        )
    return Contrasts(
        outcome=fit.outcome, of=of, labels=tuple(names), within=held, levels=tuple(where), found=found, adjust=adjust, family=family,
        family_size=size, p_value=p, critical=wide, df_method=fit.df_method, ci_level=fit.ci_level, notes=notes,
    )  # fmt: skip


def _pairs(count: int, compare: str) -> list[tuple[int, int]]:
    """(earlier, later) positions of the levels to compare."""
    if compare == "reference":
        return [(0, j) for j in range(1, count)]
    if compare == "consecutive":
        return [(j - 1, j) for j in range(1, count)]
    return [(i, j) for j in range(1, count) for i in range(j)]


def _family(family: str, held: Sequence[str]) -> str:
    """ "within week" and "all weeks" say the same as "within" and "all"."""
    words = str(family).strip().split()
    if not words or words[0] not in FAMILIES:
        one_of("family", family, FAMILIES)
    if (
        words[0] == "within"
        and len(words) > 1
        and words[1:] not in ([name] for name in held)
        and words[1] not in ("time", "visit")
    ):
        raise OptionError(
            f"family={family!r} names what is not held; within={', '.join(map(repr, held)) or 'nothing'}."
        )
    return words[0]


def _family_words(kind: str, held: Sequence[str], of: str) -> str:
    if not held:
        return f"over all comparisons of {of}"
    return (
        f"within each {' and '.join(held)}" if kind == "within" else f"over all levels of {' and '.join(held)} together"
    )


def _names(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _numeric(labels: Sequence[str]) -> bool:
    try:
        return all(np.isfinite(float(label)) for label in labels)
    except ValueError:
        return False


def _level_columns(names: Sequence[str], levels: Sequence[tuple[str, ...]]) -> dict[str, list[Any]]:
    """Levels as columns; numbers where all are numbers."""
    out: dict[str, list[Any]] = {}
    for i, name in enumerate(names):
        column = [level[i] for level in levels]
        out[name] = [_plain_number(label) for label in column] if _numeric(column) else column
    return out


def _plain_number(label: str) -> float | int:
    value = float(label)
    return int(value) if value.is_integer() else value


def _difference_label(of: str, later: str, earlier: str) -> str:
    return f"{of} {later} - {of} {earlier}" if _numeric([later, earlier]) else f"{later} - {earlier}"


def _label(names: Sequence[str], levels: Sequence[str]) -> str:
    return ", ".join(
        f"{name} {level}" if _numeric([level]) else level for name, level in zip(names, levels, strict=True)
    )


def _grid_notes(fit: FixedEffectsResult, by: Sequence[str], at: Mapping[str, Any], weights: str) -> tuple[str, ...]:
    factors = factor_levels(fit.recipe)
    covariates = [name for name in fit.recipe.formula.columns if name not in factors and name not in at]
    averaged = [name for name in factors if name not in by]
    notes: list[str] = []
    if covariates:
        notes.append(
            f"{', '.join(covariates)} at {'its mean' if len(covariates) == 1 else 'their means'} over the rows used"
        )
    if averaged:
        how = "equal weights" if weights == "equal" else "weights in proportion to the rows used"
        notes.append(f"averaged over {', '.join(averaged)} with {how} ({count_of(len(averaged), 'factor', 'factors')})")
    return tuple(notes)
