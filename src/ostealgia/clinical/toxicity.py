"""Laboratory grades of the CTCAE, worst grades, and the neutrophil-to-lymphocyte ratio.

Source: Common Terminology Criteria for Adverse Events v5.0, National Cancer Institute, 27 November 2017. check_status: read for anaemia,
white cells, neutrophils and platelets (public reproductions). A boundary value belongs to the milder grade (Hb 8.0 g/dL is grade 2).
Pain flare is no CTCAE term: see ``pain_flare``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ostealgia.errors import OptionError, TableError
from ostealgia.options import one_of

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class LabTerm:
    """A term graded by a value. unit : of the value.  below : grade 2, 3 and 4 begin below these; None where no value decides."""

    term: str
    unit: str
    below: tuple[float, float, float | None]
    check_status: str = "read"


# version -> key -> term
LAB_TERMS: dict[str, dict[str, LabTerm]] = {
    "5.0": {
        "haemoglobin": LabTerm(term="Anemia", unit="g/L", below=(100.0, 80.0, None)),
        "white_cells": LabTerm(term="White blood cell decreased", unit="10^9/L", below=(3.0, 2.0, 1.0)),
        "neutrophils": LabTerm(term="Neutrophil count decreased", unit="10^9/L", below=(1.5, 1.0, 0.5)),
        "platelets": LabTerm(term="Platelet count decreased", unit="10^9/L", below=(75.0, 50.0, 25.0)),
    },
    "6.0": {
        "haemoglobin": LabTerm(term="Anemia", unit="g/L", below=(100.0, 80.0, None)),
        "platelets": LabTerm(term="Thrombocytopenia", unit="10^9/L", below=(75.0, 50.0, 10.0)),
    },
}
UNIT_FACTORS = {("haemoglobin", "g/dL"): 10.0}
WORST_GRADE = 5


def laboratory_grade(
    values: ArrayLike, what: str, *, lower_limit: ArrayLike | None = None, unit: str | None = None, version: str = "5.0"
) -> NDArray[np.object_]:
    """Grade of each value: "0" to "4", "0 or 1" where no lower limit of normal is given, "" where the value is missing.

    values : array (n,).  what : a key of ``LAB_TERMS``.  lower_limit : of normal, from the laboratory and sex, in the same unit.
    unit : of the values, default the table's ("g/dL" is understood for haemoglobin).  Grade 4 anaemia and grade 5 are clinical.

    >>> laboratory_grade([125, 100, 99, 80, 79], "haemoglobin", lower_limit=120).tolist()
    ['0', '1', '2', '2', '3']
    """
    table = LAB_TERMS[one_of("version", version, LAB_TERMS)]
    term = table[one_of("what", what, table)]
    factor = 1.0 if unit in (None, term.unit) else UNIT_FACTORS.get((what, str(unit)))
    if factor is None:
        raise OptionError(f"unit={unit!r} is not {term.unit!r}. Convert the values first.")
    x = np.atleast_1d(np.asarray(values, dtype=float)) * factor
    if np.any(x < 0) or np.any(np.isinf(x)):
        raise TableError("a laboratory value is impossible", column=what, expected=f"0 or more, {term.unit}")
    grade = np.full(len(x), "0 or 1", dtype=object)
    if lower_limit is not None:
        limit = np.broadcast_to(np.asarray(lower_limit, dtype=float) * factor, x.shape)
        known = ~np.isnan(limit)
        grade[known] = np.where(x[known] < limit[known], "1", "0")
    for name, bound in zip("234", term.below, strict=True):
        if bound is not None:
            grade[x < bound] = name
    grade[np.isnan(x)] = ""
    return grade


def worst_grades(
    events: pd.DataFrame, ids: ArrayLike, *, by: str = "category", from_day: float = 0.0, to_day: float | None = None
) -> pd.DataFrame:
    """The worst grade of each patient in each category, 0 where there is no episode: one row a patient, one column a category.

    events : columns id, ``by``, grade, onset_day.  ids : all patients of the analysis, so that those without an event stay.
    from_day, to_day : only episodes that begin from the one to the other, both included; one without onset day is kept.

    >>> import pandas as pd
    >>> events = pd.DataFrame({"id": ["a", "a"], "category": ["nausea", "nausea"], "grade": [1, 3], "onset_day": [2, 9]})
    >>> worst_grades(events, ["a", "b"]).to_numpy().tolist()
    [['a', 3], ['b', 0]]
    """
    import pandas as pd

    table: Any = events
    for name in ("id", by, "grade"):
        if name not in table.columns:
            raise TableError(f"there is no column {name!r}", expected=f"id, {by}, grade, onset_day")
    patients = pd.Index(pd.unique(pd.Series(np.asarray(ids, dtype=object))), name="id")
    grade: Any = pd.to_numeric(events["grade"])
    wrong = (grade.notna() & ~grade.isin(range(WORST_GRADE + 1))).to_numpy()
    if wrong.any():
        raise TableError(
            "not a grade", column="grade", row=int(np.flatnonzero(wrong)[0]) + 2, expected="a whole number from 0 to 5"
        )
    if not table["id"].isin(patients).all():
        raise TableError(
            "an event belongs to nobody in the list of patients", column="id", expected="ids that are in the list"
        )
    used = table.assign(grade=grade)
    if "onset_day" in events.columns:
        day: Any = pd.to_numeric(events["onset_day"])
        used = used[day.isna() | ((day >= from_day) & (day <= (np.inf if to_day is None else to_day)))]
    wide = used.pivot_table(index="id", columns=by, values="grade", aggfunc="max")
    wide = wide.reindex(index=patients, columns=sorted(events[by].dropna().unique())).fillna(0).astype(int)
    return wide.rename_axis(columns=None).reset_index()


def neutrophil_lymphocyte_ratio(neutrophils: ArrayLike, lymphocytes: ArrayLike) -> Array:
    """NLR of absolute counts in the same unit; NaN where lymphocytes are 0 or a value is missing.

    >>> neutrophil_lymphocyte_ratio([6.0, 4.0], [1.5, 0.0]).tolist()
    [4.0, nan]
    """
    top, below = np.broadcast_arrays(np.asarray(neutrophils, dtype=float), np.asarray(lymphocytes, dtype=float))
    if np.any(top < 0) or np.any(below < 0):
        raise TableError("a cell count is below 0", expected="absolute counts of 0 or more, both in one unit")
    return np.divide(top, below, out=np.full(top.shape, np.nan), where=below > 0)
