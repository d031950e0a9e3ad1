"""SendGrid's side of the event webhook: real keys, real signatures, and events to sign."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import httpx
import orjson

from channels.sendgrid import SendGridEvents, SendGridEventSettings
from client.public import PublicService
from domain.ids import batch_key, delivery_key
from store.broadcasts.broadcasts import BroadcastRow
from store.kernel.database import Database
from tests.channels.sendgrid.signing import AT, SIGNATURE, TIMESTAMP, SigningKey

URL = "/webhooks/email"


def service(ledger: Database, key: SigningKey, *, max_age: int = 0) -> PublicService:
    """A service that believes what is signed with ``key``."""
    settings = SendGridEventSettings(public_key=key.public, max_age=max_age)
    return PublicService(ledger, readers={"email": SendGridEvents(settings)})


class SendGrid:
    """Delivers events over ``http``, signed with ``key``."""

    def __init__(self, http: httpx.AsyncClient, key: SigningKey) -> None:
        self.http = http
        self.key = key

    async def deliver(self, events: Sequence[object]) -> httpx.Response:
        """Deliver a list of events."""
        return await self.post(orjson.dumps(events))

    async def post(self, body: bytes, **headers: str) -> httpx.Response:
        """Deliver any body, signed as it should be unless ``headers`` say otherwise."""
        return await self.http.post(URL, content=body, headers=self.key.headers(body) | headers)

    async def post_as(self, body: bytes, signature: str | bytes) -> httpx.Response:
        """Deliver a body under any signature at all."""
        headers = {SIGNATURE: signature, TIMESTAMP: str(AT)}
        return await self.http.post(URL, content=body, headers=headers)  # type: ignore[arg-type]

    async def in_pieces(self, pieces: AsyncIterator[bytes]) -> httpx.Response:
        """Deliver a body whose length nobody was told."""
        return await self.http.post(URL, content=pieces, headers=self.key.headers(b""))


def told(
    broadcast: BroadcastRow, position: int, word: str = "delivered", **more: object
) -> dict[str, object]:
    """One event about one of our mails, in SendGrid's shape."""
    batch = (position - 1) // broadcast.batch_size + 1
    return {
        "email": f"customer{position}@example.com",
        "timestamp": AT,
        "event": word,
        "sg_event_id": f"{word}-{position}",
        "sg_message_id": f"abc.{position}",
        "ff_batch": batch_key(broadcast.key, batch, 1),
        "ff_broadcast": broadcast.key,
        "ff_delivery": delivery_key(broadcast.key, position),
        **more,
    }
