"""Words of a PDF page that stand sideways: their direction of reading, and their place as if the page were turned."""

from __future__ import annotations

import math

from ostealgia.io.documents.pdf_rules import Rule

Char = tuple[str, float, float, float, float, int, int]
"""(sign, left, right, baseline, height, quarter turns, index); of a sideways one: sign, lower end, upper end, x of its baseline ..."""

OBLIQUE = -1
_NEAR = math.radians(24)  # slanted letters of upright lines stand at up to 20 degrees


def quarter(angle: float) -> int:
    """Quarter turns of a character by the library's angle, clockwise: 1 is read downwards, 3 upwards; OBLIQUE for others.

    >>> quarter(0.0), quarter(3 * math.pi / 2), quarter(math.pi / 4)
    (0, 3, -1)
    """
    turns = round(angle / (math.pi / 2))
    return turns % 4 if abs(angle - turns * math.pi / 2) <= _NEAR else OBLIQUE


def upright(char: Char, width: float, height: float) -> Char:
    """A character as it stands when its page (of that size) is turned until its line runs from left to right."""
    sign, a0, a1, base, size, turn, index = char
    if turn == 1:
        return sign, height - a1, height - a0, base, size, 0, index
    if turn == 3:
        return sign, a0, a1, width - base, size, 0, index
    if turn == 2:
        return sign, width - a1, width - a0, height - base, size, 0, index
    return char


def turned_rules(
    flat: list[Rule], upright_rules: list[Rule], turn: int, width: float, height: float
) -> tuple[list[Rule], list[Rule]]:
    """(horizontal, vertical) rules of a page (of that size before the turn) as its sideways words have them."""

    def moved(rule: Rule) -> Rule:
        if turn == 1:
            return Rule(height - rule.y1, rule.x0, height - rule.y0, rule.x1)
        if turn == 3:
            return Rule(rule.y0, width - rule.x1, rule.y1, width - rule.x0)
        return Rule(width - rule.x1, height - rule.y1, width - rule.x0, height - rule.y0)

    if not turn:
        return flat, upright_rules
    pair = (flat, upright_rules) if turn == 2 else (upright_rules, flat)
    across, down = ([moved(rule) for rule in rules] for rules in pair)
    return sorted(across, key=lambda rule: (-round(rule.y0 / 1.5), rule.x0)), down
