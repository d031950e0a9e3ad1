"""How an exchange with a provider can end, other than in a receipt.

::

    ChannelError
    ├─ Unreachable        nothing went out · try again      connect, DNS, TLS, pool
    ├─ Throttled          nothing went out · try at `until` 429 and its relatives
    │  └─ Deferred        … for these recipients only; others may be accepted now
    ├─ Refused            nothing went out · ask a person   4xx
    │  ├─ BadCredentials  … and stop this channel
    │  ├─ BroadcastRefused … and stop this broadcast: it is about us, not about recipients
    │  └─ BadRecipient    … these recipients only; the rest of the batch may go
    ├─ CannotExpress      raised by `render`, before any gate
    └─ OutcomeUnknown     nobody knows · look first         read time-out, reset, 5xx
       └─ PerhapsPosted   … if it is absent, it is refused  "duplicate", "already posted"

The message of an error names the provider, what was tried and the next step. It contains no
address, token, body or text from the provider: it reaches histories, logs and people.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.explanation import Explanation, NextStep, explained


class ChannelError(Exception):
    """An exchange with a provider that did not end in a receipt."""

    def __init__(self, message: str, next_step: NextStep | str = "") -> None:
        self.explanation = explained(message, next_step)
        super().__init__(str(self.explanation))

    @property
    def message(self) -> str:
        """What happened, in a sentence."""
        return self.explanation.what

    @property
    def next_step(self) -> str:
        """The advice in words."""
        return str(self.explanation.next_step)


class Unreachable(ChannelError):
    """Nothing went out, and trying again is right."""


class Throttled(ChannelError):
    """Nothing went out; the provider accepts requests again at ``until`` (UTC)."""

    def __init__(self, message: str, *, until: datetime, next_step: NextStep | str = "") -> None:
        super().__init__(message, next_step)
        self.until = until


class Deferred(Throttled):
    """The provider defers the recipients of this batch; it may be accepting others meanwhile.

    ``certain``: its answer is about these recipients. Otherwise it could also be about us.
    """

    def __init__(
        self,
        message: str,
        *,
        until: datetime,
        certain: bool = False,
        next_step: NextStep | str = "",
    ) -> None:
        super().__init__(message, until=until, next_step=next_step)
        self.certain = certain


class Refused(ChannelError):
    """Nothing went out, and nothing will until a person does something."""


class BadCredentials(Refused):
    """The account, not the message, was refused: nothing more goes out on this channel."""


class BroadcastRefused(Refused):
    """Our sender, our account's limits or the message as a whole was refused.

    Every other batch of the broadcast would be refused too, so it stops; no recipient is at fault.
    """


class BadRecipient(Refused):
    """The provider named addressees that it does not accept; nothing of the batch went out.

    ``positions`` are indices into the batch's ``addressees``.
    """

    def __init__(
        self, message: str, *, positions: Sequence[int], next_step: NextStep | str = ""
    ) -> None:
        super().__init__(message, next_step)
        self.positions = tuple(positions)


class CannotExpress(ChannelError):
    """The channel cannot carry this copy: too long, or something it does not support."""


class OutcomeUnknown(ChannelError):
    """It left us and no clear answer came back: look before sending again."""


class PerhapsPosted(OutcomeUnknown):
    """The provider took nothing now, in words that may mean that it has the same post already.

    Found: that is ours. Absent: this is a refusal, and ``otherwise`` says so.
    """

    def __init__(
        self, message: str, *, otherwise: Explanation, next_step: NextStep | str = ""
    ) -> None:
        super().__init__(message, next_step)
        self.otherwise = otherwise
