"""Posts to X (Twitter) with version 2 of its API, as one account, by OAuth 1.0a.

Last verified against the live API: never yet. Written from docs.x.com and its OpenAPI description
(2.165 and 2.167, 2026), and tested against those and the sandbox.

What X forces on us:

- There is no idempotency key. A post carries its mark in its own words, and ``find`` reads the
  account's timeline back, after undoing the t.co links that X puts in place of ours.
- "Duplicate content" (403) is evidence that an earlier attempt worked: look, do not give up.
- OAuth 1.0a tokens do not expire. OAuth 2 refresh tokens can be used once, and using one twice
  revokes them all: not for a service that must speak on its worst day.
- The parameter that chooses fields is called ``tweet.fields`` in prose and ``post.fields`` in the
  newest description, and nobody says whether both are taken: ``FRONTFOOT_TWITTER_FIELDS``.
"""

from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta

import httpx
import orjson
from pydantic import AwareDatetime, BaseModel, Field
from pydantic_settings import SettingsConfigDict

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
from channels.http import (
    Clock,
    Effect,
    ask_over,
    body_of,
    new_client,
    publish_over,
    utc_now,
)
from channels.oauth1 import SignedRequests, UserKeys
from channels.registry import Adapter
from channels.twitter_refusals import PROVIDER, own_words
from channels.weighted import LIMIT, weighted_length
from channels.wording import bears_the_mark, says_the_same, words_of_post
from domain.message import Copy
from domain.publication import Finding, Receipt, Sighting

SLACK = timedelta(seconds=60)
"""How far X's clock may lag behind ours before we would overlook a post of ours."""

MOST_PAGES = 10
"""Pages of a hundred posts that one look reads at most; an account of ours posts far less."""


class TwitterSettings(ChannelSettings):
    """The account at X: four secrets from its developer portal, and what may stay as it is."""

    model_config = SettingsConfigDict(env_prefix="FRONTFOOT_TWITTER_")

    consumer_key: Key = Field(description="API key of the app")
    consumer_secret: Key = Field(description="API key secret of the app")
    token: Key = Field(description="access token of the account")
    token_secret: Key = Field(description="access token secret of the account")
    base_url: Url = "https://api.x.com"
    site_url: Url = Field(default="https://x.com", description="where people read posts")
    user_id: str | None = Field(default=None, pattern=r"^[0-9]{1,19}$")
    handle: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_]{1,15}$")
    fields: str = Field(default="tweet.fields", pattern=r"^(tweet|post)\.fields$")


class _Link(BaseModel):
    url: str
    expanded_url: str | None = None


class _Entities(BaseModel):
    urls: list[_Link] = []


class _Post(BaseModel):
    id: str = Field(pattern=r"^[0-9]{1,19}$")
    text: str = ""
    created_at: AwareDatetime | None = None
    entities: _Entities | None = None

    def candidates(self) -> tuple[str, ...]:
        """The text with our links put back; X escapes ``&<>`` in it, at least in places."""
        text = self.text
        for link in self.entities.urls if self.entities else ():
            text = text.replace(link.url, link.expanded_url or link.url)
        return text, html.unescape(text)


class _Posted(BaseModel):
    data: _Post


class _Meta(BaseModel):
    next_token: str | None = None


class _Timeline(BaseModel):
    data: list[_Post] = []
    meta: _Meta = _Meta()
    errors: list[object] = []


class _Account(BaseModel):
    id: str
    username: str = ""


class _Me(BaseModel):
    data: _Account


class _Deleted(BaseModel):
    deleted: bool = False


class _Deletion(BaseModel):
    data: _Deleted = _Deleted()


class _Gone(Refused):
    """What was to be deleted is not there."""


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
        self._client = client
        self._clock = clock
        self._user_id = settings.user_id
        self._auth = SignedRequests(
            UserKeys(
                settings.consumer_key,
                settings.consumer_secret,
                settings.token,
                settings.token_secret,
            )
        )
        self.capabilities = Capabilities(
            kind=ChannelKind.POST,
            max_length=LIMIT,
            length_unit="weighted characters",
            retracts=True,
        )

    def render(self, template: Template) -> Copy:
        """Return the post, sign-off, mark and link in its text. Raises ``CannotExpress``."""
        text = words_of_post(template, self.name, with_link=True)
        length = weighted_length(text)
        if length > LIMIT:
            raise CannotExpress(
                f"twitter: the post is {length - LIMIT} too long: {length} of {LIMIT} weighted "
                "characters, mark and link included.",
                "Shorten it in its template; a link counts 23, an emoji or a CJK letter 2.",
            )
        return Copy(
            channel=self.name,
            text=text,
            link=template.link,
            mark=template.mark,
            voice=template.voice,
        )

    async def publish(self, publication: Publication) -> Receipt:
        """Post once."""
        response = await publish_over(
            self._http(),
            self._request("POST", "/2/tweets", body={"text": publication.copy.text}),
            provider=PROVIDER,
            own=self._own,
            clock=self._clock,
        )
        return self._receipt(body_of(response, _Posted, Effect.PUBLISHES, PROVIDER).data)

    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        """Look for ``copy`` among the account's posts from ``since`` on.

        *Absent* is said only after the timeline was read back to ``since`` without a gap. It may
        lag, so one absence proves little.
        """
        query = {
            "max_results": "100",
            "start_time": (since - SLACK).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            self._settings.fields: "created_at,entities",
        }
        marked: _Post | None = None
        whole = True
        try:
            path = f"/2/users/{await self._account_id()}/tweets"
            for _ in range(MOST_PAGES):
                answer = await self._ask("GET", path, query)
                page = body_of(answer, _Timeline, Effect.REPEATABLE, PROVIDER)
                for post in page.data:
                    if any(says_the_same(text, copy) for text in post.candidates()):
                        return Sighting(finding=Finding.FOUND, receipt=self._receipt(post))
                    if any(bears_the_mark(text, copy) for text in post.candidates()):
                        # The oldest bearer of the mark is the post itself; what came after it
                        # may quote it.
                        marked = post
                whole = whole and not page.errors
                if page.meta.next_token is None:
                    break
                query["pagination_token"] = page.meta.next_token
            else:
                whole = False
        except Refused as error:
            return Sighting(finding=Finding.CANNOT_TELL, why=str(error))
        if marked is not None:
            return Sighting(finding=Finding.FOUND, receipt=self._receipt(marked))
        if not whole:
            return Sighting(
                finding=Finding.CANNOT_TELL, why="X did not show the whole of the timeline."
            )
        return Sighting(finding=Finding.ABSENT, why="The account's timeline does not hold it.")

    async def retract(self, receipt: Receipt) -> None:
        """Delete the post; one that is gone already counts as taken back."""
        try:
            answer = await self._ask("DELETE", f"/2/tweets/{receipt.id}")
        except _Gone:
            return
        if not body_of(answer, _Deletion, Effect.REPEATABLE, PROVIDER).data.deleted:
            raise Refused("X: it did not delete the post.", "Delete it by hand on x.com.")

    async def check(self) -> Health:
        """Say whether the keys work, and for which account."""
        try:
            account = await self._me()
        except ChannelError as error:
            return Health(ok=False, says=str(error))
        settings = self._settings
        wrong_id = settings.user_id is not None and settings.user_id != account.id
        wrong_handle = (
            settings.handle is not None and settings.handle.lower() != account.username.lower()
        )
        if wrong_id or wrong_handle:
            return Health(
                ok=False,
                says="X: the keys work, but for another account than the one configured. "
                "Correct the tokens, or FRONTFOOT_TWITTER_USER_ID and FRONTFOOT_TWITTER_HANDLE.",
                account=f"@{account.username}",
            )
        return Health(ok=True, says="X: the keys work.", account=f"@{account.username}")

    async def close(self) -> None:
        """Let go of connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _account_id(self) -> str:
        # `users/me` may be asked 75 times in 15 minutes, and its answer never changes.
        if self._user_id is None:
            self._user_id = (await self._me()).id
        return self._user_id

    async def _me(self) -> _Account:
        answer = await self._ask("GET", "/2/users/me")
        return body_of(answer, _Me, Effect.REPEATABLE, PROVIDER).data

    def _receipt(self, post: _Post) -> Receipt:
        return Receipt(
            id=post.id,
            url=f"{self._settings.site_url}/{self._settings.handle or 'i'}/status/{post.id}",
            at=post.created_at or self._clock(),
        )

    def _own(self, answer: httpx.Response) -> ChannelError | None:
        if answer.request.method == "DELETE" and answer.status_code == 404:
            return _Gone("X: there is no such post.")
        return own_words(answer, self._clock())

    async def _ask(
        self, method: str, path: str, query: dict[str, str] | None = None
    ) -> httpx.Response:
        return await ask_over(
            self._http(),
            self._request(method, path, query=query),
            provider=PROVIDER,
            own=self._own,
            clock=self._clock,
        )

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            settings = self._settings
            self._client = new_client(connect=settings.connect_timeout, read=settings.read_timeout)
        return self._client

    def _request(
        self,
        method: str,
        path: str,
        *,
        body: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> httpx.Request:
        request = self._http().build_request(
            method,
            f"{self._settings.base_url}{path}",
            params=query,
            content=orjson.dumps(body) if body is not None else None,
            headers={"Content-Type": "application/json"} if body is not None else None,
        )
        return next(self._auth.auth_flow(request))


ADAPTER = Adapter(TwitterSettings, TwitterChannel)
