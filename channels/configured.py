"""The settings of channels: checked keys and addresses, and every problem explained.

A key pasted with its line end, or an address without a scheme, would otherwise show up as a broken
request in the middle of an incident.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.errors import DomainError

EnvFile = str | Path | None
Model = TypeVar("Model", bound=BaseSettings)


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
"""A credential: never printed, stripped of the white space that comes with copying."""

Url = Annotated[str, AfterValidator(_clean_url)]
"""The base of an API, without a slash at its end."""

Seconds = Annotated[float, Field(gt=0, le=600)]


class ChannelSettings(BaseSettings):
    """The base of a channel's settings; a subclass sets ``env_prefix`` in its ``model_config``.

    ``connect_timeout`` is seconds until a connection is made, ``read_timeout`` seconds without a
    byte. After the latter a publication is *unknown*, so it is generous.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    connect_timeout: Seconds = 5.0
    read_timeout: Seconds = 30.0


class Unusable(ValueError):
    """Raised by the validator of a setting: ``what`` the value is, in words that may be shown.

    It follows the variable's name ("is an API key; …") and never contains the value.
    """


class ChannelMisconfigured(DomainError):
    """A channel that cannot be built: ``what`` names each variable at fault, and no value.

    ``fields`` are those of the settings that are at fault, where settings are.
    """

    fields: tuple[str, ...] = ()


class ChannelNotConfigured(ChannelMisconfigured):
    """The same, where no variable is wrong, but some that are needed are not set."""


def read_settings(
    model: type[Model], channel: str, env_file: EnvFile = None, **instead: str
) -> Model:
    """The settings of ``channel`` from the environment, and ``env_file`` behind it.

    ``instead`` has values by field that are used in place of theirs. Raises
    ``ChannelMisconfigured`` that names every variable at fault.
    """
    make: Callable[..., Model] = model
    try:
        # Editors on Windows begin a file with a mark.
        return make(_env_file=env_file, _env_file_encoding="utf-8-sig", **instead)
    except ValidationError as error:
        found = error.errors()
    kind = (
        ChannelNotConfigured
        if all(one["type"] == "missing" for one in found)
        else ChannelMisconfigured
    )
    misconfigured = kind(
        f"Channel {channel!r} is not configured: {'; '.join(_fault(model, one) for one in found)}.",
        "Set the variables in the environment or .env file.",
    )
    misconfigured.fields = tuple(str(one["loc"][0]) for one in found if one["loc"])
    raise misconfigured


def variable_of(model: type[BaseSettings], field: str) -> str:
    """The environment variable of one field."""
    return f"{model.model_config.get('env_prefix', '')}{field}".upper()


def plain_fields(model: type[BaseSettings]) -> list[str]:
    """The fields that hold no secret, by their types."""
    return [
        name
        for name, field in model.model_fields.items()
        if "Secret" not in str(field.annotation) + str(field.metadata)
    ]


def masked_settings(settings: BaseSettings) -> dict[str, str]:
    """Each variable and its value, with secrets as ``set``."""
    model = type(settings)
    return {variable_of(model, name): _mask(getattr(settings, name)) for name in model.model_fields}


def _fault(model: type[BaseSettings], error: ErrorDetails) -> str:
    """One variable at fault, in words; never its value, which may be a key pasted wrongly."""
    if not error["loc"]:
        return "its settings do not fit together"
    name = str(error["loc"][0])
    variable = variable_of(model, name)
    field = model.model_fields.get(name)
    meaning = f" ({field.description})" if field and field.description else ""
    if error["type"] == "missing":
        return f"{variable}{meaning} is not set"
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, Unusable):
        return f"{variable} cannot be used as it is: it {cause}"
    return f"{variable}{meaning} cannot be used as it is ({error['type'].replace('_', ' ')})"


def _mask(value: object) -> str:
    if isinstance(value, SecretStr):
        return "set" if value.get_secret_value() else "not set"
    return "not set" if value is None or value == "" else str(value)
