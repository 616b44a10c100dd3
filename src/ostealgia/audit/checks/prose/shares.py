"""Counts with percentages that stand together: do the others of a sentence or paragraph say what the denominator is?

"In 50 patients there were CR in one (2%), PR in 40 (80%), NC in nine (188%)": 50 fits the first two, so it is that of the third.
A denominator is certain where it gives every other percentage of the sentence (or three of the paragraph) and is printed there,
or is the sum of the counts. Whatever the others allow beside it has to misfit, too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.causes import only_repair, slip
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.percents import percent_vs_count
from ostealgia.audit.statements.model import Count, Size
from ostealgia.audit.statements.words import PEOPLE
from ostealgia.numerics.intervals import Interval, Printed

OF_SENTENCE, OF_PARAGRAPH = 2, 3  # other percentages that make a denominator certain
MOST = 40  # percentages of one paragraph that are tried
REACH = 800  # characters around a count in which its denominator stands
_WHOLE = re.compile(r"(?<![\w.,/])(?:\d{1,3}(?:,\d{3})+|\d{1,6})(?![\w]|[.,]\d|\s?%)")
_BESIDE = re.compile(r"\s{0,2}(?:of the |of )?(?:[a-z]{3,12}\s{1,2})?[(\[]?\s?")
FEWER = 0.15  # of a number of patients; as many may have no value
SHARP = 0.1  # of a denominator that one other percentage alone may leave open


@dataclass(frozen=True)
class Share:
    """A count and its percentage, told without a denominator."""

    count: Count
    k: int
    percent: Printed

    def allows(self, n: float) -> bool:
        """Whether the percentage is that of the count among n."""
        share = 100 * self.k / n
        return self.k <= n and self.percent.allows(Interval(share, share))

    def near(self, n: float) -> bool:
        """Whether the percentage is about that of the count among n."""
        off = abs(self.percent.value - 100 * self.k / n) if n > 0 else 100.0
        return n > 0 and (self.allows(n) or (self.percent.decimals > 0 and off <= self.percent.unit))

    def allows_any(self, sizes: Iterable[float]) -> bool:
        """Whether the percentage is that of the count among one of these."""
        return any(self.allows(n) for n in sizes if n > 0)

    def denominators(self) -> Interval:
        """Every denominator that gives the percentage."""
        box = Interval(self.percent.value - self.percent.unit, self.percent.value + self.percent.unit)
        return Interval(100 * self.k / box.high, 100 * self.k / box.low if box.low > 0 else math.inf)


@dataclass(frozen=True)
class Company:
    """The percentages that stand together, and the sizes printed around them."""

    shares: tuple[Share, ...]
    near: tuple[int, ...]  # sizes of the sentence
    around: tuple[int, ...]  # of the paragraph
    known: tuple[int, ...]  # sizes that the paper prints often


def _right_behind(plain: str, one: Count) -> bool:
    """Whether a count and its percentage belong together: at most a word for persons stands between ("one metastatic site (47.5%)")."""
    if one.count is None or one.percent is None:
        return False
    between = plain[one.count.end : one.percent.start]
    return _BESIDE.fullmatch(between) is not None and (one.unit in PEOPLE or not any(map(str.isalpha, between)))


def shares_of(plain: str, counts: Iterable[Count]) -> tuple[Share, ...]:
    """The counts of running text that have a percentage behind them and no denominator."""
    found = []
    for one in counts:
        if one.count is None or one.percent is None or one.n is not None or one.cell is not None:
            continue
        if one.percent.start > one.count.start and one.study is None and _right_behind(plain, one):
            found.append(Share(one, int(one.count.value), one.percent.printed))
    return tuple(found[:MOST])


def by_company(paper: Paper, count: Count, sentence: Company, paragraph: Company) -> tuple[int, Finding | None] | None:
    """The denominator that the other percentages give, and the finding where the count misfits it; None where none is certain."""
    for company, least in ((sentence, OF_SENTENCE), (paragraph, OF_PARAGRAPH)):
        own = next((share for share in company.shares if share.count is count), None)
        others = [share for share in company.shares if share is not own and 0 < share.percent.value < 100 and share.k]
        if own is None or not others:
            continue
        n = _denominator(own, others, company, least)
        if n is None:
            continue
        if own.allows(n):
            return n, None
        together, shares = own.k + sum(s.k for s in others), own.percent.value + sum(s.percent.value for s in others)
        if len(others) == 1 and together != n and abs(shares - 100) <= own.percent.unit * len(company.shares):
            return None  # two parts of a whole: it is their sum
        if _explained(own, others, company, n) or _made_up_to_hundred(own, others, n):
            return None
        if any(own.near(size) for size in _numbers_around(paper, own, n)):
            return None  # "six (12%) in one arm and three (5%) in the other", of the 50 and 60 named before
        whole = percent_vs_count(own.k, own.percent, n, place=paper.place(count.start, count.end))
        likely = _slipped(own, n) or (n in company.near and len(others) >= OF_PARAGRAPH)
        return (n, whole) if whole.flagged and likely else None
    return None


def _denominator(own: Share, others: Sequence[Share], company: Company, least: int) -> int | None:
    """The one size that gives every other percentage; the closest to the count where two sizes do."""
    open_to = _allowed(others)
    if open_to is None:
        return None
    tried = [*company.near, *company.around, *company.known]
    together = own.k + sum(share.k for share in others)
    fits = [n for n in dict.fromkeys(tried) if all(share.allows(n) for share in others)]
    if fits and len(others) >= (least if fits[0] not in company.near or least > OF_SENTENCE else 1):
        return fits[0] if _misfits_all(own, open_to) or own.allows(fits[0]) else None
    return _of_a_whole(own, others, together)


def _of_a_whole(own: Share, others: Sequence[Share], together: int) -> int | None:
    """The denominator of parts that make up a whole: the sum of the counts, or the one that the others give."""
    sharp = all(share.percent.decimals > 0 for share in others)
    if sharp and all(share.allows(together) for share in others):
        return together
    shares = own.percent.value + sum(share.percent.value for share in others)
    units = 0.5 * (len(others) + 1) * own.percent.unit
    if abs(shares - 100) > units or not sharp:
        return None
    open_to = _allowed(others)
    if open_to is None or open_to.high - open_to.low > SHARP * open_to.low:
        return None
    whole = [n for n in range(math.ceil(open_to.low), math.floor(open_to.high) + 1) if all(s.allows(n) for s in others)]
    return whole[0] if len(whole) == 1 and not own.allows(whole[0]) else None


def _allowed(others: Sequence[Share]) -> Interval | None:
    """The denominators that all of the others allow."""
    low = max(share.denominators().low for share in others)
    high = min(share.denominators().high for share in others)
    return Interval(low, high) if low <= high else None


def _misfits_all(own: Share, open_to: Interval) -> bool:
    """Whether the count does not give its percentage with any denominator that the others allow."""
    least = 100 * own.k / open_to.high if math.isfinite(open_to.high) else 0.0
    return not own.percent.allows(Interval(least, max(least, 100 * own.k / max(open_to.low, 1e-9))))


def _explained(own: Share, others: Sequence[Share], company: Company, n: int) -> bool:
    """Whether the percentage is one of another number nearby: of a size, of a count before it, of several together."""
    sizes = {*company.near, *company.around, *company.known} - {n}
    before = [share.k for share in others if share.count.start < own.count.start]
    sums = {sum(before[at:]) for at in range(len(before))}
    rest = {n - k for k in before}
    return own.allows_any((*sizes, *before, *sums, *rest))


def _numbers_around(paper: Paper, own: Share, n: int) -> set[float]:
    """The whole numbers around a count that may be denominators, but for the one that the others have."""
    start, end = max(0, own.count.start - REACH), own.count.end + REACH
    numbers = {float(m[0].replace(",", "")) for m in _WHOLE.finditer(paper.document.plain, start, end)}
    return numbers - {float(n), float(own.k)}


def _made_up_to_hundred(own: Share, others: Sequence[Share], n: int) -> bool:
    """Whether the percentages add up to 100 because this one was rounded the other way."""
    off = abs(own.percent.value - 100 * own.k / n)
    return off <= 1.1 * own.percent.unit and abs(own.percent.value + sum(s.percent.value for s in others) - 100) < 1e-6


def of_fewer(count: Count, paragraph: Company, n: int) -> bool:
    """Whether the percentage is of slightly fewer than n, as others of the paragraph are that n does not give, either.

    "could not be determined in one patient. ... six (20.7%) ... 10 (34.5%) ... 13 (44.8%)" of 30: all are of 29.
    """
    own = next((share for share in paragraph.shares if share.count is count), None)
    if own is None:
        return False
    others = [share for share in paragraph.shares if share is not own and share.k and not share.allows(n)]
    for fewer in range(math.ceil(n * (1 - FEWER)), n) if own.percent.decimals or len(others) > OF_SENTENCE else ():
        fitting = sum(share.allows(fewer) for share in others)
        if own.allows(fewer) and fitting >= OF_SENTENCE and fitting == len(others):
            return True
    return False


def adjusted(paper: Paper, count: Count, shares: Sequence[Count], found: Finding) -> Finding:
    """The largest of the parts of a whole, rounded so that they add up to 100, is rounded."""
    block = paper.document.block_at(count.start)
    if not found.flagged or block is None or count.cell is not None:
        return found
    beside = [one for one in shares if block.start <= one.start < block.end and one.cell is None]
    if not _made_to_hundred(count, beside):
        return found
    told = f"{found.message}; the percentages are made to add up to 100"
    return replace(found, verdict="rounding", severity="none", message=told, cause=None, cause_code=None, repair=None)


def _made_to_hundred(count: Count, beside: Sequence[Count]) -> bool:
    """Whether the largest of three parts or more is one last digit off, so that they add up to exactly 100.

    "63.7% (28/44), 13.6% (6/44) and 22.7% (10/44)". Whole percentages that add up to 99 are usual, and left so.
    beside : the fractions of its paragraph, in the order of the text.
    """
    if count.n is None or count.percent is None or count.percent.printed.decimals == 0:
        return False
    alike = [one for one in beside if one.n is not None and one.n.value == count.n.value]
    at = next((i for i, one in enumerate(alike) if one is count), 0)
    runs = (alike[first:last] for first in range(at + 1) for last in range(max(at, first + 2) + 1, len(alike) + 1))
    return any(_largest_adjusted(count, run, count.n.value) for run in runs)


def _largest_adjusted(count: Count, run: Sequence[Count], n: float) -> bool:
    parts = [
        (one, one.count.value, one.percent.printed) for one in run if one.count is not None and one.percent is not None
    ]
    if sum(k for _, k, _ in parts) != n or abs(sum(percent.value for _, _, percent in parts) - 100) > 1e-6:
        return False
    largest = max(percent.value for _, _, percent in parts)
    for one, k, percent in parts:
        off = abs(percent.value - float(percent.like(100 * k / n)))
        if one is count and (percent.value < largest or off > 1.01 * percent.unit):
            return False
        if one is not count and off > 0.01 * percent.unit:
            return False
    return True


def _slipped(own: Share, n: int) -> bool:
    """Whether one slip of a digit, in the percentage or in the count, explains the misfit."""
    if slip(own.percent, 100 * own.k / n) is not None:
        return True
    return (
        only_repair(Printed.parse(str(own.k)), lambda edit: edit.value <= n and own.percent.fits(100 * edit.value / n))
        is not None
    )


def company_of(shares: Iterable[Share], near: Iterable[Size], around: Iterable[Size], often: Iterable[int]) -> Company:
    """The percentages of a place with the sizes around them; a count is no size."""
    listed = tuple(shares)
    counted = {share.count.count.start for share in listed if share.count.count is not None}

    def values(sizes: Iterable[Size]) -> tuple[int, ...]:
        return tuple(
            dict.fromkeys(int(size.n.value) for size in sizes if size.n.start not in counted and size.n.value >= 2)
        )

    return Company(listed, values(near), values(around), tuple(often))
