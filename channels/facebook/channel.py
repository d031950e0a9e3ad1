"""Posts to a Facebook Page through the Graph API.

Last verified against the live API: never yet. Written from developers.facebook.com (v26.0, 2026),
and tested against recorded shapes of its answers and the sandbox.

What Facebook forces on us:

- There is no idempotency key. A post carries its mark in its own words, and ``find`` reads the
  Page's ``published_posts`` back; its ``feed`` is ranked and proves no absence.
- Codes 1 and 2 and HTTP 500 may mean *published*: never post again without looking.
- The Python package is old and blocking: ``channels.facebook.graph`` wraps it, and each call runs
  in a thread. A call that is cancelled goes on in its thread, so cancelled means unknown.
"""

from __future__ import annotations

from datetime import datetime

from requests.adapters import BaseAdapter

from channels.adapter import SANDBOX, Adapter
from channels.contract import (
    CannotExpress,
    Capabilities,
    ChannelKind,
    Health,
    Publication,
    Refused,
    Template,
)
from channels.facebook.account import PageAccount
from channels.facebook.graph import PROVIDER
from channels.facebook.listening import PageMentions
from channels.facebook.own_posts import Created, Done, Post, Posts, parsed
from channels.facebook.private import PageMessages
from channels.facebook.refusals import Gone
from channels.facebook.replying import TERMS, PageReplies, gone_or
from channels.facebook.settings import FacebookSettings
from channels.facebook.webhook import MENTIONS
from channels.http import Clock, Effect, utc_now
from channels.looking import Page, Published, look_back
from channels.replying import (
    cannot_answer_private,
    refuse_length,
    refuse_private,
    words_of_reply,
)
from channels.wording import copy_of_post, words_of_post
from domain.listening import Cursor, MentionPage
from domain.mentions import Mention
from domain.message import Copy
from domain.publication import Receipt, Sighting

LIMIT = 63_206
"""Characters; widely cited, on no page of Meta's own."""

MOST_PAGES = 20
PAGE_SIZE = 25


class FacebookChannel:
    """Public posts of one Page."""

    name = "facebook"
    capabilities = Capabilities(
        kind=ChannelKind.POST, max_length=LIMIT, listens=True, replies=TERMS
    )

    def __init__(
        self,
        settings: FacebookSettings,
        *,
        transport: BaseAdapter | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._account = PageAccount(settings, transport, clock)
        self._mentions = PageMentions(
            self.name, self._account.edge, settings.page_id, settings.site_url, clock
        )
        self._messages = PageMessages(
            self.name, self._account.edge, settings.page_id, settings.site_url, clock
        )
        self._replies = PageReplies(self._account.edge, settings.page_id, settings.site_url, clock)

    def render(self, template: Template) -> Copy:
        """Return the post with its sign-off and mark; the link goes beside the text, for a preview.

        Raises ``CannotExpress``.
        """
        text = words_of_post(template, self.name, with_link=False)
        if len(text) > LIMIT:
            raise CannotExpress(
                f"facebook: the post has {len(text):,} characters; at most {LIMIT:,} are allowed.",
                "Shorten it in its template.",
            )
        return copy_of_post(template, self.name, text)

    async def publish(self, publication: Publication) -> Receipt:
        """Post once to the Page's feed."""
        # Built again for each call: the package writes the token into it.
        fields = {"message": publication.copy.text}
        if publication.copy.link:
            fields["link"] = publication.copy.link
        body, _ = await self._account.call(
            Effect.PUBLISHES,
            lambda graph: graph.put_object(self._settings.page_id, "feed", **fields),
        )
        created = parsed(body, Created, Effect.PUBLISHES)
        return Receipt(id=created.id, url=self._url(created.id), at=self._clock())

    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        """Look for ``copy`` among the Page's published posts from ``since`` on."""
        return await look_back(
            self._published, copy, since, provider=PROVIDER, most_pages=MOST_PAGES
        )

    async def retract(self, receipt: Receipt) -> None:
        """Delete the post; one that is gone already counts as taken back."""
        try:
            body, _ = await self._account.call(
                Effect.REPEATABLE, lambda graph: graph.delete_object(receipt.id)
            )
        except Gone:
            return
        if not parsed(body, Done, Effect.REPEATABLE).success:
            raise Refused("Facebook: it did not delete the post.", "Delete it by hand on the Page.")

    async def mentions(self, cursor: Cursor) -> MentionPage:
        """Read one page of what people say to the Page; see ``channels.facebook.listening``."""
        return await self._mentions.page(cursor)

    async def private_messages(self, cursor: Cursor) -> MentionPage:
        """Read one page of what is said to the Page alone; see ``channels.facebook.private``."""
        return await self._messages.page(cursor)

    def render_reply(self, text: str, to: Mention) -> Copy:
        """Return the words of a comment. Raises ``CannotExpress``."""
        cannot_answer_private(to)
        words = words_of_reply(text, self.name)
        refuse_length(self.name, len(words), LIMIT)
        return Copy(channel=self.name, text=words)

    async def reply(self, publication: Publication, to: Mention) -> Receipt:
        """Comment once under ``to``. Raises like ``publish``, and ``MentionGone``."""
        refuse_private(to)
        words = publication.copy.text
        try:
            body, _ = await self._account.call(
                Effect.PUBLISHES, lambda graph: graph.put_object(to.id, "comments", message=words)
            )
        except Gone as error:
            raise await gone_or(error, to, self._account.exists) from None
        created = parsed(body, Created, Effect.PUBLISHES)
        return Receipt(id=created.id, url=self._url(created.id), at=self._clock())

    async def find_reply(self, to: Mention, since: datetime) -> Sighting:
        """Look for a comment of the Page under ``to``, written from ``since`` on."""
        return await self._replies.find(to, since)

    async def check(self) -> Health:
        """Say whether the token works, and for which Page."""
        return await self._account.check()

    async def close(self) -> None:
        """Nothing to close: each call closes its own session."""

    async def _published(self, after: str | None) -> Page:
        query = {"fields": "id,message,created_time,permalink_url", "limit": str(PAGE_SIZE)}
        if after is not None:
            query["after"] = after
        body, _ = await self._account.call(
            Effect.REPEATABLE,
            lambda graph: graph.get_connections(self._settings.page_id, "published_posts", **query),
        )
        shown = parsed(body, Posts, Effect.REPEATABLE)
        # The last page has a cursor too; only ``next`` says that something comes after it.
        more = shown.paging.next is not None
        cursor = shown.paging.cursors.after if more else None
        return Page(
            [
                Published((post.message,), self._receipt(post), post.created_time)
                for post in shown.data
            ],
            after=cursor,
            whole=not more or cursor is not None,
        )

    def _receipt(self, post: Post) -> Receipt:
        return Receipt(
            id=post.id,
            url=post.permalink_url or self._url(post.id),
            at=post.created_time or self._clock(),
        )

    def _url(self, post_id: str) -> str:
        return f"{self._settings.site_url}/{post_id}"


ADAPTER = Adapter(
    FacebookSettings,
    FacebookChannel,
    mentions=MENTIONS,
    sandbox={
        "page_id": "100000000000001",
        "page_token": "sandbox-page-token",
        "base_url": SANDBOX,
        "site_url": f"{SANDBOX}/facebook",
    },
)
