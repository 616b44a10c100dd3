"""sample-flow through a passage of several sentences: those at the start, those left out with the reasons, those who remain.

Every number of the passage outside brackets has to have one of these parts by the words beside it; numbers in the brackets behind
those left out are the reasons, in the brackets or the list behind those who remain the groups. A number of another kind ends the
reading. What is told: more remain than the losses leave; fewer remain where the words say that these are all the rest, or where
another sum of the passage says so; reasons that do not add up to those left out.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ostealgia.audit.checks.reading.text import (
    COUNT,
    Sentence,
    count_matches,
    loose,
    numbered_with,
    sentences,
    sentences_with,
)
from ostealgia.audit.checks.reading.words import spelled
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.plausibility import sample_flow
from ostealgia.audit.rules.totals import total_vs_parts

_OF_STAGE = (
    r"(?:screened|assessed|approached|identified|reviewed|eligible|randomi[sz]ed|enrolled|recruited|registered|retrieved|found|invited|"
    r"referred|treated)"
)
_NOUN = (
    r"(?:(?:[a-z\-]+\s){0,3}?(?:patients|participants|subjects|individuals|women|men|children|people|persons|adults|records|articles|"
    r"studies|reports|citations|publications|papers|trials|cases|abstracts|candidates|full\stexts|charts|titles)\s?)?"
)
_WERE = (
    r"(?:(?:of\s(?:them|which|whom)\s|who\s|that\s|which\s)?(?:were\s|was\s|had\sbeen\s)?"
    r"(?:then\s|subsequently\s|finally\s|therefore\s|randomly\s|later\s)?)"
)
_LEAVES = loose(
    rf"\s?{_NOUN}{_WERE}(?:excluded|removed|rejected|deleted|discarded|ineligible|not\s(?:eligible|included|enrolled)|lost\sto|lost\b|withdrew|dropped\sout|declined|refused|duplicates|"
    rf"did\snot\s(?:meet|fulfil|satisfy)|discontinued)\b"
)
_LEFT_OUT = loose(
    r"\b(?:excluded|excluding|exclusion\sof|removal\sof|removed|removing|rejected|discarded|lost)\s(?:a\stotal\sof\s|another\s|a\sfurther\s)?$"
)
_STAYS = loose(
    rf"\s?{_NOUN}{_WERE}(?:randomi[sz]ed|included|analy[sz]ed|enrolled|retrieved|remained|remaining|evaluable|assigned|allocated|screened|formed|completed|entered|"
    rf"made\sup|constituted|underwent|received|eligible)\b"
)
_REST = loose(
    r"\b(?:leaving|the\sremaining|(?:cohort|sample|population|analysis)\s(?:comprised|included|consisted\sof|of)|included|randomi[sz]ed|"
    r"analy[sz]ed|enrolled|assessed|screened|retrieved|kept|allocated)\s(?:a\stotal\sof\s)?$"
)
_ALL_THE_REST = loose(
    r"(?:\bkept\s|\bleaving\s(?:a\stotal\sof\s)?|\bthe\sremaining\s|\bthe\s(?:final|study)\s(?:cohort|sample|population)\s(?:comprised|included|consisted\sof)\s"
    r"(?:a\stotal\sof\s)?)$"
)
_BEGINS = loose(
    rf"\s?(?:{_NOUN}{_WERE}{_OF_STAGE}\b|(?:consecutive\s|eligible\s|randomi[sz]ed\s|potentially\seligible\s)?{_NOUN}(?=[,;:.(]|were\b|was\b|we\b))"
)
_BEGUN = loose(rf"\b(?:{_OF_STAGE}|of|from|among|in|contained|total\sof)\s(?:a\stotal\sof\s|the\s)?$")
_AT_HEAD = re.compile(r"\W*(?:A total of |In total,? )?", re.I)
_IN_HEAD = loose(_OF_STAGE)
_OF_WHOM = loose(r"\b(?:of|among)\s(?:these|them|whom|which|those)\b")
_OTHERS = re.compile(r"\bother(?:s|\s)|\bmiscellaneous\b|\bunknown\b", re.I)
_DOUBLE = re.compile(
    r"\b(?:more than one|multiple|several|some|most|main(?:ly)?|including|such as|e\.g\.|at least|both|overlap|or more)\b",
    re.I,
)
_AGAIN = re.compile(r"\b(?:respectively|each|rescreen\w*|again|additional\w*|another|further|hand)\b", re.I)
_NO_COUNT = re.compile(
    r"\s{0,2}(?:%|(?:to|-|–)\s?\d|(?:months?|weeks?|days?|years?|hours?|mg|kg|gy|points?|centres?|centers?|sites?|hospitals?|countries)\b)",
    re.I,
)
_IN_YEAR = re.compile(
    r"\b(?:in|since|from|to|and|between|until|january|february|march|april|may|june|july|august|september|october|november|december)\s{1,3}(?:\d{1,2},?\s)?$",
    re.I,
)
_LABEL = re.compile(r"(?:tables?|figures?|figs?\.?|phase|grade|stage|aged?|version|appendix)\s{0,2}$", re.I)
_OTHER_SHARE = re.compile(r"\d\s?/\s?\d|(?<![(\[\d.])\b\d{1,3}(?:\.\d+)?\s?%")
_PART_OF = re.compile(
    r"\s{1,2}of\s{1,2}the\s{1,2}\d{1,6}\s{1,2}(?:included|eligible|randomi[sz]ed|enrolled|analy[sz]ed|remaining)\b",
    re.I,
)
_RATIO = re.compile(r"\d\s?:\s?\d")
_FULL_TEXT = re.compile(r"\s{1,2}full[- ]{0,2}texts?\b", re.I)
_BOUND = re.compile(r"[<>≤≥]\s{0,2}$")
_OF_FIGURE = re.compile(
    r"\d\s{1,3}\d|\n\s{0,3}\n|[a-z]\s{1,3}[A-Z][a-z]+[\s-]\d"
)  # the boxes of a flow chart run together
LEAST = 10  # of those at the start
LONGEST = 4  # sentences of one passage
BEFORE = 160  # characters before a number that hold any of the wordings above


@dataclass(frozen=True)
class Step:
    """A number of the flow outside brackets. role : start, out, left.  listed : the numbers in the brackets or list behind it."""

    role: str
    value: int
    start: int  # characters of the document
    end: int
    listed: tuple[int, ...] = ()
    words: str = ""  # of the brackets
    rest: bool = False  # the words say that these are all who remain


@dataclass
class Flow:
    """What is known of a passage: those who may be there, the losses since, whether a sum beside it confirms a number."""

    began: Step | None = None
    lost: list[Step] = field(default_factory=list)


def flow_of_passage(paper: Paper) -> Iterator[Finding]:
    """Does the flow of patients or records add up, and do the reasons for exclusion?"""
    listed = sentences(paper.document)
    for index, sentence in numbered_with(paper.document, _IN_HEAD):
        if sentence.section == "introduction" or _IN_HEAD.search(sentence.text) is None:
            continue
        before = listed[index - 1] if index else None
        if before is not None and before.block == sentence.block and _steps(before):
            continue  # read with the sentence before it
        passage = [sentence]
        for other in listed[index + 1 : index + LONGEST]:
            if other.block != sentence.block:
                break
            passage.append(other)
        yield from _read(paper, passage)


_OF_N = loose(
    rf"(?:\b(?:exclusion\sof|excluding)\s)?(?<![\w.,\-])(?P<out>{COUNT})\s(?:out\s)?of\s(?:the\s)?(?P<all>{COUNT})\s{_NOUN}"
    rf"(?:{_WERE}(?:excluded|withdrew|lost\sto\sfollow-?\s?up|dropped\sout|discontinued|died),?\s(?:and\s)?leaving\s(?P<left>{COUNT})\b|"
    rf",\s(?P<rest>{COUNT})\s(?:remained|could\sbe|were\s(?:included|analy[sz]ed|evaluated|evaluable|eligible)))"
)
_AFTER_LEFT = loose(
    rf"(?<![\w.,\-])(?P<left>{COUNT})\s{_NOUN}were\s(?:included|enrolled|analy[sz]ed|randomi[sz]ed)\s?\(\s?(?P<all>{COUNT})\s(?:were\s)?(?:screened|assessed|identified|"
    rf"eligible),?\s(?:and\s)?(?P<out>{COUNT})\s(?:were\s)?(?:excluded|not\seligible|ineligible)\s?\)"
)


def flow_of_phrase(paper: Paper) -> Iterator[Finding]:
    """Does the flow of one phrase add up: "8 of 131 withdrew, leaving 129"; "257 were included (296 screened, 36 excluded)"?"""
    for sentence in sentences_with(paper.document, _OF_N, _AFTER_LEFT):
        for match in (*_OF_N.finditer(sentence.text), *_AFTER_LEFT.finditer(sentence.text)):
            if match.re is _OF_N and match["rest"] and not match[0].casefold().startswith(("exclu",)):
                continue
            kept = match["left"] or match["rest"]
            values = [spelled(text) for text in (match["all"], match["out"], kept)]
            if None in values or _AGAIN.search(match[0]):
                continue
            everybody, out, left = (value or 0 for value in values)
            if everybody < LEAST or out > 10 * everybody:
                continue
            place = paper.place(*sentence.span(match.start(), match.end()))
            what = "those at the start and those who remain"
            yield sample_flow(everybody, [out], left, what=what, place=place)


def is_chain(sentence: Sentence) -> bool:
    """Whether the flow of a sentence is read here."""
    return len(_steps(sentence)) >= 3


def _read(paper: Paper, passage: Sequence[Sentence]) -> Iterator[Finding]:
    told = [[] if _AGAIN.search(sentence.text) else _steps(sentence) for sentence in passage]
    while [] in told:
        told = told[: told.index([])]
    flow = Flow()
    for number, steps in enumerate(told):
        for step in steps:
            if step.role == "out":
                yield from _reasons(paper, flow, step, steps)
                flow.lost.append(step)
            elif step.role == "left" or (flow.began is not None and (not number or _is_full_text(paper, step))):
                if flow.began is not None and flow.lost:
                    yield from _remain(
                        paper, flow, step, [other.value for later in told[number + 1 :] for other in later]
                    )
                flow.began, flow.lost = step, []
            else:
                flow.began, flow.lost = step, []


def _is_full_text(paper: Paper, step: Step) -> bool:
    """Whether a number counts the texts that the screening left: "... 640 were excluded. Of 60 full-text articles"."""
    return _FULL_TEXT.match(paper.document.plain, step.end) is not None


def _remain(paper: Paper, flow: Flow, left: Step, later: Sequence[int]) -> Iterator[Finding]:
    """Those at the start less those left out, against those who remain."""
    began = flow.began
    if began is None or began.value < LEAST:
        return
    losses = [step.value for step in flow.lost]
    over = began.value - sum(losses) - left.value
    if over < 0 and -over in left.listed:
        return  # "58 were read, 22 excluded and 38 included (2 found by hand)"
    named = any(sum(one.listed) not in (0, one.value) and sum(one.listed) == one.value + over for one in flow.lost)
    grouped = sum(left.listed) == left.value or any(
        a + b == left.value for a, b in itertools.combinations(later[:8], 2)
    )
    if over > 0 and not (left.rest or named or grouped):
        return
    between = paper.document.plain[began.start : left.start]
    if over and _OTHER_SHARE.search(between):
        return  # "400 were enrolled, of whom 95% (380/400) had a sample; 5 were excluded, leaving 375"
    place = paper.place(began.start, left.end)
    yield sample_flow(began.value, losses, left.value, what="those at the start and those who remain", place=place)


def _reasons(paper: Paper, flow: Flow, out: Step, steps: Sequence[Step]) -> Iterator[Finding]:
    """The reasons in brackets against those left out."""
    parts = [part for part in out.listed if part > 0]
    if len(parts) < 2 or _DOUBLE.search(out.words):
        return
    left = next((step for step in steps if step.role == "left" and step.start > out.start), None)
    others = sum(step.value for step in flow.lost)
    says = (
        left is not None
        and flow.began is not None
        and flow.began.value - others - left.value in (out.value, sum(parts))
    )
    if max(parts) > out.value and not (says and _OTHERS.search(out.words)):
        return
    closed = says or len(parts) >= 3 or _OTHERS.search(out.words) is not None
    if sum(parts) != out.value and not (closed and (says or sum(parts) > out.value or _OTHERS.search(out.words))):
        return
    place = paper.place(out.start, out.end)
    yield total_vs_parts(parts, str(out.value), what="the reasons and those left out", place=place)


# ---------------------------------------------------------------- what a number is


@lru_cache(maxsize=8192)
def _steps(sentence: Sentence) -> list[Step]:
    """The numbers of a sentence outside brackets with their parts in the flow; none where one has no part."""
    text = sentence.text
    if _OF_FIGURE.search(text):
        return []
    numbers = [m for m in count_matches(text) if not _not_counted(text, m)]
    depth = _depths(text) if numbers else []
    outer = [m for m in numbers if depth[m.start()] == 0]
    found: list[Step] = []
    for at, match in enumerate(outer):
        value = spelled(match[1])
        if value is None or value < 2:
            return []
        until = outer[at + 1].start() if at + 1 < len(outer) else len(text)
        role = _role(text, match, until, first=not found)
        if role is None:
            if (
                found
                and found[-1].role == "left"
                and at
                and not _OF_WHOM.search(text[outer[at - 1].end() : match.start()])
            ):
                found[-1] = _with_group(found[-1], value)
                continue
            return found if len(found) >= 3 else []
        inner = [n for n in numbers if match.end() <= n.start() < until and depth[n.start()] > 0]
        words = text[match.end() : until] if inner else ""
        close = _closing(text, match.end(), until)
        listed = tuple(v for n in inner if (n.start() < close or role == "left") and (v := spelled(n[1])) is not None)
        rest = _ALL_THE_REST.search(text, max(0, match.start() - BEFORE), match.start()) is not None
        start, end = sentence.span(match.start(), max(match.end(), close if listed else 0))
        found.append(Step(role, value, start, end, listed, words, rest))
    return found


def _with_group(step: Step, value: int) -> Step:
    return Step(step.role, step.value, step.start, step.end, (*step.listed, value), step.words, step.rest)


def _role(text: str, match: re.Match[str], until: int, *, first: bool) -> str | None:
    """Start, out or left, by the words right behind a number, else by those right before it."""
    before = text[: match.start()]
    behind = match.end()
    near_by = max(0, match.start() - BEFORE)
    if _LEAVES.match(text, behind) or _LEFT_OUT.search(text, near_by, match.start()):
        return "out"
    if first and (_BEGUN.search(text, near_by, match.start()) or _AT_HEAD.fullmatch(before)):
        near = _IN_HEAD.search(before, max(0, len(before) - 60)) or _IN_HEAD.search(
            text, behind, min(until, behind + 60)
        )
        if near or _BEGINS.match(text, behind):
            return "start"
    if _STAYS.match(text, behind) or _REST.search(text, near_by, match.start()):
        return "left"
    return None


def _not_counted(text: str, match: re.Match[str]) -> bool:
    """A percentage, a measure, a year, the number of a table."""
    if _NO_COUNT.match(text, match.end()) or _LABEL.search(text[max(0, match.start() - 12) : match.start()]):
        return True
    if _PART_OF.match(text, match.end()):
        return True  # "157 of the 299 included patients"
    if _RATIO.search(text, max(0, match.start() - 2), match.end() + 2):
        return True  # "(1:1)"
    if _BOUND.search(text[max(0, match.start() - 4) : match.start()]):
        return True  # "one patient had <2 cycles"
    year = re.fullmatch(r"(?:19|20)\d\d", match[1]) is not None
    return year and _IN_YEAR.search(text[max(0, match.start() - 16) : match.start()]) is not None


def _depths(text: str) -> list[int]:
    """How many brackets are open at each character."""
    depth, found = 0, []
    for sign in text:
        depth = max(0, depth - 1) if sign in ")]" else depth
        found.append(depth)
        depth += sign in "(["
    return found


def _closing(text: str, start: int, end: int) -> int:
    """Where the first bracket behind a number closes; its start where none opens close by."""
    opens = re.search(r"[(\[]", text[start : min(end, start + 90)])
    if opens is None:
        return start
    depth = 0
    for at in range(start + opens.start(), end):
        depth += (text[at] in "([") - (text[at] in ")]")
        if depth == 0:
            return at + 1
    return end


CHECKS = (flow_of_passage, flow_of_phrase)
