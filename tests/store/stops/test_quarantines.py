"""What a quarantine keeps back, and that two people lift it."""

from __future__ import annotations

import asyncio

import pytest

from domain.actor import Actor
from domain.errors import DomainError
from domain.publication import PublicationState
from store.broadcasts import batches
from store.kernel.database import Database
from store.record import publications
from store.stops import quarantines
from store.stops.keeping_back import what_keeps_back
from tests.store.world import DIGEST, LATER, NOON, have_broadcast, ref

S = PublicationState
MAYA, NOOR, INES = (Actor.at_terminal(one) for one in ("maya", "noor", "ines"))


async def test_nothing_is_handed_out_on_the_channel_until_two_people_say_so(
    database: Database,
) -> None:
    broadcast = await have_broadcast(database, 20)
    await publications.plan(database, ref(), "twitter", DIGEST, NOON)
    for channel in ("email", "twitter"):
        await quarantines.begin(database, channel, MAYA, "Not us", NOON)
    batch = await batches.reserve_batch(database, broadcast.id, 1, DIGEST, NOON)
    post = await publications.reserve(database, ref(), "twitter", DIGEST, NOON, 1)
    assert not batch.reserved
    assert not post.reserved
    assert (batch.row.state, post.row.state) == (S.PLANNED, S.PLANNED)
    why = await what_keeps_back(database, "buffer-saturday", "twitter")
    assert why is not None
    assert "twitter was put in quarantine by maya" in why.what

    held = (await quarantines.all_in_force(database))["email"]
    assert await quarantines.lift(database, held, NOOR, LATER) is None
    asked = await quarantines.ask_to_lift(database, held, NOOR, LATER)
    assert await quarantines.lift(database, asked, NOOR, LATER) is None
    with pytest.raises(DomainError, match="noor has said already that email is ours again"):
        asked.refuse_lift(NOOR)
    lifted = await quarantines.lift(database, asked, MAYA, LATER)
    assert lifted is not None
    assert (lifted.ended_by, lifted.in_force) == (MAYA, False)
    assert (await batches.reserve_batch(database, broadcast.id, 1, DIGEST, NOON)).reserved
    assert list(await quarantines.all_in_force(database)) == ["twitter"]


async def test_other_channels_go_on(database: Database) -> None:
    await publications.plan(database, ref(), "facebook", DIGEST, NOON)
    await quarantines.begin(database, "twitter", MAYA, "", NOON)
    assert (await publications.reserve(database, ref(), "facebook", DIGEST, NOON, 1)).reserved


async def test_those_who_begin_it_at_once_have_one_and_take_back_the_lifting(
    database: Database,
) -> None:
    made = await asyncio.gather(
        *(quarantines.begin(database, "twitter", MAYA, f"reason {n}", NOON) for n in range(5))
    )
    assert len({one.id for one in made}) == 1
    asked = await quarantines.ask_to_lift(database, made[0], NOOR, LATER)
    again = await quarantines.begin(database, "twitter", INES, "It is not", LATER)
    assert (again.id, again.reason, again.lift_asked_by) == (made[0].id, made[0].reason, None)
    # Whoever confirmed had read what was taken back meanwhile.
    assert await quarantines.lift(database, asked, MAYA, LATER) is None


async def test_a_lift_that_is_asked_for_again_finds_what_its_first_try_did(
    database: Database,
) -> None:
    held = await quarantines.begin(database, "twitter", MAYA, "", NOON)
    assert await quarantines.said_since(database, "twitter", "noor", NOON) is None
    asked = await quarantines.ask_to_lift(database, held, NOOR, LATER)
    assert await quarantines.said_since(database, "twitter", "noor", NOON) == asked
    assert await quarantines.said_since(database, "twitter", "maya", NOON) is None
    lifted = await quarantines.lift(database, asked, MAYA, LATER)
    assert await quarantines.said_since(database, "twitter", "maya", NOON) == lifted


async def test_incidents_hear_of_it_and_of_its_end(database: Database) -> None:
    held = await quarantines.begin(database, "twitter", MAYA, "", NOON)
    assert await quarantines.untold(database) == [held]
    await quarantines.told(database, held)
    assert await quarantines.untold(database) == []
    asked = await quarantines.ask_to_lift(database, held, NOOR, LATER)
    lifted = await quarantines.lift(database, asked, MAYA, LATER)
    # A copy from before it ended has it again, and one that has it keeps its own.
    await quarantines.enter_again(database, held)
    assert await quarantines.all_in_force(database) == {}
    # An incident that was told late of its beginning has not heard of its end.
    await quarantines.told(database, held)
    assert await quarantines.untold(database) == [lifted]
    assert await quarantines.since(database, NOON) == [lifted]
    assert await quarantines.since(database, LATER.replace(year=2014)) == []
