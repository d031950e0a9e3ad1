"""What may happen next in an incident, and what people are told when it may not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from domain.actor import Actor
from domain.errors import DecisionRefused, DomainError
from domain.facts import REQUIRED_TO_RESOLVE, FactsChange, FactsState
from domain.gate import Decision, Gate, Verdict
from domain.incident import IncidentState
from domain.lifecycle import refuse_advance, refuse_close, refuse_stage
from domain.message import MessageKind
from domain.message_state import MessagePhase, MessageState
from domain.playbook import Playbook
from domain.proposing import refuse_proposal, refuse_revision, refuse_unfilled, stage_for
from domain.publication import Destination, Outcome, PublicationState
from domain.signing import overtaken_by
from domain.stage import Stage

NOW = datetime(2013, 10, 26, 14, 5, tzinfo=UTC)
ALL = ("email", "twitter", "facebook")
MAYA, MALLORY = Actor(person="maya"), Actor(person="mallory")
DESTINATIONS = (
    Destination(channel="email", audience="customers"),
    Destination(channel="twitter"),
    Destination(channel="facebook"),
)


@pytest.fixture
def incident(shipped_playbook: Playbook) -> IncidentState:
    return IncidentState(
        incident="site-down",
        title="Spam from our accounts",
        plan=shipped_playbook,
        templates="0" * 64,
        audiences=("customers",),
        opened_by=MAYA,
        opened_at=NOW,
    )


def add(
    incident: IncidentState,
    kind: MessageKind,
    *reached: str,
    phase: MessagePhase = MessagePhase.WAITING,
    **states: PublicationState,
) -> MessageState:
    number = len(incident.messages) + 1
    message = MessageState(
        number=number,
        kind=kind,
        ordinal=1,
        revision=1,
        author="maya",
        proposed_at=NOW,
        gate=Gate(policy=incident.plan.messages[kind].gate, digest=f"{number:064x}", author="maya"),
        destinations=DESTINATIONS,
        phase=phase,
    )
    for name, state in states.items():
        message.enter(Outcome.at(message.destination(name), state))
    for channel in reached:
        message.reach(message.destination(channel))
    incident.messages.append(message)
    return message


def refuse_unless(incident: IncidentState, *states: PublicationState) -> None:
    """What settling and retrying ask first about message 1 on Twitter."""
    message = incident.message(1)
    message.refuse_unless(message.destination("twitter"), *states)


def tell(incident: IncidentState, kind: MessageKind) -> MessageState:
    return add(incident, kind, *ALL, phase=MessagePhase.SETTLED)


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


def test_an_announcement_leads_to_acknowledging_while_the_cause_is_unknown(
    incident: IncidentState,
) -> None:
    assert stage_for(incident, MessageKind.ANNOUNCEMENT) is Stage.ACKNOWLEDGE


def test_assuring_waits_until_people_have_been_told(incident: IncidentState) -> None:
    incident.stage = Stage.ACKNOWLEDGE
    add(incident, MessageKind.ANNOUNCEMENT, "twitter")
    with pytest.raises(DomainError, match="nobody has been told yet"):
        stage_for(incident, MessageKind.PROGRESS_UPDATE)


def test_assuring_follows_once_people_have_been_told(incident: IncidentState) -> None:
    incident.stage = Stage.ACKNOWLEDGE
    tell(incident, MessageKind.ANNOUNCEMENT)
    assert stage_for(incident, MessageKind.PROGRESS_UPDATE) is Stage.ASSURE


def test_nothing_is_made_good_before_people_know_of_the_fix(incident: IncidentState) -> None:
    incident.stage = Stage.RESOLVE
    tell(incident, MessageKind.ANNOUNCEMENT)
    with pytest.raises(DomainError, match="have not been told of the fix"):
        stage_for(incident, MessageKind.GOODWILL_OFFER)


def test_an_offer_cannot_jump_the_queue(incident: IncidentState) -> None:
    with pytest.raises(DomainError, match="belongs to stage make_good"):
        stage_for(incident, MessageKind.GOODWILL_OFFER)


def test_there_is_nothing_to_correct_before_anything_was_said(incident: IncidentState) -> None:
    with pytest.raises(DomainError, match="nothing to correct"):
        stage_for(incident, MessageKind.CORRECTION)


@pytest.mark.parametrize(
    ("stage", "told", "kind", "instead"),
    [
        (Stage.IDENTIFY, False, MessageKind.PROGRESS_UPDATE, "announcement, reply_rules"),
        (Stage.IDENTIFY, False, MessageKind.RESOLUTION_NOTE, "announcement, reply_rules"),
        (
            Stage.ACKNOWLEDGE,
            True,
            MessageKind.GOODWILL_OFFER,
            "announcement, progress_update, correction, reply_rules",
        ),
        (Stage.ASSURE, True, MessageKind.ANNOUNCEMENT, "progress_update, correction, reply_rules"),
        (
            Stage.MAKE_GOOD,
            True,
            MessageKind.ANNOUNCEMENT,
            "progress_update, goodwill_offer, correction, reply_rules",
        ),
    ],
)
def test_who_proposes_at_the_wrong_time_is_told_what_can_be_proposed_now(
    incident: IncidentState, stage: Stage, told: bool, kind: MessageKind, instead: str
) -> None:
    """It offered progress updates to somebody who had just been refused one."""
    if told:
        tell(incident, MessageKind.ANNOUNCEMENT)
    incident.stage = stage

    with pytest.raises(DomainError) as refused:
        refuse_proposal(incident, kind, MAYA)

    step = refused.value.explanation.next_step
    assert step.advice == f"What can be proposed now: {instead}."
    for offered in instead.split(", "):
        refuse_proposal(incident, MessageKind(offered), MAYA)


@pytest.mark.parametrize("stage", [Stage.ACKNOWLEDGE, Stage.RESOLVE, Stage.MAKE_GOOD])
def test_a_correction_stays_in_the_stage_where_the_mistake_was_made(
    incident: IncidentState, stage: Stage
) -> None:
    incident.stage = stage
    tell(incident, MessageKind.ANNOUNCEMENT)
    assert stage_for(incident, MessageKind.CORRECTION) is stage


@pytest.mark.parametrize("missing", REQUIRED_TO_RESOLVE)
def test_a_resolution_is_refused_while_one_of_its_facts_is_missing(
    incident: IncidentState, missing: str
) -> None:
    incident.facts = FactsState(filled=tuple(set(REQUIRED_TO_RESOLVE) - {missing}))
    with pytest.raises(DomainError, match=f"not filled yet: {missing}"):
        refuse_unfilled(incident, MessageKind.RESOLUTION_NOTE)


@pytest.mark.parametrize("kind", [one for one in MessageKind if one != "resolution_note"])
def test_no_other_message_waits_for_facts(incident: IncidentState, kind: MessageKind) -> None:
    refuse_unfilled(incident, kind)


def test_a_resolution_with_all_its_facts_may_be_proposed(incident: IncidentState) -> None:
    incident.facts = FactsState(filled=REQUIRED_TO_RESOLVE)
    refuse_unfilled(incident, MessageKind.RESOLUTION_NOTE)


@pytest.mark.parametrize("phase", [MessagePhase.WAITING, MessagePhase.REJECTED])
def test_a_message_may_be_edited_until_it_is_approved(
    incident: IncidentState, phase: MessagePhase
) -> None:
    refuse_revision(incident, add(incident, MessageKind.ANNOUNCEMENT, phase=phase))


@pytest.mark.parametrize("phase", [MessagePhase.PUBLISHING, MessagePhase.SETTLED])
def test_what_went_out_is_corrected_and_never_edited(
    incident: IncidentState, phase: MessagePhase
) -> None:
    with pytest.raises(DomainError, match=r"can no longer be edited\. Propose a correction"):
        refuse_revision(incident, add(incident, MessageKind.ANNOUNCEMENT, phase=phase))


def test_an_incident_with_nothing_open_may_be_closed(incident: IncidentState) -> None:
    tell(incident, MessageKind.ANNOUNCEMENT)
    refuse_close(incident, waive="")


@pytest.mark.parametrize(
    ("phase", "state", "words"),
    [
        (MessagePhase.WAITING, None, "Message 1 is waiting at its gate"),
        (MessagePhase.SETTLED, PublicationState.UNKNOWN, "message 1 on twitter"),
    ],
)
@pytest.mark.parametrize("waiver", ["", "  "])
def test_closing_is_refused_while_something_is_open(
    incident: IncidentState,
    phase: MessagePhase,
    state: PublicationState | None,
    words: str,
    waiver: str,
) -> None:
    add(incident, MessageKind.ANNOUNCEMENT, phase=phase, **({"twitter": state} if state else {}))
    with pytest.raises(DomainError, match=words):
        refuse_close(incident, waiver)


def test_an_unknown_outcome_may_be_waived_in_writing(incident: IncidentState) -> None:
    state = PublicationState.UNKNOWN
    add(incident, MessageKind.ANNOUNCEMENT, phase=MessagePhase.SETTLED, twitter=state)
    refuse_close(incident, "The account is gone; legal agrees.")


@pytest.mark.parametrize("phase", [MessagePhase.PUBLISHING, MessagePhase.WITHDRAWN])
def test_what_is_on_the_wire_cannot_be_waived(incident: IncidentState, phase: MessagePhase) -> None:
    state = PublicationState.SENDING
    add(incident, MessageKind.ANNOUNCEMENT, phase=phase, twitter=state)
    with pytest.raises(DomainError, match="cannot be waived"):
        refuse_close(incident, "We are tired.")


@pytest.mark.parametrize(
    "ask",
    [
        lambda one: refuse_close(one, "waived"),
        lambda one: stage_for(one, MessageKind.CORRECTION),
        lambda one: refuse_stage(one, Stage.ASSURE),
        lambda one: one.refuse_if_closed(),
        lambda one: one.refuse_request(MAYA),
    ],
)
def test_nothing_happens_in_a_closed_incident(
    incident: IncidentState, ask: Callable[[IncidentState], object]
) -> None:
    incident.stage = Stage.CLOSED
    with pytest.raises(DomainError, match=r"The incident is closed\. Open a new one\."):
        ask(incident)


def test_a_newer_progress_update_overtakes_those_that_have_not_gone_out(
    incident: IncidentState,
) -> None:
    add(incident, MessageKind.ANNOUNCEMENT)
    waiting = add(incident, MessageKind.PROGRESS_UPDATE)
    add(incident, MessageKind.PROGRESS_UPDATE, phase=MessagePhase.SETTLED)
    newest = add(incident, MessageKind.PROGRESS_UPDATE)
    assert overtaken_by(incident, newest) == [waiting]


def test_a_resolution_overtakes_progress_updates(incident: IncidentState) -> None:
    stale = add(incident, MessageKind.PROGRESS_UPDATE, phase=MessagePhase.PUBLISHING)
    assert overtaken_by(incident, add(incident, MessageKind.RESOLUTION_NOTE)) == [stale]


def test_an_offer_overtakes_nothing(incident: IncidentState) -> None:
    add(incident, MessageKind.PROGRESS_UPDATE)
    assert overtaken_by(incident, add(incident, MessageKind.GOODWILL_OFFER)) == []


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


def test_whoever_is_not_in_the_roster_is_told_who_is(incident: IncidentState) -> None:
    known = ", ".join(sorted(person.id for person in incident.plan.roster))
    for ask in (
        lambda: incident.refuse_request(MALLORY),
        lambda: refuse_proposal(incident, MessageKind.ANNOUNCEMENT, MALLORY),
        lambda: refuse_advance(incident, Stage.ACKNOWLEDGE, MALLORY),
    ):
        with pytest.raises(DomainError, match=f"'mallory' is not in .* It has {known}"):
            ask()


def test_an_incident_is_not_closed_by_advancing_it(incident: IncidentState) -> None:
    with pytest.raises(DomainError, match="is closed, not advanced"):
        refuse_advance(incident, Stage.CLOSED, MAYA)


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
