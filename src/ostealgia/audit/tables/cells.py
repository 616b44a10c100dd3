"""One cell of a table: its numbers with their places, and its shape ("9(9%)", "9±9", "9(9-9)")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ostealgia.audit.statements.model import Number
from ostealgia.audit.statements.tokens import is_printable

LONGEST = 160  # characters; what is longer is text, not data

_NUMBER = re.compile(
    r"(?P<ci>\d{2}(?:\.\d)?[ ]?%[ ]?(?:ci|cri|pi|confidence interval|credible interval)\b)"
    r"|(?P<relation>[<>≤≥]=?[ ]?)?(?P<sign>-[ ]?)?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?![\d])(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?P<power>[eE]-\d{1,3}(?!\d))?(?P<percent>[ ]?%)?",
    re.IGNORECASE,
)
_SPACES = re.compile(r"\s+")
_WORDS = {"to": "-", "~": "-", "–": "-", "—": "-", "+/-": "±", "+-": "±", "and": "-"}

# words that stand where no number is
BLANK = frozenset(["", "-", "--", ".", "..", "...", "na", "n/a", "nr", "ns", "nd", "n.a", "n.a.", "n.r.", "none", "not reported",
                   "not available", "not applicable", "not specified", "missing", "unknown", "/", "x", "?"])  # fmt: skip
REFERENCE = re.compile(r"\b(?:ref(?:erence|erent)?\.?|baseline|1 ?\(ref)\b|^1(?:\.0{1,3})?$", re.IGNORECASE)

# shape -> form; what the numbers of a form are is decided by labels, headers and notes
FORMS: dict[str, str] = {
    "9": "one", "(9)": "one", "9%": "percent", "(9%)": "percent", "<9": "bound", "<9%": "bound", "(<9)": "bound",
    "9(9)": "pair", "9,9": "pair", "9;9": "pair", "9(9%)": "count percent", "9,9%": "count percent", "9;9%": "count percent",
    "9(<9)": "pair", "9(<9%)": "count percent", "9 9%": "count percent",
    "9%(9)": "percent count", "9%,9": "percent count", "9%(n=9)": "percent count", "9(n=9)": "percent count",
    "9/9": "of", "9/9(9)": "of percent", "9/9(9%)": "of percent", "9/9,9%": "of percent", "9 of 9": "of",
    "9 of 9(9%)": "of percent", "9 of 9(9)": "of percent", "9%(9/9)": "percent of", "9(9/9)": "percent of",
    "9 9/9": "percent of", "9%(9 of 9)": "percent of", "n=9": "size", "(n=9)": "size",
    "9±9": "plus minus", "9(±9)": "plus minus", "9±(9)": "plus minus", "9±9(9-9)": "plus minus range",
    "9±9,9-9": "plus minus range", "9(9-9)": "triple", "9(9,9)": "triple", "9(9;9)": "triple", "9,9-9": "triple",
    "9(range 9-9)": "triple", "9(iqr 9-9)": "triple", "9(range,9-9)": "triple", "9(range:9-9)": "triple",
    "9(ci 9-9)": "triple", "9(ci:9-9)": "triple", "9(ci,9-9)": "triple", "9(ci 9,9)": "triple", "9 ci 9-9": "triple",
    "9(range 9%-9%)": "triple", "9%(9-9)": "triple", "9%(9%-9%)": "triple", "9%(ci 9-9)": "triple", "9%(ci 9%-9%)": "triple",
    "9,(9-9)": "triple", "9 9-9": "triple", "9(9--9)": "triple",
    "9-9": "range", "(9-9)": "range", "(9,9)": "range", "(9;9)": "range", "9;9;": "range", "ci 9-9": "range",
    "9%-9%": "range",
    "9(9-9)9": "triple p", "9(9-9),9": "triple p", "9(9-9),p=9": "triple p", "9(9-9),p<9": "triple p", "9(9-9)p=9": "triple p",
    "9(9-9;p=9)": "triple p", "9(9-9;p<9)": "triple p", "9(9-9,p=9)": "triple p", "9(9-9,p<9)": "triple p", "9(9-9)<9": "triple p",
    "9(9-9),<9": "triple p", "p=9": "p", "p<9": "p", "p9": "p", "p <9": "p", "p =9": "p",
}  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """A cell in brief. form : value of FORMS, "blank" (nothing printed), "reference" or "text"."""

    text: str
    form: str
    numbers: tuple[Number, ...]
    start: int
    end: int
    pattern: str = ""

    @property
    def data(self) -> bool:
        """Whether the cell holds numbers in a form that is understood."""
        return self.form not in ("blank", "text", "reference")

    @property
    def first(self) -> Number:
        """The first number."""
        return self.numbers[0]


def read_cell(plain: str, start: int) -> Shape:
    """The shape of one cell.

    plain : its words, of Document.plain.  start : where they begin in the document.

    >>> cell = read_cell("63 (61.2)*", 100)
    >>> cell.form, [number.text for number in cell.numbers], cell.numbers[1].start
    ('pair', ['63', '61.2'], 104)
    >>> [read_cell(text, 0).form for text in ("-4.4 (-5.0; -3.7)", "62.0 ± 11.4", "1.37 [1.02 to 1.84]", "G3", "-")]
    ['triple', 'plus minus', 'triple', 'text', 'blank']
    """
    end = start + len(plain)
    stripped = plain.strip()
    if stripped.casefold() in BLANK or not any(mark.isalnum() for mark in stripped):
        return Shape(stripped, "blank", (), start, end)
    if len(stripped) > LONGEST:
        return Shape(stripped, "text", (), start, end)
    numbers, pattern = _tokens(plain, start)
    if REFERENCE.search(stripped) and len(numbers) <= 2 and "(" not in pattern.replace("(ref", ""):
        return Shape(stripped, "one" if pattern == "9" else "reference", numbers, start, end, pattern)
    form = FORMS.get(pattern, "text")
    if form == "percent of" and "%" not in pattern and not _is_share(numbers):
        form = "text"  # "78 (41/37)": all patients, split in two groups
    return Shape(stripped, form, numbers, start, end, pattern)


def _is_share(numbers: tuple[Number, ...]) -> bool:
    """Whether the first of three numbers can be the percentage that the second is of the third."""
    share, part, whole = (number.value for number in numbers[:3])
    return 0 < part <= whole and abs(share - 100 * part / whole) <= 0.2 * share and share != part + whole


def _tokens(plain: str, start: int) -> tuple[tuple[Number, ...], str]:
    """The numbers of a cell, and the cell with "9" for each of them."""
    numbers: list[Number] = []
    parts: list[str] = []
    at = 0
    for found in _NUMBER.finditer(plain):
        if found["ci"]:
            parts.append(f"{_between(plain[at : found.start()])} ci ")
            at = found.end()
            continue
        first = found.start()
        before = plain[at:first].rstrip()
        if found["sign"] and _is_range(before, plain[:first].rstrip()):
            first = found.start("digits")
        if first and first == found.start("digits") and plain[first - 1].isalpha() and plain[first - 1] not in "pP":
            continue  # G3, T4: part of a word
        if not is_printable(found.group()):
            continue
        numbers.append(Number(plain[first : found.end()].strip(), start + first, start + found.end()))
        parts.append(_between(plain[at:first]))
        parts.append(("<" if found["relation"] else "") + "9" + ("%" if found["percent"] else ""))
        at = found.end()
    parts.append(_between(plain[at:], last=True))
    return tuple(numbers), _tidy("".join(parts))


def _is_range(before: str, all_before: str) -> bool:
    """Whether a dash stands between two numbers and not before a negative one."""
    return not before and bool(all_before) and (all_before[-1].isdigit() or all_before[-1] in "%.)")


@lru_cache(maxsize=4096)
def _between(words: str, last: bool = False) -> str:
    """What stands between numbers, without footnote marks."""
    text = words.replace("[", "(").replace("]", ")").replace("{", "(").replace("}", ")").lower()
    if last:
        text = re.sub(r"^([%) ]*)[a-h]$", r"\1", text.strip())
    for word, sign in _WORDS.items():
        text = text.replace(f" {word} ", sign) if word.isalpha() else text.replace(word, sign)
    return text


@lru_cache(maxsize=4096)
def _tidy(pattern: str) -> str:
    text = re.sub(r"[*†‡§¶‖¥♯#$^_\\⁰¹³⁴⁵⁶⁷⁸⁹]+|(?<=[9%)])[a-h](?!\w)", "", pattern)
    text = re.sub(r"\b(?:years?|yrs?|months?|mo|days?|weeks?|cm|mm|mg|kg|gy|points?|pts)\b\.?", "", text)
    text = re.sub(r"(?<=\()(?:sd|se|sem|iqr|q1-q3|range|min-max)[ :,=]+(?=9\))", "", text)
    text = _SPACES.sub(" ", text).strip().rstrip(".,;")
    text = re.sub(r" ?([(),;:±=/<-]) ?", r"\1", text)
    return text.replace("<=", "<").replace("9- 9", "9-9").strip()
