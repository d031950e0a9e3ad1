"""Durations as people write them, and plans that hold together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.duration import Duration
from domain.message import MessageClass, MessageKind
from domain.playbook import BroadcastPlan, Playbook

durations: TypeAdapter[timedelta] = TypeAdapter(Duration)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("250ms", timedelta(milliseconds=250)),
        ("30s", timedelta(seconds=30)),
        ("10m", timedelta(minutes=10)),
        ("1.5h", timedelta(minutes=90)),
        ("14d", timedelta(days=14)),
        ("PT10M", timedelta(minutes=10)),
        ("0s", timedelta(0)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, meant: timedelta) -> None:
    assert durations.validate_python(text) == meant


@pytest.mark.parametrize(
    "text", ["10", "ten minutes", "m", "10 m", "-5m", "1e9d", "٣m", ".5m", "9999999d", "-PT5M", ""]
)
def test_what_could_be_misread_is_no_duration(text: str) -> None:
    with pytest.raises(ValidationError):
        durations.validate_python(text)


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=366)))
def test_a_duration_survives_the_journey_through_a_history(length: timedelta) -> None:
    """Six significant digits were kept once, so that twelve days and one second became twelve."""
    assert durations.validate_json(durations.dump_json(length)) == length


def plan(**changes: object) -> dict[str, Any]:
    return {
        "name": "site-compromised",
        "title": "The site is compromised",
        "company": "Example Co",
        "roster": [
            {"id": "maya", "roles": ["comms_lead"]},
            {"id": "noor", "roles": ["founder"]},
            {"id": "ines", "roles": ["security", "founder"]},
        ],
        "messages": {
            "announcement": {
                "channels": ["email", "twitter"],
                "gate": {"roles": ["founder"], "quorum": 1},
            }
        },
        **changes,
    }


def message(**changes: object) -> dict[str, Any]:
    return {"announcement": {**plan()["messages"]["announcement"], **changes}}


def problems(**changes: object) -> str:
    with pytest.raises(ValidationError) as refused:
        Playbook.model_validate(plan(**changes))
    return str(refused.value)


def test_a_small_plan_is_a_plan() -> None:
    read = Playbook.model_validate(plan())
    assert read.messages[MessageKind.ANNOUNCEMENT].channels == ("email", "twitter")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"messages": message(quorum=3)}, "is 3, but the message goes to 2 channels"),
        ({"messages": message(must_reach=["facebook"])}, "names facebook"),
        ({"messages": message(channels=["email", "email"])}, "names one channel twice"),
        ({"messages": message(channels=[])}, "at least 1 item"),
        (
            {"messages": message(gate={"roles": ["founder"], "quorum": 3})},
            "is 3, but only 2 in the roster have one of founder",
        ),
        (
            {"messages": message(gate={"roles": ["founder", "legal"], "must_include": ["legal"]})},
            "names legal, which nobody in the roster is",
        ),
        (
            {"messages": {"goodwill_offer": plan()["messages"]["announcement"]}},
            "there is no offer to make",
        ),
        ({"roster": plan()["roster"] * 2}, "names maya, who is in the roster already"),
        ({"roster": []}, "at least 1 item"),
        ({"link": "http://status.example.com"}, "https"),
        ({"facts": {"Help Page": "x"}}, "facts"),
    ],
)
def test_a_plan_that_could_not_be_carried_out_is_refused(
    changes: dict[str, object], words: str
) -> None:
    assert words in problems(**changes)


def test_every_problem_of_a_plan_is_told_at_once() -> None:
    told = problems(
        roster=[*plan()["roster"], {"id": "maya", "roles": ["support"]}],
        messages=message(gate={"roles": ["founder"], "quorum": 9}),
    )
    assert "names maya" in told
    assert "is 9" in told


def test_a_batch_never_exceeds_what_the_provider_takes() -> None:
    with pytest.raises(ValidationError):
        BroadcastPlan(batch_size=1001)


def test_a_playbook_may_call_a_message_goodwill_that_is_usually_safety() -> None:
    book = Playbook.model_validate(plan(messages=message(message_class="goodwill")))
    planned = book.messages[MessageKind.ANNOUNCEMENT]
    assert planned.class_of(MessageKind.ANNOUNCEMENT) is MessageClass.GOODWILL


def test_the_signers_of_a_message_are_those_who_hold_one_of_its_roles() -> None:
    assert Playbook.model_validate(plan()).signers(MessageKind.ANNOUNCEMENT) == ["noor", "ines"]
