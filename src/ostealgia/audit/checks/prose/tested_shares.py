"""P of two groups told by their counts and percentages: "127 patients (65.5%) in A (n = 194) and 100 (52.1%) in B (n = 192), P = 0.20".

The denominators are those of the sentence where count and percentage fit them, else all that the print of count and percentage
allows. No usual test (Pearson, Yates, likelihood ratio, Fisher) may give the printed P.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.checks.prose.told_tests import own_sentences, p_shown
from ostealgia.audit.checks.reading.anew import another_subject, tells_anew
from ostealgia.audit.checks.reading.figures import mentions
from ostealgia.audit.checks.reading.nouns import PEOPLE
from ostealgia.audit.checks.reading.premises import lowered
from ostealgia.audit.checks.reading.text import Sentence, loose
from ostealgia.audit.checks.tables.whole_numbers import CLUSTERED, of_same_patients
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.counts import chi2_vs_counts, p_values_of
from ostealgia.audit.rules.significance import p_range
from ostealgia.io.documents import gates
from ostealgia.numerics.intervals import Printed

APART, APART_FREE = 0.3, 0.75  # normal deviates by which a less usual test may differ; where no denominator is printed
MOST = 14  # denominators of a group that are tried
FEW = 5  # patients of a group
# "127 patients (65.5%)", "127 (65.5%)", "65.5% (127)", "65.5% (127/194)", "127 of 194 (65.5%)", "20% of the 100"
_COUNT_FIRST = loose(
    r"(?<![\w.,/=<>±-])(?P<k>\d{1,5})(?:\s?(?:/|of|out\sof)\s?(?:the\s|all\s)?(?P<n>\d{2,6}))?"
    rf"(?:\s(?:[a-z-]+\s){{0,2}}?{PEOPLE})?\s?"
    r"[(\[,;]\s?(?P<p>\d{1,3}(?:\.\d{1,2})?)\s?%\s?[)\],;]?"
)
_SHARE_FIRST = loose(
    r"(?<![\w.,/=<>±-])(?P<p>\d{1,3}(?:\.\d{1,2})?)\s?%\s?"
    r"(?:[(\[]\s?(?:n\s?=\s?)?(?P<k>\d{1,5})(?:\s?(?:/|of)\s?(?P<n>\d{2,6}))?\s?"
    rf"(?:{PEOPLE})?\s?[)\]]|of\s(?:the\s|all\s)?(?P<of>\d{{2,6}})\s(?!years|months|weeks|days))"
)
_N = loose(r"(?<![A-Za-z])n\s?[=:]\s?(\d{1,6})(?![\d.]*\d|\s?[,;]\s?\d{1,2}(?:\.\d)?\s?%)")
_OF_PEOPLE = loose(rf"\b(?:of|in|among)\s(?:the\s|all\s)?(\d{{1,6}})\s(?:[a-z][a-z-]*\s){{0,3}}?{PEOPLE}\b")
_P = loose(r"\bp(?:\s?-?\s?values?)?\s?(?:(?P<rel>[=<>≤≥])|of|was|is|:)\s?(?P<p>0?\.\d{1,6})(?!\d)")
_STATISTIC = re.compile(
    r"χ|\bchi[\s-]{0,2}(?:2|squared?)\s{0,2}(?:[(\[][^)\]]{1,12}[)\]]\s{0,2})?(?:=|of|was)\s{0,2}\d|\bx2\s?=|\bz\s?=",
    re.I,
)
_ANY_PERCENT = re.compile(r"\d\s{0,2}%(?!\s{0,2}(?:CI\b|conf))", re.I)
_COMPARED = re.compile(
    r"\b(?:versus|vs|than|against|groups?|arms?|controls?|placebo|cohorts?|with and without|compared (?:with|to)|while|whereas|but|"
    r"recipients|respectively)\b",
    re.I,
)
_OTHER = re.compile(
    r"log-?rank|adjust|\bpaired|mcnemar|trend|regress|matched|model|weighted|mixed|inferior|one-?\s?(?:sided|tailed)|surviv|kaplan|"
    r"mortality at|"
    r"cochran|mantel|generali[sz]ed|cluster|interaction|bonferroni|hazard|\bodds|\b[aciu]?(?:OR|RR|HR)\b|risk ratio|relative risk|"
    r"\bgray|cumulative|"
    r"sensitivity|specificity|accuracy|goodness|hosmer|confidence interval|\bCI\b|correlat|estimat|imput|anova|median|\bmean\b|"
    r"changes?\b|reduction|difference of|lesions|specimens?|samples|episodes|visits|cycles|eyes|teeth|hips|knees|implants|sites|"
    r"procedures|embryos|oocytes",
    re.I,
)
_SAME = re.compile(
    r"\bbaseline\b|\bbefore\b|\bpre-|\bpost-|\bfollow-?up\b|\bincreased from|\bdecreased from|\bfrom \d|"
    r"\bof (?:these|them|those|whom|which)\b|"
    r"\bafter\b[^.;]{0,30}\bafter\b|\bat \d{1,2} (?:weeks|months|years)[^.;]{0,60}\bat \d{1,2} (?:weeks|months|years)",
    re.I,
)
_OF = re.compile(
    r"\b(?:\d{1,5}|one|two|three|four|five|six|seven|eight|nine|ten|none)\s{1,2}(?:out\s)?of\s{1,2}(?:the\s{1,2}|all\s{1,2})?$",
    re.I,
)
_TRAIT = re.compile(
    r"\s{0,3}[)\],]?\s{0,3}(?:were|was|had|are|have)\s{1,3}(?:an?\s{1,3}|the\s{1,3})?([a-z-]{3,})", re.I
)
_THIRD = re.compile(r"\b(?:than|compared\s{1,3}(?:with|to))\s{1,3}(?:in|among|those|that|with|for|the)\b", re.I)
_COMPARED_WITH = re.compile(r"\b(?:than|compared|versus|vs|against|while|whereas|but)\b", re.I)
_IN_CLUSTERS = "the paper analyses clusters, whose P is larger"


@dataclass(frozen=True)
class Share:
    """A count with its percentage, or one of both, and the denominators that it may have. sure : the text gives it."""

    count: int | None
    percent: Printed
    sizes: tuple[int, ...]
    sure: bool
    start: int
    end: int
    fraction: bool = False  # both stand side by side, "24/54"


_ONE_WHOLE = 0.2  # percent, by the rounding of the two


def p_of_told_shares(paper: Paper) -> Iterator[Finding]:
    """chi2-vs-counts for a sentence with the counts and percentages of two groups and one P behind them."""
    for sentence in own_sentences(paper):
        text = sentence.text
        if not (gates.may_match(_P, text) and "%" in text):
            continue
        p = list(_P.finditer(text))
        if len(p) != 1 or _OTHER.search(text) or _SAME.search(text):
            continue
        if _STATISTIC.search(text) or of_same_patients(text.casefold()):
            continue
        shares = shares_of(text)
        if all(one.fraction for one in shares) or not (
            _COMPARED.search(text) or all(one.count is None for one in shares)
        ):
            continue  # "24/54 and 22/55" are compared as fractions; "34% of the 153" names its group
        if abs(sum(one.percent.value for one in shares) - 100) <= _ONE_WHOLE:
            continue  # "55 (72.4%) ... and 21 (27.6%)" are the parts of one group
        if len(shares) != 2 or not 0 <= p[0].start() - shares[1].end <= 160 or _others(text, shares):
            continue
        between = text[shares[1].end : p[0].start()]
        if tells_anew(between) or another_subject(between) or _two_traits(text, shares, between):
            continue
        yield from _tested(paper, sentence, shares, p[0])


def _two_traits(text: str, shares: Sequence[Share], between: str) -> bool:
    """Whether the shares are of two traits, or both of one side: "60 were women and 30 were smokers", "commoner than in controls"."""
    if _THIRD.search(between) and not _COMPARED_WITH.search(text[shares[0].end : shares[1].start]):
        return True
    said = [_TRAIT.match(text[one.end :]) for one in shares]
    return all(said) and said[0] is not None and said[1] is not None and said[0][1].casefold() != said[1][1].casefold()


def _others(text: str, shares: Sequence[Share]) -> bool:
    """Whether the sentence prints other percentages than those of the two groups."""
    return len(_ANY_PERCENT.findall(text)) != len(shares)


def shares_of(text: str) -> list[Share]:
    """The counts with percentages of a sentence, with the denominators that fit them.

    >>> [(s.count, s.sizes) for s in shares_of("12 patients (30.0%) in A (n = 40) and 20 (50.0%) in B (n = 40)")]
    [(12, (40,)), (20, (40,))]
    """
    found = sorted((*_COUNT_FIRST.finditer(text), *_SHARE_FIRST.finditer(text)), key=lambda m: m.start())
    kept: list[re.Match[str]] = []
    for match in found:
        if not kept or match.start() >= kept[-1].end():
            kept.append(match)
    spans = [match.span() for match in kept]
    sizes = [
        m for pattern in (_N, _OF_PEOPLE) for m in pattern.finditer(text)
        if not any(start <= m.start(1) < end for start, end in spans)
    ]  # fmt: skip
    listed = sorted({m.start(1): int(m[1]) for m in sizes}.items())
    return [
        share for at, match in enumerate(kept) if (share := _share(match, at, kept, [n for _, n in listed])) is not None
    ]


def _share(match: re.Match[str], at: int, kept: Sequence[re.Match[str]], sizes: Sequence[int]) -> Share | None:
    groups = match.groupdict()
    if _OF.search(match.string[max(0, match.start() - 24) : match.start()]):
        return None  # "one of 63 (1.6%)"
    percent, count = Printed.parse(match["p"]), int(match["k"]) if groups.get("k") else None
    n = groups.get("n") or groups.get("of")
    if not 0 < percent.value < 100:
        return None
    told = [int(n)] if n else [sizes[at]] if len(sizes) == len(kept) else []
    if count is None:
        if not told or percent.value * told[0] / 100 < 0:
            return None
        return Share(None, percent, (told[0],), True, *match.span())
    if told:
        if not _fits(count, told[0], percent):
            return None
        return Share(count, percent, (told[0],), True, *match.span(), fraction=bool(n))
    box = percent.interval()
    low, high = math.ceil(100 * count / box.high), math.floor(100 * count / max(box.low, 1e-9))
    possible = [one for one in range(max(low, count, 1), min(high, low + 400) + 1) if _fits(count, one, percent)]
    named = [one for one in possible if one in sizes]
    possible = named if len(set(named)) == 1 else possible
    step = max(1, len(possible) // MOST)
    some = tuple(dict.fromkeys((*possible[::step], *possible[-1:])))
    return (
        Share(count, percent, some, len(possible) == 1 and bool(named), *match.span()) if possible and count else None
    )


def _fits(count: int, n: int, percent: Printed) -> bool:
    return 0 <= count <= n and n > 0 and percent.fits(100 * count / n)


def _tables(share: Share) -> list[tuple[int, int]]:
    """With and without the event, for each denominator that the print allows."""
    found: list[tuple[int, int]] = []
    for n in share.sizes:
        if share.count is not None:
            found.append((share.count, n - share.count))
            continue
        box = share.percent.interval()
        counts = range(math.ceil(box.low * n / 100), math.floor(box.high * n / 100) + 1)
        found += [(k, n - k) for k in counts if 0 <= k <= n]
    return found


def _tested(paper: Paper, sentence: Sentence, shares: Sequence[Share], p: re.Match[str]) -> Iterator[Finding]:
    shown = p_shown(p)
    place = paper.place(*sentence.span(*p.span()))
    found: list[tuple[float, Finding]] = []
    for first, second in itertools.product(_tables(shares[0]), _tables(shares[1])):
        table = [[first[0], second[0]], [first[1], second[1]]]
        if min(sum(first), sum(second)) < FEW or min(map(sum, table)) == 0:
            return
        checked = chi2_vs_counts(table, None, shown, place=place)
        if not checked.flagged:
            yield checked
            return
        found.append((away(Printed.of(shown), list(p_values_of(table).values())), checked))
    if not found:
        return
    distance, nearest = min(found, key=lambda pair: pair[0])
    if distance < (APART if all(one.sure for one in shares) else APART_FREE):
        return
    if mentions(paper, *CLUSTERED) and (nearest.recomputed or 0) < Printed.of(shown).value:
        yield lowered(nearest, _IN_CLUSTERS)
        return
    yield replace(nearest, basis="judgement")


def away(p: Printed, values: Sequence[float]) -> float:
    """Normal deviates between the printed P and the nearest two-sided or one-sided P."""
    from scipy import special

    box = p_range(p)
    nearest: list[float] = []
    for value in [*values, *(value / 2 for value in values)]:
        inside = min(max(value, box.low), box.high)
        ends = [float(special.ndtri(min(max(x, 1e-300), 1.0) / 2)) for x in (value, inside)]
        nearest.append(abs(ends[0] - ends[1]))
    return min(nearest)


CHECKS = (p_of_told_shares,)
