"""The sandbox's own API: books, crowds, dials, reset."""

from __future__ import annotations

from typing import Any

import pytest

PAGE = "100000000000001"


def test_a_crowd_of_thousands_can_be_read_to_the_last_one(sandbox: Any) -> None:
    sandbox.dial(x_mention_depth=10_000)
    order = {"provider": "twitter", "count": 5676, "texts": ["what happened?", "am I safe?"]}
    made = sandbox.http.post("/_sandbox/crowd", json=order).json()
    seen: list[str] = []
    query: dict[str, Any] = {"max_results": 100}
    while True:
        page = sandbox.x.get("/2/users/7000000001/mentions", params=query).json()
        seen += [post["id"] for post in page["data"]]
        if "next_token" not in page["meta"]:
            break
        query["pagination_token"] = page["meta"]["next_token"]
    assert made["made"] == 5676
    assert seen == made["ids"][::-1]


def test_a_crowd_says_what_it_is_told_in_turn(sandbox: Any) -> None:
    order = {"provider": "twitter", "count": 3, "texts": ["one", "@Acme two"]}
    sandbox.http.post("/_sandbox/crowd", json=order)
    found = sandbox.x.get("/2/users/7000000001/mentions").json()["data"]
    assert [post["text"] for post in found] == ["@acme one", "@Acme two", "@acme one"]


def test_comments_need_a_post_to_stand_under(sandbox: Any) -> None:
    order = {"provider": "facebook", "count": 1}
    refused = sandbox.http.post("/_sandbox/crowd", json=order)
    assert refused.status_code == 409
    assert "publish one first" in refused.json()["error"]


@pytest.mark.parametrize(
    "order", [{}, {"provider": "fax", "count": 1}, {"provider": "twitter", "count": 0}]
)
def test_a_crowd_that_cannot_be_is_refused(sandbox: Any, order: dict[str, Any]) -> None:
    assert sandbox.http.post("/_sandbox/crowd", json=order).status_code == 400


def test_the_books_show_our_posts_and_only_count_those_of_others(sandbox: Any) -> None:
    sandbox.http.post("/_sandbox/crowd", json={"provider": "twitter", "count": 4})
    number = sandbox.tweet("ours").json()["data"]["id"]
    sandbox.x.delete(f"/2/tweets/{number}")
    post = sandbox.graph("POST", f"{PAGE}/feed", message="on the Page").json()["id"]
    sandbox.graph("POST", f"{post}/comments", message="an answer")
    books = sandbox.books()
    assert [(p["text"], p["deleted"]) for p in books["twitter"]["posts"]] == [("ours", True)]
    assert books["twitter"]["posts_by_others"] == 4
    assert [p["text"] for p in books["facebook"]["posts"]] == ["on the Page"]
    assert [(c["text"], c["reply_to"]) for c in books["facebook"]["comments"]] == [
        ("an answer", post)
    ]


def test_after_a_reset_the_world_is_empty_and_works(sandbox: Any) -> None:
    sandbox.fault("error_after", provider="facebook")
    sandbox.http.post("/_sandbox/suppress", json={"list": "bounces", "emails": ["a@example.com"]})
    sandbox.send("a@example.com")
    sandbox.tweet("hello")
    assert sandbox.http.post("/_sandbox/reset").json() == {"ok": True}
    books = sandbox.books()
    assert (books["sendgrid"]["recipients"], books["twitter"]["posts"]) == (0, [])
    assert sandbox.fired() == []
    assert sandbox.mailer.get("/v3/suppression/bounces").json() == []
    assert sandbox.tweet("hello").status_code == 201


@pytest.mark.parametrize(
    "dials", [{"volume": 11}, {"x_posts_per_window": "many"}, {"x_reply_rule": 1}, []]
)
def test_a_dial_that_cannot_be_turned_is_refused(sandbox: Any, dials: Any) -> None:
    assert sandbox.http.post("/_sandbox/dials", json=dials).status_code == 400
    assert sandbox.http.get("/_sandbox/dials").json()["x_posts_per_window"] == 100


def test_asking_for_doubles_without_saying_by_what_is_refused(sandbox: Any) -> None:
    assert sandbox.http.get("/_sandbox/books/doubled").status_code == 400


def test_every_accepted_recipient_is_a_line(sandbox: Any) -> None:
    for start in range(0, 3000, 1000):
        sandbox.send(*[f"u{number}@example.com" for number in range(start, start + 1000)])
    assert [row["address"] for row in sandbox.recipients()] == [
        f"u{number}@example.com" for number in range(3000)
    ]
