"""The Email Activity feed: finding out what became of a mail."""

from __future__ import annotations

from typing import Any

import pytest


def ask(sandbox: Any, query: str, limit: int = 10) -> Any:
    return sandbox.mailer.get("/v3/messages", params={"query": query, "limit": limit})


def test_a_mail_is_found_by_a_unique_argument(sandbox: Any) -> None:
    sandbox.send("a@example.com", custom_args={"attempt": "k1"})
    sandbox.send("b@example.com", custom_args={"attempt": "k2"})
    (found,) = ask(sandbox, "(unique_args['attempt']=\"k2\")").json()["messages"]
    assert found["to_email"] == "b@example.com"
    assert found["subject"] == "We were hacked"
    assert {"from_email", "msg_id", "status", "opens_count", "clicks_count", "last_event_time"} <= (
        found.keys()
    )


def test_a_mail_is_found_by_its_message_id(sandbox: Any) -> None:
    message_id = sandbox.send("a@example.com", "b@example.com").headers["X-Message-Id"]
    sandbox.send("c@example.com")
    found = ask(sandbox, f"msg_id LIKE '{message_id}%'").json()["messages"]
    assert [m["to_email"] for m in found] == ["a@example.com", "b@example.com"]


def test_clauses_can_be_joined(sandbox: Any) -> None:
    sandbox.send("a@example.com", "b@example.com", custom_args={"batch": "1"})
    query = 'unique_args[\'batch\']="1" AND to_email="b@example.com"'
    (found,) = ask(sandbox, query).json()["messages"]
    assert found["to_email"] == "b@example.com"


def test_an_absent_mail_is_an_empty_list(sandbox: Any) -> None:
    assert ask(sandbox, "msg_id LIKE 'nothing%'").json() == {"messages": []}


@pytest.mark.parametrize(("query", "limit"), [("drop table", 10), ("msg_id LIKE 'x%'", 1001)])
def test_a_query_it_cannot_read_is_refused(sandbox: Any, query: str, limit: int) -> None:
    assert ask(sandbox, query, limit).status_code == 400


def test_the_seventh_question_in_a_minute_is_throttled(sandbox: Any) -> None:
    sandbox.clock.stop()
    asked = [ask(sandbox, "msg_id LIKE 'x%'").status_code for _ in range(7)]
    assert asked == [200] * 6 + [429]
    sandbox.clock.advance(61)
    assert ask(sandbox, "msg_id LIKE 'x%'").status_code == 200
