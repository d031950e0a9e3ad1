"""Adapters: everything that the rest of the program knows about a channel, as data.

Each channel's package defines one ``ADAPTER``, and ``channels.registry`` finds it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_settings import BaseSettings

from channels.contract import Channel, ReadsEvents
from channels.listening import ReadsMentions

SANDBOX = "{sandbox}"
"""In ``Adapter.sandbox``: the address of the sandbox."""

PUBLIC, STATE = "{public}", "{state}"
"""The same for the embedded stack's own public address, and for its folder."""


@dataclass(frozen=True, slots=True)
class EventSource:
    """How the events of a provider are received.

    Its ``settings`` are separate, because the process that needs them can be reached from the
    internet: it gets what verifies events, and no key that sends. ``ask_account`` asks the
    provider itself for their values, by field, with the channel's settings.
    """

    settings: type[BaseSettings]
    factory: Callable[[Any], ReadsEvents]
    ask_account: Callable[[Any], Awaitable[Mapping[str, str]]] | None = None


@dataclass(frozen=True, slots=True)
class MentionSource:
    """How a provider's webhook about mentions is received; its ``settings`` are separate, too.

    ``sandbox`` has the values, by field, that verify what our sandbox delivers; ``ask_account``
    asks the provider for them, as for events.
    """

    settings: type[BaseSettings]
    factory: Callable[[Any], ReadsMentions]
    sandbox: Mapping[str, str] | None = None
    ask_account: Callable[[Any], Awaitable[Mapping[str, str]]] | None = None


@dataclass(frozen=True, slots=True)
class Adapter:
    """A channel: its settings, the function that builds it from them, and what is known of it.

    ``sandbox`` has the values, by field of ``settings``, with which the channel talks to the
    sandbox instead of its provider; None for a channel that the sandbox cannot stand in for.
    ``example`` has values with which a channel without a sandbox can be built where nothing is
    configured, so that copy can be tried on it. ``look_for`` tells a person where the provider
    shows a request whose answer was lost, and what to search for; the key itself is shown next to
    it.
    """

    settings: type[BaseSettings]
    factory: Callable[[Any], Channel]
    events: EventSource | None = None
    mentions: MentionSource | None = None
    sandbox: Mapping[str, str] | None = None
    example: Mapping[str, str] | None = None
    look_for: str = ""
