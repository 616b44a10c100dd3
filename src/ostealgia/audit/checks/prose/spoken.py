"""Shares told in round words: is "3 out of 4 (76%)" a part of four patients, or a way to say three quarters?"""

from __future__ import annotations

import re

from ostealgia.audit.statements.model import Count

WHOLES = (2, 3, 4, 5, 10)  # of figures of speech
ROUND_WORDS = 5.0  # points that such a figure may be off
_OUT_OF = re.compile(r"\s{1,2}(?:out\s{1,2}of|in)\s{1,2}(?:every\s{1,2})?", re.IGNORECASE)
_CITED = re.compile(
    r"\[\d{1,3}(?:\s?[,\u2013-]\s?\d{1,3})*\]|\([A-Z][a-z]+[^()]{0,60}\b(?:19|20)\d\d[a-z]?\)|"
    r"(?:(?<=[a-z]{4})|(?<=[.,]))[\u00b9\u00b2\u00b3\u2074-\u2079]"
)


def figure_of_speech(plain: str, count: Count, between: str) -> bool:
    """Whether a cited percentage is told in round words as well: "3 out of 4 (76%) hospitals had adopted one [33]".

    plain : the text of the document.  between : the words between the part and its whole.
    """
    if count.count is None or count.n is None or count.percent is None or not 0 < count.n.value <= max(WHOLES):
        return False
    near = abs(count.percent.value - 100 * count.count.value / count.n.value) <= ROUND_WORDS
    told = near and _OUT_OF.fullmatch(between) is not None
    if told and count.count.value == 1:
        return True  # "one out of 7 (14.6%)"
    return told and count.n.value in WHOLES and _CITED.search(plain, count.percent.end, count.sentence[1]) is not None
