"""Who uses the API, and what they asked for: tokens, and requests with a key of their sender's."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text, text

from store.kernel.columns import Moment
from store.tables.metadata import metadata

# What other systems say to the API in the name of a person. The ledger never has the token itself.
tokens = Table(
    "tokens",
    metadata,
    # 16 digits of the token's SHA-256, by which people name it, and the whole of it.
    Column("id", String(16), primary_key=True),
    Column("token_hash", String(64), nullable=False),
    Column("person", String(40), nullable=False),
    Column("name", String(80), nullable=False, server_default=text("''")),
    # Words with a space between them.
    Column("scopes", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("expires_at", Moment, nullable=False),
    # To the hour: a request is no reason to write.
    Column("used_at", Moment),
    Column("removed_at", Moment),
    Column("removed_by", String(40)),
)

# Requests to the API that change something, by the key that their sender gave them, for a day.
api_requests = Table(
    "api_requests",
    metadata,
    Column("token", String(16), primary_key=True),
    # SHA-256 of the key: senders put anything there.
    Column("key", String(64), primary_key=True),
    # SHA-256 of method, address and body.
    Column("fingerprint", String(64), nullable=False),
    Column("began_at", Moment, nullable=False),
    # Since when somebody carries it out; who finds it old carries it out again.
    Column("tried_at", Moment, nullable=False),
    # The answer, once there is one.
    Column("status", Integer),
    Column("location", Text, nullable=False, server_default=text("''")),
    Column("body", LargeBinary),
    Index("ix_api_requests_began_at", "began_at"),
)
