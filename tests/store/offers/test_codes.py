"""One code for each recipient, under the cap, whoever asks how often; and the pools of shops."""

from __future__ import annotations

import asyncio
import random
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from domain.codes import derive_code, show_code
from domain.errors import DomainError
from domain.explanation import Action, Explanation, NextStep
from domain.offer import CodeSource, OfferTerms
from store.broadcasts import broadcasts
from store.files.code_csv import CodeReader, read_codes
from store.files.csv_columns import CsvInvalid
from store.kernel.database import Database
from store.offers import code_pool, code_rows, codes, issued, shop_entries
from store.offers.redemptions import check_code
from store.people import audiences
from store.recovery import locks
from store.tables import code_pool as pool_table
from store.tables import offers
from tests.store.world import DIGEST, LATER, NOON, SECRET, TERMS, have_audience, ref

HERE = "buffer-saturday"
POOLED = TERMS.model_copy(update={"source": CodeSource.POOL, "source_name": "spring"})
WIDE = TERMS.model_copy(update={"budget_cap": Decimal("1000000.00")})


def capped(terms: OfferTerms, codes_of_ten: int) -> OfferTerms:
    return terms.model_copy(update={"budget_cap": Decimal(f"{10 * codes_of_ten}.00")})


async def listed(db: Database, incident: str = HERE) -> list[str]:
    return [one.code async for one in issued.export(db, incident)]


# --- derived --------------------------------------------------------------------------------------


async def test_people_in_two_overlapping_batches_have_one_code_each(database: Database) -> None:
    for people in ([5, 6, 9], [1, 2, 5, 9, 20], [6], list(range(1, 21))):
        await codes.ensure_codes(database, SECRET, HERE, people, WIDE)

    told = await listed(database)
    assert sorted(told) == sorted(derive_code(SECRET, HERE, one, 1) for one in range(1, 21))
    assert await codes.count(database, HERE) == 20


async def test_more_people_than_fit_in_one_row_are_all_listed(database: Database) -> None:
    people = range(1, 2 * code_rows.ROW + 2)
    await codes.ensure_codes(database, SECRET, HERE, people, WIDE)
    await codes.ensure_codes(database, SECRET, HERE, [*people, people[-1] + 1], WIDE)

    told = await listed(database)
    assert (len(told), len(set(told))) == (len(people) + 1, len(people) + 1)


@pytest.mark.parametrize("seed", range(5))
async def test_any_order_of_any_batches_gives_each_person_one_code(
    database: Database, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """In rows of three and pages of two, so that everything has an end in the middle."""
    monkeypatch.setattr(code_rows, "ROW", 3)
    monkeypatch.setattr(issued, "_ROWS_AT_ONCE", 2)
    chance = random.Random(seed)
    people: set[int] = set()
    for _ in range(12):
        batch = chance.sample(range(1, 200), chance.randint(1, 12))
        people.update(batch)
        await codes.ensure_codes(database, SECRET, HERE, batch, WIDE)

    assert sorted(await listed(database)) == sorted(
        derive_code(SECRET, HERE, one, 1) for one in people
    )
    assert await codes.count(database, HERE) == len(people)
    for one in (min(people), max(people)):
        found = await check_code(database, derive_code(SECRET, HERE, one, 1), "ann", NOON)
        assert found.incident == HERE


async def test_a_pool_that_takes_many_pages_is_listed_whole(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issued, "_POOL_PAGE", 2)
    await have_pool(database, 7)
    given = await code_pool.take_codes(database, HERE, range(1, 8), POOLED)

    assert await listed(database) == [given[one] for one in sorted(given)]


async def test_two_workers_that_issue_at_once_give_nobody_two_codes(
    database: Database, second: Database
) -> None:
    # Nobody holds the offer while it looks, once there is one.
    await codes.ensure_codes(database, SECRET, HERE, [0], WIDE)
    for start in range(1, 500, 50):
        await asyncio.gather(
            *(
                codes.ensure_codes(db, SECRET, HERE, range(first, first + 30), WIDE)
                for first in (start, start + 10, start + 20, start + 4)
                for db in (database, second)
            )
        )

    assert sorted(await listed(database)) == sorted(
        derive_code(SECRET, HERE, one, 1) for one in range(501)
    )
    assert await codes.count(database, HERE) == 501


async def test_a_worker_with_another_secret_makes_no_codes_of_the_same_offer(
    database: Database,
) -> None:
    """Otherwise one recipient would get one code from each of two workers."""
    await codes.ensure_codes(database, SECRET, HERE, [7], TERMS)

    with pytest.raises(DomainError, match="a code secret other than") as refusal:
        await codes.ensure_codes(database, SECRET + b"!", HERE, [7, 8], TERMS)

    assert "FRONTFOOT_CODE_SECRET" in refusal.value.next_step
    assert await codes.count(database, HERE) == 1


async def test_the_ledger_does_not_hold_the_secret(database: Database) -> None:
    await codes.ensure_codes(database, SECRET, HERE, [7], TERMS)

    async with database.read() as connection:
        row = (await connection.execute(select(offers))).one()
    assert SECRET.decode() not in str(row)


async def test_the_cap_is_kept_where_codes_are_made_too(database: Database) -> None:
    """Nothing was planned here: whoever asks for codes gets none beyond the cap."""
    terms = capped(TERMS, 3)
    await codes.ensure_codes(database, SECRET, HERE, [1, 2], terms)

    with pytest.raises(DomainError, match=r"2 more codes .* exceed the cap of 30\.00 USD"):
        await codes.ensure_codes(database, SECRET, HERE, [2, 3, 4], terms)

    assert await codes.count(database, HERE) == 2
    assert len(await codes.ensure_codes(database, SECRET, HERE, [1, 2, 3], terms)) == 3


async def test_workers_at_once_do_not_pass_the_cap_together(
    database: Database, second: Database
) -> None:
    terms = capped(TERMS, 50)
    outcomes = await asyncio.gather(
        *(
            codes.ensure_codes(db, SECRET, HERE, range(first, first + 20), terms)
            for db, first in ((database, 1), (second, 101), (database, 201), (second, 301))
        ),
        return_exceptions=True,
    )

    assert sorted(isinstance(one, DomainError) for one in outcomes) == [False, False, True, True]
    assert await codes.count(database, HERE) == 40


async def test_versions_of_an_offer_share_the_cap_of_their_incident(database: Database) -> None:
    await codes.ensure_codes(database, SECRET, HERE, range(1, 7), capped(TERMS, 10))
    again = capped(TERMS, 10).model_copy(update={"version": 2})

    with pytest.raises(DomainError, match="exceed the cap"):
        await codes.ensure_codes(database, SECRET, HERE, range(1, 7), again)

    assert len(await codes.ensure_codes(database, SECRET, HERE, range(1, 5), again)) == 4


async def test_the_list_can_show_codes_as_the_mails_do(database: Database) -> None:
    made = await codes.ensure_codes(database, SECRET, HERE, [7], TERMS)

    told = [one.code async for one in issued.export(database, HERE, as_mailed=True)]

    assert told == [show_code(made[7])]


async def test_what_the_shop_was_told_of_is_not_told_again(database: Database) -> None:
    await codes.ensure_codes(database, SECRET, HERE, [1, 2, 3], TERMS)
    await codes.ensure_codes(database, SECRET, HERE, [4, 5], TERMS)

    await shop_entries.mark_entered(database, HERE, [1, 2, 3, 4], TERMS, LATER)

    # The second row is not told whole: only repeating it is sure.
    assert await shop_entries.not_entered(database, HERE, range(1, 6), TERMS) == {4, 5}


# --- pools ----------------------------------------------------------------------------------------


async def have_pool(db: Database, size: int, name: str = "spring") -> None:
    await code_pool.import_codes(db, name, (f"{name}-{number:04}" for number in range(size)))


async def test_codes_of_a_pool_are_given_out_in_its_order(database: Database) -> None:
    await have_pool(database, 5)

    first = await code_pool.take_codes(database, HERE, [30, 10, 20], POOLED)

    assert first == {10: "spring-0000", 20: "spring-0001", 30: "spring-0002"}


async def test_whoever_has_a_code_of_the_pool_keeps_it(database: Database) -> None:
    await have_pool(database, 5)
    first = await code_pool.take_codes(database, HERE, [10, 20], POOLED)

    again = await code_pool.take_codes(database, HERE, [5, 10, 20, 30], POOLED)

    assert again == {**first, 5: "spring-0002", 30: "spring-0003"}
    assert await codes.count(database, HERE) == 4
    assert sorted(await listed(database)) == sorted(again.values())


async def test_an_empty_pool_gives_nobody_a_code(database: Database) -> None:
    await have_pool(database, 3)

    with pytest.raises(DomainError, match="2 of 5 people would get no code") as refusal:
        await code_pool.take_codes(database, HERE, range(1, 6), POOLED)

    assert refusal.value.explanation.next_step == NextStep(
        action=Action.IMPORT_CODES, about="spring"
    )
    assert [one.left for one in await code_pool.pools(database)] == [3]


async def test_workers_and_incidents_at_once_give_no_code_of_a_pool_twice(
    database: Database, second: Database
) -> None:
    await have_pool(database, 100)
    given = await asyncio.gather(
        *(
            code_pool.take_codes(db, incident, range(first, first + 20), POOLED)
            for db, incident in ((database, HERE), (second, "another-incident"))
            for first in (1, 11, 21)
        )
    )

    owners = {
        (number // 3, recipient): code
        for number, codes_of in enumerate(given)
        for recipient, code in codes_of.items()
    }
    assert (len(owners), len(set(owners.values()))) == (80, 80)
    async with database.read() as connection:
        taken = await connection.scalar(select(func.count(pool_table.c.recipient_id)))
    assert taken == 80


async def test_the_cap_holds_for_the_codes_of_a_pool_too(database: Database) -> None:
    await have_pool(database, 5)

    with pytest.raises(DomainError, match="exceed the cap"):
        await code_pool.take_codes(database, HERE, [1, 2, 3], capped(POOLED, 2))

    assert [one.left for one in await code_pool.pools(database)] == [5]


async def test_a_broadcast_that_would_empty_the_pool_is_not_planned(database: Database) -> None:
    await have_pool(database, 25)
    await have_audience(database, 20)
    cut = await audiences.cut(database, "customers")
    place = ("email", cut, 10, DIGEST, NOON, POOLED)
    await broadcasts.plan(database, ref(), *place)

    with pytest.raises(DomainError, match="has 5 codes for this offer, and 20 people"):
        await broadcasts.plan(database, ref("another-incident"), *place)

    assert (
        await broadcasts.find_broadcast(
            database, ref("another-incident"), "email", "customers-of-another-incident"
        )
        is None
    )


async def test_an_offer_of_a_pool_that_is_not_there_is_not_planned(database: Database) -> None:
    await have_audience(database, 1)
    cut = await audiences.cut(database, "customers")

    with pytest.raises(DomainError, match="no pool of codes named 'spring'"):
        await broadcasts.plan(database, ref(), "email", cut, 10, DIGEST, NOON, POOLED)


async def test_importing_codes_again_adds_none_twice_however_they_are_spelt(
    database: Database,
) -> None:
    await code_pool.import_codes(database, "spring", ["SAVE-10-A", "SAVE-10-B"])
    await code_pool.import_codes(database, "summer", ["SUN1"])

    imported = await code_pool.import_codes(database, "spring", ["save 10 a", "sun1", "SAVE-10-C"])

    assert (imported.added, imported.already_there, imported.in_another_pool) == (1, 1, 1)
    assert [(one.name, one.codes) for one in await code_pool.pools(database)] == [
        ("spring", 3),
        ("summer", 1),
    ]


async def test_a_ledger_that_was_put_back_gives_out_no_code_that_it_may_have_forgotten(
    database: Database,
) -> None:
    """The second copy of a code would be good at the shop for somebody else."""
    await have_pool(database, 5)
    before = await code_pool.take_codes(database, HERE, [1], POOLED)
    await locks.lock(database, "another", Explanation(what="The ledger has 3 of the 9 entries."))

    with pytest.raises(DomainError, match="2 of 3 people would get no code") as refusal:
        await code_pool.take_codes(database, HERE, [1, 2, 3], POOLED)
    assert "4 more of its codes may have been given out" in refusal.value.explanation.means
    await have_audience(database, 2)
    cut = await audiences.cut(database, "customers")
    with pytest.raises(DomainError, match="has 1 code for this offer"):
        await broadcasts.plan(database, ref(), "email", cut, 10, DIGEST, NOON, POOLED)

    await code_pool.import_codes(database, "spring", ["SPRING-0001", "NEW-1"])
    [pool] = await code_pool.pools(database)
    assert (pool.codes, pool.left, pool.in_doubt) == (6, 1, 4)
    cleared = await code_pool.import_codes(
        database, "spring", ["SPRING-0003", "spring 0004", "spring-0000"], cleared=True
    )
    assert (cleared.added, cleared.cleared, cleared.already_there) == (0, 2, 1)
    given = await code_pool.take_codes(database, HERE, [1, 2, 3, 4], POOLED)
    assert sorted(given.values()) == sorted(
        [*before.values(), "NEW-1", "spring-0003", "spring-0004"]
    )


async def test_a_code_that_was_cleared_is_in_doubt_again_after_the_next_restore(
    database: Database,
) -> None:
    await have_pool(database, 2)
    for slug in ("one", "two"):
        await locks.lock(database, slug, Explanation(what="It is an earlier copy."))
        assert [one.left for one in await code_pool.pools(database)] == [0]
        await code_pool.import_codes(database, "spring", ["spring-0000"], cleared=True)
        assert [one.left for one in await code_pool.pools(database)] == [1]
        await locks.lock(database, slug, Explanation(what="It is locked already."))
        assert [one.left for one in await code_pool.pools(database)] == [1]


def read(folder: Path, text: str) -> tuple[list[str], CodeReader]:
    path = folder / "codes.csv"
    path.write_text(text, encoding="utf-8")
    reader = read_codes(path)
    return list(reader), reader


def test_codes_are_read_from_any_column_that_is_named_so(tmp_path: Path) -> None:
    found, reader = read(tmp_path, "Batch;Discount Code\n1;ONE\n1;TWO\n\n")

    assert (found, reader.rejects.count, reader.rejects.path.exists()) == (["ONE", "TWO"], 0, False)


def test_codes_that_cannot_be_used_are_put_aside_with_the_reason(tmp_path: Path) -> None:
    found, reader = read(tmp_path, "code,n\nONE,1\none,2\n,3\n<b>,4\n" + "X" * 65 + ",5\n")

    told = reader.rejects.path.read_text(encoding="utf-8").splitlines()
    assert (found, len(told), told[1]) == (["ONE"], 5, "3,This code is in the file already.,one,2")


def test_a_file_without_a_header_is_refused_and_shows_no_code(tmp_path: Path) -> None:
    with pytest.raises(CsvInvalid, match="no column of codes") as refusal:
        read(tmp_path, "SECRET-CODE-1\nSECRET-CODE-2\n")

    assert "SECRET" not in str(refusal.value)
