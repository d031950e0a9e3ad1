"""A third example: the webhook with every ability that a channel of posts may declare.

The other side is a notice board: it takes pictures, answers and changed words, shows what others
pin up, allows so many posts a day, and its tokens end.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

import httpx
from pydantic import BaseModel, Field

from channels.contract import (
    CannotExpress,
    Capabilities,
    ChannelError,
    ChannelKind,
    Image,
    Publication,
    Quota,
)
from channels.contract_suite.webhook_channel import (
    LIMIT,
    MOST_PAGES,
    PROVIDER,
    Taken,
    WebhookChannel,
)
from channels.http import (
    Effect,
    OwnReading,
    ask_over,
    body_of,
    publish_over,
    silence,
    utc_now,
)
from channels.listening import (
    AnyText,
    AnyTime,
    loose_json,
    readable,
)
from channels.looking import SLACK, look_for_reply
from channels.replying import MentionGone, refuse_length, words_of_reply
from domain.listening import Cursor, MentionPage, complete
from domain.mentions import Author, Mention
from domain.message import Copy
from domain.publication import Receipt, Sighting
from domain.replies import ReplyTerms
from domain.times import UtcTime

OURSELVES = "acme"


class _Notice(BaseModel):
    id: str = Field(pattern=r"^[0-9]+$")
    by: AnyText = ""
    text: AnyText = ""
    at: AnyTime = None


class _Upload(BaseModel):
    id: str


class _Account(BaseModel):
    limit: int
    remaining: int
    resets_at: UtcTime
    token_ends_at: UtcTime | None = None


def _gone(answer: httpx.Response) -> ChannelError | None:
    """The board's own word for an answer to what is not there any more."""
    return MentionGone("Board: the notice was taken down.") if answer.status_code == 410 else None


class BoardChannel(WebhookChannel):
    """Posts to a notice board."""

    capabilities = Capabilities(
        kind=ChannelKind.POST,
        max_length=LIMIT,
        listens=True,
        replies=ReplyTerms(checked_on=date(2026, 11, 20)),
    )
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

    def render_reply(self, text: str, to: Mention) -> Copy:
        """Return the words of an answer. Raises ``CannotExpress``."""
        words = words_of_reply(text, self.name)
        refuse_length(self.name, len(words), LIMIT)
        return Copy(channel=self.name, text=words)

    async def reply(self, publication: Publication, to: Mention) -> Receipt:
        """Post once, under the notice or post that is answered."""
        return await self._post({"text": publication.copy.text, "answers": to.id}, own=_gone)

    async def find_reply(self, to: Mention, since: datetime) -> Sighting:
        """Look for a post of ours that answers ``to``."""
        read = self._reader(since - SLACK)
        return await look_for_reply(read, {to.id}, since, provider=PROVIDER, most_pages=MOST_PAGES)

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

    async def mentions(self, cursor: Cursor) -> MentionPage:
        """Read what others have pinned up since the notice ``cursor.since``, newest first."""
        query = {
            "since": cursor.since or "-1",
            **({"before": cursor.token} if cursor.token else {}),
        }
        request = self._client.build_request(
            "GET",
            f"{self._settings.url}/notices",
            params=query,
            headers=self._authorization(),
        )
        answer = await ask_over(self._client, request, provider=PROVIDER)
        try:
            body = loose_json(answer.content)
            notices, unreadable = readable(body["notices"], _Notice)
            more = bool(body["more"])
        except (ValueError, TypeError, KeyError):
            raise silence(Effect.REPEATABLE, PROVIDER, "the answer could not be read") from None
        numbers = [int(one.id) for one in notices]
        newest = str(max([int(cursor.newest or -1), int(cursor.since or -1), *numbers]))
        return MentionPage(
            mentions=tuple(self._mention(one) for one in notices if not self._is_ours(one.by)),
            cursor=cursor.next_page(str(min(numbers)), newest) if more else complete(newest),
            unreadable=unreadable,
        )

    def _is_ours(self, by: str) -> bool:
        return by == OURSELVES

    def _mention(self, notice: _Notice) -> Mention:
        at = notice.at or utc_now()
        return Mention(
            channel=self.name,
            id=notice.id,
            version=notice.id,
            author=Author(name=notice.by),
            text=notice.text,
            written_at=at,
            changed_at=at,
        )

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

    async def _post(self, body: dict[str, str], own: OwnReading | None = None) -> Receipt:
        request = self._request("POST", json=body)
        answer = await publish_over(self._client, request, provider=PROVIDER, own=own)
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
