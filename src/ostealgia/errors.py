"""Errors that say what was found, what is expected and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class OstealgiaError(ValueError):
    """The root of every error that a caller can mend. The command line prints it and exits with status 2."""


class OptionError(OstealgiaError):
    """An option has a value that is not offered."""


def _sentences(
    place: Iterable[str | None], problem: str, found: object, expected: str | None, action: str | None
) -> str:
    """Place and problem, what was found, what is expected and what to do, as sentences; a question keeps its mark."""
    where = ", ".join(part for part in place if part)
    parts = [f"{where}: {problem}" if where else problem]
    if found is not None:
        parts.append(f"Found: {found}")
    if expected:
        parts.append(f"Expected: {expected}")
    if action:
        parts.append(action)
    text = ". ".join(part.rstrip(".") for part in parts)
    return text.replace("?. ", "? ") + ("" if text.endswith("?") else ".")


class TableError(OstealgiaError):
    """A table holds something that cannot be used.

    The message names, as far as they are known: file, row (as counted in the file, header = row 1), column, what was found, what is
    expected, and what to do.

    >>> str(TableError("std_error is not above 0", file="t.csv", row=7, column="std_error", found="-0.2",
    ...                expected="a number above 0", action="Correct the cell or remove the row."))
    't.csv, row 7, column std_error: std_error is not above 0. Found: -0.2. Expected: a number above 0. Correct the cell or remove the row.'
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
        found: object = None,
        expected: str | None = None,
        action: str | None = None,
    ) -> None:
        self.problem, self.file, self.row, self.column = problem, file, row, column
        self.found, self.expected, self.action = found, expected, action
        super().__init__(self._text())

    def _text(self) -> str:
        row = None if self.row is None else f"row {self.row}"
        column = None if self.column is None else f"column {self.column}"
        return _sentences((self.file, row, column), self.problem, self.found, self.expected, self.action)

    def at(self, *, file: str | None = None, row: int | None = None, column: str | None = None) -> TableError:
        """The same error with a place filled in where it was not known yet."""
        return type(self)(
            self.problem,
            file=self.file or file,
            row=self.row if self.row is not None else row,
            column=self.column or column,
            found=self.found,
            expected=self.expected,
            action=self.action,
        )

    def about(self, what: str) -> TableError:
        """The same error with what it is about in front.

        >>> str(TableError("n is 0", action="Correct the cell.").about("Tsai 2019"))
        'Tsai 2019: n is 0. Correct the cell.'
        """
        return type(self)(
            f"{what}: {self.problem}",
            file=self.file,
            row=self.row,
            column=self.column,
            found=self.found,
            expected=self.expected,
            action=self.action,
        )


class JsonError(OstealgiaError):
    """A JSON text cannot be used. The message never shows a value: it may be a patient's.

    >>> str(JsonError("this is not JSON", file="patient.json", place="line 3, column 7", action="Correct it there."))
    'patient.json, line 3, column 7: this is not JSON. Correct it there.'
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        place: str | None = None,
        found: object = None,
        expected: str | None = None,
        action: str | None = None,
    ) -> None:
        self.problem, self.file, self.place = problem, file, place
        self.found, self.expected, self.action = found, expected, action
        super().__init__(_sentences((file, place), problem, found, expected, action))

    def at(self, file: str | None) -> JsonError:
        """The same error with its file, where that was not known yet."""
        return type(self)(
            self.problem, file=self.file or file, place=self.place, found=self.found, expected=self.expected, action=self.action
        )  # fmt: skip


class DocumentError(OstealgiaError):
    """A paper cannot be read.

    The message names, as far as they are known: file, page (from 1), what was found, what is expected, and what to do.

    >>> str(DocumentError("the file is encrypted", file="paper.pdf", action="Save it without a password."))
    'paper.pdf: the file is encrypted. Save it without a password.'
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        page: int | None = None,
        found: object = None,
        expected: str | None = None,
        action: str | None = None,
    ) -> None:
        self.problem, self.file, self.page = problem, file, page
        self.found, self.expected, self.action = found, expected, action
        super().__init__(_sentences((file, None if page is None else f"page {page}"), problem, found, expected, action))


class ProjectError(OstealgiaError):
    """A project folder or its ``ostealgia.toml`` cannot be used."""


class ConvergenceError(OstealgiaError):
    """A fit did not converge; the message says which and what was tried."""


def suggestion(value: object, choices: Iterable[str]) -> str:
    """``" Did you mean 'REML'?"`` or an empty string.

    >>> suggestion("REMl", ["DL", "REML"])
    " Did you mean 'REML'?"
    """
    names = [str(choice) for choice in choices]
    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(str(value).casefold(), folded, n=1, cutoff=0.7)
    return f" Did you mean {folded[close[0]]!r}?" if close else ""
