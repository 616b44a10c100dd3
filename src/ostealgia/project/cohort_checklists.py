"""Reporting checklists filled from a cohort's report: where each item stands, what the authors must add, what does not apply."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from ostealgia.cohort.analysis_model import SECTIONS, CohortAnalysis
from ostealgia.report import content

# sections of the page that are no section of the analysis
PLACES = {"summary": "Summary", "methods": "Methods", "provenance": "Where the numbers come from"}
AUTHORS = "to be filled by the authors"


@dataclass(frozen=True, kw_only=True)
class Checklist:
    """One checklist. items : how many numbered items it has.  check_status : whether item numbers were read, and where."""

    id: str
    title: str
    source: str
    doi: str
    items: int
    check_status: str


CHECKLISTS: tuple[Checklist, ...] = (
    Checklist(id="strobe", title="STROBE, cohort studies", source="von Elm 2007", doi="10.1016/S0140-6736(07)61602-X", items=22,
              check_status="item numbers read in reprints of the checklist, 2026-11-22; labels in our words"),
    Checklist(id="consort-pro", title="CONSORT-PRO, patient-reported outcomes", source="Calvert 2013", doi="10.1001/jama.2013.879", items=5,
              check_status="the five extended items (P) and the items they stand with read in papers that apply them, 2026-11-22; "
                           "labels in our "
              "words; written for trials, used here for the pain and quality of life of a cohort"),
    Checklist(id="target", title="TARGET, target trial emulation", source="Cashin 2025", doi="10.1001/jama.2025.13350", items=21,
              check_status="item numbers read in a reprint of the checklist, 2026-11-22; labels in our words"),
    Checklist(id="tripod-ai", title="TRIPOD+AI, prediction models", source="Collins 2024", doi="10.1136/bmj-2023-078378", items=27,
              check_status="item numbers read in a reprint of the checklist, 2026-11-22; labels in our words"),
)  # fmt: skip


@lru_cache(maxsize=8)
def rows_of(ident: str) -> tuple[Mapping[str, str], ...]:
    """The items of a checklist: item, part, label, state (report, part, authors, na), sections, note.

    >>> len({row["item"].rstrip("abcdefghi.") for row in rows_of("target")})
    21
    """
    text = resources.files("ostealgia").joinpath("data", "checklists", f"{ident}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def checklist_section(analysis: CohortAnalysis, drawings: Mapping[str, Any] | None = None) -> content.Analysis:
    """The section of the report with all checklists, each under its fold."""
    panels, told = [], []
    for one in CHECKLISTS:
        table, states = _table(one, analysis)
        told.append(f"{one.title.split(',')[0]}: {_summary(states)}")
        source = f"{one.source}, doi:{one.doi}. Check status: {one.check_status}."
        panels.append(
            content.Panel(
                id=f"checklist-{one.id}", title=f"{one.title} ({one.items} items)", text=source, tables=(table,)
            )
        )
    answer = "Items that this report answers carry a link; what the software cannot know is left to the authors."
    return content.Analysis(
        id="checklists", title=SECTIONS["checklists"], answer=answer, notes=tuple(told), panels=tuple(panels)
    )


def _summary(states: Counter[str]) -> str:
    words = {
        "report": "in the report",
        "part": "in part",
        "authors": AUTHORS,
        "na": "not applicable",
        "absent": "not done here",
    }
    return ", ".join(f"{states[key]} {word}" for key, word in words.items() if states[key])


def _table(one: Checklist, analysis: CohortAnalysis) -> tuple[content.Table, Counter[str]]:
    there = {section.id for section in analysis.sections if section.tables or section.results} | set(PLACES)
    names = SECTIONS | PLACES
    rows, states = [], Counter[str]()
    for row in rows_of(one.id):
        wanted = row["sections"].split()
        found = [ident for ident in wanted if ident in there]
        state = "absent" if wanted and not found else row["state"]
        states[state] += 1
        where: Any = (
            "" if not found else content.Cell(value=", ".join(names[ident] for ident in found), target=_target(found))
        )
        rows.append(
            {
                "item": row["item"],
                "label": row["label"],
                "where": where,
                "state": _state(state, row["note"]),
                "part": row["part"],
            }
        )
    columns = (
        content.Column(key="part", label="Part"),
        content.Column(key="item", label="Item"),
        content.Column(key="label", label="What it asks for", wide=True),
        content.Column(key="where", label="Where", wide=True),
        content.Column(key="state", label="State", wide=True),
    )
    return content.Table(
        id=f"checklist-{one.id}-items", title="", columns=columns, rows=tuple(rows), group_by="part"
    ), states


def _target(found: Sequence[str]) -> str:
    """The first section that is an analysis; the parts of the page itself have their own places."""
    return next(iter(found), "")


def _state(state: str, note: str) -> str:
    if state == "report":
        return "in the report"
    if state == "part":
        return f"in part: {note}" if note else f"in part; the rest is {AUTHORS}"
    if state == "na":
        return f"does not apply: {note}"
    if state == "absent":
        return "not done in this analysis"
    return AUTHORS
