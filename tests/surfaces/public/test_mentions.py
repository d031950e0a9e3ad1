"""Webhooks about mentions, from the sandbox over real HTTP: late, twice, forged, out of order."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from channels.contract_suite.hearing import said, to_the_end
from channels.contract_suite.private import Messages
from channels.facebook.webhook import FacebookWebhook, FacebookWebhookSettings
from channels.listening import Listens
from channels.sendgrid.events import KEY_PATH
from channels.sendgrid.inbound import InboundMail, InboundSettings
from channels.twitter.webhook import SIGNATURE, TwitterWebhook, TwitterWebhookSettings
from client.mention_intake import MentionIntake
from client.public import PublicService
from domain.listening import Cursor
from settings import Settings
from store.desk import entering, reading
from store.desk.reading import MentionRow, Which
from store.kernel.database import Database
from surfaces.public.app import create_app
from surfaces.public.limits import Limits
from surfaces.public.mentions import LARGEST
from tests.channels.conftest import sandbox, sandbox_process
from tests.channels.sandbox_provider import SandboxMail, SandboxPage, SandboxProvider, SandboxX
from tests.surfaces.public.served import serving

__all__ = ["sandbox", "sandbox_process"]

READERS = {
    "twitter": TwitterWebhook(
        TwitterWebhookSettings(consumer_secret="sandbox-consumer-secret", user_id="7000000001")
    ),
    "facebook": FacebookWebhook(
        FacebookWebhookSettings(
            app_secret="sandbox-app-secret",
            verify_token="sandbox-verify-token",
            page_id="100000000000001",
        )
    ),
}


class Story:
    """The public service, the sandbox that tells it, and the ledger in between."""

    def __init__(self, url: str, sandbox: str, ledger: Database) -> None:
        self.url = url
        self.sandbox = sandbox
        self.ledger = ledger
        self.providers: dict[str, SandboxProvider] = {
            "twitter": SandboxX(sandbox),
            "facebook": SandboxPage(sandbox),
            "email": SandboxMail(sandbox),
        }

    async def say(self, channel: str, *texts: str) -> list[str]:
        # Half of what is said on Facebook is in posts, of which the webhook tells otherwise.
        more = texts * 2 if channel == "facebook" else texts
        return (await self.providers[channel].say(more))[: len(texts)]

    async def write(self, **order: Any) -> str:
        """One mail in the shape that is ordered; its id."""
        body = {"provider": "email", **order}
        async with httpx.AsyncClient(timeout=120, trust_env=False) as http:
            answer = await http.post(f"{self.sandbox}/_sandbox/crowd", json=body)
        (made,) = answer.raise_for_status().json()["ids"]
        return str(made)

    async def told(self, channel: str, *ids: str, **order: Any) -> list[int]:
        """The statuses with which deliveries about ``ids`` were answered."""
        answer = await self._order("tell", channel, ids=list(ids), **order)
        return list(answer["answers"])

    async def asked(self, channel: str, **order: Any) -> dict[str, Any]:
        """How the provider's question was answered."""
        return await self._order("tell/challenge", channel, **order)

    async def read(self, channel: str) -> int:
        """Read the source as a worker would; how many mentions were new."""
        listens = self.providers[channel].channel()
        assert isinstance(listens, Listens)
        pages, _ = await to_the_end(listens, Cursor())
        await listens.close()  # type: ignore[attr-defined]
        at = max((one.written_at for one in said(pages)), default=None)
        return (await entering.enter(self.ledger, said(pages), at)).new if at else 0

    async def desk(self, channel: str) -> dict[str, MentionRow]:
        rows = await reading.listed(self.ledger, Which(channel=channel), 100)
        return {one.mention.id: one for one in rows}

    async def _order(self, path: str, channel: str, **order: Any) -> dict[str, Any]:
        body = {"provider": channel, "url": f"{self.url}/mentions/{channel}", **order}
        async with httpx.AsyncClient(timeout=120, trust_env=False) as http:
            answer = await http.post(f"{self.sandbox}/_sandbox/{path}", json=body)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found


@pytest.fixture
async def story(ledger: Database, sandbox: str, tmp_path: Path) -> AsyncIterator[Story]:
    # The service closes its own.
    service = Database.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    async with httpx.AsyncClient(trust_env=False) as http:
        key = await http.get(f"{sandbox}{KEY_PATH}", headers={"Authorization": "Bearer SG.x"})
    mail = InboundMail(InboundSettings(public_key=key.json()["public_key"]))
    settings = Settings(
        state_dir=tmp_path, private_messages=("twitter", "facebook"), _env_file=None
    )
    app = create_app(
        PublicService(service, mention_readers={**READERS, "email": mail}, settings=settings)
    )
    async with serving(app, Limits(connections=50, memory=64 * 1024 * 1024)) as served:
        yield Story(f"http://127.0.0.1:{served.port}", sandbox, ledger)


@pytest.mark.parametrize("channel", sorted(READERS))
async def test_a_webhook_and_a_reading_meet_in_one_mention(story: Story, channel: str) -> None:
    first, second, third = await story.say(channel, "why?", "when?", "who?")
    assert await story.told(channel, first, second, times=2) == [200, 200]
    assert set(await story.desk(channel)) == {first, second}

    # Nobody told of the third one: the reading finds it, and what the webhook brought is known.
    await story.read(channel)
    assert await story.told(channel, second, third) == [200]

    desk = await story.desk(channel)
    assert {first, second, third} <= set(desk)
    for number in (first, second, third):
        assert len(await reading.versions(story.ledger, desk[number].number)) == 1
        assert "?" in desk[number].mention.text
        assert desk[number].mention.author.name


@pytest.mark.parametrize("channel", sorted(READERS))
async def test_a_private_message_is_one_by_webhook_and_by_reading_and_ours_is_none(
    story: Story, channel: str
) -> None:
    provider = story.providers[channel]
    first, second = await provider.write(["why?", "when?"])
    (ours,) = await provider.write(["because"], by_us=True)
    numbers = [one.removeprefix("dm-") for one in (first, ours)]
    assert await story.told(channel, *numbers, private=True, times=2) == [200, 200]
    [(number, row)] = (await story.desk(channel)).items()
    assert (number, row.mention.author.name) == (first, "")

    reader: Any = provider.channel()
    pages, _ = await to_the_end(Messages(reader), Cursor())
    await reader.close()
    entered = await entering.enter(story.ledger, said(pages), datetime.now(UTC))

    assert (entered.new, entered.changed) == (1, 0)
    desk = await story.desk(channel)
    assert set(desk) == {first, second}
    # Only the list tells who that is.
    assert all(one.mention.author.name and one.mention.private for one in desk.values())
    assert len(await reading.versions(story.ledger, row.number)) == 1


async def test_private_messages_that_nobody_wants_are_not_kept(ledger: Database) -> None:
    body = json.dumps(
        {
            "data": {
                "event_type": "dm.received",
                # As the older interface had it.
                "payload": {
                    "direct_message_events": [
                        {
                            "id": "1900000000000000001",
                            "created_timestamp": "1763640000000",
                            "message_create": {
                                "target": {"recipient_id": "7000000001"},
                                "sender_id": "9",
                                "message_data": {"text": "a secret &amp; more"},
                            },
                        }
                    ],
                    "users": {"9": {"name": "Ann", "screen_name": "ann"}},
                },
            }
        }
    ).encode()
    digest = hmac.digest(b"sandbox-consumer-secret", body, hashlib.sha256)
    headers = {SIGNATURE: f"sha256={base64.b64encode(digest).decode()}"}
    for wanted, many in (((), 0), (("twitter",), 1)):
        intake = MentionIntake(ledger, READERS, private=wanted)
        arrived = intake.expect("twitter", headers)
        arrived.add(body)
        assert (await intake.take("twitter", arrived)).new == many
    (row,) = await reading.listed(ledger, Which(), 2)
    mention = row.mention
    assert (mention.text, mention.author.handle) == ("a secret & more", "ann")
    assert mention.url == "https://x.com/messages/9-7000000001"


@pytest.mark.parametrize("channel", sorted(READERS))
async def test_a_deletion_closes_whatever_comes_first(story: Story, channel: str) -> None:
    first, second = await story.say(channel, "why?", "when?")
    await story.told(channel, first)
    assert await story.told(channel, first, second, deleted=True, times=2) == [200, 200]
    await story.told(channel, first, second)

    desk = await story.desk(channel)
    assert {str(desk[one].state) for one in (first, second)} == {"deleted"}


async def test_a_mail_arrives_once_whatever_is_attached_and_only_if_it_is_signed(
    story: Story,
) -> None:
    first, second = await story.say("email", "am I safe?", "am I?")
    # More than any other delivery may have.
    assert await story.told("email", first, attachment=20 * 1024 * 1024, times=2) == [200, 200]
    assert await story.told("email", second, forged=True) == [403]
    [(number, row)] = (await story.desk("email")).items()
    assert number.startswith(f"{first}~")
    assert row.mention.text.endswith("\n\nam I safe?")
    assert row.mention.private


async def test_mail_that_machines_wrote_is_dismissed_by_rule(story: Story) -> None:
    shapes: list[dict[str, Any]] = [
        {"headers": {"Auto-Submitted": "auto-replied"}},
        {"headers": {"Precedence": "bulk"}},
        {"sender": ""},
        {"html": True},
    ]
    (first,) = await story.say("email", "am I safe?")
    for shape in (*shapes, {"reply_to": first}):
        order = {"count": 1, "texts": ["<p>I am away.</p>"], **shape}
        assert await story.told("email", await story.write(**order)) == [200]
    found = (await story.desk("email")).values()
    rows = sorted(found, key=lambda row: row.number)
    assert [str(row.state) for row in rows] == ["dismissed"] * 3 + ["open"] * 2
    assert {str(row.reason) for row in rows[:3]} == {"automatic"}
    assert rows[3].mention.text.endswith("\n\nI am away.")
    assert rows[4].mention.conversation == first


@pytest.mark.parametrize("channel", sorted(READERS))
async def test_what_is_forged_is_refused_and_changes_nothing(story: Story, channel: str) -> None:
    ids = await story.say(channel, "why?")
    assert await story.told(channel, *ids, forged=True) == [403]
    assert await story.desk(channel) == {}


@pytest.mark.parametrize("channel", sorted(READERS))
async def test_the_provider_learns_that_we_are_we(story: Story, channel: str) -> None:
    assert await story.asked(channel) == {"status": 200, "right": True}


async def test_a_stranger_learns_nothing(story: Story) -> None:
    assert await story.asked("facebook", forged=True) == {"status": 403, "right": False}
    async with httpx.AsyncClient(base_url=story.url, trust_env=False) as http:
        assert (await http.get("/mentions/twitter")).status_code == 404
        assert (await http.get('/mentions/twitter?crc_token={"data":1}')).status_code == 403
        assert (await http.get("/mentions/smtp")).status_code == 404
        assert (await http.post("/mentions/smtp", content=b"{}")).status_code == 404
        assert (await http.get("/mentions/email")).status_code == 404
        assert (await http.post("/mentions/email", content=b"{}")).status_code == 403
        assert (await http.post("/mentions/twitter", content=b"{}")).status_code == 403
        assert (await http.put("/mentions/twitter", content=b"{}")).status_code == 405
        large = await http.post("/mentions/twitter", content=b" " * (LARGEST + 1))
        assert large.status_code == 413


async def test_what_could_not_be_entered_is_to_be_delivered_again(
    story: Story, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The process dies, or the ledger is away, before the commit: there is no 2xx."""
    ids = await story.say("twitter", "my password is hunter2")

    async def die(*_: object) -> None:
        raise RuntimeError("hunter2")

    with monkeypatch.context() as patched:
        patched.setattr(entering, "enter_in", die)
        assert await story.told("twitter", *ids) == [503]
    assert await story.desk("twitter") == {}
    assert "hunter2" not in caplog.text
    assert await story.told("twitter", *ids) == [200]
    assert set(await story.desk("twitter")) == set(ids)
