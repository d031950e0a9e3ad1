"""Who speaks in a message: by stage, at night, and only with a word of theirs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from domain.gate_policy import GateCase, GatePolicy
from domain.message import MessageKind
from domain.stage import Stage
from domain.voice import VoicePlan
from tests.workflows.plan import a_plan

DAY, NIGHT = datetime(2026, 10, 25, 10, 0, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
PLAN = VoicePlan.model_validate_json(
    """{"name": "Help at Example Co",
        "by_stage": {"resolve": {"name": "Noor", "spoken_by": "founder"}},
        "at_night": {"name": "Night desk", "zone": "Europe/Berlin",
                     "hours": {"from": "22:00", "to": "06:00"}}}"""
)


@pytest.mark.parametrize(
    ("stage", "at", "name"),
    [
        (Stage.ASSURE, DAY, "Help at Example Co"),
        (Stage.RESOLVE, DAY, "Noor"),
        (Stage.RESOLVE, NIGHT, "Night desk"),
        (None, DAY, "Help at Example Co"),
        # Clocks went back at 03:00 there: it is 05:30 now, and 06:30 an hour later.
        (Stage.ASSURE, NIGHT.replace(hour=4), "Night desk"),
        (Stage.ASSURE, NIGHT.replace(hour=5), "Help at Example Co"),
    ],
)
def test_the_night_comes_first_and_then_the_stage(
    stage: Stage | None, at: datetime, name: str
) -> None:
    assert PLAN.speaking(stage, at).alone().name == name


def test_what_is_signed_has_nothing_of_the_plan() -> None:
    assert set(PLAN.speaking(Stage.RESOLVE, DAY).alone().model_dump()) == {
        "name",
        "address",
        "reply_to",
        "sign_off",
    }


def test_whoever_speaks_has_to_sign_unless_they_wrote_it() -> None:
    plan = a_plan().model_copy(update={"voices": {"twitter": PLAN}})
    assert plan.speakers(MessageKind.RESOLUTION_NOTE, DAY) == ("founder",)
    assert plan.speakers(MessageKind.ANNOUNCEMENT, DAY) == ()
    policy, (reason,) = GatePolicy(roles=("legal",)).settled(GateCase(speakers=("founder",)))
    assert (policy.roles, policy.must_include) == (("legal", "founder"), ("founder",))
    assert reason == "founder must sign, because it is their voice"


def test_a_voice_of_a_role_that_nobody_has_is_refused() -> None:
    nobody = PLAN.model_copy(update={"spoken_by": "mascot"})
    with pytest.raises(ValidationError, match="names mascot, which nobody in the roster is"):
        type(a_plan()).model_validate(
            {**a_plan().model_dump(), "voices": {"twitter": nobody.model_dump()}}
        )
