"""The closed language of the rules: all, any, not, at_least and comparisons of named facts, in Kleene's three values.

A value is 0 (false), 1 (unknown) or 2 (true). What is unknown can only become true or false when more is known, so a rule that is met or
not met stays so. Nothing is evaluated as code: a rule is a tree of tables, and any other word in it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ostealgia.decision.derived_facts import DERIVED
from ostealgia.decision.fact_fields import CHOICE, FLAG, fields
from ostealgia.decision.facts import FALSE, TRUE, UNKNOWN, Facts, OneFacts
from ostealgia.errors import OstealgiaError

NOT_MET, CANNOT_TELL, MET = 0, 1, 2
STATUS = ("not_met", "cannot_tell", "met")
COMPARISONS = ("lt", "le", "gt", "ge", "eq")


@dataclass(frozen=True)
class Fact:
    """A comparison of one fact. op : one of COMPARISONS, "is", "in" or "stated".  value : a number, a flag, or places of choices."""

    name: str
    op: str
    value: Any = None


@dataclass(frozen=True)
class Gate:
    """all, any or at_least (count) of the parts; "not" of one."""

    kind: str
    parts: tuple[Node, ...]
    count: int = 0


Node = Fact | Gate


def parsed(given: Any, where: str) -> Node:
    """A rule's logic from its table. Raises OstealgiaError that names the rule.

    >>> parsed({"all": [{"field": "age_years", "ge": 18, "unit": "years"}, {"not": {"field": "site.infection", "is": True}}]}, "x").kind
    'all'
    """
    if not isinstance(given, Mapping):
        raise OstealgiaError(f"rule {where}: the logic is not a table.")
    if "field" in given:
        return _fact(given, where)
    words = set(given)
    if words in ({"all"}, {"any"}):
        kind = words.pop()
        return Gate(kind, _parts(given[kind], where))
    if words == {"not"}:
        return Gate("not", (parsed(given["not"], where),))
    if words == {"at_least", "of"} and isinstance(given["at_least"], int):
        return Gate("at_least", _parts(given["of"], where), given["at_least"])
    raise OstealgiaError(f"rule {where}: {sorted(words)} is not all, any, not, at_least with of, or a field.")


def _parts(given: Any, where: str) -> tuple[Node, ...]:
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise OstealgiaError(f"rule {where}: all, any and at_least need a list.")
    return tuple(parsed(one, where) for one in given)


def _fact(given: Mapping[str, Any], where: str) -> Fact:
    name = given["field"]
    kind, unit, choices = _kind(name, where)
    rest = {key: value for key, value in given.items() if key not in ("field", "unit")}
    if len(rest) != 1:
        raise OstealgiaError(f"rule {where}: {name} needs one comparison.")
    ((op, value),) = rest.items()
    if op == "stated" and value is True:
        return Fact(name, "stated")
    if op in COMPARISONS and kind == "number":
        if given.get("unit") != unit:
            raise OstealgiaError(f"rule {where}: {name} is compared in {given.get('unit')!r}; its unit is {unit!r}.")
        return Fact(name, op, float(value))
    if op == "is" and kind == FLAG and isinstance(value, bool):
        return Fact(name, "is", TRUE if value else FALSE)
    if op in ("is", "in") and kind == CHOICE:
        words = [value] if op == "is" else list(value)
        unknown = [word for word in words if word not in choices]
        if unknown:
            raise OstealgiaError(f"rule {where}: {name} cannot be {unknown}.")
        return Fact(name, "in", tuple(choices.index(word) for word in words))
    raise OstealgiaError(f"rule {where}: {op!r} does not compare {name}.")


def _kind(name: str, where: str) -> tuple[str, str, tuple[str, ...]]:
    if name in DERIVED:
        return DERIVED[name].type, DERIVED[name].unit, ()
    if name not in fields():
        raise OstealgiaError(f"rule {where}: there is no fact {name!r}.")
    one = fields()[name]
    return ("number" if one.numeric else one.type), one.unit, one.choices


def evaluate(node: Node, facts: Facts) -> Any:
    """The value of the tree for every patient: int8, 0, 1 or 2."""
    if isinstance(node, Fact):
        return _compare(node, facts)
    values = [evaluate(part, facts) for part in node.parts]
    if node.kind == "not":
        return np.int8(2) - values[0]
    if node.kind == "at_least":
        true = sum((value == TRUE).astype(np.int16) for value in values)
        open_ = sum((value != FALSE).astype(np.int16) for value in values)
        return np.where(true >= node.count, TRUE, np.where(open_ < node.count, FALSE, UNKNOWN)).astype(np.int8)
    choose = np.minimum if node.kind == "all" else np.maximum
    found = values[0]
    for value in values[1:]:
        found = choose(found, value)
    return found


def _states(true: Any, false: Any) -> Any:
    return (np.int8(1) + np.asarray(true, dtype=np.int8) - np.asarray(false, dtype=np.int8)).astype(np.int8)


# op -> from lowest, highest and limit: (certainly true, certainly false)
_NUMERIC: dict[str, Any] = {
    "lt": lambda low, high, c: (high < c, low >= c),
    "le": lambda low, high, c: (high <= c, low > c),
    "gt": lambda low, high, c: (low > c, high <= c),
    "ge": lambda low, high, c: (low >= c, high < c),
    "eq": lambda low, high, c: ((low == c) & (high == c), (low > c) | (high < c)),
}


def _compare(node: Fact, facts: Facts) -> Any:
    if node.op == "stated":
        return np.where(facts.known(node.name), TRUE, UNKNOWN).astype(np.int8)
    if node.op in _NUMERIC:
        low, high = facts.number(node.name)
        return _states(*_NUMERIC[node.op](low, high, node.value))
    if node.op == "is":
        flag = facts.flag(node.name)
        return flag if node.value == TRUE else np.int8(2) - flag
    code = facts.choice(node.name)
    inside = code == node.value[0] if len(node.value) == 1 else np.isin(code, node.value)
    return _states(inside, ~inside & (code >= 0))


def leaves(node: Node) -> Iterator[Fact]:
    """All comparisons of a tree."""
    if isinstance(node, Fact):
        yield node
    else:
        for part in node.parts:
            yield from leaves(part)


def inputs(node: Node) -> tuple[str, ...]:
    """The fields that the tree asks for, those behind derived facts included, each once.

    >>> inputs(parsed({"field": "neurology.new_deficit", "is": True}, "x"))[:2]
    ('neurology.status', 'neurology.new_limb_weakness')
    """
    names: dict[str, None] = {}
    for leaf in leaves(node):
        one = DERIVED.get(leaf.name)
        names.update(dict.fromkeys((leaf.name,) if one is None else (*one.inputs, *one.also)))
    return tuple(names)


_EVERY = (float("-inf"), float("inf"))


def evaluate_one(node: Node, facts: OneFacts) -> int:
    """The value of the tree for one patient; the same as ``evaluate``, many times faster.

    >>> from ostealgia.decision.facts import one_patient, plain_facts
    >>> tree = parsed({"field": "age_years", "ge": 18, "unit": "years"}, "x")
    >>> evaluate_one(tree, plain_facts(one_patient({"age_years": 60})))
    2
    """
    if isinstance(node, Fact):
        return _compare_one(node, facts)
    if node.kind == "not":
        return 2 - evaluate_one(node.parts[0], facts)
    if node.kind == "at_least":
        values = [evaluate_one(part, facts) for part in node.parts]
        true, possible = values.count(MET), len(values) - values.count(NOT_MET)
        return MET if true >= node.count else NOT_MET if possible < node.count else CANNOT_TELL
    last = NOT_MET if node.kind == "all" else MET
    found = 2 - last
    for part in node.parts:
        value = evaluate_one(part, facts)
        if value == last:
            return last
        if value == CANNOT_TELL:
            found = CANNOT_TELL
    return found


def _compare_one(node: Fact, facts: OneFacts) -> int:
    if node.op == "stated":
        return MET if facts.known(node.name) else CANNOT_TELL
    if node.op in _NUMERIC:
        low, high = facts.numbers.get(node.name, _EVERY)
        true, false = _NUMERIC[node.op](low, high, node.value)
        return MET if true else NOT_MET if false else CANNOT_TELL
    if node.op == "is":
        flag = facts.flags.get(node.name, CANNOT_TELL)
        return flag if node.value == TRUE else 2 - flag
    code = facts.choices.get(node.name, -1)
    return CANNOT_TELL if code < 0 else MET if code in node.value else NOT_MET


def undecided(node: Node, facts: OneFacts) -> tuple[str, ...]:
    """The facts whose absence leaves the tree unknown, fields behind derived facts by their own names."""
    names: dict[str, None] = {}
    for leaf in _open(node, facts):
        found = DERIVED[leaf.name].inputs if leaf.name in DERIVED else (leaf.name,)
        unknown = [name for name in found if not facts.known(name)]
        names.update(dict.fromkeys(unknown or found))
    return tuple(names)


def _open(node: Node, facts: OneFacts) -> Iterator[Fact]:
    if evaluate_one(node, facts) != CANNOT_TELL:
        return
    if isinstance(node, Fact):
        yield node
        return
    for part in node.parts:
        yield from _open(part, facts)
