"""Several ranges of one process want their next batches at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import pytest
from sqlalchemy import Connection, event

from domain.offer import OfferTerms
from domain.publication import PublicationState
from store.broadcasts import batch_outcomes, batches, broadcasts
from store.broadcasts.batch_rows import lock_batch
from store.broadcasts.broadcasts import BroadcastRow
from store.broadcasts.taking import Answered, BatchReservation
from store.kernel.database import Database
from store.offers import codes
from store.offers.codes import MadeCodes
from store.people import audiences, suppressions
from tests.store.offers.test_codes import HERE
from tests.store.world import (
    DIGEST,
    LATER,
    NO_ANSWER,
    NOON,
    RECEIPT,
    SECRET,
    TERMS,
    address,
    have_broadcast,
    ref,
)

ACCEPTED, PLANNED, SENDING = (
    PublicationState.ACCEPTED,
    PublicationState.PLANNED,
    PublicationState.SENDING,
)
RICH = TERMS.model_copy(update={"budget_cap": Decimal("100000.00")})


@pytest.fixture
async def broadcast(database: Database) -> BroadcastRow:
    """Eighty customers in eight batches, the first four of them on the wire."""
    made = await have_broadcast(database, size=80, offer=RICH)
    await take(database, made, range(1, 5))
    return made


async def take(
    database: Database,
    broadcast: BroadcastRow,
    numbers: Sequence[int],
    answered: Sequence[int] = (),
    terms: OfferTerms = RICH,
) -> list[BatchReservation]:
    """Take batches at the same moment, each range with what it was ``answered`` before."""
    before = [Answered(number, RECEIPT, LATER) for number in answered]
    return await asyncio.gather(
        *(
            batches.reserve_batch(
                database,
                broadcast.id,
                number,
                DIGEST,
                LATER,
                answered=before[place] if before else None,
                issuing=codes.Issuing(database.dialect, SECRET, HERE, terms),
            )
            for place, number in enumerate(numbers)
        )
    )


async def states(database: Database, broadcast: BroadcastRow) -> list[PublicationState]:
    return [
        (await batches.find_batch(database, broadcast.id, number)).state for number in range(1, 9)
    ]


async def test_each_gets_its_own_people_and_codes_and_all_answers_are_entered(
    database: Database, broadcast: BroadcastRow
) -> None:
    taken = await take(database, broadcast, [8, 5, 7, 6], answered=[1, 2, 3, 4])

    for number, one in zip([8, 5, 7, 6], taken, strict=True):
        assert (one.reserved, one.row.number, one.row.attempt) == (True, number, 1)
        assert list(one.people.ids) == list(range(number * 10 - 9, number * 10 + 1))
        issued = await codes.ensure_codes(database, SECRET, HERE, one.people.ids, RICH)
        assert one.codes == [issued[person] for person in one.people.ids]
    assert await states(database, broadcast) == [ACCEPTED] * 4 + [SENDING] * 4
    assert await codes.count(database, HERE) == 80


@pytest.mark.parametrize(
    "ledger_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
async def test_ranges_share_each_transaction_where_it_costs_a_commit(
    database: Database, broadcast: BroadcastRow
) -> None:
    commits: list[Connection] = []
    event.listen(database._writer.sync_engine, "commit", commits.append)

    async def send_two(number: int) -> None:
        await batches.reserve_batch(database, broadcast.id, number, DIGEST, LATER)
        answered = Answered(number, RECEIPT, LATER)
        await batches.reserve_batch(
            database, broadcast.id, number + 2, DIGEST, LATER, answered=answered
        )

    await asyncio.gather(send_two(5), send_two(6))

    assert len(commits) == 2
    assert await states(database, broadcast) == [SENDING] * 4 + [ACCEPTED] * 2 + [SENDING] * 2


@pytest.mark.parametrize(
    "ledger_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
async def test_a_batch_that_somebody_holds_keeps_only_its_own_range_waiting(
    database: Database, second: Database, broadcast: BroadcastRow
) -> None:
    before = [Answered(number, RECEIPT, LATER) for number in (1, 2)]
    issuing = codes.Issuing(database.dialect, SECRET, HERE, RICH)
    async with second.write() as connection:
        await lock_batch(connection, broadcast.id, 6)
        five, six = (
            asyncio.create_task(
                batches.reserve_batch(
                    database, broadcast.id, 5 + place, DIGEST, LATER, answered=one, issuing=issuing
                )
            )
            for place, one in enumerate(before)
        )
        async with asyncio.timeout(10):
            assert (await five).reserved
        assert await states(database, broadcast) == [ACCEPTED] * 2 + [SENDING] * 3 + [PLANNED] * 3
        assert not six.done()

    taken = await six

    assert (taken.reserved, taken.row.attempt, len(taken.codes or ())) == (True, 1, 10)
    assert await codes.count(database, HERE) == 60


async def test_one_that_was_given_up_meanwhile_costs_the_others_nothing(
    database: Database, broadcast: BroadcastRow
) -> None:
    await batch_outcomes.mark_batch_unknown(database, broadcast.id, 2, 1, NO_ANSWER, LATER)
    await broadcasts.stop(database, broadcast.id, LATER)
    await broadcasts.pause(database, broadcast.id, paused=False)
    await batch_outcomes.batch_nothing_went_out(database, broadcast.id, 4, 1, NO_ANSWER, LATER)

    taken = await take(database, broadcast, [4, 8, 7], answered=[1, 2, 3])

    assert [one.reserved for one in taken] == [True, False, False]
    assert (taken[0].row.attempt, taken[1].row.state) == (2, PublicationState.WITHDRAWN)
    assert (await states(database, broadcast))[:4] == [ACCEPTED, ACCEPTED, ACCEPTED, SENDING]
    assert await codes.count(database, HERE) == 40


async def test_two_who_ask_for_the_same_batch_do_not_both_get_it(
    database: Database, broadcast: BroadcastRow
) -> None:
    taken = await take(database, broadcast, [5, 5, 6])

    assert sorted(one.reserved for one in taken[:2]) == [False, True]
    assert taken[2].reserved
    assert await codes.count(database, HERE) == 60


async def test_who_left_a_moment_ago_is_left_out_of_the_own_batch_alone(
    database: Database, broadcast: BroadcastRow
) -> None:
    await suppressions.add(database, address(65), "unsubscribed", None, "console", NOON)

    five, seven = await take(database, broadcast, [5, 7])

    assert (len(five.people.ids), len(five.codes or ())) == (10, 10)
    assert list(seven.people.ids) == [one for one in range(61, 71) if one != 65]
    assert len(seven.codes or ()) == 9


async def test_together_they_do_not_pass_the_cap(database: Database) -> None:
    """There is money for twenty-five people, hence for two of four batches."""
    unplanned = await have_broadcast(database, size=40)
    terms = RICH.model_copy(update={"budget_cap": RICH.worth * 25})
    await codes.ensure_codes(database, SECRET, HERE, [1000], terms)

    taken = await take(database, unplanned, [1, 2, 3, 4], terms=terms)

    assert [one.reserved for one in taken] == [True] * 4
    assert sum(one.codes is not None for one in taken) == 2
    assert await codes.count(database, HERE) == 21


async def test_somebody_in_two_broadcasts_that_go_out_at_once_has_one_code(
    database: Database, second: Database, broadcast: BroadcastRow
) -> None:
    cut = await audiences.cut(database, f"customers-of-{HERE}", None)
    again = await broadcasts.plan(
        database, ref(number=2), "email", cut, 16, DIGEST, NOON, offer=RICH
    )

    here, there = await asyncio.gather(
        take(database, broadcast, [5, 6, 7, 8]), take(second, again, [1, 2, 3, 4, 5])
    )

    told: dict[int, str] = {}
    for one in (*here, *there):
        assert one.reserved
        made = one.codes or await code_list(database, one.people.ids)
        for person, code in zip(one.people.ids, made, strict=True):
            assert told.setdefault(person, code) == code
    assert await codes.count(database, HERE) == 80


async def code_list(database: Database, people: Sequence[int]) -> list[str]:
    issued = await codes.ensure_codes(database, SECRET, HERE, people, RICH)
    return [issued[one] for one in people]


class _Died(Exception):
    pass


async def test_a_death_before_the_commit_leaves_every_batch_as_it_was(
    database: Database, broadcast: BroadcastRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(self: codes.Issuing, connection: Connection, made: list[MadeCodes]) -> None:
        raise _Died

    monkeypatch.setattr(codes.Issuing, "enter_together", dies)
    monkeypatch.setattr(codes.Issuing, "enter", dies)
    with pytest.raises(_Died):
        await take(database, broadcast, [5, 6, 7, 8], answered=[1, 2, 3, 4])
    await asyncio.sleep(0.2)

    assert await states(database, broadcast) == [SENDING] * 4 + [PLANNED] * 4
    assert await codes.count(database, HERE) == 40
