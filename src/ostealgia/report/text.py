"""The claims as one plain table for a terminal: ASCII signs, no colour codes, columns that wrap."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence

from ostealgia.report import cells, content
from ostealgia.report.cells import FIXED

# signs of print -> signs of a terminal; letters of names stay as they are
_ASCII = str.maketrans(
    {
        "\u2212": "-", "\u2013": "-", "\u2014": "-", "\u00b7": ".", "\u2265": ">=", "\u2264": "<=", "\u2248": "~",
        "\u00b2": "2", "\u03c4": "tau", "\u00d7": "x", "\u00b1": "+-", "\u221e": "inf", "\u2018": "'", "\u2019": "'",
        "\u201c": '"', "\u201d": '"', "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2026": "...",
    }
)  # fmt: skip

HEADER = ("claim", "published", "recomputed", "verdict")
GAP = "  "
NARROWEST = 60
_SHARE = (0.42, 0.27, 0.31)  # of what the verdict leaves, where the texts do not fit


def plain(text: str) -> str:
    """The text for a terminal: one line, ASCII signs, no control characters.

    >>> plain("−4.4 (−5.0 to −3.7); τ²")
    '-4.4 (-5.0 to -3.7); tau2'
    """
    return " ".join(cells.clean(text).translate(_ASCII).split())


def _wide(mark: str) -> int:
    if unicodedata.combining(mark):
        return 0
    return 2 if unicodedata.east_asian_width(mark) in "WF" else 1


def columns_of(text: str) -> int:
    """The number of terminal columns that the text takes.

    >>> columns_of("Li 2025"), columns_of("骨転移")
    (7, 6)
    """
    return sum(_wide(mark) for mark in text)


def _kept(text: str, width: int) -> str:
    """The text with fixed blanks inside parentheses that fit on one line, so that an interval is not torn apart."""
    return re.sub(
        r"\([^()]*\)",
        lambda group: group.group().replace(" ", FIXED) if len(group.group()) <= width else group.group(),
        text,
    )


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """The text in lines of at most ``width`` columns; the indent stands on each."""
    text = _kept(text, width - len(indent))
    lines = textwrap.wrap(text, max(width - len(indent), 4), break_on_hyphens=False) or [""]
    # textwrap counts letters; letters of two columns are wrapped again at half the width
    if any(columns_of(line) > width - len(indent) for line in lines):
        lines = textwrap.wrap(text, max((width - len(indent)) // 2, 4), break_on_hyphens=False)
    return [indent + line.replace(FIXED, " ") for line in lines]


def _padded(text: str, width: int) -> str:
    return text + " " * (width - columns_of(text))


Row = tuple[str, str, str, str, str]  # indent, then one text a column


def _rows(claims: Iterable[content.ClaimRow]) -> list[Row]:
    rows: list[Row] = []
    for claim in claims:
        rows.append(("", plain(claim.claim), plain(claim.published), plain(claim.recomputed) or "-", claim.verdict))
        for variant in claim.variants:
            rows.append(("  ", plain(variant.assumption), "", plain(variant.recomputed) or "-", variant.verdict))
    return rows


def _widths(rows: Sequence[Row], width: int) -> list[int]:
    """Widths of the four columns: as wide as the texts where all fit, else the first three share what is left."""
    wanted = [
        max([len(HEADER[c]), *(columns_of(row[c + 1]) + (len(row[0]) if c == 0 else 0) for row in rows)])
        for c in range(4)
    ]
    room = width - len(GAP) * 3 - wanted[3]
    if sum(wanted[:3]) <= room:
        return wanted
    widths = [0, 0, 0]
    open_columns = [0, 1, 2]
    while open_columns:  # a column that needs less than its share gives the rest to the others
        shares = sum(_SHARE[c] for c in open_columns)
        narrow = [c for c in open_columns if wanted[c] <= room * _SHARE[c] / shares]
        for c in narrow or open_columns:
            widths[c] = wanted[c] if narrow else max(int(room * _SHARE[c] / shares), 8)
        room -= sum(widths[c] for c in narrow)
        open_columns = [c for c in open_columns if c not in narrow] if narrow else []
    return [*widths, wanted[3]]


def _set(row: Row, widths: Sequence[int]) -> list[str]:
    columns = [_wrapped(row[c + 1], widths[c], row[0] if c == 0 else "") for c in range(4)]
    height = max(len(column) for column in columns)
    return [
        GAP.join(
            _padded(column[line] if line < len(column) else "", width)
            for column, width in zip(columns, widths, strict=True)
        ).rstrip()
        for line in range(height)
    ]


def summary_line(claims: Sequence[content.ClaimRow]) -> str:
    """How many claims have which verdict.

    >>> from ostealgia.report.content import ClaimRow
    >>> summary_line([ClaimRow(id="a", claim="x", published="1", recomputed="2", verdict="differs")])
    '1 claim: 1 differs'
    """
    tally = content.counts((claim.verdict for claim in claims), content.CLAIM_VERDICTS)
    words = ", ".join(f"{number} {verdict}" for verdict, number in tally.items()) or "none"
    return f"{len(claims)} claim{'' if len(claims) == 1 else 's'}: {words}"


def claims_text(claims: Iterable[content.ClaimRow], width: int = 100) -> str:
    """One table claim | published | recomputed | verdict, grouped by ``project``, for a terminal of ``width`` columns.

    Lines recomputed under a named assumption stand indented under their claim.  Ends with the counts and a newline.
    A terminal narrower than 60 columns is set as one of 60.

    >>> from ostealgia.report.content import ClaimRow
    >>> response = ClaimRow(id="a", claim="response", published="79% (73 to 83)", recomputed="78.6% (73.2 to 83.2)",
    ...                     verdict="reproduced", project="mrgfus")
    >>> print(claims_text([response], width=72))
    mrgfus
    claim     published       recomputed            verdict
    --------  --------------  --------------------  ----------
    response  79% (73 to 83)  78.6% (73.2 to 83.2)  reproduced
    <BLANKLINE>
    1 claim: 1 reproduced
    <BLANKLINE>
    """
    listed = list(claims)
    groups: dict[str, list[content.ClaimRow]] = {}
    for claim in listed:
        groups.setdefault(claim.project, []).append(claim)
    widths = _widths(_rows(listed), max(width, NARROWEST))
    lines: list[str] = []
    for project, members in groups.items():
        if project:
            lines += _wrapped(plain(project), max(width, NARROWEST))
        lines += _set(("", *HEADER), widths)
        lines.append(GAP.join("-" * column for column in widths))
        for row in _rows(members):
            lines += _set(row, widths)
        lines.append("")
    lines += _wrapped(summary_line(listed), max(width, NARROWEST))
    return "\n".join(lines) + "\n"
