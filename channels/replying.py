"""Channels that answer: one reply to one mention, and whether there is one already."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, runtime_checkable

from channels.contract import Publication, Refused
from domain.mentions import Mention
from domain.message import Copy
from domain.publication import Receipt, Sighting


class MentionGone(Refused):
    """The mention is not there any more: it was deleted, or its author is."""


class NotAllowed(Refused):
    """The platform does not let this account answer this author."""


@runtime_checkable
class Replies(Protocol):
    """A channel that can answer a mention."""

    def render_reply(self, text: str, to: Mention) -> Copy:
        """The final copy of an answer. Pure. Raises ``CannotExpress``."""
        ...

    async def reply(self, publication: Publication, to: Mention) -> Receipt:
        """Publish once; raises like ``publish``, and ``MentionGone`` and ``NotAllowed``."""
        ...

    async def find_reply(self, to: Mention, since: datetime) -> Sighting:
        """Whether our account answered exactly this mention since then; raises like ``find``."""
        ...
