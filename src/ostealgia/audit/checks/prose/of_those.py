"""Percentages of those whom the same clause names: "of the 92 in the other arm, 45 (48.9%) did", "92 took part, of whom 45 (48.9%)".

Also lists whose parts carry their count and percentage in one bracket, "lung (n = 110, 30.9%), breast (n = 88, 24.7%)": where all but
one of three or more percentages are those of one number that the paragraph prints, or of the sum of the counts, it is that of all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.prose.percents import NOT_SHARES, ROUGH
from ostealgia.audit.checks.reading.over_time import ESTIMATED, over_time
from ostealgia.audit.checks.reading.premises import lowered
from ostealgia.audit.checks.reading.text import COUNT, COUNT_PATTERN, Sentence, loose, sentences_with
from ostealgia.audit.checks.reading.words import spelled
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.percents import percent_vs_count
from ostealgia.numerics.intervals import Interval, Printed

_P = r"(?P<p>\d{1,3}(?:\.\d{1,3})?)\s?%"
_K = rf"(?<![\w.,\-/<>≥≤±])(?P<k>{COUNT})\s(?:[a-z]+\s){{0,2}}?[(\[]\s?{_P}\s?[)\]]"
_FREE = r"[^.;:()\[\]\d%]"
_FORMS = (
    loose(rf"(?:^|[.;:,(]\s?|\b(?:and|while|whereas|but|with|as)\s)(?:(?:out\s)?(?:of|among)|in(?=\sthe\s))\s(?:the\s|these\s|"
        rf"our\s|all\s|all\sthe\s)?(?:remaining\s|other\s)?(?P<n>{COUNT})\b"
          rf"(?P<gap>{_FREE}{{0,110}}?),?\s{_K}"),
    loose(rf"[(\[]\s?n\s?=\s?(?P<n>\d{{1,3}}(?:,\d{{3}})+|\d{{1,6}})\s?[)\]],?\s(?P<gap>){_K}"),
    loose(rf"(?<![\w.,\-/<>≥≤±])(?P<n>{COUNT})\s(?P<gap>{_FREE}{{3,80}}?),\s(?:of|among)\s(?:whom|"
        rf"which)\s(?:only\s)?{_K}"),
)  # fmt: skip
_CHANGED = re.compile(
    r"\b(?:reduc|decreas|increas|improv|higher|lower|more|less|change|differ|CI\b|confidence|respectively|each|"
    r"both|of (?:whom|which|these|those))",
    re.I,
)
_WHOLE = re.compile(r"(?<![\w.,/])(?:\d{1,3}(?:,\d{3})+|\d{2,6})(?![\w]|[.,]\d|\s?%)")
_GRADED = re.compile(
    r"\b(?:grades?|stages?|class|types?|scores?|levels?|weeks?|months?|days?|years?|aged?)\s{1,2}$", re.I
)
_NO_WHOLE = re.compile(
    r"\s?(?:[a-z-]+\s)?(?:days?|weeks?|months?|years?|hours?|minutes?|cent(?:re|er)s|hospitals|clinics|countries|sites|"
    r"cities|regions|studies|trials|articles|groups|arms|cases per)\b",
    re.I,
)
_MISSING = re.compile(
    r"\b(?:missing|unknown|unavailable|incomplete|withdrew|lost to|declined|"
    r"(?:not|no|without|never|n['’]t)\b[^.;]{0,40}\b(?:known|available|recorded|stated|reported|answer\w*|data|taken|"
    r"measured|tested|assessed|examined|evaluable|information|respond|complete\w*))\b",
    re.I,
)  # of those with data
_OF_OTHERS = re.compile(r"\s{1,3}(?:of|among)\s", re.I)  # "61 (67.0%) of the evaluable ones"
_SHARE = re.compile(
    r"[(\[]\s{0,2}n\s?=\s?(?P<k>\d{1,6})\s{0,2}[,;:]\s{0,2}(?P<p>\d{1,3}(?:\.\d{1,3})?)\s?%\s{0,2}[)\]]"
)
_PERCENT = re.compile("%")


def of_those(paper: Paper) -> Iterator[Finding]:
    """percent-vs-count for a percentage of those whom the clause names."""
    for sentence in sentences_with(paper.document, *_FORMS):
        if sentence.section == "introduction" or "%" not in sentence.text:
            continue
        taken: set[int] = set()
        for match in (m for form in _FORMS for m in form.finditer(sentence.text)):
            if match.start("p") in taken or not _clear(match):
                continue
            taken.add(match.start("p"))
            yield from _checked(paper, sentence, match)


def _clear(match: re.Match[str]) -> bool:
    words = f"{match['gap']} {match[0][match.start('k') - match.start() :]}"
    told = match["gap"].casefold().split()
    low = frozenset(told)
    return not (
        _NO_WHOLE.match(match["gap"])
        or _CHANGED.search(words)
        or NOT_SHARES & low
        or (told and told[-1] in ROUGH)
        or _GRADED.search(match.string, max(0, match.start("k") - 10), match.start("k"))
        or _OF_OTHERS.match(match.string, match.end())
    )


def _checked(paper: Paper, sentence: Sentence, match: re.Match[str]) -> Iterator[Finding]:
    k, n = spelled(match["k"]), spelled(match["n"])
    if k is None or n is None or n < 2 or not 0 < k < n:
        return
    found = percent_vs_count(k, match["p"], n, place=paper.place(*sentence.span(match.start(), match.end())))
    if found.flagged and (_of_another(paper, sentence, match, k, n) or _beside_misfit(sentence, match, n)):
        return
    printed = Printed.parse(match["p"])
    if found.flagged and found.recomputed is not None and over_time(paper, printed, found.recomputed):
        found = lowered(found, ESTIMATED)
    yield found


def _of_another(paper: Paper, sentence: Sentence, match: re.Match[str], k: int, n: int) -> bool:
    """Whether the percentage is that of another number of the paragraph ("of the 92 survivors, 12 (8%)" of all 150)."""
    block = paper.document.block_at(sentence.start)
    start, end = (block.start, block.end) if block is not None else (sentence.start, sentence.end)
    plain = paper.document.plain[max(start, sentence.start - 1500) : min(end, sentence.end + 500)]
    printed = Printed.parse(match["p"])
    if _of_a_common_one(plain, k, printed, n):
        return True
    others = {int(m[0].replace(",", "")) for m in _WHOLE.finditer(plain)} - {n, k}
    if _MISSING.search(plain):
        others |= {n - few for m in COUNT_PATTERN.finditer(plain) if (few := spelled(m[1])) and few < n / 2} - {n, k}
    return any(other > k and printed.allows(Interval(100 * k / other, 100 * k / other)) for other in others)


_AROUND = loose(rf"(?<![\w.,\-/<>≥≤±])(?P<k>{COUNT})\s(?:[a-z]+\s)?[(\[]\s?{_P}\s?[)\]]")
_BESIDE = re.compile(
    r"(?<![\w.,/])(?P<k>\d{1,6})\s{1,3}(?:[a-z]+\s{1,3})?[(\[]\s?(?P<p>\d{1,3}(?:\.\d{1,3})?)\s?%\s?[)\]]", re.I
)


def _beside_misfit(sentence: Sentence, match: re.Match[str], n: int) -> bool:
    """Whether another percentage of the same clause is not one of n, either: all are of another number."""
    end = sentence.text.find(";", match.end())
    for other in _BESIDE.finditer(sentence.text, match.end(), end if end >= 0 else len(sentence.text)):
        k = int(other["k"])
        if 0 < k < n and not Printed.parse(other["p"]).allows(Interval(100 * k / n, 100 * k / n)):
            return True
    return False


def _of_a_common_one(plain: str, k: int, printed: Printed, n: int) -> bool:
    """Whether two other percentages of the paragraph are of one number, not n, which would be that of this one, too."""
    shares = [(spelled(m["k"]), Printed.parse(m["p"])) for m in _AROUND.finditer(plain)]
    others = [(other, share) for other, share in shares if other and other != k]
    low, high = printed.value - printed.unit / 2, printed.value + printed.unit / 2
    for whole in range(int(100 * k / high), int(100 * k / low) + 2 if low > 0 else 0):
        if whole == n or whole < k:
            continue
        if (
            sum(
                1
                for other, share in others
                if other <= whole and share.allows(Interval(100 * other / whole, 100 * other / whole))
            )
            >= 2
        ):
            return True
    return False


def shares_in_brackets(paper: Paper) -> Iterator[Finding]:
    """percent-vs-count for a list of "(n = 110, 30.9%)" whose denominator the others give."""
    for sentence in sentences_with(paper.document, _SHARE):
        told = [m for m in _SHARE.finditer(sentence.text) if not _OF_OTHERS.match(sentence.text, m.end())]
        shares = [(int(m["k"]), Printed.parse(m["p"]), m) for m in told]
        if len(shares) < 3:
            continue
        for n in _wholes(paper, sentence, [k for k, _, _ in shares]):
            fits = [printed.allows(Interval(100 * k / n, 100 * k / n)) for k, printed, _ in shares]
            if sum(fits) < max(2, len(shares) - 1):
                continue
            for k, printed, match in shares:
                yield percent_vs_count(k, printed.text, n, place=paper.place(*sentence.span(*match.span())))
            break


def _wholes(paper: Paper, sentence: Sentence, counts: list[int]) -> list[int]:
    """The sum of the counts, then the whole numbers of the paragraph."""
    block = paper.document.block_at(sentence.start)
    start = max(block.start if block is not None else 0, sentence.start - 1500)
    plain = paper.document.plain[start : sentence.end]
    found = [int(m[0].replace(",", "")) for m in _WHOLE.finditer(plain)]
    return [n for n in dict.fromkeys([sum(counts), *found]) if n >= max(counts) and n > 1]


def shares_beside(paper: Paper) -> Iterator[Finding]:
    """percent-vs-count for the one of three or more "71 (74.0%)" of a sentence that is not of the number which the others are of."""
    for sentence in sentences_with(paper.document, _BESIDE):
        if sentence.section == "introduction" or _CHANGED.search(sentence.text):
            continue
        shares = [(int(m["k"]), Printed.parse(m["p"]), m) for m in _BESIDE.finditer(sentence.text)]
        if len(shares) < 3 or sum(printed.decimals > 0 for _, printed, _ in shares) < len(shares):
            continue
        for n in _named(paper, sentence, max(k for k, _, _ in shares)):
            off = [one for one in shares if not one[1].allows(Interval(100 * one[0] / n, 100 * one[0] / n))]
            if len(off) == 1 and len(shares) - 1 >= 2 and len({k for k, _, _ in shares}) == len(shares):
                k, printed, match = off[0]
                if not _of_another(paper, sentence, match, k, n):
                    yield percent_vs_count(k, printed.text, n, place=paper.place(*sentence.span(*match.span())))
                break


def _named(paper: Paper, sentence: Sentence, least: int) -> list[int]:
    """The whole numbers of the sentence and the one before it, in digits or words, that may be the denominator."""
    block = paper.document.block_at(sentence.start)
    start = max(block.start if block is not None else 0, sentence.start - 250)
    found = [spelled(m[1]) for m in COUNT_PATTERN.finditer(paper.document.plain[start : sentence.end])]
    return [n for n in dict.fromkeys(found) if n is not None and n > least]


CHECKS = (of_those, shares_in_brackets, shares_beside)
