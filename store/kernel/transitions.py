"""How publications and batches may move from state to state; the same rules for both."""

from __future__ import annotations

from datetime import datetime

from domain.model import Value
from domain.publication import PublicationState, Receipt

_S = PublicationState

MAY_COME_FROM: dict[PublicationState, tuple[PublicationState, ...]] = {
    # Nothing went out, or a person says so: it may be tried again.
    _S.PLANNED: (_S.SENDING, _S.UNKNOWN, _S.REFUSED, _S.ABANDONED),
    _S.SENDING: (_S.PLANNED,),
    # Evidence wins over whatever we believed.
    _S.ACCEPTED: tuple(state for state in _S if state is not _S.ACCEPTED),
    _S.REFUSED: (_S.PLANNED, _S.SENDING, _S.UNKNOWN),
    _S.UNKNOWN: (_S.SENDING,),
    _S.SUPERSEDED: (_S.PLANNED, _S.REFUSED, _S.UNKNOWN),
    # From accepted by taking it back at the provider, and only so.
    _S.WITHDRAWN: (_S.PLANNED, _S.REFUSED, _S.UNKNOWN, _S.ACCEPTED),
    _S.ABANDONED: (_S.PLANNED, _S.REFUSED, _S.UNKNOWN),
}
"""The states from which each state can be reached. Who is not there stays where it is."""

LONGEST_TEXT = 500
"""Letters of a reason or next step that are kept."""


def capped(text: str) -> str:
    """``text`` as far as it is stored."""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


class LedgerRow(Value):
    """What a publication's and a batch's row have in common.

    ``started_at`` is when the attempt numbered ``attempt`` was reserved, before the request.
    """

    state: PublicationState
    attempt: int
    started_at: datetime | None
    receipt: Receipt | None
    reason: str
    next_step: str
