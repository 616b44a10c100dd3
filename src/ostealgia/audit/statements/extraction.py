"""Statements of a document: every estimate, count, test, size, summary, P and directional wording, with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ostealgia.audit.statements import claims, context, counts, directed, estimates, outcomes, summaries
from ostealgia.audit.statements.model import CellPlace, Heterogeneity, PValue, Stars, Statement
from ostealgia.audit.statements.parts import Limits, PPart, find_limits, find_p
from ostealgia.audit.statements.tokens import Stream, tokenize
from ostealgia.audit.statements.words import listed
from ostealgia.io.documents import gates
from ostealgia.io.documents.model import Block, Document

LONGEST = 6000  # characters read at once
READ = frozenset(("title", "heading", "paragraph", "list", "caption", "note"))
RUNNING = frozenset(("paragraph", "list"))
SKIPPED_SECTIONS = frozenset(("references", "back"))
LEVEL_WORDS = listed(
    "considered threshold set defined deemed level regarded denote denotes indicate indicates cutoff cut-off"
)
LEVELS = ("0.05", ".05", "0.01", ".01", "0.1", "0.10", ".10")
_DIGIT = re.compile(r"[\d★☆]")
_FREE_TEXT = re.compile(r"[^\W\d_]|[%★☆]")


def extract(document: Document) -> tuple[Statement, ...]:
    """What a paper says in numbers, in reading order.

    document : from io.documents.  Its plain text is read; places refer to its text.
    A sentence that a page or a table breaks in two is read as one: its statements' ``sentence`` then spans the gap.
    Times, labels (Table 2, week 12), years, citations and the list of references are left out.

    >>> from ostealgia.io.documents.model import Block
    >>> text = "PFS was longer (HR 0.68; 95% CI 0.51-0.91)."
    >>> block = Block(kind="paragraph", start=0, end=len(text), section="results")
    >>> paper = Document(name="a.txt", format="text", text=text, plain=text, blocks=(block,))
    >>> one, = extract(paper)
    >>> one.measure, one.estimate.text, one.ci_low.text, one.ci_high.text
    ('HR', '0.68', '0.51', '0.91')
    """
    found: list[Statement] = []
    for stream in streams(document):
        found += read_stream(stream)
    return tuple(sorted(found, key=lambda statement: (statement.start, statement.end)))


def streams(document: Document) -> Iterator[Stream]:
    """The stretches that are read: paragraphs, captions, notes, lists, and the cells of tables."""
    bare = _intervals_are_bare(document)
    for pieces, block in _flows(document):
        plain = document.plain
        if any(_DIGIT.search(plain, start, end) for start, end in pieces) or _claims_significance(plain, pieces):
            for part in _cut(plain, pieces):
                yield tokenize(plain, part, section=block.section, block=block.kind, bare=bare)
    for index, table in enumerate(document.tables):
        for row in table.cells:
            for cell in row:
                if cell.copied or cell.start >= cell.end or not _DIGIT.search(document.plain, cell.start, cell.end):
                    continue
                if not _FREE_TEXT.search(document.plain, cell.start, cell.end):
                    continue  # numbers alone: the structure of the table says what they are
                place = CellPlace(index, cell.row, cell.column)
                pieces = [(cell.start, cell.end)]
                yield tokenize(document.plain, pieces, section=table.section, cell=place, block="table")


# of a text in lower case
_SAID = (
    re.compile(
        r"(?:confidence\s{1,2}intervals?|\bcis?)\s{1,2}(?:(?:are|is|were|was|shown|given|reported|presented)\s{1,2}){0,3}"
        r"(?:in|within)\s{1,2}(?:square\s{1,2}|round\s{1,2})?(?:parenthes|brackets)"
    ),
    re.compile(
        r"(?:in|within)\s{1,2}(?:square\s{1,2})?(?:parentheses|brackets)\s{1,2}"
        r"(?:are|is|were|denote|indicate|represent)\s{1,2}(?:the\s{1,2})?95\s?%"
    ),
    re.compile(r"(?:estimates?|ratios?)\s{0,2}[(\[]\s{0,2}95\s?%\s{1,2}(?:cis?|confidence\s{1,2}intervals?)"),
)
_BARE = re.compile(
    r"\b[acu]?(?:OR|HR|RR|IRR|ratio)s?\b[^()\[\].;\d]{0,40}(\d{1,3}\.\d{1,4})\s{0,2}[(\[]\s{0,2}(\d{1,3}\.\d{1,4})\s{0,2}(?:-|to|,|;)\s{0,2}"
    r"(\d{1,4}\.\d{1,4})\s{0,2}[)\],;]"
)
HOLDING = 3  # such brackets that hold their ratio, for each that does not


def _intervals_are_bare(document: Document) -> bool:
    """Whether the paper prints intervals in brackets without a label: it says so, or nearly all such brackets hold their ratio."""
    plain = document.plain
    if any(gates.search(said, gates.folded(plain)) for said in _SAID):
        return True
    found = [tuple(map(float, match.groups())) for match in gates.finditer(_BARE, plain)]
    holding = sum(low <= point <= high for point, low, high in found)
    return holding >= HOLDING * max(1, len(found) - holding)


def _cut(plain: str, pieces: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Pieces as they are; a stretch that no paragraph has is cut into parts, at full stops where there are any."""
    if sum(end - start for start, end in pieces) <= LONGEST:
        return [pieces]
    parts: list[list[tuple[int, int]]] = []
    for start, end in pieces:
        while end - start > LONGEST:
            at = plain.rfind(". ", start + LONGEST // 2, start + LONGEST) + 1
            at = at or plain.rfind(" ", start + LONGEST // 2, start + LONGEST) + 1 or start + LONGEST
            parts.append([(start, at)])
            start = at
        parts.append([(start, end)])
    return parts


def _claims_significance(plain: str, pieces: list[tuple[int, int]]) -> bool:
    return any(plain.find("significan", start, end) >= 0 for start, end in pieces)


def _flows(document: Document) -> Iterator[tuple[list[tuple[int, int]], Block]]:
    """Blocks of running text; one that goes on in a later block (no full stop, then a small letter) is joined to it."""
    open_pieces: list[tuple[int, int]] = []
    open_block: Block | None = None
    for block in document.blocks:
        if block.kind not in READ or block.section in SKIPPED_SECTIONS:
            continue
        if block.kind not in RUNNING:
            yield [(block.start, block.end)], block
            continue
        if open_block is not None:
            if block.section == open_block.section and _continues(document.plain, open_pieces[-1], block):
                open_pieces.append((block.start, block.end))
                continue
            yield open_pieces, open_block
        open_pieces, open_block = [(block.start, block.end)], block
    if open_block is not None:
        yield open_pieces, open_block


def _continues(plain: str, piece: tuple[int, int], block: Block) -> bool:
    tail = plain[max(piece[0], piece[1] - 40) : piece[1]].rstrip()
    head = plain[block.start : block.start + 40].lstrip()
    if not tail or not head:
        return False
    return tail[-1] not in ".:;?!" and (head[0].islower() or head[0] in "(,;%") and len(tail) > 20


def read_stream(stream: Stream) -> list[Statement]:
    """The statements of one stretch. Each number belongs to one statement, but for those that claims point at."""
    cited = context.studies(stream)
    p_parts = find_p(stream)
    p_numbers = {part.last for part in p_parts}
    limits = find_limits(stream) if "C" in stream.kinds else []
    tests = outcomes.find_tests(stream, p_parts) if "T" in stream.kinds else []
    pooled: list[Heterogeneity] = []
    used: set[int] = set()
    if "H" in stream.kinds:
        pooled, used = outcomes.find_heterogeneity(stream, tests, limits, p_parts, cited)
    used |= p_numbers | {i for draft in tests for i in draft.used}
    limits = [one for one in limits if one.low not in used]
    drafts = [draft for draft in estimates.find_estimates(stream, limits, p_parts) if draft.point not in used]
    used |= estimates.numbers_used(drafts)
    by_point = {draft.point: estimates.statement(stream, draft, cited) for draft in drafts}
    found: list[Statement] = [*by_point.values(), *pooled]
    found += [outcomes.test_statement(stream, draft, cited) for draft in tests]
    if "n" in stream.kinds:
        found += _summaries(stream, limits, used, cited)
    wordings = claims.find_claims(stream, p_numbers)
    tied = claims.tie(stream, wordings, drafts)
    for k, one in enumerate(wordings):
        estimate = by_point[tied[k].point] if k in tied else None
        found.append(claims.statement(stream, one, estimate, cited))
        used |= {i for i in (one.size, one.times) if i is not None}
    explained = {draft.point for draft in tied.values()}
    for one, draft in directed.find_directed(stream, drafts, explained, wordings):
        found.append(replace(claims.statement(stream, one, by_point[draft.point], cited), indirect=True))
    found += claims.find_significance(stream, cited, by_point)
    found += _counts(stream, used, cited)
    found += _loose_p(stream, p_parts, drafts, tests, pooled, cited)
    found += _stars(stream)
    return found


def _summaries(
    stream: Stream, limits: list[Limits], used: set[int], cited: list[tuple[int, int, str]]
) -> list[Statement]:
    found: list[Statement] = []
    if any(kind in stream.kinds for kind in "±de"):
        means, tokens = summaries.find_means(stream, used, cited)
        used |= tokens
        found += means
    if any(kind in stream.kinds for kind in "qC"):
        medians, tokens = summaries.find_medians(stream, limits, used, cited)
        used |= tokens
        found += medians
    return found


def _counts(stream: Stream, used: set[int], cited: list[tuple[int, int, str]]) -> list[Statement]:
    sizes, _ = counts.find_sizes(stream, cited)
    shares, tokens = counts.find_counts(stream, used, cited)
    used |= tokens
    return [*sizes, *shares]


def _loose_p(
    stream: Stream,
    p_parts: list[PPart],
    drafts: list[estimates.Draft],
    tests: list[outcomes.TestDraft],
    pooled: list[Heterogeneity],
    cited: list[tuple[int, int, str]],
) -> list[Statement]:
    """P values that belong to no estimate and no test, and are no level of significance."""
    tied = {draft.p.last for draft in drafts if draft.p} | {draft.p.last for draft in tests if draft.p}
    spans = [(one.start, one.end) for one in pooled if one.p_value is not None]
    found: list[Statement] = []
    for part in p_parts:
        if part.last in tied or any(start <= part.number.start < end for start, end in spans):
            continue
        low, high = stream.sentence(part.first)
        if LEVEL_WORDS.intersection(stream.words[low:high]) and part.number.text.split()[-1] in LEVELS:
            continue
        start, end = stream.span(part.first, part.last)
        found.append(
            PValue(
                start=start, end=end, sentence=stream.span(low, high - 1), section=stream.section, cell=stream.cell,
                subject=context.subject(stream, part.last, part.first), group=context.group(stream, part.last),
                study=context.study(stream, part.first, cited), p_value=part.number, test=part.test,
            )
        )  # fmt: skip
    return found


def _stars(stream: Stream) -> list[Statement]:
    found: list[Statement] = []
    at = stream.kinds.find("*")
    while at >= 0:
        text = stream.raw[at]
        start, end = stream.span(at, at)
        low, high = stream.sentence(at)
        found.append(
            Stars(
                start=start, end=end, sentence=stream.span(low, high - 1), section=stream.section, cell=stream.cell,
                filled=sum(text.count(mark) for mark in "★✭⭐"), empty=sum(text.count(mark) for mark in "☆✩"),
            )
        )  # fmt: skip
        at = stream.kinds.find("*", at + 1)
    return found
