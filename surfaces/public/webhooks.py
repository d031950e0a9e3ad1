"""Receives the events of providers: what became of each mail, and proof that it went out.

One address for each channel that reports events. It answers 2xx only once they are in the ledger;
anything else makes the provider deliver them again, which is harmless.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from client.errors import NotEntered
from client.events import EventIntake
from domain.delivery_events import EventsNotGenuine, EventsUnreadable, events_path

BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of one delivery of events; the providers' own batches are far smaller."""

BODY_WITHIN = timedelta(seconds=30)
"""How long a delivery may take to arrive, so that nobody can occupy memory for ever."""

_log = logging.getLogger("frontfoot.webhooks")


class Receiver:
    """The endpoint of each channel's events."""

    def __init__(self, intake: EventIntake) -> None:
        self._intake = intake

    def routes(self) -> list[Route]:
        """POST only, and only for channels whose events can be verified."""
        return [Route(events_path("{channel}"), self.receive, methods=["POST"])]

    async def receive(self, request: Request) -> Response:
        """Have the raw bytes verified and entered."""
        channel = request.path_params["channel"]
        if channel in self._intake.unverifiable:
            # The provider delivers again what it is refused with a 5xx. The log said why at the
            # start, and that names our settings: it is no business of whoever asks.
            return _no(503, "Events cannot be verified here at the moment: deliver them again.")
        if channel not in self._intake.channels:
            return _no(404, "No events are accepted here.")
        try:
            body = await _bounded(request)
        except ClientDisconnect:
            return _no(400, "The delivery was cut off.")
        except TimeoutError:
            return _no(408, "The delivery did not arrive in time.")
        if body is None:
            return _no(413, "This delivery of events is too large.")
        try:
            taken = await self._intake.take(channel, body, request.headers)
        except EventsNotGenuine as error:
            # The next step names our settings: that is for us, and no business of whoever asks.
            _log.warning("refused a delivery of events (%s): %s", channel, error)
            return _no(403, error.what)
        except EventsUnreadable as error:
            _log.warning("could not read a delivery of events (%s): %s", channel, error)
            return _no(400, error.what)
        except NotEntered as error:
            _log.error(
                "events were not recorded and will be delivered again (%s): %s", channel, error.why
            )
            return _no(503, "The events could not be recorded: deliver them again.")
        if taken.set_aside:
            _log.warning(
                "events that could not be read were set aside (%s): %d", channel, taken.set_aside
            )
        return JSONResponse(taken.model_dump(exclude_defaults=True))


async def _bounded(request: Request) -> bytes | None:
    """The body, or None if it is too large; does not wait for a slow sender."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > BODY_LIMIT:
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


def _no(status: int, detail: str) -> Response:
    return JSONResponse({"error": detail}, status_code=status)
