from __future__ import annotations

from channels.twitter.channel import ADAPTER, TwitterChannel, TwitterSettings

__all__ = ["ADAPTER", "TwitterChannel", "TwitterSettings"]
