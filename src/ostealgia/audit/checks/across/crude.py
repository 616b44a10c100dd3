"""Odds ratios of a table of factors against the counts of the same factor, by the same outcome, in another table."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ostealgia.audit.checks.reading.facts import parsed, triplet_of
from ostealgia.audit.checks.reading.words import overlap, stems
from ostealgia.audit.finding import Cause, Finding, Place, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.confidence import Triplet
from ostealgia.audit.rules.counts import odds_ratio
from ostealgia.audit.rules.direction import adjusted_vs_crude
from ostealgia.audit.statements.model import Estimate
from ostealgia.audit.tables.headers import measure_in
from ostealgia.audit.tables.model import Column, Entry, Line, ReadTable
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import as_interval

_NEGATED = re.compile(r"^\W*(?:non|no|not|without|un|absence of|failure)[\s\-]*", re.I)
_OPPOSITE = (("success", "failure"), ("yes", "no"), ("alive", "dead"), ("dead", "alive"), ("present", "absent"))
_CRUDE = re.compile(r"\b(?:uni-?vari|unadjusted|crude|bivari)", re.I)
_ADJUSTED = re.compile(r"\b(?:multi-?vari|adjusted|aOR)\b|\bmulti-?vari", re.I)
_CODED = re.compile(r"\b1\s{0,2}=\s{0,2}([^;]{1,80})")
_CODING = re.compile(r"\b(?:vs|versus|ref(?:erence)?|per|each|unit|score|years?)\b|[=<>≥≤/]", re.I)
GENERIC = frozenset(
    {
        "logistic",
        "regression",
        "univariate",
        "univariable",
        "multivariate",
        "multivariable",
        "baseline",
        "characteristic",
        "factor",
        "predictor",
        "adjusted",
        "association",
    }
)
_RATE = re.compile(
    r"\b(?:rates?|incidence|risks?|prevalence|proportions?|means?|percent\w*)\b|%(?!\s?(?:CI|conf|interval))", re.I
)
_RATIO_MODEL = re.compile(r"\b(?:logistic|cox|poisson|proportional[ -]hazards?)\b", re.I)
RATIOS = frozenset({"OR", "HR", "RR", "IRR"})
FITTING = 2  # univariable ratios that the counts must give before one that they do not give is told


@dataclass(frozen=True)
class Counted:
    """A factor with two values: [[with it and the outcome, with it without], [neither value, ...]]."""

    line: Line
    cells: list[list[int]]


@dataclass(frozen=True)
class Pair:
    """A table of ratios, a table of counts by the same outcome, and its columns with and without the outcome."""

    effects: ReadTable
    groups: ReadTable
    outcome: tuple[Column, Column]


def crude_direction(paper: Paper) -> Iterator[Finding]:
    """Do the odds ratios of one table point the same way as the counts of another?"""
    for pair in _pairs(paper):
        for line in pair.effects.lines:
            counted = _counted(paper, pair, line)
            found = [one for one in triplets(line) if _is_ratio(paper, pair.effects, one[0])]
            if counted is None or not found:
                continue
            entry, triplet = found[-1]  # of univariable and multivariable ratio, the second
            role = "treatment" if re.search(r"treat|group|arm|interven|regimen", line.label, re.I) else "factor"
            try:
                yield adjusted_vs_crude(
                    triplet,
                    counted.cells,
                    outcome=pair.outcome[0].group or "the outcome",
                    role=role,
                    place=paper.place(entry.start, entry.end),
                )
            except OptionError:
                continue


def crude_values(paper: Paper) -> Iterator[Finding]:
    """Are the univariable odds ratios of one table those of the counts of another?

    Told, as judgement, only where at least two others of the column are (patients with missing values may be left out), and
    neither the ratio nor its reciprocal is.
    """
    for pair in _pairs(paper):
        found: list[Finding] = []
        for line in pair.effects.lines:
            counted = _counted(paper, pair, line)
            first = _crude_entry(pair.effects, line)
            if counted is not None and first is not None and _is_ratio(paper, pair.effects, first[0]):
                found += _compared(paper, first, counted, line)
        fitting = sum(not one.flagged for one in found)
        off = [one for one in found if one.flagged]
        yield from (one for one in found if not one.flagged)
        if fitting >= FITTING and len(off) <= fitting / 2:
            yield from off


def _compared(paper: Paper, first: tuple[Entry, Triplet], counted: Counted, line: Line) -> Iterator[Finding]:
    entry, triplet = first
    value, low, high = odds_ratio(counted.cells)
    if math.isnan(low) or not 0 < value < math.inf:
        return
    either = [
        triplet.estimate.allows(as_interval(point)) and triplet.low.allows(as_interval(ends[0])) for point, ends in
        ((value, (low, high)), (1 / value, (1 / high, 1 / low)))
    ]  # fmt: skip
    shown = f"{value:.{max(triplet.estimate.decimals, 2)}f} ({low:.2f} to {high:.2f})"
    yield make(
        "adjusted-vs-crude",
        paper.place(entry.start, entry.end),
        reported=triplet.text,
        verdict="rounding" if any(either) else "inconsistent",
        severity="none" if any(either) else "minor",
        basis="judgement",
        message=f"{line.label}: univariable OR {triplet.text}; the printed counts give {shown}",
        recomputed=value,
        cause=Cause(repair=shown),
    )


def _pairs(paper: Paper) -> Iterator[Pair]:
    for effects in (table for table in paper.tables if table.kind == "effects"):
        for groups in (table for table in paper.tables if table.kind == "groups"):
            outcome = _outcome_columns(groups)
            if outcome is not None and _same_outcome(paper, effects, groups):
                yield Pair(effects, groups, outcome)


def _outcome_columns(table: ReadTable) -> tuple[Column, Column] | None:
    """The columns with and without the outcome: "Responders", "Non-responders"."""
    columns = [column for column in table.columns if column.role == "group"]
    if len(columns) != 2:
        return None
    for first, second in ((columns[0], columns[1]), (columns[1], columns[0])):
        name, other = first.group or first.name, second.group or second.name
        bare = _NEGATED.sub("", other)
        if _NEGATED.match(other) and stems(bare) & stems(name):
            return first, second
        if (name.strip().casefold(), other.strip().casefold()) in _OPPOSITE:
            return first, second
    return None


def _same_outcome(paper: Paper, first: ReadTable, second: ReadTable) -> bool:
    one, two = (stems(paper.document.tables[table.index].caption) for table in (first, second))
    return len((one & two) - GENERIC) >= 2


def _counted(paper: Paper, pair: Pair, line: Line) -> Counted | None:
    """The four counts of a factor of the table of ratios: of its two categories, or of a row of its own."""
    lines = [other for other in pair.groups.lines if other.depth == 1 and _alike(other.variable, line.label)]
    levels = [(other, cells) for other in lines if (cells := _cells(other, pair.outcome)) is not None]
    if len(levels) == 2:
        exposed = _exposed(paper, pair.effects, line, [other.label for other, _ in levels])
        if exposed is None:
            return None
        return Counted(levels[exposed][0], [list(levels[exposed][1]), list(levels[1 - exposed][1])])
    return None if lines else _own_row(pair, line)


def _own_row(pair: Pair, line: Line) -> Counted | None:
    """A factor that is one row in both tables ("Home oxygen"): the ratio is that of having it."""
    if _CODING.search(line.label) or line.depth:
        return None
    variables = {other.variable for other in pair.groups.lines if other.depth}
    same = [
        other
        for other in pair.groups.lines
        if other.depth == 0 and other.label not in variables and stems(other.label) == stems(line.label) != frozenset()
    ]
    if len(same) != 1:
        return None
    with_it, sizes = _cells(same[0], pair.outcome), [column.n for column in pair.outcome]
    if with_it is None or sizes[0] is None or sizes[1] is None or _is_mean(same[0], pair.outcome):
        return None
    without = [int(size.value) - count for size, count in zip(sizes, with_it, strict=True) if size is not None]
    return Counted(same[0], [list(with_it), without]) if min(without) >= 0 else None


def _is_mean(line: Line, columns: Sequence[Column]) -> bool:
    return any("mean" in line.entries[column.index].parts for column in columns if column.index in line.entries)


def _alike(first: str, second: str) -> bool:
    one, two = stems(first), stems(second)
    return bool(one) and overlap(one, two) >= 0.6 and len(one & two) >= min(2, len(one), len(two))


def _cells(line: Line, outcome: tuple[Column, Column]) -> tuple[int, int] | None:
    found = []
    for column in outcome:
        entry = line.entries.get(column.index)
        shown = parsed(entry.parts.get("count")) if entry is not None else None
        if shown is None or shown.value != int(shown.value):
            return None
        found.append(int(shown.value))
    return found[0], found[1]


def _exposed(paper: Paper, effects: ReadTable, line: Line, labels: list[str]) -> int | None:
    """Which of two categories is coded 1; None where the row does not say."""
    cells = paper.document.tables[effects.index].cells[line.row]
    words = " ; ".join(paper.document.plain[cell.start : cell.end] for cell in cells)
    versus = re.search(r"\(([^()]{1,60}?)\s(?:vs\.?|versus)\s", line.label)
    named = [match[1] for match in _CODED.finditer(words)] or ([versus[1]] if versus else [])
    coded: set[int] = set()
    for told in named:  # a merged cell may hold the codings of all rows
        scores = [overlap(stems(label), stems(told)) for label in labels]
        if max(scores, default=0.0) >= 0.8 and scores[0] != scores[1]:
            coded.add(scores.index(max(scores)))
    return coded.pop() if len(coded) == 1 else None


def _crude_entry(table: ReadTable, line: Line) -> tuple[Entry, Triplet] | None:
    """The univariable ratio of a row, where its column says that it is one."""
    names = {column.index: column.name for column in table.columns}
    found = [pair for pair in triplets(line) if _CRUDE.search(names.get(pair[0].column, ""))]
    found = [pair for pair in found if not _ADJUSTED.search(names.get(pair[0].column, ""))]
    return found[0] if len(found) == 1 else None


def _is_ratio(paper: Paper, table: ReadTable, entry: Entry) -> bool:
    """Whether the heading of an estimate, or where it names no measure the caption, says that it is a ratio.

    "Adjusted rate (95% CI)" beside person-years is none.
    """
    heading = next((column.name for column in table.columns if column.index == entry.column), "")
    measure = measure_in(heading)
    if measure in (None, "?") and not _RATE.search(heading):
        caption = paper.document.tables[table.index].caption
        return measure_in(caption) in RATIOS or _RATIO_MODEL.search(caption) is not None
    return measure in RATIOS


def triplets(line: Line) -> list[tuple[Entry, Triplet]]:
    """The ratios of a row with their limits, from left to right."""
    entries = sorted(line.entries.values(), key=lambda entry: entry.start)
    return [pair for entry in entries if (pair := _triplet(entry)) is not None]


def _triplet(entry: Entry) -> tuple[Entry, Triplet] | None:
    if not {"estimate", "ci_low", "ci_high"} <= set(entry.parts):
        return None
    parts = [parsed(entry.parts[name]) for name in ("estimate", "ci_low", "ci_high")]
    estimate, low, high = parts
    if estimate is None or low is None or high is None or min(estimate.value, low.value) <= 0 or high.value < low.value:
        return None
    return entry, Triplet(estimate, low, high)


_TWO_MODELS = re.compile(
    r"crude|adjusted|univaria|bivaria|multivaria|univariable|\b[acu]or\b|\b[acu]hr\b|\bmodel ?\w*", re.IGNORECASE
)


def crude_and_adjusted(paper: Paper) -> Iterator[Finding]:
    """Do univariable and multivariable ratio of one row lie on opposite sides of 1, both clearly?"""
    for table in paper.tables:
        if table.kind != "effects":
            continue
        names = {column.index: column.name for column in table.columns}
        caption = measure_in(paper.document.tables[table.index].caption)
        for line in table.lines:
            found = triplets(line)
            named = {measure_in(names.get(entry.column, "")) or caption for entry, _ in found}
            models = {
                " ".join(_TWO_MODELS.findall(names.get(entry.column, "").casefold())) for entry, _ in found
            }  # what sets the two apart, else they are of two outcomes
            if len(found) == 2 and named <= RATIOS and len(named) == 1 and len(models) == 2:
                yield from _opposite(paper, line, found)


def _opposite(paper: Paper, line: Line, found: list[tuple[Entry, Triplet]]) -> Iterator[Finding]:
    (_, crude), (entry, adjusted) = found
    yield _sides(crude, adjusted, paper.place(entry.start, entry.end), line.label)


def _sides(crude: Triplet, adjusted: Triplet, place: Place, name: str) -> Finding:
    opposite = crude.high.value < 1 < adjusted.low.value or adjusted.high.value < 1 < crude.low.value
    turned = f"{1 / adjusted.estimate.value:.2f}"
    return make(
        "adjusted-vs-crude",
        place,
        reported=adjusted.text,
        verdict="inconsistent" if opposite else "consistent",
        severity="major" if opposite else "none",
        basis="judgement",
        message=f"{name}: {crude.text} and {adjusted.text}"
        + (" exclude 1 on opposite sides" if opposite else " do not exclude 1 on opposite sides"),
        recomputed=crude.estimate.value,
        cause=Cause(code="reversed-coding", text=f"the reciprocal {turned} points the same way as the other ratio"),
    )


_WORDS_OF = ((re.compile(r"\b(?:crude|un-?adjusted|uni-?varia\w+|bi-?varia\w+)\b", re.I), "crude"),
             (re.compile(r"(?<!un)(?<!un-)\badjust\w+|\bmulti-?varia\w+", re.I), "adjusted"))  # fmt: skip


def crude_in_words(paper: Paper) -> Iterator[Finding]:
    """Do the crude and the adjusted ratio of one sentence lie on opposite sides of 1, both clearly?"""
    sentences: dict[tuple[int, int], list[Estimate]] = {}
    for one in paper.of_kind(Estimate):
        if one.cell is None and one.study is None and one.section in ("abstract", "results"):
            sentences.setdefault(one.sentence, []).append(one)
    for listed in sentences.values():
        if len(listed) != 2 or {(one.measure or "").removeprefix("A") for one in listed} - RATIOS:
            continue
        first, second = sorted(listed, key=lambda one: one.start)
        triplets_ = [triplet_of(one) for one in (first, second)]
        kinds = [_kind_of(paper, one, after) for one, after in ((first, first.sentence[0]), (second, first.end))]
        same = (first.measure or "").removeprefix("A") == (second.measure or "").removeprefix("A")
        if not same or triplets_[0] is None or triplets_[1] is None or set(kinds) != {"crude", "adjusted"}:
            continue
        crude, adjusted = triplets_ if kinds[0] == "crude" else triplets_[::-1]
        place = second if kinds[1] == "adjusted" else first
        if crude is not None and adjusted is not None:
            yield _sides(crude, adjusted, paper.place(place.start, place.end), "crude and adjusted ratio")


def _kind_of(paper: Paper, one: Estimate, after: int) -> str:
    """Which of the two an estimate is by the last such word before it (or its own measure)."""
    words = paper.document.plain[after : one.estimate.start]
    named = [(match.start(), kind) for pattern, kind in _WORDS_OF for match in pattern.finditer(words)]
    kinds = {kind for _, kind in named}
    return kinds.pop() if len(kinds) == 1 else ""


_TURNED = re.compile(r"\b(?:decreas\w*|reduc\w*|lower|less|fewer|younger|below|under)\b|[<>≤≥]|\bvs\b|\bversus\b", re.I)
CLEAR = 2.2  # standard errors between two means, about P 0.03


def crude_means(paper: Paper) -> Iterator[Finding]:
    """Does the ratio for each unit of something measured point the way its means with and without the outcome do?"""
    for pair in _pairs(paper):
        if not _odds_of_it(paper, pair):
            continue
        for line in pair.effects.lines:
            found = triplets(line)
            named = [o for o in pair.groups.lines if o.depth == 0 and _alike(o.label, line.label)]
            apart = _apart(named[0], pair.outcome) if len(named) == 1 else None
            if not found or apart is None or abs(apart) < CLEAR or _TURNED.search(line.label):
                continue
            entry, triplet = found[-1]
            if triplet.low.value <= 1 <= triplet.high.value:
                continue
            opposite = (triplet.estimate.value > 1) != (apart > 0)
            where = "higher" if apart > 0 else "lower"
            yield make(
                "adjusted-vs-crude",
                paper.place(entry.start, entry.end),
                reported=triplet.text,
                verdict="inconsistent" if opposite else "consistent",
                severity="major" if opposite else "none",
                basis="judgement",
                message=f"{line.label}: {triplet.text} for each unit more; its mean is {where} with the outcome than without",
                cause=Cause(code="reversed-coding", text="the outcome or the scale may be coded the other way round"),
            )


def _odds_of_it(paper: Paper, pair: Pair) -> bool:
    """Whether the ratios are odds ratios of the very outcome that divides the patients, by the words of both."""
    caption = paper.document.tables[pair.effects.index].caption
    measures = {measure_in(column.name) for column in pair.effects.columns} - {None} or {measure_in(caption)}
    outcome = stems(pair.outcome[0].group or pair.outcome[0].name)
    return measures == {"OR"} and bool(outcome & stems(caption))


def _apart(line: Line, outcome: tuple[Column, Column]) -> float | None:
    """Standard errors by which the mean with the outcome lies above the one without; None where no means, SDs and sizes are."""
    values = []
    for column in outcome:
        entry = line.entries.get(column.index)
        mean, sd = (parsed(entry.parts.get(name)) if entry is not None else None for name in ("mean", "sd"))
        n = parsed(column.n)
        if mean is None or sd is None or n is None or sd.value <= 0 or n.value < 2:
            return None
        values.append((mean.value, sd.value**2 / n.value))
    return (values[0][0] - values[1][0]) / math.sqrt(values[0][1] + values[1][1])


CHECKS = (crude_direction, crude_values, crude_and_adjusted, crude_in_words, crude_means)
