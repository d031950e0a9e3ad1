"""Proposing: having a message rendered and stored."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from activities.signatures.signature import Signature
from domain.ids import AudienceName, ChannelName, MessageRef
from domain.ledger import KnownLedger
from domain.message import MessageKind
from domain.model import Value
from domain.page_entry import ComponentState
from domain.playbook import Playbook


class StatementOrder(Value):
    """A holding statement by its name, and the values of its blanks."""

    statement: str
    blanks: dict[str, str] = Field(default_factory=dict)


class RenderMessage(Value):
    """Render every channel's copy of one revision and store it.

    ``message`` is the place that the incident would give it. Where the ledger has something there
    already, of another ``request``, it gets the next free place instead. A request that is repeated
    is answered with what was stored.

    ``facts`` and ``copy_draft`` are ids of drafts in the ledger; ``plan`` is the incident's own
    snapshot and ``templates`` the digest of the stored template files. ``components`` are the
    states that the message sets on the status page. ``notify`` is false if its subscribers are not
    to be told. ``release`` is the holding statement of which it is made, in place of templates.
    """

    message: MessageRef
    kind: MessageKind
    ordinal: int
    author: str
    title: str
    templates: str
    plan: Playbook
    audiences: tuple[AudienceName, ...] = ()
    facts: str | None = None
    copy_draft: str | None = None
    next_update_by: datetime | None = None
    components: dict[str, ComponentState] = Field(default_factory=dict)
    notify: bool = True
    at: datetime
    request: str = ""
    known: KnownLedger = KnownLedger()
    release: StatementOrder | None = None


class ChannelCopy(Value):
    """One channel's copy in numbers: never its words. ``audience`` as in ``Copy``."""

    channel: ChannelName
    direct: bool
    length: int
    max_length: int | None = None
    unit: str = "characters"
    retracts: bool = False
    audience: AudienceName | None = None


class MessageRendered(Value):
    """What was stored: the digest that approvers sign, and each channel's copy in numbers.

    ``number``, ``revision`` and ``ordinal`` are its place in the ledger. ``audiences`` are those
    that its direct channels write to; ``audience_count`` is all of them. ``subscriber_count`` are
    the subscribers of the status page, who get it besides. ``reply_channels`` are those on which
    reply rules let replies out; they have no ``channels``.
    """

    digest: str
    channels: tuple[ChannelCopy, ...]
    audiences: tuple[AudienceName, ...] = ()
    audience_count: int = 0
    subscriber_count: int = 0
    codes_worth: str | None = None
    number: int
    revision: int
    ordinal: int
    reply_channels: tuple[ChannelName, ...] = ()


RENDER_MESSAGE = Signature("render_message", RenderMessage, MessageRendered)
