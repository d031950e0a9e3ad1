"""Kinds of values that several settings have."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr, ValidationInfo
from pydantic_settings import NoDecode


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(name.strip() for name in value.split(",") if name.strip())
    return value


def _long_enough(value: SecretStr, info: ValidationInfo) -> SecretStr:
    if len(value.get_secret_value()) < 32:
        name = str(info.field_name).replace("_", " ")
        raise ValueError(f"the {name} needs 32 characters or more")
    return value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""Names in one line of text, separated by commas."""

LongSecret = Annotated[SecretStr, AfterValidator(_long_enough)]
"""A secret that nobody can guess."""
