"""A channel in hostile hands: what goes there waits, and nobody waits for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.message import MessageKind
from domain.playbook import Playbook
from domain.promise_clock import PromiseState
from domain.publication import PublicationState
from domain.quarantine import Quarantine
from domain.severity import Severity
from domain.stage import Stage
from tests.deadline import eventually
from tests.workflows.plan import a_plan
from tests.workflows.response import Response, person, state, why
from tests.workflows.test_promise_clock import promise, promised
from tests.workflows.world import REFUSES

S = PublicationState


def put_in_quarantine(response: Response, channel: str = "twitter") -> Quarantine:
    """Maya does; the ledger has it, and nobody has told the incident."""
    at, by = datetime.now(UTC), person("maya")
    made = Quarantine(id="2" * 32, channel=channel, at=at, by=by, reason="Not our posts")
    response.world.quarantines.append(made)
    return made


def plan_that_needs(channel: str) -> Playbook:
    """Both channels have to be reached, and that one by name."""
    plan, all_of_them = a_plan(), {"quorum": 2, "must_reach": (channel,)}
    messages = {
        kind: message.model_copy(update=all_of_them) for kind, message in plan.messages.items()
    }
    return plan.model_copy(update={"messages": messages})


async def test_people_are_told_without_the_channel_and_it_goes_on_once_it_is_lifted(
    response: Response,
) -> None:
    held = put_in_quarantine(response)
    await response.open(plan_that_needs("twitter"), severity=Severity.MAJOR)
    await eventually(lambda: response.says("quarantined"), bool)
    message = await response.propose()
    await response.decide(message, "noor")
    told = await response.until(lambda one: one.told)
    assert state(told, "twitter") is S.PLANNED
    assert "put in quarantine by maya" in why(told, "twitter")
    assert (await response.status()).quarantines == (held,)
    assert ("twitter", 1, 1) not in response.world.attempts

    lifted = {"ended_at": datetime.now(UTC), "ended_by": person("noor")}
    asked = {"lift_asked_at": datetime.now(UTC), "lift_asked_by": person("ines")}
    response.world.quarantines[:] = [held.model_copy(update={**asked, **lifted})]
    for _ in range(2):
        await response.handle.signal("stops_changed")
    message = await response.settled()
    assert state(message, "twitter") is S.ACCEPTED
    (entry,) = await response.says("quarantine lifted")
    assert entry.startswith("noor: twitter")
    assert "ines had asked for it" in entry
    assert len(await response.says("quarantined")) == 1
    assert (await response.status()).quarantines == ()


async def test_an_update_elsewhere_keeps_what_was_promised_there_at_once(
    response: Response,
) -> None:
    """The promise clock slept until its next time."""
    await response.open(severity=Severity.MAJOR)
    for number, refusing in enumerate(("facebook", "twitter")):
        response.world.provider(refusing, REFUSES)
        kind = MessageKind.PROGRESS_UPDATE if number else MessageKind.ANNOUNCEMENT
        await promised(response, timedelta(minutes=30), kind)
    await promise(response, 1, PromiseState.OPEN)

    put_in_quarantine(response)
    await response.handle.signal("stops_changed")

    assert (await promise(response, 1, PromiseState.KEPT)).ended_by == 2


async def test_a_channel_that_is_in_no_plan_is_not_this_incidents(response: Response) -> None:
    put_in_quarantine(response, "mastodon")
    await response.open(severity=Severity.MAJOR)
    await response.handle.signal("stops_changed")
    await response.publish()
    assert await response.says("quarantined") == []
    assert await response.stage() is Stage.ACKNOWLEDGE
