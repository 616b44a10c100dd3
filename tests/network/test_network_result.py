"""What a network result says: tables, league, splits, ranks, JSON, text."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import ndtri

from ostealgia import network
from ostealgia.errors import OptionError
from reference_cases import cases

SENN = next(case for case in cases("network") if case["id"] == "network-senn2013-DL")
DOGLIOTTI = next(case for case in cases("network") if case["id"] == "pairwise-dogliotti2014")


@pytest.fixture(scope="module")
def senn():
    return network.fit(SENN["inputs"], measure="MD", reference="placebo", tau2="DL", small_values="desirable")


@pytest.fixture(scope="module")
def dogliotti():
    return network.fit(DOGLIOTTI["inputs"], measure="OR", reference="Placebo/Control", tau2="DL")


def test_a_detached_design_leaves_what_a_fit_without_it_leaves(senn):
    """Q between after detaching a design = Q of the network without its studies, less the heterogeneity within the other designs."""
    found = senn.decomposition()
    assert_allclose(sum(part.q for part in found.within_designs), found.within.q)
    assert found.total.df == found.within.df + found.between.df
    within = {part.design: part.q for part in found.within_designs}
    frame = senn.contrasts.to_frame()
    for part in found.detached:
        if len(part.design) > 2:
            continue
        studies = {
            name for name, d in zip(senn.studies, senn.study_design, strict=True) if senn.designs[d] == part.design
        }
        rest = network.fit(frame[~frame["study"].isin(studies)], tau2="DL", component="placebo")
        assert_allclose(part.q, rest.q - found.within.q + within.get(part.design, 0.0), rtol=1e-9)
        assert part.df == rest.q_inconsistency_df
    assert "between designs, random effects" in str(found)
    assert set(found.to_frame().columns) == {"source", "design", "k", "q", "df", "p_value"}


def test_frames_are_tidy(senn):
    frame = senn.to_frame()
    assert len(frame) == 2 * 45 and list(frame["model"].unique()) == ["common", "random"]
    row = frame[(frame.model == "random") & (frame.treat1 == "metformin") & (frame.treat2 == "placebo")].iloc[0]
    assert_allclose(row["estimate"], senn.compare("metformin", "placebo")["estimate"])
    assert row["k"] == 4 and row["ci_low"] < row["estimate"] < row["ci_high"]
    against = senn.against_reference()
    assert len(against) == 9 and set(against["reference"]) == {"placebo"}
    assert_allclose(
        senn.against_reference(reference="metformin").set_index("treatment").loc["placebo", "estimate"],
        -row["estimate"],
    )


def test_ratios_are_reported_as_ratios(dogliotti):
    row = dogliotti.against_reference().set_index("treatment").loc["VKAs"]
    assert_allclose(row["reported_estimate"], np.exp(row["estimate"]))
    assert_allclose(row["reported_ci_low"], np.exp(row["estimate"] - ndtri(0.975) * row["std_error"]))


def test_the_league_mirrors_direct_evidence(dogliotti):
    league = dogliotti.league()
    i, j = league.treatments.index("Aspirin"), league.treatments.index("VKAs")
    assert league.cells[j][i] == "1.85 [1.52 to 2.26]"  # exp(0.6175 -+ 1.96 x 0.1009)
    assert league.cells[i][j].startswith("1.70")  # exp(0.532), eight studies
    assert league.cells[league.treatments.index("Apixaban")][league.treatments.index("Rivaroxaban")] == "."
    assert league.frame.loc["VKAs", "Aspirin"] == league.cells[j][i]
    assert len(league.to_frame()) == 28
    turned = dogliotti.league(order=list(reversed(league.treatments)), digits=3)
    assert turned.frame.loc["Aspirin", "VKAs"] == "0.539 [0.443 to 0.657]"
    assert "further left and up against the other one" in str(league)
    with pytest.raises(OptionError, match="every treatment once; missing"):
        dogliotti.league(order=["VKAs"])


def test_prediction_rules(senn):
    """V has the degrees of freedom of Q, HTS one less, S is normal; none has none."""
    half = {}
    for rule in ("S", "V", "HTS"):
        found = network.fit(SENN["inputs"], measure="MD", tau2="DL", pi=rule).random
        half[rule] = (found.pi_high - found.estimate)[0, 1] / math.sqrt(found.std_error[0, 1] ** 2 + found.tau2)
    assert_allclose(list(half.values()), [1.959964, 2.100922, 2.109816], atol=1e-6)  # t tables: normal, 18 df, 17 df
    assert np.isnan(network.fit(SENN["inputs"], measure="MD", pi="none").random.pi_low).all()
    assert np.isnan(senn.common.pi_low).all()


def test_direction_must_be_stated(dogliotti):
    with pytest.raises(OptionError, match="small_values='undesirable'"):
        dogliotti.scores()
    lower, higher = (dogliotti.scores(small_values=word).p_score["random"] for word in ("desirable", "undesirable"))
    assert_allclose(lower + higher, 1.0)
    assert dogliotti.to_dict()["p_scores"] is None


def test_rankings_are_reproducible_and_agree_with_p_scores(senn):
    one, again, other = (
        senn.rankings(rng=5, draws=20_000),
        senn.rankings(rng=5, draws=20_000),
        senn.rankings(rng=6, draws=20_000),
    )
    assert (one.probability == again.probability).all() and (one.probability != other.probability).any()
    given = senn.rankings(rng=np.random.Generator(np.random.Philox(key=1)), draws=20_000)
    assert_allclose(one.sucra, senn.scores().p_score["random"])
    for found in (one, given):
        assert_allclose(found.probability @ np.arange(1, 11), found.mean_rank, atol=0.06)
        assert found.mc_error < 0.006
    assert any("fixed seed" in note for note in senn.rankings(draws=100).notes)
    with pytest.raises(OptionError, match="draws=0"):
        senn.rankings(draws=0)
    with pytest.raises(OptionError, match="neither a NumPy generator"):
        senn.rankings(rng="seed")


def test_contributions_sum_to_one(senn):
    found = senn.contributions()
    assert_allclose(found.share.sum(axis=1), 1.0, atol=1e-12)
    frame = found.to_frame()
    assert frame.loc["miglitol : placebo", "miglitol : placebo"] == pytest.approx(1.0)
    # the flow over comparisons equals the fitted value: hat matrix times direct estimates
    direct = senn.random.direct
    at = [(senn.treatments.index(a), senn.treatments.index(b)) for a, b in found.comparisons]
    values = np.array([direct.estimate[i, j] for i, j in at])
    wanted = [senn.compare(a, b)["estimate"] for a, b in found.pairs]
    assert np.abs(found.hat @ values - wanted).max() < 0.05  # a three-arm study has other weights in direct estimates


def test_json_holds_everything(senn):
    body = json.loads(json.dumps(senn.to_dict(), allow_nan=False))
    assert body["treatments"] == SENN["expected"]["treatments"] and body["reference"] == "placebo"
    assert_allclose(body["random"]["estimate"], SENN["expected"]["random"]["TE"], atol=1e-12)
    assert_allclose(body["p_scores"]["random"], SENN["expected"]["pscore_random"], atol=1e-12)
    assert body["common"]["pi_low"][0][1] is None
    for part in (
        senn.split(),
        senn.decomposition(),
        senn.league(),
        senn.rankings(draws=10),
        senn.contributions(),
        senn.scores(),
    ):
        json.dumps(part.to_dict(), allow_nan=False)
        assert str(part) and "<" in part._repr_html_()


def test_the_text_tells_the_choices(senn):
    text = str(senn)
    assert "random effects (tau2 by DL), 95% CI by normal quantiles (z)" in text
    assert "26 studies, 10 treatments, 28 contrasts, 15 designs" in text
    assert "rosiglitazone  MD -1.23 [-1.48 to -0.98]  prediction [-1.98 to -0.49]  direct in 6" in text
    assert "sulfonylurea   MD -0.42 [-0.89 to 0.06]  prediction [-1.27 to 0.44]  indirect only" in text
    assert "within designs Q 74.45, df 11, P < 0.001   between designs Q 22.53, df 7, P = 0.002" in text
    assert "designs disagree (inconsistency, P = 0.002)" in text


def test_nothing_to_test_is_said():
    star = {
        "study": list("AB"),
        "treat1": list("xx"),
        "treat2": list("yz"),
        "estimate": [0.1, 0.2],
        "std_error": [0.1, 0.1],
    }
    found = network.fit(star)
    assert math.isnan(found.tau2) and math.isnan(found.tau) and math.isnan(found.i2_q)
    assert_allclose(found.random.std_error, found.common.std_error)
    assert any("tau2 cannot be estimated" in note for note in found.notes)
    assert "consistency cannot be checked" in str(found.split())
    assert "consistency cannot be tested" in str(found.decomposition())
    assert "nothing to test" in str(found)
    assert network.fit(star, model="common").notes == ()


def test_a_given_tau2_is_used():
    found = network.fit(SENN["inputs"], measure="MD", tau2_value=0.25)
    assert found.tau2 == 0.25 and found.tau == 0.5 and found.tau2_method == "given"
    assert "(tau2 given)" in str(found)


def test_comparison_adjusted_effects(dogliotti):
    order = [
        "Placebo/Control",
        "Aspirin",
        "Aspirin+Clopidogtrel",
        "VKAs",
        "Dabigatran 110mg",
        "Dabigatran 150mg",
        "Rivaroxaban",
        "Apixaban",
    ]
    found = network.comparison_adjusted(dogliotti, order)
    frame = found.to_frame()
    assert (frame.groupby(["treat1", "treat2"])["adjusted"].count() == 1).sum() == int(found.alone.sum())
    assert (frame.loc[frame["alone"], "adjusted"] == 0).all()
    rank = {name: i for i, name in enumerate(order)}
    assert all(rank[a] > rank[b] for a, b in zip(found.treat1, found.treat2, strict=True))
    back = network.comparison_adjusted(dogliotti, order[::-1])
    assert_allclose(back.adjusted, -found.adjusted)
    assert_allclose(back.intercept, -found.intercept)
    # Egger's regression by hand: adjusted / SE on 1 / SE
    used = ~found.alone
    x = np.column_stack([np.ones(used.sum()), 1 / found.std_error[used]])
    assert_allclose(
        found.intercept, np.linalg.lstsq(x, found.adjusted[used] / found.std_error[used], rcond=None)[0][0], rtol=1e-9
    )
    with pytest.raises(OptionError, match="missing: Apixaban"):
        network.comparison_adjusted(dogliotti, order[:-1])
