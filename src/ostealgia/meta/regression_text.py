"""A meta-regression in a few lines."""

from __future__ import annotations

import math

from ostealgia import display
from ostealgia.display import level_text, p_text, variance
from ostealgia.meta.regression_result import RegressionResult
from ostealgia.numerics.regression import Omnibus
from ostealgia.tables.result import tail_lines

CI_NAMES = {
    "z": "normal quantiles (z)",
    "t": "t",
    "HK": "Knapp-Hartung",
    "HK-adhoc": "Knapp-Hartung, factor held at 1 or more",
}


def regression_text(fit: RegressionResult) -> str:
    """Formula, size, coefficients, test of moderators, residual heterogeneity, methods, notes."""
    model = f"mixed effects (tau2 by {fit.tau2_method})" if fit.model == "random" else "common effect (tau2 = 0)"
    size = f"{fit.k} studies" + (f", {fit.n:,.0f} patients" if math.isfinite(fit.n) else "")
    lines = [
        f"RegressionResult: {fit.measure} ({fit.definition.analysis_scale}) {fit.formula}, {model}, "
        f"{level_text(fit.ci_level)} CI by {CI_NAMES[fit.ci_method]}",
        f"  {size}",
        *_coefficient_lines(fit),
        f"  moderators: {omnibus_text(fit.omnibus)}" + (f"   R2 {fit.r2:.0f}%" if math.isfinite(fit.r2) else ""),
        *_heterogeneity_lines(fit),
        f"  options: model={fit.model} tau2={fit.tau2_method} ci={fit.ci_method} pi={fit.pi_method or 'none'} level={fit.ci_level:g}",
    ]
    return "\n".join([*lines, *tail_lines(fit)])


def _coefficient_lines(fit: RegressionResult) -> list[str]:
    width = max(len(name) for name in fit.names)
    digits = [decimals(se) for se in fit.std_error]
    lines = []
    for j, name in enumerate(fit.names):
        limits = display.interval(float(fit.ci_low[j]), float(fit.ci_high[j]), digits[j])
        value = display.number(float(fit.estimate[j]), digits[j])
        lines.append(f"  {name.ljust(width)}  {value:>9} [{limits}]   {p_text(float(fit.p_value[j]))}")
    return lines


def decimals(std_error: float) -> int:
    """Decimals that show two figures of the standard error, 2 to 8.

    >>> decimals(0.25), decimals(0.0072)
    (2, 4)
    """
    if not std_error > 0 or not math.isfinite(std_error):
        return 2
    return min(8, max(2, 1 - math.floor(math.log10(std_error))))


def omnibus_text(test: Omnibus) -> str:
    """A Wald test: chi-square or F with df and P."""
    if math.isnan(test.statistic):
        return "no test"
    name = (
        f"chi-square {test.statistic:.2f}, df {test.df1}"
        if math.isinf(test.df2)
        else f"F {test.statistic:.2f}, df {test.df1} and {test.df2:.0f}"
    )
    return f"{name}, {p_text(test.p_value)}"


def _heterogeneity_lines(fit: RegressionResult) -> list[str]:
    lines: list[str] = []
    if fit.model == "random":
        text = f"  residual tau2 {variance(fit.tau2)}"
        if math.isfinite(fit.tau2_ci_low):
            text += f" [{_tau2_limits(fit)}, QP]"
        if math.isfinite(fit.i2_tau2):
            text += f"   I2 {fit.i2_tau2:.0f}% (from tau2)"
        lines.append(text)
    lines.append(f"  residual heterogeneity: Q {display.number(fit.q)}, df {fit.q_df}, {p_text(fit.q_p_value)}")
    return lines


def _tau2_limits(fit: RegressionResult) -> str:
    return "empty" if fit.tau2_ci_high == 0.0 else f"{variance(fit.tau2_ci_low)} to {variance(fit.tau2_ci_high)}"
