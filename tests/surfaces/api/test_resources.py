"""What is read and done without Temporal: lists, the ledger's view, people, stops, the page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.timeline import TimelineEntry
from domain.tokens import Scope
from store.people import audiences
from store.people.audiences import AudienceRow
from store.people.subscriber_list import import_confirmed
from store.record import incidents, timeline
from surfaces.api.cursors import cursor_of
from tests.sealing import KEY, with_key
from tests.surfaces.api.conftest import AT, Api

HERE = "/incidents/site-down"


async def test_an_incident_is_read_from_the_ledger(kept: Api) -> None:
    shown = (await kept.get(HERE)).json()
    assert (shown["live"], shown["stage"], shown["opened_at"]) == (
        False,
        None,
        "2026-11-28T05:00:00Z",
    )
    assert "Temporal" in shown["why"]["what"]
    assert [(one["number"], one["phase"]) for one in shown["messages"]] == [(1, None)]
    message = (await kept.get(f"{HERE}/messages/1")).json()
    assert [one["text"] for one in message["copies"]] == ["Sign-in fails."]
    assert len(message["digest"]) == 64


async def test_what_is_not_there_is_not_found(kept: Api) -> None:
    for path in (
        "/incidents/another",
        f"{HERE}/messages/2",
        "/incidents/another/events",
        "/incidents/another/recipients.csv",
        "/audiences/nobody",
    ):
        answer = await kept.get(path)
        assert (answer.status_code, answer.json()["type"]) == (
            404,
            "urn:frontfoot:problem:not-found",
        ), path
    body = {"address": "ann@feather.example"}
    answer = await kept.post("/incidents/another/recipient-lookups", body)
    assert answer.status_code == 404


async def test_what_only_the_incident_can_do_says_that_nothing_was_done(kept: Api) -> None:
    for path, body in (
        (f"{HERE}/messages", {"kind": "announcement"}),
        (f"{HERE}/messages/1/decisions", {"digest": "ab" * 32, "verdict": "approve"}),
        (f"{HERE}/closure", {}),
        (f"{HERE}/previews", {"kind": "announcement"}),
    ):
        answer = await kept.post(path, body)
        problem = answer.json()
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5"), path
        assert problem["type"] == "urn:frontfoot:problem:unavailable"


async def test_a_list_comes_in_parts(api: Api) -> None:
    ledger = await api.engine.ledger()
    for number in range(5):
        await incidents.register(ledger, f"down-{number}", "Down", "plan", [], AT)
    await incidents.mark_closed(ledger, "down-3", AT)
    await api.has_token(Scope.INCIDENTS_READ)
    found, cursor = [], ""
    for size in (2, 2, 1):
        part = (await api.get("/incidents", limit=2, cursor=cursor)).json()
        assert len(part["items"]) == size
        found += [one["slug"] for one in part["items"]]
        cursor = part["next"] or ""
    assert (sorted(found), cursor) == ([f"down-{number}" for number in range(5)], "")
    closed = (await api.get("/incidents", state="closed")).json()["items"]
    assert [one["slug"] for one in closed] == ["down-3"]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ({"limit": 0}, "query.limit"),
        ({"limit": 501}, "query.limit"),
        ({"state": "ajar"}, "query.state"),
        ({"cursor": "?"}, "query.cursor"),
        ({"cursor": "bm90aGluZw=="}, ""),
        ({"cursor": cursor_of("\0")}, ""),
        ({"cursor": cursor_of(1, "\0")}, ""),
        ({"cursor": cursor_of(1)}, ""),
        ({"limits": 3}, ""),
    ],
)
async def test_a_parameter_that_makes_no_sense_is_refused_by_name(
    api: Api, query: dict[str, object], place: str
) -> None:
    await api.has_token()
    answer = await api.get("/incidents", **query)
    assert answer.status_code == 422, answer.text
    assert [one["where"] for one in answer.json()["errors"]] == ([place] if place else [])


async def test_a_list_goes_on_behind_what_is_not_in_it_any_more(api: Api) -> None:
    """Each incident is closed once it has been read, so the list of open ones grows shorter."""
    ledger = await api.engine.ledger()
    for number in range(5):
        opened = AT + timedelta(minutes=number)
        await incidents.register(ledger, f"down-{number}", "Down", "plan", [], opened)
    await api.has_token(Scope.INCIDENTS_READ)
    found, cursor = [], ""
    while True:
        part = (await api.get("/incidents", state="open", limit=2, cursor=cursor)).json()
        for one in part["items"]:
            found.append(one["slug"])
            await incidents.mark_closed(ledger, one["slug"], AT)
        if part["next"] is None:
            break
        cursor = part["next"]
    assert found == [f"down-{number}" for number in (4, 3, 2, 1, 0)]


async def test_half_a_surrogate_is_no_cursor(kept: Api) -> None:
    for place in (("\ud800", ""), ("", "\ud800")):
        answer = await kept.get("/suppressions", cursor=cursor_of(*place))
        assert answer.status_code == 422


async def test_a_number_that_no_list_has_is_no_cursor(kept: Api) -> None:
    for number in (-1, 2**63):
        answer = await kept.get(f"{HERE}/events", cursor=cursor_of(number))
        assert answer.status_code == 422


async def test_a_problem_never_repeats_what_was_sent(kept: Api) -> None:
    secret = "ann@feather.example"
    for body in ({"address": [secret]}, {"adress": secret}, {"address": f"{secret} {secret}"}):
        answer = await kept.post(f"{HERE}/recipient-lookups", body)
        assert (answer.status_code, secret in answer.text) == (422, False)


async def test_what_cannot_be_stored_is_refused_wherever_it_is(kept: Api) -> None:
    for body in (
        {"kind": "announcement", "copy": {"channels": {"twitter": "a\0"}}},
        {"kind": "announcement", "copy": {"channels": {"twit\0ter": "a"}}},
        {"kind": "announcement", "components": {"Sign\0in": "operational"}},
    ):
        answer = await kept.post(f"{HERE}/messages", body)
        assert answer.status_code == 422, body


async def test_half_a_surrogate_is_no_text(kept: Api) -> None:
    headers = {**kept.bearer, "Idempotency-Key": "k", "Content-Type": "application/json"}
    for content in (
        b'{"reason": "\\ud800"}',
        b'{"reason": "\\u0000"}',
        b'{"reason": "\xff"}',
        b"{",
        b"[" * 50_000,
    ):
        url = f"/api/v1{HERE}/stops"
        answer = await kept.http.post(url, content=content, headers=headers)
        assert answer.status_code in (400, 422), content[:20]


async def test_everything_is_stopped_and_resumed_without_temporal(kept: Api) -> None:
    stopped = await kept.post(f"{HERE}/stops", {"reason": "Wrong link"})
    assert (stopped.status_code, stopped.json()["by"], stopped.json()["ended_at"]) == (
        201,
        "maya",
        None,
    )
    assert (await kept.get(HERE)).json()["stopped"]["reason"] == "Wrong link"
    resumed = await kept.post(f"{HERE}/resumptions", {})
    assert (resumed.status_code, resumed.json()["ended_by"]) == (201, "maya")
    assert (await kept.get(HERE)).json()["stopped"] is None
    again = await kept.post(f"{HERE}/resumptions", {})
    assert (again.status_code, "Nothing of site-down is stopped." in again.text) == (409, True)


async def test_a_channel_is_put_in_quarantine_and_one_alone_does_not_lift_it(kept: Api) -> None:
    begun = await kept.post("/channels/twitter/quarantine", {"reason": "Not our posts"})
    assert (begun.status_code, begun.json()["by"]) == (201, "maya")
    listed = {one["channel"]: one for one in (await kept.get("/channels")).json()["items"]}
    assert listed["twitter"]["reason"] == "Not our posts"
    assert not listed["facebook"]["quarantined"]
    asked = await kept.post("/channels/twitter/quarantine-lift", {})
    assert (asked.json()["lift_asked_by"], asked.json()["quarantined"]) == ("maya", True)
    again = await kept.post("/channels/twitter/quarantine-lift", {})
    assert (again.status_code, "Somebody else has to confirm it." in again.text) == (409, True)
    unknown = await kept.post("/channels/nowhere/quarantine", {})
    assert unknown.status_code == 422


async def test_audiences_are_numbers(kept: Api) -> None:
    ledger = await kept.engine.ledger()
    people = [AudienceRow(f"quill{n}@feather.example", {"plan": "pro"}) for n in range(3)]
    await audiences.import_rows(ledger, "customers", iter(people))
    [listed] = (await kept.get("/audiences")).json()["items"]
    assert (listed["name"], listed["recipients"]) == ("customers", 3)
    assert (await kept.get("/audiences/customers")).json()["columns"] == ["plan"]


async def test_suppressions_come_and_go_by_hand(kept: Api) -> None:
    for name in ("ann", "ben", "cleo"):
        body = {"address": f"{name}@feather.example", "reason": "requested", "why": "They asked."}
        assert (await kept.post("/suppressions", body)).json() == {"added": 1}
    counts = (await kept.get("/suppressions/counts")).json()["items"]
    assert [(one["reason"], one["addresses"]) for one in counts] == [("requested", 3)]
    first = (await kept.get("/suppressions", limit=2)).json()
    rest = (await kept.get("/suppressions", limit=2, cursor=first["next"])).json()
    found = [one["address"] for part in (first, rest) for one in part["items"]]
    assert (found[0], len(found), rest["next"]) == ("ann@feather.example", 3, None)
    body = {"address": "ben@feather.example", "why": "He asked."}
    assert (await kept.post("/suppressions/removals", body)).json() == {"removed": 1}
    assert (await kept.post("/suppressions/removals", body)).status_code == 409


async def test_subscribers_are_counted_listed_and_deleted(kept: Api) -> None:
    rows = [AudienceRow(f"{name}@feather.example", {}) for name in ("ann", "ben")]
    ledger = await kept.engine.ledger()
    await import_confirmed(ledger, rows, who="maya", why="", at=AT)
    assert (await kept.get("/subscribers/counts")).json()["confirmed"] == 2
    first = (await kept.get("/subscribers", limit=1)).json()
    rest = (await kept.get("/subscribers", cursor=first["next"])).json()
    assert [one["address"] for one in rest["items"]] == ["ben@feather.example"]
    body = {"address": "ann@feather.example", "why": "She asked."}
    assert (await kept.post("/subscribers/deletions", body)).json() == {"deleted": True}
    assert (await kept.get("/subscribers/counts")).json()["confirmed"] == 1


async def test_the_page_and_the_token_are_read(kept: Api) -> None:
    assert (await kept.get("/page")).json() == {"components": [], "incidents": []}
    names = [one["name"] for one in (await kept.get("/playbooks")).json()["items"]]
    assert "site-compromised" in names


@pytest.mark.parametrize("path", ["/events", f"{HERE}/events"])
async def test_events_can_be_asked_for_again_and_again(kept: Api, path: str) -> None:
    ledger = await kept.engine.ledger()
    await with_key(ledger)
    cursor = ""
    for number in (1, 2):
        answer = await kept.get(path, cursor=cursor)
        assert (answer.status_code, answer.json()["items"]) == (200, [])
        entry = TimelineEntry(seq=number, at=AT, what="opened", who="maya")
        await timeline.append(ledger, KEY, "site-down", [entry])
        answer = await kept.get(path, cursor=answer.json()["next"])
        [item] = answer.json()["items"]
        assert (item["number"], item["who"], item["at"]) == (
            number,
            "maya",
            AT.isoformat()[:-6] + "Z",
        )
        assert item.get("incident", "site-down") == "site-down"
        cursor = answer.json()["next"]


async def test_a_cursor_of_another_ledger_is_refused(kept: Api) -> None:
    answer = await kept.get("/events", cursor=cursor_of(7, "ab" * 8))
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:frontfoot:problem:refused")
    assert (await kept.get("/events", cursor=cursor_of(7))).status_code == 422


async def test_who_is_on_call_is_told_without_names_and_addresses(kept: Api) -> None:
    shown = (await kept.get("/people/on-call")).json()
    assert [one["schedule"] for one in shown["schedules"]] == ["security", "comms_lead"]
    [security] = shown["schedules"][0]["on_call"]
    assert security["person"] in ("ines", "ravi")
    assert security["methods"][0] == "phone"
    assert security["until"] > shown["at"]
