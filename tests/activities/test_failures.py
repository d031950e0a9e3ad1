"""What went wrong, as histories and logs hold it: in words, and without anybody's data."""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.failures import failing_in_words
from channels.contract import BadCredentials, CannotExpress, Refused, Throttled, Unreachable
from domain.errors import DomainError
from domain.explanation import explained
from domain.facts import Facts
from store.kernel.errors import StoreUnavailable

NOW = datetime(2026, 10, 26, 12, 0, tzinfo=UTC)
PRIVATE = "anna.smith@example.com"


def failure_of(error: Exception) -> ApplicationError:
    with pytest.raises(ApplicationError) as failure, failing_in_words(NOW):
        raise error
    return failure.value


@pytest.mark.parametrize(
    ("error", "kind", "again"),
    [
        (DomainError("No.", "Ask."), "DomainError", False),
        (Refused("No.", "Ask."), "Refused", False),
        (BadCredentials("No.", "Ask."), "BadCredentials", False),
        (CannotExpress("No.", "Ask."), "CannotExpress", False),
        (Unreachable("No.", "Ask."), "Unreachable", True),
        (Throttled("No.", until=NOW, next_step="Ask."), "Throttled", True),
    ],
)
def test_a_failure_says_what_happened_and_what_to_do_next(
    error: Exception, kind: str, again: bool
) -> None:
    failure = failure_of(error)
    assert (failure.message, failure.details) == ("No.", (explained("No.", "Ask."),))
    assert (failure.type, failure.non_retryable) == (kind, not again)


def test_a_ledger_that_is_away_is_waited_for() -> None:
    failure = failure_of(StoreUnavailable("It is full.", "Nothing was kept.", "Free some space."))
    assert failure.details[0] == explained(
        "It is full.", "Free some space.", means="Nothing was kept."
    )
    assert not failure.non_retryable


def test_a_throttled_request_waits_a_moment_even_if_its_time_has_passed() -> None:
    failure = failure_of(Throttled("Wait.", until=NOW - timedelta(hours=1)))
    assert failure.next_retry_delay == timedelta(seconds=1)


def test_a_mistake_of_ours_is_tried_again_and_tells_nobody_what_it_was_about(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A driver's error quotes the row that it could not write, addresses and all."""
    with caplog.at_level(logging.DEBUG):
        failure = failure_of(RuntimeError(f"Key (mailbox)=({PRIVATE}) already exists."))
    assert not failure.non_retryable
    assert PRIVATE not in told_by(failure) + caplog.text
    assert "RuntimeError in failure_of" in caplog.text


def test_what_cannot_be_read_from_the_ledger_is_not_quoted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Pydantic's errors quote the value: the words of a message that nobody has signed yet."""
    with (
        caplog.at_level(logging.DEBUG),
        pytest.raises(ApplicationError) as failure,
        failing_in_words(NOW),
    ):
        Facts.model_validate({"prevention_due": PRIVATE})
    assert failure.value.non_retryable
    assert PRIVATE not in told_by(failure.value) + caplog.text


def told_by(failure: ApplicationError) -> str:
    """Everything that Temporal's history and the worker's log could show of a failure."""
    return "".join(traceback.format_exception(failure)) + repr(failure.details)


def test_a_failure_that_is_in_words_already_stays_as_it_is() -> None:
    inner = ApplicationError("Said before.", type="Refused", non_retryable=True)
    assert failure_of(inner) is inner
