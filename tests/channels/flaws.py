"""Flaws that the contract suite must catch: a promise, and what a broken adapter does to it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from channels.contract_suite.stand_in import StandIn

CAUGHT = (Exception, pytest.fail.Exception)
"""How a test fails; one that skips itself has caught nothing."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """``broken`` takes the place of the good one; ``given`` are parameters of the promise."""

    says: str
    promise: Callable[..., Any]
    broken: Any
    given: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.says.replace(" ", "_")


async def keep(promise: Callable[..., Any], provider: StandIn, **given: object) -> None:
    """Run a promise of a channel as pytest would, with a channel to ``provider``."""
    channel = provider.channel()
    abilities = ("direct", "with_images", "with_replies", "with_edits", "with_quota", "with_expiry")
    known = {
        **given,
        "provider": provider,
        "people": provider,
        "channel": channel,
        "listens": channel,
        **dict.fromkeys(abilities, channel),
    }
    try:
        await promise(**called_with(promise, known))
    finally:
        await channel.close()


def called_with(promise: Callable[..., Any], known: Mapping[str, object]) -> dict[str, object]:
    """What of ``known`` a promise asks for."""
    return {name: known[name] for name in inspect.signature(promise).parameters}
