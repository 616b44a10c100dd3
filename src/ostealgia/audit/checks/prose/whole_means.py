"""Means and shares of small groups in running text: can whole numbers of so many patients give them?

A mean is read where its sentence says that the values are whole numbers (or their scale has no others), names one number of
patients and nothing that the patients could differ in, and has no other number without a part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ostealgia.audit.checks.prose.scores import centre_alone
from ostealgia.audit.checks.reading.nouns import PERSONS
from ostealgia.audit.checks.reading.text import sentences, sentences_with
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.granularity import grim_mean, grim_percent

_THINGS = r"(?:lesions|metastases|fractures|fractions|comorbidities)"
_WHOLE = re.compile(
    r"\bwhole[ -](?:numbers?|points?)\b|\bintegers?\b|\b(?:11|eleven)-point\b|\becog\b[^.;]{0,40}\b(?:score|status|ps)\b|\bcharlson\b|"
    rf"\b(?:mean|average) (?:number )?of (?:\d+\.\d+ )?(?:[a-z-]+ ){{0,3}}?{_THINGS}\b",
    re.I,
)
_MEAN = re.compile(r"\b(?:mean|average[ds]?)\b", re.I)
# several values of a patient, a part of the patients, or a number that no patient gave
_NOT_ONE = re.compile(
    r"\b(?:items|daily|weekly|diar\w+|averaged? (?:over|across)|chang\w*|differ\w*|reduc\w*|decreas\w*|increas\w*|improv\w*|gain\w*|"
    r"adjust\w*|least.squares|imput\w*|weighted|estimat\w*|model\w*|sums?|composite|subscales?|total|standardi[sz]ed|pooled|studies|trials|"
    r"respectively|versus|vs|compared|responders|non-?responders|completers|survivors|those|whom|remaining|others?|both|either|groups|arms|"
    r"per (?:day|week|month|year|fraction|session))\b",
    re.I,
)
_SIZE = re.compile(
    rf"\b[nN]\s?=\s?(?P<n>\d{{1,4}})\b|"
    rf"(?<![\w.,/–-])(?P<p>\d{{1,4}})\s{{1,3}}(?:(?!(?:in|of|for|among|and|to|was|were|at|on)\b)[a-z-]+\s{{1,3}}){{0,2}}?{PERSONS}\b"
)
LEAST = 5  # patients


def means_of_groups(paper: Paper) -> Iterator[Finding]:
    """GRIM for the only mean of a sentence about so many patients' whole numbers."""
    for sentence in sentences_with(paper.document, _MEAN):
        text = sentence.text
        if not _MEAN.search(text) or not _WHOLE.search(text) or _NOT_ONE.search(text):
            continue
        sizes = {int(match["n"] or match["p"]) for match in _SIZE.finditer(text)}
        mean = centre_alone(sentence)
        if len(sizes) != 1 or mean is None or "." not in mean.text:
            continue
        n = next(iter(sizes))
        if n >= LEAST:
            found = grim_mean(mean.printed, n, place=paper.place(mean.start, mean.end))
            yield _weighed(found, "if every one of them gave one whole number")


# "73.9% of the 27 patients", and "in the subgroup (n = 27), 73.9% of patients"
_SHARE_OF = re.compile(
    rf"(?<![\w.,/–±<>≤≥-])(?P<v>\d{{1,2}}\.\d{{1,2}}|\d{{1,2}})\s{{0,2}}%\s{{1,3}}of\s{{1,3}}(?:the\s{{1,3}}|our\s{{1,3}}|these\s{{1,3}})?(?P<n>\d{{2,3}})\s{{1,3}}"
    rf"(?:(?!(?:in|of|for|among|and|to|was|were|at|on|per)\b)[a-z-]+\s{{1,3}}){{0,2}}?{PERSONS}\b",
    re.I,
)
_SUBGROUP = re.compile(
    rf"^\W{{0,3}}(?:in|of|among)\s{{1,3}}the\s{{1,3}}(?:[a-z-]+\s{{1,3}}){{0,3}}?(?:sub-?group|subset|sample|group|arm|cohort|series)"
    rf"(?:\s{{1,3}}(?:with|of|without|receiving|treated|who)\s[a-z -]{{2,50}})?\s{{0,3}}\(\s?n\s?=\s?(?P<n>\d{{2,3}})\s?\),?\s{{1,3}}"
    rf"(?P<v>\d{{1,2}}(?:\.\d{{1,2}})?)\s{{0,2}}%\s{{1,3}}(?:of\s{{1,3}}(?:the\s{{1,3}})?{PERSONS}\b|responded|had|were|reported|experienced|achieved|showed|developed|received|required|underwent|died|completed)",
    re.I,
)
# "In the 45 patients with ..., local control was achieved in 45%." (the end of the sentence)
_ENDING = re.compile(
    rf"^\W{{0,3}}(?:in|of|among|for)\s{{1,3}}(?:the\s{{1,3}}|our\s{{1,3}}|these\s{{1,3}}|all\s{{1,3}})?(?P<n>\d{{2,3}})\s{{1,3}}"
    rf"(?:[a-z-]+\s{{1,3}}){{0,2}}?{PERSONS}\b[^.;:()\d,]{{0,70}},\s{{1,3}}[^.;:()\d]{{3,80}}?\b(?:in|by|for|with|was|were)\s{{1,3}}(?P<v>\d{{1,2}}(?:\.\d{{1,2}})?)"
    r"\s{0,2}%(?:\s{1,3}of\s{1,3}(?:them|these|cases|patients))?\s{0,2}\.?\s*$",
    re.I,
)
_OTHER_UNIT = re.compile(
    r"\b(?:lesions?|metastases|tumou?rs?|fractures?|sites?|levels?|segments?|eyes|teeth|visits|episodes|cycles|samples|procedures)\b[^,]*$",
    re.I,
)
_NO_SHARE = re.compile(
    r"surviv|kaplan|actuarial|cumulative|estimat|pooled|\bmean\b|median|average|sensitiv|specific|accura|reduc|increas|decreas|improve|change|"
    r"predict|\brate\b|risk|probabil|incidence|relative|weighted|adjust|expected|assum|power|approximat|about|nearly|almost|around|roughly|"
    r"respectively|studies|trials|et al",
    re.I,
)


def shares_of_small_groups(paper: Paper) -> Iterator[Finding]:
    """GRIM for a percentage of so many patients, in a sentence with no other percentage."""
    for sentence in sentences(paper.document):
        text = sentence.text
        if text.count("%") != 1 or sentence.section not in ("abstract", "results", "other"):
            continue
        match = _SHARE_OF.search(text) or _SUBGROUP.search(text) or _ended(text)
        if match is None or _NO_SHARE.search(text) or not _one_size(text, int(match["n"])):
            continue
        n, percent = int(match["n"]), sentence.number(match, "v")
        rough = "." not in percent.text and (match.re is _SHARE_OF or (n < 30 and percent.value % 5 == 0))
        if n < 10 or rough:
            continue
        found = grim_percent(percent.text, n, place=paper.place(percent.start, percent.end))
        yield _weighed(found, "if all of them were counted")


def _ended(text: str) -> re.Match[str] | None:
    """The share at the end of a sentence that begins with the patients; none where its clause counts something else."""
    match = _ENDING.match(text)
    return None if match is None or _OTHER_UNIT.search(text, text.rfind(",")) else match


def _one_size(text: str, n: int) -> bool:
    return {int(match["n"] or match["p"]) for match in _SIZE.finditer(text)} <= {n}


def _weighed(found: Finding, told: str) -> Finding:
    """A flag here rests on something that is not printed: all patients have a value."""
    if not found.flagged:
        return found
    return replace(found, basis="judgement", severity="minor", message=f"{found.message} ({told})")


CHECKS = (means_of_groups, shares_of_small_groups)
