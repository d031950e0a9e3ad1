"""X's answers, row by row, and the requests that we make of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from channels.contract import (
    BadCredentials,
    CannotExpress,
    ChannelError,
    OutcomeUnknown,
    PerhapsPosted,
    Refused,
    Template,
    Throttled,
    Unreachable,
)
from channels.twitter.channel import MOST_PAGES
from domain.publication import Finding, Receipt
from tests.channels.one_shot import Canned
from tests.channels.twitter.x_world import COPY, MARK, ME, NOW, PUBLICATION, TEXT, World, page, post

PROBLEMS = "https://api.x.com/2/problems/"


def problem(
    status: int, detail: str = "", kind: str = "about:blank", /, headers: Any = None, **more: object
) -> Canned:
    body = {"title": "T", "detail": detail, "type": kind, "status": status, **more}
    return Canned(status, orjson.dumps(body), headers or {})


def legacy(status: int, code: int) -> Canned:
    return Canned(status, orjson.dumps({"errors": [{"code": code, "message": "m"}]}))


DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
NOT_SUMMONED = "Reply to this conversation is not allowed because you have not been mentioned."
OLD = "https://api.twitter.com/2/problems/"

ROWS: list[tuple[str, Canned, type[ChannelError]]] = [
    ("invalid", problem(400, "x", PROBLEMS + "invalid-request"), Refused),
    ("unauthorized", problem(401, "Unauthorized"), BadCredentials),
    ("bad signature, old form", legacy(401, 32), BadCredentials),
    ("suspended account, old form", legacy(403, 64), BadCredentials),
    ("locked account, old form", legacy(403, 326), BadCredentials),
    ("no credits", problem(402, "x", PROBLEMS + "credits"), BadCredentials),
    ("no credits, other name", problem(402, "x", PROBLEMS + "credits-depleted"), BadCredentials),
    ("no credits, bare", Canned(402), BadCredentials),
    ("duplicate", problem(403, DUPLICATE), PerhapsPosted),
    ("duplicate, other case", problem(403, "DUPLICATE CONTENT"), PerhapsPosted),
    ("duplicate, old form", legacy(403, 187), PerhapsPosted),
    ("not summoned", problem(403, NOT_SUMMONED), Refused),
    ("another 403", problem(403, "You are not permitted to perform this action."), Refused),
    ("not enrolled", problem(403, "x", PROBLEMS + "client-forbidden"), BadCredentials),
    ("not enrolled, old host", problem(403, "x", OLD + "client-forbidden"), BadCredentials),
    ("reply target gone", problem(404, "x", PROBLEMS + "resource-not-found"), Refused),
    ("conflict", problem(409), Refused),
    ("unprocessable", problem(422), Refused),
    ("throttled", problem(429, "x", PROBLEMS + "rate-limit-exceeded"), Throttled),
    ("throttled, old form", legacy(429, 88), Throttled),
    ("throttled, bare", Canned(429), Throttled),
    ("capped today", problem(429, "x", PROBLEMS + "usage-capped", period="Daily"), Throttled),
    (
        "capped this month",
        problem(403, "x", PROBLEMS + "usage-capped", period="Monthly"),
        BadCredentials,
    ),
    ("error", problem(500), OutcomeUnknown),
    ("gateway", Canned(502, b"<html>"), OutcomeUnknown),
    ("overload", problem(503, "Service Unavailable"), OutcomeUnknown),
    ("gateway time-out", Canned(504), OutcomeUnknown),
    ("redirect", Canned(307, b"", {"location": "https://elsewhere.example"}), Refused),
    ("created, unreadable", Canned(201, b"<html>"), OutcomeUnknown),
    ("created, without a post", Canned(201, b'{"errors":[{}]}'), OutcomeUnknown),
    ("created, not a number", Canned(201, b'{"data":{"id":"abc","text":""}}'), OutcomeUnknown),
]


@pytest.mark.parametrize(("answer", "meaning"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS])
async def test_an_answer_of_x_means_what_the_retry_matrix_says(
    answer: Canned, meaning: type[ChannelError]
) -> None:
    with pytest.raises(ChannelError) as caught:
        await World(answer).channel.publish(PUBLICATION)
    assert type(caught.value) is meaning


SAID_ABOUT_US = [
    (problem(403, "x", OLD + "oauth1-permissions"), "may read, but not post"),
    (problem(403, "x", PROBLEMS + "oauth2-permissions"), "may read, but not post"),
    (legacy(403, 261), "may read, but not post"),
    (
        problem(403, "x", PROBLEMS + "client-forbidden", reason="client-not-enrolled"),
        "not attached to a project",
    ),
    (legacy(403, 453), "not attached to a project"),
    (problem(403, "Your account is temporarily locked. Please log in."), "account is locked"),
    (problem(403, "Your account is suspended and may not use this."), "account is locked"),
    (legacy(401, 64), "account is locked"),
    (legacy(403, 326), "account is locked"),
    (legacy(401, 89), "does not accept our keys"),
    (problem(403, "You are not permitted to do this."), "whether the account, the app or the post"),
]


@pytest.mark.parametrize(("answer", "words"), SAID_ABOUT_US, ids=[row[1] for row in SAID_ABOUT_US])
async def test_an_answer_about_the_account_or_the_app_names_it(answer: Canned, words: str) -> None:
    with pytest.raises(Refused, match=words) as caught:
        await World(answer).channel.publish(PUBLICATION)
    assert "propose it again" not in caught.value.next_step or "notices" in caught.value.next_step


def stamp(minutes: int) -> str:
    return str(int((NOW + timedelta(minutes=minutes)).timestamp()))


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, timedelta(minutes=15)),
        (
            {"x-rate-limit-remaining": "0", "x-rate-limit-reset": stamp(4)},
            timedelta(minutes=4),
        ),
        # The short window is open again long before the day's is.
        (
            {
                "x-rate-limit-remaining": "0",
                "x-rate-limit-reset": stamp(4),
                "x-app-limit-24hour-remaining": "0",
                "x-app-limit-24hour-reset": stamp(600),
                "x-user-limit-24hour-remaining": "12",
                "x-user-limit-24hour-reset": stamp(900),
            },
            timedelta(minutes=600),
        ),
        # Nothing says which window is used up: the one that is always there counts.
        ({"x-rate-limit-reset": stamp(7)}, timedelta(minutes=7)),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "soon"}, timedelta(minutes=15)),
    ],
)
async def test_a_throttled_account_waits_for_the_last_exhausted_window(
    headers: dict[str, str], wait: timedelta
) -> None:
    answer = problem(429, "", PROBLEMS + "rate-limit-exceeded", headers=headers)
    with pytest.raises(Throttled) as caught:
        await World(answer).channel.publish(PUBLICATION)
    assert caught.value.until == NOW + wait


async def test_a_daily_cap_lifts_at_midnight() -> None:
    answer = problem(429, "x", PROBLEMS + "usage-capped", period="Daily")
    with pytest.raises(Throttled) as caught:
        await World(answer).channel.publish(PUBLICATION)
    assert caught.value.until == datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize("history", ["edit_history_tweet_ids", "edit_history_post_ids"])
async def test_a_post_is_made_with_its_text_and_nothing_else(history: str) -> None:
    created = Canned(201, orjson.dumps({"data": {"id": "19", "text": "t", history: ["19"]}}))
    world = World(created, handle="acme")
    receipt = await world.channel.publish(PUBLICATION)
    assert receipt == Receipt(id="19", url="https://x.com/acme/status/19", at=NOW)
    [request] = world.requests
    assert (request.method, str(request.url)) == ("POST", "https://api.x.com/2/tweets")
    assert orjson.loads(request.content) == {"text": TEXT}
    assert request.headers["authorization"].startswith("OAuth oauth_consumer_key=")


WRAPPED = TEXT.replace("https://acme.example/status", "https://t.co/AbC").replace("&", "&amp;")
LINKS = {"urls": [{"url": "https://t.co/AbC", "expanded_url": "https://acme.example/status"}]}


@pytest.mark.parametrize(
    "published",
    [
        post(WRAPPED, entities=LINKS),
        post(TEXT),
        post(f"Shortened by an editor. {MARK}"),
        post(WRAPPED.replace("\n", "  ")),
    ],
    ids=["wrapped and escaped", "as sent", "mark alone", "other white space"],
)
async def test_our_post_is_found_whatever_x_did_to_its_text(published: dict[str, Any]) -> None:
    world = World(page(post("Something else", "12"), published))
    sighting = await world.channel.find("key", COPY, NOW)
    assert sighting.receipt is not None
    assert sighting.receipt.id == "11"
    assert sighting.receipt.at == datetime(2026, 11, 20, 14, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("published", "finding"),
    [
        (post(WRAPPED, entities=LINKS), Finding.FOUND),
        (post(WRAPPED.replace("&amp;", "&"), entities=LINKS), Finding.FOUND),
        (post(WRAPPED), Finding.ABSENT),
        (post(TEXT.replace("shut", "found")), Finding.ABSENT),
    ],
    ids=["escaped", "not escaped", "another link", "another word"],
)
async def test_a_post_without_a_mark_is_known_by_all_of_its_words(
    published: dict[str, Any], finding: Finding
) -> None:
    unmarked = COPY.model_copy(update={"mark": ""})
    assert (await World(page(published)).channel.find("key", unmarked, NOW)).finding is finding


async def test_a_later_post_that_quotes_the_mark_is_not_taken_for_the_post() -> None:
    world = World(page(post(f"As said in {MARK}: no card data", "15"), post(f"{MARK}!", "11")))
    sighting = await world.channel.find("key", COPY, NOW)
    assert sighting.receipt is not None
    assert sighting.receipt.id == "11"


async def test_absence_is_said_only_after_the_last_page() -> None:
    def serve(request: httpx.Request) -> Canned:
        if "pagination_token" not in request.url.params:
            return page(post("Newer", "12"), token="t2")
        assert request.url.params["pagination_token"] == "t2"
        return page(post(TEXT, "11"))

    world = World(serve)
    sighting = await world.channel.find("key", COPY, NOW)
    assert sighting.finding is Finding.FOUND
    assert len(world.requests) == 2


async def test_a_timeline_without_end_tells_nothing() -> None:
    world = World(page(post("Another"), token="again"))
    sighting = await world.channel.find("key", COPY, NOW)
    assert sighting.finding is Finding.CANNOT_TELL
    assert len(world.requests) == MOST_PAGES


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        (Canned(200, b'{"meta":{"result_count":0}}'), Finding.ABSENT),
        (page(post("Another")), Finding.ABSENT),
        (page(post("Another"), errors=[{"title": "Not Found Error"}]), Finding.CANNOT_TELL),
        (problem(401), Finding.CANNOT_TELL),
        (problem(403, "x", PROBLEMS + "client-forbidden"), Finding.CANNOT_TELL),
        (problem(404), Finding.CANNOT_TELL),
    ],
)
async def test_what_x_shows_decides_what_can_be_told(answer: Canned, finding: Finding) -> None:
    assert (await World(answer).channel.find("key", COPY, NOW)).finding is finding


@pytest.mark.parametrize(
    ("answer", "error"),
    [(Canned(429), Throttled), (Canned(503), Unreachable), (Canned(200, b"<html>"), Unreachable)],
)
async def test_a_look_that_failed_may_be_tried_again(
    answer: Canned, error: type[ChannelError]
) -> None:
    with pytest.raises(error):
        await World(answer).channel.find("key", COPY, NOW)


async def test_looking_begins_a_minute_before_the_attempt() -> None:
    world = World(page(), fields="post.fields")
    await world.channel.find("key", COPY, NOW)
    [request] = world.requests
    assert request.url.path == "/2/users/7/tweets"
    assert request.url.params["start_time"] == "2026-11-20T14:04:00Z"
    assert request.url.params["post.fields"] == "created_at,entities"


async def test_the_accounts_number_is_asked_for_once() -> None:
    def serve(request: httpx.Request) -> Canned:
        if request.url.path == "/2/users/me":
            return Canned(200, b'{"data":{"id":"42","username":"acme"}}')
        return page()

    world = World(serve, user_id=None)
    for _ in range(3):
        await world.channel.find("key", COPY, NOW)
    paths = [request.url.path for request in world.requests]
    assert paths == ["/2/users/me", *["/2/users/42/tweets"] * 3]


@pytest.mark.parametrize("answer", [Canned(200, b'{"data":{"deleted":true}}'), problem(404)])
async def test_a_post_that_is_gone_counts_as_taken_back(answer: Canned) -> None:
    world = World(answer)
    await world.channel.retract(Receipt(id="19", at=NOW))
    assert [(r.method, r.url.path) for r in world.requests] == [("DELETE", "/2/tweets/19")]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Canned(200, b'{"data":{"deleted":false}}'), Refused),
        (problem(403, "not yours"), Refused),
        (problem(500), Unreachable),
    ],
)
async def test_a_post_that_stays_is_not_called_taken_back(
    answer: Canned, error: type[ChannelError]
) -> None:
    with pytest.raises(error):
        await World(answer).channel.retract(Receipt(id="19", at=NOW))


@pytest.mark.parametrize(
    ("answer", "settings", "ok"),
    [
        (ME, {"user_id": None}, True),
        (ME, {"user_id": "42", "handle": "acme"}, True),
        (ME, {"user_id": "43"}, False),
        (ME, {"user_id": None, "handle": "other"}, False),
        (problem(401), {}, False),
        (Canned(200, b"{}"), {}, False),
    ],
)
async def test_check_says_whose_keys_these_are(
    answer: Canned, settings: dict[str, Any], ok: bool
) -> None:
    assert (await World(answer, **settings).channel.check()).ok is ok


def test_a_post_is_measured_with_its_mark_and_link() -> None:
    channel = World(ME).channel
    room = 280 - 1 - len(MARK) - 1 - 23
    template = Template(text="x" * room, mark=MARK, link="https://example.com/a/long/way/to/go")
    assert channel.render(template).text.endswith(f"\n{MARK}\n{template.link}")
    with pytest.raises(CannotExpress, match="1 too long"):
        channel.render(template.model_copy(update={"text": "x" * (room + 1)}))


def test_with_a_sandbox_a_page_on_this_machine_weighs_what_the_public_one_will() -> None:
    link = "http://127.0.0.1:8091/incidents/dfccab4dc2b3/#update-06a5f34545d5eb83"
    template = Template(text="x" * (280 - 1 - len(MARK) - 1 - 23), mark=MARK, link=link)
    sandboxed = World(ME, base_url="http://127.0.0.1:8090").channel
    assert sandboxed.render(template).text.endswith(link)
    with pytest.raises(CannotExpress, match="too long"):
        World(ME).channel.render(template)
