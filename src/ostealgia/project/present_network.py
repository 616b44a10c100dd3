"""The section of a network: what is compared, the treatments against one of them, the league, and whether evidence agrees."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from ostealgia import display
from ostealgia.display import capital, count_of, level_text, p_text, p_value
from ostealgia.meta.text import measure_interval, measure_text
from ostealgia.project.certainty import level_of
from ostealgia.project.networks import NetworkRun, connection_text
from ostealgia.project.present_panels import CERTAINTY, more_or_fewer, used_columns
from ostealgia.project.present_parts import Parts, figures_of
from ostealgia.project.run_result import AnalysisRun
from ostealgia.project.words import signs, title_of
from ostealgia.report import content

Row = dict[str, Any]
MOST_NAMED = 5  # comparisons that the first sentence lists
DISAGREE = 0.05  # P of inconsistency below which the first sentence says so


def network_answer(run: AnalysisRun, parts: Parts) -> content.Answer:
    """What the network says: each treatment against the reference, and of many treatments those that differ."""
    found = run.network
    assert found is not None  # the caller checked
    fit = found.fit
    rows = _against(found)
    others, level = len(rows), level_text(fit.ci_level)
    head = (
        f"{run.spec.answer.rstrip('.') or title_of(run)}, against {fit.reference}, {count_of(fit.k, 'trial', 'trials')}"
    )
    apart = [row for row in rows if not row["ci_low"] <= row["none"] <= row["ci_high"]]
    named = rows if others <= MOST_NAMED else sorted(apart, key=lambda row: -abs(row["estimate"]))[:MOST_NAMED]
    told = "; ".join(f"{row['treatment']} {row['text']}" for row in named)
    if others <= MOST_NAMED:
        text = f"{head}: {fit.definition.title} ({level} CI) {told}."
    elif apart:
        which = "they are" if len(named) == len(apart) else f"the {len(named)} furthest from it are"
        text = f"{head}. {len(apart)} of {others} treatments differ from it at the {level} level; {which} {told} ({fit.definition.title}, "
        text += f"{level} CI)."
    else:
        text = f"{head}. The {level} intervals of all {others} treatments include no difference from it."
    if fit.q_inconsistency_df and fit.q_inconsistency_p_value < DISAGREE:
        text += (
            f" Direct and indirect evidence disagree (Q between designs {display.number(fit.q_inconsistency, 1)}, df "
        )
        text += f"{fit.q_inconsistency_df}, {p_text(fit.q_inconsistency_p_value)})."
    if not found.connected:
        text += f" {capital(connection_text(found))}."
    return content.Answer(
        text=text, outcome=title_of(run), estimate=f"{others} {'comparison' if others == 1 else 'comparisons'}", k=str(fit.k),
        n="" if math.isnan(fit.n) else f"{fit.n:,.0f}", heterogeneity="" if math.isnan(fit.i2_q) else f"I² {fit.i2_q:.0f}%",
        analysis=run.spec.id, certainty=level_of(parts.project, run.spec.id),
    )  # fmt: skip


def _against(found: NetworkRun) -> list[Row]:
    """Each treatment against the reference, reported scale."""
    fit = found.fit
    none = float(fit.definition.back(fit.definition.no_effect or 0.0))
    rows = []
    for record in fit.against_reference().to_dict("records"):
        low, high = record["reported_ci_low"], record["reported_ci_high"]
        text = f"{measure_text(fit.definition, record['reported_estimate'])} ({measure_interval(fit.definition, low, high)})"
        rows.append({
            "treatment": str(record["treatment"]), "ci_low": low, "ci_high": high, "none": none, "text": text,
            "estimate": record["estimate"] - (fit.definition.no_effect or 0.0),
        })  # fmt: skip
    return rows


def network_section(run: AnalysisRun, parts: Parts, children: Sequence[AnalysisRun], answer: str) -> dict[str, Any]:
    """The fields of content.Analysis that a network fills."""
    found = run.network
    assert found is not None  # the caller checked
    return {
        "figures": (*figures_of(run, parts, "network-forest"), *figures_of(run, parts, "network")),
        "heterogeneity": tuple(_heterogeneity(found)),
        "estimates": _reference_table(run, parts),
        "panels": tuple(_panels(run, parts, children)),
        "tables": (_arm_table(run),),
        "how": how_text(found),
    }


def how_text(found: NetworkRun) -> str:
    """Model, estimator and interval in a phrase."""
    fit = found.fit
    names = {"random": "random effects", "common": "common effect", "MH": "Mantel-Haenszel, common effect"}
    tau2 = f" (one τ² for all comparisons, by {fit.tau2_method})" if fit.model == "random" else ""
    return f"Network meta-analysis, {names[fit.model]}{tau2}, {level_text(fit.ci_level)} CI by normal quantiles"


def method_paragraph(run: AnalysisRun) -> str:
    """What was done, in a paragraph."""
    found = run.network
    if found is None:
        return run.spec.note
    fit = found.fit
    text = (
        f"Measure: {fit.definition.title} ({fit.measure}). {how_text(found)}. Treatments are those of the column {run.spec.treatment}; "
        "trials of three or more arms count once (Rücker 2012, doi:10.1002/jrsm.1058). That patients of one trial could have been in any "
        "other (transitivity) is an assumption that no statistic here tests."
    )
    return f"{text} {run.spec.note}".strip()


# ---------------------------------------------------------------- against the reference


def _reference_table(run: AnalysisRun, parts: Parts) -> content.Table:
    found = run.network
    assert found is not None  # the caller checked
    fit = found.fit
    rows: list[Row] = []
    for record in fit.against_reference().to_dict("records"):
        name = str(record["treatment"])
        low, high = record["reported_pi_low"], record["reported_pi_high"]
        rows.append({
            "treatment": name, "direct": int(record["k"]),
            "estimate": measure_text(fit.definition, record["reported_estimate"]),
            "ci": measure_interval(fit.definition, record["reported_ci_low"], record["reported_ci_high"]),
            "pi": measure_interval(fit.definition, low, high) if math.isfinite(low) else "", "p": p_value(record["p_value"]),
            "certainty": level_of(parts.project, f"{run.spec.id}: {name}", run.spec.id),
        })  # fmt: skip
    columns = (
        content.Column(key="treatment", label=f"Against {fit.reference}", wide=True),
        content.Column(key="estimate", label=capital(fit.definition.title), align="decimal"),
        content.Column(key="ci", label=f"{level_text(fit.ci_level)} CI", align="right"),
        content.Column(key="pi", label=f"{level_text(fit.ci_level)} prediction interval", align="right"),
        content.Column(key="p", label="P", align="right"), content.Column(key="direct", label="Direct trials", align="right"), CERTAINTY,
    )  # fmt: skip
    caption = "Direct trials compare the two treatments themselves; where there is none, all evidence is indirect."
    return content.Table(
        id=f"{run.spec.id}-estimates",
        title="Estimates",
        columns=used_columns(columns, rows),
        rows=tuple(rows),
        caption=caption,
    )


def _heterogeneity(found: NetworkRun) -> Iterator[content.Fact]:
    fit, number = found.fit, display.number
    if not math.isnan(fit.tau2) and fit.model == "random":
        low, high = fit.tau2_interval
        limits = "" if math.isnan(low) else f" ({display.interval(low, high, 3)})"
        yield content.Fact(
            label="τ²", value=f"{number(fit.tau2, 3)}{limits}", note=f"{fit.definition.analysis_scale} scale, Q-profile"
        )
    if not math.isnan(fit.i2_q):
        yield content.Fact(label="I² from Q", value=f"{fit.i2_q:.0f}%", note="(Q - df) / Q")
    for label, q, df, p, note in (
        ("Q", fit.q, fit.q_df, fit.q_p_value, "of the whole network"),
        ("Q within designs", fit.q_heterogeneity, fit.q_heterogeneity_df, fit.q_heterogeneity_p_value, "heterogeneity"),
        (
            "Q between designs",
            fit.q_inconsistency,
            fit.q_inconsistency_df,
            fit.q_inconsistency_p_value,
            "inconsistency",
        ),
    ):
        if math.isnan(q):
            continue
        value = f"{number(q, 1)}, df {df}, {p_text(p)}" if df else "not testable (df 0)"
        yield content.Fact(label=label, value=value, note=note)
    test = None if found.decomposition is None else found.decomposition.between_random
    if test is not None and test.df and not math.isnan(test.q):
        yield content.Fact(
            label="Design by treatment",
            value=f"{number(test.q, 1)}, df {test.df}, {p_text(test.p_value)}",
            note="random effects",
        )


# ---------------------------------------------------------------- panels


def _panels(run: AnalysisRun, parts: Parts, children: Sequence[AnalysisRun]) -> Iterator[content.Panel]:
    found = run.network
    assert found is not None  # the caller checked
    if not found.connected:
        yield _parts_panel(run, found, parts)
    if found.absolute:
        yield _absolute_panel(run, found, parts)
    beside = [item for item in children if item.network is not None or item.problem]
    if beside:
        yield _sensitivity_panel(run, found, beside, parts)
    yield _league_panel(run, found)
    if found.scores is not None and found.rankings is not None:
        yield _rank_panel(run, found)
    if found.decomposition is not None:
        yield _consistency_panel(run, found)


def _parts_panel(run: AnalysisRun, found: NetworkRun, parts: Parts) -> content.Panel:
    rows: list[Row] = []
    fits = {frozenset(fit.treatments): fit for fit in (found.fit, *found.others)}
    for number, part in enumerate(found.parts.parts, start=1):
        fit = fits.get(frozenset(part.treatments))
        row: Row = {
            "part": number, "treatments": ", ".join(part.treatments), "studies": len(part.studies),
            "patients": None if math.isnan(part.patients) else f"{part.patients:,.0f}",
        }  # fmt: skip
        if fit is found.fit:
            row["result"] = "shown above"
            row["certainty"] = level_of(parts.project, run.spec.id)
        elif fit is not None:
            row["result"] = "; ".join(_pair_text(fit, record) for record in fit.against_reference().to_dict("records"))
            row["certainty"] = level_of(parts.project, f"{run.spec.id}: {', '.join(part.treatments)}")
        rows.append(row)
    columns = (
        content.Column(key="part", label="Part", align="right"), content.Column(key="treatments", label="Treatments", wide=True),
        content.Column(key="studies", label="Trials", align="right"), content.Column(key="patients", label="Patients", align="right"),
        content.Column(key="result", label="Result", wide=True), CERTAINTY,
    )  # fmt: skip
    table = content.Table(
        id=f"{run.spec.id}-part-table", title="", columns=used_columns(columns, rows), rows=tuple(rows)
    )
    text = f"{capital(connection_text(found))}. Joining them would need a trial, or an assumption that nobody can test; neither is made."
    return content.Panel(
        id=f"{run.spec.id}-parts", title="What trials join, and what they do not", open=True, text=text, tables=(table,)
    )


def _pair_text(fit: Any, record: Row) -> str:
    interval = measure_interval(fit.definition, record["reported_ci_low"], record["reported_ci_high"])
    value = measure_text(fit.definition, record["reported_estimate"])
    return f"{record['treatment']} against {fit.reference}: {fit.measure} {value} ({interval})"


def _absolute_panel(run: AnalysisRun, found: NetworkRun, parts: Parts) -> content.Panel:
    rows: list[Row] = []
    per = run.spec.per
    for name, effects in found.absolute.items():
        for effect in effects:
            spans = (
                (effect.difference_low, effect.difference_high),
                (effect.difference_pi_low, effect.difference_pi_high),
            )
            texts = [
                "" if math.isnan(low) else f"{more_or_fewer(low, per)} to {more_or_fewer(high, per)}"
                for low, high in spans
            ]
            rows.append({
                "treatment": name, "without": display.number(effect.baseline_risk * per, 1), "with": display.number(effect.risk * per, 1),
                "difference": f"{more_or_fewer(effect.difference, per)} ({texts[0]})", "prediction": texts[1],
                "certainty": level_of(parts.project, f"{run.spec.id}: {name}", run.spec.id),
            })  # fmt: skip
    unit = f"per {per:,}"
    columns = (
        content.Column(key="treatment", label="Treatment", wide=True),
        content.Column(key="without", label=f"With {found.fit.reference}", unit=unit, align="right"),
        content.Column(key="with", label="With the treatment", unit=unit, align="right"),
        content.Column(key="difference", label="Difference", unit=unit, align="right"),
        content.Column(key="prediction", label="In a new setting", unit=unit, align="right"), CERTAINTY,
    )  # fmt: skip
    table = content.Table(
        id=f"{run.spec.id}-absolute-table", title="", columns=used_columns(columns, rows), rows=tuple(rows)
    )
    notes = tuple(
        dict.fromkeys(
            capital(note) for effects in found.absolute.values() for effect in effects for note in effect.notes
        )
    )
    return content.Panel(
        id=f"{run.spec.id}-absolute", title=f"In {per:,} patients", open=True, tables=(table,), notes=notes
    )


def _sensitivity_panel(
    run: AnalysisRun, found: NetworkRun, children: Sequence[AnalysisRun], parts: Parts
) -> content.Panel:
    """The same comparisons in the sensitivity analyses, a block each."""

    def rate(item: AnalysisRun, row: Row) -> str:
        return level_of(parts.project, f"{item.spec.id}: {row['treatment']}", item.spec.id)

    rows: list[Row] = [
        {"line": "As entered", "treatment": row["treatment"], "text": row["text"], "k": found.fit.k}
        for row in _against(found)
    ]
    for child in children:
        title = title_of(child)
        if child.network is None:
            rows.append({"line": title, "treatment": child.problem, "text": ""})
            continue
        fit = child.network.fit
        note = "" if fit.reference == found.fit.reference else f" (against {fit.reference})"
        rows += [
            {
                "line": title,
                "treatment": f"{row['treatment']}{note}",
                "text": row["text"],
                "k": fit.k,
                "certainty": rate(child, row),
            }
            for row in _against(child.network)
        ]
    columns = (
        content.Column(key="line", label="Analysis"), content.Column(key="treatment", label=f"Against {found.fit.reference}", wide=True),
        content.Column(key="text", label=f"{capital(found.fit.definition.title)} ({level_text(found.fit.ci_level)} CI)", align="right"),
        content.Column(key="k", label="Trials", align="right"), CERTAINTY,
    )  # fmt: skip
    table = content.Table(
        id=f"{run.spec.id}-sensitivity-table",
        title="",
        columns=used_columns(columns, rows),
        rows=tuple(rows),
        group_by="line",
    )
    return content.Panel(id=f"{run.spec.id}-sensitivity", title="Under other choices", open=True, tables=(table,))


def _league_panel(run: AnalysisRun, found: NetworkRun) -> content.Panel:
    league = found.league
    rows = []
    for i, name in enumerate(league.treatments):
        cells: Row = {"name": content.Cell(value=name, strong=True)}
        for j, _ in enumerate(league.treatments):
            text = league.cells[i][j]
            cells[f"c{j}"] = "–" if i == j else ("" if text == "." else text.replace("[", "(").replace("]", ")"))
        rows.append(cells)
    columns = (
        content.Column(key="name", label=""),
        *(content.Column(key=f"c{j}", label=name, align="center") for j, name in enumerate(league.treatments)),
    )
    caption = (
        f"{capital(found.fit.definition.title)} ({level_text(league.ci_level)} CI). Below the diagonal the network, above it direct "
        "evidence alone; each cell: the treatment further left and up against the other one."
    )
    table = content.Table(
        id=f"{run.spec.id}-league-table", title="", columns=columns, rows=tuple(rows), caption=caption
    )
    return content.Panel(id=f"{run.spec.id}-league", title="League table", tables=(table,))


def _rank_panel(run: AnalysisRun, found: NetworkRun) -> content.Panel:
    scores, ranks = found.scores, found.rankings
    assert scores is not None and ranks is not None  # the caller checked
    rows = [
        {
            "treatment": name, "p_score": float(scores.p_score[scores.model][i]), "sucra": float(ranks.sucra[i]),
            "mean_rank": float(ranks.mean_rank[i]), "first": f"{100 * float(ranks.probability[i, 0]):.0f}",
        }
        for i, name in enumerate(ranks.treatments)
    ]  # fmt: skip
    columns = (
        content.Column(key="treatment", label="Treatment"),
        content.Column(key="p_score", label="P-score", align="decimal", digits=2),
        content.Column(key="sucra", label="SUCRA", align="decimal", digits=2),
        content.Column(key="mean_rank", label="Mean rank", align="decimal", digits=1),
        content.Column(key="first", label="Rank 1", unit="%", align="right"),
    )
    better = "higher" if ranks.small_values == "undesirable" else "lower"
    table = content.Table(id=f"{run.spec.id}-rank-table", title="", columns=columns, rows=tuple(rows))
    notes = tuple(capital(note) for note in dict.fromkeys((*scores.notes, *ranks.notes)))
    return content.Panel(
        id=f"{run.spec.id}-ranks", title="Ranks", text=f"{capital(better)} values count as better; rows are in alphabetical order.",
        tables=(table,), notes=notes,
    )  # fmt: skip


def _consistency_panel(run: AnalysisRun, found: NetworkRun) -> content.Panel:
    """Q by design, the design-by-treatment test, and direct against indirect evidence."""
    parts = found.decomposition
    assert parts is not None  # the caller checked
    rows = [
        {
            "source": part.source + (f": {' / '.join(part.design)}" if part.design else ""), "k": part.k or None,
            "q": None if math.isnan(part.q) else part.q, "df": part.df, "p": "" if not part.df else p_value(part.p_value),
        }
        for part in parts.parts()
    ]  # fmt: skip
    columns = (
        content.Column(key="source", label="Part of Q", wide=True), content.Column(key="k", label="Trials", align="right"),
        content.Column(key="q", label="Q", align="decimal", digits=2), content.Column(key="df", label="df", align="right"),
        content.Column(key="p", label="P", align="right"),
    )  # fmt: skip
    tables = [
        content.Table(
            id=f"{run.spec.id}-q-table",
            title="Q, taken apart by design",
            columns=used_columns(columns, rows),
            rows=tuple(rows),
        )
    ]
    split = _split_table(run, found)
    notes = list(dict.fromkeys((*parts.notes, *(found.split.notes if found.split is not None else ()))))
    return content.Panel(
        id=f"{run.spec.id}-consistency", title="Does direct evidence agree with indirect?",
        text="A large P does not show that they agree: most networks hold too little evidence to tell.",
        tables=(*tables, *([split] if split is not None else [])), notes=tuple(capital(signs(note)) for note in notes),
    )  # fmt: skip


def _split_table(run: AnalysisRun, found: NetworkRun) -> content.Table | None:
    """Node splitting: the comparisons that have both kinds of evidence."""
    if found.split is None:
        return None
    frame = found.split.to_frame()
    rows = []
    for record in frame.to_dict("records"):
        if math.isnan(record["difference"]):
            continue
        back, measure = found.fit.definition.back, found.fit.definition
        rows.append({
            "pair": f"{record['treat1']} against {record['treat2']}", "k": int(record["k"]),
            "direct": measure_text(measure, float(back(record["direct"]))),
            "indirect": measure_text(measure, float(back(record["indirect"]))),
            "share": f"{100 * record['prop_direct']:.0f}", "p": p_value(record["p_value"]),
        })  # fmt: skip
    if not rows:
        return None
    columns = (
        content.Column(key="pair", label="Comparison", wide=True), content.Column(key="k", label="Direct trials", align="right"),
        content.Column(key="share", label="Direct share", unit="%", align="right"),
        content.Column(key="direct", label="Direct", align="decimal"), content.Column(key="indirect", label="Indirect", align="decimal"),
        content.Column(key="p", label="P of the difference", align="right"),
    )  # fmt: skip
    return content.Table(
        id=f"{run.spec.id}-split-table", title="Node splitting", columns=columns, rows=tuple(rows),
        caption=f"{capital(found.fit.definition.title)}; comparisons with both direct and indirect evidence.",
    )  # fmt: skip


def _arm_table(run: AnalysisRun) -> content.Table:
    found = run.network
    assert found is not None  # the caller checked
    names = list(dict.fromkeys(name for arm in found.arms for name in arm.cells))
    headings = {"events": "Events", "n": "n", "mean": "Mean", "sd": "SD", "person_time": "Person-time"}
    columns = [
        content.Column(key="study", label="Study"),
        content.Column(key="treatment", label="Treatment", wide=True),
    ]
    columns.append(content.Column(key="arm", label="Arm as typed", wide=True))
    columns += [content.Column(key=name, label=headings.get(name, name), align="decimal") for name in names]
    columns += [
        content.Column(key="rows", label="Row", align="right"),
        content.Column(key="source", label="Source", wide=True),
    ]
    rows: list[Row] = [
        {
            "study": arm.study, "treatment": arm.treatment, "arm": "" if arm.arm == arm.treatment else arm.arm, **arm.cells,
            "rows": ", ".join(map(str, arm.rows)), "source": arm.source,
        }
        for arm in found.arms
    ]  # fmt: skip
    return content.Table(
        id=f"{run.spec.id}-studies", title="Arms as entered", columns=used_columns(columns, rows), rows=tuple(rows)
    )
