"""A complete channel as others would write one: posts JSON to an address of the company's own.

This is the example in docs/adding-a-channel.md. It uses nothing that a package outside of this
repository could not use.
"""

from __future__ import annotations

from datetime import datetime

import httpx
from pydantic import BaseModel, Field
from pydantic_settings import SettingsConfigDict

from channels.adapter import Adapter
from channels.configured import ChannelSettings, Key, Url
from channels.contract import (
    CannotExpress,
    Capabilities,
    ChannelError,
    ChannelKind,
    Health,
    Publication,
    Template,
)
from channels.http import Effect, ask_over, body_of, new_client, publish_over, utc_now
from channels.looking import SLACK, Page, Published, Read, look_back
from channels.wording import copy_of_post, words_of_post
from domain.message import Copy
from domain.publication import Receipt, Sighting
from domain.times import UtcTime

PROVIDER = "Webhook"
LIMIT = 2_000
MOST_PAGES = 20
"""Pages that one look reads at most; after that the answer is *cannot tell*."""


class WebhookSettings(ChannelSettings):
    """Where to post, and with which token."""

    model_config = SettingsConfigDict(env_prefix="FRONTFOOT_WEBHOOK_")

    url: Url = Field(description="address that accepts our posts")
    token: Key = Field(description="bearer token for that address")


class Taken(BaseModel):
    """A post, as the other side shows it."""

    id: str
    text: str = ""
    at: UtcTime | None = None
    answers: str = ""


class Shown(BaseModel):
    """One page of the posts since a time, the newest first."""

    posts: list[Taken]
    more: bool


class WebhookChannel:
    """Posts to an address of the company's own."""

    name = "webhook"
    capabilities = Capabilities(kind=ChannelKind.POST, max_length=LIMIT)

    def __init__(
        self, settings: WebhookSettings, *, client: httpx.AsyncClient | None = None
    ) -> None:
        self._settings = settings
        self._client = client or new_client(
            connect=settings.connect_timeout, read=settings.read_timeout
        )

    def render(self, template: Template) -> Copy:
        """Return the post with its mark and link in the text. Raises ``CannotExpress``."""
        text = words_of_post(template, self.name, with_link=True)
        if len(text) > LIMIT:
            raise CannotExpress(
                f"webhook: {len(text)} characters; {LIMIT} are the most.", "Shorten the template."
            )
        return copy_of_post(template, self.name, text)

    async def publish(self, publication: Publication) -> Receipt:
        """Post once."""
        request = self._request("POST", json={"text": publication.copy.text})
        response = await publish_over(self._client, request, provider=PROVIDER)
        taken = body_of(response, Taken, Effect.PUBLISHES, PROVIDER)
        return _receipt(taken)

    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        """Look for ``copy`` among what the other side shows of our posts."""
        # Their clock may lag behind ours.
        read = self._reader(since - SLACK)
        return await look_back(read, copy, since, provider=PROVIDER, most_pages=MOST_PAGES)

    def _reader(self, since: datetime) -> Read:
        """What asks for one page of our posts after the other, from ``since`` on."""

        async def read(after: str | None) -> Page:
            begun = {"since": since.isoformat()}
            query = begun if after is None else {**begun, "before": after}
            answer = await ask_over(
                self._client, self._request("GET", params=query), provider=PROVIDER
            )
            shown = body_of(answer, Shown, Effect.REPEATABLE, PROVIDER)
            return Page(
                [
                    Published((post.text,), _receipt(post), answers=post.answers)
                    for post in shown.posts
                ],
                after=shown.posts[-1].id if shown.more and shown.posts else None,
                whole=bool(shown.posts) or not shown.more,
            )

        return read

    async def check(self) -> Health:
        """Say whether the address answers and takes the token."""
        request = self._request("GET", params={"since": utc_now().isoformat()})
        try:
            await ask_over(self._client, request, provider=PROVIDER)
        except ChannelError as error:
            return Health(ok=False, detail=str(error))
        return Health(ok=True, detail="Webhook: the address answers.")

    async def close(self) -> None:
        """Close connections."""
        await self._client.aclose()

    def _request(
        self,
        method: str,
        *,
        json: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
    ) -> httpx.Request:
        token = self._settings.token.get_secret_value()
        return self._client.build_request(
            method,
            self._settings.url,
            json=json,
            params=params,
            headers={"Authorization": f"Bearer {token}"},
        )


def _receipt(post: Taken) -> Receipt:
    return Receipt(id=post.id, at=post.at or utc_now())


ADAPTER = Adapter(WebhookSettings, WebhookChannel)
