"""The client that an adapter over httpx speaks with, from its first request to its last."""

from __future__ import annotations

import httpx
import pytest

from channels.configured import ChannelSettings
from channels.contract import Unreachable
from channels.http import utc_now
from channels.wire import Wire
from tests.channels.sandbox_provider import closed_port


def wire(client: httpx.AsyncClient | None = None) -> Wire:
    return Wire("Square", ChannelSettings(), client, own=lambda _: None, clock=utc_now)


async def test_a_request_after_closing_opens_connections_again() -> None:
    square = wire()
    for _ in range(2):
        with pytest.raises(Unreachable, match="Square: no connection"):
            await square.ask(square.request("GET", closed_port()))
        await square.close()


async def test_a_client_that_was_handed_in_is_used_and_closed() -> None:
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(204)))
    square = wire(client)
    answer = await square.publish(square.request("POST", "https://square.example"))
    await square.close()
    assert (answer.status_code, client.is_closed) == (204, True)
