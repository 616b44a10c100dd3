"""Names of treatments and studies as codes, and the order of treatments."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.effects.reading import Sheet
from ostealgia.errors import OptionError, suggestion

Index = NDArray[np.int64]

# our column -> how tables call it
SPELLINGS: dict[str, tuple[str, ...]] = {
    "treatment": ("treatment", "treat", "trt", "therapy", "intervention", "arm"),
    "treat1": ("treat1", "treat_1", "treatment1", "treatment_1", "trt1", "trt_1", "arm1", "arm_1", "t1"),
    "treat2": ("treat2", "treat_2", "treatment2", "treatment_2", "trt2", "trt_2", "arm2", "arm_2", "t2"),
}


def alphabetical(name: str) -> tuple[tuple[tuple[int, str], ...], str]:
    """A key that sorts names as a reader expects: capitals and accents do not count, marks come before digits before letters.

    >>> sorted(["SFC", "Salmeterol", "placebo", "Élan 2"], key=alphabetical)
    ['Élan 2', 'placebo', 'Salmeterol', 'SFC']
    """
    plain = unicodedata.normalize("NFKD", name)
    folded = "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()
    return tuple((2 if c.isalpha() else 1 if c.isdigit() else 0, c) for c in folded), name


def ordered(names: Iterable[str]) -> list[str]:
    """Names as a reader expects them: numbers by size where all are numbers, else alphabetical.

    >>> ordered({"10", "9"}), ordered({"drug 10", "drug 9"})
    (['9', '10'], ['drug 10', 'drug 9'])
    """
    listed = list(names)
    try:
        return sorted(listed, key=lambda name: (float(name), name))
    except ValueError:
        return sorted(listed, key=alphabetical)


def codes(labels: Sequence[str]) -> tuple[Index, list[str]]:
    """Each label as a number, in order of first appearance.

    >>> codes(["b", "a", "b"])[0].tolist()
    [0, 1, 0]
    """
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(label, len(seen)) for label in labels], dtype=np.int64), list(seen)


def find_column(sheet: Sheet, name: str) -> str | None:
    """The column of the sheet that stands for ``name``; another spelling is renamed and noted."""
    for spelling in SPELLINGS[name]:
        if spelling in sheet.columns:
            if spelling != name:
                sheet.columns[name] = sheet.columns.pop(spelling)
                sheet.notes.append(f"column {sheet.original.get(spelling, spelling)!r} read as {name!r}")
            return name
    return None


def known(option: str, name: Any, treatments: Sequence[str]) -> str:
    """The treatment with this name; capitals do not count. Raises OptionError with the names that occur."""
    text = str(name).strip()
    if text in treatments:
        return text
    folded = {treatment.casefold(): treatment for treatment in treatments}
    if text.casefold() in folded:
        return folded[text.casefold()]
    listed = ", ".join(map(repr, treatments))
    raise OptionError(f"{option}={name!r} is not a treatment of this network: {listed}.{suggestion(text, treatments)}")


def join(names: Iterable[str], most: int = 8) -> str:
    """Names for a sentence: "A, B and C", shortened where there are many.

    >>> join(["A", "B", "C"])
    'A, B and C'
    """
    listed = list(names)
    if len(listed) > most:
        return f"{', '.join(listed[:most])} and {len(listed) - most} more"
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}" if listed else ""
