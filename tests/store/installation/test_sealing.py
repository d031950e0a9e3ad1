"""The installation's record: appended by anybody, sealed by a worker, and nothing of it changed
unnoticed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from domain.actor import Surface
from domain.installation import (
    Happened,
    InstallationEntry,
    InstallationRecord,
    SealedEnd,
    chained,
)
from domain.installation_check import check_installation
from domain.record import BEGINNING
from store.installation import entries, sealing
from store.kernel.database import Database
from store.record import keys
from store.tables import installation_end, installation_record
from tests.sealing import KEY, STRANGER, with_key
from tests.store.world import LATER, NOON


@pytest.fixture
async def ledger(database: Database) -> Database:
    """A ledger that a worker has sealed five entries of."""
    await with_key(database)
    await sealing.seal(database, KEY, NOON)
    await entries.enter(database, *(signed_in(one) for one in ("maya", "noor", "ines", "ravi")))
    await sealing.seal(database, KEY, NOON)
    return database


def signed_in(person: str) -> InstallationEntry:
    return InstallationEntry(
        at=NOON, what=Happened.SIGNED_IN, who=person, surface=Surface.CONSOLE, about="by a link"
    )


async def record_of(database: Database) -> InstallationRecord:
    return InstallationRecord(
        keys=(await keys.read_keys(database)).all(),
        entries=tuple(await entries.read(database)),
        end=await entries.end(database),
    )


async def found_in(database: Database) -> list[str]:
    """What checking the record finds, with the key that its reader knows."""
    checked = check_installation(await record_of(database), KEY.fingerprint, LATER)
    return [one.what for one in checked.found]


async def rewrite(database: Database, link: int, *, hashes: bool = False, **values: str) -> None:
    """Somebody with the database changes an entry, and perhaps all hashes from there on."""
    row = installation_record.c.link
    async with database.write() as connection:
        await connection.execute(update(installation_record).where(row == link).values(**values))
    if hashes:
        before = BEGINNING
        for one in await entries.read(database):
            before = one.hash_after(before)
            async with database.write() as connection:
                await connection.execute(
                    update(installation_record).where(row == one.link).values(hash=before)
                )


async def cut(database: Database, after: int) -> None:
    """Somebody with the database deletes the newest entries."""
    async with database.write() as connection:
        await connection.execute(
            delete(installation_record).where(installation_record.c.link > after)
        )


async def test_what_was_sealed_is_whole(ledger: Database) -> None:
    record = await record_of(ledger)
    checked = check_installation(record, KEY.fingerprint, LATER)
    assert (checked.entries, checked.unsealed, checked.found) == (5, 0, ())
    assert (checked.key, checked.compared) == (KEY.fingerprint, True)
    assert [one.what for one in record.entries][:2] == [Happened.BEGUN, Happened.SIGNED_IN]


async def test_an_entry_waits_for_its_seal_and_the_record_says_so(ledger: Database) -> None:
    await entries.enter(ledger, signed_in("lee"))
    record = await record_of(ledger)
    soon = check_installation(record, KEY.fingerprint, NOON + timedelta(seconds=30))
    assert (soon.unsealed, soon.found) == (1, ())
    [late] = await found_in(ledger)
    assert late == "1 entry of the installation's record is not sealed, from number 6 on."
    await sealing.seal(ledger, KEY, LATER)
    assert await found_in(ledger) == []


@pytest.mark.parametrize("link", [1, 3, 5])
@pytest.mark.parametrize("column", ["who", "person", "what", "about", "surface"])
async def test_an_entry_that_was_changed_is_found(ledger: Database, link: int, column: str) -> None:
    await rewrite(ledger, link, **{column: "signed out"[:16]})
    assert f"entry {link} does not fit" in (await found_in(ledger))[0]


@pytest.mark.parametrize("link", [1, 3, 5])
async def test_computing_all_hashes_anew_does_not_help(ledger: Database, link: int) -> None:
    await rewrite(ledger, link, hashes=True, who="mallory")
    found = await found_in(ledger)
    assert f"the seal of entry {link} is not valid" in found[0]


async def test_neither_does_sealing_everything_with_another_key(ledger: Database) -> None:
    await rewrite(ledger, 5, hashes=True, who="mallory", seal="", key_id="")
    async with ledger.write() as connection:
        await connection.execute(delete(installation_end))
    await sealing.seal(ledger, STRANGER, LATER)
    assert any("the seal of" in one for one in await found_in(ledger))


async def test_an_entry_that_was_taken_out_is_found(ledger: Database) -> None:
    async with ledger.write() as connection:
        await connection.execute(delete(installation_record).where(installation_record.c.link == 3))
    assert "entry 3 does not fit" in (await found_in(ledger))[0]


@pytest.mark.parametrize("left", [4, 1])
async def test_cutting_off_the_end_is_found(ledger: Database, left: int) -> None:
    await cut(ledger, left)
    [found] = await found_in(ledger)
    assert found.startswith("The end of the installation's record is not the one that was sealed")


async def test_so_is_an_end_that_was_made_to_fit(ledger: Database) -> None:
    await cut(ledger, 4)
    async with ledger.write() as connection:
        last = await connection.scalar(
            select(installation_record.c.hash).where(installation_record.c.link == 4)
        )
        await connection.execute(update(installation_end).values(entries=4, hash=last))
    [found] = await found_in(ledger)
    assert "The seal of the end" in found


@pytest.mark.parametrize("how", ["end kept", "end made to fit", "end deleted"])
async def test_a_worker_that_goes_on_after_that_says_so_for_ever(
    ledger: Database, how: str
) -> None:
    await cut(ledger, 4)
    async with ledger.write() as connection:
        if how == "end made to fit":
            await connection.execute(update(installation_end).values(entries=4))
        if how == "end deleted":
            await connection.execute(delete(installation_end))
    await entries.enter(ledger, signed_in("lee"))
    done = await sealing.seal(ledger, KEY, LATER)
    await sealing.seal(ledger, KEY, LATER, done.end)
    assert done.lost
    [found] = await found_in(ledger)
    assert found.startswith("Entries were lost before entry 6:")


async def test_a_worker_misses_what_it_has_sealed_in_a_ledger_of_earlier(ledger: Database) -> None:
    """The entries, and the end with its seal, are put back to what they once were."""
    earlier = await record_of(ledger)
    await entries.enter(ledger, signed_in("lee"))
    seen = (await sealing.seal(ledger, KEY, NOON)).end
    await cut(ledger, 5)
    assert earlier.end is not None
    async with ledger.write() as connection:
        await connection.execute(
            update(installation_end).values(
                **earlier.end.model_dump(include={"entries", "hash", "seal"})
            )
        )
    assert await sealing.is_due(ledger, seen)
    assert (await sealing.seal(ledger, KEY, NOON, seen)).lost
    [found] = await found_in(ledger)
    assert "6 had been sealed, and 5 were there" in found


async def test_a_seal_that_was_wiped_is_not_given_again(ledger: Database) -> None:
    await rewrite(ledger, 5, seal="", key_id="", who="mallory", hashes=True)
    done = await sealing.seal(ledger, KEY, LATER)
    assert done.lost
    found = await found_in(ledger)
    assert any("Entries were lost" in one for one in found)


async def test_nothing_is_sealed_after_an_entry_that_does_not_fit(ledger: Database) -> None:
    await entries.enter(ledger, signed_in("lee"), signed_in("sam"))
    await rewrite(ledger, 6, who="mallory")
    done = await sealing.seal(ledger, KEY, LATER)
    assert (done.broken, done.end.entries) == (True, 5)
    assert "entry 6 does not fit" in (await found_in(ledger))[0]


async def test_all_of_it_deleted_is_found_until_a_worker_begins_anew(ledger: Database) -> None:
    async with ledger.write() as connection:
        await connection.execute(delete(installation_record))
        await connection.execute(delete(installation_end))
    assert await found_in(ledger) == ["The installation's record is empty."]


async def test_two_workers_seal_once(ledger: Database) -> None:
    await entries.enter(ledger, signed_in("lee"))
    first = await sealing.seal(ledger, KEY, LATER)
    second = await sealing.seal(ledger, KEY, LATER, SealedEnd(**first.end.model_dump()))
    assert second.end == first.end
    assert not await sealing.is_due(ledger, first.end)


def test_the_bytes_of_an_entry_do_not_change() -> None:
    kept = chained(BEGINNING, 1, signed_in("maya"))
    assert kept.at == "2013-10-26T12:00:00.000000+00:00"
    assert kept.hash == "52d96d2947ef00b9eeadee179378f4eda0145a7ba6e096ca99bf01caf50c4728"
