"""A report with the numbers of Baal 2021 (doi:10.1007/s00256-021-03822-8), as a project would fill it.

Figures are plain stand-ins.
"""

from __future__ import annotations

import base64
import math

from ostealgia.report.content import (
    Analysis,
    Answer,
    Cell,
    ClaimRow,
    ClaimVariant,
    Column,
    Download,
    ExclusionRow,
    Fact,
    Figure,
    FileRecord,
    FindingRow,
    Problem,
    Provenance,
    Question,
    Report,
    Table,
)

# study, responders, n (Table 2 of the paper)
RESPONSE = (
    ("Namba 2019", 8, 10), ("Tsai 2019", 26, 31), ("Wang B. 2019", 26, 30), ("Giles 2019", 6, 9), ("Dababou 2019", 109, 140),
    ("Bertrand 2018", 14, 17), ("Harding 2018", 13, 18), ("Lee H. 2017", 16, 21), ("Chan M. 2017", 6, 6), ("Anzidei 2016", 22, 23),
    ("Huisman 2014", 7, 11), ("Hurwitz 2014", 72, 112), ("Pfeffer 2014", 16, 22), ("Turkevich 2014", 32, 32),
    ("Zaccagna 2014", 63, 72), ("Boni 2013", 8, 11), ("Napoli 2013", 16, 18), ("Pfeffer 2013", 13, 17), ("Liberman 2009", 18, 25),
    ("Gianfelice 2008", 11, 11),
)  # fmt: skip

DOT = base64.b64encode(b"\x89PNG\r\n\x1a\n stand-in").decode()


def stand_in(rows) -> str:
    """A small forest-like SVG: enough to see how a figure sits in the page."""
    height = 22 * (len(rows) + 3)
    marks = []
    for i, (study, events, n) in enumerate(rows):
        y, p = 33 + 22 * i, events / n
        half = 1.96 * math.sqrt(max(p * (1 - p), 0.02) / n)
        low, high = 260 + 300 * max(p - half, 0), 260 + 300 * min(p + half, 1)
        side = 2 + math.sqrt(n)
        label = study.replace("&", "&amp;").replace("<", "&lt;")
        marks.append(
            f'<text x="0" y="{y + 5}" font-size="14">{label}</text>'
            f'<text x="240" y="{y + 5}" font-size="14" text-anchor="end">{events}/{n}</text>'
            f'<path d="M{low:.1f} {y}H{high:.1f}" stroke="#1b1f24"/>'
            f'<rect x="{260 + 300 * p - side / 2:.1f}" y="{y - side / 2:.1f}" width="{side:.1f}" height="{side:.1f}" fill="#8c959f"/>'
            f'<text x="700" y="{y + 5}" font-size="14" text-anchor="end">{100 * p:.0f}</text>'
        )
    bottom = 33 + 22 * len(rows)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="720pt" height="{height}pt" viewBox="0 0 720 {height}">'
        "<defs><style>*{stroke-linejoin: round}</style></defs>"
        f'<rect id="paper" width="720" height="{height}" fill="#ffffff"/>{"".join(marks)}'
        f'<path id="pooled" d="M482 {bottom}L496 {bottom - 8}L509 {bottom}L496 {bottom + 8}Z" fill="#0b5fa5"/><use href="#pooled"/></svg>'
    )


def figure(identity, title, rows=RESPONSE) -> Figure:
    return Figure(
        id=identity,
        title=title,
        svg=stand_in(rows),
        png_base64=DOT,
        csv="study,events,n\n" + "".join(f"{study},{events},{n}\n" for study, events, n in rows),
        alt="Response in 20 studies, from 64% to 100%; pooled 79% (95% CI 73% to 83%).",
    )


ESTIMATES = Table(
    id="estimates",
    title="Estimates",
    columns=(
        Column(key="group", label="Group"),
        Column(key="method", label="Method"),
        Column(key="scale", label="Scale"),
        Column(key="estimate", label="Estimate", unit="%", align="decimal"),
        Column(key="ci", label="95% CI", unit="%", align="decimal"),
        Column(key="pi", label="95% PI", unit="%", align="decimal"),
        Column(key="k", label="k", align="right"),
        Column(key="n", label="n", align="right"),
    ),
    rows=(
        {"group": "All studies", "method": "random, DL, z", "scale": "proportion", "estimate": 78.6, "ci": "73.2 to 83.2",
         "pi": "61.1 to 89.6", "k": 20, "n": 636},
        {"group": "Without Wang B. 2019", "method": "random, DL, z", "scale": "proportion", "estimate": 78.0,
         "ci": "72.3 to 82.8", "pi": "60.4 to 89.2", "k": 19, "n": 606},
        {"group": "All studies", "method": "random-intercept GLMM", "scale": "proportion", "estimate": 80.25,
         "ci": "74.9 to 84.7", "pi": None, "k": 20, "n": 636},
    ),
)  # fmt: skip

LEAVE_ONE_OUT = Table(
    id="leave-one-out",
    title="Leaving out one study at a time",
    caption="Each line is the pooled response without the study named.",
    columns=(
        Column(key="study", label="Without"),
        Column(key="estimate", label="Response", unit="%", align="decimal", digits=1),
        Column(key="ci", label="95% CI", unit="%", align="decimal"),
        Column(key="tau2", label="τ²", unit="logit", align="decimal", digits=3),
        Column(key="i2", label="I²", unit="%", align="decimal", digits=0),
    ),
    rows=tuple(
        {"study": study, "estimate": 78.6 + 0.1 * (i % 7 - 3), "ci": f"{73.2 + 0.1 * (i % 5):.1f} to {83.2 + 0.1 * (i % 3):.1f}",
         "tau2": 0.139 + 0.004 * (i % 5), "i2": 38 + i % 4}
        for i, (study, _, _) in enumerate(RESPONSE)
    ),
)  # fmt: skip

STUDIES = Table(
    id="studies",
    title="Studies",
    caption="As entered; the last column says where each row is printed.",
    group_by="follow_up",
    columns=(
        Column(key="study", label="Study"),
        Column(key="follow_up", label="Follow-up"),
        Column(key="n", label="Patients", unit="n", align="right"),
        Column(key="responders", label="Responders", unit="n", align="right"),
        Column(key="share", label="Response", unit="%", align="decimal", digits=1),
        Column(key="change", label="Change at 3 months", unit="points, 0 to 10", align="decimal"),
        Column(key="source", label="Source"),
    ),
    rows=tuple(
        {"study": study, "follow_up": "Follow-up 3 months or less" if i % 2 else "Follow-up over 3 months", "n": n,
         "responders": Cell(value=events, footnote="a" if study == "Dababou 2019" else ""), "share": 100 * events / n,
         "change": None if i % 4 == 2 else -3.0 - i / 10, "source": "Table 2"}
        for i, (study, events, n) in sorted(enumerate(RESPONSE), key=lambda pair: pair[0] % 2)
    ),
    total={"study": "All", "n": 636, "responders": 502, "share": 78.9},
    footnotes=(("a", "Abstract only; the count is printed without a definition of response."),),
)  # fmt: skip

CLAIMS = (
    ClaimRow(id="response", claim="Treatment response", published="79% (73 to 83)", recomputed="78.6% (73.2 to 83.2)",
             verdict="reproduced", detail="Matched by 3 of 66 methods: logit scale, DL, HE or PM, normal interval.",
             source="Results, Table 2", analysis="response"),
    ClaimRow(id="response-without", claim="Treatment response without the paediatric study", published="78% (72 to 83)",
             recomputed="78.0% (72.3 to 82.8)", verdict="reproduced", source="Results", analysis="response"),
    ClaimRow(id="change-3", claim="Mean difference of pain score at 3 months", published="-4.4 (-5.0; -3.7)",
             recomputed="-4.38 (-5.02 to -3.74)", verdict="reproduced", source="Results", analysis="change"),
    ClaimRow(id="change-1", claim="Mean difference of pain score at 1 month", published="-3.8 (-4.3; -3.3)", recomputed="",
             verdict="cannot be computed", detail="Standard deviations at 1 month are not printed.", source="Results",
             variants=(
                 ClaimVariant(assumption="SD at 1 month = SD at 3 months", recomputed="-3.74 (-4.21 to -3.27)", verdict="differs"),
                 ClaimVariant(assumption="SD at 1 month = SD at baseline", recomputed="-3.79 (-4.26 to -3.32)", verdict="reproduced"),
             )),
    ClaimRow(id="grade-3", claim="Adverse events, grade ≥ 3", published="0.9%", recomputed="0.88% (7 of 799)",
             verdict="reproduced", detail="From the printed denominator; the table's own denominator gives 1.1% (7 of 638).",
             source="Table 1",
             variants=(ClaimVariant(assumption="denominator of Table 2", recomputed="1.10% (7 of 638)", verdict="differs"),)),
    ClaimRow(id="prior-rt", claim="Response with against without earlier radiotherapy", published="73.9% against 88.0%",
             recomputed="", verdict="cannot be computed", detail="Counts by earlier radiotherapy are not printed.", source="Results"),
    ClaimRow(id="partial", claim="Complete against partial response", published="149 and 146 of 295",
             recomputed="50.5% and 49.5%", verdict="rounding", source="Results"),
    ClaimRow(id="tox-total", claim="Patients with toxicity data", published="799", recomputed="812", verdict="differs",
             detail="Sum of the 26 rows with toxicity.", source="Table 1"),
)  # fmt: skip

FINDINGS = (
    FindingRow(id="f1", place="Table 2, Namba 2019", quote="4 12.9", reported="12.9%", recomputed="40.0% (4 of 10)",
               rule="percent-vs-count", verdict="impossible", severity="major", cause="neighbour-row",
               repair="12.9% is 4 of 31, the size of the next row."),
    FindingRow(id="f2", place="Table 2, Wang B. 2019", quote="8 2.7", reported="2.7%", recomputed="26.7% (8 of 30)",
               rule="percent-vs-count", verdict="impossible", severity="major", cause="lost-digit"),
    FindingRow(id="f3", place="Table 1", quote="Bone location (21 studies, N=575)", reported="575", recomputed="608",
               rule="total-vs-parts", verdict="inconsistent", severity="minor", cause="unknown", basis="judgement"),
    FindingRow(id="f4", place="Results, response", quote="BPI ... -8.5 (-14.6; -2.4)", reported="-8.5 (-14.6; -2.4)",
               recomputed="centre -8.50", rule="ci-vs-point", verdict="consistent"),
    FindingRow(id="f5", place="Table 1", quote="142 (30.2)", reported="30.2%", recomputed="30.2% (142 of 470)",
               rule="percent-vs-count", verdict="consistent"),
)  # fmt: skip


def sample() -> Report:
    """The whole report."""
    response = Analysis(
        id="response",
        title="Pain response",
        answer="Of 636 patients in 20 studies 79% responded (95% CI 73% to 83%); in a new study 61% to 90% would be expected.",
        how="Random effects (DL) on the logit scale, normal 95% interval; τ² 0.140 (0.020 to 0.582), I² 39%, Q 30.98 on 19 df, P = 0.041.",
        figures=(figure("forest", "Pain response by study"), figure("funnel", "Funnel plot of response", RESPONSE[:6])),
        heterogeneity=(
            Fact(
                label="τ²", value="0.140 (0.020 to 0.582)", note="logit scale; DerSimonian-Laird, interval by Q-profile"
            ),
            Fact(label="I²", value="39%", note="100 (Q − df)/Q"),
            Fact(label="Q", value="30.98, df 19, P = 0.041"),
        ),
        estimates=ESTIMATES,
        sensitivity=(LEAVE_ONE_OUT,),
        methods="Counts of responders were pooled on the logit scale with 0.5 added to both cells of the three studies in which "
        "all patients responded. Random effects with the DerSimonian-Laird estimator of τ²; normal interval; prediction "
        "interval by t with k − 2 degrees of freedom.",
        notes=("0.5 was added to both cells of 3 of 20 studies in which every patient responded.",),
        exclusions=(
            ExclusionRow(study="Marrocchio 2019", row=7, reason="No count of responders is printed."),
            ExclusionRow(study="Wang S. 2018", row=9, reason="No count of responders is printed."),
        ),
    )
    quality = Analysis(
        id="quality",
        title="Quality of life",
        problem="This cannot be recomputed: the scores of the single studies are printed neither in the paper nor in its supplement.",
    )
    return Report(
        id="mrgfus",
        title="MR-guided focused ultrasound for painful bone metastases",
        citation="Baal JD, Chen WC, Baal U, et al. Skeletal Radiol 2021;50:2459-2469. doi:10.1007/s00256-021-03822-8. CC BY 4.0.",
        question=Question(
            text="How many patients with painful bone metastases respond to MR-guided focused ultrasound, and how far does pain fall?",
            population="Painful bone metastases; 33 studies, 1,082 patients",
            intervention="MR-guided focused ultrasound",
            comparator="None (single arm)",
            outcomes=("Pain response", "change of pain score (0 to 10)", "adverse events"),
        ),
        answers=(
            Answer(text="Of 636 patients 79% responded (95% CI 73% to 83%); a new study would be expected between 61% and 90%.",
                   outcome="Pain response", estimate="78.6%", ci="73.2% to 83.2%", pi="61.1% to 89.6%", k="20", n="636",
                   heterogeneity="I² 39%", analysis="response"),
            Answer(text="At 3 months pain was 4.4 points lower (95% CI 3.7 to 5.0; prediction interval 1.7 to 7.0).",
                   outcome="Change at 3 months, points", estimate="-4.38", ci="-5.02 to -3.74", pi="-7.03 to -1.73", k="15",
                   n="455", heterogeneity="I² 88%"),
        ),
        problems=(
            Problem(text="Two percentages of adverse events cannot come from their counts.", verdict="impossible", target="f1"),
            Problem(text="The denominator of adverse events (799) is not the sum of the rows (812).", target="tox-total"),
            Problem(text="Standard deviations at 1 month and all quality-of-life scores are not printed.",
                    verdict="cannot be computed", target="change-1"),
        ),
        analyses=(response, quality),
        claims=CLAIMS,
        findings=FINDINGS,
        tables=(STUDIES,),
        methods=("Data were typed from Tables 1 and 2 of the paper; nothing was corrected.",),
        notes=("Five standard deviations at 3 months are marked as estimated by the authors.",),
        not_done=("The literature search was not repeated.", "No author was asked for data."),
        provenance=Provenance(
            software=(Fact(label="ostealgia", value="0.1.0"), Fact(label="numpy", value="2.2.0")),
            inputs=(FileRecord(name="studies.csv", sha256="9f" * 32), FileRecord(name="results.csv", sha256="3c" * 32)),
            command="ostealgia run mrgfus",
        ),
        downloads=(
            Download(filename="results.json", label="all estimates"),
            Download(filename="claims.csv", label="claims", text="id,verdict\nresponse,reproduced\n"),
        ),
    )  # fmt: skip


def large() -> Report:
    """As a long report is: 60 studies, 40 claims, 100 findings, long names."""
    import dataclasses

    base = sample()
    rows = tuple(
        (f"Author-{i} van der Long-Surname and collaborators {1990 + i % 30}", 5 + i % 20, 25 + i) for i in range(60)
    )
    first = dataclasses.replace(base.analyses[0], figures=(figure("forest", "Pain response by study", rows),))
    study_rows = tuple(
        {"study": study, "n": n, "responders": e, "share": 100 * e / n, "follow_up": "", "source": "Table 2"}
        for study, e, n in rows
    )
    severities = ("none", "minor", "major", "conclusion-changing")
    verdicts = ("consistent", "rounding", "inconsistent", "impossible")
    return dataclasses.replace(
        base,
        analyses=(first, *base.analyses[1:]),
        claims=tuple(dataclasses.replace(CLAIMS[i % 8], id=f"c{i}") for i in range(40)),
        findings=tuple(
            dataclasses.replace(FINDINGS[i % 5], id=f"g{i}", verdict=verdicts[i % 4], severity=severities[(i // 4) % 4])
            for i in range(100)
        ),
        tables=(dataclasses.replace(STUDIES, rows=study_rows),),
        problems=base.problems * 4,
    )
