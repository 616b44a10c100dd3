"""One shape for every clinical definition: its inputs, its source, and its answer for one patient, for arrays and for a frame.

A definition never guesses. What is not known stays unknown: the answer then names the missing inputs and the range that is still
attainable with them, and its category is empty unless every attainable value falls in the same one.
Errors name the input and what is allowed, never the value found: it may be a patient's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.errors import OptionError, OstealgiaError, TableError
from ostealgia.options import one_of
from ostealgia.tables.result import Result, plain, tail_lines

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
Texts = NDArray[np.object_]

READ, REMEMBERED, UNCERTAIN = "read in the source", "remembered", "uncertain"
CHECK_STATUS = (READ, REMEMBERED, UNCERTAIN)
LIMITS = "Informs clinicians; not a medical device, not validated for decisions on one patient."
_UNITS = {
    "change_nrs_0_10": "points of 10", "nrs_0_10": "of 10", "mmol_per_l": "mmol/L", "ml_per_min": "mL/min", "mg_per_day": "mg/day",
    "per_cent": "%", "grade": "", "score": "",
}  # fmt: skip
_UNKNOWN_WORDS = frozenset({"", "unknown", "not known", "na", "n/a", "nan", "missing", "?"})


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a definition comes from, and whether that was read.

    check_status : one of ``CHECK_STATUS``.  check_note : in words, where the status is mixed or another page was read.
    doi_status : "read" (seen with the paper's title on a page), "remembered", or "" where there is none.  date_read : ISO date.
    """

    citation: str
    doi: str = ""
    doi_status: str = ""
    check_status: str
    check_note: str = ""
    date_read: str = ""


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input: its name, what it is, its unit and the values that are understood."""

    name: str
    title: str
    values: str
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The answer for one set of inputs, before it is dressed with its source."""

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    category: str = ""
    attainable: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class ClinicalDefinition:
    """A definition of the room.

    id : its name in code.  value_name : what the value is, unit included ("points", "ml_per_min").  evaluate : cleaned inputs (None where
    unknown) to an ``Outcome``.  meanings : category -> what the source says of it.  notes : what must be said with every answer.
    """

    id: str
    title: str
    value_name: str
    inputs: tuple[Input, ...]
    source: Source
    evaluate: Callable[[Mapping[str, Any]], Outcome]
    meanings: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the inputs, in order."""
        return tuple(one.name for one in self.inputs)

    def assess(self, **given: Any) -> Assessment:
        """The answer for one patient; an input that is None, NaN, empty or "unknown" is unknown."""
        for name in given:
            one_of(f"{self.id} input", name, self.names)
        found = self.evaluate({name: known(given.get(name)) for name in self.names})
        return self._dress(found)

    def _dress(self, found: Outcome) -> Assessment:
        return Assessment(
            definition=self.id, title=self.title, value_name=self.value_name, value=_none(found.value), value_low=_none(found.low),
            value_high=_none(found.high), category=found.category, attainable=found.attainable, missing=found.missing,
            meaning=self.meanings.get(found.category, ""), citation=self.source.citation, doi=self.source.doi,
            check_status=self.source.check_status, check_note=self.source.check_note,
            notes=(*found.notes, *self.notes, LIMITS),
        )  # fmt: skip

    def assess_array(self, **columns: Any) -> Assessments:
        """The answers for many patients; arrays (n,) or one value for all. Raises TableError with the row, never the value."""
        for name in columns:
            one_of(f"{self.id} input", name, self.names)
        lists, size = _aligned({name: values for name, values in columns.items() if values is not None}, self.id)
        found: list[Outcome] = []
        cache: dict[tuple[Any, ...], Outcome] = {}
        rows = zip(*(lists[name] if name in lists else [None] * size for name in self.names), strict=True)
        for i, row in enumerate(rows):
            key = row if _hashable(row) else (id(row), i)
            answer = cache.get(key)
            if answer is None:
                try:
                    answer = cache[key] = self.evaluate(dict(zip(self.names, row, strict=True)))
                except OstealgiaError as error:
                    raise TableError(f"{self.id}: {error}", row=i + 2) from None
            found.append(answer)
        return Assessments.of(self, found)

    def assess_frame(self, frame: pd.DataFrame, *, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
        """The frame with the columns ID_VALUE, ID_VALUE_low, ID_VALUE_high, ID_category, ID_attainable and ID_missing added.

        columns : our input -> the frame's column, where it has another name. A column that the frame has not is unknown throughout; a
        frame with none of them is a TableError.
        """
        names = {name: name for name in self.names}
        for name, column in (columns or {}).items():
            one_of("columns", name, self.names)
            if column not in frame.columns:
                raise TableError(f"there is no column {column!r}", expected=f"the column of {name}")
            names[name] = column
        here = {name: column for name, column in names.items() if column in frame.columns}
        if not here:
            raise TableError(
                f"there is no input of {self.id}", expected=", ".join(self.names), action="Name them by columns={...}"
            )
        made = self.assess_array(**{name: frame[column].to_numpy() for name, column in here.items()})
        return frame.assign(**made.columns())


@dataclass(frozen=True, kw_only=True, repr=False)
class Assessment(Result):
    """The answer of one definition for one patient.

    value : None where it cannot be known.  value_low, value_high : the range still attainable, equal to the value where nothing is
    missing, None where there is no bound.  category : "" where more than one is attainable.  attainable : those categories, in order.
    missing : inputs that are not known and matter.  meaning : what the source says of the category, of its own cohort.
    """

    definition: str
    title: str
    value_name: str
    value: float | None
    value_low: float | None
    value_high: float | None
    category: str
    attainable: tuple[str, ...]
    missing: tuple[str, ...]
    meaning: str
    citation: str
    doi: str
    check_status: str
    check_note: str = ""

    def __float__(self) -> float:
        return math.nan if self.value is None else self.value

    def to_dict(self) -> dict[str, Any]:
        """All fields, as JSON can hold them."""
        names = [name for name in self.__dataclass_fields__ if name not in ("excluded", "notes")]
        return plain({**{name: getattr(self, name) for name in names}, "notes": self.notes})

    def to_frame(self) -> pd.DataFrame:
        """One row."""
        import pandas as pd

        body = self.to_dict()
        return pd.DataFrame([{k: "; ".join(v) if isinstance(v, list) else v for k, v in body.items()}])

    def __str__(self) -> str:
        value = "cannot tell" if self.value is None else f"{self.value:g}"
        if self.value is None and self.value_low is not None and self.value_high is not None:
            value = f"{self.value_low:g} to {self.value_high:g}"
        words = self.category or ("cannot tell: " + " or ".join(self.attainable) if self.attainable else "cannot tell")
        unit = _UNITS.get(self.value_name, self.value_name)
        lines = [f"{self.title}: {value} {unit}".rstrip(), f"  {words}"]
        if self.meaning:
            lines.append(f"  {self.meaning}")
        if self.missing:
            lines.append(f"  missing: {', '.join(self.missing)}")
        link = f", doi:{self.doi}" if self.doi else ""
        lines.append(f"  source: {self.citation}{link} (check status: {self.check_status})")
        return "\n".join(lines + tail_lines(self))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Assessments(Result):
    """The answers of one definition for many patients, arrays (n,).

    attainable, missing : texts, joined with "; ".  Fields as in ``Assessment``; NaN where there is no number.
    """

    definition: str
    title: str
    value_name: str
    value: Array
    value_low: Array
    value_high: Array
    category: Texts
    attainable: Texts
    missing: Texts
    citation: str
    doi: str
    check_status: str
    check_note: str = ""

    @classmethod
    def of(cls, definition: ClinicalDefinition, found: Sequence[Outcome]) -> Assessments:
        """From outcomes, in their order."""
        joined: dict[int, tuple[str, str]] = {}
        for one in found:
            if id(one) not in joined:
                joined[id(one)] = ("; ".join(one.attainable), "; ".join(one.missing))
        texts = [joined[id(one)] for one in found]
        said = dict.fromkeys(note for one in {id(one): one for one in found}.values() for note in one.notes)
        return cls(
            definition=definition.id, title=definition.title, value_name=definition.value_name,
            value=np.array([one.value for one in found], dtype=float), value_low=np.array([one.low for one in found], dtype=float),
            value_high=np.array([one.high for one in found], dtype=float), category=_texts([one.category for one in found]),
            attainable=_texts([text[0] for text in texts]), missing=_texts([text[1] for text in texts]),
            citation=definition.source.citation, doi=definition.source.doi, check_status=definition.source.check_status,
            check_note=definition.source.check_note, notes=(*said, *definition.notes, LIMITS),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.value)

    def columns(self) -> dict[str, Any]:
        """The columns that go beside the patients' rows."""
        head = f"{self.definition}_{self.value_name}" if self.value_name else f"{self.definition}_value"
        return {
            head: self.value, f"{head}_low": self.value_low, f"{head}_high": self.value_high, f"{self.definition}_category": self.category,
            f"{self.definition}_attainable": self.attainable, f"{self.definition}_missing": self.missing,
        }  # fmt: skip

    def to_frame(self) -> pd.DataFrame:
        """One row a patient."""
        import pandas as pd

        return pd.DataFrame(self.columns())

    @property
    def counts(self) -> dict[str, int]:
        """Patients in each category; "" is "cannot tell"."""
        found: dict[str, int] = {}
        for name in self.category:
            found[str(name)] = found.get(str(name), 0) + 1
        return dict(sorted(found.items()))

    def __str__(self) -> str:
        counts = ", ".join(f"{name or 'cannot tell'} {count}" for name, count in self.counts.items())
        lines = [f"Assessments: {self.title}, {len(self)} patients", f"  {counts or 'nobody'}"]
        lines.append(f"  source: {self.citation} (check status: {self.check_status})")
        return "\n".join(lines + tail_lines(self))


def known(value: Any) -> Any:
    """The value, or None where it stands for unknown; numpy's scalars become Python's.

    >>> known(" unknown "), known(float("nan")), known("T5"), known(0)
    (None, None, 'T5', 0)
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, str):
        return None if value is None or value.strip().casefold() in _UNKNOWN_WORDS else value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    return None if type(value).__name__ in ("NAType", "NaTType") else value


def number(name: str, value: Any, low: float, high: float, unit: str = "") -> float | None:
    """A number in its range, or None where unknown; OptionError tells the range, not the value.

    >>> number("age_years", 61, 0, 130), number("age_years", None, 0, 130)
    (61.0, None)
    """
    if value is None:
        return None
    try:
        found = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not low <= found <= high:
        raise OptionError(f"{name} is not a number from {low:g} to {high:g}{f' {unit}' if unit else ''}.")
    return found


def yes_no(name: str, value: Any) -> bool | None:
    """True, False or None where unknown: yes, no, 1, 0, true, false, present, absent.

    >>> yes_no("visceral", "yes"), yes_no("visceral", 0), yes_no("visceral", None)
    (True, False, None)
    """
    if value is None:
        return None
    if isinstance(value, str):
        value = _YES_NO.get(value.strip().casefold())
    if isinstance(value, (bool, int, float)) and value in (0, 1):
        return bool(value)
    raise OptionError(f"{name} is not yes or no. Leave it out where it is not known.")


_YES_NO = {
    "yes": True, "y": True, "true": True, "1": True, "present": True, "no": False, "n": False, "false": False, "0": False,
    "absent": False, "none": False,
}  # fmt: skip


def word(name: str, value: Any, choices: Sequence[str], synonyms: Mapping[str, str] | None = None) -> str | None:
    """A value among the choices, case and dashes folded, or None where unknown; OptionError lists the choices, not the value.

    >>> word("lesion", "Lytic", ("blastic", "mixed", "lytic"))
    'lytic'
    """
    if value is None:
        return None
    plain_text = " ".join(str(value).casefold().replace("_", " ").replace("–", "-").split())
    folded = {choice.casefold(): choice for choice in choices} | dict(synonyms or {})
    if plain_text in folded:
        return folded[plain_text]
    raise OptionError(f"{name} is not one of {', '.join(map(repr, choices))}.")


def _hashable(row: tuple[Any, ...]) -> bool:
    try:
        hash(row)
    except TypeError:
        return False
    return True


def _none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _texts(values: Sequence[str]) -> Texts:
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


def _aligned(columns: Mapping[str, Any], what: str) -> tuple[dict[str, list[Any]], int]:
    """Each column as a list of the same length; single values are repeated."""
    lists: dict[str, list[Any]] = {}
    single: dict[str, Any] = {}
    for name, values in columns.items():
        if isinstance(values, np.ndarray) and values.ndim == 1:
            lists[name] = values.tolist()
        elif isinstance(values, (str, bytes, Mapping)) or not hasattr(values, "__len__"):
            single[name] = values
        else:
            lists[name] = list(values)
    lists = {name: [known(value) for value in values] for name, values in lists.items()}
    single = {name: known(value) for name, value in single.items()}
    sizes = {len(values) for values in lists.values()}
    if len(sizes) > 1:
        raise TableError(f"the columns of {what} have different lengths", expected="one value a patient in each")
    size = sizes.pop() if sizes else (1 if single else 0)
    return {**lists, **{name: [value] * size for name, value in single.items()}}, size


def forms(definition: ClinicalDefinition) -> tuple[Callable[..., Assessments], Callable[..., Any]]:
    """The array form and the frame form of a definition, as plain functions that carry its name."""

    def array_form(**columns: Any) -> Assessments:
        return definition.assess_array(**columns)

    def frame_form(frame: pd.DataFrame, *, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
        return definition.assess_frame(frame, columns=columns)

    listed = "; ".join(f"{one.name}: {one.values}" for one in definition.inputs)
    array_form.__name__ = array_form.__qualname__ = f"{definition.id}_array"
    array_form.__doc__ = f"{definition.title} of many patients: arrays (n,) in, ``Assessments`` out. {listed}."
    frame_form.__name__ = frame_form.__qualname__ = f"{definition.id}_frame"
    frame_form.__doc__ = (
        f"{definition.title} beside each row of a frame: columns {definition.id}_* are added. {listed}."
    )
    return array_form, frame_form
