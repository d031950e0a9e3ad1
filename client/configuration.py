"""Reading the settings, with every problem explained."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import SettingsError

from client.errors import WrongInput
from settings import Settings


def load_settings(*, state_dir: Path | None = None) -> Settings:
    """The settings, with ``state_dir`` instead of the one that they name.

    ``WrongInput`` names each variable that cannot be used, never its value.
    """
    try:
        return Settings() if state_dir is None else Settings(state_dir=state_dir)
    except ValidationError as error:
        raise _in_words(error) from error
    except SettingsError as error:
        raise WrongInput(
            "The settings cannot be read.", "Check the FRONTFOOT_ variables and .env."
        ) from error


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
