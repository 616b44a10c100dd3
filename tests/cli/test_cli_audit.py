"""audit through the command line: exit statuses, JSON, order, one bad paper among many, files that are written."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys

import pytest

from ostealgia.cli.app import main

CLEAN = """A trial of radiotherapy

Results

Pain fell in 9 of 30 patients (30.0%). The odds ratio was 2.00 (95% CI 1.00 to 4.00).
"""
WRONG = """A second trial

Results

Pain fell in 8 of 30 patients (2.7%). The odds ratio was 2.00 (95% CI 1.00 to 4.00).
"""
NOTHING = "An essay\n\nNo number stands in this text.\n"
# the keys that DESIGN promises to other programs
KEYS = [
    "rule", "document", "page", "line", "span", "quote", "reported", "recomputed", "recomputed_low", "recomputed_high",
    "verdict", "severity", "basis", "cause_code", "cause", "repair",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _papers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in (("clean.txt", CLEAN), ("wrong.txt", WRONG), ("nothing.txt", NOTHING)):
        (tmp_path / name).write_text(text)


def told(capsys, *words: str) -> tuple[int, str, str]:
    status = main(["audit", *words])
    out, err = capsys.readouterr()
    return status, out, err


def test_nothing_flagged_is_status_0(capsys):
    status, out, err = told(capsys, "clean.txt")
    assert status == 0
    assert "clean.txt" in out and "checked" in out and "fit" in out
    assert err == ""  # no progress where standard error is no terminal


def test_a_flag_is_status_1_with_all_that_is_known(capsys):
    status, out, _ = told(capsys, "wrong.txt")
    assert status == 1
    assert "percent-vs-count, line 5, results" in out
    for words in ("8 of 30 is 26.67%", "printed     ", "recomputed  26.7", "would fit   26.7", "major"):
        assert words in out


def test_a_paper_without_numbers_is_said_and_is_status_0(capsys):
    status, out, _ = told(capsys, "nothing.txt")
    assert status == 0 and "no number of this paper could be checked" in out


def test_json_has_the_promised_keys_and_nothing_else_on_stdout(capsys):
    status, out, _ = told(capsys, "wrong.txt", "clean.txt", "--json")
    data = json.loads(out)
    assert status == 1
    assert list(data) == ["documents", "findings", "errors"]
    assert [document["name"] for document in data["documents"]] == ["wrong.txt", "clean.txt"]
    assert all(list(finding) == KEYS for finding in data["findings"])
    assert {finding["document"] for finding in data["findings"]} == {"wrong.txt", "clean.txt"}
    flagged = [finding for finding in data["findings"] if finding["verdict"] in ("inconsistent", "impossible")]
    assert flagged and all(WRONG[slice(*finding["span"])] for finding in flagged)
    assert data["documents"][0]["checks"]["flagged"] == len(flagged)
    assert re.fullmatch(r"[0-9a-f]{64}", data["documents"][0]["sha256"])
    assert data["errors"] == []


def test_one_bad_paper_is_one_message_and_the_others_are_done(tmp_path, capsys):
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\nthis is no longer a PDF")
    (tmp_path / "empty.txt").write_bytes(b"")
    status, out, err = told(capsys, "clean.txt", "broken.pdf", "wrong.txt", "missing.txt", "empty.txt")
    assert status == 2
    assert "clean.txt" in out and "8 of 30 is 26.67%" in out
    assert "3 files could not be read" in out
    errors = [line for line in err.splitlines() if line]
    assert len(errors) == 3
    assert [name in line for name, line in zip(("broken.pdf", "missing.txt", "empty.txt"), errors, strict=True)] == [
        True
    ] * 3
    assert "Traceback" not in err


def test_json_names_the_papers_that_could_not_be_read(capsys):
    status, out, err = told(capsys, "missing.txt", "clean.txt", "--json")
    data = json.loads(out)
    assert status == 2
    assert [error["path"] for error in data["errors"]] == ["missing.txt"]
    assert "does not exist" in data["errors"][0]["message"] and "missing.txt" in err
    assert [document["name"] for document in data["documents"]] == ["clean.txt"]


def test_a_folder_is_refused_with_the_way_out(tmp_path, capsys):
    status, _, err = told(capsys, str(tmp_path))
    assert status == 2
    assert "folder" in err and "Name the files in it" in err


def test_results_stand_in_the_order_of_the_call_and_are_the_same_with_any_number_of_jobs(tmp_path, capsys):
    (tmp_path / "long.txt").write_text(WRONG + "\n" + "Pain fell in 9 of 30 patients (30.0%).\n\n" * 60)
    names = ["long.txt", "clean.txt", "nothing.txt", "wrong.txt"]
    answers = [told(capsys, *names, "--json", "--jobs", jobs)[1] for jobs in ("1", "3")]
    assert answers[0] == answers[1]
    assert [document["name"] for document in json.loads(answers[0])["documents"]] == names


def test_two_papers_of_one_name_are_told_apart_by_their_path(tmp_path, capsys):
    for folder, text in (("a", CLEAN), ("b", WRONG)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "paper.txt").write_text(text)
    _, out, _ = told(capsys, "a/paper.txt", "b/paper.txt", "--json", "--html", "pages", "-q")
    data = json.loads(out)
    assert [document["name"] for document in data["documents"]] == ["a/paper.txt", "b/paper.txt"]
    assert {finding["document"] for finding in data["findings"]} == {"a/paper.txt", "b/paper.txt"}
    assert len(list((tmp_path / "pages").iterdir())) == 3


def test_rules_are_chosen_by_name(capsys):
    _, out, _ = told(capsys, "wrong.txt", "--rules", "ci-vs-point", "--json")
    assert {finding["rule"] for finding in json.loads(out)["findings"]} == {"ci-vs-point"}
    status, out, err = told(capsys, "wrong.txt", "--rules", "percent-vs-counts")
    assert status == 2 and out == ""
    assert "--rules" in err and "Did you mean 'percent-vs-count'?" in err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "Missing argument"),
        (("clean.txt", "--jobs", "0"), "--jobs 0"),
        (("clean.txt", "--rules", " , "), "names no rule"),
        (("clean.txt", "--html", "clean.txt"), "is one of the papers"),
        (("clean.txt", "--html", "no/such/page.html"), "does not exist"),
        (("clean.txt", "wrong.txt", "--html", "nothing.txt"), "is a file; for several papers give a folder"),
        (("clean.txt", "--html", "x.csv", "--csv", "x.csv"), "name the same file"),
        (("clean.txt", "--docx", "letter.pdf"), "ends in .docx"),
        (("clean.txt", "--csv", "."), "is a folder"),
        (("clean.txt", "--htlm", "x"), "--html"),
    ],
)
def test_a_wrong_call_is_refused_before_any_paper_is_read(words, expected, capsys):
    status, out, err = told(capsys, *words)
    assert status == 2 and out == ""
    assert expected in err and "Traceback" not in err


def test_no_judgement_leaves_judgement_out(tmp_path, capsys):
    _, out, _ = told(capsys, "wrong.txt", "--no-judgement", "--json")
    assert all(finding["basis"] == "arithmetic" for finding in json.loads(out)["findings"])


def test_all_lists_what_fits(capsys):
    short, long = told(capsys, "clean.txt")[1], told(capsys, "clean.txt", "--all")[1]
    assert "percent-vs-count" not in short and "percent-vs-count" in long


def test_one_paper_is_one_page_several_are_a_folder_with_an_index(tmp_path, capsys):
    status, _, err = told(capsys, "wrong.txt", "--html", "page.html")
    assert status == 1 and "written: page.html" in err
    assert "8 of 30 is 26.67%" in (tmp_path / "page.html").read_text()
    status, _, _ = told(capsys, "wrong.txt", "clean.txt", "missing.txt", "--html", "pages")
    assert status == 2
    assert sorted(path.name for path in (tmp_path / "pages").iterdir()) == ["clean.html", "index.html", "wrong.html"]
    index = (tmp_path / "pages" / "index.html").read_text()
    assert 'href="wrong.html"' in index and "missing.txt" in index


def test_files_have_the_same_bytes_twice(tmp_path, capsys):
    made = []
    for run in ("1", "2"):
        names = [f"{run}.html", f"{run}.csv", f"{run}.docx"]
        told(capsys, "wrong.txt", "--html", names[0], "--csv", names[1], "--docx", names[2], "-q")
        made.append([(tmp_path / name).read_bytes() for name in names])
    assert made[0] == made[1]


def test_csv_has_a_row_a_finding_and_is_safe_in_a_spreadsheet(tmp_path, capsys):
    (tmp_path / "formula.txt").write_text(
        "Results\n\nThe change was -3.71 (95% CI -5.29 to -2.00), and =HYPERLINK was 8 of 30 (2.7%).\n"
    )
    told(capsys, "formula.txt", "wrong.txt", "--csv", "f.csv", "-q")
    with open(tmp_path / "f.csv", newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert {row["document"] for row in rows} == {"formula.txt", "wrong.txt"}
    assert not [cell for row in rows for cell in row.values() if cell[:1] in ("=", "+", "@") and len(cell) > 1]
    assert {"rule", "reported", "span_start", "span_end", "verdict", "repair", "message"} <= set(rows[0])


def test_csv_of_a_paper_without_checks_has_its_header(tmp_path, capsys):
    told(capsys, "nothing.txt", "--csv", "f.csv", "-q")
    assert (tmp_path / "f.csv").read_text().startswith("rule,document,page,line,span_start,span_end,quote")


def test_help_shows_examples_and_statuses(capsys):
    status, out, _ = told(capsys, "--help")
    assert status == 0
    assert "ostealgia audit paper.pdf --html paper.html" in out.replace("\n    ", " ") and "Exit status" in out


def test_no_device_and_no_closed_folder_takes_the_page(capsys, tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.html")
    status, out, err = told(capsys, "clean.txt", "--html", "pipe.html")
    assert (status, out) == (2, "") and "--html pipe.html is a device or a pipe" in err
    assert (tmp_path / "pipe.html").is_fifo()
    (tmp_path / "closed").mkdir()
    monkeypatch.setattr(os, "access", lambda *_: False)  # a test that runs as root may write anywhere
    status, out, err = told(capsys, "clean.txt", "--csv", "closed/a.csv")
    assert (status, out) == (2, "") and "you may not write into that folder" in err


def audit_process(*words: str, **streams) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "ostealgia.cli.app", "audit", *words], timeout=120, **streams)


def test_the_files_are_written_though_the_reader_of_the_text_has_gone(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    ended = audit_process("wrong.txt", "clean.txt", "--csv", "a.csv", "-q", stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, b"")
    assert (tmp_path / "a.csv").read_text().count("wrong.txt") >= 1


def test_a_closed_standard_output_is_no_fault():
    ended = audit_process("wrong.txt", stderr=subprocess.PIPE, preexec_fn=lambda: os.close(1))
    assert (ended.returncode, ended.stderr) == (1, b"")
