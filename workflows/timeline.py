"""The incident's own record: kept in the workflow, copied to the ledger as it grows."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures.record import RECORD_TIMELINE, RecordTimeline
    from domain.actor import Actor
    from domain.timeline import TimelineEntry
    from workflows.calls import call
    from workflows.policies import LEDGER

_KEPT = 200
"""The recorded entries that the workflow keeps for its query; the ledger keeps all of them."""


def _plain(text: str) -> str:
    # Some of it was typed by strangers: PostgreSQL refuses a NUL, and a terminal would obey control
    # characters.
    return "".join(sign if sign.isprintable() else " " for sign in text[:500])


class Timeline:
    """What happened, who did it, and when. Entries are facts: past participles, never bodies."""

    def __init__(
        self, incident: str, entries: tuple[TimelineEntry, ...] = (), recorded: int = 0
    ) -> None:
        self._incident = incident
        self._entries = list(entries)
        self._recorded = recorded

    def add(self, what: str, who: Actor | str, about: str = "") -> None:
        """Enter one thing that happened now; ``who`` is an actor, or a channel or part of ours."""
        seq = self._entries[-1].seq + 1 if self._entries else 1
        person = who if isinstance(who, Actor) else None
        self._entries.append(
            TimelineEntry(
                seq=seq,
                at=workflow.now(),
                what=what,
                who=_plain(person.person if person else str(who)),
                surface=person.surface if person else None,
                authenticated_by=person.authenticated_by if person else None,
                about=_plain(about),
            )
        )

    def entries(self) -> tuple[TimelineEntry, ...]:
        """The newest entries, and all that the ledger lacks, oldest first."""
        lacking = sum(one.seq > self._recorded for one in self._entries)
        return tuple(self._entries[-max(_KEPT, lacking) :])

    def recorded(self) -> int:
        """The number of the last entry that the ledger has."""
        return self._recorded

    def pending(self) -> bool:
        """Whether the ledger lacks something."""
        return bool(self._entries) and self._entries[-1].seq > self._recorded

    async def flush(self) -> None:
        """Copy to the ledger what it lacks."""
        while self.pending():
            batch = tuple(one for one in self._entries if one.seq > self._recorded)[:100]
            await call(
                RECORD_TIMELINE, RecordTimeline(incident=self._incident, entries=batch), LEDGER
            )
            self._recorded = batch[-1].seq

    async def keep(self) -> None:
        """Keep copying for as long as the incident lives."""
        while True:
            await workflow.wait_condition(self.pending)
            await self.flush()
