"""How much of what people said to us has an end: answered, or dismissed with a reason."""

from __future__ import annotations

from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.model import Value
from domain.plural import plural


class Coverage(Value):
    """How many mentions are in which state. Deleted ones are gone, and count for nothing."""

    open: int = 0
    answered: int = 0
    dismissed: int = 0

    @property
    def all(self) -> int:
        """Every mention that was not deleted."""
        return self.open + self.answered + self.dismissed

    @property
    def in_words(self) -> str:
        """As it stands in a status: ``1,204 of 5,676 answered or dismissed, 4,472 open``."""
        ended = self.answered + self.dismissed
        left = f", {self.open:,} open" if self.open else ""
        return f"{ended:,} of {self.all:,} answered or dismissed{left}"

    def refuse_close(self, incident: str, waive: str) -> None:
        """Raise ``DomainError`` if a mention is open, unless that is waived in writing."""
        if not self.open or waive.strip():
            return
        raise DomainError(
            f"{plural(self.open, 'mention')} of this incident {'is' if self.open == 1 else 'are'} "
            "open: nobody has answered or dismissed "
            f"{'it' if self.open == 1 else 'them'}.",
            NextStep(
                action=Action.LIST_MENTIONS,
                incident=incident,
                advice="Answer or dismiss what is open, or close with a written waiver.",
            ),
        )
