"""The API over a whole stack: a generated client, keys, repeats after a death, and nonsense."""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import httpx2
import pytest_asyncio
import schemathesis
import yaml
from aiopenapi3 import OpenAPI
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from jsonschema_rs import Draft202012Validator
from schemathesis import GenerationMode, checks
from schemathesis.core import failures
from schemathesis.core.parameters import ParameterLocation
from sqlalchemy import update

from client import incidents, messages
from client.keys import enrol_key
from client.tokens import create_token
from domain.actor import Actor, Surface
from domain.message import MessageKind
from domain.proof import credential_id
from domain.tokens import Scope
from embedded.part import StackPart
from store.people import audiences
from store.people.audiences import AudienceRow
from store.tables import api_requests
from tests.terminal import ROOT
from tests.whole import response as stories
from tests.whole.world import PATIENCE, World, eventually

_numbers = itertools.count(1)
BASE = "/api/v1"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def url_of(world: World) -> str:
    """Where the API of the stack is."""
    return f"http://127.0.0.1:{world.stack.ports.console}{BASE}"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def console(world: World) -> AsyncIterator[StackPart]:
    """The console of the stack, with the API beside its pages."""
    part = StackPart(world.stack._console_plan(), print, lambda: None)
    await part.start()
    await part.wait_ready()
    yield part
    await part.stop()


async def token_of(world: World, person: str, *scopes: Scope) -> str:
    made = await create_token(
        world.engine, person, scopes or tuple(Scope), by="maya", surface=Surface.TERMINAL
    )
    return made.secret


class Signer:
    """Somebody with a key of their own, which Frontfoot has never seen."""

    def __init__(self) -> None:
        self._private = Ed25519PrivateKey.generate()
        self._public = self._private.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )

    async def enrolled(self, world: World, person: str) -> None:
        await enrol_key(world.engine, person, base64.b64encode(self._public).decode(), by="maya")

    def proof(self, stated: dict[str, str]) -> dict[str, str]:
        """What is sent along with a decision."""
        signature = self._private.sign(base64.b64decode(stated["to_sign"]))
        return {
            "key": credential_id(self._public),
            "statement": stated["statement"],
            "signature": base64.b64encode(signature).decode(),
        }


class Patient(httpx2.AsyncClient):
    """Waits longer than five seconds for an answer: other tests run beside these."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given | {"timeout": PATIENCE})


class Program:
    """Another system, with the client that it has generated from the document."""

    def __init__(self, api: OpenAPI, token: str) -> None:
        self._api = api
        self._token = token

    @classmethod
    async def of(cls, world: World, token: str) -> Program:
        return cls(await OpenAPI.load_async(f"{url_of(world)}/openapi.json", Patient), token)

    async def asks(self, operation: str, data: object = None, **parameters: object) -> Any:
        """Call an operation by its name, and return what it answers."""
        self._api.authenticate(None, token=self._token)
        if data is not None:
            parameters["Idempotency-Key"] = f"program-{next(_numbers)}"
        call = getattr(self._api._, operation)
        given = {"data": data} if data is not None else {}
        found = await call(parameters=parameters, **given)
        return found.model_dump(mode="json", by_alias=True)


async def test_a_generated_client_opens_proposes_decides_with_a_key_and_closes(
    calm: World, console: StackPart
) -> None:
    slug = f"api-{next(_numbers)}"
    people = (AudienceRow(f"quill{n}@{slug}.feather.example", {}) for n in range(3))
    await audiences.import_rows(calm.ledger, slug, people)
    maya = await Program.of(calm, await token_of(calm, "maya"))
    scopes = (Scope.INCIDENTS_READ, Scope.DECISIONS_WRITE, Scope.EVENTS_READ)
    noor = await Program.of(calm, await token_of(calm, "noor", *scopes))
    signer = Signer()
    await signer.enrolled(calm, "noor")

    opening = {"slug": slug, "title": "Sign-in is down", "playbook": "site-compromised"}
    opened = await maya.asks("open_new_incident", opening | {"audiences": [slug]})
    assert (opened["joined"], opened["incident"]["stage"]) == (False, "identify")
    await maya.asks("record_known_facts", {"summary": f"sign-in fails ({slug})"}, slug=slug)
    made = await maya.asks("propose_message", {"kind": "announcement"}, slug=slug)
    place = {"slug": slug, "number": made["number"]}

    read = await noor.asks("read_one_message", **place)
    assert (read["recipients"], read["requires"]) == (3, "none")
    assert f"sign-in fails ({slug})" in read["copies"][0]["text"]
    about = {"digest": read["digest"], "verdict": "approve"}
    stated = await noor.asks("state_decision", about, **place)
    taken = await noor.asks("decide_on_message", about | {"proof": signer.proof(stated)}, **place)
    assert (taken["gate"], taken["missing"]) == ("open", "")

    async def told() -> Any:
        return (await noor.asks("read_one_message", **place))["told"]

    await eventually(told)
    closed = await eventually_closes(maya, slug)
    assert closed["stage"] == "closed"
    events = (await noor.asks("list_events", slug=slug, limit=500))["items"]
    by_noor = [one for one in events if one["who"] == "noor"]
    assert [(one["what"], one["surface"], one["authenticated_by"]) for one in by_noor] == [
        ("approved", "api", "key")
    ]


async def eventually_closes(maya: Program, slug: str) -> Any:
    """Close it as soon as nothing is on its way any more."""

    async def at_rest() -> list[str]:
        messages = (await maya.asks("list_messages", slug=slug))["items"]
        return [one["state"] for message in messages for one in message["outcomes"]]

    await eventually(at_rest, lambda states: {*states} == {"accepted"})
    return await maya.asks("close_incident", {}, slug=slug)


@pytest_asyncio.fixture(loop_scope="session")
async def http(calm: World, console: StackPart) -> AsyncIterator[httpx.AsyncClient]:
    """Another system that writes its requests by hand, as maya."""
    headers = {"Authorization": f"Bearer {await token_of(calm, 'maya')}"}
    async with httpx.AsyncClient(
        base_url=url_of(calm), headers=headers, timeout=PATIENCE
    ) as client:
        yield client


async def opened(world: World, slug: str, **changes: object) -> None:
    """An incident whose plan wants each decision to be proven with a key."""
    files = stories.quick_playbook(3, mailed=())
    plan = yaml.safe_load(files["playbook.yaml"])
    for message in plan["messages"].values():
        message["gate"] |= changes
    files = {**files, "playbook.yaml": yaml.safe_dump(plan, sort_keys=False)}
    await incidents.open_incident(
        world.engine, slug=slug, title="Down", files=files, actor=Actor.at_terminal("maya")
    )


async def test_a_token_proves_no_decision(calm: World, http: httpx.AsyncClient) -> None:
    slug = f"api-{next(_numbers)}"
    await opened(calm, slug, requires="key")
    here = f"/incidents/{slug}/messages"
    body = {"kind": "announcement", "copy": {"text": f"Sign-in fails ({slug}).", "subject": "Down"}}
    made = (await http.post(here, json=body, headers={"Idempotency-Key": "1"})).json()
    noor = {"Authorization": f"Bearer {await token_of(calm, 'noor')}"}
    decision = {"digest": made["digest"], "verdict": "approve"}

    async def decides(key: str, proof: dict[str, str] | None = None) -> httpx.Response:
        headers = noor | {"Idempotency-Key": key}
        return await http.post(
            f"{here}/1/decisions", json=decision | {"proof": proof}, headers=headers
        )

    refused = await decides("2")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:frontfoot:problem:refused")
    assert "signed with a key or a passkey" in refused.json()["title"]
    headers = noor | {"Idempotency-Key": "3"}
    stated = await http.post(f"{here}/1/statements", json=decision, headers=headers)
    stranger, signer = Signer(), Signer()
    await signer.enrolled(calm, "noor")
    assert (await decides("4", stranger.proof(stated.json()))).status_code == 409
    taken = await decides("5", signer.proof(stated.json()))
    assert (taken.status_code, taken.json()["gate"]) == (201, "open")


async def test_a_stage_an_audience_a_test_and_what_became_of_them_in_the_feed(
    calm: World, http: httpx.AsyncClient
) -> None:
    slug = f"api-{next(_numbers)}"
    people = (AudienceRow(f"quill{n}@{slug}.feather.example", {}) for n in range(3))
    await audiences.import_rows(calm.ledger, slug, people)
    cursor = ""
    while (part := (await http.get("/events", params={"limit": 500, "cursor": cursor})).json())[
        "items"
    ]:
        cursor = part["next"]
    files = stories.quick_playbook(3)
    maya = Actor.at_terminal("maya")
    await incidents.open_incident(calm.engine, slug=slug, title="Down", files=files, actor=maya)

    async def post(path: str, body: object, key: str) -> httpx.Response:
        headers = {"Idempotency-Key": key}
        return await http.post(f"/incidents/{slug}{path}", json=body, headers=headers)

    chosen = await post("/audiences", {"audiences": [slug]}, "1")
    assert (chosen.status_code, chosen.json()["audiences"]) == (201, [slug])
    assert (await post("/audiences", {"audiences": ["nobody-at-all"]}, "2")).status_code == 409
    moved = await post("/stages", {"to": "acknowledge"}, "3")
    assert (moved.status_code, moved.json()["stage"]) == (201, "acknowledge")
    again = await post("/stages", {"to": "acknowledge"}, "3")
    assert (again.content, again.headers["Idempotency-Replayed"]) == (moved.content, "true")
    assert (await post("/stages", {"to": "make_good"}, "4")).status_code == 409

    body = {"kind": "announcement", "copy": {"text": f"Sign-in fails ({slug}).", "subject": "Down"}}
    assert (await post("/messages", body, "5")).status_code == 201
    address = {"address": f"maya@{slug}.house.example"}
    asked = await post("/messages/1/tests", address, "6")
    assert (asked.status_code, len(asked.json()["items"]), slug in asked.text) == (201, 1, False)
    # Nobody has the answer, as after a death: the first try has asked for it.
    async with calm.ledger.write() as connection:
        await connection.execute(update(api_requests).values(status=None, tried_at=LONG_AGO))
    again = await post("/messages/1/tests", address, "6")
    assert (again.status_code, len(again.json()["items"])) == (201, 1)

    async def tests() -> list[str]:
        listed = (await http.get(f"/incidents/{slug}/messages/1/tests")).json()["items"]
        return [one["state"] for one in listed]

    await eventually(tests, lambda states: states == ["accepted"])

    async def told() -> list[str]:
        found = (await http.get("/events", params={"cursor": cursor})).json()["items"]
        return [one["what"] for one in found if one["incident"] == slug]

    whats = await eventually(told, lambda found: "proposed" in found)
    assert whats[0] == "opened"
    # Meanwhile people are asked to sign it.
    later = (await http.get(f"/incidents/{slug}/events")).json()["items"]
    assert whats == [one["what"] for one in later][: len(whats)]


async def test_a_hundred_proposals_at_once_are_one(calm: World, http: httpx.AsyncClient) -> None:
    slug = f"api-{next(_numbers)}"
    await opened(calm, slug)
    body = {"kind": "announcement", "copy": {"text": f"Sign-in fails ({slug}).", "subject": "Down"}}
    headers = {"Idempotency-Key": "all-of-them"}

    async def proposes() -> httpx.Response:
        return await http.post(f"/incidents/{slug}/messages", json=body, headers=headers)

    answers = await asyncio.gather(*(proposes() for _ in range(100)))
    assert Counter((one.status_code, one.text) for one in answers) == {(201, answers[0].text): 100}
    assert sum("Idempotency-Replayed" in one.headers for one in answers) == 99
    listed = (await http.get(f"/incidents/{slug}/messages")).json()["items"]
    assert [one["number"] for one in listed] == [1]


DIES = """
import asyncio, os, signal, sys
import httpx
from client.configuration import load_settings
from client.engine import Engine
from store.requests import requests
from surfaces.console.app import served

async def dies(*_):
    os.kill(os.getpid(), signal.SIGKILL)

async def main(path, token, key, text):
    requests.answer = dies
    app = httpx.ASGITransport(app=served(Engine(load_settings())))
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    body = {"kind": "announcement", "copy": {"text": text, "subject": "Down"}}
    async with httpx.AsyncClient(transport=app, base_url="http://localhost:8092") as http:
        await http.post(path, json=body, headers=headers)

asyncio.run(main(*sys.argv[1:]))
"""
"""A console that is killed after a proposal was made, before its answer is kept."""


async def test_who_is_killed_between_the_effect_and_the_answer_has_done_it_once(
    calm: World, http: httpx.AsyncClient
) -> None:
    slug, text = f"api-{next(_numbers)}", "Sign-in fails."
    await opened(calm, slug)
    path = f"/incidents/{slug}/messages"
    token = http.headers["Authorization"].removeprefix("Bearer ")
    killed = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", DIES, f"{BASE}{path}", token, "k", text),
        env={**os.environ, **calm.stack.environment, "PYTHONPATH": str(ROOT)},
    )
    assert await killed.wait() == -signal.SIGKILL
    body = {"kind": "announcement", "copy": {"text": text, "subject": "Down"}}

    async def again() -> httpx.Response:
        return await http.post(path, json=body, headers={"Idempotency-Key": "k"})

    # Half a minute passes.
    async with calm.ledger.write() as connection:
        await connection.execute(update(api_requests).values(tried_at=LONG_AGO))
    answer, replayed = await again(), await again()
    assert (answer.status_code, answer.json()["number"]) == (201, 1)
    assert (replayed.content, replayed.headers["Idempotency-Replayed"]) == (answer.content, "true")
    listed = (await http.get(path)).json()["items"]
    assert [one["number"] for one in listed] == [1]


def rejects_what_does_not_fit(ctx: Any, response: Any, case: Any) -> bool | None:
    """The check for that, which takes some bodies for wrong that are not.

    Of a field that may also be null it changes the other type, and null is among what comes of it;
    and what is sent as a file is one, whatever it holds.
    """
    try:
        return checks.negative_data_rejection(ctx, response, case)
    except failures.AcceptedNegativeData:
        if case.meta.phase.data.parameter_location is ParameterLocation.BODY and fits(case):
            return None
        raise


def fits(case: Any) -> bool:
    """Whether the body of a case is what its operation takes, by another library's judgement."""
    document = case.operation.schema.raw_schema
    operation = document["paths"][case.operation.path][case.operation.method.lower()]
    content = operation["requestBody"]["content"]
    if "application/json" not in content:
        return True
    taken = content["application/json"]["schema"] | {"components": document["components"]}
    return Draft202012Validator(taken).is_valid(case.body)


CHECKS = (
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    rejects_what_does_not_fit,
    checks.ignored_auth,
)
EXAMPLES = 12
"""Requests of each operation. More of them find more: try 60 after a change."""


@pytest_asyncio.fixture(loop_scope="session")
async def nonsense(calm: World, console: StackPart) -> tuple[str, dict[str, str], str]:
    """The address of the document, a token with every scope, and an incident with a message."""
    slug = f"api-{next(_numbers)}"
    await opened(calm, slug)
    words = {"text": f"Sign-in fails ({slug}).", "subject": "Down"}
    maya = Actor.at_terminal("maya")
    await messages.propose(calm.engine, slug, MessageKind.ANNOUNCEMENT, actor=maya, copy=words)
    headers = {"Authorization": f"Bearer {await token_of(calm, 'maya')}"}
    return f"{url_of(calm)}/openapi.json", headers, slug


async def test_whatever_is_sent_is_answered_as_the_document_says(
    nonsense: tuple[str, dict[str, str], str],
) -> None:
    """No 500, no status and no form of answer that the document does not have."""
    assert await asyncio.to_thread(differences, *nonsense) == []


def differences(url: str, headers: dict[str, str], slug: str) -> list[str]:
    """What of the answers to anything that fits or does not fit is not as the document says."""
    found: list[str] = []
    for each in schemathesis.openapi.from_url(url).get_all_operations():
        operation = each.ok()
        # Nobody closes it while others ask.
        where = {} if "closure" in operation.path else {"slug": slug, "number": 1}
        try:
            ask(operation, headers, where)
        except BaseExceptionGroup as error:
            found.append(f"{operation.method} {operation.path}: {error.exceptions}")
    return found


def ask(operation: Any, headers: dict[str, str], where: dict[str, object]) -> None:
    """Send an operation what it takes and what it does not; what it takes about what is there."""

    def placed(case: Any) -> Any:
        given = case.path_parameters or {}
        given |= {name: value for name, value in where.items() if name in given}
        return case

    cases = operation.as_strategy(generation_mode=GenerationMode.POSITIVE).map(placed)
    if operation.body or any(True for _ in operation.iter_parameters()):
        cases |= operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def sent(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    sent()
