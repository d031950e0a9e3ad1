"""The loop that empties an outbox of single mails, beside Temporal's own work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from store.kernel.errors import StoreUnavailable

_AFTER_FAILURE = 5.0


async def keep_sending(
    send_next: Callable[[], Awaitable[bool]], look_every: float, log: logging.Logger, what: str
) -> None:
    """Send whenever there is something to send; until cancelled.

    ``send_next`` returns whether it sent something. If it did not, or if the ledger is away, which
    ``log`` then says of ``what``, it is asked again later; ``look_every`` is seconds.
    """
    while True:
        try:
            pause = 0.0 if await send_next() else look_every
        except StoreUnavailable as error:
            log.warning("%s wait: %s", what, error.explanation.what)
            pause = _AFTER_FAILURE
        await asyncio.sleep(pause)
