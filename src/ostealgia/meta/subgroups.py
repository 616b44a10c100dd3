"""Subgroups: a pooled effect for each, and the test between them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.reading import as_text, some
from ostealgia.effects.result import EffectSizes
from ostealgia.errors import ConvergenceError, OptionError, TableError, suggestion
from ostealgia.meta.coerce import as_effects
from ostealgia.meta.pooling import pool
from ostealgia.meta.result import PoolResult
from ostealgia.numerics.heterogeneity import q_p_value
from ostealgia.numerics.tau2 import estimate_tau2
from ostealgia.tables.result import Result, plain

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SubgroupResult(Result):
    """groups : label -> its pool, in order of appearance.  overall : all studies.  q_between : test of equal effects, with df and P.

    by : name of the grouping column.  tau2_common : one tau2 for all subgroups, or one each.
    """

    by: str
    groups: Mapping[str, PoolResult]
    overall: PoolResult
    q_between: float
    q_between_df: int
    q_between_p_value: float
    tau2_common: bool

    def to_frame(self) -> pd.DataFrame:
        """One row a subgroup, then one for all studies."""
        import pandas as pd

        rows = [fit.to_frame().assign(group=label) for label, fit in self.groups.items()]
        frame = pd.concat([*rows, self.overall.to_frame().assign(group="all")], ignore_index=True)
        return frame.reindex(columns=["group", *[name for name in frame.columns if name != "group"]])

    def to_dict(self) -> dict[str, Any]:
        """JSON: the test between, and the pool of each subgroup."""
        return {
            "by": self.by,
            "tau2_common": self.tau2_common,
            "q_between": plain(self.q_between),
            "q_between_df": self.q_between_df,
            "q_between_p_value": plain(self.q_between_p_value),
            "groups": {label: fit.to_dict() for label, fit in self.groups.items()},
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        from ostealgia.meta.text import subgroup_text

        return subgroup_text(self)


def subgroup(effects: Any, *, by: Any, tau2_common: bool = False, **options: Any) -> SubgroupResult:
    """Pool within subgroups and test whether their effects differ.

    effects : as for ``pool``.  by : name of a column kept with the effects, or one label a row (k,).  tau2_common : one tau2 estimated
    over all subgroups (each with its own mean) instead of one each.  options : those of ``pool``.
    The test is Q = sum w (effect - weighted mean)^2 over subgroups with w = 1 / SE^2, SE as in the subgroup's interval, against
    chi-square with groups - 1 df.  Source: Borenstein & Higgins 2013, doi:10.1007/s11121-013-0377-7.

    >>> data = {"study": list("ABCD"), "estimate": [0.1, 0.2, 0.8, 0.9], "std_error": [0.1] * 4, "site": ["x", "x", "y", "y"]}
    >>> found = subgroup(data, by="site", ci="z")
    >>> found.q_between_p_value < 0.001
    True
    """
    data = as_effects(effects, options.pop("measure", None))
    name, labels = _labels(data, by)
    codes, kept = _codes(labels)
    notes: list[str] = []
    if not kept.all():
        left = [study for study, ok in zip(data.study, kept, strict=True) if not ok]
        notes.append(f"no value of {name!r}, so in no subgroup: {', '.join(left)}")
    whole = data.take(kept)
    if tau2_common:
        options = {**options, "tau2_value": _common_tau2(whole, codes[kept], options)}
    order = list(dict.fromkeys(label for label, ok in zip(labels, kept, strict=True) if ok))
    groups = {label: _pool_of(label, data.take(np.array(labels) == label), options) for label in order}
    if tau2_common:
        method = options.get("tau2", "REML")
        groups = {label: replace(fit, tau2_method=f"{method}, common") for label, fit in groups.items()}
    overall = pool(data, **{key: value for key, value in options.items() if key != "tau2_value"})
    q, df = _between(list(groups.values()))
    if df and math.isnan(q):
        lone = [label for label, fit in groups.items() if not _weighs(fit)]
        notes.append(f"no test between subgroups: no standard error above zero in {some(lone)}")
    return SubgroupResult(
        by=name, groups=groups, overall=overall, q_between=q, q_between_df=df,
        q_between_p_value=q_p_value(q, df) if df > 0 else math.nan, tau2_common=tau2_common, notes=tuple(notes),
    )  # fmt: skip


def _pool_of(label: str, effects: EffectSizes, options: dict[str, Any]) -> PoolResult:
    """The pool of one subgroup; an error says of which."""
    try:
        return pool(effects, **options)
    except TableError as error:
        raise error.about(f"subgroup {label!r}") from error
    except ConvergenceError as error:
        raise ConvergenceError(f"subgroup {label!r}: {error}") from error


def _labels(data: EffectSizes, by: Any) -> tuple[str, list[str]]:
    if isinstance(by, str):
        values = data.column(by)
        if values is None:
            raise TableError(
                f"no column {by!r} to form subgroups",
                column=by,
                expected=f"one of {', '.join(map(repr, data.column_names))}",
                action=suggestion(by, data.column_names).strip() or "Name a column of the table that has values",
            )
        return by, [as_text(value) for value in values]
    labels = [as_text(value) for value in by]
    if len(labels) != data.k:
        raise OptionError(f"by has {len(labels)} labels for {data.k} effects; give one a row.")
    return "subgroup", labels


def _codes(labels: list[str]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    seen = {label: i for i, label in enumerate(dict.fromkeys(labels))}
    return np.array([seen[label] for label in labels]), np.array([label != "" for label in labels])


def _common_tau2(data: EffectSizes, codes: NDArray[np.int64], options: dict[str, Any]) -> float:
    model = options.get("model", "random")
    if model != "random":
        raise OptionError(f"tau2_common belongs to model='random'; found model={model!r}.")
    return estimate_tau2(data.estimate, data.variance, options.get("tau2", "REML"), group=codes).value


def _weighs(fit: PoolResult) -> bool:
    """Has the pool of a subgroup a weight in the test between?"""
    return 0 < fit.std_error < math.inf


def _between(fits: list[PoolResult]) -> tuple[float, int]:
    if len(fits) < 2 or not all(map(_weighs, fits)):
        return math.nan, max(0, len(fits) - 1)
    estimate = np.array([fit.estimate for fit in fits])
    weight = np.array([fit.std_error for fit in fits]) ** -2.0
    centre = float((weight * estimate).sum()) / float(weight.sum())
    return float((weight * (estimate - centre) ** 2).sum()), len(fits) - 1
