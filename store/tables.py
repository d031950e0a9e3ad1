"""The tables of the ledger.

Words of a stored kind are text (``planned``, ``accepted``), so that the ledger can be read with
any tool. There is no foreign key to ``incidents``: an incident lives in Temporal, this table is
the list of them for people, and nothing that must go out waits for a list.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from store.kernel.columns import BigId, Moment

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# One row: which ledger this is. A restored one gets a new generation.
ledger = Table(
    "ledger",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("generation", String(32), nullable=False),
    Column("since", Moment, nullable=False),
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

audiences = Table(
    "audiences",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    # Kept by every import, so that a list of audiences counts no rows.
    Column("recipients", BigInteger, nullable=False, server_default="0"),
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

# Links that sign somebody in, made where Frontfoot runs. The ledger never has the token itself.
sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("made_at", Moment, nullable=False),
    Column("spent_at", Moment),
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
    Index(None, "person"),
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
