"""Withdrawn means withdrawn: after the answer nothing more goes out, and posts are gone."""

from __future__ import annotations

from datetime import timedelta

from client import incidents, publications
from client.publications import withdraw
from domain.message_state import MessagePhase
from domain.publication import PublicationState
from tests.whole.response import LEAD, Response, agreed, everywhere, states
from tests.whole.world import World, eventually

S = PublicationState
A_MINUTE = timedelta(minutes=1)


async def test_a_message_withdrawn_in_the_middle_stops_there(
    calm: World, response: Response
) -> None:
    slow = await calm.fault("sendgrid", "send", "latency", seconds=0.3)
    await response.announce(recipients=300, in_flight=2)
    await response.mailed(lambda mail: mail.went_out >= 40)
    await eventually(response.posted)

    await withdraw(calm.engine, response.slug, 1, actor=LEAD, reason="Wrong.")
    withdrawn = await publications.withdrawn(calm.engine, response.slug, 1, A_MINUTE)
    in_the_book = await response.received()
    mail = await response.mail()
    await calm.lift(slow)

    assert withdrawn.phase is MessagePhase.WITHDRAWN
    assert states(withdrawn) == everywhere(S.WITHDRAWN)
    assert mail is not None
    assert (mail.went_out, mail.went_out + mail.withdrawn) == (in_the_book, 300)
    assert 40 <= in_the_book < 300
    assert await response.posted() == []
    await response.arrived_of(in_the_book)
    await incidents.close(calm.engine, response.slug, actor=LEAD)
    assert await response.received() == in_the_book
    assert await response.books() == agreed(mails=in_the_book, posts=0)


async def test_a_post_on_the_wire_is_taken_back_after_it_has_arrived(
    calm: World, response: Response
) -> None:
    """The attempt was cut off, looked for too early, called withdrawn, and appeared afterwards."""
    slow = await calm.fault("twitter", "post", "latency", seconds=12, times=1)
    await response.announce(recipients=30)
    await eventually(lambda: calm.struck(slow))

    asked = await withdraw(calm.engine, response.slug, 1, actor=LEAD)
    withdrawn = await publications.withdrawn(calm.engine, response.slug, 1, A_MINUTE)

    assert asked.withdrawing
    assert states(withdrawn)["twitter"] is S.WITHDRAWN
    assert await response.ever_posted("twitter") == 1
    assert await response.posted() == []
