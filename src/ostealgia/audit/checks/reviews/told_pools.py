"""pooled-vs-studies inside a passage: a pooled result in words against the studies that the same words list.

Read are one sentence, or two where the second gives the pool alone. The pool is the one estimate that is called so ("the pooled RR");
the others are its studies where they are as many as the passage says, each named or all in one list. The pool of one study is that
study where the passage says that it rests on this study.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reading.facts import parsed
from ostealgia.audit.checks.reading.figures import family
from ostealgia.audit.checks.reading.text import COUNT, Sentence, loose, sentences
from ostealgia.audit.checks.reading.words import spelled, stems
from ostealgia.audit.checks.reviews.refit import Refit, methods_named, refit
from ostealgia.audit.finding import Cause, Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.confidence import Triplet
from ostealgia.audit.rules.significance import show
from ostealgia.audit.statements.model import Estimate
from ostealgia.numerics.intervals import Interval

ALIKE = 0.25  # of half an interval, within which the pool of one study is that study
BEHIND = 90  # characters behind a pool that may say what it is of
FEW = 3  # studies of a pool that is refitted where no model is named
_POOL = re.compile(
    r"\b(?:pooled|summary|combined|meta-?\s?analy(?:tic|sis|sed|zed|ses)|sub-?total|"
    r"(?:overall|sub-?group|common)\s{1,3}(?:estimates?|effects?|results?|ORs?|RRs?|HRs?|MDs?|odds|risk|hazard|ratio|mean\s{1,3}difference))\b",
    re.I,
)
_NAMED = re.compile(r"\bet\s{1,3}al\b|\b[A-Z][\w’'\-]+,?\s{0,3}\(?(?:19[5-9]|20[0-4])\d\b")
_WAS = re.compile(r"[\s,;)\]]*(?:was|is|equalled|came\sto)\s{1,3}(?:an?\s{1,3})?(?:[A-Z]{2,4}\s?[:=]?\s?)?")
_OVERALL = re.compile(r"\boverall\b", re.I)
_SURELY = re.compile(r"\b(?:pooled|summary|combined|meta|sub-?total|sub-?group)", re.I)
_LISTED = re.compile(
    r"[\s,;)\]]*(?:P\s?[=<>]\s?[\d.]+[\s,;)\]]*)?(?:and|versus)?[\s,;(\[]*(?:an?\s)?(?:[A-Z]{2,4}s?\s?[:=]?\s?)?$"
)
# whom or what a pool is of: "the pooled HR for fracture was"
_ABOUT = re.compile(
    r"\b(?:for|of|on|in|among)\s{1,3}((?!all\b|this\b|these\b|that\b|which\b|both\b)[^.;:,()\[\]\d=]{2,60}?)(?=[.;:,()\[\]]|\s(?:was|were|is|gave|showed|\d)|\s?=|\s?$)"
)
_OF_POOLS = stems(
    """pooled summary combined meta analysis ratio odds hazard risk mean difference effect estimate random fixed common model trials studies
    or rr hr md smd comparison subgroup overall interval confidence weighted inverse variance heterogeneity"""
)
_STUDIES = loose(
    rf"(?<![\w.,\-])({COUNT}|an?|both|single|sole)\s(?:[a-z\-]+\s){{0,2}}?(?:studies|study|trials?|cohorts?|RCTs?|comparisons?|articles?|papers?|reports?|arms?)\b"
)
_ALONE = re.compile(
    r"\b[Oo]nly\s{1,3}[A-Z][\w’'\-]+(?:\s{1,3}et\s{1,3}al\.?)?,?\s{0,3}\(?(?:(?:19|20)\d\d)?\)?\s{0,3}contribut|"
    r"\bfrom\s{1,3}[A-Z][\w’'\-]+(?:\s{1,3}et\s{1,3}al\.?)?,?\s{0,3}\(?(?:(?:19|20)\d\d)?\)?\s{0,3}alone\b"
)
_RESTS = loose(
    r"\bcontribut\w+\sto\s(?:this|the)\b|\b(?:included|available|eligible|identified)\s(?:in|for)\s(?:this|the)\b|"
    r"\b(?:single|only|sole)\s(?:eligible\s|available\s|included\s)?(?:study|trial)\s(?:in|of|for)\sthis\b|"
    r"\bin\sthis\s(?:comparison|sub-?group|stratum|analysis)\b|\bthere\swas\s(?:only\s)?(?:one|a\ssingle)\b|"
    r"\bconsist\w+\sof\s(?:only\s)?(?:one|a\ssingle)\b|\bbased\son\s(?:that|this|the|only|a)\s(?:one|single)\b|"
    r"\((?:[^()]{0,40}[;,]\s)?(?:1|one|a\ssingle|single|k\s?=\s?1)\s?(?:study|trial|RCT|cohort)?\)|[;,]\s(?:1|one)\s(?:study|trial)\)"
)
_OTHERS = re.compile(
    r"\b(?:exclu\w+|remov\w+|omit\w+|without|remaining|others?|all|sensitivity|outlier|remained|network|bayes\w*|adjust\w+|respectively|"
    r"previous|earlier|prior|updated?|compared\s{1,3}(?:with|to)|not|differ\w*|whereas|while|than|against|unlike|"
    r"one\s{1,3}of|(?:largest|smallest|strongest)\s{1,3}(?:study|trial|cohort))\b",
    re.I,
)


@dataclass(frozen=True, eq=False)
class Told:
    """One estimate of a passage. before : the words since the estimate before it.  called : a pool or not, by the whole passage."""

    statement: Estimate
    triplet: Triplet
    before: str
    called: bool | None = None

    @property
    def pooled(self) -> bool:
        """Whether it is called a pool; not where only words outside the bracket of a named study do so."""
        if self.called is not None:
            return self.called
        inner = self.before[max(self.before.rfind("("), self.before.rfind("[")) + 1 :]
        return _POOL.search(inner if _NAMED.search(inner) else self.before) is not None


def told_pools(paper: Paper) -> Iterator[Finding]:
    """Does each pool in words follow from the studies that are listed with it?"""
    estimates = [one for one in paper.of_kind(Estimate) if one.cell is None]  # in reading order
    starts = [one.start for one in estimates]
    listed = sentences(paper.document)
    before: tuple[Sentence, list[Told]] | None = None
    for sentence in listed:
        if sentence.section in ("introduction", "methods"):
            continue
        inside = estimates[bisect_left(starts, sentence.start) : bisect_left(starts, sentence.end)]
        told = _told(paper, sentence, inside)
        if len(told) != len(inside):
            before = None
            continue
        text = sentence.text
        if len(told) == 1 and told[0].pooled and before is not None and _follows(before[0], sentence):
            yield from _passage(paper, f"{before[0].text} {text}", [*before[1], *told])
        elif len(told) > 1:
            yield from _passage(paper, text, told)
        before = (sentence, told) if told and not any(one.pooled for one in told) else None


def _follows(first: Sentence, second: Sentence) -> bool:
    return first.block == second.block and 0 <= second.start - first.end < FEW


def _told(paper: Paper, sentence: Sentence, inside: Sequence[Estimate]) -> list[Told]:
    """The estimates of a sentence that have limits, each with the words before it."""
    found: list[Told] = []
    start = sentence.start
    for one in sorted(inside, key=lambda e: e.estimate.start):
        parts = [parsed(part) for part in (one.estimate, one.ci_low, one.ci_high)]
        estimate, low, high = parts
        if estimate is None or low is None or high is None or one.ci_kind != "confidence" or not low.value < high.value:
            continue
        found.append(Told(one, Triplet(estimate, low, high), paper.document.plain[start : one.estimate.start]))
        start = max(one.end, one.estimate.end, *(part.end for part in (one.ci_low, one.ci_high) if part is not None))
    return found


def _passage(paper: Paper, text: str, told: Sequence[Told]) -> Iterator[Finding]:
    told = _behind_its_studies(told)
    pools = [one for one in told if one.pooled]
    studies = [one for one in told if not one.pooled]
    if len(pools) != 1 or not studies or _OTHERS.search(text):
        return
    pool = pools[0]
    if _of_another(paper, text, pool, studies):
        return
    kinds = {family(one.statement.measure) for one in told} - {""}
    if len(kinds) > 1 or any(one.statement.transformed or one.statement.percent for one in told):
        return
    if not all(_inside(one.triplet) for one in told):
        return
    measure = next(iter(kinds), None)
    numbers = {_number(match[1]) for match in _STUDIES.finditer(text)}
    if len(studies) == 1:
        if _OVERALL.search(pool.before) and not _SURELY.search(pool.before):
            return  # of all studies, not of this one
        if (numbers == {1} or (not numbers and _ALONE.search(text))) and (_RESTS.search(text) or _ALONE.search(text)):
            yield _one(paper, pool, studies[0])
    elif numbers == {len(studies)} and _all_listed(pool, told, studies):
        yield from _several(paper, pool, studies, measure, text)


def _of_another(paper: Paper, text: str, pool: Told, studies: Sequence[Told]) -> bool:
    """Whether the words of a pool behind its studies name an outcome or patients that no word of the studies names."""
    if pool.statement.start < studies[0].statement.start:
        return False
    end = max(part.end for part in (pool.statement.estimate, pool.statement.ci_low, pool.statement.ci_high) if part)
    behind = re.split(r"[.;,](?:\s|$)", paper.document.plain[end : end + BEHIND])[0]
    own = " ".join(match[1] for words in (pool.before, behind) for match in _ABOUT.finditer(words))
    told = stems(text.replace(pool.before, " ").replace(behind, " "))
    return bool(stems(own) - _OF_POOLS - told)


def _behind_its_studies(told: Sequence[Told]) -> Sequence[Told]:
    """The estimates, the last of them called a pool in "the pooled OR of the trials, Abel 2010 (...) and Baker 2012 (...), was ..."."""
    first, last = told[0], told[-1]
    named = _POOL.search(first.before)
    if named is None or not _WAS.fullmatch(last.before) or "(" not in first.before[named.end() :]:
        return told
    return [*(replace(one, called=False) for one in told[:-1]), replace(last, called=True)]


def _number(text: str) -> int | None:
    return {"a": 1, "an": 1, "single": 1, "sole": 1, "both": 2}.get(text.lower(), spelled(text))


def _inside(triplet: Triplet) -> bool:
    return (
        triplet.low.interval().low <= triplet.estimate.interval().high
        and triplet.estimate.interval().low <= triplet.high.interval().high
    )


def _all_listed(pool: Told, told: Sequence[Told], studies: Sequence[Told]) -> bool:
    """Whether the studies stand side by side, each with its name, or with nothing between them."""
    at = [told.index(one) for one in studies]
    if at != list(range(at[0], at[0] + len(at))) or told.index(pool) not in (at[0] - 1, at[-1] + 1):
        return False
    return all(_NAMED.search(one.before) for one in studies) or all(_LISTED.match(one.before) for one in studies[1:])


def _one(paper: Paper, pool: Told, study: Told) -> Finding:
    mine, printed = study.triplet, pool.triplet
    half = max(mine.high.value - mine.low.value, printed.high.value - printed.low.value) / 2
    gap = abs(printed.estimate.value - mine.estimate.value)
    same = gap <= max(2 * printed.estimate.unit, ALIKE * half)
    text = f"{mine.estimate.text} ({mine.low.text} to {mine.high.text})"
    return make(
        "pooled-vs-studies",
        paper.place(pool.statement.start, pool.statement.end),
        reported=printed.text,
        verdict="consistent" if same else "impossible",
        severity="none" if same else "major",
        message=f"the passage says that the pooled {printed.text} rests on one study, and gives {text} for that study",
        recomputed=mine.estimate.value,
        values=mine.estimate.interval(),
        cause=None if same else slip(printed.estimate, mine.estimate.value) or Cause(repair=text),
    )


def _several(paper: Paper, pool: Told, studies: Sequence[Told], measure: str | None, text: str) -> Iterator[Finding]:
    listed = [one.triplet for one in studies]
    boxes = [one.estimate.interval() for one in listed]
    least, most = min(box.low for box in boxes), max(box.high for box in boxes)
    inside = pool.triplet.estimate.interval().overlaps(Interval(least, most))
    methods = methods_named(text, "", paper.document.plain)
    again = refit(pool.triplet, listed, measure, "", methods)
    if again.verdict not in ("consistent", "rounding", "off", "narrow", "slip") or (
        len(listed) < FEW and not methods.named and again.verdict not in ("consistent", "rounding")
    ):
        again = Refit("", again.nearest)
    if inside and not again.verdict:
        return
    fitting = again.verdict in ("consistent", "rounding")
    yield make(
        "pooled-vs-studies",
        paper.place(pool.statement.start, pool.statement.end),
        reported=pool.triplet.text,
        verdict="impossible" if not inside else again.verdict if fitting else "inconsistent",
        severity="none" if inside and fitting else "major",
        message=_message(pool.triplet, listed, again, inside),
        recomputed=again.nearest.estimate if again.nearest is not None else None,
        values=Interval(least, most),
        cause=again.cause,
    )


def _message(pool: Triplet, studies: Sequence[Triplet], again: Refit, inside: bool) -> str:
    fit = again.nearest
    near = f"{fit.text(pool.estimate.decimals + 1)} by {fit.label}" if fit is not None else ""
    which = f"the {len(studies)} studies that the passage lists"
    if not inside:
        low, high = (show(f(one.estimate.value for one in studies)) for f in (min, max))
        return f"the estimates of {which} run from {low} to {high}; pooled {pool.text}" + (
            f"; they give {near}" if near else ""
        )
    if again.verdict in ("consistent", "rounding"):
        return f"{pool.text} is {near} from {which}"
    narrow = "so narrow an interval as " if again.verdict == "narrow" else ""
    return f"no usual method gives {narrow}{pool.text} from {which}; they give {near}"


CHECKS = (told_pools,)
