"""A copy of the ledger, and putting one back."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from sqlalchemy.engine import URL

from client.engine import Engine
from client.stack import stack_file
from domain.errors import DomainError
from domain.explanation import NextStep
from domain.ledger import behind
from domain.model import Value
from store.events.inbox_copies import add_parcels, forget_parcels, inbox_of
from store.kernel.database import Database
from store.kernel.engines import ledger_url
from store.migrate import upgrade_ledger
from store.recovery import locks, postgres_copies, sqlite_copies
from store.recovery.code_doubts import doubt_free_codes
from store.recovery.files import claim, in_use
from store.recovery.generations import begin_generation


class Restored(Value):
    """What was put back. ``aside`` is where the ledger that was there is kept, "" if none was.

    ``locked`` are the incidents that were open when the copy was taken.
    """

    ledger: str
    aside: str
    locked: tuple[str, ...]


async def backup(engine: Engine, to: Path) -> int:
    """Write a consistent copy of the ledger while it is used; return its size in bytes.

    ``DomainError`` if the file exists, or if the database's own tools fail.
    """
    url = ledger_url(engine.settings.database())
    if url.get_backend_name() == "sqlite":
        await asyncio.to_thread(_take_sqlite, Path(str(url.database)), to)
    else:
        await postgres_copies.take(url, to)
    return (await asyncio.to_thread(to.stat)).st_size


def _take_sqlite(ledger: Path, to: Path) -> None:
    """Copy the ledger with the events that wait beside it.

    Those first: whatever is entered meanwhile is in both copies then, and not in neither.
    """
    waiting = to.with_name(f"{to.name}.events")
    try:
        add_parcels(inbox_of(ledger), waiting)
        sqlite_copies.take(ledger, to)
        add_parcels(waiting, to)
    except sqlite3.Error as error:
        raise DomainError(
            f"The events that wait beside {ledger} cannot be copied: {error}.", "Check the disk."
        ) from error
    finally:
        waiting.unlink(missing_ok=True)


async def restore(engine: Engine, file: Path, *, replace: bool = False) -> Restored:
    """Put a copy in the place of the ledger, as a new generation of it.

    Every incident that the copy has as open is locked: what went out since then it does not know.
    Those that it has never heard of are locked by the workers, which ask Temporal. ``DomainError``
    if the ledger is in use, or has content and is not to be replaced; then nothing has changed.
    """
    _refuse_running(engine)
    url = ledger_url(engine.settings.database())
    if url.get_backend_name() == "sqlite":
        return await _restore_sqlite(engine, Path(str(url.database)), file, replace=replace)
    return await _restore_postgres(engine, url, file, replace=replace)


async def _restore_sqlite(engine: Engine, ledger: Path, file: Path, *, replace: bool) -> Restored:
    def prepare() -> Path:
        sqlite_copies.refuse_no_ledger(file)
        if sqlite_copies.is_used(ledger):
            raise in_use(str(ledger))
        if sqlite_copies.has_content(ledger) and not replace:
            raise _has_content(str(ledger))
        ledger.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = ledger.with_name(f"{ledger.name}.new")
        fresh.unlink(missing_ok=True)
        claim(fresh)
        sqlite_copies.copy(file, fresh)
        return fresh

    def put_in_place(fresh: Path) -> str:
        # Into the inbox that is there: what is left in it belongs to this ledger as well.
        add_parcels(fresh, inbox_of(ledger))
        forget_parcels(fresh)
        aside = str(sqlite_copies.put_aside(ledger)) if ledger.exists() else ""
        fresh.replace(ledger)
        return aside

    fresh = await asyncio.to_thread(prepare)
    # Locked before it is in its place: no worker ever sees it otherwise.
    locked = await _lock(f"sqlite:///{fresh}")
    aside = await asyncio.to_thread(put_in_place, fresh)
    return Restored(ledger=engine.where(), aside=aside, locked=locked)


async def _restore_postgres(engine: Engine, url: URL, file: Path, *, replace: bool) -> Restored:
    await asyncio.to_thread(postgres_copies.refuse_no_ledger, file)
    address = url.render_as_string(hide_password=False)
    aside = ""
    database = Database.open(address)
    try:
        async with database.write() as connection:
            if await postgres_copies.is_used(connection):
                raise in_use(engine.where())
            content = await postgres_copies.has_content(connection)
            if content and not replace:
                raise _has_content(engine.where())
            name = await postgres_copies.put_aside(connection)
            aside = f"the schema {name} of the same database" if content else ""
    finally:
        await database.close()
    await postgres_copies.put_back(url, file)
    return Restored(ledger=engine.where(), aside=aside, locked=await _lock(address))


async def _lock(url: str) -> tuple[str, ...]:
    """Begin a new generation, and lock what was open; return the locked incidents."""
    await upgrade_ledger(url)
    database = Database.open(url)
    try:
        async with database.write() as connection:
            await begin_generation(connection, database)
            await doubt_free_codes(connection, database)
            found = await locks.open_incidents(connection)
            for slug in found:
                why = behind(slug, "The ledger was restored from a backup.")
                await locks.lock_anew(connection, slug, why)
    finally:
        await database.close()
    return tuple(found)


def _refuse_running(engine: Engine) -> None:
    running = stack_file.read(engine.settings.state_dir)
    if running is not None and running.runs():
        raise in_use(engine.where())


def _has_content(where: str) -> DomainError:
    return DomainError(
        f"The ledger at {where} has content.",
        NextStep(advice="Add --replace; the ledger that is there now is kept beside it."),
    )
