"""A whole and the parts that a sentence lists for it, by the grammar of the sentence and not by its nouns.

"90 patients died: 16 from ..., 28 from ... and 46 from ...", "Of the 57 infections, 31 were ..., 20 ... and 6 ...",
"low in 8 studies, unclear in 8 and high in 4 of the 20", "12 ..., 6 ... and 5 ... (23 in total)". Every number between must be a part.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ostealgia.audit.checks.reading.mentions import Mention, mentions

FAR = 170  # characters between the whole and its list
LONG = 150  # characters between two parts


@dataclass(frozen=True)
class Listed:
    """A whole with its parts. form : how they are tied together. clear : the sentence without what counts nothing.

    items : the words that belong to each part. told : the words of the whole, up to its list.
    """

    form: str
    whole: Mention
    parts: tuple[Mention, ...]
    items: tuple[str, ...]
    told: str
    clear: str

    @property
    def total(self) -> int:
        """The sum of the parts."""
        return sum(part.value for part in self.parts)

    @property
    def start(self) -> int:
        """The first character."""
        return min(self.whole.start, self.parts[0].start)

    @property
    def end(self) -> int:
        """The character behind the last number."""
        return max(self.whole.end, self.parts[-1].end)


_SEP = re.compile(r"[,;]|\b(?:and|or|versus|vs|but|while|whereas|against|compared)\b", re.I)
_STOP = re.compile(r"[.?!]\s")
_OF = re.compile(
    r"(?:^|[\s(\[])(?:(?:out\s{1,2})?of|among|from)\s{1,3}(?:(?:the|these|our|all|those|a\stotal\sof|other|"
    r"remaining)\s{1,3}){0,3}$",
    re.I,
)
_OF_HEAD = re.compile(
    r"(?:^|[.;:,(]\s{0,2}|\b(?:and|that|while|whereas|but)\s{1,2})(?:out\s{1,2})?(?:of|among|"
    r"from)\s{1,3}(?:(?:the|these|our|all|those|a\stotal\sof)\s{1,3}){0,3}$",
    re.I,
)
_OF_BETWEEN = re.compile(
    r"\s{1,3}(?:[a-z-]+\s{1,3})?(?:out\s{1,2})?of\s{1,3}(?:(?:the|these|our|all|those|"
    r"a\stotal\sof)\s{1,3}){0,3}$",
    re.I,
)
_OF_WHOM = re.compile(
    r"[,;(]\s{0,3}(?:(?:out\s{1,2})?of|among)\s{1,3}(?:whom|which|them|these|those)\b[^\d]{0,40}$", re.I
)
_CONSIST = re.compile(
    r"\b(?:consist(?:ed|ing|s)?\s{1,3}of|compris(?:ed|ing|es)|were\s{1,3}as\s{1,3}follows|namely|"
    r"made\s{1,3}up\s{1,3}of)\b[^\d.;]{0,50}$",
    re.I,
)
_INCLUDED = re.compile(r"\s{1,3}[a-z]+s?\s{1,3}(?:included|contained|had|counted)\s{1,3}", re.I)
_ASSIGNED = re.compile(r"\b(?:assigned|allocated|randomi[sz]ed)\b", re.I)
_WERE = re.compile(r"[)\s](?:was|were)\s{1,3}[^\d.;:()]{3,60}\b(?:in|for|from)\s{1,2}$", re.I)
_TOTAL_BEHIND = re.compile(r"\s{0,2}(?:[a-z-]+\s{1,2}){0,2}?(?:in\s{1,2}(?:total|all)|altogether)\b", re.I)
_TOTAL_BEFORE = re.compile(r"\b(?:totall?ing|total(?:\s?[:=])|altogether)\s{0,2}$", re.I)
_SUMMED = re.compile(
    r"[,;(–—-]\s{0,2}(?:(?:that\sis|or|i\.e\.|and|thus|so),?\s)?"
    r"(?:in\s(?:total|all)|(?:making|giving|for)\s(?:a\stotal\sof|together))[,:]?\s{0,2}$",
    re.I,
)
_ENDS = re.compile(r"(?:\s{1,3}(?!(?:were|was|had|are|is|did|took|with|and)\b)[a-z-]+){0,2}\s{0,2}(?:[.;)]|$)", re.I)
_PLACED = re.compile(
    r"[a-z)]\s{1,3}(?:of|in|from|among|on|with)\s{1,3}(?:the\s|these\s|all\s)?$", re.I
)  # "of 48 eyes of 24 cats"
_NOT_ALL = re.compile(
    r"\b(?:including|include[sd]?|such as|e\.g\.|for example|most(?:ly| common| often| frequent\w*)?|main(?:ly)?|"
    r"among others|particular\w*)\b",
    re.I,
)


def listed_parts(text: str) -> Iterator[Listed]:
    """Every whole with its parts that a sentence may hold."""
    clear, found = mentions(text)
    if sum(one.counts for one in found) < 3:
        return
    for at, whole in enumerate(found):
        if whole.counts and whole.value >= 4:
            yield from _behind(clear, found, at)
            yield from _before(clear, found, at)
            yield from _around(clear, found, at)


def _behind(clear: str, found: tuple[Mention, ...], at: int) -> Iterator[Listed]:
    """The list behind its whole."""
    whole = found[at]
    if at + 1 >= len(found):
        return
    first = found[at + 1]
    gap = clear[whole.end : first.start]
    form = _introduced(clear, whole, first, gap)
    if form is None:
        return
    parts, label_first = _run(clear, found, at + 1)
    if len(parts) >= 2:
        yield _made(form, clear, whole, parts, gap, label_first)


def _introduced(clear: str, whole: Mention, first: Mention, gap: str) -> str | None:
    """How the words between a whole and the next number introduce a list; None where they don't."""
    if len(gap) > FAR or _STOP.search(gap):
        return None
    if ":" in gap:
        if first.depth != whole.depth and not re.match(r"\s*[)\]]", clear[first.end : first.end + 6]):
            return None
        return "colon" if len(gap) - gap.index(":") < 70 else None
    if first.depth == whole.depth + 1:
        if re.match(r"\s*[)\]]", clear[first.end : first.end + 6]):
            return (
                "labels"
                if "," in gap or _CONSIST.search(gap) or _ASSIGNED.search(gap) or _OF_HEAD.search(clear[: whole.start])
                else None
            )
        return "bracket" if len(gap) - max(gap.rfind("("), gap.rfind("[")) < 40 else None
    if first.depth > whole.depth:
        return None
    if _OF_WHOM.search(gap):
        return "of whom"
    if _OF_HEAD.search(clear[: whole.start]):
        return None if _PLACED.search(gap) else "of"
    if _CONSIST.search(gap):
        return "consist"
    if _INCLUDED.fullmatch(gap):
        return "include"
    if re.search(r"[,–—]\s{0,3}(?:and\s|with\s|i\.e\.,?\s|namely\s)?$", gap):
        return "comma"
    if re.search(r";\s{0,3}$", gap):
        return "semicolon"
    return "were" if _WERE.search(gap) else None


def _run(clear: str, found: tuple[Mention, ...], at: int) -> tuple[tuple[Mention, ...], bool]:
    """The parts from a number on, and whether the label of each stands before its number.

    Deeper numbers are passed over. A number that does not count, or a new sentence, ends the list as not understood.
    """
    first = found[at]
    label_first = _has_label_before(clear, first)
    bracketed = first.depth and re.match(r"\s*[)\]]", clear[first.end : first.end + 6]) is not None
    parts = [first]
    for other in found[at + 1 :]:
        if other.depth > first.depth:
            continue
        gap = clear[parts[-1].end : other.start]
        closed = other.depth < first.depth or (not bracketed and _leaves(gap))
        if closed and not bracketed:
            break
        if bracketed and (other.depth != first.depth or not re.match(r"\s*[)\]]", clear[other.end : other.end + 6])):
            break
        if _STOP.search(gap):
            break
        if not other.counts or len(gap) > LONG or not _SEP.search(gap):
            return (), False
        parts.append(other)
    return tuple(parts), label_first


def _has_label_before(clear: str, first: Mention) -> bool:
    """Whether the words of a part stand before its number: "low in 8 studies, unclear in 8"."""
    behind = re.match(
        r"\s*(?:[a-z]+\s{0,3})?(?:[,;)\]]|and\b|or\b|$|\.\s*$|"
        r"(?:out\s)?of\s)",
        clear[first.end :],
        re.I,
    )
    if re.match(r"\s*(?:[,;)\]]|$|\.\s*$)", clear[first.end :]):
        return True
    return (
        behind is not None and re.search(r"\b(?:in|on|at|for|by|with|from)\s{1,3}$", clear[: first.start]) is not None
    )


def _leaves(gap: str) -> bool:
    """Whether the bracket of the list closes between two numbers."""
    depth = 0
    for sign in gap:
        depth += (sign in "([") - (sign in ")]")
        if depth < 0:
            return True
    return False


def _before(clear: str, found: tuple[Mention, ...], at: int) -> Iterator[Listed]:
    """The list before its whole: "... in 4 of the 20 studies", "... and 5 (23 in total)"."""
    whole = found[at]
    if at < 2:
        return
    gap = clear[found[at - 1].end : whole.start]
    last_of = _OF_BETWEEN.fullmatch(gap) is not None
    total = _TOTAL_BEHIND.match(clear, whole.end) or _TOTAL_BEFORE.search(gap)
    total = total or (_SUMMED.search(gap) is not None and _ENDS.match(clear, whole.end))
    if not (last_of or (total and len(gap) < 80)) or _STOP.search(gap):
        return
    level = found[at - 1].depth if last_of or whole.depth <= found[at - 1].depth else whole.depth - 1
    parts: list[Mention] = []
    for other in reversed(found[:at]):
        if other.depth > level:
            continue
        if other.depth < level:
            break
        between = clear[other.end : parts[-1].start] if parts else ""
        if parts and (_STOP.search(between) or _leaves(between)):
            break
        if not other.counts or (parts and (len(between) > LONG or not _SEP.search(between))):
            return
        parts.append(other)
    parts.reverse()
    if len(parts) >= 2:
        label_first = _has_label_before(clear, parts[0])
        yield _made(
            "last of" if last_of else "in total", clear, whole, tuple(parts), clear[: parts[0].start], label_first
        )


def _around(clear: str, found: tuple[Mention, ...], at: int) -> Iterator[Listed]:
    """ "Eight of the 20 trials had a low risk, eight ... and four ...": the first part stands before its whole."""
    whole = found[at]
    if at < 1 or at + 1 >= len(found):
        return
    first = found[at - 1]
    if not _OF_BETWEEN.fullmatch(clear[first.end : whole.start]) or not first.counts or first.depth != whole.depth:
        return
    if (
        at >= 2
        and found[at - 2].depth == first.depth
        and not re.search(r"[.;]\s", clear[found[at - 2].end : first.start])
    ):
        return
    second = found[at + 1]
    gap = clear[whole.end : second.start]
    if second.depth != whole.depth or _STOP.search(gap) or ";" in gap or len(gap) > LONG or not _SEP.search(gap):
        return
    rest, label_first = _run(clear, found, at + 1)
    if rest:
        yield _made("first of", clear, whole, (first, *rest), gap, label_first)


def _made(form: str, clear: str, whole: Mention, parts: tuple[Mention, ...], told: str, label_first: bool) -> Listed:
    return Listed(form, whole, parts, _items(clear, parts, label_first, told), told, clear)


def _items(clear: str, parts: tuple[Mention, ...], label_first: bool, told: str) -> tuple[str, ...]:
    """The words that belong to each part."""
    if label_first:
        starts = [max(0, parts[0].start - 60), *(_behind_sep(clear, a, b) for a, b in itertools.pairwise(parts))]
        texts = [clear[start : part.start] for start, part in zip(starts, parts, strict=True)]
        texts[0] = re.split(r"[:;(]|\bwere\b|\bwas\b", texts[0])[-1]
        return tuple(re.sub(r"^\W*(?:and|or)?\b", "", text).strip() for text in texts)
    ends = [*(part.start for part in parts[1:]), _clause_end(clear, parts[-1])]
    texts = [clear[part.end : end] for part, end in zip(parts, ends, strict=True)]
    before = [clear[a.end : b.start] for a, b in itertools.pairwise(parts)]
    heads = [
        "",
        *(between[list(_SEP.finditer(between))[-1].end() :] if _SEP.search(between) else "" for between in before),
    ]
    return tuple(f"{head.strip()} {text.strip()}".strip() for head, text in zip(heads, texts, strict=True))


def _behind_sep(clear: str, first: Mention, second: Mention) -> int:
    """Where the words of the second part begin."""
    cut = _SEP.search(clear, first.end, second.start)
    return cut.end() if cut else first.end


def _clause_end(clear: str, last: Mention) -> int:
    """Where the words of the last part end."""
    depth = 0
    for at in range(last.end, len(clear)):
        depth += (clear[at] in "([") - (clear[at] in ")]")
        if depth < 0 or clear[at] == ";" or (clear[at] == "." and clear[at + 1 : at + 2] in ("", " ")):
            return at
    return len(clear)
