"""What X forces on whoever answers there: who may be answered, edits, and what a refusal hides."""

from __future__ import annotations

from datetime import timedelta

import httpx
import orjson
import pytest

from channels.contract import BadCredentials, ChannelError, PerhapsPosted, Publication, Refused
from channels.replying import MentionGone, NotAllowed
from domain.mentions import Author, Mention
from domain.publication import Finding
from domain.replies import AccountLimit
from tests.channels.one_shot import Canned
from tests.channels.twitter.test_golden import DUPLICATE, PROBLEMS, legacy, problem
from tests.channels.twitter.x_world import NOW, World, page, post

TO = Mention(
    channel="twitter",
    id="50",
    version="70",
    author=Author(id="9", handle="ann"),
    text="am I safe?",
    written_at=NOW,
    changed_at=NOW,
)
HIDDEN = "You attempted to reply to a Tweet that is deleted or not visible to you."
MISSING = {"errors": [{"type": f"{PROBLEMS}resource-not-found", "detail": "x"}]}
UNAUTHORIZED = {"errors": [{"type": f"{PROBLEMS}not-authorized-for-resource", "detail": "x"}]}
SHOWN = Canned(200, orjson.dumps({"data": {"id": "70"}}))

ROWS: list[tuple[str, Canned, Canned, type[ChannelError]]] = [
    (
        "not mentioned",
        problem(
            403,
            "Reply to this conversation is not allowed because you have not been mentioned or "
            "otherwise engaged by the author of the post you are replying to.",
        ),
        SHOWN,
        NotAllowed,
    ),
    ("restricted, old form", legacy(403, 433), SHOWN, NotAllowed),
    ("blocked", problem(403, "You have been blocked from the author."), SHOWN, NotAllowed),
    ("blocked, old form", legacy(403, 136), SHOWN, NotAllowed),
    ("deleted", problem(403, HIDDEN), Canned(200, orjson.dumps(MISSING)), MentionGone),
    ("deleted, old form", legacy(403, 385), Canned(200, orjson.dumps(MISSING)), MentionGone),
    ("hidden", problem(403, HIDDEN), Canned(200, orjson.dumps(UNAUTHORIZED)), NotAllowed),
    ("hidden or deleted", problem(403, HIDDEN), Canned(503), NotAllowed),
    ("there all the same", problem(403, HIDDEN), SHOWN, NotAllowed),
    ("duplicate", problem(403, DUPLICATE), SHOWN, PerhapsPosted),
    ("locked", problem(403, "Your account is locked."), SHOWN, BadCredentials),
    ("another", problem(403, "You may not."), SHOWN, Refused),
]


def world(answer: Canned, look: Canned = SHOWN, **settings: str) -> World:
    def serve(request: httpx.Request) -> Canned:
        return answer if request.method == "POST" else look

    return World(serve, **settings)


@pytest.mark.parametrize(("answer", "look", "kind"), [row[1:] for row in ROWS])
async def test_a_refused_answer_means_what_a_look_at_the_post_says(
    answer: Canned, look: Canned, kind: type[ChannelError]
) -> None:
    x = world(answer, look)
    copy = x.channel.render_reply("You are safe.", TO)
    with pytest.raises(kind) as caught:
        await x.channel.reply(Publication("reply/1.1", copy), TO)
    assert type(caught.value) is kind
    assert [one.method for one in x.requests].count("POST") == 1


async def test_an_answer_goes_to_the_newest_version_in_the_words_that_were_rendered() -> None:
    x = world(Canned(201, orjson.dumps({"data": post("@ann You are safe.", "90")})))
    copy = x.channel.render_reply("You are safe.", TO)
    receipt = await x.channel.reply(Publication("reply/1.1", copy), TO)
    [request] = x.requests
    assert receipt.id == "90"
    assert orjson.loads(request.content) == {
        "text": "You are safe.",
        "reply": {"in_reply_to_tweet_id": "70"},
    }


@pytest.mark.parametrize(
    ("answers", "finding"),
    [
        ("70", Finding.FOUND),
        ("50", Finding.FOUND),
        ("60", Finding.CANNOT_TELL),
        ("80", Finding.ABSENT),
    ],
)
@pytest.mark.parametrize(("fields", "name"), [("tweet", "tweets"), ("post", "posts")])
async def test_an_answer_is_known_by_the_version_that_it_names(
    answers: str, finding: Finding, fields: str, name: str
) -> None:
    named = [{"type": "quoted", "id": "70"}, {"type": "replied_to", "id": answers}]
    shown = page(post("whatever", "90", **{f"referenced_{name}": named}))
    x = World(shown, fields=f"{fields}.fields")
    found = await x.channel.find_reply(TO, NOW)
    assert found.finding is finding, found.why
    [request] = x.requests
    asked = f"{request.url.params}"
    assert f"referenced_{name}" in asked
    assert request.url.params["start_time"] == "2026-11-20T14:04:00Z"


async def test_a_page_with_a_post_that_cannot_be_read_proves_no_absence() -> None:
    found = await World(page({"id": "no number"})).channel.find_reply(TO, NOW)
    assert found.finding is Finding.CANNOT_TELL


@pytest.mark.parametrize(("pages", "finding"), [(24, Finding.ABSENT), (26, Finding.CANNOT_TELL)])
async def test_where_x_shows_no_more_the_end_of_the_list_proves_no_absence(
    pages: int, finding: Finding
) -> None:
    """X ends the list after the newest 3,200 posts, whatever was asked for."""
    asked = 0

    def serve(_: httpx.Request) -> Canned:
        nonlocal asked
        asked += 1
        posts = [post("another", str(1_000 + number)) for number in range(100)]
        return page(*posts, token="more" if asked < pages else None)

    found = await World(serve).channel.find_reply(TO, NOW)
    assert found.finding is finding


def test_the_terms_are_those_of_x_unless_the_account_has_its_own() -> None:
    terms = World(SHOWN).channel.capabilities.replies
    assert terms is not None
    assert AccountLimit(count=100, window=timedelta(minutes=15)) in terms.limits
    assert terms.same_words_refused
    own = World(SHOWN, limits="500/60").channel.capabilities.replies
    assert own is not None
    assert own.limits == (AccountLimit(count=500, window=timedelta(minutes=1)),)
