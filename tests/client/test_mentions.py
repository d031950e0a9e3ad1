"""Mentions in lists, and sources that say when somebody has to look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from client import incidents as client_incidents
from client import mentions
from client.checks.listening import check_listening
from client.coverage import coverage_of
from client.engine import Engine
from client.errors import UnknownIncident, WrongInput
from client.source_state import SourceHealth, seen
from domain.actor import Actor
from domain.errors import DomainError
from domain.explanation import explained
from domain.listening import Cursor, Gap, MentionPage, SourceProblem, complete
from domain.mentions import DismissalReason, MentionState
from settings import Settings
from store.desk import entering, sources
from store.desk.sources import Lane
from store.kernel.database import Database
from store.record import incidents
from tests.store.desk.said import crowd, mention

MINUTE = timedelta(minutes=1)
WHY = explained("X: no connection.", "Check the network.")


def now() -> datetime:
    """Not once for the module: sources are compared with the clock, and a suite may take long."""
    return datetime.now(UTC)


async def test_a_list_is_read_page_by_page(away: Engine, ledger: Database) -> None:
    await entering.enter(ledger, crowd(1, 7), now())
    first = await mentions.list_mentions(away, limit=3)
    second = await mentions.list_mentions(away, limit=3, after=first.after)
    third = await mentions.list_mentions(away, limit=3, after=second.after)

    found = [row.mention.id for page in (first, second, third) for row in page.mentions]
    assert found == [str(n) for n in range(7, 0, -1)]
    assert third.after is None
    assert first.counts[MentionState.OPEN] == 7


async def test_a_list_is_of_a_channel_an_author_or_an_incident(
    away: Engine, ledger: Database
) -> None:
    await incidents.register(ledger, "leak", "A leak", "standard", ["customers"], now())
    bob = {"id": "7", "handle": "bob"}
    await entering.enter(ledger, [mention(1), mention(2, author=bob)], now())
    await incidents.mark_closed(ledger, "leak", now())
    await entering.enter(ledger, [mention(3, channel="facebook")], now())

    async def ids(**which: str) -> list[str]:
        return [row.mention.id for row in (await mentions.list_mentions(away, **which)).mentions]

    assert await ids(channel="facebook") == ["3"]
    assert await ids(author="@bob") == await ids(author="7") == ["2"]
    assert await ids(incident="leak") == ["2", "1"]
    (row,) = (await mentions.list_mentions(away, channel="facebook")).mentions
    assert await mentions.draw_into(away, [row.number], "leak") == 1
    assert await ids(incident="leak") == ["3", "2", "1"]


async def test_what_is_not_there_is_said(away: Engine, ledger: Database) -> None:
    for asking in (
        mentions.show_mention(away, 12),
        mentions.list_mentions(away, after=12),
    ):
        with pytest.raises(WrongInput, match="no mention 12"):
            await asking
    with pytest.raises(UnknownIncident):
        await mentions.draw_into(away, [1], "leak")


async def begin(ledger: Database, since: datetime | None = None) -> Lane:
    source = await sources.register(ledger, "twitter", 60, since or now())
    return Lane(cursor=Cursor(since=source.newest))


async def read(ledger: Database, at: datetime | None = None, **page: object) -> None:
    at = at or now()
    lane = await begin(ledger, at)
    given = {"cursor": complete("9"), "mentions": crowd(1, 2), **page}
    await sources.enter_page(ledger, "twitter", lane, MentionPage.model_validate(given), at)


async def fail(ledger: Database, problem: SourceProblem, at: datetime | None = None) -> None:
    at = at or now()
    await sources.enter_failure(ledger, "twitter", problem, WHY, at + MINUTE, at)


async def told(engine: Engine) -> str:
    """What the check says that somebody should do something about."""
    return " ".join(str(one.explanation) for one in await check_listening(engine) if not one.ok)


async def test_all_is_well(away: Engine, ledger: Database) -> None:
    await read(ledger)
    results = {one.about: one for one in await check_listening(away)}
    assert all(one.ok for one in results.values())
    assert "something new came" in results["listening to twitter"].explanation.what
    # Nobody has begun with this one, and the others cannot listen.
    assert "when it starts" in results["listening to facebook"].explanation.what
    assert set(results) == {"listening to twitter", "listening to facebook"}


async def test_one_miss_is_nothing_and_two_are_told(away: Engine, ledger: Database) -> None:
    await read(ledger)
    await fail(ledger, SourceProblem.UNREACHABLE)
    assert await told(away) == ""
    await fail(ledger, SourceProblem.UNREACHABLE)
    assert "could not be read 2 times in a row. X: no connection." in await told(away)
    assert "Check the network." in await told(away)
    await read(ledger)
    assert await told(away) == ""


@pytest.mark.parametrize("problem", [SourceProblem.CREDENTIALS, SourceProblem.REFUSED])
async def test_a_refusal_is_told_at_once(
    away: Engine, ledger: Database, problem: SourceProblem
) -> None:
    await begin(ledger)
    await fail(ledger, problem)
    assert "twitter is not listened to. X: no connection." in await told(away)
    (source,) = await mentions.list_sources(away)
    assert source.health is SourceHealth.FAILS


async def test_that_nobody_listens_is_told(away: Engine, ledger: Database) -> None:
    await begin(ledger, now() - 10 * MINUTE)
    assert "Nobody has listened to twitter since" in await told(away)


async def test_a_gap_is_told_for_a_day_and_shown_afterwards(away: Engine, ledger: Database) -> None:
    gap = Gap(since=now() - timedelta(days=9), until=now() - timedelta(days=7))
    await read(ledger, gap=gap)
    assert "may be missing" in await told(away)
    (source,) = await sources.all_sources(ledger)
    later = seen(
        source.model_copy(update={"asked_at": now() + timedelta(days=2)}), now() + timedelta(days=2)
    )
    assert later.problems == ()
    assert "The last gap" in later.notes[-1]


async def test_a_limit_is_told_only_if_it_lasts(away: Engine, ledger: Database) -> None:
    await read(ledger, now() - timedelta(hours=1))
    await fail(ledger, SourceProblem.THROTTLED, now() - timedelta(minutes=50))
    await read(ledger, now() - timedelta(minutes=5))
    await fail(ledger, SourceProblem.THROTTLED)
    (source,) = await mentions.list_sources(away)
    assert (source.health, source.problems) == (SourceHealth.WAITS, ())
    (row,) = await sources.all_sources(ledger)
    long = row.model_copy(update={"succeeded_at": now() - timedelta(hours=1)})
    assert "limit keeps us from listening" in str(seen(long, now()).problems[0])


async def test_what_may_not_be_read_is_a_note_and_no_alarm(away: Engine, ledger: Database) -> None:
    cursor = Cursor(since="", token="more", newest="9")
    await read(ledger, lacks="The token lacks a permission.", unreadable=3, cursor=cursor)
    (source,) = await mentions.list_sources(away)
    assert (source.health, source.problems) == (SourceHealth.CATCHING_UP, ())
    assert len(source.notes) == 3
    assert "lacks a permission" in str((await check_listening(away))[-1].explanation)


async def test_a_channel_that_is_not_to_be_listened_to_is_left_out(ledger: Database) -> None:
    await begin(ledger, now() - timedelta(days=1))
    for listen, found in (("none", 0), ("facebook", 0), ("twitter", 1), ("all", 1)):
        engine = Engine(Settings(_env_file=None, listen=listen), ledger=ledger)
        assert len(await mentions.list_sources(engine)) == found


async def test_mentions_are_dismissed_with_a_reason_and_opened_again(
    away: Engine, ledger: Database
) -> None:
    await entering.enter(ledger, crowd(1, 3), now())
    rows = (await mentions.list_mentions(away)).mentions
    first, second, _ = (one.number for one in rows)
    lea = Actor.at_terminal("lea")

    assert await mentions.dismiss(away, [first], DismissalReason.SPAM, actor=lea) == 1
    some = await mentions.dismiss(away, [first, second], DismissalReason.OURS, actor=lea)
    assert some == 1
    row = (await mentions.show_mention(away, first)).row
    assert (row.reason, row.closed_by) == (DismissalReason.SPAM, "lea")
    with pytest.raises(DomainError, match="None of the mentions is open, so nothing was changed"):
        await mentions.dismiss(away, [first, second], DismissalReason.SPAM, actor=lea)
    assert await mentions.reopen(away, [first]) == 1
    with pytest.raises(DomainError, match="The mention is not dismissed, so nothing was changed"):
        await mentions.reopen(away, [first])
    counts = (await mentions.list_mentions(away)).counts
    assert (counts[MentionState.OPEN], counts[MentionState.DISMISSED]) == (2, 1)


@pytest.mark.parametrize(
    ("reason", "words", "said"),
    [
        (DismissalReason.OTHER, " ", "'other' needs words: why they need no reply."),
        (DismissalReason.DUPLICATE, "", "the number of the mention that they repeat"),
        (DismissalReason.ANSWERED_ELSEWHERE, "", "where the answer can be read"),
        (DismissalReason.SPAM, "w" * 501, "501 characters"),
    ],
)
async def test_a_dismissal_without_its_words_is_refused(
    away: Engine, ledger: Database, reason: DismissalReason, words: str, said: str
) -> None:
    await entering.enter(ledger, [mention(1)], now())
    (row,) = (await mentions.list_mentions(away)).mentions
    lea = Actor.at_terminal("lea")
    with pytest.raises(WrongInput, match=said):
        await mentions.dismiss(away, [row.number], reason, actor=lea, words=words)
    with pytest.raises(WrongInput, match="no mention 4711"):
        await mentions.dismiss(away, [row.number, 4711], DismissalReason.SPAM, actor=lea)
    assert (await mentions.show_mention(away, row.number)).row.state is MentionState.OPEN


async def test_an_incident_with_open_mentions_is_not_closed_by_oversight(
    away: Engine, ledger: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> None: ...

    asked: list[str] = []

    async def tell(_: Engine, slug: str, what: str, *more: object) -> None:
        asked.append(f"{what} {slug}")

    monkeypatch.setattr(Engine, "temporal", nothing)
    monkeypatch.setattr(client_incidents, "tell", tell)
    await incidents.register(ledger, "leak", "A leak", "standard", ["customers"], now())
    await entering.enter(ledger, crowd(1, 3), now())
    lea = Actor.at_terminal("lea")
    with pytest.raises(DomainError, match="3 mentions of this incident are open"):
        await client_incidents.close(away, "leak", actor=lea)
    assert asked == []
    await client_incidents.close(away, "leak", actor=lea, waive="answered on X itself")
    numbers = [one.number for one in (await mentions.list_mentions(away)).mentions]
    await mentions.dismiss(away, numbers, DismissalReason.NEEDS_NONE, actor=lea)
    assert (await coverage_of(away, "leak")).dismissed == 3
    await client_incidents.close(away, "leak", actor=lea)
    assert asked == ["close leak"] * 2
