"""The five stages of a response, and the moves between them."""

from __future__ import annotations

from enum import StrEnum

from domain.errors import DomainError


class Stage(StrEnum):
    """The stage of the response. ``closed`` is the end, not a sixth stage."""

    IDENTIFY = "identify"
    ACKNOWLEDGE = "acknowledge"
    ASSURE = "assure"
    RESOLVE = "resolve"
    MAKE_GOOD = "make_good"
    CLOSED = "closed"


ALLOWED_MOVES: dict[Stage, frozenset[Stage]] = {
    # Acknowledging does not wait for the cause to be known; identifying goes on meanwhile.
    Stage.IDENTIFY: frozenset({Stage.ACKNOWLEDGE, Stage.CLOSED}),
    # A short incident may be fixed before the first progress update was due.
    Stage.ACKNOWLEDGE: frozenset({Stage.ASSURE, Stage.RESOLVE, Stage.CLOSED}),
    Stage.ASSURE: frozenset({Stage.RESOLVE, Stage.CLOSED}),
    # If a fix did not work, the response goes back to assuring.
    Stage.RESOLVE: frozenset({Stage.ASSURE, Stage.MAKE_GOOD, Stage.CLOSED}),
    Stage.MAKE_GOOD: frozenset({Stage.ASSURE, Stage.CLOSED}),
    Stage.CLOSED: frozenset(),
}


def refuse_move(current: Stage, to: Stage) -> None:
    """Raise ``DomainError`` unless the table allows moving from ``current`` to ``to``."""
    if to in ALLOWED_MOVES[current]:
        return
    if current is to:
        raise DomainError(
            f"The incident is already in stage {current}.", "Nothing needs to be done."
        )
    if current is Stage.CLOSED:
        raise DomainError("The incident is closed.", "Open a new one.")
    # Closing is a step of its own, with its own conditions.
    allowed = sorted(ALLOWED_MOVES[current] - {Stage.CLOSED}, key=list(Stage).index)
    raise DomainError(
        f"An incident in stage {current} cannot move to {to}.",
        f"From {current} it may move to {', '.join(allowed)}.",
    )
