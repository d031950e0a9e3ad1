from __future__ import annotations

from channels.facebook.channel import ADAPTER, FacebookChannel, FacebookSettings

__all__ = ["ADAPTER", "FacebookChannel", "FacebookSettings"]
