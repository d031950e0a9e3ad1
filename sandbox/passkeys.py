"""Devices with passkeys, for whoever plays people: `/_sandbox/passkeys`, gone with the process."""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.authenticator import Authenticator


class PasskeyOrder(BaseModel):
    """What a page on `origin` asks a browser for, in the JSON form of WebAuthn."""

    model_config = ConfigDict(extra="forbid")

    origin: str = Field(max_length=300)
    options: dict[str, Any]


class Passkeys:
    """Makes passkeys, and signs with them as their owners' browsers would."""

    def __init__(self) -> None:
        self._made: dict[str, Authenticator] = {}

    def routes(self) -> list[Route]:
        base = "/_sandbox/passkeys"
        return [
            Route(base, self.make, methods=["POST"]),
            Route(f"{base}/{{id}}/signatures", self.sign, methods=["POST"]),
        ]

    async def make(self, request: Request) -> Response:
        """A new passkey; the answer is what the browser hands to the page."""
        passkey = Authenticator.es256()
        try:
            order = PasskeyOrder.model_validate_json(await request.body())
            answer = passkey.create(order.options, origin=order.origin)
        except (ValidationError, KeyError, TypeError, ValueError):
            return _json({"error": "these are no options for a new passkey"}, 400)
        self._made[answer["id"]] = passkey
        return _json(answer, 201)

    async def sign(self, request: Request) -> Response:
        """A signature by one of them."""
        passkey = self._made.get(request.path_params["id"])
        if passkey is None:
            return _json({"error": "there is no such passkey"}, 404)
        try:
            order = PasskeyOrder.model_validate_json(await request.body())
            return _json(passkey.get(order.options, origin=order.origin), 201)
        except (ValidationError, KeyError, TypeError, ValueError):
            return _json({"error": "these are no options for a signature"}, 400)


def _json(body: object, status: int) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
