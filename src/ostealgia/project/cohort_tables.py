"""The main table of each section of a cohort's report, as a journal would print it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
from ostealgia.project.cohort_tables_models import MODEL_MAIN
from ostealgia.project.cohort_tables_tidy import DIGITS, df_words, known_text
from ostealgia.project.cohort_words import DENOMINATORS, words

MARKERS = {
    "crp": "C-reactive protein", "nlr": "neutrophil-lymphocyte ratio", "wbc": "white cells", "pct": "procalcitonin", "tnf_a": "TNF-α",
    "il6": "interleukin 6", "kcal": "energy intake",
}  # fmt: skip
BLANK = "\u00a0"  # nothing is missing there: the line is a heading


def _arm_fields(analysis: CohortAnalysis) -> list[Field]:
    """Events of n in the treated and in the reference group."""
    treated, reference = analysis.groups[1], analysis.groups[0]
    return [
        Field("treated", capital(treated), lambda row: of(row.get("events_1"), row.get("n_1")), "n/N (%)"),
        Field("reference", capital(reference), lambda row: of(row.get("events_2"), row.get("n_2")), "n/N (%)"),
    ]


def _difference_fields(level: str, p: str = "P") -> list[Field]:
    return [
        Field("estimate", "Difference", lambda row: points(row.get("estimate")), "percentage points"),
        Field("ci", f"{level} CI", lambda row: between(row.get("ci_low"), row.get("ci_high"), 1, 100.0)),
        Field("p_value", p, lambda row: p_words(row.get("p_value"))),
    ]


def _level(analysis: CohortAnalysis) -> str:
    return level_text(float(analysis.settings.level))


def response_main(analysis: CohortAnalysis, section: Section) -> Sheet | None:
    """Responders by week over both denominators, with the difference between the groups."""
    frame = section.tables.get("differences")
    if frame is None or len(analysis.groups) != 2:
        return None
    own = frame[frame["measure"] == "risk difference"].sort_values(["denominator", "week"], kind="stable")
    own = own.assign(denominator_words=own["denominator"].map(lambda name: DENOMINATORS.get(str(name), str(name))))
    method = str(own["method"].iloc[0]) if "method" in own.columns and len(own) else ""
    return Sheet(
        id="response-main", title="Response by week", rows=own.to_dict("records"), group_by="denominator_words",
        fields=[
            Field("denominator_words", "Denominator", lambda row: str(row["denominator_words"]), align="left"),
            Field("week", "Week", lambda row: count(row["week"]), align="left"), *_arm_fields(analysis),
            *_difference_fields(_level(analysis)),
        ],
        caption=f"{capital(analysis.groups[1])} minus {analysis.groups[0]}; {method}" if method else "",
    )  # fmt: skip


def toxicity_main(analysis: CohortAnalysis, section: Section) -> Sheet | None:
    """Patients with each event at any grade and at grade 3 or more."""
    frame = section.tables.get("differences")
    if frame is None or len(analysis.groups) != 2:
        return None
    own = frame[(frame["measure"] == "risk difference") & frame["threshold"].isin(("any grade", "grade >= 3"))]
    own = own.sort_values("threshold", kind="stable").assign(shown=lambda t: t["threshold"].map(_threshold))
    method = str(own["method"].iloc[0]) if "method" in own.columns and len(own) else ""
    return Sheet(
        id="toxicity-main", title="Adverse events by worst grade", rows=own.to_dict("records"), group_by="shown",
        fields=[
            Field("shown", "Grade", lambda row: str(row["shown"]), align="left"),
            Field("category", "Event", lambda row: capital(words(str(row["category"]))), align="left"), *_arm_fields(analysis),
            *_difference_fields(_level(analysis)),
        ],
        caption=f"Patients, each once; {analysis.groups[1]} minus {analysis.groups[0]}; {method}" if method else "",
    )  # fmt: skip


def _threshold(name: Any) -> str:
    return capital(str(name).replace(">=", "≥"))


def course_main(analysis: CohortAnalysis, section: Section) -> Sheet | None:
    """Means of both groups by week by the first model, and their difference."""
    contrasts, means = section.tables.get("contrasts"), section.tables.get("means")
    if contrasts is None or means is None or len(analysis.groups) != 2 or "model" not in contrasts.columns:
        return None
    model = str(contrasts["model"].iloc[0])
    own = contrasts[contrasts["model"] == model]
    part = means[means["model"] == model].set_index(["week", "group"])
    digits = DIGITS.get(section.id, 2)
    rows = []
    for row in own.to_dict("records"):
        for side, group in (("treated", analysis.groups[1]), ("reference", analysis.groups[0])):
            row[side] = part["estimate"].get((row["week"], group))
        rows.append(row)
    family = str(own["family"].iloc[0]) if "family" in own.columns else ""
    return Sheet(
        id=f"{section.id}-main", title=f"Means and differences by week ({model})", rows=rows,
        fields=[
            Field("week", "Week", lambda row: count(row["week"]), align="left"),
            *(Field(side, capital(group), lambda row, side=side: decimals(row[side], digits), "mean")
              for side, group in (("treated", analysis.groups[1]), ("reference", analysis.groups[0]))),
            Field("estimate", "Difference", lambda row: decimals(row["estimate"], digits), "points"),
            Field("ci", f"{_level(analysis)} CI", lambda row: between(row["ci_low"], row["ci_high"], digits)),
            Field("df", "df", lambda row: df_words(row.get("df"))),
            Field("p_value", "P", lambda row: p_words(row["p_value"])),
            Field("p_adjusted", "P, Bonferroni", lambda row: p_words(row.get("p_adjusted"))),
        ],
        caption=f"{capital(analysis.groups[1])} minus {analysis.groups[0]}" + (f"; {family}" if family else ""),
    )  # fmt: skip


def dose_main(analysis: CohortAnalysis, section: Section) -> Sheet | None:
    """Difference in dose by week with the observed means."""
    return _with_observed(analysis, section, "contrasts", ("week",), "Dose by week", "mg/day", 1)


def scales_main(analysis: CohortAnalysis, section: Section) -> Sheet | None:
    """Each scale at follow-up: means as observed and the adjusted difference."""
    return _with_observed(analysis, section, "contrasts", ("scale", "week"), "Scales at follow-up", "points", 1)


def markers_main(analysis: CohortAnalysis, section: Section) -> Sheet | None:
    """Each marker at follow-up: means as observed and the adjusted difference."""
    return _with_observed(analysis, section, "contrasts", ("marker", "week"), "Markers at follow-up", "", None)


def _with_observed(
    analysis: CohortAnalysis,
    section: Section,
    name: str,
    keys: tuple[str, ...],
    title: str,
    unit: str,
    digits: int | None,
) -> Sheet | None:
    contrasts, observed = section.tables.get(name), section.tables.get("observed")
    if contrasts is None or observed is None or len(analysis.groups) != 2 or not set(keys) <= set(contrasts.columns):
        return None
    part = observed.set_index([*keys, "group"])
    titles = _scale_titles(section)
    rows = []
    for row in contrasts.to_dict("records"):
        for side, group in (("treated", analysis.groups[1]), ("reference", analysis.groups[0])):
            at = (*(row[key] for key in keys), group)
            row[side] = part["mean"].get(at)
            row[f"{side}_n"] = part["n"].get(at)
        rows.append(row)
    first = next((key for key in keys if key != "week"), "")
    fields = [] if not first else [
        Field(first, capital(first), lambda row: capital(titles.get(str(row[first]), words(str(row[first])))) + _unit(row), align="left")
    ]  # fmt: skip
    fields += [Field("week", "Week", lambda row: count(row["week"]), align="left")]
    for side, group in (("treated", analysis.groups[1]), ("reference", analysis.groups[0])):
        fields += [
            Field(
                side,
                capital(group),
                lambda row, side=side: _mean_n(row, side, _digits_of(row, digits)),
                "observed mean (n)",
            )
        ]
    fields += [
        Field("estimate", "Adjusted difference", lambda row: decimals(row["estimate"], _digits_of(row, digits)), unit),
        Field(
            "ci", f"{_level(analysis)} CI", lambda row: between(row["ci_low"], row["ci_high"], _digits_of(row, digits))
        ),
        Field("p_value", "P", lambda row: p_words(row["p_value"])),
        Field("p_adjusted", "P, Bonferroni", lambda row: p_words(row.get("p_adjusted"))),
    ]
    family = str(contrasts["family"].iloc[0]) if "family" in contrasts.columns and len(contrasts) else ""
    caption = f"{capital(analysis.groups[1])} minus {analysis.groups[0]}, adjusted for the value at baseline (ANCOVA); {family}"
    return Sheet(id=f"{section.id}-main", title=title, rows=rows, fields=fields, caption=caption)


def _digits_of(row: Row, digits: int | None) -> int:
    """Decimals: as stated, else by the size of the means (two below 10, one below 1,000, none from there on)."""
    if digits is not None:
        return digits
    size = max((abs(float(row[side])) for side in ("treated", "reference") if known(row.get(side))), default=0.0)
    return 2 if size < 10 else 1 if size < 1000 else 0


def _mean_n(row: Row, side: str, digits: int) -> str:
    return f"{decimals(row[side], digits)} ({count(row[f'{side}_n'])})" if known(row[side]) else ""


def _unit(row: Row) -> str:
    return f", {str(row['unit']).replace('10^9', '10⁹')}" if known_text(row.get("unit")) else ""


def _scale_titles(section: Section) -> dict[str, str]:
    frame = section.tables.get("scales")
    if frame is None or "title" not in frame.columns:
        return MARKERS
    better = dict(zip(frame["scale"], frame["higher_is"], strict=True)) if "higher_is" in frame.columns else {}
    return {
        str(scale): f"{title} (higher is {better[scale]})" if scale in better else str(title)
        for scale, title in zip(frame["scale"], frame["title"], strict=True)
    }


def relief_main(analysis: CohortAnalysis, section: Section) -> Sheet | None:
    """Share with relief and share dead before relief, by week and group."""
    frame = section.tables.get("incidence")
    if frame is None or "week" not in frame.columns:
        return None
    rows: dict[tuple[str, Any], dict[str, Any]] = {}
    for row in frame.to_dict("records"):
        made = rows.setdefault((str(row["cause"]), row["week"]), {"cause": str(row["cause"]), "week": row["week"]})
        for key in ("estimate", "ci_low", "ci_high"):
            made[f"{row['group']}/{key}"] = row[key]
    fields = [
        Field("cause", "Event", lambda row: capital(words(row["cause"])), align="left"),
        Field("week", "Week", lambda row: count(row["week"]), align="left"),
    ]
    for group in reversed(analysis.groups):
        fields += [
            Field(f"{group}/estimate", capital(str(group)),
                  lambda row, group=group: share(row.get(f"{group}/estimate")), "cumulative incidence"),
            Field(f"{group}/ci", f"{_level(analysis)} CI",
                  lambda row, group=group: between(row.get(f"{group}/ci_low"), row.get(f"{group}/ci_high"), 0, 100.0, "%")),
        ]  # fmt: skip
    return Sheet(
        id="relief-main", title="Relief by week, death competing", rows=list(rows.values()), fields=fields, group_by="cause",
        caption="Aalen-Johansen estimates",
    )  # fmt: skip


def survival_main(analysis: CohortAnalysis, section: Section) -> Sheet | None:
    """Medians of both groups, hazard ratios and tests, an endpoint a row."""
    medians, cox = section.tables.get("medians"), section.tables.get("cox")
    if medians is None or cox is None or len(analysis.groups) != 2:
        return None
    group = str(analysis.settings.group)
    ratios = cox[cox["term"].astype(str).str.startswith(group)]
    rows = []
    for endpoint in dict.fromkeys(medians["endpoint"]):
        for model in dict.fromkeys(ratios["model"]):
            found = ratios[(ratios["endpoint"] == endpoint) & (ratios["model"] == model)]
            if not len(found):
                continue
            row = found.iloc[0].to_dict()
            for side, name in (("treated", analysis.groups[1]), ("reference", analysis.groups[0])):
                part = medians[(medians["endpoint"] == endpoint) & (medians["group"] == name)]
                for key in ("estimate", "ci_low", "ci_high", "events", "n"):
                    row[f"{side}_{key}"] = part[key].iloc[0] if len(part) else None
            rows.append(row)
    fields = [
        Field("endpoint", "Endpoint", lambda row: capital(str(row["endpoint"])), align="left"),
        Field("model", "Model", lambda row: capital(str(row["model"])), align="left"),
    ]
    for side, name in (("treated", analysis.groups[1]), ("reference", analysis.groups[0])):
        fields += [
            Field(
                f"{side}_events",
                capital(str(name)),
                lambda row, side=side: f"{count(row[f'{side}_events'])}/{count(row[f'{side}_n'])}",
                "events/n",
            ),
            Field(f"{side}_median", "Median", lambda row, side=side: _median(row, side), "months"),
            Field(
                f"{side}_ci",
                f"{_level(analysis)} CI",
                lambda row, side=side: between(row[f"{side}_ci_low"], row[f"{side}_ci_high"], 1),
            ),
        ]
    fields += [
        Field("estimate", "Hazard ratio", lambda row: decimals(row["estimate"], 2)),
        Field("ci", f"{_level(analysis)} CI", lambda row: between(row["ci_low"], row["ci_high"], 2)),
        Field("p_value", "P", lambda row: p_words(row["p_value"])),
    ]
    caption = f"{capital(analysis.groups[1])} against {analysis.groups[0]}; Kaplan-Meier medians, Cox models"
    return Sheet(
        id="survival-main",
        title="Medians and hazard ratios",
        rows=rows,
        fields=fields,
        caption=caption,
        group_by="endpoint",
    )


def _median(row: Row, side: str) -> str:
    return decimals(row[f"{side}_estimate"], 1) if known(row[f"{side}_estimate"]) else "not reached"


def table_one_main(analysis: CohortAnalysis, section: Section) -> Sheet | None:
    """The baseline table as a journal prints it."""
    found = section.results.get("table_one")
    if found is None:
        return None
    head, *lines = found.cells()
    keys = [f"c{i}" for i in range(len(head))]
    rows = [dict(zip(keys, line, strict=True)) for line in _yes_only(lines)]
    fields = [Field("c0", "Characteristic", lambda row: _indented(row["c0"]), align="left")]
    fields += [
        Field(key, _sized(label), lambda row, key=key: _dash(row[key]))
        for key, label in zip(keys[1:], head[1:], strict=True)
    ]
    return Sheet(id="table-one-main", title="Baseline characteristics", rows=rows, fields=fields,
                 caption="SMD: standardised mean difference")  # fmt: skip


def _yes_only(lines: Sequence[Sequence[str]]) -> list[list[str]]:
    """A variable of 0 and 1 as one line with the counts of 1; years without a comma."""
    out: list[list[str]] = []
    at = 0
    while at < len(lines):
        line = list(lines[at])
        after = [list(one) for one in lines[at + 1 : at + 4]]
        levels = [one[0].strip() for one in after]
        if line[0].endswith("n (%)") and levels[:2] == ["0", "1"] and (len(levels) < 3 or not levels[2].isdigit()):
            out.append([line[0], *after[1][1:-2], *line[-2:]])
            at += 3
            continue
        year = "year" in line[0] or (bool(out) and "year" in out[-1][0] and line[0].startswith("  "))
        out.append([line[0], *(cell.replace(",", "") for cell in line[1:])] if year else line)
        at += 1
    return out


def _sized(label: str) -> str:
    return capital(label)


def _indented(label: str) -> str:
    if label.startswith("  "):
        return f"\u2003{label.strip().replace('_', ' ')}"
    name, comma, rest = label.strip().partition(",")
    return capital(words(name)) + comma + rest


def _dash(text: str) -> str:
    return BLANK if text.strip() in ("-", "") else text


MAIN: Mapping[str, Callable[[CohortAnalysis, Section], Sheet | None]] = {
    "table-one": table_one_main,
    "response": response_main,
    "pain": course_main,
    "opioids": dose_main,
    "quality-of-life": scales_main,
    "laboratory": markers_main,
    "toxicity": toxicity_main,
    "relief": relief_main,
    "survival": survival_main,
    **MODEL_MAIN,
}
