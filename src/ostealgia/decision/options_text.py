"""The answer for one patient as text for a terminal: emergencies and questions first, then one line a therapy."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from ostealgia.decision.derived_facts import add_derived
from ostealgia.decision.fact_fields import fields
from ostealgia.decision.facts import one_patient, plain_facts
from ostealgia.decision.logic import MET, Fact, Gate, evaluate_one, inputs
from ostealgia.decision.options_result import Alert, Because, Option, Options

WIDTH = 100
LONGEST_DEFINITION = 120  # characters, beside a figure
STATUS_WORDS = {"met": "criteria met", "cannot_tell": "cannot tell", "not_met": "criteria not met"}


def options_text(found: Options, *, width: int = WIDTH) -> str:
    """The whole answer, wrapped to ``width`` columns."""
    lines: list[str] = []
    for title, alerts in (("EMERGENCY, NOW", found.now), ("URGENT", () if found.now else found.urgent)):
        if alerts:
            lines += [title, *(line for one in alerts for line in _alert(one, width)), ""]
    if found.now and found.urgent:
        lines += [_wrapped(f"Also found, urgent: {'; '.join(one.rule.title for one in found.urgent)}.", width, ""), ""]
    for title, first in (("TO BE ANSWERED FIRST", True), ("TO BE CHECKED", False)):
        some = [one for one in found.questions if one.first is first]
        if some:
            lines += [title, *(_wrapped(_question(one.text, one.fields), width, "  ") for one in some), ""]
    if found.options:
        lines += _sorted_list(found.options, width) if found.sorted_on else _grouped(found.options, width)
    lines += [_wrapped(note, width, "") for note in found.notes]
    return "\n".join(lines).rstrip()


def _question(text: str, names: Iterable[str]) -> str:
    return f"{text} [{', '.join(names)}]"


def _alert(one: Alert, width: int) -> list[str]:
    lines = [f"  {one.rule.title}", _wrapped(one.rule.output, width, "    ")]
    if one.rule.conflicts:
        lines.append(_wrapped(f"Sources differ: {one.rule.conflicts}", width, "    "))
    return [*lines, _wrapped(f"According to {one.rule.short_sources}; {one.rule.checked}.", width, "    ")]


def _grouped(options: Iterable[Option], width: int) -> list[str]:
    """By status; therapies of which the same is to be said stand together."""
    lines: list[str] = []
    for status, words in STATUS_WORDS.items():
        together: dict[tuple[str, ...], list[str]] = {}
        for one in options:
            if one.status == status:
                title, *rest = _option(one, width)
                together.setdefault(tuple(rest), []).append(title.strip())
        if together:
            lines.append(words.upper())
            for rest, titles in together.items():
                lines += [_wrapped("; ".join(titles), width, "  "), *rest]
            lines.append("")
    return lines


def _sorted_list(options: Iterable[Option], width: int) -> list[str]:
    lines = ["AS SORTED"]
    for one in options:
        first, *rest = _option(one, width)
        lines += [f"{first} ({STATUS_WORDS[one.status]})", *rest]
    return [*lines, ""]


def _option(one: Option, width: int) -> list[str]:
    lines = [f"  {one.therapy.title}"]
    if one.status == "not_met":
        return lines + [_wrapped(_reason(rule), width, "    ") for rule in one.of("criterion", "not_met")]
    if one.status == "cannot_tell":
        minimum = [name for rule in one.because if rule.rule.section == "E" for name in rule.missing]
        own = [name for name in one.missing if name not in minimum]
        parts = [labels(own)] if own else []
        parts += ["facts of the minimum set, above"] if minimum else []
        lines.append(_wrapped(f"not known: {'; '.join(parts)}", width, "    "))
    lines += [
        _wrapped(f"caution: {caution(rule)} ({rule.rule.short_sources})", width, "    ")
        for rule in one.of("caution", "met")
    ]
    if one.status == "met":
        criteria = [rule.rule for rule in one.of("criterion") if rule.rule.section != "E"]
        sources = dict.fromkeys(source.short for rule in criteria for source in rule.sources)
        weakest = "" if all(rule.fully_read for rule in criteria) else " (in part remembered, not read)"
        lines.append(_wrapped(f"criteria met according to {'; '.join(sources)}{weakest}", width, "    "))
        if one.headline is not None:
            lines.append(_wrapped(f"reported: {reported(one.headline)}", width, "    "))
        differing = [
            rule.rule.conflicts for rule in (*one.of("criterion"), *one.of("information")) if rule.status == "met"
        ]
        lines += [_wrapped(f"sources differ: {text}", width, "    ") for text in dict.fromkeys(differing) if text]
    return lines


def caution(one: Because) -> str:
    """The title of a caution, with the facts that raise it where it could be one of several."""
    yes = [fields()[name].label for name in raised_by(one)]
    return f"{one.rule.title}: {', '.join(yes)}" if yes else one.rule.title


def raised_by(one: Because) -> tuple[str, ...]:
    """The fields that make a rule of several alternatives true; none where there is one alternative."""
    logic = one.rule.logic
    if not isinstance(logic, Gate) or logic.kind != "any" or not all(isinstance(part, Fact) for part in logic.parts):
        return ()
    values = {name: value for name, value in one.inputs.items() if name in fields()}
    facts = plain_facts(add_derived(one_patient(values)))
    return tuple(
        name for part in logic.parts if evaluate_one(part, facts) == MET for name in inputs(part) if name in values
    )


def reported(line: Mapping[str, Any] | None) -> str:
    """A line of evidence with patients per 100, in words; "" where there is none."""
    if line is None:
        return ""
    text = f"{line['per_100']:.0f} of 100"
    if line.get("ci_low") is not None:
        text += f" [{line['ci_low']:.0f} to {line['ci_high']:.0f}]"
    if line.get("pi_low") is not None:
        text += f", in a new centre {line['pi_low']:.0f} to {line['pi_high']:.0f}"
    what = f"{line['outcome']}, {line['variant']}" if line.get("variant") else line["outcome"]
    if line.get("per_100_comparator") is not None:
        text += f", against {line['per_100_comparator']:.0f} with {line['comparator']}"
    studies = "1 study" if line.get("k") == 1 else f"{line.get('k')} studies"
    size = f" ({studies}, n = {line['n']:,})" if line.get("k") and line.get("n") else ""
    tail = "; definitions or weeks differ" if is_mixed(line) else f"; {definition(line)}" if definition(line) else ""
    return f"{what}: {text}{size}{tail}"


def definition(line: Mapping[str, Any]) -> str:
    """The one definition behind a pain response, "" where studies differ or it is not said."""
    text = str(line.get("definition") or "") if line.get("outcome") == "pain response" else ""
    return "" if is_mixed(line) or len(text) > LONGEST_DEFINITION else text


def is_mixed(line: Mapping[str, Any]) -> bool:
    """Whether its studies differ in definition or week."""
    return " different: " in f"{line.get('definition')}{line.get('weeks')}"


def _reason(one: Because) -> str:
    return f"not met: {one.rule.title} ({one.rule.short_sources})"


def labels(names: Iterable[str]) -> str:
    """Names of fields as noun phrases.

    >>> labels(["sex", "labs.platelets"])
    'sex; platelet count'
    """
    return "; ".join(dict.fromkeys(fields()[name].label for name in names))


def _wrapped(text: str, width: int, indent: str) -> str:
    return textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False)
