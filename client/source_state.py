"""How a source is: when it was read last, what it lacks, and what somebody should do."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from domain.explanation import Action, Explanation, NextStep, explained
from domain.listening import SourceProblem, source_name, source_of
from domain.model import Value
from domain.times import UtcTime, show_moment
from store.desk.sources import Source

MISSES = 2
"""Readings without an answer after which somebody has to look; one may be any network's hiccup."""

LIMITED_FOR = timedelta(minutes=30)
"""How long a provider's limit may keep us from listening before somebody has to know."""

GAP_PRESSING = timedelta(days=1)
"""How long a gap is pressing: afterwards it is history, which `desk sources` still shows."""

EXPIRY_PRESSING = timedelta(days=7)
"""So long before its credentials end somebody has to renew them."""

LACK_KNOWN = timedelta(hours=2)
_SLACK = timedelta(minutes=1)


class SourceHealth(StrEnum):
    """How a source is, in one word.

    ``new`` has not been read yet, ``catching_up`` is behind after an outage, ``waits`` for the
    provider's limit; ``fails`` needs somebody.
    """

    NEW = "new"
    LISTENS = "listens"
    CATCHING_UP = "catching_up"
    WAITS = "waits"
    FAILS = "fails"


class SeenSource(Value):
    """A source as people see it. ``problems`` is what somebody should do something about.

    ``private``: it is that of the channel's private messages.
    ``notes`` are worth knowing and no reason for alarm. ``item_at``: when something new came last.
    ``expires_at``: when the credentials end, where the platform tells.
    """

    channel: str
    private: bool = False
    health: SourceHealth
    every: int
    succeeded_at: UtcTime | None
    item_at: UtcTime | None
    behind: int
    misses: int
    again_at: UtcTime | None
    expires_at: UtcTime | None = None
    problems: tuple[Explanation, ...]
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """What it is called: the channel, or its private messages."""
        return _called(source_name(self.channel, private=self.private))


def seen(source: Source, now: datetime) -> SeenSource:
    """``source`` as people see it ``now``."""
    problems = _problems(source, now)
    channel, private = source_of(source.channel)
    return SeenSource(
        channel=channel,
        private=private,
        health=_health(source, problems),
        every=source.every,
        succeeded_at=source.succeeded_at,
        item_at=source.item_at,
        behind=source.behind,
        misses=source.misses,
        again_at=source.again_at,
        expires_at=source.expires_at,
        problems=tuple(problems),
        notes=tuple(_notes(source, now)),
    )


def _called(source: str) -> str:
    channel, private = source_of(source)
    return f"{channel} (private messages)" if private else channel


def _health(source: Source, problems: list[Explanation]) -> SourceHealth:
    if problems:
        return SourceHealth.FAILS
    if source.problem is SourceProblem.THROTTLED:
        return SourceHealth.WAITS
    if source.succeeded_at is None:
        return SourceHealth.NEW
    return SourceHealth.CATCHING_UP if source.behind else SourceHealth.LISTENS


def _problems(source: Source, now: datetime) -> list[Explanation]:
    found = []
    trouble = _refused(source) or _silent(source, now) or _missed(source) or _limited(source, now)
    if trouble is not None:
        found.append(trouble)
    ending = _ending(source, now)
    if ending is not None:
        found.append(ending)
    if source.gap is not None and source.gap_told_at and now - source.gap_told_at < GAP_PRESSING:
        since, until = show_moment(source.gap.since), show_moment(source.gap.until)
        found.append(
            explained(
                f"Mentions on {_called(source.channel)} between {since} and {until} may be "
                "missing.",
                "Look at the account on the platform itself for what was said then.",
                means="Nobody listened for long, and the platform shows no more of that time.",
            )
        )
    return found


def _refused(source: Source) -> Explanation | None:
    why = source.explanation
    if source.problem not in (SourceProblem.CREDENTIALS, SourceProblem.REFUSED) or why is None:
        return None
    return explained(
        f"{_called(source.channel)} is not listened to. {why.what}",
        why.next_step,
        means=_since(source),
    )


def _silent(source: Source, now: datetime) -> Explanation | None:
    """Whether nobody so much as asks, though it is time."""
    last = max(at for at in (source.since, source.asked_at, source.failed_at) if at is not None)
    due = max(last, source.again_at or last)
    if now - due <= MISSES * timedelta(seconds=source.every) + _SLACK:
        return None
    return explained(
        f"Nobody has listened to {_called(source.channel)} since {show_moment(last)}.",
        NextStep(
            action=Action.CHECK,
            advice="See that Temporal and a worker for this channel are running",
        ),
        means="What was said since then is read once somebody does.",
    )


def _missed(source: Source) -> Explanation | None:
    if source.misses < MISSES:
        return None
    why = source.explanation or explained("There was no answer.")
    return explained(
        f"{_called(source.channel)} could not be read {source.misses} times in a row. {why.what}",
        why.next_step,
        means=_since(source),
    )


def _ending(source: Source, now: datetime) -> Explanation | None:
    """Whether the credentials end soon, or have ended."""
    if source.expires_at is None or source.expires_at - now > EXPIRY_PRESSING:
        return None
    over = source.expires_at <= now
    return explained(
        f"The credentials of {_called(source.channel)} {'ended' if over else 'end'} at "
        f"{show_moment(source.expires_at)}.",
        "Renew them on the platform, set them in the channel's variables, and restart the workers.",
        means="Nothing is heard or answered there " + ("now." if over else "after that."),
    )


def _limited(source: Source, now: datetime) -> Explanation | None:
    """Whether a limit keeps us from listening for long."""
    last = source.succeeded_at or source.since
    if source.problem is not SourceProblem.THROTTLED or now - last < LIMITED_FOR:
        return None
    what = f"The provider's limit keeps us from listening to {_called(source.channel)}."
    until = f" It may be read again at {show_moment(source.again_at)}." if source.again_at else ""
    return explained(
        what,
        "Listen less often, with FRONTFOOT_LISTEN_EVERY, or raise the account's limit.",
        means=_since(source) + until,
    )


def _since(source: Source) -> str:
    if source.succeeded_at is None:
        return "Nothing has been read yet."
    return f"What was said since {show_moment(source.succeeded_at)} has not been read."


def _notes(source: Source, now: datetime) -> list[str]:
    notes = []
    if source.expires_at is not None:
        notes.append(f"Its credentials end at {show_moment(source.expires_at)}.")
    if source.behind:
        notes.append("Older mentions are still being read, the newest first.")
    if source.problem is SourceProblem.THROTTLED and source.again_at:
        notes.append(f"The provider's limit is waited for until {show_moment(source.again_at)}.")
    if source.lacked_at and now - source.lacked_at < LACK_KNOWN:
        notes.append(f"Some of it may not be read. {source.lacks}")
    if source.unreadable:
        notes.append(f"Items without an id, which could not be kept: {source.unreadable}.")
    if source.gap is not None:
        since, until = show_moment(source.gap.since), show_moment(source.gap.until)
        notes.append(f"The last gap: {since} to {until}.")
    return notes
