"""The sandbox's own count of answers, and Mastodon's rules about them."""

from __future__ import annotations

from typing import Any

import httpx

TOKEN = {"Authorization": "Bearer sandbox-mastodon-token"}


def crowd(sandbox: Any, provider: str, count: int, **order: Any) -> list[str]:
    body = {"provider": provider, "count": count, **order}
    ids: list[str] = sandbox.http.post("/_sandbox/crowd", json=body).json()["ids"]
    return ids


def counted(sandbox: Any, **query: str) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.http.get("/_sandbox/books/replies", params=query).json()
    return found


def toot(sandbox: Any, text: str, **more: Any) -> httpx.Response:
    key = {"Idempotency-Key": more.pop("key")} if "key" in more else {}
    answer: httpx.Response = sandbox.http.post(
        "/api/v1/statuses", json={"status": text, **more}, headers={**TOKEN, **key}
    )
    return answer


def test_every_mention_is_counted_with_the_answers_under_it(sandbox: Any) -> None:
    first, second, third = crowd(sandbox, "twitter", 3)
    changed = sandbox.http.post(
        "/_sandbox/crowd/change", json={"id": first, "text": "@acme and now?"}
    )
    for text, target in (("one", first), ("two", changed.json()["id"]), ("three", second)):
        assert sandbox.tweet(text, reply={"in_reply_to_tweet_id": target}).status_code == 201
    page = sandbox.graph("POST", "me/feed", message="We know.").json()["id"]
    (comment,) = crowd(sandbox, "facebook", 1, post_id=page)
    (tag,) = crowd(sandbox, "facebook", 1, tagging=True)
    sandbox.graph("POST", f"{comment}/comments", message="an answer")
    sandbox.graph("POST", f"{tag}/comments", message="an answer")
    mine, gone = crowd(sandbox, "mastodon", 2)
    assert toot(sandbox, "an answer", in_reply_to_id=mine).status_code == 200
    sandbox.http.post("/_sandbox/crowd/change", json={"id": gone, "text": None})
    (letter, _) = crowd(sandbox, "email", 2)
    sandbox.send("a@example.com", headers={"In-Reply-To": f"<{letter}>"})

    found = counted(sandbox)

    answers = {one["id"]: one["replies"] for one in found["mentions"]}
    assert (answers[first], answers[second], answers[third]) == (2, 1, 0)
    assert (answers[comment], answers[tag], answers[mine], answers[letter]) == (1, 1, 1, 1)
    assert changed.json()["id"] not in answers
    assert found["totals"] == {
        "twitter": {"mentions": 3, "answered": 1, "twice": 1, "open": 1, "gone": 0},
        "facebook": {"mentions": 2, "answered": 2, "twice": 0, "open": 0, "gone": 0},
        "mastodon": {"mentions": 2, "answered": 1, "twice": 0, "open": 0, "gone": 1},
        "email": {"mentions": 2, "answered": 1, "twice": 0, "open": 1, "gone": 0},
    }


def test_a_crowd_of_thousands_is_counted_at_once(sandbox: Any) -> None:
    for provider, count in (("twitter", 3_000), ("mastodon", 1_676), ("email", 1_000)):
        crowd(sandbox, provider, count)
    totals = counted(sandbox, only="totals")["totals"]
    assert sum(one["open"] for one in totals.values()) == 5_676


def test_a_key_of_mastodons_makes_one_post_and_what_is_gone_is_not_answered(sandbox: Any) -> None:
    (mention,) = crowd(sandbox, "mastodon", 1)
    first = toot(sandbox, "an answer", in_reply_to_id=mention, key="k").json()
    again = toot(sandbox, "an answer", in_reply_to_id=mention, key="k").json()
    assert (first["id"], first["in_reply_to_id"]) == (again["id"], mention)
    sandbox.http.post("/_sandbox/crowd/change", json={"id": mention, "text": None})
    refused = toot(sandbox, "another", in_reply_to_id=mention)
    assert (refused.status_code, sandbox.books()["mastodon"]["accepted"]) == (404, 1)


def test_mastodon_takes_so_many_posts_in_a_window(sandbox: Any) -> None:
    sandbox.dial(mastodon_posts_per_window=1)
    assert [toot(sandbox, text).status_code for text in ("one", "two")] == [200, 429]
