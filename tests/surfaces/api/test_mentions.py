"""Mentions over the API: lists with cursors, claims, dismissals, and whose addresses are shown."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.tokens import Scope
from store.desk import entering, sources
from store.desk.clustering import Clustering
from tests.store.desk.said import crowd, mention
from tests.surfaces.api.conftest import Api
from tests.surfaces.console.houses import House

NOW = datetime.now(UTC)
MAIL = mention(
    9,
    "Where is my refund?",
    channel="smtp",
    kind="mail",
    author={"id": "ann@feather.example", "handle": "Ann@Feather.example", "name": "Ann"},
    conversation="<1@feather.example>",
    reply_to="<0@feather.example>",
    id="<1@feather.example>~12",
)


@pytest.fixture
async def desk(api: Api) -> Api:
    """The ledger has seven mentions, and a mail."""
    ledger = await api.engine.ledger()
    await entering.enter(ledger, crowd(1, 7), NOW)
    await entering.enter(ledger, [MAIL], NOW)
    await sources.register(ledger, "twitter", 60, datetime.now(UTC))
    await api.has_token()
    return api


async def test_a_list_is_read_to_its_end_and_narrowed(desk: Api) -> None:
    found, cursor = list[str](), ""
    while cursor is not None:
        answer = (await desk.get("/mentions", limit=3, cursor=cursor)).json()
        found += [one["id"] for one in answer["items"]]
        cursor = answer["next"]
    assert found == ["<1@feather.example>~12", *(str(n) for n in range(7, 0, -1))]
    for query, many in (
        ({"channel": "smtp"}, 1),
        ({"author": "@ann"}, 7),
        ({"author": "ann@feather.example"}, 0),
        ({"state": "dismissed"}, 0),
        ({"incident": "leak"}, 0),
    ):
        assert len((await desk.get("/mentions", **query)).json()["items"]) == many, query
    for wrong in ({"state": "lost"}, {"cursor": "WzQ3MTFd"}, {"cursor": "x"}, {"author": "\0"}):
        assert (await desk.get("/mentions", **wrong)).status_code == 422, wrong


async def test_one_has_its_versions(desk: Api) -> None:
    shown = (await desk.get("/mentions/1")).json()
    assert [one["text"] for one in shown["versions"]] == ["why?"]
    assert (shown["claim"], shown["draft"], shown["incident"]) == (None, None, None)
    assert (await desk.get("/mentions/4711")).status_code == 404
    assert (await desk.post("/mentions/4711/claim", {})).status_code == 404


async def test_a_claim_is_one_persons_and_keeps_others_from_dismissing(desk: Api) -> None:
    claimed = await desk.post("/mentions/1/claim", {}, "once")
    assert (claimed.status_code, claimed.json()["by"]) == (201, "maya")
    again = await desk.post("/mentions/1/claim", {}, "once")
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (claimed.json(), "true")
    renewed = (await desk.post("/mentions/1/claim", {})).json()
    assert renewed["since"] == claimed.json()["since"]
    assert renewed["until"] > claimed.json()["until"]

    await desk.has_token(person="noor")
    for path, body in (("claim", {}), ("dismissal", {"reason": "spam"})):
        refused = await desk.post(f"/mentions/1/{path}", body)
        assert refused.status_code == 409
        assert "maya has claimed mention 1 since" in refused.json()["title"]
    assert (await desk.get("/mentions/1")).json()["claim"] == renewed


async def test_a_mention_is_dismissed_with_a_reason(desk: Api) -> None:
    wordless = await desk.post("/mentions/1/dismissal", {"reason": "other"})
    assert (wordless.status_code, "needs words" in wordless.json()["title"]) == (422, True)
    body = {"reason": "other", "words": "a joke"}
    assert (await desk.post("/mentions/1/dismissal", body)).status_code == 201
    shown = (await desk.get("/mentions/1")).json()
    assert [shown[name] for name in ("state", "reason", "words", "closed_by")] == [
        "dismissed",
        "other",
        "a joke",
        "maya",
    ]
    assert (await desk.post("/mentions/1/dismissal", body)).status_code == 409
    assert (await desk.post("/mentions/1/claim", {})).status_code == 409


async def test_an_address_needs_the_scope_and_the_ability(desk: Api, tmp_path: Path) -> None:
    House(desk, tmp_path).has(ada="", ben="may: [answer]")
    both = (Scope.MENTIONS_READ, Scope.PEOPLE_READ)
    for person, scopes, seen in (
        ("ada", both, True),
        ("ada", (Scope.MENTIONS_READ,), False),
        ("ben", both, False),
    ):
        await desk.has_token(*scopes, person=person)
        for path in ("/mentions", "/mentions/8"):
            answer = await desk.get(path)
            assert ("eather.example" in answer.text) is seen, (person, path)
            assert "Where is my refund?" in answer.text
        assert answer.json()["address_hidden"] is not seen


async def test_each_source_says_how_it_is(desk: Api) -> None:
    (source,) = (await desk.get("/sources")).json()["items"]
    assert (source["channel"], source["health"], source["problems"]) == ("twitter", "new", [])


async def test_clusters_are_listed_named_and_changed(desk: Api) -> None:
    await Clustering(await desk.engine.ledger()).catch_up(NOW)
    (found,) = (await desk.get("/mentions/clusters")).json()["items"]
    assert [found[name] for name in ("number", "open", "newest_text")] == [2, 7, "why?"]
    for query, many in (({"cluster": 2}, 7), ({"cluster": 9}, 0), ({"language": "de"}, 0)):
        assert len((await desk.get("/mentions", **query)).json()["items"]) == many, query
    named = await desk.post("/mentions/clusters/2/name", {"name": "Why it is down"})
    assert (named.status_code, named.json()["named_by"]) == (201, "maya")
    assert (await desk.post("/mentions/1/cluster", {"cluster": None})).status_code == 201
    assert (await desk.get("/mentions/1")).json()["cluster"] is None
    for path, body in (
        ("/mentions/clusters/9/name", {"name": "Nothing"}),
        ("/mentions/1/cluster", {"cluster": 9}),
    ):
        refused = await desk.post(path, body)
        assert (refused.status_code, refused.json()["title"]) == (404, "There is no cluster 9.")


async def test_a_list_begins_with_what_is_urgent_page_by_page(desk: Api) -> None:
    found, cursor = list[str](), ""
    while cursor is not None:
        answer = await desk.get("/mentions", order="priority", limit=3, cursor=cursor)
        found += [one["id"] for one in answer.json()["items"]]
        cursor = answer.json()["next"]
    assert found == [*(str(n) for n in range(1, 8)), "<1@feather.example>~12"]
    assert (await desk.get("/mentions", priority="high")).json()["items"] == []


async def test_the_plan_says_how_long_it_takes(desk: Api) -> None:
    mail, posts = (await desk.get("/mentions/plan")).json()["items"]
    assert [(one["channel"], one["open"]) for one in (mail, posts)] == [("smtp", 1), ("twitter", 7)]
    assert (posts["arriving_an_hour"], posts["in_words"][0].startswith("7 open")) == (7, True)
    assert (await desk.get("/mentions/plan", incident="leak")).json()["items"] == []


async def test_coverage_is_counted_by_channel_and_by_agent(desk: Api) -> None:
    await desk.post("/mentions/1/dismissal", {"reason": "spam"})
    shown = (await desk.get("/mentions/coverage")).json()
    assert [shown[name] for name in ("all", "open", "answered", "dismissed")] == [8, 7, 0, 1]
    assert {one["channel"]: one["open"] for one in shown["channels"]} == {"smtp": 1, "twitter": 6}
    assert [(one["agent"], one["closed"]["hour"]) for one in shown["agents"]] == [("maya", 1)]
    assert (await desk.get("/mentions/coverage", incident="leak")).status_code == 404
