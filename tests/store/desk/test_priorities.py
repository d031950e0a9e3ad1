"""Priorities by the newest plan's rules, and lists that begin with them."""

from __future__ import annotations

import json
from datetime import timedelta

from domain.priorities import MentionPriority
from store.desk import entering, reading
from store.desk.reading import Order, Which
from store.kernel.database import Database
from store.record import incidents
from store.recovery import snapshots
from tests.store.desk.said import mention
from tests.store.world import LATER, NOON

RULES = {
    "priority": [
        {"name": "Money", "words": ["refund*"]},
        {"name": "Harm", "level": "urgent", "words": ["lawyer"]},
    ]
}


async def opened(database: Database, slug: str, after: int, mentions: object) -> None:
    at = NOON + timedelta(minutes=after)
    await incidents.register(database, slug, slug, "outage", (), at)
    await snapshots.keep_plan(database, slug, json.dumps({"mentions": mentions}))


async def test_the_most_urgent_come_first_and_there_the_oldest(database: Database) -> None:
    await opened(database, "old", 0, {"priority": [{"name": "Why", "words": ["why"]}]})
    await opened(database, "new", 1, RULES)
    texts = ("why?", "refund!", "my lawyer", "a refund, my lawyer", "refunded?", "why?")
    await entering.enter(database, [mention(n, text) for n, text in enumerate(texts, 1)], LATER)
    found, after = list[str](), None
    while page := await reading.listed(database, Which(), 2, after, Order.PRIORITY):
        found += [one.mention.id for one in page]
        after = page[-1].after()
    assert found == ["3", "4", "2", "5", "1", "6"]
    for least, many in ((MentionPriority.URGENT, 2), (MentionPriority.HIGH, 4)):
        listed = await reading.listed(database, Which(priority=least), 9)
        assert len(listed) == many
    assert {(one.priority, one.rule) for one in listed} == {
        (MentionPriority.URGENT, "Harm"),
        (MentionPriority.HIGH, "Money"),
    }


async def test_an_edit_is_judged_again(database: Database) -> None:
    await opened(database, "new", 1, RULES)
    await entering.enter(database, [mention(1, "a refund")], LATER)
    await entering.enter(database, [mention(1, "thanks", version="b", at=LATER)], LATER)
    (found,) = await reading.listed(database, Which(), 9)
    assert (found.priority, found.rule) == (MentionPriority.NONE, "")


async def test_rules_that_cannot_be_read_keep_nothing_out(database: Database) -> None:
    await opened(database, "odd", 1, {"priority": [{"name": "From a newer version"}]})
    assert (await entering.enter(database, [mention(1, "refund")], LATER)).new == 1


async def test_lists_are_of_a_language(database: Database) -> None:
    said = [mention(1, language="de"), mention(2, language="en")]
    await entering.enter(database, said, LATER)
    (found,) = await reading.listed(database, Which(language="de"), 9)
    assert found.mention.id == "1"
