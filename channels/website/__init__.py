from __future__ import annotations

from channels.website.channel import ADAPTER, WebsiteChannel, WebsiteSettings

__all__ = ["ADAPTER", "WebsiteChannel", "WebsiteSettings"]
