"""Models of dependent effects as text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ostealgia import display
from ostealgia.display import level_text, p_text
from ostealgia.tables.result import tail_lines

if TYPE_CHECKING:
    from ostealgia.meta.multilevel_factors import FactorsResult
    from ostealgia.meta.multilevel_result import MultilevelResult, VarianceComponent
    from ostealgia.meta.robust_inference import RobustResult
    from ostealgia.meta.trajectory_fit import TrajectoryResult
    from ostealgia.meta.trajectory_prepost import PrepostResult


def multilevel_text(fit: MultilevelResult) -> str:
    """Model and size, coefficients, random effects, heterogeneity, notes."""
    method = "normal quantiles (z)" if fit.ci_method == "z" else f"t with {fit.k - len(fit.names)} df"
    size = f"{fit.k} effects"
    widest = max((part.units for part in fit.components if part.units < fit.k), default=0)
    if widest:
        size += f" in {widest} {'studies' if _of_studies(fit) else 'clusters'}"
    if math.isfinite(fit.n):
        size += f", {fit.n:,.0f} patients"
    lines = [
        f"MultilevelResult: {fit.measure} ({fit.definition.title}), {fit.model} model by {fit.method}, "
        f"{level_text(fit.ci_level)} CI by {method}",
        f"  {size}; sampling errors {fit.errors}",
        *(f"  {line}" for line in fit.coefficients.lines()),
        *(f"  {line}" for part in fit.components for line in component_lines(part, fit.i2)),
        f"  residual Q {fit.q:.2f}, df {fit.q_df}, {p_text(fit.q_p_value)}   log-likelihood {fit.loglik:.3f}",
    ]
    return "\n".join(lines + tail_lines(fit))


TEST_NAMES = {
    "Satterthwaite": "Satterthwaite degrees of freedom",
    "t": "t with clusters - 1 df",
    "t-p": "t with clusters - p df",
    "z": "normal quantiles (z)",
}


def robust_text(fit: RobustResult) -> str:
    """Kind of correction and size, coefficients, variances of the working model, notes."""
    head = (
        f"RobustResult: {fit.measure} ({fit.definition.title}), {fit.kind} by {fit.cluster}, "
        f"{level_text(fit.ci_level)} CI by {TEST_NAMES[fit.test]}"
    )
    parts = [f"tau2 {', '.join(f'{value:.4g}' for value in fit.tau2)}"]
    if math.isfinite(fit.omega2):
        parts.append(f"omega2 {fit.omega2:.4g}")
    if math.isfinite(fit.i2):
        parts.append(f"I2 {fit.i2:.0f}%")
    lines = [
        head,
        f"  {fit.k} effects in {fit.clusters} clusters; weights of the {fit.model}, {', '.join(parts)}",
        *(f"  {line}" for line in fit.coefficients.lines(with_df=True)),
    ]
    return "\n".join(lines + tail_lines(fit))


def component_lines(part: VarianceComponent, i2: Any) -> list[str]:
    """tau2 of an intercept in one line; of several outcomes a line each with the correlations after."""
    head = f"random {part.name}" + (f" ({part.structure})" if part.structure else "")
    if len(part.tau2) == 1:
        text = f"{head}: tau2 {part.tau2[0]:.4g}"
        if part.structure not in (None, "ID", "DIAG") and len(part.rho):
            text += f", rho {display.number(float(part.rho[0]))}"
        if part.name in i2:
            text += f", I2 {i2[part.name]:.0f}%"
        return [text + f"  ({part.units} units)"]
    rows = [f"{label} {value:.4g}" for label, kind, _, value in part.quantities() if kind == "tau2"]
    rhos = [f"{label} {display.number(value)}" for label, kind, _, value in part.quantities() if kind == "rho"]
    lines = [f"{head}: {', '.join(rows)}  ({part.units} units)"]
    return lines + ([f"  {', '.join(rhos)}"] if rhos else [])


def _of_studies(fit: MultilevelResult) -> bool:
    widest = max(fit.components, key=lambda part: part.units if part.units < fit.k else 0)
    return widest.name.split("|")[-1].strip() == "study"


def factors_text(result: FactorsResult) -> str:
    """One line a factor, with what it rests on."""
    width = max(len(row.factor) for row in result.rows)
    lines = [f"FactorsResult: {result.measure} by {result.by}, {len(result.rows)} factors"]
    for row in result.rows:
        size = f"{row.k} {'effect' if row.k == 1 else 'effects'}, {row.studies} {'study' if row.studies == 1 else 'studies'}"
        effect = "-" if row.coefficient is None else row.coefficient.lines(with_df=True)[0].split("  ", 1)[1].strip()
        lines.append(f"  {row.factor.ljust(width)}  {size.ljust(20)}  {effect}   {row.model}")
    lines += [f"  {row.factor}: {row.remark}" for row in result.rows if row.remark and row.studies > 1]
    return "\n".join(lines + tail_lines(result))


def trajectory_text(result: TrajectoryResult) -> str:
    """The mean at each observed time, the test of change, the random effects."""
    fit = result.fit
    head = (
        f"TrajectoryResult: {result.measure} ({fit.definition.title}) over time, shape {result.shape}, {fit.method}, "
        f"{level_text(fit.ci_level)} CI by {'z' if fit.ci_method == 'z' else f't with {fit.df:.0f} df'}"
    )
    times = sorted(result.observed)
    rows = result.at(times).lines()
    lines = [head, f"  {fit.k} effects in {fit.components[0].units} studies; sampling errors {fit.errors}"]
    for t, line in zip(times, rows, strict=True):
        n = result.observed[t]
        lines.append(f"  {line}   {n} {'study' if n == 1 else 'studies'}")
    kind = "chi2" if fit.ci_method == "z" else "F"
    lines.append(
        f"  change over time: {kind} {result.change_statistic:.2f}, df {result.change_df}, {p_text(result.change_p_value)}"
    )
    lines += [f"  {line}" for part in fit.components for line in component_lines(part, {})]
    return "\n".join(lines + tail_lines(result))


def prepost_text(result: PrepostResult) -> str:
    """One line a correlation."""
    first = result.fits[0]
    lines = [
        f"PrepostResult: {result.measure} ({first.definition.title}), {result.k} studies, over the correlation of before and after"
    ]
    for r, fit in zip(result.correlations, result.fits, strict=True):
        mark = "   rounds to the published" if r in result.reproduces else ""
        text = f"{display.number(fit.estimate)} [{display.interval(fit.ci_low, fit.ci_high)}]"
        lines.append(f"  r {r:.2f}  {text}   tau2 {fit.tau2:.3f}   I2 {fit.i2_q:.0f}%{mark}")
    if result.published:
        listed = ", ".join(f"{name} {value:g}" for name, value in result.published.items())
        lines.append(f"  published: {listed}")
    return "\n".join(lines + tail_lines(result))
