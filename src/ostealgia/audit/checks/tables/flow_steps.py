"""sample-flow in a table of steps, however small: a stage, less those who leave in the rows below it, is the next stage.

Screened 282, not eligible 44, declined 9, other reasons 4, randomised 225. Read where every row between two stages tells of those
who leave; where the first of them is the total of the others, these are its reasons.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.checks.tables.flow_rows import rows_of_a_flow
from ostealgia.audit.checks.tables.sums import Grid, parts_overlap, printed_grid
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.plausibility import sample_flow
from ostealgia.audit.tables.view import shortened

_STAGE = re.compile(
    r"\W*(?:(?:number|no\.?|n|total|all)\s(?:of\s)?)?(?:[a-z-]+\s){0,3}?(?:screened|assessed|approached|invited|"
    r"identified|found|retrieved|registered|referred|eligible|randomi[sz]ed|"
    r"allocated|assigned|enrolled|included|recruited|consented|received|treated|started|read|unique|analy[sz]ed|"
    r"evaluable|evaluated|completed|completers|followed|remaining|remained|"
    r"available|retained|contacted|examined|admitted|presented|participated|entered|finished)\b",
    re.I,
)
_OUT = re.compile(
    r"\b(?:not|no|excluded|exclusions?|duplicates?|removed|rejected|ineligible|lost|withdrew|withdrawn|"
    r"withdrawals?|drop-?outs?|dropped|declined|refused|refusals?|"
    r"discontinued|discontinuations?|died|deaths?|failures?|other reasons?|others?|missing|moved|unable|"
    r"unwilling|stopped|incomplete|did not|violations?|non-?\w+|adverse events?|"
    r"pregnan\w+|too (?:ill|young|old)|consent withdrawn|unreachable)\b",
    re.I,
)
_STARTED = re.compile(
    r"\b(?:screened|assessed|approached|invited|identified|found|retrieved|registered|referred|records|enrolled|"
    r"randomi[sz]ed|allocated|assigned|included|recruited)\b",
    re.I,
)
_ABOUT = re.compile(
    r"\b(?:flow|disposition|recruitment|selection|enrol\w+|screening|consort|prisma|attrition|participation|"
    r"steps?|follow-up of)\b",
    re.I,
)
_AFTER = re.compile(r"\bafter\b", re.I)  # "records after duplicates were removed" are a stage
_NOT_HEADS = re.compile(r"%|mean|median|score|rate|risk|\bhr\b|\bor\b", re.I)
LEAST = 10  # patients at a stage
LONGEST = 25  # rows of a flow


@dataclass(frozen=True)
class _Step:
    """Rows of a grid: a stage, those who leave below it, the next stage."""

    first: int
    out: tuple[int, ...]
    last: int


def flow_steps(paper: Paper) -> Iterator[Finding]:
    """Do the steps of a table of the flow follow from one another?"""
    for printed in paper.document.tables:
        grid = printed_grid(paper, printed)
        labels = [grid.label(row) for row in grid.rows] if grid is not None else []
        if grid is None or not 0 < len(labels) <= LONGEST:
            continue
        judged = rows_of_a_flow(grid, labels)
        steps = [step for step in _steps(grid, labels) if not {step.first, step.last} <= judged]
        if not steps or not _ABOUT.search(f"{printed.caption} {labels[0]}"):
            continue
        if parts_overlap(printed, labels[steps[0].first]):
            continue
        found = [one for step in steps for one in _told(paper, grid, step)]
        if sum(one.flagged for one in found) <= max(2, len(found) // 2):  # one wrong stage is in two sums
            yield from found


def _steps(grid: Grid, labels: Sequence[str]) -> Iterator[_Step]:
    """Two stages with nothing but those who leave between them, the first of which starts a flow or follows from one before."""
    rows = [i for i in range(len(labels)) if any(number is not None for number in grid.numbers[i][1:])]
    if not rows or any(_NOT_HEADS.search(grid.name(column)) for column in range(1, grid.printed.n_columns)):
        return
    kinds = {i: _kind(labels[i]) for i in rows}
    stages = [i for i in rows if kinds[i] == "stage"]
    if not stages or not _STARTED.search(labels[stages[0]]):
        return
    for first, last in itertools.pairwise(stages):
        between = tuple(i for i in rows if first < i < last)
        if between and all(kinds[i] == "out" for i in between):
            yield _Step(first, between, last)


def _kind(label: str) -> str | None:
    if _AFTER.search(label):
        return "stage"
    if _OUT.search(label):
        return "out"
    return "stage" if _STAGE.match(label) else None


def _told(paper: Paper, grid: Grid, step: _Step) -> Iterator[Finding]:
    for column in range(1, grid.printed.n_columns):
        values = [grid.numbers[i][column] for i in (step.first, *step.out, step.last)]
        numbers = [value for value in values if value is not None]
        if len(numbers) < len(values):
            continue
        began, *lost, left = numbers
        if began < LEAST or left == began:
            continue  # all who were allocated are analysed
        cell = grid.printed.cells[step.last][column]
        words = " ".join(
            c.text.strip()
            for i in (step.first, *step.out, step.last)
            for c in (grid.printed.cells[i][0], grid.printed.cells[i][column])
            if c.text.strip()
        )
        place = replace(paper.place(cell.start, cell.end), quote=shortened(words))
        what = f"{grid.label(step.first)} to {grid.label(step.last)}"
        for losses in (lost, lost[:1], lost[1:]):
            if losses and began - sum(losses) == left:
                yield sample_flow(began, losses, left, what=what, place=place)
                break
        else:
            if began - sum(lost) - left == _next_out(grid, step.last, column):
                continue  # "full texts read 98, not found 2": the loss stands below those who are left
            reasons = len(lost) > 2 and lost[0] == sum(lost[1:])
            found = sample_flow(began, lost[:1] if reasons else lost, left, what=what, place=place)
            if left <= 3 * began and sum(lost) < 2 * began:
                yield found


def _next_out(grid: Grid, row: int, column: int) -> float | None:
    """The number of those who leave in the row right below another."""
    if row + 1 >= len(grid.rows) or _kind(grid.label(grid.rows[row + 1])) != "out":
        return None
    return grid.numbers[row + 1][column]


CHECKS = (flow_steps,)
