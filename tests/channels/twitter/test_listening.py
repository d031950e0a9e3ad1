"""What X forces on whoever listens to it: its depth, its search, its ids, edits and old names."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from channels.contract import BadCredentials, Refused, Unreachable
from channels.contract_suite.hearing import said, to_the_end
from channels.listening import (
    PlaceLost,
)
from channels.twitter import TwitterChannel
from domain.listening import Cursor
from tests.channels.one_shot import Canned
from tests.channels.sandbox_provider import SandboxX
from tests.channels.twitter.x_world import NOW, World, id_at, page, post

FORBIDDEN = Canned(403, b'{"title":"Forbidden","detail":"You may not search"}')


@pytest.fixture
def x(sandbox: str) -> SandboxX:
    return SandboxX(sandbox)


@pytest.fixture
async def channel(x: SandboxX) -> AsyncIterator[TwitterChannel]:
    channel = x.channel()
    assert isinstance(channel, TwitterChannel)
    yield channel
    await channel.close()


async def test_what_is_deeper_than_the_list_is_found_by_the_search(
    x: SandboxX, channel: TwitterChannel
) -> None:
    """An outage of the poller in a storm: the list ends without a word before the known post."""
    before = await x.say(["before"])
    _, cursor = await to_the_end(channel, Cursor())
    ids = await x.say([f"question {n}" for n in range(950)])

    pages, cursor = await to_the_end(channel, cursor)

    assert [one.id for one in said(pages)] == [*ids[::-1], *before]
    assert cursor.since == ids[-1]
    assert not any(page.gap for page in pages)


async def test_the_very_first_reading_goes_as_deep_as_x_shows_anything(
    x: SandboxX, channel: TwitterChannel
) -> None:
    """What came during the first chain pushed its end out of the list, and out of sight."""
    ids = await x.say([f"question {n}" for n in range(400)])
    first = await channel.mentions(Cursor())
    await x.say([f"more {n}" for n in range(700)])
    rest, cursor = await to_the_end(channel, first.cursor)

    assert set(ids) == {one.id for one in said([first, *rest])}
    assert (cursor.since, [page.gap for page in rest if page.gap]) == (ids[-1], [])


async def test_while_old_pages_are_read_newer_mentions_do_not_push_others_out_unseen(
    x: SandboxX, channel: TwitterChannel
) -> None:
    """The depth counts from the newest: what arrives meanwhile shortens the rest of the chain."""
    before = await x.say(["before"])
    _, cursor = await to_the_end(channel, Cursor())
    ids = await x.say([f"question {n}" for n in range(400)])

    first = await channel.mentions(cursor)
    await x.say([f"more {n}" for n in range(700)])
    rest, _ = await to_the_end(channel, first.cursor)

    assert {*ids, *before} == {one.id for one in said([first, *rest])}


async def test_a_known_post_that_was_deleted_costs_a_search_and_nothing_else(
    x: SandboxX, channel: TwitterChannel
) -> None:
    known = await x.say(["I will be gone"])
    _, cursor = await to_the_end(channel, Cursor())
    await x.change(known[0], None)

    pages, after = await to_the_end(channel, Cursor(since=cursor.since))

    assert (said(pages), [page.gap for page in pages]) == ([], [None, None])
    assert after == cursor


async def test_an_edit_is_another_version_of_the_same_mention(
    x: SandboxX, channel: TwitterChannel
) -> None:
    first = (await x.say(["is it sfae?"]))[0]
    _, cursor = await to_the_end(channel, Cursor())
    second = await x.change(first, "@acme is it safe?")

    pages, _ = await to_the_end(channel, cursor)

    (mention,) = said(pages)
    assert (mention.id, mention.version) == (first, second)
    assert "safe" in mention.text
    assert mention.changed_at > mention.written_at


@pytest.mark.parametrize("fields", ["tweet.fields", "post.fields"])
async def test_both_generations_of_names_are_read(fields: str) -> None:
    word = fields.partition(".")[0]
    long = {f"note_{word}": {"text": "all of a long post https://t.co/a &amp; more"}}
    shown = post(
        "all of a…",
        "30",
        author_id="9",
        conversation_id="20",
        lang="pt",
        entities={"urls": [{"url": "https://t.co/a", "expanded_url": "https://x.example/b"}]},
        **long,
        **{f"edit_history_{word}_ids": ["28", "30"]},
        **{
            f"referenced_{word}s": [
                {"type": "quoted", "id": "1"},
                {"type": "replied_to", "id": "2"},
            ]
        },
    )
    users = [
        {"id": "9", "username": "ann", "name": "Ann", "public_metrics": {"followers_count": 12}}
    ]
    world = World(page(shown, includes={"users": users}), handle="acme", fields=fields)

    (mention,) = (await world.channel.mentions(Cursor())).mentions

    assert fields in world.requests[0].url.params
    assert mention.text == "all of a long post https://x.example/b & more"
    assert (mention.id, mention.version, mention.reply_to) == ("28", "30", "2")
    assert (mention.conversation, mention.language) == ("20", "pt")
    assert mention.author.model_dump() == {
        "id": "9",
        "handle": "ann",
        "name": "Ann",
        "followers": 12,
    }
    assert mention.url == "https://x.com/ann/status/30"


async def test_half_a_character_costs_no_page_and_a_post_without_an_id_no_other() -> None:
    body = {"data": [{"text": "no id"}, post("x", "12", author_id=7, lang=None)], "meta": {}}
    text = json.dumps(body).replace('"x"', '"half \\ud83d a character\\u0000"')
    world = World(Canned(200, text.encode()), handle="acme")

    shown = await world.channel.mentions(Cursor())

    assert [one.text for one in shown.mentions] == ["half \ufffd a character\ufffd"]
    assert shown.unreadable == 1


async def test_ids_are_compared_as_numbers() -> None:
    world = World(page(post("b", "1000"), post("a", "999")), handle="acme")
    shown = await world.channel.mentions(Cursor(since="999", newest="999"))
    assert [one.id for one in shown.mentions] == ["1000", "999"]
    assert shown.cursor == Cursor(since="1000", newest="1000")


async def test_what_x_shows_late_is_found_by_the_next_chain() -> None:
    """A post that came before the known one, and was not in the list yet when that was read."""
    known = id_at(NOW - timedelta(minutes=5))
    late = id_at(NOW - timedelta(minutes=5, seconds=30))
    world = World(page(post("known", str(known)), post("late", str(late))), handle="acme")
    shown = await world.channel.mentions(Cursor(since=str(known), newest=str(known)))

    assert str(late) in {one.id for one in shown.mentions}
    assert shown.cursor == Cursor(since=str(known), newest=str(known))
    assert int(world.requests[0].url.params["since_id"]) < late


def serving(search: Canned, *listed: dict[str, Any]) -> Callable[[httpx.Request], Canned]:
    return lambda request: search if request.url.path.endswith("recent") else page(*listed)


async def test_what_is_older_than_the_search_is_told_as_a_gap_once() -> None:
    known = id_at(NOW - timedelta(days=20))
    listed = str(id_at(NOW - timedelta(days=1)))
    world = World(serving(page(), post("hello", listed)), handle="acme")

    pages, cursor = await to_the_end(world.channel, Cursor(since=str(known), newest=str(known)))

    (gap,) = [page.gap for page in pages if page.gap]
    assert gap.since == NOW - timedelta(days=20)
    assert NOW - timedelta(days=7) < gap.until < NOW - timedelta(days=6, hours=23)
    assert world.requests[1].url.params["until_id"] == listed
    assert cursor.since == str(id_at(NOW - timedelta(hours=1)))
    again, _ = await to_the_end(world.channel, cursor)
    assert [page.gap for page in again] == [None]


async def test_a_quiet_account_does_not_report_the_same_gap_again_and_again() -> None:
    known = str(id_at(NOW - timedelta(days=20)))
    world = World(serving(page()), handle="acme")

    first = await world.channel.mentions(Cursor(since=known, newest=known))
    rest, _ = await to_the_end(world.channel, first.cursor)
    assert len([page.gap for page in rest if page.gap]) == 1

    # The next readings begin where the first page of this one says, and the clock goes on.
    since = first.cursor.newest
    for minute in range(3):
        world.now = NOW + timedelta(minutes=minute)
        pages, _ = await to_the_end(world.channel, Cursor(since=since))
        assert [page.gap for page in pages] == [None, None]
        since = pages[0].cursor.newest


async def test_an_account_that_nobody_has_ever_spoken_to_has_no_gap() -> None:
    world = World(serving(page()), handle="acme")
    since = ""
    for day in range(20):
        world.now = NOW + timedelta(days=day)
        pages, _ = await to_the_end(world.channel, Cursor(since=since))
        assert [page.gap for page in pages] == [None, None]
        since = pages[0].cursor.newest


async def test_an_account_that_may_not_search_is_told_what_it_missed() -> None:
    known, listed = id_at(NOW - timedelta(days=2)), id_at(NOW - timedelta(days=1))
    world = World(serving(FORBIDDEN, post("hello", str(listed))), handle="acme")

    pages, cursor = await to_the_end(world.channel, Cursor(since=str(known), newest=str(known)))

    assert pages[-1].gap is not None
    assert (pages[-1].gap.since, pages[-1].gap.until) == (
        NOW - timedelta(days=2),
        NOW - timedelta(days=1),
    )
    assert cursor.since == str(id_at(NOW - timedelta(hours=1)))


@pytest.mark.parametrize("token", ["list 12 gone", "search 12 gone", "nonsense"])
async def test_a_token_that_works_no_longer_is_told_from_a_refusal(token: str) -> None:
    world = World(Canned(400, b'{"title":"Invalid Request"}'), handle="acme")
    with pytest.raises(PlaceLost):
        await world.channel.mentions(Cursor(since="7", token=token, newest="12"))
    with pytest.raises(Refused) as caught:
        await world.channel.mentions(Cursor(since="7"))
    assert not isinstance(caught.value, PlaceLost)


async def test_revoked_keys_in_the_middle_of_a_chain_are_no_lost_place() -> None:
    world = World(Canned(401, b"{}"), handle="acme")
    with pytest.raises(BadCredentials):
        await world.channel.mentions(Cursor(since="7", token="search 12 t", newest="12"))


async def test_an_answer_that_neither_shows_nor_counts_a_post_is_no_silence() -> None:
    world = World(Canned(200, b"{}"), handle="acme")
    with pytest.raises(Unreachable):
        await world.channel.mentions(Cursor())
