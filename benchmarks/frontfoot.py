"""Frontfoot as a contestant: a goodwill offer with a code each, from approval to last acceptance.

An incident is opened, proposed and signed through the functions behind the terminal's commands;
everything after the last signature is the product's own. The times are the ledger's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import yaml

from benchmarks.children import Child
from benchmarks.mail import address
from benchmarks.stack import BenchmarkStack
from client import incidents, messages
from client.asking import incident_status
from client.facts import record_facts
from domain.actor import Actor
from domain.ids import MessageRef
from domain.message import Copy, MessageKind
from domain.message_state import MessagePhase
from domain.model import Value
from domain.people import PEOPLE_FILE
from domain.publication import PublicationState
from domain.status import MessageStatus
from settings import HERE
from store.broadcasts import broadcasts
from store.broadcasts.progress import BroadcastProgress, read_progress
from store.files.playbook_folder import read_playbook
from store.people import audiences

LEAD = Actor.at_terminal("maya")
CHANNEL = "email"
KINDS = ("announcement", "resolution_note", "goodwill_offer")
FACTS: dict[str, object] = {
    "summary": "our site was down",
    "fix": "it runs on other machines now",
    "prevention": "a second site takes over by itself",
    "prevention_owner": "Ines, head of security",
    "prevention_due": date(2030, 1, 1),
}
_LOOK_EVERY = 0.25
_STUCK_AFTER = 60.0
_OVER = {PublicationState.ACCEPTED, PublicationState.REFUSED, PublicationState.UNKNOWN}


class Broadcast(Value):
    """One broadcast, measured. Seconds are from the moment the last signature was given.

    ``worker_cpu`` and ``temporal_cpu`` are seconds of processor during the broadcast, and
    ``worker_peak`` is the most memory that any one worker process has held so far, in bytes.
    """

    recipients: int
    requests: int
    seconds: float
    first_seconds: float
    worker_cpu: float
    temporal_cpu: float
    worker_peak: int | None
    temporal_growth: int

    @property
    def per_second(self) -> float:
        """Recipients a second, from approval to the last acceptance."""
        return self.recipients / self.seconds


@dataclass(frozen=True)
class Proposed:
    """A goodwill offer that lacks one signature, and the copy that will go out."""

    slug: str
    message: MessageStatus
    copy: Copy
    recipients: int
    imported_in: float


async def propose(
    stack: BenchmarkStack, slug: str, recipients: int, batch_size: int, in_flight: int
) -> Proposed:
    """Bring an incident to where its goodwill offer to ``recipients`` lacks only one signature.

    An offer is made when the announcement and the resolution note have gone out. Those go to the
    first recipient alone, and the rest of the audience is imported after them: they are not what
    is measured.
    """
    engine, database = stack.engine, stack.database
    await audiences.import_rows(database, slug, _rows(1, 1))
    await incidents.open_incident(
        engine,
        slug=slug,
        title="The site is down",
        files=mail_only(batch_size, in_flight),
        actor=LEAD,
        audiences=[slug],
    )
    await _tell(stack, slug, MessageKind.ANNOUNCEMENT, ("noor",))
    await record_facts(engine, slug, actor=LEAD, facts=FACTS)
    await _tell(stack, slug, MessageKind.RESOLUTION_NOTE, ("noor", "ines"))
    began = time.perf_counter()
    await audiences.import_rows(database, slug, _rows(2, recipients))
    imported_in = time.perf_counter() - began
    message = await messages.propose(engine, slug, MessageKind.GOODWILL_OFFER, actor=LEAD)
    document = await messages.load_document(engine, slug, message)
    await messages.decide(engine, slug, actor=Actor.at_terminal("noor"), digest=message.digest)
    return Proposed(slug, message, document.copy_for(CHANNEL), message.audience_count, imported_in)


async def _tell(
    stack: BenchmarkStack, slug: str, kind: MessageKind, signers: tuple[str, ...]
) -> None:
    """Propose a message, have it signed, and return once it has gone out."""
    message = await messages.propose(stack.engine, slug, kind, actor=LEAD)
    for person in signers:
        await messages.decide(
            stack.engine, slug, actor=Actor.at_terminal(person), digest=message.digest
        )
    deadline = time.monotonic() + 60
    while not message.told or message.phase is MessagePhase.PUBLISHING:
        if time.monotonic() > deadline:
            raise RuntimeError(f"The {kind} has not gone out: {message.outcomes}")
        await asyncio.sleep(0.02)
        status = await incident_status(stack.engine, slug)
        message = messages.message_of(status, message.number)


async def approve(
    stack: BenchmarkStack, proposed: Proposed, workers: list[Child], tell: Callable[[int], None]
) -> Broadcast:
    """Give the last signature, wait until everybody's mail is accepted, and say what it took.

    ``tell`` hears how many have been accepted so far. Raises ``RuntimeError`` if any is not.
    """
    cpu = sum(worker.cpu() for worker in workers), stack.temporal.cpu()
    size = stack.temporal_size()
    approved_at = datetime.now(UTC)
    lee = Actor.at_terminal("lee")
    await messages.decide(stack.engine, proposed.slug, actor=lee, digest=proposed.message.digest)
    progress = await _to_its_end(stack, proposed, workers, tell)
    if progress.went_out != proposed.recipients:
        raise RuntimeError(f"{progress.went_out:,} of {proposed.recipients:,} were accepted.")
    assert progress.first_accepted_at is not None
    assert progress.last_accepted_at is not None
    peaks = [peak for worker in workers if (peak := worker.peak_memory()) is not None]
    return Broadcast(
        recipients=proposed.recipients,
        requests=progress.batches[PublicationState.ACCEPTED],
        seconds=(progress.last_accepted_at - approved_at).total_seconds(),
        first_seconds=(progress.first_accepted_at - approved_at).total_seconds(),
        worker_cpu=sum(worker.cpu() for worker in workers) - cpu[0],
        temporal_cpu=stack.temporal.cpu() - cpu[1],
        worker_peak=max(peaks, default=None),
        temporal_growth=stack.temporal_size() - size,
    )


def mail_only(batch_size: int, in_flight: int | None = None) -> dict[str, str]:
    """The shipped playbook with e-mail as its only channel."""
    files = dict(read_playbook(HERE / "playbooks" / "site-compromised"))
    plan = yaml.safe_load(files["playbook.yaml"])
    plan["messages"] = {
        kind: {**plan["messages"][kind], "channels": [CHANNEL], "quorum": 1} for kind in KINDS
    }
    plan["broadcast"]["batch_size"] = batch_size
    plan["broadcast"]["in_flight"] = in_flight or plan["broadcast"]["in_flight"]
    plan["voices"] = {CHANNEL: plan["voices"][CHANNEL]}
    # A million codes of 10 USD are within the shipped cap; larger runs must not fail on it.
    plan["offer"]["budget_cap"] = "1000000000.00"
    templates = {f"{kind}.{CHANNEL}.j2": files[f"{kind}.{CHANNEL}.j2"] for kind in KINDS}
    people = {PEOPLE_FILE: files[PEOPLE_FILE]}
    return {**templates, **people, "playbook.yaml": yaml.safe_dump(plan, sort_keys=False)}


def _rows(first: int, last: int) -> Iterator[audiences.AudienceRow]:
    return (audiences.AudienceRow(address(number), {}) for number in range(first, last + 1))


async def _to_its_end(
    stack: BenchmarkStack, proposed: Proposed, workers: list[Child], tell: Callable[[int], None]
) -> BroadcastProgress:
    ref = MessageRef(
        incident=proposed.slug,
        number=proposed.message.number,
        revision=proposed.message.revision,
    )
    moved, last = time.monotonic(), -1
    while time.monotonic() - moved < _STUCK_AFTER:
        for child in (*workers, stack.temporal):
            child.refuse_dead()
        planned = await broadcasts.find_broadcast(stack.database, ref, CHANNEL, proposed.slug)
        if planned is not None:
            progress = await read_progress(stack.database, planned.id)
            tell(progress.went_out)
            if planned.planned and set(progress.batches) <= _OVER:
                return progress
            if progress.went_out != last:
                moved, last = time.monotonic(), progress.went_out
        await asyncio.sleep(_LOOK_EVERY)
    words = "\n".join(worker.last_words() for worker in workers)
    raise RuntimeError(f"After {last:,} nothing was accepted for {_STUCK_AFTER:.0f} s.\n{words}")
