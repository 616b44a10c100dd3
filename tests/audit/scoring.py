"""Score an audit against a table of hand-checked rows.

``python tests/audit/scoring.py FOLDER`` reads FOLDER/audit/findings_visible.csv and the documents in FOLDER/seeds, and
prints recall, flags that no row explains, coverage of the consistent rows, causes and repairs. Columns of the table:
id, document, location, quote, reported, recomputed, rule, verdict, severity, note.

How a finding is matched with a row of the same document. Numerals are compared without sign, relation and per cent.
  about the row  : the finding's printed numerals share one with the row's (quote, reported), and half or more of the
                   numerals of the row's quote stand in the line, quote or message of the finding; where only numerals of
                   one digit are shared, a name of the row's place or quote has to stand there, too;
  by the rule    : both rules belong to one family (FAMILIES), since one error is often seen by several rules.
An error row is found when a flag is about it and of its family, or about it with every printed numeral in common.
A consistent or rounding row is wrongly flagged when a flag of its own rule is about it with every printed numeral in
common and no error row explains that flag; it is covered when a check that passed is about it and of its family.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FLAGS = ("inconsistent", "impossible")
FAMILIES: tuple[frozenset[str], ...] = (
    frozenset({"percent-vs-count", "GRIM", "GRIMMER", "DEBIT", "total-vs-parts", "cross-reference"}),
    frozenset({"chi2-vs-counts", "t-vs-summary", "p-vs-statistic", "robustness-of-significance", "cross-reference"}),
    frozenset({"double-exponentiation", "ci-vs-point", "duplicate-value", "cross-reference", "pooled-vs-studies"}),
    frozenset({"p-vs-ci", "ci-vs-point", "claim-vs-evidence", "precision-bound", "events-bound"}),
    frozenset({"direction-vs-claim", "adjusted-vs-crude", "median-vs-hr", "claim-vs-evidence"}),
    frozenset({"pooled-vs-studies", "heterogeneity", "cross-reference", "total-vs-parts"}),
    frozenset({"scale-bound", "total-vs-parts", "quantile-order", "dates-in-order", "sample-flow"}),
)
CAUSE_WORDS: tuple[tuple[str, str], ...] = (  # words of a note -> the cause it names
    ("typing slip", "typing-slip"),
    ("lost digit", "lost-digit"),
    ("tenfold", "lost-digit"),
    ("next row", "neighbour-row"),
    ("copied", "copied-interval"),
    ("exact duplicate", "copied-interval"),
    ("double-exponentiated", "double-exponentiation"),
    ("reversed", "reversed-coding"),
)
WORD = re.compile(r"[^\W\d_]{3,}")
COMMON = frozenset(
    {"table", "results", "abstract", "methods", "text", "and", "the", "high", "moderate", "low", "with", "studies"}
)
NUMERAL = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d*\.\d+|\d+")


def numerals(text: str) -> frozenset[str]:
    """The numerals of a text, without sign, thousands marks, leading and closing zeros.

    >>> sorted(numerals("OR 3.90 (95% CI 1,022.5-.5)"))
    ['.5', '1022.5', '3.9', '95']
    """
    found = set()
    for item in NUMERAL.findall(text or ""):
        plain = item.replace(",", "").lstrip("0")
        if "." in plain:
            plain = plain.rstrip("0").rstrip(".")
        found.add(plain or "0")
    return frozenset(found)


def specific(items: Iterable[str]) -> frozenset[str]:
    """Without the level of an interval, which stands everywhere."""
    return frozenset(items) - {"95"}


@dataclass(frozen=True)
class Row:
    """One row of the truth."""

    id: str
    document: str
    location: str
    quote: str
    reported: str
    recomputed: str
    rule: str
    verdict: str
    severity: str
    note: str

    @property
    def is_error(self) -> bool:
        return self.verdict in FLAGS

    @property
    def certain(self) -> bool:
        return self.note.startswith("[certain]")

    @property
    def own(self) -> frozenset[str]:
        return specific(numerals(self.quote) | numerals(self.reported))

    @property
    def cause_code(self) -> str | None:
        """The cause that the row names, where it does."""
        if self.rule in ("double-exponentiation",):
            return self.rule
        if self.rule == "direction-vs-claim":
            return "reversed-coding"
        text = f"{self.recomputed} {self.note}".casefold()
        return next((code for words, code in CAUSE_WORDS if words in text), None)

    @property
    def repair(self) -> frozenset[str]:
        """Numerals of the value that would fit, where the row prints one."""
        text = f"{self.recomputed} {self.note}"
        for pattern in (
            r"correct (?:OR|CI)[^;)]*?([\d.]+ \(95% CI [\d.-]+)",
            r"correct CI about ([\d.]+-[\d.]+)",
            r"tenfold: ([\d.]+)",
            r"typing slip [\d.]+ for ([\d.]+)",
        ):
            found = re.search(pattern, text)
            if found:
                return specific(numerals(found[1]))
        return frozenset()


@dataclass(frozen=True)
class Seen:
    """One finding with the words around it."""

    document: str
    rule: str
    verdict: str
    flagged: bool
    severity: str
    basis: str
    reported: str
    quote: str
    context: str
    message: str
    cause_code: str | None
    repair: str | None
    line: int | None = None

    @property
    def printed(self) -> frozenset[str]:
        return specific(numerals(self.reported))

    @property
    def around(self) -> frozenset[str]:
        return numerals(f"{self.quote} {self.context} {self.message} {self.reported}")


def rows_of(path: Path) -> list[Row]:
    """The rows of a truth table."""
    with path.open(newline="", encoding="utf-8") as file:
        names = tuple(Row.__dataclass_fields__)
        return [Row(**{name: line[name] for name in names}) for line in csv.DictReader(file)]


def seen(findings: Iterable[Any], document: Any) -> list[Seen]:
    """The findings of one document, each with the line that it stands in."""
    result = []
    lines = document.text.split("\n")
    for found in findings:
        context = lines[found.line - 1] if found.line and found.line <= len(lines) else ""
        result.append(
            Seen(
                document=document.name,
                rule=found.rule,
                verdict=found.verdict,
                flagged=found.flagged,
                severity=found.severity,
                basis=found.basis,
                reported=found.reported,
                quote=found.quote,
                context=context if len(context) < 600 else "",
                message=found.message,
                cause_code=found.cause_code,
                repair=found.repair,
                line=found.line,
            )
        )
    return result


def same_family(a: str, b: str) -> bool:
    """Whether two rules may see the same error."""
    return a == b or any(a in family and b in family for family in FAMILIES)


def about(finding: Seen, row: Row) -> float:
    """How much of the row the finding is about, 0 where it is about something else."""
    if finding.document != row.document:
        return 0.0
    shared = finding.printed & row.own
    if not shared:
        loose = finding.printed & specific(numerals(row.recomputed))
        if not (row.is_error and loose):
            return 0.0
    quoted = specific(numerals(row.quote)) or row.own
    inside = len(quoted & finding.around) / len(quoted) if quoted else 1.0
    if inside < 0.5:
        return 0.0
    if all(len(numeral) == 1 for numeral in shared) and not _same_words(finding, row):
        return 0.0
    whole = len(shared) / len(finding.printed) if finding.printed else 0.0
    return inside + whole


def _same_words(finding: Seen, row: Row) -> bool:
    """Whether a name of the row's place or quote stands around the finding; asked where all shared numerals have one digit."""
    names = {word.casefold() for word in WORD.findall(f"{row.location.partition(',')[2]} {row.quote}")} - COMMON
    around = f"{finding.quote} {finding.context} {finding.message}".casefold()
    return any(name in around for name in names)


def finds(finding: Seen, row: Row) -> bool:
    """Whether a flag finds an error row."""
    strength = about(finding, row)
    return strength > 0 and (same_family(finding.rule, row.rule) or finding.printed <= row.own)


@dataclass
class Score:
    """What came of it: rows found and missed, flags explained or not."""

    found: dict[str, list[Seen]] = field(default_factory=dict)
    missed: list[Row] = field(default_factory=list)
    explained: list[Seen] = field(default_factory=list)
    unlisted: list[Seen] = field(default_factory=list)
    wrong: list[tuple[Row, Seen]] = field(default_factory=list)
    covered: list[Row] = field(default_factory=list)
    uncovered: list[Row] = field(default_factory=list)
    causes: list[tuple[Row, bool, str]] = field(default_factory=list)
    repairs: list[tuple[Row, bool, str]] = field(default_factory=list)
    errors: list[Row] = field(default_factory=list)


def score(findings: Sequence[Seen], rows: Sequence[Row]) -> Score:
    """Match findings and rows (see the head of this file)."""
    result = Score(errors=[row for row in rows if row.is_error])
    flags = [finding for finding in findings if finding.flagged]
    passed = [finding for finding in findings if not finding.flagged]
    for row in result.errors:
        hits = sorted((f for f in flags if finds(f, row)), key=lambda f: -about(f, row) - (f.rule == row.rule))
        if hits:
            result.found[row.id] = hits
            _judge_cause(result, row, hits)
        else:
            result.missed.append(row)
    hit = {id(finding) for hits in result.found.values() for finding in hits}
    right = [row for row in rows if not row.is_error]
    for finding in flags:
        if id(finding) in hit:
            result.explained.append(finding)
            continue
        against = [r for r in right if about(finding, r) > 0 and finding.printed <= r.own and same_rule(finding, r)]
        if against:
            result.wrong.append((max(against, key=lambda r: about(finding, r)), finding))
        else:
            result.unlisted.append(finding)
    for row in right:
        seen_by = [f for f in passed if about(f, row) > 0 and same_family(f.rule, row.rule)]
        (result.covered if seen_by or row.rule == "none" else result.uncovered).append(row)
    return result


def same_rule(finding: Seen, row: Row) -> bool:
    """Whether the flag contradicts this very row."""
    return finding.rule == row.rule or {finding.rule, row.rule} <= {"percent-vs-count", "GRIM"}


def _judge_cause(result: Score, row: Row, hits: Sequence[Seen]) -> None:
    if row.cause_code is not None:
        codes = {hit.cause_code or "none" for hit in hits}
        result.causes.append((row, row.cause_code in codes, ", ".join(sorted(codes))))
    if row.repair:
        told = [hit.repair or "" for hit in hits]
        result.repairs.append((row, any(row.repair & numerals(text) for text in told), "; ".join(filter(None, told))))


def report(result: Score) -> Iterator[str]:
    """The tables as text."""
    for name, rows in (
        ("certain", [row for row in result.errors if row.certain]),
        ("judgement", [row for row in result.errors if not row.certain]),
    ):
        hits = sum(row.id in result.found for row in rows)
        yield f"recall, {name} errors: {hits} of {len(rows)}{_share(hits, len(rows))}"
    for row in result.missed:
        yield f"  MISSED {row.id} {row.rule}: {row.quote[:90]} | {row.reported[:60]} | {row.recomputed[:80]}"
    n_flags = len(result.explained) + len(result.unlisted) + len(result.wrong)
    yield f"flags: {n_flags}; explained by an error row {len(result.explained)}{_share(len(result.explained), n_flags)}"
    for row, flag in result.wrong:
        yield f"  WRONG against {row.id}: {_told(flag)}"
    for flag in result.unlisted:
        yield f"  UNLISTED {_told(flag)}"
    n_right = len(result.covered) + len(result.uncovered)
    flagged_rows = len({row.id for row, _ in result.wrong})
    yield f"consistent and rounding rows flagged: {flagged_rows} of {n_right}{_share(flagged_rows, n_right)}"
    yield f"consistent and rounding rows covered: {len(result.covered)} of {n_right}{_share(len(result.covered), n_right)}"
    missing = Counter(f"{row.document[:3]} {row.rule}" for row in result.uncovered)
    yield "  not covered: " + ", ".join(f"{name} {count}" for name, count in sorted(missing.items()))
    for row in result.uncovered:
        yield f"    {row.id} {row.rule}: {row.quote[:80]} | {row.reported[:50]}"
    for name, judged in (("cause", result.causes), ("repair", result.repairs)):
        right = sum(fits for _, fits, _ in judged)
        yield f"{name} right: {right} of {len(judged)}{_share(right, len(judged))}"
        for row, fits, told in judged:
            if not fits:
                wanted = row.cause_code if name == "cause" else " ".join(sorted(row.repair))
                yield f"  {row.id} {row.rule}: wanted {wanted}, told {told or 'nothing'}"


def _share(part: int, whole: int) -> str:
    return f" ({100 * part / whole:.1f}%)" if whole else ""


def _told(flag: Seen) -> str:
    where = f"{flag.document[:3]} line {flag.line}"
    return f"{where} {flag.rule} [{flag.verdict}, {flag.severity}, {flag.basis}] {flag.reported}: {flag.message} <{flag.quote[:110]}>"


def audit_folder(folder: Path) -> tuple[list[Seen], list[Row]]:
    """Every document of the truth table, read and checked."""
    from ostealgia.audit.checking import check
    from ostealgia.io.documents import read_document

    rows = rows_of(folder / "audit" / "findings_visible.csv")
    findings: list[Seen] = []
    for name in sorted({row.document for row in rows}):
        document = read_document(folder / "seeds" / name)
        findings += seen(check(document).findings, document)
    return findings, rows


def main(folder: str) -> None:
    """Print the tables."""
    findings, rows = audit_folder(Path(folder))
    sys.stdout.write("\n".join(report(score(findings, rows))) + "\n")
    verdicts = Counter((f.document[:3], "flag" if f.flagged else f.verdict) for f in findings)
    sys.stdout.write(
        "checks by document: " + ", ".join(f"{k[0]} {k[1]} {v}" for k, v in sorted(verdicts.items())) + "\n"
    )
    rules = Counter((f.rule, "flag" if f.flagged else "pass") for f in findings)
    sys.stdout.write("checks by rule: " + ", ".join(f"{k[0]} {k[1]} {v}" for k, v in sorted(rules.items())) + "\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "../shared")
