"""The settings of the website: its address, and where it is written."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from channels.configured import ChannelSettings, Key, Unusable, Url

Name = Field(default="", max_length=200)


class WebsiteSettings(ChannelSettings):
    """The status page: where people read it, and one target or two to write it to.

    A bucket takes the two keys of an account that may read and write below ``bucket_prefix``.
    """

    model_config = SettingsConfigDict(env_prefix="FRONTFOOT_WEBSITE_")

    url: Url = Field(description="where people read the status page")
    folder: Path | None = Field(default=None, description="folder to write the page to")
    bucket: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        description="name of an S3 bucket to write the page to",
    )
    bucket_prefix: str = Field(default="", pattern=r"^([A-Za-z0-9._-]+/)*[A-Za-z0-9._-]*$")
    bucket_endpoint: Url | None = Field(
        default=None, description="address of the S3 service, if it is not Amazon's"
    )
    bucket_region: str = Field(default="us-east-1", pattern=r"^[A-Za-z0-9-]{1,40}$")
    bucket_key_id: Key | None = Field(default=None, description="access key id for the bucket")
    bucket_secret: Key | None = Field(default=None, description="secret key for the bucket")
    name: str = Field(default="", max_length=200, description="name of the page")
    home: Url | None = Field(default=None, description="the company's own site, for a link to it")
    subscribe: bool = Field(
        default=False, description="whether people can sign up at `subscribe/` of that address"
    )
    read_back_within: float = Field(
        default=20.0, gt=0, le=300, description="seconds until the public page has to show it"
    )

    @field_validator("folder")
    @classmethod
    def _absolute(cls, folder: Path | None) -> Path | None:
        # Each process has a working folder of its own.
        return None if folder is None else folder.expanduser().absolute()

    @model_validator(mode="after")
    def _has_a_target(self) -> WebsiteSettings:
        if self.folder is None and self.bucket is None:
            raise Unusable("names neither a folder nor a bucket")
        return self
