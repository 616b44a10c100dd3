"""Counts with percentages, percentages alone, and sizes: "84 of 105 patients (80.0%)", "91% among 48 patients", "(n = 105)"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from ostealgia.audit.statements import context
from ostealgia.audit.statements.model import Count, Number, Size
from ostealgia.audit.statements.tokens import Stream
from ostealgia.audit.statements.words import SPELLED, STUDIES, UNITS, listed

# a percentage that is a share: no level ("95% CI"), no share of something else ("60% of the maximum"), no pair or list of its own
_P = r"(?P<percent>n)%(?!-?C|o|/|[,;]a?n%(?!-?C))"

# n = 148 (98.6% of 150)
_WITHIN = re.compile(r"(?P<count>n)u?\((?P<percent>n)%o[wo]{0,2}(?P<n>n)u?\)")
# n of n (p%) / n out of the n patients (p%) / n/n (p%) / n/n, p%
_OF = re.compile(r"(?<!%,)(?<!%\()(?P<count>n)u?(?:w?o[wo]{0,3}|/)(?P<n>n)[uwf]{0,5}[(,;][:=i]?" + _P)
# n (p%) of n patients
_OF_BEHIND = re.compile(r"(?P<count>n)u?\(" + _P + r"\)u?o[wo]{0,2}(?P<n>n)(?=[ufw),.S;]|$)")
# p% (n of n) / p% (n/n)
_TURNED = re.compile(r"(?P<percent>n)%[uw]{0,3}[(,](?P<count>n)u?(?:w?o[wo]{0,2}|/)(?P<n>n)u?(?:[),;]|(?=f))")
# p% of n patients / p% among the 48 patients
_AMONG = re.compile(r"(?P<percent>n)%(?:[of]w{0,2}(?P<n>n)(?=w{0,1}u)|o(?P<n2>n)(?=\)))")
# n = 31 (25.8%) / n = 31, 25.8%
_EQUALS = re.compile(r"N=(?P<count>n)[(,;]" + _P)
# n patients (p%) / n (p%)
_COUNT = re.compile(r"(?P<count>n)(?P<unit>w?u)?\(" + _P + r"(?=[),;])")
# p% (n = 31) / p% of the participants (31 patients)
_BEHIND = re.compile(r"(?P<percent>n)%[uwof]{0,5}\((?:N=(?P<count>n)|(?P<count2>n)u)\)")
_PERCENT = re.compile(r"(?P<percent>n)%")
_SIZED = re.compile(r"N=(?P<n>n)")
_PLAIN = re.compile(r"(?P<n>n)(?:w{0,2})u{0,2}?(?P<unit>u)(?!u)")

_FORMS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (_WITHIN, ("count", "n", "percent")),
    (_OF, ("count", "n", "percent")),
    (_OF_BEHIND, ("count", "n", "percent")),
    (_TURNED, ("count", "n", "percent")),
    (_AMONG, ("n", "n2", "percent")),
    (_EQUALS, ("count", "percent")),
    (_COUNT, ("count", "percent")),
    (_BEHIND, ("count", "count2", "percent")),
)

# "80.0%" is not a share of patients beside these
NOT_SHARES = listed("power level significance confidence")


def find_counts(stream: Stream, used: set[int], cited: list[tuple[int, int, str]]) -> tuple[list[Count], set[int]]:
    """Every count or percentage of a stretch, and the tokens of their numbers. used : tokens of other statements."""
    found: list[tuple[int, Count]] = []
    mine: set[int] = set()
    if "%" not in stream.kinds:
        return [], mine
    for pattern, names in _FORMS:
        for match in pattern.finditer(stream.kinds):
            places = {name: match.start(name) for name in names if match[name]}
            if any(i in used or i in mine for i in places.values()) or not _fits(stream, places):
                continue
            mine.update(places.values())
            found.append((match.start(), _count(stream, places, match.start(), match.end() - 1, cited)))
    for match in _PERCENT.finditer(stream.kinds):
        i = match.start()
        if (
            i not in used
            and i not in mine
            and stream.kinds[i - 1 : i] not in ("-", "t", "<", "±")
            and _alone(stream, i)
        ):
            mine.add(i)
            found.append((i, _count(stream, {"percent": i}, i, i + 1, cited)))
    found.sort(key=lambda item: item[0])
    groups = _versus(stream)
    return [replace(count, group=groups.get(i, count.group)) for i, count in found], mine


_VERSUS = re.compile(r"n%?(?:\(n[/n]{0,2}%?\))?(?:,?v|,?a)n%")


def _versus(stream: Stream) -> dict[int, str | None]:
    """The groups of "29.4% vs 42.7%": the last two that the sentence names before it, in their order."""
    groups: dict[int, str | None] = {}
    for match in _VERSUS.finditer(stream.kinds):
        first, second = match.start(), match.end() - 2
        low, high = stream.sentence(first)
        if "v" not in match.group() and "x" not in stream.kinds[second:high]:
            continue
        named: list[str] = []
        for i in range(low, first):
            name = context.group_at(stream, i)
            if name is not None:
                named = [*(old for old in named if old != name), name]
        if len(named) >= 2:
            groups[first], groups[second] = named[-2], named[-1]
        elif "v" in match.group():
            groups[second] = None
    return groups


def _fits(stream: Stream, places: dict[str, int]) -> bool:
    """Counts and denominators are whole, a part is not above its whole by far, all stand in one sentence."""
    first, last = min(places.values()), max(places.values())
    if stream.sentence_of[first] != stream.sentence_of[last]:
        return False
    if "n" in places and "count" in places and not _parts(stream, *sorted((places["count"], places["n"]))):
        return False
    if _labelled(stream, places):
        return False
    if "n" in places and places["n"] == max(places.values()) and stream.raw[places["n"]][:1].isalpha():
        return False  # "3 patients (9.4%) of four categories"
    return all(number_is_count(stream, places[name]) for name in ("count", "count2", "n", "n2") if name in places)


ALL_BUT = (["all", "but"], ["everyone", "but"], ["except", "for"], ["apart", "from"])
EXCEPTED = listed("except excepting save excluding")
STANDS_FOR = listed("with without had have having used using wore took such which another this that every any no")
_HEAD, _TAIL = re.compile(r"[1-9]\d{0,2}"), re.compile(r"\d{3}")
GRADES = listed("grade grades stage stages class type ratio")
LABELLED = listed("score level phase day week month year dose age aged cycle visit step group arm cohort model")


def _labelled(stream: Stream, places: dict[str, int]) -> bool:
    """Numbers that are grades ("3/4 grade anaemia", "grade 1 or 2 out of 158"), measures ("3 sessions of 30 min") or pairs."""
    count, n = places.get("count", places.get("count2")), places.get("n")
    if count is not None and count > 1:
        before, earlier = stream.words[count - 1], stream.kinds[count - 2]
        if stream.words[count - 2 : count] in ALL_BUT or before in EXCEPTED:
            return True  # "all but eight patients (85%)": the percentage is that of the others
        if stream.raw[count].lower() == "one" and before in STANDS_FOR:
            return True  # "14 of 67 without one (20.9%)"
        if before in GRADES or before in LABELLED or stream.kinds[count - 1] == "<":
            return True
        if earlier in "nk" and (before == "or" or stream.kinds[count - 1] in "/-"):
            return True
    behind = stream.words[n + 1 : n + 2] if n is not None else []
    return bool(behind) and (behind[0] in GRADES or behind[0] in MEASURED)


MEASURED = listed(
    "min mins minute minutes s sec seconds h hour hours day days week weeks month months year years mg kg g ml mmhg cm mm gy"
)


BETWEEN = listed("out of the all these those our a total / (")


def _parts(stream: Stream, first: int, last: int) -> bool:
    """Only "out of the" and what is counted stand between a part and its whole."""
    return all(stream.words[i] in BETWEEN or stream.kinds[i] in "un%)" for i in range(first + 1, last))


def number_is_count(stream: Stream, i: int) -> bool:
    """Whether a token is a whole number of something, printed in digits or spelled."""
    return (stream.whole(i) and not _split(stream, i)) or stream.raw[i].lower() in SPELLED


def _split(stream: Stream, i: int) -> bool:
    """Part of a number whose thousands a blank may mark: "12 345"."""
    ends = [k for k in (i, i + 1) if 0 < k < len(stream.raw) and stream.starts[k] - stream.ends[k - 1] == 1]
    return any(_TAIL.fullmatch(stream.raw[k]) and _HEAD.fullmatch(stream.raw[k - 1]) for k in ends)


def _alone(stream: Stream, i: int) -> bool:
    """A percentage that is no end of a range ("30-40%") and no level."""
    after = stream.kinds[i + 2 : i + 3]
    if stream.kinds[max(0, i - 3) : i] == "fna" or (
        stream.kinds[max(0, i - 4) : i] == "fn%a" and stream.words[i - 4] == "between"
    ):
        return False
    return after not in ("C", "-") and not NOT_SHARES.intersection(stream.words[i + 2 : i + 4])


def count_number(stream: Stream, i: int) -> Number:
    """The number of a token; a spelled one in digits."""
    number = stream.number(i)
    spelled = SPELLED.get(number.text.lower())
    return number if spelled is None else Number(str(spelled), number.start, number.end)


def _count(stream: Stream, places: dict[str, int], first: int, last: int, cited: list[tuple[int, int, str]]) -> Count:
    anchor = places.get("count", places.get("count2", places["percent"]))
    low, high = stream.sentence(anchor)
    get: Callable[[str], Number | None] = lambda name: count_number(stream, places[name]) if name in places else None  # noqa: E731
    last = min(last, high - 1)
    start, end = stream.span(first, last)
    return Count(
        start=start,
        end=end,
        sentence=stream.span(low, high - 1),
        section=stream.section,
        cell=stream.cell,
        subject=_words_about(stream, first, last, high),
        group=context.group(stream, max(places.values())),
        study=context.study(stream, anchor, cited),
        count=get("count") or get("count2"),
        percent=get("percent"),
        n=get("n") or get("n2"),
        unit=unit_near(stream, first, last),
    )


def _words_about(stream: Stream, first: int, last: int, high: int) -> tuple[str, ...]:
    """Content words of the clause, those behind the number first: "79% had pain"."""
    behind = last + 1
    while behind < high and stream.kinds[behind] not in "n;v":
        behind += 1
    words = context.content(stream, last + 1, behind)
    before = context.subject(stream, min(last, high - 1), first)
    return (*before, *(word for word in words if word not in before))[:16]


def unit_near(stream: Stream, first: int, last: int) -> str | None:
    """What is counted: a unit inside the wording or right behind it."""
    for i in range(first, min(last + 4, stream.sentence(first)[1])):
        if stream.kinds[i] == "u":
            return stream.values[i]
    return None


# ---------------------------------------------------------------- sizes


def find_sizes(stream: Stream, cited: list[tuple[int, int, str]]) -> tuple[list[Size], set[int]]:
    """Every size of a stretch: "(n = 105)", "2,774 patients", "eight studies"; and the tokens of their numbers."""
    found: list[Size] = []
    tokens: set[int] = set()
    for match in _SIZED.finditer(stream.kinds):
        i = match.start("n")
        if number_is_count(stream, i) and stream.kinds[i + 1 : i + 2] not in ("%", "±", "-"):
            tokens.add(i)
            found.append(_size(stream, i, match.start(), i, None, cited))
    for match in _PLAIN.finditer(stream.kinds):
        i, unit = match.start("n"), match.start("unit")
        if i in tokens or not number_is_count(stream, i) or stream.sentence_of[i] != stream.sentence_of[unit]:
            continue
        if stream.kinds[i - 1 : i] in ("-", "±", "/", "<", "t") or not _adjectives(stream, i, unit):
            continue
        tokens.add(i)
        found.append(_size(stream, i, i, unit, stream.values[unit], cited))
    return sorted(found, key=lambda size: size.start), tokens


def _adjectives(stream: Stream, i: int, unit: int) -> bool:
    """Words between a number and its unit are adjectives, not another unit of measure ("12 months patients")."""
    return all(stream.words[k] not in TIMES and stream.words[k] not in UNITS for k in range(i + 1, unit))


TIMES = listed(
    "month months week weeks day days year years hour hours minute minutes times fold mg kg mm cm ml gy points point of the "
    "who were had with"
)


def _size(stream: Stream, i: int, first: int, last: int, unit: str | None, cited: list[tuple[int, int, str]]) -> Size:
    low, high = stream.sentence(i)
    start, end = stream.span(first, last)
    return Size(
        start=start,
        end=end,
        sentence=stream.span(low, high - 1),
        section=stream.section,
        cell=stream.cell,
        subject=context.subject(stream, i, first),
        group=context.group(stream, i) if unit is not None else _group_before(stream, first),
        study=context.study(stream, i, cited),
        n=count_number(stream, i),
        unit=unit or _unit_before(stream, first),
        spelled=not stream.raw[i][:1].isdigit(),
    )


def _unit_before(stream: Stream, first: int) -> str | None:
    """The unit of "patients (n = 105)"; "14 studies (N = 580)" tells patients."""
    low = stream.sentence(first)[0]
    for i in range(first - 1, max(low, first - 5) - 1, -1):
        if stream.kinds[i] == "u":
            counted = stream.values[i] in STUDIES and i > low and "n" in stream.kinds[max(low, i - 2) : i]
            return None if counted else stream.values[i]
        if stream.kinds[i] == "n":
            return None
    return None


def _group_before(stream: Stream, first: int) -> str | None:
    """The group of "control group (n = 105)"."""
    low = stream.sentence(first)[0]
    for i in range(first - 1, max(low, first - 6) - 1, -1):
        if stream.words[i] in context.GROUP_WORDS and i:
            return f"{stream.raw[i - 1].lower()} {stream.words[i].rstrip('s')}"
        if stream.kinds[i] == "n":
            return None
    return None
