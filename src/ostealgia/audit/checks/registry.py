"""Every check of a paper by name.

A module of a room of ``ostealgia.audit.checks`` lists its checks in ``CHECKS``, a tuple of functions that take a Paper and yield
Findings; a module without checks has no such line. A new check is one function and one line there; a new module needs nothing else.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from ostealgia.audit import checks
from ostealgia.audit.paper import Check
from ostealgia.audit.rules import RULES

# rules of whole papers, which have no function of two or three printed numbers in audit.rules
PAPER_RULES: dict[str, str] = {
    "GRIM": "Can whole numbers of so many patients give this percentage or mean?",
    "GRIMMER": "Can whole numbers of so many patients give this standard deviation?",
    "DEBIT": "Can yes-or-no data give this mean and standard deviation?",
    "pooled-vs-studies": "Do the printed studies give the printed pooled result?",
    "heterogeneity": "Do Q, I2, tau2, H and the studies belong together?",
    "median-vs-hr": "Do medians and hazard ratio tell the same story?",
    "robustness-of-significance": "Does another usual test leave the result significant?",
    "construct-vs-label": "Is the number of the kind its name says?",
    "claim-vs-evidence": "Does the printed interval or P carry the claim?",
}


def rule_names() -> tuple[str, ...]:
    """The names of all rules, in a fixed order."""
    return (*RULES, *(name for name in PAPER_RULES if name not in RULES))


def question(rule: str) -> str:
    """What a rule asks; an empty text for an unknown one.

    >>> question("percent-vs-count")
    'Is the percentage that of its count and denominator?'
    """
    return RULES[rule].question if rule in RULES else PAPER_RULES.get(rule, "")


@cache
def all_checks() -> dict[str, Check]:
    """Name of a check ("prose.percents.percentages") -> the check, sorted by module, which is loaded when first asked for."""
    found: dict[str, Check] = {}
    within = f"{checks.__name__}."
    for module in sorted(info.name for info in pkgutil.walk_packages(checks.__path__, within)):
        for check in getattr(import_module(module), "CHECKS", ()):
            found[f"{module.removeprefix(within)}.{check.__name__}"] = check
    return found
