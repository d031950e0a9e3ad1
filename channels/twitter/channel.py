"""Posts to X (Twitter) with version 2 of its API, as one account, by OAuth 1.0a.

Last verified against the live API: never yet. Written from docs.x.com and its OpenAPI description
(2.165 and 2.167, 2026), and tested against those and the sandbox.

What X forces on us:

- There is no idempotency key. A post carries its mark in its own words, and ``find`` reads the
  account's timeline back, after undoing the t.co links that X puts in place of ours.
- "Duplicate content" (403) is evidence that an earlier attempt worked: look, do not give up.
- OAuth 1.0a tokens do not expire. OAuth 2 refresh tokens can be used once, and using one twice
  revokes them all: so they are not for a service that must publish on its worst day.
- The parameter that chooses fields is called ``tweet.fields`` in prose and ``post.fields`` in the
  newest description, and it is not documented whether both work: ``FRONTFOOT_TWITTER_FIELDS``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import httpx

from channels.adapter import SANDBOX, Adapter
from channels.contract import (
    CannotExpress,
    Capabilities,
    ChannelError,
    ChannelKind,
    Health,
    Publication,
    Refused,
    Template,
)
from channels.http import Clock, Effect, body_of, utc_now
from channels.looking import SLACK, Page, Published, look_back
from channels.replying import (
    cannot_answer_private,
    refuse_length,
    refuse_private,
    words_of_reply,
)
from channels.twitter.account import XAccount
from channels.twitter.listening import XMentions
from channels.twitter.own_posts import Deletion, OwnPost, Posted, Timeline
from channels.twitter.private import MESSAGES, PrivateMessages, may_not_read
from channels.twitter.refusals import PROVIDER, lacks_permission, own_words
from channels.twitter.replying import (
    NotSeen,
    OwnReplies,
    answered,
    meaning_for_reply,
    terms_of,
    why_not_seen,
)
from channels.twitter.settings import TwitterSettings
from channels.twitter.webhook import MENTIONS
from channels.twitter.weighted import LIMIT, weighted_length
from channels.wording import copy_of_post, words_of_post
from domain.listening import Cursor, MentionPage
from domain.mentions import Mention
from domain.message import Copy
from domain.public_text import OWN_MACHINE
from domain.publication import Receipt, Sighting

MOST_PAGES = 10
"""The most pages of a hundred posts that one look reads; our accounts post far less."""


class _Gone(Refused):
    """What was to be deleted does not exist."""


class TwitterChannel:
    """Public posts of one account on X."""

    name = "twitter"

    def __init__(
        self,
        settings: TwitterSettings,
        *,
        client: httpx.AsyncClient | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._account = XAccount(settings, client, own=self._own, clock=clock)
        self.capabilities = Capabilities(
            kind=ChannelKind.POST,
            max_length=LIMIT,
            length_unit="weighted characters",
            listens=True,
            replies=terms_of(settings.limits),
        )
        self._replies = OwnReplies(
            self._account.read,
            settings.fields,
            self._receipt_of,
            clock,
        )
        self._mentions = XMentions(
            self.name,
            self._account.read,
            settings.fields,
            settings.site_url,
            clock,
        )
        self._private = PrivateMessages(
            self.name,
            self._account.read,
            settings.fields,
            settings.site_url,
            clock,
        )

    def render(self, template: Template) -> Copy:
        """Return the post, sign-off, mark and link in its text. Raises ``CannotExpress``."""
        text = words_of_post(template, self.name, with_link=True)
        length = self.length_of(text)
        if length > LIMIT:
            raise CannotExpress(
                f"twitter: the post is {length - LIMIT} too long: {length} of {LIMIT} weighted "
                "characters, mark and link included.",
                "Shorten it in its template; a link counts 23, an emoji or a CJK letter 2.",
            )
        return copy_of_post(template, self.name, text)

    def length_of(self, text: str) -> int:
        """Its weighted length."""
        return weighted_length(self._as_public(text))

    def _as_public(self, text: str) -> str:
        """The text as X would weigh it.

        While a sandbox on this machine stands in for X, the status page is here too, and an
        address that is no link to X stands in for one that is.
        """
        here = re.match(OWN_MACHINE, self._settings.base_url + "/")
        return re.sub(OWN_MACHINE + r"(?::\d+)?", "https://example.com", text) if here else text

    async def publish(self, publication: Publication) -> Receipt:
        """Post once."""
        response = await self._account.post({"text": publication.copy.text})
        return self._receipt(body_of(response, Posted, Effect.PUBLISHES, PROVIDER).data)

    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        """Look for ``copy`` among the account's posts from ``since`` on.

        The timeline may lag, so one absence proves little.
        """
        begun = (since - SLACK).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

        async def read(after: str | None) -> Page:
            return await self._page(begun, after)

        return await look_back(read, copy, since, provider=PROVIDER, most_pages=MOST_PAGES)

    async def retract(self, receipt: Receipt) -> None:
        """Delete the post; one that is gone already counts as taken back."""
        try:
            answer = await self._account.delete(f"/2/tweets/{receipt.id}")
        except _Gone:
            return
        if not body_of(answer, Deletion, Effect.REPEATABLE, PROVIDER).data.deleted:
            raise Refused("X: it did not delete the post.", "Delete it by hand on x.com.")

    async def mentions(self, cursor: Cursor) -> MentionPage:
        """Read one page of what people say to the account; see ``channels.twitter.listening``."""
        return await self._mentions.page(cursor, await self._account.listening())

    async def private_messages(self, cursor: Cursor) -> MentionPage:
        """Read one page of what is said to the account alone; see ``channels.twitter.private``."""
        return await self._private.page(cursor, await self._account.listening())

    def render_reply(self, text: str, to: Mention) -> Copy:
        """Return the words; X itself puts the author's name in front. Raises ``CannotExpress``."""
        cannot_answer_private(to)
        words = words_of_reply(text, self.name)
        refuse_length(self.name, self.length_of(words), LIMIT, self.capabilities.length_unit)
        return Copy(channel=self.name, text=words)

    async def reply(self, publication: Publication, to: Mention) -> Receipt:
        """Answer once. Raises like ``publish``, and ``MentionGone`` and ``NotAllowed``."""
        refuse_private(to)
        body = {
            "text": publication.copy.text,
            "reply": {"in_reply_to_tweet_id": answered(to)},
        }
        try:
            response = await self._account.post(
                body, own=lambda answer: meaning_for_reply(answer, self._clock())
            )
        except NotSeen:
            raise await why_not_seen(to, self._account.read) from None
        return self._receipt(body_of(response, Posted, Effect.PUBLISHES, PROVIDER).data)

    async def find_reply(self, to: Mention, since: datetime) -> Sighting:
        """Look for an answer to ``to`` among the account's posts from ``since`` on."""
        return await self._replies.find(to, await self._account.number(), since)

    async def glance(self, to: Mention, since: datetime) -> Sighting:
        """Look for an answer to ``to`` among the posts that were read lately, and newer ones."""
        return await self._replies.glance(to, await self._account.number(), since)

    async def check(self) -> Health:
        """Say whether the keys work, and for which account."""
        return await self._account.check()

    async def close(self) -> None:
        """Close connections."""
        await self._account.close()

    async def _page(self, begun: str, after: str | None) -> Page:
        query = {
            "max_results": "100",
            "start_time": begun,
            self._settings.fields: "created_at,entities",
        }
        if after is not None:
            query["pagination_token"] = after
        answer = await self._account.read(f"/2/users/{await self._account.number()}/tweets", query)
        shown = body_of(answer, Timeline, Effect.REPEATABLE, PROVIDER)
        return Page(
            [Published(post.readings(), self._receipt(post)) for post in shown.posts()],
            after=shown.meta.next_token,
            whole=not shown.errors,
        )

    def _receipt(self, post: OwnPost) -> Receipt:
        return self._receipt_of(post.id, post.created_at or self._clock())

    def _receipt_of(self, number: str, at: datetime) -> Receipt:
        url = f"{self._settings.site_url}/{self._settings.handle or 'i'}/status/{number}"
        return Receipt(id=number, url=url, at=at)

    def _own(self, answer: httpx.Response) -> ChannelError | None:
        if answer.request.url.path == MESSAGES and lacks_permission(answer):
            return may_not_read()
        if answer.request.method == "DELETE" and answer.status_code == 404:
            return _Gone("X: there is no such post.")
        return own_words(answer, self._clock())


ADAPTER = Adapter(
    TwitterSettings,
    TwitterChannel,
    mentions=MENTIONS,
    sandbox={
        "consumer_key": "sandbox-consumer-key",
        "consumer_secret": "sandbox-consumer-secret",
        "token": "sandbox-token",
        "token_secret": "sandbox-token-secret",
        "user_id": "7000000001",
        "handle": "acme",
        "base_url": SANDBOX,
        "site_url": SANDBOX,
    },
)
