"""What a command says when it cannot do what was asked: a sentence, the next step, an exit code."""

from __future__ import annotations

from enum import IntEnum

from pydantic import ValidationError
from temporalio.service import RPCError, RPCStatusCode

from domain.errors import DomainError
from store.kernel.errors import StoreUnavailable
from wiring import TemporalUnreachable


class ExitCode(IntEnum):
    """How a command ended, for scripts. They are documented in the help and never change."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    UNKNOWN = 4


class CommandFailed(Exception):
    """An expected failure: what happened, what to do next, and the exit code."""

    def __init__(self, what: str, next_step: str = "", code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(f"{what} {next_step}".strip())
        self.what = what
        self.next_step = next_step
        self.code = code


class WrongUsage(CommandFailed):
    """What was typed cannot be meant: exit code 2."""

    def __init__(self, what: str, next_step: str = "") -> None:
        super().__init__(what, next_step, ExitCode.USAGE)


class UnknownIncident(CommandFailed):
    """There is no incident of that name: exit code 2, like any other slip of the pen."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"There is no incident {slug!r}.",
            "`frontfoot list` shows those there are; `frontfoot open` opens a new one.",
            ExitCode.USAGE,
        )


class EndedUnclosed(CommandFailed):
    """Somebody ended an incident in Temporal itself: exit code 3. ``how`` is Temporal's word."""

    def __init__(self, slug: str, how: str) -> None:
        super().__init__(
            f"{slug} is over without having been closed: its workflow ended in Temporal ({how}), "
            "and nothing more can be done in it.",
            f"`frontfoot timeline {slug}` has its record. Go on under another name.",
            ExitCode.REFUSED,
        )
        self.how = how


class NoWorker(CommandFailed):
    """Temporal answers and no worker does, so that an incident can say nothing."""

    def __init__(self) -> None:
        super().__init__(
            "No worker is answering, so the incident cannot be reached; nothing was asked of it.",
            "Is `frontfoot up` running, or the worker where you deployed it?",
        )


class OutcomeUnknown(CommandFailed):
    """It was sent and no answer came back: exit code 4, look before repeating it."""

    def __init__(self, slug: str, asked: str) -> None:
        super().__init__(
            f"{asked!r} was sent to {slug} and no answer came back: nobody knows whether it "
            "counted.",
            f"Look with `frontfoot status {slug}` before you repeat it.",
            ExitCode.UNKNOWN,
        )


class NotEntered(Exception):
    """Nothing of it is in the ledger, so it has to be told again; ``why`` may be logged."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def explain(error: BaseException) -> CommandFailed | None:
    """``error`` as a person should read it, or None if it is a fault of ours."""
    if isinstance(error, CommandFailed):
        return error
    if isinstance(error, DomainError):
        return CommandFailed(error.what, error.next_step, ExitCode.REFUSED)
    if isinstance(error, StoreUnavailable):
        return CommandFailed(f"{error.what} {error.means}".strip(), error.next_step)
    if isinstance(error, TemporalUnreachable):
        return CommandFailed(str(error))
    if isinstance(error, RPCError):
        return _from_temporal(error)
    if isinstance(error, OSError) and error.filename is not None:
        why = (error.strerror or type(error).__name__).lower()
        return WrongUsage(f"{error.filename}: {why}.", "Check the path and who may use it.")
    return None


def wrong_settings(error: ValidationError) -> WrongUsage:
    """Every setting that cannot be used, by its variable; never its value."""
    faults = [
        f"FRONTFOOT_{'_'.join(map(str, one['loc'])).upper()}: "
        f"{one['msg'].removeprefix('Value error, ')}"
        for one in error.errors(include_input=False, include_url=False)
    ]
    return WrongUsage(
        f"The settings cannot be used. {'; '.join(faults)}.",
        "Correct the variable in the environment or in .env.",
    )


def _from_temporal(error: RPCError) -> CommandFailed:
    if error.status in (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED):
        return CommandFailed(
            "The Temporal server stopped answering.",
            "See whether it is running (`frontfoot check`), then look at the status.",
        )
    if error.status in (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED):
        return CommandFailed(
            "The Temporal server does not let us in.",
            "Check TEMPORAL_API_KEY, TEMPORAL_NAMESPACE and the TLS settings.",
        )
    return CommandFailed(
        f"The Temporal server refused the request ({error.status.name.lower()}).",
        "Check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE with `frontfoot check`.",
    )
