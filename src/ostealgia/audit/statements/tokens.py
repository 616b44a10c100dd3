"""Tokens of a stretch of running text: words, numbers and marks, each with its place and a class of one letter.

The classes of a stretch form one string, so the grammar of a statement is a short regular expression over classes
(``M=?n`` is a measure with its number), linear in the number of tokens.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from ostealgia.audit.statements.model import CellPlace, Number
from ostealgia.audit.statements.words import (
    ABBREVIATIONS,
    CAPITALS,
    LABELS,
    LETTERS,
    PHRASES,
    SPELLED,
    STOP_WORDS,
    TENS,
    VOCABULARY,
    listed,
)

_TOKEN = re.compile(
    r"(?P<num>(?<!\w)(?<!\d[.·])[-+⁻⁺]?(?:\d{1,3}(?:,\d{3})+(?!\d|,\d)(?:[.·]\d+)?|\d{1,3}(?:'\d{3})+(?![\d'])|\d+(?:[.·]\d+)*|(?<![\d)\]])[.·]\d+)"
    r"(?:[eE]-?\d{1,3}(?![\d.])|\s?[x×*∗]\s?10(?:\s?\^\s?-?\d{1,3}|-\d{1,3}(?![\d.])|[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}))?)"
    r"|(?P<word>[^\W\d_](?:[^\W_]|['’-](?=[^\W_])|\.(?=[^\W\d_]\.))*)"
    r"|(?P<stars>[★☆✩✭⭐]+)"
    r"|(?P<mark>[^\s\w])"
    r"|(?P<rest>\S)"
)
_MARKS = {
    "%": "%", "=": "=", "<": "<", ">": "<", "≤": "<", "≥": "<", "⩽": "<", "⩾": "<", "~": "~", "∼": "~", "≈": "=", "(": "(", "[": "(",
    "{": "(", ")": ")", "]": ")", "}": ")", ",": ",", ";": ";", ":": ":", "-": "-", "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-",
    "/": "/", "±": "±", "&": "a", "²": "2", "^": "^",
}  # fmt: skip
_LOWERED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SIGNABLE = frozenset("=(:Coi<,;[vta-~f/")
_SIGNED = listed("diff difference md smd wmd β beta coefficient")  # "(mean diff - 1.1": a minus with blanks
_SQUARED = {"i": ("H", "i2"), "τ": ("H", "tau2"), "tau": ("H", "tau2"), "χ": ("T", "chi2"), "chi": ("T", "chi2"),
            "x": ("T", "chi2"), "h": ("H", "h2"), "r": ("w", "r2"), "η": ("w", "eta2"), "eta": ("w", "eta2")}  # fmt: skip
_JOINED = {"i2": ("H", "i2"), "tau2": ("H", "tau2"), "τ2": ("H", "tau2"), "chi2": ("T", "chi2"), "χ2": ("T", "chi2"),
           "x2": ("T", "chi2"), "h2": ("H", "h2"), "r2": ("w", "r2")}  # fmt: skip
_JOINED |= {word.replace("2", "²"): value for word, value in _JOINED.items()}

_COMMA_PERCENT = re.compile(r"(?<![\d/.,])\d{1,3},\d{1,2}\s?%")  # a comma without a blank, and per cent
_COMMA_BEFORE = re.compile(r"(?<![\d/.,])\d{1,3},$")
_PERCENT_BEHIND = re.compile(r"\s?%")

LONGEST_SENTENCE = 300  # tokens; what goes on without a full stop is cut there


@dataclass(slots=True)
class Stream:
    """A stretch of text as tokens, all in parallel.

    kinds : one class a token (see words.CLASSES).  words : lower-case text.  values : what a known word stands for
    ("odds ratio" is OR).  raw : the text as printed.  starts, ends : characters of Document.text.
    sentence_of : number of the sentence of each token; sentences : first and last token (exclusive) of each.
    depth : how many brackets are open at each token.  opener : index of the innermost open bracket, -1 where none.
    section, cell : where the stretch stands.
    bare : whether numbers in brackets behind a ratio are its interval in this paper, though no word says so there.
    """

    kinds: str
    words: list[str]
    values: list[str]
    raw: list[str]
    starts: list[int]
    ends: list[int]
    sentences: list[tuple[int, int]]
    sentence_of: list[int]
    opener: list[int]
    closer: dict[int, int]
    section: str = "other"
    cell: CellPlace | None = None
    block: str = "paragraph"
    bare: bool = False

    def number(self, index: int, *, relation: int | None = None) -> Number:
        """The number of a token; with the relation sign before it ("< 0.001") where one is given."""
        text = self._numeral(index)
        if relation is None or self.raw[relation] in ("=", ":"):
            return Number(text, self.starts[index], self.ends[index])
        sign = _RELATION_WORDS.get(self.raw[relation].lower(), self.raw[relation])
        return Number(f"{sign} {text}", self.starts[relation], self.ends[index])

    def value(self, index: int) -> float:
        """The value of a number token."""
        text = self._numeral(index)
        try:
            return float(text.replace(",", ""))
        except ValueError:
            return Number(text, 0, 0).value

    def _numeral(self, index: int) -> str:
        raw = self.raw[index]
        spelled = SPELLED.get(raw.lower()) if raw[:1].isalpha() else None
        return (
            raw.replace("·", ".").replace(" ", "").replace("'", "").translate(_LOWERED)
            if spelled is None
            else str(spelled)
        )

    def whole(self, index: int) -> bool:
        """Whether a number token is a count: digits and thousands marks only."""
        return self.raw[index].replace(",", "").replace("'", "").isdigit()

    def sentence(self, index: int) -> tuple[int, int]:
        """First and last token (exclusive) of the sentence of a token."""
        return self.sentences[self.sentence_of[index]]

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Characters from one token to another, both included."""
        return self.starts[first], self.ends[last]


BOUNDS = {"≤": "<=", "⩽": "<=", "≥": ">=", "⩾": ">="}
_RELATION_WORDS = {"less than": "<", "below": "<", "under": "<", "greater than": ">", **BOUNDS}


def tokenize(plain: str, pieces: list[tuple[int, int]], **where: object) -> Stream:
    """Tokens of one or more pieces of the plain text that belong together (a paragraph broken by a page).

    >>> stream = tokenize("HR 0.68; 95% CI 0.51-0.91.", [(0, 26)])
    >>> stream.kinds
    'Mn;n%Cn-nS'
    """
    builder = _Builder(plain)
    for start, end in pieces:
        builder.add(start, end)
    return builder.finish(where)


CUTS = tuple(
    [word]
    for word in ("more", "older", "above", "over", "higher", "greater", "less", "younger", "below", "lower", "under")
)
LONGEST = 40  # characters of a printed number


def is_printable(text: str) -> bool:
    """Whether a numeral can be a printed result: not beyond the numbers that a computer holds.

    >>> is_printable("188,127.63"), is_printable("1e309"), is_printable("9" * 400)
    (True, False, False)
    """
    return len(text) <= LONGEST and _HUGE.search(text) is None


_HUGE = re.compile(r"[eE^]\s?-?\d{3}|10-\d{3}|[⁰¹²³⁴⁵⁶⁷⁸⁹]{3}")


class _Builder:
    """Tokens as they are found, and their classes."""

    def __init__(self, plain: str) -> None:
        self.plain = plain
        self.kinds: list[str] = []
        self.words: list[str] = []
        self.values: list[str] = []
        self.raw: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []

    def add(self, start: int, end: int) -> None:
        put = self._put
        for match in _TOKEN.finditer(self.plain, start, end):
            kind = match.lastgroup
            text = match.group()
            if kind == "word":
                self._word(text, match.start(), match.end())
            elif kind == "num":
                self._number(text, match.start(), match.end())
            elif kind == "stars":
                put("*", text, text, match.start(), match.end())
            else:
                self._mark(text, match.start(), match.end())

    def _put(self, kind: str, value: str, raw: str, start: int, end: int) -> None:
        self.kinds.append(kind)
        self.values.append(value)
        self.words.append(raw.lower())
        self.raw.append(raw)
        self.starts.append(start)
        self.ends.append(end)

    def _word(self, text: str, start: int, end: int) -> None:
        known = _meaning(text)
        if known is not None:
            self._put(*known, text, start, end)
            return
        low = text.lower()
        split = _SUBSCRIPT.fullmatch(text)
        if split is not None:  # t28, N205: a letter with a subscript
            self._word(split[1], start, start + len(split[1]))
            self._number(split[2], start + len(split[1]), end)
            return
        if self._behind_tens(start):
            self.values[-1] = str(int(self.values[-1]) + SPELLED[low])  # "sixty one"
            self.words[-1], self.raw[-1] = f"{self.words[-1]}-{low}", f"{self.raw[-1]}-{low}"
            self.ends[-1] = end
            return
        self._put("n", str(SPELLED[low]), text, start, end)

    def _behind_tens(self, start: int) -> bool:
        """Whether only a blank parts a spelled unit from spelled tens."""
        return bool(self.kinds) and self.words[-1] in TENS and self.plain[self.ends[-1] : start].isspace()

    def _number(self, text: str, start: int, end: int) -> None:
        kinds, plain = self.kinds, self.plain
        if text[0] in "-+" and start and (plain[start - 1].isalnum() or plain[start - 1] in ")]%"):
            self._put("-", text[0], text[0], start, start + 1)
            text, start = text[1:], start + 1
        elif (
            text[0] not in "-+" and len(kinds) > 1 and kinds[-1] == "-" and self.raw[-1] == "-"
            and (kinds[-2] in _SIGNABLE or (self.words[-2] in _SIGNED and "." in text and self.ends[-2] < self.starts[-1]))
            and start - self.ends[-1] <= 2 and (start == self.ends[-1] or self.ends[-2] < self.starts[-1] or kinds[-2] == "(")
            and kinds[-2] != "-"
        ):  # fmt: skip
            first = self.starts.pop()
            for column in (kinds, self.words, self.values, self.raw, self.ends):
                column.pop()
            text, start = f"-{text}", first
        if text.count(".") > 1 or not is_printable(text):  # 1.2.3: a version, a section
            self._put("k", text, text, start, end)
            return
        if _COMMA_PERCENT.match(plain, start) or (
            text.isdigit()
            and _COMMA_BEFORE.search(plain, max(0, start - 5), start)
            and _PERCENT_BEHIND.match(plain, end)
        ):  # "76,9%": which of point and comma is meant is not said
            self._put("k", text, text, start, end)
            return
        kind = "n"
        before = plain[start - 1] if start else " "
        if (
            before in ".,)]"
            and start > 1
            and (plain[start - 2].isalpha() or plain[start - 2] in ")%")
            and text.isdigit()
        ):
            kind = "k"  # a superscript citation after a word
        self._put(kind, text, text, start, end)

    def _mark(self, text: str, start: int, end: int) -> None:
        if text == "." and self.kinds and self.kinds[-1] == "v" and start == self.ends[-1]:
            self.ends[-1] = end
        elif text in ".!?":
            self._put(".", text, text, start, end)
        else:
            self._put(_MARKS.get(text, "?"), text, text, start, end)

    def finish(self, where: dict[str, object]) -> Stream:
        self._join()
        self._label()
        kinds = "".join(self.kinds)
        ends = self._sentence_ends(kinds)
        marks = list(kinds.replace(".", "?"))
        for end in ends:
            if kinds[end - 1] == ".":
                marks[end - 1] = "S"
        sentences = (
            list(zip([0, *ends], [*ends, len(kinds)], strict=True))
            if not ends or ends[-1] < len(kinds)
            else list(zip([0, *ends[:-1]], ends, strict=True))
        )
        sentences = [pair for pair in sentences if pair[0] < pair[1]] or [(0, 0)]
        firsts = [first for first, _ in sentences]
        sentence_of = [bisect_right(firsts, i) - 1 for i in range(len(kinds))]
        opener, closer = _brackets(marks, sentence_of)
        return Stream(
            "".join(marks),
            self.words,
            self.values,
            self.raw,
            self.starts,
            self.ends,
            sentences,
            sentence_of,
            opener,
            closer,
            **where,  # type: ignore[arg-type]
        )

    def _join(self) -> None:
        """Phrases of the vocabulary, and letters with a square, as one token."""
        kinds, values, words = self.kinds, self.values, self.words
        out: list[int] = []  # first token of each group
        merged: dict[int, tuple[int, str, str]] = {}
        i, size = 0, len(kinds)
        while i < size:
            group = None
            if words[i] in _SQUARED:
                group = self._square(i)
            if group is None and words[i] in PHRASES:
                group = self._phrase(i)
            if group is not None:
                merged[i] = group
            out.append(i)
            i = group[0] if group else i + 1
        if not merged:
            return
        lasts = [merged[i][0] - 1 if i in merged else i for i in out]
        raw = [
            self.plain[self.starts[i] : self.ends[last]] if i in merged else self.raw[i]
            for i, last in zip(out, lasts, strict=True)
        ]
        self.kinds = [merged[i][1] if i in merged else kinds[i] for i in out]
        self.values = [merged[i][2] if i in merged else values[i] for i in out]
        self.words = [" ".join(text.lower().split()) for text in raw]
        self.starts, self.ends, self.raw = [self.starts[i] for i in out], [self.ends[last] for last in lasts], raw

    def _square(self, i: int) -> tuple[int, str, str] | None:
        if i + 1 >= len(self.kinds):
            return None
        raw = self.raw[i]
        if len(raw) == 1 and raw not in "IτχXHRrη":
            return None
        j = i + 1
        if self.raw[j] == "^":
            j += 1
        if j < len(self.raw) and self.raw[j] in ("2", "²"):
            kind, value = _SQUARED[self.words[i]]
            return j + 1, kind, value
        return None

    def _phrase(self, i: int) -> tuple[int, str, str] | None:
        for rest, phrase in PHRASES[self.words[i]]:
            end = i + 1 + len(rest)
            if self.words[i + 1 : end] == list(rest):
                kind, value = VOCABULARY[phrase]
                return end, kind, value
        return None

    def _label(self) -> None:
        """Numbers that are labels, years, citations or belong to a word (12-week) are not statements."""
        kinds = self.kinds
        for i, kind in enumerate(kinds):
            if kind != "n":
                continue
            if (
                self._named(i)
                or self._cut(i)
                or self._hyphenated(i)
                or self._year(i)
                or self._hundreds(i)
                or self._glued(i)
            ):
                kinds[i] = "k"
        self._citations()

    def _named(self, i: int) -> bool:
        """Table 2, Fig. 3, week 12, mL/min/1.73 m2."""
        before = self.words[i - 1] if i else ""
        if before == "/":
            return i > 1 and self.kinds[i - 2] in "wu"
        if before == ".":
            return i > 1 and self.words[i - 2] in ("fig", "figs", "ref", "refs", "no")
        return before in LABELS and self.kinds[i - 1] == "w" and self.raw[i].isdigit()

    def _cut(self, i: int) -> bool:
        """Where a measure is cut in two: "80 or more", "70 years and older"."""
        after = i + 1 + (self.words[i + 1 : i + 2] in (["years"], ["points"], ["year"]))
        return self.words[after : after + 1] in (["or"], ["and"]) and self.words[after + 1 : after + 2] in CUTS

    def _glued(self, i: int) -> bool:
        """A number that begins a name: 4LB, 3D."""
        after = i + 1
        if after >= len(self.kinds) or self.starts[after] != self.ends[i] or not self.raw[i].isdigit():
            return False
        name = self.raw[after]
        return self.kinds[after] == "w" and name[:1].isupper() and name not in MEASURES_OF_SIZE

    def _hundreds(self, i: int) -> bool:
        """A part of a spelled number: "one hundred and sixty-three"."""
        if not self.raw[i][:1].isalpha():
            return False
        before = self.words[i - 2] if i > 1 and self.words[i - 1] == "and" else self.words[i - 1] if i else ""
        behind = self.words[i + 1] if i + 1 < len(self.words) else ""
        return before in ("hundred", "thousand") or behind in ("hundred", "thousand")

    def _hyphenated(self, i: int) -> bool:
        after = i + 1
        return (
            after + 1 < len(self.kinds)
            and self.raw[after] == "-"
            and self.starts[after] == self.ends[i]
            and self.starts[after + 1] == self.ends[after]
            and self.kinds[after + 1] not in "n"
            and self.words[after + 1] not in ("fold", "times")
            and self.kinds[after + 1] in "wumdqfk"
        )

    def _year(self, i: int) -> bool:
        text = self.raw[i]
        if len(text) != 4 or not text.isdigit() or not 1900 <= int(text) <= 2099:
            return False
        after = self.kinds[i + 1] if i + 1 < len(self.kinds) else "S"
        before = self.kinds[i - 1] if i else "S"
        return after not in "%u" and before not in "=<N" and not (after == "(" and before != "(")

    def _citations(self) -> None:
        """(24), [1, 2], [13-45], (25-27; 30): whole numbers alone in brackets, after a word."""
        text = "".join(self.kinds)
        for match in _CITATION.finditer(text):
            first, last = match.span()
            numbers = [i for i in range(first + 1, last - 1) if text[i] == "n"]
            if all(self.raw[i].isdigit() and len(self.raw[i]) <= 4 for i in numbers):
                square = self.raw[first] == "["
                word = first and text[first - 1] in "wuM.,LfSCmk?o-iav)t"
                rising = all(int(self.raw[a]) < int(self.raw[b]) for a, b in pairwise(numbers))
                if (square and (text[first - 1 : first] != "n" or not rising)) or word:
                    for i in numbers:
                        self.kinds[i] = "k"

    def _sentence_ends(self, kinds: str) -> list[int]:
        ends: list[int] = []
        at = kinds.find(".")
        while at >= 0:
            while at - (ends[-1] if ends else 0) > LONGEST_SENTENCE:
                ends.append((ends[-1] if ends else 0) + LONGEST_SENTENCE)
            if self._ends_sentence(at):
                last = at + 1
                while last < len(kinds) and kinds[last] in ")k" and self.starts[last] == self.ends[last - 1]:
                    last += 1
                ends.append(last)
            at = kinds.find(".", at + 1)
        while len(kinds) - (ends[-1] if ends else 0) > LONGEST_SENTENCE:
            ends.append((ends[-1] if ends else 0) + LONGEST_SENTENCE)
        return ends

    def _ends_sentence(self, at: int) -> bool:
        if at + 1 >= len(self.kinds):
            return True
        after = at + 1
        glued = self.starts[after] == self.ends[at]
        if glued and self.kinds[after] not in ")k(?*":
            return False
        while after < len(self.kinds) and (self.kinds[after] in ")*" or (self.kinds[after] == "k" and glued)):
            after += 1
        if self.raw[at] in "?!":
            return True
        if at and self.starts[at] == self.ends[at - 1]:
            before = self.raw[at - 1].lower()
            if before in ABBREVIATIONS:
                return False
            if len(before) == 1 and before.isalpha() and self.raw[at - 1].isupper() and not self._starter(after):
                return False
        if after >= len(self.kinds):
            return True
        word = self.raw[after]
        first = word[:1]
        return word != word.lower() or first.isdigit() or first in "([\"“'‘★*•-" or not first.isascii()

    def _starter(self, after: int) -> bool:
        return after < len(self.raw) and self.raw[after][:1].isupper() and self.raw[after].lower() in STOP_WORDS


_CITATION = re.compile(r"\([nk](?:[,;\-a][nk])*\)")
_SUBSCRIPT = re.compile(r"([tTFzrQNn]|CI)(\d+)")


MEASURES_OF_SIZE = frozenset(
    ("C", "L", "N", "Gy", "Hz", "IU", "U", "Pa", "J", "W", "MJ", "K", "V", "T", "MHz", "M", "A")
)


@lru_cache(maxsize=16_384)
def _meaning(text: str) -> tuple[str, str] | None:
    """Class and value of a word that has one meaning everywhere; None for a letter with a subscript and a spelled unit."""
    low = text.lower()
    if len(text) == 1 and text in LETTERS:
        return LETTERS[text]
    if low in _JOINED:
        return _JOINED[low]
    if _SUBSCRIPT.fullmatch(text):
        return None
    found = VOCABULARY.get(low)
    if found is not None and not (low in CAPITALS and not _capital(text)):
        return found
    if low in SPELLED:
        return ("n", str(SPELLED[low])) if SPELLED[low] >= 10 else None
    return "w", low


def _capital(text: str) -> bool:
    """OR, aOR, ORs, Ors: written as an abbreviation."""
    return sum(letter.isupper() for letter in text) >= max(1, len(text.rstrip("s")) - 1)


def _brackets(marks: list[str], sentence_of: list[int]) -> tuple[list[int], dict[int, int]]:
    """Innermost open bracket of each token and the closing one of each; a sentence's end closes all."""
    opener: list[int] = []
    closer: dict[int, int] = {}
    stack: list[int] = []
    sentence = -1
    for i, mark in enumerate(marks):
        if sentence_of[i] != sentence:
            sentence = sentence_of[i]
            stack.clear()
        if mark == ")" and stack:
            closer[stack.pop()] = i
        opener.append(stack[-1] if stack else -1)
        if mark == "(":
            stack.append(i)
    return opener, closer
