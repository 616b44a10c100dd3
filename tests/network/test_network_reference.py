"""Network meta-analysis against netmeta 3.6-2 and meta 8.4-0, at the tolerance that each case states.

1e-6 for closed forms (found: about 1e-14), 1e-4 where tau2 is iterated by the reference's optimiser. Where the reference's ML or REML
estimate of tau2 is below 1e-8 it is the place where that optimiser stopped on its way to 0 (it works on a log scale, where 0 is minus
infinity): the derivative of the likelihood at 0 is not above 0 in these cases, so 0 is the maximum, and its square root is not compared.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from ostealgia import network
from reference_cases import cases, close

SPELLED = {"TE": "estimate", "se": "std_error", "ci_low": "ci_low", "ci_high": "ci_high"}


def of(task):
    return pytest.mark.parametrize("case", [c for c in cases("network") if c["task"] == task], ids=lambda c: c["id"])


def fitted(case, **options):
    spec = case["spec"]
    kept = {name: spec[name] for name in ("measure", "reference", "level", "small_values") if name in spec}
    return network.fit(case["inputs"], **kept, tau2=spec["tau2_method"], **options)


def same(case, found, expected):
    """Matrices and lists, with null for what does not exist."""
    if isinstance(expected, list):
        return len(found) == len(expected) and all(same(case, a, b) for a, b in zip(found, expected, strict=True))
    return close(case, found, expected)


def test_every_case_is_tested():
    tasks = {case["task"] for case in cases("network")}
    assert len(cases("network")) == 23
    assert tasks == {
        "arms_to_contrasts", "network", "node_splitting", "network_prediction", "network_hat_matrix", "network_mantel_haenszel",
    }  # fmt: skip


@of("arms_to_contrasts")
def test_contrasts(case):
    found = network.contrasts(case["inputs"], measure=case["spec"]["measure"])
    expected = case["expected"]
    assert (list(found.study), list(found.treat1), list(found.treat2)) == (
        expected["studlab"],
        expected["treat1"],
        expected["treat2"],
    )
    assert same(case, found.estimate, expected["TE"])
    assert same(case, found.std_error, expected["seTE"])


@of("network")
def test_network(case):
    found, expected = fitted(case), case["expected"]
    assert list(found.treatments) == expected["treatments"]
    assert (found.k, found.n_comparisons, found.n_designs) == tuple(
        expected[name] for name in ("n_studies", "n_comparisons", "n_designs")
    )
    for model in ("common", "random"):
        for theirs, ours in SPELLED.items():
            assert same(case, getattr(found.estimates(model), ours), expected[model][theirs]), (model, theirs)
    assert close(case, found.tau2, expected["tau2"])
    if expected["tau2"] > 1e-8:
        assert close(case, found.tau, expected["tau"])
    elif case["spec"]["tau2_method"] != "DL":
        assert found.tau2 == 0 and found.certificate["score_at_zero"] <= 0
    assert close(case, found.i2_q / 100, expected["I2"])
    for theirs, ours in (("Q", "q"), ("Q_heterogeneity", "q_heterogeneity"), ("Q_inconsistency", "q_inconsistency")):
        assert close(case, getattr(found, ours), expected[theirs])
        assert getattr(found, f"{ours}_df") == expected[f"{theirs}_df"]
        assert close(case, getattr(found, f"{ours}_p_value"), expected[f"{theirs}_p"])


@of("network")
def test_p_scores(case):
    found, expected = fitted(case), case["expected"]
    scores = found.scores()
    for model in ("common", "random"):
        assert same(case, scores.p_score[model], expected[f"pscore_{model}"])
    other = "desirable" if case["spec"]["small_values"] == "undesirable" else "undesirable"
    turned = found.scores(small_values=other).p_score["random"]
    assert np.allclose(turned, 1 - np.array(expected["pscore_random"]), atol=1e-4)  # the other direction mirrors them


@of("network")
def test_contrasts_in_the_network(case):
    found, expected = fitted(case), case["expected"]
    frame = found.contrast_frame()
    for model in ("common", "random"):
        assert same(case, frame[f"adjusted_std_error_{model}"].tolist(), expected[f"multiarm_adjusted_se_{model}"])
        assert same(case, frame[f"fitted_{model}"].tolist(), expected[f"nma_{model}_fitted"])
    # the reference leaves the leverage of multi-arm studies out
    for ours, theirs in zip(frame["leverage_common"], expected["leverage_common"], strict=True):
        assert theirs is None or close(case, ours, theirs)


@of("network")
def test_decomposition(case):
    if "q_decomposition" not in case["expected"]:
        assert case["spec"]["tau2_method"] != "DL"
        return
    found, expected = fitted(case).decomposition(), case["expected"]["q_decomposition"]
    for i, part in enumerate((found.total, found.within, found.between)):
        assert close(case, part.q, expected["Q"][i]) and part.df == expected["df"][i]
        assert close(case, part.p_value, expected["p"][i])
    random = case["expected"]["q_between_designs_random"]
    assert close(case, found.between_random.q, random["Q"]) and found.between_random.df == random["df"]
    assert close(case, found.between_random.p_value, random["p"])
    assert close(case, found.tau_within, random["tau_within"])


@of("node_splitting")
def test_node_splitting(case):
    found = fitted(case).split()
    names = {
        "k": "k", "prop_direct": "prop_direct", "network": "network", "network_se": "network_std_error", "direct": "direct",
        "direct_se": "direct_std_error", "indirect": "indirect", "indirect_se": "indirect_std_error", "difference": "difference",
        "difference_se": "difference_std_error", "p": "p_value",
    }  # fmt: skip
    for model in ("common", "random"):
        expected = case["expected"][model]
        assert len(expected["comparison"]) == len(found.treat1)
        for i, comparison in enumerate(expected["comparison"]):
            row = found.row(*comparison.split(":"), model)
            for theirs, ours in names.items():
                assert close(case, row[ours], expected[theirs][i]), (model, comparison, theirs)


@of("network_prediction")
def test_prediction(case):
    found = fitted(case, pi=case["spec"]["pi_method"])
    assert list(found.treatments) == case["expected"]["treatments"]
    column = found.treatments.index(found.reference)
    for theirs, values in case["expected"]["vs_reference"].items():
        ours = getattr(found.random, SPELLED.get(theirs, theirs))[:, column]
        assert same(case, ours, values), theirs


@of("network_hat_matrix")
def test_hat_matrix(case):
    found = fitted(case)
    for model in ("common", "random"):
        assert same(case, found.hat_matrix(model=model), case["expected"][f"hat_{model}"])


@of("network_mantel_haenszel")
def test_mantel_haenszel(case):
    found = network.fit(case["inputs"], model="MH", reference=case["spec"]["reference"], level=case["spec"]["level"])
    expected = case["expected"]
    assert list(found.treatments) == expected["treatments"]
    assert same(case, found.common.estimate, expected["TE"])
    assert same(case, found.common.std_error, expected["se"])
    assert close(case, found.q_inconsistency, expected["Q_inconsistency"])
    assert expected["Q"] is None and math.isnan(found.q)
