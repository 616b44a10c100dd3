"""The analysis plan, frozen by its hash before outcomes are read; what was changed afterwards is listed.

``plan.toml`` is the plan. ``freeze_plan`` writes ``plan.lock.json`` beside it with the SHA-256 of the file, the date and the contents.
``oa.cohort.read`` looks at both before it opens a file with outcomes. Each later freeze needs a reason and is kept as an amendment.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ostealgia.errors import ProjectError
from ostealgia.io.writers import write_text

PLAN, LOCK = "plan.toml", "plan.lock.json"
STATUS = ("no_plan", "not_frozen", "frozen", "changed")


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """One entry that differs from the frozen plan: its dotted name, what was planned and what stands there now (None: nothing)."""

    entry: str
    planned: Any
    now: Any

    def __str__(self) -> str:
        return f"{self.entry}: planned {_words(self.planned)}, now {_words(self.now)}"


def _words(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False, default=str)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The plan as found. status : one of ``STATUS``.  sha256 : of plan.toml now.  frozen_sha256, frozen_on : of the first freeze.

    amendments : (date, reason, SHA-256) of the later ones.  deviations : of the plan now from the first frozen one.
    """

    status: str
    contents: Mapping[str, Any]
    sha256: str | None = None
    frozen_sha256: str | None = None
    frozen_on: str | None = None
    amendments: tuple[tuple[str, str, str], ...] = ()
    deviations: tuple[Deviation, ...] = ()

    def note(self) -> str:
        """The sentence for the report."""
        if self.status == "no_plan":
            return "there is no analysis plan (plan.toml)"
        if self.status == "not_frozen":
            return "the analysis plan was not frozen before outcomes were read"
        when = f"the analysis plan was frozen on {self.frozen_on} (SHA-256 {str(self.frozen_sha256)[:12]})"
        tail = f"; {len(self.amendments)} amendments" if self.amendments else ""
        changed = f"; {len(self.deviations)} deviations from it" if self.deviations else "; no deviation"
        return when + tail + changed

    def to_frame(self) -> Any:
        """One row a deviation: entry, planned, now."""
        import pandas as pd

        return pd.DataFrame(
            [{"entry": d.entry, "planned": _words(d.planned), "now": _words(d.now)} for d in self.deviations],
            columns=["entry", "planned", "now"],
        )


def read_plan(folder: str | Path) -> Plan:
    """The plan of a cohort folder and whether it is the frozen one. Raises ProjectError where a file is broken.

    >>> import tempfile, pathlib, datetime
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "plan.toml").write_text('primary = "response at week 12"')
    >>> freeze_plan(folder, today=datetime.date(2026, 1, 2)).status
    'frozen'
    """
    folder = Path(folder)
    path, lock = folder / PLAN, folder / LOCK
    if not path.is_file():
        if lock.is_file():
            raise ProjectError(f"{LOCK} is there, but {PLAN} is not. Put the frozen plan back.")
        return Plan(status="no_plan", contents={})
    contents, digest = _contents(path)
    if not lock.is_file():
        return Plan(status="not_frozen", contents=contents, sha256=digest)
    freezes = _freezes(lock)
    first, last = freezes[0], freezes[-1]
    return Plan(
        status="frozen" if digest == last["sha256"] else "changed", contents=contents, sha256=digest, frozen_sha256=first["sha256"],
        frozen_on=first["date"], amendments=tuple((one["date"], one["reason"], one["sha256"]) for one in freezes[1:]),
        deviations=_deviations(first["contents"], json.loads(json.dumps(contents, default=str))),
    )  # fmt: skip


def freeze_plan(folder: str | Path, *, today: date, reason: str | None = None) -> Plan:
    """Freeze plan.toml as it stands now. A second freeze is an amendment and needs its reason.

    today : the date that is recorded.  Raises ProjectError where there is no plan, or it was frozen before and no reason is given.
    """
    folder = Path(folder)
    found = read_plan(folder)
    if found.status == "no_plan":
        raise ProjectError(f"There is no {PLAN} to freeze. Write the analyses into it first.")
    if found.status == "frozen":
        return found
    if found.status == "changed" and not (reason or "").strip():
        raise ProjectError("The plan was frozen before and has changed. Give the reason of the amendment by reason=.")
    lock = folder / LOCK
    freezes = _freezes(lock) if lock.is_file() else []
    entry = {
        "sha256": found.sha256,
        "date": today.isoformat(),
        "reason": reason or "first freeze",
        "contents": json.loads(json.dumps(found.contents, default=str)),
    }
    write_text(lock, json.dumps({"freezes": [*freezes, entry]}, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    return read_plan(folder)


def _contents(path: Path) -> tuple[dict[str, Any], str]:
    data = path.read_bytes()
    try:
        return tomllib.loads(data.decode("utf-8")), hashlib.sha256(data).hexdigest()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"{PLAN} is not TOML: {error}.") from None


def _freezes(lock: Path) -> list[dict[str, Any]]:
    try:
        freezes = json.loads(lock.read_text(encoding="utf-8"))["freezes"]
        if freezes and all({"sha256", "date", "reason", "contents"} <= set(one) for one in freezes):
            return list(freezes)
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        pass
    raise ProjectError(f"{LOCK} is broken. Put the file back as it was written when the plan was frozen.")


def _deviations(planned: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Deviation, ...]:
    first, second = _flat(planned), _flat(now)
    names = [*second, *(name for name in first if name not in second)]
    return tuple(
        Deviation(entry=name, planned=first.get(name), now=second.get(name))
        for name in names
        if first.get(name) != second.get(name)
    )


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """Dotted names of a nest of tables; lists of tables are numbered, or named by their id."""
    if isinstance(value, Mapping):
        parts = ((f"{name}.{key}" if name else str(key), item) for key, item in value.items())
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        parts = (
            (f"{name}[{item.get('id', at) if isinstance(item, Mapping) else at}]", item)
            for at, item in enumerate(value)
        )
    else:
        return {name: value}
    return {key: item for part, inner in parts for key, item in _flat(inner, part).items()}
