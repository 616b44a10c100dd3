"""Numbers that both engines of the batch share: methods, rows of the output, how a tau2 was certified, and limits of the iteration."""

from __future__ import annotations

# methods: a given tau2 (0: common effect), closed forms, and from PM on those that iterate
GIVEN, DL, HE, HS, HSK, SJ, PM, ML, REML = range(9)
METHODS: dict[str, int] = {
    "given": GIVEN,
    "DL": DL,
    "HE": HE,
    "HS": HS,
    "HSk": HSK,
    "SJ": SJ,
    "PM": PM,
    "EB": PM,
    "PMM": PM,
    "ML": ML,
    "REML": REML,
}

# rows of the output
ESTIMATE, VARIANCE, HK_FACTOR, TAU2, Q, TYPICAL_V, SCORE, SCORE_0 = range(8)

# how a tau2 was certified
CLOSED, BOUND, GRID, MONOTONE, SEARCH, FAILED, NONE = range(7)
CERTIFIED: tuple[str, ...] = ("closed form", "bound", "grid", "monotone", "search", "not converged", "nothing to fit")

LONG = 256  # studies; an analysis with more is not put side by side with others
CAP = 80  # evaluations before an analysis is given to the full search
NEAR = 1e-10  # a Newton step below this part of (tau2 + typical variance) is taken and ends the iteration
WIDEST = 4000  # grid points; more means numbers near the limits of doubles
SLACK = 1e-11  # what may be left of a Newton step at the end, as a part of (tau2 + typical variance)
