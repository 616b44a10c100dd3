"""direction-vs-claim inside one sentence: "increased from 4.1 to 5.2", "longer in A (9.4 months) than in B (13.2 months)".

The words say which of two printed numbers is the larger one, and both stand where grammar puts them: right behind "from" and "to",
or right behind the two groups that "than" joins. What is negated, planned, or says two directions at once is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reading.text import Sentence, loose, sentences
from ostealgia.audit.finding import Cause, Finding, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.significance import show
from ostealgia.numerics.intervals import Interval, Printed

_NUMBER = r"(?<![\d.,·/:^-])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d/:^])|(?<![\d.,·/:^-])\d{1,6}(?:[.·]\d{1,4})?(?![\d/:^])(?!,\d{3})"
_LEAD = (
    r"(?:(?:an?|the|about|approximately|its|their|only|just)\s|(?:initial\s|baseline\s)?(?:mean|median|average|value|rate|score|"
    r"level)\s(?:\(SD\)\s)?(?:of\s)?|[€$£])"
)
_ASIDE = r"(?:\s?(?:±|\+/-)\s?[\d.·]{1,8})?(?:\s?%)?(?:\s?[(\[][^()\[\]]{1,60}[)\]])?"
_UNIT_WORD = (
    r"(?!(?:to|and|or|in|at|by|on|of|per|vs|versus|with|after|before|during|"
    r"points?\sof)\b)[a-zA-Zµμ°]{1,14}(?:/[\w.µμ²]{1,10}){0,2}(?:\sper\s[a-z]{1,12})?"
)
_UP = r"increas(?:e|ed|es|ing)|rose|ris(?:es|ing)|rise|climbed|grew|growth\sin|went\sup|gone\sup|raised|elevated|lengthened|doubled|tripled"
_DOWN = (
    r"decreas(?:e|ed|es|ing)|declin(?:e|ed|es|ing)|fell|fallen|dropp(?:ed|ing)|drop|went\sdown|lowered|reduc(?:ed|es|ing)|"
    r"reductions?|"
    r"shorten(?:ed|ing)|diminished|halved|lessened|shrank"
)
_CHANGE = loose(rf"\b(?:(?P<up>{_UP})|(?P<down>{_DOWN}))\b(?!-)")
_FROM_TO = loose(
    rf"\bfrom\s(?:{_LEAD}){{0,3}}(?P<first>{_NUMBER}){_ASIDE}(?:\s?(?P<unit>{_UNIT_WORD}))?{_ASIDE}"
    rf"(?P<when>(?:,?\s(?:at|in|before|on|during|pre|prior|with|for|per)\b[^.;:()\[\]\d]{{0,40}}(?:(?:19|20)\d\d|\d{{1,2}}\s(?:weeks?|"
    rf"months?|days?|years?|hours?))?"
    rf"|\s(?:before|preoperatively|initially|daily|annually)))?,?\s"
    rf"to\s(?:{_LEAD}){{0,3}}(?P<second>{_NUMBER})(?P<behind>{_ASIDE}(?:\s?[a-zA-Zµμ°/%-]{{1,14}})?)"
)
_TIME_UNIT = re.compile(
    r"(?:years?|months?|weeks?|days?|hours?|h|hrs?|min(?:utes?)?|s|seconds?|yrs?|y|mo|wk|d)\b", re.I
)
_MEASURE = re.compile(
    r"(?:[kmµμn]?g|[mµμdc]?l|[kcmµμn]?m|h|min|s|[mµμn]?mol|gy|cgy|°[cf]|iu|units?|mmhg|kpa)(?:/[a-z]{1,3})?", re.I
)
_POWER = re.compile(r"(?:thousand|million|billion|trillion|lakhs?|crores?|k|bn|m)\b", re.I)  # of ten, behind a sum
_SHARE = re.compile(r"\s?[(\[]\s?(\d{1,3}(?:\.\d{1,2})?)\s?%")
# scales on which less is more
_INVERSE = re.compile(
    r"logMAR|\bacuity\b|\bvision\b|\bhearing\b|\brankin\b|\bECOG\b|\bNYHA\b|\bmRS\b|\bpercentile|\bASA\b", re.I
)
_NOUN = re.compile(
    r"\b(?:reductions?|increases?|decreases?|rise|drop|decline)\s{1,3}(?:in|of)\s[^.;()]{1,60}[(\[]\s?$", re.I
)
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")
_ADJECTIVE = re.compile(
    r"(?:^|\b(?:an?|the|with|of|had|has|have|showed|for|by|in|and|or|to|any)\s)\s?(?:reduced|elevated|raised|lowered|decreased|increased)$",
    re.I,
)
_SINCE = re.compile(
    r"\s?(?:years?|months?|weeks?|days?|hours?|h|hrs?|min(?:utes?)?|yrs?)\s(?:after|since|following|post|of\sfollow|later|onwards)\b",
    re.I,
)
_LASTING = re.compile(
    r"\b(?:durations?|times?|stays?|delays?|lengths?|sleep|intervals?|waits?|waiting|latency)\b", re.I
)
_DURATION = re.compile(
    r"\b(?:durations?|times?|stays?|surviv\w+|delays?|lengths?|sleep|interval|waits?|waiting|latency|PFS|OS|life|lifespan|expectancy)\b",
    re.I,
)
# words after which a change need not be that of the two numbers
_OTHER = re.compile(
    r"\b(?:not?|nor|never|neither|without|if|whether|would|could|should|may|might|to\sdetect|assum\w+|hypothes\w+|expect\w+|predict\w*|"
    r"target\w*|"
    r"improv\w+|chang(?:ed?|es|ing)|went(?!\s(?:up|down))|recover\w+|shift\w*|rang(?:ed?|ing)|vari(?:ed|es)|switch\w*|mov(?:ed|ing)|"
    r"differ\w*|normali\w+|aged|"
    r"threshold|cut-?off|log|fold|exclud\w+|z-?scores?|p[\s-]?values?|rank\w*|grade|stage|quintile|quartile|respectively|adjust\w*|"
    r"converted|transferred|escalat\w+|reverse\w*|inverse\w*|deficit|loss|error|than|compared|versus|vs)\b",
    re.I,
)
_CLAUSE = re.compile(r"[.;:]\s|,\s|\b(?:and|but|while|whereas|although|which|that|who|or)\b", re.I)
_BY = loose(
    rf"\bby\s(?:an?\s)?(?:(?:mean|average)\s(?:of\s)?)?(?P<size>{_NUMBER})(?P<percent>\s?%)?(?!\s?(?:to\s\d|times|fold|"
    rf"[(±–-]))(?:\s[a-zA-Zµμ/]{{1,14}}){{0,2}}"
    r"(?:\s(?:in|on|of|with|among)\s[^.;:()\[\]\d]{1,50}?)?\s?[,(]?\s?$"
)
_MEDIAN = re.compile(
    r"\bmedians?\b|\badjusted\b|\b(?:about|almost|nearly|roughly|approximately|around|over|more\sthan)\s+\d", re.I
)
LEAST, LEAST_SHARE = (
    0.1,
    0.25,
)  # of a change that is off; of one in per cent, which may be the mean of those of the patients
NEAR = 140  # characters from the word of change to "from"
_YEAR = range(1900, 2101)


def changed(paper: Paper) -> Iterator[Finding]:
    """Is the second of two values the larger one where the words say that it rose?"""
    for sentence in sentences(paper.document):
        text = sentence.text
        if sentence.section in ("introduction", "methods") or "from" not in text:
            continue
        start = 0
        for match in _FROM_TO.finditer(text):
            before = text[max(start, match.start() - NEAR) : match.start()]
            by = _BY.search(before)
            told = _change(before[: by.start()] if by is not None else before)
            start = match.start("second")
            if told is not None and _are_values(text, match) and not _of_reductions(text, match, before):
                yield from _judged(paper, sentence, match, *told)
                if by is not None and not _MEDIAN.search(before):
                    yield from _by_how_much(paper, sentence, match, by)


def _by_how_much(paper: Paper, sentence: Sentence, match: re.Match[str], by: re.Match[str]) -> Iterator[Finding]:
    """ "fell by 3.5 points, from 7.5 to 4.0", "decreased by 31% from 81 to 56": the size against the two values.

    Means of changes and adjusted ones differ a little from the change of the means: a tenth of it is allowed.
    """
    first, second, size = (
        Printed.parse(text.replace("·", ".").replace(",", "")) for text in (match["first"], match["second"], by["size"])
    )
    if first.value <= 0 or first.value == second.value:
        return
    a, b = first.interval(), second.interval()
    points = abs(second.value - first.value), (abs(b - a))
    share = 100 * points[0] / first.value
    allowed = (
        [points[1]]
        if not by["percent"]
        else [Interval(share * 0.995, share * 1.005), *([points[1]] if "%" in match[0] else [])]
    )
    near = min(
        (points[0], share) if by["percent"] and "%" in match[0] else (share,) if by["percent"] else (points[0],),
        key=lambda one: abs(one - size.value),
    )
    fits = any(size.allows(box) for box in allowed)
    least = LEAST_SHARE if by["percent"] else LEAST
    if not fits and abs(size.value - near) <= least * near + size.unit / 2:
        return
    sign = "%" if by["percent"] else ""
    yield make(
        "direction-vs-claim",
        paper.place(*sentence.span(match.start("first"), match.end("second"))),
        reported=f"{size.text}{sign}",
        verdict="consistent" if fits else "inconsistent",
        severity="none" if fits else "minor",
        message=f"from {first.text} to {second.text} is a change by {show(near)}{sign}; the text says {size.text}{sign}",
        recomputed=near,
        cause=None if fits else slip(size, near) or Cause(repair=size.like(near)),
    )


def _change(before: str) -> tuple[int, str] | None:
    """The one direction that the words before "from" say."""
    found = list(_CHANGE.finditer(before))
    if not found:
        return None
    last = found[-1]
    between = before[last.end() :]
    clause = [cut.end() for cut in _CLAUSE.finditer(before, 0, last.start())]
    own = before[max(clause, default=0) :]
    if re.search(r"[.;:\d]", between) or _OTHER.search(own) or len(re.findall(r"\b(?:and|or|by)\b", between)) > 0:
        return None
    if re.search(r"\b(?:with|of|for|by)\s{1,3}(?:the\s{1,3})?$", before[: last.start()]) and last[0].endswith("ing"):
        return None  # "fell with increasing age"
    if (
        re.search(r"[(\[][^()\[\]]{0,24}$", between)
        and _ADJECTIVE.search(before[: last.end()])
        and not between.startswith((" in ", " of "))
    ):
        return None  # "a reduced dose (from 10 to 40 mg)"
    signs = {1 if one["up"] else -1 for one in found if one.start() >= max(clause, default=0)}
    return ((1 if last["up"] else -1), " ".join(last[0].split())) if len(signs) == 1 else None


def _of_reductions(text: str, match: re.Match[str], before: str) -> bool:
    """Whether the two are the least and the greatest of several changes: "reduction in pressure (from 25% to 60%; n = 4)"."""
    return "%" in match[0] and before.rstrip().endswith(("(", "[")) and _NOUN.search(before) is not None


def _are_values(text: str, match: re.Match[str]) -> bool:
    """Whether the two numbers are values of one thing in one unit: no years, ages, times since or parts of a fraction."""
    first, second = (match[name].replace(",", "") for name in ("first", "second"))
    if _INVERSE.search(text):
        return False
    if all(one.isdigit() and int(one) in _YEAR for one in (first, second)):
        return False
    behind = match["behind"].strip()
    units = [(match["unit"] or "").strip(" )").casefold(), re.sub(r"^[^a-zµμ°%]*", "", behind.casefold())]
    if all(_MEASURE.fullmatch(unit) for unit in units) and units[0] != units[1]:
        return False  # "from 1 g to 750 mg"
    if (
        any("/" in unit or _POWER.fullmatch(unit) for unit in units)
        and units[0] != units[1]
        and (all(units) or "/" not in "".join(units))
    ):
        return False  # "from 40 mg/day to 280 mg/week", "from 900 thousand to 1.2 million"
    if any(_ORDINAL.match(text, match.end(name)) for name in ("first", "second")):
        return False  # "from 12th to 4th place"
    if (
        "%" in text[match.end("first") : match.start("second")]
        and "%" not in text[match.end("second") : match.end("second") + 80]
    ):
        return False
    before, when = text[: match.start()], match["when"] or ""
    if any(_TIME_UNIT.match(unit) for unit in units if unit) and (
        not _DURATION.search(before) or (_TIME_UNIT.match(units[0]) and units[1] and _other_time(*units))
    ):
        return False
    rest = (
        text[match.end("first") : match.end("first") + 8] + " | " + text[match.end("second") : match.end("second") + 12]
    )
    if re.search(r"^\s?(?:in|of|out\sof)\s\d|\|\s{1,2}(?:in|of|out\sof)\s\d|\bx\s?10|×|\^", rest):
        return False
    behind = text[match.end("second") : match.end("second") + 30] + when
    since = _SINCE.match(behind) is not None and not when and not _LASTING.search(before)
    return not since and not re.search(r"\b(?:years?\sof\sage|aged?)\b", behind, re.I)


def _share_behind(match: re.Match[str], name: str) -> float | None:
    found = _SHARE.match(match.string, match.end(name))
    return float(found[1]) if found is not None else None


def _other_time(first: str, second: str) -> bool:
    return first[:1] != second[:1] or {first[:2], second[:2]} == {"mo", "mi"}


def _judged(paper: Paper, sentence: Sentence, match: re.Match[str], sign: int, wording: str) -> Iterator[Finding]:
    first, second = (Printed.parse(match[name].replace("·", ".")) for name in ("first", "second"))
    shares = _share_behind(match, "first"), _share_behind(match, "second")
    if shares[0] is not None and shares[1] is not None and sign * (shares[1] - shares[0]) > 0:
        return  # "from 34 (28%) to 40 (19%)" is a fall of the share
    if first.value != second.value:
        message = f'the text says "{wording}"; it is from {first.text} to {second.text}'
        yield _told(
            paper,
            sentence.span(match.start("first"), match.end("second")),
            (first, second),
            sign * (second.value - first.value) < 0,
            message,
        )


def _told(paper: Paper, span: tuple[int, int], pair: tuple[Printed, Printed], wrong: bool, message: str) -> Finding:
    first, second = pair
    return make(
        "direction-vs-claim",
        paper.place(*span),
        reported=f"{first.text} and {second.text}",
        verdict="inconsistent" if wrong else "consistent",
        severity="major" if wrong else "none",
        message=message,
        recomputed=second.value - first.value if wrong else None,
        cause=Cause(code="reversed-coding", text="the word is the opposite one, or the two numbers are exchanged")
        if wrong
        else None,
    )


CHECKS = (changed,)
