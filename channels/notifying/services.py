"""Notifications by any service that Apprise knows: chats, push services, SMS, calls.

Apprise answers with one boolean, blocks, and may log addresses; so each call has a thread and a
time-out of its own, and its log is switched off.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from domain.notifications import DeliveryEnd

if TYPE_CHECKING:
    from apprise import NotifyBase

WITHIN = timedelta(seconds=15)
MOST_THREADS = 64
"""Calls at a moment, those included that hang and were given up."""

_log = logging.getLogger("frontfoot.notifications")


class Services:
    """Hands notifications to services; each is given up after ``within``."""

    def __init__(self, within: timedelta = WITHIN) -> None:
        self._within = within.total_seconds()
        self._room = threading.BoundedSemaphore(MOST_THREADS)
        # Its lines name addresses, and its errors what a service answered.
        logging.getLogger("apprise").disabled = True

    async def send(self, url: str, title: str, text: str) -> DeliveryEnd:
        """Hand one notification to the one service at ``url``. Never raises."""
        if not self._room.acquire(blocking=False):
            return DeliveryEnd.NO_ANSWER
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[DeliveryEnd] = loop.create_future()

        def work() -> None:
            end = DeliveryEnd.NOT_SENT
            try:
                end = _notify(url, title, text)
            except Exception as error:  # noqa: BLE001 - a service's plugin may raise anything
                # Its text may contain the address.
                _log.error("a notification service failed: %s", type(error).__name__)
            finally:
                self._room.release()
            if not loop.is_closed():
                loop.call_soon_threadsafe(_answered, answer, end)

        # Not of a pool: one that hangs must keep neither the next nor the process waiting.
        threading.Thread(target=work, name="notifying", daemon=True).start()
        try:
            async with asyncio.timeout(self._within):
                return await answer
        except TimeoutError:
            return DeliveryEnd.NO_ANSWER


def is_service(url: str) -> bool:
    """Whether ``url`` names one service; blocks."""
    return _service(url) is not None


def _service(url: str) -> NotifyBase | None:
    # It takes a sixth of a second, and most processes never need it.
    import apprise

    return apprise.Apprise.instantiate(url, asset=apprise.AppriseAsset(app_id="Frontfoot"))


def _notify(url: str, title: str, text: str) -> DeliveryEnd:
    service = _service(url)
    if service is None:
        return DeliveryEnd.UNUSABLE
    taken = service.notify(title=title, body=text, body_format="text")
    return DeliveryEnd.HANDED_OVER if taken else DeliveryEnd.NOT_TAKEN


def _answered(answer: asyncio.Future[DeliveryEnd], end: DeliveryEnd) -> None:
    if not answer.done():
        answer.set_result(end)
