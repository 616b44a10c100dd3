"""A small CDS Hooks 2.0 service: discovery, ``patient-view``, feedback that is not kept.

It works on the prefetch alone, keeps nothing, logs nothing of a request, and calls nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ostealgia.errors import JsonError, OstealgiaError
from ostealgia.io.fhir.reading import read_bundle
from ostealgia.io.json_input import parse_json
from ostealgia.web.hooks_cards import cards
from ostealgia.web.hooks_protocol import SERVICE, HookError, discovery, take_request

BYTES = 5_000_000


def hooks_app(*, origins: Sequence[str] = (), today: Callable[[], date] = date.today) -> Starlette:
    """The service as an ASGI application.

    origins : browser origins that may call it; none by default.  today : the day to which ages are counted.

    >>> [route.path for route in hooks_app().routes][:2]
    ['/cds-services', '/cds-services/ostealgia-bone-metastasis-pain']
    """

    async def call(request: Request) -> JSONResponse:
        return await _answered(request, lambda body: {"cards": answer(body, today())})

    async def feedback(request: Request) -> JSONResponse:
        return await _answered(request, lambda body: {})

    async def discover(request: Request) -> JSONResponse:
        return JSONResponse(discovery())

    routes = [
        Route("/cds-services", discover, methods=["GET"]),
        Route(f"/cds-services/{SERVICE}", call, methods=["POST"]),
        Route(f"/cds-services/{SERVICE}/feedback", feedback, methods=["POST"]),
    ]
    allowed = [
        Middleware(CORSMiddleware, allow_origins=list(origins), allow_methods=["GET", "POST"], allow_headers=["*"])
    ]
    return Starlette(routes=routes, middleware=allowed if origins else [])


async def _answered(request: Request, make: Callable[[Any], dict[str, Any]]) -> JSONResponse:
    try:
        body = parse_json(await _body(request), most_bytes=BYTES)
        return JSONResponse(await run_in_threadpool(make, body))
    except HookError as error:
        return JSONResponse({"error": error.text}, status_code=error.status)
    except JsonError as error:
        return JSONResponse({"error": str(error)}, status_code=400)
    except OstealgiaError:
        # the message of a record that cannot be used names its fields; the caller shows it to nobody who could mend it
        return JSONResponse({"error": "The record cannot be used as it stands."}, status_code=422)


async def _body(request: Request) -> bytes:
    data = bytearray()
    try:
        async for part in request.stream():
            data += part
            if len(data) > BYTES:
                raise HookError(413, f"The request is larger than {BYTES // 1_000_000} MB.")
    except ClientDisconnect:
        raise HookError(400, "The request ended early.") from None
    return bytes(data)


def answer(body: Any, today: date) -> list[dict[str, Any]]:
    """The cards of a request. Where the record holds no bone metastasis and no myeloma there are none, but for what cannot wait where it
    names a cancer: the metastasis may not have been coded yet."""
    from ostealgia.decision.bundle_facts import facts_of_bundle
    from ostealgia.decision.candidacy import options
    from ostealgia.decision.patient_reading import PatientError

    request = take_request(body)
    found = read_bundle(request.bundle, today=today)
    if not found.bone_metastasis and not found.cancer:
        return []
    facts, notes = facts_of_bundle(found)
    left = [f"{one.resource}: {one.reason}" for one in found.not_used]
    left += [one for one in notes if one.startswith("left unknown")]
    try:
        result = options(facts)
    except PatientError as error:  # a value that cannot be hides no emergency of the others
        if error.answer is None:
            raise
        result = error.answer
        left += [f"left unknown: {name}: {text}" for name, text in error.problems]
    made = cards(result, left_out=left[:30], missing=request.missing)
    return made if found.bone_metastasis else [one for one in made if one["indicator"] == "critical"]
