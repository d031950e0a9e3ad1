"""A worker that was stopped between its row and the wire sends nothing: others may have gone on."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from types import ModuleType

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.posts import PostActivities
from activities.signatures.posts import PublicationStatus, PublicationTask, PublishPost
from domain.ids import MessageRef
from domain.message import Document
from domain.publication import PublicationState
from store.broadcasts import batches
from store.kernel.database import Database
from store.record import publication_rows, publications
from tests.activities.conftest import Provider
from tests.activities.mail import Mailer, approved, customers, letter, one_each
from tests.sealing import gates

REF = MessageRef(incident="hacked", number=1, revision=1)
Stands = Callable[[ModuleType, str, float], None]


@pytest.fixture
def stands_still(monkeypatch: pytest.MonkeyPatch) -> Stands:
    """Let the machine be suspended for so many seconds once a function of the ledger is through."""

    def after(module: ModuleType, name: str, seconds: float) -> None:
        function: Callable[..., Awaitable[object]] = getattr(module, name)

        async def slowly(*args: object, **named: object) -> object:
            result = await function(*args, **named)
            monkeypatch.setattr("activities.pauses.monotonic", lambda: time.monotonic() + seconds)
            return result

        monkeypatch.setattr(module, name, slowly)

    return after


async def publish(ledger: Database, provider: Provider, document: Document) -> PublicationStatus:
    posts = PostActivities(ledger, {"square": provider}, gates(ledger))
    task = PublicationTask(message=REF, channel="square", digest=document.digest())
    await ActivityEnvironment().run(posts.plan_publication, task)
    return await ActivityEnvironment().run(posts.publish_post, PublishPost(task=task, attempt=1))


async def test_a_post_is_given_back_and_not_sent(
    ledger: Database, provider: Provider, document: Document, stands_still: Stands
) -> None:
    """A worker that was frozen for two minutes published what had been withdrawn meanwhile."""
    stands_still(publications, "reserve", 30.0)

    standing = await publish(ledger, provider, document)

    assert standing.again_after is not None
    assert standing.explanation is not None
    assert "was stopped for 30 s" in standing.explanation.what
    assert provider.book == []
    row = await publication_rows.find(ledger, REF, "square")
    assert row is not None
    assert row.state is PublicationState.PLANNED


async def test_a_short_pause_changes_nothing(
    ledger: Database, provider: Provider, document: Document, stands_still: Stands
) -> None:
    stands_still(publications, "reserve", 2.0)

    await publish(ledger, provider, document)

    assert len(provider.book) == 1


async def test_a_batch_is_given_back_and_goes_out_once_the_worker_is_awake(
    ledger: Database, stands_still: Stands, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailer = Mailer()
    post = await approved(ledger, mailer, letter(await customers(ledger, 20)))
    stands_still(batches, "reserve_batch", 30.0)
    with pytest.raises(ApplicationError, match="was stopped"):
        await post.send()
    assert mailer.book == []
    monkeypatch.undo()

    await post.send(attempt=2)

    assert mailer.mails() == one_each(20)
