"""How much of this process strangers may occupy, and for how long.

Times are seconds, sizes are bytes. Every limit is per process.
"""

from __future__ import annotations

import resource
from dataclasses import dataclass

BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of one delivery of events; the providers' own batches are far smaller."""

_RESERVED_FILES = 96
"""Files kept for the ledger, the log and connections that are about to be closed."""

_FEWEST_CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one server.

    A body has ``body_grace`` and the time that it takes at ``body_rate`` bytes a second, but never
    more than ``body_within``. ``idle_genuine`` is for a connection that delivered something genuine
    before. ``spared``: nobody is closed for others so soon after it connected or sent something.
    ``memory`` is for all requests together that have not been answered yet.
    """

    connections: int = 4_000
    memory: int = 64 * 1024 * 1024
    body: int = BODY_LIMIT
    head: int = 16 * 1024
    head_within: float = 5.0
    body_grace: float = 5.0
    body_rate: float = 64 * 1024
    body_within: float = 30.0
    idle: float = 5.0
    idle_genuine: float = 75.0
    write_within: float = 5.0
    spared: float = 0.1
    sweep_every: float = 0.25


@dataclass(frozen=True, slots=True)
class Upload:
    """What one request may send because its sender is known, and is read as it comes.

    ``rate`` and ``within`` take the places of ``body_rate`` and ``body_within``.
    """

    size: int
    rate: float = 4 * 1024
    within: float = 3_600.0


def connections_for(wanted: int) -> int:
    """``wanted``, or fewer if this process may not open that many files.

    Raises the soft limit of open files to the hard one first.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard and hard != resource.RLIM_INFINITY:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (OSError, ValueError):
            # macOS reports a hard limit that it does not grant.
            pass
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(_FEWEST_CONNECTIONS, min(wanted, soft - _RESERVED_FILES))
