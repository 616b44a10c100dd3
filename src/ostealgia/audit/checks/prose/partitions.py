"""Do the parts that a sentence lists make up the whole that it names?

The grammar of the sentence ties the parts to their whole (reading.listed). A misfit is a flag only where the words say that the parts
are all of the whole and that nothing is in two of them: groups of patients who were assigned to them, "the remaining", opposites,
levels of one appraisal, a list behind a colon, those left out with the reasons, those who leave and those who are left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ostealgia.audit.checks.reading.listed import Listed, listed_parts
from ostealgia.audit.checks.reading.mentions import mentions, same_thing
from ostealgia.audit.checks.reading.nouns import PEOPLE
from ostealgia.audit.checks.reading.text import Sentence, numbered_with, sentences, sentences_with
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.plausibility import sample_flow
from ostealgia.audit.rules.totals import total_vs_parts

BETWEEN, WIDE = (
    (0.5, 1.7),
    (0.2, 10.0),
)  # of the whole: a sum outside is of something else; where the words are the plainest
PLAIN = ("groups", "assigned", "colon", "others", "levels", "rest", "flow", "reasons")
NUMBERS = re.compile(
    r"\d+|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty(?:-\w+)?)\b", re.I
)
# words by which something may be in two parts, in none, or a number be of something else
_UNSURE = re.compile(
    r"\b(?:each|respectively|overlap\w*|some(?! concerns?)|including|includes?|included in|such as|e\.g|at least|"
    r"most|mainly|mostly|more than|multiple|several|"
    r"either|per|also|both|only|additional(?:ly)?|further|another|et al|scale|scales|items?|questions?|"
    r"score[sd]?|odds|example)\b|[=<>≤≥±]",
    re.I,
)
_UNSURE_FLOW = re.compile(r"\b(?:each|respectively|re-?screen\w*|again|per|both|at least|et al)\b|[=<>≤≥±]", re.I)
_NESTED = re.compile(
    r"\b(?:of (?:whom|which)|in whom|among (?:whom|these|them))\b|(?<!\d\s)\bof (?:these|them|those)\b", re.I
)
# what one person may have several of
_SEVERAL = re.compile(
    r"\b(?:complicat|adverse|toxic|symptom|side.effect|co-?morbid|receiv\w* (?:prior|previous)|previous|prior|"
    r"histor(?:y|ies)|risk factor|drugs?|medicat|"
    r"sites?|locations?|metasta|lesions? (?:in|of)|procedures?|treatments?|therap|surger|operations?|events?|"
    r"episodes?|problems?|reasons?|languages?|causes?)",
    re.I,
)
_GROUP = re.compile(r"\b(?:groups?|arms?|cohorts?|wards?|jaw)\b", re.I)
_ALLOCATED = re.compile(
    r"\b(?:randomi[sz]\w*|assign\w*|allocat\w*|divided|split|stratified|distributed|classified|"
    r"categori[sz]ed)\b",
    re.I,
)
_TO = re.compile(r"(?:(?:patients|participants|people|subjects|of them|women|men|children)\s)?(?:(?:were|"
    r"was)\s)?(?:(?:randomly\s)?(?:assigned|allocated|randomi[sz]ed)\s)?"
                 r"(?:to|in|into|for|on|under|receiv\w+|given|got|had|took|used|drank|wore|with|"
                 r"without)\b", re.I)  # fmt: skip
_REST = re.compile(r"\b(?:(?:the|all)\s(?:remaining|others?|rest)\b|remaining\s*$|remainder\b)", re.I)
_OF_THEM = re.compile(r"(?:of (?:them|these|those|which|whom)|by|in|to|from|at|on|with)\b", re.I)
_OTHERS = re.compile(
    r"\b(?:others?|unknown|unidentified|unspecified|unclassified|miscellaneous|undetermined|indeterminate|"
    r"inconclusive|equivocal|not (?:known|stated|"
    r"recorded|determined|classified)|mixed)\b",
    re.I,
)
_NEGATED = re.compile(r"\b(?:not|no|none|neither|nobody|without|never)\b", re.I)
_DENIED = re.compile(r"(?:[a-z]+\s){0,3}?(?:not|no|none|neither|without|never)\b", re.I)
_OPPOSITES = tuple(
    (re.compile(rf"\b(?:{one})\b", re.I), re.compile(rf"\b(?:{other})\b", re.I))
    for one, other in (
        ("women|female|females|girls", "men|male|males|boys"), ("local|locally", "distant"), ("upper", "lower"),
        ("left", "right"), ("early", "late"), ("benign", "malignant"), ("positive", "negative"),
        ("survived|alive|survivors", "died|dead|deaths"),
        ("urban|city|cities|town|towns", "rural|country|countryside|villages?"), ("acute|subacute", "chronic"),
        ("single", "multiple|several"), ("unilateral", "bilateral"), ("prospective", "retrospective"),
        ("day|daytime", "night"), ("symptomatic", "asymptomatic"), ("complete", "incomplete"),
        ("open", "closed|laparoscopic|percutaneous"), ("primary", "secondary"), ("yes", "no"), ("present", "absent"),
        ("agreed|accepted|consented", "declined|refused"), ("inpatients?", "outpatients?"),
        ("elective", "emergency|urgent"), ("married", "unmarried|single"), ("public", "private"),
        ("internal", "external"), ("medial", "lateral"), ("anterior", "posterior"), ("proximal", "distal"),
        ("vaginal(?:ly)?", "c(?:a)?esarean"), ("alive", "lost"),
        ("survived", "failed"), ("passed", "failed"), ("succeeded|successful", "failed"),
        ("completed|finished", "stopped|discontinued|withdrew"),
    )
)  # fmt: skip
# "26 with placebo", "26 controls": the other part is whatever else was compared
_COMPARATOR = re.compile(
    r"^(?:(?:patients|participants|women|men|were|was)\s)?(?:(?:in|with|to|on|received|receiving|under|given|had|"
    r"got|from|for)\s)?(?:the\s|an?\s)?"
    r"(?:placebo|sham|controls?|usual|standard|conventional)\b",
    re.I,
)
_UN = re.compile(r"\b(?:un|non-?|in|im|not\s)([a-z]{5,})\b", re.I)
_HIGH = re.compile(r"\b(?:high|serious|critical|poor|weak|inadequate|low[- ]quality|low)\b", re.I)
_LOW = re.compile(r"\b(?:low|good|strong|adequate|high)\b", re.I)
_LEVEL = re.compile(
    r"\b(?:very low|low|unclear|high|some concerns?|moderate|serious|critical|good|fair|poor|strong|weak|"
    r"(?:in)?adequate|medium|intermediate|not reported|unsatisfactory|satisfactory)\b",
    re.I,
)
_DOMAIN = re.compile(r"\b(?:for|regarding|concerning|on|in terms of)\s(?:the\s)?([a-z]{3,})", re.I)
_APPRAISED = re.compile(
    r"\b(?:risk of bias|bias|quality|certainty|concealment|blinding|evidence|studies|trials|articles|reports|"
    r"cohorts|reviews)\b",
    re.I,
)
_RESPONSE = tuple(
    re.compile(p, re.I)
    for p in (r"\bcomplete\b|\bCR\b", r"\bpartial|\bPR\b", r"\bstable\b|\bSD\b|no change", r"\bprogress|\bPD\b")
)
_STAGES = re.compile(
    r"^\W*(?:(?:stage|grade|class|type|group|level)\s)?(?:I{1,3}|IV|V|[1-5]|[A-E])(?:\s(?:in|"
    r"for))?$"
)
_OUT = re.compile(
    r"\b(?:exclu\w+|withdr\w+|declin\w+|refus\w+|ineligible|not eligible|drop\w* out|dropouts?|lost to|were lost|"
    r"was lost|discontinu\w+|removed|rejected|discarded|"
    r"did not|could not|not (?:evaluable|available|included|reached|traced|returned|analy[sz]ed|complete)|"
    r"incomplete|duplicates?|died|moved|left the|missing|failed|"
    r"sold|culled|euthani[sz]ed|sacrificed|resigned|transferred|spoiled|contaminated|illegible|blank|undeliverable|"
    r"empty|unable|unwilling|no longer|were no(?:t|n)|had no)\b",
    re.I,
)
_KEPT = re.compile(
    r"\b(?:randomi[sz]ed|enrolled|included|analy[sz]ed|remain\w*|complet\w+|evaluable|evaluated|assessed|"
    r"eligible|entered|available|took part|participat\w+|"
    r"consented|agreed|examined|finished|answered|returned|interview\w*|could be|for analysis|in the analysis|"
    r"recruited|screened|read|retained|kept)\b",
    re.I,
)
_TAKEN = re.compile(r"\b(?:randomi[sz]ed|allocated|assigned|full[- ]texts?)\b", re.I)
_OF_BEFORE = re.compile(r"of (?:them|these|those|whom|which)\b", re.I)  # "6 died, 3 of them after withdrawal"
# what a person has one of: "all 90 had a main complaint: ..."
_ONE_EACH = re.compile(
    r"\b(?:an?|one|the|their|whose)\s(?:single|main|primary|principal|leading|sole|predominant|only|underlying|usual)\s[a-z ]{3,40}:",
    re.I,
)
_ONE_PLACE = re.compile(
    r"(?:(?:lived|resided) (?:in|at)|came from|were born|(?:were|was) (?:discharged|transferred) to|preferred|chose)\b",
    re.I,
)
_NONE_MISSING = re.compile(r"\bno(?:ne| data)?\s(?:[a-z]+\s){0,2}?missing\b|\b(?:no|without) missing\b", re.I)
_SEXES = re.compile(r"(?:women|men|males?|females?|girls|boys)\b", re.I)
_CHANGES = tuple(
    re.compile(p, re.I)
    for p in (
        r"\bimproved|\bbetter\b",
        r"\bstable\b|\bunchanged|\bthe same\b|\bno change",
        r"\bworse|\bdeteriorat|\bprogressed",
    )
)
_AND_THOSE = re.compile(r"[^:(\[]{0,40}[)\]]\s{0,3}(?:and|or|as well as|plus)\b", re.I)  # "(n = 5) and those with: ..."
_THINGS = re.compile(
    r"\b(?:samples?|specimens?|lesions?|eyes?|episodes?|visits?|measurements?|observations?|isolates?|images?|scans?|"
    r"biops(?:y|ies)|teeth|implants?|knees?|hips?|tumou?rs|sessions?|injections?)\b",
    re.I,
)  # of which a person may have several
_PERSONS = re.compile(rf"\s{{1,3}}(?:[a-z-]+\s{{1,3}}){{0,2}}?{PEOPLE}\b", re.I)
_VAGUE = re.compile(r"\b(?:several|some|few|many)\b", re.I)
_BRACKETS = re.compile(r"\([^()]*\)")
_SO = re.compile(
    r"\b(?:so(?:\sthat)?|leaving|thus|hence|therefore|remaining|which left|the (?:rest|others?))\b[^\d]{0,40}$", re.I
)
_AND_WHOLE = re.compile(r"\d\s[^,.;:()\d]{0,40}\band\s{1,3}$", re.I)
_LEFT_OUT = re.compile(
    r"\b(?:exclu\w+|with?drew|withdrawn|dropped|dropouts?|declined|lost to|were lost|ineligible|not eligible|"
    r"refused|discontinued|removed|rejected)\b",
    re.I,
)
_FEATURE = re.compile(
    r"(?:[a-z]+\s)?(?:had|with|having|showed|were|was|developed|experienced|reported|received|complained)\b", re.I
)
_NEXT_BRACKET = re.compile(
    r"[)\]]\s{0,3}(?:[,;]|and\b|or\b|plus\b|as well as\b|versus\b|vs\b)[^.()\[\]]{0,60}[(\[]\s{0,3}\d"
)
_SIZE = re.compile(r"\bn\s{0,2}=\s{0,2}$", re.I)
_COLON = re.compile(r"[:(\[]\s{0,8}$")
_COMPARED = re.compile(r"\b(?:versus|vs|compared|than|against|however|although|while|whereas)\b", re.I)
_LINKS = frozenset(("by", "in", "from", "the", "a", "an", "with", "to", "at", "on", "as", "of", "for", "into"))
_DIED = re.compile(r"\b(?:died|deaths?)\b", re.I)
_ARTICLE = re.compile(r"(?:,|;|\band|\bor)\s(?:an?|final)\s", re.I)
_RATED = re.compile(r"\bstars\b|★", re.I)  # appraisals are read elsewhere
_COUNTED_AS = re.compile(r"^(?:-|\s(?:mg|ml|g|kg|items?)\b)")


def partitions(paper: Paper) -> Iterator[Finding]:
    """total-vs-parts, or sample-flow where the parts are those who leave and those who are left."""
    listed = sentences(paper.document)
    for index, sentence in numbered_with(paper.document, NUMBERS):
        if (
            sentence.section == "introduction"
            or _RATED.search(sentence.text)
            or len(NUMBERS.findall(sentence.text)) < 3
        ):
            continue
        around = [
            other
            for other in (*listed[max(0, index - 2) : index], *listed[index + 1 : index + 2])
            if other.block == sentence.block
        ]
        for one, why in _sure(sentence, around):
            yield _finding(paper, sentence, one, why)


def _finding(paper: Paper, sentence: Sentence, one: Listed, why: str) -> Finding:
    place = paper.place(*sentence.span(one.start, one.end))
    parts = [part.value for part in one.parts]
    if why == "flow":
        return sample_flow(
            one.whole.value, parts[:-1], parts[-1], what="those at the start and those who remain", place=place
        )
    return total_vs_parts(parts, str(one.whole.value), what="the parts and the whole", place=place)


def _sure(sentence: Sentence, around: Sequence[Sentence]) -> Iterator[tuple[Listed, str]]:
    """The wholes of a sentence whose parts are certainly all of it, and by what."""
    every = list(listed_parts(sentence.text))
    inside = {part for one in every for part in one.parts if one.form not in ("comma", "semicolon")}
    taken: set[int] = set()
    for one in every:
        if one.whole in inside and one.form in ("comma", "semicolon"):
            continue
        why = _closed(one, sentence.text)
        fits = one.total == one.whole.value
        if why is None or one.whole.start in taken or (not fits and _excused(one, sentence, around, why)):
            continue
        taken.add(one.whole.start)
        yield one, why


def _ruled_out(one: Listed, text: str) -> bool:
    """Whether the numbers are no parts of the whole: others of the same kind, parts of a part, other things."""
    in_clause = one.form in ("comma", "semicolon")
    if (
        not all(part.counts for part in one.parts)
        or _COUNTED_AS.match(one.clear[one.whole.end :])
        or _NESTED.search(one.clear[one.parts[0].start : one.parts[-1].start])
    ):
        return True
    if one.form in ("bracket", "colon", "comma", "of whom", "semicolon") and _of_another(one):
        return True
    if one.form == "bracket" and not _bracket_is_whole(one, text):
        return True
    if one.form == "colon" and (":" in _inner(one) or _AND_THOSE.match(one.told)):
        return True
    if (thing := _THINGS.search(one.items[0])) and not _named_whole(one, thing[0]):
        return True  # "90 controls (299 samples were negative, 40 positive)"
    same_verb = set(_told_words(one.told)[:3]) & set(one.items[0].casefold().split()[:1])
    if in_clause and same_verb and (_LEVEL.search(one.told) or not _levels(one, text)):
        return True  # "163 as unchanged, 39 as worse and 25 as much worse"
    if in_clause and (_GROUP.search(one.told) or _words(one.told) & _words(one.items[0])):
        return True  # "37 in one arm, 46 in another and 44 in the third"
    both = _AND_WHOLE.search(one.clear[max(0, one.whole.start - 60) : one.whole.start]) is not None
    return both and (in_clause or one.form in ("of whom", "bracket"))  # "138 with and 80 without, of whom ..."


def _closed(one: Listed, text: str) -> str | None:
    """What says that the parts are all of the whole; None where nothing does."""
    if _ruled_out(one, text):
        return None
    items, first_words = one.items, [re.match(r"[a-z]+", item.casefold()) for item in one.items]
    flow = _flow(one)
    if flow is not None:
        return flow
    alike = len({m[0] for m in first_words if m}) == 1 and all(first_words)
    if (
        one.form in ("bracket", "colon")
        and _LEFT_OUT.search(one.told)
        and len(one.told) < 100
        and (one.form == "bracket" or _COLON.search(one.told))
    ):
        return "reasons"
    if one.form == "bracket" and any(_LEFT_OUT.search(item) for item in items):
        return None  # "577 were screened (366 excluded, ...)"
    if one.form == "labels" and _ALLOCATED.search(one.told) and one.total > one.whole.value and len(one.told) < 110:
        return "assigned"
    if one.form == "labels":
        return None  # groups with their sizes are read elsewhere
    if one.form == "include":
        closed = _SEXES.match(one.items[0]) and _SEXES.fullmatch(one.items[1]) and _paired(one)
        return "sexes" if closed else None
    if _paired(one) or (
        all(_GROUP.search(item) for item in items) and (alike or one.form in ("colon", "bracket", "of whom"))
    ):
        return "groups"
    compared = _COMPARED.search(one.clear[one.start : _end(one)]) is not None
    if (
        not compared
        and _ALLOCATED.search(f"{_before(one)} {one.told}")
        and (all(_TO.match(item) for item in items) or _elliptic(one))
    ):
        return "assigned"
    if _levels(one, text):
        return "levels"
    between = [one.clear[a.end : b.start] for a, b in zip(one.parts, one.parts[1:], strict=False)]
    if _REST.search(between[-1]) and not any(map(_REST.search, between[:-1])) and one.form != "semicolon":
        return "rest" if one.form != "comma" or _OF_THEM.match(items[0]) else None
    return _by_list(one, alike)


def _by_list(one: Listed, alike: bool) -> str | None:
    """What the form of the list itself says."""
    many = len(one.parts) >= 3
    if many and one.form == "colon" and _ONE_EACH.search(one.told):
        return "colon"
    known = one.total > one.whole.value or _NONE_MISSING.search(one.clear) is not None
    if one.form in ("of", "colon") and known and all(map(_ONE_PLACE.match, one.items)):
        return "negated"
    several = _SEVERAL.search(
        f"{one.clear[max(0, one.whole.start - 40) : one.whole.start]} {one.told} {one.items[0]}"
    ) is not None and not _DIED.search(one.told)
    right_behind = _COLON.search(one.told) is not None
    if several and one.total > one.whole.value:
        return None
    if many and (_OTHERS.search(one.items[-1]) or _OTHERS.search(one.clear[one.parts[-2].end : one.parts[-1].start])):
        return "others" if one.form not in ("comma", "semicolon") or _DIED.search(one.told) else None
    if several:
        return None
    if one.form == "colon" and right_behind and (many or alike):
        return "colon"
    if one.form == "consist" and many:
        return "colon"
    if one.form in ("in total",) and (many or alike):
        return "total"
    if one.form == "of whom" and not many and _elliptic(one):
        return "elliptic"
    near = 0.85 * one.whole.value <= one.total <= 1.15 * one.whole.value
    if many and one.form == "of" and _elliptic(one) and (near or one.items[1].casefold().startswith(("by ", "from "))):
        return "elliptic"
    if many and one.form in ("of", "first of", "last of") and _NEGATED.search(one.items[-1]):
        return "negated"
    if many and one.form == "last of" and all(_STAGES.match(item) for item in one.items):
        return "stages"
    changes = all(any(form.search(item) for item in one.items) for form in _CHANGES)
    if changes and len(one.items) == 3 and one.total > one.whole.value and one.form not in ("comma", "semicolon"):
        return "answers"
    answers = sum(any(form.search(item) for item in one.items) for form in _RESPONSE)
    return (
        "answers" if many and answers >= 3 and one.form in ("of", "last of", "first of", "colon", "consist") else None
    )


def _words(text: str, least: int = 3) -> set[str]:
    return {word for word in re.findall(r"[a-z]+", text.casefold()) if len(word) >= least} - {
        "the",
        "and",
        "had",
        "was",
        "for",
        "all",
        "were",
        "with",
        "from",
        "that",
        "which",
        "patients",
        "participants",
    }


def _told_words(text: str) -> list[str]:
    """The words of a whole without its bracket."""
    return re.findall(r"[a-z]+", _BRACKETS.sub(" ", text).casefold())


def _inner(one: Listed) -> str:
    """The words between the parts."""
    return one.clear[one.parts[0].end : one.parts[-1].start]


def _flow(one: Listed) -> str | None:
    """Whether the parts are those who leave, then those who are left."""
    if one.form not in ("of", "semicolon", "of whom", "colon", "comma") or len(one.parts) < 2:
        return None
    gaps = [one.clear[a.end : b.start] for a, b in zip(one.parts, one.parts[1:], strict=False)]
    if _VAGUE.search(_inner(one)) or any(map(_OF_BEFORE.match, one.items[1:])):
        return None
    leave = all(_OUT.search(_BRACKETS.sub(" ", item)[:70]) for item in one.items[:-1]) and not _OUT.search(
        one.clear[one.parts[-1].end : one.parts[-1].end + 40]
    )
    stay = _KEPT.search(one.items[-1]) is not None or _SO.search(gaps[-1]) is not None
    return "flow" if leave and stay else None


def _paired(one: Listed) -> bool:
    """Whether two parts are opposites, side by side in one clause."""
    if ";" in _inner(one) or _COMPARED.search(one.clear[one.start : _end(one)]) or one.form == "last of":
        return False
    if one.form in ("comma", "semicolon") and any(_NEGATED.search(item) for item in one.items):
        return False
    if one.form == "comma" and not all(_TO.match(item) or len(item.split()) < 4 for item in one.items):
        return False
    return _pair(one.items)


def _elliptic(one: Listed) -> bool:
    """Whether the parts behind the first go on in its words: "31 were caused by bacteria, 20 by viruses"."""
    heads = {item.casefold().split(" ", 1)[0] for item in one.items[1:]}
    return len(heads) == 1 and next(iter(heads)) in _LINKS and next(iter(heads)) in one.items[0].casefold().split()


def _pair(items: tuple[str, ...]) -> bool:
    """Whether two parts are opposites."""
    if len(items) != 2:
        return False
    for one, other in _OPPOSITES:
        for a, b in (items, items[::-1]):
            if one.search(a) and other.search(b) and not one.search(b):
                return True
    if any(_COMPARATOR.match(a) and not _COMPARATOR.match(b) and len(b.split()) < 7 for a, b in (items, items[::-1])):
        return True
    for a, b in (items, items[::-1]):
        for prefixed in _UN.finditer(a):
            if re.search(rf"\b{re.escape(prefixed[1])}", b, re.I):
                return True
    return _DENIED.match(items[1]) is not None and _NEGATED.search(items[0]) is None


def _levels(one: Listed, text: str) -> bool:
    """Whether the parts are the levels of one appraisal, the lowest and the highest among them."""
    found = [_LEVEL.search(item) for item in one.items]
    if len(found) < 3 or not all(found) or not _APPRAISED.search(text):
        return False
    if len({m[1].casefold() for item in one.items if (m := _DOMAIN.search(item))}) > 1:
        return False  # "low for selection in 9, unclear for concealment in 4": of several things
    names = [m[0].casefold() for m in found if m]
    return (
        len(set(names)) == len(names)
        and any(_HIGH.search(name) for name in names)
        and any(_LOW.search(name) for name in names)
    )


def _bracket_is_whole(one: Listed, text: str) -> bool:
    """Whether the bracket of the list begins with its first number and closes behind its last."""
    depth = 0
    named = all(
        _SIZE.search(text, max(0, part.start - 8), part.start) for part in one.parts
    )  # "(wrong population, n = 14; ...)"
    for at in range(one.parts[-1].end, len(one.clear)):
        depth += (one.clear[at] in "([") - (one.clear[at] in ")]")
        if depth < 0:
            begins = re.search(r"[(\[]\s{0,3}$", one.told) is not None or (
                named and re.search(r"[(\[][^()\[\]]{3,60}$", one.told) is not None
            )
            return begins and _NEXT_BRACKET.match(one.clear, at) is None
    return False


def _of_another(one: Listed) -> bool:
    """Whether the bracket is that of a part of the number before it: "27 out of 32 patients (8 with, 19 without)"."""
    return (
        re.search(
            r"\d\s{0,4}(?:/|(?:out\s)?of(?:\s(?:the|all|these))?)\s{0,4}$|\b(?:one|two|three|four|five|six|seven|"
            r"eight|nine|ten|eleven|twelve)\s(?:out\s)?of(?:\s(?:the|these|those))?\s$",
            one.clear[: one.whole.start],
            re.I,
        )
        is not None
    )


def _excused(one: Listed, sentence: Sentence, around: Sequence[Sentence], why: str) -> bool:
    """Whether something else may be why the parts don't make up the whole."""
    whole, values = one.whole.value, [part.value for part in one.parts]
    off = whole - one.total
    sums = {sum(values[:count]) for count in range(2, len(values))} | {
        value * 2 for value in values if len(values) > 2 and 2 * value == one.total
    }
    last, named = one.clear[one.parts[-1].end :], re.split(r"\d", one.clear[one.whole.end : one.whole.end + 90])[0]
    if why in ("rest", "flow") and not same_thing(last, named):
        return True
    if (
        why == "flow"
        and off > 0
        and not (_SO.search(one.clear[one.parts[-2].end : one.parts[-1].start]) or _TAKEN.search(named))
    ):
        return True  # others may have left on the way
    if off > 0 and all(item.startswith("to ") for item in one.items) and not _ALLOCATED.search(_clause(one)):
        return True  # "214 were enrolled: 103 to early and 101 to late care": not all were assigned
    low, high = WIDE if why in PLAIN else BETWEEN
    if not low * whole < one.total < high * whole or (why not in PLAIN and max(values) >= whole):
        return True
    if max(values) == whole or (why == "colon" and one.total > whole and _FEATURE.match(one.items[0])):
        return True  # what one may have beside another
    if values == list(range(1, len(values) + 1)):
        return True  # "(1) ..., (2) ..., (3) ..."
    if whole in sums or any(value == one.total - value for value in values if len(values) > 2):
        return True  # parts of a part
    words = one.clear[one.whole.start : _end(one)]
    if (_UNSURE_FLOW if why == "flow" else _UNSURE).search(words) or (
        (off > 0 or one.form == "colon") and _ARTICLE.search(one.clear[one.parts[0].end :])
    ):
        return True
    if _siblings(one, sentence.text):
        return True
    told = {one_.value for one_ in mentions(sentence.text)[1] if one_ not in one.parts and one_ != one.whole}
    for other in around:
        found = mentions(other.text)[1]
        told |= {m.value for m in (found[:3] if other.start > sentence.start else found)}
    if one.form == "in total" and _confirmed(one, around):
        return False
    return abs(off) in told or one.total in told or (whole + one.total in told and one.form in ("comma", "semicolon"))


def _named_whole(one: Listed, thing: str) -> bool:
    """Whether the whole counts what a part counts, too."""
    behind = re.split(r"\d", one.clear[one.whole.end : one.whole.end + 60])[0].casefold()
    return thing.casefold().rstrip("s") in behind or _PERSONS.match(behind) is None


def _confirmed(one: Listed, around: Sequence[Sentence]) -> bool:
    """Whether the next sentence names the sum of the parts as the whole: "28 wards, in total 154 beds. Of the 145 beds, ..."."""
    noun = re.match(r"\s{1,3}([a-z]{3,})", one.clear[one.whole.end :])
    if noun is None or sorted(str(one.total)) != sorted(str(one.whole.value)):
        return False
    again = re.compile(rf"\W*(?:of|among)\s(?:the|these|all)\s{one.total}\s{noun[1]},", re.I)
    return any(again.match(other.text) for other in around)


def _before(one: Listed) -> str:
    """The words before the whole."""
    return one.clear[max(0, one.whole.start - 60) : one.whole.start]


def _clause(one: Listed) -> str:
    """The words around the whole and those of the parts."""
    return f"{_before(one)} {one.told} {' '.join(one.items)}"


def _end(one: Listed) -> int:
    """The end of the words of the last part."""
    return max(one.parts[-1].end + len(one.items[-1]), one.end)


_PERCENT = re.compile(r"\s{0,3}(?:[a-z]+\s)?[(\[]\s?(\d{1,3}(?:\.\d+)?)\s?(?:%|per\s?cent)")


def _siblings(one: Listed, text: str) -> bool:
    """Whether the percentages say that the parts are of another whole, or fit this one: then not all parts are listed."""
    pairs = [(part, m) for part in one.parts if (m := _PERCENT.match(text, part.end))]
    fits = [abs(100 * part.value / one.whole.value - float(m[1])) <= 0.6 for part, m in pairs]
    own = _PERCENT.match(text, one.whole.end)
    if own is not None and pairs and one.form in ("comma", "semicolon", "colon"):
        return True
    return len(pairs) == len(one.parts) and (all(fits) or not any(fits))


_OVERALL = re.compile(
    r"\bcomplete\s(?:pain\s|tumou?r\s)?(?:responses?|"
    r"remissions?)\b[^.;\d]{0,50}?(?P<cr>\d{1,4})\b[^.;]{0,60}?\bpartial\s(?:responses?|"
    r"remissions?)\b[^.;\d]{0,50}?(?P<pr>\d{1,4})\b[^.\d]{0,40}?"
    r"\b(?:overall|objective|total)\s(?:responses?|response\srate|"
    r"remissions?)\b[^.;\d]{0,40}?(?P<all>\d{1,4})(?=\s(?:patients\s)?(?:\(|of|out\sof|\d))",
    re.I,
)


def overall_response(paper: Paper) -> Iterator[Finding]:
    """Are complete and partial responses together the overall responses that the sentence counts?"""
    for sentence in sentences_with(paper.document, _OVERALL):
        for match in _OVERALL.finditer(sentence.text):
            if not re.match(r"\s?%|[.,]\d", sentence.text[match.end() :]):
                place = paper.place(*sentence.span(*match.span()))
                yield total_vs_parts(
                    [match["cr"], match["pr"]], match["all"], what="complete and partial responses", place=place
                )


CHECKS = (partitions, overall_response)
