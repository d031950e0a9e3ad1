"""Reads our marks out of an event: which broadcast, batch and recipient it is about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from domain.delivery_events import DeliveryEvent
from domain.ids import batch_of, delivery_of
from domain.publication import DeliveryState
from domain.suppression import Preference

_LARGEST_BATCH = 2**31 - 1
_LARGEST_ATTEMPT = 2**15 - 1
"""What the columns hold: PostgreSQL refuses more, and with it every other event of the request."""


class Marked(NamedTuple):
    """An event with its marks read; ``reason_code`` has the length of its column."""

    id: str
    broadcast: str
    batch: int | None
    attempt: int | None
    recipient: int | None
    kind: DeliveryState | Preference
    at: datetime
    reason_code: str | None

    @property
    def proves(self) -> DeliveryState:
        """How far the mail has come at least: nobody complains about mail that did not arrive."""
        return DeliveryState.DELIVERED if isinstance(self.kind, Preference) else self.kind


def read_marks(event: DeliveryEvent) -> Marked | None:
    """The event with its marks read, or None if it carries none of ours or two that disagree."""
    name, kind, at, batch_key, delivery_key, reason_code, _ = event
    broadcast: str | None = None
    batch = attempt = recipient = None
    try:
        if batch_key is not None:
            broadcast, batch, attempt = _batch_of(batch_key)
        if delivery_key is not None:
            of, recipient = delivery_of(delivery_key)
            if broadcast is not None and broadcast != of:
                return None
            broadcast = of
    except ValueError:
        return None
    if broadcast is None or (batch or 0) > _LARGEST_BATCH or (attempt or 0) > _LARGEST_ATTEMPT:
        return None
    if reason_code is not None:
        reason_code = reason_code[:64]
    return Marked(name[:200], broadcast, batch, attempt, recipient, kind, at, reason_code)


# A thousand events have the same key.
_batch_of: Callable[[str], tuple[str, int, int]] = lru_cache(maxsize=8192)(batch_of)


def kind_of(word: str) -> DeliveryState | Preference:
    """What a stored word means."""
    return _KINDS[word]


_KINDS: dict[str, DeliveryState | Preference] = {
    **{one.value: one for one in DeliveryState},
    **{one.value: one for one in Preference},
}
