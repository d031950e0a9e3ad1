"""Incidents, playbooks, drafts, messages, codes and the timeline: kept once, and as they were."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from domain.errors import DomainError
from domain.offer import derive_code
from domain.timeline import TimelineEntry
from store.kernel.database import Database
from store.offers import codes, issued
from store.record import drafts, incidents, messages, playbooks, timeline
from store.tables import revisions
from tests.sealing import KEY
from tests.store.world import LATER, NOON, SECRET, TERMS, document, ref

HERE = "buffer-saturday"


async def test_opening_an_incident_twice_lists_it_once(database: Database) -> None:
    await incidents.register(database, HERE, "Spam from accounts", "breach", (), NOON)
    await incidents.register(database, HERE, "Another title", "breach", (), LATER)

    [row] = await incidents.list_incidents(database)

    assert (row.title, row.opened_at, row.closed_at) == ("Spam from accounts", NOON, None)


async def test_the_audiences_of_an_incident_in_the_list_are_those_chosen_last(
    database: Database,
) -> None:
    for audiences in ((), ("customers", "partners")):
        await incidents.register(database, HERE, "Spam", "breach", audiences, NOON)

    [row] = await incidents.list_incidents(database)

    assert row.audiences == ("customers", "partners")


async def test_a_name_is_used_once_whatever_temporal_remembers(database: Database) -> None:
    await incidents.register(database, HERE, "Spam", "breach", (), NOON, "run-1")
    await incidents.mark_closed(database, HERE, LATER)

    with pytest.raises(DomainError, match=r"is the name of “Spam”, opened .* and closed"):
        await incidents.register(database, HERE, "Again", "breach", (), LATER, "run-2")


async def test_a_name_that_is_only_in_the_timeline_is_used_too(database: Database) -> None:
    await timeline.append(
        database, KEY, HERE, [TimelineEntry(seq=1, at=NOON, what="opened", who="maya")]
    )
    with pytest.raises(DomainError, match="this name has been used"):
        await incidents.register(database, HERE, "Again", "breach", (), LATER, "run-2")


async def test_a_recovered_incident_takes_its_name_over(database: Database) -> None:
    await incidents.register(database, HERE, "Spam", "breach", (), NOON, "run-1")
    await incidents.register(database, HERE, "Spam", "breach", (), NOON, "run-2", recovered=True)

    kept = await incidents.find(database, HERE)

    assert kept is not None
    assert (kept.run, kept.opened_at) == ("run-2", NOON)


async def test_a_revision_is_only_ever_that_of_its_request(database: Database) -> None:
    kept = document()
    await messages.save_revision(database, kept, "maya", "request-1")

    assert await messages.find_request(database, HERE, "request-1") == kept
    assert await messages.find_request(database, HERE, "request-2") is None
    with pytest.raises(DomainError, match="exists with other content"):
        await messages.save_revision(database, kept, "maya", "request-2")


async def test_what_the_ledger_has_already_keeps_its_place(database: Database) -> None:
    first = document()
    await messages.save_revision(database, first, "maya", "request-1")

    new = await messages.free_place(database, ref(), first.kind, 1)
    revised = await messages.free_place(database, ref(revision=2), first.kind, 1)
    await messages.save_revision(database, document("Again.", 2), "maya", "request-2")
    revised_again = await messages.free_place(database, ref(revision=2), first.kind, 1)

    assert tuple(new) == (2, 1, 2)
    assert tuple(revised) == (1, 2, 1)
    assert tuple(revised_again) == (1, 3, 1)


async def test_a_closed_incident_says_since_when(database: Database) -> None:
    await incidents.register(database, HERE, "Spam from accounts", "breach", ("customers",), NOON)
    await incidents.mark_closed(database, HERE, NOON)
    await incidents.mark_closed(database, HERE, LATER)

    [row] = await incidents.list_incidents(database)

    assert row.closed_at == NOON


async def test_the_newest_incident_is_listed_first(database: Database) -> None:
    await incidents.register(database, "older", "Older", "breach", (), NOON)
    await incidents.register(database, "newer", "Newer", "breach", (), LATER)

    assert [row.slug for row in await incidents.list_incidents(database)] == ["newer", "older"]


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="no zone"):
        await incidents.register(database, HERE, "?", "breach", (), NOON.replace(tzinfo=None))


async def test_a_playbook_is_kept_as_it_was(database: Database) -> None:
    files = {"playbook.yaml": "name: breach\n", "announcement.email.j2": "Liebe Kundin – ü"}
    digest = await playbooks.save_snapshot(database, "breach", files)
    again = await playbooks.save_snapshot(database, "breach", dict(reversed(files.items())))

    assert (again, await playbooks.load_snapshot(database, digest)) == (digest, files)


async def test_a_snapshot_that_is_not_there_is_refused_in_words(database: Database) -> None:
    with pytest.raises(DomainError, match="no playbook snapshot"):
        await playbooks.load_snapshot(database, "f" * 64)


async def test_removing_a_draft_leaves_another_with_the_same_words(database: Database) -> None:
    """One request may be refused while the same words of somebody else are accepted."""
    first = await drafts.save(database, HERE, "facts", {"cause": "a token"}, "ann", NOON)
    second = await drafts.save(database, HERE, "facts", {"cause": "a token"}, "bob", LATER)
    await drafts.remove(database, first)
    draft = await drafts.load(database, second)

    assert (draft.body, draft.author) == ({"cause": "a token"}, "bob")
    with pytest.raises(DomainError, match="no draft"):
        await drafts.load(database, first)


async def test_a_revision_comes_back_byte_for_byte(database: Database) -> None:
    original = document("We know – and we are on it. 🙏")
    digest = await messages.save_revision(database, original, "ann")
    await messages.save_revision(database, original, "bob")

    kept = await messages.load_revision(database, ref())

    assert (kept.canonical(), kept.digest()) == (original.canonical(), digest)


async def test_a_revision_cannot_be_saved_with_other_words(database: Database) -> None:
    await messages.save_revision(database, document(), "ann")

    with pytest.raises(DomainError, match="exists with other content"):
        await messages.save_revision(database, document("Nothing happened."), "ann")


async def test_a_revision_changed_in_the_database_is_not_handed_out(database: Database) -> None:
    await messages.save_revision(database, document(), "ann")
    forged = document("Send us your password.").canonical().decode()
    async with database.write() as connection:
        await connection.execute(update(revisions).values(document=forged))

    with pytest.raises(DomainError, match="was changed in the database"):
        await messages.load_revision(database, ref())


async def test_a_message_is_listed_with_its_newest_revision(database: Database) -> None:
    await messages.save_revision(database, document(), "ann")
    digest = await messages.save_revision(database, document("Fixed.", revision=2), "bob")

    [row] = await messages.list_messages(database, HERE)

    assert (row.number, row.revision, row.digest, row.author) == (1, 2, digest, "bob")


async def test_a_message_that_was_never_saved_is_not_found(database: Database) -> None:
    assert await messages.find_revision(database, ref(number=9)) is None


async def test_every_attempt_hands_out_the_same_code(database: Database) -> None:
    first = await codes.ensure_codes(database, SECRET, HERE, [7, 8], TERMS)
    again = await codes.ensure_codes(database, SECRET, HERE, [8, 9], TERMS)

    assert first[8] == again[8] == derive_code(SECRET, HERE, 8, 1)
    assert await codes.count(database, HERE) == 3


async def test_the_shop_gets_every_code_with_its_worth(database: Database) -> None:
    made = await codes.ensure_codes(database, SECRET, HERE, [7, 8], TERMS)
    await codes.ensure_codes(database, SECRET, "another-incident", [7], TERMS)

    listed = [one async for one in issued.export(database, HERE)]

    assert listed == [(made[n], TERMS.worth, "USD", TERMS.expires) for n in (7, 8)]


async def test_an_offer_does_not_change_under_its_codes(database: Database) -> None:
    await codes.ensure_codes(database, SECRET, HERE, [7], TERMS)
    richer = TERMS.model_copy(update={"worth": TERMS.worth * 2})

    with pytest.raises(DomainError, match="exists with other terms"):
        await codes.ensure_codes(database, SECRET, HERE, [8], richer)
