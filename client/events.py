"""Receives what providers report about our mail: verified, read, and entered in the ledger.

Each channel that reports events has a reader, which needs no credential that could send.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from channels import registry
from channels.configured import ChannelNotConfigured
from channels.contract import ReadsEvents
from client.errors import NotEntered
from client.event_queue import EventQueue
from domain.model import Value
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable


class EventsTaken(Value):
    """The result of one delivery: new events, and events that were there already."""

    new: int
    duplicate: int


class Readers(NamedTuple):
    """The readers by channel, and for channels without one the reason, in sentences."""

    readers: Mapping[str, ReadsEvents]
    lacking: tuple[str, ...]


def build_readers(channels: Iterable[str], *, env_file: str | None = ".env") -> Readers:
    """A reader for each of ``channels`` that reports events and has the key to verify them.

    Raises ``ChannelMisconfigured`` for a value that cannot be used.
    """
    readers: dict[str, ReadsEvents] = {}
    lacking: list[str] = []
    for channel in channels:
        try:
            reader = registry.event_reader(channel, env_file=env_file)
        except ChannelNotConfigured as error:
            lacking.append(f"Events of {channel} are not accepted. {error.what}")
            continue
        if reader is not None:
            readers[channel] = reader
    return Readers(readers, tuple(lacking))


class EventIntake:
    """The only way for events into the ledger; one per process."""

    def __init__(self, database: Database, readers: Mapping[str, ReadsEvents]) -> None:
        self._readers = readers
        self._queue = EventQueue(database)

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels whose events are accepted."""
        return tuple(self._readers)

    async def take(self, channel: str, body: bytes, headers: Mapping[str, str]) -> EventsTaken:
        """Enter the events of one delivery, and return once they are committed.

        Raises ``EventsNotGenuine`` or ``EventsUnreadable`` if it is not to be trusted, and
        ``NotEntered`` if it has to be delivered again. Repeats are harmless: events have ids.
        """
        events = self._readers[channel].read_events(body, headers)
        try:
            recorded = await self._queue.record(events)
        except StoreUnavailable as error:
            raise NotEntered(error.explanation.what) from error
        except Exception as error:  # noqa: BLE001 - its text would quote rows
            raise NotEntered(f"a mistake of ours ({type(error).__name__})") from None
        return EventsTaken(new=recorded.new, duplicate=recorded.duplicate)
