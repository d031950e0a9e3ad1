"""Putting mentions into clusters: those that came since, the newest first.

What is found out is committed with the texts that it was found by, so a process that dies forgets
nothing: another one reads the examples from the ledger and goes on. Texts are compared outside of
any transaction. Of two processes that find the same text at once, the ledger has one begin a
cluster of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.clusters import Example, ExampleIndex, Placed
from domain.likeness import Likeness, best_name, likeness_of, name_of
from domain.mentions import MentionState
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.tables import mention_clusters, mention_texts, mention_versions, mentions

CHUNK = 500
"""Mentions of one transaction."""

_M = mentions.c
_TEXT = mention_texts.c
_CLUSTER = mention_clusters.c
_WAITING = (_M.cluster.is_(None), _M.state == MentionState.OPEN.value)


class _Waiting(NamedTuple):
    """A mention for which a cluster is looked for, in one version, and how it compares."""

    number: int
    version: str
    text: str
    like: Likeness


class Clustering:
    """Looks for clusters of mentions; one for each process, which keeps every example in memory.

    Several may run at once, in one process or in several.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = asyncio.Lock()
        self._index = ExampleIndex()
        self._newest = 0

    async def catch_up(self, at: datetime, most: int = 4 * CHUNK) -> bool:
        """Put ``most`` of the open mentions that wait into clusters; whether some still wait."""
        for _ in range(0, most, CHUNK):
            async with self._lock:
                try:
                    count = await self._some(at)
                except BaseException:
                    # The index may have what the ledger has not.
                    self._index, self._newest = ExampleIndex(), 0
                    raise
            if count < CHUNK:
                return False
        return True

    async def _some(self, at: datetime) -> int:
        said = await self._waiting()
        if not said:
            return 0
        waiting = await asyncio.to_thread(_compared, said)
        digests = {one.like.digest for one in waiting}
        async with self._database.read() as connection:
            known = await _clusters_of(connection, digests)
            examples = await self._examples(connection)
        new = {one.like.digest: one for one in waiting if one.like.digest not in known}
        placed = await asyncio.to_thread(self._placed, examples, list(new.values()))
        async with self._database.write(Priority.NORMAL, many_rows=True) as connection:
            # So that texts are committed in the order of their ids.
            await self._database.serialise(connection, "mention_clusters")
            clusters = await self._entered(connection, new, placed, digests, at)
            await _assign(connection, waiting, clusters)
            told: dict[int, list[str]] = {}
            for one in placed:
                if one.example:
                    told.setdefault(clusters[one.digest], []).append(new[one.digest].text)
            await _name(connection, told)
        self._newest = max((one[0] for one in examples), default=self._newest)
        return len(waiting)

    async def _waiting(self) -> Sequence[tuple[int, str, str]]:
        newest = select(_M.id).where(*_WAITING).order_by(_M.id.desc()).limit(CHUNK)
        query = (
            select(_M.id, _M.version, mention_versions.c.text)
            .join(
                mention_versions,
                (mention_versions.c.mention_id == _M.id)
                & (mention_versions.c.version == _M.version),
            )
            .where(_M.id.in_(newest.scalar_subquery()))
            .order_by(_M.id.desc())
        )
        async with self._database.read() as connection:
            return [tuple(row) for row in await connection.execute(query)]

    async def _examples(self, connection: AsyncConnection) -> Sequence[tuple[int, Example]]:
        """The examples that this process has not read yet."""
        query = (
            select(_TEXT.id, _TEXT.digest, _TEXT.words, _TEXT.first)
            .where(_TEXT.id > self._newest, _TEXT.example)
            .order_by(_TEXT.id)
        )
        rows = await connection.execute(query)
        return [(row.id, Example(row.digest, row.words, row.first)) for row in rows]

    def _placed(
        self, examples: Sequence[tuple[int, Example]], new: Sequence[_Waiting]
    ) -> Sequence[Placed]:
        for _, example in examples:
            self._index.add(example)
        return [self._index.place(one.like) for one in new]

    async def _entered(
        self,
        connection: AsyncConnection,
        new: Mapping[str, _Waiting],
        placed: Sequence[Placed],
        digests: Collection[str],
        at: datetime,
    ) -> Mapping[str, int]:
        """The cluster of each text; another process may have found one of them meanwhile."""
        wanted = {*digests, *(one.first for one in placed)}
        clusters = dict(await _clusters_of(connection, wanted))
        placed = [one for one in placed if one.digest not in clusters]
        begun = [one.digest for one in placed if one.first == one.digest]
        if begun:
            rows = [
                {"digest": one, "name": name_of(new[one].text), "begun_at": at} for one in begun
            ]
            inserting = insert(mention_clusters).returning(_CLUSTER.digest, _CLUSTER.id)
            clusters |= {row.digest: row.id for row in await connection.execute(inserting, rows)}
        texts = [
            {
                "digest": one.digest,
                "first": one.first,
                "cluster": clusters[one.first],
                "words": new[one.digest].like.words if one.example else "",
                "example": one.example,
            }
            for one in placed
        ]
        if texts:
            await connection.execute(insert(mention_texts), texts)
        return clusters | {one.digest: clusters[one.first] for one in placed}


def _compared(said: Sequence[tuple[int, str, str]]) -> list[_Waiting]:
    return [_Waiting(number, version, text, likeness_of(text)) for number, version, text in said]


async def _clusters_of(connection: AsyncConnection, digests: Collection[str]) -> Mapping[str, int]:
    query = select(_TEXT.digest, _TEXT.cluster).where(_TEXT.digest.in_(digests))
    return {row.digest: row.cluster for row in await connection.execute(query)}


async def _assign(
    connection: AsyncConnection, waiting: Sequence[_Waiting], clusters: Mapping[str, int]
) -> None:
    """Put each into its cluster, unless it was edited or moved meanwhile."""
    assigning = (
        update(mentions)
        .where(
            _M.id == bindparam("of_number"),
            _M.version == bindparam("of_version"),
            _M.cluster.is_(None),
        )
        .values(cluster=bindparam("into"))
    )
    rows = [
        {
            "of_number": one.number,
            "of_version": one.version,
            "into": clusters[one.like.digest],
        }
        for one in sorted(waiting, key=lambda one: one.number)
    ]
    await connection.execute(assigning, rows)


async def _name(connection: AsyncConnection, told: Mapping[int, Sequence[str]]) -> None:
    """Name clusters anew that have more examples now, unless a person has named them.

    ``told`` are their new texts; the name that each has may still be the best.
    """
    has = select(_CLUSTER.id, _CLUSTER.name).where(_CLUSTER.id.in_(told), _CLUSTER.named_by == "")
    before = {row.id: row.name for row in await connection.execute(has)}
    query = select(_TEXT.cluster, _TEXT.words).where(_TEXT.cluster.in_(before), _TEXT.example)
    examples: dict[int, list[str]] = {}
    for row in await connection.execute(query):
        examples.setdefault(row.cluster, []).append(row.words)
    naming = (
        update(mention_clusters)
        .where(_CLUSTER.id == bindparam("of_cluster"), _CLUSTER.named_by == "")
        .values(name=bindparam("as_name"))
    )
    rows = [
        {"of_cluster": cluster, "as_name": best_name([before[cluster], *told[cluster]], each)}
        for cluster, each in sorted(examples.items())
        if len(each) > 1
    ]
    if rows:
        await connection.execute(naming, rows)
