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


def tells_anew(between: str) -> bool:
    """Whether the words between the last number and the statistic start another statement.

    >>> tells_anew(" in women; age differed ("), tells_anew(") was related to diabetes, "), tells_anew("; the test gave t = ")
    (True, True, False)
    """
    if _CAUSES.search(between):
        return True
    clause = _CLAUSE.search(between)
    return clause is not None and _OTHER_WORD.search(clause["words"]) is not None
