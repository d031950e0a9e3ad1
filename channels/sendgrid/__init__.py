from __future__ import annotations

from channels.sendgrid.channel import ADAPTER, SendGridChannel
from channels.sendgrid.events import SendGridEvents, SendGridEventSettings
from channels.sendgrid.settings import SendGridSettings

__all__ = [
    "ADAPTER",
    "SendGridChannel",
    "SendGridEventSettings",
    "SendGridEvents",
    "SendGridSettings",
]
