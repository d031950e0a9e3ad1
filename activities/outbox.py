"""Sending endpoints what waits for them in the outbox: signed, in order, each attempt entered."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.heartbeat import beating
from activities.signatures.outbox import SEND_DUE, DueSent, SendDue
from activities.webhook_request import WebhookRequests
from domain.endpoint_secret import SecretUnreadable, decrypted
from domain.outbox import AttemptEnd, Ended
from domain.room import Line, line_of, secret_of
from domain.sealing import RecordKey
from store.kernel.database import Database
from store.outbox import endpoints, items
from store.outbox.endpoints import Endpoint
from store.outbox.items import Item

MOST_AT_ONCE = 4
"""Requests to one endpoint at a moment, each of another incident."""

ROUND = timedelta(seconds=20)
"""How long one activity begins requests; then the next one does."""

TellRoom = Callable[[str, Line], Awaitable[Ended]]
"""Hands a line to the room whose address is in the secret of that name; never raises."""

_USER_AGENT = "Frontfoot-Webhooks/1"
_CHANCE = random.SystemRandom()
_log = logging.getLogger("frontfoot.outbox")


class OutboxActivities:
    """Sends what is due; ``key`` reads the secrets, ``clock`` tells the time.

    ``tell_room`` tells those endpoints that are rooms of the team.
    """

    def __init__(
        self,
        database: Database,
        key: RecordKey,
        requests: WebhookRequests,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        tell_room: TellRoom | None = None,
    ) -> None:
        self._database = database
        self._key = key
        self._requests = requests
        self._tell_room = tell_room
        self._now = clock

    def all(self) -> list[Bound]:
        """Every activity here, for a worker."""
        return [self.send_due]

    @defined(SEND_DUE)
    async def send_due(self, order: SendDue) -> DueSent:
        """Send an endpoint what is due, and tell when the next item is.

        Again it goes on where it was: each attempt is entered before it begins, and once it ended.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + ROUND.total_seconds()
        with failing_in_words(self._now()):
            async with beating():
                while loop.time() < until:
                    due = await items.due(self._database, order.endpoint, self._now(), MOST_AT_ONCE)
                    if not due:
                        break
                    await _all_of(self._attempt(one) for one in due)
            after = await items.next_due(self._database, order.endpoint)
            # By this clock, which is the one that it was entered by.
            return DueSent(again_in=after and max(0.0, (after - self._now()).total_seconds()))

    async def _attempt(self, item: Item) -> None:
        endpoint = await endpoints.find(self._database, item.endpoint)
        if endpoint is None or not await items.begin(self._database, item, self._now()):
            return
        ended = await self._sent(endpoint, item)
        await items.end(self._database, item, ended, self._now(), _CHANCE.random())

    async def _sent(self, endpoint: Endpoint, item: Item) -> Ended:
        try:
            room = secret_of(endpoint.url)
            if room:
                return await self._told(room, item)
            headers = self._headers(endpoint, item)
            return await self._requests.post(endpoint.url, headers, item.payload.encode())
        except SecretUnreadable:
            return Ended(end=AttemptEnd.NO_SECRET)
        except Exception as error:  # noqa: BLE001 - raised again, it would hold up every other item
            # Its text may contain the address.
            _log.error("a webhook was not sent to %s: %s", endpoint.name, type(error).__name__)
            return Ended(end=AttemptEnd.NOT_SENT)

    async def _told(self, room: str, item: Item) -> Ended:
        """Tell a room, unless it may have been told already: nobody is to read a line twice."""
        if await items.was_lost(self._database, item):
            return Ended(end=AttemptEnd.IN_DOUBT)
        if self._tell_room is None:
            return Ended(end=AttemptEnd.NO_SECRET)
        return await self._tell_room(room, line_of(item.payload))

    def _headers(self, endpoint: Endpoint, item: Item) -> dict[str, str]:
        """By the Standard Webhooks scheme; for a day after a rotation with both signatures."""
        now = self._now()
        signatures = [
            Webhook(decrypted(secret, endpoint.name, self._key)).sign(
                item.event_id, now, item.payload
            )
            for secret in endpoint.secrets(now)
        ]
        return {
            "Content-Type": "application/json",
            "User-Agent": _USER_AGENT,
            "webhook-id": item.event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


async def _all_of(attempts: Iterable[Awaitable[None]]) -> None:
    """Wait for all of them, and raise what the first one raised that failed.

    None is left under way: this activity is repeated, and would send the same id beside it.
    """
    ended = await asyncio.gather(*attempts, return_exceptions=True)
    for one in ended:
        if one is not None:
            raise one
