"""Clusters of mentions: lists with counts, and what people change about them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, select, update

from domain.mentions import MentionState
from domain.model import Value
from domain.times import UtcTime
from store.desk.reading import CHUNK
from store.kernel.database import Database
from store.tables import mention_clusters, mention_texts, mentions

NO_CLUSTER = 0
"""In a mention's row: a person said that it is like no other."""

_M = mentions.c
_CLUSTER = mention_clusters.c
_OPEN = MentionState.OPEN.value


class Cluster(Value):
    """A cluster, by its ``number``. ``named_by`` is empty while its own words are its name.

    ``saved`` is the name of the saved reply that a person suggests; "" for none.
    """

    number: int
    name: str
    named_by: str
    saved: str
    begun_at: UtcTime


class CountedCluster(Cluster):
    """A cluster with how many of its mentions are in each state, and its newest one.

    ``newest`` is the number of the newest open mention, or of the newest one if none is open.
    """

    open: int = 0
    answered: int = 0
    dismissed: int = 0
    deleted: int = 0
    newest: int


async def listed(
    db: Database, *, incident: str = "", least: int = 2, limit: int = 50
) -> list[CountedCluster]:
    """The clusters with ``least`` mentions or more, those with most open ones first."""
    open_ = _counted(MentionState.OPEN)
    conditions: list[ColumnElement[bool]] = [_M.cluster > NO_CLUSTER]
    if incident:
        conditions.append(_M.incident == incident)
    found = (
        select(*_counting())
        .where(*conditions)
        .group_by(_M.cluster)
        .having(func.count() >= least)
        .order_by(open_.desc(), func.count().desc(), _M.cluster)
        .limit(limit)
        .subquery()
    )
    query = (
        select(mention_clusters, *(one for one in found.c if one.name != "cluster"))
        .join(found, found.c.cluster == _CLUSTER.id)
        .order_by(found.c.open.desc(), found.c.many.desc(), _CLUSTER.id)
    )
    async with db.read() as connection:
        return [_counted_cluster(row._mapping) for row in await connection.execute(query)]


async def find(db: Database, number: int) -> Cluster | None:
    """One cluster; None if there is none of that number."""
    async with db.read() as connection:
        row = (
            await connection.execute(select(mention_clusters).where(_CLUSTER.id == number))
        ).first()
    return None if row is None else Cluster.model_validate(_named(row._mapping))


async def names(db: Database, numbers: Collection[int]) -> dict[int, str]:
    """The names of those of these clusters that there are."""
    query = select(_CLUSTER.id, _CLUSTER.name).where(_CLUSTER.id.in_(set(numbers)))
    async with db.read() as connection:
        return {row.id: row.name for row in await connection.execute(query)}


async def open_in(db: Database, cluster: int, incident: str = "") -> list[int]:
    """The numbers of the open mentions of a cluster, the oldest first."""
    query = select(_M.id).where(_M.cluster == cluster, _M.state == _OPEN)
    if incident:
        query = query.where(_M.incident == incident)
    async with db.read() as connection:
        return list(await connection.scalars(query.order_by(_M.written_at, _M.id)))


async def rename(db: Database, number: int, name: str, by: str) -> None:
    """Give a cluster a name."""
    async with db.write() as connection:
        await connection.execute(
            update(mention_clusters).where(_CLUSTER.id == number).values(name=name, named_by=by)
        )


async def suggest(db: Database, number: int, saved: str) -> None:
    """Suggest a saved reply for a cluster, by its name; "" for none."""
    async with db.write() as connection:
        await connection.execute(
            update(mention_clusters).where(_CLUSTER.id == number).values(saved=saved)
        )


async def move(db: Database, numbers: Collection[int], into: int | None, by: str) -> int:
    """Put mentions into a cluster, or into none; how many there are. Edits leave them there."""
    wanted, moved = sorted(set(numbers)), 0
    values = {"cluster": NO_CLUSTER if into is None else into, "clustered_by": by}
    async with db.write(many_rows=True) as connection:
        for begin in range(0, len(wanted), CHUNK):
            some = wanted[begin : begin + CHUNK]
            moving = update(mentions).where(_M.id.in_(some)).values(values)
            moved += (await connection.execute(moving)).rowcount
    return moved


async def merge(db: Database, number: int, into: int) -> int:
    """Put all of a cluster into another, and what will come as well; how many mentions there were.

    The first one is gone then.
    """
    async with db.write(many_rows=True) as connection:
        await db.serialise(connection, "mention_clusters")
        merged = await connection.execute(
            update(mentions).where(_M.cluster == number).values(cluster=into)
        )
        await connection.execute(
            update(mention_texts).where(mention_texts.c.cluster == number).values(cluster=into)
        )
        await connection.execute(delete(mention_clusters).where(_CLUSTER.id == number))
    return int(merged.rowcount)


def _counting() -> list[ColumnElement[Any]]:
    newest_open = func.max(case((_M.state == _OPEN, _M.id)))
    return [
        _M.cluster,
        *(_counted(state).label(state.value) for state in MentionState),
        func.count().label("many"),
        func.coalesce(newest_open, func.max(_M.id)).label("newest"),
    ]


def _counted(state: MentionState) -> ColumnElement[int]:
    return func.sum(case((_M.state == state.value, 1), else_=0))


def _named(row: Any) -> dict[str, object]:
    return {"number": row["id"], **{name: row[name] for name in row if name != "id"}}


def _counted_cluster(row: Any) -> CountedCluster:
    return CountedCluster.model_validate(_named(row))
