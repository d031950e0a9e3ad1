"""Reaching one person by one contact method: what its secret holds, and who sends it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path

from channels.notifying.own_mail import OwnMail, is_address
from channels.notifying.push import Push
from channels.notifying.services import Services, is_service
from domain.contact import ContactKind, ContactMethod
from domain.notification_words import Wording
from domain.notifications import ContactProblem, DeliveryEnd
from domain.outbox import AttemptEnd, Ended
from domain.people import Member
from domain.room import Line
from domain.web_push import public_of
from settings import secret_named
from store.kernel.database import Database
from store.notifications import devices
from store.notifications.devices import Device

_log = logging.getLogger("frontfoot.notifications")


class ContactSecrets:
    """The addresses that contact methods and rooms name: in the environment, or a file each.

    With a ``stand_in`` there are no others: it takes what goes to services and to rooms, each under
    its secret's name. In a rehearsal nobody's real phone rings.
    """

    def __init__(self, folder: Path | None = None, stand_in: str = "") -> None:
        self._folder = folder
        self._stand_in = stand_in

    def find(self, name: str) -> str:
        """The secret of that name; "" if there is none. Blocks."""
        if self._stand_in:
            return self._stand_in + name.lower()
        return secret_named(name, self._folder)

    def of(self, method: ContactMethod) -> str:
        """The address of a contact method; "" if it has none. Blocks."""
        if not method.secret or (self._stand_in and method.kind is not ContactKind.APPRISE):
            return ""
        return self.find(method.secret)


class Contacts:
    """Hands notifications over by whatever a contact method names."""

    def __init__(
        self,
        database: Database,
        secrets: ContactSecrets,
        services: Services,
        mail: OwnMail,
        push: Push,
        push_key: bytes,
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._services = services
        self._mail = mail
        self._push = push
        self._public = public_of(push_key)

    async def close(self) -> None:
        """Let go of what is open."""
        await self._mail.close()

    async def send(
        self, person: str, method: ContactMethod, wording: Wording, now: datetime
    ) -> DeliveryEnd:
        """Try one method once. It never raises."""
        try:
            if method.kind is ContactKind.WEB_PUSH:
                return await self._to_browsers(person, wording, now)
            found = self._secrets.of(method)
            return await self._to(method.kind, found, wording.title, wording.whole)
        except Exception as error:  # noqa: BLE001 - the next method is tried, whatever it was
            # Its text may contain the address.
            _log.error("a notification was not sent: %s", type(error).__name__)
            return DeliveryEnd.NOT_SENT

    async def tell_room(self, secret: str, line: Line) -> Ended:
        """Hand one line to a room, whose address is a mail address or one for Apprise."""
        found = self._secrets.find(secret)
        if not found:
            return Ended(end=AttemptEnd.NO_SECRET)
        kind = ContactKind.APPRISE if "://" in found else ContactKind.MAIL
        title = line.title if kind is ContactKind.MAIL else ""
        end = await self._to(kind, found, title, line.text)
        return Ended(end=_OF_ROOMS.get(end, AttemptEnd.NOT_TAKEN))

    async def problems(self, members: Iterable[Member]) -> list[ContactProblem]:
        """Why methods of these people cannot be used now, and who has none."""
        members = list(members)
        found = await devices.of_people(self._database, [one.id for one in members])
        reachable = {one.person for one in found if self._is_ours(one)}
        return await asyncio.to_thread(self._problems, members, reachable)

    def _problems(
        self, members: Collection[Member], reachable: Collection[str]
    ) -> list[ContactProblem]:
        found = []
        for member in members:
            if not member.contact:
                found.append(ContactProblem(person=member.id, why=DeliveryEnd.NO_DEVICE))
            for method in member.contact:
                why = self._why_not(member, method, reachable)
                if why is not None:
                    problem = ContactProblem(
                        person=member.id, method=method.name, kind=method.kind, why=why
                    )
                    found.append(problem)
        return found

    def _why_not(
        self, member: Member, method: ContactMethod, reachable: Collection[str]
    ) -> DeliveryEnd | None:
        if method.kind is ContactKind.WEB_PUSH:
            return None if member.id in reachable else DeliveryEnd.NO_DEVICE
        secret = self._secrets.of(method)
        if not secret:
            return DeliveryEnd.NO_SECRET
        if method.kind is ContactKind.MAIL:
            if not self._mail.configured:
                return DeliveryEnd.NO_SERVER
            return None if is_address(secret) else DeliveryEnd.UNUSABLE
        return None if is_service(secret) else DeliveryEnd.UNUSABLE

    async def _to(self, kind: ContactKind, found: str, title: str, text: str) -> DeliveryEnd:
        if not found:
            return DeliveryEnd.NO_SECRET
        if kind is ContactKind.MAIL:
            return await self._mail.send(found, title, text)
        return await self._services.send(found, title, text)

    async def _to_browsers(self, person: str, wording: Wording, now: datetime) -> DeliveryEnd:
        """To all of a person's browsers at once; one that takes it is enough."""
        found = await devices.of_people(self._database, [person])
        ours = [one for one in found if self._is_ours(one)]
        if not ours:
            return DeliveryEnd.NO_DEVICE
        ends = await asyncio.gather(*(self._to_browser(one, wording, now) for one in ours))
        return DeliveryEnd.HANDED_OVER if DeliveryEnd.HANDED_OVER in ends else ends[0]

    async def _to_browser(self, device: Device, wording: Wording, now: datetime) -> DeliveryEnd:
        pushed = await self._push.send(device.endpoint, device.p256dh, device.auth, wording, now)
        taken = pushed.end is DeliveryEnd.HANDED_OVER
        await devices.note(self._database, device.id, now, taken=taken, gone=pushed.gone)
        return pushed.end

    def _is_ours(self, device: Device) -> bool:
        # A service refuses whoever signs with another key than the browser subscribed for.
        return device.public == self._public


_OF_ROOMS = {
    DeliveryEnd.HANDED_OVER: AttemptEnd.HANDED_OVER,
    DeliveryEnd.NO_ANSWER: AttemptEnd.IN_DOUBT,
    DeliveryEnd.NOT_SENT: AttemptEnd.NOT_SENT,
}
