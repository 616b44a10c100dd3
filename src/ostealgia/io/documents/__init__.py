"""Papers to text with its places: one text, its blocks in reading order, its tables as grids of cells."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOME = {
    "Block": "model",
    "Cell": "model",
    "Document": "model",
    "PrintedTable": "model",
    "from_text": "reading",
    "read_document": "reading",
    "read_documents": "children",
}
__all__ = ["Block", "Cell", "Document", "PrintedTable", "from_text", "read_document", "read_documents"]

if TYPE_CHECKING:
    from ostealgia.io.documents.children import read_documents
    from ostealgia.io.documents.model import Block, Cell, Document, PrintedTable
    from ostealgia.io.documents.reading import from_text, read_document


def __getattr__(name: str) -> Any:
    """Load a reader when it is first used."""
    if name in _HOME:
        return getattr(import_module(f"ostealgia.io.documents.{_HOME[name]}"), name)
    raise AttributeError(f"module 'ostealgia.io.documents' has no attribute {name!r}")
