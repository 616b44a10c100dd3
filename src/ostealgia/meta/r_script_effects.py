"""The data of an analysis in R: effects, raw columns, and the call of escalc that makes the same effects from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ostealgia.effects.result import EffectSizes
from ostealgia.meta.r_script_text import Script, r_frame, r_number, r_string

# kind of measure -> escalc's argument for each of our columns
ARGUMENTS: dict[str, dict[str, str]] = {
    "two-group binary": {"ai": "events_1", "n1i": "n_1", "ci": "events_2", "n2i": "n_2"},
    "two-group continuous": {
        "m1i": "mean_1",
        "sd1i": "sd_1",
        "n1i": "n_1",
        "m2i": "mean_2",
        "sd2i": "sd_2",
        "n2i": "n_2",
    },
    "two-group variability": {"sd1i": "sd_1", "n1i": "n_1", "sd2i": "sd_2", "n2i": "n_2"},
    "two-group rate": {"x1i": "events_1", "t1i": "person_time_1", "x2i": "events_2", "t2i": "person_time_2"},
    "pre-post": {
        "m1i": "mean_post",
        "m2i": "mean_pre",
        "sd1i": "sd_pre",
        "sd2i": "sd_post",
        "ni": "n",
        "ri": "correlation",
    },
    "proportion": {"xi": "events", "ni": "n"},
    "mean": {"mi": "mean", "sdi": "sd", "ni": "n"},
    "rate": {"xi": "events", "ti": "person_time"},
    "correlation": {"ri": "r", "ni": "n"},
}
# measures whose first standard deviation belongs to the first mean
OF_MEASURE: dict[str, dict[str, str]] = {
    "ROMC": {
        "m1i": "mean_post",
        "m2i": "mean_pre",
        "sd1i": "sd_post",
        "sd2i": "sd_pre",
        "ni": "n",
        "ri": "correlation",
    },
}
# options with which escalc makes the same effects; any other value has no counterpart there
SAME: dict[str, Callable[[Any], bool]] = {
    "increment": lambda value: not isinstance(value, str),
    "apply_increment": lambda value: True,
    "drop_double_zero": lambda value: True,
    "rr_increment_to_n": lambda value: value == "2*incr",
    "rd_increment": lambda value: value == "all",
    "pr_increment": lambda value: value == "all",
    "pln_increment_to_n": lambda value: value == "2*incr",
    "vtype": lambda value: value in ("LS", "UB", "HO"),
    "pooled_variance": lambda value: True,
    "bias_correction": lambda value: value is True,
    "method_smd": lambda value: value == "Hedges",
    "exact_smd": lambda value: value in (None, True),
    "sd_glass": lambda value: True,
    "standardizer": lambda value: value == "pre",
    "correlation": lambda value: True,
}
# measures that versions of metafor define differently, or under another name: no check
CHANGING = ("SMDH", "SMCC", "SMCRH", "CVR", "ROM", "ROMC", "UCOR", "HR", "GEN")


def write_data(script: Script, effects: EffectSizes, extra: dict[str, Any] | None = None) -> None:
    """The frame ``dat``: study, effects, raw columns; then escalc where it makes the same effects."""
    columns: dict[str, Any] = {"study": effects.study}
    columns.update(raw_columns(effects))
    columns.update(extra or {})
    columns.update(yi=effects.estimate, sei=effects.std_error)
    script.comment(f"{effects.k} effects: yi is {effects.definition.analysis_scale}, sei its standard error")
    script.add(r_frame("dat", columns))
    call = escalc_call(effects)
    if call is None:
        script.add("")
        return
    script.add("", f"es <- {call}")
    unit = f", unit = {r_number(float(f'{np.median(effects.std_error):.3g}'))}"
    script.require("effect sizes from the raw data", "es$yi", "dat$yi", 1e-8, unit)
    script.require("standard errors from the raw data", "sqrt(es$vi)", "dat$sei", 1e-8)
    script.add("")


def columns_of(effects: EffectSizes) -> dict[str, str]:
    """escalc's argument -> our column, for this measure."""
    return OF_MEASURE.get(effects.measure) or ARGUMENTS.get(effects.definition.kind, {})


def raw_columns(effects: EffectSizes) -> dict[str, Any]:
    """The raw columns of the measure, where all are there as numbers."""
    wanted = columns_of(effects)
    found: dict[str, Any] = {}
    for name in wanted.values():
        values = effects.columns.get(name)
        if values is None and name == "n":
            values = effects.n
        if values is None and name == "correlation" and effects.options.get("correlation") is not None:
            values = np.full(effects.k, float(effects.options["correlation"]))
        try:
            numbers = np.asarray(values, dtype=float)
        except (TypeError, ValueError):
            return {}
        if numbers.shape != (effects.k,) or not np.isfinite(numbers).all():
            return {}
        found[name] = numbers
    return found


def escalc_call(effects: EffectSizes, data: str = "dat") -> str | None:
    """The call of escalc that makes these effects, or None where there is none."""
    measure = effects.measure
    if measure in CHANGING or not raw_columns(effects):
        return None
    if any(not SAME.get(name, lambda value: True)(value) for name, value in effects.options.items()):
        return None
    return f"escalc(measure = {r_string(measure)}, {arguments(effects)}{settings(effects)}, data = {data})"


def arguments(effects: EffectSizes) -> str:
    """The columns as arguments: "ai = events_1, n1i = n_1, ..."."""
    return ", ".join(f"{argument} = {column}" for argument, column in columns_of(effects).items())


def settings(effects: EffectSizes) -> str:
    """The choices as further arguments, each after a comma."""
    options, parts = effects.options, []
    if "increment" in options:
        parts.append(f"add = {r_number(options['increment'])}")
        parts.append(f"to = {r_string(options.get('apply_increment', 'only0'))}")
    if "drop_double_zero" in options:
        parts.append(f"drop00 = {'TRUE' if options['drop_double_zero'] else 'FALSE'}")
    if options.get("vtype") not in (None, "LS"):
        parts.append(f"vtype = {r_string(options['vtype'])}")
    return "".join(f", {part}" for part in parts)
