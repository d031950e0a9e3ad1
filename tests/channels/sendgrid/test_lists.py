"""SendGrid's own lists of who is not written to, read from the sandbox page by page."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from channels.ask import Question
from channels.contract import (
    BadCredentials,
    ListsSuppressions,
    Refused,
    Throttled,
    Unreachable,
)
from channels.sendgrid import SendGridChannel, SendGridSettings, lists
from domain.message import Copy, Voice
from domain.suppression import ListedAddress
from domain.suppression import SuppressionReason as Reason
from tests.channels.conftest import ROOT

Suppress = Callable[[str, list[str]], None]


@pytest.fixture
def suppress(sandbox: str) -> Suppress:
    """Put addresses on one of the account's lists."""

    def put(name: str, emails: list[str]) -> None:
        order = {"list": name, "emails": emails}
        httpx.post(f"{sandbox}/_sandbox/suppress", json=order).raise_for_status()

    return put


def channel(sandbox: str, **settings: Any) -> SendGridChannel:
    return SendGridChannel(SendGridSettings(api_key="SG.key", base_url=sandbox, **settings))


async def read(channel: SendGridChannel) -> list[ListedAddress]:
    assert isinstance(channel, ListsSuppressions)
    try:
        return [one async for one in channel.suppressions()]
    finally:
        await channel.close()


def reasons(listed: list[ListedAddress]) -> dict[str, Reason]:
    return {one.address: one.reason for one in listed}


async def test_each_list_is_read_for_what_it_means(sandbox: str, suppress: Suppress) -> None:
    for name in ("bounces", "invalid_emails", "spam_reports", "unsubscribes"):
        suppress(name, [f"{name}@example.com"])
    assert reasons(await read(channel(sandbox))) == {
        "bounces@example.com": Reason.BOUNCED,
        "invalid_emails@example.com": Reason.INVALID,
        "spam_reports@example.com": Reason.COMPLAINED,
        "unsubscribes@example.com": Reason.UNSUBSCRIBED,
    }


async def test_who_was_blocked_once_is_written_to_again(sandbox: str, suppress: Suppress) -> None:
    suppress("blocks", ["full@example.com"])
    assert await read(channel(sandbox)) == []


async def test_a_global_unsubscribe_is_read_once(sandbox: str) -> None:
    """It has two doors at SendGrid and is one list."""
    httpx.post(
        f"{sandbox}/v3/asm/suppressions/global",
        json={"recipient_emails": ["left@example.com"]},
        headers={"Authorization": "Bearer SG.key"},
    ).raise_for_status()
    assert [one.address for one in await read(channel(sandbox))] == ["left@example.com"]


async def test_who_left_the_group_of_our_mail_is_read_too(sandbox: str) -> None:
    for group in (5, 6):
        httpx.post(
            f"{sandbox}/v3/asm/groups/{group}/suppressions",
            json={"recipient_emails": [f"left{group}@example.com"]},
            headers={"Authorization": "Bearer SG.key"},
        ).raise_for_status()
    listed = await read(channel(sandbox, asm_group_id=5))
    assert reasons(listed) == {"left5@example.com": Reason.UNSUBSCRIBED}


@pytest.mark.parametrize("many", [0, 1, 499, 500, 501, 1_250])
async def test_every_page_is_read(sandbox: str, suppress: Suppress, many: int) -> None:
    suppress("bounces", [f"p{n}@example.com" for n in range(many)])
    listed = await read(channel(sandbox))
    assert (len(listed), len({one.address for one in listed})) == (many, many)


async def test_it_says_since_when(sandbox: str, suppress: Suppress) -> None:
    suppress("bounces", ["gone@example.com"])
    (one,) = await read(channel(sandbox))
    assert timedelta(0) <= datetime.now(UTC) - one.since < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("fault", "meaning"),
    [
        ({"kind": "throttle", "seconds": 60}, Throttled),
        ({"kind": "dead_token"}, BadCredentials),
        ({"kind": "error_before", "status": 503}, Unreachable),
        ({"kind": "drop_before"}, Unreachable),
    ],
)
async def test_a_list_that_cannot_be_read_is_not_taken_for_an_empty_one(
    sandbox: str, suppress: Suppress, fault: dict[str, Any], meaning: type[Exception]
) -> None:
    suppress("bounces", ["gone@example.com"])
    rule = {"provider": "sendgrid", "operation": "list", "times": 1, **fault}
    httpx.post(f"{sandbox}/_sandbox/faults", json=rule).raise_for_status()
    with pytest.raises(meaning):
        await read(channel(sandbox))


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'[{"email": 7}]', b'[{"email": "a@b.c", "created": 1e300}]', b"<html>"]
)
async def test_an_answer_that_nobody_can_read_is_no_empty_list(body: bytes) -> None:
    def handle(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=body)

    http = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    with pytest.raises(Unreachable):
        await read(SendGridChannel(SendGridSettings(api_key="SG.key"), client=http))


async def test_a_key_that_may_not_read_them_is_said(sandbox: str) -> None:
    def handle(_: httpx.Request) -> httpx.Response:
        return httpx.Response(403)

    http = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    with pytest.raises(Refused, match="scope"):
        await read(SendGridChannel(SendGridSettings(api_key="SG.key"), client=http))


def test_the_requests_are_sendgrids(specs: Any) -> None:
    """Paths and the size of a page are those of SendGrid's own description."""
    spec = orjson.loads((specs / "sendgrid" / "tsg_suppressions_v3.json").read_bytes())
    limit = spec["components"]["parameters"]["PaginationCommonLimit"]
    assert str(lists.PAGE) in limit["description"] or limit["schema"]["maximum"] == 500
    assert all("get" in spec["paths"][f"/v3/suppression/{name}"] for name in lists.LISTS)


# --- asked as a process ---------------------------------------------------------------------------


def ask(sandbox: str, *words: str, stdin: bytes = b"") -> list[dict[str, Any]]:
    environment = {
        "PATH": "/usr/bin",
        "FRONTFOOT_EMAIL_API_KEY": "SG.key",
        "FRONTFOOT_EMAIL_BASE_URL": sandbox,
        "FRONTFOOT_EMAIL_ACTIVITY_FEED": "true",
    }
    done = subprocess.run(
        [sys.executable, "-m", "channels.ask", *words],
        cwd=ROOT,
        env=environment,
        input=stdin,
        capture_output=True,
        check=False,
    )
    return [orjson.loads(line) for line in done.stdout.splitlines()]


def test_a_process_tells_the_lists_line_by_line_and_when_they_end(
    sandbox: str, suppress: Suppress
) -> None:
    suppress("bounces", ["gone@example.com"])
    first, last = ask(sandbox, "suppressions", "email")
    assert (first["address"], first["reason"], last) == (
        "gone@example.com",
        "bounced",
        {"done": True},
    )


def test_a_process_says_why_there_is_no_more(sandbox: str) -> None:
    (answer,) = ask(sandbox, "suppressions", "twitter")
    assert "FRONTFOOT_TWITTER_CONSUMER_KEY" in answer["error"]
    (answer,) = ask("http://127.0.0.1:1", "suppressions", "email")
    assert "no connection" in answer["error"]


def test_a_process_says_whether_an_attempt_is_there(sandbox: str) -> None:
    copy = Copy(
        channel="email", subject="S", text="T", voice=Voice(name="Joel", address="j@acme.example")
    )
    mail = {
        "personalizations": [{"to": [{"email": "a@example.com"}]}],
        "from": {"email": "j@acme.example"},
        "subject": "S",
        "content": [{"type": "text/plain", "value": "T"}],
        "custom_args": {"ff_batch": "0123456789abcdef.1.1"},
    }
    key = {"Authorization": "Bearer SG.key"}
    httpx.post(f"{sandbox}/v3/mail/send", json=mail, headers=key).raise_for_status()
    lines = [
        Question(
            channel="email", key=f"0123456789abcdef.{n}.1", copy_=copy, since=datetime.now(UTC)
        )
        .model_dump_json()
        .encode()
        for n in (1, 2)
    ]
    there, absent, end = ask(sandbox, "find", stdin=b"\n".join(lines))
    assert (there["finding"], absent["finding"], end) == ("found", "absent", {"done": True})
