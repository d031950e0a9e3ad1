"""What a check of the record found, and whose seals it has, on the screen."""

from __future__ import annotations

from collections.abc import Sequence

from domain.explanation import Explanation
from surfaces.terminal.printing import say_failure


def say_findings(found: Sequence[Explanation]) -> None:
    """Print each finding to stderr, with what to do about it; JSON on stdout stays JSON."""
    for one in found:
        say_failure(one)


def sealed_by(key: str, *, compared: bool) -> str:
    """Whose seals the record has, and whether somebody still has to compare the key."""
    if not key:
        return "Nobody's key could be named."
    if compared:
        return f"Sealed by the key {key}, which is the one that was expected."
    return (
        f"Sealed by the key {key}. Compare it with the fingerprint that you have from elsewhere: "
        "whoever can replace the record can replace its keys too."
    )
