"""cross-reference: the numbers of a sentence that cites one table against the row that its words name.

"Fever was seen in 53 patients of the active group and 32 of the placebo group (Table 2)": the row "Fever" has 33 and 32. Certain where
the other numbers said of the row, or of other rows of the sentence, are those of the table and one slip explains the last; or where
the measure stands right before the number ("odds ratio 3.72") and the row has one such column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reading.text import Sentence, sentences_with
from ostealgia.audit.checks.reading.told import OWN_RESULTS
from ostealgia.audit.checks.reading.words import at_odds, stem, stems
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.totals import cross_reference
from ostealgia.audit.tables.headers import is_p, measure_in
from ostealgia.io.documents.model import PrintedTable
from ostealgia.numerics.intervals import Printed

_CITED = re.compile(r"\btable\s{1,3}(\d{1,2})\b(?!\.\d)", re.I)
_OTHER = re.compile(
    r"\b(?:corrected|correction|bonferroni|holm|rounded|completers?|of (?:those|whom|these)|un-?adjusted|crude|univaria\w+|"
    r"bivaria\w+|subgroup|sensitivity|excluding|per[- ]protocol|difference|differed|changes?|changed|"
    r"(?:in|de)creased? (?:by|of)|reduc\w+ (?:by|of)|imput\w+|interaction|previous(?:ly)?|et al|more than|less than|at least|above|below|"
    r"approximately|about|nearly|almost|sum of|threshold|cut-?off)\b|[<>≤≥~]\s?\d+(?!\.)",
    re.I,
)
_GRADED = re.compile(
    r"\b(?:grades?|stages?|classe?s?|levels?|scores?)\s{1,2}[\dIV]+(?:\s?(?:or|and|to|-|–|/|,)\s?[\dIV]+)*", re.I
)
_VAGUE = re.compile(r"\b(?:others?|any|all|no|none|total|overall|unknown|yes|mean|median)\b", re.I)
_NUMBER = re.compile(r"(?<![\w.,/\-–−])(\d{1,3}(?:,\d{3})+|\d{1,6}(?:[.·]\d{1,4})?)(\s?%)?(?![\w/]|[.·,]\d)")
_IN_CELL = re.compile(r"(?<![\w.])(\d{1,3}(?:,\d{3})+|\d{1,6}(?:[.·]\d{1,4})?)(?!\w|[.·,]\d)")
_INTERVAL = re.compile(
    r"[(\[,;]?\s?(?:\d{2}\s?%\s?(?:CI|confidence interval)s?\W{0,3})\s?-?\d+(?:[.·]\d+)?\s?(?:-|–|−|to|,|;)\s?-?\d+(?:[.·]\d+)?",
    re.I,
)
_NO_DATUM = re.compile(
    r"\b(?:at|after|within|table|tables|fig(?:ure)?\.?|day|week|month|year|grade|stage|aged?|n\s?=|of (?:the|all|our)(?: all)?|"
    r"\d\s(?:out\s)?of)\s{0,2}$",
    re.I,
)
_UNIT = re.compile(
    r"\s{0,2}-?(?:weeks?|months?|years?|days?|hours?|mg|gy|fractions?|groups?|arms?|studies|trials|times|cent(?:re|er)s?)\b",
    re.I,
)
_MEASURE = re.compile(
    r"\b(?P<name>(?:adjusted\s|hazard\s|odds\s|risk\s|rate\s|relative\s)?(?:ratio|risk)|[ac]?OR|[ac]?HR|RR|IRR|P)\b\s{0,2}(?:value\s)?"
    r"(?:for\s[^.,;:()\d]{1,60}?\s(?:was|of|is)|of|was|is|[=:,])?\s{0,2}$"
)
_BEGINS = re.compile(r"(?:^|[,;:(]|\b(?:and|or|in|of|for|the|were|was|had|with|by|mean|median))\s{0,3}$", re.I)
_GOES_ON = re.compile(r"[;]|,\s(?:and|while|whereas|but|with|which)\b|\b(?:while|whereas|but)\b", re.I)
LEAST_LABEL = 4  # letters


@dataclass(frozen=True)
class _Said:
    """A number of a clause: start and end in the sentence, whether it is a percentage, the measure right before it."""

    printed: Printed
    text: str
    start: int
    end: int
    percent: bool
    measure: str | None


@dataclass(frozen=True)
class _Clause:
    """What a sentence says of one row: its numbers, and those of the row by column."""

    label: str
    said: tuple[_Said, ...]
    cells: dict[int, tuple[str, ...]]

    @property
    def numbers(self) -> list[str]:
        return [text for texts in self.cells.values() for text in texts]

    def matched(self, one: _Said) -> bool:
        """Whether the row prints this number, perhaps with more places."""
        return any(
            Printed.parse(text).value == one.printed.value or one.printed.fits(Printed.parse(text).value)
            for text in self.numbers
        )


def cited_rows(paper: Paper) -> Iterator[Finding]:
    """Are the numbers that a sentence tells of a row of the table it cites those of the row?"""
    tables = {
        m[1]: t
        for t in paper.document.tables
        if (m := re.match(r"\s*table\s{1,3}(\d{1,2})\b", t.label or t.caption, re.I))
    }
    if not tables:
        return
    for sentence in sentences_with(paper.document, _CITED):
        cited = {m[1] for m in _CITED.finditer(sentence.text)}
        prose = paper.document.blocks[sentence.block].kind == "paragraph"
        if (
            not prose
            or sentence.section not in OWN_RESULTS
            or len(cited) != 1
            or _OTHER.search(_INTERVAL.sub(" ", sentence.text))
        ):
            continue
        table = tables.get(next(iter(cited)))
        if table is None or not table.start or at_odds(sentence.text, table.caption):
            continue
        clauses = _clauses(sentence, table)
        for clause in clauses:
            yield from _judged(paper, sentence, table, clause, clauses)


def _clauses(sentence: Sentence, table: PrintedTable) -> list[_Clause]:
    """The rows that the sentence names, each with the numbers from its name to the next one."""
    text = sentence.text
    words = [(m.start(), stem(m[0])) for m in re.finditer(r"[^\W\d_]+", text)]
    placed: list[tuple[int, str, int]] = []
    labels = [row[0].text.strip() for row in table.body]
    for i, label in enumerate(labels):
        wanted = stems(re.split(r"[,(]", label)[0])
        if _VAGUE.search(label) or not wanted or sum(map(len, wanted)) < LEAST_LABEL or labels.count(label) > 1:
            continue
        found = [[at for at, word in words if word == one] for one in wanted]
        if all(len(places) == 1 for places in found):
            spots = [places[0] for places in found]
            if max(spots) - min(spots) < 60 and _BEGINS.search(text[: min(spots)]):
                placed.append((min(spots), label, i))
    placed.sort()
    if not placed or len({start for start, _, _ in placed}) != len(placed):
        return []
    first = _NUMBER.search(_CITED.sub(lambda m: " " * len(m[0]), text))
    named = first is not None and _MEASURE.search(text, 0, first.start()) is not None and len(placed) == 1
    if first is None or (first.start() < placed[0][0] and not named):
        return []
    ends = [
        _ends(text, start, end)
        for (start, _, _), end in zip(placed, [p[0] for p in placed[1:]] + [len(text)], strict=True)
    ]
    begins = [0 if k == 0 else start for k, (start, _, _) in enumerate(placed)]
    return [
        _Clause(label, tuple(_said(text, begin, end, f"{label} {table.caption}")), _cells(table, i))
        for (_, label, i), begin, end in zip(placed, begins, ends, strict=True)
    ]


def _ends(text: str, start: int, end: int) -> int:
    """Where the numbers of a name end: with the bracket that begins right behind it, else with the clause."""
    number = _NUMBER.search(text, start, end)
    bracket = text.rfind("(", start, number.start()) if number is not None else -1
    if (
        number is not None
        and bracket >= 0
        and _MEASURE.search(text[bracket : number.start()] or "(") is None
        and number.start() - bracket < 3
    ):
        close = text.find(")", number.end(), end)
        goes_on = (
            re.match(r"\)\s{0,2}(?:with|in|of|on|for|after|vs|versus|and\s\d|compared)\b", text[close:end])
            if close > 0
            else None
        )
        return end if goes_on else close if close > 0 else end
    cut = _GOES_ON.search(text, number.end(), end) if number is not None else None
    return cut.start() if cut is not None else end


def _said(text: str, begin: int, end: int, about: str) -> Iterator[_Said]:
    blank = _GRADED.sub(lambda m: " " * len(m[0]), _INTERVAL.sub(lambda m: " " * len(m[0]), text))
    for match in _NUMBER.finditer(blank, begin, end):
        before = blank[max(begin, match.start() - 90) : match.start()]
        unit = _UNIT.match(blank, match.end())
        other = unit is not None and stem(unit[0].strip(" -")) not in stems(about)
        if before.rstrip()[-1:] in "<>≤≥~" or _NO_DATUM.search(before) or ("." not in match[1] and other):
            continue
        named = _MEASURE.search(before)
        shown = match[1].replace("·", ".").replace(",", "")
        yield _Said(
            Printed.parse(shown), shown, match.start(1), match.end(1), bool(match[2]), named["name"] if named else None
        )


def _cells(table: PrintedTable, i: int) -> dict[int, tuple[str, ...]]:
    row = table.body[i]
    return {
        c: tuple(m[1].replace("·", ".").replace(",", "") for m in _IN_CELL.finditer(row[c].text))
        for c in range(1, len(row))
        if not row[c].copied
    }


def _judged(
    paper: Paper, sentence: Sentence, table: PrintedTable, clause: _Clause, clauses: Sequence[_Clause]
) -> Iterator[Finding]:
    off = [one for one in clause.said if not clause.matched(one)]
    fits = [one for one in clause.said if clause.matched(one)]
    if not clause.said or len(off) > 1:
        return
    elsewhere = [one for other in clauses if other is not clause for one in other.said if other.matched(one)]
    for one in off:
        wanted = _wanted(table, clause, one, fits)
        if wanted is None or not (fits or elsewhere or one.measure):
            continue
        if one.measure is None and (not fits or _of_several(clause, one)):
            continue
        place = paper.place(*sentence.span(one.start, one.end))
        what = f"{clause.label}, {table.label or 'the table'}"
        yield cross_reference(one.text, wanted, what=what, exact=True, severity="minor", place=place)
    if not off:
        for one in fits[:1]:
            place = paper.place(*sentence.span(one.start, one.end))
            yield cross_reference(one.text, one.text, what=f"{clause.label}, {table.label or 'the table'}", place=place)


def _of_several(clause: _Clause, one: _Said) -> bool:
    """Whether the number is a sum or a difference of two of the row, or what is left to 100."""
    firsts = [Printed.parse(texts[0]) for texts in clause.cells.values() if texts]
    shares = [Printed.parse(text) for text in clause.numbers] if one.percent else []
    values = [shown.value for shown in (*firsts, *shares) if one.percent or shown.decimals == one.printed.decimals]
    made = [abs(a + sign * b) for i, a in enumerate(values) for b in values[i + 1 :] for sign in (1, -1)]
    rest = [100 - value for value in values] if one.percent else []
    return any(abs(value - one.printed.value) <= 1.05 * one.printed.unit for value in (*made, sum(values), *rest))


def _wanted(table: PrintedTable, clause: _Clause, one: _Said, fits: Sequence[_Said]) -> str | None:
    """The one number of the row, told by no other of the clause, of which a slip gives the printed one."""
    told = {other.printed.value for other in fits}
    columns = {c: _of_kind(table, c, texts, one) for c, texts in clause.cells.items()}
    if one.measure is not None:
        columns = {c: texts[:1] for c, texts in columns.items() if _is(table.column_name(c), one.measure)}
        if len(columns) != 1:
            return None
    open_ = [text for texts in columns.values() for text in texts if Printed.parse(text).value not in told]
    same = [text for text in open_ if Printed.parse(text).decimals == one.printed.decimals]
    found = {text for text in same if slip(one.printed, Printed.parse(text).value) is not None}
    firsts = found & {texts[0] for texts in columns.values() if texts}
    only = firsts if len(firsts) == 1 else found
    return next(iter(only)) if len(only) == 1 else None


def _of_kind(table: PrintedTable, column: int, texts: Sequence[str], one: _Said) -> tuple[str, ...]:
    """The numbers of a cell that may be the one told: percentages for a percentage, the first for anything else."""
    if not one.percent:
        return tuple(texts[:1])
    shares = texts if "%" in table.column_name(column) and len(texts) == 1 else texts[1:2]
    return tuple(text for text in shares if Printed.parse(text).value <= 100)


def _is(heading: str, measure: str) -> bool:
    """Whether a column holds a measure as the text names it."""
    if measure == "P":
        return is_p(heading)
    own = measure_in(measure)
    return own is not None and measure_in(heading) == own


CHECKS = (cited_rows,)
