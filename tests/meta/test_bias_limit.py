"""Limit meta-analysis: three worked examples. (The Copas selection model is left out: see docs/guide/small-study-effects.md.)"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ostealgia.effects import compute
from ostealgia.errors import OptionError
from ostealgia.meta import limit_meta, pool

# Harrer, Cuijpers, Furukawa & Ebert 2021, Doing Meta-Analysis with R, data set ThirdWave
THIRD_WAVE = {
    "Call et al.": (0.709136234756933, 0.260820178547769), "Cavanagh et al.": (0.354864109077645, 0.196362410818884),
    "DanitzOrsillo": (1.79117003272488, 0.345569205699001), "de Vibe et al.": (0.182455216323761, 0.117787401662918),
    "Frazier et al.": (0.42185093084487, 0.144812762024237), "Frogeli et al.": (0.63, 0.196),
    "Gallego et al.": (0.724883808783712, 0.224664137749212), "Hazlett-Stevens & Oren": (0.528663812357321, 0.210460918848162),
    "Hintz et al.": (0.284, 0.168), "Kang et al.": (1.27506817139631, 0.337199688565405),
    "Kuhlmann et al.": (0.10360817637506, 0.194727463484504), "Lever Taylor et al.": (0.388390560376566, 0.230768893346391),
    "Phang et al.": (0.540739823331358, 0.244313267301974), "Rasanen et al.": (0.426159311552595, 0.257937944593587),
    "Ratanasiripong": (0.515396915332498, 0.351273746997289), "Shapiro et al.": (1.47972601084922, 0.315281680355345),
    "Song & Lindquist": (0.612578239930467, 0.226683364977455), "Warnecke et al.": (0.6, 0.249),
}  # fmt: skip
# the column "shrunken estimates" of its section 9.2.2.3, in the same order (the table cuts off the third decimal)
PRINTED_SHRUNKEN = [
    -0.05, -0.09, 0.34, 0.00, 0.13, 0.13, 0.09, -0.00, -0.05, 0.04, -0.29, -0.18, -0.11, -0.25, -0.48, 0.26, 0.00, -0.09,
]  # fmt: skip
# the same book, data set DepressionMortality
DEPRESSION = {
    "events_1": [25, 65, 5, 26, 32, 1, 24, 15, 15, 173, 37, 41, 29, 61, 15, 21, 10, 31],
    "n_1": [215, 588, 46, 67, 407, 44, 60, 61, 29, 1015, 105, 120, 258, 388, 211, 237, 48, 615],
    "events_2": [171, 120, 107, 1168, 269, 87, 200, 437, 227, 250, 66, 9, 24, 34, 73, 67, 36, 1468],
    "n_2": [3088, 1901, 2479, 3493, 6256, 1520, 882, 2603, 853, 3375, 409, 54, 1490, 1257, 1366, 1340, 216, 57674],
}  # fmt: skip
# Joy, Adams & Lawrie 2006, doi:10.1002/14651858.CD003082.pub2: responders and failures on haloperidol and placebo
JOY = [
    (25, 25, 18, 33), (29, 18, 20, 14), (12, 17, 2, 28), (3, 9, 0, 12), (10, 11, 3, 19), (11, 8, 1, 14), (7, 18, 4, 21), (8, 9, 3, 10),
    (19, 45, 14, 50), (1, 9, 0, 10), (11, 23, 0, 13), (20, 9, 2, 9), (17, 1, 7, 4),
    (4, 10, 0, 13), (2, 14, 0, 7), (11, 1, 1, 11), (9, 20, 0, 29),
]  # fmt: skip


def third_wave(**options):
    y, se = np.array(list(THIRD_WAVE.values())).T
    return limit_meta({"study": list(THIRD_WAVE), "estimate": y, "std_error": se, "measure": ["SMD"] * 18}, **options)


def joy():
    a, b, c, d = np.array(JOY, dtype=float).T
    return compute({"events_1": a, "n_1": a + b, "events_2": c, "n_2": c + d}, measure="RR", rr_increment_to_n="incr")


def test_third_wave_as_printed():
    """Harrer et al. 2021: -0.0345 [-0.3630; 0.2940], z -0.21, P 0.8367; unadjusted 0.5771. All printed digits."""
    found = third_wave(std_error="published")
    assert [round(x, 4) for x in (found.estimate, found.ci_low, found.ci_high, found.p_value)] == [
        -0.0345,
        -0.3630,
        0.2940,
        0.8367,
    ]
    assert round(found.statistic, 2) == -0.21 and round(found.unadjusted_estimate, 4) == 0.5771
    assert [math.trunc(100 * x) / 100 for x in found.shrunken_estimate] == PRINTED_SHRUNKEN


def test_depression_and_mortality_as_printed():
    """Harrer et al. 2021: RR 2.2604 [1.8066; 2.8282], z 7.13 (tau2 by Paule-Mandel). All printed digits."""
    found = limit_meta(compute(DEPRESSION, measure="RR"), tau2="PM", std_error="published")
    shown = (found.reported_estimate, found.reported_ci_low, found.reported_ci_high)
    assert [round(x, 4) for x in shown] == [2.2604, 1.8066, 2.8282] and round(found.statistic, 2) == 7.13


def test_haloperidol_against_metasens():
    """The result that R's meta 8.2 carries for its tutorial (Balduzzi et al. 2019, doi:10.1136/ebmental-2019-300117;
    metasens 1.5-2).

    Its tau comes from a root search that stops at 1.2e-4, so it is given; then all digits agree.
    """
    found = limit_meta(pool(joy(), tau2_value=0.4187598667**2, ci="z"))
    expected = {
        "estimate": 0.2582297108, "std_error": 0.2382122812, "ci_low": -0.2086577811, "ci_high": 0.7251172027, "bias": 1.935791159,
        "intercept": -0.5524019367, "q": 27.24429487, "q_small": 20.72944272, "q_residual": 6.514852155, "g2": 87.32094847,
        "unadjusted_estimate": 0.7638493513,
    }  # fmt: skip
    assert_allclose([getattr(found, name) for name in expected], list(expected.values()), rtol=2e-9)
    assert_allclose(
        found.shrunken_estimate[:4], [0.231847984698, -0.002845744326, 0.645684115801, 0.137276167907], rtol=1e-8
    )
    assert_allclose(limit_meta(joy(), tau2="PM").estimate, found.estimate, atol=1e-6)


def test_without_heterogeneity_it_is_egger():
    """tau2 = 0: the adjusted effect is the intercept of Egger's line, and every study lies on it."""
    found = limit_meta({"estimate": [0.11, 0.18, 0.33, 0.42], "std_error": [0.1, 0.2, 0.3, 0.4]})
    assert found.tau2 == 0
    assert_allclose(found.estimate, found.intercept)
    assert_allclose(found.shrunken_estimate, found.intercept)


@pytest.mark.parametrize("adjust", ["expectation", "radial", "mean"])
def test_adjustments(adjust):
    """The three adjusted means of one data set all lie near 0 and keep their names."""
    found = third_wave(adjust=adjust)
    assert found.adjust == adjust and abs(found.estimate) < 0.06
    assert "Limit meta-analysis: SMD, 18 studies" in str(found)
    assert found.to_dict()["adjust"] == adjust and list(found.study_frame()["study"]) == list(THIRD_WAVE)


@settings(max_examples=25, deadline=None)
@given(shift=st.floats(-3, 3), power=st.integers(-20, 20))
def test_shift_and_unit(shift, power):
    """A shift moves the adjusted effect along; a change of unit by a power of two is exact."""
    y, se = np.array(list(THIRD_WAVE.values())).T
    base = limit_meta({"estimate": y, "std_error": se})
    moved = limit_meta({"estimate": y + shift, "std_error": se})
    scaled = limit_meta({"estimate": y * 2.0**power, "std_error": se * 2.0**power})
    assert_allclose(moved.estimate, base.estimate + shift, atol=1e-9)
    assert_allclose(moved.std_error, base.std_error, rtol=1e-8)
    assert_allclose(scaled.estimate, base.estimate * 2.0**power, rtol=1e-9)


def test_what_it_refuses():
    with pytest.raises(OptionError, match="all are equal"):
        limit_meta({"estimate": [0.1, 0.2, 0.4], "std_error": [0.1, 0.1, 0.1]})
    with pytest.raises(OptionError, match="starts from model='random'"):
        limit_meta(pool({"estimate": [0.1, 0.2, 0.4], "std_error": [0.1, 0.2, 0.1]}, model="common"))
    with pytest.raises(OptionError, match=r"three studies|3 studies"):
        limit_meta({"estimate": [0.1, 0.2], "std_error": [0.1, 0.2]})
    with pytest.raises(OptionError, match="not one of"):
        third_wave(adjust="beta0")
