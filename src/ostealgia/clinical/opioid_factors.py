"""Opioid equivalence tables by name: factors from a drug, route and unit to oral morphine, each with its source and check status.

The factors measure exposure in a group of patients. They are no instruction for prescribing, and nothing here proposes a dose: on a
switch guidance reduces the calculated dose, and the CDC guideline leaves cancer pain and palliative care out of its scope.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from ostealgia.options import one_of

if TYPE_CHECKING:
    import pandas as pd

NOT_FOR_PRESCRIBING = "equivalents measure exposure; they are not for prescribing or switching opioids"
FILE = "opioid_equivalence.csv"
KEYS = ("drug", "route", "unit")


@dataclass(frozen=True, kw_only=True)
class Factor:
    """One line of a table: mg oral morphine a day for one unit of input. low, high : a tier, low < driver <= high.

    driver : what picks the tier, "dose" (of the drug itself) or "previous_morphine"; "" where there is one factor.
    check_status : "read", "remembered" or "uncertain".
    """

    table: str
    drug: str
    route: str
    unit: str
    factor: float
    driver: str = ""
    low: float = 0.0
    high: float = float("inf")
    caveat: str = ""
    source: str = ""
    check_status: str = "uncertain"


@dataclass(frozen=True, kw_only=True)
class OpioidTable:
    """One named table: its lines by (drug, route, unit), in the order of the file."""

    name: str
    source: str
    factors: Mapping[tuple[str, str, str], tuple[Factor, ...]]

    @property
    def check_status(self) -> str:
        """The weakest status among the lines."""
        found = {one.check_status for lines in self.factors.values() for one in lines}
        return next(status for status in ("uncertain", "remembered", "read") if status in found)

    def find(self, drug: str, route: str, unit: str) -> tuple[Factor, ...]:
        """The lines for a drug, route and unit in our words; () where the table has none.

        >>> opioid_table("CDC_2022").find("fentanyl", "transdermal", "mcg/h")[0].factor
        2.4
        """
        routes = (route, *_WIDER.get(route, ()))
        return next((self.factors[drug, one, unit] for one in routes if (drug, one, unit) in self.factors), ())

    def to_frame(self) -> pd.DataFrame:
        """One row a line: table, drug, route, unit, factor, driver, low, high, caveat, source, check_status."""
        import pandas as pd

        return pd.DataFrame([vars(one) for lines in self.factors.values() for one in lines])


# a route is also looked up under these rows of a table
_WIDER = {
    "subcutaneous": ("subcutaneous/intravenous", "parenteral"),
    "intravenous": ("subcutaneous/intravenous", "parenteral"),
    "parenteral": ("subcutaneous/intravenous",),
    "buccal": ("buccal/sublingual tablet",),
    "sublingual": ("buccal/sublingual tablet",),
    "nasal": ("nasal spray",),
    "film": ("film/oral spray",),
}
ROUTES: dict[str, str] = {
    "po": "oral", "by mouth": "oral", "per os": "oral", "td": "transdermal", "patch": "transdermal", "iv": "intravenous",
    "sc": "subcutaneous", "s.c.": "subcutaneous", "i.v.": "intravenous", "im": "parenteral", "intramuscular": "parenteral",
    "intranasal": "nasal", "nasal spray": "nasal", "oral spray": "film", "buccal film": "film", "sl": "sublingual", "pr": "rectal",
    "it": "intrathecal", "transmucosal": "buccal",
}  # fmt: skip
UNITS: dict[str, str] = {
    "mg": "mg/day", "mg/d": "mg/day", "mg/24h": "mg/day", "mg/24 h": "mg/day", "mg per day": "mg/day", "mcg": "mcg/day",
    "ug/day": "mcg/day", "µg/day": "mcg/day", "μg/day": "mcg/day", "mcg/d": "mcg/day", "ug/h": "mcg/h", "µg/h": "mcg/h", "μg/h": "mcg/h",
    "mcg/hr": "mcg/h", "ug/hr": "mcg/h", "mcg/hour": "mcg/h",
}  # fmt: skip
DRUGS: dict[str, str] = {
    "meperidine": "pethidine", "pethidine (meperidine)": "pethidine", "dihydromorphinone": "hydromorphone", "mst": "morphine",
    "morphine sulfate": "morphine", "morphine sulphate": "morphine", "morphine hydrochloride": "morphine", "no opioid": "none",
    "no opioids": "none", "nil": "none",
}  # fmt: skip
NEURAXIAL = ("intrathecal", "epidural")
TRANSMUCOSAL = ("buccal", "sublingual", "nasal", "film", "buccal/sublingual tablet", "nasal spray", "film/oral spray")


def folded(text: object, synonyms: Mapping[str, str]) -> str:
    """A drug, route or unit in our words.

    >>> folded(" PO ", ROUTES), folded("µg/h", UNITS)
    ('oral', 'mcg/h')
    """
    plain = " ".join(str(text).casefold().split())
    return synonyms.get(plain, plain)


@cache
def opioid_tables() -> dict[str, OpioidTable]:
    """All tables by name.

    >>> list(opioid_tables())
    ['CDC_2022', 'CDC_2016', 'EAPC_2012', 'ESMO', 'FPM_UK', 'CMS_legacy', 'ANZCA_2021']
    """
    text = resources.files("ostealgia").joinpath("data", FILE).read_text(encoding="utf-8")
    made: dict[str, dict[tuple[str, str, str], list[Factor]]] = {}
    for row in csv.DictReader(text.splitlines()):
        one = _factor(row)
        made.setdefault(one.table, {}).setdefault((one.drug, one.route, one.unit), []).append(one)
    return {
        name: OpioidTable(
            name=name,
            source=next(iter(lines.values()))[0].source,
            factors={key: tuple(found) for key, found in lines.items()},
        )
        for name, lines in made.items()
    }


def opioid_table(name: str) -> OpioidTable:
    """The table of that name. Raises OptionError with the names.

    >>> opioid_table("EAPC_2012").check_status
    'remembered'
    """
    return opioid_tables()[one_of("table", name, opioid_tables())]


def tables_with(drug: str, route: str, unit: str) -> list[str]:
    """The tables that have a factor for it.

    >>> tables_with("buprenorphine", "transdermal", "mcg/h")
    ['EAPC_2012', 'ESMO', 'FPM_UK', 'CMS_legacy', 'ANZCA_2021']
    """
    return [name for name, table in opioid_tables().items() if table.find(drug, route, unit)]


_TIER = re.compile(r"(dose|oral morphine before switch)\s*([<>]?)\s*(\d+)(?:\s*(?:to|-)\s*(\d+))?\s*mg/day")


def _factor(row: Mapping[str, Any]) -> Factor:
    driver, low, high = "", 0.0, float("inf")
    if row["applies_when"]:
        found = _TIER.fullmatch(row["applies_when"])
        if found is None:
            raise RuntimeError(f"the bundled file {FILE} has a condition that is not understood: {row['applies_when']}")
        driver = "dose" if found[1] == "dose" else "previous_morphine"
        number = float(found[3])
        low, high = (0.0, number) if found[2] == "<" else (number, float(found[4]) if found[4] else float("inf"))
    return Factor(
        table=row["table_id"], drug=folded(row["drug"], DRUGS), route=row["route"], unit=row["input_unit"],
        factor=float(row["factor_to_oral_morphine_mg_per_day"]), driver=driver, low=low, high=high,
        caveat=row["caveat"], source=row["source"],
        check_status=row["check_status"],
    )  # fmt: skip
