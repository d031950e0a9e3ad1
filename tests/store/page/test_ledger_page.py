"""The status page as the ledger has it: what is on it, in which order, under which number."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from domain.actor import Actor
from domain.ids import SUBSCRIBERS
from domain.mentions import DismissalReason
from domain.message import AudienceCut, Copy, Document, MessageKind
from domain.page_entry import ComponentState, PageEntry, PagePlan, PageStatus
from domain.page_rules import page_entry
from domain.publication import PublicationState, Receipt
from domain.sealing import Sealed
from domain.status_page import PageAnswers, StatusPage, incident_id
from domain.timeline import TimelineEntry
from store.desk import closing, entering
from store.desk.closing import Dismissal
from store.kernel.database import Database
from store.page.heads import heads_at, installation_hash
from store.page.ledger_page import LedgerPage
from store.page.numbers import last_taken, next_number
from store.page.updates import entries_of, read_incidents
from store.record import incidents, messages, publication_rows, publications, timeline
from store.recovery import snapshots
from tests.sealing import KEY
from tests.store.desk.said import crowd, mention
from tests.store.world import NO_ANSWER, NOON, ref

URL = "https://status.example"
PLAN = PagePlan.model_validate({"components": [{"name": "Web app"}, {"name": "API"}]})
DOWN, FINE = ComponentState.MAJOR_OUTAGE, ComponentState.OPERATIONAL


async def have_incident(db: Database, slug: str, title: str = "Site down") -> None:
    await incidents.register(db, slug, title, "plan", (), NOON, f"run of {slug}")


async def have_sent(
    db: Database,
    slug: str,
    number: int,
    kind: MessageKind = MessageKind.ANNOUNCEMENT,
    *,
    minutes: int = 0,
    state: PublicationState = PublicationState.ACCEPTED,
    before: tuple[PageEntry, ...] = (),
    told: int = 0,
    **chosen: ComponentState,
) -> str:
    """A message on the website; returns the key of its publication."""
    at = NOON + timedelta(minutes=minutes)
    document = Document(
        incident=slug,
        number=number,
        revision=1,
        kind=kind,
        proposed_at=at,
        copies=(Copy(channel="website", text=f"Words {number}", html="<p>W</p>", mark="Notice"),),
        audiences=(AudienceCut(name=SUBSCRIBERS, up_to=9, count=told),) if told else (),
        page=page_entry(kind, PLAN, known=(), before=before, chosen=chosen, headline="Why"),
    )
    await messages.save_revision(db, document, "maya", f"{slug}/{number}")
    place = ref(slug, number)
    await publications.plan(db, place, "website", document.digest(), at)
    await publications.reserve(db, place, "website", document.digest(), at, 1, looked=False)
    row = await publication_rows.find(db, place, "website")
    assert row is not None
    match state:
        case PublicationState.ACCEPTED:
            receipt = Receipt(id=row.key, at=at)
            await publications.accept(db, place, "website", receipt, at)
        case PublicationState.REFUSED:
            await publications.refuse(db, place, "website", why=NO_ANSWER, at=at)
        case PublicationState.UNKNOWN:
            await publications.mark_unknown(db, place, "website", why=NO_ANSWER, at=at)
    return row.key


async def shown(db: Database, without: str = "") -> StatusPage:
    return await LedgerPage(db, KEY, "website").snapshot(URL, without=without)


async def test_an_empty_ledger_is_a_page_without_incidents(database: Database) -> None:
    page = await shown(database)
    assert (page.incidents, page.components, page.name) == ((), (), "Status")


async def test_incidents_are_newest_first_and_their_updates_in_order(database: Database) -> None:
    for slug in ("older", "newer"):
        await have_incident(database, slug, f"The {slug} one")
    await have_sent(database, "older", 1)
    await have_sent(database, "older", 2, MessageKind.PROGRESS_UPDATE, minutes=30)
    await have_sent(database, "newer", 1, minutes=10)
    page = await shown(database)
    assert [one.title for one in page.incidents] == ["The newer one", "The older one"]
    older = page.incidents[1]
    assert older.id == incident_id("older")
    assert [one.number for one in older.updates] == [1, 2]
    assert older.newest.at == NOON + timedelta(minutes=30)


async def test_what_may_be_public_is_on_it_and_what_is_not_is_not(database: Database) -> None:
    """Between writing the page and entering the receipt the worker may die."""
    await have_incident(database, "one")
    states = (
        PublicationState.ACCEPTED,
        PublicationState.SENDING,
        PublicationState.UNKNOWN,
        PublicationState.REFUSED,
    )
    for number, state in enumerate(states, 1):
        await have_sent(database, "one", number, minutes=number, state=state)
    [incident] = (await shown(database)).incidents
    assert [one.number for one in incident.updates] == [1, 2, 3]


async def test_what_was_taken_back_is_gone_and_what_is_being_taken_back_as_well(
    database: Database,
) -> None:
    await have_incident(database, "one")
    first = await have_sent(database, "one", 1)
    await have_sent(database, "one", 2, minutes=1)
    [incident] = (await shown(database, without=first)).incidents
    assert [one.number for one in incident.updates] == [2]
    await publications.settle_state(
        database, ref("one", 1), "website", PublicationState.WITHDRAWN, None, NOON
    )
    [incident] = (await shown(database)).incidents
    assert [one.number for one in incident.updates] == [2]


async def test_an_update_says_whether_subscribers_were_told(database: Database) -> None:
    await have_incident(database, "one")
    await have_sent(database, "one", 1, told=3)
    await have_sent(database, "one", 2, MessageKind.PROGRESS_UPDATE, minutes=30)
    [incident] = (await shown(database)).incidents
    assert [one.notified for one in incident.updates] == [True, False]


async def test_another_channel_is_not_on_the_page(database: Database) -> None:
    await have_incident(database, "one")
    await have_sent(database, "one", 1)
    page = await LedgerPage(database, KEY, "blog").snapshot(URL)
    assert page.incidents == ()


async def test_a_component_keeps_its_state_until_a_message_sets_another(database: Database) -> None:
    for slug in ("one", "two"):
        await have_incident(database, slug)
    await have_sent(database, "one", 1, API=DOWN)
    await have_sent(database, "two", 1, minutes=5)
    page = await shown(database)
    assert {one.name: one.state for one in page.components} == {"Web app": FINE, "API": DOWN}
    before = tuple(await entries_of(database, "one", "website"))
    await have_sent(database, "one", 2, MessageKind.RESOLUTION_NOTE, minutes=9, before=before)
    [web, api] = (await shown(database)).components
    assert (api.state, api.updated_at) == (FINE, NOON + timedelta(minutes=9))
    assert (web.state, web.updated_at) == (FINE, NOON)


async def test_what_an_incident_said_so_far_is_read_in_order(database: Database) -> None:
    await have_incident(database, "one")
    await have_sent(database, "one", 1, API=DOWN)
    await have_sent(database, "one", 2, MessageKind.RESOLUTION_NOTE, minutes=9)
    said = await entries_of(database, "one", "website")
    assert [one.status for one in said] == [PageStatus.INVESTIGATING, PageStatus.RESOLVED]
    assert await entries_of(database, "two", "website") == []


async def test_numbers_only_rise_also_for_writers_at_once_and_after_a_restore(
    database: Database,
) -> None:
    numbers = await asyncio.gather(*(next_number(database, NOON) for _ in range(8)))
    assert len(set(numbers)) == 8
    assert min(numbers) == int(NOON.timestamp())
    # A ledger from an earlier copy has an earlier number; the time goes on.
    assert await next_number(database, NOON + timedelta(hours=1)) > max(numbers)
    assert await next_number(database, NOON) > max(numbers)
    assert await last_taken(database) == NOON


async def test_the_head_of_the_record_is_sealed_and_can_be_checked_from_the_ledger(
    database: Database,
) -> None:
    await have_incident(database, "one")
    entry = TimelineEntry(
        seq=1, branch=1, at=NOON, what="opened", who="maya", **_surface(), about=""
    )
    await timeline.append(database, KEY, "one", [entry])
    first = await shown(database)
    heads = await heads_at(database, first.number)
    assert heads is not None
    assert [(name, entries) for name, entries, _ in heads] == [("one", 1)]
    digest = installation_hash(first.generated_at, first.number, heads)
    assert first.record.hash == digest
    assert first.record.seal == KEY.seal(Sealed.INSTALLATION, digest)
    assert first.record.key == KEY.fingerprint
    # Nobody can tell from the page whether something was recorded meanwhile.
    second = await shown(database)
    assert second.record.hash != digest
    assert await heads_at(database, second.number) == heads
    assert await heads_at(database, first.number - 1) is None


def _surface() -> dict[str, object]:
    actor = Actor.at_terminal("maya")
    return {"surface": actor.surface, "authenticated_by": actor.authenticated_by}


async def test_a_page_says_when_it_was_read(database: Database) -> None:
    before = datetime.now(UTC)
    page = await shown(database)
    assert before <= page.generated_at <= datetime.now(UTC)


async def test_how_many_were_answered_is_told_where_the_plan_says_so(database: Database) -> None:
    for slug in ("down", "quiet"):
        await have_incident(database, slug)
        await have_sent(database, slug, 1)
    plan = '{"page":{"components":[],"answered":%s}}'
    await snapshots.keep_plan(database, "down", plan % "true")
    await snapshots.keep_plan(database, "quiet", plan % "false")
    alone = mention(6, id="dm-6", kind="direct", private=True)
    await entering.enter(database, [*crowd(1, 5), alone], NOON)
    # A private message is in no number that the public sees.
    await entering.draw_into(database, [1, 2, 3, 4, 6], "down")
    await entering.draw_into(database, [5], "quiet")
    for number, reason in ((1, DismissalReason.ANSWERED_ELSEWHERE), (2, DismissalReason.SPAM)):
        dismissal = Dismissal(reason=reason, words="by phone", by="lea")
        await closing.dismiss(database, [number], dismissal, NOON)
    async with database.read() as connection:
        found = await read_incidents(connection, "website")
    told = {one.id: one.answers for one in found}
    # Nobody answered the spam, and nobody has to.
    assert told == {incident_id("down"): PageAnswers(answered=1, of=3), incident_id("quiet"): None}
