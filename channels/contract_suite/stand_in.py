"""What the contract suite asks of a provider: to misbehave on command, and to record requests."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from channels.contract import Channel


class Misbehaviour(StrEnum):
    """What a provider is to do to the next request that publishes."""

    THROTTLES = "throttles, and says until when"
    THROTTLES_WITHOUT_RESET = "throttles, and does not say until when"
    REFUSES = "refuses the words"
    CREDENTIALS_DEAD = "takes our credentials no more"
    REDIRECTS = "sends us elsewhere"
    SILENT_BEFORE = "takes nothing and never answers"
    SILENT_AFTER = "takes it and answers too late"
    DROPS_BEFORE = "takes nothing and hangs up"
    DROPS_AFTER = "takes it and hangs up"
    FAILS_BEFORE = "takes nothing and answers 5xx"
    FAILS_AFTER = "takes it and answers 5xx"


NOT_TAKEN = (Misbehaviour.SILENT_BEFORE, Misbehaviour.DROPS_BEFORE, Misbehaviour.FAILS_BEFORE)
TAKEN = (Misbehaviour.SILENT_AFTER, Misbehaviour.DROPS_AFTER, Misbehaviour.FAILS_AFTER)


class StandIn(Protocol):
    """A stand-in for a provider, at the other end of the channel under test.

    ``secrets`` are credentials given to the channel, and the provider's own texts: none of it may
    appear in an error. ``wait`` is how long it throttles.
    """

    @property
    def secrets(self) -> tuple[str, ...]: ...

    @property
    def wait(self) -> timedelta: ...

    def channel(self) -> Channel:
        """A new channel that speaks to this provider, with time-outs under a second."""
        ...

    def channel_to_nowhere(self) -> Channel:
        """A new channel configured for an address where nobody listens."""
        ...

    async def misbehave(self, how: Misbehaviour) -> None:
        """Do that to the next request that publishes; the one after it is served well."""
        ...

    async def accepted(self) -> list[str]:
        """What was published, oldest first, each as everything that travelled for it."""
        ...
