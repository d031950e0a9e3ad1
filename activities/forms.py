"""Documents that approvers sign as a form: their words come from the playbook alone."""

from __future__ import annotations

from activities.signatures.proposals import RenderMessage
from domain.errors import DomainError
from domain.holding import HoldingForms
from domain.message import Document
from domain.saved_replies import ReplyRules


def refuse_own_words(order: RenderMessage, what: str, next_step: str) -> None:
    """Raise ``DomainError`` where words or settings of the page came with the request."""
    if order.copy_draft is not None or order.components or order.next_update_by is not None:
        raise DomainError(
            f"{what} come from the playbook: they take no text, no promise of an update and no "
            "states of components.",
            next_step,
        )


def form_document(
    order: RenderMessage,
    *,
    replies: ReplyRules | None = None,
    holding: HoldingForms | None = None,
) -> Document:
    """One revision of a form, which has no copy of its own."""
    return Document(
        incident=order.message.incident,
        number=order.message.number,
        revision=order.message.revision,
        kind=order.kind,
        proposed_at=order.at,
        copies=(),
        replies=replies,
        holding=holding,
        notify=order.notify,
    )
