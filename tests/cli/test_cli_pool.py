"""`ostealgia pool`: what is refused, what is accepted with a note, and what comes out (issue 2, point 7)."""

from __future__ import annotations

import csv
import io
import json
import math
import subprocess
import sys

import openpyxl
import pytest

from ostealgia.cli.app import main

BINARY = "study,events_1,n_1,events_2,n_2\n"
ROWS = "Aronson,4,123,11,139\nFerguson,6,306,29,303\nRosenthal,3,231,11,220\nHart,62,13598,248,12867\n"
TRIALS = [(4, 123, 11, 139), (6, 306, 29, 303), (3, 231, 11, 220), (62, 13598, 248, 12867), (0, 50, 3, 50)]
MEANS = "study,mean,sd,n\n"
GENERIC = "study,estimate,std_error\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def save(content: str | bytes, name: str = "t.csv") -> str:
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return name

    return save


def pooled(capsys, *words: str) -> dict:
    status = main(["pool", *words, "--json"])
    out, err = capsys.readouterr()
    assert status == 0, err
    return json.loads(out)


# name: (table, options, parts of the message: file, row, column, found, expected)
REFUSED = {
    "missing column": (
        "study,events_1,n_1,events_2\nA,1,10,2\n",
        ["-m", "OR"],
        ["t.csv", "n_2", "Found: ", "events_1"],
    ),
    "text in a number": (
        BINARY + "A,1,10,2,20\nB,x,10,2,20\n",
        ["-m", "OR"],
        ["t.csv, row 3, column events_1", "Found: 'x'", "Expected: a"],
    ),
    "thousands": (
        'study,events,n\nA,936,"1,325"\nB,2,20\n',
        ["-m", "PLO"],
        ["t.csv, row 2, column n", "Found: '1,325'", "thousands"],
    ),
    "ragged row": (
        BINARY + "A,1,10,2,20\nSmith, J,1,10,2,20\n",
        ["-m", "OR"],
        ["t.csv, row 3", "Found: 6 fields", "Expected: 5 fields", "quotes"],
    ),
    "events above n": (
        BINARY + "A,1,10,2,20\nB,12,10,2,20\n",
        ["-m", "RR"],
        ["t.csv, row 3, column events_1", "Found: 12", "Expected: ", "10"],
    ),
    "negative SD": (
        MEANS + "A,5,1,10\nB,4,-1.5,20\n",
        ["-m", "MN"],
        ["t.csv, row 3, column sd", "Found: -1.5", "Expected: "],
    ),
    "negative variance": (
        "study,yi,vi\nA,0.1,0.04\nB,0.2,-0.1\n",
        ["-m", "GEN"],
        ["t.csv, row 3, column vi (read as variance)", "Found: -0.1", "Expected: "],
    ),
    "zero standard error": (
        GENERIC + "A,0.1,0.2\nB,0.3,0\n",
        ["-m", "GEN"],
        ["t.csv, row 3, column std_error", "Found: 0", "Expected: "],
    ),
    "infinite standard error": (
        GENERIC + "A,0.1,0.2\nB,0.3,inf\n",
        ["-m", "GEN"],
        ["t.csv, row 3, column std_error", "Found: inf", "Expected: "],
    ),
    "estimate outside its interval": (
        "study,estimate,ci_low,ci_high\nA,1.5,1.1,2.0\nB,3.58,1.1,2.0\n",
        ["-m", "OR"],
        ["t.csv, row 3, column estimate", "Found: 3.58", "Expected: ", "1.1", "2"],
    ),
    "zero studies": (BINARY, ["-m", "OR"], ["t.csv, row 2", "zero studies", "Expected: one row a study"]),
    "empty file": (b"", ["-m", "OR"], ["t.csv: the file is empty", "Found: 0 bytes"]),
    "binary file": (
        b"\x89PNG\r\n\x1a\n\x00\x01",
        ["-m", "OR"],
        ["t.csv: the file is not a table", "Found: a PNG picture"],
    ),
    "no such increment": (BINARY + ROWS, ["-m", "OR", "--increment", "-1"], ["--increment='-1'", "0 or more"]),
    "no such zero-cell rule": (BINARY + ROWS, ["-m", "OR", "--apply-increment", "some"], ["--apply-increment='some'"]),
    "half a quadrature point": (
        BINARY + ROWS,
        ["-m", "OR", "--quadrature", "7.5"],
        ["--quadrature='7.5' is not a whole"],
    ),
    "missing correlation": (
        "study,mean_pre,sd_pre,mean_post,sd_post,n\nA,6,2,3,2,20\n",
        ["-m", "MC"],
        ["correlation"],
    ),
    "no such subgroup column": (
        BINARY + ROWS,
        ["-m", "OR", "--subgroup", "design"],
        ["t.csv, column design: --subgroup: there is no such column", "Found: study, events_1"],
    ),
    "no such outcome": (
        "study,outcome,events,n\nA,pain,1,10\nB,pain,3,20\n",
        ["-m", "PLO", "--outcome", "pian"],
        ["t.csv, column outcome", "'pian'", "pain"],
    ),
    "an outcome without its column": (
        BINARY + ROWS,
        ["-m", "OR", "--outcome", "pain"],
        ["column outcome", "Leave"],
    ),
    "arms without their column": (
        BINARY + ROWS,
        ["-m", "OR", "--arms", "a,b"],
        ["column arm or arm_role", "Leave"],
    ),
    "an option of another model": (
        BINARY + ROWS,
        ["-m", "OR", "--glmm", "UM.FS"],
        ["--glmm: not an option of --model random", "--q-center, --mh-increment"],
    ),
    "no such model": (BINARY + ROWS, ["-m", "OR", "--model", "fixed"], ["--model='fixed'", "'common'"]),
    "no such tau2": (BINARY + ROWS, ["-m", "OR", "--tau2", "REMl"], ["--tau2='REMl'", "Did you mean 'REML'?"]),
    "level as per cent": (BINARY + ROWS, ["-m", "OR", "--level", "95"], ["0.95"]),
    "a sheet of a text file": (BINARY + ROWS, ["-m", "OR", "--sheet", "x"], ["t.csv: a text file has no sheets"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case, here, tmp_path, capsys):
    content, options, parts = REFUSED[case]
    name = here(content)
    outputs = ["--forest", "f.svg", "--funnel", "f.png", "--csv", "out.csv"]
    assert main(["pool", name, *options, *outputs]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("ostealgia: error:") == 1
    assert "Traceback" not in err
    for part in parts:
        assert part in err
    assert [path.name for path in tmp_path.iterdir()] == [name]  # nothing written, nothing half-written


def test_reference_values(here, capsys):
    """Four of the BCG trials, log odds ratio, DerSimonian-Laird: the same sums by hand, in plain Python."""
    found = pooled(capsys, here(BINARY + ROWS), "-m", "OR", "--tau2", "DL", "--ci", "z")
    y, v = [], []
    for a, n1, c, n2 in TRIALS[:4]:
        y.append(math.log(a * (n2 - c) / (c * (n1 - a))))
        v.append(1 / a + 1 / (n1 - a) + 1 / c + 1 / (n2 - c))
    w = [1 / x for x in v]
    mean = sum(a * b for a, b in zip(w, y, strict=True)) / sum(w)
    q = sum(a * (b - mean) ** 2 for a, b in zip(w, y, strict=True))
    tau2 = max(0.0, (q - 3) / (sum(w) - sum(a * a for a in w) / sum(w)))
    w = [1 / (x + tau2) for x in v]
    mean = sum(a * b for a, b in zip(w, y, strict=True)) / sum(w)
    assert found["q"] == pytest.approx(q, rel=1e-12)  # the same sums by hand
    assert found["tau2"] == pytest.approx(tau2, abs=1e-14)
    assert found["analysis_scale"]["estimate"] == pytest.approx(mean, rel=1e-12)
    assert found["reported"]["estimate"] == pytest.approx(math.exp(mean), rel=1e-12)
    assert found["analysis_scale"]["df"] == "Infinity"


def test_models_of_counts(here, capsys):
    table = here(BINARY + ROWS + "Zero,0,50,3,50\n")
    plain = pooled(capsys, table, "-m", "OR", "--model", "MH")
    corrected = pooled(capsys, table, "-m", "OR", "--model", "MH", "--mh-increment", "effects")
    assert plain["analysis_scale"]["estimate"] != corrected["analysis_scale"]["estimate"]
    top = sum(a * (n2 - c) / (n1 + n2) for a, n1, c, n2 in TRIALS)
    bottom = sum(c * (n1 - a) / (n1 + n2) for a, n1, c, n2 in TRIALS)
    assert plain["reported"]["estimate"] == pytest.approx(top / bottom, rel=1e-12)  # Mantel-Haenszel by hand
    assert pooled(capsys, table, "-m", "PETO", "--model", "peto")["model"] == "peto"
    fit = pooled(capsys, table, "-m", "OR", "--model", "glmm", "--glmm", "UM.FS", "--quadrature", "21")
    assert (fit["model"], fit["tau2_method"], fit["converged"]) == ("glmm", "ML", True)


def test_json_has_the_keys_of_the_plan(here, capsys):
    found = pooled(capsys, here(BINARY + ROWS), "-m", "OR")
    keys = """measure model tau2_method ci_method pi_method ci_level k n reported analysis_scale
    tau2 tau2_std_error tau2_ci_low tau2_ci_high tau2_ci_method i2_tau2 i2_q h2 q q_df q_p_value
    converged certificate weights studies excluded notes"""
    assert set(keys.split()) <= set(found)
    scale = "scale estimate std_error statistic df p_value ci_low ci_high pi_low pi_high"
    assert set(scale.split()) == set(found["reported"]) == set(found["analysis_scale"])
    assert found["k"] == 4
    assert not {"subgroups", "leave_one_out", "cumulative", "egger"} & set(found)


def test_further_analyses_only_when_asked_for(here, capsys):
    rows = [row + f",{2000 + i},{'a' if i < 2 else 'b'}" for i, row in enumerate(ROWS.strip().split("\n"))]
    table = here("study,events_1,n_1,events_2,n_2,Year,Design type\n" + "\n".join(rows) + "\n")
    more = ["--subgroup", "Design type", "--leave-one-out", "--cumulative", "Year", "--egger"]
    found = pooled(capsys, table, "-m", "OR", *more)
    assert set(found["subgroups"]["groups"]) == {"a", "b"}
    assert len(found["leave_one_out"]["rows"]) == len(found["cumulative"]["rows"]) == 4
    assert found["egger"]["df"] == 2
    assert main(["pool", table, "-m", "OR", *more]) == 0
    text = capsys.readouterr().out
    for word in ("between subgroups", "without Hart", "adding Hart", "Egger's test"):
        assert word in text


def test_a_note_on_the_data_is_told_once(here, capsys):
    table = here(
        "slab,events_1,n_1,events_2,n_2,site\n" + "".join(f"{row},x\n" for row in ROWS.split()) + "Zero,0,50,3,50,x\n"
    )
    more = ["--egger", "--leave-one-out", "--subgroup", "site"]
    assert main(["pool", table, "-m", "OR", *more]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("  note: ")]
    assert len(lines) == len(set(lines)) > 3
    found = pooled(capsys, table, "-m", "OR", *more)
    assert not set(found["notes"]) & {*found["egger"]["notes"], *found["leave_one_out"]["notes"]}


# accepted, with a note on the result


def test_one_study(here, capsys):
    found = pooled(capsys, here(GENERIC + "A,0.5,0.2\n"), "-m", "GEN")
    assert found["k"] == 1
    assert any("one study" in note for note in found["notes"])


def test_repeated_labels(here, capsys):
    found = pooled(capsys, here(GENERIC + "A,0.5,0.2\nA,0.1,0.2\nB,0.3,0.1\n"), "-m", "GEN")
    assert found["k"] == 3
    assert any("'A'" in note or " A" in note for note in found["notes"])


def test_an_empty_cell_leaves_the_row_out_by_name(here, capsys):
    found = pooled(capsys, here(GENERIC + "A,0.5,0.2\nB,,0.2\nC,0.3,0.1\n"), "-m", "GEN")
    assert found["k"] == 2
    [row] = found["excluded"]
    assert (row["study"], row["row"]) == ("B", 3)
    assert "estimate" in row["reason"]


ENCODED = {
    "BOM": (b"\xef\xbb\xbf" + (BINARY + ROWS).encode(), "BOM"),
    "CRLF": ((BINARY + ROWS).replace("\n", "\r\n").encode(), "CR LF"),
    "UTF-16": ((BINARY + ROWS).encode("utf-16"), "UTF-16"),
    "Windows-1252": ((BINARY + ROWS).replace("Hart", "Härt").encode("cp1252"), "Windows-1252"),
    "semicolons": ((BINARY + ROWS).replace(",", ";").encode(), "semicolons"),
}


@pytest.mark.parametrize("case", ENCODED)
def test_encodings_give_the_same_result_and_a_note(case, here, capsys):
    content, note = ENCODED[case]
    plain = pooled(capsys, here(BINARY + ROWS), "-m", "OR")
    found = pooled(capsys, here(content, "other.csv"), "-m", "OR")
    assert found["analysis_scale"] == plain["analysis_scale"]
    assert any(note in text for text in found["notes"])


def test_workbook(here, capsys, tmp_path):
    book = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(BINARY + ROWS)):
        book.active.append([int(cell) if cell.isdigit() else cell for cell in row])
    book.save(tmp_path / "t.xlsx")
    plain = pooled(capsys, here(BINARY + ROWS), "-m", "OR")
    found = pooled(capsys, "t.xlsx", "-m", "OR", "--sheet", "Sheet")
    assert found["analysis_scale"] == plain["analysis_scale"]
    assert any("sheet 'Sheet' read" in note for note in found["notes"])


def _many(path, rows: int) -> None:
    with path.open("w") as handle:
        handle.write("estimate,std_error\n")
        handle.writelines(f"{0.3 + (i % 101 - 50) / 100:.2f},{0.1 + i % 7 / 50:.2f}\n" for i in range(rows))


@pytest.mark.parametrize("rows", [100_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_many_rows(rows, tmp_path, capsys):
    _many(tmp_path / "many.csv", rows)
    found = pooled(capsys, str(tmp_path / "many.csv"), "-m", "GEN", "--tau2", "DL")
    assert found["k"] == rows
    assert found["analysis_scale"]["estimate"] == pytest.approx(0.3, abs=0.01)  # symmetric about 0.3 by construction


def test_labels_that_look_like_numbers(here, capsys):
    found = pooled(capsys, here(GENERIC + "2019,0.5,0.2\n007,0.1,0.2\n"), "-m", "GEN")
    assert [row["study"] for row in found["studies"]] == ["2019", "007"]


def test_mapped_columns_are_shown(here, capsys):
    found = pooled(capsys, here("slab,yi,vi\nA,0.5,0.04\nB,0.1,0.04\n"), "-m", "GEN")
    for note in ("column 'slab' read as 'study'", "column 'yi' read as 'estimate'", "column 'vi' read as 'variance'"):
        assert found["notes"].count(note) == 1


# files


def test_files_are_written_and_named_on_stderr(here, tmp_path, capsys):
    table = here(BINARY + ROWS)
    words = [
        "pool",
        table,
        "-m",
        "OR",
        "--forest",
        "forest.svg",
        "--funnel",
        "funnel.png",
        "--csv",
        "out.csv",
        "--leave-one-out",
    ]
    assert main(words) == 0
    first = {name: (tmp_path / name).read_bytes() for name in ("forest.svg", "funnel.png", "out.csv")}
    out, err = capsys.readouterr()
    assert "OR 0." in out
    assert err.split("\n")[:-1] == ["wrote forest.svg", "wrote funnel.png", "wrote out.csv"]
    assert b"<svg" in first["forest.svg"][:600]
    assert first["funnel.png"].startswith(b"\x89PNG")
    rows = list(csv.DictReader(io.StringIO(first["out.csv"].decode())))
    assert [row["kind"] for row in rows] == ["study"] * 4 + ["pooled"] + ["leave-one-out"] * 4
    assert sum(float(row["weight"]) for row in rows[:4]) == pytest.approx(100)
    assert main([*words, "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    assert first == {name: (tmp_path / name).read_bytes() for name in first}  # the same bytes again


def test_standard_input_and_clean_streams(here):
    command = [sys.executable, "-m", "ostealgia.cli.app", "pool", "-", "-m", "OR", "--json"]
    process = subprocess.run(command, input=(BINARY + ROWS).encode(), capture_output=True, timeout=120, check=True)
    assert json.loads(process.stdout)["k"] == 4
    assert process.stderr == b""
    process = subprocess.run(command, input=b"", capture_output=True, timeout=120)
    assert process.returncode == 2
    assert b"standard input: the file is empty" in process.stderr
    assert process.stdout == b""
