"""Mail to many: broadcasts, their batches, what became of each recipient, and codes."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from store.kernel.columns import BigId, Moment
from store.tables.metadata import metadata

broadcasts = Table(
    "broadcasts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(16), nullable=False, unique=True),
    Column("incident", String(48), nullable=False),
    Column("number", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("channel", String(31), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("audience", String(100), nullable=False),
    Column("audience_id", Integer, ForeignKey("audiences.id"), nullable=False),
    Column("message_class", String(16), nullable=False, server_default=text("''")),
    Column("batch_size", Integer, nullable=False),
    Column("batches", Integer, nullable=False),
    Column("planned", BigInteger, nullable=False),
    Column("suppressed", BigInteger, nullable=False),
    # Recipients of its audience who get this message as part of another one.
    Column("elsewhere", BigInteger, nullable=False, server_default="0"),
    Column("offer_version", Integer),
    Column("planned_at", Moment, nullable=False),
    # No batch begins while this is true.
    Column("paused", Boolean, nullable=False, server_default=false()),
    # JSON of an Outcome, once its workflow has ended.
    Column("outcome", Text, nullable=False, server_default=text("''")),
    Index(None, "incident", "number"),
)

batches = Table(
    "batches",
    metadata,
    Column("broadcast_id", Integer, ForeignKey("broadcasts.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    # A range of recipient ids, both included, and how many of them it is planned to reach.
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("size", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("started_at", Moment),
    Column("receipt_id", Text),
    Column("receipt_at", Moment),
    # JSON of an Explanation, where somebody may ask why.
    Column("explanation", Text, nullable=False, server_default=text("''")),
    # The newest attempt that an event of the provider carried: proof that it went out.
    Column("proven_attempt", Integer),
    Column("proven_at", Moment),
    Column("accepted_at", Moment),
    # When its last attempt ended without an acceptance.
    Column("ended_at", Moment),
    # How many of its deliveries have a row, by state. Counting a million rows whenever
    # somebody looks at the progress would be too slow.
    Column("suppressed", Integer, nullable=False, server_default="0"),
    Column("processed", Integer, nullable=False, server_default="0"),
    Column("delivered", Integer, nullable=False, server_default="0"),
    Column("dropped", Integer, nullable=False, server_default="0"),
    Column("bounced", Integer, nullable=False, server_default="0"),
    Column("refused", Integer, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)

# A recipient has a row here once more is known than the batch says: an event, a refusal, a
# suppression. Without one, a recipient is in the state of the batch.
deliveries = Table(
    "deliveries",
    metadata,
    Column("broadcast_id", Integer, ForeignKey("broadcasts.id"), primary_key=True),
    Column("recipient_id", BigInteger, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    # Suppressed: not sent.
    Column("withheld", Boolean, nullable=False, server_default=false()),
    Column("reason", String(100)),
    sqlite_with_rowid=False,
)

delivery_events = Table(
    "delivery_events",
    metadata,
    # A repeat of an event carries the same marks, so its id is looked for beside the other events
    # of its delivery. Ids are random: an index of them alone would touch a page for each event.
    Column("broadcast", String(16), primary_key=True),
    Column("recipient_id", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(200), primary_key=True),
    Column("batch", Integer),
    Column("attempt", SmallInteger),
    Column("kind", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    Column("reason_code", String(64)),
    # Its broadcast was not known yet when it arrived.
    Column("early", Boolean, nullable=False, server_default=false()),
    Index(
        "ix_delivery_events_early",
        "broadcast",
        sqlite_where=text("early"),
        postgresql_where=text("early"),
    ),
    sqlite_with_rowid=False,
)

# Events that could not be read: contains addresses.
events_set_aside = Table(
    "events_set_aside",
    metadata,
    Column("id", BigId, primary_key=True),
    # Of the whole event, so that one that is delivered again is known.
    Column("digest", String(64), nullable=False, unique=True),
    Column("channel", String(31), nullable=False),
    Column("at", Moment, nullable=False),
    Column("why", String(100), nullable=False),
    Column("raw", LargeBinary, nullable=False),
)

offers = Table(
    "offers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident", String(48), nullable=False),
    Column("version", Integer, nullable=False),
    Column("terms", Text, nullable=False),
    # Out of the terms, for the statement that keeps the cap; in hundredths of the currency.
    Column("worth", BigInteger, nullable=False),
    Column("pool", String(64)),
    # How many recipients have a code.
    Column("issued", BigInteger, nullable=False, server_default="0"),
    # Which secret its codes are made of; empty for codes that are not ours.
    Column("secret_mark", String(8)),
    # The largest distance from the first to the last recipient of one row in codes.
    Column("widest", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("incident", "version"),
)

# One row holds the codes of a whole batch: a row and an index entry for each of a million codes
# would cost more than everything else in a broadcast. To find a code all rows are read, twelve
# bytes for each code, which takes some hundredths of a second for a million.
codes = Table(
    "codes",
    metadata,
    Column("offer_id", Integer, ForeignKey("offers.id"), primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
    # When the shop had been told of all of them, where it has to be told one by one.
    Column("entered_at", Moment),
    # Their twelve symbols each, in the order of recipients.
    Column("symbols", LargeBinary, nullable=False),
    # Ids of eight bytes each, little-endian; none if nobody is missing from first to last.
    Column("recipients", LargeBinary, nullable=False),
)

code_pool = Table(
    "code_pool",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("pool", String(64), nullable=False),
    Column("code", String(64), nullable=False),
    # As codes are compared: in capitals, without spaces and dashes. One code is in one pool.
    Column("bare", String(64), nullable=False, unique=True),
    Column("offer_id", Integer, ForeignKey("offers.id")),
    Column("recipient_id", BigInteger),
    # For which of the ledger's doubts a person has said that nobody was given it.
    Column("cleared", Integer),
    UniqueConstraint("offer_id", "recipient_id"),
    Index(
        "ix_code_pool_free",
        "pool",
        "id",
        sqlite_where=text("recipient_id IS NULL"),
        postgresql_where=text("recipient_id IS NULL"),
    ),
)

redemptions = Table(
    "redemptions",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("offer_id", Integer, ForeignKey("offers.id"), nullable=False),
    Column("reference", String(200), nullable=False),
    Column("redeemed_at", Moment, nullable=False),
)

# Codes asked for that are not ours, for as long as they count against the caller.
code_guesses = Table(
    "code_guesses",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("caller", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "caller", "at"),
)
