"""Keeps the status page of now: it is written again every minute, also if nothing happens.

A page that says when it was made must not grow old while all is well, and a target that was out of
reach must get what it lacks. Publishes nothing that is not in the ledger as published.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from channels.contract import ChannelError, WritesPage
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.page.numbers import last_taken
from store.recovery.locks import all_locks

EVERY = timedelta(seconds=60)

COMPARED_WITHIN = 60.0
"""Seconds in which the ledger has been compared with the open incidents, or it could not be."""

_log = logging.getLogger("frontfoot.page")


async def keep_page_fresh(
    database: Database, page: WritesPage, compared: asyncio.Task[None] | None = None
) -> None:
    """Write the page at once, and whenever nobody has for a minute; until cancelled.

    An earlier copy of the ledger would take off the page what people can read. So nothing is
    written before ``compared`` has ended, the comparison of a worker that has just begun, nor while
    an incident is locked. A publication does write: a new word is worth more than an old one, which
    comes back with its incident.
    """
    if compared is not None:
        await asyncio.wait({compared}, timeout=COMPARED_WITHIN)
    due = True
    while True:
        if due and not await _is_behind(database):
            await _refresh(page)
        await asyncio.sleep(EVERY.total_seconds() / 4)
        due = await _is_due(database)


async def _is_due(database: Database) -> bool:
    """Whether neither a publication nor another worker has written it within a minute."""
    try:
        last = await last_taken(database)
    except StoreUnavailable:
        return False
    return last is None or datetime.now(UTC) - last >= EVERY


async def _is_behind(database: Database) -> bool:
    """Whether the ledger has forgotten something of an incident; then it is said in the log."""
    try:
        locks = await all_locks(database)
    except StoreUnavailable:
        return False
    if locks:
        _log.warning(
            "the status page was not refreshed: the ledger has forgotten something of %s",
            locks[0].incident,
        )
    return bool(locks)


async def _refresh(page: WritesPage) -> None:
    try:
        await page.refresh()
    except ChannelError as error:
        _log.warning("the status page was not refreshed: %s", error.message)
    except Exception as error:  # noqa: BLE001 - whatever it is, the next try may work
        _log.error("the status page was not refreshed: %s", type(error).__name__)
