"""network: one table to all comparisons of its treatments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ostealgia.cli.failures import DONE
from ostealgia.cli.figure_files import check_targets, csv_bytes, figure_bytes, write_files
from ostealgia.cli.numbers import numbers_of
from ostealgia.cli.output import print_json, print_text
from ostealgia.errors import OptionError, TableError

if TYPE_CHECKING:
    from ostealgia.network.result import NetworkResult

_FIT_OPTIONS = (
    "measure", "reference", "model", "tau2", "tau2_value", "pi", "level", "small_values", "component", "increment",
    "apply_increment", "rr_increment_to_n",
)  # fmt: skip
_NUMBERS = {"level": float, "tau2_value": float, "increment": float}
_TARGETS = ("graph", "heat", "forest", "csv")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked for; fit_options holds only what was said, targets option -> path."""

    file: str
    sheet: str = ""
    fit_options: dict[str, Any] = field(default_factory=dict)
    split: bool = False
    targets: dict[str, str] = field(default_factory=dict)
    as_json: bool = False
    quiet: bool = False


def request(asked: Mapping[str, Any]) -> Request:
    """The request behind the values of the command's options."""
    asked = {**asked, **numbers_of(asked, _NUMBERS)}
    options = {name: asked[name] for name in _FIT_OPTIONS if asked[name] != ""}
    if str(options.get("component", "")).isdigit():
        options["component"] = int(options["component"])
    return Request(
        file=asked["file"], sheet=asked["sheet"], fit_options=options, split=asked["split"],
        targets={name: asked[name] for name in _TARGETS}, as_json=asked["json"], quiet=asked["quiet"],
    )  # fmt: skip


def execute(request: Request) -> int:
    """Read, fit; write the files, all or none; print."""
    check_targets({f"--{name}": path for name, path in request.targets.items()}, request.file)
    if request.fit_options.get("model") == "MH" and (request.split or request.targets["heat"]):
        raise OptionError(
            "--split and --heat need variances of contrasts, which --model MH does not have; use --model common."
        )
    from ostealgia.io.tables import placed, read_table

    table = read_table(request.file, sheet=request.sheet or None)
    try:
        found, more = compute(request, table.frame)
    except TableError as error:
        raise placed(error, table.frame) from error
    write_files(render_files(request, found), quiet=request.quiet)
    if request.as_json:
        print_json({**found.to_dict(), **{name: part.to_dict() for name, part in more.items()}})
    else:
        print_text("\n\n".join(str(part) for part in (found, *more.values())))
    return DONE


def compute(request: Request, frame: Any) -> tuple[NetworkResult, dict[str, Any]]:
    """The network, and its tables by their key in the JSON."""
    from ostealgia import network

    found = network.fit(frame, **request.fit_options)
    more: dict[str, Any] = {"league": found.league()}
    if found.small_values is not None:
        more |= {"scores": found.scores(), "rankings": found.rankings()}
    if found.evidence is not None:
        more["decomposition"] = found.decomposition()
    if request.split:
        more["split"] = found.split()
    told = set(found.notes)
    for name, part in more.items():
        more[name] = replace(part, notes=tuple(note for note in part.notes if note not in told))
        told |= set(part.notes)
    return found, more


def render_files(request: Request, found: NetworkResult) -> dict[str, bytes]:
    """The bytes of every file that was asked for."""
    from ostealgia import plot

    draw = {"graph": plot.network_graph, "heat": plot.net_heat, "forest": plot.network_forest}
    files = {
        path: figure_bytes(draw[name](found), path) for name, path in request.targets.items() if path and name in draw
    }
    if path := request.targets["csv"]:
        files[path] = csv_bytes(found.to_frame().to_dict("records"))
    return files
