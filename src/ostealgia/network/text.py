"""Network results as text for a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ostealgia.display import count_of, level_text, p_text, variance
from ostealgia.network.result import NetworkResult
from ostealgia.tables.measures import Measure
from ostealgia.tables.result import Excluded
from ostealgia.tables.writing import measure_interval, measure_text

MODELS = {
    "random": "random effects",
    "common": "common effect",
    "MH": "common effect (Mantel-Haenszel)",
}


def reported(measure: Measure, value: float) -> str:
    """An analysis-scale value as it is reported."""
    return measure_text(measure, float(np.asarray(measure.back(value))))


def interval(measure: Measure, low: float, high: float) -> str:
    """ "0.88 to 1.09" on the reported scale."""
    return measure_interval(measure, *(float(np.asarray(measure.back(value))) for value in (low, high)))


def method_line(found: NetworkResult) -> str:
    """The model, the tau2 estimator and the interval in one phrase."""
    text = MODELS[found.model]
    if found.model == "random":
        text += f" (tau2 {'given' if found.tau2_method == 'given' else f'by {found.tau2_method}'})"
    return f"{text}, {level_text(found.ci_level)} CI by normal quantiles (z)"


def network_text(found: NetworkResult) -> str:
    """Question, size, each treatment against the reference, heterogeneity and inconsistency, methods, notes."""
    counts = ((found.k, "study", "studies"), (len(found.treatments), "treatment", "treatments"),
              (found.n_comparisons, "contrast", "contrasts"), (found.n_designs, "design", "designs"))  # fmt: skip
    size = ", ".join(count_of(*count) for count in counts)
    if math.isfinite(found.n):
        size += f", {found.n:,.0f} patients"
    lines = [f"NetworkResult: {found.measure} ({found.definition.title}), {method_line(found)}", f"  {size}"]
    lines += _against(found)
    lines += [f"  {line}" for line in heterogeneity_lines(found)]
    lines.append(
        f"  options: {' '.join(f'{name}={value}' for name, value in _settings(found).items() if value is not None)}"
    )
    lines += [f"  excluded: {line}" for line in excluded_lines(found.excluded, 12)]
    return "\n".join(lines + [f"  note: {note}" for note in found.notes])


def excluded_lines(excluded: Sequence[Excluded], most: int | None = None) -> list[str]:
    """One line a study and reason, with its rows in the file; at most ``most`` lines, the rest is counted."""
    groups: dict[tuple[str, str], list[str]] = {}
    for row in excluded:
        groups.setdefault((row.study, row.reason), []).extend([] if row.row is None else [str(row.row)])
    made: list[str] = []
    for (study, reason), rows in groups.items():
        where = f" (row{'s' if len(rows) > 1 else ''} {', '.join(rows)})" if rows else ""
        made.append(f"{study}{where}: {reason}")
    if most is not None and len(made) > most:
        return [*made[: most - 1], f"and {len(made) - most + 1} more studies, all in .excluded"]
    return made


def _against(found: NetworkResult) -> list[str]:
    measure, chosen = found.definition, found.shown
    j = found.treatments.index(found.reference)
    width = max(len(name) for name in found.treatments)
    lines = [f"  against {found.reference}:"]
    for i, name in enumerate(found.treatments):
        if i == j:
            continue
        low, high = (float(getattr(chosen, end)[i, j]) for end in ("ci_low", "ci_high"))
        effect = f"{found.measure} {reported(measure, float(chosen.estimate[i, j]))} [{interval(measure, low, high)}]"
        text = f"    {name.ljust(width)}  {effect}"
        if math.isfinite(float(chosen.pi_low[i, j])):
            text += f"  prediction [{interval(measure, float(chosen.pi_low[i, j]), float(chosen.pi_high[i, j]))}]"
        k = int(chosen.direct.k[i, j])
        lines.append(f"{text}  {'indirect only' if k == 0 else f'direct in {k}'}")
    return lines


def heterogeneity_lines(found: NetworkResult) -> list[str]:
    """tau2 with its interval, I2, Q and its two parts."""
    lines: list[str] = []
    if found.model == "random" and math.isfinite(found.tau2):
        text = f"tau2 {variance(found.tau2)} ({found.definition.analysis_scale} scale)"
        low, high = found.tau2_interval
        if math.isfinite(low):
            limits = "empty" if high == 0.0 else f"{variance(low)} to {variance(high)}"
            text += f" [{limits}, Q-profile]"
        lines.append(text)
    if found.q_df > 0:
        lines.append(f"I2 {found.i2_q:.0f}% (from Q)   Q {found.q:.2f}, df {found.q_df}, {p_text(found.q_p_value)}")
    parts = []
    if found.q_heterogeneity_df > 0:
        parts.append(
            f"within designs Q {found.q_heterogeneity:.2f}, df {found.q_heterogeneity_df}, {p_text(found.q_heterogeneity_p_value)}"
        )
    if found.q_inconsistency_df > 0:
        parts.append(
            f"between designs Q {found.q_inconsistency:.2f}, df {found.q_inconsistency_df}, {p_text(found.q_inconsistency_p_value)}"
        )
    else:
        parts.append("between designs: nothing to test, no loop is closed by different designs")
    return [*lines, "   ".join(parts)]


def _settings(found: NetworkResult) -> dict[str, Any]:
    random = found.model == "random"
    return {
        "model": found.model,
        "tau2": found.tau2_method if random else None,
        "pi": (found.pi_method or "none") if random else None,
        "level": f"{found.ci_level:g}",
        "small_values": found.small_values,
        **found.options,
    }
