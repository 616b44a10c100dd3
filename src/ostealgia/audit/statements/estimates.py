"""Estimates with their intervals and P: "OR of 3.67 (95% CI: 2.52-5.34)", "-4.4 (95% CI -5.0; -3.7)", "HR 0.68, P = 0.009"."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace

from ostealgia.audit.statements import context
from ostealgia.audit.statements.model import Estimate
from ostealgia.audit.statements.parts import AFTER_COMMA, BARE, RATIO_NAMES, Limits, PPart, limits_of, point_before
from ostealgia.audit.statements.tokens import Stream
from ostealgia.audit.statements.words import listed

DIFFERENCES = frozenset(("MD", "SMD", "RD", "difference", "B"))
LETTER_MEASURES = frozenset("bBdg")

_NUMBER_OF = re.compile(
    r"M(?:\([MCw]\))*(?P<label>\(n%?-?C(?:[;,]P)?\)|\(C\)|[,;]?n%?-?C(?=[=:n]))?"
    r"(?:[=~:]|[,:]?[oi]{0,4}|[ofwuk,\-/mMiLt]{1,14}?[=:i][oi]{0,2})(?P<n>n)"
)
_STRICT = re.compile(r"M[=~](?P<n>n)")
_LIST = re.compile(r"%?(?:,?a|,)(?P<n>n)")
_POINT_TAIL = re.compile(r"%?w{0,2}")


@dataclass(frozen=True, slots=True)
class Draft:
    """An estimate while it is put together; tokens."""

    point: int
    measure: int | None  # the token that names it
    limits: Limits | None = None
    p: PPart | None = None
    name: str | None = None
    anchor: int | None = None


def find_estimates(stream: Stream, limits: list[Limits], p_parts: list[PPart]) -> list[Draft]:
    """Every estimate of a stretch, in reading order, each with the interval and P that belong to it."""
    drafts: dict[int, Draft] = {}
    taken = {part.last: part.first for part in p_parts}
    p_numbers = set(taken)
    inside = {token for one in limits for token in (one.low, one.high)}
    for one in limits:
        if one.kind in ("range", "iqr"):
            continue
        point = point_before(stream, one.first, taken)
        if (
            point is not None
            and point not in inside
            and point not in p_numbers
            and point not in drafts
            and not _versus(stream, one)
        ):
            drafts[point] = Draft(point, _measure_token(stream, point, one.first), one)
    for point, measure, found in _named(stream, p_numbers, limits):
        if point not in drafts:
            drafts[point] = Draft(point, measure, found, _labelled_p(stream, measure, point, found))
    _orphans(stream, limits, drafts)
    ordered = [drafts[point] for point in sorted(drafts)]
    ordered = _with_lists(stream, ordered, p_numbers)
    return _with_p(stream, ordered, p_parts)


def _named(stream: Stream, p_numbers: set[int], limits: list[Limits]) -> list[tuple[int, int, Limits | None]]:
    """Numbers that a measure names: (point, measure token, limits in plain brackets or None)."""
    kinds, found = stream.kinds, []
    inside = {token for one in limits for token in one.tokens()}
    at = kinds.find("M")
    while at >= 0:
        letter = stream.raw[at] in LETTER_MEASURES
        match = (_STRICT if letter else _NUMBER_OF).match(kinds, at)
        if match is not None and _same_sentence(stream, at, match.end() - 1):
            point = match.end() - 1
            loose = stream.values[at] in ("difference", "B") and not letter and "=" not in match.group()
            if point not in p_numbers and point not in inside and not _excluded(stream, point, loose):
                labelled = bool(match.groupdict().get("label"))
                limits_here = _bare_limits(stream, point, stream.values[at], labelled)
                found.append((point, at, limits_here))
                if limits_here is not None:
                    found += _more_bare(stream, limits_here.last, at, labelled, p_numbers)
        at = kinds.find("M", at + 1)
    return found


_LABEL_WITH_P = re.compile(r"\(n%?-?C[;,]P\)")
_THIRD = re.compile(r"[;,](?P<rel><?)(?P<n>n)\)")


def _labelled_p(stream: Stream, measure: int, point: int, limits: Limits | None) -> PPart | None:
    """The P of "HR (95% CI; P) was 0.79 (0.57-1.09; 0.012)", which its label names."""
    if limits is None or _LABEL_WITH_P.search(stream.kinds, measure, point) is None:
        return None
    match = _THIRD.match(stream.kinds, limits.last + 1)
    if match is None or not 0 < stream.value(match.start("n")) < 1:
        return None
    at, relation = match.start("n"), match.start("rel") if match["rel"] else None
    return PPart(at, at, stream.number(at, relation=relation), None, None)


def _versus(stream: Stream, one: Limits) -> bool:
    """Two intervals in one bracket: "(95% CI 698-1196 versus 323-579)"."""
    return bool(re.match(r"w{0,3}[va]n%?[-t;~]n", stream.kinds[one.last + 1 : one.last + 10]))


def _same_sentence(stream: Stream, first: int, last: int) -> bool:
    return stream.sentence_of[first] == stream.sentence_of[last]


def _excluded(stream: Stream, point: int, loose: bool) -> bool:
    """A number that a measure word stands before without being its value."""
    if stream.raw[point][:1].isalpha():
        return True  # "two"
    after = stream.kinds[point + 1 : point + 2]
    if stream.kinds[point + 1 : point + 3] in ("(d", "(e"):
        return True  # a mean with its SD
    if stream.kinds[point + 1 : point + 3] == "tn":
        return True  # the lower end of a range
    if after in ("u", "C", "-", "v") or (after == "%" and stream.kinds[point + 2 : point + 3] in ("C", "-")):
        return True
    if loose:
        return True
    return (
        stream.raw[point].isdigit()
        and after not in (")", ",", ";", "(", "S", "")
        and stream.kinds[point - 1] not in "=:~oi"
    )


def _bare_limits(stream: Stream, point: int, measure: str, labelled: bool) -> Limits | None:
    """Limits in brackets without a label, behind a named effect: "HR 0.68 (0.51-0.91)"."""
    tail = _POINT_TAIL.match(stream.kinds, point + 1)
    match = BARE.match(stream.kinds, tail.end() if tail else point + 1)
    loose = AFTER_COMMA.match(stream.kinds, point + 1) if match is None and measure in RATIO_NAMES else None
    if loose is not None and all("." in stream.raw[i] for i in (point, loose.start("low"), loose.start("high"))):
        match = loose  # "HR 1.12, 1.05-1.20"
    if match is None:
        return None
    found = limits_of(stream, match, "confidence", match.start(), None)
    if found is None or not found.high_number.text:
        return None
    low, high = stream.value(found.low), found.high_number.value
    if labelled:
        return found
    certain = measure in RATIO_NAMES or measure in ("MD", "SMD", "RD")
    holds = low <= stream.value(point) <= high or (
        stream.bare and measure in RATIO_NAMES and "." in stream.raw[found.high]
    )
    return found if certain and holds and "." in stream.raw[found.low] else None


def _more_bare(
    stream: Stream, last: int, measure: int, labelled: bool, p_numbers: set[int]
) -> list[tuple[int, int, Limits | None]]:
    """Further estimates of such a list: "1.45 (1.10-1.91) for age and 2.30 (1.40-3.78) for smoking"."""
    found: list[tuple[int, int, Limits | None]] = []
    high = stream.sentence(last)[1]
    point = stream.kinds.find("n", last + 1, high)
    until = stream.kinds.find("M", last + 1, high)
    while point >= 0 and (until < 0 or point < until):
        more = _bare_limits(stream, point, stream.values[measure], labelled) if point not in p_numbers else None
        named = _own_label(stream, point) or _other_measure(stream, max(last, point - 8), point)
        if more is not None and not named and "." in stream.raw[point] and stream.kinds[point + 1 : point + 2] != "%":
            found.append((point, measure, more))
            point = more.last
        point = stream.kinds.find("n", point + 1, high)
    return found


def _measure_token(stream: Stream, point: int, first: int) -> int | None:
    """The word that names an estimate: between it and its interval, else the last one before it in the sentence."""
    kinds = stream.kinds
    for i in range(point + 1, first):
        if kinds[i] in "MLmq" and stream.raw[i] not in LETTER_MEASURES:
            return i
    low = stream.sentence(point)[0]
    percent = kinds[point + 1 : point + 2] == "%"
    if _own_label(stream, point) or "needed" in stream.words[max(low, point - 12) : point]:
        return None  # "PE: 41%", "the number needed to treat was 21"
    if _other_measure(stream, max(low, point - 8), point):
        return None  # "the attributable risk was 0.24"
    like, i = None, point
    while i > low:
        i -= 1
        if kinds[i] == ")" and i < point - 1:
            opener = _opener_of(stream, i, low)
            i = opener if opener is not None and i - opener > 2 else i  # what brackets hold is an aside
        if kinds[i] == "M" and (stream.raw[i] not in LETTER_MEASURES or kinds[i + 1] == "="):
            if percent and stream.values[i] in RATIO_NAMES:
                return like
            if like is not None and stream.values[i] in ("difference", "B", *RATIO_NAMES) and kinds.count("n", i, like):
                return like
            return i
        if kinds[i] in "mq" and stream.raw[i] != "M":
            return like if like is not None and percent else i
        if kinds[i] == "L" and like is None and (percent or stream.value(point) <= 1) and "n" not in kinds[i:point]:
            like = i
    return like


OTHER_MEASURES = listed(
    "attributable efficacy effectiveness reri excess synergy preventable prevented population-attributable paf"
)


def _other_measure(stream: Stream, first: int, point: int) -> bool:
    """Whether the last measure named before a number is one that is neither a ratio nor a difference."""
    named = [i for i in range(first, point) if stream.words[i] in OTHER_MEASURES]
    return bool(named) and not any(kind in "nM" for kind in stream.kinds[named[-1] + 1 : point])


def _own_label(stream: Stream, point: int) -> bool:
    """An abbreviation of the paper's own right before the number: "PE: 41%"."""
    if stream.kinds[point - 1 : point] not in (":", "=") or point < 2 or stream.kinds[point - 2] != "w":
        return False
    name = stream.raw[point - 2]
    return name.isupper() and 2 <= len(name) <= 5


def _opener_of(stream: Stream, close: int, low: int) -> int | None:
    """The bracket that a closing one closes."""
    for i in range(close - 1, low - 1, -1):
        if stream.kinds[i] == "(" and stream.closer.get(i) == close:
            return i
    return None


def _orphans(stream: Stream, limits: list[Limits], drafts: dict[int, Draft]) -> None:
    """Intervals without a number before them: "1.79 times greater odds of pain than ... (95% CI: 1.31-2.43)"."""
    used = {draft.limits.first for draft in drafts.values() if draft.limits is not None}
    for one in limits:
        if one.kind != "confidence" or one.first in used:
            continue
        low = stream.sentence(one.first)[0]
        for i in range(one.first - 1, low - 1, -1):
            if stream.kinds[i] == "n" and i in drafts:
                apart = stream.opener[i] >= 0 and stream.opener[i] != stream.opener[one.first] and one.first - i > 3
                if drafts[i].limits is None and not apart:
                    drafts[i] = replace(drafts[i], limits=one)
                break
            if stream.kinds[i] == "n" and _times(stream, i):
                name, anchor = _odds_word(stream, i, one.first)
                drafts[i] = Draft(i, None, one, name=name, anchor=anchor)
                break
            if (stream.kinds[i] == ";" and (stream.opener[i] < 0 or one.first - i > 1)) or (
                stream.kinds[i] == "n" and stream.kinds[i + 1] in "%("
            ):
                break


def _times(stream: Stream, i: int) -> bool:
    words = stream.words[i + 1 : i + 3]
    return words[:1] in (["times"], ["fold"]) or words == ["-", "fold"]


def _odds_word(stream: Stream, first: int, last: int) -> tuple[str | None, int]:
    names = {"odds": "OR", "hazard": "HR", "hazards": "HR", "risk": "RR"}
    for i in range(first + 1, min(first + 6, last)):
        if stream.words[i] in names:
            return names[stream.words[i]], first
    return None, first


def _with_lists(stream: Stream, drafts: list[Draft], p_numbers: set[int]) -> list[Draft]:
    """Numbers without a name that continue a list: "ORs of 1.2, 1.5 and 1.7, respectively"."""
    points = {draft.point for draft in drafts}
    more: list[Draft] = []
    for draft in drafts:
        if draft.measure is None or draft.limits is not None or stream.values[draft.measure] not in RATIO_NAMES:
            continue
        low, high = stream.sentence(draft.point)
        if "x" not in stream.kinds[low:high]:
            continue
        at = draft.point
        while match := _LIST.match(stream.kinds, at + 1):
            at = match.start("n")
            if (
                at in points
                or at in p_numbers
                or "." not in stream.raw[at]
                or stream.kinds[at + 1 : at + 2] in ("%", "u")
            ):
                break
            more.append(Draft(at, draft.measure))
            points.add(at)
    return sorted([*drafts, *more], key=lambda draft: draft.point)


# ---------------------------------------------------------------- P

_BETWEEN = re.compile(r"[,;:()a]*(?:[wfLMTom\-/]{0,5})[,;:(]*$")


def _with_p(stream: Stream, drafts: list[Draft], p_parts: list[PPart]) -> list[Draft]:
    """The P of each estimate: right behind it, or right before its name in the same brackets."""
    free = [part for part in p_parts if part.what is None]
    firsts = [part.first for part in free]
    others = {i for part in p_parts if part.what is not None for i in range(part.first, part.last + 1)}
    found: list[Draft] = []
    used: set[int] = set()
    leading = False
    for k, draft in enumerate(drafts):
        last = max(draft.point, draft.limits.last if draft.limits else 0)
        until = drafts[k + 1].point if k + 1 < len(drafts) else len(stream.kinds)
        part = _behind(stream, last, until, free[bisect_right(firsts, last) :], others)
        ahead = _right_before(stream, draft, free)
        following = _right_before(stream, drafts[k + 1], free) if k + 1 < len(drafts) else None
        if (
            ahead is not None
            and ahead.first not in used
            and (part is None or part is following)
            and (k == 0 or leading)
        ):
            part = ahead  # a list in which each P leads: "p = 0.004, OR = 1.49, CI ... and p = 0.02, OR = ..."
        leading = ahead is not None and part is ahead
        if part is None:
            part = _before(stream, draft, drafts[k - 1] if k else None, free, used)
        if part is None:
            part = _inside(draft, free)
        if part is not None and part.first not in used:
            used.add(part.first)
            found.append(replace(draft, p=part))
        else:
            found.append(draft)
    return _with_distant_p(stream, found, [part for part in free if part.first not in used])


def _right_before(stream: Stream, draft: Draft, parts: list[PPart]) -> PPart | None:
    """P with nothing but marks between it and the name of an estimate."""
    anchor = draft.measure if draft.measure is not None else draft.point
    part = next((part for part in reversed(parts) if part.last < anchor), None)
    near = part is not None and anchor - part.last <= 3 and set(stream.kinds[part.last + 1 : anchor]) <= set(",;:")
    return part if near and part is not None and _same_sentence(stream, part.first, anchor) else None


def _behind(stream: Stream, last: int, until: int, parts: list[PPart], others: set[int]) -> PPart | None:
    for part in parts:
        if part.first <= last:
            continue
        if part.first > until or part.first - last > 12 or not _same_sentence(stream, last, part.first):
            return None
        gap = "".join(stream.kinds[i] for i in range(last + 1, part.first) if i not in others).replace("%", "")
        closed = gap.count(")") - gap.count("(")
        return part if _BETWEEN.fullmatch(gap) and closed <= 2 and _simple(stream, last, part) else None
    return None


def _simple(stream: Stream, last: int, part: PPart) -> bool:
    """Only brackets, marks and words about the test stand between an estimate and its P."""
    outside = stream.opener[part.first] < 0 and ")" in stream.kinds[last : part.first]
    words = [stream.words[i] for i in range(last + 1, part.first) if stream.kinds[i] in "wfo"]
    allowed = 2 if outside else 4
    return len(words) <= allowed or part.test is not None


def _inside(draft: Draft, parts: list[PPart]) -> PPart | None:
    """P between an estimate and its limits: "1.42, p = 0.02, 95% CI 1.05-1.92"."""
    if draft.limits is None:
        return None
    return next((part for part in parts if draft.point < part.first and part.last < draft.limits.first), None)


def _before(stream: Stream, draft: Draft, previous: Draft | None, parts: list[PPart], used: set[int]) -> PPart | None:
    """P right before the name of an estimate: "p = 0.001, HR = 1.43"."""
    anchor = draft.measure if draft.measure is not None else draft.point
    for part in reversed(parts):
        if part.last >= anchor:
            continue
        near = anchor - part.last <= 3 and all(kind in ",;w" for kind in stream.kinds[part.last + 1 : anchor])
        alone = (
            previous is None
            or previous.point < part.first - 12
            or not _same_sentence(stream, previous.point, part.first)
        )
        if near and alone and part.first not in used and stream.opener[part.first] == stream.opener[anchor]:
            return part
        return None
    return None


def _with_distant_p(stream: Stream, drafts: list[Draft], parts: list[PPart]) -> list[Draft]:
    """A log-rank P said just before the one hazard ratio of its sentence, or of the next that begins with "This"."""
    found = []
    for draft in drafts:
        name = stream.values[draft.measure] if draft.measure is not None else None
        if draft.p is None and name == "HR":
            at = stream.sentence_of[draft.point]
            same = [other for other in drafts if stream.sentence_of[other.point] == at and _name(stream, other) == "HR"]
            low = stream.sentences[at][0]
            reach = {at, at - 1} if stream.words[low] in ("this", "these", "which", "corresponding") else {at}
            near = [
                p
                for p in parts
                if p.test == "log-rank" and stream.sentence_of[p.first] in reach and p.first < draft.point
            ]
            if len(same) == 1 and len(near) == 1:
                draft = replace(draft, p=near[0])
        found.append(draft)
    return found


def _name(stream: Stream, draft: Draft) -> str | None:
    return stream.values[draft.measure] if draft.measure is not None else draft.name


# ---------------------------------------------------------------- statements

ADJUSTED = {"adjusted": True, "multivariable": True, "multivariate": True, "fully-adjusted": True, "multivariable-adjusted": True,
            "crude": False, "unadjusted": False, "univariable": False, "univariate": False}  # fmt: skip
ADJUSTED_NAMES = {
    "aor": True,
    "aors": True,
    "ahr": True,
    "ahrs": True,
    "airr": True,
    "arr": True,
    "cor": False,
    "uor": False,
}
LOG_WORDS = frozenset(("log", "ln", "logarithm", "log-transformed", "natural"))


def statement(stream: Stream, draft: Draft, cited: list[tuple[int, int, str]]) -> Estimate:
    """The statement of a draft."""
    limits, part = draft.limits, draft.p
    named = draft.measure if draft.measure is not None and draft.measure < draft.point else None
    anchor = named if named is not None and draft.point - named <= 12 else draft.point
    low, high = stream.sentence(draft.point)
    first = min(anchor, draft.point)
    last = max(
        draft.point,
        limits.last if limits else 0,
        part.last if part and _same_sentence(stream, part.first, draft.point) else 0,
    )
    percent = stream.kinds[draft.point + 1 : draft.point + 2] == "%" or bool(limits and limits.percent)
    start, end = stream.span(first, last)
    return Estimate(
        start=start,
        end=end,
        sentence=stream.span(low, high - 1),
        section=stream.section,
        cell=stream.cell,
        subject=context.subject(stream, draft.point, anchor),
        group=context.group(stream, draft.point),
        study=context.study(stream, draft.point, cited),
        measure=_measure_name(stream, draft, percent),
        estimate=stream.number(draft.point),
        ci_low=stream.number(limits.low) if limits else None,
        ci_high=limits.high_number if limits else None,
        ci_level=stream.number(limits.level) if limits and limits.level is not None else None,
        ci_kind=_interval_kind(stream, limits, low, high) if limits else "confidence",
        p_value=part.number if part else None,
        test=part.test if part else None,
        adjusted=_adjusted(stream, draft, anchor),
        percent=percent,
        transformed=_transformed(stream, draft.measure),
    )


def _measure_name(stream: Stream, draft: Draft, percent: bool) -> str | None:
    name = _name(stream, draft)
    if draft.measure is not None and stream.kinds[draft.measure] == "q":
        return "median"
    if draft.measure is not None and stream.kinds[draft.measure] == "m":
        return "mean"
    if percent and (name is None or (name in RATIO_NAMES and stream.kinds[draft.point + 1 : draft.point + 2] == "%")):
        return None
    if name == "difference" and draft.measure is not None:
        return "RD" if percent else "difference"
    return name


UNEVEN = listed(
    "bootstrap bootstrapped bootstrapping profile exact bayesian percentile bca jackknife permutation fieller"
)


def _interval_kind(stream: Stream, limits: Limits, low: int, high: int) -> str:
    """Profile, bootstrap, exact and Bayesian intervals need not be symmetric: they count as credible."""
    if limits.kind == "confidence" and UNEVEN.intersection(stream.words[low:high]):
        return "credible"
    return limits.kind


def _adjusted(stream: Stream, draft: Draft, anchor: int) -> bool | None:
    if draft.measure is not None and stream.raw[draft.measure].lower() in ADJUSTED_NAMES:
        return ADJUSTED_NAMES[stream.raw[draft.measure].lower()]
    low = max(stream.sentence(draft.point)[0], anchor - 4)
    return next((ADJUSTED[word] for word in reversed(stream.words[low:anchor]) if word in ADJUSTED), None)


def _transformed(stream: Stream, measure: int | None) -> bool:
    return measure is not None and bool(LOG_WORDS.intersection(stream.words[max(0, measure - 2) : measure]))


def numbers_used(drafts: list[Draft]) -> set[int]:
    """Tokens of the numbers that estimates use."""
    used: set[int] = set()
    for draft in drafts:
        used.add(draft.point)
        if draft.limits is not None:
            used.update(draft.limits.tokens())
    return used
