"""A network in R: the model written out for metafor, and netmeta's own call where that package is there."""

from __future__ import annotations

from typing import Any

import numpy as np

from ostealgia.errors import OptionError
from ostealgia.meta.r_script_text import Script, r_frame, r_number, r_string, r_vector


def write_network(result: Any) -> Script:
    """Contrasts with the first arm of each study, their covariances, and the network estimates at the tau2 that was found.

    tau2 itself is taken as known: netmeta has the generalised DL, ML and REML estimators of it, metafor's rma.mv REML.
    """
    if result.model == "MH" or result.evidence is None:
        raise OptionError("model='MH' of a network has no counterpart in metafor, so no R script is written.")
    script = Script(
        f"{result.measure}, network of {len(result.treatments)} treatments, {result.k} studies, {result.model} model"
    )
    shown, reference = result.shown, result.reference
    rows = _rows(result)
    others = [name for name in result.treatments if name != reference]
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in ("study", "treat1", "treat2", "yi", "vi")}
    script.comment("one contrast less than arms a study, all against its first arm")
    script.add(r_frame("dat", columns))
    script.add(f"X <- matrix(0, nrow(dat), {len(others)}, dimnames = list(NULL, {r_vector(others)}))")
    script.add("for (i in seq_len(nrow(dat))) {")
    script.add("  if (dat$treat1[i] %in% colnames(X)) X[i, dat$treat1[i]] <- 1")
    script.add("  if (dat$treat2[i] %in% colnames(X)) X[i, dat$treat2[i]] <- -1", "}")
    script.add("V <- diag(dat$vi, nrow(dat))", *_shared(rows))
    tau2 = float(shown.tau2)
    if tau2 > 0:
        script.comment("between studies: tau2 for each contrast, half of it shared by contrasts of one study")
        script.add(f"V <- V + {r_number(tau2)} * (0.5 * diag(nrow(dat)) + 0.5 * outer(dat$study, dat$study, '=='))")
    level = r_number(round(100 * result.ci_level, 10))
    script.add(
        f"fit <- rma.mv(yi, V, mods = X, intercept = FALSE, data = dat, method = 'ML', level = {level})",
        "print(fit)",
        "",
    )
    at, base = [result.treatments.index(name) for name in others], result.treatments.index(reference)
    script.comment(f"each treatment against {reference}")
    error = shown.std_error[at, base]
    script.check("estimates", "as.numeric(coef(fit))", shown.estimate[at, base], unit=float(error.min()))
    script.check("standard errors", "fit$se", error)
    _netmeta(script, result, others, tau2)
    return script


def _rows(result: Any) -> list[dict[str, Any]]:
    """Basic contrasts of each study, with the position of those that share its first arm."""
    evidence, names = result.evidence, result.treatments
    rows: list[dict[str, Any]] = []
    for code in dict.fromkeys(int(code) for code in evidence.study):
        own = np.flatnonzero(evidence.study == code)
        pair = {(int(evidence.first[i]), int(evidence.second[i])): i for i in own}
        base = min(first for first, _ in pair)
        for (first, second), i in pair.items():
            if first != base:
                continue
            later = [other for one, other in pair if one == base and other > second]
            shared = [(other, _covariance(evidence.variance, pair, base, second, other)) for other in later]
            rows.append({
                "study": result.studies[code], "treat1": names[second], "treat2": names[base], "yi": -float(evidence.estimate[i]),
                "vi": float(evidence.variance[i]), "code": code, "second": second, "shared": shared,
            })  # fmt: skip
    return rows


def _covariance(variance: Any, pair: dict[tuple[int, int], Any], base: int, one: int, other: int) -> float:
    """Of two contrasts with one arm: half of what their variances have in excess of that of the third."""
    own, second, third = (variance[pair[key]] for key in ((base, one), (base, other), (one, other)))
    return 0.5 * float(own + second - third)


def _shared(rows: list[dict[str, Any]]) -> list[str]:
    """Covariances of contrasts that share an arm."""
    place = {(row["code"], row["second"]): i + 1 for i, row in enumerate(rows)}
    lines = []
    for row in rows:
        for other, value in row["shared"]:
            i, j = place[row["code"], row["second"]], place[row["code"], other]
            lines.append(f"V[{i}, {j}] <- V[{j}, {i}] <- {r_number(value)}")
    return lines


def _netmeta(script: Script, result: Any, others: list[str], tau2: float) -> None:
    """The same by netmeta, where it is installed: all contrasts, the same tau2."""
    evidence, names = result.evidence, result.treatments
    inner = Script("")
    inner.add(r_frame("pairs", {
        "study": [result.studies[int(code)] for code in evidence.study], "treat1": [names[int(i)] for i in evidence.first],
        "treat2": [names[int(i)] for i in evidence.second], "TE": evidence.estimate, "seTE": np.sqrt(evidence.variance),
    }))  # fmt: skip
    inner.add(
        f"net <- netmeta::netmeta(TE, seTE, treat1, treat2, study, data = pairs, tau.preset = {r_number(tau2)}, tol.multiarm = 1)"
    )
    at, base = [names.index(name) for name in others], names.index(result.reference)
    kind = "random" if result.model == "random" else "common"
    found = f"net$TE.{kind}[{r_vector(others)}, {r_string(result.reference)}]"
    shown = result.shown
    inner.check("estimates of netmeta", found, shown.estimate[at, base], unit=float(shown.std_error[at, base].min()))
    script.add("", 'if (requireNamespace("netmeta", quietly = TRUE)) {', *(f"  {line}" for line in inner.lines), "}")
