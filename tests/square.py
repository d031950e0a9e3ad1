"""A channel that listens and whose people, pages and failures a test has in its hands."""

from __future__ import annotations

from datetime import UTC, datetime

from channels.listening import PlaceLost
from domain.listening import Cursor, MentionPage, complete
from domain.mentions import Mention

PAGE = 10


class Square:
    """A channel on which a test lets people speak; pages of ten, the newest first."""

    def __init__(self, name: str = "square") -> None:
        self.name = name
        self.said: list[Mention] = []
        self.asked: list[Cursor] = []
        self.fails: Exception | None = None
        self.forgets = False
        self.forwards = False

    def say(self, many: int) -> None:
        for _ in range(many):
            number = str(len(self.said) + 1)
            at = datetime.now(UTC)
            self.said.append(
                Mention(
                    channel=self.name,
                    id=number,
                    version=number,
                    text="why?",
                    written_at=at,
                    changed_at=at,
                )
            )

    async def mentions(self, cursor: Cursor) -> MentionPage:
        self.asked.append(cursor)
        if self.fails is not None:
            raise self.fails
        if self.forgets and cursor.token:
            raise PlaceLost("Square: it no longer knows the page.")
        since = int(cursor.since or 0)
        if self.forwards:
            page = self.said[since : since + PAGE]
            after = complete(str(since + len(page)))
            return MentionPage(mentions=tuple(page[::-1]), cursor=after, more=bool(page))
        end = int(cursor.token or len(self.said))
        begin = max(since, end - PAGE)
        newest = str(max(int(cursor.newest or 0), end))
        after = cursor.next_page(str(begin), newest) if begin > since else complete(newest)
        return MentionPage(mentions=tuple(self.said[begin:end][::-1]), cursor=after)
