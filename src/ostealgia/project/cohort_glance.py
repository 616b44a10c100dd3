"""The main results of a cohort at a glance: one row an outcome, both groups, the effect with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ostealgia.cohort.analysis_model import CohortAnalysis
from ostealgia.display import capital, level_text
from ostealgia.project.cohort_sheets import Sheet
from ostealgia.report import content


@dataclass(frozen=True)
class Line:
    """One outcome. where : the row of the section's main table.  treated, reference : its columns.  effect : what the effect is."""

    section: str
    outcome: str
    where: Mapping[str, Any]
    effect: str
    treated: str = "treated"
    reference: str = "reference"


def _lines(analysis: CohortAnalysis) -> tuple[Line, ...]:
    week = analysis.primary_week
    pfs = {"endpoint": "survival without pain progression", "model": "unadjusted"}
    severe = {"category": "any adverse event", "threshold": "grade >= 3"}
    return (
        Line("response", f"Pain response at week {week}, all treated", {"week": week, "denominator": "all_treated"}, "percentage points"),
        Line("response", f"Pain response at week {week}, assessable", {"week": week, "denominator": "assessable"}, "percentage points"),
        Line("pain", f"Mean worst pain at week {week}", {"week": week}, "points"),
        Line("opioids", f"Opioid dose at week {week}, mean (n)", {"week": week}, "mg/day"),
        Line("toxicity", "Adverse event of grade 3 or more", severe, "percentage points"),
        Line("survival", "Median overall survival, months", {"endpoint": "overall survival", "model": "unadjusted"}, "hazard ratio",
             "treated_median", "reference_median"),
        Line("survival", "Median time without pain progression, months", pfs, "hazard ratio", "treated_median", "reference_median"),
    )  # fmt: skip


def glance(analysis: CohortAnalysis, sheets: Mapping[str, Mapping[str, Sheet]]) -> content.Table | None:
    """The table, or None where there are no two groups or nothing that compares them."""
    if len(analysis.groups) != 2:
        return None
    rows = []
    for line in _lines(analysis):
        sheet = sheets.get(line.section, {}).get("main")
        if sheet is None or not sheet.has(**line.where):
            continue
        texts = {
            key: sheet.link(key, **line.where) for key in (line.treated, line.reference, "estimate", "ci", "p_value")
        }
        row: dict[str, Any] = {"outcome": content.Cell(value=line.outcome, target=line.section)}
        for key, name in (
            (line.treated, "treated"),
            (line.reference, "reference"),
            ("estimate", "estimate"),
            ("ci", "ci"),
            ("p_value", "p_value"),
        ):
            row[name] = content.Cell(value=texts[key].text, target=texts[key].target)
        rows.append(row | {"effect": line.effect})
    if not rows:
        return None
    level = level_text(float(analysis.settings.level))
    columns = (
        content.Column(key="outcome", label="Outcome", wide=True),
        content.Column(key="treated", label=capital(str(analysis.groups[1])), align="right"),
        content.Column(key="reference", label=capital(str(analysis.groups[0])), align="right"),
        content.Column(key="estimate", label="Effect", align="right"),
        content.Column(key="ci", label=f"{level} CI", align="right"),
        content.Column(key="effect", label="in"),
        content.Column(key="p_value", label="P", align="right"),
    )
    return content.Table(id="glance", title="How sure", columns=columns, rows=tuple(rows))
