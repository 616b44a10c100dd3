"""Network meta-analysis: from a table to a result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.display import p_text
from ostealgia.errors import OptionError, TableError
from ostealgia.network import connection
from ostealgia.network.contrast_data import Contrasts, studies_without_row
from ostealgia.network.estimates import PREDICTION, NetworkEstimates, prediction_df
from ostealgia.network.labels import codes, join, known, ordered
from ostealgia.network.reading import contrasts
from ostealgia.network.result import SMALL_VALUES, NetworkResult
from ostealgia.numerics import network as numerics
from ostealgia.numerics.heterogeneity import i2_from_q, q_p_value
from ostealgia.numerics.network_tau2 import METHODS, network_tau2
from ostealgia.numerics.tau2_interval import empty_note
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.result import Excluded

Array = NDArray[np.float64]
Index = NDArray[np.int64]
NAN = math.nan
FLAT = 1e-10  # an arm contrast with less than this share of its study's largest variance does not exist


def fit(
    data: Any,
    *,
    measure: str | None = None,
    model: str = "random",
    reference: str | None = None,
    tau2: str = "REML",
    tau2_value: float | None = None,
    pi: str = "V",
    level: float = 0.95,
    small_values: str | None = None,
    component: str | int | None = None,
    multiarm_tolerance: float = 0.05,
    on_bad: str = "raise",
    file: str | None = None,
    **options: Any,
) -> NetworkResult:
    """Compare all treatments of a connected network at once, from direct and indirect evidence.

    data, measure, on_bad, options : as for ``contrasts`` (arms or contrasts; zero-cell options).
    model : "random", "common", or "MH" (Mantel-Haenszel of odds ratios, common effect, from counts of arms without any increment).
    reference : the treatment the others are shown against; by default the one in most studies.
    tau2 : "REML", "DL" (generalised moment), "ML", "EB", "PM", "PMM".  tau2_value : a known tau2 instead.
    pi : prediction interval "V" (t with the df of Q), "HTS" (one less), "S" (normal) or "none".  level : confidence level, a proportion.
    small_values : "desirable" or "undesirable", the direction for P-scores and ranks.
    component : number of a part (1 is the largest) or a treatment in it, where the network is not connected.
    multiarm_tolerance : how far contrasts of one study may disagree, in standard errors; below it they are averaged.
    Studies of more than two arms need every pair of arms, and count once (weights adjusted as in Ruecker & Schwarzer 2014,
    doi:10.1002/sim.6236); a study whose contrasts contradict one another is refused by name.
    Not for: treatments that different kinds of patients receive (transitivity is an assumption no statistic here can test).
    Returns a NetworkResult. Raises TableError, OptionError, ConvergenceError.  Source: Ruecker 2012, doi:10.1002/jrsm.1058.

    >>> data = {"study": ["A", "B", "C"], "treat1": ["x", "y", "x"], "treat2": ["y", "z", "z"], "estimate": [1.0, 2.0, 3.3],
    ...         "std_error": [0.5, 0.5, 0.5]}
    >>> found = fit(data, reference="z")
    >>> found.shown.estimate[0].round(3).tolist(), found.q_df
    ([0.0, 1.1, 3.2], 1)
    """
    one_of("model", model, ("random", "common", "MH"))
    one_of("tau2", tau2, METHODS)
    one_of("pi", pi, (*PREDICTION, "none"))
    confidence_level(level)
    if small_values is not None:
        one_of("small_values", small_values, SMALL_VALUES)
    if tau2_value is not None and not 0 <= tau2_value < math.inf:
        raise OptionError(f"tau2_value={tau2_value!r} is not a finite number of 0 or more.")
    if model == "MH":
        from ostealgia.network.counts import fit_counts

        found = fit_counts(
            data, measure=measure, component=component, level=level, on_bad=on_bad, file=file, options=options
        )
        return _with_reference(found, reference, small_values)
    table = contrasts(data, measure=measure, on_bad=on_bad, file=file, **options)
    table, names = _connected(_complete(table, on_bad), component)
    studies, evidence, notes = _evidence(table, names, multiarm_tolerance)
    found = _fitted(
        table, names, studies, evidence, model=model, tau2=tau2, tau2_value=tau2_value, pi=pi, level=level, notes=notes,
        options={"multiarm_tolerance": multiarm_tolerance, **({} if component is None else {"component": component})},
    )  # fmt: skip
    return _with_reference(found, reference, small_values)


def fit_parts(data: Any, **options: Any) -> tuple[NetworkResult, ...]:
    """One result for each connected part of the network, the largest first.

    data, options : as for ``fit``, without ``component``; a reference counts in the part that holds it. Not for model="MH", whose parts
    depend on which arms have events: call ``fit`` with ``component``.

    >>> data = {"study": ["A", "B"], "treat1": ["x", "p"], "treat2": ["y", "q"], "estimate": [0.1, 0.2], "std_error": [0.1, 0.1]}
    >>> [found.treatments for found in fit_parts(data)]
    [('p', 'q'), ('x', 'y')]
    """
    if options.get("model") == "MH" or "component" in options:
        raise OptionError("fit_parts takes neither model='MH' nor component; call fit for each part.")
    reading = {"measure", "increment", "apply_increment", "rr_increment_to_n", "on_bad", "file"}
    table = contrasts(data, **{name: value for name, value in options.items() if name in reading})
    on_bad = options.get("on_bad", "raise")
    rest = {name: value for name, value in options.items() if name not in reading}
    found = connection.parts_of(_complete(table, on_bad))
    connection.choose_part(found, 1)
    reference = rest.pop("reference", None)
    if reference is not None:
        reference = known("reference", reference, [name for part in found.parts for name in part.treatments])
    made = []
    for part in found.parts:
        own = reference if reference in part.treatments else None
        made.append(fit(found.contrasts, component=part.treatments[0], reference=own, **rest))
    return tuple(made)


def _complete(table: Contrasts, on_bad: str) -> Contrasts:
    """Only contrasts with a value, in studies that have every pair of their arms; others are refused, or left out by name."""
    usable = np.isfinite(table.estimate)
    if not usable.all():
        table = _rows(table, usable)
    study, studies = codes(table.study)
    first, names = codes([*table.treat1, *table.treat2])
    first, second = first[: len(study)], first[len(study) :]
    low, high = np.minimum(first, second), np.maximum(first, second)
    arms = numerics.arms_of_studies(study, low, high, len(studies), max(1, len(names)))
    bad = np.flatnonzero(arms == 0).tolist()
    if not bad:
        return table
    reasons = {studies[s]: _incomplete(table, studies[s]) for s in bad}
    if on_bad == "raise":
        name, reason = next(iter(reasons.items()))
        row = table.rows[table.study.index(name)] if table.rows else None
        raise TableError(
            f"study {name!r}: {reason}", row=row, column="study",
            expected="for m arms, each of the m (m - 1) / 2 pairs once",
            action="Add the missing contrasts, give arms instead, or leave the study out (on_bad='exclude').",
        )  # fmt: skip
    kept = _rows(table, np.array([name not in reasons for name in table.study]))
    lost = tuple(Excluded(study=name, reason=reason) for name, reason in reasons.items())
    return replace(kept, excluded=(*kept.excluded, *lost))


def _incomplete(table: Contrasts, study: str) -> str:
    """What is wrong with the contrasts of one study."""
    pairs = [
        tuple(sorted((a, b))) for s, a, b in zip(table.study, table.treat1, table.treat2, strict=True) if s == study
    ]
    twice = [pair for pair in dict.fromkeys(pairs) if pairs.count(pair) > 1]
    if twice:
        return f"{twice[0][0]} against {twice[0][1]} is given {pairs.count(twice[0])} times"
    arms = ordered({name for pair in pairs for name in pair})
    missing = [
        f"{a} against {b}" for i, a in enumerate(arms) for b in arms[i + 1 :] if tuple(sorted((a, b))) not in pairs
    ]
    text = f"{len(arms)} arms ({join(arms)}) but {len(pairs)} of {len(arms) * (len(arms) - 1) // 2} contrasts; no {join(missing)}"
    return text + (" (a row was left out)" if study in studies_without_row(table) else "")


def _rows(table: Contrasts, keep: Any) -> Contrasts:
    index = np.flatnonzero(keep).tolist()
    return replace(
        table, study=tuple(table.study[i] for i in index), treat1=tuple(table.treat1[i] for i in index),
        treat2=tuple(table.treat2[i] for i in index), estimate=table.estimate[index], std_error=table.std_error[index],
        rows=tuple(table.rows[i] for i in index) if table.rows else (),
    )  # fmt: skip


def _connected(table: Contrasts, component: str | int | None) -> tuple[Contrasts, tuple[str, ...]]:
    """The contrasts of one connected part, and its treatments in order."""
    names = tuple(connection.treatment_names(table))
    if component is None and connection.is_connected(table, names):
        return table, names
    found = connection.parts_of(table)
    part = connection.choose_part(found, component)
    if found.connected:
        return table, part.treatments
    others = [f"{other}" for other in found.parts if other is not part]
    note = f"not connected with this part, so not compared: {'; '.join(others)}"
    chosen = connection.take(table, part)
    return replace(chosen, notes=(*chosen.notes, note)), part.treatments


def _evidence(
    table: Contrasts, names: tuple[str, ...], tolerance: float
) -> tuple[list[str], numerics.Evidence, list[str]]:
    """Codes and arrays; rows turned so that treat1 comes before treat2."""
    place = {name: i for i, name in enumerate(names)}
    first = np.array([place[name] for name in table.treat1], dtype=np.int64)
    second = np.array([place[name] for name in table.treat2], dtype=np.int64)
    turned = first > second
    study, studies = codes(table.study)
    low, high = np.where(turned, second, first), np.where(turned, first, second)
    estimate = np.where(turned, -table.estimate, table.estimate)
    arms = numerics.arms_of_studies(study, low, high, len(studies), len(names))
    evidence = numerics.decompose(study, low, high, estimate, np.square(table.std_error), arms, len(names))
    notes: list[str] = []
    for block in evidence.blocks:
        _check_block(block, studies, tolerance, notes)
    return studies, evidence, notes


def _check_block(block: numerics.Block, studies: list[str], tolerance: float, notes: list[str]) -> None:
    """Refuse studies whose contrasts, or their standard errors, contradict one another."""
    flat = block.spread[:, 0] <= FLAT * block.spread[:, -1]
    if flat.any():
        name = studies[int(block.study[np.argmax(flat)])]
        raise TableError(
            f"study {name!r}: the standard errors of its contrasts contradict one another (no arms have these variances)",
            column="std_error",
            action="Compare them with the paper, or give arms instead of contrasts.",
        )
    apart = block.gap > tolerance
    if apart.any():
        worst = int(np.argmax(block.gap))
        raise TableError(
            f"study {studies[int(block.study[worst])]!r}: its contrasts contradict one another (A - B and B - C do not add up to A - C)",
            column="estimate",
            found=f"a gap of {block.gap[worst]:.2g} standard errors",
            expected=f"at most {tolerance:g}",
            action="Compare them with the paper, give arms instead, or raise multiarm_tolerance.",
        )
    rounded = block.gap > 1e-6
    if rounded.any():
        listed = join([studies[int(s)] for s in block.study[rounded]])
        notes.append(f"contrasts that do not quite add up, as after rounding, were averaged within: {listed}")


def _fitted(
    table: Contrasts,
    names: tuple[str, ...],
    studies: list[str],
    evidence: numerics.Evidence,
    *,
    model: str,
    tau2: str,
    tau2_value: float | None,
    pi: str,
    level: float,
    notes: list[str],
    options: dict[str, Any],
) -> NetworkResult:
    value, certificate = _tau2(evidence, tau2, tau2_value, notes if model == "random" else [])
    used = 0.0 if math.isnan(value) else value
    base = numerics.solve(evidence)
    design, designs, members = _designs(evidence, len(studies), names)
    within = numerics.within_designs(evidence, design, len(designs))
    q_within, df_within = float(within.q.sum()), int(within.df.sum())
    q_between, df_between = max(0.0, base.q - q_within), evidence.df - df_within
    if df_between == 0:
        q_between = 0.0
    p_between = q_p_value(q_between, df_between)
    if df_between > 0 and p_between < 0.05:
        notes.append(
            f"designs disagree (inconsistency, {p_text(p_between)}): look at split() and decomposition() before using the estimates"
        )
    if model == "random" and tau2_value is None and (note := empty_note(base.q, evidence.df, "QP", level)):
        notes.append(note)
    rule = pi if pi != "none" else None
    pi_df = NAN if rule is None or math.isnan(value) else prediction_df(rule, evidence.df)
    scaled = base if used == 0.0 else numerics.solve(evidence, used)
    return NetworkResult(
        measure=table.measure,
        model=model,
        tau2_method="given" if tau2_value is not None else tau2,
        pi_method=rule,
        ci_level=level,
        treatments=names,
        reference=names[0],
        common=_estimates("common", names, base, evidence, level, NAN),
        random=_estimates("random", names, scaled, evidence, level, pi_df),
        k=len(studies),
        n_arms=int(members.sum()),
        n_comparisons=len(evidence.estimate),
        n_designs=len(designs),
        n=float(table.arms.n[_in(table, studies)].sum()) if table.arms is not None else NAN,
        tau2=value,
        q=base.q if evidence.df > 0 else 0.0,
        q_df=evidence.df,
        q_p_value=q_p_value(base.q, evidence.df),
        i2_q=i2_from_q(base.q, evidence.df) if evidence.df > 0 else NAN,
        q_heterogeneity=q_within,
        q_heterogeneity_df=df_within,
        q_heterogeneity_p_value=q_p_value(q_within, df_within),
        q_inconsistency=q_between,
        q_inconsistency_df=df_between,
        q_inconsistency_p_value=p_between,
        designs=designs,
        study_design=tuple(design.tolist()),
        studies=tuple(studies),
        contrasts=table,
        evidence=evidence,
        certificate=certificate,
        options={**table.options, **options},
        excluded=table.excluded,
        notes=(*table.notes, *notes),
    )


def _in(table: Contrasts, studies: Sequence[str]) -> list[int]:
    chosen = set(studies)
    return [] if table.arms is None else [i for i, study in enumerate(table.arms.study) if study in chosen]


def _tau2(
    evidence: numerics.Evidence, method: str, known_value: float | None, notes: list[str]
) -> tuple[float, dict[str, Any]]:
    if known_value is not None:
        return float(known_value), {"method": "given"}
    found = network_tau2(evidence, method)
    if math.isnan(found.value):
        notes.append(
            "no comparison is repeated and no loop is closed, so tau2 cannot be estimated; random effects equal the common effect"
        )
    certificate = dict(found.certificate)
    if found.untruncated < 0:
        certificate["untruncated"] = found.untruncated
    return found.value, certificate


def _designs(
    evidence: numerics.Evidence, n_studies: int, names: tuple[str, ...]
) -> tuple[Index, tuple[tuple[str, ...], ...], Index]:
    """Code of each study's design, the designs as treatments in order, and the number of arms of each study."""
    sets: list[tuple[int, ...]] = [()] * n_studies
    rows = evidence.pairs
    for s, a, b in zip(
        evidence.study[rows].tolist(), evidence.first[rows].tolist(), evidence.second[rows].tolist(), strict=True
    ):
        sets[s] = (a, b)
    for block in evidence.blocks:
        for s, arms in zip(block.study.tolist(), block.arms.tolist(), strict=True):
            sets[s] = tuple(arms)
    order = {arms: i for i, arms in enumerate(sorted(set(sets)))}
    design = np.array([order[arms] for arms in sets], dtype=np.int64)
    members = np.array([len(arms) for arms in sets], dtype=np.int64)
    return design, tuple(tuple(names[i] for i in arms) for arms in order), members


def _estimates(
    model: str, names: tuple[str, ...], found: numerics.Fit, evidence: numerics.Evidence, level: float, pi_df: float
) -> NetworkEstimates:
    return NetworkEstimates(
        model=model, treatments=names, level=found.level, covariance=found.inverse, estimate=found.estimate,
        std_error=found.std_error, direct=numerics.direct_evidence(evidence, found.tau2), tau2=found.tau2, ci_level=level, pi_df=pi_df,
    )  # fmt: skip


def _with_reference(found: NetworkResult, reference: str | None, small_values: str | None) -> NetworkResult:
    if reference is None:
        counts = connection.studies_of_treatments(found.contrasts)
        chosen = max(found.treatments, key=lambda name: counts.get(name, 0))
        return replace(
            found,
            reference=chosen,
            small_values=small_values,
            options={**found.options, "reference": "in most studies"},
        )
    return replace(found, reference=known("reference", reference, found.treatments), small_values=small_values)
