"""One piece of evidence on one therapy: how many of 100, with which definition, at which week, of whom, and how sure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ostealgia.clinical.assessment import READ, REMEMBERED
from ostealgia.errors import OptionError
from ostealgia.options import one_of
from ostealgia.tables.result import plain

NAN = math.nan
CERTAINTY = "not rated: nobody has applied GRADE to it"

# certainty of transcription of the trial table -> check status
STATUS: dict[str, str] = {"high": READ, "medium": REMEMBERED}

# kind -> what it is, in the order in which they are shown
KINDS: dict[str, str] = {
    "arms pooled": "patients of the arms that received the therapy, without a comparison",
    "series pooled": "single-arm series, without a comparison",
    "single arm": "one arm or series, without a comparison",
    "network contrast": "randomised comparisons, direct and indirect",
    "trial contrast": "one randomised comparison",
    "non-randomised contrast": "one comparison without randomisation",
    "published pool": "a published pooled result, not recomputed here",
    "published result": "a published result without counts",
    "harm": "harms",
    "onset": "time to relief",
    "retreatment": "treated again at the same site",
    "burden": "visits, sessions, anaesthesia",
    "none": "no evidence in this package",
}
RANDOMISED = ("network contrast", "trial contrast")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A line of evidence. All per_100 figures are patients of 100.

    therapy : id of the therapy.  variant : schedule or agent.  kind : one of ``KINDS``.  weeks : time of assessment in words.
    per_100, ci_low, ci_high : estimate and its confidence interval.  pi_low, pi_high : prediction interval for a new centre, NaN where
    fewer than three studies.  comparator, per_100_comparator : of a contrast.  difference_per_100 and its limits : against the comparator.
    measure, estimate, estimate_ci_low, estimate_ci_high, estimate_pi_low, estimate_pi_high : on the measure's own scale (OR, HR, points).
    interval : what the limits are: "95% confidence", "exact 95% confidence", "90% confidence", "range", or "" where there are none.
    direct : trials of a network that compare the two directly.
    k, events, n : studies, responders, patients (or sites; of both arms in a contrast).
    certainty : of the evidence (GRADE).  transcription : of the counts.
    conflict : words where trials disagree.  trials : labels of the studies.
    """

    therapy: str
    variant: str = ""
    kind: str
    outcome: str
    definition: str = ""
    weeks: str = ""
    denominator: str = ""
    population: str = ""
    per_100: float = NAN
    ci_low: float = NAN
    ci_high: float = NAN
    pi_low: float = NAN
    pi_high: float = NAN
    interval: str = "95% confidence"
    comparator: str = ""
    per_100_comparator: float = NAN
    difference_per_100: float = NAN
    difference_ci_low: float = NAN
    difference_ci_high: float = NAN
    measure: str = ""
    estimate: float = NAN
    estimate_ci_low: float = NAN
    estimate_ci_high: float = NAN
    estimate_pi_low: float = NAN
    estimate_pi_high: float = NAN
    tau2: float = NAN
    direct: int | None = None
    k: int | None = None
    events: int | None = None
    n: int | None = None
    certainty: str = CERTAINTY
    transcription: str = ""
    conflict: str = ""
    trials: tuple[str, ...] = ()
    source: str = ""
    doi: str = ""
    check_status: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        one_of("kind", self.kind, KINDS)

    @property
    def randomised(self) -> bool:
        """True where the line compares by randomisation."""
        return self.kind in RANDOMISED

    def to_dict(self) -> dict[str, Any]:
        """Every field, numbers rounded to ten digits, NaN as None."""
        body = {name: getattr(self, name) for name in NAMES}
        return plain({name: _short(value) for name, value in body.items()} | {"randomised": self.randomised})

    def text(self) -> str:
        """One line for a reader."""
        parts = [f"{self.outcome}{f' ({self.variant})' if self.variant else ''}: {self._amount()}"]
        if self.comparator:
            parts.append(f"against {self.comparator}{self._against()}")
        size = [f"{self.k} {'study' if self.k == 1 else 'studies'}"] if self.k else []
        size += [f"n = {self.n:,}"] if self.n else []
        weeks = f"week {_brief(self.weeks, 'times')}" if self.weeks else ""
        words = (_brief(self.definition, "definitions"), weeks, self.denominator, ", ".join(size), KINDS[self.kind])
        parts += [text for text in words if text]
        if self.direct is not None:
            parts.append(
                f"compared directly in {self.direct} of them"
                if self.direct
                else "no trial compares the two: indirect only"
            )
        if self.transcription == "medium":
            parts.append("counts in part remembered: check the papers")
        if self.kind in _WITH_NOTE and self.note:
            parts.append(self.note)
        return "; ".join(parts)

    def _amount(self) -> str:
        if not math.isnan(self.per_100):
            text = f"{self.per_100:.0f} of 100"
            if not math.isnan(self.ci_low):
                text += f" [{self.ci_low:.0f} to {self.ci_high:.0f}]"
            if not math.isnan(self.pi_low):
                text += f", new {'trial' if self.comparator else 'centre'} {self.pi_low:.0f} to {self.pi_high:.0f}"
            return text
        if not math.isnan(self.estimate):
            limits = "" if math.isnan(self.estimate_ci_low) else f" {self._limits()}"
            text, measure = (
                f"{self.estimate:.4g}",
                self.measure.removesuffix("s") if self.estimate == 1 else self.measure,
            )
            return f"{text} {measure}{limits}" if self.measure[:1].islower() else f"{self.measure} {text}{limits}"
        if not math.isnan(self.estimate_ci_low):
            return f"{self.estimate_ci_low:g} to {self.estimate_ci_high:g} {self.measure}"
        return "no number"

    def _limits(self) -> str:
        text = f"{self.estimate_ci_low:g} to {self.estimate_ci_high:g}"
        return (
            f"(range {text})"
            if self.interval == "range"
            else f"[{text}]" + ("" if self.interval.startswith("95") else f" {self.interval}")
        )

    def _against(self) -> str:
        if math.isnan(self.difference_per_100):
            return f" ({self.per_100_comparator:.0f} of 100)" if not math.isnan(self.per_100_comparator) else ""
        return (
            f" ({self.per_100_comparator:.0f} of 100; difference {self.difference_per_100:+.0f} "
            f"[{self.difference_ci_low:+.0f} to {self.difference_ci_high:+.0f}])"
        )


_WITH_NOTE = ("burden", "onset", "published result", "retreatment", "harm")  # their notes are short and needed
NAMES: tuple[str, ...] = tuple(one.name for one in fields(Evidence))


def _brief(text: str, what: str) -> str:
    """ "7 different: ..." without its list."""
    head, found, _ = text.partition(" different: ")
    return f"{head} different {what}" if found else text


def _short(value: Any) -> Any:
    return float(f"{value:.10g}") if isinstance(value, float) and math.isfinite(value) else value


# our id -> title. The order is that of the list, not of merit.
THERAPIES: dict[str, str] = {
    "ebrt": "External-beam radiotherapy",
    "reirradiation": "Re-irradiation of the same site",
    "sbrt": "Stereotactic body radiotherapy",
    "hemibody_rt": "Hemibody radiotherapy",
    "postoperative_rt": "Radiotherapy after surgery",
    "beta_emitter": "Beta-emitting bone-targeted radionuclide",
    "radium_223": "Radium-223",
    "surgery_long_bone": "Surgery of a long bone",
    "surgery_spine": "Surgery of the spine",
    "rfa": "Radiofrequency ablation",
    "cryoablation": "Cryoablation",
    "microwave": "Microwave ablation",
    "mrgfus": "MR-guided focused ultrasound",
    "vertebroplasty": "Vertebroplasty",
    "kyphoplasty": "Kyphoplasty",
    "interventional_analgesia": "Intrathecal analgesia and nerve blocks",
    "cordotomy": "Cordotomy",
    "non_opioid": "Non-opioid analgesics",
    "opioid": "Opioids",
    "neuropathic_adjuvant": "Adjuvants for neuropathic pain",
    "flare_steroid": "Dexamethasone against pain flare",
    "zoledronate": "Zoledronate",
    "denosumab": "Denosumab",
    "systemic_therapy": "Systemic anti-cancer therapy",
    "hyperthermia": "Hyperthermia with radiotherapy",
    "activity_rehabilitation": "Activity and rehabilitation",
}
ALIASES: dict[str, str] = {
    "ebrt_single_fraction": "ebrt", "ebrt_multiple_fractions": "ebrt", "beta_radionuclide": "beta_emitter", "radium223": "radium_223",
    "surgery": "surgery_long_bone", "analgesics": "opioid", "adjuvants_neuropathic": "neuropathic_adjuvant",
    "osteoclast_inhibitor": "zoledronate", "dexamethasone_flare": "flare_steroid",
}  # fmt: skip


def therapy_id(name: str) -> str:
    """The id of a therapy from itself or another name; OptionError with the ids.

    >>> therapy_id("beta_radionuclide"), therapy_id("sbrt")
    ('beta_emitter', 'sbrt')
    """
    name = ALIASES.get(name, name)
    return one_of("therapy", name, THERAPIES)


def number_of(row: Mapping[str, str], name: str) -> float:
    """A cell as a number, NaN where it is empty."""
    text = row[name].strip()
    try:
        return float(text) if text else NAN
    except ValueError:
        raise OptionError(f"the bundled evidence has text in {name}, where a number is needed.") from None
