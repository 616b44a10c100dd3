"""direction-vs-claim for two groups that each carry their number: "shorter with A (85 min) than with B (97 min)".

Read are the two numbers that follow the two groups which "than" joins, or the pair behind them ("..., 6.1 vs 8.4 days"). Numbers in
brackets of another kind (sizes, ages, limits) and words that do not say which number is the larger (better, worse) are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.checks.reading.nouns import PEOPLE
from ostealgia.audit.checks.reading.text import Sentence, loose, sentences
from ostealgia.audit.checks.reading.words import stems
from ostealgia.audit.finding import Cause, Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.numerics.intervals import Printed

_NUMBER = r"(?<![\d.,·/:^−–-])\d{1,5}(?:[.·]\d{1,4})?(?![\d/:^])(?!,\d{3})"
_FRACTION = r"\d{1,5}\s?(?:/|of|out\sof)\s?\d{1,6}"
_TIME = r"(?:years?|months?|weeks?|days?|hours?|h|min(?:utes?)?|s|seconds?|mo|yrs?)"
_UNIT = rf"(?:%|{_TIME}|points?|mm|cm|m|k?g|mg|m?l|mmol/l|mg/dl|g/dl|kg/m²|mmhg|gy|score)"
_LEAD = r"(?:(?:an?|the)\s)?(?:(?:mean|median|average)\b(?:\s(?:\(SD\)|[a-z]{2,12}))?[,:]?\s(?:of\s|was\s)?)?"
_GROUP = r"[^.;:()\[\]\d<>=%]"


def _value(name: str) -> str:
    return (
        rf"(?P<{name}_lead>{_LEAD})(?:{_FRACTION}\s?[,;:=\[]\s?)?(?P<{name}>{_NUMBER})(?!\s?(?:/|of\s(?:the\s)?\d|out\sof|in\s\d|patients|to\s\d|-|–|(?:and|"
        rf"or)\s\d))"
        rf"(?:\s?(?P<{name}_unit>{_UNIT})(?![a-z]))?"
    )


def _held(name: str) -> str:
    """A value in brackets, with whatever follows it there."""
    return rf"[(\[]\s?{_value(name)}(?P<{name}_rest>(?:[^()\[\]]|\([^()]{{1,40}}\)){{0,90}})[)\]]"


_FREQUENT = r"(?:frequent(?:ly)?|common(?:ly)?|often|prevalent|likely)"
_ABOVE, _BELOW = r"higher|greater|larger|longer|older", r"lower|smaller|shorter|younger"
_NOT_A_PLACE = (
    r"(?!-)(?!\s(?:back|limbs?|extremit\w+|legs?|lobes?|respiratory|abdom\w+|gastro\w+|urinary|third|half|quartile|grade|"
    r"stage|income|class)\b)"
)
_WORD = rf"(?:(?P<often>more|less)\s{_FREQUENT}|(?P<up>{_ABOVE})|(?P<down>{_BELOW}))\b{_NOT_A_PLACE}"
_ADVERBS = r"(?:[a-z]+ly\s|also\s|much\s|far\s){0,2}"
_EACH = loose(
    rf"\b{_WORD}(?P<one>{_GROUP}{{0,110}}){_held('first')},?\sthan\s(?P<other>{_GROUP}{{0,110}}?)\s?{_held('second')}"
)
_BEFORE = loose(
    rf"{_held('first')},?\s(?:was|were|is|are|had|showed|lived|stayed|"
    rf"survived)\s(?:an?\s)?{_ADVERBS}{_WORD}(?P<one>{_GROUP}{{0,60}}?)\bthan\s"
    rf"(?P<other>{_GROUP}{{1,110}}?)\s?{_held('second')}"
)
_PAIRED = loose(
    rf"\b{_WORD}(?P<one>{_GROUP}{{0,110}}?)(?:\bthan|,?\scompared\s(?:with|to))\s(?P<other>{_GROUP}{{1,110}}?)(?P<sign>[:,]|\s?[(\[])\s?"
    rf"{_value('first')}(?P<label>\s(?:in|with|for|among|after)\s{_GROUP}{{1,50}}?)?(?:\s?±\s?[\d.]+)?,?\s(?:vs\.?|versus|v|"
    rf"compared\swith|and|against)\s"
    rf"{_value('second')}"
)
_MORE = loose(
    rf"\b(?P<often>more|fewer)\s{PEOPLE}\s(?P<one>{_GROUP}{{3,80}}?)\bthan\s(?P<other>{_GROUP}{{3,80}}?)(?P<sign>[:,]|\s?[(\[])\s?"
    rf"{_value('first')}(?P<label>\s(?:in|with|for|among|after|on)\s{_GROUP}{{1,50}}?)?,?\s(?:vs\.?|versus|v|compared\swith|and|against)\s"
    rf"{_value('second')}"
)
_AGAINST = loose(
    rf"(?:^|[.;]\s)(?:as\s)?(?:compared\s(?:with|to)|"
    rf"relative\sto)\s(?P<other>{_GROUP}{{3,80}}?),\s(?:the\s)?{_GROUP}{{2,80}}?\shad\s(?:an?\s)?{_ADVERBS}"
    rf"{_WORD}(?P<one>{_GROUP}{{1,80}}?)[(\[]\s?{_value('first')}\s(?:vs\.?|versus)\s{_value('second')}"
)
_OPEN = re.compile(
    r"\b(?:not?|nor|never|neither|without|although|whereas|while|but|expected|predicted|half|twice|times|fold|either|both|respective|"
    r"if|order|"
    r"may|might|could|would|should|hypothes\w+|assum\w+|anticipat\w+|odds|hazards?|reduction|decrease|decline|improvement|changes?|"
    r"(?<!blood )loss|p-?values?|cut-?off|threshold|rank\w*|adjusted|difference|better|worse|more|less|fewer|lived)\b",
    re.I,
)
_SURVIVAL = re.compile(r"\bsurviv", re.I)
_OTHER_REST = re.compile(r"\b(?:aged|n\s?=|patients|OR|HR|RR|change|difference|reduction|P\s?=)\b", re.I)
_PER = re.compile(r"\s?((?:[a-zA-Zµμ×]{0,12}/\S|per\s)[^,;()\[\]]*)")
_INTERVAL = re.compile(r"\b(?:CI|confidence|credible|range|IQR|SD|SE)\b|±")
_GOES_ON = re.compile(r"\s(?:was|were|is|are)\s(?:in|among|seen|found)\b")
SEEN = 100  # characters before the word that may turn its meaning


def in_order(paper: Paper) -> Iterator[Finding]:
    """Has the group the larger number that the words say has more?"""
    for sentence in sentences(paper.document):
        text = sentence.text
        if sentence.section in ("introduction", "methods") or (
            "than" not in text and "ompared" not in text and "elative" not in text
        ):
            continue
        taken: list[tuple[int, int]] = []
        for pattern in (_EACH, _BEFORE, _PAIRED, _MORE, _AGAINST):
            for match in pattern.finditer(text):
                if any(start < match.end() and match.start() < end for start, end in taken):
                    continue
                taken.append(match.span())
                if _certain(text, match) and not (pattern is _PAIRED and _read_elsewhere(match)):
                    yield from _judged(paper, sentence, match)


def _read_elsewhere(match: re.Match[str]) -> bool:
    """A bracket with the bare pair is read by ``compared``, but for times of survival."""
    lead = (
        re.sub(r"[\d/,;:=]|\bout\s+of\b|\bof\b", " ", match.string[match.end("sign") : match.start("first")])
        .strip()
        .casefold()
    )
    bare = lead in ("", "mean", "means", "median", "medians", "rate", "rates", "incidence") and match["label"] is None
    return match["sign"].strip() in ("(", "[") and bare and not _SURVIVAL.search(match.string, 0, match.start("first"))


def _certain(text: str, match: re.Match[str]) -> bool:
    """Whether both numbers are of one kind and nothing turns the word round."""
    word = next(name for name in ("often", "up", "down") if match.groupdict().get(name))
    clause = re.split(
        r"[.;:]\s|\b(?:and|but|while|whereas)\b", text[max(0, match.start(word) - SEEN) : match.start(word)]
    )[-1]
    said = f"{clause} {match['one']} {match['other']}"
    units = [(match[f"{name}_unit"] or "").casefold().rstrip("s") for name in ("first", "second")]
    if (
        _OPEN.search(said)
        or re.search(rf"\b(?:{_ABOVE}|{_BELOW})\b", said, re.I)
        or re.search(r"\bor\b", match["other"])
    ):
        return False
    if units[0] != units[1] and all(units):
        return False
    shares = "%" in units
    if match["often"] and not shares:
        return False
    if _SURVIVAL.search(said) and not re.fullmatch(_TIME, units[1], re.I):
        return False
    leads = [
        frozenset(re.findall("mean|median", (match[f"{name}_lead"] or "").casefold())) for name in ("first", "second")
    ]
    if match["often"] and any(leads):
        return False  # "more liked A than B (median 31% vs 40%)"
    if (all(leads) and leads[0] != leads[1]) or _GOES_ON.match(text, match.end()):
        return False  # a mean beside a median; "than stage III (20%) was in B"
    rests = [match.groupdict().get(f"{name}_rest") or "" for name in ("first", "second")]
    per = [(found[1].strip() if (found := _PER.match(rest)) else "") for rest in rests]
    if all(per) and per[0] != per[1]:
        return False  # "3 per 100" and "12 per 1000"
    if (
        any("%" in rest and not _INTERVAL.search(rest) for rest in rests)
        or any(_OTHER_REST.search(rest) for rest in rests)
        or ("%" in rests[0] + rests[1] and not shares and "95" not in rests[0] + rests[1])
    ):
        return False
    return not (shares and units[0] != units[1] and units[0] == "%")


def _judged(paper: Paper, sentence: Sentence, match: re.Match[str]) -> Iterator[Finding]:
    first, second = (Printed.parse(match[name].replace("·", ".")) for name in ("first", "second"))
    named = match.groupdict()
    sign = 1 if named.get("up") or (match["often"] or "").casefold() == "more" else -1
    label = named.get("label")
    if label and not stems(label) & stems(match["one"]):
        if not stems(label) & stems(match["other"]):
            return
        sign = -sign
    if first.value == second.value:
        return
    wrong = sign * (first.value - second.value) < 0
    wording = " ".join((match["often"] or named.get("up") or named.get("down") or "").split())
    yield make(
        "direction-vs-claim",
        paper.place(*sentence.span(match.start("first"), match.end("second"))),
        reported=f"{first.text} and {second.text}",
        verdict="inconsistent" if wrong else "consistent",
        severity="major" if wrong else "none",
        message=f'the text says "{wording}" of the first of two groups; the numbers are {first.text} and {second.text} in this order',
        recomputed=first.value - second.value if wrong else None,
        cause=Cause(code="reversed-coding", text="the word is the opposite one, or the two numbers are exchanged")
        if wrong
        else None,
    )


CHECKS = (in_order,)
