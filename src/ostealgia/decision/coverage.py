"""Which sentences of the overview of therapies are rules, and where each is implemented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ostealgia.decision.fact_fields import read_toml

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """One sentence. line, sentence : its place.  says : in our words.  rules : that implement it.  why_not : what is left out, and why."""

    line: int
    sentence: int
    section: str
    says: str
    rules: tuple[str, ...]
    why_not: str = ""


def sentences() -> tuple[Sentence, ...]:
    """All sentences in the order of the text."""
    return tuple(Sentence(**{**one, "rules": tuple(one["rules"])}) for one in read_toml("coverage.toml")["sentence"])


def overview_coverage() -> pd.DataFrame:
    """One row a sentence: line, sentence, section, says, rules, why_not.

    >>> overview_coverage().query("line == 65")[["says", "rules"]].to_numpy().tolist()
    [['Not where bleeding cannot be corrected.', 'C5-no-bleeding']]
    """
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "line": one.line,
                "sentence": one.sentence,
                "section": one.section,
                "says": one.says,
                "rules": ", ".join(one.rules),
                "why_not": one.why_not,
            }
            for one in sentences()
        ]
    )


def coverage_table() -> str:
    """The same as a Markdown table."""
    lines = ["| place | the overview says, in our words | rules |", "|---|---|---|"]
    for one in sentences():
        rules = ", ".join(f"`{rule}`" for rule in one.rules)
        told = "; ".join(part for part in (rules, one.why_not) if part)
        lines.append(f"| {one.line}.{one.sentence} | {one.says} | {told} |")
    return "\n".join(lines)
