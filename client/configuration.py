"""Reading the settings, with every problem explained."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import SettingsError

from client.errors import WrongInput
from settings import (
    EnvFileUnreadable,
    Settings,
    complete_environment,
    refuse_unreadable_env_file,
)


def load_settings(*, state_dir: Path | None = None) -> Settings:
    """The settings, with ``state_dir`` instead of the one that they name.

    ``WrongInput`` names each variable that cannot be used, never its value, or the line of ``.env``
    that cannot be read.
    """
    try:
        refuse_unreadable_env_file()
        return Settings() if state_dir is None else Settings(state_dir=state_dir)
    except EnvFileUnreadable as error:
        raise _of_env_file(error) from error
    except ValidationError as error:
        raise _in_words(error) from error
    except SettingsError as error:
        raise WrongInput(
            "The settings cannot be read.", "Check the FRONTFOOT_ variables and .env."
        ) from error


def prepare_environment() -> None:
    """Complete the environment from ``.env``; ``WrongInput`` names the line at fault."""
    try:
        complete_environment()
    except EnvFileUnreadable as error:
        raise _of_env_file(error) from error


def _of_env_file(error: EnvFileUnreadable) -> WrongInput:
    return WrongInput(error.what, error.next_step)


def _in_words(error: ValidationError) -> WrongInput:
    faults = [
        f"FRONTFOOT_{'_'.join(map(str, one['loc'])).upper()}: "
        f"{one['msg'].removeprefix('Value error, ')}"
        for one in error.errors(include_input=False, include_url=False)
    ]
    return WrongInput(
        f"The settings cannot be used. {'; '.join(faults)}.",
        "Correct the variable in the environment or in .env.",
    )
