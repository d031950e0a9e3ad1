"""Failures of the database itself, explained to a person."""

from __future__ import annotations

from sqlalchemy.exc import (
    DatabaseError,
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from domain.explanation import Action, NextStep, explained


class StoreUnavailable(Exception):
    """The ledger cannot be read or written now: what happened, what it means, what to do next.

    Nothing of the transaction was kept. Trying again is safe: every write of the ledger is
    idempotent. Contains no statement and no value of a row. ``code`` is the database's own name for
    it, for whoever looks it up there.
    """

    def __init__(self, what: str, means: str, next_step: NextStep | str, *, code: str = "") -> None:
        self.code = code
        self.explanation = explained(what, next_step, means=means)
        super().__init__(str(self.explanation))


_NOTHING_KEPT = "Nothing of this step was kept."

# The words are SQLite's own: it has no finer code that reaches us through every driver.
_SQLITE: tuple[tuple[str, str, NextStep | str], ...] = (
    (
        "database is locked",
        "Another process locked the ledger's file for over 30 seconds.",
        "Find what else is writing to it (an import, a backup, a second worker), then try again.",
    ),
    (
        "disk is full",
        "The ledger's disk is full.",
        "Free some space there, then try again.",
    ),
    (
        "unable to open",
        "The ledger's file cannot be opened.",
        "Check that its folder exists and that this user may write there.",
    ),
    (
        "readonly",
        "The ledger's file is read-only for this user.",
        "Give this user the right to write the file and its folder.",
    ),
    (
        "no such table",
        "The ledger's tables do not exist.",
        NextStep(action=Action.MIGRATE),
    ),
    (
        "no such column",
        "The ledger's tables are of another version.",
        NextStep(action=Action.MIGRATE),
    ),
    (
        "not a database",
        "The ledger's file is not a SQLite database.",
        "Check FRONTFOOT_DATABASE_URL, or restore the file from a backup.",
    ),
    (
        "out of memory",
        "The database got no more memory.",
        "End what else runs on this machine, then try again.",
    ),
    (
        "database schema is locked",
        "Another process is changing the ledger's tables.",
        "Wait for it, then try again.",
    ),
    (
        "disk i/o",
        "The ledger's disk reports an error.",
        "Check the disk; SQLite needs a local one, not a network share.",
    ),
    (
        "malformed",
        "The ledger's file is damaged.",
        "Stop every process and restore the file from a backup.",
    ),
)

# https://www.postgresql.org/docs/current/errcodes-appendix.html; the first prefix that fits.
_POSTGRES: tuple[tuple[str, str, NextStep | str], ...] = (
    ("53100", "The database server's disk is full.", "Free some space there, then try again."),
    (
        "53300",
        "The database server has no connection left for us.",
        "Run fewer processes, or raise max_connections.",
    ),
    ("28", "The database server refused our user name or password.", "Check the database URL."),
    ("3D000", "The database named in the URL does not exist.", "Create it, then try again."),
    (
        "42P01",
        "The ledger's tables do not exist.",
        NextStep(action=Action.MIGRATE),
    ),
    (
        "55P03",
        "Another process kept a lock in the database for too long.",
        "Look for a long transaction on the server, then try again.",
    ),
    ("40", "Two writers collided and the server chose the other one.", "Try again."),
    ("57", "The database server is stopping or starting.", "Wait for it, then try again."),
    (
        "42703",
        "The ledger's tables are of another version.",
        NextStep(action=Action.MIGRATE),
    ),
    (
        "42501",
        "Our user of the database may not do this.",
        "Give the user of the database URL its rights on the ledger's tables.",
    ),
    (
        "25006",
        "The database server takes no writes: it is a standby, or set to read only.",
        "Point the database URL at the primary server.",
    ),
    (
        "53",
        "The database server has no memory or no place left.",
        "Look at its log, and free some.",
    ),
    ("54", "The request is over a limit of the database server.", "Look at the server's log."),
    ("58", "The database server's system reports an error.", "Look at its log and its disk."),
    ("XX", "The database server found its data damaged.", "Stop, and look at the server's log."),
    ("08", "The connection to the database server broke.", "Check the server, then try again."),
)


def unavailable(error: BaseException) -> StoreUnavailable | None:
    """``error`` as a person should read it, or None if it is not the database's condition."""
    if isinstance(error, PoolTimeout):
        return StoreUnavailable(
            "This process waited over 30 seconds for its turn at the ledger.",
            _NOTHING_KEPT,
            "Look for a transaction that does not end, then try again.",
        )
    if isinstance(error, DBAPIError):
        return _from_driver(error)
    return None


def unreachable() -> StoreUnavailable:
    """For a server that did not take the connection at all."""
    return StoreUnavailable(
        "The database server did not take our connection.",
        _NOTHING_KEPT,
        "Check that it runs and that host and port in the database URL are right.",
    )


def _from_driver(error: DBAPIError) -> StoreUnavailable | None:
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(state, str):
        for prefix, what, next_step in _POSTGRES:
            if state.startswith(prefix):
                return StoreUnavailable(what, _NOTHING_KEPT, next_step, code=state)
    words = str(error.orig).lower()
    for part, what, next_step in _SQLITE:
        if part in words:
            return StoreUnavailable(what, _NOTHING_KEPT, next_step, code=part)
    if error.connection_invalidated:
        return unreachable()
    # What the database says of itself; the other kinds are about what we asked of it.
    itself = (OperationalError, InternalError, InterfaceError)
    if (isinstance(error, itself) or type(error) is DatabaseError) and "syntax" not in words:
        return StoreUnavailable(
            "The database reports a fault that this version does not know.",
            _NOTHING_KEPT,
            "Look at the log of the database, and at its disk.",
            code=str(getattr(error.orig, "sqlite_errorname", "") or state or ""),
        )
    return None
