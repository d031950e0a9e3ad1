"""What a channel is: the protocols. Adapters find everything of the contract here.

The abilities that one may have besides are in ``channels.abilities``, the errors of an exchange in
``channels.errors``, what goes in and comes out in ``channels.values``; all are here, too.

An adapter talks to one provider and knows nothing of Temporal or of the database.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, runtime_checkable

from channels.abilities import (
    ArrivingEvents,
    CarriesImages,
    CredentialsExpire,
    Edits,
    ListsSuppressions,
    Measures,
    PageSource,
    ReadsEvents,
    ReportsQuota,
    Retracts,
    VerifiesOnArrival,
    WritesPage,
)
from channels.batch import Batch
from channels.errors import (
    BadCredentials,
    BadRecipient,
    BroadcastRefused,
    CannotExpress,
    ChannelError,
    Deferred,
    OutcomeUnknown,
    PerhapsPosted,
    Refused,
    Throttled,
    Unreachable,
)
from channels.values import Capabilities, ChannelKind, Health, Image, Publication, Quota, Template
from domain.message import Copy
from domain.publication import Receipt, Sighting

__all__ = [
    "ArrivingEvents",
    "BadCredentials",
    "BadRecipient",
    "BroadcastRefused",
    "CannotExpress",
    "Capabilities",
    "CarriesImages",
    "Channel",
    "ChannelError",
    "ChannelKind",
    "CredentialsExpire",
    "Deferred",
    "DirectChannel",
    "Edits",
    "Health",
    "Image",
    "ListsSuppressions",
    "Measures",
    "OutcomeUnknown",
    "PageSource",
    "PerhapsPosted",
    "PostChannel",
    "Publication",
    "Quota",
    "ReadsEvents",
    "Refused",
    "ReportsQuota",
    "Retracts",
    "Template",
    "Throttled",
    "Unreachable",
    "VerifiesOnArrival",
    "WritesPage",
]


class Channel(Protocol):
    """A configured account at a provider."""

    name: str
    capabilities: Capabilities

    def render(self, template: Template) -> Copy:
        """Return the final copy. Pure. Raises ``CannotExpress``."""
        ...

    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        """Say whether an attempt with ``key`` and ``copy``, begun at ``since``, went out.

        Reads only. Raises ``Unreachable`` or ``Throttled`` if looking itself failed and trying
        again may help; anything else that keeps it from knowing is *cannot tell*.
        """
        ...

    async def check(self) -> Health:
        """Say whether the credentials and the address work now, without publishing anything."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


@runtime_checkable
class PostChannel(Channel, Protocol):
    """One to all."""

    async def publish(self, publication: Publication) -> Receipt:
        """Publish once. Raises one of the ``ChannelError`` kinds other than ``CannotExpress``."""
        ...


@runtime_checkable
class DirectChannel(Channel, Protocol):
    """One to each."""

    async def send(self, batch: Batch) -> Receipt:
        """Send one batch in one request. Raises like ``publish``, and ``BadRecipient``."""
        ...
