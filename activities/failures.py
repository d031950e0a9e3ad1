"""The only place that turns what went wrong into Temporal failures.

A failure's message is the sentence for a person and its first detail the next step; both reach
histories, so neither contains an address, a body, a token or text from a provider.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from pydantic import ValidationError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.backoff import wait_for
from channels.contract import ChannelError, Throttled, Unreachable
from domain.errors import DomainError
from domain.explanation import explained
from store.kernel.errors import StoreUnavailable

_FRAMES_LOGGED = 8
_log = logging.getLogger("frontfoot.activities")


def as_failure(error: ChannelError, now: datetime) -> ApplicationError:
    """``error`` as Temporal should see it: what may be retried is, and later each time."""
    delay = None
    if isinstance(error, Unreachable | Throttled):
        delay = wait_for(error, activity.info().attempt if activity.in_activity() else 1, now)
    return ApplicationError(
        error.explanation.what,
        error.explanation,
        type=type(error).__name__,
        non_retryable=not isinstance(error, Unreachable | Throttled),
        next_retry_delay=delay,
    )


@contextmanager
def failing_in_words(now: datetime) -> Iterator[None]:
    """Explain the refusal of a rule or a channel, an unavailable ledger, and our own mistakes.

    An unexpected error is tried again, and only its class is named: pydantic quotes the
    value that it could not read, a driver the row that it could not write.
    """
    try:
        yield
    except ApplicationError:
        raise
    except DomainError as error:
        raise ApplicationError(
            error.what, error.explanation, type="DomainError", non_retryable=True
        ) from error
    except ChannelError as error:
        raise as_failure(error, now) from error
    except StoreUnavailable as error:
        raise ApplicationError(
            error.explanation.what, error.explanation, type="StoreUnavailable"
        ) from error
    except ValidationError as error:
        _note(error)
        unreadable = explained(
            "Something in the ledger cannot be read by this version of the worker.",
            "See its log for the place. Propose the message again, or start the right version.",
        )
        raise ApplicationError(
            unreadable.what, unreadable, type="Unreadable", non_retryable=True
        ) from None
    except Exception as error:  # noqa: BLE001 - whatever it is, its text may contain a row of ours
        _note(error)
        mistake = explained(
            f"The worker made a mistake ({type(error).__name__}).",
            "It is tried again. The worker's log has the place.",
        )
        raise ApplicationError(mistake.what, mistake, type=type(error).__name__) from None


def _note(error: Exception) -> None:
    """Log where it happened: lines of code, and no values."""
    # The first frame is the one of failing_in_words.
    frames = traceback.extract_tb(error.__traceback__)[:0:-1][:_FRAMES_LOGGED]
    places = (f"{one.name} ({one.filename}:{one.lineno})" for one in frames)
    _log.error("%s in %s", type(error).__name__, ", from ".join(places))
