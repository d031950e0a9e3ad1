"""One incident as a story tells it: people act through the terminal's functions and by signal."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any

import orjson
import yaml
from temporalio.client import WorkflowUpdateStage

from client import incidents, messages
from client.asking import incident_status, tell
from client.facts import record_facts
from client.stack.sandbox_records import Reconciliation, reconcile_mail, reconcile_posts
from domain.actor import Actor
from domain.ids import SUBSCRIBERS, MessageRef, incident_workflow_id, publication_workflow_id
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.publication import PublicationState
from domain.status import IncidentStatus, MessageStatus
from settings import HERE
from store.broadcasts import broadcasts
from store.broadcasts.progress import BroadcastProgress, read_progress
from store.files.playbook_folder import read_playbook
from store.people import audiences
from store.people.audiences import AudienceRow
from store.record import drafts, timeline
from tests.whole.world import PATIENCE, World, eventually
from workflows.contract.signing import SignalledDecision
from workflows.contract.steering import Withdraw
from workflows.contract.writing import RecordFacts

LEAD = Actor.at_terminal("maya")
BATCHES = 30
WINDOW = 6
"""Seconds that a batch without an answer waits for its events. More than it takes a killed process
to come back, so that only what is really lost is sent once more."""

FACTS: dict[str, object] = {
    "what_happened": "Since noon somebody has been posting spam through our accounts.",
    "scope": "Some of the accounts that were connected to us.",
    "doing": "we have stopped all posting",
    "action_for_customers": "nothing to do now",
    "cause": "Access tokens were kept unencrypted, and an attacker read them.",
    "fix": "every token was revoked and issued anew",
    "prevention": "tokens are encrypted",
    "prevention_owner": "Ines, head of security",
    "prevention_due": date(2026, 12, 11),
}


def quick_playbook(
    recipients: int,
    in_flight: int = 4,
    mailed: Collection[MessageKind] = tuple(MessageKind),
    window: int = WINDOW,
) -> dict[str, str]:
    """The shipped playbook with its waiting times in seconds, and 30 batches of mail.

    Messages of other kinds than ``mailed`` are posts only.
    """
    files = dict(read_playbook(HERE / "playbooks" / "site-compromised"))
    plan = yaml.safe_load(files["playbook.yaml"])
    plan["broadcast"] = {
        "in_flight": in_flight,
        "unknown_window": f"{window}s",
        "batch_size": max(1, recipients // BATCHES),
    }
    for kind in set(plan["messages"]) - set(mailed):
        posts = [name for name in plan["messages"][kind]["channels"] if name != "email"]
        plan["messages"][kind] |= {"channels": posts, "quorum": 1, "must_reach": []}
    plan["looking"] = {"looks": 2, "apart": "1s"}
    return {**files, "playbook.yaml": yaml.safe_dump(plan, sort_keys=False)}


def _has_settled(message: MessageStatus) -> bool:
    return bool(message.approved_at) and message.phase is not MessagePhase.PUBLISHING


class Response:
    """One incident, and everything people do in it."""

    def __init__(self, world: World, slug: str) -> None:
        self.world = world
        self.slug = slug
        self.handle = world.client.get_workflow_handle(incident_workflow_id(slug))

    def address(self, number: int) -> str:
        """The address of a recipient, unlike any other in the world."""
        return f"quill{number:05d}@{self.slug}.feather.example"

    async def open(
        self,
        recipients: int = 300,
        in_flight: int = 4,
        mailed: Collection[MessageKind] = tuple(MessageKind),
        window: int = WINDOW,
        also: str | None = None,
    ) -> None:
        """Import an audience of its own and open the incident.

        ``also`` is another audience, imported already, that gets every message after this one.
        """
        people = (AudienceRow(self.address(n), {}) for n in range(1, recipients + 1))
        await audiences.import_rows(self.world.ledger, self.slug, people)
        await incidents.open_incident(
            self.world.engine,
            slug=self.slug,
            title=f"Spam went out ({self.slug})",
            files=quick_playbook(recipients, in_flight, mailed, window),
            actor=LEAD,
            audiences=[self.slug, also] if also else [self.slug],
        )
        await self.record_facts()

    async def record_facts(self) -> None:
        """Maya writes down what is known; its summary tells this incident's posts from others'."""
        facts = {**FACTS, "summary": f"somebody posted spam, see {self.slug}"}
        await record_facts(self.world.engine, self.slug, actor=LEAD, facts=facts)

    async def propose(self, kind: MessageKind = MessageKind.ANNOUNCEMENT) -> MessageStatus:
        """Maya proposes a message."""
        return await messages.propose(self.world.engine, self.slug, kind, actor=LEAD)

    async def come_to_the_offer(self) -> MessageStatus:
        """Everything before it goes out as posts only; then Maya proposes the offer by mail."""
        await self.open(mailed=[MessageKind.GOODWILL_OFFER])
        for kind in (MessageKind.ANNOUNCEMENT, MessageKind.RESOLUTION_NOTE):
            message = await self.propose(kind)
            await self.approve(message, "noor", "ines")
            await self.settled(message.number)
        return await self.propose(MessageKind.GOODWILL_OFFER)

    async def approve(self, message: MessageStatus, *people: str) -> None:
        """Approve by signal, as any client of Temporal may."""
        for by in people or ("noor",):
            decide = SignalledDecision(by=by, digest=message.digest[:12], message=message.number)
            await self.handle.signal("approve", decide)

    async def announce(
        self, recipients: int = 300, in_flight: int = 4, window: int = WINDOW
    ) -> MessageStatus:
        """Open the incident and let its announcement go out."""
        await self.open(recipients, in_flight, window=window)
        message = await self.propose()
        await self.approve(message)
        return message

    async def withdraw_unattended(self) -> None:
        """Withdraw message 1, and do not wait for the answer."""
        await self.handle.start_update(
            "withdraw",
            Withdraw(message=1, actor=LEAD),
            wait_for_stage=WorkflowUpdateStage.ACCEPTED,
            result_type=MessageStatus,
        )

    async def record_unreadable(self, facts: Mapping[str, object]) -> None:
        """Point the incident to facts that no worker of this version can read."""
        kept = await drafts.save(
            self.world.ledger, self.slug, "facts", facts, LEAD.person, datetime.now(UTC)
        )
        argument = RecordFacts(
            actor=LEAD,
            facts=kept,
            filled=tuple(FACTS),
            changed=tuple(FACTS),
            based_on=(await self.status()).facts,
        )
        await tell(self.world.engine, self.slug, "facts", argument, IncidentStatus)

    # --- looking ------------------------------------------------------------------------------

    async def status(self) -> IncidentStatus:
        return await incident_status(self.world.engine, self.slug)

    async def message(self, number: int = 1) -> MessageStatus:
        return (await self.status()).messages[number - 1]

    async def settled(self, number: int = 1, within: float = PATIENCE) -> MessageStatus:
        """The message once no channel is under way any more; it may be there only in a moment."""
        status = await eventually(
            self.status,
            lambda one: len(one.messages) >= number and _has_settled(one.messages[number - 1]),
            within=within,
            otherwise="not every channel has settled",
        )
        return status.messages[number - 1]

    async def withdrawn(self) -> MessageStatus:
        """Message 1 once it is withdrawn on every channel, or ought to be."""
        return await eventually(
            self.message,
            lambda one: (
                all(outcome.state.settled for outcome in one.outcomes)
                and PublicationState.ACCEPTED not in states(one).values()
            ),
            within=PATIENCE,
            otherwise="it has not been withdrawn",
        )

    async def mail(self, number: int = 1) -> BroadcastProgress | None:
        """How far the mail of a message has come, by the ledger."""
        ref = MessageRef(incident=self.slug, number=number, revision=1)
        found = await broadcasts.find_broadcast(self.world.ledger, ref, "email", self.slug)
        return await read_progress(self.world.ledger, found.id) if found else None

    async def mailed(
        self,
        is_so: Callable[[BroadcastProgress], object],
        number: int = 1,
        within: float = PATIENCE,
    ) -> BroadcastProgress:
        """The mail's progress once ``is_so`` holds for it."""
        found = await eventually(
            lambda: self.mail(number),
            lambda progress: progress is not None and is_so(progress),
            within=within,
            otherwise="the mail has not come that far",
        )
        assert found is not None
        return found

    async def arrived(self, number: int = 1) -> BroadcastProgress:
        """The mail's progress once the provider has told of every mail what became of it."""
        return await self.mailed(
            lambda mail: mail.delivered + mail.bounced + mail.suppressed == mail.recipients, number
        )

    async def arrived_of(self, mails: int) -> None:
        """Wait until the provider has told what became of so many mails."""
        await self.mailed(lambda mail: mail.delivered + mail.bounced == mails)

    async def books(self) -> dict[str, Reconciliation]:
        """Ledger against the sandbox's own books."""
        engine, sandbox = self.world.engine, self.world.sandbox
        return {
            "mail": await reconcile_mail(engine, self.slug, sandbox),
            "posts": await reconcile_posts(engine, self.slug, sandbox),
        }

    async def timeline(self, what: str) -> list[tuple[str, str]]:
        """Who and what about, of every entry of this kind in the ledger."""
        entries = await timeline.read(self.world.ledger, self.slug)
        return [(one.who, one.about) for one in entries if one.what == what]

    async def received(self) -> int:
        """How many mails to this incident's audience the sandbox has accepted."""
        return sum([1 async for _ in self._mails()])

    async def mails_by_address(self) -> Counter[str]:
        """How many mails each address of this incident's audiences has got, by the sandbox."""
        return Counter([str(mail["address"]) async for mail in self._mails()])

    async def codes_told(self) -> dict[str, set[str]]:
        """Every code that an address was told, as it stands in the sandbox's mail."""

        def read() -> dict[str, set[str]]:
            told: dict[str, set[str]] = {}
            with closing(sqlite3.connect(self.world.stack.state / "sandbox.db")) as book:
                for address, data in book.execute(
                    "SELECT address, data FROM mail WHERE address LIKE ? AND data IS NOT NULL",
                    (f"%@{self.slug}.feather.example",),
                ):
                    code = orjson.loads(data)["substitutions"]["[[code]]"]
                    told.setdefault(address, set()).add(code)
            return told

        return await asyncio.to_thread(read)

    async def _mails(self) -> AsyncIterator[dict[str, object]]:
        async with self.world.sandbox.stream("GET", "/_sandbox/books/mail.ndjson") as answer:
            async for line in answer.aiter_lines():
                mail = orjson.loads(line) if line else {}
                if self.slug + ".feather" in mail.get("address", ""):
                    yield mail

    async def posted(self) -> list[str]:
        """This incident's posts that the public can see."""
        return [
            post["text"]
            for posts in (await self._posts()).values()
            for post in posts
            if not post["deleted"]
        ]

    async def ever_posted(self, channel: str) -> int:
        """How many posts of this incident a platform has ever accepted."""
        return len((await self._posts())[channel])

    async def _posts(self) -> dict[str, list[dict[str, Any]]]:
        books = (await self.world.sandbox.get("/_sandbox/books")).raise_for_status().json()
        return {
            name: [post for post in books[name]["posts"] if f"see {self.slug}" in post["text"]]
            for name in ("twitter", "facebook")
        }

    def child(self, channel: str, number: int = 1) -> str:
        """The id of the workflow that publishes a message on a channel."""
        return publication_workflow_id(self.slug, number, channel)


def states(message: MessageStatus) -> dict[str, PublicationState]:
    """How a message ended on each channel."""
    return {
        str(outcome.destination) if outcome.audience == SUBSCRIBERS else outcome.channel: (
            outcome.state
        )
        for outcome in message.outcomes
    }


def everywhere(state: PublicationState) -> dict[str, PublicationState]:
    """The same state on every channel."""
    return dict.fromkeys(("email", "twitter", "facebook", "website"), state)


def agreed(mails: int, posts: int) -> dict[str, Reconciliation]:
    """Books in which so much was accepted, and nothing lost, doubled or not entered."""
    return {"mail": Reconciliation(accepted=mails), "posts": Reconciliation(accepted=posts)}
