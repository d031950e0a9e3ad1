"""Everything is stopped: publications wait, the record has it, and resuming wakes them at once."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.publication import PublicationState
from domain.stopping import Stop
from tests.deadline import eventually
from tests.workflows.response import Response, outcome, person, state, why
from tests.workflows.test_broadcast import start

S = PublicationState


def stopped(response: Response) -> Stop:
    """Maya stops everything; the ledger has it, and nobody has told the incident."""
    at, by = datetime.now(UTC), person("maya")
    made = Stop(id="1" * 32, incident=response.slug, at=at, by=by, reason="Wrong link")
    response.world.stop = made
    return made


async def resume(response: Response, stop: Stop) -> None:
    """Noor resumes it, and the incident is told."""
    ended = {"ended_at": datetime.now(UTC), "ended_by": person("noor")}
    response.world.stop = stop.model_copy(update=ended)
    await response.handle.signal("stops_changed")


async def test_a_post_waits_and_goes_out_at_once_when_everything_is_resumed(
    response: Response,
) -> None:
    await response.open()
    stop = stopped(response)
    message = await response.propose()
    await response.decide(message, "noor")
    held = await response.until(lambda one: "stopped by maya" in why(one, "twitter"))
    assert (state(held, "twitter"), outcome(held, "twitter").attempts) == (S.PLANNED, 0)
    assert response.world.attempts == []

    await resume(response, stop)
    # The ledger said to ask again in an hour.
    message = await response.settled()
    assert state(message, "twitter") is S.ACCEPTED
    assert (outcome(message, "twitter").attempts, outcome(message, "twitter").uncertain) == (
        1,
        False,
    )
    assert ("twitter", 1, 1) in response.world.attempts


async def test_mail_waits_and_then_reaches_everybody_once(response: Response) -> None:
    stop = stopped(response)
    await start(response)
    await response.until(lambda one: "stopped by maya" in why(one, "email"))
    assert response.world.mail.sent == []

    await resume(response, stop)
    message = await response.settled()
    assert state(message, "email") is S.ACCEPTED
    assert sorted(response.world.mail.sent) == list(range(1, 46))
    assert not response.world.mail.paused


async def test_the_record_has_each_stop_and_its_end_once(response: Response) -> None:
    await response.open()
    stop = stopped(response)
    for _ in range(3):
        await response.handle.signal("stops_changed")
    await eventually(lambda: response.says("stopped everything"), bool)
    assert (await response.status()).stopped == stop
    await resume(response, stop)
    await resume(response, stop)
    entries = await eventually(lambda: response.says("resumed everything"), bool)
    assert [one.partition(":")[0] for one in entries] == ["noor"]
    assert len(await response.says("stopped everything")) == 1
    assert (await response.status()).stopped is None


async def test_a_signal_alone_stops_nothing(response: Response) -> None:
    await response.open()
    await response.handle.signal("stops_changed")
    await response.publish()
    assert await response.says("stopped everything") == []
    assert (await response.status()).stopped is None
