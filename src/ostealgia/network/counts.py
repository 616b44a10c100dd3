"""Mantel-Haenszel network meta-analysis of odds ratios, from counts, without an increment."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError, TableError
from ostealgia.network import arm_data, connection
from ostealgia.network.contrast_data import Contrasts
from ostealgia.network.estimates import NetworkEstimates
from ostealgia.network.labels import codes, join
from ostealgia.network.reading import arms_of
from ostealgia.network.result import NetworkResult
from ostealgia.numerics.heterogeneity import q_p_value
from ostealgia.numerics.network import Direct
from ostealgia.numerics.network_counts import DesignCounts, mantel_haenszel_network
from ostealgia.tables.result import Excluded

Array = NDArray[np.float64]
NAN = math.nan


def fit_counts(
    data: Any,
    *,
    measure: str | None,
    component: str | int | None,
    level: float,
    on_bad: str,
    file: str | None,
    options: Mapping[str, Any],
) -> NetworkResult:
    """Mantel-Haenszel estimates of every design, joined under consistency (Efthimiou et al. 2019, doi:10.1002/sim.8158).

    Studies without an event, or with nothing but events, are left out by name; so is an arm that has no event (or nothing but events) in
    all studies of its design. Nothing is added to any cell.
    """
    if measure not in (None, "OR"):
        raise OptionError(
            f"measure={measure!r}: model='MH' gives odds ratios; leave measure out or write measure='OR'."
        )
    asked = [name for name, value in options.items() if value is not None]
    if asked:
        raise OptionError(f"{asked[0]} does not belong to model='MH', which adds nothing to zero cells.")
    table = arms_of(data, on_bad=on_bad, file=file)
    keep, lost = _informative(table)
    kept = _take(table, keep)
    if not kept.names:
        raise TableError(
            "no study is left (zero studies)", found="; ".join(f"{row.study}: {row.reason}" for row in lost[:3]),
            expected="studies with events and non-events in two arms",
        )  # fmt: skip
    shown = arm_data.contrasts_of_arms(kept, "OR", arm_data.settle("OR", {}))
    shown = replace(shown, excluded=(*table.excluded, *lost), notes=tuple(table.notes))
    found = connection.parts_of(shown)
    part = connection.choose_part(found, component)
    notes = []
    if not found.connected:
        shown = connection.take(shown, part)
        others = [str(other) for other in found.parts if other is not part]
        notes.append(f"not connected with this part, so not compared: {'; '.join(others)}")
    origin = dict(zip(table.names, _design_of_studies(table), strict=True))
    return _fitted(shown, part.treatments, origin, level, notes)


def _informative(table: arm_data.ArmTable) -> tuple[list[int], list[Excluded]]:
    """Positions of the arms that Mantel-Haenszel can use, and what is left out."""
    k = len(table.names)
    events, n = table.cells["events"], table.cells["n"]
    total, others = np.bincount(table.study, events, k), np.bincount(table.study, n - events, k)
    gone: dict[int, str] = dict.fromkeys(np.flatnonzero(total == 0).tolist(), "no event in any arm")
    gone |= dict.fromkeys(np.flatnonzero((others == 0) & (total > 0)).tolist(), "nothing but events in every arm")
    lost = [Excluded(study=table.names[s], reason=reason) for s, reason in sorted(gone.items())]
    design = _design_of_studies(table)
    keep = [i for i, s in enumerate(table.study.tolist()) if s not in gone]
    sums: dict[tuple[tuple[str, ...], str], Array] = {}
    for i in keep:
        key = (design[int(table.study[i])], table.treatment[i])
        sums[key] = np.add(sums.get(key, np.zeros(2)), (events[i], n[i] - events[i]))
    empty = {
        key: "no event" if values[0] == 0 else "nothing but events"
        for key, values in sums.items()
        if (values == 0).any()
    }
    usable: list[int] = []
    for i in keep:
        s, name = int(table.study[i]), table.treatment[i]
        reason = empty.get((design[s], name))
        if reason is None:
            usable.append(i)
            continue
        where = f"the studies of {' / '.join(design[s])}"
        lost.append(Excluded(study=table.names[s], reason=f"arm {name!r}: {reason} in {where}", row=table.rows[i]))
    left = np.bincount([int(table.study[i]) for i in usable], minlength=k)
    for s in np.flatnonzero(left == 1).tolist():
        lost.append(Excluded(study=table.names[s], reason="one informative arm is left, so no contrast"))
    return [i for i in usable if left[table.study[i]] > 1], lost


def _design_of_studies(table: arm_data.ArmTable) -> list[tuple[str, ...]]:
    arms: list[list[str]] = [[] for _ in table.names]
    for s, name in zip(table.study.tolist(), table.treatment, strict=True):
        arms[s].append(name)
    return [tuple(sorted(names)) for names in arms]


def _take(table: arm_data.ArmTable, keep: list[int]) -> arm_data.ArmTable:
    code, names = codes([table.names[int(table.study[i])] for i in keep])
    return table._replace(
        treatment=[table.treatment[i] for i in keep], cells={name: values[keep] for name, values in table.cells.items()}, study=code,
        names=names, rows=[table.rows[i] for i in keep],
    )  # fmt: skip


def _fitted(
    shown: Contrasts, names: tuple[str, ...], origin: Mapping[str, tuple[str, ...]], level: float, notes: list[str]
) -> NetworkResult:
    """origin : the arms each study had before uninformative ones were left out; designs are pooled apart by these."""
    arms = shown.arms
    if arms is None or arms.events is None:
        raise TableError("Mantel-Haenszel needs the counts of every arm", expected="columns events and n")
    place = {name: i for i, name in enumerate(names)}
    study, studies = codes(arms.study)
    treatment = np.array([place[name] for name in arms.treatment], dtype=np.int64)
    order = np.lexsort((treatment, study))
    rows = np.split(order, np.cumsum(np.bincount(study))[:-1])
    keys = [(tuple(treatment[own].tolist()), origin[name]) for own, name in zip(rows, studies, strict=True)]
    groups: dict[tuple[tuple[int, ...], tuple[str, ...]], list[NDArray[np.int64]]] = {}
    for key, own in zip(keys, rows, strict=True):
        groups.setdefault(key, []).append(own)
    designs = {key: groups[key] for key in sorted(groups)}
    counts = [
        DesignCounts(np.array(key[0], dtype=np.int64), arms.events[np.array(group)], arms.n[np.array(group)])
        for key, group in designs.items()
    ]
    _refuse_no_overlap(counts, names)
    found = mantel_haenszel_network(counts, len(names))
    code = {key: i for i, key in enumerate(designs)}
    estimates = NetworkEstimates(
        model="MH", treatments=names, level=found.level, covariance=found.inverse, estimate=found.estimate, std_error=found.std_error,
        direct=_no_direct(shown, place), tau2=0.0, ci_level=level,
    )  # fmt: skip
    return NetworkResult(
        measure="OR", model="MH", tau2_method=None, pi_method=None, ci_level=level, treatments=names, reference=names[0],
        common=estimates, random=None, k=len(studies), n_arms=len(arms.study), n_comparisons=len(shown.study), n_designs=len(designs),
        n=float(arms.n.sum()), tau2=NAN, q=NAN, q_df=0, q_p_value=NAN, i2_q=NAN, q_heterogeneity=NAN, q_heterogeneity_df=0,
        q_heterogeneity_p_value=NAN, q_inconsistency=found.q, q_inconsistency_df=found.df,
        q_inconsistency_p_value=q_p_value(found.q, found.df), designs=tuple(tuple(names[i] for i in key[0]) for key in designs),
        study_design=tuple(code[key] for key in keys), studies=tuple(studies), contrasts=shown, evidence=None,
        options={"increment": "none"}, excluded=shown.excluded, notes=(*shown.notes, *notes),
    )  # fmt: skip


def _refuse_no_overlap(counts: list[DesignCounts], names: tuple[str, ...]) -> None:
    """Two arms whose events and non-events never meet in one study have no Mantel-Haenszel odds ratio."""
    for design in counts:
        crossed = np.einsum("kx,ky->xy", design.events, design.n - design.events)
        if (crossed == 0).any():
            listed = join([names[i] for i in design.arms.tolist()])
            raise TableError(
                f"the Mantel-Haenszel odds ratio is not defined among {listed}: one arm's events never meet another's non-events",
                action="Use model='common' or 'random' with an increment, or leave these studies out.",
            )


def _no_direct(shown: Contrasts, place: Mapping[str, int]) -> Direct:
    """How many studies compare each pair; their own estimates are not part of this method."""
    n = len(place)
    k = np.zeros((n, n), dtype=np.int64)
    for a, b in zip(shown.treat1, shown.treat2, strict=True):
        k[place[a], place[b]] += 1
        k[place[b], place[a]] += 1
    return Direct(k, np.full((n, n), np.nan), np.full((n, n), np.nan))
