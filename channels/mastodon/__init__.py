from __future__ import annotations

from channels.mastodon.channel import ADAPTER, MastodonChannel, MastodonSettings

__all__ = ["ADAPTER", "MastodonChannel", "MastodonSettings"]
