"""Where the treatments of a network stand, in points from the top left corner."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ostealgia.network.labels import known, ordered
from ostealgia.plot import style
from ostealgia.plot.canvas import leading, text_width, wrap

LABEL_WIDTH = 120.0
LARGEST, SMALLEST = 15.0, 4.0  # radius of a node
WIDEST_LINE, THINNEST_LINE = 8.0, 1.1
PER_STUDY = 1.1  # width of a line for each study, where none is wider than WIDEST_LINE
GAP = 5.0  # node to its label
APART = 30.0  # between parts
SHEET = 560.0  # parts go to the next row beyond this
LEAST = 300.0
MOST_SHADED = 6  # sets of three or more arms
MOST_NUMBERS = 36  # lines that carry a number


@dataclass(frozen=True, kw_only=True)
class Node:
    """A treatment: centre, radius, its label in lines, where the label starts and how it is aligned."""

    name: str
    x: float
    y: float
    radius: float
    lines: tuple[str, ...]
    label_x: float
    label_y: float
    align: str


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A comparison: positions of its nodes, studies, width, and where its number stands (None where it has none)."""

    first: int
    second: int
    studies: int
    width: float
    number: tuple[float, float] | None


@dataclass(frozen=True, kw_only=True)
class PartLayout:
    """One part in a box of its own, origin at its top left corner. arms : positions of the nodes of each multi-arm study."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    arms: tuple[tuple[int, ...], ...]
    width: float
    height: float
    caption: str
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True, kw_only=True)
class GraphLayout:
    """All parts on a sheet."""

    parts: tuple[PartLayout, ...]
    width: float
    body: float
    title: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def top(self) -> float:
        return style.MARGIN + (len(self.title) * leading(style.TITLE) + 6.0 if self.title else 0.0)


def graph_height(layout: GraphLayout) -> float:
    """Height of the sheet in points."""
    return layout.top + layout.body + 8.0 + len(layout.notes) * leading(style.SMALL) + style.MARGIN


def graph_layout(parts: Any, *, order: Sequence[str] | None, node_area: str | None, title: str | None) -> GraphLayout:
    """Each part as a circle; the parts in rows, the largest first."""
    names = [name for part in parts.parts for name in part.treatments]
    rank = _ranks(names, order)
    counts, sizes, arms = _counts(parts.contrasts)
    by_patients = node_area == "patients" or (
        node_area is None and bool(sizes) and all(math.isfinite(n) and n > 0 for n in sizes.values())
    )
    area = sizes if by_patients else _studies(arms)
    largest = max(area.values(), default=1.0)
    widest = max(counts.values(), default=1)
    made = [_part(part, rank, counts, arms, area, largest, widest, len(parts.parts) > 1) for part in parts.parts]
    numbered = any(edge.number is not None for part in made for edge in part.edges)
    carried = ", whose number they carry" if numbered else ""
    notes = [f"Circles: area by {'patients' if by_patients else 'studies'}. Lines: width by studies{carried}."]
    designs = sum(len(part.arms) for part in made)
    if designs > MOST_SHADED:
        made = [replace(part, arms=()) for part in made]
        notes.append("Studies of three or more arms are too many to be shaded.")
    elif designs:
        notes.append("Shaded: compared in a study of three or more arms.")
    if len(made) > 1:
        notes.append("Parts that stand apart are joined by no study: their treatments cannot be compared.")
    placed, width, body = _rows(made)
    wide = max(LEAST, width)
    lines = tuple(line for note in (" ".join(notes),) for line in wrap(note, wide - 2 * style.MARGIN, style.SMALL))
    heading = wrap(title, wide - 2 * style.MARGIN, style.TITLE, True) if title else ()
    return GraphLayout(parts=tuple(placed), width=wide, body=body, title=heading, notes=lines)


def _ranks(names: Sequence[str], order: Sequence[str] | None) -> dict[str, int]:
    chosen = [known("order", name, names) for name in order] if order is not None else []
    rest = ordered(name for name in names if name not in chosen)
    return {name: i for i, name in enumerate([*dict.fromkeys(chosen), *rest])}


def _counts(contrasts: Any) -> tuple[dict[frozenset[str], int], dict[str, float], dict[str, list[str]]]:
    """Studies a comparison; patients a treatment (empty where unknown); arms of each study."""
    pairs: dict[frozenset[str], set[str]] = {}
    arms: dict[str, list[str]] = {}
    for study, a, b, value in zip(contrasts.study, contrasts.treat1, contrasts.treat2, contrasts.estimate, strict=True):
        if math.isfinite(value):
            pairs.setdefault(frozenset((a, b)), set()).add(study)
            own = arms.setdefault(study, [])
            own += [name for name in (a, b) if name not in own]
    sizes: dict[str, float] = {}
    if contrasts.arms is not None:
        for study, name, n in zip(
            contrasts.arms.study, contrasts.arms.treatment, contrasts.arms.n.tolist(), strict=True
        ):
            if name in arms.get(study, ()):
                sizes[name] = sizes.get(name, 0.0) + n
    return {pair: len(studies) for pair, studies in pairs.items()}, sizes, arms


def _studies(arms: dict[str, list[str]]) -> dict[str, float]:
    counts: dict[str, float] = {}
    for own in arms.values():
        for name in own:
            counts[name] = counts.get(name, 0.0) + 1.0
    return counts


def _part(
    part: Any,
    rank: dict[str, int],
    counts: Any,
    arms: dict[str, list[str]],
    area: dict[str, float],
    largest: float,
    widest: int,
    several: bool,
) -> PartLayout:
    """Nodes clockwise from the top on a circle; two nodes stand side by side."""
    names = sorted(part.treatments, key=rank.__getitem__)
    n = len(names)
    around = 42.0 if n <= 2 else max(62.0, 17.5 * n) if n <= 12 else 130.0 + 8.0 * n
    start = math.pi if n == 2 else -math.pi / 2
    nodes: list[Node] = []
    for i, name in enumerate(names):
        angle = start + 2 * math.pi * i / n
        radius = max(SMALLEST, LARGEST * math.sqrt(area.get(name, 0.0) / largest))
        nodes.append(_node(name, around * math.cos(angle), around * math.sin(angle), radius, angle, n))
    place = {name: i for i, name in enumerate(names)}
    pairs = [(place[a], place[b], counts[frozenset((a, b))]) for a, b in part.comparisons]
    edges = _edges(pairs, nodes, widest)
    sets = {tuple(sorted(place[name] for name in arms[study])) for study in part.studies if len(arms[study]) > 2}
    shaded = tuple(sorted(sets))
    return _boxed(nodes, edges, shaded, _caption(part) if several else "")


def _caption(part: Any) -> str:
    k = len(part.studies)
    return f"{k} {'study' if k == 1 else 'studies'}"


def _node(name: str, x: float, y: float, radius: float, angle: float, n: int) -> Node:
    """A node with its label outside the circle."""
    lines = wrap(name, LABEL_WIDTH, style.BODY)
    if n == 2:
        return Node(
            name=name, x=x, y=y, radius=radius, lines=lines, label_x=x, label_y=y + radius + GAP + 6.0, align="center"
        )
    across, down = math.cos(angle), math.sin(angle)
    reach = radius + GAP
    align = "center" if abs(across) < 0.2 else "left" if across > 0 else "right"
    height = (len(lines) - 1) * leading(style.BODY)
    if align == "center":
        label_y = y + down * (reach + 6.0) - (height if down < 0 else 0.0)
    else:
        label_y = y + down * (reach + 0.5 * height) - 0.5 * height
    return Node(
        name=name, x=x, y=y, radius=radius, lines=lines, label_x=x + across * reach, label_y=label_y, align=align
    )


def _edges(pairs: Sequence[tuple[int, int, int]], nodes: Sequence[Node], widest: int) -> tuple[Edge, ...]:
    """Lines with their numbers where these meet neither one another nor a node."""
    step = min(PER_STUDY, (WIDEST_LINE - THINNEST_LINE) / max(1, widest - 1))
    taken: list[tuple[float, float]] = []
    made: list[Edge] = []
    lines = [(first, second) for first, second, _ in pairs]
    for first, second, studies in pairs:
        number = _number(nodes, (first, second), lines, taken) if len(pairs) <= MOST_NUMBERS else None
        if number is not None:
            taken.append(number)
        made.append(
            Edge(first=first, second=second, studies=studies, width=THINNEST_LINE + step * (studies - 1), number=number)
        )
    return tuple(made)


_PLACES = (0.5, 0.44, 0.56, 0.38, 0.62, 0.32, 0.68, 0.27, 0.73)
_CLEAR, _OFF_LINE = 15.0, 9.0  # from other numbers and nodes, from other lines


def _number(
    nodes: Sequence[Node], pair: tuple[int, int], lines: Sequence[tuple[int, int]], taken: Sequence[tuple[float, float]]
) -> tuple[float, float]:
    """The place along a line, near its middle if possible, that is clear of other numbers, nodes and lines; else the clearest."""
    a, b = nodes[pair[0]], nodes[pair[1]]
    best, best_room = (0.0, 0.0), -math.inf
    for share in _PLACES:
        at = (a.x + share * (b.x - a.x), a.y + share * (b.y - a.y))
        room = [math.dist(at, other) / _CLEAR for other in taken]
        room += [
            (math.dist(at, (node.x, node.y)) - node.radius) / _CLEAR for i, node in enumerate(nodes) if i not in pair
        ]
        room += [_to_line(at, nodes[i], nodes[j]) / _OFF_LINE for i, j in lines if (i, j) != pair]
        least = min(room, default=math.inf)
        if least >= 1.0:
            return at
        if least > best_room + 0.05:
            best, best_room = at, least
    return best


def _to_line(at: tuple[float, float], a: Node, b: Node) -> float:
    """Distance of a point from the line between two nodes."""
    dx, dy = b.x - a.x, b.y - a.y
    share = ((at[0] - a.x) * dx + (at[1] - a.y) * dy) / (dx * dx + dy * dy)
    share = min(1.0, max(0.0, share))
    return math.dist(at, (a.x + share * dx, a.y + share * dy))


def _boxed(nodes: list[Node], edges: tuple[Edge, ...], arms: tuple[tuple[int, ...], ...], caption: str) -> PartLayout:
    """Everything moved so that the box starts at (0, 0)."""
    left = top = math.inf
    right = bottom = -math.inf
    for node in nodes:
        wide = max(text_width(line, style.BODY) for line in node.lines)
        begin = node.label_x - {"left": 0.0, "center": 0.5, "right": 1.0}[node.align] * wide
        left, right = min(left, node.x - node.radius, begin), max(right, node.x + node.radius, begin + wide)
        low = node.label_y + (len(node.lines) - 1) * leading(style.BODY) + 7.0
        top, bottom = min(top, node.y - node.radius, node.label_y - 7.0), max(bottom, node.y + node.radius, low)
    if caption:
        top -= 18.0
        right = max(right, left + text_width(caption, style.SMALL))
    moved = tuple(
        replace(node, x=node.x - left, y=node.y - top, label_x=node.label_x - left, label_y=node.label_y - top)
        for node in nodes
    )
    numbered = tuple(
        edge if edge.number is None else replace(edge, number=(edge.number[0] - left, edge.number[1] - top))
        for edge in edges
    )
    return PartLayout(nodes=moved, edges=numbered, arms=arms, width=right - left, height=bottom - top, caption=caption)


def _rows(parts: Sequence[PartLayout]) -> tuple[list[PartLayout], float, float]:
    """The first part, then the others beside it from top to bottom, or below it where that would be too wide."""
    margin = style.MARGIN
    if len(parts) == 1:
        width = max(LEAST, parts[0].width + 2 * margin)
        return [replace(parts[0], x=(width - parts[0].width) / 2)], width, parts[0].height
    first, rest = parts[0], parts[1:]
    column = max(part.width for part in rest)
    stacked = sum(part.height for part in rest) + 14.0 * (len(rest) - 1)
    if first.width + APART + column + 2 * margin <= SHEET and stacked <= 1.6 * max(first.height, 180.0):
        body = max(first.height, stacked)
        placed = [replace(first, x=margin, y=(body - first.height) / 2)]
        spare = (body - sum(part.height for part in rest)) / max(1, len(rest) - 1) if len(rest) > 1 else 0.0
        y = 0.0 if len(rest) > 1 else (body - stacked) / 2
        for part in rest:
            placed.append(replace(part, x=margin + first.width + APART, y=y))
            y += part.height + spare
        return placed, first.width + APART + column + 2 * margin, body
    return _shelves(parts)


def _shelves(parts: Sequence[PartLayout]) -> tuple[list[PartLayout], float, float]:
    """Parts in rows from left to right."""
    margin = style.MARGIN
    placed: list[PartLayout] = []
    x, y, high, wide = margin, 0.0, 0.0, 0.0
    for part in parts:
        if placed and x + part.width > SHEET - margin:
            x, y, high = margin, y + high + 16.0, 0.0
        placed.append(replace(part, x=x, y=y))
        wide = max(wide, x + part.width)
        high = max(high, part.height)
        x += part.width + APART
    return placed, wide + margin, y + high
