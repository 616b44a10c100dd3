"""JSON from a stranger: limits and one message that shows no value."""

from __future__ import annotations

import pytest

from ostealgia.errors import JsonError
from ostealgia.io.json_input import parse_json, read_json


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000, "nested too deeply"),
        ('{"a": NaN}', "not finite"),
        ('{"a": -Infinity}', "not finite"),
        ('{"a": 1e999}', "too large"),
        ('{"a": ' + "9" * 5000 + "}", "too many digits"),
        ('{"secret": 1', "line 1"),
        ('{"a": 1, "a": 2}', "twice"),
        (b"\xff\xfe{", "UTF-8"),
        ('{"a": 012}', "line 1, column 8"),
        ("", "empty"),
        ("nothing", "not JSON"),
        ("x" * 6_000_000, "too large"),
    ],
)
def test_refused_with_one_line(text, words):
    with pytest.raises(JsonError) as error:
        parse_json(text, file="patient.json")
    message = str(error.value)
    assert words in message and message.startswith("patient.json") and "\n" not in message and len(message) < 250
    assert "secret" not in message


def test_brackets_in_a_text_are_no_depth():
    assert parse_json('{"a": "' + "[" * 1000 + '\\"{"}') == {"a": "[" * 1000 + '"{'}


def test_a_file_that_is_not_there_or_too_large(tmp_path):
    with pytest.raises(JsonError, match="no such file"):
        read_json(tmp_path / "none.json")
    place = tmp_path / "large.json"
    place.write_text("[" + "1," * 100 + "1]")
    with pytest.raises(JsonError, match="too large"):
        read_json(place, most_bytes=50)
    with pytest.raises(JsonError, match="a folder"):
        read_json(tmp_path)
    place.write_bytes(b"\xef\xbb\xbf[1]")
    assert read_json(place) == [1]
