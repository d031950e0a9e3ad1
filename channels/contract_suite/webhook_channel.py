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
    Refused,
    Template,
)
from channels.http import Effect, ask_over, body_of, new_client, publish_over, utc_now
from channels.wording import bears_the_mark, says_the_same, words_of_post
from domain.message import Copy
from domain.publication import Finding, Receipt, Sighting

PROVIDER = "Webhook"
LIMIT = 2_000


class WebhookSettings(ChannelSettings):
    """Where to post, and with which token."""

    model_config = SettingsConfigDict(env_prefix="FRONTFOOT_WEBHOOK_")

    url: Url = Field(description="address that takes our posts")
    token: Key = Field(description="bearer token for that address")


class Taken(BaseModel):
    """A post, as the other side shows it."""

    id: str
    text: str = ""
    at: datetime | None = None


class Shown(BaseModel):
    """All posts since a time."""

    posts: list[Taken]


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
        return Copy(channel=self.name, text=text, link=template.link, mark=template.mark)

    async def publish(self, publication: Publication) -> Receipt:
        """Post once."""
        request = self._request("POST", json={"text": publication.copy.text})
        response = await publish_over(self._client, request, provider=PROVIDER)
        taken = body_of(response, Taken, Effect.PUBLISHES, PROVIDER)
        return Receipt(id=taken.id, at=utc_now())

    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        """Look for ``copy`` among what the other side shows of our posts."""
        request = self._request("GET", params={"since": since.isoformat()})
        try:
            response = await ask_over(self._client, request, provider=PROVIDER)
        except Refused as error:
            return Sighting(finding=Finding.CANNOT_TELL, why=str(error))
        for post in body_of(response, Shown, Effect.REPEATABLE, PROVIDER).posts:
            if says_the_same(post.text, copy) or bears_the_mark(post.text, copy):
                receipt = Receipt(id=post.id, at=post.at or utc_now())
                return Sighting(finding=Finding.FOUND, receipt=receipt)
        return Sighting(finding=Finding.ABSENT)

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


ADAPTER = Adapter(WebhookSettings, WebhookChannel)
