"""Tables of groups: statistics and P values against the counts, means and SDs of the groups they compare."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ostealgia.audit.baseline import Source, weigh
from ostealgia.audit.checks.reading.figures import mentions
from ostealgia.audit.checks.reading.premises import away, counts_tested, doubtful, lowered, means_tested, ordinary_test
from ostealgia.audit.checks.reading.sole_tests import sole_in, sole_tests, t_tests_named
from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.checks.tables.cases import (
    FAR,
    OTHER_TEST,
    TESTS_SAID,
    Case,
    case_of,
    comparisons,
    groups_of,
    of_effect,
    one_of_some,
    sizes_again,
)
from ostealgia.audit.checks.tables.counts import paper_shares
from ostealgia.audit.checks.tables.not_counts import NOT_PATIENTS, OWN_N
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.counts import chi2_vs_counts, p_values_of
from ostealgia.audit.rules.means import ERRORS_FIT, RANKS, Group, abs_print, t_vs_summary
from ostealgia.audit.rules.p_values import p_vs_statistic, slip_of_p
from ostealgia.audit.rules.significance import ALPHA
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.count_readings import TOGETHER, other_counts
from ostealgia.audit.tables.denominators import Share
from ostealgia.audit.tables.headers import is_weighted, statistics_in
from ostealgia.audit.tables.model import Line
from ostealgia.audit.tables.rank_tests import ordered_p_values
from ostealgia.audit.tables.view import (
    Block,
    blocks,
    count,
    group_tables,
)
from ostealgia.numerics.intervals import Interval, Printed, as_interval
from ostealgia.numerics.summary_tests import CHI2_TESTS, chi2_df, p_from_chi2

Counts = list[list[int]]

_PLAIN_TEST = re.compile(r"one-?\s?way|\banova\b|\bt[ -]tests?\b|analysis of variance", re.IGNORECASE)
_COMPARISON = re.compile(r"\bunivaria\w{1,5}\s{1,3}comparisons?\b", re.IGNORECASE)
_UNKNOWN = re.compile(
    r"unknown|missing|not (?:available|reported|known|recorded|tested|done)|\bn/?a\b|unspecified", re.IGNORECASE
)
_NO_T = "another test (of ranks, of changes, of a part of the patients) may stand behind P"
_NO_STATISTIC = (
    "many statistics of this table do not follow from the counts: they may be of another test or of several groups"
)
_NO_TEST = "few P values of this table follow from the groups: they may be of another test"
_FINER = "a category has no patients: P may be of finer categories than are printed"
_SPLIT = "a row joins several categories: P may be of these one by one"
_VALUE = r"(?:[A-Za-z]{1,10}\s)?(?:\d{1,2}[a-d]?|[IVX]{1,4}|[A-Z]{1,2})"
_JOINED = re.compile(
    rf"\W*{_VALUE}(?:\s?(?:/|\+|&|,|\bor\b|\band\b)\s?{_VALUE}){{1,4}}\W*", re.ASCII
)  # "2/3", "III and IV"
_SINGLE = re.compile(rf"\W*{_VALUE}\W*", re.ASCII)
_LEAST = "the least P that is printed may stand for all that are smaller"
NEAR = 0.25  # in normal deviates: variants of exact and ordinal tests differ by less
MOST_MISSING = 0.3  # of the patients of a group with no value of a variable
MISSING = 0.05  # of the patients of one group with one value
NEARLY = 0.01  # of a statistic
ALL_APART = 1e-12  # a P so small beside a printed one above 0.01: few of the patients have a value
COMPANY, COMPANY_FAR = 3, 0.75  # so many other P of its column are of t tests, which the paper names


def table_tests(paper: Paper) -> Iterator[Finding]:
    """Every statistic and P of the tables of groups, those that fit included."""
    for table in group_tables(paper):
        printed = paper.document.tables[table.index]
        around = f"{printed.caption} {printed.note}"
        if is_weighted(around):
            continue
        based = paper_shares(paper)[table.index]
        ranks = mentions(paper, *RANK_TESTS)
        for block in blocks(table):
            if not block.independent or (block.statistic is None and block.p_value is None):
                continue
            here = sole_in(f"{around} {block.p_value.name if block.p_value else ''}")
            other = _of_other_test(printed.caption, here) or of_effect(table, block)
            cases = [
                (case_of(paper, table, block, variable, line, other), rows)
                for variable, line, rows in comparisons(table, block)
                if not sizes_again(table, line)
            ]
            named = _named(cases, based, block, around)
            cases = _by_company(paper, cases)
            with_statistic: list[Finding] = []
            of_p: list[Finding] = []
            for case, rows in cases:
                (of_p if case.statistic is None else with_statistic).extend(
                    _tested(replace(case, named=named, ranks=ranks), rows, based)
                )
            said = _PLAIN_TEST.search(around) is not None and not OTHER_TEST.search(around)
            yield from means_tested(
                doubtful(_swapped(with_statistic), "chi2-vs-counts", _NO_STATISTIC), _NO_T, said=said
            )
            ordinary = ordinary_test(of_p, ("chi2-vs-counts", "t-vs-summary"), _NO_TEST, sole_tests(paper), here)
            yield from counts_tested(ordinary, _NO_TEST, sole_tests(paper), here)


def _of_other_test(caption: str, here: frozenset[str]) -> bool:
    """Whether a caption tells of another test than one of groups; "univariate" does not where the table names a plain one."""
    said = {match[0].casefold() for match in OTHER_TEST.finditer(caption)}
    plain = bool(here) or _COMPARISON.search(caption) is not None
    return bool(said - {"univaria"}) if plain else bool(said)


def _by_company(paper: Paper, cases: list[tuple[Case, tuple[Line, ...]]]) -> list[tuple[Case, tuple[Line, ...]]]:
    """The same cases, of t tests where the paper names these and the other P of its tables are of ordinary tests.

    Nearly all of at least three means fit a t test: then a P that does not is away from it by less. Nearly all of at least
    four P of means or counts fit: then t is the test of means.
    """
    if not t_tests_named(paper):
        return cases
    own = [fit for case, _ in cases if (fit := _is_of_t(case)) is not None]
    if sum(own) >= max(COMPANY, 2 * (len(own) - sum(own))):  # P of the column are of t tests, its numbers SDs
        sure = {"t_said": True, "deviations": True, "other_test": False}
        return [(replace(case, **sure, far=min(case.far, COMPANY_FAR)), rows) for case, rows in cases]
    fits, off, counted, uncounted = _company(paper)
    if fits >= max(COMPANY, 2 * off):
        return [(replace(case, t_said=True, far=min(case.far, COMPANY_FAR)), rows) for case, rows in cases]
    if fits + counted >= max(COMPANY + 1, 3 * (off + uncounted)):
        return [(replace(case, t_said=True, by_column=True), rows) for case, rows in cases]
    return cases


@once
def _company(paper: Paper) -> tuple[int, int, int, int]:
    """How many P of the paper's tables fit a t test of their means, or do not; and a test of their counts, or do not."""
    means: list[bool] = []
    counted: list[bool] = []
    for table in group_tables(paper):
        for block in blocks(table):
            if not block.independent or block.p_value is None or block.statistic is not None:
                continue
            for variable, line, rows in comparisons(table, block):
                case = case_of(paper, table, block, variable, line, of_effect(table, block))
                fit = _is_of_t(case)
                means += [] if fit is None else [fit]
                tests = _tested(case, rows, paper_shares(paper)[table.index]) if fit is None else ()
                counted += [not f.flagged for f in tests if f.rule == "chi2-vs-counts"]
    return sum(means), len(means) - sum(means), sum(counted), len(counted) - sum(counted)


def _is_of_t(case: Case) -> bool | None:
    """Whether the P of a row of means is that of a t test; None where the row has none."""
    groups, p = groups_of(case), case.p_printed
    if groups is None or len(groups) > 2 or p is None or case.statistic is not None or not 0 <= p.value <= 1:
        return None
    return not t_vs_summary(groups, None, p, place=case.p_place).flagged


def _swapped(found: Sequence[Finding]) -> Iterator[Finding]:
    """Where the statistics of two rows belong to one another's counts: say that the rows are exchanged."""
    off = [f for f in found if f.flagged and f.rule in ("chi2-vs-counts", "t-vs-summary") and f.recomputed is not None]
    partner: dict[int, Finding] = {}
    for one, other in itertools.combinations(off, 2):
        if _of_other(one, other) and _of_other(other, one):
            partner[id(one)], partner[id(other)] = other, one
    for f in found:
        other = partner.get(id(f))
        text = f"the statistic is that of another row, and that row has this one's ({other.reported})" if other else ""
        yield f if other is None else replace(f, cause_code="row-swap", cause=text, repair=other.reported)


def _of_other(one: Finding, other: Finding) -> bool:
    if other.recomputed is None or one.rule != other.rule:
        return False
    low, high = other.recomputed_low, other.recomputed_high
    box = Interval(low, high) if low is not None and high is not None else as_interval(other.recomputed)
    return abs_print(Printed.of(one.reported)).allows(box)


def _named(
    cases: Sequence[tuple[Case, Sequence[Line]]], based: Sequence[Share], block: Block, around: str
) -> frozenset[str]:
    """The tests of a statistic column: what its header says; where it says only "statistic", what the note says or its rows fit."""
    said = statistics_in(block.statistic.name) if block.statistic else frozenset[str]()
    if "?" not in said:
        return said
    fits = {"chi2-vs-counts": 0, "t-vs-summary": 0}
    tried = dict(fits)
    by_t = False
    for case, rows in cases:
        # a header that names all of them lets misfits be seen; a P of the statistic says as much as the counts do
        listed = list(_tested(replace(case, named=frozenset(["chi2", "t", "F"])), rows, based))
        by_p = any(found.rule == "p-vs-statistic" and not found.flagged for found in listed)
        for found in listed:
            if found.rule in fits and case.statistic is not None:
                tried[found.rule] += 1
                fits[found.rule] += by_p or not found.flagged
                by_t = by_t or (not found.flagged and found.message.startswith(("Student", "Welch")))
    learned = {"chi2-vs-counts": "chi2", "t-vs-summary": "t" if by_t else "F"}
    more = [name for rule, name in learned.items() if fits[rule] >= max(1, 0.5 * tried[rule])]
    more += [name for name, pattern in TESTS_SAID.items() if pattern.search(around)]
    return frozenset(more) | (said - {"?"}) if more else said


def _tested(case: Case, rows: Sequence[Line], based: Sequence[Share]) -> Iterator[Finding]:
    if case.p_printed is not None and not 0 <= case.p_printed.value <= 1:
        return
    counted = [line for line in rows if all(count(line, c) is not None for c in case.block.indexes)]
    if counted and len(counted) == len(rows):
        tables, sure = _count_tables(case, counted, based)
        if tables:
            yield from _by_counts(case, tables, sure, len(counted))
    elif case.variable.head is case.line or not case.variable.levels:
        groups = groups_of(case)
        if groups is not None:
            yield from _by_means(case, groups)


# ---------------------------------------------------------------- counts


def _count_tables(case: Case, rows: Sequence[Line], based: Sequence[Share]) -> tuple[list[Counts], bool]:
    """The tables of counts the test may rest on, most likely first, and whether nothing else is known."""
    columns = case.block.indexes
    whole = [[c for column in columns if (c := count(row, column)) is not None] for row in rows]
    if len(rows) >= 2:
        tables = [whole]
        known = [line for line, _ in zip(rows, whole, strict=True) if not _UNKNOWN.search(line.label)]
        if len(known) != len(rows):
            tables.append([counts for line, counts in zip(rows, whole, strict=True) if line in known])
        if case.line is rows[0] or case.line in rows:
            at = list(rows).index(case.line)
            rest = [sum(counts[j] for i, counts in enumerate(whole) if i != at) for j in range(len(columns))]
            tables.append([whole[at], rest])
        return [table for table in tables if len(table) > 1 and _comparable(table)], _exclusive(case, rows, based)
    sizes, sure = _sizes_of(case, rows[0], based)
    if sizes is None:
        return [], False
    table = [whole[0], [n - c for n, c in zip(sizes, whole[0], strict=True)]]
    return ([table], sure) if min(table[1]) >= 0 and _comparable(table) else ([], False)


def _exclusive(case: Case, rows: Sequence[Line], based: Sequence[Share]) -> bool:
    """Whether each patient seems to have one of the categories: they make up the groups, but for missing values."""
    for column in case.block.groups:
        counts = sum(c for row in rows if (c := count(row, column.index)) is not None)
        percents = [s.printed.value for s in based if s.column == column.index and any(s.line is row for row in rows)]
        if column.n is not None and not (1 - MOST_MISSING) * column.n.value <= counts <= column.n.value + 1:
            return False
        if column.n is None and len(percents) == len(rows) and not 100 * (1 - MOST_MISSING) <= sum(percents) <= 103:
            return False
    return True


def _too_few(case: Case, table: Counts) -> bool:
    """Whether the rows hold far fewer patients than the groups: the statistic beside them is of more rows."""
    sums = [sum(column) for column in zip(*table, strict=True)]
    sizes = case.block.sizes
    return sizes is None or any(added < (1 - MOST_MISSING) * n for added, n in zip(sums, sizes, strict=True))


def _sizes_of(case: Case, line: Line, based: Sequence[Share]) -> tuple[list[int] | None, bool]:
    """Patients behind a single row: what its percentages are of, else the sizes of the groups."""
    mine = {share.column: share for share in based if share.line is line}
    sizes: list[int] = []
    sure = True
    if sum(not share.fits(share.base) for share in mine.values() if share.base and share.count.value > 0) >= 2:
        return None, False  # the percentages of the row are of other numbers
    for column in case.block.groups:
        share = mine.get(column.index)
        if share is not None:
            if share.base is None or share.name not in ("the size of the group", "the n of its own row"):
                return None, False
            sizes.append(share.base)
            sure = sure and (share.count.value == 0 or share.fits(share.base))
        elif column.n is not None:
            sizes.append(int(column.n.value))
            sure = False
        else:
            return None, False
    return sizes, sure


def _comparable(table: Counts) -> bool:
    return float(chi2_df(table)) > 0


def _by_counts(case: Case, tables: Sequence[Counts], sure: bool, rows: int) -> Iterator[Finding]:
    p = case.p_printed
    if case.statistic is None:
        if p is not None:
            other = NOT_PATIENTS.search(case.line.label) or OWN_N.search(case.line.label)
            single = case.shared or (rows == 1 and (not case.alone or other is not None or one_of_some(case)))
            found = _p_of_counts(case, tables, sure and not single, p, rows)
            if found is not None:
                yield found
        return
    checks = [chi2_vs_counts(table, case.statistic.printed, p, place=case.place) for table in tables]
    first = next((check for check in checks if not check.flagged), checks[0])
    table = tables[checks.index(first)]
    certain = case.named <= {"chi2", "t", "F"} and "chi2" in case.named
    supported = (
        p is not None and any(p.allows(as_interval(q)) for q in p_values_of(table).values()) if first.flagged else False
    )
    few = rows > 1 and not sure and _too_few(case, tables[0])
    if first.flagged and (few or (not certain and not (supported and "z" not in case.named))):
        return
    yield first
    if p is None:
        return
    df = float(chi2_df(table))
    second = p_vs_statistic("chi2", case.statistic.printed, [df], p, place=case.p_place)
    if not second.flagged:
        yield second
        return
    fitting = [name for name, q in p_values_of(table).items() if p.allows(as_interval(q))]
    weighed = weigh(second, first, Source("the counts", fitting[0] if fitting else None))
    exact = float(p_from_chi2(first.recomputed, df)) if first.recomputed is not None else None
    yield _mended_p(weighed, first, p, exact)


def _p_of_counts(case: Case, tables: Sequence[Counts], sure: bool, p: Printed, rows: int) -> Finding | None:
    """A P alone against every test that such counts may be given."""
    if case.other_test or len(case.block.groups) > 2:
        return None  # a misfit would say nothing, so a fit says nothing either
    checks = [chi2_vs_counts(table, None, p, place=case.p_place) for table in tables]
    first = next((check for check in checks if not check.flagged), checks[0])
    if not first.flagged or not sure:
        return None if first.flagged else first
    ordered = [named for table in tables for named in ordered_p_values(table).items()]
    for name, value in ordered:
        if p.allows(as_interval(value)):
            message = f"P of the test of {name} from the counts is {value:.3g}; printed {p.text}"
            return replace(first, verdict="consistent", severity="none", cause=None, cause_code=None, repair=None, basis="arithmetic",
                           recomputed=value, recomputed_low=value, recomputed_high=value, message=message)  # fmt: skip
    table = tables[0]
    sizes = case.block.sizes if rows > 1 else [sum(column) for column in zip(*table, strict=True)]
    others = [*other_counts(table if rows > 1 else table[:1], sizes, case.above)]
    if rows == 1 and len(case.alike) > 1:
        others += [(TOGETHER, [list(row) for row in case.alike]), *other_counts(case.alike, sizes)]
    told = next((f"P would fit if {why}" for why, other in others if _comparable(other) and _p_fits(p, other)), None)
    least = p.relation == "=" and p.decimals >= 3 and abs(p.value - p.unit) < 1e-9
    told = _LEAST if told is None and least and first.recomputed is not None and first.recomputed < p.value else told
    told = _SPLIT if told is None and rows > 2 and _may_be_split(case, tables[0], p) else told
    told = _FINER if told is None and rows > 1 and any(not any(row) for row in table) else told
    if told is not None:
        return lowered(first, told)
    values = [*p_values_of(table).values(), *(value for _, value in ordered)]
    if len(table) == 2 and _with_missing(table, p):
        return replace(first, severity="information", basis="judgement")
    if (len(table) > 2 or _small(table)) and min(_apart(p, value) for value in values) < NEAR:
        return replace(first, severity="information", basis="judgement")
    return first


def _may_be_split(case: Case, table: Counts, p: Printed) -> bool:
    """Whether a category joins some that stand one by one in other rows' places ("1", "2/3", "4"), and P can be of the parts."""
    lines = list(case.variable.counted(case.block.indexes))
    joined = [_JOINED.fullmatch(line.label) is not None for line in lines]
    if len(lines) != len(table) or not any(joined) or not any(_SINGLE.fullmatch(line.label) for line in lines):
        return False
    chi2 = float(CHI2_TESTS["Pearson"](table).statistic)
    greatest = float(p_from_chi2(chi2, float(chi2_df(table)) + sum(joined)))  # parts that are divided alike add df only
    apart = [
        part
        for row, several in zip(table, joined, strict=True)
        for part in (([row[0], 0], [0, row[1]]) if several and len(row) == 2 else (row,))
    ]
    least = p_values_of([row for row in apart if any(row)])["Pearson"]
    return p.allows(Interval(min(least, greatest), max(least, greatest)))


def _p_fits(p: Printed, table: Counts) -> bool:
    return any(p.allows(as_interval(value)) for value in p_values_of(table).values())


def _with_missing(table: Counts, p: Printed) -> bool:
    """Whether P is one of a few patients less in some group: values may be missing, the percentages those of all."""
    values: list[float] = []
    for kept in itertools.product((1.0, 1 - MISSING), repeat=2 * len(table[0])):
        cells = np.array(table, dtype=float) * np.array(kept).reshape(2, -1)
        cells = np.floor(cells + 0.5)
        if float(chi2_df(cells)) > 0:
            values += [float(CHI2_TESTS[name](cells).p_value) for name in ("Pearson", "Yates")]
    values = [value for value in values if not math.isnan(value)]
    return bool(values) and p.allows(Interval(min(values), max(values)))


def _small(table: Counts) -> bool:
    counts = np.asarray(table, dtype=float)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / counts.sum()
    return bool((expected < 5).any())


def _apart(p: Printed, value: float) -> float:
    from scipy import special

    box = p.interval().clip(1e-12, 1.0)
    nearest = min(max(value, box.low), box.high)
    ends = -special.ndtri(np.clip(np.array([nearest, max(value, 1e-12)]) / 2, 1e-300, 0.5))
    return float(abs(ends[0] - ends[1]))


# ---------------------------------------------------------------- means


def _by_means(case: Case, groups: list[Group]) -> Iterator[Finding]:
    p = case.p_printed
    if case.statistic is None:
        if p is not None:
            if len(groups) > 2:
                return
            found = _as_deviations(case, t_vs_summary(groups, None, p, place=case.p_place))
            if found.flagged and case.ranks and not case.by_column and _skewed(groups):
                yield lowered(found, _NO_T)
            elif found.cause_code == "wrong-scale" or found.severity == "minor":
                yield found
            elif not found.flagged or _clear(case, found, p):
                sure = (
                    case.deviations
                    and case.t_said
                    and (case.far < FAR or case.by_column or _clear_of_errors(case, groups, p))
                )
                yield found if sure else lowered(found, _NO_T)
        return
    squared = "t" not in case.named or "F" in case.named
    first = _nearly(t_vs_summary(groups, case.statistic.printed, p, squared=squared, place=case.place), case.statistic)
    certain = case.named <= {"chi2", "t", "F"} and bool(case.named & {"t", "F"})
    fits = p is not None and not t_vs_summary(groups, None, p, place=case.p_place).flagged
    if first.flagged and not certain and not (fits and case.generic and "z" not in case.named):
        return
    yield first
    if p is None:
        return
    second = _p_of_statistic(case, groups, p)
    if not second.flagged or not (first.flagged or certain) or _of_ranks(case, p):
        if not second.flagged:
            yield second
        return
    # t and its P are of one test: where both fit the means but not each other, neither is taken for the right one
    if first.flagged:
        yield weigh(second, first, Source("the means and SDs", "Student's or Welch's t" if fits else None))
    else:
        own = t_vs_summary(groups, None, p, place=case.p_place).verdict != "inconsistent"
        yield second if own else _mended_p(second, first, p, second.recomputed)


def _skewed(groups: Sequence[Group]) -> bool:
    """Whether the numbers look as those for which a test of ranks is chosen: SDs near the means, or far from each other."""
    sds = [group.sd.value for group in groups]
    wide = any(group.sd.value > SKEWED * abs(group.mean.value) for group in groups)
    return wide or max(sds) > UNEQUAL * min(sds)


SKEWED, UNEQUAL = 0.5, 1.8  # SD of the mean, and of the other SD
RANK_TESTS = ("mann", "wilcoxon", "rank sum", "rank-sum")
_RANKS_NEAR = 0.1  # z between the normal and the exact P of a rank test


def _of_ranks(case: Case, p: Printed) -> bool:
    """Whether the paper names rank tests and P is that of the statistic as their z: a column headed T then holds both tests."""
    from scipy import special

    if not case.ranks or case.statistic is None:
        return False
    return _apart(p, 2 * float(special.ndtr(-abs(case.statistic.value)))) <= _RANKS_NEAR


def _as_deviations(case: Case, found: Finding) -> Finding:
    """A P of a t test, of numbers that the table calls SDs: where it would fit standard errors, these are what was printed."""
    if found.verdict != "inconsistent" or found.flagged or not (case.t_said and case.deviations) or case.other_test:
        return found
    if ERRORS_FIT not in found.message:
        told = found.message.partition(RANKS)[0]
        far = case.far < FAR and away(found) >= case.far and (found.recomputed_high or 0.0) > ALPHA
        return (
            replace(found, message=told, severity="minor") if far else found
        )  # both significant: a part of the group has the value
    text = "P fits where the numbers after the means are standard errors, not standard deviations"
    return replace(found, severity="minor", basis="judgement", cause_code="wrong-scale", cause=text, repair=None)


def _mended_p(check: Finding, statistic: Finding, p: Printed, value: float | None) -> Finding:
    """Where the statistic follows from the table and P does not, P is the slip: what it would be."""
    if (
        not check.flagged
        or statistic.flagged
        or value is None
        or check.recomputed_low is None
        or check.recomputed_high is None
    ):
        return check
    exact = (
        as_interval(value)
        if statistic.rule == "chi2-vs-counts"
        else Interval(check.recomputed_low, check.recomputed_high)
    )
    cause = slip_of_p(p, exact)
    text = "the statistic follows from the table, its P does not"
    if cause is None or cause.text is None:
        return replace(check, cause_code="unknown", cause=text, repair=None)
    return replace(check, cause_code=cause.code, cause=f"{text}: {cause.text}", repair=cause.repair)


def _clear(case: Case, found: Finding, p: Printed) -> bool:
    """Whether P is further from the t test's than a rank test or missing values would make it."""
    if case.other_test or found.severity != "major" or found.recomputed is None or len(case.block.groups) > 2:
        return False
    return _apart(p, found.recomputed) > case.far and not (found.recomputed < ALL_APART and p.value > 0.01)


def _nearly(found: Finding, statistic: Number) -> Finding:
    """A statistic that programs give a little otherwise, from unrounded data: no error."""
    if not found.flagged or found.recomputed is None:
        return found
    near = abs(abs(statistic.value) - abs(found.recomputed)) <= max(
        NEARLY * abs(found.recomputed), statistic.printed.unit
    )
    return (
        replace(found, verdict="rounding", severity="none", cause=None, cause_code=None, repair=None) if near else found
    )


def _clear_of_errors(case: Case, groups: Sequence[Group], p: Printed) -> bool:
    """The same where the numbers after the means are read as standard errors."""
    widened = [Group.of(g.mean, Printed.of(f"{g.sd.value * math.sqrt(g.n):.4g}"), g.n) for g in groups]
    return _clear(case, t_vs_summary(widened, None, p, place=case.p_place), p)


def _p_of_statistic(case: Case, groups: Sequence[Group], p: Printed) -> Finding:
    statistic = case.statistic.printed if case.statistic is not None else p
    total, smallest = sum(g.n for g in groups), min(g.n for g in groups)
    if len(groups) > 2:
        return p_vs_statistic("F", statistic, [len(groups) - 1, total - len(groups)], p, place=case.p_place)
    second = p_vs_statistic("t", statistic, [total - 2], p, place=case.p_place)
    if not second.flagged:
        return second
    tries = [p_vs_statistic("t", statistic, [Interval(smallest - 1, total - 2)], p, place=case.p_place)]
    if case.named == {"F"} or "F" in case.named:
        tries.append(p_vs_statistic("F", statistic, [1, total - 2], p, place=case.p_place))
    other = next((check for check in tries if not check.flagged), None)
    return second if other is None else replace(other, verdict="rounding")


CHECKS = (table_tests,)
