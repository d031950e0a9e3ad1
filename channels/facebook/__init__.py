from __future__ import annotations

from channels.facebook.channel import ADAPTER, FacebookChannel
from channels.facebook.settings import FacebookSettings

__all__ = ["ADAPTER", "FacebookChannel", "FacebookSettings"]
