"""The second stage: estimates of the centres pooled, one number at a time or several with their covariance; counts added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import stdtr, stdtrit

from ostealgia.display import count_of
from ostealgia.errors import OstealgiaError
from ostealgia.meta.multilevel_fit import multivariate
from ostealgia.meta.pooling import pool
from ostealgia.meta.result import PoolResult

RATIOS = {"log OR": "OR", "log HR": "HR", "log SHR": "SHR"}
LEVEL = 0.95
Sent = Sequence[Mapping[str, Any]]


def pooled_estimates(sent: Sent) -> tuple[Any, Any, list[str]]:
    """(pooled, the centres' own, notes); ratios as ratios, with the standard error of the logarithm."""
    import pandas as pd

    names = list(dict.fromkeys(one["id"] for centre in sent for one in centre["estimates"]))
    pooled: list[dict[str, Any]] = []
    own: list[dict[str, Any]] = []
    notes: list[str] = []
    for name in names:
        have = [(centre["centre"], one) for centre in sent for one in centre["estimates"] if one["id"] == name]
        own += [row for centre, one in have for row in _own(centre, one)]
        if len(have) < len(sent):
            absent = len(sent) - len(have)
            notes.append(
                f"{name}: {count_of(absent, 'centre gives', 'centres give')} no estimate; the pooled one is of the other {len(have)}"
            )
        terms = list(dict.fromkeys(term for _, one in have for term in one["terms"]))
        if len(have) == 1:
            pooled += [{**row, "model": "single centre", "k": 1} for row in _own(*have[0])]
            continue
        if len(terms) > 1:
            rows, said = _joint(name, have, terms)
            pooled += rows
            notes += said
        pooled += [_alone(name, have, term) for term in terms]
    columns = ["id", "measure", "scale", "term", "model", "k", "estimate", "std_error", "df", "p_value", "ci_low", "ci_high", "ci_level",
               "pi_low", "pi_high", "tau2", "i2_q"]  # fmt: skip
    frame = pd.DataFrame(pooled, columns=columns)
    return (
        frame,
        pd.DataFrame(
            own,
            columns=[
                "centre",
                "id",
                "measure",
                "scale",
                "term",
                "estimate",
                "std_error",
                "ci_low",
                "ci_high",
                "method",
            ],
        ),
        notes,
    )


def _back(measure: str, values: Mapping[str, float]) -> dict[str, float]:
    """Estimate and limits on the scale that is reported."""
    return {name: float(np.exp(v)) for name, v in values.items()} if measure in RATIOS else dict(values)


def _own(centre: str, one: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for i, term in enumerate(one["terms"]):
        estimate, spread = float(one["estimate"][i]), float(np.sqrt(one["covariance"][i][i]))
        half = 1.959963984540054 * spread
        rows.append({
            "centre": centre, "id": one["id"], "measure": one["measure"], "scale": RATIOS.get(one["measure"], one["measure"]), "term": term,
            "std_error": spread, "method": one["method"],
            **_back(one["measure"], {"estimate": estimate, "ci_low": estimate - half, "ci_high": estimate + half}),
            "df": np.inf, "p_value": float(2 * stdtr(1e9, -abs(estimate / spread))), "pi_low": np.nan, "pi_high": np.nan, "tau2": np.nan,
            "i2_q": np.nan, "ci_level": LEVEL,
        })  # fmt: skip
    return rows


def pool_of(frame: Any, measure: str) -> PoolResult:
    """Random effects by REML with Hartung-Knapp; neither interval is narrower than by the usual standard error."""
    found = [pool(frame, measure=measure, tau2="REML", ci="HK-ci", pi=kind) for kind in ("V", "HK")]
    widths = [one.reported.pi_high - one.reported.pi_low for one in found]
    return found[1] if widths[1] > widths[0] else found[0]


def _alone(name: str, have: Sequence[tuple[str, Mapping[str, Any]]], term: str) -> dict[str, Any]:
    """One number, with its intervals on the scale that is reported."""
    import pandas as pd

    rows = [
        {"study": centre, "estimate": one["estimate"][at], "std_error": float(np.sqrt(one["covariance"][at][at]))}
        for centre, one in have if term in one["terms"] for at in (one["terms"].index(term),)
    ]  # fmt: skip
    measure = have[0][1]["measure"]
    fit = pool_of(pd.DataFrame(rows), "GEN")
    part = fit.reported
    values = {key: float(getattr(part, key)) for key in ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")}
    return {
        "id": name, "measure": measure, "scale": RATIOS.get(measure, measure), "term": term, "model": "random effects, REML, Hartung-Knapp",
        "k": len(rows), "std_error": float(part.std_error), "df": float(part.df), "p_value": float(part.p_value), "ci_level": LEVEL,
        "tau2": float(fit.tau2), "i2_q": float(fit.i2_q), **_back(measure, values),
    }  # fmt: skip


def _joint(
    name: str, have: Sequence[tuple[str, Mapping[str, Any]]], terms: list[str]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Several numbers of a centre with their covariance: multivariate random effects."""
    import pandas as pd

    rows, blocks = [], []
    for centre, one in have:
        rows += [{"study": centre, "outcome": term, "estimate": value, "std_error": float(np.sqrt(one["covariance"][i][i]))}
                 for i, (term, value) in enumerate(zip(one["terms"], one["estimate"], strict=True))]  # fmt: skip
        blocks.append(np.asarray(one["covariance"], dtype=float))
    errors = np.zeros((len(rows), len(rows)))
    at = 0
    for block in blocks:
        errors[at : at + len(block), at : at + len(block)] = (block + block.T) / 2
        at += len(block)
    try:
        fit = multivariate(pd.DataFrame(rows), structure="CS", V=errors)
    except OstealgiaError as error:
        return [], [f"{name}: no joint model of the weeks ({str(error).rstrip('.')}); each week is pooled alone"]
    if not fit.converged:
        return [], [f"{name}: the joint model of the weeks did not converge; each week is pooled alone"]
    k = len(have)
    tau2, estimate, spread = (
        float(fit.components[0].tau2[0]),
        np.asarray(fit.coefficients.estimate),
        np.asarray(fit.coefficients.std_error),
    )
    inside, wide = float(stdtrit(k - 1, 0.975)), np.sqrt(spread**2 + tau2)
    measure = have[0][1]["measure"]
    order = {term: fit.names.index(term) for term in terms}
    i2 = max(0.0, 100 * (fit.q - fit.q_df) / fit.q) if fit.q > 0 else 0.0
    made = []
    for term, i in order.items():
        value = float(estimate[i])
        made.append({
            "id": name, "measure": measure, "scale": RATIOS.get(measure, measure), "term": term,
            "model": "multivariate random effects, REML",
            "k": k, "std_error": float(spread[i]), "df": float(k - 1), "p_value": float(2 * stdtr(k - 1, -abs(value / spread[i]))),
            "ci_level": LEVEL, "tau2": tau2, "i2_q": i2,
            **_back(measure, {
                "estimate": value, "ci_low": value - inside * spread[i], "ci_high": value + inside * spread[i],
                "pi_low": value - inside * wide[i] if k > 2 else np.nan, "pi_high": value + inside * wide[i] if k > 2 else np.nan,
            }),
        })  # fmt: skip
    return made, []


def summed_counts(sent: Sent, table: str, keys: Sequence[str]) -> Any:
    """Counts added up over the centres that show them: keys, group, centres, withheld, n, total (patients of these centres), percent.

    Means (baseline) are pooled by the patients of the centres, with the SD over all of them.
    """
    import pandas as pd

    sizes = {(one["centre"], group["group"]): group["n"] for one in sent for group in one["groups"]}
    found: dict[tuple[Any, ...], list[tuple[str, Mapping[str, Any]]]] = {}
    for one in sent:
        for row in one[table]:
            found.setdefault((*(row[key] for key in keys), row["group"]), []).append((one["centre"], row))
    rows = []
    for place, listed in found.items():
        shown = [(sizes[centre, place[-1]], row) for centre, row in listed if row["n"] is not None]
        total, n = sum(size for size, _ in shown), sum(int(row["n"]) for _, row in shown)
        line = dict(zip((*keys, "group"), place, strict=True)) | {
            "centres": len(shown),
            "withheld": len(sent) - len(shown),
        }
        means = [
            (int(row["n"]), float(row["mean"]), float(row["sd"])) for _, row in shown if row.get("mean") is not None
        ]
        line |= {
            "n": n if shown else np.nan,
            "total": total if shown else np.nan,
            "percent": 100 * n / total if total and not means else np.nan,
        }
        if table == "baseline":
            line |= _mean_of(means)
        rows.append(line)
    return pd.DataFrame(rows)


def _mean_of(means: Sequence[tuple[int, float, float]]) -> dict[str, float]:
    if not means:
        return {"mean": np.nan, "sd": np.nan}
    n, mean, sd = (np.array(column) for column in zip(*means, strict=True))
    whole = float((n * mean).sum() / n.sum())
    square = ((n - 1) * sd**2 + n * (mean - whole) ** 2).sum() / (n.sum() - 1)
    return {"mean": whole, "sd": float(np.sqrt(square))}


def pooled_events(sent: Sent) -> tuple[Any, list[str]]:
    """Adverse events: sums, and the odds ratio over the centres that show both groups."""
    import pandas as pd

    from ostealgia.effects.compute import compute

    frame = summed_counts(sent, "adverse_events", ("category", "grades"))
    if not len(frame):
        return frame, []
    roles = {group["role"]: group["group"] for group in sent[0]["groups"]}
    ratios: dict[tuple[str, str], dict[str, Any]] = {}
    for category, grades in dict.fromkeys(zip(frame["category"], frame["grades"], strict=True)):
        rows = []
        for one in sent:
            sizes = {group["group"]: group["n"] for group in one["groups"]}
            own = {
                row["group"]: row["n"]
                for row in one["adverse_events"]
                if row["category"] == category and row["grades"] == grades
            }
            a, c = own.get(roles["treated"]), own.get(roles["reference"])
            if a is not None and c is not None:
                rows.append(
                    {
                        "study": one["centre"],
                        "events_1": a,
                        "n_1": sizes[roles["treated"]],
                        "events_2": c,
                        "n_2": sizes[roles["reference"]],
                    }
                )
        if len(rows) >= 2:
            fit = pool(compute(pd.DataFrame(rows), measure="OR"), tau2="REML", ci="HK").reported
            ratios[category, grades] = {
                "or_k": len(rows),
                "odds_ratio": fit.estimate,
                "ci_low": fit.ci_low,
                "ci_high": fit.ci_high,
            }
    blank = {"or_k": 0, "odds_ratio": np.nan, "ci_low": np.nan, "ci_high": np.nan}
    extra = [ratios.get((row.category, row.grades), blank) for row in frame.itertuples()]
    notes = []
    if int(frame["withheld"].sum()):
        notes.append(
            "adverse events: centres with few events withhold them, so shares over the others are too high where 'withheld' is above 0; "
            "do not read them as rates of all centres"
        )
    return pd.concat([frame, pd.DataFrame(extra)], axis=1), notes
