"""Pooling of Parquet files larger than memory, in a pool of processes or on a Dask cluster; what is done is not done again."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ostealgia.errors import OstealgiaError, TableError
from ostealgia.meta.batch import INVALID
from ostealgia.meta.many import Spec, counted, pool_part, said, specify, tally
from ostealgia.meta.out_of_core_files import Plan, RowRange, parquet, plan_of, read_rows, whole, write_batches
from ostealgia.numerics.batch import available_threads, resolve_engine
from ostealgia.options import one_of
from ostealgia.tables.result import Result

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OutOfCoreResult", "pool_parquet", "write_batches"]
ATTEMPTS = 3  # pools of processes tried when one of them is killed
Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OutOfCoreResult(Result):
    """What was written. path : the results, one row an analysis, as ``BatchResult.to_frame``.

    excluded_path : the rows left out (analysis, study, row counted from 1, reason), or None.  parts : how many; resumed : how many of
    them an earlier run had left.  not_converged : analyses without a tau2; they are in the file with converged = False.
    """

    path: Path
    excluded_path: Path | None
    analyses: int
    effects: int
    excluded_rows: int
    not_converged: int
    parts: int
    resumed: int

    def to_frame(self) -> pd.DataFrame:
        """The results, read into memory."""
        return parquet().read_table(self.path).to_pandas()

    def to_dict(self) -> dict[str, Any]:
        """JSON: counts, paths, notes."""
        body = {
            name: getattr(self, name)
            for name in ("analyses", "effects", "excluded_rows", "not_converged", "parts", "resumed")
        }
        excluded = None if self.excluded_path is None else str(self.excluded_path)
        return {"path": str(self.path), "excluded_path": excluded, **body, "notes": list(self.notes)}

    def __str__(self) -> str:
        lines = [
            f"OutOfCoreResult: {self.analyses:,} analyses, {self.effects:,} effects, written to {self.path.name}",
            f"  {counted(self.parts, ('part', 'parts'))}"
            + (f", {self.resumed:,} of them from an earlier run" if self.resumed else ""),
            f"  not converged: {self.not_converged:,}",
        ]
        if self.excluded_path is not None:
            lines.append(f"  {self.excluded_rows:,} rows excluded, listed in {self.excluded_path.name}")
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])


@dataclass(frozen=True)
class Task:
    """One part of a file: everything a worker needs, wherever it runs."""

    source: Path
    folder: Path
    rows: RowRange
    id: str
    spec: Spec
    engine: str
    invalid: str
    job: str

    @property
    def target(self) -> Path:
        """Where the results of this part go."""
        return self.folder / f"part-{self.rows.number:06d}.parquet"

    @property
    def excluded(self) -> Path:
        """Where its excluded rows go."""
        return self.folder / f"excluded-{self.rows.number:06d}.parquet"


def pool_parquet(
    path_in: str | Path,
    path_out: str | Path,
    *,
    id: str = "analysis",
    workers: int | None = None,
    client: Any = None,
    effects_per_part: int = 250_000,
    resume: bool = True,
    invalid: str = "refuse",
    progress: Progress | None = None,
    **options: Any,
) -> OutOfCoreResult:
    """Pool every analysis of a Parquet file and write one row an analysis, with bounded memory.

    path_in : a file with ``id``, ``estimate`` and ``std_error`` (or ``variance``), the rows of each analysis one after the other. In a file
    of ``write_batches`` no analysis is split over row groups; one that is, is put together again, and a note says so.
    path_out : takes its place when everything is done.  workers : processes (None: one a processor; 1: this process).
    client : a Dask client, to run the same function on its cluster (a file system that all see is needed).
    effects_per_part : row groups are taken together until they hold so many effects.
    resume : parts that an earlier, broken run left in a folder beside ``path_out`` are taken over, if file and options are the same.
    invalid : as in ``pool_many``.  progress : called with (parts done, parts).  options : model, tau2, ci, pi, level, engine.
    Memory: one part (at least one row group, and what continues its last analysis in the next) a worker, and eight bytes an analysis.
    A worker that is killed is replaced and its part done again; each part is written whole or not at all, under one name, and the rows and
    analyses are counted at the end, so nothing is lost or counted twice.
    Returns an OutOfCoreResult. Raises TableError, OptionError, OstealgiaError. In a script, call it under ``if __name__ == "__main__":``.

    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> frame = {"analysis": ["A", "B", "A"], "estimate": [1.0, 2.0, 3.0], "std_error": [1.0, 1.0, 2.0]}
    >>> source = write_batches(frame, folder / "effects.parquet")
    >>> pool_parquet(source, folder / "pooled.parquet", workers=1, tau2="DL").analyses
    2
    """
    pq = parquet()
    one_of("invalid", invalid, INVALID)
    spec = specify(options)
    source, target = Path(path_in).resolve(), Path(path_out).resolve()
    if source == target:
        raise OstealgiaError(f"{path_out}: is the file that is read. Give another name.")
    plan = plan_of(source, id, effects_per_part)
    engine = resolve_engine(spec.engine, plan.rows)
    folder = target.with_name(f".{target.name}.parts")
    job = _job(source, id, spec, engine, invalid, plan)
    notes = _notes(plan)
    resumed = _prepare(folder, job, resume, notes)
    tasks = [Task(source, folder, rows, id, spec, engine, invalid, job) for rows in plan.parts]
    left = [task for task in tasks if not _done(task, pq)]
    resumed = len(tasks) - len(left) if resumed else 0
    try:
        _run(left, len(tasks), workers, client, progress, notes)
    except TableError:  # the file must be mended, so its parts are of no more use
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return _finish(tasks, plan, target, resumed, notes, pq)


def fit_part(task: Task) -> int:
    """Fit one part and write it. The same function runs in this process, in a pool of processes and on a cluster. Returns its number."""
    import pandas as pd
    import pyarrow as pa

    pq, rows = parquet(), task.rows
    table = read_rows(task.source, rows.first, rows.last, [task.id, "study", "estimate", "std_error", "variance"])
    try:
        result = pool_part(table, task.id, task.spec, task.engine, task.invalid)
    except TableError as error:
        raise error if error.row is None else TableError(
            error.problem, file=task.source.name, row=error.row - 1 + rows.first, column=error.column, found=error.found,
            expected=error.expected, action=error.action,
        ) from None  # fmt: skip
    excluded = [(row.reason, row.study, (row.row or 0) - 1 + rows.first) for row in result.excluded]
    if excluded:
        frame = pd.DataFrame(excluded, columns=["reason", "study", "row"])
        frame.insert(0, "analysis", table.column(task.id).to_numpy()[frame["row"].to_numpy() - 1 - rows.first])
        with whole(task.excluded) as partial:
            pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), partial)
    report = {
        "job": task.job,
        "rows": rows.last - rows.first,
        "effects": int(result.k.sum()),
        "excluded": len(excluded),
        "not_converged": int((~result.converged).sum()),
        "tally": tally(result.fit, task.spec),
    }
    out = pa.Table.from_pandas(result.to_frame(), preserve_index=False)
    out = out.replace_schema_metadata({b"ostealgia": json.dumps(report).encode()})
    with whole(task.target) as partial:
        pq.write_table(out, partial)
    return rows.number


def _job(source: Path, id: str, spec: Spec, engine: str, invalid: str, plan: Plan) -> str:
    """A digest of what decides the result: file, options, division."""
    state = source.stat()
    text = json.dumps(
        [
            str(source),
            state.st_size,
            state.st_mtime_ns,
            id,
            list(spec),
            engine,
            invalid,
            [list(vars(p).values()) for p in plan.parts],
        ]
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _notes(plan: Plan) -> list[str]:
    if not plan.split:
        return []
    return [
        f"{plan.split:,} times an analysis went on in the next row group (one is {plan.example!s}); its rows were put together again. "
        "write_batches writes files without this"
    ]


def _prepare(folder: Path, job: str, resume: bool, notes: list[str]) -> bool:
    """Make the folder of the parts; True where an earlier run of the same job left one."""
    mark = folder / "job"
    if folder.exists():
        same = mark.is_file() and mark.read_text(encoding="utf-8") == job
        if resume and same:
            return True
        if resume:
            notes.append("parts of an earlier run with another file or other options were put aside")
        shutil.rmtree(folder)
    try:
        folder.mkdir()
    except FileNotFoundError as error:
        raise OstealgiaError(f"{folder.parent}: there is no such folder. Make it first.") from error
    mark.write_text(job, encoding="utf-8")
    return False


def _report(task: Task, pq: Any) -> dict[str, Any]:
    return json.loads(pq.read_schema(task.target).metadata[b"ostealgia"])


def _done(task: Task, pq: Any) -> bool:
    """Whether the part is there, whole and of this job."""
    if not task.target.is_file():
        return False
    try:
        report = _report(task, pq)
        whole_part = pq.read_metadata(task.target).num_rows == task.rows.analyses
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return report["job"] == task.job and whole_part and (not report["excluded"] or task.excluded.is_file())


def _run(
    tasks: list[Task], total: int, workers: int | None, client: Any, progress: Progress | None, notes: list[str]
) -> None:
    done = total - len(tasks)
    if client is not None:
        from ostealgia.meta.cluster import completed

        finished: Iterator[Any] = (number for number, _ in completed(client, fit_part, [(task,) for task in tasks]))
    elif (workers or available_threads()) < 2 or len(tasks) < 2:
        finished = map(fit_part, tasks)
    else:
        finished = _in_processes(tasks, min(workers or available_threads(), len(tasks)), notes)
    for _ in finished:
        done += 1
        if progress is not None:
            progress(done, total)


def _in_processes(tasks: list[Task], workers: int, notes: list[str]) -> Iterator[int]:
    """Parts as they are finished, by a pool of processes that is made anew where one of them is killed.

    Processes are spawned, not forked: a fork copies locks and threads of the caller in whatever state they are.
    """
    left = {task.rows.number: task for task in tasks}
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
                for number in _through(pool, list(left.values()), 2 * workers):
                    del left[number]
                    yield number
            return
        except BrokenProcessPool as error:
            if attempt == ATTEMPTS:
                raise OstealgiaError(
                    f"the processes were ended from outside {ATTEMPTS} times; {len(left):,} parts are left and what is done is kept: "
                    "call pool_parquet again to go on. Too little memory is the usual cause: write smaller row groups "
                    "(write_batches(..., effects_per_group=...)) or take fewer workers. In a script, call it under "
                    'if __name__ == "__main__":.'
                ) from error
            notes.append(f"a process was ended from outside; its part was done again (attempt {attempt + 1})")


def _through(pool: ProcessPoolExecutor, tasks: list[Task], ahead: int) -> Iterator[int]:
    """Numbers of finished parts, with at most ``ahead`` parts given out."""
    waiting: set[Future[int]] = set()
    queue = iter(tasks)
    for task in queue:
        waiting.add(pool.submit(fit_part, task))
        if len(waiting) >= ahead:
            ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in ready)
    while waiting:
        ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        yield from (future.result() for future in ready)


def _finish(tasks: list[Task], plan: Plan, target: Path, resumed: int, notes: list[str], pq: Any) -> OutOfCoreResult:
    """Join the parts, count, and put the results in their place."""
    sums = {"rows": 0, "effects": 0, "excluded": 0, "not_converged": 0}
    phrases: dict[str, int] = {}
    for task in tasks:
        report = _report(task, pq)
        sums = {name: value + report[name] for name, value in sums.items()}
        phrases = {text: phrases.get(text, 0) + number for text, number in report["tally"].items()}
    analyses = sum(pq.read_metadata(task.target).num_rows for task in tasks)
    counted = (analyses, sums["rows"], sums["effects"] + sums["excluded"])
    if counted != (plan.analyses, plan.rows, plan.rows):
        raise OstealgiaError(
            f"the parts hold {analyses:,} analyses and {sums['rows']:,} rows, the file {plan.analyses:,} and {plan.rows:,}: "
            "it was changed meanwhile. Call again with resume=False."
        )
    excluded = target.with_name(f"{target.stem}.excluded.parquet")
    listed = [task.excluded for task in tasks if task.excluded.is_file()]
    if listed:
        _join(listed, excluded, pq)
    else:
        excluded.unlink(missing_ok=True)
    _join([task.target for task in tasks], target, pq)
    shutil.rmtree(tasks[0].folder)
    return OutOfCoreResult(
        path=target,
        excluded_path=excluded if listed else None,
        analyses=analyses,
        effects=sums["effects"],
        excluded_rows=sums["excluded"],
        not_converged=sums["not_converged"],
        parts=len(tasks),
        resumed=resumed,
        notes=(*notes, *said(phrases)),
    )


def _join(parts: list[Path], target: Path, pq: Any) -> None:
    with whole(target) as partial:
        schema = pq.read_schema(parts[0]).remove_metadata()
        with pq.ParquetWriter(partial, schema) as writer:
            for part in parts:
                writer.write_table(pq.read_table(part).cast(schema))
