"""r_script(): what is written, and that nothing of a table is run as code."""

from __future__ import annotations

import re

import numpy as np
import pytest

from ostealgia.errors import OptionError
from ostealgia.meta import bayes, egger, leave_one_out, pool, r_script, register_r_script, subgroup
from ostealgia.meta.r_script_text import Script, r_comment, r_frame, r_number, r_string, r_vector
from ostealgia.meta.r_script_writer import WRITERS

COUNTS = {
    "study": ["A", 'B"); system("rm -rf x', "C\\", "Müller\n# x"], "events_1": [3, 5, 0, 8], "n_1": [20, 30, 15, 40],
    "events_2": [6, 9, 4, 12], "n_2": [21, 28, 16, 41], "site": ["a", "a", "b", "b"],
}  # fmt: skip
BARE = re.compile(r'"(?:[^"\\\n]|\\.)*"|#[^\n]*')


def code(text):
    """The script without its strings and comments."""
    return BARE.sub("", text)


def test_labels_stay_inside_their_quotes():
    text = r_script(pool(COUNTS, measure="OR"))
    assert "system" in text
    assert "system" not in code(text)
    assert text.isascii()
    assert "\\u{fc}ller" in text


@pytest.mark.parametrize("value", ['a"b', "a\\", "a\nb", "é", "\u2028", "𝛕", "\x00", "'", "%s", "`x`"])
def test_strings_are_ascii_and_closed(value):
    written = r_string(value)
    assert written.isascii()
    assert written.isprintable()
    assert BARE.fullmatch(written)


def test_comments_cannot_be_left():
    assert all(line.startswith("#") for line in r_comment("one\nstop()\r\u2028two " * 30).splitlines())


def test_numbers_keep_their_digits():
    values = [0.1, 1 / 3, 1e-300, 1e300, -2.0, np.float64(3), 12345678901234567.0]
    assert [float(r_number(value)) for value in values] == [float(value) for value in values]
    assert r_vector([1.0, None, True, "x", float("nan")]) == 'c(1, NA, TRUE, "x", NA)'
    assert max(map(len, r_frame("d", {"x": np.random.default_rng(1).normal(size=50)}).splitlines())) < 125


def test_a_check_is_left_out_where_there_is_no_number():
    script = Script("x")
    script.check("nothing", "fit$x", float("nan"))
    assert not script.lines


def test_the_script_is_written(tmp_path):
    fit = pool(COUNTS, measure="RR", model="MH")
    path = tmp_path / "pool.R"
    text = r_script(fit, path)
    assert path.read_text(encoding="utf-8") == text
    assert "rma.mh" in text
    assert text.count("stopifnot") >= 4


def test_subgroups_sets_and_bayes_have_writers():
    fit = pool(COUNTS, measure="OR")
    assert 'dat$group == "b"' in r_script(subgroup(COUNTS, by="site", measure="OR", ci="z"))
    assert "rows[[i]]" in r_script(leave_one_out(fit))
    text = r_script(bayes(COUNTS, measure="OR", tau_prior="half-normal(0.5)", mean_prior=(0, 4)))
    assert "bayesmeta(" in text
    assert "mu.prior = c(0, 4)" in text


def test_a_class_can_be_registered():
    class Own:
        pass

    register_r_script(Own, lambda result: "x <- 1\n")
    assert r_script(Own()) == "x <- 1\n"
    del WRITERS["Own"]


def test_what_has_no_counterpart_is_refused_with_the_reason():
    with pytest.raises(OptionError, match="EggerResult"):
        r_script(egger({"estimate": [0.1, 0.2, 0.4], "std_error": [0.1, 0.2, 0.3]}))
    with pytest.raises(OptionError, match="rd_variance"):
        r_script(pool(COUNTS, measure="RD", model="MH", rd_variance="greenland"))


def test_increments_that_escalc_does_not_have_leave_the_effects_as_given():
    text = r_script(pool(COUNTS, measure="OR"))
    assert "escalc" in text
    from ostealgia.effects import compute

    other = r_script(pool(compute(COUNTS, measure="OR", increment="TACC")))
    assert "escalc" not in other
    assert "yi = c(" in other
