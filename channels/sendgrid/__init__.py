from __future__ import annotations

from channels.sendgrid.channel import ADAPTER, EmailChannel, EmailSettings

__all__ = ["ADAPTER", "EmailChannel", "EmailSettings"]
