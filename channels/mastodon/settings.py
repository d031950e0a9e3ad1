"""The account at a Mastodon server by which we post, answer and listen."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from channels.configured import ChannelSettings, Key, Url
from channels.mastodon.replying import LIMITS
from channels.replying import LIMITS_PATTERN


class MastodonSettings(ChannelSettings):
    """The account: its server and a token from "Development" in its preferences."""

    model_config = SettingsConfigDict(env_prefix="FRONTFOOT_MASTODON_")

    base_url: Url = Field(description="address of the account's server")
    token: Key = Field(description="access token of the account")
    visibility: Literal["public", "unlisted"] = "public"
    max_characters: int = Field(default=500, ge=1, description="longest post that the server takes")
    link_characters: int = Field(default=23, ge=1, description="what a link counts there")
    limits: str = Field(
        default=LIMITS,
        pattern=LIMITS_PATTERN,
        description="how many posts and replies in how many seconds: 300/300,300/10800",
    )
