"""The worker is killed in the middle of everything: nothing is lost, nothing is sent twice."""

from __future__ import annotations

import asyncio
import os
import random
from datetime import UTC, datetime, timedelta
from functools import partial

from temporalio.client import WorkflowUpdateStage

from client.holding import approved_statements, propose_holding
from client.stack.sandbox_records import Reconciliation
from client.status import Watcher
from domain.ids import MessageRef
from domain.publication import PublicationState
from domain.status import MessageStatus
from store.broadcasts.progress import BroadcastProgress
from store.record import messages
from tests.whole.response import LEAD, Response, agreed, everywhere, quick_playbook, states
from tests.whole.world import World, eventually
from workflows.contract.writing import Release

SEED = int(os.environ.get("FRONTFOOT_TEST_SEED") or random.SystemRandom().randrange(10**6))


async def test_a_worker_killed_anywhere_in_a_broadcast_full_of_faults_loses_and_doubles_nothing(
    calm: World, response: Response
) -> None:
    """One request hangs, and dies with the worker: its batch goes out after its window only."""
    print(f"FRONTFOOT_TEST_SEED={SEED}")
    chance = random.Random(SEED)
    await calm.fault("sendgrid", "send", "latency", seconds=0.2)
    await calm.fault("sendgrid", "send", "throttle", times=2, after=4, seconds=1)
    for kind in ("error_after", "drop_after", "half_answer"):
        await calm.fault("sendgrid", "send", kind, times=1, after=chance.randrange(8))
    hung = await calm.fault("sendgrid", "send", "network_hang", times=1, after=chance.randrange(8))
    await calm.fault("sendgrid", "events", "events_duplicate", probability=0.1, factor=3)
    await calm.fault("sendgrid", "events", "events_shuffle")
    await calm.fault("twitter", "post", "drop_after", times=1)
    await calm.fault("facebook", "post", "error_after", times=1)

    await response.announce(recipients=900)
    await eventually(lambda: calm.struck(hung))
    await response.mailed(partial(have_gone_out, chance.randrange(30, 400)))
    await calm.kill("worker")

    assert states(await response.settled()) == everywhere(PublicationState.ACCEPTED)
    await response.arrived()
    assert await response.books() == agreed(mails=900, posts=2)


def have_gone_out(mails: int, mail: BroadcastProgress) -> bool:
    return mail.went_out >= mails


async def test_a_worker_killed_while_providers_hold_the_answers_asks_them_before_it_repeats(
    calm: World, response: Response
) -> None:
    """Mail and tweet arrive after the worker's death; the Facebook post never does."""
    late = await calm.fault("sendgrid", "send", "latency", seconds=2.5, times=1)
    slow = await calm.fault("twitter", "post", "latency", seconds=2.5, times=1)
    hung = await calm.fault("facebook", "post", "network_hang", times=1)

    await response.announce(recipients=300)
    for fault in (late, slow, hung):
        await eventually(partial(calm.struck, fault))
    await calm.kill("worker")

    # Nobody has noticed yet, and nobody may read that nothing was sent.
    seen = (await Watcher(calm.engine, response.slug).look()).status.messages[0]
    assert states(seen)["facebook"] is PublicationState.SENDING
    message = await response.settled()
    attempts = {one.channel: one.attempts for one in message.outcomes}
    assert states(message) == everywhere(PublicationState.ACCEPTED)
    assert (attempts["twitter"], attempts["facebook"]) == (1, 2)
    await response.arrived()
    assert await response.books() == agreed(mails=300, posts=2)


async def test_a_worker_killed_before_it_opens_a_released_statement_publishes_it_once(
    calm: World, response: Response
) -> None:
    """Its words are in the ledger, and nothing else knows of them yet."""
    slug, forms = await propose_holding(
        calm.engine, quick_playbook(30), "site-compromised", actor=LEAD
    )
    await Response(calm, slug).approve(forms, "noor", "ines")
    await eventually(lambda: approved_statements(calm.engine))
    await response.open(recipients=30)
    promised = datetime.now(UTC) + timedelta(minutes=30)
    await response.handle.start_update(
        "release",
        Release(statement="first_word", actor=LEAD, next_update_by=promised),
        wait_for_stage=WorkflowUpdateStage.ACCEPTED,
        result_type=MessageStatus,
    )
    ref = MessageRef(incident=response.slug, number=1, revision=1)
    while await messages.find_revision(calm.ledger, ref) is None:
        await asyncio.sleep(0.005)
    await calm.kill("worker")

    message = await response.settled()

    assert set(states(message).values()) == {PublicationState.ACCEPTED}
    assert [one.number for one in (await response.status()).messages] == [1]
    assert await messages.find_revision(calm.ledger, ref.model_copy(update={"number": 2})) is None
    assert (await response.books())["posts"] == Reconciliation(accepted=2)
    books = (await calm.sandbox.get("/_sandbox/books")).raise_for_status().json()
    assert [len(books[name]["posts"]) for name in ("twitter", "facebook")] == [1, 1]


async def test_a_goodwill_offer_gives_everybody_one_code_of_their_own(
    calm: World, response: Response
) -> None:
    offer = await response.come_to_the_offer()
    await calm.fault("sendgrid", "send", "throttle", times=2, after=4, seconds=1)
    await calm.fault("sendgrid", "send", "drop_after", times=3, after=7)
    await response.approve(offer, "noor", "lee")

    await response.settled(offer.number)
    await response.arrived(offer.number)
    told = await response.codes_told()
    assert [len(codes) for codes in told.values()] == [1] * 300
    assert len(set().union(*told.values())) == 300


async def test_two_workers_share_a_broadcast_and_each_mail_goes_out_once(
    calm: World, response: Response
) -> None:
    async with calm.another_worker():
        await response.announce(recipients=600, in_flight=16)
        await response.settled()
    await response.arrived()
    assert await response.books() == agreed(mails=600, posts=2)


async def test_a_worker_that_is_told_to_stop_leaves_nothing_in_doubt(
    calm: World, response: Response
) -> None:
    await calm.fault("sendgrid", "send", "latency", seconds=0.3)
    await response.announce(recipients=300)
    await response.mailed(lambda mail: mail.went_out >= 30)
    async with calm.without("worker"):
        stopped = await response.mailed(lambda mail: not mail.sending, within=0.5)
        books = await response.books()
    assert stopped.unknown == 0
    assert books["mail"] == Reconciliation(accepted=stopped.went_out)
