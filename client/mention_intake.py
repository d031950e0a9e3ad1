"""Receives what providers tell of mentions by webhook: verified, read, and entered in the ledger.

Each reader needs no credential that could send. What comes here is also read by the channel later
on; whoever is first enters it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from channels import registry
from channels.configured import ChannelMisconfigured, ChannelNotConfigured
from channels.listening import (
    ArrivingMentions,
    ChallengeAnswer,
    ReadsMentions,
    ReadsOnArrival,
)
from client.errors import NotEntered
from domain.mentions import Gone, Mention, MentionKind
from domain.model import Value
from store.desk import entering
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable

MentionDelivery: TypeAlias = ArrivingMentions
"""One delivery whose body is still coming in."""


class MentionsTaken(Value):
    """The result of one delivery: new mentions, new versions, and mentions that were deleted."""

    new: int = 0
    changed: int = 0
    deleted: int = 0


def build_mention_readers(
    channels: Iterable[str], *, env_file: str | None = ".env"
) -> tuple[Mapping[str, ReadsMentions], Mapping[str, ChannelMisconfigured]]:
    """A reader for each channel with what verifies its webhook, and what is wrong with others.

    A channel of which nothing is set is in neither: it is read without a webhook.
    """
    readers: dict[str, ReadsMentions] = {}
    wrong: dict[str, ChannelMisconfigured] = {}
    for channel in channels:
        try:
            reader = registry.mention_reader(channel, env_file=env_file)
        except ChannelNotConfigured:
            continue
        except ChannelMisconfigured as error:
            wrong[channel] = error
            continue
        if reader is not None:
            readers[channel] = reader
    return readers, wrong


class MentionIntake:
    """The way of webhooks about mentions into the ledger; one per process.

    ``private``: the channels whose private messages are wanted. Those of others are not kept.
    """

    def __init__(
        self,
        database: Database,
        readers: Mapping[str, ReadsMentions],
        *,
        private: Collection[str] = (),
    ) -> None:
        self._database = database
        self._readers = readers
        self._private = frozenset(private)

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels whose webhooks are accepted."""
        return tuple(self._readers)

    def answer(self, channel: str, query: Mapping[str, str]) -> ChallengeAnswer | None:
        """The answer to a provider's question; raises like ``ReadsMentions.answer_challenge``."""
        return self._readers[channel].answer_challenge(query)

    def largest(self, channel: str) -> int | None:
        """Bytes of the largest delivery that is read as it comes; None if none is."""
        reader = self._readers[channel]
        return reader.largest if isinstance(reader, ReadsOnArrival) else None

    def expect(self, channel: str, headers: Mapping[str, str]) -> MentionDelivery:
        """Begin with a delivery; raises ``EventsNotGenuine`` if it cannot be right."""
        reader = self._readers[channel]
        if isinstance(reader, ReadsOnArrival):
            return reader.expect_mentions(headers)
        return _Whole(reader, headers)

    async def take(self, channel: str, arrived: MentionDelivery) -> MentionsTaken:
        """Enter what one delivery tells; returns once that is committed. Repeats are harmless.

        Raises ``EventsNotGenuine`` or ``EventsUnreadable`` if the delivery is not to be trusted,
        and ``NotEntered`` if it has to be delivered again.
        """
        arrived.verify()
        told = arrived.read()
        # The reader of a provider may serve several of our channels.
        named = [one.model_copy(update={"channel": channel}) for one in told]
        at = datetime.now(UTC)
        try:
            said = [one for one in named if isinstance(one, Mention) and self._wants(one)]
            entered = await entering.enter(self._database, said, at)
            gone = [one for one in named if isinstance(one, Gone)]
            deleted = await entering.close_deleted(self._database, gone, at)
        except StoreUnavailable as error:
            raise NotEntered(error.explanation.what) from error
        except Exception as error:  # noqa: BLE001 - its text would quote rows
            raise NotEntered(f"a mistake of ours ({type(error).__name__})") from None
        return MentionsTaken(new=entered.new, changed=entered.changed, deleted=deleted)

    def _wants(self, said: Mention) -> bool:
        return said.kind is not MentionKind.DIRECT or said.channel in self._private


class _Whole:
    """A delivery of a reader that wants the whole body."""

    def __init__(self, reader: ReadsMentions, headers: Mapping[str, str]) -> None:
        self._reader = reader
        self._headers = headers
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def verify(self) -> None:
        """Nothing: whoever reads it verifies it first."""

    def read(self) -> Sequence[Mention | Gone]:
        return self._reader.read_mentions(b"".join(self._pieces), self._headers)
