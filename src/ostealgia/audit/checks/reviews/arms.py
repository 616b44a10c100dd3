"""pooled-vs-studies for two arms: events and patients, or means and SDs, of both arms (or one ratio a study) against the pooled result."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ostealgia.audit.checks.across.studies import declared_studies
from ostealgia.audit.checks.reading.columns import Studies, first_number, said, study_tables
from ostealgia.audit.checks.reading.facts import parsed
from ostealgia.audit.checks.reading.text import loose
from ostealgia.audit.checks.reading.two_arms import EVENTS, MEAN, SD, TOTAL
from ostealgia.audit.checks.reading.words import stems
from ostealgia.audit.checks.reviews.grid import DIFFERENCES, TWO_ARMS, Fitted, Target, grid, reproduced
from ostealgia.audit.finding import Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.statements.model import Estimate

FEW = 3  # studies that make a pool worth refitting
MOST = 12  # pooled results of a paper that are refitted
FAMILY = {"AOR": "OR", "AHR": "HR", "WMD": "MD"}
POOLED = loose(r"\b(?:pool|overall|combined|summary|aggregat|meta-?analy|random|fixed|common.effect)")
_FRACTION = re.compile(r"\s*(\d{1,6})\s?/\s?(\d{1,6})\b")
_MEAN_SD = re.compile(
    r"\s*(-?\d{1,5}(?:\.\d+)?)\s?(?:±|\+/-|\()\s?(\d{1,5}(?:\.\d+)?)\)?\s*(?:$|[,;(]\s?(?:n\s?=\s?)?(\d{1,5})\)?\s*$)"
)
_TRIPLET = re.compile(
    r"\s*(\d{1,4}(?:\.\d+)?)\s?[,;]?\s?[(\[]\s?(?:95\s?%\s?CI[:,]?\s?)?(\d{1,4}(?:\.\d+)?)\s?(?:-|–|to|,|;)\s?(\d{1,4}(?:\.\d+)?)\s?[)\]]"
)
GENERIC = stems(
    "characteristics included studies trials results outcomes treatment control group events total mean ratio risk odds"
)


@dataclass(frozen=True)
class Arms:
    """The rows of a table as data of effects.compute, both arms of each study. measures : that they can give."""

    table: Studies
    data: dict[str, list[Any]]
    measures: tuple[str, ...]
    words: frozenset[str]

    @property
    def turned(self) -> dict[str, list[Any]]:
        """The arms exchanged; ratios and their limits are turned over."""
        if "estimate" in self.data:
            data = {name: [1 / v for v in values] for name, values in self.data.items() if name != "study"}
            return {
                "study": self.data["study"],
                "estimate": data["estimate"],
                "ci_low": data["ci_high"],
                "ci_high": data["ci_low"],
            }
        other = {"1": "2", "2": "1"}
        return {(k if k == "study" else k[:-1] + other[k[-1]]): values for k, values in self.data.items()}


def review_arms(paper: Paper) -> Iterator[Finding]:
    """Which methods reproduce each pooled ratio or difference from the printed arms of the studies?"""
    tables = [arms for table in study_tables(paper) for arms in _arms(table)]
    if not tables:
        return
    known: dict[tuple[int, str, float], list[Fitted]] = {}
    for statement, target, measure in list(_targets(paper))[:MOST]:
        about = stems(paper.document.plain[max(0, statement.sentence[0] - 250) : statement.sentence[1]]) - GENERIC
        listed = [arms for arms in tables if measure in arms.measures and (arms.words & about or len(tables) == 1)]
        scale = 100.0 if measure == "RD" and statement.percent else 1.0
        yield from _refitted(paper, statement, target, measure, listed, known, scale)


def _targets(paper: Paper) -> Iterator[tuple[Estimate, Target, str]]:
    for one in paper.of_kind(Estimate):
        measure = FAMILY.get(one.measure or "", one.measure or "")
        if measure not in (*TWO_ARMS, *DIFFERENCES) or one.cell is not None or one.study is not None:
            continue
        if one.section not in ("abstract", "results") or one.ci_kind != "confidence":
            continue
        parts = [parsed(part) for part in (one.estimate, one.ci_low, one.ci_high)]
        estimate, low, high = parts
        if estimate is None or low is None or high is None or not _pooled(paper, one) or low.value >= high.value:
            continue
        yield one, Target(estimate, low, high, share=False), measure


def _pooled(paper: Paper, one: Estimate) -> bool:
    """Whether a sentence tells of pooling, and not first of another estimate: "RRs of 0.9 (...) and 1.1 (...); pooled RR 1.0 (...)"."""
    said = POOLED.search(paper.document.plain, *one.sentence)
    if said is None:
        return False
    others = [o for o in paper.of_kind(Estimate) if o.sentence == one.sentence and o.ci_low is not None]
    last = max(others, key=lambda o: o.end, default=one)
    return not (len(others) > 2 and one.end <= said.start() and said.end() <= last.end and one is not last)


def _refitted(
    paper: Paper,
    statement: Estimate,
    target: Target,
    measure: str,
    listed: Sequence[Arms],
    known: dict[tuple[int, str, float], list[Fitted]],
    scale: float,
) -> Iterator[Finding]:
    best: tuple[str, list[Fitted], Arms] | None = None
    for arms in listed:
        key = id(arms), measure, scale
        if key not in known:
            named = {measure: (TWO_ARMS | DIFFERENCES)[measure]}
            known[key] = [fit for data in (arms.data, arms.turned) for fit in grid(data, named, scale)]
        if not known[key]:
            continue
        verdict, found = reproduced(target, known[key])
        if best is None or verdict != "inconsistent":
            best = verdict, found, arms
        if verdict != "inconsistent":
            break
    if best is None:
        return
    verdict, found, arms = best
    beyond = verdict == "inconsistent" and _beyond(paper, target, arms, known[id(arms), measure, scale], len(listed))
    label, digits = arms.table.printed.label or "the table of studies", target.estimate.decimals + 1
    first = found[0]
    more = f" and {len(found) - 1} other method{'s' if len(found) > 2 else ''}" if len(found) > 1 else ""
    told = f"{target.text} is {first.text(digits)} by {first.label}{more} from the {first.k} studies of {label}"
    if verdict == "inconsistent":
        told = (
            f"no usual method gives {target.text} from the {first.k} studies of {label}; the nearest is {first.text(digits)} by "
            f"{first.label}; the pool may rest on other studies or on numbers that are not printed"
        )
    yield make(
        "pooled-vs-studies",
        paper.place(statement.start, statement.end),
        reported=target.text,
        verdict=verdict,
        severity="none" if verdict != "inconsistent" else "major" if beyond else "information",
        basis="arithmetic" if verdict != "inconsistent" or beyond else "judgement",
        message=told,
        recomputed=first.estimate,
    )


def _beyond(paper: Paper, target: Target, arms: Arms, fits: Sequence[Fitted], tables: int) -> bool:
    """Whether every method, on every study of the only such table, has its whole interval beside the printed one."""
    rows = len(arms.data["study"])
    if rows != len(arms.table.rows) or rows not in declared_studies(paper) or tables != 1:
        return False
    above = all(fit.low > target.high.interval().high for fit in fits)
    below = all(fit.high < target.low.interval().low for fit in fits)
    both = all(fit.low > target.high.interval().high or fit.high < target.low.interval().low for fit in fits)
    return bool(fits) and (above or below or both)


# ---------------------------------------------------------------- rows of the table


def _arms(table: Studies) -> Iterator[Arms]:
    """What the columns of a table give: fractions, events and totals, means with SDs, or one ratio a study."""
    printed = table.printed
    names = [f"{i} {name}" for i, name in enumerate(table.names)]
    words = (stems(printed.caption) | frozenset().union(*map(table.column_words, range(printed.n_columns)))) - GENERIC
    columns = [c for c in range(printed.n_columns) if c not in (table.label_column,)]
    fractions = _matching(table, columns, _FRACTION)
    if len(fractions) == 2:
        (_, one), (_, two) = fractions
        rows = [(*map(int, a), *map(int, b)) if a and b else None for a, b in zip(one, two, strict=True)]
        yield from _binary(table, names, rows, words)
    elif len(quads := _forest(table, columns, EVENTS, TOTAL)) == 4:
        rows = [tuple(int(v.value) for v in row) if None not in row else None for row in zip(*quads, strict=True)]  # type: ignore[union-attr]
        yield from _binary(table, names, rows, words)
    yield from _continuous(table, names, columns, words)
    for column, found in _matching(table, columns, _TRIPLET):
        name = f"{printed.column_name(column)} {printed.caption}"
        measures = tuple(m for m in ("OR", "RR", "HR") if re.search(rf"\b{m}s?\b|{TWO_ARMS[m]}", name, re.I))
        usable: list[tuple[str, list[float]]] = [
            (n, [float(part) for part in triplet]) for n, triplet in zip(names, found, strict=True) if triplet
        ]
        usable = [(n, v) for n, v in usable if 0 < v[1] < v[0] < v[2]]
        if len(measures) == 1 and len(usable) >= FEW:
            data: dict[str, list[Any]] = {"study": [n for n, _ in usable]}
            data |= {name: [v[k] for _, v in usable] for k, name in enumerate(("estimate", "ci_low", "ci_high"))}
            yield Arms(table, data, measures, words)


Found = list[tuple[int, list[tuple[str, ...] | None]]]


def _matching(table: Studies, columns: Sequence[int], pattern: re.Pattern[str]) -> Found:
    """Columns of which nearly every filled cell has a form, with its parts by row."""
    found: Found = []
    for column in columns:
        texts = [table.cell(row, column).text.replace("−", "-") for row in table.rows]
        parts = [match.groups() if said(text) and (match := pattern.match(text)) else None for text in texts]
        filled = sum(said(text) for text in texts)
        if filled >= FEW and sum(part is not None for part in parts) >= max(FEW, 0.9 * filled):
            found.append((column, parts))
    return found


def _forest(table: Studies, columns: Sequence[int], first: re.Pattern[str], second: re.Pattern[str]) -> list[list[Any]]:
    """The columns events, total, events, total of a forest plot's table; empty where they are not just these four."""
    names = {c: table.printed.column_name(c) for c in columns}
    kinds = [(c, "e" if first.search(name) else "t" if second.search(name) else "") for c, name in names.items()]
    kinds = [(c, kind) for c, kind in kinds if kind and sum(n is not None for n in table.numbers(c)) >= FEW]
    if "".join(kind for _, kind in kinds) not in ("etet", "tete"):
        return []
    ordered = [c for c, _ in kinds] if kinds[0][1] == "e" else [kinds[i][0] for i in (1, 0, 3, 2)]
    return [table.numbers(c) for c in ordered]


def _binary(
    table: Studies, names: list[str], rows: Sequence[tuple[int, ...] | None], words: frozenset[str]
) -> Iterator[Arms]:
    usable = [
        (name, row) for name, row in zip(names, rows, strict=True) if row and row[0] <= row[1] and row[2] <= row[3]
    ]
    usable = [(name, row) for name, row in usable if row[1] > 0 and row[3] > 0]
    if len(usable) >= FEW:
        data: dict[str, list[Any]] = {"study": [name for name, _ in usable]}
        data |= {key: [row[k] for _, row in usable] for k, key in enumerate(("events_1", "n_1", "events_2", "n_2"))}
        yield Arms(table, data, ("OR", "RR", "RD"), words)


def _continuous(table: Studies, names: list[str], columns: Sequence[int], words: frozenset[str]) -> Iterator[Arms]:
    """Mean, SD and total of both arms: in columns of their own, or "5.1 (1.4)" beside totals."""
    heads = {c: table.printed.column_name(c) for c in columns}
    kinds = [
        (c, "m" if MEAN.search(n) else "s" if SD.search(n) else "t" if TOTAL.search(n) else "")
        for c, n in heads.items()
    ]
    plain = [
        c
        for c, kind in kinds
        if kind and sum(first_number(table.cell(r, c).text) is not None for r in table.rows) >= FEW
    ]
    order = "".join(kind for c, kind in kinds if c in plain)
    joined = [
        (c, parts)
        for c, parts in _matching(table, columns, _MEAN_SD)
        if not _FRACTION.match(table.cell(table.rows[0], c).text)
    ]
    rows: list[tuple[float, ...] | None]
    if order in ("mstmst", "tmstms"):
        at = (0, 1, 2, 3, 4, 5) if order == "mstmst" else (1, 2, 0, 4, 5, 3)
        lists = [table.numbers(plain[i]) for i in at]
        rows = [tuple(v.value for v in row) if None not in row else None for row in zip(*lists, strict=True)]  # type: ignore[union-attr]
    elif len(joined) == 2 and len(totals := [c for c, kind in kinds if kind == "t" and c not in dict(joined)]) == 2:
        sizes = [[None if n is None else n.value for n in table.numbers(c)] for c in totals]
        pairs = zip(joined[0][1], sizes[0], joined[1][1], sizes[1], strict=True)
        rows = [
            (float(a[0]), float(a[1]), n, float(b[0]), float(b[1]), m) if a and b and n and m else None
            for a, n, b, m in pairs
        ]
    else:
        return
    usable = [
        (name, *row)
        for name, row in zip(names, rows, strict=True)
        if row and min(row[1], row[4]) > 0 and min(row[2], row[5]) > 1
    ]
    if len(usable) >= FEW:
        parts = [list(values) for values in zip(*usable, strict=True)]
        keys = ("study", "mean_1", "sd_1", "n_1", "mean_2", "sd_2", "n_2")
        yield Arms(table, dict(zip(keys, parts, strict=True)), tuple(DIFFERENCES), words)


CHECKS = (review_arms,)
