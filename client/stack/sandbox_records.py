"""Comparing our ledger with the sandbox's own records: what was lost, what went out twice.

The sandbox shares no code with us and records everything that it accepted, so the two agree only
if both are right. One sandbox may serve several incidents of one ledger; what another incident
sent is left out here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from itertools import zip_longest

import httpx
import orjson
from pydantic import BaseModel

from channels.sendgrid.replying import REPLY_ARG
from client.engine import Engine
from domain.ids import MessageRef, delivery_of, publication_key
from domain.model import Value
from domain.publication import PublicationState
from domain.sample import SAMPLES_KEY
from domain.subscribers import CONFIRMATIONS_KEY
from store.audit import deliveries
from store.kernel.database import Database
from store.record import incidents, messages, publication_rows
from store.record.publication_rows import PublicationRow

MOST_COUNTED = 255
"""A recipient's row is counted in one byte."""


class Reconciliation(Value):
    """The ledger against the sandbox's records, in mails or in posts.

    ``lost``: accepted in the ledger, and not in the sandbox. ``doubled``: extra copies in the
    sandbox. ``unentered``: in the sandbox, but not accepted in the ledger.
    """

    accepted: int = 0
    lost: int = 0
    doubled: int = 0
    unentered: int = 0

    @property
    def public(self) -> int:
        """How many copies there are in the sandbox."""
        return self.accepted - self.lost + self.doubled + self.unentered

    @property
    def agrees(self) -> bool:
        """Whether both say the same."""
        return not (self.lost or self.doubled or self.unentered)


class _SandboxPost(BaseModel):
    id: str
    text: str
    deleted: bool = False
    reply_to: str | None = None


class _PostList(BaseModel):
    posts: list[_SandboxPost] = []


class _SandboxRecords(BaseModel):
    twitter: _PostList
    facebook: _PostList
    mastodon: _PostList = _PostList()


def total(parts: Iterable[Reconciliation]) -> Reconciliation:
    """Several reconciliations as one."""
    every = list(parts)
    return Reconciliation(
        accepted=sum(one.accepted for one in every),
        lost=sum(one.lost for one in every),
        doubled=sum(one.doubled for one in every),
        unentered=sum(one.unentered for one in every),
    )


async def reconcile_mail(
    engine: Engine, incident: str, sandbox: httpx.AsyncClient
) -> Reconciliation:
    """Compare every delivery of an incident with every mail that the sandbox accepted.

    Memory: one byte for each recipient of each broadcast.
    """
    return total((await mail_by_broadcast(engine, incident, sandbox)).values())


async def mail_by_broadcast(
    engine: Engine, incident: str, sandbox: httpx.AsyncClient
) -> dict[str, Reconciliation]:
    """``reconcile_mail`` for each broadcast by its key; mail without a mark of ours is under ""."""
    database = await engine.ledger()
    ours: dict[str, bytearray] = defaultdict(bytearray)
    async for delivery in deliveries.accepted_deliveries(database, incident):
        _count(ours, delivery.key)
    theirs: dict[str, bytearray] = defaultdict(bytearray)
    async for key, _ in _mails(sandbox):
        _count(theirs, key)
    if theirs.keys() - ours.keys():
        for broadcast in await _broadcasts_elsewhere(database, incident):
            theirs.pop(broadcast, None)
    return {
        broadcast: _compared(ours.get(broadcast, b""), theirs.get(broadcast, b""))
        for broadcast in sorted(ours.keys() | theirs.keys())
    }


def _compared(ours: Collection[int], theirs: Collection[int]) -> Reconciliation:
    """One broadcast: for each recipient, whether we say accepted, and the copies in the sandbox."""
    pairs = Counter(zip_longest(ours, theirs, fillvalue=0))
    return Reconciliation(
        accepted=sum(ours),
        lost=sum(many for (row, copies), many in pairs.items() if row and not copies),
        doubled=sum((copies - 1) * many for (_, copies), many in pairs.items() if copies > 1),
        unentered=sum(many for (row, copies), many in pairs.items() if copies and not row),
    )


async def mails_to(
    engine: Engine, incident: str, sandbox: httpx.AsyncClient, addresses: Collection[str]
) -> dict[str, Counter[int]]:
    """For each of these addresses, how many mails of which message the sandbox accepted."""
    numbers = await _broadcasts_of(await engine.ledger(), incident)
    found: dict[str, Counter[int]] = {address: Counter() for address in addresses}
    async for key, address in _mails(sandbox):
        number = numbers.get(key.partition(".")[0])
        if number is not None and address in found:
            found[address][number] += 1
    return found


async def reconcile_posts(
    engine: Engine, incident: str, sandbox: httpx.AsyncClient
) -> Reconciliation:
    """Compare an incident's publications with the posts that the sandbox shows in public.

    Channels of which the sandbox has no posts are left out: they have other providers.
    """
    return total((await posts_by_publication(engine, incident, sandbox)).values())


NOBODYS = (0, "")
"""Where ``posts_by_publication`` counts posts that no message in the ledger accounts for."""


async def posts_by_publication(
    engine: Engine, incident: str, sandbox: httpx.AsyncClient
) -> dict[tuple[int, str], Reconciliation]:
    """``reconcile_posts`` for each message's number and channel, and for ``NOBODYS``."""
    answer = await sandbox.get("/_sandbox/books")
    records = _SandboxRecords.model_validate_json(answer.raise_for_status().content)
    public = {"twitter": _public(records.twitter), "facebook": _public(records.facebook)}
    if records.mastodon.posts:
        public["mastodon"] = _public(records.mastodon)
    found: dict[tuple[int, str], Reconciliation] = {}
    database = await engine.ledger()
    known = 0
    for row in await publication_rows.rows(database, incident):
        if row.channel not in public:
            continue
        posts = await _posts_of(database, row, public)
        known += len(posts)
        accepted = row.state is PublicationState.ACCEPTED
        there = row.receipt is not None and any(post.id == row.receipt.id for post in posts)
        found[row.number, row.channel] = Reconciliation(
            accepted=int(accepted),
            lost=int(accepted and not there),
            doubled=max(len(posts) - 1, 0),
            unentered=int(bool(posts) and not accepted),
        )
    for other in await _incidents_but(database, incident):
        for row in await publication_rows.rows(database, other):
            known += len(await _posts_of(database, row, public))
    nobodys = sum(len(posts) for posts in public.values()) - known
    found[NOBODYS] = Reconciliation(unentered=nobodys)
    return found


def _public(page: _PostList) -> list[_SandboxPost]:
    # Answers to what people said are no messages; they have a count of their own.
    return [post for post in page.posts if not post.deleted and post.reply_to is None]


async def _posts_of(
    database: Database, row: PublicationRow, public: Mapping[str, list[_SandboxPost]]
) -> list[_SandboxPost]:
    """The posts that say, word for word, what this publication was to say."""
    ref = MessageRef(incident=row.incident, number=row.number, revision=row.revision)
    document = await messages.find_revision(database, ref)
    if document is None:
        # A row of no message at all: somebody has changed the ledger, and the audit will say so.
        return []
    copy = document.copy_for(row.channel)
    return [post for post in public.get(row.channel, []) if post.text.split() == copy.text.split()]


async def _broadcasts_elsewhere(database: Database, incident: str) -> set[str]:
    """The keys under which other incidents of the ledger may have sent mail."""
    keys: set[str] = {CONFIRMATIONS_KEY, SAMPLES_KEY}
    for other in await _incidents_but(database, incident):
        keys |= (await _broadcasts_of(database, other)).keys()
    return keys


async def _broadcasts_of(database: Database, incident: str) -> dict[str, int]:
    """The keys under which an incident may have sent mail, each with its message's number."""
    keys: dict[str, int] = {}
    for message in await messages.list_messages(database, incident):
        for revision in range(1, message.revision + 1):
            ref = message.ref().model_copy(update={"revision": revision})
            document = await messages.load_revision(database, ref)
            for copy in document.copies:
                for cut in document.audiences:
                    keys[publication_key(ref, copy.channel, cut.name)] = message.number
    return keys


async def _incidents_but(database: Database, incident: str) -> list[str]:
    listed = await incidents.list_incidents(database)
    return [row.slug for row in listed if row.slug != incident]


async def _mails(sandbox: httpx.AsyncClient) -> AsyncIterator[tuple[str, str]]:
    """Each accepted mail: the delivery's key, empty if it carries none of ours, and the address."""
    async with sandbox.stream("GET", "/_sandbox/books/mail.ndjson", timeout=600) as answer:
        answer.raise_for_status()
        rest = b""
        async for chunk in answer.aiter_bytes(1 << 20):
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            for mail in _read(lines):
                yield mail
        for mail in _read([rest]):
            yield mail


def _read(lines: Iterable[bytes]) -> Iterable[tuple[str, str]]:
    for line in filter(None, lines):
        mail = orjson.loads(line)
        if REPLY_ARG in mail["args"]:
            # Answers to what people wrote are no messages; they have a count of their own.
            continue
        # Of all that travels with a mail, only this key is two parts with one dot between them.
        marks = map(str, mail["args"].values())
        yield next((mark for mark in marks if mark.count(".") == 1), ""), str(mail["address"])


def _count(counts: dict[str, bytearray], key: str) -> None:
    try:
        broadcast, position = delivery_of(key)
    except ValueError:
        # Mail without our mark is unentered by definition; each gets a place of its own.
        counts[""] += b"\1"
        return
    row = counts[broadcast]
    if len(row) <= position:
        row.extend(bytes(max(position + 1 - len(row), 4096)))
    row[position] = min(row[position] + 1, MOST_COUNTED)
