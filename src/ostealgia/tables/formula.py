"""Formulas of regressions: a small closed grammar, read by hand and never evaluated.

formula  = ["~"] term {("+" | "-") term}          "- 1" and "+ 0" leave the intercept out, nothing else may be subtracted
term     = product {"*" product}                   a * b is a + b + a:b
product  = factor {":" factor}                     a:b, the interaction alone
factor   = column | "factor(" column ")" | "ns(" column "," df ")" | "I(" column "^" power ")" | "1" | "0"
column   = a name, or any text between backticks
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ostealgia.errors import OptionError, suggestion

FUNCTIONS = ("factor", "ns", "I")
MAX_LENGTH = 2000
MAX_TERMS = 200
_TOKEN = re.compile(
    r"\s*(?:(?P<quoted>`[^`]+`)|(?P<name>[^\W\d][\w.]*)|(?P<number>\d+(?:\.\d+)?)|(?P<sign>[-~+:*(),^=]))", re.UNICODE
)


@dataclass(frozen=True)
class Variable:
    """One factor of a term. kind : "column", "factor", "ns" (argument = df) or "power" (argument = power)."""

    kind: str
    column: str
    argument: int = 0

    @property
    def label(self) -> str:
        """As it is written in a formula, between backticks where the name is not a plain one."""
        column = self.column if _PLAIN_NAME.fullmatch(self.column) else f"`{self.column}`"
        return _LABELS[self.kind].format(column=column, argument=self.argument)


_PLAIN_NAME = re.compile(r"[^\W\d][\w.]*")
_LABELS = {
    "column": "{column}",
    "factor": "factor({column})",
    "ns": "ns({column}, {argument})",
    "power": "I({column}^{argument})",
}
Term = tuple[Variable, ...]


@dataclass(frozen=True)
class Formula:
    """A formula that was read: with an intercept or without, and its terms, main effects before interactions."""

    intercept: bool
    terms: tuple[Term, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it names, in order of appearance."""
        return tuple(dict.fromkeys(variable.column for term in self.terms for variable in term))

    def __str__(self) -> str:
        parts = [":".join(variable.label for variable in term) for term in self.terms]
        if not self.intercept:
            return "~ " + " + ".join(parts) + " - 1" if parts else "~ 0"
        return "~ " + " + ".join(parts or ["1"])


def parse_formula(text: str | Formula) -> Formula:
    """Read a formula.

    text : for instance "~ ablat + factor(alloc)". Returns a Formula. Raises OptionError that marks the place.

    >>> str(parse_formula("~ weeks * factor(tester)"))
    '~ weeks + factor(tester) + weeks:factor(tester)'
    >>> parse_formula("~ factor(alloc) - 1").intercept
    False
    """
    if isinstance(text, Formula):
        return text
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise OptionError(f"formula={text!r} is not text, for instance '~ year + factor(design)'.")
    if len(text) > MAX_LENGTH:
        raise OptionError(f"the formula has {len(text)} characters; {MAX_LENGTH} are allowed.")
    return _Parser(text).formula()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            place = at + len(text[at:]) - len(text[at:].lstrip())
            raise _fault(text, place, f"{text[place]!r} is not part of a formula")
        kind = str(found.lastgroup)
        body = found.group(kind)
        start = found.end() - len(body)
        if kind == "quoted" and not body[1:-1].strip():
            raise _fault(text, start, "there is no name between the backticks")
        yield _Token("name", body[1:-1].strip(), start) if kind == "quoted" else _Token(kind, body, start)
        at = found.end()
    yield _Token("end", "", len(text.rstrip()))


def _fault(text: str, at: int, problem: str, way_out: str = "") -> OptionError:
    shown = f"{text[:at].strip()} \u25b8{text[at:].strip()}" if text.strip() else ""
    allowed = "Allowed: columns, factor(column), ns(column, df), I(column^2), '+', ':', '*', '- 1'."
    return OptionError(f"formula {text!r}: {problem}{f', at {shown!r}' if shown else ''}.{way_out} {allowed}")


class _Parser:
    """Recursive descent, one method a rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.i = 0

    @property
    def now(self) -> _Token:
        return self.tokens[self.i]

    def fault(self, problem: str, token: _Token | None = None, way_out: str = "") -> OptionError:
        return _fault(self.text, (token or self.now).at, problem, way_out)

    def take(self, sign: str) -> bool:
        """Step over this sign where it comes next."""
        if self.now.kind == "sign" and self.now.text == sign:
            self.i += 1
            return True
        return False

    def need(self, sign: str) -> None:
        if not self.take(sign):
            raise self.fault(f"{sign!r} is expected" + ("" if self.now.kind == "end" else f", found {self.now.text!r}"))

    def formula(self) -> Formula:
        self.take("~")
        if self.now.kind == "end":
            raise self.fault("there is no term; write '~ 1' for the intercept alone")
        intercept, found = True, list[Term]()
        minus = self.take("-")
        if not minus:
            self.take("+")
        while True:
            constant = self.constant()
            if constant is not None:
                intercept = constant != minus  # "+ 1" and "- 0" keep it, "- 1" and "+ 0" leave it out
            elif minus:
                raise self.fault("only the intercept can be subtracted, as '- 1'")
            else:
                found.extend(self.term())
            if self.now.kind == "end":
                break
            minus = self.take("-")
            if not minus and not self.take("+"):
                raise self.fault(f"'+', '-', ':' or '*' is expected, found {self.now.text!r}")
        terms = _unique(found)
        if len(terms) > MAX_TERMS:
            raise OptionError(f"the formula has {len(terms)} terms; {MAX_TERMS} are allowed.")
        if not terms and not intercept:
            raise self.fault("the model has neither an intercept nor a moderator", self.tokens[0])
        return Formula(intercept, terms)

    def constant(self) -> bool | None:
        """True for 1, False for 0, None where a term begins."""
        token = self.now
        if token.kind != "number":
            return None
        if token.text not in ("0", "1"):
            raise self.fault(f"{token.text} is not a column; only 1 and 0 stand alone")
        self.i += 1
        return token.text == "1"

    def term(self) -> list[Term]:
        """Products joined by "*": each alone, and all their interactions."""
        parts = [self.product()]
        while self.take("*"):
            parts.append(self.product())
            if len(parts) > 6:
                raise self.fault("more than six factors are multiplied")
        terms: list[Term] = []
        for part in parts:
            terms += [part, *(term + part for term in terms)]
        return terms

    def product(self) -> Term:
        variables = [self.variable()]
        while self.take(":"):
            variables.append(self.variable())
        return tuple(dict.fromkeys(variables))

    def variable(self) -> Variable:
        token = self.now
        if token.kind != "name":
            what = "the formula ends" if token.kind == "end" else f"{token.text!r} stands"
            raise self.fault(f"{what} where a column is expected")
        self.i += 1
        if self.text[token.at] != "`" and self.take("("):
            return self.call(token)
        return Variable("column", token.text)

    def call(self, function: _Token) -> Variable:
        """The inside of factor(), ns() or I()."""
        if function.text not in FUNCTIONS:
            hint = suggestion(function.text, FUNCTIONS)
            raise self.fault(f"{function.text}() is not a function of formulas", function, hint)
        if self.now.kind != "name":
            raise self.fault(f"{function.text}() needs a column")
        column = self.now.text
        self.i += 1
        if function.text == "factor":
            variable = Variable("factor", column)
        elif function.text == "ns":
            self.need(",")
            if self.now.kind == "name" and self.now.text == "df":
                self.i += 1
                self.need("=")
            variable = Variable("ns", column, self.whole("df of ns()", 1, 20))
        else:
            self.need("^")
            variable = Variable("power", column, self.whole("the power in I()", 2, 6))
        self.need(")")
        return variable

    def whole(self, what: str, low: int, high: int) -> int:
        token = self.now
        if token.kind != "number" or not token.text.isdigit() or not low <= int(token.text) <= high:
            raise self.fault(f"{what} should be a whole number from {low} to {high}")
        self.i += 1
        return int(token.text)


def _unique(terms: list[Term]) -> tuple[Term, ...]:
    """Each term once, its variables in order of appearance in the formula, main effects before interactions."""
    seen = {v: i for i, v in enumerate(dict.fromkeys(v for term in terms for v in term))}
    ordered = [tuple(sorted(set(term), key=seen.__getitem__)) for term in terms]
    return tuple(sorted(dict.fromkeys(ordered), key=len))
