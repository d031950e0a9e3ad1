"""What there is to listen to: search, edits and deletions on X, tags and comments on Facebook."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

SEARCH = "/2/tweets/search/recent"


def crowd(sandbox: Any, *texts: str, provider: str = "twitter", **order: Any) -> list[str]:
    order |= {"provider": provider, "count": len(texts), "texts": list(texts)}
    ids: list[str] = sandbox.http.post("/_sandbox/crowd", json=order).json()["ids"]
    return ids


def change(sandbox: Any, number: str, text: str | None) -> Any:
    return sandbox.http.post("/_sandbox/crowd/change", json={"id": number, "text": text})


def search(sandbox: Any, **query: Any) -> Any:
    return sandbox.x.get(SEARCH, params={"query": "@acme -from:acme", "max_results": 10, **query})


def test_the_search_knows_no_depth_and_ends_after_seven_days(sandbox: Any) -> None:
    sandbox.clock.stop()
    crowd(sandbox, "long ago")
    sandbox.clock.advance(8 * 24 * 3600)
    ids = crowd(sandbox, *(f"question {n}" for n in range(12)))
    crowd(sandbox, "to somebody else", to_us=False)

    first = search(sandbox).json()
    second = search(sandbox, next_token=first["meta"]["next_token"]).json()

    found = [post["id"] for page in (first, second) for post in page["data"]]
    assert found == ids[::-1]
    assert "next_token" not in second["meta"]


def test_the_search_refuses_what_is_too_old_and_what_it_does_not_understand(sandbox: Any) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=8)
    assert search(sandbox, start_time=f"{long_ago:%Y-%m-%dT%H:%M:%SZ}").status_code == 400
    assert search(sandbox, since_id="1").status_code == 400
    assert search(sandbox, query="from:acme").status_code == 400
    assert search(sandbox, max_results=5).status_code == 400


def test_an_edit_takes_the_place_of_the_post_and_has_its_history(sandbox: Any) -> None:
    first = crowd(sandbox, "is it sfae?")[0]
    second = change(sandbox, first, "@acme is it safe?").json()["id"]
    third = change(sandbox, second, "is it safe now?").json()["id"]

    (post,) = sandbox.x.get("/2/users/7000000001/mentions").json()["data"]

    assert (post["id"], post["text"]) == (third, "@acme is it safe now?")
    assert post["edit_history_tweet_ids"] == [first, second, third]


def test_a_deleted_post_is_gone_and_cannot_be_changed(sandbox: Any) -> None:
    first = crowd(sandbox, "never mind")[0]
    assert change(sandbox, first, None).status_code == 200
    assert change(sandbox, first, "again").status_code == 404
    assert "data" not in sandbox.x.get("/2/users/7000000001/mentions").json()
    assert "data" not in search(sandbox).json()


def test_what_a_post_answers_can_be_asked_for_by_either_name(sandbox: Any) -> None:
    ours = sandbox.tweet("We know.").json()["data"]["id"]
    sandbox.tweet("@acme more", reply={"in_reply_to_tweet_id": ours})
    path = "/2/users/7000000001/tweets"
    old = sandbox.x.get(path, params={"tweet.fields": "referenced_tweets"}).json()["data"][0]
    query = {"post.fields": "lang", "expansions": "author_id,referenced_posts"}
    new = sandbox.x.get(path, params=query).json()["data"][0]
    assert old["referenced_tweets"] == new["referenced_posts"]


def test_posts_that_tag_the_page_and_the_newest_comment_of_each_post(sandbox: Any) -> None:
    post = sandbox.graph("POST", "me/feed", message="We know.").json()["id"]
    tags = crowd(sandbox, "shame!", "hello", provider="facebook", tagging=True)
    comments = crowd(sandbox, "why?", "and now?", provider="facebook", post_id=post)
    assert change(sandbox, comments[1], "and today?").json() == {"id": comments[1]}

    shown = sandbox.graph("GET", "me/tagged", fields="id,from,message").json()["data"]
    fields = "id,comments.filter(stream).order(reverse_chronological).limit(1){created_time}"
    (listed,) = sandbox.graph("GET", "me/published_posts", fields=fields).json()["data"]
    (newest, _) = sandbox.graph(
        "GET", f"{post}/comments", order="reverse_chronological", fields="message"
    ).json()["data"]

    assert [one["id"] for one in shown] == tags[::-1]
    assert [one["id"] for one in listed["comments"]["data"]] == [comments[1]]
    assert newest["message"] == "and today?"
