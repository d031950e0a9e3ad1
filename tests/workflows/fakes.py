"""Activities of the real names that work on a ``World``, found by the incident's slug."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from temporalio.exceptions import ApplicationError

from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.signatures.broadcasts import (
    PAUSE_BROADCAST,
    PLAN_BROADCAST,
    SEND_BATCHES,
    STOP_BROADCAST,
    WITHDRAW_BROADCAST,
    BatchesSent,
    BroadcastPlanned,
    PauseBroadcast,
    PlanBroadcast,
    SendBatches,
    StopBroadcast,
)
from activities.signatures.deadlines import (
    READ_DEADLINES,
    START_WATCHING,
    DeadlinesRead,
    ReadDeadlines,
    WatchDeadlines,
)
from activities.signatures.follow_up import READ_FOLLOW_UP, FollowUpRead, ReadFollowUp
from activities.signatures.listening import READ_MENTIONS, Heard, ReadMentions
from activities.signatures.notifications import (
    END_NOTIFICATIONS,
    NOTIFY,
    SEND_NOTIFICATIONS,
    TEST_CONTACTS,
    ContactsTested,
    Ended,
    EndNotifications,
    NotificationsSent,
    Notified,
    Notify,
    SendNotifications,
    TestContacts,
)
from activities.signatures.on_call import FIND_PEOPLE, FindPeople, FoundPeople
from activities.signatures.openings import OPEN_GATE, REVOKE_OPENING, OpenGate, RevokeOpening
from activities.signatures.outbox import SEND_DUE, DueSent, SendDue
from activities.signatures.outcomes import (
    ENTER_OUTCOME,
    READ_OUTCOME,
    EnterOutcome,
    OutcomeRead,
)
from activities.signatures.posts import (
    LOOK_FOR_POST,
    PLAN_PUBLICATION,
    PUBLISH_POST,
    RETRACT_POST,
    PublicationStatus,
    PublicationTask,
    PublishPost,
)
from activities.signatures.proofs import VERIFY_PROOF, ProofVerified, VerifyProof
from activities.signatures.proposals import RENDER_MESSAGE, MessageRendered, RenderMessage
from activities.signatures.record import (
    CHECK_COVERAGE,
    CLOSE_INCIDENT,
    READ_STOPS,
    RECORD_TIMELINE,
    REGISTER_INCIDENT,
    CheckCoverage,
    CloseIncident,
    ReadStops,
    RecordTimeline,
    RegisterIncident,
    StopsRead,
    TimelineRecorded,
)
from activities.signatures.replying import SEND_REPLIES, RepliesSent, SendReplies
from activities.signatures.settling import (
    SETTLE_BY_PERSON,
    SETTLE_PUBLICATION,
    SETTLE_UNKNOWN,
    SettleByPerson,
    SettlePublication,
    SettleUnknown,
    UnknownSettled,
)
from activities.signatures.signature import Nothing
from activities.signatures.surges import WATCH_SURGES, Surging, WatchSurges
from domain.coverage import Coverage
from domain.explanation import explained
from domain.ids import NOTIFICATIONS_WORKFLOW_ID
from domain.publication import Sighting
from tests.workflows.mailing import Mailing
from tests.workflows.world import World


class Rounds:
    """What each round for an endpoint or a source comes to: in how many seconds the next is due.

    ``made`` counts them. After the last, nothing waits. A round waits for ``free``. ``asked`` are
    the rounds, by their number, that somebody asked for.
    """

    def __init__(self, *again_in: float) -> None:
        self.left = list(again_in)
        self.made = 0
        self.asked: list[int] = []
        self.free = asyncio.Event()
        self.free.set()


class Fakes:
    """All activities of the product, over many worlds."""

    def __init__(self) -> None:
        self.worlds: dict[str, World] = {}
        self._mailings: list[Mailing] = []
        self.rounds: dict[str, Rounds] = {}
        self.replying: dict[str, Rounds] = {}
        self.watched: list[WatchSurges] = []
        self.tested: list[str] = []

    def of(self, slug: str) -> World:
        """The world of one incident."""
        return self.worlds.setdefault(slug, World())

    def main(self) -> list[Bound]:
        """Activities of the main queue."""
        return [
            self.register,
            self.watch_surges,
            self.test_contacts,
            self.close,
            self.check_coverage,
            self.record,
            self.read_stops,
            self.find_people,
            self.notify,
            self.end_notifications,
            self.open_gate,
            self.revoke_opening,
            self.verify_proof,
            self.render,
            self.plan_publication,
            self.settle_publication,
            self.settle_by_person,
            self.read_outcome,
            self.enter_outcome,
            self.plan_broadcast,
            self.settle_unknown,
            self.pause_broadcast,
            self.stop_broadcast,
            self.withdraw_broadcast,
            self.start_watching,
            self.read_deadlines,
            self.read_follow_up,
        ]

    def outside(self) -> list[Bound]:
        """Activities of the queue of what is sent to endpoints and to people."""
        return [self.send_due, self.send_notifications]

    def wire(self) -> list[Bound]:
        """Activities of a channel's queue."""
        return [
            self.publish_post,
            self.look_for_post,
            self.retract_post,
            self.send_batches,
            self.read_mentions,
            self.send_replies,
        ]

    @defined(START_WATCHING)
    async def start_watching(self, order: WatchDeadlines) -> Nothing:
        """Keep that its deadlines are to be watched."""
        self.of(order.incident).watched.append(order)
        return Nothing()

    @defined(READ_DEADLINES)
    async def read_deadlines(self, order: ReadDeadlines) -> DeadlinesRead:
        """Say how the deadlines stand: what the story has next, and the last for ever."""
        world = self.of(order.incident)
        return world.deadlines.pop(0) if len(world.deadlines) > 1 else world.deadlines[0]

    @defined(READ_FOLLOW_UP)
    async def read_follow_up(self, order: ReadFollowUp) -> FollowUpRead:
        """The day that the story has given the prevention; its owner is ines."""
        return FollowUpRead(due=self.of(order.incident).prevention_due, people=("ines",))

    @defined(WATCH_SURGES)
    async def watch_surges(self, order: WatchSurges) -> Surging:
        """Keep what is to be watched."""
        self.watched.append(order)
        return Surging()

    @defined(REGISTER_INCIDENT)
    async def register(self, order: RegisterIncident) -> Nothing:
        """Enter the incident, unless its name is used up."""
        world = self.of(order.incident)
        if world.registered and world.registered[0].run != order.run and not order.recovered:
            raise ApplicationError(
                "The name is used.", explained("The name is used."), non_retryable=True
            )
        world.registered.append(order)
        return Nothing()

    @defined(CLOSE_INCIDENT)
    async def close(self, order: CloseIncident) -> Nothing:
        """Mark it closed."""
        self.of(order.incident).closed += 1
        return Nothing()

    @defined(CHECK_COVERAGE)
    async def check_coverage(self, order: CheckCoverage) -> Nothing:
        """Refuse while the world has an open mention."""
        with failing_in_words(datetime.now(UTC)):
            Coverage(open=self.of(order.incident).open_mentions).refuse_close(order.incident, "")
        return Nothing()

    @defined(READ_STOPS)
    async def read_stops(self, order: ReadStops) -> StopsRead:
        """When everything was stopped."""
        world = self.of(order.incident)
        held = tuple(world.quarantines) if order.quarantines_since else ()
        return StopsRead(stops=(world.stop,) if world.stop else (), quarantines=held)

    @defined(FIND_PEOPLE)
    async def find_people(self, order: FindPeople) -> FoundPeople:
        """Those of the world's people who are not to be left out."""
        return self.of(order.incident).found(order)

    @defined(NOTIFY)
    async def notify(self, order: Notify) -> Notified:
        """Keep whom, and say who cannot be reached."""
        world = self.of(order.incident)
        await world.notify(order)
        lost = world.unreachable.union(world.people.unreachable)
        return Notified(unreachable=tuple(one for one in order.people if one in lost))

    @defined(END_NOTIFICATIONS)
    async def end_notifications(self, order: EndNotifications) -> Ended:
        """Keep what was over, and why."""
        self.of(order.incident).refuse_away()
        self.of(order.incident).ended.append(order)
        return Ended()

    @defined(RECORD_TIMELINE)
    async def record(self, order: RecordTimeline) -> TimelineRecorded:
        """Append; what is there already is left alone."""
        return self.of(order.incident).record(order)

    @defined(OPEN_GATE)
    async def open_gate(self, order: OpenGate) -> Nothing:
        """Enter an opening."""
        await self.of(order.message.incident).open_gate(order)
        return Nothing()

    @defined(REVOKE_OPENING)
    async def revoke_opening(self, order: RevokeOpening) -> Nothing:
        """Revoke it."""
        self.of(order.message.incident).openings.pop(order.message.number, None)
        return Nothing()

    @defined(VERIFY_PROOF)
    async def verify_proof(self, order: VerifyProof) -> ProofVerified:
        """Say who signed it."""
        return await self.of(order.message.incident).verify(order)

    @defined(RENDER_MESSAGE)
    async def render(self, order: RenderMessage) -> MessageRendered:
        """Keep a revision."""
        self.of(order.message.incident).refuse_behind()
        return await self.of(order.message.incident).render(order)

    @defined(PLAN_PUBLICATION)
    async def plan_publication(self, order: PublicationTask) -> PublicationStatus:
        """Enter the intent."""
        self.of(order.message.incident).refuse_behind()
        return self.of(order.message.incident).plan(order)

    @defined(PUBLISH_POST)
    async def publish_post(self, order: PublishPost) -> PublicationStatus:
        """One attempt."""
        self.of(order.task.message.incident).refuse_behind()
        return await self.of(order.task.message.incident).publish(order)

    @defined(LOOK_FOR_POST)
    async def look_for_post(self, order: PublicationTask) -> Sighting:
        """Read the platform back."""
        return self.of(order.message.incident).find(order)

    @defined(SETTLE_PUBLICATION)
    async def settle_publication(self, order: SettlePublication) -> PublicationStatus:
        """Enter a conclusion."""
        self.of(order.task.message.incident).refuse_behind()
        return self.of(order.task.message.incident).settle(order)

    @defined(SETTLE_BY_PERSON)
    async def settle_by_person(self, order: SettleByPerson) -> PublicationStatus:
        """Enter what a person saw."""
        return self.of(order.task.message.incident).settle_by_person(order)

    @defined(READ_OUTCOME)
    async def read_outcome(self, task: PublicationTask) -> OutcomeRead:
        """What the ledger has of it."""
        world = self.of(task.message.incident)
        if task.audience is None:
            return world.outcome_of(task)
        found = world.mail_to(task.audience).outcome_of(task)
        return found.model_copy(update={"behind": world.behind})

    @defined(ENTER_OUTCOME)
    async def enter_outcome(self, order: EnterOutcome) -> Nothing:
        """Enter how a broadcast ended."""
        self.of(order.task.message.incident).mail_to(order.task.audience or "").outcomes[
            order.task.message.number
        ] = order.outcome
        return Nothing()

    @defined(RETRACT_POST)
    async def retract_post(self, order: PublicationTask) -> PublicationStatus:
        """Take a post down."""
        return self.of(order.message.incident).retract(order)

    @defined(PLAN_BROADCAST)
    async def plan_broadcast(self, order: PlanBroadcast) -> BroadcastPlanned:
        """Fix the batches."""
        world = self.of(order.task.message.incident)
        world.refuse_behind()
        world.refuse_unopened(order.task)
        audience = order.task.audience or ""
        world.children.append((order.task.message.number, f"{order.task.channel}/{audience}"))
        mailing = world.mail_to(audience)
        if mailing not in self._mailings:
            self._mailings.append(mailing)
        return mailing.plan(order, self._mailings.index(mailing) + 1)

    @defined(SEND_BATCHES)
    async def send_batches(self, order: SendBatches) -> BatchesSent:
        """Send a range."""
        self.of(order.task.message.incident).refuse_behind()
        return await self._mailing(order.broadcast).send(
            order, self.of(order.task.message.incident).held(order.task.channel)
        )

    @defined(SETTLE_UNKNOWN)
    async def settle_unknown(self, order: SettleUnknown) -> UnknownSettled:
        """Settle by events."""
        return self._mailing(order.broadcast).settle_unknown(order)

    @defined(PAUSE_BROADCAST)
    async def pause_broadcast(self, order: PauseBroadcast) -> Nothing:
        """Hold what has not begun, or let it go again."""
        self._mailing(order.broadcast).paused = order.paused
        return Nothing()

    @defined(STOP_BROADCAST)
    async def stop_broadcast(self, order: StopBroadcast) -> Nothing:
        """Let nothing more out."""
        self._mailing(order.broadcast).stop(order)
        return Nothing()

    @defined(WITHDRAW_BROADCAST)
    async def withdraw_broadcast(self, task: PublicationTask) -> PublicationStatus:
        """Call off what is left of it."""
        mailing = self.of(task.message.incident).mail_to(task.audience or "")
        return mailing.withdraw()

    @defined(SEND_DUE)
    async def send_due(self, order: SendDue) -> DueSent:
        """Make the next round that a test has planned."""
        rounds = self.rounds[order.endpoint]
        rounds.made += 1
        await rounds.free.wait()
        return DueSent(again_in=rounds.left.pop(0) if rounds.left else None)

    @defined(SEND_NOTIFICATIONS)
    async def send_notifications(self, order: SendNotifications) -> NotificationsSent:
        """Make the next round that a test has planned."""
        rounds = self.rounds[NOTIFICATIONS_WORKFLOW_ID]
        rounds.made += 1
        await rounds.free.wait()
        return NotificationsSent(again_in=rounds.left.pop(0) if rounds.left else None)

    @defined(TEST_CONTACTS)
    async def test_contacts(self, order: TestContacts) -> ContactsTested:
        """Note which test it is."""
        self.tested.append(order.test)
        return ContactsTested()

    @defined(READ_MENTIONS)
    async def read_mentions(self, order: ReadMentions) -> Heard:
        """Make the next round that a test has planned; fail for good where it planned none."""
        rounds = self.rounds[order.channel]
        rounds.made += 1
        if order.asked:
            rounds.asked.append(rounds.made)
        await rounds.free.wait()
        if not rounds.left:
            raise ApplicationError("It cannot be read.", non_retryable=True)
        return Heard(again_in=rounds.left.pop(0))

    @defined(SEND_REPLIES)
    async def send_replies(self, order: SendReplies) -> RepliesSent:
        """Make the next round that a test has planned."""
        rounds = self.replying[order.channel]
        rounds.made += 1
        if order.asked:
            rounds.asked.append(rounds.made)
        await rounds.free.wait()
        return RepliesSent(again_in=rounds.left.pop(0) if rounds.left else None)

    def _mailing(self, broadcast: int) -> Mailing:
        return self._mailings[broadcast - 1]
