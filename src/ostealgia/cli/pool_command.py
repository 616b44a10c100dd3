"""pool: one table to one pooled result, with what was asked for beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ostealgia.cli import progress
from ostealgia.cli.failures import DONE
from ostealgia.cli.output import print_json, print_text
from ostealgia.errors import OptionError, TableError

if TYPE_CHECKING:
    from ostealgia.io.tables import Table
    from ostealgia.meta.result import PoolResult

_FIGURES = (".svg", ".png")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked for on the command line; effect_options and pool_options hold only what was said."""

    file: str
    measure: str
    sheet: str = ""
    arms: str = ""
    outcome: str = ""
    time: str = ""
    effect_options: dict[str, Any] = field(default_factory=dict)
    pool_options: dict[str, Any] = field(default_factory=dict)
    subgroup: str = ""
    common_tau2: bool = False
    leave_one_out: bool = False
    cumulative: str = ""
    egger: bool = False
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


_EFFECT_OPTIONS = ("correlation", "increment", "apply_increment", "drop_double_zero", "vtype")
_NUMBERS = {"correlation": float, "level": float, "quadrature": int}
_POOL_OPTIONS = ("model", "tau2", "ci", "pi", "level", "tau2_ci", "glmm", "quadrature", "mh_increment")


def request(asked: Mapping[str, Any]) -> Request:
    """The request behind the values of the command's options; what is not said is left to the step's default."""

    numbers = {name: _number(name, asked[name]) for name in _NUMBERS if asked[name] != ""}
    asked = {**asked, **numbers}

    def given(names: tuple[str, ...]) -> dict[str, Any]:
        return {name: asked[name] for name in names if asked[name] not in ("", None) and asked[name] is not False}

    own = {name: asked[name] for name in asked if name not in (*_EFFECT_OPTIONS, *_POOL_OPTIONS, "json")}
    return Request(
        **own, as_json=asked["json"], effect_options=given(_EFFECT_OPTIONS), pool_options=given(_POOL_OPTIONS)
    )


def _number(name: str, text: str) -> float | int:
    kind = _NUMBERS[name]
    try:
        return kind(text)
    except ValueError:
        what = "a whole number" if kind is int else "a number with a point for its decimals"
        raise OptionError(f"{name}={text!r} is not {what}{', such as 0.95' if name == 'level' else ''}.") from None


def execute(request: Request) -> int:
    """Read, compute, pool; write the files, all or none; print."""
    check_request(request)
    from ostealgia.io.tables import placed, read_table

    table = read_table(request.file, sheet=request.sheet or None)
    try:
        answer = compute(request, table)
    except TableError as error:
        raise placed(error, table.frame) from error
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
    if request.common_tau2 and not request.subgroup:
        raise OptionError("--common-tau2 needs --subgroup COL: without subgroups there is one tau2 anyway.")
    targets = {"--forest": request.forest, "--funnel": request.funnel, "--csv": request.csv}
    for name, path in targets.items():
        if path:
            _check_target(name, Path(path), (".csv",) if name == "--csv" else _FIGURES)
    written = [Path(path).resolve() for path in targets.values() if path]
    if len(set(written)) < len(written):
        raise OptionError("two of --forest, --funnel and --csv name the same file; give each its own.")
    if any(path == Path(request.file).resolve() for path in written):
        raise OptionError(f"{request.file} is the input; write to another file.")


def _check_target(name: str, path: Path, endings: tuple[str, ...]) -> None:
    if path.suffix.lower() not in endings:
        raise OptionError(f"{name} {path}: the name should end in {' or '.join(endings)}.")
    if path.is_dir():
        raise OptionError(f"{name} {path}: this is a folder; give the name of a file.")
    if not path.parent.is_dir():
        raise OptionError(f"{name} {path}: the folder {path.parent} does not exist; make it first.")


def compute(request: Request, table: Table) -> Answer:
    """Effect sizes, the pool, and what was asked for beside it."""
    from ostealgia import meta
    from ostealgia.effects.compute import compute as effect_sizes

    chosen = _selection(request, table)
    effects = effect_sizes(table.frame, measure=request.measure, **request.effect_options, **chosen)
    options = request.pool_options
    fit = meta.pool(effects, **options)
    more: dict[str, Any] = {}
    if request.subgroup:
        column = table.find(request.subgroup)
        more["subgroups"] = meta.subgroup(effects, by=column, tau2_common=request.common_tau2, **options)
    if request.leave_one_out:
        more["leave_one_out"] = meta.leave_one_out(fit)
    if request.cumulative:
        more["cumulative"] = meta.cumulative(fit, order=table.find(request.cumulative))
    if request.egger:
        more["egger"] = meta.egger(fit)
    return Answer(fit=fit, more={key: _without_notes(value, effects.notes) for key, value in more.items()})


def _without_notes(result: Any, told: Sequence[str]) -> Any:
    """A result beside the pool without the notes on the data, which the pool has told."""
    return replace(result, notes=tuple(note for note in result.notes if note not in told))


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

        files[request.forest] = _figure(forest, answer.more.get("subgroups", answer.fit), request.forest)
    if request.funnel:
        from ostealgia.plot import funnel

        files[request.funnel] = _figure(funnel, answer.fit, request.funnel)
    if request.csv:
        from ostealgia.io.writers import csv_text

        files[request.csv] = csv_text(estimates(answer)).encode("utf-8")
    return files


def _figure(draw: Any, fit: Any, path: str) -> bytes:
    from ostealgia.plot import figure_png, figure_svg

    figure = draw(fit).figure
    return figure_png(figure) if path.lower().endswith(".png") else figure_svg(figure).encode("utf-8")


def estimates(answer: Answer) -> list[dict[str, Any]]:
    """Every estimate as a row: kind (study, pooled, subgroup, leave-one-out, cumulative), label, shared columns."""
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
    return rows


_REPORTED = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")
_SCALE = ("estimate", "std_error", "ci_low", "ci_high", "pi_low", "pi_high", "ci_level")
_COLUMNS = ("kind", "label", "measure", "k", "n", *_SCALE, "weight")
_COLUMNS += (*(f"reported_{name}" for name in _REPORTED), "tau2", "i2_tau2", "i2_q")


def _study_row(row: dict[str, Any], fit: PoolResult) -> dict[str, Any]:
    own = {"kind": "study", "label": row["study"], "measure": fit.measure, "k": 1, "ci_level": fit.ci_level}
    return {name: row.get(name) for name in _COLUMNS} | own


def _pooled_row(kind: str, label: str, fit: PoolResult) -> dict[str, Any]:
    row = {name: getattr(fit, name, None) for name in _COLUMNS}
    row |= {f"reported_{name}": getattr(fit.reported, name) for name in _REPORTED}
    return row | {"kind": kind, "label": label}


def write_files(files: dict[str, bytes], *, quiet: bool) -> None:
    """Write what was rendered; says on standard error where."""
    from ostealgia.io.writers import write_all

    write_all(files)
    for path in files if not quiet else ():
        progress.line(f"wrote {path}")
