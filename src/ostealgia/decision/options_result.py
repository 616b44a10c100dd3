"""The answer for one patient: emergencies, questions, and the therapies side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ostealgia.decision.rules_data import Rule, RuleSet, Therapy
from ostealgia.options import one_of
from ostealgia.tables.result import Result, plain

if TYPE_CHECKING:
    import pandas as pd

QUESTION_KINDS = ("unreadable", "contradiction", "emergency", "implausible", "missing")
# what options may be sorted by -> whether the larger comes first
SORT_COLUMNS = {
    "therapy": False,
    "status": False,
    "per_100": True,
    "ci_low": True,
    "ci_high": True,
    "pi_low": True,
    "pi_high": True,
    "k": True,
    "n": True,
}
NOT_TOLD_FIRST = ("harm", "burden", "onset", "retreatment", "published result")
_STATUS_ORDER = ("met", "cannot_tell", "not_met")


@dataclass(frozen=True, kw_only=True)
class Because:
    """One rule with its answer. inputs : field -> the value used.  missing : fields whose absence leaves it open."""

    rule: Rule
    status: str
    inputs: Mapping[str, Any]
    missing: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """rule, status, inputs, missing, citation, check_status."""
        return {
            "rule": self.rule.id,
            "status": self.status,
            "inputs": plain(dict(self.inputs)),
            "missing": list(self.missing),
            "citation": self.rule.citation,
            "check_status": self.rule.checked,
        }


@dataclass(frozen=True, kw_only=True)
class Alert:
    """An emergency: its rule, met."""

    because: Because

    @property
    def rule(self) -> Rule:
        """The rule."""
        return self.because.rule

    def to_dict(self) -> dict[str, Any]:
        """The rule's answer with title, tier and what the source asks for."""
        return {
            **self.because.to_dict(),
            "title": self.rule.title,
            "tier": self.rule.tier,
            "output": self.rule.output,
            "conflicts": self.rule.conflicts,
        }


@dataclass(frozen=True, kw_only=True)
class Question:
    """Something to be answered. kind : one of QUESTION_KINDS.  first : before anything is shown."""

    kind: str
    text: str
    fields: tuple[str, ...]
    rule: str = ""
    first: bool = False

    def to_dict(self) -> dict[str, Any]:
        """kind, question, fields, rule, first."""
        return {
            "kind": self.kind,
            "question": self.text,
            "fields": list(self.fields),
            "rule": self.rule or None,
            "first": self.first,
        }


@dataclass(frozen=True, kw_only=True)
class Option:
    """One therapy: "met" where every criterion is, "not_met" where one is not, else "cannot_tell"."""

    therapy: Therapy
    status: str
    because: tuple[Because, ...]
    expected: tuple[Mapping[str, Any], ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """Fields that leave a criterion open."""
        return tuple(dict.fromkeys(name for one in self.of("criterion") for name in one.missing))

    @property
    def headline(self) -> Mapping[str, Any] | None:
        """The line of evidence that is told first: pain response where there is one, never a harm or a published result without counts."""
        lines = [
            one for one in self.expected if one.get("per_100") is not None and one.get("kind") not in NOT_TOLD_FIRST
        ]
        response = [one for one in lines if one.get("outcome") == "pain response"]
        return (response or lines or [None])[0]

    def figure(self, column: str) -> float | None:
        """A number of the headline; None where there is none."""
        line = self.headline
        return None if line is None else line.get(column)

    def of(self, role: str, status: str = "") -> tuple[Because, ...]:
        """The rules of a role, with one status where it is given."""
        return tuple(one for one in self.because if one.rule.role == role and (not status or one.status == status))

    def to_dict(self) -> dict[str, Any]:
        """therapy, status, because, expected."""
        return {
            "therapy": self.therapy.id,
            "status": self.status,
            "because": [one.to_dict() for one in self.because],
            "expected": plain(list(self.expected)),
        }


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Options(Result):
    """What published criteria say of one patient.

    now : emergencies that are shown alone; then there are no options.  urgent : those that stand on top.  questions : in the order in which
    they are asked; the first ones where ``first`` is set hold back the options.  options : the therapies in the order of the rule set, no
    order of merit.  refused : the facts contradict one another, and the questions name the fields.
    """

    now: tuple[Alert, ...]
    urgent: tuple[Alert, ...]
    questions: tuple[Question, ...]
    options: tuple[Option, ...]
    rules: RuleSet
    refused: bool = False
    sorted_on: str = ""

    def __getitem__(self, therapy: str) -> Option:
        """The option of one therapy by its id."""
        for one in self.options:
            if one.therapy.id == therapy:
                return one
        raise KeyError(therapy)

    def sorted_by(self, column: str) -> Options:
        """The same with the options sorted by a column that the user picked; therapies without a number come last.

        column : a name of SORT_COLUMNS. Figures are those of a therapy's headline, and not comparable as they stand.
        """
        one_of("sort", column, SORT_COLUMNS)

        def place(one: Option) -> tuple[bool, Any]:
            if column == "therapy":
                return (False, one.therapy.title)
            if column == "status":
                return (False, _STATUS_ORDER.index(one.status))
            value = one.figure(column)
            return (value is None, 0 if value is None else -value if SORT_COLUMNS[column] else value)

        note = f"Sorted by {column}, at your request."
        if column not in ("therapy", "status"):
            note += (
                " Definitions, weeks and patients differ between therapies: a larger figure is not a better therapy."
            )
        return replace(
            self, options=tuple(sorted(self.options, key=place)), sorted_on=column, notes=(*self.notes, note)
        )

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON holds it."""
        return {
            "now": [one.to_dict() for one in self.now],
            "urgent": [one.to_dict() for one in self.urgent],
            "questions": [one.to_dict() for one in self.questions],
            "options": [one.to_dict() for one in self.options],
            "rule_set": {**self.rules.to_dict(), "rules": self._cited()},
            "notes": list(self.notes),
        }

    def _cited(self) -> dict[str, Any]:
        found = [one.rule for one in (*self.now, *self.urgent)]
        found += [one.rule for option in self.options for one in option.because]
        return {rule.id: rule.to_dict() for rule in found}

    def to_frame(self) -> pd.DataFrame:
        """One row a therapy and rule: therapy, option_status, rule, role, status, missing, citation, check_status."""
        import pandas as pd

        rows = [
            {
                "therapy": option.therapy.id,
                "option_status": option.status,
                "rule": one.rule.id,
                "role": one.rule.role,
                "status": one.status,
                "missing": ", ".join(one.missing),
                "citation": one.rule.citation,
                "check_status": one.rule.checked,
            }
            for option in self.options
            for one in option.because
        ]
        columns = ["therapy", "option_status", "rule", "role", "status", "missing", "citation", "check_status"]
        return pd.DataFrame(rows, columns=columns)

    def __str__(self) -> str:
        from ostealgia.decision.options_text import options_text

        return options_text(self)
