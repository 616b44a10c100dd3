"""Numbers of patients and studies: groups and their total, lists and their sum, the flow, times inside their range."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

from ostealgia.audit.checks.reading.nouns import PEOPLE
from ostealgia.audit.checks.reading.text import (
    COUNT,
    COUNT_PATTERN,
    Sentence,
    counts,
    loose,
    numbered_with,
    sentences,
    sentences_with,
)
from ostealgia.audit.checks.reading.words import spelled
from ostealgia.audit.finding import Finding, Place, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.plausibility import sample_flow
from ostealgia.audit.rules.totals import total_vs_parts
from ostealgia.audit.statements.model import Number
from ostealgia.audit.tables.model import ReadTable

_ALLOCATED = loose(
    r"\b(?:divided|assigned|randomi[sz]ed|allocated|categori[sz]ed|classified|grouped|split|stratified|distributed)\b"
)
# "in 2007 (n = 27)" is the same group in another year
_GROUP_N = re.compile(
    r"(?<!\b19\d\d)(?<!\b20\d\d)(?<!\b19\d\d\s)(?<!\b20\d\d\s)[(\[,;]\s{0,2}[nN]\s{0,2}=\s{0,2}(\d{1,3}(?:,\d{3})+|\d{1,6})(?![\d.,]*\d|\s{0,2}%)"
)
_TOTAL_N = loose(rf"(?<![\w.,\-])({COUNT})\s(?:(?!and\b|or\b|vs\b)[a-z\-]+\s){{0,4}}?(?:{PEOPLE})\b")
_LOST = loose(
    r"\b(?:exclud|screen|eligib|regist|enter|approach|consent|invit|remain|of the|among|withdr|lost|drop|complet|declin|refus|"
    r"not receive|evaluable|analy[sz]able|per.protocol|at least|overlap|both)"
)
_LISTING = loose(r"\b(?:compris(?:ed|ing|es)|consist(?:ed|ing|s) of|encompass(?:ed|ing|es)|were as follows|namely)\b:?")
_NEXT = loose(rf"(?:,\s(?:and\s)?|\sand\s)(?={COUNT}\b)")
_HEAD = loose(rf"(?<![\w.,\-])({COUNT})\s(?:[a-z\-]+\s){{0,3}}?(?:studies|trials|articles)\b")
_ITEM = loose(rf"\s*(?:and\s+)?({COUNT})\s+([A-Za-z][^,;()]{{0,120}}?)\s*$")


def size_groups(paper: Paper) -> Iterator[Finding]:
    """Do the groups of a sentence ("control (n = 103) or observation (n = 102)") add up to a total named before?"""
    listed = sentences(paper.document)
    for index, sentence in numbered_with(paper.document, _ALLOCATED):
        groups = [(int(m.group(1).replace(",", "")), m) for m in _GROUP_N.finditer(sentence.text)]
        allocated = _ALLOCATED.search(sentence.text)
        if allocated is None or not 2 <= len(groups) <= 5:
            continue
        near, far = _totals_before(listed, index, groups[0][1].start())
        yield from _group_sum(paper, sentence, groups, near, far)


def _totals_before(listed: tuple[Sentence, ...], index: int, before: int) -> tuple[list[Number], list[Number]]:
    """Totals of this sentence and the one before it; and those of the other sentences of the block and section."""
    here = listed[index]
    near = [here.number(m) for m in _TOTAL_N.finditer(here.text[:before])]
    if index and listed[index - 1].block == here.block:
        near += [listed[index - 1].number(m) for m in _TOTAL_N.finditer(listed[index - 1].text)]
    far = [
        other.number(m)
        for other in listed[max(0, index - 25) : index]
        if other.section == here.section
        for m in _TOTAL_N.finditer(other.text)
    ]
    return [total for total in near if not _numbers_lines(here.text, total)], far


def _numbers_lines(text: str, total: Number) -> bool:
    """Whether a number counts the lines of a manuscript: those before and behind it stand near it, too."""
    value = spelled(total.text) or 0
    return all(re.search(rf"(?<![\d.,=]){near}(?![\d.,%]\d|%)", text) for near in (value - 1, value + 1))


def _group_sum(
    paper: Paper, sentence: Sentence, groups: list[tuple[int, re.Match[str]]], near: list[Number], far: list[Number]
) -> Iterator[Finding]:
    parts = [size for size, _ in groups]
    place = paper.place(*sentence.span(groups[0][1].start(1), groups[-1][1].end(1)))
    fitting = next((total for total in [*near, *far] if spelled(total.text) == sum(parts)), None)
    if fitting is not None:
        yield total_vs_parts(parts, str(sum(parts)), what="the groups and the total", place=place)
        return
    totals = {spelled(total.text): total for total in near}
    plausible = [size for size in totals if size is not None and max(parts) < size < 2 * sum(parts)]
    named = _GROUPS.search(sentence.text)
    subtotal = any(
        sum(parts[:at]) == parts[at] for at in range(2, len(parts))
    )  # "UC 122; CD 70 (IBD, n = 192); controls 137"
    if (
        subtotal
        or (named is not None and spelled(named[1]) != len(parts))
        or any(_sums(parts, total) for total in totals)
    ):
        return  # a group whose size is not printed, or groups within groups
    if len(plausible) == 1 and _named_after(paper, sentence, plausible[0] - sum(parts)):
        return  # "... 17 patients did not undergo the intervention"
    if _printed(paper, sum(parts)):
        return  # the sum is printed, too: the groups may be of those who were treated
    planned = any(_PLANNED.search(_around(paper, total)) for total in near)
    if len(plausible) == 1 and len(totals) == 1 and not _LOST.search(sentence.text) and not planned:
        first, last = min(totals[plausible[0]].start, groups[0][1].start(1) + sentence.start), groups[-1][1].end()
        closed = last + sentence.text[last : last + 2].startswith(")")
        whole = paper.place(first, sentence.span(0, closed)[1]) if sentence.start <= first else place
        yield total_vs_parts(parts, str(plausible[0]), what="the groups and the total", place=whole)


_PLANNED = re.compile(r"sample size|target|sufficient|required|planned|aimed|\bpower", re.IGNORECASE)


def _printed(paper: Paper, number: int) -> bool:
    """Whether the paper prints this number anywhere."""
    return re.search(rf"(?<![\d.,]){number}(?![\d.,]?\d)", paper.document.plain) is not None


def _named_after(paper: Paper, sentence: Sentence, lost: int) -> bool:
    """Whether the number that is missing is printed next ("17 patients did not undergo ...")."""
    words = paper.document.plain[sentence.end : sentence.end + 400]
    return lost > 0 and any(spelled(m[0]) == lost for m in COUNT_PATTERN.finditer(words))


def _around(paper: Paper, number: Number) -> str:
    return paper.document.plain[max(0, number.start - 60) : number.end + 60]


_GROUPS = loose(rf"(?<![\w.,\-])({COUNT})\s(?:[a-z\-]+\s){{0,2}}?(?:groups|arms)\b")


_ASSIGNED = loose(
    rf"(?<![\w.,\-])({COUNT})\s(?:[a-z\-]+\s){{0,3}}?{PEOPLE}\swere\s(?:randomly\s)?(?:randomi[sz]ed|assigned|allocated|divided)"
    rf"(?:\sto\streatment)?\s?[,:(;]\s?({COUNT})\s(?:{PEOPLE}\s)?(?:were\sassigned\s|were\sallocated\s)?(?:to|in)\s[^.;:()\d]{{2,80}}?"
    rf"\sand\s({COUNT})\s(?:{PEOPLE}\s)?(?:to|in)\s[^.;:()\d]{{2,80}}?[.;)]"
)
_SEXES = loose(
    rf"(?<![\w.,\-])({COUNT})\s(?:[a-z\-]+\s){{0,3}}?(?:patients|participants|subjects|individuals|adults|people|persons|controls|volunteers|children)"
    rf"\s?\(\s?({COUNT})\s(men|women|males?|females?|boys|girls)\s?(?:,|/|and|;)\s(?:and\s)?({COUNT})\s(men|women|males?|females?|boys|girls)\s?[);,]"
)
_FEMALE = ("women", "female", "females", "girls")


def size_pairs(paper: Paper) -> Iterator[Finding]:
    """Do two groups in words, "214 patients were randomised: 103 to A and 101 to B", or both sexes, add up to their total?"""
    for sentence in sentences_with(paper.document, _ASSIGNED, _SEXES):
        for match in (*_ASSIGNED.finditer(sentence.text), *_SEXES.finditer(sentence.text)):
            sexes = match.re is _SEXES
            total, *parts = (spelled(match[group]) or 0 for group in ((1, 2, 4) if sexes else (1, 2, 3)))
            if sexes and (match[3].casefold() in _FEMALE) == (match[5].casefold() in _FEMALE):
                continue
            if not 0 < max(parts) < total or (not sexes and _LOST.search(match[0])):
                continue
            what = "the sexes and the total" if sexes else "the groups and the total"
            found = total_vs_parts(parts, str(total), what=what, place=paper.place(*sentence.span(*match.span())))
            part = sum(parts) < total * 0.8 or _named_after(paper, sentence, total - sum(parts))
            if found.flagged and (part or _printed(paper, sum(parts))):
                continue
            yield found


def _sums(parts: list[int], total: int | None) -> bool:
    """Whether the first few sizes already give the total."""
    return total is not None and any(sum(parts[:count]) == total for count in range(2, len(parts)))


def size_lists(paper: Paper) -> Iterator[Finding]:
    """Do the entries of a list ("three trials, six retrospective and 24 prospective studies") add up to a total?"""
    listed = sentences(paper.document)
    for index, sentence in numbered_with(paper.document, _LISTING):
        for verb in _LISTING.finditer(sentence.text):
            items = _items(sentence, verb.end())
            if len(items) < 3:
                continue
            before = [value for value in _numbers_before(listed, index, verb.start()) if value[0] > 1]
            parts = [value for value, _ in items]
            place = paper.place(*sentence.span(items[0][1][0], items[-1][1][1]))
            if any(value == sum(parts) for value, _ in before):
                yield _listed_sum(parts, sum(parts), place)
                continue
            total = _studies_total(sentence, verb.start(), items)
            if total is not None:
                yield _listed_sum(parts, total, place)


def _listed_sum(parts: list[int], total: int, place: Place) -> Finding:
    found = total_vs_parts(parts, str(total), what="the list and its total", place=place)
    return replace(found, reported=f"{' + '.join(map(str, parts))}; {total}")


def _numbers_before(listed: tuple[Sentence, ...], index: int, before: int) -> list[tuple[int, Number]]:
    here = listed[index]
    found = [item for item in counts(here) if item[1].end <= here.at(before)]
    for other in listed[max(0, index - 3) : index]:
        if other.section == here.section:
            found += counts(other)
    return found


Item = tuple[int, tuple[int, int]]


def _items(sentence: Sentence, after: int) -> list[Item]:
    """The entries of a list with their offsets: each begins with a number; one that does not ends it as not understood."""
    stop = re.search(r"[.;(\[]", sentence.text[after:])
    text = sentence.text[after : after + stop.start()] if stop else sentence.text[after:]
    text = text.rstrip(" .")
    found: list[Item] = []
    start = 0
    for cut in [*_NEXT.finditer(text), None]:
        end = cut.start() if cut else len(text)
        item = _ITEM.match(text[start:end])
        value = spelled(item.group(1)) if item else None
        if item is None or value is None:
            return []
        found.append((value, (after + start + item.start(1), after + start + item.end(1))))
        start = cut.end() if cut else end
    return found


def _studies_total(sentence: Sentence, before: int, items: list[Item]) -> int | None:
    """The number of studies a list of studies is about: parts of one kind that cannot overlap."""
    head = _HEAD.search(sentence.text[:before])
    last = sentence.text[items[-1][1][1] :][:60]
    if head is None or not re.match(r"\s{1,3}(?:[\w\-]{1,30}\s{1,3}){0,4}(?:studies|trials|series|reports)\b", last):
        return None
    return spelled(head.group(1))


_DESIGN = r"(?:randomi[sz]ed|non-?randomi[sz]ed|prospective|retrospective|cross-sectional|case-control|cohort|RCTs?|quasi-experimental)"
_KIND = loose(rf"(?<![\w.,\-])({COUNT})\s(?:were\s|was\s|had\s(?:an?\s)?)?({_DESIGN})\b")
_EXCLUSIVE = (
    frozenset({"prospective", "retrospective", "randomised"}),
    frozenset({"randomised", "nonrandomised"}),
    frozenset({"cohort", "case-control", "cross-sectional", "randomised", "quasi-experimental"}),
)
_ALL_STUDIES = loose(
    rf"(?:\bof\sthe\s({COUNT})\s(?:[a-z\-]+\s){{0,2}}?(?:studies|trials)|\bthe\s({COUNT})\s(?:included|eligible|selected)\s(?:studies|trials)|"
    rf"(?<![\w.,\-])({COUNT})\s(?:[a-z\-]+\s){{0,2}}?(?:studies|trials)\s(?:were|was)\s(?:[a-z]+\s)?includ)"
)


def size_kinds(paper: Paper) -> Iterator[Finding]:
    """Do the studies of each design add up to the number of studies?"""
    listed = sentences(paper.document)
    for index, sentence in numbered_with(paper.document, _KIND):
        kinds = [(spelled(m[1]) or 0, _design(m[2]), m) for m in _KIND.finditer(sentence.text)]
        names = [name for _, name, _ in kinds]
        family = any(set(names) <= allowed for allowed in _EXCLUSIVE)
        if len(kinds) < 2 or len(set(names)) < len(names) or not family or not _close(kinds):
            continue
        near = [other for other in listed[max(0, index - 2) : index + 1] if other.section == sentence.section]
        totals = {
            value
            for other in near
            for m in _ALL_STUDIES.finditer(other.text)
            if (value := spelled(m[1] or m[2] or m[3])) is not None
        }
        parts = [value for value, _, _ in kinds]
        whole = sum(parts) > max(totals, default=0) or {"prospective", "retrospective"} <= set(names)
        if len(totals) == 1 and max(parts) < max(totals) and (sum(parts) in totals or whole):
            place = paper.place(*sentence.span(kinds[0][2].start(), kinds[-1][2].end()))
            yield replace(_listed_sum(parts, totals.pop(), place), repair=None)  # any of the kinds may be the wrong one


def _design(word: str) -> str:
    low = word.casefold().replace("z", "s")
    if low.startswith(("non", "rct")):
        return "nonrandomised" if low.startswith("non") else "randomised"
    return low


def _close(kinds: list[tuple[int, str, re.Match[str]]]) -> bool:
    """Whether the entries follow one another, with nothing but their nouns between."""
    return all(b[2].start() - a[2].end() < 40 for a, b in itertools.pairwise(kinds))


_AFTER = loose(
    r"\b(?:after|following)\s(?:the\s)?(?:exclusion|exclud(?:ing)?|removal|removing|elimination|eliminating)\b"
)
_LEFT = loose(
    rf",\s(?:a\stotal\sof\s)?({COUNT})\s(?:(?!and\b)[a-z\-]+\s){{0,3}}?(?:remained|were\s(?:included|analy[sz]ed|screened|enrolled|assessed|eligible|evaluated))"
)
_BEGAN = loose(
    rf"(?:(?:screened|identified|found|yielded|retrieved|assessed|reviewed)\s(?:a\stotal\sof\s)?(?={COUNT}\s(?!of\b)[a-z])|"
    rf"(?<![\w.,\-])(?={COUNT}\s(?:[a-z\-]+\s){{0,2}}?(?:were|was)\s(?:initially\s)?(?:identified|found|retrieved|screened)\b))({COUNT})"
)


def size_losses(paper: Paper) -> Iterator[Finding]:
    """Are those at the start, less those left out, those who remain ("after exclusion of 7 and 18, 224 remained")?"""
    listed = sentences(paper.document)
    for index, sentence in numbered_with(paper.document, _AFTER):
        after = _AFTER.search(sentence.text)
        left = _LEFT.search(sentence.text, after.end()) if after else None
        if after is None or left is None:
            continue
        told = sentence.text[after.end() : left.start()]
        losses = [value for m in COUNT_PATTERN.finditer(told) if (value := spelled(m[1])) is not None]
        began = [spelled(m[1]) for m in _BEGAN.finditer(sentence.text[: after.start()])]
        if not began and index and listed[index - 1].block == sentence.block:
            began = [spelled(m[1]) for m in _BEGAN.finditer(listed[index - 1].text)]
        remain = spelled(left[1])
        if len(began) != 1 or began[0] is None or remain is None or not losses or not _plain_losses(told, losses):
            continue
        place = paper.place(*sentence.span(after.start(), left.end()))
        yield sample_flow(began[0], losses, remain, what="those screened and kept", place=place)


def _plain_losses(told: str, losses: list[int]) -> bool:
    """Every number of the passage is a loss: no bracketed subtotals, ages, years or thresholds."""
    return not re.search(
        r"[(\[:;=<>%]|\b(?:age[ds]?|years?|months?|mg|least|than|under|over|remaining|including|of whom|of which)\b",
        told,
    ) and (len(losses) <= 6)


_SHARED = re.compile(r"(?<![\w.,\-])(\d{1,6})\s{1,3}\((\d{1,3}(?:\.\d+)?)\s?%?\)")


def size_shares(paper: Paper) -> Iterator[Finding]:
    """Do counts whose percentages add up to 100 add up to a number of the same passage?"""
    listed = sentences(paper.document)
    for index, sentence in numbered_with(paper.document, _SHARED):
        shares = [(int(m.group(1)), float(m.group(2)), m) for m in _SHARED.finditer(sentence.text)]
        if len(shares) < 2 or abs(sum(percent for _, percent, _ in shares) - 100) > 0.15 * len(shares):
            continue
        parts = [count for count, _, _ in shares]
        totals = {value for value, _ in [*counts(sentence), *_numbers_before(listed, index, 0)]}
        place = paper.place(*sentence.span(shares[0][2].start(), shares[-1][2].end()))
        if sum(parts) in totals:
            yield total_vs_parts(parts, str(sum(parts)), what="the shares and their total", place=place)


def size_headers(paper: Paper) -> Iterator[Finding]:
    """Do the groups of a table's header add up to the number of patients that the text names?"""
    named = {
        value: sentence.number(match)
        for sentence in sentences_with(paper.document, _TOTAL_N)
        for match in _TOTAL_N.finditer(sentence.text)
        if (value := spelled(match.group(1))) is not None
    }
    for table in paper.tables:
        parts = _header_sizes(table)
        if len(parts) < 2:
            continue
        total = sum(int(part.value) for part in parts)
        if total in named:
            place = paper.place(parts[0].start, parts[-1].end)
            found = total_vs_parts(
                [int(part.value) for part in parts], str(total), what="the groups of the table", place=place
            )
            yield found


def _header_sizes(table: ReadTable) -> list[Number]:
    found: dict[str, Number] = {}
    for column in table.columns:
        if column.role == "total":
            return []
        if column.n is not None and column.group:
            found.setdefault(column.group, column.n)
    sizes = sorted(found.values(), key=lambda number: number.start)
    return sizes if all(float(number.value).is_integer() for number in sizes) else []


_FOUND = loose(
    rf"(?<![\w.,\-])({COUNT})\s(?:[a-z\-]+\s){{0,3}}?(?:articles|studies|records|publications|citations|papers|abstracts)\b"
)
_AND_MORE = loose(  # "1200 publications and 350 clinical reports": two searches
    rf"\s?(?:\([^()]{{0,40}}\)\s)?and\s{COUNT}\s(?:[a-z\-]+\s){{0,2}}?(?:articles|studies|records|publications|citations|papers|abstracts|reports)\b"
    rf"(?!\s(?:were|was|met|remained|included))"
)
_LABEL = loose(r"(?:tables?|figures?|figs?\.?|phase|grade|\()\s?$")
_SEARCH = loose(r"\b(?:identif|yield|retriev|screen|search)")
_FURTHER = loose(r"\b(?:additional|further|another|other\ssources|by\shand)")
_LEFT_OUT = loose(r"\b(?:duplicat|remov|exclu|delet|discard|reject|not\s)")
_KEPT = loose(r"\b(?:includ|select|eligible|met\b|remain|result(?:ed|ing) in)")


def size_flow(paper: Paper) -> Iterator[Finding]:
    """Are no more studies kept than were found by the search?"""
    found: Number | None = None
    searches = False
    for sentence in sentences_with(paper.document, _FOUND):
        if sentence.section not in ("abstract", "results"):
            continue
        for match in _FOUND.finditer(sentence.text):
            around = sentence.text[max(0, match.start() - 80) : match.end() + 60]
            number = sentence.number(match)
            told = sentence.text[max(0, match.start() - 30) : match.start()].rpartition(", ")[2] + match[0]
            if _LABEL.search(sentence.text[: match.start()][-12:]) or _LEFT_OUT.search(told):
                continue
            if (
                _SEARCH.search(around)
                and (found is None or found.start < sentence.start)
                and (spelled(number.text) or 0) > 20
                and not _FURTHER.search(around)
            ):
                found = number
                searches = _AND_MORE.match(sentence.text, match.end()) is not None
            elif found is not None and _KEPT.search(around) and number.start > found.start:
                if not searches:
                    yield _flow(paper, found, number)
                found = None


def _flow(paper: Paper, found: Number, kept: Number) -> Finding:
    first, last = spelled(found.text) or 0, spelled(kept.text) or 0
    fits = last <= first
    return make(
        "cross-reference",
        paper.place(kept.start, kept.end),
        reported=kept.text,
        verdict="consistent" if fits else "inconsistent",
        severity="none" if fits else "minor",
        message=f"{first} were found, {last} were kept: at most {first}",
    )


_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}
_UNIT = r"(hour|day|week|month|year)s?"
_SPAN = loose(
    rf"\b(?:ranging|ranged|range|varied|varying)\s(?:from\s)?(\d{{1,4}})\s{_UNIT}\s(?:to|and|-)\s(\d{{1,4}})\s{_UNIT}"
)
_POINTS = loose(rf"\bat\s((?:\d{{1,3}}(?:,\s(?:and\s)?|\sand\s)){{1,8}}\d{{1,3}})\s{_UNIT}")


def size_times(paper: Paper) -> Iterator[Finding]:
    """Do time points of the results lie inside the range of follow-up that is stated?"""
    spans: list[tuple[float, float, str]] = []
    for sentence in sentences_with(paper.document, _SPAN):
        for match in _SPAN.finditer(sentence.text):
            low, high = int(match[1]) * _DAYS[match[2].lower()], int(match[3]) * _DAYS[match[4].lower()]
            if low < high and re.search(r"time.?point|assess|follow", sentence.text, re.I):
                spans.append((low, high, " ".join(match[0].split())))
    if len(spans) != 1:
        return
    low, high, words = spans[0]
    for sentence in sentences_with(paper.document, _POINTS):
        for match in _POINTS.finditer(sentence.text):
            unit = _DAYS[match[2].lower()]
            days = [int(part) * unit for part in re.findall(r"\d+", match[1])]
            fits = all(low * 0.99 <= day <= high * 1.01 for day in days)
            if fits:
                yield make(
                    "cross-reference",
                    paper.place(*sentence.span(match.start(1), match.end())),
                    reported=match[1],
                    verdict="consistent",
                    message=f"the time points {match[1]} {match[2]}s lie inside the range ({words})",
                )


CHECKS = (
    size_groups,
    size_pairs,
    size_lists,
    size_kinds,
    size_losses,
    size_shares,
    size_headers,
    size_flow,
    size_times,
)
