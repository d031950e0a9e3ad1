"""A broadcast is cut into batches that its channel can take as one."""

from __future__ import annotations

import asyncio

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.broadcasts import BroadcastActivities
from channels.batch import Batch
from channels.contract import Capabilities, ChannelKind, OutcomeUnknown
from domain.publication import PublicationState
from store.kernel.database import Database
from store.record import messages
from tests.activities.mail import (
    SECRET,
    Mailer,
    Post,
    address,
    approved,
    customers,
    ending_in,
    letter,
    nothing,
    one_each,
    order_for,
)
from tests.sealing import gates, open_gate


def mailer_of(limit: int) -> Mailer:
    """A provider that takes so many recipients in one request."""
    mailer = Mailer()
    mailer.capabilities = Capabilities(  # type: ignore[misc]
        kind=ChannelKind.DIRECT, batch_limit=limit, tells_events=True
    )
    return mailer


async def broadcast(ledger: Database, mailer: Mailer, size: int, batch_size: int) -> Post:
    return await approved(ledger, mailer, letter(await customers(ledger, size)), batch_size)


@pytest.mark.parametrize(
    ("limit", "batch_size", "batches"), [(1, 1000, 7), (3, 1000, 3), (1000, 2, 4), (1000, 1000, 1)]
)
async def test_no_batch_is_larger_than_the_channel_takes_or_the_playbook_wants(
    ledger: Database, limit: int, batch_size: int, batches: int
) -> None:
    mailer = mailer_of(limit)
    post = await broadcast(ledger, mailer, 7, batch_size)
    await post.send()
    assert post.planned.batches == len(mailer.requests) == batches
    assert mailer.mails() == one_each(7)


@pytest.mark.parametrize(("allows", "most"), [(None, 8), (3, 3), (20, 8)])
async def test_a_channel_may_allow_fewer_requests_at_once_than_the_playbook_asks_for(
    ledger: Database, allows: int | None, most: int
) -> None:
    mailer = mailer_of(1)
    mailer.capabilities = mailer.capabilities.model_copy(update={"at_once": allows})  # type: ignore[misc]
    under_way: list[int] = [0]

    async def at_the_provider(_: Batch) -> None:
        under_way.append(len(mailer.requests) - len(mailer.book))
        await asyncio.sleep(0.02)

    mailer.before = at_the_provider
    post = await broadcast(ledger, mailer, 40, 1000)
    await post.send(at_once=8)
    assert (max(under_way), mailer.mails()) == (most, one_each(40))


async def test_where_one_mail_is_one_batch_a_lost_answer_leaves_one_recipient_in_doubt(
    ledger: Database,
) -> None:
    """49 accepted and one unknown are fifty batches, each of which ended in one way."""
    mailer = mailer_of(1)
    post = await broadcast(ledger, mailer, 50, 1000)
    mailer.after = ending_in(OutcomeUnknown("No answer."), on=37)
    sent = await post.send()
    assert (sent.accepted, sent.unknown_batches, sent.refused) == (49, 1, 0)
    assert mailer.mails() == one_each(50)
    progress = await post.progress()
    assert progress.batches[PublicationState.UNKNOWN] == 1


async def test_only_the_one_in_doubt_is_sent_again_once_the_window_has_closed(
    ledger: Database,
) -> None:
    mailer = mailer_of(1)
    post = await broadcast(ledger, mailer, 5, 1000)
    mailer.before = ending_in(OutcomeUnknown("No answer."), on=3)
    await post.send()
    mailer.before = nothing
    await post.settle(release=True)
    await post.send()
    assert [one.addressees[0].address for one in mailer.requests].count(address(3)) == 2
    assert mailer.mails() == one_each(5)


async def test_a_broadcast_without_its_channel_is_not_planned(ledger: Database) -> None:
    document = letter(await customers(ledger, 5))
    await messages.save_revision(ledger, document, "maya")
    await open_gate(ledger, document)
    activities = BroadcastActivities(ledger, {}, gates(ledger), SECRET)
    with pytest.raises(ApplicationError, match="no direct channel email"):
        await ActivityEnvironment().run(activities.plan_broadcast, order_for(document, 10))
