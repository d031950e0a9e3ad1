"""Silence about a batch proves nothing while events that have come are not in the ledger yet."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.broadcasts import BroadcastActivities
from activities.signatures.settling import SettleUnknown, UnknownSettled
from channels.batch import Batch
from channels.contract import OutcomeUnknown
from client.event_entry import EventEntry
from domain.delivery_events import DeliveryEvent
from domain.publication import DeliveryState
from store.events.inbox import Inbox
from store.kernel.database import Database
from tests.activities.conftest import NOON
from tests.activities.mail import Mailer, Post, approved, customers, letter, nothing, number_of
from tests.sealing import gates


@pytest.fixture
def mailer() -> Mailer:
    return Mailer()


@pytest.fixture
async def post(ledger: Database, mailer: Mailer) -> Post:
    """Three batches went out; the answer to the second was lost."""
    post = await approved(ledger, mailer, letter(await customers(ledger, 30)))

    async def lose_answer(batch: Batch) -> None:
        if number_of(batch) == 2:
            raise OutcomeUnknown("SendGrid: no answer.")

    mailer.after = lose_answer
    await post.send()
    mailer.after = nothing
    for batch in mailer.book:
        if number_of(batch) != 2:
            await post.hear_of(batch)
    return post


async def settle(post: Post, inbox: Inbox) -> UnknownSettled:
    activities = BroadcastActivities(
        post.ledger, {"email": post.mailer}, gates(post.ledger), b"", inbox=inbox
    )
    order = SettleUnknown(broadcast=post.planned.broadcast, release_before=datetime.now(UTC))
    return await ActivityEnvironment().run(activities.settle_unknown, order)


async def test_a_batch_whose_proof_waits_in_the_inbox_is_not_sent_again(
    post: Post, mailer: Mailer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.events.inbox.CATCH_UP_WITHIN", 0.05)
    inbox = Inbox(tmp_path / "ledger.db-events")
    key = next(batch.key for batch in mailer.book if number_of(batch) == 2)
    proof = DeliveryEvent("proof", DeliveryState.PROCESSED, NOON, batch_key=key)
    await inbox.put("email", [proof], NOON)

    with pytest.raises(ApplicationError, match="wait to be entered") as refused:
        await settle(post, inbox)
    assert not refused.value.non_retryable
    assert (await post.progress()).unknown == 10

    await EventEntry(post.ledger, inbox).enter_all()
    settled = await settle(post, inbox)
    await inbox.close()
    assert (settled.unknown_batches, settled.released) == (0, ())
