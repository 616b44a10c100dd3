"""Papers read in child processes with limits: one that is broken or hostile stops neither the program nor the other papers."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ostealgia.errors import DocumentError
from ostealgia.io.documents.model import Document

SECONDS = 60  # of processor time
ASLEEP = 5  # times as many by the clock: a guard against a child that waits for something
BYTES = 1 << 30
_MEMORY = f"more than {BYTES >> 20} MiB"
_HEAD = 8  # bytes of a message's length


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a child process does with each paper.

    start : the Python statement that it runs; it must end in ``serve``.  answer : the class of its answers.
    known : (module, name) of every class inside an answer; no other is read.  steps : how many steps of ``seconds`` it has.
    action : what to do where a paper takes too long.
    """

    start: str
    answer: type
    known: frozenset[tuple[str, str]]
    steps: int = 1
    action: str = "Split the file, or save its text."


_CLASSES = frozenset(
    [("ostealgia.io.documents.model", name) for name in ("Document", "Block", "PrintedTable", "Cell")]
    + [("ostealgia.errors", "DocumentError")]
)
READING = Work(start="from ostealgia.io.documents.children import serve; serve()", answer=Document, known=_CLASSES)


def read_in_child(path: Path, *, seconds: float = SECONDS) -> Document:
    """A paper read in one child process that ends with it.

    seconds : of processor time, so that a busy machine refuses no paper; ``ASLEEP`` times as many by the clock.
    Raises DocumentError where the file cannot be read, takes too long or too much memory.
    """
    child = _Child(READING)
    try:
        answer = child.do(path, seconds)
    finally:
        child.close()
    if isinstance(answer, DocumentError):
        raise answer
    return answer


def read_documents(
    paths: Iterable[str | Path],
    *,
    processes: int | None = None,
    progress: Callable[[Path], None] | None = None,
    seconds: float = SECONDS,
) -> Iterator[tuple[Path, Document | DocumentError]]:
    """Many papers, each under the limits of ``read_document``, in the order of ``paths``.

    processes : how many are read at a time; None for one a core.  progress : called with each path when it has been read.
    Yields (path, Document) or (path, DocumentError): one bad paper does not stop the others.
    """
    yield from in_children(paths, READING, processes=processes, progress=progress, seconds=seconds)


def in_children(
    paths: Iterable[str | Path],
    work: Work,
    *extra: Any,
    processes: int | None = None,
    progress: Callable[[Path], None] | None = None,
    seconds: float = SECONDS,
) -> Iterator[tuple[Path, Any]]:
    """The answers of a work on many papers, in the order of ``paths``. extra : given to the work with each path.

    Yields (path, answer) or (path, DocumentError), as ``read_documents`` does.
    """
    wanted = [Path(path) for path in paths]
    count = max(1, min(processes or os.cpu_count() or 1, len(wanted) or 1))
    local = threading.local()
    children: list[_Child] = []

    def read(path: Path) -> Any:
        child: _Child | None = getattr(local, "child", None)
        if child is None or child.ended:
            child = local.child = _Child(work)
            children.append(child)
        answer = child.do(path, seconds, *extra)
        if progress is not None:
            progress(path)
        return answer

    with ThreadPoolExecutor(count) as pool:
        try:
            yield from zip(wanted, pool.map(read, wanted), strict=True)
        finally:
            pool.shutdown(cancel_futures=True)
            for child in children:
                child.close()


class _Child:
    """A process that reads papers one after the other; it is ended when one takes too long."""

    def __init__(self, work: Work) -> None:
        self._work = work
        # the same interpreter, the package's own folder first: a child must read as its parent does
        root = str(Path(__file__).resolve().parents[3])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        self._process = subprocess.Popen(
            [sys.executable, "-c", work.start],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        if self._process.stdin is None or self._process.stdout is None:  # cannot be: both are pipes
            raise OSError("a child process without pipes")
        self._requests, self._answers = self._process.stdin, self._process.stdout
        self.ended = False

    def do(self, path: Path, seconds: float, *extra: Any) -> Any:
        process = self._process
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(self._work.steps * ASLEEP * seconds, stop)
        timer.start()
        try:
            _send(self._requests, (str(path.absolute()), str(path), seconds, extra))
            answer = _receive(self._answers, self._work.known)
        except (OSError, EOFError, pickle.UnpicklingError):
            answer = None
        finally:
            timer.cancel()
        if isinstance(answer, self._work.answer | DocumentError):
            return answer
        self.close()
        return _broken(str(path), late.is_set(), process.returncode, seconds, self._work)

    def close(self) -> None:
        """End the process."""
        self.ended = True
        process = self._process
        for stream in (self._requests, self._answers):
            with contextlib.suppress(OSError):
                stream.close()
        try:
            process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _broken(path: str, late: bool, code: int | None, seconds: float, work: Work) -> DocumentError:
    if late or code in (-24, -9):  # SIGXCPU, SIGKILL
        return DocumentError(
            "the file takes too long to read",
            file=path,
            found=f"more than {seconds:g} s",
            expected=f"a paper that is read within {seconds:g} s",
            action=work.action,
        )
    return DocumentError(
        "the file could not be read: its reader stopped",
        file=path,
        found=f"exit status {code}",
        expected="an intact file",
        action="Save or print the paper to a new PDF, or give its text.",
    )


# ---- the child's side


def serve(do: Callable[..., Any] | None = None) -> None:
    """Answer requests on the standard input with documents on the standard output, under limits. For ``_Child`` only.

    do : what makes the answer from path, the name to show, seconds and what else was asked; reading by default.
    """
    stream_in, stream_out = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nothing that a library prints may reach the answers
    limit_memory()
    while True:
        try:
            request = _receive(stream_in, frozenset())
        except EOFError:
            return
        path, shown, seconds, extra = request
        limit_time(seconds)
        answer, data = _packed(_answer(do or _read, path, shown, seconds, *extra), shown)
        _write(stream_out, data)
        if isinstance(answer, DocumentError) and answer.found == _MEMORY:
            return


def _read(path: str, shown: str, seconds: float) -> Document:
    from ostealgia.io.documents.reading import read_here

    return read_here(Path(path), shown)


def _answer(do: Callable[..., Any], path: str, shown: str, seconds: float, *extra: Any) -> Any:
    try:
        return do(path, shown, seconds, *extra)
    except DocumentError as error:
        return error
    except MemoryError:
        return _too_large(shown)
    except Exception as error:  # the parent must get an answer whatever a damaged file does to a library
        return DocumentError(
            "the file could not be read",
            file=shown,
            found=f"{type(error).__name__}: {str(error)[:160]}",
            expected="an intact paper",
            action="Save or print the paper to a new PDF, or give its text.",
        )


def _too_large(shown: str) -> DocumentError:
    return DocumentError(
        "the file takes too much memory to read",
        file=shown,
        found=_MEMORY,
        expected="one paper, which has less than 2 MB of text",
        action="Split the file, or save its text.",
    )


def _packed(answer: Any, shown: str) -> tuple[Any, bytes]:
    """The answer and its bytes; where there is no memory for the bytes, the refusal and its own."""
    try:
        return answer, pickle.dumps(answer, protocol=5)
    except MemoryError:
        answer = _too_large(shown)
    return answer, pickle.dumps(answer, protocol=5)


def limit_memory() -> None:
    """At most 1 GiB of address space for this process, where the system can limit it."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = BYTES if hard == resource.RLIM_INFINITY else min(BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def limit_time(seconds: float) -> None:
    """So many seconds of CPU from now on, where the system can limit it."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    most = spent + int(seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _send(stream: Any, message: Any) -> None:
    _write(stream, pickle.dumps(message, protocol=5))


def _write(stream: Any, data: bytes) -> None:
    stream.write(len(data).to_bytes(_HEAD, "big"))
    stream.write(data)
    stream.flush()


def _receive(stream: Any, known: frozenset[tuple[str, str]]) -> Any:
    head = stream.read(_HEAD)
    if len(head) < _HEAD:
        raise EOFError
    size = int.from_bytes(head, "big")
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return _Unpickler(io.BytesIO(data), known).load()


class _Unpickler(pickle.Unpickler):
    """Reads the classes it knows and nothing else: a file that takes over its reader must not reach the parent."""

    def __init__(self, stream: Any, known: frozenset[tuple[str, str]]) -> None:
        super().__init__(stream)
        self._known_classes = known

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in self._known_classes:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name}")
