"""pooled-vs-studies inside one table: the row of a pooled result against the rows of its studies above it.

Whatever the model and its weights, a pooled estimate is a mean of the studies' estimates with positive weights, on one scale: it
lies between the least and the greatest of them, and the pool of one study is that study. How far it is from what the usual methods
give decides the rest; a model that the table names narrows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.checks.reviews.refit import Refit, methods_named, refit
from ostealgia.audit.checks.reviews.sections import Pool, complete, pools
from ostealgia.audit.finding import Cause, Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.confidence import Triplet
from ostealgia.audit.rules.significance import show
from ostealgia.numerics.intervals import Interval

FEW = 3  # studies of a pool that is refitted where no table heading names the model
SLACK = 0.02  # of the range of the studies: a transformation of proportions turned back with a mean size
ALIKE = 0.25  # of half an interval, within which the pool of one study is that study
_SAID = re.compile(
    r"meta-?\s?analy|\bpooled\b|random|fixed|common[\s-]effect|heterogeneity|\bI\s?2\b|I²|\bweights?\b|forest|mantel|dersimonian",
    re.I,
)
_POOLED = re.compile(
    r"\bmeta-?\s?analys[ei]s\b|\bwere\s(?:\w+\s)?pooled\b|\b(?:random|fixed|common)[\s-]effects?\smodel", re.I
)
_OTHER_MODEL = re.compile(
    r"network|bayes|credible|bivariate|adjusted for|regression|individual patient|\bIPD\b|leave|omit|cumulative|influence|excluding|"
    r"trim[\s-]and|imput",
    re.I,
)


def review_tables(paper: Paper) -> Iterator[Finding]:
    """Does each pooled row of a table follow from the rows of its studies?"""
    for pool in pools(paper):
        printed = paper.document.tables[pool.table.index]
        around = f"{pool.around} {pool.row.label}"
        said = _SAID.search(f"{around} {paper.document.plain[printed.end : printed.end + 160]}") or _is_review(paper)
        if _OTHER_MODEL.search(around) or not said or not _inside(pool.row.triplet):
            continue
        if all(_inside(study.triplet) for study in pool.studies):  # else the columns are not what they seem
            found = _one(pool) if len(pool.studies) == 1 else _several(paper, pool)
            yield from (one for one in found if not one.flagged or complete(paper, pool))


@once
def _is_review(paper: Paper) -> bool:
    return _POOLED.search(paper.document.plain) is not None


def _inside(triplet: Triplet) -> bool:
    point, low, high = (part.interval() for part in triplet.parts)
    return low.low <= point.high and point.low <= high.high


def _one(pool: Pool) -> Iterator[Finding]:
    """The pool of one study."""
    printed, study = pool.row.triplet, pool.studies[0]
    mine = study.triplet
    half = max(mine.high.value - mine.low.value, printed.high.value - printed.low.value) / 2
    gap = abs(printed.estimate.value - mine.estimate.value)
    same = gap <= max(2 * printed.estimate.unit, ALIKE * half)
    text = f"{mine.estimate.text} ({mine.low.text} to {mine.high.text})"
    yield make(
        "pooled-vs-studies",
        pool.row.place,
        reported=printed.text,
        verdict="consistent" if same else "impossible",
        severity="none" if same else "major",
        message=f"the only study above it, {_name(study.label)}, has {text}; pooled {printed.text}",
        recomputed=mine.estimate.value,
        values=mine.estimate.interval(),
        cause=None if same else slip(printed.estimate, mine.estimate.value) or Cause(repair=text),
    )


def _name(label: str) -> str:
    return " ".join(label.split())


def _several(paper: Paper, pool: Pool) -> Iterator[Finding]:
    studies = [study.triplet for study in pool.studies]
    boxes = [one.estimate.interval() for one in studies]
    least, most = min(box.low for box in boxes), max(box.high for box in boxes)
    room = SLACK * (most - least)
    inside = pool.row.triplet.estimate.interval().overlaps(Interval(least - room, most + room))
    again = _again(paper, pool, studies)
    if inside and not again.verdict:
        return
    wrong = not inside or again.verdict in ("off", "narrow", "slip")
    fitting = again.verdict in ("consistent", "rounding")
    yield make(
        "pooled-vs-studies",
        pool.row.place,
        reported=pool.row.triplet.text,
        verdict="impossible" if not inside else again.verdict if fitting else "inconsistent",
        severity="major" if wrong else "none",
        message=_told(pool, again, inside, studies),
        recomputed=again.nearest.estimate if again.nearest is not None else None,
        values=Interval(least, most),
        cause=again.cause,
    )


def _again(paper: Paper, pool: Pool, studies: list[Triplet]) -> Refit:
    """The refit; no more than what reproduces the print where too few studies say which model it is."""
    methods = methods_named(pool.row.label, pool.around, paper.document.plain)
    found = refit(pool.row.triplet, studies, pool.measure, pool.heading, methods)
    if len(studies) < FEW and not methods.named and found.verdict not in ("consistent", "rounding"):
        return Refit("", found.nearest)
    return found


def _told(pool: Pool, again: Refit, inside: bool, studies: list[Triplet]) -> str:
    printed, fit = pool.row.triplet, again.nearest
    above = f"the {len(studies)} studies above it"
    places = printed.estimate.decimals
    near = f"{fit.text(places + 1)} by {fit.label}" if fit is not None else ""
    if not inside:
        low, high = (show(f(one.estimate.value for one in studies)) for f in (min, max))
        return f"the estimates of {above} run from {low} to {high}; pooled {printed.text}" + (
            f"; they give {near}" if near else ""
        )
    if again.verdict == "narrow":
        return f"no usual method gives so narrow an interval as {printed.text} from {above}; they give {near}"
    if again.verdict == "off":
        return f"no usual method gives {printed.text} from {above}; they give {near}"
    if again.verdict == "slip":
        return f"{above} give {near}: two of the three numbers of {printed.text} and not the third"
    more = f" and {again.more} other method{'s' if again.more > 1 else ''}" if again.more else ""
    return f"{printed.text} is {near}{more} from {above}"


CHECKS = (review_tables,)
