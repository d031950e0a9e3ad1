"""Whether the ledger exists and its tables match this version."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from client.checks.result import CheckResult, fails, works
from domain.explanation import Action, NextStep
from store.events import set_aside
from store.kernel.database import Database
from store.kernel.engines import ledger_url
from store.migrate import alembic_config
from store.tables import events_set_aside


async def check_ledger(url: str) -> list[CheckResult]:
    """Look at the ledger's version without changing it; a file that is not there is not made."""
    parsed = ledger_url(url)
    shown = parsed.render_as_string(hide_password=True)
    if parsed.get_backend_name() == "sqlite":
        file = Path(str(parsed.database))
        if not await asyncio.to_thread(file.exists):
            detail = f"{shown} does not exist yet; the first import or start creates it"
            return [works("ledger", detail)]
    database = Database.open(url)
    try:
        async with database.read() as connection:
            current, newest = await connection.run_sync(_versions)
        bad = await set_aside.count(database) if current == newest else 0
    finally:
        await database.close()
    if current == newest:
        there = works("ledger", f"{shown}, version {current}")
        return [there, _set_aside(bad)] if bad else [there]
    return [
        fails(
            "ledger",
            f"{shown} is at version {current or 'none'}, and this program needs {newest}.",
            NextStep(
                action=Action.MIGRATE,
                advice="Workers upgrade it when they start, or you can do it now.",
            ),
        )
    ]


def _set_aside(count: int) -> CheckResult:
    more = " or more" if count >= set_aside.KEPT else ""
    return works(
        "events set aside",
        f"{count}{more} could not be read; the ledger's table {events_set_aside.name} has them",
    )


def _versions(connection: Connection) -> tuple[str | None, str | None]:
    """The version of the tables, and the newest one this program knows."""
    script = ScriptDirectory.from_config(alembic_config(connection))
    return MigrationContext.configure(connection).get_current_revision(), script.get_current_head()
