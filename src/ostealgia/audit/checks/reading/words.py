"""Words of a paper as far as two places can be compared by them: stems without endings, a few field synonyms."""

from __future__ import annotations

import re
from functools import lru_cache

from ostealgia.audit.statements.words import ONES, TENS

_STOP = """a about above after all also although among an and any approximately are as at be because been before being below
    between both but by can could did do does due during each either et al etc every few for from further had has have
    having he her his how however i if in including into is it its itself less like likely may mean median might more most much n
    no nor not of on only or other our out over overall own per p range respectively same sd se she should showed shown
    significant significantly similar similarly since so some study studies such than that the their them then there these they this those
    through thus to too total under until up value values versus vs was we were what when where whether which while who
    whom with within without would yes year years ci patient patients reported observed found compared associated result
    results group groups table figure fig number data analysis"""
STOP = frozenset(_STOP.split())

# words of the field that stand for one thing
SAME: dict[str, str] = {
    "tox": "adverse", "toxicity": "adverse", "complication": "adverse", "ae": "adverse", "sae": "adverse",
    "prevalence": "incidence", "frequency": "incidence", "men": "male", "women": "female", "gender": "sex", "death": "mortality",
    "died": "mortality", "mortalities": "mortality", "tr": "response", "responder": "response", "responded": "response", "mo": "month",
    "pts": "patient", "metastase": "metastasis", "metastatic": "metastasis", "metastases": "metastasis", "diabetic": "diabete",
    "smoker": "smoking", "smoke": "smoking", "hypertensive": "hypertension", "nauseous": "nausea", "relapse": "recurrence",
}  # fmt: skip

_WORD = re.compile(r"[^\W\d_][^\W_]*")
_ENDINGS = (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("xes", "x"), ("s", ""))


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A word without its plural ending, and with the field's synonyms as one.

    >>> stem("Studies"), stem("toxicities"), stem("metastases"), stem("pelvis")
    ('study', 'adverse', 'metastasis', 'pelvis')
    """
    low = word.casefold()
    if low in SAME:
        return SAME[low]
    if len(low) > 3 and not low.endswith(("ss", "us", "is")):
        for ending, instead in _ENDINGS:
            if low.endswith(ending):
                low = low[: -len(ending)] + instead
                break
    return SAME.get(low, low)


def stems(text: str) -> frozenset[str]:
    """The content words of a text, as stems.

    >>> sorted(stems("Number of bone metastases, n (%)"))
    ['bone', 'metastasis']
    """
    return frozenset(stem(word) for word in _WORD.findall(text) if len(word) > 1 and word.casefold() not in STOP) - {
        "patient",
        "study",
    }


def overlap(first: frozenset[str], second: frozenset[str]) -> float:
    """Shared words over those of the smaller set; 0 where one is empty.

    >>> overlap(frozenset({"bone", "pain"}), frozenset({"pain"}))
    1.0
    """
    smaller = min(len(first), len(second))
    return len(first & second) / smaller if smaller else 0.0


WORD_NUMBERS: dict[str, int] = {"zero": 0, **ONES}


def spelled(text: str) -> int | None:
    """A whole number from digits or words, None where the text is neither.

    >>> spelled("24"), spelled("twenty-one"), spelled("1,445"), spelled("many")
    (24, 21, 1445, None)
    """
    low = text.strip().casefold().replace(",", "")
    if low.isascii() and low.isdigit():
        return int(low) if len(low) < 12 else None
    if low in WORD_NUMBERS:
        return WORD_NUMBERS[low]
    ten, _, one = low.replace("-", " ").partition(" ")
    if ten not in TENS:
        return None
    return TENS[ten] + (WORD_NUMBERS.get(one, 0) if one else 0)


_TIME = re.compile(
    r"\b(\d{1,3}|one|two|three|four|five|six|twelve)[ -](day|week|month|year|hour)s?\b(?! old)|\b(baseline|discharge)\b",
    re.I,
)
_GROUP = re.compile(
    r"\b(men|women|males?|females?|boys|girls|children|adults|left|right|upper|lower|systolic|diastolic|LV|RV|first|second|third|before|after|"
    r"univaria\w+|multivaria\w+|unadjusted|crude|adjusted|subgroup|cases|controls|training|validation|derivation|mild|moderate|severe|complete|partial)\b",
    re.I,
)


def at_odds(first: str, second: str) -> bool:
    """Whether two texts name different times, or different groups, sides or models: their numbers are of two things.

    >>> at_odds("pain at 3 months in men", "pain at 6 months in men"), at_odds("pain at 3 months", "pain")
    (True, False)
    """
    for kind in (_TIME, _GROUP):
        mine, theirs = ({found[0].casefold() for found in kind.finditer(text)} for text in (first, second))
        if mine and theirs and not mine & theirs:
            return True
    return False
