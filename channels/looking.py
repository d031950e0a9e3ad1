"""Looks for an earlier attempt of ours among what an account has published.

Every post channel reads its account back page by page, newest first, and reaches one of the same
three answers by the same rules. The adapter knows how to get a page, and what the platform did to
our words.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.contract import Refused
from channels.wording import bears_the_mark, says_the_same
from domain.message import Copy
from domain.publication import Finding, Receipt, Sighting

SLACK = timedelta(seconds=60)
"""How far a provider's clock may lag behind ours before we would overlook a post of ours."""


@dataclass(frozen=True, slots=True)
class Published:
    """One post as the platform shows it.

    ``readings`` are what its words may have been before the platform changed them. ``at`` is when
    it was published, or None where that is unknown or the platform was asked for newer ones only.
    ``answers`` is the id of what it replies to, if anything.
    """

    readings: Sequence[str]
    receipt: Receipt
    at: datetime | None = None
    answers: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some posts, the newest first.

    ``after`` is the cursor of the next page, None if this is the last one that can be asked for.
    ``whole`` is false if something that belongs here was not shown.
    """

    posts: Sequence[Published]
    after: str | None = None
    whole: bool = True


Read = Callable[[str | None], Awaitable[Page]]
"""Asks for one page, by the cursor of the one before."""


async def look_back(
    read: Read, copy: Copy, since: datetime, *, provider: str, most_pages: int
) -> Sighting:
    """Say whether ``copy`` is among the posts from ``since`` on; ``read`` asks for one page.

    *Absent* is said only after everything was read back to ``since`` without a gap. What ``read``
    raises goes through, apart from ``Refused``: without read access the answer is *cannot tell*.
    """

    def is_it(post: Published) -> bool:
        return any(says_the_same(words, copy) for words in post.readings)

    def may_be(post: Published) -> bool:
        return any(bears_the_mark(words, copy) for words in post.readings)

    return await _look(_Search(read, is_it, may_be, since - SLACK, most_pages), provider)


async def look_for_reply(
    read: Read, to: Collection[str], since: datetime, *, provider: str, most_pages: int
) -> Sighting:
    """Say whether one of the account's posts from ``since`` on answers one of the ids ``to``.

    Words decide nothing: the same words may have gone to many. All else is as in ``look_back``.
    """

    def is_it(post: Published) -> bool:
        return post.answers in to

    return await _look(_Search(read, is_it, lambda _: False, since - SLACK, most_pages), provider)


@dataclass(frozen=True, slots=True)
class _Search:
    """What is looked for: a post that certainly is it, or the oldest that may be."""

    read: Read
    is_it: Callable[[Published], bool]
    may_be: Callable[[Published], bool]
    since: datetime
    most_pages: int

    async def run(self) -> tuple[Published | None, bool]:
        """Our post, if any, and whether everything back to ``since`` was seen."""
        marked: Published | None = None
        cursor: str | None = None
        whole = True
        for _ in range(self.most_pages):
            page = await self.read(cursor)
            reached = False
            for post in page.posts:
                if post.at is not None and post.at < self.since:
                    reached = True
                elif self.is_it(post):
                    return post, True
                elif self.may_be(post):
                    # The oldest post with the mark is the post itself; later ones may quote it.
                    marked = post
            whole = whole and (page.whole or reached)
            cursor = page.after
            if reached or cursor is None:
                return marked, whole
        return marked, False


async def _look(search: _Search, provider: str) -> Sighting:
    try:
        found, whole = await search.run()
    except Refused as error:
        return Sighting(finding=Finding.CANNOT_TELL, why=str(error))
    if found is not None:
        return Sighting(finding=Finding.FOUND, receipt=found.receipt)
    if not whole:
        return Sighting(
            finding=Finding.CANNOT_TELL,
            why=f"{provider}: a look did not get to see every post since then.",
        )
    return Sighting(finding=Finding.ABSENT, why=f"{provider}: it is not among the account's posts.")
