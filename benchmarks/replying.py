"""``python -m benchmarks.replying``: replies at an account's limit, announcements, and claims.

A crowd speaks in the sandbox, a desk answers all of it with saved replies, and X takes so many
posts in a window and no more. Beside the replies, one small incident after the other is announced
on the same account. Then, on a ledger of its own: many agents claim the same mentions.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from benchmarks.desk import crowd
from benchmarks.ledgers import ledger
from benchmarks.parts import channels, sandbox, worker
from benchmarks.results import ClaimRace, RepliesRun
from benchmarks.rush_hour import posts_only
from benchmarks.stack import PYTHON, BenchmarkStack, running
from benchmarks.summary import percentile_95
from client import answering, incidents, messages, replies
from client.claims import claim_mention
from client.engine import Engine
from client.facts import record_facts
from client.leaving import leave
from client.listening import start_listening
from client.mentions import MOST, list_mentions
from client.saved_replies import reply_rules
from domain.actor import Actor
from domain.errors import DomainError
from domain.mentions import MentionState
from domain.message import MessageKind
from domain.publication import PublicationState
from domain.replies import AccountLimit, for_replies
from settings import HERE
from store.desk import entering, reply_rows
from store.files.playbook_folder import read_playbook
from store.kernel.database import Database
from store.migrate import upgrade_ledger

CHANNEL = "twitter"
MAYA, NOOR, SAM = map(Actor.at_terminal, ("maya", "noor", "sam"))
INCIDENT = "saturday"
RIVALS = 5
"""So many agents want the same mention at the same time."""

_SAVED = ("told-late", "thanks", "need-help")
_WITHIN = 180.0
_LOOK_EVERY = 0.02


async def measure(
    folder: Path, *, limit: int, window: float, windows: int, announcements: int
) -> RepliesRun:
    """Answer on an account that may post ``limit`` times in ``window`` seconds, for ``windows``."""
    account = AccountLimit(count=limit, window=timedelta(seconds=window))
    usable = for_replies(account)
    async with ledger("sqlite", folder) as url, sandbox(folder) as (_, sandbox_url):
        assert url is not None
        async with (
            running(folder, url, sandbox_url) as on,
            httpx.AsyncClient(base_url=sandbox_url, timeout=30, trust_env=False) as http,
        ):
            on.environment = {**on.environment, **_settings(sandbox_url, limit, window)}
            dials = {"x_posts_per_window": limit, "x_window_seconds": window}
            dials["x_mention_depth"] = 100_000
            (await http.post("/_sandbox/dials", json=dials)).raise_for_status()
            said = usable * (windows + 3)
            order = {"provider": CHANNEL, "count": said, "texts": ["what is going on?"]}
            async with worker(folder, on, PYTHON):
                await _open(on.engine)
                (await http.post("/_sandbox/crowd", json=order)).raise_for_status()
                await _sign(on.engine)
                # A few cannot be answered with a saved reply; those that are left are enough.
                await _plan(on, usable * (windows + 1))
                await _begun(on.database)
                # From a time on at which all is planned: any window lets out the same.
                began = datetime.now(UTC)
                end = began + timedelta(seconds=window * windows)
                waits = await _announce(on, http, announcements, end)
                await asyncio.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds() + 1))
                return await _count(on.database, account, windows, began, end, waits)


def _settings(sandbox_url: str, limit: int, window: float) -> dict[str, str]:
    return {
        **channels(sandbox_url, sandbox_url),
        "FRONTFOOT_TWITTER_LIMITS": f"{limit}/{window:.0f}",
        "FRONTFOOT_LISTEN": CHANNEL,
        "FRONTFOOT_LISTEN_EVERY": "5",
    }


async def _open(engine: Engine) -> None:
    await incidents.open_incident(
        engine,
        slug=INCIDENT,
        title="Spam went out through customers' accounts",
        files=read_playbook(HERE / "playbooks" / "site-compromised"),
        actor=MAYA,
    )


async def _sign(engine: Engine) -> None:
    """Have the reply rules signed; nothing is sent before."""
    deadline = time.monotonic() + _WITHIN
    await record_facts(engine, INCIDENT, actor=MAYA, facts={"summary": "Spam went out."})
    message = await messages.propose(engine, INCIDENT, MessageKind.REPLY_RULES, actor=MAYA)
    await messages.decide(engine, INCIDENT, actor=NOOR, digest=message.digest)
    while await reply_rules(engine, INCIDENT) is None:
        _refuse_late(deadline, "The reply rules are not in force")
        await asyncio.sleep(_LOOK_EVERY)


async def _plan(on: BenchmarkStack, wanted: int) -> None:
    """Hear the crowd and plan so many replies that are not sent yet."""
    deadline = time.monotonic() + _WITHIN
    # Once: whoever asks has the newest page read, and older ones wait.
    await start_listening(on.client, CHANNEL, now=True)
    while True:
        found, after = list[int](), None
        while True:
            page = await list_mentions(on.engine, state=MentionState.OPEN, after=after, limit=MOST)
            found += [row.number for row in page.mentions]
            after = page.after
            if after is None:
                break
        known = await replies.current_replies(on.engine, found)
        new = [one for one in found if one not in known]
        for place, saved in enumerate(_SAVED):
            some = new[place :: len(_SAVED)]
            if some:
                try:
                    await answering.answer_many(on.engine, some, actor=SAM, saved=saved)
                except DomainError:
                    # Every wording was used for these authors.
                    continue
        if (await reply_rows.counts(on.database)).get(PublicationState.PLANNED, 0) >= wanted:
            return
        _refuse_late(deadline, "The crowd was not answered")
        await asyncio.sleep(0.2)


async def _begun(ledger: Database) -> None:
    """Return when replies go out."""
    deadline = time.monotonic() + _WITHIN
    while not await _sent(ledger):
        _refuse_late(deadline, "No reply went out")
        await asyncio.sleep(_LOOK_EVERY)


async def _announce(
    on: BenchmarkStack, http: httpx.AsyncClient, many: int, end: datetime
) -> list[float]:
    """Announce ``many`` incidents until ``end``; seconds from each approval to its post on X."""
    every = (end - datetime.now(UTC)).total_seconds() / max(many, 1)
    waits = list[float]()
    for number in range(1, many + 1):
        began = time.monotonic()
        waits.append(await _one(on, http, number))
        await asyncio.sleep(max(0.0, every - (time.monotonic() - began)))
    return waits


async def _one(on: BenchmarkStack, http: httpx.AsyncClient, number: int) -> float:
    title, slug = f"Outage number {number:04}", f"urgent-{number}"
    await incidents.open_incident(on.engine, slug=slug, title=title, files=posts_only(), actor=MAYA)
    message = await messages.propose(on.engine, slug, MessageKind.ANNOUNCEMENT, actor=MAYA)
    approved, deadline = time.time(), time.monotonic() + _WITHIN
    await messages.decide(on.engine, slug, actor=NOOR, digest=message.digest)
    while True:
        books = (await http.get("/_sandbox/books")).raise_for_status().json()
        there = [post["at"] for post in books[CHANNEL]["posts"] if title in post["text"]]
        if there:
            return float(min(there)) - approved
        _refuse_late(deadline, f"{slug} was not announced")
        await asyncio.sleep(_LOOK_EVERY)


async def _count(
    ledger: Database,
    account: AccountLimit,
    windows: int,
    began: datetime,
    end: datetime,
    waits: Sequence[float],
) -> RepliesRun:
    sent = [one for one in await _sent(ledger) if one.started_at and began <= one.started_at < end]
    left = for_replies(account) * windows - len(waits)
    return RepliesRun(
        limit=account.count,
        window=account.window.total_seconds(),
        replies=len(sent),
        allowed=left,
        refused=sum(max(one.attempt - 1, 0) for one in sent),
        seconds=(end - began).total_seconds(),
        announced=tuple(waits),
    )


async def _sent(ledger: Database) -> list[reply_rows.ReplyRow]:
    states = (PublicationState.ACCEPTED,)
    return await reply_rows.listed(ledger, states, incident=INCIDENT, limit=100_000)


def _refuse_late(deadline: float, what: str) -> None:
    if time.monotonic() > deadline:
        raise RuntimeError(f"{what} after {_WITHIN:.0f} s.")


# --- claims -------------------------------------------------------------------------------------


async def race(folder: Path, agents: int, mentions: int, seed: int) -> ClaimRace:
    """Have ``agents`` claim ``mentions`` at once, ``RIVALS`` of them each one."""
    url = f"sqlite:///{folder / 'claims.db'}"
    await upgrade_ledger(url)
    ledger = Database.open(url)
    try:
        now = datetime.now(UTC)
        said = list(crowd(0, mentions, seed, now))
        await entering.enter(ledger, said, now)
        draw = random.Random(seed)
        wanted: dict[int, list[int]] = {agent: [] for agent in range(agents)}
        for number in range(1, mentions + 1):
            for agent in draw.sample(range(agents), min(RIVALS, agents)):
                wanted[agent].append(number)
        began = time.perf_counter()
        got = await asyncio.gather(
            *(_claims(Engine(ledger=ledger), agent, some) for agent, some in wanted.items())
        )
        seconds = time.perf_counter() - began
    finally:
        await ledger.close()
    owners = Counter(number for numbers in got for number in numbers)
    return ClaimRace(
        agents=agents,
        mentions=mentions,
        seconds=seconds,
        one_owner=sum(times == 1 for times in owners.values()),
    )


async def _claims(engine: Engine, agent: int, numbers: Sequence[int]) -> list[int]:
    """Claim whatever one can, from the first on, as all do; the numbers that this agent got."""
    actor, got = Actor.at_terminal(f"agent-{agent}"), list[int]()
    for number in numbers:
        try:
            await claim_mention(engine, number, actor=actor)
        except DomainError:
            continue
        got.append(number)
    return got


# --- in words -----------------------------------------------------------------------------------


def lines(found: RepliesRun, race_: ClaimRace) -> Iterator[str]:
    """The results in words."""
    yield (
        f"replies on an account with {found.limit:,} posts in {found.window:.0f} s: "
        f"{found.replies:,} in {found.seconds:.0f} s, {found.share:.1%} of what announcements and "
        f"the reserve left; refused for rate: {found.refused}"
    )
    yield (
        f"approval to post on the same account meanwhile: 95 % within "
        f"{percentile_95(found.announced):.2f} s ({len(found.announced)} announcements)"
    )
    yield (
        f"{race_.agents} agents claim {race_.mentions:,} mentions, each wanted by several: "
        f"{race_.one_owner:,} have one owner, after {race_.seconds:.1f} s"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return an exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replying", description=__doc__)
    parser.add_argument("--limit", type=int, default=200, help="posts of the account in a window")
    parser.add_argument("--window", type=float, default=60.0, help="seconds")
    parser.add_argument("--windows", type=int, default=1)
    parser.add_argument("--announcements", type=int, default=9)
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--mentions", type=int, default=1_000)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="ff-replying-") as folder:
        for line in asyncio.run(_both(given, Path(folder))):
            print(line)
    return 0


async def _both(given: argparse.Namespace, folder: Path) -> list[str]:
    raced = await race(folder, given.agents, given.mentions, seed=1)
    found = await measure(
        folder,
        limit=given.limit,
        window=given.window,
        windows=given.windows,
        announcements=given.announcements,
    )
    return list(lines(found, raced))


if __name__ == "__main__":
    leave(main())
