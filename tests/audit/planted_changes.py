"""What would be seen if a number that "fits" were wrong: change one printed number of a real paper, audit it again.

``python tests/audit/planted_changes.py FILE...`` takes papers in any format, or pickled lists of (name, Document)
(``*.pkl``). For each paper and rule it takes a sample of the findings that fit (verdict consistent), changes one printed
number of each by a slip of the hand (SLIPS), audits the changed paper, and counts the changes that give a new flag at that
place or one that names the new number. Only changes that the same arithmetic shows to be wrong beyond rounding are made
(change_oracles.VISIBLE). ``--show`` prints the misses, ``--out`` writes every change as one line of JSON, ``--merge`` adds such files up.
"""

from __future__ import annotations

import argparse
import json
import pickle
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from change_oracles import NUMERAL, VISIBLE, Numeral

NEIGHBOUR_KEYS = {
    "0": "19", "1": "24", "2": "135", "3": "26", "4": "157", "5": "2468", "6": "359", "7": "48", "8": "579", "9": "68"
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One slip: the characters start:end of the text become new."""

    start: int
    end: int
    old: str
    new: str
    kind: str


@dataclass
class Trial:
    """One change and what the audit said of it."""

    paper: str
    rule: str
    kind: str
    where: str
    old: str
    new: str
    outcome: str
    line: int
    reported: str
    message: str
    context: str
    told: str = ""
    weight: float = 1.0


# ---- slips ----------------------------------------------------------------------------------------------------------


def exchanged(text: str, rng: random.Random) -> str | None:
    """Two neighbouring digits change places: 43.2 for 34.2."""
    pairs = [i for i in range(len(text) - 1) if text[i : i + 2].isdigit() and text[i] != text[i + 1]]
    if not pairs:
        return None
    at = rng.choice(pairs)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def neighbour_key(text: str, rng: random.Random) -> str | None:
    """One digit becomes a digit beside it on the keys; the last one seldom, as rounding hides it."""
    digits = [i for i, sign in enumerate(text) if sign in "123456789"] or [len(text) - 1]
    at = rng.choice(digits[: max(1, len(digits) - 1)])
    return text[:at] + rng.choice(NEIGHBOUR_KEYS[text[at]]) + text[at + 1 :]


def lost_digit(text: str, rng: random.Random) -> str | None:
    """A digit is lost: 2.7 for 26.7."""
    digits = [i for i, sign in enumerate(text) if sign.isdigit()]
    if len(digits) < 2:
        return None
    at = rng.choice(digits)
    new = text[:at] + text[at + 1 :]
    return new.rstrip(".") if new[-1] == "." else new


def doubled_digit(text: str, rng: random.Random) -> str | None:
    """A digit is typed twice: 447 for 47."""
    at = rng.choice([i for i, sign in enumerate(text) if sign.isdigit()])
    return text[: at + 1] + text[at:]


def moved_point(text: str, rng: random.Random) -> str | None:
    """The point stands one place too far left or right: 1.24 for 12.4."""
    whole, point, rest = text.partition(".")
    if not point:
        return None
    right = f"{whole}{rest[0]}.{rest[1:]}".rstrip(".")
    left = f"{whole[:-1] or '0'}.{whole[-1:] or '0'}{rest}"
    return rng.choice([right.lstrip("0") or "0", left])


SLIPS: dict[str, Callable[[str, random.Random], str | None]] = {
    "digits exchanged": exchanged,
    "neighbouring key": neighbour_key,
    "digit lost": lost_digit,
    "digit doubled": doubled_digit,
    "point moved": moved_point,
}


# ---- changing a document ------------------------------------------------------------------------------------------------


def numerals_of(document: Any, found: Any) -> list[Numeral]:
    """The numbers of a finding that stand in its place."""
    start, end = found.span
    own = {float(item.replace(",", "")) for item in NUMERAL.findall(found.reported)}
    listed = [Numeral(start + m.start(), start + m.end(), m[0]) for m in NUMERAL.finditer(document.plain[start:end])]
    return [item for item in listed if item.value in own]


def changes_of(document: Any, found: Any, rng: random.Random) -> list[Change]:
    """One change of each kind that can be seen to be wrong."""
    visible, result = VISIBLE[found.rule], []
    numerals = numerals_of(document, found)
    rng.shuffle(numerals)
    for kind, slip in SLIPS.items():
        for item in numerals:
            new = next(
                (text for text in (slip(item.text, rng) for _ in range(4)) if _seen(visible, found, item, text)), None
            )
            if new is not None:
                result.append(Change(item.start, item.end, item.text, new, kind))
                break
    result += _limits_exchanged(document, found) + _neighbour_row(document, found, numerals, visible)
    result += _bound_turned(document, found)
    if rng.random() < 0.7:
        result += _sign_lost(document, found)
    return result


def _seen(visible: Any, found: Any, old: Numeral, new: str | None) -> bool:
    if new is None or new == old.text or new.startswith("00") or not NUMERAL.fullmatch(new):
        return False
    return bool(visible(found, old, Numeral(old.start, old.start + len(new), new)))


def _limits_exchanged(document: Any, found: Any) -> list[Change]:
    if found.rule != "ci-vs-point":
        return []
    start, end = found.span
    listed = [(start + m.start(), start + m.end(), m[0]) for m in NUMERAL.finditer(document.plain[start:end])]
    own = NUMERAL.findall(found.reported)
    if len(own) != 3 or len(listed) < 3 or [item[2] for item in listed[-2:]] != own[1:] or "-" in found.reported:
        return []
    (a, b, low), (c, d, high) = listed[-2:]
    return (
        [Change(a, d, document.plain[a:d], high + document.plain[b:c] + low, "limits exchanged")] if low != high else []
    )


def _bound_turned(document: Any, found: Any) -> list[Change]:
    """P > 0.05 for P < 0.05, where the words or the statistic say the other."""
    told = re.match(r"([<>]) ?(\.\d+|0\.\d+)\Z", found.reported)
    if not told or found.rule not in ("claim-vs-evidence", "p-vs-statistic"):
        return []
    value, turned = float(told[2]), "<" if told[1] == ">" else ">"
    if found.rule == "claim-vs-evidence" and value != 0.05:
        return []
    if found.rule == "p-vs-statistic" and (found.recomputed_low or 0) <= value <= (found.recomputed_high or 1):
        return []
    shown = re.compile(re.escape(told[1]) + r"\s*" + re.escape(told[2])).search(document.plain, *found.span)
    return [Change(shown.start(), shown.start() + 1, told[1], turned, "bound turned")] if shown else []


def _sign_lost(document: Any, found: Any) -> list[Change]:
    """A minus is lost: of the estimate, where the interval lies below 0."""
    told = re.match(r"-([\d.]+) \(-[\d.]+ to -[\d.]+\)", found.reported)
    if found.rule != "ci-vs-point" or not told:
        return []
    at = document.plain.find("-" + told[1], *found.span)
    return [Change(at, at + 1, "-", "", "sign lost")] if at >= 0 else []


def cell_at(document: Any, position: int) -> tuple[Any, Any] | None:
    """The table and the cell that hold a character."""
    for table in document.tables:
        if table.start <= position < table.end:
            for row in table.cells:
                for cell in row:
                    if cell.start <= position < cell.end:
                        return table, cell
    return None


def _neighbour_row(document: Any, found: Any, numerals: list[Numeral], visible: Any) -> list[Change]:
    """The number of the cell below or above, of the same kind."""
    for item in numerals:
        held = cell_at(document, item.start)
        if held is None:
            continue
        table, cell = held
        at = sum(m.end() + cell.start <= item.start for m in NUMERAL.finditer(document.plain[cell.start : cell.end]))
        for row in (cell.row + 1, cell.row - 1):
            if not table.header_rows <= row < len(table.cells):
                continue
            other = table.cells[row][cell.column]
            listed = NUMERAL.findall(document.plain[other.start : other.end])
            if (
                at < len(listed)
                and ("." in listed[at]) == ("." in item.text)
                and _seen(visible, found, item, listed[at])
            ):
                return [Change(item.start, item.end, item.text, listed[at], "neighbouring row")]
    return []


def changed(document: Any, change: Change) -> Any:
    """The paper with one stretch of characters replaced; all later places move."""
    start, end, by = change.start, change.end, len(change.new) - (change.end - change.start)
    point = document.text[start:end].translate(str.maketrans("", "", "0123456789, "))
    shown = change.new.replace(".", point) if len(point) == 1 and "." in change.old else change.new

    def moved(position: int) -> int:
        return position + by if position >= end else position

    def cell_of(cell: Any) -> Any:
        if not cell.start <= start < cell.end:
            return replace(cell, start=moved(cell.start), end=moved(cell.end))
        words = document.text[cell.start : cell.end]
        inner = start - cell.start
        if cell.text[: len(words)] == words:
            text = cell.text[:inner] + shown + cell.text[inner + end - start :]
        else:  # the words of the cell were tidied: the same occurrence of the same characters
            before = words[:inner].count(words[inner : inner + end - start])
            pieces = cell.text.split(words[inner : inner + end - start])
            if len(pieces) <= before + 1:
                raise LookupError("cell")
            joint = words[inner : inner + end - start]
            text = joint.join(pieces[: before + 1]) + shown + joint.join(pieces[before + 1 :])
        return replace(cell, text=text, start=moved(cell.start), end=moved(cell.end))

    tables = tuple(
        replace(
            table,
            start=moved(table.start),
            end=moved(table.end),
            caption_start=None if table.caption_start is None else moved(table.caption_start),
            note_start=None if table.note_start is None else moved(table.note_start),
            cells=tuple(tuple(cell_of(cell) for cell in row) for row in table.cells),
        )
        for table in document.tables
    )
    blocks = tuple(replace(block, start=moved(block.start), end=moved(block.end)) for block in document.blocks)
    return replace(
        document,
        text=document.text[:start] + shown + document.text[end:],
        plain=document.plain[:start] + change.new + document.plain[end:],
        blocks=blocks,
        tables=tables,
        line_starts=tuple(moved(item) for item in document.line_starts),
        page_starts=tuple(moved(item) for item in document.page_starts),
    )


# ---- trials -------------------------------------------------------------------------------------------------------------


def key_of(found: Any) -> tuple[str, str, str]:
    return found.rule, found.reported, found.message


def judged(before: Any, after: Any, change: Change, document: Any) -> tuple[str, str]:
    """What became of it: flag here, flag elsewhere, information, still listed as fitting, no longer checked."""
    old = Counter(key_of(item) for item in before.flags)
    fresh = [item for item in after.flags if not old[key_of(item)]]
    number = NUMERAL.findall(change.new)
    line = document.line(change.start)
    here = [
        f
        for f in fresh
        if _at(f, change, line)
        or any(text in NUMERAL.findall(f"{f.reported} {f.quote} {f.message}") for text in number)
    ]
    if here:
        return "flag", f"{here[0].rule}: {here[0].message[:160]}"
    if fresh:
        return "flag elsewhere", f"{fresh[0].rule}: {fresh[0].message[:160]}"
    reach = (change.start, change.start + max(1, len(change.new)))
    still = [f for f in after.findings if f.span and f.span[0] < reach[1] and reach[0] < f.span[1]]
    known = {key_of(item) for item in before.findings}
    doubt = [f for f in still if f.verdict in ("inconsistent", "impossible") and key_of(f) not in known]
    if doubt:
        return "information", f"{doubt[0].rule}: {doubt[0].message[:160]}"
    fits = [f for f in still if any(text in NUMERAL.findall(f.reported) for text in number)]
    if fits:
        return "listed as fitting", f"{fits[0].rule}: {fits[0].message[:160]}"
    return "no longer checked", ""


def _at(found: Any, change: Change, line: int) -> bool:
    if found.span and found.span[0] <= change.start + len(change.new) and change.start <= found.span[1]:
        return True
    return found.line == line


def trials(
    name: str, document: Any, check: Any, per_rule: int, seed: int, rules: Iterable[str] = ()
) -> Iterator[Trial]:
    """The trials of one paper: per rule a sample of the findings that fit, one change each."""
    rng = random.Random(f"{seed} {name}")
    before = check(document)
    by_rule: dict[str, list[Any]] = defaultdict(list)
    for found in before.findings:
        if (
            found.verdict == "consistent"
            and found.span
            and found.rule in VISIBLE
            and (not rules or found.rule in rules)
        ):
            by_rule[found.rule].append(found)
    for rule, listed in sorted(by_rule.items()):
        rng.shuffle(listed)
        made = 0
        usable: list[tuple[Any, Change]] = []
        for found in listed:
            if made == per_rule:
                break
            options = changes_of(document, found, rng)
            if options:
                usable.append((found, rng.choice(options)))
                made += 1
        for found, change in usable:
            try:
                other = changed(document, change)
            except LookupError:
                continue
            outcome, told = judged(before, check(other), change, other)
            block = document.block_at(change.start)
            yield Trial(
                paper=name,
                rule=rule,
                kind=change.kind,
                where="table" if block is not None and block.kind == "table" else "prose",
                old=change.old,
                new=change.new,
                outcome=outcome,
                line=document.line(change.start),
                reported=found.reported,
                message=found.message[:200],
                context=around(document, change),
                told=told,
                weight=len(listed) / len(usable),
            )


def around(document: Any, change: Change) -> str:
    """The words around a change, the change between double brackets."""
    before = document.quote(max(0, change.start - 110), change.start)
    behind = document.quote(change.end, change.end + 80)
    return f"{before} [[{change.old}→{change.new}]] {behind}"


def table(done: list[dict[str, Any]]) -> Iterator[str]:
    """Share found by rule, by kind of slip, in prose and tables; the last line weighs rules by their numbers."""
    outcomes = ("flag", "flag elsewhere", "information", "listed as fitting", "no longer checked")
    for title, name in (("rule", "rule"), ("kind of slip", "kind"), ("place", "where")):
        yield f"\n{title:22} changes  found  share  weighted | elsewhere information fitting silent"
        groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for trial in done:
            groups[trial[name]].append(trial)
            groups["all"].append(trial)
        for key, listed in sorted(groups.items(), key=lambda item: (item[0] == "all", -len(item[1]))):
            counts = Counter(trial["outcome"] for trial in listed)
            hits, total = counts["flag"], len(listed)
            weighed = sum(t["weight"] for t in listed if t["outcome"] == "flag") / sum(t["weight"] for t in listed)
            rest = " ".join(f"{counts[outcome]:7}" for outcome in outcomes[1:])
            yield f"{key:22} {total:7} {hits:6} {100 * hits / total:5.1f}% {100 * weighed:7.1f}% | {rest}"


def documents(paths: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """The papers of the files, one after the other."""
    from ostealgia.io.documents import read_document

    for path in paths:
        if path.endswith(".pkl"):
            for name, document in pickle.loads(Path(path).read_bytes()):  # own caches only
                yield Path(name).name, document
        elif path.endswith(".lst"):
            yield from documents(Path(path).read_text(encoding="utf-8").split())
        else:
            yield Path(path).name, read_document(path)


def main(arguments: list[str] | None = None) -> None:
    """Read the papers, make the changes, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "files", nargs="+", help="papers, lists of papers (.lst), caches (.pkl); with --merge files of --out"
    )
    parser.add_argument("--per-rule", type=int, default=2, help="changes for each rule and paper (default 2)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the samples and slips (default 1)")
    parser.add_argument("--rules", default="", help="only these rules, with commas between")
    parser.add_argument("--minutes", type=float, default=0, help="stop after so many minutes (default: never)")
    parser.add_argument("--slowest", type=float, default=1.0, help="leave out papers whose audit takes longer, seconds")
    parser.add_argument("--part", default="1/1", help="only every k-th paper, as 2/3")
    parser.add_argument("--out", help="write every change to this file, one line of JSON each")
    parser.add_argument("--show", type=int, default=0, help="print so many misses of each rule")
    parser.add_argument("--merge", action="store_true", help="the files are files of --out: add them up")
    given = parser.parse_args(arguments)
    done: list[dict[str, Any]] = []
    if given.merge:
        done = [
            json.loads(line) for path in given.files for line in Path(path).read_text(encoding="utf-8").splitlines()
        ]
    else:
        done = run(given)
    write = sys.stdout.write
    write("\n".join(table(done)) + "\n")
    shown: Counter[str] = Counter()
    for trial in done:
        if trial["outcome"] != "flag" and shown[trial["rule"]] < given.show:
            shown[trial["rule"]] += 1
            write(
                f"\n{trial['rule']} | {trial['kind']} | {trial['outcome']} | {trial['paper']} line {trial['line']}, {trial['where']}\n"
            )
            write(f"  {trial['reported']} | {trial['message']}\n  {trial['context']}\n  {trial['told']}\n")


def run(given: argparse.Namespace) -> list[dict[str, Any]]:
    """The trials of all papers."""
    from ostealgia.audit.checking import check

    done: list[dict[str, Any]] = []
    begun, (part, of) = time.monotonic(), (int(item) for item in given.part.split("/"))
    rules = [item for item in given.rules.split(",") if item]
    with Path(given.out or "/dev/null").open("w", encoding="utf-8") as file:
        for at, (name, document) in enumerate(documents(given.files)):
            if at % of != part - 1:
                continue
            start = time.perf_counter()
            check(document)
            if time.perf_counter() - start > given.slowest:
                continue
            for trial in trials(name, document, check, given.per_rule, given.seed, rules):
                done.append(asdict(trial))
                file.write(json.dumps(done[-1], ensure_ascii=False) + "\n")
            if given.minutes and time.monotonic() - begun > 60 * given.minutes:
                sys.stdout.write(f"stopped after {at + 1} papers\n")
                break
    return done


if __name__ == "__main__":
    main()
