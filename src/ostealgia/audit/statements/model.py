"""Statements: what a paper says in numbers, each with its exact place.

A statement keeps the printed numerals as text (``Printed.parse`` gives the rounding interval) and never a value that
was computed. ``None`` means that nothing is printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ostealgia.numerics.intervals import Printed


@lru_cache(maxsize=65536)
def _parsed(text: str) -> Printed:
    return Printed.parse(text)


@dataclass(frozen=True, slots=True)
class Number:
    """One printed number: its numerals ("-3.71", "< 0.001", "188127.63") and its place in Document.text."""

    text: str
    start: int
    end: int

    @property
    def printed(self) -> Printed:
        """The number with its rounding interval."""
        return _parsed(self.text)

    @property
    def value(self) -> float:
        """The number as printed."""
        return self.printed.value


@dataclass(frozen=True, slots=True)
class CellPlace:
    """The cell a statement stands in: index of the table in Document.tables, row and column of its grid."""

    table: int
    row: int
    column: int


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What every statement has.

    start, end : the whole wording.  sentence : the sentence (in a table: the cell) that holds it.
    section : name in io.documents.model.SECTIONS.  cell : where it stands in a table, else None.
    subject : content words, lower case, of what the numbers are about (the clause, without numbers and stop words).
    group : the arm or group the words name ("observation group"), else None.
    study : the cited study the sentence attributes the number to ("Parkes et al. (24)"), else None.
    """

    start: int
    end: int
    sentence: tuple[int, int]
    section: str = "other"
    cell: CellPlace | None = None
    subject: tuple[str, ...] = ()
    group: str | None = None
    study: str | None = None

    def numbers(self) -> Iterator[Number]:
        """Every printed number of the statement."""
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            for item in value if isinstance(value, tuple) else (value,):
                if isinstance(item, Number):
                    yield item


@dataclass(frozen=True, kw_only=True)
class Estimate(Statement):
    """An estimate with what is printed of its interval and P: "OR 3.67 (95% CI: 2.52-5.34; P < 0.001)".

    measure : OR, HR, RR, IRR, MD, SMD, RD, B (a regression coefficient), proportion, mean, r, ... None if not said.
    Measures whose interval has no certain scale: median, survival, change, efficacy, AUC, ICC, kappa, ARR.
    ci_kind : "confidence", "credible", "prediction", "range", "iqr".  ci_level : in per cent.
    p_value : numerals with relation ("< 0.001").  test : the test that P is said to come from ("log-rank"), else None.
    adjusted : True, False, or None where not said.  percent : the estimate is printed in per cent.
    transformed : the words say so where the estimate is a log ratio.
    """

    measure: str | None
    estimate: Number
    ci_low: Number | None = None
    ci_high: Number | None = None
    ci_level: Number | None = None
    ci_kind: str = "confidence"
    p_value: Number | None = None
    test: str | None = None
    adjusted: bool | None = None
    percent: bool = False
    transformed: bool = False


@dataclass(frozen=True, kw_only=True)
class Count(Statement):
    """A count with its percentage and denominator, where printed: "84 of 105 patients (80.0%)", "464 (80.0%)"."""

    count: Number | None
    percent: Number | None
    n: Number | None = None
    unit: str | None = None  # patients, studies, lesions, events, ...


@dataclass(frozen=True, kw_only=True)
class Mean(Statement):
    """A mean with its spread: "62.02 ± 11.39", "mean 5.8 (SD 2.1)". spread_kind : "sd", "se" or None where not said."""

    mean: Number
    spread: Number | None = None
    spread_kind: str | None = None
    n: Number | None = None
    unit: str | None = None


@dataclass(frozen=True, kw_only=True)
class Median(Statement):
    """A median with quartiles or range: "median 7 (IQR 5-9)". kind : "iqr", "range" or None where not said."""

    median: Number
    low: Number | None = None
    high: Number | None = None
    kind: str | None = None
    n: Number | None = None
    unit: str | None = None


@dataclass(frozen=True, kw_only=True)
class Test(Statement):
    """A test statistic with its df and P: "t(28) = 2.20, p = 0.036". test : "t", "F", "chi2", "z", "r", "Q".

    one_tailed : the words say so.
    """

    __test__ = False  # not a test of pytest

    test: str
    statistic: Number
    df: tuple[Number, ...] = ()
    n: Number | None = None
    p_value: Number | None = None
    one_tailed: bool = False


@dataclass(frozen=True, kw_only=True)
class Heterogeneity(Statement):
    """The heterogeneity of one pooled result, with what is printed of it: I2 (per cent), tau2, tau, Q, H, H2, df, P."""

    i2: Number | None = None
    tau2: Number | None = None
    tau: Number | None = None
    q: Number | None = None
    h: Number | None = None
    h2: Number | None = None
    df: Number | None = None
    p_value: Number | None = None
    i2_ci_low: Number | None = None
    i2_ci_high: Number | None = None


@dataclass(frozen=True, kw_only=True)
class Size(Statement):
    """A number of patients, studies, lesions or events: "(n = 103)", "eight studies", "2,774 patients".

    spelled : the number is printed as a word.
    """

    n: Number
    unit: str | None = None
    spelled: bool = False


@dataclass(frozen=True, kw_only=True)
class PValue(Statement):
    """A P that stands alone. test : the test it is said to come from, else None."""

    p_value: Number
    test: str | None = None


@dataclass(frozen=True, kw_only=True)
class Claim(Statement):
    """Wording with a direction, tied to a number: "higher odds", "268% reduction", "1.79 times more likely".

    direction : 1 more of the outcome, -1 less, 0 no difference.  size : a change in per cent.  times : a factor.
    of : odds, risk, hazard, mortality, response, ... as worded.
    estimate : the ratio the wording is tied to, else None.  significant : True or False where the words claim it.
    wording : the words.  A rough size ("almost 30%") has "~" in its text.  direction is 0, too, where the wording is negated,
    and for words of significance alone ("significant", "strong correlation"), which have no ``of``.
    indirect : the words name no chance ("worse survival", "a risk factor", "more common"); direction is then that of the ratio.
    """

    direction: int
    size: Number | None = None
    times: Number | None = None
    of: str | None = None
    estimate: Estimate | None = None
    significant: bool | None = None
    wording: str = ""
    indirect: bool = False


@dataclass(frozen=True, kw_only=True)
class Stars(Statement):
    """A rating in stars: filled and empty ones, "★★★★☆". A printed total ("7/9") is a Count of the same sentence."""

    filled: int
    empty: int


Statements = tuple[Statement, ...]
