"""What every operation does: it knows who asks, reads no more than it needs, and counts once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from client.engine import Engine
from client.errors import WrongInput
from client.requests import Answer, Requests
from domain.errors import DomainError
from surfaces.api.access import admit, rule_of
from surfaces.api.problems import MEDIA_TYPE, REFUSED, BadRequest, TooLarge, answer_to
from surfaces.api.uploads import arriving
from surfaces.public.protocol import mark_genuine

MOST = 1024 * 1024
"""Bytes of a body: the longest copy for all channels together, in its longest spelling."""

KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Resource(APIRoute):
    """A route that lets in whose token may, counts repeats once, and answers failures in words."""

    def get_route_handler(self) -> Handler:
        """The handler, with all of that around it."""
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await _answered(request, handler)
            except Exception as error:  # noqa: BLE001 - logged there, and shown as a number
                return answer_to(error)

        return answer


async def _answered(request: Request, handler: Handler) -> Response:
    token = (await admit(request)).token.id
    mark_genuine(request)
    _refuse_unknown(request)
    if request.method != "POST":
        return await handler(request)
    key = request.headers.get(KEY_HEADER, "")
    if not _KEY.fullmatch(key):
        raise BadRequest(
            f"A POST needs the header {KEY_HEADER}, with 1 to 200 visible ASCII characters.",
            "Send a new one for each thing that you want done, such as a UUID, and the same one "
            "to repeat it.",
            means="Nothing was done.",
        )
    rule = rule_of(request)
    if rule.uploads:
        async with arriving(request) as digest:
            return await _once(request, handler, token, key, digest.encode())
    await _read(request)
    if rule.reads:
        return await handler(request)
    return await _once(request, handler, token, key, await request.body())


async def _once(request: Request, handler: Handler, token: str, key: str, body: bytes) -> Response:
    """The answer to a request that is known by ``body``: its own, or one that was given before."""

    async def work(engine: Engine) -> Answer:
        request.state.engine = engine
        return _kept(await _or_refusal(request, handler))

    requests: Requests = request.app.state.requests
    given, replayed = await requests.once(token, key, _fingerprint(request, body), work)
    return _response(given, replayed=replayed)


def _refuse_unknown(request: Request) -> None:
    """Raise ``WrongInput`` for a parameter that is not taken: it is a typing error."""
    route: APIRoute = request.scope["route"]
    known = {one.alias for one in route.dependant.query_params}
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise WrongInput(
            f"There is no parameter {unknown[0][:40]!r} here.",
            f"There are {', '.join(sorted(known))}." if known else "Leave it out.",
            means="Nothing was done.",
        )


async def _or_refusal(request: Request, handler: Handler) -> Response:
    """What the handler answers, or a rule's refusal, which is an answer, too.

    That something is not there is none: it may be there when the same is sent again.
    """
    try:
        return await handler(request)
    except DomainError as error:
        refusal = answer_to(error)
        if refusal.status_code != REFUSED:
            raise
        return refusal


async def _read(request: Request) -> None:
    """Read the body, up to a limit."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > MOST:
        raise TooLarge(MOST)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST:
            raise TooLarge(MOST)
    # Where `request.body` keeps what it has read.
    request._body = bytes(body)


def _fingerprint(request: Request, body: bytes) -> str:
    """What makes a request another one: method, address and body."""
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(asked + body).hexdigest()


def _kept(response: Response) -> Answer:
    return Answer(
        status=response.status_code,
        location=response.headers.get("location", ""),
        body=bytes(response.body),
    )


def _response(given: Answer, *, replayed: bool) -> Response:
    headers = {REPLAYED_HEADER: "true"} if replayed else {}
    if given.location:
        headers["Location"] = given.location
    media_type = MEDIA_TYPE if given.status >= 400 else "application/json"
    return Response(given.body, given.status, headers, media_type)
