"""The incident's own record: kept in the workflow, copied to the ledger as it grows."""

from __future__ import annotations

from collections.abc import Callable

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.record import (
        LARGEST_SNAPSHOT,
        RECORD_TIMELINE,
        TOO_LARGE,
        RecordTimeline,
        TimelineRecorded,
    )
    from domain.actor import Actor
    from domain.explanation import Explanation
    from domain.incident import IncidentState
    from domain.ledger import KnownLedger, LedgerBehind, says_behind
    from domain.plural import plural
    from domain.timeline import BRANCHED, RESTORED, TimelineEntry
    from workflows.calls import call
    from workflows.policies import LEDGER, RECORD_AGAIN, URGENT

_KEPT = 200
"""The recorded entries that the workflow keeps for its query; the ledger keeps all of them."""


def _plain(text: str) -> str:
    # Some of it was typed by strangers: PostgreSQL refuses a NUL, and a terminal would obey control
    # characters.
    return "".join(sign if sign.isprintable() else " " for sign in text[:500])


class Timeline:
    """What happened, who did it, and when. Entries are facts: past participles, never bodies.

    ``recorded`` is the number of the last entry that the ledger has, and ``head`` the end of the
    ledger's record as it confirmed it.
    """

    def __init__(
        self,
        incident: str,
        entries: tuple[TimelineEntry, ...] = (),
        recorded: int = 0,
        known: KnownLedger | None = None,
        behind: Explanation | None = None,
    ) -> None:
        self._incident = incident
        self._entries = list(entries)
        self._recorded = recorded
        self._known = known or KnownLedger()
        self._refused = False
        self._compared = 0
        self.behind = behind
        self._snapshot: Callable[[], str] = str
        self._told: Callable[[], tuple[int, ...]] = tuple
        self._waiting: Callable[[], tuple[int, ...]] = tuple

    def describe(self, state: IncidentState) -> None:
        """Send the ledger a snapshot of ``state`` with the entries, and how its messages stand."""
        self._snapshot = lambda: state.model_dump_json(exclude={"plan"})
        self._told, self._waiting = state.numbers_told, state.numbers_waiting

    def add(self, what: str, who: Actor | str, about: str = "") -> None:
        """Enter one thing that happened now; ``who`` is an actor, or a channel or part of ours."""
        last = self._entries[-1] if self._entries else None
        self._entries.append(_entry(last.seq + 1 if last else 1, self.branch(), what, who, about))

    def entries(self) -> tuple[TimelineEntry, ...]:
        """The newest entries, and all that the ledger lacks, oldest first."""
        lacking = sum(one.seq > self._recorded for one in self._entries)
        return tuple(self._entries[-max(_KEPT, lacking) :])

    def recorded(self) -> int:
        """The number of the last entry that the ledger has."""
        return self._recorded

    def known(self) -> KnownLedger:
        """What the ledger has of the incident, unless it is an earlier copy."""
        return self._known

    def note_behind(self, why: Explanation | None) -> None:
        """Enter, once, that the ledger has less than is known, if ``why`` says so."""
        if why is not None and says_behind(why) and self.behind is None:
            # The record goes on in any case, and what was forgotten of it is entered again.
            self.behind = why
            self.add("ledger behind", "frontfoot", why.what)

    def refuse_behind(self) -> None:
        """Raise ``LedgerBehind`` while the ledger has less than is known."""
        if self.behind is not None:
            raise LedgerBehind.of(self.behind)

    def reconciled(self, generation: str) -> None:
        """Go on with the ledger of that name, and copy to it whatever it lacks."""
        self._known = KnownLedger(generation=generation)
        self._recorded = self._entries[0].seq - 1 if self._entries else 0
        self._compared += 1
        self.behind = None

    def branch(self) -> int:
        """The number of the branch that it writes; more than 1 after a reset or a restore."""
        return self._entries[-1].branch if self._entries else 1

    def pending(self) -> bool:
        """Whether the ledger lacks something."""
        return bool(self._entries) and self._entries[-1].seq > self._recorded

    def waited_for(self) -> bool:
        """Whether something is on its way to a ledger that takes it.

        One that refuses must not keep an incident from ending: its history has the entries.
        """
        return self.pending() and not self._refused

    async def keep(self) -> None:
        """Keep copying for as long as the incident lives, whatever the ledger says."""
        while True:
            await workflow.wait_condition(self.pending)
            try:
                await self._flush()
                self._refused = False
            except ActivityError as error:
                cause = type(error.cause).__name__
                workflow.logger.error("the ledger refused entries of the record: %s", cause)
                self._refused = True
                await workflow.sleep(RECORD_AGAIN)

    async def finish(self) -> None:
        """Try once more what the ledger has refused, before the incident ends."""
        try:
            await self._flush()
        except ActivityError as error:
            cause = type(error.cause).__name__
            workflow.logger.error("the ledger refused the end of the record: %s", cause)

    async def _flush(self) -> None:
        """Copy to the ledger what it lacks."""
        while self.pending():
            batch = tuple(one for one in self._entries if one.seq > self._recorded)[:100]
            order = RecordTimeline(
                incident=self._incident,
                entries=batch,
                known=self._known,
                snapshot=self._snapshot_after(batch[-1]),
                told=self._told(),
                waiting=self._waiting(),
            )
            compared = self._compared
            done = await call(RECORD_TIMELINE, order, LEDGER, priority=URGENT)
            # What was said of the ledger before it was compared does not count any more.
            if compared == self._compared:
                self._take(done, batch)

    def _snapshot_after(self, last: TimelineEntry) -> str:
        """The state after the newest entry; one that is too large is not kept, and said to be."""
        if last is not self._entries[-1]:
            return ""
        taken = self._snapshot()
        return taken if len(taken) <= LARGEST_SNAPSHOT else TOO_LARGE

    def _take(self, done: TimelineRecorded, batch: tuple[TimelineEntry, ...]) -> None:
        before = self._known.record
        generation = self._known.generation or done.generation
        self._known = KnownLedger(generation=generation, record=done.head)
        self.note_behind(done.locked)
        if done.behind:
            lost = before.entries - done.head.entries
            them = "it was" if lost == 1 else "they were"
            self.add(
                RESTORED,
                "frontfoot",
                f"the ledger lacked {plural(lost, 'entry', 'entries')} of {before.entries} that it "
                f"had confirmed; as far as the incident still has them, {them} entered again",
            )
            self._recorded = self._entries[0].seq - 1
        elif done.diverges_at is not None:
            self._branch(done.diverges_at, done.next_branch)
        else:
            self._recorded = batch[-1].seq
            self._adopt(done.entries)

    def _adopt(self, taken: tuple[TimelineEntry, ...]) -> None:
        """Keep recorded entries as the ledger has them.

        After a worker was lost, a run was once seen to give an entry the time of the workflow task
        before, and the right one when it was gone through again: the ledger then has other words
        than the incident. What an activity returned is the same each time.
        """
        there = {(one.branch, one.seq): one for one in taken}
        self._entries = [there.get((one.branch, one.seq), one) for one in self._entries]

    def _branch(self, at: int, number: int) -> None:
        """Go on in another branch from entry ``at`` on: the ledger has something else there."""
        why = (
            f"branch {number}: the ledger has other entries from number {at} on, or lacks those "
            "before it; Temporal or the ledger was reset or restored, or somebody wrote to it"
        )
        kept = [one for one in self._entries if one.seq < at]
        moved = [
            one.model_copy(update={"seq": one.seq + 1, "branch": number})
            for one in self._entries
            if one.seq >= at
        ]
        self._entries = [*kept, _entry(at, number, BRANCHED, "frontfoot", why), *moved]
        self._recorded = at - 1


def _entry(seq: int, branch: int, what: str, who: Actor | str, about: str) -> TimelineEntry:
    person = who if isinstance(who, Actor) else None
    return TimelineEntry(
        seq=seq,
        branch=branch,
        at=workflow.now(),
        what=what,
        who=_plain(person.person if person else str(who)),
        surface=person.surface if person else None,
        authenticated_by=person.authenticated_by if person else None,
        about=_plain(about),
    )
