"""The audit as a whole: reading, running every check, and the result in its forms."""

import json
from dataclasses import replace

import pytest

import ostealgia as oa
from ostealgia.audit.checking import check
from ostealgia.audit.checks import registry
from ostealgia.audit.finding import Finding
from ostealgia.audit.result import sorted_findings
from ostealgia.errors import OptionError
from ostealgia.io.documents.reading import from_text

TEXT = (
    "Pain relief after one fraction\n\nAbstract\n\nResults: Of 80 patients, 52 (56.0%) responded. The hazard ratio was 0.68 "
    "(95% CI 0.51-0.91; P = 0.009).\n\nResults\n\nIn total, 52 of 80 patients (65.0%) responded.\n"
)
KEYS = {
    "rule", "document", "page", "line", "span", "quote", "reported", "recomputed", "recomputed_low", "recomputed_high",
    "verdict", "severity", "basis", "cause_code", "cause", "repair",
}  # fmt: skip


def finding(**more):
    given = {"rule": "GRIM", "span": (0, 4), "reported": "3.5", "verdict": "consistent"} | more
    return Finding(**given)


@pytest.fixture(scope="module")
def audit():
    return check(from_text(TEXT, name="one.txt"))


def test_a_paper_is_read_and_checked_from_a_file(tmp_path):
    path = tmp_path / "one.txt"
    path.write_text(TEXT, encoding="utf-8")
    found = oa.audit.check(oa.audit.read(path))
    assert found.document.name == "one.txt"
    assert found.counts()["flagged"] == len(found.flags) >= 1


def test_every_check_is_registered_once_and_runs(audit):
    names = list(registry.all_checks())
    assert len(names) == len(set(names)) > 20
    assert not [note for note in audit.notes if "could not be run" in note]


def test_findings_are_sorted_by_place_and_flags_by_gravity(audit):
    places = [found.span for found in audit.findings]
    assert places == sorted(places)
    grave = [found.severity for found in audit.flags]
    assert grave == sorted(grave, key=["conclusion-changing", "major", "minor"].index)


def test_json_has_the_keys_of_the_design(audit):
    data = json.loads(json.dumps(audit.to_dict(), allow_nan=False))
    assert set(data) == {"documents", "findings"}
    assert data["documents"][0]["name"] == "one.txt"
    assert all(set(found) == KEYS for found in data["findings"])


def test_frame_has_one_row_a_finding_and_always_the_same_columns(audit):
    empty = check(from_text("Nothing to see.", name="none.txt"))
    assert len(audit.to_frame()) == len(audit.findings)
    assert list(empty.to_frame().columns) == list(audit.to_frame().columns)


def test_text_has_the_headline_first_and_then_the_flags(audit):
    lines = str(audit).splitlines()
    assert lines[0].startswith("Audit of one.txt: ")
    assert "do" in lines[0] and "not fit" in lines[0]
    assert any("percent-vs-count" in line for line in lines)


def test_card_escapes_the_paper():
    hostile = from_text(TEXT.replace("responded", "<script>alert(1)</script>"), name="<b>.txt")
    assert "<script>" not in check(hostile)._repr_html_()
    assert "<b>.txt" not in check(hostile)._repr_html_()


def test_same_paper_same_audit():
    document = from_text(TEXT, name="one.txt")
    assert check(document).to_dict() == check(replace(document)).to_dict()


def test_rules_select_findings(audit):
    only = check(from_text(TEXT, name="one.txt"), rules="ci-vs-point")
    assert {found.rule for found in only.findings} == {"ci-vs-point"}
    assert len(only.findings) < len(audit.findings)


def test_unknown_rule_names_the_choices():
    with pytest.raises(OptionError, match=r"rules='GRIMM' is not one of .*Did you mean 'GRIM'"):
        check(from_text(TEXT, name="one.txt"), rules=["GRIMM"])


def test_a_path_instead_of_a_document_says_what_to_do():
    with pytest.raises(OptionError, match="read the file first"):
        check("one.txt")


def test_judgement_can_be_left_out(audit):
    without = check(from_text(TEXT, name="one.txt"), judgement=False)
    assert all(found.basis == "arithmetic" for found in without.findings)


def test_a_check_that_breaks_down_is_told_and_loses_nothing_else(monkeypatch, audit):
    def broken(paper):
        yield finding(span=(1, 2), reported="7")
        raise ZeroDivisionError("no rows")

    whole = registry.all_checks()
    monkeypatch.setattr("ostealgia.audit.checking.all_checks", lambda: {**whole, "test.broken": broken})
    found = check(from_text(TEXT, name="one.txt"))
    assert len(found.findings) == len(audit.findings) + 1
    assert found.notes == ("check test.broken could not be run on this paper: ZeroDivisionError: no rows",)


def test_one_rule_twice_on_the_same_numerals_keeps_the_gravest():
    twice = [finding(), finding(span=(2, 9), verdict="impossible", severity="major")]
    assert [found.verdict for found in sorted_findings(twice)] == ["impossible"]


def test_two_rules_on_the_same_numerals_both_stay():
    assert len(sorted_findings([finding(), finding(rule="percent-vs-count")])) == 2


def test_same_numerals_at_two_places_both_stay():
    assert len(sorted_findings([finding(), finding(span=(50, 54))])) == 2


def test_every_rule_has_a_question():
    assert all(registry.question(name).endswith("?") for name in registry.rule_names())
    assert registry.question("nothing") == ""
