"""An incident ends once, when everything about it has ended."""

from __future__ import annotations

import pytest

from client import incidents
from client.timeline import verify_timeline
from domain.errors import DomainError
from domain.stage import Stage
from tests.whole.response import LEAD, Response
from tests.whole.world import World


async def test_an_incident_is_not_closed_while_its_mail_is_going_out(
    calm: World, response: Response
) -> None:
    slow = await calm.fault("sendgrid", "send", "latency", seconds=0.3)
    await response.announce(recipients=300, in_flight=1)
    await response.mailed(lambda mail: mail.went_out)
    with pytest.raises(DomainError) as refusal:
        await incidents.close(calm.engine, response.slug, actor=LEAD)
    await calm.lift(slow)
    assert "still being published" in refusal.value.what


async def test_a_closed_incident_keeps_its_record_and_its_name(
    calm: World, response: Response
) -> None:
    await response.announce(recipients=30)
    await response.settled()
    closed = await incidents.close(calm.engine, response.slug, actor=LEAD)
    assert closed.stage is Stage.CLOSED
    await response.handle.result()

    with pytest.raises(DomainError, match="A name is not used again"):
        await response.open(recipients=30)
    verified = await verify_timeline(calm.engine, response.slug)
    assert (verified.confirmed, verified.found) == (True, ())
    assert [who for who, _ in await response.timeline("closed")] == [LEAD.person]
    assert [who for who, _ in await response.timeline("approved")] == ["noor"]
