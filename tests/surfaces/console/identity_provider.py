"""An identity provider that says what a test wants it to say, as a server of its own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from joserfc import jwk, jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from domain.passkey import base64url

CLIENT = "frontfoot-console"
OWN_KEY = jwk.RSAKey.generate_key(2048, {"kid": "own", "use": "sig"})


class IdentityProvider:
    """``claims`` and ``header`` are added to the next ID tokens; ``key`` signs them."""

    def __init__(self) -> None:
        self.url = ""
        self.key: jwk.Key = OWN_KEY
        self.header: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.nonce = ""
        self.asked: list[dict[str, Any]] = []
        self.answer: Any = None

    def app(self) -> Starlette:
        """Its three endpoints; the page where people would log in is the test."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._describe),
                Route("/keys", self._keys),
                Route("/token", self._token, methods=["POST"]),
            ]
        )

    async def _describe(self, _: Request) -> JSONResponse:
        told = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }
        return JSONResponse({**told, **self.metadata})

    async def _keys(self, _: Request) -> JSONResponse:
        return JSONResponse({"keys": [OWN_KEY.as_dict(private=False)]})

    async def _token(self, request: Request) -> JSONResponse:
        self.asked.append(dict(await request.form()))
        if self.answer is not None:
            return JSONResponse(self.answer, 400)
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": "maya-at-work",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            **self.claims,
        }
        header = {"alg": "RS256", "kid": "own", **self.header}
        if header["alg"] == "none":
            # No library would write such a token.
            parts = (json.dumps(one).encode() for one in (header, claims))
            token = ".".join([*map(base64url, parts), ""])
        else:
            token = jwt.encode(header, claims, self.key, algorithms=["RS256", "HS256"])
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": token})


@contextmanager
def running_provider() -> Iterator[IdentityProvider]:
    """Run one on a free port of this machine."""
    provider = IdentityProvider()
    config = uvicorn.Config(provider.app(), port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 120
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    [listening] = server.servers[0].sockets
    provider.url = f"http://localhost:{listening.getsockname()[1]}"
    try:
        yield provider
    finally:
        server.should_exit = True
        thread.join(120)
