"""Rows of a table of groups: variables, their categories, and what the numbers of each cell are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.cells import Shape
from ostealgia.audit.tables.columns import Frame
from ostealgia.audit.tables.grid import Grid
from ostealgia.audit.tables.headers import hint_of, is_p, several_hints, size_in, statistics_in, studies_in
from ostealgia.audit.tables.model import Entry, Line
from ostealgia.numerics.intervals import as_interval

CONTINUOUS = re.compile(
    r"\b(?:age|bmi|body mass|scores?|index|weight|height|durations?|time|(?<!any )dose|levels?|h(?:a)?emoglobin|albumin|crp|volume|size|"
    r"length|mg|mmol|g/d?l|kg|pressure|rate|survival|pain|nrs|vas|scale|rating|follow-?up|ph|ml|units?)\b",
    re.IGNORECASE,
)

_MEAN_SD = re.compile(r"\bmeans? ?(?:\(|± ?|and )(?:sds?|standard deviations?)\b", re.IGNORECASE)

# form of a cell -> parts in their order, where the form alone tells
PARTS: dict[str, tuple[str, ...]] = {
    "count percent": ("count", "percent"),
    "percent count": ("percent", "count"),
    "of": ("count", "n"),
    "of percent": ("count", "n", "percent"),
    "percent of": ("percent", "count", "n"),
    "percent": ("percent",),
    "size": ("n",),
    "range": ("low", "high"),
    "triple": ("value", "low", "high"),
    "triple p": ("value", "low", "high", "p_value"),
    "p": ("p_value",),
    "bound": ("p_value",),
}
# (form, hint) -> parts, where the words tell
HINTED: dict[tuple[str, str], tuple[str, ...]] = {
    ("pair", "count percent"): ("count", "percent"),
    ("pair", "of percent"): ("count", "percent"),
    ("pair", "percent count"): ("percent", "count"),
    ("pair", "mean sd"): ("mean", "sd"),
    ("pair", "mean se"): ("mean", "se"),
    ("plus minus", "mean se"): ("mean", "se"),
    ("plus minus range", "mean se"): ("mean", "se", "low", "high"),
    ("triple", "median iqr"): ("median", "low", "high"),
    ("triple", "median range"): ("median", "low", "high"),
    ("triple", "median"): ("median", "low", "high"),
    ("triple", "mean ci"): ("mean", "ci_low", "ci_high"),
    ("triple", "mean range"): ("mean", "low", "high"),
    ("triple", "mean"): ("mean", "low", "high"),
    ("one", "count percent"): ("count",),
    ("one", "count"): ("count",),
    ("one", "percent"): ("percent",),
    ("one", "mean"): ("mean",),
    ("one", "median"): ("median",),
}


@dataclass
class Row:
    """One row while it is being understood."""

    row: int
    label: str
    variable: str
    depth: int
    hint: str | None
    cells: dict[int, Shape]
    tested: bool
    indent: int = 0
    section: bool = False
    size: int | None = None  # patients, told by its own label
    empty: bool = False
    parts: dict[int, dict[str, Number]] = field(default_factory=dict)


def group_rows(grid: Grid, frame: Frame, columns: Sequence[int], sizes: Mapping[int, Number]) -> list[Row]:
    """The rows of a table of groups, each with its variable and its parts.

    columns : those that hold the groups' numbers.  sizes : column -> number of patients.
    """
    rows = [_row(grid, frame, columns, row) for row in grid.body]
    rows = [row for row in rows if row.label or row.cells]
    last = _second_header(grid, sizes)
    rows = [row for row in rows if row.row < last]
    _hierarchy(rows, columns, {c: int(n.value) for c, n in sizes.items()}, frame)
    _interpret(grid, rows, {c: int(n.value) for c, n in sizes.items()})
    return rows


def _second_header(grid: Grid, sizes: Mapping[int, Number]) -> int:
    """The row of a second header with other sizes ("B. Second study | A (N = 13) | B (N = 12)"), else that behind the last."""
    for row in grid.body if len(sizes) >= 2 else ():
        found = {c: size_in(grid.text(row, c), 0) for c in sizes if grid.shape(row, c).form == "text"}
        printed = {c: n for c, n in found.items() if n is not None}
        if len(printed) == len(sizes) and any(n.value != sizes[c].value for c, n in printed.items()):
            return row
    return grid.body.stop


def _row(grid: Grid, frame: Frame, columns: Sequence[int], row: int) -> Row:
    label = grid.text(row, 0)
    level = grid.text(row, frame.category) if frame.category is not None else ""
    cells = {c: grid.shape(row, c) for c in columns if grid.shape(row, c).form not in ("blank", "text", "reference")}
    unclear = any(grid.shape(row, c).form == "text" for c in columns)
    tested = any(grid.shape(row, c.index).data for c in frame.of("statistic", "p_value"))
    dead = is_p(label) or bool(statistics_in(label)) or grid.is_size_row(row) or (unclear and not cells)
    made = Row(
        row,
        level or label,
        label,
        1 if level else 0,
        hint_of(label),
        cells if not dead else {},
        tested,
        grid.indent(row),
    )
    made.section = dead
    made.empty = all(grid.text(row, c) in ("", label) for c in range(1, grid.width))
    own = _label_sizes(grid, made).get("n")
    made.size = int(own.value) if own is not None else None
    return made


def _hierarchy(rows: Sequence[Row], columns: Sequence[int], sizes: Mapping[int, int], frame: Frame) -> None:
    """Which rows are categories of which variable: by a second label column, by indentation, else by missing numbers."""
    if frame.category is not None:
        _by_column(rows)
        return
    indents = {row.indent for row in rows}
    if len(indents) > 1:
        _by_indent(rows, min(indents))
        return
    head: Row | None = None
    kept: list[Row] = []
    for row in rows:
        if row.section:
            head, kept = None, []
        elif not row.cells or all(shape.form == "size" for shape in row.cells.values()):
            head, kept = row, []
        elif head is not None and _belongs(row, head, kept, columns, sizes):
            row.depth, row.variable = 1, head.label
            kept.append(row)
        else:
            head, kept = None, []


def _by_column(rows: Sequence[Row]) -> None:
    above = ""
    for row in rows:
        name = row.variable or above
        above = name
        row.variable = name
        row.hint = row.hint or hint_of(name)


def _by_indent(rows: Sequence[Row], least: int) -> None:
    head: Row | None = None
    for row in rows:
        if row.indent <= least or head is None or row.empty:
            head = row
        else:
            row.depth, row.variable = 1, head.label


def _belongs(row: Row, head: Row, kept: Sequence[Row], columns: Sequence[int], sizes: Mapping[int, int]) -> bool:
    """Whether a row is a category of the variable above it."""
    if row.size is not None:
        return False
    if not kept:
        return not (row.hint and row.tested) and not (row.hint and head.hint and row.hint != head.hint)
    first = kept[0]
    if row.hint and row.hint != first.hint:
        return False
    if row.tested and (head.tested or not kept[-1].tested):
        return False
    if {shape.form for shape in row.cells.values()} != {shape.form for shape in first.cells.values()} and _kinds(
        row
    ) != _kinds(first):
        return False
    return not _full(head, kept, columns, sizes)


def _kinds(row: Row) -> set[str]:
    kinds = {
        "mean" if "plus" in shape.form else "triple" if "triple" in shape.form else "count"
        for shape in row.cells.values()
    }
    return kinds


def _full(head: Row, kept: Sequence[Row], columns: Sequence[int], sizes: Mapping[int, int]) -> bool:
    """Whether the categories so far hold all patients of every group; a heading may print its own number ("(N = 59)")."""
    if len(kept) < 2:
        return False
    for column in columns:
        n = head.size if head.size is not None and len(columns) == 1 else sizes.get(column)
        counts = [row.cells[column].first.text for row in kept if column in row.cells]
        if n is None or len(counts) != len(kept) or not all(text.replace(",", "").isdigit() for text in counts):
            return False
        if sum(int(text.replace(",", "")) for text in counts) != n:
            return False
    return True


# ---------------------------------------------------------------- what the numbers are


def _interpret(grid: Grid, rows: Sequence[Row], sizes: Mapping[int, int]) -> None:
    heads = {row.variable: row.hint for row in rows if row.depth == 0 and row.hint}
    only = next(iter(grid.table_hints)) if len(grid.table_hints) == 1 else None
    open_cells: list[tuple[Row, int]] = []
    first_hints: dict[str, str] = {}
    for row in rows:
        if row.depth and row.hint:
            first_hints.setdefault(row.variable, row.hint)
    mixed = {
        c: len(several_hints(grid.lasts[c]) & {"count percent", "mean sd", "median iqr", "mean se"}) > 1
        for c in range(grid.width)
    }
    below = _said_below(grid)
    for row in rows:
        for column, shape in row.cells.items():
            hint = (
                row.hint
                or heads.get(row.variable)
                or below.get((row.row, column))
                or (None if mixed[column] else hint_of(grid.lasts[column]))
                or first_hints.get(row.variable)
                or only
            )
            parts = _parts(shape, hint, row, sure=hint != only or row.hint is not None)
            if parts is None:
                open_cells.append((row, column))
            else:
                row.parts[column] = parts
    _resolve(open_cells, sizes)
    _means([(row, column) for row, column in open_cells if column not in row.parts], grid)
    _zeros(rows)
    _whole_counts(rows, sizes)
    _measured(rows)


def _measured(rows: Sequence[Row]) -> None:
    """No counts in a row with a pair of two numbers that are not whole: "36 (7.7)" beside "37.2 (6.9)" is a mean."""
    for row in rows:
        pairs = [shape.numbers[:2] for shape in row.cells.values() if shape.form == "pair"]
        if not any(not is_whole(first) and not is_whole(second) for first, second in pairs):
            continue
        for column, parts in row.parts.items():
            if row.cells[column].form == "pair" and "count" in parts:
                row.parts[column] = {}


def _said_below(grid: Grid) -> dict[tuple[int, int], str]:
    """The form that words inside a column give to the rows below them: "Median (IQR)" halfway down a table of n (%)."""
    found: dict[tuple[int, int], str] = {}
    for column in range(grid.width):
        said: str | None = None
        for row in grid.body:
            shape = grid.shape(row, column)
            if shape.form == "text" and not shape.numbers:
                said = hint_of(shape.text) or said
            if said is not None:
                found[(row, column)] = said
    return found


def _zeros(rows: Sequence[Row]) -> None:
    """A bare 0 (or another whole number) beside counts with percentages in the same row is a count too."""
    for row in rows:
        if not any({"count", "percent"} <= set(parts) for parts in row.parts.values()):
            continue
        for column, parts in row.parts.items():
            if set(parts) == {"value"} and is_whole(parts["value"]):
                row.parts[column] = {"count": parts["value"]}


def _means(cells: Sequence[tuple[Row, int]], grid: Grid) -> None:
    """Pairs that are no counts: means with SDs where the table, or else the paper, says that it prints such."""
    if not cells or (
        grid.table_hints & {"mean se", "median iqr", "median range"} and "mean sd" not in grid.table_hints
    ):
        return
    if "mean sd" not in grid.table_hints and not _MEAN_SD.search(grid.document.plain):
        return
    for row, column in cells:
        first, second = row.cells[column].numbers[:2]
        if row.cells[column].pattern in ("9,9", "9;9"):
            continue  # median and width as well as mean and SD
        if row.hint in ("percent", "count", "count percent", "percent count") and "mean" not in row.label.casefold():
            continue
        if second.value >= 0 and (not is_whole(first) or CONTINUOUS.search(f"{row.label} {row.variable}")):
            row.parts[column] = {"mean": first, "sd": second}


def _whole_counts(rows: Sequence[Row], sizes: Mapping[int, int]) -> None:
    """Single whole numbers without a word on what they are: counts where the categories make up every group."""
    families: dict[str, list[Row]] = {}
    for row in rows:
        if row.depth:
            families.setdefault(row.variable, []).append(row)
    for family in families.values():
        plain = all(
            set(parts) == {"value"} and is_whole(parts["value"]) for row in family for parts in row.parts.values()
        )
        if len(family) < 2 or not plain:
            continue
        sums = {c: sum(whole(row.parts[c]["value"]) for row in family if c in row.parts) for c in sizes}
        if sums and all(sums[c] == n for c, n in sizes.items()):
            for row in family:
                row.parts = {c: {"count": parts["value"]} for c, parts in row.parts.items()}


def _parts(shape: Shape, hint: str | None, row: Row, *, sure: bool) -> dict[str, Number] | None:
    """The parts of a cell; None where its form needs more evidence, empty where it is not understood."""
    form, numbers = shape.form, shape.numbers
    if form in ("plus minus", "plus minus range"):
        names = HINTED.get((form, hint or ""), ("mean", "sd", "low", "high"))
        return dict(zip(names, numbers, strict=False))
    if form == "bound":
        return {}
    if form == "pair" and (hint is None or (hint == "count percent" and not sure and CONTINUOUS.search(row.label))):
        return None
    if (
        form == "pair"
        and shape.pattern in ("9,9", "9;9")
        and row.hint is None
        and hint in ("count percent", "percent count")
    ):
        return {}  # "10, 34" in a column of n (%): minimum and maximum, or quartiles
    names = HINTED.get((form, hint or "")) or PARTS.get(form)
    if names is None:
        return None if form == "pair" else {"value": numbers[0]}
    if form == "pair" and names == ("count", "percent") and not is_whole(numbers[0]):
        names = ("percent", "count") if is_whole(numbers[1]) and sure else ()
    parts = dict(zip(names, numbers, strict=False))
    if any(name in parts and not is_whole(parts[name]) for name in ("count", "n")):
        return {}
    return parts


def is_whole(number: Number) -> bool:
    """Whether a number is printed as a whole one."""
    return number.text.replace(",", "").replace(" ", "").isdigit()


def whole(number: Number) -> int:
    """A whole number's value."""
    return int(number.value)


def _resolve(cells: Sequence[tuple[Row, int]], sizes: Mapping[int, int]) -> None:
    """Pairs without a word on their form: counts with percentages where most of them fit the size of the group."""
    tried: list[tuple[Row, int, bool]] = []
    for row, column in cells:
        first, second = row.cells[column].numbers[:2]
        n = sizes.get(column)
        if is_whole(first) and n and second.value >= 0:
            fits = second.printed.allows(as_interval(100 * first.value / n))
            tried.append((row, column, fits))
    shares = [fits for row, column, fits in tried if row.cells[column].numbers[1].value <= 100]
    if sum(shares) < 2 or sum(shares) < 0.6 * len(shares):
        return
    alike = {id(row) for row, _, fits in tried if fits}
    for row, column, fits in tried:
        share = row.cells[column].numbers[1].value <= 100
        if fits or id(row) in alike or (share and not CONTINUOUS.search(f"{row.label} {row.variable}")):
            row.parts[column] = dict(zip(("count", "percent"), row.cells[column].numbers, strict=False))


def to_lines(grid: Grid, rows: Sequence[Row], extra: Mapping[int, dict[int, Entry]]) -> tuple[Line, ...]:
    """Rows as lines. extra : row -> column -> entry, for statistics, P values and estimates beside the groups."""
    lines = []
    for row in rows:
        entries: dict[int, Entry] = {}
        for column, parts in row.parts.items():
            if parts:
                shape = row.cells[column]
                entries[column] = Entry(row=row.row, column=column, parts=parts, start=shape.start, end=shape.end)
        own = _label_sizes(grid, row)
        if own:
            cell = grid.cells[row.row][0]
            entries[0] = Entry(row=row.row, column=0, parts=own, start=cell.start, end=cell.end)
        entries.update(extra.get(row.row, {}))
        lines.append(
            Line(
                row=row.row,
                label=row.label,
                depth=row.depth,
                variable=row.variable,
                unit_hint=row.hint,
                entries=entries,
            )
        )
    return tuple(lines)


def _label_sizes(grid: Grid, row: Row) -> dict[str, Number]:
    """The denominator that a label prints itself: "Primary malignancy (20 studies, N = 470)"."""
    cell = grid.cells[row.row][0]
    text = grid.document.plain[cell.start : cell.end]
    found = {"n": size_in(text, cell.start), "studies": studies_in(text, cell.start)}
    return {name: number for name, number in found.items() if number is not None}


def joined(entry: Entry, parts: Mapping[str, Number]) -> Entry:
    """An entry with parts from a neighbouring cell."""
    return replace(entry, parts={**entry.parts, **parts})
