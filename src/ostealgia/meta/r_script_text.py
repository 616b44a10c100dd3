"""R as text: strings, numbers, vectors and data frames that R reads back exactly, and the checks of a script."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

WIDTH = 100


def r_string(value: Any) -> str:
    r"""A string in quotes: backslash, quote and control characters escaped, letters outside ASCII as \u{...}, so that nothing in a
    study's name can end the string and the script reads alike in every locale.

    >>> print(r_string('Müller "A"\\n'))
    "M\u{fc}ller \"A\"\\n"
    """
    return '"' + "".join(_letter(letter) for letter in str(value)) + '"'


def _letter(letter: str) -> str:
    code = ord(letter)
    if letter in '"\\':
        return "\\" + letter
    if 32 <= code < 127:
        return letter
    return f"\\u{{{code:x}}}" if code <= 0xFFFF else f"\\U{{{code:x}}}"


def r_number(value: float) -> str:
    """A number with all its digits; NA, Inf and -Inf where it is none.

    >>> r_number(0.1), r_number(3.0), r_number(float("nan")), r_number(float("inf"))
    ('0.1', '3', 'NA', 'Inf')
    """
    value = float(value)
    if math.isnan(value):
        return "NA"
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def r_value(value: Any) -> str:
    """A number, a logical or a string, by its type; NA for None."""
    if value is None:
        return "NA"
    if isinstance(value, (bool, np.bool_)):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float, np.integer, np.floating)):
        return r_number(float(value))
    return r_string(value)


def r_vector(values: Iterable[Any], indent: int = 0) -> str:
    """c(...), broken into lines.

    >>> r_vector([1, 2.5, None])
    'c(1, 2.5, NA)'
    """
    words = [r_value(value) for value in values]
    if len(words) == 1:
        return words[0]
    lines, line = [], "c("
    for i, word in enumerate(words):
        piece = word + (", " if i < len(words) - 1 else ")")
        if len(line) + len(piece) > WIDTH - indent and line != "c(":
            lines.append(line.rstrip())
            line = "  "
        line += piece
    return ("\n" + " " * indent).join([*lines, line]) if words else "c()"


def r_frame(name: str, columns: Mapping[str, Iterable[Any]]) -> str:
    """An assignment of a data frame, one column a line."""
    body = ",\n".join(f"  {column} = {r_vector(values, 4)}" for column, values in columns.items())
    return f"{name} <- data.frame(\n{body},\n  stringsAsFactors = FALSE\n)"


def r_comment(text: str) -> str:
    """Comment lines; a line break or control character of the text cannot leave them."""
    plain = "".join(
        letter if letter.isprintable() and ord(letter) < 127 else _letter(letter) for letter in text.replace("\n", " ")
    )
    words, lines, line = plain.split(" "), [], "#"
    for word in words:
        if len(line) + len(word) + 1 > WIDTH and line != "#":
            lines.append(line)
            line = "#"
        line += " " + word
    return "\n".join([*lines, line])


AGREES = """agrees <- function(found, expected, tolerance = 1e-6, unit = max(abs(expected), 1e-300)) {
  length(found) == length(expected) && all(abs(as.numeric(found) - expected) <= tolerance * pmax(unit, abs(expected)))
}"""


@dataclass
class Script:
    """Lines of a script under way. libraries : packages to load. tolerance : default of the checks."""

    title: str
    libraries: tuple[str, ...] = ("metafor",)
    lines: list[str] = field(default_factory=list)

    def comment(self, text: str) -> None:
        """A comment, wrapped."""
        self.lines.append(r_comment(text))

    def add(self, *code: str) -> None:
        """Code as it stands; an empty string is an empty line."""
        self.lines.extend(code)

    def check(
        self, what: str, found: str, expected: Any, *, tolerance: float = 1e-6, unit: float | None = None
    ) -> None:
        """stopifnot that an R expression gives this number (or these), with what it is as the message.

        unit : the size below which differences count absolutely (a standard error), so that a value near zero is not compared to itself.
        Nothing is written for a number that is missing.
        """
        values = [float(value) for value in np.atleast_1d(np.asarray(expected, dtype=float))]
        if any(not math.isfinite(value) for value in values):
            return
        size = (
            "" if unit is None or not math.isfinite(unit) or unit <= 0 else f", unit = {r_number(float(f'{unit:.3g}'))}"
        )
        shown = r_vector((float(f"{value:.12g}") for value in values), 2)
        self.require(what, found, shown, tolerance, size)

    def require(self, what: str, found: str, expected: str, tolerance: float, size: str = "") -> None:
        """The same with R code for what is expected."""
        line = f"stopifnot({r_string(what)} = agrees({found}, {expected}, {tolerance:g}{size}))"
        if len(line) > WIDTH + 20:
            line = f"stopifnot({r_string(what)} = agrees(\n  {found},\n  {expected}, {tolerance:g}{size}))"
        self.lines.append(line)

    def text(self) -> str:
        """The whole script."""
        head = [
            r_comment(self.title),
            r_comment("Written by ostealgia (Python); its numbers are checked where it says stopifnot."),
        ]
        loads = [f"suppressPackageStartupMessages(library({name}))" for name in self.libraries]
        tail = ["", 'cat("all numbers agree with ostealgia\\n")', ""]
        return "\n".join([*head, "", *loads, "", AGREES, "", *self.lines, *tail])
