"""audit: papers read and checked side by side, what does not fit printed, pages and tables written."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ostealgia.cli import progress
from ostealgia.cli.failures import BAD_INPUT, DONE, FINDINGS, error_text, silence_stdout
from ostealgia.cli.output import print_json, print_text
from ostealgia.errors import DocumentError, OptionError

_NARROWEST = 60  # columns; below it the words of a finding would stand one under the other


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked for. rules : names, empty for all.  html, csv, docx : where to write, "" for nowhere."""

    files: tuple[str, ...]
    html: str = ""
    csv: str = ""
    docx: str = ""
    rules: tuple[str, ...] = ()
    judgement: bool = True
    jobs: int | None = None
    everything: bool = False
    as_json: bool = False
    quiet: bool = False

    @property
    def html_folder(self) -> bool:
        """Whether the pages go into a folder: several papers, or the name of one."""
        return len(self.files) > 1 or self.html.endswith(("/", os.sep)) or os.path.isdir(self.html)


def request(asked: dict[str, Any]) -> Request:
    """The request of a call. Raises OptionError for what cannot be."""
    rules = tuple(name.strip() for name in asked["rules"].split(",") if name.strip())
    if asked["rules"].strip() and not rules:
        raise OptionError("--rules names no rule: give names with commas between them, such as --rules GRIM,p-vs-ci.")
    made = Request(
        files=tuple(asked["files"]),
        html=asked["html"],
        csv=asked["csv"],
        docx=asked["docx"],
        rules=rules,
        judgement=not asked["no_judgement"],
        jobs=_jobs(asked["jobs"]),
        everything=asked["everything"],
        as_json=asked["json"],
        quiet=asked["quiet"],
    )
    _check_targets(made)
    return made


def _jobs(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 256:
        raise OptionError(f"--jobs {text} is not a number from 1 to 256: give how many papers are read at a time.")
    return int(text)


def _check_targets(asked: Request) -> None:
    """Refuse, before an hour of reading, a place that cannot be written to, or that is one of the papers."""
    given = {os.path.realpath(file) for file in asked.files}
    used: dict[str, str] = {}
    for option in ("html", "csv", "docx"):
        target = getattr(asked, option)
        if not target:
            continue
        real = os.path.realpath(target)
        suffix = {"csv": ".csv", "docx": ".docx"}.get(option, "")
        if not target.lower().endswith(suffix) and not os.path.isdir(real):
            raise OptionError(f"--{option} {target}: give a name that ends in {suffix}.")
        if real in given:
            raise OptionError(f"--{option} {target} is one of the papers; give another name.")
        if real in used:
            raise OptionError(f"--{option} and --{used[real]} name the same file, {target}; give another name.")
        used[real] = option
        _check_place(option, target, real, folder=option == "html" and asked.html_folder)


def _check_place(option: str, target: str, real: str, *, folder: bool) -> None:
    """Refuse a folder for a file, a file for a folder, a device, and a place where nothing can be written."""
    if folder and os.path.exists(real) and not os.path.isdir(real):
        raise OptionError(f"--html {target} is a file; for several papers give a folder. It is made if it is missing.")
    if not folder and os.path.isdir(real):
        raise OptionError(f"--{option} {target} is a folder; give the name of a file.")
    if not folder and os.path.exists(real) and not os.path.isfile(real):
        raise OptionError(f"--{option} {target} is a device or a pipe; give the name of a file.")
    parent = os.path.dirname(real)
    if not os.path.isdir(parent):
        raise OptionError(f"--{option} {target}: the folder {os.path.dirname(target)} does not exist. Make it first.")
    written = real if folder and os.path.isdir(real) else parent
    if not os.access(written, os.W_OK | os.X_OK):
        raise OptionError(f"--{option} {target}: you may not write into that folder; give another place.")


def execute(asked: Request) -> int:
    """Audit the papers. Returns the exit status: 0 nothing flagged, 1 something is, 2 a paper could not be read."""
    from ostealgia.report.audit_files import Audited, Unread

    kept: list[Audited | Unread] = []
    told: list[tuple[int, int, int]] = []
    failed = 0
    keep = bool(asked.html or asked.csv or asked.docx or asked.as_json)
    for paper in _papers(asked):
        if isinstance(paper, Unread):
            failed += 1
        else:
            counts = paper.audit.counts()
            told.append((len(paper.audit.findings), counts["flagged"], counts["conclusion-changing"]))
        if keep:
            kept.append(paper)
        try:
            _print(asked, paper, first=len(told) + failed == 1)
        except BrokenPipeError:  # "| head" has read enough; the files are still wanted
            if not (asked.html or asked.csv or asked.docx):
                raise
            silence_stdout()
    _write(asked, kept)
    if asked.as_json:
        from ostealgia.report.audit_files import audit_json

        print_json(audit_json(kept))
    elif len(asked.files) > 1:
        from ostealgia.report.audit_terminal import audits_line

        print_text(f"\n{audits_line(told, failed)}")
    if failed:
        return BAD_INPUT
    return FINDINGS if any(flagged for _, flagged, _ in told) else DONE


def _papers(asked: Request) -> Iterator[Any]:
    """The papers in the order of the call, each as Audited or Unread."""
    from ostealgia.audit.many import check_files
    from ostealgia.report.audit_files import Audited, Unread

    total, done = len(asked.files), 0
    quiet = asked.quiet or not sys.stderr.isatty()
    with progress.shown(quiet=quiet) as say:

        def tell(path: Path) -> None:
            nonlocal done
            done += 1
            say(f"{done} of {total} {'paper' if total == 1 else 'papers'} checked, {path.name}")

        say(f"0 of {total} {'paper' if total == 1 else 'papers'} checked")
        answers = check_files(
            asked.files,
            rules=asked.rules or None,
            judgement=asked.judgement,
            processes=asked.jobs,
            progress=tell,
        )
        for given, (path, answer) in zip(asked.files, answers, strict=True):
            if isinstance(answer, DocumentError):
                yield Unread(path=given, message=str(answer))
            else:
                yield Audited(path=given, audit=answer, sha256=_sha256(path))


def _sha256(path: Path) -> str:
    """The SHA-256 of a file that was read; "" where it has gone in between."""
    try:
        with open(path, "rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError:
        return ""


def _print(asked: Request, paper: Any, *, first: bool) -> None:
    """One paper's text on standard output, or the message of one that could not be read on standard error."""
    from ostealgia.report.audit_files import Unread

    if isinstance(paper, Unread):
        sys.stdout.flush()
        print(f"ostealgia: {error_text(DocumentError(paper.message.rstrip('.')))}", file=sys.stderr, flush=True)
    elif not asked.as_json:
        from ostealgia.report.audit_terminal import WIDTH, audit_text

        encoding = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "")
        width = min(WIDTH, max(_NARROWEST, shutil.get_terminal_size().columns)) if sys.stdout.isatty() else WIDTH
        text = audit_text(paper.audit, everything=asked.everything, signs=encoding == "utf8", width=width)
        print_text(text if first else f"\n{text}")


def _write(asked: Request, papers: Sequence[Any]) -> None:
    """The files that were asked for, all or none; a line on standard error for each."""
    from ostealgia.report.audit_files import Audited

    read = [paper for paper in papers if isinstance(paper, Audited)]
    files: dict[str | Path, bytes] = {}
    if asked.html and (read or asked.html_folder):
        files.update(_pages(asked, papers))
    if asked.csv:
        from ostealgia.report.audit_files import audit_csv

        files[asked.csv] = audit_csv(paper.audit for paper in read).encode("utf-8")
    if asked.docx:
        from ostealgia.report.audit_word import audit_docx

        files[asked.docx] = audit_docx(papers)
    if not files:
        return
    from ostealgia.io.writers import write_all

    write_all(files)
    if not asked.quiet:
        targets = [
            target for target in (asked.html if read or asked.html_folder else "", asked.csv, asked.docx) if target
        ]
        progress.line(f"written: {', '.join(targets)}")


def _pages(asked: Request, papers: Sequence[Any]) -> dict[str | Path, bytes]:
    if not asked.html_folder:
        from ostealgia.report.annotated_page import annotated

        return {asked.html: annotated(papers[0].audit).encode("utf-8")}
    from ostealgia.report.audit_files import audit_pages

    folder = Path(asked.html)
    folder.mkdir(exist_ok=True)
    return {folder / name: page.encode("utf-8") for name, page in audit_pages(papers).items()}
