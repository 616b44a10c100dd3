"""The answer for one patient as one HTML page: emergencies and questions, one table of therapies, every rule and figure folded below.

It holds no script, and forbids any by its own policy; the same answer gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from ostealgia import display
from ostealgia.decision.fact_fields import fields
from ostealgia.decision.options_result import Because, Option, Options
from ostealgia.decision.options_text import STATUS_WORDS, caution, definition, is_mixed, labels, reported
from ostealgia.errors import OptionError
from ostealgia.report import theme

TONES = {"met": ("good", "check"), "cannot_tell": ("quiet", "circle"), "not_met": ("quiet", "dash")}
ROLES = (
    ("criterion", "Criteria"),
    ("caution", "Cautions"),
    ("information", "What else the sources say"),
)
RANDOMISED = ("network contrast", "trial contrast")
BAR_WIDTH, BAR_HEIGHT = 132, 16


@dataclass(frozen=True, kw_only=True)
class RuleView:
    """One rule as it is set."""

    because: Because
    tone: str
    symbol: str
    words: str
    inputs: str
    missing: str


@dataclass(frozen=True, kw_only=True)
class OptionView:
    """One therapy as it is set. why : what decides, first.  cautions : titles of those that apply.  silent : cautions and remarks that
    do not apply."""

    option: Option
    place: str
    tone: str
    symbol: str
    words: str
    why: tuple[str, ...]
    cautions: tuple[str, ...]
    bar: Bar | None
    reported: str
    groups: tuple[tuple[str, tuple[RuleView, ...]], ...]
    silent: tuple[str, ...]
    randomised: tuple[str, ...]
    others: tuple[str, ...]
    conflicts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A figure of 100 as a small picture: point, confidence interval, prediction interval. Places in pixels."""

    point: float
    ci: tuple[float, float] | None
    pi: tuple[float, float] | None
    text: str
    note: str


def options_page(found: Options, *, language: str = "en") -> str:
    """One self-contained HTML page of the answer for one patient.

    found : from ``decision.options``; nothing is computed here. Raises OptionError for anything else. No network, no script.

    >>> from ostealgia.decision import options
    >>> page = options_page(options({"neurology": {"new_limb_weakness": True}}))
    >>> "Whole-spine MRI" in page, "<script" in page
    (True, False)
    """
    if not isinstance(found, Options):
        raise OptionError(f"found is a {type(found).__name__}; give what decision.options(patient) returns.")
    views = [_view(one) for one in found.options]
    page = theme.environment().get_template("options.html").render(
        _shell("Options for one patient", language),
        found=found,
        answer=_answer(found),
        first=[one for one in found.questions if one.first],
        later=[one for one in found.questions if not one.first],
        groups=_by_group(views, grouped=not found.sorted_on),
        views=views,
        facts=_facts(found),
        bar_width=BAR_WIDTH,
        bar_height=BAR_HEIGHT,
        labels=labels,
    )  # fmt: skip
    return page.rstrip() + "\n"


def _shell(page_title: str, language: str) -> dict[str, Any]:
    from markupsafe import Markup

    more = resources.files("ostealgia.report").joinpath("templates", "options.css").read_text(encoding="utf-8").rstrip()
    values = theme.shell(language=language, page_title=page_title, figure_colours=set(), more_css=more)
    style = f"\n{values['css']}\n"
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return {**values, "css": Markup(style), "style_hash": digest}


def _answer(found: Options) -> str:
    if found.now:
        return "An emergency comes first; nothing else is shown."
    if found.refused:
        return "The facts contradict one another; nothing is shown until they are corrected."
    if not found.options:
        return "A question about an emergency comes first; nothing is shown until it is answered."
    counts = {status: sum(one.status == status for one in found.options) for status in STATUS_WORDS}
    words = (
        f"criteria are met for {counts['met']} of {len(found.options)} therapies and not met for {counts['not_met']}"
    )
    words = f"Urgent findings come first; {words}" if found.urgent else display.capital(words)
    return f"{words}; for {counts['cannot_tell']}, facts are missing." if counts["cannot_tell"] else f"{words}."


def _view(option: Option) -> OptionView:
    tone, symbol = TONES[option.status]
    lines = [(line.get("kind") in RANDOMISED, evidence_words(line)) for line in option.expected]
    return OptionView(
        option=option,
        place=theme.slug(option.therapy.id),
        tone=tone,
        symbol=symbol,
        words=STATUS_WORDS[option.status],
        why=tuple(_why(option)),
        cautions=tuple(caution(one) for one in option.of("caution", "met")) if option.status != "not_met" else (),
        bar=_bar(option.headline),
        reported=reported(option.headline),
        groups=tuple(_groups(option)),
        silent=tuple(
            one.rule.title for one in option.because if one.rule.role != "criterion" and one.status == "not_met"
        ),
        randomised=tuple(text for randomised, text in lines if randomised),
        others=tuple(text for randomised, text in lines if not randomised),
        conflicts=tuple(dict.fromkeys(text for line in option.expected for text in line.get("conflicts") or ())),
    )


def _groups(option: Option) -> Iterable[tuple[str, tuple[RuleView, ...]]]:
    for role, title in ROLES:
        rules = [one for one in option.of(role) if role == "criterion" or one.status != "not_met"]
        if rules:
            yield title, tuple(_rule_view(one) for one in rules)


def _why(option: Option) -> Iterable[str]:
    if option.status == "not_met":
        for one in option.of("criterion", "not_met"):
            yield f"Not met: {one.rule.title} ({one.rule.short_sources})"
    elif option.status == "cannot_tell":
        minimum = [name for one in option.because if one.rule.section == "E" for name in one.missing]
        own = [name for name in option.missing if name not in minimum]
        parts = ([labels(own)] if own else []) + (["facts of the minimum set, above"] if minimum else [])
        yield f"Not known: {'; '.join(parts)}"
    else:
        criteria = [one.rule for one in option.of("criterion") if one.rule.section != "E"]
        sources = dict.fromkeys(source.short for rule in criteria for source in rule.sources)
        weakest = "" if all(rule.fully_read for rule in criteria) else " (in part remembered, not read)"
        yield f"According to {'; '.join(sources)}{weakest}"


def _bar(line: Mapping[str, Any] | None) -> Bar | None:
    if line is None:
        return None

    def place(value: float) -> float:
        return round(4 + value / 100 * (BAR_WIDTH - 8), 1)

    ci, pi = (
        (place(line[f"{kind}_low"]), place(line[f"{kind}_high"])) if line.get(f"{kind}_low") is not None else None
        for kind in ("ci", "pi")
    )
    text = f"{line['per_100']:.0f}"
    if ci is not None:
        text += f" ({display.interval(line['ci_low'], line['ci_high'], 0)})"
    parts = [f"{line['outcome']}, {line['variant']}" if line.get("variant") else str(line["outcome"])]
    if line.get("pi_low") is not None:
        parts.append(f"new centre {display.interval(line['pi_low'], line['pi_high'], 0)}")
    if line.get("per_100_comparator") is not None:
        parts.append(f"{line['per_100_comparator']:.0f} with {line['comparator']}")
    parts += (
        ["definitions or weeks differ"]
        if is_mixed(line)
        else [definition(line).replace(">=", "\u2265 ")]
        if definition(line)
        else []
    )
    parts += ["trials disagree"] if line.get("conflicts") else []
    return Bar(point=place(line["per_100"]), ci=ci, pi=pi, text=text, note="; ".join(parts))


def evidence_words(line: Mapping[str, Any]) -> str:
    """One line of evidence as a sentence, with definition, week, denominator, size, certainty and source."""
    if line.get("kind") == "none":
        return "No evidence on this therapy is in this package."
    head = (
        reported({**line, "definition": "", "per_100_comparator": None})
        if line.get("per_100") is not None
        else _other_figure(line)
    )
    if line.get("comparator"):
        head += f"; against {line['comparator']}"
        if line.get("difference_per_100") is not None:
            limits = display.interval(line["difference_ci_low"], line["difference_ci_high"], 0)
            head += (
                f" ({line['per_100_comparator']:.0f} of 100; difference {line['difference_per_100']:+.0f} [{limits}])"
            )
    parts = [
        head,
        line.get("definition") or "",
        f"week {line['weeks']}" if line.get("weeks") else "",
        line.get("denominator") or "",
        f"certainty {line['certainty']}" if line.get("certainty") else "",
        line.get("note") or "",
        line.get("source") or "",
    ]
    return ". ".join(display.capital(part.strip().rstrip(".")) for part in parts if part) + "."


def _other_figure(line: Mapping[str, Any]) -> str:
    what = f"{line['outcome']}, {line['variant']}" if line.get("variant") else str(line["outcome"])
    if line.get("estimate") is None:
        return what
    text = f"{what}: {line.get('measure', '')} {line['estimate']:.4g}"
    if line.get("estimate_ci_low") is not None:
        text += f" [{line['estimate_ci_low']:g} to {line['estimate_ci_high']:g}]"
    return text


def _rule_view(one: Because) -> RuleView:
    if one.rule.role == "criterion":
        tone, symbol = TONES[one.status]
        words = {"met": "met", "not_met": "not met", "cannot_tell": "cannot tell"}[one.status]
    else:
        tone, symbol = {"met": ("warn", "exclamation") if one.rule.role == "caution" else ("quiet", "check")}.get(
            one.status, ("quiet", "circle" if one.status == "cannot_tell" else "dash")
        )
        words = {"met": "applies", "not_met": "does not apply", "cannot_tell": "cannot tell"}[one.status]
    return RuleView(
        because=one,
        tone=tone,
        symbol=symbol,
        words=words,
        inputs="; ".join(dict.fromkeys(f"{_label(name)}: {_value(name, value)}" for name, value in one.inputs.items())),
        missing=labels(one.missing),
    )


def _label(name: str) -> str:
    from ostealgia.decision.derived_facts import DERIVED

    return fields()[name].label if name in fields() else DERIVED[name].label


def _value(name: str, value: Any) -> str:
    from ostealgia.decision.derived_facts import DERIVED

    if isinstance(value, bool):
        return "yes" if value else "no"
    unit = fields()[name].unit if name in fields() else DERIVED[name].unit
    unit = "" if unit in ("0-10", "0-24", "0-38", "grade", "ratio", "points") else f" {unit}"
    if isinstance(value, list):
        return f"{value[0]:g} to {value[1]:g}{unit}"
    if isinstance(value, int | float):
        return f"{value:.{6 if name in fields() else 3}g}{unit}"  # what is derived has no more digits than its inputs
    return str(value).replace("_", " ")


def _by_group(views: list[OptionView], *, grouped: bool) -> list[tuple[str, list[OptionView]]]:
    if not grouped:
        return [("", views)]
    names = dict.fromkeys(view.option.therapy.group for view in views)
    return [(name, [view for view in views if view.option.therapy.group == name]) for name in names]


def _facts(found: Options) -> list[tuple[str, str]]:
    """What was used, each fact once, derived ones too."""
    used: dict[str, Any] = {}
    for one in [alert.because for alert in (*found.now, *found.urgent)]:
        used.update(one.inputs)
    for option in found.options:
        for one in option.because:
            used.update(one.inputs)
    order = [*fields(), *(name for name in used if name not in fields())]
    shown = [(display.capital(_label(name)), _value(name, used[name])) for name in order if name in used]
    return list(dict.fromkeys(shown))
