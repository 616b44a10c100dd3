"""One error in a clean draft: which print is changed, to what, and which rules may see it.

A planter takes a clean draft and one of its facts, and returns the prints to replace, or None where the fact gives no
error that a careful reader could be sure of (the wrong value would fit another usual test, another denominator, ...).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from generator.draft import Draft, Fact, rounded
from scipy import special

from ostealgia.audit.rules import p_values_of
from ostealgia.numerics.summary_tests import CHI2_TESTS


@dataclass(frozen=True)
class Planted:
    """What was planted. wrong, right : the print, replaced and clean.  families : rules that may see it."""

    rule: str
    wrong: str
    right: str
    families: frozenset[str]
    cause: str | None = None  # several codes that say the same are parted by "|"
    repair: bool = False  # the clean print is the one value that fits
    also: frozenset[str] = frozenset()  # statistic and P of the same row, which no longer fit

    @property
    def words(self) -> str:
        return f"{self.rule}: {self.wrong} for {self.right}"


Plant = tuple[dict[str, str], str, str, str | None, bool]  # overrides, wrong, right, cause, repair


def slips(text: str, rng: np.random.Generator) -> Iterator[tuple[str, str]]:
    """Typing slips of a numeral with the cause they are, in random order: a digit lost, replaced, exchanged, added; the point."""
    options: list[tuple[str, str]] = []
    places = [i for i, sign in enumerate(text) if sign.isdigit()]
    for i in places:
        options += [(text[:i] + digit + text[i + 1 :], "typing-slip") for digit in "0123456789" if digit != text[i]]
        if len(places) > 2:
            options.append((text[:i] + text[i + 1 :], "lost-digit"))
    for i, j in itertools.pairwise(places):
        if text[i] != text[j]:
            options.append((text[:i] + text[j] + text[i + 1 : j] + text[i] + text[j + 1 :], "typing-slip"))
    if "." in text:
        options.append(
            (
                rounded(Fraction(text.replace("−", "-").replace("–", "-")) / 10, len(text.partition(".")[2])),
                "lost-digit",
            )
        )
    seen = set()
    for at in rng.permutation(len(options)):
        wrong, cause = options[int(at)]
        plain = wrong.lstrip("-")
        whole = plain.partition(".")[0]
        if wrong in seen or wrong == text or not whole or (len(whole) > 1 and whole[0] == "0") or plain.endswith("."):
            continue
        seen.add(wrong)
        yield wrong, cause


def _slipped(text: str, rng: np.random.Generator, sure: Callable[[float], bool]) -> tuple[str, str] | None:
    for wrong, cause in slips(text, rng):
        try:
            value = float(wrong)
        except ValueError:
            continue
        if sure(value):
            return wrong, cause
    return None


def _unit(text: str) -> float:
    return 10.0 ** -len(text.partition(".")[2])


def _off(value: float, shown: str, wanted: float) -> bool:
    """A printed value that is not the wanted one by rounding of any kind."""
    return abs(value - wanted) > 2.2 * _unit(shown)


# ---------------------------------------------------------------- planters


def percent(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """A percentage with a slip, or of another denominator."""
    count, n = fact.data["count"], fact.data["n"]
    text = d.prints[fact.keys["percent"]]
    other = fact.data.get("other_n")
    if count < 3:
        return None
    if other and rng.random() < 0.4:
        wrong = rounded(Fraction(100 * count, other), len(text.partition(".")[2]))
        if count <= other and _off(float(wrong), text, 100 * count / n):
            cause = "neighbour-row|wrong-denominator"  # the size of the other column or row: both words say it
            return {fact.keys["percent"]: wrong}, wrong, text, cause, True
        return None
    found = _slipped(text, rng, lambda v: v <= 100 and _off(v, text, 100 * count / n))
    return None if found is None else ({fact.keys["percent"]: found[0]}, found[0], text, found[1], True)


def chi2(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """A slip in a chi-square beside its counts and P."""
    table = np.array(fact.data["table"])
    values = [float(test(table).statistic) for test in CHI2_TESTS.values()]
    text = d.prints[fact.keys["statistic"]]
    found = _slipped(text, rng, lambda v: v >= 0 and all(abs(v - x) > max(0.12 * x, 0.1) for x in values if x == x))
    return None if found is None else ({fact.keys["statistic"]: found[0]}, found[0], text, found[1], True)


def t_test(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """A slip in t."""
    text, t = d.prints[fact.keys["statistic"]].lstrip("-"), abs(fact.data["t"])
    found = _slipped(text, rng, lambda v: abs(abs(v) - t) > max(0.3 * t, 0.6))
    return None if found is None else ({fact.keys["statistic"]: found[0]}, found[0], text, found[1], True)


def p_of_statistic(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """A slip in P beside its statistic."""
    text, p = d.prints[fact.keys["p"]], fact.data["p_value"]
    if text[0] in "<>":
        return None
    kind = fact.data.get("name", "t" if fact.kind == "t" else "")
    half = p / 2 if kind in ("t", "r", "z") or fact.kind == "p of counts" else p  # one-sided: a reading, not an error

    def sure(v: float) -> bool:
        return 0 < v < 1 and abs(v - p) > max(0.35 * p, 0.02) and abs(v - half) > max(0.2 * p, 0.01)

    found = _slipped(text, rng, sure)
    if found is not None and "table" in fact.data:
        others = [p for q in p_values_of(np.array(fact.data["table"])).values() for p in (q, q / 2)]
        z = special.ndtri(np.clip(np.array([float(found[0]), *others]) / 2, 1e-300, 0.5))
        if float(np.abs(z[1:] - z[0]).min()) < 0.4:
            return None
    return None if found is None else ({fact.keys["p"]: found[0]}, found[0], text, found[1], True)


def limit(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """A slip in one limit of a ratio or difference."""
    name = "low" if rng.random() < 0.5 else "high"
    text = d.prints[fact.keys[name]]
    x, (low, high) = fact.data["estimate"], fact.data["limits"]
    log = fact.kind != "difference"

    def sure(v: float) -> bool:
        ends = (v, high) if name == "low" else (low, v)
        if log and min(ends) <= 0:
            return False
        a, b, c = (math.log(e) if log else e for e in (*ends, x))
        rounding = _unit(text) * (1 / max(min(ends), 1e-9) + 1 / x if log else 2)
        return abs((a + b) / 2 - c) > 0.15 * abs(b - a) + 2 * rounding

    found = _slipped(text, rng, sure)
    return None if found is None else ({fact.keys[name]: found[0]}, found[0], text, found[1], False)


def p_of_ratio(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """A slip in the P of a ratio with its interval, which changes significance or is far off."""
    text, p = d.prints[fact.keys["p"]], fact.data["p_value"]
    if text[0] in "<>":
        return None
    z = -special.ndtri(p / 2)
    rounding = _unit(d.prints[fact.keys["estimate"]])
    low, high = fact.data["limits"]
    loose = (
        4 * rounding * (1 / low + 1 / high) / (math.log(high / low) if low > 0 else 1)
        if fact.kind != "difference"
        else 0.05
    )

    vague = 0.0  # what the rounding of the estimate leaves open, in standard errors
    if fact.kind != "difference":
        vague = 1.5 * rounding / fact.data["estimate"] / (math.log(high / low) / 3.919928)

    def sure(v: float) -> bool:
        if not 0 < v < 1:
            return False
        apart = abs(-special.ndtri(v / 2) - z) - vague
        crossed = (v < 0.05) != (p < 0.05) and abs(v - 0.05) > 0.011 and abs(p - 0.05) > 0.01
        return bool(apart > 0.9 + loose * z or (crossed and apart > 0.35 + loose * z))

    found = _slipped(text, rng, sure)
    return None if found is None else ({fact.keys["p"]: found[0]}, found[0], text, found[1], False)


def double_exponentiation(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """Estimate and limits exponentiated once more, absurdly wide."""
    del rng
    x, (low, high) = fact.data["estimate"], fact.data["limits"]
    if not (1.7 < x < 6 and high < 14 and high - low > 3.2):
        return None
    se = (high - low) / 3.919928
    places = len(d.prints[fact.keys["estimate"]].partition(".")[2])
    wrong = [rounded(math.exp(v), places) for v in (x, x - 1.959964 * se, x + 1.959964 * se)]
    keys = [fact.keys[name] for name in ("estimate", "low", "high")]
    return dict(zip(keys, wrong, strict=True)), wrong[2], d.prints[keys[0]], "double-exponentiation", False


def said_ratio(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """Another estimate in prose than in the table, with its interval moved along."""
    x, places = fact.data["estimate"], len(d.prints[fact.keys["estimate"]].partition(".")[2])
    factor = float(rng.choice([0.6, 0.7, 1.4, 1.7]))
    if (x > 1) != (x * factor > 1):
        return None
    wrong = [rounded(v * factor, places) for v in (x, *fact.data["limits"])]
    keys = [fact.keys[name] for name in ("estimate", "low", "high")]
    return dict(zip(keys, wrong, strict=True)), wrong[0], d.prints[keys[0]], None, False


def direction(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """The word points the other way."""
    del rng
    value = float(d.prints[fact.keys["estimate"]])
    if 0.9 < value < 1.1:
        return None
    return (
        {fact.keys["word"]: fact.data["wrong"]},
        d.prints[fact.keys["estimate"]],
        fact.data["right"],
        "reversed-coding",
        False,
    )


def parts(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """One count of a variable is changed together with its percentage: the categories no longer add up."""
    names = [name for name in fact.keys if not name.startswith("percent ")]
    counts, n = fact.data["counts"], fact.data["n"]
    at = int(rng.integers(len(names)))
    if len(names) < 2 or counts[at] < 4:
        return None
    key, share = fact.keys[names[at]], fact.keys[f"percent {names[at]}"]
    found = _slipped(str(counts[at]), rng, lambda v: 0 < v < n and abs(v - counts[at]) >= max(3, 0.04 * n))
    if found is None:
        return None
    wrong = int(found[0])
    new = rounded(Fraction(100 * wrong, n), len(d.prints[share].partition(".")[2]))
    return {key: str(wrong), share: new}, str(wrong), str(counts[at]), found[1], False


def stars(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """The total of an appraisal is one or two off."""
    total = fact.data["total"]
    wrong = total + int(rng.choice([-2, -1, 1, 2]))
    if not 1 <= wrong <= 9:
        return None
    return {fact.keys["total"]: str(wrong)}, str(wrong), str(total), None, True


def kinds(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """Kinds of studies that do not add up to the number of studies."""
    name = "abc"[int(rng.integers(3))]
    value = int(d.prints[fact.keys[name]])
    wrong = value + int(rng.choice([-1, 1, 2]))
    if wrong < 1 or wrong == value:
        return None
    return (
        {fact.keys[name]: str(wrong)},
        str(wrong),
        str(value),
        None,
        False,
    )  # any of the three kinds may be the wrong one


def abstract(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """Another value in the abstract or the text than at the other place."""
    text = d.prints[fact.keys["here"]]
    value = float(text)
    found = _slipped(text, rng, lambda v: 0 < v <= 100 and abs(v - value) > max(1.5, 0.1 * value))
    return None if found is None else ({fact.keys["here"]: found[0]}, found[0], text, found[1], True)


def copied(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """The interval of another row."""
    rows = [f for f in d.facts if f.kind == "ratio" and f.keys["low"].split(".")[0] == fact.keys["low"].split(".")[0]]
    rows = [f for f in rows if f is not fact]
    if not rows:
        return None
    other = rows[int(rng.integers(len(rows)))]
    low, high = (d.prints[other.keys[name]] for name in ("low", "high"))
    x = fact.data["estimate"]
    if float(low) <= 0:
        return None
    width = math.log(float(high) / float(low))
    rounding = _unit(low) * (2 / float(low) + 1 / x)
    if abs(math.log(float(low) * float(high)) / 2 - math.log(x)) < 0.2 * width + rounding:
        return None
    return {fact.keys["low"]: low, fact.keys["high"]: high}, high, d.prints[fact.keys["high"]], "copied-interval", False


def swapped(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """Statistics of two rows of counts, exchanged with their P."""
    rows = [
        f
        for f in d.facts
        if f.kind == "chi2" and f is not fact and f.keys["p"].split(".")[0] == fact.keys["p"].split(".")[0]
    ]
    rows = [f for f in rows if f.data["df"] == fact.data["df"]]
    if not rows:
        return None
    other = rows[int(rng.integers(len(rows)))]
    mine, theirs = d.prints[fact.keys["statistic"]], d.prints[other.keys["statistic"]]
    x, y = float(mine), float(theirs)
    if abs(x - y) < max(0.35 * max(x, y), 0.4):
        return None
    over = {fact.keys["statistic"]: theirs, other.keys["statistic"]: mine}
    over |= {fact.keys["p"]: d.prints[other.keys["p"]], other.keys["p"]: d.prints[fact.keys["p"]]}
    return over, theirs, mine, "row-swap", False


def whole_share(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """A percentage that no whole count of so few patients gives."""
    n, text = fact.data["n"], d.prints[fact.keys["percent"]]
    places = len(text.partition(".")[2])
    if n >= 10 ** (places + 2) * 0.8:
        return None
    unit = _unit(text)
    exact = [100 * c / n / unit for c in range(n + 1)]
    possible = {math.floor(v + e) for v in exact for e in (0.0, 0.499999, 0.500001)}
    near = round(float(text) / unit)
    options = [v for v in range(near - 9, near + 10) if v not in possible and 0 < v * unit < 100]
    if n < 20 and places == 0:  # "55% of 15" may be a rough share: no reader could be sure
        options = [v for v in options if v % 5]
    if not options:
        return None
    wrong = rounded(options[int(rng.integers(len(options)))] * unit, places)
    return {fact.keys["percent"]: wrong}, wrong, text, None, False


def whole_mean(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """A mean that no whole-number ratings of so few persons give."""
    n, text = fact.data["n"], d.prints[fact.keys["mean"]]
    if n * _unit(text) > 0.8:
        return None
    near = round(float(text) * 100)
    possible = {round(100 * c / n + e) for c in range(10 * n + 1) for e in (-0.001, 0.001)}
    options = [v for v in range(near - 6, near + 7) if v not in possible]
    if not options:
        return None
    wrong = f"{options[int(rng.integers(len(options)))] / 100:.2f}"
    return {fact.keys["mean"]: wrong}, wrong, text, None, False


def whole_sd(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """An SD that whole-number ratings with this mean cannot have."""
    from ostealgia.audit.rules import grimmer

    n, mean, text = fact.data["n"], d.prints[fact.keys["mean"]], d.prints[fact.keys["sd"]]
    near = round(float(text) * 100)
    options = [v for v in range(near - 12, near + 13) if v > 0 and grimmer(mean, f"{v / 100:.2f}", n).flagged]
    if not options:
        return None
    wrong = f"{options[int(rng.integers(len(options)))] / 100:.2f}"
    return {fact.keys["sd"]: wrong}, wrong, text, None, False


def coded(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """An SD that zeros and ones with this mean cannot have."""
    text, sd = d.prints[fact.keys["sd"]], fact.data["sd"]
    for wrong, cause in slips(text, rng):  # "0.5" may stand for 0.45: a print with fewer places says less
        if abs(float(wrong) - sd) > max(0.04, 0.6 * _unit(wrong) + 0.01) and float(wrong) > 0:
            return {fact.keys["sd"]: wrong}, wrong, text, cause, False
    return None


def off_scale(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """A mean above the end of its scale (10 or 7)."""
    text = d.prints[fact.keys["mean"]]
    if len(text.partition(".")[0]) > 1:
        return None
    wrong = f"{int(rng.integers(1, 4))}{text}"
    return {fact.keys["mean"]: wrong}, wrong, text, None, False


def narrow(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """An interval narrower than any data of so many patients allow, with its estimate in the middle."""
    if "cells" in fact.data:
        n, exposed = fact.data["n"], fact.data["exposed"]
        least = 2 / math.sqrt(exposed * (n - exposed) / n) if 0 < exposed < n else 0
    elif fact.kind == "hazard":
        least = 2 / math.sqrt(fact.data["n"])
    else:
        return None
    se = least * float(rng.uniform(0.3, 0.6))
    x, places = fact.data["estimate"], len(d.prints[fact.keys["low"]].partition(".")[2])
    low, high = (rounded(math.exp(math.log(x) + s * 1.959964 * se), places) for s in (-1, 1))
    if float(low) <= 0 or _unit(low) / float(low) > 0.05 * se:
        return None
    p = 2 * float(special.ndtr(-abs(math.log(x)) / se))
    floor = "< 0.001" if p < 0.001 else rounded(p, 3)
    return (
        {fact.keys["low"]: low, fact.keys["high"]: high, fact.keys["p"]: floor},
        high,
        d.prints[fact.keys["high"]],
        None,
        False,
    )


def heterogeneity(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """An I2 that does not belong to Q and its df, or to P."""
    text, fit = d.prints[fact.keys["i2"]], fact.data["fit"]
    true = fit["i2"]
    if fact.data["form"] == "p only":
        return None
    found = _slipped(text, rng, lambda v: 0 <= v < 100 and abs(v - true) > 22)
    return None if found is None else ({fact.keys["i2"]: found[0]}, found[0], text, found[1], True)


def p_of_q(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """A P that does not belong to Q and its df."""
    text, p = d.prints[fact.keys["p"]], fact.data["fit"]["p"]
    if text[0] in "<>" or fact.data["form"] == "p only":
        return None
    found = _slipped(text, rng, lambda v: 0 < v < 1 and abs(v - p) > max(0.4 * p, 0.04))
    return None if found is None else ({fact.keys["p"]: found[0]}, found[0], text, found[1], True)


def pool(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """A pooled proportion, with its interval, that the studies of the table cannot give."""
    ends, places = fact.data["ends"], fact.data["places"]
    shift = float(rng.choice([-1, 1]) * rng.uniform(1.3, 1.9))
    wrong = [rounded(float(100 * special.expit(special.logit(e / 100) + shift)), places) for e in ends]
    keys = [fact.keys[name] for name in ("estimate", "low", "high")]
    over = dict(zip(keys, wrong, strict=True))
    if "abstract.pool" in d.prints:
        over["abstract.pool"] = wrong[0]
    return over, wrong[0], d.prints[keys[0]], None, False


def medians(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """Medians exchanged beside a clear hazard ratio, where the words say which group the ratio is about.

    "5.0 versus 11.0 months (HR 0.55)" alone may name either group first, and the ratio may be of either: no reader could be sure.
    """
    del rng
    if not fact.data["known"]:
        return None
    first, second = fact.data["medians"]
    if (
        abs(fact.data["beta"]) < 2.3 * fact.data["se"]
        or (first > second) != (fact.data["beta"] < 0)
        or not min(first, second) / max(first, second) < 0.8
    ):
        return None
    a, b = d.prints[fact.keys["first"]], d.prints[fact.keys["second"]]
    return {fact.keys["first"]: b, fact.keys["second"]: a}, b, a, None, False


def inverted(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """An adjusted ratio of a binary factor printed the other way round, against the counts of the table by outcome."""
    del rng
    if "cells" not in fact.data:
        return None
    a, b, c, e = fact.data["cells"]
    if min(a, b, c, e) < 4 or abs(math.log(a * e / (b * c))) < 0.75 or abs(math.log(fact.data["estimate"])) < 0.6:
        return None
    x, (low, high) = fact.data["estimate"], fact.data["limits"]
    if (a * e / (b * c) > 1) != (x > 1) or low <= 1 <= high:
        return None
    crude = 1.959964 * math.sqrt(1 / a + 1 / b + 1 / c + 1 / e)
    if (
        abs(math.log(a * e / (b * c))) < 1.1 * crude
    ):  # adjustment may turn an effect that the counts do not show clearly
        return None
    places = len(d.prints[fact.keys["low"]].partition(".")[2])
    wrong = [rounded(1 / v, places) for v in (x, high, low)]
    if float(wrong[1]) <= 0:
        return None
    keys = [fact.keys[name] for name in ("estimate", "low", "high")]
    return dict(zip(keys, wrong, strict=True)), wrong[0], d.prints[keys[0]], "reversed-coding", False


def flow(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """One number of a flow of patients with a slip."""
    name = str(rng.choice(["a", "b"]))
    text = d.prints[fact.keys[name]]
    value = int(text)
    found = _slipped(text, rng, lambda v: 0 < v < fact.data["start"] and abs(v - value) >= 2)
    return None if found is None else ({fact.keys[name]: found[0]}, found[0], text, found[1], False)


def summed(d: Draft, fact: Fact, rng: np.random.Generator) -> Plant | None:
    """The sum of a column, printed with a slip in the text; its percentage follows the slip."""
    total = fact.data["total"]
    crude = next(f for f in d.facts if f.kind == "percent" and f.keys["count"] == fact.keys["total"])
    n = crude.data["n"]
    found = _slipped(str(total), rng, lambda v: 0 < v < n and abs(v - total) >= 3)
    if found is None:
        return None
    share = rounded(Fraction(100 * int(found[0]), n), len(d.prints[crude.keys["percent"]].partition(".")[2]))
    return {fact.keys["total"]: found[0], crude.keys["percent"]: share}, found[0], str(total), found[1], True


_PERCENT = frozenset({"percent-vs-count", "GRIM", "cross-reference", "total-vs-parts"})
_TEST = frozenset({"chi2-vs-counts", "t-vs-summary", "p-vs-statistic", "p-vs-ci", "cross-reference"})
_RATIO = frozenset(
    {
        "ci-vs-point",
        "duplicate-value",
        "p-vs-ci",
        "cross-reference",
        "double-exponentiation",
        "precision-bound",
        "adjusted-vs-crude",
    }
)
_SUM = frozenset(
    {"total-vs-parts", "cross-reference", "percent-vs-count", "sample-flow", "chi2-vs-counts", "scale-bound", "GRIM"}
)

Planter = Callable[[Draft, Fact, np.random.Generator], Plant | None]

# planted rule -> (kinds of fact, planter, rules that may see it)
PLANTERS: dict[str, tuple[tuple[str, ...], Planter, frozenset[str]]] = {
    "percent-vs-count": (("percent",), percent, _PERCENT),
    "GRIM": (("share",), whole_share, frozenset({"GRIM", "percent-vs-count"})),
    "GRIM mean": (("likert",), whole_mean, frozenset({"GRIM", "GRIMMER"})),
    "GRIMMER": (("likert",), whole_sd, frozenset({"GRIM", "GRIMMER"})),
    "DEBIT": (("coded",), coded, frozenset({"DEBIT", "scale-bound"})),
    "chi2-vs-counts": (("chi2",), chi2, _TEST),
    "t-vs-summary": (("t",), t_test, _TEST),
    "p-vs-statistic": (("chi2", "t", "test"), p_of_statistic, _TEST),
    "p-vs-counts": (("p of counts",), p_of_statistic, _TEST | {"robustness-of-significance"}),
    "ci-vs-point": (("ratio", "hazard", "difference"), limit, _RATIO),
    "p-vs-ci": (("ratio", "difference"), p_of_ratio, _TEST | {"claim-vs-evidence"}),
    "double-exponentiation": (("said ratio",), double_exponentiation, _RATIO),
    "said ratio": (("said ratio",), said_ratio, _RATIO),
    "direction-vs-claim": (
        ("direction",),
        direction,
        frozenset({"direction-vs-claim", "cross-reference", "claim-vs-evidence"}),
    ),
    "total-vs-parts": (("parts",), parts, _SUM),
    "stars": (("stars",), stars, _SUM),
    "study kinds": (("kinds",), kinds, _SUM),
    "column sum": (("sum",), summed, _SUM | {"pooled-vs-studies"}),
    "sample-flow": (("flow",), flow, _SUM),
    "cross-reference": (("abstract",), abstract, _PERCENT | {"pooled-vs-studies", "ci-vs-point"}),
    "duplicate-value": (("ratio",), copied, _RATIO),
    "row-swap": (("chi2",), swapped, _TEST),
    "scale-bound": (
        ("bounded mean", "whole mean", "likert"),
        off_scale,
        frozenset({"scale-bound", "t-vs-summary", "cross-reference", "GRIM", "GRIMMER"}),
    ),
    "precision-bound": (
        ("ratio",),
        narrow,
        frozenset({"precision-bound", "cross-reference", "p-vs-ci", "adjusted-vs-crude"}),
    ),
    "events-bound": (("hazard",), narrow, frozenset({"events-bound", "p-vs-ci", "cross-reference"})),
    "heterogeneity": (
        ("heterogeneity",),
        heterogeneity,
        frozenset({"heterogeneity", "p-vs-statistic", "pooled-vs-studies"}),
    ),
    "P of Q": (("heterogeneity",), p_of_q, frozenset({"heterogeneity", "p-vs-statistic"})),
    "pooled-vs-studies": (("pool",), pool, frozenset({"pooled-vs-studies", "cross-reference"})),
    "median-vs-hr": (("medians",), medians, frozenset({"median-vs-hr"})),
    "adjusted-vs-crude": (
        ("ratio",),
        inverted,
        frozenset({"adjusted-vs-crude", "direction-vs-claim", "cross-reference", "p-vs-ci"}),
    ),
}


def plant(draft: Draft, rule: str, rng: np.random.Generator) -> tuple[dict[str, str], Planted] | None:
    """The prints to replace for one error of a rule, or None where the draft gives no occasion."""
    kinds_of, planter, families = PLANTERS[rule]
    facts = [fact for fact in draft.facts if fact.kind in kinds_of]
    for at in rng.permutation(len(facts)):
        made: Any = planter(draft, facts[int(at)], rng)
        if made is not None:
            over, wrong, right, cause, repair = made
            return over, Planted(rule, wrong, right, families, cause, repair, _beside(draft, over))
    return None


def _beside(draft: Draft, overrides: dict[str, str]) -> frozenset[str]:
    """Statistic and P of the rows that hold the replaced prints."""
    found = set()
    for key in overrides:
        root = key
        while "." in root:
            root = root.rpartition(".")[0]
            found |= {draft.prints[name] for name in (f"{root}.statistic", f"{root}.p") if name in draft.prints}
            if f"{root}.p" in draft.prints:
                break
    return frozenset(found)
