"""Reading from X: pages, windows of time, depth, and both generations of field names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

ME = "7000000001"


def read(sandbox: Any, what: str = "tweets", **query: Any) -> Any:
    return sandbox.x.get(f"/2/users/{ME}/{what}", params=query)


def texts(answer: Any) -> list[str]:
    return [post["text"] for post in answer.json().get("data", [])]


def crowd(sandbox: Any, count: int) -> list[str]:
    order = {"provider": "twitter", "count": count}
    ids: list[str] = sandbox.http.post("/_sandbox/crowd", json=order).json()["ids"]
    return ids


def test_an_empty_timeline_has_no_data_but_a_count(sandbox: Any) -> None:
    assert read(sandbox).json() == {"meta": {"result_count": 0}}


def test_a_timeline_is_newest_first_and_read_page_by_page(sandbox: Any) -> None:
    for number in range(12):
        sandbox.tweet(f"post {number}")
    first = read(sandbox, max_results=5)
    assert texts(first) == [f"post {n}" for n in (11, 10, 9, 8, 7)]
    token = first.json()["meta"]["next_token"]
    second = read(sandbox, max_results=5, pagination_token=token)
    assert texts(second) == [f"post {n}" for n in (6, 5, 4, 3, 2)]
    third = read(sandbox, max_results=5, pagination_token=second.json()["meta"]["next_token"])
    assert texts(third) == ["post 1", "post 0"]
    assert "next_token" not in third.json()["meta"]


def test_since_and_until_ids_are_exclusive(sandbox: Any) -> None:
    ids = [sandbox.tweet(f"post {n}").json()["data"]["id"] for n in range(4)]
    answer = read(sandbox, since_id=ids[0], until_id=ids[3])
    assert texts(answer) == ["post 2", "post 1"]
    meta = answer.json()["meta"]
    assert (meta["newest_id"], meta["oldest_id"], meta["result_count"]) == (ids[2], ids[1], 2)


def test_a_timeline_can_be_read_from_a_moment_on(sandbox: Any) -> None:
    sandbox.clock.stop()
    sandbox.tweet("before")
    sandbox.clock.advance(3600)
    sandbox.tweet("after")
    moment = datetime.fromtimestamp(sandbox.clock(), UTC) - timedelta(seconds=60)
    answer = read(sandbox, start_time=moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert texts(answer) == ["after"]


def test_replies_can_be_left_out(sandbox: Any) -> None:
    (number,) = crowd(sandbox, 1)
    sandbox.tweet("to all")
    sandbox.tweet("to one", reply={"in_reply_to_tweet_id": number})
    assert texts(read(sandbox, exclude="replies,retweets")) == ["to all"]
    assert len(texts(read(sandbox))) == 2


def test_mentions_are_what_others_say_to_us(sandbox: Any) -> None:
    sandbox.tweet("a post of our own")
    crowd(sandbox, 7)
    found = texts(read(sandbox, "mentions", max_results=100))
    assert len(found) == 7
    assert all("@acme" in text for text in found)


def test_only_the_newest_mentions_can_be_reached(sandbox: Any) -> None:
    ids = crowd(sandbox, 30)
    sandbox.dial(x_mention_depth=20)
    answer = read(sandbox, "mentions", max_results=100)
    assert [post["id"] for post in answer.json()["data"]] == ids[:-21:-1]


def test_authors_come_along_when_they_are_asked_for(sandbox: Any) -> None:
    crowd(sandbox, 3)
    answer = read(sandbox, "mentions", expansions="author_id").json()
    known = {user["id"] for user in answer["includes"]["users"]}
    assert {post["author_id"] for post in answer["data"]} == known


def test_old_and_new_field_names_are_both_understood(sandbox: Any) -> None:
    sandbox.tweet("hello")
    (old,) = read(sandbox, **{"tweet.fields": "created_at"}).json()["data"]
    (new,) = read(sandbox, **{"post.fields": "created_at"}).json()["data"]
    assert old.keys() == {"id", "text", "created_at", "edit_history_tweet_ids"}
    assert new.keys() == {"id", "text", "created_at", "edit_history_post_ids"}


def test_ids_grow_with_time(sandbox: Any) -> None:
    ids = [int(number) for number in crowd(sandbox, 50)]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize(
    "query",
    [
        {"max_results": 4},
        {"max_results": 101},
        {"max_results": "many"},
        {"since_id": "x"},
        {"start_time": "yesterday"},
        {"start_time": "2026-01-01 00:00:00"},
        {"pagination_token": "made-up"},
        {"exclude": "everything"},
        {"tweet.fields": "secrets"},
    ],
    ids=str,
)
def test_a_bad_parameter_is_named(sandbox: Any, query: dict[str, Any]) -> None:
    answer = read(sandbox, **query)
    assert answer.status_code == 400
    assert next(iter(query)) in answer.json()["errors"][0]["parameters"]


def test_who_we_are(sandbox: Any) -> None:
    me = sandbox.x.get("/2/users/me").json()["data"]
    assert (me["id"], me["username"]) == (ME, "acme")


def test_a_user_that_does_not_exist_is_a_404(sandbox: Any) -> None:
    assert sandbox.x.get("/2/users/99/tweets").status_code == 404
