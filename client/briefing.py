"""The briefing of an incident: what whoever comes to help has to know, on one page.

From the ledger alone, so that it can be read while Temporal is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import orjson
from pydantic import ValidationError

from client.engine import Engine
from client.errors import UnknownIncident
from client.people import known_people
from client.saved_replies import SavedReplyView, reply_rules
from domain.errors import DomainError
from domain.facts import COPY_FACTS
from domain.ids import MessageRef, check_slug
from domain.message import STAGE_OF, Document, MessageKind
from domain.model import Value
from domain.playbook import PAGE_CHANNEL, Playbook
from domain.playbook_briefing import BriefingPlan
from domain.playbook_files import examine_playbook
from domain.publication import PublicationState
from domain.times import UtcTime
from store.kernel.database import Database
from store.record import drafts, incidents, messages, playbooks, publication_rows, timeline
from store.recovery import snapshots


class Said(Value):
    """What people were told by one message: its words on ``channel``, and where they can be read.

    ``stage`` is the one that the message belongs to; empty for a correction.
    """

    number: int
    kind: MessageKind
    stage: str
    at: UtcTime
    channel: str
    text: str
    url: str = ""
    next_update_by: UtcTime | None = None


class Helper(Value):
    """Somebody in the roster. ``contact`` is how to reach them, as the playbook says."""

    id: str
    name: str
    roles: tuple[str, ...]
    contact: str = ""
    leads: bool = False


class Briefing(Value):
    """Everything that one has to know to help, at the moment ``at``.

    ``facts`` are what is known inside, by name. ``said`` is the newest message of each kind that
    people were told, the newest first. ``leads`` are those who opened the incident. ``contacts``
    are of others than the roster. ``unread`` says what could not be read.
    """

    at: UtcTime
    incident: str
    title: str
    stage: str
    opened_at: UtcTime
    closed_at: UtcTime | None
    facts: dict[str, str]
    said: tuple[Said, ...]
    do_not_say: tuple[str, ...]
    saved: tuple[SavedReplyView, ...]
    people: tuple[Helper, ...]
    contacts: dict[str, str]
    link: str = ""
    unread: tuple[str, ...] = ()

    @property
    def promise(self) -> datetime | None:
        """By when the newest message has promised the next update; None if it has not."""
        return self.said[0].next_update_by if self.said and self.closed_at is None else None

    @property
    def overdue(self) -> bool:
        """Whether that time has passed."""
        return self.promise is not None and self.promise <= self.at


async def brief(engine: Engine, slug: str) -> Briefing:
    """The briefing as it is now. Raises ``UnknownIncident`` and ``StoreUnavailable``."""
    ledger = await engine.ledger()
    row = await incidents.find(ledger, check_slug(slug))
    if row is None:
        raise UnknownIncident(slug)
    plan, written = await _plan(ledger, slug, row.playbook)
    entries = await timeline.read(ledger, slug)
    stages = [one.about for one in entries if one.what == "stage entered"]
    leads = {one.who for one in entries if one.what == "opened"}
    known = (await drafts.newest_facts(ledger, slug)).filled()
    unread = []
    try:
        rules = await reply_rules(engine, slug)
    except DomainError as error:
        rules = None
        unread.append(error.explanation.what)
    if plan is None:
        unread.append("The plan of this incident cannot be read by this version.")
    names = await asyncio.to_thread(_names, engine)
    people = plan.roster if plan is not None else ()
    return Briefing(
        at=datetime.now(UTC),
        incident=slug,
        title=row.title,
        stage=stages[-1] if stages else "",
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        facts={name: known[name] for name in _in_order(known)},
        said=await _said(ledger, slug),
        do_not_say=written.do_not_say,
        saved=rules.saved if rules is not None else (),
        people=tuple(
            Helper(
                id=one.id,
                name=names.get(one.id, one.id),
                roles=one.roles,
                contact=written.contacts.get(one.id, ""),
                leads=one.id in leads,
            )
            for one in people
        ),
        contacts={
            who: how for who, how in written.contacts.items() if who not in {p.id for p in people}
        },
        link=plan.link or "" if plan is not None else "",
        unread=tuple(unread),
    )


async def _plan(ledger: Database, slug: str, name: str) -> tuple[Playbook | None, BriefingPlan]:
    """The plan of the incident, and its part for helpers, which is in the files alone."""
    kept = await snapshots.load(ledger, slug)
    plan, digest = None, ""
    if kept is not None:
        try:
            plan = Playbook.model_validate_json(kept.plan)
            digest = str((orjson.loads(kept.state) if kept.state else {}).get("templates", ""))
        except (ValidationError, orjson.JSONDecodeError):
            # Of another version.
            plan = None
    try:
        files = await playbooks.load_snapshot(ledger, digest) if digest else None
    except DomainError:
        files = None
    if files is None:
        # Before the first state is kept: the files of that name, mostly the only ones.
        files = await playbooks.snapshot_named(ledger, name)
    written = examine_playbook(files).plan if files is not None else None
    return plan, written.briefing if written is not None else BriefingPlan()


def _names(engine: Engine) -> dict[str, str]:
    try:
        return {one.id: one.name for one in known_people(engine.settings) if one.name}
    except DomainError:
        # The files here are another check's to judge.
        return {}


def _in_order(known: Mapping[str, str]) -> list[str]:
    """The facts that are set, those that every incident has first."""
    usual = [name for name in COPY_FACTS if known.get(name)]
    return usual + sorted(name for name in known if known[name] and name not in usual)


async def _said(ledger: Database, slug: str) -> tuple[Said, ...]:
    """The newest accepted message of each kind, the newest first."""
    posts = [
        one
        for one in await publication_rows.rows(ledger, slug)
        if one.state is PublicationState.ACCEPTED and one.receipt is not None
    ]
    newest: dict[MessageKind, Said] = {}
    for row in await messages.list_messages(ledger, slug):
        own = [one for one in posts if one.number == row.number]
        if not own or not row.kind.published:
            continue
        post = next((one for one in own if one.channel == PAGE_CHANNEL), own[0])
        ref = row.ref().model_copy(update={"revision": post.revision})
        document = await _document(ledger, ref)
        if document is None or post.receipt is None:
            continue
        stage = STAGE_OF[row.kind]
        newest[row.kind] = Said(
            number=row.number,
            kind=row.kind,
            stage=stage.value if stage is not None else "",
            at=post.receipt.at,
            channel=post.channel,
            text=document.copy_for(post.channel).text,
            url=post.receipt.url or "",
            next_update_by=document.next_update_by,
        )
    return tuple(sorted(newest.values(), key=lambda one: one.at, reverse=True))


async def _document(ledger: Database, ref: MessageRef) -> Document | None:
    """The document, or None if it is not what was signed: nobody is to repeat that."""
    try:
        return await messages.find_revision(ledger, ref)
    except DomainError:
        return None
