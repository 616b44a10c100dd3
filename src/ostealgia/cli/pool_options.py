"""The options of ``pool``, each with what it does and its default, as typer reads them.

Numbers and paths are text here: turning them into numbers is ours, so that a message gives the value that was found,
and the help needs no more imports than typer itself.
"""

from __future__ import annotations

from typing import Annotated

import typer


def _option(name: str, metavar: str, text: str, *more_names: str) -> typer.models.OptionInfo:
    """An option whose default is told in its text (many depend on the measure or the model)."""
    return typer.Option(name, *more_names, metavar=metavar, help=text, show_default=False)


def _switch(name: str, text: str) -> typer.models.OptionInfo:
    return typer.Option(name, help=text, show_default=False)


File = Annotated[
    str,
    typer.Argument(metavar="FILE", help="Table (.csv, .tsv, .txt, .xlsx); - reads standard input.", show_default=False),
]
Measure = Annotated[
    str,
    _option(
        "--measure",
        "M",
        "Effect measure, required: OR, RR, RD, PETO, MD, SMD, HR, PLO, PR, MN, IRLN, IRR, ZCOR, MC, SMCC, GEN, ...",
        "-m",
    ),
]

# which rows
Sheet = Annotated[str, _option("--sheet", "NAME", "Sheet of a workbook, by name or number.  [default: the first]")]
Arms = Annotated[
    str,
    _option(
        "--arms", "A[,B]", "Arms to use where a row is an arm: treated,control (names as in the table).  [default: all]"
    ),
]
Outcome = Annotated[str, _option("--outcome", "NAME", "Only rows of this outcome.  [default: all]")]
Time = Annotated[str, _option("--time", "T", 'Only rows of this time point, such as "3 month".  [default: all]')]

# effect sizes
Correlation = Annotated[
    str,
    _option("--correlation", "R", "Of values before and after, where the table has none.  [default: never assumed]"),
]
Increment = Annotated[
    str, _option("--increment", "X", "Added to the cells of a study with a zero; or TACC.  [default: 0.5]")
]
ApplyIncrement = Annotated[
    str,
    _option("--apply-increment", "RULE", "Where it is added: only0, all, if0all or none.  [default: only0]"),
]
DropDoubleZero = Annotated[
    bool,
    _switch("--drop-double-zero", "Leave out studies without events in both groups.  [default: keep them]"),
]
Vtype = Annotated[
    str,
    _option("--vtype", "NAME", "Variance formula where a measure has several (SMD: LS, UB, LS2, AV).  [default: LS]"),
]

# pooling
Model = Annotated[str, _option("--model", "NAME", "random, common, glmm, MH or peto.  [default: random]")]
Tau2 = Annotated[
    str,
    _option("--tau2", "NAME", "DL, HE, HS, HSk, SJ, ML, REML, EB, PM, PMM or GENQ.  [default: REML]"),
]
Ci = Annotated[
    str,
    _option("--ci", "NAME", "auto (HK, but z where k = 2 or tau2 = 0), z, t, HK, HK-adhoc, HK-ci.  [default: auto]"),
]
Pi = Annotated[
    str,
    _option(
        "--pi",
        "NAME",
        "Prediction interval from k = 3: V (t, k - 1 df), HTS (k - 2), S, HK, HK-PR, none.  [default: V]",
    ),
]
Level = Annotated[str, _option("--level", "P", "Confidence level as a proportion.  [default: 0.95]")]
Tau2Ci = Annotated[
    str,
    _option(
        "--tau2-ci", "NAME", "Interval of tau2: QP, BJ, J, PL, GENQ or none.  [default: QP; GENQ with --tau2 GENQ]"
    ),
]
Glmm = Annotated[
    str,
    _option("--glmm", "NAME", "With --model glmm and two groups: UM.FS, UM.RS, CM.AL or CM.EL.  [default: UM.FS]"),
]
Quadrature = Annotated[
    str,
    _option("--quadrature", "N", "With --model glmm: points of the adaptive quadrature.  [default: 7]"),
]
MhIncrement = Annotated[
    str,
    _option(
        "--mh-increment", "NAME", "With --model MH: none, or effects (zero cells as in the effects).  [default: none]"
    ),
]

# further analyses
Subgroup = Annotated[
    str, _option("--subgroup", "COL", "Also pool each group of this column, with the test between them.")
]
CommonTau2 = Annotated[bool, _switch("--common-tau2", "One tau2 for all subgroups.  [default: one each]")]
LeaveOneOut = Annotated[bool, _switch("--leave-one-out", "Also pool without each study in turn.")]
Cumulative = Annotated[
    str, _option("--cumulative", "COL", "Also add the studies one by one, in the order of this column.")
]
Egger = Annotated[bool, _switch("--egger", "Also Egger's test of funnel asymmetry.")]

# output
Forest = Annotated[str, _option("--forest", "FILE", "Write the forest plot to this .svg or .png.")]
Funnel = Annotated[str, _option("--funnel", "FILE", "Write the funnel plot to this .svg or .png.")]
Csv = Annotated[str, _option("--csv", "FILE", "Write all estimates, one a row, to this .csv.")]
Json = Annotated[bool, typer.Option("--json", help="The result as JSON on standard output, nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on standard error.")]
