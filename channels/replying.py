"""Channels that answer: a reply of ours to exactly one mention, once, and a look for it later.

A reply goes out like any publication, in one attempt, and may fail in two ways of its own::

    Refused
    ├─ MentionGone   nothing went out · the mention is closed    deleted, or its author is
    └─ NotAllowed    nothing went out · a person decides         not mentioned, blocked, protected

It bears no mark, because hundreds of people get nearly the same words. It is found by who wrote it
and by what it answers, which the platform itself records.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from channels.contract import CannotExpress, Publication, Refused
from channels.wording import tidy
from domain.mentions import Mention
from domain.message import PERSONAL_FIELD, Copy
from domain.publication import Receipt, Sighting
from domain.replies import AccountLimit

LIMITS_PATTERN = r"^[1-9][0-9]{0,6}/[1-9][0-9]{0,6}(,[1-9][0-9]{0,6}/[1-9][0-9]{0,6})*$"
"""The limits of an account as settings have them: counts, each in so many seconds."""


class MentionGone(Refused):
    """The mention is not there any more: it was deleted, or its author is. Nothing went out."""


class NotAllowed(Refused):
    """The platform does not let this account answer this author. Nothing went out."""


@runtime_checkable
class Replies(Protocol):
    """A channel that can answer what somebody said; its capabilities have its terms.

    A post of our own is answered in the same way, which makes a thread: ``mention_of``.
    """

    def render_reply(self, text: str, to: Mention) -> Copy:
        """Return the final copy of an answer: all of it, the author's name included. Pure.

        Raises ``CannotExpress``: empty, too long, or an answer that this channel never gives.
        """
        ...

    async def reply(self, publication: Publication, to: Mention) -> Receipt:
        """Publish a rendered answer once; raises like ``publish``, and the two errors above.

        Looking at the mention after a refusal is allowed, a second attempt is not.
        """
        ...

    async def find_reply(self, to: Mention, since: datetime) -> Sighting:
        """Say whether an answer of our account to exactly this mention went out from ``since`` on.

        Whatever its words are. Reads only, and raises like ``find``.
        """
        ...


@runtime_checkable
class Glances(Protocol):
    """A channel that need not read everything anew to see whether a mention has an answer."""

    async def glance(self, to: Mention, since: datetime) -> Sighting:
        """Say what ``find_reply`` says, by what was read lately; raises like it.

        Good enough before a first attempt, which is most of all about answers that people gave by
        hand. Whether an attempt of ours went out is for ``find_reply``, since lists may lag.
        """
        ...


@runtime_checkable
class RereadsMentions(Protocol):
    """A channel that can look at mentions again, where nothing tells of an edit.

    Before a reply they are looked at, so that it answers what they say now.
    """

    async def reread(self, mentions: Sequence[Mention]) -> Sequence[Mention]:
        """Those of these mentions that the platform still shows, as they are now, in one look.

        What is not among them may be deleted, or hidden. Raises like ``find_reply``.
        """
        ...


def refuse_private(to: Mention) -> None:
    """Raise ``NotAllowed`` for what was said to the account alone.

    An answer from here would be public. Mail is another matter: its answer is as private.
    """
    if to.is_private_message:
        raise NotAllowed(f"{to.channel}: {_SAID_ALONE} Nothing went out.", _ANSWER_BY_HAND)


def cannot_answer_private(to: Mention) -> None:
    """Raise ``CannotExpress`` for the same, while nothing was to go out yet."""
    if to.is_private_message:
        raise CannotExpress(f"{to.channel}: {_SAID_ALONE}", _ANSWER_BY_HAND)


_SAID_ALONE = "this was said to the account alone, and is not answered in public."
_ANSWER_BY_HAND = "Answer it on the platform itself, and dismiss it as answered elsewhere."


def read_limits(limits: str) -> tuple[AccountLimit, ...]:
    """The limits of an account from its settings, such as ``100/900,300/10800``."""
    pairs = (one.split("/") for one in limits.split(","))
    return tuple(
        AccountLimit(count=int(count), window=timedelta(seconds=int(seconds)))
        for count, seconds in pairs
    )


def mention_of(receipt: Receipt, channel: str) -> Mention:
    """A post of our own as what is answered: the next part of a thread."""
    return Mention(
        channel=channel, id=receipt.id, version="", written_at=receipt.at, changed_at=receipt.at
    )


def words_of_reply(text: str, channel: str) -> str:
    """The words of an answer as they will be published. Raises ``CannotExpress``."""
    words = tidy(text)
    if not words:
        raise CannotExpress(f"{channel}: the reply is empty.", "Write something.")
    if PERSONAL_FIELD.search(words):
        raise CannotExpress(
            f"{channel}: the reply has a [[field]] that nobody fills in.",
            "Write what belongs there in its place.",
        )
    return words


def refuse_length(channel: str, length: int, limit: int, unit: str = "characters") -> None:
    """Raise ``CannotExpress`` if a reply is too long for ``channel``."""
    if length > limit:
        raise CannotExpress(
            f"{channel}: the reply is {length - limit:,} too long: {length:,} of {limit:,} {unit}.",
            "Shorten it.",
        )
