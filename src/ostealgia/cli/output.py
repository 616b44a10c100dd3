"""Results on standard output: text for a reader, JSON for a program."""

from __future__ import annotations

import json
import sys
from typing import Any

_INDENTED = 1000  # up to this many studies the JSON is laid out for reading, above it for speed


def print_json(value: Any) -> None:
    """JSON with every digit a float has; NaN and infinity are null."""
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "")
    many = isinstance(value, dict) and len(value.get("studies") or ()) > _INDENTED
    form: dict[str, Any] = {"allow_nan": False, "ensure_ascii": encoding != "utf8", "indent": None if many else 2}
    try:
        text = json.dumps(value, **form)
    except (TypeError, ValueError):
        from ostealgia.io.writers import json_ready

        text = json.dumps(json_ready(value, digits=None), **form)
    sys.stdout.write(text)
    sys.stdout.write("\n")
    sys.stdout.flush()


def print_text(text: str) -> None:
    """Text with one line end after it."""
    sys.stdout.write(text.rstrip("\n") + "\n")
    sys.stdout.flush()
