"""How far a pooled effect moves: one quiet row for each refit, in the style of the forest plot."""

from __future__ import annotations

import math
from typing import Any

from ostealgia.display import capital, level_text
from ostealgia.errors import OptionError
from ostealgia.plot.canvas import house_style
from ostealgia.plot.columns import Column
from ostealgia.plot.forest_plot import draw_table
from ostealgia.plot.forest_table import (
    CI_WORDS,
    MODEL_WORDS,
    ForestOptions,
    ForestTable,
    Row,
    align_numbers,
    effect_label,
    effect_numbers,
    model_name,
    tau2_text,
)
from ostealgia.plot.numbers import MISSING, aligned, effect_digits
from ostealgia.tables.measures import Measure

NAN = math.nan
HEADS = {"leave-one-out": "Study left out", "cumulative": "Study added"}
NEEDED = ("reported_estimate", "reported_ci_low", "reported_ci_high")


def sensitivity(
    result: Any,
    *,
    fit: Any = None,
    ax: Any = None,
    title: str | None = None,
    label_head: str | None = None,
    effect_label: str | None = None,
    digits: int | None = None,
) -> Any:
    """How much does the pooled effect depend on one study, on their order, or on the method?

    result : SensitivityResult (leave-one-out, cumulative), or a frame with reported_estimate, reported_ci_low,
    reported_ci_high and either label, or model, tau2_method and ci_method (as ``oa.meta.grid`` makes it); tau2 and i2_q
    are shown where they are there.
    fit : the PoolResult that is compared with; needed with a frame.  ax : as in ``forest``.
    title : a line above.  label_head : heading of the labels.  effect_label, digits : as in ``forest``.
    Returns the Axes. Raises OptionError.

    >>> import ostealgia as oa
    >>> data = {"study": list("ABC"), "estimate": [-0.5, -0.2, -0.4], "std_error": [0.2, 0.1, 0.3]}
    >>> fit = oa.meta.pool(data, measure="OR")
    >>> ax = sensitivity(oa.meta.leave_one_out(fit))
    >>> len(ax.child_axes)
    1
    """
    frame = result.to_frame() if hasattr(result, "to_frame") else result
    fit = fit if fit is not None else getattr(result, "original", None)
    if fit is None:
        raise OptionError("sensitivity needs the pooled result that is compared with: fit=...")
    missing = [name for name in NEEDED if name not in frame.columns]
    if missing or not {"label", "model"} & set(frame.columns):
        raise OptionError(
            f"sensitivity: no column {missing or 'label'} in the frame; found {[str(name) for name in frame.columns]}."
        )
    head = label_head or HEADS.get(getattr(result, "kind", ""), "Model" if "label" not in frame.columns else "Analysis")
    options = ForestOptions(title=title, effect_label=effect_label, digits=digits)
    with house_style():
        return draw_table(_table(frame, fit, head, options), ax)


def _table(frame: Any, fit: Any, head: str, options: ForestOptions) -> ForestTable:
    measure: Measure = fit.definition
    digits = options.digits
    if digits is None:
        digits = effect_digits(measure, frame["reported_ci_low"], frame["reported_ci_high"], fit.reported.estimate)
        digits = max(1, digits) if measure.percent else digits
    columns = _columns(frame)
    rows = [_row(frame.iloc[i], i, digits, measure, columns) for i in range(len(frame))]
    rows.append(_all(fit, digits, measure, columns))
    label = options.effect_label or effect_label(measure)
    return ForestTable(
        measure=measure,
        rows=tuple(align_numbers(rows)),
        columns=tuple(columns),
        label_head=head,
        effect_head=f"{label} [{level_text(fit.ci_level)} CI]",
        axis_label=f"{label} (log scale)" if measure.ratio else label,
        weight_heads=(),
        domains=(),
        with_audit=False,
        pooled=fit.reported.estimate,
        methods="",
        options=options,
    )


def _columns(frame: Any) -> list[Column]:
    """Method names where the rows are methods, then tau2 and I2 where they are known."""
    columns: list[Column] = []
    if "label" not in frame.columns:
        columns += [_words(frame, "tau2_method", "τ² by", {}), _words(frame, "ci_method", "CI by", CI_WORDS)]
    if "k" in frame.columns and frame["k"].nunique() > 1 and "label" in frame.columns and frame["k"].iloc[0] == 1:
        columns.append(_numbers(frame, "k", "k", lambda value: f"{value:.0f}"))
    if "tau2" in frame.columns:
        columns.append(_numbers(frame, "tau2", "τ²", tau2_text))
    if "i2_q" in frame.columns:
        columns.append(_numbers(frame, "i2_q", "I², %", lambda value: f"{value:.0f}"))
    return columns


def _words(frame: Any, name: str, head: str, words: dict[str, str]) -> Column:
    values = frame[name].tolist() if name in frame.columns else [None] * len(frame)
    texts = [words.get(value, value) if isinstance(value, str) else MISSING for value in values]
    return Column(head=head, cells=tuple((text, "") for text in texts), align="left")


def _numbers(frame: Any, name: str, head: str, write: Any) -> Column:
    values = [float(value) if value is not None else NAN for value in frame[name]]
    texts = aligned([write(value) if math.isfinite(value) else MISSING for value in values])
    return Column(head=head, cells=tuple((text, "") for text in texts))


def _row(record: Any, position: int, digits: int, measure: Measure, columns: list[Column]) -> Row:
    estimate, low, high = (float(record[name]) for name in NEEDED)
    if "label" in record.index:
        label = " ".join(str(record["label"]).split())
    else:
        label = capital(
            "random effects" if record["model"] == "random" else MODEL_WORDS.get(record["model"], str(record["model"]))
        )
    numbers = effect_numbers(estimate, low, high, digits, measure)
    if math.isnan(estimate):
        numbers = (MISSING, "")
    return Row(
        kind="refit",
        label=label,
        position=position,
        estimate=estimate,
        low=low,
        high=high,
        numbers=numbers,
        cells=tuple(column.cells[position] for column in columns),
    )


def _all(fit: Any, digits: int, measure: Measure, columns: list[Column]) -> Row:
    shown = fit.reported
    known = {
        "τ²": tau2_text(fit.tau2) if math.isfinite(fit.tau2) else MISSING,
        "I², %": f"{fit.i2_q:.0f}" if math.isfinite(fit.i2_q) else MISSING,
    }
    return Row(
        kind="pooled",
        label=f"All studies: {model_name(fit)}",
        estimate=shown.estimate,
        low=shown.ci_low,
        high=shown.ci_high,
        numbers=effect_numbers(shown.estimate, shown.ci_low, shown.ci_high, digits, measure),
        cells=tuple((known.get(column.head, ""), "") for column in columns),
        accent=True,
    )
