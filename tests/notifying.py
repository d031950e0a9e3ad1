"""A house whose people are notified: real senders, stand-ins for services, a test's own clock."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from temporalio.testing import ActivityEnvironment

from activities.contacts import Contacts, ContactSecrets
from activities.notifications import NotificationActivities
from activities.room_lines import RoomLines
from activities.signatures.notifications import (
    EndNotifications,
    Notified,
    Notify,
    SendNotifications,
    TestContacts,
)
from activities.webhook_request import WebhookRequests
from channels.notifying.own_mail import OwnMail
from channels.notifying.push import Push
from channels.notifying.services import Services
from domain.contact import ContactKind, ContactMethod, QuietHours
from domain.notifications import NotificationNews, NotificationReason
from domain.people import Member
from domain.severity import Severity
from store.kernel.database import Database
from store.notifications import devices, entering, reading
from store.notifications.rows import Notification
from tests.endpoint import Answer, EndpointServer, Received, serving
from tests.sealing import KEY

NIGHT = QuietHours(start=time(22), end=time(7))
INCIDENT = "spam-saturday"
NOON = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
CONSOLE = "http://localhost:8092"


class Clock:
    """The time that a test has set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def member(
    person: str, *methods: str, quiet: QuietHours | None = None, zone: str = "UTC"
) -> Member:
    """Somebody who is reached at ``/<person>/<method>`` of the stand-in."""
    return Member(
        id=person,
        roles=("founder",),
        zone=zone,
        quiet_hours=quiet,
        contact=tuple(
            ContactMethod(name=one, kind=ContactKind.APPRISE, secret=f"{person}_{one}".upper())
            for one in methods
        ),
    )


class House:
    """Some people, what they were sent, and the activities of a worker that notifies them.

    ``down`` are the paths at which the stand-in refuses; ``hangs`` those at which it says nothing.
    ``told`` is what incidents heard.
    """

    def __init__(
        self,
        ledger: Database,
        folder: Path,
        server: EndpointServer,
        requests: WebhookRequests,
        secret: bytes,
        mail: OwnMail,
    ) -> None:
        self.ledger, self.server, self.folder = ledger, server, folder
        self.people: list[Member] = []
        self.clock = Clock()
        self.down: set[str] = set()
        self.hangs: set[str] = set()
        self.told: list[tuple[str, NotificationNews]] = []
        self.deaf = False
        self.starts = 0
        self.rooms_started: list[str] = []
        server.answer = self._answer
        self.contacts = Contacts(
            ledger,
            ContactSecrets(folder),
            Services(timedelta(seconds=2)),
            mail,
            Push(requests.post, secret, "mailto:ops@example.com"),
            secret,
        )
        self.activities = NotificationActivities(
            ledger,
            self.contacts,
            lambda: tuple(self.people),
            CONSOLE,
            self._start,
            self._tell,
            RoomLines(ledger, CONSOLE, self._start_rooms),
            self.clock,
        )

    def has(self, *people: Member) -> None:
        """Have these be the people, with their secrets in the folder."""
        self.people = list(people)
        for one in people:
            for method in one.contact:
                if method.kind is ContactKind.APPRISE:
                    where = f"json://127.0.0.1:{self.server.port}/{one.id}/{method.name}"
                    (self.folder / str(method.secret)).write_text(where)

    def console_is_at(self, url: str) -> None:
        """Have links lead there."""
        self.activities._console_url = url

    async def notify(
        self,
        *people: str,
        about: str = "gate/3/1",
        step: str = "ask",
        severity: Severity = Severity.MAJOR,
        reason: NotificationReason = NotificationReason.DECIDE,
    ) -> Notified:
        """Ask these people about message 3."""
        order = Notify(
            incident=INCIDENT,
            about=about,
            step=step,
            reason=reason,
            people=people,
            severity=severity,
            message=3,
        )
        return await ActivityEnvironment().run(self.activities.notify, order)

    async def end(
        self, about: str = "gate/3/1", by: str | None = "noor", only: tuple[str, ...] = ()
    ) -> int:
        """Say that it was approved, or that some have done their part."""
        order = EndNotifications(
            incident=INCIDENT, about=about, ending="approved", at=self.clock(), by=by, only=only
        )
        done = await ActivityEnvironment().run(self.activities.end_notifications, order)
        return done.people

    async def test(self) -> int:
        """Have everybody be sent a contact test."""
        order = TestContacts(test="contact_test/1")
        return (await ActivityEnvironment().run(self.activities.test_contacts, order)).methods

    async def round(self) -> float | None:
        """One round of sending; in how many seconds the next is due."""
        done = await ActivityEnvironment().run(
            self.activities.send_notifications, SendNotifications()
        )
        return done.again_in

    async def after(self, wait: timedelta = timedelta(seconds=3)) -> list[str]:
        """Let time pass, send what is due then, and tell where it went, in order."""
        before = len(self.server.received)
        self.clock.now += wait
        await self.round()
        return [one.path for one in self.server.received[before:]]

    async def acknowledge(self, person: str, code: str = "") -> list[Notification]:
        """Have somebody acknowledge what they were sent last."""
        return await entering.acknowledge(
            self.ledger, person, code or await self.code(person), self.clock()
        )

    async def code(self, person: str) -> str:
        """The code of somebody's newest notification."""
        found = await reading.of_incident(self.ledger, INCIDENT)
        return [one.code for one in found if one.person == person][-1]

    async def states(self) -> dict[str, str]:
        """The state of everybody's newest notification."""
        found = await reading.of_incident(self.ledger, INCIDENT)
        return {one.person: one.state.value for one in found}

    def said(self, place: int = -1) -> str:
        """What the stand-in was told: its title and its text."""
        told = self.server.received[place].json
        return f"{told['title']}\n{told['message']}"

    async def _answer(self, received: Received) -> Answer:
        if received.path in self.hangs:
            await asyncio.Event().wait()
        return Answer(500 if received.path in self.down else 200)

    async def _start(self) -> bool:
        self.starts += 1
        return True

    async def _start_rooms(self, names: object) -> None:
        self.rooms_started += list(names)  # type: ignore[call-overload]

    async def _tell(self, incident: str, news: NotificationNews) -> bool:
        if not self.deaf:
            self.told.append((incident, news))
        return not self.deaf


@contextlib.asynccontextmanager
async def house(
    ledger: Database, folder: Path, mail: OwnMail | None = None
) -> AsyncIterator[House]:
    """A house over this ledger, whose secrets are files in ``folder``."""
    folder.mkdir(exist_ok=True)
    requests = WebhookRequests(private=True, within=timedelta(seconds=2))
    async with serving(EndpointServer()) as server:
        secret = await devices.private_key(ledger, KEY, NOON)
        made = House(ledger, folder, server, requests, secret, mail or OwnMail(None))
        yield made
        await made.contacts.close()
    await requests.close()
