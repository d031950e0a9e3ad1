"""What may be released: copy that is exactly a signed form with signed values in its blanks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from activities.signatures.posts import PublicationTask
from channels.contract import Channel
from channels.holding import statement_copy
from domain.errors import DomainError
from domain.holding import HoldingForms, Released
from domain.message import Document
from domain.opening import OpeningKind, SealedOpening
from domain.page_entry import PageEntry
from store.kernel.database import Database
from store.record import messages, openings


class ReleasedCopy:
    """Compares what is about to go out with the form that it names.

    Nobody signed it on the day, so nothing is believed: whoever controls Temporal could ask for any
    document to be opened, and whoever writes to the database could change one.
    """

    def __init__(self, database: Database, channels: Mapping[str, Channel]) -> None:
        self._database = database
        self._channels = channels

    async def form_of(self, task: PublicationTask) -> SealedOpening:
        """The opening of the form that a released message was made of, once it was compared.

        Its own seal is still to be checked. Raises ``DomainError``.
        """
        document = await messages.load_revision(self._database, task.message)
        released = document.released
        if released is None or document.digest() != task.digest:
            raise _refusal(f"Message {task.message.number} is made of no holding statement.")
        opening = await openings.find(self._database, released.form, OpeningKind.HOLDING)
        if opening is None or opening.digest != released.digest:
            raise _refusal("Nobody has approved the holding statements that it names.")
        if opening.revoked_at:
            raise _refusal("The approval of its holding statements was withdrawn.")
        form = await messages.load_revision(self._database, released.form)
        if form.digest() != released.digest or form.holding is None:
            raise _refusal("The holding statements in the ledger are not those that were approved.")
        form.holding.refuse_expired(datetime.now(UTC))
        self._compare(document, released, form.holding, task)
        return opening

    def _compare(
        self, document: Document, released: Released, forms: HoldingForms, task: PublicationTask
    ) -> None:
        """Raise ``DomainError`` unless the copy is the statement, word for word."""
        statement = forms.statement(released.statement)
        channel = self._channels.get(task.channel)
        if channel is None:
            raise _refusal(f"This worker has no channel {task.channel} to compare it with.")
        if document.kind is not statement.kind or task.channel not in statement.channels:
            raise _refusal(f"Holding statement {statement.name} was not approved for this.")
        copy = document.copy_for(task.channel)
        words = statement.fill(released.blanks, document.next_update_by, document.proposed_at)
        expected = statement_copy(channel, forms, words, mark=copy.mark, link=copy.link)
        own = (document.audiences, document.offer, document.replies) == ((), None, None)
        if copy != expected or not own or not _plain(document.page):
            raise _refusal(f"These are not the words of holding statement {statement.name}.")


def _plain(page: PageEntry | None) -> bool:
    """Whether an entry on the status page says nothing beside the words."""
    return page is None or (
        not page.article
        and page.headline is None
        and all(one.state is None for one in page.components)
    )


def _refusal(what: str) -> DomainError:
    return DomainError(
        what,
        "Have a message signed in its incident. If you did not start this, find out who may write "
        "to Temporal or to the database.",
        means="Nothing was sent.",
    )
