"""How an incident goes on and ends, and what people are told when it does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.errors import DomainError
from domain.incident import IncidentState
from domain.lifecycle import refuse_advance, refuse_close, refuse_stage
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.proposing import refuse_proposal, stage_for
from domain.publication import PublicationState
from domain.stage import Stage
from tests.domain.incidents import MALLORY, MAYA, add, tell


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
