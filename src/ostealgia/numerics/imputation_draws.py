"""Proper multiple imputation from a multivariate normal model with covariates, for any pattern of missing values.

y_i ~ N(B' x_i, S), flat prior on B and |S|^-((q + 1)/2) on S. Data augmentation: S given the completed data from an inverse Wishart, B
given S from a normal, then the missing values given the observed ones of the same row. The chain starts at the maximum-likelihood estimate
by EM. Source: Tanner & Wong 1987, doi:10.1080/01621459.1987.10478458; Schafer 1997, Analysis of Incomplete Multivariate Data;
Dempster, Laird & Rubin 1977, doi:10.1111/j.2517-6161.1977.tb01600.x.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
EM_STEPS = 200
EM_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Pattern:
    """Rows with the same values missing. rows (r,).  seen, gone : positions of the variables."""

    rows: NDArray[np.intp]
    seen: NDArray[np.intp]
    gone: NDArray[np.intp]

    @cached_property
    def here(self) -> Any:
        """Index of the cells that were seen."""
        return np.ix_(self.rows, self.seen)

    @cached_property
    def there(self) -> Any:
        """Index of the cells that are missing."""
        return np.ix_(self.rows, self.gone)

    @cached_property
    def inner(self) -> Any:
        """Index of the covariance of the missing."""
        return np.ix_(self.gone, self.gone)

    @cached_property
    def outer(self) -> Any:
        """Index of the covariance of the seen."""
        return np.ix_(self.seen, self.seen)

    @cached_property
    def across(self) -> Any:
        """Index of the covariance of the seen with the missing."""
        return np.ix_(self.seen, self.gone)


@dataclass(frozen=True)
class Imputations:
    """completed (m, n, q); coefficients (m, p, q) and covariance (m, q, q) that each was drawn with."""

    completed: Array
    coefficients: Array
    covariance: Array


def patterns_of(missing: Bools) -> list[Pattern]:
    """The patterns that miss something, each with its rows.

    >>> [(one.rows.tolist(), one.gone.tolist()) for one in patterns_of(np.array([[False, True], [False, False], [False, True]]))]
    [([0, 2], [1])]
    """
    found: list[Pattern] = []
    kinds, codes = np.unique(missing, axis=0, return_inverse=True)
    for i, kind in enumerate(kinds):
        if bool(kind.any()):
            rows = np.flatnonzero(codes.reshape(-1) == i)
            found.append(Pattern(rows, np.flatnonzero(~kind), np.flatnonzero(kind)))
    return found


def estimable(y: Array, x: Array) -> str:
    """Why the model cannot be fitted to these values, or "".

    Each variable needs more observed rows than covariates and variables together, and x full rank on them.
    """
    n, p = x.shape
    q = y.shape[1]
    if n - p < q + 2:
        return f"{n} rows are too few for {q} variables and {p} coefficients"
    for j in range(q):
        known = ~np.isnan(y[:, j])
        if int(known.sum()) < p + q + 2:
            return f"variable {j + 1} is known in {int(known.sum())} rows only"
        if int(np.linalg.matrix_rank(x[known])) < p:
            return f"the covariates do not vary freely where variable {j + 1} is known"
        if float(np.ptp(y[known, j])) == 0.0:
            return f"variable {j + 1} has one value only"
    return ""


def normal_imputations(
    y: Array, x: Array, m: int, rng: np.random.Generator, *, burn_in: int = 30, thin: int = 10
) -> Imputations:
    """m completed copies of y, each with parameters of its own.

    y : (n, q) with NaN where missing.  x : (n, p) without NaN, its first column usually 1.  burn_in, thin : steps of the chain before the
    first copy and between copies. The caller checks ``estimable`` first.

    >>> rng = np.random.default_rng(1)
    >>> y = rng.normal(size=(40, 2)); y[3, 1] = np.nan
    >>> found = normal_imputations(y, np.ones((40, 1)), 2, rng)
    >>> found.completed.shape, bool(np.isnan(found.completed).any())
    ((2, 40, 2), False)
    """
    scale = np.nanstd(y, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    centre = np.nanmean(y, axis=0)
    work = (y - centre) / scale
    patterns = patterns_of(np.isnan(work))
    beta, sigma = em_estimate(work, x, patterns)
    full = np.where(np.isnan(work), x @ beta, work)
    inverse: Any = np.linalg.inv(x.T @ x)
    root = cholesky(inverse)
    shape = (m, *y.shape)
    completed, betas, sigmas = np.empty(shape), np.empty((m, *beta.shape)), np.empty((m, *sigma.shape))
    for step in range(burn_in + thin * m):
        fill(full, x, beta, sigma, patterns, rng)
        kept = step - burn_in + 1
        if kept > 0 and kept % thin == 0:
            place = kept // thin - 1
            completed[place], betas[place], sigmas[place] = full, beta, sigma
        beta, sigma = draw_parameters(full, x, root, rng)
    back = completed * scale + centre
    back[:, ~np.isnan(y)] = y[~np.isnan(y)]  # what was seen stays to the last digit
    betas = betas * scale
    betas[:, 0, :] += centre  # x begins with the constant
    return Imputations(back, betas, sigmas * np.outer(scale, scale))


def fill(full: Array, x: Array, beta: Array, sigma: Array, patterns: list[Pattern], rng: np.random.Generator) -> None:
    """Draw the missing values given the observed ones, in place."""
    mean = x @ beta
    for one in patterns:
        weights, spread = conditional(sigma, one)
        known = full[one.here] - mean[one.here]
        noise = rng.standard_normal((len(one.rows), len(one.gone)))
        full[one.there] = mean[one.there] + known @ weights + noise @ cholesky(spread).T


def conditional(sigma: Array, one: Pattern) -> tuple[Array, Array]:
    """(weights (seen, gone), covariance (gone, gone)) of the missing given the observed."""
    across: Array = sigma[one.across]
    inner: Array = sigma[one.inner]
    if not len(one.seen):
        return across, inner
    solved: Any = np.linalg.solve(sigma[one.outer], across)
    weights: Array = solved
    return weights, inner - across.T @ weights


def cholesky(matrix: Array) -> Array:
    """The lower triangular root; rounding of a variance near 0 is lifted."""
    root: Any
    try:
        root = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        lift = 1e-9 * max(float(np.trace(matrix)), 1e-9)
        root = np.linalg.cholesky(0.5 * (matrix + matrix.T) + lift * np.eye(len(matrix)))
    return root


def draw_parameters(full: Array, x: Array, root: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """(B, S) from their posterior given completed data. root : lower root of (X'X)^-1."""
    n, p = x.shape
    q = full.shape[1]
    fitted: Array = root @ (root.T @ (x.T @ full))
    residual = full - x @ fitted
    lower = cholesky(residual.T @ residual)
    # Bartlett: S = L (A A')^-1 L' is inverse Wishart with n - p degrees of freedom
    triangle: Array = np.zeros((q, q), dtype=np.float64)
    triangle[np.tril_indices(q, -1)] = rng.standard_normal(q * (q - 1) // 2)
    free: Array = n - p - np.arange(q, dtype=np.float64)
    triangle[np.diag_indices(q)] = np.sqrt(rng.chisquare(free))
    across: Any = np.linalg.solve(triangle, lower.T)
    sigma: Array = np.asarray(across.T @ across, dtype=np.float64)
    beta = fitted + root @ rng.standard_normal((p, q)) @ cholesky(sigma).T
    return beta, sigma


def em_estimate(y: Array, x: Array, patterns: list[Pattern]) -> tuple[Array, Array]:
    """Maximum likelihood (B, S) with values missing at random."""
    filled: Any = np.where(np.isnan(y), np.nanmean(y, axis=0), y)
    full: Array = filled
    inverse: Any = np.linalg.inv(x.T @ x)
    beta: Array = inverse @ (x.T @ full)
    residual = full - x @ beta
    sigma: Array = residual.T @ residual / len(y) + 1e-6 * np.eye(y.shape[1])
    for _ in range(EM_STEPS):
        mean, extra = x @ beta, np.zeros_like(sigma)
        for one in patterns:
            weights, spread = conditional(sigma, one)
            full[one.there] = mean[one.there] + (y[one.here] - mean[one.here]) @ weights
            extra[one.inner] += len(one.rows) * spread
        beta_new: Array = inverse @ (x.T @ full)
        residual = full - x @ beta_new
        sigma_new: Array = (residual.T @ residual + extra) / len(y)
        steps: Any = (np.abs(beta_new - beta).max(), np.abs(sigma_new - sigma).max())
        moved = max(float(steps[0]), float(steps[1]))
        beta, sigma = beta_new, sigma_new
        if moved < EM_TOLERANCE:
            break
    return beta, sigma
