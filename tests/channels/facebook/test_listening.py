"""What Facebook forces on whoever listens to a Page: edges, clocks of a second, permissions."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from channels.contract import BadCredentials, Refused
from channels.contract_suite.hearing import said, to_the_end
from channels.facebook import FacebookChannel, FacebookSettings
from channels.listening import (
    PlaceLost,
)
from domain.listening import Cursor
from domain.mentions import MentionKind
from tests.channels.sandbox_provider import SandboxPage

NOON = "2026-11-28T12:00:00+0000"
PAGE = "100000000000001"


class Graph(BaseAdapter):
    """Answers by the path; ``answers`` maps its end to a body, or to an error's code."""

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__()
        self.answers = answers
        self.asked: list[str] = []

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        path = str(request.path_url).partition("?")[0].removeprefix("/v26.0/")
        self.asked.append(path)
        found = self.answers[path]
        response = requests.Response()
        response.status_code = 200
        if isinstance(found, int):
            response.status_code, found = 400, {"error": {"code": found, "message": "no"}}
        response._content = found if isinstance(found, bytes) else json.dumps(found).encode()
        response.headers["content-type"] = "application/json"
        return response

    def close(self) -> None:
        return None


def listening(**answers: Any) -> tuple[FacebookChannel, Graph]:
    graph = Graph({name.replace("__", "/"): body for name, body in answers.items()})
    settings = FacebookSettings(page_id=PAGE, page_token="token")
    return FacebookChannel(settings, transport=graph), graph


def survey(**newest: str) -> dict[str, Any]:
    posts = [
        {"id": name, "comments": {"data": [{"id": "c", "created_time": at}]}}
        for name, at in newest.items()
    ]
    return {"data": posts}


def paths(survey: Any, tagged: Any, **comments: Any) -> dict[str, Any]:
    edges = {f"{post}__comments": body for post, body in comments.items()}
    return {f"{PAGE}__published_posts": survey, f"{PAGE}__tagged": tagged, **edges}


NONE: dict[str, Any] = {"data": []}


def comment(number: str, text: str, at: str = NOON, **more: Any) -> dict[str, Any]:
    by = {"id": "9", "name": "Ann"}
    return {"id": number, "message": text, "created_time": at, "from": by, **more}


async def test_only_posts_with_new_comments_are_read() -> None:
    old = "2026-11-27T12:00:00+0000"
    channel, graph = listening(
        **paths(survey(p1=NOON, p2=old), NONE, p1={"data": [comment("c1", "why?")]})
    )
    pages, cursor = await to_the_end(channel, Cursor(since="2026-11-28T11:00:00+00:00"))

    (mention,) = said(pages)
    assert (mention.id, mention.kind, mention.reply_to) == ("c1", MentionKind.COMMENT, "p1")
    assert mention.author.name == "Ann"
    assert mention.written_at == datetime(2026, 11, 28, 12, tzinfo=UTC)
    assert cursor.since == "2026-11-28T12:00:00+00:00"
    assert graph.asked == [f"{PAGE}/published_posts", f"{PAGE}/tagged", "p1/comments"]


async def test_an_edited_comment_is_another_version(sandbox: str) -> None:
    provider = SandboxPage(sandbox)
    channel = provider.channel()
    assert isinstance(channel, FacebookChannel)
    first = (await provider.say(["is it sfae?", "x"]))[0]
    pages, cursor = await to_the_end(channel, Cursor())
    await provider.change(first, "is it safe?")

    again, _ = await to_the_end(channel, cursor)

    (before,) = [one for one in said(pages) if one.id == first]
    (after,) = [one for one in said(again) if one.id == first]
    assert before.version != after.version
    assert after.text == "is it safe?"


async def test_a_post_that_is_deleted_meanwhile_and_one_that_may_not_be_read_cost_no_other() -> (
    None
):
    gone = {"error": {"code": 100, "error_subcode": 33, "message": "no"}}
    channel, _ = listening(
        **paths(
            survey(p1=NOON, p2=NOON, p3=NOON),
            10,
            p1=json.dumps(gone).encode(),
            p2=10,
            p3={"data": [comment("c3", "why?")]},
        )
    )
    pages, cursor = await to_the_end(channel, Cursor())

    assert [one.id for one in said(pages)] == ["c3"]
    assert [bool(page.lacks) for page in pages] == [False, True, False, True, False]
    assert not cursor.token


async def test_our_own_comments_and_hidden_authors_and_half_characters() -> None:
    ours = {**comment("c1", "we are on it"), "from": {"id": PAGE, "name": "Acme"}}
    hidden = {"id": "c2", "message": "x", "created_time": NOON, "parent": {"id": "c1"}}
    text = json.dumps({"data": [ours, hidden, {"message": "no id"}]}).replace('"x"', '"\\ud83d?"')
    channel, _ = listening(**paths(survey(p1=NOON), NONE, p1=text.encode()))

    pages, _ = await to_the_end(channel, Cursor())

    (mention,) = said(pages)
    assert (mention.text, mention.author.id, mention.reply_to) == ("\ufffd?", "", "c1")
    assert sum(page.unreadable for page in pages) == 1


async def test_a_comment_that_comes_while_other_posts_are_read_is_in_the_next_chain() -> None:
    """What is read last is newer than what came meanwhile where we had been already."""
    later = "2026-11-28T12:30:00+0000"
    channel, graph = listening(
        **paths(survey(p1=NOON, p2=NOON), NONE, p1=NONE, p2={"data": [comment("c2", "b", later)]})
    )
    _, cursor = await to_the_end(channel, Cursor())
    graph.answers[f"{PAGE}/published_posts"] = survey(p1="2026-11-28T12:10:00+0000")
    graph.answers["p1/comments"] = {"data": [comment("c1", "a", "2026-11-28T12:10:00+0000")]}

    pages, _ = await to_the_end(channel, cursor)

    assert [one.id for one in said(pages)] == ["c1"]


async def test_a_page_that_works_no_longer_is_told_from_a_dead_token() -> None:
    token = '{"edges":["p1"],"after":"XYZ"}'
    channel, _ = listening(p1__comments=100)
    with pytest.raises(PlaceLost):
        await channel.mentions(Cursor(token=token))
    with pytest.raises(PlaceLost):
        await channel.mentions(Cursor(token="nonsense"))
    channel, _ = listening(p1__comments=190)
    with pytest.raises(BadCredentials):
        await channel.mentions(Cursor(token=token))


async def test_a_page_whose_posts_may_not_be_listed_is_refused() -> None:
    channel, _ = listening(**paths(10, NONE))
    with pytest.raises(Refused):
        await channel.mentions(Cursor())
