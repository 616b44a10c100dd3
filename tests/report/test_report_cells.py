"""Cells of tables: what is seen is what was given, and points stand under points."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ostealgia.report.cells import align, clean, set_rows, true_minus, typeset, written
from ostealgia.report.content import Column, Table

DECIMAL = st.decimals(-9999, 9999, places=3).map(lambda number: f"{number.normalize():f}")


def shown(pieces) -> str:
    return "".join(text for kind, text in pieces if kind == "text")


@given(st.lists(st.text(max_size=12), max_size=8))
def test_alignment_changes_no_text(texts):
    assert [shown(pieces) for pieces in align(texts)] == texts


@given(st.lists(st.tuples(DECIMAL, DECIMAL, DECIMAL), min_size=1, max_size=8))
def test_aligned_cells_are_equally_long(rows):
    """In figures of one width equal length, from the right, is points under points."""
    texts = [f"{a} ({b} to {c})" for a, b, c in rows]
    lengths = {sum(len(text) for _, text in pieces) for pieces in align(texts)}
    assert len(lengths) == 1


def test_points_stand_under_points():
    texts = ["1", "-12.25", "0.5"]
    after = [
        len("".join(t for _, t in pieces)) - "".join(t for _, t in pieces).find(".") for pieces in align(texts)[1:]
    ]
    assert len(set(after)) == 1


def test_a_text_of_another_pattern_stays_whole():
    assert align(["1.5", "2.25", "not printed"])[2] == (("text", "not printed"),)


def test_numbers_as_written():
    assert written(-0.0001, 2) == "0.00"
    assert written(float("nan"), 2) == written(None, 2) == written("", 2) == "–"
    assert written(float("inf"), None) == "∞"
    assert written(True, None) == "yes"
    assert written(1234567.0, None) == "1,234,567"
    assert written(-1e-7, None) == "−1e−07"


def test_a_minus_is_a_minus_and_a_hyphen_a_hyphen():
    assert true_minus("-4.4 (-5.0; -3.7)") == "−4.4 (−5.0; −3.7)"
    for text in ("2459-2469", "COVID-19", "73%-83%", "p-value", "10.1007/s00256-021-03822-8", "well - 5"):
        assert true_minus(text) == text


def test_relations_stay_on_one_line():
    assert typeset("P = 0.041, k = 20") == "P\u00a0=\u00a00.041, k\u00a0=\u00a020"


@given(st.text())
def test_clean_text_has_no_control_or_direction_marks(text):
    cleaned = clean(text)
    assert not any(ord(mark) < 32 and mark not in "\n\t" for mark in cleaned)
    assert not set(cleaned) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x7f")


def test_groups_head_their_rows_and_the_total_is_last():
    table = Table(
        id="t",
        title="T",
        group_by="g",
        columns=(Column(key="s", label="S"), Column(key="g", label="G")),
        rows=({"s": "a", "g": "one"}, {"s": "b", "g": "one"}, {"s": "c", "g": "two"}),
        total={"s": "all"},
    )
    rows = set_rows(table)
    assert [row.group or row.cells[0].text for row in rows] == ["one", "a", "b", "two", "c", "all"]
    assert rows[-1].total and all(len(row.cells) <= 1 for row in rows)
