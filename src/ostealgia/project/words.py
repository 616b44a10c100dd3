"""Names and signs of the report in words."""

from __future__ import annotations

import math
import re

from ostealgia.display import capital
from ostealgia.meta.result import PoolResult
from ostealgia.meta.text import method_line
from ostealgia.project.run_result import AnalysisRun


def signs(text: str) -> str:
    """The field's signs for their names in ASCII.

    >>> signs("I2 98%, tau2 2.72")
    'I² 98%, τ² 2.72'
    """
    for name, sign in (("chi2", "χ²"), ("tau2", "τ²"), ("I2", "I²")):
        text = re.sub(rf"\b{name}\b", sign, text)
    return text


# words of a note for who calls a function -> for who reads a report
FOR_READERS = {
    "see robust(fit) with CR2": "see a cluster-robust interval (CR2)",
    "look at split() and decomposition() before using the estimates": "compare direct with indirect evidence before using the estimates",
    'rather regtest(effects, predictor="ninv"), on the sample size': "a test on the sample size is the better one (Hunter 2014)",
    " (ci='auto')": "",
}


def for_readers(note: str) -> str:
    """A note as a sentence of a report: no calls of functions, the field's signs.

    >>> for_readers("3 clusters: too narrow; see robust(fit) with CR2")
    '3 clusters: too narrow; see a cluster-robust interval (CR2)'
    """
    for call, words in FOR_READERS.items():
        note = note.replace(call, words)
    return capital(signs(note))


def method_text(fit: PoolResult) -> str:
    """Model, estimator of τ² and interval in one phrase."""
    return signs(method_line(fit))


def title_of(run: AnalysisRun) -> str:
    """The title of an analysis, its id where it has none."""
    return run.spec.title or run.spec.id


def short_title(child: AnalysisRun, parent: AnalysisRun) -> str:
    """The title of a sensitivity analysis without the words of the analysis it belongs to."""
    title, head = title_of(child), title_of(parent)
    rest = title[len(head) :].lstrip(" ,:") if title.startswith(head) else title
    return capital(rest) or title


def patients_text(n: float) -> str:
    """ " with 636 patients", or nothing where the number is not known."""
    return "" if math.isnan(n) else f" with {n:,.0f} patients"
