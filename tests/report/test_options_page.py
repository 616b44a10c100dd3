"""The page of one patient: self-contained, escaped, emergencies first."""

from __future__ import annotations

import re

import pytest

from ostealgia.decision import example_patients, options
from ostealgia.errors import OptionError
from ostealgia.report import options_page

EXAMPLES = example_patients()
PAGES = {name: options_page(options(patient)) for name, patient in EXAMPLES.items()}


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_page_is_whole_and_quiet(name):
    page = PAGES[name]
    assert "<script" not in page and "default-src 'none'" in page
    assert not re.search(r'(?:src|href)="(?!https://|#|data:)', page)
    assert "not a medical device" in page and "recommended" not in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_an_emergency_has_no_table():
    page = PAGES["emergency-now"]
    assert "Emergency, now" in page and "<table" not in page


def test_urgent_findings_stand_above_the_table():
    page = PAGES["urgent"]
    assert page.index('id="urgent"') < page.index("<table")
    assert "After the urgent assessment" in page


def test_every_rule_of_an_option_shows_source_and_check_status():
    found = options(EXAMPLES["radium"])
    page = options_page(found)
    for option in found.options:
        for one in option.because:
            if one.rule.role == "criterion":
                assert one.rule.id in page
    assert "read in the source" in page and "remembered" in page
    assert "https://doi.org/10.1016/j.prro.2024.04.018" in page


def test_randomised_comparisons_stand_apart():
    page = PAGES["spine-sbrt"]
    assert "Randomised comparisons" in page and "Without a randomised comparison" in page


def test_the_same_answer_gives_the_same_bytes():
    assert options_page(options(EXAMPLES["typical"])) == PAGES["typical"]


def test_the_page_escapes_what_it_is_given():
    def hostile(therapy):
        return ({"kind": "single arm", "outcome": "<img src=x>", "per_100": 50.0, "k": 1, "n": 10, "source": "<b>"},)

    page = options_page(options(EXAMPLES["typical"], expected=hostile))
    assert "<img" not in page and "&lt;img src=x&gt;" in page


def test_only_options_are_set():
    with pytest.raises(OptionError, match="found is a dict"):
        options_page({})
