"""Tables of estimates with interval and P: each line by itself, and the same effect at several places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ostealgia.audit.finding import Finding, Place
from ostealgia.audit.layout import cell_number, cell_p, file_lines, text_of
from ostealgia.audit.rules.bounds import events_bound, precision_bound
from ostealgia.audit.rules.confidence import Triplet, ci_vs_point
from ostealgia.audit.rules.exponentiation import Elsewhere, double_exponentiation
from ostealgia.audit.rules.p_values import p_vs_ci
from ostealgia.audit.rules.scales import SCALES, scale_of
from ostealgia.audit.rules.totals import cross_reference, duplicate_interval
from ostealgia.errors import TableError
from ostealgia.numerics.intervals import Printed

if TYPE_CHECKING:
    import pandas as pd

HAZARD, ODDS = ("HR", "AHR", "SHR"), ("OR", "AOR")


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Names of the columns of such a table; one that is not there counts as empty, but for the estimate."""

    label: str = "quantity"
    measure: str = "measure"
    estimate: str = "estimate"
    ci_low: str = "ci_low"
    ci_high: str = "ci_high"
    p_value: str = "p_reported"


@dataclass(frozen=True)
class Line:
    """One printed estimate; numbers are None where nothing is printed."""

    label: str
    scale: str
    measure: str
    estimate: Printed
    low: Printed | None
    high: Printed | None
    p_value: Printed | None
    place: Place
    effect: str = ""

    @property
    def triplet(self) -> Triplet | None:
        """Estimate and limits, where all are printed."""
        return Triplet(self.estimate, self.low, self.high) if self.low and self.high else None


def check_ratio_triplets(
    frame: pd.DataFrame,
    *,
    measure: str = "OR",
    p_test: str | Mapping[str, str] | None = None,
    n: int | None = None,
    events: Mapping[str, int] | None = None,
    exposed: Mapping[str, tuple[int, int]] | None = None,
    level: float = 0.95,
    document: str | None = None,
    **columns: str,
) -> list[Finding]:
    """Do estimate, interval and P of each line belong together, and can the interval be so narrow?

    frame : one row an estimate, as printed (best read with dtype=str).
    measure : of lines whose measure column is empty or absent: OR, HR, RR, MD, SMD, PR, ... or a scale (ratio,
    difference, proportion, correlation).
    p_test : the test behind P ("Wald", "log-rank"), for all lines or by label.
    n : patients, the most events that a hazard ratio can rest on.
    events : printed events by label.
    exposed : label -> (patients with the factor, patients in the model), for binary factors of a logistic regression.
    columns : fields of Columns by name (label, measure, estimate, ci_low, ci_high, p_value).
    Returns findings line by line, those that fit included; a line without an estimate and both limits gives none here.
    Raises TableError where the estimate column is missing or a cell is no number.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"quantity": ["OS"], "measure": ["HR"], "estimate": ["0.73"], "ci_low": ["0.55"],
    ...                       "ci_high": ["0.98"], "p_reported": ["0.021"]})
    >>> [(f.rule, f.severity) for f in check_ratio_triplets(table, p_test="log-rank", n=205)]
    [('ci-vs-point', 'none'), ('p-vs-ci', 'information'), ('events-bound', 'none')]
    """
    lines = read_lines(frame, Columns(**columns), measure=measure, document=document)
    found: list[Finding] = []
    for line in lines:
        triplet = line.triplet
        if triplet is None:
            continue
        found.append(_centre(line, triplet, lines, level))
        found += _p_value(line, triplet, p_test, level)
        found += _bounds(line, triplet, n, events or {}, exposed or {}, level)
    return found + _duplicates(lines)


def check_repeated_effects(
    frame: pd.DataFrame, *, by: str, measure: str = "OR", document: str | None = None, **columns: str
) -> list[Finding]:
    """Is the same effect printed with the same value at each place, and if not, is one the exponential of the other?

    frame : as for ``check_ratio_triplets``, with a column ``by`` that names the effect; rows without a name are left
    alone.
    Returns one finding for each ratio with an interval that has company (double-exponentiation), and a cross-reference
    for each further place of an effect.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"effect": ["multiple metastases"] * 2, "estimate": ["3.67", "1.30"],
    ...                       "ci_low": ["2.77", "1.01"], "ci_high": ["5.26", "1.67"]})
    >>> [(f.rule, f.repair) for f in check_repeated_effects(table, by="effect") if f.flagged]
    [('double-exponentiation', '1.30 (1.02 to 1.66)'), ('cross-reference', None)]
    """
    lines = read_lines(frame, Columns(**columns), measure=measure, document=document, by=by)
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        if line.effect:
            groups.setdefault((line.effect, line.measure), []).append(line)
    return [found for same in groups.values() for found in _repeated(same)]


def read_lines(
    frame: pd.DataFrame, columns: Columns, *, measure: str, document: str | None = None, by: str | None = None
) -> list[Line]:
    """The lines that print an estimate, with the kind of number each one is.

    by : the column that names the effect, if any. Raises TableError for a missing column or a cell that is no number.
    """
    for needed in (columns.estimate, *((by,) if by else ())):
        if needed not in frame.columns:
            listed = ", ".join(map(str, frame.columns))
            raise TableError(f"column {needed!r} is missing", found=listed, action="Name the columns by keyword.")
    lines: list[Line] = []
    for number, cells in zip(file_lines(frame), frame.to_dict("records"), strict=True):
        parts = [
            cell_number(cells.get(name), column=name, line=number)
            for name in (columns.estimate, columns.ci_low, columns.ci_high)
        ]
        estimate, low, high = parts
        if estimate is None:
            continue
        p = cell_p(cells.get(columns.p_value), column=columns.p_value, line=number)
        label, kind = text_of(cells.get(columns.label)), text_of(cells.get(columns.measure)) or measure
        limits = f"({low.text} to {high.text})" if low and high else ""
        quote = " ".join(part for part in (label, estimate.text, limits, p.text if p else "") if part)
        place = Place(document=document, line=number, quote=quote)
        effect = text_of(cells.get(by)) if by else ""
        lines.append(Line(label, scale_of(kind).name, kind.upper(), estimate, low, high, p, place, effect))
    return lines


def _centre(line: Line, triplet: Triplet, lines: Sequence[Line], level: float) -> Finding:
    check = ci_vs_point(triplet.estimate, triplet.low, triplet.high, scale=line.scale, level=level, place=line.place)
    if not check.flagged or check.cause_code == "double-exponentiation":
        return check
    for other in lines:
        if other is not line and other.triplet is not None and duplicate_interval(triplet, other.triplet) is not None:
            text = f"the interval is that of another line, {other.label or other.effect} ({other.estimate.text})"
            return replace(check, cause_code="copied-interval", cause=text, repair=None)
    return check


def _p_value(line: Line, triplet: Triplet, p_test: str | Mapping[str, str] | None, level: float) -> list[Finding]:
    if line.p_value is None or SCALES[line.scale].no_effect is None or triplet.low.value > triplet.high.value:
        return []
    test = p_test.get(line.label) if isinstance(p_test, Mapping) else p_test
    return [
        p_vs_ci(
            triplet.estimate,
            triplet.low,
            triplet.high,
            line.p_value,
            scale=line.scale,
            level=level,
            test=test,
            place=line.place,
        )
    ]


def _bounds(
    line: Line,
    triplet: Triplet,
    n: int | None,
    events: Mapping[str, int],
    exposed: Mapping[str, tuple[int, int]],
    level: float,
) -> list[Finding]:
    if line.scale != "ratio" or not 0 < triplet.low.value < triplet.high.value:
        return []
    found: list[Finding] = []
    if line.measure in HAZARD and (n is not None or line.label in events):
        known = events.get(line.label)
        found.append(events_bound(triplet.low, triplet.high, events=known, n=n, level=level, place=line.place))
    if line.measure in ODDS and line.label in exposed:
        with_factor, total = exposed[line.label]
        found.append(
            precision_bound(triplet.low, triplet.high, exposed=with_factor, n=total, level=level, place=line.place)
        )
    return found


def _duplicates(lines: Sequence[Line]) -> list[Finding]:
    found: list[Finding] = []
    for i, line in enumerate(lines):
        for earlier in lines[:i]:
            if line.triplet is None or earlier.triplet is None:
                continue
            names = (line.label or line.effect or "this line", earlier.label or earlier.effect or "an earlier line")
            check = duplicate_interval(line.triplet, earlier.triplet, names=names, place=line.place)
            if check is not None:
                found.append(check)
                break
    return found


def _repeated(same: Sequence[Line]) -> list[Finding]:
    """Every line with an interval against all others of its effect, and every further line against the first."""
    found: list[Finding] = []
    for line in same:
        triplet = line.triplet
        others = [Elsewhere(other.estimate, other.low, other.high) for other in same if other is not line]
        usable = triplet is not None and line.scale == "ratio" and 0 < triplet.low.value < triplet.high.value
        if triplet is not None and usable and others:
            found.append(
                double_exponentiation(triplet.estimate, triplet.low, triplet.high, elsewhere=others, place=line.place)
            )
    first = same[0]
    what = f"{first.measure} of {first.effect}"
    return found + [cross_reference(line.estimate, first.estimate, what=what, place=line.place) for line in same[1:]]
