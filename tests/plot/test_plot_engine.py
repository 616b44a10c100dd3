"""Forest plots of dependent effects, the net heat plot, letters of other alphabets, room before a minus."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

import ostealgia as oa
from ostealgia.errors import OptionError
from ostealgia.meta.multilevel_clusters import cluster_summaries
from ostealgia.plot import letters, style
from ostealgia.plot.export import MissingLetters
from ostealgia.plot.numbers import POINT_SPACE

ROWS = {
    "study": ["A", "A", "B", "B", "B", "C", "D"],
    "outcome": ["pain", "function", "pain", "function", "life", "pain", "pain"],
    "estimate": [0.1, 0.3, 0.9, 0.7, 0.8, 0.2, 0.5],
    "std_error": [0.1, 0.12, 0.1, 0.1, 0.15, 0.2, 0.1],
}
LOOP = {
    "study": list("ABC"),
    "treat1": list("xyx"),
    "treat2": list("yzz"),
    "estimate": [1.0, 2.0, 3.3],
    "std_error": [0.5] * 3,
}


def texts(ax) -> list[str]:
    return [artist.get_text() for artist in ax.figure.findobj(lambda a: hasattr(a, "get_text")) if artist.get_text()]


def test_effects_stand_under_their_study():
    found = texts(oa.plot.forest(oa.meta.multilevel(ROWS)))
    for word in (
        "A",
        "B",
        "C",
        "D",
        "pain",
        "function",
        "life",
        "Mean of 2 effects",
        "Mean of 3 effects",
        "Multilevel model",
    ):
        assert word in found
    assert "Mean of 1 effects" not in found
    assert any("7 effects in 4 studies" in text for text in found)


def test_cluster_means_by_hand_and_weights_of_the_model():
    fit = oa.meta.multilevel(ROWS)
    found = cluster_summaries(fit)
    inner = fit.component("study/effect").tau2[0]
    y, v = np.array(ROWS["estimate"][:2]), np.square(ROWS["std_error"][:2]) + inner
    assert_allclose(
        found.estimate[0], (y / v).sum() / (1 / v).sum(), rtol=1e-10
    )  # inverse variance within the study, by hand
    assert_allclose(found.std_error[0], (1 / v).sum() ** -0.5, rtol=1e-10)
    assert_allclose(found.weights @ fit.effects.estimate / 100, fit.estimate, rtol=1e-10)  # they give the pooled mean


def test_crossed_groupings_and_correlated_errors_are_drawn_as_well():
    rows = ROWS | {"lab": ["p", "q", "p", "q", "p", "q", "q"]}
    crossed = oa.meta.multilevel(rows, random="study + lab")
    found = cluster_summaries(crossed)
    assert_allclose(found.weights @ crossed.effects.estimate / 100, crossed.estimate, rtol=1e-8)
    effects = oa.meta.multilevel(ROWS).effects
    related = oa.meta.multilevel(effects, V=oa.meta.known_covariance(effects, rho=0.5))
    assert_allclose(cluster_summaries(related).weights.sum(), 100)
    oa.plot.forest(related)


def test_a_model_of_several_means_is_refused_with_its_coefficients():
    fit = oa.meta.multilevel(ROWS | {"dose": [1.0, 2, 3, 4, 5, 6, 7]}, moderators="~ dose")
    with pytest.raises(OptionError, match="intercept, dose"):
        oa.plot.forest(fit)
    with pytest.raises(OptionError, match="sort does not apply"):
        oa.plot.forest(oa.meta.multilevel(ROWS), sort="weight")


def test_the_parts_of_net_heat_add_up_to_the_tests_of_inconsistency():
    fit = oa.network.fit(LOOP)
    heat, apart = fit.net_heat(), fit.decomposition()
    assert_allclose(heat.contribution.sum(), apart.between.q, rtol=1e-9)
    for part in apart.detached:  # a column less its diagonal: what detaching that design leaves
        j = heat.designs.index(part.design)
        left = heat.contribution.sum() - heat.change[:, j].sum()
        assert_allclose(left, part.q, atol=1e-9)
    assert_allclose(np.diag(heat.hat), [2 / 3] * 3)  # a triangle of equal variances, by hand


def test_net_heat_is_drawn_and_refused_without_a_loop():
    ax = oa.plot.net_heat(oa.network.fit(LOOP), title="A loop")
    found = texts(ax)
    assert "A loop" in found
    assert any(text.startswith("Q between designs 0.12, df 1") for text in found)
    line = {
        "study": ["A", "B"],
        "treat1": ["x", "y"],
        "treat2": ["y", "z"],
        "estimate": [1.0, 2.0],
        "std_error": [0.3, 0.4],
    }
    with pytest.raises(OptionError, match="needs a loop"):
        oa.plot.net_heat(oa.network.fit(line))
    with pytest.raises(OptionError, match="NetworkResult"):
        oa.plot.net_heat(3)


def test_a_minus_keeps_its_distance_from_the_word_before_it():
    data = {"study": list("ABC"), "estimate": [-25.2, -30.1, -20.0], "std_error": [4.3, 2.2, 3.0]}
    found = [text for text in texts(oa.plot.forest(oa.meta.pool(data, measure="MD"))) if text.startswith("[")]
    assert found
    assert all(f"to {POINT_SPACE}" in text for text in found)
    above = {"study": list("ABC"), "estimate": [25.2, 30.1, 20.0], "std_error": [4.3, 2.2, 3.0]}
    assert not any(
        POINT_SPACE in text for text in texts(oa.plot.forest(oa.meta.pool(above, measure="MD"))) if text.startswith("[")
    )


def named(name: str):
    return oa.meta.pool({"study": [name, "B", "C"], "estimate": [0.1, 0.2, 0.3], "std_error": [0.1] * 3}, measure="SMD")


@pytest.mark.parametrize("name", ["Müller-Łukasz", "Παπαδόπουλος", "Иванов"])
def test_greek_cyrillic_and_accents_need_no_font_of_the_machine(name):
    assert letters.lacking(name) == ""
    assert letters.families(name) == style.FAMILIES
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        oa.plot.figure_png(oa.plot.forest(named(name)))


def test_letters_that_no_font_has_are_named_for_png_and_kept_as_text_in_svg(monkeypatch):
    monkeypatch.setattr(letters, "_family_with", lambda letter: None)
    ax = oa.plot.forest(named("王小明 2019"))
    with pytest.warns(MissingLetters, match="王 小 明"):
        oa.plot.figure_png(ax)
    svg = oa.plot.figure_svg(ax)
    assert svg.count("<text") == 1
    assert "王小明 2019</text>" in svg
    assert oa.plot.figure_svg(ax) == svg  # the figure is as it was


def test_an_installed_font_is_used_where_one_has_the_letters(monkeypatch):
    monkeypatch.setattr(letters, "_family_with", lambda letter: "DejaVu Sans Mono")
    assert letters.families("王") == (*style.FAMILIES, "DejaVu Sans Mono")
    assert letters.undrawable("王") == ""
    assert letters.families("plain") == style.FAMILIES
