"""Collecting what an audit finds: what waits for a person, what is under way, what is stuck."""

from __future__ import annotations

from datetime import datetime, timedelta

from client.audit.model import Books, Discrepancy, Kind
from domain.explanation import Action, Explanation, NextStep, explained
from domain.message_state import MessagePhase
from domain.publication import PublicationState
from domain.stage import Stage
from domain.status import MessageStatus

STUCK_AFTER = timedelta(minutes=15)
"""Something that has been on its way for longer is not on its way."""

_S = PublicationState
CALLED_OFF = (_S.WITHDRAWN, _S.SUPERSEDED, _S.ABANDONED)
NEEDS_WORDS = (_S.REFUSED, _S.UNKNOWN, *CALLED_OFF)
"""States in which somebody will ask why."""

_OVER = (MessagePhase.SETTLED, MessagePhase.WITHDRAWN, MessagePhase.SUPERSEDED)


class Findings:
    """What was found so far in one incident's books; ``under_way``: more is coming."""

    def __init__(self, books: Books, now: datetime) -> None:
        self.books = books
        self.now = now
        self.found: list[Discrepancy] = []
        self.under_way = False

    def find(self, kind: Kind, where: str, what: str, next_step: NextStep | str) -> None:
        """Note one thing."""
        found = Discrepancy(kind=kind, where=where, explanation=explained(what, next_step))
        self.found.append(found)

    def step(self, action: Action, advice: str = "", message: int | None = None) -> NextStep:
        """Something that a person can do in this incident."""
        return NextStep(action=action, incident=self.books.slug, message=message, advice=advice)

    def waits_for_a_person(
        self, where: str, state: PublicationState, why: Explanation | None
    ) -> None:
        """Note a state that is not acceptance: it needs a reason, and often a person."""
        stuck = state in (_S.UNKNOWN, _S.REFUSED)
        if why is None or (stuck and not why.next_step):
            self.find(
                Kind.UNEXPLAINED,
                where,
                f"It is {state}, without {'a reason' if why is None else 'a next step'}.",
                "See the worker's log of that time.",
            )
        if state in CALLED_OFF or why is None:
            return
        kind = Kind.UNKNOWN if state is _S.UNKNOWN else Kind.OPEN
        told = why.model_copy(update={"what": f"It is {state}: {why.what}"})
        self.found.append(Discrepancy(kind=kind, where=where, explanation=told))

    def on_its_way(
        self,
        where: str,
        what: str,
        since: datetime | None,
        message: MessageStatus | None = None,
    ) -> None:
        """Something that is not over: under way, or stuck if it should have ended long ago."""
        status = self.books.status
        ended = (status is not None and status.stage is Stage.CLOSED) or (
            message is not None and message.phase in _OVER
        )
        late = since is None or self.now - since > STUCK_AFTER
        if not (ended or late):
            self.under_way = True
            return
        why = "its message is over" if ended else f"since {since:%d %b %H:%M} UTC" if since else ""
        self.find(
            Kind.STUCK,
            where,
            f"{what.rstrip('.')} ({why})." if why else what,
            NextStep(action=Action.CHECK, advice="See whether a worker runs for this channel."),
        )
