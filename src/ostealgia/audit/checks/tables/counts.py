"""Tables of groups: percentages, categories that add up to their group, groups that add up to all patients."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ostealgia.audit.causes import likely
from ostealgia.audit.checks.reading.premises import doubtful, lowered
from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.checks.tables.company import confirmed, made_to_100, padded_wholes
from ostealgia.audit.checks.tables.denominators import another_reading
from ostealgia.audit.checks.tables.fewer import MISSING_SAID
from ostealgia.audit.checks.tables.not_counts import no_patients
from ostealgia.audit.checks.tables.parts import marked_block, marked_size, of_parent_row
from ostealgia.audit.checks.tables.shares import adds_up_as_others, far_slip
from ostealgia.audit.checks.tables.wholes import (
    elsewhere_whole,
    far_total,
    fits_test,
    nobody_missing,
    of_another_group,
    others_off,
    printed_test,
    runs_on,
)
from ostealgia.audit.finding import Cause, Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.percents import percent_vs_count
from ostealgia.audit.rules.totals import sum_text, total_vs_parts
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.constraints import (
    Constraint,
    System,
    chi2_of,
    named,
    p_of_chi2,
    percent_of,
    several,
    sum_of,
)
from ostealgia.audit.tables.denominators import Share, shares
from ostealgia.audit.tables.headers import is_time, is_weighted, statistics_in
from ostealgia.audit.tables.model import Line, ReadTable
from ostealgia.audit.tables.view import (
    GROUPS,
    Block,
    Variable,
    blocks,
    count,
    group_tables,
    number,
    place_of,
    size_rows,
    variables,
)
from ostealgia.numerics.intervals import as_interval

# labels of categories of which a patient has exactly one
_EXCLUSIVE = re.compile(
    r"^(?:[<>≤≥]=?|under|over|below|above|less|more)|^\d+(?:\.\d+)? ?(?:-|to) ?\d|^(?:male|female|men|women|man|woman|yes|no|"
    r"positive|negative|absent|stage|grade|i{1,3}v?|iv|single|never|former|current|unknown|missing|low|moderate|high|[tnm][0-4])\b|^\d+$",
    re.IGNORECASE,
)
# headings of which a patient may have several
_SEVERAL = re.compile(
    r"adverse|\bevents?\b|toxicit|complication|co-?morbid|medication|symptom|\breasons?\b|concomitant|\bdrugs?\b|risk factors?|"
    r"histor(?:y|ies)|conditions?\b|procedures?\b|sites? of|locations?\b|diseases?\b|diagnoses\b|treatments?\b|therap(?:y|ies)\b|"
    r"metasta(?:ses|tic sites?)|findings\b|causes\b|barriers|sources",
    re.IGNORECASE,
)
_NO_SIZE = "many percentages of this table are not of the size of their group: it may be another"
_NO_WHOLE = "many categories of this table do not add up: patients may be missing or counted twice"
_COUNTED = re.compile(r"\bn\b|\bno\b|number|count", re.IGNORECASE)


@once
def paper_shares(paper: Paper) -> dict[int, list[Share]]:
    """The counts with percentages of every table of groups."""
    return {table.index: shares(table) for table in group_tables(paper)}


def table_counts(paper: Paper) -> Iterator[Finding]:
    """Percentages and totals of every table of groups, those that fit included."""
    for table in group_tables(paper):
        if is_weighted(_around(paper, table)):
            continue
        found = paper_shares(paper)[table.index]
        system = system_of(table, found)
        slips = {
            one.line.entries[one.column].start for one in found if one.base and not one.fits(one.base) and far_slip(one)
        }
        yield from doubtful(_percents(paper, table, found, system), "percent-vs-count", _NO_SIZE,
                            settled=lambda f, slips=slips: _starts(f) in slips)  # fmt: skip
        for block in blocks(table):
            alone: list[Finding] = []
            sums = [
                *_categories(paper, table, block, found, system, alone),
                *_groups(paper, table, block, system, alone),
            ]
            yield from doubtful(sums, "total-vs-parts", _NO_WHOLE,
                                settled=lambda f, alone=alone: any(f is one for one in alone))  # fmt: skip
            yield from _header(paper, table, block)


def _starts(found: Finding) -> int:
    return found.span[0] if found.span else -1


# ---------------------------------------------------------------- the system of constraints


def system_of(table: ReadTable, found: Sequence[Share]) -> System:
    """All constraints between the counts, percentages, totals and tests of a table."""
    return System(lambda: _constraints(table, found))


def _constraints(table: ReadTable, found: Sequence[Share]) -> Iterator[Constraint]:
    for share in found:
        if share.base:
            yield percent_of(share.count, share.percent, share.base, share.base_number)
    for block in blocks(table):
        for variable in variables(table):
            yield from _sums(variable, block, found)
            yield from chi2_constraints(variable, block)
        yield from (sum_of(parts, int(total.value), total) for parts, total, _ in group_sums(table, block))


def _sums(variable: Variable, block: Block, found: Sequence[Share]) -> Iterator[Constraint]:
    for column in block.groups:
        lines = variable.counted((column.index,))
        if column.n is None or len(lines) < 2 or not _one_of_each(lines, column.index, found, int(column.n.value)):
            continue
        numbers = [n for line in lines if (n := number(line, column.index, "count")) is not None]
        yield sum_of(numbers, int(column.n.value), column.n)


def chi2_constraints(variable: Variable, block: Block) -> Iterator[Constraint]:
    """The chi-square of a variable, where its column can hold nothing else, and its P."""
    statistic = block.statistic
    if statistic is None or not block.independent or not statistics_in(statistic.name) <= {"chi2", "t", "F"}:
        return
    for line, rows in compared(variable, block):
        value = number(line, statistic.index, "statistic")
        if value is None or not rows:
            continue
        numbers = [[n for c in block.indexes if (n := number(row, c, "count")) is not None] for row in rows]
        if any(len(row) != len(block.indexes) for row in numbers):
            continue
        sizes = block.sizes if len(rows) == 1 else None
        if len(rows) == 1 and sizes is None:
            continue
        yield chi2_of(numbers, sizes, value)
        p_value = number(line, block.p_value.index, "p_value") if block.p_value else None
        if p_value is not None:
            df = (max(len(rows), 2) - 1) * (len(block.indexes) - 1)
            yield p_of_chi2(value, p_value, df)


def compared(variable: Variable, block: Block) -> list[tuple[Line, tuple[Line, ...]]]:
    """Lines with a statistic or P, and the lines of counts they compare (one: against the rest of each group)."""
    columns = [c.index for c in (block.statistic, block.p_value) if c is not None]
    lines = [line for line in variable.lines if any(column in line.entries for column in columns)]
    levels = variable.counted(block.indexes)
    if not lines:
        return []
    if len(lines) > 1 and _one_test(lines, columns):  # one cell beside all of them
        return [(lines[0], levels)] if len(levels) >= 2 else []
    if not variable.levels:
        return [(lines[0], (lines[0],))]
    if len(lines) == 1 and len(levels) >= 2:
        return [(lines[0], levels)]
    if len(lines) == 1 and variable.head is not None and lines[0] is variable.head:
        return [(lines[0], levels)]
    found: list[tuple[Line, tuple[Line, ...]]] = []
    for _, run in itertools.groupby(
        (line for line in lines if line in variable.levels), lambda line: _tests_of(line, columns)
    ):
        same = tuple(run)
        if len(same) == 1 or all(any(count(line, c) is not None for c in block.indexes) for line in same):
            found.append((same[0], same))  # a P that is repeated is that of these rows together
    return found


def _tests_of(line: Line, columns: Sequence[int]) -> tuple[str, ...]:
    return tuple(n.text for c in columns if c in line.entries for n in line.entries[c].parts.values())


def _one_test(lines: Sequence[Line], columns: Sequence[int]) -> bool:
    """Whether several rows carry one and the same statistic or P: it is that of the variable."""
    return len({_tests_of(line, columns) for line in lines}) == 1


# ---------------------------------------------------------------- percentages


def _percents(paper: Paper, table: ReadTable, found: Sequence[Share], system: System) -> Iterator[Finding]:
    for share in found:
        if not share.base or (not share.sure and not share.fits(share.base)):
            continue
        place = place_of(paper, table, share.line, share.line.entries[share.column], share.variable)
        others, totals = _neighbours(share)
        named_n = {"neighbours": others, "denominators": totals}
        check = percent_vs_count(int(share.count.value), share.percent.printed, share.base, **named_n, place=place)
        if check.flagged and share.fits(share.base):
            continue  # "4.90" for 4.9
        if check.flagged:
            around = _around(paper, table)
            if (
                another_reading(share, found, table.lines, around)
                or no_patients(paper, share, found)
                or marked_size(paper.document.tables[table.index], table, share)
                or marked_block(paper.document.tables[table.index], table, share, found)
                or of_parent_row(paper.document, table, share)
            ):
                continue
            if not confirmed(share, found):
                yield lowered(check, "too few other percentages of the table confirm the denominator")
                continue
            whole = padded_wholes(share, found)
            if whole or made_to_100(share, found):
                why = "rounded to whole ones" if whole else "made to add up to 100"
                told = f"{check.message}; the percentages are {why}"
                yield replace(
                    check, verdict="rounding", severity="none", message=told, cause=None, cause_code=None, repair=None
                )
                continue
            check = _explained(check, share, found, system)
        yield check


def _around(paper: Paper, table: ReadTable) -> str:
    printed = paper.document.tables[table.index]
    return f"{printed.caption} {printed.note}"


def _neighbours(share: Share) -> tuple[dict[str, int], dict[str, int]]:
    block = share.block
    others = {c.group or c.name: int(c.n.value) for c in block.groups if c.n is not None and c.index != share.column}
    totals: dict[str, int] = {}
    if block.sizes and len(block.sizes) > 1:
        totals["all groups"] = sum(block.sizes)
    counts = [count(share.line, c) for c in block.indexes]
    if len(counts) > 1 and None not in counts:
        totals["its own row"] = sum(c for c in counts if c is not None)
    siblings = [n for line in share.variable.levels if (n := count(line, share.column)) is not None]
    if share.line.depth and len(siblings) > 1:
        totals["the variable"] = sum(siblings)
    return others, totals


def _explained(check: Finding, share: Share, found: Sequence[Share], system: System) -> Finding:
    """The cause of a percentage that does not fit: the count where the system says so, else a neighbouring cell."""
    start = next((c for c in system.constraints if c.numbers[:2] == (share.count, share.percent)), None)
    repairs = system.repairs(start) if start is not None else []
    if adds_up_as_others(share, found):
        repairs = [repair for repair in repairs if repair.number != share.count]
        if check.repair is not None and "(" in check.repair and check.recomputed is not None:
            right = share.printed.like(check.recomputed)
            text = f"{share.percent.text} would have to be {right}: the counts of these rows add up as those of the other variables do"
            check = replace(check, cause_code="unknown", cause=text, repair=right)
    repair = named(repairs)
    if repair is not None and repair.number == share.count:
        text = f"the count: {share.count.text} would have to be {repair.value}"
        code = repair.cause.code
        return replace(check, cause_code=code, cause=text, repair=f"{repair.value} ({share.percent.text.rstrip('% ')})")
    if repair is not None and repair.number not in (share.percent,):
        return replace(
            check,
            cause_code=repair.cause.code,
            cause=f"the size of the group: {repair.cause.text}",
            repair=repair.value,
        )
    if repair is not None and check.repair is not None and "(" in check.repair:  # the count fits everything else
        text = repair.cause.text or f"{share.percent.text} would have to be {repair.value}"
        check = replace(check, cause_code=repair.cause.code, cause=text, repair=repair.value)
    if check.cause_code in ("lost-digit", "neighbour-row"):
        return check
    for other in found:
        near = other.line is share.line or (other.column == share.column and abs(other.line.row - share.line.row) == 1)
        if (
            near
            and other is not share
            and other.base
            and share.percent.printed.fits(100 * other.count.value / other.base)
        ):
            text = (
                f"{share.percent.text}% is {other.count.text} of {other.base}, a neighbouring cell ({other.line.label})"
            )
            return replace(check, cause_code="neighbour-row", cause=text.replace("%%", "%"))
    if len(repairs) > 1 and check.cause_code == "unknown":
        return replace(check, cause=several(repairs))
    return check


# ---------------------------------------------------------------- totals


def _categories(
    paper: Paper, table: ReadTable, block: Block, found: Sequence[Share], system: System, alone: list[Finding]
) -> Iterator[Finding]:
    for variable in variables(table):
        for column in block.groups:
            lines = variable.counted((column.index,))
            if len(lines) < 2 or is_time(" ".join(line.label for line in lines[:2])):
                continue
            counts = [c for line in lines if (c := count(line, column.index)) is not None]
            whole = _whole_of(variable, column.index, column.n)
            if (
                sum(counts) == 100
                and "%" in variable.name
                and not any(number(line, column.index, "percent") for line in lines)
            ):
                continue  # percentages without counts
            if whole is None or (sum(counts) != whole and _apart_rows(table, variable, block, column.index, lines)):
                continue
            if sum(counts) < whole and not _one_of_each(lines, column.index, found, whole):
                one_of_each = elsewhere_whole(table, variable, column.index)
                if not (one_of_each and _test_wants(variable, block, column.index, whole - sum(counts))):
                    continue  # values may be missing, categories may be left out
            finding = _category_total(paper, table, variable, lines, counts, whole, column.index, found)
            counted = [n for line in lines if (n := number(line, column.index, "count"))]
            told = far_total(_repaired(finding, system, counted, alone), counts, whole)
            swapped = of_another_group(table, column, sum(counts))
            yield lowered(told, "the column adds up to the size of another group") if swapped else told


def _apart_rows(table: ReadTable, variable: Variable, block: Block, column: int, lines: Sequence[Line]) -> bool:
    """Whether the rows below a heading may be no categories of one variable: of which a patient may have several.

    Each has a test of its own and labels that do not exclude one another; or they stand below a row with its own count,
    to which they add up in no other group.
    """
    labelled = sum(_EXCLUSIVE.match(line.label.strip()) is not None for line in lines) >= max(2, len(lines) - 1)
    if _SEVERAL.search(variable.name) and not labelled:
        return True
    tests = [c.index for c in (block.statistic, block.p_value) if c is not None]
    tested = [line for line in lines if any(index in line.entries for index in tests)]
    printed = {
        tuple(line.entries[i].parts[n].text for i in tests if i in line.entries for n in line.entries[i].parts)
        for line in tested
    }
    if len(tested) >= 2 and len(printed) >= 2 and not labelled:
        return True
    head = variable.head
    if head is None or number(head, 0, "n") is not None or number(head, column, "count") is None:
        return False
    others = [c.index for c in table.columns if c.role in GROUPS and c.index != column]
    sums = [(sum(n for line in lines if (n := count(line, index)) is not None), count(head, index)) for index in others]
    return not any(added == own for added, own in sums if own)


def _whole_of(variable: Variable, column: int, size: Number | None) -> int | None:
    """What the categories of a variable should add up to: its own n or count, else the size of the group."""
    if variable.head is not None:
        own = number(variable.head, 0, "n") or number(variable.head, column, "count")
        if own is not None:
            return int(own.value)
    return int(size.value) if size is not None else None


def _category_total(
    paper: Paper,
    table: ReadTable,
    variable: Variable,
    lines: Sequence[Line],
    counts: Sequence[int],
    whole: int,
    column: int,
    found: Sequence[Share],
) -> Finding:
    added = sum(counts)
    exclusive = _one_of_each(lines, column, found, whole) or elsewhere_whole(table, variable, column)
    labelled = sum(_EXCLUSIVE.match(line.label.strip()) is not None for line in lines) >= max(2, len(lines) - 1)
    first = lines[0].entries[column]
    place = place_of(paper, table, lines[0], first, variable)
    groups = [c.index for c in table.columns if c.role in GROUPS]
    rows = (" ".join([line.label, *(str(c) for g in groups if (c := count(line, g)) is not None)]) for line in lines)
    listed = ", ".join(rows)
    name = next((c.group or c.name for c in table.columns if c.index == column), "")
    place = replace(place, quote=f"{variable.name}: {listed}"[:240])
    what = ", ".join(part for part in (variable.name, name) if part)
    check = total_vs_parts([str(c) for c in counts], str(whole), what=what, severity="minor", place=place)
    check = replace(check, reported=sum_text(counts))
    mine = [s for s in found if s.column == column and any(s.line is line for line in lines)]
    misfits = sum(not s.fits(whole) for s in mine)
    fewer = added < whole and (misfits >= 2 or (bool(mine) and all(s.fits(added) for s in mine)))
    fewer = fewer and not nobody_missing(table, variable)
    said = f"{_around(paper, table)} {variable.name}"
    if check.flagged and added < whole and MISSING_SAID.search(said) and not nobody_missing(table, variable):
        return lowered(check, "the table says that values are missing")
    if check.flagged and added > whole and not labelled and runs_on(paper.document, table, variable, mine):
        return lowered(check, "each percentage fits its count: the rows may be of two variables")
    if check.flagged and (fewer or len(size_rows(table)) >= 2):
        told = "the percentages are of fewer patients" if fewer else "every variable of the table has its own n"
        return lowered(check, told)
    if check.verdict == "consistent" or (
        (exclusive or labelled) and not others_off(table, variable, column, added < whole)
    ):
        if check.verdict == "inconsistent" and added > whole:
            check = replace(check, verdict="impossible")
        return check
    told = "categories may overlap, or count something else than patients; the table does not say so"
    return replace(check, severity="information", basis="judgement", cause=told, cause_code="unknown")


def _test_wants(variable: Variable, block: Block, column: int, more: int) -> bool:
    """Whether the printed statistic or P of a variable fits its counts only with so many more in one category."""
    lines = variable.counted(block.indexes)
    tests = [line for line, rows in compared(variable, block) if len(rows) == len(lines)]
    if len(tests) != 1 or len(lines) < 2 or column not in block.indexes:
        return False
    printed = printed_test(tests[0], block)
    table = [[c for index in block.indexes if (c := count(line, index)) is not None] for line in lines]
    at = block.indexes.index(column)
    if not printed or fits_test(printed, table):
        return False
    for i in range(len(table)):
        changed = [[c + (more if (k, j) == (i, at) else 0) for j, c in enumerate(row)] for k, row in enumerate(table)]
        if fits_test(printed, changed):
            return True
    return False


def _one_of_each(lines: Sequence[Line], column: int, found: Sequence[Share], whole: int) -> bool:
    """Whether the percentages of the categories say that each patient has exactly one: they add up to 100."""
    mine = [s for s in found if s.column == column and any(s.line is line for line in lines)]
    if len(mine) < len(lines) or len(mine) < 2:
        counts = [count(line, column) for line in lines]
        return None not in counts and sum(c for c in counts if c is not None) == whole
    fitting = sum(s.fits(whole) for s in mine)
    if len(mine) < 3 and not all(_EXCLUSIVE.match(line.label.strip()) for line in lines) and sum(
        int(s.count.value) for s in mine
    ) != whole:  # fmt: skip
        return False  # two rows may add up to 100 by chance
    total = sum(s.printed.value for s in mine)
    room = sum(0.5 * s.printed.unit for s in mine) + 1e-9
    counts = sum(int(s.count.value) for s in mine)
    if counts == whole:
        return True
    return abs(total - 100) <= room and fitting >= len(mine) - 1


def _repaired(check: Finding, system: System, numbers: Sequence[Number], alone: list[Finding]) -> Finding:
    """The cause and repair of a sum. alone : is given the findings that one changed number mends together with its percentage."""
    if not check.flagged:
        return check
    start = next((c for c in system.constraints if c.rule == "total-vs-parts" and set(numbers) <= set(c.numbers)), None)
    repairs = system.repairs(start) if start is not None else []
    repair = named(repairs)
    if repair is not None:
        text = repair.cause.text or f"{repair.number.text} would have to be {repair.value}"
        told = replace(check, cause_code=repair.cause.code, cause=text, repair=repair.value)
        if sum(repair.number in constraint.numbers for constraint in system.broken) >= 2:
            alone.append(told)
        return told
    if len(repairs) < 2:
        return check
    kind = likely([repair.cause for repair in repairs])
    return replace(check, cause_code=kind.code if kind else "unknown", cause=several(repairs), repair=None)


def group_sums(table: ReadTable, block: Block) -> list[tuple[list[Number], Number, Line]]:
    """Counts of the groups with the count of all patients, line by line, where the groups make up all patients."""
    total = block.total
    if total is None or len(block.groups) < 2:
        return []
    sizes = block.sizes
    if sizes is not None and total.n is not None and sum(sizes) != total.n.value:
        return []
    found: list[tuple[list[Number], Number, Line]] = []
    for line in table.lines:
        parts = [n for c in block.indexes if (n := number(line, c, "count")) is not None]
        whole = number(line, total.index, "count")
        shared = _shared(line, block)
        if _is_percent(line, block) or (whole is not None and parts and not shared and _is_average(parts, whole)):
            continue
        merged = len({part.start for part in parts}) < len(parts)  # one cell over two columns
        if whole is not None and len(parts) == len(block.groups) and not merged:
            found.append((parts, whole, line))
    fitting = sum(sum(part.value for part in parts) == whole.value for parts, whole, _ in found)
    known = sizes is not None and total.n is not None
    return found if fitting >= (1 if known else 3) and fitting >= (0.5 if known else 0.8) * len(found) else []


def _shared(line: Line, block: Block) -> bool:
    """Whether each cell of a row is a count with its own percentage, so that the numbers are of patients; one of them may be off."""
    columns = [*block.groups, *([block.total] if block.total else ())]
    cells = [(number(line, c.index, "count"), number(line, c.index, "percent"), c.n) for c in columns]
    fits = [p.printed.allows(as_interval(100 * k.value / n.value)) for k, p, n in cells if k and p and n and n.value]
    return len(fits) == len(columns) and sum(fits) >= len(fits) - 1


def _is_average(parts: Sequence[Number], whole: Number) -> bool:
    """Whether the number of all patients lies between those of the groups, far from their sum: it is no count."""
    values = [part.value for part in parts]
    return min(values) <= whole.value <= max(values) and sum(values) > 1.5 * whole.value


def _is_percent(line: Line, block: Block) -> bool:
    """Whether a row of single numbers is one of percentages by its label."""
    label = line.label.casefold()
    return (
        "%" in label and not _COUNTED.search(label) and all(number(line, c, "percent") is None for c in block.indexes)
    )


def _groups(paper: Paper, table: ReadTable, block: Block, system: System, alone: list[Finding]) -> Iterator[Finding]:
    for parts, whole, line in group_sums(table, block):
        place = place_of(paper, table, line, whole)
        what = ", ".join(name for name in (line.label, "groups") if name)
        check = total_vs_parts([p.text for p in parts], whole.text, what=what, severity="minor", place=place)
        told = _repaired(check, system, [*parts, whole], alone)
        yield told if _shared(line, block) else far_total(told, [int(p.value) for p in parts], int(whole.value))


def _header(paper: Paper, table: ReadTable, block: Block) -> Iterator[Finding]:
    """Sizes of the groups against that of all patients, in the header."""
    total, sizes = block.total, block.sizes
    if total is None or total.n is None or sizes is None or len(sizes) < 2 or {*sizes} == {int(total.n.value)}:
        return  # equal sizes everywhere: the same patients in each group
    if any(sum(some) == total.n.value for k in range(2, len(sizes)) for some in itertools.combinations(sizes[:8], k)):
        return  # "All adults" beside children, men and women
    place = paper.place(total.n.start, total.n.end)
    check = total_vs_parts([str(s) for s in sizes], total.n.text, what="patients", severity="major", place=place)
    if check.flagged:
        sums = [
            (sum(n.value for c in block.indexes if (n := number(line, c, "count"))), whole.value)
            for line in table.lines
            if (whole := number(line, total.index, "count")) is not None
        ]
        fitting = sum(a == b for a, b in sums)
        if fitting < 3 or fitting < 0.8 * len(sums):
            return  # there may be further groups
        cause = Cause(text="the rows of the groups add up to the column of all patients, the sizes do not")
        check = replace(check, cause_code="unknown", cause=cause.text, repair=None) if check.repair is None else check
    yield check


CHECKS = (table_counts,)
