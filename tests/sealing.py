"""The key of a test's installation, and openings sealed with it."""

from __future__ import annotations

from datetime import UTC, datetime

from activities.approved import OpenedGates
from domain.message import Document
from domain.opening import OpeningKind, SealedOpening
from domain.publication import Destination
from domain.sealing import RecordKey
from store.kernel.database import Database
from store.record import keys, openings

KEY = RecordKey.of_seed(b"1" * 32)
STRANGER = RecordKey.of_seed(b"2" * 32)
OPENED_AT = datetime(2026, 10, 26, 12, 1, tzinfo=UTC)


def gates(ledger: Database) -> OpenedGates:
    """The check at the wire, as a worker with ``KEY`` makes it."""
    return OpenedGates(ledger, KEY.public)


def opening_of(document: Document, *destinations: Destination) -> SealedOpening:
    """The opening of a document's gate for these destinations, or for all of its channels.

    A document with audiences is mail to each of them.
    """
    names = [cut.name for cut in document.audiences] or [None]
    everywhere = [
        Destination(channel=copy.channel, audience=name)
        for copy in document.copies
        for name in names
    ]
    return SealedOpening(
        kind=OpeningKind.MESSAGE,
        incident=document.incident,
        number=document.number,
        revision=document.revision,
        digest=document.digest(),
        destinations=[one.model_dump(mode="json") for one in destinations or everywhere],
        decisions=[{"person": "noor"}],
        opened_at=OPENED_AT.isoformat(timespec="microseconds"),
    )


async def open_gate(ledger: Database, document: Document, *destinations: Destination) -> None:
    """Enter that the gate of a document was opened."""
    await openings.enter(ledger, KEY, opening_of(document, *destinations))


async def with_key(ledger: Database) -> Database:
    """A ledger that knows ``KEY``, as the first worker leaves it."""
    await keys.enter_first(ledger, KEY, OPENED_AT)
    return ledger
