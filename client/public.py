"""What anybody may do without an account: read the page, subscribe, unsubscribe, deliver events.

Needs the ledger and nothing else: no Temporal, and no credential that could send.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Self

from channels.contract import ReadsEvents
from channels.listening import ReadsMentions
from client.errors import WrongInput
from client.event_entry import EventEntry
from client.events import EventIntake, build_readers
from client.mention_intake import MentionIntake, build_mention_readers
from client.page_files import PageFiles
from client.subscriptions import Subscribing
from client.unsubscribe import Unsubscriber
from settings import Settings
from store import migrate
from store.events.inbox import Inbox
from store.kernel.database import Database


class PublicService:
    """The part of the ledger that the public may write to.

    ``events`` is None where no channel reports events, ``mentions`` where none tells of mentions by
    webhook; ``links`` and ``subscribing`` are None
    without the secret of links, ``page`` where no folder of a status page is configured.
    ``lacking`` says what is not served, and why. What is wrong with
    one of them never stops the others.
    """

    def __init__(
        self,
        database: Database,
        *,
        readers: Mapping[str, ReadsEvents] | None = None,
        unverifiable: Collection[str] = (),
        mention_readers: Mapping[str, ReadsMentions] | None = None,
        link_secret: bytes | None = None,
        lacking: tuple[str, ...] = (),
        inbox: Inbox | None = None,
        page: PageFiles | None = None,
        settings: Settings | None = None,
    ) -> None:
        self._database = database
        self._inbox = inbox
        self.events: EventIntake | None = None
        if readers or unverifiable:
            self.events = EventIntake(
                database, readers or {}, unverifiable=unverifiable, inbox=inbox
            )
        self.mentions: MentionIntake | None = None
        if mention_readers:
            wanted = [one for one in mention_readers if settings and settings.reads_private(one)]
            self.mentions = MentionIntake(database, mention_readers, private=wanted)
        self.links = Unsubscriber(database, link_secret) if link_secret else None
        self.page = page
        self.subscribing: Subscribing | None = None
        if link_secret and settings is not None:
            self.subscribing = Subscribing(database, settings, link_secret)
        self.client_address_header = settings.client_address_header if settings else ""
        self.lacking = lacking

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """What ``settings`` allow; brings the ledger up to date first.

        Raises ``WrongInput`` if that is nothing, and ``StoreUnavailable``.
        """
        found = build_readers(settings.channels)
        lacking = tuple(
            f"Events of {channel} are not accepted. {error}"
            for channel, error in found.lacking.items()
        )
        mention_readers, wrong = build_mention_readers(
            one for one in settings.channels if settings.listens_to(one)
        )
        lacking += tuple(
            f"Webhooks about mentions on {channel} are not accepted. {error}"
            for channel, error in wrong.items()
        )
        secret = settings.link_secret
        if secret is None:
            lacking += (
                "Nobody can subscribe, or unsubscribe by a link: FRONTFOOT_LINK_SECRET is not set.",
            )
        folder = settings.website_folder
        if not (found.readers or found.misconfigured or mention_readers or secret or folder):
            raise WrongInput(f"There is nothing to serve. {' '.join(lacking)}")
        migrate.upgrade(settings.database())
        return cls(
            Database.open(settings.database()),
            readers=found.readers,
            unverifiable=found.lacking,
            mention_readers=mention_readers,
            link_secret=secret.get_secret_value().encode() if secret else None,
            lacking=lacking,
            inbox=Inbox.of(settings.database()),
            page=PageFiles(folder) if folder else None,
            settings=settings,
        )

    async def enter_events(self) -> None:
        """Enter the events that wait in the inbox; until cancelled."""
        if self._inbox is not None:
            await EventEntry(self._database, self._inbox).run()

    async def close(self) -> None:
        """Close the ledger, and the inbox."""
        await self._database.close()
        if self._inbox is not None:
            await self._inbox.close()
