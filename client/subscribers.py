"""Subscribers of the status page as a list: imported, counted, exported, forgotten."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from client.csv_files import ImportReport, refuse_no_file, report_of
from client.engine import Engine
from domain.model import Value
from store.files.audience_csv import read_rows
from store.files.spreadsheet import guarded
from store.kernel.database import Database
from store.kernel.private_files import open_private
from store.people import subscriber_list
from store.people.subscriber_list import NotSubscribed, SubscriberCounts
from store.people.subscribers import Subscriber

__all__ = [
    "Subscriber",
    "SubscriberCounts",
    "SubscribersFileImported",
    "count_subscribers",
    "export_subscribers",
    "forget_subscriber",
    "import_subscribers",
    "some_subscribers",
]


COLUMNS = ("address", "state", "since", "source", "components")
"""The columns of an export."""


class CsvWriter(Protocol):
    """What writes the rows of a CSV file."""

    def writerow(self, row: Iterable[object], /) -> object:
        """Write one row."""
        ...


class SubscribersFileImported(Value):
    """The result of importing a file: what is new, and what became of its rows."""

    added: int
    already_there: int
    had_left: int
    report: ImportReport


async def import_subscribers(
    engine: Engine,
    file: Path,
    *,
    by: str,
    why: str = "",
    address_column: str = "",
    rejects: Path | None = None,
    read: Callable[[int, int], None] | None = None,
    stored: Callable[[int], None] | None = None,
) -> SubscribersFileImported:
    """Subscribe everybody in a CSV file: people who confirmed elsewhere that they want to be told.

    Importing again changes nothing, and whoever has unsubscribed here stays so. A column
    ``components`` may say what they chose, names separated by semicolons. ``read`` and ``stored``
    as in ``import_audience``.
    """
    refuse_no_file(file)
    rows = read_rows(file, rejects, read, address_column=address_column)
    ledger = await engine.ledger()
    with rows:
        imported = await subscriber_list.import_confirmed(
            ledger, rows, who=by, why=why, at=datetime.now(UTC), progress=stored
        )
    return SubscribersFileImported(**imported.model_dump(), report=report_of(rows))


async def count_subscribers(engine: Engine) -> SubscriberCounts:
    """How many there are, and what became of the mails that asked for a confirmation."""
    return await subscriber_list.counts(await engine.ledger())


async def some_subscribers(engine: Engine, after: int = 0, most: int = 100) -> list[Subscriber]:
    """The subscribers behind the number ``after``, with addresses, those who have left included."""
    return await subscriber_list.some(await engine.ledger(), after, most)


async def export_subscribers(engine: Engine, file: Path) -> int:
    """Write everybody to a CSV file that only this user may read; return how many they are.

    A file of that name is replaced, once the new one is whole.
    """
    fresh = file.with_name(file.name + ".part")
    try:
        with os.fdopen(open_private(fresh), "w", encoding="utf-8", newline="") as opened:
            many = await _write(await engine.ledger(), csv.writer(opened))
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    # In one step, so that a half-written list is never taken for a whole one.
    os.replace(fresh, file)
    return many


async def _write(ledger: Database, writer: CsvWriter) -> int:
    writer.writerow(COLUMNS)
    many = 0
    async for one in subscriber_list.everybody(ledger):
        since = one.since.isoformat(timespec="seconds")
        components = "; ".join(one.components)
        row = (one.address, one.state.value, since, one.source, components)
        writer.writerow(map(guarded, row))
        many += 1
    return many


async def forget_subscriber(engine: Engine, address: str, *, by: str, why: str = "") -> None:
    """Delete all that is known of an address as a subscriber; the log keeps who did it, and why.

    ``NotSubscribed`` if nothing is known; for a request that is repeated that is no failure, since
    the first try may have deleted it.
    """
    try:
        await subscriber_list.forget_by_person(
            await engine.ledger(), address, who=by, why=why, at=datetime.now(UTC)
        )
    except NotSubscribed:
        if engine.tried_at is None:
            raise
