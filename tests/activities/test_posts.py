"""Publishing on a post channel: what each way of ending leaves in the ledger and in public."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.posts import PostActivities
from activities.settling import SettlingActivities
from activities.signatures.posts import PublicationTask, PublishPost
from activities.signatures.settling import SettleByPerson, SettlePublication
from channels.contract import (
    BadCredentials,
    OutcomeUnknown,
    PerhapsPosted,
    Publication,
    Refused,
    Throttled,
    Unreachable,
)
from domain.explanation import explained
from domain.ids import MessageRef
from domain.message import Document
from domain.publication import Finding, PublicationState, Receipt, Sighting
from store.kernel.database import Database
from store.record import incidents, messages, publication_rows
from tests.activities.conftest import NOON, Provider, notice, raising
from tests.sealing import gates, open_gate

REF = MessageRef(incident="hacked", number=1, revision=1)


@pytest.fixture
def posts(ledger: Database, provider: Provider) -> PostActivities:
    return PostActivities(ledger, {"square": provider}, gates(ledger))


@pytest.fixture
async def task(posts: PostActivities, document: Document) -> PublicationTask:
    task = PublicationTask(message=REF, channel="square", digest=document.digest())
    await ActivityEnvironment().run(posts.plan_publication, task)
    return task


async def state(ledger: Database) -> PublicationState:
    row = await publication_rows.find(ledger, REF, "square")
    assert row is not None
    return row.state


async def test_an_accepted_post_is_in_the_ledger_with_its_url(
    posts: PostActivities, task: PublicationTask, provider: Provider, ledger: Database
) -> None:
    standing = await ActivityEnvironment().run(
        posts.publish_post, PublishPost(task=task, attempt=1)
    )
    assert standing.state is PublicationState.ACCEPTED
    assert standing.receipt is not None
    assert standing.receipt.url == "https://square.example/1"
    assert len(provider.book) == 1


async def test_a_second_attempt_on_an_accepted_post_publishes_nothing(
    posts: PostActivities, task: PublicationTask, provider: Provider
) -> None:
    for attempt in (1, 2):
        standing = await ActivityEnvironment().run(
            posts.publish_post, PublishPost(task=task, attempt=attempt)
        )
    assert standing.state is PublicationState.ACCEPTED
    assert provider.requests == 1


async def test_two_workers_at_once_publish_once(
    posts: PostActivities, task: PublicationTask, provider: Provider
) -> None:
    order = PublishPost(task=task, attempt=1)
    await asyncio.gather(*(ActivityEnvironment().run(posts.publish_post, order) for _ in range(5)))
    assert provider.requests == 1


@pytest.mark.parametrize(
    "error",
    [
        Unreachable("square: no connection."),
        Throttled("square: wait.", until=datetime.now(UTC) + timedelta(seconds=40)),
    ],
    ids=["unreachable", "throttled"],
)
async def test_what_did_not_go_out_may_be_tried_again(
    posts: PostActivities,
    task: PublicationTask,
    provider: Provider,
    ledger: Database,
    error: Exception,
) -> None:
    provider.before = raising(error)
    standing = await ActivityEnvironment().run(
        posts.publish_post, PublishPost(task=task, attempt=1)
    )
    assert standing.again_after is not None
    assert not standing.uncertain
    assert await state(ledger) is PublicationState.PLANNED


async def test_a_throttled_post_is_tried_again_when_the_provider_said(
    posts: PostActivities, task: PublicationTask, provider: Provider
) -> None:
    until = datetime.now(UTC) + timedelta(seconds=40)
    provider.before = raising(Throttled("square: wait.", until=until))
    standing = await ActivityEnvironment().run(
        posts.publish_post, PublishPost(task=task, attempt=1)
    )
    assert standing.again_after is not None
    assert timedelta(seconds=35) < standing.again_after <= timedelta(seconds=40)


@pytest.fixture
async def uncertain(
    posts: PostActivities, task: PublicationTask, provider: Provider, ledger: Database
) -> PublicationTask:
    """The first attempt is public, its answer was lost, and three looks did not see it."""
    provider.after = raising(OutcomeUnknown("square: no answer."))
    await ActivityEnvironment().run(posts.publish_post, PublishPost(task=task, attempt=1))
    provider.after = lambda: None
    not_seen = SettlePublication(task=task, to=PublicationState.PLANNED, attempt=1)
    assert (await ActivityEnvironment().run(posts.settle_publication, not_seen)).uncertain
    return task


async def test_an_uncertain_attempt_is_looked_for_before_the_next_one(
    posts: PostActivities, uncertain: PublicationTask, provider: Provider
) -> None:
    standing = await ActivityEnvironment().run(
        posts.publish_post, PublishPost(task=uncertain, attempt=2)
    )
    assert standing.state is PublicationState.ACCEPTED
    assert len(provider.book) == provider.requests == 1


@pytest.mark.parametrize("blind", [True, False], ids=["cannot tell", "cannot be asked"])
async def test_nothing_is_sent_while_a_look_cannot_tell(
    posts: PostActivities,
    uncertain: PublicationTask,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
    blind: bool,
) -> None:
    async def find(*_: object) -> Sighting:
        if blind:
            return Sighting(finding=Finding.CANNOT_TELL, why="square: the list is broken.")
        raise Unreachable("square: no connection.")

    monkeypatch.setattr(provider, "find", find)
    standing = await ActivityEnvironment().run(
        posts.publish_post, PublishPost(task=uncertain, attempt=2)
    )
    assert standing.state is (PublicationState.UNKNOWN if blind else PublicationState.PLANNED)
    assert (standing.again_after is None) == blind
    assert provider.requests == 1


@pytest.mark.parametrize("error", [Refused("no."), BadCredentials("no.", "Renew the token.")])
async def test_a_refusal_never_says_that_an_uncertain_attempt_did_not_go_out(
    posts: PostActivities,
    uncertain: PublicationTask,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
    error: Refused,
) -> None:
    async def find(*_: object) -> Sighting:
        return Sighting(finding=Finding.ABSENT, why="The list lags behind.")

    monkeypatch.setattr(provider, "find", find)
    provider.before = raising(error)
    standing = await ActivityEnvironment().run(
        posts.publish_post, PublishPost(task=uncertain, attempt=2)
    )
    assert standing.state is PublicationState.UNKNOWN
    assert standing.refusal == error.explanation
    assert standing.explanation is not None
    assert "earlier attempt got no clear answer" in standing.explanation.what


async def test_a_no_that_may_mean_posted_already_is_looked_for(
    posts: PostActivities, task: PublicationTask, provider: Provider
) -> None:
    otherwise = explained("square: it blocks this.")
    provider.before = raising(PerhapsPosted("square: a duplicate?", otherwise=otherwise))
    standing = await ActivityEnvironment().run(
        posts.publish_post, PublishPost(task=task, attempt=1)
    )
    assert standing.state is PublicationState.UNKNOWN
    assert standing.refusal == otherwise


@pytest.mark.parametrize("error", [Refused("no."), BadCredentials("no.", "Renew the token.")])
async def test_a_refusal_waits_for_a_person_and_says_why(
    posts: PostActivities,
    task: PublicationTask,
    provider: Provider,
    ledger: Database,
    error: Refused,
) -> None:
    provider.before = raising(error)
    standing = await ActivityEnvironment().run(
        posts.publish_post, PublishPost(task=task, attempt=1)
    )
    assert standing.state is PublicationState.REFUSED
    assert standing.explanation == error.explanation
    assert standing.explanation.what == "no."


@pytest.mark.parametrize(
    "error", [OutcomeUnknown("square: no answer."), RuntimeError("a mistake in an adapter")]
)
async def test_an_answer_that_was_lost_is_unknown_and_then_found(
    posts: PostActivities,
    task: PublicationTask,
    provider: Provider,
    error: Exception,
) -> None:
    provider.after = raising(error)
    standing = await ActivityEnvironment().run(
        posts.publish_post, PublishPost(task=task, attempt=1)
    )
    assert standing.state is PublicationState.UNKNOWN
    sighting = await ActivityEnvironment().run(posts.look_for_post, task)
    assert sighting.finding is Finding.FOUND


class Killed(BaseException):
    """The process died here: nothing after this line of it ran."""


@pytest.mark.parametrize("where", ["before", "after"])
async def test_a_worker_that_dies_on_the_wire_leaves_a_row_that_nobody_sends_again(
    posts: PostActivities,
    task: PublicationTask,
    provider: Provider,
    where: str,
) -> None:
    setattr(provider, where, raising(Killed()))
    with pytest.raises(Killed):
        await ActivityEnvironment().run(posts.publish_post, PublishPost(task=task, attempt=1))
    standing = await ActivityEnvironment().run(
        posts.publish_post, PublishPost(task=task, attempt=1)
    )
    assert standing.state is PublicationState.SENDING
    assert provider.requests == 1


async def test_an_attempt_on_the_wire_is_not_cut_off_when_it_is_called_off(
    ledger: Database, task: PublicationTask
) -> None:
    """It hung up, looked, found nothing yet, said "withdrawn", and then the post appeared."""
    environment = ActivityEnvironment()

    class Slow(Provider):
        async def publish(self, publication: Publication) -> Receipt:
            environment.cancel()
            # The answer is on its way while the cancellation arrives.
            await asyncio.sleep(0)
            return await super().publish(publication)

    slow = Slow()
    posts = PostActivities(ledger, {"square": slow}, gates(ledger))
    standing = await environment.run(posts.publish_post, PublishPost(task=task, attempt=1))
    assert standing.state is PublicationState.ACCEPTED
    assert len(slow.book) == 1


async def test_a_post_found_absent_may_be_published_again_once(
    posts: PostActivities, task: PublicationTask, provider: Provider, ledger: Database
) -> None:
    provider.before = raising(OutcomeUnknown("square: no answer."))
    await ActivityEnvironment().run(posts.publish_post, PublishPost(task=task, attempt=1))
    sighting = await ActivityEnvironment().run(posts.look_for_post, task)
    assert sighting.finding is Finding.ABSENT
    settled = SettlePublication(task=task, to=PublicationState.PLANNED, attempt=1)
    await ActivityEnvironment().run(posts.settle_publication, settled)
    provider.before = lambda: None
    await ActivityEnvironment().run(posts.publish_post, PublishPost(task=task, attempt=2))
    assert len(provider.book) == 1


async def test_a_post_of_another_incident_is_not_taken_for_ours(
    posts: PostActivities, task: PublicationTask, provider: Provider, ledger: Database
) -> None:
    """Two incidents spoke in one minute: one took the other's post for its own, and stayed mute."""
    theirs = notice().model_copy(update={"incident": "elsewhere"})
    other = PublicationTask(
        message=REF.model_copy(update={"incident": "elsewhere"}),
        channel="square",
        digest=theirs.digest(),
    )
    await incidents.register(ledger, "elsewhere", "Another", "playbook", (), NOON)
    await messages.save_revision(ledger, theirs, "maya")
    await open_gate(ledger, theirs)
    await ActivityEnvironment().run(posts.plan_publication, other)
    await ActivityEnvironment().run(posts.publish_post, PublishPost(task=other, attempt=1))
    provider.before = raising(OutcomeUnknown("square: no answer."))
    await ActivityEnvironment().run(posts.publish_post, PublishPost(task=task, attempt=1))

    sighting = await ActivityEnvironment().run(posts.look_for_post, task)

    assert sighting.finding is Finding.CANNOT_TELL


async def test_a_withdrawn_message_is_not_published(
    posts: PostActivities, task: PublicationTask, provider: Provider
) -> None:
    withdrawn = SettlePublication(task=task, to=PublicationState.WITHDRAWN)
    await ActivityEnvironment().run(posts.settle_publication, withdrawn)
    standing = await ActivityEnvironment().run(
        posts.publish_post, PublishPost(task=task, attempt=1)
    )
    assert standing.state is PublicationState.WITHDRAWN
    assert provider.requests == 0


async def test_withdrawing_what_is_on_the_wire_does_not_claim_that_it_stayed_in(
    posts: PostActivities, task: PublicationTask, provider: Provider, ledger: Database
) -> None:
    provider.after = raising(Killed())
    with pytest.raises(Killed):
        await ActivityEnvironment().run(posts.publish_post, PublishPost(task=task, attempt=1))
    withdrawn = SettlePublication(task=task, to=PublicationState.WITHDRAWN)
    standing = await ActivityEnvironment().run(posts.settle_publication, withdrawn)
    assert standing.state is PublicationState.SENDING


async def test_what_is_no_longer_fresh_is_superseded_and_not_sent(
    posts: PostActivities, task: PublicationTask, provider: Provider
) -> None:
    order = PublishPost(task=task, attempt=1, fresh_until=datetime.now(UTC) - timedelta(seconds=1))
    standing = await ActivityEnvironment().run(posts.publish_post, order)
    assert standing.state is PublicationState.SUPERSEDED
    assert standing.explanation is not None
    assert "too old to be sent" in standing.explanation.what
    assert provider.requests == 0


async def test_copy_that_is_not_what_was_approved_is_never_published(
    posts: PostActivities, ledger: Database, provider: Provider
) -> None:
    await messages.save_revision(ledger, notice("Something else."), "maya")
    approved = PublicationTask(message=REF, channel="square", digest=notice().digest())
    await ActivityEnvironment().run(posts.plan_publication, approved)
    with pytest.raises(ApplicationError, match="not what was approved") as failure:
        await ActivityEnvironment().run(posts.publish_post, PublishPost(task=approved, attempt=1))
    assert failure.value.non_retryable
    assert provider.requests == 0


async def test_a_post_can_be_taken_back(
    posts: PostActivities, task: PublicationTask, provider: Provider
) -> None:
    await ActivityEnvironment().run(posts.publish_post, PublishPost(task=task, attempt=1))
    standing = await ActivityEnvironment().run(posts.retract_post, task)
    assert standing.state is PublicationState.WITHDRAWN
    assert provider.book == [""]


async def test_a_channel_that_this_worker_does_not_have_says_what_to_do(
    ledger: Database, task: PublicationTask
) -> None:
    with pytest.raises(ApplicationError, match="no channel square") as failure:
        await ActivityEnvironment().run(
            PostActivities(ledger, {}, gates(ledger)).publish_post,
            PublishPost(task=task, attempt=1),
        )
    assert "FRONTFOOT_CHANNELS" in str(failure.value.details[0])


async def test_a_post_that_a_person_settled_is_not_claimed_to_be_taken_down(
    posts: PostActivities, task: PublicationTask, provider: Provider, ledger: Database
) -> None:
    provider.after = raising(OutcomeUnknown("square: no answer."))
    await ActivityEnvironment().run(posts.publish_post, PublishPost(task=task, attempt=1))
    seen = SettleByPerson(task=task, direct=False, went_out=True)
    await ActivityEnvironment().run(
        SettlingActivities(ledger, gates(ledger)).settle_by_person, seen
    )
    with pytest.raises(ApplicationError, match="by a person"):
        await ActivityEnvironment().run(posts.retract_post, task)
    assert await state(ledger) is PublicationState.ACCEPTED
