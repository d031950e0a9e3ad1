"""Approving with nothing but Temporal's own command line, at any hour and with nobody there."""

from __future__ import annotations

import asyncio
import json

from domain.gate import GateState
from domain.publication import PublicationState
from domain.status import MessageStatus
from tests.whole.response import Response, agreed, everywhere, states
from tests.whole.world import World, eventually


async def signal(world: World, response: Response, by: str, digest: str) -> None:
    """``temporal workflow signal``, as an approver's own tool would call it."""
    value = json.dumps({"by": by, "digest": digest, "message": 1})
    await world.temporal(
        "workflow", "signal", "--workflow-id", response.handle.id, "--name", "approve",
        "--input", value,
    )  # fmt: skip


async def test_an_approval_that_found_no_worker_is_kept_and_publishes_once(
    calm: World, response: Response
) -> None:
    await response.open(recipients=30)
    message = await response.propose()
    async with calm.without("worker"):
        await signal(calm, response, "noor", message.digest)
        await signal(calm, response, "noor", message.digest)
        assert await response.received() == 0

    assert states(await response.settled()) == everywhere(PublicationState.ACCEPTED)
    await response.arrived()
    assert await response.books() == agreed(mails=30, posts=2)


async def test_a_signal_of_the_wrong_person_or_for_other_bytes_says_so_and_publishes_nothing(
    calm: World, response: Response
) -> None:
    await response.open(recipients=30)
    message = await response.propose()
    await signal(calm, response, "maya", message.digest)
    await signal(calm, response, "sam", message.digest)
    await signal(calm, response, "noor", "0123456789abcdef")
    await signal(calm, response, "mallory", message.digest)

    refused = await eventually(
        lambda: response.timeline("decision refused"), lambda seen: len(seen) == 4
    )

    assert [who for who, _ in refused] == ["maya", "sam", "noor", "somebody"]
    reasons = [about for _, about in refused]
    assert "wrote this message" in reasons[0]
    assert "none of the roles" in reasons[1]
    assert "edited since, or the digest is wrong" in reasons[2]
    assert "roster" in reasons[3]
    assert await nothing_out(response) is GateState.WAITING


async def nothing_out(response: Response) -> GateState:
    message: MessageStatus = await response.message()
    assert (await response.received(), await response.posted()) == (0, [])
    return message.gate


async def test_nonsense_by_signal_holds_up_nothing(calm: World, response: Response) -> None:
    await response.open(recipients=30)
    message = await response.propose()
    for nonsense in ("[]", "7", '{"by": {"a": 1}}', '"approve"'):
        await calm.temporal(
            "workflow", "signal", "--workflow-id", response.handle.id, "--name", "approve",
            "--input", nonsense,
        )  # fmt: skip
    await calm.temporal(
        "workflow", "signal", "--workflow-id", response.handle.id, "--name", "approve"
    )
    await signal(calm, response, "noor", message.digest)

    assert states(await response.settled()) == everywhere(PublicationState.ACCEPTED)
    assert len(await response.timeline("decision refused")) == 5


async def test_fifty_large_signals_do_not_end_an_incident_or_its_mailing(
    calm: World, response: Response
) -> None:
    """The server ended both at 50 MiB of history, before the run could continue as new."""
    await response.announce(recipients=300)
    large = {"by": "noor", "digest": "f" * 8, "message": 1, "reason": "x" * 1_100_000}
    await asyncio.gather(*(response.handle.signal("approve", large) for _ in range(50)))

    assert states(await response.settled()) == everywhere(PublicationState.ACCEPTED)
    await response.arrived()
    assert await response.books() == agreed(mails=300, posts=2)
