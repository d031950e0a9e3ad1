"""Messages: proposing, revising, reading exactly what is signed, withdrawing."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, Field, StrictBool

from client.errors import WrongInput
from client.gate_view import gate_view
from client.incident_view import IncidentView
from client.ledger_view import KeptMessage
from client.messages import NoSuchMessage, load_document, message_of, propose, revise
from client.publications import PublicationRow, withdraw
from domain.gate import Decision, Requirement
from domain.holding import HoldingForms
from domain.limits import DRAFT_LIMIT, NAME_LIMIT, NAMES_LIMIT
from domain.message import FREE_SUBJECT, FREE_TEXT, Copy, Document, MessageKind
from domain.page_entry import ComponentState
from domain.publication import Outcome
from domain.saved_replies import ReplyRules
from domain.status import Asking, MessageStatus
from surfaces.api.access import BASE, actor, engine_of
from surfaces.api.resource import Resource
from surfaces.api.shapes import (
    Asked,
    Listed,
    NumberInPath,
    Reason,
    Shown,
    SlugInPath,
    Time,
    Told,
)
from surfaces.api.views import done, message_in, view_of

router = APIRouter(route_class=Resource, prefix=BASE, tags=["messages"])

_HERE = "/incidents/{slug}/messages"

Text = Annotated[str, Field(max_length=DRAFT_LIMIT)]
NameOfPart = Annotated[str, Field(min_length=1, max_length=64)]


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


class OwnWords(Asked):
    """Words in place of the template's. `channels` has those of single channels."""

    text: Text | None = Field(None, description="For every channel without words of its own.")
    subject: Annotated[str, Field(max_length=1_000)] | None = Field(None, description="Of mail.")
    channels: dict[NameOfPart, Text] = Field(default_factory=dict, max_length=NAMES_LIMIT)

    def draft(self) -> dict[str, str]:
        """The same by the names of its parts; ``WrongInput`` where one has two texts."""
        found = {FREE_TEXT: self.text, FREE_SUBJECT: self.subject}
        if found.keys() & self.channels.keys():
            raise WrongInput("`text` and `subject` are no channels.", "Give them outside of it.")
        return {name: text for name, text in found.items() if text is not None} | self.channels


class _Wording(Asked):
    copy_: OwnWords | None = Field(None, alias="copy", description="Null: the template's words.")
    next_update_by: AwareDatetime | None = Field(
        None, description="Promise the next update by this time."
    )
    components: dict[Annotated[str, Field(max_length=200)], ComponentState] | None = Field(
        None, max_length=NAMES_LIMIT, description="States to set on the status page."
    )

    def draft(self) -> dict[str, str] | None:
        """The free copy; None for the template's."""
        return None if self.copy_ is None else self.copy_.draft()


class Proposal(_Wording):
    """A message to propose."""

    kind: MessageKind
    notify: StrictBool = Field(True, description="Tell the subscribers of the status page.")
    owner: Annotated[str, Field(max_length=NAME_LIMIT)] = Field(
        "", description="Who keeps the promise of the next update; empty: whoever proposes."
    )


class Revision(_Wording):
    """A new wording; what was decided about the old one is void."""

    promise_none: StrictBool = Field(False, description="Take the promise back that there was.")
    notify: StrictBool | None = Field(None, description="Null: as before.")


class Withdrawal(Asked):
    """Withdrawing a message."""

    reason: Reason = ""


@router.get(_HERE)
async def list_messages(request: Request, slug: SlugInPath) -> Listed[Message]:
    """The messages of an incident by number; 150 is the most that one has."""
    return Listed(items=_messages(slug, await view_of(request, slug)))


@router.post(_HERE, status_code=201)
async def propose_message(
    request: Request, response: Response, slug: SlugInPath, asked: Proposal
) -> Message:
    """Propose a message, from its template or in own words. Nothing goes out: others sign first."""
    work = propose(
        engine_of(request),
        slug,
        asked.kind,
        actor=actor(request),
        copy=asked.draft(),
        next_update_by=asked.next_update_by,
        components=asked.components,
        notify=asked.notify,
        owner=asked.owner,
    )
    made = await done(request, slug, work)
    response.headers["Location"] = f"{BASE}/incidents/{slug}/messages/{made.number}"
    return shown_message(slug, made)


@router.get(_HERE + "/{number}")
async def read_one_message(
    request: Request, slug: SlugInPath, number: NumberInPath
) -> MessageWithCopies:
    """A message with exactly the words that go out. Of the ledger alone while Temporal is away."""
    seen = await view_of(request, slug)
    if seen.look is not None:
        status = message_of(seen.look.status, number)
        document = seen.look.waiting.get(number)
        if document is None:
            document = await load_document(engine_of(request), slug, status)
        return _with_copies(shown_message(slug, status), document)
    for one in seen.ledger.messages if seen.ledger else ():
        if one.row.number == number:
            return _with_copies(kept_message(one), one.document)
    raise NoSuchMessage(f"The ledger has no message {number} in {slug}.", "See which there are.")


@router.post(_HERE + "/{number}/revisions", status_code=201)
async def revise_message(
    request: Request, slug: SlugInPath, number: NumberInPath, asked: Revision
) -> Message:
    """Make a new revision of a message that waits."""
    await message_in(request, slug, number)
    work = revise(
        engine_of(request),
        slug,
        number,
        actor=actor(request),
        copy=asked.draft(),
        next_update_by=asked.next_update_by,
        promise_none=asked.promise_none,
        components=asked.components,
        notify=asked.notify,
    )
    return shown_message(slug, await done(request, slug, work))


@router.post(_HERE + "/{number}/withdrawal", status_code=201)
async def withdraw_message(
    request: Request, slug: SlugInPath, number: NumberInPath, asked: Withdrawal
) -> Message:
    """Stop a message, and begin to take back what can be taken back."""
    await message_in(request, slug, number)
    work = withdraw(
        engine_of(request), slug, number, actor=actor(request), reason=asked.reason.strip()
    )
    return shown_message(slug, await done(request, slug, work))


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


def _messages(slug: str, seen: IncidentView) -> list[Message]:
    if seen.look is not None:
        return [shown_message(slug, one) for one in seen.look.status.messages]
    return [kept_message(one) for one in seen.ledger.messages] if seen.ledger else []


def _with_copies(message: Message, document: Document | None) -> MessageWithCopies:
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
