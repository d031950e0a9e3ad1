"""A person answers for batches of which nobody knows: for all, or for some of them."""

from __future__ import annotations

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.settling import SettlingActivities
from activities.signatures.posts import PublicationStatus
from activities.signatures.settling import SettleByPerson
from channels.batch import Batch
from channels.contract import OutcomeUnknown
from domain.publication import PublicationState
from store.broadcasts import batch_outcomes
from store.kernel.database import Database
from tests.activities.mail import (
    Mailer,
    Post,
    approved,
    customers,
    letter,
    nothing,
    number_of,
    one_each,
)
from tests.sealing import gates

S = PublicationState


@pytest.fixture
def mailer() -> Mailer:
    return Mailer()


@pytest.fixture
async def unknown(ledger: Database, mailer: Mailer) -> Post:
    """A broadcast of three batches, of which 2 and 3 got no answer: 2 went out, 3 did not."""
    post = await approved(ledger, mailer, letter(await customers(ledger, 30)))

    async def lose(batch: Batch) -> None:
        if number_of(batch) == 3:
            raise OutcomeUnknown("SendGrid: no answer.")

    async def lose_answer(batch: Batch) -> None:
        if number_of(batch) == 2:
            raise OutcomeUnknown("SendGrid: no answer.")

    mailer.before, mailer.after = lose, lose_answer
    await post.send()
    mailer.before = mailer.after = nothing
    return post


async def settle(
    post: Post, *batches: int, went_out: bool, **more: PublicationState
) -> PublicationStatus:
    order = SettleByPerson(task=post.task, direct=True, went_out=went_out, batches=batches, **more)
    activities = SettlingActivities(post.ledger, gates(post.ledger))
    return await ActivityEnvironment().run(activities.settle_by_person, order)


async def states(post: Post) -> dict[S, int]:
    progress = await post.progress()
    return {state: count for state, count in progress.batches.items() if count}


async def test_an_answer_for_one_batch_leaves_the_other_unknown(unknown: Post) -> None:
    standing = await settle(unknown, 2, went_out=True)

    assert (standing.state, standing.explanation.what) == (S.UNKNOWN, "1 batch is still unknown.")
    assert await states(unknown) == {S.ACCEPTED: 2, S.UNKNOWN: 1}


async def test_with_an_answer_for_each_everybody_gets_the_mail_once(
    unknown: Post, mailer: Mailer
) -> None:
    await settle(unknown, 2, went_out=True)
    standing = await settle(unknown, 3, went_out=False)
    await unknown.send()

    assert standing.state is S.PLANNED
    assert mailer.mails() == one_each(30)


async def test_the_last_answer_settles_the_broadcast(unknown: Post) -> None:
    await settle(unknown, 3, went_out=True)

    assert (await settle(unknown, 2, went_out=True)).state is S.ACCEPTED


async def test_without_numbers_an_answer_is_for_all(unknown: Post) -> None:
    assert (await settle(unknown, went_out=True)).state is S.ACCEPTED
    assert await states(unknown) == {S.ACCEPTED: 3}


async def test_the_same_answer_may_be_given_twice(unknown: Post) -> None:
    await settle(unknown, 3, went_out=False)

    assert (await settle(unknown, 3, went_out=False)).state is S.PLANNED


@pytest.mark.parametrize(("batch", "why"), [(1, "is accepted"), (9, "no batch 9")])
async def test_an_answer_for_what_is_known_or_not_there_is_refused(
    unknown: Post, batch: int, why: str
) -> None:
    with pytest.raises(ApplicationError, match=why):
        await settle(unknown, 3, batch, went_out=False)

    assert await states(unknown) == {S.ACCEPTED: 1, S.UNKNOWN: 2}


async def test_what_an_event_has_proven_is_not_sent_again_on_a_persons_word(
    unknown: Post, mailer: Mailer
) -> None:
    await unknown.hear_of(mailer.book[1])

    await settle(unknown, went_out=False)
    assert await states(unknown) == {S.ACCEPTED: 2, S.PLANNED: 1}
    await unknown.send()

    assert mailer.mails() == one_each(30)


async def test_what_is_not_to_go_out_any_more_stays_unknown_until_each_is_answered(
    unknown: Post,
) -> None:
    first = await settle(unknown, 3, went_out=False, otherwise=S.WITHDRAWN)
    last = await settle(unknown, 2, went_out=False, otherwise=S.WITHDRAWN)

    assert (first.state, last.state) == (S.UNKNOWN, S.WITHDRAWN)
    assert await batch_outcomes.planned_batches(unknown.ledger, unknown.planned.broadcast) == ()


async def test_what_an_ended_broadcast_has_not_sent_is_sent_with_the_last_answer(
    unknown: Post,
) -> None:
    await settle(unknown, 3, went_out=False)

    assert (await settle(unknown, 2, went_out=True)).state is S.PLANNED
