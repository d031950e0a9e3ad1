"""Patches: what a run that began before a change still does as it was done then."""

from __future__ import annotations

FIRST_ALONE = "the first batch goes alone"
"""Until it has ended, no other range of its broadcast is handed out, however wide the window."""

HOLDS = "a promise holds under failure"
"""Statements are tried again and counted by messages, nothing goes out beside a resolution, and
people are asked about a promise one thing after another."""
