"""Survival over centres from numbers at risk and events on coarse grids: discrete hazards pooled, and how much the grid leaves open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

WHERE = ("spread", "start", "end")  # where in their interval events lie: evenly (the estimate), first, last


def pooled_curves(sent: Sequence[Mapping[str, Any]]) -> tuple[Any, list[str]]:
    """(frame, notes). One row an endpoint, group and week: centres and at_risk there, estimate (share free of the event; for an
    endpoint with
    competing events the share with the event), ci_low, ci_high, and low, high: the estimate if the events lay at the ends of their
    intervals.

    In each week of the joint grid the hazard is the events over the patients at risk less half of those censored, added up over the centres
    whose table reaches it; inside a joined interval events are spread as under a constant hazard. Intervals by Greenwood on the log(-log)
    scale, Aalen-Johansen with Delta method for competing events.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    tables: dict[tuple[str, str], list[list[Mapping[str, Any]]]] = {}
    for one in sent:
        for place in dict.fromkeys((row["endpoint"], row["group"]) for row in one["survival"]):
            tables.setdefault(place, []).append(
                [row for row in one["survival"] if (row["endpoint"], row["group"]) == place]
            )
    for (endpoint, group), centres in sorted(tables.items()):
        competing = any(row["competing"] is not None for table in centres for row in table)
        weeks = sorted({row[key] for table in centres for row in table for key in ("start_week", "end_week")})
        found = {where: _curve(centres, weeks, where, competing) for where in WHERE}
        main = found["spread"]
        for i, week in enumerate(weeks):
            ends = sorted((found["start"]["value"][i], found["end"]["value"][i], main["value"][i]))
            rows.append({
                "endpoint": endpoint, "group": group, "week": week, "centres": int(main["centres"][i]), "at_risk": main["at_risk"][i],
                "quantity": "cumulative incidence" if competing else "survival", "estimate": main["value"][i],
                "ci_low": main["ci_low"][i], "ci_high": main["ci_high"][i], "low": ends[0], "high": ends[-1],
            })  # fmt: skip
    frame = pd.DataFrame(rows)
    if not rows:
        return frame, ["no centre shows a survival table"]
    width = max(row["high"] - row["low"] for row in rows)
    return frame, [
        f"curves are from coarse grids: where in its interval an event lies is open, which moves a curve by up to "
        f"{100 * width:.0f} points in the worst case (low, high)"
    ]


def _curve(
    centres: Sequence[Sequence[Mapping[str, Any]]], weeks: Sequence[int], where: str, competing: bool
) -> dict[str, Any]:
    steps = len(weeks) - 1
    events, others, risk, at_start, reach = (np.zeros(steps) for _ in range(5))
    for table in centres:
        for row in table:
            for i in range(steps):
                if row["start_week"] <= weeks[i] and weeks[i + 1] <= row["end_week"]:
                    d, q, n, exposed = _share(row, weeks[i], weeks[i + 1], where)
                    events[i] += d
                    others[i] += q
                    at_start[i] += n
                    risk[i] += exposed
                    reach[i] += 1
    with np.errstate(divide="ignore", invalid="ignore"):
        h, g = np.where(risk > 0, events / risk, 0.0), np.where(risk > 0, others / risk, 0.0)
    free = np.concatenate([[1.0], np.cumprod(np.clip(1 - h - g, 0.0, 1.0))])
    out: dict[str, Any] = {
        "centres": np.append(reach, reach[-1] if steps else 0),
        "at_risk": np.append(at_start, np.nan),
    }
    if competing:
        value, spread = _incidence(h, g, risk, free)
        value = np.concatenate([[0.0], value])
        limits = _loglog(1 - value, np.concatenate([[0.0], spread]))
        return out | {"value": value, "ci_low": 1 - limits[1], "ci_high": 1 - limits[0]}
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(np.where((risk > 0) & (h < 1), h / (risk * (1 - h)), 0.0))
    spread = free * np.sqrt(np.concatenate([[0.0], greenwood]))
    low, high = _loglog(free, spread)
    return out | {"value": free, "ci_low": low, "ci_high": high}


def _share(row: Mapping[str, Any], start: int, end: int, where: str) -> tuple[float, float, float, float]:
    """(events, competing events, at risk at the start, at risk less half the censored) of a part of a joined interval."""
    a, b, n, m = row["start_week"], row["end_week"], float(row["at_risk"]), float(row["at_risk_end"])
    d, q = float(row["events"]), float(row["competing"] or 0)
    gone = n - m
    c = gone - d - q
    if where == "spread":

        def left(week: int) -> float:
            return n * (m / n) ** ((week - a) / (b - a))

        part = (left(start) - left(end)) / gone if gone else 0.0
        return d * part, q * part, left(start), left(start) - c * part / 2
    first, last = start == a, end == b
    if where == "start":  # all that ends does so in the first part, the censored before the events
        return (d, q, n, n - c) if first else (0.0, 0.0, m, m)
    return (d, q, n, n) if last else (0.0, 0.0, n, n)  # in the last part, the censored after the events


def _incidence(h: Any, g: Any, risk: Any, free: Any) -> tuple[Any, Any]:
    """Cumulative incidence at the ends of the steps and its standard error (multinomial in each step)."""
    steps = len(h)
    value = np.cumsum(free[:-1] * h)
    variance = np.zeros(steps)
    for t in range(steps):
        for j in range(t + 1):
            if risk[j] <= 0:
                continue
            keep = 1 - h[j] - g[j]
            after = (value[t] - value[j]) / keep if keep > 1e-12 else 0.0
            by_h, by_g = free[j] - after, -after
            variance[t] += (
                by_h**2 * h[j] * (1 - h[j]) + by_g**2 * g[j] * (1 - g[j]) - 2 * by_h * by_g * h[j] * g[j]
            ) / risk[j]
    return value, np.sqrt(np.maximum(variance, 0.0))


def _loglog(share: Any, spread: Any) -> tuple[Any, Any]:
    """Limits on the log(-log) scale; at 0 and 1 the share itself."""
    low, high = share.copy(), share.copy()
    inside = (share > 0) & (share < 1) & (spread > 0)
    s = share[inside]
    width = 1.959963984540054 * spread[inside] / (s * np.abs(np.log(s)))
    low[inside], high[inside] = s ** np.exp(width), s ** np.exp(-width)
    return low, high
