"""Which number of a broken sum is the wrong one? Told by the other sums and numbers of the paper, after all checks are done.

A sum that does not add up binds several printed numbers; each could be changed to make it fit. A number that another sum of the
same passage or table confirms, or that the paper prints again elsewhere, is not the slip. A number whose one change mends several
broken sums, or whose right value stands elsewhere in the paper, is. Where several are left, they are told, and none is the repair.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ostealgia.audit.causes import slip
from ostealgia.audit.finding import Balance, Finding
from ostealgia.audit.slips import Suspect, weighed
from ostealgia.io.documents.model import Document
from ostealgia.numerics.intervals import Printed

NEAR = 700  # characters between two sums of one passage
SMALL = 20  # smaller totals (stars, points) are compared by their own rules
TELLING = 100  # numbers from here on seldom stand at another place of the paper by chance
MOST_TOLD = 4
SLIPS = (None, "unknown", "typing-slip", "lost-digit")


@dataclass(frozen=True)
class Change:
    """One number of a sum with the value that would make it fit. text : the slip in words, None where it is none."""

    old: int
    new: int
    text: str | None = None
    code: str = "unknown"

    @property
    def told(self) -> str:
        """ "113 in place of 116"."""
        return f"{self.new} in place of {self.old}"


def mended(document: Document, findings: Sequence[Finding]) -> list[Finding]:
    """The same findings without their sums; flags of sums with the cause and the repair that all sums of the paper together tell."""
    sums = [found for found in findings if found.balance is not None and found.span is not None]
    broken = [found for found in sums if found.flagged and found.cause_code in SLIPS]
    new = {id(found): _mended(document, found, sums) for found in broken}
    return _as_beside([_without_sum(new.get(id(found), found)) for found in findings])


def _without_sum(found: Finding) -> Finding:
    return found if found.balance is None else replace(found, balance=None)


def _as_beside(findings: Sequence[Finding]) -> list[Finding]:
    """The same findings; a P of Q that another rule judged with I2 beside it has the cause that this rule found."""
    told = {(one.reported, one.message): one for one in findings if one.rule == "heterogeneity" and one.flagged}
    return [
        replace(one, cause_code=own.cause_code, cause=own.cause, repair=own.repair)
        if one.rule == "p-vs-statistic" and one.flagged and (own := told.get((one.reported, one.message))) is not None
        else one
        for one in findings
    ]


def _mended(document: Document, found: Finding, sums: Sequence[Finding]) -> Finding:
    balance = found.balance
    if balance is None or balance.whole in balance.parts:
        return found
    beside = [one for one in sums if one is not found and one.balance != balance and _together(document, found, one)]
    fitting = [one.balance for one in beside if not one.flagged and one.balance is not None and one.balance.off == 0]
    flagged = [one for one in beside if one.flagged]
    constant = len(fitting) >= 2 and {one.whole for one in fitting} == {balance.whole}
    if balance.whole < SMALL and not constant:
        return found
    changes = _changes(balance)
    free = [
        one
        for one in changes
        if not (constant and one.old == balance.whole) and not _needed(document, found, one, fitting)
    ]
    left = [one for one in free if not _printed_elsewhere(document, found, one.old)]
    several = [one for one in left if any(_mends(document, found, one, other) for other in flagged)]
    told = [one for one in left if one.text is not None and _printed_elsewhere(document, found, one.new)]
    for certain, why in zip((several, told, left), _WHY, strict=True):
        if len(certain) == 1:
            return _named(found, certain[0], why)
    return _of_several(document, found, left, fewer=len(left) < len(changes))


_WHY = (
    "this one change mends both sums",
    "the paper prints it elsewhere",
    "no other number of the sum can be the wrong one",
)


def _changes(balance: Balance) -> list[Change]:
    """For each number of a sum the value that makes it fit."""
    wanted = {balance.whole: balance.whole + balance.off}
    wanted |= {part: part - balance.off for part in balance.parts}
    found: list[Change] = []
    for old, new in wanted.items():
        if new > 0:
            one = slip(Printed.parse(str(old)), float(new))
            found.append(Change(old, new) if one is None else Change(old, new, one.text, one.code))
    return found


def _needed(document: Document, found: Finding, change: Change, fitting: Sequence[Balance]) -> bool:
    """Whether a sum beside it needs a number as it is."""
    table = _table(document, found)
    return any(
        change.old in (one.whole, *one.parts) and (table is None or _times(document, change.old, table) == 1)
        for one in fitting
    )


def _mends(document: Document, found: Finding, change: Change, other: Finding) -> bool:
    """Whether the change of this number makes another broken sum fit as well."""
    balance, by = other.balance, change.new - change.old
    if balance is None or not _shared(document, found, other, change.old):
        return False
    if change.old in balance.parts:
        return balance.off + by == 0
    return change.old == balance.whole and balance.off == by


def _shared(document: Document, one: Finding, other: Finding, value: int) -> bool:
    """Whether a number of two sums is one print: in a table, that where the row of one meets the column of the other."""
    table = next((t for t in document.tables if _table(document, one) == (t.start, t.end)), None)
    if table is None or one.span is None or other.span is None:
        return True
    at = [
        next(
            (
                (r, c)
                for r, row in enumerate(table.cells)
                for c, cell in enumerate(row)
                if cell.start <= start < cell.end
            ),
            None,
        )
        for start in (one.span[0], other.span[0])
    ]
    if at[0] is None or at[1] is None:
        return True
    crossing = (table.cells[at[0][0]][at[1][1]].text, table.cells[at[1][0]][at[0][1]].text)
    return any(re.search(rf"(?<!\d){value}(?!\d)", _GROUPING.sub("", text)) for text in crossing)


_GROUPING = re.compile(r"(?<=\d)[,\s](?=\d{3}(?!\d))")  # "6,841"


def _together(document: Document, one: Finding, other: Finding) -> bool:
    """Whether two sums are of one table, or of one passage."""
    if one.span is None or other.span is None:
        return False
    table = _table(document, one)
    if table is not None or _table(document, other) is not None:
        return table == _table(document, other)
    return max(one.span[0], other.span[0]) - min(one.span[1], other.span[1]) <= NEAR


def _table(document: Document, found: Finding) -> tuple[int, int] | None:
    """First and last character of the table in which a finding stands."""
    at = found.span[0] if found.span is not None else -1
    return next(((table.start, table.end) for table in document.tables if table.start <= at < table.end), None)


def _times(document: Document, value: int, span: tuple[int, int]) -> int:
    """How often a whole number is printed between two places."""
    return len(re.findall(rf"(?<![\d.,]){value}(?![\d%]|[.,]\d|\s?%)", document.plain[slice(*span)]))


def _printed_elsewhere(document: Document, found: Finding, value: int) -> bool:
    """Whether the paper prints a number of patients again, outside this sum's table or passage."""
    if value < TELLING or found.span is None:
        return False
    start, end = _table(document, found) or (found.span[0] - NEAR, found.span[1] + NEAR)
    tables = [
        (t.start, t.end)
        for t in document.tables
        if start <= t.start and t.end <= end and not t.start <= found.span[0] < t.end
    ]
    beside = "\n".join(document.plain[a:b] for a, b in tables)
    rest = f"{document.plain[: max(0, start)]}\n{beside}\n{document.plain[end:]}"
    return re.search(rf"(?<![\d.,/–-]){value}(?![\d%]|[.,]\d|\s?%|\s?[–-]\s?\d)", rest) is not None


def _named(found: Finding, change: Change, why: str) -> Finding:
    text = f"{change.text or change.told}: {why}"
    repair = str(change.new) if found.reported == str(change.old) else change.told
    return replace(found, cause_code=change.code, cause=text, repair=repair)


def _of_several(document: Document, found: Finding, left: Sequence[Change], *, fewer: bool) -> Finding:
    """The slips among the numbers that are left, weighed; in a table the total keeps what its rule says."""
    slips = [one for one in left if one.text is not None]
    whole = found.balance.whole if found.balance is not None else 0
    kept = found.repair is not None and any(str(one.new) == found.repair and one.old == whole for one in slips)
    if _table(document, found) is not None and kept and not fewer:
        return found
    if len(slips) > MOST_TOLD:
        return replace(found, cause_code=slips[0].code, cause=_MANY, repair=None)
    by_old = {str(one.old): one for one in left}
    likely = weighed([_suspect(one) for one in left]).named
    if likely is not None:
        return _named(found, by_old[likely.suspect.name], "likelier than any other slip")
    if not slips:
        return replace(found, cause_code="unknown", cause=None, repair=None)
    told = ", or ".join(one.told for one in slips)
    text = (
        f"one slip would explain it, of several: {told}"
        if len(slips) > 1
        else f"perhaps {slips[0].text}, if it is a slip"
    )
    return replace(found, cause_code=slips[0].code, cause=text, repair=None)


def _suspect(change: Change) -> Suspect:
    """A number of a sum that may have a slip; it may as well be a miscount, by as little as any."""
    printed = Printed.parse(str(change.old))
    return Suspect(
        printed.text, printed, lambda edit: edit.value == change.new, places=0, plausible=MISCOUNTS, other=MISCOUNTED
    )


MISCOUNTS, MISCOUNTED = 20.0, 0.25  # values that a miscount may give; how often a number is one, against a slip
_MANY = "one digit is wrong; several single changes would do, so none is named"
