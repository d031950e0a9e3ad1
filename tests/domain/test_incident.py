"""An incident's state: who was told, which message is meant, what may be settled and retried."""

from __future__ import annotations

import pytest

from domain.actor import Actor
from domain.errors import DecisionRefused, DomainError
from domain.facts import FactsChange, FactsState
from domain.gate import Decision, Verdict
from domain.incident import IncidentState
from domain.message import MessageKind
from domain.publication import Destination, PublicationState
from tests.domain.incidents import ALL, DESTINATIONS, NOW, add, tell


def refuse_unless(incident: IncidentState, *states: PublicationState) -> None:
    """What settling and retrying ask first about message 1 on Twitter."""
    message = incident.message(1)
    message.refuse_unless(message.destination("twitter"), *states)


@pytest.mark.parametrize(
    ("reached", "told"),
    [
        ((), False),
        (("email",), False),
        (("twitter", "facebook"), False),
        (("email", "email"), False),
        (("email", "twitter"), True),
        (ALL, True),
    ],
)
def test_people_have_been_told_once_the_quorum_is_reached_and_mail_is_among_it(
    incident: IncidentState, reached: tuple[str, ...], told: bool
) -> None:
    add(incident, MessageKind.ANNOUNCEMENT, *reached)
    assert incident.has_told(MessageKind.ANNOUNCEMENT) is told


def test_a_decision_finds_its_message_by_the_digest(incident: IncidentState) -> None:
    message = add(incident, MessageKind.ANNOUNCEMENT)
    assert incident.message_with(f"  {message.digest.upper()} ") is message


@pytest.mark.parametrize("digest", ["", "0000000", "f" * 64])
def test_a_decision_on_a_digest_that_nothing_has_finds_no_message(
    incident: IncidentState, digest: str
) -> None:
    add(incident, MessageKind.ANNOUNCEMENT)
    with pytest.raises(DecisionRefused, match="No message of this incident has that digest"):
        incident.message_with(digest)


def test_a_message_that_nobody_signed_is_not_published(incident: IncidentState) -> None:
    message = add(incident, MessageKind.ANNOUNCEMENT)
    with pytest.raises(DomainError, match="it needs 1 more of founder or legal or security"):
        message.refuse_unopened()


def test_a_rejected_message_is_not_published(incident: IncidentState) -> None:
    message = add(incident, MessageKind.ANNOUNCEMENT)
    rejection = Decision(
        actor=Actor(person="noor"),
        verdict=Verdict.REJECT,
        digest=message.digest,
        roles=("founder",),
        at=NOW,
    )
    message.gate = message.gate.with_decision(rejection)
    with pytest.raises(DomainError, match=r"has been rejected\. Revise it first\."):
        message.refuse_unopened()


def test_messages_are_numbered_in_the_incident_and_within_their_kind(
    incident: IncidentState,
) -> None:
    add(incident, MessageKind.ANNOUNCEMENT)
    add(incident, MessageKind.PROGRESS_UPDATE)
    assert incident.next_of(MessageKind.PROGRESS_UPDATE) == (3, 2)


def test_what_nobody_knows_may_be_settled(incident: IncidentState) -> None:
    add(incident, MessageKind.ANNOUNCEMENT, twitter=PublicationState.UNKNOWN)
    refuse_unless(incident, PublicationState.UNKNOWN)


@pytest.mark.parametrize("state", sorted(set(PublicationState) - {PublicationState.UNKNOWN}))
def test_what_is_known_is_not_settled(incident: IncidentState, state: PublicationState) -> None:
    add(incident, MessageKind.ANNOUNCEMENT, twitter=state)
    with pytest.raises(DomainError, match=rf"on twitter is {state}\. .* that is unknown\."):
        refuse_unless(incident, PublicationState.UNKNOWN)


FAILED = (PublicationState.REFUSED, PublicationState.ABANDONED)


@pytest.mark.parametrize("state", sorted(FAILED))
def test_what_came_to_nothing_may_be_retried(
    incident: IncidentState, state: PublicationState
) -> None:
    add(incident, MessageKind.ANNOUNCEMENT, twitter=state)
    refuse_unless(incident, *FAILED)


@pytest.mark.parametrize("state", sorted(set(PublicationState) - set(FAILED)))
def test_what_has_not_failed_is_not_retried(
    incident: IncidentState, state: PublicationState
) -> None:
    add(incident, MessageKind.ANNOUNCEMENT, twitter=state)
    with pytest.raises(DomainError, match=rf"on twitter is {state}\. .* refused or abandoned\."):
        refuse_unless(incident, *FAILED)


def test_a_channel_that_has_not_begun_is_not_under_way(incident: IncidentState) -> None:
    add(incident, MessageKind.ANNOUNCEMENT)
    with pytest.raises(DomainError, match="Message 1 on twitter is not under way"):
        refuse_unless(incident, PublicationState.UNKNOWN)


def test_the_whole_state_survives_being_carried_on(incident: IncidentState) -> None:
    tell(incident, MessageKind.ANNOUNCEMENT)
    add(incident, MessageKind.PROGRESS_UPDATE, twitter=PublicationState.UNKNOWN)
    assert IncidentState.model_validate_json(incident.model_dump_json()) == incident


def test_a_channel_with_two_audiences_is_reached_once_both_are(incident: IncidentState) -> None:
    message = add(incident, MessageKind.ANNOUNCEMENT, "twitter")
    page = Destination(channel="email", audience="page")
    message.destinations = (*DESTINATIONS, page)

    message.reach(page)
    assert not incident.told(message)
    message.reach(DESTINATIONS[0])
    assert incident.told(message)


def test_one_of_several_audiences_is_named(incident: IncidentState) -> None:
    message = add(incident, MessageKind.ANNOUNCEMENT)
    page = Destination(channel="email", audience="page")
    message.destinations = (*DESTINATIONS, page)

    assert message.destination("email", "page") == page
    with pytest.raises(DomainError, match="several audiences on email: customers, page"):
        message.destination("email")
    with pytest.raises(DomainError, match="does not go out on email to nobody"):
        message.destination("email", "nobody")


def test_facts_that_were_not_read_are_named() -> None:
    first = FactsState().recorded(
        FactsChange(draft="a", person="maya", changed=("fix",)), filled=("fix",)
    )
    second = first.recorded(
        FactsChange(draft="b", person="noor", changed=("cause", "doing")), filled=("fix", "cause")
    )
    second.refuse_stale("b")
    with pytest.raises(DomainError, match=r"read them: noor changed cause, doing\."):
        second.refuse_stale("a")
    with pytest.raises(DomainError, match="maya changed fix; noor changed cause, doing"):
        second.refuse_stale(None)


def test_builds_from_before_and_after_a_renaming_continue_the_runs_of_each_other(
    incident: IncidentState,
) -> None:
    before = {**incident.model_dump(mode="json"), "alarms": [3]}
    after = IncidentState.model_validate(before)
    assert after.notified_broken == [3]
    assert after.model_dump(mode="json") == before
