"""The forest plot of dependent effects: each study's effects under its name, with the mean of the study."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ostealgia.display import capital, count_of, level_text, p_text
from ostealgia.errors import OptionError, suggestion
from ostealgia.meta.backtransform import study_frame, to_reported
from ostealgia.meta.multilevel_clusters import ClusterSummaries, cluster_summaries
from ostealgia.numerics.pooling import quantile
from ostealgia.plot.columns import data_columns, text_column
from ostealgia.plot.forest_table import (
    ForestOptions,
    ForestTable,
    Row,
    align_numbers,
    effect_label,
    effect_numbers,
    tau2_text,
)
from ostealgia.plot.numbers import effect_digits

# columns that tell the effects of a study apart, the first that does
NAMING = ("effect", "outcome", "time", "arm", "subgroup", "comparison", "scale")


def multilevel_table(fit: Any, options: ForestOptions) -> ForestTable:
    """The rows and columns of a forest plot of a MultilevelResult with one mean."""
    _refuse(options)
    found = cluster_summaries(fit)
    frame = study_frame(fit.effects, fit.ci_level, found.weights)
    measure = fit.definition
    mean = fit.coefficients.row(0)
    values = np.array([mean[name] for name in ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")])
    shown: dict[str, float] = dict(
        zip(
            ("estimate", "ci_low", "ci_high", "pi_low", "pi_high"),
            to_reported(measure, values, fit.effects).tolist(),
            strict=True,
        )
    )
    digits = options.digits
    if digits is None:
        digits = effect_digits(measure, frame["reported_ci_low"], frame["reported_ci_high"], shown["estimate"])
    unknown = next((name for name in options.columns if name not in frame.columns), None)
    if unknown is not None:
        raise OptionError(
            f"columns: {unknown!r} is not a column of the effects.{suggestion(unknown, map(str, frame.columns))}"
        )
    columns = [text_column(frame, name, head) for name, head in options.columns.items()]
    columns += data_columns(frame, measure.kind, options.arms, options.event_label)
    maker = _Rows(fit, found, frame, columns, digits)
    rows = [*maker.clusters(), *maker.pooled(shown, options.prediction)]
    effect = options.effect_label or effect_label(measure)
    return ForestTable(
        measure=measure,
        rows=tuple(align_numbers(rows)),
        columns=tuple(columns),
        effect_head=f"{effect} [{level_text(fit.ci_level)} CI]",
        axis_label=f"{effect} (log scale)" if measure.ratio else effect,
        weight_heads=("Weight, %",),
        domains=(),
        with_audit=False,
        pooled=shown["estimate"],
        methods=_methods(fit, found) if options.methods else "",
        options=options,
    )


def _refuse(options: ForestOptions) -> None:
    for name in ("common", "sort", "risk_of_bias", "audit"):
        if getattr(options, name) is not None:
            raise OptionError(
                f"{name} does not apply to a forest plot of dependent effects, which stand under their study."
            )


class _Rows:
    """Makes the rows of one table."""

    def __init__(self, fit: Any, found: ClusterSummaries, frame: Any, columns: list[Any], digits: int) -> None:
        self.fit, self.found, self.frame, self.columns, self.digits = fit, found, frame, columns, digits
        self.largest = float(np.nanmax(found.weights))
        self.names = _effect_names(fit, found)
        self.half = quantile(fit.ci_level, math.inf) * found.std_error

    def clusters(self) -> list[Row]:
        """A heading, the effects and their mean for each cluster; one line where there is one effect."""
        rows: list[Row] = []
        for code, label in enumerate(self.found.labels):
            at = np.flatnonzero(self.found.codes == code).tolist()
            name = " ".join(label.split()) or "(no name)"
            if len(at) == 1:
                rows.append(self._effect(at[0], name, flush=True))
                continue
            if rows and rows[-1].kind != "gap":
                rows.append(Row(kind="gap"))
            rows.append(Row(kind="heading", label=name))
            rows += [self._effect(i, self.names[i]) for i in at]
            rows += [self._mean(code, at), Row(kind="gap")]
        return rows[:-1] if rows and rows[-1].kind == "gap" else rows

    def _effect(self, i: int, label: str, flush: bool = False) -> Row:
        record = self.frame.iloc[i]
        values = [float(record[f"reported_{name}"]) for name in ("estimate", "ci_low", "ci_high")]
        weight = float(self.found.weights[i])
        return Row(
            kind="study",
            label=label,
            flush=flush,
            position=i,
            estimate=values[0],
            low=values[1],
            high=values[2],
            share=max(0.0, weight) / self.largest,
            numbers=effect_numbers(values[0], values[1], values[2], self.digits, self.fit.definition),
            weights=(f"{weight:.1f}",),
            cells=tuple(column.cells[i] for column in self.columns),
        )

    def _mean(self, code: int, at: list[int]) -> Row:
        centre, half = float(self.found.estimate[code]), float(self.half[code])
        shown = to_reported(
            self.fit.definition, np.array([centre, centre - half, centre + half]), self.fit.effects
        ).tolist()
        return self._row(f"Mean of {len(at)} effects", shown, f"{self.found.weights[at].sum():.1f}", accent=False)

    def pooled(self, shown: dict[str, float], prediction: bool) -> list[Row]:
        """The mean of all, with where the effects of a new study may lie."""
        rows = [
            Row(kind="gap"),
            self._row("Multilevel model", [shown["estimate"], shown["ci_low"], shown["ci_high"]], "100.0", accent=True),
        ]
        if prediction and math.isfinite(shown["pi_low"]):
            text = effect_numbers(math.nan, shown["pi_low"], shown["pi_high"], self.digits, self.fit.definition)[1]
            label = f"{level_text(self.fit.ci_level)} prediction interval"
            rows.append(
                Row(kind="prediction", label=label, low=shown["pi_low"], high=shown["pi_high"], numbers=("", text))
            )
        return rows

    def _row(self, label: str, values: list[float], weight: str, *, accent: bool) -> Row:
        estimate, low, high = values
        return Row(
            kind="pooled",
            label=label,
            inset=not accent,
            estimate=estimate,
            low=low,
            high=high,
            numbers=effect_numbers(estimate, low, high, self.digits, self.fit.definition),
            weights=(weight,),
            cells=tuple(("", "") for _ in self.columns),
            accent=accent,
        )


def _effect_names(fit: Any, found: ClusterSummaries) -> list[str]:
    """What tells the effects of a cluster apart: a column of the table that differs within every cluster, else their numbers."""
    columns = fit.effects.columns
    others = [name for name in columns if name not in NAMING and np.asarray(columns[name]).dtype == object]
    for name in [*NAMING, "study", *others]:
        values = fit.effects.column(name) if name != found.cluster else None
        if values is None:
            continue
        texts = [" ".join(str(value).split()) for value in values]
        if all(texts) and len(set(zip(found.codes.tolist(), texts, strict=True))) == len(texts):
            return texts
    count: dict[int, int] = {}
    names: list[str] = []
    for code in found.codes.tolist():
        count[code] = count.get(code, 0) + 1
        names.append(f"effect {count[code]}")
    return names


def _methods(fit: Any, found: ClusterSummaries) -> str:
    """Model, interval, the variances with their shares, Q."""
    clusters = count_of(
        len(found.labels), found.cluster, "studies" if found.cluster == "study" else f"groups of {found.cluster}"
    )
    ci = "z" if fit.ci_method == "z" else f"t, {fit.k - 1} df"
    parts = [
        f"{count_of(fit.k, 'effect', 'effects')} in {clusters}",
        f"{capital(fit.model)} model ({fit.method}), {level_text(fit.ci_level)} CI by {ci}",
    ]
    for part in fit.components:
        share = f", I\u00b2 {fit.i2[part.name]:.0f}%" if part.name in fit.i2 else ""
        parts.append(f"\u03c4\u00b2 of {part.name} {tau2_text(float(part.tau2[0]))}{share}")
    parts.append(f"Q {fit.q:.2f}, df {fit.q_df}, {p_text(fit.q_p_value)}")
    parts.append("Means of studies given the variances within them")
    if fit.excluded:
        parts.append(f"{count_of(len(fit.excluded), 'row', 'rows')} left out")
    if not fit.converged:
        parts.append("Not converged: do not use this estimate")
    return ". ".join(parts) + "."
