"""What people say of notifying authorities is added to, and the same is not entered twice."""

from __future__ import annotations

from datetime import timedelta

from domain.deadlines import AuthorityNotified
from store.deadlines import grounds, notified
from store.kernel.database import Database
from store.recovery import snapshots
from tests.store.world import LATER, NOON

HERE = "leak"


async def test_the_same_is_entered_once_and_a_correction_is_a_row_of_its_own(
    database: Database,
) -> None:
    said = AuthorityNotified(step="gdpr33", at=NOON, by="lena", recorded_at=NOON)
    again = said.model_copy(update={"recorded_at": LATER})
    right = again.model_copy(update={"at": NOON + timedelta(hours=1), "reason": "It was noon."})
    assert await notified.enter(database, HERE, said)
    assert not await notified.enter(database, HERE, again)
    assert await notified.enter(database, HERE, right)
    assert await notified.of_incident(database, HERE) == [said, right]
    assert await notified.of_incident(database, "another") == []


async def test_a_plan_that_this_version_cannot_read_is_as_if_empty(database: Database) -> None:
    for incident, plan in (("a", "[]"), ("b", '{"regulations": 7}'), ("c", "{"), ("d", "{}")):
        await snapshots.keep_plan(database, incident, plan)
        assert (await grounds.read(database, incident)).plan.apply == ()
