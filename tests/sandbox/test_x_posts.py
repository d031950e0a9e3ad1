"""Creating and deleting posts on X."""

from __future__ import annotations

from typing import Any

import pytest


def test_a_post_is_created_and_in_the_books(sandbox: Any) -> None:
    answer = sandbox.tweet("We are looking into it. Update 1, 14:05 UTC")
    assert answer.status_code == 201
    data = answer.json()["data"]
    assert data["edit_history_tweet_ids"] == [data["id"]]
    (post,) = sandbox.books()["twitter"]["posts"]
    assert (post["id"], post["text"]) == (data["id"], "We are looking into it. Update 1, 14:05 UTC")


def test_links_come_back_wrapped_and_can_be_undone(sandbox: Any) -> None:
    answer = sandbox.tweet("Details: https://status.acme.example/incident/7 and more.")
    data = answer.json()["data"]
    assert "status.acme.example" not in data["text"]
    query = {"tweet.fields": "entities"}
    read = sandbox.x.get(f"/2/tweets/{data['id']}", params=query).json()["data"]
    (url,) = read["entities"]["urls"]
    assert url["expanded_url"] == "https://status.acme.example/incident/7"
    assert read["text"][url["start"] : url["end"]] == url["url"]
    assert len(url["url"]) == 23


@pytest.mark.parametrize(
    "body",
    [
        {"text": "a" * 281},
        {"text": "日" * 141},
        {"text": "   "},
        {"text": 7},
        {},
        {"text": "a", "colour": "red"},
        {"text": "a", "reply": {"in_reply_to_tweet_id": 12}},
        {"text": "a", "reply": {"in_reply_to_tweet_id": "twelve"}},
        {"text": "a", "reply": {}},
        {"text": "a", "reply": {"in_reply_to_tweet_id": "1", "loud": True}},
        {"text": "a", "quote_tweet_id": 1},
        {"text": "a", "poll": {"options": ["one"], "duration_minutes": 5}},
        {"text": "a", "poll": {"options": ["one", "two"], "duration_minutes": 4}},
        {"text": "a", "quote_tweet_id": "1", "card_uri": "card://1"},
        {"text": "a", "media": {"media_ids": ["1"]}},
        {"text": "a", "reply_settings": "nobody"},
        ["text"],
    ],
    ids=lambda body: str(body)[:60],
)
def test_a_malformed_post_is_an_invalid_request(sandbox: Any, body: Any) -> None:
    answer = sandbox.x.post("/2/tweets", json=body)
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/problems/invalid-request")
    assert sandbox.books()["twitter"]["accepted"] == 0


def test_the_refused_key_is_named(sandbox: Any) -> None:
    answer = sandbox.tweet("a", colour="red")
    assert "colour" in answer.json()["errors"][0]["parameters"]


def test_280_units_are_accepted(sandbox: Any) -> None:
    assert sandbox.tweet("日" * 140).status_code == 201


def test_the_same_text_twice_is_forbidden_as_duplicate_content(sandbox: Any) -> None:
    sandbox.tweet("All clear")
    answer = sandbox.tweet("All clear")
    assert answer.status_code == 403
    assert answer.json() == {
        "title": "Forbidden",
        "detail": "You are not allowed to create a Tweet with duplicate content.",
        "type": "about:blank",
        "status": 403,
    }
    assert sandbox.books()["twitter"]["accepted"] == 1


def test_a_deleted_post_is_still_remembered_as_duplicate(sandbox: Any) -> None:
    number = sandbox.tweet("All clear").json()["data"]["id"]
    sandbox.x.delete(f"/2/tweets/{number}")
    assert sandbox.tweet("All clear").status_code == 403


def test_a_day_later_the_same_text_may_be_said_again(sandbox: Any) -> None:
    sandbox.clock.stop()
    sandbox.tweet("All clear")
    sandbox.clock.advance(24 * 3600 + 1)
    assert sandbox.tweet("All clear").status_code == 201


def crowd(sandbox: Any, count: int = 1, *texts: str) -> list[str]:
    order = {"provider": "twitter", "count": count, "texts": list(texts)}
    ids: list[str] = sandbox.http.post("/_sandbox/crowd", json=order).json()["ids"]
    return ids


def reply(sandbox: Any, text: str, number: str) -> Any:
    return sandbox.tweet(text, reply={"in_reply_to_tweet_id": number})


def test_who_mentioned_us_may_be_answered(sandbox: Any) -> None:
    (number,) = crowd(sandbox)
    answer = reply(sandbox, "We are on it", number)
    assert answer.status_code == 201
    query = {"tweet.fields": "referenced_tweets,conversation_id"}
    read = sandbox.x.get(f"/2/tweets/{answer.json()['data']['id']}", params=query).json()["data"]
    assert read["referenced_tweets"] == [{"type": "replied_to", "id": number}]
    assert read["conversation_id"] == number


def test_a_reply_is_read_back_with_the_name_of_whom_it_answers(sandbox: Any) -> None:
    (number,) = crowd(sandbox)
    text = reply(sandbox, "We are on it", number).json()["data"]["text"]
    assert text.startswith("@")
    assert text.endswith(" We are on it")


def test_many_people_may_get_the_same_answer_but_nobody_twice(sandbox: Any) -> None:
    sandbox.dial(x_posts_per_window=1000, x_same_words_rule=False)
    numbers = crowd(sandbox, 20)
    answers = [reply(sandbox, "We are on it", number).status_code for number in numbers]
    posts = sandbox.x.get(
        "/2/users/7000000001/mentions", params={"max_results": 100, "tweet.fields": "author_id"}
    ).json()
    assert answers.count(201) == len({post["author_id"] for post in posts["data"]})
    assert reply(sandbox, "We are on it", numbers[0]).status_code == 403


def test_the_same_words_to_anybody_are_refused(sandbox: Any) -> None:
    answers = [reply(sandbox, "We are on it", number).status_code for number in crowd(sandbox, 3)]
    assert answers == [201, 403, 403]


def test_who_did_not_mention_us_may_not_be_answered(sandbox: Any) -> None:
    order = {"provider": "twitter", "count": 1, "to_us": False}
    (number,) = sandbox.http.post("/_sandbox/crowd", json=order).json()["ids"]
    answer = reply(sandbox, "hello", number)
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("Reply to this conversation is not allowed")
    sandbox.dial(x_reply_rule=False)
    assert reply(sandbox, "hello", number).status_code == 201


def test_a_thread_of_our_own_may_be_continued(sandbox: Any) -> None:
    first = sandbox.tweet("one").json()["data"]["id"]
    answer = reply(sandbox, "two", first)
    assert answer.json()["data"]["text"] == "two"


def test_a_reply_to_a_post_that_is_gone_is_a_404(sandbox: Any) -> None:
    answer = reply(sandbox, "hello", "12345")
    assert answer.status_code == 404
    assert answer.json()["type"].endswith("/problems/resource-not-found")


def test_quoting_is_forbidden(sandbox: Any) -> None:
    (number,) = crowd(sandbox)
    answer = sandbox.tweet("look", quote_tweet_id=number)
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("Quoting this post is not allowed")


def test_a_deleted_post_cannot_be_read_any_more(sandbox: Any) -> None:
    number = sandbox.tweet("oops").json()["data"]["id"]
    assert sandbox.x.delete(f"/2/tweets/{number}").json() == {"data": {"deleted": True}}
    read = sandbox.x.get(f"/2/tweets/{number}")
    assert (read.status_code, "data" in read.json()) == (200, False)
    assert read.json()["errors"][0]["type"].endswith("/problems/resource-not-found")
    assert sandbox.x.delete(f"/2/tweets/{number}").status_code == 404


def test_nobody_deletes_what_others_wrote(sandbox: Any) -> None:
    (number,) = crowd(sandbox)
    assert sandbox.x.delete(f"/2/tweets/{number}").status_code == 403


def test_the_window_of_posts_closes_says_when_it_opens_and_opens(sandbox: Any) -> None:
    sandbox.clock.stop()
    sandbox.dial(x_posts_per_window=2)
    first = sandbox.tweet("one")
    assert first.headers["x-rate-limit-limit"] == "2"
    assert first.headers["x-rate-limit-remaining"] == "1"
    assert first.headers["x-app-limit-24hour-remaining"] == "9999"
    sandbox.tweet("two")
    refused = sandbox.tweet("three")
    assert refused.status_code == 429
    assert refused.json()["type"].endswith("/problems/rate-limit-exceeded")
    assert refused.headers["x-rate-limit-remaining"] == "0"
    wait = int(refused.headers["x-rate-limit-reset"]) - sandbox.clock()
    assert 899 <= wait <= 902
    sandbox.clock.advance(wait)
    assert sandbox.tweet("three").status_code == 201


def test_the_day_of_the_app_closes_too(sandbox: Any) -> None:
    sandbox.dial(x_posts_per_day=1)
    sandbox.tweet("one")
    refused = sandbox.tweet("two")
    assert refused.status_code == 429
    assert refused.headers["x-app-limit-24hour-remaining"] == "0"


def test_a_refused_call_without_credentials_uses_up_nothing(sandbox: Any) -> None:
    sandbox.http.post("/2/tweets", json={"text": "x"})
    assert sandbox.tweet("one").headers["x-rate-limit-remaining"] == "99"
