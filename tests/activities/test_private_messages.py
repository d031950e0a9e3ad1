"""Private messages are a source of their own: refused, killed and read without the public one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.listening import SELDOM, ListeningActivities
from activities.signatures.listening import Heard, ReadMentions
from client.checks.listening import check_listening
from client.engine import Engine
from domain.listening import PRIVATE_EVERY
from settings import Settings
from store.desk import reading, sources
from store.desk.reading import MentionRow, Which
from store.kernel.database import Database
from tests.channels.conftest import sandbox, sandbox_process
from tests.channels.sandbox_provider import SandboxPage, SandboxProvider, SandboxX

__all__ = ["sandbox", "sandbox_process"]


class Inbox:
    """A worker that listens to one account of the sandbox, in public and in private."""

    def __init__(self, ledger: Database, provider: SandboxProvider, folder: Path) -> None:
        self.ledger = ledger
        self.provider = provider
        self.channel: Any = provider.channel()
        self.name = self.channel.name
        channels = {self.name: self.channel}
        self.activities = ListeningActivities(
            ledger, channels, timedelta(seconds=5), private=channels
        )
        settings = Settings(
            state_dir=folder, channels=(self.name,), private_messages=(self.name,), _env_file=None
        )
        self.engine = Engine(settings, ledger=ledger)

    async def read(self, *, private: bool) -> Heard:
        order = ReadMentions(channel=self.name, private=private, asked=True)
        return await ActivityEnvironment().run(self.activities.read_mentions, order)

    async def rows(self) -> dict[str, MentionRow]:
        return {one.mention.id: one for one in await reading.listed(self.ledger, Which(), 100)}

    async def allow(self, allowed: bool) -> None:
        """Whether our credentials may read private messages."""
        async with httpx.AsyncClient(trust_env=False) as http:
            dials = {"private_messages": allowed}
            answer = await http.post(f"{self.provider.url}/_sandbox/dials", json=dials)
            answer.raise_for_status()


@pytest.fixture(params=[SandboxX, SandboxPage])
async def inbox(
    request: pytest.FixtureRequest, ledger: Database, sandbox: str, tmp_path: Path
) -> AsyncIterator[Inbox]:
    inbox = Inbox(ledger, request.param(sandbox), tmp_path)
    yield inbox
    await inbox.allow(True)
    await inbox.channel.close()


async def test_without_the_permission_it_is_said_once_and_the_public_is_heard(
    inbox: Inbox,
) -> None:
    await inbox.provider.write(["my card was charged twice"])
    await inbox.provider.say(["why?", "when?"])
    await inbox.allow(False)

    assert (await inbox.read(private=True)).again_in == SELDOM.total_seconds()
    assert (await inbox.read(private=False)).again_in < SELDOM.total_seconds()

    assert not any(one.mention.private for one in (await inbox.rows()).values())
    results = await check_listening(inbox.engine)
    [refused] = [one for one in results if not one.ok]
    assert refused.about == f"listening to {inbox.name} (private messages)"
    assert refused.explanation is not None
    assert "may not read" in refused.explanation.what
    assert "FRONTFOOT_PRIVATE_MESSAGES" in refused.explanation.next_step.advice

    await inbox.allow(True)
    assert (await inbox.read(private=True)).new == 1
    assert all(one.ok for one in await check_listening(inbox.engine))


async def test_who_dies_between_a_page_and_the_place_after_it_loses_and_doubles_nothing(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await inbox.provider.write(["one", "two", "three"])
    await inbox.provider.write(["from us"], by_us=True)

    async def die(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(sources, "_move_newest", die)
        with pytest.raises(ApplicationError):
            await inbox.read(private=True)
    assert await inbox.rows() == {}

    heard = await inbox.read(private=True)
    assert heard == Heard(again_in=PRIVATE_EVERY.total_seconds(), new=3)
    assert (await inbox.read(private=True)).new == 0
    rows = await inbox.rows()
    assert set(rows) == set(ids)
    # What asks the same is answered in public, so it is in no cluster.
    assert {(one.mention.is_private_message, one.cluster) for one in rows.values()} == {
        (True, None)
    }
