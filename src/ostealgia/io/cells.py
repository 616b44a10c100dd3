"""One cell: is it a number, a missing value, or text; and what is wrong with text that should be a number."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ostealgia.display import MINUS
from ostealgia.tables.columns import ARM_COLUMNS

# words that stand for "no value" in a column of numbers (folded to lower case); the empty cell needs no word
MISSING_WORDS = frozenset([
    "na", "n/a", "#n/a", "nan", "null", "none", "-", "--", ".", "..", "?", "\u2013", "\u2014", MINUS,
    "nr", "n.r.", "not reported", "not available", "not stated", "missing",
])  # fmt: skip
# columns that are labels whatever they look like: 2019 is a study's name here, not a number
TEXT_COLUMNS = frozenset([
    "study", "label", "author", "authors", "arm", "arm_1", "arm_2", "arm_role", "outcome", "time_unit", "measure",
    "source", "note", "doi", "pmid", "id", "title", "country", "design", "status", "citation", "treatment",
    "treatment_1", "treatment_2", "tool", "domain", "item", "judgement", "support", "column", "from", "to", "why",
    "accepted_by", "date",
])  # fmt: skip
# columns that are numbers whatever they look like: text in them is reported, not taken as a label
NUMBER_COLUMNS = frozenset([
    "estimate", "std_error", "variance", "ci_low", "ci_high", "ci_level", "p_value", "r", "correlation",
    "o_minus_e", "mean_pre", "sd_pre", "mean_post", "sd_post",
    *ARM_COLUMNS, *(f"{name}_{arm}" for arm in (1, 2) for name in ARM_COLUMNS),
])  # fmt: skip

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_LONG = re.compile(r"[-+]?\d{16,}")  # an identifier: a float cannot hold it
_INFINITE = re.compile(r"([-+]?)inf(?:inity)?", re.IGNORECASE)
_COMMA_NUMBER = re.compile(r"[-+]?(?:\d+,\d*|,\d+)(?:[eE][-+]?\d+)?")
# a comma that cannot separate thousands: not exactly three digits after it, a zero or more than three digits before it
_COMMA_SURE = re.compile(r"[-+]?(?:\d*,(?:\d{1,2}|\d{4,})|0+,\d+|\d{4,},\d+)(?:[eE][-+]?\d+)?")
_POINT_NUMBER = re.compile(r"[-+]?\d*\.\d+(?:[eE][-+]?\d+)?")
EXACT_INTEGERS = 2.0**53

_HINTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), hint)
    for pattern, hint in (
        (
            r"#(div/0|ref|value|name|num|null|n/a).*",
            "Mend the formula in the spreadsheet: the cell holds its error",
        ),
        (
            r".*%",
            "Write the number alone, without the per-cent sign; a proportion lies between 0 and 1",
        ),
        (
            r"[<>\u2264\u2265=~\u2248].*",
            "Write the number alone, or leave the cell empty: a bound such as <0.001 is not a number",
        ),
        (
            r"[-+]?\d{1,3}([,.]\d{3})+[,.]\d+",
            "Write the number without a separator of thousands, with a point for the decimals",
        ),
        (
            r"[-+]?\d{1,3}(,\d{3})+",
            "Write it without a separator of thousands (or with a point if the comma is decimal)",
        ),
        (
            r"[-+]?\d{1,3}([ '\u00a0\u2009\u202f]\d{3})+(\.\d+)?",
            "Write the number without a separator of thousands",
        ),
        (
            r"[-+]?\d*,\d+",
            "Write a point for the decimals; a decimal comma is read only where it cannot be anything else",
        ),
        (
            r"[\u2012-\u2015\u00ad\ufe63\uff0d]\s*[\d.].*",
            "Write the minus sign as a plain hyphen (-) or as U+2212",
        ),
        (
            r"\d{4}-\d\d-\d\d.*|\d{1,2}[-./][a-z]{3}.*|\d{1,2}/\d{1,2}/\d{2,4}",
            "The cell holds a date; spreadsheets turn entries such as 3-10 into dates. Type the number again",
        ),
        (r".*\u00b1.*|.*\+/-.*", "Give the mean and the SD a column each"),
        (r"[\d.]+\s*/\s*[\d.]+", "Give the events and the number of patients a column each"),
        (r".*\d\s*[(\[].*", "Write one number to a cell; the part in brackets needs a column of its own"),
        (
            r"[\d.]+\s*(-|\u2013|to)\s*[\d.]+",
            "Write one number to a cell; the two ends of a range need a column each",
        ),
        (
            r"[-+]?[\d.]+\s*[*\u2020\u2021a-z\u00b9\u00b2\u00b3]+",
            "Write the number alone, without unit or footnote mark",
        ),
        (r"'.*", "Remove the apostrophe before the number"),
    )
)


def parse_number(text: str, *, decimal_comma: bool = False) -> float | None:
    """The number in a cell, NaN where the cell is empty or a word for a missing value, None where it is text.

    >>> parse_number("-4.4"), parse_number("\u22124.4"), parse_number("1,445"), parse_number("0,25", decimal_comma=True)
    (-4.4, -4.4, None, 0.25)
    """
    text = text.strip()
    if not text or text.lower() in MISSING_WORDS:
        return math.nan
    if text.startswith(MINUS):
        text = "-" + text[1:]
    if decimal_comma and "." not in text and _COMMA_NUMBER.fullmatch(text):
        return float(text.replace(",", "."))
    if decimal_comma and "." in text:
        return None
    if text.isascii() and _NUMBER.fullmatch(text):
        return None if _LONG.fullmatch(text) else float(text)
    endless = _INFINITE.fullmatch(text)
    return float(f"{endless[1]}inf") if endless else None


def number_hint(text: object) -> str:
    """What to do about text that stands where a number is needed.

    >>> number_hint("1,445")
    'Write it without a separator of thousands (or with a point if the comma is decimal)'
    """
    plain = str(text).strip()
    for pattern, hint in _HINTS:
        if pattern.fullmatch(plain):
            return hint
    return "Write a number, or leave the cell empty if there is none"


@dataclass
class Cells:
    """A run of cells read as numbers. text : position -> the text found there; missing : word -> how often."""

    values: NDArray[np.float64]
    text: dict[int, str] = field(default_factory=dict)
    missing: Counter[str] = field(default_factory=Counter)
    minus_signs: int = 0


def read_quickly(values: Sequence[str]) -> tuple[NDArray[np.float64], bool] | None:
    """(numbers, a point is used) if all cells are plain finite numbers or empty; None where a closer look is due."""
    joined = "".join(values)
    if "_" in joined or not joined.isascii() or "n" in joined or "N" in joined:  # nan and inf are words: look closer
        return None
    try:
        filled = [value or "nan" for value in values] if "" in values else values
        numbers = np.fromiter(map(float, filled), np.float64, len(values))
    except ValueError:
        return None
    return None if np.any(np.abs(numbers) >= EXACT_INTEGERS) else (numbers, "." in joined)


def read_closely(values: Sequence[str], *, decimal_comma: bool = False) -> Cells:
    """Every cell by the rules of ``parse_number``; what is text stays text."""
    cells = Cells(np.full(len(values), math.nan))
    for position, raw in enumerate(values):
        number = parse_number(raw, decimal_comma=decimal_comma)
        text = raw.strip()
        if number is None:
            cells.text[position] = text
        elif number == number:
            cells.values[position] = number
            cells.minus_signs += text.startswith(MINUS)
        elif text:
            cells.missing[text] += 1
    return cells


def comma_evidence(values: Sequence[str]) -> tuple[int, int]:
    """(cells whose comma can only be decimal, cells with a decimal point)."""
    plain = [value.strip().replace(MINUS, "-") for value in values if value]
    commas = sum(1 for value in plain if "," in value and _COMMA_SURE.fullmatch(value))
    points = sum(1 for value in plain if "." in value and _POINT_NUMBER.fullmatch(value))
    return commas, points


def as_typed(value: float) -> int | float:
    """A number without needless decimals: 2019.0 becomes 2019."""
    return int(value) if value.is_integer() and abs(value) < EXACT_INTEGERS else value
