"""Refusals: a rule's refusal as the failure that the caller of an update sees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.exceptions import ActivityError, ApplicationError

from domain.errors import DomainError
from domain.explanation import Explanation
from workflows.calls import explanation_of


@contextmanager
def refusing() -> Iterator[None]:
    """Turn a rule's refusal, here or in an activity, into a failure with its explanation.

    In an update's handler any other exception would hang the caller and stall the workflow.
    """
    try:
        yield
    except DomainError as error:
        raise _refusal(error.explanation, type(error).__name__) from error
    except ActivityError as error:
        raise _refusal(explanation_of(error), DomainError.__name__) from error


def _refusal(why: Explanation, kind: str) -> ApplicationError:
    return ApplicationError(why.what, why, type=kind, non_retryable=True)
