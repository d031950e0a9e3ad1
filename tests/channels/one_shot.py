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
    """An answer as it would come over the wire."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Cans:
    """The answers in stock; each is given once, then the network is asked again."""

    stock: list[Canned] = field(default_factory=list)


class OneShotTransport(httpx.AsyncHTTPTransport):
    """httpx, with a canned answer to a request that is not a GET."""

    def __init__(self, cans: Cans) -> None:
        # Nothing here is encrypted, and reading the certificate store takes longer than a test.
        super().__init__(verify=False)
        self._cans = cans

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" or not self._cans.stock:
            return await super().handle_async_request(request)
        can = self._cans.stock.pop(0)
        return httpx.Response(can.status, headers=dict(can.headers), content=can.body)


class OneShotAdapter(HTTPAdapter):
    """requests, with a canned answer to a request that is not a GET."""

    def __init__(self, cans: Cans) -> None:
        super().__init__()
        self._cans = cans

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, **rest: Any
    ) -> requests.Response:
        if request.method == "GET" or not self._cans.stock:
            return super().send(request, **rest)
        return as_requests(self._cans.stock.pop(0), request)


def as_requests(can: Canned, request: requests.PreparedRequest) -> requests.Response:
    """A canned answer as ``requests`` would hand it over."""
    response = requests.Response()
    response.status_code = can.status
    response._content = can.body
    response.headers.update(can.headers)
    response.request = request
    response.url = request.url or ""
    return response
