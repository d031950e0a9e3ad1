"""The receiver's tests write to a ledger on a real SQLite file."""

from __future__ import annotations

from tests.fresh_ledger import empty_ledger, ledger

__all__ = ["empty_ledger", "ledger"]
