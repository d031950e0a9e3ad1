"""A third example: the webhook with every ability that a channel of posts may declare.

The other side is a notice board: it takes pictures, answers and changed words, allows so many posts
a day, and its tokens end.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel

from channels.contract import (
    CannotExpress,
    Image,
    Publication,
    Quota,
)
from channels.contract_suite.webhook_channel import PROVIDER, Taken, WebhookChannel
from channels.http import Effect, ask_over, body_of, publish_over, utc_now
from domain.message import Copy
from domain.publication import Receipt
from domain.times import UtcTime


class _Upload(BaseModel):
    id: str


class _Account(BaseModel):
    limit: int
    remaining: int
    resets_at: UtcTime
    token_ends_at: UtcTime | None = None


class BoardChannel(WebhookChannel):
    """Posts to a notice board."""

    image_types: ClassVar[frozenset[str]] = frozenset({"image/png", "image/jpeg"})
    image_limit = 1_000_000

    async def publish_image(self, publication: Publication, image: Image) -> Receipt:
        """Upload the picture, then post once with it."""
        self._check_image(image)
        content = self._client.build_request(
            "POST",
            f"{self._settings.url}/images",
            params={"alt": image.alt},
            content=image.data,
            headers={**self._authorization(), "Content-Type": image.media_type},
        )
        # Nobody sees an upload without a post, so it may be made again.
        uploaded = await ask_over(self._client, content, provider=PROVIDER)
        upload = body_of(uploaded, _Upload, Effect.REPEATABLE, PROVIDER)
        return await self._post({"text": publication.copy.text, "image": upload.id})

    async def reply(self, publication: Publication, to: str) -> Receipt:
        """Post once, under the post with that id."""
        return await self._post({"text": publication.copy.text, "answers": to})

    async def edit(self, receipt: Receipt, copy: Copy) -> Receipt:
        """Replace the words of a post."""
        request = self._client.build_request(
            "PUT",
            f"{self._settings.url}/{receipt.id}",
            json={"text": copy.text},
            headers=self._authorization(),
        )
        answer = await publish_over(self._client, request, provider=PROVIDER)
        body_of(answer, Taken, Effect.PUBLISHES, PROVIDER)
        return receipt

    async def quota(self) -> Quota:
        """What the board still takes from us today."""
        account = await self._account()
        return Quota(limit=account.limit, remaining=account.remaining, resets_at=account.resets_at)

    async def credentials_expire_at(self) -> datetime | None:
        """When our token ends."""
        return (await self._account()).token_ends_at

    def _check_image(self, image: Image) -> None:
        if not image.alt.strip():
            raise CannotExpress("board: the picture has no alt text.", "Say what is on it.")
        if image.media_type not in self.image_types:
            raise CannotExpress("board: it does not take pictures of this type.", "Use PNG.")
        if not 0 < len(image.data) <= self.image_limit:
            raise CannotExpress(
                f"board: a picture has 1 to {self.image_limit:,} bytes.", "Make it smaller."
            )

    async def _post(self, body: dict[str, str]) -> Receipt:
        request = self._request("POST", json=body)
        answer = await publish_over(self._client, request, provider=PROVIDER)
        taken = body_of(answer, Taken, Effect.PUBLISHES, PROVIDER)
        return Receipt(id=taken.id, at=taken.at or utc_now())

    async def _account(self) -> _Account:
        request = self._client.build_request(
            "GET", f"{self._settings.url}/account", headers=self._authorization()
        )
        answer = await ask_over(self._client, request, provider=PROVIDER)
        return body_of(answer, _Account, Effect.REPEATABLE, PROVIDER)

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._settings.token.get_secret_value()}"}
