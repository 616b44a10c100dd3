"""Any tidy frame of a cohort's analysis as a table of the report: numbers by their scale, constant columns in the caption."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ostealgia.cohort.analysis_model import CohortAnalysis, Section
from ostealgia.display import capital, level_text
from ostealgia.project.cohort_sheets import (
    Field,
    Row,
    Sheet,
    between,
    count,
    decimals,
    known,
    of,
    p_words,
    plain,
)
from ostealgia.project.cohort_words import DENOMINATORS, heading, table_title, term_words, words

COUNTS = ("n", "events", "n_any", "n_missing", "missing", "count", "n_risk", "n_1", "n_2", "events_1", "events_2", "n_comparisons", "grade",
          "assessed", "dropout", "missed_visit", "death", "week")  # fmt: skip
P_COLUMNS = ("p_value", "p_adjusted", "p_value_wilcoxon", "p_wald")
LEFT_OUT = ("ci_low", "ci_high", "ci_level")
SHARES = {  # tables whose estimate is a share of patients
    ("response", "rates"), ("response", "definitions"), ("opioids", "increase"), ("toxicity", "events"), ("toxicity", "discontinuation"),
    ("relief", "incidence"), ("relief", "duration"), ("survival", "at"),
}  # fmt: skip
DIGITS = {"opioids": 1, "quality-of-life": 1, "flow": 0}  # decimals of means; two elsewhere
WIDE = (
    "rule",
    "message",
    "value",
    "why",
    "meaning",
    "method",
    "source",
    "strategy",
    "conclusion",
    "note",
    "answers",
    "what",
    "choice",
)
CONSTANT = (
    "comparison",
    "family",
    "method",
    "scale",
    "measure",
    "unit",
    "test",
    "reference",
    "n_comparisons",
    "definition",
)
LONGEST = 60  # rows of a table in the report; the whole is in tables/*.csv


# --- any tidy frame ---------------------------------------------------------------------------------------------------


def sheet_of(analysis: CohortAnalysis, section: Section, name: str) -> Sheet:
    """A tidy frame as a table of the report: estimates and limits by their scale, constant columns in the caption."""
    if (section.id, name) == ("response", "definitions") and "rule" in section.tables[name].columns:
        return definitions_sheet(analysis, section)
    frame = section.tables[name]
    records = frame.to_dict("records")
    complete = ""
    if (section.id, name) == ("quality", "missing") and "n_missing" in frame.columns:
        complete = f"{int((frame['n_missing'] == 0).sum())} columns without a missing value are not listed"
        records = frame[frame["n_missing"] != 0].to_dict("records")
    shown = records[:LONGEST]
    constant = [
        key for key in CONSTANT if key in frame.columns and len(frame) > 1 and frame[key].astype(str).nunique() == 1
    ]
    columns = [
        str(key) for key in frame.columns if key not in LEFT_OUT and key not in constant and _any(records, str(key))
    ]
    if _ratios_only(records):
        columns = [key for key in columns if key != "std_error"]
    writer = _Writer(analysis, section.id, name)
    fields: list[Field] = []
    arms = {"events_1", "n_1", "events_2", "n_2"} if len(analysis.groups) == 2 and "n_1" in columns else set[str]()
    for key in columns:
        if key in arms:
            fields += [_arm(analysis, key[-1])] if key.startswith("n_") else []
            continue
        fields.append(writer.field(key))
        if key == "estimate" and _any(records, "ci_low", "ci_high"):
            level = (
                level_text(float(frame["ci_level"].iloc[0]))
                if "ci_level" in frame.columns and known(frame["ci_level"].iloc[0])
                else "95%"
            )
            fields.append(Field("ci", f"{level} CI", writer.interval))
    said = [_constant(key, str(frame[key].iloc[0])) for key in constant if known_text(frame[key].iloc[0])]
    said += [complete] if complete else []
    if len(records) > len(shown):
        said.append(f"the first {len(shown)} of {len(records)} rows; all are in tables/{section.id}-{name}.csv")
    caption = capital("; ".join(part for part in said if part))
    return Sheet(
        id=f"{section.id}-{name}", title=table_title(section.id, name), rows=shown, fields=fields, caption=caption
    )


def definitions_sheet(analysis: CohortAnalysis, section: Section) -> Sheet:
    """Response by each definition under its rule and source, one line a denominator."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for row in section.tables["definitions"].to_dict("records"):
        name, denominator = str(row["definition"]), str(row["denominator"])
        words_of = f"{row['rule']} ({row['source']}; {row['check_status']})"
        made = rows.setdefault(
            (name, denominator), {"definition": f"{name}. {capital(words_of)}", "denominator": denominator}
        )
        for key in ("events", "n", "estimate", "ci_low", "ci_high"):
            made[f"{row['group']}/{key}"] = row[key]
    level = level_text(float(analysis.settings.level))
    fields = [
        Field("definition", "Definition", lambda row: str(row["definition"]), align="left"),
        Field(
            "denominator",
            "Denominator",
            lambda row: DENOMINATORS.get(str(row["denominator"]), str(row["denominator"])),
            align="left",
        ),
    ]
    for group in reversed(analysis.groups):
        fields += [
            Field(f"{group}/n", capital(str(group)),
                  lambda row, group=group: of(row.get(f"{group}/events"), row.get(f"{group}/n")), "n/N (%)"),
            Field(f"{group}/ci", f"{level} CI",
                  lambda row, group=group: between(row.get(f"{group}/ci_low"), row.get(f"{group}/ci_high"), 0, 100.0, "%")),
        ]  # fmt: skip
    return Sheet(id="response-definitions", title=table_title("response", "definitions"), rows=list(rows.values()), fields=fields,
                 group_by="definition")  # fmt: skip


def _arm(analysis: CohortAnalysis, number: str) -> Field:
    """Events of all in the treated ("1") or the reference group ("2"); patients alone where nothing is counted."""
    group = analysis.groups[2 - int(number)]

    def write(row: Row) -> str:
        return of(row.get(f"events_{number}"), row.get(f"n_{number}")) or count(row.get(f"n_{number}"))

    return Field(f"arm_{number}", capital(str(group)), write, "n/N (%)")


def known_text(value: Any) -> bool:
    """Whether a cell of text says something."""
    return value is not None and value == value and str(value) not in ("", "nan", "None")


def _constant(key: str, value: str) -> str:
    names = {
        "comparison": "",
        "family": "",
        "method": "",
        "n_comparisons": "comparisons: ",
        "unit": "unit: ",
        "scale": "",
        "test": "test: ",
        "reference": "against ",
    }
    text = value.removesuffix(".0")
    return f"{names.get(key, key.replace('_', ' ') + ': ')}{text.replace(' - ', ' minus ')}"


def _any(records: Sequence[Row], *keys: str) -> bool:
    return any(known_text(row.get(key)) for row in records for key in keys)


def _ratios_only(records: Sequence[Row]) -> bool:
    return bool(records) and all("ratio" in str(row.get("measure", row.get("scale", ""))) for row in records)


class _Writer:
    """How the cells of one tidy frame are written."""

    def __init__(self, analysis: CohortAnalysis, section: str, name: str) -> None:
        self.section, self.name = section, name
        self.digits = DIGITS.get(section, 2)
        self.terms = [*list(analysis.cohort.patients.columns), "week", "baseline", "reached"]
        self.is_share = (section, name) in SHARES

    def _kind(self, row: Row) -> tuple[int, float, str]:
        """Decimals, factor and sign of an estimate."""
        measure = f"{row.get('measure', '')} {row.get('scale', '')} {row.get('quantity', '')}"
        if "ratio" in measure or measure.split() == ["ratio"]:
            return 2, 1.0, ""
        if "risk difference" in measure:
            return 1, 100.0, ""
        if self.is_share:
            return 0, 100.0, "%"
        if self.name in ("medians", "rmst"):
            return 1, 1.0, ""
        return self.digits, 1.0, ""

    def estimate(self, row: Row) -> str:
        digits, factor, sign = self._kind(row)
        if not known(row.get("estimate")):
            return "not reached" if self.name == "medians" else ""
        return decimals(factor * float(row["estimate"]), digits) + sign

    def interval(self, row: Row) -> str:
        digits, factor, sign = self._kind(row)
        return between(row.get("ci_low"), row.get("ci_high"), digits, factor, sign)

    def field(self, key: str) -> Field:
        """How a column is set."""
        label = "Events by then" if key == "events" and self.name in ("at", "incidence", "duration") else heading(key)
        if key == "estimate":
            return Field(key, "Estimate", self.estimate)
        if key in P_COLUMNS:
            return Field(key, label, lambda row: p_words(row.get(key)))
        if key in ("percent", "percent_missing"):
            return Field(key, label, lambda row: decimals(row.get(key), 1))
        if key in COUNTS:
            return Field(key, label, lambda row: count(row.get(key)))
        if key in ("df", "df_2"):
            return Field(key, label, lambda row: df_words(row.get(key)))
        if key == "std_error":
            return Field(key, label, self._std_error)
        if key in ("statistic", "smd", "mean", "sd", "median", "q1", "q3", "min", "max", "corrected", "e_value"):
            digits = (
                2
                if key in ("statistic", "smd", "corrected", "e_value")
                else self.digits
                if self.section != "laboratory"
                else 2
            )
            return Field(key, label, lambda row: decimals(row.get(key), digits))
        if key == "term":
            return Field(
                key, "Term", lambda row: capital(term_words(str(row.get(key)), self.terms)), align="left", wide=True
            )
        return self._text(key, label)

    def _text(self, key: str, label: str) -> Field:
        def write(row: Row) -> str:
            value: Any = row.get(key)
            if not known_text(value):
                return ""
            if not isinstance(value, str):
                return (
                    plain(value)
                    if not known(value) or float(value).is_integer()
                    else decimals(value, 3 if abs(float(value)) < 10 else 1)
                )
            text = str(value) if key in WIDE or key in ("file", "column") else words(str(value))
            return (
                capital(text.replace(" - ", " minus "))
                if key in ("denominator", "category", "group", "cause")
                else text
            )

        return Field(key, label, write, align="left", wide=key in WIDE)

    def _std_error(self, row: Row) -> str:
        digits, factor, _ = self._kind(row)
        if not known(row.get("std_error")):
            return ""
        return decimals(factor * float(row["std_error"]), digits + 1 if factor == 100.0 else max(digits, 2))


def df_words(value: Any) -> str:
    if not known(value):
        return ""
    number = float(value)
    return "∞" if number == float("inf") else f"{number:.0f}" if number.is_integer() else f"{number:.1f}"
