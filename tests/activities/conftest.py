"""A ledger on a real SQLite file, and a provider that does what a test tells it to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from channels.contract import (
    Capabilities,
    ChannelKind,
    Health,
    Publication,
    Template,
)
from domain.message import Copy, Document, MessageKind
from domain.publication import Finding, Receipt, Sighting
from store.kernel.database import Database
from store.record import messages
from tests.fresh_ledger import empty_ledger, ledger
from tests.sealing import open_gate

__all__ = ["empty_ledger", "ledger"]

NOON = datetime(2026, 10, 26, 12, 0, tzinfo=UTC)


class Provider:
    """A post channel whose every answer a test chooses; ``book`` is what the public sees."""

    name = "square"
    capabilities = Capabilities(kind=ChannelKind.POST, max_length=280)

    def __init__(self) -> None:
        self.book: list[str] = []
        self.requests = 0
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None

    def render(self, template: Template) -> Copy:
        return Copy(channel=self.name, text=template.text, mark=template.mark)

    async def publish(self, publication: Publication) -> Receipt:
        self.requests += 1
        self.before()
        self.book.append(publication.copy.text)
        self.after()
        return Receipt(id=str(len(self.book)), url="https://square.example/1", at=NOON)

    async def retract(self, receipt: Receipt) -> None:
        self.book[int(receipt.id) - 1] = ""

    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        if copy.text in self.book:
            receipt = Receipt(id=str(self.book.index(copy.text) + 1), at=NOON)
            return Sighting(finding=Finding.FOUND, receipt=receipt)
        return Sighting(finding=Finding.ABSENT)

    async def check(self) -> Health:
        return Health(ok=True, detail="works")

    async def close(self) -> None:
        return None


def raising(error: BaseException) -> Callable[[], None]:
    """A step of the provider that ends in ``error``."""

    def step() -> None:
        raise error

    return step


@pytest.fixture
def provider() -> Provider:
    return Provider()


def notice(text: str = "Notice 1, 26 Oct 12:00 UTC: we were hacked.") -> Document:
    """An announcement for the one channel of these tests."""
    return Document(
        incident="hacked",
        number=1,
        revision=1,
        kind=MessageKind.ANNOUNCEMENT,
        proposed_at=NOON,
        copies=(Copy(channel="square", text=text, mark="Notice 1, 26 Oct 12:00 UTC"),),
    )


@pytest.fixture
async def document(ledger: Database) -> Document:
    document = notice()
    await messages.save_revision(ledger, document, "maya")
    await open_gate(ledger, document)
    return document
