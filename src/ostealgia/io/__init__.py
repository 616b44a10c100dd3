"""Files to tables and back: what was found in the file is told, nothing is mended in silence."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOME = {
    "Table": "tables",
    "read_table": "tables",
    "number_hint": "cells",
    "json_ready": "writers",
    "json_text": "writers",
    "sha256_file": "writers",
    "write_all": "writers",
    "write_bytes": "writers",
    "write_csv": "writers",
    "write_json": "writers",
    "write_text": "writers",
    "csv_text": "writers",
}
__all__ = [
    "Table",
    "csv_text",
    "json_ready",
    "json_text",
    "number_hint",
    "read_table",
    "sha256_file",
    "write_all",
    "write_bytes",
    "write_csv",
    "write_json",
    "write_text",
]

if TYPE_CHECKING:
    from ostealgia.io.cells import number_hint
    from ostealgia.io.tables import Table, read_table
    from ostealgia.io.writers import (
        csv_text,
        json_ready,
        json_text,
        sha256_file,
        write_all,
        write_bytes,
        write_csv,
        write_json,
        write_text,
    )


def __getattr__(name: str) -> Any:
    """Load the reader or the writers when they are first used."""
    if name in _HOME:
        return getattr(import_module(f"ostealgia.io.{_HOME[name]}"), name)
    raise AttributeError(f"module 'ostealgia.io' has no attribute {name!r}")
