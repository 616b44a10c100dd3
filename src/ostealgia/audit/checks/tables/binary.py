"""Means and SDs of variables coded 0 and 1: the SD follows from the mean."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.reading.mean_cells import mean_cells
from ostealgia.audit.checks.reading.premises import lowered
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.granularity import debit
from ostealgia.audit.tables.headers import is_weighted

# "(1 = yes, 0 = no)", "(0/1)", "1 = female; 0 = male"
_CODED = re.compile(
    r"\b1\s?=\s?[a-z]|\b0\s?=\s?[a-z][a-z -]{0,30}[,;/]\s{0,2}(?:and\s)?1\s?=|"
    r"[a-z]\s?=\s?1\b|\(\s?0\s?[/,]\s?1\s?\)|\b0/1\b|\b(?:dummy|binary|dichotomous)\b",
    re.I,
)
# what a caption or a note says of every row
_ALL = re.compile(
    r"\ball\s(?:the\s)?(?:variables|items|covariates|rows)\s(?:are|were)?\s?(?:coded|binary|dichotomous|scored)[^.;]{0,20}\b(?:0|binary|dichotomous)\b|"
    r"\ball\s(?:the\s)?(?:variables|items|covariates|rows)\s(?:are|were)\s(?:binary|dichotomous)\b|"
    r"\b(?:binary|dichotomous|0/1)\s(?:\(\s?0\s?[/,]\s?1\s?\)\s)?(?:co)?(?:variables|variates|items|indicators)\b",
    re.I,
)
_MORE = re.compile(r"\b[2-9]\s?=\s?[a-z]", re.I)  # a third category
LEAST_FITTING = 1  # other rows of the table in which mean and SD belong together


def table_binary(paper: Paper) -> Iterator[Finding]:
    """DEBIT for the rows of a table that are said to be coded 0 and 1; information where no other row bears that out."""
    for printed in paper.document.tables:
        if is_weighted(f"{printed.caption} {printed.note}"):
            continue
        found: list[Finding] = []
        said = _ALL.search(f"{printed.caption} {printed.note}") is not None
        for cell in mean_cells(paper, printed):
            coded = (said or _CODED.search(cell.label)) and not _MORE.search(cell.label)
            if not coded or cell.n is None or cell.n < 2 or not 0 <= cell.mean.value <= 1:
                continue
            if "." not in cell.mean.printed.text.replace(",", ".").replace("·", "."):
                continue
            found.append(debit(cell.mean.printed, cell.sd.printed, cell.n, place=paper.place(cell.start, cell.end)))
        fits = sum(not one.flagged for one in found)
        off = len(found) - fits
        certain = fits >= max(LEAST_FITTING, off)
        yield from (one if certain else lowered(one, "no other row of the table is of zeros and ones") for one in found)


CHECKS = (table_binary,)
