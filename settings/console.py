"""The console: where it is, who signs in there, and what decisions are proven with."""

from __future__ import annotations

import re

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from domain.gate import Requirement
from domain.public_text import ADDRESS_START


class ConsoleSettings(BaseSettings):
    """Of the pages for people on duty."""

    console_host: str = "127.0.0.1"
    console_port: int = 8092
    console_url: str = Field(
        default="http://localhost:8092",
        description="Where people on duty reach the console; requests for any other host are "
        "refused, and so are those that a page of another origin sends.",
    )
    console_reading_url: str = Field(
        default="",
        description="Where phones in the same network read the console without HTTPS, such as "
        "http://192.168.1.20:8093: the console listens there too, and nothing can be done there.",
    )
    proof_required: Requirement = Field(
        default=Requirement.NONE,
        description="What every decision of this installation is proven with, whatever a gate "
        "says: none, key or passkey. Incidents are opened with such gates, and the worker sends "
        "nothing that was opened otherwise.",
    )
    oidc_issuer: str = Field(
        default="",
        description="The company's identity provider, as its tokens name it. People sign in to the "
        "console with their account there, by OpenID Connect.",
    )
    oidc_client_id: str = Field(default="", description="What the console is called there.")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="Its secret there, if it was given one."
    )

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, value: str) -> str:
        # On this machine there are no certificates; over the net, http could name anybody.
        if value and not re.match(ADDRESS_START, value):
            raise ValueError("the issuer's address begins with https://")
        return value

    @field_validator("console_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        value = value.rstrip("/").lower()
        if not re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", value):
            raise ValueError("the console's URL is https://, a host name and perhaps a port")
        return value

    @field_validator("console_reading_url")
    @classmethod
    def _reading(cls, value: str) -> str:
        value = value.rstrip("/").lower()
        if value and not re.fullmatch(r"http://[a-z0-9.-]+:[0-9]{1,5}", value):
            raise ValueError("the address for reading is http://, this machine's address, a port")
        return value
