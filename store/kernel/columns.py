"""Column types with one meaning on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine

from domain.times import in_utc

# SQLite numbers rows by itself only for a primary key declared exactly INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")


class Moment(TypeDecorator[datetime]):
    """An instant: aware and in UTC in Python, ``timestamptz`` in PostgreSQL, text in SQLite.

    A time without a zone is refused with ``ValueError``.
    """

    impl = postgresql.TIMESTAMP
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(DateTime())
        return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = in_utc(value)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def moment_text(value: datetime) -> str:
    """An instant as text that both databases read back as a ``Moment``, for bulk rows.

    It is SQLite's storage format; PostgreSQL sessions are set to UTC, so the zone is implied.
    """
    return in_utc(value).isoformat(" ", "microseconds")[:26]
