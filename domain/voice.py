"""Voices: who speaks on a channel."""

from __future__ import annotations

from domain.model import Value
from domain.public_text import PublicLine, PublicText


class Voice(Value):
    """Who speaks on a channel: sender name and address for mail, sign-off for posts."""

    name: PublicLine
    address: PublicLine | None = None
    reply_to: PublicLine | None = None
    sign_off: PublicText = ""
