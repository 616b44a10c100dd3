"""The scripts of r_script() in R: every stopifnot of every script holds.

Run with R 4.2.2 and metafor 3.8-1; skipped with a word where Rscript or metafor is not there. Bayesian scripts need
bayesmeta, so they are in test_r_script_text.py only.
"""

from __future__ import annotations

import shutil
import subprocess
from functools import partial

import numpy as np
import pytest

from ostealgia.effects import compute
from ostealgia.meta import (
    cumulative,
    known_covariance,
    leave_one_out,
    multilevel,
    multivariate,
    pool,
    r_script,
    regress,
    subgroup,
)
from ostealgia.network import fit as network

COUNTS = {
    "study": ["Heffron 2003", "Gibelli 2004", 'Sch"üller\n2005', "Ganschow 2005", "Spada 2006", "Gras 2008"],
    "events_1": [14, 16, 3, 9, 4, 0], "n_1": [61, 28, 18, 54, 36, 50], "events_2": [15, 19, 8, 29, 11, 3], "n_2": [20, 28, 12, 54, 36, 34],
    "year": [2003, 2004, 2005, 2005, 2006, 2008], "site": list("aababb"),
}  # fmt: skip
MEANS = {
    "study": list("ABCDEF"), "mean_1": [4.0, 5, 3.2, 4.4, 6, 2.5], "sd_1": [2.0, 2.2, 1.9, 2.5, 2.1, 1.7], "n_1": [30, 40, 25, 60, 33, 80],
    "mean_2": [5.5, 5.2, 5.0, 6.2, 6.5, 5.0], "sd_2": [2.2, 2.0, 2.0, 2.4, 2.2, 1.9], "n_2": [28, 41, 27, 55, 30, 75],
}  # fmt: skip
PRE_POST = {
    "study": list("ABCDEF"), "mean_pre": [7.0, 6.5, 7.2, 6.8, 7.5, 6.1], "sd_pre": [1.7, 1.8, 1.5, 2.0, 1.6, 1.9],
    "mean_post": [3.0, 2.8, 4.1, 3.3, 2.9, 3.5], "sd_post": [2.0, 2.2, 1.9, 2.5, 2.1, 1.7], "n": [30, 40, 25, 60, 33, 80],
    "correlation": [0.5] * 6,
}  # fmt: skip
PROPORTIONS = {"study": list("ABCDEFG"), "events": [14, 20, 0, 33, 18, 40, 9], "n": [20, 29, 12, 40, 30, 44, 9]}
RATES = {"study": list("ABCDE"), "events": [14, 20, 3, 33, 18], "person_time": [120.0, 190, 50, 300, 210]}
TWO_RATES = {
    "study": list("ABCDE"), "events_1": [14, 20, 3, 33, 0], "person_time_1": [120.0, 190, 50, 300, 110],
    "events_2": [24, 22, 8, 40, 5], "person_time_2": [118.0, 180, 55, 290, 100],
}  # fmt: skip
SINGLE_MEANS = {
    "study": list("ABCDE"),
    "mean": [4.0, 5, 3.2, 4.4, 6],
    "sd": [2.0, 2.2, 1.9, 2.5, 2.1],
    "n": [30, 40, 25, 60, 33],
}
CORRELATIONS = {"study": list("ABCDE"), "r": [0.4, 0.5, 0.2, 0.1, -0.1], "n": [30, 40, 25, 60, 33]}
TABLES = [
    (COUNTS, "OR RR RD PETO AS PHI YUQ YUY"), (MEANS, "MD SMD SMDH ROM CVR"), (PRE_POST, "MC SMCC SMCR SMCRH ROMC"),
    (PROPORTIONS, "PR PLN PLO PAS PFT"), (RATES, "IR IRLN IRS IRFT"), (TWO_RATES, "IRR IRD IRSD"), (SINGLE_MEANS, "MN MNLN"),
    (CORRELATIONS, "COR UCOR ZCOR"),
]  # fmt: skip


def _pools():
    """Name -> (table, options of pool): every measure, estimator, interval, prediction rule and model."""
    jobs = {f"measure {name}": (table, {"measure": name}) for table, names in TABLES for name in names.split()}
    for name in ["DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM", "GENQ"]:
        jobs[f"tau2 {name}"] = (COUNTS, {"measure": "OR", "tau2": name})
    for ci, pi in zip(
        ["z", "t", "HK", "HK-adhoc", "HK-ci", "z", "HK-adhoc"],
        ["S", "V", "HTS", "HK", "HK-PR", "HK", "HK-PR"],
        strict=True,
    ):
        jobs[f"ci {ci} pi {pi}"] = (MEANS, {"measure": "MD", "ci": ci, "pi": pi})
    for ci in ("z", "t", "HK"):
        jobs[f"common {ci}"] = (MEANS, {"measure": "SMD", "ci": ci, "model": "common"})
    jobs["equal weights"] = (MEANS, {"measure": "MD", "weights": "equal"})
    jobs["equal weights, z"] = (MEANS, {"measure": "MD", "weights": "equal", "ci": "z"})
    jobs["given weights"] = (MEANS, {"measure": "MD", "weights": [1, 2, 3, 4, 5, 6]})
    jobs["given tau2"] = (MEANS, {"measure": "MD", "tau2_value": 0.3})
    jobs["90% and profile likelihood"] = (MEANS, {"measure": "MD", "level": 0.9, "tau2_ci": "PL"})
    jobs["two studies"] = ({name: values[:2] for name, values in COUNTS.items()}, {"measure": "OR"})
    jobs["one study"] = ({name: values[:1] for name, values in COUNTS.items()}, {"measure": "OR"})
    for name in ("OR", "RR", "RD"):
        jobs[f"MH {name}"] = (COUNTS, {"measure": name, "model": "MH"})
    jobs["MH with increments"] = (COUNTS, {"measure": "OR", "model": "MH", "mh_increment": "effects"})
    jobs["MH IRR"] = (TWO_RATES, {"measure": "IRR", "model": "MH"})
    jobs["MH IRD"] = (TWO_RATES, {"measure": "IRD", "model": "MH"})
    jobs["Peto"] = (COUNTS, {"measure": "OR", "model": "peto"})
    jobs["Q around MH, DL"] = (COUNTS, {"measure": "OR", "tau2": "DL", "q_center": "MH"})
    jobs["Q around MH, REML"] = (COUNTS, {"measure": "RR", "q_center": "MH"})
    jobs["GLMM PLO"] = (PROPORTIONS, {"measure": "PLO", "model": "glmm"})
    jobs["GLMM PLO, common"] = (PROPORTIONS, {"measure": "PLO", "model": "glmm", "glmm_method": "EE"})
    jobs["GLMM IRLN, t"] = (RATES, {"measure": "IRLN", "model": "glmm", "ci": "t"})
    for name in ("UM.FS", "UM.RS", "CM.AL"):
        jobs[f"GLMM OR {name}"] = (COUNTS, {"measure": "OR", "model": "glmm", "glmm": name})
    jobs["GLMM IRR"] = (TWO_RATES, {"measure": "IRR", "model": "glmm", "glmm": "CM.EL"})
    return jobs


def _sets():
    """Name -> how a set of pools is made."""

    def odds(**options):
        return pool(compute(COUNTS, measure="OR"), **options)

    def by_site(**options):
        return subgroup(compute(COUNTS, measure="OR"), by="site", **options)

    return {
        "leave-one-out": lambda: leave_one_out(odds()),
        "leave-one-out, MH": lambda: leave_one_out(odds(model="MH")),
        "leave-one-out, GLMM": lambda: leave_one_out(pool(PROPORTIONS, measure="PLO", model="glmm")),
        "leave-one-out, adhoc": lambda: leave_one_out(pool(MEANS, measure="MD", ci="HK-adhoc")),
        "cumulative": lambda: cumulative(odds(), "year"),
        "subgroups": by_site,
        "subgroups, one tau2": partial(by_site, tau2_common=True),
        "subgroups, MH": partial(by_site, model="MH"),
    }


def _nested():
    """Thirty effects of ten studies, three outcomes or weeks each."""
    rng = np.random.default_rng(3)
    se, dose = rng.uniform(0.1, 0.3, 30), rng.uniform(8, 30, 30)
    y = 0.4 + np.repeat(rng.normal(0, 0.3, 10), 3) + rng.normal(0, 0.2, 30) + rng.normal(0, se)
    return {
        "study": np.repeat([f"S{i}" for i in range(10)], 3), "estimate": y, "std_error": se, "outcome": np.tile(["a", "b", "c"], 10),
        "week": np.tile([1.0, 4, 12], 10), "laboratory": [f"L{i % 4}" for i in range(30)], "dose_gy": dose,
    }  # fmt: skip


def _models():
    """Name -> how a meta-regression, a model of dependent effects or a network is made."""
    nested = _nested()
    sites = [["spine", "pelvis", "limb"][i % 3] for i in range(30)]
    single = {**nested, "study": [f"S{i}" for i in range(30)], "site": sites}

    def outcomes(**options):
        return multivariate(nested, V=known_covariance(nested, rho=0.5), **options)

    models = {
        "regression": partial(regress, single, "~ dose_gy"),
        "regression, factor": partial(regress, single, "~ dose_gy + factor(site)", ci="z", tau2="DL"),
        "regression, no intercept": partial(regress, single, "~ factor(site) - 1", ci="HK-adhoc"),
        "regression, spline": partial(regress, single, "~ ns(dose_gy, 3)", model="common", ci="z"),
        "regression, interaction": partial(regress, single, "~ dose_gy * site", tau2="PM", ci="t"),
        "regression, given tau2": partial(regress, single, "~ dose_gy", tau2_value=0.1),
        "three levels": partial(multilevel, nested),
        "three levels, ML, z": partial(multilevel, nested, ci="z", method="ML"),
        "crossed": partial(multilevel, nested, random="study + laboratory"),
        "three levels, moderator": partial(multilevel, nested, moderators=["dose_gy"]),
        "three levels, known covariance": lambda: multilevel(nested, V=known_covariance(nested, rho=0.5)),
        "outcomes and laboratories": partial(outcomes, structure="CS", random="laboratory"),
        "network": partial(network, ARMS, measure="OR", tau2_value=0.3, reference="z"),
        "network, common": partial(network, ARMS, measure="OR", model="common"),
    }
    models |= {f"outcomes {name}": partial(outcomes, structure=name) for name in ("CS", "HCS", "UN", "DIAG", "ID")}
    return models | {
        f"weeks {name}": partial(outcomes, outcome="week", structure=name) for name in ("AR", "HAR", "CAR")
    }


ARMS = {
    "study": list("AABBCCCDDEEFFF"), "treatment": list("xyxzxyzyzxwyzw"), "events": [10, 15, 12, 20, 9, 14, 18, 11, 19, 8, 6, 12, 15, 9],
    "n": [40, 42, 50, 49, 38, 40, 41, 44, 45, 30, 31, 40, 41, 39],
}  # fmt: skip
POOLS = _pools()
SETS = {**_sets(), **_models()}
NAMES = [*POOLS, *SETS]
RUNNER = """
suppressPackageStartupMessages(library(metafor))
for (file in commandArgs(trailingOnly = TRUE)) {
  said <- tryCatch({
    suppressWarnings(invisible(capture.output(source(file, local = new.env()))))
    "ok"
  }, error = function(condition) conditionMessage(condition))
  cat(said, "\\n", sep = "")
}
"""


def _why_not() -> str | None:
    """Why R cannot be asked, or None."""
    if shutil.which("Rscript") is None:
        return "Rscript is not installed"
    found = subprocess.run(["Rscript", "-e", "library(metafor)"], capture_output=True, timeout=120, check=False)
    return None if found.returncode == 0 else "R's package metafor is not installed"


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What R says of each script; all are run in one process."""
    reason = _why_not()
    if reason is not None:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("r")
    results = {name: pool(table, **options) for name, (table, options) in POOLS.items()}
    results |= {name: make() for name, make in SETS.items()}
    files = []
    for i, result in enumerate(results.values()):
        files.append(str(folder / f"{i:03d}.R"))
        r_script(result, files[-1])
    runner = folder / "run.R"
    runner.write_text(RUNNER, encoding="utf-8")
    done = subprocess.run(["Rscript", str(runner), *files], capture_output=True, text=True, timeout=300, check=True)
    return dict(zip(results, done.stdout.splitlines(), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_r_agrees(said, name):
    """Tolerances stand in the script: 1e-8 for closed forms, 1e-6 where R iterates, 1e-3 where an optimiser stops (lme4, nlminb)."""
    assert said[name] == "ok"


def test_a_wrong_number_stops_the_script(said, tmp_path):
    """The checks bite: an estimate changed in its fifth digit is named."""
    text = r_script(pool(MEANS, measure="MD", ci="z"))
    line = next(line for line in text.splitlines() if line.startswith('stopifnot("estimate"'))
    value = line.split("coef(fit), ")[1].split(",")[0]
    path = tmp_path / "wrong.R"
    path.write_text(text.replace(line, line.replace(value, repr(float(value) * 1.0001))), encoding="utf-8")
    done = subprocess.run(["Rscript", str(path)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode != 0
    assert "estimate" in done.stderr
