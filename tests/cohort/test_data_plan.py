"""The plan is frozen by its hash; what differs afterwards is listed entry by entry."""

from __future__ import annotations

import hashlib
import shutil
from datetime import date

import pytest

from ostealgia.cohort import example, freeze_plan, read, read_plan
from ostealgia.errors import ProjectError

PLAN = '[primary]\nendpoint = "response"\nweek = 12\n[[analysis]]\nid = "os"\nmethod = "cox"\n'


def test_frozen_changed_amended(tmp_path):
    assert read_plan(tmp_path).status == "no_plan"
    path = tmp_path / "plan.toml"
    path.write_text(PLAN)
    assert read_plan(tmp_path).status == "not_frozen"
    frozen = freeze_plan(tmp_path, today=date(2026, 1, 2))
    assert (
        frozen.status == "frozen"
        and frozen.sha256 == hashlib.sha256(PLAN.encode()).hexdigest()
        and not frozen.deviations
    )
    path.write_text(PLAN.replace("12", "8").replace('"cox"', '"rmst"') + "[new]\nx = 1\n")
    changed = read_plan(tmp_path)
    assert changed.status == "changed" and changed.frozen_sha256 == frozen.sha256
    assert [(d.entry, d.planned, d.now) for d in changed.deviations] == [
        ("primary.week", 12, 8), ("analysis[os].method", "cox", "rmst"), ("new.x", None, 1),
    ]  # fmt: skip
    assert "3 deviations" in changed.note() and len(changed.to_frame()) == 3
    with pytest.raises(ProjectError, match="reason"):
        freeze_plan(tmp_path, today=date(2026, 3, 1))
    amended = freeze_plan(tmp_path, today=date(2026, 3, 1), reason="visit 12 was dropped")
    assert (
        amended.status == "frozen"
        and len(amended.deviations) == 3
        and amended.amendments[0][1] == "visit 12 was dropped"
    )
    assert amended.frozen_on == "2026-01-02"


def test_a_comment_changes_the_hash_and_no_entry(tmp_path):
    (tmp_path / "plan.toml").write_text(PLAN)
    freeze_plan(tmp_path, today=date(2026, 1, 2))
    (tmp_path / "plan.toml").write_text("# a comment\n" + PLAN)
    found = read_plan(tmp_path)
    assert found.status == "changed" and not found.deviations and "no deviation" in found.note()


def test_the_cohort_records_the_plan_before_outcomes(tmp_path):
    shutil.copytree(example(), tmp_path / "c")
    (tmp_path / "c" / "plan.toml").write_text(PLAN)
    assert any("not frozen" in note for note in read(tmp_path / "c").notes)
    freeze_plan(tmp_path / "c", today=date(2026, 1, 2))
    cohort = read(tmp_path / "c")
    assert cohort.plan.status == "frozen" and any("frozen on 2026-01-02" in note for note in cohort.notes)


def test_a_broken_plan_stops_before_any_outcome_is_opened(tmp_path, monkeypatch):
    shutil.copytree(example(), tmp_path / "c")
    (tmp_path / "c" / "plan.toml").write_text("a = = 1")
    (tmp_path / "c" / "visits.csv").unlink()
    with pytest.raises(ProjectError, match="TOML"):
        read(tmp_path / "c")
    (tmp_path / "c" / "plan.toml").unlink()
    (tmp_path / "c" / "plan.lock.json").write_text("{}")
    with pytest.raises(ProjectError, match="plan"):
        read(tmp_path / "c")
    (tmp_path / "c" / "plan.toml").write_text(PLAN)
    with pytest.raises(ProjectError, match="broken"):
        read(tmp_path / "c")


def test_nothing_to_freeze(tmp_path):
    with pytest.raises(ProjectError, match="no plan"):
        freeze_plan(tmp_path, today=date(2026, 1, 2))
