"""The rules over a whole frame of patients, a column a therapy: for looking back over a registry, not for a patient in front of one."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.decision.consistency import COMPUTED
from ostealgia.decision.evaluation import Judged, judge
from ostealgia.decision.fact_fields import CHOICE, FLAG, Field, fields
from ostealgia.decision.facts import FALSE, TRUE, UNKNOWN, Facts
from ostealgia.decision.logic import STATUS
from ostealgia.decision.rules_data import LIMITS, RuleSet, rule_set
from ostealgia.errors import TableError, suggestion
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

NOT_SHOWN = "not_shown"
_YES = frozenset({"true", "yes", "y", "1", "1.0"})
_NO = frozenset({"false", "no", "n", "0", "0.0", "none"})
_EMPTY = frozenset({"", "nan", "none", "na", "<na>", "nat", "unknown"})


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OptionsFrame(Result):
    """The rules of many patients.

    frame : one row a patient with the index of the input: now, urgent (ids of the emergencies, "; " between them), asked_first (emergency
    questions without an answer), refused (contradictions), queried (fields with an implausible value), shown (whether options may be),
    then a column a therapy with "met", "not_met", "cannot_tell", or "not_shown".
    unread : columns that were not understood.
    """

    frame: Any
    rules: RuleSet
    unread: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """One row a patient."""
        return self.frame.copy()

    def counts(self) -> pd.DataFrame:
        """One row a therapy: how many patients have each status."""
        names = list(self.rules.therapies)
        table = self.frame[names].apply(lambda column: column.value_counts()).T
        return (
            table.reindex(columns=[*STATUS[::-1], NOT_SHOWN], fill_value=0).fillna(0).astype(int).rename_axis("therapy")
        )

    def __str__(self) -> str:
        shown = int(self.frame["shown"].sum())
        now = int((self.frame["now"] != "").sum())
        head = f"OptionsFrame: {len(self.frame):,} patients, {shown:,} with options, {now:,} with an emergency"
        return "\n".join([head, *tail_lines(self)])


def options_frame(frame: pd.DataFrame) -> OptionsFrame:
    """The rules of ``options`` for every row of a frame.

    frame : a column a fact, named as the fields ("pain.worst_nrs_0_10"); laboratory columns end in their unit ("labs.creatinine_mg_dl").
    Empty cells are unknown. What cannot be read in a cell, or lies outside the field's limits, is unknown and counted in the notes.
    Raises TableError where no column is understood.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"age_years": 70, "neurology.status": ["normal", None], "pain.worst_nrs_0_10": [6, 6]})
    >>> options_frame(frame).frame[["asked_first", "opioid"]].to_numpy().tolist()
    [['', 'met'], ['A1-cord-compression', 'not_shown']]
    """
    rules = rule_set()
    facts, unread, notes = _facts(frame)
    queried = _queried(facts)
    judged = judge(facts, queried, rules)
    return OptionsFrame(
        frame=_table(frame, judged, queried, rules),
        rules=rules,
        unread=unread,
        notes=(LIMITS, *notes),
    )


def column_names() -> dict[str, tuple[str, float]]:
    """Column -> field and factor to its unit.

    >>> column_names()["labs.creatinine_mg_dl"]
    ('labs.creatinine', 88.42)
    """
    found: dict[str, tuple[str, float]] = {}
    for name, one in fields().items():
        if one.units:
            for unit, factor in one.units.items():
                found[f"{name}_{re.sub(r'[^a-z0-9]+', '_', unit.lower()).strip('_')}"] = (name, factor)
        else:
            found[name] = (name, 1.0)
    return found


def _facts(frame: Any) -> tuple[Facts, tuple[str, ...], list[str]]:
    names = column_names()
    facts = Facts(n=len(frame))
    unread: list[str] = []
    notes: list[str] = []
    taken: dict[str, Hashable] = {}
    for column in frame.columns:
        if column not in names:
            unread.append(str(column))
            continue
        name, factor = names[column]
        if name in taken:
            raise TableError(f"two columns give {name}", column=str(column), action="Leave one of them out.")
        taken[name] = column
        left_out = _column(facts, fields()[name], frame[column], factor)
        if left_out:
            notes.append(f"{column}: {left_out:,} cells cannot be read or are impossible, and count as unknown")
    if not taken:
        hint = suggestion(unread[0], names) if unread else ""
        raise TableError(f"no column is the name of a fact.{hint}", expected="names such as pain.worst_nrs_0_10")
    if unread:
        notes.append(f"columns that are no facts: {', '.join(unread[:10])}{' ...' if len(unread) > 10 else ''}")
    return facts, tuple(unread), notes


def _column(facts: Facts, one: Field, column: Any, factor: float) -> int:
    """Adds a column to the facts; how many cells could not be used."""
    if one.type == FLAG:
        facts.flags[one.name], wrong = _flags(column)
    elif one.type == CHOICE:
        places = {word: place for place, word in enumerate(one.choices)}
        facts.choices[one.name], wrong = _by_word(column, places, -1)
    else:
        value, wrong = _numbers(column, one, factor)
        missing = np.isnan(value)
        facts.numbers[one.name] = (np.where(missing, -np.inf, value), np.where(missing, np.inf, value))
    return wrong


def _flags(column: Any) -> tuple[Any, int]:
    if str(column.dtype) == "bool":
        return np.where(column.to_numpy(), TRUE, FALSE).astype(np.int8), 0
    words = {**dict.fromkeys(_YES, int(TRUE)), **dict.fromkeys(_NO, int(FALSE))}
    return _by_word(column, words, int(UNKNOWN))


def _by_word(column: Any, places: Mapping[str, int], unknown: int) -> tuple[Any, int]:
    """Each distinct cell is looked up once; None and NaN are unknown."""
    import pandas as pd

    codes, distinct = pd.factorize(column)
    words = [str(word).strip() for word in distinct]
    folded = {word.lower(): place for word, place in places.items()}
    found = [places.get(word, folded.get(word.lower())) for word in words]
    wrong = np.array(
        [place is None and word.lower() not in _EMPTY for place, word in zip(found, words, strict=True)] + [False]
    )
    values = np.array([unknown if place is None else place for place in found] + [unknown], dtype=np.int8)
    return values[codes], int(wrong[codes].sum())


def _numbers(column: Any, one: Field, factor: float) -> tuple[Any, int]:
    import pandas as pd

    given = ~column.isna().to_numpy()
    never = np.zeros(len(column), dtype=bool)
    if not pd.api.types.is_numeric_dtype(column):
        words = column.astype(str).str.strip().str.lower()
        given &= ~words.isin(_EMPTY).to_numpy()
        if one.never:
            never = given & (words == "never").to_numpy(dtype=bool)
    read: Any = pd.to_numeric(column, errors="coerce")
    value = read.to_numpy(dtype=float, na_value=np.nan)
    given &= ~never
    value = value * factor if factor == 1 else np.round(value * factor, 10)
    with np.errstate(invalid="ignore"):
        fits = np.isfinite(value) & (value >= one.min) & (value <= one.max)
        step = 1.0 if one.whole else one.step
        if step:
            fits &= np.mod(value, step) == 0
    wrong = int((given & ~fits).sum())
    return np.where(never, np.inf, np.where(fits, value, np.nan)), wrong


def _queried(facts: Facts) -> dict[str, Any]:
    found = {}
    for name, (value, _) in facts.numbers.items():
        one = fields()[name]
        with np.errstate(invalid="ignore"):
            where = np.isfinite(value) & ((value < one.low) | (value > one.high))
        if where.any():
            found[name] = where
    return found


def _table(frame: Any, judged: Judged, queried: Mapping[str, Any], rules: RuleSet) -> Any:
    import pandas as pd

    met = {rule.id: judged.status[rule.id] == TRUE for rule in rules.emergencies}
    columns: dict[str, Any] = {
        tier: _joined(judged.n, {rule.id: met[rule.id] for rule in rules.emergencies if rule.tier == tier})
        for tier in ("now", "urgent")
    }
    columns["asked_first"] = _joined(judged.n, judged.asked)
    order = [*(one.id for one in rules.contradictions), *COMPUTED]
    columns["refused"] = _joined(judged.n, {name: judged.contradictions[name] for name in order})
    columns["queried"] = _joined(judged.n, queried)
    columns["shown"] = ~judged.blocked
    kinds = pd.CategoricalDtype([*STATUS, NOT_SHOWN])
    for therapy in rules.therapies.values():
        codes = np.where(judged.blocked, len(STATUS), judged.therapy(therapy)).astype(np.int8)
        columns[therapy.id] = pd.Categorical.from_codes(codes.tolist() if len(codes) < 1 else codes, dtype=kinds)
    return pd.DataFrame(columns, index=frame.index)


def _joined(n: int, parts: Mapping[str, Any]) -> Any:
    """The names that hold, "; " between them, for each patient; each combination is written once."""
    if not parts:
        return np.full(n, "", dtype=object)
    table = np.stack([np.broadcast_to(part, (n,)) for part in parts.values()], axis=1)
    held: Any = table.any(axis=0)
    names = [name for name, any_ in zip(parts, held, strict=True) if any_]
    made = np.full(n, "", dtype=object)
    some = table[:, held]
    rows = np.flatnonzero(some.any(axis=1)) if names else np.array([], dtype=int)
    if len(rows):
        packed = np.packbits(some[rows], axis=1)
        kinds, inverse = np.unique(packed, axis=0, return_inverse=True)
        first = {int(kind): int(row) for row, kind in reversed(list(enumerate(inverse.ravel())))}
        texts = np.array(
            [
                "; ".join(name for name, on in zip(names, some[rows[first[kind]]], strict=True) if on)
                for kind in range(len(kinds))
            ],
            dtype=object,
        )
        made[rows] = texts[inverse.ravel()]
    return made
