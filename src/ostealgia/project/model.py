"""What ``ostealgia.toml`` may say: the schema of a project, checked before anything is computed.

Nothing in the file is ever evaluated as code; a key that is not known is refused with the key that was probably
meant, and every path must stay inside the project folder. Numbers keep their printed decimals (``-5.0`` has one).

A project of ``kind = "cohort"`` has tables of its own, see ``cohort_spec``.

Beside the keys of a review (analysis, claim) there are three that earn a word. ``[[table]]`` declares a summary table
as printed in a paper; with it a project of ``kind = "summary"`` recomputes a paper that shares no study or patient
data: every chi-square and t test, every ratio with its interval and P. ``[[comparison]]`` sets the same quantity from
several places side by side. ``like = "other"`` in an analysis takes over every key of another one, so that a
sensitivity analysis states only what differs.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from ostealgia.audit.rules.scales import scale_of
from ostealgia.errors import ProjectError, suggestion
from ostealgia.numerics.intervals import Printed
from ostealgia.options import between, confidence_level
from ostealgia.project.cohort_spec import (
    PARTS as COHORT_PARTS,
)
from ostealgia.project.cohort_spec import (
    CohortFiles,
    EndpointsInfo,
    EstimandsInfo,
    GroupsInfo,
    ModelsInfo,
    SubgroupsInfo,
)
from ostealgia.project.printed import read, with_decimals
from ostealgia.project.survives_spec import BesideSpec, ConclusionSpec
from ostealgia.project.times import days_of
from ostealgia.tables.measures import measure_of

CONFIG = "ostealgia.toml"
NOT_INHERITED = ("id", "title", "assume", "figure", "answer", "note", "moderators", "baseline_risk", "by")

PrintedNumber = Annotated[Printed, BeforeValidator(read)]


def _listed(found: Any) -> Any:
    """One value, or a list of them, as a list."""
    return found if isinstance(found, (list, tuple)) else [found]


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Numbers = Annotated[tuple[float, ...], BeforeValidator(_listed)]
Ident = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class Strict(BaseModel):
    """A part of ``ostealgia.toml``: a key that is not known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class ProjectInfo(Strict):
    """``[project]``: what this is, and the paper that is recomputed."""

    title: str
    kind: Literal["review", "summary", "cohort"] = "review"
    version: str = ""
    subtitle: str = ""
    citation: str = ""
    doi: str = ""
    licence: str = ""
    notes: tuple[str, ...] = ()
    not_done: tuple[str, ...] = ()


class QuestionInfo(Strict):
    """``[question]``: what was asked."""

    text: str = ""
    population: str = ""
    intervention: str = ""
    comparator: str = ""
    outcomes: tuple[str, ...] = ()


class Exclude(Strict):
    """A study left out of one analysis, with the reason that is printed beside its name."""

    study: str
    reason: str


class Replace(Strict):
    """Values of another source put in the place of a study's row, in one analysis; ``source`` and ``reason`` are printed."""

    study: str
    reason: str
    source: str
    n: int | None = None
    events: int | None = None
    mean: float | None = None
    sd: float | None = None
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    std_error: float | None = None

    def values(self) -> dict[str, float]:
        """The cells that are replaced."""
        named = self.model_dump(exclude={"study", "reason", "source"})
        return {name: value for name, value in named.items() if value is not None}


class Assumption(Strict):
    """One way to fill standard deviations that are not printed, each a line of its own and never the headline.

    sd : "baseline" (the study's SD at ``baseline``), "other-time" (its SD at ``time``, and where that is missing too
    what ``otherwise`` names), "median" (the median of the SDs at ``time`` over all studies), or a number.
    """

    id: Ident
    title: str
    sd: Literal["baseline", "other-time", "median"] | float
    time: str = ""
    otherwise: Literal["baseline", ""] = ""


class AnalysisSpec(Strict):
    """``[[analysis]]``: one pooled result, or one list of study results.

    measure : as in ``ostealgia.effects``.  arms : values of ``arm`` (or ``arm_role``).  time, baseline : "3 month",
    "0 month"; with ``baseline`` a two-group measure compares one arm at two times as if the groups were independent.
    model : as in ``ostealgia.meta.pool``, or "sum" (events and n added up, no model) or "list" (study results side by
    side, not pooled).  options, effect_options : further options of ``meta.pool`` and of ``effects.compute``.
    assume : ways to fill SDs that are not printed; they are lines of their own and never the headline.
    like : take over every key of that analysis.  role : "primary", or "sensitivity" where ``like`` is used.
    answer : the sentence of the report, with ``{estimate}`` where the number goes.
    only : column -> values that a row (or its study) must have.  p_bound : what a P printed as a bound ("< 0.05") is worth: "leave out",
    or "at bound" (the standard error is then as large as it can be).

    Beyond the simple pool: moderators, a formula as in ``meta.regress`` ("year + factor(design)") or a list of its terms.
    cluster : column of what gives several effects ("study"); dependence : "multilevel", "robust" or both, set beside the pool;
    within_correlation : of the sampling errors of one cluster, one or several.  by : column (or "outcome", "arm") of factors that are
    pooled one by one.  trajectory : shape of the course over time, in ``time_unit``; with ``time`` the pool at that time is the headline.
    baseline_risk, per : the result as events per 100 at these risks.
    kind : "network" compares all treatments of the column ``treatment`` at once, shown against ``reference``; ``component`` names a
    treatment of the part that is shown where trials do not join all of them.
    """

    id: Ident
    title: str = ""
    outcome: str | tuple[str, ...]
    measure: str
    arms: tuple[str, ...] = ()
    time: str = ""
    baseline: str = ""
    window_days: tuple[float, float] | None = None
    pick: Literal["nearest", "first", "last"] | None = None
    model: str | None = None
    tau2: str | None = None
    ci: str | None = None
    pi: str | None = None
    level: float = 0.95
    correlation: float | None = None
    subgroup: str = ""
    moderators: str = ""
    exclude: tuple[Exclude, ...] = ()
    include: tuple[str, ...] = ()
    replace: tuple[Replace, ...] = ()
    higher_is_better: bool | None = None
    favours: tuple[str, str] | None = None
    event_label: str = "events"
    assume: tuple[Assumption, ...] = ()
    options: dict[str, str | int | float | bool] = Field(default_factory=dict)
    effect_options: dict[str, str | int | float | bool] = Field(default_factory=dict)
    like: str = ""
    role: Literal["primary", "sensitivity"] = "primary"
    figure: bool = True
    answer: str = ""
    note: str = ""
    kind: Literal["pool", "network"] = "pool"
    treatment: str = "arm"
    reference: str = ""
    component: str = ""
    only: dict[str, Names] = Field(default_factory=dict)
    p_bound: Literal["leave out", "at bound"] = "leave out"
    cluster: str = ""
    dependence: Annotated[tuple[Literal["multilevel", "robust"], ...], BeforeValidator(_listed)] = (
        "multilevel",
        "robust",
    )
    within_correlation: Numbers = ()
    by: str = ""
    trajectory: Literal["", "log", "linear", "quadratic", "cubic", "spline", "means"] = ""
    time_unit: Literal["day", "week", "month", "year"] = "week"
    baseline_risk: Numbers = ()
    per: int = Field(default=100, gt=0)

    @field_validator("time", "baseline", mode="before")
    @classmethod
    def _time(cls, found: Any) -> str:
        text = str(found)
        if text:
            days_of(text)
        return text

    @field_validator("moderators", mode="before")
    @classmethod
    def _formula(cls, found: Any) -> str:
        """A formula, or its terms; refused here where it is not of the grammar."""
        from ostealgia.tables.formula import parse_formula

        terms = [str(item) for item in _listed(found)]
        text = " + ".join(term.strip().removeprefix("~").strip() for term in terms)
        return str(parse_formula(text)) if any(term.strip() for term in terms) else ""

    @field_validator("within_correlation")
    @classmethod
    def _correlations(cls, found: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(between("within_correlation", value, -1.0, 1.0) for value in found)

    @field_validator("baseline_risk")
    @classmethod
    def _risks(cls, found: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(between("baseline_risk", value, 0.0, 1.0) for value in found)

    @field_validator("level", mode="before")
    @classmethod
    def _level(cls, found: Any) -> float:
        return confidence_level(float(found))

    @field_validator("measure")
    @classmethod
    def _measure(cls, found: str) -> str:
        return measure_of(found)[0].name

    @field_validator("window_days")
    @classmethod
    def _window(cls, found: tuple[float, float] | None) -> tuple[float, float] | None:
        if found is not None and not found[0] <= found[1]:
            raise ValueError("the first day is after the last")
        return found

    @field_validator("correlation")
    @classmethod
    def _correlation(cls, found: float | None) -> float | None:
        return None if found is None else between("correlation", found, -1.0, 1.0, closed=True)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Every outcome that is taken."""
        return (self.outcome,) if isinstance(self.outcome, str) else self.outcome

    @property
    def dependent(self) -> bool:
        """Whether a study may give several effects."""
        return bool(self.cluster or self.by or self.trajectory)

    @property
    def small_values(self) -> str | None:
        """What a lower value is worth, in the words of the network; None where the direction is not stated."""
        return {None: None, True: "undesirable", False: "desirable"}[self.higher_is_better]

    @property
    def event(self) -> str | None:
        """What an event is worth, in the words of absolute effects; None where the direction is not stated."""
        return {None: None, True: "desirable", False: "undesirable"}[self.higher_is_better]


class RowOf(Strict):
    """A place in a declared table: the variable, one of its levels, and a group (all groups where it is left out)."""

    table: str
    variable: str = ""
    level: str = ""
    group: str = ""


class ClaimSpec(Strict):
    """``[[claim]]``: a published number, as printed, and what recomputes it.

    quantity : what is printed.
        Of an ``analysis``: "pooled" (estimate and interval), "pi", "tau2", "i2", "q", "k", "n", "p".
        Of the paper alone: "percentage" (``events`` and ``n`` as printed beside it), "interval" (against its own point),
        "p-from-interval", "effect" (a pooled effect to which one study contributes, found in the results by
        ``outcome``, ``measure`` and ``study``; rows whose arm is "published" are the claim itself), "not-printed"
        (cannot be computed; ``missing`` says why).
        Of printed tables: "direction" (``says`` "higher" or "lower" against the side of a ratio, and against the printed
        counts in ``against``), "change" (a per cent in words against the ratio ``of``), "margin" (the patients of
        ``place`` counted again in ``against``), "precision" (the narrowest interval that the exposed patients in
        ``against`` allow).
    unit : "%" where a proportion is printed as per cent.  digits : decimals where the typed number does not show them.
    text : the claim as printed, where it is no single number.  severity : of a direction or a margin that does not fit.
    missing : what the paper would have to print.  comment : what else must be said.
    """

    id: Ident
    title: str = ""
    analysis: str = ""
    quantity: str = "pooled"
    estimate: PrintedNumber | None = None
    ci_low: PrintedNumber | None = None
    ci_high: PrintedNumber | None = None
    p: PrintedNumber | None = None
    digits: int | None = None
    unit: Literal["", "%"] = ""
    source: str = ""
    events: int | None = None
    n: int | None = None
    measure: str = ""
    outcome: str = ""
    arm: str = ""
    study: str = ""
    says: Literal["higher", "lower", ""] = ""
    severity: Literal["minor", "major", "conclusion-changing"] = "major"
    of: PrintedNumber | None = None
    place: tuple[RowOf, ...] = ()
    against: tuple[RowOf, ...] = ()
    text: str = ""
    missing: str = ""
    comment: str = ""

    @property
    def printed(self) -> tuple[Printed | None, Printed | None, Printed | None]:
        """Estimate and limits with the claim's decimals."""
        numbers = (self.estimate, self.ci_low, self.ci_high)
        first, low, high = (None if item is None else with_decimals(item, self.digits) for item in numbers)
        return first, low, high


class Group(Strict):
    """One group of a printed table: ``column`` is the start of its columns (``control`` of ``control_n``), ``n`` its size."""

    column: str
    name: str
    n: int = Field(gt=0)


class TableSpec(Strict):
    """``[[table]]``: a summary table as printed.

    kind "groups": columns ``variable, level`` and per group ``<column>_n, _pct, _mean, _sd``, then
    ``statistic_reported, p_reported``; rows with a level belong to the variable above.
    kind "ratios": one ratio a row, in ``label``, ``estimate``, ``ci_low``, ``ci_high`` and ``p_reported``; rows without
    an estimate are shown and not checked.
    """

    id: Ident
    file: str
    title: str
    kind: Literal["groups", "ratios"]
    source: str = ""
    groups: tuple[Group, ...] = ()
    label: str = "variable"
    estimate: str = "estimate"
    measure: str = "OR"

    @field_validator("measure")
    @classmethod
    def _measure(cls, found: str) -> str:
        scale_of(found)
        return found


class ComparisonSpec(Strict):
    """``[[comparison]]``: the same outcomes from several arms of the results, side by side.

    arms : (value of ``arm``, column title).  recover : "double-exponentiation" adds a column with the value that
    was entered, worked back from the first arm.
    """

    id: Ident
    title: str
    outcomes: tuple[str, ...]
    measure: str = "OR"
    arms: tuple[tuple[str, str], ...] = Field(min_length=1)
    recover: Literal["double-exponentiation", ""] = ""
    note: str = ""

    @field_validator("measure")
    @classmethod
    def _measure(cls, found: str) -> str:
        return measure_of(found)[0].name


class PaperSpec(Strict):
    """``[[paper]]``: a paper of the project, to be audited. study : whose results it reports, as in ``studies.csv``; none for a review.

    The same can be said in ``papers.csv`` (columns file, study).
    """

    file: str
    study: str = ""


class Privacy(Strict):
    """``[privacy]``: cells below ``small_cell`` are hidden and single patients are drawn only where it is allowed.

    In a cohort's own ``build/`` counts are hidden where ``small_cell`` is stated; exports to be shared hide those below 5 unless told.
    """

    small_cell: Annotated[int, Field(ge=0)] = 5
    individual_lines: bool = False


class ProjectSpec(Strict):
    """A whole ``ostealgia.toml``."""

    project: ProjectInfo
    question: QuestionInfo = QuestionInfo()
    analysis: tuple[AnalysisSpec, ...] = ()
    claim: tuple[ClaimSpec, ...] = ()
    table: tuple[TableSpec, ...] = ()
    comparison: tuple[ComparisonSpec, ...] = ()
    paper: tuple[PaperSpec, ...] = ()
    conclusion: tuple[ConclusionSpec, ...] = ()
    beside: tuple[BesideSpec, ...] = ()
    privacy: Privacy = Privacy()
    cohort: CohortFiles = CohortFiles()
    groups: GroupsInfo = GroupsInfo()
    endpoints: EndpointsInfo = EndpointsInfo()
    models: ModelsInfo = ModelsInfo()
    subgroups: SubgroupsInfo = SubgroupsInfo()
    estimands: EstimandsInfo = EstimandsInfo()

    def analysis_of(self, ident: str) -> AnalysisSpec | None:
        """The analysis of that id, or None."""
        return next((item for item in self.analysis if item.id == ident), None)


def read_config(folder: Path) -> ProjectSpec:
    """Read and check ``ostealgia.toml`` of a project folder.

    Raises ProjectError with file, key, what was found and what is expected.
    """
    path = folder / CONFIG
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ProjectError(
            f"{folder} holds no {CONFIG}, so it is not a project. Make one with: ostealgia init DIR --template NAME."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(f"{path} cannot be read as UTF-8 text ({error}).") from None
    return parse_config(text)


def parse_config(text: str) -> ProjectSpec:
    """Check the text of an ``ostealgia.toml``.

    >>> parse_config('[project]\\ntitle = "Example"\\nkinds = "review"')
    Traceback (most recent call last):
    ...
    ostealgia.errors.ProjectError: ostealgia.toml, [project]: key 'kinds' is not known. Did you mean 'kind'? Known
    keys: title, kind, version, subtitle, citation, doi, licence, notes, not_done.
    """
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"{CONFIG} is not valid TOML: {error}.") from None
    raw = _inherit(raw)
    try:
        spec = ProjectSpec.model_validate(raw)
    except ValidationError as error:
        raise ProjectError(_message(error, raw)) from None
    _check_references(spec)
    _check_kinds(spec)
    return spec


def _inherit(raw: dict[str, Any]) -> dict[str, Any]:
    """Carry out ``like``: keys of the named analysis, overlaid by the ones that are stated."""
    listed = raw.get("analysis")
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        return raw
    done: dict[str, dict[str, Any]] = {}
    merged = []
    for item in listed:
        parent = item.get("like")
        if parent is not None:
            if parent not in done:
                raise ProjectError(
                    f"{CONFIG}, analysis {item.get('id')!r}: like = {parent!r} names no analysis above it."
                    f"{suggestion(parent, done)}"
                )
            kept = {key: value for key, value in done[parent].items() if key not in NOT_INHERITED}
            item = {**kept, "role": "sensitivity", "figure": False, **item}
        merged.append(item)
        done[str(item.get("id"))] = item
    return {**raw, "analysis": merged}


def _message(error: ValidationError, raw: dict[str, Any]) -> str:
    """One sentence for the first thing that is wrong, with its place, and how many more there are."""
    found = sorted(
        error.errors(), key=lambda item: item["type"] != "extra_forbidden"
    )  # an unknown key explains a missing one
    first = found[0]
    place = _place(first["loc"], raw)
    key = next(part for part in reversed(first["loc"]) if isinstance(part, str))
    if first["type"] == "extra_forbidden":
        known = _known_keys(first["loc"])
        text = f"{place}: key {key!r} is not known.{suggestion(key, known)} Known keys: {', '.join(known)}."
    elif first["type"] == "missing":
        text = f"{place}: key {key!r} is missing."
    else:
        reason = first["msg"].removeprefix("Value error, ").rstrip(".")
        value = first.get("input")
        shown = "" if isinstance(value, (dict, list)) else f" Found: {str(value)!r}."
        text = f"{place}: key {key!r}: {reason}.{shown}"
    return text if len(found) == 1 else f"{text} ({len(found) - 1} more in this file.)"


def _place(loc: tuple[int | str, ...], raw: dict[str, Any]) -> str:
    """``ostealgia.toml, analysis 'pain'`` for the location pydantic gives."""
    if len(loc) < 2:
        return CONFIG
    section = loc[0]
    if isinstance(loc[1], int):
        listed = raw.get(str(section), [])
        item = listed[loc[1]] if isinstance(listed, list) and loc[1] < len(listed) else {}
        name = item.get("id") if isinstance(item, dict) else None
        return f"{CONFIG}, {section} {name!r}" if name else f"{CONFIG}, {section} number {loc[1] + 1}"
    return f"{CONFIG}, [{section}]"


def _known_keys(loc: tuple[int | str, ...]) -> list[str]:
    """The keys that are allowed where an unknown one was found."""
    models: dict[str, type[BaseModel]] = {
        "project": ProjectInfo, "question": QuestionInfo, "analysis": AnalysisSpec, "claim": ClaimSpec, "table": TableSpec,
        "comparison": ComparisonSpec, "paper": PaperSpec, "privacy": Privacy, "exclude": Exclude, "replace": Replace, "assume": Assumption,
        "against": RowOf, "place": RowOf, **COHORT_PARTS,
    }  # fmt: skip
    names = [str(part) for part in loc[:-1] if isinstance(part, str)]
    if names[:1] == ["table"] and names[-1] == "groups":
        return list(Group.model_fields)
    model = models.get(names[-1], ProjectSpec) if names else ProjectSpec
    return list(model.model_fields)


def _check_references(spec: ProjectSpec) -> None:
    """Ids are unique, and every id that is named exists."""
    for section in ("analysis", "claim", "table", "comparison"):
        seen: set[str] = set()
        for item in getattr(spec, section):
            if item.id in seen:
                raise ProjectError(f"{CONFIG}: two entries of [[{section}]] have the id {item.id!r}.")
            seen.add(item.id)
    analyses = [item.id for item in spec.analysis]
    tables = [item.id for item in spec.table]
    for claim in spec.claim:
        if claim.analysis and claim.analysis not in analyses:
            raise ProjectError(
                f"{CONFIG}, claim {claim.id!r}: analysis = {claim.analysis!r} is not defined."
                f"{suggestion(claim.analysis, analyses)}"
            )
        for place in (*claim.place, *claim.against):
            if place.table not in tables:
                raise ProjectError(
                    f"{CONFIG}, claim {claim.id!r}: table = {place.table!r} is not declared."
                    f"{suggestion(place.table, tables)}"
                )


POOL_ONLY = (
    "subgroup",
    "moderators",
    "cluster",
    "by",
    "trajectory",
    "within_correlation",
    "assume",
    "replace",
    "baseline",
    "correlation",
)
NETWORK_ONLY = ("treatment", "reference", "component")
REVIEW_ONLY = ("analysis", "claim", "table", "comparison")


def _check_kinds(spec: ProjectSpec) -> None:
    """Keys that an analysis states and that would change nothing are refused."""
    is_cohort = spec.project.kind == "cohort"
    idle_tables = [name for name in (REVIEW_ONLY if is_cohort else COHORT_PARTS) if name in spec.model_fields_set]
    if idle_tables:
        kinds = 'kind = "review" or "summary"' if is_cohort else 'kind = "cohort"'
        raise ProjectError(f'{CONFIG}: [{idle_tables[0]}] is for {kinds}, and this is kind = "{spec.project.kind}".')
    for item in spec.analysis:
        idle = POOL_ONLY if item.kind == "network" else NETWORK_ONLY
        stated = [name for name in idle if name in item.model_fields_set and getattr(item, name) not in ("", ())]
        if stated:
            other = "pool" if item.kind == "network" else "network"
            raise ProjectError(
                f'{CONFIG}, analysis {item.id!r}: key {stated[0]!r} is for kind = "{other}", and this is kind = "{item.kind}".'
            )
        if item.within_correlation and not item.dependent:
            raise ProjectError(
                f'{CONFIG}, analysis {item.id!r}: within_correlation needs to know what gives several effects; write cluster = "study".'
            )
        if item.trajectory and item.model in ("sum", "list"):
            raise ProjectError(
                f"{CONFIG}, analysis {item.id!r}: trajectory needs a pooled model; found model = {item.model!r}."
            )
