"""Each way in which an exchange over HTTP can end has one meaning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import BaseModel

from channels.contract import (
    BadCredentials,
    ChannelError,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unreachable,
)
from channels.http import (
    Effect,
    ask_over,
    body_of,
    no_answer,
    plain_reading,
    publish_over,
    throttled_until,
)

NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)

# For every exception that httpx has: what it means for a request that publishes, and for one that
# may be repeated.
MEANINGS: dict[type[httpx.RequestError], tuple[type[ChannelError], type[ChannelError]]] = {
    httpx.ConnectError: (Unreachable, Unreachable),
    httpx.ConnectTimeout: (Unreachable, Unreachable),
    httpx.PoolTimeout: (Unreachable, Unreachable),
    httpx.ProxyError: (Unreachable, Unreachable),
    httpx.UnsupportedProtocol: (Refused, Refused),
    httpx.WriteError: (OutcomeUnknown, Unreachable),
    httpx.WriteTimeout: (OutcomeUnknown, Unreachable),
    httpx.ReadError: (OutcomeUnknown, Unreachable),
    httpx.ReadTimeout: (OutcomeUnknown, Unreachable),
    httpx.CloseError: (OutcomeUnknown, Unreachable),
    httpx.LocalProtocolError: (OutcomeUnknown, Unreachable),
    httpx.RemoteProtocolError: (OutcomeUnknown, Unreachable),
    httpx.DecodingError: (OutcomeUnknown, Unreachable),
    httpx.TooManyRedirects: (OutcomeUnknown, Unreachable),
}


def leaves(parent: type[Exception]) -> set[type[Exception]]:
    """The classes below ``parent`` that have none below themselves."""
    children = parent.__subclasses__()
    return set().union(*(leaves(child) for child in children)) if children else {parent}


def test_no_exception_of_httpx_is_without_a_meaning() -> None:
    assert leaves(httpx.RequestError) == set(MEANINGS)


def client_that_raises(error: Exception) -> httpx.AsyncClient:
    def handle(request: httpx.Request) -> httpx.Response:
        raise error

    return httpx.AsyncClient(transport=httpx.MockTransport(handle))


def client_that_answers(status: int, **rest: object) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.MockTransport(lambda request: httpx.Response(status, **rest))  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("raised", MEANINGS, ids=lambda kind: kind.__name__)
async def test_a_broken_exchange_means_what_the_table_says(
    raised: type[httpx.RequestError],
) -> None:
    for verb, meaning in zip((publish_over, ask_over), MEANINGS[raised], strict=True):
        async with client_that_raises(raised("Bearer secret-key")) as client:
            request = client.build_request("POST", "https://provider.example/")
            with pytest.raises(meaning) as caught:
                await verb(client, request, provider="Provider")
        assert type(caught.value) is meaning
        assert "secret-key" not in str(caught.value)
        assert caught.value.__cause__ is None


STATUSES = [
    (301, Refused, Refused),
    (302, Refused, Refused),
    (307, Refused, Refused),
    (400, Refused, Refused),
    (401, BadCredentials, BadCredentials),
    (402, BadCredentials, BadCredentials),
    (403, Refused, Refused),
    (404, Refused, Refused),
    (405, Refused, Refused),
    (408, OutcomeUnknown, Unreachable),
    (409, Refused, Refused),
    (413, Refused, Refused),
    (415, Refused, Refused),
    (422, Refused, Refused),
    (429, Throttled, Throttled),
    (500, OutcomeUnknown, Unreachable),
    (502, OutcomeUnknown, Unreachable),
    (503, OutcomeUnknown, Unreachable),
    (504, OutcomeUnknown, Unreachable),
]


@pytest.mark.parametrize(("status", "published", "asked"), STATUSES)
def test_a_status_means_what_the_table_says(
    status: int, published: type[ChannelError], asked: type[ChannelError]
) -> None:
    answer = httpx.Response(status)
    assert type(plain_reading(answer, Effect.PUBLISHES, "Provider", NOW)) is published
    assert type(plain_reading(answer, Effect.REPEATABLE, "Provider", NOW)) is asked


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_2xx_is_handed_back(status: int) -> None:
    async with client_that_answers(status) as client:
        request = client.build_request("POST", "https://provider.example/")
        answer = await publish_over(client, request, provider="Provider")
    assert answer.status_code == status


async def test_a_redirect_is_not_followed_even_by_a_client_that_would() -> None:
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(302, headers={"location": "https://elsewhere.example/"})

    transport = httpx.MockTransport(handle)
    async with httpx.AsyncClient(transport=transport, follow_redirects=True) as client:
        request = client.build_request("POST", "https://provider.example/")
        with pytest.raises(Refused):
            await publish_over(client, request, provider="Provider")
    assert asked == ["POST"]


async def test_the_providers_own_words_come_before_the_plain_reading() -> None:
    async with client_that_answers(403) as client:
        request = client.build_request("POST", "https://provider.example/")
        with pytest.raises(OutcomeUnknown):
            await publish_over(
                client, request, provider="Provider", own=lambda answer: OutcomeUnknown("Twice.")
            )


class Body(BaseModel):
    id: str


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"id": 7}', b'{"name": "x"}'])
def test_an_answer_that_nobody_can_read_is_no_answer(content: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        body_of(httpx.Response(201, content=content), Body, Effect.PUBLISHES, "Provider")
    with pytest.raises(Unreachable):
        body_of(httpx.Response(200, content=content), Body, Effect.REPEATABLE, "Provider")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60),
        ({"retry-after": "90"}, 90),
        ({"retry-after": "Fri, 20 Nov 2026 14:07:00 GMT"}, 120),
        ({"retry-after": "1.5"}, 2),
        ({"retry-after": "30.0"}, 30),
        ({"retry-after": "soon"}, 60),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 30)}, 30),
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 45)}, 45),
        ({"x-ratelimit-reset": "whenever"}, 60),
        ({"x-ratelimit-reset": "inf"}, 60),
        # A provider whose clock is behind, and one whose header is broken.
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) - 30)}, 1),
        ({"retry-after": "99999999999"}, 48 * 3600),
    ],
)
def test_a_throttled_channel_waits_as_long_as_it_was_told(
    headers: dict[str, str], seconds: int
) -> None:
    assert throttled_until(httpx.Headers(headers), NOW) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("address", ["ftp://provider.example/", "//provider.example"])
async def test_an_address_that_is_no_url_of_ours_is_refused(address: str) -> None:
    async with httpx.AsyncClient() as client:
        request = httpx.Request("POST", address)
        with pytest.raises(Refused, match="BASE_URL"):
            await publish_over(client, request, provider="Provider")


def test_an_invalid_url_is_refused() -> None:
    assert isinstance(no_answer(httpx.InvalidURL("x"), Effect.PUBLISHES, "Provider"), Refused)
