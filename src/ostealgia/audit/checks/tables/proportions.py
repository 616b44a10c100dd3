"""Proportions whose count and number of patients are printed: can their interval be one of that many patients?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ostealgia.audit.causes import single_repairs
from ostealgia.audit.checks.reading.figures import level_of
from ostealgia.audit.finding import Cause, Finding, Place, make
from ostealgia.audit.paper import Check, Paper
from ostealgia.audit.statements.model import Count, Estimate
from ostealgia.audit.tables.cells import Shape, read_cell
from ostealgia.audit.tables.headers import has_ci
from ostealgia.io.documents.model import PrintedTable
from ostealgia.numerics.intervals import Interval, Printed, as_interval
from ostealgia.numerics.proportion_intervals import PROPORTION_INTERVALS

RULE = "ci-vs-point"
BEFORE, BEHIND = 60, 40  # characters around an estimate in which its fraction stands
ROOM = 0.15  # of half the interval: methods that are not tried here differ by less
CLOSE = 0.05  # of half the interval: a limit that one of the methods gives

_FRACTION = re.compile(r"(?<![\d.,/])(\d{1,6})\s?(?:/|of|out of(?: the)?)\s?(\d{1,6})(?![\d.,]\d|\d|/)")
_INTERVAL = re.compile(
    r"\b(8\d|9\d(?:\.\d)?)\s?%\s?(?:ci|confidence interval)s?\s?[:,=]?\s?[\[(]?\s?(\d{1,3}(?:\.\d{1,4})?)\s?%?\s?(?:-|–|to|,|;)\s?"
    r"(\d{1,3}(?:\.\d{1,4})?)(?![\d.])",
    re.IGNORECASE,
)
# intervals that are not those of a simple count
_OTHER = re.compile(
    r"cluster|weighted|kaplan|actuarial|adjusted|pooled|bootstrap|cumulative|estimated|standardi[sz]ed|survival|model|imput|"
    r"bayes|credible|random.effects|meta-?analy|differ|reduc|increas|change|relative|efficacy|effectiveness|ratio|\bi2\b|i²",
    re.IGNORECASE,
)
_SHARE_HEAD = re.compile(r"%|\bper ?cent|\bproportions?\b|\bprevalence\b|\bshare\b|\brate\b", re.IGNORECASE)
_SIZE = re.compile(r"(?<![A-Za-z])[nN]\s{0,2}=\s{0,2}(\d{2,6})(?![\d.,]*\d)")
_EVENTS = re.compile(r"(\d{1,6})(?:\s?(?:/|of)\s?(\d{1,6}))?")
_ONE_SHARE = re.compile(r"(\d{1,3}\.\d{1,2})\s?%?")
_PAIR = re.compile(r"[(\[]?\s?(\d{1,3}\.\d{1,2})\s?%?\s?(?:-|–|to|,|;)\s?(\d{1,3}\.\d{1,2})\s?%?\s?[)\]]?")
_LEVEL = re.compile(r"\b(9\d(?:\.\d)?|80)\s?%")


@dataclass(frozen=True)
class Proportion:
    """A printed percentage with its interval, and the count it comes from."""

    events: int
    n: int
    estimate: Printed
    low: Printed
    high: Printed
    level: float

    @property
    def text(self) -> str:
        """ "70.3 (59.1 to 79.5)"."""
        return f"{self.estimate.text} ({self.low.text} to {self.high.text})"

    @property
    def fits_count(self) -> bool:
        """Whether the percentage is that of the count."""
        return 0 < self.events <= self.n and self.estimate.allows(as_interval(100 * self.events / self.n))


def table_proportions(paper: Paper) -> Iterator[Finding]:
    """Every proportion with a fraction and an interval, in sentences and in tables."""
    yield from _in_sentences(paper)
    yield from _of_counts(paper)
    for printed in paper.document.tables:
        if not _OTHER.search(f"{printed.caption} {printed.note}"):
            yield from _in_table(paper, printed)
            yield from _in_columns(paper, printed)


# ---------------------------------------------------------------- where they stand


def _in_sentences(paper: Paper) -> Iterator[Finding]:
    plain = paper.document.plain
    for one in paper.of_kind(Estimate):
        if not one.percent or one.ci_low is None or one.ci_high is None or one.measure not in (None, "proportion"):
            continue
        first, last = max(one.sentence[0], one.start - BEFORE), min(one.sentence[1], one.end + BEHIND)
        if one.ci_kind != "confidence" or _OTHER.search(plain, max(one.sentence[0], one.start - 160), last):
            continue
        for found in _FRACTION.finditer(plain, first, last):
            limits = one.estimate.printed, one.ci_low.printed, one.ci_high.printed
            share = Proportion(int(found[1]), int(found[2]), *limits, level_of(one))
            if share.fits_count:
                start = min(found.start(), one.estimate.start)
                yield from judged(share, paper.place(start, max(one.ci_high.end, found.end())))
                break


def _in_table(paper: Paper, printed: PrintedTable) -> Iterator[Finding]:
    headers = [" ".join(row[i].text for row in printed.header) for i in range(printed.n_columns)]
    columns = [i for i, name in enumerate(headers) if has_ci(name) and not _OTHER.search(name)]
    if not columns:
        return
    plain = paper.document.plain
    for row in printed.body:
        shapes = [read_cell(plain[cell.start : cell.end], cell.start) for cell in row]
        for i in columns:
            if shapes[i].form == "triple" and (share := _of_row(shapes, i)) is not None:
                yield from judged(share, paper.place(shapes[i].start, shapes[i].end))


def _in_columns(paper: Paper, printed: PrintedTable) -> Iterator[Finding]:
    """Rows with count, percentage and interval in columns of their own, "10/61 | 16.4 | 9.2, 27.6"; or the size in the caption."""
    headers = [printed.column_name(i) for i in range(printed.n_columns)]
    columns = [i for i, name in enumerate(headers) if has_ci(name) and not _OTHER.search(name)]
    if len(columns) != 1 or columns[0] < 2 or not _SHARE_HEAD.search(headers[columns[0] - 1]):
        return
    words = f"{printed.caption} {printed.note} {' '.join(headers)}"
    sizes = {int(m[1]) for m in _SIZE.finditer(words)}
    found: list[Finding] = []
    outside: list[tuple[Proportion, Place]] = []
    for row in printed.body:
        cells = row[columns[0] - 2 : columns[0] + 1]
        count, percent, limits = (" ".join(cell.text.replace("·", ".").split()) for cell in cells)
        told, estimate, pair = _EVENTS.fullmatch(count), _ONE_SHARE.fullmatch(percent), _PAIR.fullmatch(limits)
        if told is None or estimate is None or pair is None or any(cell.copied for cell in cells):
            continue
        n = int(told[2]) if told[2] else sizes.copy().pop() if len(sizes) == 1 else 0
        point, low, high = (Printed.parse(text) for text in (estimate[1], pair[1], pair[2]))
        share = Proportion(int(told[1]), n, point, low, high, level_in(headers[columns[0]]))
        place = paper.place(cells[2].start, cells[2].end)
        if not share.fits_count or not 0 <= share.low.value < share.high.value <= 100:
            continue
        if share.low.value <= share.estimate.value <= share.high.value:
            found += judged(share, place)
        else:
            outside.append((share, place))
    fitting = sum(not one.flagged for one in found)
    if fitting > len(outside) and fitting >= sum(one.flagged for one in found):
        yield from found
        yield from (_outside(share, place) for share, place in outside)


def _outside(share: Proportion, place: Place) -> Finding:
    limits = _limits(share)["wilson"]
    shown = f"{share.estimate.text} lies outside its interval {share.low.text} to {share.high.text}"
    return make(
        RULE,
        place,
        reported=share.text,
        verdict="impossible",
        severity="major",
        message=f"{shown}; {share.events} of {share.n} has about {limits[0]:.1f} to {limits[1]:.1f}",
        recomputed=100 * share.events / share.n,
        values=Interval(*limits),
    )


def level_in(header: str) -> float:
    """The level that a heading names, 0.95 where it names none."""
    named = _LEVEL.search(header)
    return float(named[1]) / 100 if named is not None else 0.95


def _of_row(shapes: list[Shape], column: int) -> Proportion | None:
    """The percentage of one cell with the only fraction of its row that gives it: "52/74", or a count and a size."""
    estimate, low, high = (number.printed for number in shapes[column].numbers[:3])
    if not 0 <= low.value <= estimate.value <= high.value <= 100 or low.value == high.value:
        return None
    pairs = {
        (int(shape.numbers[0].value), int(shape.numbers[1].value)) for shape in shapes[:column] if shape.form == "of"
    }
    if not pairs and estimate.decimals:
        whole = [int(s.first.value) for s in shapes[:column] if s.form == "one" and s.first.text.isdecimal()]
        pairs = {(a, b) for a in whole for b in whole if a < b}
    shares = [Proportion(a, b, estimate, low, high, 0.95) for a, b in pairs]
    fitting = [share for share in shares if share.fits_count]
    return fitting[0] if len(fitting) == 1 else None


def _of_counts(paper: Paper) -> Iterator[Finding]:
    """The interval behind a count with its size and percentage: "(52/74; 95% CI 58.5-80.3)"."""
    plain = paper.document.plain
    for one in paper.of_kind(Count):
        if one.count is None or one.n is None or one.percent is None or one.cell is not None:
            continue
        found = _INTERVAL.search(plain, one.end, min(one.sentence[1], one.end + BEHIND + 30))
        between = plain[one.end : found.start()] if found else ""
        if found is None or any(sign.isdigit() for sign in between) or len(between) > 12:
            continue
        if _OTHER.search(plain, max(one.sentence[0], one.start - 160), found.start()):
            continue
        low, high = Printed.parse(found[2]), Printed.parse(found[3])
        share = Proportion(
            int(one.count.value), int(one.n.value), one.percent.printed, low, high, float(found[1]) / 100
        )
        if share.fits_count and 0 <= low.value <= share.estimate.value <= high.value <= 100:
            yield from judged(share, paper.place(one.start, found.end(3)))


# ---------------------------------------------------------------- what they say


def judged(share: Proportion, place: Place) -> Iterator[Finding]:
    """The interval against those of all usual methods for the count.

    A limit that no method gives, beside one that a method does give, is an error; where neither is given the interval may
    be of clustered or weighted data, and nothing is said.
    Sources: Clopper, Pearson 1934, doi:10.1093/biomet/26.4.404; Wilson 1927, doi:10.1080/01621459.1927.10502953;
    Agresti, Coull 1998, doi:10.1080/00031305.1998.10480550.
    """
    limits = _limits(share)
    lows, highs = [low for low, _ in limits.values()], [high for _, high in limits.values()]
    half = (max(highs) - min(lows)) / 2
    if half <= 0:
        return
    hulls = Interval(min(lows), max(lows)), Interval(min(highs), max(highs))
    off = [_beyond(p, hull) > ROOM * half for p, hull in zip((share.low, share.high), hulls, strict=True)]
    words = f"{share.events} of {share.n} has the {100 * share.level:g}% interval"
    if off == [False, False]:
        given = share.low.value, share.high.value
        name = min(limits, key=lambda name: math.dist(limits[name], given))
        low, high = limits[name]
        exact = share.low.fits(low) and share.high.fits(high)
        told = f"{words} {low:.2f} to {high:.2f} ({name}); printed {share.low.text} to {share.high.text}"
        yield make(RULE, place, reported=share.text, verdict="consistent" if exact else "rounding", message=told,
                   recomputed=100 * share.events / share.n, values=Interval(low, high))  # fmt: skip
        return
    if off == [True, True]:
        return
    right = share.high if off[0] else share.low  # the limit that a method may give
    close = {
        name: pair
        for name, pair in limits.items()
        if _beyond(right, as_interval(pair[1] if off[0] else pair[0])) <= CLOSE * half
    }
    if close:
        yield _flag(share, place, close, low_off=off[0], words=words, half=half)


def _flag(
    share: Proportion, place: Place, close: dict[str, tuple[float, float]], *, low_off: bool, words: str, half: float
) -> Finding:
    wrong = share.low if low_off else share.high
    values = [pair[0] if low_off else pair[1] for pair in close.values()]
    cause = _cause(share, wrong, values, low_off)
    hull = Interval(min(pair[0] for pair in close.values()), max(pair[1] for pair in close.values()))
    shown = " or ".join(sorted({f"{low:.1f} to {high:.1f}" for low, high in close.values()}))
    side = "lower" if low_off else "upper"
    gross = _beyond(wrong, Interval(min(values), max(values))) > half
    return make(
        RULE,
        place,
        reported=share.text,
        verdict="inconsistent",
        severity="major" if gross else "minor",
        message=f"{words} {shown}; the printed {side} limit {wrong.text} is none of these, the other limit is",
        recomputed=100 * share.events / share.n,
        values=hull,
        cause=cause,
    )


def _cause(share: Proportion, wrong: Printed, values: list[float], low_off: bool) -> Cause | None:
    found = single_repairs(wrong, lambda p: any(p.fits(value) for value in values))
    if len(found) != 1:
        return None
    candidate, cause = found[0]
    low, high = (candidate.text, share.high.text) if low_off else (share.low.text, candidate.text)
    return Cause(code=cause.code, text=cause.text, repair=f"{share.estimate.text} ({low} to {high})")


def _limits(share: Proportion) -> dict[str, tuple[float, float]]:
    """Method -> limits in per cent, between 0 and 100."""
    import numpy as np

    events, n = np.array([float(share.events)]), np.array([float(share.n)])
    found: dict[str, tuple[float, float]] = {}
    for name, method in PROPORTION_INTERVALS.items():
        low, high = (100 * float(np.clip(limit[0], 0.0, 1.0)) for limit in method(events, n, share.level))
        if not (math.isnan(low) or math.isnan(high)):
            found[name] = (low, high)
    return found


def _beyond(printed: Printed, hull: Interval) -> float:
    """How far a print lies outside a range, in per cent, rounding taken off."""
    box = printed.interval()
    return max(hull.low - box.high, box.low - hull.high, 0.0)


CHECKS: tuple[Check, ...] = (table_proportions,)
