"""Which mentions of an incident are answered, by which replies, and with what receipts."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import and_, select

from domain.mentions import MentionKind, MentionState
from domain.publication import PublicationState
from store.kernel.database import Database
from store.tables import mentions, replies

_M, _R = mentions.c, replies.c


class AnsweredMention(NamedTuple):
    """A mention that is said to be answered; ``receipts`` are those of accepted replies to it."""

    number: int
    channel: str
    provider_id: str
    mail: bool
    receipts: tuple[str, ...]


async def answered(db: Database, incident: str) -> list[AnsweredMention]:
    """Every mention of an incident that is answered, or has a reply that was accepted."""
    query = (
        select(_M.id, _M.channel, _M.provider_id, _M.kind, _R.receipt_id)
        .outerjoin(
            replies,
            and_(_R.mention_id == _M.id, _R.state == PublicationState.ACCEPTED.value),
        )
        .where(
            _M.incident == incident,
            (_M.state == MentionState.ANSWERED.value) | _R.id.is_not(None),
        )
        .order_by(_M.id)
    )
    found: dict[int, AnsweredMention] = {}
    async with db.read() as connection:
        for number, channel, provider_id, kind, receipt in await connection.execute(query):
            mail = kind == MentionKind.MAIL.value
            known = found.get(number, AnsweredMention(number, channel, provider_id, mail, ()))
            receipts = (*known.receipts, receipt) if receipt else known.receipts
            found[number] = known._replace(receipts=receipts)
    return list(found.values())
