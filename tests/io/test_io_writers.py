"""Files are written whole or not at all, with the same bytes, and without formulas."""

from __future__ import annotations

import hashlib
import json
import math
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostealgia.errors import OstealgiaError
from ostealgia.io import (
    csv_text,
    json_ready,
    json_text,
    read_table,
    sha256_file,
    write_all,
    write_bytes,
    write_csv,
    write_json,
    write_text,
)


@pytest.mark.parametrize(
    "text", ["=1+1", "+x", "-x", "@SUM(A1)", "\tx", "\rx", "=HYPERLINK(1)", "\uff1d1", "-2+3+cmd|' /C calc'!A0"]
)
def test_formulas_are_defused(text):
    cell = csv_text([{"a": text, "b": 1}]).split("\n", 1)[1]
    assert cell.lstrip('"').startswith("'" + text[0])


@pytest.mark.parametrize("text", ["-4.4", "+3", "\u22120.5", "A - B", "1-2", "'quoted"])
def test_numbers_and_plain_text_are_left_alone(text):
    assert csv_text([{"a": text}]) == f"a\n{text}\n"


def test_a_header_is_defused_as_well():
    assert csv_text(pd.DataFrame({"=cmd": [1]})) == "'=cmd\n1\n"


def test_csv_values(tmp_path):
    frame = pd.DataFrame(
        {"study": ["A, B", None], "estimate": [1 / 3, math.nan], "k": [1, 2], "ok": [True, False], "x": [-0.0, 1e-300]}
    )
    path = write_csv(frame, tmp_path / "t.csv")
    assert path.read_bytes() == b'study,estimate,k,ok,x\n"A, B",0.3333333333,1,true,0\n,,2,false,1e-300\n'
    assert list(tmp_path.iterdir()) == [path]


def test_csv_comes_back(tmp_path):
    frame = pd.DataFrame({"study": ["2019", "=x"], "estimate": [-0.25, 1.5], "n": [3, 4]})
    write_csv(frame, tmp_path / "t.csv")
    back = read_table(tmp_path / "t.csv").frame
    assert back["estimate"].tolist() == [-0.25, 1.5]
    assert back["study"].tolist() == ["2019", "'=x"]  # the apostrophe is not taken off in silence


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_json_floats_keep_ten_digits(value):
    back = json.loads(json_text({"x": value}))["x"]
    assert back == pytest.approx(value, rel=5.0001e-10, abs=0)  # half a unit of the tenth significant digit
    assert json.loads(json_text({"x": value}, digits=None))["x"] == value


def test_json_types():
    @dataclass
    class Pair:
        low: float
        high: float

    thing = {
        "a": np.float64(np.nan),
        "b": np.arange(2),
        "c": np.bool_(True),
        "d": Pair(1.0, math.inf),
        "e": date(2026, 1, 2),
        "f": Path("x/y"),
        "g": (None, "Infinity", -0.0),
        "h": {3, 1},
        5: np.int64(5),
        "i": pd.DataFrame({"n": [1], "m": [None]}),
    }
    assert json_ready(thing) == {
        "a": None,
        "b": [0, 1],
        "c": True,
        "d": {"low": 1.0, "high": None},
        "e": "2026-01-02",
        "f": "x/y",
        "g": [None, "Infinity", 0.0],
        "h": [1, 3],
        "5": 5,
        "i": [{"n": 1, "m": None}],
    }
    with pytest.raises(TypeError, match=r"complex cannot be written as JSON"):
        json_ready(1j)


def test_same_bytes_and_sha(tmp_path):
    one = write_json(tmp_path / "a.json", {"b": [1.5, math.nan], "a": "é"})
    two = write_json(tmp_path / "b.json", {"b": [1.5, math.nan], "a": "é"})
    assert one.read_bytes() == two.read_bytes()
    assert sha256_file(one) == hashlib.sha256(two.read_bytes()).hexdigest()


def test_nothing_is_half_written(tmp_path, monkeypatch):
    path = write_text(tmp_path / "t.txt", "before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OstealgiaError, match=r"t\.txt: cannot be written: No space left on device\."):
        write_bytes(path, b"after")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_device_is_not_replaced_by_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OstealgiaError, match=r"pipe: cannot be written: it is a device or a pipe\."):
        write_bytes(tmp_path / "pipe", b"x")
    assert (tmp_path / "pipe").is_fifo()


def test_all_files_or_none(tmp_path):
    one = write_text(tmp_path / "one.txt", "before")
    with pytest.raises(OstealgiaError, match=r"no.two\.txt: cannot be written: the folder"):
        write_all({one: b"after", tmp_path / "no" / "two.txt": b"x"})
    assert one.read_text() == "before"
    assert list(tmp_path.iterdir()) == [one]


def test_a_link_stays_a_link(tmp_path):
    target = write_text(tmp_path / "target.txt", "before")
    link = tmp_path / "link.txt"
    link.symlink_to(target)
    write_text(link, "after")
    assert link.is_symlink()
    assert target.read_text() == "after"


def test_where_nothing_can_be_written(tmp_path):
    with pytest.raises(OstealgiaError, match=r"it is a folder"):
        write_text(tmp_path, "x")
    with pytest.raises(OstealgiaError, match=r"does not exist. Make it first"):
        write_text(tmp_path / "no" / "t.txt", "x")
