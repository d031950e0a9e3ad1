"""One attempt at a mail of an outbox, which is no publication: how it ended, and why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from channels.batch import Batch
from channels.contract import (
    CannotExpress,
    ChannelError,
    DirectChannel,
    Refused,
    Throttled,
    Unreachable,
)
from domain.publication import PublicationState

_S = PublicationState


class Attempt(NamedTuple):
    """``planned``: it is certain that nothing went out. ``until``: the provider said when again."""

    state: PublicationState
    why: str = ""
    until: datetime | None = None


async def attempt(channel: DirectChannel, batch: Callable[[], Batch]) -> Attempt:
    """Make the batch and send it.

    What may have gone out and has no clear answer is ``unknown``, and never repeated.
    """
    try:
        await channel.send(batch())
    except Throttled as error:
        return Attempt(_S.PLANNED, error.message, error.until)
    except Unreachable as error:
        return Attempt(_S.PLANNED, error.message)
    except (Refused, CannotExpress) as error:
        return Attempt(_S.REFUSED, error.message)
    except ChannelError as error:
        return Attempt(_S.UNKNOWN, error.message)
    except Exception as error:  # noqa: BLE001 - an adapter's own mistake may come after the wire
        return Attempt(_S.UNKNOWN, f"The adapter failed: {type(error).__name__}.")
    return Attempt(_S.ACCEPTED)
