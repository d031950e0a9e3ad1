"""Notifications in browsers, by Web Push: encrypted here, carried by the browser's own service.

Written from RFC 8030, 8291 and 8292; checked against the example of RFC 8291, against ``http_ece``
and a stand-in for a push service; against no real one yet.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import orjson
from cryptography.hazmat.primitives.asymmetric import ec

from domain.notification_words import Wording
from domain.notifications import DeliveryEnd
from domain.outbox import AttemptEnd, Ended
from domain.web_push import (
    CURVE,
    SALT_BYTES,
    UnfitKeys,
    authorization,
    encrypted,
    pair_of,
)

KEPT_FOR = timedelta(hours=4)
"""How long the service keeps it for a device that is off. Its own default is not at all."""

_GONE = (404, 410)

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[Ended]]
"""Posts to an address of the internet, and tells how that ended; never raises."""


class Pushed(NamedTuple):
    """How it ended; ``gone``: the service says that there is no such browser any more."""

    end: DeliveryEnd
    gone: bool = False


class Push:
    """Pushes notifications, as the owner of ``secret`` who can be written to at ``contact``."""

    def __init__(self, post: Post, secret: bytes, contact: str) -> None:
        self._post = post
        self._secret = secret
        self._contact = contact

    async def send(
        self, endpoint: str, p256dh: str, auth: str, wording: Wording, now: datetime
    ) -> Pushed:
        """Hand one notification to the service of one browser."""
        told = {"title": wording.title, "body": wording.text, "url": wording.link}
        try:
            body = encrypted(
                orjson.dumps(told),
                p256dh,
                auth,
                pair_of(ec.generate_private_key(CURVE)),
                secrets.token_bytes(SALT_BYTES),
            )
        except UnfitKeys:
            return Pushed(DeliveryEnd.UNUSABLE, gone=True)
        headers = {
            "Authorization": authorization(endpoint, self._secret, self._contact, now),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(int(KEPT_FOR.total_seconds())),
            "Urgency": "high",
        }
        ended = await self._post(endpoint, headers, body)
        if ended.accepted:
            return Pushed(DeliveryEnd.HANDED_OVER)
        if ended.status in _GONE:
            return Pushed(DeliveryEnd.NOT_TAKEN, gone=True)
        return Pushed(_ENDS.get(ended.end, DeliveryEnd.NOT_TAKEN))


_ENDS = {
    AttemptEnd.NO_ANSWER: DeliveryEnd.NO_ANSWER,
    AttemptEnd.PRIVATE: DeliveryEnd.PRIVATE,
    AttemptEnd.NOT_SENT: DeliveryEnd.NOT_SENT,
}
