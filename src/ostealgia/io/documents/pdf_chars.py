"""Characters of a PDF page to segments: words on one line that belong together, raised figures raised."""

from __future__ import annotations

import ctypes
import unicodedata
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from ostealgia.io.documents.pdf_clips import unseen
from ostealgia.io.documents.pdf_shapes import SUSPECTS, shape_reader
from ostealgia.io.documents.pdf_turns import OBLIQUE, Char, quarter, upright
from ostealgia.io.documents.signs import raised

_SYMBOL_FONT = {
    0xF0B1: "±",
    0xF0A3: "≤",
    0xF0B3: "≥",
    0xF0B4: "×",
    0xF063: "χ",
    0xF061: "α",
    0xF062: "β",
    0xF074: "τ",
    0xF06D: "μ",
    0xF02D: "−",
    0xF044: "Δ",
    0xF03D: "=",
    0xF03C: "<",
    0xF03E: ">",
    0xF02B: "+",
    0xF0B7: "•",
    0xF0A7: "•",
    0xF067: "γ",
    0xF06B: "κ",
    0xF06C: "λ",
    0xF072: "ρ",
    0xF073: "σ",
    0xF02F: "/",
    0xF025: "%",
    0x2: "-",
    0xFFFE: "-",
    0xAD: "-",
    0xA0: " ",
    0x9: " ",
}
_TEX_LIGATURES = {0xB: "ff", 0xC: "fi", 0xD: "fl", 0xE: "ffi", 0xF: "ffl"}
SPACE = 0.16  # of the font's height: a wider gap parts two words
PHRASE = 0.95  # a wider one parts two segments
_HINT = ""  # stands among the characters where the library would set a blank between two words


@dataclass(slots=True)
class Word:
    """Characters without a gap; sizes in points, y from the bottom of the page."""

    text: str
    x0: float
    x1: float


@dataclass(slots=True)
class Segment:
    """Words on one line without a wide gap. y : the baseline.  size : the height of its font's box."""

    words: list[Word]
    y: float
    size: float
    bold: bool = False

    @property
    def x0(self) -> float:
        """Left end."""
        return self.words[0].x0

    @property
    def x1(self) -> float:
        """Right end."""
        return self.words[-1].x1

    @property
    def text(self) -> str:
        """The words with one blank between them."""
        return " ".join(word.text for word in self.words)


@dataclass(slots=True)
class _Run:
    """Characters in the order of the file on one baseline."""

    y: float
    size: float
    index: int
    words: list[Word] = field(default_factory=list)
    x1: float = 0.0
    small: bool = False
    last: int = 0
    box: tuple[float, float] = (0.0, 0.0)  # of the last character


@dataclass(frozen=True)
class PageText:
    """The segments of a page that are read in one direction, as if they stood upright.

    turn : quarter turns of its words, 3 for those that are read upwards.  unmapped : characters without a meaning.
    """

    segments: list[Segment]
    characters: int
    unmapped: int
    width: float
    height: float
    turn: int = 0


def read_page(page: Any, raw: Any) -> list[PageText]:
    """The words of a page by their direction, most words first. page : of pypdfium2.  raw : its module of C functions."""
    text_page = page.get_textpage()
    try:
        chars, unmapped = _characters(text_page.raw, raw)
        size = page.get_size()
        size = (size[1], size[0]) if page.get_rotation() in (90, 270) else size
        turns = Counter(char[5] for char in chars)
        views = [
            _view(chars, turn, count, size, text_page.raw, raw)
            for turn, count in turns.most_common()
            if turn != OBLIQUE
        ]
    finally:
        text_page.close()
    views = views or [PageText([], 0, 0, *size)]
    return [replace(views[0], unmapped=unmapped), *views[1:]]


def _view(chars: list[Char], turn: int, count: int, size: tuple[float, float], handle: Any, raw: Any) -> PageText:
    width, height = size
    kept = [upright(char, width, height) for char in chars if char[5] == turn]
    runs = _runs(kept)
    if not turn:
        hidden = unseen(handle, raw)
        runs = [run for run in runs if not (hidden(run.index) and hidden(run.last))]
    runs = _once(runs)
    bold = _bold_of(handle, raw, runs)
    if turn in (1, 3):
        width, height = height, width
    return PageText(_segments(runs, bold), count, 0, width, height, turn)


def _characters(handle: Any, raw: Any) -> tuple[list[Char], int]:
    """Each printed character, and how many have no meaning."""
    count = raw.FPDFText_CountChars(handle)
    box = raw.FS_RECTF()
    x, y = ctypes.c_double(), ctypes.c_double()
    get, loose, origin, angle, generated = (
        raw.FPDFText_GetUnicode,
        raw.FPDFText_GetLooseCharBox,
        raw.FPDFText_GetCharOrigin,
        raw.FPDFText_GetCharAngle,
        raw.FPDFText_IsGenerated,
    )
    box_at, x_at, y_at = ctypes.byref(box), ctypes.byref(x), ctypes.byref(y)
    chars: list[Char] = []
    unmapped = 0
    shown = shape_reader(handle, raw)
    for i in range(count):
        code = get(handle, i)
        ligature = _TEX_LIGATURES.get(code, "") if 11 <= code <= 15 and _in_word(handle, raw, i) else ""
        if (code in (13, 10) and not ligature) or 0xD800 <= code < 0xDC00:
            continue
        if 0xDC00 <= code < 0xE000:
            code = _beyond(get(handle, i - 1) if i else 0, code)
        if code == 32 and generated(handle, i) == 1:
            if chars:
                chars.append((_HINT, *chars[-1][1:]))
            continue
        sign = (
            ligature
            or _SYMBOL_FONT.get(code)
            or (chr(code) if 32 <= code < 0x110000 and not 0xD800 <= code < 0xE000 else "")
        )
        if not loose(handle, i, box_at) or not origin(handle, i, x_at, y_at):
            continue
        turn = quarter(angle(handle, i))
        across, size = box.right - box.left, box.top - box.bottom
        if turn in (1, 3):
            across, size = size, across
        if size <= 0.5 or size > 400:
            continue
        if not sign or code == 0xFFFD or (0xE000 <= code < 0xF8FF and code not in _SYMBOL_FONT):
            if not sign and across <= 0.05 * size:
                continue
            sign, size = shown(i, "", across, size, turn in (1, 3)), _beside(size, chars)
            unmapped += sign == "\ufffd"
            if not sign:
                continue
        elif sign in SUSPECTS:
            meant = shown(i, sign, across, size, turn in (1, 3))
            sign, size = meant, size if meant == sign else _beside(size, chars)
        chars.append(
            (sign, box.left, box.right, y.value, size, turn, i)
            if turn not in (1, 3)
            else (sign, box.bottom, box.top, x.value, size, turn, i)
        )
    return chars, unmapped


def _beside(size: float, chars: list[Char]) -> float:
    """The height of a sign from a font of signs, whose box may be far higher than its line: that of the character before."""
    return min(size, chars[-1][4]) if chars and chars[-1][4] > 0.5 * size else size


def _in_word(handle: Any, raw: Any, index: int) -> bool:
    """Whether a character stands beside a small letter and is printed."""
    if raw.FPDFText_IsGenerated(handle, index) == 1:
        return False
    beside = [raw.FPDFText_GetUnicode(handle, place) for place in (index - 1, index + 1) if place >= 0]
    return any(97 <= code <= 122 for code in beside)


def _beyond(high: int, low: int) -> int:
    """The sign of two halves: "P" for the slanted P of mathematics."""
    if not 0xD800 <= high < 0xDC00:
        return 0xFFFD
    sign = unicodedata.normalize("NFKC", chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00))
    return ord(sign) if len(sign) == 1 else 0xFFFD


def _runs(chars: list[Char]) -> list[_Run]:
    runs: list[_Run] = []
    run: _Run | None = None
    spaced = hinted = False
    for sign, x0, x1, y, size, _, index in chars:
        if sign == " ":
            spaced = True
            continue
        if sign == _HINT:
            hinted = True
            continue
        if run is not None:
            if run.box == (x0, x1) and abs(y - run.y) < 0.7 * run.size:  # the second letter of a ligature
                run.words[-1].text += sign
                run.last = index
                continue
            gap = x0 - run.x1
            rise = y - run.y
            level = abs(rise) <= 0.14 * run.size
            near = -0.35 * run.size <= gap <= PHRASE * run.size
            if (
                run.small
                and not level
                and near
                and gap < 0.4 * run.size
                and size > 1.15 * run.size
                and -0.62 * size < rise < -0.1 * size
            ):
                run.y, run.size, run.small = y, size, False  # raised figures began the line
                run.words = [Word(raised(word.text), word.x0, word.x1) for word in run.words]
                level = True
                rise = 0.0
            lifted = (
                not level
                and size < 0.88 * run.size
                and -0.4 * run.size < rise < 0.68 * run.size
                and -0.5 * run.size <= gap < 0.45 * run.size
            )
            if lifted and rise > 0 and _is_initial(run, sign, size):
                run.y, run.size, lifted, level = y, size, False, True
            if (near and level) or lifted:
                shown = raised(sign) if lifted and rise > 0 else sign
                before = run.words[-1].text[-1]
                least = (
                    -0.12 if before == "f" and sign.isalpha() else 0.04
                )  # the letter f hangs over the blank behind it
                letters = hinted and gap > least * run.size and (sign.isalpha() or before.isalpha())
                apart = (
                    letters or (spaced and gap > (least if least < 0 else 0.06) * run.size) or gap > SPACE * run.size
                )
                if apart and not _signed(run.words[-1].text, sign):
                    run.words.append(Word(shown, x0, x1))
                else:
                    word = run.words[-1]
                    word.text += shown
                    word.x1 = max(word.x1, x1)
                run.x1 = max(run.x1, x1)
                run.last, run.box = index, (x0, x1)
                spaced = hinted = False
                continue
        run = _Run(y, size, index, [Word(sign, x0, x1)], x1, True, index, (x0, x1))
        runs.append(run)
        spaced = hinted = False
    return runs


def _once(runs: list[_Run]) -> list[_Run]:
    """The runs, each printed twice at one place (to look bold, or in two layers) once."""
    seen: set[tuple[str, int, int]] = set()
    out: list[_Run] = []
    for run in runs:
        words = " ".join(word.text for word in run.words)
        place = words, round(run.words[0].x0), round(run.y)
        if len(words) > 1 and place in seen:
            continue
        seen.update((words, place[1] + dx, place[2] + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1))
        out.append(run)
    return out


def _is_initial(run: _Run, sign: str, size: float) -> bool:
    """Whether the run is one large letter that hangs over the first lines of a text, and the sign goes on with its word."""
    letter = run.words[0].text if len(run.words) == 1 else ""
    return len(letter) == 1 and letter.isupper() and sign.isalpha() and size < 0.55 * run.size


def _hangs(home: Segment, run: _Run) -> bool:
    """Whether a segment is one large letter beside the line that a run goes on with."""
    return len(home.text) == 1 and home.text.isalpha() and run.size < 0.7 * home.size


def _signed(text: str, sign: str) -> bool:
    """Whether a figure follows a minus sign that can only be its own: "= −" and "0.11"."""
    return text[-1] == "−" and len(text) > 1 and text[-2] in "=(<>[,;:≤≥" and (sign.isdigit() or sign == ".")


def _bold_of(handle: Any, raw: Any, runs: list[_Run]) -> list[bool]:
    """Whether the font of each run is bold at its first, middle and last character, by the font's name."""
    flags = ctypes.c_int()
    buffer = ctypes.create_string_buffer(128)

    def bold(index: int) -> bool:
        length = raw.FPDFText_GetFontInfo(handle, index, buffer, 128, ctypes.byref(flags))
        name = buffer.raw[: max(0, min(length, 128) - 1)].lower() if length else b""
        return any(word in name for word in (b"bold", b"black", b"heavy", b"cmbx", b"sfbx", b"demi")) or name.endswith(
            (b"-bd", b".b", b"-b")
        )

    return [bold(run.index) and bold(run.last) and bold((run.index + run.last) // 2) for run in runs]


def _segments(runs: list[_Run], bold: list[bool]) -> list[Segment]:
    """Runs on one baseline with a small gap between them, joined from left to right."""
    made: list[Segment] = []
    rows: dict[int, list[Segment]] = {}
    for run, is_bold in sorted(
        zip(runs, bold, strict=True), key=lambda pair: (-round(pair[0].y, 1), pair[0].words[0].x0)
    ):
        place = round(run.y / 2)
        home = None
        for key in (place - 1, place, place + 1):
            for segment in rows.get(key, ()):
                gap = run.words[0].x0 - segment.x1
                if (
                    abs(segment.y - run.y) <= 0.16 * segment.size
                    and -0.3 * segment.size <= gap <= PHRASE * segment.size
                ):
                    home = segment
        if home is None:
            home = Segment(run.words, run.y, run.size, is_bold)
            made.append(home)
            rows.setdefault(place, []).append(home)
            continue
        gap = run.words[0].x0 - home.x1
        initial = _hangs(home, run)
        if gap <= SPACE * home.size and not home.words[-1].text.endswith(" "):
            last, first = home.words[-1], run.words[0]
            home.words[-1] = Word(last.text + first.text, last.x0, first.x1)
            home.words += run.words[1:]
        else:
            home.words += run.words
        home.size = run.size if initial else max(home.size, run.size)
        home.bold = home.bold and is_bold
    made = [segment for segment in made if segment.text.strip()]
    for segment in made:
        _unspaced(segment)
    return _rejoined(made)


def _unspaced(segment: Segment) -> None:
    """Joins the letters of a caption's name that are set apart: "TABL E 1"."""
    for count in range(2, min(7, len(segment.words) + 1)):
        name = "".join(word.text for word in segment.words[:count])
        if name in ("TABLE", "FIGURE"):
            segment.words[:count] = [Word(name, segment.words[0].x0, segment.words[count - 1].x1)]
            return


def _rejoined(segments: list[Segment]) -> list[Segment]:
    """Pieces of a line that was set wide to fill its column: joined where the gaps between all its words are alike."""
    rows: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda one: (-round(one.y), one.x0)):
        if rows and abs(rows[-1][0].y - segment.y) < 0.6:
            rows[-1].append(segment)
        else:
            rows.append([segment])
    return [one for row in rows for one in (_evened(row) if len(row) > 1 else row)]


def _evened(row: list[Segment]) -> list[Segment]:
    out: list[Segment] = []
    at = 0
    while at < len(row):
        upto = _alike(row, at)
        words = [word for one in row[at:upto] for word in one.words]
        first = row[at]
        out.append(
            Segment(words, first.y, max(one.size for one in row[at:upto]), all(one.bold for one in row[at:upto]))
            if upto - at > 1
            else first
        )
        at = upto
    return out


def _alike(row: list[Segment], at: int) -> int:
    """The end of the longest stretch of segments whose gaps are like those between their words."""
    best = at + 1
    gaps = [b.x0 - a.x1 for a, b in zip(row[at].words, row[at].words[1:], strict=False)]
    words = list(row[at].words)
    for upto in range(at + 2, len(row) + 1):
        added = row[upto - 1]
        gap = added.x0 - row[upto - 2].x1
        gaps = [*gaps, gap, *[b.x0 - a.x1 for a, b in pairwise(added.words)]]
        words += added.words
        typical = sorted(gaps)[len(gaps) // 2]
        if gap <= 0 or gap > 3.2 * added.size or gap > 1.5 * typical + 0.5:
            break
        letters = sum(word.text.strip("(),.;:").isalpha() for word in words)
        if len(gaps) >= 3 and letters >= 0.6 * len(words) and max(gaps) <= 1.5 * typical + 0.5:
            best = upto
    return best
