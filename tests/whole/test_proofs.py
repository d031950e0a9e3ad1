"""A gate that asks for keys, with everything real: who signed can be shown to anybody later."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select, update

from client import keys, messages, proofs
from client.audit.incident import audit_incident
from client.engine import Engine
from client.timeline import verify_timeline
from domain.actor import Actor, AuthenticatedBy
from domain.errors import DecisionRefused
from domain.gate import GateState, Verdict
from domain.publication import PublicationState
from domain.status import MessageStatus
from settings import Settings
from store.record import proofs as kept
from store.tables import nonces
from store.tables import proofs as rows
from tests.whole import response as stories
from tests.whole.response import Response, agreed, everywhere, states
from tests.whole.world import World, eventually


@pytest.fixture
def requiring_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every gate of the plan wants two people, each with a key."""
    plain = stories.quick_playbook

    def with_keys(*given: object, **named: object) -> dict[str, str]:
        files = plain(*given, **named)  # type: ignore[arg-type]
        plan = yaml.safe_load(files["playbook.yaml"])
        for message in plan["messages"].values():
            message["gate"] |= {"requires": "key", "quorum": 2}
        return {**files, "playbook.yaml": yaml.safe_dump(plan, sort_keys=False)}

    monkeypatch.setattr(stories, "quick_playbook", with_keys)


@pytest.fixture
def desk(calm: World, tmp_path: Path) -> Engine:
    """A terminal with a key folder of its own, beside the stack's ledger."""
    settings = Settings(
        state_dir=tmp_path,
        database_url=f"sqlite+aiosqlite:///{tmp_path / 'frontfoot.db'}",
        record_key_file=calm.stack.state / "record.key",
    )
    return Engine(settings, temporal=calm.client, ledger=calm.ledger)


async def enrolled(desk: Engine, *people: str) -> None:
    for person in people:
        made = await keys.create_key(desk, person)
        assert made.enrolled
        assert made.file.stat().st_mode & 0o777 == 0o600


async def approve(desk: Engine, response: Response, message: MessageStatus, by: str) -> None:
    await proofs.decide(
        desk,
        response.slug,
        actor=Actor.at_terminal(by),
        digest=message.digest[:12],
        message=message.number,
    )


@pytest.mark.usefixtures("requiring_keys")
async def test_a_gate_that_requires_keys_opens_to_two_of_them_and_the_audit_verifies_both(
    response: Response, desk: Engine
) -> None:
    await enrolled(desk, "noor", "ines")
    await response.open(recipients=30)
    message = await response.propose()
    with pytest.raises(DecisionRefused, match="requires a decision to be signed"):
        await messages.decide(
            desk, response.slug, actor=Actor.at_terminal("noor"), digest=message.digest
        )
    await response.approve(message, "noor")
    await eventually(lambda: response.timeline("decision refused"), lambda seen: len(seen) == 2)

    await approve(desk, response, message, "noor")
    await approve(desk, response, message, "ines")

    assert states(await response.settled()) == everywhere(PublicationState.ACCEPTED)
    await response.arrived()
    assert await response.books() == agreed(mails=30, posts=2)
    report = await audit_incident(desk, response.slug)
    assert [(one.person, one.verified_by) for one in report.decisions] == [
        ("ines", "key"),
        ("noor", "key"),
    ]
    assert report.agrees, report.found
    verified = await verify_timeline(desk, response.slug)
    assert not verified.found


@pytest.mark.usefixtures("requiring_keys")
async def test_a_key_that_is_removed_counts_for_nothing_in_an_open_incident(
    response: Response, desk: Engine
) -> None:
    await enrolled(desk, "tomas", "lee")
    await response.open(recipients=30)
    message = await response.propose()
    await keys.remove_keys_of(desk, "tomas", by="maya")

    with pytest.raises(DecisionRefused, match="was removed"):
        await approve(desk, response, message, "tomas")

    [(who, about)] = await eventually(lambda: response.timeline("decision refused"))
    assert (who, "was removed" in about) == ("tomas", True)
    assert (await response.message()).decisions == ()


@pytest.mark.usefixtures("requiring_keys")
async def test_a_worker_killed_between_verifying_and_counting_counts_each_decision_once(
    calm: World, response: Response, desk: Engine
) -> None:
    """The proof is verified and its nonce is spent, and the worker dies before it says so."""
    await enrolled(desk, "noor", "ines")
    await response.open(recipients=30)
    message = await response.propose()
    proved = {
        person: await proof_of(desk, response, message, person) for person in ("noor", "ines")
    }
    async with calm.without("worker"):
        # What a worker does before it dies, to the letter, and no more than that.
        await spend(calm, proved["noor"])
        for person, proof in proved.items():
            for _ in range(2):
                await messages.approve_by_signal(
                    desk,
                    response.slug,
                    by=person,
                    digest=message.digest,
                    message=message.number,
                    proof=proof,
                )
    await calm.kill("worker")

    settled = await response.settled()

    # They are verified at the same time, so either may be counted first.
    assert sorted(one.proof for one in settled.decisions) == sorted(proved.values())
    assert {one.actor.authenticated_by for one in settled.decisions} == {AuthenticatedBy.KEY}
    await response.arrived()
    assert await response.books() == agreed(mails=30, posts=2)
    assert (await audit_incident(desk, response.slug)).agrees


async def proof_of(desk: Engine, response: Response, message: MessageStatus, person: str) -> str:
    """A proof that was handed in and not yet presented to the incident."""
    key = await asyncio.to_thread(keys.find_key, desk.settings, person)
    assert key is not None
    said = await proofs.begin(desk, response.slug, message, person, Verdict.APPROVE)
    return await proofs.hand_in(desk, key.sign(said))


async def spend(world: World, proof: str) -> None:
    """Spend a proof's nonce by that proof, as the worker that verified it has."""
    found = await kept.load(world.ledger, proof)
    assert found is not None
    async with world.ledger.write() as connection:
        nonce = proofs.read_statement(found.evidence.statement).nonce
        await connection.execute(
            update(nonces).where(nonces.c.nonce == nonce).values(spent_by=proof)
        )


@pytest.mark.usefixtures("requiring_keys")
async def test_the_audit_tells_of_a_proof_that_somebody_changed(
    calm: World, response: Response, desk: Engine
) -> None:
    await enrolled(desk, "noor", "ines")
    await response.open(recipients=30)
    message = await response.propose()
    await approve(desk, response, message, "noor")
    await eventually(lambda: response.timeline("approved"))
    assert (await response.message()).gate is GateState.WAITING

    async with calm.ledger.write() as connection:
        mine = rows.c.incident == response.slug
        signature = await connection.scalar(select(rows.c.signature).where(mine))
        changed = bytes([signature[0] ^ 1, *signature[1:]])
        await connection.execute(update(rows).where(mine).values(signature=changed))

    report = await audit_incident(desk, response.slug)
    assert [one.verified_by for one in report.decisions] == [""]
    assert any("changed after it was verified" in one.explanation.what for one in report.found)


async def test_decisions_at_their_word_are_named_and_are_no_difference(
    response: Response, desk: Engine
) -> None:
    await response.announce(recipients=30)
    await response.settled()
    await response.arrived()

    report = await audit_incident(desk, response.slug)

    assert [one.person for one in report.unproven] == ["noor"]
    assert report.agrees, report.found
