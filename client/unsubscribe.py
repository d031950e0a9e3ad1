"""Unsubscribes whoever opens a link of ours: reads its token, and enters what it asks for."""

from __future__ import annotations

from datetime import UTC, datetime

from client.errors import NotEntered
from domain.message import MessageClass
from domain.suppression import SuppressionReason
from domain.unsubscribe import Leaving, read_leaving_token
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.people import suppressions


class UnsubscribeLinks:
    """The links that were made with ``secret``."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._database = database
        self._secret = secret

    def read(self, token: str) -> Leaving:
        """Who leaves what by this token; ``DomainError`` if we did not make it."""
        return read_leaving_token(self._secret, token)

    async def leave(self, token: str) -> Leaving:
        """Enter it; saying it twice is as good as once.

        ``DomainError`` if the link is not ours or its recipient is in no list any more;
        ``NotEntered`` if the ledger cannot be written now.
        """
        leaving = self.read(token)
        # Who leaves safety notices wants nothing at all.
        everything = leaving.message_class is MessageClass.SAFETY
        try:
            await suppressions.add_recipient(
                self._database,
                leaving.recipient,
                SuppressionReason.UNSUBSCRIBED.value,
                None if everything else leaving.message_class,
                "link",
                datetime.now(UTC),
            )
        except StoreUnavailable as error:
            raise NotEntered(error.explanation.what) from error
        return leaving
