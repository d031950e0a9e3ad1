"""The tables of the ledger.

Words of a stored kind are text (``planned``, ``accepted``), so that the ledger can be read with
any tool. There is no foreign key to ``incidents``: an incident lives in Temporal, this table is
the list of them for people, and nothing that must go out waits for a list.
"""

from __future__ import annotations

from store.tables.api import api_requests, tokens
from store.tables.desk import mention_chains, mention_sources, mention_versions, mentions
from store.tables.mail import (
    batches,
    broadcasts,
    code_guesses,
    code_pool,
    codes,
    deliveries,
    delivery_events,
    events_set_aside,
    offers,
    redemptions,
)
from store.tables.metadata import metadata
from store.tables.outbox import endpoint_keys, endpoints, outbox, outbox_attempts
from store.tables.page import page_heads, status_page
from store.tables.people import (
    audiences,
    confirmation_mails,
    credentials,
    recipients,
    recovery_codes,
    samples,
    sessions,
    sign_in_links,
    sign_ups,
    subscriber_log,
    subscription_components,
    subscriptions,
    suppression_log,
    suppressions,
)
from store.tables.record import (
    drafts,
    event_numbers,
    incident_snapshots,
    incidents,
    installation_end,
    installation_record,
    ledger,
    locks,
    messages,
    nonces,
    openings,
    playbooks,
    proofs,
    publications,
    record_keys,
    revisions,
    stops,
    timeline,
)
from store.tables.replies import replies, reply_accounts

__all__ = [
    "api_requests",
    "audiences",
    "batches",
    "broadcasts",
    "code_guesses",
    "code_pool",
    "codes",
    "confirmation_mails",
    "credentials",
    "deliveries",
    "delivery_events",
    "drafts",
    "endpoint_keys",
    "endpoints",
    "event_numbers",
    "events_set_aside",
    "incident_snapshots",
    "incidents",
    "installation_end",
    "installation_record",
    "ledger",
    "locks",
    "mention_chains",
    "mention_sources",
    "mention_versions",
    "mentions",
    "messages",
    "metadata",
    "nonces",
    "offers",
    "openings",
    "outbox",
    "outbox_attempts",
    "page_heads",
    "playbooks",
    "proofs",
    "publications",
    "recipients",
    "record_keys",
    "recovery_codes",
    "redemptions",
    "replies",
    "reply_accounts",
    "revisions",
    "samples",
    "sessions",
    "sign_in_links",
    "sign_ups",
    "status_page",
    "stops",
    "subscriber_log",
    "subscription_components",
    "subscriptions",
    "suppression_log",
    "suppressions",
    "timeline",
    "tokens",
]
