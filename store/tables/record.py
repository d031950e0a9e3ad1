"""What was said and done: incidents, messages, publications, and the sealed record."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from store.kernel.columns import BigId, Moment
from store.tables.metadata import metadata

# One row: which ledger this is. A restored one gets a new generation.
ledger = Table(
    "ledger",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("generation", String(32), nullable=False),
    Column("since", Moment, nullable=False),
    # Free codes of pools up to this id are in doubt, and how often that has come about.
    Column("codes_up_to", BigInteger, nullable=False, server_default="0"),
    Column("codes_doubted", Integer, nullable=False, server_default="0"),
)

# Incidents of which this ledger has forgotten something: nothing goes out for them.
locks = Table(
    "locks",
    metadata,
    Column("incident", String(48), primary_key=True),
    Column("since", Moment, nullable=False),
    # JSON of an Explanation.
    Column("why", Text, nullable=False),
    # Keys of the broadcasts that were compared since, with spaces between.
    Column("compared", Text, nullable=False, server_default=text("''")),
)

# Everything of an incident stopped by a person; at most one in force for each.
stops = Table(
    "stops",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("incident", String(48), nullable=False),
    Column("at", Moment, nullable=False),
    # JSON of an Actor, here and below.
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("ended_at", Moment),
    Column("ended_by", Text, nullable=False, server_default=text("''")),
    # Whether its incident has not heard of it, or of its end.
    Column("untold", Boolean, nullable=False, server_default=false()),
    Index(
        "ix_stops_in_force",
        "incident",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index("ix_stops_incident", "incident"),
)

quarantines = Table(
    "quarantines",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("channel", String(40), nullable=False),
    Column("at", Moment, nullable=False),
    # JSON of an Actor, here and below.
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=text("''")),
    # Who says that it is ours again; it ends once somebody else says so too.
    Column("lift_asked_at", Moment),
    Column("lift_asked_by", Text, nullable=False, server_default=text("''")),
    Column("ended_at", Moment),
    Column("ended_by", Text, nullable=False, server_default=text("''")),
    # Whether open incidents may not have heard of it, or of its end.
    Column("untold", Boolean, nullable=False, server_default=false()),
    Index(
        "ix_quarantines_in_force",
        "channel",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)

# The last state of each incident, from which it can be started again if Temporal is lost.
incident_snapshots = Table(
    "incident_snapshots",
    metadata,
    Column("incident", String(48), primary_key=True),
    Column("entries", Integer, nullable=False, server_default="0"),
    Column("taken_at", Moment, nullable=False),
    # JSON of an IncidentState; its plan, which never changes, is apart.
    Column("state", Text, nullable=False, server_default=text("''")),
    Column("plan", Text, nullable=False),
)

incidents = Table(
    "incidents",
    metadata,
    Column("slug", String(48), primary_key=True),
    Column("title", Text, nullable=False),
    Column("playbook", String(64), nullable=False),
    # Names, with spaces between.
    Column("audiences", Text, nullable=False, server_default=text("''")),
    Column("opened_at", Moment, nullable=False),
    Column("closed_at", Moment),
    # The first run of its workflow: a name is used once.
    Column("run", String(64), nullable=False, server_default=text("''")),
)

playbooks = Table(
    "playbooks",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("files", Text, nullable=False),
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("incident", String(48), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("body", Text, nullable=False),
    Column("author", String(64), nullable=False),
    Column("saved_at", Moment, nullable=False),
)

# What people said of notifying authorities; the newest row about a step counts.
authority_notifications = Table(
    "authority_notifications",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("incident", String(48), nullable=False),
    Column("step", String(40), nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", String(40), nullable=False),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("recorded_at", Moment, nullable=False),
    Index(None, "incident"),
)

messages = Table(
    "messages",
    metadata,
    Column("incident", String(48), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
)

revisions = Table(
    "revisions",
    metadata,
    Column("incident", String(48), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("document", Text, nullable=False),
    Column("author", String(64), nullable=False),
    Column("proposed_at", Moment, nullable=False),
    # Which request made it: another request never gets this text as its own.
    Column("request", String(64), nullable=False, server_default=text("''")),
    ForeignKeyConstraint(["incident", "number"], ["messages.incident", "messages.number"]),
)

publications = Table(
    "publications",
    metadata,
    Column("incident", String(48), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("channel", String(31), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("key", String(16), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("started_at", Moment),
    Column("receipt_id", Text),
    Column("receipt_url", Text),
    Column("receipt_at", Moment),
    # When the first attempt began that may have gone out and was never seen at the provider.
    Column("uncertain_since", Moment),
    # JSON of an Explanation, where somebody may ask why.
    Column("explanation", Text, nullable=False, server_default=text("''")),
    Column("updated_at", Moment, nullable=False),
    # Whose post it is that a look has found.
    Index(None, "channel", "receipt_id"),
)

timeline = Table(
    "timeline",
    metadata,
    Column("incident", String(48), primary_key=True),
    # Its place in the chain of hashes; entries are chained in the order in which they came.
    Column("link", Integer, primary_key=True, autoincrement=False),
    # An incident whose record has other content under its numbers goes on in another branch.
    Column("branch", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("what", Text, nullable=False),
    Column("who", Text, nullable=False),
    # The actor's surface, and how they were authenticated; empty for what a machine did.
    Column("surface", String(16)),
    Column("authenticated_by", String(16)),
    Column("about", Text, nullable=False, server_default=text("''")),
    Column("hash", String(64), nullable=False),
    # Which key sealed the hash, and its signature in hexadecimal digits.
    Column("key_id", String(16), nullable=False),
    Column("seal", String(128), nullable=False),
    UniqueConstraint("incident", "branch", "seq"),
)

# The entries of all timelines in one order, for readers that go on where they were. An entry is
# numbered when it is first read.
event_numbers = Table(
    "event_numbers",
    metadata,
    Column("number", BigId, primary_key=True),
    Column("incident", String(48), nullable=False),
    Column("link", Integer, nullable=False),
    UniqueConstraint("incident", "link"),
)

# The public keys of the installation; the private one is with the workers. A key that replaced
# another is endorsed by it, and accepts it, with a signature each.
record_keys = Table(
    "record_keys",
    metadata,
    Column("key_id", String(16), primary_key=True),
    Column("public", String(64), nullable=False),
    Column("endorsed_by", String(16), nullable=False, server_default=text("''")),
    Column("endorsement", String(128), nullable=False, server_default=text("''")),
    Column("acceptance", String(128), nullable=False, server_default=text("''")),
    Column("since", Moment, nullable=False),
)

# That something may go out. The incident enters one when its gate opens, sealed like the record,
# and the wire sends nothing without it.
openings = Table(
    "openings",
    metadata,
    Column("incident", String(48), primary_key=True),
    # `message`; later also `form` (named blanks) and `role` (free replies).
    Column("kind", String(16), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    # JSON: where it may go, and who decided.
    Column("destinations", Text, nullable=False),
    Column("decisions", Text, nullable=False),
    # A text, since it is sealed to the letter.
    Column("opened_at", String(40), nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("seal", String(128), nullable=False),
    # Not sealed: taking it away gives back only what was signed.
    Column("revoked_at", Moment),
)

# Numbers that are in what is signed, so that it counts once.
nonces = Table(
    "nonces",
    metadata,
    Column("nonce", String(64), primary_key=True),
    Column("person", String(40), nullable=False),
    Column("incident", String(48), nullable=False),
    Column("expires_at", Moment, nullable=False),
    # The proof that it was spent by, and when.
    Column("spent_by", String(32)),
    Column("spent_at", Moment),
    Index(None, "expires_at"),
)

# The evidence of decisions, kept as the bytes that were handed in.
proofs = Table(
    "proofs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("incident", String(48), nullable=False),
    Column("number", Integer, nullable=False),
    Column("credential", String(32), nullable=False),
    Column("statement", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("authenticator_data", LargeBinary, nullable=False),
    Column("client_data", LargeBinary, nullable=False),
    Column("kept_at", Moment, nullable=False),
    # JSON: the public half that it was verified with, and when; empty until it was.
    Column("verified", Text, nullable=False, server_default=text("''")),
    Column("key_id", String(16), nullable=False, server_default=text("''")),
    Column("seal", String(128), nullable=False, server_default=text("''")),
    Index(None, "incident"),
)

# Who came in, what they may sign with and what they may do. Each process appends; a worker seals.
installation_record = Table(
    "installation_record",
    metadata,
    Column("link", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("what", String(40), nullable=False),
    # Ids of people: who did it, and whom it concerns if that is somebody else.
    Column("who", String(40), nullable=False, server_default=text("''")),
    Column("person", String(40), nullable=False, server_default=text("''")),
    Column("surface", String(16), nullable=False, server_default=text("''")),
    Column("about", Text, nullable=False, server_default=text("''")),
    Column("hash", String(64), nullable=False),
    Column("key_id", String(16), nullable=False, server_default=text("''")),
    Column("seal", Text, nullable=False, server_default=text("''")),
)

# One row: how far it is sealed.
installation_end = Table(
    "installation_end",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("entries", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("seal", Text, nullable=False),
)
