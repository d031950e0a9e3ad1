"""Collecting what an audit finds: what waits for a person, what is under way, what is stuck."""

from __future__ import annotations

from datetime import datetime, timedelta

from client.audit.model import AuditRecords, Discrepancy, Kind
from domain.explanation import Action, Explanation, NextStep, explained
from domain.message_state import MessagePhase
from domain.publication import PublicationState
from domain.stage import Stage
from domain.status import MessageStatus

STUCK_AFTER = timedelta(minutes=15)
"""Something that has been under way for longer is stuck."""

_S = PublicationState
CALLED_OFF = (_S.WITHDRAWN, _S.SUPERSEDED, _S.ABANDONED)
NEEDS_WORDS = (_S.REFUSED, _S.UNKNOWN, *CALLED_OFF)
"""States in which somebody will ask why."""

_OVER = (
    MessagePhase.SETTLED,
    MessagePhase.WITHDRAWN,
    MessagePhase.SUPERSEDED,
    MessagePhase.IN_FORCE,
)


class Findings:
    """What was found so far in one incident's records; ``under_way``: some is not over."""

    def __init__(self, records: AuditRecords, now: datetime) -> None:
        self.records = records
        self.now = now
        self.found: list[Discrepancy] = []
        self.under_way = False

    def find(self, kind: Kind, where: str, what: str, next_step: NextStep | str) -> None:
        """Add one finding."""
        found = Discrepancy(kind=kind, where=where, explanation=explained(what, next_step))
        self.found.append(found)

    def step(self, action: Action, advice: str = "", message: int | None = None) -> NextStep:
        """Something that a person can do in this incident."""
        return NextStep(action=action, incident=self.records.slug, message=message, advice=advice)

    def waits_for_a_person(
        self, where: str, state: PublicationState, why: Explanation | None
    ) -> None:
        """Add a state other than accepted: it needs a reason, and often a person."""
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
        explanation = why.model_copy(update={"what": f"It is {state}: {why.what}"})
        self.found.append(Discrepancy(kind=kind, where=where, explanation=explanation))

    def on_its_way(
        self,
        where: str,
        what: str,
        since: datetime | None,
        message: MessageStatus | None = None,
    ) -> None:
        """Add something that is not over: under way, or stuck if it should have ended long ago."""
        status = self.records.status
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
