"""Linear mixed models with random effects of one grouping: restricted and ordinary maximum likelihood.

y = X beta + Z_i b_i + e, b_i ~ N(0, sigma^2 L L'), e ~ N(0, sigma^2). The deviance is profiled over beta and sigma and minimised over the
lower triangular L by Newton steps with exact derivatives; columns are orthonormalised and y is scaled inside, so that units do not matter.

Source: Bates, Maechler, Bolker & Walker 2015, doi:10.18637/jss.v067.i01 (profiled deviance); Laird & Ware 1982, doi:10.2307/2529876.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError
from ostealgia.numerics.linear_mixed_inference import Inference
from ostealgia.numerics.linear_mixed_moments import (
    Blocks,
    Curvature,
    Directions,
    Elements,
    compress,
    curvature,
    elements,
    inverse,
    residual_change,
)
from ostealgia.numerics.linear_mixed_newton import Minimum, newton
from ostealgia.options import one_of

Array = NDArray[np.float64]
IntArray = NDArray[np.intp]
LOG_2PI = float(np.log(2.0 * np.pi))
INFORMATION = ("expected", "observed")


@dataclass(frozen=True)
class Scaled:
    """Fixed effects in working units: q (n, p) orthonormal, back (p, p) with beta = shift + back @ working beta.

    y : residuals of ordinary least squares in units of their spread.  unit : that spread.  log_root : log |det R| of X = q R.
    """

    q: Array
    y: Array
    back: Array
    shift: Array
    unit: float
    log_root: float

    def deviance_shift(self, n: int, *, reml: bool) -> float:
        """What is added to the deviance in working units."""
        p = self.q.shape[1]
        rows = n - p if reml else n
        return 2.0 * rows * float(np.log(self.unit)) + (2.0 * self.log_root if reml else 0.0)


def scale_problem(y: Array, x: Array) -> Scaled:
    """Orthonormal columns and a scaled response. Raises OptionError where columns of x are linear combinations of others."""
    n, p = x.shape
    if n <= p:
        raise OptionError(f"{p} coefficients need more than {p} rows; there are {n}.")
    lengths = np.sqrt((x**2).sum(axis=0))
    lengths[lengths == 0.0] = 1.0
    q, r = np.linalg.qr(x / lengths)
    if p and np.abs(np.diag(r)).min() < 1e-9:
        raise OptionError("the columns of the design are linear combinations of each other.")
    back = np.linalg.inv(r) / lengths[:, None]
    fitted = q.T @ y
    residual = y - q @ fitted
    residual -= q @ (q.T @ residual)
    unit = float(np.sqrt(residual @ residual / max(n - p, 1)))
    if not np.isfinite(unit) or unit <= 1e-13 * float(np.abs(y).max(initial=0.0)) or unit == 0.0:
        raise OptionError(
            "the fixed effects reproduce the outcome exactly, so nothing is left to estimate a variance from."
        )
    log_root = float(np.log(np.abs(np.diag(r))).sum() + np.log(lengths).sum())
    return Scaled(q, residual / unit, unit * back, back @ fitted, unit, log_root)


@dataclass(frozen=True, kw_only=True)
class LinearMixedFit:
    """A fitted mixed model, in the units of the data.

    estimate (p,), vcov (p, p) : fixed effects.  theta : elements of the relative factor L, column by column.  random_covariance (q, q) :
    of the random effects.  sigma2 : residual variance.  log_likelihood : restricted (constants as n - p) or ordinary.  random (N, q) :
    predictions of the random effects.  gradient : largest slope of the deviance, scaled by its curvature.  singular : the covariance of
    the random effects is on its boundary.  inference : for "satterthwaite", "kenward-roger", "none".
    """

    estimate: Array
    vcov: Array
    theta: Array
    random_covariance: Array
    sigma2: float
    log_likelihood: float
    random: Array
    subjects: int
    n: int
    reml: bool
    converged: bool
    singular: bool
    iterations: int
    decrement: float
    gradient: float
    problem: Problem
    minimum: Minimum

    def inference(self, method: str, information: str = "expected") -> Inference:
        """Degrees of freedom by the method named. Kenward-Roger needs a REML fit.  information : "expected" or "observed"."""
        return self.problem.inference(self.minimum.x, method, information)


@dataclass(frozen=True, eq=False)
class Problem:
    """Data of one model in working units. k (G, q, q) : Z'Z of each pattern.  total (p + 1, p + 1) : [X y]'[X y].  solved_at, curved_at :
    what was computed last, for the likelihood, its derivatives and the inference at one point share it."""

    scaled: Scaled
    blocks: Blocks
    each: Array
    subject_pattern: IntArray
    k: Array
    total: Array
    unit_z: Array
    lower: Elements
    n: int
    reml: bool
    solved_at: dict[bytes, tuple[Array, float, Array]] = field(default_factory=dict[bytes, tuple[Array, float, Array]])
    curved_at: dict[bytes, tuple[Curvature, Array, Array]] = field(
        default_factory=dict[bytes, tuple[Curvature, Array, Array]]
    )

    @property
    def q(self) -> int:
        return self.k.shape[1]

    @property
    def p(self) -> int:
        return len(self.total) - 1

    @property
    def rows(self) -> int:
        """n - p for REML, n for ML."""
        return self.n - self.p if self.reml else self.n

    def factor(self, theta: Array) -> Array:
        """L from its free elements."""
        out = np.zeros((self.q, self.q))
        out[self.lower.a, self.lower.b] = theta
        return out

    def solved(self, theta: Array) -> tuple[Array, float, Array]:
        """(I - K L A^-1 L' of each pattern, sum of log |A|, [X y]' V0^-1 [X y]) with A = L'KL + I and sigma = 1."""
        key = theta.tobytes()
        if key not in self.solved_at:
            found = self._solve(theta)
            self.solved_at.clear()
            self.solved_at[key] = found
        return self.solved_at[key]

    def _solve(self, theta: Array) -> tuple[Array, float, Array]:
        root = self.factor(theta)
        a = root.T @ self.k @ root + np.eye(self.q)
        middle = root @ np.linalg.solve(a, np.broadcast_to(root.T, a.shape))
        keep = np.eye(self.q) - self.k @ middle
        log_det = float(self.blocks.counts @ np.linalg.slogdet(a)[1])
        rows = self.blocks.rows
        m = rows.shape[2]
        taken = (middle[self.blocks.pattern] @ rows).reshape(-1, m)
        return keep, log_det, self.total - rows.reshape(-1, m).T @ taken

    def solution(self, cross: Array) -> tuple[Array, Array, float]:
        """(beta, phi at sigma = 1, residual sum of squares) from [X y]' V0^-1 [X y]."""
        p = self.p
        phi = inverse(cross[:p, :p])
        beta = phi @ cross[:p, p]
        return beta, phi, float(cross[p, p] - cross[:p, p] @ beta)

    def deviance(self, x: Array) -> float:
        """At x = (theta, sigma), without the constant n log 2 pi."""
        sigma2 = float(x[-1] ** 2)
        _, log_det, cross = self.solved(x[:-1])
        try:
            _, _, rest = self.solution(cross)
        except np.linalg.LinAlgError:
            return np.inf
        sign, log_x = np.linalg.slogdet(cross[: self.p, : self.p])
        if sigma2 <= 0.0 or rest <= 0.0 or (self.p and sign <= 0):
            return np.inf
        return log_det + self.rows * float(np.log(sigma2)) + rest / sigma2 + (float(log_x) if self.reml else 0.0)

    def settle(self, x: Array) -> Array:
        """The same theta with the best sigma."""
        _, _, cross = self.solved(x[:-1])
        _, _, rest = self.solution(cross)
        return np.append(x[:-1], np.sqrt(max(rest, 1e-300) / self.rows))

    def gamma(self, x: Array) -> tuple[Array, Array, Array]:
        """gamma (R + 1,) with the residual variance last, its first (R + 1, s) and second (R + 1, s, s) derivatives in (theta, sigma)."""
        root, sigma = self.factor(x[:-1]), float(x[-1])
        a, b = self.lower.a, self.lower.b
        s, size, r = root @ root.T, len(x), self.lower.size
        first, second = np.zeros((r + 1, size)), np.zeros((r + 1, size, size))
        eye = np.eye(self.q)
        for j in range(r):
            change = np.outer(eye[a[j]], root[:, b[j]])
            slope = (change + change.T)[a, b]
            first[:r, j] = sigma**2 * slope
            second[:r, j, -1] = second[:r, -1, j] = 2.0 * sigma * slope
            for i in range(r):
                if b[i] == b[j]:
                    bend = np.outer(eye[a[j]], eye[a[i]])
                    second[:r, j, i] = sigma**2 * (bend + bend.T)[a, b]
        first[:r, -1], second[:r, -1, -1] = 2.0 * sigma * s[a, b], 2.0 * s[a, b]
        first[r, -1], second[r, -1, -1] = 2.0 * sigma, 2.0
        return np.append(sigma**2 * s[a, b], sigma**2), first, second

    def curvature(self, x: Array) -> tuple[Curvature, Array, Array]:
        """Derivatives in gamma and the residual variance; beta and phi."""
        key = x.tobytes()
        if key not in self.curved_at:
            found = self._curvature(x)
            self.curved_at.clear()
            self.curved_at[key] = found
        return self.curved_at[key]

    def _curvature(self, x: Array) -> tuple[Curvature, Array, Array]:
        sigma2 = float(x[-1] ** 2)
        keep, _, cross = self.solved(x[:-1])
        beta, phi, rest = self.solution(cross)
        phi = sigma2 * phi
        u = keep @ self.k / sigma2
        d = keep[self.blocks.pattern] @ self.blocks.rows / sigma2
        found, trace, quadratic = curvature(self.blocks, u, d, self.lower, beta, phi, reml=self.reml)
        root = self.factor(x[:-1])
        gamma = sigma2 * (root @ root.T)[self.lower.a, self.lower.b]
        return self._with_residual(found, trace, quadratic, rest / sigma2, gamma, sigma2), beta, phi

    def _with_residual(
        self, found: Curvature, trace: Array, quadratic: Array, rest: float, gamma: Array, sigma2: float
    ) -> Curvature:
        """Adds the direction V to those of the random effects, then turns it into that of the residual variance."""
        r = len(gamma)
        hessian, expected = np.zeros((r + 1, r + 1)), np.zeros((r + 1, r + 1))
        hessian[:r, :r], expected[:r, :r] = found.hessian, found.expected
        hessian[:r, r] = hessian[r, :r] = 2.0 * quadratic - trace
        hessian[r, r] = 2.0 * rest - self.rows
        # expected information is that of REML: its traces hold P
        trace_p = trace if self.reml else trace - np.einsum("rij,ji->r", found.p, inverse(found.phi_inverse))
        expected[:r, r] = expected[r, :r] = trace_p
        expected[r, r] = self.n - self.p
        change = residual_change(gamma, sigma2)
        gradient = change @ np.append(trace - quadratic, self.rows - rest)
        slopes = np.tensordot(change, np.concatenate([found.p, found.phi_inverse[None]]), axes=1)
        b = change[:, :r] @ found.b  # X' V^-1 (y - X beta) = 0
        return replace(
            found, gradient=gradient, hessian=change @ hessian @ change.T, expected=change @ expected @ change.T, p=slopes, b=b,
            total=(gamma, sigma2),
        )  # fmt: skip

    def derivatives(self, x: Array) -> tuple[Array, Array]:
        """Gradient and Hessian of the deviance in (theta, sigma)."""
        found, _, _ = self.curvature(x)
        _, first, second = self.gamma(x)
        return first.T @ found.gradient, first.T @ found.hessian @ first + np.tensordot(found.gradient, second, axes=1)

    def inference(self, x: Array, method: str, information: str = "expected") -> Inference:
        """Fixed effects in the units of the data with what their degrees of freedom need."""
        found, beta, phi = self.curvature(x)
        check_information(method, information)
        back = self.scaled.back
        estimate = self.scaled.shift + back @ beta
        adjusted = phi
        if method == "kenward-roger":
            if not self.reml:
                raise OptionError("Kenward-Roger degrees of freedom need method='REML'.")
            weights = 2.0 * pseudo_inverse(found.expected)
            adjusted = phi + 2.0 * phi @ kenward_roger_change(found, weights, phi) @ phi
        else:
            _, first, second = self.gamma(x)
            hessian = first.T @ found.hessian @ first + np.tensordot(found.gradient, second, axes=1)
            weights = first @ (2.0 * positive_inverse(hessian)) @ first.T
            if information == "observed":
                adjusted = observed_covariance(found, weights, phi)
        slopes = back @ phi @ found.p @ phi @ back.T
        return Inference(
            method, estimate, back @ adjusted @ back.T, back @ phi @ back.T, slopes, weights,
        )  # fmt: skip


def kenward_roger_change(found: Directions, weights: Array, phi: Array) -> Array:
    """sum_rs W_rs (Q_rs - P_r phi P_s), (p, p)."""
    products = np.einsum("rs,rij,jk,skl->il", weights, found.p, phi, found.p, optimize=True)
    return found.weighted_q(weights) - 0.5 * (products + products.T)


def observed_covariance(found: Directions, weights: Array, phi: Array) -> Array:
    """Covariance of the fixed effects from the observed information, phi + phi B' W B phi, (p, p).

    B (R, p) : how the score of the fixed effects changes with the variance parameters, W (R, R) : their covariance.  The usual phi takes
    B for 0; where visits are missed by what was seen before, B is not, and phi is too small.
    Source: Kenward & Molenberghs 1998, doi:10.1214/ss/1028905886.
    """
    lead = phi @ found.b.T
    return phi + lead @ weights @ lead.T


def check_information(method: str, information: str) -> None:
    one_of("information", information, INFORMATION)
    if information == "observed" and method.startswith("kenward-roger"):
        raise OptionError(
            "information='observed' goes with df='satterthwaite' or 'none'; Kenward and Roger's adjustment is of the expected."
        )


def pseudo_inverse(matrix: Array) -> Array:
    """Moore-Penrose inverse of a symmetric matrix."""
    return np.linalg.pinv(matrix, rcond=1e-12, hermitian=True).astype(np.float64, copy=False)


def positive_inverse(hessian: Array) -> Array:
    """The inverse over the directions in which the function curves upward; the others carry no information."""
    values, vectors = np.linalg.eigh(hessian)
    keep = values > 1e-10 * max(float(np.abs(values).max(initial=0.0)), 1e-300)
    return (vectors[:, keep] / values[keep]) @ vectors[:, keep].T


def fit_linear_mixed(
    y: Array, x: Array, z: Array, subject: IntArray, *, reml: bool = True, correlated: bool = True
) -> LinearMixedFit:
    """Fit a linear mixed model.

    y (n,), x (n, p) of full rank, z (n, q) the columns of the random effects, subject (n,) codes 0..N-1.  correlated : the random effects
    may be correlated.  Raises OptionError for a singular design, or where there are no more rows than random effects.

    >>> y = np.array([1.0, 2.0, 4.0, 5.0, 3.0, 2.5, 7.0, 8.5])
    >>> fit = fit_linear_mixed(y, np.ones((8, 1)), np.ones((8, 1)), np.repeat(np.arange(4), 2))
    >>> round(float(fit.estimate[0]), 4), fit.converged, [round(v, 4) for v in (float(fit.random_covariance[0, 0]), fit.sigma2)]
    (4.125, True, [7.0729, 0.5625])
    """
    problem = _problem(y, x, z, subject, reml=reml, correlated=correlated)
    diagonal = (problem.lower.a == problem.lower.b).astype(np.float64)
    found = newton(problem.deviance, problem.derivatives, np.append(diagonal, 1.0), settle=problem.settle)
    return _result(problem, _tidied(problem, found))


def _problem(y: Array, x: Array, z: Array, subject: IntArray, *, reml: bool, correlated: bool) -> Problem:
    scaled = scale_problem(y, x)
    n, q = z.shape
    subjects = int(subject.max()) + 1
    if subjects < 2:
        raise OptionError("a mixed model needs two subjects or more.")
    if n <= subjects * q and q > 1:
        raise OptionError(f"{n} rows do not suffice for {q} random effects in each of {subjects} subjects.")
    if n == subjects:
        raise OptionError("every subject has one row only, so random effects cannot be told from the residual.")
    unit_z = np.sqrt((z**2).mean(axis=0))
    if (unit_z == 0.0).any():
        raise OptionError("a column of the random effects is zero everywhere.")
    order = np.argsort(subject, kind="stable")
    working = np.column_stack([scaled.q, scaled.y])
    ordered, columns = (z / unit_z)[order], working[order]
    starts = np.searchsorted(subject[order], np.arange(subjects))
    k = np.add.reduceat(ordered[:, :, None] * ordered[:, None, :], starts, axis=0)
    each = np.stack([np.add.reduceat(ordered[:, [j]] * columns, starts, axis=0) for j in range(q)], axis=1)
    different, pattern = np.unique(k.reshape(subjects, -1), axis=0, return_inverse=True)
    pattern = pattern.reshape(-1).astype(np.intp)
    blocks = compress(each, pattern, len(different))
    return Problem(
        scaled, blocks, each, pattern, different.reshape(-1, q, q), working.T @ working, unit_z, elements(q, not correlated), n, reml
    )  # fmt: skip


def _tidied(problem: Problem, found: Minimum) -> Minimum:
    """The same point with a diagonal of L that is not negative."""
    root = problem.factor(found.x[:-1])
    signs = np.where(np.diag(root) < 0.0, -1.0, 1.0)
    x = found.x.copy()
    x[:-1] *= signs[problem.lower.b]
    x[-1] = abs(x[-1])
    turn = np.append(signs[problem.lower.b], 1.0)
    return replace(found, x=x, gradient=found.gradient * turn, hessian=found.hessian * turn[:, None] * turn)


def _result(problem: Problem, found: Minimum) -> LinearMixedFit:
    theta, sigma2 = found.x[:-1], float(found.x[-1] ** 2)
    keep, _, cross = problem.solved(theta)
    beta, phi, _ = problem.solution(cross)
    scaled, unit = problem.scaled, problem.scaled.unit
    root = problem.factor(theta)
    covariance = sigma2 * (root @ root.T) * unit**2 / np.outer(problem.unit_z, problem.unit_z)
    left = problem.each[:, :, -1] - problem.each[:, :, :-1] @ beta
    random = (keep[problem.subject_pattern] @ left[:, :, None])[:, :, 0] @ (root @ root.T)
    deviance = found.value + scaled.deviance_shift(problem.n, reml=problem.reml) + problem.rows * LOG_2PI
    order = np.lexsort((problem.lower.a, problem.lower.b))
    steepness = np.sqrt(np.maximum(np.abs(np.diag(found.hessian)), 1e-300))
    smallest = float(np.linalg.svd(root, compute_uv=False).min())
    return LinearMixedFit(
        estimate=scaled.shift + scaled.back @ beta, vcov=sigma2 * scaled.back @ phi @ scaled.back.T,
        theta=(theta / problem.unit_z[problem.lower.a])[order], random_covariance=covariance, sigma2=sigma2 * unit**2,
        log_likelihood=-0.5 * deviance, random=random * unit / problem.unit_z, subjects=len(problem.each), n=problem.n,
        reml=problem.reml, converged=found.converged, singular=smallest < 1e-4, iterations=found.iterations,
        decrement=found.decrement, gradient=float(np.abs(found.gradient / steepness).max()), problem=problem, minimum=found,
    )  # fmt: skip
