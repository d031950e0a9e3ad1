"""Batches that the provider would not take: about their recipients, or about us?

Whether others are accepted decides. If they are, the batch is tried again after them, and another
refusal is about its own recipients; nobody else waits for it. If several batches in a row are not
taken, it is about us: the broadcast stops, or waits, and no recipient is blamed.
"""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures.broadcasts import BatchesSent, PutAside
    from domain.explanation import Explanation
    from workflows.broadcast_control import BroadcastControl
    from workflows.contract.publications import AsideBatch
    from workflows.policies import MOST_DEFERRALS, MOST_IN_DOUBT, MOST_REFUSALS

_NO_REASON = Explanation(what="The provider takes no more.")


class AsideBatches:
    """Keeps them in the broadcast's run, and says which may be tried again."""

    def __init__(self, control: BroadcastControl) -> None:
        self._control = control

    def __len__(self) -> int:
        return len(self._control.run.aside)

    def take_due(self, now: datetime, *, others_under_way: bool) -> AsideBatch | None:
        """The next one that may be tried now; it is not aside any more."""
        for one in self._control.run.aside:
            judged = one.others_taken or one.certain or not others_under_way
            if judged and (one.until is None or one.until <= now):
                self._keep(*(other for other in self._control.run.aside if other is not one))
                return one
        return None

    def next_due(self) -> datetime | None:
        """When the next of them may be tried; None if one of them may at once."""
        times = [one.until for one in self._control.run.aside]
        return None if None in times else min(filter(None, times), default=None)

    async def learn(self, sent: BatchesSent, tried: AsideBatch | None) -> tuple[int, ...]:
        """Learn from a range, or from what was ``tried`` again; returns what goes back in line."""
        if sent.taken:
            self._keep(
                *(one.model_copy(update={"others_taken": True}) for one in self._control.run.aside)
            )
        if sent.aside is None:
            return ()
        again = _once_more(sent.aside, tried)
        self._keep(*self._control.run.aside, again)
        in_doubt = [one for one in self._control.run.aside if not (one.others_taken or one.certain)]
        why = sent.explanation or _NO_REASON
        if len(in_doubt) >= MOST_IN_DOUBT:
            return await self._about_us(in_doubt, why)
        if again in in_doubt and again.tries >= _most(again):
            self._control.refuse(why)
        return ()

    async def _about_us(self, in_doubt: list[AsideBatch], why: Explanation) -> tuple[int, ...]:
        """Stop if one of them was refused, or else wait; their tries do not count."""
        self._keep(*(one for one in self._control.run.aside if one not in in_doubt))
        times = [one.until for one in in_doubt if one.until is not None]
        if len(times) < len(in_doubt):
            self._control.refuse(why)
        else:
            await self._control.wait(max(times), self._control.run.throttles + 1, why)
        return tuple(one.number for one in in_doubt)

    def _keep(self, *batches: AsideBatch) -> None:
        self._control.note(aside=batches)


def is_last_try(one: AsideBatch) -> bool:
    """Whether another refusal of it will be its recipients' fault."""
    return (one.others_taken or one.certain) and one.tries + 1 >= _most(one)


def _once_more(put: PutAside, tried: AsideBatch | None) -> AsideBatch:
    tries = 1 if tried is None else tried.tries + 1
    return AsideBatch(number=put.number, tries=tries, until=put.until, certain=put.certain)


def _most(one: AsideBatch) -> int:
    return MOST_REFUSALS if one.until is None else MOST_DEFERRALS
