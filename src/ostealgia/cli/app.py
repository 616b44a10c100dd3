"""The command line: parse, call one step, print. Heavy imports happen inside the commands, so that --help is quick."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from ostealgia.cli import failures
from ostealgia.cli import pool_options as given
from ostealgia.cli.cohort_command import cohort_app
from ostealgia.cli.help_texts import (
    AUDIT_EXAMPLES,
    DEMO_EXAMPLES,
    FOLLOW_UP_EXAMPLES,
    HOOKS_EXAMPLES,
    INIT_EXAMPLES,
    MAIN_EPILOG,
    NETWORK_EXAMPLES,
    OPTIONS_EXAMPLES,
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
    pooled_variance: given.PooledVariance = False,
    method_smd: given.MethodSmd = "",
    sd_glass: given.SdGlass = "",
    exact_smd: given.ExactSmd = False,
    no_bias_correction: given.NoBiasCorrection = False,
    standardizer: given.Standardizer = "",
    rr_increment_to_n: given.RrIncrementToN = "",
    rd_increment: given.RdIncrement = "",
    pr_increment: given.PrIncrement = "",
    pln_increment_to_n: given.PlnIncrementToN = "",
    published_level: given.PublishedLevel = "",
    conventions: given.Conventions = "",
    model: given.Model = "",
    tau2: given.Tau2 = "",
    ci: given.Ci = "",
    pi: given.Pi = "",
    level: given.Level = "",
    tau2_ci: given.Tau2Ci = "",
    glmm: given.Glmm = "",
    glmm_method: given.GlmmMethod = "",
    quadrature: given.Quadrature = "",
    mh_increment: given.MhIncrement = "",
    rd_variance: given.RdVariance = "",
    rate_weights: given.RateWeights = "",
    q_center: given.QCenter = "",
    weights: given.Weights = "",
    tau2_value: given.Tau2Value = "",
    subgroup: given.Subgroup = "",
    common_tau2: given.CommonTau2 = False,
    leave_one_out: given.LeaveOneOut = False,
    cumulative: given.Cumulative = "",
    egger: given.Egger = False,
    moderators: given.Moderators = "",
    cluster: given.Cluster = "",
    bayes: given.Bayes = "",
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


@app.command(epilog=NETWORK_EXAMPLES, short_help="All treatments of a network of trials against one another.")
def network(
    file: given.File,
    measure: given.NetworkMeasure = "",
    sheet: given.Sheet = "",
    reference: given.Reference = "",
    model: given.NetworkModel = "",
    tau2: given.NetworkTau2 = "",
    tau2_value: given.Tau2Value = "",
    pi: given.NetworkPi = "",
    level: given.Level = "",
    small_values: given.SmallValues = "",
    component: given.Component = "",
    increment: given.Increment = "",
    apply_increment: given.ApplyIncrement = "",
    rr_increment_to_n: given.RrIncrementToN = "",
    split: given.Split = False,
    graph: given.Graph = "",
    heat: given.HeatPlot = "",
    forest: given.NetworkForest = "",
    csv: given.NetworkCsv = "",
    json: given.Json = False,
    quiet: given.Quiet = False,
) -> None:
    """Compare all treatments of a table of trials: league table, ranks, heterogeneity and inconsistency."""
    asked = dict(locals())
    from ostealgia.cli import network_command

    raise typer.Exit(network_command.execute(network_command.request(asked)))


@app.command(epilog=AUDIT_EXAMPLES, short_help="Papers, each printed number recomputed from the others.")
def audit(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Papers: PDF, JATS XML, HTML, Word, Markdown, plain text; or tables: CSV, Excel.",
            show_default=False,
        ),
    ],
    html: Annotated[
        str,
        typer.Option(
            "--html",
            metavar="OUT",
            help="The paper with its numbers marked; for several papers a folder with an index.",
            show_default=False,
        ),
    ] = "",
    csv: Annotated[str, typer.Option("--csv", metavar="OUT", help="All findings as a table.", show_default=False)] = "",
    docx: Annotated[
        str, typer.Option("--docx", metavar="OUT", help="The audit as a Word document.", show_default=False)
    ] = "",
    rules: Annotated[
        str,
        typer.Option(
            "--rules", metavar="A,B", help="Only these rules, such as GRIM,p-vs-ci.  [default: all]", show_default=False
        ),
    ] = "",
    no_judgement: Annotated[
        bool, typer.Option("--no-judgement", help="Leave out what a careful reader could judge differently.")
    ] = False,
    jobs: Annotated[
        str,
        typer.Option("--jobs", "-j", metavar="N", help="Papers at a time.  [default: one a core]", show_default=False),
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="List what fits as well.")] = False,
    json: given.Json = False,
    quiet: given.Quiet = False,
) -> None:
    """Read papers and recompute every number that others in the paper determine: what fits, what cannot be, and why."""
    asked = dict(locals())
    from ostealgia.cli import audit_command

    raise typer.Exit(audit_command.execute(audit_command.request(asked)))


@app.command("follow-up", epilog=FOLLOW_UP_EXAMPLES, short_help="The visits of one patient: response, course, alerts.")
def follow_up(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Visits: CSV, Excel or JSON; one row a visit.", show_default=False)
    ],
    sheet: given.Sheet = "",
    table: Annotated[
        str,
        typer.Option(
            "--table",
            metavar="NAME",
            help="Conversion table where doses are given.  [default: CDC_2022]",
            show_default=False,
        ),
    ] = "",
    html: Annotated[str, typer.Option("--html", metavar="OUT", help="One page to print.", show_default=False)] = "",
    json: given.Json = False,
) -> None:
    """Pain and opioid dose over time: response by the consensus at each visit, onset, progression, and what should not be overlooked.

    Columns: day (or week) from the start of treatment, pain (worst of 24 h at the site, 0 to 10), omed_mg_per_day; and where known
    new_neurological_symptom, analgesic_increased, retreated, died (yes or no). Exit status 1: an alert is an emergency or urgent.
    """
    from ostealgia.cli import follow_up_command

    raise typer.Exit(follow_up_command.execute(file, sheet=sheet, table=table, html=html, as_json=json))


@app.command(
    epilog=HOOKS_EXAMPLES, short_help="CDS Hooks on this machine: cards for one patient of an electronic record."
)
def hooks(
    host: Annotated[
        str,
        typer.Option("--host", metavar="ADDRESS", help="Where to listen.  [default: 127.0.0.1]", show_default=False),
    ] = "",
    port: Annotated[str, typer.Option("--port", metavar="N", help="Port.  [default: 8799]", show_default=False)] = "",
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-origin",
            metavar="URL",
            help="A browser origin that may call; give it again for more.",
            show_default=False,
        ),
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Allow an address that other machines can reach.")] = False,
    quiet: given.Quiet = False,
) -> None:
    """Serve CDS Hooks 2.0 (patient-view, prefetch only) on loopback: emergencies and published criteria as cards with their sources."""
    from ostealgia.cli import hooks_command

    raise typer.Exit(hooks_command.execute(host, port, allow_origin or [], public=public, quiet=quiet))


@app.command(epilog=OPTIONS_EXAMPLES, short_help="One patient: emergencies, then criteria of therapies.")
def options(
    file: Annotated[
        str,
        typer.Argument(
            metavar="PATIENT.json",
            help="Facts of one patient, or a FHIR R4 Bundle; - for standard input.",
            show_default=False,
        ),
    ] = "",
    html: Annotated[
        str, typer.Option("--html", metavar="OUT", help="The same as one HTML page.", show_default=False)
    ] = "",
    sort: Annotated[
        str,
        typer.Option(
            "--sort",
            metavar="COLUMN",
            help="therapy, status, per_100, ci_low, ci_high, pi_low, pi_high, k or n.  [default: not sorted]",
            show_default=False,
        ),
    ] = "",
    site: Annotated[
        str,
        typer.Option(
            "--site",
            metavar="BONE",
            help="Bone of the index site, where a Bundle has pain of several.",
            show_default=False,
        ),
    ] = "",
    examples: Annotated[
        str,
        typer.Option("--examples", metavar="DIR", help="Write invented patients and the schema.", show_default=False),
    ] = "",
    schema: Annotated[bool, typer.Option("--schema", help="The JSON Schema of a patient.")] = False,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Values in error messages, on a terminal only.")
    ] = False,
    json: given.Json = False,
    quiet: given.Quiet = False,
) -> None:
    """Emergencies, open questions, and the therapies whose published criteria one patient meets. It informs and orders nothing."""
    asked = dict(locals())
    from ostealgia.cli import options_command

    raise typer.Exit(options_command.execute(options_command.request(asked)))


app.add_typer(cohort_app)


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
