"""Copies of a SQLite ledger: taken while it is used, and put back while nobody uses it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from domain.errors import DomainError
from store.recovery.files import CONTENT, claim, no_copy

_BESIDE = ("-wal", "-shm")
"""What SQLite keeps beside the file; a copy of the file alone lacks the newest of its content."""


def take(ledger: Path, to: Path) -> None:
    """Write a consistent copy to ``to``, which must not exist, for this user alone.

    By SQLite's own backup: writers go on meanwhile. Raises ``DomainError``.
    """
    if not ledger.exists():
        raise DomainError(f"There is no ledger at {ledger}.", "Run this where Frontfoot runs.")
    claim(to)
    try:
        copy(ledger, to)
    except BaseException:
        to.unlink(missing_ok=True)
        raise


def copy(source: Path, target: Path) -> None:
    """Copy one database over another file, and check the copy. Raises ``DomainError``."""
    try:
        with closing(_read_only(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
            # One file, without others beside it.
            new.execute("PRAGMA journal_mode = DELETE")
            (checked,) = new.execute("PRAGMA quick_check").fetchone()
    except sqlite3.Error as error:
        raise DomainError(
            f"{source} cannot be copied: {error}.", "Check the disk, and that it is a ledger."
        ) from error
    if checked != "ok":
        raise DomainError(f"The copy of {source} is damaged: {checked[:200]}.", "Use another one.")


def refuse_no_ledger(file: Path) -> None:
    """Raise ``DomainError`` unless ``file`` is a copy of a ledger."""
    if not file.is_file():
        raise no_copy(file, "SQLite")
    try:
        with closing(_read_only(file)) as found:
            found.execute("SELECT count(*) FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise no_copy(file, "SQLite") from error


def is_used(ledger: Path) -> bool:
    """Whether another process has the ledger open."""
    if not ledger.exists():
        return False
    with closing(sqlite3.connect(ledger, timeout=0.5)) as alone:
        try:
            # Leaving its write-ahead log takes a lock that every open connection shares.
            (mode,) = alone.execute("PRAGMA journal_mode = DELETE").fetchone()
        except sqlite3.OperationalError:
            return True
        return bool(mode != "delete")


def put_aside(ledger: Path) -> Path:
    """Move the ledger away, with what lies beside it, and return its new path."""
    aside = ledger.with_name(f"{ledger.name}.before-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    for end in ("", *_BESIDE):
        old = ledger.with_name(ledger.name + end)
        if old.exists():
            old.rename(aside.with_name(aside.name + end))
    return aside


def has_content(ledger: Path) -> bool:
    """Whether there is a ledger in which anything was ever entered."""
    if not ledger.exists():
        return False
    try:
        with closing(_read_only(ledger)) as found:
            return any(found.execute(query).fetchone() for query in CONTENT)
    except sqlite3.Error:
        # Whatever it is, it is somebody's.
        return ledger.stat().st_size > 0


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
