"""What Mastodon forces on whoever listens to it: reading forwards, HTML, edits, private posts."""

from __future__ import annotations

import json
from typing import Any

from channels.contract_suite.hearing import said, to_the_end
from domain.listening import Cursor
from tests.channels.mastodon.mastodon_world import ME, World, post
from tests.channels.one_shot import Canned

ANN = {"id": "77", "acct": "ann@other.example", "display_name": "Ann", "followers_count": 5}


def notice(number: str, **status: Any) -> dict[str, Any]:
    shown = {**post("<p>why?</p>", number), "account": ANN, "language": "en", **status}
    return {"id": f"9{number}", "type": "mention", "status": shown}


def world(*pages: list[Any]) -> World:
    answers = list(pages)

    def serve(request: Any) -> Canned:
        if request.url.path.endswith("verify_credentials"):
            return ME
        return Canned(200, json.dumps(answers.pop(0) if answers else []).encode())

    return World(serve)


async def test_what_is_said_is_read_forwards_page_after_page() -> None:
    one = world([notice("11")], [])
    pages, cursor = await to_the_end(one.channel, Cursor(since="5"))

    (mention,) = said(pages)
    assert (mention.id, mention.text, mention.language) == ("11", "why?", "en")
    assert (mention.author.handle, mention.author.followers) == ("ann@other.example", 5)
    assert cursor.since == "911"
    asked = [dict(request.url.params) for request in one.requests[1:]]
    assert [query["min_id"] for query in asked] == ["5", "911"]
    assert {query["include_filtered"] for query in asked} == {"true"}


async def test_an_account_without_notifications_begins_with_the_first_one() -> None:
    one = world([], [])
    _, cursor = await to_the_end(one.channel, Cursor())
    await to_the_end(one.channel, cursor)
    assert "min_id" not in one.requests[1].url.params
    assert one.requests[2].url.params["min_id"] == "0"


async def test_an_edit_is_a_version_and_what_only_we_can_read_is_marked() -> None:
    edited = notice("11", edited_at="2026-11-20T15:00:00.000Z", in_reply_to_id="3")
    pages, _ = await to_the_end(
        world([edited, notice("12", visibility="direct")]).channel, Cursor()
    )

    first, second = said(pages)
    assert first.changed_at > first.written_at
    assert first.version != second.version
    assert (first.reply_to, first.private, second.private) == ("3", False, True)


async def test_what_cannot_be_read_costs_no_other_and_we_do_not_hear_ourselves() -> None:
    ours = notice("13", account={"id": "109", "acct": "acme"})
    broken = {"id": "914", "type": "mention", "status": None}
    half = json.dumps([notice("11", content="<p>so</p>"), ours, broken])
    one = World(
        lambda request: (
            ME
            if request.url.path.endswith("verify_credentials")
            else Canned(200, half.replace("so", "so \\ud83d").encode())
        )
    )
    page = await one.channel.mentions(Cursor())
    assert [mention.text for mention in page.mentions] == ["so \ufffd"]
    assert (page.unreadable, page.cursor.since) == (1, "911")


async def test_what_is_answered_is_read_again_all_in_one_look() -> None:
    edited = notice("11", content="<p>never mind</p>", edited_at="2026-11-20T15:00:00.000Z")
    one = world([notice("11"), notice("12")], [edited["status"]])
    known = (await one.channel.mentions(Cursor())).mentions
    (now,) = await one.channel.reread(known)
    assert (now.id, now.text) == ("11", "never mind")
    assert now.version != known[0].version
    assert str(one.requests[-1].url.query, "ascii") == "id%5B%5D=11&id%5B%5D=12"


async def test_a_server_that_cannot_show_several_posts_at_once_shows_none() -> None:
    one = World(Canned(404, b'{"error": "Record not found"}'))
    told = await world([notice("11")]).channel.mentions(Cursor())
    assert await one.channel.reread(told.mentions) == []
