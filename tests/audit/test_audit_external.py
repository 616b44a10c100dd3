"""Outside gold: statistics that people took from eight articles by hand (statcheck 1.6.0), where the file is on this machine.

docs/guide/audit-external.md says how each disagreement comes about; the ids listed here are those of the guide.
"""

import csv
from functools import cache
from pathlib import Path

import pytest

from ostealgia.audit.checking import check, understand
from ostealgia.audit.statements.model import Test
from ostealgia.io.documents.reading import from_text
from ostealgia.numerics.intervals import Printed

GOLD = Path(__file__).parents[2] / "../shared/audit/external/statcheck_gold.csv"
GUIDE = Path(__file__).parents[2] / "docs/guide/audit-external.md"
pytestmark = pytest.mark.skipif(not GOLD.exists(), reason="the outside gold is not on this machine")
NAMES = {"chisq": "chi2", "X2": "chi2", "Chi2": "chi2", "Z": "z"}
ENOUGH = 0.95  # the aim of the project


@cache
def rows():
    with GOLD.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["test"]]  # two rows have no name of a test


def read_tests(row):
    document = from_text(f"The groups were compared, {row['text']}, as planned.", name="gold.txt")
    return understand(document)[0].of_kind(Test), document


def same(number, text):
    return number is not None and text != "" and Printed.parse(number.text.lstrip("<>= ")).value == float(text)


def read_well(row):
    """Whether the reader found the row's test, statistic, df and P, and nothing else."""
    found, _ = read_tests(row)
    if len(found) != 1:
        return False
    test = found[0]
    df = [float(value.text) for value in test.df]
    wanted = [float(row[name]) for name in ("df1", "df2") if row[name]]
    p = test.p_value
    shown = (p is None or p.text in ("ns", "> 0.05")) if row["p"] == "" else same(p, row["p"])
    return (
        test.test == NAMES.get(row["test"], row["test"])
        and same(test.statistic, row["value"])
        and df == wanted
        and shown
    )


def judged(row):
    """True where P does not fit the statistic, False where it does, None where nothing was checked."""
    document = read_tests(row)[1]
    found = [f for f in check(document).findings if f.rule == "p-vs-statistic"]
    return any(f.verdict in ("inconsistent", "impossible") for f in found) if found else None


def disagreeing(wrong):
    """Ids that disagree, each of which the guide explains."""
    guide = GUIDE.read_text(encoding="utf-8")
    return [row["id"] for row in wrong if row["id"] not in guide]


def test_statistics_are_read():
    wrong = [row for row in rows() if not read_well(row)]
    assert len(wrong) <= (1 - ENOUGH) * len(rows()), [(row["id"], row["text"]) for row in wrong]
    assert disagreeing(wrong) == []


def test_errors_are_those_of_the_gold():
    asked = [row for row in rows() if row["own_error"] != "" and row["p"] != ""]
    wrong = [row for row in asked if judged(row) != (row["own_error"] == "1")]
    assert len(wrong) <= (1 - ENOUGH) * len(asked), [(row["id"], row["text"]) for row in wrong]
    assert disagreeing(wrong) == []


def test_errors_that_the_coders_marked_are_flagged():
    marked = [row for row in rows() if row["gold_error"] == "1" and row["own_error"] == "1"]
    assert marked
    assert [row["id"] for row in marked if not judged(row)] == []
