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

PublishedLevel = Annotated[
    str,
    _option(
        "--published-level",
        "P",
        "Level of the published intervals in the table, where it has no column ci_level.  [default: 0.95]",
    ),
]
PooledVariance = Annotated[bool, _switch("--pooled-variance", "MD: one SD for both groups.  [default: one each]")]
MethodSmd = Annotated[
    str, _option("--method-smd", "NAME", "SMD divided by the SD of Hedges, Cohen or Glass.  [default: Hedges]")
]
SdGlass = Annotated[
    str,
    _option(
        "--sd-glass", "NAME", "With --method-smd Glass: SD of the control or the treated group.  [default: control]"
    ),
]
ExactSmd = Annotated[
    bool, _switch("--exact-smd", "SMD: exact formulas for the correction and the variance (White 2016).")
]
NoBiasCorrection = Annotated[
    bool, _switch("--no-bias-correction", "SMD, SMCC, SMCR, ROM, ROMC, CVR, VR: without the small-sample correction.")
]
Standardizer = Annotated[
    str,
    _option("--standardizer", "NAME", "SMCR, SMCRH: SD of the values before (pre) or after (post).  [default: pre]"),
]
RrIncrementToN = Annotated[
    str,
    _option("--rr-increment-to-n", "NAME", "RR: 2*incr or incr added to n of a corrected study.  [default: 2*incr]"),
]
RdIncrement = Annotated[
    str, _option("--rd-increment", "NAME", "RD: the increment enters all, or the variance only.  [default: all]")
]
PrIncrement = Annotated[
    str, _option("--pr-increment", "NAME", "PR: the increment enters all, or the variance only.  [default: all]")
]
PlnIncrementToN = Annotated[
    str,
    _option("--pln-increment-to-n", "NAME", "PLN: 2*incr or incr added to n of a corrected study.  [default: 2*incr]"),
]

# pooling
Conventions = Annotated[
    str,
    _option(
        "--conventions",
        "NAME",
        "meta: zero cells, variances, Q and interval as R's package meta has them; other options come first.",
    ),
]
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
Level = Annotated[
    str,
    _option(
        "--level",
        "P",
        "Confidence level of the results. Published intervals in the table are read at --published-level or at its "
        "column ci_level, never at this one.  [default: 0.95]",
    ),
]
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
GlmmMethod = Annotated[
    str,
    _option(
        "--glmm-method", "NAME", "With --model glmm: ML (random effects), or EE (one common effect).  [default: ML]"
    ),
]
Quadrature = Annotated[
    str,
    _option("--quadrature", "N", "With --model glmm: points of the adaptive quadrature.  [default: 7]"),
]
MhIncrement = Annotated[
    str,
    _option(
        "--mh-increment",
        "NAME",
        "With --model MH or --q-center MH: none, or effects (zero cells as in the effects).  [default: none]",
    ),
]
RdVariance = Annotated[
    str, _option("--rd-variance", "NAME", "With --model MH and RD: sato or greenland.  [default: sato]")
]
RateWeights = Annotated[
    str, _option("--rate-weights", "NAME", "With --model MH and IRR or IRD: MH or Cochran.  [default: MH]")
]
QCenter = Annotated[
    str,
    _option(
        "--q-center",
        "NAME",
        "Q, and tau2 by DL, around the inverse-variance mean (inverse) or the Mantel-Haenszel estimate (MH), as in "
        "RevMan.  [default: inverse]",
    ),
]
Weights = Annotated[
    str, _option("--weights", "NAME", "equal: the plain mean of the studies.  [default: inverse variance]")
]
Tau2Value = Annotated[str, _option("--tau2-value", "X", "A known tau2, instead of an estimate.")]

# further analyses
Subgroup = Annotated[
    str, _option("--subgroup", "COL", "Also pool each group of this column, with the test between them.")
]
CommonTau2 = Annotated[bool, _switch("--common-tau2", "One tau2 for all subgroups.  [default: one each]")]
LeaveOneOut = Annotated[bool, _switch("--leave-one-out", "Also pool without each study in turn.")]
Cumulative = Annotated[
    str, _option("--cumulative", "COL", "Also add the studies one by one, in the order of this column.")
]
Moderators = Annotated[
    str,
    _option(
        "--moderators",
        "FORMULA",
        'Also a meta-regression, such as "~ year + factor(design)": columns, factor(), ns(x, df), I(x^2), + : * - 1; '
        "a name with spaces between backticks.",
    ),
]
Cluster = Annotated[
    str,
    _option(
        "--cluster",
        "COL",
        "Also a three-level model with effects inside this column (a study that gives several), and standard errors "
        "robust to its dependence (CR2, Satterthwaite df).",
    ),
]
Bayes = Annotated[
    str,
    _option("--bayes", "PRIOR", 'Also a Bayesian pool with this prior of tau, such as "half-normal(0.5)".'),
]
Egger = Annotated[bool, _switch("--egger", "Also Egger's test of funnel asymmetry.")]

# output
SmallValues = Annotated[
    str,
    _option(
        "--small-values",
        "NAME",
        "Ranks need it: desirable where lower is better (pain, harm), undesirable where higher is (response).",
    ),
]
NetworkMeasure = Annotated[
    str,
    _option(
        "--measure",
        "M",
        "Effect measure: OR, RR, RD, AS, IRR, MD, SMD or ROM of arms; any other of contrasts.  "
        "[default: column measure, else GEN]",
        "-m",
    ),
]
NetworkModel = Annotated[str, _option("--model", "NAME", "random, common or MH.  [default: random]")]
NetworkTau2 = Annotated[str, _option("--tau2", "NAME", "REML, DL, ML, EB, PM or PMM.  [default: REML]")]
NetworkPi = Annotated[
    str, _option("--pi", "NAME", "Prediction interval: V (t, df of Q), HTS (one less), S or none.  [default: V]")
]
Reference = Annotated[
    str, _option("--reference", "X", "Treatment the others are shown against.  [default: the one in most studies]")
]
Component = Annotated[
    str,
    _option(
        "--component",
        "X",
        "Where the network is not connected: number of a part (1 is the largest) or a treatment in it.",
    ),
]
Split = Annotated[bool, _switch("--split", "Also direct against indirect evidence for each comparison.")]
Graph = Annotated[str, _option("--graph", "FILE", "Write the network graph to this .svg or .png.")]
HeatPlot = Annotated[str, _option("--heat", "FILE", "Write the net heat plot to this .svg or .png.")]
NetworkForest = Annotated[
    str, _option("--forest", "FILE", "Write the forest plot against the reference to this .svg or .png.")
]
NetworkCsv = Annotated[str, _option("--csv", "FILE", "Write all comparisons, one a row, to this .csv.")]
Forest = Annotated[str, _option("--forest", "FILE", "Write the forest plot to this .svg or .png.")]
Funnel = Annotated[str, _option("--funnel", "FILE", "Write the funnel plot to this .svg or .png.")]
Csv = Annotated[str, _option("--csv", "FILE", "Write all estimates, one a row, to this .csv.")]
Json = Annotated[bool, typer.Option("--json", help="The result as JSON on standard output, nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on standard error.")]
