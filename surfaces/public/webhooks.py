"""Receives SendGrid's signed event webhook: what became of each mail, and proof that it left.

Served by ``surfaces.public.app``. It answers 2xx only once the events are in the ledger; anything
else makes SendGrid deliver them again, harmless because events are recorded by their own ids.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import orjson
from sendgrid.helpers.eventwebhook import EventWebhook
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.publication import DeliveryState
from domain.suppression import Wish
from store.events.marks import DeliveryEvent
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from surfaces.public.event_queue import EventQueue

PATH = "/webhooks/sendgrid"

BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of one delivery of events; SendGrid's own batches are far smaller."""

BODY_WITHIN = timedelta(seconds=30)
"""How long a delivery may take to arrive, so that nobody can hold its memory for ever."""

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"

KINDS: Mapping[str, DeliveryState | Wish] = {
    "processed": DeliveryState.PROCESSED,
    "delivered": DeliveryState.DELIVERED,
    "dropped": DeliveryState.DROPPED,
    "bounce": DeliveryState.BOUNCED,
    "spamreport": Wish.COMPLAINED,
    "unsubscribe": Wish.LEFT,
    "group_unsubscribe": Wish.LEFT,
    "group_resubscribe": Wish.RETURNED,
}
"""SendGrid's events that say where a mail stands, or what its reader wants. The others (opens,
clicks) are not asked for; a deferral is not an end, and one of these follows it."""

_log = logging.getLogger("frontfoot.webhooks")


class Receiver:
    """The webhook's one endpoint.

    ``max_age`` refuses deliveries that were signed longer ago, or as far ahead. It is off by
    default: whether a delivery that is repeated for a day keeps its first timestamp is not
    documented, so a limit might refuse the only proof that a batch went out. Recording by id
    makes a replay harmless: it changes nothing.
    """

    def __init__(
        self, database: Database, public_key: str, max_age: timedelta | None = None
    ) -> None:
        self._queue = EventQueue(database)
        self._max_age = max_age
        self._verifier = EventWebhook()
        self._key = self._verifier.convert_public_key_to_ecdsa(public_key)

    def routes(self) -> list[Route]:
        """POST only."""
        return [Route(PATH, self.receive, methods=["POST"])]

    async def receive(self, request: Request) -> Response:
        """Verify the raw bytes, then record the events that carry a mark of ours."""
        try:
            body = await _bounded(request)
        except ClientDisconnect:
            return _no(400, "The delivery broke off.")
        except TimeoutError:
            return _no(408, "The delivery did not arrive in time.")
        if body is None:
            return _no(413, "This delivery of events is too large.")
        if not self._signed(body, request):
            _log.warning("refused a delivery of events: its signature does not fit")
            return _no(403, "The signature does not fit: check the webhook's verification key.")
        if not self._recent(request):
            _log.warning("refused a delivery of events: it was signed too long ago")
            return _no(403, "This delivery was signed too long ago.")
        try:
            listed = orjson.loads(body)
        except orjson.JSONDecodeError:
            return _no(400, "The body is not JSON.")
        if not isinstance(listed, list):
            return _no(400, "The body is not a list of events.")
        now = datetime.now(UTC)
        ours = [event for event in (read_event(raw, now) for raw in listed) if event is not None]
        try:
            recorded = await self._queue.record(ours)
        except StoreUnavailable as error:
            _log.error("events were not recorded and will be delivered again: %s", error.what)
            return _no(503, "The ledger cannot be written now: deliver these events again.")
        except Exception as error:  # noqa: BLE001 - a traceback would quote rows, and so would we
            _log.error("events were not recorded, by a mistake of ours: %s", type(error).__name__)
            return _no(503, "The events could not be recorded: deliver them again.")
        return JSONResponse({"new": recorded.new, "duplicate": recorded.duplicate})

    def _signed(self, body: bytes, request: Request) -> bool:
        signature = request.headers.get(SIGNATURE, "")
        timestamp = request.headers.get(TIMESTAMP, "")
        try:
            base64.b64decode(signature, validate=True)
            text = body.decode()
        except ValueError:
            # Not base64, not even ASCII, or a body that is not UTF-8: nothing that was signed.
            return False
        return bool(self._verifier.verify_signature(text, signature, timestamp, self._key))

    def _recent(self, request: Request) -> bool:
        """Whether it was signed within ``max_age``, by a timestamp that the signature covers."""
        if self._max_age is None:
            return True
        timestamp = request.headers.get(TIMESTAMP, "")
        if not (timestamp.isascii() and timestamp.isdigit()):
            return False
        age = datetime.now(UTC).timestamp() - int(timestamp)
        return abs(age) <= self._max_age.total_seconds()


def read_event(raw: object, received_at: datetime) -> DeliveryEvent | None:
    """One event of SendGrid's as ours, or None if it is not about a mail of ours.

    An event whose time cannot be read is taken for one of ``received_at``: it proves no less that
    the mail was accepted.
    """
    if not isinstance(raw, dict):
        return None
    kind = KINDS.get(str(raw.get("event")))
    batch, name = raw.get("ff_batch"), raw.get("sg_event_id")
    if kind is None or not isinstance(batch, str) or not isinstance(name, str):
        return None
    delivery = raw.get("ff_delivery")
    try:
        at = datetime.fromtimestamp(float(raw["timestamp"]), UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        at = received_at
    reason = raw.get("type") if kind is DeliveryState.BOUNCED else None
    return DeliveryEvent(
        name,
        kind,
        at,
        batch,
        delivery if isinstance(delivery, str) else None,
        reason if isinstance(reason, str) else None,
    )


async def _bounded(request: Request) -> bytes | None:
    """The body, or None if it is too large; a sender that dawdles is not waited for."""
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > BODY_LIMIT:
        return None
    pieces: list[bytes] = []
    size = 0
    async with asyncio.timeout(BODY_WITHIN.total_seconds()):
        async for piece in request.stream():
            size += len(piece)
            if size > BODY_LIMIT:
                return None
            pieces.append(piece)
    return b"".join(pieces)


def _no(status: int, says: str) -> Response:
    return JSONResponse({"error": says}, status_code=status)
