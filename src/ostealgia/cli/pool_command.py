"""pool: one table to one pooled result, with what was asked for beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ostealgia.cli.failures import DONE
from ostealgia.cli.figure_files import check_targets, csv_bytes, figure_bytes, write_files
from ostealgia.cli.numbers import numbers_of
from ostealgia.cli.output import print_json, print_text
from ostealgia.cli.pool_analyses import ANALYSES, column, further
from ostealgia.errors import ConvergenceError, OptionError, TableError
from ostealgia.options import confidence_level

if TYPE_CHECKING:
    from ostealgia.io.tables import Table
    from ostealgia.meta.result import PoolResult


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked for on the command line; effect_options, pool_options and further hold only what was said."""

    file: str
    measure: str
    sheet: str = ""
    arms: str = ""
    outcome: str = ""
    time: str = ""
    effect_options: dict[str, Any] = field(default_factory=dict)
    pool_options: dict[str, Any] = field(default_factory=dict)
    conventions: str = ""
    common_tau2: bool = False
    further: dict[str, Any] = field(default_factory=dict)
    forest: str = ""
    funnel: str = ""
    csv: str = ""
    as_json: bool = False
    quiet: bool = False


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The pool and whatever was asked for beside it; ``more`` by its key in the JSON."""

    fit: PoolResult
    more: dict[str, Any]


_EFFECT_OPTIONS = (
    "correlation", "increment", "apply_increment", "drop_double_zero", "vtype", "pooled_variance", "method_smd", "sd_glass",
    "exact_smd", "standardizer", "rr_increment_to_n", "rd_increment", "pr_increment", "pln_increment_to_n",
)  # fmt: skip
_POOL_OPTIONS = (
    "model", "tau2", "ci", "pi", "level", "tau2_ci", "glmm", "glmm_method", "quadrature", "mh_increment", "rd_variance",
    "rate_weights", "q_center", "weights", "tau2_value",
)  # fmt: skip
_OWN = (
    "file",
    "measure",
    "sheet",
    "arms",
    "outcome",
    "time",
    "conventions",
    "common_tau2",
    "forest",
    "funnel",
    "csv",
    "quiet",
)
_NUMBERS = {"correlation": float, "level": float, "published_level": float, "tau2_value": float, "quadrature": int}


def request(asked: Mapping[str, Any]) -> Request:
    """The request behind the values of the command's options; what is not said is left to the step's default."""
    asked = {**asked, **numbers_of(asked, _NUMBERS)}

    def given(names: Any) -> dict[str, Any]:
        return {name: asked[name] for name in names if asked[name] not in ("", None) and asked[name] is not False}

    effects = given(_EFFECT_OPTIONS)
    if asked["no_bias_correction"]:
        effects["bias_correction"] = False
    if asked["published_level"] != "":
        effects["level"] = published_level(asked["published_level"])
    return Request(
        **{name: asked[name] for name in _OWN},
        as_json=asked["json"],
        effect_options=effects,
        pool_options=given(_POOL_OPTIONS),
        further=given(ANALYSES),
    )


def published_level(value: float) -> float:
    """A level of published intervals. Raises OptionError under the name of the option."""
    try:
        return confidence_level(value)
    except OptionError as error:
        raise OptionError(f"published_{error}") from None


def execute(request: Request) -> int:
    """Read, compute, pool; write the files, all or none; print."""
    check_request(request)
    from ostealgia.io.tables import placed, read_table

    table = read_table(request.file, sheet=request.sheet or None)
    try:
        answer = compute(request, table)
    except TableError as error:
        raise placed(error, table.frame) from error
    except ConvergenceError as error:
        text = str(error)
        raise ConvergenceError(text if text.startswith(f"{table.file}: ") else f"{table.file}: {text}") from error
    files = render_files(request, answer)
    write_files(files, quiet=request.quiet)
    if request.as_json:
        print_json({**answer.fit.to_dict(), **{key: value.to_dict() for key, value in answer.more.items()}})
    else:
        print_text("\n\n".join(str(part) for part in (answer.fit, *answer.more.values())))
    return DONE


def check_request(request: Request) -> None:
    """Refuse a wrong option before anything is read."""
    from ostealgia.tables.measures import MEASURES, measure_of

    if not request.measure:
        raise OptionError(f"--measure is missing: give one of {', '.join(MEASURES)}, such as --measure OR.")
    measure_of(request.measure)
    if request.common_tau2 and "subgroup" not in request.further:
        raise OptionError("--common-tau2 needs --subgroup COL: without subgroups there is one tau2 anyway.")
    check_targets({"--forest": request.forest, "--funnel": request.funnel, "--csv": request.csv}, request.file)


def compute(request: Request, table: Table) -> Answer:
    """Effect sizes, the pool, and what was asked for beside it."""
    from ostealgia import meta
    from ostealgia.effects.compute import compute as effect_sizes

    effect_options, pool_options = with_conventions(request, table)
    effects = effect_sizes(table.frame, measure=request.measure, **effect_options, **_selection(request, table))
    asked = {
        name: column(name, value, table) if ANALYSES[name].by_column else value
        for name, value in request.further.items()
    }
    fit = with_level_note(meta.pool(effects, **pool_options))
    more = further(effects, fit, asked, table=table, options=pool_options, common_tau2=request.common_tau2)
    return Answer(fit=fit, more=more)


def with_conventions(request: Request, table: Table) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of effects and pool; those of the conventions first, so that what was said replaces them."""
    if not request.conventions:
        return request.effect_options, request.pool_options
    from ostealgia.meta.conventions import conventions
    from ostealgia.tables.measures import measure_of

    model = request.pool_options.get("model", "random")
    effects, pooled = conventions(request.conventions, measure_of(request.measure)[0].name, model, table.frame.columns)
    return {**effects, **request.effect_options}, {**pooled, **request.pool_options}


def with_level_note(fit: PoolResult) -> PoolResult:
    """The pool, with a word where published intervals were read at another level than the results have."""
    read = fit.effects.options.get("level")
    by_interval = any(note.startswith("standard error from") and "interval" in note for note in fit.notes)
    if read is None or not by_interval or read == fit.ci_level:
        return fit
    from dataclasses import replace

    from ostealgia.display import level_text

    own = " where the column ci_level is empty" if "published_ci_level" in fit.effects.columns else ""
    note = (
        f"results are at {level_text(fit.ci_level)} (level); published intervals in the table were read as {level_text(read)} "
        f"intervals{own} (published level)"
    )
    return replace(fit, notes=(*fit.notes, note))


# option that chooses rows -> the columns it goes by, one of which must be there
_SELECTORS = {"arms": ("arm", "arm_role"), "outcome": ("outcome",), "time": ("time",)}


def _selection(request: Request, table: Table) -> dict[str, Any]:
    """Options of ``effects.compute`` that choose rows; refused where the table has no column for them."""
    arms = tuple(arm.strip() for arm in request.arms.split(",") if arm.strip())
    asked = {"arms": arms, "outcome": request.outcome, "time": request.time}
    chosen = {name: value for name, value in asked.items() if value}
    for name in chosen:
        columns = _SELECTORS[name]
        if not any(column in table.frame.columns for column in columns):
            raise TableError(
                f"--{name} chooses rows by a column that is not there",
                file=table.file,
                column=" or ".join(columns),
                found=", ".join(table.mapping),
                action=f"Leave out --{name}, or name the column in the table",
            )
    return chosen


def render_files(request: Request, answer: Answer) -> dict[str, bytes]:
    """The bytes of every file that was asked for, so that a failure leaves none behind."""
    files: dict[str, bytes] = {}
    if request.forest:
        from ostealgia.plot import forest

        drawn = answer.more.get("subgroups", answer.more.get("three_level", answer.fit))
        files[request.forest] = figure_bytes(forest(drawn), request.forest)
    if request.funnel:
        from ostealgia.plot import funnel

        files[request.funnel] = figure_bytes(funnel(answer.fit), request.funnel)
    if request.csv:
        files[request.csv] = csv_bytes(estimates(answer))
    return files


def estimates(answer: Answer) -> list[dict[str, Any]]:
    """Every estimate as a row: kind (study, pooled, subgroup, leave-one-out, cumulative, coefficient, ...), label, shared columns."""
    fit = answer.fit
    rows = [_study_row(row, fit) for row in fit.study_frame().to_dict("records")]
    rows.append(_pooled_row("pooled", fit.model, fit))
    if "subgroups" in answer.more:
        rows += [_pooled_row("subgroup", label, group) for label, group in answer.more["subgroups"].groups.items()]
    for key in ("leave_one_out", "cumulative"):
        if key in answer.more:
            result = answer.more[key]
            rows += [
                _pooled_row(result.kind, label, refit) for label, refit in zip(result.labels, result.fits, strict=True)
            ]
    for key, kind in (("regression", "coefficient"), ("three_level", "three-level"), ("robust", "robust")):
        if key in answer.more:
            rows += [_coefficient_row(kind, row, fit) for row in answer.more[key].to_frame().to_dict("records")]
    return rows


_REPORTED = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")
_SCALE = ("estimate", "std_error", "ci_low", "ci_high", "pi_low", "pi_high", "ci_level")
_COLUMNS = ("kind", "label", "measure", "k", "n", *_SCALE, "weight")
_COLUMNS += (*(f"reported_{name}" for name in _REPORTED), "tau2", "i2_tau2", "i2_q")


def _study_row(row: dict[str, Any], fit: PoolResult) -> dict[str, Any]:
    own = {"kind": "study", "label": row["study"], "measure": fit.measure, "k": 1, "ci_level": fit.ci_level}
    return {name: row.get(name) for name in _COLUMNS} | own


def _coefficient_row(kind: str, row: dict[str, Any], fit: PoolResult) -> dict[str, Any]:
    own = {"kind": kind, "label": row.get("term", row.get("name")), "measure": fit.measure, "ci_level": fit.ci_level}
    return {name: row.get(name) for name in _COLUMNS} | own


def _pooled_row(kind: str, label: str, fit: PoolResult) -> dict[str, Any]:
    row = {name: getattr(fit, name, None) for name in _COLUMNS}
    row |= {f"reported_{name}": getattr(fit.reported, name) for name in _REPORTED}
    return row | {"kind": kind, "label": label}
