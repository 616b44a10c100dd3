"""Wording with a direction, tied to the estimate it explains: "53% lower odds", "0.12-fold greater", "5.4 times more likely"."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ostealgia.audit.statements import context
from ostealgia.audit.statements.estimates import Draft
from ostealgia.audit.statements.model import Claim, Estimate, Number
from ostealgia.audit.statements.parts import RATIO_NAMES
from ostealgia.audit.statements.tokens import BOUNDS, Stream
from ostealgia.audit.statements.words import SPELLED, listed

MORE = listed(
    "higher greater increased elevated raised raises heightened larger excess increase increases increasing more"
)
LESS = listed(
    "lower lowered lowers reduced decreased smaller decrease decreases reduction reductions reduces decreasing less fewer diminished"
)
# desirable or not: a direction of what is wanted, so only with odds and chances ("better odds of response")
BETTER = listed("better improved")
WORSE = listed("worse poorer")
# a factor in one word -> (numerals, direction)
MULTIPLES: dict[str, tuple[str, int]] = {
    **dict.fromkeys(("doubled", "doubles", "doubling", "twice", "twofold", "two-fold"), ("2", 1)),
    **dict.fromkeys(("tripled", "triples", "trebled", "tripling", "threefold", "three-fold"), ("3", 1)),
    **dict.fromkeys(("quadrupled", "quadruples", "fourfold", "four-fold"), ("4", 1)),
    **dict.fromkeys(("halved", "halves", "halving", "half"), ("0.5", -1)),
}
AS_LIKELY = (["as", "likely"], ["more", "likely"])
NOUNS = {
    "odds": "odds", "risk": "risk", "risks": "risk", "hazard": "hazard", "hazards": "hazard", "likelihood": "odds",
    "probability": "probability", "chance": "probability", "chances": "probability", "mortality": "mortality", "rate": "rate",
    "rates": "rate", "incidence": "incidence", "relative risk": "risk",
}  # fmt: skip
CERTAIN_NOUNS = frozenset(("odds", "risk", "hazard"))
CHANGE_NOUNS = listed("increase reduction decrease increases reductions decreases")
VERBS_UP = listed("increased increases raised raises rose")
VERBS_DOWN = listed("reduced reduces decreased decreases lowered lowers fell declined")
VERBS = VERBS_UP | VERBS_DOWN | listed("raise reduce lower has had showed shows predicted predicts affects affect")
KINDS_OF_RISK = listed(
    "perception perceptions behaviour behaviours behavior behaviors awareness aversion profile profiles level levels category "
    "categories class classes status index indices estimate estimates assessment tolerance taking communication"
)
COPULAS = listed("is was were are")
ADVERBS = listed(
    "significantly markedly substantially independently also therefore thus consistently slightly statistically not"
)
SMALL_WORDS = listed("in of the a an relative overall adjusted their its")
BOUND_WORDS = listed("of than over under above below least aged week month day year grade stage type age")
NEGATIONS = listed("no not neither nor without cannot never non-significant nonsignificant hardly failed lack")
ROUGH = listed("approximately about almost nearly around roughly over more some up")
CONTRAST = listed("but whereas while although however though despite except")


@dataclass(frozen=True, slots=True)
class Wording:
    """A claim while it is put together. first, last : its tokens.  size, times : the token of its number."""

    first: int
    last: int
    direction: int
    of: str | None
    size: int | None = None
    times: int | None = None
    negated: bool = False


def find_claims(stream: Stream, p_numbers: set[int]) -> list[Wording]:
    """Every directional wording of a stretch, in reading order."""
    found: list[Wording] = []
    last = -1
    for i, word in enumerate(stream.words):
        if i <= last:
            continue
        one = None
        if word == "times" or word == "fold":
            one = _times(stream, i)
        elif word in VERBS_UP or word in VERBS_DOWN:
            one = _verb(stream, i)
        elif word in MULTIPLES:
            one = _multiple(stream, i)
        if one is None and (word in MORE or word in LESS or word in BETTER or word in WORSE):
            one = _direction(stream, i)
        if one is not None and one.size not in p_numbers:
            one = replace(one, negated=negated(stream, one.first))
            if found and one.first <= found[-1].last:
                one = replace(one, first=found[-1].last + 1) if one.first > found[-1].first else one
            found.append(one)
            last = one.last
    return found


def negated(stream: Stream, first: int) -> bool:
    low = max(stream.sentence(first)[0], first - 8)
    words = stream.words[low:first]
    for i in range(len(words) - 1, -1, -1):
        if words[i] in CONTRAST or (words[i] in (",", ";") and i < len(words) - 5):
            return False
        if words[i] in NEGATIONS:
            return words[i : i + 2] != ["not", "only"]
    return False


def _times(stream: Stream, i: int) -> Wording | None:
    """1.79 times greater odds / 3.4-fold increase in the likelihood / 5.4 times more likely / 0.12-fold greater odds."""
    number = i - 2 if stream.words[i] == "fold" and stream.raw[i - 1 : i] == ["-"] else i - 1
    if number < 0 or stream.kinds[number] != "n" or stream.sentence_of[number] != stream.sentence_of[i]:
        return None
    high = stream.sentence(i)[1]
    for k in range(i + 1, min(i + 4, high)):
        word = stream.words[k]
        if word in MORE or word in LESS:
            sign = 1 if word in MORE else -1
            noun, end = _noun(stream, k, high)
            if noun is None and (told := _passive(stream, k, sign, number)) is not None:
                return replace(told, times=number)
            return Wording(number, end, sign, noun, times=number) if noun else None
        if stream.kinds[k] in "n,;.":
            return None
        if (word == "as" and stream.words[k + 1 : k + 2] == ["likely"]) or (word in NOUNS and k == i + 2):
            sign = 1 if _size_value(stream, number) >= 1 else -1
            return Wording(number, k + 1 if word == "as" else k, sign, NOUNS.get(word, "odds"), times=number)
    return None


def _multiple(stream: Stream, i: int) -> Wording | None:
    """Twice as likely / half the risk / doubled the odds / a twofold increase in the risk / the risk was doubled."""
    word, sign = stream.words[i], MULTIPLES[stream.words[i]][1]
    low, high = stream.sentence(i)
    if word in ("twice", "half") and stream.words[i + 1 : i + 3] in AS_LIKELY and i + 2 < high:
        return Wording(i, i + 2, sign, "odds", times=i)
    if word.endswith("fold"):
        after = next(
            (k for k in range(i + 1, min(i + 3, high)) if stream.words[k] in MORE or stream.words[k] in LESS), None
        )
        noun, end = (None, i) if after is None else _noun(stream, after, high)
        return (
            None if after is None or noun is None or stream.words[after] in LESS else Wording(i, end, 1, noun, times=i)
        )
    for k in range(i + 1, min(i + 5, high)):
        noun = NOUNS.get(stream.words[k])
        if noun in CERTAIN_NOUNS:
            behind = stream.words[k + 1 : k + 2]
            kinds = behind != [] and (behind[0] in KINDS_OF_RISK or behind[0].startswith(("factor", "ratio", "score")))
            return None if kinds else Wording(i, k, sign, noun, times=i)
        if stream.words[k] not in SMALL_WORDS:
            break
    if word in ("twice", "half", "halving", "doubling"):
        return None
    return _was_multiplied(stream, i, sign, low)


def _was_multiplied(stream: Stream, i: int, sign: int, low: int) -> Wording | None:
    """The risk of death was doubled / the odds nearly tripled."""
    for at in range(i - 1, max(low, i - 10) - 1, -1):
        if stream.kinds[at] in "n;()PMC:,":
            return None
        noun = NOUNS.get(stream.words[at])
        if noun in CERTAIN_NOUNS:
            return Wording(i, i, sign, noun, times=i)
    return None


def _size_value(stream: Stream, i: int) -> float:
    text = stream.raw[i].lower()
    return float(SPELLED[text]) if text in SPELLED else stream.value(i)


def _noun(stream: Stream, i: int, high: int) -> tuple[str | None, int]:
    """What is more or less: "greater odds", "increase in the likelihood", "more likely", "reduction in the risk"."""
    first = stream.words[i + 1 : i + 2]
    if first == ["likely"]:
        return "odds", i + 1
    if stream.words[i] in CHANGE_NOUNS:
        steps = range(i + 1, min(i + 7, high))
    elif stream.words[i] in ("more", "less"):
        return None, i
    else:
        steps = range(i + 1, min(i + 4, high))
    free_words = 0
    for k in steps:
        word = stream.words[k]
        if stream.kinds[k] in "nS;,(iMPCa" or word in VERBS or word in MORE or word in LESS:
            return None, i
        if stream.words[k] in NOUNS or stream.raw[k].lower() in NOUNS:
            name = NOUNS.get(stream.words[k]) or NOUNS[stream.raw[k].lower()]
            if stream.words[k + 1 : k + 2] in (
                ["factors"],
                ["factor"],
                ["group"],
                ["groups"],
                ["score"],
                ["ratio"],
                ["patients"],
            ):
                return None, i
            if stream.words[k + 1 : k + 2] and stream.words[k + 1] in CHANGE_NOUNS | KINDS_OF_RISK:
                return None, i  # "a larger risk reduction", "a higher risk perception"
            if stream.words[k + 1 : k + 3] == ["of", "bias"]:
                return None, i
            return name, k
        free_words += stream.words[k] not in SMALL_WORDS
        if free_words > 1 + (stream.words[i] not in CHANGE_NOUNS):
            return None, i
    return None, i


def _direction(stream: Stream, i: int) -> Wording | None:
    """53% lower odds / 32% relative reduction in the risk / higher odds / more likely."""
    word = stream.words[i]
    sign = 1 if word in MORE or word in BETTER else -1
    high = stream.sentence(i)[1]
    noun, end = _noun(stream, i, high)
    if word in BETTER or word in WORSE:
        return Wording(i, end, sign, noun) if noun in ("odds", "probability") and stream.words[end] in NOUNS else None
    size = size_before(stream, i)
    if noun is None:
        return _passive(stream, i, sign)
    return Wording(size if size is not None else i, end, sign, noun, size=size)


def _passive(stream: Stream, i: int, sign: int, times: int | None = None) -> Wording | None:
    """The odds of response were lower / the risk of death was 32% higher / the odds were 2.4 times higher (times)."""
    low = stream.sentence(i)[0]
    size = None if times is not None else size_before(stream, i)
    k = (times if times is not None else size if size is not None else i) - 1
    while k > low and stream.words[k] in ADVERBS:
        k -= 1
    if stream.words[k] not in COPULAS or stream.words[i] in CHANGE_NOUNS | {"more", "less", "fewer"}:
        return None
    for at in range(k - 1, max(low, k - 18) - 1, -1):
        bound = stream.kinds[at] == "n" and stream.words[at - 1] in BOUND_WORDS  # "a score of 80 or more", "at week 4"
        if (
            (stream.kinds[at] in "n;()PMC:" and not bound)
            or stream.words[at] in CONTRAST
            or stream.words[at] in COPULAS
        ):
            return None
        noun = NOUNS.get(stream.words[at])
        if noun is not None and noun not in ("rate", "probability"):
            behind = stream.words[at + 1 : at + 3]
            if behind[:1] in (["factors"], ["factor"], ["group"], ["groups"], ["score"], ["scores"]) or behind == [
                "of",
                "bias",
            ]:
                return None
            first = times if times is not None else size if size is not None else i
            return Wording(first, i, sign, noun, size=size)
    return None


def size_before(stream: Stream, i: int) -> int | None:
    """The percentage right before a direction: "53% lower", "32% relative reduction"."""
    low = stream.sentence(i)[0]
    for k in range(i - 1, max(low, i - 4) - 1, -1):
        if stream.kinds[k] == "%":
            alone = stream.kinds[k - 1] == "n" and stream.words[k - 2] not in ("from", "to", "between", "-", "vs")
            return k - 1 if k > low and alone else None
        if stream.kinds[k] not in "w" or stream.words[k] in ("a", "the", "an", "absolute"):
            return None
    return None


def _verb(stream: Stream, i: int) -> Wording | None:
    """reduced the risk of death by 27% / the risk was reduced by 27%."""
    sign = 1 if stream.words[i] in VERBS_UP else -1
    low, high = stream.sentence(i)
    by = next((k for k in range(i + 1, min(i + 10, high - 2)) if stream.words[k] == "by"), None)
    if by is None or stream.kinds[by + 1 : by + 3] != "n%" or "n" in stream.kinds[i:by]:
        return None
    around = stream.words[max(low, i - 6) : by]
    noun = next((NOUNS[word] for word in reversed(around) if word in NOUNS), None)
    return Wording(i, by + 2, sign, noun, size=by + 1) if noun else None


# ---------------------------------------------------------------- tied to estimates


def tie(stream: Stream, wordings: list[Wording], drafts: list[Draft]) -> dict[int, Draft]:
    """The estimate that each wording explains (by position in the list), where the sentence leaves no doubt."""
    tied: dict[int, Draft] = {}
    ratios = [draft for draft in drafts if is_ratio(stream, draft)]
    for k, one in enumerate(wordings):
        at = stream.sentence_of[one.last]
        until = wordings[k + 1].first if k + 1 < len(wordings) else len(stream.kinds)
        behind = [draft for draft in ratios if one.last < draft.point and stream.sentence_of[draft.point] == at]
        followed = any(
            one.last < draft.point <= one.last + 14 and stream.sentence_of[draft.point] == at for draft in drafts
        )
        own = next((draft for draft in ratios if draft.point in (one.size, one.times)), None)
        if own is not None:
            tied[k] = own
        elif behind and behind[0].point < until and near(stream, one, behind[0]):
            tied[k] = behind[0]
        elif one.size is not None or one.times is not None:
            before = [d for d in ratios if d.point < one.first and stream.sentence_of[d.point] == at]
            previous = wordings[k - 1].last if k and stream.sentence_of[wordings[k - 1].last] == at else -1
            if (
                before
                and before[-1].point > previous
                and not behind
                and not followed
                and _adjoins(stream, before[-1], one)
            ):
                tied[k] = before[-1]
    return tied


def _adjoins(stream: Stream, draft: Draft, one: Wording) -> bool:
    """The wording follows the estimate in the same clause: "HR 0.68 (...), a 32% reduction in risk"."""
    last = max(draft.point, draft.limits.last if draft.limits else 0, draft.p.last if draft.p else 0)
    gap = range(last + 1, one.first)
    return len(gap) <= 12 and not any(stream.words[i] in CONTRAST or stream.kinds[i] in "n;M" for i in gap)


def is_ratio(stream: Stream, draft: Draft) -> bool:
    name = stream.values[draft.measure] if draft.measure is not None else draft.name
    return name in RATIO_NAMES


def near(stream: Stream, one: Wording, draft: Draft) -> bool:
    """No contrast, no other number of its own between wording and estimate."""
    anchor = draft.measure if draft.measure is not None and draft.measure < draft.point else draft.point
    for i in range(one.last + 1, anchor):
        if stream.words[i] in CONTRAST or (stream.kinds[i] == ";" and stream.opener[i] < 0):
            return False
    gap = stream.kinds[one.last + 1 : anchor]
    between = stream.words[one.last + 1 : anchor]
    if one.size is None and one.times is None and ("no" in between or "not" in between or "nor" in between):
        return False
    if one.size is None and one.times is None and _own_outcome(stream, one, draft):
        return False
    return anchor - one.last <= 45 and gap.count("n") <= 3


def _own_outcome(stream: Stream, one: Wording, draft: Draft) -> bool:
    """The ratio names another outcome than the wording: "the lower relapse rate was unrelated to ... (odds ratio for ... 1.1)"."""
    words = set(stream.words[one.last + 1 : draft.point])
    if draft.measure is None or draft.measure > draft.point:
        return bool(UNTIED & words)
    inside = stream.words[draft.measure + 1 : draft.point]
    named = inside[1:] if inside[:1] in (["for"], ["of"]) else []
    others = [word for word in named if word.isalpha() and len(word) > 3]
    clause = set(stream.words[max(0, one.first - 12) : draft.measure])
    if "survival" in clause:
        others = [word for word in others if word not in ("death", "mortality", "dying")]
    return bool(UNTIED & words) or (bool(others) and not clause.intersection(others))


UNTIED = listed("unrelated unassociated independent irrespective regardless")


def statement(stream: Stream, one: Wording, estimate: Estimate | None, cited: list[tuple[int, int, str]]) -> Claim:
    """The statement of a wording."""
    low, high = stream.sentence(one.last)
    start, end = stream.span(one.first, one.last)
    significant = _significance(stream, one.first, low)
    return Claim(
        start=start,
        end=end,
        sentence=stream.span(low, high - 1),
        section=stream.section,
        cell=stream.cell,
        subject=context.subject(stream, one.first, one.first),
        group=context.group(stream, one.last),
        study=context.study(stream, one.first, cited),
        direction=0 if one.negated else one.direction,
        size=_size_number(stream, one.size),
        times=_size_number(stream, one.times),
        of=one.of,
        estimate=estimate,
        significant=significant,
        wording=" ".join(stream.raw[one.first : one.last + 1]),
    )


def _size_number(stream: Stream, i: int | None) -> Number | None:
    if i is None:
        return None
    number = stream.number(i)
    if stream.words[i] in MULTIPLES:
        rough = ROUGH.intersection(stream.words[max(0, i - 1) : i]) or stream.words[max(0, i - 1) : i] == ["than"]
        return (
            None
            if rough or stream.words[i - 1] == "to"
            else Number(MULTIPLES[stream.words[i]][0], number.start, number.end)
        )
    spelled = SPELLED.get(number.text.lower())
    text = number.text if spelled is None else str(spelled)
    rough = (
        stream.words[i - 1] in ROUGH
        or stream.words[i - 2 : i] in (["more", "than"], ["up", "to"])
        or stream.kinds[i - 1] == "~"
    )
    if i and stream.kinds[i - 1] == "<":  # "> 3.5-fold"
        return Number(f"{BOUNDS.get(stream.raw[i - 1], stream.raw[i - 1])} {text}", number.start, number.end)
    return Number(f"~ {text}" if rough and i else text, number.start, number.end)


def _significance(stream: Stream, first: int, low: int) -> bool | None:
    words = stream.words[max(low, first - 5) : first + 2]
    if any(word.startswith("significan") for word in words):
        return not NEGATIONS.intersection(words)
    return None


# ---------------------------------------------------------------- claims of significance and of association

ASSOCIATION = listed("association associations correlation correlations predictor predictors relationship")
FIRM = listed("significant significantly strong strongly powerful robust independent")


def find_significance(stream: Stream, cited: list[tuple[int, int, str]], drafts: dict[int, Estimate]) -> list[Claim]:
    """ "significantly higher", "strong correlation", "no significant difference", each with the estimate it introduces."""
    found: list[Claim] = []
    for i, word in enumerate(stream.words):
        if not (word.startswith("significan") or word in ("nonsignificant", "non-significant") or _firm(stream, i)):
            continue
        if stream.words[i - 1 : i] in (["clinically"], ["of"], ["honest"], ["honestly"], ["least"]) or stream.words[
            i + 1 : i + 2
        ] in (
            ["level"],
            ["threshold"],
            ["heterogeneity"],
            ["interaction"],
            ["interactions"],
        ):
            continue
        low, high = stream.sentence(i)
        dashed = stream.words[max(low, i - 2) : i - 1] == ["non"] and stream.kinds[i - 1] == "-"
        dashed = dashed or stream.words[max(low, i - 1) : i] == ["non"]
        negated = word.startswith("non") or dashed or _denied(stream.words[max(low, i - 6) : i])
        if not negated and _doubtful(stream, low, i):
            continue
        if negated and any(raw in ("“", "”", '"', "‘", "’") for raw in stream.raw[max(low, i - 6) : i]):
            continue  # the "no calls" group
        start, end = stream.span(i, min(i + 1, high - 1))
        estimate = next((drafts[point] for point in sorted(drafts) if i < point < min(i + 40, high)), None)
        found.append(
            Claim(
                start=start,
                end=end,
                sentence=stream.span(low, high - 1),
                section=stream.section,
                cell=stream.cell,
                subject=context.subject(stream, i, i),
                study=context.study(stream, i, cited),
                direction=0,
                estimate=estimate,
                significant=not negated,
                wording=" ".join(stream.raw[i : min(i + 2, high)]),
            )
        )
    return found


APPROACHED = listed(
    "approached approaching approach nearly near near-significant borderline marginal marginally almost towards toward trend trends "
    "barely close any whether if reach the lost lose bordered borders bordering verge narrowly missed"
)
ALMOST = listed("close closely near nearly almost borderline marginally approached approaching approach")
REACHED = listed(
    "reached reaches reaching achieved achieves achieving attained attains showed shows had gained retained maintained kept with has have"
)
DENIALS = NEGATIONS | listed("none cannot no-one nothing little without fail fails")


def _denied(words: list[str]) -> bool:
    joined = next((i for i in range(len(words) - 2, -1, -1) if words[i] in (",", ";") and words[i + 1] == "with"), -1)
    words = words[joined + 1 :]  # "without infection, with significant differences"
    if any(word.startswith("non-statistic") for word in words) or "non statistic" in " ".join(words):
        return True
    return bool(NEGATIONS.intersection(words)) or any(word.endswith(("n't", "n’t")) for word in words)


def _doubtful(stream: Stream, low: int, i: int) -> bool:
    """Words of significance that claim nothing: "approached significance", "the significance", "none of the ... was significant"."""
    if stream.words[i] == "significance" and not REACHED.intersection(stream.words[max(low, i - 4) : i]):
        return True  # "of unclear significance"
    if (APPROACHED - {"the"}).intersection(stream.words[max(low, i - 3) : i]):
        return True
    if ALMOST.intersection(stream.words[max(low, i - 6) : i]):
        return True
    for k in range(i - 1, max(low, i - 30) - 1, -1):
        if stream.words[k] in CONTRAST or stream.kinds[k] == ";":
            return False
        if stream.words[k] in DENIALS or stream.words[k].endswith(("n't", "n’t")):
            return True
    return False


def _firm(stream: Stream, i: int) -> bool:
    return stream.words[i] in FIRM and stream.words[i + 1 : i + 2] != [] and stream.words[i + 1] in ASSOCIATION
