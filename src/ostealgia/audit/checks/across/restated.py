"""Results that an abstract restates: a ratio with its P, and what is printed beside the same ratio for the two groups.

Two prints are of one result where the ratio, or the P and all but one of the numbers, are the same, the words have something in
common, and neither stands a second time in its part of the paper.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.across.effects import RATIOS, other_p
from ostealgia.audit.checks.reading.effect_rows import effect_rows
from ostealgia.audit.checks.reading.facts import parsed, sentence_words
from ostealgia.audit.checks.reading.figures import family
from ostealgia.audit.checks.reading.named_tests import is_corrected
from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.checks.reading.told import PERCENT, Told, same_print, told_numbers
from ostealgia.audit.checks.reading.words import at_odds, stems
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.p_values import p_vs_ci
from ostealgia.audit.rules.totals import cross_reference
from ostealgia.audit.statements.model import Estimate
from ostealgia.io.documents.model import Block
from ostealgia.numerics.intervals import Printed

RESULTS = ("results", "other")
MOST = 400  # ratios of a paper that are looked at
TELLING = 2  # digits of a P that hardly two results share
GENERIC = stems(
    "odds hazard risk ratio adjusted confidence interval value patients versus compared group arm rate respectively"
)

# what is told of two groups beside their ratio
_NAME = r"(?:\([^()\d]{1,60}\)\s?)?"
_UNIT = r"(?:months?|mo|years?|weeks?|days?)\b"
_TIME = re.compile(
    rf"(?<![\w.·-])(\d{{1,3}}(?:[.·]\d{{1,2}})?)\s?(?={_UNIT}|{_NAME}(?:vs\.?|versus|and|{_UNIT})\s{{1,2}}\d{{1,3}}(?:[.·]\d{{1,2}})?\s?"
    rf"{_NAME}{_UNIT}|{_NAME}{_UNIT})",
    re.I,
)
KINDS = {"percentage": PERCENT, "time": _TIME}
_LIMITS = re.compile(r"[(\[][^()\[\]]{0,40}?\b(?:CI|confidence)\b[^()\[\]]{0,80}[)\]]|\b95\s?%", re.I)


def ratios_restated(paper: Paper) -> Iterator[Finding]:
    """Are ratio and P of the abstract those of the results?"""
    abstract, results = _told(paper, ("abstract",)), _told(paper, RESULTS)
    for one in abstract:
        same = [other for other in results if _same_ratio(one, other)]
        alone = sum(_same_ratio(one, other) for other in abstract) == 1
        if len(same) == 1 and alone and _one_result(paper, one, same[0]):
            yield from _p_of(paper, one, same[0])
            for kind in KINDS:
                yield from _pair(paper, kind, one, same[0])
        elif not same and alone:
            yield from _ratio_of(paper, one, abstract, results)


def _told(paper: Paper, sections: Sequence[str]) -> list[Estimate]:
    """The named ratios of running text in some sections, that no other study is named for."""
    return [
        one
        for one in paper.of_kind(Estimate)
        if one.cell is None
        and one.study is None
        and one.section in sections
        and family(one.measure) in RATIOS
        and not one.percent
        and (shown := parsed(one.estimate)) is not None
        and shown.relation == "="
    ][:MOST]


def _same_ratio(one: Estimate, other: Estimate) -> bool:
    return family(one.measure) == family(other.measure) and one.estimate.printed.value == other.estimate.printed.value


def _one_result(paper: Paper, one: Estimate, other: Estimate) -> bool:
    """Whether two ratios have words in common, and limits that do not differ."""
    mine, theirs = (sentence_words(paper, it.sentence) - GENERIC for it in (one, other))
    before = _sentence_before(paper, other.sentence)  # "... had a response. The adjusted odds ratio was ..."
    if not mine & (theirs | (sentence_words(paper, before) if before is not None else frozenset())):
        return False
    for first, second in ((one.ci_low, other.ci_low), (one.ci_high, other.ci_high)):
        if (
            first is not None
            and second is not None
            and not first.printed.interval().overlaps(second.printed.interval())
        ):
            return False
    return True


def _p_of(paper: Paper, one: Estimate, other: Estimate) -> Iterator[Finding]:
    """The P of the abstract against the one of the results, whose interval tells which of them is right."""
    if one.p_value is None or other.p_value is None or other.ci_low is None or other.ci_high is None:
        return
    if is_corrected(paper, one.p_value.start) or is_corrected(paper, other.p_value.start):
        return
    first, second = one.p_value.printed, other.p_value.printed
    if first.relation != "=" or first.interval().overlaps(second.interval()) or first.value == second.value:
        return
    limits = (other.ci_low.text, other.ci_high.text)
    fits = [p_vs_ci(other.estimate.text, *limits, p.text, scale="ratio").verdict for p in (first, second)]
    if fits[0] != "inconsistent" or fits[1] == "inconsistent" or _stands_in_row(paper, one):
        return
    yield cross_reference(
        first.text,
        second.text,
        what=f"P of the {one.measure} {one.estimate.text} (the results, line {paper.document.line(other.start)})",
        severity="conclusion-changing" if (first.value < 0.05) != (second.value < 0.05) else "major",
        place=paper.place(one.start, one.end),
    )


def _stands_in_row(paper: Paper, one: Estimate) -> bool:
    """Whether a table prints this ratio with this P."""
    rows = ((row.printed("estimate"), row.printed("p_value")) for row in effect_rows(paper))
    told = one.estimate.printed.value, one.p_value.printed.value if one.p_value is not None else None
    return any(shown is not None and p is not None and (shown.value, p.value) == told for shown, p in rows)


def _ratio_of(paper: Paper, one: Estimate, abstract: list[Estimate], results: list[Estimate]) -> Iterator[Finding]:
    """A ratio of the abstract that the results do not print, beside the one there with its P, or with its two numbers."""
    alike = [other for other in results if family(other.measure) == family(one.measure)]
    told = [pair for kind in KINDS if (pair := _beside(paper, KINDS[kind], one.sentence)) and len(pair) == 2]
    printed = _pairs_told(paper) if told else {}
    beside = [
        other for other in alike if any(_both_equal(pair, theirs) for pair in told for theirs in printed[other.start])
    ]
    p = parsed(one.p_value)
    if p is not None and p.relation == "=" and (len(p.text.lstrip("0.")) >= TELLING or p.decimals > TELLING):
        by_p = [other for other in alike if _same_p(p, other)]
        if sum(_same_p(p, other) for other in abstract) != 1:
            by_p = []
    else:
        by_p = []
    twins = by_p or beside
    if len(twins) != 1 or not _one_result(paper, one, twins[0]) or other_p(one, twins[0]):
        return
    other = twins[0]
    first, second = one.estimate.printed, other.estimate.printed
    if any(_same_ratio(twin, other) for twin in abstract) or first.interval().overlaps(second.interval()):
        return
    typed = other in beside or slip(first, second.value) is not None
    if one.ci_low is not None or not typed or _in_tables(paper, one):
        return  # with limits of its own: the prints of said.py
    sides = (first.value > 1) != (second.value > 1)
    yield cross_reference(
        first.text,
        second.text,
        what=f"{one.measure} of the same result (the results, line {paper.document.line(other.start)})",
        severity="conclusion-changing" if sides else "major",
        place=paper.place(one.start, one.end),
    )


def _pairs_told(paper: Paper) -> dict[int, list[list[Told]]]:
    """The pairs of numbers beside each ratio of the results, by its first character."""
    return {one.start: _pairs(paper, one) for one in _told(paper, RESULTS)}


def _pairs(paper: Paper, one: Estimate) -> list[list[Told]]:
    """The pairs of numbers in the sentence of a ratio, and in the one before it."""
    before = _sentence_before(paper, one.sentence)
    spans = [one.sentence] if before is None else [one.sentence, before]
    found = (_beside(paper, pattern, span) for pattern in KINDS.values() for span in spans)
    return [pair for pair in found if len(pair) == 2]


def _both_equal(first: list[Told], second: list[Told]) -> bool:
    return all(same_print(a.printed, b.printed) for a, b in zip(first, second, strict=True))


def _same_p(p: Printed, other: Estimate) -> bool:
    theirs = parsed(other.p_value)
    return theirs is not None and theirs.relation == "=" and theirs.value == p.value


def _in_tables(paper: Paper, one: Estimate) -> bool:
    shown = one.estimate.printed.value
    return any(
        (printed := row.printed("estimate")) is not None and printed.value == shown for row in effect_rows(paper)
    )


# ---------------------------------------------------------------- percentages and times of the two groups


def _pair(paper: Paper, kind: str, one: Estimate, other: Estimate) -> Iterator[Finding]:
    """Two numbers of two groups in the sentences of one ratio: one of them is the same, the other is not."""
    mine, theirs = (_beside(paper, KINDS[kind], it.sentence) for it in (one, other))
    sentence = other.sentence
    if not theirs and (before := _sentence_before(paper, sentence)) is not None:
        sentence, theirs = before, _beside(paper, KINDS[kind], before)
    if len(mine) != 2 or len(theirs) != 2:
        return
    equal = [same_print(a.printed, b.printed) for a, b in zip(mine, theirs, strict=True)]
    crossed = any(same_print(a.printed, b.printed) for a, b in zip(mine, theirs[::-1], strict=True))
    if sum(equal) != 1 or crossed:
        return
    at = equal.index(False)
    plain = paper.document.plain
    texts = [plain[start:end] for start, end in (one.sentence, sentence)]
    if at_odds(*texts) or _stands_outside(paper, kind, mine[at], one.sentence):
        return
    yield cross_reference(
        mine[at].printed.text,
        theirs[at].printed.text,
        what=f"{kind} beside the {one.measure} {one.estimate.text} (the results, line {paper.document.line(theirs[at].start)})",
        severity="major",
        place=paper.place(mine[at].start, mine[at].end),
    )


def _sentence_before(paper: Paper, sentence: tuple[int, int]) -> tuple[int, int] | None:
    """The sentence right before one, of those that print numbers."""
    spans = _sentences_with_numbers(paper)
    at = bisect_right(spans, sentence[0], key=lambda span: span[1])
    return spans[at - 1] if at and sentence[0] - spans[at - 1][1] <= 3 else None


@once
def _sentences_with_numbers(paper: Paper) -> list[tuple[int, int]]:
    """The sentences that print numbers, by their ends."""
    return sorted({it.sentence for it in paper.statements if it.cell is None}, key=lambda span: span[1])


def _beside(paper: Paper, pattern: re.Pattern[str], sentence: tuple[int, int]) -> list[Told]:
    """The numbers of one kind in a sentence, those of intervals left out."""
    plain = paper.document.plain
    taken = [match.span() for match in _LIMITS.finditer(plain, *sentence)]
    found = pattern.finditer(plain, *sentence)
    return told_numbers(one for one in found if not any(start <= one.start() < end for start, end in taken))


def _stands_outside(paper: Paper, kind: str, number: Told, sentence: tuple[int, int]) -> bool:
    """Whether a numeral of the abstract stands a second time in the paper: it may be right."""
    text = paper.document.plain[number.start : number.end]
    if len(text) < 2:
        return False
    token = re.compile(rf"(?<![\d.,·]){re.escape(text)}(?![\d]|[.,·]\d)")
    for match in token.finditer(paper.document.plain):
        block = paper.document.block_at(match.start())
        if sentence[0] <= match.start() < sentence[1] or (
            block is not None and block.section in ("abstract", "references")
        ):
            continue
        if kind == "time":
            if _TIME.match(paper.document.plain, match.start()):
                return True
        elif "." in text or "·" in text or paper.document.plain[match.end() : match.end() + 1] == "%":
            return True
    return False


# ---------------------------------------------------------------- patients

_N = r"(\d{1,3}(?:,\d{3})+|\d{2,6})\s{1,2}(?:consecutive\s{1,2}|eligible\s{1,2})?(?:patients|participants|subjects)\b"
_STUDIED = re.compile(
    rf"\b(?:total of|data of|data from|we (?:analy[sz]ed|studied|included|evaluated|enrolled)|in|comprised|included|enrolled)\s{{1,2}}{_N}|"
    rf"{_N}(?=\s{{1,2}}(?:were\s{{1,2}}(?:studied|analy[sz]ed|included|evaluated|enrolled|randomi[sz]ed)|entered)\b)",
    re.I,
)


_COUNT = r"(\d{1,3}(?:,\d{3})+|\d{1,6})"
_PARTED = re.compile(
    rf"\b{_COUNT}\s{{1,2}}(?:patients|participants|subjects)\s?[(,:]\s?{_COUNT}\s[^.;,()\d]{{1,60}}?(?:;|,|,?\s{{1,2}}and)\s{{1,2}}{_COUNT}\s"
    r"(?=[^.;,()\d]{1,60}(?:[).]|[,;](?!\s{0,2}(?:and\s{1,2})?\d)))",
    re.I,
)


def patients_restated(paper: Paper) -> Iterator[Finding]:
    """Is the number of patients of the abstract that of the groups in the heads of the first table, which stands elsewhere, too?"""
    plain = paper.document.plain
    abstract = [block for block in paper.document.blocks if block.section == "abstract"]
    for block in abstract:
        yield from _of_two_groups(paper, block)
    told = [found for block in abstract for found in _STUDIED.finditer(plain, block.start, block.end)]
    total = _total_of_heads(paper)
    if total is None or len({_count(found) for found in told}) != 1:
        return
    text = _count(told[0])
    shown = Printed.parse(text.replace(",", ""))
    if shown.value == total or slip(shown, total) is None or _whole_elsewhere(paper, text):
        return
    if any(_number(str(total)).search(plain, block.start, block.end) for block in abstract):
        return
    yield cross_reference(
        shown.text,
        str(total),
        what="patients of the abstract, and of the groups in the first table",
        severity="major",
        exact=True,
        place=paper.place(*told[0].span(1 if told[0][1] else 2)),
    )


def _of_two_groups(paper: Paper, block: Block) -> Iterator[Finding]:
    """ "Of 176 patients, 96 received A and 90 received B", where 96 and 90 are the sizes of the groups in the heads."""
    heads = _sizes_of_heads(paper)
    for found in _PARTED.finditer(paper.document.plain, block.start, block.end):
        whole, *parts = (int(found[i].replace(",", "")) for i in (1, 2, 3))
        if sorted(parts) in heads and sum(parts) != whole:
            yield cross_reference(
                found[1],
                str(sum(parts)),
                what=f"patients of both groups ({found[2]} and {found[3]})",
                severity="major",
                exact=True,
                place=paper.place(*found.span(1)),
            )


def _sizes_of_heads(paper: Paper) -> list[list[int]]:
    """The sizes of the two groups of each table that prints them in its heads."""
    found = []
    for table in paper.tables:
        sizes = [parsed(column.n) for column in table.columns if column.role == "group"]
        if len(sizes) == 2 and all(sizes):
            found.append(sorted(int(size.value) for size in sizes if size is not None))
    return found


def _count(found: re.Match[str]) -> str:
    return found[1] or found[2]


def _total_of_heads(paper: Paper) -> int | None:
    """The sum of the group sizes in the heads of the first table of groups; tables that print others leave none."""
    sums = []
    for table in paper.tables:
        groups = [column for column in table.columns if column.role == "group"]
        sizes = [parsed(column.n) for column in groups]
        if table.kind == "groups" and len(groups) >= 2 and all(sizes):
            sums.append(int(sum(size.value for size in sizes if size is not None)))
    return sums[0] if sums and len(set(sums)) == 1 else None


def _whole_elsewhere(paper: Paper, text: str) -> bool:
    """Whether a number of the abstract stands in another part of the paper."""
    blocks = (paper.document.block_at(found.start()) for found in _number(text).finditer(paper.document.plain))
    return any(block is None or block.section not in ("abstract", "references") for block in blocks)


def _number(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\d.,·]){re.escape(text)}(?![\d%]|[.,·]\d)")


CHECKS = (ratios_restated, patients_restated)
