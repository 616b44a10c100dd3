"""Percentages whose denominator the sentence names a few words away from the count.

"Out of 113 patients treated with A, 13 had a fracture (10.3%)"; "21 (2.0%) in the sham group (n = 100)"; "16.3% of patients in the
first arm (15/92)"; "11 of 63 (A) and 9 of 57 (B) patients (17% vs 16%)". Each is read only in this order, with no other number between.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from ostealgia.audit.checks.prose.percents import HEDGED, NOT_SHARES, ROUGH
from ostealgia.audit.checks.reading.over_time import ESTIMATED, over_time
from ostealgia.audit.checks.reading.premises import lowered
from ostealgia.audit.checks.reading.text import COUNT, Sentence, loose, sentences_with
from ostealgia.audit.checks.reading.words import spelled
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.percents import percent_vs_count
from ostealgia.audit.statements.model import Count
from ostealgia.io.documents import gates
from ostealgia.numerics.intervals import Printed

_PEOPLE = (
    r"(?:patients?|participants?|subjects?|individuals?|women|men|children|adults|people|persons|cases|volunteers|respondents|lesions|"
    r"metastases|tumou?rs|eyes|hips|knees|studies|trials)"
)
_P = r"(?P<p>\d{1,3}(?:\.\d{1,3})?)\s?%"
_HAD = (
    r"(?:had|have|has|were|was|developed|experienced|received|underwent|died|responded|showed|reported|achieved|completed|required|suffered|"
    r"met|reached|discontinued|stopped|withdrew|presented|remained|needed|survived)"
)
_WHERE = r"(?:\s(?:in|on|given|with|receiving|from|treated|assigned)\s[^.;:,()\d%]{2,60})"
_OUT_OF = loose(
    rf"(?:^|[.;:]\s|\b)(?:out\sof|of|among)\s(?:the\s|all\s|all\sthe\s|a\stotal\sof\s)?(?P<n>{COUNT})\s(?:[a-z\-]+\s){{0,2}}?{_PEOPLE}\b"
    rf"(?P<gap>[^.;:()\d%]{{0,90}}),\s(?:only\s)?(?P<k>{COUNT})\s(?:{_PEOPLE}\s)?{_HAD}\b[^.;:,()\d%]{{0,60}}\(\s?{_P}\s?\)"
)
_SIZE_BEHIND = loose(
    rf"(?<![\w.,\-/])(?P<k>{COUNT})\s(?:{_PEOPLE}\s)?\(\s?{_P}\s?\)\s(?:{_PEOPLE}\s)?(?:in|of|with|from|receiving|given|assigned|allocated|treated|randomi[sz]ed)\s"
    rf"[^.;:,()\d%]{{2,70}}\(\s?n\s?=\s?(?P<n>\d{{1,3}}(?:,\d{{3}})+|\d{{1,6}})\s?\)"
)
_FRACTION_BEHIND = loose(
    rf"(?<![\w.,\-/<>≥≤]){_P}\s(?P<gap>(?:of\s(?:the\s)?{_PEOPLE}|{_PEOPLE}|in\s|of\s)[^.;:,()\d%]{{0,70}}?)\s?\(\s?(?P<k>\d{{1,6}})\s?"
    rf"(?:/|of|out\sof)\s?(?P<n>\d{{1,6}})\s?(?:{_PEOPLE}\s?)?\)"
)
_OTHER_FORMS = (
    loose(
        rf"(?<![\w.,\-/])(?P<k>{COUNT})\s(?:{_PEOPLE}\s)?(?:with\s[^.;:,()\d%]{{3,40}}\s)?(?:among|out\sof)\s(?:the\s|all\s)?(?P<n>{COUNT})\s"
        rf"(?P<gap>[^.;:,()\d%]{{0,60}})\(\s?{_P}\s?\)"
    ),  # "52 among the 152 given A (34%)"
    loose(
        rf"(?<![\w.,\-/<>≥≤]){_P}(?P<gap>[^.;:,()\d%]{{0,60}})\(\s?(?P<k>{COUNT})\s(?:{_PEOPLE}|events)\s(?:in|of|among|out\sof)\s(?:the\s)?(?P<n>{COUNT})"
        rf"\s?(?:{_PEOPLE})?\s?\)"
    ),  # "7% in the first arm (5 cases in 72 patients)"
    loose(
        rf"(?<![\w.,\-/<>≥≤]){_P}\s?\(\s?n\s?=\s?(?P<k>\d{{1,6}})\s?(?:/|of|out\sof)\s?(?P<n>\d{{1,6}})\s?(?:{_PEOPLE}\s?)?\)"
    ),
    loose(
        rf"(?<![\w.,\-/])(?P<k>{COUNT})\s(?:{_PEOPLE}\s)?[(\[]\s?{_P}\s?[)\]]\s(?:{_PEOPLE}\s)?(?:(?:out\s)?of|among)\s(?:the\s|all\s|a\stotal\sof\s)?"
        rf"(?P<n>{COUNT})\b"
        rf"(?!\s?%|[.,]\d)"
    ),  # "54 patients (37%) out of 146", "54 [37%] of 146 patients"
    loose(
        rf"(?<![\w.,\-/])(?P<k>\d{{1,6}})\s?(?:/|(?:out\s)?of(?:\sthe)?)\s?(?P<n>\d{{1,6}})\s?(?:{_PEOPLE}{_WHERE}?)?,?\s(?:or|i\.e\.,?|that\sis,?|corresponding\sto)\s{_P}"
        rf"(?!\s?(?:to|-|of)\b)"
    ),  # "was 12/167, or 7.2%"
    loose(
        rf"(?:^|[.;:]\s)(?:a\stotal\sof\s|the\s|there\swere\s)?(?P<n>{COUNT})\s(?:[a-z\-]+\s){{0,2}}?{_PEOPLE}\b(?P<gap>[^.;:()\d%]{{0,80}})[;,]\s(?:and\s)?(?:[^.;:,()\d%]{{2,60}}\s)?(?P<k>{COUNT})\s"
        rf"of\s(?:them|these|whom)\s?\(\s?{_P}\s?\)"
    ),  # "66 patients received A; 13 of them (20%) had pain", "pain was seen in 13 of them (20%)"
    loose(
        rf"(?<![\w.,\-/])(?P<k>{COUNT})\s{_PEOPLE},?\s(?:i\.e\.|or|that\sis),?\s{_P}\sof\s(?:the\s|all\s)?(?P<n>{COUNT})\b(?!\s?%|[.,]\d)"
    ),  # "42 patients, i.e. 36.2% of the 116"
)
_TWO = loose(
    r"(?<![\w.,\-/])(\d{1,6})\s?(?:/|of(?:\sthe)?|out\sof)\s?(\d{1,6})\b(?![.,]\d|\s?%)(?P<a>[^.;%\d]{0,70}?)(?:\band\b|\bversus\b|\bvs\.?)\s"
    r"(?:in\s)?(\d{1,6})\s?(?:/|of(?:\sthe)?|out\sof)\s?(\d{1,6})\b(?![.,]\d|\s?%)(?P<b>[^.;%\d]{0,70}?)"
    r"[(\[]\s?(\d{1,3}(?:\.\d{1,3})?)\s?%?\s?(?:vs\.?|versus|and|compared\swith|,)\s(\d{1,3}(?:\.\d{1,3})?)\s?%(?:,?\srespectively)?\s?[,;)\]]"
)
_FORMS = (_OUT_OF, _SIZE_BEHIND, _FRACTION_BEHIND)
_TWO_ARMS = loose(
    rf"\b(?:of|among)\s(?:the\s)?(?P<n1>{COUNT})\s(?:{_PEOPLE}\s)?(?:in|on|with|given|who\sreceived|receiving|assigned\sto|treated\swith)\s[^.;:()\d%]{{2,60}}?\sand\s(?:the\s)?"
    rf"(?P<n2>{COUNT})\s(?:{_PEOPLE}\s)?(?:in|on|with|given|who\sreceived|receiving|assigned\sto|treated\swith)\s[^.;:,()\d%]{{2,60}},\s(?P<k1>{COUNT})\s"
    rf"\(\s?(?P<p1>\d{{1,3}}(?:\.\d{{1,3}})?)\s?%\s?\)\sand\s(?P<k2>{COUNT})\s\(\s?(?P<p2>\d{{1,3}}(?:\.\d{{1,3}})?)\s?%\s?\)"
)  # "Of 88 patients in the one group and 128 in the other, 5 (5.7%) and 10 (7.8%), respectively"
_BOTH_ARMS = loose(
    rf"\b(?:of|among)\sthe\s(?P<n1>{COUNT})\sand\s(?P<n2>{COUNT})\s{_PEOPLE}\s[^.;:,()\d%]{{2,90}},\s(?P<k1>{COUNT})\s"
    rf"\(\s?(?P<p1>\d{{1,3}}(?:\.\d{{1,3}})?)\s?%\s?\)\sand\s(?P<k2>{COUNT})\s\(\s?(?P<p2>\d{{1,3}}(?:\.\d{{1,3}})?)\s?%\s?\)"
)  # "Of the 101 and 105 patients in both arms, 4 (4.0%) and 8 (7.6%)"
_CHANGE = re.compile(
    r"\b(?:reduc|decreas|increas|improv|higher|lower|more|less|relief|drop|rise|change|differ|CI|confidence)", re.I
)
_GRADED = re.compile(
    r"\b(?:grades?|stages?|class|types?|scores?|levels?)\s{1,2}\d{0,2}\s{0,2}(?:or|and|to|-|/)?\s{0,2}$", re.I
)
_SUB = re.compile(r"\b(?:of (?:whom|which|these|them|those)|respectively|each|both)\b", re.I)


def told_denominators(paper: Paper) -> Iterator[Finding]:
    """percent-vs-count where the denominator stands a few words before or behind the count."""
    read = {
        one.percent.start
        for one in paper.of_kind(Count)
        if one.percent is not None and one.count is not None and one.n is not None
    }
    for sentence in sentences_with(paper.document, *_FORMS, *_OTHER_FORMS, _TWO_ARMS, _BOTH_ARMS, _TWO):
        if "%" not in sentence.text:
            continue
        for match in itertools.chain.from_iterable(
            gates.finditer(form, sentence.text) for form in (*_FORMS, *_OTHER_FORMS)
        ):
            if sentence.span(*match.span("p"))[0] not in read and not _unsure(sentence, match):
                yield from _checked(paper, sentence, match, spelled(match["k"]), spelled(match["n"]), match.span("p"))
        for match in (*gates.finditer(_TWO_ARMS, sentence.text), *gates.finditer(_BOTH_ARMS, sentence.text)):
            for k, n, p in (("k1", "n1", "p1"), ("k2", "n2", "p2")):
                yield from _checked(paper, sentence, match, spelled(match[k]), spelled(match[n]), match.span(p))
        for match in gates.finditer(_TWO, sentence.text):
            yield from _two(paper, sentence, match)


def _unsure(sentence: Sentence, match: re.Match[str]) -> bool:
    """Whether the percentage may be of something else: a change, a part of a part, a rough figure."""
    words = match[0].casefold().split()
    before = re.findall(r"[a-z]+", sentence.text[max(0, match.start("p") - 40) : match.start("p")].casefold())[-3:]
    if _GRADED.search(sentence.text, max(0, match.start("k") - 20), match.start("k")):
        return True  # "118 were grade 1 or 2 out of 158 (74.7%)"
    if HEDGED.search(sentence.text, max(0, match.start("p") - 140), match.start("p")):
        return True  # "almost 60% (354 of 600) of all users and 40% of those in the report (80 of 200)"
    gap = match.groupdict().get("gap") or ""
    them = match.re is _OTHER_FORMS[5]
    return bool(
        (_SUB.search(match[0]) and not them)
        or _CHANGE.search(gap)
        or NOT_SHARES.intersection(words)
        or ROUGH.intersection(before)
    )


def _two(paper: Paper, sentence: Sentence, match: re.Match[str]) -> Iterator[Finding]:
    """Two fractions and, in the brackets behind them, two percentages in the same order."""
    k1, n1, k2, n2 = (int(match[group]) for group in (1, 2, 4, 5))
    if not (0 <= k1 <= n1 and 0 <= k2 <= n2 and min(n1, n2) >= 5) or _CHANGE.search(match[0]):
        return
    yield from _checked(paper, sentence, match, k1, n1, match.span(7))
    yield from _checked(paper, sentence, match, k2, n2, match.span(8))


def _checked(
    paper: Paper, sentence: Sentence, match: re.Match[str], k: int | None, n: int | None, span: tuple[int, int]
) -> Iterator[Finding]:
    if k is None or n is None or n < 2 or k > n:
        return
    text = sentence.text[span[0] : span[1]]
    place = paper.place(*sentence.span(match.start(), match.end()))
    found = percent_vs_count(k, text, n, place=place)
    if found.flagged and found.recomputed is not None and over_time(paper, Printed.parse(text), found.recomputed):
        found = lowered(found, ESTIMATED)
    yield found


CHECKS = (told_denominators,)
