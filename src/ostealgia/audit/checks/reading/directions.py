"""When is it certain that words of a direction and the ratio beside them compare the same groups, the same way round?

"The treated had higher odds (OR 0.12)" is wrong whatever was coded how. "Younger age raised the odds (OR 0.97)", "the risk was higher with
placebo (HR 0.73)", "(early vs late: HR 0.58)" and "37% higher (HR 0.73)" are usual and right: the ratio is that of the
factor as it was measured, of the other group, of the groups named beside it, or its reciprocal is what the words say. A misfit is told only
where none of these readings is open.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from typing import NamedTuple

from ostealgia.audit.checks.reading.effect_rows import effect_rows
from ostealgia.audit.checks.reading.figures import words_in
from ostealgia.audit.checks.reading.text import once
from ostealgia.audit.checks.reading.words import stems
from ostealgia.audit.paper import Paper
from ostealgia.audit.statements.model import Claim, Estimate
from ostealgia.audit.statements.words import listed
from ostealgia.numerics.intervals import Interval, Printed

# a factor that is told from its lower or absent side: its ratio may be that of more of it
INVERSE = listed(
    "lower low lowest less lesser least fewer fewest few younger youngest shorter shortest short smaller "
    "smallest small poor poorer poorest worse worst bad better best good improved reduced reduction decreased "
    "decrease decreases decreasing diminished declining deficient deficiency insufficient inadequate lack "
    "lacking lacked absent absence without no not non never none neither nor naive free negative nonsmokers "
    "non-smokers unmarried unexposed untreated unvaccinated uninsured alone delayed delaying delay late later "
    "early earlier loss lighter thinner weaker mild milder minimal limited normal under below unable "
    "under-weight underweight"
)
# an outcome may come early or late: its ratio is that of the outcome as it is worded
TIMES = listed("early earlier late later delayed delay")
CHANCE_WORDS = listed("odds risk risks hazard hazards likelihood chance chances probability rate rates incidence")
WHOSE = listed("in among with for by having under at")
# "living alone" is a factor of its own, "radiotherapy alone" one of two sides
_TRIAL = re.compile(r"\brandom(?:i[sz]ed|ly)\b", re.I)
FRONT, FEW = 3000, 5  # characters in which a paper says that it is a trial, words that name its other arm
_OF_SURVIVAL = listed("survival interval time period rate rates")
_LOST = listed("weight hearing blood vision visual bone tooth hair memory job")  # a thing of its own
_LIVING = listed("living live lived lives")
# two sides of one thing: which of them is the reference is not said
SIDES = listed(
    "women men woman man female females male males girls boys girl boy rural urban single married left right"
)
# "male sex", "women were associated with": the ratio is that of the factor named
_NAMED_SIDE = re.compile(r"\b(?:fe)?male\s{1,2}(?:sex|gender)\b|\bassociated\b|\bcarried\b|\bpredict", re.I)
_SEX = re.compile(r"\b(?:fe)?male\s{1,2}(?:sex|gender)\b", re.I)
COMPARED = listed("control controls placebo standard usual conventional reference comparator sham unexposed untreated")
# what is controlled is an outcome, no group: "local control"
CONTROLLED = listed(
    "local locoregional loco-regional regional distant pain tumor tumour disease symptom seizure asthma glycemic glycaemic biochemical "
    "infection pressure"
)
AGAINST = listed("than versus vs v compared relative against comparison over to with")
# beside the ratio: the groups, unit or reference that it has
OF_ITS_OWN = listed("versus vs v per reference ref referent relative compared comparing each increment")
RELATIVE = (
    ["relative", "risk"],
    ["relative", "risks"],
    ["relative", "rate"],
    ["relative", "hazard"],
    ["relative", "odds"],
)
# an outcome that is worded as its opposite
OPPOSED = listed(
    "decline declined refuse refused fail failed failing not never no negatively drop withdraw withdrawn discontinue discontinued "
    "avoid miss missed unable unlikely lack reject rejected absent without"
)
TESTED = listed("heterogeneity trend interaction all difference comparison noninferiority non-inferiority superiority")
DEATH = listed("death mortality dying progression recurrence relapse")
LEADS = listed("in among with for was were is by had having at under")
THOSE = listed("those in among patients people women men participants children subjects for with")
REFERENCE = listed(
    "those without control controls placebo the reference standard usual conventional single no before monotherapy untreated unexposed "
    "comparator sham"
)
_VERSUS_NUMBERS = re.compile(r"\d[^.;]{0,60}\b(?:vs|versus)\b|\b(?:vs|versus)\b[^.;]{0,60}?\d", re.I)
BEFORE = 160  # characters before the words of a direction that may name the factor
ROUGHLY = 0.15
_CLAUSE = re.compile(r"[;:]|\b(?:but|whereas|while|although|however|though|despite|except)\b", re.I)
_DIGIT = re.compile(r"\bthan\b[^.;]{0,60}?\d")
# "among patients with higher", "in those who had a lower"
_POPULATION = re.compile(
    r"\b(?:among|amongst|in|for|of)\s{1,2}(?:the\s{1,2}|all\s{1,2})?(?:[a-z-]{3,20}\s{1,2})?(?:patients|participants|subjects|persons|"
    r"people|"
    r"individuals|women|men|children|adults|infants|those|countries|hospitals|studies|trials)\s{1,2}"
    r"(?:with|at|having|who\s{1,2}(?:had|have|has|were|are|was))\s{1,2}(?:an?\s{1,2}|the\s{1,2}|relatively\s{1,2})?"
    r"(?:high|low|great|increas|decreas|reduc|rais|elevat|lesser|fewer|more\b|less\b)",
    re.I,
)
# an assumption that a study was planned on is no result
_PLANNED = re.compile(
    r"\bassum(?:ing|ed|ption)|\bhypothe[sz]i[sz]ed|\banticipat(?:ed|ing)|\bsample\s{1,2}size|\bstatistical\s{1,2}power|"
    r"\bpower\s{1,2}(?:of|to)\b|\bto\s{1,2}detect\b|\bwould\s{1,2}be\s{1,2}(?:reduced|increased|lower|higher)",
    re.I,
)
# of the outcome; "a higher burden" may be the factor
_UPWARD = re.compile(r"\b(?:increas(?:e|ed|es|ing)|raised|rose|worsen(?:ed|ing)?)\b", re.I)
_DOWNWARD = re.compile(
    r"\b(?:reduc(?:e|ed|es|ing|tions?)|decreas(?:e|ed|es|ing)|fell|declin(?:e|ed)|diminish(?:ed)?)\b", re.I
)
_REFERENCE_GROUP = re.compile(r"[(\[,;:]|\b(?:vs|versus|yes|no|ref)\b", re.I)  # what follows the factor in a label
_SIZES = re.compile(
    r"(?:\s?(?:[kKnN]\s?=\s?\d[\d,]*|\d[\d,]*\s{1,2}(?:studies|trials|cohorts|RCTs|patients|participants|subjects))\s?[;,]\s?){1,4}"
)
_MEANS = re.compile(r"\b(?:means?|meaning|indicat\w+|denot\w+|signif(?:y|ies)|represent\w*|correspond\w*)\b", re.I)
_INVERSE_FORM = re.compile(r"(?:non|un)-[a-z]+|[a-z]+-(?:naive|free|negative)", re.I)


def certain(paper: Paper, claim: Claim, estimate: Estimate) -> bool:
    """Whether only one reading of words and ratio is open.

    Of two sides (women, men) either may be the reference; a stated size then says which, where it is that of the reciprocal.
    """
    if _otherwise(paper, claim, estimate):
        return False
    return (
        not is_reciprocal(claim, estimate)
        or _row_says(paper, claim, estimate)
        or _against_reference(paper, claim, estimate)
    )


def _against_reference(paper: Paper, claim: Claim, estimate: Estimate) -> bool:
    """Whether the words say that the other group is the control: "doubled the risk compared with placebo (RR 0.51)"."""
    words = words_in(paper, claim.end, estimate.start)
    return any(
        word in AGAINST - {"with", "to", "over"} and COMPARED.intersection(words[at + 1 : at + 5])
        for at, word in enumerate(words)
    )


def only_turned(paper: Paper, claim: Claim, estimate: Estimate) -> bool:
    """Whether the one other reading is that the stated size is that of the reciprocal, "2.9 times more likely (HR 0.34)"."""
    return is_reciprocal(claim, estimate) and not _otherwise(paper, claim, estimate)


def _otherwise(paper: Paper, claim: Claim, estimate: Estimate) -> bool:
    """Whether words or ratio may be of other patients, groups or outcomes."""
    sized = claim.size is not None or claim.times is not None
    inverse = INVERSE if sized else INVERSE | SIDES
    if (
        _of_a_population(paper, claim)
        or _PLANNED.search(paper.document.plain, *claim.sentence)
        or _crowded(paper, claim, estimate)
        or _own_groups(paper, claim, estimate)
    ):
        return True
    if sized and (estimate.estimate.value > 1) == (claim.direction > 0):
        return (
            False  # the words and the ratio go one way: whichever group is the reference, the size is that of the ratio
        )
    turned = _inverse_factor(paper, claim, inverse) or _other_group_behind(paper, claim, estimate, inverse)
    return turned and not _row_says(paper, claim, estimate)


def _row_says(paper: Paper, claim: Claim, estimate: Estimate) -> bool:
    """Whether a row of a table prints this ratio, with its limits, for the factor that the sentence names before its words."""
    said = stems(paper.document.plain[claim.sentence[0] : max(claim.start, claim.sentence[0])])
    for row in effect_rows(paper):
        shown, low = row.printed("estimate"), row.printed("ci_low")
        if shown is None or shown.value != estimate.estimate.value or estimate.ci_low is None:
            continue
        name = stems(_REFERENCE_GROUP.split(row.line.label, maxsplit=1)[0])
        if low is not None and low.value == estimate.ci_low.value and name and name <= said:
            return True
    return False


def _of_a_population(paper: Paper, claim: Claim) -> bool:
    """Whether the words of a direction say which patients are meant: "particularly among patients with higher risk of death (RR 0.75)"."""
    first = max(claim.sentence[0], claim.start - BEFORE)
    return _POPULATION.search(paper.document.plain, first, min(claim.end, claim.start + 60)) is not None


def _crowded(paper: Paper, claim: Claim, estimate: Estimate) -> bool:
    """Whether another estimate, or words of the other direction, stand where the words or the ratio may belong to them."""
    first, last = sorted((claim.start, estimate.start))
    if _CLAUSE.search(paper.document.plain, min(claim.end, estimate.end), _before_sizes(paper, claim, estimate)):
        return True
    opposite = _UPWARD if claim.direction < 0 else _DOWNWARD
    between = (min(claim.end, estimate.end), max(claim.start, estimate.start))
    ends = _estimates(paper).ends
    at = bisect_right(ends, first)
    start = max(claim.sentence[0], ends[at - 1] if at else 0)  # the words behind the estimate before belong to this one
    if any(opposite.search(paper.document.plain, *part) for part in ((start, claim.start), between)):
        return True
    told = _opposites(paper).get((estimate.sentence, -claim.direction), ())
    if any(other is not claim and not _explains(paper, other, estimate) for other in told):
        return True
    starts = _estimates(paper).starts.get(estimate.sentence, [])
    return bisect_right(starts, first) < bisect_left(starts, last)


class _Places(NamedTuple):
    """Ends of all estimates, and starts of those of each sentence, in rising order."""

    ends: list[int]
    starts: dict[tuple[int, int], list[int]]


@once
def _estimates(paper: Paper) -> _Places:
    starts: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for one in sorted(paper.of_kind(Estimate), key=lambda one: one.start):
        starts[one.sentence].append(one.start)
    return _Places(sorted(one.end for one in paper.of_kind(Estimate)), starts)


@once
def _opposites(paper: Paper) -> dict[tuple[tuple[int, int], int], list[Claim]]:
    """Sentence and direction -> the claims."""
    found: defaultdict[tuple[tuple[int, int], int], list[Claim]] = defaultdict(list)
    for one in paper.of_kind(Claim):
        found[one.sentence, one.direction].append(one)
    return found


def _before_sizes(paper: Paper, claim: Claim, estimate: Estimate) -> int:
    """Where the words before a ratio end: before a bracket that holds only sizes beside it, "(k = 9; n = 1056; OR 0.54"."""
    last = max(claim.start, estimate.start)
    opened = max(paper.document.plain.rfind(sign, claim.end, last) for sign in "([") if claim.end < last else -1
    return opened if opened >= 0 and _SIZES.fullmatch(paper.document.plain, opened + 1, last) else last


def _explains(paper: Paper, other: Claim, estimate: Estimate) -> bool:
    """Whether words behind a ratio only say how it is read: "a value above 1 means a higher hazard"."""
    return (
        other.start > estimate.estimate.end
        and _MEANS.search(paper.document.plain, estimate.end, other.start) is not None
    )


def _inverse_factor(paper: Paper, claim: Claim, inverse: frozenset[str]) -> bool:
    """Whether the clause before the words names a factor from its lower side, one of two sides, or the group compared with."""
    plain = paper.document.plain
    first = max(claim.sentence[0], claim.start - BEFORE)
    cuts = [match.end() for match in _CLAUSE.finditer(plain, first, claim.start)]
    words = words_in(paper, max([first, *cuts]), claim.start)
    if _NAMED_SIDE.search(plain, max([first, *cuts]), claim.start):
        inverse = inverse - SIDES
    outcome, factor = _parted(words)
    sided = bool(_sides(outcome, inverse - TIMES) or _sides(factor, inverse))
    return sided or _compared_with(words) or _behind_than(words)


def _parted(words: list[str]) -> tuple[list[str], list[str]]:
    """The words of an outcome ("the odds of early discharge"), and the others, which may name the factor."""
    outcome: list[str] = []
    factor: list[str] = []
    inside = False
    for at, word in enumerate(words):
        if word == "of" and words[at - 1 : at] and words[at - 1] in CHANCE_WORDS:
            inside = True
        elif word in WHOSE:
            inside = False
        (outcome if inside else factor).append(word)
    return outcome, factor


def _behind_than(words: list[str]) -> bool:
    """Whether the words of a direction belong to the group compared with: "than those with workers less likely to ..."."""
    last = words[-8:]
    return any(word == "than" and THOSE.intersection(last[at + 1 : at + 2]) for at, word in enumerate(last))


def _sides(words: list[str], names: frozenset[str]) -> list[int]:
    """Where words name a thing from its lower or absent side."""
    return [
        at
        for at, word in enumerate(words)
        if (word in names or _INVERSE_FORM.fullmatch(word))
        and not (word == "alone" and _LIVING.intersection(words[max(0, at - 1) : at]))
        and not (word == "loss" and _LOST.intersection(words[max(0, at - 1) : at]))
        and not (word.endswith("-free") and _OF_SURVIVAL.intersection(words[at + 1 : at + 2]))
    ]


def _compared_with(words: list[str]) -> bool:
    """Whether the control group is the subject: it is named, and not behind "than", "versus" or "compared with"."""
    return any(
        word in COMPARED
        and not AGAINST.intersection(words[max(0, at - 4) : at])
        and not (word == "control" and CONTROLLED.intersection(words[max(0, at - 1) : at]))
        for at, word in enumerate(words)
    )


def _other_group_behind(paper: Paper, claim: Claim, estimate: Estimate, inverse: frozenset[str]) -> bool:
    """Whether another group, the other side of a factor, or the opposite of the outcome stands between words and ratio."""
    behind = words_in(paper, claim.end, estimate.start)
    if _SEX.search(paper.document.plain, claim.end, max(claim.end, estimate.start)):
        inverse = inverse - SIDES
    if inverse.intersection(words_in(paper, estimate.start, estimate.estimate.start)):
        return True
    if _VERSUS_NUMBERS.search(paper.document.plain, claim.end, max(claim.end, estimate.start)):
        return True  # "lower (33% vs 74%) (OR 5.1)": which of the two is the reference is not said
    behind = ["than" if word in ("vs", "versus") else word for word in behind]
    if "than" in behind:
        at = behind.index("than")
        if _DIGIT.search(paper.document.plain[claim.end : estimate.start]):
            return True  # "a lower rate than 23% in the other group (RR 1.5)"
        named = any(word in REFERENCE or word.startswith(("non-", "never")) for word in behind[at + 1 :][:4])
        if not named and not (_TRIAL.search(paper.document.plain, 0, FRONT) and len(behind) - at <= FEW):
            return True  # "less likely than high-risk patients (HR 3.2)": which group comes first is not said
        behind = behind[:at]
    if claim.wording.casefold().endswith("risk factor") and behind[:1] == ["for"]:
        behind = behind[2:]  # the outcome, "a risk factor for non-union"
    return bool(OPPOSED.intersection(behind)) or _side_behind(behind, inverse) or _compared_with(behind)


def _side_behind(words: list[str], inverse: frozenset[str]) -> bool:
    """Whether a side of a factor follows ("in younger patients", "was younger age"); an outcome may be early or poor."""
    return any(LEADS.intersection(words[max(0, at - 2) : at]) for at in _sides(words, inverse))


def _own_groups(paper: Paper, claim: Claim, estimate: Estimate) -> bool:
    """Whether groups, a unit or a factor of its own are printed with the ratio: "(early vs late: HR 0.58)", "(OR 2.1 for smoking)"."""
    plain = paper.document.plain
    first, last = _bracket(plain, estimate)
    words = words_in(paper, first, last)
    if any(word in OF_ITS_OWN and words[at : at + 2] not in RELATIVE for at, word in enumerate(words)):
        return True
    clause = set(words_in(paper, claim.start, first)) | TESTED
    if claim.of == "hazard":
        clause |= DEATH
    return any(word == "for" and not clause.intersection(words[at + 1 : at + 4]) for at, word in enumerate(words))


def _bracket(plain: str, estimate: Estimate) -> tuple[int, int]:
    """The brackets around an estimate, or its wording and a little more where there are none."""
    first = max(0, estimate.start - 120)
    opened = max(plain.rfind(sign, first, estimate.estimate.start) for sign in "([")
    closed = max(plain.rfind(sign, first, estimate.estimate.start) for sign in ")]")
    end = min(estimate.end + 60, estimate.sentence[1])
    if opened > closed:
        depth, stop = 1, min(opened + 400, estimate.sentence[1])
        for at in range(opened + 1, stop):
            depth += (plain[at] in "([") - (plain[at] in ")]")
            if depth == 0:
                return opened, at
        return opened, stop
    return estimate.start, end


def is_reciprocal(claim: Claim, estimate: Estimate) -> bool:
    """Whether the stated size is that of the reciprocal: "37% higher (HR 0.73)", "three times less likely (OR 2.8)"."""
    shown = estimate.estimate.printed
    if shown.value <= 0 or (shown.value > 1) == (claim.direction > 0):
        return False
    turned = shown.interval().clip(1e-300, float("inf")).reciprocal()
    if claim.size is not None:
        own = abs(100 * (1 - shown.value))
        if abs(own - claim.size.value) < abs(100 * abs(1 / shown.value - 1) - claim.size.value):
            return False  # 12% for 0.88: the size is that of the ratio itself
        low, high = (100 * (limit - 1) * claim.direction for limit in (turned.low, turned.high))
        return _near(claim.size.text, min(low, high), max(low, high))
    if claim.times is None:
        return False
    span = shown.interval() if claim.direction < 0 else turned
    return _near(claim.times.text, span.low, span.high)


def _near(text: str, low: float, high: float) -> bool:
    """Whether a stated size is one of a range; a rough one ("~ 30") is near it."""
    rough = text.startswith("~")
    stated = Printed.parse(text.lstrip("~ "))
    if rough or stated.decimals == 0:
        return low * (1 - ROUGHLY * rough) - 0.5 <= stated.value <= high * (1 + ROUGHLY * rough) + 0.5
    return stated.allows(Interval(low, high))
