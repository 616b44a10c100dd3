"""Scores of running text against the limits of their scale, and shares that cannot be above 100%.

A clause is read where it names one scale and every number of it has its part: the limits, a time, a number of patients, a centre
("mean ... was 6.5"), an SD, or a range. What has another part, another unit or another subject leaves the clause unread.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ostealgia.audit.checks.reading.scales import (
    Scores,
    is_adapted,
    named_scores,
    one_scale,
    own_scales,
    printed_scores,
)
from ostealgia.audit.checks.reading.text import Sentence, sentences_with
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import scale_bound
from ostealgia.audit.statements.model import Number

_BREAK = re.compile(
    r";|,?\s{1,3}(?:and|while|whereas|but)\s{1,3}(?=(?:the\s{1,3}|a\s{1,3})?(?:median|mean|average)\b)|,\s{1,3}(?=(?:the\s{1,3})?(?:median|mean|average)\b)",
    re.I,
)
_SUMMARY = re.compile(
    r"\b(?:mean|median|average[ds]?|rang(?:e|ed|ing)|minimum|between|scored|rated|sd|standard deviation|status|ecog|kps|karnofsky)\b|±",
    re.I,
)
# what a clause says that is no score of a person: another quantity, or a number made of several scores
_OTHER = re.compile(
    r"\b(?:age[ds]?|old|survival|dose|fractions?|size|volume|diameter|number of|length|duration|interval|weight|bmi|differ\w*|chang\w*|"
    r"reduc\w*|decreas\w*|increas\w*|improv\w*|gain\w*|drop\w*|declin\w*|sums?|total|cumulative|area under|auc|percent\w*|adjusted|"
    r"least squares|regress\w*|odds|hazard|ratio|cut-?\s?off|threshold|per unit|points? (?:higher|lower|more|less|better|worse)|"
    r"tokuhashi|oswestry|odi|version|model|predict\w*|standardi[sz]ed|z-?scores?|t-?scores?|costs?|prevalence|alpha|reliability|"
    r"items|subscales?|each|correlat\w*|general|minimum scores?|maximum scores?|respectively|categor\w*|classif\w*|defined|mild|severe|"
    r"norms?|normative|literature|criteri\w*|eligib\w*|exclu\w*)\b",
    re.I,
)
# another instrument with a number of its own: "and the RMDQ was 14", "and the disability index was 30"
_SECOND = re.compile(
    r"\b(?!(?:SD|IQR|NRS|NPRS|VAS|BPI|CI|EORTC|NOS|QLQ)\b)[A-Z]{3,}[A-Z0-9-]*\b(?!\s(?:group|arm|patients))[^.;,\d]{0,15}?\b(?:was|were|of|is)\s{1,3}\d|"
    r"\band\s{1,3}(?:the\s{1,3})?(?:[a-z-]+\s{1,3}){0,4}(?:scores?|scale|index|status|function|interference)\s{1,3}(?:was|were|of|is)\s{1,3}\d"
)
# the name that carries printed limits ("@" stands for them): "Oswestry Disability Index (0-100)"
_OWN_NAME = re.compile(r"(?:\b[A-Z][\w'-]{0,20}\s{1,3}){0,5}[\w'-]{1,20}\s{0,2}[(\[]@{1,20}[)\]]")
_SCORE = re.compile(r"\bscores?\b", re.I)
_TOTAL = re.compile(r"\b(?:total|literature)\b", re.I)
# another instrument in a clause whose scale is known by its name alone
_OTHER_NAME = re.compile(r"\b(?:[Ss]cores?|[Ss]cales?|[Ii]ndex|[Gg]rades?|(?!SD\b|IQR\b)[A-Z]{3,}[A-Z0-9-]*)\b")
_NUMBER = re.compile(r"(?<![\w.,/\-–])(?P<n>-?\d{1,4}(?:\.\d{1,3})?)(?![\w/]|[.,]\d)")
_LIMITED = r"(?:\d{1,4}(?:\.\d{1,3})?)"
# numbers that are no scores: times, sizes, citations
_APART = re.compile(
    r"\b(?:weeks?|months?|days?|years?|hours?|visits?|cycles?)[ -]\d{1,3}\b|\b\d{1,3}[ -]"
    r"(?:weeks?|months?|days?|years?|hours?|h|min|minutes?)\b"
    r"|\(?\b[nN]\s?=\s?\d{1,5}\b\)?|\b\d{1,5}\s{1,3}(?:(?!(?:in|of|for|among|and|to|was|were|at|on)\b)[a-z-]+\s{1,3}){0,2}(?:patients?|participants?|subjects?|women|men|persons|people|studies|trials|articles|papers|cohorts|reports|raters|readers|observers|"
    r"statements?|items|questions?|symptoms|subscales|domains|dimensions)\b"
    r"|\b\d{1,3}\s?-\s?points?\b|\[\d{1,3}(?:[,–-]\s?\d{1,3}){0,6}\]|\bitem \d{1,2}\b|\b(?:table|figure|fig\.) \d{1,2}\b"
    r"|\bqlq-?c?30\b|\beq-?5d\b|\bsf-?\d{1,2}\b"
    r"|\bof (?:9|nine)\b(?: stars| points)?"
    r"|,?\s?\bP\s?(?:-?\s?values?\s?)?[=<>≤]\s?0?\.\d{1,5}",
    re.I,
)
_PAIR = re.compile(
    rf"(?<![\w.,/–-])(?P<low>{_LIMITED})\s{{0,2}}(?:-|–|\bto\b|\band\b)\s{{0,2}}(?P<high>{_LIMITED})(?![\w/%]|[.,]\d)",
    re.I,
)
_RANGED = re.compile(
    r"\b(?:ranges?|ranged|ranging|iqr|interquartile range|quartiles?|between|from|scores? of|status of|status|scores?)\b[\s:,=]{0,3}"
    r"(?:of\s|from\s|was\s|were\s|between\s){0,2}\s{0,2}$|[(\[]\s{0,2}$|@\s{0,2}(?:of\s|from\s|was\s|were\s|between\s){0,2}\s{0,2}$", re.I
)  # fmt: skip
_OPENED = re.compile(r"[(\[][^()\[\]\d]{0,25}$")
_AFTER_CENTRE = re.compile(r"[\d#](?:\s{0,2}points?)?\s{0,2}[(\[][^()\[\]\d]{0,25}$", re.I)
_SPREAD = re.compile(
    r"(?:±|\b(?:sd|standard deviation|s\.d\.)\b\s{0,2}[,:=]?\s{0,2}(?:of\s|was\s)?\s{0,2}[±]?)\s{0,2}$", re.I
)
_CENTRE = re.compile(
    r"(?:\b(?:mean|median|average|averaged|was|were|is|of|at|scored|minimum|maximum|max|min|in the median)\b[\s:,=]{0,3}|[=:]\s{0,2}|"
    r"\b(?:vs\.?|versus|compared (?:with|to)|and)\s{1,3})$",
    re.I,
)
# "r = -0.06", "t = 2.1": a statistic, no score; "M = 6.2" is one
_STATISTIC = re.compile(
    r"(?<![\w@])(?:r|r\s?s|rho|R\s?2|R²|tau|t|F|[zZ]|d|g|[bB]|Q|beta|kappa|[χ]\s?[2²]|[ρβτηκ]|ICC|AUC|OR|HR|RR|CI)"
    r"\s{0,2}(?:\([^()]{0,20}\)\s{0,2})?[=:]\s{0,3}$"
)
_HEADED = re.compile(r"\b(?:mean|average)\s{0,2}[(\[±]\s{0,2}(?:±\s{0,2})?(?:sd|standard deviation)\b", re.I)
_BRACKETED = re.compile(r"\d\s{0,2}[(\[]\s{0,2}$")


@dataclass(frozen=True)
class Part:
    """A number of a clause. role : "centre", "spread" or "end" of a range."""

    role: str
    match: re.Match[str]
    group: str

    @property
    def start(self) -> int:
        """Its first character in the sentence."""
        return self.match.start(self.group)


def scores_of_clauses(paper: Paper) -> Iterator[Finding]:
    """scale-bound for every number of a clause about one scale; not for a tool that the paper may have adapted."""
    adapted, own = is_adapted(paper.document.plain), own_scales(paper)
    for sentence in sentences_with(paper.document, _SUMMARY):
        if not _SUMMARY.search(sentence.text):
            continue
        whole = one_scale(sentence.text, own)
        for start, end in _clauses(sentence.text):
            words = sentence.text[start:end]
            scale = one_scale(words, own) or (whole if _goes_on(words) and not named_scores(words) else None)
            if scale is None or _of_another(words, adapted):
                continue
            parts = _parts(sentence.text, start, end)
            if parts is not None:
                yield from _judged(paper, sentence, scale, parts)


# "... and 45 in group B had pain": a number of persons
_PERSONS_THEN = re.compile(
    r"\band\s\d{1,5}\s(?:in|of|with|on)\s[^.;:,()\d]{1,40}?\b(?:had|have|were|did|died|showed|reported|received|needed)\b",
    re.I,
)


def _of_another(words: str, adapted: bool) -> bool:
    """Whether a clause tells another quantity, too, or names its scale only by a word that another instrument shares."""
    named = named_scores(words)
    tool = any(one.tool for one in named)
    clear = _OWN_NAME.sub(" ", _APART.sub(" ", _without(words, (*named, *printed_scores(words)))))
    if (tool and adapted) or _OTHER.search(_TOTAL.sub(" ", clear) if tool else clear):
        return True
    clear = _without(words, (*named, *printed_scores(words)))
    if _SECOND.search(clear) or _PERSONS_THEN.search(words):
        return True
    return (
        bool(named)
        and not printed_scores(words)
        and _OTHER_NAME.search(_SCORE.sub(" ", clear) if tool else clear) is not None
    )


def _without(text: str, scales: Iterable[Scores]) -> str:
    """The text with as many marks in place of what names or limits a scale."""
    marked = list(text)
    for one in scales:
        marked[one.start : one.end] = "@" * (one.end - one.start)
    return "".join(marked)


def _goes_on(words: str) -> bool:
    """Whether a clause is about the scores of the clause before it."""
    return re.search(r"\b(?:scores?|pain|ratings?)\b", words, re.I) is not None


def _clauses(text: str) -> list[tuple[int, int]]:
    """Where the clauses begin and end; a break inside brackets is none."""
    cuts = [match.end() for match in _BREAK.finditer(text)]
    cuts = [0, *(cut for cut in cuts if text.count("(", 0, cut) == text.count(")", 0, cut)), len(text)]
    return [(a, b) for a, b in itertools.pairwise(cuts) if b - a > 3]


def _parts(text: str, start: int, end: int) -> list[Part] | None:
    """The scores of a clause with their roles; None where a number has no part."""
    words = text[start:end]
    clear = text[:start] + _without(words, (*printed_scores(words), *named_scores(words))) + text[end:]
    for match in _APART.finditer(clear, start, end):
        clear = clear[: match.start()] + "#" * (match.end() - match.start()) + clear[match.end() :]
    found: list[Part] = []
    at = start
    for match in _PAIR.finditer(clear, start, end):
        if not _RANGED.search(clear, max(start, match.start() - 40), match.start()):
            continue
        if _OPENED.search(clear, max(start, match.start() - 30), match.start()) and not _AFTER_CENTRE.search(
            clear, max(start, match.start() - 60), match.start()
        ):
            return None  # "(range: 0-20)" with no score before it: the limits of another scale
        found += [Part("end", match, "low"), Part("end", match, "high")]
    taken = {part.start for part in found}
    headed = _HEADED.search(clear, start, end) is not None
    for match in _NUMBER.finditer(clear, start, end):
        at = match.start("n")
        if at in taken or any(p.match.start() <= at < p.match.end() for p in found if p.role == "end"):
            continue
        role = _role(clear, start, at, headed)
        if role is None or clear[match.end() : match.end() + 2].strip().startswith("%"):
            return None
        found.append(Part(role, match, "n"))
    return sorted(found, key=lambda part: part.start)


def centre_alone(sentence: Sentence) -> Number | None:
    """The mean of a sentence whose every other number is a limit of a scale, a time or a number of patients."""
    parts = _parts(sentence.text, 0, len(sentence.text))
    if parts is None or len(parts) != 1 or parts[0].role != "centre":
        return None
    return sentence.number(parts[0].match, parts[0].group)


def _role(clear: str, start: int, at: int, headed: bool) -> str | None:
    low = max(start, at - 40)
    if _SPREAD.search(clear, low, at) or (headed and _BRACKETED.search(clear, low, at)):
        return "spread"
    if _STATISTIC.search(clear, low, at):
        return None
    return "centre" if _CENTRE.search(clear, low, at) else None


def _judged(paper: Paper, sentence: Sentence, scale: tuple[float, float], parts: list[Part]) -> Iterator[Finding]:
    low, high = scale
    last: Part | None = None
    for part in parts:
        number = sentence.number(part.match, part.group)
        place = paper.place(number.start, number.end)
        if part.role == "spread":
            if last is not None and last.role == "centre":
                centre = sentence.number(last.match, last.group)
                if low <= centre.value <= high and number.value >= 0:
                    yield scale_bound(centre.printed, low, high, sd=number.printed, what="a mean of", place=place)
            continue
        yield scale_bound(number.printed, low, high, what="the score", place=place)
        last = part


# ---------------------------------------------------------------- "11.1/10", "11.1 out of 10"

_OUT_OF = re.compile(
    r"\b(?:pain|nrs|vas|global\s{1,3}health|quality\s{1,3}of\s{1,3}life)\b[^.;()\d]{0,60}?\b(?:mean|average|median)\s{1,3}(?:scores?\s{1,3}|ratings?\s{1,3})?(?:was\s{1,3}|of\s{1,3})"
    r"(?P<n>\d{1,3}(?:\.\d{1,2})?)\s{0,2}(?:/|out\s{1,3}of)\s{0,2}(?P<high>10|100)(?![\d/]|[.,]\d)|"
    r"\b(?:mean|average|median)\b[^.;()\d]{0,60}?\b(?:pain|nrs|vas|global\s{1,3}health|quality\s{1,3}of\s{1,3}life)\b[^.;()\d]{0,60}?\b(?:was|of)\s{1,3}"
    r"(?P<n2>\d{1,3}(?:\.\d{1,2})?)\s{0,2}(?:/|out\s{1,3}of)\s{0,2}(?P<high2>10|100)(?![\d/]|[.,]\d)",
    re.I,
)


def scores_out_of(paper: Paper) -> Iterator[Finding]:
    """scale-bound for "worst pain at a mean of 7.1/10"."""
    for sentence in sentences_with(paper.document, _OUT_OF):
        for match in _OUT_OF.finditer(sentence.text):
            second = match["n"] is None
            number = sentence.number(match, "n2" if second else "n")
            place = paper.place(number.start, number.end)
            yield scale_bound(
                number.printed, 0.0, float(match["high2" if second else "high"]), what="the score", place=place
            )


# ---------------------------------------------------------------- sensitivity and specificity

_ACCURACY = (
    r"(?:(?<!-)sensitivity(?!\s{1,3}(?:analys|c-|crp|trop|to\b))|specificity|"
    r"(?:positive|negative)\s{1,3}predictive\s{1,3}values?|\bPPV\b|\bNPV\b|diagnostic\s{1,3}accuracy)"
)
_SHARE = re.compile(
    rf"\b{_ACCURACY}\b(?P<between>[^.;%\d]{{0,80}}?)(?<![\w.,+±<>≤≥–-])(?P<n>\d{{1,4}}(?:\.\d{{1,2}})?)\s{{0,2}}%(?!\s{{0,2}}(?:CI|conf))"
    rf"(?:(?:,|\s{{1,3}}and|,\s{{1,3}}and)\s{{1,3}}(?P<second>\d{{1,4}}(?:\.\d{{1,2}})?)\s{{0,2}}%)?"
    rf"|(?<![\w.,+±<>≤≥–-])(?P<before>\d{{1,4}}(?:\.\d{{1,2}})?)\s{{0,2}}%\s{{1,3}}{_ACCURACY}\b",
    re.I,
)
_RELATIVE = re.compile(
    r"\b(?:increas|decreas|chang|improv|relative|differ|higher|lower|ratio|reduc|loss|gain)\w*\b", re.I
)


def accuracies(paper: Paper) -> Iterator[Finding]:
    """scale-bound for sensitivity, specificity and predictive values, in per cent."""
    for sentence in sentences_with(paper.document, _SHARE):
        for match in _SHARE.finditer(sentence.text):
            if _RELATIVE.search(sentence.text, max(0, match.start() - 60), match.end()):
                continue
            for group in ("n", "second", "before"):
                if match[group] is not None:
                    number = sentence.number(match, group)
                    yield scale_bound(
                        number.printed,
                        0.0,
                        100.0,
                        what="a percentage of",
                        place=paper.place(number.start, number.end),
                    )


CHECKS = (scores_of_clauses, scores_out_of, accuracies)
