"""The command line: parse, call one step, print. Heavy imports happen inside the commands, so that --help is quick."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from ostealgia.cli import failures
from ostealgia.cli import pool_options as given
from ostealgia.cli.help_texts import (
    DEMO_EXAMPLES,
    INIT_EXAMPLES,
    MAIN_EPILOG,
    POOL_EXAMPLES,
    RUN_EXAMPLES,
    VERIFY_EXAMPLES,
)

app = typer.Typer(
    name="ostealgia",
    help="An evidence engine for painful bone metastases: pool study tables and recompute published numbers.",
    epilog=MAIN_EPILOG,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _version(wanted: bool) -> None:
    if wanted:
        from ostealgia import __version__

        typer.echo(f"ostealgia {__version__}")
        raise typer.Exit


@app.callback()
def _all_commands(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Version.")] = False,
) -> None:
    """Options before the command."""


@app.command(epilog=DEMO_EXAMPLES, short_help="The bundled reviews, published and recomputed.")
def demo(
    out: Annotated[
        str, typer.Option("--out", help="Folder for the reports; made if it is missing.")
    ] = "ostealgia-demo",
    json: given.Json = False,
    quiet: given.Quiet = False,
) -> None:
    """Recompute the bundled reviews and cohort: claims as published and as recomputed, and a report of each."""
    from ostealgia.cli import project_commands

    raise typer.Exit(project_commands.demo(out, as_json=json, quiet=quiet))


@app.command(epilog=INIT_EXAMPLES, short_help="A new project folder from a template.")
def init(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Folder of the new project; made if it is missing.")],
    template: Annotated[
        str,
        typer.Option(
            "--template",
            help="prevalence, pre-post, two-arm, risk-factors, time-to-event, network or cohort.  [required]",
            show_default=False,
        ),
    ] = "",
    quiet: given.Quiet = False,
) -> None:
    """Begin a project: a folder with commented, header-only tables and ostealgia.toml."""
    from ostealgia.cli import project_commands

    raise typer.Exit(project_commands.init(folder, template, quiet=quiet))


@app.command(epilog=RUN_EXAMPLES, short_help="A project, from its tables to its report.")
def run(
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="Folder with ostealgia.toml.")],
    out: Annotated[
        str,
        typer.Option("--out", help="Folder for the results.  [default: build, inside the project]", show_default=False),
    ] = "",
    json: given.Json = False,
    quiet: given.Quiet = False,
) -> None:
    """Everything of a project, from its tables to report.html, results.json, tables and figures."""
    from ostealgia.cli import project_commands

    raise typer.Exit(project_commands.run(project, out, as_json=json, quiet=quiet))


@app.command(epilog=VERIFY_EXAMPLES, short_help="Recompute a project and name what changed.")
def verify(
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="Folder with ostealgia.toml and build/.")],
    json: given.Json = False,
    quiet: given.Quiet = False,
) -> None:
    """Recompute a project and name what differs from its build/. Exit status 1 where something does."""
    from ostealgia.cli import project_commands

    raise typer.Exit(project_commands.verify(project, as_json=json, quiet=quiet))


@app.command(epilog=POOL_EXAMPLES, short_help="One pooled result from a table of studies.")
def pool(
    file: given.File,
    measure: given.Measure = "",
    sheet: given.Sheet = "",
    arms: given.Arms = "",
    outcome: given.Outcome = "",
    time: given.Time = "",
    correlation: given.Correlation = "",
    increment: given.Increment = "",
    apply_increment: given.ApplyIncrement = "",
    drop_double_zero: given.DropDoubleZero = False,
    vtype: given.Vtype = "",
    model: given.Model = "",
    tau2: given.Tau2 = "",
    ci: given.Ci = "",
    pi: given.Pi = "",
    level: given.Level = "",
    tau2_ci: given.Tau2Ci = "",
    glmm: given.Glmm = "",
    quadrature: given.Quadrature = "",
    mh_increment: given.MhIncrement = "",
    subgroup: given.Subgroup = "",
    common_tau2: given.CommonTau2 = False,
    leave_one_out: given.LeaveOneOut = False,
    cumulative: given.Cumulative = "",
    egger: given.Egger = False,
    forest: given.Forest = "",
    funnel: given.Funnel = "",
    csv: given.Csv = "",
    json: given.Json = False,
    quiet: given.Quiet = False,
) -> None:
    """Pool the studies of one table: effect with its intervals, heterogeneity, what was left out and why."""
    asked = dict(locals())
    from ostealgia.cli import pool_command

    raise typer.Exit(pool_command.execute(pool_command.request(asked)))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns the exit status: 0 done, 1 done with findings, 2 input or call wrong, 3 a fault of ours, 130 stopped.
    argv : the words after ``ostealgia``; default those of the process.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    debug = failures.take_debug(words)
    return failures.guarded(lambda: app(words, prog_name="ostealgia", standalone_mode=False), app, words, debug=debug)


if __name__ == "__main__":
    sys.exit(main())
