"""The rules, therapies, sources and contradictions of the package, read once from ``data/decision``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from ostealgia.decision.fact_fields import data_folder, fields, read_toml
from ostealgia.decision.logic import Node, inputs, parsed
from ostealgia.errors import OstealgiaError

if TYPE_CHECKING:
    import pandas as pd

FILES = (
    "a_emergencies",
    "b_stability",
    "c1_radiotherapy",
    "c4_radionuclides",
    "c5_ablation",
    "c8_surgery",
    "d_drugs",
    "e_policy",
)
ROLES = ("emergency", "criterion", "caution", "information")
TIERS = ("now", "urgent")
CHECK_STATUS = ("read in the source", "remembered", "uncertain")
LIMITS = (
    "Informs clinicians; not a medical device, not validated for decisions on one patient. "
    "It states which published criteria are met and orders nothing; no dose is computed."
)


@dataclass(frozen=True, kw_only=True)
class Citation:
    """Where a rule comes from. short : as in "ASTRO 2024".  doi_status : "read", "remembered" or ""."""

    id: str
    short: str
    text: str
    doi: str = ""
    doi_status: str = ""
    url: str = ""

    @property
    def link(self) -> str:
        """An address to follow, or ""."""
        return f"https://doi.org/{self.doi}" if self.doi else self.url

    @property
    def brief(self) -> str:
        """Short name with DOI or address."""
        mark = " (DOI remembered)" if self.doi_status == "remembered" else ""
        tail = f"doi:{self.doi}{mark}" if self.doi else self.url
        return f"{self.short}, {tail}" if tail else self.short

    @property
    def full(self) -> str:
        """Text with DOI or address."""
        mark = " (DOI remembered)" if self.doi_status == "remembered" else ""
        tail = f"doi:{self.doi}{mark}" if self.doi else self.url
        return f"{self.text}. {tail}" if tail else self.text


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule.

    role : one of ROLES.  tier : of an emergency.  logic : when it is met.  asked_first : while it holds and the rule cannot be told,
    nothing else is shown; None for never, True for always.  asked_beside : the same, beside the options.
    check_status : one of CHECK_STATUS, check_note where the mark is mixed.
    date_read : when the rule was written from what was read, "" where nothing was.  examples : status -> facts.
    """

    id: str
    section: str
    role: str
    title: str
    logic: Node
    output: str
    sources: tuple[Citation, ...]
    strength: str
    check_status: str
    examples: Mapping[str, Mapping[str, Any]]
    tier: str = ""
    question: str = ""
    asked_first: Node | bool | None = None
    asked_beside: Node | None = None
    check_note: str = ""
    conflicts: str = ""
    date_read: str = ""

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The fields it asks for."""
        return inputs(self.logic)

    @cached_property
    def citation(self) -> str:
        """All sources as one line, short, with DOI or address."""
        return "; ".join(source.brief for source in self.sources)

    @property
    def short_sources(self) -> str:
        """All sources by their short names."""
        return "; ".join(source.short for source in self.sources)

    @property
    def fully_read(self) -> bool:
        """Whether all of it was read: no part is remembered or uncertain."""
        return (
            self.check_status == CHECK_STATUS[0]
            and "remembered" not in self.check_note
            and "uncertain" not in self.check_note
        )

    @property
    def checked(self) -> str:
        """Check status with its note."""
        return f"{self.check_status} ({self.check_note})" if self.check_note else self.check_status

    def to_dict(self) -> dict[str, Any]:
        """What a reader needs beside a status."""
        return {
            "title": self.title,
            "section": self.section,
            "role": self.role,
            "tier": self.tier or None,
            "output": self.output,
            "inputs": list(self.inputs),
            "sources": [{"citation": source.full, "link": source.link or None} for source in self.sources],
            "strength": self.strength,
            "check_status": self.check_status,
            "check_note": self.check_note,
            "date_read": self.date_read or None,
            "conflicts": self.conflicts,
        }


@dataclass(frozen=True, kw_only=True)
class Therapy:
    """One therapy with its rules; criteria decide its status, the others speak beside it."""

    id: str
    title: str
    group: str
    rules: tuple[Rule, ...]

    @cached_property
    def criteria(self) -> tuple[Rule, ...]:
        """The rules that must all be met."""
        return tuple(rule for rule in self.rules if rule.role == "criterion")


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    """Two facts that cannot both be true."""

    id: str
    fields: tuple[str, ...]
    text: str
    logic: Node


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """Everything that is evaluated. version : of the data.  sha256 : of its files."""

    version: str
    sha256: str
    rules: Mapping[str, Rule]
    therapies: Mapping[str, Therapy]
    contradictions: tuple[Contradiction, ...]

    @property
    def emergencies(self) -> tuple[Rule, ...]:
        """Rules of section A in their order."""
        return tuple(rule for rule in self.rules.values() if rule.role == "emergency")

    def to_frame(self) -> pd.DataFrame:
        """One row a rule, with its title, inputs, sources, strength, check status and the therapies it belongs to."""
        import pandas as pd

        used = {
            rule.id: [one.id for one in self.therapies.values() if rule in one.rules] for rule in self.rules.values()
        }
        return pd.DataFrame(
            [
                {
                    "rule": rule.id,
                    "section": rule.section,
                    "role": rule.role,
                    "tier": rule.tier,
                    "title": rule.title,
                    "output": rule.output,
                    "inputs": ", ".join(rule.inputs),
                    "citation": "; ".join(source.full for source in rule.sources),
                    "strength": rule.strength,
                    "check_status": rule.checked,
                    "date_read": rule.date_read,
                    "conflicts": rule.conflicts,
                    "therapies": ", ".join(used[rule.id]),
                }
                for rule in self.rules.values()
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        """Name, version and hash."""
        return {"name": "ostealgia", "version": self.version, "sha256": self.sha256}


@cache
def rule_set() -> RuleSet:
    """The rules of the package. Raises OstealgiaError where a data file is wrong, naming the rule.

    >>> rules = rule_set()
    >>> rules.rules["A6-unstable-spine"].tier, rules.therapies["sbrt"].title
    ('urgent', 'Stereotactic body radiotherapy')
    """
    names = ["fields.toml", "sources.toml", "therapies.toml", "contradictions.toml"]
    names += [f"rules/{name}.toml" for name in FILES]
    digest = hashlib.sha256()
    for name in names:
        digest.update(data_folder().joinpath(*name.split("/")).read_bytes())
    sources = _sources()
    rules: dict[str, Rule] = {}
    for name in FILES:
        table = read_toml(f"rules/{name}.toml")
        for given in table["rule"]:
            rule = _rule({**table.get("defaults", {}), **given}, sources)
            if rule.id in rules:
                raise OstealgiaError(f"rule {rule.id} is there twice.")
            rules[rule.id] = rule
    table = read_toml("therapies.toml")
    therapies = {
        name: Therapy(
            id=name,
            title=one["title"],
            group=one["group"],
            rules=tuple(_known(rules, id_, name) for id_ in one["rules"]),
        )
        for name, one in table.items()
        if isinstance(one, dict)
    }
    return RuleSet(
        version=table["version"],
        sha256=digest.hexdigest(),
        rules=rules,
        therapies=therapies,
        contradictions=_contradictions(),
    )


def _sources() -> dict[str, Citation]:
    made = {}
    for name, one in read_toml("sources.toml").items():
        if isinstance(one, dict):
            rest = {key: value for key, value in one.items() if key != "citation"}
            made[name] = Citation(id=name, text=one["citation"], **rest)
    return made


def _rule(given: dict[str, Any], sources: Mapping[str, Citation]) -> Rule:
    where = given["id"]
    values = dict(given)
    values["logic"] = parsed(given["logic"], where)
    values["sources"] = tuple(_known(sources, name, where) for name in given["sources"])
    asked = given.get("asked_first")
    values["asked_first"] = True if asked == "always" else None if asked is None else parsed(asked, where)
    beside = given.get("asked_beside")
    values["asked_beside"] = None if beside is None else parsed(beside, where)
    values["date_read"] = "" if given["check_status"] == "remembered" else str(given.get("date_read", ""))
    for name, choices in (("role", ROLES), ("check_status", CHECK_STATUS), ("tier", (*TIERS, ""))):
        if values.get(name, "") not in choices:
            raise OstealgiaError(f"rule {where}: {name} {values.get(name)!r} is not one of {choices}.")
    for facts in given["examples"].values():
        for name in facts:
            _known(fields(), name, where)
    return Rule(**values)


def _known(table: Mapping[str, Any], name: str, where: str) -> Any:
    if name not in table:
        raise OstealgiaError(f"{where}: there is no {name!r}.")
    return table[name]


def _contradictions() -> tuple[Contradiction, ...]:
    return tuple(
        Contradiction(
            id=one["id"],
            fields=tuple(one["fields"]),
            text=one["text"],
            logic=parsed(one["logic"], f"contradiction {one['id']}"),
        )
        for one in read_toml("contradictions.toml")["contradiction"]
    )
