"""Mixed model for repeated measures: correlated residuals over planned visits, with visits that were missed.

y_i = X_i beta + e_i, e_i ~ N(0, S_i Sigma(psi) S_i') where S_i picks the visits of subject i. The (restricted) deviance is minimised over
psi by Newton steps with exact derivatives. Subjects with the same visits share every factorisation.

Source: Mallinckrodt, Clark & David 2001, doi:10.1081/BIP-100104194; Kenward & Roger 1997, doi:10.2307/2533558.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError
from ostealgia.numerics.linear_mixed import (
    LOG_2PI,
    Scaled,
    check_information,
    kenward_roger_change,
    observed_covariance,
    positive_inverse,
    scale_problem,
)
from ostealgia.numerics.linear_mixed_inference import Inference
from ostealgia.numerics.linear_mixed_moments import Blocks, Curvature, Elements, compress, curvature, elements, inverse
from ostealgia.numerics.linear_mixed_newton import Minimum, newton
from ostealgia.numerics.mmrm_structures import STRUCTURES, Structure

Array = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class MmrmFit:
    """A fitted model, in the units of the data.

    estimate (p,), vcov (p, p).  covariance (T, T) : of the visits.  psi : parameters of the structure.  log_likelihood : restricted
    (constants as n - p) or ordinary.  gradient : largest slope of the deviance, scaled by its curvature.  definite : its curvature is
    upward in every direction.
    """

    estimate: Array
    vcov: Array
    covariance: Array
    psi: Array
    log_likelihood: float
    subjects: int
    n: int
    reml: bool
    converged: bool
    definite: bool
    iterations: int
    decrement: float
    gradient: float
    problem: RepeatedProblem
    minimum: Minimum

    def inference(self, method: str, information: str = "expected") -> Inference:
        """Degrees of freedom by "satterthwaite", "kenward-roger", "kenward-roger-linear" or "none".  information : or "observed"."""
        return self.problem.inference(self.minimum.x, method, information)

    def sandwich(self) -> Array:
        """Covariance of the fixed effects from the products of subjects' scores, without correction (CR0), (p, p).

        Source: Liang & Zeger 1986, doi:10.1093/biomet/73.1.13.
        """
        return self.problem.sandwich(self.minimum.x)


@dataclass(frozen=True, eq=False)
class RepeatedProblem:
    """Data of one model in working units. masks (G, T) : visits of each pattern.  last : what was weighted last."""

    scaled: Scaled
    blocks: Blocks
    masks: NDArray[np.bool_]
    structure: Structure
    lower: Elements
    n: int
    subjects: int
    reml: bool
    cells: tuple[IntArray, IntArray, IntArray]
    last: dict[bytes, tuple[Array, Array, float, Array]] = field(
        default_factory=dict[bytes, tuple[Array, Array, float, Array]]
    )

    @property
    def visits(self) -> int:
        return self.masks.shape[1]

    @property
    def p(self) -> int:
        return self.scaled.q.shape[1]

    def inverses(self, sigma: Array) -> tuple[Array, float]:
        """Inverse covariance of each pattern with zeros where a visit was missed (G, T, T), and the sum of log determinants."""
        both = self.masks[:, :, None] & self.masks[:, None, :]
        filled = np.where(both, sigma, np.eye(self.visits))
        root = np.linalg.cholesky(filled)
        log_det = 2.0 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
        return np.where(both, np.linalg.inv(filled), 0.0), float(self.blocks.counts @ log_det)

    def weighted(self, sigma: Array) -> tuple[Array, Array, float, Array]:
        """(U, U [X y] of each row, log determinants, [X y]' V^-1 [X y]); kept, for value and derivatives at one point share it."""
        key = sigma.tobytes()
        if key not in self.last:
            found = self._weighted(sigma)
            self.last.clear()
            self.last[key] = found
        return self.last[key]

    def _weighted(self, sigma: Array) -> tuple[Array, Array, float, Array]:
        u, log_det = self.inverses(sigma)
        rows = self.blocks.rows
        d = u[self.blocks.pattern] @ rows
        m = rows.shape[2]
        return u, d, log_det, rows.reshape(-1, m).T @ d.reshape(-1, m)

    def deviance(self, psi: Array) -> float:
        """Without the constant n log 2 pi; infinite where Sigma is not positive definite."""
        if not np.isfinite(psi).all() or np.abs(psi).max() > 50.0:
            return np.inf
        try:
            _, _, log_det, cross = self.weighted(self.structure.covariance(psi, self.visits))
            p = self.p
            root = np.linalg.cholesky(cross[:p, :p])
        except np.linalg.LinAlgError:
            return np.inf
        fitted = np.linalg.solve(root, cross[:p, p])
        value = log_det + float(cross[p, p] - fitted @ fitted)
        return value + (2.0 * float(np.log(np.diag(root)).sum()) if self.reml else 0.0)

    def at(self, psi: Array) -> tuple[Curvature, Array, Array]:
        """Derivatives in the elements of Sigma, beta and phi."""
        u, d, _, cross = self.weighted(self.structure.covariance(psi, self.visits))
        p = self.p
        phi = inverse(cross[:p, :p])
        beta = phi @ cross[:p, p]
        return curvature(self.blocks, u, d, self.lower, beta, phi, reml=self.reml)[0], beta, phi

    def chain(self, psi: Array) -> tuple[Array, Array]:
        """Elements of Sigma in psi: first (R, s) and second (R, s, s) derivatives."""
        _, one, two = self.structure.derivatives(psi, self.visits)
        a, b = self.lower.a, self.lower.b
        return one[:, a, b].T, two[:, :, a, b].transpose(2, 0, 1)

    def derivatives(self, psi: Array) -> tuple[Array, Array]:
        """Gradient and Hessian of the deviance in psi."""
        found, _, _ = self.at(psi)
        return _chained(found, *self.chain(psi))

    def inference(self, psi: Array, method: str, information: str = "expected") -> Inference:
        """Fixed effects in the units of the data with what their degrees of freedom need."""
        check_information(method, information)
        found, beta, phi = self.at(psi)
        first, second = self.chain(psi)
        weights_psi = 2.0 * positive_inverse(_chained(found, first, second)[1])
        weights = first @ weights_psi @ first.T
        adjusted = phi
        if method.startswith("kenward-roger"):
            if not self.reml:
                raise OptionError("Kenward-Roger degrees of freedom need method='REML'.")
            change = kenward_roger_change(found, weights, phi)
            if method == "kenward-roger":
                bend = np.einsum("rjk,jk->r", second, weights_psi)
                change = change - 0.25 * np.tensordot(bend, found.p, axes=1)
            adjusted = phi + 2.0 * phi @ change @ phi
        elif information == "observed":
            adjusted = observed_covariance(found, weights, phi)
        back = self.scaled.back
        slopes = back @ phi @ found.p @ phi @ back.T
        name = "kenward-roger" if method.startswith("kenward-roger") else method
        return Inference(
            name, self.scaled.shift + back @ beta, back @ adjusted @ back.T, back @ phi @ back.T, slopes, weights
        )  # fmt: skip

    def sandwich(self, psi: Array) -> Array:
        """Empirical covariance of the fixed effects."""
        u, _, _, cross = self.weighted(self.structure.covariance(psi, self.visits))
        p = self.p
        phi = inverse(cross[:p, :p])
        beta = phi @ cross[:p, p]
        subject, visit, pattern = self.cells
        left = np.zeros((self.subjects, self.visits))
        left[subject, visit] = self.scaled.y - self.scaled.q @ beta
        weighted = np.einsum("nij,nj->ni", u[pattern], left)
        scores = np.zeros((self.subjects, p))
        np.add.at(scores, subject, self.scaled.q * weighted[subject, visit][:, None])
        root = self.scaled.back @ phi @ scores.T
        return root @ root.T


def _chained(found: Curvature, first: Array, second: Array) -> tuple[Array, Array]:
    gradient = first.T @ found.gradient
    return gradient, first.T @ found.hessian @ first + np.tensordot(found.gradient, second, axes=1)


def fit_mmrm(
    y: Array, x: Array, subject: IntArray, visit: IntArray, *, covariance: str = "us", reml: bool = True
) -> MmrmFit:
    """Fit a mixed model for repeated measures.

    y (n,), x (n, p) of full rank, subject (n,) codes 0..N-1, visit (n,) codes 0..T-1, no pair twice.  covariance : a key of STRUCTURES.
    Raises OptionError for a singular design or a visit that occurs twice in a subject.

    >>> y = np.array([5.0, 4.0, 7.0, 5.5, 6.0, 6.5, 8.0, 5.0, 9.0])
    >>> x = np.column_stack([np.ones(9), [0, 1, 0, 1, 0, 1, 0, 1, 0]]).astype(float)
    >>> fit = fit_mmrm(y, x, np.array([0, 0, 1, 1, 2, 2, 3, 3, 4]), np.array([0, 1, 0, 1, 0, 1, 0, 1, 0]))
    >>> fit.estimate.round(4).tolist(), fit.converged
    ([7.0, -1.65], True)
    """
    problem, rough = _problem(y, x, subject, visit, STRUCTURES[covariance], reml=reml)
    found = newton(problem.deviance, problem.derivatives, problem.structure.start(rough))
    return _result(problem, found)


def _problem(
    y: Array, x: Array, subject: IntArray, visit: IntArray, structure: Structure, *, reml: bool
) -> tuple[RepeatedProblem, Array]:
    scaled = scale_problem(y, x)
    n, p = x.shape
    subjects, visits = int(subject.max()) + 1, int(visit.max()) + 1
    if visits < 2:
        raise OptionError("repeated measures need two visits or more.")
    made = np.zeros((subjects, visits), dtype=bool)
    made[subject, visit] = True
    if int(made.sum()) != n:
        raise OptionError("a subject has the same visit twice; keep one row for each subject and visit.")
    masks, pattern = np.unique(made, axis=0, return_inverse=True)
    pattern = pattern.reshape(-1).astype(np.intp)
    rows = np.zeros((subjects, visits, p + 1))
    rows[subject, visit, :p] = scaled.q
    rows[subject, visit, p] = scaled.y
    blocks = compress(rows, pattern, len(masks))
    rough = _rough_covariance(rows[:, :, p], made)
    problem = RepeatedProblem(
        scaled, blocks, masks, structure, elements(visits), n, subjects, reml, (subject, visit, pattern)
    )
    return problem, rough


def _rough_covariance(left: Array, made: NDArray[np.bool_]) -> Array:
    """Moments of the least squares residuals over the pairs of visits that were both made, drawn to their diagonal; positive definite."""
    pairs = made.astype(np.float64).T @ made
    products = left.T @ left
    size = np.maximum(pairs, 1.0)
    moments = products / size
    variance = np.diag(moments).copy()
    variance = np.where((variance > 1e-6) & (np.diag(pairs) > 1), variance, 1.0)
    sd = np.sqrt(variance)
    correlation = np.clip(0.9 * moments / np.outer(sd, sd), -0.95, 0.95)
    correlation[pairs < 3] = 0.0
    np.fill_diagonal(correlation, 1.0)
    values, vectors = np.linalg.eigh(correlation)
    correlation = (vectors * np.maximum(values, 0.05)) @ vectors.T
    length = np.sqrt(np.diag(correlation))
    return correlation / np.outer(length, length) * np.outer(sd, sd)


def _result(problem: RepeatedProblem, found: Minimum) -> MmrmFit:
    sigma = problem.structure.covariance(found.x, problem.visits)
    _, beta, phi = problem.at(found.x)
    scaled, n, p = problem.scaled, problem.n, problem.p
    rows = n - p if problem.reml else n
    deviance = found.value + scaled.deviance_shift(n, reml=problem.reml) + rows * LOG_2PI
    psi = found.x.copy()
    psi[: len(problem.structure.spread(problem.visits))] += np.log(scaled.unit)
    steepness = np.sqrt(np.maximum(np.abs(np.diag(found.hessian)), 1e-300))
    return MmrmFit(
        estimate=scaled.shift + scaled.back @ beta, vcov=scaled.back @ phi @ scaled.back.T, covariance=sigma * scaled.unit**2,
        psi=psi, log_likelihood=-0.5 * deviance, subjects=problem.subjects, n=n, reml=problem.reml, converged=found.converged,
        definite=found.definite, iterations=found.iterations, decrement=found.decrement,
        gradient=float(np.abs(found.gradient / steepness).max()), problem=problem, minimum=replace(found),
    )  # fmt: skip
