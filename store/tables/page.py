"""The status page: how often it was written, and what its seals are about."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from store.kernel.columns import Moment
from store.tables.metadata import metadata

# One row: the status page of this installation, and how often it was written.
status_page = Table(
    "status_page",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("taken_at", Moment, nullable=False),
)

# Of what the seals on the page are about: the ends of all records, from this snapshot on.
page_heads = Table(
    "page_heads",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    # JSON: for each incident its name, its entries, and the hash of the last one.
    Column("heads", Text, nullable=False),
)
