"""Linear mixed models with random intercepts of several groupings, crossed or nested: patients in centres, patients by raters.

y = X beta + sum_k Z_k b_k + e, b_k ~ N(0, sigma^2 theta_k^2 I), e ~ N(0, sigma^2 I). The grouping with most levels is eliminated level by
level (its part of V is diagonal); the others together are one dense system. The deviance is profiled over beta and minimised over
(theta, sigma) by Newton steps with exact derivatives, as in ``linear_mixed``.

Source: Bates, Maechler, Bolker & Walker 2015, doi:10.18637/jss.v067.i01; Harville 1977, doi:10.1080/01621459.1977.10480998.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    pseudo_inverse,
    scale_problem,
)
from ostealgia.numerics.linear_mixed_inference import Inference
from ostealgia.numerics.linear_mixed_moments import inverse, residual_change
from ostealgia.numerics.linear_mixed_newton import Minimum, newton

Array = NDArray[np.float64]
IntArray = NDArray[np.intp]
MOST_LEVELS = 3_000  # of all groupings but the largest
MOST_CELLS = 30_000_000  # levels of the largest x levels of the others


@dataclass(frozen=True, kw_only=True)
class CrossedFit:
    """A fitted model, in the units of the data.

    estimate (p,), vcov (p, p) : fixed effects.  theta (K,) : standard deviation of each grouping relative to sigma.  variances (K,).
    sigma2 : residual variance.  random : predictions of each grouping.  gradient : largest slope of the deviance, scaled by its
    curvature.  singular (K,) : a variance on its boundary, 0.
    """

    estimate: Array
    vcov: Array
    theta: Array
    variances: Array
    sigma2: float
    log_likelihood: float
    random: tuple[Array, ...]
    n: int
    reml: bool
    converged: bool
    singular: NDArray[np.bool_]
    iterations: int
    decrement: float
    gradient: float
    problem: CrossedProblem
    minimum: Minimum

    def inference(self, method: str, information: str = "expected") -> Inference:
        """Degrees of freedom by "satterthwaite", "kenward-roger" (REML) or "none"."""
        return self.problem.inference(self.minimum.x, method, information)


@dataclass(frozen=True)
class CrossedCurvature:
    """Derivatives in (variances, residual variance): gradient (R,), hessian, expected (R, R), b (R, p), p (R, p, p), q (R, R, p, p)."""

    gradient: Array
    hessian: Array
    expected: Array
    b: Array
    p: Array
    q: Array

    def weighted_q(self, weights: Array) -> Array:
        """sum_rs W_rs Q_rs, (p, p), symmetric."""
        out = np.tensordot(weights, self.q, axes=([0, 1], [0, 1]))
        return 0.5 * (out + out.T)


@dataclass(frozen=True)
class Solved:
    """At sigma = 1, the largest grouping first: c (each grouping: Z'V^-1 [X y]), moments M_kl = Z_k'V^-1 Z_l by their parts."""

    log_det: float
    cross: Array
    c: tuple[Array, ...]
    diagonal: Array
    f: Array
    t: Array
    m_ar: Array
    m_rr: Array


@dataclass(frozen=True, eq=False)
class CrossedProblem:
    """Data of one model in working units. order : place of each grouping, the largest first.  sizes (q_a,), sums (q_a, p + 1) of the
    largest; table (q_a, q_r) its rows by levels of the others; sums_r (q_r, p + 1); counts_r (q_r, q_r); ends : of the others' levels."""

    scaled: Scaled
    order: tuple[int, ...]
    sizes: Array
    sums: Array
    table: Array
    sums_r: Array
    counts_r: Array
    ends: tuple[slice, ...]
    total: Array
    n: int
    reml: bool

    @property
    def p(self) -> int:
        return len(self.total) - 1

    @property
    def rows(self) -> int:
        """n - p for REML, n for ML."""
        return self.n - self.p if self.reml else self.n

    def solved(self, theta: Array) -> Solved:
        """theta (K,) in the order of ``order``."""
        first = float(theta[0] ** 2)
        shrink = 1.0 / (1.0 + first * self.sizes)
        taken = first * shrink
        spread = np.concatenate([np.full(s.stop - s.start, theta[k + 1]) for k, s in enumerate(self.ends)])
        k_w = self.sums_r - self.table.T @ (taken[:, None] * self.sums)
        k = self.counts_r - self.table.T @ (taken[:, None] * self.table)
        inner = np.eye(len(spread)) + spread[:, None] * k * spread
        root = np.linalg.cholesky(inner)
        t = spread[:, None] * inverse(inner) * spread
        f, a_w = shrink[:, None] * self.table, shrink[:, None] * self.sums
        cross = self.total - self.sums.T @ (taken[:, None] * self.sums) - k_w.T @ t @ k_w
        log_det = -float(np.log(shrink).sum()) + 2.0 * float(np.log(np.diag(root)).sum())
        c_r = k_w - k @ (t @ k_w)
        c = (a_w - f @ (t @ k_w), *(c_r[s] for s in self.ends))
        return Solved(log_det, cross, c, self.sizes * shrink, f, t, f - f @ (t @ k), k - k @ t @ k)

    def solution(self, cross: Array) -> tuple[Array, Array, float]:
        """(beta, phi at sigma = 1, residual sum of squares)."""
        p = self.p
        phi = inverse(cross[:p, :p])
        beta = phi @ cross[:p, p]
        return beta, phi, float(cross[p, p] - cross[:p, p] @ beta)

    def deviance(self, x: Array) -> float:
        """At x = (theta, sigma), without the constant n log 2 pi."""
        sigma2 = float(x[-1] ** 2)
        try:
            found = self.solved(x[:-1])
            _, _, rest = self.solution(found.cross)
        except np.linalg.LinAlgError:
            return np.inf
        sign, log_x = np.linalg.slogdet(found.cross[: self.p, : self.p])
        if sigma2 <= 0.0 or rest <= 0.0 or (self.p and sign <= 0):
            return np.inf
        return found.log_det + self.rows * float(np.log(sigma2)) + rest / sigma2 + (float(log_x) if self.reml else 0.0)

    def settle(self, x: Array) -> Array:
        """The same theta with the best sigma."""
        _, _, rest = self.solution(self.solved(x[:-1]).cross)
        return np.append(x[:-1], np.sqrt(max(rest, 1e-300) / self.rows))

    def curvature(self, x: Array) -> tuple[CrossedCurvature, Array, Array]:
        """Derivatives in the variances; beta and phi."""
        sigma2 = float(x[-1] ** 2)
        found = self.solved(x[:-1])
        beta, phi, rest = self.solution(found.cross)
        phi = sigma2 * phi
        p, size = self.p, len(found.c)
        c = [part[:, :p] / sigma2 for part in found.c]
        w = [part[:, p] / sigma2 - one @ beta for part, one in zip(found.c, c, strict=True)]
        squares = np.array([one.T @ one for one in c])
        b = np.array([one.T @ left for one, left in zip(c, w, strict=True)])
        norm, trace = np.zeros((size, size)), np.zeros(size)
        quadratic, q = np.zeros((size, size)), np.zeros((size, size, p, p))
        for i in range(size):
            for j in range(i, size):
                n_ij, t_ij, both = self._pair(found, i, j, np.column_stack([c[i], w[i]]), np.column_stack([c[j], w[j]]))
                norm[i, j] = norm[j, i] = n_ij / sigma2**2
                quadratic[i, j] = quadratic[j, i] = both[p, p] / sigma2
                q[i, j], q[j, i] = both[:p, :p] / sigma2, both[:p, :p].T / sigma2
                if i == j:
                    trace[i] = t_ij / sigma2
        own = np.array([float(left @ left) for left in w])
        phi_p = phi @ squares
        flat, turned = phi_p.reshape(size, -1), phi_p.transpose(0, 2, 1).reshape(size, -1)
        expected = norm - 2.0 * np.tensordot(q, phi, axes=([2, 3], [1, 0])) + flat @ turned.T
        trace_p = trace - np.trace(phi_p, axis1=1, axis2=2)
        hessian = 2.0 * (quadratic - b @ phi @ b.T) - (expected if self.reml else norm)
        gamma = sigma2 * x[:-1] ** 2
        parts = (trace_p if self.reml else trace, trace_p, own, rest / sigma2, 0.5 * (expected + expected.T), hessian)
        return self._with_residual(parts, b, squares, q, inverse(phi), gamma, sigma2), beta, phi

    def _pair(self, found: Solved, i: int, j: int, left: Array, right: Array) -> tuple[float, float, Array]:
        """(|M_ij|^2, trace of M_ij for i = j, left' M_ij right) at sigma = 1."""
        if i == 0 and j == 0:
            f, t, d = found.f, found.t, found.diagonal
            turned = f @ t
            corner = f.T @ turned
            own = np.einsum("ij,ij->i", turned, f)
            norm = float((d**2).sum() - 2.0 * (d * own).sum() + np.einsum("ij,ji->", corner, corner))
            return norm, float((d - own).sum()), left.T @ (d[:, None] * right) - (left.T @ turned) @ (f.T @ right)
        m = found.m_ar[:, self.ends[j - 1]] if i == 0 else found.m_rr[self.ends[i - 1], self.ends[j - 1]]
        return float((m**2).sum()), float(np.trace(m)) if i == j else 0.0, left.T @ m @ right

    def _with_residual(
        self, parts: tuple[Array, Array, Array, float, Array, Array], b: Array, squares: Array, q: Array, information: Array,
        gamma: Array, sigma2: float,
    ) -> CrossedCurvature:  # fmt: skip
        """Adds the direction V to those of the groupings, then turns it into that of the residual variance."""
        trace, trace_p, own, rest, expected_r, hessian_r = parts
        r, p = len(gamma), self.p
        hessian, expected = np.zeros((r + 1, r + 1)), np.zeros((r + 1, r + 1))
        hessian[:r, :r], expected[:r, :r] = hessian_r, expected_r
        hessian[:r, r] = hessian[r, :r] = 2.0 * own - trace
        hessian[r, r] = 2.0 * rest - self.rows
        expected[:r, r] = expected[r, :r] = trace_p
        expected[r, r] = self.n - p
        every = np.zeros((r + 1, r + 1, p, p))
        every[:r, :r], every[:r, r], every[r, :r], every[r, r] = q, squares, squares, information
        change = residual_change(gamma, sigma2)
        return CrossedCurvature(
            gradient=change @ np.append(trace - own, self.rows - rest), hessian=change @ hessian @ change.T,
            expected=change @ expected @ change.T, b=change[:, :r] @ b,
            p=np.tensordot(change, np.concatenate([squares, information[None]]), axes=1),
            q=np.einsum("ar,rsij,bs->abij", change, every, change),
        )  # fmt: skip

    def gamma(self, x: Array) -> tuple[Array, Array]:
        """First (K + 1, K + 1) and second derivatives of (variances, residual variance) in (theta, sigma)."""
        theta, sigma, k = x[:-1], float(x[-1]), len(x) - 1
        first, second = np.zeros((k + 1, k + 1)), np.zeros((k + 1, k + 1, k + 1))
        for i in range(k):
            first[i, i], first[i, k] = 2.0 * sigma**2 * theta[i], 2.0 * sigma * theta[i] ** 2
            second[i, i, i], second[i, k, k] = 2.0 * sigma**2, 2.0 * theta[i] ** 2
            second[i, i, k] = second[i, k, i] = 4.0 * sigma * theta[i]
        first[k, k], second[k, k, k] = 2.0 * sigma, 2.0
        return first, second

    def derivatives(self, x: Array) -> tuple[Array, Array]:
        """Gradient and Hessian of the deviance in (theta, sigma)."""
        found, _, _ = self.curvature(x)
        first, second = self.gamma(x)
        return first.T @ found.gradient, first.T @ found.hessian @ first + np.tensordot(found.gradient, second, axes=1)

    def inference(self, x: Array, method: str, information: str = "expected") -> Inference:
        """Fixed effects in the units of the data with what their degrees of freedom need."""
        check_information(method, information)
        found, beta, phi = self.curvature(x)
        adjusted = phi
        if method == "kenward-roger":
            if not self.reml:
                raise OptionError("Kenward-Roger degrees of freedom need method='REML'.")
            weights = 2.0 * pseudo_inverse(found.expected)
            adjusted = phi + 2.0 * phi @ kenward_roger_change(found, weights, phi) @ phi
        else:
            first, second = self.gamma(x)
            hessian = first.T @ found.hessian @ first + np.tensordot(found.gradient, second, axes=1)
            weights = first @ (2.0 * positive_inverse(hessian)) @ first.T
            if information == "observed":
                adjusted = observed_covariance(found, weights, phi)
        back = self.scaled.back
        slopes = back @ phi @ found.p @ phi @ back.T
        estimate = self.scaled.shift + back @ beta
        return Inference(method, estimate, back @ adjusted @ back.T, back @ phi @ back.T, slopes, weights)


def fit_crossed(y: Array, x: Array, groups: Sequence[IntArray], *, reml: bool = True) -> CrossedFit:
    """Fit a linear mixed model with a random intercept for each of two or more groupings.

    y (n,), x (n, p) of full rank, groups : codes (n,) from 0 without gaps of each grouping.  A nested grouping has a code for each
    combination.  Raises OptionError for a singular design, a grouping with one level or one for every row, or too many levels.

    >>> y = np.array([1.0, 2.0, 4.0, 5.0, 3.0, 2.5, 7.0, 8.5])
    >>> fit = fit_crossed(y, np.ones((8, 1)), [np.repeat(np.arange(4), 2), np.tile([0, 1], 4)])
    >>> round(float(fit.estimate[0]), 4), fit.converged
    (4.125, True)
    """
    problem = _problem(y, x, groups, reml=reml)
    start = np.append(np.ones(len(groups)), 1.0)
    return _result(problem, newton(problem.deviance, problem.derivatives, start, settle=problem.settle))


def _problem(y: Array, x: Array, groups: Sequence[IntArray], *, reml: bool) -> CrossedProblem:
    if len(groups) < 2:
        raise OptionError("one grouping: use fit_linear_mixed.")
    scaled = scale_problem(y, x)
    n = len(y)
    levels = [int(code.max()) + 1 for code in groups]
    for size in levels:
        if size < 2 or size == n:
            raise OptionError("a grouping needs two levels or more, and fewer than there are rows.")
    order = tuple(sorted(range(len(groups)), key=lambda k: -levels[k]))
    others = [levels[k] for k in order[1:]]
    if sum(others) > MOST_LEVELS or levels[order[0]] * sum(others) > MOST_CELLS:
        raise OptionError(
            f"groupings of {levels[order[0]]:,} and {sum(others):,} levels are too many at once; at most {MOST_LEVELS:,} beside the "
            "largest."
        )
    working = np.column_stack([scaled.q, scaled.y])
    first = groups[order[0]]
    stops = np.cumsum(others)
    ends = tuple(slice(int(stop - size), int(stop)) for stop, size in zip(stops, others, strict=True))
    places = [groups[k] + end.start for k, end in zip(order[1:], ends, strict=True)]
    table, counts = np.zeros((levels[order[0]], int(stops[-1]))), np.zeros((int(stops[-1]), int(stops[-1])))
    sums_r = np.zeros((int(stops[-1]), working.shape[1]))
    for i, one in enumerate(places):
        np.add.at(table, (first, one), 1.0)
        sums_r[ends[i]] = _sums(groups[order[i + 1]], working, others[i])
        for two in places:
            np.add.at(counts, (one, two), 1.0)
    sizes = np.bincount(first, minlength=levels[order[0]]).astype(np.float64)
    sums = _sums(first, working, levels[order[0]])
    return CrossedProblem(scaled, order, sizes, sums, table, sums_r, counts, ends, working.T @ working, n, reml)


def _sums(code: IntArray, columns: Array, size: int) -> Array:
    return np.column_stack(
        [np.asarray(np.bincount(code, column, minlength=size), dtype=np.float64) for column in columns.T]
    )


def _result(problem: CrossedProblem, found: Minimum) -> CrossedFit:
    theta, sigma2 = np.abs(found.x[:-1]), float(found.x[-1] ** 2)
    solved = problem.solved(theta)
    beta, phi, _ = problem.solution(solved.cross)
    scaled, unit = problem.scaled, problem.scaled.unit
    back = np.argsort(problem.order)
    random = [t**2 * (c[:, -1] - c[:, :-1] @ beta) * unit for t, c in zip(theta, solved.c, strict=True)]
    deviance = found.value + scaled.deviance_shift(problem.n, reml=problem.reml) + problem.rows * LOG_2PI
    steepness = np.sqrt(np.maximum(np.abs(np.diag(found.hessian)), 1e-300))
    return CrossedFit(
        estimate=scaled.shift + scaled.back @ beta, vcov=sigma2 * scaled.back @ phi @ scaled.back.T, theta=theta[back],
        variances=(sigma2 * theta**2 * unit**2)[back], sigma2=sigma2 * unit**2, log_likelihood=-0.5 * deviance,
        random=tuple(random[k] for k in back), n=problem.n, reml=problem.reml, converged=found.converged, singular=(theta < 1e-4)[back],
        iterations=found.iterations, decrement=found.decrement, gradient=float(np.abs(found.gradient / steepness).max()),
        problem=problem, minimum=found,
    )  # fmt: skip
