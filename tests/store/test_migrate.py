"""A new ledger, an old one, and two processes that find neither."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from store import migrate
from store.kernel.database import Database
from store.record import incidents
from store.tables import metadata
from tests.store.world import NOON


async def test_the_migrations_make_exactly_the_tables_that_the_code_uses(
    database: Database,
) -> None:
    def differences(connection: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        return list(
            compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
        )

    async with database.read() as connection:
        assert await connection.run_sync(differences) == []


async def test_upgrading_again_keeps_what_is_there(blank_url: str) -> None:
    await migrate.upgrade_ledger(blank_url)
    database = Database.open(blank_url)
    await incidents.register(database, "site-down", "Site down", "outage", (), NOON)

    await migrate.upgrade_ledger(blank_url)

    kept = await incidents.list_incidents(database)
    await database.close()
    assert [one.slug for one in kept] == ["site-down"]


async def test_where_there_is_nothing_to_upgrade_nobody_is_waited_for(
    database: Database, ledger_url: str
) -> None:
    """Every process upgrades at its start, and one may start in the middle of a broadcast."""
    async with database.write(), asyncio.timeout(10):
        await migrate.upgrade_ledger(ledger_url)


async def test_processes_that_start_at_once_make_one_ledger(blank_url: str) -> None:
    started = [
        subprocess.Popen([sys.executable, "-m", "store.migrate", blank_url], stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=60)[1] for process in started]

    assert [process.returncode for process in started] == [0, 0, 0], said


def test_the_command_without_a_ledger_says_how_to_name_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FRONTFOOT_DATABASE_URL", raising=False)

    code = migrate.main([])

    assert (code, "sqlite:///" in capsys.readouterr().err) == (2, True)


def test_the_command_names_the_next_step_when_the_server_is_not_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = migrate.main(["postgresql://nobody:secret@127.0.0.1:1/none"])

    said = capsys.readouterr().err
    assert code == 1
    assert "Check that it runs" in said
    assert "secret" not in said
