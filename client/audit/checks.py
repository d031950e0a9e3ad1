"""Comparing the four records of an incident; pure, so that each rule can be tested alone."""

from __future__ import annotations

from datetime import datetime

from client.audit.findings import NEEDS_WORDS, STUCK_AFTER, Findings
from client.audit.mail import MailChecks, progress_in_words
from client.audit.model import AuditRecords, Intent, Kind, Place, ProviderRecord, Report
from client.next_steps import WENT_OUT
from domain.explanation import Action, NextStep
from domain.message_state import MessagePhase
from domain.plural import plural
from domain.publication import Outcome, PublicationState
from domain.status import MessageStatus
from store.audit.broadcast_records import BroadcastRecords
from store.record.publication_rows import PublicationRow

_S = PublicationState


def audit(records: AuditRecords, now: datetime) -> Report:
    """Compare everything with everything."""
    return _Audit(records, now).report()


class _Audit:
    def __init__(self, records: AuditRecords, now: datetime) -> None:
        self._records = records
        self._findings = Findings(records, now)
        self._rows = {Place(row.number, row.channel): row for row in records.publications}
        # An earlier revision's broadcast stays in the ledger, superseded.
        self._mails = {
            Place(one.number, one.channel, one.audience): one for one in records.broadcasts
        }
        self._messages = {m.number: m for m in records.status.messages} if records.status else {}

    def report(self) -> Report:
        if self._records.status is None:
            self._findings.find(
                Kind.UNREAD,
                "the incident",
                f"It could not be asked: {self._records.unread}",
                "Start a worker, then audit again; the other records are compared below.",
            )
        places = sorted(
            {
                *self._rows,
                *self._mails,
                *(
                    Place(m.number, o.channel, o.audience or "")
                    for m in self._messages.values()
                    for o in m.outcomes
                ),
            }
        )
        intents = [self._intent(place) for place in places]
        self._findings.found += self._records.strangers
        return Report(
            incident=self._records.slug,
            intents=tuple(intents),
            found=tuple(self._findings.found),
            under_way=self._findings.under_way,
        )

    def _intent(self, place: Place) -> Intent:
        message = self._messages.get(place.message)
        outcomes = message.outcomes if message else ()
        here = (place.channel, place.audience)
        outcome = next((o for o in outcomes if (o.channel, o.audience or "") == here), None)
        row, mail = self._rows.get(place), self._mails.get(place)
        where = str(place)
        provider = self._records.provider.get(place, ProviderRecord(detail="not asked"))
        if self._records.status is not None:
            self._known_to_the_incident(where, message, outcome, row, mail)
        if row is not None:
            self._post(where, row, message)
        if mail is not None:
            MailChecks(self._findings).check(where, mail, message, outcome)
        self._provider(place, provider, row, mail)
        return Intent(
            message=place.message,
            kind=message.kind.value if message else "",
            channel=place.channel,
            audience=place.audience,
            incident=outcome.state if outcome else None,
            ledger=self._ledger_says(row, mail),
            events="" if mail is None else plural(mail.events, "event"),
            provider=provider.detail,
        )

    # --- the incident and the ledger -----------------------------------------------------------

    def _known_to_the_incident(
        self,
        where: str,
        message: MessageStatus | None,
        outcome: Outcome | None,
        row: PublicationRow | None,
        mail: BroadcastRecords | None,
    ) -> None:
        if message is None or outcome is None:
            self._findings.find(
                Kind.DIFFERS,
                where,
                "It is in the ledger, and the incident knows nothing of it.",
                "Find out who may write to the database.",
            )
            return
        entered = row is not None or mail is not None
        if message.approved_at is None:
            begun = (row is not None and row.state not in (_S.PLANNED, _S.SUPERSEDED)) or (
                mail is not None and set(mail.by_state) - {_S.PLANNED, _S.SUPERSEDED}
            )
            if begun and message.revision == 1:
                self._findings.find(
                    Kind.DIFFERS,
                    where,
                    "The ledger has begun to send it, and the incident has not approved it.",
                    "Withdraw it, and find out who may write to the database.",
                )
            elif message.phase is MessagePhase.WAITING:
                self._findings.find(
                    Kind.OPEN,
                    where,
                    f"It waits for signatures: {message.missing}.",
                    self._findings.step(Action.SHOW_COPY, message=message.number),
                )
            return
        if not entered:
            if outcome.state is _S.PLANNED and message.phase is MessagePhase.PUBLISHING:
                self._findings.on_its_way(where, "It is about to be planned.", message.approved_at)
            elif outcome.state not in NEEDS_WORDS:
                self._findings.find(
                    Kind.DIFFERS,
                    where,
                    f"The incident says {outcome.state}, and the ledger has no row for it.",
                    "Check that everything uses the same FRONTFOOT_DATABASE_URL.",
                )
            return
        if row is not None and outcome.state is not row.state:
            self._states_differ(where, outcome.state, row)

    def _states_differ(self, where: str, incident: PublicationState, row: PublicationRow) -> None:
        # The ledger is written first, so the incident may be a moment behind.
        if not incident.settled and self._findings.now - row.updated_at < STUCK_AFTER:
            self._findings.under_way = True
            return
        self._findings.find(
            Kind.DIFFERS,
            where,
            f"The incident says {incident}, the ledger says {row.state}.",
            self._settle(
                Place(row.number, row.channel),
                "The ledger was written before and after the request: look at the platform, then "
                "settle it.",
            ),
        )

    def _settle(self, place: Place, advice: str, about: str = "") -> NextStep:
        step = self._findings.step(Action.SETTLE, advice, message=place.message)
        where = {"channel": place.channel, "audience": place.audience}
        return step.model_copy(update={**where, "about": about})

    # --- posts ---------------------------------------------------------------------------------

    def _post(self, where: str, row: PublicationRow, message: MessageStatus | None) -> None:
        if row.state is _S.ACCEPTED and row.receipt is None:
            self._findings.find(
                Kind.DIFFERS, where, "It is accepted, but has no receipt.", "Look for it."
            )
        if row.state in NEEDS_WORDS:
            self._findings.waits_for_a_person(where, row.state, row.explanation)
        elif not row.state.settled:
            since = row.started_at if row.state is _S.SENDING else row.updated_at
            self._findings.on_its_way(where, f"It is {row.state}.", since, message)

    # --- the provider --------------------------------------------------------------------------

    def _provider(
        self,
        place: Place,
        record: ProviderRecord,
        row: PublicationRow | None,
        mail: BroadcastRecords | None,
    ) -> None:
        self._findings.found += record.found
        reconciled = record.reconciled
        if reconciled is None:
            return
        where, what = str(place), "mail" if mail is not None else "post"
        open_batches = mail is not None and any(
            mail.by_state.get(state) for state in (_S.SENDING, _S.UNKNOWN)
        )
        on_the_wire = row is not None and not row.state.settled
        for kind, count, what_of_them, next_step in (
            (
                Kind.LOST,
                reconciled.lost,
                "accepted in the ledger, but not at the provider.",
                "Look at the provider. If it is not there, say it again in a new message.",
            ),
            (
                Kind.DOUBLED,
                reconciled.doubled,
                "too many at the provider.",
                "Take the extra copies down, and report this: it must never happen.",
            ),
            (
                Kind.UNENTERED,
                reconciled.unentered,
                "at the provider, but the ledger does not say that it went out.",
                self._settle(place, "Say that they went out.", WENT_OUT),
            ),
        ):
            if not count:
                continue
            if kind is Kind.UNENTERED and (open_batches or on_the_wire):
                # Its batch or post is listed already, as unknown or as under way.
                continue
            self._findings.find(kind, where, f"{plural(count, what)} {what_of_them}", next_step)

    def _ledger_says(self, row: PublicationRow | None, mail: BroadcastRecords | None) -> str:
        if row is not None:
            return str(row.state)
        return "no row" if mail is None else progress_in_words(self._records.progress[mail.id])
