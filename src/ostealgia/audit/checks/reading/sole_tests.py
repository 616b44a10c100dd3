"""Which test a paper names for its groups: where it names one kind and no other, a P beside groups is of that test."""

from __future__ import annotations

import re

from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.paper import Paper

_T = re.compile(r"\bt[\s-]{1,3}tests?\b", re.IGNORECASE)
_OTHER_MEANS = re.compile(
    r"mann|wilcoxon|kruskal|rank[\s-]{1,3}(?:sum|test)|signed[\s-]{1,3}rank|non-?\s?parametric|u[\s-]test|\bpaired|anova|"
    r"ancova|covariance|mixed[\s-]{1,3}(?:effect|model|linear|anova)|repeated|"
    r"adjusted\s+mean|least|permutation|bootstrap|median test|imput",
    re.IGNORECASE,
)
_NO_PLAIN_T = re.compile(
    r"\bpaired|ancova|covariance|mixed[\s-]{1,3}(?:effect|model|linear|anova)|repeated[\s-]measure|least[\s-]square|adjusted\s+mean|propensity|\bweighted",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\bun(?:paired|matched|weighted)\b", re.IGNORECASE)  # words that say what a test is not
_COUNTS = re.compile(r"\bchi[\s-]{0,3}squared?\b|χ\s?2|χ²|\bfisher", re.IGNORECASE)
_OTHER_COUNTS = re.compile(
    r"mcnemar|cochran[\s-]{1,3}(?:armitage|mantel)|mantel|trend|likelihood|cluster|mixed[\s-]{1,3}(?:effect|model)|"
    r"estimating equation|matched|paired|"
    r"non-?inferior|one-?(?:sided|tailed)|bonferroni|propensity|weighted|imput|mann|wilcoxon|kruskal|exact test of|log-?linear",
    re.IGNORECASE,
)


@once
def sole_tests(paper: Paper) -> frozenset[str]:
    """Rules whose test the paper names, without any other that may stand behind a P of the same numbers."""
    return sole_in(paper.document.plain)


def sole_in(text: str) -> frozenset[str]:
    """The same for a text: the note of a table, a heading, a sentence.

    >>> sorted(sole_in("Student's t test or the chi-square test")), sole_in("t test or Mann-Whitney test")
    (['chi2-vs-counts', 't-vs-summary'], frozenset())
    """
    plain = _DENIED.sub(" ", text)
    found: list[str] = []
    if _T.search(plain) and not _OTHER_MEANS.search(plain):
        found.append("t-vs-summary")
    if _COUNTS.search(plain) and not _OTHER_COUNTS.search(plain):
        found.append("chi2-vs-counts")
    return frozenset(found)


@once
def t_tests_named(paper: Paper) -> bool:
    """Whether the paper names t tests, and no test of pairs or of adjusted means."""
    plain = paper.document.plain
    return _T.search(plain) is not None and _NO_PLAIN_T.search(plain) is None
