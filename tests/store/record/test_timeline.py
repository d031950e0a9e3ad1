"""The record in the ledger: chained, sealed, never rewritten, and going on whatever it finds."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.sql.base import Executable

from domain.record import hash_of
from domain.record_check import check_head, check_record
from domain.sealing import RecordKey, Sealed
from domain.timeline import BRANCHED, RecordHead, TimelineEntry
from store.kernel.database import Database
from store.record import incidents, keys, timeline
from store.record.records import read_record
from store.record.timeline import Appended
from store.tables import record_keys
from store.tables import timeline as rows
from surfaces.api.events import LAST
from tests.sealing import KEY, OPENED_AT, STRANGER, with_key
from tests.store.world import LATER, NOON

HERE = "buffer-saturday"
THERE = "another-saturday"


def entry(seq: int, what: str = "", branch: int = 1) -> TimelineEntry:
    said = what or {1: "opened"}.get(seq, "announcement published")
    return TimelineEntry(seq=seq, at=NOON, what=said, who="ann", about="message 1", branch=branch)


def entries(first: int, last: int) -> list[TimelineEntry]:
    return [entry(seq) for seq in range(first, last + 1)]


async def recorded(database: Database, last: int = 6, incident: str = HERE) -> RecordHead:
    """A record of so many entries, sealed; returns its end."""
    await with_key(database)
    return (await timeline.append(database, KEY, incident, entries(1, last))).head


async def found(database: Database, trusted: str | None = None, incident: str = HERE) -> str:
    """What a check of the record says."""
    checked = check_record(await read_record(database, incident), trusted)
    return " ".join(str(one) for one in checked.found)


async def do(database: Database, *statements: Executable) -> None:
    async with database.write() as connection:
        for statement in statements:
            await connection.execute(statement)


async def test_nothing_is_behind_the_last_place_that_may_be_asked_for(database: Database) -> None:
    """A reader names the place where they go on; a database takes no number beyond its own."""
    await recorded(database, 2)
    assert await timeline.read_some(database, HERE, LAST, 5) == []
    assert len(await timeline.read_some(database, HERE, 1, 5)) == 1


# --- recording ----------------------------------------------------------------------------------


async def test_entries_come_back_in_order_and_whole(database: Database) -> None:
    head = await recorded(database, 3)
    again = await timeline.append(database, KEY, HERE, entries(1, 5), head)

    assert await timeline.read(database, HERE) == entries(1, 5)
    assert again.new == tuple(entries(4, 5))
    assert (again.head.entries, again.head.key) == (5, KEY.fingerprint)
    assert await found(database, KEY.fingerprint) == ""
    assert check_head(await read_record(database, HERE), again.head) == []


async def test_an_entry_that_is_sent_again_is_entered_once(database: Database) -> None:
    head = await recorded(database, 3)
    late = await timeline.append(database, KEY, HERE, entries(2, 3))
    assert (late.new, late.head) == ((), head)


async def test_two_writers_keep_one_chain(database: Database, second: Database) -> None:
    await with_key(database)
    await asyncio.gather(
        *(
            timeline.append(db, KEY, HERE, entries(1, last))
            for last in range(1, 10)
            for db in (database, second)
        )
    )
    assert await timeline.read(database, HERE) == entries(1, 9)
    assert await found(database, KEY.fingerprint) == ""


async def test_the_record_is_never_rewritten_and_says_where_it_goes_on(database: Database) -> None:
    """After a reset of its workflow an incident sent other entries under the same numbers."""
    head = await recorded(database, 3)
    refused = await timeline.append(
        database, KEY, HERE, [entry(3, "nothing published"), entry(4)], head
    )

    assert refused == Appended(head=head, diverges_at=3, next_branch=2)
    assert await timeline.read(database, HERE) == entries(1, 3)


async def test_another_branch_is_kept_beside_the_first(database: Database) -> None:
    head = await recorded(database, 4)
    branch = [entry(3, BRANCHED, 2), entry(4, "withdrawn", 2)]
    done = await timeline.append(database, KEY, HERE, branch, head)

    assert done.head.entries == 6
    assert await timeline.read(database, HERE) == [*entries(1, 4), *branch]
    assert await found(database, KEY.fingerprint) == ""
    again = await timeline.append(database, KEY, HERE, [entry(3, "revised", 2)], done.head)
    assert (again.diverges_at, again.next_branch) == (3, 3)


async def test_a_ledger_that_has_lost_its_end_says_so(database: Database) -> None:
    head = await recorded(database, 6)
    await do(database, delete(rows).where(rows.c.link > 4))

    behind = await timeline.append(database, KEY, HERE, [entry(7)], head)
    assert (behind.behind, behind.head.entries) == (True, 4)

    completed = await timeline.append(database, KEY, HERE, entries(1, 7), behind.head)
    assert completed.new == tuple(entries(5, 7))
    assert await found(database, KEY.fingerprint) == ""


async def test_a_hole_is_never_left_in_silence(database: Database) -> None:
    await recorded(database, 3)
    gap = await timeline.append(database, KEY, HERE, [entry(5), entry(6)])
    assert (gap.diverges_at, gap.next_branch) == (5, 2)
    assert await timeline.read(database, HERE) == entries(1, 3)


async def test_other_content_under_the_confirmed_end_is_noticed(database: Database) -> None:
    head = await recorded(database, 3)
    await rewrite(database, "noor", KEY)
    done = await timeline.append(database, KEY, HERE, [entry(4)], head)
    assert (done.diverges_at, done.next_branch) == (4, 2)


async def test_a_row_that_cannot_be_read_does_not_end_the_recording(database: Database) -> None:
    head = await recorded(database, 3)
    await do(database, update(rows).where(rows.c.seq == 2).values(surface="nowhere"))
    done = await timeline.append(database, KEY, HERE, entries(2, 4), head)
    assert done.new == (entry(4),)
    assert "entry 2 does not fit" in await found(database, KEY.fingerprint)


# --- attacks ------------------------------------------------------------------------------------


async def rewrite(database: Database, who: str, key: RecordKey | None, upto: int = 99) -> None:
    """Write another name into every entry and compute the hashes anew, as anybody can."""
    before = "0" * 64
    for one in await timeline.read(database, HERE):
        changed = one.model_copy(update={"who": who})
        before = hash_of(before, HERE, changed)
        values: dict[str, object] = {"who": who, "hash": before}
        if key is not None:
            values |= {"seal": key.seal(Sealed.ENTRY, before), "key_id": key.key_id}
        await do(database, update(rows).where(rows.c.seq == one.seq).values(values))


async def test_rewriting_every_name_and_computing_the_hashes_anew(database: Database) -> None:
    """It said that the record was whole, and that the incident confirmed it."""
    await recorded(database)
    await rewrite(database, "nobody", None)
    assert "the seal of entry 1 is not valid" in await found(database)


async def test_sealing_it_all_again_with_a_key_of_ones_own(database: Database) -> None:
    await recorded(database)
    await rewrite(database, "nobody", STRANGER)
    assert "not one of this installation's" in await found(database)

    await do(database, insert(record_keys).values(_row(STRANGER)))
    assert "2 keys that do not endorse one another" in await found(database)

    await do(database, delete(record_keys).where(record_keys.c.key_id == KEY.key_id))
    assert await found(database) == "", "without a key from elsewhere nobody can tell"
    assert "no key with the fingerprint" in await found(database, KEY.fingerprint)


async def test_claiming_an_endorsement_that_nobody_gave(database: Database) -> None:
    await recorded(database)
    await rewrite(database, "nobody", STRANGER)
    claimed = {"endorsed_by": KEY.key_id, "endorsement": "ab" * 64, "acceptance": "cd" * 64}
    await do(database, insert(record_keys).values({**_row(STRANGER), **claimed}))
    assert "not one of this installation's" in await found(database, KEY.fingerprint)
    # Accepting is not enough either: anybody can accept a predecessor.
    accepted = STRANGER.endorsed_by(KEY).acceptance
    await do(
        database,
        update(record_keys)
        .where(record_keys.c.key_id == STRANGER.key_id)
        .values(acceptance=accepted),
    )
    assert "not one of this installation's" in await found(database, KEY.fingerprint)


async def test_cutting_off_the_end_of_a_closed_incident(database: Database) -> None:
    await incidents.register(database, HERE, "Down", "plan", (), NOON)
    head = await recorded(database)
    closing = await timeline.append(database, KEY, HERE, [entry(7, "closed")], head)
    await incidents.mark_closed(database, HERE, LATER)
    assert await found(database) == ""

    await do(database, delete(rows).where(rows.c.link > 3))

    assert "its closing is not in the record" in await found(database)
    [missing] = check_head(await read_record(database, HERE), closing.head)
    assert "4 entries" in missing.what


async def test_taking_out_everything(database: Database) -> None:
    await incidents.register(database, HERE, "Down", "plan", (), NOON)
    await recorded(database)
    await incidents.mark_closed(database, HERE, LATER)
    await do(database, delete(rows))
    assert "whole record is missing" in await found(database)


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ([update(rows).where(rows.c.seq == 3).values(what="nothing")], "entry 3 does not fit"),
        ([update(rows).where(rows.c.seq == 3).values(at=LATER)], "entry 3 does not fit"),
        ([delete(rows).where(rows.c.seq == 3)], "link 3"),
        ([delete(rows).where(rows.c.seq == 1)], "link 1"),
        ([update(rows).where(rows.c.seq == 5).values(hash="0" * 64)], "entry 5 does not fit"),
        ([update(rows).where(rows.c.seq == 5).values(seal="0" * 128)], "seal of entry 5"),
        ([update(rows).where(rows.c.seq == 5).values(branch=2)], "entry 5 does not fit"),
        ([delete(record_keys)], "not one of this installation's"),
        (
            [
                delete(rows).where(rows.c.seq == 3),
                update(rows).where(rows.c.seq > 3).values(link=rows.c.link - 1),
            ],
            "entry 4 does not fit",
        ),
    ],
    ids=[
        "changed",
        "re-dated",
        "taken out",
        "beginning taken out",
        "re-hashed",
        "re-sealed",
        "moved to another branch",
        "keys removed",
        "taken out and closed up",
    ],
)
async def test_each_change_is_found(
    database: Database, attack: list[Executable], said: str
) -> None:
    await recorded(database)
    for statement in attack:
        await do(database, statement)
    assert said in await found(database)


async def test_entries_of_another_incident_do_not_count_here(database: Database) -> None:
    await recorded(database)
    await recorded(database, incident=THERE)
    await do(
        database,
        delete(rows).where(rows.c.incident == HERE),
        update(rows).where(rows.c.incident == THERE).values(incident=HERE),
    )
    assert "entry 1 does not fit" in await found(database)


async def test_a_time_that_is_none_is_told_in_words(database: Database) -> None:
    await recorded(database)
    if database.dialect != "sqlite":
        pytest.skip("PostgreSQL keeps only times in a column of times")
    async with database.write() as connection:
        await connection.exec_driver_sql("UPDATE timeline SET at = 'yesterday' WHERE seq = 2")
    with pytest.raises(Exception, match="a row that cannot be read"):
        await read_record(database, HERE)


# --- keys ---------------------------------------------------------------------------------------


async def test_a_new_key_keeps_old_entries_valid_from_both_ends(database: Database) -> None:
    head = await recorded(database, 3)
    new = STRANGER
    await keys.enter_successor(database, new.endorsed_by(KEY), LATER)
    done = await timeline.append(database, new, HERE, [entry(4)], head)

    assert done.head.key == new.fingerprint
    assert [await found(database, one) for one in (None, KEY.fingerprint, new.fingerprint)] == [
        "",
        "",
        "",
    ]


async def test_a_worker_with_a_key_that_nobody_endorsed_does_not_start(database: Database) -> None:
    await with_key(database)
    await keys.enter_first(database, KEY, LATER)
    with pytest.raises(Exception, match=f"sealed by the key {KEY.key_id}"):
        await keys.enter_first(database, STRANGER, LATER)
    async with database.read() as connection:
        assert (await connection.scalars(select(record_keys.c.key_id))).all() == [KEY.key_id]


def _row(key: RecordKey) -> dict[str, object]:
    return {"key_id": key.key_id, "public": key.public.public, "since": OPENED_AT}
