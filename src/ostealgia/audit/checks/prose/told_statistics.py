"""p-vs-statistic for statistics told in words, each with its P behind it.

"H = 7.21, df = 2", "F = 8.21 with 2 and 117 degrees of freedom", "chi-square 14.2 on 3 degrees of freedom", "r = -0.62 in 48 patients".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.prose.told_tests import own_sentences, p_shown
from ostealgia.audit.checks.reading.figures import mentions
from ostealgia.audit.checks.reading.nouns import PEOPLE
from ostealgia.audit.checks.reading.premises import away
from ostealgia.audit.checks.reading.text import Sentence, loose
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.p_values import p_vs_statistic
from ostealgia.io.documents import gates

FAR = 0.5  # normal deviates: a few patients may have no value
_X = r"(?P<x>\d{1,4}\.\d{1,4})"
_PV = r"p(?:\s?-?\s?values?)?\s?(?:(?P<rel>[=<>≤≥])|of|was|:)\s?(?P<p>0?\.\d{1,6})(?!\d)"
_GAP = r"\s?[)\]]?\s?[,;]?\s?(?:and\s|with\s|giving\s|which\sgave\s)?(?:an?\s)?[(\[]?\s?"
_DF = r"(?:degrees?\sof\sfreedom|df|d\.f\.)"
# "Kruskal-Wallis H=7.21, df=2, p=.715", "H(2) = 7.21, P = 0.7"
_H = loose(
    rf"(?<![\w.])H\s?(?:[(\[]\s?(?:df\s?=\s?)?(?P<df1>\d{{1,2}})\s?[)\]]\s?)?=\s?{_X}\s?(?:[,;]\s?{_DF}\s?[=:]?\s?(?P<df2>\d{{1,2}}))?{_GAP}{_PV}"
)
_F = loose(
    rf"(?<![\w.])F\s?(?:=|of|was)?\s?{_X}\s?[,;(]?\s?(?:with|on)\s(?P<a>\d{{1,3}})\s?(?:and|,)\s?(?P<b>\d{{1,5}})\s{_DF}{_GAP}{_PV}"
)
_CHI = loose(
    rf"\b(?:chi\W?squared?|χ\s?[2²])(?:\s(?:statistic|value|test))?\s?(?:=|of|was)?\s?{_X}\s?[,;(]?\s?(?:with|on)\s(?P<a>\d{{1,3}})\s{_DF}{_GAP}{_PV}"
)
_R = loose(rf"(?<![\w.])r\s?=\s?[-−–]?\s?(?P<x>0?\.\d{{2,4}}){_GAP}{_PV}")
_N = loose(
    rf"\b(?:in|of|among)\s(?:the\s|all\s|these\s)?(\d{{1,5}})\s(?:[a-z-]+\s){{0,2}}?{PEOPLE}\b|(?<![A-Za-z])n\s?=\s?(\d{{1,5}})(?![\d.])"
)
_KRUSKAL = re.compile(r"kruskal", re.I)
_NO_R = re.compile(
    r"spearman|rho\b|kendall|weighted|repeated|\b(?:eyes|knees|hips|teeth|visits|measurements|scans|samples|lesions|pairs|half|subset|subgroup)\b|partial|adjust|intraclass|\bICC\b|regress|multiple|rank|log|one-?\s?(?:sided|tailed)",
    re.I,
)
_RANKS = ("spearman", "kendall", "rank correlation", "partial correlation")
_CORRECTED = re.compile(
    r"bonferroni|adjusted p|corrected p|one-?\s?(?:sided|tailed)|permut|bootstrap|huynh|greenhouse|geisser|yates|holm\b|fdr\b",
    re.I,
)


def p_of_told_statistics(paper: Paper) -> Iterator[Finding]:
    """Does the P follow from a statistic whose degrees of freedom are told in words?"""
    for sentence in own_sentences(paper):
        text = sentence.text
        if not gates.may_match(_PLAIN_P, text) or _CORRECTED.search(text):
            continue
        if _KRUSKAL.search(text):
            for match in _H.finditer(text):
                df = match["df1"] or match["df2"]
                if df:
                    yield _checked(paper, sentence, match, "chi2", [float(df)])
        for match in _F.finditer(text):
            yield _checked(paper, sentence, match, "F", [float(match["a"]), float(match["b"])])
        for match in _CHI.finditer(text):
            yield _checked(paper, sentence, match, "chi2", [float(match["a"])])
        yield from _correlations(paper, sentence)


_PLAIN_P = loose(r"\bp(?:\s?-?\s?values?)?\s?(?:[=<>≤≥]|of|was|:)\s?0?\.\d")


def _correlations(paper: Paper, sentence: Sentence) -> Iterator[Finding]:
    """One r of one stated number of persons."""
    found, sizes = list(_R.finditer(sentence.text)), list(_N.finditer(sentence.text))
    if len(found) != 1 or len(sizes) != 1 or _NO_R.search(sentence.text) or mentions(paper, *_RANKS):
        return
    n = int(sizes[0][1] or sizes[0][2])
    if n > 4 and 0 < float(found[0]["x"]) < 1:
        checked = _checked(paper, sentence, found[0], "r", [float(n - 2)])
        if not checked.flagged or away(checked) >= FAR:
            yield checked


def _checked(paper: Paper, sentence: Sentence, match: re.Match[str], test: str, df: list[float]) -> Finding:
    place = paper.place(*sentence.span(match.start(), match.end()))
    return p_vs_statistic(test, match["x"], df, p_shown(match), place=place)


CHECKS = (p_of_told_statistics,)
