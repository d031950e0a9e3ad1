"""Mentions in clusters: incremental, once for each text, and as people change them."""

from __future__ import annotations

import asyncio

import pytest

from domain.mentions import MentionState
from store.desk import clustering, clusters, entering, reading
from store.desk.clustering import Clustering
from store.desk.reading import Which
from store.kernel.database import Database
from tests.store.desk.said import mention
from tests.store.world import LATER

SAFE = ("are my passwords safe?", "r my passwords safe???", "are my paswords safe")
FIXED = ("when will it be fixed?", "When will it get fixed")


async def say(database: Database, *texts: str, first: int = 1) -> None:
    said = [mention(first + at, text) for at, text in enumerate(texts)]
    await entering.enter(database, said, LATER)


async def where(database: Database) -> dict[str, int | None]:
    """The cluster of each mention, by the platform's id."""
    rows = await reading.listed(database, Which(), 1_000)
    return {row.mention.id: row.cluster for row in rows}


async def test_what_asks_the_same_is_one_cluster_also_after_a_new_start(
    database: Database,
) -> None:
    await say(database, SAFE[0], FIXED[0], SAFE[1], "something else entirely")
    assert not await Clustering(database).catch_up(LATER)
    # Another process: it knows no more than the ledger.
    await say(database, SAFE[2], FIXED[1], "Safe: are my passwords?", first=5)
    assert not await Clustering(database).catch_up(LATER)

    found = await where(database)
    assert found["1"] == found["3"] == found["5"] == found["7"]
    assert found["2"] == found["6"]
    assert len({*found.values()}) == 3
    first, second = await clusters.listed(database)
    assert (first.name, first.open, second.name, second.open) == ("passwords safe", 4, "fixed", 2)
    assert len(await clusters.listed(database, least=1)) == 3


async def test_several_at_once_make_one_cluster_of_a_text(database: Database) -> None:
    await say(database, *[f"{text} {'!' * n}" for n in range(40) for text in (*SAFE, *FIXED)])
    workers = [Clustering(database) for _ in range(4)]
    await asyncio.gather(*(one.catch_up(LATER) for one in (*workers, workers[0])))
    found = await where(database)
    assert None not in found.values()
    assert len(set(found.values())) == 2
    assert len(await clusters.listed(database, least=1)) == 2


async def test_what_a_dying_process_began_is_begun_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its index would have texts that the ledger does not."""
    await say(database, *SAFE)
    working = Clustering(database)

    async def dies(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(clustering, "_assign", dies)
        with pytest.raises(ConnectionError):
            await working.catch_up(LATER)
    assert set((await where(database)).values()) == {None}
    assert not await working.catch_up(LATER)
    assert len(set((await where(database)).values())) == 1


async def test_more_than_one_transaction_takes_are_left_for_the_next(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clustering, "CHUNK", 3)
    await say(database, *SAFE, *FIXED)
    working = Clustering(database)
    assert await working.catch_up(LATER, most=3)
    # The newest come first.
    assert [name for name, one in (await where(database)).items() if one is None] == ["2", "1"]
    assert not await working.catch_up(LATER, most=3)
    assert None not in (await where(database)).values()


async def test_an_edit_is_put_into_a_cluster_again_unless_a_person_has_moved_it(
    database: Database,
) -> None:
    await say(database, SAFE[0], FIXED[0], SAFE[1], SAFE[2])
    working = Clustering(database)
    await working.catch_up(LATER)
    before = await where(database)
    assert await clusters.move(database, [3], before["2"], "lea") == 1
    assert await clusters.move(database, [4], None, "lea") == 1
    edits = [mention(n, FIXED[1], version="b", at=LATER) for n in (1, 3, 4)]
    await entering.enter(database, edits, LATER)
    assert (await where(database))["1"] is None
    await working.catch_up(LATER)
    found = await where(database)
    assert found == {"1": before["2"], "2": before["2"], "3": before["2"], "4": None}


async def test_a_cluster_is_put_into_another_with_what_will_come(database: Database) -> None:
    await say(database, SAFE[0], FIXED[0])
    working = Clustering(database)
    await working.catch_up(LATER)
    found = await where(database)
    safe, fixed = found["1"], found["2"]
    assert safe is not None
    assert fixed is not None
    assert await clusters.merge(database, safe, fixed) == 1
    await say(database, SAFE[1], SAFE[0], first=3)
    await working.catch_up(LATER)
    assert set((await where(database)).values()) == {fixed}
    assert await clusters.find(database, safe) is None


async def test_a_name_that_a_person_gave_stays(database: Database) -> None:
    await say(database, SAFE[0])
    working = Clustering(database)
    await working.catch_up(LATER)
    await clusters.rename(database, 1, "Passwords", "lea")
    await clusters.suggest(database, 1, "passwords-are-safe")
    await say(database, *SAFE[1:], first=2)
    await working.catch_up(LATER)
    (found,) = await clusters.listed(database)
    assert (found.name, found.named_by, found.saved) == ("Passwords", "lea", "passwords-are-safe")
    assert await clusters.names(database, [1, 2]) == {1: "Passwords"}


async def test_counts_are_by_state_and_incident(database: Database) -> None:
    await say(database, *SAFE)
    gone = mention(9, SAFE[0], automatic=True)
    await entering.enter(database, [gone], LATER)
    await Clustering(database).catch_up(LATER)
    await entering.draw_into(database, [1, 2], "leak")
    assert await clusters.open_in(database, 1) == [1, 2, 3]
    assert await clusters.open_in(database, 1, "leak") == [1, 2]
    (found,) = await clusters.listed(database, incident="leak")
    assert (found.open, found.newest) == (2, 2)
    # What a machine wrote asks nothing.
    listed = await reading.listed(database, Which(state=MentionState.DISMISSED), 9)
    assert [row.cluster for row in listed] == [None]
