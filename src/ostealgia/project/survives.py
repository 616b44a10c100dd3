"""Which conclusions of a paper survive: each is judged by what its printed numbers allow, with the reason."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ostealgia import display
from ostealgia.display import capital, count_of, p_text
from ostealgia.errors import ProjectError, suggestion
from ostealgia.numerics.proportion_tables import odds_ratio, risk_difference
from ostealgia.numerics.summary_tests import chi2_pearson, chi2_yates, fisher_exact, t_student
from ostealgia.project import printed_tables
from ostealgia.project.claim_base import CANNOT, DIFFERS, ClaimResult
from ostealgia.project.model import CONFIG, RowOf, TableSpec
from ostealgia.project.store import Project, Row
from ostealgia.project.survives_spec import ConclusionSpec, EvidenceSpec

SURVIVES, FALLS, UNKNOWN = "survives", "does not survive", "cannot be told"
VERDICTS = {
    SURVIVES: "the printed numbers that it rests on fit together and support it",
    FALLS: "a number that it rests on is impossible, contradicts the words, or does not bear them",
    UNKNOWN: "what would decide it is not printed, or the design cannot show it",
}
ALPHA = 0.05


@dataclass(frozen=True)
class Evidence:
    """What one piece says. holds : True, False, or None where it cannot be told.  basis : "arithmetic" or "judgement"."""

    holds: bool | None
    text: str
    decides: bool
    basis: str = "arithmetic"


@dataclass(frozen=True)
class Conclusion:
    """A conclusion with its verdict. why : what decides it.  beside : what else was found.  limits : what the verdict does not say."""

    id: str
    title: str
    source: str
    verdict: str
    why: tuple[str, ...]
    beside: tuple[str, ...]
    limits: str
    evidence: tuple[Evidence, ...]

    def to_dict(self) -> dict[str, Any]:
        """id, conclusion, verdict, why, beside, limits, source, basis ("judgement" where a piece that decides is one)."""
        decides = [one for one in self.evidence if one.decides]
        basis = "judgement" if any(one.basis == "judgement" for one in decides) else "arithmetic"
        return {
            "id": self.id, "conclusion": self.title, "verdict": self.verdict, "why": "; ".join(self.why), "beside": "; ".join(self.beside),
            "limits": self.limits, "basis": basis, "source": self.source,
        }  # fmt: skip


@dataclass(frozen=True)
class _Context:
    project: Project
    claims: Sequence[ClaimResult]
    place: str

    def table(self, name: str) -> TableSpec:
        """A declared table, or a ProjectError with the choices."""
        known = {table.id: table for table in self.project.spec.table}
        if name not in known:
            raise ProjectError(f"{self.place}: there is no table {name!r}.{suggestion(name, list(known))}")
        return known[name]

    def claim(self, ident: str) -> ClaimResult:
        """A judged claim or a recomputed test by its id."""
        for one in self.claims:
            if one.id == ident:
                return one
        raise ProjectError(
            f"{self.place}: there is no claim or test {ident!r}.{suggestion(ident, [one.id for one in self.claims])}"
        )


def conclusions_of(project: Project, claims: Sequence[ClaimResult]) -> tuple[Conclusion, ...]:
    """Every ``[[conclusion]]`` of a project with its verdict.

    It survives where everything that decides holds; it does not where one of these fails; else it cannot be told. Raises ProjectError for
    a place that does not exist.
    """
    return tuple(_judged(spec, project, claims) for spec in project.spec.conclusion)


def _judged(spec: ConclusionSpec, project: Project, claims: Sequence[ClaimResult]) -> Conclusion:
    context = _Context(project, claims, f"{CONFIG}, conclusion {spec.id!r}")
    found = tuple(KINDS[one.kind](one, context) for one in spec.evidence)
    decides = [one for one in found if one.decides]
    if not decides:
        raise ProjectError(f"{context.place}: nothing decides it. Leave out decides = false in one piece of evidence.")
    states = [one.holds for one in decides]
    verdict = FALLS if False in states else UNKNOWN if None in states else SURVIVES
    wanted = {FALLS: False, UNKNOWN: None, SURVIVES: True}[verdict]
    return Conclusion(
        id=spec.id, title=spec.title, source=spec.source, verdict=verdict, why=tuple(one.text for one in decides if one.holds is wanted),
        beside=tuple(one.text for one in found if not (one.decides and one.holds is wanted)), limits=spec.limits, evidence=found,
    )  # fmt: skip


# ---------------------------------------------------------------- kinds of evidence


def _claims(spec: EvidenceSpec, context: _Context) -> Evidence:
    found = [context.claim(ident) for ident in spec.claims]
    wrong = [one for one in found if one.verdict == DIFFERS]
    unknown = [one for one in found if one.verdict == CANNOT]
    told = wrong or unknown or found
    text = "; ".join(
        f"{_name(one)}: published {one.published}, recomputed {one.recomputed}"
        if one in wrong
        else f"{_name(one)}: {one.recomputed or one.verdict}"
        for one in told
    )
    return Evidence(False if wrong else None if unknown else True, text, spec.decides)


def _name(claim: ClaimResult) -> str:
    """The title without the numbers in brackets behind it, which follow anyway."""
    return re.sub(r"\s*\([^()]*\d[^()]*\)$", "", claim.title)


def _tests(spec: EvidenceSpec, context: _Context) -> Evidence:
    table = context.table(spec.table)
    tests = [one for one in context.claims if one.id.startswith(f"{table.id}.")]
    wrong = [one for one in tests if one.verdict == DIFFERS]
    values = [row.printed(printed_tables.P) for row in context.project.tables[table.id]]
    known = [cell.value for cell in values if cell is not None]
    if not tests or not known:
        return Evidence(None, f"{printed_tables.short(table)} has no test", spec.decides)
    low = min(known)
    text = (
        f"{len(tests) - len(wrong)} of {count_of(len(tests), 'test', 'tests')} of {printed_tables.short(table)} fit the counts and means; "
        f"P values from {low:.3g} to {max(known):.3g}"
    )
    return Evidence(not wrong and low >= ALPHA, text, spec.decides)


def _readings(spec: EvidenceSpec, context: _Context) -> Evidence:
    """A table whose margins do not fit: the odds ratio as printed, and with one column or the other believed."""
    table = context.table(spec.table)
    sizes = {one.level: _size(one.table, one.group, context) for one in spec.sizes}
    other = next((level for level in sizes if level != spec.level), "")
    if spec.level not in sizes or not other or len(table.groups) != 2:
        raise ProjectError(
            f"{context.place}: readings needs sizes of two levels, one of them {spec.level!r}, and a table of two groups."
        )
    cells = {
        level: _row_counts(table, RowOf(table=table.id, variable=spec.variable, level=level), context)
        for level in sizes
    }
    first, second = (group.name.lower() for group in table.groups)
    (a, b), (c, d) = cells[spec.level], cells[other]
    n1, n0 = sizes[spec.level], sizes[other]
    readings = {"as printed": (a, a + b, c, c + d)}
    if (a + b, c + d) != (n1, n0):
        readings |= {
            f"if the {first} are right": (a, n1, c, n0),
            f"if the {second} are right": (n1 - b, n1, n0 - d, n0),
        }
    told, held = [], []
    for name, (x1, m1, x0, m0) in readings.items():
        if not (0 < x1 < m1 and 0 < x0 < m0):
            told.append(f"{name}: no table of {m1} and {m0} patients")
            continue
        ratio, low, high = odds_ratio(x1, m1, x0, m0)
        p = fisher_exact([[x1, x0], [m1 - x1, m0 - x0]])
        held.append((low > 1 if spec.says == "higher" else high < 1) and p < ALPHA)
        told.append(
            f"{name} {x1}/{m1} against {x0}/{m0}, odds ratio {display.number(ratio)} ({display.interval(low, high)}), {p_text(p)}"
        )
    number = "in the one reading" if len(readings) == 1 else f"in each of the {len(readings)} readings"
    side = (
        f"the odds are {spec.says} {number} of the table"
        if all(held) and held
        else f"the odds are not {spec.says} {number} of the table"
    )
    return Evidence(bool(held) and all(held), f"{side}: {'; '.join(told)}", spec.decides)


def _size(table: str, group: str, context: _Context) -> int:
    groups = {one.column: one.n for one in context.table(table).groups}
    if group not in groups:
        raise ProjectError(f"{context.place}: table {table!r} has no group {group!r}.{suggestion(group, list(groups))}")
    return groups[group]


def _row_counts(table: TableSpec, where: RowOf, context: _Context) -> tuple[int, int]:
    counts = printed_tables.counts_against_rest(context.project, (table,), where)
    if counts is None:
        raise ProjectError(
            f"{context.place}: the row {where.variable!r} {where.level!r} of table {table.id!r} has no counts of two groups."
        )
    return counts[0][0], counts[0][1]


def _crude(spec: EvidenceSpec, context: _Context) -> Evidence:
    """One row of a table of two groups: odds of the level in the first group, or its mean, against the second."""
    table = context.table(spec.table)
    where = RowOf(table=table.id, variable=spec.variable, level=spec.level)
    counts = printed_tables.counts_against_rest(context.project, (table,), where)
    name = printed_tables.plain_name(spec.variable) + (f" {spec.level}" if spec.level else "")
    if counts is not None:
        (a, b), (c, d) = counts
        ratio, low, high = odds_ratio(a, a + c, b, b + d)
        held = low > 1 if spec.says == "higher" else high < 1
        text = f"{name}, crude: odds ratio {display.number(ratio)} ({display.interval(low, high)})"
        return Evidence(held, text if held else f"{text}, which does not exclude 1 on that side", spec.decides)
    values = [_mean_sd(group.column, printed_tables.row_at(context.project, where)) for group in table.groups]
    if len(values) != 2 or None in values:
        raise ProjectError(
            f"{context.place}: the row {spec.variable!r} of table {table.id!r} has neither counts nor means of two groups."
        )
    (m1, s1), (m2, s2) = (value for value in values if value is not None)
    p = float(t_student(m1, s1, table.groups[0].n, m2, s2, table.groups[1].n).p_value)
    held = p < ALPHA and (m1 > m2) == (spec.says == "higher")
    text = f"{name}, crude: mean {m1:g} in {table.groups[0].name.lower()}, {m2:g} in {table.groups[1].name.lower()}, {p_text(p)}"
    return Evidence(held, text, spec.decides)


def _mean_sd(column: str, row: Row) -> tuple[float, float] | None:
    mean, sd = row.printed(f"{column}_mean"), row.printed(f"{column}_sd")
    return None if mean is None or sd is None else (mean.value, sd.value)


def _two_by_two(spec: EvidenceSpec, context: _Context) -> tuple[str, int, int, int, int, tuple[str, str]]:
    """(name, events and size of the second group, then of the first): the second is the treated one in a table of treatments."""
    table = context.table(spec.table)
    where = RowOf(table=table.id, variable=spec.variable, level=spec.level)
    first, second = _row_counts(table, where, context)
    sizes = (table.groups[0].n, table.groups[1].n)
    names = (table.groups[1].name.lower(), table.groups[0].name.lower())
    return printed_tables.plain_name(spec.variable), second, sizes[1], first, sizes[0], names


def _robust(spec: EvidenceSpec, context: _Context) -> Evidence:
    name, x1, n1, x0, n0, _ = _two_by_two(spec, context)
    table = [[x1, x0], [n1 - x1, n0 - x0]]
    found = {
        "Pearson": float(chi2_pearson(table).p_value), "Yates": float(chi2_yates(table).p_value), "Fisher": fisher_exact(table),
    }  # fmt: skip
    family = min(1.0, spec.family * found["Pearson"])
    each = ", ".join(f"{test} {p_text(p)}" for test, p in found.items())
    text = f"{name}: {each}; for {spec.family} comparisons (Bonferroni) {p_text(family)}"
    return Evidence(max(*found.values(), family) < ALPHA, text, spec.decides)


def _no_difference(spec: EvidenceSpec, context: _Context) -> Evidence:
    name, x1, n1, x0, n0, names = _two_by_two(spec, context)
    found = risk_difference(x1, n1, x0, n0)
    low, high = 100 * found.ci_low, 100 * found.ci_high
    text = (
        f"{name}: {x1}/{n1} {names[0]} against {x0}/{n0} {names[1]}, difference {display.number(100 * found.estimate, 1)} points "
        f"({display.interval(low, high, 1)})"
    )
    holds = low <= 0 <= high
    tail = (
        f"; no difference is shown, and an excess of up to {display.number(max(high, 0.0), 1)} points is not excluded"
        if holds
        else ""
    )
    return Evidence(holds, text + tail, spec.decides)


def _ratio(spec: EvidenceSpec, context: _Context) -> Evidence:
    table = context.table(spec.table)
    rows = [row for row in context.project.tables[table.id] if row.text(table.label) == spec.row]
    if not rows:
        known = [row.text(table.label) for row in context.project.tables[table.id]]
        raise ProjectError(f"{context.place}: table {table.id!r} has no row {spec.row!r}.{suggestion(spec.row, known)}")
    cells = [rows[0].printed(name) for name in (table.estimate, "ci_low", "ci_high")]
    values = [math.nan if cell is None else cell.value for cell in cells]
    if any(math.isnan(value) or value <= 0 for value in values):
        return Evidence(None, f"{spec.row}: no ratio with its interval is printed", spec.decides)
    estimate, low, high = values
    if not low < estimate < high:
        return Evidence(
            False, f"{table.measure} {estimate:g} lies outside its interval {low:g} to {high:g}", spec.decides
        )
    held = low > 1 if spec.says == "higher" else high < 1
    text = f"{table.measure} {estimate:g} ({low:g} to {high:g}) {'excludes' if held else 'does not exclude'} 1"
    return Evidence(held, text, spec.decides)


def _not_printed(spec: EvidenceSpec, context: _Context) -> Evidence:
    return Evidence(None, f"not printed: {spec.text}", spec.decides)


def _judgement(spec: EvidenceSpec, context: _Context) -> Evidence:
    return Evidence({"yes": True, "no": False, "unknown": None}[spec.holds], spec.text, spec.decides, "judgement")


KINDS: dict[str, Callable[[EvidenceSpec, _Context], Evidence]] = {
    "claims": _claims,
    "tests": _tests,
    "readings": _readings,
    "crude": _crude,
    "robust": _robust,
    "no-difference": _no_difference,
    "ratio": _ratio,
    "not-printed": _not_printed,
    "judgement": _judgement,
}


def answer_text(found: Sequence[Conclusion]) -> str:
    """The sentence that counts the verdicts."""
    n = {verdict: sum(one.verdict == verdict for one in found) for verdict in VERDICTS}
    return capital(
        f"of {count_of(len(found), 'conclusion', 'conclusions')} of the paper {n[SURVIVES]} "
        f"survive{'s' * (n[SURVIVES] == 1)} a check of the "
        f"printed numbers, {n[FALLS]} {'does' if n[FALLS] == 1 else 'do'} not, and {n[UNKNOWN]} cannot be told from what is printed."
    )
