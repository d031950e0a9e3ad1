"""The account at SendGrid by which mail is sent."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from channels.configured import ChannelSettings, Key, Url

PROVIDER = "SendGrid"


class SendGridSettings(ChannelSettings):
    """The account at SendGrid: ``FRONTFOOT_EMAIL_API_KEY`` and what may stay as it is."""

    model_config = SettingsConfigDict(env_prefix="FRONTFOOT_EMAIL_")

    api_key: Key = Field(
        description="API key with the mail.send scope, and suppression.read to sync its lists"
    )
    base_url: Url = "https://api.sendgrid.com"
    from_address: str | None = Field(
        default=None, description="sender where the playbook's voice has no address"
    )
    from_name: str = ""
    activity_feed: bool = Field(
        default=False, description="whether the account has the Email Activity add-on"
    )
    asm_group_id: int | None = Field(default=None, description="unsubscribe group of the mail")
