"""How bad an incident is for the people we speak to: 1 is the worst."""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """What decides how fast, how often and how insistently people are asked.

    At 1 nobody is spared: quiet hours and office hours do not count.
    """

    CRITICAL = 1
    MAJOR = 2
    MINOR = 3

    @property
    def in_words(self) -> str:
        """As it is shown: ``severity 1 (critical)``."""
        return f"severity {self.value} ({self.name.lower()})"


UNLESS_SAID = Severity.MAJOR
"""The severity of an incident that was opened without one."""
