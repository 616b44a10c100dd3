"""The rules by name: each is one question about printed numbers, answered with a Finding.

A new rule is one function and one line of RULES. Rules take numbers with their printed precision (text, or
``Printed``), know nothing of documents and tables, and return a Finding also where everything fits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ostealgia.audit.finding import Finding
from ostealgia.audit.rules.bounds import events_bound, precision_bound, scale_bound
from ostealgia.audit.rules.confidence import Triplet, ci_vs_point
from ostealgia.audit.rules.counts import chi2_vs_counts, odds_ratio, p_values_of
from ostealgia.audit.rules.direction import adjusted_vs_crude, direction_vs_claim
from ostealgia.audit.rules.exponentiation import Elsewhere, double_exponentiation, recover
from ostealgia.audit.rules.granularity import debit, grim_mean, grim_percent, grimmer
from ostealgia.audit.rules.heterogeneity_measures import heterogeneity
from ostealgia.audit.rules.means import Group, t_vs_summary
from ostealgia.audit.rules.p_values import p_vs_ci, p_vs_statistic
from ostealgia.audit.rules.percents import percent_vs_count
from ostealgia.audit.rules.plausibility import (
    date_order,
    median_vs_hr,
    quantile_order,
    robustness_of_significance,
    sample_flow,
    star_limit,
)
from ostealgia.audit.rules.totals import cross_reference, duplicate_interval, same_total, total_vs_parts


@dataclass(frozen=True)
class Rule:
    """One rule.

    question : what it asks.  check : the function.  basis : of most of its flags (see finding.BASES).
    """

    name: str
    question: str
    check: Callable[..., Finding | list[Finding] | None]
    basis: str = "arithmetic"


_ALL = (
    Rule("percent-vs-count", "Is the percentage that of its count and denominator?", percent_vs_count),
    Rule("chi2-vs-counts", "Does a chi-square, or an exact P, follow from the counts?", chi2_vs_counts),
    Rule("t-vs-summary", "Does a t or F follow from means, SDs and sizes?", t_vs_summary),
    Rule("p-vs-statistic", "Does P follow from the statistic and its df?", p_vs_statistic),
    Rule("ci-vs-point", "Is the estimate the middle of its interval on the right scale?", ci_vs_point),
    Rule("p-vs-ci", "Does P follow from estimate and interval?", p_vs_ci),
    Rule("double-exponentiation", "Is a ratio the exponential of a ratio?", double_exponentiation),
    Rule("direction-vs-claim", "Do words and ratio point the same way?", direction_vs_claim),
    Rule("adjusted-vs-crude", "Do adjusted and crude odds ratio point the same way?", adjusted_vs_crude, "judgement"),
    Rule("total-vs-parts", "Do the parts add up to the total?", total_vs_parts),
    Rule("cross-reference", "Is one quantity the same at two places?", cross_reference),
    Rule("duplicate-value", "Do two estimates carry one interval?", duplicate_interval),
    Rule("precision-bound", "Can a logistic interval be that narrow?", precision_bound),
    Rule("events-bound", "Can a Cox interval be that narrow?", events_bound),
    Rule("GRIM", "Can a whole count give the percentage?", grim_percent),
    Rule("GRIMMER", "Can whole numbers have the mean and the SD?", grimmer),
    Rule("DEBIT", "Can zeros and ones have the mean and the SD?", debit),
    Rule("scale-bound", "Can the value stand on its scale?", scale_bound),
    Rule("heterogeneity", "Do Q, P, I2, H and tau2 belong together?", heterogeneity),
    Rule("median-vs-hr", "Do medians and hazard ratio point the same way?", median_vs_hr, "judgement"),
    Rule("quantile-order", "Do minimum, quartiles, median and maximum rise?", quantile_order),
    Rule("date-order", "Do dates stand in their order?", date_order),
    Rule("sample-flow", "Does a flow of patients add up?", sample_flow),
    Rule("robustness-of-significance", "Do other usual tests agree on significance?", robustness_of_significance),
)

RULES: dict[str, Rule] = {rule.name: rule for rule in _ALL}

__all__ = [
    "RULES",
    "Elsewhere",
    "Group",
    "Rule",
    "Triplet",
    "adjusted_vs_crude",
    "chi2_vs_counts",
    "ci_vs_point",
    "cross_reference",
    "date_order",
    "debit",
    "direction_vs_claim",
    "double_exponentiation",
    "duplicate_interval",
    "events_bound",
    "grim_mean",
    "grim_percent",
    "grimmer",
    "heterogeneity",
    "median_vs_hr",
    "odds_ratio",
    "p_values_of",
    "p_vs_ci",
    "p_vs_statistic",
    "percent_vs_count",
    "precision_bound",
    "quantile_order",
    "recover",
    "robustness_of_significance",
    "same_total",
    "sample_flow",
    "scale_bound",
    "star_limit",
    "t_vs_summary",
    "total_vs_parts",
]
