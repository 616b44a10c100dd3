"""Scores against limits that stand beside the name of their scale, or in a sentence before: "(HADS-A, range 0-21) had a median of 10".

The name of a scale, its limits in brackets, then the verb and the score; or a name whose limits the paper tells once ("rated on the
NRS from 0 to 10") and a later mean, median or range of that name. A score is read only right behind its verb, a range only as
the range of a score; a change can be no larger than the whole scale.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ostealgia.audit.checks.reading.nouns import PEOPLE
from ostealgia.audit.checks.reading.scale_limits import limits_told
from ostealgia.audit.checks.reading.scales import named_scores
from ostealgia.audit.checks.reading.text import Sentence, sentences
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import scale_bound
from ostealgia.audit.statements.model import Number
from ostealgia.io.documents import gates

_NUM = r"\d{1,3}(?:\.\d{1,3})?"
_TO = r"\s{0,2}(?:-|–|to)\s{0,2}"
_UNIT = r"(?:\s{0,2}(?:points?|mm|cm)\b)?"
_OTHER_LENGTH = re.compile(r"\s{0,2}mm\b")  # on a scale of centimetres
_ENDED = (
    r"(?![\w/%]|[.,]\d|\s{0,2}(?:%|percent|per\s|patients?|participants?|[a-z]+\s(?:had|were|was)\b|-\s?\d|–\s?\d|to\s\d|"
    r"times|of\s(?:the\s)?\d|out\sof|m\b|s\b|k?g\b|h\b|ml\b|years?|months?|weeks?|days?|hours?|minutes?|min\b))"
)
# from a name to the score: nothing that opens another number, another verb or another subject
_GAP = (
    r"(?P<gap>[^.;:()\[\]\d]{0,90}?(?:\b(?:of|in|for|among)\s(?:the\s|all\s|our\s)?\d{1,5}\s"
    r"(?!(?:weeks?|months?|years?|days?|hours?|minutes?|min|h|points?|mm|cm|items?)\b)[a-z][^.;:()\[\]\d]{0,60}?)?)"
)
_VERB = (
    r"\b(?:was|were|is|averaged|(?:had|showed|gave|yielded)\s(?:a\s|an\s)?(?:overall\s)?(?:mean|median|average)\s(?:of)?|reached)\s{1,2}"
    r"(?:(?:a|an)\s)?(?:(?:mean|median|average)\s(?:of\s)?|on average\s)?"
)
_CENTRE = re.compile(rf"{_GAP}{_VERB}(?P<n>{_NUM}){_UNIT}{_ENDED}")
_RATED = re.compile(
    rf"\b(?:rated|scored)\b[^.;()\d]{{3,60}}?\b(?:at|as)\s(?:a\s)?(?:mean|median|average)\s(?:of\s)?(?P<n>{_NUM}){_UNIT}{_ENDED}"
)
_FROM_TO = re.compile(
    rf"{_GAP}\b(?:improved|decreased|increased|fell|rose|dropped|declined|changed|went|"
    rf"grew)\b[^.;()\d]{{0,40}}?\bfrom\s(?:a\s(?:mean|median)\sof\s)?(?P<n>{_NUM})"
    rf"{_UNIT}(?:\s{{0,2}}\([^()]{{1,40}}\)|\s±\s\d+(?:\.\d+)?)?[^.;()\d]{{0,50}}?\bto\s(?P<n2>{_NUM}){_UNIT}{_ENDED}"
)
_CHANGED = re.compile(
    rf"{_GAP}\b(?:improved|decreased|increased|fell|rose|dropped|declined)\s(?:significantly\s)?by\s(?:a\s|an\s)?(?:(?:mean|"
    rf"median|average)\s(?:of\s)?)?"
    rf"(?P<n>{_NUM})\s(?:points?|units?)\b"
)
_AGAIN = re.compile(
    rf"^[^.;:()\[\]\d]{{0,60}}?(?:\s(?:and|versus|vs\.?|than)|\b(?:compared|as against)\s(?:with|to))\s(?:(?:was|were|"
    rf"a\s(?:mean|median)\sof|of|to)\s){{0,2}}(?P<n>{_NUM}){_UNIT}"
    rf"(?=\s{{0,2}}(?:[.;,)(±]|$)|\s(?:in|with|without|at|after|before|for|among|on|during|two|three|six|one|points?)\b)"
    r"(?!\s{0,2}%|\s(?!points?)[^.;:,(]{0,45}?\b(?:had|have|were|did|showed|reported|died|remained|received|completed)\b)"
)
_TAIL = re.compile(
    rf"^{_UNIT}(?:\sin\s(?:the\s)?(?:median|mean))?(?:,)?\s{{0,2}}(?:(?P<sd>±\s{{0,2}}{_NUM}|\(\s{{0,2}}(?:SD|"
    rf"standard deviation)[,:=]?\s{{0,2}}(?:of\s)?{_NUM}\s{{0,2}}\))"
    rf"|[(\[,]\s{{0,2}}(?:interquartile\s)?(?:range|IQR|quartiles)\s?(?:of|from|[,:=])?\s{{0,2}}(?P<low>{_NUM})(?:{_TO}|"
    rf"\sand\s)(?P<high>{_NUM})\s{{0,2}}[)\],.;])"
)
_IT = re.compile(
    rf"^[^.;()\d]{{0,60}};\s(?:[^.;()\d]{{0,40}}\s)?(?:it|they|(?:the\s)?(?:scores?|values?))\s(?:was|"
    rf"were)\s(?P<n>{_NUM}){_UNIT}(?=\s{{0,2}}(?:[.,;(±]|$)|\s(?:and|in|with|at|versus|vs)\b)"
)
_SHOWN = re.compile(r"\d+(?:\.\d+)?")
# a score that is none: a sum, a difference, a standardised one, a share, a correlation, a price
_OTHER = re.compile(
    r"\b(?:differ\w*|sums?|total of|cumulative|area under|auc|percent\w*|proportion|ratio|odds|hazard|correlat\w*|alpha|kappa|"
    r"icc|reliability|cut-?\s?off|"
    r"threshold|z-?scores?|t-?scores?|standardi[sz]ed|regress\w*|coefficient|weights?|number|prevalence|sensitivity|"
    r"specificity|age[ds]?|time|duration|"
    r"survival|costs?|volume|dose|minimal|minimum|minimally|mcid|mdc|points? (?:higher|lower)|norms?|normative|respondents|"
    r"categor\w*|items?|version|defined|"
    r"least[- ]squares?|adjusted|chang\w*|reduc\w*|gain\w*|each|variance|rate|p-?value|significan\w*|missing|available|"
    r"obtained|calculated|completed|used)\b",
    re.I,
)
_SUMMARY = re.compile(r"\b(?:mean|median|average[ds]?)\b", re.I)
_ACRONYM = re.compile(r"\b[A-Z][A-Z0-9]{1,6}(?:-[A-Z0-9]{1,4})?\b")
_PROPER = re.compile(
    r"\b([A-Z][a-z]{3,})\s(?:[A-Za-z]+\s){0,2}?(?:[Ss]core|[Ss]cale|[Ii]ndex|[Ii]nventory|[Qq]uestionnaire)\b"
)
_SUBJECT = re.compile(
    r"^\W{0,3}(?:The\s|Worst\s|Average\s|Current\s|Mean\s|Patients'\s)?([A-Za-z]{4,})\b[^.;()\d]{0,60}?\b(?:was|"
    r"were)\s(?:rated|scored|measured|assessed|recorded|graded|evaluated|quantified)\b"
)
_OF_THEIRS = re.compile(
    rf"\b(?:{PEOPLE}|they|mothers|parents|nurses|students)\s(?:rated|scored|graded|reported)\s(?:their|the)\s(?:worst\s|average\s|"
    r"current\s|own\s)?([a-z]{4,})\s(?:intensity\s|severity\s|score\s)?(?:between|from|on)\b",
    re.I,
)
_NUMERIC = re.compile(r"\bnumeric(?:al)?\s(?:pain\s)?(?:rating\s)?scale", re.I)
_COMMON = frozenset(
    (
        "baseline",
        "total",
        "follow-up",
        "the",
        "mean",
        "median",
        "average",
        "score",
        "scale",
        "index",
        "outcome",
        "outcomes",
        "patients",
        "function",
        "primary",
        "secondary",
        "quality",
        "data",
        "results",
        "values",
        "measure",
    )
)
BEFORE = 30  # characters
_ITEMS = re.compile(r"\b(?:items?|each|subscales?|domains?|categor\w*|severe|mild|moderate)\b", re.I)
NEAR = 3  # sentences behind the one that tells the limits, for a name that is a plain word
_UNSURE = frozenset(
    (
        "VAS",
        "QOL",
        "SF",
        "QLQ",
        "EQ",
        "SD",
        "IQR",
        "CI",
        "SE",
        "SEM",
        "US",
        "USA",
        "UK",
        "II",
        "III",
        "IV",
        "ICC",
        "OR",
        "HR",
        "RR",
        "BMI",
        "RCT",
        "MRI",
        "CT",
    )
)  # several lengths, or no scales


@dataclass(frozen=True)
class Told:
    """Limits of a scale that a sentence tells. at : index of the sentence.  plain : its name is an everyday word ("pain")."""

    name: str
    low: float
    high: float
    at: int
    plain: bool


def scores_beside_limits(paper: Paper) -> Iterator[Finding]:
    """scale-bound for scores behind the name of their scale with its limits in brackets."""
    for sentence in sentences(paper.document):
        text = sentence.text
        if sentence.section in ("introduction", "methods"):
            continue
        for start, end, low, high in limits_told(text):
            yield from _behind(paper, sentence, end, low, high)
            if (rated := _RATED.search(text, end)) is not None and text[:start].strip().casefold() in ("", "on a"):
                yield _found(paper, sentence.number(rated, "n"), low, high)


def _behind(paper: Paper, sentence: Sentence, at: int, low: float, high: float) -> Iterator[Finding]:
    """Findings for the scores that stand behind a name (at : where it ends) and its verb."""
    text = sentence.text
    centre = _CENTRE.match(text, at)
    if centre is not None and not _OTHER.search(centre["gap"]):
        yield from _centred(paper, sentence, centre, low, high)
        return
    moved = _FROM_TO.match(text, at)
    if moved is not None and not _OTHER.search(moved["gap"]):
        yield from (_found(paper, sentence.number(moved, part), low, high) for part in ("n", "n2"))
        return
    changed = _CHANGED.match(text, at)
    if changed is not None and not _OTHER.search(changed["gap"]):
        number = sentence.number(changed, "n")
        yield _found(paper, number, 0.0, high - low, "a change of")


def _centred(paper: Paper, sentence: Sentence, centre: re.Match[str], low: float, high: float) -> Iterator[Finding]:
    """The score of a verb, the range behind it, and a second score after "and" or "compared with"."""
    if _OTHER_LENGTH.match(sentence.text, centre.end("n")) and high <= 10:
        return
    yield _found(paper, sentence.number(centre, "n"), low, high)
    text, at = sentence.text, centre.end("n")
    for _ in range(4):
        tail = _TAIL.match(text[at:])
        if tail is not None:
            if tail["low"] is not None:
                for part in ("low", "high"):
                    first, last = at + tail.start(part), at + tail.end(part)
                    yield _found(paper, Number(tail[part], *sentence.span(first, last)), low, high)
            at += tail.end()
        again = _AGAIN.match(text[at:]) or _IT.match(text[at:])
        if again is None or _OTHER.search(again[0]):
            return
        first, last = at + again.start("n"), at + again.end("n")
        yield _found(paper, Number(again["n"], *sentence.span(first, last)), low, high)
        at = last


def _found(paper: Paper, number: Number, low: float, high: float, what: str = "the score") -> Finding:
    return scale_bound(number.printed, low, high, what=what, place=paper.place(number.start, number.end))


# ---------------------------------------------------------------- limits told in another sentence


def scores_of_told_scales(paper: Paper) -> Iterator[Finding]:
    """scale-bound for means and medians of a scale whose limits another sentence tells, where the paper tells no others."""
    listed = sentences(paper.document)
    told = _told(listed)
    for index, sentence in enumerate(listed):
        text = sentence.text
        if (
            sentence.section in ("introduction", "methods")
            or not gates.search(_SUMMARY, text)
            or next(limits_told(text), None)
        ):
            continue
        for match in _SUMMARY.finditer(text):
            words = text[match.start() : match.end() + 70]
            scale = _named(words, index, told) or _just_told(listed, index, words)
            if scale is None or (match.start() and _OTHER.search(text[max(0, match.start() - 25) : match.start()])):
                continue
            yield from _behind(paper, sentence, match.end(), scale.low, scale.high)
            break


def _told(listed: tuple[Sentence, ...]) -> dict[str, Told]:
    """Name of a scale -> its limits, for names with one pair of limits in the whole paper."""
    found: dict[str, list[Told]] = {}
    for index, sentence in enumerate(listed):
        limits = list(limits_told(sentence.text))
        if limits and _ITEMS.search(sentence.text):
            limits = []
        if any(one.limits != (low, high) for one in named_scores(sentence.text) for *_, low, high in limits):
            continue  # a scale that is known to have other limits
        if len({(low, high) for _, _, low, high in limits}) != 1:
            for one in _names(sentence.text, index, 0.0, 0.0) if limits else ():
                found.setdefault(one.name, []).append(one)  # several scales: none of the names is certain
            continue
        for one in _names(sentence.text, index, *limits[0][2:]):
            found.setdefault(one.name, []).append(one)
    return {
        name: several[0]
        for name, several in found.items()
        if len({(o.low, o.high) for o in several}) == 1 and several[0].high
    }


def _own_name(text: str) -> tuple[int, int]:
    """Where the name of the scale stands whose limits a sentence tells: right before them, or in the same brackets."""
    start, end = next((start, end) for start, end, _, _ in limits_told(text))
    return max(0, start - BEFORE, text.rfind(",", 0, start) + 1), end


def _names(text: str, index: int, low: float, high: float) -> Iterator[Told]:
    for match in _ACRONYM.finditer(text, *_own_name(text)):
        if match[0] not in _UNSURE:
            yield Told(match[0].casefold(), low, high, index, False)
    if _NUMERIC.search(text):
        yield Told("nrs", low, high, index, False)
    for match in _PROPER.finditer(text, *_own_name(text)):
        if match[1].casefold() not in _COMMON:
            yield Told(match[1].casefold(), low, high, index, False)
    subject = _SUBJECT.match(text) or _OF_THEIRS.search(text)
    if subject is not None and _ADDED.search(text):
        return
    if subject is not None and subject[1].casefold() not in _COMMON:
        yield Told(subject[1].casefold(), low, high, index, True)
    elif subject is not None and re.search(r"\bpain\b", text[: subject.end()], re.I):
        yield Told("pain", low, high, index, True)


def _named(words: str, index: int, told: dict[str, Told]) -> Told | None:
    """The told scale that the words right behind "mean" name; a plain word only soon after it was told."""
    upto = re.split(
        r"\b(?:was|were|is|averaged|had|fell|rose|improved|decreased|increased)\b|[(;,]", words, maxsplit=1
    )[0]
    rest = re.sub(
        "|".join(map(re.escape, [n for n, o in told.items() if o.plain])) or "(?!)",
        " ",
        _SUMMARY.sub(" ", upto, count=1),
        flags=re.I,
    )
    if _OTHER_SCALE.search(upto) or not _OF_PLAIN.fullmatch(rest):
        told = {name: one for name, one in told.items() if not one.plain}
    found = {told[name] for word in re.findall(r"[A-Za-z][\w-]+", upto) for name in _parts(word) if name in told}
    sure = {one for one in found if not one.plain or 0 <= index - one.at <= NEAR}
    limits = {(one.low, one.high) for one in sure}
    return next(iter(sure)) if len(limits) == 1 and len(sure) == len(found) else None


# words that may stand with an everyday name between "mean" and its verb: no other scale, and nothing that is not the rating
_OF_PLAIN = re.compile(
    r"(?:[^\w]|scores?\b|ratings?\b|levels?\b|intensity\b|severity\b|values?\b|nrs\b|vas\b|worst\b|average\b|current\b|overall\b|"
    r"baseline\b|the\b|their\b|patients'|(?:pre|post)?-?operative\b|self-reported\b|reported\b|resting\b|final\b|initial\b)*"
    r"(?:\b(?:in|at|on|for|among|during|after|before|with|without|of)\b.*)?",
    re.I,
)
_OTHER_SCALE = re.compile(r"\b(?:Scale|Questionnaire|Inventory|Index|Survey|Interview|Battery)\b")
# ratings that are put together: their sums go beyond the limits of one
_ADDED = re.compile(r"\b(?:added|summed|area under|auc|multiplied|sum scores?)\b", re.I)
_PLAIN_SCORE = re.compile(r"^\w+\s(?:total\s)?(?:scores?|ratings?|values?)\s(?:was|were|averaged)\b")


def _just_told(listed: tuple[Sentence, ...], index: int, words: str) -> Told | None:
    """The scale of "the mean score was ..." right behind the sentence that tells the limits of one scale."""
    before = listed[index - 1] if index else None
    if (
        before is None
        or before.block != listed[index].block
        or not _PLAIN_SCORE.match(words)
        or _ITEMS.search(before.text)
    ):
        return None
    limits = {(low, high) for _, _, low, high in limits_told(before.text)} | {
        one.limits for one in named_scores(before.text)
    }
    return Told("score", *limits.pop(), index - 1, True) if len(limits) == 1 else None


def _parts(word: str) -> tuple[str, ...]:
    folded = word.casefold()
    return (folded, *folded.split("-")) if "-" in folded else (folded,)


CHECKS = (scores_beside_limits, scores_of_told_scales)
