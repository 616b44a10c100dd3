"""Effect sizes as one frozen object: what pooling, plots and reports start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.tables.measures import MEASURES, Measure
from ostealgia.tables.result import Result

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class EffectSizes(Result):
    """One effect a row, on the analysis scale of its measure.

    measure : name, for instance "OR".  study : labels (k,).  estimate, std_error : arrays (k,).
    n : patients a row (k,), NaN where unknown.  columns : the other columns of the kept rows, by our names (events_1, n_1, ...;
    also subgroup and moderator columns, as arrays of any type).  rows : number of each row in the file (header = row 1) or empty.
    options : what was chosen, by name (vtype, increment, ...).  excluded, notes : what was left out, what must be said.
    """

    measure: str
    study: tuple[str, ...]
    estimate: Array
    std_error: Array
    n: Array
    columns: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple[int, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def k(self) -> int:
        """Number of effects."""
        return len(self.estimate)

    @property
    def definition(self) -> Measure:
        """The measure with its scales and back-transformation."""
        return MEASURES[self.measure]

    @property
    def variance(self) -> Array:
        """Squared standard errors, (k,)."""
        return np.square(self.std_error)

    def column(self, name: str) -> Any:
        """A value a row, (k,), by the name of a kept column, or study, n, estimate, std_error, variance; None where there is none.

        A column of the table that was not used for the effects (an estimate beside counts) is found by its name as well.
        """
        own = {"study": self.study, "n": self.n, "estimate": self.estimate, "std_error": self.std_error}
        for found in (self.columns.get(name), own.get(name), self.columns.get(f"published_{name}")):
            if found is not None:
                return np.asarray(found)
        return self.variance if name == "variance" else None

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names that ``column`` knows."""
        return tuple(dict.fromkeys(["study", *self.columns, "n", "estimate", "std_error", "variance"]))

    def take(self, keep: Any) -> EffectSizes:
        """The effects at these positions (integer or boolean index), in that order, with the same options and notes."""
        index = np.arange(self.k)[np.asarray(keep)]
        return EffectSizes(
            measure=self.measure,
            study=tuple(self.study[i] for i in index),
            estimate=self.estimate[index],
            std_error=self.std_error[index],
            n=self.n[index],
            columns={name: np.asarray(values)[index] for name, values in self.columns.items()},
            rows=tuple(self.rows[i] for i in index) if self.rows else (),
            options=self.options,
            excluded=self.excluded,
            notes=self.notes,
        )

    def to_frame(self) -> pd.DataFrame:
        """study, measure, estimate, std_error, n, then the input columns: one row an effect."""
        import pandas as pd

        data: dict[str, Any] = {
            "study": list(self.study),
            "measure": self.measure,
            "estimate": self.estimate,
            "std_error": self.std_error,
            "n": self.n,
        }
        data.update({name: values for name, values in self.columns.items() if name not in data})
        return pd.DataFrame(data)

    def __str__(self) -> str:
        head = f"EffectSizes: {self.measure} ({self.definition.analysis_scale}), {self.k} rows"
        tail = [
            f"  {len(self.excluded)} excluded" if self.excluded else "",
            *(f"  note: {note}" for note in self.notes),
        ]
        return "\n".join([head, self.to_frame().head(8).to_string(index=False), *(line for line in tail if line)])
