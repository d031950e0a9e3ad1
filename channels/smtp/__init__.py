from __future__ import annotations

from channels.smtp.channel import ADAPTER, SmtpChannel
from channels.smtp.settings import SmtpSettings

__all__ = ["ADAPTER", "SmtpChannel", "SmtpSettings"]
