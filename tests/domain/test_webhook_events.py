"""What entries of a timeline tell to other systems."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.actor import Surface
from domain.publication import PublicationState
from domain.timeline import TimelineEntry
from domain.webhook_events import EventType, Happening, happenings

AT = datetime(2026, 10, 26, 12, 0, tzinfo=UTC)


def told(
    what: str, who: str, about: str, told: tuple[int, ...] = (), waiting: tuple[int, ...] = ()
) -> list[Happening]:
    surface = Surface.CONSOLE if who in ("maya", "noor") else None
    entry = TimelineEntry(seq=7, at=AT, what=what, who=who, surface=surface, about=about)
    return happenings([entry], told=told, waiting=waiting)


@pytest.mark.parametrize(
    ("what", "who", "about", "expected"),
    [
        ("accepted", "twitter", "message 3: seen", ("twitter", "", "accepted")),
        ("accepted", "email", "message 3 to customers: 5 of 5", ("email", "customers", "accepted")),
        ("unknown", "facebook", "message 3: No answer.", ("facebook", "", "unknown")),
        ("taken back", "twitter", "message 3", ("twitter", "", "withdrawn")),
        ("withdrawn", "maya", "message 3: to much", ("", "", "withdrawn")),
        ("superseded", "frontfoot", "message 3", ("", "", "superseded")),
        ("settled", "maya", "message 3 on twitter: went out", ("twitter", "", "accepted")),
        (
            "settled",
            "maya",
            "message 3 on email to customers: went out",
            ("email", "customers", "accepted"),
        ),
    ],
)
def test_an_outcome(what: str, who: str, about: str, expected: tuple[str, str, str]) -> None:
    (one,) = told(what, who, about)

    assert one.type is EventType.MESSAGE_OUTCOME
    assert (one.number, one.channel, one.audience, one.outcome) == (3, *expected)


@pytest.mark.parametrize(
    ("what", "who", "about"),
    [
        ("settled", "maya", "message 3 on email to customers, batch 7: went out"),
        ("settled", "maya", "message 3 on twitter: did not go out"),
        ("decision refused", "somebody", "message 3: went out"),
        ("joined", "noor", ""),
        ("stage entered", "maya", "assure, from identify"),
        ("facts recorded", "maya", "fix"),
        ("waits", "twitter", "message 3: the provider limits us"),
        ("not taken back", "twitter", "message 3"),
        ("record branched", "frontfoot", "message 3"),
    ],
)
def test_what_tells_nothing(what: str, who: str, about: str) -> None:
    assert told(what, who, about, told=(3,), waiting=(3,)) == []


def test_a_title_that_looks_like_a_message_is_a_title() -> None:
    (one,) = told("opened", "maya", "message 3 on twitter: went out")
    assert (one.type, one.number) == (EventType.INCIDENT_OPENED, None)


def test_a_decision_names_the_revision_that_it_is_about() -> None:
    (one,) = told("approved", "noor", "message 3 3f2a91bc as founder: message 4 deadbeef")
    assert (one.number, one.digest, one.verdict) == (3, "3f2a91bc", "approve")


def test_a_message_waits_again_after_a_revision_and_after_a_signature_that_is_not_the_last() -> (
    None
):
    for what, about in (
        ("proposed", "message 3: progress_update 3f2a91bc"),
        ("revised", "message 3 is now 3f2a91bc, was 11111111; 1 decision void"),
        ("approved", "message 3 3f2a91bc as founder"),
    ):
        *_, last = told(what, "maya", about, waiting=(3,))
        assert (last.type, last.digest) == (EventType.MESSAGE_WAITING, "3f2a91bc")
        assert EventType.MESSAGE_WAITING not in {one.type for one in told(what, "maya", about)}


def test_that_people_were_told_is_one_event_whichever_entry_says_it() -> None:
    first = told("told", "email", "message 3 to customers: first batch", told=(3,))
    later = told("accepted", "twitter", "message 3", told=(3,))

    assert [one.type for one in first] == [EventType.MESSAGE_TOLD, EventType.PROMISE_MADE]
    assert first[0].event_id("spam") == later[1].event_id("spam")
    assert first[0].event_id("spam") != first[0].event_id("other")


def test_an_outcome_that_reaches_nobody_tells_of_no_quorum() -> None:
    for state in PublicationState:
        if state.settled and state not in ("accepted", "partly_accepted"):
            found = told(str(state), "twitter", "message 3", told=(3,))
            assert [one.type for one in found] == [EventType.MESSAGE_OUTCOME]
