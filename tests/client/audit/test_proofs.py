"""The audit says of every decision what its proof is worth, and finds what was put there later."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import update

from client.audit.proofs import audit_proofs
from client.engine import Engine
from domain.actor import Actor, AuthenticatedBy, Surface
from domain.gate import Decision, Gate, GatePolicy, Requirement, Verdict
from domain.opening import OpeningKind, SealedOpening
from domain.proof import Verified
from domain.timeline import RecordHead, TimelineEntry
from settings import Settings
from store.kernel.database import Database
from store.record import openings, proofs, timeline
from store.recovery import snapshots
from store.tables import proofs as rows
from tests.fresh_ledger import empty_ledger, ledger
from tests.proving import EXPIRES, key_of, signed_by_key, statement
from tests.sealing import KEY, STRANGER, with_key

__all__ = ["empty_ledger", "ledger"]

AT = EXPIRES - timedelta(minutes=5)
PROOF = "aaaa1111" * 4


async def proven(ledger: Database, key: object = KEY, proof_id: str = PROOF) -> None:
    """Noor's approval of message 1, verified and sealed."""
    said = statement(nonce=proof_id)
    await proofs.issue_nonce(ledger, proof_id, "noor", "site-down", EXPIRES, AT)
    await proofs.keep(ledger, proof_id, signed_by_key(said), said, AT)
    kept = await proofs.load(ledger, proof_id)
    assert kept is not None
    done = Verified(credential=key_of(), at=AT.isoformat())
    await proofs.enter_verified(ledger, key, kept, done, said, AT)  # type: ignore[arg-type]


async def decided(ledger: Database, *decisions: Decision) -> None:
    """The opening of message 1's gate, by these decisions."""
    opening = SealedOpening(
        kind=OpeningKind.MESSAGE,
        incident="site-down",
        number=1,
        revision=1,
        digest="ab12" * 16,
        destinations=[],
        decisions=[one.model_dump(mode="json") for one in decisions],
        opened_at=datetime(2026, 10, 26, 12, 6, tzinfo=UTC).isoformat(),
    )
    await openings.enter(await with_key(ledger), KEY, opening)


def approval(
    person: str = "noor", proof: str = PROOF, roles: tuple[str, ...] = ("founder",)
) -> Decision:
    method = AuthenticatedBy.KEY if proof else AuthenticatedBy.NONE
    return Decision(
        actor=Actor(person=person, surface=Surface.TERMINAL, authenticated_by=method),
        verdict=Verdict.APPROVE,
        digest="ab12" * 16,
        roles=roles,
        at=AT,
        proof=proof,
    )


async def audited(ledger: Database) -> tuple[list[str], list[str]]:
    """How each decision was verified, and what was found."""
    here = Engine(Settings(state_dir=Path("nowhere")), ledger=ledger)
    decisions, found = await audit_proofs(here, "site-down", ())
    return [one.verified_by for one in decisions], [one.explanation.what for one in found]


async def test_a_proven_decision_is_verified_from_the_ledger_alone(ledger: Database) -> None:
    await proven(ledger)
    await decided(ledger, approval())

    assert await audited(ledger) == (["key"], [])


async def test_a_decision_without_a_proof_is_named_and_not_found_fault_with(
    ledger: Database,
) -> None:
    await decided(ledger, approval(proof=""))

    assert await audited(ledger) == ([""], [])


async def test_without_temporal_the_snapshot_says_which_gates_require_a_proof(
    ledger: Database,
) -> None:
    await decided(ledger, approval(proof=""))
    gate = Gate(
        policy=GatePolicy(roles=("founder",), requires=Requirement.KEY), digest="d", author="maya"
    )
    state = json.dumps({"messages": [{"number": 1, "gate": gate.model_dump(mode="json")}]})
    await snapshots.keep_plan(ledger, "site-down", "{}")
    await snapshots.keep_state(ledger, "site-down", 1, state)

    here = Engine(Settings(state_dir=Path("nowhere")), ledger=ledger)
    _, [found] = await audit_proofs(here, "site-down", None)

    assert "has no proof, and the gate requires one" in found.explanation.what


async def test_a_proof_that_is_gone_is_found(ledger: Database) -> None:
    await decided(ledger, approval())

    verified, [found] = await audited(ledger)

    assert verified == [""]
    assert "does not have" in found


async def test_a_proof_of_another_decision_is_found(ledger: Database) -> None:
    await proven(ledger)
    await decided(ledger, approval(person="ines"))

    _, [found] = await audited(ledger)

    assert "somebody else's decision" in found


async def test_a_proof_in_other_roles_is_found(ledger: Database) -> None:
    await proven(ledger)
    await decided(ledger, approval(roles=("founder", "legal")))

    _, [found] = await audited(ledger)

    assert "other roles" in found


async def test_a_proof_that_somebody_else_has_sealed_is_found(ledger: Database) -> None:
    """Whoever can write to the database can enrol a key of their own, and cannot seal."""
    await proven(ledger, STRANGER)
    await decided(ledger, approval())

    _, [found] = await audited(ledger)

    assert "has not sealed" in found


async def test_a_key_put_in_the_place_of_the_one_that_signed_is_found(ledger: Database) -> None:
    await proven(ledger)
    await decided(ledger, approval())
    async with ledger.write() as connection:
        other = Verified(credential=key_of(person="ines"), at=AT.isoformat())
        changed = other.model_dump_json(exclude={"key_id", "seal"})
        await connection.execute(update(rows).values(verified=changed))

    _, [found] = await audited(ledger)

    assert "changed after it was verified" in found


async def test_a_rejection_opens_nothing_and_is_still_verified(ledger: Database) -> None:
    said = statement(nonce="r", verdict=Verdict.REJECT)
    await proofs.issue_nonce(ledger, "r", "noor", "site-down", EXPIRES, AT)
    await proofs.keep(ledger, "bbbb2222" * 4, signed_by_key(said), said, AT)
    kept = await proofs.load(await with_key(ledger), "bbbb2222" * 4)
    assert kept is not None
    done = Verified(credential=key_of(), at=AT.isoformat())
    await proofs.enter_verified(ledger, KEY, kept, done, said, AT)
    entry = TimelineEntry(
        seq=1,
        branch=1,
        at=AT,
        what="rejected",
        who="noor",
        surface=Surface.TERMINAL,
        authenticated_by=AuthenticatedBy.KEY,
        about="message 1 ab12ab12 as founder, proof bbbb2222: Say what to do, as founder: please",
    )
    await timeline.append(ledger, KEY, "site-down", (entry,), RecordHead())

    assert await audited(ledger) == (["key"], [])
