"""A gate that asks for passkeys, over HTTP: what does not fit is refused and in the timeline."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import yaml

from client import keys
from client.audit.incident import audit_incident
from client.engine import Engine
from client.messages import revise
from client.signing_in import make_link
from domain.gate import GateState, Verdict
from domain.message import MessageKind
from domain.passkey import base64url
from domain.proof import read_statement
from domain.status import MessageStatus
from sandbox.authenticator import Authenticator
from settings import Settings
from store.record import proofs
from surfaces.console.app import create_app
from surfaces.console.guard import Guard
from tests.whole import response as stories
from tests.whole.response import LEAD, Response
from tests.whole.world import World, eventually

URL = "http://localhost:8092"
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def requiring_passkeys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every gate of the plan wants two people, each with a passkey; nothing is mailed."""
    plain = stories.quick_playbook

    def with_passkeys(*given: object, **named: object) -> dict[str, str]:
        files = plain(*given, **named)  # type: ignore[arg-type]
        plan = yaml.safe_load(files["playbook.yaml"])
        for message in plan["messages"].values():
            message["gate"] |= {"requires": "passkey", "quorum": 2}
        return {**files, "playbook.yaml": yaml.safe_dump(plan, sort_keys=False)}

    monkeypatch.setattr(stories, "quick_playbook", with_passkeys)


@dataclass
class Desk:
    """The console, and Noor in front of it with a passkey."""

    engine: Engine
    browser: httpx.AsyncClient
    slug: str
    passkey: Authenticator

    async def sits_down(self, person: str) -> None:
        """Somebody signs in at this browser."""
        link = await make_link(self.engine)
        await self.browser.post(link, data={"person": person}, headers=OURS)

    async def enrols(self, passkey: Authenticator) -> None:
        """Whoever is signed in adds a passkey."""
        asked = await self._post("/passkeys/requests", {})
        answer = json.dumps(passkey.create(asked.json()["options"], origin=URL))
        form = {"token": asked.json()["token"], "answer": answer}
        assert (await self._post("/passkeys", form)).status_code == 303

    async def asks(self, message: MessageStatus, verdict: str = "approve") -> dict[str, Any]:
        """What the page asks the passkey to sign."""
        path = f"/incidents/{self.slug}/messages/{message.number}/statements"
        form = {"digest": message.digest, "verdict": verdict, "reason": "Say since when."}
        answer = await self._post(path, form)
        assert answer.status_code == 200, answer.text
        asked: dict[str, Any] = answer.json()
        return asked

    async def decides(
        self, message: MessageStatus, token: str, answer: dict[str, Any], verdict: str = "approve"
    ) -> httpx.Response:
        """The page sends what was signed."""
        form = {"digest": message.digest, "verdict": verdict, "reason": "Say since when."}
        form |= {"token": token, "answer": json.dumps(answer)} if token else {}
        return await self._post(f"/incidents/{self.slug}/messages/{message.number}/decisions", form)

    async def signs(
        self, message: MessageStatus, verdict: str = "approve", **how: Any
    ) -> httpx.Response:
        """All of it, as a page with a browser does it."""
        asked = await self.asks(message, verdict)
        answer = self.passkey.get(asked["options"], **{"origin": URL, **how})
        return await self.decides(message, asked["token"], answer, verdict)

    async def signs_instead(self, message: MessageStatus, /, **changes: object) -> httpx.Response:
        """A statement that the page never made, well signed, as whoever has the device could."""
        asked = await self.asks(message)
        statement = read_statement(asked["token"].encode()).model_copy(update=changes)
        options = {**asked["options"], "challenge": base64url(statement.challenge())}
        answer = self.passkey.get(options, origin=URL)
        token = statement.canonical().decode()
        return await self.decides(message, token, answer)

    async def _post(self, path: str, form: dict[str, str]) -> httpx.Response:
        return await self.browser.post(path, data=form, headers=OURS)


@pytest_asyncio.fixture(loop_scope="session")
async def desk(calm: World, response: Response, tmp_path: Path) -> AsyncIterator[Desk]:
    settings = Settings(
        state_dir=tmp_path,
        console_url=URL,
        record_key_file=calm.stack.state / "record.key",
    )
    engine = Engine(settings, temporal=calm.client, ledger=calm.ledger)
    transport = httpx.ASGITransport(app=Guard(create_app(engine), URL))
    async with httpx.AsyncClient(transport=transport, base_url=URL) as browser:
        made = Desk(engine, browser, response.slug, Authenticator.es256())
        await made.sits_down("noor")
        await made.enrols(made.passkey)
        yield made
        await keys.remove_keys_of(engine, "noor", by="maya")


@pytest.mark.usefixtures("requiring_passkeys")
async def test_what_a_passkey_did_not_sign_here_is_refused_and_the_timeline_says_why(
    response: Response, desk: Desk
) -> None:
    await response.open(recipients=30)
    message = await response.propose()
    refused: list[str] = []

    async def refuses(answer: httpx.Response, why: str) -> None:
        refused.append(why)
        assert (answer.status_code, why in answer.text) == (403, True), (why, answer.text)
        told = await eventually(
            lambda: response.timeline("decision refused"), lambda all: len(all) == len(refused)
        )
        assert (told[-1][0], why in told[-1][1]) == ("noor", True), told[-1]

    await refuses(await desk.signs(message, origin="https://evil.example"), "another site")
    await refuses(await desk.signs(message, rp_id="evil.example"), "another host")
    await refuses(await desk.signs(message, crossOrigin=True), "embedded")
    await refuses(await desk.signs(message, flags=0x01), "did not check who was there")
    await refuses(await desk.decides(message, "", {}), "has no proof of who made it")

    own, desk.passkey = desk.passkey, Authenticator.es256()
    await refuses(await desk.signs(message), "is not enrolled")
    desk.passkey = replace(own, sign=desk.passkey.sign)
    await refuses(await desk.signs(message), "not one of the enrolled passkey")
    desk.passkey = own

    for changes, why in (
        ({"incident": "another-one"}, "another incident"),
        ({"message": 2}, "another message"),
        ({"digest": "ab" * 32}, "other words"),
        ({"verdict": Verdict.REJECT}, "another verdict"),
        ({"person": "ines"}, "somebody else"),
        ({"nonce": "0" * 32}, "not asked for here"),
    ):
        answer = await desk.signs_instead(message, **changes)
        # For somebody else the ledger has no such passkey; for the rest it is the statement.
        await refuses(answer, "is not enrolled" if "person" in changes else why)
    past = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    ledger = await desk.engine.ledger()
    await proofs.issue_nonce(ledger, "f" * 32, "noor", response.slug, past, past)
    answer = await desk.signs_instead(message, nonce="f" * 32, expires=past)
    await refuses(answer, "too old")

    assert (await response.message()).decisions == ()


@pytest.mark.usefixtures("requiring_passkeys")
async def test_a_signature_counts_once_for_one_revision_and_the_audit_verifies_it(
    response: Response, desk: Desk
) -> None:
    await response.open(recipients=30)
    message = await response.propose()
    asked = await desk.asks(message)
    answer = desk.passkey.get(asked["options"], origin=URL)
    assert (await desk.decides(message, asked["token"], answer)).status_code == 303

    again = await desk.decides(message, asked["token"], answer)
    assert (again.status_code, "has decided here already" in again.text) == (403, True)
    newer = await revise(
        desk.engine, response.slug, 1, actor=LEAD, copy={"text": "Other words.", "subject": "Spam"}
    )
    old = await desk.decides(newer, asked["token"], answer)
    assert (old.status_code, "another revision" in old.text) == (403, True)
    used = read_statement(asked["token"].encode())
    spent = await desk.signs_instead(newer, nonce=used.nonce, expires=used.expires)
    assert (spent.status_code, "used already" in spent.text) == (403, True)
    await eventually(lambda: response.timeline("decision refused"), lambda said: len(said) == 3)

    late = await desk.asks(newer)
    await keys.remove_keys_of(desk.engine, "noor", by="maya")
    removed = await desk.decides(
        newer, late["token"], desk.passkey.get(late["options"], origin=URL)
    )
    assert (removed.status_code, "was removed" in removed.text) == (403, True)

    desk.passkey = Authenticator.ed25519()
    await desk.enrols(desk.passkey)
    assert (await desk.signs(newer, "reject")).status_code == 303
    assert (await response.message()).gate is GateState.REJECTED
    report = await audit_incident(desk.engine, response.slug)
    assert sorted((one.person, one.verdict, one.verified_by) for one in report.decisions) == [
        ("noor", "approve", "passkey"),
        ("noor", "reject", "passkey"),
    ]
    assert report.agrees, report.found


@pytest.mark.usefixtures("requiring_passkeys")
async def test_whoever_was_taken_out_of_the_people_decides_nothing(
    response: Response, desk: Desk, tmp_path: Path
) -> None:
    await response.open(recipients=30)
    message = await response.propose(MessageKind.ANNOUNCEMENT)
    asked = await desk.asks(message)
    (tmp_path / "nobody").mkdir()
    desk.engine._settings = desk.engine.settings.model_copy(
        update={"playbooks_dir": tmp_path / "nobody"}
    )

    answer = desk.passkey.get(asked["options"], origin=URL)
    refused = await desk.decides(message, asked["token"], answer)

    assert (refused.status_code, "signed out" in refused.text) == (401, True)
    assert (await response.message()).decisions == ()


async def test_where_a_gate_requires_nothing_a_passkey_proves_the_decision_all_the_same(
    response: Response, desk: Desk
) -> None:
    await response.open(recipients=30)
    message = await response.propose()

    assert (await desk.signs(message)).status_code == 303

    [decision] = (await response.message()).decisions
    assert (decision.actor.authenticated_by, decision.actor.surface) == ("passkey", "console")


async def test_a_page_asks_nobody_to_sign_what_would_not_count(
    response: Response, desk: Desk
) -> None:
    await response.open(recipients=30)
    message = await response.propose()
    path = f"/incidents/{response.slug}/messages/1/statements"
    await desk.sits_down("maya")
    for form, status, why in (
        ({"digest": message.digest, "verdict": "approve"}, 403, "You wrote this"),
        ({"digest": "ab" * 32, "verdict": "approve"}, 403, "was revised"),
        ({"digest": message.digest, "verdict": "reject"}, 422, "needs a reason"),
        ({"digest": message.digest}, 422, "Nothing was decided"),
    ):
        answer = await desk.browser.post(path, data=form, headers=OURS)
        assert (answer.status_code, why in answer.json()["what"]) == (status, True)
