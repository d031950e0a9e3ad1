"""Receives the events of providers: what became of each mail, and proof that it went out.

One address for each channel that reports events. It answers 2xx only once they are in the ledger;
anything else makes the provider deliver them again, which is harmless.
"""

from __future__ import annotations

import logging

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from client.errors import NotEntered
from client.events import ArrivingDelivery, EventIntake
from domain.delivery_events import EventsNotGenuine, EventsUnreadable, events_path
from surfaces.public.limits import BODY_LIMIT
from surfaces.public.protocol import mark_genuine

_log = logging.getLogger("frontfoot.webhooks")


class Receiver:
    """The endpoint of each channel's events."""

    def __init__(self, intake: EventIntake) -> None:
        self._intake = intake

    def routes(self) -> list[Route]:
        """POST only, and only for channels whose events can be verified."""
        return [Route(events_path("{channel}"), self.receive, methods=["POST"])]

    async def receive(self, request: Request) -> Response:
        """Have the raw bytes verified while they come in, and entered."""
        channel = request.path_params["channel"]
        if channel in self._intake.unverifiable:
            # The provider delivers again what it is refused with a 5xx. The log said why at the
            # start, and that names our settings: it is no business of whoever asks.
            return _no(503, "Events cannot be verified here at the moment: deliver them again.")
        if channel not in self._intake.channels:
            return _no(404, "No events are accepted here.")
        try:
            delivery = self._intake.expect(channel, request.headers)
            if not await _received(request, delivery):
                return _no(413, "This delivery of events is too large.")
            taken = await delivery.enter()
        except ClientDisconnect:
            return _no(400, "The delivery was cut off.")
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
        mark_genuine(request)
        if taken.set_aside:
            _log.warning(
                "events that could not be read were set aside (%s): %d", channel, taken.set_aside
            )
        return JSONResponse(taken.model_dump(exclude_defaults=True))


async def _received(request: Request, delivery: ArrivingDelivery) -> bool:
    """Whether the whole body has come; False if it is too large. The server limits the time."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > BODY_LIMIT:
        return False
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > BODY_LIMIT:
            return False
        delivery.add(piece)
    return True


def _no(status: int, detail: str) -> Response:
    return JSONResponse({"error": detail}, status_code=status)
