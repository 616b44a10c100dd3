"""sample-flow through a passage, whatever the patients, pupils or records are called.

Each number outside brackets has its part by the verb beside it: those at a stage, those who leave, those who are left. What is told:
those of the last stage, less all who left since, are not those of whom the words say that they are the rest ("leaving 65 residents",
"so 230 dogs entered", "the remaining 241 were randomised", "of these, 49 were excluded and 23 included").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ostealgia.audit.checks.prose.partitions import NUMBERS
from ostealgia.audit.checks.reading.mentions import Mention, mentions, same_thing
from ostealgia.audit.checks.reading.nouns import PEOPLE
from ostealgia.audit.checks.reading.text import Sentence, sentences_with
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.plausibility import sample_flow

_LEAVING = (
    r"(?:exclu\w+|with?drew|withdrawn|declin\w+|refus\w+|ineligible|dropped out|dropouts?|lost|discontinu\w+|"
    r"removed|rejected|discarded|did not|could not|"
    r"(?:were|was|had) no\w?|not|incomplete|duplicates?|died|moved|left|missing|failed|unable|unwilling|stopped|"
    r"emigrated|relocated|cancelled|deceased|empty|invalid|taken out|set aside|left out|filtered out|sold|culled|"
    r"euthani[sz]ed|resigned|transferred|spoiled|contaminated|illegible|blank|undeliverable|deleted|eliminated|"
    r"screen(?:ing)? failures?|violated)"
)
_NOUN = r"(?:(?!(?:and|or|but|so|leaving|with|of|in|to|for|at|on|from|than)\b)[a-z'’-]+\s{1,3}){0,5}?"
_OUT = re.compile(
    rf"\s{{1,3}}(?:of\s(?:them|these|those)\s)?{_NOUN}(?:(?:were|was)\s(?:found|deemed|considered|judged|"
    rf"reported)\s(?:to\s(?:be|have)\s)?)?{_LEAVING}\b",
    re.I,
)
_OUT_BEFORE = re.compile(
    r"\b(?:exclud(?:ed|ing)|exclusion of|removal of|removing|removed|withdrawal of|loss of|losing|lost|rejected|"
    r"discarded|discarding|minus|less)\s{1,3}"
    r"(?:a total of\s|another\s|the\s|a further\s)?$",
    re.I,
)
_STAGE = re.compile(
    rf"\s{{1,3}}{_NOUN}(?:(?:were|was|had been|have been)\s)?(?:[a-z]+ly\s)?(?:screened|assessed|approached|"
    rf"identified|reviewed|eligible|randomi[sz]ed|enrolled|recruited|registered|"
    r"retrieved|found|invited|referred|treated|examined|presented|admitted|included|analy[sz]ed|allocated|"
    r"assigned|evaluated|interviewed|extracted|contacted|seen|returned|"
    r"responded|replied|answered|entered|received|underwent|followed|completed|took part|participated|agreed|"
    r"consented|born|collected|sampled|tested|listed|sent|scheduled|available)\b",
    re.I,
)
_STAGE_BEFORE = re.compile(
    r"\b(?:screened|assessed|approached|identified|reviewed|randomi[sz]ed|enrolled|recruited|registered|"
    r"retrieved|found|invited|referred|treated|examined|included|analy[sz]ed|"
    r"evaluated|interviewed|extracted|contacted|saw|admitted|yielded|data (?:of|from|on)|sent to|records of|"
    r"followed|collected|tested|began with|started with|contained|held)\s{1,3}"
    r"(?:a total of\s|the\s|all\s|all the\s)?$|(?:^|[.;]\s{0,3})(?:of|among|from)\s(?:the\s|these\s|all\s)?$",
    re.I,
)
_THE_REST = re.compile(
    r"(?:\b(?:leaving|left|thus|hence|therefore|so that|so|leaves|resulting in|giving|which leaves|"
    r"which left)\s(?:only\s|us with\s|a total of\s|a final sample of\s|in\s)?|"
    r"\bthe (?:remaining|other|rest,)\s|\b(?:final|remaining|study|analy[sz](?:ed|able|is))\s(?:cohort|sample|"
    r"population|group|set|analysis|data set)\s(?:therefore\s|thus\s)?"
    r"(?:consisted of|comprised|included|contained|was|were|of|had)\s(?:a total of\s|the\s|the remaining\s)?)$",
    re.I,
)
_OF_THESE = re.compile(r"\W*(?:(?:out )?of|among) (?:these|them|those)(?:\s[a-z-]+)?,?\s{1,3}$", re.I)
_OF_OTHERS = re.compile(r"\W*(?:(?:out )?of|among) (?:those|the (?!remaining))[^,\d]{4,},", re.I)
_UNCLEAR = re.compile(
    r"\b(?:respectively|each|re-?screen\w*|additional\w*|both|eyes|knees|episodes|visits|cross\w*|joined|"
    r"rejoined|replac\w*)\b|\b(?:another|a further)\s\d|\d/\d",
    re.I,
)
_KEPT = re.compile(
    rf"\s{{1,3}}{_NOUN}(?:(?:were|was)\s)?(?:[a-z]+ly\s)?(?:randomi[sz]ed|included|analy[sz]ed|enrolled|eligible|"
    rf"completed|remained|evaluated|evaluable|assessed|screened|retained|left)\b",
    re.I,
)
_LEFT_BEHIND = re.compile(rf"\s{{1,3}}{_NOUN}(?:were\sleft|remained|remain)\b(?!\s[a-z])", re.I)
_TAKEN = re.compile(r"\b(?:randomi[sz]ed|allocated|assigned|full[- ]texts?)\b", re.I)
_STUDIES = re.compile(
    r"\s{1,3}(?:[a-z-]+\s{1,3}){0,2}?(?:studies|trials|articles|records|reports|citations|publications|papers|"
    r"abstracts|titles|references|cent(?:re|er)s|sites|hospitals)\b",
    re.I,
)
_PEOPLE = re.compile(rf"\s{{1,3}}(?:[a-z-]+\s{{1,3}}){{0,2}}?{PEOPLE}\b", re.I)
_GROUP_NEXT = re.compile(r"[^.;\d]{0,60}\b(?:and|or|versus|vs)\s{1,3}\d")
LEAST = 10  # of those at the start
LONGEST = 5  # sentences of one passage


@dataclass(frozen=True)
class Step:
    """A number of the flow. role : stage, out, rest; None where it has none."""

    role: str | None
    mention: Mention
    sentence: Sentence


def flow_reading(paper: Paper) -> Iterator[Finding]:
    """Are those of a stage, less those who leave, those who are left?"""
    passage: list[Step] = []
    before: Sentence | None = None
    telling = {one.block for one in sentences_with(paper.document, _OUT, _OUT_BEFORE)}
    for sentence in sentences_with(paper.document, NUMBERS):
        if sentence.section in ("introduction", "discussion") or sentence.block not in telling:
            continue
        if before is None or sentence.block != before.block:
            passage = []
        before = sentence
        if NUMBERS.search(sentence.text) is None:
            continue
        steps = _steps(sentence)
        for step in steps:
            if step.role == "rest":
                yield from _rest(paper, passage, step)
            passage.append(step)


def _rest(paper: Paper, passage: Sequence[Step], rest: Step) -> Iterator[Finding]:
    """The last stage before those who are left, and all who left since."""
    lost: list[Step] = []
    for step in reversed(passage):
        if step.role == "out":
            lost.append(step)
            continue
        if step.role is None or not lost:
            return
        began = step.mention.value
        lost.reverse()
        if began < LEAST or not _clear(step, rest, lost):
            return
        values = [one.mention.value for one in lost]
        left = rest.mention.value
        if left > 3 * began or sum(values) >= 2 * began or began - sum(values) < 0:
            return
        if left != began - sum(values) and (
            not same_thing(rest.sentence.text[rest.mention.end :], _named(step))
            or (left < began - sum(values) and not _is_rest(rest, step))
            or _told_elsewhere(step, rest, abs(began - sum(values) - left), lost)
            or _of_an_earlier(passage, values, left)
        ):
            return
        start = step.sentence.span(step.mention.start, step.mention.end)[0]
        end = rest.sentence.span(rest.mention.start, rest.mention.end)[1]
        what = "those at the start and those who remain"
        yield sample_flow(began, values, left, what=what, place=paper.place(start, end))
        return


def _of_an_earlier(passage: Sequence[Step], losses: Sequence[int], left: int) -> bool:
    """Whether those who are left are the rest of another number of the passage."""
    sums = {sum(losses[a:b]) for a in range(len(losses)) for b in range(a + 1, len(losses) + 1)}
    return any(step.mention.value - lost == left for step in passage for lost in sums)


def _named(step: Step) -> str:
    """The words behind the number of a step, up to the next number."""
    return re.split(r"\d", step.sentence.text[step.mention.end : step.mention.end + 90])[0]


def _is_rest(rest: Step, began: Step) -> bool:
    """Whether nobody else can have left: the words say that these are the rest, or all had been randomised before."""
    before = mentions(rest.sentence.text)[0][: rest.mention.start]
    return _THE_REST.search(before) is not None or _TAKEN.search(_named(began)) is not None


def _clear(first: Step, rest: Step, lost: Sequence[Step]) -> bool:
    """Whether nothing tells of several groups, of another count of the same, or of more who came."""
    for step in (first, *lost, rest):
        begin = first.mention.start if step.sentence is first.sentence else 0
        end = rest.mention.end + 40 if step.sentence is rest.sentence else len(step.sentence.text)
        if _UNCLEAR.search(step.sentence.text, begin, end):
            return False
    texts = [step.sentence.text[step.mention.end : step.mention.end + 60] for step in (first, *lost, rest)]
    if any(map(_STUDIES.match, texts)) and any(map(_PEOPLE.match, texts)):
        return False  # studies that leave, and patients who are left
    return not _GROUP_NEXT.match(rest.sentence.text, rest.mention.end)


def _told_elsewhere(first: Step, rest: Step, off: int, lost: Sequence[Step]) -> bool:
    """Whether the number that would mend the flow stands in the passage, too."""
    used = {first.mention, rest.mention, *(one.mention for one in lost)}
    told = {m.value for step in (first, *lost, rest) for m in mentions(step.sentence.text)[1] if m not in used}
    return off in told


def _steps(sentence: Sentence) -> list[Step]:
    """The numbers of a sentence outside brackets with their parts."""
    clear, found = mentions(sentence.text)
    outer = [one for one in found if one.depth == 0]
    steps: list[Step] = []
    if _OF_OTHERS.match(clear) and outer and outer[0].start > clear.index(","):
        return [Step(None, outer[0], sentence)]  # "of those not enrolled, 316 declined"
    for at, one in enumerate(outer):
        until = outer[at + 1].start if at + 1 < len(outer) else len(clear)
        begin = outer[at - 1].end if at else 0
        if (
            steps
            and steps[-1].role == "out"
            and ":" in clear[steps[-1].mention.end : one.start]
            and ";" not in clear[steps[-1].mention.end : one.start]
        ):
            continue  # the reasons
        steps.append(Step(_role(clear, one, begin, until, steps), one, sentence))
    return steps


def _role(clear: str, one: Mention, begin: int, until: int, steps: Sequence[Step]) -> str | None:
    if not one.counts:
        return None
    before, behind = clear[begin : one.start], clear[one.end : until]
    if _THE_REST.search(before):
        return None if _OUT.match(behind) and not _STAGE.match(behind) else "rest"
    if _OUT.match(behind) or _OUT_BEFORE.search(before):
        return "out"
    going_on = re.fullmatch(r"[^.;:()]*[,\s](?:and\s)?", before) is not None and not re.search(
        r"\b(?:leaving|so|thus)\b", before
    )
    if (
        steps
        and steps[-1].role == "out"
        and going_on
        and not _STAGE.match(behind)
        and re.match(r"\s(?:with|because|due|for|who|whose|[a-z]+\swith)\b", behind)
    ):
        return "out"  # "we excluded 37 patients with missing scans and 25 with metastases"
    if steps and steps[-1].role == "out" and _LEFT_BEHIND.match(behind):
        return "rest"  # "62 duplicates were taken out, 265 records were left"
    if _STAGE.match(behind) or _KEPT.match(behind):
        these = _OF_THESE.fullmatch(clear[: steps[0].mention.start]) is not None if steps else False
        these = these and steps and all(step.role == "out" for step in steps)
        return "rest" if _KEPT.match(behind) and (these or _in_one_clause(before, steps)) else "stage"
    return "stage" if _STAGE_BEFORE.search(before) else None


def _in_one_clause(before: str, steps: Sequence[Step]) -> bool:
    """Whether the words go straight from a stage and those who left on to those who are kept ("6 were lost and 88 analysed")."""
    roles = [step.role for step in steps]
    told = (
        len(roles) >= 2
        and roles[-1] == "out"
        and "stage" in roles
        and all(role == "out" for role in roles[roles.index("stage") + 1 :])
    )
    return told and ";" not in before and re.search(r"\band\s{1,3}$", before) is not None


CHECKS = (flow_reading,)
