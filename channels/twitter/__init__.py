from __future__ import annotations

from channels.twitter.channel import ADAPTER, TwitterChannel
from channels.twitter.settings import TwitterSettings

__all__ = ["ADAPTER", "TwitterChannel", "TwitterSettings"]
