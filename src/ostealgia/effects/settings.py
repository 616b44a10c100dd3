"""The options of effect sizes: which measure uses which, their defaults, and the check of what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ostealgia.effects import continuous, zero_cells
from ostealgia.effects.formulas import BEFORE_AFTER, FORMULAS, TWO_BY_TWO, TWO_RATES
from ostealgia.options import between, one_of

DEFAULTS: dict[str, Any] = {
    "increment": 0.5,
    "apply_increment": "only0",
    "drop_double_zero": False,
    "rr_increment_to_n": "2*incr",
    "rd_increment": "all",
    "pr_increment": "all",
    "pln_increment_to_n": "2*incr",
    "vtype": "LS",
    "pooled_variance": False,
    "bias_correction": True,
    "method_smd": "Hedges",
    "exact_smd": None,
    "sd_glass": "control",
    "standardizer": "pre",
    "correlation": None,
}
CHOICES: dict[str, tuple[str, ...]] = {
    "apply_increment": zero_cells.APPLY,
    "rr_increment_to_n": zero_cells.INCREMENT_TO_N,
    "rd_increment": zero_cells.INCREMENT_IN,
    "pr_increment": zero_cells.INCREMENT_IN,
    "pln_increment_to_n": zero_cells.INCREMENT_TO_N,
    "method_smd": continuous.SMD_METHODS,
    "sd_glass": continuous.SD_GLASS,
    "standardizer": ("pre", "post"),
}
OF_ONE_MEASURE: dict[str, tuple[str, ...]] = {
    "RR": ("rr_increment_to_n",),
    "RD": ("rd_increment",),
    "PR": ("pr_increment",),
    "PLN": ("pln_increment_to_n",),
}
SPELLINGS = {"incr (not 2*incr)": "incr", "treatment": "treated"}
SWITCHES = ("drop_double_zero", "pooled_variance", "bias_correction")


def used_by(measure: str) -> tuple[str, ...]:
    """Names of the options that change this measure.

    >>> used_by("RD")
    ('increment', 'apply_increment', 'rd_increment', 'drop_double_zero')
    """
    formula = FORMULAS.get(measure)
    if formula is None:
        return ()
    names: list[str] = []
    if formula.corrects:
        names += ["increment", "apply_increment"]
        names += OF_ONE_MEASURE.get(measure, ())
    if formula.columns in (TWO_BY_TWO, TWO_RATES):
        names.append("drop_double_zero")
    names += formula.options
    if measure == "MD":
        names.append("vtype")
    if formula.columns == BEFORE_AFTER:
        names.append("correlation")
    return tuple(names)


def settle(measure: str, asked: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Every option in force for this measure, and notes on options that were asked for and change nothing.

    asked : option -> value, None where nothing was asked.  Raises OptionError for a value that is not offered.

    >>> settle("MD", {"pooled_variance": True})[0]
    {'pooled_variance': True, 'vtype': 'HO'}
    """
    names = used_by(measure)
    given = {name: _checked(measure, name, value) for name, value in asked.items() if value is not None}
    idle = [
        f"{name}={value!r} changes nothing for {measure}" for name, value in given.items() if _idle(name, value, names)
    ]
    settings = {name: given.get(name, DEFAULTS[name]) for name in names}
    if measure == "MD":
        pooled = bool(settings["pooled_variance"]) or settings["vtype"] == "HO"
        settings.update(pooled_variance=pooled, vtype="HO" if pooled else "LS")
    return settings, idle


def _idle(name: str, value: Any, names: tuple[str, ...]) -> bool:
    return name not in names and value != DEFAULTS[name]


def _checked(measure: str, name: str, value: Any) -> Any:
    if name == "increment":
        return zero_cells.checked_increment(value)
    if name == "correlation":
        return between("correlation", value, -1.0, 1.0, closed=True)
    if name == "vtype":
        value = str(value)
        formula = FORMULAS.get(measure)
        offered = formula.choices.get("vtype", ("LS",)) if formula else ("LS",)
        return one_of("vtype", value, offered)
    if name in CHOICES:
        return one_of(name, SPELLINGS.get(str(value), str(value)), CHOICES[name])
    if name in SWITCHES or name == "exact_smd":
        one_of(name, str(value), ("True", "False"))
        return bool(value)
    return value
