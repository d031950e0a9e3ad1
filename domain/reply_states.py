"""In which states replies are listed together."""

from __future__ import annotations

from enum import StrEnum

from domain.publication import PublicationState

_S = PublicationState


class ReplyGroup(StrEnum):
    """Replies that somebody looks for at once. *waiting*: for a second person to agree."""

    WAITING = "waiting"
    UNKNOWN = "unknown"
    FAILED = "failed"
    PLANNED = "planned"
    SENT = "sent"
    ALL = "all"


_STATES = {
    ReplyGroup.WAITING: (_S.PLANNED,),
    ReplyGroup.UNKNOWN: (_S.UNKNOWN,),
    ReplyGroup.FAILED: (_S.REFUSED, _S.ABANDONED),
    ReplyGroup.PLANNED: (_S.PLANNED, _S.SENDING),
    ReplyGroup.SENT: (_S.ACCEPTED,),
    ReplyGroup.ALL: tuple(_S),
}


def states_of(group: ReplyGroup) -> tuple[PublicationState, ...]:
    """The states of a group; of those that wait, only some in them do."""
    return _STATES[group]
