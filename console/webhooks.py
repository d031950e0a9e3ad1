"""Receives SendGrid's signed event webhook: what became of each mail, and proof that it left.

Run with ``python -m console.webhooks``. It answers 2xx only once the events are in the ledger;
anything else makes SendGrid deliver them again, which is harmless because events are recorded by
their own ids.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import orjson
import uvicorn
from sendgrid.helpers.eventwebhook import EventWebhook
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.publication import DeliveryState
from settings import Settings
from store import events, migrate
from store.database import Database
from store.errors import StoreUnavailable
from store.events import DeliveryEvent

BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of one delivery of events; SendGrid's own batches are far smaller."""

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"

KINDS = {
    "processed": DeliveryState.PROCESSED,
    "delivered": DeliveryState.DELIVERED,
    "dropped": DeliveryState.DROPPED,
    "bounce": DeliveryState.BOUNCED,
}
"""SendGrid's events that say where a mail stands. The others (opens, clicks) are not asked for;
a deferral is not an end, and one of these follows it."""

_log = logging.getLogger("frontfoot.webhooks")


class Receiver:
    """The webhook's one endpoint."""

    def __init__(self, database: Database, public_key: str) -> None:
        self._database = database
        self._verifier = EventWebhook()
        self._key = self._verifier.convert_public_key_to_ecdsa(public_key)

    async def receive(self, request: Request) -> Response:
        """Verify the raw bytes, then record the events that carry a mark of ours."""
        try:
            body = await _bounded(request)
        except ClientDisconnect:
            return _no(400, "The delivery broke off.")
        if body is None:
            return _no(413, "This delivery of events is too large.")
        if not self._signed(body, request):
            _log.warning("refused a delivery of events: its signature does not fit")
            return _no(403, "The signature does not fit: check the webhook's verification key.")
        try:
            listed = orjson.loads(body)
        except orjson.JSONDecodeError:
            return _no(400, "The body is not JSON.")
        if not isinstance(listed, list):
            return _no(400, "The body is not a list of events.")
        now = datetime.now(UTC)
        ours = [event for event in (read_event(raw, now) for raw in listed) if event is not None]
        try:
            recorded = await events.record(self._database, ours)
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
        # No limit on the timestamp's age: whether a delivery that is repeated for a day keeps its
        # first timestamp is not documented, and recording by id makes a replay harmless.
        try:
            base64.b64decode(signature, validate=True)
            text = body.decode()
        except ValueError:
            # Not base64, not even ASCII, or a body that is not UTF-8: nothing that was signed.
            return False
        return bool(self._verifier.verify_signature(text, signature, timestamp, self._key))


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
        id=name,
        kind=kind,
        at=at,
        batch_key=batch,
        delivery_key=delivery if isinstance(delivery, str) else None,
        reason_code=reason if isinstance(reason, str) else None,
    )


def create_app(database: Database, public_key: str) -> Starlette:
    """The receiver as an ASGI app; it closes ``database`` when it stops."""
    receiver = Receiver(database, public_key)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await database.close()

    async def health(_: Request) -> Response:
        return JSONResponse({"ok": True})

    return Starlette(
        routes=[
            Route("/webhooks/sendgrid", receiver.receive, methods=["POST"]),
            Route("/health", health),
        ],
        lifespan=lifespan,
    )


async def _bounded(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            return None
    return bytes(body)


def _no(status: int, says: str) -> Response:
    return JSONResponse({"error": says}, status_code=status)


def main() -> int:
    """Serve until told to stop; return an exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = Settings()
    if not settings.webhook_public_key:
        print(
            "The event webhook cannot verify anything without SendGrid's verification key. "
            "Set FRONTFOOT_WEBHOOK_PUBLIC_KEY; it is shown where signed events are switched on.",
            file=sys.stderr,
        )
        return 2
    migrate.upgrade(settings.database())
    app = create_app(Database.open(settings.database()), settings.webhook_public_key)
    config = uvicorn.Config(
        app,
        host=settings.webhook_host,
        port=settings.webhook_port,
        log_level="warning",
        access_log=False,
    )
    asyncio.run(uvicorn.Server(config).serve())
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)
