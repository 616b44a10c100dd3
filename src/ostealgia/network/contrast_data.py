"""Contrasts of treatments, one row a comparison within a study: what a network is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects import checks
from ostealgia.effects.faults import Faults
from ostealgia.effects.reading import NOTHING, Sheet, as_text, numbers
from ostealgia.errors import TableError
from ostealgia.network.labels import codes
from ostealgia.tables.measures import MEASURES, Measure
from ostealgia.tables.result import Excluded, Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ArmCounts:
    """Arms as they were read, one row an arm: study and treatment labels, patients n (NaN where unknown), events or None."""

    study: tuple[str, ...]
    treatment: tuple[str, ...]
    n: Array
    events: Array | None = None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Contrasts(Result):
    """Contrasts on the analysis scale of their measure: treat1 less treat2.

    study, treat1, treat2 : labels (M,).  estimate, std_error : (M,), NaN where the study has no contrast (its reason is in ``excluded``).
    arms : the arms they were made from, where the table has arms.  rows : rows in the file, or empty.  options : what was chosen.
    """

    measure: str
    study: tuple[str, ...]
    treat1: tuple[str, ...]
    treat2: tuple[str, ...]
    estimate: Array
    std_error: Array
    arms: ArmCounts | None = None
    rows: tuple[int, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def definition(self) -> Measure:
        """The measure with its scales and back-transformation."""
        return MEASURES[self.measure]

    def to_frame(self) -> pd.DataFrame:
        """study, treat1, treat2, measure, estimate, std_error: one row a contrast."""
        import pandas as pd

        data = {
            "study": list(self.study), "treat1": list(self.treat1), "treat2": list(self.treat2), "measure": self.measure,
            "estimate": self.estimate, "std_error": self.std_error,
        }  # fmt: skip
        return pd.DataFrame(data)

    def __str__(self) -> str:
        studies = len(set(self.study))
        head = f"Contrasts: {self.measure} ({self.definition.analysis_scale}), {len(self.study)} from {studies} studies"
        lines = [head, self.to_frame().head(8).to_string(index=False)]
        return "\n".join([*lines, *tail_lines(self)])


def read_contrasts(sheet: Sheet, measure: str, on_bad: str) -> Contrasts:
    """Contrasts as given, with columns study, treat1, treat2, estimate, std_error. Rows with an empty cell are left out by name."""
    if "study" not in sheet.columns:
        raise TableError(
            "contrasts need a column 'study'", file=sheet.file, expected="the label of the study in each row"
        )
    labels = sheet.labels()
    first, second = ([_label(v) for v in sheet.columns[name].tolist()] for name in ("treat1", "treat2"))
    faults = Faults(sheet, labels, on_bad)
    cells: dict[str, Array] = {}
    for name in ("estimate", "std_error"):
        cells[name], text = numbers(sheet.columns[name])
        checks.refuse_text({name: text}, faults)
    checks.check_cells(cells, faults)
    empty = np.array([not (a and b) for a, b in zip(first, second, strict=True)])
    faults.leave_out(empty, "treat1 or treat2 is empty")
    same = np.array([bool(a) and a == b for a, b in zip(first, second, strict=True)])
    faults.refuse(
        same, "treat2", "a treatment is compared with itself", found=np.array(second, dtype=object),
        expected="two different treatments",
    )  # fmt: skip
    checks.leave_out_empty(cells, ("estimate", "std_error"), np.ones(sheet.size, dtype=bool), faults)
    faults.settle()
    keep = np.ones(sheet.size, dtype=bool)
    keep[list(faults.reasons)] = False
    rows = sheet.rows.tolist()
    lost = [Excluded(study=labels[i], reason=faults.reasons[i], row=rows[i]) for i in sorted(faults.reasons)]
    chosen = np.flatnonzero(keep).tolist()
    return Contrasts(
        measure=measure,
        study=tuple(labels[i] for i in chosen),
        treat1=tuple(first[i] for i in chosen),
        treat2=tuple(second[i] for i in chosen),
        estimate=cells["estimate"][keep],
        std_error=cells["std_error"][keep],
        rows=tuple(rows[i] for i in chosen),
        excluded=tuple(lost),
        notes=tuple(sheet.notes),
    )


def _label(value: Any) -> str:
    return value.strip() if type(value) is str and value not in NOTHING else as_text(value)


def studies_without_row(contrasts: Contrasts) -> set[str]:
    """Studies of which a row was left out and another stayed."""
    return {row.study for row in contrasts.excluded} & set(contrasts.study)


def code_studies(contrasts: Contrasts) -> tuple[Index, list[str]]:
    """The study of each row as a number, and the labels."""
    return codes(contrasts.study)
