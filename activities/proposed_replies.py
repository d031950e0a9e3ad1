"""The reply rules of an incident as a document that approvers sign."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from activities.forms import form_document, refuse_own_words
from activities.signatures.proposals import RenderMessage
from channels.contract import Channel
from channels.reply_rules import reply_rules_of
from domain.errors import DomainError
from domain.message import Document
from domain.playbook_files import examine_playbook


def proposed_replies(
    order: RenderMessage,
    files: Mapping[str, str],
    facts: Mapping[str, str],
    channel: Callable[[str], Channel],
) -> Document:
    """The document of one revision. ``channel`` finds one by its name, or raises.

    ``files`` are the playbook's, by name: the wordings are there, since a history holds no words
    that will be public. Everything else is of the incident's own plan. Raises ``DomainError`` where
    the playbook has no replies, for words or settings of the page that came with the request, and
    for wordings that must not be said in public.
    """
    replies, written = order.plan.replies, examine_playbook(files).plan
    if replies is None or written is None or written.replies is None:
        raise DomainError(
            f"Playbook {order.plan.name} has no replies.",
            "Add `replies:` to the playbook, then open a new incident.",
        )
    refuse_own_words(
        order,
        "Reply rules",
        "Propose them without those; what is said to everybody is a message of its own.",
    )
    replies = replies.model_copy(update={"saved": written.replies.saved})
    channels = {name: channel(name) for name in replies.channels}
    return form_document(order, replies=reply_rules_of(order.plan, replies, facts, channels))
