"""What the contract suite asks of a provider: to misbehave on command, and to record requests."""

from __future__ import annotations

from collections.abc import Sequence
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
    KNOWS_NO_SUCH_PLACE = "says that there is nothing at this address (404)"
    CALLS_TOO_LARGE = "says that the request is too large (413)"
    REDIRECTS = "sends us elsewhere"
    UNREACHED = "does not take a connection in time"
    SILENT_BEFORE = "takes nothing and never answers"
    SILENT_AFTER = "takes it and answers too late"
    DROPS_BEFORE = "takes nothing and hangs up"
    DROPS_AFTER = "takes it and hangs up"
    FAILS_BEFORE = "takes nothing and answers 5xx"
    FAILS_AFTER = "takes it and answers 5xx"
    BREAKS_OFF_AFTER = "takes it and breaks off in the middle of its answer"
    GIVES_UP_AFTER = "takes it and answers 408"
    GATEWAY_FAILS_AFTER = "takes it, and a gateway answers 502"
    BUSY_AFTER = "takes it and answers 503 with a Retry-After"
    GATEWAY_TIMES_OUT_AFTER = "takes it, and a gateway answers 504"
    UNREADABLE_AFTER = "takes it and answers 2xx with what nobody can read"
    EMPTY_AFTER = "takes it and answers 2xx with nothing"
    WITHOUT_ID_AFTER = "takes it and answers 2xx with an object that has no id"


NOT_TAKEN = (Misbehaviour.SILENT_BEFORE, Misbehaviour.DROPS_BEFORE, Misbehaviour.FAILS_BEFORE)
TAKEN = (
    Misbehaviour.SILENT_AFTER,
    Misbehaviour.DROPS_AFTER,
    Misbehaviour.FAILS_AFTER,
    Misbehaviour.BREAKS_OFF_AFTER,
    Misbehaviour.GIVES_UP_AFTER,
    Misbehaviour.GATEWAY_FAILS_AFTER,
    Misbehaviour.BUSY_AFTER,
    Misbehaviour.GATEWAY_TIMES_OUT_AFTER,
    Misbehaviour.UNREADABLE_AFTER,
    Misbehaviour.EMPTY_AFTER,
    Misbehaviour.WITHOUT_ID_AFTER,
)
REFUSALS = (
    Misbehaviour.REFUSES,
    Misbehaviour.CALLS_INVALID,
    Misbehaviour.FORBIDS,
    Misbehaviour.KNOWS_NO_SUCH_PLACE,
    Misbehaviour.CALLS_TOO_LARGE,
)


class LookFault(StrEnum):
    """What a provider is told to do to every look, and to every check, from now on."""

    FORBIDDEN = "may not be read with these credentials (403)"
    CREDENTIALS_DEAD = "refuses our credentials (401)"
    THROTTLES = "throttles looks (429)"
    FAILS = "answers 5xx"
    SILENT = "never answers"
    WITHOUT_LIST = "answers 2xx with an object that has no list in it"
    UNREADABLE = "answers 2xx with what nobody can read"
    GONE = "says that there is nothing at this address (404)"
    REDIRECTS = "sends us elsewhere"
    DROPS = "hangs up"
    EMPTY = "answers 2xx with nothing"
    NULL = "answers 2xx with null"
    FAILS_LATER = "answers the first look, and 5xx from then on"
    FORBIDDEN_LATER = "answers the first look, and 403 from then on"
    DROPS_LATER = "answers the first look, and hangs up from then on"
    UNREADABLE_LATER = "answers the first look, and what nobody can read from then on"


LATER = {
    LookFault.FAILS_LATER: LookFault.FAILS,
    LookFault.FORBIDDEN_LATER: LookFault.FORBIDDEN,
    LookFault.DROPS_LATER: LookFault.DROPS,
    LookFault.UNREADABLE_LATER: LookFault.UNREADABLE,
}
"""Faults that begin with the second look, and what they are from then on."""


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


@dataclass(frozen=True, slots=True)
class Post:
    """A post as everybody sees it: its words, and nothing that travelled beside them.

    ``answers`` is the id of the post that it replies to. ``image`` and ``alt`` are a picture's
    bytes and the words for whoever cannot see it.
    """

    id: str
    text: str
    answers: str | None = None
    image: bytes | None = None
    alt: str = ""


@runtime_checkable
class ShowsPosts(Protocol):
    """What a stand-in for posts may have besides; abilities such as replies cannot do without.

    Without it the suite looks for the signed words in what ``accepted`` says.
    """

    async def posts(self) -> list[Post] | None:
        """Every post there is, oldest first; None where this provider does not tell."""
        ...


@runtime_checkable
class LetsPeopleSpeak(Protocol):
    """What a stand-in for a channel that listens has besides."""

    async def say(self, texts: Sequence[str]) -> list[str]:
        """Let strangers say that to us, one thing each; the ids of the mentions, in this order."""
        ...


@runtime_checkable
class LetsPeopleWrite(Protocol):
    """What a stand-in for a channel with private messages has besides."""

    async def write(self, texts: Sequence[str], *, by_us: bool = False) -> list[str]:
        """Let strangers say that to us alone; the ids of the mentions, in this order.

        ``by_us``: our account says it to strangers.
        """
        ...


@runtime_checkable
class TakesReplies(Protocol):
    """What a stand-in for a channel that replies has besides."""

    async def answers_to(self, mention: str) -> list[str]:
        """The words of our answers under the mention or post with that id, oldest first."""
        ...

    async def take_away(self, mention: str) -> None:
        """Let whoever said it delete it."""
        ...


@runtime_checkable
class CountsRequests(Protocol):
    """What a stand-in that sees every request has besides."""

    async def tried(self) -> int:
        """How many requests tried to publish, whatever came of them.

        One to an address where nobody listens is one.
        """
        ...


@runtime_checkable
class KeepsLetters(Protocol):
    """What a stand-in for mail has besides."""

    async def letters(self) -> list[Letter]:
        """Every mail that was taken, oldest first, as its addressee gets it."""
        ...
