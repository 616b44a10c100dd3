"""The words that give printed numbers their meaning: measures, intervals, tests, units, directions.

One word, or a short phrase, has one class (a single letter) and a value. The grammar in the other modules works on the
string of classes, so a new word is one entry here.
"""

from __future__ import annotations


def listed(words: str) -> frozenset[str]:
    """Words parted by blanks, as a set.

    >>> sorted(listed("more less"))
    ['less', 'more']
    """
    return frozenset(words.split())


# class of a token -> meaning
CLASSES: dict[str, str] = {
    "n": "a number", "k": "a number that labels or counts something else (week 12, Table 2, 11-point, 2019, a citation)",
    "%": "per cent", "=": "equals", "<": "less or more than", "~": "tilde", "(": "opening bracket", ")": "closing bracket",
    ",": "comma", ";": "semicolon", ":": "colon", "-": "dash", "/": "slash", "±": "plus-minus", "S": "end of a sentence",
    "M": "an effect measure", "L": "a proportion-like measure", "C": "an interval", "P": "P", "T": "a test letter",
    "H": "a measure of heterogeneity", "D": "degrees of freedom", "N": "n", "t": "to", "a": "and", "o": "of",
    "i": "is, was, at, equal to", "f": "in, for, among, ...", "v": "versus", "x": "respectively", "m": "mean",
    "d": "standard deviation", "e": "standard error", "q": "median", "u": "a unit that is counted", "w": "any other word",
    "*": "stars", "?": "any other mark",
}  # fmt: skip

_RATIO = {
    "or": "OR", "ors": "OR", "aor": "OR", "aors": "OR", "cor": "OR", "uor": "OR", "hr": "HR", "hrs": "HR", "ahr": "HR",
    "ahrs": "HR", "shr": "HR", "shrs": "HR", "rr": "RR", "rrs": "RR", "irr": "IRR", "airr": "IRR",
    "irrs": "IRR", "ror": "OR", "apr": "RR", "gmr": "ROM", "dor": "DOR", "smr": "SMR",
    "odds ratio": "OR", "odds ratios": "OR", "odds-ratio": "OR", "hazard ratio": "HR", "hazard ratios": "HR",
    "hazards ratio": "HR", "subhazard ratio": "HR", "sub-hazard ratio": "HR", "subdistribution hazard ratio": "HR",
    "risk ratio": "RR", "risk ratios": "RR", "relative risk": "RR", "relative risks": "RR", "rate ratio": "IRR",
    "rate ratios": "IRR", "incidence rate ratio": "IRR", "incidence rate ratios": "IRR", "prevalence ratio": "RR",
    "prevalence ratios": "RR", "relative odds": "OR", "relative hazard": "HR", "ratio of means": "ROM",
    "geometric mean ratio": "ROM", "diagnostic odds ratio": "DOR", "standardized mortality ratio": "SMR",
    "standardised mortality ratio": "SMR", "standardized incidence ratio": "SMR", "standardised incidence ratio": "SMR",
}  # fmt: skip

_DIFFERENCE = {
    "md": "MD", "mds": "MD", "wmd": "MD", "smd": "SMD", "smds": "SMD", "rd": "RD", "ard": "RD",
    "mean difference": "MD", "mean differences": "MD", "weighted mean difference": "MD", "mean change": "MD",
    "weighted mean differences": "MD", "standardized mean difference": "SMD", "standardised mean difference": "SMD",
    "standardized mean differences": "SMD", "standardised mean differences": "SMD", "between-group difference": "MD",
    "between-group differences": "MD", "treatment difference": "MD", "adjusted difference": "MD",
    "hedges' g": "SMD", "hedges’ g": "SMD", "hedges g": "SMD", "hedge's g": "SMD", "hedge’s g": "SMD",
    "cohen's d": "SMD", "cohen’s d": "SMD", "cohens d": "SMD",
    "risk difference": "RD", "risk differences": "RD", "absolute difference": "RD", "absolute risk reduction": "RD",
    "absolute risk difference": "RD", "rate difference": "RD", "difference in proportions": "RD",
    "difference": "difference", "differences": "difference", "percentage-point difference": "RD",
    "beta": "B", "β": "B", "regression coefficient": "B", "regression coefficients": "B", "coefficient": "B",
    "unstandardized coefficient": "B", "slope": "B", "estimated coefficient": "B",
}  # fmt: skip

_OTHER = {
    "arr": "ARR", "auc": "AUC", "auroc": "AUC", "aucs": "AUC", "c-index": "AUC", "c-statistic": "AUC", "c statistic": "AUC",
    "c index": "AUC", "concordance index": "AUC", "icc": "ICC", "kappa": "kappa", "κ": "kappa",
    "area under the curve": "AUC", "efficacy": "efficacy", "effectiveness": "efficacy", "correlation coefficient": "r",
    "pearson correlation": "r", "spearman's rho": "r", "rho": "r", "ρ": "r",
}  # fmt: skip

# proportion-like words: they name a number only where a per cent sign or a value from 0 to 1 stands with them
_LIKE = {
    "proportion": "proportion", "proportions": "proportion", "prevalence": "proportion", "prevalences": "proportion",
    "incidence": "proportion", "percentage": "proportion", "rate": "proportion", "rates": "proportion",
    "sensitivity": "proportion", "specificity": "proportion", "response": "proportion", "probability": "proportion",
    "frequency": "proportion", "accuracy": "proportion", "ppv": "proportion", "npv": "proportion",
    "survival": "survival", "os": "survival", "pfs": "survival", "dfs": "survival", "efs": "survival",
    "reduction": "change", "increase": "change", "decrease": "change", "change": "change", "improvement": "change",
    "mortality": "proportion", "cumulative incidence": "survival", "survival rate": "survival",
    "survival rates": "survival", "control rate": "survival", "local control": "survival",
}  # fmt: skip

_INTERVAL = {
    "ci": "confidence", "cis": "confidence", "c.i.": "confidence", "confidence interval": "confidence",
    "confidence intervals": "confidence", "confidence limits": "confidence", "confidence limit": "confidence",
    "cl": "confidence", "bootstrap ci": "credible", "bootstrapped ci": "credible",
    "cri": "credible", "crl": "credible", "cris": "credible", "credible interval": "credible",
    "credible intervals": "credible", "credibility interval": "credible", "posterior interval": "credible",
    "hdi": "credible", "hpd": "credible", "ui": "credible", "uncertainty interval": "credible",
    "prediction interval": "prediction", "predictive interval": "prediction", "prediction intervals": "prediction",
    "range": "range", "ranges": "range", "ranging": "range", "ranged": "range", "iqr": "iqr", "iqrs": "iqr",
    "interquartile range": "iqr", "inter-quartile range": "iqr", "interquartile": "iqr", "interquartile ranges": "iqr",
    "quartiles": "iqr", "q1-q3": "iqr",
}  # fmt: skip

_P = dict.fromkeys(
    ("p", "p-value", "p-values", "p value", "p values", "pvalue", "pinteraction", "ptrend", "pheterogeneity"), "p"
)

_HETEROGENEITY = {
    "i-squared": "i2", "i squared": "i2", "tau-squared": "tau2", "tau squared": "tau2", "tau": "tau", "τ": "tau",
    "h-squared": "h2",
}  # fmt: skip

_TESTS = {
    "χ": "chi2", "chi": "chi2", "chi-square": "chi2", "chi-squared": "chi2", "chi square": "chi2", "chi squared": "chi2",
    "cochran's q": "Q", "cochran’s q": "Q", "cochran q": "Q", "cochrane's q": "Q", "q statistic": "Q", "q-statistic": "Q",
}  # fmt: skip

# single letters keep their case: t is a test, T a stage; F a test, f a mark
LETTERS: dict[str, tuple[str, str]] = {
    "t": ("T", "t"), "T": ("T", "t"), "F": ("T", "F"), "z": ("T", "z"), "Z": ("T", "z"), "r": ("T", "r"), "Q": ("T", "Q"),
    "n": ("N", "n"), "N": ("N", "n"), "p": ("P", "p"), "P": ("P", "p"), "b": ("M", "B"), "B": ("M", "B"),
    "d": ("M", "SMD"), "g": ("M", "SMD"), "M": ("m", "mean"), "x": ("?", "x"),
}  # fmt: skip

_DF = dict.fromkeys(("df", "d.f.", "d.f", "dof", "degrees of freedom", "degree of freedom"), "df")

_SMALL = {
    "to": "t", "and": "a", "&": "a", "of": "o",
    "is": "i", "was": "i", "were": "i", "are": "i", "be": "i", "being": "i", "been": "i", "at": "i", "equal": "i",
    "equals": "i", "reached": "i", "averaged": "i", "estimated": "i", "approximately": "i", "about": "i", "around": "i",
    "nearly": "i", "roughly": "i", "as": "i", "only": "i", "found": "i", "with": "f", "in": "f", "for": "f", "among": "f",
    "from": "f", "between": "f", "by": "f", "on": "f", "the": "w", "a": "w", "an": "w",
    "vs": "v", "vs.": "v", "versus": "v", "v": "v", "v.": "v", "respectively": "x",
}  # fmt: skip

_SUMMARY = {
    "mean": "m", "means": "m", "average": "m", "averages": "m", "median": "q", "medians": "q",
    "sd": "d", "sds": "d", "s.d.": "d", "s.d": "d", "standard deviation": "d", "standard deviations": "d", "std": "d",
    "se": "e", "sem": "e", "s.e.": "e", "s.e.m.": "e", "standard error": "e", "standard errors": "e",
    "percent": "%", "per cent": "%", "pct": "%",
}  # fmt: skip

# what is counted, as printed -> its singular
UNITS: dict[str, str] = {}
for _words in (
    "patient patients pts", "participant participants", "subject subjects", "individual individuals", "person persons people",
    "woman women", "man men", "female females", "male males", "child children", "adult adults", "infant infants",
    "adolescent adolescents", "boy boys", "girl girls", "volunteer volunteers", "respondent respondents",
    "student students", "control controls", "case cases", "responder responders", "non-responder non-responders",
    "nonresponder nonresponders", "survivor survivors", "veteran veterans", "nurse nurses", "physician physicians",
    "study studies", "trial trials", "article articles", "rct rcts", "cohort cohorts", "report reports",
    "record records", "paper papers", "publication publications", "abstract abstracts", "citation citations",
    "lesion lesions", "metastasis metastases", "tumor tumors tumour tumours", "site sites", "fracture fractures",
    "event events", "death deaths", "hospital hospitals", "center centers centre centres", "eye eyes", "knee knees",
    "hip hips", "tooth teeth", "procedure procedures", "session sessions", "item items",
    "household households", "pregnancy pregnancies", "mother mothers", "birth births", "animal animals", "mouse mice",
    "rat rats", "sample samples", "specimen specimens", "factor factors", "component components", "gene genes",
):  # fmt: skip
    _first, *_ = _words.split()
    UNITS.update(dict.fromkeys(_words.split(), _first))
PEOPLE = listed(
    "patient participant subject individual person woman man female male child adult infant adolescent boy girl "
    "volunteer respondent student control case responder non-responder nonresponder survivor veteran nurse physician mother"
)
STUDIES = listed("study trial article rct cohort report record paper publication abstract citation")

VOCABULARY: dict[str, tuple[str, str]] = {}
for _class, _table in (
    ("M", _RATIO), ("M", _DIFFERENCE), ("M", _OTHER), ("L", _LIKE), ("C", _INTERVAL), ("P", _P), ("H", _HETEROGENEITY),
    ("T", _TESTS), ("D", _DF),
):  # fmt: skip
    VOCABULARY.update({word: (_class, value) for word, value in _table.items()})
VOCABULARY.update({word: (letter, word) for word, letter in (*_SMALL.items(), *_SUMMARY.items())})
VOCABULARY.update({word: ("u", unit) for word, unit in UNITS.items()})
VOCABULARY.update({word: ("w", word) for word in ("percentage points", "percentage point", "percent points")})

# words that begin a phrase -> the phrases, longest first, as tuples of the words that follow
PHRASES: dict[str, list[tuple[tuple[str, ...], str]]] = {}
for _phrase in VOCABULARY:
    _first, *_rest = _phrase.split()
    if _rest:
        PHRASES.setdefault(_first, []).append((tuple(_rest), _phrase))
for _list in PHRASES.values():
    _list.sort(key=lambda item: -len(item[0]))

# words that are a measure only in capitals ("OR" is not "or"), or with a number beside them
CAPITALS = listed(
    "or hr rr rd md ards ard arr irr aor ahr ror cor uor apr dor smr sd se ci cl ui os pi cri crl ppv npv ors hrs rrs"
)

_IN_ORDER = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty"
)
ONES: dict[str, int] = {word: value for value, word in enumerate(_IN_ORDER.split(), 1)}
TENS: dict[str, int] = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
# "seven", "nineteen", "thirty", "twenty-one"
SPELLED = ONES | TENS | {f"{ten}-{one}": TENS[ten] + value for ten in TENS for one, value in ONES.items() if value < 10}

# a number after one of these is a label
LABELS = listed(
    "table tables figure figures fig figs fig. figs. grade grades stage stages week weeks month months day days year years "
    "version phase section level type ref refs ref. refs. reference no no. nr item chapter equation eq eq. step visit "
    "cycle line appendix supplement box score model class group cohort arm ecog panel supplementary question q "
    "january february march april may june july august september october november december jan feb mar apr jun jul aug sep "
    "sept oct nov dec vol volume issue page pages pp grant number protocol release edition tier quartile tertile quintile "
    "factor component category criterion experiment step trial"
)

ABBREVIATIONS = listed(
    "al fig figs vs e.g i.e eq ref refs no nos dr prof mr mrs ms st inc ltd co dept univ approx ca cf resp suppl vol "
    "pp ed "
    "eds etc viz n.s s.d s.e d.f i.v p.o b.i.d q.d t.i.d u.s u.k ph.d m.d tab sec ch max min avg sd"
)

STOP_WORDS = listed(
    "a an the and or of in on at to for from by with without was were is are be been being as than that this these those "
    "it its their there which who whom whose had has have having not no nor but also we our they he she his her both "
    "either neither each all any some more most less least higher lower greater compared comparison versus vs between among "
    "after before during over under into through within up about approximately around only found reported showed shown "
    "observed respectively significantly significant statistically association associated respectively while whereas "
    "however moreover furthermore additionally similarly such other another including included did do does may might can "
    "could would should will one two three value values ratio odds interval confidence study studies et al data result "
    "results analysis increased decreased likely times fold an per cent percent total overall adjusted"
)
