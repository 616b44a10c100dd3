"""The measures by name, with their scales and how they go back to the scale that is reported.

Names follow metafor (Viechtbauer 2010, J Stat Softw 36(3), doi:10.18637/jss.v036.i03).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError, suggestion
from ostealgia.numerics import transforms

Array = NDArray[np.float64]
Back = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One effect measure.

    name : as metafor writes it.  title : what a reader calls it.  kind : which columns it needs (see KINDS).
    analysis_scale, reported_scale : names of the two scales.  back : from analysis to reported scale.
    no_effect : the value of no effect on the analysis scale, or None where there is none (a proportion).
    ratio : True where the reported scale is drawn on a log axis.  percent : shown as per cent.
    needs_n : the back-transformation depends on the sample size (Freeman-Tukey).
    lower, upper : limits of the reported scale.
    """

    name: str
    title: str
    kind: str
    analysis_scale: str
    reported_scale: str
    back: Back = transforms.identity
    no_effect: float | None = 0.0
    ratio: bool = False
    percent: bool = False
    needs_n: bool = False
    lower: float = -np.inf
    upper: float = np.inf
    digits: int = 2


# kind -> columns on the wide form (one row a study)
KINDS: dict[str, tuple[str, ...]] = {
    "two-group binary": ("events_1", "n_1", "events_2", "n_2"),
    "two-group continuous": ("mean_1", "sd_1", "n_1", "mean_2", "sd_2", "n_2"),
    "two-group variability": ("sd_1", "n_1", "sd_2", "n_2"),
    "two-group rate": ("events_1", "person_time_1", "events_2", "person_time_2"),
    "pre-post": ("mean_pre", "sd_pre", "mean_post", "sd_post", "n", "correlation"),
    "proportion": ("events", "n"),
    "mean": ("mean", "sd", "n"),
    "rate": ("events", "person_time"),
    "correlation": ("r", "n"),
    "survival": ("o_minus_e", "variance"),
    "generic": ("estimate", "std_error"),
}


def _ratio(name: str, title: str, kind: str) -> Measure:
    return Measure(
        name=name, title=title, kind=kind, analysis_scale=f"log {title}", reported_scale=title,
        back=transforms.exp, ratio=True, lower=0.0,
    )  # fmt: skip


def _plain(name: str, title: str, kind: str, **more: Any) -> Measure:
    return Measure(name=name, title=title, kind=kind, analysis_scale=title, reported_scale=title, **more)


def _proportion(name: str, scale: str, back: Back, **more: Any) -> Measure:
    return Measure(
        name=name, title="proportion", kind="proportion", analysis_scale=scale, reported_scale="proportion",
        back=back, no_effect=None, percent=True, lower=0.0, upper=1.0, **more,
    )  # fmt: skip


_ALL = (
    _ratio("OR", "odds ratio", "two-group binary"),
    _ratio("RR", "risk ratio", "two-group binary"),
    _ratio("PETO", "odds ratio (Peto)", "two-group binary"),
    _plain("RD", "risk difference", "two-group binary", lower=-1.0, upper=1.0),
    _plain("AS", "arcsine difference", "two-group binary"),
    _plain("PHI", "phi coefficient", "two-group binary", lower=-1.0, upper=1.0),
    _plain("YUQ", "Yule's Q", "two-group binary", lower=-1.0, upper=1.0),
    _plain("YUY", "Yule's Y", "two-group binary", lower=-1.0, upper=1.0),
    _plain("MD", "mean difference", "two-group continuous"),
    _plain("SMD", "standardised mean difference", "two-group continuous"),
    _plain("SMDH", "standardised mean difference (unequal variances)", "two-group continuous"),
    _ratio("ROM", "ratio of means", "two-group continuous"),
    _ratio("CVR", "ratio of coefficients of variation", "two-group continuous"),
    _ratio("VR", "ratio of standard deviations", "two-group variability"),
    _plain("MC", "mean change", "pre-post"),
    _plain("SMCC", "standardised mean change (change SD)", "pre-post"),
    _plain("SMCR", "standardised mean change (baseline SD)", "pre-post"),
    _plain("SMCRH", "standardised mean change (baseline SD, unequal variances)", "pre-post"),
    _ratio("ROMC", "ratio of means (change)", "pre-post"),
    _plain("MN", "mean", "mean", no_effect=None),
    Measure(name="MNLN", title="mean", kind="mean", analysis_scale="log mean", reported_scale="mean",
            back=transforms.exp, no_effect=None, lower=0.0),
    _plain("COR", "correlation", "correlation", lower=-1.0, upper=1.0),
    _plain("UCOR", "correlation (bias-corrected)", "correlation", lower=-1.0, upper=1.0),
    Measure(name="ZCOR", title="correlation", kind="correlation", analysis_scale="Fisher's z",
            reported_scale="correlation", back=np.tanh, lower=-1.0, upper=1.0),
    _proportion("PR", "proportion", transforms.identity),
    _proportion("PLN", "log proportion", transforms.exp),
    _proportion("PLO", "logit proportion", transforms.expit),
    _proportion("PAS", "arcsine proportion", transforms.arcsine_back),
    _proportion("PFT", "Freeman-Tukey double arcsine", transforms.freeman_tukey_back, needs_n=True),
    _plain("IR", "incidence rate", "rate", no_effect=None, lower=0.0, digits=4),
    Measure(name="IRLN", title="incidence rate", kind="rate", analysis_scale="log rate",
            reported_scale="incidence rate", back=transforms.exp, no_effect=None, lower=0.0, digits=4),
    Measure(name="IRS", title="incidence rate", kind="rate", analysis_scale="square-root rate",
            reported_scale="incidence rate", back=transforms.square, no_effect=None, lower=0.0, digits=4),
    Measure(name="IRFT", title="incidence rate", kind="rate", analysis_scale="Freeman-Tukey rate",
            reported_scale="incidence rate", back=transforms.freeman_tukey_rate_back, no_effect=None, needs_n=True,
            lower=0.0, digits=4),
    _ratio("IRR", "incidence rate ratio", "two-group rate"),
    _plain("IRD", "incidence rate difference", "two-group rate", digits=4),
    _plain("IRSD", "square-root rate difference", "two-group rate", digits=4),
    _ratio("HR", "hazard ratio", "generic ratio"),
    _plain("GEN", "effect", "generic"),
)  # fmt: skip

MEASURES: dict[str, Measure] = {measure.name: measure for measure in _ALL}

# other spellings in use -> ours; the mapping is shown to the user
MEASURE_ALIASES: dict[str, str] = {
    "PLOGIT": "PLO", "PRAW": "PR", "PLOG": "PLN", "MRAW": "MN", "MLN": "MNLN", "LOR": "OR", "LRR": "RR", "SMC": "SMCC",
    "IRLOG": "IRLN", "LOGHR": "HR", "LNHR": "HR", "GENERIC": "GEN", "G": "SMD", "LNRR": "ROM",
}  # fmt: skip


def measure_of(name: str) -> tuple[Measure, str | None]:
    """The measure of that name, and a note where the spelling was mapped.

    >>> measure_of("PLOGIT")[0].name
    'PLO'
    """
    if name in MEASURES:
        return MEASURES[name], None
    upper = str(name).strip().upper()
    canonical = MEASURE_ALIASES.get(upper, upper)
    if canonical in MEASURES:
        note = None if canonical == upper and upper == name else f"measure {name!r} read as {canonical!r}"
        return MEASURES[canonical], note
    listed = ", ".join(MEASURES)
    raise OptionError(f"measure={name!r} is not one of {listed}.{suggestion(name, MEASURES)}")
