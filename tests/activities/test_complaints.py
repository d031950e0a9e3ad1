"""What people complain about in how other tools page them, with other inputs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.notifications import NotificationReason
from domain.severity import Severity
from tests.activities.test_notifications import home
from tests.notifying import NIGHT, House, member

__all__ = ["home"]

MINUTE = timedelta(minutes=1)


async def test_a_later_step_goes_on_with_the_next_method(home: House) -> None:
    """Where each step begins anew, somebody whose first method is silent never gets a call."""
    home.has(member("noor", "chat", "phone", "pager"))
    await home.notify("noor")
    assert await home.after() == ["/noor/chat"]
    await home.notify("noor", step="remind")
    assert await home.after(2 * MINUTE) == ["/noor/phone"]
    await home.notify("noor", step="next_role")
    assert await home.after(2 * MINUTE) == ["/noor/pager"]


async def test_what_was_acknowledged_wakes_nobody_months_later(home: House) -> None:
    home.has(member("noor", "phone"), member("kim", "phone"))
    await home.notify("noor", severity=Severity.CRITICAL)
    await home.after()
    await home.acknowledge("noor")
    assert await home.after(timedelta(days=70)) == []
    # Whoever is asked about it only now can stop it, too.
    await home.notify("kim", step="next_role", severity=Severity.CRITICAL)
    assert await home.after() == ["/kim/phone"]
    await home.acknowledge("kim")
    assert await home.after(timedelta(days=1)) == []


async def test_an_acknowledgement_that_comes_too_late_opens_nothing_again(home: House) -> None:
    """In one tool an alert that had just been settled was open again, and was escalated."""
    home.has(member("noor", "phone"), member("kim", "phone"))
    await home.notify("noor", "kim")
    await home.after()
    code = await home.code("noor")
    await home.end(by="kim")
    assert await home.acknowledge("noor", code) == []
    assert await home.states() == {"noor": "ended", "kim": "ended"}
    assert await home.after() == ["/noor/phone"]
    assert await home.after(timedelta(days=1)) == []


async def test_two_owners_who_sleep_over_a_change_of_the_clocks_are_woken_in_their_mornings(
    home: House,
) -> None:
    """Seven in the morning is an hour apart for them, and eight and nine hours of sleep away."""
    home.has(
        member("ann", "phone", quiet=NIGHT, zone="Europe/Berlin"),
        member("kim", "phone", quiet=NIGHT, zone="America/New_York"),
    )
    # In Berlin the clocks go back at 01:00 UTC. In New York it is still the evening of summer.
    home.clock.now = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    await home.notify("ann", "kim", about="promise/1", reason=NotificationReason.PROMISE_NEAR)
    assert await home.after() == ["/kim/phone"]
    await home.acknowledge("kim")
    home.clock.now = datetime(2026, 10, 25, 5, 59, 50, tzinfo=UTC)
    assert await home.after(timedelta()) == []
    assert await home.after(timedelta(seconds=10)) == ["/ann/phone"]
    await home.acknowledge("ann")

    # A week later it is New York's turn, and severity 1 wakes both at once.
    home.clock.now = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    await home.notify("ann", "kim", about="promise/2", reason=NotificationReason.PROMISE_NEAR)
    assert await home.after() == []
    worst, due = Severity.CRITICAL, NotificationReason.PROMISE_DUE
    await home.notify("ann", "kim", about="promise/2", step="everybody", severity=worst, reason=due)
    assert sorted(await home.after()) == ["/ann/phone", "/kim/phone"]


async def test_what_somebody_acknowledged_is_not_what_comes_after_it(home: House) -> None:
    """One acknowledgement for an incident silenced all that came later in it."""
    home.has(member("noor", "phone"))
    await home.notify("noor", about="promise/1", reason=NotificationReason.PROMISE_NEAR)
    await home.after()
    await home.acknowledge("noor")
    await home.notify("noor", about="promise/4", reason=NotificationReason.PROMISE_NEAR)
    due = NotificationReason.PROMISE_DUE
    await home.notify("noor", about="promise/1", step="everybody", reason=due)
    assert await home.after(2 * MINUTE) == ["/noor/phone"]
    assert "2 things" in home.said()
