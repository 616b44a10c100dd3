"""Means with their spread and medians with quartiles or range: "62.02 ± 11.39", "mean 5.8 (SD 2.1)", "median 7 (IQR 5-9)"."""

from __future__ import annotations

import re

from ostealgia.audit.statements import context
from ostealgia.audit.statements.model import Mean, Median, Number
from ostealgia.audit.statements.parts import Limits, limits_of, point_before
from ostealgia.audit.statements.tokens import Stream
from ostealgia.audit.statements.words import listed

_PLUS = re.compile(r"(?P<mean>n)%?w?±(?P<spread>n)%?")
# 5.8 (SD 2.1) / 5.8 years (SD = 2.1) / 5.8, SD 2.1 / M = 5.8, SD = 2.1
_SPREAD = re.compile(r"(?P<mean>n)%?[wu]{0,2}(?:[\[(,;]{1,2}|f?w?w)(?P<kind>[de])[=:,oi]{0,2}±?(?P<spread>n)%?")
# mean (SD) age, 58.3 (10.2)
_HEADED = re.compile(r"m[wu]{0,3}\((?P<kind>[de])\)[wuoif,:=]{0,9}(?P<mean>n)%?[wu]{0,2}\(±?(?P<spread>n)%?\)")
# median (IQR) age, 58 (50-66)
_MEDIAN = re.compile(r"q[wu]{0,3}[(\[](?P<kind>C)[)\],]?[wuoif,:=)]{0,9}(?P<median>n)%?[wu]{0,2}(?=\()")
_PAIR = re.compile(r"(?P<open>\()(?P<low>n)%?(?P<sep>[-t;,~])(?P<high>n)(?P<percent>%?)(?=[),;])")
_LONE = re.compile(r"q[wuoif,:=]{0,8}(?P<median>n)")


def find_means(stream: Stream, used: set[int], cited: list[tuple[int, int, str]]) -> tuple[list[Mean], set[int]]:
    """Every mean with a spread, and the tokens of their numbers."""
    found: list[Mean] = []
    mine: set[int] = set()
    for pattern in (_PLUS, _HEADED, _SPREAD):
        for match in pattern.finditer(stream.kinds):
            places = match.start("mean"), match.start("spread")
            if (
                any(i in used or i in mine for i in places)
                or stream.sentence_of[places[0]] != stream.sentence_of[places[1]]
            ):
                continue
            mine.update(places)
            kind = stream.kinds[match.start("kind")] if "kind" in match.groupdict() else _kind_near(stream, match)
            found.append(_mean(stream, match, {"d": "sd", "e": "se"}.get(kind or ""), cited))
    return sorted(found, key=lambda mean: mean.start), mine


def _kind_near(stream: Stream, match: re.Match[str]) -> str | None:
    low, high = stream.sentence(match.start())
    kinds = stream.kinds[low:high]
    inside = {kind for kind in "de" if kind in kinds}
    return inside.pop() if len(inside) == 1 else None


def _mean(stream: Stream, match: re.Match[str], kind: str | None, cited: list[tuple[int, int, str]]) -> Mean:
    at = match.start("mean")
    low, high = stream.sentence(at)
    start, end = stream.span(match.start(), match.end() - 1)
    return Mean(
        start=start,
        end=end,
        sentence=stream.span(low, high - 1),
        section=stream.section,
        cell=stream.cell,
        subject=context.subject(stream, at, match.start()),
        group=context.group(stream, match.end() - 1),
        study=context.study(stream, at, cited),
        mean=stream.number(at),
        spread=stream.number(match.start("spread")),
        spread_kind=kind,
        n=None,
        unit=_measure_unit(stream, at),
    )


def _measure_unit(stream: Stream, at: int) -> str | None:
    for i in range(at + 1, min(at + 5, len(stream.kinds))):
        if stream.kinds[i] == "w" and stream.words[i] in UNITS_OF_MEASURE:
            return stream.words[i]
    return None


UNITS_OF_MEASURE = listed("year years month months week weeks day days hours minutes points kg cm mm mg ml")


def find_medians(
    stream: Stream, limits: list[Limits], used: set[int], cited: list[tuple[int, int, str]]
) -> tuple[list[Median], set[int]]:
    """Every median with quartiles or range, medians alone, and ranges of anything; and the tokens of their numbers."""
    found: list[Median] = []
    mine: set[int] = set()
    for one in limits:
        if one.kind not in ("range", "iqr"):
            continue
        point = point_before(stream, one.first, {})
        mine.update(one.tokens())
        if point is None or point in used or point in mine:
            continue
        mine.add(point)
        found.append(_median(stream, point, one, cited))
    if "q" not in stream.kinds:
        return found, mine
    for match in _MEDIAN.finditer(stream.kinds):
        point = match.start("median")
        pair = _PAIR.match(stream.kinds, match.end())
        if pair is None or point in mine or point in used:
            continue
        one = limits_of(stream, pair, stream.values[match.start("kind")], pair.start(), None)
        if one is not None:
            mine.update((point, *one.tokens()))
            found.append(_median(stream, point, one, cited))
    for match in _LONE.finditer(stream.kinds):
        point = match.start("median")
        if (
            point in mine
            or point in used
            or stream.kinds[point + 1 : point + 2] in ("%", "-")
            or not _one_sentence(stream, match)
        ):
            continue
        pair = _PAIR.match(stream.kinds, _behind_unit(stream, point))
        one = limits_of(stream, pair, "unknown", pair.start(), None) if pair is not None else None
        mine.update((point, *(one.tokens() if one else ())))
        found.append(_median(stream, point, one, cited))
    return sorted(found, key=lambda median: median.start), mine


def _one_sentence(stream: Stream, match: re.Match[str]) -> bool:
    return stream.sentence_of[match.start()] == stream.sentence_of[match.end() - 1]


def _behind_unit(stream: Stream, point: int) -> int:
    at = point + 1
    while at < len(stream.kinds) and stream.kinds[at] in "wu" and at < point + 3:
        at += 1
    return at


def _median(stream: Stream, point: int, one: Limits | None, cited: list[tuple[int, int, str]]) -> Median:
    low, high = stream.sentence(point)
    start, end = stream.span(point, one.last if one else point)
    ends: tuple[Number | None, Number | None] = (stream.number(one.low), one.high_number) if one else (None, None)
    kind = one.kind if one is not None and one.kind in ("range", "iqr") else None
    return Median(
        start=start,
        end=end,
        sentence=stream.span(low, high - 1),
        section=stream.section,
        cell=stream.cell,
        subject=context.subject(stream, point, point),
        group=context.group(stream, point),
        study=context.study(stream, point, cited),
        median=stream.number(point),
        low=ends[0],
        high=ends[1],
        kind=kind,
        unit=_measure_unit(stream, point),
    )
