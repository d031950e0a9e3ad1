"""What an audit concludes: each rule alone, and what providers without a book can tell."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from channels.contract import Publication
from channels.twitter import TwitterChannel, TwitterSettings
from client.audit.checks import audit
from client.audit.model import AuditRecords, Kind, Place, ProviderRecord, Report
from client.audit.reading import read_providers
from client.engine import Engine
from client.stack.sandbox_records import Reconciliation
from domain.actor import Actor
from domain.explanation import Action, explained
from domain.gate import GateState
from domain.ids import MessageRef
from domain.message import Copy, Document, MessageKind
from domain.message_state import MessagePhase
from domain.publication import Outcome, PublicationState, Receipt
from domain.stage import Stage
from domain.status import IncidentStatus, MessageStatus
from settings import Settings
from store.audit.broadcast_records import BroadcastRecords
from store.broadcasts.batch_rows import BatchRow
from store.broadcasts.progress import BroadcastProgress
from store.kernel.database import Database
from store.migrate import upgrade_ledger
from store.record import messages, publication_rows, publications
from store.record.publication_rows import PublicationRow
from tests.channels.conftest import sandbox, sandbox_process

__all__ = ["sandbox", "sandbox_process"]

S = PublicationState
NOW = datetime(2026, 10, 26, 14, 0, tzinfo=UTC)
JUST_NOW, LONG_AGO = NOW - timedelta(minutes=1), NOW - timedelta(hours=2)


def row(state: S = S.ACCEPTED, **more: Any) -> PublicationRow:
    receipt = Receipt(id="1", at=NOW) if state is S.ACCEPTED else None
    fields: dict[str, Any] = {
        "state": state,
        "attempt": 1,
        "started_at": JUST_NOW,
        "receipt": receipt,
        "explanation": None,
        "incident": "down",
        "number": 1,
        "channel": "twitter",
        "revision": 1,
        "key": "k",
        "digest": "d" * 64,
        "updated_at": JUST_NOW,
    }
    return PublicationRow.model_validate({**fields, **more})


def batch(number: int, state: S, **more: Any) -> BatchRow:
    fields: dict[str, Any] = {
        "state": state,
        "attempt": 1,
        "started_at": JUST_NOW,
        "receipt": None,
        "explanation": None,
        "broadcast_id": 1,
        "number": number,
        "first": 1,
        "last": 10,
        "size": 10,
        "key": f"0123456789abcdef.{number}.1",
        "proven": False,
    }
    return BatchRow.model_validate({**fields, **more})


def mail(*opened: BatchRow, **more: Any) -> BroadcastRecords:
    fields: dict[str, Any] = {
        "id": 1,
        "key": "0123456789abcdef",
        "number": 1,
        "revision": 1,
        "channel": "email",
        "audience": "customers",
        "digest": "d" * 64,
        "paused": False,
        "planned": 20,
        "suppressed": 0,
        "elsewhere": 0,
        "batches": 2,
        "planned_at": JUST_NOW,
        "recipients": 20,
        "laid_out": 2,
        "by_state": {one.state: 1 for one in opened} or {S.ACCEPTED: 2},
        "open": opened,
        "unexplained": (),
        "miscounted": {},
        "proven_unsettled": (),
        "events": 0,
        "behind": 0,
        "unproven": 0,
        "unapplied": 0,
    }
    return BroadcastRecords.model_validate({**fields, **more})


def status(
    outcome: Outcome,
    phase: MessagePhase = MessagePhase.SETTLED,
    stage: Stage = Stage.ACKNOWLEDGE,
    approved_at: datetime | None = JUST_NOW,
) -> IncidentStatus:
    message = MessageStatus(
        number=1,
        kind=MessageKind.ANNOUNCEMENT,
        revision=1,
        author="maya",
        proposed_at=LONG_AGO,
        digest="d" * 64,
        phase=phase,
        gate=GateState.OPEN,
        missing="",
        decisions=(),
        approved_at=approved_at,
        told=True,
        audience_count=20,
        codes_worth=None,
        outcomes=(outcome,),
    )
    return IncidentStatus(
        incident="down",
        title="Down",
        stage=stage,
        opened_by=Actor.at_terminal("maya"),
        opened_at=LONG_AGO,
        closed_at=None,
        audiences=(),
        playbook="plan",
        facts=None,
        facts_filled=(),
        messages=(message,),
    )


def report(
    told: IncidentStatus | None,
    rows: list[PublicationRow] | None = None,
    mails: list[BroadcastRecords] | None = None,
    provider: Reconciliation | None = None,
    **progress: Any,
) -> Report:
    counted = {"delivered": 20} | progress if progress else {"delivered": 20}
    place = Place(1, "email", "customers") if mails else Place(1, "twitter")
    book = (
        {place: ProviderRecord(detail="read", read=True, reconciled=provider)} if provider else {}
    )
    records = AuditRecords(
        slug="down",
        status=told,
        unread="" if told else "No worker is answering.",
        publications=tuple(rows or ()),
        broadcasts=tuple(mails or ()),
        progress={1: BroadcastProgress(batches={}, **counted)},
        provider=book,
    )
    return audit(records, NOW)


def kinds(found: Report) -> list[Kind]:
    return [one.kind for one in found.found]


def post(state: S = S.ACCEPTED) -> Outcome:
    return Outcome(channel="twitter", state=state)


def mailing(state: S = S.ACCEPTED) -> Outcome:
    return Outcome(channel="email", audience="customers", state=state)


# --- agreement ----------------------------------------------------------------------------------


def test_books_that_say_the_same_agree() -> None:
    for found in (
        report(status(post()), [row()], provider=Reconciliation(accepted=1)),
        report(status(mailing()), mails=[mail()], provider=Reconciliation(accepted=20)),
    ):
        assert (found.agrees, found.found, found.under_way) == (True, (), False)


def test_what_was_refused_waits_for_a_person_and_is_no_difference() -> None:
    refused = row(S.REFUSED, explanation=explained("too long", "Shorten it."))
    found = report(status(post(S.REFUSED)), [refused])
    assert (found.agrees, kinds(found)) == (True, [Kind.OPEN])
    assert found.found[0].explanation.next_step.advice == "Shorten it."


# --- one rule each ------------------------------------------------------------------------------


def test_an_incident_that_cannot_be_asked_is_no_agreement() -> None:
    found = report(None, [row()])
    assert (found.agrees, kinds(found)) == (False, [Kind.UNREAD])


@pytest.mark.parametrize("outcome", [S.UNKNOWN, S.WITHDRAWN, S.REFUSED])
def test_an_incident_that_says_another_state_than_the_ledger_differs(outcome: S) -> None:
    assert Kind.DIFFERS in kinds(report(status(post(outcome)), [row()]))


def test_an_incident_a_moment_behind_the_ledger_is_under_way() -> None:
    told = status(post(S.PLANNED), MessagePhase.PUBLISHING)
    found = report(told, [row()])
    assert (found.agrees, found.under_way) == (True, True)


@pytest.mark.parametrize(
    ("since", "phase", "stage", "stuck"),
    [
        (JUST_NOW, MessagePhase.PUBLISHING, Stage.ACKNOWLEDGE, False),
        (LONG_AGO, MessagePhase.PUBLISHING, Stage.ACKNOWLEDGE, True),
        (JUST_NOW, MessagePhase.SETTLED, Stage.ACKNOWLEDGE, True),
        (JUST_NOW, MessagePhase.PUBLISHING, Stage.CLOSED, True),
    ],
)
def test_what_is_on_its_way_for_too_long_is_stuck(
    since: datetime, phase: MessagePhase, stage: Stage, stuck: bool
) -> None:
    told = status(post(S.SENDING), phase, stage)
    found = report(told, [row(S.SENDING, started_at=since)])
    assert (Kind.STUCK in kinds(found), found.under_way) == (stuck, not stuck)


def test_an_outcome_that_nobody_knows_is_no_agreement() -> None:
    unknown = row(S.UNKNOWN, explanation=explained("No answer came.", "Look."))
    assert kinds(report(status(post(S.UNKNOWN)), [unknown])) == [Kind.UNKNOWN]


@pytest.mark.parametrize("state", [S.REFUSED, S.UNKNOWN, S.WITHDRAWN, S.SUPERSEDED, S.ABANDONED])
def test_every_end_but_acceptance_needs_a_reason(state: S) -> None:
    assert Kind.UNEXPLAINED in kinds(report(status(post(state)), [row(state)]))


def test_a_message_that_nobody_approved_and_that_goes_out_differs() -> None:
    told = status(post(S.PLANNED), MessagePhase.WAITING, approved_at=None)
    assert Kind.DIFFERS in kinds(report(told, [row()]))


def test_a_message_of_which_the_incident_knows_nothing_differs() -> None:
    assert Kind.DIFFERS in kinds(report(status(post()), [row(), row(number=9)]))


@pytest.mark.parametrize(
    ("provider", "kind"),
    [
        (Reconciliation(accepted=20, lost=3), Kind.LOST),
        (Reconciliation(accepted=20, doubled=1), Kind.DOUBLED),
        (Reconciliation(accepted=20, unentered=2), Kind.UNENTERED),
    ],
)
def test_what_the_provider_has_otherwise_is_named(provider: Reconciliation, kind: Kind) -> None:
    assert kinds(report(status(mailing()), mails=[mail()], provider=provider)) == [kind]


def test_mail_of_a_batch_under_way_may_be_at_the_provider_first() -> None:
    going = mail(batch(2, S.SENDING), by_state={S.ACCEPTED: 1, S.SENDING: 1})
    told = status(mailing(S.SENDING), MessagePhase.PUBLISHING)
    provider = Reconciliation(accepted=10, unentered=10)
    found = report(told, mails=[going], provider=provider, delivered=10, sending=10)
    assert (found.agrees, found.under_way) == (True, True)


def test_an_unknown_batch_is_listed_with_what_to_do() -> None:
    lost = batch(2, S.UNKNOWN, explanation=explained("No answer.", "Its events settle it."))
    found = report(
        status(mailing(S.UNKNOWN)),
        mails=[mail(lost, by_state={S.ACCEPTED: 1, S.UNKNOWN: 1})],
        delivered=10,
        unknown=10,
    )
    assert [(one.kind, one.where, str(one.explanation.next_step)) for one in found.found] == [
        (Kind.UNKNOWN, "message 1 on email to customers, batch 2", "Its events settle it.")
    ]


def test_an_incident_that_takes_an_unknown_batch_for_accepted_differs() -> None:
    lost = batch(2, S.UNKNOWN, explanation=explained("No answer.", "Look."))
    found = report(status(mailing()), mails=[mail(lost)], delivered=10, unknown=10)
    assert Kind.DIFFERS in kinds(found)


def test_a_broadcast_that_was_stopped_half_way_waits_for_a_person_and_says_how_many() -> None:
    left = mail(batch(2, S.PLANNED), planned_at=LONG_AGO, by_state={S.ACCEPTED: 1, S.PLANNED: 1})
    found = report(
        status(mailing(S.PARTLY_ACCEPTED)), mails=[left], accepted=10, planned=10, delivered=0
    )
    assert (found.agrees, kinds(found)) == (True, [Kind.OPEN])
    explanation = found.found[0].explanation
    assert explanation.what == "It is partly_accepted: 10 of 20 accepted, 10 not sent."
    assert explanation.next_step.action is Action.RETRY


@pytest.mark.parametrize(
    ("outcome", "progress"),
    [
        (S.PARTLY_ACCEPTED, {"delivered": 20}),
        (S.PARTLY_ACCEPTED, {"delivered": 0, "planned": 20}),
        (S.ACCEPTED, {"delivered": 10, "planned": 10}),
        (S.ACCEPTED, {"delivered": 10, "refused": 10, "refused_unsent": 10}),
        (S.ACCEPTED, {"delivered": 10, "withdrawn": 10}),
        (S.REFUSED, {"delivered": 10, "planned": 10}),
    ],
)
def test_an_outcome_that_does_not_fit_who_got_it_differs(
    outcome: S, progress: dict[str, int]
) -> None:
    assert Kind.DIFFERS in kinds(report(status(mailing(outcome)), mails=[mail()], **progress))


def test_a_paused_broadcast_waits_for_a_person_however_long() -> None:
    waiting = mail(batch(2, S.PLANNED), paused=True, planned_at=LONG_AGO)
    told = status(mailing(S.SENDING), MessagePhase.PUBLISHING)
    found = report(told, mails=[waiting], delivered=10, planned=10)
    assert (found.agrees, kinds(found)) == (True, [Kind.OPEN])


def test_a_large_broadcast_that_still_moves_is_not_stuck() -> None:
    """Planned hours ago, and the last batch was accepted a minute ago."""
    waiting = mail(batch(2, S.PLANNED), planned_at=LONG_AGO)
    told = status(mailing(S.SENDING), MessagePhase.PUBLISHING)
    moving = report(told, mails=[waiting], delivered=10, planned=10, last_accepted_at=JUST_NOW)
    still = report(told, mails=[waiting], delivered=10, planned=10, last_accepted_at=LONG_AGO)
    assert (moving.under_way, kinds(moving), kinds(still)) == (True, [], [Kind.STUCK])


def test_a_recipient_in_no_named_state_is_missed() -> None:
    assert Kind.DIFFERS in kinds(report(status(mailing()), mails=[mail()], delivered=19))


@pytest.mark.parametrize("fault", ["behind", "unproven", "unapplied"])
def test_events_and_rows_that_do_not_fit_are_named(fault: str) -> None:
    found = report(status(mailing()), mails=[mail(**{fault: 3})])
    assert [(one.kind, one.explanation.what[:2]) for one in found.found] == [(Kind.DIFFERS, "3 ")]


# --- providers that keep no book, asked one question at a time ----------------------------------


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    await upgrade_ledger(url)
    database = Database.open(url)
    yield database
    await database.close()


@pytest.fixture
def live(sandbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings as of a deployment without a stack of its own; Twitter is at the sandbox."""
    words = {
        "CONSUMER_KEY": "sandbox-consumer-key",
        "CONSUMER_SECRET": "sandbox-consumer-secret",
        "TOKEN": "sandbox-token",
        "TOKEN_SECRET": "sandbox-token-secret",
        "USER_ID": "7000000001",
        "HANDLE": "acme",
        "BASE_URL": sandbox,
    }
    for name, value in words.items():
        monkeypatch.setenv(f"FRONTFOOT_TWITTER_{name}", value)
    return Settings(state_dir=tmp_path, _env_file=None)


async def have_post(ledger: Database, number: int, *, sent: bool, entered: bool) -> None:
    """A post that did or did not go out, and that the ledger has as accepted or as unknown."""
    copy = Copy(
        channel="twitter", text=f"Notice {number}, 12:00 UTC.", mark=f"Notice {number}, 12:00"
    )
    now = datetime.now(UTC)
    document = Document(
        incident="down",
        number=number,
        revision=1,
        kind=MessageKind.ANNOUNCEMENT,
        proposed_at=now,
        copies=(copy,),
    )
    await messages.save_revision(ledger, document, "maya")
    ref, digest = MessageRef(incident="down", number=number, revision=1), document.digest()
    await publications.plan(ledger, ref, "twitter", digest, now)
    await publications.reserve(ledger, ref, "twitter", digest, now, 1)
    receipt = Receipt(id="1", at=now)
    if sent:
        channel = TwitterChannel(TwitterSettings())
        receipt = await channel.publish(Publication(key="k", copy=copy))
        await channel.close()
    if entered:
        await publications.accept(ledger, ref, "twitter", receipt, now)
    else:
        await publications.mark_unknown(
            ledger, ref, "twitter", why=explained("No answer.", "Look."), at=now
        )


async def test_a_live_provider_is_read_back_post_by_post(ledger: Database, live: Settings) -> None:
    await have_post(ledger, 1, sent=True, entered=True)
    await have_post(ledger, 2, sent=True, entered=False)
    await have_post(ledger, 3, sent=False, entered=True)
    await have_post(ledger, 4, sent=False, entered=False)

    rows = await publication_rows.rows(ledger, "down")
    told, _ = await read_providers(Engine(live, ledger=ledger), "down", rows, [])

    assert {number: told[Place(number, "twitter")].detail for number in range(1, 5)} == {
        1: "seen",
        2: "seen",
        3: "absent",
        4: "absent",
    }
    found = {
        number: [one.kind for one in told[Place(number, "twitter")].found] for number in range(1, 5)
    }
    assert found == {1: [], 2: [Kind.UNENTERED], 3: [Kind.LOST], 4: []}


async def test_a_live_provider_that_cannot_be_asked_is_not_readable(
    ledger: Database, live: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await have_post(ledger, 1, sent=True, entered=True)
    monkeypatch.delenv("FRONTFOOT_TWITTER_TOKEN")
    rows = await publication_rows.rows(ledger, "down")
    told, _ = await read_providers(Engine(live, ledger=ledger), "down", rows, [])
    book = told[Place(1, "twitter")]
    assert (book.read, "FRONTFOOT_TWITTER_TOKEN" in book.detail) == (False, True)
