"""A gate only says what must be there: wherever a pattern matches, the words that it needs stand in the text."""

import re
from importlib import import_module
from pkgutil import walk_packages

import numpy as np
import pytest
from generator.papers import make_paper
from hypothesis import given, settings
from hypothesis import strategies as st

from ostealgia.audit import checks
from ostealgia.audit.checks.reading.text import sentences, sentences_with
from ostealgia.io.documents import gates
from ostealgia.io.documents.reading import from_text

LEAVES = (
    "a",
    "ab",
    "B",
    "k",
    "s",
    "i",
    "1",
    r"\d",
    "[ab]",
    "[a-c]",
    "[^a]",
    ".",
    r"\s",
    " ",
    "±",
    "é",
    r"\b",
    r"\\",
    "^",
    "$",
)
PATTERNS = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(("?", "*", "+", "{2}", "{0,2}", "{1,3}?"))).map(
            lambda it: f"(?:{it[0]}){it[1]}"
        ),
        inner.map(lambda one: f"({one})"),
        inner.map(lambda one: f"(?={one})"),
        inner.map(lambda one: f"(?!{one})"),
        inner.map(lambda one: f"(?i:{one})"),
    ),
    max_leaves=6,
)
# letters that ignoring case takes for others are among them: a dotless i, a long s, the sign of Kelvin
TEXTS = st.text(alphabet="abcABksiKSI1 2±éÉıİſ\u212a\\\n", max_size=12)


@settings(max_examples=400, deadline=None)
@given(PATTERNS, TEXTS, st.sampled_from((0, re.IGNORECASE)))
def test_a_gate_is_necessary_for_its_pattern(pattern, text, flags):
    compiled = re.compile(pattern, flags)
    if compiled.search(text):
        assert gates.may_match(compiled, text), gates.needed(compiled)
    assert [match.span() for match in gates.finditer(compiled, text)] == [m.span() for m in compiled.finditer(text)]


def all_patterns():
    """The patterns of the checks' modules."""
    found = {}
    for info in walk_packages(checks.__path__, f"{checks.__name__}."):
        for value in vars(import_module(info.name)).values():
            listed = value if isinstance(value, tuple) else (value,)
            found |= {id(one): one for one in listed if isinstance(one, re.Pattern)}
    return list(found.values())


@pytest.mark.parametrize("rule", [None, "scale-bound", "pooled-vs-studies"])
def test_no_sentence_that_a_check_reads_is_left_out(rule):
    text, _, _ = make_paper(np.random.default_rng(11), rule, "text")
    paper = from_text(text)
    patterns = all_patterns()
    assert len(patterns) > 400  # all modules are seen
    for pattern in patterns:
        kept = {one.start for one in sentences_with(paper, pattern)}
        assert {one.start for one in sentences(paper) if pattern.search(one.text)} <= kept, pattern.pattern
        assert pattern.search(paper.plain) is None or gates.may_match(pattern, paper.plain), pattern.pattern


@pytest.mark.parametrize(
    "pattern, rare, common",
    [
        (r"\b(?:men|women)\s{1,4}(?:died|survived)\b", {"died", "survived"}, {"men"}),  # "women" holds "men"
        (r"analy[sz]ed (?:by )?arm", {"analysed arm", "analysed by arm", "analyzed arm", "analyzed by arm"}, None),
        (r"(?<![\d.])\d{2,4}\s?%", {gates.DIGIT}, {"%"}),
    ],
)  # fmt: skip
def test_words_of_a_pattern_the_rarest_first(pattern, rare, common):
    found = gates.needed(re.compile(pattern, re.I))
    assert found[0] == rare
    assert common is None or found[1] == common


@pytest.mark.parametrize("pattern", ["x?", r"\w+", "a|", "(?!men)", r"[^\d]", "é"])
def test_a_pattern_that_needs_nothing_has_no_gate(pattern):
    assert gates.needed(re.compile(pattern)) == ()


def test_a_text_in_lower_case_keeps_its_length():
    text = "İzmir KPS ſ \u212a ı Ω ß É"
    assert len(gates.folded(text)) == len(text)
    assert gates.folded(text).startswith("izmir kps s k i")
