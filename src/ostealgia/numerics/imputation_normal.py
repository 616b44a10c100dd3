"""Multiple imputation of repeated measurements after dropout: normal regressions, one visit after the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError

Array = NDArray[np.float64]


def monotone_imputations(y: Array, x: Array, m: int, rng: np.random.Generator, *, shift: Array | None = None) -> Array:
    """Completed copies of outcomes that stop at some visit, (m, n, T).

    y : (n, T), NaN from a subject's first missing visit on.  x : (n, p) what is known of all, its constant column among it.  Each visit is
    regressed on x and all visits before it, among those who made it; coefficients and variance are drawn from their posterior (flat in
    the coefficients and the log of the variance), then the missing values.  shift : (n, T), added to imputed values when all are drawn,
    so that it is not carried to later visits (delta adjustment).
    Right where dropout depends on x and the visits made; impute each arm by itself where the arms may follow other courses.
    Raises OptionError for a gap, a singular regression, or too few subjects.
    Source: Rubin 1987, doi:10.1002/9780470316696, section 5.3; Cro et al. 2020, doi:10.1002/sim.8569 (delta).

    >>> y = np.array([[5.0, 4.0], [6.0, 5.5], [7.0, 5.0], [8.0, np.nan]])
    >>> done = monotone_imputations(y, np.ones((4, 1)), 3, np.random.default_rng(1))
    >>> done.shape, bool(np.isfinite(done).all()), bool((done[:, :3] == y[:3]).all())
    ((3, 4, 2), True, True)
    """
    missing = np.isnan(y)
    if (missing[:, :-1] & ~missing[:, 1:]).any():
        raise OptionError("a subject has a visit after one that was missed; this imputation is for dropout alone.")
    if m < 1:
        raise OptionError(f"m={m} completed data sets; at least 1 is needed, 20 or more are usual.")
    done = np.repeat(y[None], m, axis=0)
    for t in range(y.shape[1]):
        gone = np.flatnonzero(missing[:, t])
        if len(gone):
            done[:, gone, t] = _drawn(done, x, t, np.flatnonzero(~missing[:, t]), gone, rng)
    if shift is not None:
        done += np.where(missing, shift, 0.0)
    return done


def _drawn(
    done: Array, x: Array, t: int, seen: NDArray[np.intp], gone: NDArray[np.intp], rng: np.random.Generator
) -> Array:
    """Draws (m, missing) of one visit."""
    m = len(done)
    design = np.column_stack([x[seen], done[0][seen, :t]])
    rows, p = design.shape
    if rows <= p:
        raise OptionError(f"visit {t + 1} was made by {rows} subjects; the imputation needs more than {p}.")
    root, inverse = _factor(design)
    mean = root.T @ done[0][seen, t]
    left = done[0][seen, t] - root @ mean
    sigma = np.sqrt(float(left @ left) / rng.chisquare(rows - p, m))
    beta = (mean + sigma[:, None] * rng.normal(size=(m, p))) @ inverse.T
    wanted = np.concatenate([np.broadcast_to(x[gone], (m, len(gone), x.shape[1])), done[:, gone, :t]], axis=2)
    return np.einsum("mgp,mp->mg", wanted, beta) + sigma[:, None] * rng.normal(size=(m, len(gone)))


def _factor(design: Array) -> tuple[Array, Array]:
    """(q, r^-1) of design = q r."""
    root, upper = np.linalg.qr(design)
    size = np.abs(np.diag(upper))
    if size.min(initial=np.inf) < 1e-10 * float(size.max(initial=0.0)):
        raise OptionError("the columns that predict the missing visits are linear combinations of each other.")
    return root, np.asarray(np.linalg.inv(upper), dtype=np.float64)
