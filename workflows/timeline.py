"""The incident's own record: kept in the workflow, copied to the ledger as it grows."""

from __future__ import annotations

from collections.abc import Callable

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures.record import (
        LARGEST_SNAPSHOT,
        RECORD_TIMELINE,
        TOO_LARGE,
        RecordTimeline,
    )
    from domain.actor import Actor
    from domain.explanation import Explanation
    from domain.ledger import KnownLedger, LedgerBehind, says_behind
    from domain.timeline import TimelineEntry
    from workflows.calls import call
    from workflows.policies import LEDGER

_KEPT = 2_000
"""The entries that the workflow keeps for its query; the ledger keeps all of them."""


def _plain(text: str) -> str:
    # Some of it was typed by strangers: PostgreSQL refuses a NUL, and a terminal would obey control
    # characters.
    return "".join(sign if sign.isprintable() else " " for sign in text[:500])


class Timeline:
    """What happened, who did it, and when. Entries are facts: past participles, never bodies."""

    def __init__(
        self,
        incident: str,
        entries: tuple[TimelineEntry, ...] = (),
        known: KnownLedger | None = None,
        behind: Explanation | None = None,
    ) -> None:
        self._incident = incident
        self._entries = list(entries)
        self._known = known or KnownLedger()
        self._again = False
        self._compared = 0
        self.behind = behind
        self.snapshot: Callable[[], str] = str

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
        """The newest entries, oldest first."""
        return tuple(self._entries[-_KEPT:])

    def known(self) -> KnownLedger:
        """What the ledger has of the incident, unless it is an earlier copy."""
        return self._known

    def note_behind(self, why: Explanation | None) -> None:
        """Enter, once, that the ledger has less than is known, if ``why`` says so."""
        if why is not None and says_behind(why) and self.behind is None:
            # The record goes on in any case, and what was forgotten of it is entered again.
            self.behind, self._again = why, True
            self.add("ledger behind", "frontfoot", why.what)

    def refuse_behind(self) -> None:
        """Raise ``LedgerBehind`` while the ledger has less than is known."""
        if self.behind is not None:
            raise LedgerBehind.of(self.behind)

    def reconciled(self, generation: str) -> None:
        """Go on with the ledger of that name, and copy to it whatever it lacks."""
        # What this run has no more cannot be entered again.
        lost = self._entries[0].seq - 1 if self._entries else self._known.entries
        self._known = KnownLedger(generation=generation, entries=lost, lost=lost)
        self._compared += 1
        self.behind = None

    def pending(self) -> bool:
        """Whether the ledger lacks something."""
        return bool(self._entries) and (self._again or self._entries[-1].seq > self._known.entries)

    async def flush(self) -> None:
        """Copy to the ledger what it lacks."""
        while self.pending():
            after = 0 if self._again else self._known.entries
            self._again = False
            await self._copy(after)

    async def _copy(self, after: int) -> None:
        """Copy the entries after that number; what is there already is left alone."""
        while batch := tuple(one for one in self._entries if one.seq > after)[:100]:
            order = RecordTimeline(
                incident=self._incident,
                entries=batch,
                known=self.known(),
                snapshot=self._snapshot_after(batch[-1]),
            )
            compared = self._compared
            recorded = await call(RECORD_TIMELINE, order, LEDGER)
            if compared != self._compared:
                # That was said of the ledger before it was compared: begin again.
                return
            after = batch[-1].seq
            self._known = self._known.model_copy(
                update={
                    "generation": self._known.generation or recorded.generation,
                    "entries": max(self._known.entries, after),
                }
            )
            self.note_behind(recorded.behind)

    def _snapshot_after(self, last: TimelineEntry) -> str:
        """The state after the newest entry; one that is too large is not kept, and said to be."""
        if last is not self._entries[-1]:
            return ""
        taken = self.snapshot()
        return taken if len(taken) <= LARGEST_SNAPSHOT else TOO_LARGE

    async def keep(self) -> None:
        """Keep copying for as long as the incident lives."""
        while True:
            await workflow.wait_condition(self.pending)
            await self.flush()
