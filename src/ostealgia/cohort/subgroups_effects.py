"""Effects in subgroups: the difference between groups at each level of pre-stated factors, and whether it differs between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtrc

from ostealgia.cohort.ancova_fit import ancova
from ostealgia.cohort.logistic_model import logistic
from ostealgia.cohort.response_difference_build import two_group_effects
from ostealgia.cohort.survival_data import absent, column_of
from ostealgia.display import count_of, p_text
from ostealgia.errors import OptionError, OstealgiaError, TableError
from ostealgia.options import confidence_level
from ostealgia.tables.labels import as_text
from ostealgia.tables.result import Excluded, Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

MOST_LEVELS = 8
OVERALL = "all patients"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SubgroupEffects(Result):
    """Effects by subgroup. effects : frame outcome, factor, level, events_1, n_1, events_2, n_2, measure, estimate, limits, p_value;
    _1 is the treated group.  interactions : frame outcome, factor, test, statistic, df, df_2, p_value, p_adjusted (Bonferroni over the
    factors).
    """

    effects: Any
    interactions: Any
    groups: tuple[str, str]

    def to_frame(self) -> pd.DataFrame:
        """The effects."""
        return self.effects.copy()

    def __str__(self) -> str:
        lines = [f"SubgroupEffects: {self.groups[0]} against {self.groups[1]}"]
        lines += [
            f"  {row.outcome}, {row.factor}: interaction {p_text(row.p_value)}"
            for row in self.interactions.itertuples()
        ]
        return "\n".join(lines + tail_lines(self))


def subgroup_effects(
    frame: Any, *, group: str, treated: str, reference: str, factors: Sequence[str], response: str | None = None,
    pain: str | None = None, baseline: str | None = None, level: float = 0.95,
) -> SubgroupEffects:  # fmt: skip
    """Does the effect differ between kinds of patients?

    frame : one row a patient.  group : column with the values treated and reference; others are left out.  factors : columns of up to 8
    levels, stated before looking.  response : 0/1 column: risk differences (Newcombe) with the interaction on the log odds scale by
    likelihood ratio.  pain, baseline : numbers: differences by ANCOVA with the interaction by F test.
    The test of interaction is the answer, not which subgroup has P below 0.05; it has little power, and with many factors some are chance.
    Source: Wang et al. 2007, doi:10.1056/NEJMsr077003; Newcombe 1998 as in ``response_difference``.

    >>> data = {"arm": list("aabbaabb") * 5, "sex": list("fmfmfmfm") * 5, "y": [0, 1, 1, 1, 0, 0, 1, 0] * 5}
    >>> found = subgroup_effects(data, group="arm", treated="b", reference="a", factors=["sex"], response="y")
    >>> found.effects[["level", "estimate"]].round(2).to_numpy().tolist()
    [['all patients', 0.5], ['f', 1.0], ['m', 0.0]]
    """
    import pandas as pd

    level = confidence_level(level)
    if response is None and pain is None:
        raise OptionError("subgroup_effects needs response, pain or both.")
    columns = {
        name: column_of(frame, name) for name in (group, *factors, *(n for n in (response, pain, baseline) if n))
    }
    arm = np.array(
        [None if gone else as_text(v) for v, gone in zip(columns[group], absent(columns[group]), strict=True)],
        dtype=object,
    )
    for name in (treated, reference):
        if not (arm == name).any():
            raise TableError("a group is empty", column=group, expected=f"patients in both {treated} and {reference}")
    used = (arm == treated) | (arm == reference)
    columns = {name: values[used] for name, values in columns.items()}
    arm = arm[used]
    effects: list[dict[str, Any]] = []
    tests: list[dict[str, Any]] = []
    notes: list[str] = []
    excluded: list[Excluded] = []
    arms = (treated, reference)
    if response is not None:
        effects += _responses("pain response", OVERALL, OVERALL, arm, arms, columns[response], level)
    if pain is not None:
        effects += _pains(columns, group, arms, None, pain, baseline, level, notes)
    for name in factors:
        own = absent(columns[name])
        levels = _levels(columns[name][~own], name)
        if own.any():
            excluded.append(
                Excluded(study=count_of(int(own.sum()), "patient", "patients"), reason=f"no value in column {name!r}")
            )
        kept = {key: values[~own] for key, values in columns.items()} | {
            name: np.array([as_text(v) for v in columns[name][~own]], dtype=object)
        }
        if response is not None:
            for one in levels:
                at = kept[name] == one
                effects += _responses("pain response", name, one, arm[~own][at], arms, kept[response][at], level)
            tests += _response_test(kept, arm[~own], arms, name, response, notes)
        if pain is not None:
            effects += _pains(kept, group, arms, (name, levels), pain, baseline, level, notes)
            tests += _pain_test(kept, group, arms, name, pain, baseline, level, notes)
    for outcome in {one["outcome"] for one in tests}:
        mine = [one for one in tests if one["outcome"] == outcome]
        for one in mine:
            one["p_adjusted"] = min(1.0, one["p_value"] * len(mine))
    names = ["outcome", "factor", "test", "statistic", "df", "df_2", "p_value", "p_adjusted"]
    return SubgroupEffects(
        effects=pd.DataFrame(effects), interactions=pd.DataFrame(tests, columns=names), groups=arms, notes=tuple(dict.fromkeys(notes)),
        excluded=tuple(excluded),
    )  # fmt: skip


def _levels(values: Any, name: str) -> list[str]:
    levels = sorted({as_text(value) for value in values})
    if not 2 <= len(levels) <= MOST_LEVELS:
        raise TableError(
            f"{count_of(len(levels), 'level', 'levels')} make no subgroups", column=name, expected=f"2 to {MOST_LEVELS} levels",
            action="Cut numbers into classes first, as stated in the plan",
        )  # fmt: skip
    return levels


def _responses(
    outcome: str, factor: str, label: str, arm: Any, arms: tuple[str, str], values: Any, level: float
) -> list[dict[str, Any]]:
    seen = ~absent(values)
    counts = []
    for name in arms:
        own = values[seen & (arm == name)].astype(float)
        counts += [float(own.sum()), float(len(own))]
    effect = two_group_effects(*counts, measures=("RD",), level=level)[0]
    return [{"outcome": outcome, "factor": factor, "level": label, **effect}]


def _response_test(
    columns: Mapping[str, Any], arm: Any, arms: tuple[str, str], name: str, response: str, notes: list[str]
) -> list[dict[str, Any]]:
    data = {"arm": (arm == arms[0]).astype(float), "factor": columns[name], "y": columns[response]}
    try:
        full = logistic(data, outcome="y", terms="arm * factor(factor)")
        less = logistic(data, outcome="y", terms="arm + factor(factor)")
    except OstealgiaError:
        notes.append(f"{name}: no test of interaction for the response, because a cell has no or only responders")
        return []
    df = len(full.estimate) - len(less.estimate)
    statistic = max(0.0, 2 * (full.log_likelihood - less.log_likelihood))
    p = float(chdtrc(float(df), statistic))
    return [
        {
            "outcome": "pain response",
            "factor": name,
            "test": "likelihood ratio",
            "statistic": statistic,
            "df": df,
            "p_value": p,
        }
    ]


def _pain_model(
    columns: Mapping[str, Any],
    group: str,
    arms: tuple[str, str],
    name: str | None,
    pain: str,
    baseline: str | None,
    level: float,
) -> Any:
    start = "" if baseline is None else f"{baseline} + "
    data = {key: columns[key] for key in (group, pain, *([baseline] if baseline else []), *([name] if name else []))}
    term = group if name is None else f"{group} * factor({name})"
    return ancova(data, outcome=pain, fixed=f"{start}{term}", level=level, group=group, reference={group: arms[1]})


def _pains(
    columns: Mapping[str, Any], group: str, arms: tuple[str, str], factor: tuple[str, list[str]] | None, pain: str, baseline: str | None,
    level: float, notes: list[str],
) -> list[dict[str, Any]]:  # fmt: skip
    name = None if factor is None else factor[0]
    try:
        fit = _pain_model(columns, group, arms, name, pain, baseline, level)
        table = fit.contrasts(group, within=() if name is None else name, compare="reference").to_frame()
    except OstealgiaError:
        notes.append(f"{name or OVERALL}: no difference in pain, because a cell has too few patients with a value")
        return []
    seen = ~absent(columns[pain])
    rows = []
    for row in table.to_dict("records"):
        label = OVERALL if name is None else as_text(row[name])
        inside = seen if name is None else seen & (columns[name] == label)
        arm = np.array([as_text(v) for v in columns[group]], dtype=object)
        rows.append(
            {"outcome": "worst pain", "factor": name or OVERALL, "level": label, "measure": "mean difference",
             "n_1": int((inside & (arm == arms[0])).sum()), "n_2": int((inside & (arm == arms[1])).sum()), "method": "ANCOVA",
             **{key: row[key] for key in ("estimate", "std_error", "ci_low", "ci_high", "ci_level", "p_value")}}
        )  # fmt: skip
    return rows


def _pain_test(
    columns: Mapping[str, Any],
    group: str,
    arms: tuple[str, str],
    name: str,
    pain: str,
    baseline: str | None,
    level: float,
    notes: list[str],
) -> list[dict[str, Any]]:
    try:
        table = _pain_model(columns, group, arms, name, pain, baseline, level).term_tests().to_frame()
    except OstealgiaError:
        return []
    row = table[[":" in str(term) for term in table["term"]]].iloc[0]
    return [
        {"outcome": "worst pain", "factor": name, "test": "F", "statistic": float(row["statistic"]), "df": float(row["df"]),
         "df_2": float(row["df_denominator"]), "p_value": float(row["p_value"])}
    ]  # fmt: skip
