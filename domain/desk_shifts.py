"""Who answers where and when: the people that the playbook assigns to accounts, in shifts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from domain.ids import ChannelName
from domain.model import Value, Written
from domain.plan_problems import PlanProblem
from domain.roster import Person, PersonId
from domain.suggest import did_you_mean
from domain.times import UtcTime, in_utc

TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""``08:00``, in UTC."""

_DAY = 24 * 60


class ShiftPlan(Written):
    """Some people, from one time of each day to another, in UTC; across midnight, too.

    With the same time twice it is the whole day, which is also what is meant without them.
    """

    model_config = ConfigDict(populate_by_name=True)

    people: tuple[PersonId, ...] = Field(min_length=1)
    begins: TimeOfDay = Field(default="00:00", alias="from")
    ends: TimeOfDay = Field(default="00:00", alias="to")

    def minutes(self) -> set[int]:
        """The minutes of the day that it covers, counted from midnight."""
        begin, end = _minute(self.begins), _minute(self.ends)
        if begin < end:
            return set(range(begin, end))
        return set(range(begin, _DAY)) | set(range(end))

    def end_after(self, at: datetime) -> datetime | None:
        """When it ends, for somebody who is in it ``at``; None for one of the whole day."""
        if self.begins == self.ends:
            return None
        at = in_utc(at)
        end = at.replace(hour=0, minute=0, second=0, microsecond=0)
        end += timedelta(minutes=_minute(self.ends))
        return end if end > at else end + timedelta(days=1)


class DeskPlan(Written):
    """Who answers on which account. Without any account here, nobody is assigned anywhere."""

    accounts: dict[ChannelName, tuple[ShiftPlan, ...]] = Field(default_factory=dict)

    def on_duty(self, channel: str, at: datetime) -> OnDuty | None:
        """Who answers there ``at`` that time; None if the plan assigns nobody to any account."""
        if not self.accounts:
            return None
        moment = in_utc(at)
        minute = moment.hour * 60 + moment.minute
        now = [one for one in self.accounts.get(channel, ()) if minute in one.minutes()]
        ends = [end for one in now if (end := one.end_after(moment)) is not None]
        return OnDuty(
            people=tuple(dict.fromkeys(person for one in now for person in one.people)),
            until=min(ends, default=None),
        )


class OnDuty(Value):
    """Who answers now, and ``until`` when this stays so; None: for good. Nobody, if empty."""

    people: tuple[str, ...] = ()
    until: UtcTime | None = None


def desk_problems(plan: DeskPlan, roster: Sequence[Person]) -> Iterator[PlanProblem]:
    """People who are assigned and not in the roster."""
    known = [one.id for one in roster]
    for channel, shifts in plan.accounts.items():
        for place, shift in enumerate(shifts):
            for person in shift.people:
                if person not in known:
                    where = ("desk", "accounts", channel, place, "people")
                    detail = f"names {person}, who is not in the roster"
                    yield PlanProblem(where, detail, did_you_mean(person, known, "{}"))


def unassigned_hours(plan: DeskPlan) -> Iterator[PlanProblem]:
    """When nobody answers on an account: it would work, and is probably a mistake."""
    for channel, shifts in plan.accounts.items():
        covered = set[int]().union(*(one.minutes() for one in shifts))
        missing = sorted(set(range(_DAY)) - covered)
        if missing:
            detail = f"leaves {channel} to nobody at {_time(missing[0])} UTC"
            yield PlanProblem(("desk", "accounts", channel), detail, "Assign somebody then, too.")


def _minute(time: str) -> int:
    hour, minute = time.split(":")
    return int(hour) * 60 + int(minute)


def _time(minute: int) -> str:
    return f"{datetime(2000, 1, 1, minute // 60, minute % 60, tzinfo=UTC):%H:%M}"
