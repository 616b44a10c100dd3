"""What is refused, what is accepted with a note, and how cells are read (issue 2, point 7)."""

from __future__ import annotations

import contextlib
import csv
import datetime
import io
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostealgia.errors import TableError
from ostealgia.io import number_hint, read_table
from ostealgia.io.cells import parse_number
from ostealgia.io.delimited import text_rows
from ostealgia.io.files import encoding_of

HEADER = "study,events,n\n"
TWO = HEADER + "Namba 2019,8,10\nTsai 2019,26,31\n"


@pytest.fixture
def save(tmp_path):
    def write(content: str | bytes, name: str = "t.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def zip_of(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "x")
    return buffer.getvalue()


REFUSED = {
    "empty": (b"", None, ["the file is empty", "0 bytes"]),
    "only blanks": (b"\n \n\r\n", None, ["the file is empty", "only blanks"]),
    "header only": (HEADER, 2, ["zero studies", "one row a study"]),
    "PNG": (b"\x89PNG\r\n\x1a\n\x00", None, ["a PNG picture", "Save the table as CSV"]),
    "PDF": (b"%PDF-1.7\n", None, ["a PDF document"]),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64), None, [".xls"]),
    "zip": (zip_of("word/document.xml"), None, ["zip archive that is not an .xlsx"]),
    "web page": ("<!DOCTYPE html><html></html>", None, ["a web page"]),
    "NUL bytes": (b"study,n\nA,\x00\n", None, ["binary data (byte 0x00 at position 11)"]),
    "UTF-16 without mark": (TWO.encode("utf-16-le"), None, ["UTF-16 text without its byte-order mark"]),
    "unknown encoding": (HEADER.encode() + b"M\x81ller,1,2\n", None, ["byte 0x81 in line 2", "UTF-8"]),
    "broken UTF-16": (b"\xff\xfe" + TWO.encode("utf-16-le") + b"\x00", None, ["breaks UTF-16 LE"]),
    "too many fields": (
        HEADER + "A,1,2\nSmith, J,3,4\n",
        3,
        ["4 fields (Smith | J | 3 | 4)", "3 fields (study, events, n)", "in double quotes"],
    ),
    "too few fields": (HEADER + "A,1,2\nB,3\n", 3, ["2 fields (B | 3)", "keep its delimiter"]),
    "open quotation mark": (HEADER + 'A,1,2\n"B,3,4\nC,5,6\n', 3, ["opened and never closed"]),
    "text after a quotation mark": (HEADER + '"A" x,1,2\n', 2, ["text follows a closing quotation mark"]),
    "a name given twice": (
        "study,n,n\nA,1,2\n",
        1,
        ["column n", "'n' (column 2) and 'n' (column 3)", "every name once"],
    ),
    "two spellings of a column": ("study,N,n\nA,1,2\n", 1, ["both read as 'n'", "Rename or remove"]),
    "no header": ("1,2,3\n4,5,6\n", 1, ["looks like data", "1, 2, 3", "Add a first row"]),
    "no header, with labels": ("Namba,8,10\nTsai,26,31\n", 1, ["Namba, 8, 10"]),
    "only comments": ("# nothing\n", None, ["no header", "1 comment line"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_file_row_and_way_out(case, save):
    content, row, parts = REFUSED[case]
    with pytest.raises(TableError) as caught:
        read_table(save(content), name="t.csv")
    message = str(caught.value)
    assert message.startswith("t.csv")
    assert caught.value.row == row
    for part in parts:
        assert part in message


def test_missing_file_names_its_neighbour(save, tmp_path):
    save(TWO, "results.csv")
    with pytest.raises(TableError, match=r"result\.csv: the file does not exist.*Did you mean .*results\.csv\?"):
        read_table(tmp_path / "result.csv")
    with pytest.raises(TableError, match=r"a folder, not a file.*It holds results.csv"):
        read_table(tmp_path)
    with pytest.raises(TableError, match=r"does not exist either"):
        read_table(tmp_path / "nowhere" / "t.csv")


ACCEPTED = {
    "plain": (TWO.encode(), None),
    "BOM": (b"\xef\xbb\xbf" + TWO.encode(), "UTF-8 with BOM"),
    "CRLF": (TWO.replace("\n", "\r\n").encode(), "CR LF"),
    "CR": (TWO.replace("\n", "\r").encode(), "old Macintosh"),
    "UTF-16 LE": (b"\xff\xfe" + TWO.encode("utf-16-le"), "UTF-16 LE"),
    "UTF-16 BE": (b"\xfe\xff" + TWO.encode("utf-16-be"), "UTF-16 BE"),
    "semicolon": (TWO.replace(",", ";").encode(), "semicolons"),
    "tab": (TWO.replace(",", "\t").encode(), "tabs"),
    "declared separator": (("sep=;\n" + TWO.replace(",", ";")).encode(), "semicolons"),
    "comments": (("# how to fill in, with a comma\n" + TWO).encode(), "1 comment line above the header"),
    "blank rows": (TWO.replace("Tsai", "\n,,\nTsai").encode(), "blank rows 3, 4 skipped"),
    "blank rows at the end": ((TWO + "\n\n,,\n").encode(), None),
    "no line end": (TWO.rstrip().encode(), None),
    "spaces": (TWO.replace(",", " , ").encode(), None),
    "empty last column": (b"study,events,n,\nNamba 2019,8,10,\nTsai 2019,26,31,\n", "neither name nor values"),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted_with_a_note(case, save):
    content, note = ACCEPTED[case]
    table = read_table(save(content))
    assert list(table.frame["study"]) == ["Namba 2019", "Tsai 2019"]
    assert table.frame["events"].tolist() == [8, 26]
    assert table.frame["n"].tolist() == [10, 31]
    if note is None:
        assert table.notes == ()
    else:
        assert any(note in text for text in table.notes)


def test_windows_1252_is_read_and_told(save):
    table = read_table(save((HEADER + "Müller – 2011,1,2\n").encode("cp1252")))
    assert table.frame["study"].tolist() == ["Müller – 2011"]
    assert "Windows-1252" in table.notes[0]
    assert "line 2" in table.notes[0]


def test_letters_with_accents_stay_in_the_names_of_columns(save):
    table = read_table(save("study,Länge,Lönge,n\nA,1,2,3\n"))
    assert list(table.frame.columns) == ["study", "länge", "lönge", "n"]
    assert table.find("Länge") == "länge"


def test_row_numbers_are_those_of_a_spreadsheet(save):
    table = read_table(save('# comment\nstudy,n\n"A\nwith a second line",1\n\nB,2\n'))
    assert table.frame.index.tolist() == [3, 5]  # the quoted line break makes no row, the blank line is one
    assert table.frame.index.name == "row"


def test_columns_by_our_names(save):
    table = read_table(save("slab,sei,Risk of bias\nA,0.1,low\n"))
    assert list(table.frame.columns) == ["study", "std_error", "risk_of_bias"]
    assert table.mapping == {"slab": "study", "sei": "std_error", "Risk of bias": "risk_of_bias"}
    assert "column 'sei' read as 'std_error'" in table.notes
    assert table.find("Risk of bias") == "risk_of_bias"
    with pytest.raises(TableError, match=r"column Risk: there is no such column.*Found: slab, sei, Risk of bias"):
        table.find("Risk")
    error = table.place(TableError("it is not above 0", row=2, column="std_error", found=-1))
    assert str(error).startswith(f"{table.file}, row 2, column sei (read as std_error): it is not above 0")


def test_labels_stay_as_typed(save):
    table = read_table(save("study,year,patient_no,dose\n2019,2019,007,8.0\n012,2020,12,20\n"))
    assert table.frame["study"].tolist() == ["2019", "012"]
    assert table.frame["patient_no"].tolist() == ["007", "12"]  # a leading zero makes an identifier
    assert table.text("year") == ["2019", "2020"]
    assert table.text("dose") == ["8", "20"]
    assert table.frame["year"].dtype == np.int64


def test_label_column_that_begins_with_numbers_keeps_them_as_typed(save):
    rows = "".join(f"S{i},{i % 7}.0\n" for i in range(9000)) + "S9000,unclear\n" * 9001  # text starts after a first run
    table = read_table(save("study,site\n" + rows))
    assert table.frame["site"].tolist()[:3] == ["0.0", "1.0", "2.0"]
    assert table.frame["site"].tolist()[-1] == "unclear"


def test_missing_words_are_counted(save):
    table = read_table(save("study,events,n,note\nA,NR,10,NR\nB,,20,\nC,-,n/a,x\nD,3,30,-\n"))
    assert np.isnan(table.frame["events"].to_numpy()[:3]).all()
    assert "column 'events': 2 cells read as missing ('-' 1, 'NR' 1)" in table.notes
    assert "column 'n': 1 cell read as missing ('n/a' 1)" in table.notes
    assert table.frame["note"].tolist() == ["NR", None, "x", "-"]  # a label is a label


def test_text_in_a_number_is_kept_and_named(save):
    table = read_table(save('study,events,n\nA,1026,"1,445"\nB,1,2\nC,2,12 %\n'))
    assert table.text_in_numbers == {"n": ((2, "1,445"), (4, "12 %"))}
    assert table.frame["n"].tolist() == ["1,445", 2, "12 %"]
    with pytest.raises(TableError, match=r"row 2, column n: text stands where.*Found: '1,445'.*separator of thousands"):
        table.number("n")
    assert table.number("events").tolist() == [1026, 1, 2]


def test_minus_sign_is_read_and_told(save):
    table = read_table(save("study,estimate\nA,\u22120.5\nB,0.25\n"))
    assert table.frame["estimate"].tolist() == [-0.5, 0.25]
    assert "column 'estimate': U+2212 read as a minus sign in 1 cell" in table.notes


def test_decimal_comma_only_where_it_is_sure(save):
    table = read_table(save("study;estimate;std_error\nA;0,5;0,125\nB;-1,25;1\n"))
    assert table.frame["estimate"].tolist() == [0.5, -1.25]
    assert table.frame["std_error"].tolist() == [0.125, 1.0]
    assert any("comma is read as the decimal sign" in note for note in table.notes)
    unsure = read_table(save("study;n\nA;1,445\nB;2,310\n"))  # thousands or decimals: never guessed
    assert [cell for _, cell in unsure.text_in_numbers["n"]] == ["1,445", "2,310"]
    both = read_table(save("study;estimate;std_error\nA;0,5;0.2\n"))
    assert both.text_in_numbers["estimate"] == ((2, "0,5"),)
    points = read_table(save("study;estimate;n\nA;0,5;1.445\n"))  # 1.445 may be 1445 here
    assert points.text_in_numbers["estimate"] == ((2, "0,5"),)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        (" -0.5 ", -0.5),
        ("+3", 3),
        (".5", 0.5),
        ("1e-3", 1e-3),
        ("5.", 5),
        ("inf", np.inf),
        ("-Inf", -np.inf),
    ],
)
def test_numbers(text, number):
    assert parse_number(text) == number


@pytest.mark.parametrize(
    "text",
    ["1_000", "0x10", "1,5", "12 %", "<0.001", "\u0663", "\uff12", "1 445", "3-10", "12345678901234567", "--5", "1e"],
)
def test_not_numbers(text):
    assert parse_number(text) is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("1,445", "thousands"),
        ("1.234,5", "thousands"),
        ("1 445", "thousands"),
        ("0,5", "point for the decimals"),
        ("12 %", "per-cent sign"),
        ("<0.001", "bound"),
        ("=0.029", "bound"),
        ("\u20130.5", "minus sign"),
        ("2020-05-10", "date"),
        ("10-May", "date"),
        ("4.1 \u00b1 2.0", "SD"),
        ("12/45", "a column each"),
        ("12 (27)", "brackets"),
        ("3 to 5", "range"),
        ("8 Gy", "unit"),
        ("#DIV/0!", "formula"),
        ("twelve", "Write a number"),
    ],
)
def test_hints(text, word):
    assert word in number_hint(text)


def test_infinity_reaches_the_one_who_judges_it(save):
    table = read_table(save("study,estimate,std_error\nA,0.5,inf\nB,0.1,0.2\n"))
    assert table.number("std_error").tolist() == [np.inf, 0.2]


# workbooks


@pytest.fixture
def book(tmp_path):
    def write(rows, name="t.xlsx", more=()):
        workbook = openpyxl.Workbook()
        sheet = workbook.active
        sheet.title = "Data"
        for row in rows:
            sheet.append(row)
        for title, others in more:
            other = workbook.create_sheet(title)
            for row in others:
                other.append(row)
        workbook.save(tmp_path / name)
        return tmp_path / name

    return write


ROWS = [["study", "events", "n"], ["Namba", 8, 10], [None, None, None], ["Tsai", 26.0, "31"]]


def test_workbook(book):
    table = read_table(book(ROWS, more=[("Other", [["study", "n"], ["A", 1]])]))
    assert table.frame.to_dict("list") == {"study": ["Namba", "Tsai"], "events": [8, 26], "n": [10, 31]}
    assert table.frame.index.tolist() == [2, 4]
    assert "the file is an .xlsx workbook: sheet 'Data' read, one of 2 (Data, Other)" in table.notes
    assert "blank row 3 skipped" in table.notes


def test_workbook_sheets(book, save):
    path = book(ROWS, more=[("Other", [["study", "n"], ["A", 1]])])
    assert read_table(path, sheet="Other").frame["study"].tolist() == ["A"]
    assert read_table(path, sheet=2).sheet == "Other"
    with pytest.raises(
        TableError, match=r"no such sheet. Found: 'other'. Expected: one of 'Data', 'Other'. Did you mean 'Other'"
    ):
        read_table(path, sheet="other")
    with pytest.raises(TableError, match=r"a text file has no sheets"):
        read_table(save(TWO), sheet="Data")


def test_workbook_refusals(book, save):
    with pytest.raises(TableError, match=r"row 3, column n: the file holds a formula without its value. Found: =B2"):
        read_table(book([["study", "n"], ["A", 1], ["B", "=B2"]]))
    with pytest.raises(TableError, match=r"row 2, column D: a cell stands outside the table. Found: 7"):
        read_table(book([["study", "n"], ["A", 1, None, 7]]))
    with pytest.raises(TableError, match=r"sheet is empty"):
        read_table(book([]))
    with pytest.raises(TableError, match=r"zero studies"):
        read_table(book([["study", "n"]]))
    with pytest.raises(TableError, match=r"workbook cannot be read"):
        read_table(save(zip_of("xl/workbook.xml"), "broken.xlsx"))


def test_workbook_cells_that_are_no_numbers(book):
    table = read_table(
        book(
            [
                ["study", "n", "note"],
                ["A", datetime.datetime(2020, 5, 10), None],
                ["B", True, "x"],
                ["C", "#DIV/0!", None],
            ]
        )
    )
    assert table.text_in_numbers["n"] == ((2, "2020-05-10"), (3, "TRUE"), (4, "#DIV/0!"))


def test_empty_table_on_request(save):
    table = read_table(save(HEADER), allow_empty=True)
    assert len(table) == 0
    assert list(table.frame.columns) == ["study", "events", "n"]


def _many(path: Path, rows: int) -> np.ndarray:
    values = np.random.default_rng(7).integers(0, 1000, size=(rows, 4))
    with path.open("w") as handle:
        handle.write("events_1,n_1,events_2,n_2\n")
        handle.writelines(f"{a},{b},{c},{d}\n" for a, b, c, d in values.tolist())
    return values


def test_many_rows(tmp_path):
    values = _many(tmp_path / "many.csv", 100_000)
    table = read_table(tmp_path / "many.csv")
    assert np.array_equal(table.frame.to_numpy(), values)
    assert table.frame.index[-1] == 100_001


@pytest.mark.slow
def test_a_million_rows(tmp_path):
    values = _many(tmp_path / "many.csv", 1_000_000)
    table = read_table(tmp_path / "many.csv")
    assert np.array_equal(table.frame.to_numpy(), values)


def test_ragged_row_far_down_is_found(tmp_path):
    path = tmp_path / "many.csv"
    path.write_text("study,n\n" + "A,1\n" * 60_000 + "B,2,3\n" + "A,1\n" * 10)
    with pytest.raises(TableError) as caught:
        read_table(path)
    assert caught.value.row == 60_002


@settings(deadline=None, max_examples=150)
@given(
    data=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)),
    suffix=st.sampled_from([".csv", ".tsv"]),
)
def test_any_bytes_give_a_table_or_a_message(data, suffix, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(data)
    with contextlib.suppress(TableError):
        assert len(read_table(path)) > 0


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00", exclude_categories=["Cc", "Cs"]), max_size=12)


@settings(deadline=None, max_examples=100)
@given(
    labels=st.lists(
        CELLS.map(str.strip).filter(lambda text: text and not text.startswith(("#", "\ufeff"))), min_size=1
    ),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    value=st.floats(allow_nan=False, allow_infinity=False),
)
def test_what_is_written_is_read(labels, delimiter, codec, line_end, value, tmp_path_factory):
    """Labels, numbers and row numbers come back, whatever the delimiter, the encoding and the line ends."""
    path = tmp_path_factory.getbasetemp() / "round.csv"
    with path.open("w", encoding=codec, newline="") as handle:
        writer = csv.writer(handle, delimiter=delimiter, lineterminator=line_end)
        writer.writerow(["study", "estimate", "n"])
        writer.writerows([label, repr(value), number] for number, label in enumerate(labels))
    table = read_table(path)
    assert table.frame["study"].tolist() == labels
    assert table.number("estimate").tolist() == [value] * len(labels)
    assert table.frame["n"].tolist() == list(range(len(labels)))
    assert table.frame.index.tolist() == list(range(2, len(labels) + 2))


def test_text_rows_keep_what_was_typed():
    data = '# comment\nslab;sd\n"A;1";2.70\n\nB;"1,5"\n'.encode("cp1252")
    header, rows = text_rows(data, encoding_of(data, "t.csv"), "t.csv")
    assert header.ours == ["study", "sd"]
    assert rows == [(3, ["A;1", "2.70"]), (5, ["B", "1,5"])]
    data = b'study,note\nA,"see table\nB,x\n'  # an open quotation mark would swallow row 3
    with pytest.raises(TableError, match=r"t\.csv, row 2: a quotation mark is opened and never closed"):
        text_rows(data, encoding_of(data, "t.csv"), "t.csv")
