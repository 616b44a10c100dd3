"""What to expect of a therapy, from the evidence in this package: in absolute numbers, with its definition and its uncertainty.

Randomised comparisons stand apart from what happened in single groups; conflicts between trials are shown; nothing is ranked. A frame is
sorted only by a column that the user names. Where there is no evidence here, that is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from ostealgia.decision.evidence_model import ALIASES, KINDS, NAMES, THERAPIES, Evidence, therapy_id
from ostealgia.decision.evidence_store import rounded, stored, stored_conflicts
from ostealgia.errors import OptionError
from ostealgia.options import one_of
from ostealgia.tables.result import Excluded, Result, plain

if TYPE_CHECKING:
    import pandas as pd

NO_EVIDENCE = "no evidence on this therapy in this package; that is no evidence against it"
NOTES = (
    "responses of groups of patients, not a forecast for one; they say nothing about which therapy is better",
    "the prediction interval is for the average of a new centre like these, where three studies or more were pooled",
    "definitions, weeks and denominators differ between lines: read them before comparing",
    "certainty of the evidence (GRADE) was not rated by anybody; transcription says how sure the counts are",
    "informs clinicians; not a medical device",
)
_POOLED = frozenset(
    {
        "ebrt",
        "reirradiation",
        "sbrt",
        "hyperthermia",
        "neuropathic_adjuvant",
        "flare_steroid",
        "beta_emitter",
        "rfa",
        "cryoablation",
        "mrgfus",
    }
)
_NETWORK = frozenset({"ebrt", "sbrt", "hyperthermia"})


@cache
def evidence(therapy: str) -> tuple[Evidence, ...]:
    """Every line on one therapy, in the order of ``KINDS``: as stored where the inputs are the same, else computed once.

    >>> [one.kind for one in evidence("radium_223")]
    ['none']
    """
    name = therapy_id(therapy)
    kept = stored().get(name)
    return tuple(rounded(one) for one in computed(name)) if kept is None else kept


def computed(therapy: str) -> tuple[Evidence, ...]:
    """Every line on one therapy, pooled and compared now."""
    name = therapy_id(therapy)
    from ostealgia.decision.evidence_facts import facts

    found: list[Evidence] = [one for one in facts() if one.therapy == name]
    if name in _POOLED:
        from ostealgia.decision import evidence_arms as arms
        from ostealgia.decision import evidence_contrasts as contrasts

        made = [*arms.arm_evidence(), *contrasts.trial_contrasts()]
        if name == "mrgfus":
            made += arms.ultrasound_evidence()
        if name in _NETWORK:
            made += contrasts.network_contrasts()
        found += [one for one in made if one.therapy == name]
        found = [one for one in found if not _twice(one, found)]
    if not found:
        found = [Evidence(therapy=name, kind="none", outcome="any", note=NO_EVIDENCE)]
    order = list(KINDS)
    return tuple(sorted(found, key=lambda one: order.index(one.kind)))


def _twice(one: Evidence, others: Sequence[Evidence]) -> bool:
    """One arm that a comparison shown with it already has, as its therapy or as its comparator."""
    if one.kind != "single arm" or not one.trials:
        return False
    return any(
        other.kind.endswith("contrast") and other.trials == one.trials
        and min(abs(other.per_100 - one.per_100), abs(other.per_100_comparator - one.per_100)) < 1e-9
        for other in others
    )  # fmt: skip


@cache
def expected_for(therapy: str) -> tuple[dict[str, Any], ...]:
    """Every line on one therapy as JSON can hold it, for ``options``; an unknown name gives one line that says so.

    >>> expected_for("activity_rehabilitation")[0]["note"]
    'no evidence on this therapy in this package; that is no evidence against it'
    """
    if ALIASES.get(therapy, therapy) not in THERAPIES:
        return (Evidence(therapy=str(therapy), kind="none", outcome="any", note=NO_EVIDENCE).to_dict(),)
    said = conflicts_of(therapy)
    return tuple({**one.to_dict(), "conflicts": list(said)} for one in evidence(therapy))


def conflicts_of(therapy: str) -> tuple[str, ...]:
    """Sentences on where trials of a therapy disagree, or results do not fit together."""
    name = therapy_id(therapy)
    return stored_conflicts().get(name, ()) if stored() else computed_conflicts(name)


def computed_conflicts(therapy: str) -> tuple[str, ...]:
    """The sentences, from the trials as they are now."""
    from ostealgia.decision.evidence_facts import stated_conflicts

    name = therapy_id(therapy)
    said = stated_conflicts().get(name, ())
    if name not in _POOLED:
        return said
    from ostealgia.decision.evidence_contrasts import conflicts

    return (*conflicts().get(name, ()), *said)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ExpectedResults(Result):
    """Lines of evidence on some therapies.

    therapies : ids, in the order asked for.  lines : the evidence.  conflicts : therapy -> sentences.  sort_by : the column the user named.
    """

    therapies: tuple[str, ...]
    lines: tuple[Evidence, ...]
    conflicts: dict[str, tuple[str, ...]]
    sort_by: str = ""

    def __len__(self) -> int:
        return len(self.lines)

    def to_frame(self) -> pd.DataFrame:
        """One row a line; columns as the fields of ``Evidence``."""
        import pandas as pd

        rows = [{name: getattr(one, name) for name in NAMES} | {"randomised": one.randomised} for one in self.lines]
        frame = pd.DataFrame(rows, columns=[*NAMES, "randomised"])
        return frame.assign(trials=["; ".join(one.trials) for one in self.lines])

    def to_dict(self) -> dict[str, Any]:
        """therapies, lines, conflicts, sort_by, notes."""
        return plain({
            "therapies": self.therapies, "lines": [one.to_dict() for one in self.lines], "conflicts": self.conflicts,
            "sort_by": self.sort_by, "notes": self.notes,
        })  # fmt: skip

    def __str__(self) -> str:
        head = f"ExpectedResults: {len(self.therapies)} therapies, {len(self.lines)} lines of evidence"
        lines = [head + (f", sorted by {self.sort_by}" if self.sort_by else "")]
        shown = ""
        for one in self.lines:
            if one.therapy != shown and not self.sort_by:
                lines.append(f"  {THERAPIES[one.therapy]}")
            shown = one.therapy
            lead = f"{THERAPIES[one.therapy]}, " if self.sort_by else ""
            lines.append(f"    {lead}{one.note if one.kind == 'none' else one.text()}")
        for therapy, sentences in self.conflicts.items():
            lines += [f"  CONFLICT, {THERAPIES[therapy]}: {sentence}" for sentence in sentences]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])


def expected(
    therapy: str | Iterable[str] | None = None,
    *,
    outcome: str | None = None,
    kinds: Iterable[str] | None = None,
    sort_by: str | None = None,
    descending: bool = False,
) -> ExpectedResults:
    """What do patients experience after a therapy, in numbers of 100, from the evidence in this package?

    therapy : an id of ``THERAPIES``, several, or None for all.  outcome : only lines of this outcome, "pain response" for one.
    kinds : only lines of these ``KINDS``.  sort_by : a column of the frame that the user picks; lines without a value come last. Without
    it the order is that of the list, not of merit.
    Errors: OptionError for an unknown therapy, outcome, kind or column.

    >>> found = expected("sbrt", kinds=["trial contrast"])
    >>> [(one.trials[0], round(one.difference_per_100)) for one in found.lines if one.outcome == "complete response"]
    [('SC.24 (Sahgal)', 21), ('ROBOMET (Mercier) CR week 4', 11), ('ROBOMET (Mercier) CR week 12', 10)]
    """
    asked = (
        list(THERAPIES) if therapy is None else [therapy] if isinstance(therapy, str) else _listed("therapy", therapy)
    )
    names = tuple(dict.fromkeys(therapy_id(str(one)) for one in asked))
    lines = [one for name in names for one in evidence(name)]
    if outcome is not None:
        one_of("outcome", outcome, sorted({one.outcome for one in lines}))
        lines = [one for one in lines if one.outcome == outcome]
    if kinds is not None:
        wanted = [one_of("kind", str(kind), KINDS) for kind in _listed("kinds", kinds)]
        lines = [one for one in lines if one.kind in wanted]
    if sort_by is not None:
        lines = _sorted(lines, sort_by, descending)
    elif descending:
        raise OptionError("descending needs sort_by: name the column.")
    conflicts = {name: said for name in names if (said := conflicts_of(name))}
    return ExpectedResults(
        therapies=names,
        lines=tuple(lines),
        conflicts=conflicts,
        sort_by="" if sort_by is None else sort_by,
        notes=NOTES,
        excluded=_excluded(names),
    )


def _listed(name: str, values: Any) -> list[Any]:
    if isinstance(values, Iterable):
        return [values] if isinstance(values, str) else list(values)
    raise OptionError(f"{name} is neither a name nor a list of names.")


def _sorted(lines: list[Evidence], column: str, descending: bool) -> list[Evidence]:
    column = one_of("sort_by", str(column), NAMES)

    def lacking(value: Any) -> bool:
        return value is None or value == "" or value == () or value != value

    have = [one for one in lines if not lacking(getattr(one, column))]
    rest = [one for one in lines if lacking(getattr(one, column))]
    return sorted(have, key=lambda one: getattr(one, column), reverse=descending) + rest


def _excluded(names: Sequence[str]) -> tuple[Excluded, ...]:
    if not set(names) & _POOLED:
        return ()
    from ostealgia.decision.evidence_arms import left_out

    return left_out()
