"""Which conclusions of a paper survive: the bundled audit of a printed cohort, and each kind of evidence by hand."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from pydantic import ValidationError

from ostealgia.errors import ProjectError
from ostealgia.project.claims import Context, judge
from ostealgia.project.steps import run
from ostealgia.project.store import load
from ostealgia.project.survives import FALLS, SURVIVES, UNKNOWN, conclusions_of
from ostealgia.project.survives_beside import beside_of
from ostealgia.project.survives_spec import BesideSpec, ConclusionSpec, EvidenceSpec

BUNDLED = Path(str(files("ostealgia").joinpath("data", "projects", "rt-analgesia")))


@pytest.fixture(scope="module")
def project():
    return load(BUNDLED)


@pytest.fixture(scope="module")
def claims(project):
    return judge(Context(project, {}))


@pytest.fixture(scope="module")
def found(project, claims):
    return {one.id: one for one in conclusions_of(project, claims)}


def judged(project, claims, *evidence: dict):
    """The conclusion that rests on this evidence, on the bundled tables."""
    spec = ConclusionSpec(id="x", title="x", evidence=tuple(EvidenceSpec(**one) for one in evidence))
    return conclusions_of(replace(project, spec=project.spec.model_copy(update={"conclusion": (spec,)})), claims)[0]


# what a careful reader of the printed tables says of each conclusion
EXPECTED = {
    "balance": SURVIVES, "response": SURVIVES, "adjusted-response": FALLS, "pain-predictor": FALLS, "lesions-predictor": FALLS,
    "risk-model": FALLS, "pain-scores": UNKNOWN, "relief-duration-onset": UNKNOWN, "quality-of-life": UNKNOWN, "adverse-events": SURVIVES,
    "serious-toxicity": SURVIVES, "constipation": FALLS, "pfs": SURVIVES, "os": SURVIVES, "inflammation": UNKNOWN, "nutrition": UNKNOWN,
    "synergy": UNKNOWN, "survival-benefit": UNKNOWN,
}  # fmt: skip


def test_every_conclusion_has_its_verdict_and_a_reason(found):
    assert {ident: one.verdict for ident, one in found.items()} == EXPECTED
    assert all(one.why and all(one.why) and one.source for one in found.values())


def test_the_response_survives_in_every_reading_of_its_broken_table(found):
    """By hand: (80/29)/(52/44) = 2.33; (80/22)/(52/51) = 3.57; (73/29)/(59/44) = 1.88, each with an interval above 1."""
    text = found["response"].why[0]
    for ratio, (a, b, c, d) in {"2.33": (80, 29, 52, 44), "3.57": (80, 22, 52, 51), "1.88": (73, 29, 59, 44)}.items():
        assert f"{a * d / (b * c):.2f}" == ratio and ratio in text
    assert "80 + 29 = 109" in " ".join(found["response"].beside)


def test_constipation_hangs_on_the_test_that_was_chosen(found):
    """30/102 against 44/103: Pearson 0.047, Yates 0.066, Fisher 0.059 (R: chisq.test, fisher.test); 10 x 0.0473 = 0.473."""
    assert re.findall(r"0\.\d{3}", found["constipation"].why[0]) == ["0.047", "0.066", "0.059", "0.473"]


def test_no_excess_is_shown_with_its_interval(found):
    """19/102 - 24/103 = -4.7 points; Newcombe -15.7 to 6.5."""
    assert "-4.7 points (-15.7 to 6.5)" in found["serious-toxicity"].why[0]


def test_a_judgement_is_told_from_arithmetic(found):
    assert found["synergy"].to_dict()["basis"] == "judgement"
    assert found["response"].to_dict()["basis"] == "arithmetic"


def test_verdicts_follow_from_what_decides(project, claims):
    yes, no, unknown = ({"kind": "judgement", "text": "t", "holds": state} for state in ("yes", "no", "unknown"))
    assert judged(project, claims, yes).verdict == SURVIVES
    assert judged(project, claims, yes, unknown).verdict == UNKNOWN
    assert judged(project, claims, yes, unknown, no).verdict == FALLS
    assert judged(project, claims, yes, no | {"decides": False}).verdict == SURVIVES
    with pytest.raises(ProjectError, match="nothing decides"):
        judged(project, claims, yes | {"decides": False})


def test_the_other_direction_fails(project, claims):
    sizes = [
        {"level": "RT + multimodal analgesia", "table": "table1", "group": "observation"},
        {"level": "RT alone", "table": "table1", "group": "control"},
    ]
    one = {
        "kind": "readings",
        "table": "table3",
        "variable": "Treatment group, n (%)",
        "level": "RT + multimodal analgesia",
        "sizes": sizes,
    }
    assert judged(project, claims, one | {"says": "lower"}).verdict == FALLS
    assert (
        judged(
            project, claims, {"kind": "ratio", "table": "survival", "row": "median OS months", "says": "higher"}
        ).verdict
        == FALLS
    )
    assert (
        judged(project, claims, {"kind": "ratio", "table": "survival", "row": "n", "says": "lower"}).verdict == UNKNOWN
    )
    pain = {"kind": "crude", "table": "table3", "variable": "Baseline NRS pain score"}
    assert judged(project, claims, pain | {"says": "lower"}).verdict == SURVIVES
    assert judged(project, claims, pain | {"says": "higher"}).verdict == FALLS
    single = {"kind": "robust", "table": "table2", "variable": "Constipation (any grade)", "family": 1}
    assert judged(project, claims, single).verdict == FALLS
    assert judged(project, claims, {"kind": "tests", "table": "table3"}).verdict == FALLS


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        ({"kind": "claims", "claims": ["or-pain-directions"]}, "Did you mean 'or-pain-direction'"),
        ({"kind": "tests", "table": "table9"}, "there is no table 'table9'"),
        ({"kind": "ratio", "table": "survival", "row": "median PFS", "says": "lower"}, "no row 'median PFS'"),
        ({"kind": "crude", "table": "table3", "variable": "Pain", "says": "lower"}, "no row with variable 'Pain'"),
    ],
)  # fmt: skip
def test_a_place_that_does_not_exist_is_named(project, claims, evidence, words):
    with pytest.raises(ProjectError, match=re.escape(words)):
        judged(project, claims, evidence)


def test_evidence_must_say_what_it_needs():
    with pytest.raises(ValidationError, match="needs 'says'"):
        EvidenceSpec(kind="ratio", table="survival", row="n")


def test_the_simulated_cohort_stands_beside_and_says_so(project):
    rows = {one.title: one for one in beside_of(project)}
    assert rows["Patients"].simulated == ("103", "102")
    assert rows["Constipation, any grade"].simulated == ("44/103 (42.7%)", "30/102 (29.4%)")
    assert rows["Pain response at week 12, all treated"].simulated == ("39/103 (37.9%)", "65/102 (63.7%)")
    bad = BesideSpec(title="x", quantity="medians:os", control="", observation="", definition="")
    with pytest.raises(ProjectError, match="median"):
        beside_of(replace(project, spec=project.spec.model_copy(update={"beside": (bad,)})))


def test_report_and_files(tmp_path):
    result = run(BUNDLED, out=tmp_path / "build")
    page = (tmp_path / "build" / "report.html").read_text()
    assert "Which conclusions survive" in page and "Beside it: a SIMULATED cohort" in page and "by construction" in page
    assert "Of 18 conclusions of the paper 6 survive" in result.text()
    assert [one["verdict"] for one in json.loads(json.dumps(result.to_dict()["conclusions"]))].count(FALLS) == 5
    assert (tmp_path / "build" / "tables" / "conclusions.csv").read_text().count("\n") == 19
