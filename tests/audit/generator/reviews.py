"""Designs that pool studies, and a report in the style of psychology."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from generator.cohort import _noise, _references
from generator.draft import Draft, Sheet
from generator.statistics_of import pooled, student, two_sided
from generator.themes import AUTHORS, COUNTRIES, THEMES, Theme
from scipy import special

Z = 1.959964


def one_group_review(draft: Draft) -> None:
    """A review of one-group studies: a row a study with counts, a pooled proportion, appraisal with stars."""
    d = draft
    theme: Theme = d.pick(THEMES)
    k = int(d.rng.integers(6, 16))
    names = _studies(d, k)
    sizes = [int(n) for n in d.rng.integers(9, 140, k)]
    line = float(d.rng.uniform(-0.3, 1.4))
    responders = [min(n, max(0, int(d.rng.binomial(n, special.expit(line + d.rng.normal(0, 0.5)))))) for n in sizes]
    toxic = [int(d.rng.binomial(n, 0.12)) for n in sizes]
    total, good = sum(sizes), sum(responders)
    table = _studies_table(d, theme, names, sizes, responders, toxic)
    sentence, short = _pooled_words(d, theme, sizes, responders)
    stars = _stars(d, names)
    crude = d.percent("crude", good, total)
    bad = d.percent("toxic", sum(toxic), total)
    d.fact(
        "sum",
        {"total": "crude.count"} | {f"part{i}": f"study.{n}.response.count" for i, n in enumerate(names)},
        total=good,
    )
    kinds = _kinds(d, k)
    d.title = f"{theme.arms[0].capitalize()} for {theme.population}: a systematic review and meta-analysis"
    d.part(
        "Abstract",
        f"Objective: To summarise the effect of {theme.arms[0]} in {theme.population}.",
        f"Results: {k} studies with {total} patients were included. {short}",
    )
    d.part("Introduction", *_noise(d, theme))
    d.part("Methods", *_search(d, k))
    d.part(
        "Results",
        f"The {k} included studies enrolled {total} patients ({_label(table)}). {kinds}",
        table,
        f"Overall, {crude[0]} of {total} patients ({crude[1]}%) had {theme.outcome}. {sentence} "
        f"Adverse events were reported in {bad[0]} ({bad[1]}%) patients.",
        f"Study quality is given in {_label(stars)}.",
        stars,
    )
    d.part("Discussion", f"Pooling {k} studies, we found that {theme.arms[0]} is a useful option.")
    d.part("References", *_references(d))


def _label(sheet: Sheet) -> str:
    return sheet.caption.partition(".")[0]


def _studies(d: Draft, k: int) -> list[str]:
    names = list(d.rng.permutation(np.array(AUTHORS))[:k])
    form = d.pick("{a} et al. ({y})", "{a} {y}", "{a} et al., {y}", "{a}, {y} [{i}]")
    return [form.format(a=a, y=int(d.rng.integers(2004, 2024)), i=i + 12) for i, a in enumerate(names)]


def _studies_table(
    d: Draft, theme: Theme, names: list[str], sizes: list[int], responders: list[int], toxic: list[int]
) -> Sheet:
    rows = []
    score = d.pick(True, False)
    for i, (name, n, r, x) in enumerate(zip(names, sizes, responders, toxic, strict=True)):
        other = sizes[(i + 1) % len(sizes)]
        cells = [
            name,
            d.pick(list(COUNTRIES)),
            str(n),
            d.cell(f"study.{name}.response", r, n, other_n=other, row=name, neighbour=True),
        ]
        cells.append(d.cell(f"study.{name}.toxic", x, n, other_n=other, row=name, neighbour=True))
        if score:
            values = np.clip(np.round(d.rng.normal(6, 1.8, n)), 0, 10)
            mean, sd = (
                d.value(f"study.{name}.mean", float(values.mean()), 1),
                d.value(f"study.{name}.sd", float(values.std(ddof=1)), 1),
            )
            d.fact("bounded mean", {"mean": f"study.{name}.mean", "sd": f"study.{name}.sd"}, n=n)
            cells.append(d.mean_sd(mean, sd))
        rows.append(tuple(cells))
    heads = [
        "Study",
        "Country",
        d.pick("N", "Patients (n)", "Sample size"),
        f"{theme.outcome.capitalize()}, n (%)",
        "Adverse events, n (%)",
    ]
    if score:
        heads.append(f"Baseline {theme.scale}")
    return Sheet(
        f"{d.next_table()}. {d.pick('Characteristics of the included studies', 'Included studies')}",
        tuple(heads),
        tuple(rows),
    )


def _kinds(d: Draft, k: int) -> str:
    a = int(d.rng.integers(1, max(2, k // 3)))
    b = int(d.rng.integers(1, max(2, k // 2)))
    c = k - a - b
    shown = [d.put(f"kinds.{name}", str(value)) for name, value in (("a", a), ("b", b), ("c", c))]
    d.fact("kinds", {"a": "kinds.a", "b": "kinds.b", "c": "kinds.c"}, k=k, parts=[a, b, c])
    return d.pick(
        f"There were {shown[0]} randomised trials, {shown[1]} prospective studies and {shown[2]} "
        "retrospective studies.",
        f"Of the {k} studies, {shown[0]} were randomised, {shown[1]} prospective and {shown[2]} retrospective.",
    )


def _pooled_words(d: Draft, theme: Theme, sizes: list[int], events: list[int]) -> tuple[str, str]:
    n, x = np.array(sizes, dtype=float), np.array(events, dtype=float)
    edge = (x == 0) | (x == n)
    x, n = np.where(edge, x + 0.5, x), np.where(edge, n + 1, n)
    fit = pooled(np.log(x / (n - x)), 1 / x + 1 / (n - x))
    ends = [100 * special.expit(fit["estimate"] + z * fit["std_error"]) for z in (0, -Z, Z)]
    places = d.style.percent_places if d.style.percent_places < 2 else 1
    parts = {
        name: d.value(f"pool.{name}", float(value), places)
        for name, value in zip(("estimate", "low", "high"), ends, strict=True)
    }
    d.fact("pool", {name: f"pool.{name}" for name in parts}, ends=ends, se=fit["std_error"], places=places)
    het = _heterogeneity_words(d, "pool", fit)
    between = d.style.range(parts["low"], parts["high"])
    text = d.pick(
        f"The pooled rate of {theme.outcome} was {parts['estimate']}% (95% CI {between}%; {het}).",
        "In a random-effects model (DerSimonian-Laird, logit), the summary proportion with "
        f"{theme.outcome} was {parts['estimate']}% (95% CI: {between}), {het}.",
    )
    again = d.put("abstract.pool", d.prints["pool.estimate"])
    d.fact("abstract", {"here": "abstract.pool", "there": "pool.estimate"}, n=0)
    return text, f"The pooled rate of {theme.outcome} was {again}% (95% CI {between}%)."


def _heterogeneity_words(d: Draft, key: str, fit: dict[str, float]) -> str:
    i2 = d.value(f"{key}.i2", fit["i2"], d.pick(0, 0, 1))
    q = d.value(f"{key}.q", fit["q"], d.pick(1, 2))
    p = d.p_value(f"{key}.qp", fit["p"])
    df = int(fit["df"])
    form = d.pick("full", "short", "p only")
    d.fact("heterogeneity", {"i2": f"{key}.i2", "q": f"{key}.q", "p": f"{key}.qp"}, fit=fit, form=form)
    square = d.pick("I²", "I2")
    if form == "full":
        return f"{square} = {i2}%, Q = {q}, df = {df}, {d.said_p(p)}"
    if form == "short":
        return f"Cochran's Q({df}) = {q}, {d.said_p(p)}; {square} = {i2}%"
    return f"{square} = {i2}%; {d.said_p(p)} for heterogeneity"


def _stars(d: Draft, names: list[str]) -> Sheet:
    """The Newcastle-Ottawa scale; star signs, or points a domain."""
    signs = d.pick(True, False)
    rows = []
    for name in names:
        given = [int(d.rng.integers(2, 5)), int(d.rng.integers(0, 3)), int(d.rng.integers(1, 4))]
        total = d.put(f"stars.{name}.total", str(sum(given)))
        d.fact("stars", {"total": f"stars.{name}.total"}, total=sum(given), name=name)
        shown = [("★" * g + "☆" * (most - g)) if signs else str(g) for g, most in zip(given, (4, 2, 3), strict=True)]
        rows.append((name, *shown, f"{total}/9" if signs else total))
    heads = ("Study", "Selection", "Comparability", "Outcome", d.pick("Total", "Total score", "NOS total"))
    return Sheet(f"{d.next_table()}. Quality by the Newcastle-Ottawa Scale", heads, tuple(rows))


def _search(d: Draft, k: int) -> list[str]:
    hits = int(d.rng.integers(300, 2500))
    double = int(d.rng.integers(40, 200))
    title = int(d.rng.integers(80, 200))
    full = hits - double - title
    d.fact(
        "flow", {"start": "search.start", "a": "search.a", "b": "search.b", "end": "search.end"}, end=full, start=hits
    )
    shown = [
        d.put(f"search.{name}", str(value))
        for name, value in (("start", hits), ("a", double), ("b", title), ("end", full))
    ]
    return [
        f"PubMed, Embase and CENTRAL were searched to {d.pick('March', 'June', 'December')} "
        f"{int(d.rng.integers(2017, 2025))}. The search found {shown[0]} records; after removal of "
        f"{shown[1]} duplicates and {shown[2]} records of other designs, {shown[3]} records were "
        f"screened and {k} studies included.",
        "Proportions were pooled on the logit scale with the DerSimonian-Laird estimator. "
        "Heterogeneity was described by I² and Cochran's Q.",
    ]


def factor_review(draft: Draft) -> None:
    """A review of risk factors: odds or hazard ratios by study in a table, pooled ratios in prose with a direction."""
    d = draft
    theme: Theme = d.pick(THEMES)
    measure = d.pick("OR", "HR", "RR")
    long = {"OR": "odds ratio", "HR": "hazard ratio", "RR": "risk ratio"}[measure]
    rows, sentences = [], []
    factors = [theme.binary[int(i)] for i in d.rng.permutation(len(theme.binary))[:3]]
    for factor in factors:
        k = int(d.rng.integers(3, 7))
        beta = float(d.rng.choice([-1, 1]) * d.rng.uniform(0.2, 0.9))
        se = d.rng.uniform(0.12, 0.45, k)
        y = beta + d.rng.normal(0, 1, k) * np.hypot(se, 0.12)
        for name, estimate, error in zip(_studies(d, k), y, se, strict=True):
            parts = d.ratio(
                f"{factor}.{name}",
                *_limits(float(estimate), float(error)),
                label=name,
                se=float(error),
                measure=measure,
            )
            n = int(12 / error**2) + int(d.rng.integers(20, 90))
            rows.append(
                (name, factor, str(n), parts["estimate"], d.style.range(parts["low"], parts["high"]), parts["p"])
            )
        sentences.append(_pooled_ratio(d, theme, factor, measure, long, y, se))
    header = ("Study", "Factor", "N", measure, "95% CI", d.pick("P", "P value"))
    table = Sheet(
        f"{d.next_table()}. {long.capitalize()}s for {theme.outcome} by factor and study", header, tuple(rows)
    )
    d.title = f"Factors associated with {theme.outcome} in {theme.population}: systematic review"
    d.part(
        "Abstract",
        "Background: Predictors are uncertain.",
        f"Results: {' '.join(short for _, short in sentences)}",
        "Conclusion: These factors deserve attention.",
    )
    d.part("Introduction", *_noise(d, theme))
    d.part("Methods", "Ratios were pooled on the log scale with random effects (inverse variance, DerSimonian-Laird).")
    d.part("Results", f"Estimates by study are in {_label(table)}.", table, *[text for text, _ in sentences])
    d.part("Discussion", "Only few studies reported each factor, and confounding is likely.")
    d.part("References", *_references(d))


def _limits(beta: float, se: float) -> tuple[float, float, float, float]:
    return math.exp(beta), math.exp(beta - Z * se), math.exp(beta + Z * se), two_sided(beta / se)


def _pooled_ratio(
    d: Draft, theme: Theme, factor: str, measure: str, long: str, y: np.ndarray, se: np.ndarray
) -> tuple[str, str]:
    fit = pooled(y, se**2)
    parts = d.ratio(
        f"pooled.{factor}",
        *_limits(fit["estimate"], fit["std_error"]),
        label=factor,
        se=fit["std_error"],
        measure=measure,
    )
    thing = {"OR": "odds", "HR": "hazard", "RR": "risk"}[measure]
    up = fit["estimate"] > 0
    right, wrong = ("increased", "decreased") if up else ("decreased", "increased")
    if d.pick(True, False):
        right, wrong = ("higher", "lower") if up else ("lower", "higher")
    clear = fit["p"] is not None and two_sided(fit["estimate"] / fit["std_error"]) < 0.05
    said = d.said_ratio(d.pick(long, measure), parts)
    het = _heterogeneity_words(d, f"het.{factor}", fit)
    abstract = d.said_ratio(d.pick(long, measure), d.again(f"abstract.{factor}", f"pooled.{factor}"))
    if not clear:
        text = f"{factor} was not significantly associated with {theme.outcome} ({said}; {len(y)} studies; {het})."
        return text, f"{factor} was not associated with {theme.outcome} ({abstract})."
    word = d.put(f"pooled.{factor}.direction", right)
    d.fact(
        "direction",
        {"word": f"pooled.{factor}.direction", "estimate": f"pooled.{factor}.estimate"},
        wrong=wrong,
        right=right,
    )
    times = math.exp(abs(fit["estimate"]))
    text = d.pick(
        f"{factor} was associated with {word} {thing} of {theme.outcome} ({said}). Heterogeneity: {het}.",
        f"Across {len(y)} studies, {factor.lower()} carried {word} {thing} of {theme.outcome} ({said}; {het}).",
    )
    if up and times > 1.3 and d.pick(True, False, False):
        text += (
            f" Put simply, the {thing} was {parts['estimate']} times {d.pick('higher', 'as high')} with this factor."
        )
    return text, f"{factor} was associated with {theme.outcome} ({abstract})."


# ---------------------------------------------------------------- a report in the style of psychology


def apa_report(draft: Draft) -> None:
    """t, F, chi-square, r and whole-number ratings in APA style."""
    d = draft
    theme: Theme = d.pick(THEMES)
    d.title = f"Beliefs about treatment among {theme.population}: a questionnaire study"
    sentences = [
        one(d, i)
        for i, one in enumerate(
            [*d.pick([_apa_t, _apa_f, _apa_r], [_apa_t, _apa_t, _apa_r]), _apa_chi2, _apa_mean, _apa_debit]
        )
    ]
    d.part("Abstract", f"We asked {theme.population} about their beliefs. " + sentences[0])
    d.part("Introduction", *_noise(d, theme))
    d.part("Results", " ".join(sentences[1:4]), " ".join(sentences[4:]))
    d.part("Discussion", "Beliefs differed between groups, but the sample was small.")
    d.part("References", *_references(d))


def _test(d: Draft, key: str, kind: str, statistic: float, df: list[int], p: float, n: int | None = None) -> str:
    shown = d.value(f"{key}.statistic", statistic, 2)
    tail = d.p_value(f"{key}.p", p, places=3)
    d.fact("test", {"statistic": f"{key}.statistic", "p": f"{key}.p"}, name=kind, df=df, p_value=p)
    inside = ", ".join([str(x) for x in df] + ([f"N = {n}"] if n else []))
    equal = " < " if tail.startswith("<") else d.pick(" = ", "=", " = ")
    number = tail.lstrip("< ") if tail.startswith("<") else tail
    name = {"chi2": "χ²"}.get(kind, kind)
    return f"{name}({inside}) = {d.style.signed(shown)}, {d.pick('p', 'p', '*p*')}{equal}{number}"


def _apa_t(d: Draft, i: int) -> str:
    n_1, n_2 = (int(v) for v in d.rng.integers(15, 70, 2))
    a, b = d.rng.normal(4.6, 1.3, n_1), d.rng.normal(float(d.rng.uniform(3.6, 4.8)), 1.3, n_2)
    m, s = [float(v.mean()) for v in (a, b)], [float(v.std(ddof=1)) for v in (a, b)]
    t, p, _ = student(m[0], s[0], n_1, m[1], s[1], n_2)
    words = [f"*M* = {d.value(f't{i}.{j}.m', m[j], 2)}, *SD* = {d.value(f't{i}.{j}.s', s[j], 2)}" for j in (0, 1)]
    return (
        f"Women ({words[0]}) and men ({words[1]}) were compared on the summary score, "
        f"{_test(d, f't{i}', 't', t, [n_1 + n_2 - 2], p)}."
    )


def _apa_f(d: Draft, i: int) -> str:
    df = [int(d.rng.integers(1, 4)), int(d.rng.integers(40, 160))]
    f = float(d.rng.f(df[0], df[1]) * d.rng.uniform(0.6, 4))
    return (
        "The effect of group on trust was examined by analysis of variance, "
        f"{_test(d, f'f{i}', 'F', f, df, float(special.fdtrc(df[0], df[1], f)))}."
    )


def _apa_r(d: Draft, i: int) -> str:
    df = int(d.rng.integers(25, 140))
    r = round(float(np.clip(d.rng.normal(0.2, 0.2), -0.7, 0.7)), 2) or 0.05
    t = r * math.sqrt(df / (1 - r * r))
    return f"Age correlated with knowledge, {_test(d, f'r{i}', 'r', r, [df], float(2 * special.stdtr(df, -abs(t))))}."


def _apa_chi2(d: Draft, i: int) -> str:
    df = int(d.rng.integers(1, 5))
    x = float(d.rng.chisquare(df) * d.rng.uniform(0.7, 3))
    n = int(d.rng.integers(60, 300)) if d.pick(True, False) else None
    return f"Choice differed by clinic, {_test(d, f'x{i}', 'chi2', x, [df], float(special.chdtrc(df, x)), n)}."


def _apa_mean(d: Draft, i: int) -> str:
    n = int(d.rng.integers(14, 60))
    values = np.clip(np.round(d.rng.normal(5, 1.4, n)), 1, 7)
    m, s = float(values.mean()), float(values.std(ddof=1))
    mean, sd = d.value(f"likert{i}.mean", m, 2), d.value(f"likert{i}.sd", s, 2)
    d.fact("likert", {"mean": f"likert{i}.mean", "sd": f"likert{i}.sd"}, n=n, mean=m, sd=s)
    share = int((values >= 5).sum())
    percent = d.value(f"likert{i}.percent", 100 * share / n, d.pick(0, 1))
    d.fact("share", {"percent": f"likert{i}.percent"}, n=n, count=share)
    return (
        f"Trust was rated on a single item from 1 to 7 (n = {n}, *M* = {mean}, *SD* = {sd}); {percent}% "
        f"of these {n} participants chose 5 or more."
    )


def _apa_debit(d: Draft, i: int) -> str:
    n = int(d.rng.integers(60, 400))
    count = int(d.rng.integers(n // 8, n // 3))
    p = count / n
    sd = math.sqrt(p * (1 - p) * n / (n - 1))
    mean, spread = d.value(f"coded{i}.mean", p, 2), d.value(f"coded{i}.sd", sd, 2)
    d.fact("coded", {"mean": f"coded{i}.mean", "sd": f"coded{i}.sd"}, n=n, sd=sd)
    return f"Refusal (coded 0 = no, 1 = yes) had a mean of {mean} (SD = {spread}, n = {n})."


REVIEWS: dict[str, Callable[[Draft], None]] = {"review": one_group_review, "factors": factor_review, "apa": apa_report}
