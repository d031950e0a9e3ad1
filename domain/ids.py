"""Every id, built by one function with its inverse beside it.

Ids live for years in histories and in providers' records, so these formats never change.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator

from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.model import Value

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?")
_CHANNEL = re.compile(r"[a-z][a-z0-9_]{0,30}")
_AUDIENCE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
# Numbers in ids have one spelling, so that ids and their parts map one to one.
_NUMBER = r"(0|[1-9][0-9]{0,17})"
_PUBLICATION = re.compile(
    rf"incident/({_SLUG.pattern})/message/{_NUMBER}/({_CHANNEL.pattern})"
    rf"(?:/({_AUDIENCE.pattern}))?"
)
_BATCH_KEY = re.compile(rf"([0-9a-f]{{16}})\.{_NUMBER}\.{_NUMBER}")
_DELIVERY_KEY = re.compile(rf"([0-9a-f]{{16}})\.{_NUMBER}")


SUBSCRIBERS = "subscribers"
"""The audience of those who subscribed on the status page; no list that is imported has its name.
It is also what their copy is called among a playbook's templates."""


def check_slug(text: str) -> str:
    """Return ``text`` if it can name an incident; ``DomainError`` otherwise."""
    if not _SLUG.fullmatch(text):
        raise DomainError(
            f"{text[:60]!r} cannot name an incident.",
            "Use 1 to 48 lower-case letters, digits and inner hyphens, such as site-down-oct-26.",
        )
    return text


def check_audience(text: str) -> str:
    """Return ``text`` if it can name an audience; ``DomainError`` otherwise."""
    if not _AUDIENCE.fullmatch(text):
        raise DomainError(
            f"{text[:60]!r} cannot name an audience.",
            "Use 1 to 63 lower-case letters, digits, hyphens, dots and underscores, such as "
            "customers or page-subscribers.",
        )
    return text


def refuse_reserved(audience: str) -> None:
    """Raise ``DomainError`` if ``audience`` is not a list of customers, whatever is in it."""
    if audience == SUBSCRIBERS:
        raise DomainError(
            f"The audience {SUBSCRIBERS} is that of the status page.",
            NextStep(
                action=Action.IMPORT_SUBSCRIBERS,
                advice="Choose another name for customers. Whoever subscribes on the page gets "
                "every public message anyway. To add people who subscribed elsewhere, import them.",
            ),
        )


def check_channel(text: str) -> str:
    """Return ``text`` if it can name a channel; ``DomainError`` otherwise."""
    if not _CHANNEL.fullmatch(text):
        raise DomainError(
            f"{text[:40]!r} cannot name a channel.",
            "Use a lower-case letter, then up to 30 lower-case letters, digits or underscores.",
        )
    return text


def _audience_or_value_error(text: str) -> str:
    try:
        return check_audience(text)
    except DomainError as error:
        raise ValueError(str(error)) from error


def _slug_or_value_error(text: str) -> str:
    try:
        return check_slug(text)
    except DomainError as error:
        raise ValueError(str(error)) from error


def _channel_or_value_error(text: str) -> str:
    try:
        return check_channel(text)
    except DomainError as error:
        raise ValueError(str(error)) from error


Slug = Annotated[str, AfterValidator(_slug_or_value_error)]
ChannelName = Annotated[str, AfterValidator(_channel_or_value_error)]
AudienceName = Annotated[str, AfterValidator(_audience_or_value_error)]


class MessageRef(Value):
    """One revision of one message of one incident."""

    incident: Slug
    number: int
    revision: int


def incident_workflow_id(incident: str) -> str:
    """``incident/<slug>``."""
    return f"incident/{incident}"


def incident_of(workflow_id: str) -> str:
    """The slug in the workflow id of an incident or of its children; ``ValueError`` if neither."""
    kind, _, rest = workflow_id.partition("/")
    slug = rest.partition("/")[0]
    if kind != "incident" or not _SLUG.fullmatch(slug):
        raise ValueError(f"{workflow_id[:200]!r} is not the id of an incident's workflow")
    return slug


def publication_workflow_id(
    incident: str, number: int, channel: str, audience: str | None = None
) -> str:
    """``incident/<slug>/message/<number>/<channel>``; a broadcast's ends with ``/<audience>``."""
    whom = "" if audience is None else f"/{audience}"
    return f"incident/{incident}/message/{number}/{channel}{whom}"


def publication_of(workflow_id: str) -> tuple[str, int, str, str | None]:
    """The (incident, message number, channel, audience) in the id of a publication's workflow.

    The audience is None for a post. ``ValueError`` if it is no such id.
    """
    match = _PUBLICATION.fullmatch(workflow_id)
    if match is None:
        raise ValueError(f"{workflow_id[:200]!r} is not the id of a publication's workflow")
    return match[1], int(match[2]), match[3], match[4]


def publication_key(message: MessageRef, channel: str, audience: str | None = None) -> str:
    """Sixteen opaque hexadecimal digits that name a publication or a broadcast to providers.

    Opaque, because providers store custom arguments for years and show them to their staff.
    """
    identity = publication_workflow_id(message.incident, message.number, channel, audience)
    return hashlib.sha256(f"{identity}/r{message.revision}".encode()).hexdigest()[:16]


def batch_key(broadcast: str, batch: int, attempt: int) -> str:
    """``<broadcast>.<batch>.<attempt>``: our mark on one provider request."""
    return f"{broadcast}.{batch}.{attempt}"


def batch_of(key: str) -> tuple[str, int, int]:
    """The (broadcast key, batch number, attempt) in a batch key; ``ValueError`` if it is none."""
    match = _BATCH_KEY.fullmatch(key)
    if match is None:
        raise ValueError("not a batch key of ours")
    return match[1], int(match[2]), int(match[3])


def delivery_key(broadcast: str, recipient: int) -> str:
    """``<broadcast>.<recipient id>``: our mark on one recipient's mail of a broadcast."""
    return f"{broadcast}.{recipient}"


def delivery_keys(broadcast: str, recipients: Iterable[int]) -> list[str]:
    """``delivery_key`` of each recipient; a broadcast needs a million of them."""
    return [f"{broadcast}.{recipient}" for recipient in recipients]


def delivery_of(key: str) -> tuple[str, int]:
    """The (broadcast key, recipient id) in a delivery key; ``ValueError`` if it is not one."""
    match = _DELIVERY_KEY.fullmatch(key)
    if match is None:
        raise ValueError("not a delivery key of ours")
    return match[1], int(match[2])


def channel_queue(channel: str) -> str:
    """The task queue on which a channel's activities run."""
    return f"frontfoot-channel-{channel}"


MAIN_QUEUE = "frontfoot"
"""The task queue of workflows and of the activities that touch only our own ledger."""

OUTBOX_QUEUE = "frontfoot-outbox"
"""The task queue of what is sent to endpoints: a slow one keeps no work on the ledger waiting."""


SURGE_SCHEDULE, SURGE_WORKFLOW_ID = "surges", "surges"
"""The Temporal Schedule that looks for surges, and the beginning of its workflows' ids."""


NOTIFICATIONS_WORKFLOW_ID = "notifications"
"""The one workflow that notifies our own people."""

CONTACT_TEST_SCHEDULE, CONTACT_TEST_WORKFLOW_ID = "contact-tests", "contact-tests"
"""The Temporal Schedule of the weekly contact tests, and the beginning of its workflows' ids."""


def outbox_workflow_id(endpoint: str) -> str:
    """``outbox/<name of the endpoint>``."""
    return f"outbox/{endpoint}"


def deadlines_workflow_id(incident: str) -> str:
    """``deadlines/<slug>``."""
    return f"deadlines/{incident}"


def listening_workflow_id(source: str) -> str:
    """``listening/<name of the source>``: a channel's name, or ``<channel>/private``."""
    return f"listening/{source}"


def reply_desk_workflow_id(channel: str) -> str:
    """``replies/<name of the channel>``."""
    return f"replies/{channel}"


def follow_up_workflow_id(incident: str) -> str:
    """The workflow that asks for the prevention of an incident on its day."""
    return f"follow-up/{incident}"
