"""One word for one column, and the other spellings that are understood."""

from __future__ import annotations

import re
from collections.abc import Iterable

# what a table says of one group; with _1 (treated) and _2 (control) where a row compares two
ARM_COLUMNS: tuple[str, ...] = (
    "events", "non_events", "n", "mean", "sd", "std_error", "person_time", "median", "q1", "q3", "min", "max",
)  # fmt: skip

# other spelling (folded: lower case, runs of punctuation to one underscore) -> our column
ALIASES: dict[str, str] = {
    # labels
    "slab": "study", "study_id": "study", "studlab": "study", "author": "study", "trial": "study", "studies": "study",
    # effects
    "yi": "estimate", "te": "estimate", "effect": "estimate", "est": "estimate", "y": "estimate",
    "hr": "estimate", "or": "estimate", "rr": "estimate", "irr": "estimate", "rd": "estimate", "md": "estimate", "smd": "estimate",
    "hazard_ratio": "estimate", "odds_ratio": "estimate", "risk_ratio": "estimate", "mean_difference": "estimate",
    "sei": "std_error", "se": "std_error", "sete": "std_error", "stderr": "std_error", "standard_error": "std_error",
    "vi": "variance", "v": "variance", "var": "variance",
    "lower": "ci_low", "ci_lower": "ci_low", "ci_lb": "ci_low", "ll": "ci_low", "lcl": "ci_low", "lci": "ci_low",
    "ci_low_95": "ci_low", "conf_low": "ci_low",
    "upper": "ci_high", "ci_upper": "ci_high", "ci_ub": "ci_high", "ul": "ci_high", "ucl": "ci_high", "uci": "ci_high",
    "ci_high_95": "ci_high", "conf_high": "ci_high",
    "p": "p_value", "pval": "p_value", "pvalue": "p_value",
    # one group
    "xi": "events", "event": "events", "responders": "events", "ni": "n", "total": "n", "sample_size": "n",
    "mi": "mean", "sdi": "sd", "ti": "person_time", "time_at_risk": "person_time", "ri": "r", "cor": "r",
    # two groups
    "ai": "events_1", "n1i": "n_1", "ci": "events_2", "n2i": "n_2", "bi": "non_events_1", "di": "non_events_2",
    "x1i": "events_1", "x2i": "events_2", "t1i": "person_time_1", "t2i": "person_time_2",
    "event_e": "events_1", "n_e": "n_1", "event_c": "events_2", "n_c": "n_2",
    "mean_e": "mean_1", "sd_e": "sd_1", "mean_c": "mean_2", "sd_c": "sd_2",
    "time_e": "person_time_1", "time_c": "person_time_2",
    "events1": "events_1", "events2": "events_2", "n1": "n_1", "n2": "n_2",
    "m1i": "mean_1", "sd1i": "sd_1", "m2i": "mean_2", "sd2i": "sd_2",
    "mean1": "mean_1", "sd1": "sd_1", "mean2": "mean_2", "sd2": "sd_2",
    "m1": "mean_1", "m2": "mean_2",
    # pre-post
    "m_pre": "mean_pre", "m_post": "mean_post", "corr": "correlation", "rho": "correlation",
    # order statistics
    "med": "median", "lower_quartile": "q1", "upper_quartile": "q3", "minimum": "min", "maximum": "max",
    # survival
    "o_e": "o_minus_e", "ome": "o_minus_e",
}  # fmt: skip


def fold(name: str) -> str:
    """Lower case, letters of any alphabet and digits kept, everything else to one underscore.

    >>> fold(" CI.low (95%)"), fold("Länge")
    ('ci_low_95', 'länge')
    """
    return re.sub(r"[\W_]+", "_", str(name).strip().lower()).strip("_")


def canonical_columns(names: Iterable[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """How each column is read, and a note for every spelling that was mapped.

    Returns (original -> ours, notes). A name that is already ours, or that nobody knows, stays; an alias is not
    applied where the column it stands for is present as well.

    >>> mapping, notes = canonical_columns(["slab", "yi", "vi"])
    >>> mapping["yi"], notes[0]
    ('estimate', "column 'slab' read as 'study'")
    """
    names = [str(name) for name in names]
    folded = {name: fold(name) for name in names}
    taken = set(folded.values())
    mapping: dict[str, str] = {}
    notes: list[str] = []
    for name in names:
        plain = folded[name]
        target = ALIASES.get(plain, plain)
        if target != plain and (target in taken or target in mapping.values()):
            target = plain
        mapping[name] = target or name
        if mapping[name] != name.strip():
            notes.append(f"column {name!r} read as {mapping[name]!r}")
    return mapping, tuple(notes)
