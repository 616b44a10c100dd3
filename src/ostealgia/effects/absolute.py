"""Relative and standardised effects in words that a patient can use: events per 100, numbers needed, points of 0 to 10.

Sources
    Handbook   Cochrane Handbook for Systematic Reviews of Interventions, version 6, sections 15.4 and 15.5
    Altman     Altman DG. BMJ 1998;317:1309-1312. doi:10.1136/bmj.317.7168.1309
    Survival   Altman DG, Andersen PK. BMJ 1999;319:1492-1495. doi:10.1136/bmj.319.7223.1492
    Chinn      Chinn S. Stat Med 2000;19:3127-3131. doi:10.1002/1097-0258(20001130)19:22<3127::AID-SIM784>3.0.CO;2-M
The baseline risk, the SD, and whether the event is welcome are stated by the caller, never assumed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ostealgia import display
from ostealgia.errors import OptionError, TableError
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.result import Result, plain

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AbsoluteEffect",
    "NumberNeeded",
    "ReexpressedSmd",
    "absolute_effect",
    "absolute_effect_of",
    "number_needed",
    "odds_ratio_to_smd",
    "smd_to_odds_ratio",
    "smd_to_points",
]

NAN = math.nan
CHINN = math.pi / math.sqrt(3.0)


# -- number needed to treat -------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class NumberNeeded:
    """Patients to treat for one more good outcome (NNTB) or one more bad outcome (NNTH), after Altman.

    kind, value : "NNTB" or "NNTH" and the number, unrounded; infinite where there is no difference.
    near_kind, near : the limit on the side of the estimate.  far_kind, far : the other limit.
    through_infinity : the interval of the risk difference holds 0, so the interval runs through infinity.
    """

    kind: str
    value: float
    near_kind: str
    near: float
    far_kind: str
    far: float
    through_infinity: bool

    def to_dict(self) -> dict[str, Any]:
        """kind, value, interval (text), the unrounded limits and their kinds; infinity as "Infinity", NaN as None."""
        numbers = {name: plain(getattr(self, name), infinity="Infinity") for name in ("value", "near", "far")}
        words = {"kind": self.kind, "near_kind": self.near_kind, "far_kind": self.far_kind}
        return {**words, **numbers, "through_infinity": self.through_infinity, "interval": self.interval}

    @property
    def interval(self) -> str:
        """The interval as text: "NNTB 4 to infinity to NNTH 20", or "NNTB 4 to 20"; empty where it is not known."""
        if math.isnan(self.near):
            return ""
        if self.through_infinity:
            tail = "" if math.isinf(self.far) else f" to {self.far_kind} {_whole(self.far)}"
            return f"{self.near_kind} {_whole(self.near)} to infinity{tail}"
        return f"{self.near_kind} {_whole(self.near)} to {_whole(self.far)}"

    def __str__(self) -> str:
        head = (
            "no difference (number needed infinite)" if math.isinf(self.value) else f"{self.kind} {_whole(self.value)}"
        )
        return f"{head} ({self.interval})" if self.interval else head


def _whole(value: float) -> str:
    """Rounded up to a whole patient, the convention of Handbook 15.4.4; 1e-9 forgives the arithmetic."""
    return "infinity" if math.isinf(value) else f"{math.ceil(value * (1 - 1e-9)):,d}"


def number_needed(
    difference: float, ci_low: float = NAN, ci_high: float = NAN, *, event: str | None = None
) -> NumberNeeded:
    """Number needed to treat from a risk difference (treated minus control) and its interval.

    event : "undesirable" (death, fracture) or "desirable" (pain response): what the risk is a risk of.
    Where the interval of the difference holds 0 the number runs through infinity, and both kinds are named (Altman).

    >>> print(number_needed(-0.10, -0.25, 0.05, event="undesirable"))
    NNTB 10 (NNTB 4 to infinity to NNTH 20)
    >>> print(number_needed(0.20, 0.10, 0.30, event="desirable"))
    NNTB 5 (NNTB 4 to 10)
    """
    sign = _benefit_sign(event)
    for name, value in (("difference", difference), ("ci_low", ci_low), ("ci_high", ci_high)):
        if abs(value) > 1:
            raise TableError(f"{name} is not a risk difference", found=f"{value:g}", expected="a number from -1 to 1")
    if not math.isnan(ci_low) and not ci_low - 1e-12 <= difference <= ci_high + 1e-12:
        raise TableError(
            "difference is outside its interval", found=f"{difference:g}", expected=f"{ci_low:g} to {ci_high:g}"
        )
    benefit = sign * difference
    low, high = sorted((sign * ci_low, sign * ci_high)) if not math.isnan(ci_low) else (NAN, NAN)
    favourable = benefit > 0 or (benefit == 0 and high > 0)
    near, far = (high, low) if favourable else (low, high)
    through = not math.isnan(low) and low <= 1e-12 and high >= -1e-12
    if not through and not math.isnan(low):
        near, far = (far, near) if abs(far) > abs(near) else (near, far)
    return NumberNeeded(
        kind=_kind(benefit, favourable), value=_needed(benefit), near_kind=_kind(near, favourable), near=_needed(near),
        far_kind=_kind(far, not favourable), far=_needed(far), through_infinity=through,
    )  # fmt: skip


def _kind(benefit: float, otherwise: bool) -> str:
    if abs(benefit) < 1e-12 or math.isnan(benefit):
        return "NNTB" if otherwise else "NNTH"
    return "NNTB" if benefit > 0 else "NNTH"


def _needed(benefit: float) -> float:
    if math.isnan(benefit):
        return NAN
    return math.inf if abs(benefit) < 1e-12 else 1.0 / abs(benefit)


EVENTS = {"undesirable": -1.0, "desirable": 1.0}


def _benefit_sign(event: str | None) -> float:
    if event is None:
        raise OptionError(
            "event is not given. Write event='undesirable' (death, fracture) or event='desirable' (pain response): "
            "without it nobody can tell a number needed to benefit from a number needed to harm."
        )
    return EVENTS[one_of("event", event, EVENTS)]


# -- ratios at a baseline risk ----------------------------------------------------------------------------------------
def _risk_by_odds_ratio(effect: float, baseline: float) -> float:
    if math.isinf(effect):
        return 1.0
    odds = effect * baseline / (1.0 - baseline)
    return odds / (1.0 + odds)


# measure -> risk with treatment, from the effect on the reported scale and the risk without
RISK_WITH_TREATMENT: dict[str, Callable[[float, float], float]] = {
    "OR": _risk_by_odds_ratio,
    "PETO": _risk_by_odds_ratio,
    "RR": lambda effect, baseline: effect * baseline,
    "HR": lambda effect, baseline: 1.0 - (1.0 - baseline) ** effect,
    "RD": lambda effect, baseline: baseline + effect,
}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AbsoluteEffect(Result):
    """What an effect means at one baseline risk.

    estimate, ci_low, ci_high, pi_low, pi_high : the effect on its reported scale (an odds ratio, a risk difference).
    baseline_risk, risk, risk_low, risk_high : risks without and with treatment, 0 to 1.  difference, difference_low,
    difference_high : with minus without.  difference_pi_low, difference_pi_high : the same for the prediction interval
    (a new centre).  per : patients in the text.  number_needed : NNTB or NNTH with interval.
    """

    measure: str
    estimate: float
    ci_low: float
    ci_high: float
    ci_level: float
    pi_low: float = NAN
    pi_high: float = NAN
    baseline_risk: float
    event: str
    per: int
    risk: float
    risk_low: float
    risk_high: float
    difference: float
    difference_low: float
    difference_high: float
    difference_pi_low: float = NAN
    difference_pi_high: float = NAN
    number_needed: NumberNeeded

    def to_dict(self) -> dict[str, Any]:
        """All fields by name; NaN as None."""
        numbers = {name: plain(getattr(self, name), infinity="Infinity") for name in NUMBERS}
        return {
            "measure": self.measure, "event": self.event, "per": self.per, **numbers,
            "number_needed": self.number_needed.to_dict(), "notes": list(self.notes),
        }  # fmt: skip

    def to_frame(self) -> pd.DataFrame:
        """One row: the fields of to_dict without notes, the number needed as text."""
        import pandas as pd

        row = {key: value for key, value in self.to_dict().items() if key != "notes"}
        return pd.DataFrame([{**row, "number_needed": str(self.number_needed)}])

    def more_or_fewer(self, difference: float, digits: int = 1) -> str:
        """A risk difference as "6.2 fewer" (per ``per`` patients)."""
        text = display.number(abs(difference) * self.per, digits)
        return f"{text} {'fewer' if difference < 0 else 'more'}"

    def __str__(self) -> str:
        digits = max(0, 3 - len(str(self.per)) + 1)
        head = f"{self.measure} {display.number(self.estimate)}"
        base = display.number(self.baseline_risk * self.per, digits)
        lines = [
            f"{head} at a baseline risk of {display.percent(self.baseline_risk, 1)}",
            f"  {display.number(self.risk * self.per, digits)} per {self.per:,d} instead of {base}: "
            f"{self.more_or_fewer(self.difference, digits)}{self._interval(digits)}",
            f"  {self.number_needed}",
        ]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def _interval(self, digits: int) -> str:
        parts = []
        for word, low, high in (
            (f"{display.level_text(self.ci_level)} CI", self.difference_low, self.difference_high),
            ("prediction", self.difference_pi_low, self.difference_pi_high),
        ):
            if not math.isnan(low):
                parts.append(f"{word} {self.more_or_fewer(low, digits)} to {self.more_or_fewer(high, digits)}")
        return f" ({'; '.join(parts)})" if parts else ""


NUMBERS = (
    "estimate", "ci_low", "ci_high", "ci_level", "pi_low", "pi_high", "baseline_risk", "risk", "risk_low", "risk_high",
    "difference", "difference_low", "difference_high", "difference_pi_low", "difference_pi_high",
)  # fmt: skip


def absolute_effect(
    measure: str,
    estimate: float,
    ci_low: float = NAN,
    ci_high: float = NAN,
    *,
    baseline_risk: float | None = None,
    event: str | None = None,
    pi_low: float = NAN,
    pi_high: float = NAN,
    level: float = 0.95,
    per: int = 100,
) -> AbsoluteEffect:
    """An odds ratio, risk ratio, hazard ratio or risk difference as events per 100 at a stated baseline risk.

    measure : "OR", "PETO", "RR", "HR" or "RD".
    estimate, ci_low, ci_high, pi_low, pi_high : as reported (a ratio, not its log).
    baseline_risk : risk of the event without treatment, 0 to 1; for HR at one time t it is 1 - S(t), and the answer
    holds at that time.  event : "undesirable" or "desirable".  per : patients in the text (100, 1000).
    The interval is that of the effect; the baseline risk counts as known (Handbook 15.4; Survival for HR).
    Errors: OptionError where baseline_risk or event is not given, TableError for an effect that gives a risk beyond 0
    or 1.

    >>> print(absolute_effect("OR", 0.73, 0.60, 0.90, baseline_risk=0.3, event="undesirable"))
    OR 0.73 at a baseline risk of 30.0%
      23.8 per 100 instead of 30.0: 6.2 fewer (95% CI 9.5 fewer to 2.2 fewer)
      NNTB 17 (NNTB 11 to 47)
      note: the interval takes the baseline risk as known
    """
    one_of("measure", measure, RISK_WITH_TREATMENT)
    baseline = _baseline(baseline_risk)
    _benefit_sign(event)
    _check_effect(measure, estimate, ci_low, ci_high)
    notes: list[str] = []
    risk = RISK_WITH_TREATMENT[measure](estimate, baseline)
    if not -1e-12 <= risk <= 1 + 1e-12:
        raise TableError(
            f"{measure} {estimate:g} at a baseline risk of {baseline:g} gives an impossible risk", found=f"{risk:g}",
            expected="a risk from 0 to 1", action="Use a baseline risk like that of the trials, or an odds ratio.",
        )  # fmt: skip
    low, high = (_limit(measure, limit, baseline, notes) for limit in (ci_low, ci_high))
    new_low, new_high = (_limit(measure, limit, baseline, notes) for limit in (pi_low, pi_high))
    if not math.isnan(low):
        notes.append("the interval takes the baseline risk as known")
    difference = risk - baseline
    return AbsoluteEffect(
        measure=measure, estimate=estimate, ci_low=ci_low, ci_high=ci_high, ci_level=confidence_level(level),
        pi_low=pi_low, pi_high=pi_high, baseline_risk=baseline, event=str(event), per=_per(per), risk=risk,
        risk_low=low, risk_high=high, difference=difference, difference_low=low - baseline,
        difference_high=high - baseline, difference_pi_low=new_low - baseline, difference_pi_high=new_high - baseline,
        number_needed=number_needed(difference, low - baseline, high - baseline, event=event), notes=tuple(notes),
    )  # fmt: skip


def absolute_effect_of(
    fit: Any, *, baseline_risk: float | None = None, event: str | None = None, per: int = 100
) -> AbsoluteEffect:
    """The same for a pooled result: its estimate, confidence interval and prediction interval on the reported scale.

    fit : anything with measure, ci_level and reported (estimate, ci_low, ci_high, pi_low, pi_high), as ``meta.pool``
    gives.

    >>> from types import SimpleNamespace as Fit
    >>> pooled = Fit(estimate=0.8, ci_low=0.7, ci_high=0.95, pi_low=0.5, pi_high=1.3)
    >>> fit = Fit(measure="RR", ci_level=0.95, reported=pooled)
    >>> print(absolute_effect_of(fit, baseline_risk=0.2, event="undesirable"))
    RR 0.80 at a baseline risk of 20.0%
      16.0 per 100 instead of 20.0: 4.0 fewer (95% CI 6.0 fewer to 1.0 fewer; prediction 10.0 fewer to 6.0 more)
      NNTB 25 (NNTB 17 to 100)
      note: the interval takes the baseline risk as known
    """
    side = fit.reported
    return absolute_effect(
        fit.measure, side.estimate, side.ci_low, side.ci_high, baseline_risk=baseline_risk, event=event,
        pi_low=side.pi_low, pi_high=side.pi_high, level=fit.ci_level, per=per,
    )  # fmt: skip


def _baseline(baseline_risk: float | None) -> float:
    if baseline_risk is None:
        raise OptionError(
            "baseline_risk is not given. State the risk without treatment of the patients you mean, with its source "
            "(0.3 for 30 in 100; for a hazard ratio 1 - S(t)); it is never assumed."
        )
    value = float(baseline_risk)
    if 1 < value < 100:
        raise OptionError(
            f"baseline_risk={value:g} is not a proportion between 0 and 1. Write {value / 100:g} for {value:g}%."
        )
    if not 0 < value < 1:
        raise OptionError(f"baseline_risk={value:g} is not a number strictly between 0 and 1.")
    return value


def _per(per: int) -> int:
    if isinstance(per, bool) or per != int(per) or per < 1:
        raise OptionError(f"per={per!r} is not a whole number of 1 or more, such as 100 or 1000.")
    return int(per)


def _check_effect(measure: str, estimate: float, ci_low: float, ci_high: float) -> None:
    ratio = measure != "RD"
    for name, value in (("estimate", estimate), ("ci_low", ci_low), ("ci_high", ci_high)):
        if (value < 0 if ratio else abs(value) > 1) or (name == "estimate" and not math.isfinite(value)):
            expected = "0 or more" if ratio else "from -1 to 1"
            action = "Give the ratio itself, not its logarithm." if ratio else "Give a proportion, not per cent."
            raise TableError(
                f"{name} is not a possible {measure}", found=f"{value:g}", expected=expected, action=action
            )
    if math.isnan(ci_low) != math.isnan(ci_high):
        raise TableError("only one limit of the interval is given", expected="ci_low and ci_high, or neither")
    if not math.isnan(ci_low) and not ci_low <= estimate <= ci_high:
        raise TableError(
            "estimate is outside its interval", found=f"{estimate:g}", expected=f"{ci_low:g} to {ci_high:g}"
        )


def _limit(measure: str, limit: float, baseline: float, notes: list[str]) -> float:
    if math.isnan(limit):
        return NAN
    risk = RISK_WITH_TREATMENT[measure](limit, baseline)
    held = min(max(risk, 0.0), 1.0)
    if abs(held - risk) > 1e-12:
        notes.append(f"the limit {measure} {limit:g} gives a risk of {risk:.3g}; held at {held:g}")
    return held


# -- standardised mean differences ------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ReexpressedSmd(Result):
    """A standardised mean difference in other words.

    smd, smd_low, smd_high : as given.  scale : "points of 0 to 10" or "odds ratio".  estimate, ci_low, ci_high : on it.
    sd_nrs_0_10 : the SD used (points) or NaN.
    """

    scale: str
    smd: float
    smd_low: float
    smd_high: float
    estimate: float
    ci_low: float
    ci_high: float
    ci_level: float
    sd_nrs_0_10: float = NAN

    def to_dict(self) -> dict[str, Any]:
        """All fields by name; NaN as None."""
        names = ("smd", "smd_low", "smd_high", "estimate", "ci_low", "ci_high", "ci_level", "sd_nrs_0_10")
        numbers = {name: plain(getattr(self, name), infinity="Infinity") for name in names}
        return {"scale": self.scale, **numbers, "notes": list(self.notes)}

    def to_frame(self) -> pd.DataFrame:
        """One row: the fields of to_dict without notes."""
        import pandas as pd

        return pd.DataFrame([{key: value for key, value in self.to_dict().items() if key != "notes"}])

    def __str__(self) -> str:
        span = ""
        if not math.isnan(self.ci_low):
            span = f" ({display.level_text(self.ci_level)} CI {display.interval(self.ci_low, self.ci_high)})"
        head = f"SMD {display.number(self.smd)} is {display.number(self.estimate)} {self.scale}{span}"
        if self.scale == "odds ratio":
            head = f"SMD {display.number(self.smd)} is an odds ratio of {display.number(self.estimate)}{span}"
        return "\n".join([head, *(f"  note: {note}" for note in self.notes)])


def smd_to_points(
    smd: float, ci_low: float = NAN, ci_high: float = NAN, *, sd_nrs_0_10: float | None = None, level: float = 0.95
) -> ReexpressedSmd:
    """A standardised mean difference in points of a 0 to 10 pain scale: SMD x SD (Handbook 15.5.3.2).

    sd_nrs_0_10 : SD of the pain scores among patients, in points, which must be stated (with its source). Meant for
    pooled results, since each study has its own SD.

    >>> print(smd_to_points(-0.8, -1.1, -0.5, sd_nrs_0_10=2.5))
    SMD -0.80 is -2.00 points of 0 to 10 (95% CI -2.75 to -1.25)
      note: with an SD of 2.5 points among patients
    """
    if sd_nrs_0_10 is None:
        raise OptionError(
            "sd_nrs_0_10 is not given. State the SD of pain scores (points of 0 to 10) in patients like yours, "
            "with its source; it is never assumed."
        )
    sd = float(sd_nrs_0_10)
    if not 0 < sd <= 5 * math.sqrt(2.0):
        hint = f" In millimetres of a 100 mm scale? Write {sd / 10:g}." if sd > 0 else ""
        raise OptionError(
            f"sd_nrs_0_10={sd:g} is not a possible SD of scores from 0 to 10 (above 0, up to 7.07).{hint}"
        )
    return ReexpressedSmd(
        scale="points of 0 to 10", smd=smd, smd_low=ci_low, smd_high=ci_high, estimate=smd * sd, ci_low=ci_low * sd,
        ci_high=ci_high * sd, ci_level=confidence_level(level), sd_nrs_0_10=sd,
        notes=(f"with an SD of {sd:g} points among patients",),
    )  # fmt: skip


EVENT_IS = {"higher": 1.0, "lower": -1.0}


def smd_to_odds_ratio(
    smd: float, ci_low: float = NAN, ci_high: float = NAN, *, event_is: str = "higher", level: float = 0.95
) -> ReexpressedSmd:
    """A standardised mean difference as an odds ratio: log OR = SMD x pi/sqrt(3) (Chinn; Handbook 15.5.3.3).

    event_is : which side of the (unspecified) cut-off is the event: "higher" scores keep the sign, "lower" scores (less
    pain is a response) turn it. Assumes logistic scores with one SD in both groups. The result feeds
    ``absolute_effect("OR", ...)``.

    >>> print(smd_to_odds_ratio(-0.5, -0.8, -0.2, event_is="lower"))
    SMD -0.50 is an odds ratio of 2.48 (95% CI 1.44 to 4.27)
      note: the event is a lower score; logistic scores with equal SDs are assumed (Chinn 2000)
    """
    sign = EVENT_IS[one_of("event_is", event_is, EVENT_IS)]
    low, high = (ci_low, ci_high) if sign > 0 else (ci_high, ci_low)
    return ReexpressedSmd(
        scale="odds ratio", smd=smd, smd_low=ci_low, smd_high=ci_high, estimate=math.exp(sign * smd * CHINN),
        ci_low=math.exp(sign * low * CHINN), ci_high=math.exp(sign * high * CHINN), ci_level=confidence_level(level),
        notes=(f"the event is a {event_is} score; logistic scores with equal SDs are assumed (Chinn 2000)",),
    )  # fmt: skip


def odds_ratio_to_smd(odds_ratio: float) -> float:
    """An odds ratio as a standardised mean difference: log OR x sqrt(3)/pi (Chinn).

    >>> round(odds_ratio_to_smd(2.477), 3)
    0.5
    """
    if not odds_ratio > 0:
        raise TableError("odds_ratio is not above 0", found=f"{odds_ratio:g}", expected="a number above 0")
    return math.log(odds_ratio) / CHINN
