"""Where everything on a forest plot stands, in points from the top left corner; all text is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ostealgia.plot import style
from ostealgia.plot.canvas import leading, text_width, wrap
from ostealgia.plot.columns import Column
from ostealgia.plot.forest_table import ForestTable, Row
from ostealgia.plot.marks import JUDGEMENTS, SIZE, VERDICTS
from ostealgia.plot.scales import EffectAxis

LABEL_WIDTH = 178.0  # names wrap beyond this
HEAD_WIDTH = 84.0  # headings of arms wrap beyond this, or beyond their columns
HEAD_OVERHANG = 75.0  # the heading of the effect may reach over the plot
GAP = 15.0
PLOT_WIDTH = 204.0
WIDEST_PLOT = 300.0
LEAST_WIDTH = 540.0
INDENT = 9.0  # studies of a subgroup
NUMBER_GAP = 4.0  # estimate to interval
SIGN_STEP = 15.0
LEGEND_GAP = 12.0
LEGEND_STEP = 14.0
AUDIT_LEGEND = "Audit of the printed numbers:"
HEIGHTS = {
    "heading": 19.0,
    "study": style.ROW,
    "refit": style.ROW,
    "pooled": 18.0,
    "prediction": style.ROW,
    "note": 13.5,
    "gap": 5.0,
}


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A column with its place: left and right edge, the line where its two parts meet, its head in lines."""

    left: float
    right: float
    anchor: float
    head: tuple[str, ...]
    arm: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that does not depend on the page.

    labels : lines of each row's label.  columns : places of the data columns.  plot : ends of the effect axis.
    estimate, interval : right ends of the numbers.  signs, audit : centres of their columns.
    """

    table: ForestTable
    axis: EffectAxis
    width: float
    labels: tuple[tuple[str, ...], ...]
    columns: tuple[Placed, ...]
    plot: tuple[float, float]
    estimate: float
    effect: Placed
    weights: tuple[Placed, ...]
    signs: tuple[float, ...]
    audit: float
    title: tuple[str, ...]
    head_lines: int

    @property
    def head_height(self) -> float:
        """From the top of the sheet to the rule under the headings."""
        title = len(self.title) * leading(style.TITLE) + (7.0 if self.title else 0.0)
        return style.MARGIN + title + self.head_lines * leading(style.BODY) + 5.0

    def row_height(self, index: int) -> float:
        """Height of one row, larger where its label takes more lines."""
        extra = max(0, len(self.labels[index]) - 1) * leading(style.BODY)
        return HEIGHTS[self.table.rows[index].kind] + extra

    def legend(self) -> list[list[tuple[str, str]]]:
        """What the signs mean, as (sign, words) in lines that fit."""
        room = self.width - 2 * style.MARGIN
        lines: list[list[tuple[str, str]]] = []
        used = room
        for name, words in legend_items(self.table):
            width = text_width(words, style.SMALL) + (SIZE + 4.0 if name else 0.0) + LEGEND_GAP
            if used + width > room + LEGEND_GAP or words == AUDIT_LEGEND:
                lines.append([])
                used = 0.0
            lines[-1].append((name, words))
            used += width
        return lines

    def methods(self) -> tuple[str, ...]:
        """The line of methods, wrapped to the width of the sheet."""
        text = self.table.methods
        return wrap(text, self.width - 2 * style.MARGIN, style.SMALL) if text else ()


def plan(table: ForestTable, width: float | None = None) -> Plan:
    """Place the table; ``width`` is what is to be filled, otherwise the sheet is as wide as its contents ask for."""
    labels = tuple(_label_lines(row, table) for row in table.rows)
    label_right = style.MARGIN + max(
        _label_width(lines, row, table) for lines, row in zip(labels, table.rows, strict=True)
    )
    label_right = max(label_right, style.MARGIN + text_width(table.label_head, bold=True))
    columns, x = _place_columns(table, label_right + GAP)
    left_part = x
    right_part = _right_width(table)
    plot_width = _plot_width(left_part + right_part, width)
    plot = (left_part + 5.0, left_part + 5.0 + plot_width)
    estimate, effect, weights, signs, audit, right = _place_right(table, plot[1] + GAP + 3.0)
    total = right + style.MARGIN
    title = wrap(table.options.title, total - 2 * style.MARGIN, style.TITLE, True) if table.options.title else ()
    heads = [len(p.head) + len(p.arm) for p in columns] + [len(effect.head)] + [len(p.head) for p in weights]
    axis = table.axis(plot_width)
    return Plan(
        table=table,
        axis=axis,
        width=total,
        labels=labels,
        columns=tuple(columns),
        plot=plot,
        estimate=estimate,
        effect=effect,
        weights=weights,
        signs=signs,
        audit=audit,
        title=title,
        head_lines=max([1, *heads]),
    )


def indent(row: Row, table: ForestTable) -> float:
    """Studies and subtotals of subgroups stand in a little."""
    grouped = any(other.kind == "heading" for other in table.rows)
    return INDENT if (grouped and row.kind in ("study", "note") and not row.flush) or row.inset else 0.0


def _size(row: Row) -> float:
    return style.SMALL if row.kind == "note" else style.BODY


def bold(row: Row) -> bool:
    """Headings and pooled effects are set in bold."""
    return row.kind in ("heading", "pooled")


def _label_lines(row: Row, table: ForestTable) -> tuple[str, ...]:
    if row.kind == "gap":
        return ("",)
    room = 2 * LABEL_WIDTH if row.kind == "heading" else LABEL_WIDTH
    return wrap(row.label, room - indent(row, table), _size(row), bold(row))


def _label_width(lines: Sequence[str], row: Row, table: ForestTable) -> float:
    if row.kind == "heading":  # may run on over the columns, which are empty there
        return 0.0
    return indent(row, table) + max(text_width(line, _size(row), bold(row)) for line in lines)


# --- left of the plot ------------------------------------------------------------------------------------------------


def _parts(column: Column, table: ForestTable, index: int) -> tuple[float, float]:
    """Widths of the two parts of a column's cells, totals in bold included."""
    firsts = [text_width(first) for first, _ in column.cells]
    seconds = [text_width(second) for _, second in column.cells]
    for row in table.rows:
        if row.kind == "pooled" and row.cells:
            firsts.append(text_width(row.cells[index][0], bold=True))
            seconds.append(text_width(row.cells[index][1], bold=True))
    return max(firsts, default=0.0), max(seconds, default=0.0)


def _place_columns(table: ForestTable, x: float) -> tuple[list[Placed], float]:
    """The data columns from left to right, and where the next thing may begin."""
    placed: list[Placed] = []
    for arm, indices in _arms(table.columns):
        sizes = [_parts(table.columns[i], table, i) for i in indices]
        heads = [
            wrap(table.columns[i].head, max(sum(size), HEAD_WIDTH), bold=True)
            for i, size in zip(indices, sizes, strict=True)
        ]
        widths = [
            max(sum(size), *(text_width(line, bold=True) for line in head))
            for size, head in zip(sizes, heads, strict=True)
        ]
        inner = GAP - 4.0
        span = sum(widths) + inner * (len(widths) - 1)
        arm_lines = wrap(arm, max(span, HEAD_WIDTH), bold=True) if arm else ()
        wide = max([span, *(text_width(line, bold=True) for line in arm_lines)])
        x_column = x + (wide - span) / 2
        for i, size, head, width in zip(indices, sizes, heads, widths, strict=True):
            slack = 0.0 if table.columns[i].align == "left" else (width - sum(size)) / 2
            placed.append(
                Placed(
                    left=x_column, right=x_column + width, anchor=x_column + slack + size[0], head=head, arm=arm_lines
                )
            )
            x_column += width + inner
        x += wide + GAP
    return placed, x


def _arms(columns: Sequence[Column]) -> list[tuple[str, list[int]]]:
    """Runs of neighbouring columns under one arm; columns without an arm stand alone."""
    runs: list[tuple[str, list[int]]] = []
    for i, column in enumerate(columns):
        if column.arm and runs and runs[-1][0] == column.arm:
            runs[-1][1].append(i)
        else:
            runs.append((column.arm, [i]))
    return runs


# --- right of the plot -----------------------------------------------------------------------------------------------


def _number_widths(table: ForestTable) -> tuple[float, float]:
    estimates = [text_width(row.numbers[0], bold=bold(row)) for row in table.rows]
    intervals = [text_width(row.numbers[1], bold=bold(row)) for row in table.rows]
    return max(estimates, default=0.0), max(intervals, default=0.0)


def _effect_head(table: ForestTable, width: float) -> tuple[str, ...]:
    """The name of the effect over its numbers; it may run to the left, where nothing stands above the plot."""
    name, _, interval = table.effect_head.rpartition(" [")
    room = width + HEAD_OVERHANG
    if text_width(table.effect_head, bold=True) <= room:
        return (table.effect_head,)
    return (*wrap(name, room, bold=True), f"[{interval}")


def _right_width(table: ForestTable) -> float:
    *_, right = _place_right(table, 0.0)
    return right + GAP + 8.0 + style.MARGIN


def _place_right(
    table: ForestTable, x: float
) -> tuple[float, Placed, tuple[Placed, ...], tuple[float, ...], float, float]:
    estimate_width, interval_width = _number_widths(table)
    width = estimate_width + NUMBER_GAP + interval_width
    head = _effect_head(table, width)
    effect = Placed(left=x, right=x + width, anchor=x + width, head=head)
    estimate = effect.right - interval_width - NUMBER_GAP
    x = effect.right
    weights: list[Placed] = []
    for i, title in enumerate(table.weight_heads):
        lines = tuple(title.replace(", %, ", ", %|").split("|")) if ", %, " in title else (title,)
        cells = [text_width(row.weights[i], bold=bold(row)) for row in table.rows if row.weights]
        wide = max([*cells, *(text_width(line, bold=True) for line in lines)])
        weights.append(Placed(left=x + GAP, right=x + GAP + wide, anchor=x + GAP + wide, head=lines))
        x += GAP + wide
    signs: list[float] = []
    half = text_width("RoB", bold=True) / 2 if table.domains == ("",) else SIZE / 2
    for i in range(len(table.domains)):
        signs.append(x + GAP + half if i == 0 else signs[-1] + SIGN_STEP)
    if signs:
        x = signs[-1] + half
    audit = x + GAP + text_width("Audit", bold=True) / 2
    if table.with_audit:
        x = audit + text_width("Audit", bold=True) / 2
    return estimate, effect, tuple(weights), tuple(signs), audit, x


def _plot_width(others: float, width: float | None) -> float:
    if width is not None:
        return max(PLOT_WIDTH, width - others)
    return max(PLOT_WIDTH, min(WIDEST_PLOT, LEAST_WIDTH - others))


def legend_items(table: ForestTable) -> list[tuple[str, str]]:
    """Names of the signs that occur with their words; headings and abbreviated domains have no sign."""
    judged = {name for row in table.rows for name in row.judgements}
    verdicts = {row.verdict for row in table.rows}
    items: list[tuple[str, str]] = []
    if judged - {""}:
        items.append(("", "Risk of bias (RoB):" if table.domains == ("",) else "Risk of bias:"))
        items += [(name, sign.legend) for name, sign in JUDGEMENTS.items() if name in judged]
        items += [("", f"{domain[:2]}: {domain}") for domain in table.domains if len(domain) > 2]
    if verdicts - {""}:
        items.append(("", AUDIT_LEGEND))
        items += [(name, sign.legend) for name, sign in VERDICTS.items() if name in verdicts]
    return items
