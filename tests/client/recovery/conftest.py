"""Ledgers on both databases, each a database of its own."""

from __future__ import annotations

import os

import pytest

from tests.fresh_ledger import empty_ledger
from tests.store.conftest import blank_url, postgres_url
from tests.store.postgres_server import binaries

__all__ = ["blank_url", "empty_ledger", "postgres_url"]


@pytest.fixture(autouse=True)
def _postgres_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's own tools are found, as where its client is installed."""
    folder = binaries()
    if folder is not None:
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
