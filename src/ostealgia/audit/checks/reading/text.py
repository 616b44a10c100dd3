"""Running text for the checks that read across sentences: sentences with their places, numbers in digits or words."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache, wraps
from itertools import accumulate
from typing import TypeVar

from ostealgia.audit.checks.reading.words import WORD_NUMBERS, spelled, stems
from ostealgia.audit.statements.model import Number
from ostealgia.audit.statements.words import TENS
from ostealgia.io.documents.gates import DIGIT, folded, needed
from ostealgia.io.documents.model import Document


def loose(pattern: str) -> re.Pattern[str]:
    """A pattern, case ignored, in which each blank may be several: mark-up leaves blanks behind."""
    return re.compile(re.sub(r"\\s(\?|(?![{*+?]))", lambda m: r"\s{0,4}" if m[1] else r"\s{1,4}", pattern), re.I)


Subject = TypeVar("Subject")
Answer = TypeVar("Answer")
PROSE = ("paragraph", "list", "caption", "note", "title")
BODY = ("abstract", "introduction", "methods", "results", "discussion", "conclusion", "other")

_ONES = "|".join(sorted((word for word in WORD_NUMBERS if word != "zero"), key=len, reverse=True))
_TENS = "|".join(TENS)
_NO_HUNDREDS = "".join(
    rf"(?<!{word}{glue})" for word in ("hundred", "thousand") for glue in (" ", "-", " and ", "-and-", " and-")
)
_BEGINS = rf"(?=[\d{''.join(sorted({word[0] for word in (*TENS, *WORD_NUMBERS)}))}])"  # at once where no number begins
COUNT = rf"{_BEGINS}{_NO_HUNDREDS}(?:\d{{1,3}}(?:,\d{{3}})+|\d{{1,7}}|(?:{_TENS})(?:[- ](?:{_ONES}))?|(?:{_ONES}))"
COUNT_PATTERN = re.compile(rf"(?<![\w.,\-])({COUNT})(?![\w%]|[.,]\d)", re.I)
_END = re.compile(r"[.!?][\"')\]]{0,2}\s+(?=[\"'(\[]?[A-Z0-9])")
_ABBREVIATED = re.compile(r"(?:\b(?:al|vs|fig|figs|ref|refs|e\.g|i\.e|cf|no|approx|dr|st|resp)|\b[A-Z])\.$", re.I)
_DIGIT = re.compile(r"\d")
LONGEST = 3000  # characters of a sentence; what is longer is not prose


def once(function: Callable[[Subject], Answer]) -> Callable[[Subject], Answer]:
    """The function, which keeps its last answer for the same object: the checks of one paper ask the same things."""
    kept: list[tuple[Subject, Answer]] = []

    @wraps(function)
    def answer(subject: Subject) -> Answer:
        last = kept[-1] if kept else None
        if last is None or last[0] is not subject:
            last = subject, function(subject)
            kept[:] = [last]
        return last[1]

    return answer


@dataclass(frozen=True)
class Sentence:
    """One sentence of running text: its words, its section and the block it begins in.

    start, end : characters of the document; of its first and last word where a table or a page's end lies between.
    pieces : (offset in text, character of the document) of each stretch.
    """

    start: int
    end: int
    text: str
    section: str
    block: int
    pieces: tuple[tuple[int, int], ...]

    @property
    def words(self) -> frozenset[str]:
        """Stems of its content words."""
        return _cached_stems(self.text)

    def at(self, offset: int) -> int:
        """The character of the document that stands at an offset of the sentence."""
        start, position = next(piece for piece in reversed(self.pieces) if piece[0] <= offset)
        return position + offset - start

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Characters of the document for offsets first to last; only the first stretch where several are crossed."""
        ends = [start for start, _ in self.pieces if first < start < last]
        last = ends[0] if ends else last
        return self.at(first), self.at(last - 1) + 1

    def number(self, found: re.Match[str], group: int | str = 1) -> Number:
        """A matched number with its place in the document."""
        return Number(found.group(group), *self.span(*found.span(group)))


@lru_cache(maxsize=8192)
def _cached_stems(text: str) -> frozenset[str]:
    return stems(text)


@once
def sentences(document: Document) -> tuple[Sentence, ...]:
    """The sentences of paragraphs, lists and captions, in reading order; one that goes on after a float is one."""
    found: list[Sentence] = []
    last: dict[int, int] = {}  # block -> its last sentence
    for index, block in enumerate(document.blocks):
        if block.kind not in PROSE or block.section not in BODY:
            continue
        for start, end in _cut(document.plain[block.start : block.end]):
            text = document.plain[block.start + start : block.start + end]
            begins = block.start + start
            before = _goes_on(document, found, last, index, text) if start == 0 else None
            if before is not None and len(found[before].text) + len(text) <= LONGEST:
                found[before] = _joined(found[before], text, begins, begins + len(text))
                last[index] = before
                continue
            if 3 < len(text.strip()) <= LONGEST:
                last[index] = len(found)
                found.append(Sentence(begins, begins + len(text), text, block.section, index, ((0, begins),)))
    return tuple(found)


def sentences_with(document: Document, *patterns: re.Pattern[str]) -> tuple[Sentence, ...]:
    """The sentences in which one of the patterns may match, in reading order: the others lack words that it needs.

    >>> from ostealgia.io.documents.reading import from_text
    >>> paper = from_text("Of 40 patients 3 died. None was lost. It took 9 months.")
    >>> [one.text.strip() for one in sentences_with(paper, re.compile(r"(\\d+) died"))]
    ['Of 40 patients 3 died.']
    """
    return tuple(sentence for _, sentence in numbered_with(document, *patterns))


def numbered_with(document: Document, *patterns: re.Pattern[str]) -> tuple[tuple[int, Sentence], ...]:
    """The sentences in which one of the patterns may match, each with its place among all sentences."""
    return _index(document).with_patterns(patterns)


class _Index:
    """Which sentences of a paper hold a word; each word is looked for once."""

    def __init__(self, document: Document) -> None:
        self.sentences = sentences(document)
        self.text = "\n".join(folded(sentence.text) for sentence in self.sentences)
        self.starts = [0, *accumulate(len(sentence.text) + 1 for sentence in self.sentences)]
        self.with_word = cache(self._with_word)
        self.with_patterns = cache(self._with_patterns)

    def _with_word(self, word: str) -> frozenset[int]:
        """Places of the sentences that hold a word, or any digit."""
        if word == DIGIT:
            return frozenset(i for i, sentence in enumerate(self.sentences) if _DIGIT.search(sentence.text))
        found: list[int] = []
        at = self.text.find(word)
        while at >= 0:
            found.append(bisect_right(self.starts, at) - 1)
            at = self.text.find(word, self.starts[found[-1] + 1])
        return frozenset(found)

    def _with_patterns(self, patterns: tuple[re.Pattern[str], ...]) -> tuple[tuple[int, Sentence], ...]:
        found: set[int] = set()
        for pattern in patterns:
            choices = [frozenset[int]().union(*map(self.with_word, words)) for words in needed(pattern)]
            if not choices:
                return tuple(enumerate(self.sentences))
            found |= frozenset.intersection(*choices)
        return tuple((i, self.sentences[i]) for i in sorted(found))


@once
def _index(document: Document) -> _Index:
    return _Index(document)


def _goes_on(document: Document, found: list[Sentence], last: dict[int, int], index: int, text: str) -> int | None:
    """The sentence that the first words of a block belong to, where they go on after a float or a page's end."""
    block = document.blocks[index]
    if block.continues is not None:
        return last.get(block.continues)
    if block.kind != "paragraph" or not text[:1].islower() or not found:
        return None
    before = next((i for i in range(index - 1, -1, -1) if document.blocks[i].kind == "paragraph"), None)
    at = last.get(before) if before is not None else None
    ends = at is None or found[at].text.rstrip()[-1:] in ".!?:;"
    return None if ends or before is None or document.blocks[before].section != block.section else at


def _cut(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a block begin and end."""
    found: list[tuple[int, int]] = []
    start = 0
    for stop in [*(match.end() for match in _END.finditer(text)), len(text)]:
        if stop < len(text) and _ABBREVIATED.search(text[max(start, stop - 12) : stop].rstrip()):
            continue
        found.append((start, stop))
        start = stop
    return found


def _joined(first: Sentence, text: str, start: int, end: int) -> Sentence:
    glue = "" if first.text.endswith(("-", " ")) else " "
    pieces = (*first.pieces, (len(first.text) + len(glue), start))
    return replace(first, end=end, text=first.text + glue + text, pieces=pieces)


@lru_cache(maxsize=4096)  # many checks begin with them
def count_matches(text: str) -> tuple[re.Match[str], ...]:
    """Where a text has whole numbers, in digits or words."""
    return tuple(COUNT_PATTERN.finditer(text))


def counts(sentence: Sentence) -> list[tuple[int, Number]]:
    """The whole numbers of a sentence, in digits or words, with their places; years and percentages are numbers, too."""
    found: list[tuple[int, Number]] = []
    for match in count_matches(sentence.text):
        value = spelled(match.group(1))
        if value is not None:
            found.append((value, sentence.number(match)))
    return found
