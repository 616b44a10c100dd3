"""How many patients, records and events a paper counts at most, and whether one patient may count more than once."""

from __future__ import annotations

import re

from ostealgia.audit.checks.reading.facts import parsed
from ostealgia.audit.checks.reading.text import COUNT, loose, once, sentences_with
from ostealgia.audit.checks.reading.words import spelled
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.bounds import log_std_error
from ostealgia.audit.statements.model import Count, Size
from ostealgia.io.documents import gates
from ostealgia.numerics.intervals import Printed

_NUMBERED = re.compile(r"(?<![\w.,/\-])(\d{1,3}(?:,\d{3})+|\d{2,7})\s[a-z]{4,}")
GROSS = 1.5  # times the least possible standard error: more than twice the patients would be needed
MORE_EVENTS = 1.1  # times the largest number of patients that is printed
NOT_SURE = "the model may hold more records than the number of patients that is printed"
_REPEATED = tuple(  # one by one, for speed: most are not looked for where one of their words is missing
    re.compile(pattern, re.I)
    for pattern in (
        r"generali[sz]ed\s{1,2}estimating",
        r"repeated[\s-]{1,2}measure",
        r"multi-?level\s{1,2}(?:model|logistic|regression)",
        r"mixed[\s-]{1,2}effects?\s{1,2}logistic",
        r"case[\s-]{1,2}control",
        r"person[\s-]{1,2}years",
        r"inverse[\s-]{1,2}probability",
        r"firth",
        r"patient[\s-]{1,2}visits",
        r"of\s{1,2}visits",
    )
)
_MANY = re.compile(r"\b(?:million|billion|thousand)\b", re.I)
_ANY_SIZE = loose(
    rf"(?:\bn\s?=\s?({COUNT})\b)|(?<![\w.,\-])({COUNT})\s(?:[a-z\-]+\s){{0,3}}?(?:patients|participants|subjects|individuals|women|men|children|"
    r"cases|lesions|procedures|persons|people|births|admissions|hospitali[sz]ations|visits|eyes|hips|knees|samples|records|tumou?rs)\b"
)


@once
def largest_size(paper: Paper) -> int | None:
    """The largest number of anything counted in the paper's own data; None where there is none or millions are named."""
    own = ("abstract", "methods", "results", "conclusion", "other", "front")
    sizes = [size for size in paper.of_kind(Size) if size.section in own and size.study is None]
    found = [int(shown.value) for size in sizes if (shown := parsed(size.n)) is not None and shown.value < 1e9]
    found += [int(column.n.value) for table in paper.tables for column in table.columns if column.n is not None]
    arms: dict[tuple[int, int], set[int]] = {}  # denominators of one sentence: the groups may be all patients together
    for count in paper.of_kind(Count):
        if count.n is not None and count.cell is None and (shown := parsed(count.n)) is not None:
            arms.setdefault(count.sentence, set()).add(int(min(shown.value, 1e9)))
    found += [sum(sizes) for sizes in arms.values()]
    if any(one.section in own and _MANY.search(one.text) for one in sentences_with(paper.document, _MANY)):
        return None
    for sentence in sentences_with(paper.document, _ANY_SIZE):
        if sentence.section not in own:
            continue
        found += [value for m in _ANY_SIZE.finditer(sentence.text) if (value := spelled(m[1] or m[2])) is not None]
    return max(found, default=None)


@once
def largest_number(paper: Paper) -> int:
    """The largest whole number with a word behind it in the paper's own sections, but for years."""
    found = [0]
    for sentence in sentences_with(paper.document, _NUMBERED):
        if sentence.section in ("abstract", "methods", "results", "front", "other"):
            values = [int(m[1].replace(",", "")) for m in _NUMBERED.finditer(sentence.text)]
            found += [value for value in values if not 1900 <= value <= 2100]
    return max(found)


@once
def counts_repeated(paper: Paper) -> bool:
    """Whether the paper names a model in which a patient may count several times, or not in full."""
    return any(gates.search(pattern, paper.document.plain) for pattern in _REPEATED)


def is_gross(paper: Paper, found: Finding, low: Printed, high: Printed, level: float, n: int) -> bool:
    """Whether the interval is far too narrow for any number of patients that the model may hold, once for each patient.

    n : patients that the bound was worked out for.
    """
    if counts_repeated(paper) or found.recomputed is None:
        return False
    narrow = log_std_error(low, high, level).high
    if narrow <= 0:
        return False
    needed = 4 / narrow**2 if found.rule == "events-bound" else n * (found.recomputed / narrow) ** 2
    if largest_number(paper) >= needed:
        return False  # as many records as the interval needs may have been counted under another word
    if found.rule == "events-bound":
        return found.recomputed > MORE_EVENTS * (largest_size(paper) or 0)  # nobody has a first event twice
    return GROSS * narrow < found.recomputed
