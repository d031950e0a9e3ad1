from __future__ import annotations

from channels.website.channel import ADAPTER, WebsiteChannel
from channels.website.settings import WebsiteSettings

__all__ = ["ADAPTER", "WebsiteChannel", "WebsiteSettings"]
