"""What is timed: for each task the same inputs for everyone, our call and those of the Python peers that are installed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from clock import Call  # first: it holds linear algebra to one thread

import numpy as np  # isort: skip

Table = dict[str, Any]


@dataclass
class Task:
    """One line of the table.  goals : peer -> how many times as fast we want to be.  files : inputs for R.  scale : calls that did a part.

    pairs : peer -> name of our call it is compared with, where that is not "ostealgia".
    """

    name: str
    calls: dict[str, Call]
    goals: dict[str, float]
    files: dict[str, Table] = field(default_factory=dict)
    scale: dict[str, float] = field(default_factory=dict)
    pairs: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def peer(
        self, name: str, module: str, make: Callable[[Any], Call], *, ours: str = "ostealgia", scale: float = 1.0
    ) -> None:
        """Add a peer where its module can be imported."""
        import importlib

        try:
            self.calls[name] = make(importlib.import_module(module))
        except ImportError:
            self.missing.append(name)
            return
        self.pairs[name], self.scale[name] = ours, scale


def studies(k: int, *, tau2: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """k studies with effects around 0.3, variances 0.02 to 0.3."""
    rng = np.random.default_rng(k)
    v = rng.uniform(0.02, 0.3, size=k)
    return rng.normal(0.3, np.sqrt(tau2 + v)), v


def reml(k: int) -> Task:
    """One REML fit with Hartung-Knapp interval and the full result object; the interval of tau2 is found when it is asked for."""
    from ostealgia.meta import pool

    y, v = studies(k)
    se = np.sqrt(v)
    task = Task(
        f"one REML fit, full result, k = {k:,}",
        {"ostealgia": lambda: pool({"estimate": y, "std_error": se}, ci="HK")},
        {"metafor": 20.0 if k == 20 else 1000.0, "pimeta": 3.0},
        {"reml": {"estimate": y, "variance": v}},
    )
    task.peer("pimeta", "pimeta", lambda m: lambda: m.rma(yi=y, vi=v, method="REML", test="knha"))
    task.peer(
        "PyMetaAnalysis",
        "meta_analyze",
        lambda m: lambda: m.meta_analysis(effect=y, variance=v, model="random", tau2_method="REML"),
    )

    def pymare(m: Any) -> Call:
        from pymare.estimators import VarianceBasedLikelihoodEstimator as Estimator

        return lambda: Estimator(method="REML").fit_dataset(m.Dataset(y=y[:, None], v=v[:, None])).summary()

    task.peer("PyMARE", "pymare", pymare)
    return task


def influence(k: int = 200) -> Task:
    """The pool, leave-one-out as a table and all deletion diagnostics, from arrays."""
    from ostealgia.meta import influence, leave_one_out, pool

    y, v = studies(k)
    se = np.sqrt(v)

    def ours() -> object:
        fit = pool({"estimate": y, "std_error": se}, ci="z")
        return leave_one_out(fit).numbers, influence(fit)

    task = Task(
        f"leave-one-out + influence, k = {k}",
        {"ostealgia": ours},
        {"pimeta": 100.0},
        {"influence": {"estimate": y, "variance": v}},
    )
    task.peer("pimeta", "pimeta", lambda m: lambda: (m.leave1out(y, v), m.influence(y, v)))
    return task


def glmm(k: int = 20) -> Task:
    """Random-intercept logistic model of k proportions, 7 quadrature points, from counts."""
    from ostealgia.effects import compute
    from ostealgia.meta import pool

    rng = np.random.default_rng(7)
    n = rng.integers(8, 140, size=k).astype(float)
    x = rng.binomial(n.astype(int), 1 / (1 + np.exp(-rng.normal(1.2, 0.6, size=k)))).astype(float)
    task = Task(
        f"GLMM, logit of proportions, k = {k}",
        {"ostealgia": lambda: pool(compute({"events": x, "n": n}, measure="PLO"), model="glmm")},
        {"pimeta": 2.0, "metafor": 20.0},
        {"glmm": {"events": x, "n": n}},
    )
    task.peer("pimeta", "pimeta", lambda m: lambda: m.rma_glmm(measure="PLO", xi=x, ni=n))
    return task


def multilevel(count: int = 100, each: int = 5) -> Task:
    """Effects within studies, each with an intercept at random."""
    from ostealgia.meta import multilevel

    rng = np.random.default_rng(500)
    study = np.repeat(np.arange(count), each)
    v = rng.uniform(0.02, 0.2, size=count * each)
    y = 0.3 + rng.normal(0.0, 0.25, size=count)[study] + rng.normal(0.0, np.sqrt(0.04 + v))
    names = np.char.add("S", study.astype(str))
    frame = {"study": names, "estimate": y, "std_error": np.sqrt(v)}
    data = {"study": names, "effect": np.arange(len(y)), "estimate": y, "variance": v}
    task = Task(
        f"three-level model, {len(y)} effects in {count} studies",
        {"ostealgia": lambda: multilevel(frame, random="study/effect")},
        {"metafor": 100.0},
        {"multilevel": data},
    )
    task.peer(
        "pimeta", "pimeta", lambda m: lambda: m.rma_mv(yi=y, vi=v, data=data, random="~ 1 | study/effect", test="t")
    )
    return task


def trials(treatments: int = 20, count: int = 100) -> Table:
    """Contrasts of trials, nine of ten with two arms and one with three, that connect all treatments."""
    rng = np.random.default_rng(2012)
    truth = rng.normal(0.0, 0.5, size=treatments)
    rows: dict[str, list[Any]] = {name: [] for name in ("study", "treat1", "treat2", "estimate", "std_error")}
    for s in range(count):
        ring = np.array([s % treatments, (s + 1) % treatments])  # the first trials connect all treatments
        arms = ring if s < treatments else rng.choice(treatments, size=3 if s % 8 == 0 else 2, replace=False)
        variance = rng.uniform(0.02, 0.2, size=len(arms))
        mean = truth[arms] + rng.normal(0.0, np.sqrt(variance + 0.02))
        for i in range(len(arms)):
            for j in range(i + 1, len(arms)):
                values = (
                    f"S{s:03d}",
                    f"T{arms[i]:02d}",
                    f"T{arms[j]:02d}",
                    mean[i] - mean[j],
                    np.sqrt(variance[i] + variance[j]),
                )
                for name, value in zip(rows, values, strict=True):
                    rows[name].append(value)
    return rows


def network() -> list[Task]:
    """Network meta-analysis: what netmeta() gives; with league table, P-scores, SUCRA and Q by design; node splitting apart."""
    from ostealgia.network import fit

    data = trials()
    files = {"network": data}
    found = fit(data, measure="MD", tau2="DL", small_values="desirable")

    def fitted() -> Any:
        made = fit(data, measure="MD", tau2="DL", small_values="desirable")
        return made, made.weights, made.hat_matrix(), made.decomposition(), made.split()

    def everything() -> object:
        made = fitted()[0]
        return made.league(), made.scores(), made.rankings(draws=1000), made.contrast_frame()

    goals = {"netmeta": 500.0, "pimeta": 1.0}
    one = Task("network, 20 treatments / 100 studies: fit", {"ostealgia": fitted}, goals, files)
    every = Task(
        "network: fit and all outputs", {"ostealgia": everything}, {"netmeta, all": 500.0, "pimeta": 1.0}, files
    )
    split = Task(
        "network: node splitting alone", {"ostealgia": found.split}, {"netmeta, split": 500.0, "pimeta": 1.0}, files
    )

    def pimeta(m: Any) -> Any:
        columns = [np.asarray(data[name]) for name in ("estimate", "std_error", "treat1", "treat2", "study")]
        return lambda: m.netmeta(*columns, sm="MD", method_tau="DL", small_values="desirable")

    def pimeta_all(m: Any) -> Call:
        def call() -> object:
            made = pimeta(m)()
            return m.netleague(made), m.netrank(made), m.decomp_design(made), m.netsplit(made)

        return call

    one.peer("pimeta", "pimeta", pimeta)
    every.peer("pimeta", "pimeta", pimeta_all)

    def pimeta_split(m: Any) -> Call:
        made = pimeta(m)()
        return lambda: m.netsplit(made)

    split.peer("pimeta", "pimeta", pimeta_split)
    return [one, every, split]


def permutation(k: int = 20, refits: int = 10_000) -> Task:
    """A permutation test of one moderator; every random order is fitted anew."""
    from ostealgia.meta import permutation_test, regress

    y, v = studies(k)
    dose = np.random.default_rng(3).uniform(8.0, 40.0, size=k)
    data = {"estimate": y, "std_error": np.sqrt(v), "dose": dose}
    fits = {method: regress(data, "~ dose", tau2=method, ci="z") for method in ("REML", "DL")}
    task = Task(
        f"permutation test, {refits:,} refits, k = {k}",
        {
            "ostealgia": lambda: permutation_test(fits["REML"], refits=refits),
            "ostealgia, DL": lambda: permutation_test(fits["DL"], refits=refits),
        },
        {"PyMARE, REML": 2.0, "PyMARE, DL": 2.0},
        {"permutation": {"estimate": y, "variance": v, "dose": dose}},
    )

    def pymare(estimator: str, share: int, **options: Any) -> Callable[[Any], Call]:
        def make(m: Any) -> Call:
            from pymare import estimators

            dataset = m.Dataset(y=y[:, None], v=v[:, None], X=dose[:, None], X_names=["dose"])
            result = getattr(estimators, estimator)(**options).fit_dataset(dataset).summary()
            return lambda: result.permutation_test(refits // share)

        return make

    task.peer("PyMARE, REML", "pymare", pymare("VarianceBasedLikelihoodEstimator", 50, method="REML"), scale=50.0)
    task.peer("PyMARE, DL", "pymare", pymare("DerSimonianLaird", 1), ours="ostealgia, DL")
    task.peer("pimeta", "pimeta", lambda m: _permutest(m, y, v, dose, refits // 50), scale=50.0)
    return task


def _permutest(m: Any, y: np.ndarray, v: np.ndarray, dose: np.ndarray, refits: int) -> Call:
    fit = m.rma(yi=y, vi=v, mods=dose, method="REML")
    return lambda: m.permutest(fit, iter=refits, seed=1)


def every_task() -> list[tuple[str, Task]]:
    """(name of the task in peers.R, task)."""
    first, all_outputs, split = network()
    return [
        ("reml", reml(20)), ("reml", reml(1000)), ("influence", influence()), ("glmm", glmm()), ("multilevel", multilevel()),
        ("network", first), ("network", all_outputs), ("network", split), ("permutation", permutation()),
    ]  # fmt: skip
