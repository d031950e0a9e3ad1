"""How long activities may take and when they are tried again: every number has its name here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from temporalio.common import Priority, RetryPolicy

AMBIGUOUS = ["TemporalTimeout:StartToClose", "TemporalTimeout:Heartbeat"]
"""Time-outs after which nobody knows what happened; a policy must never repeat a post on them."""


@dataclass(frozen=True)
class ActivityPolicy:
    """Time-outs and retries of one group of activities.

    ``start_within``: how long a worker may take to fetch it, where it must not wait for ever.
    ``done_within``: how long it may take with all its retries.
    """

    start_to_close: timedelta
    retry: RetryPolicy
    heartbeat: timedelta | None = None
    start_within: timedelta | None = None
    done_within: timedelta | None = None


LEDGER = ActivityPolicy(
    start_to_close=timedelta(seconds=30),
    retry=RetryPolicy(
        initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=15)
    ),
)
"""Idempotent work on our own ledger: repeated until it is done."""

RECORD_AGAIN = timedelta(minutes=1)
"""The pause after the ledger has refused something of the record for good."""
ASKED_WITHIN = timedelta(seconds=60)
"""How long somebody who asked for something waits for the ledger, and for others who asked."""

ASKED = replace(LEDGER, done_within=ASKED_WITHIN)
"""The same, while the answer to a request waits for it."""

ASKING = replace(LEDGER, done_within=timedelta(minutes=5))
"""Asking people, and telling them that it is over. A ledger that is away for longer keeps no gate
from its next rung, and no incident from its end."""

REMIND_AGAIN_AT_MOST = timedelta(minutes=5)
"""The longest pause between two tries to ask about a promise, or to end that: at first a minute."""

REMINDED = replace(LEDGER, done_within=timedelta(minutes=2))
"""The same, while a promise comes near: the clock does not wait for whoever should be asked."""

PROVEN_BY_SIGNAL = replace(LEDGER, done_within=timedelta(minutes=10))
"""The same, while nobody waits: a decision by signal outlives a ledger that is being restarted."""

MOST_PROVING = 20
"""The proofs of decisions that are verified at once: each decision begins an activity."""

MOST_WAITING = 6
"""The requests that wait for the ledger at once. The server lets ten wait for an answer, and a
decision or a withdrawal must find a place."""

BULK_LEDGER = ActivityPolicy(
    start_to_close=timedelta(minutes=10),
    heartbeat=timedelta(seconds=30),
    retry=RetryPolicy(
        initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)
    ),
)
"""The same over a whole audience."""

ATTEMPT = ActivityPolicy(
    # Longer than the adapters' own time-outs together, so that an adapter reports first.
    start_to_close=timedelta(seconds=60),
    heartbeat=timedelta(seconds=10),
    retry=RetryPolicy(
        initial_interval=timedelta(milliseconds=500),
        maximum_interval=timedelta(seconds=60),
        non_retryable_error_types=AMBIGUOUS,
    ),
)
"""One attempt at a publication: retried while nothing went out, never after a time-out."""

LOOK = ActivityPolicy(
    start_to_close=timedelta(seconds=60),
    start_within=timedelta(minutes=15),
    retry=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_interval=timedelta(minutes=1),
        maximum_attempts=30,
    ),
)
"""Reading a platform back: harmless to repeat, but not for ever."""

BATCHES = ActivityPolicy(
    start_to_close=timedelta(minutes=10),
    heartbeat=timedelta(seconds=10),
    retry=RetryPolicy(
        initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=60)
    ),
)
"""A range of batches. Repeating it is always safe: the ledger hands out each batch once."""

OUTBOX = ActivityPolicy(
    # A round begins requests for 20 seconds, and the last one may take 15 more.
    start_to_close=timedelta(minutes=2),
    heartbeat=timedelta(seconds=10),
    retry=RetryPolicy(
        initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=30)
    ),
)
"""A round of requests to an endpoint: repeated after a time-out too, with the same ids."""

NOTIFYING = ActivityPolicy(
    # A round begins messages for 20 seconds, and the last one may take 15 more.
    start_to_close=timedelta(minutes=2),
    heartbeat=timedelta(seconds=10),
    retry=RetryPolicy(
        initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=30)
    ),
)
"""A round of notifications: repeated after a time-out too. Twice is better than not at all."""

LISTENING = ActivityPolicy(
    # One request, or the few that an adapter needs for one page.
    start_to_close=timedelta(minutes=2),
    heartbeat=timedelta(seconds=10),
    start_within=timedelta(minutes=10),
    retry=RetryPolicy(
        initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)
    ),
)
"""Reading one page of what people say: repeated after a time-out too, since it only reads."""

REPLYING = ActivityPolicy(
    # It sends for a while, and ends by itself once what is on the wire has ended.
    start_to_close=timedelta(minutes=3),
    heartbeat=timedelta(seconds=10),
    start_within=timedelta(minutes=10),
    retry=RetryPolicy(
        initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)
    ),
)
"""Sending replies: repeated after a time-out too, since it looks for what was under way first."""

URGENT = Priority(priority_key=1)
ORDINARY = Priority(priority_key=3)
BACKGROUND = Priority(priority_key=5)

FEWEST_BATCHES_PER_ACTIVITY, BATCHES_PER_ACTIVITY = 3, 100
"""Provider requests between two Temporal round trips: many keep Temporal's share small. A worker
that needs long for them hands the rest back."""

MOST_REQUESTS_PER_ACTIVITY = 8
"""Of these, how many are on the wire at once. What one process takes at a moment shares a
transaction, so one activity with eight requests is cheaper than eight with one, and costs the same
however many workers there are."""

SMALL_BATCH = 5
SMALL_BATCHES_PER_ACTIVITY = 200
"""The same where batches have fewer than ``SMALL_BATCH`` recipients, as over SMTP: one each."""

MOST_IN_DOUBT = 3
"""Batches in a row that the provider does not take, in words that may be about their recipients or
about us, until we take it that they are about us."""

MOST_REFUSALS, MOST_DEFERRALS = 2, 5
"""How often one batch is tried if the provider refuses it, or defers it, while it takes others."""

WAIT_TOLD_FROM = timedelta(seconds=4)
"""A wait for the provider's limit that is shorter than this is not told to anybody."""

HELD_FIRST, HELD_AT_MOST = timedelta(seconds=1), timedelta(seconds=30)
"""How long a broadcast waits until it asks again whether everything is still stopped, at first and
at most. Who resumes it has it ask at once."""

EVENTS_POLL = timedelta(seconds=2)
"""The shortest pause between two looks at the delivery events of unknown batches."""

OVERTAKEN_WAIT = timedelta(minutes=2)
"""How long a message waits for an overtaken one that is on the wire on the same channel."""

ASK_AFTER, ASK_AT_MOST = timedelta(seconds=30), timedelta(minutes=5)
"""How long an incident waits for news of a publication before it asks, and at most in the end."""

FALSE_NEWS_PAUSE = timedelta(seconds=5)
"""How long news of a publication are not heeded after some that the ledger did not confirm."""

START_AGAIN_AFTER, START_AGAIN_AT_MOST = timedelta(milliseconds=200), timedelta(seconds=30)
"""The pauses between two tries to start a workflow whose id is still in use."""

TELL_AGAIN_AFTER, TELL_AGAIN_AT_MOST = timedelta(seconds=1), timedelta(minutes=5)
"""The pauses between two tries to tell an incident that a publication has ended."""
