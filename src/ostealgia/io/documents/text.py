"""Plain text and Markdown to the parts of a paper."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from ostealgia.io.documents.parts import Part
from ostealgia.io.documents.signs import plain_of
from ostealgia.io.documents.text_tables import Line, find_tables, lines_of
from ostealgia.io.documents.words import SECTION_OF, caption_label, heading_words, section_of

_MARKDOWN_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(?=\S)")
_SETEXT = re.compile(r"(?:={3,200}|-{3,200})\s*\Z")
_RULE = re.compile(r"\s{0,3}(?:(?:-\s?){3,200}|(?:\*\s?){3,200}|(?:_\s?){3,200}|={4,200})\Z")
_LIST = re.compile(r"\s{0,8}(?:[-*+•▪◦●–]\s+|\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)]\s+(?=\S)|\[\d{1,3}\]\s+)")
_BOLD_LINE = re.compile(r"\s*(?:\*\*|__)(?P<words>[^*_\n]{2,120})(?:\*\*|__)\s*[:.]?\s*\Z")
_PAGE_NUMBER = re.compile(r"\s*(?:-\s?)?(?:page\s*)?\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?(?:\s?-)?\s*\Z", re.IGNORECASE)
_PAGE_WORDS = re.compile(r"et al\b|doi|https?:|www\.|\bpage\b|\bvol\b|journal|copyright|©|downloaded", re.IGNORECASE)
_SENTENCE_WITHIN = re.compile(r"[a-z)]{2}[.!?] [A-Z]")
_ABBREVIATIONS = re.compile(r"\s*\**abbreviations?\b", re.IGNORECASE)
_ENDS = (".", "!", "?", ":", ";", ",")
_FIGURES = re.compile(r"\d")
_LONG_LINE = 160
_NUMBERED = re.compile(r"[ \t]{0,12}(\d{1,5})(?=\s|\Z)")
_LEAST_NUMBERED = 8


def without_line_numbers(text: str) -> tuple[str, int]:
    """The text with the line numbers of a manuscript blank, and how many there were: most lines begin with one more than the last.

    >>> without_line_numbers("\\n".join(f"{n} words" for n in range(1, 10)))[1]
    9
    """
    lines = text.split("\n")
    marks = [match if (match := _NUMBERED.match(line)) else None for line in lines]
    numbers = [int(match[1]) for match in marks if match]
    filled = sum(not line.isspace() and bool(line) for line in lines)
    if len(numbers) < _LEAST_NUMBERED or len(numbers) < 0.7 * filled:
        return text, 0
    if sum(b - a == 1 for a, b in pairwise(numbers)) < 0.85 * (len(numbers) - 1):
        return text, 0
    lines = [
        " " * match.end() + line[match.end() :] if match else line for line, match in zip(lines, marks, strict=True)
    ]
    return "\n".join(lines), len(numbers)


def text_parts(text: str) -> list[Part]:
    """The parts of a plain or Markdown text in reading order; sections are given later."""
    lines = lines_of(text)
    tables = find_tables(lines, text)
    running = _running_heads(lines)
    parts: list[Part] = []
    at = 0
    for table in tables:
        _prose(lines, at, table.first, running, parts)
        first, last = lines[table.first], lines[table.last - 1]
        parts.append(Part("table", first.start, last.end, grid=table.grid, header_rows=table.header_rows, certain=True))
        at = table.last
    _prose(lines, at, len(lines), running, parts)
    return parts


def _running_heads(lines: list[Line]) -> frozenset[str]:
    """Lines that come back three times or more, as a page's head or foot does."""
    counts = Counter(
        _FIGURES.sub("#", line.text.strip()) for line in lines if 8 <= len(line.text) <= 120 and "\t" not in line.text
    )
    found = set()
    for words, times in counts.items():
        sentence = words.endswith((".", ";", ",")) and not _PAGE_WORDS.search(words)
        if times < 3 or sentence or section_of(words) or words.startswith(("|", "- ", "* ", "#", "<")):
            continue
        if len(words.split()) >= 4 or _PAGE_WORDS.search(words):
            found.add(words)
    return frozenset(found)


def _prose(lines: list[Line], first: int, last: int, running: frozenset[str], parts: list[Part]) -> None:
    """Lines that are not a table, cut into headings, captions, lists and paragraphs."""
    group: list[Line] = []
    for index in range(first, last):
        line = lines[index]
        if line.blank or _RULE.match(line.text):
            if (
                group
                and not line.blank
                and _SETEXT.match(line.text)
                and len(group) == 1
                and len(group[0].text) <= 120
                and line.text.strip()[0] in "=-"
            ):
                parts.append(_part("heading", group, level=1 if "=" in line.text else 2, certain=True))
                group = []
                continue
            _close(group, parts)
            group = []
            if not line.blank or "\f" in line.text:
                parts.append(Part("break", line.start, line.end))
            continue
        words = line.text.strip()
        if _FIGURES.sub("#", words) in running or (_PAGE_NUMBER.match(words) and _alone(lines, index)):
            _close(group, parts)
            group = []
            parts.append(Part("front", line.start, line.end, certain=True, section="other", label="running head"))
            continue
        if group and _begins_anew(line, group, lines, index):
            _close(group, parts)
            group = []
        group.append(line)
        if _is_heading_line(line):
            _close(group, parts)
            group = []
    _close(group, parts)


def _alone(lines: list[Line], index: int) -> bool:
    return (index == 0 or lines[index - 1].blank) and (index + 1 >= len(lines) or lines[index + 1].blank)


def _is_heading_line(line: Line) -> bool:
    """A line that is a heading by its mark-up or by being nothing but the name of a section."""
    return bool(_MARKDOWN_HEADING.match(line.text)) or _is_section_line(line.text)


def _is_section_line(words: str) -> bool:
    bare = words.strip().strip("*_# ").rstrip(":.")
    return len(bare) <= 60 and (bare[:1].isupper() or bare[:1].isdigit()) and heading_words(bare) in SECTION_OF


def _begins_anew(line: Line, group: list[Line], lines: list[Line], index: int) -> bool:
    """Whether a line begins a part of its own although no blank line stands before it."""
    before = group[-1].text.rstrip()
    if _is_heading_line(line) or _LIST.match(line.text) or "\f" in line.text[:1]:
        return True
    label = caption_label(line.text.lstrip("*_ "))
    if label and (
        before.endswith(_ENDS[:3])
        or (label[2] < 20 and line.text.lstrip("*_ ")[label[2] : label[2] + 1] in (".", ":", ""))
    ):
        return True
    if len(before) > _LONG_LINE and (before.endswith((".", "?", "!", ":", ")")) or len(line.text) > _LONG_LINE):
        return True
    return _is_bare_heading(line, before, lines, index)


def _is_bare_heading(line: Line, before: str, lines: list[Line], index: int) -> bool:
    """A short line in wrapped text between a full stop and a line that begins a sentence, or the line below such a one."""
    words = line.text.strip()
    if _BOLD_LINE.match(words):
        return True
    if caption_label(before.strip("*_ ")):
        return False
    if before.endswith((".", "?", "!")) and _could_be_heading(words) and index + 1 < len(lines):
        below = lines[index + 1].text.strip()
        return len(words) < 70 and len(below) > len(words) and below[:1].isupper()
    return _could_be_heading(before.strip()) and len(before.strip()) < 60 and words[:1].isupper() and len(words) > 80


def _could_be_heading(words: str) -> bool:
    """Few words that begin large, do not end a sentence, and hold no result."""
    if not 2 < len(words) <= 110 or (words.endswith(_ENDS[:1] + _ENDS[2:]) and not words.endswith(("?", ":"))):
        return False
    bare = words.strip("*_ ")
    if not bare or not (bare[0].isupper() or bare[0].isdigit()) or len(bare.split()) > 14:
        return False
    if _SENTENCE_WITHIN.search(bare):
        return False
    figures = len(re.findall(r"\d+(?:\.\d+)?", re.sub(r"^[\d.]+\s", "", bare)))
    return (
        figures < 2
        and not any(sign in bare for sign in "=%@<>±|©")
        and "://" not in bare
        and any(map(str.isalpha, bare))
    )


def _part(kind: str, group: list[Line], **more: object) -> Part:
    first, last = group[0], group[-1]
    start = first.start + len(first.text) - len(first.text.lstrip())
    return Part(kind, start, max(start, first.start, last.start + len(last.text.rstrip())), **more)  # type: ignore[arg-type]


def _close(group: list[Line], parts: list[Part]) -> None:
    if not group:
        return
    first = group[0].text
    words = first.strip()
    if marked := _MARKDOWN_HEADING.match(first):
        part = _part("heading", group, level=len(marked[1]), certain=True)
        part.start += len(marked[0].lstrip())
        label = caption_label(plain_of(words.lstrip("# ")).strip())
        if label:
            part = _part("caption", group, label=label[1], float_kind=label[0], certain=True)
        parts.append(part)
        return
    plain = plain_of(words).strip()
    label = caption_label(plain)
    if label:
        parts.append(_part("caption", group, label=label[1], float_kind=label[0]))
    elif _is_section_line(first):
        parts.append(_part("heading", group, certain=True))
    elif len(group) == 1 and _BOLD_LINE.match(first):
        parts.append(_part("heading", group, level=3))
    elif _LIST.match(first):
        parts.append(_part("list", group))
    elif _ABBREVIATIONS.match(plain):
        parts.append(_part("note", group))
    elif len(group) == 1 and _could_be_heading(words):
        parts.append(_part("heading", group))
    else:
        parts.append(_part("paragraph", group))
