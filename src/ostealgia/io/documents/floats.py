"""Captions and notes of tables: peeled off their grids, and tied to the table they stand above or below."""

from __future__ import annotations

import re

from ostealgia.io.documents.grids import peeled
from ostealgia.io.documents.parts import Part
from ostealgia.io.documents.words import CONTINUED, caption_label, is_note

_SIGNS = "*∗⁎†‡§¶#‖¹²³⁴⁵⁶⁷⁸⁹ᵃᵇᶜᵈᵉᶠᵍʰⁱ"
_MARK_ALONE = re.compile(rf"\\?[{_SIGNS}]{{1,3}}|\|\||[a-i]\)?")
_MARKED = re.compile(  # "‖ Data on ...", "aFigures are ...", "dBTC, distal ..."
    rf"\s*(?:[-*]\s+)?(?:\\?[{_SIGNS}]{{1,3}}|\|\|)\s?\w|\s*[a-i](?:[A-Z][a-z]|[A-Z]{{2,6}}[,:=])"
)
_IN_TEXT = re.compile(r"\b(?:we|our|Tables? \d|Fig)", re.IGNORECASE)
_ABBREVIATIONS = re.compile(r"\s*(?:Abbreviations?\b|[A-Z][A-Za-z]{0,7}\s?[=:]\s?[a-z])")
_MOST_NOTES = 12  # parts
_LONGEST = 900  # characters of a note that only its mark makes one
_SHORT = 260  # ... and of words before a note


def with_peeled(parts: list[Part]) -> list[Part]:
    """A caption or a note that stands as a row of its table becomes a part of its own."""
    out: list[Part] = []
    for part in parts:
        if part.grid is None:
            out.append(part)
            continue
        if not part.grid or not part.grid[0]:  # cells without a word
            continue
        grid, top, bottom = peeled(part.grid)
        if (top or bottom) and part.header_rows:
            part.header_rows = max(0, part.header_rows - len(top)) or None
        part.grid = grid
        for cell in top:
            label = caption_label(cell.text)
            out.append(
                Part(
                    "caption",
                    cell.start,
                    cell.end,
                    certain=True,
                    label=label[1] if label else "",
                    float_kind="table",
                    section=part.section,
                )
            )
        if top:
            part.start = max(part.start, min(cell.start for row in grid for cell in row))
        out.append(part)
        if bottom:
            part.end = min(part.end, bottom[0].start)
            out += [Part("note", cell.start, cell.end, certain=True, section=part.section) for cell in bottom]
    return out


def tie_captions(parts: list[Part], plain: str) -> None:
    """Each table gets the table caption right above it, else the one right below."""
    for at, part in enumerate(parts):
        if part.grid is None:
            continue
        for step in range(1, 5):
            above = parts[at - step] if at >= step else None
            if above is None or above.grid is not None:
                break
            words = plain[above.start : above.end].strip()
            if above.kind == "caption" and above.float_kind == "table":
                if above.owner is None:
                    above.owner = part
                    _titles_between(parts[at - step + 1 : at], part)
                break
            if above.kind == "front" or CONTINUED.fullmatch(words):
                continue
            if len(words) > 250 or above.kind == "caption" or step > 2:
                break
    for at, part in enumerate(parts[:-1]):
        below = parts[at + 1]
        if part.grid is None or any(other.owner is part for other in parts[max(0, at - 6) : at]):
            continue
        if below.kind == "caption" and below.float_kind == "table" and below.owner is None:
            below.owner = part
    for part in parts:
        words = plain[part.start : part.end].strip(" *_")
        if part.kind in ("paragraph", "heading") and words and CONTINUED.fullmatch(words):
            part.kind, part.label = "note", "continued"


def _titles_between(between: list[Part], table: Part) -> None:
    """Short words between "Table 2" and its table are the caption's own words."""
    for part in between:
        if part.kind in ("paragraph", "heading"):
            part.kind, part.owner, part.float_kind = "caption", table, "table"


def tie_notes(parts: list[Part], text: str, plain: str) -> None:
    """Paragraphs right below a table that read as notes are its notes, also those whose mark is a paragraph of its own."""
    for at, part in enumerate(parts):
        if part.grid is None:
            continue
        below, certain = at + 1, False
        while below < len(parts) and below <= at + _MOST_NOTES:
            if parts[below].kind == "caption" and parts[below].owner is part:
                below += 1
                continue
            certain = certain or (parts[below].kind == "note" and parts[below].certain)
            count = 1 if _is_note_part(parts[below], text, plain) else 0
            if not count and not certain:  # a format that marks its notes has no others
                count = _note_in_two(parts, below, text, plain)
            if not count:
                break
            for other in parts[below : below + count]:
                other.kind, other.owner = "note", part
            below += count


def _note_in_two(parts: list[Part], at: int, text: str, plain: str) -> int:
    """2 where a part and the next are a mark and its words, or short words and the abbreviations below them; else 0."""
    if at + 1 == len(parts) or not all(one.kind in ("paragraph", "list") for one in parts[at : at + 2]):
        return 0
    words = text[parts[at].start : parts[at].end].strip()
    following = parts[at + 1]
    if _MARK_ALONE.fullmatch(words):
        return 2 if following.end - following.start < _LONGEST else 0
    short = len(words) < _SHORT and words[:1].isupper() and words.endswith(".") and not _IN_TEXT.search(words)
    return 2 if short and _ABBREVIATIONS.match(plain[following.start : following.end]) else 0


def _is_note_part(part: Part, text: str, plain: str) -> bool:
    """Whether a part reads as the note of a table above it."""
    if part.kind == "note" and (part.certain or part.label == "continued"):
        return True
    if part.kind not in ("paragraph", "list", "heading") or (part.kind == "heading" and part.certain):
        return False
    words = text[part.start : part.end]
    if _MARK_ALONE.fullmatch(words.strip()):
        return False
    marked = part.kind != "heading" and part.end - part.start < _LONGEST and _MARKED.match(words)
    return bool(marked) or is_note(plain[part.start : part.end])
