"""Saying no to whoever asked: a rule's refusal as the failure that its caller sees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.exceptions import ActivityError, ApplicationError

from domain.errors import DomainError
from workflows.calls import words_of


@contextmanager
def refusing() -> Iterator[None]:
    """Turn a rule's no, here or in an activity, into a failure: type, sentence, next step.

    In an update's handler any other exception would hang the caller and stall the workflow.
    """
    try:
        yield
    except DomainError as error:
        raise ApplicationError(
            error.what, error.next_step, type=type(error).__name__, non_retryable=True
        ) from error
    except ActivityError as error:
        what, next_step = words_of(error)
        raise ApplicationError(what, next_step, type="DomainError", non_retryable=True) from error
