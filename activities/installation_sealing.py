"""Seals the installation's record: what other processes have appended, some seconds later."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from domain.errors import DomainError
from domain.installation import SealedEnd
from domain.sealing import RecordKey
from store.installation import sealing
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable

EVERY = timedelta(seconds=5)

_log = logging.getLogger("frontfoot.installation")


async def keep_sealed(database: Database, key: RecordKey) -> None:
    """Seal what is not sealed, again and again; until cancelled.

    It remembers how far it has sealed. A ledger that reaches less far was restored or shortened,
    and then the record says so itself.
    """
    seen: SealedEnd | None = None
    told: SealedEnd | None = None
    while True:
        try:
            if await sealing.is_due(database, seen):
                done = await sealing.seal(database, key, datetime.now(UTC), seen)
                seen = done.end
                if done.end != told:
                    # Once for each state: it looks again every few seconds.
                    _tell(done)
                    told = done.end
        except StoreUnavailable:
            _log.warning("the installation's record was not sealed: no ledger")
        except DomainError as error:
            _log.error("the installation's record was not sealed: %s", error.what)
        await asyncio.sleep(EVERY.total_seconds())


def _tell(done: sealing.NewlySealed) -> None:
    if done.lost:
        _log.error("the installation's record has lost entries: it was shortened or restored")
    if done.broken:
        _log.error(
            "the installation's record was changed after entry %d: nothing is sealed from there on",
            done.end.entries,
        )
