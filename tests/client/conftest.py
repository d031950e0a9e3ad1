"""A ledger of a test's own, and a Temporal that does not answer."""

from __future__ import annotations

import pytest

from client.engine import Engine
from client.stack.ports import Ports
from settings import Settings
from store.kernel.database import Database
from tests.fresh_ledger import empty_ledger, ledger

__all__ = ["empty_ledger", "ledger"]


@pytest.fixture
def away(ledger: Database, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine whose ledger is there and whose Temporal is not."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{Ports.free().temporal}")
    return Engine(Settings(_env_file=None), ledger=ledger)
