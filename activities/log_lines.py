"""The log lines about an incident: each decision, outcome, range of batches and failure once.

Written by activities, since a workflow's code runs again whenever its history is replayed. Fields
are names, numbers and words of ours: no reason that somebody typed, no address, no copy.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from activities.signatures.broadcasts import BatchesSent, SendBatches
from activities.signatures.posts import PublishPost
from channels.contract import ChannelError, Throttled, Unreachable
from domain.ids import incident_of, publication_of
from domain.publication import PublicationState
from domain.timeline import TimelineEntry
from store.kernel.errors import StoreUnavailable

_log = logging.getLogger("frontfoot.incidents")
_failures = logging.getLogger("frontfoot.failures")

_DECISIONS = frozenset({"approved", "rejected", "decision refused"})
_OUTCOMES = frozenset({*(str(one) for one in PublicationState), "taken back", "not taken back"})
_ENGINE = "frontfoot"
_EXPLAINED = frozenset({PublicationState.REFUSED, PublicationState.UNKNOWN})
_ABOUT = re.compile(r"message (\d+)(?: (?:to|on) ([\w.-]+))?(?:.*?: (.*))?")
# Somebody may be called anything in a signal.
_NAME = re.compile(r"[\w.-]{1,64}")


def tell_entries(incident: str, entries: Iterable[TimelineEntry]) -> None:
    """One line for each entry that is new in the timeline: decisions, outcomes, and the rest."""
    for entry in entries:
        fields = _of_entry(incident, entry)
        _log.info("%s %s by %s", incident, entry.what, fields["by"], extra={"fields": fields})


def tell_batches(order: SendBatches, sent: BatchesSent) -> None:
    """One line for what was done of a range of batches, however many mails are in it."""
    task, last = order.task, order.last if sent.reached is None else sent.reached
    fields: dict[str, object] = {
        "event": "batches",
        "incident": task.message.incident,
        "message": task.message.number,
        "revision": task.message.revision,
        "channel": task.channel,
        "audience": task.audience,
        "first": order.first,
        "last": last,
        "accepted": sent.accepted,
        "refused": sent.refused,
        "unknown_batches": sent.unknown_batches,
        "halted": sent.halted,
        "paused": sent.paused,
    }
    if sent.explanation is not None:
        fields["why"] = sent.explanation.what
    _log.info(
        "%s batches %d to %d on %s",
        task.message.incident,
        order.first,
        last,
        task.channel,
        extra={"fields": fields},
    )


def tell_attempt(order: PublishPost, error: Exception) -> None:
    """One line for an attempt at a post that did not end in a receipt; its activity did not fail.

    An exception that is no ``ChannelError`` is named by its class alone.
    """
    said = "The adapter failed."
    if isinstance(error, ChannelError):
        said = error.explanation.what
    fields: dict[str, object] = {
        "event": "failure",
        "kind": type(error).__name__,
        "activity": "publish_post",
        "attempt": order.attempt,
        "incident": order.task.message.incident,
        "message": order.task.message.number,
        "channel": order.task.channel,
    }
    again = isinstance(error, Unreachable | Throttled)
    _failures.log(logging.WARNING if again else logging.ERROR, said, extra={"fields": fields})


class FailureLines(Interceptor):
    """Has one line written for each attempt of an activity that fails, in our words."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Failing(next)


class _Failing(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await super().execute_activity(input)
        except CancelledError:
            raise
        except Exception as error:
            _tell_failure(error)
            raise


def leave_failures_to_us() -> None:
    """Silence the SDK's own line for each failed attempt, which has a traceback with our rows."""
    activity.logger.base_logger.addFilter(
        lambda record: not hasattr(record, "__temporal_error_identifier")
    )
    activity.logger.activity_info_on_message = False


def _tell_failure(error: Exception) -> None:
    info = activity.info()
    kind, said, again = type(error).__name__, "An activity made a mistake.", True
    if isinstance(error, ApplicationError):
        kind, said, again = error.type or kind, error.message, not error.non_retryable
    fields: dict[str, object] = {
        "event": "failure",
        "kind": kind,
        "activity": info.activity_type,
        "attempt": info.attempt,
        **_place(info.workflow_id or ""),
    }
    if isinstance(error.__cause__, StoreUnavailable):
        fields["code"] = error.__cause__.code
    _failures.log(logging.WARNING if again else logging.ERROR, said, extra={"fields": fields})


def _of_entry(incident: str, entry: TimelineEntry) -> dict[str, object]:
    by_person = entry.surface is not None
    fields: dict[str, object] = {
        "event": "timeline",
        "incident": incident,
        "entry": entry.seq,
        "what": entry.what,
        "by": entry.who if _NAME.fullmatch(entry.who) else "somebody",
    }
    about = _ABOUT.match(entry.about)
    if about:
        fields["message"] = int(about[1])
    if entry.what in _DECISIONS:
        fields["event"] = "decision"
    elif entry.what in _OUTCOMES and not by_person:
        fields["event"] = "outcome"
        if entry.who != _ENGINE:
            fields["channel"] = entry.who
        if about and about[2]:
            fields["audience"] = about[2]
        if about and about[3] and entry.what in _EXPLAINED:
            fields["why"] = about[3]
    if entry.surface is not None:
        fields |= {"surface": entry.surface, "authenticated_by": entry.authenticated_by}
    return fields


def _place(workflow_id: str) -> dict[str, object]:
    try:
        incident, message, channel, audience = publication_of(workflow_id)
    except ValueError:
        try:
            return {"incident": incident_of(workflow_id)}
        except ValueError:
            return {}
    place = {"incident": incident, "message": message, "channel": channel}
    return place if audience is None else {**place, "audience": audience}
