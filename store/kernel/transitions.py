"""How publications and batches may move from state to state; the same rules for both."""

from __future__ import annotations

from datetime import datetime

from domain.explanation import Explanation
from domain.model import Value
from domain.publication import PublicationState, Receipt

_S = PublicationState

MAY_COME_FROM: dict[PublicationState, tuple[PublicationState, ...]] = {
    # Nothing went out, or a person says so: it may be tried again.
    _S.PLANNED: (_S.SENDING, _S.UNKNOWN, _S.REFUSED, _S.ABANDONED),
    _S.SENDING: (_S.PLANNED,),
    # Evidence overrides any earlier state.
    _S.ACCEPTED: tuple(state for state in _S if state is not _S.ACCEPTED),
    _S.REFUSED: (_S.PLANNED, _S.SENDING, _S.UNKNOWN),
    # From planned if an earlier attempt may have gone out, and a look could not tell.
    _S.UNKNOWN: (_S.SENDING, _S.PLANNED),
    _S.SUPERSEDED: (_S.PLANNED, _S.REFUSED, _S.UNKNOWN),
    # From accepted by taking it back at the provider, and only so.
    _S.WITHDRAWN: (_S.PLANNED, _S.REFUSED, _S.UNKNOWN, _S.ABANDONED, _S.ACCEPTED),
    _S.ABANDONED: (_S.PLANNED, _S.REFUSED, _S.UNKNOWN),
}
"""The states from which each state can be reached; from any other, nothing changes."""


def stored(explanation: Explanation | None) -> str:
    """An explanation as a row stores it; None for none."""
    return (
        "" if explanation is None else explanation.capped().model_dump_json(exclude_defaults=True)
    )


def read_explanation(text: str) -> Explanation | None:
    """The inverse of ``stored``."""
    return Explanation.model_validate_json(text) if text else None


class LedgerRow(Value):
    """What a publication's and a batch's row have in common.

    ``started_at`` is when the attempt numbered ``attempt`` was reserved, before the request.
    """

    state: PublicationState
    attempt: int
    started_at: datetime | None
    receipt: Receipt | None
    explanation: Explanation | None
