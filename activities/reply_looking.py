"""Looks at the platform before replies go out, and for those that perhaps did."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from activities.backoff import wait_for
from activities.reply_account import Account
from activities.together import together
from channels.contract import ChannelError, Throttled, Unreachable
from channels.replying import Glances, Replies, RereadsMentions
from domain.errors import DomainError
from domain.explanation import Action, Explanation, NextStep, explained
from domain.mentions import same_words
from domain.publication import Finding, Sighting
from store.desk import entering, reading, replying
from store.desk.reading import MentionRow
from store.desk.reply_rows import ReplyRow
from store.kernel.database import Database

AGAIN = timedelta(seconds=5)
"""How long until something is looked for again where the platform could not be read."""

TOGETHER = 8
"""Replies on the wire at once."""

MOST_LOOKS = 50
_log = logging.getLogger("frontfoot.replying")


class ReplyLooking:
    """Reads the platform of each channel, and enters in the ledger what that settles."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Replies],
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._channels = channels
        self._now = clock

    async def look_for_doubtful(self, channel: str, account: Account) -> None:
        """Look for every reply that may have gone out and is due to be looked for."""
        doubtful = await replying.in_doubt(self._database, channel, MOST_LOOKS)
        now = self._now()
        due = [one for one in doubtful if one.look_at is None or one.look_at <= now]
        for begin in range(0, len(due), TOGETHER):
            some = due[begin : begin + TOGETHER]
            mentions = await reading.find_all(self._database, [one.mention for one in some])
            await together([self.look_for(one, mentions[one.mention], account) for one in some])

    async def look_for(self, reply: ReplyRow, mention: MentionRow, account: Account) -> None:
        """Look for one, and enter what was seen."""
        since = reply.started_at or reply.planned_at
        try:
            seen = await self.sighting(reply.channel, mention, since)
        except (Unreachable, Throttled) as error:
            now = self._now()
            wait = wait_for(error, 1, now)
            await replying.look_later(self._database, reply, now + max(wait, AGAIN))
            if isinstance(error, Throttled):
                account.stop(now + wait, error.explanation, limit=True)
            return
        if seen.finding is Finding.FOUND and seen.receipt is not None:
            await replying.accept(self._database, reply, seen.receipt, self._now())
        elif seen.finding is Finding.ABSENT:
            await replying.absent(self._database, reply, self._now())
        else:
            await replying.unknown(self._database, reply, _nobody_knows(reply, seen), self._now())

    async def sighting(
        self, channel: str, mention: MentionRow, since: datetime, *, glance: bool = False
    ) -> Sighting:
        """What the platform shows of a reply of ours to ``mention``, sent at ``since`` or later.

        ``glance``: the cheapest look will do. Raises ``Unreachable`` or ``Throttled``; whatever
        else fails cannot tell.
        """
        ours = self.channel(channel)
        try:
            if glance and isinstance(ours, Glances):
                return await ours.glance(mention.mention, since)
            return await ours.find_reply(mention.mention, since)
        except (Unreachable, Throttled):
            raise
        except ChannelError as error:
            return Sighting(finding=Finding.CANNOT_TELL, why=error.message)
        except Exception as error:  # noqa: BLE001 - an adapter's own mistake tells nothing
            _log.error("%s could not be looked at: %s", channel, type(error).__name__)
            return Sighting(finding=Finding.CANNOT_TELL, why="Looking failed: a fault of ours.")

    async def as_they_are_now(
        self, channel: str, numbers: Sequence[int], account: Account
    ) -> dict[int, MentionRow] | None:
        """The mentions, looked at again where the platform tells nobody of an edit.

        None if the account has to wait.
        """
        known = await reading.find_all(self._database, numbers)
        adapter: object = self._channels.get(channel)
        if not isinstance(adapter, RereadsMentions):
            return known
        try:
            shown = await adapter.reread([row.mention for row in known.values()])
        except (Unreachable, Throttled) as error:
            account.hold(error, self._now())
            return None
        except Exception as error:  # noqa: BLE001 - the reply itself meets it, if it is for good
            _log.warning("%s: mentions were not read again: %s", channel, type(error).__name__)
            return known
        versions = {row.mention.id: row.mention.version for row in known.values()}
        edited = [one for one in shown if versions.get(one.id, one.version) != one.version]
        if not edited:
            return known
        await entering.enter(self._database, edited, self._now())
        return await reading.find_all(self._database, numbers)

    async def reworded(self, reply: ReplyRow, mention: MentionRow) -> bool:
        """Whether the mention says something else than when the reply was planned."""
        now = mention.mention
        if reply.version in ("", now.version):
            return False
        versions = await reading.versions(self._database, mention.number)
        then = next((one.text for one in versions if one.version == reply.version), None)
        return then is None or not same_words(then, now.text)

    def channel(self, name: str) -> Replies:
        """The channel of that name; ``DomainError`` if it cannot answer from here."""
        if name not in self._channels:
            raise DomainError(
                f"{name} cannot answer from here.",
                "Answer on the platform, and dismiss the mention as answered elsewhere.",
            )
        return self._channels[name]


def _nobody_knows(reply: ReplyRow, seen: Sighting) -> Explanation:
    return explained(
        f"{reply.channel} gave no clear answer, and looking could not tell. {seen.why}".strip(),
        NextStep(
            action=Action.SETTLE_REPLY,
            about=str(reply.number),
            advice="Look at the platform yourself.",
        ),
        means="The reply may be public, so it is not sent again.",
    )
