"""A provider of mail that does what a test tells it to, and broadcasts to send through it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from temporalio.testing import ActivityEnvironment

from activities.broadcasts import BroadcastActivities
from activities.signatures.broadcasts import (
    BatchesSent,
    BroadcastPlanned,
    PlanBroadcast,
    SendBatches,
)
from activities.signatures.posts import PublicationTask
from activities.signatures.settling import SettleUnknown, UnknownSettled
from channels.batch import Batch
from channels.contract import Capabilities, ChannelKind, Health, Template
from domain.delivery_events import DeliveryEvent
from domain.ids import MessageRef, delivery_key
from domain.message import CLASS_OF, AudienceCut, Copy, Document, MessageKind, Voice
from domain.offer import OfferTerms
from domain.publication import DeliveryState, Finding, PublicationState, Receipt, Sighting
from store.broadcasts import batches
from store.broadcasts.progress import BroadcastProgress, read_progress
from store.events import events
from store.kernel.database import Database
from store.people import audiences
from store.people.audiences import AudienceRow
from store.record import messages
from tests.activities.conftest import NOON
from tests.sealing import gates, open_gate

SECRET = b"a secret of more than thirty-two letters"
REF = MessageRef(incident="hacked", number=1, revision=1)
OFFER = OfferTerms(
    title="10 USD credit",
    worth=Decimal("10.00"),
    currency="USD",
    budget_cap=Decimal("1000.00"),
)
Step = Callable[[Batch], Awaitable[None]]


async def nothing(_: Batch) -> None:
    return None


def ending_in(error: BaseException, *, on: int | None = None) -> Step:
    """A step that ends in ``error``: for the batch numbered ``on``, or for each."""

    async def step(batch: Batch) -> None:
        if on is None or number_of(batch) == on:
            raise error

    return step


def number_of(batch: Batch) -> int:
    """The number of a batch, as its mark has it."""
    return int(batch.key.split(".")[1])


class Mailer:
    """Mail whose every answer a test chooses; ``book`` is what the provider accepted."""

    name = "email"
    capabilities = Capabilities(kind=ChannelKind.DIRECT, batch_limit=1000, tells_events=True)

    def __init__(self) -> None:
        self.book: list[Batch] = []
        self.requests: list[Batch] = []
        self.before: Step = nothing
        self.after: Step = nothing

    def render(self, template: Template) -> Copy:
        return Copy(channel=self.name, subject=template.subject, text=template.text)

    async def send(self, batch: Batch) -> Receipt:
        self.requests.append(batch)
        await self.before(batch)
        self.book.append(batch)
        await self.after(batch)
        return Receipt(id=f"mail-{len(self.book)}", at=NOON)

    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        return Sighting(finding=Finding.CANNOT_TELL)

    async def check(self) -> Health:
        return Health(ok=True, detail="works")

    async def close(self) -> None:
        return None

    def mails(self) -> Counter[str]:
        """How many mails each address was sent."""
        return Counter(one.address for batch in self.book for one in batch.addressees)

    def codes(self) -> dict[str, set[str]]:
        """Every code that an address was told."""
        told: dict[str, set[str]] = {}
        for batch in self.requests:
            for one in batch.addressees:
                told.setdefault(one.address, set()).add(one.values["code"])
        return told


def address(number: int) -> str:
    return f"customer{number}@example.com"


def one_each(size: int) -> Counter[str]:
    """What ``Mailer.mails`` says once everybody has exactly one."""
    return Counter(address(number) for number in range(1, size + 1))


def letter(audience: AudienceCut, text: str = "We were hacked.", **changes: object) -> Document:
    """An announcement by mail."""
    return Document(
        incident=REF.incident,
        number=REF.number,
        revision=REF.revision,
        kind=MessageKind.ANNOUNCEMENT,
        proposed_at=NOON,
        copies=(
            Copy(
                channel="email",
                subject="What happened",
                text=text,
                voice=Voice(name="Noor", address="noor@example.com"),
            ),
        ),
        audiences=(audience,),
    ).model_copy(update=changes)


def goodwill(audience: AudienceCut, offer: OfferTerms = OFFER) -> Document:
    """An offer by mail, with a code for each."""
    return letter(audience, "Sorry. Yours: [[code]]", kind=MessageKind.GOODWILL_OFFER, offer=offer)


async def customers(ledger: Database, size: int) -> AudienceCut:
    await audiences.import_rows(
        ledger, "customers", (AudienceRow(address(number), {}) for number in range(1, size + 1))
    )
    return await audiences.cut(ledger, "customers")


@dataclass(frozen=True)
class Post:
    """One approved broadcast and everybody who has a part in it."""

    ledger: Database
    mailer: Mailer
    document: Document
    task: PublicationTask
    planned: BroadcastPlanned
    secret: bytes | None = SECRET

    def activities(self) -> BroadcastActivities:
        return BroadcastActivities(
            self.ledger, {"email": self.mailer}, gates(self.ledger), self.secret
        )

    def without_secret(self) -> Post:
        """The same on a worker that was started without the code secret."""
        return replace(self, secret=None)

    async def send(
        self,
        first: int = 1,
        last: int | None = None,
        *,
        attempt: int = 1,
        fresh_until: datetime | None = None,
        begin_by: datetime | None = None,
        throttles: int = 0,
        last_try: bool = False,
        at_once: int = 1,
    ) -> BatchesSent:
        """Send a range, as Temporal's attempt number ``attempt``."""
        environment = ActivityEnvironment()
        environment.info = replace(environment.info, attempt=attempt)
        order = self.order(first, last, fresh_until).model_copy(
            update={
                "begin_by": begin_by,
                "throttles": throttles,
                "last_try": last_try,
                "at_once": at_once,
            }
        )
        return await environment.run(self.activities().send_batches, order)

    async def plan_again(self) -> BroadcastPlanned:
        """Plan it once more, as a retry does."""
        again = order_for(self.document, 10)
        return await ActivityEnvironment().run(self.activities().plan_broadcast, again)

    def order(
        self, first: int = 1, last: int | None = None, fresh_until: datetime | None = None
    ) -> SendBatches:
        """The order to send a range, or all of it."""
        return SendBatches(
            task=self.task,
            broadcast=self.planned.broadcast,
            first=first,
            last=last or self.planned.batches,
            fresh_until=fresh_until,
        )

    async def settle(self, *, release: bool = False, heard: bool = True) -> UnknownSettled:
        """Ask the events; ``release`` as if the window had closed.

        Then the provider has been ``heard`` in the meantime, of all that it is known to have.
        """
        if release and heard:
            await self.hear_of_all()
        order = SettleUnknown(
            broadcast=self.planned.broadcast, release_before=datetime.now(UTC) if release else None
        )
        return await ActivityEnvironment().run(self.activities().settle_unknown, order)

    async def hear_of(self, batch: Batch) -> None:
        """The provider tells that it processed the first mail of a batch."""
        event = DeliveryEvent(
            id=f"event-{batch.key}",
            kind=DeliveryState.PROCESSED,
            at=NOON,
            batch_key=batch.key,
            delivery_key=batch.addressees[0].delivery,
        )
        await events.record(self.ledger, [event])

    async def hear_of_all(self) -> None:
        """The provider tells of every batch that it is known to have accepted."""
        for number in range(1, self.planned.batches + 1):
            row = await batches.find_batch(self.ledger, self.planned.broadcast, number)
            if row.state is PublicationState.ACCEPTED:
                event = DeliveryEvent(
                    id=f"event-{row.key}",
                    kind=DeliveryState.PROCESSED,
                    at=NOON,
                    batch_key=row.key,
                    delivery_key=delivery_key(self.planned.key, row.first),
                )
                await events.record(self.ledger, [event])

    async def progress(self) -> BroadcastProgress:
        return await read_progress(self.ledger, self.planned.broadcast)


def order_for(document: Document, batch_size: int) -> PlanBroadcast:
    """The order to plan a broadcast of exactly this document."""
    task = PublicationTask(
        message=REF, channel="email", audience="customers", digest=document.digest()
    )
    return PlanBroadcast(task=task, batch_size=batch_size, message_class=CLASS_OF[document.kind])


async def approved(
    ledger: Database, mailer: Mailer, document: Document, batch_size: int = 10
) -> Post:
    """Keep a document and plan its broadcast."""
    await messages.save_revision(ledger, document, "maya")
    await open_gate(ledger, document)
    activities = BroadcastActivities(ledger, {"email": mailer}, gates(ledger), SECRET)
    order = order_for(document, batch_size)
    planned = await ActivityEnvironment().run(activities.plan_broadcast, order)
    return Post(ledger, mailer, document, order.task, planned)
