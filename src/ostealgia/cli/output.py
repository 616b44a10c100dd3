"""Results on standard output: text for a reader, JSON for a program."""

from __future__ import annotations

import sys
from typing import Any


def print_json(value: Any) -> None:
    """JSON with every digit a float has; NaN and infinity are null."""
    from ostealgia.io.writers import json_text

    text = json_text(value, digits=None)
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "")
    if encoding not in ("utf8", "utf16", "utf32"):
        import json

        text = json.dumps(json.loads(text), indent=2) + "\n"
    sys.stdout.write(text)
    sys.stdout.flush()


def print_text(text: str) -> None:
    """Text with one line end after it."""
    sys.stdout.write(text.rstrip("\n") + "\n")
    sys.stdout.flush()
