"""What a cohort's analysis found, in sentences: every number is the text of a cell and leads to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ostealgia.cohort.analysis_model import CohortAnalysis, Section
from ostealgia.display import capital, count_of, level_text
from ostealgia.project.cohort_sheets import Sheet, known
from ostealgia.report.content import Link, Said, said

Sheets = Mapping[str, Sheet]  # "main" and the names of the section's tables
NBSP = "\u00a0"
MISSING_SIGN, NOT_REACHED = "–", "not reached"


def p_of(link: Link) -> Said:
    """ "P = 0.012" or "P < 0.001" with the number as a link."""
    if link.text.startswith("<"):
        return said(f"P{NBSP}<{NBSP}", Link(link.text.removeprefix("<").strip(), link.target))
    return said(f"P{NBSP}={NBSP}", link)


def sentence(analysis: CohortAnalysis, section: Section, sheets: Sheets) -> Said | str:
    """The main result of a section in a sentence or two; empty where there is none to say."""
    build = SENTENCES.get(section.id)
    if build is None:
        return ""
    return build(_Say(analysis, section, sheets))


class _Say:
    """What all sentences need."""

    def __init__(self, analysis: CohortAnalysis, section: Section, sheets: Sheets) -> None:
        self.analysis, self.section, self.sheets = analysis, section, sheets
        self.two = len(analysis.groups) == 2
        self.reference = str(analysis.groups[0])
        self.treated = str(analysis.groups[-1])
        self.week = analysis.primary_week
        self.level = level_text(float(analysis.settings.level))

    def sheet(self, name: str) -> Sheet | None:
        """A table of the section."""
        return self.sheets.get(name)

    def effect(self, sheet: Sheet, unit: str = "", **where: Any) -> Said:
        """ "−0.72 points (95% CI −1.21 to −0.24; P = 0.004)"; what is not known is left out."""
        limits, p = sheet.link("ci", **where), sheet.link("p_value", **where)
        method = str(sheet.rows[sheet.row(**where)].get("method", ""))
        named = "Newcombe " if "Newcombe" in method else ""
        inside: list[Any] = [] if limits.text == MISSING_SIGN else [f"{named}{self.level} CI ", limits]
        if p.text != MISSING_SIGN:
            inside += ["; " if inside else "", p_of(p), " by Fisher's exact test" if "Fisher" in method else ""]
        return said(sheet.link("estimate", **where), unit, *((" (", *inside, ")") if inside else ()))

    def median(self, sheet: Sheet, side: str, **where: Any) -> Said:
        """ "13.5 months (95% CI 11.6 to 15.3)", or that it was not reached."""
        found, limits = sheet.link(f"{side}_median", **where), sheet.link(f"{side}_ci", **where)
        tail: tuple[Any, ...] = () if limits.text == MISSING_SIGN else (f" ({self.level} CI ", limits, ")")
        return said(found, "" if found.text == NOT_REACHED else " months", *tail)


def _flow(say: _Say) -> Said | str:
    sheet = say.sheet("patients")
    if sheet is None or not sheet.has(stage="screened"):
        return f"{say.analysis.cohort.n:,} patients were analysed; there is no screening log."
    parts: list[str | Said | Link] = [sheet.link("n", stage="screened"), " patients were screened"]
    if sheet.has(stage="not eligible"):
        parts += [", ", sheet.link("n", stage="not eligible"), " were not eligible"]
    parts += [", and ", sheet.link("n", stage="analysed", group=""), " were treated and analysed"]
    if say.two and all(sheet.has(stage="analysed", group=group) for group in say.analysis.groups):
        parts += [": ", sheet.link("n", stage="analysed", group=say.analysis.groups[1]), f" in the {say.treated} group and ",
                  sheet.link("n", stage="analysed", group=say.analysis.groups[0]), f" in the {say.reference} group"]  # fmt: skip
    return said(*parts, ".")


def _table_one(say: _Say) -> Said | str:
    found = say.section.results.get("table_one")
    if found is None or not say.two:
        return ""
    apart = sum(1 for row in found.rows if known(row.smd) and abs(row.smd) > 0.1)
    total = len(found.rows)
    if not apart:
        return f"None of the {total} characteristics at baseline differs by more than 0.1 standard deviations."
    worst = max((row for row in found.rows if known(row.smd)), key=lambda row: abs(row.smd))
    name = worst.variable.replace("_", " ")
    return f"Of {total} characteristics at baseline, {apart} differ by more than 0.1 standard deviations, most of all {name}."


def first_sentence(analysis: CohortAnalysis, sheets: Sheets) -> Said | str:
    """Response among all treated, for the first screen; empty where two groups are not compared."""
    sheet = sheets.get("main")
    if sheet is None or not sheet.has(week=analysis.primary_week, denominator="all_treated"):
        return ""
    return _all_treated(_Say(analysis, next(one for one in analysis.sections if one.id == "response"), sheets), sheet)


def _all_treated(say: _Say, sheet: Sheet) -> Said:
    where = {"week": say.week, "denominator": "all_treated"}
    return said(
        f"At week {say.week}, ", sheet.link("treated", **where), f" of the {say.treated} group and ", sheet.link("reference", **where),
        f" of the {say.reference} group had a pain response, counted among all treated: a difference of ",
        say.effect(sheet, " percentage points", **where), ".",
    )  # fmt: skip


def _response(say: _Say) -> Said | str:
    sheet = say.sheet("main")
    if sheet is None or not sheet.has(week=say.week, denominator="all_treated"):
        return _one_group_response(say)
    first = _all_treated(say, sheet)
    other = {"week": say.week, "denominator": "assessable"}
    if not sheet.has(**other):
        return first
    return said(
        first, " Among those who could be assessed it was ", sheet.link("treated", **other), " and ", sheet.link("reference", **other),
        ", a difference of ", say.effect(sheet, " percentage points", **other), ".",
    )  # fmt: skip


def _one_group_response(say: _Say) -> Said | str:
    sheet = say.sheet("rates")
    where = {"week": say.week, "denominator": "all_treated"}
    if sheet is None or not sheet.has(**where):
        return ""
    parts: list[Any] = []
    for group in say.analysis.groups:
        own = {**where, "group": group}
        if sheet.has(**own):
            of_group = f" in {group}" if len(say.analysis.groups) > 1 else ""
            parts += [
                "; " if parts else "",
                sheet.link("events", **own),
                " of ",
                sheet.link("n", **own),
                f"{of_group} (",
            ]
            parts += [sheet.link("estimate", **own), f"; {say.level} CI ", sheet.link("ci", **own), ")"]
    return said(f"Pain response at week {say.week} among all treated: ", *parts, ".")


def _pain(say: _Say) -> Said | str:
    sheet = say.sheet("main")
    if sheet is None or not sheet.has(week=say.week):
        return _paired(say)
    model = str(sheet.rows[sheet.row(week=say.week)].get("model", "the model"))
    return said(
        f"Mean worst pain at week {say.week} was ", sheet.link("treated", week=say.week), f" in the {say.treated} group and ",
        sheet.link("reference", week=say.week), f" in the {say.reference} group by the {model}: a difference of ",
        say.effect(sheet, " points", week=say.week), ".",
    )  # fmt: skip


def _paired(say: _Say) -> Said | str:
    sheet = say.sheet("change")
    if sheet is None or not sheet.rows:
        return ""
    parts: list[Any] = []
    for row in sheet.rows:
        where = {key: row[key] for key in ("group", "week") if key in row}
        name = f" in {row['group']}" if len(say.analysis.groups) > 1 else ""
        parts += [
            "; " if parts else "",
            sheet.link("estimate", **where),
            f" points{name} ({say.level} CI ",
            sheet.link("ci", **where),
            ")",
        ]
    return said(f"Change in worst pain from baseline to week {say.week}, among those assessed at both: ", *parts, ".")


def _opioids(say: _Say) -> Said | str:
    sheet = say.sheet("main")
    if sheet is None or not sheet.has(week=say.week):
        return ""
    return said(
        f"The daily opioid dose at week {say.week}, adjusted for the dose at baseline, differed by ",
        say.effect(sheet, " mg of oral morphine", week=say.week), f" ({say.treated} minus {say.reference}).",
    )  # fmt: skip


def _scales(say: _Say) -> Said | str:
    sheet = say.sheet("main")
    if sheet is None or not sheet.rows:
        return ""
    key = sheet.fields[0].key
    rows = [row for row in sheet.rows if known(row.get("p_adjusted"))]
    clear = sum(1 for row in rows if float(row["p_adjusted"]) < 0.05)
    noun = {"scale": "scales", "marker": "markers"}.get(key, "rows")
    first = rows[0] if rows else sheet.rows[0]
    where = {key: first[key], "week": first["week"]}
    name = str(sheet.link(key, **where).text).split(" (")[0].split(",")[0]
    return said(
        f"Of {len(rows)} {noun} compared, {clear} differed between the groups after Bonferroni's correction. {capital(name)} at week "
        f"{float(first['week']):g} differed by ", say.effect(sheet, "", **where), f" ({say.treated} minus {say.reference}).",
    )  # fmt: skip


def _toxicity(say: _Say) -> Said | str:
    sheet = say.sheet("main")
    where = {"category": "any adverse event", "threshold": "grade >= 3"}
    if sheet is None or not sheet.has(**where):
        return ""
    return said(
        "An adverse event of grade 3 or more befell ", sheet.link("treated", **where), f" of the {say.treated} group and ",
        sheet.link("reference", **where), f" of the {say.reference} group: a difference of ",
        say.effect(sheet, " percentage points", **where), ".",
    )  # fmt: skip


def _relief(say: _Say) -> Said | str:
    sheet, gray = say.sheet("main"), say.sheet("gray")
    if sheet is None:
        return ""
    week = min((row["week"] for row in sheet.rows if row["cause"] == "relief" and row["week"] >= 4), default=None)
    if week is None:
        return ""
    where = {"cause": "relief", "week": week}
    groups = [
        str(group)
        for group in reversed(say.analysis.groups)
        if known(sheet.rows[sheet.row(**where)].get(f"{group}/estimate"))
    ]
    parts: list[Any] = []
    for i, group in enumerate(groups):
        of_group = f" of the {group} group" if len(groups) > 1 else " of the patients"
        parts += [
            "" if not i else " and " if i == len(groups) - 1 else ", ",
            sheet.link(f"{group}/estimate", **where),
            of_group,
            f" ({say.level} CI ",
            sheet.link(f"{group}/ci", **where),
            ")",
        ]
    tail: list[Any] = []
    if gray is not None and gray.has(cause="relief"):
        tail = ["; Gray's test ", p_of(gray.link("p_value", cause="relief"))]
    return said(f"By week {week:g}, ", *parts, " had had pain relief, death competing", *tail, ".")


def _survival(say: _Say) -> Said | str:
    sheet, tests = say.sheet("main"), say.sheet("proportional_hazards")
    where = {"endpoint": "overall survival", "model": "unadjusted"}
    if sheet is None or not sheet.has(**where):
        return _medians(say)
    first = said(
        "Median overall survival was ", say.median(sheet, "treated", **where), f" in the {say.treated} group and ",
        say.median(sheet, "reference", **where), f" in the {say.reference} group; the hazard ratio was ",
        say.effect(sheet, "", **where), ".",
    )  # fmt: skip
    group = {"endpoint": "overall survival", "model": "unadjusted", "term": str(say.analysis.settings.group)}
    rmst = say.sheet("rmst")
    if tests is None or not tests.has(**group) or not tests.value("p_value", **group) < 0.05 or rmst is None:
        return first
    own = {"endpoint": "overall survival", "quantity": "difference"}
    if not rmst.has(**own):
        return first
    months = rmst.value("month", **own)
    return said(
        first, " The hazards are not proportional (", p_of(tests.link("p_value", **group)),
        f"), so that one ratio does not tell the course: within {months:g} months restricted mean survival differed by ",
        say.effect(rmst, " months", **own), ".",
    )  # fmt: skip


def _medians(say: _Say) -> Said | str:
    sheet = say.sheet("medians")
    if sheet is None:
        return ""
    parts: list[Any] = []
    for row in sheet.rows:
        if row["endpoint"] != "overall survival":
            continue
        where = {"endpoint": row["endpoint"], "group": row["group"]}
        name = f" in {row['group']}" if len(say.analysis.groups) > 1 else ""
        parts.append("; " if parts else "")
        median = row.get("estimate")
        if median is None or median != median:
            parts.append(f"not reached{name}")
            continue
        parts += [
            sheet.link("estimate", **where),
            f" months{name} ({say.level} CI ",
            sheet.link("ci", **where),
            ")",
        ]
    return said("Median overall survival: ", *parts, ".") if parts else ""


def _predictors(say: _Say) -> Said | str:
    sheet = say.sheet("main")
    found = say.section.results.get("performance")
    if sheet is None:
        return ""
    parts: list[Any] = [f"{len(sheet.rows)} factors were looked at one by one"]
    performance = say.sheet("performance")
    if performance is not None and found is not None and performance.has(measure="auc"):
        where = {"measure": "auc"}
        parts += ["; the model after screening has an area under the curve of ", performance.link("estimate", **where)]
        if known(performance.rows[performance.row(**where)].get("corrected")):
            parts += [", less optimism ", performance.link("corrected", **where)]
    return said(*parts, ".")


def _subgroups(say: _Say) -> Said | str:
    tests = say.sheet("interactions")
    if tests is None or not tests.rows:
        return ""
    values = [float(row["p_value"]) for row in tests.rows if known(row.get("p_value"))]
    low = [row for row in tests.rows if known(row.get("p_value")) and float(row["p_value"]) < 0.05]
    if not values:
        return ""
    number = len({row.get("factor") for row in tests.rows})
    outcomes = list(dict.fromkeys(str(row["outcome"]) for row in tests.rows if "outcome" in row))
    told = f"{number} factors" + (f" ({len(values)} tests: {' and '.join(outcomes)})" if len(outcomes) > 1 else "")
    if not low:
        return f"Of {told}, none shows an interaction with treatment at P < 0.05."
    first = min(low, key=lambda row: float(row["p_value"]))
    where = {key: first[key] for key in ("outcome", "factor") if key in first}
    name = str(first["factor"]).replace("_", " ")
    of_outcome = f" on {first['outcome']}" if "outcome" in first else ""
    shown = count_of(len(low), "test shows", "tests show")
    return said(
        f"Of {told}, {shown} an interaction with treatment below 0.05, the smallest for {name}{of_outcome} (",
        p_of(tests.link("p_value", **where)), "); with so many tests, one may do so by chance.",
    )  # fmt: skip


def _weighting(say: _Say) -> Said | str:
    sheet = say.sheet("main")
    if sheet is None or not sheet.rows:
        return ""
    row = next(
        (row for row in sheet.rows if "overlap" in f"{row.get('estimand', '')} {row.get('method', '')}".lower()),
        sheet.rows[0],
    )
    where = {key: row[key] for key in ("outcome", "method", "estimand", "measure") if key in row}
    outcome = str(row.get("outcome", "the outcome"))
    measure = str(row.get("measure", "effect"))
    unit = " percentage points" if measure == "risk difference" else ""
    name = str(row.get("estimand") or row.get("method") or "weighting").split(":")[0]
    return said(
        f"Adjusted for the recorded confounders ({name.replace('_', ' ')} weights) the {measure} in {outcome.replace('_', ' ')} was ",
        say.effect(sheet, unit, **where),
        ".",
    )


def _immortal(say: _Say) -> Said | str:
    sheet = say.sheet("ratios")
    if sheet is None or not sheet.has(analysis="naive"):
        return ""
    parts: list[Any] = []
    names = {
        "naive": "taken from time zero, which is wrong",
        "landmark": "from the landmark on",
        "time-dependent": "as a time-dependent covariate",
    }
    for key, name in names.items():
        if sheet.has(analysis=key):
            parts += [
                ", " if parts else "",
                sheet.link("estimate", analysis=key),
                f" ({say.level} CI ",
                sheet.link("ci", analysis=key),
                f") {name}",
            ]
    return said("The hazard ratio of death after relief is ", *parts, ".")


def _missing(say: _Say) -> Said | str:
    sheet = say.sheet("main")
    if sheet is None or not sheet.rows:
        return ""
    last = next((row for row in sheet.rows if known(row.get("p_value")) and float(row["p_value"]) >= 0.05), None)
    if last is None:
        reach = max((float(row["delta"]) for row in sheet.rows if known(row.get("delta"))), default=math.nan)
        return (
            f"The conclusion stands for every shift looked at, up to {reach:g} points more pain in the imputed values."
        )
    return said(
        f"The difference is no longer clear when imputed values of the {say.treated} group are ", sheet.link("delta", delta=last["delta"]),
        " points worse than they would be at random.",
    )  # fmt: skip


def _estimands(say: _Say) -> Said | str:
    flag = next((note for note in say.section.notes if note.startswith("RED FLAG")), "")
    return capital(flag.removeprefix("RED FLAG: ")) + "." if flag else next(iter(say.section.notes), "")


def _quality(say: _Say) -> Said | str:
    report = say.analysis.cohort.quality
    if not len(report):
        return "No finding about the data."
    return f"{len(report)} findings about the data, {len(report.grave)} of them impossible or inconsistent."


SENTENCES: Mapping[str, Callable[[_Say], Said | str]] = {
    "quality": _quality,
    "flow": _flow,
    "table-one": _table_one,
    "response": _response,
    "pain": _pain,
    "opioids": _opioids,
    "quality-of-life": _scales,
    "laboratory": _scales,
    "toxicity": _toxicity,
    "relief": _relief,
    "survival": _survival,
    "predictors": _predictors,
    "subgroups": _subgroups,
    "weighting": _weighting,
    "missing": _missing,
    "estimands": _estimands,
    "immortal-time": _immortal,
}
