"""Pooling of many meta-analyses in one call, and leave-one-out for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ostealgia.errors import OptionError
from ostealgia.meta.batch import Batch, as_batch, check_unique
from ostealgia.meta.batch_result import BatchResult
from ostealgia.numerics.batch import BatchFit, fit_batch, resolve_engine, stacked, without_each
from ostealgia.numerics.batch_codes import METHODS
from ostealgia.numerics.pooling import INTERVALS, PREDICTION
from ostealgia.options import confidence_level, one_of

TAU2 = tuple(name for name in METHODS if name != "given")
MODELS = ("random", "common")


class Spec(NamedTuple):
    """How each analysis is pooled; the same for every part of a batch, wherever it is fitted."""

    model: str = "random"
    tau2: str = "REML"
    ci: str = "auto"
    pi: str = "V"
    level: float = 0.95
    engine: str = "auto"


def specify(options: dict[str, Any]) -> Spec:
    """Checked options. Raises OptionError."""
    unknown = [name for name in options if name not in Spec._fields]
    if unknown:
        raise OptionError(f"{', '.join(unknown)}: not an option of a batch. There are {', '.join(Spec._fields)}.")
    spec = Spec(**options)
    one_of("model", spec.model, MODELS)
    one_of("tau2", spec.tau2, TAU2)
    one_of("ci", spec.ci, ("auto", *INTERVALS))
    one_of("pi", spec.pi, (*PREDICTION, "none"))
    confidence_level(spec.level)
    resolve_engine(spec.engine, 0)
    return spec


def pool_many(
    data: Any,
    *,
    id: str = "analysis",
    model: str = "random",
    tau2: str = "REML",
    ci: str = "auto",
    pi: str = "V",
    level: float = 0.95,
    engine: str = "auto",
    threads: int | None = None,
    invalid: str = "refuse",
) -> BatchResult:
    """Pool many meta-analyses at once; each gets the numbers that ``pool`` gives it alone.

    data : a Batch, or a long table (frame, Arrow table or mapping) with ``id``, ``estimate`` and ``std_error`` on the analysis scale.
    model : "random" or "common".  tau2 : "REML", "DL", "ML", "PM", "EB", "PMM", "HE", "HS", "HSk", "SJ".  ci, pi, level : as in ``pool``
    (ci "auto" is Hartung-Knapp, but z where k = 2 or tau2 = 0).  engine : "numba" (compiled, extra ``fast``), "numpy", or "auto": the
    compiled one from 50,000 effects where it is installed; both give the same numbers to rounding.  threads : for the compiled engine.
    invalid : "refuse" or "exclude" impossible rows (see ``batch.as_batch``).
    Returns a BatchResult; what did not converge is counted, printed and marked in the frame. Raises TableError, OptionError.
    Not for: Mantel-Haenszel, Peto or GLMM (pool the counts one by one), weights of one's own.

    >>> fit = pool_many({"analysis": [1, 1, 1, 2, 2], "estimate": [-0.9, -0.2, 0.1, 0.3, 0.5],
    ...                  "std_error": [0.2, 0.22, 0.17, 0.1, 0.1]}, tau2="DL", ci="z")
    >>> fit.to_frame()[["analysis", "k", "estimate", "tau2"]].round(4).values.tolist()
    [[1.0, 3.0, -0.3287, 0.2437], [2.0, 2.0, 0.4, 0.01]]
    """
    spec = specify({"model": model, "tau2": tau2, "ci": ci, "pi": pi, "level": level, "engine": engine})
    batch = as_batch(data, id=id, invalid=invalid)
    used = resolve_engine(engine, len(batch.y))
    fit = fitted(batch, spec, used, threads)
    return result_of(batch, fit, spec, used)


def fitted(batch: Batch, spec: Spec, engine: str, threads: int | None = None) -> BatchFit:
    """The numbers of a batch."""
    method = spec.tau2 if spec.model == "random" else "given"
    return fit_batch(batch.y, batch.v, batch.offsets, method, engine=engine, threads=threads)


def result_of(batch: Batch, fit: BatchFit, spec: Spec, engine: str, **more: Any) -> BatchResult:
    """The result with its notes."""
    return BatchResult(
        analysis=more.pop("analysis", batch.analysis),
        fit=fit,
        model=spec.model,
        tau2_method=spec.tau2 if spec.model == "random" else None,
        ci=spec.ci,
        pi_method=spec.pi if spec.model == "random" and spec.pi != "none" else None,
        ci_level=spec.level,
        options={"engine": engine},
        excluded=batch.excluded,
        notes=(
            *batch.notes,
            *said(tally(fit, spec), REFITS if "left_out" in more else ANALYSES),
        ),
        **more,
    )


ANALYSES, REFITS = ("analysis", "analyses"), ("refit", "refits")


def counted(number: int, words: tuple[str, str] = ANALYSES) -> str:
    """A number and its noun.

    >>> counted(1), counted(12_345)
    ('1 analysis', '12,345 analyses')
    """
    return f"{number:,} {words[0] if number == 1 else words[1]}"


def tally(fit: BatchFit, spec: Spec) -> dict[str, int]:
    """What must be said about a batch: phrase -> how many analyses it concerns. Tallies of parts can be added up."""
    random, auto = spec.model == "random", spec.ci == "auto"
    alone = "of one study: nothing was pooled" + (", no tau2" if random else "")
    found: dict[str, Any] = {}
    if fit.k.min() < 2:
        found = {"with no usable row: no numbers": fit.k == 0, alone: fit.k == 1}
    if random and auto:
        found["of two studies: interval by z, not Hartung-Knapp (ci='auto')"] = fit.k == 2
        found["with tau2 = 0: interval by z, not Hartung-Knapp (ci='auto')"] = (fit.k > 2) & (fit.tau2 == 0.0)
    found["whose likelihood has more than one maximum: the highest was taken"] = fit.roots > 1
    return {text: int(np.count_nonzero(where)) for text, where in found.items()}


def said(counts: Mapping[str, int], words: tuple[str, str] = ANALYSES) -> list[str]:
    """Notes from a tally."""
    return [f"{counted(number, words)} {text}" for text, number in counts.items() if number]


def leave_one_out_many(
    data: Any,
    *,
    id: str = "analysis",
    engine: str = "auto",
    threads: int | None = None,
    invalid: str = "refuse",
    **options: Any,
) -> BatchResult:
    """Every analysis without each of its studies in turn, by the same method.

    data, id, engine, threads, invalid : as in ``pool_many``.  options : model, tau2, ci, pi, level.
    Returns a BatchResult with one entry a refit; ``left_out`` is the label of the study left out (its number from 1 without labels).
    An analysis of one study has no refit, and a note says so.  Memory grows with the number of refits, not with their sizes.

    >>> frame = {"analysis": [1, 1, 1], "study": list("ABC"), "estimate": [0.1, 0.2, 0.9], "std_error": [0.1, 0.1, 0.1]}
    >>> leave_one_out_many(frame, tau2="DL").to_frame()[["left_out", "estimate"]].round(3).values.tolist()
    [['A', 0.55], ['B', 0.5], ['C', 0.15]]
    """
    spec = specify({**options, "engine": engine})
    batch = as_batch(data, id=id, invalid=invalid)
    used = resolve_engine(engine, int((batch.k * np.maximum(batch.k - 1, 0)).sum()))
    method = spec.tau2 if spec.model == "random" else "given"
    fits: list[BatchFit] = []
    analysis, position = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for part in without_each(batch.y, batch.v, batch.offsets):
        fits.append(fit_batch(part.y, part.v, part.offsets, method, engine=used, threads=threads))
        analysis.append(part.analysis)
        position.append(part.left_out)
    if not fits:
        raise OptionError("leave-one-out needs an analysis of two studies or more; there is none.")
    which, place = np.concatenate(analysis), np.concatenate(position)
    names = place + 1 if batch.study is None else batch.study[batch.offsets[which] + place]
    result = result_of(batch, stacked(fits), spec, used, analysis=batch.analysis[which], left_out=names)
    alone = int((batch.k < 2).sum())
    if not alone:
        return result
    note = f"{counted(alone)} of fewer than two studies: no study can be left out"
    return replace(result, notes=(*result.notes, note))


def pool_part(data: Any, id: str, spec: Spec, engine: str, invalid: str) -> BatchResult:
    """One part of a larger batch, in one thread: what every worker of a pool of processes or of a cluster runs."""
    batch = as_batch(data, id=id, invalid=invalid)
    return result_of(batch, fitted(batch, spec, engine, 1), spec, engine)


def joined(parts: Sequence[BatchResult], spec: Spec, engine: str) -> BatchResult:
    """Parts put together in their order. Raises OptionError where an analysis is in two of them."""
    fit = stacked([part.fit for part in parts])
    names = np.concatenate([part.analysis for part in parts])
    check_unique(names, "parts")
    own = [note for part in parts for note in part.notes if note not in said(tally(part.fit, spec))]
    return BatchResult(
        analysis=names,
        fit=fit,
        model=spec.model,
        tau2_method=parts[0].tau2_method,
        ci=spec.ci,
        pi_method=parts[0].pi_method,
        ci_level=spec.level,
        options={"engine": engine},
        excluded=tuple(row for part in parts for row in part.excluded),
        notes=(*dict.fromkeys(own), *said(tally(fit, spec))),
    )
