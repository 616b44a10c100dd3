"""Which treatments does evidence connect? Parts of a network that no study joins are found and explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import TableError
from ostealgia.network.contrast_data import Contrasts
from ostealgia.network.labels import alphabetical, join, known, ordered
from ostealgia.numerics.network import components
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

Index = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Part:
    """Treatments that studies connect, directly or through others.

    treatments : in order.  studies : labels.  comparisons : pairs that at least one study makes.  patients : arm by arm, NaN if unknown.
    """

    treatments: tuple[str, ...]
    studies: tuple[str, ...]
    comparisons: tuple[tuple[str, str], ...]
    patients: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "treatments": list(self.treatments),
            "studies": list(self.studies),
            "comparisons": [list(pair) for pair in self.comparisons],
        }

    def __str__(self) -> str:
        n, k = len(self.treatments), len(self.studies)
        return f"{join(self.treatments, 12)} ({n} treatments, {k} {'study' if k == 1 else 'studies'})"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class NetworkParts(Result):
    """The parts of a network, the largest first. connected : there is only one."""

    contrasts: Contrasts
    parts: tuple[Part, ...]

    @property
    def connected(self) -> bool:
        return len(self.parts) == 1

    def of(self, treatment: str) -> Part:
        """The part that holds this treatment. Raises OptionError with the names that occur."""
        name = known("treatment", treatment, [name for part in self.parts for name in part.treatments])
        return next(part for part in self.parts if name in part.treatments)

    def to_frame(self) -> pd.DataFrame:
        """One row a treatment: part (1 is the largest), treatment, studies."""
        import pandas as pd

        counts = studies_of_treatments(self.contrasts)
        rows = [
            {"part": i, "treatment": name, "studies": counts[name]}
            for i, part in enumerate(self.parts, start=1)
            for name in part.treatments
        ]
        return pd.DataFrame(rows, columns=["part", "treatment", "studies"])

    def to_dict(self) -> dict[str, Any]:
        return {
            "connected": self.connected,
            "parts": [part.to_dict() for part in self.parts],
            "excluded": [row.to_dict() for row in self.excluded],
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        if self.connected:
            lines = [f"NetworkParts: connected. {self.parts[0]}"]
        else:
            lines = [f"NetworkParts: {len(self.parts)} parts that no study joins"]
            lines += [f"  {i}. {part}" for i, part in enumerate(self.parts, start=1)]
            lines.append("  Treatments of different parts cannot be compared with these studies.")
        return "\n".join([*lines, *tail_lines(self)])


def parts(data: Any, **options: Any) -> NetworkParts:
    """Which treatments are connected by studies, and which are not?

    data, options : as for ``contrasts``.

    >>> found = parts({"study": ["A", "B"], "treat1": ["x", "p"], "treat2": ["y", "q"], "estimate": [0.1, 0.2], "std_error": [0.1, 0.1]})
    >>> print(found)
    NetworkParts: 2 parts that no study joins
      1. p and q (2 treatments, 1 study)
      2. x and y (2 treatments, 1 study)
      Treatments of different parts cannot be compared with these studies.
    """
    from ostealgia.network.reading import contrasts

    return parts_of(contrasts(data, **options))


def parts_of(found: Contrasts) -> NetworkParts:
    """The parts of contrasts; those without a value join nothing."""
    usable = np.isfinite(found.estimate)
    names = treatment_names(found)
    place = {name: i for i, name in enumerate(names)}
    rows = np.flatnonzero(usable).tolist()
    first = np.array([place[found.treat1[i]] for i in rows], dtype=np.int64)
    second = np.array([place[found.treat2[i]] for i in rows], dtype=np.int64)
    code = components(len(names), first, second)
    made: list[Part] = []
    for c in range(int(code.max()) + 1 if len(names) else 0):
        inside = [i for i, j in zip(rows, code[first].tolist(), strict=True) if j == c]
        members = tuple(name for name, j in zip(names, code.tolist(), strict=True) if j == c)
        pairs = dict.fromkeys(_sorted_pair(found.treat1[i], found.treat2[i], place) for i in inside)
        studies = tuple(dict.fromkeys(found.study[i] for i in inside))
        made.append(
            Part(treatments=members, studies=studies, comparisons=tuple(pairs), patients=_patients(found, studies))
        )
    made.sort(key=lambda part: (-len(part.treatments), -len(part.studies), alphabetical(part.treatments[0])))
    return NetworkParts(contrasts=found, parts=tuple(made), excluded=found.excluded, notes=found.notes)


def _sorted_pair(a: str, b: str, place: dict[str, int]) -> tuple[str, str]:
    return (a, b) if place[a] < place[b] else (b, a)


def is_connected(found: Contrasts, names: Sequence[str]) -> bool:
    """True where contrasts with a value join all these treatments, of which there are two or more."""
    if len(names) < 2:
        return False
    place = {name: i for i, name in enumerate(names)}
    pairs = [(place[a], place[b]) for a, b in zip(found.treat1, found.treat2, strict=True)]
    first, second = np.array(pairs, dtype=np.int64).T
    return int(components(len(names), first, second).max()) == 0


def treatment_names(found: Contrasts) -> list[str]:
    """The treatments with at least one contrast that has a value, in order."""
    usable = np.isfinite(found.estimate).tolist()
    names = {name for a, b, ok in zip(found.treat1, found.treat2, usable, strict=True) if ok for name in (a, b)}
    return ordered(names)


def studies_of_treatments(found: Contrasts) -> dict[str, int]:
    """In how many studies each treatment is."""
    pairs = {
        (study, name)
        for study, a, b, ok in zip(
            found.study, found.treat1, found.treat2, np.isfinite(found.estimate).tolist(), strict=True
        )
        if ok
        for name in (a, b)
    }
    counts: dict[str, int] = {}
    for _, name in pairs:
        counts[name] = counts.get(name, 0) + 1
    return counts


def _patients(found: Contrasts, studies: tuple[str, ...]) -> float:
    if found.arms is None:
        return float("nan")
    chosen = set(studies)
    return float(sum(n for study, n in zip(found.arms.study, found.arms.n.tolist(), strict=True) if study in chosen))


def choose_part(found: NetworkParts, component: str | int | None) -> Part:
    """The part to analyse: the only one, that of a number, or that of a treatment. TableError where one must be chosen."""
    if not found.parts:
        raise TableError(
            "no study is left (zero studies)",
            found="; ".join(f"{row.study}: {row.reason}" for row in found.excluded[:3]) or "no contrast",
            expected="at least one contrast of two treatments",
        )
    if component is not None:
        if isinstance(component, int) and 1 <= component <= len(found.parts):
            return found.parts[component - 1]
        return found.of(str(component))
    if found.connected:
        return found.parts[0]
    listed = "; ".join(f"{i}: {part}" for i, part in enumerate(found.parts, start=1))
    example = found.parts[0].treatments[0]
    raise TableError(
        f"the network falls into {len(found.parts)} parts that no study joins, so treatments of different parts cannot be compared",
        found=listed,
        expected="one connected network",
        action=f"Analyse one part with component=1 (or component={example!r}), or each with fit_parts.",
    )


def take(found: Contrasts, part: Part) -> Contrasts:
    """The contrasts of one part."""
    from dataclasses import replace

    members, studies = set(part.treatments), set(part.studies)
    keep = [
        i
        for i, (name, ok) in enumerate(zip(found.treat1, np.isfinite(found.estimate), strict=True))
        if ok and name in members
    ]
    arms = found.arms
    if arms is not None:
        inside = [i for i, study in enumerate(arms.study) if study in studies]
        arms = replace(
            arms, study=tuple(arms.study[i] for i in inside), treatment=tuple(arms.treatment[i] for i in inside), n=arms.n[inside],
            events=None if arms.events is None else arms.events[inside],
        )  # fmt: skip
    return replace(
        found, study=tuple(found.study[i] for i in keep), treat1=tuple(found.treat1[i] for i in keep),
        treat2=tuple(found.treat2[i] for i in keep), estimate=found.estimate[keep], std_error=found.std_error[keep],
        rows=tuple(found.rows[i] for i in keep) if found.rows else (), arms=arms,
    )  # fmt: skip
