"""The world as the workflows see it: a ledger with compare-and-set, and providers with a book.

The ledger keeps the same rules as ``store``; the providers do what a story scripted, one fault for
each attempt, and otherwise accept. ``Book.posts`` is what the public can see.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from temporalio.exceptions import ApplicationError

from activities.signatures.deadlines import DeadlinesRead, WatchDeadlines
from activities.signatures.notifications import EndNotifications, Notify
from activities.signatures.on_call import FindPeople, FoundPeople
from activities.signatures.openings import OpenGate
from activities.signatures.outcomes import OutcomeRead
from activities.signatures.posts import (
    PublicationStatus,
    PublicationTask,
    PublishPost,
)
from activities.signatures.proofs import ProofVerified, VerifyProof
from activities.signatures.proposals import ChannelCopy, MessageRendered, RenderMessage
from activities.signatures.record import RecordTimeline, RegisterIncident, TimelineRecorded
from activities.signatures.settling import SettleByPerson, SettlePublication
from channels.contract import ChannelError, OutcomeUnknown, Refused, Throttled, Unreachable
from domain.actor import AuthenticatedBy
from domain.explanation import Explanation, explained
from domain.ledger import behind
from domain.publication import Finding, Outcome, PublicationState, Receipt, Sighting
from domain.quarantine import Quarantine
from domain.stopping import Stop
from domain.timeline import RecordHead, TimelineEntry
from tests.workflows.mailing import Mailing

S = PublicationState
DIRECT = ("email",)
RETRACTABLE = ("twitter", "facebook")


@dataclass(frozen=True)
class Fault:
    """What a provider does with one attempt instead of accepting it.

    ``published`` says whether the public sees the post all the same. ``limps`` says what is wrong
    with an attempt that is accepted.
    """

    error: type[ChannelError] | None
    published: bool = False
    delay: timedelta | None = None
    hang: bool = False
    limps: str = ""


REFUSES = Fault(Refused)
IS_DOWN = Fault(Unreachable)
LOST_AFTER_PUBLISHING = Fault(OutcomeUnknown, published=True)
LOST_BEFORE_PUBLISHING = Fault(OutcomeUnknown)
LIMPS = Fault(None, published=True, limps="It is public, but not everywhere.")
HANGS_AFTER_PUBLISHING = Fault(None, published=True, hang=True)


def throttles(delay: timedelta) -> Fault:
    """Too many requests: come back after ``delay``."""
    return Fault(Throttled, delay=delay)


@dataclass(frozen=True)
class Post:
    """One thing that the public can see on a platform."""

    channel: str
    number: int
    digest: str
    id: str


@dataclass
class Row:
    """One publication in the ledger."""

    revision: int
    digest: str
    state: PublicationState = S.PLANNED
    attempt: int = 0
    started_at: datetime | None = None
    receipt: Receipt | None = None
    explanation: Explanation | None = None
    uncertain: bool = False

    def standing(self) -> PublicationStatus:
        """The row as workflows see it."""
        return PublicationStatus(
            state=self.state,
            receipt=self.receipt,
            started_at=self.started_at,
            attempt=self.attempt,
            explanation=self.explanation,
            uncertain=self.uncertain,
        )


@dataclass
class Wire:
    """One attempt held on the wire until the story lets it go."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    then: Fault | None = None

    async def taken(self) -> None:
        """Wait until an attempt is on the wire."""
        async with asyncio.timeout(10):
            await self.reached.wait()

    def ends(self, then: Fault | None = None) -> None:
        """Let the provider answer: accept, or ``then``."""
        self.then = then
        self.let_go.set()


class World:
    """One incident's ledger and providers."""

    def __init__(self) -> None:
        self.registered: list[RegisterIncident] = []
        self.closed = 0
        self.open_mentions = 0
        self.quarantines: list[Quarantine] = []
        self.timeline: dict[int, TimelineEntry] = {}
        self.ledger_says: deque[TimelineRecorded | ApplicationError] = deque()
        self.recordings: list[RecordTimeline] = []
        self.approved: dict[tuple[int, int], str] = {}
        self.openings: dict[int, OpenGate] = {}
        self.opened: list[OpenGate] = []
        self._opening: asyncio.Event | None = None
        self.proofs: dict[str, ProofVerified] = {}
        self.verifications: list[VerifyProof] = []
        self._verifying: asyncio.Event | None = None
        self.posts: list[Post] = []
        self.rows: dict[tuple[int, str], Row] = {}
        self.attempts: list[tuple[str, int, int]] = []
        self.looks = 0
        self.calls = 0
        self.children: list[tuple[int, str]] = []
        self.mail = Mailing()
        self._mail_to: dict[str, Mailing] = {}
        self._script: dict[str, deque[Fault | Wire]] = defaultdict(deque)
        self._blind: set[str] = set()
        self._undeletable: set[str] = set()
        self._lagging: set[str] = set()
        self._rendering: asyncio.Event | None = None
        self.renders_begun = 0
        self.promises: list[datetime | None] = []
        self.behind: Explanation | None = None
        self.generation = "first"
        self.snapshot = ""
        self.stop: Stop | None = None
        self.ahead = timedelta()
        self.people = FoundPeople()
        self.people_as: dict[str, FoundPeople] = {}
        self.unreachable: set[str] = set()
        self.notified: list[Notify] = []
        self.ended: list[EndNotifications] = []
        self.away = self.unrendered = False
        self.refused = 0
        self.shut = False
        self._notifying: asyncio.Event | None = None
        self.holding = True
        self.prevention_due: date | None = None
        self.watched: list[WatchDeadlines] = []
        self.deadlines = [DeadlinesRead()]

    @property
    def asked(self) -> list[Notify]:
        """Who was notified about something else than a gate."""
        return [one for one in self.notified if not one.about.startswith("gate/")]

    def found(self, order: FindPeople) -> FoundPeople:
        """Who can be asked as one of the roles: what a story said for the first, or for all."""
        found = self.people_as.get(order.roles[0], self.people)
        groups = {
            name: tuple(one for one in getattr(found, name) if one not in order.besides)
            for name in ("on_call", "deputies", "others", "unreachable")
        }
        return FoundPeople(**groups)

    def mail_to(self, audience: str) -> Mailing:
        """The mailing of one audience: ``mail`` for the first that is asked for."""
        if not self._mail_to:
            self._mail_to[audience] = self.mail
        if audience not in self._mail_to:
            self._mail_to[audience] = Mailing()
            self._mail_to[audience].recipients = self.mail.recipients
        return self._mail_to[audience]

    # --- scripting ----------------------------------------------------------------------------

    def provider(self, channel: str, *faults: Fault) -> None:
        """The next attempts on ``channel`` meet these faults, in this order."""
        self._script[channel].extend(faults)

    def holds(self, channel: str) -> Wire:
        """The next attempt on ``channel`` stays on the wire until it is let go."""
        wire = Wire()
        self._script[channel].append(wire)
        return wire

    def cannot_be_read(self, channel: str) -> None:
        """Looking at ``channel`` tells nothing from now on."""
        self._blind.add(channel)

    def can_be_read(self, channel: str) -> None:
        """Looking at ``channel`` tells again."""
        self._blind.discard(channel)

    def lags(self, channel: str, *, lagging: bool = True) -> None:
        """What ``channel`` lists lacks its newest posts from now on."""
        (self._lagging.add if lagging else self._lagging.discard)(channel)

    def cannot_be_deleted(self, channel: str) -> None:
        """``channel`` refuses to take anything down."""
        self._undeletable.add(channel)

    def rendering_waits(self) -> asyncio.Event:
        """The next rendering goes on only once the returned event is set."""
        self._rendering = asyncio.Event()
        return self._rendering

    def opening_waits(self) -> asyncio.Event:
        """The ledger enters no opening until the returned event is set."""
        self._opening = asyncio.Event()
        return self._opening

    def notifying_waits(self) -> asyncio.Event:
        """Nobody is notified until the returned event is set."""
        self._notifying = asyncio.Event()
        return self._notifying

    def has_proof(self, name: str, person: str, method: AuthenticatedBy) -> None:
        """The ledger has a good proof of whatever this person decides."""
        self.proofs[name] = ProofVerified(person=person, method=method)

    def verifying_waits(self) -> asyncio.Event:
        """No proof is verified until the returned event is set."""
        self._verifying = asyncio.Event()
        return self._verifying

    def public(self, channel: str | None = None) -> list[int]:
        """The numbers of the messages that the public can see, in the order they went out."""
        return [one.number for one in self.posts if channel in (None, one.channel)]

    def refuse_behind(self) -> None:
        """Refuse to work on a ledger that was restored, as every activity that sends does."""
        if self.behind is not None:
            why = self.behind
            raise ApplicationError(why.what, why, type="LedgerBehind", non_retryable=True)

    def refuse_away(self) -> None:
        """Fail while the ledger is ``away``, as after all the tries that there is time for."""
        self._refuse(self.away)

    def _refuse(self, away: bool) -> None:
        if away:
            self.refused += 1
            why = explained("The ledger cannot be reached.")
            raise ApplicationError(
                why.what, why, type="StoreUnavailable", next_retry_delay=timedelta(hours=1)
            )

    async def notify(self, order: Notify) -> None:
        """Enter who is asked."""
        self.refuse_away()
        if self._notifying is not None:
            await self._notifying.wait()
        self.notified.append(order)

    def is_restored(self, incident: str) -> None:
        """The ledger is an earlier copy from now on."""
        self.behind = behind(incident, "The ledger has forgotten something.")
        self.generation = "second"

    def held(self, channel: str) -> Explanation | None:
        """Why nothing is handed out on a channel, if a person keeps it back."""
        if self.stop and self.stop.in_force:
            return self.stop.explanation()
        kept = (one for one in self.quarantines if one.channel == channel and one.in_force)
        return next((one.explanation() for one in kept), None)

    # --- what activities do -------------------------------------------------------------------

    def record(self, order: RecordTimeline) -> TimelineRecorded:
        """Append entries, unless the ledger has something else to say."""
        self.recordings.append(order)
        if self.ledger_says:
            answer = self.ledger_says.popleft()
            if isinstance(answer, ApplicationError):
                raise answer
            return answer
        for entry in order.entries:
            self.timeline.setdefault(entry.seq, entry)
        self.snapshot = order.snapshot or self.snapshot
        number = len(self.timeline)
        restored = order.known.generation not in ("", self.generation)
        return TimelineRecorded(
            head=RecordHead(entries=number, hash=f"hash {number}"),
            generation=self.generation,
            locked=self.behind if restored else None,
        )

    async def open_gate(self, order: OpenGate) -> None:
        """Enter an opening, unless the ledger is ``shut``: then it is asked again in a minute.

        No time passes for an incident while a publication of it is under way, but here it does.
        """
        if self.shut:
            raise ApplicationError("The opening is not taken.", non_retryable=True)
        if self._opening is not None:
            await self._opening.wait()
        self.opened.append(order)
        self.openings[order.message.number] = order

    async def verify(self, order: VerifyProof) -> ProofVerified:
        """Who signed it, if the ledger has such a proof of theirs."""
        self.verifications.append(order)
        if self._verifying is not None:
            await self._verifying.wait()
        found = self.proofs.get(order.proof)
        if found is None or found.person != order.person:
            why = explained("The signature is not one of the enrolled key.")
            raise ApplicationError(why.what, why, type="DomainError", non_retryable=True)
        return found

    def refuse_unopened(self, task: PublicationTask) -> None:
        """Let nothing out without an opening."""
        opening = self.openings.get(task.message.number)
        if (
            opening is None
            or (opening.message, opening.digest) != (task.message, task.digest)
            or task.destination not in opening.destinations
        ):
            why = explained("Nobody has opened the gate for it.")
            raise ApplicationError(why.what, why, type="DomainError", non_retryable=True)

    async def render(self, order: RenderMessage) -> MessageRendered:
        """Keep a revision; its digest depends on everything that was asked for."""
        self.renders_begun += 1
        self._refuse(self.away or self.unrendered)
        if self._rendering is not None:
            waiting, self._rendering = self._rendering, None
            await waiting.wait()
        self.promises.append(order.next_update_by)
        if order.release is not None and not self.holding:
            why = explained("No holding statements were approved.")
            raise ApplicationError(why.what, why, type="DomainError", non_retryable=True)
        content = f"{order.message.model_dump_json()} {order.kind} {order.copy_draft} {order.facts}"
        digest = hashlib.sha256(content.encode()).hexdigest()
        self.approved[order.message.number, order.message.revision] = digest
        replies = order.plan.replies if not order.kind.published else None
        names = () if replies else order.plan.messages[order.kind].channels
        if order.release is not None and order.plan.holding is not None:
            names = order.plan.holding.statement(order.release.statement).channels
        return MessageRendered(
            digest=digest,
            channels=tuple(
                ChannelCopy(
                    channel=name,
                    direct=name in DIRECT,
                    length=100,
                    retracts=name in RETRACTABLE,
                )
                for name in names
            ),
            audiences=order.audiences if set(names) & set(DIRECT) else (),
            audience_count=self.mail.recipients if set(names) & set(DIRECT) else 0,
            number=order.message.number,
            revision=order.message.revision,
            ordinal=order.ordinal,
            reply_channels=replies.channels if replies else (),
        )

    def outcome_of(self, task: PublicationTask) -> OutcomeRead:
        """What the ledger has of a post."""
        row = self.rows.get((task.message.number, task.channel))
        if row is None:
            planned = Outcome.at(task.destination, S.PLANNED)
            return OutcomeRead(outcome=planned, known=False, behind=self.behind)
        outcome = Outcome.at(
            task.destination,
            row.state,
            row.explanation,
            receipt=row.receipt,
            attempts=row.attempt,
            uncertain=row.uncertain,
        )
        return OutcomeRead(outcome=outcome, reached=row.state is S.ACCEPTED, behind=self.behind)

    def plan(self, task: PublicationTask) -> PublicationStatus:
        """Enter the intent."""
        key = (task.message.number, task.channel)
        self.children.append(key)
        row = self.rows.setdefault(key, Row(task.message.revision, task.digest))
        if row.state in (S.REFUSED, S.ABANDONED):
            row.state = S.PLANNED
        return row.standing()

    async def publish(self, order: PublishPost) -> PublicationStatus:
        """One attempt, if the ledger hands it out."""
        self.calls += 1
        task = order.task
        row = self._row(task)
        self._refuse_unapproved(task)
        self.refuse_unopened(task)
        if row.state is not S.PLANNED or row.digest != task.digest:
            return row.standing()
        if row.uncertain and self._looked_first(row, task):
            return row.standing()
        if (held := self.held(task.channel)) is not None:
            wait = {"held": True, "again_after": timedelta(hours=1), "explanation": held}
            return row.standing().model_copy(update=wait)
        row.state, row.attempt, row.started_at = S.SENDING, order.attempt, datetime.now(UTC)
        self.attempts.append((task.channel, task.message.number, order.attempt))
        script = self._script[task.channel]
        step = script.popleft() if script else None
        if isinstance(step, Wire):
            step.reached.set()
            await step.let_go.wait()
            step = step.then
        if step is None or step.published:
            receipt = self._publish(task)
        if step is None or step.limps:
            row.state, row.receipt = S.ACCEPTED, receipt
            row.explanation = explained(step.limps) if step else None
            return row.standing()
        if step.hang:
            await asyncio.Event().wait()
        if step.error in (Unreachable, Throttled):
            row.state = S.PLANNED
            return row.standing().model_copy(
                update={
                    "explanation": explained(f"{task.channel} did not take it."),
                    "again_after": step.delay or timedelta(seconds=0.2),
                }
            )
        if step.error is Refused:
            refusal = explained(f"{task.channel} refused it.", "Change it.")
            if row.uncertain:
                row.state = S.UNKNOWN
                return row.standing().model_copy(update={"refusal": refusal})
            row.state, row.explanation = S.REFUSED, refusal
        else:
            row.state, row.uncertain = S.UNKNOWN, True
        return row.standing()

    def _looked_first(self, row: Row, task: PublicationTask) -> bool:
        """Whether a look before an attempt settles that none may be made."""
        seen = self.find(task)
        if seen.finding is Finding.FOUND:
            row.state, row.receipt = S.ACCEPTED, seen.receipt
        elif seen.finding is Finding.CANNOT_TELL:
            row.state = S.UNKNOWN
        return row.state is not S.PLANNED

    def find(self, task: PublicationTask) -> Sighting:
        """Read the platform back."""
        self.looks += 1
        if task.channel in self._blind:
            return Sighting(finding=Finding.CANNOT_TELL, why="The list could not be read.")
        if task.channel in self._lagging:
            return Sighting(finding=Finding.ABSENT)
        for post in self.posts:
            if (post.channel, post.number) == (task.channel, task.message.number):
                return Sighting(
                    finding=Finding.FOUND, receipt=Receipt(id=post.id, at=datetime.now(UTC))
                )
        return Sighting(finding=Finding.ABSENT)

    def settle(self, order: SettlePublication) -> PublicationStatus:
        """Enter a conclusion, if the ledger's rules let it be reached."""
        row = self._row(order.task)
        self._move(row, order)
        if row.state is order.to:
            row.explanation = order.explanation
        return row.standing()

    def _move(self, row: Row, order: SettlePublication) -> None:
        match order.to:
            case S.ACCEPTED:
                row.state, row.receipt = S.ACCEPTED, order.receipt
            case S.PLANNED:
                if row.state in (S.SENDING, S.UNKNOWN) and row.attempt == order.attempt:
                    row.state, row.uncertain = S.PLANNED, True
            case S.WITHDRAWN | S.SUPERSEDED:
                if row.state is S.PLANNED and (order.looked or not row.uncertain):
                    row.state = order.to
            case S.UNKNOWN:
                if row.state is S.SENDING or row.uncertain:
                    row.state, row.uncertain = S.UNKNOWN, True
            case _:
                if row.state in (S.PLANNED, S.UNKNOWN):
                    row.state = order.to

    def settle_by_person(self, order: SettleByPerson) -> PublicationStatus:
        """Enter what a person saw."""
        if order.direct:
            return self.mail.settle_by_person(order)
        row = self._row(order.task)
        if order.went_out:
            row.state = S.ACCEPTED
            row.receipt = Receipt(id="seen", url=order.url, at=datetime.now(UTC))
        else:
            row.state, row.uncertain = order.otherwise, False
        return row.standing()

    def retract(self, task: PublicationTask) -> PublicationStatus:
        """Take a post down."""
        if task.channel in self._undeletable:
            raise ApplicationError(
                f"{task.channel} did not let it be deleted.",
                explained(f"{task.channel} did not let it be deleted.", "Delete it by hand."),
                type="Refused",
                non_retryable=True,
            )
        row = self._row(task)
        self.posts = [
            one
            for one in self.posts
            if (one.channel, one.number) != (task.channel, task.message.number)
        ]
        row.state, row.explanation = S.WITHDRAWN, Explanation(what="It was taken down.")
        return row.standing()

    def _row(self, task: PublicationTask) -> Row:
        return self.rows[task.message.number, task.channel]

    def _publish(self, task: PublicationTask) -> Receipt:
        post = Post(task.channel, task.message.number, task.digest, f"p{len(self.posts) + 1}")
        self.posts.append(post)
        return Receipt(id=post.id, at=datetime.now(UTC) + self.ahead)

    def _refuse_unapproved(self, task: PublicationTask) -> None:
        ref = task.message
        if self.approved.get((ref.number, ref.revision)) != task.digest:
            raise ApplicationError(
                f"Message {ref.number} in the ledger is not what was approved.",
                explained(
                    f"Message {ref.number} in the ledger is not what was approved.",
                    "Propose it again.",
                ),
                type="DomainError",
                non_retryable=True,
            )
