"""Listening: one page of what people say on a channel, read and entered."""

from __future__ import annotations

from activities.signatures.signature import Signature
from domain.ids import ChannelName
from domain.model import Value


class ReadMentions(Value):
    """Read a page on a channel, or of its ``private`` messages.

    ``asked``: somebody wants it now, whatever kept us from it.
    """

    channel: ChannelName
    private: bool = False
    asked: bool = False


class Heard(Value):
    """In how many seconds the next page is due, and how many mentions were new."""

    again_in: float
    new: int = 0


READ_MENTIONS = Signature("read_mentions", ReadMentions, Heard)
