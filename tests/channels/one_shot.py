"""Transports that give one answer of ours in the network's place, for what no stand-in can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import requests
from requests.adapters import HTTPAdapter


@dataclass(slots=True)
class Canned:
    """An answer as it would come over the wire; ``taken`` says that the network hears of it too."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    taken: bool = False


@dataclass
class Cans:
    """The answers in stock; each is given once, then the network is asked again.

    ``looks`` is the answer to every GET, if there is one. ``sent`` are the bodies of what went
    through to the network and was accepted.
    """

    stock: list[Canned] = field(default_factory=list)
    looks: Canned | None = None
    sent: list[bytes] = field(default_factory=list)

    def next(self, method: str) -> Canned | None:
        """What is answered in the network's place."""
        if method == "GET":
            return self.looks
        return self.stock.pop(0) if self.stock else None


class OneShotTransport(httpx.AsyncHTTPTransport):
    """httpx, with canned answers."""

    def __init__(self, cans: Cans) -> None:
        # Nothing here is encrypted, and reading the certificate store takes longer than a test.
        super().__init__(verify=False)
        self._cans = cans

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        can = self._cans.next(request.method)
        if can is None or can.taken:
            answer = await super().handle_async_request(request)
            if answer.is_success and request.method == "POST":
                self._cans.sent.append(request.content)
            if can is None:
                return answer
            await answer.aclose()
        return httpx.Response(can.status, headers=dict(can.headers), content=can.body)


class OneShotAdapter(HTTPAdapter):
    """requests, with canned answers."""

    def __init__(self, cans: Cans) -> None:
        super().__init__()
        self._cans = cans

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, **rest: Any
    ) -> requests.Response:
        can = self._cans.next(request.method or "")
        if can is None:
            return super().send(request, **rest)
        if can.taken:
            super().send(request, **rest)
        return as_requests(can, request)


def as_requests(can: Canned, request: requests.PreparedRequest) -> requests.Response:
    """A canned answer as ``requests`` would hand it over."""
    response = requests.Response()
    response.status_code = can.status
    response._content = can.body
    response.headers.update(can.headers)
    response.request = request
    response.url = request.url or ""
    return response
