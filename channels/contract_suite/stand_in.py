"""What the contract suite asks of a provider: to misbehave on command, and to record requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from channels.contract import Channel


class Misbehaviour(StrEnum):
    """What a provider is to do to the next request that publishes."""

    THROTTLES = "throttles, and says until when"
    THROTTLES_WITHOUT_RESET = "throttles, and does not say until when"
    REFUSES = "refuses the words"
    CALLS_INVALID = "calls the request invalid (400)"
    FORBIDS = "forbids these words (403)"
    CREDENTIALS_DEAD = "refuses our credentials"
    REDIRECTS = "sends us elsewhere"
    SILENT_BEFORE = "takes nothing and never answers"
    SILENT_AFTER = "takes it and answers too late"
    DROPS_BEFORE = "takes nothing and hangs up"
    DROPS_AFTER = "takes it and hangs up"
    FAILS_BEFORE = "takes nothing and answers 5xx"
    FAILS_AFTER = "takes it and answers 5xx"
    UNREADABLE_AFTER = "takes it and answers 2xx with what nobody can read"


NOT_TAKEN = (Misbehaviour.SILENT_BEFORE, Misbehaviour.DROPS_BEFORE, Misbehaviour.FAILS_BEFORE)
TAKEN = (
    Misbehaviour.SILENT_AFTER,
    Misbehaviour.DROPS_AFTER,
    Misbehaviour.FAILS_AFTER,
    Misbehaviour.UNREADABLE_AFTER,
)
REFUSALS = (Misbehaviour.REFUSES, Misbehaviour.CALLS_INVALID, Misbehaviour.FORBIDS)


class LookFault(StrEnum):
    """What a provider is told to do to every look, and to every check, from now on."""

    FORBIDDEN = "may not be read with these credentials (403)"
    CREDENTIALS_DEAD = "refuses our credentials (401)"
    THROTTLES = "throttles looks (429)"
    FAILS = "answers 5xx"
    SILENT = "never answers"
    WITHOUT_LIST = "answers 2xx with an object that has no list in it"
    UNREADABLE = "answers 2xx with what nobody can read"
    FAILS_LATER = "answers the first look, and 5xx from then on"


class NotPlayed(Exception):
    """A stand-in's reason why its provider cannot misbehave like that: the promise is skipped."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as one addressee gets it, with the ``[[fields]]`` filled in.

    ``visible`` are the addresses that the addressee sees as recipients, the own one included.
    ``unsubscribe`` and ``unsubscribe_post`` are the headers ``List-Unsubscribe`` and
    ``List-Unsubscribe-Post``, or empty. ``delivery`` is our key as it travelled with the mail; a
    provider that puts more around it may show that too.
    """

    address: str
    delivery: str
    subject: str
    text: str
    html: str = ""
    sender: str = ""
    reply_to: str = ""
    unsubscribe: str = ""
    unsubscribe_post: str = ""
    visible: tuple[str, ...] = ()


class StandIn(Protocol):
    """A stand-in for a provider, at the other end of the channel under test.

    ``secrets`` are credentials given to the channel, and the provider's own texts: none of it may
    appear in an error or a log. ``wait`` is how long it throttles. ``page_size`` is how many posts
    one answer to a look shows at most, or None where ``find`` asks for one thing by its key.
    """

    @property
    def secrets(self) -> tuple[str, ...]: ...

    @property
    def wait(self) -> timedelta: ...

    @property
    def page_size(self) -> int | None: ...

    def channel(self) -> Channel:
        """A new channel that speaks to this provider, with time-outs under a second."""
        ...

    def channel_to_nowhere(self) -> Channel:
        """A new channel configured for an address where nobody listens."""
        ...

    async def misbehave(self, how: Misbehaviour) -> None:
        """Do that to the next request that publishes; the one after it is served well.

        Raises ``NotPlayed`` if this provider never does.
        """
        ...

    async def misbehave_at_looks(self, how: LookFault) -> None:
        """Do that to each request that only reads. Raises ``NotPlayed`` if it never does."""
        ...

    async def accepted(self) -> list[str]:
        """What was published, oldest first, each as everything that travelled for it."""
        ...


@runtime_checkable
class KeepsLetters(Protocol):
    """What a stand-in for mail has besides."""

    async def letters(self) -> list[Letter]:
        """Every mail that was taken, oldest first, as its addressee gets it."""
        ...
