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

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from pydantic import AwareDatetime, BaseModel, Field, ValidationError
from pydantic_settings import SettingsConfigDict
from requests.adapters import BaseAdapter

from channels.adapter import SANDBOX, Adapter
from channels.configured import ChannelSettings, Key, Url
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
from channels.facebook.graph import PROVIDER, GraphAccount, GraphAnswer, GraphSession, call
from channels.facebook.listening import PageMentions
from channels.facebook.private import PageMessages
from channels.facebook.refusals import Gone, meaning_of
from channels.facebook.replying import TERMS, PageReplies, gone_or
from channels.facebook.webhook import MENTIONS
from channels.http import Clock, Effect, silence, utc_now
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

Shape = TypeVar("Shape", bound=BaseModel)


class FacebookSettings(ChannelSettings):
    """The Page: its id and token, and what may stay as it is."""

    model_config = SettingsConfigDict(env_prefix="FRONTFOOT_FACEBOOK_")

    page_id: str = Field(description="number of the Page", pattern=r"^[0-9]{1,32}$")
    page_token: Key = Field(description="Page access token that does not expire")
    app_secret: Key | None = Field(default=None, description="secret of the app, to prove calls")
    base_url: Url = "https://graph.facebook.com"
    site_url: Url = Field(default="https://www.facebook.com", description="where people read posts")
    version: str = Field(default="v26.0", pattern=r"^v[0-9]{1,3}\.[0-9]{1,2}$")


class _Created(BaseModel):
    id: str = Field(min_length=1)


class _Post(BaseModel):
    id: str = Field(min_length=1)
    message: str = ""
    created_time: AwareDatetime | None = None
    permalink_url: str | None = None


class _Cursors(BaseModel):
    after: str | None = None


class _Paging(BaseModel):
    cursors: _Cursors = _Cursors()
    next: str | None = None


class _Posts(BaseModel):
    data: list[_Post]
    paging: _Paging = _Paging()


class _Page(BaseModel):
    id: str
    name: str = ""


class _Done(BaseModel):
    success: bool = False


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
        self._transport = transport
        self._clock = clock
        self._account = GraphAccount(
            base_url=settings.base_url,
            version=settings.version,
            token=settings.page_token,
            app_secret=settings.app_secret,
            connect_timeout=settings.connect_timeout,
            read_timeout=settings.read_timeout,
        )
        self._mentions = PageMentions(
            self.name, self._edge, settings.page_id, settings.site_url, clock
        )
        self._messages = PageMessages(
            self.name, self._edge, settings.page_id, settings.site_url, clock
        )
        self._replies = PageReplies(self._edge, settings.page_id, settings.site_url, clock)

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
        body, _ = await self._call(
            Effect.PUBLISHES,
            lambda graph: graph.put_object(self._settings.page_id, "feed", **fields),
        )
        created = _parsed(body, _Created, Effect.PUBLISHES)
        return Receipt(id=created.id, url=self._url(created.id), at=self._clock())

    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        """Look for ``copy`` among the Page's published posts from ``since`` on."""
        return await look_back(
            self._published, copy, since, provider=PROVIDER, most_pages=MOST_PAGES
        )

    async def retract(self, receipt: Receipt) -> None:
        """Delete the post; one that is gone already counts as taken back."""
        try:
            body, _ = await self._call(
                Effect.REPEATABLE, lambda graph: graph.delete_object(receipt.id)
            )
        except Gone:
            return
        if not _parsed(body, _Done, Effect.REPEATABLE).success:
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
            body, _ = await self._call(
                Effect.PUBLISHES, lambda graph: graph.put_object(to.id, "comments", message=words)
            )
        except Gone as error:
            raise await gone_or(error, to, self._exists) from None
        created = _parsed(body, _Created, Effect.PUBLISHES)
        return Receipt(id=created.id, url=self._url(created.id), at=self._clock())

    async def find_reply(self, to: Mention, since: datetime) -> Sighting:
        """Look for a comment of the Page under ``to``, written from ``since`` on."""
        return await self._replies.find(to, since)

    async def check(self) -> Health:
        """Say whether the token works, and for which Page."""
        settings = self._settings
        try:
            body, answer = await self._call(
                Effect.REPEATABLE,
                lambda graph: graph.get_object(settings.page_id, fields="id,name"),
            )
            page = _parsed(body, _Page, Effect.REPEATABLE)
        except ChannelError as error:
            return Health(ok=False, detail=str(error))
        served = answer.headers.get("facebook-api-version", settings.version)
        if served != settings.version:
            return Health(
                ok=False,
                detail=f"Facebook: the token works, but {settings.version} is no longer served "
                f"({served[:8]} answered). Set FRONTFOOT_FACEBOOK_VERSION to a current one.",
                account=page.name,
            )
        return Health(ok=True, detail="Facebook: the token works.", account=page.name)

    async def close(self) -> None:
        """Nothing to close: each call closes its own session."""

    async def _published(self, after: str | None) -> Page:
        query = {"fields": "id,message,created_time,permalink_url", "limit": str(PAGE_SIZE)}
        if after is not None:
            query["after"] = after
        body, _ = await self._call(
            Effect.REPEATABLE,
            lambda graph: graph.get_connections(self._settings.page_id, "published_posts", **query),
        )
        shown = _parsed(body, _Posts, Effect.REPEATABLE)
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

    async def _edge(self, node: str, edge: str, query: dict[str, str]) -> dict[str, Any]:
        body, _ = await self._call(
            Effect.REPEATABLE, lambda graph: graph.get_connections(node, edge, **dict(query))
        )
        return body

    async def _exists(self, node: str) -> None:
        await self._call(Effect.REPEATABLE, lambda graph: graph.get_object(node, fields="id"))

    async def _call(
        self, effect: Effect, use: Callable[[Any], Any]
    ) -> tuple[dict[str, Any], GraphAnswer]:
        def reading(answer: GraphAnswer, effect: Effect) -> ChannelError | None:
            return meaning_of(answer, effect, self._clock())

        def session() -> GraphSession:
            return GraphSession(self._account, effect, reading, self._transport)

        return await asyncio.to_thread(call, session, use)

    def _receipt(self, post: _Post) -> Receipt:
        return Receipt(
            id=post.id,
            url=post.permalink_url or self._url(post.id),
            at=post.created_time or self._clock(),
        )

    def _url(self, post_id: str) -> str:
        return f"{self._settings.site_url}/{post_id}"


def _parsed(body: dict[str, Any], shape: type[Shape], effect: Effect) -> Shape:
    try:
        return shape.model_validate(body)
    except ValidationError:
        raise silence(effect, PROVIDER, "the answer could not be read") from None


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
