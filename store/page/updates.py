"""What the status page shows, read from the ledger."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Row, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.message import Document
from domain.page_entry import PageEntry
from domain.publication import PublicationState
from domain.status_page import PageIncident, PageUpdate, incident_id
from store.kernel.database import Database
from store.page.answers import read_answers
from store.tables import incidents, publications, revisions

SHOWN = (PublicationState.ACCEPTED, PublicationState.SENDING, PublicationState.UNKNOWN)
"""What has been approved and may be on the page, is: an attempt whose outcome nobody knows may be
read by people already, and writing it again shows nothing twice."""


async def read_incidents(
    connection: AsyncConnection, channel: str, *, without: str = ""
) -> tuple[PageIncident, ...]:
    """Every incident with something on the page, the newest first.

    ``without`` is the key of a publication that is being taken back.
    """
    found: dict[str, list[PageUpdate]] = {}
    titles: dict[str, str] = {}
    for row in await connection.execute(_published(channel)):
        if row.key != without:
            found.setdefault(row.incident, []).append(_update(row, channel))
            titles[row.incident] = row.title
    answers = await read_answers(connection) if found else {}
    made = [
        PageIncident(
            id=incident_id(slug),
            title=titles[slug],
            updates=tuple(updates),
            answers=answers.get(slug),
        )
        for slug, updates in found.items()
    ]
    return tuple(sorted(made, key=lambda one: one.updates[0].at, reverse=True))


async def entries_of(db: Database, incident: str, channel: str) -> list[PageEntry]:
    """What the messages of an incident said on the page so far, in the order of publication."""
    query = _published(channel).where(publications.c.incident == incident)
    async with db.read() as connection:
        rows = await connection.execute(query)
        return [_update(row, channel).entry for row in rows]


def _published(channel: str) -> Select[tuple[str, str, datetime, str, str]]:
    """What is on the page, in the order of publication."""
    at = func.coalesce(publications.c.receipt_at, publications.c.started_at)
    same = and_(
        revisions.c.incident == publications.c.incident,
        revisions.c.number == publications.c.number,
        revisions.c.revision == publications.c.revision,
    )
    return (
        select(
            publications.c.incident,
            publications.c.key,
            at.label("at"),
            revisions.c.document,
            incidents.c.title,
        )
        .join(revisions, same)
        .join(incidents, incidents.c.slug == publications.c.incident)
        .where(
            publications.c.channel == channel,
            publications.c.state.in_([one.value for one in SHOWN]),
            at.is_not(None),
        )
        .order_by(at, publications.c.incident, publications.c.number)
    )


def _update(row: Row[tuple[str, str, datetime, str, str]], channel: str) -> PageUpdate:
    document = Document.model_validate_json(row.document)
    copy = document.copy_for(channel)
    assert document.page is not None, "whatever goes to the page says what it shows there"
    return PageUpdate(
        id=row.key,
        number=document.number,
        kind=document.kind,
        mark=copy.mark,
        text=copy.text,
        html=copy.html or "",
        at=row.at,
        entry=document.page,
        next_update_by=document.next_update_by,
        notified=document.subscribers is not None,
    )
