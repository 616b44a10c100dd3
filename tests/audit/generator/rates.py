"""How often planted errors are found, and clean numbers flagged: by rule and layout, with seed and date.

``python tests/audit/generator/rates.py --papers 1000 --seed 4 --out docs/guide/audit-rates.md`` writes the table of the
guide; without ``--out`` it is printed. ``--show 3`` prints the first misses and false alarms of each rule for a reader.
``--state FILE`` keeps what is done, so that a run that was stopped goes on; ``--minutes 60`` stops a long one in time: every
rule and layout has then (nearly) as many papers as the others.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import re
import sys
import tempfile
import time
import zlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1])]

import numpy as np
from generator.layouts import LAYOUTS
from generator.papers import make_paper
from generator.planting import PLANTERS, Planted
from scoring import numerals

CLEAN = "clean"
CHUNK = 10  # papers of one rule and layout that are made together


@dataclass
class Rate:
    """What happened to the papers of one rule in one layout."""

    rule: str
    layout: str
    papers: int = 0
    found: int = 0
    cause_asked: int = 0
    cause_right: int = 0
    repair_asked: int = 0
    repair_right: int = 0
    numbers: int = 0
    alarms: int = 0
    papers_flagged: int = 0
    checks: int = 0
    told: list[str] = field(default_factory=list)


def audited(text: str, layout: str, name: str = "paper") -> Any:
    """The audit of a paper given as text."""
    from ostealgia.audit.checking import check
    from ostealgia.io.documents import read_document

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}{LAYOUTS[layout][0]}"
        path.write_text(text, encoding="utf-8")
        return check(read_document(path, limits=False))


def numbers_in(text: str) -> int:
    """Printed numbers of a paper, references and mark-up left out."""
    body = re.split(r"References", text)[0]
    return len(re.findall(r"\d+(?:[.,]\d+)*", re.sub(r"<[^>]*>", " ", body)))


def is_about(finding: Any, planted: Planted) -> bool:
    """Whether a flag names the planted print."""
    if numerals(planted.wrong) <= numerals(f"{finding.reported} {finding.quote} {finding.message}"):
        return True
    beside = frozenset().union(*map(numerals, planted.also))
    return bool(numerals(finding.reported)) and numerals(finding.reported) <= beside


def finds(finding: Any, planted: Planted) -> bool:
    """Whether a flag finds the planted error by a rule that can see it."""
    return finding.rule in planted.families and is_about(finding, planted)


def measure(rule: str, layout: str, papers: int, seed: int, show: int = 0, chunk: int = 0) -> Rate:
    """Papers of one rule (or clean ones) in one layout, each made, read and checked. chunk : of papers, each with its own seed."""
    rate = Rate(rule, layout)
    rng = np.random.default_rng([seed, zlib.crc32(f"{rule} {layout}".encode()), chunk])
    for number in range(papers):
        text, planted, _ = make_paper(rng, None if rule == CLEAN else rule, layout)
        audit = audited(text, layout, f"{rule.replace(' ', '-')}-{number}")
        rate.papers += 1
        rate.numbers += numbers_in(text)
        rate.checks += len(audit.findings)
        flags = list(audit.flags)
        if planted is None:
            rate.alarms += len(flags)
            rate.papers_flagged += bool(flags)
            _tell(rate, show, [f"ALARM paper {number}: {flag}" for flag in flags], text)
            continue
        hits = [flag for flag in flags if finds(flag, planted)]
        rate.found += bool(hits)
        if not hits:
            words = [f"MISSED paper {number}: {planted.words}; flags: {[str(flag)[:150] for flag in flags[:3]]}"]
            _tell(rate, show, words, text, planted.wrong)
            continue
        missed = []
        if planted.cause is not None:
            rate.cause_asked += 1
            right = any(flag.cause_code in planted.cause.split("|") for flag in hits)
            rate.cause_right += right
            missed += [] if right else [f"CAUSE {planted.cause}"]
        if planted.repair and _only_one(hits, planted):
            rate.repair_asked += 1
            right = any(numerals(planted.right) <= numerals(flag.repair or "") for flag in hits)
            rate.repair_right += right
            missed += [] if right else ["REPAIR"]
        if missed:
            said = [
                f"{flag.rule} {flag.reported} {flag.cause_code} -> {flag.repair}: {flag.message}"[:260] for flag in hits
            ]
            _tell(
                rate, show, [f"{' '.join(missed)} paper {number}: {planted.words}; flags: {said}"], text, planted.wrong
            )
    return rate


def _only_one(hits: Sequence[Any], planted: Planted) -> bool:
    """Whether the other printed numbers leave one value, printed as the clean one was: else no repair can be asked for."""
    places = len(planted.right.partition(".")[2])
    for flag in hits:
        low, high = flag.recomputed_low, flag.recomputed_high
        if flag.reported.lstrip("<> ") == planted.wrong and low is not None and high is not None:
            return bool(f"{low:.{places}f}" == f"{high:.{places}f}")
    return True


def _tell(rate: Rate, show: int, words: Sequence[str], text: str, numeral: str = "") -> None:
    for line in words:
        if len(rate.told) < show:
            around = [part for part in text.split("\n") if numeral and numeral in part][:2]
            rate.told.append(line + "".join(f"\n      > {part[:300]}" for part in around))


Job = tuple[str, str, int, int, int, int]


def measured(
    rules: Iterable[str],
    layouts: Iterable[str],
    papers: int,
    seed: int,
    show: int = 0,
    processes: int = 2,
    state: Path | None = None,
    minutes: float = math.inf,
) -> list[Rate]:
    """Every rule in every layout, in chunks of at most CHUNK papers: the first chunk of all, then the second, ..."""
    pairs = [(rule, layout) for rule in rules for layout in layouts]
    sizes = [min(CHUNK, papers - first) for first in range(0, papers, CHUNK)]
    jobs: list[Job] = [(rule, layout, size, seed, show, i) for i, size in enumerate(sizes) for rule, layout in pairs]
    done = _kept(state)
    until = time.monotonic() + 60 * minutes
    left = [job for job in jobs if job not in done]
    with ProcessPoolExecutor(processes) if processes > 1 else nullcontext() as pool:
        for first in range(0, len(left), processes):
            if time.monotonic() > until:
                break
            batch = left[first : first + processes]
            found = [measure(*job) for job in batch] if pool is None else pool.map(measure, *zip(*batch, strict=True))
            for job, rate in zip(batch, found, strict=True):
                done[job] = rate
                _keep(state, job, rate)
    return [
        _merged(rule, layout, [done[job] for job in jobs if job[:2] == (rule, layout) and job in done])
        for rule, layout in pairs
    ]


def _kept(state: Path | None) -> dict[Job, Rate]:
    if state is None or not state.exists():
        return {}
    lines = [json.loads(line) for line in state.read_text(encoding="utf-8").splitlines()]
    return {tuple(line["job"]): Rate(**line["rate"]) for line in lines}


def _keep(state: Path | None, job: Job, rate: Rate) -> None:
    if state is not None:
        with state.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"job": job, "rate": asdict(rate)}) + "\n")


def _merged(rule: str, layout: str, rates: Sequence[Rate]) -> Rate:
    whole = Rate(rule, layout)
    for name in (f.name for f in fields(Rate) if f.name not in ("rule", "layout")):
        start: Any = [] if name == "told" else 0
        setattr(whole, name, sum((getattr(rate, name) for rate in rates), start))
    return whole


def table(rates: Sequence[Rate], seed: int, today: datetime.date) -> str:
    """The rates as a page of the guide."""
    clean = [rate for rate in rates if rate.rule == CLEAN]
    spoilt = [rate for rate in rates if rate.rule != CLEAN]
    layouts = list(dict.fromkeys(rate.layout for rate in rates))
    lines = [
        "# What the audit finds, and how often it is wrong",
        "",
        "Made-up papers (cohorts, trials, reviews, questionnaires) from simulated data, rounded as "
        "papers do, each either clean or with one",
        f"planted error. Written by `make audit-generator`, seed {seed}, {today.isoformat()}; "
        f"{_each(spoilt)} papers for each rule and layout. See [how to read an audit](reading-an-audit.md).",
        "",
    ]
    if clean:
        lines += [
            "## Clean papers",
            "",
            "| layout | papers | with a flag | numbers | flags | flags per 1,000 numbers | checks per paper |",
        ]
        lines.append("|---|--:|--:|--:|--:|--:|--:|")
        for rate in clean:
            share, density = _percent(rate.papers_flagged, rate.papers), 1000 * rate.alarms / max(rate.numbers, 1)
            lines.append(
                f"| {rate.layout} | {rate.papers} | {rate.papers_flagged} ({share}) | {rate.numbers} "
                f"| {rate.alarms} | {density:.2f} "
                f"| {rate.checks / max(rate.papers, 1):.0f} |"
            )
    if spoilt:
        head = " | ".join(f"found, {layout}" for layout in layouts)
        lines += ["", "## One planted error", "", f"| error | {head} | cause right | repair right |"]
        lines.append(f"|---|{'--:|' * (len(layouts) + 2)}")
        for rule in dict.fromkeys(rate.rule for rate in spoilt):
            lines.append(_line(rule, [rate for rate in spoilt if rate.rule == rule]))
        lines.append(_line("**all**", spoilt, layouts))
    return "\n".join(lines) + "\n"


def _line(rule: str, own: Sequence[Rate], layouts: Sequence[str] | None = None) -> str:
    names = layouts or [rate.layout for rate in own]
    cells = []
    for layout in names:
        here = [rate for rate in own if rate.layout == layout]
        cells.append(_percent(sum(rate.found for rate in here), sum(rate.papers for rate in here)))
    cause = _percent(sum(rate.cause_right for rate in own), sum(rate.cause_asked for rate in own))
    repair = _percent(sum(rate.repair_right for rate in own), sum(rate.repair_asked for rate in own))
    return f"| {rule} | {' | '.join(cells)} | {cause} | {repair} |"


def _each(rates: Sequence[Rate]) -> str:
    counts = sorted({rate.papers for rate in rates}) or [0]
    return str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="Recall and false alarms on made-up papers.")
    parser.add_argument("--papers", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--rules", nargs="*", default=[CLEAN, *PLANTERS])
    parser.add_argument("--layouts", nargs="*", default=list(LAYOUTS))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--state", type=Path, help="file of what is done already")
    parser.add_argument("--minutes", type=float, default=math.inf)
    given = parser.parse_args(arguments)
    rates = measured(
        given.rules, given.layouts, given.papers, given.seed, given.show, given.processes, given.state, given.minutes
    )
    text = table(rates, given.seed, datetime.datetime.now(datetime.UTC).date())
    for rate in rates:
        for line in rate.told:
            sys.stdout.write(f"{rate.rule} [{rate.layout}] {line}\n")
    if given.out:
        given.out.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
