"""demo, init, run and verify: one step of ``ostealgia.project`` each."""

from __future__ import annotations

from pathlib import Path

from ostealgia.cli import progress
from ostealgia.cli.failures import DONE, FINDINGS
from ostealgia.cli.output import print_json, print_text
from ostealgia.errors import OptionError


def demo(out: str, *, as_json: bool, quiet: bool) -> int:
    """The bundled projects; the claims as a table or as JSON."""
    from ostealgia.project.bundled import demo as step

    with progress.shown(quiet=quiet) as say:
        result = step(Path(out), progress=say)
    if as_json:
        print_json(result.to_json())
    else:
        print_text(result.text())
    return DONE


def init(folder: str, template: str, *, quiet: bool) -> int:
    """A new project; says which files were made."""
    from ostealgia.project import templates

    if not template:
        listed = ", ".join(templates.TEMPLATES)
        raise OptionError(
            f"--template is missing: give one of {listed}, such as --template {next(iter(templates.TEMPLATES))}."
        )
    made = templates.init(Path(folder), template)
    if not quiet:
        listed = "\n".join(f"  {path}" for path in made)
        print_text(f"{folder}: a new project ({template})\n{listed}\nFill in the tables, then: ostealgia run {folder}")
    return DONE


def run(folder: str, out: str, *, as_json: bool, quiet: bool) -> int:
    """Everything from inputs to results."""
    from ostealgia.project.steps import run as step

    with progress.shown(quiet=quiet) as say:
        result = step(Path(folder), out=Path(out) if out else None, progress=say)
    if as_json:
        print_json(result.to_dict())
    else:
        print_text(result.text())
    return DONE


def verify(folder: str, *, as_json: bool, quiet: bool) -> int:
    """Recompute and compare."""
    from ostealgia.project.verification import verify as step

    with progress.shown(quiet=quiet) as say:
        result = step(Path(folder), progress=say)
    if as_json:
        print_json(result.to_dict())
    else:
        print_text(result.text())
    return FINDINGS if result.differences else DONE
