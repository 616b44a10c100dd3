"""The pooled centres as one HTML page: answers first, a forest for each question, then counts, curves and what was withheld."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ostealgia.display import count_of, interval, number, p_text
from ostealgia.io.writers import csv_text
from ostealgia.project.centres_effects import pool_of
from ostealgia.project.words import signs
from ostealgia.report import content

if TYPE_CHECKING:
    from ostealgia.project.centres import CentresResult

# end of an id -> (title, which direction is which); in the order of the report
QUESTIONS: dict[str, str] = {
    "log-or": "Pain response at {term}: odds ratio",
    "log-or-adjusted": "Pain response at {term}: adjusted odds ratio",
    "rd": "Pain response at {term}: risk difference",
    "pain-difference": "Worst pain by week: difference of means",
    "os-log-hr": "Overall survival: hazard ratio",
    "os-log-hr-adjusted": "Overall survival: adjusted hazard ratio",
    "pfs-log-hr": "Progression-free survival: hazard ratio",
    "pfs-log-hr-adjusted": "Progression-free survival: adjusted hazard ratio",
    "relief-log-shr": "Onset of relief, death competing: subdistribution hazard ratio",
}
MEASURES = {"log OR": "OR", "log HR": "HR", "log SHR": "HR"}
CAUTION = "Every record behind these numbers is SIMULATED: no row describes a real patient, and nothing here is clinical evidence."


def report_of(result: CentresResult) -> content.Report:
    """The content of the page."""
    groups = {row["role"]: row["group"] for row in result.centres.to_dict("records")}
    k, n = len(set(result.centres["centre"])), sum(result.centres["n"].tolist())
    main: Any = result.estimates[(result.estimates["k"] > 1).to_numpy()]
    ids = list(dict.fromkeys(main["id"]))
    analyses = [_analysis(result, name) for name in ids]
    if len(result.survival):
        analyses.append(_curves(result))
    return content.Report(
        id="centres", title="Several centres, pooled", kind="cohort",
        subtitle=CAUTION if result.simulated else f"{k} centres, {n:,} patients; no patient left a centre",
        question=content.Question(
            text=f"How do {groups['treated']} and {groups['reference']} differ over {k} centres, and how much do the centres differ?",
            population=f"{n:,} patients of {k} centres", intervention=str(groups["treated"]), comparator=str(groups["reference"]),
        ),
        answers=tuple(_answer(main, name) for name in ids if not name.endswith("-adjusted") and "-rd" not in name and "rmst" not in name),
        analyses=tuple(analyses), tables=(_sizes(result), *_count_tables(result)), methods=METHODS, notes=tuple(result.notes),
    )  # fmt: skip


METHODS = (
    "Each centre exported estimates with covariances and coarse counts (two-stage; Burke, Ensor & Riley 2017, "
    "doi:10.1002/sim.7141). One number a "
    "centre: random effects with the variance between centres by REML and Hartung-Knapp intervals on k - 1 df, by z "
    "where that is wider; the prediction "
    "interval is where the effect of a new centre may lie. Pain by week: multivariate random effects with the "
    "centres' covariances, one variance "
    "between centres and one correlation (Jackson, Riley & White 2011, doi:10.1002/sim.4172).",
    "Survival: discrete hazards on the joint grid of the centres; the limits of the grid are the curve if all events "
    "of an interval lay at its "
    "start or at its end.",
)


def title_of(name: str, term: str) -> str:
    """A title for an estimate.

    >>> title_of("response-week-12-log-or", "week 12"), title_of("os-rmst-difference-52-weeks", "OS")
    ('Pain response at week 12: odds ratio', 'OS: difference of restricted means to 52 weeks')
    """
    if "rmst" in name:
        return f"{term}: difference of restricted means to {name.split('-')[-2]} weeks"
    tail = name if name in QUESTIONS else name.split("-", 3)[-1]
    return QUESTIONS.get(tail, name).replace("{term}", term)


def _last(rows: Any, name: str) -> dict[str, Any]:
    """The row of the headline: the last week, and the joint model where there is one."""
    own = rows[(rows["id"] == name).to_numpy()].to_dict("records")
    joint = [row for row in own if row["model"].startswith("multivariate")]
    return (joint or own)[-1]


def _answer(rows: Any, name: str) -> content.Answer:
    row = _last(rows, name)
    estimate, ci, pi = _texts(row)
    what = title_of(name, row["term"]) + (f" ({row['term']})" if name == "pain-difference" else "")
    text = (
        f"{what} {estimate} (95% CI {ci})"
        + (f"; prediction interval {pi}" if pi else "")
        + f". {count_of(row['k'], 'centre', 'centres')}."
    )
    return content.Answer(
        text=signs(text), outcome=what.split(":")[0], estimate=signs(estimate), ci=signs(ci), pi=signs(pi), k=str(row["k"]),
        heterogeneity=f"I² {row['i2_q']:.0f}%", analysis=name,
    )  # fmt: skip


def _texts(row: Mapping[str, Any]) -> tuple[str, str, str]:
    known = row["pi_low"] == row["pi_low"]
    return (
        number(row["estimate"]),
        interval(row["ci_low"], row["ci_high"]),
        interval(row["pi_low"], row["pi_high"]) if known else "",
    )


def _analysis(result: CentresResult, name: str) -> content.Analysis:
    pooled: Any = result.estimates[(result.estimates["id"] == name).to_numpy()]
    own: Any = result.studies[(result.studies["id"] == name).to_numpy()]
    head = _last(pooled, name)
    rows = [_row(row["centre"], row["term"], row) for row in own.to_dict("records")]
    rows += [_row(row["model"], row["term"], row, strong=True) for row in pooled.to_dict("records")]
    columns = (
        content.Column(key="who", label="Centre or model", wide=True), content.Column(key="term", label="At"),
        content.Column(key="estimate", label=head["scale"], align="decimal"), content.Column(key="ci", label="95% CI", align="right"),
        content.Column(key="pi", label="Prediction interval", align="right"), content.Column(key="p", label="P", align="right"),
    )  # fmt: skip
    table = content.Table(id=f"{name}-table", title="Centres and pool", columns=columns, rows=tuple(rows))
    return content.Analysis(
        id=name, title=title_of(name, head["term"]), how=f"{head['model']}; I² {head['i2_q']:.0f}%, τ² {head['tau2']:.4f}",
        figures=tuple(_forest(own, head)), estimates=table,
    )  # fmt: skip


def _row(who: str, term: str, row: Mapping[str, Any], *, strong: bool = False) -> dict[str, Any]:
    estimate, ci, pi = _texts({"pi_low": math.nan, "pi_high": math.nan, **row})
    return {
        "who": content.Cell(value=who, strong=strong), "term": term, "estimate": signs(estimate), "ci": signs(ci), "pi": signs(pi),
        "p": p_text(row["p_value"]) if "p_value" in row else "",
    }  # fmt: skip


def _forest(own: Any, head: Mapping[str, Any]) -> list[content.Figure]:
    """The centres at the headline's term, on the scale of the analysis."""
    import numpy as np
    import pandas as pd

    from ostealgia.plot import figure_png, figure_svg, forest

    rows: Any = own[(own["term"] == head["term"]).to_numpy()]
    ratio = head["measure"] in MEASURES
    values = np.log(rows["estimate"].to_numpy()) if ratio else rows["estimate"].to_numpy()
    frame = pd.DataFrame(
        {"study": rows["centre"].tolist(), "estimate": values, "std_error": rows["std_error"].to_numpy()}
    )
    fit = pool_of(frame, MEASURES.get(head["measure"], "GEN"))
    label = {
        "SHR": "Subdistribution hazard ratio",
        "RD": "Risk difference",
        "MD": "Difference, points",
        "RMST difference, weeks": "Difference, weeks",
    }.get(head["scale"])
    figure = forest(fit, effect_label=label) if label else forest(fit)
    return [
        content.Figure(
            id=f"{head['id']}-forest", title=f"{title_of(head['id'], head['term'])}, {head['term']}", svg=figure_svg(figure),
            alt=f"Forest plot of {len(frame)} centres and their pool.", filename=f"{head['id']}-forest",
            png_base64=base64.b64encode(figure_png(figure)).decode(), csv=csv_text(frame),
        )
    ]  # fmt: skip


def _curves(result: CentresResult) -> content.Analysis:
    tables = []
    for endpoint, words in (
        ("os", "Overall survival"),
        ("pfs", "Progression-free survival"),
        ("relief", "Cumulative incidence of relief"),
    ):
        own: Any = result.survival[(result.survival["endpoint"] == endpoint).to_numpy()]
        if not len(own):
            continue
        rows = [
            {"group": row["group"], "week": row["week"], "centres": row["centres"], "estimate": f"{100 * row['estimate']:.0f}%",
             "ci": f"{100 * row['ci_low']:.0f} to {100 * row['ci_high']:.0f}", "grid": f"{100 * row['low']:.0f} to {100 * row['high']:.0f}"}
            for row in own.to_dict("records")
        ]  # fmt: skip
        columns = (
            content.Column(key="group", label="Group"), content.Column(key="week", label="Week", align="right"),
            content.Column(key="estimate", label="Share", align="right"), content.Column(key="ci", label="95% CI", align="right"),
            content.Column(key="grid", label="Limits of the grid", align="right"), content.Column(key="centres",
            label="Centres", align="right"),
        )  # fmt: skip
        tables.append(
            content.Table(id=f"curve-{endpoint}", title=words, columns=columns, rows=tuple(rows), group_by="group")
        )
    return content.Analysis(
        id="curves", title="Curves on the coarse grid", answer="Shares by week over the centres whose table reaches the week.",
        panels=(content.Panel(id="curves-tables", title="By week and group", tables=tuple(tables), open=True),),
    )  # fmt: skip


def _sizes(result: CentresResult) -> content.Table:
    columns = tuple(
        content.Column(key=key, label=key.capitalize(), align="right" if key == "n" else "left")
        for key in ("centre", "group", "role", "n")
    )
    return content.Table(
        id="centres-sizes", title="Centres", columns=columns, rows=tuple(result.centres.to_dict("records"))
    )


def _count_tables(result: CentresResult) -> Sequence[content.Table]:
    """Counts added up over the centres that show them."""
    made = []
    for name, keys in (
        ("baseline", ("variable", "level")),
        ("response", ("week", "class")),
        ("adverse_events", ("category", "grades")),
    ):
        frame: Any = getattr(result, name)
        if not len(frame):
            continue
        rows = [
            {**{key: str(row[key]).replace("_", " ") for key in (*keys, "group")}, "n": _whole(row["n"]), "total": _whole(row["total"]),
             "percent": None if row["percent"] != row["percent"] else row["percent"], "withheld": row["withheld"]}
            for row in frame.to_dict("records")
        ]  # fmt: skip
        columns = (
            *(content.Column(key=key, label=key.capitalize()) for key in (*keys, "group")),
            content.Column(key="n", label="n", align="right"), content.Column(key="total", label="of", align="right"),
            content.Column(key="percent", label="%", align="decimal", digits=1),
            content.Column(key="withheld", label="Centres that withhold it", align="right"),
        )  # fmt: skip
        title = {
            "baseline": "Baseline",
            "response": "Response by week, all treated",
            "adverse_events": "Adverse events",
        }[name]
        made.append(
            content.Table(id=f"centres-{name}", title=title, columns=columns, rows=tuple(rows), caption=WITHHELD)
        )
    return made


WITHHELD = (
    "Added up over the centres that show the count; where centres withhold it, the share of the others is too high."
)


def _whole(value: float) -> int | None:
    return None if value != value else int(value)
