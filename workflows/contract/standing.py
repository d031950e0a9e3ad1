"""Standing workflows: channels are listened to, other systems and our own people are told."""

from __future__ import annotations

from domain.ids import ChannelName, Slug
from domain.model import Value
from domain.roster import Person, PersonId
from domain.severity import Severity


class FollowUp(Value):
    """Ask for the prevention of an incident on the day that its facts name.

    ``otherwise`` is asked if they name nobody of the ``roster``. ``message`` is the resolution.
    """

    incident: Slug
    roster: tuple[Person, ...]
    otherwise: PersonId
    severity: Severity
    message: int


class SendOutbox(Value):
    """Send the endpoint of that name what waits for it. Every signal means: more was entered."""

    endpoint: str


class Listen(Value):
    """Listen to the channel of that name, or to its ``private`` messages.

    Every signal means: read it now.
    """

    channel: ChannelName
    private: bool = False


class AnswerMentions(Value):
    """Send the replies on the channel of that name. Every signal means: there may be some now."""

    channel: ChannelName


class SendPeopleNotifications(Value):
    """Notify our own people of what waits for them. Every signal means: more was entered."""


class TestEverybody(Value):
    """Send everybody a contact test."""
