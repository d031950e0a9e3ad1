"""The provider stops a broadcast half-way: who got it is exact, and a retry sends the rest."""

from __future__ import annotations

from collections import Counter

import pytest

from client.publications import retry_channel
from domain.publication import PublicationState
from tests.whole.response import LEAD, Response, states
from tests.whole.world import World, eventually

S = PublicationState


@pytest.mark.parametrize("killed", [False, True])
async def test_a_broadcast_that_ran_out_of_credit_is_partly_accepted_until_a_retry(
    calm: World, response: Response, killed: bool
) -> None:
    """With ``killed``, the worker dies while it waits for the first refusal."""
    await calm.fault("sendgrid", "send", "latency", seconds=0.3)
    credits_gone = await calm.fault("sendgrid", "send", "credits", after=7)
    await response.announce(recipients=300, in_flight=2)
    await eventually(lambda: calm.struck(credits_gone))
    if killed:
        await calm.kill("worker")

    stopped = await response.settled()
    got_it = await response.received()
    mail = await response.mail()

    assert states(stopped)["email"] is S.PARTLY_ACCEPTED
    assert mail is not None
    assert (mail.went_out, mail.planned, mail.refused, mail.unknown) == (
        got_it, 300 - got_it, 0, 0,
    )  # fmt: skip
    (outcome,) = (one for one in stopped.outcomes if one.channel == "email")
    assert outcome.explanation is not None
    assert outcome.explanation.what.startswith(
        f"{got_it} of 300 recipients accepted, {300 - got_it} not sent."
    )
    await calm.lift(credits_gone)
    await retry_channel(calm.engine, response.slug, 1, "email", actor=LEAD)
    assert states(await response.settled())["email"] is S.ACCEPTED
    everybody = Counter(response.address(number) for number in range(1, 301))
    assert await response.mails_by_address() == everybody
