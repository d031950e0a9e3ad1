"""Everything that is known of one recipient, for the person who asks whether they got it."""

from __future__ import annotations

import pytest

from client.engine import Engine
from client.errors import UnknownIncident
from client.recipient import RecipientHistory, recipient_history
from domain.codes import derive_code, show_code
from domain.publication import DeliveryState
from domain.suppression import Preference
from store.events import events
from store.kernel.database import Database
from store.offers import codes
from store.people import suppressions
from store.people.addresses import InvalidAddress
from store.record import incidents
from tests.store.world import (
    NOON,
    SECRET,
    TERMS,
    address,
    event,
    have_audience,
    have_broadcast,
    lose_answer,
    send,
)

D = DeliveryState
HERE = "buffer-saturday"


async def asked(database: Database, typed: str) -> RecipientHistory:
    """What is told of whoever has this address."""
    return await recipient_history(Engine(ledger=database), HERE, typed)


def answers(found: RecipientHistory) -> list[str]:
    return [one.answer for one in found.arrivals]


@pytest.fixture
async def known(database: Database) -> Database:
    """Customers: one got it, one bounced, one is suppressed, one in doubt, one waits."""
    await incidents.register(database, HERE, "Posts that are not ours", "outage", (), NOON)
    await suppressions.add(database, address(1), "asked", None, "console", NOON)
    broadcast = await have_broadcast(database, size=40, offer=TERMS)
    await send(database, broadcast, 1)
    await lose_answer(database, broadcast, 2)
    told = [event(broadcast, 2), event(broadcast, 3, D.PROCESSED)]
    told += [event(broadcast, 2, name="spam")._replace(kind=Preference.COMPLAINED)]
    told += [event(broadcast, 4, D.BOUNCED, reason="bounce")]
    await events.record(database, told)
    await codes.ensure_codes(database, SECRET, HERE, range(2, 11), TERMS)
    return database


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        (1, "no: not sent, suppressed"),
        (2, "yes: delivered"),
        (3, "handed over; the provider is delivering it"),
        (4, "no: it came back (bounce)"),
        (5, "handed over; the provider has not said what became of it"),
        (15, "nobody knows: the provider gave no clear answer"),
        (40, "not yet: it waits to be sent"),
    ],
)
async def test_one_answer_for_each_message(known: Database, number: int, answer: str) -> None:
    assert answers(await asked(known, address(number))) == [answer]


async def test_what_happened_is_told_in_order_and_without_the_address(known: Database) -> None:
    found = await asked(known, f" {address(2).upper()} ")
    told = [one.what for one in found.moments]
    assert told[0].endswith("planned in batch 1")
    assert any(one.endswith("the provider accepted it") for one in told)
    assert any(one.endswith("complained") for one in told)
    assert [one.at for one in found.moments] == sorted(one.at for one in found.moments)
    assert found.audiences == (f"customers-of-{HERE}",)
    assert found.codes == (show_code(derive_code(SECRET, HERE, 2, TERMS.version)),)
    assert any("complained" in one for one in found.suppressed)
    assert "example.com" not in found.model_dump_json()


async def test_who_was_imported_too_late_is_not_in_it(known: Database) -> None:
    await have_audience(known, 1, f"customers-of-{HERE}", start=99)
    found = await asked(known, address(99))
    assert answers(found) == ["no: they were not in the audience yet when it was proposed"]
    assert found.codes == ()


async def test_other_incidents_and_strangers_are_told_apart(known: Database) -> None:
    await have_audience(known, 1, "others", start=77)
    found = await asked(known, address(77))
    assert (found.known, found.audiences, found.arrivals) == (True, ("others",), ())
    assert await asked(known, "nobody@example.org") == RecipientHistory(known=False)


async def test_what_is_no_address_or_no_incident_is_refused(known: Database) -> None:
    with pytest.raises(InvalidAddress):
        await asked(known, "jane")
    with pytest.raises(UnknownIncident):
        await recipient_history(Engine(ledger=known), "another", address(1))


async def test_who_was_left_out_with_everybody_else_is_told_why(database: Database) -> None:
    await incidents.register(database, HERE, "Posts that are not ours", "outage", (), NOON)
    await suppressions.add(database, address(1), "asked", None, "console", NOON)
    await have_broadcast(database, size=1)
    found = await asked(database, address(1))
    assert answers(found) == ["no: not sent, suppressed"]
    assert found.moments[0].what.endswith("planned, and they were left out")
