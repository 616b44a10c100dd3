"""Every analysis of a cohort meets bad tables: the answer is a result, or a message with a way out; never an error of NumPy.

Warnings are errors here. Values of patients do not stand in messages: the word planted among numbers must not come back.
"""

import numpy as np
import pandas as pd
import pytest

import ostealgia as oa
from ostealgia.errors import OstealgiaError

cohort = oa.cohort
N, SECRET = 40, "Mrs Secret"


def patients():
    rng, i = np.random.default_rng(1), np.arange(N)
    made = pd.DataFrame(
        {
            "id": i, "arm": np.where(i % 2, "b", "a"), "treated": i % 2, "age": rng.normal(60, 10, N), "y": rng.normal(5, 2, N),
            "y0": rng.normal(6, 2, N), "resp": rng.integers(0, 2, N), "t": rng.exponential(10, N), "d": rng.integers(0, 2, N),
            "cause": rng.integers(0, 3, N), "relief": np.where(rng.random(N) < 0.5, rng.exponential(4, N), np.nan),
        }
    )  # fmt: skip
    return made.assign(signal=made["resp"] + rng.normal(0, 0.7, N))


def visits():
    rng, base = np.random.default_rng(2), patients()[["id", "arm", "treated", "age", "y0"]]
    rows = base.loc[base.index.repeat(4)].reset_index(drop=True)
    n = len(rows)
    return rows.assign(week=np.tile([1, 4, 8, 12], N), pain=rng.normal(5, 2, n), bin=rng.integers(0, 2, n))


def imputed():
    rng, base = np.random.default_rng(3), patients()[["id", "arm", "treated", "age", "y"]]
    return pd.concat([base.assign(imp=k, y=base["y"] + rng.normal(0, 0.1, N)) for k in (1, 2, 3)], ignore_index=True)


def with_all(fit, *names):
    return [getattr(fit, name)() if callable(getattr(fit, name)) else getattr(fit, name) for name in names] + [fit]


def positive(frame):
    return frame.assign(y=frame["y"].abs() + 1, y0=frame["y0"].abs() + 1)


ANALYSES = {
    "mixed model": (visits, lambda f: cohort.mixed_model(f, outcome="pain", fixed="arm*factor(week)+age", subject="id")),
    "mixed model, slope": (
        visits,
        lambda f: cohort.mixed_model(f, outcome="pain", fixed="arm*week", subject="id", random="1 + week", df="kenward-roger"),
    ),
    "mmrm": (visits, lambda f: cohort.mmrm(f, outcome="pain", fixed="arm*factor(week)", subject="id", visit="week")),
    "ancova": (patients, lambda f: cohort.ancova(f, outcome="y", group="arm", baseline="y0")),
    "ancova of logs": (
        lambda: positive(patients()),
        lambda f: cohort.ancova(f, outcome="y", group="arm", baseline="y0", response="log", std_error="HC3"),
    ),
    "paired change": (patients, lambda f: cohort.paired_change(f, before="y0", after="y", group="arm")),
    "kaplan_meier": (patients, lambda f: cohort.kaplan_meier(f, time="t", event="d", by="arm")),
    "logrank": (patients, lambda f: cohort.logrank(f, time="t", event="d", by="arm")),
    "rmst": (patients, lambda f: cohort.rmst(f, time="t", event="d", by="arm")),
    "cox": (
        patients,
        lambda f: with_all(cohort.cox(f, time="t", event="d", terms="arm + age"), "concordance", "proportional_hazards"),
    ),
    "incidence": (patients, lambda f: cohort.cumulative_incidence(f, time="t", status="cause", by="arm")),
    "gray": (patients, lambda f: cohort.gray_test(f, time="t", status="cause", cause=1, by="arm")),
    "fine_gray": (patients, lambda f: cohort.fine_gray(f, time="t", status="cause", cause=1, terms="arm + age")),
    "landmark": (patients, lambda f: cohort.landmark(f, time="t", event="d", exposure_time="relief", at=2)),
    "immortal": (patients, lambda f: cohort.immortal_time(f, time="t", event="d", exposure_time="relief", landmark_at=2)),
    "logistic": (patients, lambda f: with_all(cohort.logistic(f, outcome="resp", terms="arm + age"), "term_tests")),
    "profile": (patients, lambda f: cohort.logistic(f, outcome="resp", terms="arm + age", method="profile")),
    "firth": (patients, lambda f: cohort.logistic(f, outcome="resp", terms="arm + age", method="firth")),
    "screen": (patients, lambda f: cohort.univariable_screen(f, outcome="resp", candidates=["arm", "age"], bootstrap=20)),
    "backward": (patients, lambda f: cohort.backward_aic(f, outcome="resp", candidates=["age", "signal"])),
    "gee": (visits, lambda f: cohort.gee(f, outcome="bin", terms="arm + factor(week)", cluster="id")),
    "table_one": (patients, lambda f: cohort.table_one(f, by="arm", variables=["age", "resp", "y"])),
    "propensity": (patients, lambda f: cohort.propensity(f, treatment="treated", terms="age + y0")),
    "weighted": (
        patients,
        lambda f: cohort.weighted_effect(
            f, treatment="treated", outcome="y", terms="age + y0", weights="ate", time="t", event="d"
        ),
    ),
    "g_computation": (patients, lambda f: cohort.g_computation(f, treatment="treated", outcome="resp", terms="treated + age")),
    "aipw": (
        patients,
        lambda f: cohort.aipw(f, treatment="treated", outcome="y", terms="treated + age", score_terms="age + y0"),
    ),
    "random intercepts": (
        visits,
        lambda f: cohort.random_intercepts(f, outcome="pain", fixed="arm", groups=["week", "id"]),
    ),
    "pool": (imputed, lambda f: cohort.pool_imputations(f, imputation="imp", outcome="y", terms="arm + age")),
    "tipping": (
        imputed,
        lambda f: cohort.tipping_point(
            f, imputation="imp", original=patients().assign(y=patients()["y"].where(patients().index > 3)), id="id", outcome="y",
            terms="arm + age", by="arm", value="b", deltas=[0, 1], term="armb",
        ),
    ),
}  # fmt: skip


def whole_tables(f):
    """Tables that are wrong as a whole."""
    yield from (f.iloc[:0], f.iloc[:1], f.iloc[:2], f.iloc[:3], pd.concat([f, f], ignore_index=True))
    yield f[f["arm"] == "a"]
    yield pd.concat([f[f["arm"] == "a"], f[f["arm"] == "b"].iloc[:1]])
    yield f.assign(arm=pd.Categorical(f["arm"], ["a", "b", "c"]))
    yield from (
        None,
        [1, 2, 3],
        dict.fromkeys(f.columns, 3),
        {c: np.ones((4, 2)) for c in f.columns},
        f.convert_dtypes(),
    )
    yield {c: f[c].tolist()[: len(f) - (i == 1)] for i, c in enumerate(f.columns)}
    if "resp" in f:
        yield f.assign(resp=f["treated"])  # separated
        yield f.assign(treated=(f["age"] > 60).astype(int))
        yield f.assign(d=0, cause=0)  # all censored
        yield f.assign(t=0.0)  # ties at zero
        yield f.assign(t=5.0, d=1, cause=1)
        yield f.assign(
            d=f["d"].where(f["arm"] == "a", 0), cause=f["cause"].where(f["arm"] == "a", 0)
        )  # an arm without events
        yield f.assign(y=f["y0"])
        yield f.assign(age=f["y0"])
    if "week" in f:
        yield f.assign(pain=f["week"].astype(float))  # nothing left to estimate a variance from
        yield from (f[f["week"] == 1], f.assign(week=1), f.iloc[::5], f.assign(pain=f["id"].astype(float)))
        yield f[~((f["arm"] == "b") & (f["week"] == 12))]  # an empty cell


def one_column(f, c):
    """Tables in which one column is wrong."""
    n = len(f)
    yield f.drop(columns=c)
    yield from (f.assign(**{c: value}) for value in (np.nan, None, 0, -1, f[c].iloc[0], pd.Timestamp("2020-01-01"), 1j))
    yield f.assign(**{c: [f"x{i % 3}" for i in range(n)]})
    yield f.assign(**{c: [[1, 2]] * n})
    yield pd.concat([f, f[[c]]], axis=1)
    if f[c].dtype.kind in "fi" and c != "week":
        x = f[c].astype(float)
        yield from (f.assign(**{c: [v, *x.tolist()[1:]]}) for v in (np.inf, 1e308, np.nan))
        yield from (f.assign(**{c: x * v}) for v in (1e200, 1e-200))
        yield f.assign(**{c: [SECRET, *map(str, x.tolist()[1:])]})


@pytest.mark.parametrize("name", ANALYSES)
def test_a_bad_table_gives_a_result_or_a_message(name):
    make, analyse = ANALYSES[name]
    good = make()
    for found in np.atleast_1d(np.array(analyse(good), dtype=object)).tolist():
        assert str(found)
    tried = [*whole_tables(good)]
    for column in good.columns:
        tried += one_column(good, column)
    said = 0
    for table in tried:
        try:
            for found in np.atleast_1d(np.array(analyse(table), dtype=object)).tolist():
                str(found)
                if hasattr(found, "to_frame"):
                    found.to_frame()
        except OstealgiaError as error:
            said += 1
            assert str(error).strip()
            if name not in (
                "gray",
                "fine_gray",
            ):  # they list the codes of the column of events, which are no patient's value
                assert SECRET not in str(error)
    assert said > 10


def test_numbers_beyond_their_squares_are_refused_with_a_way_out():
    with pytest.raises(OstealgiaError, match="another unit"):
        cohort.logistic(patients().assign(age=1e200), outcome="resp", terms="age")


def test_words_among_numbers_are_not_taken_for_groups():
    f = patients()
    with pytest.raises(OstealgiaError, match="words among its numbers") as caught:
        cohort.logistic(f.assign(age=[SECRET, *map(str, f["age"][1:])]), outcome="resp", terms="age")
    assert SECRET not in str(caught.value)


def test_a_treatment_that_the_terms_tell_for_certain_has_no_counterpart():
    f = patients()
    with pytest.raises(OstealgiaError, match=r"counterpart|separates"):
        cohort.propensity(f.assign(treated=(f["age"] > 60).astype(int)), treatment="treated", terms="age")
