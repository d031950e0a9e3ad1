"""The checks of one broadcast: its plan, its batches, its recipients, its events."""

from __future__ import annotations

from datetime import datetime

from client.audit.findings import NEEDS_WORDS, Findings
from client.audit.model import Kind
from domain.explanation import Action, Explanation, NextStep
from domain.plural import plural
from domain.publication import Outcome, PublicationState
from domain.status import MessageStatus
from store.audit.broadcast_records import BroadcastRecords
from store.broadcasts.batch_rows import BatchRow
from store.broadcasts.progress import BroadcastProgress

_S = PublicationState
_STOPPED = (_S.PARTLY_ACCEPTED, _S.REFUSED)
"""Outcomes of a broadcast that leave batches to a retry."""

_STATES = (
    "planned",
    "sending",
    "accepted",
    "processed",
    "delivered",
    "bounced",
    "dropped",
    "refused",
    "unknown",
    "withdrawn",
    "suppressed",
)


def progress_in_words(progress: BroadcastProgress) -> str:
    """How many recipients of a broadcast are in which state."""
    known = [f"{getattr(progress, name):,} {name}" for name in _STATES if getattr(progress, name)]
    return ", ".join(known) or "nobody in it"


class MailChecks:
    """The rules of a broadcast."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def check(
        self,
        where: str,
        mail: BroadcastRecords,
        message: MessageStatus | None,
        outcome: Outcome | None,
    ) -> None:
        """Add everything that is wrong with one broadcast to the findings."""
        progress = self._findings.records.progress[mail.id]
        self._adds_up(where, mail, progress)
        self._events(where, mail)
        for number in mail.unexplained:
            self._findings.find(
                Kind.UNEXPLAINED,
                f"{where}, batch {number}",
                "It ended without a reason in the ledger.",
                "See the worker's log of that time.",
            )
        for batch in mail.open:
            self._batch(where, batch, mail, message, outcome)
        hidden = sum(mail.by_state.get(state, 0) for state in (_S.UNKNOWN, _S.REFUSED))
        shown = sum(batch.state in (_S.UNKNOWN, _S.REFUSED) for batch in mail.open)
        if hidden > shown:
            self._findings.find(
                Kind.UNKNOWN if mail.by_state.get(_S.UNKNOWN) else Kind.OPEN,
                where,
                f"{plural(hidden - shown, 'more batch', 'more batches')} unknown or refused.",
                self._findings.step(Action.SHOW_STATUS),
            )
        if outcome is not None:
            self._outcome(where, mail, progress, outcome)

    def _outcome(
        self, where: str, mail: BroadcastRecords, progress: BroadcastProgress, outcome: Outcome
    ) -> None:
        """Compare what the incident says of the whole with what the batches add up to."""
        unknown = mail.by_state.get(_S.UNKNOWN, 0)
        waiting = progress.planned + progress.refused_unsent
        off = progress.withdrawn
        agrees = {
            _S.ACCEPTED: not unknown
            and not waiting + off
            and bool(progress.went_out or progress.refused or not mail.planned),
            _S.PARTLY_ACCEPTED: not unknown and bool(progress.went_out and waiting + off),
            _S.REFUSED: not unknown and not progress.went_out,
        }
        if not agrees.get(outcome.state, True):
            self._findings.find(
                Kind.DIFFERS,
                where,
                f"The incident says {outcome.state}; in the ledger "
                f"{plural(unknown, 'batch is', 'batches are')} unknown, "
                f"{plural(progress.went_out, 'mail')} went out, and {waiting + off:,} did not.",
                self._step(
                    Action.LIST_UNKNOWN,
                    mail,
                    "See which are unknown, look at the provider, then settle them.",
                ),
            )
        if outcome.state in _STOPPED and progress.planned:
            self._findings.waits_for_a_person(
                where,
                outcome.state,
                Explanation(
                    what=f"{progress.went_out:,} of {mail.planned:,} accepted, "
                    f"{waiting:,} not sent.",
                    next_step=self._step(Action.RETRY, mail, "A retry sends it to the rest."),
                ),
            )

    def _adds_up(self, where: str, mail: BroadcastRecords, progress: BroadcastProgress) -> None:
        if (mail.laid_out, mail.recipients) != (mail.batches, mail.planned):
            self._findings.find(
                Kind.DIFFERS,
                where,
                f"{plural(mail.planned, 'recipient was', 'recipients were')} planned in "
                f"{plural(mail.batches, 'batch', 'batches')}, and the ledger has "
                f"{mail.recipients:,} in {mail.laid_out:,}.",
                "Rows are missing: restore the ledger from a backup.",
            )
        everybody = mail.planned + mail.suppressed
        if progress.recipients != everybody:
            self._findings.find(
                Kind.DIFFERS,
                where,
                f"{progress.recipients:,} of {everybody:,} recipients are in a named state.",
                "Restore the ledger from a backup.",
            )
        for name, (counter, rows) in sorted(mail.miscounted.items()):
            self._findings.find(
                Kind.DIFFERS,
                where,
                f"The batches count {counter:,} {name}, and there are {rows:,} such recipients.",
                "The rows are right; report this.",
            )

    def _events(self, where: str, mail: BroadcastRecords) -> None:
        for number in mail.proven_unsettled:
            self._findings.on_its_way(
                f"{where}, batch {number}",
                "An event proves that it went out, but it is not entered as accepted.",
                self._last_sign(mail),
            )
        for count, one, many, what in (
            (mail.behind, "recipient has", "recipients have", "an event ahead of their row."),
            (mail.unproven, "row is", "rows are", "ahead of every event of the recipient."),
            (mail.unapplied, "early event is", "early events are", "not applied to the broadcast."),
        ):
            if count:
                self._findings.find(
                    Kind.DIFFERS,
                    where,
                    f"{plural(count, one, many)} {what}",
                    "Find out who else writes to the database; the events are kept and right.",
                )

    def _batch(
        self,
        where: str,
        batch: BatchRow,
        mail: BroadcastRecords,
        message: MessageStatus | None,
        outcome: Outcome | None,
    ) -> None:
        place = f"{where}, batch {batch.number}"
        if batch.state in NEEDS_WORDS:
            if batch.state is _S.UNKNOWN or batch.explanation is not None:
                self._findings.waits_for_a_person(place, batch.state, batch.explanation)
            return
        stopped = outcome is not None and outcome.state in _STOPPED
        if stopped and batch.state is _S.PLANNED:
            # Told once for all of them, with the outcome.
            return
        if mail.paused and batch.state is _S.PLANNED:
            self._findings.find(
                Kind.OPEN,
                place,
                "The broadcast is paused.",
                self._step(Action.RESUME, mail, "Resume it, or stop it for good."),
            )
            return
        since = batch.started_at if batch.state is _S.SENDING else self._last_sign(mail)
        self._findings.on_its_way(place, f"It is {batch.state}.", since, message)

    def _last_sign(self, mail: BroadcastRecords) -> datetime:
        """When it last made progress: a large broadcast may take hours."""
        accepted_at = self._findings.records.progress[mail.id].last_accepted_at
        return max(mail.planned_at, accepted_at or mail.planned_at)

    def _step(self, action: Action, mail: BroadcastRecords, advice: str) -> NextStep:
        step = self._findings.step(action, advice, message=mail.number)
        return step.model_copy(update={"channel": mail.channel, "audience": mail.audience})
