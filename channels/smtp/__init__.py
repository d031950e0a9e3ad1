from __future__ import annotations

from channels.smtp.channel import ADAPTER, SmtpChannel, SmtpSettings

__all__ = ["ADAPTER", "SmtpChannel", "SmtpSettings"]
