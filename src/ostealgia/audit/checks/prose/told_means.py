"""Means of whole numbers in sentences of any build: can so many persons have this mean, and this SD?

A sentence is read where it has one mean, one number of persons (or the sentences right before it in its paragraph have), and where
it is said that each person has a whole number: something counted ("a mean of 2.4 falls"), or a score that the paper says is given in
whole numbers. Zeros and ones are asked by DEBIT.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ostealgia.audit.checks.prose.whole_means import means_of_groups
from ostealgia.audit.checks.reading.text import Sentence, sentences
from ostealgia.audit.checks.tables.whole_numbers import means_of_whole_numbers
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.granularity import debit, grim_mean, grimmer
from ostealgia.audit.statements.model import Number

_NUM = r"\d{1,3}\.\d{1,3}"
# a number of things is whole; these are measured, or counted in parts, or not of a person
_MEASURE = (
    r"(?:points?|years?|months?|weeks?|days?|hours?|minutes?|seconds?|min|percent\w*|units?|litres?|liters?|metres?|meters?|m|"
    r"mm|cm|km|kg|g|mg|ml|"
    r"mmol|gy|packs?|pack-years|euros?|dollars?|pounds?|degrees?|millimet\w+|centimet\w+|kilo\w+|grams?|milligrams?|standard|"
    r"times|folds?|kcal|"
    r"steps|drinks|cells|copies|beats|breaths|miles|servings|portions|cups|stars|levels?|scores?|cigarettes|calories|decibels|"
    r"d[bB]|diopt\w+|sd|lines|"
    r"segments|mutations|nodes)"
)
_THING = rf"(?!(?:[a-z-]+\s){{0,2}}?{_MEASURE}\b)(?:[a-z-]+\s){{0,3}}?(?:[a-z-]{{3,}}s|children|teeth|people|metastases|fallen)"
_SD = (
    rf"(?:\s?(?:±|\+/-)\s?(?P<sd>{_NUM})|\s?[(\[,]\s?(?:±\s?|(?:SD|standard deviation|"
    rf"s\.d\.),?\s?[:=]?\s?(?:of\s)?±?\s?)(?P<sd2>{_NUM})|\s(?:and|with)\s(?:a|an|its)\s(?:SD|standard deviation)\s(?:was\s|"
    rf"of\s)?(?P<sd3>{_NUM}))?"
)
# "the mean number of falls of the 18 residents was 2.39", "a mean of 2.39 falls", "had 2.35 infections on average"
_COUNTED = (
    re.compile(
        rf"\b(?:mean|average)\s(?:total\s)?(?:number|count)\sof\s{_THING}\b(?P<gap>[^.;:%±]{{0,110}}?)(?:\b(?:was|were|is|of|"
        rf"averaged)|[=:])\s(?:\bonly\s)?(?P<n>{_NUM}){_SD}(?![\d%])",
        re.I,
    ),
    re.compile(rf"\b(?:mean|average)\s(?:of|=|was)\s(?P<n>{_NUM}){_SD}\s?\)?\s{_THING}\b", re.I),
    re.compile(
        rf"\bon average,?\s[^.;:()%]{{0,60}}?\b(?:had|received|underwent|made|reported|attended|took|needed|"
        rf"required)\s(?P<n>{_NUM}){_SD}\s{_THING}\b",
        re.I,
    ),
    re.compile(
        rf"\b(?:had|received|underwent|made|reported|attended|took|needed|required|performed),? on average,? "
        rf"(?P<n>{_NUM}){_SD}\s{_THING}\b",
        re.I,
    ),
    re.compile(
        rf"\b(?:had|received|underwent|made|reported|attended|took|needed|required)\s(?P<n>{_NUM}){_SD}\s{_THING}\son average\b",
        re.I,
    ),
    re.compile(
        rf"\b{_THING}\s(?:per|for each|by each)\s[a-z]+\s(?:was|were|averaged)\s(?:on average\s)?(?P<n>{_NUM}){_SD}(?![\d%])",
        re.I,
    ),
    re.compile(rf"\b(?:parity|gravidity)\s(?:was|averaged)\s(?:on average\s)?(?P<n>{_NUM}){_SD}(?![\d%])", re.I),
    re.compile(
        rf"\b(?:mean|average)\s(?:parity|gravidity|apgar|charlson)\b(?P<gap>[^.;:%±]{{0,80}}?)\b(?:was|were|of|"
        rf"is)\s(?P<n>{_NUM}){_SD}(?![\d%])",
        re.I,
    ),
)
# a score whose sentence or another one says that it is a whole number
_SCORED = re.compile(
    rf"\b(?:mean|average)\s(?P<name>[^.;:()±%\d]{{0,70}}?)(?P<gap>(?:\s?\([^().]{{1,40}}\))?[^.;:±%]{{0,80}}?)\b(?:was|were|"
    rf"is|of|averaged)\s(?P<n>{_NUM}){_SD}(?![\d%])",
    re.I,
)
# "the mean score (0-10) fell from 7.62 before treatment to 2.30 on day 7"
_MOVED = re.compile(
    rf"\b(?:mean|average)\s(?P<name>[^.;:()±%\d]{{0,70}}?)(?:\s?\([^().]{{1,40}}\))?\s(?:fell|rose|dropped|went)\sfrom\s"
    rf"(?P<n>{_NUM}){_SD}\)?(?P<between>\s[^.;:()%±]{{0,50}}?)?\sto\s(?P<n2>{_NUM})(?![\d%])",
    re.I,
)
_WHOLE = re.compile(
    r"\bwhole[ -](?:numbers?|points?)\b|\bintegers?\b|\b(?:11|eleven)-point\b|\b(?:one|1) point (?:each|for each|per)|"
    r"\b(?:counts?|scored|worth|gives?) (?:for )?(?:one|1) point\b",
    re.I,
)
_NRS = re.compile(r"\bNRS\b|\bnumeric(?:al)?\s(?:pain\s)?rating\sscale\b", re.I)
_CODED = re.compile(
    r"\b0\s?(?:=|for|if|:|was|\()\s?[a-z]{2,}[^.;\d]{0,20}\b1\s?(?:=|for|if|:|was|\()\s?[a-z]{2,}|\b1\s?(?:=|for|if|:|was|"
    r"\()\s?[a-z]{2,}[^.;\d]{0,20}\b0\s?(?:=|for|if|:|was|\()\s?[a-z]{2,}|"
    r"\b0/1\b|\b(?:binary|dichotomous)\b",
    re.I,
)
_CODED_MORE = re.compile(r"\b[2-9]\s?(?:=|for|:)\s?[a-z]{2,}", re.I)
_BINARY = re.compile(
    rf"\b(?:mean|average)\b[^.;±%]{{0,70}}?(?:\b(?:was|were|is|of)|=)\s(?P<n>0\.\d{{2,3}}){_SD}(?![\d%])", re.I
)
# several values of a person, a part of them, a number no person gave, or two groups
_NOT_ONE = re.compile(
    r"\b(?:daily|weekly|diar\w+|averaged? (?:over|across)|chang\w*|differ\w*|reduc\w*|decreas\w*|increas\w*|improv\w*|gain\w*|"
    r"adjust\w*|least.squares|"
    r"imput\w*|weighted|estimat\w*|model\w*|sums?|composite|pooled|studies|trials|respectively|versus|vs|compared|responders|"
    r"non-?responders|those|whom|"
    r"remaining|others?|both|either|groups|arms|expected|predicted|normal|rates?|"
    r"per (?:day|week|month|year|fraction|session|100|1000|unit|night|hour|square|person-year|patient-year))\b|%",
    re.I,
)
_NO_SIZE = (
    r"years?|months?|weeks?|days?|hours?|minutes?|points?|items?|questions?|times|percent|gy|mg|sites?|cent(?:re|er)s?|"
    r"hospitals?|stars?|visits|sessions|cycles|fractions"
)
_WORD = rf"(?!(?:{_NO_SIZE}|of|in|for|and|or|to|was|were|at|on|with|from|by|that|who|had|per|than)\b)[a-z][a-z-]*"
_PEOPLE = (
    r"(?:patients?|participants?|subjects?|individuals?|women|men|children|adults|people|persons|volunteers|respondents|"
    r"survivors|controls|residents|nurses|"
    r"students|infants|newborns|neonates|babies|boys|girls|athletes|smokers|workers|doctors|physicians|mothers|carers|"
    r"caregivers|pupils|players|runners|"
    r"drivers|users|members|soldiers|veterans|learners|trainees|surgeons|dancers|cases|recipients|donors|attenders|letters|"
    r"animals|dogs|cats|mice|rats|horses)"
)
_SIZE = re.compile(
    rf"\b[nN]\s?=\s?(?P<n>\d{{1,4}})\b|(?<![\w.,/–-])(?P<p>\d{{1,4}})\s(?:{_WORD}\s){{0,2}}?{_PEOPLE}\b|\b(?:of|among|in|for|"
    rf"by|the|these|all|each of the)\s(?P<t>\d{{1,4}})\s{_WORD}s\b",
    re.I,
)
_SAID = (
    "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
    "eighteen", "nineteen", "twenty",
)  # fmt: skip
_VALUES = {word: value for value, word in enumerate(_SAID, 5)}
_SPELLED = re.compile(
    rf"(?:^\W{{0,2}}|\b(?:the|these|all|our|in|of|for)\s)({'|'.join(_VALUES)})\s(?:[a-z-]+\s){{0,2}}?{_PEOPLE}\b", re.I
)
_ANY_MEAN = re.compile(rf"(?<![\w.,/–-])(?:{_NUM})(?!\s?(?:%|mm|cm|kg|Gy))")
# "... before the operation and 3.50 (SD 1.76) four weeks after it": the same persons at another time
_TIME = (
    r"(?:on the|before|after|at|later|baseline|follow-up|(?:one|two|three|four|six|eight|twelve|\d{1,2})\s(?:hours?|days?|"
    r"weeks?|months?|years?))"
)
_LATER = re.compile(rf"\)?\s{_TIME}\b[^.;:()%]{{0,50}}?,?\sand\s(?P<n>{_NUM}){_SD}\)?\s{_TIME}\b", re.I)
# some persons have no value or several, or something else than persons is counted
_DOUBT = re.compile(
    r"\b(?:twice|raters?|readers?|observers?|examiners?|averaged|missing|exclud\w+|with data|available|left out|lost to|trimmed|geometric|"
    r"half points?|bilateral\w*|at each|each (?:of (?:\d|two|three|four|five|six)|visit|session|item|day|time|video|lesion|knee|eye)|"
    r"(?:two|three|four|five|several|all) (?:days|time points|occasions|visits|sites|trials)|"
    rf"per (?!(?:{_PEOPLE}|patient|participant|subject|person|resident|child|student|woman|man|nurse|mother|adult|individual|member|"
    r"family|household|infant|player|dog|cat|animal)\b)[a-z]+)\b|"
    r"(?<![\w.,/–-])(?:\d{1,4}|one|two|three|four|five|six)\s(?:of (?:them|whom|these|the|those)|could|did|had|have|were|was|with|without|"
    r"died|lost|declined|completed|records?|cycles?|sessions?|knees?|hips?|eyes?|teeth|limbs?|feet|procedures?|operations?|lesions?|"
    r"tumou?rs?|interviews?|admissions?|visits?|scans?|videos?|games?)\b",
    re.I,
)
LEAST, SURE = 5, 10  # persons; those of a sentence before, for something counted
BACK = 2  # sentences that are looked at for the number of persons


@dataclass(frozen=True)
class Told:
    """A mean with its SD and the number of persons. kind : "counted", "scored" or "binary"."""

    mean: Number
    sd: Number | None
    n: int
    kind: str


def means_told(paper: Paper) -> Iterator[Finding]:
    """GRIM, GRIMMER and DEBIT for the mean of a sentence."""
    listed = sentences(paper.document)
    found: list[Finding] = []
    for index, sentence in enumerate(listed):
        text = sentence.text
        if sentence.section in ("introduction", "discussion") or (
            "ean" not in text and "verage" not in text and " per " not in text
        ):
            continue
        for told in _read(listed, index):
            found += _judged(paper, told)
    if found:
        known = {(one.rule, one.span) for check in (means_of_groups, means_of_whole_numbers) for one in check(paper)}
        yield from (
            one for one in found if not any(one.rule == rule and _meets(one.span, span) for rule, span in known)
        )


def _meets(span: tuple[int, int] | None, other: tuple[int, int] | None) -> bool:
    return span is not None and other is not None and span[0] < other[1] and other[0] < span[1]


def _read(listed: tuple[Sentence, ...], index: int) -> Iterator[Told]:
    sentence = listed[index]
    text = sentence.text
    kind, match = _mean_of(listed, index)
    if match is None or _NOT_ONE.search(text[match.start("n") :] if kind == "binary" else text):
        return
    again = _LATER.match(text, match.end()) if kind != "binary" and match.re is not _MOVED else None
    end = again.end() if again is not None else match.end()
    others = [
        m for m in _ANY_MEAN.finditer(text) if not match.start() <= m.start() < end and not _is_p(text, m.start())
    ]
    if others or (match.groupdict().get("gap") and re.search(r"\b(?:was|were|had)\b", match["gap"])):
        return
    n, at = _size(listed, index)
    if kind != "counted" and index and listed[index - 1].block == sentence.block:
        at = min(at, index - 1)  # how a score was found is told right before
    if n is None or any(_DOUBT.search(one.text) for one in listed[at : index + 1]):
        return
    if n < (LEAST if kind != "counted" or _sizes(text) else SURE):
        return
    for one in (match, again):
        if one is not None:
            sd = next((g for g in ("sd", "sd2", "sd3") if one[g]), None)
            yield Told(sentence.number(one, "n"), sentence.number(one, sd) if sd else None, n, kind)
    if match.re is _MOVED:
        yield Told(sentence.number(match, "n2"), None, n, kind)


def _is_p(text: str, at: int) -> bool:
    return re.search(r"\b[pP]\s?[=<>]\s?$", text[:at]) is not None


def _mean_of(listed: tuple[Sentence, ...], index: int) -> tuple[str, re.Match[str] | None]:
    """The kind of the mean of a sentence, and where it stands."""
    text = listed[index].text
    if (match := _BINARY.search(text)) is not None and (_CODED.search(text) or _said(listed, index, _CODED)):
        coded = " ".join(one.text for one in listed[max(0, index - BACK - 1) : index + 1])
        return ("binary", match) if not _CODED_MORE.search(coded) else ("", None)
    for pattern in _COUNTED:
        if (match := pattern.search(text)) is not None:
            return "counted", match
    match = _MOVED.search(text) or _SCORED.search(text)
    if match is None or re.search(
        r"\b(?:age|bmi|weight|height|dose|duration|time|survival|total|sum)\b", match["name"], re.I
    ):
        return "", None
    named = f"{match['name']}{match.groupdict().get('gap') or ''}"
    whole = _WHOLE.search(text) or _NRS.search(named) or _said(listed, index, _WHOLE, named)
    return "scored", match if whole else None


_NAMED = re.compile(
    r"\b(?:[A-Z][A-Z0-9-]{1,6}|(?i:pain|fatigue|nausea|satisfaction|anxiety|itch\w*|dyspn\w+|score|discomfort|items|answers|stress))\b"
)


def _said(listed: tuple[Sentence, ...], index: int, pattern: re.Pattern[str], name: str | None = None) -> bool:
    """Whether one of the sentences right before, in the same paragraph, says so; or any sentence before, of the same name."""
    names = {word.casefold() for word in _NAMED.findall(name)} - {"score"} if name is not None else set()
    for back in range(index - 1, -1, -1):
        other = listed[back]
        near = other.block == listed[index].block and index - back <= BACK + 1
        if (near or names) and pattern.search(other.text):
            theirs = {word.casefold() for word in _NAMED.findall(other.text)}
            if (near and (name is None or _same_name(name, other.text))) or (not near and names & theirs):
                return True
    return False


def _same_name(name: str, text: str) -> bool:
    """Whether a name is that of the values of another sentence: it shares a word, or says only "the mean score"."""
    words = re.findall(r"[a-z]{4,}", re.split(r"\b(?:of|in|at|for|on|among|after|before)\b", name.casefold())[0])
    own = set(words) - {
        "score",
        "scores",
        "rating",
        "ratings",
        "value",
        "values",
        "baseline",
        "total",
        "overall",
        "worst",
    }
    return not own or any(word in text.casefold() for word in own)


def _sizes(text: str) -> set[int]:
    found = {int(match["n"] or match["p"] or match["t"]) for match in _SIZE.finditer(text)}
    return found | {_VALUES[match[1].casefold()] for match in _SPELLED.finditer(text)}


def _size(listed: tuple[Sentence, ...], index: int) -> tuple[int | None, int]:
    """The only number of persons of a sentence, or of the two before it in its paragraph, and which sentence tells it."""
    own = _sizes(listed[index].text)
    if own:
        return own.pop() if len(own) == 1 else None, index
    for back in range(index - 1, max(-1, index - 1 - BACK), -1):
        if listed[back].block != listed[index].block:
            break
        own = _sizes(listed[back].text)
        if own:
            return own.pop() if len(own) == 1 else None, back
    return None, index


def _judged(paper: Paper, told: Told) -> Iterator[Finding]:
    place = paper.place(told.mean.start, told.sd.end if told.sd is not None else told.mean.end)
    if told.kind == "binary":
        if told.sd is not None:
            yield debit(told.mean.printed, told.sd.printed, told.n, place=place)
        return
    first = grim_mean(told.mean.printed, told.n, place=place)
    yield _weighed(first)
    if not first.flagged and told.sd is not None:
        yield _weighed(grimmer(told.mean.printed, told.sd.printed, told.n, place=place))


def _weighed(found: Finding) -> Finding:
    """A flag here rests on two things that are not printed: every person has a value, and it is one whole number."""
    if not found.flagged:
        return found
    told = f"{found.message} (if every one of them gave one whole number)"
    return replace(found, basis="judgement", severity="minor", message=told)


CHECKS = (means_told,)
