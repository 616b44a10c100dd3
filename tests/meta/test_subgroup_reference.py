"""subgroup() against meta 8.4-0, at the tolerance of the cases (1e-6: tau2 is iterated)."""

from __future__ import annotations

import numpy as np
import pytest

from ostealgia.errors import OptionError, TableError
from ostealgia.meta import subgroup
from reference_cases import cases, close

CI = {"z": "z", "hartung-knapp": "HK"}


@pytest.mark.parametrize("case", cases("subgroup"), ids=lambda c: c["id"])
def test_subgroup(case):
    spec, expected = case["spec"], case["expected"]
    frame = {"estimate": case["inputs"]["yi"], "std_error": np.sqrt(np.array(case["inputs"]["vi"], dtype=float))}
    labels = case["inputs"]["subgroup"]
    found = subgroup(
        frame, by=labels, tau2_common=spec["tau2_common_across_subgroups"], tau2=spec["tau2_method"], ci=CI[spec["ci_method"]],
        level=spec["level"],
    )  # fmt: skip
    common = subgroup(frame, by=labels, model="common", level=spec["level"])
    assert list(found.groups) == [str(level) for level in expected["levels"]]
    for result, name in ((found, "random"), (common, "common")):
        fits = list(result.groups.values())
        for ours, theirs in {
            "estimate": "estimate",
            "std_error": "se",
            "ci_low": "ci_low",
            "ci_high": "ci_high",
        }.items():
            assert close(case, [getattr(fit, ours) for fit in fits], expected[name][theirs])
    fits = list(found.groups.values())
    assert close(case, [fit.tau2 for fit in fits], expected["tau2"])
    assert close(case, [fit.i2_q / 100 for fit in fits], expected["I2"])
    assert close(case, [fit.q for fit in fits], expected["Q"])
    assert close(case, [fit.q_p_value for fit in fits], expected["Q_p"])
    assert close(case, found.overall.estimate, expected["overall"]["random"])
    assert close(case, found.overall.std_error, expected["overall"]["random_se"])
    assert close(case, common.overall.estimate, expected["overall"]["common"])
    for result, name in ((found, "between_random"), (common, "between_common")):
        assert close(case, result.q_between, expected[name]["Q"])
        assert close(case, result.q_between_p_value, expected[name]["p"])
        assert result.q_between_df == expected[name]["df"]


def test_a_study_without_a_label_is_named():
    data = {"study": list("ABC"), "estimate": [0.1, 0.2, 0.3], "std_error": [0.1] * 3, "site": ["x", "x", ""]}
    assert subgroup(data, by="site").notes == ("no value of 'site', so in no subgroup: C",)


def test_wrong_columns_are_refused():
    data = {"estimate": [0.1, 0.2], "std_error": [0.1, 0.1], "site": ["x", "y"]}
    with pytest.raises(TableError, match="Did you mean 'site'"):
        subgroup(data, by="sites")
    with pytest.raises(OptionError, match="3 labels for 2 effects"):
        subgroup(data, by=["x", "y", "z"])
    with pytest.raises(OptionError, match="tau2_common belongs"):
        subgroup(data, by="site", model="common", tau2_common=True)
