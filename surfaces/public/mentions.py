"""Receives what providers tell of mentions, and answers the questions by which they know us.

One address for each channel. It answers 2xx only once everything is in the ledger.
"""

from __future__ import annotations

import logging

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from client.errors import NotEntered
from client.mention_intake import MentionDelivery, MentionIntake
from domain.delivery_events import EventsNotGenuine, EventsUnreadable
from domain.mentions import mentions_path
from surfaces.public.limits import Limits, Upload
from surfaces.public.protocol import allow_upload, mark_genuine

LARGEST = 2 * 1024 * 1024
"""Bytes of a delivery; the providers' largest are about one megabyte."""

LONGEST = 600.0
"""Seconds within which a large delivery, such as a mail with attachments, has to have come."""

_log = logging.getLogger("frontfoot.mentions")


class MentionReceiver:
    """The endpoint of each channel's webhook about mentions."""

    def __init__(self, intake: MentionIntake) -> None:
        self._intake = intake

    def routes(self) -> list[Route]:
        """GET for questions, POST for deliveries."""
        path = mentions_path("{channel}")
        return [
            Route(path, self.answer, methods=["GET"]),
            Route(path, self.receive, methods=["POST"]),
        ]

    async def answer(self, request: Request) -> Response:
        """Answer a provider that wants to know whether we are we; it changes nothing."""
        channel = request.path_params["channel"]
        if channel not in self._intake.channels:
            return _no(404, "No webhook is accepted here.")
        try:
            answer = self._intake.answer(channel, request.query_params)
        except EventsNotGenuine as error:
            _log.warning("refused a question (%s): %s", channel, error)
            return _no(403, error.what)
        if answer is None:
            return _no(404, "There is nothing to see here.")
        return Response(answer.body, media_type=answer.media_type)

    async def receive(self, request: Request) -> Response:
        """Have the raw bytes verified, and what they tell entered."""
        channel = request.path_params["channel"]
        if channel not in self._intake.channels:
            return _no(404, "No webhook is accepted here.")
        try:
            arriving = self._intake.expect(channel, request.headers)
            if not await _received(request, arriving, self._intake.largest(channel)):
                return _no(413, "This delivery is too large.")
            taken = await self._intake.take(channel, arriving)
        except ClientDisconnect:
            return _no(400, "The delivery was cut off.")
        except EventsNotGenuine as error:
            # The next step names our settings: that is for us, and no business of whoever asks.
            _log.warning("refused a delivery of mentions (%s): %s", channel, error)
            return _no(403, error.what)
        except EventsUnreadable as error:
            _log.warning("could not read a delivery of mentions (%s): %s", channel, error)
            return _no(400, error.what)
        except NotEntered as error:
            _log.error("mentions were not entered (%s): %s", channel, error.why)
            return _no(503, "It could not be entered: deliver it again.")
        mark_genuine(request)
        return JSONResponse(taken.model_dump())


async def _received(request: Request, arriving: MentionDelivery, largest: int | None) -> bool:
    """Whether the whole body has come; False if it is too large. The server limits the time."""
    limit = largest or LARGEST
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        return False
    if largest is not None:
        # As fast as any other body has to be, but longer; hardly any of it is kept.
        allow_upload(request, Upload(largest, rate=Limits().body_rate, within=LONGEST))
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            return False
        arriving.add(piece)
    return True


def _no(status: int, detail: str) -> Response:
    return PlainTextResponse(detail, status_code=status)
