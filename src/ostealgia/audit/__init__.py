"""The audit: do printed numbers fit together, and what would they be if they did?"""

from ostealgia.audit.baseline import check_baseline_table
from ostealgia.audit.finding import Finding, Place, summary, worst
from ostealgia.audit.layout import Layout
from ostealgia.audit.margins import compare_margins
from ostealgia.audit.ratios import check_ratio_triplets, check_repeated_effects
from ostealgia.audit.rules import RULES, Rule

__all__ = [
    "RULES",
    "Finding",
    "Layout",
    "Place",
    "Rule",
    "check_baseline_table",
    "check_ratio_triplets",
    "check_repeated_effects",
    "compare_margins",
    "summary",
    "worst",
]
