"""The ledger itself: what is kept, and what a person reads when it cannot be reached."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, text, update

from domain.errors import DomainError
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.people import audiences, suppressions
from store.record import incidents
from store.tables import audiences as audience_table
from store.tables import suppressions as suppression_table
from tests.store.world import NOON, have_audience


class _Died(Exception):
    pass


async def test_a_step_that_dies_half_way_leaves_nothing(
    database: Database, second: Database
) -> None:
    with pytest.raises(_Died):
        async with database.write() as connection:
            await suppressions.add_mailboxes(
                database, connection, [("ann@example.com", "", "asked", "test", "2013-10-26")]
            )
            raise _Died

    assert not await suppressions.is_suppressed(second, "ann@example.com")


async def test_what_was_written_is_there_after_closing(ledger_url: str) -> None:
    first = Database.open(ledger_url)
    await incidents.register(first, "site-down", "Site down", "outage", (), NOON)
    await first.close()

    second = Database.open(ledger_url)
    listed = await incidents.list_incidents(second)
    await second.close()

    assert [row.slug for row in listed] == ["site-down"]


async def test_many_writers_at_once_all_get_their_turn(
    database: Database, second: Database
) -> None:
    await asyncio.gather(
        *(
            incidents.register(db, f"incident-{number}-{name}", "?", "outage", (), NOON)
            for number in range(40)
            for name, db in (("a", database), ("b", second))
        )
    )

    assert len(await incidents.list_incidents(database)) == 80


async def test_a_step_that_is_cancelled_holds_up_nobody(
    database: Database, second: Database
) -> None:
    reached = asyncio.Event()

    async def step() -> None:
        async with database.write() as connection:
            await suppressions.add_mailboxes(
                database, connection, [("ann@example.com", "", "asked", "test", "2013-10-26")]
            )
            reached.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(step())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await suppressions.add(database, "bob@example.com", "asked", None, "test", NOON)
    await suppressions.add(second, "eve@example.com", "asked", None, "test", NOON)
    assert not await suppressions.is_suppressed(second, "ann@example.com")


async def test_a_step_that_is_cancelled_in_the_middle_of_a_statement_holds_up_nobody(
    database: Database, second: Database
) -> None:
    rows = [(f"p{n}@example.com", "", "asked", "test", "2013-10-26") for n in range(50_000)]

    async def step() -> None:
        async with database.write(many_rows=True) as connection:
            await suppressions.add_mailboxes(database, connection, rows)

    for turns in (1, 5, 20, 40, 80, 160):
        task = asyncio.create_task(step())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    await suppressions.add(database, "bob@example.com", "asked", None, "test", NOON)
    assert await suppressions.is_suppressed(second, "bob@example.com")


def put_on_list(connection: Connection) -> None:
    row = {"mailbox": "ann@example.com", "reason": "asked", "source": "test", "at": NOON}
    connection.execute(suppression_table.insert().values(row))


async def test_a_plain_function_that_dies_half_way_leaves_nothing(
    database: Database, second: Database
) -> None:
    def step(connection: Connection) -> None:
        put_on_list(connection)
        raise _Died

    with pytest.raises(_Died):
        await database.write_with(step)

    assert not await suppressions.is_suppressed(second, "ann@example.com")
    await database.write_with(put_on_list)
    assert await suppressions.is_suppressed(second, "ann@example.com")


async def test_writers_of_both_kinds_take_turns(database: Database, second: Database) -> None:
    """Each adds one to the same number: a turn that was not waited for would lose some."""

    def count(connection: Connection) -> None:
        seen = connection.scalar(select(audience_table.c.recipients).with_for_update())
        connection.execute(update(audience_table).values(recipients=seen + 1))

    async def count_with_waiting(db: Database) -> None:
        async with db.write() as connection:
            await connection.run_sync(count)

    await have_audience(database, 0, "counted")
    for db in (database, second):
        await db.write_with(lambda connection: None)
    await asyncio.gather(
        *(db.write_with(count) for db in (database, second) for _ in range(20)),
        *(count_with_waiting(db) for db in (database, second) for _ in range(20)),
    )

    assert (await audiences.get(database, "counted")).recipients == 80


async def test_a_plain_function_whose_caller_is_cancelled_ends_before_the_next_begins(
    database: Database,
) -> None:
    began, may_end = threading.Event(), threading.Event()

    def step(connection: Connection) -> None:
        put_on_list(connection)
        began.set()
        may_end.wait(20)

    if database.dialect != "sqlite":
        pytest.skip("only SQLite's plain functions have a thread of their own")
    task = asyncio.create_task(database.write_with(step))
    await asyncio.to_thread(began.wait, 20)
    task.cancel()
    after = asyncio.create_task(
        suppressions.add(database, "bob@example.com", "asked", None, "test", NOON)
    )
    await asyncio.sleep(0.1)
    assert not any(one.done() for one in (task, after))
    may_end.set()
    await asyncio.wait([task, after])

    assert task.cancelled()
    assert await suppressions.is_suppressed(database, "bob@example.com")


async def test_a_ledger_without_tables_says_how_to_make_them(blank_url: str) -> None:
    if blank_url.startswith("sqlite"):
        Path(blank_url.removeprefix("sqlite:///")).parent.mkdir()
    database = Database.open(blank_url)

    with pytest.raises(StoreUnavailable, match=r"tables do not exist"):
        await incidents.list_incidents(database)
    await database.close()


async def test_a_missing_folder_is_told_as_such(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/nowhere/ledger.db")

    with pytest.raises(StoreUnavailable, match="folder exists"):
        await incidents.list_incidents(database)
    await database.close()


async def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        database = Database.open(f"postgresql://ann:hunter2@127.0.0.1:{port}/ledger")

        with pytest.raises(StoreUnavailable, match="did not take our connection") as told:
            await incidents.list_incidents(database)

    await database.close()
    assert "hunter2" not in str(told.value)


async def test_a_locked_file_is_told_and_the_next_step_named(
    tmp_path: Path, empty_ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.kernel.engines._BUSY_MS", 20)
    path = tmp_path / "ledger.db"
    path.write_bytes(empty_ledger.read_bytes())
    holder, waiting = Database.open(f"sqlite:///{path}"), Database.open(f"sqlite:///{path}")

    async with holder.write():
        with pytest.raises(StoreUnavailable, match="locked the ledger's file"):
            await incidents.register(waiting, "site-down", "?", "outage", (), NOON)

    await incidents.register(waiting, "site-down", "?", "outage", (), NOON)
    await holder.close()
    await waiting.close()


async def test_a_full_disk_is_told_as_such(tmp_path: Path, empty_ledger: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(empty_ledger.read_bytes())
    database = Database.open(f"sqlite:///{path}")

    with pytest.raises(StoreUnavailable, match="ledger's disk is full"):
        async with database.write() as connection:
            # A file that may not grow is what SQLite calls a full one.
            await connection.execute(text("PRAGMA max_page_count = 1"))
            for number in range(2_000):
                await connection.execute(
                    text(
                        "INSERT INTO incidents (slug, title, playbook, opened_at) "
                        "VALUES (:slug, :title, '', '')"
                    ),
                    {"slug": str(number), "title": "x" * 1_000},
                )
    await database.close()


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:", "nonsense"])
def test_a_url_that_names_no_ledger_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(DomainError, match="sqlite:///path"):
        Database.open(url)


async def test_an_error_of_the_database_shows_no_value_of_a_row(database: Database) -> None:
    with pytest.raises(Exception, match="incidents") as failure:
        async with database.write() as connection:
            for _ in range(2):
                await connection.execute(
                    text("INSERT INTO incidents (slug, title) VALUES (:slug, :title)"),
                    {"slug": "x", "title": "ann@example.com"},
                )

    assert "ann@example.com" not in str(failure.value)


async def test_a_connection_that_died_while_idle_is_replaced(
    database: Database, second: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.dialect != "postgresql":
        pytest.skip("a file does not hang up")
    await have_audience(database, 1, "one")
    async with second.write() as connection:
        others = text(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert await connection.scalar(others)

    monkeypatch.setattr("store.kernel.engines._RESTED", 0.0)

    assert (await audiences.get(database, "one")).recipients == 1


async def test_postgresql_compiles_no_statement_of_ours(database: Database) -> None:
    """It did so for every batch of a large audience, which took longer than sending it."""
    if database.dialect != "postgresql":
        pytest.skip("SQLite compiles nothing to machine code")
    async with database.read() as connection:
        assert await connection.scalar(text("SHOW jit")) == "off"
