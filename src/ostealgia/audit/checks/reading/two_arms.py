"""Two arms of a row, as printed, and the ratio or difference that they give: what an unadjusted estimate beside them would be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.model import Column, Line, ReadTable
from ostealgia.io.documents.model import PrintedTable
from ostealgia.numerics.intervals import Interval, Printed

RATIOS = ("OR", "RR")
PROPORTION = "PR"
EVENTS = re.compile(r"\b(?:events?|responders?|deaths?|cases|r|no\.? with)\b", re.I)
TOTAL = re.compile(r"\b(?:totals?|n|patients|participants|sample size|no\.? of)\b", re.I)
MEAN = re.compile(r"\bmeans?\b", re.I)
SD = re.compile(r"\b(?:SDs?|standard deviations?)\b", re.I)
_SIZE = re.compile(r"(?:^|\s)(?:n|no\.?)\W*$", re.I)
_COUNT = re.compile(r"\d{1,6}")
_MEAN_SD = re.compile(r"(-?\d{1,5}(?:\.\d+)?)\s?(?:±|\+/-|\()\s?(\d{1,5}(?:\.\d+)?)\)?")
_WEIGHT = re.compile(r"\bweights?\b|%", re.I)
MOST = 0.6  # of the rows in which a column of an arm holds a number


@dataclass(frozen=True)
class Arm:
    """One arm: a count of so many patients, or mean and SD of so many (n 0 where it is not printed)."""

    n: int
    count: int | None = None
    mean: Printed | None = None
    sd: Printed | None = None

    @property
    def text(self) -> str:
        """ "40/74", or "3.4 (2.1)"."""
        if self.count is not None:
            return f"{self.count}/{self.n}"
        return f"{self.mean.text} ({self.sd.text})" if self.mean is not None and self.sd is not None else ""


@dataclass(frozen=True)
class Given:
    """What arms give: the value, its range over the rounding of what is printed, its standard error (on the log scale of a ratio)."""

    value: float
    box: Interval
    std_error: float

    def limits(self, ratio: bool) -> tuple[float, float]:
        """95% limits."""
        step = 1.96 * self.std_error
        if ratio:
            return self.value * math.exp(-step), self.value * math.exp(step)
        return self.value - step, self.value + step


def given(measure: str, arms: Sequence[Arm]) -> list[Given]:
    """What two arms (one, for a proportion) give, first against second: several where a measure has several definitions."""
    try:
        return list(_GIVEN[measure](arms))
    except (ZeroDivisionError, ValueError, KeyError):
        return []


def _ratio(odds: bool) -> Callable[[Sequence[Arm]], Iterator[Given]]:
    def of(arms: Sequence[Arm]) -> Iterator[Given]:
        cells = [(arm.count or 0, arm.n - (arm.count or 0)) for arm in arms]
        if any(arm.count is None or min(pair) <= 0 for arm, pair in zip(arms, cells, strict=True)):
            return
        (a, b), (c, d) = cells
        if odds:
            value, error = a * d / (b * c), math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
        else:
            value = (a / (a + b)) / (c / (c + d))
            error = math.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))
        yield Given(value, Interval(value, value), error)

    return of


def _shares(arms: Sequence[Arm]) -> Iterator[Given]:
    """Difference of two percentages; as printed in per cent, and as proportions."""
    if any(arm.count is None or not 0 < arm.count < arm.n for arm in arms):
        return
    p, q = ((arm.count or 0) / arm.n for arm in arms)
    error = math.sqrt(sum(x * (1 - x) / arm.n for x, arm in zip((p, q), arms, strict=True)))
    for unit in (100.0, 1.0):
        value = unit * (p - q)
        yield Given(value, Interval(value, value), unit * error)


def _share(arms: Sequence[Arm]) -> Iterator[Given]:
    if len(arms) != 1 or arms[0].count is None or not 0 < arms[0].count < arms[0].n:
        return
    p = arms[0].count / arms[0].n
    for unit in (100.0, 1.0):
        yield Given(unit * p, Interval(unit * p, unit * p), unit * math.sqrt(p * (1 - p) / arms[0].n))


def _means(arms: Sequence[Arm]) -> Iterator[Given]:
    first, second = arms
    if first.mean is None or second.mean is None or first.sd is None or second.sd is None:
        return
    box = first.mean.interval() - second.mean.interval()
    error = (
        math.sqrt(sum(arm.sd.value**2 / arm.n for arm in arms if arm.sd is not None)) if first.n and second.n else 0.0
    )
    yield Given(first.mean.value - second.mean.value, box, error)


def _standardised(arms: Sequence[Arm]) -> Iterator[Given]:
    """By the common SD, with and without Hedges's correction, and by the SD of either arm."""
    first, second = arms
    if first.mean is None or second.mean is None or first.sd is None or second.sd is None or min(first.n, second.n) < 2:
        return
    df = first.n + second.n - 2
    low, high = (
        math.sqrt(((first.n - 1) * a**2 + (second.n - 1) * b**2) / df)
        for a, b in zip(_ends(first.sd), _ends(second.sd), strict=True)
    )
    middle = math.sqrt(((first.n - 1) * first.sd.value**2 + (second.n - 1) * second.sd.value**2) / df)
    gap, value = first.mean.interval() - second.mean.interval(), first.mean.value - second.mean.value
    spreads = [(middle, low, high), *((sd.value, *_ends(sd)) for sd in (first.sd, second.sd))]
    for factor in (1 - 3 / (4 * df - 1), 1.0):
        for sd, least, most in spreads:
            ends = [factor * end / spread for end in (gap.low, gap.high) for spread in (least, most)]
            g = factor * value / sd
            error = math.sqrt(1 / first.n + 1 / second.n + g**2 / (2 * (df + 2)))
            yield Given(g, Interval(min(ends), max(ends)), error)


def _ends(sd: Printed) -> tuple[float, float]:
    box = sd.interval()
    return max(box.low, 1e-9), box.high


_GIVEN: dict[str, Callable[[Sequence[Arm]], Iterator[Given]]] = {
    "OR": _ratio(True), "RR": _ratio(False), "RD": _shares, "MD": _means, "SMD": _standardised, PROPORTION: _share,
}  # fmt: skip


# ---------------------------------------------------------------- columns of arms


def arms_of_groups(line: Line, columns: Sequence[Column]) -> tuple[Arm, ...]:
    """Both groups of a row: counts whose percentage is that of the group's size, or of the size in the cell; means with SDs."""
    found = [_of_group(line, column) for column in columns]
    return tuple(arm for arm in found if arm is not None) if None not in found else ()


def _of_group(line: Line, column: Column) -> Arm | None:
    entry = line.entries.get(column.index)
    if entry is None:
        return None
    parts = entry.parts
    size = parts.get("n") or column.n
    n = int(size.value) if size is not None and size.value >= 1 else 0
    counted, percent, mean, sd = (parts.get(name) for name in ("count", "percent", "mean", "sd"))
    if mean is not None and sd is not None:
        return Arm(n, mean=mean.printed, sd=sd.printed) if sd.value > 0 else None
    if counted is None or not 0 <= counted.value <= n:
        return None
    share = 100 * counted.value / n
    if percent is not None and not percent.printed.allows(Interval(share - 1e-9, share + 1e-9)):
        return None  # of other patients
    return Arm(n, count=int(counted.value))


def arms_of_studies(table: ReadTable) -> dict[int, tuple[Arm, ...]]:
    """The arms of each row of a table of studies, by row: events and totals, means with SDs and sizes; one arm where there is one."""
    kinds = _kinds(table)
    order = "".join(kind for _, kind in kinds)
    shape = next((one for one in _SHAPES if re.fullmatch(rf"t?{one}", order)), None)
    if shape is None:
        return {}
    columns = [column for column, _ in kinds][len(order) - len(shape) :]
    found = {line.row: _SHAPES[shape]([_numbers(line, column) for column in columns]) for line in table.lines}
    return {row: arms for row, arms in found.items() if arms}


def arms_of_means(printed: PrintedTable, row: int) -> tuple[Arm, ...]:
    """Both arms of a row whose columns are n and "Mean (SD)", twice, by their own headings."""
    names = [(c, printed.column_name(c)) for c in range(1, printed.n_columns)]
    kinds = [(c, "j" if MEAN.search(n) and SD.search(n) else "t" if _SIZE.search(n) else "") for c, n in names]
    kinds = [(c, kind) for c, kind in kinds if kind]
    order = "".join(kind for _, kind in kinds)
    if order not in ("tjtj", "jtjt") or row >= len(printed.cells):
        return ()
    texts = [printed.cells[row][c].text.replace("−", "-").replace("·", ".").strip() for c, _ in kinds]
    pairs = [(texts[i], texts[i + 1]) if order == "tjtj" else (texts[i + 1], texts[i]) for i in (0, 2)]
    found = [(_COUNT.fullmatch(n), _MEAN_SD.fullmatch(cell)) for n, cell in pairs]
    if any(n is None or cell is None or int(n[0]) < 2 or float(cell[2]) <= 0 for n, cell in found):
        return ()
    return tuple(
        Arm(int(n[0]), mean=Printed.parse(cell[1]), sd=Printed.parse(cell[2])) for n, cell in found if n and cell
    )


def _kinds(table: ReadTable) -> list[tuple[Column, str]]:
    lines = [line for line in table.lines if any(column.index in line.entries for column in table.columns)]
    found: list[tuple[Column, str]] = []
    for column in table.columns:
        if column.role in ("estimate", "interval", "p_value", "label", "study", "text"):
            continue
        entries = [entry for line in lines if (entry := line.entries.get(column.index)) is not None]
        if len(entries) < MOST * len(lines) or (_WEIGHT.search(column.name) and not EVENTS.search(column.name)):
            continue
        names = [frozenset(entry.parts) for entry in entries]
        kind = _kind(max(set(names), key=names.count), column.name)
        if kind:
            found.append((column, kind))
    return found


def _kind(parts: frozenset[str], name: str) -> str:
    """f a fraction, j mean and SD in one, m a mean, s an SD, e events, t a total."""
    whole = {frozenset({"count", "n"}): "f", frozenset({"count", "n", "percent"}): "f", frozenset({"mean", "sd"}): "j",
             frozenset({"mean"}): "m", frozenset({"sd"}): "s", frozenset({"n"}): "t"}.get(parts)  # fmt: skip
    if whole is not None or not parts & {"value", "count"} or len(parts) > 1:
        return whole or ""
    named = (("m", MEAN), ("s", SD), ("e", EVENTS), ("t", TOTAL))
    return next((kind for kind, pattern in named if pattern.search(name)), "")


def _numbers(line: Line, column: Column) -> dict[str, Number]:
    entry = line.entries.get(column.index)
    return entry.parts if entry is not None else {}


Parts = Sequence[dict[str, Number]]


def _first(parts: dict[str, Number]) -> Number | None:
    return next((parts[name] for name in ("value", "n", "count", "mean", "sd") if name in parts), None)


def _counts(pairs: Sequence[tuple[Number | None, Number | None]]) -> tuple[Arm, ...]:
    if any(e is None or t is None or not 0 <= e.value <= t.value or t.value < 1 for e, t in pairs):
        return ()
    return tuple(Arm(int(t.value), count=int(e.value)) for e, t in pairs if e is not None and t is not None)


def _summaries(rows: Sequence[tuple[Number | None, Number | None, Number | None]]) -> tuple[Arm, ...]:
    if any(m is None or s is None or t is None or s.value <= 0 or t.value < 2 for m, s, t in rows):
        return ()
    return tuple(Arm(int(t.value), mean=m.printed, sd=s.printed) for m, s, t in rows if m and s and t)


def _fractions(parts: Parts) -> tuple[Arm, ...]:
    return _counts([(one.get("count"), one.get("n")) for one in parts])


def _pairs(at: Sequence[int]) -> Callable[[Parts], tuple[Arm, ...]]:
    return lambda parts: _counts([(_first(parts[at[i]]), _first(parts[at[i + 1]])) for i in range(0, len(at), 2)])


def _triples(at: Sequence[int]) -> Callable[[Parts], tuple[Arm, ...]]:
    return lambda parts: _summaries(
        [(_first(parts[at[i]]), _first(parts[at[i + 1]]), _first(parts[at[i + 2]])) for i in (0, 3)]
    )


def _joined(at: Sequence[int]) -> Callable[[Parts], tuple[Arm, ...]]:
    return lambda parts: _summaries(
        [(parts[at[i]].get("mean"), parts[at[i]].get("sd"), _first(parts[at[i + 1]])) for i in (0, 2)]
    )


_SHAPES: dict[str, Callable[[Parts], tuple[Arm, ...]]] = {
    "ff": _fractions, "f": _fractions, "et": _pairs((0, 1)), "te": _pairs((1, 0)),
    "etet": _pairs((0, 1, 2, 3)), "tete": _pairs((1, 0, 3, 2)), "eett": _pairs((0, 2, 1, 3)), "ttee": _pairs((2, 0, 3, 1)),
    "mstmst": _triples((0, 1, 2, 3, 4, 5)), "tmstms": _triples((1, 2, 0, 4, 5, 3)),
    "jtjt": _joined((0, 1, 2, 3)), "tjtj": _joined((1, 0, 3, 2)), "ttjj": _joined((2, 0, 3, 1)), "jjtt": _joined((0, 2, 1, 3)),
}  # fmt: skip
