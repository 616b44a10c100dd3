"""Test statistics and heterogeneity: "t(28) = 2.20, p = 0.036", "chi2 = 8.23, df = 1", "I2 = 98%, tau2 = 2.72"."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ostealgia.audit.statements import context
from ostealgia.audit.statements.model import Heterogeneity, Number, Test
from ostealgia.audit.statements.parts import Limits, PPart
from ostealgia.audit.statements.tokens import Stream
from ostealgia.audit.statements.words import listed

# t(28) = 2.20 / F(1, 50) = / chi2(1, N = 90) = / t28 = / z = / chi2 = 8.23
_TEST = re.compile(
    r"T(?:\((?:D[=:]?)?(?P<df1>n)(?:[,;/](?P<df2>n))?(?:[,;]N[=](?P<n>n))?\)|(?:\(?[,]?D[=:](?P<df3>n)\)?)|\((?:M|T|w)\)|(?P<sub>n)(?:,(?P<sub2>n))?(?==))?"
    r"(?P<rel>[=<:]|o|i|w?[oi]{1,2})(?P<value>n)"
)
_DF = re.compile(r"[,;:()a]{0,3}(?:f|o|w)?(?:D[=:oi]{0,2}(?P<df>n)(?:[,;a](?P<df2>n))?|(?P<df3>n)D)")
_SIZE = re.compile(r"[,;(]{1,2}N=(?P<n>n)")
_RANGE = re.compile(r"\(n[-t,;]n\)")
ONE_TAILED = listed("one-tailed one-sided onetailed directional 1-tailed 1-sided")
BARE = frozenset(("z", "chi2", "Q"))


@dataclass(slots=True)
class TestDraft:
    """A test while it is put together; tokens."""

    name: str
    first: int
    value: int
    relation: int | None
    df: list[Number] = field(default_factory=list)
    n: int | None = None
    p: PPart | None = None
    last: int = 0
    used: list[int] = field(default_factory=list)


def find_tests(stream: Stream, p_parts: list[PPart]) -> list[TestDraft]:
    """Every test statistic of a stretch with its df and P."""
    kinds, found = stream.kinds, []
    at = kinds.find("T")
    while at >= 0:
        match = _TEST.match(kinds, at)
        if match is not None and stream.sentence_of[at] == stream.sentence_of[match.end() - 1]:
            draft = _draft(stream, at, match)
            if draft is not None:
                found.append(draft)
                at = draft.value
        at = kinds.find("T", at + 1)
    for k, draft in enumerate(found):
        until = found[k + 1].first if k + 1 < len(found) else len(kinds)
        _df_behind(stream, draft, until)
        draft.p = _p_behind(stream, draft, until, p_parts)
    return [draft for draft in found if _certain(stream, draft) and not _ranged(stream, draft)]


def _ranged(stream: Stream, draft: TestDraft) -> bool:
    """A mean over imputed data with its range: "F(1, 352) = 0.41 [0.02-1.57]; p = 0.61 [0.21-0.89]"."""
    return _RANGE.match(stream.kinds, draft.value + 1) is not None and (
        draft.p is None or _RANGE.match(stream.kinds, draft.p.last + 1) is not None
    )


def _draft(stream: Stream, at: int, match: re.Match[str]) -> TestDraft | None:
    name = stream.values[at]
    value = match.start("value")
    groups = [name_ for name_ in ("df1", "df2", "df3", "sub", "sub2") if match[name_]]
    dfs = [match.start(name_) for name_ in groups]
    relation = match.start("rel") if match["rel"] in ("<",) else None
    draft = TestDraft(name, at, value, relation, last=value)
    draft.df = _df_numbers(stream, name, dfs)
    draft.n = match.start("n") if match["n"] else None
    draft.used = [*dfs, value, *([draft.n] if draft.n is not None else [])]
    if match["rel"] not in ("=", "<", ":") and name not in ("chi2", "Q"):
        return None
    return draft


def _df_numbers(stream: Stream, name: str, tokens: list[int]) -> list[Number]:
    """The df as numbers; "F(1,248)" prints two, which look like one with a thousands mark."""
    numbers = [stream.number(i) for i in tokens]
    if name == "F" and len(numbers) == 1 and "," in numbers[0].text:
        text, start = numbers[0].text, numbers[0].start
        left, _, right = text.partition(",")
        return [Number(left, start, start + len(left)), Number(right, start + len(left) + 1, numbers[0].end)]
    return numbers


def _df_behind(stream: Stream, draft: TestDraft, until: int) -> None:
    if draft.df:
        return
    at = draft.value + 1
    size = _SIZE.match(stream.kinds, at) if draft.name == "r" and draft.n is None else None
    if size is not None:
        draft.n = size.start("n")
        draft.used.append(draft.n)
        draft.last = max(draft.last, draft.n)
        return
    match = _DF.match(stream.kinds, at)
    if match is None or match.end() > until:
        return
    for name in ("df", "df2", "df3"):
        if match[name]:
            draft.df.append(stream.number(match.start(name)))
            draft.used.append(match.start(name))
            draft.last = max(draft.last, match.end() - 1)


def _p_behind(stream: Stream, draft: TestDraft, until: int, parts: list[PPart]) -> PPart | None:
    """The first P behind a statistic, with effect sizes or intervals between at most."""
    depth = stream.opener[draft.first]
    for part in parts:
        if part.first <= draft.value:
            continue
        if part.first > until or part.first - draft.last > 18:
            return None
        gap = stream.kinds[draft.last + 1 : part.first]
        if "S" in gap or (";" in gap and "M" not in gap and "C" not in gap and gap.count(";") > 1) or len(gap) > 18:
            return None
        if any(kind in "wuaL" for kind in gap) and "M" not in gap and gap.count("w") > 3:
            return None
        inside = (
            stream.opener[part.first] == depth
            or stream.opener[part.first] < 0
            or stream.opener[part.first] > draft.value
        )
        draft.last = part.last if inside else draft.last
        return part if inside else None
    return None


def _certain(stream: Stream, draft: TestDraft) -> bool:
    """A letter is a test only with df or a P beside it, so that "F = 12" (women) and "r = 3 cm" are none."""
    if draft.df and (draft.p is not None or stream.kinds[draft.first + 1] in "(Dn"):
        return True
    if draft.name in BARE or stream.raw[draft.first] in ("t", "r", "F"):
        return draft.p is not None or draft.name in ("chi2",)
    return False


def test_statement(stream: Stream, draft: TestDraft, cited: list[tuple[int, int, str]]) -> Test:
    """The statement of a draft."""
    low, high = stream.sentence(draft.value)
    start, end = stream.span(draft.first, max(draft.last, draft.value))
    return Test(
        start=start,
        end=end,
        sentence=stream.span(low, high - 1),
        section=stream.section,
        cell=stream.cell,
        subject=context.subject(stream, draft.value, draft.first),
        study=context.study(stream, draft.value, cited),
        test=draft.name,
        statistic=stream.number(draft.value, relation=draft.relation),
        df=tuple(draft.df),
        n=stream.number(draft.n) if draft.n is not None else None,
        p_value=draft.p.number if draft.p else None,
        one_tailed=_one_tailed(stream, low, high),
    )


def _one_tailed(stream: Stream, low: int, high: int) -> bool:
    words = stream.words[low:high]
    if ONE_TAILED.intersection(words):
        return True
    return any(words[i] == "one" and words[i + 1 : i + 2] in (["tailed"], ["sided"]) for i in range(len(words)))


# ---------------------------------------------------------------- heterogeneity

_H = re.compile(r"H(?:\(?[wk]{0,2}\)?)?(?:[=:~]|w{0,2}[oi]{1,2}|w?)(?P<n>n)(?P<percent>%?)")
BEYOND = listed("greater than above over exceeding less more below under least")
_REACH = 16  # tokens between two measures of one result


def find_heterogeneity(
    stream: Stream,
    tests: list[TestDraft],
    limits: list[Limits],
    p_parts: list[PPart],
    cited: list[tuple[int, int, str]],
) -> tuple[list[Heterogeneity], set[int]]:
    """I2, tau2, Q, H that stand together, as one statement each; and the tokens of their numbers."""
    parts: list[tuple[int, str, int]] = []
    at = stream.kinds.find("H")
    while at >= 0:
        match = _H.match(stream.kinds, at)
        if match is not None and stream.sentence_of[at] == stream.sentence_of[match.end() - 1]:
            value = match.start("n")
            named = stream.values[at] != "tau" or "=" in match.group()
            if named and not BEYOND.intersection(stream.words[at + 1 : value]):
                parts.append((at, stream.values[at], value))
        at = stream.kinds.find("H", at + 1)
    pooled = [draft for draft in tests if draft.name in ("Q", "chi2")]
    found, used = [], set()
    for cluster in _clusters(stream, parts):
        statement, tokens = _heterogeneity(stream, cluster, pooled, limits, p_parts, cited)
        found.append(statement)
        used |= tokens
    return found, used


def _clusters(stream: Stream, parts: list[tuple[int, str, int]]) -> list[list[tuple[int, str, int]]]:
    clusters: list[list[tuple[int, str, int]]] = []
    for part in parts:
        last = clusters[-1] if clusters else None
        if (
            last is not None
            and part[0] - last[-1][2] <= _REACH
            and stream.sentence_of[part[0]] == stream.sentence_of[last[-1][2]]
            and part[1] not in {name for _, name, _ in last}
        ):
            last.append(part)
        else:
            clusters.append([part])
    return clusters


def _heterogeneity(
    stream: Stream,
    cluster: list[tuple[int, str, int]],
    pooled: list[TestDraft],
    limits: list[Limits],
    p_parts: list[PPart],
    cited: list[tuple[int, int, str]],
) -> tuple[Heterogeneity, set[int]]:
    first, last = cluster[0][0], cluster[-1][2]
    values: dict[str, Number | None] = {name: stream.number(value) for _, name, value in cluster}
    used = {value for _, _, value in cluster}
    sentence = stream.sentence_of[first]
    near = [
        draft for draft in pooled
        if stream.sentence_of[draft.first] == sentence and draft.first - last <= _REACH and first - draft.last <= _REACH
    ]  # fmt: skip
    if near:
        draft = near[0]
        values["q"] = stream.number(draft.value)
        values["df"] = draft.df[0] if draft.df else None
        values["p_value"] = draft.p.number if draft.p else None
        first, last = min(first, draft.first), max(last, draft.last)
    else:
        part = next((p for p in p_parts if 0 < p.first - last <= 4 and _marks_only(stream, last, p.first)), None)
        if part is not None:
            values["p_value"], last = part.number, max(last, part.last)
    for one in limits:
        i2 = next((value for _, name, value in cluster if name == "i2"), None)
        if i2 is not None and 0 < one.first - i2 <= 4 and one.kind == "confidence":
            values["i2_ci_low"], values["i2_ci_high"] = stream.number(one.low), one.high_number
            used.update(one.tokens())
    low, high = stream.sentence(cluster[0][0])
    start, end = stream.span(first, last)
    statement = Heterogeneity(
        start=start,
        end=end,
        sentence=stream.span(low, high - 1),
        section=stream.section,
        cell=stream.cell,
        subject=context.subject(stream, cluster[0][2], first),
        study=context.study(stream, cluster[0][2], cited),
        **values,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    )
    return statement, used


def _marks_only(stream: Stream, last: int, first: int) -> bool:
    return all(kind in "%,;(a" for kind in stream.kinds[last + 1 : first])
