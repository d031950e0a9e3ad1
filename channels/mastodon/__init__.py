from __future__ import annotations

from channels.mastodon.channel import ADAPTER, MastodonChannel
from channels.mastodon.settings import MastodonSettings

__all__ = ["ADAPTER", "MastodonChannel", "MastodonSettings"]
