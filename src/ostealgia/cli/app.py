"""The command line: parse, call one step, print. Heavy imports happen inside the commands, so that --help is quick."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ostealgia.cli import failures
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

Json = Annotated[bool, typer.Option("--json", help="The result as JSON on standard output, nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on standard error.")]


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


@app.command(epilog=DEMO_EXAMPLES)
def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for the reports; made if it is missing.")] = Path("ostealgia-demo"),
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Recompute the bundled reviews and cohort: claims as published and as recomputed, and a report of each."""
    from ostealgia.cli import project_commands

    raise typer.Exit(project_commands.demo(out, as_json=json, quiet=quiet))


@app.command(epilog=INIT_EXAMPLES)
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the new project; made if it is missing.")],
    template: Annotated[
        str,
        typer.Option("--template", help="prevalence, pre-post, two-arm, risk-factors, time-to-event, network or cohort.  [required]",
                     show_default=False),
    ] = "",
    quiet: Quiet = False,
) -> None:  # fmt: skip
    """Begin a project: a folder with commented, header-only tables and ostealgia.toml."""
    from ostealgia.cli import project_commands

    raise typer.Exit(project_commands.init(folder, template, quiet=quiet))


@app.command(epilog=RUN_EXAMPLES)
def run(
    project: Annotated[Path, typer.Argument(metavar="PROJECT", help="Folder with ostealgia.toml.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the results.  [default: build, inside the project]", show_default=False)
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Everything of a project, from its tables to report.html, results.json, tables and figures."""
    from ostealgia.cli import project_commands

    raise typer.Exit(project_commands.run(project, out, as_json=json, quiet=quiet))


@app.command(epilog=VERIFY_EXAMPLES)
def verify(
    project: Annotated[Path, typer.Argument(metavar="PROJECT", help="Folder with ostealgia.toml and build/.")],
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Recompute a project and name what differs from its build/. Exit status 1 where something does."""
    from ostealgia.cli import project_commands

    raise typer.Exit(project_commands.verify(project, as_json=json, quiet=quiet))


_DATA, _EFFECT, _METHOD = "Which rows", "Effect sizes", "Pooling"
_FURTHER, _OUTPUT = "Further analyses", "Output"


def _option(*names: str, help: str, metavar: str | None = None, panel: str | None = None, show_default: bool = True) -> typer.models.OptionInfo:
    return typer.Option(*names, help=help, metavar=metavar, rich_help_panel=panel, show_default=show_default)


@app.command(epilog=POOL_EXAMPLES)
def pool(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Table (.csv, .tsv, .txt, .xlsx); - reads standard input.")],
    measure: Annotated[
        str, _option("--measure", "-m", metavar="M", show_default=False,
                     help="Effect measure: OR, RR, RD, PETO, MD, SMD, HR, PLO, MN, IRLN, ZCOR, MC, SMCC, GEN, ...  [required]")
    ] = "",
    model: Annotated[str, _option("--model", metavar="NAME", help="random, common, glmm, MH or peto.")] = "random",
    tau2: Annotated[str, _option("--tau2", metavar="NAME", help="DL, HE, HS, HSk, SJ, ML, REML, EB, PM, PMM or GENQ.")] = "REML",
    ci: Annotated[
        str, _option("--ci", metavar="NAME", help="auto (HK, but z where k = 2 or tau2 = 0), z, t, HK, HK-adhoc or HK-ci.")
    ] = "auto",
    pi: Annotated[
        str, _option("--pi", metavar="NAME", help="Prediction interval, from k = 3: V (t, k - 1 df), HTS (t, k - 2), S, HK, HK-PR, none.")
    ] = "V",
    level: Annotated[float, _option("--level", metavar="P", help="Confidence level as a proportion.")] = 0.95,
    tau2_ci: Annotated[
        str, _option("--tau2-ci", metavar="NAME", show_default=False,
                     help="Interval of tau2: QP (Q-profile), BJ, J, PL, GENQ or none.  [default: QP; GENQ with --tau2 GENQ]")
    ] = "",
    glmm: Annotated[
        str, _option("--glmm", metavar="NAME", show_default=False,
                     help="With --model glmm: UM.FS, UM.RS, CM.AL or CM.EL.  [default: UM.FS for two groups]")
    ] = "",
    quadrature: Annotated[
        int | None, _option("--quadrature", metavar="N", show_default=False,
                            help="With --model glmm: points of the adaptive quadrature.  [default: 7]")
    ] = None,
    correlation: Annotated[
        float | None, _option("--correlation", metavar="R", show_default=False,
                              help="Of values before and after, where the table has none.  [default: none is assumed]")
    ] = None,
    increment: Annotated[
        float | None, _option("--increment", metavar="X", show_default=False, help="Added to cells where a cell is zero.  [default: 0.5]")
    ] = None,
    apply_increment: Annotated[
        str, _option("--apply-increment", metavar="RULE", show_default=False,
                     help="only0 (studies with a zero cell), all, if0all or none.  [default: only0]")
    ] = "",
    drop_double_zero: Annotated[
        bool, _option("--drop-double-zero", show_default=False, help="Leave out studies without events in both groups.  [default: keep]")
    ] = False,
    vtype: Annotated[
        str, _option("--vtype", metavar="NAME", show_default=False, help="Variance formula of SMD and others: LS, UB, ...  [default: LS]")
    ] = "",
    arms: Annotated[
        str, _option("--arms", metavar="A[,B]", show_default=False, help="Arms of a table with a row an arm: treated,control.  [default: all]")
    ] = "",
    outcome: Annotated[
        str, _option("--outcome", metavar="NAME", show_default=False, help="Rows of this outcome.  [default: all]")
    ] = "",
    time: Annotated[
        str, _option("--time", metavar="T", show_default=False, help='Rows of this time point, such as "3 month".  [default: all]')
    ] = "",
    sheet: Annotated[
        str, _option("--sheet", metavar="NAME", show_default=False, help="Sheet of a workbook, by name or number.  [default: the first]")
    ] = "",
    subgroup: Annotated[
        str, _option("--subgroup", metavar="COL", show_default=False, help="Also pool each group of this column.  [default: none]")
    ] = "",
    common_tau2: Annotated[
        bool, _option("--common-tau2", show_default=False, help="One tau2 for all subgroups.  [default: one each]")
    ] = False,
    leave_one_out: Annotated[bool, _option("--leave-one-out", show_default=False, help="Also pool without each study in turn.")] = False,
    cumulative: Annotated[
        str, _option("--cumulative", metavar="COL", show_default=False, help="Also add studies one by one, in the order of this column.")
    ] = "",
    egger: Annotated[bool, _option("--egger", show_default=False, help="Also Egger's test of funnel asymmetry.")] = False,
    forest: Annotated[
        str, _option("--forest", metavar="FILE", show_default=False, help="Write the forest plot to this .svg or .png.")
    ] = "",
    funnel: Annotated[
        str, _option("--funnel", metavar="FILE", show_default=False, help="Write the funnel plot to this .svg or .png.")
    ] = "",
    csv: Annotated[str, _option("--csv", metavar="FILE", show_default=False, help="Write all estimates, one a row, to this .csv.")] = "",
    json: Json = False,
    quiet: Quiet = False,
) -> None:  # fmt: skip
    """Pool the studies of one table: effect, interval, prediction interval, heterogeneity, what was left out and why."""
    from ostealgia.cli import pool_command

    request = pool_command.Request(
        file=file, sheet=sheet or None, measure=measure, arms=arms, outcome=outcome, time=time,
        effect_options={
            "correlation": correlation, "increment": increment, "apply_increment": apply_increment or None,
            "drop_double_zero": drop_double_zero or None, "vtype": vtype or None,
        },
        pool_options={
            "model": model, "tau2": tau2, "ci": ci, "pi": pi, "level": level, "tau2_ci": tau2_ci or None, "glmm": glmm or None,
            "quadrature": quadrature,
        },
        subgroup=subgroup, common_tau2=common_tau2, leave_one_out=leave_one_out, cumulative=cumulative, egger=egger,
        forest=forest, funnel=funnel, csv=csv, as_json=json, quiet=quiet,
    )  # fmt: skip
    raise typer.Exit(pool_command.execute(request))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status (0 done, 1 findings, 2 input or call wrong, 3 our fault, 130 stopped).

    argv : the words after ``ostealgia``; default those of the process.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    debug = failures.take_debug(words)
    return failures.guarded(lambda: app(words, prog_name="ostealgia", standalone_mode=False), app, words, debug=debug)


if __name__ == "__main__":
    sys.exit(main())
