"""The reply rules of an incident as a document that approvers sign."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from activities.signatures.proposals import RenderMessage
from channels.contract import Channel
from channels.reply_rules import reply_rules_of
from domain.errors import DomainError
from domain.message import Document


def proposed_replies(
    order: RenderMessage, facts: Mapping[str, str], channel: Callable[[str], Channel]
) -> Document:
    """The document of one revision. ``channel`` finds one by its name, or raises.

    Raises ``DomainError`` where the playbook has no replies, for words or settings of the page that
    came with the request, and for wordings that must not be said in public.
    """
    replies = order.plan.replies
    if replies is None:
        raise DomainError(
            f"Playbook {order.plan.name} has no replies.",
            "Add `replies:` to the playbook, then open a new incident.",
        )
    if order.copy_draft is not None or order.components or order.next_update_by is not None:
        raise DomainError(
            "Reply rules come from the playbook: they take no text, no promise of an update and "
            "no states of components.",
            "Propose them without those; what is said to everybody is a message of its own.",
        )
    channels = {name: channel(name) for name in replies.channels}
    return Document(
        incident=order.message.incident,
        number=order.message.number,
        revision=order.message.revision,
        kind=order.kind,
        proposed_at=order.at,
        copies=(),
        replies=reply_rules_of(order.plan, replies, facts, channels),
        notify=order.notify,
    )
