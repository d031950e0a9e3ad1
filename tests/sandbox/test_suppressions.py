"""Suppression lists: who is on them, and what that does to a mail."""

from __future__ import annotations

from typing import Any

import pytest

LISTS = ["bounces", "blocks", "spam_reports", "invalid_emails", "unsubscribes"]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_shows_whom_the_sandbox_was_told_to_put_there(sandbox: Any, name: str) -> None:
    sandbox.http.post("/_sandbox/suppress", json={"list": name, "emails": ["Ana@example.com"]})
    (entry,) = sandbox.mailer.get(f"/v3/suppression/{name}").json()
    assert entry["email"] == "ana@example.com"
    assert isinstance(entry["created"], int)


def test_a_suppressed_address_is_accepted_and_then_dropped(told: Any, listener: Any) -> None:
    told.http.post("/_sandbox/suppress", json={"list": "spam_reports", "emails": ["a@example.com"]})
    assert told.send("a@example.com").status_code == 202
    (event,) = listener.events(1)
    assert (event["event"], event["reason"]) == ("dropped", "Spam Reporting Address")


def test_a_safety_notice_may_bypass_the_lists(told: Any, listener: Any) -> None:
    told.http.post("/_sandbox/suppress", json={"list": "blocks", "emails": ["a@example.com"]})
    told.send("a@example.com", mail_settings={"bypass_list_management": {"enable": True}})
    assert [e["event"] for e in listener.events(2)] == ["processed", "delivered"]


def test_a_bounced_address_is_dropped_the_next_time(told: Any, listener: Any) -> None:
    told.send("bounce-1@example.com")
    assert [e["event"] for e in listener.events(2)] == ["processed", "bounce"]
    told.send("bounce-1@example.com")
    (event,) = listener.events(1)
    assert (event["event"], event["reason"]) == ("dropped", "Bounced Address")


def test_a_group_unsubscribe_stops_only_mail_of_that_group(told: Any, listener: Any) -> None:
    group = "/v3/asm/groups/5/suppressions"
    answer = told.mailer.post(group, json={"recipient_emails": ["a@example.com"]})
    assert (answer.status_code, answer.json()) == (201, {"recipient_emails": ["a@example.com"]})
    assert told.mailer.get(group).json() == ["a@example.com"]
    told.send("a@example.com", asm={"group_id": 5})
    assert [e["event"] for e in listener.events(1)] == ["dropped"]
    told.send("a@example.com", asm={"group_id": 6})
    assert [e["event"] for e in listener.events(2)] == ["processed", "delivered"]


def test_a_global_unsubscribe_is_found_by_both_doors(sandbox: Any) -> None:
    everyone = "/v3/asm/suppressions/global"
    sandbox.mailer.post(everyone, json={"recipient_emails": ["a@example.com"]})
    listed = sandbox.mailer.get("/v3/suppression/unsubscribes").json()
    assert [entry["email"] for entry in listed] == ["a@example.com"]
    found = sandbox.mailer.get(f"{everyone}/a@example.com").json()
    assert found == {"recipient_email": "a@example.com"}
    assert sandbox.mailer.get(f"{everyone}/b@example.com").json() == {}


def test_an_address_taken_off_a_list_is_written_to_again(told: Any, listener: Any) -> None:
    told.http.post("/_sandbox/suppress", json={"list": "bounces", "emails": ["a@example.com"]})
    assert told.mailer.delete("/v3/suppression/bounces/a@example.com").status_code == 204
    told.send("a@example.com")
    assert [e["event"] for e in listener.events(2)] == ["processed", "delivered"]


def test_deleting_an_address_that_is_not_listed_is_a_404(sandbox: Any) -> None:
    assert sandbox.mailer.delete("/v3/suppression/bounces/x@example.com").status_code == 404


def test_a_whole_list_is_emptied_only_when_that_is_said(sandbox: Any) -> None:
    emails = ["a@example.com", "b@example.com"]
    sandbox.http.post("/_sandbox/suppress", json={"list": "blocks", "emails": emails})
    url = "/v3/suppression/blocks"
    assert sandbox.mailer.request("DELETE", url, json={}).status_code == 400
    assert len(sandbox.mailer.get(url).json()) == 2
    assert sandbox.mailer.request("DELETE", url, json={"delete_all": True}).status_code == 204
    assert sandbox.mailer.get(url).json() == []


def test_a_list_is_read_page_by_page(sandbox: Any) -> None:
    emails = [f"u{number}@example.com" for number in range(5)]
    sandbox.http.post("/_sandbox/suppress", json={"list": "blocks", "emails": emails})
    query = {"limit": 2, "offset": 2}
    page = sandbox.mailer.get("/v3/suppression/blocks", params=query).json()
    assert [entry["email"] for entry in page] == ["u2@example.com", "u3@example.com"]


def test_an_unknown_list_is_a_404(sandbox: Any) -> None:
    assert sandbox.mailer.get("/v3/suppression/wishes").status_code == 404
