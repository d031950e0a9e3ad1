"""The only place that turns what went wrong into Temporal failures.

A failure's message is the sentence for a person and its first detail the next step; both reach
histories, so neither holds an address, a body, a token or the words of a provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from temporalio.exceptions import ApplicationError

from channels.contract import ChannelError, Throttled, Unreachable
from domain.errors import DomainError
from store.errors import StoreUnavailable

_SOONEST = timedelta(milliseconds=200)


def as_failure(error: ChannelError, now: datetime) -> ApplicationError:
    """``error`` as Temporal should see it: what may be retried is, at the time it names."""
    delay = max(error.until - now, _SOONEST) if isinstance(error, Throttled) else None
    return ApplicationError(
        error.message,
        error.next_step,
        type=str(error.word),
        non_retryable=not isinstance(error, Unreachable | Throttled),
        next_retry_delay=delay,
    )


@contextmanager
def failing_in_words(now: datetime) -> Iterator[None]:
    """Turn a rule's no, a channel's no and an unavailable ledger into failures with words."""
    try:
        yield
    except DomainError as error:
        raise ApplicationError(
            error.what, error.next_step, type="DomainError", non_retryable=True
        ) from error
    except ChannelError as error:
        raise as_failure(error, now) from error
    except StoreUnavailable as error:
        raise ApplicationError(
            f"{error.what} {error.means}", error.next_step, type="StoreUnavailable"
        ) from error
