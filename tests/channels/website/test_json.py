"""The JSON of the page is in the form that the programs of others read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.website.site import compose
from domain.page_entry import ComponentState, Impact, PageStatus
from domain.status_page import StatusPage
from tests.channels.website.statuspage_form import COMPONENT_WORDS, IMPACT_WORDS, faults_in
from tests.channels.website.world import (
    NOW,
    busy,
    components,
    incident,
    past,
    quiet,
    spam,
    update,
)

PATHS = (
    "summary", "status", "components", "incidents", "incidents/unresolved",
    "scheduled-maintenances", "scheduled-maintenances/upcoming", "scheduled-maintenances/active",
)  # fmt: skip


def read(page: StatusPage, name: str) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(compose(page).file(f"api/v2/{name}.json").data)
    return document


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("page", [busy(), quiet(), quiet(components=())])
def test_every_file_has_the_form(page: StatusPage, name: str) -> None:
    assert faults_in(read(page, name)) == []


def test_the_checker_sees_what_is_wrong() -> None:
    document = read(busy(), "summary")
    document["status"]["indicator"] = "bad"
    document["incidents"][0]["components"] = []
    del document["components"][0]["position"]
    assert set(faults_in(document)) == {
        "status.indicator is 'bad'",
        "component has no position",
        "a change of an unknown component",
    }


def test_an_unresolved_list_holds_what_is_open_and_the_other_one_everything() -> None:
    everything, unresolved = (read(busy(), name) for name in ("incidents", "incidents/unresolved"))
    assert [one["status"] for one in everything["incidents"]] == [
        "identified", "postmortem", "resolved",
    ]  # fmt: skip
    assert [one["id"] for one in unresolved["incidents"]] == [spam().id]
    assert read(busy(), "summary")["incidents"] == unresolved["incidents"]


@pytest.mark.parametrize("name", [one for one in PATHS if "maintenances" in one])
def test_no_maintenance_is_an_empty_list(name: str) -> None:
    assert read(busy(), name)["scheduled_maintenances"] == []


def test_the_status_names_the_record_and_the_snapshot() -> None:
    status = read(busy(), "status")
    assert status["record"] == {
        "hash": "ab" * 32, "seal": "c2VhbA==", "key": "SHA256:abcd",
    }  # fmt: skip
    assert (status["snapshot"], status["generated_at"]) == (12, "2026-11-28T14:05:12.000Z")


def test_an_open_incident_without_impact_is_not_green() -> None:
    one = update("odd", 1, PageStatus.INVESTIGATING, "Odd.", NOW, impact=Impact.NONE)
    page = quiet(incidents=(incident("odd", "Something odd", one),))
    summary = read(page, "summary")
    assert (summary["status"]["indicator"], summary["incidents"][0]["impact"]) == ("minor", "minor")


def test_the_times_of_a_resolution_do_not_move_with_its_article() -> None:
    slow = read(busy(), "incidents")["incidents"][1]
    start = NOW - timedelta(days=6, hours=16)
    resolved = (start + timedelta(hours=4, minutes=5)).isoformat(timespec="milliseconds")
    assert slow["resolved_at"] == resolved.replace("+00:00", "Z")
    assert (slow["impact"], slow["monitoring_at"] < slow["resolved_at"]) == ("major", True)
    assert slow["shortlink"] == f"https://status.example.com/incidents/{slow['id']}/"


def test_an_update_tells_what_it_changed() -> None:
    updates = read(busy(), "incidents")["incidents"][0]["incident_updates"]
    changed = {one["name"]: one for one in updates[0]["affected_components"]}
    posting, sign_in = changed["Posting to social networks"], changed["Sign-in"]
    assert (posting["old_status"], posting["new_status"]) == ("major_outage", "major_outage")
    assert (sign_in["old_status"], sign_in["new_status"]) == ("operational", "degraded_performance")
    assert updates[1]["affected_components"] is None


def test_an_update_tells_whether_subscribers_got_it() -> None:
    """It used to be true always, also with the signed option not to notify."""
    page = busy()
    newest = spam().newest
    told = spam().model_copy(
        update={
            "updates": (*spam().updates[:-1], newest.model_copy(update={"notified": True})),
        }
    )
    [shown, *_] = read(page.model_copy(update={"incidents": (told,)}), "incidents")["incidents"]
    assert [one["deliver_notifications"] for one in shown["incident_updates"]] == [
        True, *[False] * (len(told.updates) - 1),
    ]  # fmt: skip


def test_a_group_has_the_worst_state_of_its_members() -> None:
    page = quiet(components=components(Search=ComponentState.PARTIAL_OUTAGE))
    [shop] = [one for one in read(page, "components")["components"] if one["name"] == "Shop"]
    assert (shop["status"], shop["group"], len(shop["components"])) == ("partial_outage", True, 3)


def test_maintenance_is_said_to_people_and_is_not_green_to_programs() -> None:
    page = quiet(components=components(Search=ComponentState.UNDER_MAINTENANCE))
    assert read(page, "status")["status"] == {
        "indicator": "minor", "description": "Maintenance in progress",
    }  # fmt: skip


def test_a_new_snapshot_of_the_same_content_is_recognised() -> None:
    first = read(busy(), "status")["content"]
    again = busy(number=13, generated_at=NOW + timedelta(minutes=1))
    assert read(again, "status")["content"] == first
    assert read(busy(incidents=past()), "status")["content"] != first


@given(state=st.sampled_from(ComponentState), impact=st.sampled_from(Impact), over=st.booleans())
def test_the_indicator_is_the_worst_of_all_and_green_only_when_all_is_well(
    state: ComponentState, impact: Impact, over: bool
) -> None:
    status = PageStatus.RESOLVED if over else PageStatus.MONITORING
    one = update("any", 1, status, "Said.", NOW, impact=impact)
    page = quiet(components=components(Search=state), incidents=(incident("any", "Any", one),))
    said = IMPACT_WORDS.index(read(page, "status")["status"]["indicator"])
    of_component = (0, 1, 1, 2, 3)[COMPONENT_WORDS.index(state.value)]
    of_incident = 0 if over else max(1, IMPACT_WORDS.index(impact.value))
    assert said == max(of_component, of_incident)
