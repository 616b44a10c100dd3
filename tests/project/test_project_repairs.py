"""A repair says what it replaces, by what, why and who accepted it; a value that its column cannot have is refused by row."""

from __future__ import annotations

import pytest
from project_cases import MINIMAL, ROWS

from ostealgia.errors import TableError
from ostealgia.project.steps import run

HEAD = "row,column,from,to,why,accepted_by,date\n"
WIDE = """\
study,outcome,n,events,sd,estimate,ci_low,ci_high,ci_level,p_value,measure,correlation,time,time_unit
Alpha 2001,response,20,12,,1.5,1.1,2.1,0.95,0.01,OR,0.5,3,month
Beta 2002,response,40,30,2,75,60,86,,,percent,,1,week
"""


def test_the_report_shows_every_repair_with_its_reason_and_person(make):
    repairs = HEAD + "3,events,30,3,a slip of the pen,,\n4,events,19,9,printed as 9,A. Reader,2026-01-01\n"
    folder = make(repairs=repairs)
    report = run(folder).report
    table = next(table for table in report.tables if table.id == "entered-repairs")
    assert [dict(row) for row in table.rows] == [
        {"row": "3", "study": "Beta 2002", "column": "events", "from": "30", "to": "3", "why": "a slip of the pen",
         "accepted_by": "nobody yet: not used", "date": ""},
        {"row": "4", "study": "Gamma 2003", "column": "events", "from": "19", "to": "9", "why": "printed as 9",
         "accepted_by": "A. Reader", "date": "2026-01-01"},
    ]  # fmt: skip
    html = (folder / "build" / "report.html").read_text()
    assert "Repairs (repairs.csv)" in html and "a slip of the pen" in html


@pytest.mark.parametrize(
    ("repair", "found", "expected"),
    [
        ("2,events,12,twelve", "twelve", "a number"),
        ("2,events,12,-1", "-1", "a whole number of 0 or more"),
        ("2,events,12,1.5", "1.5", "a whole number of 0 or more"),
        ("2,events,12,21", "21", "events not above n (the row would have events 21 and n 20)"),
        ("2,n,20,11", "11", "events not above n"),
        ("2,n,20,0", "0", "a whole number of 1 or more"),
        ("3,sd,2,-2", "-2", "a number of 0 or more"),
        ("2,ci_low,1.1,3", "3", "ci_low not above ci_high"),
        ("2,ci_low,1.1,-0.5", "-0.5", "a number above 0 (measure OR)"),
        ("3,estimate,75,175", "175", "a per cent from 0 to 100"),
        ("2,p_value,0.01,1.2", "1.2", "a P value from 0 to 1"),
        ("2,measure,OR,ORR", "ORR", "a measure"),
        ("2,correlation,0.5,2", "2", "a number from -1 to 1"),
        ("2,ci_level,0.95,0", "0", "a level such as 0.95"),
        ("2,time_unit,month,fortnight", "fortnight", "hour, day, week, month, year"),
        ("2,time,3,soon", "soon", "a number"),
    ],
)
def test_an_impossible_value_is_refused_with_file_row_and_column(make, repair, found, expected):
    folder = make(MINIMAL, WIDE, repairs=HEAD + f"{repair},why,A. Reader,2026-01-01\n")
    with pytest.raises(TableError) as caught:
        run(folder)
    error = caught.value
    assert (error.file, error.row, error.column, error.found) == ("repairs.csv", 2, "to", found)
    assert expected in str(error)


def test_two_repairs_of_one_row_are_judged_together(make):
    repairs = HEAD + "2,events,12,25,typed in the wrong row,A. Reader,\n2,n,20,30,typed in the wrong row,A. Reader,\n"
    found = run(make(MINIMAL, ROWS, repairs=repairs)).runs["response"]
    variant = next(item for item in found.variants if item.id == "repaired")
    assert variant.fit.effects.columns["events"][0] == 25


def test_bounds_empty_cells_and_text_are_possible(make):
    repairs = (
        HEAD
        + "2,p_value,0.01,<0.001,misread,A. Reader,\n2,events,12,,not printed,A. Reader,\n2,study,Alpha 2001,Alpha,name,A. Reader,\n"
    )
    assert run(make(MINIMAL, WIDE, repairs=repairs)).project.repairs.rows[0].text("to") == "<0.001"
