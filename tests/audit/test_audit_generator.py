"""Made-up papers, clean or with one planted error: a small sample of what `make audit-generator` measures at length."""

import doctest

import generator.draft
import generator.papers
import numpy as np
import pytest
import scoring
from generator.layouts import LAYOUTS
from generator.papers import ALL_DESIGNS, make_paper, written
from generator.planting import PLANTERS, slips
from generator.rates import CLEAN, measured, table

SEED = 20
EASY = ("percent-vs-count", "chi2-vs-counts", "p-vs-statistic", "ci-vs-point", "total-vs-parts", "direction-vs-claim")


@pytest.mark.parametrize("module", [generator.draft, generator.papers, scoring], ids=lambda module: module.__name__)
def test_examples_of_the_helpers(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("design", ALL_DESIGNS)
def test_a_paper_is_the_same_when_written_again(design):
    first, again = written(7, design), written(7, design)
    assert first.prints == again.prints and first.facts == again.facts
    for _, layout in LAYOUTS.values():
        assert layout(first) == layout(again)


@pytest.mark.parametrize("rule", PLANTERS)
def test_a_planted_error_changes_its_print_and_little_else(rule):
    rng = np.random.default_rng(SEED)
    for layout in LAYOUTS:
        text, planted, draft = make_paper(rng, rule, layout)
        assert planted.rule == rule and planted.wrong in text
        assert 1 <= len(draft.overrides) <= 4
        assert any(draft.prints[key] != value for key, value in draft.overrides.items())


def test_slips_are_other_numerals():
    found = dict(slips("26.7", np.random.default_rng(1)))
    assert (
        found["2.7"] == "lost-digit" and found["27.6"] == "typing-slip" and found["2.67" if "2.67" in found else "2.7"]
    )
    assert "26.7" not in found


def test_a_sample_of_planted_errors_is_found():
    rates = measured(EASY, ["text", "markdown", "html"], 7, SEED, show=3, processes=1)
    told = "\n".join(line for rate in rates for line in rate.told)
    found, papers = sum(rate.found for rate in rates), sum(rate.papers for rate in rates)
    assert found >= 0.9 * papers, told  # 126 papers; the guide has the rates of thousands


def test_a_sample_of_clean_papers_is_left_alone():
    rates = measured([CLEAN], ["text", "markdown", "html"], 20, SEED, show=5, processes=1)
    told = "\n".join(line for rate in rates for line in rate.told)
    flagged, papers = sum(rate.papers_flagged for rate in rates), sum(rate.papers for rate in rates)
    alarms, numbers = sum(rate.alarms for rate in rates), sum(rate.numbers for rate in rates)
    assert flagged < 0.2 * papers, told
    assert alarms < 0.002 * numbers, told
    assert all(rate.checks > 0 for rate in rates)


def test_the_rates_are_a_page():
    import datetime

    rates = measured(["GRIM"], ["text"], 1, SEED, processes=1) + measured([CLEAN], ["text"], 1, SEED, processes=1)
    page = table(rates, SEED, datetime.date(2026, 1, 2))
    assert "| GRIM |" in page and "2026-01-02" in page and f"seed {SEED}" in page
