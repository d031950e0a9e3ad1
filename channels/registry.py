"""Which channels there are, and how one is built from the environment.

Ours are lines in ``BUILT_IN``; anybody else's come by the entry-point group
``frontfoot.channels``. Both name an ``Adapter`` by its dotted path, and nothing is imported before
it is asked for: listing the channels loads no HTTP client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings

from channels.contract import Channel
from domain.errors import DomainError

GROUP = "frontfoot.channels"

BUILT_IN: Mapping[str, str] = {
    "email": "channels.sendgrid:ADAPTER",
    "facebook": "channels.facebook:ADAPTER",
    "mastodon": "channels.mastodon:ADAPTER",
    "smtp": "channels.smtp:ADAPTER",
    "twitter": "channels.twitter:ADAPTER",
}

EnvFile = str | Path | None


@dataclass(frozen=True, slots=True)
class Adapter:
    """What a channel is made of: its settings model, and the function that builds it from them."""

    settings: type[BaseSettings]
    factory: Callable[[Any], Channel]


class ChannelMisconfigured(DomainError):
    """A channel that cannot be built: ``what`` names each variable at fault, and no value."""


def known() -> list[str]:
    """The names of all channels that could be configured here, sorted."""
    return sorted({*BUILT_IN, *(entry.name for entry in entry_points(group=GROUP))})


def build(names: Iterable[str], *, env_file: EnvFile = None) -> dict[str, Channel]:
    """Build the named channels from the environment, and ``env_file`` behind it.

    Raises one ``ChannelMisconfigured`` for everything that is wrong with any of them.
    """
    adapters: dict[str, tuple[Adapter, BaseSettings]] = {}
    faults: list[str] = []
    for name in names:
        try:
            adapters[name] = _configure(name, env_file)
        except ChannelMisconfigured as error:
            faults.append(error.what)
    if faults:
        raise ChannelMisconfigured(
            " ".join(faults),
            "Set the variables in the worker's environment or .env file, or take the channel out "
            "of FRONTFOOT_CHANNELS.",
        )
    return {name: adapter.factory(settings) for name, (adapter, settings) in adapters.items()}


def masked(name: str, *, env_file: EnvFile = None) -> dict[str, str]:
    """How a channel is configured: each variable and its value, with secrets as ``set``.

    Raises ``ChannelMisconfigured`` like ``build``.
    """
    _, settings = _configure(name, env_file)
    return {variable: _mask(value) for variable, value in _variables(settings)}


def load(name: str) -> Adapter:
    """Import the adapter of one channel. Raises ``ChannelMisconfigured``."""
    path = BUILT_IN.get(name)
    found = list(entry_points(group=GROUP, name=name))
    if path:
        # A package that is installed later cannot take over a name of ours unnoticed.
        found = [EntryPoint(name, path, GROUP)]
    if not found:
        raise ChannelMisconfigured(
            f"There is no channel called {name[:40]!r}; known are {', '.join(known())}.",
            "Correct the name, or install the package that brings it.",
        )
    if len({entry.value for entry in found}) > 1:
        raise ChannelMisconfigured(
            f"Several installed packages bring a channel called {name!r}.", "Keep one of them."
        )
    try:
        adapter = _imported(found[0].value)
    except (ImportError, AttributeError) as error:
        raise ChannelMisconfigured(
            f"Channel {name!r} cannot be loaded from {found[0].value} ({type(error).__name__}).",
            "Install it again, with everything that it needs.",
        ) from error
    if not isinstance(adapter, Adapter):
        raise ChannelMisconfigured(
            f"Channel {name!r}: {found[0].value} is not a channels.registry.Adapter.",
            "Correct the entry point of the package that brings it.",
        )
    return adapter


def _imported(path: str) -> object:
    module, _, attribute = path.partition(":")
    return getattr(import_module(module), attribute)


def _configure(name: str, env_file: EnvFile) -> tuple[Adapter, BaseSettings]:
    adapter = load(name)
    make: Callable[..., BaseSettings] = adapter.settings
    try:
        return adapter, make(_env_file=env_file)
    except ValidationError as error:
        faults = "; ".join(_fault(adapter.settings, one) for one in error.errors())
    raise ChannelMisconfigured(
        f"Channel {name!r} is not configured: {faults}.",
        "Set the variables in the environment or .env file.",
    )


def _fault(model: type[BaseSettings], error: ErrorDetails) -> str:
    """One variable at fault, in words; never its value, which may be a key pasted wrongly."""
    if not error["loc"]:
        return "its settings do not fit together"
    name = str(error["loc"][0])
    variable = _variable(model, name)
    field = model.model_fields.get(name)
    meaning = f" ({field.description})" if field and field.description else ""
    if error["type"] == "missing":
        return f"{variable}{meaning} is not set"
    return f"{variable}{meaning} cannot be used as it is ({error['type'].replace('_', ' ')})"


def _variable(model: type[BaseSettings], field: str) -> str:
    return f"{model.model_config.get('env_prefix', '')}{field}".upper()


def _variables(settings: BaseSettings) -> Iterator[tuple[str, object]]:
    model = type(settings)
    for name in model.model_fields:
        yield _variable(model, name), getattr(settings, name)


def _mask(value: object) -> str:
    if isinstance(value, SecretStr):
        return "set" if value.get_secret_value() else "not set"
    return "not set" if value is None or value == "" else str(value)
