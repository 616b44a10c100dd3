"""Reviews: what the text says of its studies against the rows of their table (how many, how large, when, in the middle)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reading.columns import Studies, median, said, study_key, study_tables
from ostealgia.audit.checks.reading.facts import parsed, sentence_words
from ostealgia.audit.checks.reading.text import COUNT, Sentence, loose, once, sentences_with
from ostealgia.audit.checks.reading.words import overlap, spelled, stems
from ostealgia.audit.finding import Cause, Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.totals import total_vs_parts
from ostealgia.audit.statements.model import Count, Estimate, Median, Number, Statement
from ostealgia.numerics.intervals import Interval, Printed

KINDS = r"(?:studies|trials|articles|papers|publications|cohorts|reports|RCTs)"
_STUDIES = loose(rf"(?<![\w.,\-(])({COUNT})\s(?:[a-z\-]+\s){{0,3}}?{KINDS}\b")
_INCLUDED = loose(r"\b(?:includ|met\b|select|eligible|compris|involv|using|total of|pool|analy[sz]|identified)")
_PEOPLE_TOTAL = loose(
    rf"(?:total(?:ing)?|cumulative|overall|combined|compris\w+|involv\w+|encompass\w+|with|resulting in|included|of)"
    rf"\W{{1,3}}(?:[a-z\-]+\s){{0,6}}?({COUNT})\s(?:[a-z\-]+\s){{0,3}}?(?:patients|participants|subjects|individuals|women|men|cases)\b"
)


SAME_SIZE = 0.8  # of the studies have a second arm of about the same size


@once
def declared_studies(paper: Paper) -> Counter[int]:
    """How often the abstract and the results name a number of included studies; empty where none is named."""
    named: Counter[int] = Counter()
    for sentence in sentences_with(paper.document, _STUDIES):
        if sentence.section not in ("abstract", "results", "discussion"):
            continue
        for match in _STUDIES.finditer(sentence.text):
            value = spelled(match[1])
            around = sentence.text[max(0, match.start() - 60) : match.end() + 60]
            if value is not None and 2 <= value <= 500 and _INCLUDED.search(around):
                named[value] += 1
    return named


def _declared(paper: Paper, total: int) -> list[tuple[Sentence, Number, int]]:
    """The places where so many studies, or a number near it, are said to be included."""
    found = []
    for sentence in sentences_with(paper.document, _STUDIES):
        if sentence.section not in ("abstract", "results"):
            continue
        for match in _STUDIES.finditer(sentence.text):
            value = spelled(match[1])
            around = sentence.text[max(0, match.start() - 60) : match.end() + 60]
            if value == total and _INCLUDED.search(around):
                found.append((sentence, sentence.number(match), value))
    return found


def studies_counted(paper: Paper) -> Iterator[Finding]:
    """Does a table of the included studies have as many rows as there are studies?"""
    tables = study_tables(paper)
    named = declared_studies(paper)
    if not tables or not named:
        return
    complete = [table for table in tables if len(table.rows) in named]
    for table in complete:
        total = len(table.rows)
        for _, number, _ in _declared(paper, total)[:2]:
            message = f"{total} studies in the text, {total} rows in {_label(table)}"
            place = paper.place(number.start, number.end)
            yield make(
                "cross-reference",
                place,
                reported=number.text,
                verdict="consistent",
                message=message,
                recomputed=float(total),
            )
    for table in tables:
        whole = next((other for other in complete if other is not table), None)
        if whole is not None and table not in complete:
            yield from _missing(paper, table, whole)


def _missing(paper: Paper, table: Studies, whole: Studies) -> Iterator[Finding]:
    """Studies of the complete table that another table of the included studies does not list."""
    keys, all_keys = [study_key(name) for name in table.names], [study_key(name) for name in whole.names]
    if len(set(keys)) != len(keys) or not set(keys) < set(all_keys) or len(keys) < 0.6 * len(all_keys):
        return
    caption = table.printed.caption
    if not re.search(r"\b(?:included|all|selected|eligible) (?:studies|trials|articles)\b", caption, re.I) or re.search(
        r"\b(?:random|cohort|case.control|observational|non-?random|RCT|cross.sectional)", caption, re.I
    ):
        return
    absent = [name for name, key in zip(whole.names, all_keys, strict=True) if key not in set(keys)]
    start = table.printed.caption_start if table.printed.caption_start is not None else table.printed.start
    end = start + len(caption) if table.printed.caption_start is not None else table.printed.end
    yield make(
        "cross-reference",
        paper.place(start, end),
        reported=str(len(keys)),
        verdict="inconsistent",
        severity="minor",
        message=f"{_label(table)} has {len(keys)} rows; the text and {_label(whole)} have {len(all_keys)} studies; "
        f"absent here: {', '.join(absent)}",
        recomputed=float(len(all_keys)),
    )


def _label(table: Studies) -> str:
    return table.printed.label or "the table of studies"


def studies_total(paper: Paper) -> Iterator[Finding]:
    """Is the total number of patients the sum of the sizes of the studies?"""
    for table in _complete(paper):
        total = table.total
        if total is None:
            continue
        sizes = [size for size in table.sizes if size is not None]
        shown = " + ".join(map(str, sizes)) if len(sizes) <= 12 else f"{len(sizes)} studies in {_label(table)}"
        seen: list[tuple[Sentence, Number]] = []
        for sentence in sentences_with(paper.document, _PEOPLE_TOTAL):
            if sentence.section in ("abstract", "results", "discussion"):
                seen += [(sentence, sentence.number(match)) for match in _PEOPLE_TOTAL.finditer(sentence.text)]
        for _, number in seen:
            value = spelled(number.text)
            if value == total:
                yield make(
                    "total-vs-parts",
                    paper.place(number.start, number.end),
                    reported=number.text,
                    verdict="consistent",
                    message=f"{shown} = {total} patients",
                    recomputed=float(total),
                )
        if not _other_arm(table):
            yield from _total_differs(paper, table, total, seen)


_PEOPLE = re.compile(
    r"\b(?:n|no\.?|number|patients|participants|subjects|pts|total|randomi[sz]ed|analy[sz]ed|allocated)\b", re.I
)
_ARM = re.compile(  # "Total, experimental": a column that says itself that it is of one arm
    r"\b(?:experimental|controls?|treat(?:ed|ment)|intervention|placebo|comparator|exposed|unexposed|arm|group [ab12])\b",
    re.I,
)


def _other_arm(table: Studies) -> bool:
    """Whether a second column holds whole numbers of patients as well, or the sizes say so: they are those of one arm."""
    if table.size_column is not None and _ARM.search(table.printed.column_name(table.size_column)):
        return True
    for column in range(table.printed.n_columns):
        name = table.printed.column_name(column)
        if column in (table.size_column, table.label_column) or not _PEOPLE.search(name) or "%" in name:
            continue
        texts = [table.cell(row, column).text.strip().replace(",", "") for row in table.rows]
        sizes = [int(text) for text in texts if text.isascii() and text.isdigit()]
        near = [b for a, b in zip(table.sizes, sizes, strict=False) if a and 0.3 * a <= b <= 3 * a]
        if len(sizes) == len(table.rows) and len(near) >= SAME_SIZE * len(sizes):
            return True
    return False


def _total_differs(paper: Paper, table: Studies, total: int, seen: list[tuple[Sentence, Number]]) -> Iterator[Finding]:
    """A total that stands beside the number of all studies and is not the sum of the table."""
    for sentence, number in seen:
        value = spelled(number.text) or 0
        studies = [spelled(match[1]) for match in _STUDIES.finditer(sentence.text)]
        beside = studies == [len(table.rows)] and re.search(r"total|cumulative|overall|combined", sentence.text, re.I)
        if not beside or value == total or not 0.5 * total < value < 2 * total:
            continue
        if any(spelled(other.text) == total for place, other in seen if place is sentence):
            continue
        yield total_vs_parts(
            [size for size in table.sizes if size is not None],
            str(value),
            what=f"the sizes of the studies in {_label(table)}",
            place=paper.place(number.start, number.end),
        )


def _complete(paper: Paper) -> list[Studies]:
    """The tables of studies that hold as many rows as the text has studies."""
    named = declared_studies(paper)
    return [table for table in study_tables(paper) if len(table.rows) in named and table.size_column is not None]


_YEARS = loose(
    r"\bpublished\s(?:\w+\s){0,2}?(?:between|from)\s(?:\w+\s)?((?:19|20)\d\d)\s(?:and|to|-|until)\s(?:\w+\s)?((?:19|20)\d\d)\b"
)


_ALL = loose(
    r"\b(?:all|the\s(?:included|eligible|selected))\s(?:[a-z\-]+\s){0,2}?(?:studies|trials|articles|papers|publications)\b"
)


_THE = loose(r"\s?(?:the|these)\s(?:studies|trials|articles|papers|publications)\b")


def _of_all(before: str, rows: int) -> bool:
    """Whether the words before "published between" are about every study of the table: "all studies", "these 24 studies"."""
    numbers = [spelled(match[1]) for match in _STUDIES.finditer(before)]
    return rows in numbers or (not numbers and (_ALL.search(before) or _THE.match(before)) is not None)


def studies_years(paper: Paper) -> Iterator[Finding]:
    """Do the studies lie between the years named for them?"""
    tables = [
        (table, table.years)
        for table in study_tables(paper)
        if table.years and len(table.rows) in declared_studies(paper)
    ]
    if not tables:
        return
    table, years = tables[0]
    for sentence in sentences_with(paper.document, _YEARS):
        for match in _YEARS.finditer(sentence.text):
            before = sentence.text[max(0, match.start() - 100) : match.start()]
            if sentence.section not in ("abstract", "results") or not _of_all(before, len(table.rows)):
                continue
            first, last = int(match[1]), int(match[2])
            inside = first <= min(years) and max(years) <= last
            yield make(
                "cross-reference",
                paper.place(*sentence.span(match.start(), match.end())),
                reported=f"{first}, {last}",
                verdict="consistent" if inside else "inconsistent",
                severity="none" if inside else "minor",
                message=f"published {first} to {last} in the text; {min(years)} to {max(years)} in {_label(table)}",
            )


_SMALLEST = loose(rf"\bsmallest\b[^.;]{{0,60}}?(?<![\w.,\-(])({COUNT})\s(?:patients|participants|subjects)")
_LARGEST = loose(rf"\blargest\b[^.;]{{0,60}}?(?<![\w.,\-(])({COUNT})\s(?:patients|participants|subjects)")
_RANGED = loose(rf"\bsample sizes?\b[^.;]{{0,60}}?\b(?:from|between)\s({COUNT})\s(?:to|and|-)\s({COUNT})\b")


def studies_sizes(paper: Paper) -> Iterator[Finding]:
    """Are the smallest and the largest study those of the table?"""
    tables = [table for table in _complete(paper) if all(size is not None for size in table.sizes)]
    if not tables:
        return
    sizes = [size for size in tables[0].sizes if size is not None]
    for sentence in sentences_with(paper.document, _SMALLEST, _LARGEST, _RANGED):
        if sentence.section not in ("abstract", "results"):
            continue
        told = [(sentence.number(m), min(sizes), "smallest") for m in _SMALLEST.finditer(sentence.text)]
        told += [(sentence.number(m), max(sizes), "largest") for m in _LARGEST.finditer(sentence.text)]
        for match in _RANGED.finditer(sentence.text):
            told += [
                (sentence.number(match, 1), min(sizes), "smallest"),
                (sentence.number(match, 2), max(sizes), "largest"),
            ]
        for number, expected, name in told:
            fits = spelled(number.text) == expected
            yield make(
                "cross-reference",
                paper.place(number.start, number.end),
                reported=number.text,
                verdict="consistent" if fits else "inconsistent",
                severity="none" if fits else "minor",
                message=f"the {name} study has {number.text} patients in the text, {expected} in {_label(tables[0])}",
                recomputed=float(expected),
            )


_MEAN = re.compile(r"\b(?:mean|average)\b", re.I)


def studies_middle(paper: Paper) -> Iterator[Finding]:
    """Is a median with its range that of a column of the studies' table?"""
    columns = [
        (table, column, values)
        for table in study_tables(paper)
        for column in range(table.printed.n_columns)
        if len(values := [n.value for n in table.numbers(column) if n is not None]) >= 5
    ]
    if not columns:
        return
    for statement in paper.statements:
        if not _is_median(statement) or statement.section in ("introduction", "methods"):
            continue
        middle, low, high = (parsed(part) for part in _three(statement))
        if middle is None or low is None or high is None:
            continue
        one_off: list[Finding] = []
        called_mean = _MEAN.search(
            paper.document.plain, max(statement.sentence[0], statement.start - 80), statement.start
        )
        for table, column, values in columns:
            if table.index == (statement.cell.table if statement.cell else -1):
                continue
            pairs = ((middle, median(values)), (low, min(values)), (high, max(values)))
            off = [(printed, value) for printed, value in pairs if not printed.allows(_box(value))]
            if called_mean and middle.allows(_box(sum(values) / len(values))):
                continue
            if not off:
                one_off = [_of_column(paper, statement, table, column, values, None)]
                break
            if len(off) == 1 and _all_of_column(paper, statement, table, column, values):
                one_off.append(_of_column(paper, statement, table, column, values, off[0]))
        if len(one_off) == 1:
            yield one_off[0]


def _of_column(
    paper: Paper,
    statement: Statement,
    table: Studies,
    column: int,
    values: list[float],
    off: tuple[Printed, float] | None,
) -> Finding:
    name = " ".join(table.printed.column_name(column).split())
    middle, low, high = (part.text if part is not None else "" for part in _three(statement))
    shown = f"{middle} ({low} to {high})"
    text = f"{shown} is the median and range of column {name!r} in {_label(table)} ({len(values)} studies)"
    if off is not None:
        right = f"{median(values):g} ({min(values):g} to {max(values):g})"
        text = f"column {name!r} of {_label(table)} ({len(values)} studies) gives {right}; printed {shown}"
    return make(
        "cross-reference",
        paper.place(statement.start, statement.end),
        reported=shown,
        verdict="consistent" if off is None else "inconsistent",
        severity="none" if off is None else "minor",
        message=text,
        recomputed=median(values) if off is None else off[1],
        cause=None if off is None else slip(off[0], off[1]) or Cause(repair=off[0].like(off[1])),
    )


_SOME = loose(
    r"\b(?:subgroup|excluding|exclusion|restrict|retrospective|prospective|randomi[sz]ed|comparative|remaining|other|arm|group)"
)


_COUNTED = loose(rf"(?<![\w.,\-])({COUNT})\s(?:[a-z\-]+\s){{0,2}}?{KINDS}\b")
_OF_SIZE = loose(r"\bsample sizes?\b|\bnumber of (?:patients|participants)\b")
_FOLLOW_UP = re.compile(r"\s*f\s?/\s?u\b|\s*follow[\s-]?up\b", re.I)


def _all_of_column(paper: Paper, statement: Statement, table: Studies, column: int, values: list[float]) -> bool:
    """Whether the words before a median are of this column and of all studies that have a value in it."""
    plain = paper.document.plain
    start, end = max(statement.sentence[0], statement.start - 70), statement.end
    if statement.cell is not None:
        row = paper.document.tables[statement.cell.table].cells[statement.cell.row]
        start, end = row[0].start, row[-1].end
    words = plain[start:end]
    counted = {spelled(match[1]) for match in _COUNTED.finditer(words)}
    told = counted == {len(values)} or (not counted and len(values) == len(table.rows))
    own = table.column_words(column) - {"baseline", "month"}
    named = bool(own & stems(words))
    if column == table.size_column:
        named = _OF_SIZE.search(words) is not None
    elif _FOLLOW_UP.match(table.printed.column_name(column)):
        named = "follow" in words.casefold()
    return told and named and _SOME.search(words) is None


def _is_median(statement: Statement) -> bool:
    if isinstance(statement, Median):
        return statement.kind in ("range", None)
    return isinstance(statement, Estimate) and statement.ci_kind == "range"


def _three(statement: Statement) -> tuple[Number | None, Number | None, Number | None]:
    if isinstance(statement, Median):
        return statement.median, statement.low, statement.high
    if isinstance(statement, Estimate):
        return statement.estimate, statement.ci_low, statement.ci_high
    return None, None, None


def _box(value: float) -> Interval:
    return Interval(value, value)


_PART = loose(
    rf"(?<![\w.,\-])({COUNT})\s?(?:studies|trials|reported|provided|described|assessed|evaluated)?[^.;()]{{0,90}}?"
    rf"\(\s?(?:{COUNT}\s(?:studies|trials)[,;]\s)?[nN]\s?=\s?({COUNT})\s?\)"
)


def studies_parts(paper: Paper) -> Iterator[Finding]:
    """Do "26 studies (N = 799)" that report something agree with the filled rows of its column?"""
    for table in _complete(paper):
        total, known = (
            table.total,
            {
                spelled(m[1])
                for s in sentences_with(paper.document, _PEOPLE_TOTAL)
                for m in _PEOPLE_TOTAL.finditer(s.text)
            },
        )
        if total is None or total not in known:
            continue
        pairs = _column_pairs(table)
        for words, count, n, quote in _stated_parts(paper):
            yield from _compare_parts(paper, table, pairs, (words, count, n), quote)


Pairs = dict[int, tuple[int, int]]


def _column_pairs(table: Studies) -> Pairs:
    """Column -> (rows that say something, their patients), for columns that some rows leave empty."""
    found: Pairs = {}
    for column in range(table.printed.n_columns):
        if column in (table.label_column, table.size_column):
            continue
        filled = table.filled(column)
        if 0 < sum(filled) < len(filled) and any(value is not None for value in table.numbers(column)):
            found[column] = (
                sum(filled),
                sum(size or 0 for size, is_filled in zip(table.sizes, filled, strict=True) if is_filled),
            )
    return found


def _stated_parts(paper: Paper) -> Iterator[tuple[frozenset[str], int, int, tuple[int, int]]]:
    """Words, studies, patients and place of each "k studies ... (N = n)" in the text."""
    for sentence in sentences_with(paper.document, _PART):
        if sentence.section not in ("abstract", "results"):
            continue
        for match in _PART.finditer(sentence.text):
            count, n = spelled(match[1]), spelled(match[2])
            if count is not None and n is not None and 2 <= count < n:
                yield stems(match[0]), count, n, sentence.span(match.start(), match.end())


def _compare_parts(
    paper: Paper, table: Studies, pairs: Pairs, stated: tuple[frozenset[str], int, int], span: tuple[int, int]
) -> Iterator[Finding]:
    words, count, n = stated
    place = paper.place(*span)
    shown = f"{count} studies, N = {n}"
    matching = [column for column, pair in pairs.items() if pair == (count, n)]
    if matching:
        name = " ".join(table.printed.column_name(matching[0]).split())
        text = f"{shown}: column {name!r} of {_label(table)} has {count} rows with {n} patients"
        yield make("total-vs-parts", place, reported=str(n), verdict="consistent", message=text, recomputed=float(n))
        return
    about = [column for column in pairs if words & table.column_words(column)]
    if not about or max(pairs[column][0] for column in about) < 0.5 * count:
        return
    if not (words & {"adverse", "response", "recurrence", "mortality", "fracture"}):
        return
    told = "; ".join(
        f"{' '.join(table.printed.column_name(column).split())!r}: {pairs[column][0]} rows, N = {pairs[column][1]}"
        for column in about
    )
    yield make(
        "total-vs-parts",
        place,
        reported=f"{count}; {n}",
        verdict="inconsistent",
        severity="minor",
        message=f"{shown} in the text; filled rows of {_label(table)}: {told}",
        recomputed=float(pairs[about[0]][1]),
    )


@dataclass(frozen=True)
class Sum:
    """A column of counts: their sum, over so many rows with so many patients, and the words of its name."""

    table: Studies
    column: int
    events: int
    n: int | None
    rows: int
    words: frozenset[str]

    @property
    def name(self) -> str:
        """Its name and table, for a message."""
        return f"column {' '.join(self.table.printed.column_name(self.column).split())!r} of {_label(self.table)}"


def _column_sums(tables: list[Studies]) -> list[Sum]:
    found = []
    for table in tables:
        for column in range(table.printed.n_columns):
            values = [_leading(table.cell(row, column).text) for row in table.rows]
            sizes = [size for size, value in zip(table.sizes, values, strict=True) if value is not None]
            whole = [value for value in values if value is not None]
            if column in (table.label_column, table.size_column) or len(whole) < 3 or sum(whole) < 2:
                continue
            n = None if None in sizes else sum(size for size in sizes if size is not None)
            found.append(Sum(table, column, sum(whole), n, len(whole), table.column_words(column)))
    return found


def studies_events(paper: Paper) -> Iterator[Finding]:
    """Is a count of patients with an event, over all studies, the sum of a column of counts?"""
    sums = _column_sums(_complete(paper))
    for statement in paper.of_kind(Count):
        number = statement.count
        if number is None or statement.percent is None or statement.section not in ("abstract", "results", "other"):
            continue
        value = spelled(number.text)
        usable = [one for one in sums if statement.cell is None or statement.cell.table != one.table.index]
        same = next((one for one in usable if one.events == value), None)
        one = same if same is not None else _meant(paper, statement, usable)
        if value is None or one is None:
            continue
        yield make(
            "total-vs-parts",
            paper.place(statement.start, statement.end),
            reported=number.text,
            verdict="consistent" if one.events == value else "inconsistent",
            severity="none" if one.events == value else "major",
            message=f"{number.text} in the text; the sum of {one.name} is {one.events} ({one.rows} studies)",
            recomputed=float(one.events),
            cause=_slip_of(number, one.events),
        )


def _slip_of(number: Number, expected: float) -> Cause:
    shown = parsed(number)
    found = None if shown is None else slip(shown, expected)
    return found or Cause(repair=f"{expected:g}")


def _meant(paper: Paper, statement: Count, sums: list[Sum]) -> Sum | None:
    """The one column a count can only be the sum of: all rows filled, its patients the printed denominator, its words said."""
    n = spelled(statement.n.text) if statement.n is not None else None
    if n is None or statement.cell is not None:
        return None
    words = sentence_words(paper, statement.sentence)
    fitting = [
        one
        for one in sums
        if one.n == n and one.rows == len(one.table.rows) and one.words and overlap(one.words, words) >= 0.6
    ]
    near = stems(paper.document.plain[max(statement.sentence[0], statement.start - 20) : statement.end + 80])
    fitting = [one for one in fitting if one.words & near]
    return fitting[0] if len(fitting) == 1 else None


_LEADING = re.compile(r"\s*(\d{1,6})\s?(?:/\s?\d{1,6}\s?)?\(\s?\d")


def _leading(text: str) -> int | None:
    """The count of a cell "8 (80)" or "8/10 (80%)"; None for other cells."""
    found = _LEADING.match(text) if said(text) else None
    return int(found[1]) if found else None


CHECKS = (
    studies_counted,
    studies_total,
    studies_years,
    studies_sizes,
    studies_middle,
    studies_parts,
    studies_events,
)
