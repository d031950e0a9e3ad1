"""Mastodon keeps the promises of every channel, and its answers mean what its pages say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from channels.contract import (
    BadCredentials,
    CannotExpress,
    ChannelError,
    OutcomeUnknown,
    Publication,
    Refused,
    Template,
    Throttled,
)
from channels.contract_suite.contract import ChannelContract
from channels.contract_suite.stand_in import Misbehaviour, StandIn
from channels.html_words import words_of
from channels.mastodon.channel import MOST_PAGES
from domain.publication import Finding, Receipt
from tests.channels.mastodon.mastodon_server import Books, served, shown
from tests.channels.mastodon.mastodon_world import (
    COPY,
    LINK,
    MARK,
    ME,
    NOW,
    PUBLICATION,
    TEXT,
    MastodonProvider,
    World,
    complaint,
    post,
)
from tests.channels.one_shot import Canned

BOOKS = Books()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(BOOKS) as url:
        yield url


@pytest.fixture
def mastodon(address: str) -> MastodonProvider:
    """A server that has taken nothing yet and serves everybody well."""
    BOOKS.reset()
    return MastodonProvider(address, BOOKS)


class TestMastodon(ChannelContract):
    @pytest.fixture
    def provider(self, mastodon: MastodonProvider) -> StandIn:
        return mastodon


# The idempotency key


async def test_a_second_attempt_at_a_publication_is_the_same_post(
    mastodon: MastodonProvider,
) -> None:
    await mastodon.misbehave(Misbehaviour.FAILS_AFTER)
    first, second = (Publication(f"0123456789abcdef.{attempt}", COPY) for attempt in (1, 2))
    channel = mastodon.at()
    with pytest.raises(OutcomeUnknown):
        await channel.publish(first)
    receipt = await channel.publish(second)
    await channel.close()
    assert [one["id"] for one in BOOKS.posts] == [receipt.id]


async def test_other_words_under_the_same_key_are_another_post(mastodon: MastodonProvider) -> None:
    """A known key is answered with the old post, whatever the new one says."""
    channel = mastodon.at()
    await channel.publish(PUBLICATION)
    other = COPY.model_copy(update={"text": "All clear."})
    await channel.publish(Publication(PUBLICATION.key, other))
    await channel.close()
    assert [one["status"] for one in BOOKS.taken] == [TEXT, "All clear."]


async def test_the_same_words_of_another_publication_are_another_post(
    mastodon: MastodonProvider,
) -> None:
    channel = mastodon.at()
    await channel.publish(PUBLICATION)
    await channel.publish(Publication("fedcba9876543210.1", COPY))
    await channel.close()
    assert len(BOOKS.taken) == 2


async def test_the_server_is_not_told_our_key(mastodon: MastodonProvider) -> None:
    channel = mastodon.at()
    await channel.publish(PUBLICATION)
    await channel.close()
    assert "0123456789abcdef" not in json.dumps(BOOKS.taken)


async def test_a_post_that_was_taken_back_is_not_taken_for_posted_again(
    mastodon: MastodonProvider,
) -> None:
    channel = mastodon.at()
    await channel.retract(await channel.publish(PUBLICATION))
    with pytest.raises(Refused, match="deleted within the last hour"):
        await channel.publish(PUBLICATION)
    await channel.close()


# Answers

ROWS: list[tuple[str, Canned, type[ChannelError]]] = [
    ("bad request", Canned(400), Refused),
    ("dead token", Canned(401, complaint("The access token is invalid")), BadCredentials),
    ("payment", Canned(402), BadCredentials),
    (
        "scope",
        Canned(403, complaint("This action is outside the authorized scopes")),
        BadCredentials,
    ),
    ("disabled", Canned(403, complaint("Your login is currently disabled")), BadCredentials),
    ("no such place", Canned(404, complaint("Record not found")), Refused),
    ("gone", Canned(410), Refused),
    ("too long", Canned(422, complaint("Validation failed: Text limit exceeded")), Refused),
    (
        "token of an app",
        Canned(422, complaint("This method requires an authenticated user")),
        BadCredentials,
    ),
    ("422, unreadable", Canned(422, b"<html>"), Refused),
    ("throttled", Canned(429, complaint("Too many requests")), Throttled),
    ("error", Canned(500, complaint("Something broke")), OutcomeUnknown),
    ("gateway", Canned(502, b"<html>"), OutcomeUnknown),
    ("unavailable", Canned(503, complaint("temporary problem")), OutcomeUnknown),
    ("gateway time-out", Canned(504), OutcomeUnknown),
    ("redirect", Canned(308, b"", {"location": "https://elsewhere.example"}), Refused),
    ("made, unreadable", Canned(200, b"<html>"), OutcomeUnknown),
    ("made, without an id", Canned(200, b"{}"), OutcomeUnknown),
    ("made, with a path for an id", Canned(200, b'{"id":"../accounts"}'), OutcomeUnknown),
]


@pytest.mark.parametrize(("answer", "meaning"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS])
async def test_an_answer_of_mastodon_means_what_its_pages_say(
    answer: Canned, meaning: type[ChannelError]
) -> None:
    with pytest.raises(ChannelError) as caught:
        await World(answer).channel.publish(PUBLICATION)
    assert issubclass(type(caught.value), meaning)
    assert (type(caught.value) is BadCredentials) == (meaning is BadCredentials)
    assert caught.value.next_step or meaning is Throttled


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"X-RateLimit-Reset": "2026-11-20T14:10:00.000000Z"}, timedelta(minutes=5)),
        ({"X-RateLimit-Reset": "2026-11-20T15:10:00.123456+01:00"}, timedelta(minutes=5)),
        ({"X-RateLimit-Reset": "2026-11-20T14:06:00"}, timedelta(minutes=1)),
        ({"X-RateLimit-Reset": "2026-11-20T14:00:00Z"}, timedelta(seconds=1)),
        ({"X-RateLimit-Reset": "9999-01-01T00:00:00Z"}, timedelta(hours=48)),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp()) + 60)}, timedelta(minutes=1)),
        ({"X-RateLimit-Reset": "soon"}, timedelta(minutes=5)),
        ({"Retry-After": "30"}, timedelta(seconds=30)),
        ({}, timedelta(minutes=5)),
    ],
)
async def test_a_throttled_post_waits_for_mastodons_reset(
    headers: dict[str, str], wait: timedelta
) -> None:
    with pytest.raises(Throttled) as caught:
        await World(Canned(429, b"", headers)).channel.publish(PUBLICATION)
    shift = abs(caught.value.until - (NOW + wait))
    assert shift < timedelta(seconds=1)


async def test_what_is_posted_is_what_was_signed() -> None:
    world = World(Canned(200, json.dumps(post(shown(TEXT))).encode()))
    receipt = await world.channel.publish(PUBLICATION)
    [request] = world.requests
    assert (request.method, request.url.path) == ("POST", "/api/v1/statuses")
    assert json.loads(request.content) == {"status": TEXT, "visibility": "public"}
    assert receipt == Receipt(id="11", url="https://social.example/@acme/11", at=NOW)


# Looking


def timeline(*pages: list[dict[str, str]]) -> World:
    """An account with these pages of posts, newest first."""
    waiting = list(pages)

    def serve(request: httpx.Request) -> Canned:
        if request.url.path.endswith("verify_credentials"):
            return ME
        return Canned(200, json.dumps(waiting.pop(0) if waiting else []).encode())

    return World(serve)


LONG_AGO = NOW - timedelta(days=1)


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (shown(TEXT), Finding.FOUND),
        (f"<p>{MARK}</p>", Finding.FOUND),
        (f"<p>quoted by a widget<br>Update 2,&nbsp;20 Nov 14:05 UTC {LINK}</p>", Finding.FOUND),
        ("<p>Update 3, 20 Nov 14:05 UTC</p>", Finding.ABSENT),
        ("<p></p>", Finding.ABSENT),
    ],
)
async def test_a_look_reads_mastodons_html(content: str, finding: Finding) -> None:
    sighting = await timeline([post(content)]).channel.find("k", COPY, NOW)
    assert sighting.finding is finding


async def test_a_look_reads_on_until_the_time_of_the_attempt() -> None:
    pages = [
        [post("<p>x</p>", "30")],
        [post(shown(TEXT), "20")],
        [post("<p>y</p>", "10", LONG_AGO)],
    ]
    world = timeline(*pages)
    sighting = await world.channel.find("k", COPY, NOW)
    assert sighting.receipt is not None
    assert sighting.receipt.id == "20"
    assert world.requests[-1].url.params["max_id"] == "30"


async def test_a_look_stops_at_what_is_older_than_the_attempt() -> None:
    world = timeline([post("<p>x</p>"), post(shown(TEXT), "9", LONG_AGO)])
    assert (await world.channel.find("k", COPY, NOW)).finding is Finding.ABSENT
    assert len(world.requests) == 2


async def test_of_several_bearers_of_the_mark_the_oldest_is_the_post() -> None:
    quoting = post(f"<p>As we said in {MARK}</p>", "12")
    sighting = await timeline([quoting, post(f"<p>{MARK}: edited</p>", "11")]).channel.find(
        "k", COPY, NOW
    )
    assert sighting.receipt is not None
    assert sighting.receipt.id == "11"


async def test_a_look_that_did_not_reach_the_attempt_cannot_tell() -> None:
    pages = [[post("<p>x</p>", str(99 - page))] for page in range(MOST_PAGES + 1)]
    sighting = await timeline(*pages).channel.find("k", COPY, NOW)
    assert sighting.finding is Finding.CANNOT_TELL


@pytest.mark.parametrize("status", [401, 403, 404, 410, 422])
async def test_a_look_that_is_refused_cannot_tell(status: int) -> None:
    sighting = await World(Canned(status)).channel.find("k", COPY, NOW)
    assert sighting.finding is Finding.CANNOT_TELL
    assert sighting.why


# Form


def rendered(text: str, **settings: int) -> str:
    return World(ME, **settings).channel.render(Template(text=text, mark=MARK)).text


def test_a_link_counts_23_however_long_it_is() -> None:
    link = f"https://acme.example/{'x' * 300}"
    room = 500 - 23 - len(MARK) - 2
    assert link in rendered(f"{'a' * room} {link}")
    with pytest.raises(CannotExpress, match="is 1 too long: 501 of 500"):
        rendered(f"{'a' * (room + 1)} {link}")


def test_the_full_stop_after_a_link_is_not_part_of_it() -> None:
    link = f"(see https://acme.example/{'x' * 300})."
    with pytest.raises(CannotExpress, match="501 of 500"):
        rendered(f"{'a' * (500 - 23 - len('(see ).') - len(MARK) - 1)} {link}")


def test_a_server_with_longer_posts_can_be_configured() -> None:
    assert len(rendered("a" * 900, max_characters=1000)) > 900


# The check


@pytest.mark.parametrize(
    ("limits", "ok"),
    [
        ({"max_characters": 500, "characters_reserved_per_url": 23}, True),
        ({"max_characters": 5000, "characters_reserved_per_url": 23}, True),
        ({"max_characters": 400, "characters_reserved_per_url": 23}, False),
        ({"max_characters": 500, "characters_reserved_per_url": 30}, False),
        ({}, True),
    ],
)
async def test_the_check_compares_the_servers_limits_with_ours(
    limits: dict[str, int], ok: bool
) -> None:
    def serve(request: httpx.Request) -> Canned:
        if request.url.path == "/api/v2/instance":
            return Canned(200, json.dumps({"configuration": {"statuses": limits}}).encode())
        return ME

    health = await World(serve).channel.check()
    assert (health.ok, health.account) == (ok, "@acme")
    assert ("FRONTFOOT_MASTODON_MAX_CHARACTERS" in health.detail) == (not ok)


async def test_the_check_of_an_old_server_does_without_its_limits() -> None:
    def serve(request: httpx.Request) -> Canned:
        return ME if request.url.path.endswith("verify_credentials") else Canned(404)

    assert (await World(serve).channel.check()).ok


async def test_the_check_names_a_dead_token() -> None:
    health = await World(Canned(401)).channel.check()
    assert not health.ok
    assert "credentials" in health.detail


def test_what_a_post_shows_is_read_back_as_it_was_written() -> None:
    assert words_of(shown(TEXT)).split() == TEXT.split()
