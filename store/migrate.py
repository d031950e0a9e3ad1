"""Bring a ledger's tables up to date: ``python -m store.migrate [URL]``.

Safe to run by every process at its start, at once: the whole upgrade is one transaction behind
one lock, and an up-to-date ledger is left alone.
"""

from __future__ import annotations

import asyncio
import io
import os
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from dotenv import dotenv_values
from sqlalchemy import Connection

from domain.errors import DomainError
from domain.plain_text import NEXT_STEP, NotText, read_utf8
from store.kernel.database import Database
from store.kernel.engines import ledger_url
from store.kernel.errors import StoreUnavailable

_URL = "FRONTFOOT_DATABASE_URL"


def upgrade(url: str) -> None:
    """Create or upgrade the tables of the ledger at ``url``. Idempotent.

    Makes the folder of a SQLite file. Must not be called on a running event loop: there, use
    ``upgrade_ledger``. Raises ``StoreUnavailable`` and ``DomainError``.
    """
    asyncio.run(upgrade_ledger(url))


async def upgrade_ledger(url: str) -> None:
    """``upgrade``, for callers that are on an event loop already."""
    parsed = ledger_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database is not None:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    db = Database.open(url)
    try:
        async with db.read() as connection:
            if await connection.run_sync(_is_newest):
                return
        async with db.write(many_rows=True) as connection:
            await db.serialise(connection, "frontfoot/migrate")
            await connection.run_sync(_run_alembic)
    finally:
        await db.close()


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration on an open transaction; there is no alembic.ini to keep."""
    config = Config()
    config.set_main_option("script_location", "store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _run_alembic(connection: Connection) -> None:
    command.upgrade(alembic_config(connection), "head")


def _is_newest(connection: Connection) -> bool:
    """Whether there is nothing to do, which is so at nearly every start and takes no lock."""
    now, newest = versions(connection)
    return now is not None and now == newest


def versions(connection: Connection) -> tuple[str | None, str | None]:
    """The version of the tables, and the newest one that this program knows."""
    script = ScriptDirectory.from_config(alembic_config(connection))
    return MigrationContext.configure(connection).get_current_revision(), script.get_current_head()


def _from_env_file() -> str:
    try:
        text = read_utf8(Path(".env").read_bytes())
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise DomainError(".env cannot be read.", "It has to be a file.") from error
    except NotText as error:
        raise DomainError(f".env, line {error.line}: {error.detail}", NEXT_STEP) from error
    return dotenv_values(stream=io.StringIO(text)).get(_URL) or ""


def main(arguments: list[str]) -> int:
    """Upgrade the ledger named by the first argument or by FRONTFOOT_DATABASE_URL.

    That may be in ``.env``, as for every other process.
    """
    try:
        url = arguments[0] if arguments else os.environ.get(_URL) or _from_env_file()
        if not url:
            print("Name the ledger: python -m store.migrate sqlite:///ledger.db", file=sys.stderr)
            return 2
        upgrade(url)
    except (DomainError, StoreUnavailable) as error:
        print(error, file=sys.stderr)
        return 1
    print("The ledger is up to date.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
