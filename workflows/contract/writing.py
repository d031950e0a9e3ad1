"""Writing: proposing and revising messages, releasing holding statements, recording facts."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from domain.actor import Actor
from domain.message import MessageKind
from domain.model import Value
from domain.page_entry import ComponentState


class Propose(Value):
    """Propose a message: from its template and the facts, or with a draft of free copy.

    ``components`` are the states that it sets on the status page. ``notify`` is false if the page's
    subscribers are not to be told. ``owner`` keeps what it promises; "": its author.
    """

    kind: MessageKind
    actor: Actor
    copy_draft: str | None = None
    next_update_by: datetime | None = None
    components: dict[str, ComponentState] = Field(default_factory=dict)
    notify: bool = True
    owner: str = ""


class Revise(Value):
    """Make a new revision of a message that is not yet being published; its decisions are void.

    Without ``next_update_by`` it keeps its promise of the next update, unless ``promise_none``, and
    without ``notify`` it tells the subscribers of the status page as before, or not. Without
    ``components`` it keeps the states that it sets on the page.
    """

    message: int
    actor: Actor
    copy_draft: str | None = None
    next_update_by: datetime | None = None
    promise_none: bool = False
    components: dict[str, ComponentState] | None = None
    notify: bool | None = None


class Release(Value):
    """Publish a holding statement that was approved in advance, with these values in its blanks."""

    statement: str
    actor: Actor
    blanks: dict[str, str] = Field(default_factory=dict)
    next_update_by: datetime | None = None


class RecordFacts(Value):
    """Point the incident to a new draft of its facts; ``filled`` names those with a value.

    ``based_on`` is the draft that its author had read, None before the first: if somebody has
    recorded another since, this one is refused. ``changed`` names the facts that differ from it.
    """

    actor: Actor
    facts: str
    filled: tuple[str, ...]
    changed: tuple[str, ...]
    based_on: str | None


class NoteNotified(Value):
    """Enter in the timeline that an authority was notified; the ledger has when, and why late."""

    actor: Actor
    step: str
    late: bool = False
