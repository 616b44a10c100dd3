"""p-vs-statistic in tables with a column of statistics, one of their degrees of freedom and one of P."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.checks.reading.premises import lowered
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.p_values import p_vs_statistic
from ostealgia.audit.tables.headers import is_p, is_plain_p, statistics_in
from ostealgia.io.documents.model import Cell, PrintedTable

NEEDED = {"t": 1, "chi2": 1, "F": 2, "Q": 1}  # degrees of freedom
OTHERS = 1  # rows whose P follows that a misfit needs beside it, and twice the misfits
_DF = re.compile(r"^\W*(?:df|d\.f\.?|degrees? of freedom|dof)(?:\W*\(?(?:df)?\)?)?\W*$", re.I)
_WITH_DF = re.compile(r"[\s(,\[]+(?:df|d\.f\.?)\s?(?:1?\s?,\s?(?:df)?\s?2?)?\W*$", re.I)  # "F (df)", "t, df"
_SPLIT = re.compile(r"\s*(?:,|;|/|\band\b)\s*")
_NUMBER = re.compile(r"[-−–]?\s?(\d{0,4}(?:[.·]\d{1,4})?)")
_JOINED = re.compile(r"[-−–]?\s?(\d{1,4}[.·]\d{1,4})\s?[(\[]\s?(\d[\d.,;\s]{0,12})[)\]]")
_P = re.compile(r"(?:p\s?)?([<>≤≥=]?)\s?(0?[.·]\d{1,6}|1[.·]0{1,4})\s?[*†‡§a-d]{0,3}", re.I)
_OTHER = re.compile(
    r"one-?\s?(?:sided|tailed)|bonferroni|holm|tukey|dunnett|scheff|games|adjusted|corrected|fdr|false discovery|greenhouse|huynh|"
    r"sphericity|permut|bootstrap|imput|kruskal|friedman|satterthwaite|kenward|robust|\bfit\b|rmsea|cfi",
    re.I,
)
_Q = re.compile(r"\W*(?:Cochran(?:'s|’s)?\s)?Q(?:[\s-]?(?:statistic|value|test))?\W*", re.I)
_HETEROGENEITY = re.compile(r"heterogen|\bhet\b", re.I)
_WHY = "few of the table's P follow from the statistics beside them: these may be of another test"


@dataclass(frozen=True)
class Columns:
    """Columns of one test: statistic, its df (the same column where they stand in one cell) and P."""

    test: str
    statistic: int
    df: int
    p: int


def p_of_statistic_columns(paper: Paper) -> Iterator[Finding]:
    """Does the P of each row follow from its statistic and its degrees of freedom?"""
    for index, table in enumerate(paper.document.tables):
        if _OTHER.search(f"{table.caption} {table.note}") or not table.cells:
            continue
        names = [table.column_name(column) for column in range(table.n_columns)]
        if index < len(paper.tables) and paper.tables[index].kind == "groups":
            continue  # their tests are checked against the groups
        for columns in columns_of(names):
            found = [one for row in table.body if (one := _row(paper, table, row, columns)) is not None]
            off = sum(one.flagged for one in found)
            sure = len(found) - off >= max(OTHERS, 2 * off)
            yield from (one if sure or not one.flagged else lowered(one, _WHY) for one in found)


def columns_of(names: Sequence[str]) -> list[Columns]:
    """The tests of a table by its headings: df beside its statistic, P behind both before any other statistic.

    >>> columns_of(["Domain", "F", "df", "P value"])
    [Columns(test='F', statistic=1, df=2, p=3)]
    >>> columns_of(["Domain", "t (df)", "P", "F (df)", "P"])[1]
    Columns(test='F', statistic=3, df=3, p=4)
    >>> columns_of(["Source", "SS", "df", "MS", "F", "P"])
    []
    """
    found: list[Columns] = []
    for at, name in enumerate(names):
        joined = _WITH_DF.search(name) is not None
        alone = _WITH_DF.sub("", name) if joined else name
        tests = frozenset(("Q",)) if _Q.fullmatch(alone) else statistics_in(alone)
        if len(tests) != 1 or not tests <= NEEDED.keys():
            continue
        beside = [c for c in (at + 1, at - 1) if 0 <= c < len(names) and _DF.match(names[c])]
        if not joined and len(beside) != 1:
            continue
        df = at if joined else beside[0]
        last = max(at, df)
        behind = next((c for c in (last + 1, last + 2) if c < len(names) and is_p(names[c])), None)
        pooled = behind is not None and _HETEROGENEITY.search(names[behind]) is not None and tests <= {"Q", "chi2"}
        if (
            behind is None
            or not (pooled or is_plain_p(names[behind]))
            or any(statistics_in(n) for n in names[last + 1 : behind])
        ):
            continue
        found.append(Columns("Q" if pooled else next(iter(tests)), at, df, behind))
    return found


def _row(paper: Paper, table: PrintedTable, row: Sequence[Cell], columns: Columns) -> Finding | None:
    cells = [row[c] for c in (columns.statistic, columns.df, columns.p)]
    if any(cell.copied or cell.header for cell in cells):
        return None
    texts = [" ".join(cell.text.replace("·", ".").split()) for cell in cells]
    read = _JOINED.fullmatch(texts[0]) if columns.df == columns.statistic else _NUMBER.fullmatch(texts[0])
    p = _P.fullmatch(texts[2])
    if read is None or p is None or not read[1] or "." not in read[1]:
        return None
    df = _degrees(read[2] if columns.df == columns.statistic else texts[1], NEEDED[columns.test])
    if not df:
        return None
    relation = "" if p[1] == "=" else p[1]
    place = paper.place(cells[2].start, cells[2].end)
    found = p_vs_statistic(columns.test, read[1], df, f"{relation} {p[2]}".strip(), place=place)
    return replace(found, rule="heterogeneity") if columns.test == "Q" else found


def _degrees(text: str, needed: int) -> list[float]:
    """The df of one cell ("134", "3, 87"): whole numbers above 0, as many as the test has; else none."""
    parts = [part for part in _SPLIT.split(text.strip()) if part]
    if len(parts) != needed or not all(part.isdigit() and 0 < int(part) < 100_000 for part in parts):
        return []
    return [float(part) for part in parts]


CHECKS = (p_of_statistic_columns,)
