"""Everything of an incident is stopped, whatever dies meanwhile, and goes on where it was."""

from __future__ import annotations

from client.status import Watcher
from client.stopping import resume_all, stop_all, stop_in_force
from domain.message import MessageKind
from domain.publication import PublicationState
from domain.status import MessageStatus
from store.broadcasts.progress import BroadcastProgress
from tests.whole.response import LEAD, Response, agreed, everywhere, states
from tests.whole.world import World, eventually


def whys(message: MessageStatus) -> list[str]:
    return [one.explanation.what if one.explanation else "" for one in message.outcomes]


def nothing_on_the_wire(mail: BroadcastProgress) -> bool:
    return not mail.sending


async def test_what_is_stopped_stays_so_when_processes_die_and_then_reaches_everybody_once(
    calm: World, response: Response
) -> None:
    engine, slug = calm.engine, response.slug
    await calm.fault("sendgrid", "send", "latency", seconds=0.2)
    await response.announce(recipients=300)
    await response.mailed(lambda mail: mail.went_out >= 40)
    await eventually(response.message, lambda one: one.told)

    stopped = await stop_all(engine, slug, actor=LEAD, reason="Wrong link")
    assert stopped.told
    again = await stop_all(engine, slug, actor=LEAD, reason="Another reason")
    assert again.stop == stopped.stop
    await response.mailed(nothing_on_the_wire)
    out, posts = await response.received(), len(await response.posted())
    assert out < 300

    # What is signed meanwhile counts, is tried, and is not handed out.
    update = await response.propose(MessageKind.PROGRESS_UPDATE)
    await response.approve(update)
    await calm.kill("worker")
    await calm.kill("temporal")
    held = await eventually(
        lambda: response.message(2),
        lambda one: all("stopped by maya" in why for why in whys(one)),
        otherwise="the update does not say that it is stopped",
    )
    assert held.approved_at is not None
    look = await Watcher(engine, slug).look()
    assert look.status.stopped == stopped.stop
    assert (await response.received(), len(await response.posted())) == (out, posts)
    assert [who for who, _ in await response.timeline("stopped everything")] == ["maya"]

    await resume_all(engine, slug, actor=LEAD)
    for number in (1, 2):
        message = await response.settled(number)
        assert set(states(message).values()) == {PublicationState.ACCEPTED}, whys(message)
        assert not any(one.uncertain for one in message.outcomes)
    await response.arrived()
    assert await response.books() == agreed(mails=300, posts=4)
    assert await stop_in_force(engine, slug) is None
    ((who, _),) = await eventually(lambda: response.timeline("resumed everything"))
    assert who == "maya"


async def test_a_stop_holds_while_temporal_is_away_and_is_in_the_record_afterwards(
    calm: World, response: Response
) -> None:
    await response.open(recipients=60)
    message = await response.propose()
    async with calm.without("temporal"):
        stopped = await stop_all(calm.engine, response.slug, actor=LEAD, reason="Not sure yet")
        assert not stopped.told
    entered = await eventually(
        lambda: response.timeline("stopped everything"), otherwise="nobody told the incident"
    )
    assert "Not sure yet" in entered[0][1]
    await response.approve(message)
    await eventually(response.message, lambda one: all("stopped by" in why for why in whys(one)))
    assert await response.received() == 0
    assert await response.posted() == []

    await resume_all(calm.engine, response.slug, actor=LEAD)
    assert states(await response.settled()) == everywhere(PublicationState.ACCEPTED)
    await response.arrived()
    assert await response.books() == agreed(mails=60, posts=2)
