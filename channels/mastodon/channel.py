"""Posts to a Mastodon server with its REST API, as one account.

Last verified against the live API: never yet. Written from the documentation of July 2026 and,
where it is silent, from Mastodon's own source; tested against a small server of ours in
tests/channels/.

What Mastodon offers and demands:

- It takes an ``Idempotency-Key``: for an hour, the same key from the same account is answered with
  the post that it made, and makes no second one. Ours is the same for every attempt at a
  publication, so a blind repeat would do no harm. We look first all the same: the hour may be over,
  and the source shows a gap between two requests with one key that arrive together.
- The key of a post that was deleted is still remembered, and answered 404.
- Rate limits: 300 requests in five minutes for an account, and 30 deletions in half an hour.
  ``X-RateLimit-Reset`` is a date in ISO 8601, not a number.
- Each server sets its own limits. ``check`` reads them and says so if they are not what is
  configured; ``render`` keeps to the configuration, because the same copy must not depend on
  the process that renders it.
- Other servers speak this API too (GoToSocial, Akkoma, ...); none of them was tried.

The token needs the scopes ``read:accounts``, ``read:statuses`` and ``write:statuses``, and
``read:notifications`` to listen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import httpx
from pydantic import AwareDatetime, BaseModel, Field, RootModel

from channels.adapter import SANDBOX, Adapter
from channels.contract import (
    CannotExpress,
    Capabilities,
    ChannelError,
    ChannelKind,
    Health,
    Publication,
    Template,
)
from channels.html_words import words_of
from channels.http import Clock, Effect, body_of, utc_now
from channels.looking import Page, Published, look_back, look_for_reply
from channels.mastodon.account import MastodonAccount
from channels.mastodon.listening import AccountMentions
from channels.mastodon.refusals import PROVIDER, NothingToPostTo, NotThere, own_words
from channels.mastodon.replying import MOST_PAGES as MOST_REPLY_PAGES
from channels.mastodon.replying import naming, terms_of, why_missing
from channels.mastodon.settings import MastodonSettings
from channels.mastodon.text import length_of
from channels.own_answers import OwnAnswers
from channels.replying import refuse_length, refuse_private, words_of_reply
from channels.wording import copy_of_post, words_of_post
from domain.listening import Cursor, MentionPage
from domain.mentions import Mention
from domain.message import Copy
from domain.publication import Receipt, Sighting

PAGE = 40
MOST_PAGES = 10


class _Post(BaseModel):
    # Mastodon's ids are numbers; other servers with this API have letters in them.
    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    url: str | None = None
    created_at: AwareDatetime | None = None
    content: str = ""
    in_reply_to_id: str | None = None


class _Timeline(RootModel[list[_Post]]):
    pass


class MastodonChannel:
    """Public posts of one account on one Mastodon server."""

    name = "mastodon"

    def __init__(
        self,
        settings: MastodonSettings,
        *,
        client: httpx.AsyncClient | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._account = MastodonAccount(settings, client, own=self._own, clock=clock)
        self._answers = OwnAnswers(
            lambda _, after: self._page(after),
            provider=PROVIDER,
            most_pages=MOST_REPLY_PAGES,
            clock=clock,
        )
        self.capabilities = Capabilities(
            kind=ChannelKind.POST,
            max_length=settings.max_characters,
            listens=True,
            replies=terms_of(settings.limits),
        )
        self._mentions = AccountMentions(self.name, self._account.read, clock)

    def render(self, template: Template) -> Copy:
        """Return the post, sign-off, mark and link in its text. Raises ``CannotExpress``."""
        text = words_of_post(template, self.name, with_link=True)
        limit, link = self._settings.max_characters, self._settings.link_characters
        length = length_of(text, link=link)
        if length > limit:
            raise CannotExpress(
                f"mastodon: the post is {length - limit} too long: {length} of {limit} "
                "characters, mark and link included.",
                f"Shorten it in its template; a link counts {link}.",
            )
        return copy_of_post(template, self.name, text)

    async def publish(self, publication: Publication) -> Receipt:
        """Post once; the same publication again, within the hour, is the same post."""
        return await self._post(publication)

    def render_reply(self, text: str, to: Mention) -> Copy:
        """Return the words with the author's name in front. Raises ``CannotExpress``."""
        words = naming(words_of_reply(text, self.name), to)
        length = length_of(words, link=self._settings.link_characters)
        refuse_length(self.name, length, self._settings.max_characters)
        return Copy(channel=self.name, text=words)

    async def reply(self, publication: Publication, to: Mention) -> Receipt:
        """Answer once. Raises like ``publish``, and ``MentionGone`` and ``NotAllowed``."""
        refuse_private(to)
        try:
            return await self._post(publication, to.id)
        except NothingToPostTo as error:
            raise await why_missing(
                error, lambda ours: self._account.look(to.id, ours=ours)
            ) from None

    async def find_reply(self, to: Mention, since: datetime) -> Sighting:
        """Look for an answer to ``to`` among the account's posts from ``since`` on."""
        return await look_for_reply(
            self._page, {to.id}, since, provider=PROVIDER, most_pages=MOST_REPLY_PAGES
        )

    async def glance(self, to: Mention, since: datetime) -> Sighting:
        """Look for an answer to ``to`` among the posts that were read lately, and newer ones."""
        return await self._answers.find({to.id}, since)

    async def reread(self, mentions: Sequence[Mention]) -> Sequence[Mention]:
        """Read these mentions again: Mastodon tells only those of an edit who boosted a post."""
        return await self._mentions.again([one.id for one in mentions])

    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        """Look for ``copy`` among the account's posts from ``since`` on."""
        return await look_back(self._page, copy, since, provider=PROVIDER, most_pages=MOST_PAGES)

    async def retract(self, receipt: Receipt) -> None:
        """Delete the post; one that is gone already counts as taken back.

        Other servers are asked to delete it too; whether they do is up to them.
        """
        try:
            await self._account.delete(f"/api/v1/statuses/{receipt.id}")
        except NotThere:
            return

    async def mentions(self, cursor: Cursor) -> MentionPage:
        """Read one page of what people say to the account; see ``channels.mastodon.listening``."""
        return await self._mentions.page(cursor, await self._account.number())

    async def check(self) -> Health:
        """Say whether the token works, for which account, and whether the limits are right."""
        return await self._account.check()

    async def close(self) -> None:
        """Close connections."""
        await self._account.close()

    async def _post(self, publication: Publication, to: str = "") -> Receipt:
        body = {"status": publication.copy.text, "visibility": self._settings.visibility}
        if to:
            body["in_reply_to_id"] = to
        response = await self._account.post(body, idempotency_key(publication, to))
        return self._receipt(body_of(response, _Post, Effect.PUBLISHES, PROVIDER))

    async def _page(self, after: str | None) -> Page:
        query = {"limit": str(PAGE), "exclude_reblogs": "true"}
        if after is not None:
            query["max_id"] = after
        path = f"/api/v1/accounts/{await self._account.number()}/statuses"
        answer = await self._account.read(path, query)
        posts = body_of(answer, _Timeline, Effect.REPEATABLE, PROVIDER).root
        return Page(
            [
                Published(
                    (words_of(post.content),),
                    self._receipt(post),
                    post.created_at,
                    answers=post.in_reply_to_id or "",
                )
                for post in posts
            ],
            after=posts[-1].id if posts else None,
        )

    def _receipt(self, post: _Post) -> Receipt:
        return Receipt(id=post.id, url=post.url, at=post.created_at or self._clock())

    def _own(self, answer: httpx.Response) -> ChannelError | None:
        return own_words(answer, self._clock())


def idempotency_key(publication: Publication, to: str = "") -> str:
    """The same for every attempt at one publication, and another for any other words.

    The publication's key ends in the number of the attempt, which is left out here. The words are
    part of it because a known key is answered with the old post, even if the words are new. Hashed,
    because our key is not for the server to know.
    """
    identity, _, attempt = publication.key.rpartition(".")
    if not identity or not attempt.isdigit():
        identity = publication.key
    parts = (identity, to, publication.copy.text) if to else (identity, publication.copy.text)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


ADAPTER = Adapter(
    MastodonSettings,
    MastodonChannel,
    sandbox={"base_url": SANDBOX, "token": "sandbox-mastodon-token"},
)
