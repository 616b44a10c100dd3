"""Whether the words between numbers and a statistic begin to tell of something else, so that the statistic is not of these numbers."""

from __future__ import annotations

import re

# words that may stand between numbers and their statistic, even as a new clause
_OF_TESTS = (
    r"the|this|that|it|a|an|by|on|of|for|in|at|with|without|was|were|is|are|gave|giving|yielded|not|no|and|or|statistically|significant(?:ly)?|"
    r"difference|between|groups?|unpaired|independent|samples?|two|student\S*|welch\S*|pearson\S*|chi\S*|fisher\S*|yates\S*|tests?|"
    r"statistics?|values?|corrected|uncorrected|correction|continuity|degrees|freedom|exact|p|t|df|n|resulting"
)
_CLAUSE = re.compile(r"[;:]\s{1,3}(?P<words>[^;:()\d]{3,80})[(,]?[^;:()\d]{0,20}$", re.I)
_OTHER_WORD = re.compile(rf"\b(?!(?:{_OF_TESTS})\b)[a-z-]{{3,}}", re.I)
_CAUSES = re.compile(r"\b(?:related|associated|correlated|depend(?:ed|ent)|predict\w*|due|linked)\b", re.I)

# a subject with its verb, told behind the numbers of something else
_SUBJECT = re.compile(
    r"(?:[,;:]\s{1,3}|\b)(?:and|but|while|whereas|although|though)\s{1,3}(?P<joined>[^,;:()\d]{2,60}?)\s{1,3}(?P<verb>was|were|is|are|did|had|has)\b|"
    r"[,;:]\s{1,3}(?P<bare>[a-z][^,;:()\d]{1,60}?)\s{1,3}(?:was|were|did)\b",
    re.I,
)
_DIFFERENCE = re.compile(
    r"\b(?:differences?|this|that|these|those|it|they|both|which|groups?|arms?|tests?|comparison|result|effect|p|who|whom|where|there|none|values?)\b",
    re.I,
)


def another_subject(between: str) -> bool:
    """Whether a clause with a subject of its own stands between the numbers and the statistic.

    >>> another_subject(" with B, and more women were treated ("), another_subject(" with B, and the difference was small (")
    (True, False)
    """
    return any(_DIFFERENCE.search(match["joined"] or match["bare"]) is None for match in _SUBJECT.finditer(between))


def tells_anew(between: str) -> bool:
    """Whether the words between the last number and the statistic start another statement.

    >>> tells_anew(" in women; age differed ("), tells_anew(") was related to diabetes, "), tells_anew("; the test gave t = ")
    (True, True, False)
    """
    if _CAUSES.search(between):
        return True
    clause = _CLAUSE.search(between)
    return clause is not None and _OTHER_WORD.search(clause["words"]) is not None
