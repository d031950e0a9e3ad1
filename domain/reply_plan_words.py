"""The plan of answering in sentences, the same on every surface."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from domain.plural import plural
from domain.reply_plan import ChannelPlan, Ends, LimitUse
from domain.times import UtcTime, show_clock, show_moment


def plan_sentences(plan: ChannelPlan, at: UtcTime) -> list[str]:
    """What a person has to know of a channel's plan, the most important first."""
    return [_first(plan, at), *_limits(plan), *_prices(plan)]


def _first(plan: ChannelPlan, at: UtcTime) -> str:
    """``1,204 open: 43 min at this account's limit, 12.04 USD; … done by 17:40 UTC``."""
    cost = f", {_dollars(plan.cost)}" if plan.cost else ""
    arriving = f"{plan.arriving_an_hour:,} an hour arrive"
    known = f"{plan.open:,} open"
    if plan.ends is Ends.NOTHING:
        return "Nothing is open."
    if plan.ends is Ends.UNKNOWN:
        return f"{known}: no reply can be sent from here, so answer on the platform."
    if plan.ends is Ends.UNLIMITED:
        return f"{known}: no limit is published, so as fast as replies are written{cost}."
    takes = "longer than a year" if plan.takes is None else _how_long(plan.takes)
    begins = f"{known}: {takes} at this account's limit{cost}"
    if plan.ends is Ends.NEVER or plan.done_at is None:
        return f"{begins}; never done at this rate of arrival: {arriving}, more than may go out."
    done = (
        show_clock(plan.done_at) if plan.done_at.date() == at.date() else show_moment(plan.done_at)
    )
    return f"{begins}; at this rate of arrival ({arriving}) done by {done}."


def _limits(plan: ChannelPlan) -> Iterator[str]:
    for one in plan.limits:
        yield (
            f"At most {plural(one.limit.count, 'publication')} in {_how_long(one.limit.window)}: "
            f"{one.used:,} used, {one.reserve:,} kept for announcements, {_left(one)} now."
        )
    if plan.ends is Ends.NEVER:
        more = plan.higher_plan or "Nothing is known of a plan of the provider with more."
        yield f"Dismiss what needs no reply, or get a higher limit. {more}"
    elif plan.higher_plan and plan.ends is Ends.TIME:
        yield plan.higher_plan


def _prices(plan: ChannelPlan) -> Iterator[str]:
    if plan.checked_on is None:
        return
    if plan.cost_with_links > plan.cost:
        yield f"With a link in each reply {_dollars(plan.cost_with_links)}."
    what = "Limits and prices" if plan.cost else "Limits"
    yield f"{what} as published on {plan.checked_on.isoformat()}."


def _left(use: LimitUse) -> str:
    return plural(use.left, "reply", "replies")


def _dollars(amount: Decimal) -> str:
    return f"{amount:,.2f} USD"


def _how_long(time: timedelta) -> str:
    minutes = -(-time.total_seconds() // 60)
    if minutes < 120:
        return f"{max(1, int(minutes))} min"
    hours, rest = divmod(int(minutes), 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return plural(hours // 24, "day")
