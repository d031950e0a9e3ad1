"""What waits in the inbox, in a copy of the ledger: nobody delivers again what was answered."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from store.events.inbox import END, PARCELS

_COLUMNS = ", ".join(column.name for column in PARCELS.columns if not column.primary_key)


def inbox_of(ledger: Path) -> Path:
    """The inbox beside a SQLite ledger."""
    return ledger.with_name(f"{ledger.name}{END}")


def add_parcels(source: Path, target: Path) -> None:
    """Add what waits in the database ``source`` to that in ``target``; nothing is taken away.

    Entering the same events twice changes nothing. Blocks; raises ``sqlite3.Error``.
    """
    if not source.exists():
        return
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(target, timeout=30)) as connection:
        connection.execute("ATTACH ? AS source", (str(source),))
        with connection:
            if not _has_parcels(connection, "source"):
                return
            if not _has_parcels(connection, "main"):
                connection.execute(str(CreateTable(PARCELS).compile(dialect=sqlite.dialect())))
            connection.execute(
                f"INSERT INTO main.{PARCELS.name} ({_COLUMNS}) "  # noqa: S608 - our own names
                f"SELECT {_COLUMNS} FROM source.{PARCELS.name} ORDER BY id"
            )


def forget_parcels(ledger: Path) -> None:
    """Remove from a copy of the ledger what waited, once it is in the inbox. Blocks."""
    with closing(sqlite3.connect(ledger, timeout=30)) as connection, connection:
        connection.execute(f"DROP TABLE IF EXISTS {PARCELS.name}")


def _has_parcels(connection: sqlite3.Connection, database: str) -> bool:
    found = connection.execute(
        f"SELECT 1 FROM {database}.sqlite_master WHERE name = ?",  # noqa: S608 - our own names
        (PARCELS.name,),
    )
    return found.fetchone() is not None
