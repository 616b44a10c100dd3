"""ostealgia cohort: the quality of a centre's data, a first mapping of an export, aggregates for other centres, and their pool."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ostealgia.cli import pool_options as given

if TYPE_CHECKING:
    from ostealgia.cohort.reading import Cohort

MAIN = """\b
Examples:
  ostealgia cohort map export.csv --dictionary dictionary.csv --out mapping.toml
  ostealgia cohort check our-centre
  ostealgia cohort export our-centre --centre "Centre A" --out to-send
  ostealgia cohort pool-centres centre-a centre-b centre-c --out pooled"""

cohort_app = typer.Typer(
    name="cohort",
    short_help="A centre's patients: check, map an export, share aggregates.",
    help="A centre's own patients: check the data, map an export, share aggregates with other centres and pool them.",
    epilog=MAIN,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Folder = Annotated[
    str, typer.Argument(metavar="FOLDER", help="Folder with patients.csv and visits.csv, or with mapping.toml.")
]
Mapping = Annotated[
    str,
    typer.Option(
        "--mapping",
        help="A mapping file.  [default: mapping.toml in the folder, where there is one]",
        show_default=False,
    ),
]
ShowValues = Annotated[
    bool,
    typer.Option(
        "--show-values", help="Tell values and identifiers; only on a terminal, for who may see the patients."
    ),
]
Out = Annotated[str, typer.Option("--out", "-o", metavar="OUT", help="Where the result goes.", show_default=False)]


@cohort_app.command(short_help="What is wrong with the data, before any analysis.")
def check(folder: Folder, mapping: Mapping = "", show_values: ShowValues = False, json: given.Json = False) -> None:
    """Read a cohort and report on its data: impossible values, days out of order, duplicates, missingness.

    A finding tells file, row, column and rule, not the value and not the patient. Exit status 1 where a finding is more than information.
    """
    raise typer.Exit(_check(folder, mapping, show_values=show_values, as_json=json))


@cohort_app.command("map", short_help="A draft of mapping.toml for an export.")
def draft(
    export: Annotated[str, typer.Argument(metavar="EXPORT", help="CSV, TSV or Excel, as exported (also REDCap).")],
    dictionary: Annotated[
        str, typer.Option("--dictionary", help="The REDCap data dictionary (CSV, 18 columns).", show_default=False)
    ] = "",
    sheet: Annotated[
        str, typer.Option("--sheet", help="Sheet of a workbook.  [default: the first]", show_default=False)
    ] = "",
    out: Out = "",
    json: given.Json = False,
) -> None:
    """Suggest mapping.toml from the names of the columns. Every line says why it is there, and the draft is refused until it was
    checked."""
    raise typer.Exit(_map(export, dictionary, sheet, out, as_json=json))


@cohort_app.command(short_help="Aggregates of this centre for others; no patient leaves.")
def export(
    folder: Folder,
    centre: Annotated[
        str, typer.Option("--centre", help="Name of the centre in the pooled report.  [required]", show_default=False)
    ] = "",
    out: Out = "",
    reference: Annotated[
        str,
        typer.Option("--reference", help="Reference group.  [default: by name, such as control]", show_default=False),
    ] = "",
    treated: Annotated[
        str, typer.Option("--treated", help="Treated group.  [default: the other one]", show_default=False)
    ] = "",
    small_cell: Annotated[int, typer.Option("--small-cell", help="Counts below it are withheld; 3 or more.")] = 5,
    grid_weeks: Annotated[
        int, typer.Option("--grid-weeks", help="Weeks of an interval of the survival tables; 4 or more.")
    ] = 4,
    mapping: Mapping = "",
    json: given.Json = False,
) -> None:
    """Write estimates with covariances and coarse counts. Small counts are withheld, and others so that they cannot be worked out."""
    raise typer.Exit(_export(folder, centre, out, reference, treated, small_cell, grid_weeks, mapping, as_json=json))


@cohort_app.command("pool-centres", short_help="The exports of several centres, pooled in two stages.")
def pool_centres(
    folders: Annotated[list[str], typer.Argument(metavar="FOLDER...", help="One export a centre.", show_default=False)],
    out: Out = "",
    json: given.Json = False,
) -> None:
    """Pool what centres have exported: random effects with prediction intervals, pain by week jointly, survival on the coarse grid."""
    raise typer.Exit(_pool(folders, out, as_json=json))


def _check(folder: str, mapping: str, *, show_values: bool, as_json: bool) -> int:
    from ostealgia.cli.failures import DONE, FINDINGS
    from ostealgia.cli.output import print_json, print_text
    from ostealgia.cohort.reading import read
    from ostealgia.errors import OptionError

    if show_values and not sys.stdout.isatty():
        raise OptionError(
            "--show-values tells values of patients and writes to a terminal only. Leave it out, or do not redirect the output."
        )
    cohort = read(folder, mapping=mapping or None, show_values=show_values)
    told = [one for one in cohort.quality.findings if one.severity != "information"]
    if as_json:
        print_json(_quality_json(cohort))
    else:
        print_text("\n\n".join([str(cohort), str(cohort.quality), _missing_text(cohort)]))
    return FINDINGS if told else DONE


def _quality_json(cohort: Cohort) -> dict[str, object]:
    quality = cohort.quality
    return {
        "cohort": cohort.name, "simulated": cohort.simulated, "n": cohort.n, "rows": dict(quality.rows),
        "findings": [
            {"rule": one.rule, "severity": one.severity, "file": one.file, "column": one.column, "rows": list(one.rows), "count": one.count,
             "message": one.message, **({"values": list(one.values), "ids": list(one.ids)} if one.values or one.ids else {})}
            for one in quality.findings
        ],
        "missingness": quality.missingness.to_dict("records"), "patterns": quality.patterns.to_dict("records"),
        "plan": cohort.plan.status, "inputs_sha256": dict(cohort.inputs_sha256), "excluded": [vars(one) for one in cohort.excluded],
        "notes": list(cohort.notes),
    }  # fmt: skip


def _missing_text(cohort: Cohort) -> str:
    frame: Any = cohort.quality.missingness
    gaps = frame[(frame["n_missing"] > 0).to_numpy()]
    lines = ["Missing values:" if len(gaps) else "Missing values: none"]
    lines += [
        f"  {row.file}, {row.column}: {row.n_missing} of {row.n} ({row.percent_missing:.0f}%)"
        for row in gaps.itertuples()
    ]
    patterns: Any = cohort.quality.patterns
    if len(patterns):
        kinds = patterns.groupby("kind")["count"].sum()
        lines.append("Visits with pain recorded: " + ", ".join(f"{name} {count}" for name, count in kinds.items()))
    return "\n".join(lines)


def _map(export: str, dictionary: str, sheet: str, out: str, *, as_json: bool) -> int:
    from ostealgia.cli.failures import DONE
    from ostealgia.cli.output import print_json, print_text
    from ostealgia.cohort.reading_suggest import draft_mapping
    from ostealgia.errors import OptionError
    from ostealgia.io.writers import write_text

    if out and Path(out).exists():
        raise OptionError(
            f"--out {out} exists: a mapping that somebody has checked is not written over. Give another name."
        )
    found = draft_mapping(export, dictionary=dictionary or None, sheet=sheet or None)
    if out:
        write_text(out, found.text)
    if as_json:
        print_json(found.to_dict())
    elif out:
        print_text(
            f"{out}: a draft with {len(found.suggestions)} suggestions. Check every line, then remove its line draft = true."
        )
    else:
        print_text(found.text)
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    return DONE


def _export(
    folder: str, centre: str, out: str, reference: str, treated: str, small_cell: int, grid_weeks: int, mapping: str, *, as_json: bool
) -> int:  # fmt: skip
    from ostealgia.cli.failures import DONE
    from ostealgia.cli.output import print_json, print_text
    from ostealgia.cohort.centres_export import export_centre
    from ostealgia.cohort.reading import read
    from ostealgia.errors import OptionError

    if not centre:
        raise OptionError("--centre is missing: give the name that the pooled report should show.")
    if not out:
        raise OptionError("--out is missing: give the folder for the aggregates.")
    cohort = read(folder, mapping=mapping or None)
    found = export_centre(
        cohort,
        out,
        centre=centre,
        reference=reference or None,
        treated=treated or None,
        small_cell=small_cell,
        grid_weeks=grid_weeks,
    )
    if as_json:
        print_json(found.data)
    else:
        print_text(f"{found}\n{out}: read centre.json before you send it; the CSV tables hold the same.")
    return DONE


def _pool(folders: list[str], out: str, *, as_json: bool) -> int:
    from ostealgia.cli.failures import DONE
    from ostealgia.cli.output import print_json, print_text
    from ostealgia.project.centres import pool_centres as step

    result = step(folders, out=out or None)
    if as_json:
        print_json(result.to_json())
    else:
        print_text(str(result) + (f"\nreport: {Path(out) / 'report.html'}" if out else ""))
    return DONE
