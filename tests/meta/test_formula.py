"""The grammar of formulas, their designs, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from ostealgia.errors import OptionError, OstealgiaError, TableError
from ostealgia.meta import regress
from ostealgia.numerics.splines import natural_spline, spline_columns
from ostealgia.tables.formula import FUNCTIONS, Formula, parse_formula
from ostealgia.tables.formula_design import grid_of, recipe_of, take_columns

NS3 = [
    [0.285600986700, -1.060803664887, 0.775202678186],
    [-0.030714132354, 0.116938205888, -0.085454842764],
    [0.234715740759, 0.361348516063, 0.397591758215],
    [-2.608655616943, 1.117863720074, 2.490791896869],
]
SITES = {
    "dose": np.array([1.0, 2.0, 4.0, 3.0, 5.0, 7.0]),
    "site": np.array(["b", "a", "c", "a", "b", "c"]),
    "arm": np.array([2, 10, 2, 10, 2, 10]),
}


def names(text):
    return recipe_of(parse_formula(text), SITES).names


def matrix(text):
    recipe = recipe_of(parse_formula(text), SITES)
    return recipe.matrix(SITES, 6)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("~ a + b", "~ a + b"),
        ("a", "~ a"),
        ("~1", "~ 1"),
        ("~ a * b * c", "~ a + b + c + a:b + a:c + b:c + a:b:c"),
        ("~ a:b + a", "~ a + a:b"),
        ("~ b:a + a + b", "~ a + b + b:a"),
        ("~ a + a + a:a", "~ a"),
        ("~ factor( a ) - 1", "~ factor(a) - 1"),
        ("~ 0 + a", "~ a - 1"),
        ("~ a - 1 + 1", "~ a"),
        ("~ ns(a, df = 3) + I(b^2)", "~ ns(a, 3) + I(b^2)"),
        ("~ `pain score 0-10` + Größe", "~ `pain score 0-10` + Größe"),
    ],
)
def test_what_is_read(text, read):
    assert str(parse_formula(text)) == read


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no term"),
        ("~", "no term"),
        ("~ 0", "neither an intercept nor a moderator"),
        ("~ a +", "the formula ends where a column is expected"),
        ("~ a b", "is expected, found 'b'"),
        ("~ a - b", "only the intercept can be subtracted"),
        ("~ 2", "2 is not a column"),
        ("~ facto(a)", "Did you mean 'factor'"),
        ("~ log(a)", r"log\(\) is not a function"),
        ("~ I(a)", r"'\^' is expected"),
        ("~ I(a^1)", "whole number from 2 to 6"),
        ("~ I(a^2.5)", "whole number"),
        ("~ ns(a)", "',' is expected"),
        ("~ ns(a, 0)", "whole number from 1 to 20"),
        ("~ factor()", "needs a column"),
        ("~ factor(a", r"'\)' is expected"),
        ("~ (a + b)", r"'\(' stands where a column is expected"),
        ("~ a; b", "';' is not part of a formula"),
        ("~ ` `", "no name between the backticks"),
        ("~ __import__('os').system('true')", "is not part of a formula"),
        ("~ " + " * ".join("abcdefgh"), "more than six"),
        ("~ " + "a" * 3000, "2000 are allowed"),
    ],
)
def test_what_is_refused_says_where_and_what_is_allowed(text, says):
    with pytest.raises(OptionError, match=says):
        parse_formula(text)


@given(st.text(alphabet="abns I1023+-*:(),^~`factor.=[]'\"_", max_size=40))
def test_any_text_is_read_or_refused(text):
    """Never a traceback of another kind; what was read is read the same again."""
    try:
        found = parse_formula(text)
    except OptionError:
        return
    assert isinstance(found, Formula)
    assert parse_formula(str(found)) == found


def test_nothing_is_evaluated():
    import inspect

    from ostealgia.tables import formula, formula_design

    code = inspect.getsource(formula) + inspect.getsource(formula_design)
    assert not any(word in code for word in ("eval(", "exec(", "__import__", "importlib"))
    assert FUNCTIONS == ("factor", "ns", "I")


def test_treatment_contrasts_and_their_names():
    assert names("~ site") == ("intercept", "siteb", "sitec")
    assert names("~ factor(arm)") == ("intercept", "factor(arm)10")  # numbers by size: 2 before 10
    assert names("~ factor(site) - 1") == ("factor(site)a", "factor(site)b", "factor(site)c")
    assert names("~ factor(site) + factor(arm) - 1") == (
        "factor(site)a",
        "factor(site)b",
        "factor(site)c",
        "factor(arm)10",
    )
    assert names("~ dose * site")[-2:] == ("dose:siteb", "dose:sitec")
    assert names("~ dose:site") == ("intercept", "dose:sitea", "dose:siteb", "dose:sitec")  # a slope a level
    assert_array_equal(matrix("~ site")[:, 1], [1, 0, 0, 0, 1, 0])
    assert_allclose(matrix("~ dose * factor(arm)")[:, 3], SITES["dose"] * (SITES["arm"] == 10))


def test_factor_by_factor_columns_run_through_the_first_factor_first():
    """As in R: model.matrix(~ site * arm)."""
    assert names("~ site * factor(arm)")[-2:] == ("siteb:factor(arm)10", "sitec:factor(arm)10")


def test_natural_spline_is_that_of_r():
    """splines::ns(x, 3) of R 4.2.2 at x below, inside and above the data; 1e-11 because the values are typed to twelve digits."""
    x = np.array([1948, 1949, 1960, 1977, 1973, 1953, 1973, 1980, 1968, 1961, 1974, 1969, 1976], dtype=float)
    spline = natural_spline(x, 3)
    assert_allclose(spline.knots, (1961.0, 1973.0))
    assert_allclose(spline_columns(spline, np.array([1930.0, 1950.0, 1977.0, 2000.0])), NS3, atol=1e-11)


def test_predictions_use_the_levels_and_knots_of_the_fit():
    recipe = recipe_of(parse_formula("~ ns(dose, 2) * site"), SITES)
    whole = recipe.matrix(SITES, 6)
    rows, k = grid_of(recipe, SITES, {"dose": SITES["dose"][2:3], "site": "c"})
    assert k == 1
    assert_allclose(recipe.matrix(rows, 1)[0], whole[2])
    with pytest.raises(TableError, match="a level that the fit has not seen"):
        recipe.matrix({"dose": [1.0], "site": ["d"]}, 1)
    with pytest.raises(TableError, match="new values need the column 'site'"):
        grid_of(recipe, SITES, {"dose": [1.0]})
    with pytest.raises(OptionError, match=r"'dos' is not a moderator of this fit.*Did you mean 'dose'"):
        grid_of(recipe, SITES, {"dos": [1.0], "site": "a"})


def test_unknown_columns_are_refused_with_a_suggestion():
    with pytest.raises(TableError, match="Did you mean 'dose'"):
        take_columns(parse_formula("~ dosse"), SITES)


EFFECTS = {"study": list("ABCDEF"), "estimate": [0.1, 0.3, 0.5, 0.2, 0.6, 0.8], "std_error": [0.1] * 6}


def test_rows_without_a_moderator_are_excluded_by_name():
    fit = regress(
        {**EFFECTS, "dose": [1.0, np.nan, 4.0, 3.0, 5.0, 7.0], "site": ["a", "b", None, "b", "a", "b"]}, "~ dose + site"
    )
    assert [(row.study, row.reason) for row in fit.excluded] == [
        ("B", "no value of moderator 'dose'"),
        ("C", "no value of moderator 'site'"),
    ]
    assert fit.k == 4 and "excluded: B" in str(fit)


def test_text_where_numbers_were_meant_is_said():
    fit = regress({**EFFECTS, "week": ["4", "8", "12", "4", "12 weeks", "8"]}, "~ week")
    assert any("column 'week' holds text and was read as factor(week)" in note for note in fit.notes)
    assert regress({**EFFECTS, "week": ["4", "8", "12", "4", "12", "8"]}, "~ week").names == ("intercept", "week")
    with pytest.raises(TableError, match="not a number"):
        regress({**EFFECTS, "week": ["4", "8", "x", "4", "12", "8"]}, "~ I(week^2)")


@pytest.mark.parametrize(
    ("columns", "formula", "says"),
    [
        ({"a": [1, 1, 1, 1, 1, 1]}, "~ a", "combination of the other columns"),
        ({"a": [1, 2, 3, 4, 5, 6], "b": [3, 5, 7, 9, 11, 13]}, "~ a + b", "'b' is a combination"),
        ({"a": list("xxxyyy"), "b": list("ppqqrr")}, "~ a * b", "'a.*:b.*' (is|are) a combination"),
        ({"a": list("xxxxxx")}, "~ factor(a)", "has one level only"),
        ({"a": list("uvwxyz"), "b": range(6)}, "~ a + b", "7 coefficients need at least as many studies"),
        ({"a": [1, 1, 1, 2, 2, 2]}, "~ ns(a, 2)", "needs 3 different values"),
    ],
)
def test_designs_that_cannot_be_fitted(columns, formula, says):
    with pytest.raises(OstealgiaError, match=says):
        regress({**EFFECTS, **columns}, formula)
