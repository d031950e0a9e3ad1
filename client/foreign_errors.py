"""Errors of servers, files and libraries in our words; none of theirs reaches a person.

Their own words may contain an address, a statement or a path on another machine, and they tell
nobody what to do. A fault of ours has no explanation here: its traceback is what helps.
"""

from __future__ import annotations

import errno
import os

import httpx
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from temporalio.exceptions import TemporalError
from temporalio.service import RPCError, RPCStatusCode

from domain.explanation import Action, Explanation, NextStep, explained
from domain.plural import plural
from store.kernel.errors import unavailable

STOPPED_ANSWERING = (
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    # The SDK's own word for a call that it gave up at its time limit.
    RPCStatusCode.CANCELLED,
)
_LOOK = NextStep(action=Action.CHECK, advice="See whether it is running, then look at the status.")


def explain_foreign(error: BaseException) -> Explanation | None:
    """An error of another's as a person should read it; None if it is not one that we know."""
    if isinstance(error, RPCError):
        return _from_temporal(error)
    if isinstance(error, TemporalError):
        return explained(
            "Temporal did not do what was asked.",
            NextStep(
                action=Action.CHECK,
                advice="Look at the status before you repeat it; the worker's log has the reason.",
            ),
        )
    if isinstance(error, DBAPIError | PoolTimeout):
        known = unavailable(error)
        return None if known is None else known.explanation
    if isinstance(error, httpx.HTTPError | httpx.InvalidURL):
        return explained(f"{_service(error)} did not answer as it should.", _LOOK)
    if isinstance(error, ValidationError):
        return _from_validation(error)
    if isinstance(error, UnicodeError):
        return explained(
            "A text has characters that cannot be stored or shown here.",
            "Save it as UTF-8, and set LANG to a locale with UTF-8, such as C.UTF-8.",
        )
    if isinstance(error, MemoryError):
        return explained(
            "This process got no more memory, and what it was doing is not finished.",
            "End what else runs on this machine, then look at the status.",
        )
    return _from_system(error) if isinstance(error, OSError) else None


def lacks_namespace(error: RPCError) -> bool:
    """Whether it is the namespace that the server does not have, and not what was asked for."""
    return error.status is RPCStatusCode.NOT_FOUND and "namespace" in error.message.lower()


def _from_temporal(error: RPCError) -> Explanation:
    status = error.status
    if status in STOPPED_ANSWERING:
        return explained("The Temporal server stopped answering.", _LOOK)
    if status in (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED):
        return explained(
            "The Temporal server does not let us in.",
            "Check TEMPORAL_API_KEY, TEMPORAL_NAMESPACE and the TLS settings.",
        )
    if lacks_namespace(error):
        return explained(
            "The Temporal server does not have the namespace that is set.",
            "Check TEMPORAL_NAMESPACE, or create the namespace.",
        )
    if status is RPCStatusCode.RESOURCE_EXHAUSTED:
        return explained(
            "The Temporal server takes no more of this: one of its limits is reached.",
            "Wait a minute, then look at the status before you repeat it.",
        )
    if status is RPCStatusCode.UNIMPLEMENTED:
        return explained(
            "What answers there is no Temporal server, or one that is too old.",
            "Check TEMPORAL_ADDRESS and the server's version.",
        )
    return explained(
        f"The Temporal server refused the request ({status.name.lower()}).",
        "Look at the status, and at the server's log.",
    )


def _service(error: httpx.HTTPError | httpx.InvalidURL) -> str:
    """Whom it was about: host and port, never the path, which may hold a token."""
    request = getattr(error, "_request", None)
    return request.url.netloc.decode() if isinstance(request, httpx.Request) else "A service"


def _from_validation(error: ValidationError) -> Explanation:
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    # Their names alone: the values may be anybody's.
    names = sorted({".".join(str(part) for part in one["loc"])[:60] for one in faults})
    return explained(
        f"{error.title[:60]} cannot be read: {plural(len(faults), 'value')} of another form "
        f"({', '.join(names[:5])}).",
        "Check that every process is of the same version.",
    )


def _from_system(error: OSError) -> Explanation | None:
    if error.filename is not None:
        why = (error.strerror or type(error).__name__).lower()
        return explained(f"{_shown(error.filename)}: {why}.", "Check the path and its permissions.")
    if isinstance(error, TimeoutError):
        return explained("What was asked took too long.", _LOOK)
    if isinstance(error, ConnectionError):
        return explained("A connection broke, or was refused.", _LOOK)
    if error.errno == errno.ENOSPC:
        return explained("The disk is full.", "Free some space, then try again.")
    if error.errno == errno.EMFILE:
        return explained("This process may open no more files.", "Raise the limit (ulimit -n).")
    if error.errno is None or error.strerror is None:
        return None
    return explained(f"The system refused it: {error.strerror.lower()}.", "Check disk and network.")


def _shown(name: object) -> str:
    return os.fsdecode(name) if isinstance(name, bytes) else str(name)
