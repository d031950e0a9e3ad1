"""Replying: what is due on one channel, sent for a while."""

from __future__ import annotations

from activities.signatures.signature import Signature
from domain.ids import ChannelName
from domain.model import Value


class SendReplies(Value):
    """Send what is due on a channel. ``asked``: somebody has planned something, or put it right."""

    channel: ChannelName
    asked: bool = False


class RepliesSent(Value):
    """In how many seconds something is due again, None if nothing is; and how many were sent."""

    again_in: float | None
    sent: int = 0


SEND_REPLIES = Signature("send_replies", SendReplies, RepliesSent)
