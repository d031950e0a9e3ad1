"""Clusters of mentions that ask the same: lists, names, and what people change about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from client.engine import Engine
from client.errors import UnknownCluster, WrongInput
from client.mention_rows import rows_of
from domain.actor import Actor
from domain.errors import DomainError
from domain.mentions import storable
from domain.model import Value
from store.desk import clusters, reading
from store.desk.clusters import Cluster, CountedCluster
from store.desk.reading import MentionRow

__all__ = [
    "Cluster",
    "CountedCluster",
    "ListedCluster",
    "cluster_names",
    "find_cluster",
    "list_clusters",
    "merge_clusters",
    "move_mentions",
    "open_in_cluster",
    "rename_cluster",
    "suggest_reply",
]

LONGEST_NAME = 80
MOST = 200
"""Clusters of one list."""


class ListedCluster(Value):
    """A cluster with its counts, and its newest mention: an open one if there is any."""

    cluster: CountedCluster
    newest: MentionRow


async def list_clusters(
    engine: Engine, *, incident: str = "", least: int = 2, limit: int = 50
) -> list[ListedCluster]:
    """The clusters with ``least`` mentions or more, those with most open ones first.

    Of an ``incident``, only its mentions are counted.
    """
    ledger = await engine.ledger()
    limit = min(max(limit, 1), MOST)
    found = await clusters.listed(ledger, incident=incident, least=least, limit=limit)
    newest = await reading.find_all(ledger, [one.newest for one in found])
    return [
        ListedCluster(cluster=one, newest=newest[one.newest])
        for one in found
        if one.newest in newest
    ]


async def find_cluster(engine: Engine, number: int) -> Cluster:
    """One cluster by its number; ``UnknownCluster`` if there is none."""
    found = await clusters.find(await engine.ledger(), number)
    if found is None:
        raise UnknownCluster(number)
    return found


async def cluster_names(engine: Engine, rows: Iterable[MentionRow]) -> dict[int, str]:
    """The name of each cluster that one of these mentions is in, by number."""
    wanted = {row.cluster for row in rows if row.cluster is not None}
    return await clusters.names(await engine.ledger(), wanted) if wanted else {}


async def open_in_cluster(engine: Engine, cluster: int, incident: str = "") -> list[int]:
    """The numbers of the open mentions of a cluster, the oldest first; of an incident, or all.

    Raises ``UnknownCluster``.
    """
    await find_cluster(engine, cluster)
    return await clusters.open_in(await engine.ledger(), cluster, incident)


async def rename_cluster(engine: Engine, number: int, name: str, *, actor: Actor) -> Cluster:
    """Give a cluster a name that stays; ``WrongInput`` for none, or a long one."""
    name = " ".join(storable(name).split())
    if not name or len(name) > LONGEST_NAME:
        raise WrongInput(
            f"A cluster's name has 1 to {LONGEST_NAME} characters, and this has {len(name):,}.",
            "Give it another one.",
        )
    await find_cluster(engine, number)
    await clusters.rename(await engine.ledger(), number, name, actor.person)
    return await find_cluster(engine, number)


async def suggest_reply(engine: Engine, number: int, saved: str) -> Cluster:
    """Suggest a saved reply for a cluster by its name, or none with ""; raises as above."""
    saved = storable(saved).strip()
    if len(saved) > LONGEST_NAME:
        raise WrongInput(
            f"No saved reply has a name of {len(saved):,} characters.",
            "Name one of the playbook's.",
        )
    await find_cluster(engine, number)
    await clusters.suggest(await engine.ledger(), number, saved)
    return await find_cluster(engine, number)


async def move_mentions(
    engine: Engine, numbers: Collection[int], into: int | None, *, actor: Actor
) -> int:
    """Put mentions into a cluster, or into none; how many there are.

    They stay there when they are edited. Raises ``UnknownMention`` and ``UnknownCluster``, and
    ``DomainError`` for a private message.
    """
    if into is not None:
        await find_cluster(engine, into)
    for row in await rows_of(engine, numbers):
        if row.mention.is_private_message:
            raise DomainError(
                f"Mention {row.number} is a private message, which belongs to no cluster.",
                "Leave it out.",
                means="A cluster is answered in public. Nothing was moved.",
            )
    return await clusters.move(await engine.ledger(), numbers, into, actor.person)


async def merge_clusters(engine: Engine, number: int, into: int) -> int:
    """Put all of a cluster into another; how many mentions there were. The first is gone then.

    What will come and ask the same comes into the other one. Raises as above.
    """
    if number == into:
        raise WrongInput("A cluster cannot be put into itself.", "Name another one.")
    for one in (number, into):
        await find_cluster(engine, one)
    return await clusters.merge(await engine.ledger(), number, into)
