"""Designs with two groups of patients: a cohort with four tables, and a randomised trial's abstract."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from generator.draft import Draft, Sheet, listed, rounded
from generator.statistics_of import cox, logistic, median_survival, student, two_sided
from generator.themes import THEMES, Theme
from scipy import special

from ostealgia.audit.rules import p_values_of
from ostealgia.numerics.summary_tests import CHI2_TESTS


@dataclass
class Data:
    """One patient an entry. binary, level : by variable."""

    arm: np.ndarray
    age: np.ndarray
    score: np.ndarray
    binary: dict[str, np.ndarray]
    level: dict[str, np.ndarray]
    response: np.ndarray
    time: np.ndarray
    event: np.ndarray


def simulate(draft: Draft, theme: Theme) -> Data:
    """Patients of two arms; response depends on arm, score and two factors."""
    rng = draft.rng
    n_1 = int(rng.integers(38, 190))
    n_2 = n_1 + int(rng.integers(-12, 13)) if rng.random() < 0.8 else int(rng.integers(30, 190))
    n = n_1 + n_2
    arm = np.repeat([1, 0], [n_1, n_2])
    age = rng.normal(rng.uniform(48, 70), rng.uniform(7, 13), n).clip(19, 97)
    score = np.clip(np.round(rng.normal(rng.uniform(4.5, 7.5), rng.uniform(1.3, 2.2), n)), 0, 10)
    binary = {name: (rng.random(n) < rng.uniform(0.15, 0.75)).astype(int) for name in theme.binary}
    level = {name: _levels(rng, len(levels), n) for name, levels in theme.categories}
    first, second = theme.binary[1], theme.binary[2]
    line = rng.normal(0, 0.3) + rng.uniform(-0.2, 1.2) * arm - 0.25 * (score - score.mean())
    line = line - rng.uniform(0.2, 1.4) * binary[first] + rng.uniform(-0.9, 0.9) * binary[second]
    response = (rng.random(n) < special.expit(line)).astype(int)
    hazard = np.exp(-rng.uniform(-0.1, 0.6) * arm + 0.3 * binary[first]) / rng.uniform(8, 20)
    time, censored = rng.exponential(1 / hazard), rng.uniform(6, 36, n)
    return Data(arm, age, score, binary, level, response, np.minimum(time, censored), (time <= censored).astype(float))


def _levels(rng: np.random.Generator, k: int, n: int) -> np.ndarray:
    share = rng.dirichlet(np.full(k, 4.0))
    return rng.choice(k, size=n, p=share)


# ---------------------------------------------------------------- tables of two groups


class Comparison:
    """A table of two groups side by side: n (%), mean and SD, statistic and P."""

    def __init__(self, draft: Draft, name: str, split: np.ndarray, groups: tuple[str, str]) -> None:
        self.draft, self.name, self.split, self.groups = draft, name, split, groups
        self.sizes = int((split == 1).sum()), int((split == 0).sum())
        self.rows: list[tuple[str, ...]] = []
        self.statistic = draft.style.table_statistic

    def header(self, first: str) -> tuple[str, ...]:
        mark = self.draft.pick("n = ", "n=", "N = ", "n = ")
        heads = [f"{name} ({mark}{n})" for name, n in zip(self.groups, self.sizes, strict=True)]
        middle = [self.draft.pick("t/χ²", "χ²/t value", "Statistic", "Test statistic")] if self.statistic else []
        return (first, *heads, *middle, self.draft.pick("P", "P value", "p", "p-value"))

    def row(self, label: str, cells: list[str], statistic: str = "", p: str = "") -> None:
        self.rows.append((label, *cells, *([statistic] if self.statistic else []), p))

    def counts_of(self, member: np.ndarray) -> list[int]:
        return [int(((self.split == side) & (member == 1)).sum()) for side in (1, 0)]

    def tested(self, key: str, table: list[list[int]]) -> tuple[str, str, bool]:
        """Statistic and P of the counts; Fisher's exact test where the expected counts are small."""
        d = self.draft
        array = np.array(table)
        array = array[array.sum(axis=1) > 0]
        small = (array.sum(axis=1, keepdims=True) * array.sum(axis=0) / array.sum()).min() < 5
        name = d.style.two_by_two if array.shape == (2, 2) else "Pearson"
        if array.shape[0] < 2:
            return "", d.pick("-", "–", "NA"), False
        exact = p_values_of(array)
        if name == "Fisher" or (small and "Fisher's exact" in exact and array.shape == (2, 2)):
            return d.pick("-", "–", ""), d.p_value(f"{key}.p", exact["Fisher's exact"]), False
        test = CHI2_TESTS[name](array)
        shown = d.value(f"{key}.statistic", float(test.statistic), d.style.statistic_places)
        p = d.p_value(f"{key}.p", float(test.p_value))
        data: dict[str, Any] = {
            "table": array.tolist(),
            "df": float(test.df),
            "test": name,
            "p_value": float(test.p_value),
        }
        if self.statistic:
            d.fact("chi2", {"statistic": f"{key}.statistic", "p": f"{key}.p"}, **data)
        return shown, p, True

    def binary(self, label: str, member: np.ndarray) -> list[int]:
        """One row of counts."""
        key = f"{self.name}.{label}"
        counts = self.counts_of(member)
        cells = [
            self.draft.cell(f"{key}.{i}", c, n, other_n=self.sizes[1 - i], row=label)
            for i, (c, n) in enumerate(zip(counts, self.sizes, strict=True))
        ]
        rest = [n - c for c, n in zip(counts, self.sizes, strict=True)]
        statistic, p, _ = self.tested(key, [counts, rest])
        hint = self.draft.pick("", ", n (%)", "") if self.draft.style.count != "n/N (p%)" else ""
        self.row(f"{label}{hint}", cells, statistic, p)
        return counts

    def category(self, label: str, levels: tuple[str, ...], member: np.ndarray) -> None:
        """A variable's row with the test, then a row for each category."""
        key = f"{self.name}.{label}"
        table = [self.counts_of((member == i).astype(int)) for i in range(len(levels))]
        kept = [(name, counts) for name, counts in zip(levels, table, strict=True) if sum(counts)]
        statistic, p, _ = self.tested(key, [counts for _, counts in kept])
        on_head = self.draft.pick(True, True, False)
        hint = self.draft.pick("", ", n (%)")
        self.row(f"{label}{hint}", ["", ""], statistic if on_head else "", p if on_head else "")
        for i, (name, counts) in enumerate(kept):
            cells = [
                self.draft.cell(f"{key}.{name}.{j}", c, n, other_n=self.sizes[1 - j], row=name)
                for j, (c, n) in enumerate(zip(counts, self.sizes, strict=True))
            ]
            shown = (statistic, p) if i == 0 and not on_head else ("", "")
            self.row(f"  {name}", cells, *shown)
        for j in (0, 1):
            keys = {name: f"{key}.{name}.{j}.count" for name, _ in kept}
            shares = {f"percent {name}": f"{key}.{name}.{j}.percent" for name, _ in kept}
            self.draft.fact("parts", keys | shares, counts=[c[j] for _, c in kept], n=self.sizes[j])

    def mean(self, label: str, values: np.ndarray, *, whole: bool) -> None:
        """Mean and SD of both groups with Student's t."""
        d, key = self.draft, f"{self.name}.{label}"
        sides = [values[self.split == 1], values[self.split == 0]]
        moments = [(float(side.mean()), float(side.std(ddof=1))) for side in sides]
        places = max(d.style.mean_places, 1)
        shown = []
        for i, (m, s) in enumerate(moments):
            mean, sd = d.value(f"{key}.{i}.mean", m, places), d.value(f"{key}.{i}.sd", s, places)
            shown.append(d.mean_sd(mean, sd))
            if whole:
                keys = {"mean": f"{key}.{i}.mean", "sd": f"{key}.{i}.sd"}
                d.fact("whole mean", keys, n=self.sizes[i], mean=m, sd=s, label=label)
        (m1, s1), (m2, s2) = moments
        t, p, _ = student(m1, s1, self.sizes[0], m2, s2, self.sizes[1])
        statistic = d.value(f"{key}.statistic", abs(t) if d.pick(True, False) else t, d.style.statistic_places)
        tail = d.p_value(f"{key}.p", p)
        if self.statistic:
            d.fact("t", {"statistic": f"{key}.statistic", "p": f"{key}.p"}, t=t, p_value=p, df=sum(self.sizes) - 2)
        unit = ", mean ± SD" if d.style.spread != " (SD)" else d.pick(", mean (SD)", " (mean, SD)")
        self.row(f"{label}{unit}", shown, d.style.signed(statistic), tail)

    def sheet(self, first: str, caption: str, note: str) -> Sheet:
        return Sheet(f"{self.draft.next_table()}. {caption}", self.header(first), tuple(self.rows), note)


# ---------------------------------------------------------------- the cohort


def cohort(draft: Draft) -> None:
    """A retrospective cohort: baseline, adverse events, factors by response, regression; prose and abstract."""
    d = draft
    theme: Theme = d.pick(THEMES)
    data = simulate(d, theme)
    n_1, n_2 = int(data.arm.sum()), int((1 - data.arm).sum())
    baseline, events, factors = _tables(d, theme, data)
    regression = _regression(d, theme, data)
    response = _response_words(d, theme, data)
    survival = _survival_words(d, theme, data)
    adverse = _adverse_words(d, theme, events)
    d.title = f"{theme.arms[0].capitalize()} versus {theme.arms[1]} in {theme.population}: a retrospective cohort study"
    d.part("Abstract", *_abstract(d, theme, n_1, n_2, response[1], survival[1]))
    d.part("Introduction", *_noise(d, theme))
    d.part("Methods", *_methods(d, theme, n_1, n_2))
    words = d.pick(
        f"Baseline characteristics are shown in {_label(baseline)}; the groups were comparable.",
        f"A total of {n_1 + n_2} patients were analysed, {n_1} in the {theme.groups[0]} and {n_2} in "
        f"the {theme.groups[1]} ({_label(baseline)}).",
    )
    d.part("Results", words, baseline, response[0], survival[0], adverse, events, regression[0], factors, regression[1])
    d.part("Discussion", *_discussion(d, theme, response[2]))
    d.part("References", *_references(d))


def _label(sheet: Sheet) -> str:
    return sheet.caption.partition(".")[0]


def _tables(d: Draft, theme: Theme, data: Data) -> tuple[Sheet, Sheet, Sheet]:
    names: tuple[str, str] = tuple(name[0].upper() + name[1:] for name in theme.groups)  # type: ignore[assignment]
    first = Comparison(d, "baseline", data.arm, names)
    first.mean("Age, years" if d.pick(True, False) else "Age (years)", data.age, whole=False)
    for name in theme.binary[:3]:
        first.binary(name, data.binary[name])
    for name, levels in theme.categories:
        first.category(name, levels, data.level[name])
    first.mean(theme.scale, data.score, whole=True)
    tests = d.pick("Student's t test and chi-square test.", "P values from t tests or χ² tests, as appropriate.", "")
    note = d.pick(f"Data are n (%) or mean and SD. {tests}", f"SD, standard deviation. {tests}", tests)
    baseline = first.sheet(
        d.pick("Characteristic", "Variable", ""),
        d.pick("Baseline characteristics", "Patient characteristics at baseline"),
        note,
    )
    second = Comparison(d, "adverse", data.arm, names)
    for name in theme.adverse[: int(d.rng.integers(3, len(theme.adverse) + 1))]:
        rate = d.rng.uniform(0.04, 0.4)
        second.binary(name, (d.rng.random(len(data.arm)) < rate * (0.7 + 0.5 * data.arm)).astype(int))
    events = second.sheet(
        d.pick("Event", "Adverse event"), d.pick("Adverse events", "Treatment-related adverse events"), ""
    )
    third = Comparison(d, "factors", data.response, theme.responder)
    third.mean("Age, years", data.age, whole=False)
    for name in theme.binary:
        third.binary(name, data.binary[name])
    third.mean(theme.scale, data.score, whole=True)
    third.binary(theme.groups[0][0].upper() + theme.groups[0][1:], data.arm)
    factors = third.sheet("Factor", f"Univariable analysis of factors associated with {theme.outcome}", note)
    return baseline, events, factors


def _regression(d: Draft, theme: Theme, data: Data) -> tuple[str, Sheet]:
    columns = {theme.groups[0][0].upper() + theme.groups[0][1:]: data.arm, "Age (per year)": data.age}
    columns |= {name: data.binary[name] for name in theme.binary[1:3]} | {theme.scale: data.score}
    beta, se = logistic(np.column_stack(list(columns.values())).astype(float), data.response.astype(float))
    side = d.pick(True, False)
    joined = d.pick(True, False)
    rows, shown = [], {}
    for i, (name, x) in enumerate(columns.items()):
        data_of = {"label": name, "se": se[i], "outcome": theme.outcome}
        if set(np.unique(x)) == {0, 1}:
            data_of |= {"exposed": int(x.sum()), "n": len(x), "cells": _cells(x, data.response)}
        parts = d.ratio(f"or.{name}", *_limits(beta[i], se[i]), **data_of)
        shown[name] = (beta[i], parts)
        cells = _ratio_cells(d, parts, joined)
        if side:
            b, s = logistic(x[:, None].astype(float), data.response.astype(float))
            crude = d.ratio(f"crude.{name}", *_limits(b[0], s[0]), label=name, se=s[0])
            cells = [*_ratio_cells(d, crude, joined), *cells]
        rows.append((name, *cells))
    heads = ["OR (95% CI)", "P value"] if joined else ["OR", "95% CI", "P"]
    full = [f"Univariable {h}" for h in heads] + [f"Multivariable {h}" for h in heads] if side else heads
    caption = f"{d.next_table()}. {d.pick('Logistic regression for', 'Multivariable analysis of')} {theme.outcome}"
    sheet = Sheet(
        caption, (d.pick("Factor", "Variable"), *full), tuple(rows), "OR, odds ratio; CI, confidence interval."
    )
    return _regression_words(d, theme, shown), sheet


def _cells(x: np.ndarray, y: np.ndarray) -> list[int]:
    return [int(((x == i) & (y == j)).sum()) for i in (1, 0) for j in (1, 0)]


def _limits(beta: float, se: float) -> tuple[float, float, float, float]:
    z = 1.959964
    return math.exp(beta), math.exp(beta - z * se), math.exp(beta + z * se), two_sided(beta / se)


def _ratio_cells(d: Draft, parts: dict[str, str], joined: bool) -> list[str]:
    between = d.style.range(parts["low"], parts["high"])
    return [f"{parts['estimate']} ({between})", parts["p"]] if joined else [parts["estimate"], between, parts["p"]]


def _regression_words(d: Draft, theme: Theme, shown: dict[str, Any]) -> str:
    sentences = []
    for name, (beta, parts) in shown.items():
        text = parts["p"]
        if text[0] == ">" or (text[0] != "<" and float(text) >= 0.05):
            continue
        if name.startswith("Age") or "0" in name or len(sentences) == 2:
            continue
        sentences.append(_direction(d, f"or.{name}", name, theme.outcome, beta, parts))
    if not sentences:
        return f"No factor was independently associated with {theme.outcome} in multivariable analysis."
    return " ".join(sentences)


def _direction(d: Draft, key: str, name: str, outcome: str, beta: float, parts: dict[str, str]) -> str:
    """A sentence with a direction, tied to its ratio; the word is a print of its own."""
    up = beta > 0
    pairs = [("higher", "lower"), ("increased", "reduced"), ("greater", "lower"), ("better", "worse")]
    high, low = d.pick(pairs[:3])
    right, wrong = (high, low) if up else (low, high)
    word = d.put(f"{key}.direction", right)
    d.fact("direction", {"word": f"{key}.direction", "estimate": f"{key}.estimate"}, wrong=wrong, right=right)
    parts = d.again(f"{key}.said", key)
    said = d.said_ratio(d.pick("OR", "odds ratio", "adjusted OR", "aOR"), parts)
    subject = name[0].lower() + name[1:] if not name[:2].isupper() else name
    forms = (
        f"{name} was associated with {word} odds of {outcome} ({said}).",
        f"In multivariable analysis, {subject} was independently associated with {word} odds of {outcome} ({said}).",
        f"The odds of {outcome} were {word} in patients with {subject} than in those without ({said}).",
    )
    change = abs(math.exp(beta) - 1) * 100
    if not up or change < 100:
        amount = d.value(f"{key}.change", abs(float(parts["estimate"].lstrip("<")) - 1) * 100, 0)
        forms = (*forms, f"Patients with {subject} had {amount}% {word} odds of {outcome} ({said}).")
    return d.pick(list(forms))


# ---------------------------------------------------------------- prose


def _response_words(d: Draft, theme: Theme, data: Data) -> tuple[str, str, str]:
    n_1, n_2 = int(data.arm.sum()), int((1 - data.arm).sum())
    a, b = int(data.response[data.arm == 1].sum()), int(data.response[data.arm == 0].sum())
    x = d.percent("response.0", a, n_1, other_n=n_2, row=theme.outcome)
    y = d.percent("response.1", b, n_2, other_n=n_1, row=theme.outcome)
    test = CHI2_TESTS["Pearson"](np.array([[a, b], [n_1 - a, n_2 - b]]))
    p = d.p_value("response.p", float(test.p_value))
    d.fact("p of counts", {"p": "response.p"}, table=[[a, b], [n_1 - a, n_2 - b]], p_value=float(test.p_value))
    g, h = theme.groups
    said = d.said_p(p)
    text = d.pick(
        f"{theme.outcome.capitalize()} was observed in {x[0]} of {n_1} patients ({x[1]}%) in the {g} "
        f"and in {y[0]} of {n_2} patients ({y[1]}%) in the {h} ({said}).",
        f"{theme.outcome.capitalize()} occurred in {x[0]}/{n_1} ({x[1]}%) in the {g} compared with "
        f"{y[0]}/{n_2} ({y[1]}%) in the {h} ({said}).",
        f"In the {g}, {x[0]} of the {n_1} patients ({x[1]}%) had {theme.outcome}, versus {y[0]} of "
        f"the {n_2} patients ({y[1]}%) in the {h}; the difference had a {said} by the chi-square test.",
    )
    again = [d.put(f"abstract.response.{i}", d.prints[f"response.{i}.percent"]) for i in (0, 1)]
    for i in (0, 1):
        keys = {"here": f"abstract.response.{i}", "there": f"response.{i}.percent"}
        d.fact("abstract", keys, n=(n_1, n_2)[i])
    short = d.pick(
        f"{theme.outcome.capitalize()} was seen in {again[0]}% of patients in the {g} and {again[1]}% "
        f"in the {h} ({said}).",
        f"The rate of {theme.outcome} was {again[0]}% in the {g} vs. {again[1]}% in the {h} ({said}).",
    )
    late = f"we found {theme.outcome} in {x[1]}% of patients in the {g}"
    return text, short, late


def _survival_words(d: Draft, theme: Theme, data: Data) -> tuple[str, str]:
    beta, se, p = cox(data.arm.astype(float), data.time, data.event)
    medians = [median_survival(data.time[data.arm == i], data.event[data.arm == i]) for i in (1, 0)]
    if not all(map(math.isfinite, medians)) or d.rng.random() < 0.25:
        return "", ""
    name = d.pick("Overall survival", "Progression-free survival", "Time to failure")
    parts = d.ratio(
        "hr", *_limits(beta, se)[:3], p, kind="hazard", events=int(data.event.sum()), n=len(data.arm), se=se
    )
    shown = [d.value(f"median.{i}", m, 1) for i, m in enumerate(medians)]
    events = int(data.event.sum())
    said = d.said_ratio(d.pick("hazard ratio", "HR"), parts, with_p=False)
    tail = f"log-rank {d.said_p(parts['p'])}"
    (g, h), (arm, other) = theme.groups, theme.arms
    way = int(d.rng.integers(4))  # how the words say which group the hazard ratio is about
    text = (
        f"Median {name.lower()} was {shown[0]} months in the {g} and {shown[1]} months "
        f"in the {h} ({said}; {tail}). In total {events} events occurred.",
        f"Median {name.lower()} was {shown[0]} months in the {g} and {shown[1]} months in the {h} ({said} for the {g} "
        f"versus the {h}; {tail}).",
        f"Median {name.lower()} was {shown[0]} months with {arm} versus {shown[1]} months with {other} "
        f"({said}; {tail}). Hazard ratios below 1 favour {arm}.",
        f"After a total of {events} events, median {name.lower()} was {shown[0]} versus {shown[1]} "
        f"months ({tail}; {said}).",
    )[way]
    known = way in (1, 2) or (way == 0 and h in ("control group", "standard care group"))
    d.fact(
        "medians",
        {"first": "median.0", "second": "median.1", "estimate": "hr.estimate"},
        beta=beta,
        se=se,
        medians=medians,
        known=known,
    )
    short = f"{name} was {shown[0]} vs {shown[1]} months ({said}; {tail})."
    return text, d.pick(short, "")


def _adverse_words(d: Draft, theme: Theme, sheet: Sheet) -> str:
    del theme
    row = sheet.rows[int(d.rng.integers(len(sheet.rows)))]
    name = row[0].split(",")[0]
    keys = [f"adverse.{name}.{i}.percent" for i in (0, 1)]
    if any(key not in d.prints for key in keys):
        return ""
    here = [d.put(f"text.{key}", d.prints[key]) for key in keys]
    for key in keys:
        d.fact("abstract", {"here": f"text.{key}", "there": key}, n=0)
    return (
        f"The most relevant toxicity was {name.lower()}, in {here[0]}% and {here[1]}%, respectively ({_label(sheet)})."
    )


def _abstract(d: Draft, theme: Theme, n_1: int, n_2: int, response: str, survival: str) -> list[str]:
    aim = f"To compare {theme.arms[0]} with {theme.arms[1]} in {theme.population}."
    sizes = d.pick(
        f"We reviewed {n_1 + n_2} patients: {n_1} received {theme.arms[0]} and {n_2} received {theme.arms[1]}.",
        f"Consecutive patients were assigned to the {theme.groups[0]} (n = {n_1}) or the "
        f"{theme.groups[1]} (n = {n_2}).",
    )
    end = f"{theme.arms[0].capitalize()} deserves further study in {theme.population}."
    if d.pick(True, False):
        return [
            f"Background: {aim}",
            f"Methods: {sizes}",
            f"Results: {response} {survival}".strip(),
            f"Conclusion: {end}",
        ]
    return [" ".join(part for part in (aim, sizes, response, survival, end) if part)]


def _methods(d: Draft, theme: Theme, n_1: int, n_2: int) -> list[str]:
    year = int(d.rng.integers(2008, 2019))
    start = n_1 + n_2 + int(d.rng.integers(15, 80))
    out = start - n_1 - n_2
    first = out // 3
    flow = [
        d.put("flow.start", str(start)),
        d.put("flow.a", str(first)),
        d.put("flow.b", str(out - first)),
        d.put("flow.end", str(n_1 + n_2)),
    ]
    d.fact("flow", {"start": "flow.start", "a": "flow.a", "b": "flow.b", "end": "flow.end"}, end=n_1 + n_2, start=start)
    dose = d.pick(
        "30 Gy in 10 fractions", "8 Gy in a single fraction", "40 mg once daily", "three sessions of 45 minutes a week"
    )
    return [
        f"We screened {flow[0]} {theme.population} between January {year} and December {year + 4}. "
        f"After exclusion of {flow[1]} patients with missing data and {flow[2]} who declined, "
        f"{flow[3]} patients remained: {n_1} in the {theme.groups[0]} and {n_2} in the "
        f"{theme.groups[1]}. Treatment followed local practice ({dose}).",
        d.pick(
            "Groups were compared with Student's t test for continuous and the chi-square test or "
            "Fisher's exact test for categorical variables. A two-sided P < 0.05 was considered "
            "significant.",
            "Continuous variables are given as mean and standard deviation and compared by t tests; "
            "proportions were compared by χ² tests (Yates' correction or Fisher's exact test where "
            "appropriate). Analyses used SPSS version 26.0 (IBM, Armonk, NY).",
        ),
    ]


def _noise(d: Draft, theme: Theme) -> list[str]:
    """Other people's numbers, which are right as well."""
    n = int(d.rng.integers(60, 400))
    count = int(d.rng.integers(n // 4, 3 * n // 4))
    share = rounded(100 * count / n, 1)
    beta, se = float(d.rng.uniform(0.2, 0.9)), float(d.rng.uniform(0.1, 0.3))
    x, low, high, _ = _limits(beta, se)
    return [
        f"About {d.pick('70', '60', '50', '65')}% of {theme.population} have symptoms that limit "
        f"daily life [1-3]. In an earlier trial, {count} of {n} patients ({share}%) benefited from "
        f"{theme.arms[0]} [4].",
        f"A registry study reported an odds ratio of {rounded(x, 2)} (95% CI "
        f"{rounded(low, 2)}–{rounded(high, 2)}) for {theme.outcome} [5,6], and guidelines from "
        f"{d.pick('2015', '2019', '2021')} recommend it (grade 1B).",
    ]


def _discussion(d: Draft, theme: Theme, late: str) -> list[str]:
    return [
        f"In this study {late}. Our findings agree with those of "
        f"{listed(['Smith et al. [7]', 'a Japanese series [8]'])}, who followed "
        f"{int(d.rng.integers(40, 300))} patients for {int(d.rng.integers(6, 24))} months.",
        "This study has limitations. It was retrospective, from a single centre, and follow-up was limited to 3 years.",
    ]


def _references(d: Draft) -> list[str]:
    return [
        f"{i}. Author A, Writer B. A study of something. J Gen Med. "
        f"{int(d.rng.integers(1998, 2023))};{int(d.rng.integers(5, 90))}({int(d.rng.integers(1, 12))}):{a}-{a + 9}. "
        f"doi:10.1000/jgm.{a}"
        for i, a in enumerate((int(v) for v in d.rng.integers(100, 2000, 8)), start=1)
    ]


def trial_abstract(draft: Draft) -> None:
    """A randomised trial in one page: response, hazard ratio, mean difference."""
    d = draft
    theme: Theme = d.pick(THEMES)
    data = simulate(d, theme)
    n_1, n_2 = int(data.arm.sum()), int((1 - data.arm).sum())
    d.title = f"Randomised comparison of {theme.arms[0]} and {theme.arms[1]}"
    response = _response_words(d, theme, data)
    survival = _survival_words(d, theme, data)
    mean = _difference_words(d, theme, data)
    d.part(
        "Abstract",
        f"Background: The best treatment for {theme.population} is unknown.",
        f"Methods: In this open-label, phase {d.pick('2', '3', 'II', 'III')} trial, {n_1 + n_2} "
        f"patients were randomly assigned to {theme.arms[0]} (n={n_1}) or {theme.arms[1]} (n={n_2}).",
        "Findings: " + " ".join(part for part in (response[0], survival[0], mean) if part),
        f"Interpretation: {theme.arms[0].capitalize()} may be considered. Funding: none.",
    )
    d.part("Introduction", *_noise(d, theme))
    d.part("References", *_references(d))


def _difference_words(d: Draft, theme: Theme, data: Data) -> str:
    """Change of a rating in both groups, the mean difference with its t interval and P."""
    rng = d.rng
    follow = np.clip(
        np.round(
            data.score - rng.uniform(0.5, 2.5) - rng.uniform(-0.3, 1.2) * data.arm + rng.normal(0, 1.5, len(data.arm))
        ),
        0,
        10,
    )
    sides = [follow[data.arm == 1], follow[data.arm == 0]]
    (m1, s1), (m2, s2) = [(float(side.mean()), float(side.std(ddof=1))) for side in sides]
    t, p, se = student(m1, s1, len(sides[0]), m2, s2, len(sides[1]))
    del t
    q = float(special.stdtrit(len(follow) - 2, 0.975))
    places = 2
    parts = {
        "estimate": d.value("md.estimate", m1 - m2, places),
        "low": d.value("md.low", m1 - m2 - q * se, places),
        "high": d.value("md.high", m1 - m2 + q * se, places),
        "p": d.p_value("md.p", p),
    }
    keys = {name: f"md.{name}" for name in parts}
    d.fact("difference", keys, estimate=m1 - m2, limits=(m1 - m2 - q * se, m1 - m2 + q * se), p_value=p, se=se)
    shown = [
        (d.value(f"follow.{i}.mean", m, 1), d.value(f"follow.{i}.sd", s, 1))
        for i, (m, s) in enumerate(((m1, s1), (m2, s2)))
    ]
    said = d.said_ratio(d.pick("mean difference", "MD", "between-group difference"), parts)
    return (
        f"{theme.scale} at follow-up was {d.mean_sd(*shown[0])} in the {theme.groups[0]} and "
        f"{d.mean_sd(*shown[1])} in the {theme.groups[1]} ({said})."
    )


DESIGNS: dict[str, Callable[[Draft], None]] = {"cohort": cohort, "trial": trial_abstract}
