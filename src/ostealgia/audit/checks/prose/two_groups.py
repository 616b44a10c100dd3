"""Two groups of one sentence and the test beside them: t of two means with SDs and sizes, chi-square of two counts, and
the interval of the odds ratio of two counts.

The parts are found by their form wherever they stand: exactly two means with an SD, or two counts with their sizes, one statistic.
The sizes are certain by "n = 40", by their patients, or because they add up to the degrees of freedom and 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ostealgia.audit.checks.reading.anew import tells_anew
from ostealgia.audit.checks.reading.nouns import PEOPLE
from ostealgia.audit.checks.reading.premises import lowered
from ostealgia.audit.checks.reading.text import Sentence, loose, once, sentences
from ostealgia.audit.checks.reading.told_groups import without
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import log_std_error, precision_bound
from ostealgia.audit.rules.counts import chi2_vs_counts, odds_ratio, p_values_of
from ostealgia.audit.rules.means import Group, t_vs_summary
from ostealgia.io.documents import gates
from ostealgia.numerics.intervals import Interval, Printed

NARROWER = 1.1  # times the width that other usual intervals of few patients have at least
_NEAR = "another usual interval of the counts may be a little narrower"
OWN = ("abstract", "results", "other")
_V = r"\d{1,5}(?:[.·]\d{1,3})?"
# "6.79 ± 1.69", "64.88 (SD, 10.19)", "6.47 [1.74]", "63.68 with SD 9.62", "5.2, SD = 1.9"
_MEAN = loose(
    rf"(?<![\w.,/-])({_V})(?:\s(?:points?|years?|days?|minutes?|min|mm|cm|kg|mg))?\s?(?:[(\[]?\s?±\s?|[(\[,;]?\s?(?:with\s(?:an?\s)?)?(?:SD|standard\sdeviation)\s?(?:of\s|[=:,]\s?)?±?\s?|[(\[]\s?)({_V})(?!\d|[.·]\d|\s?[%/–-]\s?\d|\s?%)"
)
_SD_SAID = re.compile(r"\bSDs?\b|standard deviations?|±", re.I)
_T = loose(
    r"(?<![\w.])t\s?(?:[-\s]?(?:value|statistic)\s?)?(?:[(\[]\s?(?:df\s?=\s?)?(?P<df>\d{1,5}(?:\.\d{1,3})?)\s?[)\]]\s?|(?P<sub>\d{1,4})\s?(?==))?(?:=|was|of|:)\s?[-−–]?\s?(?P<t>\d{1,3}\.\d{1,3})(?!\d)"
)
_DF = loose(
    r"\b(?:df|d\.f\.|degrees\sof\sfreedom)\s?[=:,]?\s?(?P<a>\d{1,5})(?![.\d])|\b(?P<b>\d{1,5})\s(?:df\b|d\.f\.|degrees?\sof\sfreedom)"
)
_N = loose(r"(?<![A-Za-z])n\s?=\s?(\d{1,6})(?![\d.]*\d)")
_OF_PEOPLE = loose(rf"(?<![\w.,/±=-])(\d{{1,6}})\s(?:[a-z][a-z-]*\s){{0,3}}?{PEOPLE}\b")
# "the 40 braced ... among the 41 free": an article and no unit
_OF_THESE = loose(
    r"\b(?:the|those|these)\s(\d{1,6})\s(?!years?|months?|weeks?|days?|hours?|minutes?|points?|items?|sites?|cent(?:re|er)s?|hospitals?|tests?|studies)[a-z]"
)
_WHOLE = re.compile(r"(?<![\w.,/±=·-])(\d{1,6})(?![\w/%]|[.,·]\d|\s?%|-\w)")
_NO_T = re.compile(
    r"\bpaired|ancova|covarian|mixed|repeated|adjust|least.squares|\bfrom\b|weight(?:ed|ing)|match|imput|mann|wilcoxon|rank|"
    r"standard error|\bSEM?\b|one-?(?:sided|tailed)|regress|trend|before|\bpre-?\s?(?:and|treat|op)|geometric|\blog\b",
    re.I,
)
_TIME = re.compile(
    r"\bbaseline|\bfollow-?up|\badmission|\bdischarge|\d\s(?:weeks?|months?|years?|days?)\b(?!\s(?:old|of age))", re.I
)
_UNPAIRED = re.compile(r"\bunpaired", re.I)
_P = loose(r"\bp(?:\s?-?\s?values?)?\s?(?P<rel>[=<>])\s?(?P<p>0?\.\d{1,6})(?!\d)")
# "38 of 62", "38/62", "38 out of 62", "75 among 126"
_FRACTION = loose(
    r"(?<![\w.,/-])(\d{1,5})\s?(?:\(\s?\d{1,3}(?:\.\d{1,2})?\s?%\s?\)\s?)?(?:/|(?:out\s)?of\s(?:the\s|all\s|these\s)?|among\s(?:the\s)?)\s?(\d{1,5})(?![\w/%]|[.,]\d|\s?%)"
)
_CHI2 = loose(
    r"(?:\bchi(?:-|\s)?squared?|(?:χ|\bchi|\bX)\s?[2²^]{1,2})(?:\s(?:test|statistic|value))?(?:\s(?:with|without)\s[a-z']+(?:\scontinuity)?\scorrection)?\s?"
    r"(?:[(\[]\s?(?:df\s?=\s?)?(?P<df>\d)\s?[)\]]\s?)?(?:=|was|of|:|,)?\s?(?P<x>\d{1,4}\.\d{1,3})(?!\d)"
)
_NO_CHI2 = re.compile(
    r"log-?rank|surviv|hazard|sensitivity|specificity|goodness|hosmer|adjust|paired|mcnemar|trend|regress|matched|model|weighted|mixed|inferior|cochran|mantel|generali[sz]ed|cluster|interaction|"
    r"\bgray|likelihood|\bwald|lesions|specimen|samples|visits|episodes",
    re.I,
)
_SAME = re.compile(r"baseline|before|after(?!\sexclu)|follow-up|\bpre-|\bpost-|respectively", re.I)
_OR = loose(
    rf"\b(?:a?OR|odds\sratios?)\b[^.;()\d]{{0,60}}?(?:[(\[]OR[)\]]\s?)?(?:=|was|of|:)?\s?(?P<or>{_V})\s?(?:[,;(\[]{{1,2}}|with\san?|and\san?)\s?(?P<level>9[059])\s?%\s?"
    rf"(?:CIs?|confidence\sintervals?)\s?(?:[:=,]|of|from)?\s?[(\[]?\s?(?P<low>{_V})\s?(?:-|–|to|,|;)\s?(?P<high>{_V})(?!\d|[.·]\d)"
)
_NO_OR = re.compile(
    r"match|propensity|weight(?:ed|ing)|penali|firth|cluster|robust|GEE|generali[sz]ed|mixed|bayes|meta-?\s?analy|pooled|studies",
    re.I,
)


def t_of_two_means(paper: Paper) -> Iterator[Finding]:
    """t-vs-summary for a sentence with two means, their SDs and sizes, and t."""
    for sentence in _own(paper, _SD_SAID):
        text = sentence.text
        if not _SD_SAID.search(text) or _NO_T.search(_UNPAIRED.sub("", text)):
            continue
        tests, means = list(_T.finditer(text)), list(_MEAN.finditer(text))
        if len(means) != 2 or len(tests) != 1 or len(_TIME.findall(without(text, [m.span() for m in means]))) > 1:
            continue
        df = _df_of(text, tests[0])
        sizes = _sizes(text, [m.span() for m in (*means, *tests)], df)
        last = max(m.end() for m in means)
        if not _of_these(text, last, tests[0].start()):
            continue
        if sizes is None or (df is not None and df != sum(sizes) - 2):
            continue
        groups = [Group.of(m[1], m[2], n) for m, n in zip(means, sizes, strict=True) if float(m[2]) > 0]
        if len(groups) == 2:
            yield from _t_found(paper, sentence, groups, tests)


def _t_found(
    paper: Paper, sentence: Sentence, groups: Sequence[Group], tests: Sequence[re.Match[str]]
) -> Iterator[Finding]:
    p = list(_P.finditer(sentence.text))
    shown = f"{p[0]['rel']}{p[0]['p']}".lstrip("=") if len(p) == 1 else None
    place = paper.place(*sentence.span(*tests[0].span("t")))
    yield t_vs_summary(groups, tests[0]["t"], shown, squared=False, place=place)


def _df_of(text: str, test: re.Match[str] | None) -> float | None:
    if test is not None and (test["df"] or test["sub"]):
        return float(test["df"] or test["sub"])
    told = _DF.search(text, test.end() if test is not None else 0)
    return float(told["a"] or told["b"]) if told else None


def _sizes(text: str, used: Sequence[tuple[int, int]], df: float | None) -> tuple[int, int] | None:
    """The sizes of both groups in the order of the text; None where they are not certain."""
    for pattern in (_N, _OF_PEOPLE, _OF_THESE):
        found = [m for m in pattern.finditer(text) if not _inside(m.span(1), used)]
        listed = [int(m[1]) for m in found]
        if len(listed) == 2 and min(listed) >= 3 and _in_turn(text, [m.start(1) for m in found], used[:2]):
            return listed[0], listed[1]
    if df is None:
        return None
    whole = [int(m[1]) for m in _WHOLE.finditer(text) if not _inside(m.span(1), used)]
    pairs = [(a, b) for i, a in enumerate(whole) for b in whole[i + 1 :] if a + b - 2 == df and min(a, b) >= 3]
    return pairs[0] if len(pairs) == 1 else None


def _in_turn(text: str, sizes: Sequence[int], means: Sequence[tuple[int, int]]) -> bool:
    """Whether each size stands beside its own mean: "5.2 in 40 men, 4.2 in 41 women", not "5.2 at rest, 4.2 later in 40 men, 41 women".

    Both sizes before both means, or "respectively", tell the groups as well.
    """
    order = "".join(kind for _, kind in sorted([(at, "n") for at in sizes] + [(at, "m") for at, _ in means]))
    if (
        order == "nmmn"
    ):  # "A (n = 40) had 5.2, compared with 4.2 in B (n = 41)"; behind a comma another statement begins
        return re.search(r"[,;]\s", text[means[1][1] : sizes[1]]) is None
    return order in ("mnmn", "nmnm", "nnmm") or re.search(r"\brespectively\b", text) is not None


def _of_these(text: str, last: int, statistic: int) -> bool:
    """Whether a statistic is of the numbers before it: no other sentence, and no other thing, is told in between."""
    between = text[last:statistic]
    return statistic < last or not tells_anew(between)


def _inside(span: tuple[int, int], used: Sequence[tuple[int, int]]) -> bool:
    return any(start <= span[0] < end for start, end in used)


def chi2_of_two_counts(paper: Paper) -> Iterator[Finding]:
    """chi2-vs-counts for a sentence with two counts of two groups and a chi-square of 1 df, before or behind them."""
    for sentence in _own(paper, _CHI2):
        text = sentence.text
        statistics = list(_CHI2.finditer(text))
        if len(statistics) != 1 or _NO_CHI2.search(text) or _SAME.search(text):
            continue
        counts = [m for m in _FRACTION.finditer(text) if not _inside(m.span(1), [statistics[0].span()])]
        table = _table(counts)
        if counts and not _of_these(text, counts[-1].end(), statistics[0].start()):
            continue
        df = _DF.search(text)
        told = statistics[0]["df"] or (df["a"] or df["b"] if df else None)
        p = list(_P.finditer(text))
        shown = f"{p[0]['rel']}{p[0]['p']}".lstrip("=") if len(p) == 1 else None
        if table is None and len(counts) < 2:
            used = [m.span() for m in (statistics[0], *p, *([df] if df else []))]
            table = _table_of_p(text, used, shown)
        if table is None or told not in (None, "1"):
            continue
        place = paper.place(*sentence.span(*statistics[0].span("x")))
        yield chi2_vs_counts(table, statistics[0]["x"], shown, place=place)


def _table_of_p(text: str, used: Sequence[tuple[int, int]], p: str | None) -> list[list[int]] | None:
    """The only table of the four whole numbers of a sentence whose P is the printed one ("of 80 women, 12 relapsed, ...")."""
    whole = [int(m[1]) for m in _FRACTION_OR_WHOLE.finditer(text) if not _inside(m.span(1), used)]
    if len(whole) != 4 or p is None or (not p[0].isdigit() and p[0] != "."):
        return None
    fits: list[list[list[int]]] = []
    for pairs in _pairings(whole):
        table = [[k for k, _ in pairs], [n - k for k, n in pairs]]
        if all(sum(row) > 0 for row in table) and any(
            Printed.parse(p).allows(Interval(q, q)) for q in p_values_of(table).values()
        ):
            fits.append(table)
    return fits[0] if len(fits) == 1 else None


def _pairings(whole: Sequence[int]) -> list[list[tuple[int, int]]]:
    """The ways in which four numbers of a sentence may be two counts, each of its patients."""
    orders = ((0, 1, 2, 3), (1, 0, 3, 2), (1, 0, 2, 3), (0, 1, 3, 2))
    listed = [[(whole[k1], whole[n1]), (whole[k2], whole[n2])] for k1, n1, k2, n2 in orders]
    return [pairs for pairs in listed if all(0 < k < n for k, n in pairs)]


def _table(counts: Sequence[re.Match[str]]) -> list[list[int]] | None:
    """Both groups in columns, with and without the event; None where they are not two groups of five or more."""
    pairs = [(int(m[1]), int(m[2])) for m in counts]
    if len(pairs) != 2 or any(not 0 <= k <= n or n < 5 for k, n in pairs):
        return None
    table = [[k for k, _ in pairs], [n - k for k, n in pairs]]
    return table if all(sum(row) > 0 for row in table) else None


def interval_of_two_counts(paper: Paper) -> Iterator[Finding]:
    """precision-bound for an odds ratio that is that of the sentence's own two counts: its interval is then known."""
    for sentence in _own(paper, _OR):
        ratios = list(_OR.finditer(sentence.text))
        if len(ratios) != 1 or _NO_OR.search(sentence.text):
            continue
        ratio = ratios[0]
        cells = _cells(sentence.text, ratio)
        if cells is None or not 0 < float(ratio["low"]) < float(ratio["high"]):
            continue
        (a, b), (c, d) = cells
        place = paper.place(*sentence.span(ratio.start("or"), ratio.end("high")))
        level = float(ratio["level"]) / 100
        low, high = ratio["low"], ratio["high"]
        found = precision_bound(low, high, exposed=a + b, n=a + b + c + d, cells=(a, b, c, d), level=level, place=place)
        narrow = NARROWER * log_std_error(Printed.parse(low), Printed.parse(high), level).high
        yield lowered(found, _NEAR) if found.flagged and narrow > (found.recomputed or 0.0) else found


def _cells(text: str, ratio: re.Match[str]) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """With and without the outcome in both groups: the four whole numbers of the sentence that give the printed odds ratio."""
    used = [ratio.span(), *(m.span() for m in _P.finditer(text))]
    fractions = [m for m in gates.finditer(_FRACTION, text) if not _inside(m.span(1), used)]
    whole = [int(m[1]) for m in _FRACTION_OR_WHOLE.finditer(text) if not _inside(m.span(1), used)]
    if len(fractions) == 2:
        whole = [int(m[i]) for m in fractions for i in (1, 2)]
    if len(whole) != 4:
        return None
    printed = Printed.parse(ratio["or"])
    found: set[tuple[tuple[int, int], tuple[int, int]]] = set()
    for pairs in _pairings(whole):
        first, second = ((k, n - k) for k, n in pairs)
        value = odds_ratio([list(first), list(second)])[0]
        if any(printed.interval().overlaps(Interval(x, x)) for x in (value, 1 / value)):
            found.add((first, second))
    return found.pop() if len(found) == 1 and printed.decimals >= 2 else None


def interval_of_told_factor(paper: Paper) -> Iterator[Finding]:
    """precision-bound where the patients of the model and those with its factor stand before the ratio of that factor."""
    for sentence in _own(paper, _WITH_FACTOR):
        ratios, told = list(_OR.finditer(sentence.text)), list(_WITH_FACTOR.finditer(sentence.text))
        if len(ratios) != 1 or len(told) != 1 or _NO_OR.search(sentence.text):
            continue
        ratio, n, exposed = ratios[0], int(told[0]["n"]), int(told[0]["k"])
        named = sentence.text[told[0].end() : ratio.start("or")].casefold()
        if told[0].end() > ratio.start() or not 0 < exposed < n or told[0]["name"].casefold() not in named:
            continue
        if 0 < float(ratio["low"]) < float(ratio["high"]):
            place = paper.place(*sentence.span(ratio.start("or"), ratio.end("high")))
            level = float(ratio["level"]) / 100
            yield precision_bound(ratio["low"], ratio["high"], exposed=exposed, n=n, level=level, place=place)


# "the 192 patients (33 with diabetes)", "of 192 patients, 33 of whom had diabetes,"
_WITH_FACTOR = loose(
    r"(?<![\w.,/])(?P<n>\d{2,6})\s(?:[a-z]+\s){0,2}?(?:patients|participants|subjects|women|men|adults|cases)\s?[,(]\s?(?P<k>\d{1,6})\s"
    r"(?:\([\d.]+\s?%\)\s)?(?:of\swhom\s)?(?:(?:patients|participants)\s)?(?:with|had|having)\s"
    r"(?:an?\s|the\s)?(?P<name>[a-z][a-z -]{3,40}?)\s?[),]"
)
_FRACTION_OR_WHOLE = re.compile(r"(?<![\w.,=·-])(\d{1,6})(?![\w%]|[.,·]\d|\s?%|-\w)")


def _own(paper: Paper, pattern: re.Pattern[str]) -> Iterator[Sentence]:
    """Sentences of the paper's own results in which a pattern may match, without cited ones and tables."""
    return (sentence for sentence in _all_own(paper) if gates.may_match(pattern, sentence.text))


@once
def _all_own(paper: Paper) -> tuple[Sentence, ...]:
    return tuple(
        replace(sentence, text=sentence.text.replace("·", ".")) if "·" in sentence.text else sentence
        for sentence in sentences(paper.document)
        if sentence.section in OWN and "et al" not in sentence.text
    )


CHECKS = (t_of_two_means, chi2_of_two_counts, interval_of_two_counts, interval_of_told_factor)
