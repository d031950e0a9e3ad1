"""A worker whose clock was fast when it published: the post is found all the same."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio.testing import ActivityEnvironment

from activities.posts import PostActivities
from activities.signatures.posts import PublicationTask
from domain.ids import MessageRef
from domain.message import Copy, Document
from domain.publication import Finding, Sighting
from store.kernel.database import Database
from store.record import publications
from tests.activities.conftest import NOON, Provider
from tests.sealing import gates

REF = MessageRef(incident="hacked", number=1, revision=1)


class Feed(Provider):
    """A provider that shows its posts from a moment on, as real ones are asked to."""

    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        if since > NOON:
            return Sighting(finding=Finding.ABSENT)
        return await super().find(key, copy, since)


async def test_a_post_is_found_that_stands_from_before_the_moment_the_ledger_has(
    ledger: Database, document: Document
) -> None:
    """It was taken for absent, and would have been published once more."""
    task = PublicationTask(message=REF, channel="square", digest=document.digest())
    feed = Feed()
    feed.book.append(document.copy_for("square").text)
    fast = NOON + timedelta(minutes=3)
    await publications.plan(ledger, REF, "square", task.digest, fast)
    await publications.reserve(ledger, REF, "square", task.digest, fast, 1)
    posts = PostActivities(ledger, {"square": feed}, gates(ledger))

    looked = task.model_copy(update={"since": NOON - timedelta(seconds=1)})
    sighting = await ActivityEnvironment().run(posts.look_for_post, looked)

    assert sighting.finding is Finding.FOUND
