"""Holding statements: the form that approvers sign, and the copy that is made of it on the day."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from activities.forms import form_document, refuse_own_words
from activities.signatures.proposals import RenderMessage, StatementOrder
from channels.contract import Channel, WritesPage
from channels.holding import holding_forms_of, statement_copy
from channels.writing import latest_word
from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.holding import HoldingForms, Released
from domain.ids import MessageRef
from domain.message import Document, mark_of
from domain.page_entry import PageEntry
from domain.playbook_files import examine_playbook
from store.kernel.database import Database
from store.record import holding

FindChannel = Callable[[str], Channel]


def proposed_holding(
    order: RenderMessage, files: Mapping[str, str], channel: FindChannel
) -> Document:
    """The document of one revision of the form; ``files`` are the playbook's, with its words.

    Raises ``DomainError`` where the playbook has no holding statements, or none that can be signed.
    """
    plan, written = order.plan.holding, examine_playbook(files).plan
    if plan is None or written is None or written.holding is None:
        raise DomainError(
            f"Playbook {order.plan.name} has no holding statements.",
            "Add `holding:` to the playbook, then propose them again.",
        )
    refuse_own_words(order, "Holding statements", "Propose them without those.")
    plan = plan.model_copy(update={"statements": written.holding.statements})
    names = {name for one in plan.statements for name in one.channels}
    channels = {name: channel(name) for name in sorted(names)}
    return form_document(order, holding=holding_forms_of(order.plan, plan, channels, order.at))


async def released_document(
    order: RenderMessage,
    release: StatementOrder,
    database: Database,
    channel: FindChannel,
    page: PageEntry | None,
) -> Document:
    """A message that is made of an approved statement and the values of its blanks.

    ``page`` is what it says on the status page, if it goes there. The page's subscribers are not
    told: their mail needs words of its own. Raises ``DomainError`` if no statement is approved, if
    that has expired, and for a value that was not approved.
    """
    approved = await holding.newest_approved(database, order.plan.name)
    if approved is None:
        raise DomainError(
            f"No holding statements of playbook {order.plan.name} are approved.",
            NextStep(
                action=Action.PROPOSE_HOLDING,
                about=order.plan.name,
                advice="Propose them, and have them approved, before the next incident.",
            ),
            means="Only what was approved beforehand can be published without a signature now.",
        )
    forms: HoldingForms = approved.forms
    forms.refuse_expired(order.at)
    statement = forms.statement(release.statement)
    if statement.kind is not order.kind:
        raise DomainError(
            f"Holding statement {statement.name} was approved as another kind of message.",
            forms.approve_again(),
        )
    channels = [channel(name) for name in statement.channels]
    ref: MessageRef = order.message
    link = latest_word(order.plan, order.kind, ref, channels)
    words = statement.fill(release.blanks, order.next_update_by, order.at)
    mark = mark_of(ref.incident, order.kind, order.ordinal, order.at)
    return Document(
        incident=ref.incident,
        number=ref.number,
        revision=ref.revision,
        kind=order.kind,
        proposed_at=order.at,
        copies=tuple(statement_copy(one, forms, words, mark=mark, link=link) for one in channels),
        next_update_by=order.next_update_by,
        page=page if any(isinstance(one, WritesPage) for one in channels) else None,
        notify=False,
        released=Released(
            form=approved.ref,
            digest=approved.digest,
            statement=statement.name,
            blanks=release.blanks,
        ),
    )
