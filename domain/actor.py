"""Actors: who did this, through which surface, and how we know."""

from __future__ import annotations

from enum import StrEnum

from domain.model import Value


class Surface(StrEnum):
    """Where somebody speaks to Frontfoot."""

    TERMINAL = "terminal"
    CONSOLE = "console"
    API = "api"
    SIGNAL = "signal"


class AuthenticatedBy(StrEnum):
    """What showed that an actor is who they say; ``none``: their word alone."""

    NONE = "none"
    SESSION = "session"
    KEY = "key"
    PASSKEY = "passkey"
    TOKEN = "token"


class Actor(Value):
    """Somebody in the plan who asked for something. ``person`` is their id in the roster."""

    person: str
    surface: Surface = Surface.SIGNAL
    authenticated_by: AuthenticatedBy = AuthenticatedBy.NONE

    @classmethod
    def at_terminal(cls, person: str) -> Actor:
        """Somebody who types commands, by their word alone."""
        return cls(person=person, surface=Surface.TERMINAL)
