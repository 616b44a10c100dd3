"""The audit: do printed numbers fit together, and what would they be if they did?

``read(path)`` gives a Document, ``check(document)`` an Audit of every number that can be recomputed from others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOME = {
    "Audit": "result",
    "Finding": "finding",
    "Layout": "layout",
    "Paper": "paper",
    "Place": "finding",
    "RULES": "rules",
    "Rule": "rules",
    "check": "checking",
    "check_baseline_table": "baseline",
    "check_files": "many",
    "check_ratio_triplets": "ratios",
    "check_repeated_effects": "ratios",
    "compare_margins": "margins",
    "read": "checking",
    "rule_names": "checks.registry",
    "summary": "finding",
    "understand": "checking",
    "worst": "finding",
}
__all__ = [
    "RULES",
    "Audit",
    "Finding",
    "Layout",
    "Paper",
    "Place",
    "Rule",
    "check",
    "check_baseline_table",
    "check_files",
    "check_ratio_triplets",
    "check_repeated_effects",
    "compare_margins",
    "read",
    "rule_names",
    "summary",
    "understand",
    "worst",
]

if TYPE_CHECKING:
    from ostealgia.audit.baseline import check_baseline_table
    from ostealgia.audit.checking import check, read, understand
    from ostealgia.audit.checks.registry import rule_names
    from ostealgia.audit.finding import Finding, Place, summary, worst
    from ostealgia.audit.layout import Layout
    from ostealgia.audit.many import check_files
    from ostealgia.audit.margins import compare_margins
    from ostealgia.audit.paper import Paper
    from ostealgia.audit.ratios import check_ratio_triplets, check_repeated_effects
    from ostealgia.audit.result import Audit
    from ostealgia.audit.rules import RULES, Rule


def __getattr__(name: str) -> Any:
    """Load a part of the audit when it is first used."""
    if name in _HOME:
        return getattr(import_module(f"ostealgia.audit.{_HOME[name]}"), name)
    raise AttributeError(f"module 'ostealgia.audit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
