"""cross-reference: a sentence of the abstract against the sentence of the results that says the same in the same words.

Two sentences are one statement where nearly all content words of the shorter one stand in the other, and no time, group or side
differs. Then the numbers of one kind (per cent, months, Gy ...) go in the same order; all but one of them agree, or the one number
there is differs by a slip. A number that stands elsewhere in the body of the paper may be right and is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reading.text import Sentence, loose, once, sentences_with
from ostealgia.audit.checks.reading.told import same_print
from ostealgia.audit.checks.reading.words import at_odds, spelled, stems
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.totals import cross_reference
from ostealgia.numerics.intervals import Printed

WORDS, SHARE = 3, 0.8  # content words that two sentences share, and their part of the shorter list
MOST = 6  # numbers of a statement
_ASIDE = re.compile(
    r"[(\[][^()\[\]]{0,160}\b(?:IQR|range|SD|SE|CI|interval|interquartile|HR|OR|RR|P\s?[=<>])[^()\[\]]{0,160}[)\]]|"
    r"\b[Pp]\s?[=<>]\s?[\d.·]+|\b(?:95|90|99)\s?%\s?(?:CI|confidence)[^.;()]{0,60}?\d\s?(?:to|-|–|,)\s?\d[\d.]*",
)
_UNIT = (
    r"(?:%|months?|years?|weeks?|days?|hours?|h|min(?:utes?)?|Gy|mg|mm|cm|ml|mL|points?|kg|g|m|km|mmol/L|mg/dL|g/dL|g/L|µg/L|ng/mL|"
    r"IU/L)"
)
_VALUE = re.compile(rf"(?<![\w.,·/=<>-])(\d{{1,4}}(?:[.·]\d{{1,3}})?)\s?({_UNIT})(?![A-Za-z])")
_RATIO = loose(
    r"\b(?:(?P<hr>hazards?\sratio|HR)|(?P<or>odds\sratio|OR)|(?P<rr>risk\sratio|relative\srisk|rate\sratio|RR))\s?(?:was|of|=|,|:)?\s?(?P<x>\d{1,2}[.·]\d{1,3})(?!\d)"
)
_PRINTED_P = loose(r"\bP\s?=\s?(0?[.·]\d{2,5})(?!\d)")
_OF_CHANGE = re.compile(
    r"\b(?:change[ds]?|adjusted|difference|subgroup|respectively|per-protocol|imputed|sensitivity|additional|further|another|other|"
    r"among\s{1,2}those)\b",
    re.I,
)
_EMPTY = stems(
    "results conclusion background methods treatment arm respectively overall analysis final finally included main total patients "
    "participants significantly"
)
_PEOPLE = r"(?:patients|participants|subjects|women|men|children|adults|individuals|people|residents|persons)"
_SIZE = loose(
    rf"(?:^|\ba\stotal\sof\s|\bwe\s(?:studied|included|enrolled|analy[sz]ed|recruited|randomi[sz]ed|treated|followed|interviewed|surveyed|randomly\sassigned)\s|\bconsisted\sof\s|\bcomprised\s|"
    rf"\bcomprising\s|\bstudies\s(?:with|of|including|involving)\s|"
    rf"\bincluded\s|[.:]\s)(?:data\s(?:of|from)\s)?(?:an?\stotal\sof\s)?(?P<n>\d{{1,3}}(?:,\d{{3}})+|"
    rf"\d{{2,6}})\s(?P<what>(?:[a-z\-]+\s){{0,2}}?{_PEOPLE})\b(?P<rest>[^.;]{{0,90}})"
)
_INCLUDED = re.compile(
    r"\b(?:includ\w+|enrol\w+|studied|analy[sz]ed|recruited|consisted|comprised|comprising|entered|randomi[sz]ed|treated|followed|interviewed|surveyed|assigned)\b",
    re.I,
)
_SCREENED = re.compile(
    r"\b(?:screened|eligible|assessed|identified|invited|approached|excluded|of\s{1,2}(?:these|whom|the)|follow-?up|completed|subset|"
    r"sample)\b",
    re.I,
)
_OTHER_UNIT = re.compile(r"^[a-z-]+\s(?:in|of|from)\s|^[a-z -]+\s(?:and|with|plus)\s\d", re.I)
_NUMBERED = re.compile(
    r"\b(grades?|stages?|types?|phases?|class|cycles?|levels?|models?|parts?|degrees?)\s{1,3}(\d|[ivx]{1,4}\b|[a-e]\b)"
)
# words that may stand in one of two sentences which say the same
_HARMLESS = stems(
    """seen occurred occurring achieved recorded experienced noted detected found found documented developed cohort whole sample
    received receiving receive treated treatment given got reached amounted averaged came taken calculated estimated measured
    rate proportion percentage share number average average age trial arm recipients individuals people adults persons subjects
    participants overall entire present used using observed present therapy period"""
)
_TIMES = re.compile(r"\b(?:\d{1,3}|one|two|three|five|six|ten|twelve)[ -](?:day|week|month|year)", re.I)
_FIRST = re.compile(r"\bbaseline\b|\binitial|\bat (?:first|entry|the start)\b|\bof whom\b", re.I)


@dataclass(frozen=True)
class Value:
    """A number with its unit and its characters in the sentence."""

    printed: Printed
    unit: str
    span: tuple[int, int]


@dataclass(frozen=True)
class Saying:
    """A sentence with its values and content words. text : without what stands in brackets beside a value."""

    sentence: Sentence
    text: str
    values: tuple[Value, ...]
    words: frozenset[str]


@once
def _sayings(paper: Paper) -> tuple[list[Saying], list[Saying]]:
    """The sentences with values of the abstract, and of the results."""
    found: dict[str, list[Saying]] = {"abstract": [], "results": []}
    for sentence in sentences_with(paper.document, _VALUE):
        if sentence.section in found:
            text = _ASIDE.sub(lambda m: " " * len(m[0]), sentence.text)
            values = tuple(
                Value(Printed.parse(m[1].replace("·", ".")), m[2].casefold().rstrip("s"), m.span(1))
                for m in _VALUE.finditer(text)
            )
            if 0 < len(values) <= MOST:
                found[sentence.section].append(Saying(sentence, text, values, stems(text) - _EMPTY))
    return found["abstract"], found["results"]


def sentences_retold(paper: Paper) -> Iterator[Finding]:
    """Are the values of a sentence of the abstract those of the sentence of the results that says the same?"""
    abstract, results = _sayings(paper)
    for one in abstract:
        units = [value.unit for value in one.values]
        same = [
            other for other in results if [value.unit for value in other.values] == units and _says_the_same(one, other)
        ]
        if (
            len(same) == 1
            and sum(_says_the_same(one, twin) for twin in abstract if len(twin.values) == len(units)) == 1
        ):
            yield from _values(paper, one, same[0])


def ratios_retold(paper: Paper) -> Iterator[Finding]:
    """Is the one ratio of a sentence of the abstract that of the sentence of the results with the same words and the same P?"""
    told: dict[str, list[tuple[Sentence, re.Match[str], str, frozenset[str]]]] = {"abstract": [], "results": []}
    for sentence in sentences_with(paper.document, _RATIO):
        if sentence.section in told:
            found, p = list(_RATIO.finditer(sentence.text)), _PRINTED_P.findall(sentence.text)
            if len(found) == len(p) == 1:
                told[sentence.section].append(
                    (sentence, found[0], p[0].replace("·", "."), stems(sentence.text) - _EMPTY)
                )
    for one, ratio, p, words in told["abstract"]:
        same = [
            (there, other) for there, other, its, theirs in told["results"]
            if its == p and _kind_of(other) == _kind_of(ratio)
            and len(words & theirs) >= WORDS and not words - theirs - _HARMLESS
            and not at_odds(one.text, there.text)
            and _TIMES.findall(one.text) == _TIMES.findall(there.text) and not _OF_CHANGE.search(f"{one.text} {there.text}")
        ]  # fmt: skip
        if len(same) != 1:
            continue
        whole = not stems(same[0][0].text) - _EMPTY - words - _HARMLESS  # neither says more than the other
        mine, there_too = (Printed.parse(match["x"].replace("·", ".")) for match in (ratio, same[0][1]))
        value = Value(mine, "ratio", ratio.span("x"))
        if same_print(mine, there_too) or not whole or _elsewhere(paper, one, value):
            continue
        yield cross_reference(
            mine.text,
            there_too.text,
            what=f"the same statement in the results, line {paper.document.line(same[0][0].start)}",
            severity="major",
            place=paper.place(*one.span(*value.span)),
        )


def _kind_of(ratio: re.Match[str]) -> str:
    return next(name for name in ("hr", "or", "rr") if ratio[name])


def _says_the_same(one: Saying, other: Saying) -> bool:
    shared = one.words & other.words
    fewest = min(len(one.words), len(other.words))
    if _OF_CHANGE.search(one.text) or _OF_CHANGE.search(other.text):
        return False
    enough = len(shared) >= WORDS and len(shared) >= SHARE * fewest
    exact = fewest >= 2 and len(shared) >= fewest and len(one.words | other.words) - len(shared) <= 1
    numbered = [set(_NUMBERED.findall(text.casefold())) for text in (one.text, other.text)]
    if numbered[0] != numbered[1] or (len(one.values) == 1 and (one.words ^ other.words) - _HARMLESS):
        return False  # "grade 3" and "grade 4"; "response" and "complete response"
    return (
        (enough or exact)
        and len(one.words) <= 2 * fewest + 2
        and len(other.words) <= 2 * fewest + 2
        and not at_odds(one.text, other.text)
    )


def _values(paper: Paper, one: Saying, other: Saying) -> Iterator[Finding]:
    pairs = list(zip(one.values, other.values, strict=True))
    off = [(a, b) for a, b in pairs if not same_print(a.printed, b.printed)]
    crossed = {value.printed.value for value in one.values} == {value.printed.value for value in other.values}
    if crossed or len(off) > 1:
        return
    if not off:
        return
    a, b = off[0]
    if len(pairs) == 1 and (slip(a.printed, b.printed.value) is None and not _same_words(one, other)):
        return
    if _elsewhere(paper, one.sentence, a):
        return
    yield cross_reference(
        a.printed.text,
        b.printed.text,
        what=f"the same statement in the results, line {paper.document.line(other.sentence.start)}",
        severity="major",
        place=paper.place(*one.sentence.span(*a.span)),
    )


def _same_words(one: Saying, other: Saying) -> bool:
    return len(one.words | other.words) - len(one.words & other.words) <= 1


def _elsewhere(paper: Paper, sentence: Sentence, value: Value) -> bool:
    """Whether a value of the abstract stands outside it, so that it may be right."""
    token = re.compile(rf"(?<![\d.,·]){re.escape(sentence.text[slice(*value.span)])}(?!\d|[.,·]\d)")
    for match in token.finditer(paper.document.plain):
        block = paper.document.block_at(match.start())
        if block is None or block.section not in ("abstract", "references"):
            return True
    return False


def sizes_retold(paper: Paper) -> Iterator[Finding]:
    """Is the number of patients whom the abstract includes that of the results, told in the same words?"""
    abstract, results = (list(_sizes(paper, section)) for section in ("abstract", "results"))
    if len({n for _, _, n, _ in abstract}) != 1 or len({n for _, _, n, _ in results}) != 1:
        return
    (sentence, match, n, what), (there, again, other, same) = abstract[0], results[0]
    if n == other or what != same or slip(Printed.parse(str(n)), other) is None or at_odds(sentence.text, there.text):
        return
    verbs = [{verb.casefold() for verb in _INCLUDED.findall(text)} for text in (sentence.text, there.text)]
    if any(_OTHER_UNIT.search(f"{one['what']} {one['rest']}") for one in (match, again)):
        return  # "164 hips in women", "164 adults and 20 children"
    if not verbs[0] & verbs[1] or _FIRST.search(sentence.text) or _FIRST.search(there.text):
        return  # randomised and analysed may be two numbers
    if spelled_in(paper, abs(n - other)):
        return  # those between are told
    printed = Value(Printed.parse(str(n)), "n", match.span("n"))
    if _elsewhere(paper, sentence, printed) or _stands(paper, other, "abstract"):
        return
    yield cross_reference(
        str(n),
        str(other),
        what=f"the {what} of the results, line {paper.document.line(there.start)}",
        severity="major",
        exact=True,
        place=paper.place(*sentence.span(*match.span("n"))),
    )


def spelled_in(paper: Paper, number: int) -> bool:
    """Whether a paper tells a number of patients in digits or in words."""
    words = re.compile(
        rf"(?<![\d.,])([A-Za-z-]{{3,14}}|{number})\s(?:[a-z]+\s){{0,2}}?(?:{_PEOPLE}|were|was|had|of|withdrew|died|dropped|left|refused|declined|did|discontinued)\b"
    )
    return any(spelled(match[1]) == number for match in words.finditer(paper.document.plain))


def _sizes(paper: Paper, section: str) -> Iterator[tuple[Sentence, re.Match[str], int, str]]:
    for sentence in sentences_with(paper.document, _SIZE):
        if sentence.section != section:
            continue
        match = _SIZE.search(sentence.text)
        n = spelled(match["n"]) if match is not None else None
        if (
            match is None
            or n is None
            or not _INCLUDED.search(sentence.text)
            or _SCREENED.search(sentence.text[: match.end("what")])
        ):
            continue
        yield sentence, match, n, match["what"].split()[-1].casefold()


def _stands(paper: Paper, number: int, section: str) -> bool:
    """Whether a number stands in a part of the paper."""
    token = re.compile(rf"(?<![\d.,]){number}(?!\d|[.,]\d)|(?<![\d.,]){number:,}(?!\d|[.,]\d)")
    blocks = [block for block in paper.document.blocks if block.section == section]
    return any(token.search(paper.document.plain, block.start, block.end) for block in blocks)


CHECKS = (sentences_retold, ratios_retold, sizes_retold)
