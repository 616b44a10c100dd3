"""Many papers, each read and checked in a child process: one that is broken or hostile stops neither the run nor the others."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ostealgia.audit.checking import check, wanted_rules
from ostealgia.audit.finding import Finding
from ostealgia.audit.result import Audit
from ostealgia.errors import DocumentError, OptionError
from ostealgia.io.documents.children import READING, SECONDS, Work, in_children, limit_time, serve

CHECKING = Work(
    start="from ostealgia.audit.many import serve_checks; serve_checks()",
    answer=Audit,
    known=READING.known | {("ostealgia.audit.result", "Audit"), ("ostealgia.audit.finding", "Finding")},
    steps=2,
    action="Split the file, or save the part that matters as text.",
)


def check_files(
    paths: Iterable[str | Path],
    *,
    rules: Iterable[str] | str | None = None,
    judgement: bool = True,
    processes: int | None = None,
    progress: Callable[[Path], None] | None = None,
    seconds: float = SECONDS,
) -> Iterator[tuple[Path, Audit | DocumentError]]:
    """Do the printed numbers of many papers fit together?

    paths : files, see ``read``.  rules, judgement : see ``check``.
    processes : how many papers at a time; None for one a core.  progress : called with each path when it is done.
    seconds : of CPU for reading a paper, and again for checking it; memory is limited to 1 GiB.
    Yields (path, Audit) or (path, DocumentError) in the order of ``paths``, whichever is done first. Papers of one file
    name carry their path as name. Raises OptionError for an unknown rule, no process, or one path in
    place of a list, before any paper is read.

    >>> list(check_files([]))
    []
    """
    if isinstance(paths, str | bytes | os.PathLike):
        raise OptionError(f"paths is one path, {paths!r}; give a list: audit.check_files([path]).")
    if processes is not None and processes < 1:
        raise OptionError(f"processes={processes!r} is not a number from 1 on, or None for one a core.")
    wanted = [Path(path) for path in paths]
    names = None if rules is None else tuple(sorted(wanted_rules(rules)))
    shared = {name for name, count in Counter(path.name for path in wanted).items() if count > 1}
    return _checked(wanted, shared, (names, judgement), processes, progress, seconds)


def _checked(
    wanted: list[Path],
    shared: set[str],
    asked: tuple[tuple[str, ...] | None, bool],
    processes: int | None,
    progress: Callable[[Path], None] | None,
    seconds: float,
) -> Iterator[tuple[Path, Audit | DocumentError]]:
    answers = in_children(wanted, CHECKING, *asked, processes=processes, progress=progress, seconds=seconds)
    for path, answer in answers:
        named = isinstance(answer, Audit) and path.name in shared
        yield path, (_renamed(answer, str(path)) if named else answer)


def _renamed(audit: Audit, name: str) -> Audit:
    found = tuple(replace(finding, document=name) for finding in audit.findings)
    return replace(audit, document=replace(audit.document, name=name), findings=found)


# ---- the child's side


def serve_checks() -> None:
    """Read and check papers as they are asked for. For the child process only."""
    serve(_check_one)


def _check_one(path: str, shown: str, seconds: float, rules: tuple[str, ...] | None, judgement: bool) -> Audit:
    from ostealgia.io.documents.reading import read_here

    document = read_here(Path(path), shown)
    limit_time(seconds)
    audit = check(document, rules=rules, judgement=judgement)
    return replace(audit, findings=tuple(_plain(found) for found in audit.findings))


def _plain(found: Finding) -> Finding:
    """The finding in Python's own numbers: the parent reads no other classes."""

    def number(value: Any) -> float | None:
        return None if value is None else float(value)

    return replace(
        found,
        page=None if found.page is None else int(found.page),
        line=None if found.line is None else int(found.line),
        span=None if found.span is None else (int(found.span[0]), int(found.span[1])),
        recomputed=number(found.recomputed),
        recomputed_low=number(found.recomputed_low),
        recomputed_high=number(found.recomputed_high),
    )
