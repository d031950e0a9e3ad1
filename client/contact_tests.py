"""Contact tests: each person's methods, whether a test by it was acknowledged, and sending one."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from client.engine import Engine
from client.errors import WrongInput
from client.notifying import start_notifying
from client.people import known_people
from domain.contact import ContactKind
from domain.model import Value
from domain.notifications import ContactProblem, DeliveryEnd
from domain.people import PEOPLE_FILE, Member
from domain.suggest import did_you_mean
from domain.times import UtcTime
from store.notifications import entering, problems, reading
from store.notifications.reading import ContactTest
from wiring import TemporalUnreachable

ANSWERED_WITHIN = timedelta(days=1)
"""After so long without an acknowledgement a contact method counts as one that does not work."""


class TestState(StrEnum):
    """What is known of a contact method by its newest test."""

    __test__ = False

    NEVER_TESTED = "never_tested"
    WAITING = "waiting"
    ACKNOWLEDGED = "acknowledged"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    FAILED = "failed"


_NOT_SET_UP = (DeliveryEnd.NO_SECRET, DeliveryEnd.NO_DEVICE, DeliveryEnd.NO_SERVER)


class TestedMethod(Value):
    """One contact method of a person. ``why`` says why it cannot be used, or the test failed.

    ``not_set_up``: nobody has given it what it needs yet.
    """

    __test__ = False

    person: str
    shown: str
    method: str
    kind: ContactKind
    state: TestState
    tested_at: UtcTime | None = None
    acknowledged_at: UtcTime | None = None
    code: str = ""
    why: str = ""
    not_set_up: bool = False

    @property
    def red(self) -> bool:
        """Whether somebody should do something about it."""
        return bool(self.why) or self.state in (TestState.FAILED, TestState.NOT_ACKNOWLEDGED)


class Tested(Value):
    """How many messages are to be sent; ``started``: Temporal was told, which is not needed."""

    methods: int
    started: bool = True


async def begin_tests(engine: Engine, person: str = "") -> Tested:
    """Send a contact test by each method of a person, or of everybody.

    ``WrongInput`` if there is no such person, or no method to be tested.
    """
    members = await asyncio.to_thread(known_people, engine.settings)
    chosen = [one for one in members if person in ("", one.id)]
    if not chosen:
        ids = [one.id for one in members]
        raise WrongInput(
            f"There is no person {person[:40]!r} in {PEOPLE_FILE}.", did_you_mean(person, ids)
        )
    methods = [(one.id, each.name) for one in chosen for each in one.contact]
    if not methods:
        raise WrongInput(
            f"{chosen[0].shown} has no contact method."
            if person
            else "Nobody has a contact method.",
            f"Add `contact` to {'that person' if person else 'people'} in {PEOPLE_FILE}.",
            means="Nothing was sent.",
        )
    test = f"contact_test/{uuid.uuid4().hex[:16]}"
    ledger = await engine.ledger()
    await entering.enter_tests(ledger, test, methods, datetime.now(UTC))
    try:
        started = await start_notifying(await engine.temporal())
    except TemporalUnreachable:
        started = False
    return Tested(methods=len(methods), started=started)


async def methods_of(engine: Engine, person: str = "") -> list[TestedMethod]:
    """Every contact method of a person or of everybody, as the newest test left it."""
    members = await asyncio.to_thread(known_people, engine.settings)
    ledger, now = await engine.ledger(), datetime.now(UTC)
    tests = {(one.person, one.method): one for one in await reading.newest_tests(ledger, person)}
    found = {(one.person, one.method): one for one in await problems.all_of_them(ledger)}
    return [
        _tested(member, method.name, method.kind, tests.get(key), found.get(key), now)
        for member in members
        if person in ("", member.id)
        for method in member.contact
        for key in [(member.id, method.name)]
    ]


def _tested(
    member: Member,
    method: str,
    kind: ContactKind,
    test: ContactTest | None,
    problem: ContactProblem | None,
    now: datetime,
) -> TestedMethod:
    state, why = _state(test, now), problem.why.in_words if problem else ""
    if not why and state is TestState.FAILED and test and test.ended:
        why = test.ended.in_words
    return TestedMethod(
        person=member.id,
        shown=member.shown,
        method=method,
        kind=kind,
        state=state,
        tested_at=test.at if test else None,
        acknowledged_at=test.acknowledged_at if test else None,
        code=test.code if test else "",
        why=why,
        not_set_up=problem is not None and problem.why in _NOT_SET_UP,
    )


def _state(test: ContactTest | None, now: datetime) -> TestState:
    if test is None:
        return TestState.NEVER_TESTED
    if test.acknowledged_at is not None:
        return TestState.ACKNOWLEDGED
    if test.ended not in (None, DeliveryEnd.HANDED_OVER, DeliveryEnd.UNDER_WAY):
        return TestState.FAILED
    late = now - test.at > ANSWERED_WITHIN
    return TestState.NOT_ACKNOWLEDGED if late else TestState.WAITING
