"""What a channel may be able to do besides publishing: each is a protocol with few methods.

A class that has the methods has the ability.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from channels.values import Image, Publication, Quota
from domain.delivery_events import DeliveryEvent, UnreadableEvent
from domain.message import Copy
from domain.publication import Receipt
from domain.status_page import StatusPage
from domain.suppression import ListedAddress


@runtime_checkable
class Measures(Protocol):
    """A channel whose provider counts otherwise than in characters."""

    def length_of(self, text: str) -> int:
        """The length of a whole text in the units of ``Capabilities.length_unit``."""
        ...


@runtime_checkable
class Retracts(Protocol):
    """A channel that can delete a post."""

    async def retract(self, receipt: Receipt) -> None:
        """Delete the post; a post that is gone already counts as taken back."""
        ...


@runtime_checkable
class CarriesImages(Protocol):
    """A channel whose posts may have a picture.

    ``image_types`` are the media types it takes, ``image_limit`` the most bytes of one.
    """

    image_types: frozenset[str]
    image_limit: int

    async def publish_image(self, publication: Publication, image: Image) -> Receipt:
        """Publish once, words and picture in one post.

        Raises like ``publish``, and ``CannotExpress`` for a picture without ``alt``, of another
        type or too large. A failed upload that comes before the post is not an unknown outcome:
        nothing was published by it.
        """
        ...


@runtime_checkable
class Edits(Protocol):
    """A channel that can change the words of a post."""

    async def edit(self, receipt: Receipt, copy: Copy) -> Receipt:
        """Replace all words of the post by those of ``copy``; its id stays.

        Raises like ``publish``; a post that is gone is ``Refused``.
        """
        ...


class PageSource(Protocol):
    """Where a status page comes from: the record of everything that is on it."""

    async def snapshot(
        self, url: str, *, name: str = "", home: str | None = None, without: str = ""
    ) -> StatusPage:
        """All that the page shows now, under a number higher than any before.

        ``without`` is the key of a publication that is being taken back. Raises ``Unreachable`` if
        it cannot be read: nothing has been written then.
        """
        ...


@runtime_checkable
class WritesPage(Protocol):
    """A post channel whose posts are a status page, written as a whole each time."""

    def read_from(self, source: PageSource) -> None:
        """Take everything that is written from ``source``, from now on."""
        ...

    def address_of(self, incident: str, key: str, *, article: bool) -> str:
        """Where people will read the publication with ``key``; pure."""
        ...

    async def refresh(self) -> None:
        """Write the page once more, so that it is seen to be of now. Raises like ``publish``."""
        ...


@runtime_checkable
class ReportsQuota(Protocol):
    """A channel whose provider says how much may still be published."""

    async def quota(self) -> Quota:
        """The quota now. Reads only; raises ``Unreachable``, ``Throttled`` or ``Refused``."""
        ...


@runtime_checkable
class CredentialsExpire(Protocol):
    """A channel whose credentials stop working by themselves."""

    async def credentials_expire_at(self) -> datetime | None:
        """When (UTC), or None if these never do.

        Reads only; raises ``Unreachable``, ``Throttled`` or ``Refused``.
        """
        ...


@runtime_checkable
class ListsSuppressions(Protocol):
    """A channel whose provider keeps lists of addresses that must not be written to."""

    def suppressions(self) -> AsyncIterator[ListedAddress]:
        """Every address on a list that stops our mail for good, list by list; reads only.

        Raises ``Unreachable``, ``Throttled`` or ``Refused`` at any step; starting again is
        harmless. An address may come several times.
        """
        ...


@runtime_checkable
class ReadsEvents(Protocol):
    """Reads what a provider reports about our mail later on; has no credential that could send.

    It is not the channel itself: it lives in the process that the internet can reach.
    """

    def read_events(
        self, body: bytes, headers: Mapping[str, str]
    ) -> Sequence[DeliveryEvent | UnreadableEvent]:
        """The events about our mail in one signed delivery of events; others are ignored.

        ``body`` is as it came, byte for byte; ``headers`` are found by lower-case names. Raises
        ``EventsNotGenuine`` before anything is parsed, or ``EventsUnreadable``. An event that
        cannot be read costs no other one: it is handed on as an ``UnreadableEvent``.
        """
        ...


class ArrivingEvents(Protocol):
    """One delivery of events whose body is still coming in."""

    def add(self, piece: bytes) -> None:
        """The next piece of the body, which need not be kept here."""
        ...

    def verify(self) -> None:
        """Raise ``EventsNotGenuine`` if the pieces so far are not the body that was signed."""
        ...

    def read(self, body: bytes) -> Sequence[DeliveryEvent | UnreadableEvent]:
        """The events in the whole body; raises like ``ReadsEvents.read_events``."""
        ...


@runtime_checkable
class VerifiesOnArrival(Protocol):
    """A reader that refuses most of what is not genuine before it has a body."""

    def expect_events(self, headers: Mapping[str, str]) -> ArrivingEvents:
        """Begin to verify a delivery.

        Raises ``EventsNotGenuine`` if no body at all could be genuine under these headers.
        """
        ...
