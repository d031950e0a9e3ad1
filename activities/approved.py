"""What may be published: the stored document, if it is exactly what was approved."""

from __future__ import annotations

from activities.signatures.posts import PublicationTask
from domain.errors import DomainError
from domain.message import Document
from store.kernel.database import Database
from store.record import messages


async def approved_document(database: Database, task: PublicationTask) -> Document:
    """Load the document and compare its digest with the approved one, byte for byte.

    Raises ``DomainError`` if it is not what the approvers signed.
    """
    document = await messages.load_revision(database, task.message)
    if document.digest() != task.digest:
        raise DomainError(
            f"Message {task.message.number} in the ledger is not what was approved.",
            "Do not publish it: propose it again and have it signed.",
        )
    return document
