"""What the words above a column, before a row, or around a table say about its numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from ostealgia.audit.statements.model import Number

# hint -> words that give it; the first that is found counts
HINTS: dict[str, str] = {
    "percent count": r"% ?[,(\[]? ?\(?n\b|percent(?:age)? \(n",
    "of percent": r"\bn ?/ ?n\b|\bn ?/ ?total|no\.? ?/ ?(?:total|no)",
    "count percent": r"\b(?:n|no|no\.|number|nos?\.?|count|counts|freq(?:uency)?|patients|cases|studies|events)\b[^a-z]{0,4}"
    r"(?:% ?male|% ?female|%|per ?cent|percentages?)|\bn(?:umber)? ?\w{0,12} ?\(%\)|\(n, ?%\)|\(%\)|counts? and percentages?"
    r"|frequenc(?:y|ies) and percentages?|\bn \(% (?:fe)?male\)|numbers? and percentages?",
    "mean se": r"± ?(?:sem|s\.e\.m|se)\b|mean ?\(se|standard errors?\)",
    "mean sd": r"mean ?(?:±|\+/-|\+-|and|,)? ?\(? ?(?:±|\+/-)? ?(?:sd|s\.d|standard deviation|std)|± ?(?:sd|s\b|standard deviation)"
    r"|x ?[̄¯-]? ?± ?s\b|\(sd\)|\bmean\(sd\)",
    "mean ci": r"mean \(?,? ?\(?(?:95 ?%)? ?(?:ci|confidence)",
    "mean range": r"mean ?[,(]? ?\(?range",
    "median iqr": r"median ?[,(\[]? ?[(\[]?(?:iqr|inter ?-?quartile|q1|p25|25|quartiles?)|\bm ?\( ?(?:p25|q1|iqr|q)|\(iqr\)|\biqr\b",
    "median range": r"median ?[,(\[]? ?[(\[]?(?:range|min)",
    "median": r"\bmedian\b",
    "mean": r"\bmean\b|\baverage\b",
    "percent": r"%|\bper ?cent\b|\bproportion\b",
    "count": r",? ?\bn$|\bnumber of (?:patients|cases|events)$|\bno\. of (?:patients|cases|events)$|\(n\)$",
}
_HINTS = tuple((name, re.compile(pattern)) for name, pattern in HINTS.items())

_SIZE = re.compile(
    r"\bn\s{0,9}[=:]\s{0,9}(\d{1,3}(?:,\d{3}){1,3}|\d{1,3}(?: \d{3}){1,2}(?= ?[)\],;]|\Z)|\d{1,8})"
    r"(?!\d|\.\d|,\d| ?%| ?[-–−+/] ?\d)",
    re.IGNORECASE,
)
_SIZE_WORD = re.compile(
    r"(?<![\d.,])(\d{1,3}(?:,\d{3}){1,3}|\d{1,8}) ?(?:patients|pts\.?|participants|subjects|cases|women|men|persons|individuals|"
    r"children)\b",
    re.IGNORECASE,
)
_STUDIES = re.compile(r"\b(\d{1,6}) (?:studies|trials|articles|reports|cohorts)\b", re.IGNORECASE)

_P = re.compile(r"(?:^|[\s(/|])p(?: ?-? ?values?)?(?![a-z.])|^pvalue|\bsig(?:nificance)?\b\.?|^p-?value", re.IGNORECASE)
_NOT_PLAIN_P = re.compile(
    r"trend|interaction|adjust|bonferroni|fdr|q-?value|heterogeneity|corrected|paired|\bvs\b", re.IGNORECASE
)
_STATISTICS = frozenset(["t", "f", "z", "u", "h", "w", "x2", "χ2", "chi2", "chi-square", "chisquare", "chi-squared", "chi", "square",
                         "statistic", "statistics", "h2"])  # fmt: skip
_FILL = frozenset(["value", "values", "test", "fisher", "fisher's", "exact", "or", "", "student", "student's", "the", "of",
                   "statistical", "t-test", "pearson"])  # fmt: skip
# words in lower case, and acronyms as they are printed (the word "or" is no odds ratio)
MEASURES: dict[str, tuple[str, str]] = {
    "SMD": (r"standardi[sz]ed mean diff|hedges|cohen", r"\bSMD\b"),
    "OR": (r"odds ratios?|exp ?\( ?(?:b|β|beta) ?\)", r"\b(?:a|c|u|m|adj)?\.?ORs?\b|\bA?OR\b"),
    "HR": (r"hazards? ratios?", r"\b(?:a|c|u|m|s|adj)?\.?HRs?\b|\bAHR\b|\bsHR\b"),
    "IRR": (r"rate ratios?", r"\ba?IRRs?\b"),
    "RR": (r"risk ratios?|relative risks?|prevalence ratios?", r"\ba?RRs?\b|\ba?PRs?\b"),
    "MD": (r"mean differences?", r"\bW?MD\b"),
    "B": (r"^(?:b|β|beta)\b|\bcoef(?:ficients?|\.)?\b|\bβ", r"^B$"),
    "?": (r"\bestimates?\b|\beffects?(?: size)?\b|\bdifferences?\b", r"^$"),
}
# one column for both kinds: "Odds ratio or mean difference", "RR / mean difference"
_RATIO_WORDS = r"(?:(?:odds |risk |hazards? |rate |relative ){0,2}(?:ratios?|risks?)|[a-z]{0,3}[oh]rs?|i?rrs?)"
_DIFFERENCE_WORDS = (
    r"(?:(?:mean |risk |weighted |standardi[sz]ed |regression ){0,2}(?:differences?|coefficients?)|w?md|b|β|beta)"
)
_RATIO_OR_DIFFERENCE = re.compile(
    rf"(?<![a-z]){_RATIO_WORDS}[^a-z]{{0,9}}(?:\bor\b|\band\b|/)[^a-z]{{0,4}}{_DIFFERENCE_WORDS}(?![a-z])|"
    rf"(?<![a-z]){_DIFFERENCE_WORDS}[^a-z]{{0,9}}(?:\bor\b|\band\b|/)[^a-z]{{0,4}}{_RATIO_WORDS}(?![a-z])"
)
_MEASURES = tuple(
    (name, re.compile(words, re.IGNORECASE), re.compile(acronym)) for name, (words, acronym) in MEASURES.items()
)
_NO_NAME = re.compile(
    r"\b(?:95|99|90) ?%? ?|\bci\b|confidence intervals?|univaria(?:ble|te)|multivaria(?:ble|te)|adjusted|unadjusted|crude|analys[ie]s|"
    r"model ?\d?|point|estimates?|value|effect(?: size)?s?|[^a-z]",
    re.IGNORECASE,
)
_CI = re.compile(r"\bci\b|confidence (?:interval|limit)s?|\bcri\b|credible", re.IGNORECASE)
_LOW = re.compile(r"\b(?:lower|low|ll|lcl|min)\b", re.IGNORECASE)
_HIGH = re.compile(r"\b(?:upper|high|ul|ucl|max)\b", re.IGNORECASE)
_TOTAL = re.compile(
    r"^(?:total|all|overall|whole|entire|full)\b|^sum$|\btotal\b|\ball patients\b|"
    r"^(?:combined|both)(?: (?:arms?|cohorts?|groups?|samples?|populations?|patients|participants|subjects|sexes|data))?(?:$|,? ?[(\[])",
    re.IGNORECASE,
)
_N = re.compile(
    r"^(?:n|no|no\.|nos\.?|#|n ?pts\.?|pts\.?|(?:total )?(?:sample )?size(?: ?\(n\))?|total n|"
    r"(?:total |sample )?(?:n|no\.?|number|numbers|nr\.?)(?: of)? ?(?:patients|pts\.?|participants|subjects|cases|treated|total|women|men)?"
    r"(?: ?\(?n\)?)?|(?:patients|participants|subjects|cases),? ?(?:\(?(?:n|no\.?)\)?)?|sample(?: size)?(?:,? ?\(?n\)?)?)$",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(?:before|after|pre|post|baseline|follow-?up|weeks?|months?|days?|years?|hours?|t[0-9]|admission|discharge|"
    r"pre-?treatment|post-?treatment|pretest|posttest)\b",
    re.IGNORECASE,
)
_WEIGHTED = re.compile(
    r"\bweighted|\biptw\b|inverse probability|\bimput|\bstandardi[sz]ed (?:percent|prop)|age-adjusted|least.squares",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Words in lower case with mark-up and exponents in one form."""
    flat = re.sub(r"[$\\{}_^*†‡]", "", text.replace("²", "2")).casefold()
    return re.sub(r"\s+", " ", flat).strip()


@lru_cache(maxsize=4096)
def hint_of(text: str) -> str | None:
    """What the words say about the form of the numbers, a name in HINTS.

    >>> [hint_of(words) for words in ("Male sex, n (%)", "Age, years, mean ± SD", "Age (years), median (IQR)", "Charlson index")]
    ['count percent', 'mean sd', 'median iqr', None]
    """
    flat = folded(text)
    return next((name for name, pattern in _HINTS if pattern.search(flat)), None)


def several_hints(text: str) -> frozenset[str]:
    """All forms that the words of a caption or a note name."""
    flat = folded(text)
    return frozenset(
        name for name, pattern in _HINTS if name not in ("count", "percent", "mean", "median") and pattern.search(flat)
    )


def size_in(plain: str, start: int) -> Number | None:
    """The size in "(n = 103)" or "103 patients"."""
    found = _SIZE.search(plain) or _SIZE_WORD.search(plain)
    return Number(found[1], start + found.start(1), start + found.end(1)) if found else None


def several_sizes(plain: str) -> bool:
    """Whether words name two sizes or more: those of several columns, not of one.

    >>> several_sizes("15 mg (n=131) 45 mg (n=134)"), several_sizes("Control (n = 103)")
    (True, False)
    """
    return len({found[1] for found in _SIZE.finditer(plain)}) > 1


def studies_in(plain: str, start: int) -> Number | None:
    """The number of studies in "(20 studies, N = 470)"."""
    found = _STUDIES.search(plain)
    return Number(found[1], start + found.start(1), start + found.end(1)) if found else None


def is_p(header: str) -> bool:
    """Whether a header names P values.

    >>> [is_p(words) for words in ("p-value", "P", "P value (chi-square)", "Pain", "Total")]
    [True, True, True, False, False]
    """
    return _P.search(folded(header)) is not None and len(header) < 60


def is_plain_p(header: str) -> bool:
    """Whether the P is that of comparing the groups as they stand: not of a trend, adjusted or paired."""
    return _NOT_PLAIN_P.search(folded(header)) is None


def statistics_in(header: str) -> frozenset[str]:
    """The tests a statistic column is said to hold: "t", "chi2", "F", "z", "?"; empty for another column.

    >>> sorted(statistics_in("t/X ²")), sorted(statistics_in("χ^2 value")), sorted(statistics_in("Total"))
    (['chi2', 't'], ['chi2'], [])
    """
    flat = re.sub(r"\b(x|χ|chi) ?(?=2)", r"\1", folded(header)).replace("χ 2", "χ2").replace("x 2", "x2")
    flat = flat.replace("chi-square", "chi2").replace("chi square", "chi2").replace("chi2d", "chi2")
    words = [word for word in re.split(r"[\s/,|()&]+", flat) if word not in _FILL]
    if not words or flat == "f/u" or not all(word in _STATISTICS for word in words):
        return frozenset()
    names = {"x2": "chi2", "χ2": "chi2", "chi2": "chi2", "chi": "chi2", "t": "t", "f": "F"}
    return frozenset(names.get(word, "z" if word in ("z", "u", "h", "w") else "?") for word in words)


def measure_in(text: str) -> str | None:
    """The measure a header or caption names; "?" for an estimate of unknown kind.

    >>> [measure_in(words) for words in ("Adjusted OR (95% CI)", "2006 or earlier", "Hazard ratio", "β", "Difference")]
    ['OR', None, 'HR', 'B', '?']
    """
    flat, printed = folded(text), re.sub(r"[$*_]", "", text).strip()
    if _RATIO_OR_DIFFERENCE.search(flat):
        return "?"
    if "correlation" in flat:
        return None
    return next(
        (name for name, words, acronym in _MEASURES if words.search(flat) or (printed and acronym.search(printed))),
        None,
    )


def is_nameless(header: str) -> bool:
    """Whether a header says only that an estimate or interval stands below it: the caption then names the measure."""
    return not _NO_NAME.sub("", folded(header))


def has_ci(text: str) -> bool:
    """Whether a header names an interval."""
    return _CI.search(text) is not None


def limit_in(text: str) -> str | None:
    """ "ci_low" or "ci_high" where a header names one limit."""
    if _LOW.search(text):
        return "ci_low"
    return "ci_high" if _HIGH.search(text) else None


def is_total(name: str) -> bool:
    """Whether a column holds all patients."""
    return _TOTAL.search(folded(name)) is not None


def is_n(name: str) -> bool:
    """Whether a column or row holds numbers of patients and nothing else."""
    return _N.match(re.sub(r"[,:]$", "", folded(name))) is not None


def is_time(name: str) -> bool:
    """Whether a column is a time point, so that columns hold the same patients."""
    return _TIME.search(folded(name)) is not None


def is_weighted(text: str) -> bool:
    """Whether weights, imputation or models stand between counts and percentages."""
    return _WEIGHTED.search(folded(text)) is not None


_WORD = re.compile(r"[a-z]+|\d+(?:\.\d+)?|[<>≤≥+%]")
_WEAK = frozenset(["the", "of", "and", "or", "in", "at", "on", "for", "with", "a", "an", "n", "no", "number", "present",
                   "presence", "any", "sd", "mean", "median", "iqr", "range", "years", "year", "percent", "patients",
                   "patient"])  # fmt: skip
_SAME = {"gender": "sex", "tumour": "tumor", "tumors": "tumor", "tumours": "tumor", "yrs": "year", "lesions": "lesion",
         "metastases": "metastasis", "fractures": "fracture", "haematologic": "hematologic", "men": "male", "women": "female",
         "males": "male", "females": "female", "man": "male", "woman": "female"}  # fmt: skip
_UNITS = re.compile(r"\([^()]*(?:%|±|\bsd\b|\biqr\b|\bn\b|\brange\b)[^()]*\)")


def label_key(label: str) -> tuple[str, ...]:
    """Content words of a label, for finding the same row in another table.

    >>> label_key("Male sex, n (%)") == label_key("Sex, n (% male)") == ("male",)
    True
    >>> label_key("≤ 3 lesions") == label_key("> 3 lesions"), label_key("Age, years, mean ± SD")
    (False, ('age',))
    """
    flat = folded(label).replace(">=", "≥").replace("<=", "≤")
    printed: list[str] = _WORD.findall(_UNITS.sub(" ", flat))
    words = [_SAME.get(word, word) for word in printed]
    numbers = any(word[0].isdigit() for word in words)
    kept = [word for word in words if word not in _WEAK and (numbers or word not in "<>≤≥+%")]
    everything: list[str] = _WORD.findall(flat)
    whole = [_SAME.get(word, word) for word in everything]
    sexes = sorted({word for word in whole if word in ("male", "female")})
    if sexes:
        kept = [word for word in kept if word not in ("sex", "male", "female")] + sexes
    return tuple(kept) if numbers else tuple(sorted(kept))


def common_words(first: Iterable[str], second: Iterable[str]) -> int:
    """How many words two labels share, by their first four letters."""
    stems = {word[:4] for word in first if len(word) > 2}
    return len(stems & {word[:4] for word in second if len(word) > 2})
