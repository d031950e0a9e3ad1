"""Receives what providers report about our mail: verified, read, and entered in the ledger.

Each channel that reports events has a reader, which needs no credential that could send.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import orjson

from channels import registry
from channels.configured import ChannelMisconfigured, ChannelNotConfigured
from channels.contract import ReadsEvents
from client.errors import NotEntered
from client.event_queue import EventQueue
from domain.delivery_events import DeliveryEvent, EventsUnreadable, UnreadableEvent
from domain.model import Value
from store.events import set_aside
from store.events.inbox import Inbox
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable


class EventsTaken(Value):
    """The result of one delivery: new events, events that were there already, and bad ones.

    ``set_aside`` could not be read or entered, and are kept as they came. ``waiting`` are in the
    inbox and will be entered soon, so that nobody knows yet which of them are new.
    """

    new: int
    duplicate: int
    set_aside: int = 0
    waiting: int = 0


class Readers(NamedTuple):
    """The readers by channel, and why other channels that report events have none."""

    readers: Mapping[str, ReadsEvents]
    lacking: Mapping[str, ChannelMisconfigured]

    @property
    def misconfigured(self) -> bool:
        """Whether something is set that cannot be used, as opposed to not set."""
        return any(not isinstance(one, ChannelNotConfigured) for one in self.lacking.values())


def build_readers(channels: Iterable[str], *, env_file: str | None = ".env") -> Readers:
    """A reader for each of ``channels`` that reports events and has the key to verify them."""
    readers: dict[str, ReadsEvents] = {}
    lacking: dict[str, ChannelMisconfigured] = {}
    for channel in channels:
        try:
            reader = registry.event_reader(channel, env_file=env_file)
        except ChannelMisconfigured as error:
            lacking[channel] = error
            continue
        if reader is not None:
            readers[channel] = reader
    return Readers(readers, lacking)


class EventIntake:
    """The only way for events into the ledger; one per process."""

    def __init__(
        self,
        database: Database,
        readers: Mapping[str, ReadsEvents],
        *,
        unverifiable: Iterable[str] = (),
        inbox: Inbox | None = None,
    ) -> None:
        """``unverifiable``: channels whose events cannot be verified until a setting is right.

        With an ``inbox`` events go there first, and ``EventEntry`` enters them.
        """
        self._database = database
        self._readers = readers
        self._queue = EventQueue(database)
        self._inbox = inbox
        self.unverifiable = frozenset(unverifiable)

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels whose events are accepted."""
        return tuple(self._readers)

    async def take(self, channel: str, body: bytes, headers: Mapping[str, str]) -> EventsTaken:
        """Enter the events of one delivery, or keep them in the inbox; return once that is done.

        An event that cannot be read or entered is set aside as it came, and costs no other. Raises
        ``EventsNotGenuine`` or ``EventsUnreadable`` if the delivery is not to be trusted, and
        ``NotEntered`` if it has to be delivered again. Repeats are harmless: events have ids.
        """
        try:
            read = self._readers[channel].read_events(body, headers)
        except EventsUnreadable as error:
            # It is genuine, so it is kept, and asked for again in case it broke on the way.
            with _entering():
                await self._set_aside(channel, [UnreadableEvent(body, error.what)])
            raise
        readable = [one for one in read if isinstance(one, DeliveryEvent)]
        bad = [one for one in read if isinstance(one, UnreadableEvent)]
        with _entering():
            if self._inbox is not None:
                return await self._keep(self._inbox, channel, readable, bad)
            entered = await self._queue.record(readable)
            bad += [UnreadableEvent(_as_read(one), "not entered") for one in entered.refused]
            await self._set_aside(channel, bad)
        recorded = entered.recorded
        return EventsTaken(new=recorded.new, duplicate=recorded.duplicate, set_aside=len(bad))

    async def _keep(
        self,
        inbox: Inbox,
        channel: str,
        readable: Sequence[DeliveryEvent],
        bad: Sequence[UnreadableEvent],
    ) -> EventsTaken:
        if readable:
            await inbox.put(channel, readable, datetime.now(UTC))
        await self._set_aside(channel, bad)
        return EventsTaken(new=0, duplicate=0, set_aside=len(bad), waiting=len(readable))

    async def _set_aside(self, channel: str, unreadable: Sequence[UnreadableEvent]) -> None:
        await set_aside.keep(self._database, channel, unreadable, datetime.now(UTC))


@contextmanager
def _entering() -> Iterator[None]:
    """Turn every failure of the ledger into ``NotEntered``, in words that may be logged."""
    try:
        yield
    except StoreUnavailable as error:
        raise NotEntered(error.explanation.what) from error
    except Exception as error:  # noqa: BLE001 - its text would quote rows
        raise NotEntered(f"a mistake of ours ({type(error).__name__})") from None


def _as_read(event: DeliveryEvent) -> bytes:
    return orjson.dumps(event._asdict())
