"""A paper ready to be checked: its document, its statements and its tables as they were understood."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from ostealgia.audit.finding import Finding, Place
from ostealgia.audit.statements.model import Statement
from ostealgia.io.documents.model import Document

if TYPE_CHECKING:
    from ostealgia.audit.tables.model import ReadTable

S = TypeVar("S", bound=Statement)


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What the checks see. tables : one entry for each of Document.tables, in the same order."""

    document: Document
    statements: tuple[Statement, ...] = ()
    tables: tuple[ReadTable, ...] = field(default=())

    def place(self, start: int, end: int) -> Place:
        """The place of a span, with the words it covers (at most 25 of them)."""
        words = self.document.quote(start, end).split()
        quote = " ".join(words if len(words) <= 25 else [*words[:25], "..."])
        document = self.document
        return Place(
            document=document.name, page=document.page(start), line=document.line(start), span=(start, end), quote=quote
        )

    def of_kind(self, kind: type[S]) -> list[S]:
        """The statements of one kind, in reading order."""
        if kind not in self._by_kind:
            self._by_kind[kind] = [statement for statement in self.statements if isinstance(statement, kind)]
        return list[Any](self._by_kind[kind])

    @cached_property
    def _by_kind(self) -> dict[type[Statement], list[Any]]:
        """Kind of statement -> those of it; the checks ask for each kind many times."""
        return {}


Check = Callable[[Paper], Iterable[Finding]]
