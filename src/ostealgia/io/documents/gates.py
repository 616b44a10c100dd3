r"""What a pattern needs: words of which one must stand in every text that it matches. A text without them needs no search.

The words are read off the pattern itself, so that no list beside it can grow stale: of ``\b(?:men|women) (?:died|survived)`` one of
"men" and one of " died", " survived". They are compared in lower case, whatever the flags. To look for a word is many times as
quick as to run a pattern, and most patterns of the checks have nothing to say about most sentences.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from re import _parser  # type: ignore[attr-defined]  # the parser of ``re`` itself: what it reads is what is searched
from typing import Any

Words = frozenset[str]  # one of them is needed
DIGIT = "\\d"  # among Words: any digit
_MOST_WORDS = 40  # of one choice; to look for more of them takes as long as the search
_MOST_CHOICES = 3
_ALIKE = {"ı": "i", "İ": "i", "ſ": "s", "\u212a": "k"}  # what ignoring case takes for an ASCII letter
_ODD = re.compile(f"[{''.join(_ALIKE)}]")
_A_DIGIT = re.compile(r"\d")


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """A text in lower case and of the same length, to look for needed words in.

    >>> folded("Pain in İzmir")
    'pain in izmir'
    """
    return _ODD.sub(lambda odd: _ALIKE[odd[0]], text).lower()


def may_match(pattern: re.Pattern[str], text: str) -> bool:
    r"""False where a pattern can match nowhere in a text, because words that it needs are missing.

    >>> may_match(re.compile(r"\bof (\d+) patients"), "All patients were seen."), may_match(re.compile("x?"), "")
    (False, True)
    """
    low = folded(text)
    for words in needed(pattern):
        for word in words:
            if word in low or (word == DIGIT and _A_DIGIT.search(text)):
                break
        else:
            return False
    return True


def search(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """``pattern.search(text)``, sooner where it has nothing to find."""
    return pattern.search(text) if may_match(pattern, text) else None


def finditer(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """``pattern.finditer(text)``, sooner where it has nothing to find."""
    return pattern.finditer(text) if may_match(pattern, text) else iter(())


def words_of_any(patterns: Iterable[re.Pattern[str]]) -> Words:
    """Words of which one stands in every text that one of the patterns matches; each of the patterns needs some.

    >>> sorted(words_of_any([re.compile(r"\\bNRS\\b"), re.compile("[Kk]arnofsky scale")]))
    ['karnofsky scale', 'nrs']
    """
    return frozenset(chain.from_iterable(needed(pattern)[0] for pattern in patterns))


def holds_any(words: Words, text: str) -> bool:
    """Whether one of some words stands in a text, its case ignored."""
    low = folded(text)
    return any(word in low for word in words)


def needed(pattern: re.Pattern[str]) -> tuple[Words, ...]:
    r"""The choices of words of a pattern: of each choice, one word stands in whatever the pattern matches. The rarest first.

    >>> [sorted(words) for words in needed(re.compile(r"\b(?:men|women)\s{1,4}(?:died|survived)\b"))]
    [['died', 'survived'], ['men']]
    """
    return _needed(pattern.pattern, pattern.flags)


@lru_cache(maxsize=4096)
def _needed(pattern: str, flags: int) -> tuple[Words, ...]:
    found = _of_sequence(_parser.parse(pattern, flags)).every
    return tuple(sorted(dict.fromkeys(found), key=_commonness)[:_MOST_CHOICES])


@dataclass(frozen=True)
class _Need:
    """What a part of a pattern needs. texts : all the texts it can match, None where they are too many to list."""

    texts: Words | None = None
    choices: tuple[Words, ...] = ()

    @property
    def every(self) -> tuple[Words, ...]:
        """All choices, the texts among them."""
        return (*self.choices, *_as_choice(self.texts or ()))


_ANYTHING = _Need()
_NOTHING = _Need(frozenset({""}))  # no width


def _as_choice(texts: Iterable[str]) -> tuple[Words, ...]:
    """A choice of words, those left out that hold another one; none where the empty text will do."""
    kept: list[str] = []
    for text in sorted(texts, key=len):
        if not any(word in text for word in kept):
            kept.append(text)
    return () if "" in kept or not 0 < len(kept) <= _MOST_WORDS else (frozenset(kept),)


def _commonness(words: Words) -> float:
    """A guess how often one of the words is met: least for few and long ones."""
    return sum(0.1 if word == DIGIT else 8.0 ** -len(word) for word in words)


def _of_sequence(items: Iterable[tuple[Any, Any]]) -> _Need:
    """Parts one after another: texts grow as long as there are few, and are else a choice of their own."""
    run: Words = frozenset({""})
    choices: list[Words] = []
    whole = True
    for kind, value in items:
        part = _PARTS.get(str(kind), _unknown)(value)
        choices += part.choices
        if part.texts is not None and len(run) * len(part.texts) <= _MOST_WORDS:
            run = frozenset(first + text for first in run for text in part.texts)
            continue
        choices += _as_choice(run)
        run, whole = part.texts or frozenset({""}), False
    if whole:
        return _Need(run, tuple(choices))
    return _Need(None, (*choices, *_as_choice(run)))


def _unknown(_: Any) -> _Need:
    return _ANYTHING


def _no_width(_: Any) -> _Need:
    return _NOTHING


def _literal(value: int) -> _Need:
    """One character; a letter outside ASCII, whose other case may be anything, is not looked for."""
    char = chr(value).lower()
    plain = char != "\\" and (char.isascii() or char == char.upper())
    return _Need(frozenset({char})) if plain else _ANYTHING


def _of_class(items: list[tuple[Any, Any]]) -> _Need:
    """One of a few characters, or a digit."""
    kinds = [str(kind) for kind, _ in items]
    if all(map(_is_digits, items)):
        return _Need(None, (frozenset({DIGIT}),))
    parts = [_literal(value).texts for kind, value in items if str(kind) == "LITERAL"]
    if len(parts) < len(kinds) or None in parts:
        return _ANYTHING
    return _Need(frozenset(chain.from_iterable(texts for texts in parts if texts)))


def _is_digits(item: tuple[Any, Any]) -> bool:
    kind, value = str(item[0]), item[1]
    if kind == "RANGE":
        return all(chr(end) in "0123456789" for end in value)
    return (kind == "LITERAL" and chr(value) in "0123456789") or str(value) == "CATEGORY_DIGIT"


def _branch(value: tuple[Any, list[Any]]) -> _Need:
    """One of several sequences: the best choice of each in one, then the second best, ..."""
    parts = [_of_sequence(sequence) for sequence in value[1]]
    if all(part.texts is not None and not part.choices for part in parts):
        texts = frozenset(chain.from_iterable(part.texts for part in parts if part.texts))
        return _Need(texts) if len(texts) <= _MOST_WORDS else _ANYTHING
    if not all(part.every for part in parts):
        return _ANYTHING
    ranked = [sorted(part.every, key=_commonness) for part in parts]
    choices = (chain.from_iterable(own[min(i, len(own) - 1)] for own in ranked) for i in range(_MOST_CHOICES))
    return _Need(None, tuple(chain.from_iterable(map(_as_choice, choices))))


def _repeat(value: tuple[int, int, Any]) -> _Need:
    least, most, sequence = value[0], int(value[1]), value[2]
    part = _of_sequence(sequence)
    if least == most == 1:
        return part
    if least:
        return _Need(None, part.every)
    return _Need(part.texts | {""}) if most == 1 and part.texts is not None else _ANYTHING


def _ahead(value: tuple[int, Any]) -> _Need:
    """What must stand before or behind, without width of its own."""
    return _Need(_NOTHING.texts, _of_sequence(value[1]).every)


_PARTS: dict[str, Callable[[Any], _Need]] = {
    "LITERAL": _literal,
    "IN": _of_class,
    "BRANCH": _branch,
    "MAX_REPEAT": _repeat,
    "MIN_REPEAT": _repeat,
    "POSSESSIVE_REPEAT": _repeat,
    "SUBPATTERN": lambda value: _of_sequence(value[3]),
    "ATOMIC_GROUP": lambda value: _of_sequence(value),
    "ASSERT": _ahead,
    "ASSERT_NOT": _no_width,
    "AT": _no_width,
}
