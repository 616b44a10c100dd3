"""What a number is about: the content words of its clause, the group, the cited study."""

from __future__ import annotations

from ostealgia.audit.statements.tokens import Stream
from ostealgia.audit.statements.words import STOP_WORDS, listed

GROUP_WORDS = listed("group groups arm arms cohort")
NOT_GROUPS = listed("the each both all two three same other either between within per this that a of in and study")
WORDY = frozenset("wuLmqTe")


def content(stream: Stream, first: int, last: int) -> list[str]:
    """Content words of the tokens first .. last (exclusive), lower case, each once."""
    found: dict[str, None] = {}
    for i in range(first, last):
        if stream.kinds[i] in WORDY:
            word = stream.raw[i].lower()
            if len(word) > 2 and word not in STOP_WORDS:
                found[word] = None
    return list(found)


def subject(stream: Stream, index: int, anchor: int) -> tuple[str, ...]:
    """Content words of what a number is about: from the last number, semicolon or bracket before its anchor.

    anchor : first token of the statement (its measure word, else the number).  Where the clause has no word of its
    own, those of the sentence up to there are taken, then those behind it.
    """
    low, high = stream.sentence(index)
    opener = stream.opener[anchor]
    end = opener if opener >= low else anchor
    first = _clause_start(stream, low, end)
    words = content(stream, first, end)
    if opener >= low:
        words += [word for word in content(stream, opener + 1, anchor) if word not in words]
    if not words:
        words = content(stream, low, end)
    if len(words) < 2:
        behind = index + 1
        while behind < high and stream.kinds[behind] not in "n;":
            behind += 1
        words += [word for word in content(stream, index + 1, behind) if word not in words]
    return tuple(words[-14:])


def _clause_start(stream: Stream, low: int, end: int) -> int:
    i = end - 1
    while i >= low and stream.kinds[i] not in "n;)":
        i -= 1
    return i + 1


def group(stream: Stream, index: int) -> str | None:
    """The group that the words name for a number: behind it ("80.0% in the control group"), else before it."""
    low, high = stream.sentence(index)
    for i in range(index + 1, min(index + 14, high)):
        if stream.kinds[i] in "n;" and stream.kinds[i + 1 : i + 2] not in ("%", ")"):
            break
        name = group_at(stream, i)
        if name:
            return name
    for i in range(index - 1, low - 1, -1):
        if stream.kinds[i] == ";":
            return None
        name = group_at(stream, i)
        if name:
            return name
    return None


def group_at(stream: Stream, i: int) -> str | None:
    """The group whose last word ("group", "arm") a token is, or None."""
    if stream.words[i] not in GROUP_WORDS or i == 0:
        return None
    before = stream.words[i - 1]
    if before in NOT_GROUPS or stream.kinds[i - 1] not in "wmuLM":
        return None
    return f"{stream.raw[i - 1].lower()} {stream.words[i].rstrip('s')}"


def studies(stream: Stream) -> list[tuple[int, int, str]]:
    """Studies that the text cites by name: token of the name, token behind it, and the words ("Parkes et al. (24)")."""
    found = []
    for i, word in enumerate(stream.words):
        if word == "et" and i and stream.words[i + 1 : i + 2] == ["al"]:
            last = i + 1
            if stream.raw[last + 1 : last + 2] == ["."]:
                last += 1
            if stream.kinds[last + 1 : last + 2] == "(":
                close = stream.closer.get(last + 1)
                if close is not None and close - last <= 8 and "n" not in stream.kinds[last + 1 : close]:
                    last = close
            name = " ".join(stream.raw[i - 1 : i + 2])
            cited = "".join(stream.raw[last - 2 : last + 1]) if stream.kinds[last] == ")" else ""
            found.append((i - 1, last, f"{name}. {cited}".strip()))
    return found


def study(stream: Stream, index: int, cited: list[tuple[int, int, str]]) -> str | None:
    """The cited study of the sentence that a number is attributed to: "according to ..." behind it, else the last before it."""
    low, high = stream.sentence(index)
    before = after = None
    for first, _, name in cited:
        if low <= first < index:
            before = name
        elif index < first < high and after is None and _credited(stream, index, first):
            after = name
    return after or before


def _credited(stream: Stream, index: int, first: int) -> bool:
    words = stream.words[max(index, first - 4) : first]
    return any(word in ("by", "to", "from") for word in words)
