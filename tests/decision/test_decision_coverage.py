"""The overview of therapies: every rule sentence has its rule, or a reason."""

from __future__ import annotations

from pathlib import Path

from ostealgia.decision import overview_coverage, rule_set
from ostealgia.decision.coverage import coverage_table, sentences

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "overview-coverage.md"


def test_every_sentence_has_a_rule_or_a_reason():
    rules = rule_set().rules
    found = sentences()
    assert len({(one.line, one.sentence) for one in found}) == len(found)
    for one in found:
        assert one.rules or one.why_not, one
        assert set(one.rules) <= set(rules), one
    assert [(one.line, one.sentence) for one in found] == sorted((one.line, one.sentence) for one in found)


def test_every_rule_that_cites_the_overview_is_in_the_table():
    cited = {rule.id for rule in rule_set().rules.values() if "overview2023" in {source.id for source in rule.sources}}
    named = {name for one in sentences() for name in one.rules}
    assert cited <= named


def test_the_paragraphs_with_rules_are_all_there():
    # lines of the text that hold treatment rules, read by hand
    assert {24, 33, 37, 40, 44, 50, 54, 58, 61, 63, 65, 67, 71, 73, 76} <= {one.line for one in sentences()}


def test_the_guide_shows_the_table():
    assert coverage_table() in GUIDE.read_text(encoding="utf-8")
    assert len(overview_coverage()) == len(sentences())
