"""Nights on which everything about our own people fails at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from activities.signatures.on_call import FoundPeople
from domain.escalation import Ladder
from domain.gate import GatePolicy
from domain.promise_clock import PromiseState
from domain.severity import Severity
from tests.deadline import eventually
from tests.workflows.plan import HOLDING, a_plan
from tests.workflows.response import Response
from tests.workflows.test_promise_clock import promise

HOUR = timedelta(hours=1)
EVERYBODY = FoundPeople(on_call=("ines",), deputies=("noor",), others=("tomas",))


async def test_with_every_method_of_everybody_dead_what_was_approved_goes_out(
    response: Response,
) -> None:
    """Red in the record; the first word and the next one go out as the policy says."""
    response.world.unreachable = {"ines", "noor", "tomas", "maya"}
    response.world.people = response.world.people_as["comms_lead"] = EVERYBODY
    ladder = {Severity.CRITICAL: Ladder(deputy=HOUR, release_preapproved=2 * HOUR)}
    gate = GatePolicy(roles=("founder", "legal", "security"))
    plan = a_plan(gate=gate, escalation=ladder)
    # By itself nothing goes out that has blanks.
    bare = tuple(one.model_copy(update={"blanks": {}}) for one in HOLDING.statements)
    holding = HOLDING.model_copy(update={"statements": bare})
    await response.open(plan.model_copy(update={"holding": holding}), severity=Severity.CRITICAL)
    await response.propose()

    await eventually(
        response.status, lambda one: len(one.messages) > 1, otherwise="nothing was released"
    )
    first = await response.until(lambda one: one.told, 2)
    assert (first.released, first.author) == ("first_word", "frontfoot")
    assert await response.says("nobody reached")
    assert first.next_update_by is not None
    left = first.next_update_by - datetime.now(UTC) - response.world.ahead
    await response.time_passes(left + timedelta(minutes=11))

    kept = await promise(response, 2, PromiseState.KEPT_BY_FALLBACK)
    assert (await response.until(lambda one: one.told, 3)).released == "still_working"
    assert (kept.ended_by, kept.answered) == (3, ())
    assert "frontfoot: message 2" in await response.says("nobody could be reached")
