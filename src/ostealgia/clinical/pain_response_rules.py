"""Pain response after palliative treatment of a bone metastasis: the international consensus and other definitions.

All inputs are of one patient, one index site and one visit: worst pain of the last 24 h at the treated site (0 to 10) and the daily
oral morphine equivalent of the same 24 h, by one conversion table for both visits.

Classes of the consensus, in the order in which they are tried (dp = pain_1 - pain_0, do = (omed_1 - omed_0)/omed_0)
    NE  not evaluable: a value is missing, the patient died before the visit, or pain_0 is below 2
    CR  complete response: pain_1 is 0 and no analgesic increase
    PR  partial response: dp <= -2 and no analgesic increase, or do <= -0.25 and dp <= 0
    PP  pain progression: dp >= 2 and OMED changed by less than 25%, or do >= 0.25 and 0 <= dp < 2
    IR  indeterminate response: all others
Where the published wording leaves a gap the choice is an option of ``ResponseRule``; its default is the main analysis.

Sources
    [chow2002]      Chow E et al. Radiother Oncol 2002;64:275-280. doi:10.1016/S0167-8140(02)00170-6
    [chow2012]      Chow E et al. Int J Radiat Oncol Biol Phys 2012;82:1730-1737. doi:10.1016/j.ijrobp.2011.02.008
    [hurwitz2014]   Hurwitz MD et al. J Natl Cancer Inst 2014;106:dju082. doi:10.1093/jnci/dju082
    [farrar2001]    Farrar JT et al. Pain 2001;94:149-158. doi:10.1016/S0304-3959(01)00349-9
    [dworkin2008]   Dworkin RH et al. J Pain 2008;9:105-121. doi:10.1016/j.jpain.2007.09.005
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ostealgia.clinical.pain_response_result import RESPONDER, PainResponses
from ostealgia.errors import OptionError, TableError
from ostealgia.options import one_of

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

SLACK = 1e-9  # relative: a fall from 82.5 to 61.875 mg is 25% whatever the last binary digit
LEAST_BASELINE = 2.0
SMALL_NEW_OPIOID_MG = 10.0


@dataclass(frozen=True, kw_only=True)
class ResponseRule:
    """The choices where the consensus wording leaves a gap; the first value of each is the default.

    analgesic_tolerance : "strict" (omed_1 <= omed_0) or "below_25_percent" (a rise below 25% counts as no increase).
    worse_on_both : dp >= 2 with do >= 0.25 is "PP" (flagged ``extended_rule``) or, to the letter, "IR".
    more_pain_less_opioid : dp >= 2 with do <= -0.25 is "IR" or "PP".
    less_pain_more_opioid : -2 < dp < 0 with do >= 0.25 is "IR" or "PP".
    new_opioid : omed_0 = 0 and omed_1 > 0 is an "increase" of 25% or more, or "indeterminate_below_10_mg": IR below 10 mg a day.
    """

    analgesic_tolerance: str = "strict"
    worse_on_both: str = "PP"
    more_pain_less_opioid: str = "IR"
    less_pain_more_opioid: str = "IR"
    new_opioid: str = "increase"

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            one_of(name, value, RULE_CHOICES[name])

    def departures(self) -> tuple[str, ...]:
        """The choices that differ from the default, as "option=value"."""
        default = ResponseRule.__dataclass_fields__
        return tuple(f"{name}={value}" for name, value in asdict(self).items() if value != default[name].default)


RULE_CHOICES: dict[str, tuple[str, ...]] = {
    "analgesic_tolerance": ("strict", "below_25_percent"),
    "worse_on_both": ("PP", "IR"),
    "more_pain_less_opioid": ("IR", "PP"),
    "less_pain_more_opioid": ("IR", "PP"),
    "new_opioid": ("increase", "indeterminate_below_10_mg"),
}

# definition -> the options of ResponseRule that it knows
OPTIONS_USED: dict[str, tuple[str, ...]] = {
    "consensus_2012": tuple(RULE_CHOICES),
    "nrs3": ("analgesic_tolerance",),
    "nrs2_opioid_stable": ("analgesic_tolerance",),
}


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One definition of response: its label, the rule in words, where it is used and whether that was read."""

    label: str
    rule: str
    source: str
    check_status: str
    needs_omed: bool = True


DEFINITIONS: dict[str, Definition] = {
    one.label: one
    for one in (
        Definition(
            label="consensus_2012",
            rule="CR: pain 0, no analgesic increase; PR: fall of 2 or more, no increase, or OMED down 25% or more without more pain",
            source="Chow 2012, doi:10.1016/j.ijrobp.2011.02.008",
            check_status="read",
        ),
        Definition(
            label="nrs2_medd25",
            rule="worst pain down by 2 or more and OMED up by 25% at most",
            source="Hurwitz 2014, doi:10.1093/jnci/dju082",
            check_status="read",
        ),
        Definition(
            label="nrs2",
            rule="CR: pain 0; PR: down by 2 or more; opioids not looked at",
            source="Baal 2021 (pooled MRgFUS)",
            check_status="read",
            needs_omed=False,
        ),
        Definition(
            label="nrs3",
            rule="worst pain at the index site down by 3 or more, no worsening elsewhere, no analgesic increase",
            source="NRG/RTOG 0631",
            check_status="uncertain",
        ),
        Definition(
            label="nrs2_opioid_stable",
            rule="worst pain down by 2 or more, opioids stable or lower",
            source="Fallon 2016",
            check_status="read",
        ),
        Definition(
            label="pct30",
            rule="worst pain down by 30% or more",
            source="Farrar 2001, doi:10.1016/S0304-3959(01)00349-9; Dworkin 2008, doi:10.1016/j.jpain.2007.09.005",
            check_status="read",
            needs_omed=False,
        ),
        Definition(
            label="pct50",
            rule="worst pain down by 50% or more",
            source="Dworkin 2008, doi:10.1016/j.jpain.2007.09.005",
            check_status="read",
            needs_omed=False,
        ),
        Definition(
            label="categorical",
            rule="any improvement on a verbal scale of 4 or 5 steps",
            source="Bone Pain Trial Working Party 1999; Hoskin 1992",
            check_status="read",
            needs_omed=False,
        ),
    )
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Visit:
    """The arrays (n,) of a classification. dp : change of pain.  more, less : OMED changed by 25% or more.  increased : any increase."""

    pain_0: Array
    pain_1: Array
    omed_0: Array
    omed_1: Array
    dp: Array
    more: Bools
    less: Bools
    increased: Bools
    worse_elsewhere: Bools
    rule: ResponseRule


def pain_response(
    pain_0: float | None, pain_1: float | None, omed_0: float | None = None, omed_1: float | None = None, **options: Any
) -> str:
    """The class of one patient at one visit: "CR", "PR", "PP", "IR" or "NE".

    pain_0, pain_1 : worst pain 0 to 10 at baseline and at the visit; None where missing.  omed_0, omed_1 : mg oral morphine in 24 h.
    options : those of ``pain_responses``.  Not for average pain, for pain of the whole body, or after a second treatment.
    Source: [chow2012].

    >>> pain_response(7, 5, 60, 60), pain_response(7, 5, 60, 66), pain_response(7, 5, 60, 66, analgesic_tolerance="below_25_percent")
    ('PR', 'IR', 'PR')
    """
    numbers = [
        np.array([np.nan if value is None else value], dtype=float) for value in (pain_0, pain_1, omed_0, omed_1)
    ]
    return str(pain_responses(*numbers, **options).pain_response[0])


def pain_responses(
    pain_0: ArrayLike,
    pain_1: ArrayLike,
    omed_0: ArrayLike | None = None,
    omed_1: ArrayLike | None = None,
    *,
    definition: str = "consensus_2012",
    analgesic_increased: ArrayLike | None = None,
    worse_elsewhere: ArrayLike | None = None,
    died: ArrayLike | None = None,
    retreated: ArrayLike | None = None,
    **rule: str,
) -> PainResponses:
    """Response of many patients at one visit, with both denominators.

    pain_0, pain_1, omed_0, omed_1 : arrays (n,), NaN where missing; one row a patient and index site.
    definition : a label of ``DEFINITIONS``.  analgesic_increased : 1 where any analgesic (also a non-opioid) was increased, which then
    counts as an increase whatever the OMED; 0 or NaN leaves it to the OMED.  worse_elsewhere : 1 where another site is worse (nrs3).
    died : 1 where the patient died before the visit.  retreated : 1 where the index site was treated again before it: the class stays,
    the patient is no responder in the denominator of all treated.  rule : options of ``ResponseRule``.
    Errors: TableError for pain outside 0 to 10 or a negative OMED, OptionError for an unknown definition or option.

    >>> found = pain_responses([7, 7, 1], [0, 6, 0], [60, 60, 30], [60, 45, 10])
    >>> found.pain_response.tolist(), found.reason.tolist()
    (['CR', 'PR', 'NE'], ['', '', 'baseline_below_2'])
    """
    chosen = DEFINITIONS[one_of("definition", definition, DEFINITIONS)]
    settings = _rule_of(rule, definition)
    arrays = _arrays(pain_0, pain_1, omed_0, omed_1)
    size = len(arrays[0])
    _check_ranges(arrays, verbal=definition == "categorical")
    flags = {
        name: _flag(values, size, name)
        for name, values in (
            ("analgesic_increased", analgesic_increased), ("worse_elsewhere", worse_elsewhere), ("died", died), ("retreated", retreated),
        )
    }  # fmt: skip
    visit = _visit(
        arrays[0], arrays[1], arrays[2], arrays[3], flags["analgesic_increased"], flags["worse_elsewhere"], settings
    )
    reason = _reasons(visit, chosen, flags["died"])
    classes, extended = CLASSIFY[definition](visit)
    evaluable = reason == ""
    classes = np.where(evaluable, classes, "NE").astype(object)
    responder = np.isin(classes, RESPONDER)
    return PainResponses(
        definition=definition, rule={**asdict(settings)} if definition == "consensus_2012" else {}, pain_response=classes, reason=reason,
        extended_rule=extended & evaluable, responder=responder, responder_all_treated=responder & ~flags["retreated"],
        retreated=flags["retreated"], notes=_notes(chosen, settings, extended & evaluable, flags),
    )  # fmt: skip


def pain_response_frame(
    frame: pd.DataFrame, *, columns: Mapping[str, str] | None = None, **options: Any
) -> pd.DataFrame:
    """The frame with the columns pain_response, response_reason, extended_rule, responder and responder_all_treated added.

    frame : columns pain_0, pain_1, omed_0, omed_1 and, where present, analgesic_increased, worse_elsewhere, died, retreated.
    columns : our name -> the frame's.  responder is missing where the response is not evaluable.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"pain_0": [6, 8], "pain_1": [4, None], "omed_0": [0, 20], "omed_1": [0, None]})
    >>> pain_response_frame(frame)[["pain_response", "responder_all_treated"]].to_numpy().tolist()
    [['PR', True], ['NE', False]]
    """
    names = {**{name: name for name in (*_VALUES, *_FLAGS)}, **(columns or {})}
    unknown = [name for name in names if name not in (*_VALUES, *_FLAGS)]
    if unknown:
        one_of("columns", unknown[0], (*_VALUES, *_FLAGS))
    definition = DEFINITIONS[one_of("definition", options.get("definition", "consensus_2012"), DEFINITIONS)]
    needed = [name for name in _VALUES if definition.needs_omed or name.startswith("pain")]
    for name in needed:
        if names[name] not in frame.columns:
            raise TableError(
                f"there is no column {names[name]!r}", expected=", ".join(needed), action="Name it by columns={...}"
            )
    given: dict[str, Any] = {name: frame[names[name]].to_numpy() for name in names if names[name] in frame.columns}
    given |= {name: options.pop(name) for name in list(options) if name in _FLAGS}
    return frame.assign(**pain_responses(**given, **options).columns())


_VALUES = ("pain_0", "pain_1", "omed_0", "omed_1")
_FLAGS = ("analgesic_increased", "worse_elsewhere", "died", "retreated")


def _rule_of(rule: Mapping[str, str], definition: str) -> ResponseRule:
    known = [one.name for one in fields(ResponseRule)]
    for name in rule:
        one_of("option", name, known)
        if name not in OPTIONS_USED.get(definition, ()):
            raise OptionError(f"{name}={rule[name]!r} has no meaning for definition={definition!r}. Leave it out.")
    return ResponseRule(**rule)


def _arrays(*values: ArrayLike | None) -> list[Array]:
    given = [None if value is None else _floats(value) for value in values]
    size = next(len(value) for value in given if value is not None)
    made = [np.full(size, np.nan) if value is None else value for value in given]
    if any(len(array) != size for array in made):
        raise TableError("the columns have different lengths", expected="one value a patient in each")
    return made


def _floats(values: ArrayLike) -> Array:
    try:
        return np.atleast_1d(np.asarray(values, dtype=float))
    except (TypeError, ValueError):
        import pandas as pd

        try:
            cells: Any = pd.to_numeric(pd.Series(np.atleast_1d(np.asarray(values, dtype=object))))
            return cells.to_numpy(dtype=float, na_value=np.nan)
        except (TypeError, ValueError):
            raise TableError("text stands where a number is needed", expected="numbers, empty where missing") from None


def _flag(values: ArrayLike | None, size: int, name: str) -> Bools:
    if values is None:
        return np.zeros(size, dtype=bool)
    numbers = _floats(values)
    wrong = ~np.isnan(numbers) & (numbers != 0) & (numbers != 1)
    if wrong.any() or len(numbers) != size:
        raise TableError("not a yes or no", column=name, expected="1, 0 or empty, one value a patient")
    return numbers == 1


def _check_ranges(arrays: list[Array], *, verbal: bool) -> None:
    """Pain outside its scale and negative doses are errors, not missing values; the value itself is not told."""
    for name, values in zip(_VALUES, arrays, strict=True):
        high = np.inf if name.startswith("omed") else 4.0 if verbal else 10.0
        wrong = ~np.isnan(values) & ((values < 0) | (values > high) | np.isinf(values))
        if wrong.any():
            expected = "0 or more, mg oral morphine a day" if name.startswith("omed") else f"0 to {high:g}"
            raise TableError(
                "the value is impossible", column=name, row=int(np.flatnonzero(wrong)[0]) + 2, expected=expected
            )


def _visit(
    pain_0: Array, pain_1: Array, omed_0: Array, omed_1: Array, any_more: Bools, elsewhere: Bools, rule: ResponseRule
) -> Visit:
    with np.errstate(invalid="ignore"):
        new = (omed_0 == 0) & (omed_1 > 0)
        more = new | ((omed_0 > 0) & (omed_1 >= 1.25 * omed_0 * (1 - SLACK)))
        less = (omed_0 > 0) & (omed_1 <= 0.75 * omed_0 * (1 + SLACK))
        rise = omed_1 > omed_0 * (1 + SLACK)
        increased = (more if rule.analgesic_tolerance == "below_25_percent" else rise) | any_more
        return Visit(
            pain_0=pain_0, pain_1=pain_1, omed_0=omed_0, omed_1=omed_1, dp=np.round(pain_1 - pain_0, 9), more=more, less=less & ~any_more,
            increased=increased, worse_elsewhere=elsewhere, rule=rule,
        )  # fmt: skip


def _reasons(visit: Visit, definition: Definition, died: Bools) -> NDArray[np.object_]:
    """Why a response is not evaluable, "" where it is; the first reason in the order of the list counts."""
    checks: list[tuple[str, Bools]] = [
        ("death", died),
        ("baseline_pain_missing", np.isnan(visit.pain_0)),
        ("pain_missing", np.isnan(visit.pain_1)),
    ]
    if definition.needs_omed:
        checks += [("baseline_omed_missing", np.isnan(visit.omed_0)), ("omed_missing", np.isnan(visit.omed_1))]
    least = 1.0 if definition.label in ("categorical", "pct30", "pct50") else LEAST_BASELINE
    below = "baseline_below_2" if least == LEAST_BASELINE else "baseline_without_pain"
    checks.append((below, visit.pain_0 < least))
    if definition.label in ("pct30", "pct50"):
        checks[-1] = (below, visit.pain_0 <= 0)
    reason = np.full(len(visit.dp), "", dtype=object)
    for name, holds in reversed(checks):
        reason[holds] = name
    return reason


def _consensus(visit: Visit) -> tuple[NDArray[np.object_], Bools]:
    """The five classes in their published order, and where the extended rule made a PP."""
    dp, rule = visit.dp, visit.rule
    stable = ~visit.more & ~visit.less
    complete = (visit.pain_1 == 0) & ~visit.increased
    partial = ((dp <= -2) & ~visit.increased) | (visit.less & (dp <= 0))
    progression = ((dp >= 2) & stable) | (visit.more & (dp >= 0) & (dp < 2))
    both = (dp >= 2) & visit.more
    if rule.worse_on_both == "PP":
        progression |= both
    if rule.more_pain_less_opioid == "PP":
        progression |= (dp >= 2) & visit.less
    if rule.less_pain_more_opioid == "PP":
        progression |= (dp > -2) & (dp < 0) & visit.more
    if rule.new_opioid == "indeterminate_below_10_mg":
        small = (visit.omed_0 == 0) & (visit.omed_1 > 0) & (visit.omed_1 < SMALL_NEW_OPIOID_MG)
        complete, partial, progression = complete & ~small, partial & ~small, progression & ~small
    classes = np.select([complete, partial, progression], ["CR", "PR", "PP"], "IR").astype(object)
    return classes, (classes == "PP") & both


def _response(complete: Bools, response: Bools) -> tuple[NDArray[np.object_], Bools]:
    """Definitions with response or none: CR, PR or NR (no response)."""
    classes = np.select([response & complete, response], ["CR", "PR"], "NR").astype(object)
    return classes, np.zeros(len(classes), dtype=bool)


def _nrs2_medd25(visit: Visit) -> tuple[NDArray[np.object_], Bools]:
    with np.errstate(invalid="ignore"):
        allowed = visit.omed_1 <= 1.25 * visit.omed_0 * (1 + SLACK)
    return _response(visit.pain_1 == 0, (visit.dp <= -2) & allowed)


def _percent(least: float) -> Callable[[Visit], tuple[NDArray[np.object_], Bools]]:
    return lambda visit: _response(visit.pain_1 == 0, -visit.dp >= least * visit.pain_0 * (1 - SLACK))


CLASSIFY: dict[str, Callable[[Visit], tuple[NDArray[np.object_], Bools]]] = {
    "consensus_2012": _consensus,
    "nrs2_medd25": _nrs2_medd25,
    "nrs2": lambda visit: _response(visit.pain_1 == 0, visit.dp <= -2),
    "nrs3": lambda visit: _response(visit.pain_1 == 0, (visit.dp <= -3) & ~visit.increased & ~visit.worse_elsewhere),
    "nrs2_opioid_stable": lambda visit: _response(visit.pain_1 == 0, (visit.dp <= -2) & ~visit.increased),
    "pct30": _percent(0.30),
    "pct50": _percent(0.50),
    "categorical": lambda visit: _response(visit.pain_1 == 0, visit.dp < 0),
}


def _notes(definition: Definition, rule: ResponseRule, extended: Bools, flags: Mapping[str, Bools]) -> tuple[str, ...]:
    notes = [
        f"response by {definition.label}: {definition.rule} ({definition.source}; check status: {definition.check_status})"
    ]
    if definition.label == "consensus_2012" and rule.departures():
        notes.append("options that differ from the main analysis: " + ", ".join(rule.departures()))
    elif rule.departures():
        notes.append("options that differ from the definition: " + ", ".join(rule.departures()))
    if extended.any():
        notes.append(f"PP by the extended rule (2 points or more and 25% or more opioid): {int(extended.sum())}")
    if flags["retreated"].any():
        notes.append(
            f"index site treated again before the visit, no responder among all treated: {int(flags['retreated'].sum())}"
        )
    if definition.label == "nrs3" and not flags["worse_elsewhere"].any():
        notes.append("no site elsewhere is recorded as worse; the definition asks for it")
    return tuple(notes)
