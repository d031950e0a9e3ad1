"""Whom we write to and who decides: audiences, subscribers, suppressions, sessions, credentials."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from store.kernel.columns import BigId, Moment
from store.tables.metadata import metadata

audiences = Table(
    "audiences",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    # Kept by every import, so that a list of audiences counts no rows.
    Column("recipients", BigInteger, nullable=False, server_default="0"),
    # When an import last wrote to it.
    Column("imported_at", Moment),
)

recipients = Table(
    "recipients",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("audience_id", Integer, ForeignKey("audiences.id"), nullable=False),
    Column("address", Text, nullable=False),
    # The address as addresses are compared: in lower case. Ann@ and ann@ are one mailbox.
    Column("mailbox", Text, nullable=False),
    Column("segment", String(100)),
    Column("columns", Text, nullable=False, server_default="{}"),
    UniqueConstraint("audience_id", "mailbox"),
    # Planning walks one audience in the order of ids.
    Index(None, "audience_id", "id"),
)

# Who subscribed on the status page: a recipient of the audience `subscribers`. Whoever left stays
# as a number, so that an import does not subscribe them again, and so do those who are forgotten:
# without an address, because the broadcasts that they were in are counted by number.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column(
        "recipient_id",
        BigInteger,
        ForeignKey("recipients.id"),
        primary_key=True,
        autoincrement=False,
    ),
    # `confirmed`, `unsubscribed` or `forgotten`, since when, and whether by the page or an import.
    Column("state", String(16), nullable=False),
    Column("since", Moment, nullable=False),
    Column("source", String(16), nullable=False),
    sqlite_with_rowid=False,
)

# The parts of the product that a subscriber chose; whoever has no row chose all of them.
subscription_components = Table(
    "subscription_components",
    metadata,
    Column(
        "recipient_id",
        BigInteger,
        ForeignKey("recipients.id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("component", String(200), primary_key=True),
    sqlite_with_rowid=False,
)

# Requests to subscribe. They are forgotten after a week, whether they were confirmed or not.
sign_ups = Table(
    "sign_ups",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("mailbox", Text, nullable=False, unique=True),
    Column("address", Text, nullable=False),
    # JSON list of names.
    Column("components", Text, nullable=False),
    # What the link to confirm has in it; another request for the same mailbox has another.
    Column("nonce", String(32), nullable=False, unique=True),
    Column("asked_at", Moment, nullable=False),
    # Who it became.
    Column("recipient_id", BigInteger),
    Index(None, "asked_at"),
)

# The outbox of mails that ask for a confirmation: a worker sends each at most once.
confirmation_mails = Table(
    "confirmation_mails",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("mailbox", Text, nullable=False),
    Column("nonce", String(32), nullable=False),
    # `planned`, `sending`, `accepted`, `refused`, `unknown` or `superseded`.
    Column("state", String(16), nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    # Not before, after an attempt that certainly did not go out.
    Column("due_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("why", Text, nullable=False, server_default=text("''")),
    Index(None, "mailbox", "asked_at"),
    Index(None, "state", "due_at"),
    # Its number is in the mail and in late events about it: none is given again.
    sqlite_autoincrement=True,
)

# The outbox of samples: a message's copy, mailed to one person on duty as a test.
samples = Table(
    "samples",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("incident", String(48), nullable=False),
    Column("number", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("channel", String(31), nullable=False),
    # Empty: the copy for every audience.
    Column("audience", String(100), nullable=False, server_default=text("''")),
    # Empty after a day.
    Column("address", Text, nullable=False),
    Column("asked_by", String(40), nullable=False),
    Column("asked_at", Moment, nullable=False),
    # `planned`, `sending`, `accepted`, `refused`, `unknown` or `abandoned`.
    Column("state", String(16), nullable=False),
    Column("started_at", Moment),
    Column("why", Text, nullable=False, server_default=text("''")),
    Index("ix_samples_state", "state"),
    Index("ix_samples_asked_by", "asked_by", "asked_at"),
    # Its number is in the mail and in late events about it: none is given again.
    sqlite_autoincrement=True,
)

# Who imported subscribers or had one forgotten, and why; whoever is forgotten is not named.
subscriber_log = Table(
    "subscriber_log",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("what", String(16), nullable=False),
    Column("many", BigInteger, nullable=False, server_default="1"),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False, server_default=text("''")),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("mailbox", Text, primary_key=True),
    # Empty: every class of message.
    Column("message_class", String(16), primary_key=True, server_default=text("''")),
    Column("reason", String(64), nullable=False),
    Column("source", String(64), nullable=False),
    Column("at", Moment, nullable=False),
)

# Who put an address on the list or took it off, and why; bulk work has one row without a mailbox.
suppression_log = Table(
    "suppression_log",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("what", String(16), nullable=False),
    Column("mailbox", Text),
    Column("message_class", String(16)),
    Column("reason", String(64), nullable=False, server_default=text("''")),
    Column("many", BigInteger, nullable=False, server_default="1"),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False, server_default=text("''")),
    Index(None, "mailbox"),
)

# Links that sign somebody in, made where Frontfoot runs. The ledger never has the token itself.
sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("made_at", Moment, nullable=False),
    Column("spent_at", Moment),
    # Whom it signs in; nobody in particular on the embedded stack.
    Column("person", String(40)),
)

# Who is signed in to the console. The cookie has the id, and the ledger its hash.
sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", String(64), primary_key=True),
    Column("person", String(40), nullable=False),
    Column("since", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ended_at", Moment),
    # The passkey that has begun it, or "oidc"; empty where something else has.
    Column("credential", String(32), nullable=False, server_default=text("''")),
    # `link`, `passkey`, `recovery code` or `company account`; empty for one of before.
    Column("begun_by", String(16), nullable=False, server_default=text("''")),
)

# Codes that sign somebody in once who has lost their passkeys. New ones replace the old.
recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    Column("person", String(40), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("spent_at", Moment),
    Index("ix_recovery_codes_person", "person"),
)

# What people sign with: the public halves. One that was removed stays, and is worth nothing.
credentials = Table(
    "credentials",
    metadata,
    # 32 digits of the public key's SHA-256.
    Column("id", String(32), primary_key=True),
    Column("person", String(40), nullable=False),
    # `key` or `passkey`.
    Column("kind", String(16), nullable=False),
    # In SPKI DER.
    Column("public", LargeBinary, nullable=False),
    # Of a passkey: the host that it is bound to, the page where it was enrolled, and the
    # browser's name for it.
    Column("rp_id", String(255), nullable=False, server_default=text("''")),
    Column("origin", String(300), nullable=False, server_default=text("''")),
    Column("passkey_id", Text, nullable=False, server_default=text("''")),
    Column("name", String(80), nullable=False, server_default=text("''")),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("removed_at", Moment),
    Column("removed_by", String(40)),
    # Until somebody has confirmed it, it waits and signs nothing.
    Column("confirmed_at", Moment),
    Column("confirmed_by", String(40)),
    # When it last proved something: a decision, or who signs in.
    Column("used_at", Moment),
    Index(None, "person"),
)

# On-call calendars that are kept elsewhere, as they were last read: moments and ids of people.
calendars = Table(
    "calendars",
    metadata,
    # Of the schedule's name, its source and its zone: another source is another calendar.
    Column("key", String(64), primary_key=True),
    Column("schedule", String(40), nullable=False),
    # JSON; of the last time that it could be read.
    Column("events", Text, nullable=False, server_default=text("'[]'")),
    Column("read_at", Moment),
    Column("tried_at", Moment, nullable=False),
    # Why it could not be read the last time; empty if it could.
    Column("problem", Text, nullable=False, server_default=text("''")),
    Column("next_step", Text, nullable=False, server_default=text("''")),
)
