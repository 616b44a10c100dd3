"""Daily oral morphine equivalent (OMED) from the opioids taken in 24 hours, by one named table.

OMED = sum(dose x factor), mg oral morphine a day. A patch is entered by its rate in mcg/h, not multiplied by 24. A drug, route or unit
without a factor makes the OMED of that visit missing, never 0; it is 0 only where "none" is recorded.
Sources: those of the tables in ``opioid_tables()``; Dowell D et al. MMWR Recomm Rep 2022;71(3):1-95, doi:10.15585/mmwr.rr7103a1;
Caraceni A et al. Lancet Oncol 2012;13:e58-68, doi:10.1016/S1470-2045(12)70040-2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ostealgia.clinical import opioid_factors as tables
from ostealgia.clinical.opioid_factors import DRUGS, ROUTES, UNITS, Factor, OpioidTable, folded, opioid_table
from ostealgia.display import count_of
from ostealgia.errors import OptionError, TableError
from ostealgia.tables.result import Result, tail_lines

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
Key = tuple[str, str, str]

DEFAULT = "CDC_2022"
METHADONE_SHARE = 0.20  # of the OMED, from which a warning is given
LARGE_PATCH_MCG_PER_H = 300.0
COLUMNS = ("drug", "route", "dose", "unit")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Omed(Result):
    """OMED of each visit by one table.

    table : its name.  keys : columns that name a visit.  visits : one row a visit with the keys, omed_mg_per_day (NaN where it cannot be
    known), reason, n_lines, methadone_share, transmucosal_lines (fentanyl without a factor, not in the OMED).  lines : one row a dose as
    it was converted, with factor and check_status.
    """

    table: str
    keys: tuple[str, ...]
    visits: Any
    lines: Any

    def to_frame(self) -> pd.DataFrame:
        """The visits."""
        return self.visits.copy()

    def __str__(self) -> str:
        known = int(self.visits["omed_mg_per_day"].notna().sum())
        head = f"Omed: {count_of(len(self.visits), 'visit', 'visits')}, table {self.table}, {known} with a value"
        return "\n".join([head, *tail_lines(self)])


def oral_morphine_mg_per_day(doses: Iterable[Mapping[str, Any]], *, table: str = DEFAULT, **options: Any) -> float:
    """The OMED of one patient on one day; NaN where a dose has no factor.

    doses : mappings with drug, route, dose and unit, what was taken in 24 hours; [{"drug": "none"}] for no opioid at all.
    options : those of ``omed``.

    >>> doses = [{"drug": "oxycodone", "route": "oral", "dose": 40, "unit": "mg/day"},
    ...          {"drug": "oxycodone", "route": "oral", "dose": 15, "unit": "mg/day"}]
    >>> oral_morphine_mg_per_day(doses)
    82.5
    """
    import pandas as pd

    frame = pd.DataFrame([{**dict.fromkeys(COLUMNS), **dict(one)} for one in doses], columns=[*COLUMNS])
    if frame.empty:
        return float("nan")  # nothing recorded is not "no opioid"
    return float(omed(frame.assign(visit=1), table=table, keys=("visit",), **options).visits["omed_mg_per_day"].iloc[0])


def omed(
    frame: pd.DataFrame,
    *,
    table: str = DEFAULT,
    keys: Sequence[str] = ("id", "week"),
    factors: Mapping[Key, tuple[float, str]] | None = None,
    previous_morphine: str | None = None,
) -> Omed:
    """OMED of every visit.

    frame : one row a drug taken: the keys, drug, route, dose (total of 24 hours; the patch rate for mcg/h) and unit.
    table : a name of ``opioid_tables()``; one for the whole analysis.  factors : (drug, route, unit) -> (factor, source), the user's own
    where the table has none.  previous_morphine : column with the oral morphine mg a day before a switch to methadone (ESMO's tiers).
    Errors: TableError for a missing column or a negative dose (row told, value not), OptionError for an unknown table.
    Not for choosing a dose.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": ["a", "b"], "week": [0, 0], "drug": ["fentanyl", "none"], "route": ["patch", ""],
    ...                       "dose": [50, 0], "unit": ["mcg/h", ""]})
    >>> omed(frame).visits["omed_mg_per_day"].tolist()
    [120.0, 0.0]
    """
    chosen = opioid_table(table)
    _check_columns(frame, [*keys, *COLUMNS, *([previous_morphine] if previous_morphine else [])])
    lines = _plain_lines(frame, keys)
    prior = frame[previous_morphine].to_numpy(dtype=float) if previous_morphine else np.full(len(frame), np.nan)
    _convert(lines, chosen, _own_factors(factors or {}), prior, list(keys))
    visits = _by_visit(lines, list(keys))
    return Omed(table=table, keys=tuple(keys), visits=visits, lines=lines, notes=_notes(chosen, lines, visits))


def omed_by_tables(frame: pd.DataFrame, names: Sequence[str], **options: Any) -> pd.DataFrame:
    """The same doses by several tables, one column a table: a sensitivity analysis, never a mixture.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": ["a"], "week": [0], "drug": ["tramadol"], "route": ["oral"], "dose": [200], "unit": ["mg/day"]})
    >>> omed_by_tables(frame, ["CDC_2022", "CDC_2016"])[["CDC_2022", "CDC_2016"]].to_numpy().tolist()
    [[40.0, 20.0]]
    """
    made = [(name, omed(frame, table=name, **options)) for name in names]
    if not made:
        raise OptionError("names is empty. Name one table or more.")
    keys = list(made[0][1].keys)
    return made[0][1].visits[keys].assign(**{name: one.visits["omed_mg_per_day"].to_numpy() for name, one in made})


def _check_columns(frame: Any, names: Sequence[str]) -> None:
    for name in names:
        if name not in frame.columns:
            raise TableError(f"there is no column {name!r}", expected=", ".join(names))


def _plain_lines(frame: Any, keys: Sequence[str]) -> Any:
    import pandas as pd

    lines = frame[[*keys]].reset_index(drop=True)
    for name, synonyms in (("drug", DRUGS), ("route", ROUTES), ("unit", UNITS)):
        codes, words = pd.factorize(frame[name].fillna("").astype(str))
        lines[name] = np.array([folded(word, synonyms) for word in words], dtype=object)[codes] if len(words) else ""
    try:
        given: Any = pd.to_numeric(frame["dose"])
        dose = given.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise TableError("text stands where a number is needed", column="dose", expected="a number") from None
    wrong = (dose < 0) | np.isinf(dose)
    if wrong.any():
        raise TableError(
            "the dose is impossible", column="dose", row=int(np.flatnonzero(wrong)[0]) + 2, expected="0 or more"
        )
    lines["dose"] = dose
    return lines


def _own_factors(factors: Mapping[Key, tuple[float, str]]) -> dict[Key, Factor]:
    made = {}
    for (drug, route, unit), given in factors.items():
        try:
            value, source = float(given[0]), str(given[1]).strip()
        except (TypeError, ValueError, IndexError):
            value, source = -1.0, ""
        if not value > 0 or not source:
            raise OptionError(
                f"factors[{drug!r}, {route!r}, {unit!r}] needs a factor above 0 and its source, as (1.8, 'EAPC 2012')."
            )
        key = (folded(drug, DRUGS), folded(route, ROUTES), folded(unit, UNITS))
        made[key] = Factor(
            table="given", drug=key[0], route=key[1], unit=key[2], factor=value, source=source, check_status="uncertain"
        )
    return made


def _convert(lines: Any, table: OpioidTable, own: Mapping[Key, Factor], prior: Array, keys: list[str]) -> None:
    """Adds factor, omed, reason and check_status to the lines; each combination of drug, route and unit is looked up once."""
    factor, reason = np.full(len(lines), np.nan), np.full(len(lines), "", dtype=object)
    status = np.full(len(lines), "", dtype=object)
    dose = lines["dose"].to_numpy(dtype=float)
    for whole, positions in lines.groupby(["drug", "route", "unit"], sort=False, dropna=False).indices.items():
        at = np.asarray(positions)
        key: Any = whole
        drug, route, unit = (str(part) for part in key)
        if drug == "none":
            factor[at] = 0.0
            reason[at] = np.where(np.nan_to_num(dose[at]) > 0, "none_with_a_dose", "")
            continue
        found, scale = _look_up(table, own, (drug, route, unit))
        if not found:
            reason[at] = _why_none(drug, route)
            continue
        picked = _pick(found, lines, at, prior, keys, scale)
        factor[at] = picked * scale
        reason[at] = np.where(np.isnan(picked), "methadone_needs_previous_morphine", "")
        status[at] = found[0].check_status
    none = (lines["drug"] == "none").to_numpy()
    reason[np.isnan(dose) & ~none & (reason == "")] = "dose_missing"
    lines["factor"], lines["reason"], lines["check_status"] = factor, reason, status
    lines["omed_mg_per_day"] = np.where(none, 0.0, dose * factor)


def _look_up(table: OpioidTable, own: Mapping[Key, Factor], key: Key) -> tuple[tuple[Factor, ...], float]:
    """The factors of a key and the metric step to the table's unit; patch rates (mcg/h) are never turned into mg a day."""
    for unit, scale in ((key[2], 1.0), *_METRIC.get(key[2], ())):
        found = table.find(key[0], key[1], unit)
        if not found and (key[0], key[1], unit) in own:
            found = (own[key[0], key[1], unit],)
        if found:
            return found, scale
    return (), 1.0


_METRIC: dict[str, tuple[tuple[str, float], ...]] = {"mg/day": (("mcg/day", 1000.0),), "mcg/day": (("mg/day", 0.001),)}


def _why_none(drug: str, route: str) -> str:
    if route in tables.NEURAXIAL:
        return "neuraxial_route"
    if drug == "fentanyl" and route in tables.TRANSMUCOSAL:
        return "transmucosal_fentanyl"
    if drug == "buprenorphine":
        return "buprenorphine_needs_a_choice"
    return "no_factor"


def _pick(
    found: tuple[Factor, ...], lines: Any, at: NDArray[np.intp], prior: Array, keys: list[str], scale: float
) -> Array:
    """The factor of each line; a tier by the day's whole dose of the drug, or by the morphine before the switch."""
    if not found[0].driver:
        return np.full(len(at), found[0].factor)
    if found[0].driver == "dose":
        driver = lines.iloc[at].groupby(keys, dropna=False)["dose"].transform("sum").to_numpy(dtype=float) * scale
    else:
        driver = prior[at]
    picked = np.full(len(at), np.nan)
    for one in found:
        inside = (driver > one.low) & (driver <= one.high)
        if one.driver == "previous_morphine":  # below 90, 90 to 300, above 300
            inside = (driver >= one.low if np.isfinite(one.high) else driver > one.low) & (
                driver < one.high if one.low == 0 else driver <= one.high
            )
        picked[inside] = one.factor
    if found[0].driver == "dose":
        picked[driver == 0] = found[0].factor
    return picked


def _by_visit(lines: Any, keys: list[str]) -> Any:
    import pandas as pd

    left_out = lines["reason"] == "transmucosal_fentanyl"
    blocked = (lines["reason"] != "") & ~left_out
    used = lines["omed_mg_per_day"].where(~left_out, 0.0).where(~blocked)
    methadone = used.where(lines["drug"] == "methadone", 0.0)
    none = lines["drug"] == "none"
    work = lines[keys].assign(
        _sum=used.fillna(0.0),
        _methadone=methadone.fillna(0.0),
        _blocked=blocked,
        _left=left_out,
        _none=none,
        _used=~none & ~left_out,
    )
    grouped = work.groupby(keys, sort=False, dropna=False)
    visits = grouped.agg(
        omed_mg_per_day=("_sum", "sum"), n_lines=("_sum", "size"), transmucosal_lines=("_left", "sum"), methadone=("_methadone", "sum"),
        blocked=("_blocked", "any"), none=("_none", "any"), used=("_used", "any"),
    ).reset_index()  # fmt: skip
    first = lines[blocked].groupby(keys, sort=False, dropna=False)["reason"].first()
    reason = visits.set_index(keys).index.map(first) if len(first) else [None] * len(visits)
    visits["reason"] = pd.Series(list(reason), dtype=object).where(visits["blocked"].to_numpy(), "")
    contradiction = visits["none"] & (visits["used"] | (visits["transmucosal_lines"] > 0)) & ~visits["blocked"]
    visits.loc[contradiction, "reason"] = "none_beside_an_opioid"
    with np.errstate(invalid="ignore", divide="ignore"):
        visits["methadone_share"] = (
            visits["methadone"] / visits["omed_mg_per_day"].where(visits["omed_mg_per_day"] > 0)
        ).fillna(0.0)
    visits.loc[visits["reason"] != "", "omed_mg_per_day"] = np.nan
    return visits[[*keys, "omed_mg_per_day", "reason", "n_lines", "methadone_share", "transmucosal_lines"]]


_REASONS = {
    "no_factor": "a drug, route or unit without a factor in this table (give one by factors= with its source)",
    "buprenorphine_needs_a_choice": "no factor for buprenorphine; published ones differ seven-fold: choose another table or give one",
    "neuraxial_route": "intrathecal or epidural opioid, for which no factor exists",
    "dose_missing": "a dose is missing",
    "methadone_needs_previous_morphine": "methadone by this table needs the morphine before the switch (previous_morphine=)",
    "none_with_a_dose": "'none' is recorded with a dose",
    "none_beside_an_opioid": "'none' is recorded beside an opioid",
}  # fmt: skip


def _notes(table: OpioidTable, lines: Any, visits: Any) -> tuple[str, ...]:
    statuses = sorted(set(lines["check_status"]) - {""})
    notes = [
        f"table {table.name} ({table.source}); check status of the factors used: {', '.join(statuses) or 'none used'}",
        tables.NOT_FOR_PRESCRIBING,
    ]
    for name, words in _REASONS.items():
        count = int((visits["reason"] == name).sum())
        if count:
            notes.append(f"OMED missing in {count_of(count, 'visit', 'visits')}: {words}")
    left = int((visits["transmucosal_lines"] > 0).sum())
    if left:
        notes.append(
            f"transmucosal fentanyl has no factor in {table.name}: not in the OMED of {count_of(left, 'visit', 'visits')}, counted apart"
        )
    heavy = int((visits["methadone_share"] >= METHADONE_SHARE).sum())
    if heavy:
        notes.append(
            f"methadone makes 20% or more of the OMED in {count_of(heavy, 'visit', 'visits')}: its ratio is not linear; repeat without them"
        )
    patches = (lines["unit"] == "mcg/h") & (lines["dose"] > LARGE_PATCH_MCG_PER_H)
    if patches.any():
        notes.append(
            f"{count_of(int(patches.sum()), 'patch', 'patches')} above 300 mcg/h: the rate in mcg/h is meant, not mcg a day"
        )
    if (lines["drug"].isin(["tramadol", "tapentadol", "codeine", "dihydrocodeine"]) & (lines["reason"] == "")).any():
        notes.append("weak opioids and tapentadol are included with their opioid part")
    if ((lines["drug"] == "buprenorphine") & (lines["reason"] == "")).any():
        notes.append("buprenorphine is a partial agonist; published factors differ seven-fold")
    if table.name in ("CDC_2016", "CMS_legacy"):
        notes.append(f"table {table.name} is superseded; for repeating older studies only")
    return tuple(notes)
