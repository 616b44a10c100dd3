"""Pooled results as text for a terminal and as a card for a notebook."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

from ostealgia import display
from ostealgia.display import count_of, level_text, p_text, variance
from ostealgia.meta.result import PoolResult
from ostealgia.tables.result import tail_lines
from ostealgia.tables.writing import measure_interval, measure_text

if TYPE_CHECKING:
    from ostealgia.meta.sensitivity import SensitivityResult
    from ostealgia.meta.subgroups import SubgroupResult

CI_NAMES = {
    "z": "normal quantiles (z)",
    "t": "t",
    "HK": "Hartung-Knapp",
    "HK-adhoc": "Hartung-Knapp, factor held at 1 or more",
    "HK-ci": "Hartung-Knapp, or z where wider",
}
MODEL_NAMES = {
    "common": "common effect",
    "random": "random effects",
    "glmm": "generalised linear mixed model",
    "MH": "Mantel-Haenszel",
    "peto": "Peto",
}


def method_line(fit: PoolResult) -> str:
    """The model, the tau2 estimator and the interval in one phrase.

    >>> from ostealgia.meta.pooling import pool
    >>> method_line(pool({"estimate": [0.1, 0.5, 0.9], "std_error": [0.1, 0.1, 0.1]}))
    'random effects (tau2 by REML), 95% CI by Hartung-Knapp'
    """
    model = MODEL_NAMES[fit.model]
    if fit.model == "glmm":
        points = f", {fit.options['quadrature']} quadrature points" if "quadrature" in fit.options else ""
        if fit.options.get("glmm_method") == "EE":
            model = "generalised linear model, common effect"
        model += f" ({fit.options['glmm']}{points})"
    elif fit.tau2_method:
        model += f" (tau2 by {fit.tau2_method})"
    return f"{model}, {level_text(fit.ci_level)} CI by {CI_NAMES[fit.ci_method]}"


def shown(fit: PoolResult, value: float, *, typographic: bool = False) -> str:
    """A value on the reported scale, in the digits of its measure."""
    return measure_text(fit.definition, value, typographic=typographic)


def interval_text(fit: PoolResult, low: float, high: float, *, typographic: bool = False) -> str:
    """An interval on the reported scale: "0.88 to 1.09", per cent sign once; "no interval" where there is none."""
    return measure_interval(fit.definition, low, high, typographic=typographic)


def _effect(fit: PoolResult) -> str:
    """The pooled effect with its interval, reported scale."""
    part = fit.reported
    return f"{shown(fit, part.estimate)} [{interval_text(fit, part.ci_low, part.ci_high)}]"


def pool_text(fit: PoolResult) -> str:
    """The result in a few lines: question, size, effect, heterogeneity, methods, notes."""
    size = count_of(fit.k, "study", "studies")
    if math.isfinite(fit.n):
        size += f", {fit.n:,.0f} patients"
    effect = f"{fit.measure} {_effect(fit)}"
    if math.isfinite(fit.pi_low):
        effect += f"   prediction [{interval_text(fit, fit.reported.pi_low, fit.reported.pi_high)}]"
    if math.isfinite(fit.reported.p_value):
        effect += f"   {p_text(fit.reported.p_value)}"
    lines = [f"PoolResult: {fit.measure} ({fit.definition.title}), {method_line(fit)}", f"  {size}", f"  {effect}"]
    lines += [f"  {line}" for line in heterogeneity_lines(fit)]
    lines.append(f"  {settings_line(fit)}")
    lines += tail_lines(fit)
    if not fit.converged:
        lines.append("  NOT CONVERGED: do not use this estimate")
    return "\n".join(lines)


def heterogeneity_lines(fit: PoolResult) -> list[str]:
    """tau2 with its interval, I2 with its definition, Q."""
    parts: list[str] = []
    if fit.tau2_method is not None:
        text = f"tau2 {variance(fit.tau2)}"
        if math.isfinite(fit.tau2):
            text += f" ({fit.definition.analysis_scale} scale)"
        if fit.tau2_ci_method and math.isfinite(fit.tau2_ci_low):
            limits = f"{variance(fit.tau2_ci_low)} to {variance(fit.tau2_ci_high)}"
            text += f" [{'empty' if fit.tau2_ci_high == 0.0 else limits}, {fit.tau2_ci_method}]"
        parts.append(text)
    i2 = []
    if math.isfinite(fit.i2_q):
        i2.append(f"I2 {fit.i2_q:.0f}% (from Q)")
    if math.isfinite(fit.i2_tau2):
        i2.append(f"I2 {fit.i2_tau2:.0f}% (from tau2)")
    if fit.k > 1 and math.isfinite(fit.q):
        i2.append(f"Q {display.number(fit.q)}, df {fit.q_df:.0f}, {p_text(fit.q_p_value)}")
    if fit.k > 1 and i2:
        parts.append("   ".join(i2))
    return parts


def settings_line(fit: PoolResult) -> str:
    """Every choice in force."""
    choices = {
        "model": fit.model,
        "tau2": fit.tau2_method,
        "ci": fit.ci_method,
        "pi": fit.pi_method or "none",
        "level": f"{fit.ci_level:g}",
    }
    if fit.tau2_ci_method:
        choices["tau2-ci"] = fit.tau2_ci_method
    choices.update({name: value for name, value in fit.options.items() if name not in ("ci", "level", "measure")})
    return "options: " + " ".join(f"{name}={value}" for name, value in choices.items() if value is not None)


def pool_html(fit: PoolResult) -> str:
    """A card for a notebook."""
    rows = "".join(f"<div>{html.escape(line.strip())}</div>" for line in pool_text(fit).splitlines()[1:])
    head = html.escape(f"{fit.measure}: {fit.definition.title}")
    return (
        '<div style=\'border-left:3px solid #0b5fa5;padding:.4em .8em;font:14px/1.5 "Ostealgia Sans",sans-serif;'
        f"font-variant-numeric:tabular-nums'><strong>{head}</strong>{rows}</div>"
    )


def subgroup_text(result: SubgroupResult) -> str:
    """Each subgroup's pool in a line, then the test between."""
    width = max(len(label) for label in [*result.groups, "all"])
    lines = [
        f"SubgroupResult: {result.overall.measure} by {result.by}, {'one tau2 for all' if result.tau2_common else 'a tau2 for each'}"
    ]
    for label, fit in [*result.groups.items(), ("all", result.overall)]:
        tau2 = f"tau2 {variance(fit.tau2)}" if fit.tau2_method is not None else ""
        lines.append(f"  {label.ljust(width)}  k={fit.k:<3d} {_effect(fit)}   {tau2}".rstrip())
    if math.isfinite(result.q_between):
        lines.append(
            f"  between subgroups: Q {display.number(result.q_between)}, df {result.q_between_df}, {p_text(result.q_between_p_value)}"
        )
    return "\n".join(lines + [f"  note: {note}" for note in result.notes])


def sensitivity_text(result: SensitivityResult) -> str:
    """One line a refit."""
    verb = "without" if result.kind == "leave-one-out" else "adding"
    width = max(len(label) for label in result.labels)
    lines = [f"SensitivityResult: {result.kind}, {method_line(result.original)}"]
    for label, fit in zip(result.labels, result.fits, strict=True):
        lines.append(f"  {verb} {label.ljust(width)}  {_effect(fit)}")
    return "\n".join(lines + [f"  note: {note}" for note in result.notes])
