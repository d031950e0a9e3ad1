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

EVERY = timedelta(seconds=60)

_log = logging.getLogger("frontfoot.page")


async def keep_page_fresh(database: Database, page: WritesPage) -> None:
    """Write the page at once, and whenever nobody has for a minute; until cancelled."""
    due = True
    while True:
        if due:
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


async def _refresh(page: WritesPage) -> None:
    try:
        await page.refresh()
    except ChannelError as error:
        _log.warning("the status page was not refreshed: %s", error.message)
    except Exception as error:  # noqa: BLE001 - whatever it is, the next try may work
        _log.error("the status page was not refreshed: %s", type(error).__name__)
