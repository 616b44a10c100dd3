"""Estimands: what is asked when death, re-irradiation, more opioids, new therapy or dropout come between treatment and outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.cohort.analysis_context import Context, prepared
from ostealgia.cohort.analysis_settings import AnalysisSettings
from ostealgia.cohort.estimands_course import EVENTS, Course
from ostealgia.cohort.estimands_lines import (
    Line,
    attempted,
    from_completed,
    from_counts,
    from_imputed,
    from_mmrm,
    from_ranks,
    jump_to_reference,
    weighted_by_seen,
)
from ostealgia.errors import TableError
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

    from ostealgia.cohort.reading import Cohort

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
RESPONSE, PAIN = "pain response", "worst pain"
RED_FLAG = "RED FLAG: "
# strategy -> what it asks, in words that hold for every event
STRATEGIES = {
    "composite": "the event itself is a failure of treatment",
    "treatment policy": "what is seen counts, whatever came between",
    "while on treatment": "what is seen until the event counts",
    "while alive": "what is seen while the patient lives counts",
    "hypothetical": "what would have been seen without the event, had those with it fared like those without",
    "landmark": "among those alive at the main week, a group that treatment itself may select",
    "available": "among those seen at the main week, a group selected after treatment",
    "weighting": "those seen stand for those like them who were not",
    "as observed": "what is seen counts, also after re-irradiation and more opioids; after death or dropout a course without them",
    "jump to reference": "treated patients who drop out go on as the reference group does",
    "worst case": "treated patients who were not seen fail, the others respond",
}
# (outcome, event, strategy) -> what is asked, where the words of the strategy would say too much or too little
QUESTIONS = {
    (RESPONSE, "all events", "hypothetical"): (
        "what would have been seen without re-irradiation, more opioids, new therapy and dropout; a patient who has died is no responder"
    ),
    (RESPONSE, "death", "hypothetical"): (
        "a response imputed after death, as if nobody died: a world that cannot be, shown for comparison with trials that censor deaths"
    ),
}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Estimands(Result):
    """One result line a strategy. lines : primary ones first within an outcome.  groups : (treated, reference).  week : of the outcomes.

    events : frame event, group, events (patients with it up to the week), n, recorded.
    """

    lines: tuple[Line, ...]
    events: Any
    groups: tuple[str, str]
    week: int

    @property
    def red_flags(self) -> tuple[str, ...]:
        """A sentence an outcome whose conclusion depends on the strategy."""
        found = []
        for outcome in dict.fromkeys(line.outcome for line in self.lines):
            said = [(line, line.conclusion(*self.groups)) for line in self.lines if line.outcome == outcome]
            told = [(line, words) for line, words in said if words != "not estimable"]
            first = next((words for line, words in told if line.primary), None)
            others = dict.fromkeys(words for _, words in told if words != first)
            signs = {np.sign((line.estimate - line.null) * line.better) for line, _ in told}
            same = "; all estimates point the same way, and differ in size and certainty" if len(signs) == 1 else ""
            if first is not None and others:
                parts = [
                    f"{words} by {', '.join(_name(line) for line, own in told if own == words)}" for words in others
                ]
                found.append(
                    f"{RED_FLAG}the conclusion on {outcome} at week {self.week} depends on the strategy: {first} by the primary one, "
                    f"but {'; '.join(parts)}{same}"
                )
        return tuple(found)

    def to_frame(self) -> pd.DataFrame:
        """One row a strategy: outcome, event, strategy, question, measure, estimate, limits, P, n, value_1, value_2, conclusion ..."""
        import pandas as pd

        rows = []
        for line in self.lines:
            own = line.to_dict()
            own |= {"n": line.n_1 + line.n_2, "conclusion": line.conclusion(*self.groups)}
            rows.append({name: own[name] for name in COLUMNS})
        return pd.DataFrame(rows)

    def strategies(self) -> pd.DataFrame:
        """One row an event and strategy that is used: event, strategy, question, recorded."""
        import pandas as pd

        known = dict(zip(self.events["event"], self.events["recorded"], strict=True))
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        for line in self.lines:
            key = (line.event, line.strategy)
            rows.setdefault(key, {"event": line.event, "strategy": line.strategy, "question": line.question,
                                  "recorded": known.get(line.event, "yes")})  # fmt: skip
        for event in EVENTS:
            if known.get(event) == "no":
                words = "not recorded: what was seen counts, by necessity"
                rows[(event, "treatment policy")] = {
                    "event": event, "strategy": "treatment policy", "question": words, "recorded": "no",
                }  # fmt: skip
        return pd.DataFrame(list(rows.values()))

    def __str__(self) -> str:
        lines = [f"Estimands: {self.groups[0]} against {self.groups[1]}, week {self.week}"]
        for line in self.lines:
            words = line.conclusion(*self.groups)
            tail = (
                f"{line.estimate:.2f} [{line.ci_low:.2f} to {line.ci_high:.2f}]" if not line.problem else line.problem
            )
            lines.append(f"  {line.outcome}, {_name(line)}: {tail}, {words}")
        return "\n".join(lines + tail_lines(self))


COLUMNS = (
    "outcome", "event", "strategy", "question", "measure", "estimate", "std_error", "ci_low", "ci_high", "ci_level", "p_value", "n", "n_1",
    "n_2", "value_1", "value_2", "method", "primary", "conclusion", "problem",
)  # fmt: skip


def _name(line: Line) -> str:
    if line.strategy == "worst case":
        return f"{line.event} worst case (a bound)"
    return f"{line.event} {line.strategy}" if line.event != "all events" else f"{line.strategy} for all events"


def estimands(cohort: Cohort, settings: AnalysisSettings | None = None, *, rng_seed: int) -> Estimands:
    """Does the conclusion depend on what is done with death, re-irradiation, more opioids, new therapy and dropout?

    cohort : from ``read``, with two groups, or ``settings`` that name them.  rng_seed : of the imputations.
    Response and pain at the main week are derived anew under each strategy of ICH E9(R1) (Kahan et al. 2024,
    doi:10.1136/bmj-2023-076316): composite (the event is a failure), treatment policy (what is seen counts), while on treatment or alive
    (what is seen until the event), hypothetical (values after it multiply imputed from those without), landmark and available patients,
    weighting by the probability of being seen, jump to reference, worst case.
    Hypothetical lines assume that who has the event would have fared like those without, given group,
    baseline and the course so far. New systemic therapy needs a column ``new_systemic_therapy_day`` in events.
    Raises TableError where two groups cannot be compared; a line that cannot be made says why in ``problem``.

    >>> import ostealgia as oa
    >>> found = oa.cohort.estimands(oa.cohort.read(oa.cohort.example()), rng_seed=1)
    >>> found.lines[0].strategy, round(found.lines[0].estimate, 2), len(found.red_flags)
    ('composite', 0.22, 2)
    """
    return estimands_of(prepared(cohort, settings or AnalysisSettings(), rng_seed))


def estimands_of(context: Context) -> Estimands:
    """The table of estimands of two groups. Raises TableError where two groups cannot be compared."""
    pair = context.of_two()
    course = pair.course
    assert pair.two is not None  # of_two has refused it
    lines = (*_response_lines(course), *_pain_lines(course))
    notes = [
        "imputation: normal model of pain and log opioid dose at all weeks given group and baseline, "
        f"{pair.settings.imputations} completed data sets; for classes of response imputed pain is rounded and held to 0 to 10",
        "a line answers its own question: that they differ is no fault of the data",
    ]
    hidden = [words for event, words in EVENTS.items() if not course.recorded[event]]
    if hidden:
        notes.append(f"not recorded: {', '.join(hidden)}; what was seen counts, whatever came between")
    found = Estimands(lines=lines, events=_events(course), groups=pair.two, week=pair.primary_week)
    flags = found.red_flags or (_agreement(found),)
    return Estimands(lines=lines, events=found.events, groups=pair.two, week=pair.primary_week, notes=(*flags, *notes))


def _agreement(found: Estimands) -> str:
    return f"every strategy leads to the same conclusion on each outcome at week {found.week}"


def _events(course: Course) -> Any:
    import pandas as pd

    two = course.context.two or ("", "")
    rows = []
    for event, words in EVENTS.items():
        for name, inside in zip(two, (course.treated, ~course.treated), strict=True):
            count = int(course.happened(event)[inside].sum())
            rows.append(
                {"event": event, "what": words, "group": name, "events": count, "n": int(inside.sum()),
                 "recorded": "yes" if course.recorded[event] else "no"}
            )  # fmt: skip
    return pd.DataFrame(rows)


Make = Callable[[], dict[str, Any]]


def _base(outcome: str, event: str, strategy: str, method: str, *, primary: bool = False) -> dict[str, Any]:
    measure, better = ("risk difference", 1) if outcome == RESPONSE else ("mean difference", -1)
    question = QUESTIONS.get((outcome, event, strategy), STRATEGIES[strategy])
    return {
        "outcome": outcome, "event": event, "strategy": strategy, "question": question, "measure": measure, "method": method,
        "primary": primary, **({"better": better} if method != RANKS else {}),
    }  # fmt: skip


COUNTS, RUBIN, MMRM, RANKS = (
    "Newcombe's interval",
    "multiple imputation, Rubin's rules",
    "MMRM",
    "rank statistic on imputed data",
)


def _line(outcome: str, event: str, strategy: str, method: str, make: Make, *, primary: bool = False) -> Line:
    return attempted(_base(outcome, event, strategy, method, primary=primary), make)


# --- response ---------------------------------------------------------------------------------------------------------


def _response_lines(course: Course) -> list[Line]:
    at, known = course.at, course.recorded
    here = course.responds(course.pain[:, at], course.omed[:, at])
    again, dead = course.irradiated[:, at], course.dead[:, at]
    strict = np.where(again, 0.0, np.nan_to_num(here))
    policy = course.context.settings.retreatment == "treatment_policy"
    try:
        course.context.refuse_unassessed()
    except TableError as error:
        base = _base(RESPONSE, "all events", "treatment policy" if policy else "composite", COUNTS, primary=True)
        return [Line(**base, problem=str(error).rstrip("."))]
    primary = np.nan_to_num(here) if policy else strict

    def completed(use: str, masked: Bools | None, rows: Bools, *, keep_dose: Bools | None = None) -> Array:
        """The primary responder, with the rows in question imputed (m, n)."""
        draws = course.imputed(use, masked)
        pain, omed = course.pain_of(draws, rounded=True), course.omed_of(draws)
        if keep_dose is not None:
            omed = np.broadcast_to(np.where(keep_dose, course.omed_0, np.nan_to_num(course.omed[:, at])), pain.shape)
        found = course.responds(pain, np.nan_to_num(omed))
        return np.where(rows, np.nan_to_num(found), primary)

    def line(event: str, strategy: str, method: str, make: Make, **more: Any) -> Line:
        return _line(RESPONSE, event, strategy, method, make, **more)

    lines = [
        line(
            "all events",
            "treatment policy" if policy else "composite",
            COUNTS,
            lambda: from_counts(course, primary),
            primary=True,
        )
    ]
    if known["death"]:
        before = _at_last(course, course.dead)
        alive = np.where(dead, np.nan_to_num(before), primary)
        lines += [
            line("death", "while alive", COUNTS, lambda: from_counts(course, alive)),
            line("death", "landmark", COUNTS, lambda: from_counts(course, primary, ~dead)),
            line("death", "hypothetical", RUBIN, lambda: from_imputed(course, completed("as seen", None, dead))),
        ]
    for event, gone in (("re-irradiation", course.irradiated), ("new systemic therapy", course.therapy)):
        if known[event]:
            lines += _after_event(course, event, gone, primary, here, line, completed)
    if known["opioid escalation"]:
        raised = course.escalated[:, at]
        plain = np.nan_to_num(course.responds(course.pain[:, at], course.omed[:, at], definition="nrs2"))
        lines += [
            line("opioid escalation", "treatment policy", COUNTS, lambda: from_counts(course, np.where(again & ~policy, 0.0, plain))),
            line("opioid escalation", "hypothetical", RUBIN, lambda: from_imputed(
                course, completed("without escalation", course.escalated, raised, keep_dose=raised))),
        ]  # fmt: skip
    unseen = np.isnan(here) & ~dead
    lines += [
        line("dropout", "hypothetical", RUBIN, lambda: from_imputed(course, completed("as seen", None, unseen))),
        line(
            "dropout",
            "weighting",
            "inverse probability of being seen",
            lambda: weighted_by_seen(course, np.where(unseen, np.nan, primary)),
        ),
        line("dropout", "available", COUNTS, lambda: from_counts(course, primary, ~np.isnan(here))),
        line(
            "dropout",
            "worst case",
            COUNTS,
            lambda: from_counts(course, np.where(unseen & ~course.treated, 1.0, primary)),
        ),
    ]
    return [*lines, *_all_response(course, line, dead)]


def _at_last(course: Course, gone: Bools) -> Array:
    """Response at the last visit before the event, NaN where there is none."""
    return course.responds(course.last_before(course.pain, gone), course.last_before(course.omed, gone))


def _after_event(
    course: Course,
    event: str,
    gone: Bools,
    primary: Array,
    here: Array,
    line: Callable[..., Line],
    completed: Callable[..., Array],
) -> list[Line]:
    """Composite, treatment policy, while on treatment and hypothetical for an event that is dated."""
    rows = gone[:, course.at] & ~course.dead[:, course.at]
    policy = np.where(rows, np.nan_to_num(here), primary)
    failing = np.where(rows, 0.0, primary)
    until = np.where(rows, np.nan_to_num(_at_last(course, gone)), primary)
    made = [line(event, "composite", COUNTS, lambda: from_counts(course, failing))]
    made.append(line(event, "treatment policy", COUNTS, lambda: from_counts(course, policy)))
    made.append(line(event, "while on treatment", COUNTS, lambda: from_counts(course, until)))
    use = f"without {event}"
    made.append(line(event, "hypothetical", RUBIN, lambda: from_imputed(course, completed(use, gone, rows))))
    return made


def _all_response(course: Course, line: Callable[..., Line], dead: Bools) -> list[Line]:
    gone = course.irradiated | course.escalated | course.therapy
    stopped = np.maximum.accumulate(gone, axis=1)

    def policy() -> dict[str, Any]:
        """Pain alone, whatever was given; the unseen imputed; no pain after death, so death is no response."""
        pain = course.pain_of(course.imputed("as seen"), rounded=True)
        values = course.responds(pain, np.broadcast_to(course.omed_0, pain.shape), definition="nrs2")
        return from_imputed(course, np.where(dead, 0.0, np.nan_to_num(values)))

    def hypothetical() -> dict[str, Any]:
        pain = course.pain_of(course.imputed("without any event", stopped), rounded=True)
        values = course.responds(pain, np.broadcast_to(course.omed_0, pain.shape), definition="nrs2")
        return from_imputed(course, np.where(dead, 0.0, np.nan_to_num(values)))  # death is not thought away

    def until() -> dict[str, Any]:
        return from_counts(course, np.nan_to_num(_at_last(course, stopped | course.dead)))

    return [
        line("all events", "treatment policy", RUBIN, policy),
        line("all events", "while on treatment", COUNTS, until),
        line("all events", "hypothetical", RUBIN, hypothetical),
    ]


# --- pain -------------------------------------------------------------------------------------------------------------


def _pain_lines(course: Course) -> list[Line]:
    at, known = course.at, course.recorded
    dead, start = course.dead[:, at], course.pain_0[:, None]

    def line(event: str, strategy: str, method: str, make: Make, **more: Any) -> Line:
        return _line(PAIN, event, strategy, method, make, **more)

    def seen(use: str = "as seen", masked: Bools | None = None) -> Array:
        return course.pain_of(course.imputed(use, masked), rounded=False)

    lines = [
        line(
            "all events",
            "as observed",
            f"{MMRM}, missing at random",
            lambda: from_mmrm(course, course.pain),
            primary=True,
        )
    ]
    if known["death"]:
        lines += [
            line("death", "while alive", RUBIN, lambda: from_completed(course, _while_alive(course, seen(), dead))),
            line("death", "landmark", RUBIN, lambda: from_completed(course, seen(), ~dead)),
        ]
        made = line("death", "composite", RANKS, lambda: from_ranks(course, seen(), dead))
        lines.append(_as_probability(made))
    for event, gone in (
        ("re-irradiation", course.irradiated),
        ("opioid escalation", course.escalated),
        ("new systemic therapy", course.therapy),
    ):
        if known[event]:
            masked = np.where(gone, np.nan, course.pain)
            failing = np.where(gone & ~np.isnan(course.pain), start, course.pain)
            lines += [
                line(
                    event,
                    "hypothetical",
                    f"{MMRM}, later values left out",
                    lambda masked=masked: from_mmrm(course, masked),
                ),
                line(
                    event,
                    "composite",
                    f"{MMRM}, later values set to baseline",
                    lambda failing=failing: from_mmrm(course, failing),
                ),
            ]
    dropped = course.dropped[:, at]
    lines += [
        line("dropout", "hypothetical", RUBIN, lambda: from_completed(course, seen())),
        line("dropout", "jump to reference", RUBIN, lambda: from_completed(
            course, jump_to_reference(course, course.imputed("as seen"), dropped))),
        line("dropout", "available", "ANCOVA of those seen", lambda: from_completed(
            course, np.repeat(course.pain[None, :, at], 2, axis=0), ~np.isnan(course.pain[:, at]))),
    ]  # fmt: skip
    stopped = np.maximum.accumulate(course.irradiated | course.escalated | course.therapy, axis=1)
    lines.append(
        line(
            "all events",
            "hypothetical",
            f"{MMRM}, later values left out",
            lambda: from_mmrm(course, np.where(stopped, np.nan, course.pain)),
        )
    )
    return lines


def _while_alive(course: Course, completed: Array, dead: Bools) -> Array:
    """The last pain seen before death, baseline where there is none; the others as completed (m, n)."""
    last = course.last_before(course.pain, course.dead)
    return np.where(dead, np.where(np.isnan(last), course.pain_0, last), completed)


def _as_probability(line: Line) -> Line:
    """A rank statistic is a probability, and a larger one is better for the treated."""
    from dataclasses import replace

    return replace(line, measure="probability of faring better", better=1, null=0.5)
