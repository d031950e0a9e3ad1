"""What a status page is made from: the ledger, with its failures in the words of a channel."""

from __future__ import annotations

import asyncio

from pydantic import ValidationError

from channels.contract import Unreachable
from domain.sealing import RecordKey
from domain.status_page import StatusPage
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.page.ledger_page import LedgerPage
from store.recovery.locks import all_locks

COMPARED_WITHIN = 60.0
"""Seconds in which the ledger has been compared with the open incidents, or it could not be."""


class PageFromLedger:
    """The ``PageSource`` of the page of one channel; ``key`` seals the head of the record.

    The page is made of everything that the ledger has. From an earlier copy it would lose what
    people can read already, so nothing is made while an incident is locked, nor before ``compared``
    has ended: the comparison of a worker that has just begun.
    """

    def __init__(
        self,
        database: Database,
        key: RecordKey,
        channel: str,
        compared: asyncio.Task[None] | None = None,
    ) -> None:
        self._database = database
        self._page = LedgerPage(database, key, channel)
        self._compared = compared

    async def snapshot(
        self, url: str, *, name: str = "", home: str | None = None, without: str = ""
    ) -> StatusPage:
        """All that the page shows now, under the next number.

        ``Unreachable`` if the ledger does not answer, is an earlier copy, or holds what this worker
        cannot read: the page is written from a snapshot, so nothing has been written yet.
        """
        if self._compared is not None:
            await asyncio.wait({self._compared}, timeout=COMPARED_WITHIN)
        try:
            await self._refuse_behind()
            return await self._page.snapshot(url, name=name, home=home, without=without)
        except StoreUnavailable as error:
            raise Unreachable(
                "The status page could not be made, and nothing was written. "
                f"{error.explanation.what}"
            ) from error
        except ValidationError as error:
            # Its text holds what is stored, addresses included.
            raise Unreachable(
                "The status page could not be made, and nothing was written: the ledger has a "
                "plan or a message that this version of the program cannot read.",
                "Run the same version on every worker; it is tried again.",
            ) from error

    async def _refuse_behind(self) -> None:
        locks = await all_locks(self._database)
        if locks:
            raise Unreachable(
                f"The status page stays as it is, because the ledger has forgotten something of "
                f"{locks[0].incident}, and the page would lose what people can read.",
                f"Bring {locks[0].incident} back first: its status says how.",
            )
