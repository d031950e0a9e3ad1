"""What a message overtakes once it is signed."""

from __future__ import annotations

from domain.incident import IncidentState
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.signing import overtaken_by
from tests.domain.incidents import add


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
