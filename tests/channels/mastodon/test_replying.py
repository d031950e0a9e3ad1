"""What Mastodon forces on whoever answers there: names, private posts, who has blocked us."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from channels.contract import CannotExpress, Publication
from channels.contract_suite.hearing import said, to_the_end
from channels.mastodon import MastodonChannel, MastodonSettings
from channels.replying import MentionGone, NotAllowed
from domain.listening import Cursor
from domain.mentions import Author, Mention
from domain.publication import Finding
from tests.channels.mastodon.mastodon_world import NOW, World, complaint
from tests.channels.one_shot import Canned

ANN = Author(id="77", handle="ann@other.example", name="Ann")
TO = Mention(
    channel="mastodon", id="11", author=ANN, text="am I safe?", written_at=NOW, changed_at=NOW
)
NO_RECORD = Canned(404, complaint("Record not found"))


def test_whoever_is_answered_is_named_once() -> None:
    channel = World(NO_RECORD).channel
    assert channel.render_reply("You are safe.", TO).text == "@ann@other.example You are safe."
    words = "Dear @Ann@other.example, you are safe."
    assert channel.render_reply(words, TO).text == words
    with pytest.raises(CannotExpress):
        channel.render_reply("x" * 490, TO)


async def test_what_was_said_to_us_alone_is_not_answered_in_public() -> None:
    world = World(NO_RECORD)
    private = TO.model_copy(update={"private": True})
    copy = world.channel.render_reply("You are safe.", TO)
    with pytest.raises(CannotExpress):
        world.channel.render_reply("You are safe.", private)
    with pytest.raises(NotAllowed):
        await world.channel.reply(Publication("reply/1.1", copy), private)
    assert not world.requests


@pytest.mark.parametrize(
    ("to_strangers", "kind"),
    [(Canned(200, b"{}"), NotAllowed), (NO_RECORD, MentionGone), (Canned(401), MentionGone)],
)
async def test_a_post_that_strangers_see_is_not_gone_but_its_author_has_blocked_us(
    to_strangers: Canned, kind: type[Exception]
) -> None:
    def serve(request: httpx.Request) -> Canned:
        return NO_RECORD if "authorization" in request.headers else to_strangers

    world = World(serve)
    copy = world.channel.render_reply("You are safe.", TO)
    with pytest.raises(kind):
        await world.channel.reply(Publication("reply/1.1", copy), TO)


async def test_with_the_sandbox_a_mention_is_heard_answered_and_the_answer_found(
    sandbox: str,
) -> None:
    order = {"provider": "mastodon", "count": 2, "texts": ["am I <safe>?"]}
    httpx.post(f"{sandbox}/_sandbox/crowd", json=order).raise_for_status()
    channel = MastodonChannel(MastodonSettings(base_url=sandbox, token="sandbox-mastodon-token"))
    try:
        pages, _ = await to_the_end(channel, Cursor())
        one, other = said(pages)
        begun = datetime.now(UTC)
        copy = channel.render_reply("You are.", one)
        receipt = await channel.reply(Publication("reply/1.1", copy), one)
        again = await channel.reply(Publication("reply/1.2", copy), one)
        found = await channel.find_reply(one, begun)
        assert (one.text, found.receipt, again.id) == ("am I <safe>?", receipt, receipt.id)
        assert (await channel.find_reply(other, begun)).finding is Finding.ABSENT
        httpx.post(f"{sandbox}/_sandbox/crowd/change", json={"id": other.id, "text": None})
        with pytest.raises(MentionGone):
            await channel.reply(Publication("reply/2.1", copy), other)
    finally:
        await channel.close()
    totals = httpx.get(f"{sandbox}/_sandbox/books/replies").json()["totals"]["mastodon"]
    assert totals == {"mentions": 2, "answered": 1, "twice": 0, "open": 0, "gone": 1}
