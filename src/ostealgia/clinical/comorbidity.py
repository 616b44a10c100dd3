"""Charlson comorbidity index: the weights of 1987 and of 2011, age, and the index cancer counted or not.

Every patient with bone metastases scores 6 for the index cancer, so a source must say which index it used: both are given.
Sources
    1987  Charlson ME et al. J Chronic Dis 1987;40:373-383. doi:10.1016/0021-9681(87)90171-8 (read)
    2011  Quan H et al. Am J Epidemiol 2011;173:676-682. doi:10.1093/aje/kwq433 (remembered)
    age   Charlson M et al. J Clin Epidemiol 1994;47:1245-1251. doi:10.1016/0895-4356(94)90129-5 (read in a paper that applies it)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ostealgia.errors import OptionError
from ostealgia.options import one_of

_CONDITIONS = (
    "myocardial_infarction", "heart_failure", "peripheral_vascular", "cerebrovascular", "dementia", "chronic_pulmonary",
    "connective_tissue", "peptic_ulcer", "mild_liver", "diabetes", "hemiplegia", "renal", "diabetes_with_complications", "tumour",
    "leukaemia", "lymphoma", "severe_liver", "metastatic_tumour", "aids",
)  # fmt: skip
WEIGHTS: dict[str, dict[str, int]] = {
    "1987": dict(zip(_CONDITIONS, (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 6, 6), strict=True)),
    "2011": dict(zip(_CONDITIONS, (0, 2, 0, 0, 2, 1, 1, 0, 2, 0, 2, 1, 1, 2, 2, 2, 4, 6, 4), strict=True)),
}
CHECK_STATUS = {"1987": "read", "2011": "remembered"}
# the graver condition -> the one it replaces
TRUMPS = {"diabetes_with_complications": "diabetes", "severe_liver": "mild_liver", "metastatic_tumour": "tumour"}


@dataclass(frozen=True, kw_only=True)
class Charlson:
    """The index of one patient; None where an item is missing.

    cci_full : with the index cancer.  cci_without_index_cancer : without it.  age_points : 0 to 4, None without age; in neither index.
    """

    cci_full: int | None
    cci_without_index_cancer: int | None
    age_points: int | None
    weights: str
    check_status: str
    notes: tuple[str, ...] = ()


def charlson(
    conditions: Mapping[str, bool | int | None] | Collection[str], *, weights: str = "1987", age: float | None = None,
    index_cancer: str = "metastatic_tumour", closed_list: bool = False,
) -> Charlson:  # fmt: skip
    """The Charlson index of one patient.

    conditions : condition -> yes (1), no (0) or unknown (None), or only the names of those present.  weights : "1987" or "2011".
    index_cancer : the condition of the cancer that is treated, counted as present in ``cci_full`` and left out of the other.
    closed_list : True where the source is a closed problem list, so that what is not named is absent; else it is missing.

    >>> found = charlson(["diabetes", "metastatic_tumour"], closed_list=True, age=72)
    >>> found.cci_full, found.cci_without_index_cancer, found.age_points
    (7, 1, 3)
    """
    table = WEIGHTS[one_of("weights", weights, WEIGHTS)]
    one_of("index_cancer", index_cancer, table)
    given = dict(conditions) if isinstance(conditions, Mapping) else dict.fromkeys(conditions, True)
    for name, value in given.items():
        one_of("condition", name, table)
        if value is not None and value not in (0, 1):
            raise OptionError(f"conditions[{name!r}] is not yes (1), no (0) or unknown (None).")
    given = {**dict.fromkeys(table, False if closed_list else None), **given}
    given[index_cancer] = True
    present = {name for name, value in given.items() if value}
    unknown = [name for name, value in given.items() if value is None]
    # what a graver condition replaces cannot change the sum, known or not
    replaced = {TRUMPS[name] for name in present if name in TRUMPS}
    unknown = [name for name in unknown if name not in replaced and table[name]]
    others = sum(table[name] for name in present - replaced - {index_cancer})
    notes = [f"weights of {weights}"]
    if unknown:
        notes.append(
            f"missing because {len(unknown)} conditions are not recorded; closed_list=True takes them as absent"
        )
    known = not unknown
    return Charlson(
        cci_full=others + table[index_cancer] if known else None, cci_without_index_cancer=others if known else None,
        age_points=None if age is None else age_points(age), weights=weights, check_status=CHECK_STATUS[weights], notes=tuple(notes),
    )  # fmt: skip


def age_points(age: float) -> int:
    """1 for 50 to 59 years, 2 to 69, 3 to 79, 4 from 80.

    >>> [age_points(a) for a in (49, 50, 69.9, 80, 95)]
    [0, 1, 2, 4, 4]
    """
    if not 0 <= age < 130:
        raise OptionError("age is not between 0 and 130 years.")
    return int(min(max((age - 40) // 10, 0), 4))


def least_possible(*, weights: str = "1987", index_cancer: str = "metastatic_tumour") -> int:
    """The lowest full index of a patient with the index cancer: a lower one, or a mean close to it, asks how it was scored.

    >>> least_possible()
    6
    """
    return WEIGHTS[one_of("weights", weights, WEIGHTS)][one_of("index_cancer", index_cancer, _CONDITIONS)]
