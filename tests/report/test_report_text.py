"""The claims in a terminal: one table, plain, as wide as asked."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_sample import CLAIMS

from ostealgia.report import claims_text
from ostealgia.report.content import CLAIM_VERDICTS, ClaimRow
from ostealgia.report.text import columns_of

GROUPED = [
    *(dataclasses.replace(claim, project="mrgfus") for claim in CLAIMS),
    dataclasses.replace(CLAIMS[0], project="cryoablation"),
]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_table_as_printed(width, snapshot):
    assert claims_text(GROUPED, width) == snapshot


@pytest.mark.parametrize("width", [60, 72, 80, 100, 160])
def test_no_line_is_wider_than_asked(width):
    assert max(columns_of(line) for line in claims_text(GROUPED, width).splitlines()) <= width


def test_projects_stand_in_their_order():
    text = claims_text(GROUPED, 100)
    assert text.index("mrgfus") < text.index("cryoablation")
    assert text.endswith("9 claims: 5 reproduced, 1 rounding, 1 differs, 2 cannot be computed\n")


def test_signs_are_ascii():
    claim = ClaimRow(id="a", claim="grade ≥ 3", published="−4.4 (−5.0; −3.7)", recomputed="", verdict="differs")
    text = claims_text([claim], 80)
    assert text.isascii() and "-4.4 (-5.0; -3.7)" in text and "grade >= 3" in text


def test_escape_sequences_of_a_label_do_not_reach_the_terminal():
    claim = ClaimRow(id="a", claim="x\x1b[2J\x07\u202e", published="1", recomputed="1", verdict="reproduced")
    assert not {"\x1b", "\x07", "\u202e"} & set(claims_text([claim], 80))


def test_no_claims():
    assert claims_text([], 80) == "0 claims: none\n"


@given(
    st.lists(
        st.builds(
            ClaimRow,
            id=st.just("a"),
            claim=st.text(max_size=60),
            published=st.text(max_size=30),
            recomputed=st.text(max_size=30),
            verdict=st.sampled_from(list(CLAIM_VERDICTS)),
        ),
        max_size=4,
    ),
    st.integers(60, 140),
)
def test_any_text_fits(claims, width):
    assert max(columns_of(line) for line in claims_text(claims, width).splitlines()) <= width
