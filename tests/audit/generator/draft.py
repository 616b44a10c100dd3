"""A paper while it is being written: its style of print, its numbers by key, its facts, its sections.

A design writes every number through ``Draft.put(key, text)``. Written a second time with the same seed and an override
for one key, the paper is the same but for that one print: this is how an error is planted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import numpy as np

Number = float | int | Fraction


def rounded(value: Number, places: int, rule: str = "up") -> str:
    """A value as it is printed, half up or half even.

    >>> rounded(Fraction(1, 8), 2), rounded(Fraction(1, 8), 2, "even"), rounded(-0.004, 2)
    ('0.13', '0.12', '0.00')
    """
    exact = Fraction(value) if isinstance(value, int | Fraction) else Fraction(repr(float(value)))
    shown = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(
        Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN if rule == "even" else ROUND_HALF_UP
    )
    return f"{abs(shown) if shown == 0 else shown:f}"


@dataclass(frozen=True)
class Style:
    """How a journal prints: places, rounding, signs, brackets."""

    percent_places: int
    mean_places: int
    ratio_places: int
    statistic_places: int
    p_places: int
    rounding: str
    dash: str
    minus: str
    ci: str
    p_sign: str
    spread: str
    count: str
    leading_zero: bool
    table_statistic: bool
    two_by_two: str

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Style:
        """A style at random."""
        pick = rng.choice
        return cls(
            percent_places=int(pick([0, 1, 1, 1, 1, 2])),
            mean_places=int(pick([1, 1, 2])),
            ratio_places=int(pick([2, 2, 2, 3])),
            statistic_places=int(pick([2, 3])),
            p_places=int(pick([3, 3, 3, 2])),
            rounding=str(pick(["up", "even"])),
            dash=str(pick(["-", "–", "–", " to ", ", ", "; "])),
            minus=str(pick(["-", "−", "–"])),
            ci=str(pick(list(CI_FORMS))),
            p_sign=str(pick(["P = ", "p = ", "P=", "p=", "*p* = ", "P value = "])),
            spread=str(pick([" ± ", "±", " (SD)"])),
            count=str(pick(["n (p)", "n (p%)", "n/N (p%)", "n (p)"])),
            leading_zero=bool(rng.random() < 0.9),
            table_statistic=bool(rng.random() < 0.6),
            two_by_two=str(pick(["Pearson", "Pearson", "Pearson", "Yates", "Fisher"])),
        )

    def signed(self, text: str) -> str:
        """The minus sign of the journal."""
        return text.replace("-", self.minus)

    def range(self, low: str, high: str) -> str:
        """Two limits; a dash is not used where a limit is negative."""
        dash = " to " if (low + high).count("-") and self.dash in ("-", "–", "−") else self.dash
        return f"{self.signed(low)}{dash}{self.signed(high)}"


# how estimate and interval are put together: {m} measure, {x} estimate, {r} range
CI_FORMS: dict[str, str] = {
    "equals": "{m} = {x}; 95% CI {r}",
    "comma": "{m} {x}, 95% CI {r}",
    "bracket": "{m} {x} [95% CI {r}]",
    "colon": "{m}: {x}, 95% CI: {r}",
    "paren": "{m} {x} (95% CI {r})",
    "long": "{m} of {x} (95% confidence interval {r})",
    "was": "{m} was {x} (95% CI: {r})",
    "square": "{m} = {x}, 95% CI [{r}]",
}


@dataclass(frozen=True)
class Fact:
    """Numbers that belong together. kind : name of a planter.  keys : part -> key.  data : what the planter needs."""

    kind: str
    keys: dict[str, str]
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Sheet:
    """A table: a caption, header rows, body rows, a note. Cells of the first column may begin with blanks (indented)."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass
class Draft:
    """The paper. seed : draws data, style and words alike.  overrides : prints that are replaced."""

    seed: int
    overrides: dict[str, str] = field(default_factory=dict)
    prints: dict[str, str] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    title: str = ""
    parts: list[tuple[str, list[str | Sheet]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.style = Style.draw(self.rng)
        self._tables = 0

    def pick(self, *options: Any) -> Any:
        """One of several, at random."""
        choices = options[0] if len(options) == 1 and isinstance(options[0], list | tuple) else options
        return choices[int(self.rng.integers(len(choices)))]

    def put(self, key: str, text: str) -> str:
        """A print by key: the override, where there is one."""
        self.prints[key] = text
        return self.overrides.get(key, text)

    def fact(self, kind: str, keys: dict[str, str], **data: Any) -> None:
        """Note what belongs together."""
        self.facts.append(Fact(kind, keys, data))

    def part(self, heading: str, *items: str | Sheet) -> None:
        """A section."""
        self.parts.append((heading, [item for item in items if item]))

    def next_table(self) -> str:
        """The next table's label."""
        self._tables += 1
        return f"Table {self._tables}"

    # ------------------------------------------------------------ prints of one number

    def percent(self, key: str, count: int, n: int, *, fact: bool = True, **data: Any) -> tuple[str, str]:
        """Count and percentage as printed, and the fact that they belong together."""
        shown = self.put(f"{key}.count", str(count))
        share = self.put(
            f"{key}.percent", rounded(Fraction(100 * count, n), self.style.percent_places, self.style.rounding)
        )
        if fact:
            keys = {"count": f"{key}.count", "percent": f"{key}.percent"}
            self.fact("percent", keys, count=count, n=n, **data)
        return shown, share

    def cell(self, key: str, count: int, n: int, **data: Any) -> str:
        """A count with its percentage in a table cell."""
        shown, share = self.percent(key, count, n, **data)
        form = self.style.count
        body = {"n (p)": f"{shown} ({share})", "n (p%)": f"{shown} ({share}%)", "n/N (p%)": f"{shown}/{n} ({share}%)"}
        return body[form]

    def p_value(self, key: str, p: float, *, places: int | None = None) -> str:
        """P with its relation: "0.041", "< 0.001"."""
        digits = self.style.p_places if places is None else places
        floor = 0.001 if digits >= 3 else 0.01
        if p < floor:
            text = f"< {floor:g}"
        elif p > 0.995 and digits == 2:
            text = "> 0.99"
        else:
            text = rounded(min(p, 1.0), digits, self.style.rounding)
        if not self.style.leading_zero and not text.startswith("1"):
            text = text.replace("0.", ".", 1)
        return self.put(key, text)

    def said_p(self, text: str) -> str:
        """A P value in a sentence: "P = 0.041", "p < 0.001"."""
        sign = self.style.p_sign
        if text[0] in "<>":
            blank = "" if sign.endswith("=") else " "
            relation, number = text.split()
            return f"{sign.split('=')[0].strip()}{blank}{relation}{blank}{number}"
        return f"{sign}{text}"

    def value(self, key: str, value: Number, places: int) -> str:
        """Any number."""
        return self.put(key, rounded(value, places, self.style.rounding))

    def ratio(
        self, key: str, estimate: float, low: float, high: float, p: float, *, kind: str = "ratio", **data: Any
    ) -> dict[str, str]:
        """Estimate, limits and P of a ratio as printed."""
        places = self.style.ratio_places
        parts = {
            "estimate": self.value(f"{key}.estimate", estimate, places),
            "low": self.value(f"{key}.low", low, places),
            "high": self.value(f"{key}.high", high, places),
            "p": self.p_value(f"{key}.p", p),
        }
        self.fact(
            kind, {name: f"{key}.{name}" for name in parts}, estimate=estimate, limits=(low, high), p_value=p, **data
        )
        return parts

    def again(self, key: str, parts_of: str) -> dict[str, str]:
        """A ratio that is printed at another place, too: prints of their own, equal to the first."""
        names = ("estimate", "low", "high", "p")
        parts = {name: self.put(f"{key}.{name}", self.prints[f"{parts_of}.{name}"]) for name in names}
        first = next(fact for fact in self.facts if fact.keys.get("estimate") == f"{parts_of}.estimate")
        self.fact("said ratio", {name: f"{key}.{name}" for name in names}, **{**first.data, "there": parts_of})
        return parts

    def said_ratio(self, measure: str, parts: dict[str, str], *, with_p: bool = True) -> str:
        """Estimate, interval and P in a sentence."""
        body = CI_FORMS[self.style.ci].format(
            m=measure, x=self.style.signed(parts["estimate"]), r=self.style.range(parts["low"], parts["high"])
        )
        return f"{body}, {self.said_p(parts['p'])}" if with_p else body

    def mean_sd(self, mean: str, sd: str) -> str:
        """Mean and SD in a cell or sentence."""
        return f"{mean} ({sd})" if self.style.spread == " (SD)" else f"{mean}{self.style.spread}{sd}"


def listed(items: Sequence[str]) -> str:
    """Words of a list: "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
