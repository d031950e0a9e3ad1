"""Messages and their revisions: the documents that approvers sign, exactly as they sign them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, func, select

from domain.errors import DomainError
from domain.ids import MessageRef
from domain.message import Document, MessageKind
from domain.model import Value
from store.kernel.database import Database
from store.tables import messages, revisions


class MessageRow(Value):
    """One message with its newest revision."""

    incident: str
    number: int
    kind: MessageKind
    revision: int
    digest: str
    author: str
    proposed_at: datetime

    def ref(self) -> MessageRef:
        """The reference to this revision."""
        return MessageRef(incident=self.incident, number=self.number, revision=self.revision)


class Place(NamedTuple):
    """The number of a message, its revision, and its number among messages of its kind."""

    number: int
    revision: int
    ordinal: int


async def save_revision(db: Database, document: Document, author: str, request: str = "") -> str:
    """Keep one revision and return its digest.

    Idempotent for the same ``request``, also for another author: the first stays. ``DomainError``
    if this revision is kept already with other content or of another request, for somebody may have
    signed that.
    """
    digest = document.digest()
    message = {
        "incident": document.incident,
        "number": document.number,
        "kind": document.kind.value,
    }
    revision = {
        "incident": document.incident,
        "number": document.number,
        "revision": document.revision,
        "digest": digest,
        "document": document.canonical().decode(),
        "author": author,
        "proposed_at": document.proposed_at,
        "request": request,
    }
    async with db.write() as connection:
        await connection.execute(db.insert_or_ignore(messages).values(message))
        await connection.execute(db.insert_or_ignore(revisions).values(revision))
        kept = (
            await connection.execute(
                select(revisions.c.digest, revisions.c.request).where(
                    revisions.c.incident == document.incident,
                    revisions.c.number == document.number,
                    revisions.c.revision == document.revision,
                )
            )
        ).one()
    if (kept.digest, kept.request) != (digest, request):
        raise DomainError(
            f"Revision {document.revision} of message {document.number} exists with other content.",
            "Propose the change as a new revision.",
        )
    return digest


async def find_request(db: Database, incident: str, request: str) -> Document | None:
    """The document that this request made, or None if it has not made one.

    ``DomainError`` if somebody changed it in the database.
    """
    query = select(revisions.c.number, revisions.c.revision).where(
        revisions.c.incident == incident, revisions.c.request == request
    )
    async with db.read() as connection:
        row = (await connection.execute(query)).first()
    if row is None:
        return None
    return await find_revision(
        db, MessageRef(incident=incident, number=row.number, revision=row.revision)
    )


async def free_place(db: Database, ref: MessageRef, kind: MessageKind, ordinal: int) -> Place:
    """``ref`` and ``ordinal`` if the ledger has nothing there yet, otherwise the next free place.

    An incident that was reset or restored does not know everything that it has once proposed. A
    first revision gets the next number, a later one the next revision of its message.
    """
    ours = revisions.c.incident == ref.incident
    async with db.read() as connection:
        newest = await connection.scalar(
            select(func.max(revisions.c.revision)).where(ours, revisions.c.number == ref.number)
        )
        if newest is None or newest < ref.revision:
            return Place(ref.number, ref.revision, ordinal)
        if ref.revision > 1:
            return Place(ref.number, newest + 1, ordinal)
        last: int = await connection.scalar(select(func.max(revisions.c.number)).where(ours)) or 0
        kin: int | None = await connection.scalar(
            select(func.count())
            .select_from(messages)
            .where(messages.c.incident == ref.incident, messages.c.kind == kind.value)
        )
    return Place(last + 1, 1, max(ordinal, (kin or 0) + 1))


async def find_revision(db: Database, ref: MessageRef) -> Document | None:
    """One revision's document, exactly as it was saved; None if it never was.

    ``DomainError`` if somebody changed it in the database.
    """
    async with db.read() as connection:
        row = (
            await connection.execute(
                select(revisions.c.document, revisions.c.digest).where(
                    revisions.c.incident == ref.incident,
                    revisions.c.number == ref.number,
                    revisions.c.revision == ref.revision,
                )
            )
        ).first()
    if row is None:
        return None
    document = Document.model_validate_json(row.document)
    if document.digest() != row.digest:
        raise DomainError(
            f"Revision {ref.revision} of message {ref.number} was changed in the database.",
            "Do not publish it: propose a new revision, and find out who changed the row.",
        )
    return document


async def load_revision(db: Database, ref: MessageRef) -> Document:
    """Like ``find_revision``, with ``DomainError`` if there is none."""
    document = await find_revision(db, ref)
    if document is None:
        raise DomainError(
            f"The ledger has no revision {ref.revision} of message {ref.number} of {ref.incident}.",
            "Check that every process uses the same database URL.",
        )
    return document


async def list_messages(db: Database, incident: str) -> list[MessageRow]:
    """Every message of an incident with its newest revision, by number."""
    newest = (
        select(
            revisions.c.incident,
            revisions.c.number,
            func.max(revisions.c.revision).label("revision"),
        )
        .where(revisions.c.incident == incident)
        .group_by(revisions.c.incident, revisions.c.number)
        .subquery()
    )
    query = (
        select(
            messages,
            revisions.c.revision,
            revisions.c.digest,
            revisions.c.author,
            revisions.c.proposed_at,
        )
        .join(newest, and_(*(messages.c[k] == newest.c[k] for k in ("incident", "number"))))
        .join(
            revisions,
            and_(*(revisions.c[k] == newest.c[k] for k in ("incident", "number", "revision"))),
        )
        .order_by(messages.c.number)
    )
    async with db.read() as connection:
        rows = await connection.execute(query)
        return [MessageRow.model_validate(dict(row._mapping)) for row in rows]
