"""What anybody may do about their own subscription: ask for one, confirm, change and end it."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Iterable
from datetime import UTC, datetime
from typing import TypeVar

from client.errors import NotEntered
from client.page_words import PageWords, page_words
from domain.errors import DomainError
from domain.playbook import PAGE_CHANNEL
from domain.subscribers import (
    LEAVE_PATH,
    MANAGE_PATH,
    SubscriberView,
    read_confirm_token,
    read_subscriber_token,
    subscriber_token,
)
from settings import Settings
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.people import sign_ups, subscriber_list, subscribers
from store.people.addresses import read_pasted
from store.people.subscribers import SubscriptionState

T = TypeVar("T")


class Subscribing:
    """The subscriptions of the status page, as the public may use them.

    A token that is not ours raises ``LinkInvalid``, and what was forgotten ``DomainError``;
    everything raises ``NotEntered`` while the ledger is away.
    """

    def __init__(self, database: Database, settings: Settings, secret: bytes) -> None:
        self._database = database
        self._settings = settings
        self._secret = secret

    @property
    def takes_sign_ups(self) -> bool:
        """Whether somebody new may ask: only where there is a page. Links in mail work anyway."""
        return PAGE_CHANNEL in self._settings.channels

    async def words(self) -> PageWords:
        """What the pages say of the company."""
        return await _entered(page_words(self._database, self._settings))

    async def ask(self, typed: str, components: Iterable[str]) -> None:
        """Have a mail ask the owner of an address whether they want to be told.

        Says nothing about whether the address is known. ``InvalidAddress`` if it is none.
        """
        address, _ = read_pasted(typed)
        chosen = _chosen(components, (await self.words()).components)
        nonce = secrets.token_urlsafe(16)
        asked = sign_ups.ask(self._database, address, chosen, nonce, datetime.now(UTC))
        await _entered(asked)

    async def refuse_void(self, token: str) -> None:
        """Raise ``LinkInvalid`` unless the request behind a link can be confirmed now."""
        nonce = read_confirm_token(self._secret, token)
        await _entered(sign_ups.refuse_void(self._database, nonce, datetime.now(UTC)))

    async def confirm(self, token: str) -> str:
        """Subscribe who asked; return their token for the page to manage it."""
        nonce = read_confirm_token(self._secret, token)
        subscriber = await _entered(sign_ups.confirm(self._database, nonce, datetime.now(UTC)))
        return subscriber_token(self._secret, MANAGE_PATH, subscriber)

    async def read(self, token: str) -> SubscriberView:
        """All that is known of the subscriber whose link to manage it is."""
        found = await _entered(subscribers.get(self._database, self._managed(token)))
        return SubscriberView(
            address=found.address,
            subscribed=found.state is SubscriptionState.CONFIRMED,
            since=f"{found.since:%Y-%m-%d %H:%M} UTC",
            source=found.source,
            components=found.components,
        )

    async def choose(self, token: str, components: Iterable[str]) -> None:
        """Replace what they chose; nothing, or everything there is, means everything."""
        chosen = _chosen(components, (await self.words()).components)
        await _entered(subscribers.choose(self._database, self._managed(token), chosen))

    async def leave_managed(self, token: str) -> None:
        """Unsubscribe, from the page to manage it."""
        await self._leave(self._managed(token))

    async def forget(self, token: str) -> None:
        """Delete all that is known of them."""
        now = datetime.now(UTC)
        await _entered(subscriber_list.forget(self._database, self._managed(token), now))

    def read_leaving(self, token: str) -> None:
        """Raise ``LinkInvalid`` unless it is our link to unsubscribe."""
        read_subscriber_token(self._secret, LEAVE_PATH, token)

    async def leave(self, token: str) -> None:
        """Unsubscribe, by the link in a mail; a repeat changes nothing."""
        await self._leave(read_subscriber_token(self._secret, LEAVE_PATH, token))

    async def _leave(self, subscriber: int) -> None:
        await _entered(subscribers.leave(self._database, subscriber, datetime.now(UTC)))

    def _managed(self, token: str) -> int:
        return read_subscriber_token(self._secret, MANAGE_PATH, token)


def _chosen(asked: Iterable[str], known: Iterable[str]) -> list[str]:
    """Those of the known components that were asked for; none if that is all of them."""
    wanted, every = set(asked), list(known)
    chosen = [one for one in every if one in wanted]
    if wanted - set(every):
        raise DomainError("The list of components has changed.", "Choose again.")
    return [] if len(chosen) == len(every) else chosen


async def _entered(working: Awaitable[T]) -> T:
    try:
        return await working
    except StoreUnavailable as error:
        raise NotEntered(error.explanation.what) from error
