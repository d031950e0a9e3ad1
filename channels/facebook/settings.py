"""The Page at Facebook on which we post, answer and listen."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from channels.configured import ChannelSettings, Key, Url


class FacebookSettings(ChannelSettings):
    """The Page: its id and token, and what may stay as it is."""

    model_config = SettingsConfigDict(env_prefix="FRONTFOOT_FACEBOOK_")

    page_id: str = Field(description="number of the Page", pattern=r"^[0-9]{1,32}$")
    page_token: Key = Field(description="Page access token that does not expire")
    app_secret: Key | None = Field(default=None, description="secret of the app, to prove calls")
    base_url: Url = "https://graph.facebook.com"
    site_url: Url = Field(default="https://www.facebook.com", description="where people read posts")
    version: str = Field(default="v26.0", pattern=r"^v[0-9]{1,3}\.[0-9]{1,2}$")
