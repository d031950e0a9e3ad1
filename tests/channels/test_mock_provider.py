"""The mock provider tells what publishes by what it does, and not by its method."""

from __future__ import annotations

import httpx
import orjson
import pytest

from channels.contract import Channel, OutcomeUnknown, Publication
from channels.contract_suite.attempts import attempt
from channels.contract_suite.contract import ChannelContract
from channels.contract_suite.example_providers import PAGE, WEBHOOK, serve_posts
from channels.contract_suite.mock_provider import MockProvider
from channels.contract_suite.stand_in import Misbehaviour, StandIn
from channels.contract_suite.webhook_channel import WebhookChannel
from channels.http import ask_over
from domain.publication import Receipt


class PublishesByGet(WebhookChannel):
    """Asks for a token by POST, searches by POST, and publishes by GET."""

    async def publish(self, publication: Publication) -> Receipt:
        await ask_over(
            self._client,
            self._client.build_request("POST", f"{WEBHOOK.url}/token"),
            provider="Webhook",
        )
        return await super().publish(publication)

    def _request(
        self,
        method: str,
        *,
        json: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
    ) -> httpx.Request:
        if json is not None:
            return super()._request("GET", params={"publish": json["text"]})
        return super()._request("POST", params=params)


def serve(request: httpx.Request, taken: list[str]) -> httpx.Response:
    if request.url.path.endswith("/token"):
        return httpx.Response(200, json={"token": "t"})
    if "publish" in request.url.params:
        text = request.url.params["publish"]
        body = orjson.dumps({"text": text})
        return serve_posts(httpx.Request("POST", request.url, content=body), taken)
    return serve_posts(httpx.Request("GET", request.url), taken)


def make(client: httpx.AsyncClient) -> Channel:
    return PublishesByGet(WEBHOOK, client=client)


class TestPublishesByGet(ChannelContract):
    @pytest.fixture
    def provider(self) -> StandIn:
        return MockProvider(make, serve, secrets=("hook-token",), page_size=PAGE)


async def test_a_fault_waits_for_the_request_that_publishes() -> None:
    provider = MockProvider(make, serve, secrets=())
    await provider.misbehave(Misbehaviour.FAILS_BEFORE)
    channel = provider.channel()
    with pytest.raises(OutcomeUnknown):
        await attempt(channel)
    assert (await provider.accepted(), await provider.tried()) == ([], 1)
    await channel.close()
