"""Surges: counting what is said against what is normal."""

from __future__ import annotations

from activities.signatures.signature import Signature
from domain.ids import ChannelName
from domain.model import Value


class WatchSurges(Value):
    """Look at these channels; none means that nobody listens."""

    channels: tuple[ChannelName, ...] = ()


class Surging(Value):
    """On how many channels far more is said than usual."""

    many: int = 0


WATCH_SURGES = Signature("watch_surges", WatchSurges, Surging)
