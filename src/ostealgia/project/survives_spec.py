"""What ``ostealgia.toml`` may say of a paper's conclusions: on which printed numbers each rests, and what stands beside them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ostealgia.project.cohort_spec import Names

Number = Annotated[float, Field(gt=0)]


class Part(BaseModel):
    """A table of ``ostealgia.toml``: a key that is not known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Size(Part):
    """How many patients a level of a table must have, by a group of another table."""

    level: str
    table: str
    group: str


NEEDS: dict[str, tuple[str, ...]] = {
    "claims": ("claims",),
    "tests": ("table",),
    "readings": ("table", "variable", "level", "says", "sizes"),
    "crude": ("table", "variable", "says"),
    "robust": ("table", "variable", "family"),
    "no-difference": ("table", "variable"),
    "ratio": ("table", "row", "says"),
    "not-printed": ("text",),
    "judgement": ("text",),
}


class EvidenceSpec(Part):
    """One thing that a conclusion rests on.

    kind : "claims" (all of ``claims`` fit), "tests" (all tests of ``table`` fit and no P is below 0.05), "readings" (the level of a factor
    has ``says`` odds of the first column, however the table is made to fit the ``sizes``), "crude" (the printed counts or means of one row
    differ in the direction ``says``), "robust" (a difference holds with Pearson's, Yates' and Fisher's test and for ``family``
    comparisons),
    "no-difference" (the interval of a difference includes 0), "ratio" (a printed ratio excludes 1 in the direction ``says``),
    "not-printed" (``text`` is missing), "judgement" (``text``; ``holds``: yes, no or unknown).
    decides : the verdict hangs on it; else it is said beside it.
    """

    kind: Literal[
        "claims", "tests", "readings", "crude", "robust", "no-difference", "ratio", "not-printed", "judgement"
    ]
    decides: bool = True
    claims: Annotated[Names, BeforeValidator(lambda found: found)] = ()
    table: str = ""
    variable: str = ""
    level: str = ""
    row: str = ""
    says: Literal["higher", "lower", ""] = ""
    sizes: tuple[Size, ...] = ()
    family: Annotated[int, Field(ge=0)] = 0
    text: str = ""
    holds: Literal["yes", "no", "unknown"] = "unknown"

    @model_validator(mode="after")
    def _complete(self) -> EvidenceSpec:
        for key in NEEDS[self.kind]:
            if not getattr(self, key):
                raise ValueError(f"evidence of kind {self.kind!r} needs {key!r}")
        return self


class ConclusionSpec(Part):
    """``[[conclusion]]``: one conclusion of a paper, in words of our own, with its place and what it rests on.

    limits : what the verdict does not say.
    """

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    title: str
    source: str = ""
    evidence: Annotated[tuple[EvidenceSpec, ...], Field(min_length=1)]
    limits: str = ""


class BesideSpec(Part):
    """``[[beside]]``: a printed number set beside that of the bundled simulated cohort, never mixed with it.

    quantity : see ``survives_beside.QUANTITIES``, with its argument after a colon ("event:constipation").  control, observation : as
    printed. definition : what both have in common, or where they differ.
    """

    title: str
    quantity: str
    control: str
    observation: str
    definition: str
