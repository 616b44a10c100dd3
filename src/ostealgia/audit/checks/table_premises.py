"""What a rule takes for granted about a table, judged by the other cells of the table: where most do not fit, it does not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Check

MANY = 4  # misfits of one rule in one table that speak against its premise
SHARE = 0.3  # of its checks
NAMED = ("double-exponentiation", "row-swap")  # causes that explain many misfits at once
FITTING = 2  # other P values that say a table gives the ordinary test


def doubtful(
    found: Iterable[Finding],
    rule: str,
    why: str,
    *,
    many: int = MANY,
    settled: Callable[[Finding], bool] = lambda _: False,
) -> list[Finding]:
    """The same findings; where many of one rule (and nearly a third) do not fit, these are information only.

    settled : a misfit that one named slip explains while everything else stays as it is: it says nothing about the premise,
    is not counted and keeps its severity, however many there are.

    >>> found = [Finding(rule="GRIM", reported="1", verdict="inconsistent", severity="minor")] * 4
    >>> [f.flagged for f in doubtful(found, "GRIM", "why")]
    [False, False, False, False]
    >>> [f.flagged for f in doubtful(found, "GRIM", "why", settled=lambda f: True)]
    [True, True, True, True]
    """
    listed = list(found)
    of_rule = [f for f in listed if f.rule == rule]
    off = [f for f in of_rule if f.flagged and f.cause_code not in NAMED and not settled(f)]
    if len(off) < many or len(off) <= SHARE * len(of_rule):
        return listed
    return [lowered(f, why) if any(f is one for one in off) else f for f in listed]


def ordinary_test(found: Sequence[Finding], rules: Sequence[str], why: str) -> list[Finding]:
    """The same findings; a P that does not fit is information unless at least two others of its columns do, and twice as many."""
    of_rules = [f for f in found if f.rule in rules]
    off = sum(f.flagged for f in of_rules)
    fits = sum(f.verdict in ("consistent", "rounding") for f in of_rules)
    if fits >= max(FITTING, 2 * off):
        return list(found)
    return [lowered(f, why) if f.rule in rules and f.cause_code not in NAMED else f for f in found]


def lowered(found: Finding, why: str) -> Finding:
    """A flag as information, with the reason."""
    if not found.flagged:
        return found
    message = f"{found.message}; {why}" if found.message else why
    return replace(found, severity="information", basis="judgement", message=message)


CHECKS: tuple[Check, ...] = ()
