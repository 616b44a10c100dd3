"""One population printed in many layouts: no clean table is flagged, and a slip in a percentage or count is found in each.

Tables are simulated and printed as papers do (half up or half even, 0 to 2 places); tests are computed with scipy.stats.
"""

import warnings
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from scipy import stats

from ostealgia.audit.checks.tables import counts as table_counts
from ostealgia.audit.checks.tables import margins as table_margins
from ostealgia.audit.checks.tables import p_values as table_tests
from ostealgia.audit.checks.tables import scales as table_scales
from ostealgia.audit.checks.tables import scored as table_scored
from ostealgia.audit.paper import Paper
from ostealgia.audit.tables import read_tables
from ostealgia.io.documents.reading import from_text

MODULES = (table_counts, table_margins, table_scales, table_scored, table_tests)
CATEGORIES = {
    "Sex": ["Male", "Female"],
    "ECOG performance status": ["0-1", "2", "3-4"],
    "Primary tumor": ["Breast", "Lung", "Prostate", "Kidney", "Other"],
    "Stage": ["I", "II", "III", "IV"],
}
BINARY = ("Spinal involvement", "Lung metastases", "Pathological fracture")
SUMMARIES = {
    "Age, years": (62.0, 11.0, False),
    "Baseline NRS pain score": (6.5, 2.0, True),
    "Tumor size, cm": (4.0, 1.5, False),
}

# name -> how cells, sizes, totals, labels, tests are printed
LAYOUTS = {
    "hints": {"cell": "{c} ({p})", "statistic": "t/χ2", "hint": True},
    "percent signs": {"cell": "{c} ({p}%)", "statistic": "χ2/t/F"},
    "mean (SD)": {"cell": "{c} ({p})", "mean": "{m} ({s})", "hint": True},
    "indented, note": {"cell": "{c} ({p})", "mean": "{m} ({s})", "indent": True, "note": "Values are n (%) or mean (SD)."},
    "percent first": {"cell": "{p}% ({c})", "statistic": "χ2/t"},
    "n of N": {"cell": "{c}/{n} ({p}%)"},
    "two columns": {"cell": "{c}\t{p}"},
    "row of sizes": {"cell": "{c} ({p})", "sizes": "row", "hint": True},
    "second label": {"cell": "{c} ({p})", "second": True, "hint": True},
    "total last": {"cell": "{c} ({p})", "total": "last", "statistic": "Statistic", "hint": True},
    "total first": {"cell": "{c} ({p}%)", "total": "first", "hint": True},
    "P at the first category": {"cell": "{c} ({p})", "first": True},
    "per cent of the row": {"cell": "{c} ({p})", "row": True, "hint": True},
}  # fmt: skip


class Sample:
    """Patients in two or three groups."""

    def __init__(self, seed):
        self.rng = rng = np.random.default_rng(seed)
        self.sizes = [int(n) for n in rng.integers(25, 240, rng.choice([2, 2, 3]))]
        self.rounding = [ROUND_HALF_UP, ROUND_HALF_EVEN][rng.integers(2)]
        self.places = int(rng.choice([0, 1, 1, 2]))
        self.names = ["Control group", "Observation group", "Third group"][: len(self.sizes)]

    def shown(self, value, places):
        return str(Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), self.rounding))

    def counts(self, labels):
        shares = self.rng.dirichlet(np.full(len(labels), 2.0))
        return np.array([self.rng.multinomial(n, shares) for n in self.sizes]).T

    def values(self, mean, sd, whole):
        groups = [self.rng.normal(mean, sd, n) for n in self.sizes]
        return [np.clip(np.round(x), 0, 10) for x in groups] if whole else groups

    def test(self, counts=None, groups=None):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if groups is not None:
                found = stats.ttest_ind(*groups) if len(groups) == 2 else stats.f_oneway(*groups)
                return abs(found.statistic), found.pvalue
            used = counts[counts.sum(axis=1) > 0]
            if len(used) < 2:
                return None
            return stats.chi2_contingency(used, correction=False)[:2]


def printed_table(seed, layout):
    """The table as tab-separated text, and the cells that hold one count with its percentage."""
    sample, how = Sample(seed), LAYOUTS[layout]
    order = list(range(len(sample.sizes)))
    order = {"last": [*order, len(order)], "first": [len(order), *order], None: order}[how.get("total")]
    sizes, names = [*sample.sizes, sum(sample.sizes)], [*sample.names, "Total"]
    double = "\t" in how["cell"]
    by_row = how.get("sizes") == "row"
    head = [names[g] + ("" if by_row else f" (n = {sizes[g]})") for g in order]
    lines = [["Variable", *(["Category"] if how.get("second") else []), *(h for h in head for _ in range(1 + double))]]
    tests = [how["statistic"]] if how.get("statistic") else []
    lines[0] += [*tests, "P value"]
    if double:
        lines.append(["", *["n", "%"] * len(order), *[""] * (len(tests) + 1)])
    if by_row:
        lines.append(["No. of patients", *(str(sizes[g]) for g in order), *[""] * (len(tests) + 1)])
    targets = []

    def tail(found):
        if found is None:
            return [""] * (len(tests) + 1)
        p = "<0.001" if found[1] < 0.001 else sample.shown(found[1], 3)
        return [*([sample.shown(found[0], 3)] if tests else []), p]

    def row(label, level, counts, found, last):
        cells = []
        counts = [*counts, sum(counts)]
        for g in order:
            base = max(sum(counts[:-1]), 1) if how.get("row") else sizes[g]
            percent = sample.shown(100 * counts[g] / base, sample.places)
            cell = how["cell"].format(c=counts[g], p=percent, n=base)
            if g < len(sample.sizes) and counts[g] > 4 and not how.get("row"):
                targets.append((len(lines), cell, str(counts[g]), percent, last))
            cells += cell.split("\t")
        lines.append([label, *([level] if how.get("second") else []), *cells, *tail(found)])

    blank = [""] * (len(order) * (1 + double))
    for name, (mean, sd, whole) in SUMMARIES.items():
        groups = sample.values(mean, sd, whole)
        cells = []
        for x in [[*groups, np.concatenate(groups)][g] for g in order]:
            cell = how.get("mean", "{m} ± {s}").format(m=sample.shown(x.mean(), 1), s=sample.shown(x.std(ddof=1), 1))
            cells += [cell, ""] if double else [cell]
        hint = (", mean (SD)" if "mean" in how else ", mean ± SD") if how.get("hint") else ""
        lines.append([name + hint, *([""] if how.get("second") else []), *cells, *tail(sample.test(groups=groups))])
    for name, labels in CATEGORIES.items():
        counts, label = sample.counts(labels), name + (", n (%)" if how.get("hint") else "")
        found = sample.test(counts)
        inside = how.get("second") or how.get("first")
        if not how.get("second"):
            lines.append([label, *blank, *tail(None if inside else found)])
        for i, level in enumerate(labels):
            shown = ("  " if how.get("indent") else "") + level
            first = label if i == 0 else ""
            row(
                first if how.get("second") else shown,
                level,
                counts[i].tolist(),
                found if inside and i == 0 else None,
                False,
            )
    for name in BINARY:
        counts = sample.counts(["Yes", "No"])
        row(name + (", n (%)" if how.get("hint") else ""), "Yes", counts[0].tolist(), sample.test(counts), True)
    return lines, targets, how.get("note", "SD: standard deviation.")


def flags(lines, note):
    body = "\n".join("\t".join(line) for line in lines)
    document = from_text(f"Results\n\nTable 1. Baseline characteristics of the patients\n\n{body}\n\nNote: {note}\n")
    paper = Paper(document=document, tables=read_tables(document))
    found = [finding for module in MODULES for check in module.CHECKS for finding in check(paper)]
    return [f for f in found if f.flagged], found


@pytest.mark.parametrize("layout", LAYOUTS)
def test_clean_tables_are_read_and_not_flagged(layout):
    for seed in range(8):
        lines, _, note = printed_table(seed, layout)
        wrong, found = flags(lines, note)
        assert [f"{f} {f.quote}" for f in wrong] == []
        percents = sum(f.rule == "percent-vs-count" for f in found)
        groups = len(lines[0])
        # 14 categories and 3 single rows in every group: nearly all percentages are checked
        assert percents >= 30, (layout, seed, groups, percents)


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "per cent of the row"])
def test_a_lost_digit_is_found_in_every_layout(layout):
    found, tried = 0, 0
    for seed in range(20, 28):
        lines, targets, note = printed_table(seed, layout)
        rng = np.random.default_rng(seed)
        at, cell, _, percent, _ = targets[rng.integers(len(targets))]
        wrong = percent.replace(".", "", 1) if "." in percent and rng.random() < 0.5 else percent[1:]
        if float(wrong or 0) == float(percent) or not wrong.strip("0."):
            continue
        spoilt = cell.replace(percent, wrong) if cell.count(percent) == 1 else None
        joined = "\t".join(lines[at])
        if spoilt is None or joined.count(cell) != 1:
            continue
        lines[at] = joined.replace(cell, spoilt).split("\t")
        tried += 1
        found += any(f.rule == "percent-vs-count" for f in flags(lines, note)[0])
    assert tried >= 4 and found == tried
