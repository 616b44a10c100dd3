"""What each column of a table holds, and what kind of table it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.grid import Grid
from ostealgia.audit.tables.headers import (
    folded,
    has_ci,
    hint_of,
    is_n,
    is_p,
    is_total,
    limit_in,
    measure_in,
    statistics_in,
)
from ostealgia.audit.tables.model import Column

SINGLE = ("one", "bound", "p", "percent")
_STUDY = re.compile(r"\bet ?al\b|\b(?:19|20)\d\d\b|\[\d+\]|^[A-Z][\w'’-]+ (?:and|&) [A-Z]")
_STUDY_HEAD = re.compile(
    r"^(?:study|studies|author|trial|reference|first author|publication|source|cohort|investigator)", re.IGNORECASE
)
_DF = frozenset(["df", "d.f.", "d.f", "degrees of freedom"])
_SE = frozenset(["se", "s.e.", "s.e", "std. error", "standard error", "sem", "s.e.m."])
LABELS = ("label", "category", "study", "text")


@dataclass(frozen=True)
class Frame:
    """The columns of a table and its kind. label : the column that names the rows.  category : a second one, or None."""

    kind: str
    columns: tuple[Column, ...]
    label: int = 0
    category: int | None = None

    def of(self, *roles: str) -> tuple[Column, ...]:
        """The columns with one of the roles."""
        return tuple(column for column in self.columns if column.role in roles)


def read_frame(grid: Grid) -> Frame:
    """Roles of the columns, and the kind of the table."""
    if not grid.cells or grid.width < 2 or not grid.body:
        return Frame("other", ())
    roles = [_role(grid, column) for column in range(grid.width)]
    roles[0] = "label"
    _limits(grid, roles)
    study = _study_column(grid, roles)
    category = _category(grid, roles) if study is None else None
    kind = _kind(grid, roles, study)
    if kind in ("groups", "characteristics"):
        roles = _of_all([_grouped(grid, roles, i) for i in range(grid.width)], grid)
    columns = tuple(
        Column(index=i, role=role, name=grid.names[i], group=grid.groups[i] or None, n=grid.size(i))
        for i, role in enumerate(roles)
    )
    if study is not None and kind in ("studies", "ratings"):
        columns = tuple(replace(c, role="study") if c.index == study else c for c in columns)
    return Frame(kind, columns, study if study is not None and kind in ("studies", "ratings") else 0, category)


def _role(grid: Grid, column: int) -> str:
    """The role of one column from its header and its cells alone; "data" where only its neighbours can tell."""
    name, last = grid.names[column], grid.lasts[column]
    if any(grid.stars(row, column) for row in grid.body):
        return "stars"
    single = grid.share(column, SINGLE)
    if is_p(last or name) and single >= 0.6:
        return "p_value"
    if statistics_in(last or name) and single >= 0.6:
        return "statistic"
    flat = folded(last)
    if flat in _DF:
        return "df"
    if flat in _SE and single >= 0.6:
        return "std_error"
    if flat.startswith("wald"):
        return "wald"
    measure = measure_in(name) if grid.size(column) is None and not _is_median(name) else None
    triples = grid.share(column, ("triple", "triple p"))
    if is_p(last or name) and triples >= 0.4:
        return "text"  # "P (95% CI)": the interval is of the estimate before it
    if triples >= 0.4 and (measure or has_ci(name)) and not _is_median(name):
        return "estimate"
    if has_ci(last) and measure_in(last) is None and grid.share(column, ("range", "pair")) >= 0.4:
        return "interval"
    if measure and measure_in(last) and single >= 0.5 and measure != "?":
        return "estimate"
    if is_n(last) and single >= 0.6:
        return "n"
    if (flat in ("%", "(%)", "percent", "percentage", "%)") or _beside_counts(grid, column)) and single >= 0.5:
        return "percent"
    return "data" if grid.data_share(column) >= 0.3 else "text"


def _beside_counts(grid: Grid, column: int) -> bool:
    """Whether a column says "%" behind the name of the column of numbers before it ("Drug No." and "Drug %")."""
    name, _, last = grid.names[column].rstrip().rpartition(" ")
    before, _, word = grid.names[column - 1].rstrip().rpartition(" ") if column > 1 else ("", "", "")
    return last in ("%", "(%)") and name != "" and name == before and is_n(word)


def _is_median(name: str) -> bool:
    return (hint_of(name) or "").startswith(("median", "mean range"))


def _limits(grid: Grid, roles: list[str]) -> None:
    """Lower and upper limits in columns of their own."""
    for i, role in enumerate(roles):
        limit = limit_in(grid.lasts[i])
        if limit and role in ("data", "estimate") and (has_ci(grid.names[i]) or "estimate" in roles[max(0, i - 3) : i]):
            roles[i] = limit


def _study_column(grid: Grid, roles: list[str]) -> int | None:
    """The column whose cells cite studies."""
    for column in range(min(4, grid.width)):
        if roles[column] not in LABELS:
            continue
        cells = [grid.text(row, column) for row in grid.body]
        printed = [text for text in cells if text]
        cited = sum(_STUDY.search(text) is not None for text in printed)
        named = _STUDY_HEAD.match(grid.names[column]) is not None
        if len(printed) >= 3 and (cited >= 0.6 * len(printed) or (named and cited >= 0.3 * len(printed))):
            return column
    return None


def _category(grid: Grid, roles: list[str]) -> int | None:
    """A second column of labels: the categories of the variable in the first column."""
    if grid.width < 4 or roles[1] != "text":
        return None
    firsts = [grid.text(row, 0) for row in grid.body]
    seconds = [grid.text(row, 1) for row in grid.body]
    repeated = sum(1 for i, text in enumerate(firsts) if not text or (i and text == firsts[i - 1]))
    if len(set(filter(None, seconds))) < 2 or repeated == 0:
        return None
    return 1


def _kind(grid: Grid, roles: list[str], study: int | None) -> str:
    if roles.count("stars") >= 1 and sum(r == "stars" for r in roles) + roles.count("data") >= 2:
        return "ratings"
    values = [i for i, role in enumerate(roles) if role in ("data", "n", "percent")]
    if study is not None:
        return "ratings" if _looks_rated(grid, roles) else "studies"
    groups = [i for i in values if roles[i] == "data" or (roles[i] in ("n", "percent") and grid.head > 1)]
    sized = sum(grid.size(i) is not None for i in groups)
    compared = any(role in ("p_value", "statistic") for role in roles)
    if len(groups) >= 2 and (sized >= 2 or (compared and "estimate" not in roles) or _has_n_row(grid, groups)):
        return "groups"
    if "estimate" in roles:
        return "effects"
    if len(groups) >= 2 and any(is_total(grid.groups[i]) for i in groups):
        return "groups"
    rich = [i for i in values if any(grid.shape(row, i).data for row in grid.body)]
    if len(rich) == 1 or (len(rich) == 2 and roles[rich[0]] in ("n", "data") and roles[rich[1]] == "percent"):
        return "characteristics"
    return "other"


def _has_n_row(grid: Grid, groups: list[int]) -> bool:
    return size_row(grid, groups) is not None


def size_row(grid: Grid, columns: list[int]) -> int | None:
    """The row near the top that prints the number of patients of each group."""
    for row in list(grid.body)[:3]:
        shapes = [grid.shape(row, column) for column in columns]
        whole = all(shape.form in ("one", "size") and shape.first.text.replace(",", "").isdigit() for shape in shapes)
        if grid.is_size_row(row) and whole:
            return row
    return None


def _looks_rated(grid: Grid, roles: list[str]) -> bool:
    """A total out of a maximum, after columns of whole numbers."""
    totals = [i for i in range(grid.width) if grid.share(i, ("of",)) >= 0.6]
    named = re.search(
        r"newcastle|\bnos\b|quality|risk of bias|jadad|minors", folded(grid.around + " ".join(grid.names))
    )
    return named is not None and (bool(totals) or any(is_total(name) or "score" in folded(name) for name in grid.names[1:])) and not any(
        role in ("estimate", "n") for role in roles
    )  # fmt: skip


_COMBINED = re.compile(r"^(?:combined|both)\b", re.IGNORECASE)
ALIKE = 1.4  # times the only other group: two arms


def _of_all(roles: list[str], grid: Grid) -> list[str]:
    """The roles; an arm that is called "combined" is no column of all where another is, or where another group is as large."""
    totals = [i for i, role in enumerate(roles) if role == "total"]
    named = [i for i in totals if _COMBINED.match(grid.groups[i])]
    columns = [i for i, role in enumerate(roles) if role in ("group", "total", "count")]
    sizes = {i: n.value for i in columns if (n := _size_of(grid, columns, i))}
    most = ALIKE if len(columns) == 2 else 1.0
    arms = [i for i in named if len(totals) > len(named) or sizes.get(i, 1e9) <= most * max(sizes[k] for k in sizes if k != i)] if (
        len(sizes) > 1 or len(totals) > len(named)) else []  # fmt: skip
    return ["group" if i in arms else role for i, role in enumerate(roles)]


def _size_of(grid: Grid, columns: list[int], i: int) -> Number | None:
    """The size of a column, from its header or from the row of sizes."""
    row = size_row(grid, columns)
    return grid.size(i) or (grid.shape(row, i).first if row is not None else None)


def _grouped(grid: Grid, roles: list[str], i: int) -> str:
    """Roles inside a table of groups: data becomes group or total; n and % under a group are its count and percent."""
    role = roles[i]
    if role == "data":
        return "total" if is_total(grid.groups[i]) else "group"
    if role == "n":
        if i + 1 < len(roles) and roles[i + 1] == "percent":
            return "total" if is_total(grid.groups[i]) else "count"
        return "group" if grid.head > 1 else "n"
    return role


def sizes(grid: Grid, frame: Frame) -> dict[int, Number]:
    """Size of the group of each column: from its header, from a row of sizes, or from the caption for a single column."""
    groups = [c.index for c in frame.of("group", "total", "count")]
    found = {c.index: c.n for c in frame.columns if c.n is not None and c.index in groups}
    row = size_row(grid, groups) if groups else None
    if row is not None:
        for column in groups:
            number = grid.shape(row, column).first
            found.setdefault(column, number)
    return found
