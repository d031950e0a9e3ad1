"""The Graph API for one Page: publishing, reading back, comments, errors, headers."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

PAGE = "100000000000001"


def publish(sandbox: Any, message: str, **values: Any) -> str:
    answer = sandbox.graph("POST", f"{PAGE}/feed", message=message, **values)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def published(sandbox: Any, **values: Any) -> list[dict[str, Any]]:
    answer = sandbox.graph("GET", f"{PAGE}/published_posts", **values)
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def error(answer: Any) -> tuple[int, int]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_post_gets_an_id_of_page_and_number_and_is_read_back(sandbox: Any) -> None:
    number = publish(sandbox, "We are on it", link="https://status.acme.example/")
    assert number.startswith(f"{PAGE}_")
    fields = "id,message,created_time,is_published,permalink_url"
    (post,) = published(sandbox, fields=fields)
    assert set(post) == set(fields.split(","))
    assert (post["id"], post["message"], post["is_published"]) == (number, "We are on it", True)


def test_json_and_a_bearer_token_are_taken_too(sandbox: Any) -> None:
    answer = sandbox.http.post(
        f"/v25.0/{PAGE}/feed",
        json={"message": "hello", "published": True},
        headers={"Authorization": "Bearer sandbox-page-token"},
    )
    assert answer.status_code == 200
    assert answer.headers["facebook-api-version"] == "v25.0"


def test_an_expired_version_is_served_by_the_oldest_one(sandbox: Any) -> None:
    query = {"access_token": "sandbox-page-token"}
    answer = sandbox.http.get("/v3.1/me", params=query)
    assert answer.json() == {"id": PAGE, "name": "Acme"}
    assert answer.headers["facebook-api-version"] == "v21.0"


def test_a_wrong_token_is_code_190(sandbox: Any) -> None:
    answer = sandbox.graph("GET", PAGE, access_token="wrong")
    assert error(answer) == (400, 190)
    assert answer.json()["error"]["type"] == "OAuthException"
    assert answer.json()["error"]["fbtrace_id"]


def test_no_token_is_code_2500(sandbox: Any) -> None:
    assert error(sandbox.http.get(f"/v26.0/{PAGE}")) == (400, 2500)


def test_a_page_shows_the_fields_that_are_asked_for(sandbox: Any) -> None:
    assert sandbox.graph("GET", PAGE, fields="name").json() == {"name": "Acme", "id": PAGE}


def test_every_answer_tells_how_much_of_the_budget_is_used(sandbox: Any) -> None:
    answer = sandbox.graph("GET", PAGE)
    assert set(orjson.loads(answer.headers["X-App-Usage"])) == {
        "call_count",
        "total_time",
        "total_cputime",
    }
    assert "X-Page-Usage" in answer.headers
    (entry,) = orjson.loads(answer.headers["X-Business-Use-Case-Usage"])[PAGE]
    assert entry["type"] == "pages"
    assert entry["estimated_time_to_regain_access"] == 0


def test_the_same_message_twice_in_a_row_is_code_506(sandbox: Any) -> None:
    publish(sandbox, "All clear")
    answer = sandbox.graph("POST", f"{PAGE}/feed", message="All clear")
    assert error(answer) == (400, 506)
    publish(sandbox, "something else")
    publish(sandbox, "All clear")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"message": "  "},
        {"message": "x" * 63_207},
        {"message": "x", "scheduled_publish_time": "1"},
        {"message": "x", "published": "false", "scheduled_publish_time": "1"},
        {"message": "x", "published": "false", "scheduled_publish_time": "soon"},
    ],
    ids=lambda values: str(values)[:50],
)
def test_a_post_that_cannot_be_is_code_100(sandbox: Any, values: dict[str, str]) -> None:
    assert error(sandbox.graph("POST", f"{PAGE}/feed", **values)) == (400, 100)
    assert sandbox.books()["facebook"]["accepted"] == 0


@pytest.mark.parametrize("word", ["false", "False", "0"])
def test_an_unpublished_post_is_not_among_the_published(sandbox: Any, word: str) -> None:
    number = publish(sandbox, "draft", published=word)
    assert published(sandbox) == []
    assert sandbox.graph("GET", number, fields="is_published").json()["is_published"] is False


def test_a_scheduled_post_waits_on_its_own_edge(sandbox: Any) -> None:
    at = int(sandbox.clock()) + 3600
    publish(sandbox, "later", published="false", scheduled_publish_time=at)
    waiting = sandbox.graph("GET", f"{PAGE}/scheduled_posts").json()["data"]
    assert [post["message"] for post in waiting] == ["later"]


def test_posts_are_newest_first_and_read_page_by_page(sandbox: Any) -> None:
    for number in range(5):
        publish(sandbox, f"post {number}")
    answer = sandbox.graph("GET", f"{PAGE}/published_posts", limit=2).json()
    assert [post["message"] for post in answer["data"]] == ["post 4", "post 3"]
    after = answer["paging"]["cursors"]["after"]
    rest = sandbox.graph("GET", f"{PAGE}/published_posts", limit=3, after=after).json()
    assert [post["message"] for post in rest["data"]] == ["post 2", "post 1", "post 0"]
    assert "next" in answer["paging"]
    assert "next" not in rest["paging"]


def test_the_next_link_leads_to_the_next_page(sandbox: Any) -> None:
    publish(sandbox, "one")
    publish(sandbox, "two")
    first = sandbox.graph("GET", f"{PAGE}/feed", limit=1).json()
    second = sandbox.http.get(first["paging"]["next"]).json()
    assert [post["message"] for post in second["data"]] == ["one"]


def test_posts_can_be_read_from_a_moment_on(sandbox: Any) -> None:
    sandbox.clock.stop()
    publish(sandbox, "before")
    sandbox.clock.advance(3600)
    publish(sandbox, "after")
    since = int(sandbox.clock()) - 60
    assert [post["message"] for post in published(sandbox, since=since)] == ["after"]
    assert [post["message"] for post in published(sandbox, until=since)] == ["before"]


def test_more_than_a_hundred_at_once_is_code_100(sandbox: Any) -> None:
    assert error(sandbox.graph("GET", f"{PAGE}/published_posts", limit=101)) == (400, 100)


def test_a_post_can_be_edited_and_deleted(sandbox: Any) -> None:
    number = publish(sandbox, "firts")
    assert sandbox.graph("POST", number, message="first").json() == {"success": True}
    assert published(sandbox)[0]["message"] == "first"
    assert sandbox.graph("DELETE", number).json() == {"success": True}
    gone = sandbox.graph("DELETE", number)
    assert error(gone) == (400, 100)
    assert gone.json()["error"]["error_subcode"] == 33


def comment(sandbox: Any, count: int = 1, *texts: str) -> list[str]:
    order = {"provider": "facebook", "count": count, "texts": list(texts)}
    ids: list[str] = sandbox.http.post("/_sandbox/crowd", json=order).json()["ids"]
    return ids


def test_comments_of_others_are_listed_in_order(sandbox: Any) -> None:
    post = publish(sandbox, "We are on it")
    comment(sandbox, 3, "one", "two", "three")
    fields = "id,from,message,created_time,parent"
    found = sandbox.graph("GET", f"{post}/comments", order="chronological", fields=fields)
    assert [c["message"] for c in found.json()["data"]] == ["one", "two", "three"]
    assert all(c["from"]["id"] != PAGE for c in found.json()["data"])


def test_the_page_answers_a_comment_and_the_answer_knows_its_parent(sandbox: Any) -> None:
    post = publish(sandbox, "We are on it")
    (number,) = comment(sandbox)
    answer = sandbox.graph("POST", f"{number}/comments", message="Thank you").json()["id"]
    shown = sandbox.graph("GET", answer, fields="parent,from,message").json()
    assert shown["parent"] == {"id": number}
    assert shown["from"]["id"] == PAGE
    top = sandbox.graph("GET", f"{post}/comments").json()["data"]
    stream = sandbox.graph("GET", f"{post}/comments", filter="stream").json()["data"]
    below = sandbox.graph("GET", f"{number}/comments").json()["data"]
    assert [c["id"] for c in top] == [number]
    assert [c["id"] for c in stream] == [number, answer]
    assert [c["id"] for c in below] == [answer]


def test_a_comment_of_others_can_be_hidden_but_not_rewritten(sandbox: Any) -> None:
    publish(sandbox, "We are on it")
    (number,) = comment(sandbox)
    assert sandbox.graph("POST", number, is_hidden="true").json() == {"success": True}
    assert sandbox.graph("GET", number, fields="is_hidden").json()["is_hidden"] is True
    assert error(sandbox.graph("POST", number, message="mine now")) == (400, 200)


def test_an_empty_comment_is_code_100(sandbox: Any) -> None:
    post = publish(sandbox, "We are on it")
    assert error(sandbox.graph("POST", f"{post}/comments", message="")) == (400, 100)


def test_an_unknown_edge_is_code_100(sandbox: Any) -> None:
    assert error(sandbox.graph("GET", f"{PAGE}/wishes")) == (400, 100)


def test_a_path_without_a_version_is_not_graph(sandbox: Any) -> None:
    assert sandbox.http.get("/nothing/here/at/all").status_code == 404
