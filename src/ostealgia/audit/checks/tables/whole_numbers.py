"""Running text on whole numbers: means and SDs of single ratings, of zeros and ones, and P of two counts side by side."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from scipy import special

from ostealgia.audit.checks.reading.anew import tells_anew
from ostealgia.audit.checks.reading.figures import free, grouped_by_sentence, mentions
from ostealgia.audit.checks.reading.premises import lowered
from ostealgia.audit.checks.reading.text import sentences_with
from ostealgia.audit.finding import Finding
from ostealgia.audit.paper import Check, Paper
from ostealgia.audit.rules.bounds import scale_bound
from ostealgia.audit.rules.counts import chi2_vs_counts, p_values_of
from ostealgia.audit.rules.granularity import debit, grim_mean, grim_percent, grimmer
from ostealgia.audit.rules.significance import p_range
from ostealgia.audit.statements.model import Count, Mean, Number, PValue, Size, Statement, Test
from ostealgia.io.documents import gates
from ostealgia.numerics.intervals import Printed

S = TypeVar("S", bound=Statement)

WINDOW = 400  # characters of a sentence that are looked at on either side
NEAR = 14  # characters between a mean and its size: "M = 5.02, SD = 1.34, n = 35"
APART = 0.25  # normal deviates by which a less usual test of the counts may lie outside the usual ones

_WHOLE = re.compile(
    r"\bsingle[- ]item\b|\bone item\b|\bnrs\b|numeric(?:al)? rating scale|\bwhole numbers?\b|number of "
    r"(?:(?!mean|median)[a-z\-]+ )?(?:lesions|metastases|fractures|"
    r"fractions|children|visits|sessions|episodes|falls|attacks|analgesics|drugs|medications|doses|comorbidities|admissions|days)"
)
_NOT_PEOPLE = re.compile(  # "all four sessions" are no four patients
    r"\s{0,3}(?:[a-z\-]+ )?(?:lesions|metastases|fractures|fractions|visits|sessions|"
    r"episodes|falls|attacks|drugs|doses|days|weeks|months|times)\b"
)
_DERIVED = re.compile(
    r"\bitems\b|averag|\bchange|differen|reduc|decreas|increas|improve|adjusted|least.squares|imputed|weighted|estimated|model|"
    r"\bsum|composite|subscale|total score|standardi[sz]ed|log|per (?:day|week|month|year|cent)|%"
)
_SAME_SIZE = re.compile(r"\bthe same \d{1,4} (?:patients|participants|subjects|persons|women|men|children)")
_CODED = re.compile(
    r"\bcoded\b[^.;]{0,40}\b0\b[^.;]{0,40}\b1\b|\b(?:binary|dichotomous|yes-no|yes/no)\b[^.;\d]{0,30}\b0 ?(?:/|,|or|and|=)[^.;\d]{0,12}1\b|"
    r"\b0 ?= ?(?:no|absent)\b[^.;\d]{0,12}\b1 ?= ?(?:yes|present)\b"
)
_ENDS = re.compile(
    r"\b(?:on (?:the|an?) ([05]) ?(?:to|-) ?(10|100)[- ](?:points? )?(?:nrs|vas|numeric|visual|rating|pain)|"
    r"(?:from|scale|item|rating|nrs|\(|points?)[ (:]{0,3}(?:of |from )?([0-5]) ?(?:to|-) ?(5|6|7|9|10|11|100)\b)"
)
_OTHER_TEST = re.compile(
    r"log-?rank|adjust|paired|mcnemar|trend|regress|matched|model|weighted|mixed|inferior|one-?sided|one-?tailed|surviv|kaplan|"
    r"cochran|mantel|generali[sz]ed|cluster|interaction|bonferroni|\bhazard|\bodds|\brisk ratio|relative risk|\bgray|"
    r"sensitivity|specificity|goodness|hosmer"
)
_SAME_PATIENTS = re.compile(
    r"baseline|before|after|follow-up|\bpre|\bpost|months?\b|weeks?\b|days?\b|years?\b|sides?\b|visit"
)

# two counts of the same patients: of a change since the start, or of two measures ("A and B levels rose in 24/54 and 22/55 cases")
_SINCE = re.compile(
    r"\b(?:relative|compared|in relation|in comparison) (?:to|with) (?:the )?(?:\w+ )?(?:baseline|pre-?\s?treatment|start)|"
    r"\b(?:from|over|above|below) (?:the )?(?:baseline|pre-?\s?treatment)|\bchange[sd]? from\b"
)
_TWO_MEASURES = re.compile(
    r"\b[\w-]+ and [\w-]+ (?:levels|concentrations|titers|titres|expressions?|positivity|markers|antibodies|mutations|scores)\b"
)
_ARMS = re.compile(r"\b(?:groups?|arms?|controls|cohorts?)\b")
_COMPARED = re.compile(
    r"\b(?:versus|vs|than|against|groups?|arms?|controls?|placebo|cohorts?|untreated|with and without)\b|"
    r"\bcompared (?:with|to) (?!(?:the )?(?:\w+ )?(?:baseline|pre))"
)


def means_of_whole_numbers(paper: Paper) -> Iterator[Finding]:
    """GRIM, GRIMMER, DEBIT and the ends of the scale, where the sentence says what kind of number it is and how many."""
    sizes = grouped_by_sentence(size for size in paper.of_kind(Size) if size.n.value >= 2)
    means = [
        mean for mean in free(paper, Mean) if mean.cell is None and mean.spread is not None and mean.spread_kind != "se"
    ]
    alone = _alone(means)
    for mean in means:
        words = _before(paper, mean)
        coded, whole = _CODED.search(words), gates.search(_WHOLE, words) and not _DERIVED.search(words)
        ends = _ENDS.search(words) if _ENDS.search(_behind(paper, mean)) is None else None
        if not (coded or whole or ends):
            continue
        same = _SAME_SIZE.search(_words(paper, mean)) is not None
        people = [one for one in sizes.get(mean.sentence, []) if not _NOT_PEOPLE.match(paper.document.plain, one.n.end)]
        n = _size_of(mean, people, mean.sentence in alone, same)
        yield from _judged(paper, mean, n, bool(coded), bool(whole), ends)


def _judged(
    paper: Paper, mean: Mean, n: int | None, coded: bool, whole: bool, ends: re.Match[str] | None
) -> Iterator[Finding]:
    spread = mean.spread
    if spread is None or spread.value < 0 or {mean.mean.printed.relation, spread.printed.relation} != {"="}:
        return
    place = paper.place(mean.start, mean.end)
    if coded:
        if n is not None and 0 <= mean.mean.value <= 1:
            yield debit(mean.mean.printed, spread.printed, n, place=place)
        return
    if ends is not None and not _DERIVED.search(_before(paper, mean)):
        low, high = (float(end) for end in ends.groups() if end is not None)
        yield scale_bound(mean.mean.printed, low, high, sd=spread.printed, n=n, what="the mean", place=place)
    if not whole or n is None:
        return
    first = grim_mean(mean.mean.printed, n, place=place)
    yield _weighed(first)
    if not first.flagged:
        yield _weighed(grimmer(mean.mean.printed, spread.printed, n, place=place))


_FRACTION = re.compile(
    r"(?<![\w.,/\-])(\d{1,5})\s{0,2}(?:/|(?:out\s{1,2})?of\s{1,2}(?:the\s{1,2}|all\s{1,2})?)\s{0,2}(\d{1,5})"
    r"(?![\w/]|[.,]\d|\s{0,2}%)"
)
_BETWEEN = re.compile(r"\b(?:vs\.?|versus|compared\s{1,2}(?:with|to)|and|against|other\s{1,2}(?:group|arm)|control)\b")
_SHARE = re.compile(r"%|\bmmhg\b|\bvision\b|\bacuity\b|\bnos\b|\bscor|\bpoints?\b|\bratio\b|\bscale\b")


def p_of_two_fractions(paper: Paper) -> Iterator[Finding]:
    """chi2-vs-counts for "38 of 62 patients with A versus 24 of 60 with B (P = 0.19)", and the chi-square beside them."""
    values = _once(free(paper, PValue))
    statistics = _once(one for one in free(paper, Test) if one.test == "chi2")
    for sentence in {*values, *statistics}:
        words = paper.document.plain[sentence[0] : sentence[1]]
        found = list(_FRACTION.finditer(words)) if len(words) < 1200 else []
        if len(found) != 2 or _SHARE.search(words.casefold()) or _OTHER_TEST.search(words.casefold()):
            continue
        p, test = values.get(sentence), statistics.get(sentence)
        printed = p.p_value if p is not None else test.p_value if test is not None else None
        last, at = found[1].end(), min(one.start for one in (p, test) if one is not None) - sentence[0]
        if not _BETWEEN.search(words[found[0].end() : at].casefold()) or not 0 <= at - last <= 160 or (p and test):
            continue
        if at > last and tells_anew(words[last:at]):
            continue
        if test is not None and test.df and any(one.value > 1 for one in test.df):
            continue  # a test of more than two fractions
        table = [[int(match[1]), int(match[2]) - int(match[1])] for match in found]
        folded = words.casefold()
        if not _comparable(table) or _at_two_times(folded) or of_same_patients(folded):
            continue
        yield from _of_fractions(paper, table, test, printed)


def _at_two_times(folded: str) -> bool:
    """Whether a sentence may tell of two times; one time, of two groups that are named, is that of both."""
    times = len(_SAME_PATIENTS.findall(folded))
    return times > 1 or (times == 1 and len(_ARMS.findall(folded)) < len("AB"))


def _once(statements: Iterable[S]) -> dict[tuple[int, int], S]:
    """Statements of running text by sentence, for sentences that have one."""
    found: dict[tuple[int, int], list[S]] = {}
    for one in statements:
        if one.cell is None and one.study is None:
            found.setdefault(one.sentence, []).append(one)
    return {sentence: several[0] for sentence, several in found.items() if len(several) == 1}


def _comparable(table: list[list[int]]) -> bool:
    """Two groups of five or more, with and without something."""
    return min(min(row) for row in table) >= 0 and min(sum(row) for row in table) >= 5 and any(
        sum(column) for column in zip(*table, strict=True)
    ) and all(sum(column) > 0 for column in zip(*table, strict=True))  # fmt: skip


def _of_fractions(paper: Paper, table: list[list[int]], test: Test | None, p: Number | None) -> Iterator[Finding]:
    columns = [list(column) for column in zip(*table, strict=True)]
    if test is not None and not test.df:
        place = paper.place(test.start, test.end)
        found = chi2_vs_counts(columns, test.statistic.printed, p.printed if p else None, place=place)
        yield replace(found, basis="judgement") if found.flagged else found
    if p is None or not 0 <= p.value <= 1:
        return
    found = chi2_vs_counts(columns, None, p.printed, place=paper.place(p.start, p.end))
    if found.flagged and mentions(paper, *CLUSTERED) and (found.recomputed or 0) < p.value:
        yield lowered(found, _IN_CLUSTERS)
        return
    if found.flagged and _distance(p.printed, list(p_values_of(columns).values())) < APART:
        return
    yield replace(found, basis="judgement") if found.flagged else found


_SCALED = re.compile(
    r"\b(?:nrs|vas|numeric(?:al)?\s{1,3}rating\s{1,3}scale|visual\s{1,3}analogue?\s{1,3}scale|pain\s{1,3}(?:scores?|ratings?|scale))\b[^.;()\d]{0,40}"
    r"\(\s{0,2}(?:range,?\s{0,2}|scale,?\s{0,2}|from\s{0,2})?0\s{0,2}(?:-|–|to)\s{0,2}(10|100)\s{0,2}(?:points?|mm|cm)?\s{0,2}\)"
    r"[^.;()\d]{0,60}?\b(?:was|were|of|is|averaged)\s{1,3}(\d{1,4}(?:\.\d{1,3})?)(?!\s{0,2}(?:%|patients|points?\s{1,3}(?:lower|higher)|/))",
    re.I,
)


_MILLIMETRES = re.compile(r"\s{0,2}mm\b")


def scores_on_their_scale(paper: Paper) -> Iterator[Finding]:
    """scale-bound for "mean NRS pain (0-10) was 11.2": the ends of the scale stand in brackets before the number."""
    for sentence in sentences_with(paper.document, _SCALED):
        for match in _SCALED.finditer(sentence.text):
            number = sentence.number(match, 2)
            if float(match[1]) == 10 and _MILLIMETRES.match(sentence.text, match.end(2)):
                continue  # the limits are centimetres
            place = paper.place(number.start, number.end)
            yield scale_bound(number.printed, 0.0, float(match[1]), what="the score", place=place)


_KARNOFSKY = re.compile(
    r"\bkarnofsky\b[^.;()\d]{0,50}?\b(?:was|of|is)\s{1,3}(\d{2,3}(?:\.\d)?)(?![\d.,]?\d|\s{0,2}(?:%|patients|to\b|-))",
    re.I,
)
_ROC = re.compile(
    r"\b(?:AUROC|c-statistic|c-index|area\s{1,3}under\s{1,3}the\s{1,3}(?:ROC|receiver)[^.;()\d]{0,40}?)\s{0,3}(?:\(AUC\)\s{0,3})?"
    r"(?:was|of|is|=)\s{0,3}(\d\.\d{1,3})(?!\d|\s{0,2}[a-z%])",
    re.I,
)
_BOUNDED = ((_KARNOFSKY, 100.0), (_ROC, 1.0))


def scores_within_bounds(paper: Paper) -> Iterator[Finding]:
    """scale-bound for scores that have one scale everywhere: Karnofsky's (0 to 100), an area under a ROC curve (0 to 1)."""
    for sentence in sentences_with(paper.document, _KARNOFSKY, _ROC):
        for pattern, high in _BOUNDED:
            for match in pattern.finditer(sentence.text):
                number = sentence.number(match)
                place = paper.place(number.start, number.end)
                yield scale_bound(number.printed, 0.0, high, what="the score", place=place)


_PEOPLE = (
    r"(?:patients?|participants|subjects|individuals|women|men|children|adults|persons|people|volunteers|caregivers|"
    r"relatives|respondents)"
)
_SHARE_OF = re.compile(
    rf"^\W{{0,3}}(?:of|among|in)\s{{1,3}}(?:the\s{{1,3}}|these\s{{1,3}}|our\s{{1,3}}|all\s{{1,3}}|a\s{{1,3}}group\s{{1,3}}of\s{{1,3}})?(\d{{2,4}})\s{{1,3}}"
    rf"(?:[a-z\-]+\s{{1,3}}){{0,2}}?{_PEOPLE}\b[^.;:()\d]{{0,60}}?(?:,\s{{1,3}}|\s{{1,3}})(?:the\s{{1,3}}(?:[a-z\-]+\s{{1,3}}){{0,2}}?"
    r"(?:response|complication|recurrence|toxicity|remission|infection)\s{1,3}rate\s{1,3}was\s{1,3})?(\d{1,2}(?:\.\d{1,2})?)\s{0,2}%",
    re.I,
)
_NO_SHARE = re.compile(
    r"surviv|kaplan|actuarial|cumulative|estimat|pooled|\bmean|median|average|sensitiv|specific|accura|reduc|increas|decreas|"
    r"improve|change|"
    r"weight|predict|imput|adjust|model|approximat|\babout|nearly|almost|around|roughly|over\b|more than|less than|"
    r"at least|up to|below|above|"
    r"lesion|tumou?r|specimen|sample|eyes|teeth|visits|episodes|cycles|samples|of (?:these|those|whom|which|all)|"
    r"volume|dose|variance|time|days"
)


def shares_of_groups(paper: Paper) -> Iterator[Finding]:
    """GRIM for "Of 28 patients with fever, 41% had pain flare": the only two numbers of a sentence that begins with the patients."""
    for sentence in sentences_with(paper.document, _SHARE_OF):
        match = _SHARE_OF.match(sentence.text) if sentence.section in ("abstract", "results", "other") else None
        if (
            match is None
            or len(re.findall(r"\d+(?:\.\d+)?", sentence.text)) != 2
            or _NO_SHARE.search(sentence.text.casefold())
        ):
            continue
        n, percent = int(match[1]), sentence.number(match, 2)
        if n < 10 or (n < 30 and "." not in percent.text and percent.value % 5 == 0):
            continue  # a rough share of a few
        yield _weighed(grim_percent(percent.text, n, place=paper.place(percent.start, percent.end)))


# "80/90 male ... 70/85 female": two attributes, or two groups
_SEXES = (re.compile(r"\b(?:male|men|boys)\b"), re.compile(r"\b(?:female|women|girls)\b"))
_SLASHED = re.compile(r"(?<![\w.,/])(\d{1,6})\s?/\s?(\d{1,6})(?![\w/]|[.,]\d)")
CLUSTERED = (
    "cluster random",
    "cluster-random",
    "cluster trial",
    "multilevel",
    "multi-level",
    "mixed model",
    "mixed-effects model",
    "mixed effects model",
    "glimmix",
    "estimating equation",
)
_IN_CLUSTERS = "the paper analyses clusters, whose P is larger"


def p_of_two_counts(paper: Paper) -> Iterator[Finding]:
    """chi2-vs-counts for a sentence with two counts of two groups and one P."""
    counts: dict[tuple[int, int], list[Count]] = {}
    for count in free(paper, Count):
        if count.cell is None and count.count is not None and count.n is not None:
            counts.setdefault(count.sentence, []).append(count)
    values: dict[tuple[int, int], list[PValue]] = {}
    for value in free(paper, PValue):
        values.setdefault(value.sentence, []).append(value)
    for sentence, pair in counts.items():
        p = values.get(sentence, [])
        if (
            len(pair) == 2
            and len(p) == 1
            and pair[1].end <= p[0].start <= pair[1].end + 160
            and _two_groups(paper, pair)
        ):
            yield from _tested(paper, pair, p[0])


def _two_groups(paper: Paper, pair: list[Count]) -> bool:
    """Whether the two counts stand for two groups and an unadjusted comparison is not ruled out by a word."""
    words = _words(paper, pair[0])
    if _OTHER_TEST.search(words) or any(count.study is not None for count in pair):
        return False
    if all(trait.search(words) for trait in _SEXES) or not _only_fractions(paper, pair):
        return False
    if of_same_patients(words):
        return False
    first, second = pair
    same_n = first.n is not None and second.n is not None and first.n.value == second.n.value
    return not (same_n and _SAME_PATIENTS.search(words))


def of_same_patients(words: str) -> bool:
    """Whether two counts are told of one group: of a change since the start, or of two measures, with nothing compared."""
    return bool(_SINCE.search(words) or _TWO_MEASURES.search(words)) and _COMPARED.search(words) is None


def _only_fractions(paper: Paper, pair: list[Count]) -> bool:
    """Whether the sentence prints no third fraction ("5.6%, 19/337, ... 17/130 versus 2/141"): which are compared is then certain."""
    words = paper.document.plain[pair[0].sentence[0] : pair[0].sentence[1]]
    read = {(int(one.count.value), int(one.n.value)) for one in pair if one.count is not None and one.n is not None}
    return {(int(m[1]), int(m[2])) for m in _SLASHED.finditer(words)} <= read


def _tested(paper: Paper, pair: list[Count], p: PValue) -> Iterator[Finding]:
    table = [[], []]  # type: list[list[int]]
    for count in pair:
        if count.count is None or count.n is None:
            return
        part, whole = int(count.count.value), int(count.n.value)
        if not 0 <= part <= whole or whole < 2:
            return
        table[0].append(part)
        table[1].append(whole - part)
    if min(sum(row) for row in table) == 0 or not 0 <= p.p_value.value <= 1:
        return
    found = chi2_vs_counts(table, None, p.p_value.printed, place=paper.place(p.start, p.end))
    if found.flagged and mentions(paper, *CLUSTERED) and (found.recomputed or 0) < p.p_value.value:
        yield lowered(found, _IN_CLUSTERS)
        return
    if found.flagged and _apart(p, list(p_values_of(table).values())) < APART:
        return
    yield replace(found, basis="judgement") if found.flagged else found


def _apart(p: PValue, values: list[float]) -> float:
    """Distance in normal deviates between the printed P and the nearest two-sided or one-sided P of the counts."""
    return _distance(p.p_value.printed, values)


def _distance(p: Printed, values: list[float]) -> float:
    box = p_range(p)
    nearest = []
    for value in [*values, *(value / 2 for value in values)]:
        inside = min(max(value, box.low), box.high)
        ends = [float(special.ndtri(min(max(x, 1e-300), 1.0) / 2)) for x in (value, inside)]
        nearest.append(abs(ends[0] - ends[1]))
    return min(nearest)


def _weighed(found: Finding) -> Finding:
    """A flag here rests on two things that are not printed: every person has a value, and it is one whole number."""
    return replace(found, basis="judgement", severity="minor") if found.flagged else found


def _before(paper: Paper, mean: Mean) -> str:
    """The words of the sentence up to the mean."""
    return paper.document.plain[max(mean.sentence[0], mean.start - WINDOW) : mean.end].casefold()


def _behind(paper: Paper, mean: Mean) -> str:
    """The words right behind the mean: a scale of its own there ("5.3 (on a scale of 1-9)")."""
    return paper.document.plain[mean.end : min(mean.sentence[1], mean.end + 50)].casefold()


def _words(paper: Paper, statement: Statement) -> str:
    start, end = statement.sentence
    return paper.document.plain[max(start, statement.start - WINDOW) : min(end, statement.end + WINDOW)].casefold()


def _alone(means: list[Mean]) -> set[tuple[int, int]]:
    """Sentences with one mean."""
    once: dict[tuple[int, int], int] = {}
    for mean in means:
        once[mean.sentence] = once.get(mean.sentence, 0) + 1
    return {sentence for sentence, count in once.items() if count == 1}


def _size_of(mean: Mean, sizes: list[Size], alone: bool, same: bool = False) -> int | None:
    """The size beside the mean, or the only size of a sentence with one mean, or of one about "the same 19 patients"."""
    if mean.n is not None:
        return int(mean.n.value)
    beside = {int(s.n.value) for s in sizes if -NEAR <= mean.start - s.end <= NEAR or 0 <= s.start - mean.end <= NEAR}
    if len(beside) == 1:
        return beside.pop()
    values = {int(size.n.value) for size in sizes}
    return values.pop() if (alone or same) and len(values) == 1 else None


BOUNDS: tuple[Check, ...] = (scores_within_bounds, shares_of_groups)
CHECKS: tuple[Check, ...] = (
    means_of_whole_numbers,
    p_of_two_counts,
    p_of_two_fractions,
    scores_on_their_scale,
    *BOUNDS,
)
