"""Spoilt texts: reading and checking never raise, hold no note of a check that broke down, and take linear time."""

import time

import numpy as np
import pytest
from generator.layouts import LAYOUTS
from generator.papers import ALL_DESIGNS, make_paper, written
from hypothesis import given, settings
from hypothesis import strategies as st

from ostealgia.audit.checking import check
from ostealgia.audit.finding import SEVERITIES
from ostealgia.errors import OstealgiaError
from ostealgia.io.documents import read_document
from ostealgia.io.documents.reading import from_text

SIGNS = (
    "\u2212", "\u00a0", "\u2009", "\u200b", "\ufeff", "\u202e", "＝", "０", "·", "±", "²", "χ", "★", "\t", "\n", "|", "<", ">", "&",
    "%", "(", ")", "[", "]", "/", "-", "–", "+", ",", ";", "<sub>", "</td>", "<!--", "$", "\\", "**", "1e309", "9" * 400,
    "0." + "0" * 300 + "1", "(n = 0)", "(n = 99999999999999999999)", "100.1%", "-5%", "0/0 (0%)", "5/0", "OR 0 (95% CI 0-0)",
    "OR -1 (95% CI 2--3)", "P = 1.7", "p < 0", "t(0) = 1, p = .5", "F(0, 0) = 0, p = 0", "r(5) = 2.0, p = .1", "χ²(0) = 3, p = .1",
    "I² = 100%", "I2 = 900%", "Q = 0, df = 0", "mean 3 (SD -1)", "∞", "𝟛", "½",
)  # fmt: skip


def sound(audit):
    """No check broke down, and every finding has its place in the text."""
    assert not [note for note in audit.notes if "could not be run" in note], audit.notes
    size = len(audit.document.text)
    for found in audit.findings:
        assert found.severity in SEVERITIES and found.message
        assert found.span is not None and 0 <= found.span[0] <= found.span[1] <= size
        found.to_dict()


def spoilt(text, rng, edits):
    """A text with some signs put in, words dropped, doubled or exchanged, digits changed."""
    parts = list(text)
    for _ in range(edits):
        at, kind = int(rng.integers(max(len(parts), 1))), int(rng.integers(5))
        if kind == 0:
            parts.insert(at, SIGNS[int(rng.integers(len(SIGNS)))])
        elif kind == 1:
            del parts[at : at + int(rng.integers(1, 60))]
        elif kind == 2:
            parts[at:at] = parts[at : at + int(rng.integers(1, 200))]
        elif kind == 3 and parts:
            at = min(at, len(parts) - 1)
            parts[at] = str(int(rng.integers(10))) if parts[at].isdigit() else parts[at]
        else:
            other = int(rng.integers(max(len(parts), 1)))
            parts[at : at + 20], parts[other : other + 20] = parts[other : other + 20], parts[at : at + 20]
    return "".join(parts)


@pytest.mark.parametrize("design", ALL_DESIGNS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_spoilt_papers_are_still_read(design, layout, tmp_path):
    rng = np.random.default_rng([3, len(design), len(layout)])
    suffix, print_out = LAYOUTS[layout]
    for round_ in range(3):
        text = spoilt(print_out(written(int(rng.integers(10**6)), design)), rng, 12 * (round_ + 1))
        path = tmp_path / f"{round_}{suffix}"
        path.write_text(text, encoding="utf-8", errors="replace")
        try:
            document = read_document(path, limits=False)
        except OstealgiaError:  # refused with a message: also an answer
            continue
        sound(check(document))


@given(st.text(max_size=400))
@settings(max_examples=60, deadline=None)
def test_any_text_is_read(text):
    sound(check(from_text(text)))


@given(
    st.lists(
        st.sampled_from((*SIGNS, " ", " of ", "95% CI", "OR ", "n", " 12", "3.4", "patients", "P = 0.03")), max_size=80
    )
)
@settings(max_examples=60, deadline=None)
def test_any_order_of_telling_signs_is_read(parts):
    sound(check(from_text("Results\n\n" + " ".join(parts))))


HARD = {
    "digits": "1", "blanks": " ", "brackets": "(", "closing": ")", "dots": "1.", "ranges": "1-", "tabs": "\t1", "lines": "\n1\n",
    "percents": "5 (5%) ", "estimates": "OR 1.2 (95% CI 1.0-1.5; P = 0.03) ", "halves": "OR 1.2 (95% CI ", "p": "P = ",
    "sizes": "(n = 12) ", "words": "patients ", "respectively": "12% and 14%, respectively, ", "tests": "t(28) = 2.20, p = .036; ",
    "stars": "★", "markup": "<sup>", "pipes": "| 1 ", "commas": "1,", "claims": "higher odds of response (OR 0.5), ", "means": "5.1 ± 2.0 ",
    "sentences": "In 80 of 102 patients (78.4%) it fell. ",
}  # fmt: skip


@pytest.mark.slow  # a clock decides: not in make test
@pytest.mark.parametrize("name", HARD)
def test_time_grows_with_the_length_only(name):
    small, large = 8_000, 48_000
    times = []
    for size in (small, large):
        text = "Results\n\n" + (HARD[name] * (size // len(HARD[name]) + 1))[:size]
        start = time.process_time()
        check(from_text(text))
        times.append(time.process_time() - start)
    # six times the length: quadratic time would be 36 times as long; processor time, with room for a busy machine
    assert times[1] < 14 * times[0] + 0.3, times


CHANGING = {
    "groups": lambda i: f"Group {i} (n = {i + 5}) had {i} responders ({100 * i / (i + 5):.0f}%). ",
    "fractions": lambda i: f"In {i} of {i + 20} patients ({70 * i / (i + 20):.1f}%) pain fell. ",
    "percentages": lambda i: f"{i % 90 + 5}% ",
    "ratios": lambda i: f"Pooled OR {i % 9 + 0.5} (95% CI {i % 9 + 0.2:.1f}-{i % 9 + 0.9:.1f}; {i % 9 + 2} studies). ",
    "flows": lambda i: f"{i + 100} were assessed, {i + 50} were excluded, {i} were enrolled, ",
    "rows": lambda i: f"Row {i}\t{i % 60} ({i % 60 * 1.7:.1f})\t{i % 50} ({i % 50 * 1.5:.1f})\t0.{i % 90 + 10}\n",
}  # fmt: skip


@pytest.mark.slow  # a clock decides: not in make test
@pytest.mark.parametrize("name", CHANGING)
def test_time_grows_with_the_count_of_different_numbers_only(name):
    head = "Table 1. Patients\n\nVariable\tA (n = 60)\tB (n = 60)\tP\n" if name == "rows" else "Results\n\n"
    times = []
    for count in (200, 1200):
        text = head + "".join(CHANGING[name](i) for i in range(count))
        start = time.process_time()
        check(from_text(text))
        times.append(time.process_time() - start)
    # six times as many: quadratic time would be 36 times as long; the room is that of the test above
    assert times[1] < 14 * times[0] + 0.3, times


@pytest.mark.slow
@pytest.mark.parametrize("part", range(30))  # 1,500 papers take minutes: in parts that show how far it is
def test_many_spoilt_papers(tmp_path, part):
    rng = np.random.default_rng([11, part])
    for number in range(50):
        layout = list(LAYOUTS)[number % len(LAYOUTS)]
        text, _, _ = make_paper(rng, None, layout)
        path = tmp_path / f"paper{LAYOUTS[layout][0]}"
        path.write_text(spoilt(text, rng, int(rng.integers(1, 200))), encoding="utf-8", errors="replace")
        try:
            document = read_document(path, limits=False)
        except OstealgiaError:
            continue
        sound(check(document))
