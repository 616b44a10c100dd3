"""The main tables of a cohort's model sections: predictors, subgroups, weighting, missing values, estimands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ostealgia.cohort.analysis_model import CohortAnalysis, Section
from ostealgia.display import capital, level_text
from ostealgia.project.cohort_sheets import (
    Field,
    Row,
    Sheet,
    between,
    count,
    decimals,
    known,
    of,
    p_words,
    points,
    share,
)
from ostealgia.project.cohort_words import term_words, words

YES_NO = {"0": "no", "1": "yes"}


def _level(analysis: CohortAnalysis) -> str:
    return level_text(float(analysis.settings.level))


def _scaled(row: Row) -> tuple[int, float]:
    """Decimals and factor of an effect by its measure."""
    measure = str(row.get("measure", ""))
    return (2, 1.0) if "ratio" in measure else (1, 100.0) if measure == "risk difference" else (2, 1.0)


def _effect(row: Row) -> str:
    digits, factor = _scaled(row)
    return decimals(factor * float(row["estimate"]), digits) if known(row.get("estimate")) else ""


def _limits(row: Row) -> str:
    digits, factor = _scaled(row)
    return between(row.get("ci_low"), row.get("ci_high"), digits, factor)


def _effect_fields(analysis: CohortAnalysis, label: str = "Effect") -> list[Field]:
    return [
        Field("estimate", label, _effect),
        Field("ci", f"{_level(analysis)} CI", _limits),
        Field("p_value", "P", lambda row: p_words(row.get("p_value"))),
    ]


def predictors_main(analysis: CohortAnalysis, section: Section) -> Sheet | None:
    """Each factor by itself, whether screening selects it, and how often it would in other samples."""
    frame = section.tables.get("screen")
    if frame is None:
        return None
    columns = [*analysis.cohort.patients.columns, *frame["variable"].astype(str)] if "variable" in frame.columns else []
    fields = [
        Field("term", "Factor", lambda row: capital(term_words(str(row["term"]), columns)), align="left"),
        *_effect_fields(analysis, "Odds ratio"),
        Field("selected", "Selected", lambda row: "yes" if row.get("selected") else "no", align="left"),
        Field("selection_frequency", "In bootstrap samples", lambda row: share(row.get("selection_frequency"))),
    ]
    caption = f"Selected: P of the whole factor below {analysis.settings.screen_p:g}; beside it how often bootstrap samples select it"
    return Sheet(
        id="predictors-main", title="Factors one by one", rows=frame.to_dict("records"), fields=fields, caption=caption
    )


def subgroups_main(analysis: CohortAnalysis, section: Section) -> Sheet | None:
    """Response in each subgroup, with the test of interaction at its first level."""
    frame, tests = section.tables.get("subgroups"), section.tables.get("interactions")
    if frame is None or len(analysis.groups) != 2 or "measure" not in frame.columns:
        return None
    own = frame[frame["measure"] == "risk difference"]
    if not len(own):
        return None
    outcome = str(own["outcome"].iloc[0]) if "outcome" in own.columns else ""
    interaction: dict[str, Any] = {}
    if tests is not None:
        kept = tests[tests["outcome"] == outcome] if "outcome" in tests.columns else tests
        interaction = dict(zip(kept["factor"], kept["p_value"], strict=True))
    rows, seen = [], set[str]()
    for row in own.to_dict("records"):
        factor = str(row["factor"])
        levels = set(own.loc[own["factor"] == factor, "level"].astype(str))
        row["shown"] = YES_NO.get(str(row["level"]), str(row["level"])) if levels <= set(YES_NO) else str(row["level"])
        row["heading"] = capital(words(factor))
        row["shown"] = "All" if row["shown"] == factor else row["shown"]
        row["interaction"] = interaction.get(factor) if factor not in seen else None
        seen.add(factor)
        rows.append(row)
    fields = [
        Field("heading", "Factor", lambda row: str(row["heading"]), align="left"),
        Field("shown", "Level", lambda row: capital(words(row["shown"])), align="left"),
        Field(
            "treated", capital(str(analysis.groups[1])), lambda row: of(row.get("events_1"), row.get("n_1")), "n/N (%)"
        ),
        Field(
            "reference",
            capital(str(analysis.groups[0])),
            lambda row: of(row.get("events_2"), row.get("n_2")),
            "n/N (%)",
        ),
        Field("estimate", "Difference", lambda row: points(row.get("estimate")), "percentage points"),
        Field("ci", f"{_level(analysis)} CI", _limits),
        Field("interaction", "P, interaction", lambda row: p_words(row.get("interaction")) or "\u00a0"),
    ]
    return Sheet(
        id="subgroups-main", title=f"{capital(outcome)} in subgroups", rows=rows, fields=fields, group_by="heading"
    )


def weighting_main(analysis: CohortAnalysis, section: Section) -> Sheet | None:
    """The effect unweighted and by each way of weighting, an outcome at a time."""
    frame = section.tables.get("effects")
    if frame is None or "outcome" not in frame.columns:
        return None
    rows = frame.sort_values(
        "outcome", key=lambda column: column.map({v: i for i, v in enumerate(dict.fromkeys(column))}), kind="stable"
    )
    fields = [
        Field(
            "outcome",
            "Outcome",
            lambda row: f"{capital(words(str(row['outcome'])))}, {row.get('measure', '')}",
            align="left",
        ),
        Field("estimand", "Weights", lambda row: _estimand(str(row.get("estimand", ""))), align="left"),
        Field("method", "Method", lambda row: str(row.get("method", "")), align="left"),
        *_effect_fields(analysis),
        Field("n", "n", lambda row: count(row.get("n"))),
    ]
    caption = "Risk differences in percentage points" if (frame["measure"] == "risk difference").any() else ""
    return Sheet(
        id="weighting-main", title="The effect after adjustment", rows=rows.to_dict("records"), fields=fields, group_by="outcome",
        caption=caption,
    )  # fmt: skip


def _estimand(text: str) -> str:
    name, _, rest = text.partition(": ")
    shown = name.upper() if name in ("ate", "att", "atc") else capital(name)
    return f"{shown} ({rest})" if rest else shown


def missing_main(analysis: CohortAnalysis, section: Section) -> Sheet | None:
    """The difference in pain when imputed values are made worse step by step."""
    frame = section.tables.get("tipping_point")
    if frame is None:
        return None
    fields = [
        Field("delta", "Imputed pain worse by", lambda row: decimals(row.get("delta"), 1), "points", align="left"),
        *_effect_fields(analysis, "Difference in pain"),
    ]
    return Sheet(id="missing-main", title="Tipping point", rows=frame.to_dict("records"), fields=fields,
                 caption="Multiple imputation, then the shift; Rubin's rules")  # fmt: skip


def estimands_main(analysis: CohortAnalysis, section: Section) -> Sheet | None:
    """One line for each intercurrent event and strategy; the primary one in bold."""
    frame = section.tables.get("results")
    if frame is None or not {"event", "strategy", "estimate"} <= set(frame.columns):
        return None
    rows = []
    for row in frame.to_dict("records"):
        row["_strong"] = bool(row.get("primary") is True or str(row.get("primary")) == "True")
        rows.append(row)
    fields = [
        Field("outcome", "Outcome", lambda row: capital(str(row["outcome"])), align="left"),
        Field("event", "Event", lambda row: capital(str(row["event"])), align="left"),
        Field("strategy", "Strategy", _strategy, align="left"),
    ]
    if len(analysis.groups) == 2:
        for key, group in (("value_1", analysis.groups[1]), ("value_2", analysis.groups[0])):
            fields.append(Field(key, capital(str(group)), lambda row, key=key: _value(row, key)))
    fields += [*_effect_fields(analysis, "Difference"), Field("conclusion", "Conclusion", _conclusion, align="left")]
    caption = "Response: per cent and percentage points; pain: points. In bold the primary strategy"
    return Sheet(
        id="estimands-main",
        title="One result for each strategy",
        rows=rows,
        fields=fields,
        group_by="outcome",
        caption=caption,
    )


def _strategy(row: Mapping[str, Any]) -> str:
    """The strategy, and what the effect is where it is no difference."""
    measure = str(row.get("measure", ""))
    return (
        str(row["strategy"])
        if measure in ("risk difference", "mean difference", "nan", "")
        else f"{row['strategy']}, {measure}"
    )


def _value(row: Mapping[str, Any], key: str) -> str:
    if not known(row.get(key)):
        return ""
    return share(row[key], 0) if str(row.get("measure")) == "risk difference" else decimals(row[key], 2)


def _conclusion(row: Mapping[str, Any]) -> str:
    problem = str(row.get("problem") or "")
    return problem if problem and problem != "nan" else str(row.get("conclusion") or "")


MODEL_MAIN = {
    "predictors": predictors_main,
    "subgroups": subgroups_main,
    "weighting": weighting_main,
    "missing": missing_main,
    "estimands": estimands_main,
}
