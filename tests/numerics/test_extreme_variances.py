"""Standard errors near the limits of double precision: an answer, or a refusal with words; never a traceback from arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ostealgia.errors import OstealgiaError
from ostealgia.meta import cumulative, influence, leave_one_out, pool
from ostealgia.numerics.influence import first_studies, leave_out
from ostealgia.numerics.regression import fit_regression

FAR = {
    "all tiny": [1e-95, 1e-90, 1e-92, 1e-91],
    "one tiny": [1e-99, 1.1e-60, 1e-55, 1e-52],
    "one small among the largest": [1e99, 1e97, 1e60, 1e95],
    "alike and tiny": [1e-80, 1e-80, 1e-80, 1e-80],
    "two and two": [1e-99, 1e-99, 1e-51, 1e-51],
}
EFFECTS = {"apart": [0.1, 0.2, 0.5, 0.3], "equal": [0.1] * 4, "tiny": [1e-90, 3e-90, 2e-90, 7e-90]}


@pytest.mark.parametrize("method", ["REML", "ML", "DL", "PM", "SJ", "HE", "HS"])
@pytest.mark.parametrize("effects", EFFECTS)
@pytest.mark.parametrize("far", FAR)
def test_pools_and_their_refits_answer_or_refuse(far, effects, method):
    try:
        fit = pool({"estimate": EFFECTS[effects], "std_error": FAR[far]}, tau2=method)
    except OstealgiaError as error:
        assert str(error)
        return
    for refit in (influence, leave_one_out, cumulative):
        try:
            assert len(refit(fit).to_frame()) >= 4
        except OstealgiaError as error:
            assert str(error)


@pytest.mark.parametrize("members", [leave_out, first_studies])
def test_refits_whose_shared_sums_underflow_have_the_numbers_of_a_fit_of_their_own(members):
    """Weights 1e120 apart: with the first study in the sums tr P of the others is lost, so they are fitted alone.

    Tolerance: the same double precision arithmetic in another order.
    """
    y, v = np.array([0.1, 0.9, 0.4, 0.6]), np.array([1e-120, 1.0, 2.0, 1.5])
    found = members(fit_regression(y, v, np.ones((4, 1)), "DL", test="z"))
    for i in range(4):
        rows = np.delete(np.arange(4), i) if members is leave_out else np.arange(i + 1)
        if len(rows) < 2:
            continue
        alone = fit_regression(y[rows], v[rows], np.ones((len(rows), 1)), "DL", test="z")
        names = ("tau2", "q", "q_p_value", "i2_tau2", "i2_q", "h2")
        assert_allclose(found.beta[i], alone.beta, rtol=1e-12)
        assert_allclose(
            [getattr(found, n)[i] for n in names], [getattr(alone, n) for n in names], rtol=1e-9, atol=1e-300
        )
