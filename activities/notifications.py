"""Notifying our own people: entering who is asked, and sending it until they acknowledge."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from temporalio.exceptions import ApplicationError

from activities.contacts import Contacts
from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.heartbeat import beating
from activities.room_lines import RoomLines
from activities.signatures.notifications import (
    END_NOTIFICATIONS,
    NOTIFY,
    SEND_NOTIFICATIONS,
    TEST_CONTACTS,
    ContactsTested,
    Ended,
    EndNotifications,
    NotificationsSent,
    Notified,
    Notify,
    SendNotifications,
    TestContacts,
)
from domain.errors import DomainError
from domain.notification_pace import breaks_quiet, quiet_until
from domain.notification_words import Wording, worded, worded_ending
from domain.notifications import ContactProblem, DeliveryEnd, NotificationNews
from domain.people import Member
from store.kernel.database import Database
from store.notifications import entering, news, sending
from store.notifications.entering import Asking
from store.notifications.rows import Notification
from store.notifications.sending import Group, Taken, Way

MOST_AT_ONCE = 32
"""Messages that are on their way at a moment, each to another person or of another incident."""

ROUND = timedelta(seconds=20)
"""How long one activity begins messages; then the next one does."""

_GROUPS, _NEWS = 200, 200
_TELL_AGAIN = 5.0

People = Callable[[], tuple[Member, ...]]
"""Everybody, as the files have them now; blocks. Raises ``DomainError`` if they cannot be read."""

Start = Callable[[], Awaitable[bool]]
"""Starts, or tells, the workflow that sends; false if it could not."""

Tell = Callable[[str, NotificationNews], Awaitable[bool]]
"""Tells an incident; false if it did not hear, and may later."""

_log = logging.getLogger("frontfoot.notifications")


class NotificationActivities:
    """Notifies ``people``; ``console_url`` is where links lead, ``clock`` tells the time."""

    def __init__(
        self,
        database: Database,
        contacts: Contacts,
        people: People,
        console_url: str,
        start: Start,
        tell: Tell,
        rooms: RoomLines,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._contacts = contacts
        self._people = people
        self._console_url = console_url
        self._start = start
        self._tell = tell
        self._rooms = rooms
        self._now = clock

    def ledger_only(self) -> list[Bound]:
        """Those that touch only our own ledger."""
        return [self.notify, self.end_notifications, self.test_contacts]

    def on_the_wire(self) -> list[Bound]:
        """Those that wait for somebody outside."""
        return [self.send_notifications]

    @defined(NOTIFY)
    async def notify(self, order: Notify) -> Notified:
        """Enter whom to ask, and have them be sent it; again it changes nothing.

        Somebody who is not in the file of people any more cannot be reached.
        """
        with failing_in_words(self._now()):
            members = await self._members()
            here = [members[one] for one in order.people if one in members]
            problems = await self._contacts.problems(here)
            reachable = _reachable(here, problems)
            unreachable = tuple(one for one in order.people if one not in reachable)
            asking = Asking(
                incident=order.incident,
                about=order.about,
                step=order.step,
                reason=order.reason,
                severity=order.severity,
                people=tuple(one.id for one in here),
                unreachable=unreachable,
                message=order.message,
                due=order.due,
            )
            new = await entering.enter(self._database, asking, self._now())
            if new:
                await self._rooms.people_asked(asking, self._now())
            await self._start()
        return Notified(unreachable=unreachable)

    @defined(END_NOTIFICATIONS)
    async def end_notifications(self, order: EndNotifications) -> Ended:
        """Ask nobody about it any more, and tell those who were; again it changes nothing."""
        with failing_in_words(self._now()):
            if order.only:
                await entering.spare(
                    self._database, order.incident, order.about, order.only, order.ending, order.at
                )
                return Ended()
            people = await entering.end(
                self._database,
                order.incident,
                order.about,
                order.ending,
                order.by or "",
                order.at,
                self._now(),
            )
            if people:
                await self._start()
        return Ended(people=people)

    @defined(TEST_CONTACTS)
    async def test_contacts(self, order: TestContacts) -> ContactsTested:
        """Have everybody be sent a contact test by each method; again it changes nothing."""
        with failing_in_words(self._now()):
            members = await self._members()
            methods = [(one.id, each.name) for one in members.values() for each in one.contact]
            entered = await entering.enter_tests(self._database, order.test, methods, self._now())
            if entered:
                await self._start()
        return ContactsTested(methods=len(methods))

    @defined(SEND_NOTIFICATIONS)
    async def send_notifications(self, order: SendNotifications) -> NotificationsSent:
        """Send what is due, tell incidents what they have not heard, and say when more is due.

        Again it goes on where it was: each attempt is entered before it begins.
        """
        with failing_in_words(self._now()):
            async with beating():
                members = await self._members()
                await self._tell_incidents()
                await self._rounds(members)
                all_told = await self._tell_incidents()
            after = await sending.next_due(self._database)
        again = None if after is None else max(0.0, (after - self._now()).total_seconds())
        if not all_told:
            again = _TELL_AGAIN if again is None else min(again, _TELL_AGAIN)
        return NotificationsSent(again_in=again)

    async def _members(self) -> dict[str, Member]:
        try:
            found = await asyncio.to_thread(self._people)
        except DomainError as error:
            # It may be mended at any moment, and nobody is notified until then.
            raise ApplicationError(
                error.what, error.explanation, type="PeopleUnreadable"
            ) from error
        return {one.id: one for one in found}

    async def _rounds(self, members: Mapping[str, Member]) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + ROUND.total_seconds()
        running: dict[Group, asyncio.Task[None]] = {}
        try:
            while loop.time() < until:
                found = await sending.due(self._database, self._now(), _GROUPS)
                waiting = [one for one in found if one not in running]
                if not waiting and not running:
                    return
                await self._through(waiting, running, members, until)
        finally:
            # None is left under way: this activity is repeated, and would send the same beside it.
            await asyncio.gather(*running.values())

    async def _through(
        self,
        waiting: Sequence[Group],
        running: dict[Group, asyncio.Task[None]],
        members: Mapping[str, Member],
        until: float,
    ) -> None:
        """Begin all that waits, so many at a time; a slow one holds up no other."""
        loop, left = asyncio.get_running_loop(), list(reversed(waiting))
        while loop.time() < until:
            while left and len(running) < MOST_AT_ONCE:
                group = left.pop()
                running[group] = asyncio.create_task(self._send_group(group, members, until))
            if not running:
                return
            await asyncio.wait(
                running.values(),
                timeout=max(0.0, until - loop.time()),
                return_when=asyncio.FIRST_COMPLETED,
            )
            for group, task in list(running.items()):
                if task.done():
                    del running[group]
                    task.result()
            if not left:
                return

    async def _send_group(self, group: Group, members: Mapping[str, Member], until: float) -> None:
        """Try one method after another until one takes it."""
        member = members.get(group.person)
        while True:
            taken = await sending.take(
                self._database, group, lambda found: self._way(member, group, found), self._now()
            )
            if taken is None or member is None:
                return
            begun = time.monotonic()
            end = await self._sent(taken, member)
            took = round((time.monotonic() - begun) * 1_000)
            await sending.finish(self._database, taken, end, took, self._now())
            if end is DeliveryEnd.HANDED_OVER or asyncio.get_running_loop().time() > until:
                return

    def _way(self, member: Member | None, group: Group, found: Sequence[Notification]) -> Way:
        if member is None:
            return Way(gone=True)
        methods = [one for one in member.contact if group.method in ("", one.name)]
        if not methods:
            return Way()
        first = max(found, key=lambda one: (one.failures, one.messages))
        worst = min(one.severity for one in found)
        return Way(
            method=methods[first.place % len(methods)],
            many=len(methods),
            until=quiet_until(member.quiet_hours, member.zone, worst, self._now()),
        )

    async def _sent(self, taken: Taken, member: Member) -> DeliveryEnd:
        assert taken.way.method is not None
        wording = self._wording(taken, member)
        return await self._contacts.send(member.id, taken.way.method, wording, self._now())

    def _wording(self, taken: Taken, member: Member) -> Wording:
        # The newest step of each thing says it.
        newest = {one.about: one for one in taken.notifications}
        things, now = [one.thing for one in newest.values()], self._now()
        first = taken.notifications[0]
        code = first.code if len(things) == 1 else first.bundle
        link = f"{self._console_url}/n/{code}"
        if taken.group.over:
            return worded_ending(things, link=link, code=code, now=now)
        worst = min(one.severity for one in things)
        loud = breaks_quiet(member.quiet_hours, member.zone, worst, now)
        return worded(things, link=link, code=code, now=now, breaks_quiet=loud)

    async def _tell_incidents(self) -> bool:
        """Tell incidents what they have not heard; whether all of them heard."""
        all_told = True
        for one in await news.untold(self._database, _NEWS):
            try:
                told = await self._tell(one.incident, one.told)
            except Exception as error:  # noqa: BLE001 - it is told again
                _log.error("%s was not told: %s", one.incident, type(error).__name__)
                told = False
            if told:
                await news.heard(self._database, one)
            all_told = all_told and told
        return all_told


def _reachable(members: Sequence[Member], problems: Sequence[ContactProblem]) -> set[str]:
    """Who has a method that can be tried."""
    unusable = {(one.person, one.method) for one in problems}
    return {
        member.id
        for member in members
        if any((member.id, one.name) not in unusable for one in member.contact)
    }
