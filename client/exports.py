"""Exports as files of this user alone: what became of every mail, and of the mail to one person.

The record and the codes have exports of their own: ``client.record_file`` and ``client.codes``. No
cell of a CSV file is a formula to a spreadsheet.
"""

from __future__ import annotations

import asyncio
import csv
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from client.engine import Engine
from client.incidents import refuse_unknown
from client.recipient import answer_of, recipient_history
from domain.times import in_utc
from store.audit.arrivals import Page, arrivals
from store.files.spreadsheet import guarded
from store.kernel.private_files import make_folder, open_private

ARRIVAL_COLUMNS = (
    "address", "message", "kind", "channel", "audience", "batch", "accepted_at", "answer",
)  # fmt: skip
HISTORY_COLUMNS = ("address", "incident", "what", "at", "words")

_CHUNK = 256 * 1024

Write = Callable[..., None]


async def export_arrivals(engine: Engine, slug: str, output: Path) -> int:
    """Write a row for every mail to every recipient of an incident; return how many.

    Each says whether it got there, and when the provider accepted it. ``UnknownIncident`` if the
    incident is not there.
    """
    await refuse_unknown(engine, slug)
    ledger = await engine.ledger()
    count = 0
    async with _rows_of(output, ARRIVAL_COLUMNS) as write:
        async for page in arrivals(ledger, slug):
            count += await asyncio.to_thread(_write_page, page, write)
    return count


async def export_recipient(engine: Engine, slug: str, address: str, output: Path) -> int:
    """Write what the ledger has of one recipient in an incident; return how many rows.

    First whether each mail got there, then everything that happened, in order. ``InvalidAddress``
    and ``UnknownIncident``.
    """
    found = await recipient_history(engine, slug, address)
    count = 0
    async with _rows_of(output, HISTORY_COLUMNS) as write:
        for row in (
            *(("outcome", "", f"{one.about}: {one.answer}") for one in found.arrivals),
            *(("suppressed", "", one) for one in found.suppressed),
            *(("code", "", one) for one in found.codes),
            *(("event", _moment(one.at), one.what) for one in found.moments),
        ):
            write(address.strip(), slug, *row)
            count += 1
    return count


class MadeFile:
    """A file that was made to be handed out: open, and without a name, so that nothing is left."""

    def __init__(self, file: BinaryIO, size: int, rows: int) -> None:
        self._file = file
        self.size = size
        self.rows = rows

    async def chunks(self) -> AsyncIterator[bytes]:
        """All of it, once."""
        try:
            while chunk := await asyncio.to_thread(self._file.read, _CHUNK):
                yield chunk
        finally:
            self._file.close()


async def clear_exports(engine: Engine) -> None:
    """Remove what a process left that died while it made a file."""
    folder = engine.settings.state_dir / "exports"
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def made(engine: Engine, work: Callable[[Path], Awaitable[int]]) -> MadeFile:
    """What ``work`` writes to a path, and the number of rows that it returns.

    The file is whole before anything of it is handed out: half of one is never taken for all.
    """
    folder = engine.settings.state_dir / "exports"
    path = folder / secrets.token_hex(8)
    await asyncio.to_thread(make_folder, folder)
    try:
        rows = await work(path)
        size = (await asyncio.to_thread(path.stat)).st_size
        return MadeFile(await asyncio.to_thread(path.open, "rb"), size, rows)
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


def _write_page(page: Page, write: Write) -> int:
    """Write some rows, in a thread: others have their turn meanwhile."""
    count = 0
    for one in page:
        write(
            one.address,
            one.number,
            one.kind,
            one.channel,
            one.audience,
            one.batch,
            _moment(one.accepted_at),
            answer_of(one.batch_state, one.state, one.reason, withheld=one.withheld),
        )
        count += 1
    return count


@asynccontextmanager
async def _rows_of(output: Path, columns: tuple[str, ...]) -> AsyncIterator[Write]:
    """What writes a row to a private CSV file, which is removed if it did not become whole."""
    try:
        with os.fdopen(open_private(output), "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)

            def write(*cells: object) -> None:
                writer.writerow([guarded(cell) for cell in cells])

            yield write
    except BaseException:
        await asyncio.to_thread(output.unlink, missing_ok=True)
        raise


def _moment(at: datetime | None) -> str:
    return f"{in_utc(at):%Y-%m-%d %H:%M:%S}" if at is not None else ""
