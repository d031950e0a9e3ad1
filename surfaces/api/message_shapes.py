"""Messages as the API shows them: of an incident that answers, or of the ledger alone."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from client.gate_view import gate_view
from client.ledger_view import KeptMessage
from client.publications import PublicationRow
from domain.gate import Decision, Requirement
from domain.holding import HoldingForms
from domain.message import Copy, Document, MessageKind
from domain.publication import Outcome
from domain.saved_replies import ReplyRules
from domain.status import Asking, MessageStatus
from surfaces.api.shapes import (
    Shown,
    Time,
    Told,
)


class DecisionShown(Shown):
    """Who approved or rejected, where, as what, and what proves it (`none`, `token`, `key`, …)."""

    person: str
    verdict: Literal["approve", "reject"]
    at: Time
    roles: list[str]
    surface: str
    authenticated_by: str
    reason: str
    on_behalf_of: str = Field("", description="Who has delegated the roles to them.")


class AskedShown(Shown):
    """Somebody who was asked to decide: on which rung first, when, and what came of it."""

    person: str
    rung: str
    at: Time
    state: Literal["waiting", "acknowledged", "unreachable", "handed_over", "ended"]


class AskingShown(Shown):
    """Who has been asked to decide, and what comes next if nobody does."""

    since: Time
    asked: list[AskedShown]
    rung: str | None
    next_rung: str | None = Field(description="Null after the last, when all are reminded.")
    next_at: Time | None


class OutcomeShown(Shown):
    """What became of a message on one channel, or for one audience there.

    `uncertain`: an attempt may have gone out that was never seen at the provider.
    """

    channel: str
    audience: str | None
    state: str
    url: str | None
    accepted_at: Time | None
    attempts: int
    uncertain: bool
    explanation: Told | None


class Message(Shown):
    """A message with its newest revision.

    `phase`, `gate` and what hangs on them are null while Temporal does not answer: whether
    something was approved only the incident itself knows.
    """

    incident: str
    number: int
    kind: MessageKind
    revision: int
    digest: str
    author: str
    proposed_at: Time
    phase: str | None
    gate: str | None
    missing: str | None = Field(description="Whose signatures are missing, in words.")
    requires: Requirement | None = Field(description="What a decision has to be proven with.")
    may_sign: list[str] | None
    decisions: list[DecisionShown] | None
    approved_at: Time | None
    told: bool | None = Field(description="Whether people count as told.")
    recipients: int | None
    subscribers: int | None
    notify: bool | None
    next_update_by: Time | None
    withdrawing: bool | None
    outcomes: list[OutcomeShown]
    turn_of: list[str] = Field([], description="The roles that sign next, where there are tiers.")
    reasons: list[str] = Field([], description="Why its gate is stricter than usual.")
    expires_at: Time | None = Field(None, description="Undecided by then, it never goes out.")
    overrides: list[DecisionShown] = Field([], description="Approvals out of policy.")
    broken: bool = Field(False, description="Whether its gate was opened out of policy.")
    review: str | None = Field(None, description="What was said of that afterwards.")
    asking: AskingShown | None = None
    alarms: list[Told] = Field([], description="What is wrong at its gate.")


class CopyShown(Shown):
    """The words of one channel, exactly as they go out."""

    channel: str
    audience: str | None
    subject: str | None
    text: str
    html: str | None
    link: str | None

    @classmethod
    def of(cls, copy: Copy) -> CopyShown:
        """The same for the wire."""
        return cls(**copy.model_dump(include=set(cls.model_fields)))


class MessageWithCopies(Message):
    """A message with exactly the words that its approvers sign."""

    copies: list[CopyShown]
    replies: ReplyRules | None = Field(None, description="Of reply rules, which have no copies.")
    holding: HoldingForms | None = Field(None, description="Of holding statements, too.")


def shown_message(slug: str, status: MessageStatus) -> Message:
    """A message as its incident answers it."""
    return Message(
        incident=slug,
        number=status.number,
        kind=status.kind,
        revision=status.revision,
        digest=status.digest,
        author=status.author,
        proposed_at=status.proposed_at,
        phase=status.phase.value,
        gate=status.gate.value,
        missing=status.missing,
        requires=status.requires,
        may_sign=list(status.may_sign),
        decisions=[_decision(one) for one in status.decisions],
        approved_at=status.approved_at,
        told=status.told,
        recipients=status.audience_count,
        subscribers=status.subscriber_count,
        notify=status.notify,
        next_update_by=status.next_update_by,
        withdrawing=status.withdrawing,
        outcomes=[_outcome(one) for one in status.outcomes],
        turn_of=list(status.turn_of),
        reasons=list(status.reasons),
        expires_at=status.expires_at,
        overrides=[_decision(one) for one in status.overrides],
        broken=status.broken,
        review=status.review.note if status.review else None,
        asking=_asking(status.asking) if status.asking else None,
        alarms=[Told.of(one) for one in gate_view(slug, status).alarms],
    )


def _asking(asking: Asking) -> AskingShown:
    return AskingShown(
        since=asking.since,
        asked=[
            AskedShown(person=one.person, rung=one.rung.value, at=one.at, state=one.state.value)
            for one in asking.asked
        ],
        rung=asking.rung.value if asking.rung else None,
        next_rung=asking.next_rung.value if asking.next_rung else None,
        next_at=asking.next_at,
    )


def kept_message(kept: KeptMessage) -> Message:
    """A message as the ledger alone has it."""
    row, document = kept.row, kept.document
    return Message(
        incident=row.incident,
        number=row.number,
        kind=row.kind,
        revision=row.revision,
        digest=row.digest,
        author=row.author,
        proposed_at=row.proposed_at,
        phase=None,
        gate=None,
        missing=None,
        requires=None,
        may_sign=None,
        decisions=None,
        approved_at=None,
        told=None,
        recipients=None,
        subscribers=None,
        notify=document.notify if document else None,
        next_update_by=document.next_update_by if document else None,
        withdrawing=None,
        outcomes=[_post(one) for one in kept.posts],
    )


def with_copies(message: Message, document: Document | None) -> MessageWithCopies:
    """The same with its words; without a document it has none."""
    copies = [CopyShown.of(one) for one in document.copies] if document else []
    return MessageWithCopies(
        **dict(message),
        copies=copies,
        replies=document.replies if document else None,
        holding=document.holding if document else None,
    )


def _decision(one: Decision) -> DecisionShown:
    return DecisionShown(
        person=one.actor.person,
        verdict=one.verdict.value,
        at=one.at,
        roles=list(one.roles),
        surface=one.actor.surface.value,
        authenticated_by=one.actor.authenticated_by.value,
        reason=one.reason,
        on_behalf_of=one.on_behalf_of,
    )


def _outcome(one: Outcome) -> OutcomeShown:
    return OutcomeShown(
        channel=one.channel,
        audience=one.audience,
        state=one.state.value,
        url=one.receipt.url if one.receipt else None,
        accepted_at=one.receipt.at if one.receipt else None,
        attempts=one.attempts,
        uncertain=one.uncertain,
        explanation=Told.of(one.explanation) if one.explanation else None,
    )


def _post(row: PublicationRow) -> OutcomeShown:
    return OutcomeShown(
        channel=row.channel,
        audience=None,
        state=row.state.value,
        url=row.receipt.url if row.receipt else None,
        accepted_at=row.receipt.at if row.receipt else None,
        attempts=row.attempt,
        uncertain=row.uncertain,
        explanation=Told.of(row.explanation) if row.explanation else None,
    )
