"""The plan of answering: how long what is open takes at each account's limit, and what it costs."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from domain.ids import ChannelName
from domain.model import Value
from domain.replies import AccountLimit, ReplyTerms, for_replies
from domain.times import UtcTime

ARRIVALS = timedelta(hours=1)
"""Arrivals are counted over so long."""

LONGEST = timedelta(days=365)


class Ends(StrEnum):
    """Whether answering comes to an end.

    *time*: it is known when. *nothing*: nothing is open. *never*: more arrives than may go out.
    *unlimited*: the provider publishes no limit. *unknown*: nothing can be replied on this channel.
    """

    TIME = "time"
    NOTHING = "nothing"
    NEVER = "never"
    UNLIMITED = "unlimited"
    UNKNOWN = "unknown"


class LimitUse(Value):
    """One limit of an account, and how much of it was ``used`` in its last window."""

    limit: AccountLimit
    used: int = Field(default=0, ge=0)

    @property
    def reserve(self) -> int:
        """Publications that replies leave for announcements; a limit of one is no reserve."""
        return self.limit.count - self.for_replies

    @property
    def for_replies(self) -> int:
        """Replies of one window."""
        return for_replies(self.limit)

    @property
    def left(self) -> int:
        """Replies that may go out now."""
        return max(0, self.for_replies - self.used)

    @property
    def per_second(self) -> float:
        """Replies a second, in the long run."""
        return self.for_replies / self.limit.window.total_seconds()

    def takes(self, replies: int, arriving: float) -> timedelta | None:
        """How long so many take while ``arriving`` more come each second; None for never."""
        over = replies - self.left
        if over <= 0:
            return timedelta()
        gain = self.per_second - arriving
        if gain <= 0 or over / gain > LONGEST.total_seconds():
            return None
        return timedelta(seconds=over / gain)


class ChannelPlan(Value):
    """One channel: what is ``open``, how long that takes, and what it costs.

    ``takes`` is without new arrivals, ``done_at`` with as many an hour as in the last one, both
    at the slowest of ``limits``; None where ``ends`` says why. ``cost`` is in US dollars, with a
    link in each reply ``cost_with_links``, by prices as known on ``checked_on``. ``higher_plan``:
    what another plan of the provider would change; "" if nothing is known.
    """

    channel: ChannelName
    open: int
    arriving_an_hour: int
    ends: Ends
    limits: tuple[LimitUse, ...] = ()
    takes: timedelta | None = None
    done_at: UtcTime | None = None
    cost: Decimal = Decimal(0)
    cost_with_links: Decimal = Decimal(0)
    checked_on: date | None = None
    higher_plan: str = ""


class ReplyPlan(Value):
    """The plan of every channel with something open, as of ``at``."""

    at: UtcTime
    channels: tuple[ChannelPlan, ...] = ()


def plan_channel(
    channel: str,
    terms: ReplyTerms | None,
    *,
    unanswered: int,
    arriving_an_hour: int,
    used: tuple[int, ...],
    at: datetime,
) -> ChannelPlan:
    """The plan of a channel with so many ``unanswered``.

    ``used``: publications in the last window of each limit, in the order of ``terms``.
    """
    known = ChannelPlan(
        channel=channel, open=unanswered, arriving_an_hour=arriving_an_hour, ends=Ends.UNKNOWN
    )
    if terms is None:
        return known
    uses = tuple(
        LimitUse(limit=one, used=count) for one, count in zip(terms.limits, used, strict=True)
    )
    takes = _longest(uses, unanswered, 0.0)
    arriving = arriving_an_hour / ARRIVALS.total_seconds()
    done = _longest(uses, unanswered, arriving)
    return known.model_copy(
        update={
            "limits": uses,
            "ends": _ends(uses, unanswered, done),
            "takes": takes if uses else None,
            "done_at": at + done if uses and done is not None else None,
            "cost": terms.price * unanswered,
            "cost_with_links": terms.price_with_link * unanswered,
            "checked_on": terms.checked_on,
            "higher_plan": terms.higher_plan,
        }
    )


def _longest(uses: tuple[LimitUse, ...], replies: int, arriving: float) -> timedelta | None:
    """By the limit that takes longest; None if one is never done."""
    found = [one.takes(replies, arriving) for one in uses]
    known = [one for one in found if one is not None]
    return max(known, default=timedelta()) if len(known) == len(found) else None


def _ends(uses: tuple[LimitUse, ...], unanswered: int, done: timedelta | None) -> Ends:
    if not unanswered:
        return Ends.NOTHING
    if not uses:
        return Ends.UNLIMITED
    return Ends.NEVER if done is None else Ends.TIME
