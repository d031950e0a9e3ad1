"""The account at X by which we post, answer and listen."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from channels.configured import ChannelSettings, Key, Url
from channels.replying import LIMITS_PATTERN
from channels.twitter.replying import LIMITS


class TwitterSettings(ChannelSettings):
    """The account at X: four secrets from its developer portal, and what may stay as it is."""

    model_config = SettingsConfigDict(env_prefix="FRONTFOOT_TWITTER_")

    consumer_key: Key = Field(description="API key of the app")
    consumer_secret: Key = Field(description="API key secret of the app")
    token: Key = Field(description="access token of the account")
    token_secret: Key = Field(description="access token secret of the account")
    base_url: Url = "https://api.x.com"
    site_url: Url = Field(default="https://x.com", description="where people read posts")
    user_id: str | None = Field(default=None, pattern=r"^[0-9]{1,19}$")
    handle: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_]{1,15}$")
    fields: str = Field(default="tweet.fields", pattern=r"^(tweet|post)\.fields$")
    limits: str = Field(
        default=LIMITS,
        pattern=LIMITS_PATTERN,
        description="how many posts and replies in how many seconds: 100/900,300/10800",
    )
