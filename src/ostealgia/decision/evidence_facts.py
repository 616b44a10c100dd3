"""Published facts without counts to pool: harms, onset, retreatment, burden, published pools. Each with its source and check status."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from functools import cache
from importlib import resources

from ostealgia.decision.evidence_model import Evidence, number_of, therapy_id
from ostealgia.numerics.proportion_intervals import proportion_interval

FILE = ("data", "evidence", "facts.csv")
# word of the file -> kind
_KINDS = {
    "onset": "onset",
    "cohort": "single arm",
    "published pool": "published pool",
    "retreatment": "retreatment",
    "harm": "harm",
    "burden": "burden",
    "change": "published result",
    "trial arm": "published result",
}


def exact_per_100(events: int, n: int, level: float = 0.95) -> tuple[float, float, float]:
    """Events of 100 with the exact (Clopper-Pearson) limits.

    >>> [round(value, 1) for value in exact_per_100(41, 43)]
    [95.3, 84.2, 99.4]
    """
    found = proportion_interval(float(events), float(n), method="clopper-pearson", level=level)
    estimate, low, high = (100.0 * float(value) for value in found)
    return estimate, low, high


@cache
def facts() -> tuple[Evidence, ...]:
    """Every fact of the file, in its order.

    >>> {one.kind for one in facts() if one.therapy == "denosumab"} == {"published result", "burden"}
    True
    """
    return tuple(_fact(row) for row in _rows() if row["kind"] != "conflict")


@cache
def stated_conflicts() -> dict[str, tuple[str, ...]]:
    """Therapy -> sentences of the file on results that do not fit together.

    >>> len(stated_conflicts()["flare_steroid"])
    1
    """
    found: dict[str, list[str]] = {}
    for row in _rows():
        if row["kind"] == "conflict":
            found.setdefault(therapy_id(row["therapy"]), []).append(f"{row['note']} ({row['source']})")
    return {therapy: tuple(said) for therapy, said in found.items()}


@cache
def _rows() -> tuple[dict[str, str], ...]:
    text = resources.files("ostealgia").joinpath(*FILE).read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _fact(row: Mapping[str, str]) -> Evidence:
    events, n, k = (None if math.isnan(x) else int(x) for x in (number_of(row, name) for name in ("events", "n", "k")))
    per_100, low, high = (number_of(row, name) for name in ("per_100", "ci_low", "ci_high"))
    kind = _KINDS[row["kind"]]
    if events is not None and n is not None and row["kind"] != "published pool":
        per_100, low, high = exact_per_100(events, n)
    elif events is not None and n is not None:
        per_100 = 100.0 * events / n
    if row["kind"] == "trial arm" and events is not None:
        kind = "single arm"
    return Evidence(
        therapy=therapy_id(row["therapy"]), variant=row["variant"], kind=kind, outcome=row["outcome"], per_100=per_100, ci_low=low,
        ci_high=high, per_100_comparator=number_of(row, "per_100_comparator"), comparator=row["comparator"], measure=row["measure"],
        estimate=number_of(row, "estimate"), estimate_ci_low=number_of(row, "estimate_ci_low"),
        estimate_ci_high=number_of(row, "estimate_ci_high"), events=events, n=n, k=k, weeks=row["weeks"], definition=row["definition"],
        denominator=row["denominator"], source=row["source"], doi=row["doi"], check_status=row["check_status"], note=row["note"],
        interval=row["interval"] or ("exact 95% confidence" if math.isfinite(low) else ""),
    )  # fmt: skip
