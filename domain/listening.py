"""Listening: where the reading of a source is, and how it goes.

A *source* is a channel that listens, or the private messages of one. A *chain* is the pages from
its newest mention back to the last one that is known. A chain may be long, and the process that
reads it may die in the middle, so where it is is data: a ``Cursor`` that is stored with the
mentions of each page. Only when the chain is complete does what it reached become the place from
which the next one begins.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from domain.mentions import Mention
from domain.model import Value
from domain.times import UtcTime

PRIVATE_EVERY = timedelta(seconds=90)
"""The least time between two readings of an account's private messages.

X lets an account ask for them 15 times in 15 minutes, and a long list takes several requests.
"""

_PRIVATE = "/private"


def source_name(channel: str, *, private: bool = False) -> str:
    """``<channel>``, or ``<channel>/private``: a channel's private messages are another source.

    They have a list, a limit and a permission of their own, so each may fail without the other.
    """
    return f"{channel}{_PRIVATE}" if private else channel


def source_of(name: str) -> tuple[str, bool]:
    """The channel in a source's name, and whether it is that of its private messages."""
    return name.removesuffix(_PRIVATE), name.endswith(_PRIVATE)


def seconds_between(source: str, every: int) -> int:
    """Seconds between two readings of a source, if those of a channel are ``every``."""
    _, private = source_of(source)
    return max(every, int(PRIVATE_EVERY.total_seconds())) if private else every


class Gap(Value):
    """A stretch of time of which mentions may be missing, since the platform shows no more."""

    since: UtcTime
    until: UtcTime


class Cursor(Value):
    """Where a chain of pages is; the words in it are the adapter's own.

    ``since``: what was known when it began; empty before anything was read. ``token``: the page to
    ask for, empty for the newest. ``newest``: what becomes ``since`` once the chain is complete.
    """

    since: str = ""
    token: str = ""
    newest: str = ""

    def next_page(self, token: str, newest: str) -> Cursor:
        """The chain goes on at ``token``."""
        return Cursor(since=self.since, token=token, newest=newest)

    def again(self) -> Cursor:
        """The same chain from its beginning."""
        return Cursor(since=self.since, newest=self.newest)


def complete(newest: str) -> Cursor:
    """The cursor after the last page of a chain."""
    return Cursor(since=newest, newest=newest)


class MentionPage(Value):
    """One page of mentions, the newest first, and where the source is after it.

    ``cursor`` without a ``token`` says that the chain is complete. ``more``: a source that is read
    forwards has more at once, though each of its pages is a chain of its own. ``gap``: what the
    platform does not show any more. ``unreadable`` counts items without so much as an id.
    ``lacks`` says, in a sentence, what our account may not read.
    """

    mentions: tuple[Mention, ...] = ()
    cursor: Cursor
    more: bool = False
    gap: Gap | None = None
    unreadable: int = 0
    lacks: str = ""


class SourceProblem(StrEnum):
    """Why the last reading of a source gave nothing: the words of an exchange with a provider."""

    UNREACHABLE = "unreachable"
    THROTTLED = "throttled"
    CREDENTIALS = "credentials"
    REFUSED = "refused"
