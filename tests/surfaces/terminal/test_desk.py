"""The desk at a terminal: what was said in public is listed, and its words do no harm."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from client.configuration import load_settings
from client.engine import Engine
from client.listening import start_listening
from domain.listening import Cursor, MentionPage, complete
from domain.mentions import Mention
from domain.surge import SurgeRule
from store.desk import entering, sources, surges
from store.desk.clustering import Clustering
from store.desk.sources import Lane
from store.kernel.database import Database
from surfaces.terminal.failures import ExitCode
from tests.fresh_ledger import empty_ledger
from tests.store.desk.said import crowd, mention
from tests.terminal import Terminal, Up

__all__ = ["empty_ledger"]

HOSTILE = "\u202eevil\u202c \x1b[2J\x07 =1+1 <script>\n\n  next\tline " + "long " * 200


async def _have(ledger: Path, *said: Mention) -> None:
    # A source that nobody has read for three minutes fails, and those may be over since `NOW`.
    now = datetime.now(UTC)
    database = Database.open(f"sqlite:///{ledger}")
    await entering.enter(database, said, now)
    source = await sources.register(database, "twitter", 60, now)
    page = MentionPage(cursor=complete("9"))
    await sources.enter_page(
        database, "twitter", Lane(cursor=Cursor(since=source.newest)), page, now
    )
    await database.close()


async def _clustered(ledger: Path) -> None:
    database = Database.open(f"sqlite:///{ledger}")
    await Clustering(database).catch_up(datetime.now(UTC))
    await database.close()


@pytest.fixture
def ledger(terminal: Terminal, empty_ledger: Path) -> Path:
    """A ledger where the terminal looks for it."""
    path = terminal.folder / ".frontfoot" / "frontfoot.db"
    path.parent.mkdir(mode=0o700)
    shutil.copy(empty_ledger, path)
    return path


def test_an_empty_desk_says_so(terminal: Terminal, ledger: Path) -> None:
    assert "Nobody has said anything yet." in terminal.type("desk list").stdout
    assert "Nobody listens." in terminal.type("desk sources").stdout
    done = terminal.type("desk show 12")
    assert (done.exit_code, "frontfoot desk list" in done.output) == (ExitCode.USAGE, True)
    done = terminal.type("desk draw 12 --into leak")
    assert (done.exit_code, "no incident" in done.output) == (ExitCode.USAGE, True)


def test_what_needs_no_reply_is_dismissed_and_opened_again(
    terminal: Terminal, ledger: Path
) -> None:
    asyncio.run(_have(ledger, mention(1), mention(2), mention(3, automatic=True)))
    done = terminal.type("desk dismiss 1 --why spam")
    assert (done.exit_code, "Who are you?" in done.output) == (ExitCode.USAGE, True)
    done = terminal.type("desk dismiss 1 --why other --as lea")
    assert (done.exit_code, "needs words" in done.output) == (ExitCode.USAGE, True)

    said = terminal.type(
        "desk dismiss 1 2 --why answered_elsewhere --words https://x.example/9 --as lea"
    ).output
    assert said.strip() == "Dismissed 2 mentions."
    shown = terminal.type("desk show 1").output
    assert "by lea: answered elsewhere (https://x.example/9)" in shown
    assert "by a rule: automatic" in terminal.type("desk show 3").output
    done = terminal.type("desk dismiss 1 --why spam --as lea")
    assert (done.exit_code, "not open" in done.output) == (ExitCode.REFUSED, True)
    said = terminal.type("desk reopen 1 --as lea").output
    assert said.strip() == "Opened 1 mention again."
    said = terminal.type("desk dismiss 1 2 --why spam --as lea").output
    assert said.strip() == "Dismissed 1 mention. 1 was not open: nothing was changed there."
    assert "Of 3: 3 dismissed." in terminal.type("desk list").output


def test_a_mention_is_claimed_and_released(terminal: Terminal, ledger: Path) -> None:
    asyncio.run(_have(ledger, mention(1)))
    assert "is yours until" in terminal.type("desk claim 1 --as lea").output
    assert "Claimed by lea since" in terminal.type("desk show 1").output
    done = terminal.type("desk claim 1 --as ben")
    assert (done.exit_code, "lea has claimed mention 1 since" in done.output) == (
        ExitCode.REFUSED,
        True,
    )
    done = terminal.type("desk dismiss 1 --why spam --as ben")
    assert (done.exit_code, "Ask lea" in done.output) == (ExitCode.REFUSED, True)
    assert "is free again" in terminal.type("desk release 1 --as lea").output
    assert "Claimed" not in terminal.type("desk show 1").output


def test_hostile_words_are_shown_and_move_nothing(terminal: Terminal, ledger: Path) -> None:
    author = {"id": "9", "handle": "ann\x1b]0;pwned\x07", "name": "\u202eAnn", "followers": 1204}
    edited = mention(
        1,
        "so",
        version="b",
        author=author,
        changed_at=datetime.now(UTC),
        url="https://x.example/\x07",
    )
    asyncio.run(_have(ledger, mention(1, HOSTILE, author=author), edited, mention(2, HOSTILE)))

    shown = terminal.type("desk show 1").output
    assert ("Version 1" in shown, "Version 2" in shown) == (True, True)
    listed = terminal.type("desk list").output
    for printed in (shown, listed):
        assert not set(printed) & set("\x1b\x07\u202e\u202c")
        assert "\\u202e" in printed
        assert "1,204 followers" in printed
    assert len(listed.splitlines()) == 5
    assert max(map(len, listed.splitlines())) < 300


def test_a_list_fits_a_phone_and_is_read_page_by_page(terminal: Terminal, ledger: Path) -> None:
    os.environ["COLUMNS"] = "40"
    asyncio.run(_have(ledger, *crowd(1, 5)))
    first = terminal.read("desk list --limit 3")
    assert [row["mention"]["id"] for row in first["mentions"]] == ["5", "4", "3"]
    second = terminal.read(f"desk list --limit 3 --after {first['after']}")
    assert [row["mention"]["id"] for row in second["mentions"]] == ["2", "1"]
    assert second["after"] is None
    printed = terminal.type("desk list --limit 1").stdout
    assert "Of 5: 5 open." in printed
    assert f"--after {first['mentions'][0]['number']}" in printed
    assert terminal.read("desk list --state dismissed")["mentions"] == []
    assert "twitter: listens" in terminal.type("desk sources").stdout


def test_what_is_said_on_the_networks_is_on_the_desk(second: Terminal, up: Up) -> None:
    """A whole stack: the sandbox's crowd, the worker, the ledger, a terminal."""
    texts = ["is this you? 7f3a", "are my passwords safe? 7f3a"]
    order = {"provider": "twitter", "count": 2, "texts": texts}
    sandbox = f"http://127.0.0.1:{up.ports.sandbox}"
    httpx.post(f"{sandbox}/_sandbox/crowd", json=order).raise_for_status()
    order = {"provider": "facebook", "count": 1, "texts": ["why? 7f3a"], "tagging": True}
    httpx.post(f"{sandbox}/_sandbox/crowd", json=order).raise_for_status()

    assert second.type("desk list").exit_code == 0
    for channel in ("twitter", "facebook"):
        assert asyncio.run(_listen_now(channel))
    deadline = time.monotonic() + 120
    while True:
        found = second.type("desk list").stdout
        if found.count("7f3a") == 3:
            break
        assert time.monotonic() < deadline, found
        time.sleep(0.2)

    assert "twitter, open" in found
    assert "facebook, open" in found
    listed = {one["channel"]: one for one in second.read("desk sources")}
    assert set(listed) == {"twitter", "facebook"}
    assert all(one["problems"] == [] for one in listed.values())
    checked = second.type("check --no-channels")
    assert "listening to twitter" in checked.stdout
    assert json.loads(second.type("desk list --json").stdout)["counts"]["open"] >= 3


async def _listen_now(channel: str) -> bool:
    async with Engine(load_settings()) as engine:
        return await start_listening(await engine.temporal(), channel, now=True)


def test_what_asks_the_same_is_listed_named_and_moved(terminal: Terminal, ledger: Path) -> None:
    said = ("are my passwords safe?", "r my passwords safe??", HOSTILE)
    asyncio.run(_have(ledger, *(mention(n, text) for n, text in enumerate(said, 1))))
    assert "No two mentions ask the same yet." in terminal.type("desk clusters").stdout
    asyncio.run(_clustered(ledger))
    shown = terminal.type("desk clusters --single").stdout
    assert "passwords safe: 2 open of 2" in shown
    assert not set(shown) & set("\u202e\u202c\x07")
    (found,) = json.loads(terminal.type("desk clusters --json").stdout)
    one = found["cluster"]["number"]
    named = terminal.type(f'desk cluster {one} --name "Safe?" --suggest pw-safe --as lea')
    assert (f"Cluster {one}: Safe?" in named.stdout, "pw-safe" in named.stdout) == (True, True)
    assert (
        "1 mention is in no cluster now." in terminal.type("desk move 1 --to none --as lea").stdout
    )
    left = json.loads(terminal.type(f"desk list --cluster {one} --order priority --json").stdout)
    assert [row["number"] for row in left["mentions"]] == [2]
    other = 3 - one
    merged = terminal.type(f"desk cluster {other} --into {one} --as lea").stdout
    assert f"Cluster {other} is part of cluster {one} now, with 1 mention." in merged
    gone = terminal.type(f"desk cluster {other}")
    assert (gone.exit_code, "frontfoot desk clusters" in gone.output) == (ExitCode.USAGE, True)
    assert terminal.type("desk move 1 --to it").exit_code == ExitCode.USAGE


def test_the_plan_says_what_is_open(terminal: Terminal, ledger: Path) -> None:
    assert "Nothing is open." in terminal.type("desk plan").stdout
    asyncio.run(_have(ledger, *crowd(1, 3)))
    assert "3 open" in terminal.type("desk plan").stdout
    (plan,) = json.loads(terminal.type("desk plan --json").stdout)["channels"]
    assert (plan["channel"], plan["open"], plan["arriving_an_hour"]) == ("twitter", 3, 3)


def test_coverage_is_told_by_channel_and_by_agent(terminal: Terminal, ledger: Path) -> None:
    assert "Nobody has said anything yet." in terminal.type("desk coverage").stdout
    asyncio.run(_have(ledger, *crowd(1, 3)))
    terminal.type("desk dismiss 1 --why spam --as lea")
    said = terminal.type("desk coverage").stdout
    assert "33 %: 1 of 3 answered or dismissed, 2 open." in said
    assert re.search(r"^lea +0 +1 +1 +1$", said, re.MULTILINE)
    shown = json.loads(terminal.type("desk coverage --json").stdout)
    assert (shown["total"]["open"], shown["agents"][0]["agent"]) == (2, "lea")
    gone = terminal.type("desk coverage --incident leak")
    assert (gone.exit_code, "no incident 'leak'" in gone.output) == (ExitCode.USAGE, True)


def test_a_surge_is_told_with_the_sources_and_dismissed(terminal: Terminal, ledger: Path) -> None:
    async def surge() -> None:
        database, now = Database.open(f"sqlite:///{ledger}"), datetime.now(UTC)
        await entering.enter(database, [mention(f"s{n}", at=now) for n in range(60)], now)
        await surges.compute(database, ["twitter"], SurgeRule(), now)
        await database.close()

    asyncio.run(surge())
    assert "Surge 1: Far more than usual is said on twitter" in terminal.type("desk sources").output
    said = terminal.type("desk dismiss-surge 1 --as lea").output
    assert said.strip() == "Nobody is told of surge 1 any more."
    assert "Far more" not in terminal.type("desk sources").output
    done = terminal.type("desk dismiss-surge 1 --as lea")
    assert (done.exit_code, "is over, or somebody" in done.output) == (ExitCode.REFUSED, True)
