"""What the ledger alone has of an incident, for the time in which Temporal does not answer."""

from __future__ import annotations

from collections.abc import Mapping

from client.engine import Engine
from client.errors import UnknownIncident
from client.mail_progress import MailProgress
from domain.ids import MessageRef
from domain.message import Document
from domain.model import Value
from store.broadcasts import broadcasts
from store.broadcasts.progress import read_progress
from store.record import incidents, messages, publication_rows
from store.record.incidents import IncidentRow
from store.record.messages import MessageRow
from store.record.publication_rows import PublicationRow


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


async def read_from_ledger(engine: Engine, slug: str) -> LedgerView:
    """The ledger's view; raises ``UnknownIncident`` and ``StoreUnavailable``."""
    ledger = await engine.ledger()
    row = await incidents.find(ledger, slug)
    if row is None:
        raise UnknownIncident(slug)
    posts: Mapping[int, list[PublicationRow]] = {}
    for post in await publication_rows.rows(ledger, slug):
        posts = {**posts, post.number: [*posts.get(post.number, []), post]}
    kept = [
        KeptMessage(
            row=one,
            document=await messages.find_revision(ledger, one.ref()),
            posts=tuple(posts.get(one.number, ())),
            mails=tuple(await _mails(engine, one.ref())),
        )
        for one in await messages.list_messages(ledger, slug)
    ]
    return LedgerView(row=row, messages=tuple(kept))


async def _mails(engine: Engine, ref: MessageRef) -> list[MailProgress]:
    ledger = await engine.ledger()
    return [
        MailProgress(
            message=ref.number,
            channel=one.channel,
            audience=one.audience,
            counts=await read_progress(ledger, one.id),
        )
        for one in await broadcasts.broadcasts_of(ledger, ref)
    ]
