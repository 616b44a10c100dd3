"""What a judged claim is, what it is judged on, and how its numbers are written."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ostealgia import display
from ostealgia.audit.finding import Finding, Place
from ostealgia.errors import ProjectError
from ostealgia.numerics.intervals import Printed
from ostealgia.project.analyses import AnalysisRun
from ostealgia.project.model import CONFIG, ClaimSpec
from ostealgia.project.printed import agrees, shown
from ostealgia.project.store import Project, Row
from ostealgia.tables.measures import MEASURES

REPRODUCED, ROUNDING, DIFFERS, CANNOT = "reproduced", "rounding", "differs", "cannot be computed"
VERDICT_OF_FINDING = {"consistent": REPRODUCED, "rounding": ROUNDING, "inconsistent": DIFFERS, "impossible": DIFFERS}
NAN = math.nan
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class ClaimVariant:
    """The claim recomputed under a named assumption."""

    title: str
    recomputed: str
    verdict: str = ""


@dataclass(frozen=True)
class ClaimResult:
    """One claim with its verdict. published, recomputed : as text.  numbers : recomputed estimate and limits, in the unit of the claim.

    methods_matching of methods_tried give the printed numbers (None where there is no grid).
    """

    id: str
    title: str
    quantity: str
    published: str
    recomputed: str
    verdict: str
    detail: str = ""
    source: str = ""
    analysis: str = ""
    numbers: Triple = (NAN, NAN, NAN)
    methods_matching: int | None = None
    methods_tried: int | None = None
    variants: tuple[ClaimVariant, ...] = ()
    findings: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """A row of ``claims.csv`` and of the JSON of the demo."""
        return {
            "id": self.id, "claim": self.title, "published": self.published, "recomputed": self.recomputed, "verdict": self.verdict,
            "detail": self.detail, "analysis": self.analysis, "quantity": self.quantity, "estimate": self.numbers[0],
            "ci_low": self.numbers[1], "ci_high": self.numbers[2], "methods_matching": self.methods_matching,
            "methods_tried": self.methods_tried, "source": self.source,
            "variants": [{"assumption": v.title, "recomputed": v.recomputed, "verdict": v.verdict} for v in self.variants],
        }  # fmt: skip


@dataclass(frozen=True)
class Context:
    """What claims are judged on: the project and what was computed from it."""

    project: Project
    runs: Mapping[str, AnalysisRun] = field(default_factory=dict)

    @cached_property
    def tables(self) -> Sequence[Any]:
        """The declared printed tables."""
        return self.project.spec.table


# ---------------------------------------------------------------- words and numbers


def run_of(claim: ClaimSpec, context: Context) -> AnalysisRun:
    """The analysis that a claim is about. Raises ProjectError where it names none."""
    if claim.analysis not in context.runs:
        raise ProjectError(
            f"{CONFIG}, claim {claim.id!r}: quantity = {claim.quantity!r} needs analysis = one of the analyses."
        )
    return context.runs[claim.analysis]


def needed(claim: ClaimSpec, name: str) -> Printed:
    """A printed number that the quantity cannot do without. Raises ProjectError where it is not stated."""
    value = getattr(claim, name)
    if value is None:
        raise ProjectError(f"{CONFIG}, claim {claim.id!r}: quantity = {claim.quantity!r} needs {name}.")
    estimate, low, high = claim.printed
    return {"estimate": estimate, "ci_low": low, "ci_high": high}.get(name) or value


def all_agree(targets: Sequence[Printed | None], values: Sequence[float]) -> bool:
    """Whether every printed number is what its recomputed value rounds to; numbers that are not printed do not count."""
    pairs = [(target, value) for target, value in zip(targets, values, strict=True) if target is not None]
    return bool(pairs) and all(agrees(target, value) for target, value in pairs)


def in_percent(claim: ClaimSpec, run: AnalysisRun) -> bool:
    """Whether the claim prints a proportion as per cent: by its unit, or because a proportion above 1 can be nothing else."""
    if claim.unit == "%":
        return claim.quantity in ("pooled", "estimate", "pi")
    largest = max((item.value for item in claim.printed if item is not None), default=0.0)
    return MEASURES[run.spec.measure].percent and largest > 1


def number_text(claim: ClaimSpec, value: float, extra: int = 1) -> str:
    """A recomputed number with one more decimal than is printed (none where three or more are)."""
    estimate = next((item for item in claim.printed if item is not None), None)
    printed = 2 if estimate is None else max(estimate.decimals, 0)
    digits = printed + (extra if printed < 3 else 0)
    return display.number(value, digits) + _sign(claim)


def _sign(claim: ClaimSpec) -> str:
    return "%" if claim.unit == "%" else ""


def triple_text(claim: ClaimSpec, values: Sequence[float], extra: int = 1) -> str:
    """ "78.6% (73.3 to 83.2)"."""
    estimate, low, high = values
    limits = "" if math.isnan(low) else f"({_bare(claim, low, extra)} to {_bare(claim, high, extra)})"
    point = "" if math.isnan(estimate) else number_text(claim, estimate, extra)
    return " ".join(part for part in (point, limits) if part)


def _bare(claim: ClaimSpec, value: float, extra: int) -> str:
    return number_text(claim, value, extra).rstrip("%")


def printed_text(claim: ClaimSpec) -> str:
    """The published numbers as text: "79% (73 to 83)"."""
    estimate, low, high = claim.printed
    parts = [] if estimate is None else [shown(estimate) + _sign(claim)]
    if low is not None and high is not None:
        parts.append(f"({shown(low)} to {shown(high)})")
    return " ".join(parts)


def cell_value(row: Row, name: str) -> float:
    """A cell as a number; NaN where it is empty or text."""
    try:
        return row.value(name)
    except ValueError:
        return NAN


def join(parts: Sequence[str]) -> str:
    """Sentences from the parts that say something."""
    kept = [part.strip().rstrip(".") for part in parts if part and part.strip()]
    return ". ".join(display.capital(part) for part in kept)


def result(
    claim: ClaimSpec,
    *,
    verdict: str,
    recomputed: str,
    published: str | None = None,
    findings: Sequence[Finding] = (),
    **more: Any,
) -> ClaimResult:
    """The result of a claim. published : where it is not the claim's own text or numbers.  more : fields of ClaimResult."""
    place = Place(document=claim.source or "published result", quote=claim.title or claim.id)
    return ClaimResult(
        id=claim.id, title=claim.title or claim.id, quantity=claim.quantity, verdict=verdict, recomputed=recomputed,
        published=(claim.text or printed_text(claim)) if published is None else published, source=claim.source, analysis=claim.analysis,
        findings=tuple(finding.at(place) for finding in findings), **more,
    )  # fmt: skip
