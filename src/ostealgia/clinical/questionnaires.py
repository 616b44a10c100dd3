"""Scores of questionnaires from item answers, with their missing rules; which rule, source and check status stand with the scores.

RS = mean of the answered items of a scale, where at least half of them are answered (or as the instrument asks).
function: 100 (1 - (RS - 1)/range); symptom and global: 100 (RS - 1)/range; BPI: RS. Source: [fayers2001] and others in
``instruments``. An answer outside its range is an error, not a missing value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.clinical.instruments import SUMMARY, Instrument, Scale, instrument_of
from ostealgia.display import count_of
from ostealgia.errors import OptionError, TableError
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Scores(Result):
    """Scores of one questionnaire. scores : one row a form, the key columns and one column a scale.  scales : what each is."""

    instrument: str
    check_status: str
    scores: Any
    scales: Mapping[str, Scale]

    def to_frame(self) -> pd.DataFrame:
        """One row a form."""
        return self.scores.copy()

    def scale_frame(self) -> pd.DataFrame:
        """One row a scale: scale, title, higher_is, low, high, n (scored), n_missing."""
        import pandas as pd

        rows = []
        for name, scale in self.scales.items():
            scored = int(self.scores[name].notna().sum())
            low, high = scale.limits
            rows.append(
                {"scale": name, "title": scale.title, "higher_is": scale.higher_is, "low": low, "high": high, "n": scored,
                 "n_missing": len(self.scores) - scored}
            )  # fmt: skip
        return pd.DataFrame(rows)

    def __str__(self) -> str:
        head = f"Scores: {self.instrument}, {count_of(len(self.scores), 'form', 'forms')}, {len(self.scales)} scales"
        return "\n".join([f"{head} (check status: {self.check_status})", *tail_lines(self)])


def score(
    frame: pd.DataFrame,
    instrument: str = "QLQ-C30",
    *,
    version: str = "3.0",
    reverse: Sequence[str] = (),
    prefix: str | None = None,
    keep: Sequence[str] = ("id", "week"),
) -> Scores:
    """Scale scores of every form.

    frame : one row a form; items as q1, q2, ... (BPI: bpi3, bpi9a, ...), empty where not answered.  Scales with no item column at all are
    left out, with a note.  version : of the QLQ-C30; earlier ones coded yes and no and are refused.  reverse : items answered the other
    way round, turned before averaging (QLQ-BM22).  prefix : of the item columns, where it is another.  keep : key columns.
    Errors: TableError for an answer outside its range or not whole (row told, value not), OptionError for an unknown instrument.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"q1": [1], "q2": [2], "q3": [2], "q4": [3], "q5": [None], "q9": [3], "q19": [4], "q29": [4], "q30": [5]})
    >>> score(frame).scores.round(1).to_dict("records")
    [{'ql': 58.3, 'pf': 66.7, 'pa': 83.3}]
    """
    chosen = instrument_of(instrument)
    if chosen.name == "QLQ-C30" and str(version) != "3.0":
        raise OptionError(
            f"version={version!r} of the QLQ-C30 codes some items as yes and no. Only version 3.0 is scored."
        )
    for item in reverse:
        if item not in chosen.items:
            raise OptionError(f"reverse={item!r} is not an item of {chosen.name}.")
    answers = _answers(frame, chosen, prefix)
    for item in reverse:
        low, high = chosen.items[item]
        if item in answers:
            answers[item] = low + high - answers[item]
    scales = {name: scale for name, scale in chosen.scales.items() if any(item in answers for item in scale.items)}
    if not scales:
        raise TableError(
            f"there is no item of {chosen.name}",
            expected=", ".join(list(chosen.items)[:4]) + ", ...",
            action="Name the item columns so.",
        )
    columns: dict[str, Any] = {name: frame[name].to_numpy() for name in keep if name in frame.columns}
    made = {name: _score(scale, answers, len(frame)) for name, scale in scales.items()}
    if chosen.name == "QLQ-C30" and all(name in made for name in SUMMARY):
        made["summary"] = _summary(made, scales)
        scales = {**scales, "summary": _SUMMARY_SCALE}
    import pandas as pd

    scores = pd.DataFrame({**columns, **made}, index=frame.index)
    notes = _notes(chosen, scales, answers, made, reverse)
    return Scores(instrument=chosen.name, check_status=chosen.check_status, scores=scores, scales=scales, notes=notes)


_SUMMARY_SCALE = Scale(
    name="summary",
    title="summary score of 13 scales (Giesinger 2016)",
    items=(),
    low=0,
    high=100,
    direction="function",
    least=13,
)


def _answers(frame: pd.DataFrame, instrument: Instrument, prefix: str | None) -> dict[str, Array]:
    """item -> answers (n,), checked against the range of the item."""
    import pandas as pd

    found: dict[str, Array] = {}
    for item, (low, high) in instrument.items.items():
        column = item if prefix is None else prefix + item.removeprefix(instrument.prefix)
        if column not in frame.columns:
            continue
        try:
            cells: Any = pd.to_numeric(frame[column])
            values = cells.to_numpy(dtype=float, na_value=np.nan)
        except (TypeError, ValueError):
            raise TableError(
                "text stands where an answer is needed", column=column, expected=f"a whole number from {low} to {high}"
            ) from None
        wrong = ~np.isnan(values) & ((values < low) | (values > high) | (values != np.round(values)))
        if wrong.any():
            raise TableError(
                "not an answer of this item", column=column, row=int(np.flatnonzero(wrong)[0]) + 2,
                expected=f"a whole number from {low} to {high}, empty where not answered",
            )  # fmt: skip
        found[item] = values
    return found


def _score(scale: Scale, answers: Mapping[str, Array], size: int) -> Array:
    given = np.column_stack([answers.get(item, np.full(size, np.nan)) for item in scale.items])
    known = ~np.isnan(given)
    count = known.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count >= scale.least, np.where(known, given, 0.0).sum(axis=1) / count, np.nan)
    if scale.direction == "mean":
        return mean
    part = (mean - scale.low) / (scale.high - scale.low)
    return 100.0 * (1.0 - part) if scale.direction == "function" else 100.0 * part


def _summary(made: Mapping[str, Array], scales: Mapping[str, Scale]) -> Array:
    """The mean of 13 scales, symptoms turned round; missing where one of them is."""
    return np.mean(
        [made[name] if scales[name].direction == "function" else 100.0 - made[name] for name in SUMMARY], axis=0
    )


def _notes(
    instrument: Instrument,
    scales: Mapping[str, Scale],
    answers: Mapping[str, Array],
    made: Mapping[str, Array],
    reverse: Sequence[str],
) -> tuple[str, ...]:
    notes = [
        f"{instrument.name} scored by {instrument.source} (check status: {instrument.check_status})",
        *instrument.notes,
    ]
    absent = [name for name in instrument.scales if name not in scales]
    if absent:
        notes.append(f"no item columns for {', '.join(absent)}: not scored")
    short = [
        name for name, scale in scales.items() if 0 < sum(item in answers for item in scale.items) < len(scale.items)
    ]
    if short:
        notes.append(f"item columns are missing from {', '.join(short)}: their items count as not answered")
    for name, values in made.items():
        if len(values) and np.isnan(values).all():
            notes.append(f"{name} could not be scored in any form")
    partial = sum(_partly(scale, answers) for scale in scales.values())
    if partial:
        notes.append(f"{count_of(partial, 'score', 'scores')} from part of the items, at least half of them answered")
    if reverse:
        notes.append(f"reversed before averaging: {', '.join(reverse)}")
    return tuple(notes)


def _partly(scale: Scale, answers: Mapping[str, Array]) -> int:
    given = [answers[item] for item in scale.items if item in answers]
    if not given:
        return 0
    count = (~np.isnan(np.column_stack(given))).sum(axis=1)
    return int(((count >= scale.least) & (count < len(scale.items))).sum())
