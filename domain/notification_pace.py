"""When somebody is notified: not in their quiet hours, not in a storm, and again for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.contact import QuietHours
from domain.severity import Severity
from domain.times import in_utc

GATHERED_FOR = timedelta(seconds=2)
"""How long a notification waits for others about the same incident, to be sent as one."""

TOGETHER_FOR = timedelta(minutes=1)
"""How long after one was sent whatever is new about the same incident is gathered into the next."""

MOST_MESSAGES = 12
"""How often somebody is sent something about one thing before it is left to the escalation."""

_AGAIN_AFTER = {
    Severity.CRITICAL: timedelta(minutes=3),
    Severity.MAJOR: timedelta(minutes=5),
    Severity.MINOR: timedelta(minutes=15),
}
_AT_THE_FIRST_PACE = 4
_LONGEST_WAIT = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


def again_after(severity: Severity, messages: int) -> timedelta | None:
    """How long until the next message after ``messages``; None if that was the last."""
    if messages >= MOST_MESSAGES:
        return None
    doublings = max(0, messages - _AT_THE_FIRST_PACE)
    wait: timedelta = _AGAIN_AFTER[severity] * (1 << doublings)
    return min(wait, _LONGEST_WAIT)


def quiet_until(
    quiet: QuietHours | None, zone: str, severity: Severity, now: datetime
) -> datetime | None:
    """When somebody's quiet hours end, if it is quiet now and ``severity`` does not break them.

    A zone that nobody knows is taken for UTC. The end is looked for minute by minute on the wall
    clock, so whatever the clock does that night, it comes.
    """
    if quiet is None or severity is Severity.CRITICAL or quiet.start == quiet.end:
        return None
    wall = _zone(zone)
    if not quiet.cover(now.astimezone(wall).time()):
        return None
    at = in_utc(now).replace(second=0, microsecond=0)
    while quiet.cover(at.astimezone(wall).time()):
        at += _MINUTE
    return at


def breaks_quiet(quiet: QuietHours | None, zone: str, severity: Severity, now: datetime) -> bool:
    """Whether somebody is notified in their quiet hours, because of the severity alone."""
    if quiet is None or severity is not Severity.CRITICAL:
        return False
    return quiet.cover(now.astimezone(_zone(zone)).time())


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
