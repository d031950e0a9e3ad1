"""How a broadcast ended, in words a person can act on."""

from __future__ import annotations

from domain.publication import Outcome, PublicationState
from workflows.contract import BroadcastProgress


def broadcast_outcome(
    channel: str,
    progress: BroadcastProgress,
    halted: PublicationState | None,
    refusal: tuple[str, str] | None,
    kept_back: tuple[str, str] = ("", ""),
) -> Outcome:
    """The outcome of a broadcast that has ended.

    ``halted`` is what it was halted to, if it was; ``refusal`` what refused the rest of it, and
    what to do next; ``kept_back`` the same for what is unknown and was not sent again.
    """
    told = f"{progress.accepted:,} of {progress.recipients:,} recipients accepted"
    unknown = progress.unknown_batches

    def end(state: PublicationState, reason: str, next_step: str) -> Outcome:
        return Outcome(channel=channel, state=state, reason=reason, next_step=next_step, attempts=1)

    if halted is not None:
        note = f" {unknown} batches got no answer." if unknown else ""
        return end(halted, f"Stopped with {told}.{note}", "Mail cannot be recalled.")
    if refusal is not None:
        what, next_step = refusal
        return end(PublicationState.REFUSED, f"Halted with {told}. {what}", next_step)
    if unknown:
        why, next_step = kept_back
        return end(
            PublicationState.UNKNOWN,
            f"{unknown} batches got no answer and no event; {told}. {why}".rstrip(),
            next_step
            or "Look in the provider's activity (`frontfoot settle … --list` says what for and "
            "why), then settle it: went out, or did not.",
        )
    if not progress.recipients:
        return end(
            PublicationState.REFUSED,
            f"Nobody in the audience may be written to: {progress.suppressed:,} suppressed.",
            "Nothing went out. Look at the suppressions, or tell them another way.",
        )
    if not progress.accepted:
        return end(PublicationState.REFUSED, progress.reason, progress.next_step)
    note = f" {progress.refused:,} refused: {progress.reason}" if progress.refused else ""
    return end(PublicationState.ACCEPTED, f"{told}.{note}", progress.next_step)
