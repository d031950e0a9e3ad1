"""The outbox: entered with its event, in order for each endpoint and incident, never lost."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import orjson
import pytest
from sqlalchemy import select

from domain.outbox import TRIED_FOR, AttemptEnd, Ended, ItemState
from domain.webhook_events import EventType
from store.installation import entries as installation
from store.kernel.database import Database
from store.outbox import endpoints, items, reading
from store.outbox.items import ATTEMPTS_KEPT, KEPT_FOR, Item
from store.record import timeline
from store.tables import outbox, outbox_attempts
from tests.outbox import INCIDENT, NOON, entries, have_endpoint, have_incident, record
from tests.sealing import KEY

OK = Ended(end=AttemptEnd.ANSWERED, status=204)
DOWN = Ended(end=AttemptEnd.UNREACHABLE)
LATER = NOON + timedelta(seconds=1)


async def types(database: Database) -> list[str]:
    async with database.read() as connection:
        query = select(outbox.c.event_type).order_by(outbox.c.id)
        return list((await connection.scalars(query)).all())


async def firsts(database: Database, at: datetime = LATER) -> list[Item]:
    return await items.due(database, "helpdesk", at, 10)


async def attempt(
    database: Database, item: Item, ended: Ended, at: datetime = LATER, chance: float = 0.5
) -> ItemState:
    assert await items.begin(database, item, at)
    return await items.end(database, item, ended, at, chance)


# --- entering -----------------------------------------------------------------------------------


async def test_what_a_timeline_tells_is_entered_once_in_its_order(database: Database) -> None:
    await have_incident(database)
    await have_endpoint(database)

    heard = await record(database, entries())
    again = await record(database, entries())

    assert (heard, again) == ({"helpdesk"}, set())
    assert await types(database) == [
        "incident.opened",
        "message.proposed",
        "message.decided",
        "message.outcome",
        "message.told",
        "promise.made",
        "message.outcome",
        "incident.closed",
    ]


async def test_without_an_endpoint_nothing_is_entered(database: Database) -> None:
    await have_incident(database)

    assert await record(database, entries()) == set()
    assert await types(database) == []


async def test_an_endpoint_hears_what_it_chose_and_nothing_else(database: Database) -> None:
    await have_incident(database)
    await have_endpoint(database, events=[EventType.MESSAGE_TOLD])
    await have_endpoint(database, "chat", events=[EventType.INCIDENT_CLOSED])

    assert await record(database, entries()[:3]) == set()
    assert await record(database, entries()) == {"helpdesk", "chat"}
    assert await types(database) == ["message.told", "incident.closed"]


async def test_what_cannot_be_entered_in_the_outbox_is_not_in_the_timeline_either(
    database: Database,
) -> None:
    """Both or neither: a row that is missing would never be noticed."""
    await have_incident(database)

    async def fail(*_: object) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await timeline.append(database, KEY, INCIDENT, entries(), with_them=fail)
    assert await timeline.read(database, INCIDENT) == []


async def test_a_message_that_waits_at_its_gate_is_told(database: Database) -> None:
    await have_incident(database)
    await have_endpoint(database)

    await record(database, entries()[:2], waiting=[1])

    assert await types(database) == ["incident.opened", "message.proposed", "message.waiting"]


# --- order --------------------------------------------------------------------------------------


async def test_the_next_item_of_an_incident_waits_for_the_first(database: Database) -> None:
    await have_incident(database)
    await have_endpoint(database)
    await record(database, entries())

    (first,) = await firsts(database)
    assert first.event_type is EventType.INCIDENT_OPENED
    assert await attempt(database, first, DOWN) is ItemState.WAITING
    assert await firsts(database) == []

    again = await items.next_due(database, "helpdesk")
    assert again == LATER + timedelta(seconds=5)
    (same,) = await firsts(database, again)
    assert (same.event_id, same.attempt) == (first.event_id, 2)
    assert await attempt(database, same, OK, again) is ItemState.ACCEPTED
    (second,) = await firsts(database, again)
    assert second.event_type is EventType.MESSAGE_PROPOSED


async def test_another_incident_and_another_endpoint_do_not_wait(database: Database) -> None:
    await have_incident(database)
    await have_incident(database, "second-try")
    await have_endpoint(database)
    await have_endpoint(database, "chat")
    await record(database, entries())
    await record(database, entries("second-try"), incident="second-try")

    both = await firsts(database)
    await attempt(database, both[0], DOWN)

    assert len(both) == 2
    assert await firsts(database) == [both[1]]
    assert len(await items.due(database, "chat", LATER, 10)) == 2


async def test_of_two_workers_one_begins_an_attempt(database: Database, second: Database) -> None:
    await have_incident(database)
    await have_endpoint(database)
    await record(database, entries())
    (first,) = await firsts(database)

    begun = await asyncio.gather(
        items.begin(database, first, LATER), items.begin(second, first, LATER)
    )

    assert sorted(begun) == [False, True]


async def test_an_attempt_whose_worker_died_is_made_again_with_the_same_id(
    database: Database,
) -> None:
    await have_incident(database)
    await have_endpoint(database)
    await record(database, entries())
    (first,) = await firsts(database)
    assert await items.begin(database, first, LATER)

    (again,) = await firsts(database)
    assert (again.event_id, again.attempt) == (first.event_id, 2)
    assert await attempt(database, again, OK) is ItemState.ACCEPTED
    # The dead one was only slow.
    assert await items.end(database, first, DOWN, LATER, 0.5) is ItemState.ACCEPTED


# --- giving up, and coming back -----------------------------------------------------------------


async def test_after_a_day_an_item_is_set_aside_and_the_next_one_goes(database: Database) -> None:
    await have_incident(database)
    await have_endpoint(database)
    await record(database, entries())
    (poison,) = await firsts(database)
    at, state, tries = LATER, ItemState.WAITING, 0
    while state is ItemState.WAITING:
        (same,) = await firsts(database, at)
        assert same.event_id == poison.event_id
        state = await attempt(database, same, Ended(end=AttemptEnd.ANSWERED, status=500), at)
        tries += 1
        at = await items.next_due(database, "helpdesk") or at
        if state is ItemState.WAITING:
            assert at - NOON < TRIED_FOR + timedelta(hours=2)

    assert 30 < tries < 60
    assert (await reading.backlogs(database))["helpdesk"].set_aside == 1
    (following,) = await firsts(database, at)
    assert following.event_type is EventType.MESSAGE_PROPOSED
    async with database.read() as connection:
        kept = (await connection.scalars(select(outbox_attempts.c.number))).all()
    assert sorted(kept) == list(range(tries - ATTEMPTS_KEPT + 1, tries + 1))

    # And the seven that wait.
    assert await items.replay(database, "helpdesk", at) == 8
    (back,) = await firsts(database, at)
    assert (back.event_id, back.attempt) == (poison.event_id, tries + 1)


async def test_what_was_accepted_can_be_sent_again(database: Database) -> None:
    await have_incident(database)
    await have_endpoint(database)
    await have_endpoint(database, "chat")
    await record(database, entries()[:1])
    (first,) = await firsts(database)
    await attempt(database, first, OK)
    assert await firsts(database) == []

    assert await items.replay(database, "helpdesk", LATER) == 0
    assert await items.replay(database, "helpdesk", LATER, since=LATER) == 0
    assert await items.replay(database, "helpdesk", LATER, event_id="evt_other") == 0
    assert await items.replay(database, "helpdesk", LATER, since=NOON) == 1
    assert [one.event_id for one in await firsts(database)] == [first.event_id]


async def test_what_waits_for_its_next_attempt_is_sent_at_once_by_a_replay(
    database: Database,
) -> None:
    """The system that takes it was mended, and the next attempt may be an hour away."""
    await have_incident(database)
    await have_endpoint(database)
    await record(database, entries()[:1])
    (first,) = await firsts(database)
    await attempt(database, first, DOWN)
    assert await firsts(database) == []

    assert await items.replay(database, "helpdesk", LATER) == 1
    assert [one.event_id for one in await firsts(database)] == [first.event_id]


async def test_an_endpoint_that_is_gone_is_disabled_and_keeps_what_waits(
    database: Database,
) -> None:
    await have_incident(database)
    await have_endpoint(database)
    await record(database, entries())
    (first,) = await firsts(database)

    assert await attempt(database, first, Ended(end=AttemptEnd.ANSWERED, status=410)) is (
        ItemState.WAITING
    )
    assert await firsts(database, NOON + timedelta(days=3)) == []
    assert await items.next_due(database, "helpdesk") is None
    assert (await endpoints.load(database, "helpdesk")).disabled_at == LATER

    back = NOON + timedelta(days=3)
    assert await endpoints.enable(database, "helpdesk", "maya", back)
    assert not await endpoints.enable(database, "helpdesk", "maya", back)
    assert [one.event_id for one in await firsts(database, back)] == [first.event_id]
    told = [one.what for one in await installation.newest(database, 10)]
    assert told == [
        "webhook endpoint enabled",
        "webhook endpoint disabled",
        "webhook endpoint added",
    ]


async def test_an_endpoint_that_is_removed_takes_along_what_waits(database: Database) -> None:
    await have_incident(database)
    await have_endpoint(database)
    await record(database, entries())
    (first,) = await firsts(database)
    assert await items.begin(database, first, LATER)

    assert await endpoints.remove(database, "helpdesk", "maya", LATER) == 8
    # Its answer comes when nobody waits for it any more.
    await items.end(database, first, OK, LATER, 0.5)
    assert await types(database) == []
    assert await endpoints.all_of_them(database) == []


async def test_what_was_due_long_ago_and_has_not_gone_is_found(database: Database) -> None:
    await have_incident(database)
    await have_endpoint(database)
    await record(database, entries())

    assert await reading.overdue(database, NOON) == []
    assert await reading.overdue(database, LATER) == ["helpdesk"]
    (first,) = await firsts(database)
    await attempt(database, first, DOWN)
    assert await reading.overdue(database, LATER) == []


async def test_what_ended_long_ago_is_forgotten_and_what_waits_is_not(database: Database) -> None:
    await have_incident(database)
    await have_endpoint(database)
    await record(database, entries())
    (first,) = await firsts(database)
    await attempt(database, first, OK)

    await items.forget_old(database, LATER + KEPT_FOR)
    assert len(await types(database)) == 8
    await items.forget_old(database, LATER + KEPT_FOR + timedelta(seconds=1))
    assert len(await types(database)) == 7


async def test_a_payload_has_what_is_documented_and_nothing_that_people_typed(
    database: Database,
) -> None:
    await have_incident(database)
    await have_endpoint(database)
    await record(database, entries())

    async with database.read() as connection:
        found = (await connection.scalars(select(outbox.c.payload).order_by(outbox.c.id))).all()
    decided = orjson.loads(found[2])

    assert "fine with me" not in "".join(found)
    assert decided["type"] == "message.decided"
    assert decided["data"]["verdict"] == "approve"
    assert decided["data"]["message"]["kind"] == "announcement"
