"""What a message that is being proposed has to do with the status page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from activities.signatures.proposals import RenderMessage
from channels.contract import Channel, WritesPage
from domain.errors import DomainError
from domain.page_entry import PageEntry
from domain.page_rules import page_entry
from store.kernel.database import Database
from store.page.updates import entries_of


class ProposedPage:
    """The page's part of a document. ``channel`` finds one by its name, or raises."""

    def __init__(self, database: Database, channel: Callable[[str], Channel]) -> None:
        self._database = database
        self._channel = channel

    def refuse_components_elsewhere(self, order: RenderMessage) -> None:
        """Raise ``DomainError`` if a message sets components and does not go to the page."""
        if order.components and self._page(order) is None:
            raise DomainError(
                "This message does not go to the status page, so it cannot set components.",
                "Leave them out, or add the page to the message's `channels` in the playbook.",
            )

    async def entry(self, order: RenderMessage, facts: Mapping[str, str]) -> PageEntry | None:
        """What the message says on the page beside its words; None if it does not go there.

        Raises ``DomainError`` for a component that the playbook does not have.
        """
        found = self._page(order)
        if found is None:
            return None
        name, _ = found
        return page_entry(
            order.kind,
            order.plan.page,
            known=facts,
            before=await entries_of(self._database, order.message.incident, name),
            chosen=order.components,
            headline=order.title,
        )

    def _page(self, order: RenderMessage) -> tuple[str, WritesPage] | None:
        """The channel that is the status page, by its name, if the message goes to one."""
        for name in order.plan.messages[order.kind].channels:
            channel = self._channel(name)
            if isinstance(channel, WritesPage):
                return name, channel
        return None
