"""References: is one listed twice, and have the studies of "three studies (N = 58) [13, 17, 22]" so many patients?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ostealgia.audit.checks.across.studies import declared_studies
from ostealgia.audit.checks.reading.columns import Studies, study_key, study_tables
from ostealgia.audit.checks.reading.text import COUNT, Sentence, loose, sentences
from ostealgia.audit.checks.reading.words import spelled
from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.totals import total_vs_parts

LONG = 60  # letters and digits of an entry that cannot be equal by chance
MOST_TWICE = 3  # entries that stand twice; more of them are a list that was read twice
DIGITS = 8  # of a year, a volume and a page
_YEAR = re.compile(r"(?:19|20)\d\d")
_MARGIN = re.compile(r"\bmanuscript\b|\bavailable in\b|\bcopyright\b|\bdownloaded\b|\blicen[sc]e|\ball rights\b", re.I)
_NUMBER = re.compile(r"^\W{0,4}\d{1,3}\W{1,4}")
_LETTERS = re.compile(r"[^\W_]+")


def references_once(paper: Paper) -> Iterator[Finding]:
    """Does the list of references hold no entry twice?"""
    seen: dict[str, tuple[int, str]] = {}
    twice: list[tuple[int, int, str, str]] = []
    for block in paper.document.blocks:
        if block.kind != "reference":
            continue
        text = paper.document.plain[block.start : block.end]
        number = _NUMBER.match(text)
        key = "".join(_LETTERS.findall(text[number.end() if number else 0 :])).casefold()
        if len(key) < LONG or _YEAR.search(key) is None or len(re.findall(r"\d", key)) < DIGITS or _MARGIN.search(text):
            continue  # no year, volume and pages: what stands on every page is no reference
        if key in seen:
            twice.append((block.start, block.end, " ".join(text.split())[:60], seen[key][1]))
        else:
            seen[key] = block.start, f"line {paper.document.line(block.start)}"
    if len(twice) > MOST_TWICE:
        return
    for start, end, shown, first in twice:
        yield make(
            "cross-reference",
            paper.place(start, end),
            reported=shown,
            verdict="inconsistent",
            severity="information",  # the audit judges numbers
            message=f"this reference and that in {first} are one and the same",
        )


_SIZED = loose(
    rf"(?<![\w.,\-])({COUNT})\s(?:[a-z\-]+\s){{0,3}}?(?:studies|trials|reports|cohorts)\s?\(\s?n\s?=\s?(\d{{1,3}}(?:,\d{{3}})+|\d{{1,6}})\s?\)"
)
_CITED = re.compile(r"\[\s?(\d{1,3}(?:\s?[,\-]\s?\d{1,3}){0,40})\s?\]")


def studies_cited(paper: Paper) -> Iterator[Finding]:
    """Have the cited studies of "three studies (N = 58) ... [13, 17, 22]" so many patients in the table of studies?

    Fewer patients may have been analysed than the table has; more cannot be.
    """
    named = declared_studies(paper)
    tables = [one for one in study_tables(paper) if len(one.rows) in named and one.size_column is not None]
    if len(tables) != 1:
        return
    for sentence in sentences(paper.document):
        told = _told(sentence) if sentence.section in ("abstract", "results", "discussion", "other") else None
        sizes = _sizes(tables[0], told.cited) if told is not None else None
        if told is None or sizes is None or sum(sizes) > told.n:
            continue
        place = paper.place(*sentence.span(*told.span))
        what = f"the cited studies in {tables[0].printed.label or 'the table of studies'}"
        found = total_vs_parts(sizes, str(told.n), what=what, place=place)
        yield replace(found, basis="judgement", repair=None) if found.flagged else found


@dataclass(frozen=True)
class Told:
    """So many patients of so many cited studies."""

    n: int
    cited: tuple[int, ...]
    span: tuple[int, int]


def _told(sentence: Sentence) -> Told | None:
    """The one number of studies with its patients, where as many references are cited behind it."""
    found = list(_SIZED.finditer(sentence.text))
    if len(found) != 1:
        return None
    count, n = spelled(found[0][1]), spelled(found[0][2])
    lists = [_numbers(match[1]) for match in _CITED.finditer(sentence.text, found[0].end())]
    same = [cited for cited in lists if len(cited) == count]
    if count is None or n is None or count < 2 or len(same) != 1:
        return None
    return Told(n, same[0], found[0].span())


def _numbers(text: str) -> tuple[int, ...]:
    """The references of a bracket, ranges written out."""
    found: list[int] = []
    for part in text.split(","):
        ends = [int(one) for one in re.findall(r"\d+", part)]
        found += range(ends[0], ends[-1] + 1) if ends and ends[-1] - ends[0] < 100 else []
    return tuple(found)


def _sizes(table: Studies, cited: tuple[int, ...]) -> list[int] | None:
    """The patients of each cited study, None where one of them is not a row of its own."""
    keys = [study_key(name)[1] for name in table.names]
    found: list[int] = []
    for reference in cited:
        rows = [i for i, key in enumerate(keys) if key == str(reference)]
        size = table.sizes[rows[0]] if len(rows) == 1 else None
        if size is None:
            return None
        found.append(size)
    return found


CHECKS = (references_once, studies_cited)
