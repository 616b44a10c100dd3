"""Lines beside the headline, and claims about them: nothing vanishes without a word, nothing is judged on another number."""

from __future__ import annotations

import pytest
from project_cases import MINIMAL, ROWS

from ostealgia.effects import compute
from ostealgia.errors import ProjectError, TableError
from ostealgia.meta import pool
from ostealgia.project.model import parse_config
from ostealgia.project.steps import run
from ostealgia.project.store import NUMBERS

CLAIM = '[[claim]]\nid = "{id}"\nanalysis = "response"\nquantity = "{quantity}"\n{numbers}\nsource = "Abstract"\n'


def claim_of(make, quantity: str, numbers: str, rows: str = ROWS):
    config = MINIMAL + CLAIM.format(id="c", quantity=quantity, numbers=numbers)
    [found] = run(make(config, rows)).claims
    return found


def test_estimate_is_another_name_of_pooled(make):
    effects = compute({"events": [12, 30, 19], "n": [20, 40, 31]}, measure="PLO")
    numbers = f'estimate = {100 * pool(effects, tau2="DL", ci="z").reported.estimate:.1f}\nunit = "%"'
    named, plain = (claim_of(make, quantity, numbers) for quantity in ("estimate", "pooled"))
    assert named.verdict == plain.verdict == "reproduced"
    assert (named.recomputed, named.methods_matching) == (plain.recomputed, plain.methods_matching)


@pytest.mark.parametrize("quantity", ["q", "pi"])
def test_rounding_of_the_inputs_is_tried_for_every_number_of_a_fit(make, quantity):
    """Beta's count is worked back from 75% of 200: 149, 150 or 151. What 151 gives is inside the print of 150."""
    rows = "study,outcome,n,events,estimate,measure\nAlpha,response,20,12,,\nBeta,response,200,,75,percent\nGamma,response,31,19,,\n"
    other = rows.replace("Beta,response,200,,75,percent", "Beta,response,200,151,,")
    fit = run(make(MINIMAL, other)).runs["response"].fit
    low, high = fit.reported.pi_low, fit.reported.pi_high
    numbers = f"estimate = {fit.q:.4f}" if quantity == "q" else f"ci_low = {low:.5f}\nci_high = {high:.5f}"
    found = claim_of(make, quantity, numbers, rows)
    assert found.verdict == "rounding" and "Beta: events 151 instead of 150" in found.detail


def test_a_pool_that_cannot_be_is_a_problem_and_the_project_still_builds(make):
    """Every SD is 0, so no study can be weighted."""
    config = MINIMAL.replace('"PLO"', '"MN"')
    result = run(make(config, "study,outcome,n,mean,sd\nA,response,20,5,0\nB,response,20,6,0\n"))
    assert result.runs["response"].fit is None
    assert "no study has a usable standard error" in result.runs["response"].problem
    assert "no study has a usable standard error" in (result.out / "report.html").read_text()


def test_a_line_without_a_fit_says_why(make):
    """Without the flagged row only a study with SD 0 is left."""
    config = MINIMAL.replace('"PLO"', '"MN"') + 'assume = [{ id = "low", title = "SD = 0", sd = 0.0 }]\n'
    rows = "study,outcome,n,mean,sd,estimate,measure\nA,response,20,5,0,,\nB,response,20,6,2,95.1,percent\n"
    item = run(make(config, rows)).runs["response"]
    variant = next(v for v in item.variants if v.id == "without-flagged")
    assert variant.fit is None and "usable standard error" in variant.problem


def test_a_side_result_that_does_not_exist_is_explained(make):
    """Egger's test needs standard errors that differ."""
    config = MINIMAL.replace('"PLO"', '"MN"')
    rows = "study,outcome,n,mean,sd\nA,response,20,5,2\nB,response,20,6,2\nC,response,20,7,2\n"
    result = run(make(config, rows))
    assert result.runs["response"].egger is None
    [note] = [note for note in result.runs["response"].notes if note.startswith("Egger's test: not computed")]
    assert "standard errors that differ" in note
    assert "standard errors that differ" in (result.out / "report.html").read_text()


def test_notes_of_the_lines_are_in_the_report(copy_of):
    """Replaced values and assumed SDs: which, how many, and from where."""
    folder = copy_of("refractory-pain")
    page = run(folder).out.joinpath("report.html").read_text()
    assert "With the counts that the source studies print: Akakura 1996: events 48 becomes 40 (Li 2025 prints" in page
    assert "n 48 becomes 48" not in page


def test_assumed_values_are_counted_where_the_study_enters(judged):
    """22 lines lack the SD at 1 month, of which four lack something else as well."""
    run_ = judged["mrgfus"].runs["pain-1month"]
    notes = {variant.id: variant.notes for variant in run_.variants}
    assert notes["baseline"] == ("18 SDs assumed: the SD at baseline",)
    assert notes["median"] == ("18 SDs assumed: the median SD at 3 months (1.705)",)
    assert notes["3-month"] == ("16 SDs assumed: the SD at 3 months", "2 SDs assumed: the SD at baseline")
    assert {variant.fit.k for variant in run_.variants} == {18}


def test_a_place_in_a_table_that_is_not_declared_is_refused():
    config = MINIMAL + '[[claim]]\nid = "m"\nquantity = "margin"\nplace = [{ table = "t1" }]\n'
    with pytest.raises(ProjectError, match="claim 'm': table = 't1' is not declared"):
        parse_config(config)


def test_columns_of_numbers_are_all_but_p():
    assert NUMBERS[0] == "n" and "p_value" not in NUMBERS
    assert {"events", "sd", "correlation", "estimate", "ci_level"} <= set(NUMBERS)


ODD = """\
study,outcome,n,events,estimate,measure,ci_low,ci_high
A,response,20,,71,percent,,
B,response,0,,71,percent,,
C,response,inf,3,,,,
D,response,10.5,3,2,OR,0,4
E,response,-1,,-5,percent,,
F,response,20,,<5,percent,,
G,response,abc,,50,percent,,
"""


def test_rows_that_cannot_be_leave_by_name_and_nothing_stops(make):
    item = run(make(MINIMAL, ODD)).runs["response"]
    assert item.fit.effects.study == ("A", "D")
    assert {left.study for left in item.excluded} == set("BCEFG")


TABLE = """\
[[table]]
id = "t"
file = "t.csv"
title = "Table 1. Patients"
kind = "{kind}"
groups = [{{ column = "a", name = "A", n = 10 }}, {{ column = "b", name = "B", n = 12 }}]
"""
GROUPS = """\
variable,level,a_n,b_n,a_mean,a_sd,b_mean,b_sd,statistic_reported,p_reported
Sex,,4,5,,,,,0.01,0.94
Nobody,,0,0,,,,,1.0,0.5
Too many,,11,3,,,,,1.0,0.5
Age,,,,60,-1,61,2,2.0,0.05
"""
RATIOS = "variable,estimate,ci_low,ci_high,p_reported\nA,1.2,0.9,1.6,0.21\nB,-1,0.5,2,0.1\nC,3,5,4,0.1\n"


def test_a_printed_table_with_lines_that_have_no_test_is_checked_all_the_same(make):
    claims = run(make(MINIMAL + TABLE.format(kind="groups"), t=GROUPS)).claims
    assert {claim.id: claim.verdict for claim in claims} == {"t.sex": "reproduced"}
    claims = run(make(MINIMAL + TABLE.format(kind="ratios"), t=RATIOS)).claims
    assert {claim.id: claim.verdict for claim in claims} == {"t.a": "reproduced", "t.b": "differs", "t.c": "differs"}


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ('quantity = "direction"\nsays = "lower"\nestimate = -0.5\n', "is not above 0"),
        ('quantity = "change"\nsays = "lower"\nestimate = 32\nof = 0\n', "is not above 0"),
        (
            'quantity = "p-from-interval"\nestimate = 0.5\nci_low = 0.6\nci_high = 0.4\nmeasure = "OR"\np = 0.5\n',
            "upside down",
        ),
        ('quantity = "tau2"\nanalysis = "sum"\nestimate = 0.5\n', "the analysis is not pooled"),
        ('quantity = "pi"\nanalysis = "common"\nci_low = 0.5\nci_high = 0.6\n', "gives no pi"),
        (
            'quantity = "effect"\noutcome = "response"\nestimate = 2\nci_low = 1\nci_high = 4\n',
            "the effect of the study itself",
        ),
    ],
)
def test_a_claim_without_an_answer_says_why(make, claim, words):
    more = '[[analysis]]\nid = "{0}"\noutcome = "response"\nmeasure = "PLO"\nmodel = "{0}"\nfigure = false\n'
    config = MINIMAL + more.format("sum") + more.format("common") + '[[claim]]\nid = "c"\n' + claim
    [found] = run(make(config)).claims
    assert found.verdict == "cannot be computed" and words in found.detail


def test_p_of_a_printed_per_cent_is_that_of_its_proportion(make):
    """60% (50 to 70): half a unit of the limits holds one half, so P is near 0.05."""
    numbers = 'quantity = "p-from-interval"\nestimate = {}\nci_low = {}\nci_high = {}\np = 0.053\n'
    per_cent = numbers.format("60.0", "50.0", "70.0") + 'unit = "%"\n'
    found = [run(make(MINIMAL + '[[claim]]\nid = "c"\nmeasure = "PR"\n' + text)).claims[0]
             for text in (per_cent, numbers.format("0.600", "0.500", "0.700"))]  # fmt: skip
    assert found[0].recomputed == found[1].recomputed and found[0].verdict == found[1].verdict
    assert 0.04 < found[0].numbers[0] < 0.08


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("window_days = [9, 1]\n", "the first day is after the last"),
        ("correlation = 7\n", "not a number from -1 to 1"),
        ('time = "nan month"\n', "does not start with a number"),
        ('[[claim]]\nid = "c"\nanalysis = "response"\n', "needs the printed estimate"),
        ('[[claim]]\nid = "c"\nquantity = "direction"\nestimate = 2\n', "needs says = 'higher' or 'lower'"),
        (
            '[[comparison]]\nid = "x"\ntitle = "X"\noutcomes = ["response"]\nmeasure = "QQ"\narms = [["a", "A"]]\n',
            "'QQ'",
        ),
        ('[[comparison]]\nid = "x"\ntitle = "X"\noutcomes = ["response"]\narms = []\n', "comparison 'x': key 'arms'"),
        (TABLE.format(kind="ratios") + 'measure = "XX"\n', "table 't': key 'measure': scale='xx'"),
        (TABLE.format(kind="groups").replace("n = 12", "n = 0"), "table 't': key 'n'"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused_with_its_place(make, keys, words):
    with pytest.raises(ProjectError, match=words.replace("[", r"\[")):
        run(make(MINIMAL + keys, t=RATIOS))


def test_a_repair_of_nothing_is_refused(make):
    head = "row,column,from,to,why,accepted_by,date\n"
    with pytest.raises(
        TableError, match=r"repairs.csv, row 2: results.csv has no column 'evnts'.*Did you mean 'events'"
    ):
        run(make(repairs=head + "3,evnts,30,3,slip,A. Reader,2026-01-01\n"))
    with pytest.raises(TableError, match=r"repairs.csv, row 2: results.csv has no row '33'"):
        run(make(repairs=head + "33,events,30,3,slip,A. Reader,2026-01-01\n"))
