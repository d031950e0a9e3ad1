"""Reads what people say to an account on X: posts that mention it, and replies to it.

Source: docs.x.com, x-api/posts/timelines and x-api/posts/search. What X forces on us:

- The list of mentions reaches back 800 posts. Asked for what is newer than a known post, it ends
  without a word where it reaches no further. So we ask for what begins a little *before* the known
  post: a chain that shows the known post, or an older one, has missed nothing. One that does not,
  as the very first, is continued with the recent search, which reaches back seven days; what is
  older is told as a gap.
- A post may be shown later than newer ones. That, too, is found in what is read twice.
- Ids grow with time and are compared as numbers. The time of a post is in its id.
- An edit is a post of its own, whose ``edit_history`` begins with the first version.
- Old and new names of fields: see ``channels.twitter.channel``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from channels.contract import BadCredentials, Refused
from channels.http import Clock, Effect, silence
from channels.listening import (
    PlaceLost,
    loose_json,
    readable,
)
from channels.twitter.posts import EPOCH, Post, User, each, time_of
from channels.twitter.refusals import PROVIDER
from domain.listening import Cursor, Gap, MentionPage, complete
from domain.mentions import Mention

SEARCHABLE = timedelta(days=7)
_MARGIN = timedelta(minutes=5)
"""X refuses a search that begins a moment too early; its clock and ours may differ."""

SETTLED = timedelta(hours=1)
"""How late a post may appear in X's lists before we would overlook it, where no known post is."""

OVERLAP = timedelta(minutes=1)
"""How much of what is known each chain reads again, for posts that X shows late."""

_LARGEST = 2**63 - 1
_USER_FIELDS = "name,username,public_metrics"
_FIELDS = {
    "tweet.fields": "author_id,conversation_id,created_at,edit_history_tweet_ids,entities,lang,"
    "note_tweet,referenced_tweets",
    "post.fields": "conversation_id,created_at,entities,lang,note_post",
}
_EXPANSIONS = {
    "tweet.fields": "author_id",
    # Here the newest description knows these as expansions alone.
    "post.fields": "author_id,edit_history_post_ids,referenced_posts",
}

Ask = Callable[[str, dict[str, str]], Awaitable[httpx.Response]]


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """The account that listens."""

    id: str
    handle: str


class Shown:
    """One answer of X with a list of posts."""

    def __init__(self, answer: httpx.Response) -> None:
        try:
            body = loose_json(answer.content)
            meta = body.get("meta") or {}
            items = body.get("data")
            if items is None and meta.get("result_count") == 0:
                items = []
            self.posts, self.unreadable = readable(items, Post)
        except (ValueError, AttributeError):
            raise silence(Effect.REPEATABLE, PROVIDER, "the answer could not be read") from None
        self.incomplete = bool(body.get("errors"))
        token = meta.get("next_token")
        self.next = token if isinstance(token, str) else ""
        includes = body.get("includes")
        users = includes.get("users") if isinstance(includes, dict) else None
        self.users = {one.id: one for one in each(users, User)}

    def oldest(self, before: int) -> int:
        return min([before, *(post.number for post in self.posts)])

    def newest(self, known: str) -> str:
        return str(max([int(known or 0), *(post.number for post in self.posts)]) or "")


@dataclass(frozen=True, slots=True)
class _Place:
    """The token of a cursor: in the list or the search, what was the oldest seen, X's own token."""

    search: bool = False
    oldest: int = _LARGEST
    token: str = ""

    @classmethod
    def read(cls, token: str) -> _Place:
        if not token:
            return cls()
        try:
            where, oldest, rest = token.split(" ", 2)
            return cls(where == "search", int(oldest), rest)
        except ValueError:
            raise PlaceLost("X: the place to go on from cannot be read.") from None

    def __str__(self) -> str:
        return f"{'search' if self.search else 'list'} {self.oldest} {self.token}"


class XMentions:
    """Reads the mentions of one account, page by page; ``channel`` is the channel's name."""

    def __init__(self, channel: str, ask: Ask, fields: str, site_url: str, clock: Clock) -> None:
        self._channel = channel
        self._ask = ask
        self._fields = fields
        self._site_url = site_url
        self._clock = clock

    async def page(self, cursor: Cursor, own: OwnAccount) -> MentionPage:
        """One page; raises like ``Listens.mentions``."""
        place = _Place.read(cursor.token)
        if place.search:
            return await self._search(cursor, place, own)
        return await self._list(cursor, place, own)

    async def _list(self, cursor: Cursor, place: _Place, own: OwnAccount) -> MentionPage:
        known = int(cursor.since or 0)
        query = {"max_results": "100", **self._shape()}
        if cursor.since:
            query["since_id"] = str(_overlapping(known))
        if place.token:
            query["pagination_token"] = place.token
        shown = await self._shown(f"/2/users/{own.id}/mentions", query, place)
        newest = shown.newest(cursor.newest or cursor.since)
        oldest = shown.oldest(place.oldest)
        if shown.next:
            after = cursor.next_page(str(_Place(False, oldest, shown.next)), newest)
        elif cursor.since and any(post.number <= known for post in shown.posts):
            after = complete(newest)
        else:
            # The known post is gone, or out of reach. The search sees all before this moment, and
            # the next chain need not ask for that post any more.
            newest = str(max(int(newest or 0), _id_at(self._clock() - SETTLED)))
            after = cursor.next_page(str(_Place(True, oldest)), newest)
        return self._page(shown, after, known, own)

    async def _search(self, cursor: Cursor, place: _Place, own: OwnAccount) -> MentionPage:
        known = int(cursor.since or 0)
        floor = self._clock() - SEARCHABLE + _MARGIN
        since = time_of(known)
        query = {
            "query": f"@{own.handle} -from:{own.handle}",
            "max_results": "100",
            **self._shape(),
        }
        if since > floor:
            query["since_id"] = str(_overlapping(known))
        else:
            query["start_time"] = floor.strftime("%Y-%m-%dT%H:%M:%SZ")
        if place.oldest < _LARGEST:
            query["until_id"] = str(place.oldest)
        if place.token:
            query["next_token"] = place.token
        try:
            shown = await self._shown("/2/tweets/search/recent", query, place)
        except (BadCredentials, PlaceLost):
            raise
        except Refused:
            # The account may list its mentions and not search: what the list does not show is lost.
            until = self._clock() if place.oldest == _LARGEST else time_of(place.oldest)
            return MentionPage(cursor=complete(cursor.newest), gap=_gap(cursor, since, until))
        newest = shown.newest(cursor.newest or cursor.since)
        oldest = shown.oldest(place.oldest)
        if shown.next:
            after = cursor.next_page(str(_Place(True, oldest, shown.next)), newest)
            return self._page(shown, after, known, own)
        return self._page(shown, complete(newest), known, own, _gap(cursor, since, floor))

    async def _shown(self, path: str, query: dict[str, str], place: _Place) -> Shown:
        try:
            return Shown(await self._ask(path, query))
        except BadCredentials:
            raise
        except Refused as error:
            if not place.token:
                raise
            raise PlaceLost("X: it no longer knows the page to go on from.") from error

    def _shape(self) -> dict[str, str]:
        return {
            self._fields: _FIELDS[self._fields],
            "expansions": _EXPANSIONS[self._fields],
            "user.fields": _USER_FIELDS,
        }

    def _page(
        self, shown: Shown, after: Cursor, known: int, own: OwnAccount, gap: Gap | None = None
    ) -> MentionPage:
        begin = _overlapping(known)
        new = [post for post in shown.posts if post.number > begin and post.author_id != own.id]
        return MentionPage(
            mentions=self._read(new, shown), cursor=after, gap=gap, unreadable=shown.unreadable
        )

    def _read(self, posts: Sequence[Post], shown: Shown) -> tuple[Mention, ...]:
        return tuple(
            post.mention(self._channel, self._site_url, shown.users.get(post.author_id))
            for post in posts
        )


def _overlapping(known: int) -> int:
    """The id a little before a known one: lists lag, and what came between may be shown late."""
    return max(0, known - (int(OVERLAP / timedelta(milliseconds=1)) << 22))


def _id_at(at: datetime) -> int:
    return int((at - EPOCH) / timedelta(milliseconds=1)) << 22


def _gap(cursor: Cursor, since: datetime, until: datetime) -> Gap | None:
    """What is not shown any more; before the very first reading nothing was to be heard."""
    return Gap(since=since, until=until) if cursor.since and since < until else None
