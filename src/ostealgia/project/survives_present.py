"""The conclusions of a paper and the simulated cohort beside it, as a section of the report."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ostealgia.display import MINUS, capital
from ostealgia.project.present_parts import Parts
from ostealgia.project.survives import FALLS, SURVIVES, UNKNOWN, VERDICTS, Conclusion, answer_text, conclusions_of
from ostealgia.project.survives_beside import CAUTION, Beside, beside_of
from ostealgia.project.words import signs
from ostealgia.report import content

SECTION = "conclusions"
# the sign of the report's own verdict with the same tone
VERDICT_SIGNS = {
    verdict: content.CLAIM_VERDICTS[mark][0]
    for verdict, mark in ((SURVIVES, "reproduced"), (FALLS, "differs"), (UNKNOWN, "cannot be computed"))
}


def survival_answers(parts: Parts) -> tuple[content.Answer, ...]:
    """The answer that counts the verdicts, where the project names conclusions."""
    found = conclusions_of(parts.project, parts.claims)
    return (content.Answer(text=answer_text(found), analysis=SECTION),) if found else ()


def survival_sections(parts: Parts) -> tuple[content.Analysis, ...]:
    """The section with one row a conclusion, and the simulated cohort beside the published one."""
    found, beside = conclusions_of(parts.project, parts.claims), beside_of(parts.project)
    if not found and not beside:
        return ()
    panels = []
    if found:
        panels.append(
            content.Panel(
                id="conclusions-each", title="Every conclusion of the paper", tables=(_table(found),), open=True
            )
        )
    if beside:
        panels.append(
            content.Panel(
                id="conclusions-beside",
                title="Beside it: a SIMULATED cohort",
                text=CAUTION,
                tables=(_beside_table(beside),),
                open=True,
            )
        )
    return (
        content.Analysis(
            id=SECTION, title="Which conclusions survive", answer=answer_text(found) if found else CAUTION, panels=tuple(panels),
            methods="A conclusion survives where all numbers that decide it fit together and support it; it does not "
            "where one is impossible, "
            "contradicts the words or does not bear them; else it cannot be told. What decides is named for each and recomputed; what is a "
            "judgement and not arithmetic is marked. To survive is not to be true: no patient data are public.",
        ),
    )  # fmt: skip


def _table(found: Sequence[Conclusion]) -> content.Table:
    """One row a conclusion, grouped by verdict."""
    rows = []
    for verdict, meaning in VERDICTS.items():
        group = [one for one in found if one.verdict == verdict]
        head = f"{VERDICT_SIGNS[verdict]} {capital(verdict)} ({len(group)}): {meaning}"
        rows += [{"verdict": head, **_row(one)} for one in group]
    columns = (
        content.Column(key="conclusion", label="Conclusion of the paper", wide=True), content.Column(key="why", label="Why", wide=True),
        content.Column(key="beside", label="What else must be known", wide=True), content.Column(key="source",
        label="Printed in", wide=True),
        content.Column(key="verdict", label="Verdict"),
    )  # fmt: skip
    return content.Table(
        id="conclusions-table", title="Conclusions", columns=columns, rows=tuple(rows), group_by="verdict"
    )


def _row(one: Conclusion) -> dict[str, content.Cell | str]:
    judged = {evidence.text for evidence in one.evidence if evidence.basis == "judgement"}
    why, beside = (
        [f"{text} (judgement)" if text in judged else text for text in texts] for texts in (one.why, one.beside)
    )
    return {
        "conclusion": content.Cell(value=one.title, strong=True), "why": _sentences(why),
        "beside": _sentences([*beside, *([one.limits] if one.limits else [])]), "source": one.source,
    }  # fmt: skip


def _sentences(texts: Sequence[str]) -> str:
    return re.sub(r"(?<![\w-])-(?=\d)", MINUS, signs(" ".join(f"{capital(text.rstrip('.'))}." for text in texts)))


def _beside_table(beside: Sequence[Beside]) -> content.Table:
    rows = tuple({name: signs(value) for name, value in one.to_dict().items()} for one in beside)
    columns = (
        content.Column(key="quantity", label="Quantity", wide=True),
        content.Column(key="published_control", label="Published, control", align="right"),
        content.Column(key="published_observation", label="Published, observation", align="right"),
        content.Column(key="simulated_control", label="SIMULATED, control", align="right"),
        content.Column(key="simulated_observation", label="SIMULATED, observation", align="right"),
        content.Column(key="definition", label="Definition", wide=True),
    )
    return content.Table(
        id="conclusions-beside-table", title="Published and simulated, side by side", columns=columns, rows=rows
    )
