"""The small parts of statements: P values, intervals, and the number that an interval belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ostealgia.audit.statements.model import Number
from ostealgia.audit.statements.tokens import BOUNDS, Stream


@dataclass(frozen=True, slots=True)
class PPart:
    """A printed P. first, last : its tokens.  number : with relation.  test : the test it is said to come from.

    what : "trend", "interaction", "heterogeneity", ... where P is of something else than the estimate beside it.
    """

    first: int
    last: int
    number: Number
    test: str | None = None
    what: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """A pair of limits. kind : confidence, credible, prediction, range, iqr.  first, last : tokens."""

    kind: str
    first: int
    last: int
    low: int
    high: int
    level: int | None
    percent: bool
    high_number: Number
    exact: bool = False

    def tokens(self) -> tuple[int, ...]:
        """The tokens of the numbers."""
        return (self.low, self.high) if self.level is None else (self.low, self.high, self.level)


_P = re.compile(
    r"P(?:\(?f?[wC]{0,3}(?:f?w{1,2})?\)?[:,]?(?P<rel>[=<]{1,2}|[iow]{0,3}[=<])|[:,oi]{0,2}|[oi]{1,2}w{2})(?P<n>n)"
)
_P_WORD = re.compile(r"P[=:i]?(?P<ns>[wN?])")
_P_MORE = re.compile(r"(?:,?a|,)(?P<rel>[=<])?(?P<n>n)(?=[,)Sa;]|$)")
NOT_SIGNIFICANT = {"ns", "n.s", "n.s."}

# words near P -> the test it comes from (the names that audit.rules.p_values knows, where it knows them)
TESTS: dict[str, str] = {
    "log-rank": "log-rank", "logrank": "log-rank", "rank": "log-rank", "fisher": "exact", "fisher's": "exact", "exact": "exact",
    "wilcoxon": "Wilcoxon", "mann-whitney": "Mann-Whitney", "kruskal-wallis": "Kruskal-Wallis", "wald": "Wald",
    "likelihood": "likelihood ratio", "likelihood-ratio": "likelihood ratio", "permutation": "permutation", "score": "score",
    "mcnemar": "McNemar", "mcnemar's": "McNemar", "gehan": "Gehan", "cochran-armitage": "Cochran-Armitage",
    "chi2": "chi2", "student": "t", "student's": "t", "anova": "F", "t-test": "t", "breslow": "Breslow",
}  # fmt: skip
OTHER_P = {
    "trend": "trend", "ptrend": "trend", "interaction": "interaction", "pinteraction": "interaction", "heterogeneity": "heterogeneity",
    "pheterogeneity": "heterogeneity", "noninferiority": "noninferiority", "non-inferiority": "noninferiority",
    "equivalence": "equivalence", "subgroup": "interaction", "linearity": "trend", "nonlinearity": "trend", "non-linearity": "trend",
    "egger": "bias", "egger's": "bias", "begg's": "bias", "begg": "bias", "asymmetry": "bias", "bias": "bias",
}  # fmt: skip


def find_p(stream: Stream) -> list[PPart]:
    """Every P of a stretch: "P < 0.001", "P values 0.078 and 0.074", "p for trend = 0.03", "ns"."""
    kinds, found = stream.kinds, []
    at = kinds.find("P")
    while at >= 0:
        match = _P.match(kinds, at)
        if match is not None and _is_p(stream, match):
            last = match.end() - 1
            found.append(_part(stream, at, match.start("rel"), match.end("rel"), last))
            found += _more(stream, at, last)
        else:
            word = _P_WORD.match(kinds, at)
            if word is not None and stream.raw[word.start("ns")].lower() in NOT_SIGNIFICANT:
                last = word.start("ns")
                start, end = stream.span(last, last)
                found.append(PPart(at, last, Number("> 0.05", start, end), *_words_near(stream, at, last)))
        at = kinds.find("P", at + 1)
    if not NOT_SIGNIFICANT.isdisjoint(stream.words):
        found = sorted([*found, *_said_ns(stream, {part.last for part in found})], key=lambda part: part.first)
    return found


def _said_ns(stream: Stream, taken: set[int]) -> list[PPart]:
    """ "ns" in place of a P: "t(68) = 0.60, ns"."""
    found = []
    for i, word in enumerate(stream.words):
        if word in NOT_SIGNIFICANT and i not in taken and i and stream.kinds[i - 1] in ",;(":
            start, end = stream.span(i, i)
            found.append(PPart(i, i, Number("> 0.05", start, end), None, None))
    return found


def _is_p(stream: Stream, match: re.Match[str]) -> bool:
    """Whether the number behind a P can be one: within 0 to 1, or with a sign of relation."""
    number = match.end() - 1
    rel = match.group("rel")
    if stream.kinds[number + 1 : number + 2] in ("%", "u"):
        return False
    if rel is None or not any(mark in "=<" for mark in rel):
        return 0 <= stream.value(number) <= 1 and ("." in stream.raw[number] or stream.value(number) < 1)
    return True


def _part(stream: Stream, first: int, rel_first: int, rel_last: int, number: int) -> PPart:
    signs = [i for i in range(rel_first, rel_last) if stream.kinds[i] in "=<"] if rel_first >= 0 else []
    inequalities = [i for i in signs if stream.kinds[i] == "<"]
    text = stream.number(number).text
    start = stream.starts[number]
    if inequalities:
        mark = stream.raw[inequalities[0]]
        sign = BOUNDS.get(mark, mark)
        if len(signs) == 2 and signs[1] == signs[0] + 1 and sign in "<>" and stream.kinds[signs[1]] == "=":
            sign += "="
        text, start = f"{sign} {text}", stream.starts[signs[0]]
    else:
        words = {stream.raw[i].lower() for i in range(first, number)}
        if "less" in words or "below" in words:
            text = f"< {text}"
        elif words & {"greater", "above", "more"}:
            text = f"> {text}"
    return PPart(first, number, Number(text, start, stream.ends[number]), *_words_near(stream, first, number))


def _more(stream: Stream, first: int, last: int) -> list[PPart]:
    """Further numbers of a list: "P = 0.078 and 0.074"."""
    found = []
    while True:
        match = _P_MORE.match(stream.kinds, last + 1)
        if match is None:
            return found
        number = match.start("n")
        if not 0 < stream.value(number) < 1 or "." not in stream.raw[number]:
            return found
        relation = match.start("rel") if match["rel"] else None
        found.append(
            PPart(last + 1, number, stream.number(number, relation=relation), *_words_near(stream, first, number))
        )
        last = number


def _words_near(stream: Stream, first: int, last: int) -> tuple[str | None, str | None]:
    """The test before P, and what P is for where the words before or behind it say so."""
    low = max(stream.sentence(first)[0], first - 4)
    before: list[str] = []
    for i in range(first - 1, low - 1, -1):
        if stream.kinds[i] in "n(;%":
            break
        before.append(stream.words[i])
    inside = stream.words[first:last]
    after = stream.words[last + 1 : last + 6] if stream.kinds[last + 1 : last + 2] == "f" else []
    after = after[: next((k for k, word in enumerate(after) if word in (")", ";", ",", ".")), len(after))]
    what = next((OTHER_P[word] for word in (*inside, *before, *after) if word in OTHER_P), None)
    test = next((TESTS[word] for word in (*before, *after) if word in TESTS), None)
    return test, what


# ---------------------------------------------------------------- intervals

_PAIR = r"(?P<low>n)%?w{0,2}(?P<sep>[-t;,a~:]?)(?P<high>n)(?P<percent>%?)"
_LIMITS = re.compile(r"C(?:ow?M(?==))?(?:\([CwM?]+\))?[:,=;oi]{0,2}(?:w{0,3}f|w)?\(?[:=]?" + _PAIR)
_TRIPLET = re.compile(r"C\)?[:,=;]{0,2}n[,;(]{1,2}(?P<low>n)%?(?P<sep>[-t~])(?P<high>n)(?P<percent>%?)")
_LEVEL_AFTER = re.compile(r"C\(?(?P<level>n)%\)?[:,=;oi]{0,2}f?\(?" + _PAIR)
_LEVELED = re.compile(r"C\(?n%")
_LEVEL_BEFORE = re.compile(r"n%?-?$")
AFTER_COMMA = re.compile(r"(?P<open>,)(?P<low>n)(?P<sep>[-t~])(?P<high>n)(?P<percent>%?)(?=[),;S])")
BARE = re.compile(r"(?P<open>\()" + _PAIR.replace("w{0,2}", "") + r"(?=[),;])")


def find_limits(stream: Stream) -> list[Limits]:
    """Every labelled interval or range: "95% CI 0.51-0.91", "[95% CI: 42 to 88%]", "(range 3.8-8.0)", "IQR 5-9"."""
    kinds, found = stream.kinds, []
    at = kinds.find("C")
    while at >= 0:
        level, first = None, at
        match = _LEVEL_AFTER.match(kinds, at)
        if match is not None and is_level(stream, match.start("level")):
            level = match.start("level")
        elif (triplet := _TRIPLET.match(kinds, at)) is not None and _named_before(stream, at):
            match = triplet  # "OR, 95% CI: 2.1, 1.3-3.6"
            first = triplet.start("low") - 1
        else:
            leveled = _LEVELED.match(kinds, at)
            other = leveled is not None and is_level(stream, leveled.end() - 2)
            match = None if other else _LIMITS.match(kinds, at)
        if match is not None:
            part = limits_of(stream, match, stream.values[at], first, level)
            if part is not None:
                found.append(part)
        at = kinds.find("C", at + 1)
    return found


def _named_before(stream: Stream, at: int) -> bool:
    """Whether a ratio or difference stands right before the label of its interval, without a number of its own."""
    before = stream.kinds[max(0, at - 6) : at]
    return "M" in before and "n" not in before[before.rindex("M") :].replace("n%", "")


def is_level(stream: Stream, index: int) -> bool:
    """Whether a number can be the level of an interval, in per cent."""
    value = stream.value(index)
    return value in (50, 68, 80, 83, 84) or (
        90 <= value < 100 and (value in (90, 95, 96, 97, 98, 99) or "." in stream.raw[index])
    )


def limits_of(stream: Stream, match: re.Match[str], kind: str, first: int, level: int | None) -> Limits | None:
    """Limits from a matched pair, or None where the two numbers are no pair."""
    low, high, sep = match.start("low"), match.start("high"), match["sep"]
    number = stream.number(high)
    if not sep:
        # "0.26 -0.50": a dash that looks like a sign
        if not number.text.startswith("-") or stream.value(low) < 0:
            return None
        number = Number(number.text[1:], number.start + 1, number.end)
    if _goes_on(stream, high) or stream.raw[low][:1].isalpha() or stream.raw[high][:1].isalpha():
        return None
    before = _LEVEL_BEFORE.search(stream.kinds, max(0, first - 3), first)
    if level is None and before is not None and is_level(stream, before.start()):
        level = before.start()
        first = level
    percent = match["percent"] == "%" or stream.kinds[low + 1] == "%"
    last = match.end() - 1
    exact = "exact" in stream.words[max(0, first - 3) : first]
    return Limits(kind, first, last, low, high, level, percent, number, exact)


def _goes_on(stream: Stream, high: int) -> bool:
    """The upper limit is no whole number of its own: "6955-12 577", or a pair of limits follows ("-12.2, -3.3/-3.6, 1.9")."""
    behind = stream.kinds[high + 1 : high + 2]
    thousands = (
        behind in ("n", "k") and stream.raw[high].isdigit() and len(stream.raw[high]) <= 3
        and len(stream.raw[high + 1]) == 3 and stream.raw[high + 1].isdigit() and stream.starts[high + 1] - stream.ends[high] == 1
    )  # fmt: skip
    return thousands or stream.kinds[high + 1 : high + 3] == "/n"


SKIP = frozenset(",;:(%-/k")
GLUE = frozenset("wfiaou=")


def point_before(stream: Stream, first: int, taken: dict[int, int]) -> int | None:
    """The number that limits starting at token ``first`` belong to, None where none stands right before them.

    taken : last token of a part that may stand between (a P) -> its first token.
    """
    low = stream.sentence(first)[0]
    kinds = stream.kinds
    i, words, bracket = first - 1, 0, stream.opener[first]
    while i >= low:
        kind = kinds[i]
        if i in taken:
            i = taken[i] - 1
        elif kind == "n" and stream.words[i - 1 : i] == ["per"]:
            i -= 2  # 12.3 per 1000 person-years
        elif kind == "n" and (spread := _spread(kinds, i)) is not None:
            i = spread - 1  # 9.3% (SD 11.5%; 95% CI ...)
        elif (
            kind == "n" and kinds[i + 1 : i + 2] == "%" and is_level(stream, i) and not kinds[i + 2 : first].strip("w-")
        ):
            i -= 1  # 95% posterior interval
        elif kind == "n":
            if kinds[i + 1] == "u" and bracket >= 0 and i > bracket:
                i, words, bracket = bracket, 0, stream.opener[bracket]  # "(29 studies, range 1-12)"
                i -= 1
                continue
            mean = _PLUS_MINUS.search(kinds, max(0, i - 3), i)
            if mean is not None:  # 1.91±0.19 seconds (95% CI ...)
                return None if kinds[mean.start() - 1 : mean.start()] in ("a", "v") else mean.start()
            wrong = kinds[i - 1 : i] in ("N", "<") or _sized(kinds, i) or _label(stream, i, first)
            return None if wrong or _of_another(stream, i, first) else i
        elif kind in SKIP:
            if kind == "(":
                words, bracket = 0, stream.opener[i]
            i -= 1
        elif (kind in GLUE and words < 4) or (kind in "MLmq" and words < 4):
            words += 1
            i -= 1
        elif bracket >= 0 and i > bracket:
            if any(kinds[k] == "n" and "." in stream.raw[k] and k not in taken for k in range(bracket + 1, i)):
                return None  # "60 years (IRR 8.85 compared to ..., (95% CI": a number stands nearer
            i, words, bracket = bracket - 1, 0, stream.opener[bracket]
        else:
            return None
    return None


def _label(stream: Stream, i: int, first: int) -> bool:
    """A whole number that a word stands before ("haplotype 1 (95% CI 2.36-3.43)"), or the end of a ratio 947:447."""
    if stream.kinds[i - 2 : i] == "n:":
        return True
    decimals = any(
        "." in raw
        for raw, kind in zip(stream.raw[first : first + 10], stream.kinds[first : first + 10], strict=True)
        if kind == "n"
    )
    return stream.raw[i].isdigit() and decimals and stream.kinds[i - 1 : i] in ("w", "u") and stream.kinds[i + 1] != "%"


_OUT_OF = re.compile(r"n(?:w?o[wo]{0,2}|/)$")
_PLUS_MINUS = re.compile(r"n%?±$")
_SPREAD = re.compile(r"[de][=:,io]{0,2}$")


def _spread(kinds: str, i: int) -> int | None:
    """The token of "SD" or "SE" where a number is one."""
    found = _SPREAD.search(kinds, max(0, i - 3), i)
    return None if found is None else found.start()


def _of_another(stream: Stream, i: int, first: int) -> bool:
    """A number that the interval does not belong to: spelled, one of a pair (7.7/0.9), of a row of bare numbers, or the last of
    two percentages that are compared, where the words before the interval name a difference."""
    kinds = stream.kinds
    if stream.raw[i][:1].isalpha() or kinds[i - 2 : i] in ("n/", "nn") or kinds[i + 1 : i + 3] == "/n":
        return True
    if kinds[max(0, i - 2) : i] in ("nt", "%t") and stream.opener[i] == stream.opener[i - 2]:
        return kinds[i - 2] == "n" or kinds[i - 3 : i - 2] == "n"  # "-15% to 15%": the ends of a range
    if _OUT_OF.search(kinds, max(0, i - 5), i):
        return True  # "24 out of 31, 95% CI 58% to 90%"
    if "margin" in stream.words[max(0, i - 6) : i]:
        return True
    compared = kinds[i - 1 : i] == "v" or stream.words[max(0, i - 3) : i] == ["v", "/", "s"]
    named = any(
        kinds[k] == "P" or (kinds[k] == "M" and stream.values[k] not in RATIO_NAMES) for k in range(i + 1, first)
    )
    return compared and named


RATIO_NAMES = frozenset(("OR", "HR", "RR", "IRR", "ROM", "DOR", "SMR"))


def _sized(kinds: str, i: int) -> bool:
    return kinds[max(0, i - 2) : i] == "N="
