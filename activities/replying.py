"""Sends replies: looks for what may have gone out, then sends what is due, as the account allows.

The texts, the mentions and what became of each reply are in the ledger. What a provider answers is
never a failure of the activity: it is in the reply's row, or it is why the account waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from activities.backoff import growing
from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.heartbeat import beating, to_its_end
from activities.pauses import Pause
from activities.reply_account import Account
from activities.reply_looking import TOGETHER, ReplyLooking
from activities.signatures.replying import SEND_REPLIES, RepliesSent, SendReplies
from activities.together import together
from channels.contract import (
    BadCredentials,
    CannotExpress,
    ChannelError,
    PerhapsPosted,
    Publication,
    Refused,
    Throttled,
    Unreachable,
)
from channels.replying import MentionGone, Replies
from domain.errors import DomainError
from domain.explanation import Explanation, explained
from domain.message import Copy
from domain.publication import Finding, Receipt
from domain.replies import AccountLimit, ReplyGround, ReplyTerms
from store.desk import replies, reply_accounts, replying
from store.desk.reading import MentionRow
from store.desk.reply_accounts import AccountRow
from store.desk.reply_rows import ReplyRow
from store.kernel.database import Database

FOR_A_WHILE = timedelta(seconds=20)
"""How long one activity sends before it reports."""

SHORT, _SOONEST = 1.0, 0.05
"""Seconds that the activity itself waits for a free place at most, and at least."""

SELDOM = timedelta(minutes=15)
"""How long nothing is sent on an account that is refused, until a person has done something."""

_UNANSWERED = (timedelta(seconds=1), timedelta(minutes=5))
_log = logging.getLogger("frontfoot.replying")

_CLOSED = explained(
    "Its mention was closed before it was sent.",
    "See how it was closed; reopen it if it needs an answer after all.",
    means="Nothing went out.",
)
_ELSEWHERE = explained(
    "Somebody has answered this mention on the platform.",
    "Read that answer; it is not answered again.",
    means="Our reply did not go out, and the mention was dismissed as answered elsewhere.",
)
_REWORDED = explained(
    "What its mention says was edited after the reply was planned.",
    "Read what it says now, and answer it anew.",
    means="Nothing went out.",
)


class RoundGates(Protocol):
    """Whether opened gates let replies out that are sent together."""

    async def refuse_unopened(
        self,
        channel: str,
        text: str,
        ground: ReplyGround,
        incident: str,
        *,
        authors: Collection[str] | None = None,
    ) -> None:
        """Raise ``DomainError`` if none does; ``incident`` and ``authors`` are the mention's."""
        ...


class ReplyGates(Protocol):
    """See ``activities.opened_replies``."""

    def for_a_round(self) -> RoundGates:
        """The gates as they are now."""
        ...


class ReplyingActivities:
    """Answers on ``channels``, as ``terms`` let each of them; ``clock`` tells the time."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Replies],
        terms: Mapping[str, ReplyTerms],
        gates: ReplyGates,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._looking = ReplyLooking(database, channels, clock)
        self._terms = terms
        self._gates = gates
        self._now = clock

    def all(self) -> list[Bound]:
        """Every activity here, for a worker."""
        return [self.send_replies]

    @defined(SEND_REPLIES)
    async def send_replies(self, order: SendReplies) -> RepliesSent:
        """Look for what is uncertain, send what is due, and say when to come again.

        Again it looks first: whatever was under way is ``sending`` in the ledger.
        """
        with failing_in_words(self._now()):
            async with beating():
                return await self._for_a_while(order)

    async def _for_a_while(self, order: SendReplies) -> RepliesSent:
        channel, begun, sent = order.channel, self._now(), 0
        waiting = await reply_accounts.account(self._database, channel)
        # A person may have put right why it was refused; a limit stays one.
        if waiting.again_at is not None and (waiting.limit or not order.asked):
            left = waiting.again_at - self._now()
            if left > timedelta():
                return RepliesSent(again_in=left.total_seconds())
        while True:
            account = Account()
            await self._looking.look_for_doubtful(channel, account)
            again_in = None if account.until else await self._send_some(channel, account)
            sent += account.accepted
            if account.until is not None:
                again_in = await self._wait(account, account.until, waiting)
                return RepliesSent(again_in=again_in, sent=sent)
            if account.accepted and waiting.again_at is not None:
                await reply_accounts.went_well(self._database, channel, self._now())
                waiting = await reply_accounts.account(self._database, channel)
            if again_in is None or again_in > SHORT or self._now() - begun > FOR_A_WHILE:
                return RepliesSent(again_in=again_in, sent=sent)
            # At its limit an account has a place free again and again: a timer of the workflow for
            # each would make a long history, and lose some of the limit.
            await asyncio.sleep(again_in)

    # --- what is due --------------------------------------------------------------------------

    async def _send_some(self, channel: str, account: Account) -> float | None:
        """Send the next few; in how many seconds there is more to do, None if there is nothing."""
        now, limits = self._now(), self._limits(channel)
        room = await reply_accounts.room(self._database, channel, limits, TOGETHER, now)
        due = await replying.due(self._database, channel, max(room.now, 1))
        if not due:
            return await self._next_look(channel)
        if not room.now:
            return max(((room.again_at or now) - now).total_seconds(), _SOONEST)
        answered = [one.mention for one in due]
        mentions = await self._looking.as_they_are_now(channel, answered, account)
        if mentions is None:
            return 0
        gates = self._gates.for_a_round()
        ready = await together(
            [self._prepared(one, mentions[one.mention], gates, account) for one in due]
        )
        copies = {one.number: copy for one, copy in zip(due, ready, strict=True) if copy}
        if account.until is not None or not copies:
            return 0
        pause = Pause()
        taken = await replying.take(self._database, list(copies), self._now())
        attempts = [
            self._attempt(one, mentions[one.mention], copies[one.number], pause, account)
            for one in taken
        ]
        await together(attempts)
        return 0

    async def _prepared(
        self, reply: ReplyRow, mention: MentionRow, gates: RoundGates, account: Account
    ) -> Copy | None:
        """What goes out, if it may, the words are still those, and nobody has answered yet."""
        if await self._looking.reworded(reply, mention):
            await replies.call_off(self._database, [reply.number], _REWORDED, self._now())
            return None
        try:
            author = mention.mention.author
            await gates.refuse_unopened(
                reply.channel,
                reply.text,
                reply.ground,
                mention.incident,
                authors=(author.name, author.handle),
            )
            copy = self._looking.channel(reply.channel).render_reply(reply.text, mention.mention)
        except (DomainError, CannotExpress) as error:
            await self._never(reply, error.explanation)
            return None
        try:
            seen = await self._looking.sighting(
                reply.channel, mention, mention.mention.written_at, glance=True
            )
        except (Unreachable, Throttled) as error:
            account.hold(error, self._now())
            return None
        if seen.finding is Finding.FOUND and seen.receipt is not None and reply.attempt:
            # A list may have shown our own earlier attempt too late for the looks at it.
            await replying.accept(self._database, reply, seen.receipt, self._now())
            return None
        if seen.finding is Finding.FOUND and seen.receipt is not None:
            found = [(reply, seen.receipt)]
            await replying.answered_elsewhere(self._database, found, _ELSEWHERE, self._now())
            return None
        return copy

    async def _attempt(
        self, reply: ReplyRow, mention: MentionRow, copy: Copy, pause: Pause, account: Account
    ) -> None:
        """One attempt; every way it can end is in the ledger."""
        publication = Publication(key=f"reply.{reply.number}.{reply.attempt}", copy=copy)
        try:
            pause.refuse_late_start()
            answering = self._looking.channel(reply.channel).reply(publication, mention.mention)
            receipt: Receipt = await to_its_end(answering)
        except (Unreachable, Throttled) as error:
            account.hold(error, self._now())
            await replying.nothing_went_out(self._database, reply, error.explanation, self._now())
        except BadCredentials as error:
            account.stop(self._now() + SELDOM, error.explanation)
            await replying.nothing_went_out(self._database, reply, error.explanation, self._now())
        except MentionGone as error:
            await replying.gone(self._database, reply, error.explanation, self._now())
        except Refused as error:
            await replying.refuse(self._database, reply, error.explanation, self._now())
        except PerhapsPosted as error:
            await replying.doubt(self._database, reply, error.otherwise, self._now(), perhaps=True)
        except ChannelError as error:
            await replying.doubt(self._database, reply, error.explanation, self._now())
        except Exception as error:  # noqa: BLE001 - an adapter's own mistake may come after the wire
            _log.error("%s: a reply failed: %s", reply.channel, type(error).__name__)
            await replying.doubt(self._database, reply, None, self._now())
        else:
            await replying.accept(self._database, reply, receipt, self._now())
            account.accepted += 1

    async def _never(self, reply: ReplyRow, why: Explanation) -> None:
        """Refuse what may not go out; the ledger has it as planned."""
        taken = await replying.take(self._database, [reply.number], self._now())
        for one in taken:
            await replying.refuse(self._database, one, why, self._now())

    # --- when again ---------------------------------------------------------------------------

    async def _wait(self, account: Account, until: datetime, before: AccountRow) -> float:
        """Have the account wait, longer each time in a row; how many seconds."""
        now = self._now()
        failures = 1 if account.accepted else before.failures + 1
        until = max(until, now + growing(failures, _UNANSWERED))
        row = AccountRow(
            channel=before.channel,
            again_at=until,
            failures=failures,
            limit=account.limit,
            explanation=account.why,
        )
        await reply_accounts.wait(self._database, row, now)
        return (until - now).total_seconds()

    async def _next_look(self, channel: str) -> float | None:
        """In how many seconds something uncertain is to be looked for; None if nothing is."""
        await replying.withdraw_pointless(self._database, channel, _CLOSED, self._now())
        doubtful = await replying.in_doubt(self._database, channel, 1)
        if not doubtful:
            return None
        look_at = doubtful[0].look_at or self._now()
        return max((look_at - self._now()).total_seconds(), 0.5)

    def _limits(self, channel: str) -> Sequence[AccountLimit]:
        terms = self._terms.get(channel)
        return terms.limits if terms is not None else ()
