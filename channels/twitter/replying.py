"""Answers on X: what they cost, who may be answered, and looking for one among our own posts.

Sources: docs.x.com, x-api/fundamentals/rate-limits, x-api/posts/manage-tweets and
x-api/getting-started/pricing; the sentences of refusals as users report them. What X forces on us:

- Since February 2026 an app may answer only those who mentioned or quoted its account. All others
  are a 403, which only its sentence tells from other prohibitions: a person has to decide.
- A post that is deleted and one that its author hides from us are refused alike. A look at the post
  tells them apart, where X lets us.
- An edited post has another id for each version. We answer the newest, and recognise an answer to
  the first as well; one to a version in between may be meant for it.
- X puts the author's name in front of a reply by itself, and does not count it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import httpx
from pydantic import BaseModel, ValidationError

from channels.contract import ChannelError, Refused
from channels.http import Clock
from channels.looking import SLACK, Page, Published, look_for_reply
from channels.own_answers import OwnAnswers
from channels.replying import MentionGone, NotAllowed, read_limits
from channels.twitter.listening import Shown
from channels.twitter.posts import Post
from channels.twitter.refusals import PROVIDER, own_words
from domain.mentions import Mention
from domain.publication import Receipt, Sighting
from domain.replies import ReplyTerms

REACH = 2_500
"""So many of our posts back, a list that ends may have ended because X shows no more: it shows the
newest 3,200, those that were deleted included, and ends without a word."""

MOST_PAGES = 31
"""Pages of at most a hundred of our posts that a look reads."""

LIMITS = "100/900,300/10800,10000/86400"
"""Where two pages of X's documentation contradict each other, both limits are kept."""

_NUMBER = re.compile(r"[0-9]{1,19}")
_NOT_MENTIONED = ("not been mentioned or otherwise engaged", "restricted who can reply")
_BLOCKED = ("have been blocked", "blocked from performing", "has blocked you")
_HIDDEN = ("deleted or not visible", "not authorized to see", "protected")
_BLOCKED_CODES = frozenset({136})
_RESTRICTED_CODES = frozenset({433})
_HIDDEN_CODES = frozenset({179, 385})
_FIELDS = {
    "tweet.fields": {"tweet.fields": "created_at,in_reply_to_user_id,referenced_tweets"},
    "post.fields": {
        "post.fields": "created_at,in_reply_to_user_id",
        "expansions": "referenced_posts",
    },
}

Ask = Callable[[str, dict[str, str]], Awaitable[httpx.Response]]


class NotSeen(Refused):
    """The post is deleted or hidden from us; the refusal does not say which."""


class _Numbered(BaseModel):
    code: int | None = None
    type: str = ""


class _Problem(BaseModel):
    detail: str = ""
    type: str = ""
    errors: list[_Numbered] = []

    def says(self, words: tuple[str, ...], codes: frozenset[int]) -> bool:
        known = any(one in self.detail.lower() for one in words)
        return known or any(one.code in codes for one in self.errors)

    def missing(self) -> bool:
        """Whether it is about something that does not exist."""
        kinds = [self.type, *(one.type for one in self.errors)]
        return any(one.rstrip("/").endswith("/resource-not-found") for one in kinds)


class _Looked(_Problem):
    data: object = None


def terms_of(limits: str) -> ReplyTerms:
    """What an account may send and pays; ``limits`` are counts in seconds: ``100/900,…``."""
    return ReplyTerms(
        checked_on=date(2026, 11, 20),
        limits=read_limits(limits),
        price=Decimal("0.010"),
        price_with_link=Decimal("0.200"),
        same_words_refused=True,
        higher_plan="Enterprise accounts agree on limits of their own with X; all others have "
        "these.",
    )


def meaning_for_reply(answer: httpx.Response, now: datetime) -> ChannelError | None:
    """What an answer to a reply means; None where the plain reading is right."""
    problem = _problem(answer)
    if answer.status_code in (403, 404):
        if problem.says(_NOT_MENTIONED, _RESTRICTED_CODES):
            return NotAllowed(
                "X: it lets an app answer only those who have mentioned or quoted the account "
                "(403), and not this author.",
                "Answer by hand on x.com, or dismiss the mention and say why.",
            )
        if problem.says(_BLOCKED, _BLOCKED_CODES):
            return NotAllowed(
                "X: the author has blocked the account (403).",
                "Dismiss the mention and say so, or reach the author in another way.",
            )
        if problem.missing() or problem.says(_HIDDEN, _HIDDEN_CODES):
            return NotSeen("X: the post is deleted, or hidden from the account.")
    return own_words(answer, now)


def answered(to: Mention) -> str:
    """The id that an answer to ``to`` names: that of its newest version."""
    return to.version if _NUMBER.fullmatch(to.version) else to.id


async def why_not_seen(to: Mention, ask: Ask) -> Refused:
    """Whether a post is deleted or hidden, by a look at it."""
    hidden = NotAllowed(
        "X: it does not show this post to the account any more: it is protected, its author has "
        "blocked the account, or it is deleted.",
        "Look at it on x.com; answer there by hand, or dismiss the mention and say why.",
    )
    try:
        looked = _Looked.model_validate_json((await ask(f"/2/tweets/{answered(to)}", {})).content)
    except (ChannelError, ValidationError):
        return hidden
    if looked.data is not None or not looked.missing():
        return hidden
    return MentionGone("X: the post is not there any more; nothing went out.")


class OwnReplies:
    """Looks for an answer among the account's own posts."""

    def __init__(
        self, ask: Ask, fields: str, receipt: Callable[[str, datetime], Receipt], clock: Clock
    ) -> None:
        self._ask = ask
        self._fields = fields
        self._receipt = receipt
        self._clock = clock
        self._user_id = ""
        self._answers = OwnAnswers(
            self._page, provider=PROVIDER, most_pages=MOST_PAGES, reach=REACH, clock=clock
        )

    async def find(self, to: Mention, user_id: str, since: datetime) -> Sighting:
        """Whether one answers ``to``; the timeline may lag, so one absence proves little."""
        self._user_id = user_id
        seen, doubtful = 0, _between(to)

        async def read(after: str | None) -> Page:
            nonlocal seen
            page = await self._page(since - SLACK, after)
            seen += len(page.posts)
            cut_off = page.after is None and seen >= REACH
            unsure = any(doubtful(post.answers) for post in page.posts)
            return Page(page.posts, page.after, page.whole and not (unsure or cut_off))

        ids = {to.id, answered(to)}
        return await look_for_reply(read, ids, since, provider=PROVIDER, most_pages=MOST_PAGES)

    async def glance(self, to: Mention, user_id: str, since: datetime) -> Sighting:
        """The same by what was read lately, and what is new since then."""
        self._user_id = user_id
        return await self._answers.find({to.id, answered(to)}, since, doubtful=_between(to))

    async def _page(self, since: datetime, after: str | None) -> Page:
        query = {
            "max_results": "100",
            "start_time": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **_FIELDS[self._fields],
        }
        more = {"pagination_token": after} if after is not None else {}
        shown = Shown(await self._ask(f"/2/users/{self._user_id}/tweets", {**query, **more}))
        return Page(
            [self._published(post) for post in shown.posts],
            after=shown.next or None,
            whole=not (shown.unreadable or shown.incomplete),
        )

    def _published(self, post: Post) -> Published:
        at = post.created_at or self._clock()
        return Published((), self._receipt(post.id, at), answers=post.answers())


def _between(to: Mention) -> Callable[[str], bool]:
    """Whether a post of ours answers a version of ``to`` between the first and the newest."""
    versions = range(int(to.id) + 1, int(answered(to)))
    return lambda one: _number(one) in versions


def _number(text: str) -> int:
    return int(text) if _NUMBER.fullmatch(text) else -1


def _problem(answer: httpx.Response) -> _Problem:
    try:
        return _Problem.model_validate_json(answer.content)
    except ValidationError:
        return _Problem()
