"""Pain flare after radiotherapy: a rise that comes soon and goes back, seen only in a daily diary.

Source: trial SC.23 (Chow E et al. Lancet Oncol 2015;16:1463-1472, doi:10.1016/S1470-2045(15)00199-0), window of 10 days; the Dutch
dexamethasone trial used 14 days. check_status: read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ostealgia.errors import TableError
from ostealgia.options import between

FLARE = ("flare", "progression", "no_flare", "not_assessable")


@dataclass(frozen=True, kw_only=True)
class PainFlare:
    """status : one of ``FLARE``.  onset_day, return_day : from the start of treatment, or None.  reason : in words."""

    status: str
    onset_day: int | None = None
    return_day: int | None = None
    reason: str = ""


def pain_flare(
    days: ArrayLike,
    pain: ArrayLike,
    omed: ArrayLike,
    *,
    pain_0: float,
    omed_0: float,
    window_days: int = 10,
    least_days: float = 0.8,
) -> PainFlare:
    """Did this patient have a pain flare?

    days : whole days from the start of treatment (n,), a diary.  pain : worst pain 0 to 10.  omed : mg oral morphine a day.
    pain_0, omed_0 : the baseline.  window_days : the rise must begin within them.  least_days : the share of those days that must be in
    the diary with both values; with fewer (weekly visits) the status is "not_assessable".
    A rise is 2 points or more without analgesic decrease, or 25% or more OMED without pain decrease; it is a flare when both come back
    to the baseline or below in the diary, else a progression.

    >>> days = range(1, 13)
    >>> pain_flare(days, [5, 5, 8, 8, 7, 5, 5, 5, 5, 5, 5, 5], [20] * 12, pain_0=5, omed_0=20)
    PainFlare(status='flare', onset_day=3, return_day=6, reason='')
    """
    day, worst, dose = (np.asarray(values, dtype=float) for values in (list(np.asarray(days).tolist()), pain, omed))
    if not len(day) == len(worst) == len(dose):
        raise TableError("the diary's columns have different lengths", expected="one value a day in each")
    between("least_days", least_days, 0.0, 1.0, closed=True)
    if np.any((worst < 0) | (worst > 10)) or np.any(dose < 0) or not 0 <= pain_0 <= 10 or omed_0 < 0:
        raise TableError("the diary has an impossible value", expected="pain from 0 to 10 and OMED of 0 or more")
    order = np.argsort(day, kind="stable")
    day, worst, dose = day[order], worst[order], dose[order]
    complete = ~np.isnan(worst) & ~np.isnan(dose) & (day >= 1)
    inside = np.unique(day[complete & (day <= window_days)])
    if len(inside) < least_days * window_days:
        reason = f"{len(inside)} of {window_days} days in the diary; a flare needs daily data"
        return PainFlare(status="not_assessable", reason=reason)
    day, worst, dose = day[complete], worst[complete], dose[complete]
    more = (dose > 0) if omed_0 == 0 else (dose >= 1.25 * omed_0 * (1 - 1e-9))
    rise = ((worst - pain_0 >= 2) & (dose >= omed_0)) | (more & (worst >= pain_0))
    begun = np.flatnonzero(rise & (day <= window_days))
    if not len(begun):
        return PainFlare(status="no_flare")
    first = int(begun[0])
    back = np.flatnonzero((worst <= pain_0) & (dose <= omed_0) & (day > day[first]))
    if len(back):
        return PainFlare(status="flare", onset_day=int(day[first]), return_day=int(day[back[0]]))
    return PainFlare(status="progression", onset_day=int(day[first]), reason="no return to the baseline in the diary")
