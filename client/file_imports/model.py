"""An import as it is asked for, kept, and ended."""

from __future__ import annotations

from enum import StrEnum

from client.csv_files import ImportReport
from client.errors import WrongInput
from domain.actor import Actor
from domain.explanation import Explanation
from domain.ids import check_audience, refuse_reserved
from domain.model import Value
from domain.suppression import SuppressionReason
from domain.times import UtcTime


class ImportKind(StrEnum):
    """What a file is a list of."""

    AUDIENCE = "audience"
    SUPPRESSIONS = "suppressions"
    CODES = "codes"


class ImportOrder(Value):
    """What somebody asked for. ``name`` is the audience or the pool, ``column`` where the list is
    in the file, if it does not say; ``reason`` and ``why`` are of suppressions. ``cleared``: nobody
    has any of these codes. ``request`` is the id of the request that asked, if it may be repeated.
    """

    kind: ImportKind
    name: str = ""
    column: str = ""
    reason: SuppressionReason = SuppressionReason.UNSUBSCRIBED
    why: str = ""
    cleared: bool = False
    actor: Actor
    request: str = ""

    def check(self) -> None:
        """Raise ``WrongInput`` or ``DomainError`` for what could never be imported."""
        if self.kind is ImportKind.AUDIENCE:
            refuse_reserved(check_audience(self.name))
        elif self.kind is ImportKind.CODES and not 1 <= len(self.name) <= 64:
            raise WrongInput(
                "A pool's name has 1 to 64 characters.", "Name the pool, such as spring."
            )


class KeptOrder(Value):
    """The same as it is kept, with the file that it is about."""

    order: ImportOrder
    file_name: str
    size: int
    asked_at: UtcTime


class ImportEnd(Value):
    """What came of an import.

    ``failure`` says why it did not end well; then ``entered`` rows are in, and ``may_go_on`` is
    whether the file is still there. ``again``: the console was restarted, or it was begun again.
    """

    ended_at: UtcTime
    added: int = 0
    already_there: int = 0
    in_another_pool: int = 0
    cleared: int = 0
    report: ImportReport | None = None
    failure: Explanation | None = None
    entered: int = 0
    may_go_on: bool = False
    again: bool = False


class ImportStanding(Value):
    """An import as it is now.

    ``read`` bytes of the file and ``rows`` that are in. ``waits``: for another import. ``stalled``:
    it has not ended and is not running, because the console could not write what came of it.
    """

    id: str
    kept: KeptOrder
    read: int = 0
    rows: int = 0
    waits: bool = False
    stalled: bool = False
    per_second: float = 0.0
    seconds_left: float | None = None
    end: ImportEnd | None = None
    rejects: bool = False

    @property
    def percent(self) -> int:
        """How much of the file was read, rounded down."""
        return int(100 * self.read / self.kept.size) if self.kept.size else 0
