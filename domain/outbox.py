"""The outbox: what is to be told to endpoints, how an attempt can end, and when the next one is."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from domain.model import Value

TRIED_FOR = timedelta(hours=24)
"""How long an item is tried after it was entered, or replayed, before it is set aside."""

FEWEST_TRIES = 5
"""An item that waited for others longer than that is tried so often all the same."""

LONGEST_BELIEVED = timedelta(hours=6)
"""The longest wait that an endpoint may ask for with ``Retry-After``."""

FARTHEST_DUE = LONGEST_BELIEVED + timedelta(hours=1)
"""How far ahead an attempt can be due, with an hour for clocks of workers that differ."""

JITTER = 0.2
"""The share by which a wait is longer or shorter by chance, so that items do not come in step."""

GONE = 410
"""An endpoint that answers this wants nothing more."""

_WAITS = (
    (1, timedelta(seconds=5)),
    (1, timedelta(seconds=30)),
    (1, timedelta(minutes=2)),
    (1, timedelta(minutes=5)),
    (12, timedelta(minutes=10)),
    (8, timedelta(minutes=30)),
)
"""How often each wait comes. For the first two hours none is longer than ten minutes: that is how
late an endpoint that was down for an hour hears of the first thing when it is back."""

_LAST_WAIT = timedelta(hours=1)


class ItemState(StrEnum):
    """The state of an item of the outbox."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    SET_ASIDE = "set_aside"


class AttemptEnd(StrEnum):
    """How an attempt ended, as it is stored."""

    UNDER_WAY = ""
    ANSWERED = "answered"
    NO_ADDRESS = "no_address"
    PRIVATE = "private"
    UNREACHABLE = "unreachable"
    NO_TRUST = "no_trust"
    BROKEN = "broken"
    NO_ANSWER = "no_answer"
    NO_SECRET = "no_secret"
    NOT_SENT = "not_sent"
    # Of a room, which has no status to answer with.
    HANDED_OVER = "handed_over"
    NOT_TAKEN = "not_taken"
    IN_DOUBT = "in_doubt"


_IN_WORDS = {
    AttemptEnd.UNDER_WAY: "The worker never reported back.",
    AttemptEnd.NO_ADDRESS: "Its host name leads to no address.",
    AttemptEnd.PRIVATE: "Its host name leads into a private network, where nothing is sent.",
    AttemptEnd.UNREACHABLE: "It could not be reached.",
    AttemptEnd.NO_TRUST: "Its certificate is not valid for its host name, or not trusted here.",
    AttemptEnd.BROKEN: "The connection broke before it answered.",
    AttemptEnd.NO_ANSWER: "It did not answer in time.",
    AttemptEnd.NO_SECRET: "The workers' key cannot read its secret.",
    AttemptEnd.NOT_SENT: "The worker made a mistake.",
    AttemptEnd.HANDED_OVER: "It was handed over.",
    AttemptEnd.NOT_TAKEN: "The service did not take it.",
    AttemptEnd.IN_DOUBT: "It may have arrived; nobody knows, so it is not sent again.",
}


class Ended(Value):
    """How an attempt ended: with an answer, its ``status``; ``retry_after`` in seconds."""

    end: AttemptEnd
    status: int | None = None
    retry_after: float | None = None
    milliseconds: int = 0

    @property
    def accepted(self) -> bool:
        """Whether it was taken: of an endpoint, nothing but a 2xx says so."""
        if self.end is AttemptEnd.HANDED_OVER:
            return True
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Whether the endpoint wants nothing more."""
        return self.status == GONE


def in_words(end: AttemptEnd, status: int | None) -> str:
    """How an attempt ended, as one sentence."""
    if end is not AttemptEnd.ANSWERED:
        return _IN_WORDS[end]
    if status is not None and 300 <= status < 400:
        return f"It answered {status}, a redirect, which is not followed."
    return f"It answered {status}."


def wait_after(tries: int, ended: Ended, chance: float) -> timedelta:
    """How long until the next attempt after ``tries`` that failed; ``chance`` is from 0 to 1.

    What the endpoint asks for makes it longer, and never shorter.
    """
    wait = _LAST_WAIT
    left = tries
    for times, each in _WAITS:
        if left <= times:
            wait = each
            break
        left -= times
    wait *= 1 + JITTER * (2 * chance - 1)
    asked = timedelta(seconds=ended.retry_after or 0)
    return max(wait, min(asked, LONGEST_BELIEVED))


def gives_up(tries: int, waited: timedelta) -> bool:
    """Whether an item is set aside after ``tries`` that failed, ``waited`` after it was entered."""
    return waited >= TRIED_FOR and tries >= FEWEST_TRIES
