"""The handlers for those who write: messages, holding statements, facts."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.status import IncidentStatus, MessageStatus
    from workflows.contract.writing import NoteNotified, Propose, RecordFacts, Release, Revise
    from workflows.deadline_watch import DeadlineWatch
    from workflows.facts import FactsRecording
    from workflows.handlers.base import IncidentHandlers
    from workflows.proposing import Proposing
    from workflows.refusing import refusing
    from workflows.releasing import Releasing
    from workflows.turns import turn


class WritingHandlers(IncidentHandlers):
    """What is to be said, and what is known."""

    _turn_of: defaultdict[int, asyncio.Lock]
    _proposing: Proposing
    _releasing: Releasing
    _facts: FactsRecording
    _deadlines: DeadlineWatch

    @workflow.update(name="propose")
    async def propose(self, propose: Propose) -> MessageStatus:
        """Render a message for every channel and put it before its gate."""
        self._ceilings.updates += 1
        with self._waiting_room.waiting():
            return self._of(await self._proposing.propose(propose))

    @propose.validator
    def _check_propose(self, propose: Propose) -> None:
        with refusing():
            self._waiting_room.refuse_full()
            self._proposing.refuse_proposal(propose)

    @workflow.update(name="revise")
    async def revise(self, revise: Revise) -> MessageStatus:
        """Render a new revision; whatever was decided about the one before is void."""
        self._ceilings.updates += 1
        with self._waiting_room.waiting():
            async with turn(self._turn_of[revise.message]):
                return self._of(await self._proposing.revise(revise))

    @revise.validator
    def _check_revise(self, revise: Revise) -> None:
        with refusing():
            self._waiting_room.refuse_full()
            self._proposing.refuse_revision(revise)

    @workflow.update(name="facts")
    async def facts(self, facts: RecordFacts) -> IncidentStatus:
        """Record what is known now; the facts themselves stay in the ledger."""
        self._ceilings.updates += 1
        with refusing():
            self._facts.record(facts)
        return self.status()

    @facts.validator
    def _check_facts(self, facts: RecordFacts) -> None:
        with refusing():
            self._facts.refuse(facts)

    @workflow.update(name="authority_notified")
    async def authority_notified(self, note: NoteNotified) -> IncidentStatus:
        """Enter in the timeline that an authority was notified."""
        self._ceilings.updates += 1
        with refusing():
            self._deadlines.note(note)
        return self.status()

    @authority_notified.validator
    def _check_notified(self, note: NoteNotified) -> None:
        with refusing():
            self._deadlines.refuse(note)

    @workflow.update(name="release")
    async def release(self, release: Release) -> MessageStatus:
        """Publish a holding statement that was approved in advance."""
        self._ceilings.updates += 1
        with self._waiting_room.waiting():
            return self._of(await self._releasing.release(release))

    @release.validator
    def _check_release(self, release: Release) -> None:
        with refusing():
            self._waiting_room.refuse_full()
            self._releasing.refuse(release)
