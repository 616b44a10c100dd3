"""Files a command writes: their names are checked before anything is read, and they are written all or none."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ostealgia.cli import progress
from ostealgia.errors import OptionError

FIGURES = (".svg", ".png")


def check_targets(targets: Mapping[str, str], source: str) -> None:
    """Refuse a target that cannot be written. targets : option -> path, "" where it was not asked for."""
    for name, path in targets.items():
        if path:
            _check_target(name, Path(path), (".csv",) if name == "--csv" else FIGURES)
    written = [Path(path).resolve() for path in targets.values() if path]
    if len(set(written)) < len(written):
        raise OptionError(f"two of {', '.join(targets)} name the same file; give each its own.")
    if any(path == Path(source).resolve() for path in written):
        raise OptionError(f"{source} is the input; write to another file.")


def _check_target(name: str, path: Path, endings: tuple[str, ...]) -> None:
    if path.suffix.lower() not in endings:
        raise OptionError(f"{name} {path}: the name should end in {' or '.join(endings)}.")
    if path.is_dir():
        raise OptionError(f"{name} {path}: this is a folder; give the name of a file.")
    if not path.parent.is_dir():
        raise OptionError(f"{name} {path}: the folder {path.parent} does not exist; make it first.")


def figure_bytes(drawn: Any, path: str) -> bytes:
    """The figure of these Axes as the file's ending says."""
    from ostealgia.plot.export import MissingLetters, figure_png, figure_svg

    figure = drawn.figure
    if path.lower().endswith(".svg"):
        return figure_svg(figure).encode("utf-8")
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always", MissingLetters)
        data = figure_png(figure)
    for warning in raised:
        progress.line(f"note: {path}: {warning.message}")
    return data


def csv_bytes(rows: Any) -> bytes:
    """Rows (dictionaries) as CSV."""
    from ostealgia.io.writers import csv_text

    return csv_text(rows).encode("utf-8")


def write_files(files: Mapping[str, bytes], *, quiet: bool) -> None:
    """Write what was rendered; says on standard error where."""
    from ostealgia.io.writers import write_all

    write_all(dict(files))
    for path in files if not quiet else ():
        progress.line(f"wrote {path}")
