"""Broadcasts under way: what a person may do to one, and when one pauses by itself.

Too many refusals or bounces mean that something is wrong. A bad list, a blocked sender or a broken
template shows in the first thousands; going on would cost the sender its reputation with everybody
after them.
"""

from __future__ import annotations

from enum import StrEnum

from domain.model import Value


class BroadcastHealth(Value):
    """A broadcast so far, in recipients: accepted by the provider, refused by it, and bounced."""

    went_out: int = 0
    refused: int = 0
    bounced: int = 0

    def reason_to_pause(self, above: float, after: int) -> str:
        """Why the broadcast should pause, in words, or "".

        ``above`` is a share of those attempted so far, ``after`` how many must have been attempted
        before a share means anything.
        """
        attempted = self.went_out + self.refused
        if attempted < after:
            return ""
        for what, count in (("were refused", self.refused), ("bounced", self.bounced)):
            if count > above * attempted:
                return f"{count:,} of the first {attempted:,} {what}, over {above:.0%}."
        return ""


class BroadcastAction(StrEnum):
    """What a person may do to a broadcast that is under way."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
