"""Unsubscribing by a link of ours: reads the link's token and enters it in the suppressions."""

from __future__ import annotations

from datetime import UTC, datetime

from client.errors import NotEntered
from domain.message import MessageClass
from domain.suppression import SuppressionReason
from domain.unsubscribe import UnsubscribeRequest, read_unsubscribe_token
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.people import suppressions


class Unsubscriber:
    """Reads and carries out the unsubscribe links that were made with ``secret``."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._database = database
        self._secret = secret

    def read(self, token: str) -> UnsubscribeRequest:
        """What a link's token asks for; ``DomainError`` if we did not make it."""
        return read_unsubscribe_token(self._secret, token)

    async def unsubscribe(self, token: str) -> UnsubscribeRequest:
        """Unsubscribe the recipient that the token names; a repeat changes nothing.

        ``DomainError`` if the link is not ours or its recipient is no longer in any audience;
        ``NotEntered`` if the ledger cannot be written now.
        """
        request = self.read(token)
        # Unsubscribing from safety notices covers all mail.
        everything = request.message_class is MessageClass.SAFETY
        try:
            await suppressions.add_recipient(
                self._database,
                request.recipient,
                SuppressionReason.UNSUBSCRIBED.value,
                None if everything else request.message_class,
                "link",
                datetime.now(UTC),
            )
        except StoreUnavailable as error:
            raise NotEntered(error.explanation.what) from error
        return request
