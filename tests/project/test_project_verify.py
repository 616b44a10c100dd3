"""What changed since the build is named."""

from __future__ import annotations

import pytest
from project_cases import ROWS

from ostealgia.errors import ProjectError
from ostealgia.project.steps import run
from ostealgia.project.verification import verify


def test_nothing_changed(make):
    folder = make()
    run(folder)
    found = verify(folder)
    assert found.differences == () and found.to_dict()["same"] is True and "everything is as it was" in found.text()


def test_a_changed_cell_is_named_with_its_row_and_the_numbers_it_moves(make):
    folder = make()
    run(folder)
    (folder / "results.csv").write_text(ROWS.replace("40,30", "40,31"))
    texts = [str(item) for item in verify(folder).differences]
    assert any("results.csv, row 3: changed (Beta 2002, response)" in text for text in texts)
    assert not any("row 2" in text or "row 4" in text for text in texts)
    assert any("response/all/reported, estimate" in text and "before" in text for text in texts)
    assert any("results.csv: file changed" in text for text in texts)
    assert verify(folder).to_dict()["same"] is False


def test_new_and_missing_rows_are_named(make):
    folder = make()
    run(folder)
    (folder / "results.csv").write_text("\n".join(ROWS.splitlines()[:-1]) + "\n")
    assert any("row 4: gone" in str(item) for item in verify(folder).differences)
    (folder / "results.csv").write_text(ROWS + "Delta 2004,response,50,30,Table 1\n")
    assert any("row 5: new (Delta 2004, response)" in str(item) for item in verify(folder).differences)


def test_an_edited_or_missing_output_is_named(make):
    folder = make()
    run(folder)
    page = folder / "build" / "report.html"
    page.write_text(page.read_text().replace("Response", "Success"))
    (folder / "build" / "tables" / "studies.csv").unlink()
    texts = [str(item) for item in verify(folder).differences]
    assert any("report.html: edited since it was made" in text for text in texts)
    assert any("tables/studies.csv: missing in build/" in text for text in texts)


def test_verify_writes_nothing(make):
    folder = make()
    run(folder)
    (folder / "results.csv").write_text(ROWS.replace("40,30", "40,31"))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    verify(folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_without_a_build_there_is_nothing_to_compare(make):
    with pytest.raises(ProjectError, match="ostealgia run"):
        verify(make())


def test_a_moved_project_is_still_the_same(make, tmp_path):
    folder = make()
    run(folder)
    folder.rename(tmp_path / "elsewhere")
    assert verify(tmp_path / "elsewhere").differences == ()


def test_a_broken_build_is_refused(make):
    folder = make()
    run(folder)
    (folder / "build" / "results.json").write_text("{")
    with pytest.raises(ProjectError, match="cannot be read as JSON"):
        verify(folder)
