"""Simulation, bootstrap and permutation tests for every analysis of a batch.

The random numbers of an analysis depend on the seed and on its name alone (``numerics.batch_random``): order, chunks, processes and
machines change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError
from ostealgia.meta.batch import Batch, as_batch
from ostealgia.meta.batch_result import BatchResult
from ostealgia.meta.many import Spec, fitted, result_of, specify
from ostealgia.numerics.batch import part_of, resolve_engine
from ostealgia.numerics.batch_random import Streams, check_seed
from ostealgia.options import one_of
from ostealgia.tables.result import Result, plain

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
Index = NDArray[np.int64]
CELLS = 2_000_000  # effects in memory at a time
BOOTSTRAPS = ("studies", "parametric")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ResamplingResult(Result):
    """One row an analysis of what its refits say. kind : "bootstrap (studies)", "bootstrap (parametric)" or "permutation".

    columns : name -> array (n,).  original : the batch as it was fitted.  repeats, seed : as asked for.
    """

    kind: str
    repeats: int
    seed: int
    columns: dict[str, Any]
    original: BatchResult

    def to_frame(self) -> pd.DataFrame:
        """One row an analysis: analysis, k, estimate, then the columns of the kind."""
        import pandas as pd

        return pd.DataFrame(
            {
                "analysis": self.original.analysis,
                "k": self.original.k,
                "estimate": self.original.estimate,
                **self.columns,
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON: kind, repeats, seed, one entry an analysis, notes."""
        rows = self.to_frame().to_dict("records")
        return {
            "kind": self.kind,
            "repeats": self.repeats,
            "seed": self.seed,
            "analyses": [plain(row) for row in rows],
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        head = f"ResamplingResult: {self.kind}, {len(self.original):,} analyses, {self.repeats:,} repeats, seed {self.seed}"
        lost = int(self.columns["not_converged"].sum())
        return "\n".join([head, f"  refits not converged: {lost:,}", *(f"  note: {note}" for note in self.notes)])


def simulate_many(
    data: Any, *, seed: int, estimate: Any = 0.0, tau2: Any = 0.0, id: str = "analysis", invalid: str = "refuse"
) -> Batch:
    """New effects for every analysis from the normal-normal model: y ~ N(estimate, v + tau2), with the variances of the batch.

    estimate, tau2 : numbers, or one an analysis (n,); tau2 of 0 or more.  seed : whole number.
    Returns a Batch with the same names, variances and labels.  The variances count as known: this is not a simulation of counts.

    >>> batch = Batch(y=[0.0, 0.0, 0.0], v=[1.0, 1.0, 4.0], offsets=[0, 2, 3], analysis=["A", "B"])
    >>> bool((simulate_many(batch, seed=1).y[2:] == simulate_many(batch.take([1]), seed=1).y).all())
    True
    """
    batch = as_batch(data, id=id, invalid=invalid)
    mean, spread = _each(estimate, "estimate", len(batch)), _each(tau2, "tau2", len(batch))
    if not (spread >= 0.0).all():
        raise OptionError(f"tau2={tau2!r}: it should be 0 or more.")
    streams, k = Streams(check_seed(seed), "simulation"), batch.k
    noise = np.concatenate(
        [streams.of(name).standard_normal(size) for name, size in zip(batch.analysis, k, strict=True)]
    )
    y = np.repeat(mean, k) + noise * np.sqrt(batch.v + np.repeat(spread, k))
    return Batch(
        y=y, v=batch.v, offsets=batch.offsets, analysis=batch.analysis, study=batch.study, excluded=batch.excluded,
        notes=batch.notes,
    )  # fmt: skip


def _each(value: Any, name: str, n: int) -> Array:
    values = np.asarray(value, dtype=float)
    if values.shape not in ((), (n,)) or not np.isfinite(values).all():
        raise OptionError(f"{name} should be a number, or {n} of them, one an analysis; found shape {values.shape}.")
    return np.broadcast_to(values, (n,))


def bootstrap_many(
    data: Any, *, seed: int, repeats: int = 1000, kind: str = "studies", id: str = "analysis", engine: str = "auto",
    threads: int | None = None, invalid: str = "refuse", cells: int = CELLS, **options: Any,
) -> ResamplingResult:  # fmt: skip
    """Bootstrap distribution of the pooled effect and of tau2 for every analysis: standard error and percentile interval.

    kind : "studies" draws studies with replacement; "parametric" draws effects from N(estimate, v + tau2) as fitted.
    seed, repeats : whole numbers.  options : model, tau2, ci, pi, level, as in ``pool_many``.  cells : effects in memory at a time;
    it changes no number.  Returns a ResamplingResult with bootstrap_std_error, bootstrap_ci_low, bootstrap_ci_high,
    tau2_ci_low, tau2_ci_high, not_converged; NaN for an analysis of one study.  When not: with fewer than about ten studies a drawn set
    often holds few distinct ones, and tau2 and intervals come out too small.  Source: Davison & Hinkley 1997, doi:10.1017/CBO9780511802843.

    >>> batch = Batch(y=[0.1, 0.5, 0.3, 0.9], v=[0.04, 0.04, 0.01, 0.02], offsets=[0, 4])
    >>> float(bootstrap_many(batch, seed=1, repeats=200, tau2="DL").to_frame().bootstrap_std_error[0]) > 0
    True
    """
    one_of("kind", kind, BOOTSTRAPS)
    job = _Job(data, seed, repeats, id, engine, threads, invalid, cells, options)
    streams = Streams(job.seed, "bootstrap")
    mean, tau2 = job.original.estimate, np.nan_to_num(job.original.tau2)

    def draw(i: int, y: Array, v: Array) -> tuple[Array, Array]:
        generator = streams.of(job.batch.analysis[i])
        if kind == "studies":
            chosen = generator.integers(0, len(y), (repeats, len(y)))
            return y[chosen], v[chosen]
        noise = generator.standard_normal((repeats, len(y)))
        return mean[i] + noise * np.sqrt(v + tau2[i]), np.broadcast_to(v, noise.shape)

    names = ("bootstrap_std_error", "bootstrap_ci_low", "bootstrap_ci_high", "tau2_ci_low", "tau2_ci_high")
    columns = {name: np.full(len(job.batch), np.nan) for name in names}
    columns["not_converged"] = np.zeros(len(job.batch), np.int64)
    tail = (1.0 - job.spec.level) / 2.0
    for i, refits in job.refits(draw):
        good = refits.converged & np.isfinite(refits.estimate)
        columns["not_converged"][i] = repeats - int(good.sum())
        if good.sum() > 1:
            drawn, between = refits.estimate[good], refits.tau2[good]
            columns["bootstrap_std_error"][i] = drawn.std(ddof=1)
            columns["bootstrap_ci_low"][i], columns["bootstrap_ci_high"][i] = np.quantile(drawn, [tail, 1.0 - tail])
            columns["tau2_ci_low"][i], columns["tau2_ci_high"][i] = np.quantile(between, [tail, 1.0 - tail])
    return job.result(f"bootstrap ({kind})", columns, [])


def permutation_many(
    data: Any, *, seed: int, repeats: int = 1000, id: str = "analysis", engine: str = "auto",
    threads: int | None = None, invalid: str = "refuse", cells: int = CELLS, **options: Any,
) -> ResamplingResult:  # fmt: skip
    """Permutation test of no effect for every analysis: the signs of the effects are flipped and each set is refitted.

    Statistic: |estimate / std_error| by the interval asked for. All 2^k sets are taken where they are no more than ``repeats`` (the test is
    exact then); else P = (1 + sets at least as extreme) / (1 + repeats) over random sets.  options, cells : as in ``bootstrap_many``.
    Returns a ResamplingResult with statistic, permutation_p_value, exact, not_converged; NaN below two studies.
    It supposes effects symmetric around zero under no effect.  Source: Follmann & Proschan 1999, doi:10.1111/j.0006-341X.1999.00732.x.

    >>> batch = Batch(y=[0.1, 0.5, 0.3], v=[0.04, 0.04, 0.01], offsets=[0, 3])
    >>> float(permutation_many(batch, seed=1, tau2="DL", ci="z").to_frame().permutation_p_value[0])
    0.25
    """
    job = _Job(data, seed, repeats, id, engine, threads, invalid, cells, options)
    streams = Streams(job.seed, "permutation")
    exact = (job.batch.k > 1) & (job.batch.k < 63) & (np.exp2(np.minimum(job.batch.k, 63)) <= repeats)

    def draw(i: int, y: Array, v: Array) -> tuple[Array, Array]:
        k = len(y)
        if exact[i]:
            bits = (np.arange(1 << k)[:, None] >> np.arange(k)) & 1
        else:
            bits = streams.of(job.batch.analysis[i]).integers(0, 2, (repeats, k))
        return y * (1.0 - 2.0 * bits), np.broadcast_to(v, bits.shape)

    seen = np.abs(job.original.statistic)
    columns: dict[str, Any] = {"statistic": job.original.statistic, "permutation_p_value": np.full(len(seen), np.nan)}
    columns["exact"], columns["not_converged"] = exact, np.zeros(len(seen), np.int64)
    for i, refits in job.refits(draw):
        value = np.abs(refits.statistic)
        columns["not_converged"][i] = int((~refits.converged).sum())
        if np.isfinite(seen[i]):
            extreme = int((value >= seen[i] * (1.0 - 1e-9)).sum())
            lost = columns["not_converged"][i]
            total = len(value) - lost
            columns["permutation_p_value"][i] = extreme / total if exact[i] else (1 + extreme) / (1 + total)
    note = f"{int(exact.sum()):,} of {len(seen):,} tests are exact (all sign patterns)" if exact.any() else ""
    return job.result("permutation", columns, [note] if note else [])


class _Job:
    """Refits of every analysis, as many analyses at a time as fit into ``cells`` effects."""

    def __init__(
        self, data: Any, seed: int, repeats: int, id: str, engine: str, threads: int | None, invalid: str, cells: int,
        options: dict[str, Any],
    ) -> None:  # fmt: skip
        self.seed, self.threads, self.cells = check_seed(seed), threads, cells
        if isinstance(repeats, bool) or not isinstance(repeats, (int, np.integer)) or repeats < 1:
            raise OptionError(f"repeats={repeats!r} is not a whole number of 1 or more.")
        self.repeats = int(repeats)
        self.spec: Spec = specify({**options, "engine": engine})
        self.batch = as_batch(data, id=id, invalid=invalid)
        self.engine = resolve_engine(engine, len(self.batch.y) * self.repeats)
        fit = fitted(self.batch, self.spec, self.engine, threads)
        self.original = result_of(self.batch, fit, self.spec, self.engine)

    def refits(self, draw: Callable[[int, Array, Array], tuple[Array, Array]]) -> Iterator[tuple[int, BatchResult]]:
        """(position of the analysis, its refits), for every analysis of two studies or more."""
        which = np.flatnonzero(self.batch.k > 1)
        size = np.cumsum(self.batch.k[which] * self.repeats)
        start = 0
        while start < len(which):
            done = int(size[start - 1]) if start else 0
            stop = max(start + 1, int(np.searchsorted(size, done + self.cells, side="right")))
            yield from self._chunk(which[start:stop], draw)
            start = stop

    def _chunk(
        self, which: Index, draw: Callable[[int, Array, Array], tuple[Array, Array]]
    ) -> Iterator[tuple[int, BatchResult]]:
        offsets, drawn = self.batch.offsets, []
        for i in which:
            rows = slice(int(offsets[i]), int(offsets[i + 1]))
            drawn.append(draw(int(i), self.batch.y[rows], self.batch.v[rows]))
        sets = np.array([len(y) for y, _ in drawn])
        lengths = np.repeat(self.batch.k[which], sets)
        part = Batch(
            y=np.concatenate([y.ravel() for y, _ in drawn]),
            v=np.concatenate([v.ravel() for _, v in drawn]),
            offsets=np.concatenate([[0], np.cumsum(lengths)]),
        )
        fit = fitted(part, self.spec, self.engine, self.threads)
        whole = result_of(part, fit, self.spec, self.engine)
        ends = np.cumsum(sets)
        for i, first, last in zip(which, ends - sets, ends, strict=True):
            yield int(i), _slice(whole, int(first), int(last))

    def result(self, kind: str, columns: dict[str, Any], notes: list[str]) -> ResamplingResult:
        alone = int((self.batch.k < 2).sum())
        if alone:
            notes = [
                *notes,
                f"{alone:,} {'analysis' if alone == 1 else 'analyses'} of fewer than two studies: nothing to resample",
            ]
        return ResamplingResult(
            kind=kind, repeats=self.repeats, seed=self.seed, columns=columns, original=self.original,
            excluded=self.batch.excluded, notes=(*self.original.notes, *notes),
        )  # fmt: skip


def _slice(result: BatchResult, first: int, last: int) -> BatchResult:
    fit = part_of(result.fit, first, last)
    return BatchResult(
        analysis=result.analysis[first:last], fit=fit, model=result.model, tau2_method=result.tau2_method, ci=result.ci,
        pi_method=result.pi_method, ci_level=result.ci_level, options=result.options,
    )  # fmt: skip
