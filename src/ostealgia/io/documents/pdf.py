"""PDF files to the parts of a paper: text by its place on the page; scanned, encrypted and broken files are refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from ostealgia.errors import DocumentError
from ostealgia.io.documents.parts import RawCell, Writer
from ostealgia.io.documents.pdf_chars import PageText, Segment, read_page
from ostealgia.io.documents.pdf_gutters import parted
from ostealgia.io.documents.pdf_layout import BARRED, TextLine, columns_of, in_order, lines_of
from ostealgia.io.documents.pdf_margins import drop_line_numbers, is_read
from ostealgia.io.documents.pdf_rules import Rule, rules_of
from ostealgia.io.documents.pdf_tables import find_regions
from ostealgia.io.documents.pdf_title import title_first
from ostealgia.io.documents.pdf_turns import turned_rules
from ostealgia.io.documents.signs import one_line
from ostealgia.io.documents.words import FRONT, caption_label, section_of

_MOST_PAGES = 2000
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]{3}")
_VALUE = re.compile(r"\d[.·]\d|\d ?%|\d ?\(\d|±|[<>≤≥]|\d ?/ ?\d{1,3}\b(?! ?\d{4})")
_DOTS = re.compile(r"(?:[.…·_] ?){6,2000}")
_FETCHED = re.compile(r"For personal use only|[Dd]ownloaded from \S+ (?:by|at) .{1,90} on .{0,12}\d")
_SAME_HEIGHT = 4.0  # points
_PAGE_NUMBER = re.compile(r"(?:page\s*)?\d{1,5}(?:\s*(?:of|/)\s*\d{1,5})?|[ivxl]{1,6}", re.IGNORECASE)
_ENDED = re.compile(r"[.!?:;][\"')\]\d,\s⁰¹²³⁴⁵⁶⁷⁸⁹–-]{0,16}\Z")
_LIST = re.compile(r"(?:[•▪◦●]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+\S")
_OPENS = re.compile(
    r"(?:abstract|summary|key\s?words?|notes?|abbreviations|background|objectives?|methods|results"
    r"|conclusions?)\s?:\s",
    re.IGNORECASE,
)
_PREFIXES = frozenset(
    [
        "non",
        "meta",
        "self",
        "well",
        "long",
        "short",
        "high",
        "low",
        "pre",
        "post",
        "anti",
        "multi",
        "inter",
        "intra",
        "semi",
        "quasi",
        "cross",
        "follow",
        "half",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "ten",
        "all",
        "double",
        "single",
        "end",
        "co",
        "re",
    ]
)


def pdf_parts(data: bytes, name: str) -> tuple[Writer, tuple[int, ...], tuple[str, ...]]:
    """(the words and parts of a PDF, first character of each page, notes), or a DocumentError: no text, not opened."""
    import pypdfium2
    import pypdfium2.raw as raw

    pdf = _opened(pypdfium2, data, name)
    try:
        pages = [_read(pdf, number, raw, name) for number in range(len(pdf))]
    finally:
        pdf.close()
    notes = _refuse_or_note(pages, name)
    texts = [one.text for page in pages for one in (page, *page.sides)]
    for text, segments in zip(texts, parted([one.segments for one in texts]), strict=True):
        text.segments[:] = [one for one in segments if not _is_no_text(one.text.strip())]
    numbered = drop_line_numbers(texts)
    if numbered:
        notes.append(f"numbers of lines in the margin were left out: {numbered}")
    dropped, running = _drop_running_heads(texts)
    if dropped:
        notes.append(f"heads, feet and page numbers were left out: {dropped} lines")
    lines: list[TextLine] = []
    heads: list[tuple[str, ...]] = []
    for number, page in enumerate(pages, start=1):
        page.hint = pages[number - 2].hint if number > 1 else None
        for one in (page, *page.sides):
            lines += _page_lines(one, number, heads)
    reader = _Paragraphs(lines, len(pages), running)
    reader.run()
    notes += _unread_tables(lines)
    return reader.writer, reader.starts(), tuple(notes)


@dataclass
class _Page:
    text: PageText
    flat: list[Any] = field(default_factory=list)
    upright: list[Any] = field(default_factory=list)
    hint: float | None = None  # the gutter of the page before
    sides: list[_Page] = field(default_factory=list)  # words in another direction that are text or a table
    unread: int = 0  # characters in another direction that are not


def _opened(pypdfium2: Any, data: bytes, name: str) -> Any:
    try:
        pdf = pypdfium2.PdfDocument(data)
        count = len(pdf)
    except pypdfium2.PdfiumError as error:
        words = str(error)
        if "assword" in words or "ecurity" in words:
            raise DocumentError(
                "the PDF is encrypted",
                file=name,
                found="a file that asks for a password",
                expected="a PDF that opens without one",
                action="Open it with its password and save or print it to a new PDF.",
            ) from error
        raise DocumentError(
            "the PDF is damaged",
            file=name,
            found=words[:120],
            expected="a complete PDF",
            action="Download it again.",
        ) from error
    if not count:
        raise DocumentError("the PDF has no page", file=name, expected="a paper", action="Download it again.")
    if count > _MOST_PAGES:
        raise DocumentError(
            "the PDF is too long for a paper",
            file=name,
            found=f"{count:,} pages",
            expected=f"at most {_MOST_PAGES:,} pages",
            action="Split it.",
        )
    return pdf


def _read(pdf: Any, number: int, raw: Any, name: str) -> _Page:
    try:
        page = pdf[number]
    except Exception as error:  # pypdfium2 raises its own kinds for a page that cannot be loaded
        raise DocumentError(
            "a page of the PDF is damaged",
            file=name,
            page=number + 1,
            found=str(error)[:120],
            expected="a complete PDF",
            action="Download it again.",
        ) from error
    try:
        text, *others = read_page(page, raw)
        rules = rules_of(page, raw) if text.characters else ([], [])
        return _Page(
            text,
            *_rules_for(text, rules),
            sides=[_Page(one, *_rules_for(one, rules)) for one in others if is_read(one)],
            unread=sum(one.characters for one in others if not is_read(one)),
        )
    finally:
        page.close()


def _rules_for(text: PageText, rules: tuple[list[Rule], list[Rule]]) -> tuple[list[Rule], list[Rule]]:
    width, height = (text.height, text.width) if text.turn in (1, 3) else (text.width, text.height)
    return turned_rules(*rules, text.turn, width, height)


def _refuse_or_note(pages: list[_Page], name: str) -> list[str]:
    """Notes on pages without text and letters without meaning; a DocumentError where nearly all is so."""
    count = len(pages)
    empty = [number for number, page in enumerate(pages, start=1) if page.text.characters < 12]
    letters = sum(page.text.characters for page in pages)
    if len(empty) == count or letters < 15 * count:
        raise DocumentError(
            "the PDF holds no text: its pages are pictures (a scan)",
            file=name,
            page=empty[0] if empty else 1,
            found=f"{letters} characters on {count} pages",
            expected="a PDF with text",
            action="Run text recognition (OCR) on it, or give the paper as HTML or text.",
        )
    unmapped = sum(page.text.unmapped for page in pages) + _scrambled(pages)
    if unmapped > 0.3 * letters:
        raise DocumentError(
            "the letters of the PDF cannot be told",
            file=name,
            found=f"{unmapped} of {letters} characters without a meaning (a font without its table of letters)",
            expected="a PDF whose text can be copied",
            action="Run text recognition (OCR) on it, or give the paper as HTML or text.",
        )
    notes = []
    if empty:
        shown = ", ".join(map(str, empty[:8])) + (" ..." if len(empty) > 8 else "")
        notes.append(f"no text on page{'s' if len(empty) > 1 else ''} {shown} (pictures): nothing there was read")
    if unmapped > 5:
        notes.append(f"{unmapped} characters have no meaning in the file's fonts")
    sideways = [number for number, page in enumerate(pages, start=1) if page.sides or page.text.turn]
    if sideways:
        shown = ", ".join(map(str, sideways[:12])) + (" ..." if len(sideways) > 12 else "")
        notes.append(
            f"words that stand sideways on page{'s' if len(sideways) > 1 else ''} {shown} were read in their direction"
        )
    turned = sum(page.unread for page in pages)
    if turned > 3:
        notes.append(f"{turned} characters that stand at an angle (margins, axes) were left out")
    return notes


def _unread_tables(lines: list[TextLine]) -> list[str]:
    """Captions of tables that no table was read for: their numbers are running words, or a picture."""
    named = [
        (at, label[1], line)
        for at, line in enumerate(lines)
        if (label := caption_label(line.text)) and label[0] == "table"
    ]
    read = {label for at, label, _ in named if any(one.region is not None for one in lines[max(0, at - 4) : at + 12])}
    notes = []
    for _, label, line in named:
        if label not in read and not line.text.lower().startswith(("supp", "online", "appendix", "extended")):
            read.add(label)
            notes.append(
                f"{label} (page {line.page}) could not be read as a table: its numbers were not checked as such"
            )
    return notes


def _scrambled(pages: list[_Page]) -> int:
    """How many letters come from fonts that say another one for each: accents and fractions where words should be."""
    signs = "".join(one.text for page in pages for one in page.text.segments)
    odd = sum("\xa1" <= sign <= "\u02ff" for sign in signs)
    return len(signs) if odd > 0.25 * len(signs.replace(" ", "")) else 0


def _is_no_text(words: str) -> bool:
    """A rule made of dots, or who took the file from where."""
    return bool(_DOTS.fullmatch(words) or _FETCHED.search(words))


def _drop_running_heads(pages: list[PageText]) -> tuple[int, list[str]]:
    """Takes heads, feet and page numbers that come back at the same height of other pages out: (how many lines, their words)."""
    places: dict[str, list[float]] = {}
    for page in pages:
        for words, height in {(_normal(one), round(one.y)) for one in _edge_segments(page)}:
            places.setdefault(words, []).append(height)
    least = 2 if len(pages) < 7 else max(3, round(0.25 * len(pages)))
    running = {words: heights for words, heights in places.items() if words and len(heights) >= least}
    return sum(_drop(page, running, least) for page in pages), list(running)


def _edge_segments(page: PageText) -> list[Segment]:
    """Segments in the outermost 9% above and below."""
    return [one for one in page.segments if one.y > 0.91 * page.height or one.y < 0.09 * page.height]


def _normal(segment: Segment) -> str:
    """Words without the numbers of pages and years; a segment without words, or with a value ("12 (3.4)"), stays as it is."""
    words = segment.text.strip().lower()
    return words if _VALUE.search(words) or not _WORD.search(words) else _DIGITS.sub("#", words)


def _drop(page: PageText, running: dict[str, list[float]], least: int) -> int:
    edge = {id(one) for one in _edge_segments(page)}
    outer = [one for one in page.segments if id(one) in edge]
    gone = {
        id(one)
        for one in outer
        if sum(abs(height - one.y) <= _SAME_HEIGHT for height in running.get(_normal(one), ())) >= least
        and not section_of(one.text)
    }
    if page.segments:
        last = min(page.segments, key=lambda one: one.y)
        outer += [last] if last.y < 0.2 * page.height else []
    gone |= {id(one) for one in outer if _PAGE_NUMBER.fullmatch(one.text.strip()) and _alone(one, page, gone)}
    page.segments[:] = [one for one in page.segments if id(one) not in gone]
    return len(gone)


def _alone(segment: Segment, page: PageText, gone: set[int]) -> bool:
    """Whether a number stands alone on its line, but for words of the head or foot: a row of a table has more cells."""
    beside = [one for one in page.segments if one is not segment and abs(one.y - segment.y) < 2 and id(one) not in gone]
    return not any(len(one.text) > 60 or _DIGITS.search(one.text) for one in beside)


def _page_lines(page: _Page, number: int, heads: list[tuple[str, ...]]) -> list[TextLine]:
    segments = page.text.segments
    columns = columns_of(segments)
    regions = find_regions(segments, page.flat, page.upright, columns, heads)
    inside = {id(one) for region in regions for row in region.rows for one in row.segments}
    inside |= {id(one) for region in regions for one in region.caption}
    free = [one for one in segments if id(one) not in inside]
    if len(columns) == 2:
        page.hint = (columns[0][1] + columns[1][0]) / 2
    return [line for leaf in in_order(free, regions, page.hint) for line in lines_of(leaf, number)]


class _Paragraphs:
    """Lines to paragraphs, headings, captions and tables."""

    def __init__(self, lines: list[TextLine], pages: int, heads: Iterable[str] = ()) -> None:
        self.lines = lines
        self.writer = Writer()
        self._pages = pages
        self._page_at: dict[int, int] = {}
        self._group: list[TextLine] = []
        sizes = Counter[float]()
        for line in lines:
            if not line.figure and line.region is None:
                sizes[round(line.size, 1)] += len(line.text)
        self.body = sizes.most_common(1)[0][0] if sizes else 10.0
        self._vocabulary: set[str] = set()
        self.lines, self._title = title_first(lines, self.body, heads)
        gaps = Counter(
            round(a.y - b.y, 1)
            for a, b in pairwise(lines)
            if a.page == b.page and 0 < a.y - b.y < 3 * self.body and abs(a.size - self.body) < 0.6
        )
        self.leading = gaps.most_common(1)[0][0] if gaps else 1.2 * self.body

    def run(self) -> None:
        """Write every line."""
        self._vocabulary = {
            word.lower() for line in self.lines for word in re.findall(r"[A-Za-z]+(?:-[A-Za-z]+)+", line.text)
        }
        for line in self.lines:
            if line.region is not None:
                self._close()
                self._mark(line.page)
                cells = [
                    [RawCell(one_line(cell.text), header=cell.header) for cell in row] for row in line.region.cells
                ]
                self.writer.table(cells, header_rows=line.region.header_rows)
                continue
            if self._group and self._breaks(self._group[-1], line):
                self._close()
            self._group.append(line)
        self._close()

    def starts(self) -> tuple[int, ...]:
        """The first character of each page; a page without words begins where the next one does."""
        out, place = [], self.writer.length
        for page in range(self._pages, 0, -1):
            place = self._page_at.get(page, place)
            out.append(place)
        out[-1] = 0
        return tuple(reversed(out))

    def _mark(self, page: int, ahead: int = 0) -> None:
        gap = 0 if not self.writer.length else (1 if self.writer.pieces[-1].endswith("\n") else 2)
        self._page_at.setdefault(page, self.writer.length + gap + ahead)

    def _breaks(self, above: TextLine, line: TextLine) -> bool:
        """Whether a line begins a paragraph of its own."""
        if id(above) in self._title or id(line) in self._title:
            return not (id(above) in self._title and id(line) in self._title)
        if above.figure != line.figure or abs(above.size - line.size) > 0.09 * max(above.size, line.size):
            return True
        if line.figure:
            return False
        if caption_label(line.text) or _OPENS.match(line.text) or BARRED.match(line.text):
            return True
        if self._is_heading_alone(line) or self._is_heading_alone(above) or self._weight_changes(above, line):
            return not (above.bold and line.bold and above.page == line.page and 0 < above.y - line.y < 1.5 * line.size)
        ended = bool(_ENDED.search(above.text))
        if above.page != line.page or line.y > above.y:  # the next column or page
            return ended or caption_label(self._group[0].text) is not None or abs(above.size - self.body) > 0.6
        if above.y - line.y > 1.32 * max(self.leading if abs(line.size - self.body) < 0.6 else 0.0, 1.12 * line.size):
            return True
        return self._begins_paragraph(above, line, ended)

    def _begins_paragraph(self, above: TextLine, line: TextLine, ended: bool) -> bool:
        """By the indent of the line, or by a line above that ends early."""
        short = above.x1 < above.right - 0.1 * (above.right - above.left)
        if _LIST.match(line.text) and ended and (short or above.text.endswith(":") or _LIST.match(self._group[0].text)):
            return True
        if 0.6 * line.size < line.x0 - line.left < 4 * line.size and not _LIST.match(self._group[0].text):
            flush = above.x0 - above.left < 0.4 * line.size
            if flush or (ended and short) or (len(self._group) == 1 and ended):
                return True
        return short and ended and line.text[:1].isupper()

    def _weight_changes(self, above: TextLine, line: TextLine) -> bool:
        """From bold to regular or back where one of the two lines is a heading's."""
        if above.bold == line.bold:
            return False
        return (
            self._short(above)
            or self._short(line)
            or (above.bold and len(self._group) <= 3 and all(one.bold for one in self._group))
        )

    def _short(self, line: TextLine) -> bool:
        return line.x1 - line.x0 < 0.9 * (line.right - line.left) or len(line.text) < 60

    def _is_heading_alone(self, line: TextLine) -> bool:
        return len(line.text) < 60 and not line.text[:1].islower() and section_of(line.text) is not None

    def _close(self) -> None:
        group, self._group = self._group, []
        if not group:
            return
        text, ahead = self._joined(group)
        words = one_line(text)
        if not words:
            return
        for page, place in ahead:
            self._mark(page, min(place, len(words)))
        self._put(group, words)

    def _joined(self, group: list[TextLine]) -> tuple[str, list[tuple[int, int]]]:
        """The words of a paragraph, hyphens at line ends resolved, and where each page begins in it."""
        text, marks = "", [(group[0].page, 0)]
        for line in group:
            words = line.text.strip()
            text = self._with(text, words) if text else words
            if line.page != marks[-1][0]:
                marks.append((line.page, max(0, len(text) - len(words))))
        return text, marks

    def _with(self, text: str, words: str) -> str:
        last = text[-1]
        if last in "-‐\u00ad" and len(text) > 1 and text[-2].isalpha() and words[:1].islower():
            before = re.search(r"[A-Za-z]+\Z", text[:-1])
            after = re.match(r"[A-Za-z]+", words)
            if (
                before
                and after
                and (before[0].lower() in _PREFIXES or f"{before[0]}-{after[0]}".lower() in self._vocabulary)
            ):
                return text + words
            return text[:-1] + words
        if last == "−" and len(text) > 1 and text[-2] in "=(<>[,;:≤≥" and words[:1] in "0123456789.":
            return text + words
        if last in "-–−/" and len(text) > 1 and (text[-2].isdigit() or text[-2] == "%") and words[:1].isdigit():
            return text + words
        if last in "-‐" and len(text) > 1 and text[-2].isalpha():
            return text + words
        return f"{text} {words}"

    def _put(self, group: list[TextLine], words: str) -> None:
        first = group[0]
        label = caption_label(words)
        if label:
            self.writer.add("caption", words, label=label[1], float_kind=label[0], certain=False)
        elif first.figure or self._is_figure_text(group, words):
            self.writer.add("front", words, section="other", label="running head")
        elif id(first) in self._title:
            self.writer.add("title", words, level=1)
        elif self._is_heading(group, words):
            self.writer.add("heading", words, certain=section_of(words) is not None)
        elif first.size < 0.95 * self.body and FRONT.search(words[:300]):
            self.writer.add("front", words, section="other", label="running head")
        else:
            kind = "list" if _LIST.match(words) else "paragraph"
            self.writer.add(kind, words, certain=False)

    def _is_heading(self, group: list[TextLine], words: str) -> bool:
        if len(words) > 120 or len(words.split()) > 16 or (words.endswith((".", ",", ";")) and not section_of(words)):
            return False
        if section_of(words):
            return True
        if sum(sign.isdigit() for sign in words) > 4 or any(sign in words for sign in "=%@<>±"):
            return False
        first = group[0]
        return (first.bold or first.size > 1.07 * self.body or words.isupper()) and words[:1].isalnum()

    def _is_figure_text(self, group: list[TextLine], words: str) -> bool:
        """Short lines in another size that are no sentence: words within a drawing."""
        wide = sum(line.x1 - line.x0 > 0.55 * (line.right - line.left) for line in group)
        other = group[0].size < 0.93 * self.body
        return (
            other
            and wide <= 0.3 * len(group)
            and not _ENDED.search(words)
            and section_of(words) is None
            and group[0].page > 1
            and not group[0].bold
        )
