"""Which test gave a P: the one that its sentence or the note of its table names."""

from __future__ import annotations

import re

from ostealgia.audit.paper import Paper

_TESTS = {
    "exact": re.compile(r"\bfisc?her", re.I),
    "chi2": re.compile(r"\bchi\b|\bchi-|\bχ|\bx2\b|\bpearson(?!\s{1,2}corr)", re.I),
    "ranks": re.compile(r"\bmann|\bwilcoxon|\brank[- ]sum|\bkruskal", re.I),
    "means": re.compile(r"\bt[- ]tests?\b|\bstudent|\banova|\bwelch", re.I),
    "log-rank": re.compile(r"\blog-?rank", re.I),
}
OF_COUNTS = frozenset(("exact", "chi2"))


def kinds_named(text: str) -> frozenset[str]:
    """The kinds of tests that a text names.

    >>> sorted(kinds_named("Fisher's exact test or the chi-square test")), kinds_named("P = 0.03")
    (['chi2', 'exact'], frozenset())
    """
    return frozenset(name for name, pattern in _TESTS.items() if pattern.search(text))


_CORRECTED = re.compile(
    r"\b(?:corrected|bonferroni|holm|tukey|dunnett|fdr|multiplicity|adjusted)\b[^.;()]{0,25}$|\b(?:trend|interaction|heterogeneity)\W{0,3}$",
    re.I,
)


def is_corrected(paper: Paper, start: int) -> bool:
    """Whether the words right before a P say that it is corrected for several comparisons, or of a trend: another P."""
    return _CORRECTED.search(paper.document.plain[max(0, start - 60) : start]) is not None


def of_another_test(paper: Paper, sentence: tuple[int, int], table: int) -> bool:
    """Whether a sentence names the test of its P, and the table does not say that its P is of that one and no other of counts."""
    named = kinds_named(paper.document.plain[sentence[0] : min(sentence[1], sentence[0] + 1500)])
    if not named:
        return False
    printed = paper.document.tables[table]
    theirs = kinds_named(f"{printed.caption} {printed.note}")
    return not named <= theirs or (bool(named & OF_COUNTS) and theirs >= OF_COUNTS)
