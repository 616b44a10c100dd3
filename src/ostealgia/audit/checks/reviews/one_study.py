"""pooled-vs-studies where the print says that a pool rests on one study: it is that study, limits and all, and has no heterogeneity.

Read are: a passage of up to three sentences that counts one study and prints two estimates, one of them called a pool; a row of a
table whose column of studies says 1 and that prints both; such a row whose label names the study that the text reports.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ostealgia.audit.causes import slip
from ostealgia.audit.checks.reading.columns import cell_number
from ostealgia.audit.checks.reading.effect_rows import Row, effect_rows
from ostealgia.audit.checks.reading.facts import parsed
from ostealgia.audit.checks.reading.figures import family
from ostealgia.audit.checks.reading.text import COUNT, Sentence, loose, sentences
from ostealgia.audit.checks.reading.words import at_odds, spelled, stems
from ostealgia.audit.finding import Cause, Finding, Place, make
from ostealgia.audit.paper import Paper
from ostealgia.audit.rules.confidence import Triplet
from ostealgia.audit.statements.model import Estimate
from ostealgia.io.documents import gates

UNITS = 2  # of the last place that two prints of one estimate may be apart
SHARE = 0.04  # and of the estimate, or of the width of the interval
MOST = 3  # sentences of a passage
_POOL = re.compile(
    r"\b(?:pooled|summary|combined|meta-?\s?analy(?:tic|sis|sed|zed|ses)|overall\s{1,3}(?:estimate|effect|result|OR|RR|HR|odds|risk|"
    r"hazard|mean\s{1,3}difference))\b",
    re.I,
)
_SURELY = re.compile(r"\b(?:pooled|summary|combined|meta)", re.I)
# whom or what a pool is of: "the pooled HR for fracture was"
_ABOUT = re.compile(
    r"\b(?:for|of|on|in|among)\s{1,3}((?!all\b|this\b|these\b|that\b|which\b|both\b)[^.;:,()\[\]\d=]{2,60}?)(?=[.;:,()\[\]]|\s(?:was|were|is|gave|\d)|\s?=|\s?$)"
)
_OF_POOLS = stems(
    """pooled summary combined meta analysis ratio odds hazard risk mean difference effect estimate random fixed common model trials studies
    or rr hr md smd overall interval confidence weighted study trial single one only cohort based"""
)
BEHIND = 90  # characters behind a pool that may say what it is of
_ONE = loose(
    r"\b(?:only|just)\s(?:one|a\ssingle)\s(?:[a-z\-]+\s){0,2}?(?:study|trial|cohort|RCT)\b|\b(?:one|single|"
    r"sole)\s(?:[a-z\-]+\s){0,2}?(?:study|trial|cohort|RCT)\b|"
    r"\b(?:the|was\sthe|is\sthe)\sonly\s(?:[a-z\-]+\s){0,2}?(?:study|trial|cohort|RCT)\b|\([^()]{0,30}\b(?:1|one)\s(?:study|trial|"
    r"cohort|RCT)\b|\bk\s?=\s?1\b(?![.\d])"
)
_STUDIES = loose(
    rf"(?<![\w.,\-])({COUNT}|both|several|all|these|other|included|remaining)\s(?:[a-z\-]+\s){{0,2}}?(?:studies|trials|cohorts|RCTs)\b"
)
_OTHERS = re.compile(
    r"\b(?:exclu\w+|remov\w+|omit\w+|without|remaining|others?|sensitivity|outlier|network|bayes\w*|adjust\w+|respectively|(?:previous|"
    r"earlier|prior)\s{1,3}(?:stud|trial|meta|review|analys)\w*|update[sd]?|"
    r"one\s{1,3}of|after\s{1,3}adding|in\s{1,3}contrast|whereas|while|heterogeneous|leave|because|due\s{1,3}to|driven|suggested)\b",
    re.I,
)
_I2 = re.compile(
    r"\bI\s{0,2}(?:\^\s?)?[²2]\s{0,2}(?:was|of|=|:)?\s{0,2}(\d{1,2}(?:\.\d{1,2})?)\s?%|\bI-?squared\s{0,2}(?:was|of|"
    r"=)?\s{0,2}(\d{1,2}(?:\.\d{1,2})?)\s?%",
    re.I,
)
_I2_HEAD = re.compile(r"^\W*I\s{0,2}\^?\s{0,2}[²2]\W{0,3}(?:value|statistic|index)?\W*$|^\W*I-?squared\W*$", re.I)
_NUMBER_OF = re.compile(r"\b(?:no\.?|number|n|k)\b.{0,6}\b(?:effects?|effect sizes|estimates|outcomes|results)\b", re.I)
_PERCENT = re.compile(r"\s*(\d{1,2}(?:\.\d{1,2})?)\s?%?\s*")
_RESTS = loose(
    r"\b(?:one|single|sole)\s(?:[a-z\-]+\s){0,2}?(?:study|trial|cohort|RCT)(?:\s?\([^()]{1,40}\))?\s(?:contributed|was\s(?:available|"
    r"included|eligible)|provided)|"
    r"\b(?:consist\w+\sof|contain\w+|compris\w+|based\son|rest\w+\son|included)\s(?:only\s|just\s)?(?:the\s|an?\s)?(?:one|single|"
    r"sole)\s(?:[a-z\-]+\s){0,2}?(?:study|trial|cohort|RCT)\b|"
    r"\bthere\swas\s(?:only\s|just\s)?(?:one|a\ssingle)\s(?:study|trial|cohort|RCT)\s(?:for|of|on)\s(?:this|that|the)\s"
    r"(?:outcome|comparison|subgroup|analysis)\b|"
    r"[(;,]\s?(?:1|one)\s(?:study|trial)\s?[;,)]"
)
_SOLE = loose(  # one study is all that there is
    r"\b(?:only|just|sole|single)\s(?:(?:one|an?|single)\s)?(?:[a-z\-]+\s){0,2}?(?:study|trial|cohort|RCT)(?:\s?\([^()]{1,40}\))?\s"
    r"(?:that\s|which\s)?(?:(?:has|had)\s)?(?:reported|assessed|examined|measured|evaluated|investigated|provided|contributed|gave|addressed|studied|"
    r"compared|looked|tested|described|presented|(?:was|were)\s(?:available|included|eligible|found|identified)|could\sbe|on\s|of\s|with\s(?:data|this))|"
    r"\b(?:one|an?|single)\s(?:single\s)?(?:study|trial|cohort|RCT)(?:\s?\([^()]{1,40}\))?\s(?:was|were)\s(?:available|included|eligible)|"
    r"\b(?:contain|compris|consist|includ|based|rest|pool)\w*\s(?:of\s|on\s)?(?:only\s|just\s)?(?:the\s|an?\s)?(?:one|1|single|sole)\s(?:single\s)?"
    r"(?:study|trial|cohort|RCT)\b|\bk\s?=\s?1\b|"
    r"\b(?:studied|assessed|examined|measured|reported|evaluated|investigated)\s(?:in|by)\s(?:only\s|just\s)?(?:one|1|a\ssingle)\s(?:[a-z\-]+\s)?"
    r"(?:study|trial|cohort|RCT)\b|\((?:only\s)?(?:1|one|a\ssingle)\s(?:study|trial)\b"
)
_SEVERAL = re.compile(
    r"\b(?:arms|comparisons|cohorts|datasets|data sets|sites|strata|each|separately|subgroups|reports|populations)\b",
    re.I,
)
_K = re.compile(
    r"^\W*(?:(?:no\.?|n|number|k|#)\W{0,3}(?:of\s)?)?(?:included\s)?(?:studies|trials|cohorts|reports)\b\W{0,3}(?:[nk]\b)?\W*$|^\W*k\W*$",
    re.I,
)
_NAME = re.compile(r"\b([A-Z][\w’'\-]+)(?:\s+et\s+al\.?)?,?\s{1,3}\(?((?:19|20)\d\d)\b")


def passages(paper: Paper) -> Iterator[Finding]:
    """Is the pool of one study that study, where a passage prints both?"""
    listed = [s for s in sentences(paper.document) if s.section not in ("introduction", "methods")]
    estimates = [one for one in paper.of_kind(Estimate) if one.cell is None]
    for at, sentence in enumerate(listed):
        if not gates.search(_ONE, sentence.text):
            continue
        yield from _lone_heterogeneity(paper, sentence)
        window = [sentence]
        for behind in listed[at : at + MOST]:
            if behind.block != sentence.block:
                break
            window = [*window, behind] if behind is not sentence else window
            inside = [one for one in estimates if sentence.start <= one.start < window[-1].end]
            if len(inside) >= 2:
                yield from _passage(paper, window, inside)
                break


def _lone_heterogeneity(paper: Paper, sentence: Sentence) -> Iterator[Finding]:
    """I2 of one study."""
    told = list(_I2.finditer(sentence.text))
    numbers = {spelled(m[1]) for m in _STUDIES.finditer(sentence.text)}
    if (
        len(told) != 1
        or numbers
        or _SEVERAL.search(sentence.text)
        or _OTHERS.search(sentence.text)
        or not _RESTS.search(sentence.text)
    ):
        return
    value = told[0][1] or told[0][2]
    if float(value) > 0:
        yield make(
            "heterogeneity",
            paper.place(*sentence.span(*told[0].span())),
            reported=value,
            verdict="impossible",
            severity="minor",
            message=f"I2 {value}% is printed for a result of one study, which has no heterogeneity",
        )


def _passage(paper: Paper, window: Sequence[Sentence], inside: Sequence[Estimate]) -> Iterator[Finding]:
    text = " ".join(one.text for one in window)
    if len(inside) != 2 or _OTHERS.search(text) or _STUDIES.search(text) or _SEVERAL.search(text):
        return
    if not _SOLE.search(text):
        return  # "one large trial", "only one trial reached significance"
    first, second = sorted(inside, key=lambda one: one.estimate.start)
    plain = paper.document.plain
    words = (
        plain[min(window[0].start, first.sentence[0]) : first.estimate.start],
        plain[first.end : second.estimate.start],
    )
    named = _POOL.search(words[0])
    if _POOL.search(words[1]) is None or (named is not None and not _ONE.search(words[0], named.end())):
        return  # "the meta-analysis contained one trial (RR ...)" gives the trial first
    behind = re.split(r"[.;,](?:\s|$)", plain[second.end : second.end + BEHIND])[0]
    about = " ".join(match[1] for part in (words[1], behind) for match in _ABOUT.finditer(part))
    again = _ONE.search(words[1]) is not None  # "the pooled OR from this single study"
    if stems(about) - _OF_POOLS - stems(words[0]) or not (again or _SURELY.search(words[1])):
        return
    study, pool = (_triplet(one) for one in (first, second))
    if study is None or pool is None or len({family(one.measure) for one in (first, second)} - {""}) > 1:
        return
    yield _compared(
        paper.place(second.start, second.end),
        study,
        pool,
        "the passage says that the pool rests on one study, and gives",
    )


def _triplet(one: Estimate) -> Triplet | None:
    parts = [parsed(part) for part in (one.estimate, one.ci_low, one.ci_high)]
    estimate, low, high = parts
    if estimate is None or low is None or high is None or one.ci_kind != "confidence" or not low.value < high.value:
        return None
    return Triplet(estimate, low, high)


def _compared(place: Place, study: Triplet, pool: Triplet, says: str) -> Finding:
    width = max(study.high.value - study.low.value, pool.high.value - pool.low.value)
    pairs = list(zip(study.parts, pool.parts, strict=True))
    off = [abs(b.value - a.value) > max(UNITS * max(a.unit, b.unit), SHARE * width) for a, b in pairs]
    printed = [a.text == b.text for a, b in pairs]
    slipped = printed[0] and ((printed[1] and off[2]) or (printed[2] and off[1]))  # one limit of three numbers differs
    same = not off[0] and not (off[1] and off[2]) and not slipped
    text = f"{study.estimate.text} ({study.low.text} to {study.high.text})"
    return make(
        "pooled-vs-studies",
        place,
        reported=pool.text,
        verdict="consistent" if same else "inconsistent",
        severity="none" if same else "major",
        message=f"{says} {text}; pooled {pool.text}",
        recomputed=study.estimate.value,
        values=study.estimate.interval(),
        cause=None if same else (slip(pool.estimate, study.estimate.value) if off[0] else None) or Cause(repair=text),
    )


def rows_of_one(paper: Paper) -> Iterator[Finding]:
    """Is the pool of a row that counts one study the estimate of that study, in the same row or in the text?"""
    by_row: dict[tuple[int, int], list[Row]] = {}
    for row in effect_rows(paper):
        if row.triplet is not None:
            by_row.setdefault((row.table.index, row.line.row), []).append(row)
    for (index, line), listed in by_row.items():
        if not _counts_one(paper, index, line):
            continue
        pool = [row for row in listed if _POOL.search(row.column.name)]
        own = [
            row
            for row in listed
            if row not in pool
            and re.search(r"\bstud(?:y|ies)\b|\breported\b|\bsingle\b|\btrial\b", row.column.name, re.I)
        ]
        if len(pool) == len(own) == 1:
            if at_odds(pool[0].column.name, own[0].column.name):
                continue  # crude beside adjusted
            yield from _row(pool[0], own[0].triplet, "the row counts one study, with")
        elif len(listed) == 1 and _POOL.search(f"{listed[0].column.name} {listed[0].note}"):
            yield from _row(listed[0], _in_text(paper, listed[0]), "the row counts one study, for which the text has")


def _counts_one(paper: Paper, index: int, line: int) -> bool:
    printed = paper.document.tables[index]
    columns = [column for column in range(printed.n_columns) if _K.match(printed.column_name(column))]
    if len(columns) != 1 or line >= len(printed.cells):
        return False
    cell = printed.cells[line][columns[0]]
    value = parsed(cell_number(paper, cell)) if cell.text.strip() == "1" else None
    return value is not None


def lone_rows(paper: Paper) -> Iterator[Finding]:
    """I2 above 0 in a row of a table that counts one study."""
    for index, printed in enumerate(paper.document.tables):
        names = [printed.column_name(column) for column in range(printed.n_columns)]
        squares = [column for column, name in enumerate(names) if _I2_HEAD.match(name)]
        if any(_NUMBER_OF.search(name) for name in names):
            continue
        if len(squares) != 1 or _SEVERAL.search(" ".join((printed.caption, printed.note, *names))):
            continue
        for line, row in enumerate(printed.cells):
            cell = row[squares[0]] if squares[0] < len(row) else None
            told = _PERCENT.fullmatch(cell.text) if cell is not None and not cell.copied else None
            if cell is None or told is None or float(told[1]) == 0 or not _counts_one(paper, index, line):
                continue
            yield make(
                "heterogeneity",
                paper.place(cell.start, cell.end),
                reported=told[1],
                verdict="impossible",
                severity="minor",
                message=f"I2 {told[1]}% is printed in a row of one study, which has no heterogeneity",
            )


def _row(pool: Row, study: Triplet | None, says: str) -> Iterator[Finding]:
    if study is not None and pool.triplet is not None:
        yield _compared(pool.place, study, pool.triplet, says)


def _in_text(paper: Paper, row: Row) -> Triplet | None:
    """The one estimate of the text for the study that a row's label names, of an outcome that the table names."""
    named = {match.groups() for match in _NAME.finditer(row.line.label)}
    if len(named) != 1:
        return None
    about = stems(row.note)
    found: list[Triplet] = []
    for one in paper.of_kind(Estimate):
        words = paper.document.plain[one.sentence[0] : one.sentence[1]]
        if (
            one.cell is not None
            or {match.groups() for match in _NAME.finditer(words)} != named
            or family(one.measure) != family(row.measure)
        ):
            continue
        triplet = _triplet(one)
        if triplet is None or _POOL.search(words) or not stems(words) & about:
            return None
        found.append(triplet)
    return found[0] if len(found) == 1 else None


CHECKS = (passages, rows_of_one, lone_rows)
