"""Appraisals of studies in running text or in one cell: do the points of the domains add up to the score, within their limits?

"7 of 9 (4, 2, 2)", "NOS 7/9 (selection 4, comparability 2, outcome 2)", "★★★★ for selection, ★★ for comparability ...".
A reading is certain where the paper names the tool and every number of the passage has its part in it: one for each domain,
in one order throughout, and one score. Descriptions of the tool, means, ranges and lost points are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ostealgia.audit.checks.reading.scales import is_adapted
from ostealgia.audit.checks.reading.text import Sentence, loose, sentences
from ostealgia.audit.checks.reading.words import spelled
from ostealgia.audit.checks.tables.ratings import class_of, quality_limits
from ostealgia.audit.finding import Finding, Place
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.plausibility import STAR_LIMITS, star_limit
from ostealgia.audit.rules.totals import total_vs_parts
from ostealgia.io.documents import gates


@dataclass(frozen=True)
class Tool:
    """A tool of appraisal: how it is named, and its domains in their order with what names them."""

    name: str
    named: re.Pattern[str]
    domains: tuple[tuple[str, str], ...]  # domain of STAR_LIMITS, pattern

    def is_named(self, text: str) -> bool:
        """Whether a text names the tool."""
        return self.named.search(gates.folded(text)) is not None

    def most(self, index: int) -> int:
        """The most points of a domain, by its place."""
        return STAR_LIMITS[self.name][self.domains[index][0]]


TOOLS = (
    Tool(
        "NOS",
        re.compile(r"newcastle\W{0,3}ottawa|\bnos\b"),
        (("selection", r"selections?"), ("comparability", r"comparability"), ("outcome", r"(?:outcomes?|exposures?)")),
    ),
    Tool(
        "Jadad",
        re.compile(r"\bjadad\b|oxford quality"),
        (
            ("randomisation", r"randomi[sz]ation"),
            ("blinding", r"(?:double[- ])?blinding"),
            ("withdrawals", r"(?:withdrawals?|drop-?outs?)"),
        ),
    ),
)

_WORDS = "zero|one|two|three|four|five|six|seven|eight|nine|ten"
_N = rf"(?:\d{{1,2}}|{_WORDS}|[★☆✩✭⭐]{{1,12}})"
_MOST = rf"(?:\s?/\s?|\s(?:out\s)?of\s(?:a\s(?:possible|maximum)\s|the\s|possible\s)?)(?:\d{{1,2}}|{_WORDS})"
_SEP = r"\s?(?:[,;/+\-]|,?\sand\s|,\s?and)\s?"
_UNIT = r"(?:\s?(?:stars?|points?))?"
_TRIPLE = rf"(?P<a>{_N}){_SEP}(?P<b>{_N}){_SEP}(?P<c>{_N})"
# the score, then its three parts in brackets
_BRACKETED = loose(rf"(?<![\w.,\-/])(?P<total>{_N})(?P<most>{_MOST})?{_UNIT}\s?[:,]?\s?\(\s?{_TRIPLE}{_UNIT}\s?\)")
_SUM = loose(rf"{_TRIPLE}\s?=\s?(?P<total>{_N})(?P<most>{_MOST})?")
_POINTS = re.compile(r"\b(?:stars?|points?|scor(?:e[ds]?|ing)|rat(?:ed|ing))\b|★", re.I)
# words of a description, of several studies together, or of points that were not given
_NO_SCORE = re.compile(
    r"\b(?:items?|questions?|criteri(?:a|on)|maxim(?:um|al)|max|up to|at most|possible|rang(?:e[ds]?|ing)|means?|medians?|averages?|"
    r"los[est]\w*|deduct\w*|missing|without|except|each of|domains? (?:of|with|compris)|studies|trials|articles|between|least|or more|"
    r"or less|inter-?rater|kappa|consists?|comprises?)\b|[<>≤≥±%]|\d\.\d",
    re.I,
)
_TOTAL_WORD = re.compile(r"\b(?:total|overall|sum|altogether|score of|NOS|jadad)\b,?[^\d,;(]{0,25}$|=\s?$", re.I)
_INTRODUCES = re.compile(
    r"\s?(?:stars?|points?)?\s?[(:](?!\s?[\w -]{1,20}\)|\s?[a-z]+(?:\s?/\s?[a-z]+){2}\))", re.I
)  # "scored 8 (selection 4, ...)"
_RATED_COLUMN = re.compile(r"\bNOS\b|newcastle|quality|\bscore|\bstars?\b|jadad|apprais", re.I)
_SKIPPED = ("methods", "introduction")


@dataclass(frozen=True)
class Rating:
    """One printed appraisal: the points of the domains in order, the score (None where there is none), what it is out of,
    and where it stands.

    places : of the parts, where each stands beside its domain's name; else empty.
    """

    tool: Tool
    parts: tuple[int, ...]
    total: int | None
    most: int | None
    span: tuple[int, int]
    places: tuple[tuple[int, int], ...] = ()


def appraisals(paper: Paper) -> Iterator[Finding]:
    """total-vs-parts and the limits of the domains for appraisals in sentences, and in the cells of a column of scores."""
    plain = paper.document.plain
    tools = [tool for tool in TOOLS if tool.is_named(plain)]
    if not tools:
        return
    ratings = [
        rating for sentence in sentences(paper.document) if sentence.section not in _SKIPPED
        for rating in _of_sentence(sentence, tools)
    ]  # fmt: skip
    ratings += _of_cells(paper, tools)
    limits = quality_limits(plain) if ratings else {}
    modified = is_adapted(plain)
    for rating in ratings:
        place = paper.place(*rating.span)
        if rating.total is not None:
            yield _added(rating, rating.total, limits, place)
        if not modified and rating.most in (None, STAR_LIMITS[rating.tool.name]["total"]):
            for (domain, _), points, span in zip(rating.tool.domains, rating.parts, rating.places, strict=False):
                yield star_limit(points, domain, tool=rating.tool.name, place=paper.place(*span))


def _added(rating: Rating, total: int, limits: dict[str, tuple[int, int]], place: Place) -> Finding:
    names = [domain for domain, _ in rating.tool.domains]
    found = total_vs_parts(rating.parts, str(total), what=f"{rating.tool.name}: {', '.join(names)}", place=place)
    most = f"/{rating.most}" if rating.most is not None else ""
    if found.flagged:
        added = sum(rating.parts)
        changed = bool(limits) and class_of(added, limits) != class_of(total, limits)
        found = replace(found, severity="major" if changed else "minor", repair=f"{added}{most}")
    return replace(found, reported=f"{total}{most} ({', '.join(map(str, rating.parts))})")


def points_of(text: str) -> int | None:
    """A number of points in digits, words or stars.

    >>> points_of("4"), points_of("three"), points_of("★★☆"), points_of("many")
    (4, 3, 2, None)
    """
    if text[:1] in "★☆✩✭⭐":
        return sum(text.count(mark) for mark in "★✭⭐")
    return spelled(text)


# ---------------------------------------------------------------- "7 of 9 (4, 2, 2)"


def _of_sentence(sentence: Sentence, tools: list[Tool]) -> Iterator[Rating]:
    here = [tool for tool in tools if tool.is_named(sentence.text)] or tools
    if len(here) != 1 or len(sentence.text) > 1500:
        return
    tool = here[0]
    found = list(_named(sentence, tool))
    yield from found
    if found:
        return
    for match in _BRACKETED.finditer(sentence.text):
        rating = _listed(match, tool, sentence.span(*match.span()))
        if rating is not None and (match["most"] or _POINTS.search(sentence.text)):
            yield rating


def _listed(match: re.Match[str], tool: Tool, span: tuple[int, int]) -> Rating | None:
    """A score with three parts in the order of the domains, each within its domain; three rising numbers may be citations."""
    parts = [points_of(match[name]) for name in "abc"]
    total = points_of(match["total"])
    most = _most(match["most"])
    whole = STAR_LIMITS[tool.name]["total"]
    if total is None or most not in (None, whole, whole + 1) or total > whole + 1:
        return None
    kept = [part for part in parts if part is not None]
    room = 1 if most == whole + 1 else 0  # an adapted version has a point more for selection
    if len(kept) < 3 or any(part > tool.most(i) + (room if i == 0 else 0) for i, part in enumerate(kept)):
        return None
    if kept[0] < kept[1] < kept[2] and sum(kept) != total:
        return None
    return Rating(tool, tuple(kept), total, most, span)


def _most(text: str | None) -> int | None:
    return points_of(re.split(r"[\s/]", text.strip())[-1]) if text else None


# ---------------------------------------------------------------- "selection 4, comparability 2, outcome 2"


@dataclass(frozen=True)
class Piece:
    """A domain (its letter a, b, c), points (n) or a score (T) of a sentence, in their order."""

    kind: str
    value: int
    most: int | None
    start: int
    end: int


_FORMS = tuple(
    re.compile(form)
    for form in (
        r"(?P<t>T)?(?P<x>anbncn)(?P<t2>T)?",
        r"(?P<t>T)?(?P<x>nanbnc)(?P<t2>T)?",
        r"(?P<t>T)?(?P<x>abcnnn)(?P<t2>T)?",
        r"(?P<t>T)?(?P<x>nnnabc)(?P<t2>T)?",
    )
)


def _named(sentence: Sentence, tool: Tool) -> Iterator[Rating]:
    """Appraisals whose domains are named; all numbers of the passage must have their part in one form."""
    pieces = _pieces(sentence.text, tool)
    letters = [piece for piece in pieces if piece.kind in "abc"]
    scored = any(piece.kind == "T" for piece in pieces)
    end = letters[-1].end + 20 if scored and letters else pieces[-1].end if pieces else 0
    if len(letters) < 3 or _NO_SCORE.search(sentence.text, max(0, pieces[0].start - 40), end):
        return
    kinds = "".join(piece.kind for piece in pieces)
    for form in _FORMS:
        found = list(form.finditer(kinds))
        if not found or 3 * len(found) != len(letters):
            continue
        behind = all(match["t2"] for match in found)
        before = all(match["t"] for match in found)
        if scored and (not (behind or before) or len(found) != kinds.count("T")):
            return
        for match in found:
            yield _rating(sentence, tool, pieces, match, ("t2" if behind else "t") if scored else None)
        return


def _rating(sentence: Sentence, tool: Tool, pieces: list[Piece], match: re.Match[str], at: str | None) -> Rating:
    own = pieces[match.start() : match.end()]
    score = pieces[match.start(at)] if at is not None else None
    parts = [piece for piece in own if piece.kind == "n"]
    return Rating(
        tool,
        tuple(piece.value for piece in parts),
        score.value if score is not None else None,
        score.most if score is not None else None,
        sentence.span(own[0].start, own[-1].end),
        tuple(sentence.span(piece.start, piece.end) for piece in parts),
    )


def _pieces(text: str, tool: Tool) -> list[Piece]:
    """Domains and numbers from the first score or domain on; a number that is neither points nor score is an x."""
    pattern = _piece_pattern(tool)
    found: list[Piece] = []
    whole = STAR_LIMITS[tool.name]["total"]
    for match in pattern.finditer(text):
        if match["n"] is None:
            kind = next(letter for letter in "abc" if match[letter] is not None)
            found.append(Piece(kind, 0, None, match.start(), match.end()))
            continue
        value, most = points_of(match["n"]), _most(match["m"])
        if value is None or value > whole + 1:
            found.append(Piece("x", 0, None, match.start(), match.end()))
            continue
        score = most is not None and most >= whole
        score = score or _TOTAL_WORD.search(text, max(0, match.start() - 45), match.start()) is not None
        score = score or _INTRODUCES.match(text, match.end()) is not None
        found.append(Piece("T" if score else "n", value, most, match.start(), match.end()))
    return _without_strays(found)


def _without_strays(pieces: list[Piece]) -> list[Piece]:
    """Without the numbers before the first and behind the last passage that cannot belong to it (citations, years, sizes)."""
    kept = [piece for piece in pieces if piece.kind != "x"]
    inside = [piece for piece in pieces if piece.kind in "abcT"]
    if not inside:
        return []
    first, last = inside[0].start, inside[-1].end
    crossed = any(piece.kind == "x" and first <= piece.start < last for piece in pieces)
    return [] if crossed else kept


def _piece_pattern(tool: Tool) -> re.Pattern[str]:
    if tool.name not in _PATTERNS:
        domains = "|".join(
            rf"(?P<{letter}>\b{words}\b)" for letter, (_, words) in zip("abc", tool.domains, strict=True)
        )
        _PATTERNS[tool.name] = loose(
            rf"{domains}|(?<![\w.,\-])(?P<n>\d+|\b(?:{_WORDS})\b|[★☆✩✭⭐]+)(?P<m>(?<!/\d){_MOST}(?!\s?/))?(?![\w%]|-\d)"
        )
    return _PATTERNS[tool.name]


_PATTERNS: dict[str, re.Pattern[str]] = {}


# ---------------------------------------------------------------- cells of a column of scores


def _of_cells(paper: Paper, tools: list[Tool]) -> list[Rating]:
    """ "8 (4/2/2)" or "4 + 2 + 2 = 8" in a column of scores; read only where two cells at least add up."""
    if len(tools) != 1:
        return []
    kept: list[Rating] = []
    for table in paper.document.tables:
        for column in range(table.n_columns):
            if not _RATED_COLUMN.search(table.column_name(column)):
                continue
            found: list[Rating] = []
            for row in table.body:
                cell = row[column]
                text = paper.document.plain[cell.start : cell.end]
                match = _BRACKETED.fullmatch(text.strip()) or _SUM.fullmatch(text.strip())
                rating = None if match is None or cell.copied else _listed(match, tools[0], (cell.start, cell.end))
                if rating is not None:
                    found.append(rating)
            if sum(sum(rating.parts) == rating.total for rating in found) >= max(2, 0.6 * len(found)):
                kept += found
    return kept


CHECKS = (appraisals,)
