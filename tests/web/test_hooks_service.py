"""CDS Hooks 2.0 over the ASGI application itself; the fields of the specification (cds-hooks.hl7.org/2.0) are asked for one by one."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import date
from uuid import uuid4

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostealgia.cli.hooks_command import bound, checked_host, checked_port
from ostealgia.decision.candidacy import options
from ostealgia.errors import OptionError
from ostealgia.web.hooks_cards import cards
from ostealgia.web.hooks_protocol import SERVICE, discovery
from ostealgia.web.hooks_service import hooks_app

TODAY = date(2026, 11, 22)
LOINC, ICD = "http://loinc.org", "http://hl7.org/fhir/sid/icd-10-cm"
STATUS = "http://terminology.hl7.org/CodeSystem/condition-"
PLACE = f"/cds-services/{SERVICE}"


def ask(method, path, **given):
    """One request, with no server and no socket."""

    async def go():
        transport = httpx.ASGITransport(app=given.pop("app", None) or hooks_app(today=lambda: TODAY))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path, **given)

    return asyncio.run(go())


def concept(system, code):
    return {"coding": [{"system": system, "code": code}]}


def condition(code):
    return {
        "resourceType": "Condition", "subject": {"reference": "Patient/77"}, "code": concept(ICD, code),
        "clinicalStatus": concept(STATUS + "clinical", "active"), "verificationStatus": concept(STATUS + "ver-status", "confirmed"),
    }  # fmt: skip


def lab(code, value, unit):
    return {
        "resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/77"}, "code": concept(LOINC, code),
        "effectiveDateTime": "2026-11-22",
        "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
    }  # fmt: skip


def found(*resources):
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources]}


def request(conditions=("C50.9", "C79.51"), observations=(), **more):
    made = {
        "hook": "patient-view", "hookInstance": str(uuid4()), "fhirServer": "http://127.0.0.1:9/never-called",
        "fhirAuthorization": {"access_token": "secret"}, "context": {"userId": "Practitioner/1", "patientId": "77"},
        "prefetch": {
            "patient": {"resourceType": "Patient", "id": "77", "gender": "female", "birthDate": "1950-01-01"},
            "conditions": found(*(condition(code) for code in conditions)), "observations": found(*observations),
        },
    }  # fmt: skip
    return made | more


def check_card(card):
    """What the specification asks of a card."""
    assert set(card) <= {"uuid", "summary", "detail", "indicator", "source", "links"}, "no suggestion, no action"
    assert 0 < len(card["summary"]) < 140
    assert card["indicator"] in ("info", "warning", "critical")
    assert card["source"]["label"] and set(card["source"]) <= {"label", "url", "icon", "topic"}
    assert card["source"].get("url", "https://").startswith("https://")
    for link in card.get("links", ()):
        assert (
            set(link) == {"label", "url", "type"} and link["type"] == "absolute" and link["url"].startswith("https://")
        )
    assert "not a medical device" in card["detail"]
    assert "recommend" not in card["summary"].lower()


def test_discovery():
    answer = ask("GET", "/cds-services")
    assert answer.status_code == 200 and answer.json() == discovery()
    (service,) = answer.json()["services"]
    assert {"hook", "id", "description", "title", "prefetch", "usageRequirements"} == set(service)
    assert service["hook"] == "patient-view" and "{{context.patientId}}" in service["prefetch"]["patient"]


def test_neurology_is_asked_first_and_no_therapy_is_shown():
    answer = ask("POST", PLACE, json=request())
    assert answer.status_code == 200
    got = answer.json()["cards"]
    for card in got:
        check_card(card)
    assert [card["indicator"] for card in got] == ["warning"] and got[0]["summary"].startswith("Answer first")


def test_an_emergency_is_critical_and_stands_alone():
    # corrected calcium of 3.9 mmol/L and more is an emergency by itself (decision_rules A4)
    answer = ask("POST", PLACE, json=request(observations=[lab("2000-8", 3.9, "mmol/L"), lab("1751-7", 40, "g/L")]))
    got = answer.json()["cards"]
    for card in got:
        check_card(card)
    assert (
        got[0]["indicator"] == "critical"
        and got[0]["summary"].startswith("EMERGENCY, now")
        and "calc" in got[0]["summary"].lower()
    )
    assert not any("published criteria:" in card["summary"] for card in got)


def test_therapies_side_by_side():
    facts = {
        "age_years": 70,
        "neurology": {"status": "normal"},
        "site": {"bone": "pelvis"},
        "pain": {"worst_nrs_0_10": 8},
    }
    got = cards(options(facts), left_out=["Observation, entry 3: <b>*old*</b>"], missing=["medications"])
    for card in got:
        check_card(card)
    last = got[-1]
    assert last["summary"].startswith("Painful bone metastasis, published criteria:") and last["indicator"] == "info"
    for words in ("Criteria met", "Cannot be told", "unknown, not absent", "&lt;b&gt;", "read in the source"):
        assert words in last["detail"]


def test_a_record_without_bone_metastasis_has_no_card():
    assert ask("POST", PLACE, json=request(conditions=("I50.9",))).json() == {"cards": []}
    assert ask("POST", PLACE, json=request(conditions=())).json() == {"cards": []}


def test_an_emergency_of_a_cancer_without_coded_bone_metastasis():
    """Cauda equina syndrome (G83.4) in lung cancer: the metastasis may not have been coded; nothing that can wait is shown."""
    (card,) = ask("POST", PLACE, json=request(conditions=("C34.1", "G83.4"))).json()["cards"]
    check_card(card)
    assert card["indicator"] == "critical" and "compression" in card["summary"]
    assert ask("POST", PLACE, json=request(conditions=("C34.1",))).json() == {"cards": []}


def test_an_impossible_value_hides_no_emergency_and_what_was_left_out_is_said():
    """Platelets of 2,000,000 x10^9/L cannot be; the calcium beside them is an emergency."""
    given = [lab("29265-6", 3.9, "mmol/L"), lab("777-3", 2e6, "10*9/L")]
    answer = ask("POST", PLACE, json=request(observations=given))
    assert answer.status_code == 200
    got = answer.json()["cards"]
    assert got[0]["indicator"] == "critical"
    assert "left unknown: labs.platelets" in got[-1]["detail"].replace("\\", "")
    only = ask("POST", PLACE, json=request(observations=given[1:])).json()["cards"][0]
    assert only["summary"].startswith("Answer first: Any new limb weakness") and "Platelet" in only["detail"]
    asked = ask("POST", PLACE, json=request(conditions=("C50.9", "C79.51", "G95.2"))).json()["cards"][-1]
    assert "ask for the neurological status" in asked["detail"] and "medications" in asked["detail"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"hook": "order-sign"}, 400),
        ({"hookInstance": "1"}, 400),
        ({"hookInstance": None}, 400),
        ({"context": {"patientId": "77"}}, 400),
        ({"context": {"userId": "Practitioner/1", "patientId": "78"}}, 400),
        ({"prefetch": None}, 412),
        ({"prefetch": {"patient": None}}, 412),
        ({"prefetch": {"patient": {"resourceType": "OperationOutcome"}}}, 412),
    ],
)
def test_a_call_that_is_no_call(change, status):
    answer = ask("POST", PLACE, json=request(**change))
    assert answer.status_code == status and set(answer.json()) == {"error"}
    assert "77" not in answer.text and "78" not in answer.text


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"a": NaN}', b"[" * 9999, b'{"hook": "patient-view", "hook": "patient-view"}', b"\xff\xff"],
)
def test_a_body_that_is_no_request(body):
    answer = ask("POST", PLACE, content=body)
    assert answer.status_code == 400 and len(answer.text) < 300


def test_size_paths_and_methods():
    assert ask("POST", PLACE, content=b" " * 5_100_000).status_code == 413
    assert ask("POST", "/cds-services/other", json={}).status_code == 404
    assert ask("GET", PLACE).status_code == 405
    assert ask("POST", PLACE + "/feedback", json={"feedback": []}).status_code == 200


def test_no_origin_may_call_unless_it_was_named():
    headers = {"Origin": "https://ehr.example"}
    assert "access-control-allow-origin" not in ask("GET", "/cds-services", headers=headers).headers
    app = hooks_app(origins=["https://ehr.example"])
    assert (
        ask("GET", "/cds-services", headers=headers, app=app).headers["access-control-allow-origin"]
        == "https://ehr.example"
    )


def test_nothing_of_a_request_is_logged(caplog, capfd):
    with caplog.at_level(logging.DEBUG, logger="ostealgia"):
        ask("POST", PLACE, json=request())
    said = capfd.readouterr()
    assert "Patient" not in caplog.text and "77" not in caplog.text and not said.out and not said.err


def test_loopback_unless_asked_for():
    assert checked_host("", public=False) == "127.0.0.1"
    assert checked_host("0.0.0.0", public=True) == "0.0.0.0"
    for host, port in (("192.168.0.1", ""), ("example.org", ""), ("", "0"), ("", "http"), ("", "70000")):
        with pytest.raises(OptionError):
            checked_host(host, public=False)
            checked_port(port)


def test_a_port_that_is_taken():
    with bound("127.0.0.1", 0) as one:
        one.listen()
        with pytest.raises(OptionError, match="Give another one"):
            bound("127.0.0.1", one.getsockname()[1])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["hook", "hookInstance", "context", "prefetch", "fhirServer", "extension"]), VALUES)
)
def test_no_body_brings_the_service_down(change):
    answer = ask("POST", PLACE, content=json.dumps(request() | change).encode())
    assert answer.status_code in (200, 400, 412, 422)
