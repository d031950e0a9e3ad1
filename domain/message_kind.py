"""The kinds of message: what each says, or lets out."""

from __future__ import annotations

from enum import StrEnum


class MessageKind(StrEnum):
    """What a message is for."""

    ANNOUNCEMENT = "announcement"
    PROGRESS_UPDATE = "progress_update"
    RESOLUTION_NOTE = "resolution_note"
    GOODWILL_OFFER = "goodwill_offer"
    CORRECTION = "correction"
    REPLY_RULES = "reply_rules"
    HOLDING_STATEMENTS = "holding_statements"

    @property
    def published(self) -> bool:
        """Whether it says something to everybody; forms let others out, one by one."""
        return self not in (MessageKind.REPLY_RULES, MessageKind.HOLDING_STATEMENTS)
