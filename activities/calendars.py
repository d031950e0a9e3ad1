"""Keeping on-call calendars read, beside Temporal's own work, as the status page is kept fresh.

A calendar that cannot be read changes nobody's shift: the last good reading stays, and `check` says
since when. Which of several workers reads one is decided in the ledger.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from domain.calendar import CalendarEvent, calendar_key
from domain.contact import ContactKind
from domain.errors import DomainError
from domain.on_call import Schedule
from domain.people import People
from domain.plural import plural
from settings import secret_named
from store.files.people_file import all_people
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.people import calendars

READ_EVERY = timedelta(minutes=10)
LOOK_EVERY = timedelta(seconds=30)
READ_WITHIN = timedelta(seconds=30)

SIZE_LIMIT = 10_000_000
"""Bytes. A year of shifts is some hundred kilobytes."""

BACK = timedelta(days=2)
AHEAD = timedelta(weeks=10)
"""How far ahead a calendar is kept: so long it may be away before nobody is on call."""

_FORGOTTEN_AFTER = timedelta(days=7)
_ADDRESS = re.compile(r"https://[^\s/]+\S*|http://(?:localhost|127\.0\.0\.1)(?::\d+)?(?:/\S*)?")

_log = logging.getLogger("frontfoot.calendars")


class CalendarUnreadable(DomainError):
    """A calendar that could not be fetched; says nothing of its address, which may be a secret."""


class CalendarReading:
    """Reads the calendars of the people in ``folder`` into the ledger."""

    def __init__(self, database: Database, folder: Path, secrets: Path | None = None) -> None:
        self._database = database
        self._folder = folder
        self._secrets = secrets
        self._client = httpx.AsyncClient(
            timeout=READ_WITHIN.total_seconds(), follow_redirects=False
        )

    async def close(self) -> None:
        """Let go of what is open."""
        await self._client.aclose()

    async def run(self) -> None:
        """Read each whenever it is time to; until cancelled."""
        while True:
            try:
                await self.read_those_due(datetime.now(UTC))
            except StoreUnavailable as error:
                _log.warning("calendars wait: %s", error.explanation.what)
            except Exception as error:  # noqa: BLE001 - it is tried again
                # Its text may hold anything.
                _log.error("calendars could not be read: %s", type(error).__name__)
            await asyncio.sleep(LOOK_EVERY.total_seconds())

    async def read_those_due(self, now: datetime) -> int:
        """Read the calendars whose last attempt is old enough; returns how many."""
        keys: list[str] = []
        done = 0
        for people in await asyncio.to_thread(all_people, self._folder):
            for name, schedule in _with_calendar(people):
                key = calendar_key(name, schedule)
                keys.append(key)
                if await calendars.take(self._database, key, name, now - READ_EVERY, now):
                    await self._read(key, name, schedule, people, now)
                    done += 1
        await calendars.forget_others(self._database, keys, now - _FORGOTTEN_AFTER)
        return done

    async def _read(
        self, key: str, name: str, schedule: Schedule, people: People, now: datetime
    ) -> None:
        try:
            content = await self._fetch(schedule.ical or "")
            events = await asyncio.to_thread(_events, content, schedule, people, now, self._secrets)
        except DomainError as error:
            said = error.explanation
            _log.warning("the calendar of %s could not be read: %s", name, said.what)
            await calendars.note_problem(self._database, key, said.what, str(said.next_step))
            return
        except Exception as error:  # noqa: BLE001 - what is in a calendar may be anything
            _log.error("the calendar of %s could not be read: %s", name, type(error).__name__)
            step = "Look into the worker's log."
            await calendars.note_problem(self._database, key, "It could not be read.", step)
            return
        await calendars.keep(self._database, key, events, now)

    async def _fetch(self, source: str) -> bytes:
        """The bytes of a calendar; ``CalendarUnreadable`` says why there are none."""
        address = await asyncio.to_thread(_address_of, source, self._secrets)
        content = bytearray()
        try:
            async with (
                asyncio.timeout(READ_WITHIN.total_seconds()),
                self._client.stream("GET", address, headers={"Accept": "text/calendar"}) as answer,
            ):
                _refuse_status(answer.status_code)
                async for chunk in answer.aiter_bytes():
                    content += chunk
                    if len(content) > SIZE_LIMIT:
                        raise CalendarUnreadable(
                            f"It is larger than {SIZE_LIMIT:,} bytes.",
                            "Publish a calendar that has only the shifts.",
                        )
        except (TimeoutError, httpx.TimeoutException) as error:
            within = plural(int(READ_WITHIN.total_seconds()), "second")
            raise CalendarUnreadable(
                f"It did not arrive within {within}.", "It is tried again; ask whoever serves it."
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CalendarUnreadable(
                f"Its server cannot be reached ({type(error).__name__}).",
                "Check that this machine may open the address.",
            ) from None
        return bytes(content)


def _with_calendar(people: People) -> Iterator[tuple[str, Schedule]]:
    return ((name, one) for name, one in people.on_call.items() if one.ical is not None)


def _address_of(source: str, folder: Path | None) -> str:
    if source.startswith("https://"):
        return source
    address = secret_named(source, folder)
    if not address:
        raise CalendarUnreadable(
            f"There is no secret {source} here, which has its address.",
            f"Set FRONTFOOT_CONTACT_{source} in the environment of the worker.",
        )
    if not _ADDRESS.fullmatch(address):
        raise CalendarUnreadable(
            f"The secret {source} holds no https:// address.",
            f"Set FRONTFOOT_CONTACT_{source} to the address at which it is published.",
        )
    return address


def _refuse_status(status: int) -> None:
    if 300 <= status < 400:
        raise CalendarUnreadable(
            "Its address leads to another one.", "Give the one that it leads to."
        )
    if status != 200:
        raise CalendarUnreadable(
            f"Its server answered {status}.",
            "Check the address: a private link may have been reset.",
        )


def _events(
    content: bytes, schedule: Schedule, people: People, now: datetime, folder: Path | None
) -> list[CalendarEvent]:
    # What reads calendars is large, and most installations have none.
    from store.files.calendar_file import read_calendar

    addresses = {
        member.id: address.removeprefix("mailto:")
        for member in people.people
        for one in member.contact
        if one.kind is ContactKind.MAIL
        and one.secret
        and (address := secret_named(one.secret, folder))
    }
    return read_calendar(content, schedule.zone, people, addresses, now - BACK, now + AHEAD)
