"""Notifying people: method after method, until they acknowledge, are not needed, or it is quiet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from activities.notification_keeping import NotificationKeeping
from activities.room_lines import RoomLines
from domain.notifications import (
    DeliveryEnd,
    NotificationNews,
    NotificationReason,
    NotificationState,
)
from domain.severity import Severity
from store.kernel.database import Database
from store.notifications import entering, news, problems, reading, sending
from tests.notifying import INCIDENT, NIGHT, House, house, member

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def home(ledger: Database, tmp_path: Path) -> AsyncIterator[House]:
    async with house(ledger, tmp_path / "secrets") as made:
        yield made


async def test_a_method_that_fails_is_followed_by_the_next_at_once(home: House) -> None:
    home.has(member("noor", "phone", "chat", "pager"))
    home.down = {"/noor/phone"}
    await home.notify("noor")

    assert await home.after() == ["/noor/phone", "/noor/chat"]
    found = await reading.of_incident(home.ledger, INCIDENT)
    tried = await reading.attempts_at(home.ledger, [one.id for one in found])
    assert [(one.method, one.ended) for one in tried] == [
        ("phone", DeliveryEnd.NOT_TAKEN),
        ("chat", DeliveryEnd.HANDED_OVER),
    ]
    # Nobody answers, so the next one is tried, and then the first again.
    assert await home.after(5 * MINUTE) == ["/noor/pager"]
    home.down = set()
    assert await home.after(5 * MINUTE) == ["/noor/phone"]


async def test_what_is_sent_holds_one_link_a_code_and_nothing_of_the_message(home: House) -> None:
    home.has(member("noor", "phone"))
    await home.notify("noor", severity=Severity.CRITICAL)
    await home.after()

    code = await home.code("noor")
    assert home.said() == (
        "Your decision is needed: spam-saturday\n"
        "Message 3 waits for a decision. It has severity 1 (critical).\n"
        f"http://localhost:8092/n/{code}\nCode: {code[:4]}-{code[4:]}"
    )


async def test_acknowledging_stops_that_persons_notifications_and_nobody_elses(
    home: House,
) -> None:
    home.has(member("noor", "phone", "chat"), member("kim", "phone"))
    await home.notify("noor", "kim")
    assert sorted(await home.after()) == ["/kim/phone", "/noor/phone"]

    (acknowledged,) = await home.acknowledge("noor")
    assert acknowledged.about == "gate/3/1"
    assert await home.acknowledge("noor") == []
    for _ in range(3):
        assert await home.after(5 * MINUTE) == ["/kim/phone"]
    # At the next step of the escalation, too.
    await home.notify("noor", "kim", step="remind")
    assert set(await home.after(5 * MINUTE)) == {"/kim/phone"}
    assert home.told == [
        (
            INCIDENT,
            NotificationNews(about="gate/3/1", person="noor", state=NotificationState.ACKNOWLEDGED),
        )
    ]


async def test_whoever_has_done_their_part_is_spared_and_hears_nothing(home: House) -> None:
    home.has(member("noor", "phone"), member("kim", "phone"))
    await home.notify("noor", "kim")
    await home.after()
    assert await home.end(only=("noor",)) == 0
    assert await home.after(5 * MINUTE) == ["/kim/phone"]
    assert await home.end(by="noor") == 1
    assert await home.after(5 * MINUTE) == ["/kim/phone"]


async def test_nobody_is_asked_about_a_closed_incident_and_deadlines_go_on(home: House) -> None:
    home.has(member("noor", "phone"), member("kim", "phone"))
    await home.notify("noor")
    await home.notify("kim", about="deadline/gdpr33")
    await entering.close(home.ledger, INCIDENT, home.clock())
    assert await home.after(5 * MINUTE) == ["/kim/phone"]
    assert (await home.states())["noor"] == "ended"


async def test_somebody_elses_code_acknowledges_nothing(home: House) -> None:
    home.has(member("noor", "phone"), member("kim", "phone"))
    await home.notify("noor", "kim")
    assert await home.acknowledge("kim", await home.code("noor")) == []
    assert len(await home.after()) == 2


async def test_forty_about_one_incident_are_one_and_later_ones_wait_for_the_minute(
    home: House,
) -> None:
    home.has(member("noor", "phone"))
    for number in range(40):
        await home.notify("noor", about=f"gate/{number}/1")
    assert await home.after() == ["/noor/phone"]
    assert "40 things wait for you in incident spam-saturday." in home.said()

    await home.notify("noor", about="promise/1", reason=NotificationReason.PROMISE_NEAR)
    assert await home.after(10 * timedelta(seconds=1)) == []
    assert await home.after(MINUTE) == ["/noor/phone"]
    assert "41 things" in home.said()
    # The code of all of them acknowledges all of them.
    bundle = (await reading.of_incident(home.ledger, INCIDENT))[0].bundle
    assert f"/n/{bundle}" in home.said()
    assert len(await home.acknowledge("noor", bundle)) == 41
    assert await home.after(timedelta(hours=1)) == []


async def test_repeats_are_paced_and_come_to_an_end(home: House) -> None:
    home.has(member("noor", "phone"))
    await home.notify("noor")
    await home.after()
    while (wait := await home.round()) is not None:
        home.clock.now += timedelta(seconds=wait)
    times = [one.json["message"] for one in home.server.received]
    assert len(times) == 12
    assert home.clock.now.hour < 24


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "No/Where"])
async def test_quiet_hours_hold_and_end_also_in_the_night_of_a_clock_change(
    home: House, zone: str
) -> None:
    home.has(member("noor", "phone", quiet=NIGHT, zone=zone))
    # In both places the clocks go back in one of these nights.
    for day in (datetime(2026, 10, 24), datetime(2026, 10, 31)):  # noqa: DTZ001
        evening = day.replace(hour=23, tzinfo=_zone(zone))
        home.clock.now = evening.astimezone(UTC)
        await home.notify("noor", about=f"gate/{evening.day}/1")
        assert await home.after() == []
        wait = await home.round()
        assert wait is not None
        morning = home.clock.now + timedelta(seconds=wait)
        local = morning.astimezone(_zone(zone))
        assert (local.hour, local.minute) == (7, 0)
        assert await home.after(timedelta(seconds=wait)) == ["/noor/phone"]
        await home.acknowledge("noor")


async def test_severity_1_breaks_quiet_hours_and_says_so(home: House) -> None:
    home.has(member("noor", "phone", quiet=NIGHT))
    home.clock.now = datetime(2026, 10, 24, 3, tzinfo=UTC)
    await home.notify("noor", severity=Severity.CRITICAL)
    assert await home.after() == ["/noor/phone"]
    assert "At this severity your quiet hours do not hold." in home.said()


async def test_an_incident_is_told_once_of_somebody_who_cannot_be_reached(home: House) -> None:
    home.has(member("noor", "phone", "chat"))
    home.down = {"/noor/phone", "/noor/chat"}
    home.deaf = True
    assert (await home.notify("noor")).unreachable == ()
    assert await home.after() == ["/noor/phone", "/noor/chat"]
    assert home.told == []
    home.deaf = False
    for _ in range(3):
        await home.after(5 * MINUTE)
    assert [one.state for _, one in home.told] == [NotificationState.UNREACHABLE]
    # It goes on, in case that was the service.
    home.down = set()
    assert len(await home.after(timedelta(hours=1))) == 1
    assert await home.states() == {"noor": "handed_over"}


async def test_whoever_has_no_usable_method_is_unreachable_at_once(home: House) -> None:
    home.has(member("noor"), member("kim", "phone"), member("ada", "phone"))
    (home.folder / "KIM_PHONE").write_text("nonsense")
    (home.folder / "ADA_PHONE").unlink()

    told = await home.notify("noor", "kim", "ada", "gone")
    assert told.unreachable == ("noor", "kim", "ada", "gone")
    await home.after()
    assert home.server.received == []
    found = await home.contacts.problems(home.people)
    await problems.keep(home.ledger, found, home.clock())
    kept = [(one.person, one.method, one.why) for one in await problems.all_of_them(home.ledger)]
    assert kept == [
        ("ada", "phone", DeliveryEnd.NO_SECRET),
        ("kim", "phone", DeliveryEnd.UNUSABLE),
        ("noor", "", DeliveryEnd.NO_DEVICE),
    ]
    # Once it is mended, they are asked.
    home.has(*home.people)
    assert sorted(await home.after(timedelta(hours=1))) == ["/ada/phone", "/kim/phone"]


async def test_somebody_who_is_removed_while_they_are_notified_is_not_asked_again(
    home: House,
) -> None:
    home.has(member("noor", "phone"))
    await home.notify("noor")
    await home.after()
    home.people = []
    for _ in range(3):
        assert await home.after(timedelta(hours=1)) == []
    assert [one.state for _, one in home.told] == [NotificationState.UNREACHABLE]


async def test_once_it_is_settled_whoever_was_asked_is_told_by_whom_and_when(home: House) -> None:
    home.has(member("noor", "phone"), member("kim", "phone", "chat"), member("ada", "phone"))
    home.down = {"/ada/phone"}
    await home.notify("noor", "kim", "ada")
    await home.after()
    home.down = set()

    assert await home.end(by="noor") == 1
    assert await home.end(by="noor") == 0
    assert await home.after() == ["/kim/phone"]
    assert home.said().startswith(
        "Settled: spam-saturday\nMessage 3: approved by noor at 12:00 UTC. "
        "There is nothing to do for you."
    )
    assert await home.round() is None
    assert await home.states() == {"noor": "ended", "kim": "ended", "ada": "ended"}


async def test_what_is_settled_while_it_is_on_its_way_is_followed_up(home: House) -> None:
    home.has(member("kim", "phone"))
    await home.notify("kim")
    home.clock.now += timedelta(seconds=3)
    (group,) = await sending.due(home.ledger, home.clock(), 9)
    way = sending.Way(method=home.people[0].contact[0], many=1)
    taken = await sending.take(home.ledger, group, lambda _: way, home.clock())
    assert taken is not None
    assert await home.end() == 0
    await sending.finish(home.ledger, taken, DeliveryEnd.HANDED_OVER, 1, home.clock())

    assert await home.after() == ["/kim/phone"]
    assert "approved by noor" in home.said()


async def test_a_service_that_hangs_is_given_up_and_holds_up_nobody(home: House) -> None:
    home.has(member("noor", "phone", "chat"), member("kim", "phone"))
    home.hangs = {"/noor/phone"}
    await home.notify("noor", "kim")
    assert sorted(await home.after()) == ["/kim/phone", "/noor/chat", "/noor/phone"]
    found = await reading.of_incident(home.ledger, INCIDENT)
    tried = await reading.attempts_at(home.ledger, [one.id for one in found])
    ends = {(one.person, one.method): one.ended for one in tried}
    assert ends[("noor", "phone")] is DeliveryEnd.NO_ANSWER
    assert ends[("noor", "chat")] is DeliveryEnd.HANDED_OVER


async def test_a_worker_killed_between_sending_and_its_row_loses_nothing(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.has(member("noor", "phone"))
    await home.notify("noor")

    async def killed(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched, pytest.raises(asyncio.CancelledError):
        patched.setattr(sending, "finish", killed)
        await home.after()
    assert await home.after() == []
    # Once the attempt counts as lost, it is made again.
    assert await home.after(sending.LOST_AFTER) == ["/noor/phone"]
    assert len(home.server.received) == 2
    assert await home.states() == {"noor": "handed_over"}


async def test_whoever_dies_before_the_news_is_told_or_a_sender_is_started_leaves_it_to_be_found(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are entered first; the sweeper of every worker finds what nobody has told or begun."""
    home.has(member("noor", "phone"))
    keeping = NotificationKeeping(
        home.ledger,
        home.contacts,
        lambda: tuple(home.people),
        home._start,
        RoomLines(home.ledger, "", home._start_rooms),
        (),
    )

    async def killed(*_: object) -> None:
        raise asyncio.CancelledError

    async def swept() -> int:
        before = home.starts
        sweeping = asyncio.create_task(keeping.run())
        async with asyncio.timeout(120):
            while home.starts == before and not sweeping.done():
                await asyncio.sleep(0.01)
        sweeping.cancel()
        return home.starts - before

    with monkeypatch.context() as patched, pytest.raises(asyncio.CancelledError):
        patched.setattr(home.activities, "_start", killed)
        await home.notify("noor")
    assert await swept() == 1
    assert await home.after() == ["/noor/phone"]

    # It was acknowledged, and the worker died before the incident had heard it, or just after.
    await home.acknowledge("noor")
    for dies_in in ("tell", "heard"):
        with monkeypatch.context() as patched, pytest.raises(asyncio.CancelledError):
            if dies_in == "tell":
                patched.setattr(home.activities, "_tell", killed)
            else:
                patched.setattr(news, "heard", killed)
            await home.round()
        assert await swept() == 1
    await home.round()
    # Twice, since nobody can know that it had heard; it takes it once.
    assert [one.state for _, one in home.told] == [NotificationState.ACKNOWLEDGED] * 2
    assert await home.round() is None


async def test_a_worker_killed_between_a_contact_test_and_its_row_sends_it_again(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.has(member("noor", "phone"))
    await home.test()

    async def killed(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched, pytest.raises(asyncio.CancelledError):
        patched.setattr(sending, "finish", killed)
        await home.after()
    (lost,) = await reading.newest_tests(home.ledger)
    assert lost.ended is DeliveryEnd.UNDER_WAY
    assert await home.after(sending.LOST_AFTER) == ["/noor/phone"]
    (sent,) = await reading.newest_tests(home.ledger)
    assert (sent.code, sent.ended) == (lost.code, DeliveryEnd.HANDED_OVER)
    assert await home.after(timedelta(days=1)) == []


async def test_each_method_is_tested_and_each_test_is_answered_by_itself(home: House) -> None:
    home.has(member("noor", "phone", "chat"), member("kim", "phone"))
    home.down = {"/kim/phone"}
    assert await home.test() == 3
    assert await home.test() == 3
    assert sorted(await home.after()) == ["/kim/phone", "/noor/chat", "/noor/phone"]
    tests = {(one.person, one.method): one for one in await reading.newest_tests(home.ledger)}
    await home.acknowledge("noor", tests["noor", "chat"].code)

    assert await home.after(timedelta(days=2)) == []
    tests = {(one.person, one.method): one for one in await reading.newest_tests(home.ledger)}
    answered = {key: one.acknowledged_at is not None for key, one in tests.items()}
    assert answered == {
        ("noor", "chat"): True,
        ("noor", "phone"): False,
        ("kim", "phone"): False,
    }
    assert tests["kim", "phone"].ended is DeliveryEnd.NOT_TAKEN
    assert home.told == []


def _zone(name: str) -> ZoneInfo:
    return ZoneInfo("UTC" if name == "No/Where" else name)
