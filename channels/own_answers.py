"""What an account has answered, read once and then only what is new.

Before each reply we look whether there is one already. Reading the account's posts for each of a
thousand replies would cost a million posts, so what was read is kept: by the id that a post
answers. An answer that somebody deletes stays known for a while, and what is found is therefore
read again once that is some minutes ago.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta

from channels.contract import Refused
from channels.http import Clock
from channels.looking import SLACK, Page, Published
from domain.publication import Finding, Sighting

OVERLAP = timedelta(seconds=10)
"""How much is read twice, for posts that a list shows late."""

TRUSTED = timedelta(minutes=10)
"""How long something that was seen counts as being there."""

ReadBack = Callable[[datetime, str | None], Awaitable[Page]]
"""Asks for one page of the account's posts from a time on, by the cursor of the one before."""


class OwnAnswers:
    """The answers of one account, for as long as its channel is open.

    ``reach``: so many posts are the most that the platform lists, and what is older looks absent.
    """

    def __init__(
        self,
        read: ReadBack,
        *,
        provider: str,
        most_pages: int,
        clock: Clock,
        reach: int | None = None,
    ) -> None:
        self._read = read
        self._provider = provider
        self._most_pages = most_pages
        self._clock = clock
        self._reach = reach
        self._turn = asyncio.Lock()
        self._forget()

    async def find(
        self,
        to: Collection[str],
        since: datetime,
        *,
        doubtful: Callable[[str], bool] = lambda _: False,
    ) -> Sighting:
        """Say whether the account answered one of the ids ``to`` from ``since`` on.

        What answers an id of which ``doubtful`` is true may be meant for it: *cannot tell*. Raises
        what reading raises, apart from ``Refused``.
        """
        asked = asyncio.get_running_loop().time()
        since -= SLACK
        async with self._turn:
            try:
                # Whoever waited for a reading that began after they asked need not read again.
                if asked >= self._begun or not self._reaches(since):
                    await self._sweep(since)
                found = self._answer(to, since)
                if found is not None and self._clock() - found[1] > TRUSTED:
                    self._forget()
                    await self._sweep(since)
                    found = self._answer(to, since)
            except Refused as error:
                return Sighting(finding=Finding.CANNOT_TELL, why=str(error))
        if found is not None:
            return Sighting(finding=Finding.FOUND, receipt=found[0].receipt)
        if not self._whole or any(map(doubtful, self._seen)):
            return Sighting(
                finding=Finding.CANNOT_TELL,
                why=f"{self._provider}: a look did not get to see every post since then.",
            )
        why = f"{self._provider}: it is not among the account's posts."
        return Sighting(finding=Finding.ABSENT, why=why)

    def _forget(self) -> None:
        self._seen: dict[str, tuple[Published, datetime]] = {}
        self._begun = float("-inf")
        self._from: datetime | None = None
        self._until: datetime | None = None
        self._whole = False

    def _reaches(self, since: datetime) -> bool:
        return self._whole and self._from is not None and self._from <= since

    def _answer(self, to: Collection[str], since: datetime) -> tuple[Published, datetime] | None:
        known = [self._seen[one] for one in to if one in self._seen]
        return next((one for one in known if one[0].at is None or one[0].at >= since), None)

    async def _sweep(self, since: datetime) -> None:
        """Read what is not known back to ``since``; a list may lag, so the end is read twice."""
        begun, now = asyncio.get_running_loop().time(), self._clock()
        goes_on = self._reaches(since) and self._until is not None
        start = self._until - OVERLAP if goes_on and self._until is not None else since
        self._whole = await self._read_back(start, now)
        self._begun, self._until = begun, now
        if not goes_on:
            self._from = since

    async def _read_back(self, start: datetime, now: datetime) -> bool:
        """Keep what is shown from ``start`` on; whether that was all there is."""
        cursor, whole, seen = None, True, 0
        for _ in range(self._most_pages):
            page = await self._read(start, cursor)
            reached, seen = False, seen + len(page.posts)
            for post in page.posts:
                if post.at is not None and post.at < start:
                    reached = True
                elif post.answers:
                    self._seen[post.answers] = (post, now)
            whole = whole and (page.whole or reached)
            cursor = page.after
            if reached or cursor is None:
                cut_off = not reached and self._reach is not None and seen >= self._reach
                return whole and not cut_off
        return False
