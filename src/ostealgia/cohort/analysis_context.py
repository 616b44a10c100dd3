"""What every section of the analysis starts from: groups in their order, baseline variables, visits at their weeks, the response."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ostealgia.clinical.pain_response_rules import DEFINITIONS
from ostealgia.cohort.analysis_settings import AnalysisSettings
from ostealgia.cohort.derivations import ResponseByWeek, group_of, response_by_week
from ostealgia.cohort.derivations import _with_omed as with_omed
from ostealgia.cohort.windows import PlacedVisits, place_visits
from ostealgia.display import count_of
from ostealgia.errors import OptionError, OstealgiaError, TableError, suggestion
from ostealgia.options import confidence_level, one_of
from ostealgia.tables.result import Excluded

if TYPE_CHECKING:
    from ostealgia.cohort.estimands_course import Course
    from ostealgia.cohort.reading import Cohort

REFERENCE_NAMES = (
    "control",
    "standard",
    "usual care",
    "usual",
    "reference",
    "placebo",
    "sham",
    "comparator",
    "0",
    "no",
)
# derived at baseline: name -> (column, test, words)
DERIVED: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "age_70_or_more": ("age", lambda x: x >= 70, "age 70 years or more"),
    "ecog_2_or_more": ("ecog", lambda x: x >= 2, "ECOG 2 or more"),
    "lesions_above_3": ("n_bone_mets", lambda x: x > 3, "more than 3 bone metastases"),
    "dose_30_gy_or_more": ("rt_dose_gy", lambda x: x >= 30, "30 Gy or more"),
    "several_fractions": ("rt_fractions", lambda x: x > 1, "more than one fraction"),
    "nrs_7_or_more": ("nrs_baseline", lambda x: x >= 7, "worst pain 7 or more at baseline"),
}
CONFOUNDERS = (
    "age", "sex", "ecog_2_or_more", "tumour", "lesions_above_3", "visceral_mets", "nrs_baseline", "strong_opioid_baseline",
)  # fmt: skip
PREDICTORS = (
    "age", "sex", "ecog_2_or_more", "charlson", "tumour", "lesions_above_3", "spinal", "pathological_fracture", "visceral_mets",
    "nrs_baseline", "strong_opioid_baseline", "dose_30_gy_or_more", "several_fractions",
)  # fmt: skip
SUBGROUPS = (
    "age_70_or_more", "sex", "ecog_2_or_more", "tumour", "lesions_above_3", "visceral_mets", "neuropathic_component", "nrs_7_or_more",
    "several_fractions",
)  # fmt: skip
STRATA = ("ecog_2_or_more", "visceral_mets")
BASELINE = (
    "age", "sex", "ecog", "tumour", "n_bone_mets", "dominant_site", "spinal", "pathological_fracture", "visceral_mets", "charlson",
    "neuropathic_component", "systemic_therapy", "bone_modifying_agent", "strong_opioid_baseline", "omed_baseline_mg", "nrs_baseline",
    "rt_dose_gy", "rt_fractions", "index_year",
)  # fmt: skip


@dataclass
class Steps:
    """Runs the steps of a section; one that cannot be done is noted, and the others go on."""

    failures: list[str] = field(default_factory=list)

    def run(self, what: str, step: Callable[[], Any]) -> Any:
        """The step's answer, or None where the data do not allow it. what : "" where the section itself is the step."""
        try:
            return step()
        except OstealgiaError as error:
            self.failures.append(f"{what}: {error}" if what else str(error))
        except np.linalg.LinAlgError:
            self.failures.append(f"{what}: the equations have no unique solution with these data")
        return None

    @property
    def failed(self) -> str:
        """Every step that could not be done, in one line."""
        return "; ".join(dict.fromkeys(text.rstrip(".") for text in self.failures))


@dataclass(frozen=True, kw_only=True)
class Context:
    """A cohort ready for its analysis. groups : reference first.  excluded : patients without a group.  rng_seed : of all random."""

    cohort: Cohort
    settings: AnalysisSettings
    groups: tuple[str, ...]
    rng_seed: int
    excluded: tuple[Excluded, ...] = ()

    @property
    def level(self) -> float:
        """Of every interval."""
        return self.settings.level

    @property
    def levels(self) -> dict[str, tuple[str, ...]]:
        """The order of the groups, for the models."""
        return {"group": self.groups}

    @property
    def compared(self) -> bool:
        """Whether there is more than one group."""
        return len(self.groups) > 1

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """(group, reference) of each comparison."""
        return tuple((name, self.groups[0]) for name in self.groups[1:])

    @cached_property
    def two(self) -> tuple[str, str] | None:
        """(treated, reference) where two groups are compared, else None."""
        if self.settings.treated is not None and self.compared:
            return self.settings.treated, self.groups[0]
        return None

    def of_two(self) -> Context:
        """The same with the two compared groups only. Raises TableError where there are not two."""
        if self.two is None:
            if not self.compared:
                raise TableError("there is one group, and this compares two")
            raise TableError(
                f"there are {len(self.groups)} groups, and this compares two",
                expected="reference and treated named in [groups]",
            )
        if len(self.groups) == 2:
            return self
        inside = np.isin(self.group, np.array(self.two, dtype=object))
        return replace(self, cohort=_without(self.cohort, ~inside), groups=(self.two[1], self.two[0]))

    @cached_property
    def course(self) -> Course:
        """Pain, doses and intercurrent events of the two groups, with the imputations made from them."""
        from ostealgia.cohort.estimands_course import course_of

        return course_of(self)

    @cached_property
    def group(self) -> Any:
        """Group of each patient (n,), as text."""
        return np.asarray(group_of(self.cohort), dtype=object)

    @cached_property
    def placed(self) -> PlacedVisits:
        """Visits at the week in whose window their day lies."""
        found = place_visits(self.cohort, windows=self.settings.windows)
        if self.settings.opioid_table is None or "opioids" not in self.cohort:
            return found
        visits, notes = with_omed(self.cohort, found.visits, self.settings.opioid_table)
        return replace(found, visits=visits, notes=(*found.notes, *notes))

    @cached_property
    def weeks(self) -> tuple[int, ...]:
        """Weeks after baseline that are analysed."""
        offered = tuple(int(week) for week in self.placed.windows if week > 0)
        wanted = offered if self.settings.weeks is None else tuple(int(week) for week in self.settings.weeks)
        for week in wanted:
            if week not in offered:
                raise OptionError(f"weeks={week!r} has no visit. Weeks after baseline: {', '.join(map(str, offered))}.")
        if not wanted:
            raise TableError(
                "there is no visit after baseline", file="visits", column="week", expected="visits after week 0"
            )
        return wanted

    @cached_property
    def primary_week(self) -> int:
        """The week of the main comparisons."""
        week = self.settings.primary_week
        if week is None:
            return self.weeks[-1]
        if int(week) not in self.weeks:
            raise OptionError(f"primary_week={week!r} is not one of {', '.join(map(str, self.weeks))}.")
        return int(week)

    def responses(self, **changes: Any) -> ResponseByWeek:
        """The response of every patient and week by the settings, or with changes."""
        chosen: dict[str, Any] = {
            "weeks": self.weeks, "definition": self.settings.definition, "windows": self.settings.windows,
            "retreatment": self.settings.retreatment, "opioid_table": self.settings.opioid_table, **self.settings.rules,
        }  # fmt: skip
        return response_by_week(self.cohort, **{**chosen, **changes})

    def responses_by(self, definition: str) -> ResponseByWeek:
        """The response at the main week by another definition; options of the consensus rule are for that rule only."""
        return response_by_week(
            self.cohort, weeks=(self.primary_week,), definition=definition, windows=self.settings.windows,
            retreatment=self.settings.retreatment, opioid_table=self.settings.opioid_table,
        )  # fmt: skip

    @cached_property
    def response(self) -> ResponseByWeek:
        """The response by the settings."""
        return self.responses()

    def unassessed(self, found: ResponseByWeek) -> dict[tuple[int, str], str]:
        """(week, group) -> why none of those alive could be assessed: a rate of 0 there would be no finding."""
        blind = {}
        for (week, group), own in found.frame.groupby(["week", "group"], sort=False):
            alive = own.loc[(own["response_reason"] != "death").to_numpy(), "response_reason"]
            if len(alive) and (alive != "").all():
                blind[(int(week), str(group))] = str(alive.value_counts().index[0])
        return blind

    def refuse_unassessed(self, *, everywhere: bool = False) -> None:
        """Raise TableError where nobody alive could be assessed at the main week: in a group, or in all of them (``everywhere``)."""
        week = self.primary_week
        blind = {group: why for (at, group), why in self.unassessed(self.response).items() if at == week}
        if blind and (not everywhere or len(blind) == len(self.groups)):
            raise unassessed_error(blind, week)

    @cached_property
    def baseline(self) -> Any:
        """One row a patient: the patients table with derived columns, first pain and opioid dose, and obs (1 treated, 0 reference)."""
        frame = self.cohort.patients.reset_index(drop=True).copy()
        frame["group"] = self.group
        start = self.at(0)
        for name, source in (("nrs_baseline", "nrs_worst"), ("omed_baseline_mg", "omed_mg")):
            given = frame[name].to_numpy(dtype=float) if name in frame.columns else np.full(len(frame), np.nan)
            by_table = source == "omed_mg" and self.settings.opioid_table is not None  # two sources of doses do not mix
            frame[name] = (
                start[source] if by_table else np.where(np.isnan(start[source]), given, start[source])
            )  # as the response
        for name, (column, test, _) in DERIVED.items():
            if column in frame.columns and frame[column].dtype.kind in "iuf":
                values = frame[column].to_numpy(dtype=float)
                frame[name] = np.where(np.isnan(values), np.nan, test(values).astype(float))
        return frame

    def at(self, week: int) -> dict[str, Any]:
        """nrs_worst, omed_mg and day of every patient at a week, NaN where not seen; of several sites the one with the worst pain first."""
        visits = self.placed.visits
        here = visits[(visits["week"] == week).to_numpy()]
        if "site" in here.columns:
            here = here.sort_values("nrs_worst", ascending=False, kind="stable")
        here = here.drop_duplicates("id").set_index("id").reindex(self.cohort.patients["id"].to_numpy())
        return {
            name: here[name].to_numpy(dtype=float) if name in here.columns else np.full(len(here), np.nan)
            for name in ("nrs_worst", "omed_mg", "day")
        }

    @cached_property
    def wide(self) -> Any:
        """One row a patient: baseline with nrs_<week> and omed_<week> of every week."""
        columns: dict[str, Any] = {}
        for week in self.weeks:
            here = self.at(week)
            columns |= {f"nrs_{week}": here["nrs_worst"], f"omed_{week}": here["omed_mg"]}
        return self.baseline.assign(**columns)

    def long(self, *, stem: str = "nrs", with_baseline: bool = False) -> Any:
        """One row a patient and week with a value: id, group, week, value, baseline, and the covariates of the model."""
        import pandas as pd

        start = {"nrs": "nrs_baseline", "omed": "omed_baseline_mg"}[stem]
        parts = []
        if with_baseline:
            parts.append(self._at_week(self.wide[start], start, 0))
        parts += [self._at_week(self.wide[f"{stem}_{week}"], start, week) for week in self.weeks]
        return pd.concat(parts, ignore_index=True)

    def _at_week(self, values: Any, start: str, week: int) -> Any:
        import pandas as pd

        frame = pd.DataFrame(
            {
                "id": self.wide["id"],
                "group": self.group,
                "week": week,
                "value": values.to_numpy(dtype=float),
                "baseline": self.wide[start],
            }
        )
        for name in self.settings.covariates:
            frame[name] = self.wide[name]
        return frame[frame["value"].notna()]

    def available(self, wanted: Sequence[str] | None, default: Sequence[str], what: str) -> tuple[str, ...]:
        """The variables that are asked for, or those of the default that the cohort has and that vary."""
        if wanted is None:
            return tuple(
                name for name in default if name in self.baseline.columns and self.baseline[name].nunique() > 1
            )
        for name in wanted:
            if name not in self.baseline.columns:
                names = [str(column) for column in self.baseline.columns]
                raise OptionError(
                    f"{what}: {name!r} is no column of patients and no derived one.{suggestion(name, names)}"
                )
        return tuple(wanted)

    @property
    def confounders(self) -> tuple[str, ...]:
        """Of the propensity score."""
        return self.available(self.settings.confounders, CONFOUNDERS, "confounders")


WHY_UNASSESSED = {
    "omed_missing": (
        "the opioid dose is not known",
        'omed_mg in visits, or a definition without doses: definition = "nrs2"',
    ),
    "baseline_omed_missing": (
        "the opioid dose at baseline is not known",
        'omed_mg at week 0, or a definition without doses: definition = "nrs2"',
    ),
    "pain_missing": (
        "worst pain is not known",
        "nrs_worst in visits, with the status 'assessed' where there is a column status",
    ),
    "baseline_pain_missing": (
        "worst pain at baseline is not known",
        "nrs_worst at week 0, or nrs_baseline in patients",
    ),
}


def unassessed_error(blind: Mapping[str, str], week: int) -> TableError:
    """That response could not be assessed of anybody alive in these groups (group -> reason), with the way out."""
    why, way = WHY_UNASSESSED.get(
        next(iter(blind.values())), ("pain at baseline is too low", "patients with pain of 2 or more")
    )
    whose = "" if set(blind) == {"all"} else f" in {', '.join(blind)}"
    return TableError(f"response at week {week} could not be assessed of anybody{whose}: {why}", expected=way)


def prepared(cohort: Cohort, settings: AnalysisSettings, rng_seed: int) -> Context:
    """Check the settings against the cohort and bring the groups into their order.

    Raises OptionError where a group, a column or an option is not there.
    """
    confidence_level(settings.level)
    filled = {name: frame for name, frame in cohort.tables.items() if len(frame) or name in ("patients", "visits")}
    cohort = replace(cohort, tables=filled)  # a table with a header and no rows is as one that is not there
    if isinstance(rng_seed, bool) or not isinstance(rng_seed, int) or rng_seed < 0:
        raise OptionError(f"rng_seed={rng_seed!r} is not a whole number of 0 or more.")
    patients = cohort.patients
    values, excluded = _group_values(patients, settings)
    if excluded:
        cohort = _without(cohort, values.isna().to_numpy())
        values = values[values.notna()]
    names = [str(name) for name in dict.fromkeys(values.tolist())]
    groups = _ordered(names, settings)
    labels = settings.labels
    for name in labels:
        one_of("labels", str(name), names)
    words = {name: str(labels.get(name, name)) for name in groups}
    if len(set(words.values())) < len(words):
        raise OptionError("labels give two groups the same name.")
    changed = cohort.patients.assign(group=[words[name] for name in values.tolist()])
    cohort = replace(cohort, tables={**cohort.tables, "patients": changed})
    treated = settings.treated if settings.treated is not None else (groups[1] if len(groups) == 2 else None)
    told = replace(
        settings, group="group", reference=words[groups[0]], treated=None if treated is None else words[str(treated)],
        labels={name: name for name in words.values()},
    )  # fmt: skip
    context = Context(
        cohort=cohort, settings=told, groups=tuple(words[name] for name in groups), rng_seed=rng_seed, excluded=excluded
    )
    context.available(settings.covariates, (), "covariates")
    told = replace(
        told,
        weeks=context.weeks,
        primary_week=context.primary_week,
        windows=dict(context.placed.windows),
        confounders=context.confounders,
    )
    context = replace(context, settings=told)
    _check_choices(context)
    return context


def _check_choices(context: Context) -> None:
    """Settings that name what is not there, before anything is computed. What the data do not allow is left to the sections."""
    from ostealgia.cohort.mmrm_fit import DF_METHODS, STRUCTURES

    settings = context.settings
    one_of("definition", settings.definition, DEFINITIONS)
    one_of("df_method", settings.df_method, DF_METHODS)
    for name in settings.covariance:
        one_of("covariance", name, STRUCTURES)
    if settings.opioid_table is not None and "opioids" not in context.cohort:
        raise OptionError(
            f"opioid_table={settings.opioid_table!r} needs the doses by drug in opioids.csv. Add it, or leave opioid_table out."
        )
    for name in ("baseline", "predictors", "subgroups", "strata"):
        context.available(getattr(settings, name), (), name)
    try:
        _ = context.response
    except OptionError:
        raise
    except OstealgiaError:
        pass  # the section says so


def _group_values(patients: Any, settings: AnalysisSettings) -> tuple[Any, tuple[Excluded, ...]]:
    """The group of each patient as text, and how many have none."""
    import pandas as pd

    column = settings.group
    if column not in patients.columns:
        if column != "group":
            names = [str(name) for name in patients.columns]
            raise OptionError(f"group={column!r} is no column of patients.{suggestion(column, names)}")
        return pd.Series("all", index=patients.index), ()
    values = patients[column]
    if values.dtype.kind == "f":
        values = values.map(lambda value: None if value != value else f"{value:g}")
    values = values.astype(object).map(lambda value: None if value is None or value != value else str(value))
    if values.isna().all():
        return pd.Series("all", index=patients.index), ()
    lost = int(values.isna().sum())
    gone = (
        (Excluded(study=count_of(lost, "patient", "patients"), reason=f"no value in column {column!r}"),)
        if lost
        else ()
    )
    return values, gone


def _ordered(names: list[str], settings: AnalysisSettings) -> tuple[str, ...]:
    """The groups with the reference first."""
    ordered = sorted(names)
    for option in ("reference", "treated"):
        wanted = getattr(settings, option)
        if wanted is not None:
            one_of(option, str(wanted), ordered)
    if settings.reference is not None and settings.reference == settings.treated and len(ordered) > 1:
        raise OptionError(f"reference and treated are both {settings.reference!r}.")
    first = settings.reference
    if first is None:
        others = [name for name in ordered if name != settings.treated]
        named = [name for word in REFERENCE_NAMES for name in others if name.strip().lower() == word]
        first = named[0] if named else (others or ordered)[0]
    return (str(first), *(name for name in ordered if name != first))


def _without(cohort: Cohort, gone: Any) -> Cohort:
    """The cohort without some patients, in every table but the screening log."""
    kept = cohort.patients[~gone]
    tables: Mapping[str, Any] = {
        name: frame if name == "screening" else frame[frame["id"].isin(kept["id"])]
        for name, frame in cohort.tables.items()
    }
    return replace(cohort, tables={**tables, "patients": kept})
