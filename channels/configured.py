"""What the settings of every channel are made of: keys and addresses that cannot go wrong later.

A key pasted with its line end, or an address without a scheme, would otherwise show up as a broken
request in the middle of an incident.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _clean_key(key: SecretStr) -> SecretStr:
    text = key.get_secret_value().strip()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("a key is one word of printable ASCII")
    return SecretStr(text)


def _clean_url(url: str) -> str:
    scheme, separator, rest = url.strip().rstrip("/").partition("://")
    if not separator or scheme not in ("http", "https") or not rest or set(rest) & set(" @?#"):
        raise ValueError("an address is http:// or https://, a host, and perhaps a port and path")
    return f"{scheme}://{rest}"


Key = Annotated[SecretStr, AfterValidator(_clean_key)]
"""A credential: never printed, stripped of the white space that copying picks up."""

Url = Annotated[str, AfterValidator(_clean_url)]
"""The base of an API, without a slash at its end."""

Seconds = Annotated[float, Field(gt=0, le=600)]


class ChannelSettings(BaseSettings):
    """The base of a channel's settings; a subclass sets ``env_prefix`` in its ``model_config``.

    ``connect_timeout`` is seconds until a connection stands, ``read_timeout`` seconds without a
    byte. After the second one a publication is *unknown*, so it is generous.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    connect_timeout: Seconds = 5.0
    read_timeout: Seconds = 30.0
