"""Reading the four records of an incident: its workflow, the ledger, the events, the providers."""

from __future__ import annotations

import httpx
from pydantic import ValidationError

from client.asking import incident_status
from client.audit.model import AuditRecords, Discrepancy, Kind, Place, ProviderRecord
from client.audit.provider_questions import ask_providers
from client.audit.sandbox import read_sandbox, sandbox_of
from client.engine import Engine
from client.errors import ClientError, UnknownIncident
from client.incidents import refuse_unknown
from domain.explanation import explained
from domain.status import IncidentStatus
from store.audit import broadcast_records
from store.audit.broadcast_records import BroadcastRecords
from store.broadcasts.progress import read_progress
from store.record import publication_rows
from store.record.publication_rows import PublicationRow
from wiring import TemporalUnreachable


async def read_records(engine: Engine, slug: str) -> AuditRecords:
    """All that can be read; ``UnknownIncident`` if neither Temporal nor the ledger has it."""
    status, unread = await _ask_incident(engine, slug)
    if status is None:
        await refuse_unknown(engine, slug)
    database = await engine.ledger()
    rows = await publication_rows.rows(database, slug)
    mails = await broadcast_records.broadcast_records(database, slug)
    provider, strangers = await read_providers(engine, slug, rows, mails)
    return AuditRecords(
        slug=slug,
        status=status,
        unread=unread,
        publications=tuple(rows),
        broadcasts=tuple(mails),
        progress={one.id: await read_progress(database, one.id) for one in mails},
        provider=provider,
        strangers=tuple(strangers),
    )


async def read_providers(
    engine: Engine, slug: str, rows: list[PublicationRow], mails: list[BroadcastRecords]
) -> tuple[dict[Place, ProviderRecord], list[Discrepancy]]:
    """What the providers' own records show for each place, and what in them belongs to nobody."""
    sandbox = sandbox_of(engine.settings)
    known: dict[Place, ProviderRecord] = {}
    strangers: list[Discrepancy] = []
    if sandbox is not None:
        address, channels = sandbox
        try:
            known, strangers = await read_sandbox(engine, address, channels, slug, mails)
        except (httpx.HTTPError, ValidationError):
            strangers = [
                Discrepancy(
                    kind=Kind.UNREAD,
                    where="the sandbox",
                    explanation=explained(
                        "Its records could not be read.",
                        "See its log in the state folder; is everything still running?",
                    ),
                )
            ]
        rest_of = [row for row in rows if row.channel not in channels]
        mails_of = [mail for mail in mails if mail.channel not in channels]
    else:
        rest_of, mails_of = rows, mails
    looked_up = await ask_providers(engine, slug, rest_of, mails_of)
    return known | looked_up, strangers


async def _ask_incident(engine: Engine, slug: str) -> tuple[IncidentStatus | None, str]:
    try:
        return await incident_status(engine, slug), ""
    except UnknownIncident:
        return None, "Temporal has no such incident."
    except (ClientError, TemporalUnreachable) as error:
        return None, error.explanation.what
