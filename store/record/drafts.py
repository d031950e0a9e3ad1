"""Drafts: facts and free copy that people typed, kept here so that they are never in a history."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import orjson
from pydantic import ValidationError
from sqlalchemy import delete, insert, select

from domain.errors import DomainError
from domain.facts import Facts
from domain.model import Value
from store.kernel.database import Database
from store.tables import drafts

DraftKind = Literal["facts", "copy"]


class Draft(Value):
    """One draft as it was typed; ``body`` is JSON."""

    id: str
    incident: str
    kind: DraftKind
    body: dict[str, object]
    author: str
    saved_at: datetime


async def save(
    db: Database,
    incident: str,
    kind: DraftKind,
    body: Mapping[str, object],
    author: str,
    at: datetime,
) -> str:
    """Keep a draft and return its id. ``body`` must be JSON.

    Each has an id of its own, also with the same content: one that is refused can be removed
    without taking away what somebody else's accepted request points to.
    """
    text = json.dumps(dict(body), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    draft_id = uuid.uuid4().hex
    row = {
        "id": draft_id,
        "incident": incident,
        "kind": kind,
        "body": text,
        "author": author,
        "saved_at": at,
    }
    async with db.write() as connection:
        await connection.execute(insert(drafts).values(row))
    return draft_id


async def remove(db: Database, draft_id: str) -> None:
    """Remove a draft that nothing points to, because its request was refused."""
    async with db.write() as connection:
        await connection.execute(delete(drafts).where(drafts.c.id == draft_id))


async def newest_facts(db: Database, incident: str) -> Facts:
    """The facts in an incident's newest draft of them; none are known if there is none."""
    return await newest(db, incident) or Facts()


async def newest(db: Database, incident: str) -> Facts | None:
    """The facts in an incident's newest draft of them; None if there is none.

    It may be one that the incident is about to take, so that what depends on a fact can wait. Of
    one that another version wrote and this one cannot read, nothing is known.
    """
    query = (
        select(drafts.c.body)
        .where(drafts.c.incident == incident, drafts.c.kind == "facts")
        .order_by(drafts.c.saved_at.desc(), drafts.c.id)
        .limit(1)
    )
    async with db.read() as connection:
        body = await connection.scalar(query)
    try:
        return None if body is None else Facts.model_validate(orjson.loads(body))
    except ValidationError:
        return None


async def load(db: Database, draft_id: str) -> Draft:
    """A draft by its id; ``DomainError`` if there is none."""
    async with db.read() as connection:
        row = (await connection.execute(select(drafts).where(drafts.c.id == draft_id))).first()
    if row is None:
        raise DomainError(
            f"The ledger has no draft {draft_id[:8]}.",
            "Save it again, and check that every process uses the same database URL.",
        )
    return Draft.model_validate({**row._mapping, "body": orjson.loads(row.body)})
