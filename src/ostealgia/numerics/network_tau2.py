# pyright: reportMissingTypeStubs=false
"""Between-study variance of a network: one tau2 for every comparison, added to each independent contrast."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.numerics.network import Evidence, pseudo_inverse
from ostealgia.numerics.regression import tau2_q_profile
from ostealgia.numerics.regression_tau2 import TAU2, Problem
from ostealgia.numerics.tau2 import Tau2, scale_of
from ostealgia.options import one_of

Array = NDArray[np.float64]
METHODS = ("DL", "ML", "REML", "EB", "PM", "PMM")


def network_tau2(data: Evidence, method: str) -> Tau2:
    """tau2 by the generalised DerSimonian-Laird moment (Jackson, White & Riley 2012, doi:10.1002/sim.5453; Ruecker & Schwarzer 2014), by
    certified (restricted) maximum likelihood, or from the generalised Q (EB and PM: its expectation, PMM: its median).

    NaN where no comparison is repeated and no loop is closed (as many independent contrasts as parameters).
    """
    one_of("tau2", method, METHODS)
    if data.df < 1:
        reason = {"method": method, "reason": "no comparison is repeated and no loop is closed"}
        return Tau2(value=math.nan, std_error=math.nan, untruncated=math.nan, certificate=reason)
    if method == "DL":
        value = generalised_dl(data)
        return Tau2(
            value=max(0.0, value),
            std_error=math.nan,
            untruncated=value,
            certificate={"method": method, "closed_form": True},
        )
    scale = scale_of(data.v)
    unit = scale * scale
    order = np.argsort(data.v, kind="stable")
    basis = np.linalg.qr(data.x[order, 1:])[0]
    y = data.y[order] / scale
    found = TAU2[method](Problem(y - basis @ (basis.T @ y), data.v[order] / unit, basis, math.nan))
    certificate: dict[str, Any] = {"method": method, **found.certificate}
    for key in ("roots", "bracket"):
        if certificate.get(key) is not None:
            certificate[key] = tuple(t * unit for t in certificate[key])
    if "grid_top" in certificate:
        certificate["grid_top"] *= unit
        certificate["score_at_zero"] /= unit
    return Tau2(
        value=max(0.0, found.value) * unit, std_error=found.std_error * unit, untruncated=found.untruncated * unit, certificate=certificate
    )  # fmt: skip


def generalised_dl(data: Evidence) -> float:
    """(Q - df) / (tr W - tr(L+ X'WWX)), before it is cut off at zero."""
    w = 1.0 / data.v
    xw = data.x * w[:, None]
    inverse = pseudo_inverse(data.x.T @ xw)
    rest = data.y - data.x @ (inverse @ (xw.T @ data.y))
    trace = float(w.sum() - ((xw.T @ xw) * inverse).sum())
    return (float((w * rest) @ rest) - data.df) / trace


def network_tau2_interval(data: Evidence, level: float) -> tuple[float, float]:
    """Q-profile interval of the generalised Q with the design of the network (Viechtbauer 2007, doi:10.1002/sim.2514)."""
    if data.df < 1:
        return math.nan, math.nan
    return tau2_q_profile(data.y, data.v, data.x[:, 1:], level=level)
