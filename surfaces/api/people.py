"""People by their addresses: one recipient, suppressions, subscribers.

No address is in a URL: those end in logs of others.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from client.recipient import RecipientHistory, recipient_history
from client.subscribers import forget_subscriber, some_subscribers
from client.suppressions import add_suppression, remove_suppression, some_suppressions
from domain.message import MessageClass
from domain.suppression import SuppressionReason, covered_by
from surfaces.api.access import BASE, actor, engine_of
from surfaces.api.cursors import cursor_of, place_of
from surfaces.api.resource import Resource
from surfaces.api.shapes import Asked, Cursor, Limit, Listed, Reason, Shown, SlugInPath, Time

router = APIRouter(route_class=Resource, prefix=BASE, tags=["people"])

Address = Annotated[str, Field(min_length=3, max_length=400)]


class LookingUp(Asked):
    """Whom to look up."""

    address: Address


class Arrival(Shown):
    """Whether one message got there: `answer` begins with yes, no, not yet or what is known."""

    about: str
    answer: str
    state: str


class Moment(Shown):
    """One thing that happened."""

    at: Time
    what: str


class Recipient(Shown):
    """Everything that the ledger has of one address in one incident.

    `known` is false if it has never heard of it. It contains no address.
    """

    known: bool
    audiences: list[str]
    arrivals: list[Arrival]
    moments: list[Moment]
    codes: list[str]
    suppressed: list[str]

    @classmethod
    def of(cls, found: RecipientHistory) -> Recipient:
        """The same for the wire."""
        return cls(**found.model_dump())


class Suppression(Shown):
    """An address that must not be written to; an empty class is every class."""

    address: str
    message_class: str
    reason: str
    source: str
    at: Time


class AddingSuppression(Asked):
    """An address that must not be written to from now on, and why."""

    address: Address
    reason: SuppressionReason
    why: Reason = ""


class SuppressionAdded(Shown):
    """How many entries are new; none if the address was on the list already."""

    added: int


class RemovingSuppression(Asked):
    """An address to take off the list, for one class of message or for all, and why."""

    address: Address
    why: Annotated[str, Field(min_length=1, max_length=2_000)]
    message_class: MessageClass | None = None


class SuppressionRemoved(Shown):
    """How many entries were taken off."""

    removed: int


class Subscriber(Shown):
    """Somebody who subscribed on the status page; no `components`: all of them."""

    address: str
    state: Literal["confirmed", "unsubscribed"]
    since: Time
    source: str
    components: list[str]


class DeletingSubscriber(Asked):
    """A subscriber of whom everything is to be deleted, and why."""

    address: Address
    why: Reason = ""


class SubscriberDeleted(Shown):
    """It is done."""

    deleted: Literal[True] = True


@router.post("/incidents/{slug}/recipient-lookups")
async def look_up_recipient(request: Request, slug: SlugInPath, asked: LookingUp) -> Recipient:
    """Did they get it? What the ledger has of one address in an incident."""
    return Recipient.of(await recipient_history(engine_of(request), slug, asked.address))


@router.get("/suppressions")
async def list_suppressions(
    request: Request, limit: Limit = 100, cursor: Cursor = ""
) -> Listed[Suppression]:
    """The addresses that must not be written to, by address."""
    place = place_of(cursor, str, str)
    after = (str(place[0]), str(place[1])) if place else ("", "")
    found = await some_suppressions(engine_of(request), after, limit)
    items = [
        Suppression(address=one.mailbox, **one.model_dump(exclude={"mailbox"})) for one in found
    ]
    last = found[-1] if len(found) == limit else None
    return Listed(items=items, next=cursor_of(last.mailbox, last.message_class) if last else None)


@router.post("/suppressions", status_code=201)
async def suppress_address(request: Request, asked: AddingSuppression) -> SuppressionAdded:
    """Put an address on the list of those that must not be written to."""
    added = await add_suppression(
        engine_of(request),
        asked.address,
        asked.reason,
        covered_by(asked.reason),
        by=actor(request).person,
        why=asked.why.strip(),
    )
    return SuppressionAdded(added=added)


@router.post("/suppressions/removals", status_code=201)
async def take_off_suppression(request: Request, asked: RemovingSuppression) -> SuppressionRemoved:
    """Take an address off the list. The ledger keeps who did it, and why."""
    taken = await remove_suppression(
        engine_of(request),
        asked.address,
        by=actor(request).person,
        why=asked.why.strip(),
        message_class=asked.message_class,
    )
    return SuppressionRemoved(removed=len(taken))


@router.get("/subscribers")
async def list_subscribers(
    request: Request, limit: Limit = 100, cursor: Cursor = ""
) -> Listed[Subscriber]:
    """Who is subscribed to the status page, those who have left included."""
    place = place_of(cursor, int)
    found = await some_subscribers(engine_of(request), int(place[0]) if place else 0, limit)
    items = [Subscriber(**one.model_dump(exclude={"id"})) for one in found]
    return Listed(items=items, next=cursor_of(found[-1].id) if len(found) == limit else None)


@router.post("/subscribers/deletions", status_code=201)
async def delete_subscriber(request: Request, asked: DeletingSubscriber) -> SubscriberDeleted:
    """Delete all that is known of an address as a subscriber of the status page."""
    await forget_subscriber(
        engine_of(request), asked.address, by=actor(request).person, why=asked.why.strip()
    )
    return SubscriberDeleted()
