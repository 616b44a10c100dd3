"""The user guide says what the program does: every ``>>>`` example in a python block of docs/guide is run, in one namespace a page."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).parent.parent / "docs" / "guide"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.REPORT_NDIFF


def blocks_only(text: str) -> str:
    """The page with everything but its python blocks emptied, so that line numbers stay."""
    kept = [""] * (text.count("\n") + 1)
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1))
        for i, line in enumerate(block[1].splitlines()):
            kept[first + i] = line
    return "\n".join(kept)


@pytest.mark.parametrize("page", sorted(GUIDE.glob("*.md")), ids=lambda page: page.stem)
def test_the_examples_of_a_page(page):
    text = blocks_only(page.read_text(encoding="utf-8"))
    examples = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    told: list[str] = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(examples, out=told.append)
    assert result.failed == 0, "".join(told)


def test_blocks_keep_their_lines():
    page = "one\n```python\n>>> 1 + 1\n2\n```\ntwo\n"
    assert blocks_only(page).splitlines() == ["", "", ">>> 1 + 1", "2", "", ""]
