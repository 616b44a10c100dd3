"""Directions in words that name no chance: "worse survival", "a risk factor", "more common", "inversely associated", "fewer falls".

They are read only where they introduce a ratio that no other wording explains.
"""

from __future__ import annotations

from ostealgia.audit.statements.claims import (
    ADVERBS,
    COPULAS,
    LESS,
    MORE,
    VERBS_DOWN,
    VERBS_UP,
    Wording,
    is_ratio,
    near,
    negated,
    size_before,
)
from ostealgia.audit.statements.estimates import Draft
from ostealgia.audit.statements.tokens import Stream
from ostealgia.audit.statements.words import listed

# of survival: the hazard is the other way round
SHORTER = LESS | listed("worse poorer shorter inferior shortened worsened impaired poor")
LONGER = MORE | listed("better longer superior improved prolonged improves prolongs improve prolong extended extends")
SURVIVALS = listed("survival prognosis")
BESIDE_SURVIVAL = listed(
    "overall the of free progression-free disease-free event-free relapse-free recurrence-free metastasis-free failure-free progression "
    "disease event relapse recurrence cancer-specific disease-specific cause-specific long-term patient and their significantly"
)
ADVERSE, FAVOURABLE = (
    listed("adverse unfavourable unfavorable negative poor"),
    listed("favourable favorable positive good"),
)
FREQUENT = listed("common commonly frequent frequently often prevalent")
SEEN = listed("occurred occurs occur seen observed found reported experienced developed recurred failed")
ASSOCIATED = listed("associated correlated related")
UP, DOWN = listed("positively directly"), listed("inversely negatively")
FACTOR_WORDS = listed(
    "a an significant important major independent strong strongest main potential relevant known modifiable"
)
# "albumin was a risk factor", "a predictor of worse survival": of more of it or of less is not said
UNSIDED = listed(
    "factor factors predictor predictors predicted prognostic predictive marker markers biomarker indicator determinant"
)
PRESENT = listed(
    "use history presence having being high higher elevated older longer larger greater more previous prior smoking smokers exposure "
    "receiving received taking diabetes obesity"
)
EVENTS = listed(
    "admissions hospitalizations hospitalisations readmissions falls fractures infections deaths complications recurrences relapses "
    "exacerbations strokes bleeding nausea vomiting constipation delirium toxicity pneumonia events attacks seizures episodes mortality "
    "readmission haemorrhage hemorrhage thrombosis thromboembolism reoperations relapse recurrence transfusions flares"
)
HAD = listed("had has have experienced suffered developed reported with")
CHANGES = listed("increase rise reduction decrease decline")
CLEARLY = listed("clear marked substantial modest small large statistically meaningful further relative")
LED = listed("to with in had showed produced caused achieved yielded brought gave conferred")
MEASURED = listed(
    "time duration score scores level levels length mean median pain stay weight dose doses age concentration pressure function "
    "quality per each "
    "points percentage unit free"
)
ODDS_LIKE = frozenset(("OR", "RR", "HR", "IRR"))
LONGEST = 45  # tokens from the words to their ratio


def find_directed(
    stream: Stream, drafts: list[Draft], taken: set[int], others: list[Wording]
) -> list[tuple[Wording, Draft]]:
    """Each such wording with its ratio. taken : points of estimates that other wordings explain.  others : those wordings."""
    found: list[tuple[Wording, Draft]] = []
    ratios = [draft for draft in drafts if is_ratio(stream, draft)]
    for at, draft in enumerate(ratios):
        if draft.point in taken:
            continue
        low = max(stream.sentence(draft.point)[0], draft.point - LONGEST, ratios[at - 1].point + 1 if at else 0)
        if any(low <= one.last < draft.point for one in others):
            continue
        one = _last(stream, low, draft.point, _measure(stream, draft))
        if one is not None and near(stream, one, draft) and not negated(stream, one.first):
            found.append((one, draft))
    return found


def _measure(stream: Stream, draft: Draft) -> str:
    return (stream.values[draft.measure] if draft.measure is not None else draft.name) or ""


def _last(stream: Stream, low: int, point: int, measure: str) -> Wording | None:
    """The only such wording before a ratio; None where there are several."""
    found: list[Wording] = []
    for i in range(low, point):
        one = None
        if measure == "HR":
            one = _survival(stream, i, point)
            one = one or _prognostic(stream, i)
        one = one or _factor(stream, i, point)
        if one is None and measure in ODDS_LIKE:
            one = (
                _frequent(stream, i, low)
                or _associated(stream, i, point)
                or _events(stream, i, low, point)
                or _predictor(stream, i)
                or _led(stream, i, low, point, measure)
            )
        if one is None and measure in ("IRR", "RR"):
            one = _rate(stream, i, low)
        if one is not None and not (found and one.first <= found[-1].last):
            found.append(one)
    return found[0] if len(found) == 1 else None


def _survival(stream: Stream, i: int, point: int) -> Wording | None:
    """ "worse overall survival", "survival was significantly longer"."""
    word = stream.words[i]
    if word not in SHORTER and word not in LONGER:
        return None
    sign = 1 if word in SHORTER else -1
    if UNSIDED.intersection(stream.words[max(stream.sentence(i)[0], i - 10) : i]):
        return None
    for k in range(i + 1, min(i + 5, point)):
        if stream.words[k] in SURVIVALS:
            return Wording(i, k, sign, "hazard")
        if stream.words[k] not in BESIDE_SURVIVAL:
            break
    k = i - 1
    while k > 0 and stream.words[k] in ADVERBS:
        k -= 1
    if k < 0 or stream.words[k] not in COPULAS:
        return None
    for at in range(k - 1, max(stream.sentence(i)[0], k - 8) - 1, -1):
        if stream.kinds[at] in "n;()PMC:":
            return None
        if stream.words[at] in SURVIVALS:
            return Wording(at, i, sign, "hazard")
    return None


def _factor(stream: Stream, i: int, point: int) -> Wording | None:
    """ "was an independent risk factor for", "was protective against"."""
    word = stream.words[i]
    if word == "protective":
        return Wording(i, i, -1, "risk") if _predicated(stream, i) else None
    if word != "risk" or i + 1 >= point or stream.words[i + 1] != "factor":
        return None
    before = stream.words[stream.sentence(i)[0] : i]
    present = PRESENT.intersection(before) or {"were", "are"}.intersection(
        before[-4:]
    )  # "metastases were a risk factor"
    return Wording(i, i + 1, 1, "risk") if present and _predicated(stream, i) else None


def _prognostic(stream: Stream, i: int) -> Wording | None:
    """ "was an adverse prognostic factor"."""
    word = stream.words[i]
    if word not in ADVERSE | FAVOURABLE or not stream.words[i + 1 : i + 2] or stream.words[i + 1] != "prognostic":
        return None
    last = i + 1 + (stream.words[i + 2 : i + 3] == ["factor"])
    return Wording(i, last, 1 if word in ADVERSE else -1, "hazard") if _predicated(stream, i) else None


def _predictor(stream: Stream, i: int) -> Wording | None:
    """ "was a positive predictor", "emerged as a negative predictive factor"."""
    named = stream.words[i + 1 : i + 3]
    if stream.words[i] not in ("positive", "negative") or not named or not _predicated(stream, i):
        return None
    if named[0] != "predictor" and named != ["predictive", "factor"]:
        return None
    return Wording(
        i,
        i + len(named[:1] if named[0] == "predictor" else named),
        1 if stream.words[i] == "positive" else -1,
        "association",
    )


def _predicated(stream: Stream, i: int) -> bool:
    """Whether "is a", "was an independent", "as a" stands before a word."""
    k = i - 1
    while k > 0 and stream.words[k] in FACTOR_WORDS:
        k -= 1
    return k >= 0 and stream.words[k] in COPULAS | ADVERBS | {"as", "be"}


def _frequent(stream: Stream, i: int, low: int) -> Wording | None:
    """ "was more common", "occurred less often"."""
    word = stream.words[i]
    if word not in ("more", "less") or stream.words[i + 1 : i + 2] == [] or stream.words[i + 1] not in FREQUENT:
        return None
    k = i - 1
    while k > low and stream.words[k] in ADVERBS:
        k -= 1
    if stream.words[k] not in COPULAS | SEEN:
        return None
    return Wording(i, i + 1, 1 if word == "more" else -1, "frequency")


def _associated(stream: Stream, i: int, point: int) -> Wording | None:
    """ "was inversely associated with"; not of survival, whose hazard is the other way round."""
    word = stream.words[i]
    if word not in UP | DOWN or stream.words[i + 1 : i + 2] == [] or stream.words[i + 1] not in ASSOCIATED:
        return None
    if SURVIVALS.intersection(stream.words[i:point]):
        return None
    return Wording(i, i + 1, 1 if word in UP else -1, "association")


def _events(stream: Stream, i: int, low: int, point: int) -> Wording | None:
    """ "had fewer falls", "experienced more infections", "reduced hospital admissions"."""
    word = stream.words[i]
    verb = word in VERBS_UP or word in VERBS_DOWN
    if i <= low or not (verb or word in ("fewer", "more", "less")):
        return None
    before = [w for w in stream.words[max(low, i - 2) : i] if w not in ADVERBS]
    if not before or (before[-1] in COPULAS if verb else before[-1] not in HAD):
        return None
    last = next((k for k in range(i + 1, min(i + 3, point)) if stream.words[k] in EVENTS), None)
    up = word == "more" or word in VERBS_UP
    return None if last is None else Wording(i, last, 1 if up else -1, stream.words[last])


def _led(stream: Stream, i: int, low: int, point: int, measure: str) -> Wording | None:
    """ "led to an increase in falls", "was associated with a reduction in omphalitis"; not of a time, score or survival."""
    if stream.words[i] not in CHANGES or stream.words[i + 1 : i + 2] not in (["in"], ["of"]):
        return None
    k = i - 1
    while k > low and (stream.words[k] in FACTOR_WORDS or stream.words[k] in ADVERBS or stream.words[k] in CLEARLY):
        k -= 1
    size = size_before(stream, i) if measure != "OR" else None  # that of the events is smaller than that of their odds
    if (size is None and (k < low or k == i - 1 or stream.words[k] not in LED)) or negated(stream, i):
        return None
    behind = stream.words[i + 1 : point]
    if (
        MEASURED.intersection(behind)
        or SURVIVALS.intersection(behind)
        or any(word.endswith("-free") for word in behind)
    ):
        return None
    sign = 1 if stream.words[i] in ("increase", "rise") else -1
    return Wording(i if size is None else size, i + 1, sign, "events", size=size)


def _rate(stream: Stream, i: int, low: int) -> Wording | None:
    """ "the rate of admission was higher"."""
    if stream.words[i] not in ("higher", "lower") or i <= low:
        return None
    k = i - 1
    while k > low and stream.words[k] in ADVERBS:
        k -= 1
    if stream.words[k] not in COPULAS:
        return None
    for at in range(k - 1, max(low, k - 8) - 1, -1):
        if stream.kinds[at] in "n;()PMC:":
            return None
        if stream.words[at] in ("rate", "rates"):
            return Wording(at, i, 1 if stream.words[i] == "higher" else -1, "rate")
    return None
