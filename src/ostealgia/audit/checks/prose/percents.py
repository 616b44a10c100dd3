"""Percentages of running text and free cells: do count, percentage and denominator belong together; can the percentage be?"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from ostealgia.audit.causes import only_repair, slip
from ostealgia.audit.checks.prose.shares import Company, adjusted, by_company, company_of, of_fewer, shares_of
from ostealgia.audit.checks.prose.spoken import figure_of_speech
from ostealgia.audit.checks.reading.figures import free, grouped_by_sentence, words_before, words_in
from ostealgia.audit.checks.reading.over_time import ESTIMATED, over_time
from ostealgia.audit.checks.reading.premises import lowered
from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.granularity import grim_percent
from ostealgia.audit.rules.percents import percent_vs_count
from ostealgia.audit.statements.model import Count, Number, Size
from ostealgia.audit.statements.words import PEOPLE, STUDIES, listed
from ostealgia.numerics.intervals import Interval, Printed

_AMOUNT = re.compile(
    r"\b(?:more|less|fewer|greater|lower|higher) than \d|\b(?:at least|at most|over|under|above|below) \d",
    re.IGNORECASE,
)
MOST_SIZES = 60  # denominators of a paper that are tried

ROUGH = listed(
    "approximately about almost nearly around roughly over than up to least most some exceeding below above under within"
)
NOT_SHARES = listed(
    "survival kaplan-meier actuarial cumulative estimated pooled mean median average sensitivity specificity accuracy "
    "power "
    "reduction increase decrease improvement change adherence compliance confidence dose predicted volume weight efficacy "
    "weighted projected imputed adjusted standardized standardised coverage"
)
_OF_THESE = re.compile(
    r"\s?%?\s?\)?\s{1,2}of (?:these|them|whom|those|(?:the|all) (?!total|whole|entire|study|sample|cohort|population)[a-z]+)\b",
    re.I,
)
_OF_PEOPLE = re.compile(
    r"\s?%?\s?\)?\s{1,2}of (?:the|all) (?:patients|participants|subjects|individuals|people|persons|cases|women|men|children)\b",
    re.I,
)
_OF_WHOM = re.compile(r"\bof (?:which|whom|these|them)\b", re.I)
AFTER = 160  # characters behind a count that may say how it was estimated
_PAIRED = re.compile(r"^\s?%\s{1,2}(?:versus|vs\.?|compared\s{1,2}(?:with|to))\s{1,2}\d")
_AND = re.compile(r"^\s?%?\s{0,2}(?:and|,|;|/|to|than|against)\s{0,2}\d{1,3}(?:\.\d+)?\s?%")
_FRACTION_AND = re.compile(r"\d\s?(?:/|of)\s?\d{1,6}\s[^.;:()\d]{0,30}$")
_OF_EACH = re.compile(r"^\s?%\s{1,2}[a-z]{3,}[^.()]{0,60}\d\s?%[^.]{0,60}\brespectively")
_OWN_FRACTION = re.compile(r"\s?%\s{0,2}(?:\(\s?\d{1,6}\s?/\s?\d{1,6}|[;,]\s?\d{1,6}\s?/\s?\d{1,6}\s?\))")
HEDGED = re.compile(
    r"\b(?:over|more than|nearly|about|at least|approximately|almost|around|up to) "
    r"\d[\d.]*\s?%[^.;%]{0,90}\b(?:and|or|versus|vs\.?)\s{1,2}$",
    re.I,
)
_DECIMAL_PERCENT = re.compile(r"\d\.(\d{1,3})\s?%")
_CUMULATIVE = re.compile(r"\bCIs\s{1,2}(?:of|for)\b|\bcumulative\s{1,2}incidence", re.I)
_TRAIT = re.compile(
    r"\s{0,2}%?\s{1,2}(?:fe)?male\b|\s{0,2}%?\s{1,2}(?:wo)?men\b|\s{0,2}%?\s{1,2}(?:girls|boys)\b", re.I
)
_OUT_OF = re.compile(r"\d\s{0,2}(?:/|(?:out\s{1,2})?of(?:\s{1,2}the)?)\s{1,2}$", re.I)
_HUNDRED = re.compile(r"\bhundred(?:[\s-]{1,2}and)?[\s-]{1,2}$", re.I)
_HUNDRED_OF = re.compile(r"\b(?:hundred|thousand)\b", re.I)
_WHOLE = re.compile(r"(?<![\d.,])\d{2,6}(?![\d.,]?\d)(?!\s?%)")
_FRACTION = re.compile(r"\b(\d{1,6})\s?/\s?(\d{1,6})\b")
LIFE_TABLE = listed("cumulative actuarial kaplan-meier kaplan estimated")
_SIZE_HEADER = re.compile(
    r"(?:sample size|n|no\.? (?:of )?(?:patients|participants|subjects|pts)|number (?:of )?(?:patients|participants|subjects)|patients|"
    r"participants|n pts|size)(?:,? ?\(?n\)?)?", re.IGNORECASE
)  # fmt: skip


_OTHER_N = re.compile(r"(?:^|[\s(])n\)?$|^n? ?\(?%\)?$", re.IGNORECASE)


def percentages(paper: Paper) -> Iterator[Finding]:
    """percent-vs-count and GRIM for counts and percentages with a denominator."""
    shares = [count for count in free(paper, Count) if count.percent is not None]
    parts = {count.count.start for count in shares if count.count is not None}
    sizes = [
        size
        for size in paper.of_kind(Size)
        if size.n.value >= 2 and size.unit not in STUDIES and size.n.start not in parts
    ]
    known = known_sizes(sizes)
    by_sentence = grouped_by_sentence(sizes)
    siblings = _siblings(shares)
    own = {count.n.start for count in shares if count.n is not None and count.count is not None}
    companies = _companies(paper, shares, sizes)
    for count in shares:
        if count.count is not None and count.n is not None:
            near = [size for size in by_sentence.get(count.sentence, []) if size.n.start not in own]
            for found in _with_denominator(paper, count, known, near):
                yield _estimated(paper, count, adjusted(paper, count, shares, _padded(paper, count, found)))
        elif count.count is not None and _OUT_OF.search(
            paper.document.plain, max(0, count.count.start - 18), count.count.start
        ):
            continue  # "23 of 49 (46.9%)": the number is a whole
        elif count.count is not None:
            near = by_sentence.get(count.sentence, [])
            beside = _by_company(paper, count, companies)
            for found in (beside,) if beside else _told_alone(paper, count, near, sizes, known, siblings):
                if not (found.flagged and _of_evaluable(paper, count, companies, found)):
                    yield _estimated(paper, count, found)
        elif count.n is not None and _share(paper, count):
            yield from _grim(paper, count, int(count.n.value), known)
        if count.count is None:
            yield from _above_hundred(paper, count)


def _estimated(paper: Paper, count: Count, found: Finding) -> Finding:
    """A percentage above that of its counts which may be an estimate over time, as information."""
    if not found.flagged or count.percent is None or found.recomputed is None:
        return found
    first = count.count is not None and count.percent.start < count.count.start
    place = (count.sentence[0], count.percent.end) if first or _all_above(paper, count) else None
    return lowered(found, ESTIMATED) if over_time(paper, count.percent.printed, found.recomputed, place) else found


@once
def _by_sentence(paper: Paper) -> dict[tuple[int, int], list[Count]]:
    """The free counts of each sentence."""
    found: dict[tuple[int, int], list[Count]] = {}
    for count in free(paper, Count):
        found.setdefault(count.sentence, []).append(count)
    return found


def _all_above(paper: Paper, count: Count) -> bool:
    """Whether another fraction of the sentence has a percentage above its share, too, and none one below."""
    sides = []
    for other in _by_sentence(paper).get(count.sentence, []):
        if other.count is None or other.n is None or other.percent is None:
            continue
        if other.start != count.start and 0 < other.count.value <= other.n.value:
            share = 100 * other.count.value / other.n.value
            sides.append(0 if other.percent.printed.allows(Interval(share, share)) else other.percent.value - share)
    return bool(sides) and min(sides) > 0


def _padded(paper: Paper, count: Count, found: Finding) -> Finding:
    """A whole percentage with a ".0" behind it ("36/84 (43.0%)", 42.86), where the sentence or cell prints no others, is rounded."""
    if not found.flagged or count.percent is None or found.recomputed is None or not count.percent.text.endswith(".0"):
        return found
    beside = _DECIMAL_PERCENT.findall(paper.document.plain, count.sentence[0], count.sentence[1])
    habit = len(beside) >= (2 if count.cell is None else 1) and all(text == "0" for text in beside)
    whole = habit and abs(count.percent.value - found.recomputed) <= 0.5
    return replace(found, severity="information", basis="judgement") if whole else found


def _of_evaluable(paper: Paper, count: Count, companies: Companies, found: Finding) -> bool:
    """Whether the percentage is one of those with a value, as others of its paragraph are."""
    block = paper.document.block_at(count.start)
    around = companies.get((block.start, block.end)) if block is not None else None
    if around is None or count.count is None or not found.recomputed:
        return False
    return of_fewer(count, around, round(100 * count.count.value / found.recomputed))


def _told_alone(
    paper: Paper,
    count: Count,
    near: list[Size],
    sizes: list[Size],
    known: dict[str, int],
    siblings: dict[tuple[int, int], int],
) -> Iterator[Finding]:
    """A count with its percentage and no denominator beside it."""
    fitting = _fitting_size(count, near, known, siblings)
    if fitting is not None and count.count is not None and count.percent is not None:
        if fitting in _own_sizes(paper, count, near, sizes) or fitting == siblings.get(count.sentence):
            place = paper.place(count.start, count.end)
            yield percent_vs_count(int(count.count.value), count.percent.text, fitting, place=place)
        return
    found = _without_denominator(paper, count, near, known, siblings)
    if found is not None and found.flagged and _of_the_block(paper, count, sizes):
        return  # "608 were screened, 57 (9.4%) colonised. ... Among these, 7 (1.2%)"
    found = found or _of_the_paragraph(paper, count, sizes, siblings)
    if found is not None:
        yield found


WIDE = 6000  # characters around a place in which sizes of its paragraph are looked for; longer ones are no paragraphs


def _within(sizes: list[Size], start: int, end: int, place: tuple[int, int]) -> list[Size]:
    """The sizes (in reading order) between two characters, of a very long stretch those near a place."""
    first = bisect_left(sizes, max(start, place[0] - WIDE), key=lambda size: size.start)
    last = bisect_left(sizes, min(end, place[1] + WIDE), key=lambda size: size.start)
    return sizes[first:last]


Companies = dict[tuple[int, int], Company]  # by the characters of a sentence or a paragraph


def _companies(paper: Paper, shares: list[Count], sizes: list[Size]) -> Companies:
    """The percentages of each sentence and each paragraph that has several without a denominator."""
    printed = Counter(int(size.n.value) for size in sizes)
    often = [n for n, times in printed.items() if times >= OFTEN and n >= LEAST]
    by_sentence = grouped_by_sentence(sizes)
    places: dict[tuple[int, int], list[Count]] = {}
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    for count in shares:
        block = paper.document.block_at(count.start)
        if count.cell is None and block is not None:
            spans[count.sentence] = spans[(block.start, block.end)] = (block.start, block.end)
            places.setdefault(count.sentence, []).append(count)
            if (block.start, block.end) != count.sentence:
                places.setdefault((block.start, block.end), []).append(count)
    found: Companies = {}
    for place, counts in places.items():
        start, end = spans[place]
        around = _within(sizes, start, end, place)
        near = by_sentence.get(place, []) if place != (start, end) else []
        found[place] = company_of(shares_of(paper.document.plain, counts), near, around, often)
    return found


def _by_company(paper: Paper, count: Count, companies: Companies) -> Finding | None:
    """The finding of a count whose denominator is that of the other percentages beside it."""
    block = paper.document.block_at(count.start)
    if count.cell is not None or block is None or count.count is None or count.percent is None:
        return None
    plain = paper.document.plain
    if _OF_THESE.match(plain, count.percent.end) or NOT_SHARES.intersection(count.subject[:4]):
        return None
    if _OF_WHOM.search(plain, max(count.sentence[0], count.start - 60), count.start):
        return None
    beside, around = companies.get(count.sentence), companies.get((block.start, block.end))
    told = by_company(paper, count, beside, around or beside) if beside is not None else None
    return told[1] if told is not None else None


def known_sizes(sizes: list[Size]) -> dict[str, int]:
    """The sizes that a paper prints most often, by a name, as denominators that may have been used elsewhere."""
    values = Counter(int(size.n.value) for size in sizes)
    return {f"a size printed elsewhere ({value})": value for value, _ in values.most_common(MOST_SIZES)}


def _siblings(shares: list[Count]) -> dict[tuple[int, int], int]:
    """Sum of the counts of each sentence that has several without a denominator."""
    found: dict[tuple[int, int], list[int]] = {}
    for count in shares:
        if count.count is not None and count.n is None:
            found.setdefault(count.sentence, []).append(int(count.count.value))
    return {sentence: sum(values) for sentence, values in found.items() if len(values) > 1}


def _with_denominator(paper: Paper, count: Count, known: dict[str, int], near: list[Size]) -> Iterator[Finding]:
    if count.count is None or count.n is None or count.percent is None or count.n.value == 0:
        return
    n = int(count.n.value)
    if _no_fraction(paper, count):
        return
    others = {name: value for name, value in known.items() if value != n}
    place = paper.place(count.start, count.end)
    found = percent_vs_count(int(count.count.value), count.percent.text, n, denominators=others, place=place)
    words = words_in(paper, count.sentence[0], count.sentence[1] + AFTER) if found.flagged else []
    behind = paper.document.plain[count.percent.end : count.percent.end + AFTER]
    if found.flagged and (_OF_EACH.search(behind) or _PAIRED.search(behind)):
        return  # "37 of 45 patients (91% breast, 58% colon, respectively)"
    before = paper.document.plain[max(0, count.start - 40) : count.start]
    if found.flagged and _AND.search(behind) and _FRACTION_AND.search(before):
        return  # "19 of 81 and 24 of 77 patients (23.5% and 31.2%)"
    if found.flagged and (_of_another(paper, count) or _of_all_fractions(paper, count)):
        return
    incidence = found.flagged and _CUMULATIVE.search(paper.document.plain, count.sentence[0], count.start) is not None
    if found.flagged and (_of_the_sentence(count, near) or incidence or LIFE_TABLE.intersection(words)):
        return  # "among all 62 patients ..., 7 of 9 in remission (11%)"
    yield found


def _of_another(paper: Paper, count: Count) -> bool:
    """Whether the percentage is of something else: of a number between, of those of one sex, of a part of a spelled number."""
    if count.count is None or count.percent is None or count.n is None:
        return False
    plain = paper.document.plain
    first, last = sorted((count.count, count.n), key=lambda number: number.start)
    between = plain[last.end : count.percent.start] if count.percent.start > last.end else ""
    if re.search(r"\d", between):
        return True  # "49 of the 144 survivors - 24 (49%)"
    own = _OWN_FRACTION.match(plain, count.percent.end)
    if own is not None and first.start < count.percent.start:
        return True  # "in at least one of the two groups, 89% (31/35)"
    if _TRAIT.match(plain, count.percent.end):
        return True  # "96 of 163 (60% female)"
    if _A_SET.search(plain, max(0, first.start - 14), first.start) and _COUNTED.search(plain[first.end : last.start]):
        return True  # "in all four samples of 210 (70.0%) patients"
    if count.count.value > count.n.value and count.n.value > 0:
        return count.percent.printed.fits(100 * count.count.value / count.n.value)  # "52/50 (104.0%)" of a target
    return any(_HUNDRED.search(plain[max(0, part.start - 14) : part.start]) is not None for part in (first, last))


def _of_all_fractions(paper: Paper, count: Count) -> bool:
    """Whether the percentage is of several fractions together: "three patients (13%, 2/14 in one and 1/9 in the other)"."""
    if count.percent is None:
        return False
    behind = paper.document.plain[count.percent.end : count.percent.end + AFTER]
    pairs = [(int(m[1]), int(m[2])) for m in _FRACTION.finditer(behind.partition(")")[0])]
    if len(pairs) == 1:  # "34.4% (142/1006), who ..., and 204/1006, who ..."
        every = [(int(m[1]), int(m[2])) for m in _FRACTION.finditer(behind)][:2]
        pairs = [every[0], (every[1][0], 0)] if len(every) == 2 and every[0][1] == every[1][1] else pairs
    whole = sum(n for _, n in pairs)
    share = 100 * sum(k for k, _ in pairs) / whole if whole else 0.0
    return len(pairs) >= 2 and abs(share - count.percent.value) <= count.percent.printed.unit


def _of_the_sentence(count: Count, near: list[Size]) -> bool:
    """Whether the percentage is that of the count among more patients, named before in the sentence."""
    if count.count is None or count.percent is None or count.n is None:
        return False
    before = [size.n.value for size in near if size.end <= count.start and size.n.value > count.n.value]
    shares = [100 * count.count.value / size for size in before]
    return any(count.percent.printed.allows(Interval(share, share)) for share in shares)


def _no_fraction(paper: Paper, count: Count) -> bool:
    """Two numbers that are no part and whole: 140/90 mmHg, 28 eyes of 14 patients, "below 1% (7 of 8)"."""
    if count.count is None or count.n is None or count.percent is None:
        return True
    apart = paper.document.plain[max(0, count.percent.start - 1) : count.percent.start] in ("(", "[")
    if (
        count.percent.value > 100
        and count.count.value <= count.n.value
        and not apart
        and _glued(count.percent.text, count)
    ):
        return True
    first, last = sorted((count.count, count.n), key=lambda number: number.start)
    if _reference_glued(paper, count):
        return True  # "5412 of 90 (60.0%)": 54 and a reference 12
    if _SPLIT.search(paper.document.plain[max(0, last.start - 4) : last.start]):
        return True  # "79 of 10 218": a blank marks the thousands
    between = paper.document.plain[first.end : last.start]
    if "/" in between and count.n.value <= 5:
        return True  # "almost 1/4 (22%)": a fraction
    if figure_of_speech(paper.document.plain, count, between):
        return True
    if count.count.value > count.n.value and count.n.value < FEWEST:
        return True  # "20 patients (50%) were of grade 1 and five patients (12%) of 2"
    if count.count.value > count.n.value and ("/" in between or _COUNTED.search(between)):
        return count.percent.value <= 100 and not _slipped_part(count, between)
    led = paper.document.plain[max(count.sentence[0], count.percent.start - 140) : count.percent.start]
    if count.percent.start < count.count.start and HEDGED.search(led):
        return True  # "over 85% (25/29) of these and 60% (21/34) of those"
    before = words_before(paper, count.percent.start, 2)
    return count.percent.start < count.count.start and bool(ROUGH.intersection(before))


def _slipped_part(count: Count, between: str) -> bool:
    """A part above its whole that one digit less or another one makes fit: "91 out of 27 (70.4%)"."""
    if count.count is None or count.n is None or count.percent is None or not _ONLY_OF.fullmatch(between):
        return False
    n, percent = count.n.value, count.percent.printed
    if n < FEWEST or count.count.text[:1] == "0":
        return False
    fits = only_repair(
        Printed.parse(count.count.text), lambda edit: edit.value <= n and percent.fits(100 * edit.value / n)
    )
    return fits is not None


def _reference_glued(paper: Paper, count: Count) -> bool:
    """A count that a raised reference runs into, or that is one: "6112 of 103 patients (59.2%)", "(n = 61)3 of 103"."""
    if count.count is None or count.n is None or count.percent is None or count.n.value == 0:
        return False
    if paper.document.plain[max(0, count.count.start - 1) : count.count.start] in (")", "]"):
        return True
    text = count.count.text
    shares = [100 * int(text[:at]) / count.n.value for at in range(1, len(text)) if text[:at].isdigit()]
    return count.count.value > count.n.value and any(count.percent.printed.fits(share) for share in shares)


def _glued(text: str, count: Count) -> bool:
    """A percentage that another number runs into: "1100% (30/30)"."""
    if count.count is None or count.n is None:
        return False
    share = 100 * count.count.value / count.n.value
    ends = [text[at:] for at in range(1, min(4, len(text))) if text[at].isdigit()]
    return any(Number(end, 0, 1).printed.allows(Interval(share, share)) for end in ends)


_A_SET = re.compile(r"\b(?:all|both|these|those|the)\s{1,2}$", re.I)
_ONLY_OF = re.compile(
    r"\s{0,2}(?:(?:patients|cases|participants)?\s{0,2}(?:out\s{1,2})?of\s{1,2}(?:the\s{1,2})?|/\s{0,2})", re.I
)
FEWEST = 6  # a whole below that is no number of patients: 3/4
_SPLIT = re.compile(r"\d\s$")
_COUNTED = re.compile(r"[a-z]{3,}[^a-z]{1,3}(?:of|in|from|out)")


def _fitting_size(
    count: Count, near: list[Size], known: dict[str, int], siblings: dict[tuple[int, int], int]
) -> int | None:
    """A size of the sentence or the paper, or the sum of the counts of the sentence, that gives the percentage."""
    if count.count is None or count.percent is None:
        return None
    k = int(count.count.value)
    own = [int(size.n.value) for size in near if size.n.start != count.count.start]
    together = [siblings[count.sentence]] if count.sentence in siblings else []
    for n in dict.fromkeys([*own, *known.values(), *together]):
        if n >= max(k, 1) and count.percent.printed.allows(Interval(100 * k / n, 100 * k / n)):
            return n
    return None


def _own_sizes(paper: Paper, count: Count, near: list[Size], sizes: list[Size]) -> set[int]:
    """The sizes that a count may be told against: those of its sentence and its paragraph. A fit with any other one of a long paper
    says little, and is not listed."""
    block = paper.document.block_at(count.start)
    beside = _within(sizes, block.start, block.end, (count.start, count.end)) if block is not None else []
    return {int(size.n.value) for size in [*near, *beside]}


def _without_denominator(
    paper: Paper, count: Count, near: list[Size], known: dict[str, int], siblings: dict[tuple[int, int], int]
) -> Finding | None:
    """A percentage that no size of the paper gives: a flag needs one certain denominator."""
    if count.count is None or count.percent is None:
        return None
    k, percent = int(count.count.value), count.percent
    if "." not in percent.text and percent.value == k:
        return None
    place = paper.place(count.start, count.end)
    own = [size for size in near if size.n.start != count.count.start and size.n.value >= k]
    certain = _certain_size(count, own)
    behind = count.percent.end
    if _OF_THESE.match(paper.document.plain, behind) and not _OF_PEOPLE.match(paper.document.plain, behind):
        return None  # "259 of the 441 men enrolled and 240 (92%) of these agreed"
    if certain is not None and _OF_WHOM.search(
        paper.document.plain, max(count.sentence[0], count.start - 60), count.start
    ):
        return None  # "63 patients had lesions, of which 60 patients (19.7%)": of all patients
    if (
        certain is None
        or certain == k
        or count.cell is not None
        or count.sentence in siblings
        or count.percent.start < count.count.start
    ):
        return None
    return replace(percent_vs_count(k, percent.text, certain, denominators=known, place=place), basis="judgement")


def _of_the_block(paper: Paper, count: Count, sizes: list[Size]) -> bool:
    """Whether the percentage is that of a larger number printed before in the same paragraph."""
    block = paper.document.block_at(count.start)
    if block is None or count.count is None or count.percent is None:
        return False
    beside = _within(sizes, block.start, count.start, (count.start, count.end))
    before = [size.n.value for size in beside if size.n.value > count.count.value]
    words = paper.document.plain[count.sentence[0] : count.count.start]
    before += [float(m[0]) for m in _WHOLE.finditer(words) if float(m[0]) > count.count.value]
    if _HUNDRED_OF.search(words):
        return True  # "one-hundred and two patients ... (13.2%)"
    return any(count.percent.printed.fits(100 * count.count.value / n) for n in before)


REACH = 700  # characters before a count in which the size of its paragraph stands
LEAST = 10  # patients of such a size
OFTEN = 3  # prints of a size that make it the paper's own


def _of_the_paragraph(
    paper: Paper, count: Count, sizes: list[Size], siblings: dict[tuple[int, int], int]
) -> Finding | None:
    """A count whose denominator stands in a sentence before it: the one size of the paragraph, which the paper prints often.

    Told only where the percentage is one slip away from that of the size, and fits no other size of the paper.
    """
    block = paper.document.block_at(count.start)
    if (
        block is None
        or count.count is None
        or count.percent is None
        or count.study is not None
        or count.cell is not None
    ):
        return None
    if count.sentence in siblings or count.percent.start < count.count.start or count.unit not in (None, *PEOPLE):
        return None
    own = _within(sizes, block.start, block.end, (count.start, count.end))
    near = [size for size in own if 0 <= count.start - size.end <= REACH and size.unit in PEOPLE]
    values = {int(size.n.value) for size in own}
    whole = next(iter(values)) if len(values) == 1 and near else 0
    if (
        whole < 20
        or sum(int(size.n.value) == whole for size in sizes) < OFTEN
        or count.count.value > whole
        or NOT_SHARES.intersection(count.subject)
    ):
        return None
    shown = count.percent.printed
    if slip(shown, 100 * count.count.value / whole) is None:
        return None
    place = paper.place(count.start, count.end)
    found = percent_vs_count(int(count.count.value), count.percent.text, whole, place=place)
    return replace(found, basis="judgement") if found.flagged else found


def _certain_size(count: Count, own: list[Size]) -> int | None:
    """The one size of the sentence, printed before the count, close by: "In 14 studies (N=580), 464 (80.0%)"."""
    at = count.count.start if count.count is not None else count.start
    before = [size for size in own if size.end <= at]
    if len({size.n.value for size in own}) != 1 or not before or at - before[-1].end > 60:
        return None
    people = (
        before[-1].unit is None or before[-1].unit in PEOPLE or before[-1].unit in ("lesion", "tumor", "eye", "sample")
    )
    return int(before[-1].n.value) if people else None


def _share(paper: Paper, count: Count) -> bool:
    """Whether "91% among 48 patients" says what share of 48 patients: no estimate, no rough figure."""
    if count.n is None or count.percent is None or count.unit in STUDIES or count.n.value < 10:
        return False
    if count.n.value < 20 and "." not in count.percent.text and count.percent.value % 5 == 0:
        return False  # a rough share of a few
    before = words_before(paper, count.start, 3)
    if before[-1:] != ["as"] and ROUGH.intersection(before):
        return False
    first, last = max(count.sentence[0], count.start - 90), min(count.sentence[1], count.end + 40)
    return not NOT_SHARES.intersection((*words_in(paper, first, last), *count.subject))


def _grim(paper: Paper, count: Count, n: int, known: dict[str, int]) -> Iterator[Finding]:
    if count.percent is not None and n > 0:
        behind = paper.document.plain[count.end : count.end + 90]
        if count.percent.value in (25, 50, 75) and _AMOUNT.search(behind):
            return  # "75% of the 30 patients received more than 36 mg": a quartile
        others = {name: value for name, value in known.items() if value != n}
        place = paper.place(count.start, count.end)
        yield grim_percent(count.percent.text, n, denominators=others, place=place)


def _above_hundred(paper: Paper, count: Count) -> Iterator[Finding]:
    """A share of persons above 100 per cent."""
    percent = count.percent
    if percent is None or percent.printed.interval().low <= 100 or count.unit not in PEOPLE:
        return
    behind = words_in(paper, percent.end, percent.end + 40)[:3]
    if behind[:1] == ["of"] and behind[-1:] != ["individual"] and not NOT_SHARES.intersection(count.subject):
        yield make(
            "scale-bound", paper.place(count.start, count.end), reported=percent.text, verdict="impossible", severity="major",
            values=Interval(0.0, 100.0), message=f"{percent.text}% of {count.unit}s: a share cannot exceed 100%",
        )  # fmt: skip


# ---------------------------------------------------------------- percentages in a table of studies


def percentages_of_rows(paper: Paper) -> Iterator[Finding]:
    """GRIM for percentages in free cells of a row that prints its number of patients in a column of its own.

    A misfit is told, as judgement, only where at least two other percentages of the row fit with power and none else fails:
    then the row's size is the denominator that the row uses.
    """
    sizes = _row_sizes(paper)
    rows: dict[tuple[int, int], list[Finding]] = {}
    for count in free(paper, Count):
        if count.cell is None or count.percent is None or count.count is not None or count.n is not None:
            continue
        n = sizes.get((count.cell.table, count.cell.row))
        if n is None or not 0 < count.percent.value < 100 or NOT_SHARES.intersection(count.subject):
            continue
        found = grim_percent(count.percent.text, n, place=paper.place(count.start, count.end))
        rows.setdefault((count.cell.table, count.cell.row), []).append(found)
    for found in rows.values():
        failed = [one for one in found if one.verdict == "impossible"]
        powerful = sum(one.verdict == "consistent" and "no power" not in one.message for one in found)
        for one in found:
            if one.verdict != "impossible":
                yield one
            elif len(failed) == 1 and powerful >= 2:
                yield replace(one, basis="judgement", verdict="inconsistent", severity="minor")


def _row_sizes(paper: Paper) -> dict[tuple[int, int], int]:
    """Patients of each row, from the one column that is headed as their number."""
    found: dict[tuple[int, int], int] = {}
    for index, table in enumerate(paper.document.tables):
        names = [table.column_name(c).strip() for c in range(table.n_columns)]
        columns = [c for c, name in enumerate(names) if _SIZE_HEADER.fullmatch(name)]
        if len(columns) != 1 or any(_OTHER_N.search(name) for c, name in enumerate(names) if c != columns[0]):
            continue
        for row in table.body:
            text = row[columns[0]].text.strip().replace(",", "")
            if text.isascii() and text.isdigit() and int(text) > 1:
                found[(index, row[columns[0]].row)] = int(text)
    return found


CHECKS = (percentages, percentages_of_rows)
