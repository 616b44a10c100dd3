"""Test statistics of running text: does P follow from the statistic and its degrees of freedom? Scale limits of P, I2, SD, r."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

from ostealgia.audit.checks.reading.figures import MULTIPLICITY, RATIOS, free, mentions
from ostealgia.audit.checks.reading.premises import doubtful, lowered
from ostealgia.audit.checks.reading.text import loose, sentences_with
from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import scale_bound
from ostealgia.audit.rules.p_values import p_vs_statistic
from ostealgia.audit.statements.model import Estimate, Heterogeneity, Mean, Number, Statement, Test
from ostealgia.numerics.intervals import Interval, Printed

_COORDINATES = re.compile(r"\b[xy]\s{0,2}=|\bvoxel|\bMNI\b|\bTalairach\b|\bcoordinate", re.I)

# test -> how many df it needs
DF: dict[str, int] = {"t": 1, "F": 2, "chi2": 1, "Q": 1, "r": 1, "z": 0}


def tests(paper: Paper) -> Iterator[Finding]:
    """p-vs-statistic for every test that is printed with its df and P; where many of one letter do not fit, they are of another kind."""
    found: dict[str, list[Finding]] = {}
    for test in free(paper, Test):
        one = check_test(paper, test)
        if one is not None:
            found.setdefault(test.test, []).append(one)
    for letter, listed in found.items():
        yield from doubtful(listed, "p-vs-statistic", _OTHER_KIND, many=3) if letter == "z" else listed


_WORDED = loose(
    r"\b(?:chi-?\s?squared?|χ2|χ²)(?:\s(?:statistic|test|value))?\s[^.;:()=]{0,80}?\b(?:was|of|=)\s(?P<x>\d{1,4}(?:\.\d+)?)\s?"
    r"(?:(?:with|on|,|\()\s?(?P<df>\d{1,2})\s(?:df\b|d\.f\.|degrees?\sof\sfreedom)|[,(]\s?df\s?=\s?(?P<df2>\d{1,2}))\s?[,;()]{1,2}\s?"
    r"p(?:[- ]?values?)?\s?(?P<p>[=<>]\s?0?\.\d{1,6})"
)


_P_BEHIND = r"p(?:[- ]?values?)?\s?(?P<p>[=<>]\s?0?\.\d{1,6})"
ABOUT = 1.5  # times a P may be that of another kind of correlation
_R_WITH_N = (
    loose(rf"(?<![\w-])r\s?=\s?(?P<r>-?0?\.\d{{1,4}})\s?[,;]\s?{_P_BEHIND}\s?[,;]\s?n\s?=\s?(?P<n>\d{{1,6}})\b"),
    loose(
        rf"\bPearson(?:'s|’s)?\s(?:r|correlation(?:\scoefficient)?)\b[^.;()]{{0,120}}?\b(?P<n>\d{{1,6}})\s(?:patients|participants|subjects|individuals)\s"
        rf"(?:was|=)\s(?P<r>-?0?\.\d{{1,4}})\s?[(,;]\s?{_P_BEHIND}"
    ),
)


def worded_correlations(paper: Paper) -> Iterator[Finding]:
    """p-vs-statistic for a correlation whose number of patients stands behind its P or in the words before it."""
    if mentions(paper, "spearman", "kendall", "rank correlation"):
        return
    read = {test.p_value.end for test in paper.of_kind(Test) if test.p_value is not None and degrees(test)}
    for sentence in sentences_with(paper.document, *_R_WITH_N):
        for match in itertools.chain.from_iterable(form.finditer(sentence.text) for form in _R_WITH_N):
            place, n = sentence.span(match.start(), match.end()), int(match["n"])
            p_end = sentence.span(match.start(), match.end("p"))[1]
            if n < 5 or p_end in read or re.search(r"partial|spearman|rho|kendall|adjusted", sentence.text, re.I):
                continue
            p = match["p"].replace(" ", "").lstrip("=")
            found = p_vs_statistic("r", match["r"], [float(n - 2)], p, place=paper.place(*place))
            yield (
                lowered(found, "another kind of correlation has about this P")
                if found.severity == "minor" and _near(found, p)
                else found
            )


def _near(found: Finding, p: str) -> bool:
    """Whether a P lies near the recomputed one: that of ranks, or of an exact test."""
    value = Printed.parse(p).value
    return found.recomputed is not None and value / ABOUT <= found.recomputed <= value * ABOUT


def worded_tests(paper: Paper) -> Iterator[Finding]:
    """p-vs-statistic for a chi-square told in words: "The Wald chi-square of X was 0.64 (df = 1, p = 0.43)"."""
    read = {test.p_value.end for test in paper.of_kind(Test) if test.p_value is not None and test.df}
    for sentence in sentences_with(paper.document, _WORDED):
        for match in _WORDED.finditer(sentence.text):
            place = sentence.span(match.start(), match.end())
            df = int(match["df"] or match["df2"])
            if place[1] in read or not df:
                continue
            p = match["p"].replace(" ", "").lstrip("=")
            yield p_vs_statistic("chi2", match["x"], [float(df)], p, place=paper.place(*place))


_OTHER_KIND = "many statistics of this letter in the paper do not have their P: they may be of another test"


def check_test(paper: Paper, test: Test) -> Finding | None:
    """The finding of one test, None where df or P is missing or the statistic cannot be one of its kind.

    >>> from ostealgia.io.documents.model import Document
    >>> number = lambda text: Number(text, 0, 1)
    >>> test = Test(start=0, end=1, sentence=(0, 1), test="t", statistic=number("2.20"), df=(number("28"),),
    ...             p_value=number("0.036"))
    >>> check_test(Paper(document=Document(name="a", format="text", text="x", plain="x")), test).verdict
    'consistent'
    """
    df = degrees(test)
    if test.p_value is None or df is None:
        return None
    value = test.statistic.value
    if (test.test == "r" and abs(value) >= 1) or (test.test in ("F", "chi2", "Q") and value < 0):
        return None
    if test.p_value.printed.value == 0 and test.p_value.printed.relation == "<":
        return None  # "< .000": the display of a program, not a statement
    if _RANGE.match(paper.document.plain, test.statistic.end) is not None:
        return None  # "F(1, 352) = 0.41 [0.02-1.57]; p = 0.61 [0.21-0.89]": over imputed data sets
    place = paper.place(test.start, test.end)
    found = p_vs_statistic(test.test, test.statistic.text, df, test.p_value.text, place=place)
    if found.flagged and "," in test.statistic.text:  # "F(1, 21) = 2,752": a decimal comma
        decimal = test.statistic.text.replace(",", ".", 1)
        other = p_vs_statistic(test.test, decimal, df, test.p_value.text, place=place)
        near = other.recomputed is not None and abs(other.recomputed - test.p_value.value) < 0.2 * test.p_value.value
        if not other.flagged or near:
            return other if not other.flagged else replace(other, severity="information", basis="judgement")
    if test.test == "z" and _COORDINATES.search(paper.document.plain, *test.sentence):
        return None
    one_sided = test.one_tailed or mentions(paper, "one-sided", "one-tailed")
    if found.verdict == "inconsistent" and one_sided and _other_side(found, test.p_value.printed):
        return replace(
            found, severity="information", basis="judgement", message=f"{found.message}; one-sided, of the other side"
        )
    if found.verdict == "inconsistent" and test.one_tailed and _one_sided(found, test.p_value.printed):
        told = f"{found.message}; the test is said to be one-sided"
        return replace(
            found, verdict="rounding", severity="none", cause_code=None, cause=None, repair=None, message=told
        )
    if (
        found.flagged
        and found.recomputed is not None
        and test.p_value.value > found.recomputed
        and _multiple(paper, test)
    ):
        return lowered(found, "P is said to be adjusted for several comparisons")
    if found.flagged and _exact_beside_chi2(paper, test, found):
        return lowered(found, "an exact or corrected P may stand beside the uncorrected statistic")
    if found.flagged and _spherical(paper, test, found):
        return lowered(found, "the paper corrects the df of repeated measures")
    return found


FISHER = ("fisher", "yates", "continuity correct", "exact test", "mcnemar")
SMALL, LITTLE, MUCH = 100, 1.25, 2.5  # patients; factors by which an exact P exceeds that of the statistic


def _exact_beside_chi2(paper: Paper, test: Test, found: Finding) -> bool:
    """A chi-square of 1 df with a somewhat larger P on the same side of 0.05: programs print the exact P beside the statistic."""
    if test.test != "chi2" or test.p_value is None or found.recomputed is None or not test.df or test.df[0].value != 1:
        return False
    if test.p_value.printed.relation != "=" or found.severity == "major" or found.recomputed <= 0:
        return False
    few = (test.n is not None and test.n.value <= SMALL) or mentions(paper, *FISHER)
    return 1 < test.p_value.value / found.recomputed <= (MUCH if few else LITTLE)


SPHERICITY = ("greenhouse", "huynh", "sphericity")


def _spherical(paper: Paper, test: Test, found: Finding) -> bool:
    """An F of several conditions with a larger P than its whole df give, in a paper that corrects for sphericity."""
    if test.test != "F" or found.recomputed is None or not test.df or test.df[0].value < 2 or test.p_value is None:
        return False
    return test.p_value.value > found.recomputed and mentions(paper, *SPHERICITY)


def _multiple(paper: Paper, test: Test) -> bool:
    words = paper.document.plain[test.sentence[0] : test.sentence[1]].lower()
    return any(name in words for name in MULTIPLICITY) or "correct" in words


def degrees(test: Test) -> list[float | Interval] | None:
    """The degrees of freedom of a test; decimals (Welch) with their rounding. None where they are not all printed."""
    needed = DF.get(test.test)
    if needed is None:
        return None
    if needed == 0:
        return []
    numbers = [*test.df]
    if test.test == "t" and len(numbers) == 2 and numbers[0].value == 1:
        numbers = numbers[1:]  # "t(1, 4) = -2.76", written as its F: the second are those of the error
    if test.test == "t" and len(numbers) > 1:
        return None
    numbers = numbers[:needed]
    if test.test == "r" and not numbers and test.n is not None and test.n.value > 2:
        return [test.n.value - 2]
    if len(numbers) < needed or any(number.value <= 0 for number in numbers):
        return None
    return [number.printed.interval("half") if "." in number.text else number.value for number in numbers]


def _other_side(found: Finding, p: Printed) -> bool:
    """Whether P is that of a one-sided test whose effect goes the other way: one less half of the two-sided P."""
    low, high = found.recomputed_low, found.recomputed_high
    return low is not None and high is not None and p.allows(Interval(1 - high / 2, 1 - low / 2))


def _one_sided(found: Finding, p: Printed) -> bool:
    low, high = found.recomputed_low, found.recomputed_high
    return low is not None and high is not None and p.allows(Interval(low / 2, high / 2))


# ---------------------------------------------------------------- scale limits


_RANGE = re.compile(r"\s{0,2}[\[(]\s{0,2}-?\d+(?:\.\d+)?\s{0,2}(?:-|–|−|to|,|;)\s{0,2}-?\d")
_POWER = re.compile(r"\s{0,2}(?:[×xX*·⋅]\s{0,2}10|[eE][-−–]?\d|10\s{0,1}[-−–^]\s?\d)")
_NO_RATIO = re.compile(r"\s{0,2}\(?\s?(?:±|\+/-|bpm|beats|/min)")


def scale_limits(paper: Paper) -> Iterator[Finding]:
    """scale-bound: P within 0 to 1, I2 within 0 to 100, correlations within -1 to 1, SDs and ratios not below 0."""
    for kind in (Estimate, Test, Heterogeneity, Mean):
        for statement in free(paper, kind):
            for number, low, high, what in _limits(statement):
                if what == "P" and _POWER.match(paper.document.plain, number.end):
                    continue  # "P = 3.6 × 10-2"
                if what == "a ratio" and _NO_RATIO.match(paper.document.plain, number.end):
                    continue  # "HR fell by -1.08 (±8.66) bpm": a rate
                if not number.printed.interval().overlaps(Interval(low, high)):
                    named = f"{what} of" if what.startswith("a ") else what
                    place = paper.place(statement.start, statement.end)
                    yield scale_bound(number.text, low, high, what=named, place=place)
    for one in free(paper, Heterogeneity):
        if one.i2 is not None and 0 <= one.i2.value <= 100:
            place = paper.place(one.i2.start, one.i2.end)
            yield make(
                "scale-bound", place, reported=one.i2.text, verdict="consistent", values=Interval(0.0, 100.0),
                message=f"I2 {one.i2.text} lies within 0 to 100",
            )  # fmt: skip


def _limits(statement: Statement) -> Iterator[tuple[Number, float, float, str]]:
    infinity = float("inf")
    if isinstance(statement, (Estimate, Test)) and statement.p_value is not None and "." in statement.p_value.text:
        yield statement.p_value, 0.0, 1.0, "P"
    if isinstance(statement, Test) and statement.test == "r":
        yield statement.statistic, -1.0, 1.0, "a correlation"
    if isinstance(statement, Heterogeneity) and statement.i2 is not None:
        yield statement.i2, 0.0, 100.0, "I2"
    if isinstance(statement, Heterogeneity) and statement.tau2 is not None:
        yield statement.tau2, 0.0, infinity, "tau2"
    if isinstance(statement, Mean) and statement.spread is not None:
        yield statement.spread, 0.0, infinity, "a standard deviation"
    if (
        isinstance(statement, Estimate)
        and statement.measure in RATIOS
        and not statement.transformed
        and statement.ci_low is None
    ):
        yield statement.estimate, 0.0, infinity, "a ratio"


CHECKS = (tests, worded_tests, worded_correlations, scale_limits)
