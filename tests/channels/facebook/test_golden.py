"""Facebook's answers, row by row, and what the wrapper keeps from its package."""

from __future__ import annotations

import logging
import ssl
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
import requests
from pydantic import SecretStr
from requests.adapters import BaseAdapter
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    SSLError,
)

from channels.contract import (
    BadCredentials,
    CannotExpress,
    ChannelError,
    OutcomeUnknown,
    PerhapsPosted,
    Publication,
    Refused,
    Template,
    Throttled,
    Unreachable,
)
from channels.facebook import FacebookChannel, FacebookSettings
from channels.facebook.channel import LIMIT, MOST_PAGES
from channels.facebook.graph import no_answer
from channels.http import Effect
from domain.message import Copy
from domain.publication import Finding, Receipt
from tests.channels.one_shot import Canned, as_requests

NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
PAGE = "100000000000001"
TOKEN = "EAAB-page-token"
MARK = "Update 2, 20 Nov 14:05 UTC"
COPY = Copy(
    channel="facebook",
    text=f"We shut the leak.\n{MARK}",
    mark=MARK,
    link="https://acme.example/status",
)
PUBLICATION = Publication("incident/x/message/2/facebook", COPY)
JSON = {"content-type": "application/json; charset=UTF-8", "facebook-api-version": "v26.0"}

Serve = Callable[[requests.PreparedRequest], Canned]


class Wire(BaseAdapter):
    """A network on which every request is answered by ``serve``."""

    def __init__(self, serve: Canned | Serve) -> None:
        super().__init__()
        self.serve = serve
        self.requests: list[requests.PreparedRequest] = []
        self.timeouts: list[object] = []

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, **rest: Any
    ) -> requests.Response:
        self.requests.append(request)
        self.timeouts.append(rest["timeout"])
        can = self.serve(request) if callable(self.serve) else self.serve
        return as_requests(can, request)

    def close(self) -> None:
        pass


class World:
    """A channel, and the requests that it made."""

    def __init__(self, serve: Canned | Serve, **settings: Any) -> None:
        self.wire = Wire(serve)
        self.channel = FacebookChannel(
            FacebookSettings(**{"page_id": PAGE, "page_token": TOKEN, **settings}),
            transport=self.wire,
            clock=lambda: NOW,
        )

    def sent(self) -> list[tuple[str | None, str, dict[str, list[str]]]]:
        """Method, path, and query and form together, of each request."""
        found = []
        for request in self.wire.requests:
            url = urlsplit(request.url or "")
            form = request.body if isinstance(request.body, str) else ""
            found.append((request.method, url.path, parse_qs(url.query) | parse_qs(form)))
        return found


def json(status: int, body: object, **headers: str) -> Canned:
    return Canned(status, orjson.dumps(body), {**JSON, **headers})


def error(code: int, status: int = 400, subcode: int | None = None, **more: Any) -> Canned:
    told = {"message": "m", "type": "OAuthException", "code": code, "fbtrace_id": "A", **more}
    if subcode is not None:
        told["error_subcode"] = subcode
    return json(status, {"error": told})


ROWS: list[tuple[str, Canned, type[ChannelError]]] = [
    *(
        (f"throttled {code}", error(code), Throttled)
        for code in (4, 17, 32, 341, 613, 80001, 80014)
    ),
    ("throttled as 403", error(4, 403, is_transient=True), Throttled),
    ("too fast", error(368, subcode=1390008), Throttled),
    ("abusive, or said before", error(368), PerhapsPosted),
    ("said before", error(506), PerhapsPosted),
    ("said before, other form", error(368, subcode=1404082), PerhapsPosted),
    ("unknown error", error(1, 500), OutcomeUnknown),
    ("unknown error as 400", error(1), OutcomeUnknown),
    ("unknown error 99", error(1, 400, subcode=99), OutcomeUnknown),
    ("unavailable", error(2, 503, is_transient=True), OutcomeUnknown),
    ("transient", error(9999, is_transient=True), OutcomeUnknown),
    ("strange code with 500", error(9999, 500), OutcomeUnknown),
    ("500 without an error", json(500, {"id": "1_2"}), OutcomeUnknown),
    ("500 with nothing", Canned(500), OutcomeUnknown),
    ("503 in HTML", Canned(503, b"<html>", {"content-type": "text/html"}), OutcomeUnknown),
    ("502 in HTML", Canned(502, b"<html>", {"content-type": "text/html"}), OutcomeUnknown),
    *((f"token {code}", error(code, 401), BadCredentials) for code in (102, 190)),
    ("no proof", error(104), BadCredentials),
    ("wrong proof", error(100, message="Invalid appsecret_proof provided"), BadCredentials),
    *(
        (f"token 190/{subcode}", error(190, 400, subcode=subcode), BadCredentials)
        for subcode in (458, 459, 460, 463, 464, 467, 492)
    ),
    *((f"permission {code}", error(code, 403), Refused) for code in (3, 10, 200, 210, 299)),
    ("parameter", error(100), Refused),
    ("no such page", error(100, subcode=33), Refused),
    ("link unreadable", error(1609005), Refused),
    ("parse error", error(2500), Refused),
    ("strange code", error(9999), Refused),
    ("strange code with 401", error(9999, 401), BadCredentials),
    ("error that is no object", json(400, {"error": "no"}), Refused),
    ("error without a code", json(400, {"error": {"message": "m"}}), Refused),
    ("redirect", Canned(302, b"", {"location": "https://elsewhere.example"}), Refused),
    ("200 in HTML", Canned(200, b"<html>", {"content-type": "text/html"}), OutcomeUnknown),
    ("200 with nothing", Canned(200, b"", JSON), OutcomeUnknown),
    ("200 cut off", Canned(200, b'{"id":"1_', JSON), OutcomeUnknown),
    ("200 without a content type and id", Canned(200, b"{}"), OutcomeUnknown),
    ("200 without an id", json(200, {"success": True}), OutcomeUnknown),
    ("200 with a list", json(200, ["1_2"]), OutcomeUnknown),
]


@pytest.mark.parametrize(("answer", "meaning"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS])
async def test_an_answer_of_facebook_means_what_the_retry_matrix_says(
    answer: Canned, meaning: type[ChannelError]
) -> None:
    with pytest.raises(ChannelError) as caught:
        await World(answer).channel.publish(PUBLICATION)
    assert meaning in type(caught.value).__mro__
    assert isinstance(caught.value, BadCredentials) == (meaning is BadCredentials)


USAGE = orjson.dumps(
    {
        PAGE: [{"type": "pages", "estimated_time_to_regain_access": 19}],
        "7": [{"type": "ads", "estimated_time_to_regain_access": 42}],
    }
).decode()


@pytest.mark.parametrize(
    ("headers", "minutes"),
    [
        ({"X-Business-Use-Case-Usage": USAGE}, 42),
        ({"x-business-use-case-usage": "{}"}, 60),
        ({"x-business-use-case-usage": "not json"}, 60),
        ({"x-business-use-case-usage": '{"1":[{"estimated_time_to_regain_access":0}]}'}, 60),
        ({}, 60),
    ],
)
async def test_a_throttled_page_waits_the_minutes_that_it_is_told(
    headers: dict[str, str], minutes: int
) -> None:
    answer = error(32)
    answer.headers = {**answer.headers, **headers}
    with pytest.raises(Throttled) as caught:
        await World(answer).channel.publish(PUBLICATION)
    assert caught.value.until == NOW + timedelta(minutes=minutes)


async def test_posting_too_fast_waits_for_hours() -> None:
    with pytest.raises(Throttled) as caught:
        await World(error(368, subcode=1390008)).channel.publish(PUBLICATION)
    assert caught.value.until == NOW + timedelta(hours=3)


async def test_a_post_goes_to_the_pinned_version_with_time_outs_and_proof() -> None:
    world = World(
        json(200, {"id": f"{PAGE}_5"}), app_secret="s3cret", connect_timeout=2, read_timeout=9
    )
    receipt = await world.channel.publish(PUBLICATION)
    assert receipt == Receipt(id=f"{PAGE}_5", url=f"https://www.facebook.com/{PAGE}_5", at=NOW)
    [(method, path, fields)] = world.sent()
    assert (method, path) == ("POST", f"/v26.0/{PAGE}/feed")
    assert fields["message"] == [COPY.text]
    assert fields["link"] == [COPY.link]
    assert len(fields["appsecret_proof"][0]) == 64
    assert world.wire.timeouts == [(2.0, 9.0)]
    assert (world.wire.requests[0].url or "").startswith("https://graph.facebook.com/v26.0/")


async def test_the_token_of_a_post_is_not_in_its_address() -> None:
    world = World(json(200, {"id": f"{PAGE}_5"}))
    await world.channel.publish(PUBLICATION)
    assert TOKEN not in (world.wire.requests[0].url or "")


def test_another_address_is_no_business_of_the_package() -> None:
    World(json(200, {}), base_url="http://127.0.0.1:1/graph/")
    assert sys.modules["facebook"].FACEBOOK_GRAPH_URL == "https://graph.facebook.com/"


async def test_a_configured_address_is_the_one_that_is_called() -> None:
    world = World(json(200, {"id": f"{PAGE}_5"}), base_url="http://127.0.0.1:1/graph/")
    await world.channel.publish(PUBLICATION)
    assert world.wire.requests[0].url == f"http://127.0.0.1:1/graph/v26.0/{PAGE}/feed"


def listing(*posts: dict[str, Any], after: str | None = None) -> Canned:
    paging = {"cursors": {"after": after}, "next": "https://x.example"} if after else {}
    return json(200, {"data": list(posts), "paging": paging})


def post(message: str, number: int = 5, at: str = "2026-11-20T14:05:03+0000") -> dict[str, Any]:
    return {
        "id": f"{PAGE}_{number}",
        "message": message,
        "created_time": at,
        "permalink_url": f"https://www.facebook.com/permalink/{number}",
    }


OLD = "2026-11-20T13:00:00+0000"


async def test_our_post_is_found_with_its_link_and_time() -> None:
    world = World(listing(post("Another", 6), post(COPY.text.replace("\n", "\r\n"))))
    sighting = await world.channel.find("key", COPY, NOW)
    assert sighting.receipt == Receipt(
        id=f"{PAGE}_5",
        url="https://www.facebook.com/permalink/5",
        at=datetime(2026, 11, 20, 14, 5, 3, tzinfo=UTC),
    )
    assert world.sent()[0][1] == f"/v26.0/{PAGE}/published_posts"


async def test_reading_stops_at_the_first_post_from_before_the_attempt() -> None:
    world = World(listing(post("Another", 6), post("Older", 4, OLD), after="c2"))
    sighting = await world.channel.find("key", COPY, NOW)
    assert sighting.finding is Finding.ABSENT
    assert len(world.wire.requests) == 1


@pytest.mark.parametrize(
    ("paging", "finding"),
    [({"cursors": {"after": "c2"}}, Finding.ABSENT), ({"next": "x"}, Finding.CANNOT_TELL)],
)
async def test_only_next_says_that_more_comes(paging: dict[str, Any], finding: Finding) -> None:
    shown = json(200, {"data": [post("Another")], "paging": paging})
    assert (await World(shown).channel.find("key", COPY, NOW)).finding is finding


async def test_reading_goes_on_by_the_cursor_until_the_end() -> None:
    def serve(request: requests.PreparedRequest) -> Canned:
        if "after=c2" in (request.url or ""):
            return listing(post(f"Edited since. {MARK}"))
        return listing(post("Another", 6), after="c2")

    world = World(serve)
    assert (await world.channel.find("key", COPY, NOW)).finding is Finding.FOUND
    assert len(world.wire.requests) == 2


async def test_a_page_without_end_tells_nothing() -> None:
    world = World(listing(post("Another"), after="again"))
    assert (await world.channel.find("key", COPY, NOW)).finding is Finding.CANNOT_TELL
    assert len(world.wire.requests) == MOST_PAGES


@pytest.mark.parametrize("answer", [error(190, 401), error(10, 403), error(100, subcode=33)])
async def test_posts_that_we_may_not_read_tell_nothing(answer: Canned) -> None:
    assert (await World(answer).channel.find("key", COPY, NOW)).finding is Finding.CANNOT_TELL


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(error(4), Throttled), (error(2, 500), Unreachable), (json(200, {"no": 1}), Unreachable)],
)
async def test_a_look_that_failed_may_be_tried_again(
    answer: Canned, kind: type[ChannelError]
) -> None:
    with pytest.raises(kind):
        await World(answer).channel.find("key", COPY, NOW)


@pytest.mark.parametrize("answer", [json(200, {"success": True}), error(100, subcode=33)])
async def test_a_post_that_is_gone_counts_as_taken_back(answer: Canned) -> None:
    world = World(answer)
    await world.channel.retract(Receipt(id=f"{PAGE}_5", at=NOW))
    assert world.sent()[0][:2] == ("DELETE", f"/v26.0/{PAGE}_5")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(json(200, {"success": False}), Refused), (error(10, 403), Refused), (error(1), Unreachable)],
)
async def test_a_post_that_stays_is_not_called_taken_back(
    answer: Canned, kind: type[ChannelError]
) -> None:
    with pytest.raises(kind):
        await World(answer).channel.retract(Receipt(id=f"{PAGE}_5", at=NOW))


@pytest.mark.parametrize(
    ("answer", "ok"),
    [
        (json(200, {"id": PAGE, "name": "Acme"}), True),
        (json(200, {"id": PAGE, "name": "Acme"}, **{"facebook-api-version": "v27.0"}), False),
        (error(190, 401), False),
        (Canned(200, b"<html>"), False),
    ],
)
async def test_check_says_whether_token_and_version_still_work(answer: Canned, ok: bool) -> None:
    assert (await World(answer).channel.check()).ok is ok


def test_a_post_longer_than_a_page_takes_is_found_before_any_gate() -> None:
    channel = World(json(200, {})).channel
    assert len(channel.render(Template(text="x" * LIMIT)).text) == LIMIT
    with pytest.raises(CannotExpress):
        channel.render(Template(text="x" * (LIMIT + 1)))


# What the exceptions of requests mean: for a publication, and for a question.
POOL: Any = None
UNSURE = (OutcomeUnknown, Unreachable)
NOWHERE = (Unreachable, Unreachable)
BROKEN: list[tuple[str, requests.RequestException, tuple[type, type]]] = [
    (
        "refused",
        requests.ConnectionError(MaxRetryError(POOL, "/", NewConnectionError(POOL, "x"))),
        NOWHERE,
    ),
    (
        "connect time-out",
        requests.ConnectTimeout(MaxRetryError(POOL, "/", ConnectTimeoutError())),
        NOWHERE,
    ),
    (
        "bad certificate",
        requests.exceptions.SSLError(
            MaxRetryError(POOL, "/", SSLError(ssl.SSLCertVerificationError("x")))
        ),
        NOWHERE,
    ),
    (
        "TLS broke, perhaps after the request",
        requests.exceptions.SSLError(MaxRetryError(POOL, "/", SSLError(ssl.SSLEOFError("x")))),
        UNSURE,
    ),
    ("reset", requests.ConnectionError(ProtocolError("aborted", ConnectionResetError())), UNSURE),
    ("read time-out", requests.ReadTimeout("x"), UNSURE),
    ("cut off", requests.exceptions.ChunkedEncodingError("x"), UNSURE),
    ("undecodable", requests.exceptions.ContentDecodingError("x"), UNSURE),
    ("anything else", requests.RequestException("x"), UNSURE),
    ("bad address", requests.exceptions.InvalidURL("x"), (Refused, Refused)),
]


@pytest.mark.parametrize(
    ("broken", "meanings"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
def test_a_broken_call_means_what_the_table_says(
    broken: requests.RequestException, meanings: tuple[type, type]
) -> None:
    told = (no_answer(broken, Effect.PUBLISHES), no_answer(broken, Effect.REPEATABLE))
    assert (type(told[0]), type(told[1])) == meanings


async def test_the_token_is_in_no_log_even_at_debug(
    sandbox: str, caplog: pytest.LogCaptureFixture
) -> None:
    """GET and DELETE carry it in their address, which urllib3 writes out."""
    token = SecretStr("sandbox-page-token")
    channel = FacebookChannel(FacebookSettings(page_id=PAGE, page_token=token, base_url=sandbox))
    with caplog.at_level(logging.DEBUG):
        await channel.check()
        await channel.retract(Receipt(id=f"{PAGE}_5", at=NOW))
    written = " ".join(record.getMessage() for record in caplog.records)
    assert f"/v26.0/{PAGE}" in written
    assert token.get_secret_value() not in written


@pytest.mark.parametrize(
    "answer", [error(104), error(100, message="Invalid appsecret_proof")], ids=["104", "100"]
)
async def test_a_wrong_app_secret_is_named_by_its_variable_also_by_the_check(
    answer: Canned,
) -> None:
    health = await World(answer).channel.check()
    assert not health.ok
    assert "FRONTFOOT_FACEBOOK_APP_SECRET" in health.detail


async def test_a_check_does_not_speak_of_a_copy() -> None:
    assert "copy" not in (await World(error(100)).channel.check()).detail
