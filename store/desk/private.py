"""Which mentions are private messages: listed and closed like all others, and never answered here.

The same rule as ``Mention.is_private_message``, for the database.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, not_

from domain.mentions import MentionKind
from store.tables import mentions

IS_PRIVATE: ColumnElement[bool] = and_(
    mentions.c.private, mentions.c.kind != MentionKind.MAIL.value
)
NOT_PRIVATE: ColumnElement[bool] = not_(IS_PRIVATE)
