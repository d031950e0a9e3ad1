"""Live regions: one look at an incident for all pages that show it, sent as whole parts.

Each event is the whole part, and the first after each connect is the present state, so a lost one
costs nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from datetime import timedelta
from weakref import WeakValueDictionary

from fastapi import Request
from sse_starlette import EventSourceResponse
from starlette.responses import Response

from client.engine import Engine
from client.errors import explanation_of
from client.incident_view import IncidentView, view
from client.status import Watcher
from client.timeline import Verified, verify_timeline
from surfaces.console.access import NotSignedIn, session, signed_in

LOOK_EVERY = timedelta(seconds=1)
CONFIRM_EVERY = timedelta(seconds=10)
"""How often a page is told that it is still true, and its session looked up again."""

VERIFIED_EVERY = timedelta(seconds=5)
"""How old what a page says of the record may be; the timeline's own page checks it each time."""

_KEPT = 50

_log = logging.getLogger("frontfoot.console")


class Feed:
    """The newest view of one incident, while anybody watches it."""

    def __init__(self, engine: Engine, slug: str) -> None:
        self._engine, self._slug = engine, slug
        self._watcher = Watcher(engine, slug)
        self._looking: asyncio.Task[None] | None = None
        self._readers = 0
        self._news = asyncio.Condition()
        self.newest: IncidentView | None = None
        self._rendered: dict[Hashable, str] = {}
        self._verifying: asyncio.Task[Verified] | None = None
        self._verified_at = 0.0

    def is_read(self) -> bool:
        """Whether somebody watches it."""
        return self._readers > 0

    async def look(self) -> IncidentView:
        """The incident now; raises as ``client.incident_view.view`` does."""
        seen = await view(self._watcher, self._engine, self._slug)
        self.show(seen)
        return seen

    def show(self, seen: IncidentView) -> None:
        """Let everybody see this from now on."""
        self.newest = seen
        self._rendered.clear()

    async def recent(self) -> IncidentView:
        """The newest view, if somebody watches it anyway; else as ``look``."""
        return self.newest if self.newest and self.is_read() else await self.look()

    def rendered(self, key: Hashable, render: Callable[[IncidentView], str]) -> str:
        """What ``render`` makes of the newest view, made once for all with the same ``key``."""
        assert self.newest is not None
        if key not in self._rendered:
            self._rendered[key] = render(self.newest)
        return self._rendered[key]

    async def verified(self) -> Verified:
        """Whether the record is whole, as of some seconds ago, checked once for all who ask.

        Raises as ``client.timeline.verify_timeline`` does. Whoever gives up leaves the check to the
        next one.
        """
        now, checking = asyncio.get_running_loop().time(), self._verifying
        old = now - self._verified_at > VERIFIED_EVERY.total_seconds()
        if checking is None or (checking.done() and (old or checking.exception() is not None)):
            checking = asyncio.create_task(verify_timeline(self._engine, self._slug))
            self._verifying, self._verified_at = checking, now
        return await asyncio.shield(checking)

    async def rest(self) -> None:
        """Wait for what nobody waits for any more, before the engine is closed."""
        if self._verifying is not None:
            await asyncio.gather(self._verifying, return_exceptions=True)
        await self._watcher.rest()

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Look again and again, for as long as somebody is in here."""
        self._readers += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_on())
        try:
            yield
        finally:
            self._readers -= 1
            if not self._readers and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def next(self) -> bool:
        """Wait for the next view; False if there never was one."""
        async with self._news:
            await self._news.wait()
        return self.newest is not None

    async def _look_on(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - the next look may succeed
                # The page shows by itself how old it is, and this goes on trying.
                if explanation_of(error) is None:
                    _log.exception("a live page could not be refreshed")
            async with self._news:
                self._news.notify_all()
            await asyncio.sleep(LOOK_EVERY.total_seconds())


class Feeds:
    """One feed for each incident that somebody looks at."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # A feed lives as long as any request has it, from before it is read. The last of them stay:
        # they know the rate since they last looked.
        self._feeds: WeakValueDictionary[str, Feed] = WeakValueDictionary()
        self._newest: deque[Feed] = deque(maxlen=_KEPT)

    async def rest(self) -> None:
        """Wait for what nobody waits for any more, before the engine is closed."""
        await asyncio.gather(*(one.rest() for one in self._feeds.values()))

    def of(self, slug: str) -> Feed:
        """The one feed of an incident."""
        feed = self._feeds.get(slug)
        if feed is None:
            feed = self._feeds[slug] = Feed(self._engine, slug)
            self._newest.append(feed)
        return feed


def feed_of(request: Request, slug: str) -> Feed:
    """The feed of an incident in this console."""
    feeds: Feeds = request.app.state.feeds
    return feeds.of(slug)


def streamed(
    request: Request, feed: Feed, key: Hashable, render: Callable[[IncidentView], str]
) -> Response:
    """A stream of what ``render`` makes of each view, for as long as its reader is signed in.

    All readers with the same ``key`` who are the same person with the same abilities see the same.
    """

    def rendered() -> str:
        return feed.rendered((key, session(request).person), render)

    async def parts() -> AsyncIterator[dict[str, str]]:
        async with feed.watched():
            await feed.recent()
            yield {"data": rendered()}
            async for _ in _while_signed_in(request):
                if await feed.next():
                    yield {"data": rendered()}

    return EventSourceResponse(parts(), ping=15)


def repeated(request: Request, render: Callable[[], Awaitable[str]], every: timedelta) -> Response:
    """A stream of what ``render`` returns, now and then."""

    async def parts() -> AsyncIterator[dict[str, str]]:
        async for _ in _while_signed_in(request):
            try:
                yield {"data": await render()}
            except Exception as error:
                if explanation_of(error) is None:
                    raise
            await asyncio.sleep(every.total_seconds())

    return EventSourceResponse(parts(), ping=15)


async def _while_signed_in(request: Request) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    checked = loop.time()
    while not await request.is_disconnected():
        if loop.time() - checked > CONFIRM_EVERY.total_seconds():
            try:
                await signed_in(request)
            except NotSignedIn:
                return
            except Exception as error:
                # Without the ledger nobody can tell; the next page will ask again.
                if explanation_of(error) is None:
                    raise
            checked = loop.time()
        yield
