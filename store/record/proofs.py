"""Proofs of decisions, and the nonces that make each count once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import RowMapping, delete, insert, select, update

from domain.errors import DomainError
from domain.proof import Evidence, Proof, ProofRefused, Statement, Verified
from domain.sealing import RecordKey, Sealed
from store.kernel.database import Database
from store.tables import credentials, nonces, proofs

LARGEST = 8_192
"""Bytes of one part of a proof. A passkey's parts have some hundreds."""

KEPT = timedelta(days=1)
"""How long a nonce is kept after it expired: a decision that came in time may wait for the ledger
to come back."""


async def issue_nonce(
    db: Database, nonce: str, person: str, incident: str, expires: datetime, now: datetime
) -> None:
    """Enter a nonce for one decision; those that expired unspent long ago are cleared away."""
    row = {"nonce": nonce, "person": person, "incident": incident, "expires_at": expires}
    stale = delete(nonces).where(nonces.c.expires_at < now - KEPT, nonces.c.spent_by.is_(None))
    async with db.write() as connection:
        await connection.execute(stale)
        await connection.execute(insert(nonces).values(row))


async def spend_nonce(db: Database, nonce: str, person: str, by: str, at: datetime) -> bool:
    """Spend a nonce that is in no statement; false if it is unknown, another's, stale or spent."""
    spending = (
        update(nonces)
        .where(nonces.c.nonce == nonce, nonces.c.person == person, nonces.c.incident == "")
        .where(nonces.c.spent_by.is_(None), nonces.c.expires_at > at)
        .values(spent_by=by, spent_at=at)
    )
    async with db.write() as connection:
        return (await connection.execute(spending)).rowcount == 1


async def keep(
    db: Database, proof_id: str, evidence: Evidence, said: Statement, at: datetime
) -> None:
    """Keep what was handed in under ``proof_id``; nobody has verified it yet.

    ``DomainError`` for what is too large to be a proof.
    """
    parts = (
        evidence.statement,
        evidence.signature,
        evidence.authenticator_data,
        evidence.client_data,
    )
    if max(map(len, parts)) > LARGEST:
        raise DomainError("This is too large to be a proof.", "Sign again.")
    row = {
        "id": proof_id,
        "incident": said.incident,
        "number": said.message,
        "kept_at": at,
        **evidence.model_dump(),
    }
    async with db.write() as connection:
        await connection.execute(insert(proofs).values(row))


async def load(db: Database, proof_id: str) -> Proof | None:
    """A proof by its id."""
    async with db.read() as connection:
        row = (await connection.execute(select(proofs).where(proofs.c.id == proof_id))).first()
    return None if row is None else _proof(row._mapping)


async def of_incident(db: Database, incident: str) -> list[Proof]:
    """Every proof that was handed in for an incident, verified or not, the oldest first."""
    query = select(proofs).where(proofs.c.incident == incident)
    async with db.read() as connection:
        rows = await connection.execute(query.order_by(proofs.c.kept_at, proofs.c.id))
        return [_proof(row._mapping) for row in rows]


async def enter_verified(
    db: Database,
    key: RecordKey,
    proof: Proof,
    verified: Verified,
    said: Statement,
    at: datetime,
) -> Proof:
    """Spend the nonce of a proof that was found to be good, and seal it: both, or neither.

    The same proof again changes nothing, so that a worker that died in between can repeat it.
    ``ProofRefused`` if its nonce is unknown, another's, stale at ``at``, or spent by another proof.
    """
    async with db.write() as connection:
        # The row is ours, or it tells whose it is: two proofs cannot both spend it.
        spending = (
            update(nonces)
            .where(nonces.c.nonce == said.nonce, nonces.c.spent_by.is_(None))
            .where(nonces.c.person == said.person, nonces.c.incident == said.incident)
            .where(nonces.c.expires_at == said.expires, nonces.c.expires_at > at)
            .values(spent_by=proof.id, spent_at=at)
        )
        if (await connection.execute(spending)).rowcount != 1:
            there = select(nonces).where(nonces.c.nonce == said.nonce)
            row = (await connection.execute(there)).first()
            if row is None or row.spent_by != proof.id:
                raise _not_spendable(None if row is None else row._mapping, said, at)
        if proof.verified is not None:
            return proof
        using = update(credentials).where(credentials.c.id == verified.credential.id)
        await connection.execute(using.values(used_at=at))
        sealed = _sealed(proof, verified, key)
        assert sealed.verified is not None
        await connection.execute(
            update(proofs)
            .where(proofs.c.id == proof.id)
            .values(
                verified=sealed.verified.model_dump_json(exclude={"key_id", "seal"}),
                key_id=sealed.verified.key_id,
                seal=sealed.verified.seal,
            )
        )
    return sealed


def _sealed(proof: Proof, verified: Verified, key: RecordKey) -> Proof:
    plain = proof.model_copy(update={"verified": verified})
    seal = key.seal(Sealed.PROOF, plain.sealed_digest())
    done = verified.model_copy(update={"key_id": key.key_id, "seal": seal})
    return proof.model_copy(update={"verified": done})


def _not_spendable(row: RowMapping | None, said: Statement, at: datetime) -> ProofRefused:
    if row is not None and row["spent_by"] is not None:
        return ProofRefused("This signature was used already, and each counts once.")
    if said.expires <= at:
        return ProofRefused("The signature is too old: it was made for a short time only.")
    return ProofRefused("The signature was not asked for here: the ledger does not know its nonce.")


def _proof(row: RowMapping) -> Proof:
    values: dict[str, Any] = dict(row)
    return Proof(id=row["id"], evidence=Evidence.model_validate(values), verified=_verified(row))


def _verified(row: RowMapping) -> Verified | None:
    try:
        found = Verified.model_validate_json(row["verified"])
    except ValidationError:
        return None
    return found.model_copy(update={"key_id": row["key_id"], "seal": row["seal"]})
