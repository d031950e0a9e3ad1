"""What anybody may do without an account: deliver events, and unsubscribe.

Needs the ledger and nothing else: no Temporal, and no credential that could send.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from channels.contract import ReadsEvents
from client.events import EventIntake, build_readers
from client.unsubscribe import Unsubscriber
from settings import Settings
from store import migrate
from store.kernel.database import Database


class PublicService:
    """The part of the ledger that the public may write to.

    ``events`` is None without a key to verify events with, ``links`` is None without the secret of
    links. ``lacking`` has the reasons, in sentences.
    """

    def __init__(
        self,
        database: Database,
        *,
        readers: Mapping[str, ReadsEvents] | None = None,
        link_secret: bytes | None = None,
        lacking: tuple[str, ...] = (),
    ) -> None:
        self._database = database
        self.events = EventIntake(database, readers) if readers else None
        self.links = Unsubscriber(database, link_secret) if link_secret else None
        self.lacking = lacking

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """What ``settings`` allow; brings the ledger up to date first.

        Raises ``ChannelMisconfigured`` for settings that cannot be used, and ``StoreUnavailable``.
        """
        readers, lacking = build_readers(settings.channels)
        secret = settings.link_secret
        if secret is None:
            lacking += ("Nobody can unsubscribe by a link: FRONTFOOT_LINK_SECRET is not set.",)
        migrate.upgrade(settings.database())
        return cls(
            Database.open(settings.database()),
            readers=readers,
            link_secret=secret.get_secret_value().encode() if secret else None,
            lacking=lacking,
        )

    async def close(self) -> None:
        """Close the ledger."""
        await self._database.close()
