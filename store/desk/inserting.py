"""What a mention and each of its versions are as rows, and inserting those that are new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Table
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import BigInteger, Boolean, Text

from domain.mentions import DismissalReason, Mention, MentionState
from domain.priorities import PriorityRules
from store.kernel.bulk import Bulk, Kind, Scalar
from store.kernel.columns import Moment, moment_text
from store.kernel.database import Database
from store.tables import mention_versions, mentions

_NO_CLUSTER = 0
"""In the row of a private message: whatever asks the same is answered in public, and it is not."""

_MENTION: Mapping[str, Kind] = {
    **{
        name: Text()
        for name in (
            "channel",
            "provider_id",
            "version",
            "kind",
            "conversation",
            "author_id",
            "author_handle",
            "author_name",
            "language",
            "reply_to",
            "url",
            "state",
            "reason",
            "incident",
            "rule",
        )
    },
    "author_followers": BigInteger(),
    "rank": BigInteger(),
    "cluster": BigInteger(),
    "private": Boolean(),
    "written_at": Moment(),
    "changed_at": Moment(),
    "arrived_at": Moment(),
    "closed_at": Moment(),
}
_VERSION: Mapping[str, Kind] = {
    "mention_id": BigInteger(),
    "version": Text(),
    "text": Text(),
    "cut": Boolean(),
    "changed_at": Moment(),
    "arrived_at": Moment(),
}


class Belongs(NamedTuple):
    """What all mentions that are entered together get: an incident, and rules of priority."""

    incident: str
    rules: PriorityRules


async def insert_mentions(
    db: Database, connection: AsyncConnection, rows: Sequence[Mapping[str, Scalar]]
) -> Sequence[Row[Any]]:
    """Insert the mentions that are not there yet; the ``channel`` and ``provider_id`` of those."""
    return await _insert(db, connection, mentions, _MENTION, ["channel", "provider_id"], rows)


async def insert_versions(
    db: Database, connection: AsyncConnection, rows: Sequence[Mapping[str, Scalar]]
) -> Sequence[Row[Any]]:
    """The same with versions; their ``mention_id`` and ``version``."""
    return await _insert(
        db, connection, mention_versions, _VERSION, ["mention_id", "version"], rows
    )


async def _insert(
    db: Database,
    connection: AsyncConnection,
    table: Table,
    columns: Mapping[str, Kind],
    key: list[str],
    rows: Sequence[Mapping[str, Scalar]],
) -> Sequence[Row[Any]]:
    bulk = Bulk(db.dialect, **columns)
    inserting = (
        db.insert_or_ignore(table, key)
        .from_select(list(columns), bulk.select())
        .returning(*(table.c[name] for name in key))
    )
    values = ([row[name] for name in columns] for row in rows)
    return (await connection.execute(inserting, bulk.parameter(values))).all()


def mention_row(mention: Mention, belongs: Belongs, at: datetime) -> dict[str, Scalar]:
    """The row of a mention that came at ``at``."""
    return {
        **described(mention),
        **judged(mention, belongs.rules),
        "channel": mention.channel,
        "provider_id": mention.id,
        "written_at": moment_text(not_later(mention.written_at, at)),
        "changed_at": moment_text(not_later(mention.changed_at, at)),
        "arrived_at": moment_text(at),
        **_begins(mention, at),
        "incident": belongs.incident,
        "cluster": _NO_CLUSTER if mention.is_private_message else None,
    }


def judged(mention: Mention, rules: PriorityRules) -> dict[str, Scalar]:
    """How soon it should be answered, and by which rule."""
    priority, rule = rules.judge(mention)
    return {"rank": priority.rank, "rule": rule}


def _begins(mention: Mention, at: datetime) -> dict[str, Scalar]:
    """The state in which it comes: open, unless a machine wrote it."""
    if not mention.automatic:
        return {"state": MentionState.OPEN.value, "reason": "", "closed_at": None}
    return {
        "state": MentionState.DISMISSED.value,
        "reason": DismissalReason.AUTOMATIC.value,
        "closed_at": moment_text(at),
    }


def version_row(number: int, mention: Mention, at: datetime) -> dict[str, Scalar]:
    """The row of one version of mention ``number``."""
    return {
        "mention_id": number,
        "version": mention.version,
        "text": mention.text,
        "cut": mention.cut,
        "changed_at": moment_text(not_later(mention.changed_at, at)),
        "arrived_at": moment_text(at),
    }


def described(mention: Mention) -> dict[str, Scalar]:
    """What another version may have otherwise."""
    return {
        "version": mention.version,
        "kind": mention.kind.value,
        "conversation": mention.conversation,
        "author_id": mention.author.id,
        "author_handle": mention.author.handle,
        "author_name": mention.author.name,
        "author_followers": mention.author.followers,
        "language": mention.language,
        "reply_to": mention.reply_to,
        "url": mention.url,
        "private": mention.private,
    }


def not_later(moment: datetime, at: datetime) -> datetime:
    """A clock that is ahead would put a mention in front of all others for as long."""
    return min(moment, at)
