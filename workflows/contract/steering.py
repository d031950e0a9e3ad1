"""Steering what was approved: taking back, pausing, trying again, entering what was seen."""

from __future__ import annotations

from domain.actor import Actor
from domain.broadcasting import BroadcastAction
from domain.ids import AudienceName, ChannelName
from domain.model import Value
from domain.publication import Outcome


class Withdraw(Value):
    """Stop a message, and take back what can be taken back."""

    message: int
    actor: Actor
    reason: str = ""


class SteerBroadcast(Value):
    """Pause, resume or stop one broadcast of a message; everything else is left alone.

    Here and below, ``audience`` may be left out where the message goes to one on that channel.
    """

    message: int
    actor: Actor
    action: BroadcastAction
    channel: ChannelName
    audience: AudienceName | None = None
    reason: str = ""


class RetryChannel(Value):
    """Publish an approved message once more on a channel that refused it."""

    message: int
    actor: Actor
    channel: ChannelName
    audience: AudienceName | None = None


class Settle(Value):
    """Enter, after looking at the platform, whether a publication of unknown outcome went out.

    On a direct channel it covers the ``batches`` with these numbers; if there are none, all that
    are unknown. Single batches may be settled while the others are still on their way.
    """

    message: int
    actor: Actor
    channel: ChannelName
    audience: AudienceName | None = None
    went_out: bool
    url: str | None = None
    batches: tuple[int, ...] = ()


class Reconciled(Value):
    """A known outcome of a message, after the ledger was compared with what went out."""

    message: int
    outcome: Outcome


class Reconcile(Value):
    """Enter what a comparison of the ledger with what went out has found.

    ``seen`` is what a person has said of batches. Once nothing is open, ``generation`` names the
    ledger to go on with, and ``outcomes`` are what is known now; until then it is "".
    """

    actor: Actor
    generation: str = ""
    outcomes: tuple[Reconciled, ...] = ()
    seen: tuple[str, ...] = ()
