"""Secrets of browsers that were asked to sign in: each carries its time, and that it is ours.

Strangers may ask as often as they like: nothing is kept of it here or in the ledger, so nobody
can fill it or push an honest person's challenge out. What was answered is a row, once.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime

_OURS = secrets.token_bytes(32)
"""Of this process, and never kept: whoever was asked before a restart is asked again."""


def new_secret(expires: datetime) -> str:
    """What a browser keeps: a secret, until when it may be used, and that it is ours."""
    said = f"{secrets.token_urlsafe(32)}.{int(expires.timestamp())}"
    return f"{said}.{_mark(said)}"


def time_of(secret: str) -> datetime | None:
    """Until when a secret of ours may be used; None if it is not ours."""
    said, _, mark = secret.rpartition(".")
    if not hmac.compare_digest(mark.encode(), _mark(said).encode()):
        return None
    return datetime.fromtimestamp(int(said.rpartition(".")[2]), UTC)


def _mark(said: str) -> str:
    return hmac.new(_OURS, said.encode(), hashlib.sha256).hexdigest()
