"""Who plays which part in the demo, and what is remembered of how it went."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.actor import Actor

INCIDENT = "buffer-saturday"
TITLE = "Spam went out through customers' accounts"
LEAD = "maya"
THE_LEAD = Actor.at_terminal(LEAD)


@dataclass
class Refusal:
    """A decision that was tried and refused, with the reason."""

    who: str
    tried: str
    why: str


@dataclass
class StoodIn:
    """Somebody never answered, and somebody else was asked on a rung, so many seconds later."""

    silent: str
    person: str
    rung: str
    message: int
    after: float


@dataclass
class Story:
    """What the scorecard wants to know about how it went.

    ``both`` are the addresses of customers who are subscribers of the status page too, ``said`` the
    ids of what strangers said, by channel. ``broke_off`` is why it did not come to its end, such as
    a batch that nobody can tell about.
    """

    refusals: list[Refusal] = field(default_factory=list)
    both: list[str] = field(default_factory=list)
    said: dict[str, frozenset[str]] = field(default_factory=dict)
    killed_at: int | None = None
    stood_in: StoodIn | None = None
    of: int = 0
    broke_off: str = ""
