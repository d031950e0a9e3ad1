"""Comparing the status, the ledger, the sandbox's records and what people did: one verdict."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations, pairwise

import httpx

from chaos.plan import RoundPlan
from chaos.record import Record
from chaos.verdict import LedgerMessage, RoundVerdict
from chaos.world import Mail, SeenPost, ShownUpdate, World
from client.engine import Engine
from client.stack.sandbox_records import reconcile_mail
from domain.ids import MessageRef, publication_key
from domain.message import CLASS_OF, MessageClass, MessageKind
from domain.playbook import PAGE_CHANNEL
from domain.publication import PublicationState
from domain.record_check import check_head, check_record
from domain.status import IncidentStatus
from store.broadcasts import broadcasts
from store.broadcasts.progress import read_progress
from store.kernel.database import Database
from store.record import messages, publication_rows, timeline
from store.record.records import read_record

_CLOCKS_DIFFER = 0.05
"""Seconds: the sandbox's moments are taken inside its request, ours after the answer came."""


class Comparison:
    """Compares everything that is known of one round."""

    def __init__(
        self,
        plan: RoundPlan,
        record: Record,
        status: IncidentStatus,
        world: World,
        updates: list[ShownUpdate],
    ) -> None:
        self._plan = plan
        self._record = record
        self._status = status
        self._world = world
        self._updates = updates
        self.verdict = RoundVerdict()

    async def compare(
        self, database: Database, sandbox: httpx.AsyncClient, bodies: dict[str, set[str]]
    ) -> RoundVerdict:
        """Fill and return the verdict."""
        ledger_messages = [
            await _ledger_message(database, self._plan.incident, self._status, n)
            for n in self._numbers()
        ]
        rows = await publication_rows.rows(database, self._plan.incident)
        self._decisions()
        self._posts(ledger_messages, rows)
        self._page(ledger_messages, rows)
        self._mail(ledger_messages, bodies)
        await self._ledger(database, sandbox, ledger_messages)
        await self._timeline(database)
        return self.verdict

    def _numbers(self) -> list[int]:
        return [message.number for message in self._status.messages]

    # --- signatures ---------------------------------------------------------------------------

    def _decisions(self) -> None:
        """Every decision that counted was one of our people's, on that digest."""
        for detail in self._record.counted:
            self.verdict.find("unapproved", detail)
        for message in self._status.messages:
            for decision in message.decisions:
                signed = self._record.signed.get(message.digest, set())
                if decision.digest != message.digest or decision.actor.person not in signed:
                    self.verdict.find(
                        "unapproved",
                        f"message {message.number} counts a decision by "
                        f"{decision.actor.person} that nobody made",
                    )

    # --- posts --------------------------------------------------------------------------------

    def _posts(
        self, ledger_messages: list[LedgerMessage], rows: list[publication_rows.PublicationRow]
    ) -> None:
        for channel, posts in self._world.posts.items():
            self.verdict.posts += len(posts)
            of: dict[int, list[SeenPost]] = defaultdict(list)
            for post in posts:
                number = self._owner(ledger_messages, channel, post)
                if number is not None:
                    of[number].append(post)
            for message in ledger_messages:
                self._one_post(message, channel, of[message.number], rows)
            self._order(ledger_messages, channel, of)

    def _owner(
        self, ledger_messages: list[LedgerMessage], channel: str, post: SeenPost
    ) -> int | None:
        """The message that a post carries; a post that nobody approved is a finding."""
        for message in ledger_messages:
            if message.approved is not None and message.carries(
                message.approved, channel, post.text
            ):
                return message.number
        for message in ledger_messages:
            for revision, document in message.revisions.items():
                if message.carries(document, channel, post.text):
                    self.verdict.find(
                        "unapproved",
                        f"message {message.number} revision {revision} on {channel}; revision "
                        f"{message.status.revision} is {message.status.gate} at its gate",
                    )
                    return message.number
        self.verdict.find("unapproved", f"a post on {channel} that no revision carries")
        return None

    def _one_post(
        self,
        message: LedgerMessage,
        channel: str,
        posts: list[SeenPost],
        rows: list[publication_rows.PublicationRow],
    ) -> None:
        where = f"message {message.number} on {channel}"
        if len(posts) > 1:
            self.verdict.find("doubled", f"{where}: {len(posts)} posts", len(posts) - 1)
        self._late(message.number, where, [post.at for post in posts])
        self._early(message, where, [post.at for post in posts])
        public = [post for post in posts if not post.deleted]
        row = next((r for r in rows if (r.number, r.channel) == (message.number, channel)), None)
        accepted = row is not None and row.state is PublicationState.ACCEPTED
        if accepted and not public:
            self.verdict.find("lost", where)
        if public and not accepted:
            state = "not there" if row is None else row.state
            self.verdict.find("unentered", f"{where}: the row is {state}", len(public))

    def _order(
        self, ledger_messages: list[LedgerMessage], channel: str, of: dict[int, list[SeenPost]]
    ) -> None:
        """Of two updates that are both public, the newer one comes later."""
        updates = [
            one.number for one in ledger_messages if one.status.kind is MessageKind.PROGRESS_UPDATE
        ]
        places = {post.id: place for place, post in enumerate(self._world.posts[channel])}
        for older, newer in combinations((number for number in updates if of[number]), 2):
            if places[of[older][0].id] > places[of[newer][0].id]:
                self.verdict.find(
                    "wrong_order", f"update {older} comes after update {newer} on {channel}"
                )

    def _late(self, number: int, where: str, moments: list[float]) -> None:
        answered = self._record.withdrawn.get(number)
        late = [at for at in moments if answered is not None and at > answered + _CLOCKS_DIFFER]
        if late and answered is not None:
            self.verdict.find(
                "after_withdrawal",
                f"{where}: {max(late) - answered:.1f} s after the answer",
                len(late),
            )

    def _early(self, message: LedgerMessage, where: str, moments: list[float]) -> None:
        """Nothing goes out before the last signature."""
        approved_at = message.status.approved_at
        early = [at for at in moments if approved_at and at < approved_at.timestamp()]
        if early and approved_at:
            seconds = approved_at.timestamp() - min(early)
            self.verdict.find(
                "unapproved", f"{where}: {seconds:.1f} s before its gate was open", len(early)
            )

    # --- the status page ----------------------------------------------------------------------

    def _page(
        self, ledger_messages: list[LedgerMessage], rows: list[publication_rows.PublicationRow]
    ) -> None:
        """Each update on the page is one that was approved, and each accepted one is there."""
        public = Counter(update.id for update in self._updates)
        for key, times in public.items():
            if times > 1:
                self.verdict.find("doubled", f"update {key} on the page", times - 1)
        keys = {row.key: row for row in rows if row.channel == PAGE_CHANNEL}
        of = {message.number: message for message in ledger_messages}
        for update in self._updates:
            row = keys.get(update.id)
            approved = of[row.number].approved if row is not None else None
            if row is None or approved is None or row.revision != approved.revision:
                self.verdict.find("unapproved", f"update {update.id} on the page")
                continue
            where = f"message {row.number} on the page"
            if update.body.split() != approved.copy_for(PAGE_CHANNEL).text.split():
                self.verdict.find("unapproved", f"{where} says something else")
            if row.state is not PublicationState.ACCEPTED:
                self.verdict.find("unentered", f"{where}: the row is {row.state}")
        for key, row in keys.items():
            if row.state is PublicationState.ACCEPTED and not public[key]:
                self.verdict.find("lost", f"message {row.number} on the page")

    # --- mail ---------------------------------------------------------------------------------

    def _mail(self, ledger_messages: list[LedgerMessage], bodies: dict[str, set[str]]) -> None:
        self.verdict.mails += len(self._world.mails)
        if self._world.unmarked:
            self.verdict.find("unapproved", "mail without a mark of ours", self._world.unmarked)
        keys = {
            publication_key(self._ref(message.number, revision), "email", cut.name): (
                message,
                document,
                document.copy_for("email", cut.name),
            )
            for message in ledger_messages
            for revision, document in message.revisions.items()
            for cut in document.audiences
            if any(
                copy.channel == "email" and copy.audience in (None, cut.name)
                for copy in document.copies
            )
        }
        keyed = {one.number: one for one in ledger_messages}
        letters: dict[tuple[int, str], list[Mail]] = defaultdict(list)
        moments: dict[int, list[float]] = defaultdict(list)
        for mail in self._world.mails:
            if mail.broadcast not in keys:
                self.verdict.find("unapproved", "mail of a broadcast that no revision has")
                continue
            message, document, copy = keys[mail.broadcast]
            letters[message.number, mail.address].append(mail)
            moments[message.number].append(mail.at)
            if message.approved is not document:
                self.verdict.find("unapproved", f"mail of message {message.number}")
            elif mail.subject != copy.subject:
                self.verdict.find("unapproved", f"another subject in message {message.number}")
        for key, texts in bodies.items():
            if key in keys and texts != {keys[key][2].text}:
                self.verdict.find("unapproved", f"another text in message {keys[key][0].number}")
        for number, at in moments.items():
            self._late(number, f"message {number} by mail", at)
            self._early(keyed[number], f"message {number} by mail", at)
        self._doubled_mail(keyed, letters)

    def _doubled_mail(
        self, ledger_messages: dict[int, LedgerMessage], letters: dict[tuple[int, str], list[Mail]]
    ) -> None:
        doubled: dict[tuple[str, str], int] = defaultdict(int)
        for (number, _), mails in letters.items():
            mails.sort(key=lambda one: one.at)
            for first, second in pairwise(mails):
                kind = ledger_messages[number].status.kind
                by_policy = self._sent_again_by_policy(kind, first, second)
                what = "doubled_by_policy" if by_policy else "doubled"
                where = (
                    f"message {number}, batch {first.batch}: attempts {first.attempt} and "
                    f"{second.attempt}, {second.at - first.at:.1f} s apart"
                )
                doubled[what, where] += 1
        for (what, where), times in doubled.items():
            self.verdict.find(what, f"{where}, {times} mails", times)

    def _sent_again_by_policy(self, kind: MessageKind, first: Mail, second: Mail) -> bool:
        """Whether the window had closed over a safety mail whose events can have been missing."""
        window = self._plan.times.unknown_window.total_seconds()
        return (
            CLASS_OF[kind] is MessageClass.SAFETY
            and second.attempt > first.attempt
            and second.at - first.at >= window - 1
            and self._record.events_troubled
        )

    # --- ledger and record --------------------------------------------------------------------

    async def _ledger(
        self, database: Database, sandbox: httpx.AsyncClient, ledger_messages: list[LedgerMessage]
    ) -> None:
        mail = await reconcile_mail(Engine(ledger=database), self._plan.incident, sandbox)
        self.verdict.find("lost", "mails that the ledger calls accepted", mail.lost)
        if mail.unentered:
            self.verdict.find("unentered", "mails", mail.unentered)
        for message in ledger_messages:
            if message.approved is None or message.status.phase.called_off:
                continue
            await self._finished(database, message)

    async def _finished(self, database: Database, message: LedgerMessage) -> None:
        """An approved message that nobody stopped is out on every channel, to everybody."""
        for outcome in message.status.outcomes:
            if outcome.state is not PublicationState.ACCEPTED:
                self.verdict.find(
                    "stuck",
                    f"message {message.number} on {outcome.channel} ended as {outcome.state}: "
                    f"{outcome.explanation}",
                )
        ref = self._ref(message.number, message.status.revision)
        for broadcast in await broadcasts.broadcasts_of(database, ref):
            people = await read_progress(database, broadcast.id)
            left = people.planned + people.sending + people.unknown + people.withdrawn
            if left:
                self.verdict.find("stuck", f"message {message.number}: mails not sent", left)

    async def _timeline(self, database: Database) -> None:
        slug = self._plan.incident
        record = await read_record(database, slug)
        wrong = [*check_record(record).found, *check_head(record, self._status.record)]
        for one in wrong:
            self.verdict.find("broken_timeline", one.what)
        entries = await timeline.read(database, slug)
        closed = [one for one in entries if one.what == "closed"]
        if self._status.closed_at is not None and len(closed) != 1:
            self.verdict.find("broken_timeline", f"{len(closed)} entries say that it was closed")

    def _ref(self, number: int, revision: int) -> MessageRef:
        return MessageRef(incident=self._plan.incident, number=number, revision=revision)


async def _ledger_message(
    database: Database, slug: str, status: IncidentStatus, number: int
) -> LedgerMessage:
    message = next(one for one in status.messages if one.number == number)
    revisions = {
        revision: await messages.load_revision(
            database, MessageRef(incident=slug, number=number, revision=revision)
        )
        for revision in range(1, message.revision + 1)
    }
    return LedgerMessage(message, revisions)
