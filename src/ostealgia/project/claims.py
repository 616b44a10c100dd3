"""Published numbers against recomputed ones.

Four verdicts. *reproduced*: the recomputed value rounds to every printed digit, limits included. *rounding*: some value
of the inputs, inside their own printed precision, does. *differs*. *cannot be computed*: with what is missing. Beside
the verdict stands how many of the usual methods give the printed numbers: where it is more than one, none of them is
confirmed.
"""

from __future__ import annotations

from collections.abc import Callable

from ostealgia.errors import OptionError, ProjectError
from ostealgia.options import one_of
from ostealgia.project import claims_pooled, claims_printed, printed_tables
from ostealgia.project.claim_base import (
    CANNOT,
    DIFFERS,
    REPRODUCED,
    ROUNDING,
    VERDICT_OF_FINDING,
    ClaimResult,
    ClaimVariant,
    Context,
    join,
    result,
    run_of,
)
from ostealgia.project.model import CONFIG, ClaimSpec

__all__ = [
    "CANNOT",
    "DIFFERS",
    "QUANTITIES",
    "REPRODUCED",
    "ROUNDING",
    "ClaimResult",
    "ClaimVariant",
    "Context",
    "judge",
    "judge_one",
]


def judge(context: Context) -> tuple[ClaimResult, ...]:
    """Every claim of the project with its verdict, in the order of ``ostealgia.toml``; tests of printed tables follow."""
    results = [judge_one(claim, context) for claim in context.project.spec.claim]
    for table in context.project.spec.table:
        results.extend(_from_test(test) for test in printed_tables.tests_of(context.project, table))
    return tuple(results)


def judge_one(claim: ClaimSpec, context: Context) -> ClaimResult:
    """One claim. Raises ProjectError for a quantity that does not exist or that lacks its keys."""
    try:
        quantity = one_of("quantity", claim.quantity, QUANTITIES)
    except OptionError as error:
        raise ProjectError(f"{CONFIG}, claim {claim.id!r}: {error}") from None
    try:
        return QUANTITIES[quantity](claim, context)
    except (
        OptionError
    ) as error:  # the printed numbers are none that the rule takes: what is wrong with them is the answer
        detail = join([f"no result, because {error}", claim.comment])
        return result(claim, verdict=CANNOT, recomputed="", detail=detail)


def _of_fit(claim: ClaimSpec, context: Context) -> ClaimResult:
    return claims_pooled.fitted(claim, run_of(claim, context))


QUANTITIES: dict[str, Callable[[ClaimSpec, Context], ClaimResult]] = {
    "pooled": claims_pooled.pooled,
    "estimate": claims_pooled.pooled,
    "pi": _of_fit,
    "tau2": _of_fit,
    "i2": _of_fit,
    "q": _of_fit,
    "p": _of_fit,
    "k": claims_pooled.count,
    "n": claims_pooled.count,
    "percentage": claims_printed.percentage,
    "effect": claims_printed.effect,
    "interval": claims_printed.interval,
    "p-from-interval": claims_printed.p_from_interval,
    "direction": claims_printed.direction,
    "change": claims_printed.change,
    "margin": claims_printed.margin,
    "precision": claims_printed.precision,
    "not-printed": claims_printed.not_printed,
}


def _from_test(test: printed_tables.TestRow) -> ClaimResult:
    """A recomputed test of a printed table as a claim: its worst finding is its verdict."""
    order = [REPRODUCED, ROUNDING, DIFFERS]
    about_p_of_print = [f for f in test.findings if f.rule == "p-vs-statistic" and f.verdict == "rounding"]
    verdicts = [VERDICT_OF_FINDING[f.verdict] for f in test.findings if f not in about_p_of_print]
    return ClaimResult(
        id=test.id, title=test.title, quantity="test", published=test.published, recomputed=test.recomputed,
        verdict=max(verdicts, key=order.index), detail=test.detail, source=test.source, findings=test.findings,
    )  # fmt: skip
