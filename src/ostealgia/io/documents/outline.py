"""Sections, captions, notes and broken paragraphs: from the parts that a format gives to the blocks of a document."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from ostealgia.io.documents.decimals import with_points
from ostealgia.io.documents.floats import tie_captions, tie_notes, with_peeled
from ostealgia.io.documents.grids import header_rows, joined, same_header, with_header_marks
from ostealgia.io.documents.model import Block, Document, PrintedTable
from ostealgia.io.documents.parts import Part
from ostealgia.io.documents.signs import plain_of
from ostealgia.io.documents.words import (
    ABSTRACT_PARTS,
    BACK,
    CONTINUED,
    FRONT,
    KEYWORDS,
    heading_words,
    labels_within,
    run_in,
    section_of,
)

_BODY = ("introduction", "methods", "results", "discussion", "conclusion")
_ENDED = re.compile(r"[.!?:;][\"')\]\s\d,–-]{0,24}\Z|\.[\"')\]]?\s?\[[\d,\s–-]{1,30}\]\s?\Z")
_ALL_ABSTRACT = 4500
_WHOLE = 700
_NO_ABSTRACT = ("funding", "trial registration", "registration", "authors", "participants")
_LAST = ("conclusion", "conclusions", "funding", "registration", "interpretation", "trial registration number")


def document(
    name: str,
    kind: str,
    text: str,
    parts: list[Part],
    *,
    notes: tuple[str, ...] = (),
    page_starts: tuple[int, ...] = (),
    markup: bool = True,
) -> Document:
    """A Document from the parts of a paper: sections given, captions and notes tied to their tables."""
    plain, decimal_note = with_points(plain_of(text, markup=markup))
    parts = with_peeled([part for part in parts if part.kind != "break" or page_starts])
    parts = [part for part in parts if part.kind != "break"]
    tie_captions(parts, plain)
    tie_notes(parts, text, plain)
    _give_sections(parts, text, plain)
    parts = _merge_paragraphs(parts, plain)
    blocks, tables, joined_notes = _blocks_and_tables(parts, text, plain)
    plain = _one_line_each(plain, blocks)
    line_starts = (0, *(match.end() for match in re.finditer("\n", text)))
    told = [*notes, *([decimal_note] if decimal_note else []), *joined_notes]
    return Document(
        name=name,
        format=kind,
        text=text,
        plain=plain,
        blocks=tuple(blocks),
        tables=tuple(tables),
        line_starts=line_starts,
        page_starts=page_starts,
        notes=tuple(told),
    )


def _one_line_each(plain: str, blocks: list[Block]) -> str:
    """Line ends inside running text are blanks: a sentence is one line there."""
    pieces, at = [], 0
    for block in blocks:
        if block.kind != "table" and "\n" in plain[block.start : block.end]:
            pieces += [plain[at : block.start], plain[block.start : block.end].replace("\n", " ")]
            at = block.end
    return "".join(pieces) + plain[at:]


# ---- sections


@dataclass
class _Reading:
    """Where the reader of the outline is."""

    section: str = "other"
    heading: str = ""
    resume: str | None = None
    level: int = 0
    abstract_level: int = 0
    abstract_seen: set[str] = field(default_factory=set)
    abstract_length: int = 0
    abstract_whole: bool = False  # its conclusions, or a long paragraph without parts, have been read
    flat: bool = False  # the abstract's parts have headings of the abstract's own level
    body: bool = False


def _give_sections(parts: list[Part], text: str, plain: str) -> None:
    begin = _front_end(parts, text, plain)
    _give_front(parts[:begin], plain, labelled=begin < len(parts) and _opens_abstract(parts[begin], text, plain))
    state = _Reading(section="front" if begin else "other")
    for at, part in enumerate(parts):
        if at < begin:
            if part.section is None:
                part.section = "results" if part.kind in ("table", "caption", "note") else "other"
            continue
        if part.section is not None and part.label != "running head":
            state.section, state.body = part.section, state.body or part.section in _BODY
            if part.kind in ("heading", "title"):
                state.heading = text[part.start : part.end].strip()
            part.heading = state.heading
            _as_reference(part, state)
            continue
        words = plain[part.start : part.end]
        if part.kind == "heading":
            _heading(part, words, text, state, parts, at)
        elif part.kind in ("paragraph", "list"):
            _paragraph(part, words, text, state)
        if part.kind in ("table", "caption", "note"):
            part.section = state.section if state.section in ("abstract",) else "results"
        elif part.label == "running head":
            part.section = "other"
        else:
            part.section = part.section or state.section
        part.heading = part.heading or state.heading


def _as_reference(part: Part, state: _Reading) -> None:
    if state.section == "references" and part.kind in ("paragraph", "list"):
        part.kind = "reference"


def _front_end(parts: list[Part], text: str, plain: str) -> int:
    """Index of the first part after authors, affiliations and dates: an abstract, an introduction; 0 where there is none."""
    length = max(1, parts[-1].end if parts else 1)
    for at, part in enumerate(parts):
        if part.section is not None and part.section != "other":
            return 0
        if part.kind == "heading":
            section = section_of(plain[part.start : part.end])
            if section in ("abstract", "introduction", "methods") or (section in _BODY and part.start < 0.3 * length):
                return at
        elif part.kind in ("paragraph", "list") and part.start < 0.5 * length and _opens_abstract(part, text, plain):
            return at
    return 0


def _opens_abstract(part: Part, text: str, plain: str) -> bool:
    words = plain[part.start : part.end]
    if part.kind == "heading":
        return section_of(words) == "abstract"
    if len(words) < 60:
        return False
    label = run_in(text[part.start : part.end], words)
    return label is not None and heading_words(label) not in _NO_ABSTRACT


def _give_front(parts: list[Part], plain: str, *, labelled: bool) -> None:
    """Title, authors and the like before the abstract; a long paragraph there is an abstract without its name."""
    title = _title(parts, plain)
    for part in parts:
        words = plain[part.start : part.end]
        if part is title:
            part.kind, part.section = "title", "front"
        elif part.kind in ("heading", "paragraph", "list"):
            length = len(words)
            is_abstract = (
                not labelled
                and part.kind == "paragraph"
                and length > 350
                and words.rstrip().endswith(".")
                and not FRONT.search(words)
            )
            part.kind, part.section = ("paragraph", "abstract") if is_abstract else ("front", "front")


def _title(parts: list[Part], plain: str) -> Part | None:
    for part in parts:
        if part.kind == "title":
            return part
    first = next((part for part in parts if part.kind == "heading" and part.certain and part.level == 1), None)
    if first:
        return first
    for part in parts:
        words = plain[part.start : part.end].strip()
        count = len(words.split())
        if part.kind not in ("heading", "paragraph") or not 5 <= count <= 45 or words.endswith(".") or "\n\n" in words:
            continue
        if (
            FRONT.search(words)
            or sum(sign.isdigit() for sign in words) > 6
            or words.count(",") > 3
            or words.endswith(":")
        ):
            continue
        if sum(word[:1].islower() for word in words.split()) >= 2 or words.isupper():
            return part
    return None


def _heading(part: Part, words: str, text: str, state: _Reading, parts: list[Part], at: int) -> None:
    """Takes the outline on to the section that a heading opens."""
    if KEYWORDS.match(words):
        part.kind, part.section = "front", "front"
        _keywords_below(parts, at)
        state.abstract_seen.add("keywords")
        if state.section == "abstract":
            state.section = "other" if state.body else "front"
        return
    named = heading_words(words)
    section = section_of(words)
    if state.section == "references" and section is None and not part.certain:
        part.kind = "reference"
        return
    state.heading = text[part.start : part.end].strip().strip("*_# ").strip()
    if state.section == "abstract" and _in_abstract(part, named, section, state):
        state.abstract_seen.add(named)
        return
    if section == "abstract":
        _abstract_heading(part, named, state)
        return
    if section is None:
        if state.resume and (part.level <= state.level or not part.level):
            state.section, state.resume = state.resume, None
        elif (
            state.section in ("back", "references", "front", "abstract")
            and part.certain
            and part.level <= max(1, state.level)
        ):
            state.section = "other" if state.section != "abstract" else "introduction"
        elif state.section == "front" and state.body:
            state.section = "other"
        return
    if section in ("back", "front") and state.section in ("introduction", "methods", "results"):
        state.resume = state.resume or state.section
    else:
        state.resume = None
    state.body = state.body or section in _BODY
    state.section, state.level = section, part.level


def _keywords_below(parts: list[Part], at: int) -> None:
    if at + 1 < len(parts) and parts[at + 1].kind == "paragraph" and parts[at + 1].end - parts[at + 1].start < 400:
        parts[at + 1].kind, parts[at + 1].section = "front", "front"


def _abstract_heading(part: Part, named: str, state: _Reading) -> None:
    if not state.body:
        state.section, state.abstract_level, state.level = "abstract", part.level, part.level
    elif named in ("summary", "synopsis"):
        state.section = "conclusion"


def _in_abstract(part: Part, named: str, section: str | None, state: _Reading) -> bool:
    """Whether a heading within the abstract names one of its parts and not the body."""
    if section in ("back", "references", "front"):
        return False
    if part.level and state.abstract_level and part.level != state.abstract_level:
        return part.level > state.abstract_level
    if state.abstract_length > 0 and (named == "introduction" or (state.abstract_whole and named not in _LAST)):
        return False
    if named in state.abstract_seen or "keywords" in state.abstract_seen:
        return False
    if part.level and state.abstract_level:
        state.flat = state.flat or not state.abstract_length
        if not state.flat:
            return False
    return named in ABSTRACT_PARTS


def _paragraph(part: Part, words: str, text: str, state: _Reading) -> None:
    if state.section == "references":
        part.kind = "reference"
        return
    if KEYWORDS.match(words) and len(words) < 600:
        part.kind, part.section = "front", "front"
        state.abstract_seen.add("keywords")
        if state.section == "abstract":
            state.section = "front"
        return
    if not state.body:
        if _abstract_paragraph(part, words, text, state):
            return
        if state.section in ("front", "other") and FRONT.search(words[:400]) and len(words) < 1500:
            part.kind, part.section = "front", "front"
            return
    elif BACK.match(words):
        part.section = "back"
        return
    elif state.section not in _BODY and FRONT.match(words) and len(words) < 400:
        part.kind, part.section = "front", "front"


def _is_whole(state: _Reading, label: str | None, within: list[str], words: str) -> bool:
    """Whether an abstract is complete with this paragraph: its conclusions are in it, or it is one long paragraph without parts."""
    if any(name.startswith(("conclusion", "interpretation")) for name in within):
        return True
    return not (label or within or state.abstract_seen) and len(words) > _WHOLE and _ENDED.search(words) is not None


def _abstract_paragraph(part: Part, words: str, text: str, state: _Reading) -> bool:
    """Whether a paragraph before the body belongs to the abstract; marks it so."""
    label = run_in(text[part.start : part.end], words)
    if label and "keywords" not in state.abstract_seen and (state.section != "introduction"):
        state.section, state.heading = "abstract", label
    if state.section != "abstract":
        return False
    if not label and ((FRONT.search(words[:300]) and len(words) < 700) or state.abstract_length > _ALL_ABSTRACT):
        state.section = "front"
        return False
    state.abstract_length += len(words)
    within = labels_within(words)
    state.abstract_whole = state.abstract_whole or _is_whole(state, label, within, words)
    state.abstract_seen.update(within)
    part.section = "abstract"
    part.heading = label or state.heading
    return True


# ---- broken paragraphs


def _merge_paragraphs(parts: list[Part], plain: str) -> list[Part]:
    """A sentence that goes on in the next paragraph: both are one block where nothing stands between, else tied by ``continues``."""
    out: list[Part] = []
    open_at: int | None = None  # the last paragraph in the flow whose sentence has not ended
    for part in parts:
        if part.kind in ("heading", "title", "reference"):
            open_at = None
        if part.kind not in ("paragraph", "list", "caption") or (part.certain and part.kind == "caption"):
            out.append(part)
            continue
        words = plain[part.start : part.end].strip()
        before = _open_caption(out, plain, open_at is not None) if part.kind == "paragraph" else None
        if before and words[:1].islower() and not part.certain:
            part.kind, part.section, part.label = "caption", before.section, ""
            out.append(part)
            continue
        if (
            part.kind == "paragraph"
            and open_at is not None
            and out[open_at].section == part.section
            and _goes_on(plain, out, open_at, part, words)
        ):
            if open_at == len(out) - 1:
                out[open_at].end = part.end
                if _ended(plain, out[open_at]):
                    open_at = None
                continue
            part.continues = open_at
        out.append(part)
        if part.kind in ("paragraph", "list"):
            open_at = (
                None if _ended(plain, part) or (part.end - part.start < 25 and part.kind == "list") else len(out) - 1
            )
    return out


def _ended(plain: str, part: Part) -> bool:
    return bool(_ENDED.search(plain[max(part.start, part.end - 40) : part.end].rstrip()))


def _open_caption(out: list[Part], plain: str, other_open: bool) -> Part | None:
    """The figure caption right above whose sentence has not ended.

    other_open : a paragraph before it has not ended either; then the caption goes on only where a page ends below it.
    """
    page_ended = False
    for part in reversed(out):
        if part.kind == "front":
            page_ended = True
            continue
        if part.kind != "caption" or part.float_kind != "figure" or part.end - part.start <= 120 or _ended(plain, part):
            return None
        return part if page_ended or not other_open else None
    return None


def _goes_on(plain: str, out: list[Part], open_at: int, part: Part, words: str) -> bool:
    if not words or part.certain:
        return False
    before = plain[out[open_at].start : out[open_at].end].rstrip()
    between = len(out) - 1 - open_at
    first = words.lstrip("([\"'")[:1]
    if before.endswith("-") or first.islower():
        return True
    if not (first.isalnum() or words[0] in "([<>-≥≤"):
        return False
    if between:
        return len(before) > 60 and part.kind == "paragraph"
    return (len(before) > 100 and (first.isdigit() or words[0] in "([")) or (
        len(before) > 200 and before[-1:].isalnum()
    )


# ---- blocks and tables


def _blocks_and_tables(parts: list[Part], text: str, plain: str) -> tuple[list[Block], list[PrintedTable], list[str]]:
    number: dict[Part, int] = {}  # a table's part -> index of its table
    tables: list[PrintedTable] = []
    told: list[str] = []
    captions, notes = _owned(parts, "caption"), _owned(parts, "note")
    for at, part in enumerate(parts):
        if not part.grid:
            continue
        above = captions.get(part, [])
        printed = _printed(part, above, notes.get(part, []), text)
        before = _continued_from(printed, above, parts[max(0, at - 3) : at], tables, plain)
        if before is None:
            number[part] = len(tables)
            tables.append(printed)
            continue
        tables[before], rows = _longer(tables[before], printed)
        number[part] = before
        told.append(f"{tables[before].label or 'a table'} goes on after a break: {rows} rows were joined to it")
    return [_block(part, number) for part in parts], tables, told


def _owned(parts: list[Part], kind: str) -> dict[Part, list[Part]]:
    found: dict[Part, list[Part]] = {}
    for part in parts:
        if part.kind == kind and part.owner is not None and part.label != "continued":
            found.setdefault(part.owner, []).append(part)
    return found


def _longer(first: PrintedTable, second: PrintedTable) -> tuple[PrintedTable, int]:
    """A table with the rows of its part after a break, and how many they are."""
    top, below = [list(row) for row in first.cells], [list(row) for row in second.cells]
    skip = same_header(top, first.header_rows, below) or 0
    note = " ".join(filter(None, (first.note, second.note)))
    start = first.note_start if first.note else second.note_start
    grid = tuple(map(tuple, joined(top, below, skip)))
    return replace(first, cells=grid, end=second.end, note=note, note_start=start), len(below) - skip


def _printed(part: Part, captions: list[Part], notes: list[Part], text: str) -> PrintedTable:
    grid = part.grid or []
    count = header_rows(grid, part.header_rows)
    caption = " ".join(" ".join(text[one.start : one.end].split()) for one in captions)
    note = " ".join(" ".join(text[one.start : one.end].split()) for one in notes)
    return PrintedTable(
        cells=tuple(map(tuple, with_header_marks(grid, count))),
        start=part.start,
        end=part.end,
        label=next((one.label for one in captions if one.label), ""),
        caption=caption,
        note=note,
        caption_start=captions[0].start if captions else None,
        note_start=notes[0].start if notes else None,
        header_rows=count,
        section=part.section or "results",
    )


def _continued_from(
    table: PrintedTable, captions: list[Part], above: list[Part], tables: list[PrintedTable], plain: str
) -> int | None:
    """Index of the table that this one goes on from: the same label said to be continued, or with the same header."""
    if not tables:
        return None
    said = any(CONTINUED.search(plain[one.start : one.end][:160]) for one in captions)
    said = said or any(part.label == "continued" for part in above)
    for before in range(len(tables) - 1, max(-1, len(tables) - 4), -1):
        first = tables[before]
        repeated = same_header(
            [list(row) for row in first.cells], first.header_rows, [list(row) for row in table.cells]
        )
        if repeated is None:
            continue
        same_label = bool(table.label) and _number(table.label) == _number(first.label)
        if said and (same_label or not table.label):
            return before
        whole = bool(first.header_rows) and repeated == first.header_rows
        if whole and (
            same_label or (not captions and before == len(tables) - 1 and first.label and table.start - first.end < 400)
        ):
            return before
    return None


def _number(label: str) -> str:
    return label.lower().split()[-1] if label else ""


def _block(part: Part, number: dict[Part, int]) -> Block:
    owner = part if part.grid is not None else part.owner
    table = number.get(owner) if owner is not None else None
    return Block(
        kind=part.kind,
        start=part.start,
        end=part.end,
        section=part.section or "other",
        heading=part.heading,
        table=table,
        continues=part.continues,
    )
