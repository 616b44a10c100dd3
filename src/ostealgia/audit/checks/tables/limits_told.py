"""Scores in any table against limits told in the label of their row, in a column of scales, or in the caption for all rows.

Needed beside tables.scored, which knows scales by their names: here a row says its limits itself ("Sleep quality (0-21)"), or the
caption does for every row ("each scale 0-100"). A table's limits hold where nearly all of its numbers lie on them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ostealgia.audit.checks.reading.scale_limits import limits_told
from ostealgia.audit.checks.reading.scales import ENDS, one_scale, own_scales
from ostealgia.audit.checks.tables.scored import _TIMES, CHANGED, NORMAL, OTHER_QUANTITY, grid_scores, table_scores
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import scale_bound
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.headers import is_weighted, size_in, statistics_in
from ostealgia.io.documents.model import PrintedTable

_TO = r"\s{0,2}(?:-|–|to)\s{0,2}"
_PAIR = re.compile(rf"(?<![\w.,])(?P<low>\d{{1,2}}){_TO}(?P<high>\d{{1,3}})(?![\w%]|[.,]\d)")
# "PHQ-9 (0-27), median (range)", "Sleep quality [0 to 21]": right behind the words, and of no unit
_IN_LABEL = re.compile(
    rf"[A-Za-z0-9)]\s{{0,2}}[(\[]\s?(?:(?:possible\s)?(?:score\s)?range:?\s|scale:?\s|scored\s|from\s|NRS,?\s|VAS,?\s){{0,2}}"
    rf"(?P<low>\d{{1,2}}){_TO}(?P<high>\d{{1,3}})(?:\s?points)?(?:,\s[a-z =-]{{3,40}})?\s?[)\]]"
)
_FOR_ALL = re.compile(
    rf"\b(?:each\s(?:sub)?(?:scale|item|score)s?|all\s(?:sub)?(?:scales|items|scores)|(?:pain\s)?scores?|(?:sub)?scales?|ratings?|numeric(?:al)?\s(?:pain\s)?rating\sscale)\b"
    rf"[\s,(\[:]{{1,3}}(?:(?:NRS|VAS)\)?,?\s)?(?:(?:possible\s)?range[ds]?,?\s|scales?,?\s|a\swhole\snumber\s|whole\snumbers\s|points\s)?(?:from\s|of\s)?"
    rf"(?P<low>[01]){_TO}(?P<high>\d{{1,3}})(?![\w%]|[.,]\d)",
    re.I,
)
_WORDED = re.compile(
    r"[(,;:]\s?(?P<low>[01])\s?=\s?[a-z -]{3,40}(?:,|;|\sto|\s?[-–])\s?(?P<high>\d{1,2})\s?=\s?[a-z -]{3,40}", re.I
)
_SCALE_COLUMN = re.compile(
    r"^\W*(?:(?:possible|score|scale|scoring|theoretical)\s)?(?:range|scale|limits)(?:\s(?:of\s)?scores?)?\W*$", re.I
)
_MEASURED = re.compile(
    r"\b(?:age|bmi|weight|height|time|duration|dose|number|no\.|costs?|years?|months?|weeks?\sof|days?\sof|survival|follow-?up|size|volume|ratio|rate|"
    r"n|%|percent\w*|count|patients|p|cm|mg|kg|ml|odds|hazard|weight|t-?scores?|z-?scores?)\b",
    re.I,
)
_CENTRES = re.compile(r"\b(?:means?|medians?|averages?|m)\b", re.I)
_RANGES = re.compile(r"\b(?:range|iqr|interquartile|quartiles?|q1|25th|percentiles?|min(?:imum)?)\b", re.I)
_VALUE = r"\d{1,3}(?:[.·]\d{1,3})?"
_CELL = re.compile(
    rf"\s*(?P<n>-?{_VALUE})\s?(?:(?:±|\+/-)\s?\d+(?:[.·]\d+)?|[(\[]\s?±?\s?(?P<a>{_VALUE})(?:(?:{_TO}|,\s|;\s)(?P<b>{_VALUE}))?\s?[)\]])?\s*$"
)
LEAST = 3  # numbers of a caption's scale in its table


@dataclass(frozen=True)
class Score:
    """A number of a table that should stand on a scale."""

    number: Number
    label: str
    low: float
    high: float
    sd: str | None
    n: int | None


def scores_of_rows(paper: Paper) -> Iterator[Finding]:
    """scale-bound for means, medians and ranges of rows whose limits are told in the table."""
    found: list[Finding] = []
    for printed in paper.document.tables:
        about = f"{printed.caption} {printed.note}"
        if not is_weighted(about):
            found += _of_table(paper, printed, about)
    if found:
        known = {one.span for check in (table_scores, grid_scores) for one in check(paper) if one.rule == "scale-bound"}
        yield from (one for one in found if not any(_within(one.span, span) for span in known))


def _within(span: tuple[int, int] | None, other: tuple[int, int] | None) -> bool:
    return span is not None and other is not None and other[0] <= span[0] and span[1] <= other[1]


def _of_table(paper: Paper, printed: PrintedTable, about: str) -> Iterator[Finding]:
    names = [printed.column_name(column) for column in range(printed.n_columns)]
    told, by_name = _for_all(about), one_scale(printed.caption, own_scales(paper))
    caption = None if CHANGED.search(printed.caption.split("(")[0]) else told
    scores: dict[tuple[float, float] | None, list[Score]] = {}
    for label, cells, limits, own in _rows(printed, names, caption or by_name):
        if not own and caption is None and _TIMES.sub("", label):
            continue  # the caption only names a scale: rows of times are of it
        for column, text, start in cells:
            for number in _numbers(f"{names[column]} {label} {about}", names[column], text, start):
                said = f"{names[column]} {label} {about}"
                size = size_in(names[column], 0)
                n = int(size.value) if size is not None else None
                one = Score(number, label, *limits, _sd(said, text), n)
                scores.setdefault(None if own else limits, []).append(one)
    for told, several in scores.items():
        inside = sum(one.low <= one.number.value <= one.high for one in several)
        if (
            not inside
            or len(several) - inside > max(1, len(several) // 4)
            or (told is not None and len(several) < LEAST)
        ):
            continue
        for one in several:
            place = paper.place(one.number.start, one.number.end)
            mean = one.sd is not None and one.low <= one.number.value <= one.high
            sd, n = (one.sd, one.n) if mean else (None, None)
            yield scale_bound(one.number.printed, one.low, one.high, sd=sd, n=n, what=one.label, place=place)


def _for_all(about: str) -> tuple[float, float] | None:
    """The only limits that a caption or note tells, where it tells them of scores."""
    told = (*_FOR_ALL.finditer(about), *_WORDED.finditer(about))
    found = {(float(m["low"]), float(m["high"])) for m in told if int(m["high"]) in ENDS}
    return found.pop() if len(found) == 1 and len({(low, high) for *_, low, high in limits_told(about)}) <= 1 else None


def _rows(
    printed: PrintedTable, names: list[str], caption: tuple[float, float] | None
) -> Iterator[tuple[str, list[tuple[int, str, int]], tuple[float, float], bool]]:
    """Rows of scores: label, cells (column, text, start), limits, and whether the row itself tells these."""
    told = [column for column, name in enumerate(names) if _SCALE_COLUMN.match(name)]
    above = ""
    for index, row in enumerate(printed.cells):
        if index < printed.header_rows:
            continue
        label = row[0].text.strip()
        cells = [
            (c, cell.text, cell.start)
            for c, cell in enumerate(row)
            if c and c not in told and not cell.copied and cell.text.strip()
        ]
        if not cells:
            above = label
            continue
        words = f"{above} {label}"
        limits, own = _limits_of(words, row[told[0]].text if len(told) == 1 else "", caption)
        clear = _IN_LABEL.sub(" ", words)
        other = CHANGED.search(clear) or NORMAL.search(words) or OTHER_QUANTITY.search(clear) or _MEASURED.search(clear)
        if limits is not None and (not other or not _TIMES.sub("", label)):
            yield label, cells, limits, own


def _limits_of(label: str, told: str, caption: tuple[float, float] | None) -> tuple[tuple[float, float] | None, bool]:
    pair = _PAIR.fullmatch(told.strip()) if told else None
    if pair is None:
        pair = _IN_LABEL.search(label)
        if pair is not None and (
            (int(pair["low"]) > 1 and "range" not in pair[0].casefold()) or int(pair["high"]) not in ENDS
        ):
            return None, False
    if pair is None:
        return caption, False
    low, high = float(pair["low"]), float(pair["high"])
    return ((low, high), True) if low < high else (None, False)


def _numbers(words: str, heading: str, text: str, start: int) -> Iterator[Number]:
    """The scores of a cell: its mean or median, and the ends of its range where the words say that these stand in brackets."""
    cell = _CELL.match(text)
    if (
        cell is None
        or not _CENTRES.search(words)
        or re.search(r"^\W*(?:p\b|n\b|sd\b|t\b|no\b)|p[- ]?value|difference|effect|95|chang", heading, re.I)
        or statistics_in(heading)
    ):
        return
    groups = ["n"]
    if cell["a"] is not None and cell["b"] is not None:
        if not _RANGES.search(words):
            return
        groups += ["a", "b"]
    for group in groups:
        yield Number(cell[group], start + cell.start(group), start + cell.end(group))


def _sd(words: str, text: str) -> str | None:
    """The SD beside a mean: behind "±", or in brackets that the words say to hold it."""
    cell = _WITH_SD.match(text)
    if cell is None or _NO_SD.search(words) or not re.search(r"\bmeans?\b|\baverage", words, re.I):
        return None
    return cell[2] or (cell[3] if _SD_SAID.search(words) else None)


_WITH_SD = re.compile(rf"\s*({_VALUE})\s?(?:(?:±|\+/-)\s?({_VALUE})|[(\[]\s?±?\s?({_VALUE})\s?[)\]])\s*$")
_SD_SAID = re.compile(r"\bSDs?\b|\bs\.d\.|standard deviation|±", re.I)
_NO_SD = re.compile(r"\bSE\b|\bSEM\b|standard error|\bCI\b|confidence|\brange\b|\bIQR\b|\bmedians?\b", re.I)

CHECKS = (scores_of_rows,)
