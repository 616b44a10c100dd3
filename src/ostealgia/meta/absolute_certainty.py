"""Summary of findings: each pooled result as events per 100 at a chosen baseline risk, beside the certainty that a person judged.

Sources
    Handbook   Cochrane Handbook for Systematic Reviews of Interventions, version 6, chapters 14 and 15
    GRADE      Guyatt GH et al. BMJ 2008;336:924-926. doi:10.1136/bmj.39489.470347.AD
The certainty is read, never computed: an analysis that nobody judged is "not rated".
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ostealgia import display
from ostealgia.effects.absolute import RISK_WITH_TREATMENT, AbsoluteEffect, absolute_effect_of
from ostealgia.errors import OptionError, OstealgiaError, TableError, suggestion
from ostealgia.tables.measures import MEASURES
from ostealgia.tables.result import Result

if TYPE_CHECKING:
    import pandas as pd

NAN = math.nan
NOT_RATED = "not rated"
LEVELS = ("high", "moderate", "low", "very low")
# domains of a row that holds the certainty as a whole; every other domain of the tool is a reason
OVERALL = ("", "certainty", "certainty of evidence", "overall", "overall certainty", "total")
NO_CONCERN = ("", "no", "none", "not serious", "no serious concern", "undetected", "low", "not applicable")


@dataclass(frozen=True, kw_only=True)
class Certainty:
    """level : "high", "moderate", "low", "very low" or "not rated".  reasons : domains judged as a concern, with the judgement.
    support : what was written beside the judgement.
    """

    level: str = NOT_RATED
    reasons: tuple[str, ...] = ()
    support: str = ""

    def __str__(self) -> str:
        return f"{self.level} ({'; '.join(self.reasons)})" if self.reasons else self.level


@dataclass(frozen=True, kw_only=True)
class AbsoluteRow:
    """One analysis at one baseline risk; risks from 0 to 1.

    estimate .. pi_high : the effect as reported.  without : baseline risk (NaN for one group).  risk .. risk_high : with treatment, or
    in the group.  difference .. difference_pi_high : with minus without.  number_needed : as text.  note : why something is missing.
    """

    analysis: str
    measure: str
    k: int
    n: float
    estimate: float
    ci_low: float
    ci_high: float
    pi_low: float
    pi_high: float
    ci_level: float
    certainty: Certainty
    event: str | None = None
    without: float = NAN
    risk: float = NAN
    risk_low: float = NAN
    risk_high: float = NAN
    risk_pi_low: float = NAN
    risk_pi_high: float = NAN
    difference: float = NAN
    difference_low: float = NAN
    difference_high: float = NAN
    difference_pi_low: float = NAN
    difference_pi_high: float = NAN
    number_needed: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AbsoluteTable(Result):
    """rows : one an analysis and baseline risk.  per : patients to which the counts refer."""

    rows: tuple[AbsoluteRow, ...]
    per: int

    def to_frame(self) -> pd.DataFrame:
        """A summary-of-findings frame: counts are per ``per`` patients (column per), the effect is on its reported scale."""
        import pandas as pd

        return pd.DataFrame([self._row(row) for row in self.rows])

    def _row(self, row: AbsoluteRow) -> dict[str, Any]:
        effect = {
            name: getattr(row, name) for name in ("estimate", "ci_low", "ci_high", "pi_low", "pi_high", "ci_level")
        }
        counts = {f"{name}_per": getattr(row, name) * self.per for name in _RISKS}
        return {
            "analysis": row.analysis, "measure": row.measure, "k": row.k, "n": row.n, **effect, "event": row.event, "per": self.per,
            **counts, "number_needed": row.number_needed, "certainty": row.certainty.level,
            "certainty_reasons": "; ".join(row.certainty.reasons), "certainty_support": row.certainty.support, "note": row.note,
        }  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """The rows of the frame and the notes; NaN as None."""
        rows = [
            {
                key: None if isinstance(value, float) and not math.isfinite(value) else value
                for key, value in self._row(row).items()
            }
            for row in self.rows
        ]
        return {"per": self.per, "rows": rows, "notes": list(self.notes)}

    def __str__(self) -> str:
        lines = [f"AbsoluteTable: events per {self.per:,d} patients"]
        for row in self.rows:
            lines += _lines(row, self.per)
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])


_RISKS = (
    "without", "risk", "risk_low", "risk_high", "risk_pi_low", "risk_pi_high", "difference", "difference_low", "difference_high",
    "difference_pi_low", "difference_pi_high",
)  # fmt: skip


def absolute_table(
    fits: Any,
    *,
    baseline_risk: float | Iterable[float] | Mapping[str, Any] | None = None,
    event: str | Mapping[str, str] | None = None,
    appraisal: Any = None,
    per: int = 100,
) -> AbsoluteTable:
    """What do the pooled results mean for 100 patients, and how certain is it?

    fits : a pooled result (``pool``, ``bayes``), or a mapping of analysis id to pooled results (a SubgroupResult counts as one).
    baseline_risk : risk of the event without treatment, 0 to 1: one, several (a row each), or a mapping of analysis id to these; needed
    for OR, PETO, RR, HR and RD, not for single proportions.  event : "desirable" (pain response) or "undesirable" (fracture), or a
    mapping of analysis id to one.  appraisal : None, the path of an appraisal.csv, a frame or rows with its columns (study, tool,
    domain, item, judgement, support): rows with tool "GRADE" and the analysis id as item; domain "certainty" (or "overall", or empty)
    holds the level, other domains the reasons.  per : patients in the counts.
    A measure that is no risk (a mean difference) keeps its row, with a note. Returns an AbsoluteTable.
    Raises OptionError (baseline risk or event missing), TableError (an impossible risk, a judgement that is no GRADE level).
    Source: Cochrane Handbook, chapters 14 and 15; the interval takes the baseline risk as known.

    >>> from ostealgia.meta.pooling import pool
    >>> fit = pool({"study": list("ABC"), "estimate": [0.6, 0.9, 0.7], "std_error": [0.2, 0.3, 0.25]}, measure="OR")
    >>> table = absolute_table({"response": fit}, baseline_risk=0.4, event="desirable")
    >>> print(table)
    AbsoluteTable: events per 100 patients
      response: OR 2.00 [1.53 to 2.63], 3 studies
        40.0 without, 57.2 with: 17.2 more (95% CI 10.4 more to 23.7 more; prediction 2.4 more to 30.8 more)
        NNTB 6 (NNTB 5 to 10)
        certainty: not rated
      note: the interval takes the baseline risk as known
    """
    named = _named(fits)
    judged = read_certainty(appraisal)
    rows: list[AbsoluteRow] = []
    notes: list[str] = []
    for analysis, fit in named.items():
        certainty = judged.get(analysis, Certainty())
        rows += _rows(analysis, fit, _risks(baseline_risk, analysis), _for(event, analysis), certainty, per, notes)
    unused = [name for name in judged if name not in named]
    if unused:
        notes.append(f"certainty judged for analyses that are not in this table: {', '.join(unused)}")
    return AbsoluteTable(rows=tuple(rows), per=per, notes=tuple(dict.fromkeys(notes)))


def _named(fits: Any) -> dict[str, Any]:
    """Analysis id to pooled result."""
    if hasattr(fits, "groups") and hasattr(fits, "overall"):
        return {**fits.groups, "all": fits.overall}
    named = dict(fits) if isinstance(fits, Mapping) else {str(getattr(fits, "measure", "")): fits}
    for analysis, fit in named.items():
        if not (hasattr(fit, "reported") and hasattr(fit, "measure")):
            raise OptionError(
                f"fits: {analysis!r} is a {type(fit).__name__}, not a pooled result (oa.meta.pool, oa.meta.bayes)."
            )
    return {str(analysis): fit for analysis, fit in named.items()}


def _for(value: Any, analysis: str) -> Any:
    return value.get(analysis) if isinstance(value, Mapping) else value


def _risks(value: Any, analysis: str) -> tuple[float | None, ...]:
    own = _for(value, analysis)
    if own is None or isinstance(own, (int, float)):
        return (own,)
    if isinstance(own, str):
        raise OptionError(f"baseline_risk={own!r} is text; give a number between 0 and 1, such as 0.4.")
    return tuple(own) or (None,)


def _rows(
    analysis: str,
    fit: Any,
    risks: tuple[float | None, ...],
    event: str | None,
    certainty: Certainty,
    per: int,
    notes: list[str],
) -> list[AbsoluteRow]:
    side, measure = fit.reported, MEASURES[fit.measure]
    head: dict[str, Any] = {
        "analysis": analysis, "measure": fit.measure, "k": fit.k, "n": fit.n, "ci_level": fit.ci_level, "certainty": certainty,
        **{name: getattr(side, name) for name in ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")},
    }  # fmt: skip
    if measure.percent:
        own = dict(
            zip(("risk", "risk_low", "risk_high", "risk_pi_low", "risk_pi_high"), list(head.values())[-5:], strict=True)
        )
        return [AbsoluteRow(**head, event=event, **own)]
    if fit.measure not in RISK_WITH_TREATMENT:
        return [AbsoluteRow(**head, note=_why_not(measure.title))]
    rows: list[AbsoluteRow] = []
    for risk in risks:
        try:
            found = absolute_effect_of(fit, baseline_risk=risk, event=event, per=per)
        except OstealgiaError as error:
            raise _at(error, analysis) from None
        notes.extend(found.notes)
        rows.append(AbsoluteRow(**head, event=found.event, **_of(found)))
    return rows


def _at(error: OstealgiaError, analysis: str) -> OstealgiaError:
    """The same kind of error, naming the analysis."""
    return (TableError if isinstance(error, TableError) else OptionError)(f"analysis {analysis!r}: {error}")


def _of(found: AbsoluteEffect) -> dict[str, Any]:
    return {
        "without": found.baseline_risk, "risk": found.risk, "risk_low": found.risk_low, "risk_high": found.risk_high,
        "risk_pi_low": found.baseline_risk + found.difference_pi_low, "risk_pi_high": found.baseline_risk + found.difference_pi_high,
        "difference": found.difference, "difference_low": found.difference_low, "difference_high": found.difference_high,
        "difference_pi_low": found.difference_pi_low, "difference_pi_high": found.difference_pi_high,
        "number_needed": str(found.number_needed),
    }  # fmt: skip


def _why_not(title: str) -> str:
    text = f"a {title} is not a risk: there are no events per 100"
    if title.startswith("standardised mean difference"):
        text += "; see oa.effects.smd_to_points and smd_to_odds_ratio"
    return text


# -- certainty --------------------------------------------------------------------------------------------------------
def read_certainty(appraisal: Any) -> dict[str, Certainty]:
    """The GRADE judgement of each analysis from an appraisal table; empty for None.

    appraisal : as in ``absolute_table``. Raises TableError for a level that GRADE has not, or two levels for one analysis.

    >>> rows = [{"tool": "GRADE", "item": "response", "domain": "certainty", "judgement": "Low", "support": "two steps"},
    ...         {"tool": "GRADE", "item": "response", "domain": "risk of bias", "judgement": "serious", "support": ""}]
    >>> print(read_certainty(rows)["response"])
    low (risk of bias: serious)
    """
    levels: dict[str, tuple[str, str]] = {}
    reasons: dict[str, list[str]] = {}
    for number, row in _records(appraisal):
        if row["tool"].casefold() != "grade" or not row["item"]:
            continue
        item, domain, judgement = (
            row["item"],
            " ".join(row["domain"].casefold().split()),
            " ".join(row["judgement"].split()),
        )
        if domain not in OVERALL:
            if judgement.casefold() not in NO_CONCERN:
                reasons.setdefault(item, []).append(f"{domain}: {judgement.casefold()}")
            reasons.setdefault(item, [])
            continue
        level = _level(judgement, number)
        if levels.get(item, (level, ""))[0] != level:
            raise TableError(
                f"two GRADE levels for {item!r}", row=number, column="judgement", found=f"{levels[item][0]} and {level}",
                action="Keep one row with the certainty as a whole for each analysis.",
            )  # fmt: skip
        levels[item] = level, row["support"]
    names = dict.fromkeys([*levels, *reasons])
    return {
        name: Certainty(
            level=levels.get(name, (NOT_RATED, ""))[0],
            reasons=tuple(reasons.get(name, ())),
            support=levels.get(name, ("", ""))[1],
        )
        for name in names
    }


def _level(judgement: str, number: int | None) -> str:
    level = judgement.casefold().replace("-", " ")
    if level in LEVELS:
        return level
    raise TableError(
        "the certainty is not a GRADE level", row=number, column="judgement", found=repr(judgement),
        expected=", ".join(LEVELS), action=suggestion(judgement, LEVELS).strip() or None,
    )  # fmt: skip


COLUMNS = ("tool", "item", "domain", "judgement", "support")


def _records(appraisal: Any) -> Iterator[tuple[int | None, dict[str, str]]]:
    """Row number (where known) and the columns as text."""
    if appraisal is None:
        return
    if isinstance(appraisal, str) or hasattr(appraisal, "__fspath__"):
        from ostealgia.io import read_table

        appraisal = read_table(appraisal)
    frame = getattr(appraisal, "frame", appraisal)
    if hasattr(frame, "columns") and hasattr(frame, "itertuples"):
        absent = [name for name in ("tool", "item", "judgement") if name not in frame.columns]
        if absent:
            found = ", ".join(map(str, frame.columns))
            raise TableError(f"the appraisal has no column {absent[0]!r}", found=found, expected=", ".join(COLUMNS))
        for number, values in zip(frame.index, frame.to_dict("records"), strict=True):
            yield (
                (int(number) if isinstance(number, int) else None),
                {name: _text(values.get(name)) for name in COLUMNS},
            )
        return
    for row in frame:
        get = row.get if isinstance(row, Mapping) else row.text
        yield getattr(row, "number", None), {name: _text(get(name)) for name in COLUMNS}


def _text(value: Any) -> str:
    return "" if value is None or value != value else str(value).strip()


# -- text -------------------------------------------------------------------------------------------------------------
def _lines(row: AbsoluteRow, per: int) -> list[str]:
    size = f"{row.k} {'study' if row.k == 1 else 'studies'}"
    size += f", {row.n:,.0f} patients" if math.isfinite(row.n) else ""
    lines = [f"  {row.analysis}: {row.measure} {_effect(row)}, {size}"]
    if row.note:
        return [*lines, f"    {row.note}", f"    certainty: {row.certainty}"]
    digits = max(0, 4 - len(str(per)))
    level = f"{100 * row.ci_level:g}%"
    if math.isnan(row.without):
        risk = (row.risk, row.risk_low, row.risk_high, row.risk_pi_low, row.risk_pi_high)
        here, low, high, new_low, new_high = (display.number(value * per, digits) for value in risk)
        spans = _spans(level, (f"{low} to {high}", row.risk_low), (f"{new_low} to {new_high}", row.risk_pi_low))
        return [*lines, f"    {here} per {per:,d}{spans}", f"    certainty: {row.certainty}"]
    without, here = (display.number(value * per, digits) for value in (row.without, row.risk))
    own = f"{_change(row.difference_low, per, digits)} to {_change(row.difference_high, per, digits)}"
    new = f"{_change(row.difference_pi_low, per, digits)} to {_change(row.difference_pi_high, per, digits)}"
    spans = _spans(level, (own, row.difference_low), (new, row.difference_pi_low))
    lines.append(f"    {without} without, {here} with: {_change(row.difference, per, digits)}{spans}")
    return [*lines, f"    {row.number_needed}", f"    certainty: {row.certainty}"]


def _effect(row: AbsoluteRow) -> str:
    measure = MEASURES[row.measure]
    write = (lambda v: display.percent(v, 1)) if measure.percent else (lambda v: display.number(v, measure.digits))
    low = write(row.ci_low)
    return f"{write(row.estimate)} [{low[:-1] if low.endswith('%') else low} to {write(row.ci_high)}]"


def _change(difference: float, per: int, digits: int) -> str:
    return f"{display.number(abs(difference) * per, digits)} {'fewer' if difference < 0 else 'more'}"


def _spans(level: str, own: tuple[str, float], new: tuple[str, float]) -> str:
    parts = [
        f"{word} {text}" for word, (text, low) in ((f"{level} CI", own), ("prediction", new)) if math.isfinite(low)
    ]
    return f" ({'; '.join(parts)})" if parts else ""
