"""pooled-vs-studies and heterogeneity: does the printed table of studies give the printed pooled result?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.across.studies import declared_studies
from ostealgia.audit.checks.reading.columns import Studies, first_number, study_tables
from ostealgia.audit.checks.reading.facts import parsed
from ostealgia.audit.checks.reading.text import COUNT, loose
from ostealgia.audit.checks.reading.words import spelled, stems
from ostealgia.audit.checks.reviews.grid import DIFFERENCES, PROPORTIONS, Fitted, Target, grid, reproduced
from ostealgia.audit.finding import Finding, judge, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.heterogeneity_measures import heterogeneity
from ostealgia.audit.statements.model import Estimate, Heterogeneity, Number, Statement
from ostealgia.numerics.intervals import Interval, Printed

POOLED = loose(r"\b(?:pool|overall|combined|summary|aggregat|meta-?analy|random|fixed|common.effect|weighted mean)")
FEW = 3  # studies that make a pool worth refitting
FAR = 3.0  # widths of the printed interval beyond which other rows are meant
DIGITS = 4  # of a number that one slip explains: three of them agree
NEAR = 900  # characters between a pooled result and its heterogeneity


@dataclass(frozen=True)
class Inputs:
    """Rows of a table as data of effects.compute. spare : low and high counts where a percentage leaves several.

    note : how the rows were read.  imputed : some numbers are not printed, so digits are not expected to agree.
    """

    table: Studies
    column: int
    data: dict[str, list[Any]]
    note: str
    words: frozenset[str]
    spare: tuple[tuple[int, int], ...] = ()
    imputed: bool = False


def review_pooled(paper: Paper) -> Iterator[Finding]:
    """Which methods reproduce each pooled result and its heterogeneity from the printed studies?"""
    tables = [table for table in study_tables(paper) if table.size_column is not None and len(table.rows) >= FEW]
    if not tables:
        return
    targets = list(_targets(paper))
    if not targets:
        return
    complete = {id(table) for table in tables if len(table.rows) in declared_studies(paper)}
    proportions = [inputs for table in tables for inputs in _proportions(table)]
    differences = [inputs for table in tables for inputs in _differences(table)]
    fits = Fits()
    tried: list[Tried] = []
    for statement, target in targets:
        about = _context(paper, statement)
        listed = [inputs for inputs in (proportions if target.share else differences) if inputs.words & about]
        scale = 100.0 if target.share and (statement.percent or target.estimate.value > 1) else 1.0
        best = _best(target, listed, fits, complete, scale)
        if best is not None:
            tried.append(Tried(statement, target, scale, *best))
    spoken = [one for one in tried if one.verdict != "inconsistent"]
    for one in tried:
        if one.verdict != "inconsistent":
            yield _reproduced(paper, one.statement, one.target, one.verdict, one.found, one.inputs)
            yield from _heterogeneity(paper, one.statement, one.found, one.inputs)
        elif id(one.inputs.table) not in complete or one.inputs.imputed:
            continue
        elif (slipped := _slipped(paper, one, fits)) is not None:
            yield slipped
        elif _of_this_column(paper, one, spoken):
            beyond = _beyond(one.target, one.inputs, fits.of(one.inputs, one.target.share, one.scale))
            yield _not_reproduced(paper, one.statement, one.target, one.found[0], one.inputs, beyond)


@dataclass(frozen=True)
class Tried:
    """A pooled result with the rows that come nearest to it, and the verdict."""

    statement: Estimate
    target: Target
    scale: float
    verdict: str
    found: list[Fitted]
    inputs: Inputs


def _slipped(paper: Paper, one: Tried, fits: Fits) -> Finding | None:
    """A method gives two of the three printed numbers, and one slip of a digit makes the third one fit as well."""
    words = paper.document.plain[one.statement.sentence[0] : one.statement.sentence[1]]
    counted = f"{len(one.inputs.table.rows)} "
    if _PART.search(words.replace(counted, "")) or len(one.inputs.data["study"]) != len(one.inputs.table.rows):
        return None
    target, told = one.target, []
    for fit in fits.of(one.inputs, target.share, one.scale):
        pairs = [(target.estimate, fit.estimate), (target.low, fit.low), (target.high, fit.high)]
        off = [(printed, value) for printed, value in pairs if not printed.fits(value)]
        if len(off) == 1 and abs(off[0][0].value - off[0][1]) > _clear(target, off[0][0]):
            cause = slip(off[0][0], off[0][1])
            told += [(fit, off[0], cause)] if cause is not None else []
    if not told:
        return None
    fit, (printed, value), cause = told[0]
    column = " ".join(one.inputs.table.printed.column_name(one.inputs.column).split())
    return make(
        "pooled-vs-studies",
        paper.place(one.statement.start, one.statement.end),
        reported=target.text,
        verdict="inconsistent",
        severity="major" if printed is target.estimate else "minor",
        message=f"column {column!r} of {one.inputs.table.printed.label or 'the table of studies'} gives {fit.text(_decimals(target))} by "
        f"{fit.label}: two of the three numbers of {target.text}, and {value:.{_decimals(target)}f} for {printed.text}",
        recomputed=value,
        cause=cause,
    )


def _clear(target: Target, printed: Printed) -> float:
    """How far a number has to be off before another method is no reason: three units, and a twentieth of the interval."""
    return max(3 * printed.unit, 0.05 * (target.high.value - target.low.value))


_PART = re.compile(
    r"\b(?:exclu\w+|restrict\w+|subgroups?|sub-?set|stratif\w+|limited to|remov\w+|omit\w+|without|at (?:\d+|one|two|three|six|twelve) "
    r"(?:days?|weeks?|months?|years?)|in (?:patients|studies|those|trials) (?:with|without|of|from|that|who)|"
    r"(?:in|from|of|across) (?:\d+|one|two|three|four|five|six|seven|eight|nine|ten) (?:\w+ )?(?:studies|trials))\b",
    re.I,
)
_COMMON = stems(
    "incidence rate prevalence proportion number percentage patients study score mean total pooled response events no n"
)


def _of_this_column(paper: Paper, one: Tried, spoken: Sequence[Tried]) -> bool:
    """Whether a result that a column does not give is a result of this column at all.

    Where another printed result is that of the column, only one that shares a number with it is; else the words have to be those
    of the column, of all its studies.
    """
    same = [o for o in spoken if o.inputs.table is one.inputs.table and o.inputs.column == one.inputs.column]
    if same:
        mine = one.target
        return any(
            mine.estimate.text == o.target.estimate.text
            or (mine.low.text, mine.high.text) == (o.target.low.text, o.target.high.text)
            for o in same
        )
    words = paper.document.plain[one.statement.sentence[0] : one.statement.sentence[1]]
    own = one.inputs.words - _COMMON
    counted = f"{len(one.inputs.table.rows)} "
    told = _PART.search(words.replace(counted, ""))
    return told is None and (not own or own <= stems(words))


def _context(paper: Paper, statement: Estimate) -> frozenset[str]:
    """Words of the passage that leads to a result, and of the heading above it."""
    block = paper.document.block_at(statement.start)
    before = paper.document.plain[max(0, statement.sentence[0] - 250) : statement.sentence[1]]
    return stems(before) | stems(block.heading if block is not None else "")


def _targets(paper: Paper) -> Iterator[tuple[Estimate, Target]]:
    for statement in paper.of_kind(Estimate):
        if statement.cell is not None or statement.ci_kind != "confidence" or statement.study is not None:
            continue
        if statement.section not in ("abstract", "results"):
            continue
        sentence = paper.document.plain[statement.sentence[0] : statement.sentence[1]]
        printed = [parsed(part) for part in (statement.estimate, statement.ci_low, statement.ci_high)]
        estimate, low, high = printed
        share = _is_share(statement, sentence)
        if estimate is None or low is None or high is None or not POOLED.search(sentence):
            continue
        if share or _is_difference(statement):
            yield statement, Target(estimate, low, high, share)


_SHARE = re.compile(r"\b(?:rates?|proportions?|prevalence|incidence|percentages?)\b", re.I)


def _is_share(statement: Estimate, sentence: str) -> bool:
    """A proportion by name, or a percentage that the sentence calls a rate ("the pooled rate of improvement")."""
    if (statement.measure or "").casefold() in ("proportion", "pr", "prevalence", "incidence", "rate"):
        return True
    return statement.percent and (statement.measure is None or _SHARE.search(sentence) is not None)


def _is_difference(statement: Estimate) -> bool:
    return (statement.measure or "") in ("MD", "WMD", "SMD")


class Fits:
    """The grids of a paper, each worked out once."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, bool, float, bool], list[Fitted]] = {}

    def of(self, inputs: Inputs, share: bool, scale: float, *, quick: bool = False) -> list[Fitted]:
        """Every method on these rows, or those of the quick look."""
        key = (id(inputs), share, scale, quick)
        if key not in self._kept:
            self._kept[key] = list(grid(inputs.data, PROPORTIONS if share else DIFFERENCES, scale, quick=quick))
        return self._kept[key]


def _best(
    target: Target, listed: Sequence[Inputs], fits: Fits, complete: set[int], scale: float
) -> tuple[str, list[Fitted], Inputs] | None:
    """The rows that come nearest to a printed result, with the verdict and the methods that reach it."""
    near: list[tuple[float, int, int]] = []
    for i, inputs in enumerate(listed):
        rough = fits.of(inputs, target.share, scale, quick=True)
        if rough:
            near.append((min(map(target.distance, rough)), -len(inputs.data["study"]), i))
    best: tuple[str, list[Fitted], Inputs] | None = None
    for distance, _, i in sorted(near)[:2]:
        inputs = listed[i]
        if distance >= FAR and id(inputs.table) not in complete:
            continue
        verdict, found = reproduced(target, fits.of(inputs, target.share, scale), slack=1 if inputs.imputed else 0)
        if found and (best is None or _order(verdict) < _order(best[0])):
            best = verdict, found, inputs
        if best is not None and best[0] != "inconsistent":
            break
    return best


def _order(verdict: str) -> int:
    return ("consistent", "rounding", "inconsistent").index(verdict)


def _decimals(target: Target) -> int:
    return max(part.decimals for part in (target.estimate, target.low, target.high)) + 1


def _reproduced(
    paper: Paper, statement: Estimate, target: Target, verdict: str, found: list[Fitted], inputs: Inputs
) -> Finding:
    first = found[0]
    others = f" and {len(found) - 1} other method{'s' if len(found) > 2 else ''}" if len(found) > 1 else ""
    column = " ".join(inputs.table.printed.column_name(inputs.column).split())
    message = (
        f"{target.text} is {first.text(_decimals(target))} by {first.label}{others} from {first.k} studies, column {column!r} "
        f"of {inputs.table.printed.label or 'the table of studies'}{f' ({inputs.note})' if inputs.note else ''}"
    )
    return make(
        "pooled-vs-studies",
        paper.place(statement.start, statement.end),
        reported=target.text,
        verdict=verdict,
        message=message,
        recomputed=first.estimate,
    )


def _beyond(target: Target, inputs: Inputs, fits: Sequence[Fitted]) -> bool:
    """Whether, by every method on every study of the table, neither estimate lies in the other's interval, all on one side."""
    if len(inputs.data["study"]) != len(inputs.table.rows) or not target.share:
        return False
    point, low, high = (part.interval() for part in (target.estimate, target.low, target.high))
    above = all(fit.low > point.high and fit.estimate > high.high for fit in fits)
    below = all(fit.high < point.low and fit.estimate < low.low for fit in fits)
    return bool(fits) and (above or below)


def _not_reproduced(
    paper: Paper, statement: Estimate, target: Target, nearest: Fitted, inputs: Inputs, beyond: bool
) -> Finding:
    column = " ".join(inputs.table.printed.column_name(inputs.column).split())
    return make(
        "pooled-vs-studies",
        paper.place(statement.start, statement.end),
        reported=target.text,
        verdict="inconsistent",
        severity="major" if beyond else "information",
        basis="arithmetic" if beyond else "judgement",
        message=f"no usual method gives {target.text} from column {column!r} of "
        f"{inputs.table.printed.label or 'the table of studies'}; the nearest is {nearest.text(_decimals(target))} by {nearest.label}; "
        "the pool may rest on numbers that are not printed",
        recomputed=nearest.estimate,
    )


def _proportions(table: Studies) -> Iterator[Inputs]:
    """Columns of counts "8 (80)" or of percentages, over the sizes of the studies."""
    for column in range(table.printed.n_columns):
        if column in (table.label_column, table.size_column):
            continue
        rows = [
            (name, size, _events(table.cell(row, column).text, size))
            for name, row, size in zip(table.names, table.rows, table.sizes, strict=True)
            if size
        ]
        used = [(name, size, events) for name, size, events in rows if events is not None]
        words = table.column_words(column)
        if len(used) < FEW or not words:
            continue
        from_percent = any(low != high for _, _, (_, low, high) in used)
        data = {
            "study": [f"{i} {name}" for i, (name, _, _) in enumerate(used)],
            "events": [events[0] for _, _, events in used],
            "n": [size for _, size, _ in used],
        }
        note = "counts from the percentages" if from_percent else ""
        spare = tuple((low, high) for _, _, (_, low, high) in used) if from_percent else ()
        yield Inputs(table, column, data, note, words, spare)


_COUNTED = re.compile(r"\s*(\d{1,6})\s?(?:/\s?\d{1,6}\s?)?\(\s?\d{1,3}(?:\.\d+)?\s?%?\s?\)")
_PERCENT = re.compile(r"\s*(\d{1,3}(?:\.\d+)?)\s?%|^\s*(\d{1,2}\.\d+)\s?(?:$|,)")


def _events(text: str, size: int) -> tuple[int, int, int] | None:
    """Events of a cell, with the lowest and highest count its print allows."""
    counted = _COUNTED.match(text)
    if counted:
        events = int(counted[1])
        return (events, events, events) if events <= size else None
    percent = _PERCENT.match(text)
    printed = first_number(text) if percent else None
    if printed is None or not 0 <= printed.value <= 100:
        return None
    box = printed.interval("half")
    low, high = math.ceil(box.low * size / 100 - 1e-9), math.floor(box.high * size / 100 + 1e-9)
    nearest = round(printed.value * size / 100)
    return nearest, min(max(low, 0), nearest), max(min(high, size), nearest)


_SPREAD = re.compile(r"\b(?:SD|S\.D\.|standard deviation)\b", re.I)
_BEFORE = re.compile(r"\b(?:baseline|pre|before|initial)", re.I)
_AFTER = re.compile(r"\b(?:\d+\s?(?:d|day|wk|week|mo|month|y|year)s?|post|after|follow|final|end)", re.I)


def _differences(table: Studies) -> Iterator[Inputs]:
    """Baseline mean and SD against the mean of a later time, each group as if independent; a missing SD is that of baseline."""
    names = {column: table.printed.column_name(column) for column in range(table.printed.n_columns)}
    spreads = {column: name for column, name in names.items() if _SPREAD.search(name)}
    means = {column: name for column, name in names.items() if column not in spreads}
    first = [
        column
        for column, name in means.items()
        if _BEFORE.search(name) and _partner(column, names, spreads) is not None
    ]
    if len(first) != 1:
        return
    sd_first = _partner(first[0], names, spreads)
    later = [
        c
        for c, name in means.items()
        if _AFTER.search(name) and c not in (first[0], table.label_column, table.size_column)
    ]
    for column in later:
        sd_later = _partner(column, names, spreads)
        yield from _paired(table, first[0], sd_first, column, sd_later)


def _paired(table: Studies, mean_1: int, sd_1: int | None, mean_2: int, sd_2: int | None) -> Iterator[Inputs]:
    def values(column: int | None) -> list[float | None]:
        if column is None:
            return [None] * len(table.rows)
        return [None if number is None else number.value for number in table.numbers(column)]

    columns = (values(mean_2), values(sd_2), values(mean_1), values(sd_1))
    rows = list(zip(table.names, table.sizes, *columns, strict=True))
    complete = [row for row in rows if row[1] and None not in row[2:]]
    imputed = sd_2 is None
    if imputed:
        complete = [(*row[:3], row[5], *row[4:]) for row in rows if row[1] and None not in (row[2], row[4], row[5])]
    usable = [row for row in complete if row[1] > 1 and (row[3] or 0) > 0 and (row[5] or 0) > 0]
    if len(usable) < FEW:
        return
    data: dict[str, list[Any]] = {
        "study": [f"{i} {row[0]}" for i, row in enumerate(usable)],
        **{name: [row[at] for row in usable] for name, at in (("mean_1", 2), ("sd_1", 3), ("mean_2", 4), ("sd_2", 5))},
        "n_1": [row[1] for row in usable],
        "n_2": [row[1] for row in usable],
    }
    note = "before and after taken as independent groups"
    note += "; SD of the later time taken from baseline" if imputed else ""
    words = table.column_words(mean_2) | table.column_words(mean_1)
    yield Inputs(table, mean_2, data, note, words, imputed=imputed)


def _partner(column: int, names: dict[int, str], spreads: dict[int, str]) -> int | None:
    """The column of SDs that belongs to a column of means: the next one, where its name begins alike."""
    following = column + 1
    if following in spreads:
        first = names[column].split()[:1]
        if not first or first == names[following].split()[:1]:
            return following
    lead = names[column].split()[:1]
    alike = [other for other, name in spreads.items() if lead and name.split()[:1] == lead]
    return alike[0] if len(alike) == 1 else None


def _heterogeneity(paper: Paper, statement: Estimate, found: list[Fitted], inputs: Inputs) -> Iterator[Finding]:
    """I2 and tau2 printed near a reproduced result, against the methods that reproduce it."""
    for other in paper.of_kind(Heterogeneity):
        if other.cell is not None or not _near(statement, other):
            continue
        for name, number, values in (
            ("I2", other.i2, [value for fit in found for value in (fit.i2, fit.i2_tau2)]),
            ("tau2", other.tau2, [fit.tau2 for fit in found]),
        ):
            printed = parsed(number)
            if number is not None and printed is not None and printed.relation == "=":
                yield from _one_heterogeneity(paper, name, number, printed, values, found, inputs)


def _one_heterogeneity(
    paper: Paper, name: str, number: Number, printed: Printed, values: list[float], found: list[Fitted], inputs: Inputs
) -> Iterator[Finding]:
    usable = [value for value in values if math.isfinite(value)]
    if not usable:
        return
    nearest = min(usable, key=lambda value: abs(value - printed.value))
    verdict = judge(printed, nearest, Interval(nearest, nearest))
    box = Interval(nearest, nearest)
    if verdict == "inconsistent" and inputs.spare:
        box = _over_counts(name, found[0], inputs).hull(box)
        verdict = "rounding" if printed.allows(box) else verdict
    cause = None
    if (
        verdict == "inconsistent"
    ):  # the method behind the print is not known: told only where one digit makes many others fit
        nearest, cause = next(((v, told) for v in usable if (told := slip(printed, v)) is not None), (nearest, None))
        if cause is None or len(re.findall(r"\d", printed.text.lstrip("0."))) < DIGITS or name != "tau2":
            return
        box = Interval(nearest, nearest)
    yield make(
        "heterogeneity",
        paper.place(number.start, number.end),
        reported=printed.text,
        verdict=verdict,
        severity="none" if cause is None else "minor",
        cause=cause,
        message=f"{name} {printed.text}: {nearest:.5g} by {found[0].label} from the printed studies",
        recomputed=nearest,
        values=box,
    )


def _over_counts(name: str, fit: Fitted, inputs: Inputs) -> Interval:
    """The range of I2 or tau2 over the counts that the printed percentages allow, one study at a time."""
    seen: list[float] = []
    for i, (low, high) in enumerate(inputs.spare):
        for events in {low, high} - {inputs.data["events"][i]}:
            changed = [*inputs.data["events"][:i], events, *inputs.data["events"][i + 1 :]]
            again = fit.refit({**inputs.data, "events": changed})
            if again is not None:
                seen.append(again.tau2 if name == "tau2" else again.i2)
    known = fit.tau2 if name == "tau2" else fit.i2
    return Interval(min([known, *seen]), max([known, *seen]))


def _near(statement: Estimate, other: Statement) -> bool:
    return statement.section == other.section and abs(statement.start - other.start) < NEAR


_CHI2 = re.compile(r"\bchi\s?(?:[²2]|-?\s?squared?)|χ", re.I)
_NUMBER_OF_STUDIES = loose(rf"(?<![\w.,\-])({COUNT})\s(?:[a-z\-]+\s){{0,2}}?(?:studies|trials|cohorts|RCTs)\b")


def review_heterogeneity(paper: Paper) -> Iterator[Finding]:
    """Do Q, df, P, I2, H and tau2 of one pooled result belong together?"""
    for statement in paper.of_kind(Heterogeneity):
        if statement.section in ("introduction", "methods"):
            continue
        listed = (
            statement.i2,
            statement.q,
            statement.p_value,
            statement.h,
            statement.h2,
            statement.tau2,
            statement.tau,
        )
        i2, q, p, h, h2, tau2, tau = (parsed(number) for number in listed)
        limits = [parsed(number) for number in (statement.i2_ci_low, statement.i2_ci_high)]
        df = parsed(statement.df)
        both = (limits[0], limits[1]) if limits[0] is not None and limits[1] is not None else None
        degrees = int(df.value) if df is not None and df.value == int(df.value) else _degrees(paper, statement)
        exact = i2 is not None and i2.relation == "=" and 0 <= i2.value <= 100  # others are told by scale-bound
        yield from heterogeneity(
            i2=i2 if exact else None, q=q, df=degrees, p_value=p, h=h, h2=h2, tau2=tau2, tau=tau,
            i2_limits=both if exact else None, by_q=_by_q(paper, statement), place=paper.place(statement.start, statement.end),
        )  # fmt: skip


def _by_q(paper: Paper, statement: Heterogeneity) -> bool | None:
    """Whether I2 is that of Q: a program that prints chi-square with its df beside I2 has no other."""
    if statement.df is None or statement.q is None:
        return None
    return True if _CHI2.search(paper.document.plain, statement.start, statement.end) is not None else None


def _degrees(paper: Paper, statement: Statement) -> int | None:
    """Studies less one, where the sentence or the bracket names one number of studies only."""
    text = paper.document.plain[statement.sentence[0] : statement.sentence[1]]
    named = {spelled(match[1]) for match in _NUMBER_OF_STUDIES.finditer(text)}
    only = named.pop() if len(named) == 1 else None
    return only - 1 if only is not None and only >= 2 else None


CHECKS = (review_pooled, review_heterogeneity)
