"""How much of what people said to us has an end: answered, or dismissed with a reason."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.model import Value
from domain.plural import plural
from domain.times import UtcTime

HOUR = timedelta(hours=1)
TEN_MINUTES = timedelta(minutes=10)
RULES = "rules"
"""What the agent is called where nobody is one."""


class Coverage(Value):
    """How many mentions are in which state. Deleted ones are gone, and count for nothing."""

    open: int = 0
    answered: int = 0
    dismissed: int = 0

    @property
    def all(self) -> int:
        """Every mention that was not deleted."""
        return self.open + self.answered + self.dismissed

    @property
    def ended(self) -> int:
        """Those that have an end: answered or dismissed."""
        return self.answered + self.dismissed

    @property
    def percent(self) -> str:
        """How much has an end, rounded down, since ``100 %`` is a promise; without any: 100 %."""
        return f"{100 * self.ended // self.all if self.all else 100} %"

    @property
    def in_words(self) -> str:
        """As it stands in a status: ``1,204 of 5,676 answered or dismissed, 4,472 open``."""
        left = f", {self.open:,} open" if self.open else ""
        return f"{self.ended:,} of {self.all:,} answered or dismissed{left}"

    def refuse_close(self, incident: str, waive: str) -> None:
        """Raise ``DomainError`` if a mention is open, unless that is waived in writing."""
        if not self.open or waive.strip():
            return
        raise DomainError(
            f"{plural(self.open, 'mention')} of this incident {'is' if self.open == 1 else 'are'} "
            "open: nobody has answered or dismissed "
            f"{'it' if self.open == 1 else 'them'}.",
            NextStep(
                action=Action.LIST_MENTIONS,
                incident=incident,
                advice="Answer or dismiss what is open, or close with a written waiver.",
            ),
        )


class Lately(Value):
    """How many in the last hour, and in its last ten minutes. What a machine wrote is not among
    them, nor what a rule dismissed because of that."""

    hour: int = 0
    ten_minutes: int = 0


class ChannelCoverage(Coverage):
    """The coverage of one channel. ``oldest_open`` is when the oldest open mention was written.

    ``closed`` are answered and dismissed ones.
    """

    channel: str
    oldest_open: UtcTime | None = None
    arrived: Lately = Lately()
    closed: Lately = Lately()


class AgentCoverage(Value):
    """What one person answered and dismissed. ``agent`` is empty for the rules, and for what was
    found answered on the platform."""

    agent: str
    answered: int = 0
    dismissed: int = 0
    closed: Lately = Lately()


class CoverageReport(Value):
    """How much has an end at the moment ``at``: in all, by channel and by whoever answered."""

    at: UtcTime
    channels: tuple[ChannelCoverage, ...] = ()
    agents: tuple[AgentCoverage, ...] = ()

    @property
    def total(self) -> Coverage:
        """All channels together."""
        return Coverage(
            open=sum(one.open for one in self.channels),
            answered=sum(one.answered for one in self.channels),
            dismissed=sum(one.dismissed for one in self.channels),
        )

    @property
    def arrived(self) -> Lately:
        """What came lately, on all channels."""
        return _sum([one.arrived for one in self.channels])

    @property
    def closed(self) -> Lately:
        """What was answered or dismissed lately, on all channels."""
        return _sum([one.closed for one in self.channels])

    @property
    def oldest_open(self) -> datetime | None:
        """When the oldest open mention was written; None if none is open."""
        return min((one.oldest_open for one in self.channels if one.oldest_open), default=None)


def _sum(parts: list[Lately]) -> Lately:
    return Lately(
        hour=sum(one.hour for one in parts), ten_minutes=sum(one.ten_minutes for one in parts)
    )
