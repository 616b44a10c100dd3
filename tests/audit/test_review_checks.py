"""pooled-vs-studies and heterogeneity: a printed pool against the printed studies.

The studies (30/40, 41/62, 20/25, 52/80, 27/33) pooled on the logit scale by DerSimonian-Laird were worked out with this
package's own engine, which has its witnesses in tests/meta: 71.2% (65.0 to 76.7), tau2 0.003.
"""

import pytest
from cross_papers import flags, review, told

from ostealgia.audit.checks.reviews.grid import PROPORTIONS, Target, grid, reproduced
from ostealgia.audit.checks.reviews.pooled import review_heterogeneity, review_pooled
from ostealgia.numerics.intervals import Printed

FIVE = "We included five studies with a total of 240 patients. "
DATA = {"study": list("ABCDE"), "events": [30, 41, 20, 52, 27], "n": [40, 62, 25, 80, 33]}


def printed(estimate, low, high):
    return Target(*(Printed.parse(part) for part in (estimate, low, high)))


def best():
    return next(fit for fit in grid(DATA, PROPORTIONS, 100.0) if fit.label == "logit, random effects, DL, z")


def test_the_grid_names_the_methods_that_reproduce_a_print():
    fit = best()
    verdict, found = reproduced(
        printed(f"{fit.estimate:.1f}", f"{fit.low:.1f}", f"{fit.high:.1f}"), list(grid(DATA, PROPORTIONS, 100.0))
    )
    assert verdict == "consistent" and fit.label in [one.label for one in found]


def test_a_pool_that_the_table_gives():
    fit = best()
    words = f"{FIVE}The pooled response rate was {fit.estimate:.1f}% (95% CI {fit.low:.1f}-{fit.high:.1f}%)."
    found = [one for one in review_pooled(review(results=words)) if one.rule == "pooled-vs-studies"]
    assert [one.verdict for one in found] == ["consistent"]
    assert "logit" in found[0].message and "5 studies" in found[0].message


def test_a_pool_beyond_every_method_is_flagged():
    words = f"{FIVE}The pooled response rate was 31.2% (95% CI 25.0-38.1%)."
    (found,) = flags(review_pooled, review(results=words))
    assert found.verdict == "inconsistent" and found.severity == "major"


def test_a_pool_near_the_methods_is_information_only():
    words = f"{FIVE}The pooled response rate was 74.9% (95% CI 66.0-82.1%)."
    (found,) = [one for one in review_pooled(review(results=words)) if one.rule == "pooled-vs-studies"]
    assert found.severity == "information" and found.basis == "judgement" and not found.flagged


@pytest.mark.parametrize(
    "words",
    [
        FIVE + "The pooled mortality was 31.2% (95% CI 25.0-38.1%).",  # no column of deaths
        "We included nine studies with a total of 540 patients. The pooled response rate was 31.2% (95% CI 25.0-38.1%).",
    ],
)
def test_pools_of_other_things_are_left_alone(words):
    assert not flags(review_pooled, review(results=words))


def test_heterogeneity_of_the_print():
    # Q 31.1 on 19 df: I2 = (31.1 - 19)/31.1 = 38.9%, P = 0.039
    words = FIVE + "Heterogeneity was moderate (I² = 39%, Q = 31.1, df = 19, P = 0.039)."
    assert {verdict for _, verdict, _ in told(review_heterogeneity, review(results=words))} <= {
        "consistent",
        "rounding",
    }
    (found, *_) = flags(review_heterogeneity, review(results=words.replace("39%", "93%")))
    assert found.rule == "heterogeneity"
