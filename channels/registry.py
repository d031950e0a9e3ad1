"""Which channels there are, and how one is built from the environment.

Ours are lines in ``BUILT_IN``; those of other packages come from the entry-point group
``frontfoot.channels``. Both name an ``Adapter`` by its dotted path, and nothing is imported before
it is asked for: listing the channels loads no HTTP client.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from pydantic_settings import BaseSettings

from channels.adapter import SANDBOX, Adapter
from channels.configured import (
    ChannelMisconfigured,
    EnvFile,
    masked_settings,
    plain_fields,
    read_settings,
)
from channels.contract import Channel, ReadsEvents
from channels.listening import ReadsMentions
from domain.errors import DomainError
from domain.ids import check_channel

GROUP = "frontfoot.channels"
_NOWHERE = "http://127.0.0.1"
_NO_SECRET = "example"

BUILT_IN: Mapping[str, str] = {
    "email": "channels.sendgrid:ADAPTER",
    "facebook": "channels.facebook:ADAPTER",
    "mastodon": "channels.mastodon:ADAPTER",
    "smtp": "channels.smtp:ADAPTER",
    "twitter": "channels.twitter:ADAPTER",
    "website": "channels.website:ADAPTER",
}


def known() -> list[str]:
    """The names of all channels that could be configured here, sorted."""
    return sorted({*BUILT_IN, *(entry.name for entry in entry_points(group=GROUP))})


def build(names: Iterable[str], *, env_file: EnvFile = None) -> dict[str, Channel]:
    """Build the named channels from the environment, and ``env_file`` behind it.

    Raises one ``ChannelMisconfigured`` for everything that is wrong with any of them.
    """
    configured: dict[str, tuple[Adapter, BaseSettings]] = {}
    faults: list[str] = []
    for name in names:
        try:
            adapter = load(name)
            configured[name] = adapter, read_settings(adapter.settings, name, env_file)
        except ChannelMisconfigured as error:
            faults.append(error.what)
    if faults:
        raise ChannelMisconfigured(
            " ".join(faults),
            "Set the variables in the worker's environment or .env file, or take the channel out "
            "of FRONTFOOT_CHANNELS.",
        )
    return {
        name: _named(name, adapter.factory(settings))
        for name, (adapter, settings) in configured.items()
    }


def build_to_render(name: str, *, env_file: EnvFile = None) -> tuple[Channel, bool]:
    """Build one channel to try copy on, and say whether it is configured here.

    If it is not, it gets example credentials. It may render and nothing else; it has opened nothing
    that would have to be closed. Raises ``ChannelMisconfigured`` for a channel that cannot be built
    in either way.
    """
    adapter, configured = load(name), True
    try:
        settings = read_settings(adapter.settings, name, env_file)
    except ChannelMisconfigured as error:
        example = {**(adapter.sandbox or {}), **(adapter.example or {})}
        if not example:
            raise
        values = {field: one.replace(SANDBOX, _NOWHERE) for field, one in example.items()}
        plain = plain_fields(adapter.settings)
        hidden = [field for field in error.fields if field not in plain]
        secrets = {field: one for field, one in values.items() if field not in plain}
        # Some secrets are needed only beside what is set, such as a password beside a username.
        secrets = {**dict.fromkeys(hidden, _NO_SECRET), **secrets}
        try:
            # Where only the secrets are kept from us, as from a console.
            settings = read_settings(adapter.settings, name, env_file, **secrets)
        except ChannelMisconfigured:
            settings = read_settings(adapter.settings, name, env_file, **values)
        configured = False
    return _named(name, adapter.factory(settings)), configured


def event_reader(name: str, *, env_file: EnvFile = None) -> ReadsEvents | None:
    """Build the reader of a channel's events; None if its provider reports none.

    Needs none of the channel's own settings. Raises ``ChannelNotConfigured`` where nothing is set
    by which events could be verified, and ``ChannelMisconfigured`` for anything else.
    """
    source = load(name).events
    if source is None:
        return None
    return source.factory(read_settings(source.settings, name, env_file))


def mention_reader(name: str, *, env_file: EnvFile = None) -> ReadsMentions | None:
    """Build the reader of a channel's webhook about mentions; None if its provider has none.

    Raises like ``event_reader``.
    """
    source = load(name).mentions
    if source is None:
        return None
    return source.factory(read_settings(source.settings, name, env_file))


def masked(name: str, *, env_file: EnvFile = None) -> dict[str, str]:
    """How a channel is configured: each variable and its value, with secrets as ``set``.

    Raises ``ChannelMisconfigured`` like ``build``.
    """
    return masked_settings(read_settings(load(name).settings, name, env_file))


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
    try:
        check_channel(name)
    except DomainError as error:
        # Playbooks, queues and ids are named after it, and none of them can hold another form.
        raise ChannelMisconfigured(
            f"{error} An installed package has an entry point of that name.",
            "Rename the entry point, and the channel with it.",
        ) from error
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
            f"Channel {name!r}: {found[0].value} is not a channels.adapter.Adapter.",
            "Correct the entry point of the package that brings it.",
        )
    return adapter


def _named(name: str, channel: Channel) -> Channel:
    """``channel``, if it goes by the name that it was found under."""
    if channel.name == name:
        return channel
    # Copies and queues go by the channel's own name: those of one would end up at the other.
    raise ChannelMisconfigured(
        f"The channel that is installed as {name!r} calls itself {channel.name[:40]!r}.",
        "Give the entry point and the class's `name` the same word, or configure another package.",
        means="What is approved for one of the two names could go out on the other, "
        "so nothing is started.",
    )


def _imported(path: str) -> object:
    module, _, attribute = path.partition(":")
    return getattr(import_module(module), attribute)
