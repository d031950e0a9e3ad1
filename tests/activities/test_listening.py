"""Reading a source: the newest first, the rest in between, and whatever its provider answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.listening import EXPIRY_EVERY, SELDOM, ListeningActivities
from activities.signatures.listening import Heard, ReadMentions
from channels.contract import BadCredentials, Refused, Throttled, Unreachable
from client.source_state import SourceHealth, seen
from domain.listening import complete
from store.desk import reading, sources
from store.desk.reading import Which
from store.desk.sources import Source
from store.kernel.database import Database
from tests.square import Square

EVERY = timedelta(minutes=1)


class Listening:
    """A worker's part in it, with the waits between two pages skipped."""

    def __init__(self, ledger: Database) -> None:
        self.ledger = ledger
        self.passed = timedelta()
        self.square = Square()
        self.activities = ListeningActivities(ledger, {"square": self.square}, EVERY, self.now)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.passed

    async def read(self, *, asked: bool = False) -> Heard:
        order = ReadMentions(channel="square", asked=asked)
        heard = await ActivityEnvironment().run(self.activities.read_mentions, order)
        self.passed += timedelta(seconds=heard.again_in)
        return heard

    async def to_the_end(self) -> None:
        while (await self.read()).again_in == 0:
            pass

    async def source(self) -> Source:
        (found,) = await sources.all_sources(self.ledger)
        return found

    async def ids(self) -> list[str]:
        return [one.mention.id for one in await reading.listed(self.ledger, Which(), 1000)]


@pytest.fixture
def listening(ledger: Database) -> Listening:
    return Listening(ledger)


async def test_everything_is_read_once_and_asked_for_again_after_the_interval(
    listening: Listening,
) -> None:
    listening.square.say(35)
    await listening.to_the_end()
    assert sorted(map(int, await listening.ids())) == list(range(1, 36))
    assert len(listening.square.asked) == 4

    heard = await listening.read()
    assert heard == Heard(again_in=EVERY.total_seconds(), new=0)
    assert listening.square.asked[-1] == complete("35")


async def test_after_an_outage_the_newest_come_first_and_what_is_said_meanwhile_does_not_wait(
    listening: Listening,
) -> None:
    listening.square.say(1)
    await listening.to_the_end()
    listening.square.say(100)
    await listening.read()
    assert listening.square.asked[-1] == complete("1")
    assert max(map(int, await listening.ids())) == 101

    # Two pages later a minute has passed.
    await listening.read()
    await listening.read()
    listening.square.say(5)
    listening.passed += EVERY
    await listening.read()
    assert listening.square.asked[-1] == complete("101")
    assert max(map(int, await listening.ids())) == 106

    await listening.to_the_end()
    assert sorted(map(int, await listening.ids())) == list(range(1, 107))
    assert (await listening.source()).behind == 0


async def test_whoever_asks_gets_the_newest(listening: Listening) -> None:
    listening.square.say(35)
    await listening.read()
    listening.square.say(1)
    assert (await listening.read(asked=True)).new == 1
    await listening.to_the_end()
    assert len(await listening.ids()) == 36


async def test_a_source_that_is_read_forwards_is_read_until_there_is_no_more(
    listening: Listening,
) -> None:
    listening.square.forwards = True
    listening.square.say(25)
    await listening.to_the_end()
    assert len(await listening.ids()) == 25
    assert (await listening.source()).newest == "25"


async def test_a_worker_that_reads_a_page_again_changes_nothing(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It died between the page and its entry in the ledger."""
    listening.square.say(35)

    async def die(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(sources, "_answered", die)
        with pytest.raises(ApplicationError):
            await listening.read()
    assert await listening.ids() == []

    await listening.to_the_end()
    assert len(await listening.ids()) == 35
    assert listening.square.asked[0] == listening.square.asked[1]


async def test_a_limit_is_waited_for_and_is_no_miss(listening: Listening) -> None:
    until = listening.now() + timedelta(minutes=7)
    listening.square.fails = Throttled("Square: too many requests.", until=until)
    heard = await listening.read()
    assert 415 < heard.again_in <= 420
    source = await listening.source()
    assert (source.misses, source.problem) == (0, "throttled")


async def test_another_worker_does_not_ask_while_the_limit_lasts(listening: Listening) -> None:
    until = listening.now() + timedelta(minutes=7)
    listening.square.fails = Throttled("Square: too many requests.", until=until)
    await listening.read()
    listening.passed = timedelta()

    for asked in (False, True):
        listening.passed = timedelta()
        assert (await listening.read(asked=asked)).again_in > 400
    assert len(listening.square.asked) == 1


async def test_a_provider_that_does_not_answer_is_asked_later_each_time(
    listening: Listening,
) -> None:
    listening.square.fails = Unreachable("Square: no connection.")
    waits = [(await listening.read()).again_in for _ in range(7)]
    assert waits == [15, 30, 60, 120, 240, 300, 300]
    assert (await listening.source()).misses == 7

    listening.square.fails = None
    listening.square.say(3)
    await listening.read()
    source = await listening.source()
    assert (source.misses, source.problem, len(await listening.ids())) == (0, None, 3)


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (BadCredentials("Square: who are you?", "Renew the token."), "credentials"),
        (Refused("Square: no.", "Ask there."), "refused"),
        (KeyError("somebody's words"), "refused"),
    ],
)
async def test_who_refuses_us_is_asked_seldom_until_somebody_has_put_it_right(
    listening: Listening, error: Exception, problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    listening.square.fails = error
    assert (await listening.read()).again_in == SELDOM.total_seconds()
    source = await listening.source()
    assert source.problem == problem
    assert source.explanation is not None
    assert source.explanation.next_step
    assert "somebody's words" not in caplog.text + str(source.explanation)

    listening.passed -= SELDOM / 2
    assert (await listening.read()).again_in > 400
    listening.square.fails = None
    listening.passed = timedelta()
    listening.square.say(1)
    assert (await listening.read(asked=True)).new == 1


async def test_a_chain_whose_place_is_lost_is_read_again(listening: Listening) -> None:
    listening.square.say(35)
    await listening.read()
    listening.square.forgets = True
    assert (await listening.read()).again_in == EVERY.total_seconds()
    assert (await listening.source()).misses == 1
    listening.square.forgets = False

    await listening.to_the_end()

    assert len(await listening.ids()) == 35
    assert (await listening.source()).behind == 0


async def test_what_was_heard_is_in_clusters_and_a_failure_there_keeps_nothing_out(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise ConnectionError

    listening.square.say(3)
    with monkeypatch.context() as broken:
        broken.setattr(listening.activities._clustering, "catch_up", fails)
        await listening.to_the_end()
    assert {one.cluster for one in await reading.listed(listening.ledger, Which(), 9)} == {None}
    heard = await listening.read()
    rows = await reading.listed(listening.ledger, Which(), 9)
    assert (len(rows), None in {one.cluster for one in rows}) == (3, False)
    assert heard.again_in > 0


async def test_credentials_that_end_soon_are_told_a_week_before(
    ledger: Database,
) -> None:
    listening = Listening(ledger)
    ends = listening.now() + timedelta(days=8)
    asked: list[datetime] = []

    class Expiring(Square):
        async def credentials_expire_at(self) -> datetime | None:
            asked.append(listening.now())
            if len(asked) > 1:
                raise Unreachable("Square: no answer.")
            return ends

    expiring = Expiring()
    listening.activities = ListeningActivities(ledger, {"square": expiring}, EVERY, listening.now)
    await listening.to_the_end()
    source = await listening.source()
    assert seen(source, listening.now()).problems == ()
    (problem,) = seen(source, ends - timedelta(days=6)).problems[-1:]
    assert problem.what.startswith("The credentials of square end at ")
    assert seen(source, ends).health is SourceHealth.FAILS

    # Not with each page; and a platform that does not tell keeps nothing from being heard.
    listening.passed += EXPIRY_EVERY
    expiring.say(3)
    await listening.to_the_end()
    assert (len(asked), len(await listening.ids())) == (2, 3)
    assert (await listening.source()).expires_at == source.expires_at
