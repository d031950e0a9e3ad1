"""What people say is entered once, in whatever order and by whatever way it comes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from domain.mentions import DismissalReason, Gone, MentionState
from store.desk import closing, entering, reading
from store.desk.entering import Entered
from store.desk.reading import MentionRow, Which
from store.kernel.database import Database
from store.record import incidents, publications
from tests.store.desk.said import crowd, mention
from tests.store.world import DIGEST, LATER, NOON, RECEIPT, ref

HOUR = timedelta(hours=1)
HOSTILE = "\u202eevil\u202c \x00 \x1b[2J <b> =1+1 \ud83d" + "x" * 30_000


async def all_of_them(database: Database, **which: object) -> list[MentionRow]:
    return await reading.listed(database, Which.model_validate(which), 1000)


async def test_what_comes_again_changes_nothing(database: Database, second: Database) -> None:
    """The reading and a webhook bring the same, at the same time and later on."""
    both = await asyncio.gather(
        entering.enter(database, crowd(1, 50), LATER), entering.enter(second, crowd(30, 80), LATER)
    )
    again = await entering.enter(second, crowd(1, 80), LATER + HOUR)

    assert sum(one.new for one in both) == 80
    assert again == Entered()
    found = await all_of_them(database)
    assert [one.mention.id for one in found] == [str(n) for n in range(80, 0, -1)]
    assert {one.arrived_at for one in found} == {LATER}


async def test_an_edit_is_a_new_version_and_the_newest_one_is_shown(database: Database) -> None:
    await entering.enter(database, [mention(1, "is it sfae?")], LATER)
    edited = mention(1, "is it safe?", version="2", changed_at=LATER)
    came = await entering.enter(database, [edited], LATER + HOUR)

    (row,) = await all_of_them(database)
    assert came == Entered(changed=1)
    assert (row.mention.text, row.mention.written_at) == (
        "is it safe?",
        NOON + timedelta(seconds=1),
    )
    texts = [one.text for one in await reading.versions(database, row.number)]
    assert texts == ["is it sfae?", "is it safe?"]


@pytest.mark.parametrize(
    ("reason", "text", "state"),
    [
        (DismissalReason.NEEDS_NONE, "where is my refund?", MentionState.OPEN),
        (DismissalReason.NEEDS_NONE, " thank   you\n", MentionState.DISMISSED),
        (DismissalReason.SPAM, "buy followers here", MentionState.DISMISSED),
    ],
)
async def test_other_words_are_judged_anew(
    database: Database, reason: DismissalReason, text: str, state: MentionState
) -> None:
    await entering.enter(database, [mention(1, "thank you")], LATER)
    await closing.dismiss(database, [1], closing.Dismissal(reason=reason, by="sam"), LATER)

    edited = mention(1, text, version="2", changed_at=LATER + HOUR)
    await entering.enter(database, [edited], LATER + HOUR)

    (row,) = await all_of_them(database)
    assert (row.state, row.closed_at is None) == (state, state is MentionState.OPEN)
    assert bool(row.closed_by) is (state is not MentionState.OPEN)


async def test_an_old_version_that_comes_late_is_kept_and_not_shown(database: Database) -> None:
    edited = mention(1, "is it safe?", version="2", changed_at=LATER)
    await entering.enter(database, [edited], LATER)
    await entering.enter(database, [mention(1, "is it sfae?")], LATER)

    (row,) = await all_of_them(database)
    assert row.mention.text == "is it safe?"
    assert len(await reading.versions(database, row.number)) == 2


async def test_two_versions_on_one_page_are_one_mention(database: Database) -> None:
    edited = mention(1, "is it safe?", version="2", changed_at=LATER)
    came = await entering.enter(database, [edited, mention(1, "is it sfae?")], LATER)

    (row,) = await all_of_them(database)
    assert came == Entered(new=1)
    assert row.mention.version == "2"
    assert len(await reading.versions(database, row.number)) == 2


async def test_the_same_id_on_two_channels_is_two_mentions(database: Database) -> None:
    both = [mention(1), mention(1, channel="facebook")]
    assert (await entering.enter(database, both, LATER)).new == 2
    assert len(await all_of_them(database, channel="facebook")) == 1


async def test_hostile_text_is_kept(database: Database) -> None:
    await entering.enter(database, [mention(1, HOSTILE, id="\0", language="\ud800")], LATER)
    (row,) = await all_of_them(database)
    assert row.mention.text == HOSTILE.replace("\0", "\ufffd").replace("\ud83d", "\ufffd")
    assert row.mention.id == "\ufffd"


async def test_our_own_posts_are_no_mentions(database: Database) -> None:
    await publications.plan(database, ref(), "twitter", DIGEST, NOON)
    await publications.reserve(database, ref(), "twitter", DIGEST, NOON, 1)
    await publications.accept(database, ref(), "twitter", RECEIPT, NOON)

    page = [mention(RECEIPT.id), mention(2), mention(RECEIPT.id, channel="facebook")]
    assert (await entering.enter(database, page, LATER)).new == 2
    assert [one.mention.id for one in await all_of_them(database, channel="twitter")] == ["2"]


async def test_a_mention_belongs_to_the_incident_that_runs_when_it_comes(
    database: Database,
) -> None:
    await entering.enter(database, [mention(1)], NOON)
    await incidents.register(database, "leak", "A leak", "standard", ["customers"], NOON)
    await entering.enter(database, [mention(2), mention(1)], LATER)
    await incidents.mark_closed(database, "leak", LATER)
    await entering.enter(database, [mention(3)], LATER)

    found = {one.mention.id: one.incident for one in await all_of_them(database)}
    assert found == {"1": "", "2": "leak", "3": ""}
    drawn = [one.number for one in await all_of_them(database) if one.mention.id == "3"]
    assert await entering.draw_into(database, drawn, "leak") == 1
    assert {one.mention.id for one in await all_of_them(database, incident="leak")} == {"2", "3"}
    assert (await reading.counts(database, "leak"))[MentionState.OPEN] == 2


async def test_a_deletion_closes_and_what_comes_again_does_not_open(database: Database) -> None:
    await entering.enter(database, crowd(1, 3), NOON)
    gone = [Gone(channel="twitter", id="2")]
    assert await entering.close_deleted(database, gone, LATER) == 1
    assert await entering.close_deleted(database, gone, LATER) == 0
    await entering.enter(database, crowd(1, 3), LATER)

    found = {one.mention.id: one.state for one in await all_of_them(database)}
    assert found == {"1": "open", "2": "deleted", "3": "open"}
    assert await reading.counts(database) == {
        MentionState.OPEN: 2,
        MentionState.ANSWERED: 0,
        MentionState.DISMISSED: 0,
        MentionState.DELETED: 1,
    }


async def test_a_deletion_that_comes_before_the_mention_keeps_it_closed(
    database: Database,
) -> None:
    gone = [Gone(channel="twitter", id="2"), Gone(channel="facebook", id="3")]
    assert await entering.close_deleted(database, gone, NOON) == 0
    await entering.enter(database, crowd(1, 3), LATER)

    found = {one.mention.id: one.state for one in await all_of_them(database, channel="twitter")}
    assert found == {"1": "open", "2": "deleted", "3": "open"}
    (row,) = await all_of_them(database, channel="facebook")
    assert (row.state, row.mention.text, row.closed_at) == ("deleted", "", NOON)


async def test_the_deletion_of_a_post_of_ours_is_no_mention(database: Database) -> None:
    await publications.plan(database, ref(), "twitter", DIGEST, NOON)
    await publications.reserve(database, ref(), "twitter", DIGEST, NOON, 1)
    await publications.accept(database, ref(), "twitter", RECEIPT, NOON)
    await entering.close_deleted(database, [Gone(channel="twitter", id=RECEIPT.id)], LATER)
    assert await all_of_them(database) == []


async def test_a_clock_that_is_ahead_puts_nothing_in_front_of_all_others(
    database: Database,
) -> None:
    ahead = mention("ahead", at=NOON + timedelta(days=400))
    await entering.enter(database, [ahead], NOON)
    await entering.enter(database, [mention(60)], LATER)
    assert [one.mention.id for one in await all_of_them(database)] == ["60", "ahead"]


async def test_a_list_is_read_page_by_page_with_equal_times(database: Database) -> None:
    same = [mention(f"m{n:03d}", at=NOON) for n in range(25)]
    await entering.enter(database, [*same, mention(99)], LATER)
    seen: list[str] = []
    after = None
    while page := await reading.listed(database, Which(state=MentionState.OPEN), 10, after):
        seen += [one.mention.id for one in page]
        after = page[-1].after()
    assert len(seen) == len(set(seen)) == 26
    assert seen[0] == "99"


async def test_authors_are_found_by_id_and_by_handle(database: Database) -> None:
    await entering.enter(database, [mention(1), mention(2, author={"id": "7"})], LATER)
    assert len(await all_of_them(database, author="ann")) == 1
    assert len(await all_of_them(database, author="7")) == 1
    assert await reading.find(database, 4711) is None


@pytest.mark.parametrize(
    ("which", "index"),
    [
        ({"state": "open"}, "ix_mentions_state "),
        ({"state": "open", "channel": "twitter"}, "ix_mentions_channel_state "),
        ({"channel": "twitter"}, "ix_mentions_channel "),
        ({}, "ix_mentions_written "),
    ],
)
async def test_lists_read_an_index_and_sort_nothing(
    database: Database, which: dict[str, str], index: str
) -> None:
    """With 100,000 mentions a page costs what it costs with a hundred."""
    if database.dialect != "sqlite":
        pytest.skip("PostgreSQL chooses by how many rows there are")
    query = reading.query_of(Which.model_validate(which), 50, mention_after())
    compiled = query.compile(compile_kwargs={"literal_binds": True})
    async with database.read() as connection:
        rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")
        plan = "\n".join(str(row) for row in rows)
    assert f"{index}" in plan
    assert "TEMP B-TREE" not in plan


def mention_after() -> reading.After:
    return reading.After(written_at=LATER, number=7)
