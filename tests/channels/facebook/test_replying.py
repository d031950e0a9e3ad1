"""What Facebook forces on whoever answers there: answers to answers, and what is not there."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from channels.contract import Publication, Refused
from channels.replying import MentionGone
from domain.mentions import Mention, MentionKind
from domain.publication import Finding
from tests.channels.facebook.test_golden import NOW, PAGE, World, error, json
from tests.channels.one_shot import Canned

OURS, THEIRS = {"id": PAGE}, {"id": "8"}
ABOVE, TO = "5_1", "5_2"


def mention(under: str) -> Mention:
    return Mention(
        channel="facebook",
        id=TO,
        kind=MentionKind.COMMENT,
        reply_to=under,
        conversation=under,
        text="am I safe?",
        written_at=NOW,
        changed_at=NOW,
    )


def comment(number: str, by: dict[str, str], parent: str = "") -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": number,
        "from": by,
        "created_time": NOW.isoformat(),
    }
    return {**shown, "parent": {"id": parent}} if parent else shown


def world(**edges: list[dict[str, Any]]) -> World:
    def serve(request: requests.PreparedRequest) -> Canned:
        node = urlsplit(request.url or "").path.split("/")[2]
        return json(200, {"data": edges.get(f"of_{node}", [])})

    return World(serve)


@pytest.mark.parametrize(
    ("under", "below", "beside", "finding"),
    [
        (f"{PAGE}_5", [comment("9", OURS, TO)], [], Finding.FOUND),
        (f"{PAGE}_5", [comment("9", OURS)], [], Finding.FOUND),
        (f"{PAGE}_5", [comment("9", THEIRS, TO)], [], Finding.ABSENT),
        (f"{PAGE}_5", [comment("9", OURS, "5_8")], [], Finding.ABSENT),
        (ABOVE, [], [comment("9", THEIRS, ABOVE)], Finding.ABSENT),
        (ABOVE, [], [comment("9", OURS, ABOVE)], Finding.CANNOT_TELL),
        (ABOVE, [comment("9", OURS, TO)], [], Finding.FOUND),
    ],
)
async def test_an_answer_is_known_by_the_comment_above_it(
    under: str, below: list[dict[str, Any]], beside: list[dict[str, Any]], finding: Finding
) -> None:
    page = world(**{f"of_{TO}": below, f"of_{ABOVE}": beside})
    found = await page.channel.find_reply(mention(under), NOW)
    assert found.finding is finding, found.why


@pytest.mark.parametrize(
    ("look", "kind"),
    [
        (error(100, subcode=33), MentionGone),
        (json(200, {"id": TO}), Refused),
        (error(2, 500), Refused),
    ],
)
async def test_no_such_object_is_gone_only_if_a_look_says_so_too(
    look: Canned, kind: type[Refused]
) -> None:
    def serve(request: requests.PreparedRequest) -> Canned:
        return error(100, subcode=33) if request.method == "POST" else look

    page = World(serve)
    copy = page.channel.render_reply("You are safe.", mention(f"{PAGE}_5"))
    with pytest.raises(Refused) as caught:
        await page.channel.reply(Publication("reply/1.1", copy), mention(f"{PAGE}_5"))
    assert isinstance(caught.value, MentionGone) is (kind is MentionGone)
