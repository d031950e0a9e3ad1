"""``python -m benchmarks.desk``: what the desk does with a day's mentions, and with very many.

A day: taken in page by page, put into clusters, and planned, one after the other. Very many: the
same ledger filled up, then a thousand more that are put into clusters beside all of them, and lists
of every kind, first pages and later ones. On SQLite, in one process, without a provider: what a
worker and the console do between the wire and the ledger.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.results import DeskRun
from benchmarks.summary import percentile_95
from client import mentions
from client.clusters import list_clusters
from client.engine import Engine
from client.mentions import Order
from client.reply_plan import plan_replies
from domain.mentions import Author, Mention, MentionState
from domain.priorities import MentionPriority
from store.desk import clusters, entering
from store.desk.clustering import CHUNK, Clustering
from store.kernel.database import Database
from store.migrate import upgrade_ledger
from store.record import incidents
from store.recovery import snapshots

DAY, MANY, MORE = 5_676, 100_000, 1_000
QUESTIONS = (
    "is this you? something odd was posted from my account",
    "are my passwords safe?",
    "when will it be fixed?",
    "I cannot sign in any more",
    "thanks for telling us so fast",
    "why did nobody tell us before",
    "can I have a refund for this month",
    "was passiert gerade? Ist mein Konto betroffen?",
    "\u00bfmis contrase\u00f1as est\u00e1n a salvo?",
    "\u7533\u3057\u8a33\u306a\u3044\u304c\u3001\u4f55\u304c\u8d77\u304d\u305f\u306e\u3067\u3059\u304b",
)
_BEFORE = ("", "hey ", "@feather ", "please tell me ", "omg ", "hello team, ")
_AFTER = ("", "!!!", " please answer", " thx", " https://t.co/x", " \U0001f621")
_OWN_WORDS = 0.25
"""So many say something that nobody else says."""

_RULES = {"priority": [{"name": "Money", "words": ["refund*"]}]}
_PAGE = 100
_LOOKS = 20


def crowd(first: int, count: int, seed: int, at: datetime) -> Iterator[Mention]:
    """``count`` mentions from number ``first`` on, by thousands of people, with their mistakes."""
    draw = random.Random(seed * 1_000_003 + first)
    for number in range(first, first + count):
        said = at - timedelta(seconds=first + count - number)
        yield Mention(
            channel=draw.choice(("twitter", "twitter", "facebook")),
            id=str(number),
            version="1",
            author=Author(id=str(draw.randrange(5_000)), handle=f"h{number % 5_000}"),
            text=_text(draw),
            language=draw.choice(("en", "en", "en", "de", "es", "ja")),
            written_at=said,
            changed_at=said,
        )


def _text(draw: random.Random) -> str:
    if draw.random() < _OWN_WORDS:
        return " ".join(_word(draw) for _ in range(draw.randrange(4, 16)))
    letters = list(draw.choice(QUESTIONS))
    for _ in range(draw.choice((0, 0, 1, 2))):
        letters[draw.randrange(len(letters))] = draw.choice(" aeinrst")
    return draw.choice(_BEFORE) + "".join(letters) + draw.choice(_AFTER)


def _word(draw: random.Random) -> str:
    syllables = (draw.choice("bdfglmnprst") + draw.choice("aeiou") for _ in range(3))
    return "".join(syllables) + draw.choice("xyz")


async def measure(folder: Path, day: int, many: int, seed: int) -> DeskRun:
    """Both parts, on a new ledger in ``folder``."""
    url = f"sqlite:///{folder / 'desk.db'}"
    await upgrade_ledger(url)
    ledger = Database.open(url)
    try:
        return await _measure(ledger, day, many, seed)
    finally:
        await ledger.close()


async def _measure(ledger: Database, day: int, many: int, seed: int) -> DeskRun:
    engine, clustering, now = Engine(ledger=ledger), Clustering(ledger), datetime.now(UTC)
    await incidents.register(ledger, "day", "A day", "outage", (), now)
    await snapshots.keep_plan(ledger, "day", json.dumps({"mentions": _RULES}))
    taken_in = await _taken(_enter(ledger, list(crowd(0, day, seed, now))))
    clustered = await _taken(_cluster(clustering))
    planned = await _taken(plan_replies(engine))
    found = await clusters.listed(ledger, limit=10)
    await _enter(ledger, list(crowd(day, max(0, many - day - MORE), seed, now)))
    await _cluster(clustering)
    await _enter(ledger, list(crowd(many, MORE, seed, now)))
    each = await _taken(_cluster(clustering)) / MORE
    return DeskRun(
        mentions=day,
        taken_in=taken_in,
        clustered=clustered,
        planned=planned,
        in_ten_clusters=sum(one.open for one in found) / day,
        many=many,
        clustering_each=each,
        lists=await _lists(engine, found[0].number if found else 1),
        planned_many=tuple([await _taken(plan_replies(engine)) for _ in range(_LOOKS)]),
    )


async def _enter(ledger: Database, said: Sequence[Mention]) -> None:
    for begin in range(0, len(said), _PAGE):
        await entering.enter(ledger, said[begin : begin + _PAGE], datetime.now(UTC))


async def _cluster(clustering: Clustering) -> None:
    while await clustering.catch_up(datetime.now(UTC), CHUNK):
        pass


async def _lists(engine: Engine, cluster: int) -> dict[str, tuple[float, ...]]:
    """Seconds of the first pages of each list, by what it is narrowed to."""
    state = MentionState.OPEN

    async def newest(after: int | None) -> mentions.MentionList:
        return await mentions.list_mentions(engine, state=state, after=after)

    async def by_priority(after: int | None) -> mentions.MentionList:
        return await mentions.list_mentions(engine, state=state, order=Order.PRIORITY, after=after)

    async def of_cluster(after: int | None) -> mentions.MentionList:
        return await mentions.list_mentions(engine, state=state, cluster=cluster, after=after)

    async def in_language(after: int | None) -> mentions.MentionList:
        return await mentions.list_mentions(engine, state=state, language="ja", after=after)

    async def urgent(after: int | None) -> mentions.MentionList:
        return await mentions.list_mentions(
            engine, state=state, priority=MentionPriority.HIGH, after=after
        )

    async def every_cluster(_: int | None) -> None:
        await list_clusters(engine)

    return {
        "newest first": await _pages(newest),
        "by priority": await _pages(by_priority),
        "of a cluster": await _pages(of_cluster),
        "in a language": await _pages(in_language),
        "of high priority": await _pages(urgent),
        "the clusters": await _pages(every_cluster),
    }


async def _pages(
    page: Callable[[int | None], Awaitable[mentions.MentionList | None]],
) -> tuple[float, ...]:
    times, after = list[float](), None
    for _ in range(_LOOKS):
        began = time.perf_counter()
        found = await page(after)
        times.append(time.perf_counter() - began)
        after = None if found is None else found.after
    return tuple(times)


async def _taken(work: Awaitable[object]) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


def lines(found: DeskRun) -> Iterator[str]:
    """The result in words."""
    yield (
        f"{found.mentions:,} mentions: taken in in {found.taken_in:.1f} s, clustered in "
        f"{found.clustered:.1f} s, planned in {found.planned:.2f} s; "
        f"{found.in_ten_clusters:.0%} are in the ten largest clusters"
    )
    yield f"beside {found.many:,}: {found.clustering_each * 1e3:.2f} ms for each to be clustered"
    yield f"the plan of {found.many:,}: 95 % within {percentile_95(found.planned_many):.3f} s"
    for name, seconds in found.lists.items():
        yield f"list of {found.many:,}, {name}: 95 % within {percentile_95(seconds):.3f} s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return an exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.desk", description=__doc__)
    parser.add_argument("--mentions", type=int, default=DAY, help="of the day")
    parser.add_argument("--many", type=int, default=MANY, help="in the end")
    parser.add_argument("--seed", type=int, default=20131026, help="of what people say")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="ff-desk-") as folder:
        found = asyncio.run(measure(Path(folder), given.mentions, given.many, given.seed))
    for line in lines(found):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
