"""Progress on standard error: a moving line on a terminal, plain lines elsewhere, nothing where it is not wanted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str], None]


def line(message: str) -> None:
    """One plain line on standard error."""
    print(message, file=sys.stderr, flush=True)


@contextmanager
def shown(*, quiet: bool = False) -> Iterator[Progress]:
    """A function that takes messages while the block runs."""
    if quiet:
        yield lambda message: None
    elif not sys.stderr.isatty():
        yield line
    else:
        from rich.console import Console
        from rich.text import Text

        with Console(stderr=True).status("") as status:
            yield lambda message: status.update(Text(message))
