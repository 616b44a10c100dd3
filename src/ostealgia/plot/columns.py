"""What was measured in each study, as columns of a table: events/n, mean (SD) and n, by the kind of measure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.plot.numbers import MISSING, column_texts, count_text

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column left of the plot.

    head : its own heading.  arm : heading shared with its neighbours, or "".  cells : text a study, in two parts that
    meet at one line of the page ("12" and "/40"), or one part.  total : text for the studies at some positions.
    """

    head: str
    arm: str = ""
    cells: tuple[tuple[str, str], ...]
    total: Callable[[Sequence[int]], tuple[str, str]] = field(default=lambda positions: ("", ""))
    align: str = "right"


def data_columns(frame: Any, kind: str, arms: Sequence[str], event_label: str) -> list[Column]:
    """The columns for this kind of measure, as far as the frame has them; else n where it is known."""
    made = _BUILDERS.get(kind, _sizes)(frame, tuple(arms), event_label)
    return made or _sizes(frame, tuple(arms), event_label)


def text_column(frame: Any, name: str, head: str) -> Column:
    """Any column of the study frame, as text, next to the study."""
    values = frame[name].tolist()
    if all(isinstance(value, (int, float)) for value in values):
        whole = all(math.isnan(value) or float(value).is_integer() for value in values)
        texts = [
            MISSING if math.isnan(v) else f"{int(v)}" if whole else t
            for v, t in zip(values, column_texts(values), strict=True)
        ]
    else:
        texts = [MISSING if value is None or value != value else " ".join(str(value).split()) for value in values]
    return Column(head=head, cells=tuple((text, "") for text in texts), align="left")


def _has(frame: Any, *names: str) -> bool:
    return all(name in frame.columns and np.isfinite(_values(frame, name)).any() for name in names)


def _values(frame: Any, name: str) -> Array:
    import pandas as pd

    return np.asarray(pd.to_numeric(frame[name], errors="coerce"), dtype=float)


def _fraction(frame: Any, above: str, below: str, head: str, arm: str) -> Column:
    """Events and what they are out of ("12" and "/40"), with both sums."""
    tops, bottoms = _values(frame, above), _values(frame, below)
    digits = [_count_digits(values) for values in (tops, bottoms)]

    def cell(top: float, bottom: float) -> tuple[str, str]:
        return count_text(top, digits[0]), "/" + count_text(bottom, digits[1])

    def total(positions: Sequence[int]) -> tuple[str, str]:
        rows = list(positions)
        return cell(float(np.nansum(tops[rows])), float(np.nansum(bottoms[rows])))

    return Column(head=head, arm=arm, cells=tuple(cell(a, b) for a, b in zip(tops, bottoms, strict=True)), total=total)


def _count_digits(values: Array) -> int:
    """Decimals of counts and person-times: none, or one where they are small and not whole."""
    finite = values[np.isfinite(values)]
    return int(len(finite) > 0 and finite.max() < 100 and bool((np.abs(finite - np.round(finite)) > 1e-9).any()))


def _count(frame: Any, name: str, arm: str = "", head: str = "n") -> Column:
    values = _values(frame, name)

    def total(positions: Sequence[int]) -> tuple[str, str]:
        return count_text(float(np.nansum(values[list(positions)])), digits), ""

    digits = _count_digits(values)
    return Column(head=head, arm=arm, cells=tuple((count_text(value, digits), "") for value in values), total=total)


def _mean_sd(frame: Any, mean: str, sd: str, arm: str, head: str = "mean (SD)") -> Column:
    means = column_texts(_values(frame, mean))
    sds = column_texts(_values(frame, sd))
    return Column(head=head, arm=arm, cells=tuple((m, f" ({s})") for m, s in zip(means, sds, strict=True)))


def _measured(frame: Any, name: str, arm: str, head: str) -> Column:
    return Column(head=head, arm=arm, cells=tuple((text, "") for text in column_texts(_values(frame, name))))


def _two_binary(frame: Any, arms: tuple[str, ...], event_label: str) -> list[Column]:
    if not _has(frame, "events_1", "n_1", "events_2", "n_2"):
        return []
    return [_fraction(frame, f"events_{i}", f"n_{i}", f"{event_label}/n", arms[i - 1]) for i in (1, 2)]


def _two_continuous(frame: Any, arms: tuple[str, ...], event_label: str) -> list[Column]:
    if not _has(frame, "mean_1", "sd_1", "n_1", "mean_2", "sd_2", "n_2"):
        return []
    return [
        column
        for i in (1, 2)
        for column in (_mean_sd(frame, f"mean_{i}", f"sd_{i}", arms[i - 1]), _count(frame, f"n_{i}", arms[i - 1]))
    ]


def _two_variability(frame: Any, arms: tuple[str, ...], event_label: str) -> list[Column]:
    if not _has(frame, "sd_1", "n_1", "sd_2", "n_2"):
        return []
    return [
        column
        for i in (1, 2)
        for column in (_measured(frame, f"sd_{i}", arms[i - 1], "SD"), _count(frame, f"n_{i}", arms[i - 1]))
    ]


def _two_rate(frame: Any, arms: tuple[str, ...], event_label: str) -> list[Column]:
    if not _has(frame, "events_1", "person_time_1", "events_2", "person_time_2"):
        return []
    return [_fraction(frame, f"events_{i}", f"person_time_{i}", f"{event_label}/time", arms[i - 1]) for i in (1, 2)]


def _pre_post(frame: Any, arms: tuple[str, ...], event_label: str) -> list[Column]:
    if not _has(frame, "mean_pre", "sd_pre", "mean_post", "sd_post"):
        return _sizes(frame, arms, event_label)
    columns = [_mean_sd(frame, "mean_pre", "sd_pre", "Before"), _mean_sd(frame, "mean_post", "sd_post", "After")]
    return columns + _sizes(frame, arms, event_label)


def _proportion(frame: Any, arms: tuple[str, ...], event_label: str) -> list[Column]:
    return [_fraction(frame, "events", "n", f"{event_label}/n", "")] if _has(frame, "events", "n") else []


def _mean(frame: Any, arms: tuple[str, ...], event_label: str) -> list[Column]:
    return [_mean_sd(frame, "mean", "sd", ""), _count(frame, "n")] if _has(frame, "mean", "sd", "n") else []


def _rate(frame: Any, arms: tuple[str, ...], event_label: str) -> list[Column]:
    return (
        [_fraction(frame, "events", "person_time", f"{event_label}/time", "")]
        if _has(frame, "events", "person_time")
        else []
    )


def _sizes(frame: Any, arms: tuple[str, ...], event_label: str) -> list[Column]:
    return [_count(frame, "n")] if _has(frame, "n") else []


_BUILDERS: dict[str, Callable[[Any, tuple[str, ...], str], list[Column]]] = {
    "two-group binary": _two_binary,
    "two-group continuous": _two_continuous,
    "two-group variability": _two_variability,
    "two-group rate": _two_rate,
    "pre-post": _pre_post,
    "proportion": _proportion,
    "mean": _mean,
    "rate": _rate,
}
