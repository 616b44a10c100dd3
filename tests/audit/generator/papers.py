"""``make_paper``: a realistic paper whose numbers all fit, or with one planted error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from generator.cohort import DESIGNS
from generator.draft import Draft
from generator.layouts import LAYOUTS
from generator.planting import PLANTERS, Planted, plant
from generator.reviews import REVIEWS

ALL_DESIGNS: dict[str, Callable[[Draft], None]] = {**DESIGNS, **REVIEWS}
# designs that hold facts of a rule; all others try any design
FITTING: dict[str, tuple[str, ...]] = {
    "GRIM": ("apa",),
    "GRIM mean": ("apa",),
    "GRIMMER": ("apa",),
    "DEBIT": ("apa",),
    "chi2-vs-counts": ("cohort",),
    "t-vs-summary": ("cohort",),
    "p-vs-statistic": ("cohort", "apa"),
    "p-vs-counts": ("cohort", "trial"),
    "percent-vs-count": ("cohort", "trial", "review"),
    "ci-vs-point": ("cohort", "trial", "factors"),
    "p-vs-ci": ("cohort", "trial", "factors"),
    "double-exponentiation": ("factors", "cohort"),
    "said ratio": ("cohort", "factors"),
    "direction-vs-claim": ("cohort", "factors"),
    "total-vs-parts": ("cohort",),
    "stars": ("review",),
    "study kinds": ("review",),
    "column sum": ("review",),
    "sample-flow": ("cohort", "review"),
    "cross-reference": ("cohort", "review"),
    "duplicate-value": ("factors", "cohort"),
    "row-swap": ("cohort",),
    "scale-bound": ("cohort", "review", "apa"),
    "precision-bound": ("cohort",),
    "events-bound": ("cohort", "trial"),
    "heterogeneity": ("review", "factors"),
    "P of Q": ("review", "factors"),
    "pooled-vs-studies": ("review",),
    "median-vs-hr": ("cohort", "trial"),
    "adjusted-vs-crude": ("cohort",),
}


def written(seed: int, design: str, overrides: dict[str, str] | None = None) -> Draft:
    """The draft of a seed and design."""
    draft = Draft(seed, dict(overrides or {}))
    ALL_DESIGNS[design](draft)
    return draft


def make_paper(
    rng: np.random.Generator, rule: str | None = None, layout: str = "text"
) -> tuple[str, Planted | None, Draft]:
    """A paper as text, what was planted, and its clean or spoilt draft.

    rule : a name in PLANTERS, None for a clean paper.  layout : text, markdown or html.

    >>> text, truth, _ = make_paper(np.random.default_rng(1), "percent-vs-count")
    >>> truth.wrong in text
    True
    """
    assert rule is None or rule in PLANTERS
    print_out = LAYOUTS[layout][1]
    for _ in range(200):
        names = FITTING[rule] if rule else tuple(ALL_DESIGNS)
        seed, design = int(rng.integers(2**31)), names[int(rng.integers(len(names)))]
        try:
            draft = written(seed, design)
        except (np.linalg.LinAlgError, OverflowError):  # a factor separates the outcome: another paper
            continue
        if rule is None:
            return print_out(draft), None, draft
        made = plant(draft, rule, rng)
        if made is None:
            continue
        overrides, truth = made
        spoilt = written(seed, design, overrides)
        return print_out(spoilt), truth, spoilt
    raise RuntimeError(f"no paper gives an occasion for {rule}")
