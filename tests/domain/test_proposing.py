"""What may be proposed, and what people are told when it may not."""

from __future__ import annotations

import pytest

from domain.errors import DomainError
from domain.facts import REQUIRED_TO_RESOLVE, FactsState
from domain.incident import IncidentState
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.proposing import refuse_proposal, refuse_revision, refuse_unfilled, stage_for
from domain.stage import Stage
from tests.domain.incidents import MAYA, add, tell


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
