"""What the stories about webhooks have in common: a response as its timeline tells it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from domain import endpoint_secret
from domain.actor import AuthenticatedBy, Surface
from domain.message import Copy, Document, MessageKind
from domain.timeline import TimelineEntry
from domain.webhook_events import EventType
from store.kernel.database import Database
from store.outbox import endpoints
from store.outbox.entering import enter_timeline
from store.record import incidents, messages, timeline
from tests.sealing import KEY, with_key

NOON = datetime(2026, 10, 26, 12, 0, tzinfo=UTC)
TITLE = "Spam was posted through some customers' accounts"
SECRET = b"s" * endpoint_secret.SECRET_BYTES
INCIDENT = "spam-saturday"
CONSOLE = "https://console.example.com"


def document(incident: str = INCIDENT, revision: int = 1) -> Document:
    return Document(
        incident=incident,
        number=1,
        revision=revision,
        kind=MessageKind.ANNOUNCEMENT,
        proposed_at=NOON,
        next_update_by=NOON + timedelta(hours=1),
        copies=(Copy(channel="twitter", text=f"We know, and we are on it. {revision}"),),
    )


def entries(incident: str = INCIDENT) -> list[TimelineEntry]:
    """A response from its opening to its closing, as the workflow words it."""
    digest = document(incident).digest()[:8]
    told: list[tuple[str, str, str]] = [
        ("opened", "maya", TITLE),
        ("proposed", "maya", f"message 1: announcement {digest}"),
        ("approved", "noor", f"message 1 {digest} as founder: fine with me"),
        ("accepted", "twitter", "message 1"),
        ("told", "email", "message 1 to customers: first batch"),
        ("accepted", "email", "message 1 to customers: 300 of 300 recipients accepted."),
        ("closed", "maya", ""),
    ]
    return [
        TimelineEntry(
            seq=number,
            at=NOON + timedelta(minutes=number),
            what=what,
            who=who,
            surface=Surface.TERMINAL if who in ("maya", "noor") else None,
            authenticated_by=AuthenticatedBy.NONE if who in ("maya", "noor") else None,
            about=about,
        )
        for number, (what, who, about) in enumerate(told, 1)
    ]


def promises_ended() -> list[TimelineEntry]:
    """Each way in which the promise of the message may end, after ``entries``."""
    told = [
        ("promise kept", "maya", "message 1 by message 2, 4 min late"),
        ("promise kept by fallback", "frontfoot", "message 1 by message 2, 11 min late"),
        ("promise moved", "maya", "message 1 by message 3"),
        ("promise broken", "maya", "message 1: The incident was closed with a waiver."),
    ]
    return [
        TimelineEntry(
            seq=number,
            at=NOON + timedelta(minutes=50 + number),
            what=what,
            who=who,
            surface=Surface.TERMINAL if what == "promise broken" else None,
            about=about,
        )
        for number, (what, who, about) in enumerate(told, 8)
    ]


async def have_incident(ledger: Database, incident: str = INCIDENT) -> None:
    """An incident with one message, and the key that its record is sealed with."""
    await with_key(ledger)
    if await incidents.find(ledger, incident) is None:
        await incidents.register(ledger, incident, TITLE, "site-compromised", (), NOON)
        await messages.save_revision(ledger, document(incident), "maya")


async def have_endpoint(
    ledger: Database,
    name: str = "helpdesk",
    url: str = "https://helpdesk.example.com/hooks",
    events: Sequence[EventType] = (),
) -> None:
    """An endpoint whose webhooks are signed with ``SECRET``."""
    key = endpoints.public_key_of(KEY)
    await endpoints.enter_key(ledger, KEY, NOON)
    secret = endpoint_secret.encrypted(SECRET, name, key.public)
    await endpoints.add(ledger, name, url, events, secret, key.key_id, "maya", NOON)


async def record(
    ledger: Database,
    told: Sequence[TimelineEntry],
    *,
    incident: str = INCIDENT,
    at: datetime = NOON,
    waiting: Sequence[int] = (),
) -> set[str]:
    """Append entries as the workers do, and enter what they tell; which endpoints are to hear."""
    heard: set[str] = set()

    async def enter(connection: AsyncConnection, new: Sequence[TimelineEntry]) -> None:
        heard.update(
            await enter_timeline(
                ledger,
                connection,
                incident,
                new,
                told=(1,),
                waiting=waiting,
                url=f"{CONSOLE}/incidents/{incident}",
                at=at,
            )
        )

    await timeline.append(ledger, KEY, incident, told, with_them=enter)
    return heard
