"""The file ``.env``: what it says, and how the environment is completed from it."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

from dotenv import dotenv_values

from domain.errors import DomainError
from domain.plain_text import NEXT_STEP, NotText, read_utf8

ENV_FILE = Path(".env")
_OURS = ("FRONTFOOT_", "TEMPORAL_")
_NO_LETTER = re.compile(r"[\udc80-\udcff]")
"""What Python makes of bytes that are no letter in the terminal's encoding."""


class EnvFileUnreadable(DomainError):
    """Settings that cannot be read: ``what`` names the line or the variable, and no value."""


def read_env_file(path: Path = ENV_FILE) -> dict[str, str]:
    """The variables of a file of settings that have a value; none if there is no such file.

    ``EnvFileUnreadable`` says why it cannot be read, which pydantic would do with a traceback, or
    not at all.
    """
    try:
        text = read_utf8(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise EnvFileUnreadable(
            f"{path.name} cannot be read: {why}.", "It has to be a file that this user may read."
        ) from error
    except NotText as error:
        raise EnvFileUnreadable(
            f"{path.name}, line {error.line}: {error.detail}", NEXT_STEP
        ) from error
    return {name: value for name, value in dotenv_values(stream=io.StringIO(text)).items() if value}


def refuse_unreadable_env_file() -> None:
    """Raise ``EnvFileUnreadable`` if there is a ``.env`` that cannot be read."""
    if not ENV_FILE.is_fifo():
        # What a password manager puts there can be read only once.
        read_env_file()


def complete_environment() -> None:
    """Fill in from ``.env`` what the environment lacks of ours and of Temporal's.

    Every process of ours begins with this: Temporal's own reader knows nothing of ``.env``, and a
    worker must reach the same server as the commands. Raises ``EnvFileUnreadable``, also for a
    variable that is no text in this terminal's encoding.
    """
    for name, value in read_env_file().items():
        if name.startswith(_OURS):
            try:
                os.environ.setdefault(name, value)
            except UnicodeEncodeError as error:
                raise _no_text(name) from error
    for name, value in os.environ.items():
        if name.startswith(_OURS) and _NO_LETTER.search(value):
            raise _no_text(name)


def _no_text(name: str) -> EnvFileUnreadable:
    return EnvFileUnreadable(
        f"{name} cannot be read or set in this terminal's encoding.",
        "Set LANG to a locale with UTF-8, such as C.UTF-8, and set the variable again.",
    )
