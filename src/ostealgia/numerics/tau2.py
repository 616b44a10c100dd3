# pyright: reportMissingTypeStubs=false
"""Between-study variance: one function an estimator, one line in the table.

Every estimator takes strata, a list of (y, v) pairs with one mean each (a single pair for an ordinary pool), and costs O(k). Data are
brought to order one by a power of two first, so that the unit does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from ostealgia.errors import ConvergenceError
from ostealgia.numerics import likelihood
from ostealgia.numerics.heterogeneity import (
    Strata,
    cochran_q,
    generalised_q,
    moments,
    residual_df,
    strata_of,
    trace_p,
)
from ostealgia.numerics.likelihood import polish
from ostealgia.options import one_of

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Tau2:
    """An estimate of tau2: value (zero or more), standard error, value before truncation, certificate of the search."""

    value: float
    std_error: float
    untruncated: float
    certificate: Mapping[str, Any] = field(default_factory=dict[str, Any])


def tau2_dl(y: Array, v: Array) -> float:
    """Between-study variance by the DerSimonian-Laird moment estimator.

    y : array (k,), effects on the analysis scale.  v : array (k,), their variances.
    Returns a float, zero or more.  Source: DerSimonian & Laird 1986, doi:10.1016/0197-2456(86)90046-2.

    >>> y, v = np.array([-0.9, -0.2, 0.1]), np.array([0.04, 0.05, 0.03])
    >>> round(float(tau2_dl(y, v)), 4)
    0.2454
    """
    return max(0.0, _dl([(y, v)]).value)


def tau2_dl_from_q(q: float, v: Array) -> float:
    """The DerSimonian-Laird estimate from a Q taken elsewhere, for instance around a Mantel-Haenszel estimate as RevMan does.

    q : Cochran's Q.  v : (k,), variances.  Returns (Q - (k - 1)) / (S1 - S2 / S1), not below 0.
    """
    return max(0.0, (q - (len(v) - 1)) / trace_p(1.0 / v))


def estimate_tau2(
    y: Array, v: Array, method: str, *, group: NDArray[np.int64] | None = None, weights: Array | None = None
) -> Tau2:
    """tau2 by a named method, truncated at zero, with its standard error.

    y, v : arrays (k,), k of 2 or more.  group : stratum codes (k,) for a tau2 common to strata.
    weights : (k,) for method "GENQ" only.  Raises OptionError, ConvergenceError.

    >>> estimate_tau2(np.array([0.1, 0.9, 0.4]), np.array([0.02, 0.03, 0.05]), "REML").value > 0
    True
    """
    one_of("tau2", method, TAU2)
    scale = scale_of(v)
    strata = strata_of(y / scale, v / (scale * scale), group)
    if residual_df(strata) < 1:
        return Tau2(
            value=0.0,
            std_error=math.nan,
            untruncated=math.nan,
            certificate={"method": method, "reason": "one study a mean"},
        )
    raw = _genq(strata, _split(weights, v, group)) if method == "GENQ" else TAU2[method](strata)
    unit = scale * scale
    return Tau2(
        value=max(0.0, raw.value) * unit,
        std_error=raw.std_error * unit,
        untruncated=raw.value * unit,
        certificate={"method": method, **_rescaled(raw.certificate, unit)},
    )


def scale_of(v: Array) -> float:
    """A power of two near the square root of the median variance: dividing by it is exact in binary arithmetic.

    >>> scale_of(np.array([4.0, 4.0, 5.0]))
    2.0
    """
    middle = float(np.partition(v, len(v) // 2)[len(v) // 2])
    return 2.0 ** round(0.5 * math.log2(middle))


def _rescaled(certificate: Mapping[str, Any], unit: float) -> dict[str, Any]:
    """The certificate with its tau2 values in the unit of the data."""
    out = dict(certificate)
    for key in ("roots", "bracket"):
        if out.get(key) is not None:
            out[key] = tuple(t * unit for t in out[key])
    if "grid_top" in out:
        out["grid_top"] = out["grid_top"] * unit
        out["score_at_zero"] = out["score_at_zero"] / unit
    return out


def _split(weights: Array | None, v: Array, group: NDArray[np.int64] | None) -> list[Array]:
    a = 1.0 / v if weights is None else weights
    return [a] if group is None else [a[group == code] for code in np.unique(group)]


# --- traces of P = A - a a' / sum(a), written as sums --------------------------------------------------------------


def _trace_pp(a: Array) -> float:
    s1, s2, s3 = float(np.add.reduce(a)), float(a.dot(a)), float(a.dot(a * a))
    return s2 - 2.0 * s3 / s1 + (s2 / s1) ** 2


def _trace_pv(a: Array, v: Array) -> float:
    return float((a * v).sum()) - float((a * a * v).sum()) / float(a.sum())


def _trace_pvp(a: Array, v: Array) -> float:
    s1 = float(a.sum())
    return (
        float((a * a * v).sum())
        - 2.0 * float((a**3 * v).sum()) / s1
        + float((a * a).sum()) / s1 * (float((a * a * v).sum()) / s1)
    )


def _trace_pvpv(a: Array, v: Array) -> float:
    s1, av = float(a.sum()), a * v
    return float((av * av).sum()) - 2.0 * float((a * av * av).sum()) / s1 + (float((a * av).sum()) / s1) ** 2


def _moment(strata: Strata, weights: list[Array]) -> Tau2:
    """The generalised method-of-moments estimator with weights a, and its standard error (DerSimonian & Kacker 2007)."""
    q = tr_p = tr_pv = 0.0
    for (y, v), a in zip(strata, weights, strict=True):
        q += moments(y, a).rss
        tr_p += trace_p(a)
        tr_pv += _trace_pv(a, v)
    value = (q - tr_pv) / tr_p
    t = max(0.0, value)
    pairs = [(a, v) for (_, v), a in zip(strata, weights, strict=True)]
    inside = (
        2.0 * sum(_trace_pvpv(a, v) for a, v in pairs)
        + 4.0 * t * sum(_trace_pvp(a, v) for a, v in pairs)
        + 2.0 * t * t * sum(_trace_pp(a) for a, _ in pairs)
    )
    return Tau2(
        value=value, std_error=math.sqrt(max(0.0, inside)) / tr_p, untruncated=value, certificate={"closed_form": True}
    )


def _dl(strata: Strata) -> Tau2:
    return _moment(strata, [1.0 / v for _, v in strata])


def _he(strata: Strata) -> Tau2:
    """Hedges 1983 (Cochran's variance component), doi:10.1037/0033-2909.93.2.388."""
    return _moment(strata, [np.ones_like(v) for _, v in strata])


def _genq(strata: Strata, weights: list[Array]) -> Tau2:
    return _moment(strata, weights)


def _hs(strata: Strata) -> Tau2:
    """Hunter & Schmidt 1990: (Q - k) / sum(w)."""
    return _hunter_schmidt(strata, 1.0)


def _hsk(strata: Strata) -> Tau2:
    """Hunter-Schmidt with the small-sample factor k / (k - p) (Brannick et al. 2019, doi:10.1177/1094428118817863)."""
    k = sum(len(y) for y, _ in strata)
    return _hunter_schmidt(strata, k / residual_df(strata))


def _hunter_schmidt(strata: Strata, factor: float) -> Tau2:
    k = sum(len(y) for y, _ in strata)
    weights = [1.0 / v for _, v in strata]
    s1 = sum(float(a.sum()) for a in weights)
    value = (factor * cochran_q(strata) - k) / s1
    t = max(0.0, value)
    inside = (
        2.0 * residual_df(strata) + 4.0 * t * sum(map(trace_p, weights)) + 2.0 * t * t * sum(map(_trace_pp, weights))
    )
    return Tau2(
        value=value, std_error=factor * math.sqrt(inside) / s1, untruncated=value, certificate={"closed_form": True}
    )


def _sj(strata: Strata) -> Tau2:
    """Sidik & Jonkman 2005, doi:10.1111/j.1467-9876.2005.00489.x: never zero unless all effects agree."""
    k, df = sum(len(y) for y, _ in strata), residual_df(strata)
    start = sum(float(((y - y.mean()) ** 2).sum()) for y, _ in strata) / k
    if start <= 0.0:
        return Tau2(
            value=0.0,
            std_error=math.nan,
            untruncated=0.0,
            certificate={"closed_form": True, "reason": "all effects equal"},
        )
    weights = [1.0 / (v + start) for _, v in strata]
    rss = sum(moments(y, a).rss for (y, _), a in zip(strata, weights, strict=True))
    value = start * rss / df
    pairs = [(a, v) for (_, v), a in zip(strata, weights, strict=True)]
    inside = (
        2.0 * sum(_trace_pvpv(a, v) for a, v in pairs)
        + 4.0 * value * sum(_trace_pvp(a, v) for a, v in pairs)
        + 2.0 * value * value * sum(_trace_pp(a) for a, _ in pairs)
    )
    return Tau2(
        value=value,
        std_error=start / df * math.sqrt(inside),
        untruncated=value,
        certificate={"closed_form": True, "start": start},
    )


def q_root(target: float, strata: Strata) -> tuple[float, dict[str, Any]]:
    """tau2 at which the generalised Q equals ``target``; 0 where Q(0) is not above it. Q falls steadily, so there is one root at most.

    Newton steps on 1 / Q - 1 / target, which is close to a straight line, held in a bracket.
    Returns (tau2, certificate). Raises ConvergenceError when Q stays above the target however large tau2 is (it falls to 0, so only
    overflow can cause it).
    """

    def gap(t: float) -> tuple[float, float]:
        value = slope = 0.0
        for y, v in strata:
            w = 1.0 / (v + t)
            r = y - float(w @ y) / float(w.sum())
            wr = w * r
            value += float(wr @ r)
            slope += float(wr @ wr)
        return 1.0 / value - 1.0 / target, slope / value / value

    at_zero = generalised_q(0.0, strata)
    if at_zero <= target:
        return 0.0, {"bracket": None, "score_at_zero": at_zero - target, "score": at_zero - target, "iterations": 0}
    # Q(t) <= Q(0) vmax / (vmax + t), so this t is above the root
    high = max(float(v.max()) for _, v in strata) * (at_zero / target)
    value, slope = gap(0.0)
    if not (math.isfinite(high) and slope > 0.0):
        raise ConvergenceError(f"Q stays above {target!r} for every tau2 tried")
    root, steps = polish(gap, 0.0, high, start=min(-value / slope, 0.5 * high), rising=True)
    return root, {
        "bracket": (0.0, high), "score_at_zero": at_zero - target, "score": generalised_q(root, strata) - target, "iterations": steps
    }  # fmt: skip


def _pm_with(strata: Strata, target: float) -> Tau2:
    value, certificate = q_root(target, strata)
    k, df = sum(len(y) for y, _ in strata), residual_df(strata)
    s1 = sum(float((1.0 / (v + value)).sum()) for _, v in strata)
    return Tau2(value=value, std_error=math.sqrt(2.0 * k * k / df) / s1, untruncated=value, certificate=certificate)


def _pm(strata: Strata) -> Tau2:
    """Paule & Mandel 1982, doi:10.6028/jres.087.022: Q(tau2) = k - p. The empirical-Bayes estimator has the same root."""
    return _pm_with(strata, float(residual_df(strata)))


def _pmm(strata: Strata) -> Tau2:
    """Median-unbiased Paule-Mandel (Viechtbauer 2021, doi:10.1007/978-3-030-61112-5): Q(tau2) = the median of chi-square(k - p)."""
    return _pm_with(strata, float(chdtri(residual_df(strata), 0.5)))


def _reml(strata: Strata) -> Tau2:
    """Restricted maximum likelihood (Harville 1977, doi:10.1080/01621459.1977.10480998); see ``likelihood.maximise``."""
    value, certificate = likelihood.maximise(strata, restricted=True)
    information = 0.5 * sum(_trace_pp(1.0 / (v + value)) for _, v in strata)
    return _likelihood_result(value, information, certificate)


def _ml(strata: Strata) -> Tau2:
    """Maximum likelihood (Hardy & Thompson 1996, doi:10.1002/(SICI)1097-0258(19960330)15:6<619::AID-SIM188>3.0.CO;2-A)."""
    value, certificate = likelihood.maximise(strata, restricted=False)
    information = 0.5 * sum(float(((v + value) ** -2.0).sum()) for _, v in strata)
    return _likelihood_result(value, information, certificate)


def _likelihood_result(value: float, information: float, certificate: likelihood.Certificate) -> Tau2:
    """The estimate with its standard error; NaN where one study outweighs the others beyond the digits of the information."""
    std_error = 1.0 / math.sqrt(information) if information > 0.0 else math.nan
    return Tau2(value=value, std_error=std_error, untruncated=value, certificate=certificate.to_dict())


TAU2: dict[str, Callable[[Strata], Tau2]] = {
    "DL": _dl,
    "HE": _he,
    "HS": _hs,
    "HSk": _hsk,
    "SJ": _sj,
    "ML": _ml,
    "REML": _reml,
    "EB": _pm,
    "PM": _pm,
    "PMM": _pmm,
    "GENQ": _dl,
}
