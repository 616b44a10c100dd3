"""The answer for one patient as CDS Hooks cards: emergencies first, nothing ordered, every rule with its source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ostealgia.decision.rules_data import LIMITS

if TYPE_CHECKING:
    from ostealgia.decision.options_result import Alert, Because, Option, Options, Question

LONGEST = 139  # of a summary: fewer than 140 characters
STATES = (("met", "Criteria met"), ("cannot_tell", "Cannot be told"), ("not_met", "Criteria not met"))


def cards(result: Options, *, left_out: Sequence[str] = (), missing: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Cards: critical for what cannot wait, warning for what is urgent, one of the questions, one of the therapies.

    left_out : what the record says and could not be used.  missing : parts of the record that were not given.
    """
    record = _record(left_out, missing)
    made = [_emergency(one, "critical") for one in result.now]
    made += [_emergency(one, "warning") for one in result.urgent]
    if made and record and not result.questions and not result.options:
        made[-1]["detail"] = "\n".join([made[-1]["detail"], "", *record]).rstrip()
    if result.questions:
        made.append(_asked(result.questions, bool(result.now), () if result.options else record))
    if result.options:
        made.append(_therapies(result, record))
    return made


def _record(left_out: Sequence[str], missing: Sequence[str]) -> list[str]:
    """What the record lacks, and what it holds that could not be used: on the last card, whichever that is."""
    lines: list[str] = []
    if missing:
        lines += [f"Not given by the record: {', '.join(missing)}. What is not given is unknown, not absent.", ""]
    if left_out:
        lines += ["In the record, and not used:", "", *(f"- {markdown(one)}" for one in left_out), ""]
    return lines


def _emergency(alert: Alert, indicator: str) -> dict[str, Any]:
    rule = alert.rule
    lead = "EMERGENCY, now" if indicator == "critical" else "Urgent"
    detail = [markdown(rule.output), "", _because(alert.because)]
    if rule.conflicts:
        detail.append(f"- sources differ: {markdown(rule.conflicts)}")
    return _card(f"{lead}: {rule.title}", indicator, [*detail, "", LIMITS], [rule])


def _asked(questions: Sequence[Question], emergency: bool, record: Sequence[str]) -> dict[str, Any]:
    first = [one for one in questions if one.first]
    urgent = bool(first) and not emergency
    head = "Answer first" if urgent else "Not stated in the record"
    # an emergency is asked for before a value is mended
    shown = sorted(first or questions, key=lambda one: one.kind != "emergency") if urgent else list(first or questions)
    lines = [f"- {markdown(one.text)}" for one in (*shown, *(one for one in questions if one not in shown))]
    note = ["While these are open, no therapies are compared.", ""] if urgent else []
    return _card(f"{head}: {shown[0].text}", "warning" if urgent else "info", [*note, *lines, "", *record, LIMITS], [])


def _therapies(result: Options, record: Sequence[str]) -> dict[str, Any]:
    by_state = {state: [one for one in result.options if one.status == state] for state, _ in STATES}
    counts = ", ".join(f"{len(by_state[state])} {words.lower()}" for state, words in STATES)
    lines: list[str] = []
    for state, words in STATES:
        if by_state[state]:
            lines += [f"**{words}**", "", *(_therapy(one) for one in by_state[state]), ""]
    rules = [because.rule for option in result.options for because in option.because if because.status == "met"]
    return _card(f"Painful bone metastasis, published criteria: {counts}", "info", [*lines, *record, LIMITS], rules)


def _therapy(option: Option) -> str:
    lines = [f"- **{markdown(option.therapy.title)}**"]
    lines += [f"  {_because(one)}" for one in option.because if one.rule.role != "caution" or one.status != "not_met"]
    return "\n".join(lines)


def _because(one: Because) -> str:
    words = {"met": "met", "not_met": "not met", "cannot_tell": "cannot tell"}[one.status]
    missing = f"; not stated: {', '.join(one.missing)}" if one.missing else ""
    return (
        f"- {markdown(one.rule.title)}: {words}{missing} ({markdown(one.rule.citation)}; {markdown(one.rule.checked)})"
    )


def _card(summary: str, indicator: str, detail: Iterable[str], rules: Iterable[Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "summary": shortened(summary),
        "indicator": indicator,
        "detail": "\n".join(detail),
        "source": {"label": "ostealgia: published criteria for painful bone metastases"},
    }
    links = _links(rules)
    if links:
        made["links"] = links
        if indicator != "info":
            made["source"] = {"label": str(links[0]["label"]), "url": links[0]["url"]}
    return made


def _links(rules: Iterable[Any]) -> list[Mapping[str, str]]:
    found: dict[str, str] = {}
    for rule in rules:
        for source in rule.sources:
            if source.link:
                found.setdefault(source.link, source.text)
    return [{"label": shortened(text), "url": url, "type": "absolute"} for url, text in found.items()]


def shortened(text: str) -> str:
    """A text of fewer than 140 characters, cut at a word.

    >>> len(shortened("word " * 100)), shortened("short")
    (135, 'short')
    """
    if len(text) <= LONGEST:
        return text
    return text[: LONGEST - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def markdown(text: str) -> str:
    """A text as Markdown shows it literally.

    >>> markdown("a <b> *c* [d](e) | f")
    'a &lt;b&gt; \\\\*c\\\\* \\\\[d\\\\](e) \\\\| f'
    """
    out = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for sign in "\\`*_[]|#":
        out = out.replace(sign, "\\" + sign)
    return " ".join(out.split())
