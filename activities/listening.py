"""Reads what people say, page by page, and enters each page with the place after it.

What the provider answers is never a failure of the activity: it is in the source's row, where
people see it, and says when the next reading is due.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from activities.backoff import growing, wait_for
from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.heartbeat import beating
from activities.signatures.listening import READ_MENTIONS, Heard, ReadMentions
from channels.contract import (
    BadCredentials,
    ChannelError,
    CredentialsExpire,
    Throttled,
    Unreachable,
)
from channels.listening import Listens, PlaceLost, ReadsPrivateMessages
from domain.explanation import Explanation, explained
from domain.listening import (
    MentionPage,
    SourceProblem,
    complete,
    seconds_between,
    source_name,
)
from store.desk import sources
from store.desk.clustering import Clustering
from store.desk.sources import Lane, Source
from store.kernel.database import Database

SELDOM = timedelta(minutes=15)
"""How long nothing is asked of a provider that refuses us, until a person has done something."""

_MOST_CLUSTERED = 20_000
"""Mentions that are put into clusters after one reading: seconds, if an old ledger has many."""
EXPIRY_EVERY = timedelta(hours=1)
"""How often a platform is asked when our credentials end."""

_UNANSWERED = (timedelta(seconds=15), timedelta(minutes=5))
_log = logging.getLogger("frontfoot.listening")


class _OurMistake(Exception):
    """An adapter failed in a way that no contract knows."""


class ListeningActivities:
    """Reads ``channels``, each again after ``every``, and the messages of ``private`` ones.

    ``clock`` tells the time.
    """

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Listens],
        every: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        private: Mapping[str, ReadsPrivateMessages] | None = None,
    ) -> None:
        self._database = database
        self._channels = channels
        self._private = private or {}
        self._every = every
        self._now = clock
        self._clustering = Clustering(database)
        self._expiry_asked = dict[str, datetime]()

    def all(self) -> list[Bound]:
        """Every activity here, for a worker."""
        return [self.read_mentions]

    @defined(READ_MENTIONS)
    async def read_mentions(self, order: ReadMentions) -> Heard:
        """Read one page and enter it: the newest if it is time, else one of an older chain.

        Again it reads the page again, whose mentions are known then.
        """
        with failing_in_words(self._now()):
            async with beating():
                heard = await self._read(order)
                await self._put_into_clusters()
                return heard

    async def _read(self, order: ReadMentions) -> Heard:
        name = source_name(order.channel, private=order.private)
        seconds = seconds_between(name, int(self._every.total_seconds()))
        source = await sources.register(self._database, name, seconds, self._now())
        wait = self._held_back(source, asked=order.asked)
        if wait > timedelta():
            return Heard(again_in=wait.total_seconds())
        lane = await self._lane(source, asked=order.asked)
        try:
            page = await self._page(order, lane)
        except (ChannelError, _OurMistake) as error:
            return await self._failed(source, lane, error)
        if not order.private:
            # The credentials of both are the same.
            await self._note_expiry(order.channel)
        entered = await sources.enter_page(self._database, name, lane, page, self._now())
        more = page.more or await sources.newest_chain(self._database, name)
        return Heard(again_in=0.0 if more else float(source.every), new=entered.new)

    async def _put_into_clusters(self) -> None:
        """Put into clusters what came since, also by webhook.

        The page is entered by now, so a failure here keeps nothing from being heard. What is left
        waits for the next reading: to read sooner would cost what the provider charges for it.
        """
        try:
            await self._clustering.catch_up(self._now(), _MOST_CLUSTERED)
        except Exception as error:  # noqa: BLE001 - its text may hold what people said
            _log.error("mentions could not be put into clusters: %s", type(error).__name__)

    async def _note_expiry(self, channel: str) -> None:
        """Keep when the credentials end, where the platform tells; asked seldom."""
        adapter, asked = self._channels[channel], self._expiry_asked.get(channel)
        if not isinstance(adapter, CredentialsExpire):
            return
        if asked is not None and self._now() - asked < EXPIRY_EVERY:
            return
        self._expiry_asked[channel] = self._now()
        try:
            expires_at = await adapter.credentials_expire_at()
        except Exception as error:  # noqa: BLE001 - its text may hold anything, and it is heard
            _log.warning(
                "%s did not tell when its credentials end: %s", channel, type(error).__name__
            )
            return
        await sources.enter_expiry(self._database, channel, expires_at)

    async def _page(self, order: ReadMentions, lane: Lane) -> MentionPage:
        channel = order.channel
        try:
            if order.private:
                return await self._private[channel].private_messages(lane.cursor)
            return await self._channels[channel].mentions(lane.cursor)
        except ChannelError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are listened to
            # Its text may hold anything.
            _log.error("%s could not be listened to: %s", channel, type(error).__name__)
            raise _OurMistake from None

    def _held_back(self, source: Source, *, asked: bool) -> timedelta:
        """How long the source must still wait; a person may have put right why it was refused."""
        fixed = asked and source.problem is not SourceProblem.THROTTLED
        if source.again_at is None or fixed:
            return timedelta()
        return source.again_at - self._now()

    async def _lane(self, source: Source, *, asked: bool) -> Lane:
        """The newest mentions first; between two readings of those, what is still missing."""
        newest, every = Lane(cursor=complete(source.newest)), timedelta(seconds=source.every)
        if asked or source.asked_at is None or self._now() - source.asked_at >= every:
            return newest
        return await sources.newest_chain(self._database, source.channel) or newest

    async def _failed(self, source: Source, lane: Lane, error: Exception) -> Heard:
        now = self._now()
        problem, why = _meaning(error)
        wait = SELDOM
        if isinstance(error, Throttled):
            wait = wait_for(error, 1, now)
        elif isinstance(error, PlaceLost):
            await sources.begin_again(self._database, lane)
            wait = timedelta(seconds=source.every)
        elif problem is SourceProblem.UNREACHABLE:
            wait = growing(source.misses + 1, _UNANSWERED)
        await sources.enter_failure(self._database, source.channel, problem, why, now + wait, now)
        return Heard(again_in=wait.total_seconds())


def _meaning(error: Exception) -> tuple[SourceProblem, Explanation]:
    if not isinstance(error, ChannelError):
        ours = explained(
            "What the provider shows could not be read, because of a fault of ours.",
            "Look into the worker's log.",
        )
        return SourceProblem.REFUSED, ours
    if isinstance(error, Throttled):
        return SourceProblem.THROTTLED, error.explanation
    if isinstance(error, Unreachable):
        return SourceProblem.UNREACHABLE, error.explanation
    if isinstance(error, BadCredentials):
        return SourceProblem.CREDENTIALS, error.explanation
    return SourceProblem.REFUSED, error.explanation
