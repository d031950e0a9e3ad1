"""Copies of a PostgreSQL ledger, made and put back by PostgreSQL's own tools."""

from __future__ import annotations

import asyncio
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DomainError
from store.recovery.files import CONTENT, claim, no_copy

_SCHEMA = "public"


async def take(url: URL, to: Path) -> None:
    """Write a consistent copy in ``pg_dump``'s custom format, for this user alone.

    Raises ``DomainError``.
    """
    claim(to)
    try:
        await _run("pg_dump", url, "--format=custom", f"--schema={_SCHEMA}", f"--file={to}")
    except BaseException:
        os.unlink(to)
        raise


async def put_back(url: URL, file: Path) -> None:
    """Enter a copy in an empty database, all of it or nothing. Raises ``DomainError``."""
    await _run(
        "pg_restore",
        url,
        "--no-owner",
        "--exit-on-error",
        "--single-transaction",
        f"--schema={_SCHEMA}",
        f"--dbname={url.database}",
        str(file),
    )


def refuse_no_ledger(file: Path) -> None:
    """Raise ``DomainError`` unless ``file`` is a copy of a ledger."""
    if not file.is_file():
        raise no_copy(file, "PostgreSQL")
    with file.open("rb") as found:
        if found.read(5) != b"PGDMP":
            raise no_copy(file, "PostgreSQL")


async def is_used(connection: AsyncConnection) -> bool:
    """Whether another client is connected to the database."""
    others = await connection.scalar(
        text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    )
    return bool(others)


async def has_content(connection: AsyncConnection) -> bool:
    """Whether there is a ledger in which anything was ever entered."""
    for query in CONTENT:
        table = query.split()[3]
        there = await connection.scalar(text("SELECT to_regclass(:name)::text"), {"name": table})
        if there and await connection.scalar(text(query)):
            return True
    return False


async def put_aside(connection: AsyncConnection) -> str:
    """Move the ledger's tables into a schema of their own, and return its name."""
    aside = f"before_{datetime.now(UTC):%Y%m%d_%H%M%S}"
    await connection.execute(text(f"ALTER SCHEMA {_SCHEMA} RENAME TO {aside}"))
    await connection.execute(text(f"CREATE SCHEMA {_SCHEMA}"))
    return aside


async def _run(tool: str, url: URL, *options: str) -> None:
    found = shutil.which(tool)
    if found is None:
        raise DomainError(
            f"{tool} is not on this machine's PATH.",
            "Install PostgreSQL's client tools, of the server's version or newer.",
        )
    place = {
        "PGHOST": url.host or str(url.query.get("host", "")),
        "PGPORT": str(url.port or url.query.get("port", "")),
        "PGUSER": url.username or "",
        "PGPASSWORD": str(url.password or ""),
        "PGDATABASE": url.database or "",
    }
    process = await asyncio.create_subprocess_exec(
        found,
        *options,
        env={**os.environ, **{name: value for name, value in place.items() if value}},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode:
        raise _failed(tool, said.decode(errors="replace"))


def _failed(tool: str, said: str) -> DomainError:
    if "version mismatch" in said or "unsupported version" in said:
        return DomainError(
            f"This machine's {tool} is older than the server or the copy.",
            "Install PostgreSQL's client tools of the server's version or newer.",
        )
    # Its first complaint, which names objects and no rows.
    first = next((line for line in said.splitlines() if "error:" in line), said.strip())[:200]
    return DomainError(f"{tool} failed: {first.strip()}", "Correct that, then try again.")
