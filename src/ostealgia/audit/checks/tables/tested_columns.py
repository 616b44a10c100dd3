"""P in tables whose groups are rows, or whose means and SDs have columns of their own, against their means, SDs and counts.

Shapes: "Variable | A (n = 40) Mean | SD | B (n = 41) Mean | SD | P"; "Group | n | Mean ± SD | F | P" and "Group | n | Mean | SD | P"
with a row a group and P beside the first of them; "Group | n | Response, n (%) | P" and "Group | Yes | No | P" likewise; and the
categories of one variable below each other with P beside the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.checks.reading.premises import away
from ostealgia.audit.checks.reading.sole_tests import sole_in, sole_tests
from ostealgia.audit.checks.tables.cases import OTHER_TEST
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.counts import chi2_vs_counts
from ostealgia.audit.rules.means import RANKS, Group, t_vs_summary
from ostealgia.audit.rules.p_values import p_vs_statistic
from ostealgia.audit.tables.headers import is_n, is_p, is_plain_p, is_time, is_total, size_in, statistics_in
from ostealgia.errors import OptionError
from ostealgia.io.documents.model import Cell, PrintedTable
from ostealgia.numerics.intervals import Printed

MOST = 8  # groups
FAR = {"table": 0.3, "paper": 0.6, "none": 2.0}  # normal deviates of P from the test, by where the test is named
_V = r"[-−]?\d{1,5}(?:[.·]\d{1,3})?"
_ONE = re.compile(rf"\s*({_V})\s*")
_BOTH = re.compile(rf"\s*({_V})\s{{0,3}}(?:±|\+/-|\(\s?(?:±\s?)?)\s{{0,3}}({_V})\s{{0,2}}\)?\s*")
_WHOLE = re.compile(r"\s*(\d{1,6})\s*")
_COUNT = re.compile(r"\s*(\d{1,6})\s{0,2}(?:/\s?\d{1,6}\s{0,2})?(?:[(\[]\s?(\d{1,3}(?:[.·]\d{1,2})?)\s?%?\s?[)\]])?\s*")
_P = re.compile(r"\s*(?:p\s?)?([<>≤≥=]?)\s?(0?[.·]\d{1,6}|1[.·]0{1,4})\s?[*†‡§a-d]{0,3}\s*", re.I)
_MEAN = re.compile(r"(?:^|[\s,(])means?\W*$", re.I)
_SD = re.compile(r"(?:^|[\s,(±])(?:sd|s\.d\.|std\.? ?dev(?:iation)?\.?|standard deviation)\W*$", re.I)
_MEAN_SD = re.compile(
    r"\bmeans?\b\W{0,6}(?:\(|±|\+/-|,|\[)\W{0,3}(?:sd|s\.d\.|standard deviation)\b|\bx̄?\s?±\s?s\b", re.I
)
_ERRORS = re.compile(r"\bsem?\b|standard error|\bs\.e\.", re.I)
_GROUPS = re.compile(r"\b(?:groups?|arms?|treatments?|cohorts?|regimens?|allocation|assignment)\b", re.I)
_NOT_GROUPS = re.compile(
    r"\btotal\b|\ball\b|\boverall\b|difference|change|\bweeks?\b|\bmonths?\b|\bbaseline\b|\bday\b|\bpre\b|\bpost\b|model|step|"
    r"\bleft\b|\bright\b|\bvisit\b|\bsession\b|\bspine\b|\bhip\b|\beyes?\b",
    re.I,
)
_ANOVA = re.compile(r"\banova\b|\banalys[ie]s of variance\b", re.I)
_OTHER = re.compile(
    r"paired|wilcoxon|mann|kruskal|rank|adjusted|ancova|covari|mixed|repeated|trend|regress|weighted|imput|mcnemar|log-?rank|surviv|"
    r"interaction|armitage|\bp[ -]?(?:values?)? for\b|bonferroni|post.?hoc|change|difference|least.squares|geometric",
    re.I,
)


@dataclass(frozen=True)
class _View:
    """A printed table with the names of its columns and the words around it."""

    paper: Paper
    table: PrintedTable
    names: Sequence[str]
    words: str

    def level(self, rule: str) -> str:
        """Where the test of a rule is named: in the table, in the paper (and no other test), or nowhere."""
        if rule in sole_in(self.words):
            return "table"
        return "paper" if rule in sole_tests(self.paper) else "none"


def p_of_columns(paper: Paper) -> Iterator[Finding]:
    """t-vs-summary and chi2-vs-counts for the P of groups that are rows, or that have a column for means and one for SDs."""
    for table in paper.document.tables:
        names = tuple(table.column_name(column) for column in range(table.n_columns))
        p_columns = [c for c, name in enumerate(names) if is_p(name)]
        if len(p_columns) != 1 or not is_plain_p(names[p_columns[0]]) or not table.cells or not 3 <= len(names) <= 20:
            continue
        words = f"{table.caption} {table.note} {' '.join(names)}"
        caption = {match[0].casefold() for match in OTHER_TEST.finditer(table.caption)} - {"univaria"}
        if caption or _OTHER.search(table.caption) or _ERRORS.search(words):
            continue
        view = _View(paper, table, names, words)
        found = [*_means_side_by_side(view, p_columns[0])] or [*_groups_as_rows(view, p_columns[0])]
        yield from _certain(found)


def _certain(found: Sequence[Finding]) -> Iterator[Finding]:
    """A misfit is told where at most as many others of its table and one are misfits: else the columns are something else."""
    off = sum(one.flagged for one in found)
    yield from (one for one in found if not one.flagged or off <= len(found) - off + 1)


# ---------------------------------------------------------------- mean | SD | mean | SD | P


def _means_side_by_side(view: _View, p_column: int) -> Iterator[Finding]:
    pairs = [
        c for c in range(1, len(view.names) - 1)
        if _MEAN.search(view.names[c]) and _SD.search(view.names[c + 1]) and c + 1 < p_column
    ]  # fmt: skip
    if not 2 <= len(pairs) <= MOST or any(
        is_total(view.names[c]) or is_time(view.names[c]) or _NOT_GROUPS.search(view.names[c]) for c in pairs
    ):
        return
    if any(statistics_in(name) for name in view.names[pairs[-1] + 2 : p_column]):
        return  # the statistic is compared first
    for row in view.table.body:
        if _OTHER.search(row[0].text):
            continue
        sizes = [_size(view, row, c) for c in pairs]
        cells = [(row[c], row[c + 1]) for c in pairs]
        groups = [_group(mean.text, sd.text, n) for (mean, sd), n in zip(cells, sizes, strict=True)]
        yield from _of_means(view, groups, row[p_column], None)


def _size(view: _View, row: Sequence[Cell], column: int) -> int | None:
    """Persons of a mean: of a column of numbers left of it, else of its heading."""
    if column > 1 and is_n(view.names[column - 1].split(" ")[-1]):
        whole = _WHOLE.fullmatch(row[column - 1].text)
        if whole is not None:
            return int(whole[1])
    own = size_in(view.names[column], 0)
    return int(own.value) if own is not None else None


def _group(mean: str, sd: str, n: int | None) -> Group | None:
    one, two = _ONE.fullmatch(mean), _ONE.fullmatch(sd)
    if one is None or two is None or n is None:
        return None
    try:
        return Group.of(_plain(one[1]), _plain(two[1]), n)
    except OptionError:
        return None


def _plain(text: str) -> str:
    return text.replace("·", ".").replace("−", "-")


# ---------------------------------------------------------------- a row a group


def _groups_as_rows(view: _View, p_column: int) -> Iterator[Finding]:
    """Runs of rows of which the first has P and the others have none, each row a group."""
    for label, rows in _runs(view, p_column):
        columns = [c for c in range(label + 1, p_column) if any(row[c].text.strip() for row in rows)]
        statistic = next((c for c in columns if statistics_in(view.names[c])), None)
        columns = [c for c in columns if c != statistic]
        sizes = _sizes(view, rows, columns, label)
        data = [c for c in columns if not is_n(view.names[c])]
        if not data:
            continue
        told = rows[0][statistic] if statistic is not None else None
        groups = _groups(view, rows, data, sizes)
        if groups is not None:
            yield from _of_means(view, groups, rows[0][p_column], told)
        elif told is None:
            yield from _of_counts(view, rows, data, sizes, p_column)


def _runs(view: _View, p_column: int) -> Iterator[tuple[int, list[Sequence[Cell]]]]:
    """Rows from one with P to the last without, with the column of their labels."""
    rows = [row for row in view.table.body if any(cell.text.strip() for cell in row)]
    label = 1 if len(view.names) > 4 and _GROUPS.search(view.names[1]) else 0
    if label == 0 and not (_GROUPS.search(view.names[0]) or is_n(view.names[1])):
        return
    runs: list[list[Sequence[Cell]]] = []
    for row in rows:
        cell = row[p_column]
        if cell.text.strip() and not (cell.copied and runs):
            runs.append([row])
        elif runs:
            runs[-1].append(row)
        else:
            return
    for run in runs:
        labels = [row[label].text.strip() for row in run]
        other = any(_NOT_GROUPS.search(one) or is_time(one) for one in labels)
        if 2 <= len(run) <= MOST and all(labels) and len(set(labels)) == len(run) and not other:
            yield label, run


def _sizes(view: _View, rows: Sequence[Sequence[Cell]], columns: Sequence[int], label: int) -> list[int | None]:
    """Size of each row: in its column of numbers, or behind its name."""
    column = next((c for c in columns if is_n(view.names[c])), None)
    found: list[int | None] = []
    for row in rows:
        whole = _WHOLE.fullmatch(row[column].text) if column is not None else None
        named = size_in(row[label].text, 0)
        found.append(int(whole[1]) if whole else int(named.value) if named is not None else None)
    return found


def _groups(
    view: _View, rows: Sequence[Sequence[Cell]], data: Sequence[int], sizes: Sequence[int | None]
) -> list[Group | None] | None:
    """Mean, SD and size of each row; None where the columns hold something else."""
    if len(data) == 2 and _MEAN.search(view.names[data[0]]) and _SD.search(view.names[data[1]]):
        return [_group(row[data[0]].text, row[data[1]].text, n) for row, n in zip(rows, sizes, strict=True)]
    if len(rows) > 2 and _ANOVA.search(view.paper.document.plain) is None:
        return None  # a P of two of them
    told = f"{view.names[data[0]]} {view.table.caption} {view.table.note}"
    if len(data) != 1 or not (_MEAN_SD.search(told) or all("±" in row[data[0]].text for row in rows)):
        return None
    found: list[Group | None] = []
    for row, n in zip(rows, sizes, strict=True):
        both = _BOTH.fullmatch(row[data[0]].text)
        found.append(_group(both[1], both[2], n) if both is not None else None)
    return found


def _of_means(view: _View, groups: Sequence[Group | None], p_cell: Cell, told: Cell | None) -> Iterator[Finding]:
    """A P, and the t or F before it, of groups."""
    known = [one for one in groups if one is not None]
    p = _P.fullmatch(p_cell.text)
    if len(known) != len(groups) or p is None or not any(one.sd.value > 0 for one in known):
        return
    shown, place = _shown(p), view.paper.place(p_cell.start, p_cell.end)
    if told is not None:
        statistic = _ONE.fullmatch(told.text)
        if statistic is None:
            return
        first = t_vs_summary(known, _plain(statistic[1]), shown, place=view.paper.place(told.start, told.end))
        yield first
        if not first.flagged and len(known) > 2:
            df = [len(known) - 1, sum(one.n for one in known) - len(known)]
            yield p_vs_statistic("F", _plain(statistic[1]), df, shown, place=place)
        return
    found = t_vs_summary(known, None, shown, place=place)
    if found.verdict != "inconsistent":
        yield found
        return
    level = view.level("t-vs-summary") if len(known) == 2 or "anova" in view.paper.document.plain.casefold() else "none"
    if away(found) < FAR[level] or (level == "none" and any(one.sd.value > 0.5 * abs(one.mean.value) for one in known)):
        return
    severity = "minor" if found.severity == "information" else found.severity
    yield replace(found, message=found.message.partition(RANKS)[0], severity=severity, basis="judgement")


def _shown(match: re.Match[str]) -> str:
    return f"{'' if match[1] == '=' else match[1]}{match[2].replace('·', '.')}"


def _of_counts(
    view: _View, rows: Sequence[Sequence[Cell]], data: Sequence[int], sizes: Sequence[int | None], p_column: int
) -> Iterator[Finding]:
    """A P of counts: one column of those with the event beside the sizes, or categories that make up the sizes."""
    p = _P.fullmatch(rows[0][p_column].text)
    cells = [[_COUNT.fullmatch(row[c].text) for c in data] for row in rows]
    if p is None or any(cell is None for row in cells for cell in row):
        return
    counts = [[int(cell[1]) for cell in row if cell is not None] for row in cells]
    shares = [[cell[2] for cell in row if cell is not None] for row in cells]
    if len(data) == 1:
        if any(n is None or not 0 <= k[0] <= n for k, n in zip(counts, sizes, strict=True)):
            return
        if not all(one[0] and _is_share(one[0], k[0], n) for one, k, n in zip(shares, counts, sizes, strict=True)):
            return
        table = [[k[0] for k in counts], [(n or 0) - k[0] for k, n in zip(counts, sizes, strict=True)]]
    else:
        sums = [sum(row) for row in counts]
        if any(n is not None and n != total for n, total in zip(sizes, sums, strict=True)):
            return
        if all(n is None for n in sizes) and not all(
            one and _is_share(one, k, total)
            for row, ks, total in zip(shares, counts, sums, strict=True) for one, k in zip(row, ks, strict=True)
        ):  # fmt: skip
            return
        table = [list(column) for column in zip(*counts, strict=True)]
    if min(sum(row) for row in table) == 0 or min(map(sum, zip(*table, strict=True))) < 3:
        return
    found = chi2_vs_counts(
        table, None, _shown(p), place=view.paper.place(rows[0][p_column].start, rows[0][p_column].end)
    )
    level = view.level("chi2-vs-counts")
    ordered = len(table) > 2
    if found.flagged and (away(found) < (0.5 if level == "none" else FAR[level]) or (ordered and level == "none")):
        return
    yield replace(found, basis="judgement") if found.flagged else found


def _is_share(percent: str, count: int, n: int | None) -> bool:
    return n is not None and n > 0 and Printed.parse(_plain(percent)).fits(100 * count / n)


CHECKS = (p_of_columns,)
