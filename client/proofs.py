"""Deciding with a proof: what is to be signed, handing it in, and doing both with a key here.

A page asks ``begin`` for the statement, has it signed in the browser, and calls ``hand_in``; the
terminal does it all with ``decide``. Only the id that ``hand_in`` returns goes to an incident.
"""

from __future__ import annotations

import asyncio
import secrets
import uuid
from datetime import UTC, datetime, timedelta

from client import gates, messages
from client.asking import incident_status
from client.engine import Engine
from client.errors import NoLedger
from client.keys import SigningKey, find_key
from domain.actor import Actor
from domain.gate import Requirement, Verdict
from domain.message import SHORT_DIGEST
from domain.proof import Evidence, Statement, credential_id, read_statement
from domain.status import Decided, IncidentStatus, MessageStatus
from store.kernel.errors import StoreUnavailable
from store.people import credentials
from store.record import proofs

LASTS = timedelta(minutes=10)
"""How long a statement may be signed and handed in."""


async def begin(
    engine: Engine,
    slug: str,
    message: MessageStatus,
    person: str,
    verdict: Verdict,
    *,
    overriding: bool = False,
) -> Statement:
    """What a person has to sign so that this decision on this revision counts, within ``LASTS``.

    ``overriding``: it is an approval out of policy, which nobody gives in a role.
    """
    now = datetime.now(UTC)
    expires = (now + LASTS).replace(microsecond=0)
    nonce = secrets.token_hex(16)
    ledger = await engine.ledger()
    await proofs.issue_nonce(ledger, nonce, person, slug, expires, now)
    return Statement(
        incident=slug,
        message=message.number,
        revision=message.revision,
        digest=message.digest,
        verdict=verdict,
        person=person,
        roles=() if overriding else message.signs_as.get(person, ()),
        nonce=nonce,
        expires=expires,
    )


async def hand_in(engine: Engine, evidence: Evidence) -> str:
    """Keep what was signed, and return the id by which a decision names it.

    Nothing is verified here: the incident has that done, whatever surface the decision comes from.
    ``ProofRefused`` if it is not a statement at all.
    """
    statement = read_statement(evidence.statement)
    proof_id = uuid.uuid4().hex
    ledger = await engine.ledger()
    await proofs.keep(ledger, proof_id, evidence, statement, datetime.now(UTC))
    return proof_id


async def decide(
    engine: Engine,
    slug: str,
    *,
    actor: Actor,
    digest: str,
    message: int | None = None,
    verdict: Verdict = Verdict.APPROVE,
    reason: str = "",
) -> Decided:
    """``messages.decide``, signed with the person's key if there is one here.

    Where the gate requires no proof, one that cannot be made holds nothing up.
    """
    key = await asyncio.to_thread(find_key, engine.settings, actor.person)
    proof = ""
    if key is not None:
        about = _about(await incident_status(engine, slug), digest, message)
        # The incident refuses what is about nothing, and says so in its timeline.
        if about is not None:
            proof = await _signed(engine, slug, about, key, actor.person, verdict)
    return await messages.decide(
        engine,
        slug,
        actor=actor,
        digest=digest,
        message=message,
        verdict=verdict,
        reason=reason,
        proof=proof,
    )


async def break_glass(
    engine: Engine, slug: str, number: int, *, actor: Actor, digest: str, reason: str
) -> Decided:
    """``gates.break_glass``, signed with the person's key if there is one here."""
    key = await asyncio.to_thread(find_key, engine.settings, actor.person)
    proof = ""
    if key is not None:
        about = _about(await incident_status(engine, slug), digest, number)
        if about is not None:
            proof = await _signed(
                engine, slug, about, key, actor.person, Verdict.APPROVE, overriding=True
            )
    return await gates.break_glass(
        engine, slug, number, actor=actor, digest=digest, reason=reason, proof=proof
    )


async def _signed(
    engine: Engine,
    slug: str,
    about: MessageStatus,
    key: SigningKey,
    person: str,
    verdict: Verdict,
    *,
    overriding: bool = False,
) -> str:
    """The id of the proof; "" if the gate requires none and it could not be made."""
    optional = about.requires is Requirement.NONE
    try:
        if optional and not await _in_force(engine, key):
            return ""
        statement = await begin(engine, slug, about, person, verdict, overriding=overriding)
        return await hand_in(engine, key.sign(statement))
    except (StoreUnavailable, NoLedger):
        if optional:
            return ""
        raise


async def _in_force(engine: Engine, key: SigningKey) -> bool:
    found = await credentials.find(await engine.ledger(), credential_id(key.public))
    return found is not None and found.removed_at is None


def _about(status: IncidentStatus, digest: str, number: int | None) -> MessageStatus | None:
    """The message that a decision names, if that is its digest now."""
    named = digest.strip().lower()
    fitting = [
        one
        for one in reversed(status.messages)
        if number in (None, one.number) and one.digest.startswith(named)
    ]
    return fitting[0] if fitting and len(named) >= SHORT_DIGEST else None
