"""What a status page is made from: the ledger, with its failures in the words of a channel."""

from __future__ import annotations

from pydantic import ValidationError

from channels.contract import Unreachable
from domain.sealing import RecordKey
from domain.status_page import StatusPage
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.page.ledger_page import LedgerPage


class PageFromLedger:
    """The ``PageSource`` of the page of one channel; ``key`` seals the head of the record."""

    def __init__(self, database: Database, key: RecordKey, channel: str) -> None:
        self._page = LedgerPage(database, key, channel)

    async def snapshot(
        self, url: str, *, name: str = "", home: str | None = None, without: str = ""
    ) -> StatusPage:
        """All that the page shows now, under the next number.

        ``Unreachable`` if the ledger does not answer, or holds what this worker cannot read: the
        page is written from a snapshot, so nothing has been written yet.
        """
        try:
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
