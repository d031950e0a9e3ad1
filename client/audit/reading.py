"""Reading the four books of an incident: its own view, the ledger, the events, the provider's."""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx
from pydantic import ValidationError

from client.asking import incident_status
from client.audit.model import Books, Discrepancy, Kind, Place, ProviderBook
from client.checks.channel_process import ask_channels
from client.errors import CommandFailed, UnknownIncident
from client.stack import stack_file
from client.stack.accounts import choose_accounts
from client.stack.books import NOBODYS, mail_by_broadcast, posts_by_publication
from domain.ids import MessageRef
from domain.model import Value
from domain.publication import Finding, PublicationState
from domain.status import IncidentStatus
from domain.times import UtcTime
from settings import Settings
from store.audit import books
from store.audit.books import BroadcastBooks
from store.broadcasts.progress import read_progress
from store.kernel.database import Database
from store.record import messages, publications
from store.record.incidents import list_incidents
from store.record.publications import PublicationRow
from wiring import TemporalUnreachable, connect

ASKED = 5
"""Unknown batches that a provider is asked about: some allow six questions a minute."""

_S = PublicationState


async def read_books(settings: Settings, database: Database, slug: str) -> Books:
    """All that can be read; ``UnknownIncident`` if neither Temporal nor the ledger has it."""
    status, unread = await _ask_incident(slug)
    if status is None and slug not in {row.slug for row in await list_incidents(database)}:
        raise UnknownIncident(slug)
    rows = await publications.rows(database, slug)
    mails = await books.broadcast_books(database, slug)
    provider, strangers = await _read_providers(settings, database, slug, rows, mails)
    return Books(
        slug=slug,
        status=status,
        unread=unread,
        publications=tuple(rows),
        broadcasts=tuple(mails),
        progress={one.id: await read_progress(database, one.id) for one in mails},
        provider=provider,
        strangers=tuple(strangers),
    )


async def _ask_incident(slug: str) -> tuple[IncidentStatus | None, str]:
    try:
        return await incident_status(await connect(), slug), ""
    except UnknownIncident:
        return None, "Temporal has no such incident."
    except (CommandFailed, TemporalUnreachable) as error:
        return None, str(error)


async def _read_providers(
    settings: Settings,
    database: Database,
    slug: str,
    rows: list[PublicationRow],
    mails: list[BroadcastBooks],
) -> tuple[dict[Place, ProviderBook], list[Discrepancy]]:
    sandbox = _sandbox_of(settings)
    known: dict[Place, ProviderBook] = {}
    strangers: list[Discrepancy] = []
    if sandbox is not None:
        address, channels = sandbox
        try:
            known, strangers = await _read_sandbox(address, channels, database, slug, mails)
        except (httpx.HTTPError, ValidationError):
            strangers = [
                Discrepancy(
                    kind=Kind.UNREAD,
                    where="the sandbox",
                    says="Its books could not be read.",
                    next_step="Is `frontfoot up` running? See its log.",
                )
            ]
        rest_of = [row for row in rows if row.channel not in channels]
        mails_of = [mail for mail in mails if mail.channel not in channels]
    else:
        rest_of, mails_of = rows, mails
    looked_up = await _look_up(settings, database, slug, rest_of, mails_of)
    return known | looked_up, strangers


def _sandbox_of(settings: Settings) -> tuple[str, frozenset[str]] | None:
    """The address of a sandbox that stands in here, and the channels that it stands in for."""
    running = stack_file.read(settings.state_dir)
    if running is None or not running.runs() or "sandbox" not in running.addresses:
        return None
    address = running.addresses["sandbox"]
    chosen = choose_accounts(settings.channels, os.environ, address, live=running.live)
    return address, frozenset(chosen.sandboxed)


async def _read_sandbox(
    address: str,
    channels: frozenset[str],
    database: Database,
    slug: str,
    mails: list[BroadcastBooks],
) -> tuple[dict[Place, ProviderBook], list[Discrepancy]]:
    known: dict[Place, ProviderBook] = {}
    strangers: list[Discrepancy] = []
    places = {mail.key: (mail.number, mail.channel) for mail in mails if mail.channel in channels}
    async with httpx.AsyncClient(base_url=address, timeout=60, trust_env=False) as sandbox:
        posts = await posts_by_publication(database, slug, sandbox)
        post_total = posts.pop(NOBODYS)
        for place, found in posts.items():
            if place[1] in channels:
                says = f"{found.accepted - found.lost + found.doubled + found.unentered} posts"
                known[place] = ProviderBook(says=says, read=True, reconciled=found)
        by_broadcast = await mail_by_broadcast(database, slug, sandbox)
    for key, found in by_broadcast.items():
        there = found.accepted - found.lost + found.doubled + found.unentered
        if key in places:
            # The newest revision's broadcast stands for the message; earlier ones sent nothing.
            known[places[key]] = ProviderBook(says=f"{there:,} mails", read=True, reconciled=found)
        elif there:
            strangers.append(_stranger(f"{there:,} mails that no broadcast of the ledger sent"))
    for place in places.values():
        nothing = ProviderBook(says="0 mails", read=True)
        known.setdefault(place, nothing)
    if post_total.unentered:
        many = f"{post_total.unentered:,} posts that no message of the ledger says"
        strangers.append(_stranger(many))
    return known, strangers


def _stranger(what: str) -> Discrepancy:
    return Discrepancy(
        kind=Kind.UNENTERED,
        where="the provider",
        says=f"It shows {what}.",
        next_step="Was the ledger replaced while the sandbox kept its books? If not, find out who "
        "else uses the account.",
    )


# --- providers without a book, one question at a time --------------------------------------------


class _Asked(Value):
    """One attempt whose provider is asked whether it has it; ``batch`` is None for a post."""

    place: Place
    revision: int
    state: PublicationState
    key: str
    since: UtcTime
    batch: int | None = None


async def _look_up(
    settings: Settings,
    database: Database,
    slug: str,
    rows: list[PublicationRow],
    mails: list[BroadcastBooks],
) -> dict[Place, ProviderBook]:
    """What ``find`` of each channel can tell: of posts that went out or may have, and of batches
    of which nobody knows."""
    known: dict[Place, ProviderBook] = {
        (mail.number, mail.channel): ProviderBook(says="not readable: no list of what was sent")
        for mail in mails
    }
    asked = {f"{one.place[1]}/{one.key}": one for one in _questions(rows, mails)}
    questions: list[dict[str, object]] = []
    for one in asked.values():
        number, channel = one.place
        ref = MessageRef(incident=slug, number=number, revision=one.revision)
        document = await messages.find_revision(database, ref)
        if document is None:
            continue
        copy = document.copy_for(channel)
        questions.append(
            {
                "channel": channel,
                "key": one.key,
                "copy_": copy.model_dump(mode="json"),
                "since": one.since,
            }
        )
    if not questions:
        return known
    try:
        async for answer in ask_channels(settings, "find", lines=questions):
            one = asked[f"{answer['channel']}/{answer['key']}"]
            book = _seen(slug, one, Finding(str(answer["finding"])), str(answer["why"]))
            before = known.get(one.place)
            found = (*before.found, *book.found) if before else book.found
            known[one.place] = book.model_copy(update={"found": found})
    except CommandFailed as error:
        for one in asked.values():
            known.setdefault(one.place, ProviderBook(says=f"not readable: {error.what}"))
    return known


def _questions(rows: list[PublicationRow], mails: list[BroadcastBooks]) -> Iterator[_Asked]:
    for row in rows:
        if row.state in (_S.ACCEPTED, _S.UNKNOWN) and row.started_at is not None:
            place = (row.number, row.channel)
            yield _Asked(
                place=place,
                revision=row.revision,
                state=row.state,
                key=row.key,
                since=row.started_at,
            )
    for mail in mails:
        unknown = [one for one in mail.open if one.state is _S.UNKNOWN]
        for batch in unknown[:ASKED]:
            if batch.started_at is not None:
                yield _Asked(
                    place=(mail.number, mail.channel),
                    revision=mail.revision,
                    state=batch.state,
                    key=batch.key,
                    since=batch.started_at,
                    batch=batch.number,
                )


def _seen(slug: str, one: _Asked, finding: Finding, why: str) -> ProviderBook:
    """What an answer means for what the ledger says."""
    number, channel = one.place
    where = f"message {number} on {channel}"
    if one.batch is not None:
        where += f", batch {one.batch}"
    if finding is Finding.CANNOT_TELL:
        return ProviderBook(says=f"not readable: {why}")
    if finding is Finding.FOUND and one.state is _S.UNKNOWN:
        says = "The provider has it, and the ledger does not know."
        step = f"frontfoot settle {slug} {number} {channel} --went-out"
        kind = Kind.UNENTERED
    elif finding is Finding.ABSENT and one.state is _S.ACCEPTED:
        says = "It is accepted in the ledger, and the provider does not show it."
        step = "Look at the provider: was it taken down there? If so, say it in a new message."
        kind = Kind.LOST
    else:
        return ProviderBook(says="seen" if finding is Finding.FOUND else "absent", read=True)
    found = Discrepancy(kind=kind, where=where, says=says, next_step=step)
    return ProviderBook(
        says="seen" if finding is Finding.FOUND else "absent", read=True, found=(found,)
    )
