"""A forest plot as a table: which rows and columns it has and what stands in them, before anything is placed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.display import MINUS, capital, count_of, level_text, p_text
from ostealgia.errors import OptionError, suggestion
from ostealgia.options import one_of
from ostealgia.plot.columns import Column, data_columns, text_column
from ostealgia.plot.marks import JUDGEMENTS, VERDICTS
from ostealgia.plot.numbers import MISSING, POINT_SPACE, aligned, effect_digits, effect_text
from ostealgia.plot.scales import EffectAxis, effect_axis
from ostealgia.tables.measures import Measure

Array = NDArray[np.float64]
NAN = math.nan
NO_BREAK = "\u00a0"

SORTS: dict[str, str] = {
    "estimate": "reported_estimate",
    "weight": "weight",
    "precision": "std_error",
    "study": "study",
}


@dataclass(frozen=True, kw_only=True)
class ForestOptions:
    """The options of ``forest``; see there."""

    title: str | None = None
    arms: Sequence[str] = ("Treated", "Control")
    event_label: str = "events"
    effect_label: str | None = None
    favours: Sequence[str] | None = None
    digits: int | None = None
    xlim: tuple[float, float] | None = None
    common: Any = None
    prediction: bool = True
    methods: bool = True
    sort: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    risk_of_bias: Mapping[str, Any] | None = None
    audit: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        for name in ("arms", "favours"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, str) or len(value) != 2):
                raise OptionError(f"{name}={value!r} is not a pair of labels. Write {name}=('first', 'second').")
        if self.sort is not None:
            one_of("sort", self.sort, SORTS)
        if self.digits is not None and not (isinstance(self.digits, int) and 0 <= self.digits <= 8):
            raise OptionError(f"digits={self.digits!r} is not a whole number from 0 to 8.")
        if self.xlim is not None and not (len(self.xlim) == 2 and self.xlim[0] < self.xlim[1]):
            raise OptionError(f"xlim={self.xlim!r} is not (low, high) with low below high.")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row. kind : heading, study, refit (of a sensitivity analysis), pooled, prediction, note or gap.

    estimate, low, high : reported scale.  share : weight over the largest weight.  position : row of the study frame.
    numbers : text of the estimate and of its interval.  weights : text a weight column.  accent : the main pooled row.
    flush : a study that stands out at the left edge among those of groups.  inset : a pooled row that stands in, below its studies.
    """

    kind: str
    label: str = ""
    position: int | None = None
    estimate: float = NAN
    low: float = NAN
    high: float = NAN
    share: float = NAN
    numbers: tuple[str, str] = ("", "")
    weights: tuple[str, ...] = ()
    cells: tuple[tuple[str, str], ...] = ()
    judgements: tuple[str, ...] = ()
    verdict: str = ""
    url: str | None = None
    accent: bool = False
    flush: bool = False
    inset: bool = False


@dataclass(frozen=True, kw_only=True)
class ForestTable:
    """rows : from top to bottom.  columns : left of the plot.  effect_head : heading of the estimates.

    weight_heads : one a column.  domains : headings of the risk-of-bias signs.  pooled : where the dotted line goes.
    """

    measure: Measure
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    label_head: str = "Study"
    effect_head: str
    axis_label: str
    weight_heads: tuple[str, ...]
    domains: tuple[str, ...]
    with_audit: bool
    pooled: float
    methods: str
    options: ForestOptions

    def axis(self, width: float) -> EffectAxis:
        """The effect axis on ``width`` points."""
        studies = [row for row in self.rows if row.kind in ("study", "refit")]
        pooled = [row for row in self.rows if row.kind in ("pooled", "prediction")]
        return effect_axis(
            self.measure,
            **{f"{name}s": [getattr(row, name) for row in studies] for name in ("estimate", "low", "high", "share")},
            pooled=[value for row in pooled for value in (row.estimate, row.low, row.high)],
            width=width,
            xlim=self.options.xlim,
        )


def forest_table(fit: Any, options: ForestOptions) -> ForestTable:
    """The rows and columns of a forest plot. fit : PoolResult, SubgroupResult or MultilevelResult."""
    if hasattr(fit, "components") and hasattr(fit, "coefficients"):
        from ostealgia.plot.forest_multilevel import multilevel_table

        return multilevel_table(fit, options)
    overall = getattr(fit, "overall", fit)
    if not hasattr(overall, "study_frame"):
        raise OptionError(
            f"forest draws a pooled result or subgroups of one; found {type(fit).__name__}. Pool the effects first."
        )
    maker = _RowMaker(fit, overall, options)
    rows = maker.rows()
    rows = align_numbers(rows)
    measure: Measure = overall.definition
    level = level_text(overall.ci_level)
    effect = options.effect_label or effect_label(measure)
    return ForestTable(
        measure=measure,
        rows=tuple(rows),
        columns=tuple(maker.columns),
        effect_head=f"{effect} [{level} CI]",
        axis_label=f"{effect} (log scale)" if measure.ratio else effect,
        weight_heads=maker.weight_heads,
        domains=maker.domains,
        with_audit=options.audit is not None,
        pooled=overall.reported.estimate if overall.k > 1 else NAN,
        methods=methods_line(fit) if options.methods else "",
        options=options,
    )


def effect_label(measure: Measure) -> str:
    """What the numbers of the plot are: "Odds ratio", "Proportion, %"."""
    label = capital(measure.reported_scale)
    return f"{label}, %" if measure.percent else label


class _RowMaker:
    """Makes the rows of one table; what they share is worked out once."""

    def __init__(self, fit: Any, overall: Any, options: ForestOptions) -> None:
        self.fit, self.overall, self.options = fit, overall, options
        self.measure: Measure = overall.definition
        self.frame = overall.study_frame()
        self.weights = [np.asarray(self.frame["weight"], dtype=float)]
        if options.common is not None:
            self.weights.append(_common_weights(options.common, overall))
        self.columns = self._columns()
        self.digits = self._digits()
        self.domains = _domains(options.risk_of_bias)
        self.largest = float(np.nanmax(self.weights[0])) if np.isfinite(self.weights[0]).any() else NAN
        shown = [bool(np.isfinite(weights).any()) for weights in self.weights]
        heads = ("Weight, %",) if len(shown) == 1 else ("Weight, %, random", "Weight, %, common")
        self.weight_heads = tuple(head for head, there in zip(heads, shown, strict=True) if there)
        self.weights = [weights for weights, there in zip(self.weights, shown, strict=True) if there]

    def _columns(self) -> list[Column]:
        chosen = [text_column(self.frame, self._known(name), head) for name, head in self.options.columns.items()]
        return chosen + data_columns(self.frame, self.measure.kind, self.options.arms, self.options.event_label)

    def _known(self, name: str) -> str:
        if name not in self.frame.columns:
            known = [str(column) for column in self.frame.columns]
            listed = ", ".join(map(repr, known))
            raise OptionError(f"columns: {name!r} is not a column of the studies: {listed}.{suggestion(name, known)}")
        return name

    def _digits(self) -> int:
        if self.options.digits is not None:
            return self.options.digits
        lows, highs = self.frame["reported_ci_low"], self.frame["reported_ci_high"]
        return effect_digits(self.measure, lows, highs, self.overall.reported.estimate)

    def rows(self) -> list[Row]:
        groups = getattr(self.fit, "groups", None)
        rows = self._studies(range(len(self.frame))) if groups is None else self._grouped(groups)
        if self.overall.k == 1:
            return rows
        name = "" if groups is None else "All studies: "
        rows.append(
            self._pooled(self.overall, capital(name + model_name(self.overall)), range(len(self.frame)), main=True)
        )
        rows += self._prediction(self.overall)
        if self.options.common is not None:
            rows.append(self._pooled(self.options.common, capital(model_name(self.options.common)), (), column=1))
        return rows

    def _grouped(self, groups: Mapping[str, Any]) -> list[Row]:
        rows: list[Row] = []
        places = _positions(self.frame, groups)
        for label, fit in groups.items():
            rows.append(Row(kind="heading", label=str(label) or "(no label)"))
            rows += self._studies(places[label])
            if fit.k > 1:
                rows.append(replace(self._pooled(fit, "Subtotal", places[label]), inset=True))
                note = _heterogeneity_short(fit)
                rows += [Row(kind="note", label=note)] if note else []
            rows.append(Row(kind="gap"))
        placed = {position for chosen in places.values() for position in chosen}
        others = [position for position in range(len(self.frame)) if position not in placed]
        if others:
            rows += [Row(kind="heading", label="In no subgroup"), *self._studies(others), Row(kind="gap")]
        return rows

    def _studies(self, positions: Sequence[int]) -> list[Row]:
        return [self._study(position) for position in self._sorted(positions)]

    def _sorted(self, positions: Sequence[int]) -> list[int]:
        if self.options.sort is None:
            return list(positions)
        values = self.frame[SORTS[self.options.sort]]
        ordered = sorted(positions, key=lambda position: values.iloc[position])
        return ordered[::-1] if self.options.sort == "weight" else ordered

    def _study(self, position: int) -> Row:
        record = self.frame.iloc[position]
        estimate, low, high = (float(record[f"reported_{name}"]) for name in ("estimate", "ci_low", "ci_high"))
        study = str(record["study"])
        verdict, url = _verdict(self.options.audit, study)
        weight = float(self.frame["weight"].iloc[position])
        return Row(
            kind="study",
            label=" ".join(study.split()) or "(no name)",
            position=position,
            estimate=estimate,
            low=low,
            high=high,
            share=weight / self.largest if math.isfinite(self.largest) and self.largest > 0 else NAN,
            numbers=self._numbers(estimate, low, high),
            weights=tuple(_weight_text(float(weights[position])) for weights in self.weights),
            cells=tuple(column.cells[position] for column in self.columns),
            judgements=_judgements(self.options.risk_of_bias, study, self.domains),
            verdict=verdict,
            url=url,
        )

    def _numbers(self, estimate: float, low: float, high: float) -> tuple[str, str]:
        return effect_numbers(estimate, low, high, self.digits, self.measure)

    def _pooled(self, fit: Any, label: str, positions: Sequence[int], *, main: bool = False, column: int = 0) -> Row:
        shown = fit.reported
        sums = [float(np.nansum(weights[list(positions)])) for weights in self.weights] if len(positions) else []
        weights = tuple(_weight_text(value) for value in sums)
        if not len(positions):
            weights = tuple(_weight_text(100.0) if i == column and i else "" for i in range(len(self.weights)))
        elif main and len(self.weights) == 2:
            weights = (weights[0], "")
        cells = tuple(c.total(positions) if len(positions) else ("", "") for c in self.columns)
        return Row(
            kind="pooled",
            label=label,
            estimate=shown.estimate,
            low=shown.ci_low,
            high=shown.ci_high,
            numbers=self._numbers(shown.estimate, shown.ci_low, shown.ci_high),
            weights=weights,
            cells=cells,
            accent=main,
        )

    def _prediction(self, fit: Any) -> list[Row]:
        low, high = fit.reported.pi_low, fit.reported.pi_high
        if not self.options.prediction or math.isnan(low) or math.isnan(high):
            return []
        texts = self._numbers(NAN, low, high)
        label = f"{level_text(fit.ci_level)} prediction interval"
        return [Row(kind="prediction", label=label, low=low, high=high, numbers=("", texts[1]))]


def _common_weights(common: Any, overall: Any) -> Array:
    if not hasattr(common, "weights") or common.k != overall.k:
        raise OptionError("common: give the pool of the same studies with model='common'.")
    return np.asarray(common.weights, dtype=float)


def _positions(frame: Any, groups: Mapping[str, Any]) -> dict[str, list[int]]:
    """Rows of the frame that each group's studies stand in; equal rows are handed out in order."""
    places: dict[tuple[str, float, float], list[int]] = {}
    for position, key in enumerate(_keys(frame["study"], frame["estimate"], frame["std_error"])):
        places.setdefault(key, []).append(position)
    found: dict[str, list[int]] = {}
    for label, fit in groups.items():
        keys = _keys(fit.effects.study, fit.effects.estimate, fit.effects.std_error)
        found[label] = [places[key].pop(0) for key in keys if places.get(key)]
    return found


def _keys(studies: Any, estimates: Any, std_errors: Any) -> list[tuple[str, float, float]]:
    return [(str(s), float(e), float(v)) for s, e, v in zip(studies, estimates, std_errors, strict=True)]


def _domains(risk_of_bias: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Names of the domains, ("",) for one overall judgement, () without a column."""
    if risk_of_bias is None:
        return ()
    names: dict[str, None] = {}
    for value in risk_of_bias.values():
        names.update(dict.fromkeys(map(str, value)) if isinstance(value, Mapping) else {"": None})
    return tuple(names)


def _judgements(risk_of_bias: Mapping[str, Any] | None, study: str, domains: tuple[str, ...]) -> tuple[str, ...]:
    if risk_of_bias is None or study not in risk_of_bias:
        return tuple("" for _ in domains)
    value = risk_of_bias[study]
    by_domain = {str(k): v for k, v in value.items()} if isinstance(value, Mapping) else {"": value}
    return tuple(_known_judgement(by_domain.get(domain)) for domain in domains)


def _known_judgement(value: Any) -> str:
    if value is None or value == "":
        return ""
    return one_of("risk_of_bias", str(value).strip().lower(), JUDGEMENTS)


def _verdict(audit: Mapping[str, Any] | None, study: str) -> tuple[str, str | None]:
    value = (audit or {}).get(study)
    if value is None:
        return "", None
    verdict, url = (value, None) if isinstance(value, str) else (value[0], value[1])
    return one_of("audit", verdict, VERDICTS), url


def _weight_text(value: float) -> str:
    return MISSING if math.isnan(value) else f"{value:.1f}"


def effect_numbers(estimate: float, low: float, high: float, digits: int, measure: Measure) -> tuple[str, str]:
    """An effect and its interval as text; nothing for an interval that is not known."""
    texts = [effect_text(value, digits, measure) for value in (estimate, low, high)]
    return texts[0], "" if texts[1] == texts[2] == MISSING else f"{texts[1]} to {texts[2]}"


def align_numbers(rows: list[Row]) -> list[Row]:
    """Estimates and limits padded so that their points stand below one another."""
    estimates = aligned([row.numbers[0] for row in rows])
    intervals = _intervals([row.numbers[1] for row in rows])
    return [
        replace(row, numbers=(estimate if row.numbers[0] else "", interval))
        for row, estimate, interval in zip(rows, estimates, intervals, strict=True)
    ]


def _intervals(texts: list[str]) -> list[str]:
    """Intervals in brackets: upper limits below one another, or, where one is much longer, each close to its "to"."""
    pairs = [text.partition(" to ") for text in texts]
    highs = [high for _, _, high in pairs]
    whole = sorted(len(high.partition(".")[0]) for high in highs if high)
    inside = bool(whole) and whole[-1] - whole[len(whole) // 2] <= 1
    made: list[str] = []
    # a space alone is too narrow beside a minus, which then looks like a hyphen after "to"
    apart = POINT_SPACE if any(high.startswith(MINUS) for high in highs) else ""
    for (low, _, high), fitted in zip(pairs, aligned(highs), strict=True):
        spare = fitted.replace(high, "", 1)
        made.append("" if not high else f"[{low} to {apart}{fitted}]" if inside else f"[{low} to {apart}{high}]{spare}")
    return made


# --- words -----------------------------------------------------------------------------------------------------------

MODEL_WORDS = {
    "common": "common effect",
    "MH": "common effect (Mantel-Haenszel)",
    "peto": "common effect (Peto)",
    "glmm": "random effects (GLMM)",
}
CI_WORDS = {
    "z": "z",
    "t": "t",
    "HK": "Hartung-Knapp",
    "HK-adhoc": "Hartung-Knapp (factor at least 1)",
    "HK-ci": "Hartung-Knapp or z, the wider",
}
_PI = {
    "S": "normal",
    "V": "t, k − 1 df",
    "HTS": "t, k − 2 df",
    "HK": "Hartung-Knapp, k − 1 df",
    "HK-PR": "Hartung-Knapp, k − 2 df",
}


def model_name(fit: Any) -> str:
    """The model of a pool, with the estimator of tau2: "random effects (REML)"."""
    if fit.model == "random":
        return f"random effects ({fit.tau2_method})" if fit.tau2_method else "random effects"
    return MODEL_WORDS.get(fit.model, str(fit.model))


def tau2_text(value: float) -> str:
    """tau2 with two decimals, or two significant digits where it is small."""
    if math.isinf(value):
        return "\u221e"
    if value == 0 or value >= 0.095:
        return f"{value:.2f}"
    return (
        f"{value:.{min(8, 1 - math.floor(math.log10(value)))}f}" if value >= 1e-6 else f"{value:.1e}".replace("-", "−")
    )


def has_tau2(fit: Any) -> bool:
    """Whether the model has a variance between studies, and it is known."""
    return math.isfinite(fit.tau2) and fit.model not in ("common", "MH", "peto")


def _i2_text(fit: Any) -> str:
    if has_tau2(fit) and math.isfinite(fit.i2_tau2):
        return f"I² {fit.i2_tau2:.0f}% (from τ²)"
    return f"I² {fit.i2_q:.0f}% (from Q)" if math.isfinite(fit.i2_q) else ""


def _heterogeneity_short(fit: Any) -> str:
    parts = [f"τ² {tau2_text(fit.tau2)}"] if has_tau2(fit) else []
    i2 = _i2_text(fit).partition(" (")[0]
    return ", ".join([*parts, *([i2] if i2 else [])])


def methods_line(fit: Any) -> str:
    """Model, interval, tau2 with its interval and scale, I2 with its definition, Q and P, test between subgroups.

    fit : PoolResult or SubgroupResult.
    """
    overall = getattr(fit, "overall", fit)
    if overall.k == 1:
        parts = ["One study, nothing was pooled"]
    else:
        parts = [_method_part(overall)]
        parts += [part for part in (_tau2_part(overall), _i2_text(overall), _q_part(overall)) if part]
    between = getattr(fit, "q_between", NAN)
    if math.isfinite(between):
        parts.append(f"Between subgroups: Q {between:.2f}, df {fit.q_between_df:.0f}, {p_text(fit.q_between_p_value)}")
    if overall.k > 1 and not np.isfinite(overall.weights).any():
        parts.append("Squares of one size, this model has no weights")
    if overall.excluded:
        parts.append(f"{count_of(len(overall.excluded), 'row', 'rows')} left out")
    if not overall.converged:
        parts.append("Not converged: do not use this estimate")
    first, *rest = parts
    return ". ".join([first, *(part.replace(" ", NO_BREAK) for part in rest)]) + "."


def _method_part(fit: Any) -> str:
    text = f"{capital(model_name(fit))}, {level_text(fit.ci_level)} CI by {CI_WORDS.get(fit.ci_method, fit.ci_method)}"
    if fit.pi_method and math.isfinite(fit.pi_low):
        text += f", prediction by {_PI.get(fit.pi_method, fit.pi_method)}"
    return text


def _tau2_part(fit: Any) -> str:
    if not has_tau2(fit):
        return ""
    text = f"τ² {tau2_text(fit.tau2)}"
    if math.isfinite(fit.tau2_ci_low) and not math.isnan(fit.tau2_ci_high):
        limits = f"{tau2_text(fit.tau2_ci_low)} to {tau2_text(fit.tau2_ci_high)}"
        text += " [empty]" if fit.tau2_ci_high == 0.0 else f" [{limits}]"
    scale = fit.definition.analysis_scale
    return text + (f" ({scale} scale)" if scale != fit.definition.reported_scale else "")


def _q_part(fit: Any) -> str:
    return f"Q {fit.q:.2f}, df {fit.q_df:.0f}, {p_text(fit.q_p_value)}" if math.isfinite(fit.q) else ""
