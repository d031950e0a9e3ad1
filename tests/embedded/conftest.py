"""A terminal and a running stack, as in ``tests.terminal``."""

from __future__ import annotations

from tests.terminal import second, terminal, up

__all__ = ["second", "terminal", "up"]
