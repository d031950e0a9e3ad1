"""The rehearsal of the worst day: the ledger is restored, or Temporal lost, in the middle of mail.

Each story has a stack of its own, since what it loses is everybody's.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select

from client.checks.recovery import check_recovery
from client.configuration import load_settings
from client.engine import Engine
from client.next_steps import next_steps
from client.publications import retry_channel
from client.recovery.backup import backup, restore
from client.recovery.incident import recover_incident
from client.recovery.ledger import Answer, Comparison, recover_ledger
from client.stack.ports import Ports
from client.status import Watcher
from client.stopping import resume_all, stop_all
from domain.errors import DomainError
from domain.explanation import Action
from domain.publication import PublicationState
from embedded.stack import Stack
from settings import Settings
from store.kernel.database import Database
from store.tables import batches, recipients
from tests.store.conftest import postgres_url
from tests.store.postgres_server import binaries, new_database
from tests.whole.response import LEAD, Response
from tests.whole.world import World, eventually

__all__ = ["postgres_url"]


class _Stack(Stack):
    """The embedded stack, with its ledger where we say."""

    ledger_url = ""

    def _settings(self) -> Settings:
        return super()._settings().model_copy(update={"database_url": self.ledger_url})


class Site:
    """A stack that can be stopped, robbed of its state, and started again."""

    def __init__(self, state: Path, ledger_url: str = "") -> None:
        self.state = state
        self._ports = Ports.free()
        self.ledger = state / "frontfoot.db"
        self.ledger_url = ledger_url

    @asynccontextmanager
    async def up(self) -> AsyncIterator[World]:
        stack = _Stack(self.state, ports=self._ports)
        stack.ledger_url = self.ledger_url
        await stack.start()
        try:
            ledger = Database.open(self.ledger_url or f"sqlite:///{self.ledger}")
            engine = await stack.engine()
            async with httpx.AsyncClient(
                base_url=stack.addresses["sandbox"], timeout=30
            ) as sandbox:
                world = World(stack, await stack.client(), ledger, sandbox)
                world.engine = Engine(engine.settings, temporal=world.client, ledger=ledger)
                yield world
            await ledger.close()
        finally:
            await stack.stop()


@pytest_asyncio.fixture(loop_scope="session", params=["sqlite"])
async def site(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Site]:
    """A site with a ledger of its own, on the database that a story asks for."""
    if request.param == "sqlite":
        yield Site(tmp_path / "state")
        return
    # PostgreSQL's own tools are found, as where its client is installed.
    if (folder := binaries()) is not None:
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    server = request.getfixturevalue("postgres_url")
    async with new_database(server, f"restored_{os.getpid()}") as url:
        yield Site(tmp_path / "state", url)


@pytest_asyncio.fixture(loop_scope="session")
async def closed_engine(site: Site) -> AsyncIterator[Engine]:
    """What `frontfoot restore` works with: the settings, while nothing runs."""
    settings = load_settings(state_dir=site.state)
    async with Engine(settings.model_copy(update={"database_url": site.ledger_url})) as engine:
        yield engine


async def truth_of(response: Response, found: Comparison) -> Answer:
    """What a person sees at the provider of the batches in doubt: by its own books."""
    got = await response.mails_by_address()
    went_out, did_not = [], []
    for one in found.in_doubt:
        async with response.world.ledger.read() as connection:
            span = (
                await connection.execute(
                    select(batches.c.first, batches.c.last).where(batches.c.number == one.number)
                )
            ).one()
            addresses = await connection.scalars(
                select(recipients.c.address).where(recipients.c.id.between(span.first, span.last))
            )
            (went_out if any(got[address] for address in addresses) else did_not).append(one.number)
    return Answer(message=1, channel="email", went_out=tuple(went_out), did_not=tuple(did_not))


def once_each(response: Response, size: int) -> Counter[str]:
    return Counter(response.address(number) for number in range(1, size + 1))


@pytest.mark.parametrize("site", ["postgres"], indirect=True)
async def test_a_ledger_restored_to_the_middle_of_a_mailing_doubles_nothing_and_loses_nobody(
    site: Site, closed_engine: Engine, tmp_path: Path
) -> None:
    copy = tmp_path / "monday.backup"
    async with site.up() as world:
        response = Response(world, "worst-day")
        await world.fault("sendgrid", "send", "latency", seconds=0.2)
        await response.announce(recipients=300, in_flight=2)
        await response.mailed(lambda mail: mail.went_out >= 50)
        await backup(world.engine, copy)
        await response.mailed(lambda mail: mail.went_out >= 150)
        # The copy knows nothing of this.
        await stop_all(world.engine, "worst-day", actor=LEAD)
        await eventually(lambda: response.timeline("stopped everything"))
    await restore(closed_engine, copy, replace=True)

    async with site.up() as world:
        response = Response(world, "worst-day")
        message = await response.settled()
        before = await response.received()
        states = {one.channel: one.state for one in message.outcomes}
        assert states["email"] is PublicationState.UNKNOWN

        look = await Watcher(world.engine, "worst-day").look()
        assert look.status.locked is not None
        assert [one.action for one in next_steps(look.status)] == [Action.RECOVER_LEDGER]
        assert [one.about for one in await check_recovery(world.engine)] == ["incident worst-day"]
        with pytest.raises(DomainError, match="ledger"):
            await retry_channel(world.engine, "worst-day", 1, "email", actor=LEAD)
        with pytest.raises(DomainError, match="ledger"):
            await response.propose()

        found = await recover_ledger(world.engine, "worst-day", actor=LEAD)
        assert found.in_doubt
        answer = await truth_of(response, found)
        assert answer.went_out
        found = await recover_ledger(world.engine, "worst-day", actor=LEAD, answers=[answer])
        assert found.unlocked
        assert await response.received() == before

        await retry_channel(world.engine, "worst-day", 1, "email", actor=LEAD)
        await eventually(response.message, lambda one: "stopped by maya" in str(one.outcomes))
        assert await response.received() == before
        await resume_all(world.engine, "worst-day", actor=LEAD)
        await response.settled()
        assert await response.mails_by_address() == once_each(response, 300)
        assert await response.timeline("ledger reconciled") == [("maya", "")]
        assert (await Watcher(world.engine, "worst-day").look()).status.locked is None


async def test_a_ledger_restored_to_before_an_approval_doubles_nothing(
    site: Site, closed_engine: Engine, tmp_path: Path
) -> None:
    copy = tmp_path / "before.backup"
    async with site.up() as world:
        response = Response(world, "too-early")
        await response.open(recipients=300, in_flight=2)
        message = await response.propose()
        await backup(world.engine, copy)
        await world.fault("sendgrid", "send", "latency", seconds=0.2)
        await response.approve(message)
        await response.mailed(lambda mail: mail.went_out >= 100)
    await restore(closed_engine, copy, replace=True)

    async with site.up() as world:
        response = Response(world, "too-early")
        await response.settled()
        found = await recover_ledger(world.engine, "too-early", actor=LEAD)
        answer = await truth_of(response, found)
        found = await recover_ledger(world.engine, "too-early", actor=LEAD, answers=[answer])
        assert found.unlocked
        await retry_channel(world.engine, "too-early", 1, "email", actor=LEAD)
        await response.settled()
        assert await response.mails_by_address() == once_each(response, 300)
        assert [await response.ever_posted(name) for name in ("twitter", "facebook")] == [1, 1]


async def test_a_file_that_was_copied_back_is_noticed_though_nothing_says_so(site: Site) -> None:
    """No tool of ours made the copy, and it has the same generation."""
    async with site.up() as world:
        response = Response(world, "copied-back")
        await world.fault("sendgrid", "send", "latency", seconds=0.2)
        await response.announce(recipients=300, in_flight=2)
        await response.mailed(lambda mail: mail.went_out >= 50)
        with (
            closing(sqlite3.connect(site.ledger)) as now,
            closing(sqlite3.connect(site.state / "copy")) as kept,
        ):
            now.backup(kept)
        await response.mailed(lambda mail: mail.went_out >= 100)
        world.stack.kill("worker")
        await world.stack.parts["worker"].stop()
    for end in ("-wal", "-shm"):
        site.ledger.with_name(site.ledger.name + end).unlink(missing_ok=True)
    shutil.copy(site.state / "copy", site.ledger)

    async with site.up() as world:
        response = Response(world, "copied-back")
        mailed = (await response.settled()).outcomes[0]
        assert (mailed.channel, mailed.state) == ("email", PublicationState.UNKNOWN)
        look = await Watcher(world.engine, "copied-back").look()
        assert look.status.locked is not None
        mails = await response.mails_by_address()
        assert set(mails.values()) == {1}


async def test_incidents_that_temporal_has_lost_start_again_and_send_nothing_twice(
    site: Site,
) -> None:
    async with site.up() as world:
        response = Response(world, "amnesia")
        await world.fault("sendgrid", "send", "latency", seconds=0.2)
        await response.announce(recipients=300, in_flight=2)
        await response.mailed(lambda mail: mail.went_out >= 100)
    for end in ("", "-wal", "-shm"):
        (site.state / f"temporal.db{end}").unlink(missing_ok=True)

    async with site.up() as world:
        response = Response(world, "amnesia")
        found = await check_recovery(world.engine)
        assert [one.explanation.next_step.action for one in found] == [Action.RECOVER_INCIDENT]
        status = await recover_incident(world.engine, "amnesia", actor=LEAD)
        assert len(status.messages) == 1
        await response.settled()
        await eventually(response.mails_by_address, lambda mails: mails == once_each(response, 300))
        assert [await response.ever_posted(name) for name in ("twitter", "facebook")] == [1, 1]
        with pytest.raises(DomainError, match="nothing to start again"):
            await recover_incident(world.engine, "amnesia", actor=LEAD)
