"""What the ledger alone has of an incident, for the time in which Temporal does not answer."""

from __future__ import annotations

from collections import defaultdict

from client.engine import Engine
from client.errors import UnknownIncident
from client.mail_progress import MailProgress, mails_at
from domain.message import Document
from domain.model import Value
from domain.stopping import Stop
from store.record import incidents, messages, publication_rows
from store.record.incidents import IncidentRow
from store.record.messages import MessageRow
from store.record.publication_rows import PublicationRow
from store.stops import stops


class KeptMessage(Value):
    """A message as it was written, with its posts and its mail."""

    row: MessageRow
    document: Document | None
    posts: tuple[PublicationRow, ...]
    mails: tuple[MailProgress, ...]


class LedgerView(Value):
    """An incident as the ledger has it. Whether a message was approved only Temporal knows."""

    row: IncidentRow
    messages: tuple[KeptMessage, ...]
    stopped: Stop | None = None


async def read_from_ledger(engine: Engine, slug: str) -> LedgerView:
    """The ledger's view; raises ``UnknownIncident`` and ``StoreUnavailable``."""
    ledger = await engine.ledger()
    row = await incidents.find(ledger, slug)
    if row is None:
        raise UnknownIncident(slug)
    posts: defaultdict[int, list[PublicationRow]] = defaultdict(list)
    for post in await publication_rows.rows(ledger, slug):
        posts[post.number].append(post)
    kept = [
        KeptMessage(
            row=one,
            document=await messages.find_revision(ledger, one.ref()),
            posts=tuple(posts[one.number]),
            mails=tuple(await mails_at(engine, one.ref())),
        )
        for one in await messages.list_messages(ledger, slug)
    ]
    stopped = await stops.in_force(ledger, slug)
    return LedgerView(row=row, messages=tuple(kept), stopped=stopped)
