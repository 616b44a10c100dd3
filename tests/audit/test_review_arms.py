"""Two-arm pools against the arms of the studies: forest tables of events and totals, of fractions, of means and SDs, of ratios."""

import pytest
from cross_papers import paper

from ostealgia.audit.checks.reviews.arms import review_arms
from ostealgia.effects.compute import compute
from ostealgia.meta.pooling import pool

ROWS = [("Adams 2004", 12, 45, 20, 44), ("Brown 2008", 30, 120, 45, 118), ("Clark 2011", 8, 33, 15, 35),
        ("Davis 2015", 22, 80, 30, 82), ("Evans 2019", 5, 25, 11, 27)]  # fmt: skip
MEANS = [("Adams 2004", 4.1, 1.8, 45, 5.2, 1.9, 44), ("Brown 2008", 3.8, 2.1, 120, 4.6, 2.0, 118),
         ("Clark 2011", 4.4, 1.5, 33, 5.6, 1.7, 35), ("Davis 2015", 3.9, 1.9, 80, 4.8, 2.2, 82)]  # fmt: skip

FRACTIONS = "Study\tBlock, failures/N\tControl, failures/N\n" + "\n".join(
    f"{s}\t{a}/{n}\t{b}/{m}" for s, a, n, b, m in ROWS
)
FOREST = "Study\tBlock events\tBlock total\tControl events\tControl total\n" + "\n".join(
    "\t".join(map(str, row)) for row in ROWS
)
SUMMARIES = "Study\tBlock mean\tBlock SD\tBlock total\tControl mean\tControl SD\tControl total\n" + "\n".join(
    "\t".join(map(str, row)) for row in MEANS
)


def review(table, sentence, k=5):
    """A review whose table and pooled result are these."""
    return paper(
        f"Block for pain: a systematic review and meta-analysis\n\nResults\n\n{k} studies were included (Table 1). {sentence}\n\n"
        f"Table 1. Treatment failure in the included studies\n\n{table}\n\nDiscussion\n\nFine.\n"
    )


def counts():
    """The events and totals as effects.compute takes them."""
    names = ("study", "events_1", "n_1", "events_2", "n_2")
    return dict(zip(names, map(list, zip(*ROWS, strict=True)), strict=True))


def printed(fit):
    """A pooled result as a paper prints it."""
    shown = fit.reported
    return f"{shown.estimate:.2f} (95% CI {shown.ci_low:.2f} to {shown.ci_high:.2f})"


@pytest.mark.parametrize("table", [FRACTIONS, FOREST])
@pytest.mark.parametrize(("measure", "words"), [("OR", "odds ratio"), ("RR", "risk ratio")])
@pytest.mark.parametrize("options", [{"model": "MH"}, {"tau2": "DL", "ci": "z"}, {"tau2": "REML", "ci": "HK"}])
def test_pooled_ratios_are_reproduced(table, measure, words, options):
    right = printed(pool(compute(counts(), measure=measure), **options))
    (found,) = review_arms(review(table, f"The pooled {words} of failure was {right}."))
    assert found.verdict == "consistent"


def test_arms_in_the_other_order_give_the_reciprocal():
    fit = pool(compute(counts(), measure="OR"), tau2="DL", ci="z").reported
    turned = f"{1 / fit.estimate:.2f} (95% CI {1 / fit.ci_high:.2f} to {1 / fit.ci_low:.2f})"
    (found,) = review_arms(review(FOREST, f"The pooled odds ratio of failure was {turned}."))
    assert found.verdict in ("consistent", "rounding")


def test_a_pool_beside_every_method_is_flagged():
    (found,) = review_arms(review(FOREST, "The pooled odds ratio of failure was 0.21 (95% CI 0.15 to 0.30)."))
    assert found.flagged and found.severity == "major"


def test_a_pool_that_no_method_gives_is_told_as_information():
    (found,) = review_arms(review(FOREST, "The pooled odds ratio of failure was 0.60 (95% CI 0.43 to 0.84)."))
    assert found.verdict == "inconsistent" and not found.flagged


def test_other_numbers_of_studies_are_left_alone():
    """Where the text names another number of studies than the table has rows, the pool may rest on others."""
    words = "The pooled odds ratio of failure was 0.21 (95% CI 0.15 to 0.30)."
    assert not [f for f in review_arms(review(FOREST, words, k=9)) if f.flagged]


def test_mean_differences_are_reproduced():
    names = ("study", "mean_1", "sd_1", "n_1", "mean_2", "sd_2", "n_2")
    data = dict(zip(names, map(list, zip(*MEANS, strict=True)), strict=True))
    shown = pool(compute(data, measure="MD"), tau2="DL", ci="z").reported
    words = f"The pooled mean difference was {shown.estimate:.2f} (95% CI {shown.ci_low:.2f} to {shown.ci_high:.2f})."
    (found,) = review_arms(review(SUMMARIES, words, k=4))
    assert found.verdict == "consistent"


def test_ratios_of_the_studies_are_pooled():
    """One ratio a study: their standard errors come from the printed limits, so two methods that differ by rounding may both fit."""
    data = counts()
    effects = [compute({k: [v[i]] for k, v in data.items()}, measure="OR") for i in range(len(ROWS))]
    cells = []
    for row, one in zip(ROWS, effects, strict=True):
        shown = pool(one, model="common", ci="z").reported
        cells.append(f"{row[0]}\t{shown.estimate:.3f} ({shown.ci_low:.3f}-{shown.ci_high:.3f})")
    table = "Study\tOR (95% CI)\n" + "\n".join(cells)
    right = printed(pool(compute(data, measure="OR"), tau2="DL", ci="z"))
    (found,) = review_arms(review(table, f"The pooled odds ratio of failure was {right}."))
    assert found.verdict in ("consistent", "rounding")
