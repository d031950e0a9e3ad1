"""Actors: who did something, through which surface, and how we know."""

from __future__ import annotations

from enum import StrEnum

from domain.model import Value


class Surface(StrEnum):
    """Where somebody uses Frontfoot."""

    TERMINAL = "terminal"
    CONSOLE = "console"
    API = "api"
    SIGNAL = "signal"


class AuthenticatedBy(StrEnum):
    """How an actor's identity was proven; ``none``: not at all, we take their word for it."""

    NONE = "none"
    SESSION = "session"
    KEY = "key"
    PASSKEY = "passkey"
    TOKEN = "token"


class Actor(Value):
    """A person of the plan who asked for something; ``person`` is their id in the roster."""

    person: str
    surface: Surface = Surface.SIGNAL
    authenticated_by: AuthenticatedBy = AuthenticatedBy.NONE

    @classmethod
    def at_terminal(cls, person: str) -> Actor:
        """Somebody who types commands; nothing proves who they are."""
        return cls(person=person, surface=Surface.TERMINAL)


FRONTFOOT = Actor(person="frontfoot")
"""Who did what nobody did: it was approved beforehand, and went out by itself."""
