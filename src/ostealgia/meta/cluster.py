"""Pooling of many meta-analyses on a Dask cluster (extra ``cluster``), by the function that runs everywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ostealgia.errors import OptionError, OstealgiaError
from ostealgia.meta.batch import as_batch
from ostealgia.meta.batch_result import BatchResult
from ostealgia.meta.many import joined, pool_part, specify
from ostealgia.numerics.batch import resolve_engine

EFFECTS_PER_PART = 200_000


def pool_many_dask(
    data: Any,
    client: Any,
    *,
    id: str = "analysis",
    effects_per_part: int = EFFECTS_PER_PART,
    invalid: str = "refuse",
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> BatchResult:
    """``pool_many`` on a Dask cluster.

    data : a Batch or a long table, which is cut between analyses; or a Dask DataFrame, whose partitions are fitted where they lie (all rows
    of an analysis in one partition).  client : a ``distributed.Client``.  progress : called with (parts done, parts).
    options : model, tau2, ci, pi, level, engine.  A worker that dies is replaced by Dask and its parts are computed again.
    Returns a BatchResult, the same as ``pool_many`` gives. Raises OptionError where an analysis lies in two partitions, and OstealgiaError
    where the cluster gives up.
    """
    spec = specify(options)
    if hasattr(data, "to_delayed"):
        pieces = client.compute(data.to_delayed())
        engine = resolve_engine(spec.engine, 1 << 62)
        excluded, said = (), ()
    else:
        batch = as_batch(data, id=id, invalid=invalid)
        engine = resolve_engine(spec.engine, len(batch.y))
        pieces = batch.parts(effects_per_part)
        excluded, said = batch.excluded, batch.notes
    results: dict[int, BatchResult] = {}
    for number, result in completed(client, pool_part, [(piece, id, spec, engine, invalid) for piece in pieces]):
        results[number] = result
        if progress is not None:
            progress(len(results), len(pieces))
    whole = joined([results[i] for i in range(len(pieces))], spec, engine)
    if not excluded and not said:
        return whole
    from dataclasses import replace

    return replace(whole, excluded=(*excluded, *whole.excluded), notes=(*said, *whole.notes))


def completed(client: Any, function: Callable[..., Any], calls: list[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]:
    """(position, result) of every call, as the cluster finishes them, each once."""
    try:
        from distributed import as_completed
        from distributed.client import FutureCancelledError
        from distributed.scheduler import KilledWorker
    except ImportError as error:
        raise OptionError(
            "a cluster needs dask and distributed, which are not installed. Install them with: pip install 'ostealgia[cluster]'."
        ) from error
    if not hasattr(client, "submit"):
        raise OptionError(f"client={client!r} is not a distributed.Client.")
    futures = {client.submit(function, *call, pure=False): i for i, call in enumerate(calls)}
    try:
        for future, result in as_completed(list(futures), with_results=True):
            yield futures.pop(future), result
            future.release()
    except (KilledWorker, FutureCancelledError) as error:
        raise OstealgiaError(
            f"the cluster gave up with {len(futures):,} parts left: {error}. Too little memory on a worker is the usual cause: "
            "make the parts smaller."
        ) from error
