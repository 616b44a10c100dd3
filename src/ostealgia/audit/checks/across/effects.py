"""One effect at several places: ratios that are exponentials of each other, restated sizes, studies against their row."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from ostealgia.audit.checks.reading.columns import Studies, looks_like_study, row_of_study, said, study_tables
from ostealgia.audit.checks.reading.facts import parsed, same_value, sentence_words, triplet_of
from ostealgia.audit.checks.reading.figures import family
from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.checks.reading.words import overlap, stems
from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.confidence import Triplet
from ostealgia.audit.rules.exponentiation import recover
from ostealgia.audit.rules.p_values import p_vs_ci
from ostealgia.audit.rules.totals import cross_reference, duplicate_interval
from ostealgia.audit.statements.model import Claim, Count, Estimate, Number, Statement
from ostealgia.errors import OptionError
from ostealgia.numerics.intervals import Interval, Printed

RATIOS = ("OR", "AOR", "RR", "HR", "AHR", "IRR")
ALIKE = 0.3  # share of the words of the factor that two places of one effect have in common
SURELY = 0.5  # the same, where the two intervals differ by more than their rounding
SHARED = 2  # content words that two places of one effect have in common
SAME_WIDTH = 0.02  # relative, beyond the rounding of two widths of one interval
WIDTHS = 1.3  # ratio of two standard errors up to which two intervals may be one, typed from different sources


def ratios(paper: Paper) -> list[Estimate]:
    """The printed ratios that can be read, in reading order."""
    return [
        statement
        for statement in paper.of_kind(Estimate)
        if _is_ratio(paper, statement) and (shown := parsed(statement.estimate)) is not None and shown.value > 0
    ]


_TIMES = re.compile(r"\b(?:times|-?fold)\b")


def _is_ratio(paper: Paper, statement: Estimate) -> bool:
    """A named ratio, or a factor in words with an interval ("1.42 times more likely (95% CI 1.05 to 1.92)")."""
    if statement.measure is None and statement.ci_low is not None and not statement.percent:
        return _TIMES.search(paper.document.plain[statement.estimate.end : statement.estimate.end + 12]) is not None
    return (statement.measure or "") in RATIOS


_GENERIC = """factor risk predictor identified demonstrated strong strongest high emerged consistently odds ratio hazard likelihood
    increased increase decreased reduced higher lower independently independent linked presence multivariable multivariate univariable
    univariate model regression adjusted association"""
GENERIC = frozenset(_GENERIC.split()) | stems(_GENERIC)


def about(paper: Paper, statement: Statement) -> frozenset[str]:
    """Words that a statement is about: its subject, else its sentence."""
    return (stems(" ".join(statement.subject)) or sentence_words(paper, statement.sentence)) - GENERIC


def effects_exponentiated(paper: Paper) -> Iterator[Finding]:
    """Is an effect printed once as a ratio and once as the exponential of that ratio?"""
    listed = [one for one in ratios(paper) if one.cell is None]
    wide = [(one, triplet) for one in listed if (triplet := triplet_of(one)) is not None]
    by_size = sorted(listed, key=lambda one: one.estimate.value)
    sizes = [one.estimate.value for one in by_size]
    common = _common_words(paper, listed)
    told: set[tuple[int, float]] = set()
    for large, triplet in wide:
        box = triplet.estimate.interval().clip(1e-300, math.inf).log()
        first, last = bisect_left(sizes, box.low - SLIGHT), bisect_right(sizes, box.high + SLIGHT)
        for small in by_size[first:last][:MANY]:
            if small is large or (small.start, triplet.estimate.value) in told:
                continue
            if not _is_logarithm(triplet, small) or not _one_effect(paper, large, small, common):
                continue
            if _both_told(listed, triplet, small):
                continue
            told.add((small.start, triplet.estimate.value))
            yield _two_values(paper, large, triplet, small)
            yield from _other_side(paper, triplet, small)


SLIGHT = 0.06  # most that a printed ratio of one decimal hides
MANY = 40  # ratios of one size that are looked at


def _common_words(paper: Paper, listed: list[Estimate]) -> frozenset[str]:
    """Words that most ratios of the paper stand with: the outcome, not the factor."""
    subjects: dict[float, set[str]] = {}
    for one in listed[:400]:
        subjects.setdefault(one.estimate.value, set()).update(about(paper, one))
    seen = Counter(word for words in subjects.values() for word in words)
    return frozenset(word for word, count in seen.items() if count > 2 and count > 0.5 * len(subjects))


def _two_values(paper: Paper, large: Estimate, triplet: Triplet, small: Estimate) -> Finding:
    found = cross_reference(
        small.estimate.text,
        triplet.estimate.text,
        what=f"{large.measure or 'ratio'} of the same effect",
        severity=_gravity(triplet, small),
        place=paper.place(small.start, small.end),
    )
    entered = recover(triplet.estimate, triplet.low, triplet.high, entered=parsed(small.estimate)).text(
        small.estimate.text
    )
    cause = f"{triplet.text} is the exponential of {entered}: one of the two was exponentiated once too often, or not at all"
    if not found.flagged:
        return found
    both = f"{small.estimate.text}; {triplet.estimate.text}"
    return replace(found, reported=both, cause_code="double-exponentiation", cause=cause)


def _other_side(paper: Paper, triplet: Triplet, small: Estimate) -> Iterator[Finding]:
    """A P printed with the ratio against the interval printed with its exponential, where only one is significant."""
    p = parsed(small.p_value)
    if (
        small.p_value is None
        or p is None
        or not triplet.low.value <= 1 <= triplet.high.value
        or p.interval().high >= 0.05
    ):
        return
    found = p_vs_ci(
        triplet.estimate, triplet.low, triplet.high, p, place=paper.place(small.p_value.start, small.p_value.end)
    )
    if found.flagged:
        message = f"P {p.text} is printed for the effect whose interval is printed elsewhere as {triplet.text}; {found.message}"
        why = "the interval printed elsewhere was exponentiated once too often"
        yield replace(found, message=message, cause_code="double-exponentiation", cause=why, repair=None)


def _is_logarithm(triplet: Triplet, small: Estimate) -> bool:
    """The small ratio's exponential is the large one, and what is printed of its interval or P fits the recovered one."""
    x = parsed(small.estimate)
    if x is None or x.relation != "=" or not math.isfinite(math.exp(min(x.value, 700))):
        return False
    if x.interval().overlaps(triplet.estimate.interval()) or not triplet.estimate.interval().overlaps(
        x.interval().exp()
    ):
        return False
    try:
        entered = recover(triplet.estimate, triplet.low, triplet.high, entered=x)
    except OptionError:
        return False
    if entered.low <= 0 or entered.high <= entered.low:
        return False
    other = triplet_of(small)
    if x.value <= 1 and (other is None or abs(math.log(entered.low / other.low.value)) > 0.03):
        return False  # below 1 such pairs are often equal by chance
    return _same_width(entered.low, entered.high, small)


def _both_told(listed: list[Estimate], triplet: Triplet, small: Estimate) -> bool:
    """Whether the sentence of the small ratio prints the large one too, with its limits: then they are two effects."""
    return any(
        one is not small
        and one.sentence == small.sentence
        and one.estimate.value == triplet.estimate.value
        and one.ci_low is not None
        and one.ci_low.value == triplet.low.value
        for one in listed
    )


def _agree(large: Triplet, small: Triplet) -> bool:
    """Whether the logarithms of the large ratio's limits are as far apart as the small ratio's limits, over the rounding of both."""
    low, high = (part.interval().clip(1e-300, math.inf).log() for part in (large.low, large.high))
    taken, printed = high - low, small.high.interval() - small.low.interval()
    return taken.overlaps(Interval(printed.low * (1 - SAME_WIDTH), printed.high * (1 + SAME_WIDTH)))


def _same_width(low: float, high: float, small: Estimate) -> bool:
    width = math.log(high / low)
    other = triplet_of(small)
    if other is not None:
        printed = math.log(other.high.value / other.low.value)
        return 1 / WIDTHS < printed / width < WIDTHS
    p = parsed(small.p_value)
    if p is None:
        return False
    from scipy.special import ndtr

    z = abs(math.log(small.estimate.value)) / (width / 3.92)
    implied = float(2 * ndtr(-z))
    if p.relation != "=":
        return p.interval().overlaps(Interval(implied / 2, implied * 2))
    box = p.interval()
    return Interval(implied / 4, implied * 4).overlaps(Interval(max(box.low, 0.0), max(box.high, 0.0)))


def _one_effect(paper: Paper, first: Estimate, second: Estimate, common: frozenset[str]) -> bool:
    """One measure, no two studies, and shared words of which one at least is no word of the outcome."""
    if None not in (first.measure, second.measure) and family(first.measure) != family(second.measure):
        return False
    if (first.study and second.study and first.study != second.study) or other_p(first, second):
        return False
    one, two = about(paper, first), about(paper, second)
    own, alike = (one & two) - common, overlap(one - common, two - common)
    if len(one & two) < SHARED or not own or alike < ALIKE:
        return False
    large, small = triplet_of(first), triplet_of(second)
    return alike >= SURELY or large is None or small is None or _agree(large, small)


def other_p(first: Estimate, second: Estimate) -> bool:
    """Whether two different P are printed: one effect has one, however its ratio was exponentiated."""
    one, two = parsed(first.p_value), parsed(second.p_value)
    return one is not None and two is not None and not one.interval().overlaps(two.interval())


def _gravity(triplet: Triplet, small: Estimate) -> str:
    other = triplet_of(small)
    p = parsed(small.p_value)
    includes = triplet.low.value <= 1 <= triplet.high.value
    if other is not None:
        return "conclusion-changing" if includes != (other.low.value <= 1 <= other.high.value) else "major"
    return "conclusion-changing" if p is not None and includes and p.interval().high < 0.05 else "major"


def effects_restated(paper: Paper) -> Iterator[Finding]:
    """Does a sentence that restates the effect of the sentence before it ("3.72 times") give the same size?"""
    listed = [one for one in ratios(paper) if one.cell is None]
    for claim in paper.of_kind(Claim):
        times = parsed(claim.times)
        if claim.times is None or times is None or claim.cell is not None or times.relation not in ("=", "~"):
            continue
        if paper.document.plain[claim.times.start].isalpha():  # "doubled" is said of 1.8 and of 2.6
            continue
        own = [one for one in listed if one.sentence == claim.sentence]
        if own or (claim.estimate is not None and claim.estimate.sentence == claim.sentence):
            yield from _own_sentence(paper, claim, times, own)
            continue
        before = [one for one in listed if one.end <= claim.sentence[0] + 1 and claim.sentence[0] - one.sentence[1] < 5]
        if len(before) != 1 or not _same_block(paper, before[0], claim) or claim.direction < 0:
            continue
        value = parsed(before[0].estimate)
        if value is None or not 0.75 < times.value / value.value < 1.33 or _names_study_after(paper, claim):
            continue
        shared = sentence_words(paper, claim.sentence) & sentence_words(paper, before[0].sentence)
        if len(shared) >= SHARED:
            yield cross_reference(
                times.text,
                value.text,
                what="the effect of the sentence before",
                severity="major",
                place=paper.place(claim.start, claim.end),
            )


def _own_sentence(paper: Paper, claim: Claim, times: Printed, own: list[Estimate]) -> Iterator[Finding]:
    """A factor in words that is the rounded ratio beside it; differing ones are the matter of direction-vs-claim."""
    for one in own:
        value = parsed(one.estimate)
        if value is not None and value.relation == "=" and (times.fits(value.value) or times.value == value.value):
            if times.text != value.text:
                yield cross_reference(
                    times.text, value.text, what="words and ratio", place=paper.place(claim.start, claim.end)
                )
            return


def _same_block(paper: Paper, first: Statement, second: Statement) -> bool:
    one, two = paper.document.block_at(first.start), paper.document.block_at(second.start)
    return (
        one is not None
        and two is not None
        and (one is two or (two.start - one.end < 4000 and one.section == two.section))
    )


_CITED = re.compile(r"\b[A-Z][\w’'\-]+\s{1,3}et\s{1,3}al\b")


def _names_study_after(paper: Paper, claim: Claim) -> bool:
    return _CITED.search(paper.document.plain[claim.sentence[0] : claim.start]) is not None


def effects_duplicated(paper: Paper) -> Iterator[Finding]:
    """Do two different estimates carry one interval to many digits?"""
    seen: dict[tuple[float, float], list[tuple[Estimate, Triplet]]] = {}
    for one in ratios(paper):
        triplet = triplet_of(one)
        if triplet is None:
            continue
        same = seen.setdefault((triplet.low.value, triplet.high.value), [])
        for other, earlier in same:
            if earlier.estimate.value == triplet.estimate.value:
                break
            found = duplicate_interval(
                triplet, earlier, names=("this estimate", "another estimate"), place=paper.place(one.start, one.end)
            )
            if found is not None and other.measure == one.measure:
                yield found
                break
        same.append((one, triplet))


def effects_of_studies(paper: Paper) -> Iterator[Finding]:
    """What the text says of a cited study, against the row of that study in a table."""
    tables = [table for table in study_tables(paper) if table.kind != "ratings"]
    if not tables:
        return
    for statement in paper.statements:
        if statement.cell is not None or statement.study is None or not looks_like_study(statement.study):
            continue
        if statement.section not in ("abstract", "results", "discussion", "conclusion"):
            continue
        for table in tables:
            row = row_of_study(table, statement.study)
            if row is not None:
                yield from _against_row(paper, statement, table, row)


def _against_row(paper: Paper, statement: Statement, table: Studies, row: int) -> Iterator[Finding]:
    numerals = _row_numerals(paper)[table.index, row]
    where = f"{statement.study} in {table.printed.label or 'the table of studies'}"
    for number in statement.numbers():
        shown = parsed(number)
        if shown is None or not _telling(shown, statement, number):
            continue
        if any(same_value(shown, other) and other.decimals >= shown.decimals for other in numerals):
            yield make(
                "cross-reference",
                paper.place(number.start, number.end),
                reported=number.text,
                verdict="consistent",
                message=f"{number.text} here and in the row of {where}",
                recomputed=shown.value,
            )
    yield from _percent_of_row(paper, statement, table, row)


def _telling(shown: Printed, statement: Statement, number: Number) -> bool:
    if isinstance(statement, Estimate | Count) and number in (
        getattr(statement, "percent", None),
        getattr(statement, "estimate", None),
    ):
        return True
    digits = len(str(abs(int(shown.exact.scaleb(max(shown.decimals, 0))))))
    return digits >= 2 and (shown.decimals > 0 or shown.value >= 30)


@once
def _row_numerals(paper: Paper) -> dict[tuple[int, int], list[Printed]]:
    """All numerals of each row of the tables of studies."""
    found: dict[tuple[int, int], list[Printed]] = {}
    for table in study_tables(paper):
        for row in table.rows:
            cells = table.printed.cells[row]
            words = " | ".join(paper.document.plain[cell.start : cell.end] for cell in cells if said(cell.text))
            found[table.index, row] = [
                number for text in _NUMBER.findall(words) if (number := _parse(text)) is not None
            ]
    return found


_NUMBER = re.compile(r"(?<![\w.])(?:[<>]\s{0,2})?-?\d[\d,]*(?:\.\d+)?")


def _parse(text: str) -> Printed | None:
    try:
        return Printed.parse(text.rstrip(","))
    except OptionError:
        return None


OUTCOMES = frozenset(
    {"incidence", "response", "mortality", "recurrence", "survival", "adverse", "fracture", "male", "female"}
)


def _percent_of_row(paper: Paper, statement: Statement, table: Studies, row: int) -> Iterator[Finding]:
    """A percentage of a study and outcome that its row prints otherwise, where the sentence prints one of them only."""
    number = _percent(statement)
    shown = parsed(number)
    if number is None or shown is None or shown.relation != "=" or _percents(paper, statement) != 1:
        return
    words = sentence_words(paper, statement.sentence) & OUTCOMES
    columns = [column for column in range(table.printed.n_columns) if words & table.column_words(column)]
    if len(columns) != 1 or any(same_value(shown, other) for other in _row_numerals(paper)[table.index, row]):
        return
    if _said_of(paper, statement, number) - table.column_words(columns[0]) - PLAIN_WORDS:
        return  # "an incidence of breakthrough pain of 42%" is none of refractory pain
    cell = table.cell(row, columns[0])
    only = [value for text in _NUMBER.findall(paper.document.plain[cell.start : cell.end]) if (value := _parse(text))]
    if len(only) != 1 or "%" not in cell.text:
        return
    name = " ".join(table.printed.column_name(columns[0]).split())
    what = f"{statement.study}, column {name!r} of {table.printed.label or 'the table of studies'}"
    found = cross_reference(
        shown.text, only[0].text, what=what, severity="major", place=paper.place(number.start, number.end)
    )
    if found.flagged:
        yield found


PLAIN_WORDS = stems(
    "rate rates high low total observed described documented noted found point percent percentage much"
) | {"rate"}


def _said_of(paper: Paper, statement: Statement, number: Number) -> frozenset[str]:
    """The content words between the study's name and a number."""
    text = paper.document.plain[statement.sentence[0] : number.start]
    at = max((match.end() for match in _NAMED_STUDY.finditer(text)), default=0)
    return frozenset(stems(text[at:]))


_NAMED_STUDY = re.compile(r"\bet\s{1,3}al\b\.?|\(\s?\d{1,4}[a-z]?\s?\)|\[\s?\d{1,3}\s?\]")


def _percent(statement: Statement) -> Number | None:
    if isinstance(statement, Count):
        return statement.percent
    return statement.estimate if isinstance(statement, Estimate) and statement.percent else None


def _percents(paper: Paper, statement: Statement) -> int:
    """How many percentages the sentence prints."""
    return paper.document.plain[statement.sentence[0] : statement.sentence[1]].count("%")


CHECKS = (effects_exponentiated, effects_restated, effects_duplicated, effects_of_studies)
