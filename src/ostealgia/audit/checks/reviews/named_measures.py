"""heterogeneity in one sentence, whatever stands between name and number: "Cochran's Q 14.2, df 8, P = 0.077; I2 44%".

A sentence is read where it names Q (or chi-square beside I2 or heterogeneity) once, with its degrees of freedom, and prints beside
it I2, H, P or the number of studies. Sentences with two sets of measures are left alone, and what ``review_heterogeneity`` has
read is not told twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reading.text import COUNT, Sentence, loose, sentences_with
from ostealgia.audit.checks.reading.words import spelled
from ostealgia.audit.finding import Cause, Finding, judge, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.heterogeneity_measures import heterogeneity
from ostealgia.audit.rules.p_values import p_vs_statistic
from ostealgia.audit.rules.significance import show_range
from ostealgia.audit.statements.model import Heterogeneity, Test
from ostealgia.audit.statements.words import listed
from ostealgia.numerics.intervals import Interval, Printed

_N = r"\d{1,4}(?:[.·]\d{1,4})?"
_GLUE = (
    r"\s?(?:\((?:\d{1,3}|[Qdf ]{1,4})\)\s?)?(?:(?:statistic|value|test)\s)?(?:for\s[a-z \-]{2,50}?\s)?(?:was|were|is|of|=|:|at|"
    r",)?\s?(?:only\s)?"
)
_Q = loose(
    rf"(?:\b(?:cochran(?:['’]?s)?\s)?Q\b|\bcochran(?:['’]?s)?\s(?:test|"
    rf"statistic))(?!\s?-)(?:\s?[(\[]\s?(?:df\s?=\s?)?(?P<qdf>\d{{1,3}})\s?[)\]])?{_GLUE}(?P<q>{_N})(?!\s?%)"
)
_CHI = loose(
    rf"(?:\bchi[\s-]?squared?|\bchi\s?[²2]|χ\s?[²2])(?:\s?[(\[]\s?(?:df\s?=\s?)?(?P<qdf>\d{{1,3}})\s?[)\]])?{_GLUE}(?P<q>{_N})(?!\s?%)"
)
_DF = loose(
    r"\bd\.?f\.?\s?(?:=|:|of|was)?\s?(?P<a>\d{1,3})\b|\b(?P<b>\d{1,3})\s(?:df|d\.f\.|degrees?\sof\sfreedom)(?![a-z])|"
    r"\bdegrees?\sof\sfreedom\s?(?:=|:|of|was)?\s?(?P<c>\d{1,3})\b"
)
_I2 = loose(
    rf"\bI\s?(?:\^\s?)?[²2](?:\s(?:statistic|index|value))?\s?(?:was|is|of|=|:|,|at)?\s?(?P<i2>{_N})\s?(?:%|per\s?cent)|"
    rf"\bI-?\s?squared\s?(?:was|is|of|=|:|,)?\s?(?P<j2>{_N})\s?(?:%|per\s?cent)"
)
_H = loose(rf"\bH\s?(?P<power>[²2])?\s?(?:was|is|of|=|:)\s?(?P<h>{_N})(?!\s?%)")
_P = loose(
    r"(?<![a-z])p(?:[\s-]values?)?(?:\s(?:for|of)\s(?:heterogeneity|Q))?\s?(?:was|of|:)?\s?(?P<sign>[=<>≤≥])?\s?(?P<p>0?[.·]\d{1,5}|"
    r"1\.0+)\b"
)
_K = loose(
    rf"\bk\s?=\s?(?P<k>\d{{1,3}})\b|(?<![\w.,\-])(?P<n>{COUNT})\s(?:[a-z\-]+\s){{0,2}}?(?:studies|trials|cohorts|RCTs|comparisons)\b"
)
_HETEROGENEITY = re.compile(r"heterogen|homogen|\bI\s?\^?\s?[²2]|\bI-?squared|\bcochran|\bQ\b", re.I)
_OTHERS = re.compile(
    r"\b(?:subgroup\s+difference|interaction|between-group|Q-?between|Egger|meta-?regression|omnibus|moderator|Friedman|McNemar|"
    r"residual|QM|QE)\b",
    re.I,
)
_BETWEEN = listed(
    "chi squared square statistic value test tests cochran cochrane for heterogeneity was were and with the the "
    "degrees degree of freedom significant significantly not there showed gave giving indicated indicating "
    "suggested suggesting low moderate high substantial considerable little considerably no heterogeneous tau "
    "squared index between among across trials studies included respectively based higgins corresponding while but "
    "this that which had has"
)
_TAU2 = loose(rf"(?:\btau|τ)\s?(?:\^\s?)?(?:[²2]|squared)\s?(?:was|of|=|:)\s?(?P<tau>{_N})(?!\s?%)")
_DL = re.compile(r"dersimonian", re.I)
_NOT_DL = re.compile(
    r"\breml\b|restricted maximum|paule|sidik|hunter|hedges|maximum likelihood|empirical bayes|bayes", re.I
)
_TWO = re.compile(r"\brespectively\b", re.I)


def measures_told(paper: Paper) -> Iterator[Finding]:
    """Do Q, its degrees of freedom, P, I2, H and the number of studies of one sentence belong together?"""
    for sentence in sentences_with(paper.document, _Q, _CHI):
        text = sentence.text
        if sentence.section in ("introduction", "methods") or not _HETEROGENEITY.search(text):
            continue
        if not _OTHERS.search(text) and not _TWO.search(text):
            yield from _sentence(paper, sentence)


def _sentence(paper: Paper, sentence: Sentence) -> Iterator[Finding]:
    text = sentence.text
    found = {
        name: list(pattern.finditer(text))
        for name, pattern in {"q": _Q, "df": _DF, "i2": _I2, "h": _H, "p": _P}.items()
    }
    found["q"] = found["q"] or list(_CHI.finditer(text))
    if any(len(found[name]) > 1 for name in ("q", "df", "i2", "h")) or not found["q"]:
        return
    q_match = found["q"][0]
    df = _df(q_match, found["df"])
    q = Printed.parse(q_match["q"].replace("·", "."))
    told = [one for one in paper.of_kind(Heterogeneity) if sentence.start <= one.start < sentence.end]
    have_i2 = any(one.i2 is not None and one.q is not None and one.df is not None for one in told)
    place = paper.place(*sentence.span(q_match.start(), max(m.end() for listed in found.values() for m in listed)))
    if df is None or df < 1:
        return
    by_q = True if q_match.re is _CHI and len(found["i2"]) == 1 else _by_q(q, df)
    if found["i2"] and not (q_match.re is _CHI and _apart(text, q_match, found["i2"][0])):
        match = found["i2"][0]
        i2 = Printed.parse((match["i2"] or match["j2"]).replace("·", "."))
        if not have_i2 and i2.value <= 100:  # others are told by scale-bound
            yield from heterogeneity(i2=i2, q=q, df=df, by_q=by_q, place=place)
    if found["h"]:
        yield _h_and_q(found["h"][0], q, df, sentence, paper)
    yield from _tau2(paper, sentence, q, df)
    behind = [
        m
        for m in found["p"]
        if m.start() - q_match.end() > 0 and not re.search(r"[.;]\s[A-Z]", text[q_match.end() : m.start()])
    ]
    if behind and not any(one.p_value is not None for one in told) and not _tested(paper, sentence):
        p = Printed.parse(f"{(behind[0]['sign'] or '=').replace('=', '')}{behind[0]['p'].replace('·', '.')}")
        start, end = sentence.span(q_match.start(), behind[0].end())
        yield replace(p_vs_statistic("Q", q, [df], p, place=paper.place(start, end)), rule="heterogeneity")
    yield from _studies(paper, sentence, df, found["df"])


def _apart(text: str, chi: re.Match[str], i2: re.Match[str]) -> bool:
    """Whether words of something else stand between a chi-square and I2."""
    first, second = sorted((chi.span(), i2.span()))
    words = re.findall(r"[a-z]{3,}", f"{chi[0]} {text[first[1] : second[0]]}".casefold())
    return any(word not in _BETWEEN for word in words)


def _tau2(paper: Paper, sentence: Sentence, q: Printed, df: int) -> Iterator[Finding]:
    """tau2 by DerSimonian and Laird (1986, doi:10.1016/0197-2456(86)90046-2) is 0 where Q is at most its degrees of freedom."""
    told = list(_TAU2.finditer(sentence.text))
    if len(told) != 1 or not _by_q(q, df):
        return
    named = _DL.search(sentence.text) or (_DL.search(paper.document.plain) and not _NOT_DL.search(paper.document.plain))
    tau2 = Printed.parse(told[0]["tau"].replace("·", "."))
    if named and tau2.value > 0:
        yield make(
            "heterogeneity",
            paper.place(*sentence.span(*told[0].span())),
            reported=tau2.text,
            verdict="inconsistent",
            severity="minor",
            message=f"Q {q.text} is at most its {df} df: tau2 by DerSimonian and Laird is 0; printed {tau2.text}",
            recomputed=0.0,
            cause=Cause(repair=tau2.like(0.0)),
        )


def _tested(paper: Paper, sentence: Sentence) -> bool:
    """Whether the statistic with its P is read elsewhere as a test."""
    return any(
        sentence.start <= one.start < sentence.end and one.p_value is not None and one.df for one in paper.of_kind(Test)
    )


def _df(q: re.Match[str], named: list[re.Match[str]]) -> int | None:
    own = q["qdf"]
    told = next((m[name] for m in named for name in ("a", "b", "c") if m[name]), None)
    if own and told and own != told:
        return None
    printed = own or told
    return int(printed) if printed else None


def _by_q(q: Printed, df: int) -> bool | None:
    """True where Q is at most its df: I2 is 0 then, however it is defined, unless tau2 is estimated otherwise."""
    return True if q.interval().high <= df else None


def _h_and_q(match: re.Match[str], q: Printed, df: int, sentence: Sentence, paper: Paper) -> Finding:
    """H is the root of Q over its degrees of freedom, H2 that ratio, at least 1."""
    h = Printed.parse(match["h"].replace("·", "."))
    box, power = q.interval(), 1.0 if match["power"] else 0.5
    low, point, high = (max(1.0, value / df) ** power for value in (box.low, q.value, box.high))
    values = Interval(low, high)
    verdict = judge(h, point, values)
    wrong = verdict == "inconsistent"
    name = "H2" if match["power"] else "H"
    return make(
        "heterogeneity",
        paper.place(*sentence.span(*match.span())),
        reported=h.text,
        verdict=verdict,
        severity="minor" if wrong else "none",
        message=f"Q {q.text} with {df} df means {name} {show_range(values)}; printed {h.text}",
        recomputed=point,
        values=values,
        cause=(slip(h, point) or Cause(repair=h.like(point))) if wrong else None,
    )


def _studies(paper: Paper, sentence: Sentence, df: int, named: list[re.Match[str]]) -> Iterator[Finding]:
    """The degrees of freedom are one less than the studies, where all counts of the sentence agree on their number."""
    counts = {
        value for m in _K.finditer(sentence.text) if (value := int(m["k"]) if m["k"] else spelled(m["n"])) is not None
    }
    if len(counts) != 1 or not named:
        return
    k = counts.pop()
    agreed = len(list(_K.finditer(sentence.text))) > 1
    wrong = df != k - 1
    if wrong and not agreed:
        return  # fewer of the studies may have been pooled
    yield make(
        "heterogeneity",
        paper.place(*sentence.span(*named[0].span())),
        reported=str(df),
        verdict="inconsistent" if wrong else "consistent",
        severity="minor" if wrong else "none",
        message=f"{k} studies have {k - 1} degrees of freedom; printed {df}",
        recomputed=k - 1.0,
        cause=Cause(repair=str(k - 1)) if wrong else None,
    )


CHECKS = (measures_told,)
