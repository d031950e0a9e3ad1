"""A stranger's channel whose provider is asked by POST, as with GraphQL."""

from __future__ import annotations

import httpx
import pytest

from channels.contract import Channel
from channels.contract_suite.contract import ChannelContract
from channels.contract_suite.example_providers import PAGE, WEBHOOK, serve_posts
from channels.contract_suite.mock_provider import MockProvider
from channels.contract_suite.stand_in import StandIn
from channels.contract_suite.webhook_channel import WebhookChannel


class LooksByPost(WebhookChannel):
    """The webhook, where everything is a POST."""

    def _request(
        self,
        method: str,
        *,
        json: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
    ) -> httpx.Request:
        return super()._request("POST", json=json, params=params)


def is_look(request: httpx.Request) -> bool:
    return "since" in request.url.params


def serve(request: httpx.Request, taken: list[str]) -> httpx.Response:
    if is_look(request):
        request = httpx.Request("GET", request.url)
    return serve_posts(request, taken)


def make(client: httpx.AsyncClient) -> Channel:
    return LooksByPost(WEBHOOK, client=client)


class TestLooksByPost(ChannelContract):
    @pytest.fixture
    def provider(self) -> StandIn:
        return MockProvider(make, serve, secrets=("hook-token",), page_size=PAGE, is_look=is_look)


async def test_a_provider_of_mail_that_shows_no_letters_says_what_is_missing() -> None:
    provider = MockProvider(make, serve, secrets=())
    with pytest.raises(TypeError, match="letters="):
        await provider.letters()
