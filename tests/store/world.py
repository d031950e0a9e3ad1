"""What the stories about the ledger have in common: a clock that stands still, and an audience."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from domain.delivery_events import DeliveryEvent
from domain.explanation import explained
from domain.ids import MessageRef, batch_key, delivery_key
from domain.message import Copy, Document, MessageClass, MessageKind
from domain.offer import OfferTerms
from domain.publication import DeliveryState, Receipt
from store.broadcasts import addressees, batch_outcomes, batches, broadcasts
from store.broadcasts.broadcasts import BroadcastRow
from store.broadcasts.progress import read_progress
from store.kernel.database import Database
from store.people import audiences
from store.people.audiences import AudienceRow

NOON = datetime(2013, 10, 26, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
DIGEST = "d" * 64
SECRET = b"a secret that no worker shows to anybody"
NO_ANSWER = explained("No answer came.", "Look at it.")
RECEIPT = Receipt(id="msg-1", at=NOON)
TERMS = OfferTerms(
    title="A month on us",
    worth=Decimal("10.00"),
    currency="USD",
    budget_cap=Decimal("1000.00"),
    expires=date(2014, 1, 31),
)


def ref(incident: str = "buffer-saturday", number: int = 1, revision: int = 1) -> MessageRef:
    return MessageRef(incident=incident, number=number, revision=revision)


def document(text: str = "We know, and we are on it.", revision: int = 1) -> Document:
    return Document(
        incident="buffer-saturday",
        number=1,
        revision=revision,
        kind=MessageKind.ANNOUNCEMENT,
        proposed_at=NOON,
        copies=(Copy(channel="twitter", text=text),),
    )


def address(number: int) -> str:
    return f"customer{number}@example.com"


async def have_audience(db: Database, size: int, name: str = "customers", start: int = 1) -> None:
    people = (AudienceRow(address(n), {"plan": "pro"}) for n in range(start, start + size))
    await audiences.import_rows(db, name, people)


async def have_broadcast(
    db: Database,
    size: int,
    batch_size: int = 10,
    incident: str = "buffer-saturday",
    message_class: MessageClass | None = None,
    offer: OfferTerms | None = None,
    audience: str = "",
) -> BroadcastRow:
    """A broadcast to ``size`` customers, planned; their ids begin at 1 in a ledger that is new."""
    name = audience or f"customers-of-{incident}"
    await have_audience(db, size, name)
    cut = await audiences.cut(db, name, message_class)
    return await broadcasts.plan(
        db,
        ref(incident),
        "email",
        cut,
        batch_size,
        DIGEST,
        NOON,
        offer=offer,
        message_class=message_class,
    )


async def send(db: Database, broadcast: BroadcastRow, number: int) -> list[int]:
    """Send a batch to a provider that accepts it, and return the recipients that it got."""
    reservation = await batches.reserve_batch(db, broadcast.id, number, DIGEST, NOON)
    assert reservation.reserved
    people = await addressees.addressees(db, broadcast.id, number)
    await batches.accept_batch(db, broadcast.id, number, RECEIPT, LATER)
    return list(people.ids)


async def lose_answer(db: Database, broadcast: BroadcastRow, number: int) -> None:
    """Send a batch whose answer never comes."""
    taken = await batches.reserve_batch(db, broadcast.id, number, DIGEST, NOON)
    assert taken.reserved
    await batch_outcomes.mark_batch_unknown(
        db, broadcast.id, number, taken.row.attempt, NO_ANSWER, LATER
    )


def event(
    broadcast: BroadcastRow | str,
    recipient: int | None,
    kind: DeliveryState = DeliveryState.DELIVERED,
    *,
    batch: int | None = 1,
    attempt: int = 1,
    name: str = "",
    reason: str | None = None,
) -> DeliveryEvent:
    key = broadcast if isinstance(broadcast, str) else broadcast.key
    return DeliveryEvent(
        id=name or f"{key}-{recipient}-{kind}-{batch}",
        kind=kind,
        at=LATER,
        batch_key=None if batch is None else batch_key(key, batch, attempt),
        delivery_key=None if recipient is None else delivery_key(key, recipient),
        reason_code=reason,
    )


async def states(db: Database, broadcast: BroadcastRow) -> dict[str, int]:
    """How many recipients stand where, without the words that nobody stands in."""
    told = await read_progress(db, broadcast.id)
    counts = told.model_dump(
        exclude={"batches", "elsewhere", "first_accepted_at", "last_accepted_at"}
    )
    return {word: count for word, count in counts.items() if count}


async def sent_recipients(
    db: Database, broadcast: BroadcastRow, batches: Sequence[int]
) -> list[int]:
    """Send these batches, and return every recipient that was in a request, in order."""
    return [recipient for number in batches for recipient in await send(db, broadcast, number)]
