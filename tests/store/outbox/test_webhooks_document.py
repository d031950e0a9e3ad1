"""What docs/webhooks.md shows of each event is what is sent."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select

from domain.outbox import FEWEST_TRIES, LONGEST_BELIEVED, TRIED_FOR
from domain.webhook_events import CHOICES
from store.kernel.database import Database
from store.outbox.items import KEPT_FOR
from store.tables import outbox
from surfaces.terminal.webhook import add
from tests.outbox import entries, have_endpoint, have_incident, promises_ended, record

TEXT = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text(encoding="utf-8")
EXAMPLES = [orjson.loads(one) for one in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)]


def test_each_event_has_one_example_below_its_name() -> None:
    assert [one["type"] for one in EXAMPLES] == re.findall(r"^### `(.*)`$", TEXT, re.MULTILINE)
    assert sorted(one["type"] for one in EXAMPLES) == sorted(CHOICES)


def test_the_help_of_the_command_names_each_event() -> None:
    for one in CHOICES:
        assert one.value in re.sub(r"\s+", " ", add.__doc__ or "")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one["type"])
async def test_an_example_is_what_is_sent(example: object, database: Database) -> None:
    await have_incident(database)
    await have_endpoint(database)
    await record(database, entries()[:2], waiting=[1])
    await record(database, entries())
    await record(database, promises_ended())

    async with database.read() as connection:
        sent = (await connection.scalars(select(outbox.c.payload))).all()
    assert example in [orjson.loads(one) for one in sent]


def test_the_times_of_the_document_are_those_of_the_code() -> None:
    """The waits themselves are in tests/domain/test_outbox.py."""
    hours = [one.total_seconds() / 3600 for one in (TRIED_FOR, LONGEST_BELIEVED)]
    assert (hours, KEPT_FOR.days, FEWEST_TRIES) == ([24, 6], 30, 5)
