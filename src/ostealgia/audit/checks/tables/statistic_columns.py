"""p-vs-statistic in tables with a column of statistics, one of their degrees of freedom (z has none) and one of P."""

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

NEEDED = {"t": 1, "chi2": 1, "F": 2, "Q": 1, "z": 0}  # degrees of freedom
_BARE_Z = re.compile(
    r"^\W*(?:wald\s)?z(?:[\s-]?(?:value|statistic|score)s?)?\W*$", re.I
)  # with P and no estimate beside it
_ESTIMATE = re.compile(
    r"\b(?:SE|s\.e\.|std|CI|OR|HR|RR|SD|B|beta|mean|median|estimate|coef\w*|differ\w*|rank|U|W|n|r|rho|score)\b|β|±|%|ratio",
    re.I,
)
OTHERS = 1  # rows whose P follows that a misfit needs beside it, and twice the misfits
_DF = re.compile(r"^\W*(?:df|d\.f\.?|degrees? of freedom|dof)(?:\W*\(?(?:df)?\)?)?\W*$", re.I)
_DF_TWO = tuple(
    re.compile(rf"^\W*(?:df|d\.f\.?|dof)\W{{0,2}}{which}\W*$", re.I)
    for which in (r"(?:1|num\w*\.?|between)", r"(?:2|den\w*\.?|within|error)")
)
_WITH_DF = re.compile(r"[\s(,\[]+(?:df|d\.f\.?)\s?(?:1?\s?,\s?(?:df)?\s?2?)?\W*$", re.I)  # "F (df)", "t, df"
_TOLD_IN_CELLS = re.compile(
    r"^\W*(?:tests?\W{0,3})?(?:test\s)?(?:statistics?|results?|values?)?(?:\s(?:test|\(df\)))?\W*$", re.I
)
_TOLD = re.compile(
    r"(t|F|Q|χ\s?[2²]|chi\W{0,2}(?:2|squared?))\s?[(\[]\s?(?:df\s?=\s?)?(\d[\d.,;\s]{0,12})[)\]]\s?=\s?[-−–]?\s?(\d{1,4}[.·]\d{1,4})",
    re.I,
)
_NO_NAME = re.compile(r"\b(?:statistics?|values?|stat|wald|pearson|obtained)\b\.?|(?<=t)-(?=[vs])", re.I)
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
NAMED_BY_ROW = "?"  # each row says which test its statistic is of
_DIGIT = re.compile(r"\W*\d")
_TESTS_OF_ROWS = {
    "chi2": re.compile(r"\bchi\b|\bchi-|χ", re.I),
    "t": re.compile(r"\bt[- ]tests?\b|\|\s*t\s*(?:\||$)|\bstudent", re.I),
    "F": re.compile(r"\banova\b|\banalysis of variance|\|\s*F\s*(?:\||$)", re.I),
}
_CLEAR = re.compile(r"^\W*(?:two-sided\s|2-sided\s)?p(?:[\s-]?values?)?\W*$", re.I)  # and nothing else
_WHY = "few of the table's P follow from the statistics beside them: these may be of another test"


@dataclass(frozen=True)
class Columns:
    """Columns of one test: statistic, its df (the same column where they stand in one cell; two for F) and P.

    test : empty where each cell names its own, "t(80) = 2.31".
    """

    test: str
    statistic: int
    df: tuple[int, ...]
    p: int


def p_of_statistic_columns(paper: Paper) -> Iterator[Finding]:
    """Does the P of each row follow from its statistic and its degrees of freedom?"""
    for index, table in enumerate(paper.document.tables):
        if _OTHER.search(f"{table.caption} {table.note}") or not table.cells:
            continue
        names = [table.column_name(column) for column in range(table.n_columns)]
        grouped = index < len(paper.tables) and paper.tables[index].kind == "groups"
        for columns in columns_of(names):
            if grouped and len(columns.df) < 2:
                continue  # their tests are checked against the groups
            found = [one for row in table.body if (one := _row(paper, table, row, columns)) is not None]
            off = sum(one.flagged for one in found)
            sure = len(found) - off >= (
                OTHERS if off == 1 and columns.df and _CLEAR.search(names[columns.p]) else max(OTHERS, 2 * off)
            )
            yield from (one if sure or not one.flagged else lowered(one, _WHY) for one in found)


def columns_of(names: Sequence[str]) -> list[Columns]:
    """The tests of a table by its headings: df beside its statistic, P behind both before any other statistic.

    >>> columns_of(["Domain", "F", "df", "P value"])
    [Columns(test='F', statistic=1, df=(2,), p=3)]
    >>> columns_of(["Domain", "t (df)", "P", "F (df)", "P"])[1]
    Columns(test='F', statistic=3, df=(3,), p=4)
    >>> columns_of(["Domain", "df1", "df2", "F", "Sig."])
    [Columns(test='F', statistic=3, df=(1, 2), p=4)]
    >>> columns_of(["Source", "SS", "df", "MS", "F", "P"])
    []
    """
    found: list[Columns] = []
    for at, name in enumerate(names):
        joined = _WITH_DF.search(name) is not None
        test = _test_of(_WITH_DF.sub("", name) if joined else name)
        if test is None or (test == "z" and not _is_bare_z(names, at)):
            continue
        if test == "z":
            found.append(Columns("z", at, (), at + 1))
            continue
        beside = () if joined else _beside(names, at)
        test = NAMED_BY_ROW if not test and beside else test
        df = (at,) if joined or not test else beside
        if not df:
            continue
        last = max(at, *df)
        behind = next((c for c in (last + 1, last + 2) if c < len(names) and is_p(names[c])), None)
        if behind is None or any(statistics_in(n) for n in names[last + 1 : behind]):
            continue
        pooled = _HETEROGENEITY.search(names[behind]) is not None and test in ("Q", "chi2")
        if pooled or is_plain_p(names[behind]):
            found.append(Columns("Q" if pooled else test, at, df, behind))
    return found


def _is_bare_z(names: Sequence[str], at: int) -> bool:
    """A column of z with that of P right behind it, and no estimate, size or other statistic in the table."""
    others = [name for column, name in enumerate(names) if column not in (at, at + 1)]
    return (
        _BARE_Z.match(names[at]) is not None
        and at + 1 < len(names)
        and is_p(names[at + 1])
        and is_plain_p(names[at + 1])
        and not any(_ESTIMATE.search(name) or statistics_in(name) for name in others)
    )


def _test_of(name: str) -> str | None:
    """The test of a column of statistics; empty where its cells name it; None for another column."""
    if _Q.fullmatch(name):
        return "Q"
    tests = (statistics_in(name) or statistics_in(_NO_NAME.sub(" ", name))) - {"?"}
    if len(tests) == 1 and tests <= NEEDED.keys():
        return next(iter(tests))
    return "" if not tests and name.strip() and _TOLD_IN_CELLS.match(name) else None


def _beside(names: Sequence[str], at: int) -> tuple[int, ...]:
    """The column of df beside that of the statistic, or both where they stand apart; none where it is not certain which."""
    single = [c for c in (at + 1, at - 1) if 0 <= c < len(names) and _DF.match(names[c])]
    if single:
        return tuple(single) if len(single) == 1 else ()
    pairs = [pair for pair in ((at + 1, at + 2), (at - 2, at - 1)) if pair[0] >= 0 and pair[1] < len(names)]
    fitting = [pair for pair in pairs if all(words.match(names[c]) for words, c in zip(_DF_TWO, pair, strict=True))]
    return fitting[0] if len(fitting) == 1 else ()


def _row(paper: Paper, table: PrintedTable, row: Sequence[Cell], columns: Columns) -> Finding | None:
    cells = [row[c] for c in (columns.statistic, *columns.df, columns.p)]
    if any(cell.copied or cell.header for cell in cells) or _OTHER.search(row[0].text):
        return None
    texts = [" ".join(cell.text.replace("·", ".").split()) for cell in cells]
    p = _P.fullmatch(texts[-1])
    read = _read(texts, columns, " | ".join(cell.text for cell in row if not _DIGIT.match(cell.text)))
    if read is None or p is None:
        return None
    test, statistic, degrees = read
    df = _degrees(degrees, NEEDED[test])
    if not df and NEEDED[test]:
        return None
    relation = "" if p[1] == "=" else p[1]
    place = paper.place(cells[-1].start, cells[-1].end)
    found = p_vs_statistic(test, statistic, df, f"{relation} {p[2]}".strip(), place=place)
    return replace(found, rule="heterogeneity") if test == "Q" else found


def _read(texts: Sequence[str], columns: Columns, row_words: str = "") -> tuple[str, str, str] | None:
    """Test, statistic and df of a row; the statistic has places after the point."""
    if not columns.test:
        told = _TOLD.fullmatch(texts[0])
        if told is None:
            return None
        test = {"t": "t", "f": "F", "q": "Q"}.get(told[1].casefold(), "chi2")
        return test, told[3], told[2]
    test = columns.test
    if test == NAMED_BY_ROW:
        named = [name for name, words in _TESTS_OF_ROWS.items() if words.search(row_words)]
        if len(named) != 1:
            return None
        test = named[0]
    joined = columns.df == (columns.statistic,)
    read = (_JOINED if joined else _NUMBER).fullmatch(texts[0])
    if read is None or "." not in read[1]:
        return None
    return test, read[1], read[2] if joined else ", ".join(texts[1:-1])


def _degrees(text: str, needed: int) -> list[float]:
    """The df of one cell ("134", "3, 87"): whole numbers above 0, as many as the test has; else none."""
    parts = [part for part in _SPLIT.split(text.strip()) if part]
    if len(parts) != needed or not all(part.isdigit() and 0 < int(part) < 100_000 for part in parts):
        return []
    return [float(part) for part in parts]


CHECKS = (p_of_statistic_columns,)
